//! How a wait can end badly.

use std::fmt;
use std::time::Duration;

use crate::error::Error;
use crate::error::api::partner_center_url;
use crate::error::call::Inline;
use crate::error::call::Outcome;
use crate::model::status::{StatusReport, SubmissionStatus};
use crate::secret::Scrubbed;

/// What became of the submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureKind {
    /// A step failed, or the submission was cancelled.
    Failed,
    /// It went back to `PendingCommit` after the commit had started.
    CommitFailed,
    /// It was committed, but never left `PendingCommit`, or the failure that it had before.
    CommitLost,
    /// It is a draft: nobody has committed it.
    NotCommitted,
    /// It went on, but without a package that was uploaded to it.
    PackageNotTaken,
}

/// The submission failed, with the service's reasons.
#[derive(Debug, Clone)]
pub struct SubmissionFailed {
    kind: FailureKind,
    path: String,
    report: StatusReport,
    correlation_id: Option<String>,
    outcome: Outcome,
}

impl SubmissionFailed {
    pub(crate) fn new(kind: FailureKind, path: &str, report: StatusReport, correlation_id: Option<String>) -> Self {
        Self {
            kind,
            path: path.to_owned(),
            report,
            correlation_id,
            outcome: Outcome::Applied,
        }
    }

    /// What became of the commit of the call that failed.
    pub(crate) fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    pub(crate) fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// What became of it.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        self.kind
    }

    /// The submission's path, relative to the endpoint.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The last report: status, errors, warnings and certification reports.
    #[must_use]
    pub fn report(&self) -> &StatusReport {
        &self.report
    }

    /// `MS-CorrelationId` of the last report.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        self.correlation_id.as_deref()
    }

    /// Where a person can look at the submission in Partner Center.
    #[must_use]
    pub fn partner_center_url(&self) -> Option<String> {
        partner_center_url(&self.path)
    }
}

impl fmt::Display for SubmissionFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, report, .. } = self;
        match self.kind {
            FailureKind::Failed => write!(f, "{path} ended in {}", report.status)?,
            FailureKind::CommitFailed => write!(f, "the commit of {path} failed: it went back to PendingCommit")?,
            FailureKind::CommitLost if report.status == SubmissionStatus::PendingCommit => write!(
                f,
                "the commit of {path} was lost: the submission stays in PendingCommit; read it, check that your changes are in it, and commit again"
            )?,
            FailureKind::CommitLost => write!(
                f,
                "the commit of {path} was lost, or failed as the one before it: the submission stays in {}; mend what it says, and commit again",
                report.status
            )?,
            FailureKind::PackageNotTaken => write!(
                f,
                "{path} went on to {} without a package that was uploaded to it: look at its packages in Partner Center, and submit again",
                report.status
            )?,
            FailureKind::NotCommitted => write!(f, "{path} is a draft that nobody has committed: commit it first")?,
        }
        for error in &report.status_details.errors {
            write!(f, "; {}", Inline(&error.to_string()))?;
        }
        for certification in &report.status_details.certification_reports {
            if !certification.report_url.is_empty() {
                write!(f, "; report: {}", Scrubbed(&certification.report_url))?;
            }
        }
        if let (FailureKind::Failed | FailureKind::CommitFailed, Some(url)) = (self.kind, self.partner_center_url()) {
            write!(f, "; mend it and commit again, or see {url}")?;
        }
        if let Some(id) = &self.correlation_id {
            write!(f, "; correlation id {id}")?;
        }
        Ok(())
    }
}

impl std::error::Error for SubmissionFailed {}

impl From<SubmissionFailed> for Error {
    fn from(error: SubmissionFailed) -> Self {
        Self::SubmissionFailed(Box::new(error))
    }
}

const DELETED: &str = "deleted";

/// The deadline of a wait passed. A submission that was committed goes on without us.
#[derive(Debug, Clone)]
pub struct WaitTimedOut {
    path: String,
    goal: &'static str,
    waited: Duration,
    last: Option<StatusReport>,
    last_error: Option<String>,
    correlation_id: Option<String>,
    outcome: Outcome,
}

impl WaitTimedOut {
    pub(crate) fn new(path: &str, goal: &'static str, waited: Duration) -> Self {
        Self {
            path: path.to_owned(),
            goal,
            waited,
            last: None,
            last_error: None,
            correlation_id: None,
            outcome: Outcome::Applied,
        }
    }

    /// What became of the commit of the call that failed.
    pub(crate) fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    pub(crate) fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// A submission that was deleted is still shown.
    pub(crate) fn deletion(path: &str, waited: Duration) -> Self {
        Self::new(path, DELETED, waited)
    }

    pub(crate) fn with_last(mut self, last: Option<StatusReport>, correlation_id: Option<String>, error: Option<String>) -> Self {
        self.last = last;
        self.correlation_id = correlation_id;
        self.last_error = error;
        self
    }

    /// The submission's path, relative to the endpoint.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether it was waited for a submission that was deleted and is still shown, so that there is nothing to attach to.
    #[must_use]
    pub fn is_deletion(&self) -> bool {
        self.goal == DELETED
    }

    /// How long the wait took.
    #[must_use]
    pub fn waited(&self) -> Duration {
        self.waited
    }

    /// The last report, if any status could be read.
    #[must_use]
    pub fn last_report(&self) -> Option<&StatusReport> {
        self.last.as_ref()
    }

    /// `MS-CorrelationId` of the last report.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        self.correlation_id.as_deref()
    }
}

impl fmt::Display for WaitTimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, goal, waited, .. } = self;
        if self.is_deletion() {
            let what = match self.outcome {
                Outcome::Applied => "was deleted",
                _ => "is said to be deleted",
            };
            return write!(
                f,
                "{path} {what}, but is still shown after {} s: look again later",
                waited.as_secs()
            );
        }
        write!(f, "{path} has not reached {goal} after {} s", waited.as_secs())?;
        match &self.last {
            Some(report) if report.status.is_set() => write!(f, "; its last status was {}", report.status)?,
            Some(_) => f.write_str("; its status was empty")?,
            None => f.write_str("; no status could be read")?,
        }
        if let Some(error) = &self.last_error {
            write!(f, " ({error})")?;
        }
        // What the commit has not left behind may not have been committed at all.
        let as_before = |report: &StatusReport| report.status == SubmissionStatus::PendingCommit || report.status.is_failure();
        if self.last.as_ref().is_some_and(as_before) {
            f.write_str("; its commit does not show yet: look at its status again, and commit again if it stays")?;
        } else {
            f.write_str("; it goes on at the service: attach to it again with watch()")?;
        }
        let stuck = self
            .last
            .as_ref()
            .is_some_and(|report| report.status == SubmissionStatus::CommitStarted);
        if let (true, Some(url)) = (stuck, partner_center_url(path)) {
            write!(
                f,
                "; a commit that stays in CommitStarted for hours is often freed by Submit in Partner Center: {url}"
            )?;
        }
        if let Some(id) = &self.correlation_id {
            write!(f, "; correlation id {id}")?;
        }
        Ok(())
    }
}

impl std::error::Error for WaitTimedOut {}

impl From<WaitTimedOut> for Error {
    fn from(error: WaitTimedOut) -> Self {
        Self::WaitTimedOut(Box::new(error))
    }
}
