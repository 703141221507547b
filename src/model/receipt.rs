//! What the service said about a call besides its value.

use std::ops::{Deref, DerefMut};

/// The outcome of a call: the HTTP status, the ids that support asks for, and the value, where there is one. It
/// dereferences to the value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt<T = ()> {
    /// The HTTP status.
    pub status: u16,
    /// `MS-CorrelationId` of the answer, or the one that was sent if the answer has none.
    pub correlation_id: Option<String>,
    /// `MS-RequestId` or `x-ms-request-id` of the answer.
    pub request_id: Option<String>,
    /// What the service answered.
    pub value: T,
}

impl<T> Receipt<T> {
    pub(crate) fn new(status: u16, correlation_id: Option<String>, request_id: Option<String>, value: T) -> Self {
        Self {
            status,
            correlation_id,
            request_id,
            value,
        }
    }

    /// The same receipt with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Receipt<U> {
        Receipt {
            status: self.status,
            correlation_id: self.correlation_id,
            request_id: self.request_id,
            value: change(self.value),
        }
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
