//! The settings of a wait, and its report.

use std::fmt;
use std::time::Duration;

use crate::api::commit::shows_commit;
use crate::api::kinds::Submission;
use crate::api::submissions::Submissions;
use crate::id::SubmissionId;
use crate::model::receipt::Receipt;
use crate::model::status::{StatusReport, SubmissionStatus};

/// How far a wait goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Milestone {
    /// Past `CommitStarted`: the Store has taken the submission. What the documentation's samples wait for.
    Accepted,
    /// Past certification: released, waiting to be published, or publishing.
    Certified,
    /// In the Store.
    Published,
}

impl Milestone {
    /// Returns how long a wait for it takes at most by default: 2 hours, 3 days, 7 days.
    #[must_use]
    pub fn default_timeout(self) -> Duration {
        const HOUR: u64 = 3600;
        Duration::from_secs(match self {
            Self::Accepted => 2 * HOUR,
            Self::Certified => 3 * 24 * HOUR,
            Self::Published => 7 * 24 * HOUR,
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Accepted => "acceptance",
            Self::Certified => "the end of certification",
            Self::Published => "publication",
        }
    }
}

/// What a wait has come to.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct WaitReport {
    /// The submission.
    pub id: SubmissionId,
    /// What the service says.
    pub report: StatusReport,
    /// How long the wait has taken.
    pub waited: Duration,
    /// How often the status was read.
    pub polls: u32,
    /// The submission is certified and rests there: it is published by hand, or on a date that is still to come.
    pub held: bool,
    /// The HTTP status of the status call.
    pub http_status: u16,
    /// `MS-CorrelationId` of the status call.
    pub correlation_id: Option<String>,
}

type Observer = Box<dyn Fn(&WaitReport) + Send + Sync>;
type CommitObserver = Box<dyn Fn(&Receipt<StatusReport>) + Send + Sync>;

/// A wait for a submission. Await it for the last report, or take its [`reports`](Self::reports).
///
/// The default goal is [`Milestone::Accepted`]. The status is polled at once, and then after a tenth of the time waited, at
/// least every 60 s and at most every 5 s, and never before the service allows it (`Retry-After`). Errors of a single poll that
/// may pass do not end the wait.
///
/// Reads lag: for 5 minutes after its own commit, `PendingCommit`, the failure that was there before, and 404 are taken for an
/// old reading; after that the commit was lost. A wait that only watches ends at once with any of these.
///
/// ```no_run
/// # async fn run(client: msstore::StoreClient) -> Result<(), Box<dyn std::error::Error>> {
/// # use msstore::api::Milestone;
/// # use msstore::{ApplicationId, SubmissionId};
/// let submissions = client.applications().submissions("9NBLGGH4R315".parse::<ApplicationId>()?);
/// let certified = submissions
///     .watch("1152921504621243680".parse::<SubmissionId>()?)
///     .until(Milestone::Certified)
///     .on_status(|now| println!("{} after {} s", now.report.status, now.waited.as_secs()))
///     .await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent before it is awaited"]
pub struct Wait<S> {
    pub(super) submissions: Submissions<S>,
    pub(super) id: SubmissionId,
    pub(super) commit: bool,
    pub(super) shown: bool,
    pub(super) goal: Milestone,
    pub(super) timeout: Option<Duration>,
    pub(super) interval: Option<Duration>,
    pub(super) on_status: Option<Observer>,
    pub(super) on_poll: Option<Observer>,
    pub(super) on_commit: Option<CommitObserver>,
}

impl<S> fmt::Debug for Wait<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait")
            .field("id", &self.id)
            .field("goal", &self.goal)
            .finish_non_exhaustive()
    }
}

impl<S: Submission> Submissions<S> {
    /// Waits for a submission that is already under way. Await it, or take its [`reports`](Wait::reports).
    pub fn watch(&self, id: impl Into<SubmissionId>) -> Wait<S> {
        Wait::new(self.clone(), id.into(), false)
    }

    /// Commits a submission as [`ensure_committed`](Self::ensure_committed) does, and waits. Await it, or take its
    /// [`reports`](Wait::reports).
    pub fn commit_and_wait(&self, id: impl Into<SubmissionId>) -> Wait<S> {
        Wait::new(self.clone(), id.into(), true)
    }
}

impl<S: Submission> Wait<S> {
    fn new(submissions: Submissions<S>, id: SubmissionId, commit: bool) -> Self {
        Self {
            submissions,
            id,
            commit,
            shown: false,
            goal: Milestone::Accepted,
            timeout: None,
            interval: None,
            on_status: None,
            on_poll: None,
            on_commit: None,
        }
    }

    /// Takes a status that was read before the wait began: one that shows the commit makes a draft an old reading.
    pub(crate) fn seen(mut self, status: &SubmissionStatus) -> Self {
        let report = StatusReport {
            status: status.clone(),
            ..StatusReport::default()
        };
        self.shown = shows_commit(&report, None);
        self
    }

    /// Sets how far to wait. Default [`Milestone::Accepted`].
    pub fn until(mut self, goal: Milestone) -> Self {
        self.goal = goal;
        self
    }

    /// Sets how long to wait at most. Default [`Milestone::default_timeout`] of the goal. It does not cut the commit and the first
    /// look short: they take the time of [`Submissions::ensure_committed`] and of a call
    /// ([`RetryPolicy::call_timeout`](crate::config::RetryPolicy::call_timeout)). Nor does it make the commit more patient: if the
    /// status cannot be read within 5 minutes before it, the wait ends with the error of that read, and nothing was sent.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets a fixed pause between two polls instead of the growing one, at least 1 s. A pause that the service asks for is kept
    /// where it is longer.
    pub fn poll_interval(mut self, interval: Duration) -> Self {
        self.interval = Some(interval);
        self
    }

    /// Calls `observer` with each report that says something new (another status, other errors or warnings, the end), before the
    /// pause that follows it, and every 5 minutes with one that does not, so that a log shows that the wait goes on. See
    /// [`on_poll`](Self::on_poll).
    pub fn on_status(mut self, observer: impl Fn(&WaitReport) + Send + Sync + 'static) -> Self {
        self.on_status = Some(Box::new(observer));
        self
    }

    /// Calls `observer` with the report of each poll, even if nothing has changed: about one a minute for as long as it takes.
    pub fn on_poll(mut self, observer: impl Fn(&WaitReport) + Send + Sync + 'static) -> Self {
        self.on_poll = Some(Box::new(observer));
        self
    }

    /// Calls `observer` once the commit is known to be made, with the answer to it; if that was lost, with the status that shows
    /// it, or the refusal of a second commit, 409.
    pub fn on_commit(mut self, observer: impl Fn(&Receipt<StatusReport>) + Send + Sync + 'static) -> Self {
        self.on_commit = Some(Box::new(observer));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn deadlines_are_finite_and_those_of_the_docs() {
        assert_eq!(Milestone::Accepted.default_timeout(), 7200 * SECOND);
        assert_eq!(Milestone::Certified.default_timeout(), 72 * 3600 * SECOND);
        assert_eq!(Milestone::Published.default_timeout(), 7 * 24 * 3600 * SECOND);
    }
}
