//! The outcome of a call: its value, and the data that goes with it.

use std::fmt;
use std::ops::{Deref, DerefMut};

use crate::model::problem::Problem;
use crate::secret::scrub;

/// The outcome of a call: the HTTP status, the ids that support asks for, and the value, where there is one. It
/// dereferences to the value. `Debug` hides signatures of links in the value.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt<T = ()> {
    /// The HTTP status. Not called `status`, which would hide the status of a submission in `value`.
    pub http_status: u16,
    /// `MS-CorrelationId` of the answer, or the one that was sent if the answer has none.
    pub correlation_id: Option<String>,
    /// `MS-RequestId` or `x-ms-request-id` of the answer.
    pub request_id: Option<String>,
    /// What the service says beside the value: warnings, or why something is not ready. Only the API for MSI and EXE apps does.
    pub problems: Vec<Problem>,
    /// The value that the service answered with.
    pub value: T,
}

impl<T> Receipt<T> {
    pub(crate) fn new(http_status: u16, correlation_id: Option<String>, request_id: Option<String>, value: T) -> Self {
        Self {
            http_status,
            correlation_id,
            request_id,
            problems: Vec::new(),
            value,
        }
    }

    /// The same receipt with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Receipt<U> {
        Receipt {
            http_status: self.http_status,
            correlation_id: self.correlation_id,
            request_id: self.request_id,
            problems: self.problems,
            value: change(self.value),
        }
    }
}

// A raw answer may be a submission, whose upload link is a secret.
impl<T: fmt::Debug> fmt::Debug for Receipt<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = if f.alternate() {
            format!("{:#?}", self.value)
        } else {
            format!("{:?}", self.value)
        };
        f.debug_struct("Receipt")
            .field("http_status", &self.http_status)
            .field("correlation_id", &self.correlation_id)
            .field("request_id", &self.request_id)
            .field("problems", &self.problems)
            .field("value", &format_args!("{}", scrub(&value, &[])))
            .finish()
    }
}

impl<T> Deref for Receipt<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Receipt<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}
