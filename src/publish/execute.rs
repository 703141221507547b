//! The run: it obeys the plan, one step after the other. Each step is a thin call of the methods of `api` that resolve ambiguity.

use std::future::IntoFuture;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::api::ensure::Ensured;
use crate::api::kinds::Submission;
use crate::api::submissions::Refs;
use crate::api::wait::Wait;
use crate::auth::BoxFuture;
use crate::document::Document;
use crate::error::{Error, ErrorKind, FailureKind, Outcome, Result};
use crate::id::SubmissionId;
use crate::model::guard::Guard;
use crate::model::package::{ApplicationPackage, PackageRolloutStatus};
use crate::model::receipt::Receipt;
use crate::model::status::{StatusReport, SubmissionStatus};
use crate::publish::decide::arrival::Arrival;
use crate::publish::decide::guards::{Guards, Standing};
use crate::publish::decide::new_package::NewPackage;
use crate::publish::decide::packages::{PackageFate, planned};
use crate::publish::decide::policy::{ExistingRollout, InTheWay, Resolution, is_draft};
use crate::publish::event::{EventKind, PublishReport, Seen};
use crate::publish::job::Publish;
use crate::publish::plan::Plan;
use crate::publish::walk::{Release, Resolved, rollout_problem};
use crate::service::look::{Looks, Miss, Pace};

/// For how long it is looked whether the packages were taken.
const VERIFY_TIME: Duration = Duration::from_secs(600);

/// The pause between two looks.
const VERIFY_PAUSE: Duration = Duration::from_secs(30);

/// What to do if a wait takes too long.
const GO_ON: &str = "publish() with PendingPolicy::Reuse or .submission(id) goes on with it";

/// Resolves to the report when the goal is reached.
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`] if a file or setting cannot be used; [`ErrorKind::Pending`] if the
/// pending submission stops the run; [`ErrorKind::Edit`] with the error of an edit, or that itself if it is one of this crate; [`ErrorKind::Guard`];
/// the errors of [`Wait`], also `PackageNotTaken` if the goal is reached without a package, and
/// [`ErrorKind::NotVerified`] if that could not be read.
/// [`Error::left_behind`] names the draft if one was created or changed, and surely not committed.
///
/// # Cancel safety
///
/// Dropping the future stops the run where it is. It may leave a draft, or a submission that goes on: run again with
/// [`PendingPolicy::Reuse`](crate::publish::PendingPolicy::Reuse).
impl<S: Submission> IntoFuture for Publish<S> {
    type Output = Result<PublishReport>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.execute())
    }
}

impl<S: Submission> Publish<S> {
    async fn execute(mut self) -> Result<PublishReport> {
        self.teller.start();
        let inputs = self.inputs().await?;
        let Resolved {
            refs,
            there,
            published,
            resolution,
            plan,
            stop,
        } = self.decide(&inputs).await?;
        match (&plan.pending, &there) {
            (Some(pending), Some(there)) => {
                let status = pending.status.clone();
                self.teller
                    .tell_call(EventKind::Found { status }, Some(&pending.id), there.receipt());
            }
            _ => self.teller.tell_call(EventKind::NothingPending, None, &refs.receipt),
        }
        stop?;
        let release = Release::new(&inputs, published.as_ref(), &refs);
        if let (Resolution::Published, Some(published)) = (resolution, &published) {
            return self.end(published, release);
        }
        let (draft, adopted) = match (resolution, there) {
            (Resolution::Attach, Some(document)) => return self.attach(&document, release).await,
            (Resolution::Edit, Some(draft)) => (draft, true),
            _ => {
                let created = self.create(&plan, &refs).await?;
                (created.document, created.adopted)
            }
        };
        let mut report = PublishReport::new(draft.id()?, adopted, inputs.files.clone());
        // A draft that was there before and is as it was is not left behind by this run.
        let mut done = match resolution {
            Resolution::Edit => Outcome::NotApplied,
            _ => Outcome::Applied,
        };
        let prepared = self.prepare(&draft, release, &mut report, &mut done).await;
        if let Err(error) = prepared {
            return Err(self.left(error, &report.submission, done).await);
        }
        if self.leave_draft {
            return Ok(report);
        }
        let wait = self.submissions.commit_and_wait(&report.submission);
        match self.follow(wait, &mut report).await {
            // The commit was refused, or never sent.
            Err(error) if error.outcome() == Outcome::NotApplied => {
                return Err(self.left(error, &report.submission, done).await);
            }
            followed => followed?,
        }
        let taken = self.verify(&mut report, &inputs.packages, draft.packages()).await;
        taken.map_err(|error| error.at_least(Outcome::Applied))?;
        Ok(report)
    }

    /// Ends with the last published submission, which is the release already.
    fn end(&self, published: &Document<S>, release: Release<'_, S>) -> Result<PublishReport> {
        let mut report = PublishReport::new(published.id()?, true, Vec::new());
        report.already_published = true;
        report.committed = true;
        report.taken = release.inputs.packages.iter().map(|package| package.name.clone()).collect();
        report.history.push(read_now(published, SubmissionStatus::Published));
        let packages = report.taken.clone();
        self.teller.tell_call(
            EventKind::AlreadyPublished { packages },
            Some(&report.submission),
            published.receipt(),
        );
        Ok(report)
    }

    /// Goes on with a submission that cannot be changed any more.
    async fn attach(&self, document: &Document<S>, release: Release<'_, S>) -> Result<PublishReport> {
        let files = release.inputs.files.clone();
        // An earlier run has uploaded the files; what it changed is not known.
        let mut report = PublishReport::new(document.id()?, true, files);
        if self.leave_draft {
            // There is no draft to leave any more, and nobody asked to wait.
            report.committed = true;
            report.history.push(read_now(document, document.status().clone()));
            return Ok(report);
        }
        let wait = self.submissions.watch(&report.submission).seen(document.status());
        self.follow(wait, &mut report).await?;
        let taken = self.verify(&mut report, &release.inputs.packages, release.held()).await;
        taken.map_err(|error| error.with_outcome(Outcome::NotApplied))?;
        Ok(report)
    }

    /// Says of a failure which draft it leaves. `done` is what the run has done to the draft.
    async fn left(&self, error: Error, id: &SubmissionId, done: Outcome) -> Error {
        if done == Outcome::NotApplied {
            return error;
        }
        let outcome = error.outcome().max(done);
        // A conflict may say that it is no draft any more, or that the API does not take it.
        let is_left = match error.is_conflict() {
            true => self
                .submissions
                .status(id)
                .await
                .map_or(true, |now| is_draft(&now.value.status)),
            false => true,
        };
        let error = if is_left {
            error.leaving(self.submissions.path(id).text())
        } else {
            error
        };
        error.with_outcome(outcome)
    }

    /// Deletes the pending draft and ends the rollout, as far as that is planned, and creates.
    async fn create(&self, plan: &Plan, refs: &Refs) -> Result<Ensured<S>> {
        let mut done = Outcome::NotApplied;
        if let Some(InTheWay { id, .. }) = &plan.pending {
            let receipt = self.submissions.ensure_deleted(id).await?;
            self.teller.tell_call(EventKind::Deleted, Some(id), &receipt);
            done = Outcome::Applied;
        }
        if let (Some(InTheWay { id, .. }), Some(how)) = (&plan.rollout, self.existing_rollout) {
            let rollout = self.submissions.rollout_of(id);
            let ended = match how {
                ExistingRollout::Finalize => rollout.finalize().await,
                ExistingRollout::Halt => rollout.halt().await,
            };
            let receipt = ended.map_err(|error| error.at_least(done))?;
            self.teller.tell_call(EventKind::RolloutEnded { how }, Some(id), &receipt);
            done = Outcome::Applied;
        }
        let created = match self.submissions.created_after(refs.pending.as_ref()).await {
            Err(error) if error.is_conflict() => Err(self.explain_conflict(error, refs.last_published.as_ref()).await),
            created => created,
        };
        let created = created.map_err(|error| error.at_least(done))?;
        let (id, adopted) = (created.document.id()?, created.adopted);
        let receipt = created.created.as_ref().unwrap_or(created.document.receipt());
        self.teller.tell_call(EventKind::Created { adopted }, Some(&id), receipt);
        Ok(created)
    }

    /// The service does not say why a create conflicts; a rollout that has begun since the plan was made would be the reason.
    async fn explain_conflict(&self, error: Error, last_published: Option<&SubmissionId>) -> Error {
        let is_guarded = S::ROLLED_OUT && !self.lifted.contains(&Guard::RolloutInProgress);
        let Some(id) = last_published.filter(|_| is_guarded) else {
            return error;
        };
        match self.submissions.rollout_of(id).get().await {
            Ok(rollout) if rollout.package_rollout_status == PackageRolloutStatus::InProgress => {
                Error::guard(Guard::RolloutInProgress, rollout_problem(id)).caused_by(error)
            }
            Ok(_) | Err(_) => error,
        }
    }

    /// Edits, checks, updates, compares, packs and uploads. `done` is raised to what became of the update.
    async fn prepare(
        &mut self,
        base: &Document<S>,
        release: Release<'_, S>,
        report: &mut PublishReport,
        done: &mut Outcome,
    ) -> Result<()> {
        let id = report.submission.clone();
        let standing = Standing::Draft(self.clock().system_now());
        let (draft, mut guards, settled) = self.try_out(base, release, standing)?;
        settled.check::<S>(&mut guards);
        report.changes = draft.changes()?;
        let planned = planned(base.packages(), draft.packages(), &release.inputs.packages, release.held());
        let dropped = planned.into_iter().filter(|package| package.fate == PackageFate::Dropped);
        report.dropped = dropped.map(|package| package.file_name).collect();
        let changes = report.changes.clone();
        self.teller.tell(EventKind::Edited { changes }, &id);
        guards.stop?;
        let mut link = draft.upload_url().clone();
        if report.changes.is_empty() {
            self.teller.tell(EventKind::NothingToUpdate, &id);
        } else {
            let updated = match self.lifted.contains(&Guard::Price) {
                true => self.submissions.update_at_any_price(&draft).await,
                false => self.submissions.update(&draft).await,
            };
            *done = updated.as_ref().map_or_else(Error::outcome, |_| Outcome::Applied).max(*done);
            let updated = updated?;
            self.teller.tell_call(EventKind::Updated, Some(&id), updated.receipt());
            let mut guards = Guards::new(&self.lifted);
            guards.compare(&*draft, &*updated);
            guards.stop?;
            // The answer to an update may come without a link.
            if updated.upload_url().is_set() {
                link = updated.upload_url().clone();
            }
        }
        if report.files.is_empty() {
            return Ok(());
        }
        self.deliver(link, report).await
    }

    #[cfg(not(feature = "archive"))]
    #[expect(clippy::unused_async, reason = "the other one is")]
    async fn deliver(&mut self, _: crate::secret::UploadUrl, _: &mut PublishReport) -> Result<()> {
        Ok(())
    }

    /// Waits, and tells the changes of the status: the report holds each that the events tell.
    async fn follow(&self, wait: Wait<S>, report: &mut PublishReport) -> Result<()> {
        let (on_commit, on_status, id) = (self.teller.clone(), self.teller.clone(), report.submission.clone());
        let history = Arc::new(Mutex::new(Vec::<Seen>::new()));
        let seen = Arc::clone(&history);
        let mut wait = wait
            .until(self.goal)
            .on_commit(move |receipt| on_commit.tell_call(EventKind::Committed, Some(&id), receipt))
            .on_status(move |now| {
                let status = now.report.status.clone();
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                if seen.last().is_some_and(|last| last.status == status) {
                    return;
                }
                seen.push(Seen {
                    status: status.clone(),
                    after: now.waited,
                    correlation_id: now.correlation_id.clone(),
                });
                let receipt = Receipt::new(now.http_status, now.correlation_id.clone(), None, ());
                on_status.tell_call(EventKind::StatusChanged { status }, Some(&now.id), &receipt);
            });
        if let Some(timeout) = self.timeout {
            wait = wait.timeout(timeout);
        }
        if let Some(interval) = self.poll_interval {
            wait = wait.poll_interval(interval);
        }
        let last = wait.await.map_err(|error| match error.kind() {
            ErrorKind::WaitTimedOut => error.advise(GO_ON),
            _ => error,
        })?;
        report.committed = true;
        report.history = std::mem::take(&mut history.lock().unwrap_or_else(PoisonError::into_inner));
        report.held = last.held;
        let details = last.report.status_details;
        report.warnings = details.notable_warnings().cloned().collect();
        report.certification_reports = details.certification_reports;
        Ok(())
    }

    /// The service once dropped packages without a word: what was sent must be there, and not be what was there before. What was
    /// found stands in the report.
    async fn verify(&self, report: &mut PublishReport, new: &[NewPackage], known: &[ApplicationPackage]) -> Result<()> {
        if new.is_empty() {
            return Ok(());
        }
        let id = &report.submission;
        let path = &self.submissions.path(id).text();
        let mut looks = Looks::new(self.clock(), VERIFY_TIME, Pace::Every(VERIFY_PAUSE));
        let told = &AtomicBool::new(false);
        let found = looks.find(|by| async move {
            let now = self.submissions.by(by).get(id).await?;
            let arrivals: Vec<Arrival> = new.iter().map(|package| package.arrival(now.packages(), known)).collect();
            let are_enough = arrivals.iter().all(|arrival| arrival.is_enough(self.goal));
            if are_enough || arrivals.contains(&Arrival::Gone) {
                return Ok((arrivals, are_enough, now.receipt().clone()));
            }
            if !told.swap(true, Ordering::Relaxed) {
                self.teller.tell_call(EventKind::LookingForPackages, Some(id), now.receipt());
            }
            Err(Miss::NotYet)
        });
        let call = || report.history.last().and_then(|seen| seen.correlation_id.clone());
        let not_taken = || Error::failed(FailureKind::PackageNotTaken, path, last_report(report), call());
        match found.await {
            Ok((_, false, _)) | Err(Miss::NotYet) => Err(not_taken()),
            Ok((arrivals, true, receipt)) => {
                let names = |wanted: Arrival| {
                    let with = new.iter().zip(&arrivals).filter(|(_, arrival)| **arrival == wanted);
                    with.map(|(package, _)| package.name.clone()).collect::<Vec<_>>()
                };
                let (packages, waiting) = (names(Arrival::Taken), names(Arrival::Waiting));
                let taken = EventKind::PackagesTaken {
                    packages: packages.clone(),
                    waiting: waiting.clone(),
                };
                self.teller.tell_call(taken, Some(id), &receipt);
                (report.taken, report.waiting) = (packages, waiting);
                Ok(())
            }
            Err(Miss::Passing(error) | Miss::Final(error)) => {
                Err(Error::not_verified(path, error).with_report(last_report(report), call()))
            }
        }
    }
}

/// A status that was read before any wait.
fn read_now<S>(document: &Document<S>, status: SubmissionStatus) -> Seen {
    Seen {
        status,
        after: Duration::ZERO,
        correlation_id: document.receipt().correlation_id.clone(),
    }
}

/// The last status that was seen.
fn last_report(report: &PublishReport) -> StatusReport {
    StatusReport {
        status: report.status().cloned().unwrap_or_default(),
        ..StatusReport::default()
    }
}
