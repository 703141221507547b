//! What an API says beside its answer.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::secret::Scrubbed;

/// An error or a warning of the API for MSI and EXE apps.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Problem {
    /// For example `badrequest`, `modulenotready`, `packageuploaderror` or `warning`.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What it is about, for example `packages`.
    pub target: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.code, self.target, Scrubbed(&self.message))
    }
}
