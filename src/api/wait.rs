//! Waiting with a goal, a deadline and a diagnosis.
//!
//! What a status means is the pure function `judge`. Statuses are compared by rank, because steps are skipped between polls.
//! Only a status that was read counts as seen, never the commit's own answer. The loop around it is thin, and no wait is
//! endless.

use std::fmt;
use std::future::IntoFuture;
use std::time::{Duration, Instant};

use futures_core::Stream;
use futures_util::stream::try_unfold;

use crate::api::document;
use crate::api::submissions::{Submission, Submissions};
use crate::auth::BoxFuture;
use crate::document::Document;
use crate::error::{Error, FailureKind, Outcome, Result, SubmissionFailed, WaitTimedOut};
use crate::id::SubmissionId;
use crate::model::application_submission::TargetPublishMode;
use crate::model::receipt::Receipt;
use crate::model::status::{StatusReport, SubmissionStatus};
use crate::transport::clock::after;

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
    /// How long a wait for it takes at most, unless told otherwise: 2 hours, 3 days, 7 days.
    #[must_use]
    pub fn default_timeout(self) -> Duration {
        const HOUR: u64 = 3600;
        Duration::from_secs(match self {
            Self::Accepted => 2 * HOUR,
            Self::Certified => 3 * 24 * HOUR,
            Self::Published => 7 * 24 * HOUR,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Accepted => "acceptance",
            Self::Certified => "the end of certification",
            Self::Published => "publication",
        }
    }
}

/// How a wait came to its submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// It was under way already.
    Watched,
    /// We committed it, so long ago.
    Committed(Duration),
}

/// For how long a draft after our own commit is taken for an old reading.
const READ_LAG: Duration = Duration::from_secs(300);

/// For how long a commit whose answer was lost is looked for before it is sent once more.
const COMMIT_LOOK: Duration = Duration::from_secs(60);

/// What a status means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    GoOn,
    Reached,
    /// Certified; the goal is publication, and it may rest here.
    MayBeHeld,
    Failed(FailureKind),
}

/// `seen` is whether a status past `PendingCommit` was read before.
fn judge(status: &SubmissionStatus, goal: Milestone, seen: bool, origin: Origin) -> Verdict {
    use SubmissionStatus as S;
    let reached = match status {
        _ if status.is_failure() => return Verdict::Failed(FailureKind::Failed),
        S::Canceled => return Verdict::Failed(FailureKind::Failed),
        S::PendingCommit if seen => return Verdict::Failed(FailureKind::CommitFailed),
        S::PendingCommit => {
            return match origin {
                Origin::Watched => Verdict::Failed(FailureKind::NotCommitted),
                Origin::Committed(ago) if ago >= READ_LAG => Verdict::Failed(FailureKind::CommitLost),
                Origin::Committed(_) => Verdict::GoOn,
            };
        }
        S::PreProcessing | S::Certification => Milestone::Accepted,
        S::Release | S::PendingPublication if goal == Milestone::Published => return Verdict::MayBeHeld,
        S::Release | S::PendingPublication | S::Publishing => Milestone::Certified,
        S::Published => Milestone::Published,
        // CommitStarted, None, and whatever the crate does not know.
        _ => return Verdict::GoOn,
    };
    if reached >= goal { Verdict::Reached } else { Verdict::GoOn }
}

/// Whether a status shows that the commit has begun.
fn shows_commit(status: &SubmissionStatus) -> bool {
    use SubmissionStatus as S;
    matches!(
        status,
        S::CommitStarted
            | S::PreProcessing
            | S::Certification
            | S::Release
            | S::PendingPublication
            | S::Publishing
            | S::Published
    ) || status.is_failure()
}

/// The pause before the next poll: a tenth of the time waited, between 5 s and 60 s, with jitter.
fn interval(waited: Duration, random: f64) -> Duration {
    let (least, most) = (Duration::from_secs(5), Duration::from_secs(60));
    (waited / 10)
        .clamp(least, most)
        .mul_f64(0.9 + 0.2 * random)
        .clamp(least, most)
}

/// The pause as far as the deadline lets it: one more look is taken shortly before it.
fn pause(interval: Duration, left: Duration) -> Option<Duration> {
    if left < Duration::from_secs(1) {
        None
    } else {
        Some(interval.min(left.mul_f64(0.9)))
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
    /// The submission is certified and rests there: it is published by hand or on a date.
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
/// least every 60 s and at most every 5 s. Errors of a single poll that may pass do not end the wait.
///
/// ```no_run
/// # async fn run(client: msstore::StoreClient) -> Result<(), Box<dyn std::error::Error>> {
/// # use msstore::{ApplicationId, Milestone, SubmissionId};
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
    submissions: Submissions<S>,
    id: SubmissionId,
    commit: bool,
    goal: Milestone,
    timeout: Option<Duration>,
    interval: Option<Duration>,
    on_status: Option<Observer>,
    on_commit: Option<CommitObserver>,
}

impl<S> fmt::Debug for Wait<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait")
            .field("id", &self.id)
            .field("goal", &self.goal)
            .finish_non_exhaustive()
    }
}

impl<S: Submission> Wait<S> {
    fn new(submissions: Submissions<S>, id: SubmissionId, commit: bool) -> Self {
        let goal = Milestone::Accepted;
        Self {
            submissions,
            id,
            commit,
            goal,
            timeout: None,
            interval: None,
            on_status: None,
            on_commit: None,
        }
    }

    pub(crate) fn watch(submissions: Submissions<S>, id: SubmissionId) -> Self {
        Self::new(submissions, id, false)
    }

    pub(crate) fn commit(submissions: Submissions<S>, id: SubmissionId) -> Self {
        Self::new(submissions, id, true)
    }

    /// How far to wait. Default [`Milestone::Accepted`].
    pub fn until(mut self, goal: Milestone) -> Self {
        self.goal = goal;
        self
    }

    /// How long to wait at most. Default [`Milestone::default_timeout`] of the goal. The commit and the first look are made in
    /// any case, each in the time of a call ([`RetryPolicy::call_timeout`](crate::RetryPolicy::call_timeout)).
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// A fixed pause between two polls instead of the growing one.
    pub fn poll_interval(mut self, interval: Duration) -> Self {
        self.interval = Some(interval);
        self
    }

    /// Is told each report, before the pause that follows it.
    pub fn on_status(mut self, observer: impl Fn(&WaitReport) + Send + Sync + 'static) -> Self {
        self.on_status = Some(Box::new(observer));
        self
    }

    /// Is told the answer to the commit.
    pub fn on_commit(mut self, observer: impl Fn(&Receipt<StatusReport>) + Send + Sync + 'static) -> Self {
        self.on_commit = Some(Box::new(observer));
        self
    }

    /// The reports, as a `Stream` that ends when the goal is reached. Nothing is sent before it is polled.
    ///
    /// # Cancel safety
    ///
    /// Dropping the stream stops the polling and nothing else: the submission goes on.
    pub fn reports(self) -> impl Stream<Item = Result<WaitReport>> + Send + 'static {
        try_unfold(Waiting::new(self), |mut waiting| async move {
            Ok(waiting.next().await?.map(|report| (report, waiting)))
        })
    }

    async fn run(self) -> Result<WaitReport> {
        let mut waiting = Waiting::new(self);
        let mut last = None;
        while let Some(report) = waiting.next().await? {
            last = Some(report);
        }
        // `next` gives at least one report or an error.
        last.ok_or_else(|| waiting.timed_out())
    }
}

/// The last report, once the goal is reached.
///
/// # Errors
///
/// [`Error::SubmissionFailed`] with the service's reasons if a step failed; [`Error::WaitTimedOut`] with the last report when the
/// time is up; else the error of the commit, or of a poll that cannot be repeated.
///
/// # Cancel safety
///
/// Dropping the future stops the polling and nothing else: the submission goes on, and [`Submissions::watch`] attaches to it
/// again. If it is dropped during the commit itself, that may be done or not.
impl<S: Submission> IntoFuture for Wait<S> {
    type Output = Result<WaitReport>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// What is known of our commit.
#[derive(Debug)]
enum Commit {
    /// There is none to be made.
    None,
    Due,
    Done,
    /// Its answer was lost; the status tells.
    Unclear,
}

/// A wait under way.
struct Waiting<S> {
    wait: Wait<S>,
    commit: Commit,
    started: Instant,
    committed: Instant,
    deadline: Instant,
    polls: u32,
    seen: bool,
    finished: bool,
    last: Option<WaitReport>,
    last_error: Option<String>,
    /// Whether the submission rests after certification, once it was read.
    held: Option<bool>,
}

impl<S: Submission> Waiting<S> {
    fn new(wait: Wait<S>) -> Self {
        let now = wait.submissions.core().transport().clock().now();
        let timeout = wait.timeout.unwrap_or(wait.goal.default_timeout());
        Self {
            commit: if wait.commit { Commit::Due } else { Commit::None },
            started: now,
            committed: now,
            deadline: after(now, timeout),
            polls: 0,
            seen: false,
            finished: false,
            last: None,
            last_error: None,
            held: None,
            wait,
        }
    }

    fn now(&self) -> Instant {
        self.wait.submissions.core().transport().clock().now()
    }

    /// The next report; `None` after the last one.
    async fn next(&mut self) -> Result<Option<WaitReport>> {
        if self.finished {
            return Ok(None);
        }
        if matches!(self.commit, Commit::Due) {
            self.send_commit().await?;
        }
        loop {
            if self.polls > 0 || self.last_error.is_some() {
                self.pause().await?;
            }
            if let Some(report) = self.poll().await? {
                return self.conclude(report).await.map(Some);
            }
        }
    }

    async fn send_commit(&mut self) -> Result<()> {
        let commit = self.wait.submissions.commit(&self.wait.id).await;
        self.committed = self.now();
        let again = matches!(self.commit, Commit::Unclear);
        self.commit = match commit {
            Ok(receipt) => {
                if let Some(observer) = &self.wait.on_commit {
                    observer(&receipt);
                }
                Commit::Done
            }
            Err(error) if error.outcome() > Outcome::NotApplied && !again => Commit::Unclear,
            // Lost again, or refused because the first has worked after all: the status tells, within its usual time.
            Err(error) if again && (error.outcome() > Outcome::NotApplied || error.is_conflict()) => Commit::Done,
            // What became of the first is still not known.
            Err(error) => return Err(error.at_least(self.outcome())),
        };
        Ok(())
    }

    /// What became of our own commit.
    fn outcome(&self) -> Outcome {
        match self.commit {
            Commit::None | Commit::Due => Outcome::NotApplied,
            Commit::Unclear => Outcome::MaybeApplied,
            Commit::Done => Outcome::Applied,
        }
    }

    async fn pause(&mut self) -> Result<()> {
        let now = self.now();
        let wanted = self
            .wait
            .interval
            .unwrap_or_else(|| interval(now - self.started, fastrand::f64()));
        let clock = self.wait.submissions.core().transport().clock().clone();
        match pause(wanted, self.deadline.saturating_duration_since(now)) {
            Some(pause) => {
                clock.sleep(pause).await;
                Ok(())
            }
            None => {
                clock.sleep_until(self.deadline).await;
                Err(self.timed_out())
            }
        }
    }

    /// One look. `None` if it failed in a way that may pass.
    async fn poll(&mut self) -> Result<Option<WaitReport>> {
        // A wait without time still looks once, for as long as a call may take.
        let mut call = self.wait.submissions.status_call(&self.wait.id)?;
        if self.polls > 0 || self.last_error.is_some() {
            call = call.deadline(self.deadline);
        }
        let json = self.wait.submissions.core().json(call).await;
        match json.and_then(|json| crate::api::value::<StatusReport>(&json)) {
            Ok(receipt) => {
                self.polls += 1;
                self.last_error = None;
                Ok(Some(WaitReport {
                    id: self.wait.id.clone(),
                    waited: self.now() - self.started,
                    polls: self.polls,
                    held: false,
                    http_status: receipt.status,
                    correlation_id: receipt.correlation_id,
                    report: receipt.value,
                }))
            }
            Err(error) if error.is_retryable() || matches!(error, Error::Decode(_)) => {
                tracing::warn!(%error, "the status could not be read; the wait goes on");
                self.last_error = Some(error.to_string());
                Ok(None)
            }
            Err(error) => Err(error.at_least(self.outcome())),
        }
    }

    async fn conclude(&mut self, mut report: WaitReport) -> Result<WaitReport> {
        let status = &report.report.status;
        self.resolve_commit(status).await?;
        let origin = match self.commit {
            Commit::None => Origin::Watched,
            _ => Origin::Committed(self.now() - self.committed),
        };
        let verdict = judge(status, self.wait.goal, self.seen, origin);
        self.seen = self.seen || shows_commit(status);
        if verdict == Verdict::MayBeHeld {
            report.held = self.is_held().await;
        }
        self.finished = report.held || verdict == Verdict::Reached;
        if let Some(observer) = &self.wait.on_status {
            observer(&report);
        }
        self.last = Some(report.clone());
        match verdict {
            Verdict::Failed(kind) => {
                let path = self.path();
                Err(SubmissionFailed::new(kind, &path, report.report, report.correlation_id).into())
            }
            _ => Ok(report),
        }
    }

    /// Finds out by the status what became of a commit whose answer was lost.
    async fn resolve_commit(&mut self, status: &SubmissionStatus) -> Result<()> {
        if !matches!(self.commit, Commit::Unclear) {
            return Ok(());
        }
        if shows_commit(status) {
            self.commit = Commit::Done;
        } else if *status == SubmissionStatus::PendingCommit && self.now() - self.committed >= COMMIT_LOOK {
            self.send_commit().await?;
        }
        Ok(())
    }

    /// Whether a certified submission is published by hand or on a date. Read once.
    async fn is_held(&mut self) -> bool {
        if self.held.is_none() {
            // If it cannot be read now, the next poll tries again.
            if let Ok(submission) = self.submission().await {
                let mode = submission.target_publish_mode();
                self.held = Some(matches!(mode, TargetPublishMode::Manual | TargetPublishMode::SpecificDate));
            }
        }
        self.held.unwrap_or(false)
    }

    async fn submission(&self) -> Result<Document<S>> {
        let path = self.wait.submissions.path(&self.wait.id)?;
        let text = path.text();
        let mut call = crate::rest::Call::get(path);
        if self.polls > 1 {
            call = call.deadline(self.deadline);
        }
        document(self.wait.submissions.core().json(call).await?, text)
    }

    fn path(&self) -> String {
        self.wait
            .submissions
            .path(&self.wait.id)
            .map_or_else(|_| self.wait.id.to_string(), |path| path.text())
    }

    fn timed_out(&self) -> Error {
        let error = WaitTimedOut::new(&self.path(), self.wait.goal.name(), self.now() - self.started);
        let (report, id) = self.last.clone().map(|last| (last.report, last.correlation_id)).unzip();
        error.with_last(report, id.flatten(), self.last_error.clone()).into()
    }
}

impl<S> Unpin for Waiting<S> {}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_table_of_steps() {
        use FailureKind::{CommitFailed, CommitLost, Failed, NotCommitted};
        use Milestone::{Accepted, Certified, Published};
        use Verdict::{GoOn, MayBeHeld, Reached};
        let just_now = Origin::Committed(SECOND);
        let long_ago = Origin::Committed(READ_LAG);
        let table = [
            // status, seen, origin, goals: accepted, certified, published
            ("CommitStarted", false, just_now, [GoOn, GoOn, GoOn]),
            ("PendingCommit", false, just_now, [GoOn; 3]),
            ("PendingCommit", false, long_ago, [Verdict::Failed(CommitLost); 3]),
            ("PendingCommit", false, Origin::Watched, [Verdict::Failed(NotCommitted); 3]),
            ("PendingCommit", true, just_now, [Verdict::Failed(CommitFailed); 3]),
            ("PendingCommit", true, Origin::Watched, [Verdict::Failed(CommitFailed); 3]),
            ("CommitFailed", false, just_now, [Verdict::Failed(Failed); 3]),
            ("PreProcessingFailed", true, just_now, [Verdict::Failed(Failed); 3]),
            ("CertificationFailed", true, just_now, [Verdict::Failed(Failed); 3]),
            ("ReleaseFailed", true, just_now, [Verdict::Failed(Failed); 3]),
            ("PublishFailed", true, just_now, [Verdict::Failed(Failed); 3]),
            ("SigningFailed", true, just_now, [Verdict::Failed(Failed); 3]),
            ("Canceled", true, just_now, [Verdict::Failed(Failed); 3]),
            ("PreProcessing", false, just_now, [Reached, GoOn, GoOn]),
            ("Certification", false, just_now, [Reached, GoOn, GoOn]),
            ("Release", false, just_now, [Reached, Reached, MayBeHeld]),
            ("PendingPublication", false, just_now, [Reached, Reached, MayBeHeld]),
            ("Publishing", false, just_now, [Reached, Reached, GoOn]),
            ("Published", false, just_now, [Reached; 3]),
            ("published", false, just_now, [Reached; 3]),
            ("None", false, just_now, [GoOn; 3]),
            ("", false, Origin::Watched, [GoOn; 3]),
            ("Signing", true, just_now, [GoOn; 3]),
        ];
        for (status, seen, origin, expected) in table {
            for (goal, expected) in [Accepted, Certified, Published].into_iter().zip(expected) {
                assert_eq!(
                    judge(&status.into(), goal, seen, origin),
                    expected,
                    "{status} {goal:?} {seen} {origin:?}"
                );
            }
        }
    }

    #[test]
    fn the_interval_grows_from_five_to_sixty_seconds() {
        for (waited, random, expected) in [
            (0, 0.0, 5.0),
            (0, 1.0, 5.5),
            (40, 0.5, 5.0),
            (100, 0.5, 10.0),
            (100, 0.0, 9.0),
            (600, 1.0, 60.0),
            (86_400, 0.0, 54.0),
        ] {
            let found = interval(Duration::from_secs(waited), random).as_secs_f64();
            assert!((found - expected).abs() < 1e-6, "{waited} {random} {found}");
        }
    }

    #[test]
    fn the_deadline_shortens_the_pause_and_one_look_is_left() {
        assert_eq!(pause(60 * SECOND, 600 * SECOND), Some(60 * SECOND));
        assert_eq!(pause(60 * SECOND, 30 * SECOND), Some(27 * SECOND));
        assert_eq!(pause(60 * SECOND, SECOND / 2), None);
        assert_eq!(pause(60 * SECOND, Duration::ZERO), None);
    }

    #[test]
    fn deadlines_are_finite_and_those_of_the_docs() {
        assert_eq!(Milestone::Accepted.default_timeout(), 7200 * SECOND);
        assert_eq!(Milestone::Certified.default_timeout(), 72 * 3600 * SECOND);
        assert_eq!(Milestone::Published.default_timeout(), 7 * 24 * 3600 * SECOND);
    }
}
