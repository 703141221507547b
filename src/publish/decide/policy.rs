//! What to do with a pending submission: a pure table of policy and status.

use serde::Serialize;

use crate::api::kinds::Submission;
use crate::document::Document;
use crate::error::Result;
use crate::id::SubmissionId;
use crate::model::status::SubmissionStatus;

/// What to do with a submission that is pending already. Each app, add-on and flight can have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum PendingPolicy {
    /// Return an error that names it.
    #[default]
    Fail,
    /// Delete it and create a new one. Not for a flight that was never published: that cannot be undone.
    Replace,
    /// Go on with it: edit a draft, or wait for a submission under way if it is the same as the one to be published.
    ///
    /// A package of a submission under way is the same if its name is, and its version as soon as the service tells it. Other files
    /// are compared by name.
    Reuse,
}

/// A submission that is in the way of a new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct InTheWay {
    /// The submission.
    pub id: SubmissionId,
    /// Its status.
    pub status: SubmissionStatus,
    /// Whether the run would stop because of it.
    pub stops: bool,
    /// What the run would do with it, or why it stops the run.
    pub what: String,
}

impl InTheWay {
    pub(crate) fn new<S: Submission>(submission: &Document<S>, stops: bool, what: impl Into<String>) -> Result<Self> {
        Ok(Self {
            id: submission.id()?,
            status: submission.status().clone(),
            stops,
            what: what.into(),
        })
    }
}

/// What to do with a gradual rollout that is in progress: it blocks the next submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ExistingRollout {
    /// Give its packages to everybody.
    Finalize,
    /// Stop it. The next submission is a copy of the halted one, not of the one before.
    Halt,
}

impl ExistingRollout {
    /// As a participle: `finalised` or `halted`.
    pub(crate) fn done(self) -> &'static str {
        match self {
            Self::Finalize => "finalised",
            Self::Halt => "halted",
        }
    }
}

/// What a run does with the pending submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resolution {
    /// Nothing is pending: create.
    Create,
    /// Nothing is pending, and the last published submission is the release already.
    Published,
    /// Delete it, wait until it is gone, create.
    Replace,
    /// Edit it.
    Edit,
    /// Wait for it, if it already is what is to be published.
    Attach,
    /// Stop, and say this.
    Refuse(&'static str),
}

/// Whether a submission can be edited and committed: one that has failed or was cancelled holds the slot, and can be again.
pub(crate) fn is_draft(status: &SubmissionStatus) -> bool {
    matches!(status, SubmissionStatus::PendingCommit | SubmissionStatus::Canceled) || status.is_failure()
}

/// The table of [`PendingPolicy`]. `is_deletable` is false for a flight that was never published.
pub(crate) fn resolve(policy: PendingPolicy, status: &SubmissionStatus, has_link: bool, is_deletable: bool) -> Resolution {
    let is_draft = is_draft(status);
    match policy {
        PendingPolicy::Reuse if !is_draft => Resolution::Attach,
        _ if !is_draft => Resolution::Refuse(
            "it is committed and under way: wait for it, cancel it in Partner Center, or attach to it with PendingPolicy::Reuse",
        ),
        _ if !has_link => Resolution::Refuse("it was made in Partner Center and has no upload link: finish or delete it there"),
        PendingPolicy::Reuse => Resolution::Edit,
        PendingPolicy::Replace if is_deletable => Resolution::Replace,
        PendingPolicy::Replace => Resolution::Refuse(
            "it is the first of a flight that was never published, and deleting it cannot be undone: use PendingPolicy::Reuse",
        ),
        PendingPolicy::Fail if !is_deletable => Resolution::Refuse(
            "it may be somebody's work: choose PendingPolicy::Reuse to go on with it; it is the first of a flight that was never published, and deleting it cannot be undone",
        ),
        PendingPolicy::Fail => {
            Resolution::Refuse("it may be somebody's work: delete it, or choose PendingPolicy::Replace or PendingPolicy::Reuse")
        }
    }
}

/// Why one that is under way, or that is published already, is not attached to.
pub(crate) fn not_the_same(is_published: bool, difference: &str) -> String {
    if is_published {
        format!(
            "it is published already, and is not what is to be published, for {difference}: publish without .submission(id), which makes a new one"
        )
    } else {
        format!("it is under way and is not what is to be published, for {difference}: wait for it, then publish again")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_policies() {
        use PendingPolicy::{Fail, Replace, Reuse};
        let refused = Resolution::Refuse;
        let (work, portal, first) = (
            refused("somebody's work"),
            refused("made in Partner Center"),
            refused("never published"),
        );
        let busy = refused("under way");
        let draft = [work, Resolution::Replace, Resolution::Edit];
        let under_way = [busy, busy, Resolution::Attach];
        let table = [
            // status, link, deletable, [fail, replace, reuse]; a refusal by words of its own
            ("PendingCommit", true, true, draft),
            ("Canceled", true, true, draft),
            ("CommitFailed", true, true, draft),
            ("CertificationFailed", true, true, draft),
            (
                "PendingCommit",
                true,
                false,
                [refused("work: choose PendingPolicy::Reuse"), first, Resolution::Edit],
            ),
            ("PendingCommit", false, true, [portal; 3]),
            ("PendingCommit", false, false, [portal; 3]),
            ("CommitFailed", false, true, [portal; 3]),
            ("CommitStarted", true, true, under_way),
            ("PreProcessing", true, true, under_way),
            ("Certification", false, true, under_way),
            ("Release", true, true, under_way),
            ("PendingPublication", true, true, under_way),
            ("Publishing", true, true, under_way),
            ("Signing", true, true, under_way),
        ];
        for (status, link, deletable, expected) in table {
            for (policy, expected) in [Fail, Replace, Reuse].into_iter().zip(expected) {
                let found = resolve(policy, &status.into(), link, deletable);
                let same = match (found, expected) {
                    (Resolution::Refuse(why), Resolution::Refuse(words)) => why.contains(words),
                    (found, expected) => found == expected,
                };
                assert!(same, "{status} {link} {deletable} {policy:?}: {found:?}");
            }
        }
    }
}
