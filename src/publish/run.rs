//! The run: one step after the other. Each is a thin call of what decides (`pending`, `packages`, `guards`) or resolves (`api`).

use std::time::Duration;

use futures_util::TryStreamExt;

use crate::api::ensure::Ensured;
use crate::api::submissions::{Refs, Submission};
use crate::api::wait::{Milestone, Wait};
use crate::document::Document;
use crate::error::{Error, FailureKind, GuardError, InvalidInput, LeftBehind, Result, SubmissionFailed};
use crate::id::SubmissionId;
use crate::model::guard::Guard;
use crate::model::package::PackageRolloutStatus;
use crate::model::receipt::Receipt;
use crate::model::status::StatusReport;
use crate::publish::event::{PublishReport, PublishedFile, Step, Teller, count};
use crate::publish::guards::{Look, check, compare, upload_link};
use crate::publish::inputs::{InputFile, is_done};
use crate::publish::packages::{Entry, Package, entries};
use crate::publish::pending::{PendingState, Resolution, refused, resolve, state};
use crate::publish::{Edit, ExistingRollout, PendingPolicy, Run};
use crate::secret::UploadUrl;

/// For how long it is looked whether the packages were taken.
const VERIFY_TIME: Duration = Duration::from_secs(600);

/// The pause between two looks.
const VERIFY_PAUSE: Duration = Duration::from_secs(30);

/// What a run works on.
enum Found<S> {
    /// A draft to edit.
    Draft { document: Document<S>, adopted: bool },
    /// Under way, or done.
    Attached(Document<S>),
}

impl<S: Submission> Run<S> {
    pub(super) async fn run(mut self, edits: Vec<Edit<S>>) -> Result<PublishReport> {
        let files = self.read_inputs().await?;
        let packages: Vec<String> = self.packages.iter().map(Package::file_name).collect::<Result<_>>()?;
        let clock = self.submissions.core().transport().clock().clone();
        let teller = Teller {
            observer: self.on_event.take(),
            started: clock.now(),
            clock,
        };
        match self.find(&teller).await? {
            Found::Attached(document) => self.attach(&document, edits, &files, &packages, &teller).await,
            Found::Draft { document, adopted } => {
                let id = document_id(&document)?;
                let path = self.submissions.path(&id)?.text();
                let mut report = PublishReport::new(id.clone(), adopted);
                let goes_on = !self.leave_draft;
                let known = self.prepare(document, edits, files, &mut report, &teller).await;
                let known = known.map_err(|error| Error::from(LeftBehind::new(&path, error)))?;
                if goes_on {
                    let wait = self.submissions.commit_and_wait(&id);
                    self.finish(wait, &mut report, &teller).await?;
                    self.verify(&report, &packages, &known, &teller).await?;
                }
                Ok(report)
            }
        }
    }

    /// Looks at what is pending, deals with it by the policy, and creates a draft if there is none to go on with.
    async fn find(&self, teller: &Teller) -> Result<Found<S>> {
        let refs = self.submissions.refs().await?;
        if let Some(id) = &self.submission {
            return self.find_named(id, &refs, teller).await;
        }
        let pending = match refs.pending.as_ref().filter(|id| Some(*id) != refs.last_published.as_ref()) {
            Some(id) => self.submissions.get_opt(id).await?,
            None => None,
        };
        let Some(pending) = pending else {
            teller.tell(Step::Look, None, "nothing is pending");
            return self.create(&refs, teller).await;
        };
        let id = document_id(&pending)?;
        let status = pending.status().clone();
        teller.tell_call(
            Step::Look,
            Some(&id),
            format!("submission {id} is pending, in status {status}"),
            Some(pending.receipt()),
        );
        let state = state(&status, pending.upload_url().is_set());
        match resolve(self.pending, state, self.is_deletable(&refs)) {
            Resolution::Refuse(why) => Err(refused(pending.origin(), &status, why).into()),
            Resolution::Edit => Ok(Found::Draft {
                document: pending,
                adopted: true,
            }),
            Resolution::Attach => Ok(Found::Attached(pending)),
            Resolution::Replace => {
                let receipt = self.submissions.ensure_deleted(&id).await?;
                teller.tell_call(
                    Step::Delete,
                    Some(&id),
                    format!("submission {id} was deleted, as PendingPolicy::Replace says"),
                    Some(&receipt),
                );
                self.create(&refs, teller).await
            }
        }
    }

    /// The first draft of a flight cannot be made again.
    pub(super) fn is_deletable(&self, refs: &Refs) -> bool {
        !S::KEEPS_FIRST_DRAFT || refs.last_published.is_some()
    }

    /// The caller says which submission it is.
    async fn find_named(&self, id: &SubmissionId, refs: &Refs, teller: &Teller) -> Result<Found<S>> {
        if let Some(pending) = refs.pending.as_ref().filter(|pending| *pending != id) {
            let problem = format!("another one, {pending}, is pending");
            return Err(InvalidInput::new(format!("the submission {id}"), problem).into());
        }
        let document = self.submissions.get(id).await?;
        let status = document.status().clone();
        teller.tell_call(
            Step::Look,
            Some(id),
            format!("submission {id} is in status {status}"),
            Some(document.receipt()),
        );
        let state = state(&status, document.upload_url().is_set());
        match resolve(PendingPolicy::Reuse, state, true) {
            Resolution::Refuse(why) => Err(refused(document.origin(), &status, why).into()),
            _ if state == PendingState::UnderWay => Ok(Found::Attached(document)),
            _ => Ok(Found::Draft { document, adopted: true }),
        }
    }

    async fn create(&self, refs: &Refs, teller: &Teller) -> Result<Found<S>> {
        if let Some(choice) = self.existing_rollout {
            self.settle_rollout(choice, refs, teller).await?;
        }
        let ensured = match self.submissions.ensure_created().await {
            Err(error) if error.is_conflict() && !self.lifted.contains(&Guard::RolloutInProgress) => {
                return Err(self.explain_conflict(error, refs).await);
            }
            ensured => ensured?,
        };
        let Ensured {
            document,
            adopted,
            created,
            ..
        } = ensured;
        let id = document_id(&document)?;
        let how = if adopted {
            "turned up after the answer to its creation was lost"
        } else {
            "was created"
        };
        let receipt = created.as_ref().unwrap_or(document.receipt());
        teller.tell_call(Step::Create, Some(&id), format!("submission {id} {how}"), Some(receipt));
        Ok(Found::Draft { document, adopted })
    }

    /// A rollout in progress blocks the next submission.
    async fn settle_rollout(&self, choice: ExistingRollout, refs: &Refs, teller: &Teller) -> Result<()> {
        let Some(id) = self.rollout_in_progress(refs).await? else {
            return Ok(());
        };
        let rollout = self.submissions.rollout_of(&id);
        let (receipt, what) = match choice {
            ExistingRollout::Finalize => (rollout.finalize().await?, "finalised"),
            ExistingRollout::Halt => (rollout.halt().await?, "halted"),
        };
        teller.tell_call(
            Step::Rollout,
            Some(&id),
            format!("the rollout of {id} was {what}"),
            Some(&receipt.map(|_| ())),
        );
        Ok(())
    }

    /// The service does not say why a create conflicts; a rollout in progress is the reason that is not seen beforehand.
    async fn explain_conflict(&self, error: Error, refs: &Refs) -> Error {
        match self.rollout_in_progress(refs).await {
            Ok(Some(id)) => GuardError::new(Guard::RolloutInProgress, rollout_problem(&id)).into(),
            Ok(None) | Err(_) => error,
        }
    }

    /// The last published submission, if it is still being rolled out.
    pub(super) async fn rollout_in_progress(&self, refs: &Refs) -> Result<Option<SubmissionId>> {
        let Some(id) = refs.last_published.as_ref().filter(|_| S::ROLLED_OUT) else {
            return Ok(None);
        };
        match self.submissions.rollout_of(id).get().await {
            Ok(rollout) if rollout.package_rollout_status == PackageRolloutStatus::InProgress => Ok(Some(id.clone())),
            Ok(_) => Ok(None),
            Err(error) if error.is_not_found() || error.is_conflict() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Edits, checks, updates, compares, packs and uploads. Gives the packages that were there before.
    async fn prepare(
        &mut self,
        mut draft: Document<S>,
        edits: Vec<Edit<S>>,
        files: Vec<InputFile>,
        report: &mut PublishReport,
        teller: &Teller,
    ) -> Result<Vec<Entry>> {
        let id = report.submission.clone();
        let known = S::PACKAGES.map(|list| entries(draft.as_received(), list)).unwrap_or_default();
        self.edit(edits, &mut draft)?;
        report.changes = draft.changes()?;
        teller.tell(Step::Edit, Some(&id), count(report.changes.len() as u64, "change"));
        self.check(&draft, &files)?;
        let link = draft.upload_url().clone();
        let draft = self.update(draft, report, teller).await?;
        // The answer to an update may come without a link.
        let link = if draft.upload_url().is_set() {
            draft.upload_url().clone()
        } else {
            link
        };
        if !files.is_empty() {
            self.deliver(&link, &files, report, teller).await?;
            report.files = files
                .into_iter()
                .map(|InputFile { name, bytes, .. }| PublishedFile { name, bytes })
                .collect();
        }
        Ok(known)
    }

    fn check(&self, draft: &Document<S>, files: &[InputFile]) -> Result<()> {
        let names: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
        let body = draft.body()?;
        let mut found = check::<S>(&Look {
            received: draft.as_received(),
            body: &body,
            archive: &names,
        });
        if !files.is_empty() {
            let now = self.submissions.core().transport().clock().system_now();
            found.push((Guard::UploadLink, upload_link(draft.upload_url(), now)));
        }
        self.stop_at(found.into_iter().filter_map(|(guard, problem)| Some((guard, problem?))))
    }

    /// The first guard that found something and was not lifted.
    fn stop_at(&self, mut found: impl Iterator<Item = (Guard, String)>) -> Result<()> {
        match found.find(|(guard, _)| !self.lifted.contains(guard)) {
            Some((guard, problem)) => Err(GuardError::new(guard, problem).into()),
            None => Ok(()),
        }
    }

    async fn update(&self, draft: Document<S>, report: &PublishReport, teller: &Teller) -> Result<Document<S>> {
        let id = Some(&report.submission);
        if report.changes.is_empty() {
            teller.tell(Step::Update, id, "nothing to change");
            return Ok(draft);
        }
        let mut update = self.submissions.update(&draft);
        if self.lifted.contains(&Guard::Price) {
            update = update.allow(Guard::Price);
        }
        let updated = update.await?;
        teller.tell_call(
            Step::Update,
            id,
            format!("submission {} was updated", report.submission),
            Some(updated.receipt()),
        );
        self.stop_at(compare::<S>(&draft.body()?, updated.as_received()).into_iter())?;
        Ok(updated)
    }

    #[cfg(feature = "archive")]
    async fn deliver(
        &mut self,
        link: &UploadUrl,
        files: &[InputFile],
        report: &mut PublishReport,
        teller: &Teller,
    ) -> Result<()> {
        let mut builder = crate::archive::ArchiveBuilder::new();
        for file in files {
            builder = builder.file(&file.name, &file.path);
        }
        if let Some(folder) = self.archive_folder.take() {
            builder = builder.folder(folder);
        }
        let archive = builder.build().await?;
        let id = Some(report.submission.clone());
        teller.tell(
            Step::Archive,
            id.as_ref(),
            format!("{} in {} bytes", count(files.len() as u64, "file"), archive.len()),
        );
        let core = self.submissions.core();
        let mut upload =
            crate::upload::Upload::new(core.transport().clone(), core.is_local(), link.clone(), archive.path().into());
        if let Some(observer) = self.on_progress.take() {
            upload = upload.on_progress(observer);
        }
        let sent = upload.await?;
        report.bytes_sent = sent.bytes - sent.bytes_skipped;
        report.retries = sent.retries;
        let receipt = Receipt::new(sent.status, None, sent.request_id, ());
        let detail = format!(
            "{} bytes in {}, {} there already",
            sent.bytes,
            count(sent.blocks, "block"),
            sent.blocks_skipped
        );
        teller.tell_call(Step::Upload, id.as_ref(), detail, Some(&receipt));
        Ok(())
    }

    #[cfg(not(feature = "archive"))]
    #[expect(clippy::unused_async, reason = "the other one is")]
    async fn deliver(&mut self, _: &UploadUrl, _: &[InputFile], _: &mut PublishReport, _: &Teller) -> Result<()> {
        Ok(())
    }

    /// Waits.
    async fn finish(&mut self, wait: Wait<S>, report: &mut PublishReport, teller: &Teller) -> Result<()> {
        let (on_commit, id) = (teller.clone(), report.submission.clone());
        let mut wait = wait.until(self.goal).on_commit(move |receipt: &Receipt<StatusReport>| {
            on_commit.tell_call(
                Step::Commit,
                Some(&id),
                format!("submission {id} was committed"),
                Some(&receipt.clone().map(|_| ())),
            );
        });
        if let Some(timeout) = self.timeout {
            wait = wait.timeout(timeout);
        }
        if let Some(interval) = self.poll_interval {
            wait = wait.poll_interval(interval);
        }
        report.committed = true;
        let on_status = teller.clone();
        let wait = wait.on_status(move |now| {
            let receipt = Receipt::new(now.http_status, now.correlation_id.clone(), None, ());
            on_status.tell_call(Step::Wait, Some(&now.id), now.report.status.to_string(), Some(&receipt));
        });
        let mut reports = std::pin::pin!(wait.reports());
        while let Some(now) = reports.try_next().await? {
            report.held = now.held;
            report.warnings = now.report.status_details.notable_warnings().cloned().collect();
            report
                .certification_reports
                .clone_from(&now.report.status_details.certification_reports);
            report.history.push((now.report.status, now.waited));
        }
        Ok(())
    }

    /// The service once dropped packages without a word: what was sent must be there, and not be what was there before.
    async fn verify(&self, report: &PublishReport, names: &[String], known: &[Entry], teller: &Teller) -> Result<()> {
        let Some(list) = S::PACKAGES.filter(|_| !names.is_empty()) else {
            return Ok(());
        };
        let clock = self.submissions.core().transport().clock();
        let deadline = clock.now() + VERIFY_TIME;
        loop {
            let now = self.submissions.get(&report.submission).await;
            match now {
                Ok(now) => {
                    if names
                        .iter()
                        .all(|name| was_taken(name, &entries(now.as_received(), list), known, self.goal))
                    {
                        let detail = format!("{} taken", count(names.len() as u64, "package"));
                        teller.tell_call(Step::Verify, Some(&report.submission), detail, Some(now.receipt()));
                        return Ok(());
                    }
                    if clock.now() >= deadline {
                        let path = self.submissions.path(&report.submission)?.text();
                        let status = report.status().cloned().unwrap_or_default();
                        let id = now.receipt().correlation_id.clone();
                        let report = StatusReport {
                            status,
                            ..StatusReport::default()
                        };
                        return Err(SubmissionFailed::new(FailureKind::PackageNotTaken, &path, report, id).into());
                    }
                }
                Err(error) if error.is_retryable() && clock.now() < deadline => {}
                Err(error) => return Err(error),
            }
            clock.sleep(VERIFY_PAUSE).await;
        }
    }

    /// Goes on with a submission that cannot be changed any more.
    async fn attach(
        &mut self,
        document: &Document<S>,
        edits: Vec<Edit<S>>,
        files: &[InputFile],
        packages: &[String],
        teller: &Teller,
    ) -> Result<PublishReport> {
        let id = document_id(document)?;
        let status = document.status().clone();
        if !is_done(document, edits, files)? {
            let why = "it is under way and is not what is to be published: wait for it, then publish again";
            return Err(refused(document.origin(), &status, why).into());
        }
        let mut report = PublishReport::new(id.clone(), true);
        let wait = self.submissions.watch(&id);
        self.finish(wait, &mut report, teller).await?;
        self.verify(&report, packages, &[], teller).await?;
        Ok(report)
    }
}

/// Whether the service has taken a package: there is an entry of its name with an id that was not there before. At acceptance
/// it may still be at work on it, so that an entry that waits for its file will do.
fn was_taken(name: &str, now: &[Entry], known: &[Entry], goal: Milestone) -> bool {
    let is_new = |entry: &Entry| !entry.id.is_empty() && entry.id != "0" && !known.iter().any(|old| old.id == entry.id);
    let at_work = |entry: &Entry| goal == Milestone::Accepted && entry.is("PendingUpload");
    now.iter()
        .any(|entry| entry.file_name == name && (is_new(entry) || at_work(entry)))
}

pub(super) fn rollout_problem(id: &SubmissionId) -> String {
    format!(
        "the last published submission, {id}, is still being rolled out, which blocks the next one: choose .existing_rollout(ExistingRollout::Finalize) or ExistingRollout::Halt"
    )
}

fn document_id<S: Submission>(document: &Document<S>) -> Result<SubmissionId> {
    Ok(document.origin().rsplit('/').next().unwrap_or_default().parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_package_is_taken_if_its_id_is_new() {
        let list = |packages: serde_json::Value| entries(&json!({ "p": packages }), "p");
        let known = list(json!([{"fileName": "a", "id": "1"}]));
        let table = [
            // now, taken at certification, taken at acceptance
            (json!([{"fileName": "a", "id": "1"}]), false, false),
            (json!([{"fileName": "a", "id": "2"}]), true, true),
            (json!([{"fileName": "a", "id": ""}]), false, false),
            (
                json!([{"fileName": "a", "id": "", "fileStatus": "PendingUpload"}]),
                false,
                true,
            ),
            (json!([{"fileName": "b", "id": "2"}]), false, false),
            (
                json!([{"fileName": "a", "id": "1"}, {"fileName": "a", "id": "2"}]),
                true,
                true,
            ),
        ];
        for (now, certified, accepted) in table {
            let taken = |goal| was_taken("a", &list(now.clone()), &known, goal);
            assert_eq!(
                (taken(Milestone::Certified), taken(Milestone::Accepted)),
                (certified, accepted),
                "{now}"
            );
        }
    }
}
