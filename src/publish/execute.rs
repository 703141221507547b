//! The run: obeys what `plan` decided, one step after the other. Each step is a thin call of what resolves ambiguity (`api`).

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::TryStreamExt;

use crate::api::ensure::Ensured;
use crate::api::kinds::Submission;
use crate::api::wait::Wait;
use crate::document::Document;
use crate::error::{Error, ErrorKind, FailureKind, Outcome, Result};
use crate::id::SubmissionId;
use crate::model::guard::Guard;
use crate::model::package::{ApplicationPackage, PackageRolloutStatus};
use crate::model::status::StatusReport;
use crate::publish::Publish;
use crate::publish::decide::guards::{Guards, Standing};
use crate::publish::decide::packages::were_taken;
use crate::publish::decide::policy::ExistingRollout;
use crate::publish::event::{EventKind, PublishReport, Seen, Teller};
use crate::publish::plan::{Decision, Trial, Way, rollout_problem};
use crate::secret::UploadUrl;
use crate::service::look::{Looks, Miss, Pace};

/// For how long it is looked whether the packages were taken.
const VERIFY_TIME: Duration = Duration::from_secs(600);

/// The pause between two looks.
const VERIFY_PAUSE: Duration = Duration::from_secs(30);

/// What to do if a wait or a look takes too long.
const GO_ON: &str = "publish() with PendingPolicy::Reuse or .submission(id) goes on with it";
const LOOK_AGAIN: &str = "look at its packages later";

/// What has not been reached if none of the looks succeeds.
const LOOK: &str = "the look whether its packages were taken (the release itself went through, only that look failed)";

impl<S: Submission> Publish<S> {
    pub(super) async fn execute(mut self) -> Result<PublishReport> {
        let teller = Teller::new(self.on_event.take(), self.clock());
        let Decision {
            plan,
            way,
            files,
            seen,
            stop,
        } = self.decide().await?;
        match plan.pending {
            Some(pending) => teller.tell_call(EventKind::Found { status: pending.status }, Some(&pending.id), &seen),
            None => teller.tell_call(EventKind::NothingPending, None, &seen),
        }
        stop?;
        let (draft, adopted, mut touched) = match way {
            Way::Attach(document, known) => {
                let mut report = PublishReport::new(document.id()?, true);
                // An earlier run has uploaded them; what it changed is not known.
                report.files = files;
                return self.attach(&document, &known, report, &teller).await;
            }
            Way::Edit(draft) => (draft, true, false),
            Way::Create {
                before,
                replaced,
                rolled_out,
                last_published,
            } => {
                let done = self.clear(replaced, rolled_out, &teller).await?;
                let created = self.create(before.as_ref(), last_published, &teller).await;
                let created = created.map_err(|error| error.at_least(done))?;
                (created.document, created.adopted, true)
            }
        };
        let mut report = PublishReport::new(draft.id()?, adopted);
        report.files = files;
        let path = self.submissions.path(&report.submission).text();
        // A draft that was there before and is as it was is not left behind by this run.
        let left = |is_left: bool, error: Error| match is_left {
            true => error.leaving(&path),
            false => error,
        };
        let prepared = self.prepare(draft, &mut report, &mut touched, &teller).await;
        let known = prepared.map_err(|error| left(touched, error))?;
        if self.leave_draft {
            return Ok(report);
        }
        let wait = self.submissions.commit_and_wait(&report.submission);
        let ended = self.follow(wait, &mut report, &teller).await;
        ended.map_err(|error| {
            // The commit was refused, or never sent.
            let is_draft = !report.committed && error.outcome() == Outcome::NotApplied;
            left(touched && is_draft, error)
        })?;
        let taken = self.verify(&report, &known, &teller).await;
        taken.map_err(|error| error.at_least(Outcome::Applied))?;
        Ok(report)
    }

    /// Goes on with a submission that cannot be changed any more.
    async fn attach(
        &self,
        document: &Document<S>,
        known: &[ApplicationPackage],
        mut report: PublishReport,
        teller: &Teller,
    ) -> Result<PublishReport> {
        if self.leave_draft {
            // There is no draft to leave any more, and nobody asked to wait.
            report.committed = true;
            report.history.push(Seen {
                status: document.status().clone(),
                after: Duration::ZERO,
                correlation_id: document.receipt().correlation_id.clone(),
            });
            return Ok(report);
        }
        let wait = self.submissions.watch(&report.submission).seen(document.status());
        self.follow(wait, &mut report, teller).await?;
        self.verify(&report, known, teller).await?;
        Ok(report)
    }

    /// Deletes a draft and ends a rollout, as far as that was decided. Whether anything was.
    async fn clear(&self, replaced: Option<SubmissionId>, rolled_out: Option<SubmissionId>, teller: &Teller) -> Result<Outcome> {
        let mut done = Outcome::NotApplied;
        if let Some(id) = replaced {
            let receipt = self.submissions.ensure_deleted(&id).await?;
            teller.tell_call(EventKind::Deleted, Some(&id), &receipt);
            done = Outcome::Applied;
        }
        if let (Some(id), Some(how)) = (rolled_out, self.existing_rollout) {
            let rollout = self.submissions.rollout_of(&id);
            let ended = match how {
                ExistingRollout::Finalize => rollout.finalize().await,
                ExistingRollout::Halt => rollout.halt().await,
            };
            let receipt = ended.map_err(|error| error.at_least(done))?;
            teller.tell_call(EventKind::RolloutEnded { how }, Some(&id), &receipt);
            done = Outcome::Applied;
        }
        Ok(done)
    }

    async fn create(
        &self,
        before: Option<&SubmissionId>,
        last_published: Option<SubmissionId>,
        teller: &Teller,
    ) -> Result<Ensured<S>> {
        let ensured = match self.submissions.created_after(before).await {
            Err(error) if error.is_conflict() => return Err(self.explain_conflict(error, last_published).await),
            ensured => ensured?,
        };
        let id = ensured.document.id()?;
        let receipt = ensured.created.as_ref().unwrap_or(ensured.document.receipt());
        let adopted = ensured.adopted;
        teller.tell_call(EventKind::Created { adopted }, Some(&id), receipt);
        Ok(ensured)
    }

    /// The service does not say why a create conflicts; a rollout that has begun meanwhile is the reason that the walk did not see.
    async fn explain_conflict(&self, error: Error, last_published: Option<SubmissionId>) -> Error {
        let is_guarded = S::ROLLED_OUT && !self.lifted.contains(&Guard::RolloutInProgress);
        let Some(id) = last_published.filter(|_| is_guarded) else {
            return error;
        };
        match self.submissions.rollout_of(&id).get().await {
            Ok(rollout) if rollout.package_rollout_status == PackageRolloutStatus::InProgress => {
                Error::guard(Guard::RolloutInProgress, rollout_problem(&id))
            }
            Ok(_) | Err(_) => error,
        }
    }

    /// Edits, checks, updates, compares, packs and uploads. Gives the packages that were there before.
    async fn prepare(
        &mut self,
        draft: Document<S>,
        report: &mut PublishReport,
        touched: &mut bool,
        teller: &Teller,
    ) -> Result<Vec<ApplicationPackage>> {
        let id = report.submission.clone();
        let standing = Standing::Draft(self.clock().system_now());
        let Trial { draft, before, guards } = self.try_out(draft, &report.files, standing)?;
        report.changes = draft.changes()?;
        let changes = report.changes.clone();
        teller.tell(EventKind::Edited { changes }, &id);
        guards.stop?;
        let mut link = draft.upload_url().clone();
        if report.changes.is_empty() {
            teller.tell(EventKind::NothingToUpdate, &id);
        } else {
            let updated = if self.lifted.contains(&Guard::Price) {
                self.submissions.update_at_any_price(&draft).await?
            } else {
                self.submissions.update(&draft).await?
            };
            *touched = true;
            teller.tell_call(EventKind::Updated, Some(&id), updated.receipt());
            let mut guards = Guards::new(&self.lifted);
            guards.compare(&*draft, &*updated);
            guards.stop?;
            // The answer to an update may come without a link.
            if updated.upload_url().is_set() {
                link = updated.upload_url().clone();
            }
        }
        if !report.files.is_empty() {
            self.deliver(&link, report, teller).await?;
        }
        Ok(before)
    }

    #[cfg(feature = "archive")]
    async fn deliver(&mut self, link: &UploadUrl, report: &mut PublishReport, teller: &Teller) -> Result<()> {
        let mut builder = crate::archive::ArchiveBuilder::new();
        for file in &report.files {
            builder = builder.file(&file.name, &file.path);
        }
        if let Some(folder) = self.archive_folder.take() {
            builder = builder.folder(folder);
        }
        let archive = builder.build().await?;
        let (files, bytes) = (report.files.clone(), archive.len());
        teller.tell(EventKind::Packed { files, bytes }, &report.submission);
        let service = self.submissions.service();
        let (http, source) = (service.http().clone(), archive.path().into());
        let mut upload = crate::upload::Upload::new(http, service.is_local(), link.clone(), source);
        for setting in std::mem::take(&mut self.upload) {
            upload = setting(upload);
        }
        let sent = upload.await;
        archive.remove().await;
        let sent = sent?;
        report.bytes_sent = sent.bytes - sent.bytes_skipped;
        report.retries = sent.retries;
        let uploaded = EventKind::Uploaded {
            bytes: sent.bytes,
            bytes_skipped: sent.bytes_skipped,
            blocks: sent.blocks,
            blocks_skipped: sent.blocks_skipped,
        };
        teller.tell_call(uploaded, Some(&report.submission), &sent.map(|_| ()));
        Ok(())
    }

    #[cfg(not(feature = "archive"))]
    #[expect(clippy::unused_async, reason = "the other one is")]
    async fn deliver(&mut self, _: &UploadUrl, _: &mut PublishReport, _: &Teller) -> Result<()> {
        Ok(())
    }

    /// Waits, and tells what is new.
    async fn follow(&self, wait: Wait<S>, report: &mut PublishReport, teller: &Teller) -> Result<()> {
        let committed = Arc::new(AtomicBool::new(false));
        let (answered, id) = (Arc::clone(&committed), report.submission.clone());
        let (on_commit, on_status, told) = (teller.clone(), teller.clone(), Mutex::new(None));
        let mut wait = wait
            .until(self.goal)
            .on_commit(move |receipt| {
                answered.store(true, Ordering::Relaxed);
                on_commit.tell_call(EventKind::Committed, Some(&id), receipt);
            })
            .on_status(move |now| {
                let status = now.report.status.clone();
                // Changes, not polls.
                let before = told.lock().unwrap_or_else(PoisonError::into_inner).replace(status.clone());
                if before.as_ref() != Some(&status) {
                    let (kind, id) = (EventKind::StatusChanged { status }, now.correlation_id.as_ref());
                    on_status.send(kind, Some(&now.id), Some(now.http_status), id);
                }
            });
        if let Some(timeout) = self.timeout {
            wait = wait.timeout(timeout);
        }
        if let Some(interval) = self.poll_interval {
            wait = wait.poll_interval(interval);
        }
        let mut reports = std::pin::pin!(wait.reports());
        let mut next = reports.try_next().await;
        report.committed = committed.load(Ordering::Relaxed) || matches!(next, Ok(Some(_)));
        loop {
            let now = match next {
                Ok(Some(now)) => now,
                Ok(None) => return Ok(()),
                Err(error) if error.kind() == ErrorKind::WaitTimedOut => return Err(error.advise(GO_ON)),
                Err(error) => return Err(error),
            };
            let (status, details) = (now.report.status, now.report.status_details);
            if report.status() != Some(&status) {
                report.history.push(Seen {
                    status,
                    after: now.waited,
                    correlation_id: now.correlation_id,
                });
            }
            report.held = now.held;
            report.warnings = details.notable_warnings().cloned().collect();
            report.certification_reports = details.certification_reports;
            next = reports.try_next().await;
        }
    }

    /// The service once dropped packages without a word: what was sent must be there, and not be what was there before.
    async fn verify(&self, report: &PublishReport, known: &[ApplicationPackage], teller: &Teller) -> Result<()> {
        let packages = self.package_names()?;
        if packages.is_empty() {
            return Ok(());
        }
        let id = &report.submission;
        let path = self.submissions.path(id).text();
        let mut looks = Looks::new(&self.clock(), VERIFY_TIME, Pace::Every(VERIFY_PAUSE));
        let (names, seen) = (&packages, &Mutex::new(None));
        let found = looks.find(|by| async move {
            let now = self.submissions.by(by).get(id).await?;
            if were_taken(names, now.packages(), known, self.goal) {
                return Ok(now.receipt().clone());
            }
            seen.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone_from(&now.receipt().correlation_id);
            Err(Miss::NotYet)
        });
        match found.await {
            Ok(receipt) => {
                teller.tell_call(EventKind::PackagesTaken { packages }, Some(id), &receipt);
                Ok(())
            }
            Err(Miss::NotYet) => {
                let call = seen.lock().unwrap_or_else(PoisonError::into_inner).take();
                Err(Error::failed(FailureKind::PackageNotTaken, &path, last_report(report), call))
            }
            Err(Miss::Passing(error)) => {
                let call = report.history.last().and_then(|seen| seen.correlation_id.clone());
                let late = Error::wait_timed_out(&path, LOOK, VERIFY_TIME, Some(error.to_string()));
                Err(late.with_report(last_report(report), call).advise(LOOK_AGAIN))
            }
            Err(Miss::Final(error)) => Err(error),
        }
    }
}

/// The last status that was seen.
fn last_report(report: &PublishReport) -> StatusReport {
    StatusReport {
        status: report.status().cloned().unwrap_or_default(),
        ..StatusReport::default()
    }
}
