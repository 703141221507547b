//! Input that cannot be used, found before anything is sent.

use crate::error::Error;
use crate::id::ParseIdError;

/// Something given to the crate cannot be used. Nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} cannot be used: {problem}")]
pub struct InvalidInput {
    what: String,
    problem: String,
}

impl InvalidInput {
    /// `what` names the input as the user knows it, `problem` says what is wrong with it and what to do.
    pub(crate) fn new(what: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            problem: problem.into(),
        }
    }

    /// Which input it is.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// What is wrong with it, and what to do.
    #[must_use]
    pub fn problem(&self) -> &str {
        &self.problem
    }
}

impl From<InvalidInput> for Error {
    fn from(error: InvalidInput) -> Self {
        Self::InvalidInput(Box::new(error))
    }
}

impl From<ParseIdError> for Error {
    fn from(error: ParseIdError) -> Self {
        InvalidInput::new("the id", error.to_string()).into()
    }
}
