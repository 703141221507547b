//! A wait under way: looks, asks `judge` what it saw means, and tells who wants to know.

use std::future::IntoFuture;
use std::time::{Duration, Instant};

use futures_core::Stream;
use futures_util::stream::try_unfold;

use crate::api::commit::{Committed, shows_commit};
use crate::api::kinds::Submission;
use crate::api::wait::builder::{Wait, WaitReport};
use crate::api::wait::judge::{News, Origin, READ_LAG, Verdict, judge, news, rests};
use crate::error::{Error, FailureKind, Outcome, Result};
use crate::http::BoxFuture;
use crate::http::clock::Clock;
use crate::model::receipt::Receipt;
use crate::model::status::StatusReport;
use crate::service::look::{Ended, Looks, Miss, Pace};

/// What is known of the commit before the first look.
struct Known {
    /// When it was made, or since when it is known.
    at: Instant,
    /// Whether it was seen before the wait.
    shown: bool,
    /// The failure that the submission had before.
    before: Option<StatusReport>,
}

/// A wait under way.
struct Waiting<S> {
    wait: Wait<S>,
    /// Its time runs from the first look, not from when it was made.
    looks: Option<Looks>,
    started: Instant,
    known: Option<Known>,
    /// What became of our own commit.
    outcome: Outcome,
    polls: u32,
    seen: bool,
    finished: bool,
    last: Option<WaitReport>,
    /// What was told last, and after how long.
    told: Option<(StatusReport, Duration)>,
    /// Whether the submission rests after certification, once it was read.
    held: Option<bool>,
}

impl<S: Submission> Waiting<S> {
    fn new(wait: Wait<S>) -> Self {
        Self {
            looks: None,
            started: wait.submissions.service().clock().now(),
            known: None,
            outcome: Outcome::NotApplied,
            polls: 0,
            seen: false,
            finished: false,
            last: None,
            told: None,
            held: None,
            wait,
        }
    }

    fn clock(&self) -> &Clock {
        self.wait.submissions.service().clock()
    }

    /// The next report that says something new; `None` after the last one.
    async fn next(&mut self) -> Result<Option<WaitReport>> {
        if self.finished {
            return Ok(None);
        }
        let mut looks = match self.looks.take() {
            Some(looks) => looks,
            None => self.begin().await?,
        };
        loop {
            let status = self.poll(&mut looks).await?;
            if let Some(report) = self.conclude(status, looks.deadline()).await? {
                self.looks = Some(looks);
                return Ok(Some(report));
            }
        }
    }

    /// Commits, if that is its job.
    async fn begin(&mut self) -> Result<Looks> {
        let pace = self.wait.interval.map_or(Pace::Growing, Pace::Every);
        let time = self.wait.timeout.unwrap_or(self.wait.goal.default_timeout());
        let looks = Looks::new(self.clock(), time, pace);
        self.started = looks.started();
        if self.wait.commit {
            let committed = self.wait.submissions.committed(&self.wait.id, looks.deadline()).await?;
            if let Some(observer) = &self.wait.on_commit {
                observer(&committed.receipt);
            }
            let Committed {
                at,
                before,
                shown,
                outcome,
                ..
            } = committed;
            self.outcome = outcome;
            self.known = Some(Known { at, shown, before });
        } else if self.wait.shown {
            self.known = Some(Known {
                at: self.started,
                shown: true,
                before: None,
            });
        }
        Ok(looks)
    }

    /// The next status that can be read.
    async fn poll(&mut self, looks: &mut Looks) -> Result<Receipt<StatusReport>> {
        let Wait { submissions, id, .. } = &self.wait;
        let clock = self.clock();
        // What was committed a moment ago may not be visible yet.
        let lags_until = match &self.known {
            Some(known) if !self.seen => known.at + READ_LAG,
            _ => self.started,
        };
        // A wait without time still looks once, for as long as a call may take.
        let mut first = self.polls == 0;
        let status = looks.find(|by| {
            let by = (!std::mem::take(&mut first)).then_some(by);
            async move {
                match submissions.status_by(id, by).await {
                    Err(error) if error.is_not_found() && clock.now() < lags_until => Err(Miss::Passing(error)),
                    status => Ok(status?),
                }
            }
        });
        match status.await {
            Ok(status) => Ok(status),
            Err(Ended::Failed(error)) => Err(error.with_outcome(self.outcome)),
            Err(Ended::TimeUp(error)) => {
                clock.sleep_until(looks.deadline()).await;
                Err(self.timed_out(error))
            }
        }
    }

    /// What a status means, and to whom. The report, if it says something new.
    async fn conclude(&mut self, status: Receipt<StatusReport>, deadline: Instant) -> Result<Option<WaitReport>> {
        self.polls += 1;
        let now = self.clock().now();
        let before = self.known.as_ref().and_then(|known| known.before.as_ref());
        let origin = match &self.known {
            None => Origin::Watched,
            Some(known) => Origin::Committed {
                ago: now - known.at,
                shown: known.shown,
                before,
            },
        };
        let verdict = judge(&status.value, self.wait.goal, self.seen, origin);
        self.seen = self.seen || shows_commit(&status.value, before);
        if self.seen && self.wait.commit {
            self.outcome = Outcome::Applied;
        }
        let mut report = WaitReport {
            id: self.wait.id.clone(),
            waited: now - self.started,
            polls: self.polls,
            held: false,
            http_status: status.http_status,
            correlation_id: status.correlation_id,
            report: status.value,
        };
        if verdict == Verdict::MayBeHeld {
            report.held = self.is_held(deadline).await;
        }
        self.finished = report.held || verdict == Verdict::Reached;
        let news = self.tell(&report, matches!(verdict, Verdict::Failed(_)));
        self.last = Some(report.clone());
        match verdict {
            Verdict::Failed(kind) => {
                let outcome = match kind {
                    FailureKind::CommitLost => Outcome::MaybeApplied,
                    _ => self.outcome,
                };
                Err(Error::failed(kind, &self.path(), report.report, report.correlation_id).with_outcome(outcome))
            }
            _ => Ok((news == News::Change).then_some(report)),
        }
    }

    /// Tells the observers. The end is news in any case.
    fn tell(&mut self, report: &WaitReport, failed: bool) -> News {
        let told = self.told.as_ref().map(|(report, at)| (report, *at));
        let news = match news(told, &report.report, report.waited) {
            _ if self.finished || failed => News::Change,
            news => news,
        };
        if let Some(observer) = &self.wait.on_poll {
            observer(report);
        }
        if news != News::Nothing {
            self.told = Some((report.report.clone(), report.waited));
            if let Some(observer) = &self.wait.on_status {
                observer(report);
            }
        }
        news
    }

    /// Whether a certified submission is published by hand or on a date to come. Read once.
    async fn is_held(&mut self, deadline: Instant) -> bool {
        if self.held.is_none() {
            // If it cannot be read now, the next poll tries again.
            let by = (self.polls > 1).then_some(deadline);
            if let Ok(submission) = self.wait.submissions.get_by(&self.wait.id, by).await {
                let date = submission.target_publish_date().to_system_time();
                self.held = Some(rests(submission.target_publish_mode(), date, self.clock().system_now()));
            }
        }
        self.held.unwrap_or(false)
    }

    fn path(&self) -> String {
        self.wait.submissions.path(&self.wait.id).text()
    }

    fn timed_out(&self, error: Option<Error>) -> Error {
        let waited = self.clock().now() - self.started;
        let last = error.map(|error| error.to_string());
        let error = Error::wait_timed_out(&self.path(), self.wait.goal.name(), waited, last).with_outcome(self.outcome);
        match self.last.clone() {
            Some(last) => error.with_report(last.report, last.correlation_id),
            None => error,
        }
    }
}

impl<S: Submission> Wait<S> {
    /// The reports that say something new, as a `Stream` that ends when the goal is reached: another status, other errors or
    /// warnings, and the last one. Each counts all polls. Nothing is sent before the stream is polled.
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
        last.ok_or_else(|| waiting.timed_out(None))
    }
}

/// The last report, once the goal is reached.
///
/// # Errors
///
/// [`ErrorKind::SubmissionFailed`](crate::ErrorKind::SubmissionFailed) with the service's reasons if a step failed;
/// [`ErrorKind::WaitTimedOut`](crate::ErrorKind::WaitTimedOut) with the last report when the time is up; else the error of the commit, or
/// of a poll that cannot be repeated.
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
