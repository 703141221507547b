//! The run: one step after the other. Each is a thin call of what decides (`pending`, `packages`, `guards`) or resolves (`api`).

use crate::api::kinds::Submission;
use crate::document::Document;
use crate::error::{Error, GuardError, LeftBehind, Outcome, Result};
use crate::model::guard::Guard;
#[cfg(feature = "archive")]
use crate::model::receipt::Receipt;
use crate::publish::event::{PublishReport, PublishedFile, Step, Teller, count};
use crate::publish::find::{Found, document_id};
use crate::publish::guards::{Look, check, compare, upload_link};
use crate::publish::inputs::InputFile;
use crate::publish::packages::{Entry, entries};
use crate::publish::{Edits, Run};
use crate::secret::UploadUrl;

impl<S: Submission> Run<S> {
    pub(super) async fn run(mut self, edits: Edits<S>) -> Result<PublishReport> {
        let files = self.read_inputs().await?;
        let packages = self.package_names()?;
        let clock = self.submissions.core().transport().clock().clone();
        let teller = Teller {
            observer: self.on_event.take(),
            started: clock.now(),
            clock,
        };
        match self.find(&edits, &files, &teller).await? {
            Found::Attached(document) => self.attach(&document, &edits, &files, &packages, &teller).await,
            Found::Draft {
                document,
                adopted,
                made: mut touched,
            } => {
                let id = document_id(&document)?;
                let path = self.submissions.path(&id)?.text();
                let mut report = PublishReport::new(id.clone(), adopted);
                let goes_on = !self.leave_draft;
                let known = self
                    .prepare(document, &edits, files, &mut report, &mut touched, &teller)
                    .await;
                // A draft that was there before and is as it was is not left behind by this run.
                let left = |touched, error| {
                    if touched {
                        LeftBehind::new(&path, error).into()
                    } else {
                        error
                    }
                };
                let known = known.map_err(|error| left(touched, error))?;
                if goes_on {
                    let wait = self.submissions.commit_and_wait(&id);
                    let finished = self.finish(wait, &mut report, &teller).await;
                    finished.map_err(|error| {
                        // The commit was refused, or never sent.
                        let is_left = !report.committed && error.outcome() == Outcome::NotApplied;
                        left(is_left && touched, error)
                    })?;
                    let taken = self.verify(&report, &packages, &known, &teller).await;
                    taken.map_err(|error| error.at_least(Outcome::Applied))?;
                }
                Ok(report)
            }
        }
    }

    /// Edits, checks, updates, compares, packs and uploads. Gives the packages that were there before.
    async fn prepare(
        &mut self,
        mut draft: Document<S>,
        edits: &Edits<S>,
        files: Vec<InputFile>,
        report: &mut PublishReport,
        touched: &mut bool,
        teller: &Teller,
    ) -> Result<Vec<Entry>> {
        let id = report.submission.clone();
        let known = S::PACKAGES.map(|list| entries(draft.as_received(), list)).unwrap_or_default();
        self.edit(edits, &mut draft, &files)?;
        report.changes = draft.changes()?;
        teller.tell(Step::Edit, Some(&id), count(report.changes.len() as u64, "change"));
        self.check(&draft, &files)?;
        let link = draft.upload_url().clone();
        let draft = self.update(draft, report, touched, teller).await?;
        // The answer to an update may come without a link.
        let link = if draft.upload_url().is_set() {
            draft.upload_url().clone()
        } else {
            link
        };
        if !files.is_empty() {
            self.deliver(&link, &files, report, teller).await?;
            report.files = files.iter().map(PublishedFile::from).collect();
        }
        Ok(known)
    }

    /// Makes the edits on a copy of what a new draft will be a copy of, so that what they and the guards refuse costs no draft.
    pub(super) fn try_out(&self, mut copy: Document<S>, edits: &Edits<S>, files: &[InputFile]) -> Result<()> {
        let is_first = copy.origin().is_empty();
        self.edit(edits, &mut copy, files)?;
        let found = self
            .found(&copy, files)?
            .into_iter()
            .filter(|(guard, _)| !is_first || needs_no_draft(*guard));
        self.stop_at(found.filter_map(|(guard, problem)| Some((guard, problem?))))
    }

    fn check(&self, draft: &Document<S>, files: &[InputFile]) -> Result<()> {
        let found = self.found(draft, files)?;
        self.stop_at(found.into_iter().filter_map(|(guard, problem)| Some((guard, problem?))))?;
        let ended = self
            .found_link(draft)
            .filter(|_| !files.is_empty() && !self.lifted.contains(&Guard::UploadLink));
        ended.map_or(Ok(()), Err)
    }

    /// What the guards found that need no draft.
    pub(super) fn found(&self, draft: &Document<S>, files: &[InputFile]) -> Result<Vec<(Guard, Option<String>)>> {
        let names: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
        Ok(check::<S>(&Look {
            received: draft.as_received(),
            body: draft.current()?.as_ref(),
            archive: &names,
        }))
    }

    pub(super) fn found_link(&self, draft: &Document<S>) -> Option<Error> {
        let now = self.submissions.core().transport().clock().system_now();
        upload_link(draft.upload_url(), now)
    }

    /// The first guard that found something and was not lifted.
    pub(super) fn stop_at(&self, mut found: impl Iterator<Item = (Guard, String)>) -> Result<()> {
        match found.find(|(guard, _)| !self.lifted.contains(guard)) {
            Some((guard, problem)) => Err(GuardError::new(guard, problem).into()),
            None => Ok(()),
        }
    }

    async fn update(
        &self,
        draft: Document<S>,
        report: &PublishReport,
        touched: &mut bool,
        teller: &Teller,
    ) -> Result<Document<S>> {
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
        *touched = true;
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
        let receipt = Receipt::new(sent.http_status, None, sent.request_id, ());
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
}

/// Whether a guard can be checked on an empty document: the service sets a price when it makes the first draft.
pub(super) fn needs_no_draft(guard: Guard) -> bool {
    guard != Guard::Price
}
