//! Something went wrong after a draft was made.

use crate::error::Error;

/// It failed, and a draft of ours is left at the service, which holds the pending slot. The source says what went wrong.
#[derive(Debug, thiserror::Error)]
#[error("{path} is left as a draft: go on with it, or delete it before the next submission")]
pub struct LeftBehind {
    path: String,
    source: Error,
}

impl LeftBehind {
    pub(crate) fn new(path: impl Into<String>, source: Error) -> Self {
        Self {
            path: path.into(),
            source,
        }
    }

    /// The draft's path, relative to the endpoint; the submission id stands at its end.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What went wrong.
    #[must_use]
    pub fn error(&self) -> &Error {
        &self.source
    }
}

impl From<LeftBehind> for Error {
    fn from(error: LeftBehind) -> Self {
        Self::LeftBehind(Box::new(error))
    }
}
