//! A 2xx answer that could not be understood.

use std::fmt;

use crate::error::Error;
use crate::error::call::{CallInfo, Outcome};

/// The answer was 2xx, but it could not be understood. Carries where and what was expected, never values.
///
/// JSON of another shape is the service's own yes, so the outcome of a write is `Applied`. What is not JSON may be a page of a
/// proxy that the call never went beyond: `MaybeApplied`.
#[derive(Debug, Clone)]
pub struct DecodeError {
    call: CallInfo,
    status: u16,
    path: String,
    expected: String,
}

impl DecodeError {
    /// `path` is a JSON path, `expected` what should have stood there. Whatever was asked is done, for the status said so.
    pub(crate) fn new(call: CallInfo, status: u16, path: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::with_outcome(call, Outcome::Applied, status, path.into(), expected.into())
    }

    /// For an answer that is not even JSON, so that nothing shows that the service has given it.
    pub(crate) fn foreign(call: CallInfo, status: u16) -> Self {
        Self::with_outcome(call, Outcome::MaybeApplied, status, String::new(), "JSON".to_owned())
    }

    fn with_outcome(mut call: CallInfo, outcome: Outcome, status: u16, path: String, expected: String) -> Self {
        call.came_to(outcome);
        Self {
            call,
            status,
            path,
            expected,
        }
    }

    /// The call whose answer it was.
    #[must_use]
    pub fn call(&self) -> &CallInfo {
        &self.call
    }

    pub(crate) fn call_mut(&mut self) -> &mut CallInfo {
        &mut self.call
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Where in the JSON, for example `listings.en-us.baseListing`; empty for the whole.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What was expected there.
    #[must_use]
    pub fn expected(&self) -> &str {
        &self.expected
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (call, status, expected) = (&self.call, self.status, &self.expected);
        write!(
            f,
            "{call} was answered with status {status}, but the answer is not {expected}"
        )?;
        if !self.path.is_empty() {
            write!(f, " at {}", self.path)?;
        }
        write!(f, "{}", call.correlation())
    }
}

impl std::error::Error for DecodeError {}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        Self::Decode(Box::new(error))
    }
}
