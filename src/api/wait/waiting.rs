//! A wait under way: commits if that is its job, looks, and asks `judge` what it saw means.

use std::time::Instant;

use crate::api::document;
use crate::api::kinds::Submission;
use crate::api::wait::judge::{COMMIT_LOOK, Origin, READ_LAG, Verdict, interval, judge, pause, shows_commit};
use crate::api::wait::{Wait, WaitReport};
use crate::document::Document;
use crate::error::{Error, Outcome, Result, SubmissionFailed, WaitTimedOut};
use crate::model::application_submission::TargetPublishMode;
use crate::model::status::SubmissionStatus;
use crate::rest::Call;
use crate::transport::clock::after;

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
pub(super) struct Waiting<S> {
    wait: Wait<S>,
    commit: Commit,
    started: Instant,
    committed: Instant,
    deadline: Instant,
    /// Its time runs from the first look, not from when it was made.
    begun: bool,
    polls: u32,
    seen: bool,
    finished: bool,
    last: Option<WaitReport>,
    last_error: Option<String>,
    /// Whether the submission rests after certification, once it was read.
    held: Option<bool>,
}

impl<S: Submission> Waiting<S> {
    pub(super) fn new(wait: Wait<S>) -> Self {
        let now = wait.submissions.core().transport().clock().now();
        Self {
            commit: if wait.commit { Commit::Due } else { Commit::None },
            started: now,
            committed: now,
            deadline: now,
            begun: false,
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
    pub(super) async fn next(&mut self) -> Result<Option<WaitReport>> {
        if self.finished {
            return Ok(None);
        }
        if !self.begun {
            self.begun = true;
            self.started = self.now();
            self.deadline = after(self.started, self.wait.timeout.unwrap_or(self.wait.goal.default_timeout()));
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
        let by = (self.polls > 0 || self.last_error.is_some()).then_some(self.deadline);
        match self.wait.submissions.status_by(&self.wait.id, by).await {
            Ok(receipt) => {
                self.polls += 1;
                self.last_error = None;
                Ok(Some(WaitReport {
                    id: self.wait.id.clone(),
                    waited: self.now() - self.started,
                    polls: self.polls,
                    held: false,
                    http_status: receipt.http_status,
                    correlation_id: receipt.correlation_id,
                    report: receipt.value,
                }))
            }
            Err(error) if self.may_pass(&error) => {
                tracing::warn!(%error, "the status could not be read; the wait goes on");
                self.last_error = Some(error.to_string());
                Ok(None)
            }
            Err(error) => Err(error.at_least(self.outcome())),
        }
    }

    /// Whether a failed look may succeed later. What we committed a moment ago may not be visible yet.
    fn may_pass(&self, error: &Error) -> bool {
        let lags = !matches!(self.commit, Commit::None) && !self.seen && self.now() - self.committed < READ_LAG;
        error.is_retryable() || matches!(error, Error::Decode(_)) || (error.is_not_found() && lags)
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
                Err(SubmissionFailed::new(kind, &path, report.report, report.correlation_id)
                    .with_outcome(self.outcome())
                    .into())
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
        let mut call = Call::get(path);
        if self.polls > 1 {
            call = call.by(Some(self.deadline));
        }
        document(self.wait.submissions.core().json(call).await?, text)
    }

    fn path(&self) -> String {
        self.wait
            .submissions
            .path(&self.wait.id)
            .map_or_else(|_| self.wait.id.to_string(), |path| path.text())
    }

    pub(super) fn timed_out(&self) -> Error {
        let error = WaitTimedOut::new(&self.path(), self.wait.goal.name(), self.now() - self.started);
        let (report, id) = self.last.clone().map(|last| (last.report, last.correlation_id)).unzip();
        error
            .with_last(report, id.flatten(), self.last_error.clone())
            .with_outcome(self.outcome())
            .into()
    }
}
