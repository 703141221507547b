//! The caller's own edit failed.

use crate::error::Error;

type BoxedError = Box<dyn std::error::Error + Send + Sync>;

/// The closure that edits the draft failed, with the source. Nothing was committed.
#[derive(Debug, thiserror::Error)]
#[error("the edit of the submission failed")]
pub struct EditError {
    source: BoxedError,
}

impl EditError {
    pub(crate) fn new(source: BoxedError) -> Self {
        Self { source }
    }
}

impl From<EditError> for Error {
    fn from(error: EditError) -> Self {
        Self::Edit(Box::new(error))
    }
}
