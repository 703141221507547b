//! What would do harm, and was stopped.

use crate::error::{Error, Outcome};
use crate::model::guard::Guard;

/// A guard stopped what would do harm. Nothing was committed; if a draft is left it is named by `LeftBehind`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct GuardError {
    guard: Guard,
    problem: String,
    outcome: Outcome,
}

impl GuardError {
    /// `problem` says why, and how to go on.
    pub(crate) fn new(guard: Guard, problem: impl Into<String>) -> Self {
        Self {
            guard,
            problem: problem.into(),
            outcome: Outcome::NotApplied,
        }
    }

    pub(crate) fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// For a run that has changed something before.
    pub(crate) fn set_outcome(&mut self, outcome: Outcome) {
        self.outcome = outcome;
    }

    /// Which guard it was.
    #[must_use]
    pub fn guard(&self) -> Guard {
        self.guard
    }
}

impl From<GuardError> for Error {
    fn from(error: GuardError) -> Self {
        Self::Guard(Box::new(error))
    }
}
