//! Something else is pending.

use crate::error::Error;
use crate::model::status::SubmissionStatus;

/// A submission that is pending stops the run. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path} is pending, in status {status}: {problem}")]
pub struct PendingSubmission {
    path: String,
    status: SubmissionStatus,
    problem: &'static str,
}

impl PendingSubmission {
    /// `problem` says why it is in the way, and how to go on.
    pub(crate) fn new(path: &str, status: &SubmissionStatus, problem: &'static str) -> Self {
        Self {
            path: path.to_owned(),
            status: status.clone(),
            problem,
        }
    }

    /// Its path, relative to the endpoint; the submission id stands at its end.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Where it stands.
    #[must_use]
    pub fn status(&self) -> &SubmissionStatus {
        &self.status
    }
}

impl From<PendingSubmission> for Error {
    fn from(error: PendingSubmission) -> Self {
        Self::PendingSubmission(Box::new(error))
    }
}
