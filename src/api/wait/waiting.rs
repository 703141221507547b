//! A wait under way: looks, asks `judge` what it saw means, and tells the observers.

use std::future::IntoFuture;
use std::time::{Duration, Instant};

use futures_core::Stream;
use futures_util::TryFutureExt;
use futures_util::stream::try_unfold;

use crate::api::commit::{Committed, shows_commit};
use crate::api::kinds::Submission;
use crate::api::wait::builder::{Wait, WaitReport};
use crate::api::wait::judge::{News, READ_LAG, Verdict, judge, news, rests};
use crate::error::{Error, FailureKind, Outcome, Result};
use crate::http::BoxFuture;
use crate::http::clock::{Clock, after};
use crate::model::receipt::Receipt;
use crate::model::status::StatusReport;
use crate::service::look::{Looks, Miss, Pace};

/// A wait under way.
struct Waiting<S> {
    wait: Wait<S>,
    looks: Looks,
    commit: Option<Committed>,
    /// Whether this wait has read a status that shows the commit.
    seen: bool,
    last: Option<WaitReport>,
    /// After how long something was told last.
    told_at: Duration,
    /// Whether the submission rests after certification, once it was read.
    held: Option<bool>,
    /// Before when the service does not want to be asked for that again.
    held_after: Option<Instant>,
}

/// What a poll has come to.
enum Step {
    NothingNew,
    News(WaitReport),
    Reached(WaitReport),
}

impl<S: Submission> Waiting<S> {
    /// Commits, if that is its job. The time runs from here, not from when the wait was made.
    async fn begin(wait: Wait<S>) -> Result<Self> {
        let pace = wait.interval.map_or(Pace::Growing, Pace::Every);
        let time = wait.timeout.unwrap_or(wait.goal.default_timeout());
        let looks = Looks::new(wait.submissions.service().clock(), time, pace);
        let commit = if wait.commit {
            let (receipt, commit) = wait.submissions.committed(&wait.id).await?;
            if let Some(observer) = &wait.on_commit {
                observer(&receipt);
            }
            Some(commit)
        } else {
            wait.shown.then(|| Committed {
                at: looks.started(),
                before: None,
                shown: true,
                outcome: Outcome::NotApplied,
            })
        };
        Ok(Self {
            wait,
            looks,
            commit,
            seen: false,
            last: None,
            told_at: Duration::ZERO,
            held: None,
            held_after: None,
        })
    }

    fn clock(&self) -> &Clock {
        self.wait.submissions.service().clock()
    }

    /// What became of our own commit.
    fn outcome(&self) -> Outcome {
        match &self.commit {
            Some(_) if self.seen && self.wait.commit => Outcome::Applied,
            Some(commit) => commit.outcome,
            None => Outcome::NotApplied,
        }
    }

    /// Polls once and says what that means.
    async fn step(&mut self) -> Result<Step> {
        let status = self.poll().await?;
        let now = self.clock().now();
        let verdict = judge(&status.value, self.wait.goal, self.seen, self.commit.as_ref(), now);
        let before = self.commit.as_ref().and_then(|commit| commit.before.as_ref());
        self.seen |= shows_commit(&status.value, before);
        let report = WaitReport {
            id: self.wait.id.clone(),
            waited: now - self.looks.started(),
            polls: self.last.as_ref().map_or(0, |last| last.polls) + 1,
            held: verdict == Verdict::MayBeHeld && self.is_held().await,
            http_status: status.http_status,
            correlation_id: status.correlation_id,
            report: status.value,
        };
        let is_end = report.held || matches!(verdict, Verdict::Reached | Verdict::Failed(_));
        let news = self.tell(&report, is_end);
        self.last = Some(report.clone());
        match verdict {
            Verdict::Failed(kind) => {
                let outcome = match kind {
                    FailureKind::CommitLost => Outcome::MaybeApplied,
                    _ => self.outcome(),
                };
                Err(Error::failed(kind, &self.path(), report.report, report.correlation_id).with_outcome(outcome))
            }
            _ if is_end => Ok(Step::Reached(report)),
            _ if news == News::Change => Ok(Step::News(report)),
            _ => Ok(Step::NothingNew),
        }
    }

    /// The next status that can be read.
    async fn poll(&mut self) -> Result<Receipt<StatusReport>> {
        let Wait { submissions, id, .. } = &self.wait;
        let clock = submissions.service().clock();
        // What was committed a moment ago may not be visible yet.
        let lags_until = self.commit.as_ref().filter(|_| !self.seen).map(|commit| commit.at + READ_LAG);
        // A wait without time still looks once, for as long as a call may take.
        let mut is_first = self.last.is_none();
        let status = self.looks.find(|by| {
            let submissions = submissions.by((!std::mem::take(&mut is_first)).then_some(by));
            async move {
                match submissions.status(id).await {
                    Err(error) if error.is_not_found() && lags_until.is_some_and(|until| clock.now() < until) => {
                        Err(Miss::Passing(error))
                    }
                    status => Ok(status?),
                }
            }
        });
        let error = match status.await {
            Ok(status) => return Ok(status),
            Err(Miss::Final(error)) => return Err(self.ended(error.about(self.path()))),
            Err(Miss::Passing(error)) => Some(error),
            Err(Miss::NotYet) => None,
        };
        clock.sleep_until(self.looks.deadline()).await;
        let waited = clock.now() - self.looks.started();
        Err(self.ended(Error::wait_timed_out(&self.path(), self.wait.goal.name(), waited, error)))
    }

    /// The error that ends the wait, with what is known by then.
    fn ended(&self, error: Error) -> Error {
        let error = error.with_outcome(self.outcome());
        match &self.last {
            Some(last) => error.with_report(last.report.clone(), last.correlation_id.clone()),
            None => error,
        }
    }

    /// Tells the observers. The end is news in any case.
    fn tell(&mut self, report: &WaitReport, is_end: bool) -> News {
        // What is not news has changed nothing, so the last report stands for the one that was told last.
        let told = self.last.as_ref().map(|last| (&last.report, self.told_at));
        let news = match is_end {
            true => News::Change,
            false => news(told, &report.report, report.waited),
        };
        if let Some(observer) = &self.wait.on_poll {
            observer(report);
        }
        if news != News::Nothing {
            self.told_at = report.waited;
            if let Some(observer) = &self.wait.on_status {
                observer(report);
            }
        }
        news
    }

    /// Whether a certified submission is published by hand or on a date to come. Read once.
    async fn is_held(&mut self) -> bool {
        let may_ask = self.held_after.is_none_or(|at| self.clock().now() >= at);
        if self.held.is_none() && may_ask {
            let by = self.last.is_some().then_some(self.looks.deadline());
            match self.wait.submissions.by(by).get(&self.wait.id).await {
                Ok(submission) => {
                    let parts = submission.parts();
                    let date = parts.target_publish_date.to_system_time();
                    self.held = Some(rests(parts.target_publish_mode, date, self.clock().system_now()));
                }
                // A later poll tries again: the next, unless the service asks for a longer pause.
                Err(error) => self.held_after = error.retry_after().map(|pause| after(self.clock().now(), pause)),
            }
        }
        self.held.unwrap_or(false)
    }

    fn path(&self) -> String {
        self.wait.submissions.path(&self.wait.id).text()
    }
}

impl<S: Submission> Wait<S> {
    /// Returns the reports that say something new, as a `Stream` that ends when the goal is reached: another status, other errors or
    /// warnings, and the last one. Each counts all polls. Nothing is sent before the stream is polled.
    ///
    /// # Cancel safety
    ///
    /// Dropping the stream stops the polling and nothing else: the submission goes on.
    pub fn reports(self) -> impl Stream<Item = Result<WaitReport>> + Send + 'static {
        let reports = Waiting::begin(self).map_ok(|waiting| {
            try_unfold(Some(waiting), |waiting| async move {
                let Some(mut waiting) = waiting else {
                    return Ok(None);
                };
                loop {
                    match waiting.step().await? {
                        Step::NothingNew => {}
                        Step::News(report) => return Ok(Some((report, Some(waiting)))),
                        Step::Reached(report) => return Ok(Some((report, None))),
                    }
                }
            })
        });
        reports.try_flatten_stream()
    }

    async fn run(self) -> Result<WaitReport> {
        let mut waiting = Waiting::begin(self).await?;
        loop {
            if let Step::Reached(report) = waiting.step().await? {
                return Ok(report);
            }
        }
    }
}

/// Returns the last report, once the goal is reached.
///
/// # Errors
///
/// [`ErrorKind::SubmissionFailed`](crate::ErrorKind::SubmissionFailed) with the service's reasons if a step failed;
/// [`ErrorKind::WaitTimedOut`](crate::ErrorKind::WaitTimedOut) with the last report when the time is up; else the error of the commit, or
/// of a poll that cannot be repeated, which has the last report too.
///
/// # Cancel safety
///
/// Dropping the future stops the polling and nothing else: the submission goes on, and [`Submissions::watch`](crate::api::Submissions::watch) attaches to it
/// again. If it is dropped during the commit itself, that may be done or not.
impl<S: Submission> IntoFuture for Wait<S> {
    type Output = Result<WaitReport>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
