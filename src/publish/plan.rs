//! The plan: it is made by reading and by trying the edits on a copy, shown by `plan()` and obeyed by a run.

use std::fmt;

use serde::Serialize;

use crate::api::kinds::{NamedFile, Submission};
use crate::api::submissions::Refs;
use crate::api::wait::Milestone;
use crate::document::Document;
use crate::error::{Error, Result};
use crate::id::SubmissionId;
use crate::model::change::Change;
use crate::model::guard::Guard;
use crate::model::package::{ApplicationPackage, FileStatus, PackageRolloutStatus, same_name};
use crate::model::status::SubmissionStatus;
use crate::publish::decide::guards::{Finding, Guards, PlannedGuard, Standing};
use crate::publish::decide::packages::{PackageFate, PlannedPackage, planned, replace, were_taken};
use crate::publish::decide::policy::{InTheWay, PendingPolicy, Resolution, not_the_same, resolve};
use crate::publish::files::ArchiveFile;
use crate::publish::job::{BoxedError, Publish};

/// The plan of a run. `Display` is a text for people; it can be serialised for programs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Plan {
    /// The submission that the plan was made on: the pending draft that would be reused, else the last published one; `None` if
    /// there is neither, as for a new flight.
    pub based_on: Option<SubmissionId>,
    /// The pending submission, if there is one, or the one that the run was told to go on with.
    pub pending: Option<InTheWay>,
    /// The submission whose rollout is in progress, which blocks the next submission.
    pub rollout: Option<InTheWay>,
    /// The changes that would be made.
    pub changes: Vec<Change>,
    /// The packages that would be added, kept and removed.
    pub packages: Vec<PlannedPackage>,
    /// The files that would be uploaded.
    pub files: Vec<ArchiveFile>,
    /// The findings of the guards.
    pub guards: Vec<PlannedGuard>,
}

impl Plan {
    /// Whether the run would go on, as far as can be seen: neither the pending submission nor a guard stops it.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        !self.pending.as_ref().is_some_and(|pending| pending.stops)
            && !self.guards.iter().any(|guard| matches!(guard.finding, Finding::Failed(_)))
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.based_on {
            Some(id) => writeln!(f, "based on submission {id}")?,
            None => f.write_str("based on an empty submission, the first one\n")?,
        }
        match &self.pending {
            Some(InTheWay { id, status, what, .. }) => {
                let found = if *status == SubmissionStatus::Published {
                    "submission"
                } else {
                    "pending"
                };
                writeln!(f, "{found}: {id} in {status}: {what}")?;
            }
            None => writeln!(f, "pending: nothing; a draft would be created")?,
        }
        if let Some(rollout) = &self.rollout {
            writeln!(f, "rollout: {}: {}", rollout.id, rollout.what)?;
        }
        writeln!(f, "changes: {}", self.changes.len())?;
        for change in &self.changes {
            writeln!(f, "  {change}")?;
        }
        writeln!(f, "packages: {}", self.packages.len())?;
        for package in &self.packages {
            let fate = match package.fate {
                PackageFate::Comes => "comes",
                PackageFate::Stays => "stays",
                PackageFate::Goes => "goes",
                PackageFate::Dropped => "drops",
            };
            writeln!(f, "  {fate} {}", package.file_name)?;
        }
        writeln!(f, "files to upload: {}", self.files.len())?;
        for file in &self.files {
            writeln!(f, "  {} ({} bytes) from {}", file.name, file.bytes, file.path.display())?;
        }
        writeln!(f, "guards: {}", self.guards.len())?;
        for guard in &self.guards {
            match &guard.finding {
                Finding::Passed => writeln!(f, "  {}: passed", guard.guard)?,
                Finding::Failed(problem) => writeln!(f, "  {}: FAILED: {problem}", guard.guard)?,
                Finding::Lifted(problem) => writeln!(f, "  {}: lifted: {problem}", guard.guard)?,
                Finding::NotChecked => writeln!(f, "  {}: not checked", guard.guard)?,
            }
        }
        f.write_str(if self.is_clear() { "would go on" } else { "would stop" })
    }
}

impl<S: Submission> Publish<S> {
    /// Returns the plan of the run, without changing anything: only reads are sent. The edit is made on a copy of the pending
    /// draft if that would be reused, else of the last published submission.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if a file is missing, or if there is neither a published submission nor a draft of an app;
    /// [`ErrorKind::Edit`](crate::ErrorKind::Edit) with the error of an edit, or that itself if it is one of this crate; else the errors of the reads. A guard or a pending
    /// submission that would stop the run is part of the plan, and not an error.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the reading; nothing is changed at the service.
    pub async fn plan(self) -> Result<Plan> {
        let files = self.inputs().await?;
        Ok(self.decide(&files).await?.plan)
    }
}

/// All that was read to decide, each thing once, and the decision.
pub(super) struct Resolved<S> {
    pub(super) refs: Refs,
    /// The pending submission, or the one that the run was told to go on with.
    pub(super) there: Option<Document<S>>,
    /// The last published submission, unless it is that one, or a draft is edited.
    pub(super) published: Option<Document<S>>,
    pub(super) resolution: Resolution,
    pub(super) plan: Plan,
    /// The error that stops the run, if anything does.
    pub(super) stop: Result<()>,
}

impl<S: Submission> Publish<S> {
    /// Reads, and tries the edits on a copy. Nothing is changed at the service.
    pub(super) async fn decide(&self, files: &[ArchiveFile]) -> Result<Resolved<S>> {
        let refs = self.submissions.refs().await?;
        let (there, policy) = match (&self.submission, &refs.pending) {
            (Some(id), _) => (Some(self.submissions.get(id).await?), PendingPolicy::Reuse),
            (None, Some(id)) => (self.submissions.get_opt(id).await?, self.pending),
            (None, None) => (None, self.pending),
        };
        let resolution = there.as_ref().map_or(Resolution::Create, |there| {
            let is_deletable = !S::KEEPS_FIRST_DRAFT || refs.last_published.is_some();
            resolve(policy, there.status(), there.upload_url().is_set(), is_deletable)
        });
        let id = there.as_ref().map(Document::id).transpose()?;
        let is_needed = |last: &&SubmissionId| resolution != Resolution::Edit && Some(*last) != id.as_ref();
        let published = match refs.last_published.as_ref().filter(is_needed) {
            Some(last) => Some(self.submissions.get(last).await?),
            None => None,
        };
        let (plan, stop) = self.decided(resolution, there.as_ref(), published.as_ref(), files)?;
        Ok(Resolved {
            refs,
            there,
            published,
            resolution,
            plan,
            stop,
        })
    }

    /// The plan, by what was read, and the error that stops the run.
    fn decided(
        &self,
        resolution: Resolution,
        there: Option<&Document<S>>,
        published: Option<&Document<S>>,
        files: &[ArchiveFile],
    ) -> Result<(Plan, Result<()>)> {
        let known = published.map_or(&[][..], |published| published.packages());
        // One that is pending may show that status for a while, too.
        let is_published = self.submission.is_some() && there.is_some_and(|there| *there.status() == SubmissionStatus::Published);
        let attached = there.filter(|_| resolution == Resolution::Attach);
        let edited = attached.map(|there| self.edited(there)).transpose();
        let is_done = match (attached, &edited) {
            (Some(there), Ok(Some(edited))) => {
                let images = published.map(|published| published.named_images()).unwrap_or_default();
                self.is_done(there, edited, known, files)? && self.images.are_in(&there.named_images(), &images)
            }
            _ => false,
        };
        let (what, stops) = match (resolution, there) {
            (Resolution::Refuse(why), _) => (why, true),
            (Resolution::Attach, Some(_)) if !is_done => (not_the_same(is_published), true),
            (Resolution::Attach, _) if is_published => ("is published already", false),
            (Resolution::Attach, _) => ("would be waited for", false),
            (Resolution::Edit, _) => ("would be edited", false),
            _ => ("would be deleted and made anew", false),
        };
        let refused = there.filter(|_| stops);
        let refused = match refused {
            Some(there) if is_published => Some(Error::invalid(format!("the submission {}", there.id()?), what)),
            refused => refused.map(|there| Error::pending(there.origin(), there.status(), what)),
        };
        let refused = match edited {
            Err(why) => refused.map(|error| error.caused_by(why)),
            Ok(_) => refused,
        };
        let first = Document::detached(serde_json::json!({}))?;
        let (base, tried) = match (resolution, there, published.or(there)) {
            (Resolution::Attach, Some(there), _) => (there, Ok((there.clone(), Guards::new(&[])))),
            (Resolution::Edit, Some(draft), _) => {
                let standing = Standing::Draft(self.clock().system_now());
                (draft, self.try_out(draft, files, standing))
            }
            (_, _, Some(copied)) => (copied, self.try_out(copied, files, Standing::Copied)),
            _ if S::FIRST_IN_PARTNER_CENTER => {
                let problem = "it has neither a published submission nor a draft; the first one is made in Partner Center";
                return Err(Error::invalid("the app", problem));
            }
            _ => (&first, self.try_out(&first, files, Standing::Empty)),
        };
        let (draft, mut guards) = tried.map_err(|error| refused.clone().unwrap_or(error))?;
        let is_new = !matches!(resolution, Resolution::Attach | Resolution::Edit);
        let rollout = self.rollout(published.filter(|_| is_new))?;
        if is_new && S::ROLLED_OUT {
            let blocks = rollout.as_ref().filter(|_| self.existing_rollout.is_none());
            guards.add(Guard::RolloutInProgress, blocks.map(|rollout| rollout_problem(&rollout.id)));
        }
        let plan = Plan {
            based_on: (!base.origin().is_empty()).then(|| base.id()).transpose()?,
            pending: there.map(|there| InTheWay::new(there, stops, what)).transpose()?,
            rollout,
            changes: draft.changes()?,
            packages: planned(base.packages(), draft.packages()),
            files: match resolution {
                Resolution::Attach => Vec::new(),
                _ => files.to_vec(),
            },
            guards: guards.found,
        };
        Ok((plan, refused.map_or(guards.stop, Err)))
    }

    /// The rollout of the last published submission, if it is in progress, and what becomes of it.
    fn rollout(&self, published: Option<&Document<S>>) -> Result<Option<InTheWay>> {
        let is_in_progress = |published: &&Document<S>| {
            let delivery = published.parts().delivery;
            delivery.is_some_and(|delivery| delivery.package_rollout.package_rollout_status == PackageRolloutStatus::InProgress)
        };
        let Some(published) = published.filter(is_in_progress) else {
            return Ok(None);
        };
        let (stops, what) = match self.existing_rollout {
            Some(end) => (false, format!("would be {}", end.done())),
            None if self.lifted.contains(&Guard::RolloutInProgress) => {
                let what = "would be left as it is, because the guard is lifted: the service may refuse the next submission";
                (false, what.to_owned())
            }
            None => (true, rollout_problem(&published.id()?)),
        };
        InTheWay::new(published, stops, what).map(Some)
    }

    /// Makes the edits on a copy and lets the guards look at it.
    pub(super) fn try_out(&self, base: &Document<S>, files: &[ArchiveFile], standing: Standing) -> Result<(Document<S>, Guards)> {
        let (mut draft, before) = (base.clone(), base.packages());
        self.edits.iter().try_for_each(|edit| edit(&mut draft)).map_err(edit_failed)?;
        if let Some(place_images) = self.place_images {
            place_images(&mut draft, &self.images, files)?;
        }
        if let Some((packages, delivery)) = draft.packages_mut() {
            replace(packages, before, &self.packages, self.existing, files)?;
            if let Some(percentage) = self.rollout_percentage {
                delivery.package_rollout.is_package_rollout = Some(true);
                delivery.package_rollout.package_rollout_percentage = Some(percentage);
            }
        }
        let mut guards = Guards::new(&self.lifted);
        guards.check(&draft, before, files, standing)?;
        Ok((draft, guards))
    }

    /// A copy with the caller's edits.
    fn edited(&self, there: &Document<S>) -> Result<Document<S>> {
        let mut copy = there.clone();
        self.edits.iter().try_for_each(|edit| edit(&mut copy)).map_err(edit_failed)?;
        Ok(copy)
    }

    /// Whether a submission that cannot be changed any more is what is to be published: it brings the packages, the caller's edits change
    /// nothing, it names the files, and it is rolled out gradually if that is wanted, by whatever percentage, for that goes up once it
    /// is published.
    fn is_done(
        &self,
        there: &Document<S>,
        edited: &Document<S>,
        known: &[ApplicationPackage],
        files: &[ArchiveFile],
    ) -> Result<bool> {
        let named = there.named_files();
        let is_named = |file: &ArchiveFile| {
            let fits = |(name, status): &NamedFile<'_>| same_name(name, &file.name) && *status != FileStatus::PendingDelete;
            named.iter().any(fits)
        };
        let delivery = there.parts().delivery;
        let rolls_out = delivery.is_some_and(|delivery| delivery.package_rollout.is_package_rollout == Some(true));
        Ok(
            were_taken(&self.package_names()?, there.packages(), known, Milestone::Accepted)
                && edited.changes()?.is_empty()
                && files.iter().filter(|file| !self.images.has(&file.name)).all(is_named)
                && (self.rollout_percentage.is_none() || rolls_out),
        )
    }
}

pub(super) fn rollout_problem(id: &SubmissionId) -> String {
    format!(
        "the last published submission, {id}, is still being rolled out, which blocks the next one: choose .existing_rollout(ExistingRollout::Finalize) or ExistingRollout::Halt"
    )
}

fn edit_failed(error: BoxedError) -> Error {
    error.downcast::<Error>().map_or_else(Error::edit, |error| *error)
}
