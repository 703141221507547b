//! What a run tells: events on the way, a report at the end.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::id::SubmissionId;
use crate::model::change::Change;
use crate::model::receipt::Receipt;
use crate::model::status::{CertificationReport, StatusDetail, SubmissionStatus};
use crate::transport::clock::Clock;

/// A step of [`Publish`](crate::Publish).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Step {
    /// Look at the parent, and at what is pending.
    Look,
    /// Deal with a rollout that is in progress.
    Rollout,
    /// Delete what is pending.
    Delete,
    /// Create the draft.
    Create,
    /// Edit the draft, and check it.
    Edit,
    /// Send the update, and compare what the service made of it.
    Update,
    /// Pack the archive.
    Archive,
    /// Upload the archive.
    Upload,
    /// Commit.
    Commit,
    /// Wait.
    Wait,
    /// Check that the packages were taken.
    Verify,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Look => "look",
            Self::Rollout => "rollout",
            Self::Delete => "delete",
            Self::Create => "create",
            Self::Edit => "edit",
            Self::Update => "update",
            Self::Archive => "archive",
            Self::Upload => "upload",
            Self::Commit => "commit",
            Self::Wait => "wait",
            Self::Verify => "verify",
        })
    }
}

/// Something that happened. `Display` is one line for a log; it can be serialised for programs.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Event {
    /// The step that it belongs to.
    pub step: Step,
    /// What happened.
    pub detail: String,
    /// The submission, once there is one.
    pub submission: Option<SubmissionId>,
    /// The HTTP status of the call, where it was one.
    pub http_status: Option<u16>,
    /// `MS-CorrelationId` of the call, where it was one.
    pub correlation_id: Option<String>,
    /// The time since the run began; in seconds when serialised.
    #[serde(serialize_with = "seconds")]
    pub elapsed: Duration,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{:>5} s] {}: {}", self.elapsed.as_secs(), self.step, self.detail)?;
        match (self.http_status, &self.correlation_id) {
            (Some(status), Some(id)) => write!(f, " (HTTP {status}, correlation id {id})"),
            (Some(status), None) => write!(f, " (HTTP {status})"),
            (None, _) => Ok(()),
        }
    }
}

/// `1 file`, `2 files`.
pub(super) fn count(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Whoever is told.
pub(super) type Observer = Arc<dyn Fn(&Event) + Send + Sync>;

/// Tells events to the observer.
#[derive(Clone)]
pub(super) struct Teller {
    pub(super) observer: Option<Observer>,
    pub(super) clock: Clock,
    pub(super) started: Instant,
}

impl Teller {
    pub(super) fn tell(&self, step: Step, submission: Option<&SubmissionId>, detail: impl Into<String>) {
        self.tell_call(step, submission, detail, None);
    }

    pub(super) fn tell_call(
        &self,
        step: Step,
        submission: Option<&SubmissionId>,
        detail: impl Into<String>,
        receipt: Option<&Receipt<()>>,
    ) {
        let Some(observer) = &self.observer else { return };
        observer(&Event {
            step,
            detail: detail.into(),
            submission: submission.cloned(),
            http_status: receipt.map(|receipt| receipt.http_status),
            correlation_id: receipt.and_then(|receipt| receipt.correlation_id.clone()),
            elapsed: self.clock.now() - self.started,
        });
    }
}

/// A file that went into the archive.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PublishedFile {
    /// Its name in the archive.
    pub name: String,
    /// Its length.
    pub bytes: u64,
}

/// A status that was seen while waiting.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Seen {
    /// The status.
    pub status: SubmissionStatus,
    /// The time since the wait began; in seconds when serialised.
    #[serde(serialize_with = "seconds")]
    pub after: Duration,
    /// `MS-CorrelationId` of the call.
    pub correlation_id: Option<String>,
}

fn seconds<S: serde::Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}

/// What a run has done.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PublishReport {
    /// The submission.
    pub submission: SubmissionId,
    /// Whether it was there before: reused, attached to, or turned up after an answer to the create was lost.
    pub adopted: bool,
    /// What the update of this run changed: nothing if an earlier run had made it.
    pub changes: Vec<Change>,
    /// What went into the archive, also if an earlier run has uploaded it.
    pub files: Vec<PublishedFile>,
    /// Bytes that were sent to the blob store, without what was there already.
    pub bytes_sent: u64,
    /// How often a block had to be sent again.
    pub retries: u64,
    /// Whether it was committed: not with [`leave_draft`](crate::Publish::leave_draft). Uploaded packages are taken over by a
    /// commit alone: without one they are lost.
    pub committed: bool,
    /// The statuses as they were seen, each once.
    pub history: Vec<Seen>,
    /// The submission is certified and rests there: it is published by hand or on a date.
    pub held: bool,
    /// The service's warnings, without the one that it adds to every submission.
    pub warnings: Vec<StatusDetail>,
    /// The certification's reports.
    pub certification_reports: Vec<CertificationReport>,
}

impl PublishReport {
    pub(super) fn new(submission: SubmissionId, adopted: bool) -> Self {
        Self {
            submission,
            adopted,
            changes: Vec::new(),
            files: Vec::new(),
            bytes_sent: 0,
            retries: 0,
            committed: false,
            history: Vec::new(),
            held: false,
            warnings: Vec::new(),
            certification_reports: Vec::new(),
        }
    }

    /// The last status that was seen.
    #[must_use]
    pub fn status(&self) -> Option<&SubmissionStatus> {
        self.history.last().map(|seen| &seen.status)
    }
}

impl fmt::Display for PublishReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "submission {}", self.submission)?;
        if self.adopted {
            f.write_str(" (adopted)")?;
        }
        match self.status() {
            Some(status) => write!(f, ": {status}")?,
            None if self.committed => f.write_str(": committed")?,
            None => f.write_str(": left as a draft; packages are taken over by a commit alone")?,
        }
        if self.held {
            f.write_str(", held until it is published by hand or on its date")?;
        }
        let changes = count(self.changes.len() as u64, "change");
        let files = count(self.files.len() as u64, "file");
        write!(f, "; {changes}, {files}, {} sent", count(self.bytes_sent, "byte"))?;
        for warning in &self.warnings {
            write!(f, "; warning: {warning}")?;
        }
        Ok(())
    }
}
