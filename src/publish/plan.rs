//! The walk that decides. It reads, tries the edits on a copy, and gives the plan, which is printed by `plan()` and obeyed by a run.

use std::fmt;

use serde::Serialize;

use crate::api::kinds::{NamedFile, Submission};
use crate::api::wait::Milestone;
use crate::document::Document;
use crate::error::{Error, Result};
use crate::id::SubmissionId;
use crate::model::change::Change;
use crate::model::guard::Guard;
use crate::model::package::{ApplicationPackage, FileStatus, PackageRolloutStatus, same_name};
use crate::model::receipt::Receipt;
use crate::model::status::SubmissionStatus;
use crate::publish::decide::guards::{Finding, Guards, PlannedGuard, Standing};
use crate::publish::decide::packages::{PackageFate, PlannedPackage, planned, replace, were_taken};
use crate::publish::decide::policy::ExistingRollout;
use crate::publish::decide::policy::{InTheWay, NOT_THE_SAME, Resolution, resolve, state};
use crate::publish::files::ArchiveFile;
use crate::publish::{BoxedError, PendingPolicy, Publish};

/// What a run would do. `Display` is a text for people; it can be serialised for programs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Plan {
    /// The submission that the plan was made on: the pending draft that would be reused, else the last published one; `None` if
    /// there is neither, as for a new flight.
    pub based_on: Option<SubmissionId>,
    /// What is pending now, and what the policy would do about it.
    pub pending: Option<InTheWay>,
    /// A rollout that is in progress, which blocks the next submission, and what would become of it.
    pub rollout: Option<InTheWay>,
    /// What would change.
    pub changes: Vec<Change>,
    /// Which packages come, stay and go.
    pub packages: Vec<PlannedPackage>,
    /// What would be uploaded.
    pub files: Vec<ArchiveFile>,
    /// What the guards say.
    pub guards: Vec<PlannedGuard>,
}

impl Plan {
    /// Whether the run would go on as far as can be seen: nothing pending stops it, and no guard does.
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
            Some(pending) => writeln!(f, "pending: {} in {}: {}", pending.id, pending.status, pending.what)?,
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
    /// What the run would do, without doing any of it: only reads are sent. The edit is made on a copy of the pending draft if
    /// that would be reused, else of the last published submission.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if a file is missing, or if there is neither a published submission nor a draft of an app;
    /// [`ErrorKind::Edit`](crate::ErrorKind::Edit) with the error of an edit; else as the reads. What would stop the run is no error, but
    /// stands in the plan.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the reading; nothing is changed at the service.
    pub async fn plan(self) -> Result<Plan> {
        Ok(self.decide().await?.plan)
    }
}

/// What was decided: the plan that is printed, and what a run needs to obey it.
pub(super) struct Decision<S> {
    pub(super) plan: Plan,
    pub(super) way: Way<S>,
    /// What was given, and was looked at.
    pub(super) files: Vec<ArchiveFile>,
    /// The answer that told what is pending.
    pub(super) seen: Receipt,
    /// What stops the run, if anything does.
    pub(super) stop: Result<()>,
}

/// What a run works on.
pub(super) enum Way<S> {
    /// A new draft, once the pending one is deleted and the rollout ended.
    Create {
        /// What was pending, whatever became of it.
        before: Option<SubmissionId>,
        replaced: Option<SubmissionId>,
        rolled_out: Option<SubmissionId>,
        last_published: Option<SubmissionId>,
    },
    /// A draft that is there.
    Edit(Document<S>),
    /// A submission under way, or done, and the packages that were in the Store before it.
    Attach(Document<S>, Vec<ApplicationPackage>),
}

/// All that is read to decide, each thing once.
struct Look<S> {
    resolution: Resolution,
    /// What the parent names as pending.
    before: Option<SubmissionId>,
    /// The pending submission, or the one that the run was told to go on with.
    there: Option<Document<S>>,
    /// The last published submission, unless it is that one, or a draft is edited.
    published: Option<Document<S>>,
    receipt: Receipt,
}

/// A document with the edits made, and what the guards say to it.
pub(super) struct Trial<S> {
    pub(super) draft: Document<S>,
    /// The packages before the edits.
    pub(super) before: Vec<ApplicationPackage>,
    pub(super) guards: Guards,
}

impl<S: Submission> Publish<S> {
    /// Reads, and tries the edits on a copy. Nothing is changed at the service.
    pub(super) async fn decide(&self) -> Result<Decision<S>> {
        let files = self.inputs().await?;
        let look = self.look().await?;
        self.decided(look, files)
    }

    async fn look(&self) -> Result<Look<S>> {
        let refs = self.submissions.refs().await?;
        let (there, policy) = match (&self.submission, &refs.pending) {
            (Some(id), _) => (Some(self.submissions.get(id).await?), PendingPolicy::Reuse),
            (None, Some(id)) => (self.submissions.get_opt(id).await?, self.pending),
            (None, None) => (None, self.pending),
        };
        let resolution = there.as_ref().map_or(Resolution::Create, |there| {
            // The first draft of a flight cannot be made again.
            let is_deletable = !S::KEEPS_FIRST_DRAFT || refs.last_published.is_some();
            resolve(policy, state(there.status(), there.upload_url().is_set()), is_deletable)
        });
        let id = there.as_ref().map(Document::id).transpose()?;
        let is_needed = |last: &SubmissionId| resolution != Resolution::Edit && Some(last) != id.as_ref();
        let published = match refs.last_published.filter(is_needed) {
            Some(last) => Some(self.submissions.get(last).await?),
            None => None,
        };
        Ok(Look {
            resolution,
            before: refs.pending,
            there,
            published,
            receipt: refs.receipt,
        })
    }

    /// The decision, by what was read.
    fn decided(&self, look: Look<S>, files: Vec<ArchiveFile>) -> Result<Decision<S>> {
        let Look {
            resolution,
            before,
            there,
            published,
            receipt,
        } = look;
        let known = published
            .as_ref()
            .map(|published| published.packages().to_vec())
            .unwrap_or_default();
        let fate = match (resolution, &there) {
            (Resolution::Refuse(why), _) => Err(why),
            (Resolution::Attach, Some(there)) if !self.is_done(there, &known, &files)? => Err(NOT_THE_SAME),
            (Resolution::Attach, _) => Ok("would be waited for"),
            (Resolution::Edit, _) => Ok("would be edited"),
            _ => Ok("would be deleted and made anew"),
        };
        let pending = there.as_ref().map(|there| InTheWay::new(there, fate)).transpose()?;
        let refused = there.as_ref().zip(fate.err());
        let mut refused = refused.map(|(there, why)| Error::pending(there.origin(), there.status(), why));
        let seen = there.as_ref().map_or(receipt, |there| there.receipt().clone());
        let mut rollout = None;
        let (way, trial) = match (resolution, there) {
            (Resolution::Attach, Some(document)) => {
                let trial = Trial {
                    draft: document.clone(),
                    before: Vec::new(),
                    guards: Guards::new(&[]),
                };
                (Way::Attach(document, known), trial)
            }
            (Resolution::Edit, Some(draft)) => {
                let standing = Standing::Draft(self.clock().system_now());
                (Way::Edit(draft.clone()), self.try_out(draft, &files, standing)?)
            }
            (_, there) => {
                let last_published = published.as_ref().map(Document::id).transpose()?;
                let is_rolled_out = published.as_ref().is_some_and(is_rolled_out);
                let rolled_out = last_published.clone().filter(|_| is_rolled_out);
                let (base, standing) = copied(published.or(there))?;
                let tried = self.try_out(base, &files, standing);
                if tried.is_err()
                    && let Some(refused) = refused.take()
                {
                    return Err(refused);
                }
                let mut trial = tried?;
                rollout = self.rollout(rolled_out.as_ref(), &mut trial.guards);
                let replaced = pending.as_ref().map(|pending| pending.id.clone());
                let way = Way::Create {
                    before,
                    replaced,
                    rolled_out,
                    last_published,
                };
                (way, trial)
            }
        };
        let draft = &trial.draft;
        let is_uploaded = matches!(way, Way::Attach(..));
        let plan = Plan {
            based_on: Some(draft)
                .filter(|draft| !draft.origin().is_empty())
                .map(Document::id)
                .transpose()?,
            pending,
            rollout,
            changes: draft.changes()?,
            packages: planned(&trial.before, draft.packages()),
            files: files.iter().filter(|_| !is_uploaded).cloned().collect(),
            guards: trial.guards.found,
        };
        let stop = refused.map_or(trial.guards.stop, Err);
        Ok(Decision {
            plan,
            way,
            files,
            seen,
            stop,
        })
    }

    /// What becomes of a rollout in progress.
    fn rollout(&self, rolled_out: Option<&SubmissionId>, guards: &mut Guards) -> Option<InTheWay> {
        let end = match self.existing_rollout {
            Some(ExistingRollout::Finalize) => Some("would be finalised"),
            Some(ExistingRollout::Halt) => Some("would be halted"),
            None => None,
        };
        let problem = rolled_out.filter(|_| end.is_none()).map(rollout_problem);
        if S::ROLLED_OUT {
            guards.add(Guard::RolloutInProgress, problem.clone());
        }
        rolled_out.map(|id| InTheWay {
            id: id.clone(),
            status: SubmissionStatus::Published,
            stops: end.is_none() && !self.lifted.contains(&Guard::RolloutInProgress),
            what: problem.or(end.map(str::to_owned)).unwrap_or_default(),
        })
    }

    /// Makes the edits and lets the guards look.
    pub(super) fn try_out(&self, mut draft: Document<S>, files: &[ArchiveFile], standing: Standing) -> Result<Trial<S>> {
        let before = draft.packages().to_vec();
        let mut edits = self.edits.iter().chain(&self.images);
        edits.try_for_each(|edit| edit(&mut draft)).map_err(edit_failed)?;
        if !self.packages.is_empty()
            && let Some(packages) = draft.packages_mut()
        {
            replace(packages, &before, &self.packages, self.existing, files)?;
        }
        if let (Some(percentage), Some(delivery)) = (self.rollout_percentage, draft.delivery_mut()) {
            delivery.package_rollout.is_package_rollout = Some(true);
            delivery.package_rollout.package_rollout_percentage = Some(percentage);
        }
        let mut guards = Guards::new(&self.lifted);
        guards.check(&draft, &before, files, standing)?;
        Ok(Trial { draft, before, guards })
    }

    /// Whether a submission that cannot be changed any more is what is to be published: it brings the packages, the caller's edits change
    /// nothing, it names the files, and it is rolled out gradually if that is wanted, by whatever percentage, for that goes up once it
    /// is published.
    fn is_done(&self, there: &Document<S>, known: &[ApplicationPackage], files: &[ArchiveFile]) -> Result<bool> {
        let mut copy = there.clone();
        self.edits.iter().try_for_each(|edit| edit(&mut copy)).map_err(edit_failed)?;
        let named = there.named_files();
        let is_named = |file: &ArchiveFile| {
            let fits = |(name, status): &NamedFile<'_>| same_name(name, &file.name) && *status != FileStatus::PendingDelete;
            named.iter().any(fits)
        };
        let rolls_out = there
            .delivery()
            .and_then(|delivery| delivery.package_rollout.is_package_rollout)
            == Some(true);
        Ok(
            were_taken(&self.package_names()?, there.packages(), known, Milestone::Accepted)
                && copy.changes()?.is_empty()
                && files.iter().all(is_named)
                && (self.rollout_percentage.is_none() || rolls_out),
        )
    }
}

/// What a new draft is a copy of: the last published submission. Without one it is the pending draft that stands for it, or an empty
/// document.
fn copied<S: Submission>(base: Option<Document<S>>) -> Result<(Document<S>, Standing)> {
    match base {
        Some(base) => Ok((base, Standing::Copied)),
        None if S::FIRST_IN_PARTNER_CENTER => {
            let problem = "it has neither a published submission nor a draft; the first one is made in Partner Center";
            Err(Error::invalid("the app", problem))
        }
        None => Ok((Document::detached(serde_json::json!({}))?, Standing::Empty)),
    }
}

fn is_rolled_out<S: Submission>(published: &Document<S>) -> bool {
    let status = published
        .delivery()
        .map(|delivery| &delivery.package_rollout.package_rollout_status);
    status == Some(&PackageRolloutStatus::InProgress)
}

pub(super) fn rollout_problem(id: &SubmissionId) -> String {
    format!(
        "the last published submission, {id}, is still being rolled out, which blocks the next one: choose .existing_rollout(ExistingRollout::Finalize) or ExistingRollout::Halt"
    )
}

fn edit_failed(error: BoxedError) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => *error,
        Err(error) => Error::edit(error),
    }
}
