//! The dry run: reads only, on a copy.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::api::kinds::Submission;
use crate::api::submissions::Refs;
use crate::document::Document;
use crate::error::{InvalidInput, Result};
use crate::id::SubmissionId;
use crate::model::change::Change;
use crate::model::guard::Guard;
use crate::model::status::SubmissionStatus;
use crate::publish::find::{document_id, only_read, rollout_problem};
use crate::publish::finish::brings;
use crate::publish::inputs::InputFile;
use crate::publish::packages::{Entry, entries};
use crate::publish::pending::{NOT_THE_SAME, Resolution, resolve, state};
use crate::publish::run::needs_no_draft;
use crate::publish::{Edits, ExistingRollout, PendingPolicy, Publish, Run};

/// What a run would do. `Display` is a text for people; it can be serialised for programs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Plan {
    /// The submission that the plan was made on: the pending draft that would be reused, else the last published one; `None` if
    /// there is neither, as for a new flight.
    pub based_on: Option<SubmissionId>,
    /// What is pending now, and what the policy would do about it.
    pub pending: Option<PlannedPending>,
    /// A rollout that is in progress, which blocks the next submission, and what would become of it.
    pub rollout: Option<PlannedPending>,
    /// What would change.
    pub changes: Vec<Change>,
    /// Which packages come, stay and go.
    pub packages: Vec<PlannedPackage>,
    /// What would be uploaded.
    pub files: Vec<PlannedFile>,
    /// What the guards say.
    pub guards: Vec<PlannedGuard>,
}

/// A submission that is in the way, and what would become of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PlannedPending {
    /// The submission.
    pub id: SubmissionId,
    /// Where it stands.
    pub status: SubmissionStatus,
    /// Whether the run would stop because of it.
    pub stops: bool,
    /// What would become of it, or why it stops the run.
    pub what: String,
}

/// What would become of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PlannedPackage {
    /// The name of its file.
    pub file_name: String,
    /// What would become of it.
    pub fate: PackageFate,
}

/// What would become of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum PackageFate {
    /// It is new.
    Comes,
    /// It stays.
    Stays,
    /// It is removed.
    Goes,
    /// Its entry is taken out: it waits for a file that is not given.
    Dropped,
}

/// A file that would be uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PlannedFile {
    /// Its name in the archive.
    pub name: String,
    /// Where it is.
    #[serde(serialize_with = "shown")]
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
}

/// A path that is not Unicode must not keep the rest of a plan from being serialised.
fn shown<S: serde::Serializer>(path: &Path, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

/// What a guard says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PlannedGuard {
    /// The guard.
    pub guard: Guard,
    /// What it found.
    pub finding: Finding,
}

/// What a guard found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Finding {
    /// Nothing.
    Passed,
    /// Something that would stop the run.
    Failed(String),
    /// Something, but the guard is lifted.
    Lifted(String),
    /// It can be checked only when there is a draft.
    NotChecked,
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
    /// `InvalidInput` if a file is missing, or if there is neither a published submission nor a draft to plan on;
    /// [`Error::Edit`](crate::Error::Edit) with the error of an edit; else as the reads. What would stop the run is no error, but
    /// stands in the plan.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the reading; nothing is changed at the service.
    pub async fn plan(self) -> Result<Plan> {
        self.run.plan(&self.edits).await.map_err(only_read)
    }
}

impl<S: Submission> Run<S> {
    async fn plan(self, edits: &Edits<S>) -> Result<Plan> {
        let files = self.read_inputs().await?;
        let refs = self.submissions.refs(None).await?;
        let pending = match (&self.submission, &refs.pending) {
            (Some(id), _) => Some(self.submissions.get(id).await?),
            (None, Some(id)) => self.submissions.get_opt(id).await?,
            (None, None) => None,
        };
        let Some(pending) = pending else {
            return self.plan_new(edits, files, &refs, None).await;
        };
        let status = pending.status().clone();
        let (policy, deletable) = match self.submission {
            Some(_) => (PendingPolicy::Reuse, true),
            None => (self.pending, self.is_deletable(&refs)),
        };
        let planned = |stops: bool, what: &str| PlannedPending {
            id: document_id(&pending).unwrap_or_default(),
            status: status.clone(),
            stops,
            what: what.to_owned(),
        };
        match resolve(policy, state(&status, pending.upload_url().is_set()), deletable) {
            Resolution::Attach => {
                let packages = self.package_names()?;
                let known = self.published_packages(&document_id(&pending)?, &packages).await?;
                let done = brings(&pending, &packages, &known) && self.is_done(&pending, edits, &files)?;
                let what = if done { "would be waited for" } else { NOT_THE_SAME };
                self.plan_on(&pending, Some(planned(!done, what)), Vec::new(), Vec::new())
            }
            Resolution::Edit => {
                let planned = planned(false, "would be edited");
                let mut draft = pending;
                self.edit(edits, &mut draft, &files)?;
                let mut guards = self.plan_guards(&draft, &files)?;
                if !files.is_empty() {
                    let problem = self.found_link(&draft).map(|error| error.to_string());
                    guards.push(self.planned(Guard::UploadLink, problem));
                }
                self.plan_on(&draft, Some(planned), guards, files)
            }
            Resolution::Replace => {
                let planned = planned(false, "would be deleted and made anew");
                self.plan_new(edits, files, &refs, Some((planned, pending))).await
            }
            Resolution::Refuse(why) => {
                let planned = planned(true, why);
                self.plan_new(edits, files, &refs, Some((planned, pending))).await
            }
        }
    }

    /// As if a draft were created, on the last published submission; if there is none, on the pending one.
    async fn plan_new(
        &self,
        edits: &Edits<S>,
        files: Vec<InputFile>,
        refs: &Refs,
        pending: Option<(PlannedPending, Document<S>)>,
    ) -> Result<Plan> {
        let (planned, pending) = pending.unzip();
        let mut draft = self.base(refs, pending).await?;
        let is_first = draft.origin().is_empty();
        self.edit(edits, &mut draft, &files)?;
        let mut guards = self.plan_guards(&draft, &files)?;
        for planned in guards.iter_mut().filter(|planned| is_first && !needs_no_draft(planned.guard)) {
            planned.finding = Finding::NotChecked;
        }
        if !files.is_empty() {
            let (guard, finding) = (Guard::UploadLink, Finding::NotChecked);
            guards.push(PlannedGuard { guard, finding });
        }
        let mut rollout = None;
        if S::ROLLED_OUT {
            let in_the_way = self.rollout_in_progress(refs).await?;
            let problem = in_the_way.as_ref().filter(|_| self.existing_rollout.is_none());
            let guard = self.planned(Guard::RolloutInProgress, problem.map(rollout_problem));
            rollout = in_the_way.map(|id| PlannedPending {
                stops: matches!(guard.finding, Finding::Failed(_)),
                what: match self.existing_rollout {
                    Some(ExistingRollout::Finalize) => "would be finalised".to_owned(),
                    Some(ExistingRollout::Halt) => "would be halted".to_owned(),
                    None => rollout_problem(&id),
                },
                status: SubmissionStatus::Published,
                id,
            });
            guards.push(guard);
        }
        let plan = self.plan_on(&draft, planned, guards, files)?;
        Ok(Plan { rollout, ..plan })
    }

    /// What a new draft is a copy of: the last published submission. Without one it is the pending draft that stands for it, or an
    /// empty document of no resource.
    pub(super) async fn base(&self, refs: &Refs, pending: Option<Document<S>>) -> Result<Document<S>> {
        if let Some(id) = &refs.last_published {
            return self.submissions.get(id).await.map_err(only_read);
        }
        match pending {
            Some(pending) => Ok(pending),
            None if S::FIRST_IN_PARTNER_CENTER => {
                let problem = "it has neither a published submission nor a draft; the first one is made in Partner Center";
                Err(InvalidInput::new("the app", problem).into())
            }
            None => Document::detached(serde_json::json!({})),
        }
    }

    fn plan_on(
        &self,
        draft: &Document<S>,
        pending: Option<PlannedPending>,
        guards: Vec<PlannedGuard>,
        files: Vec<InputFile>,
    ) -> Result<Plan> {
        let file = |InputFile { name, path, bytes }| PlannedFile { name, path, bytes };
        Ok(Plan {
            based_on: Some(draft)
                .filter(|draft| !draft.origin().is_empty())
                .map(document_id)
                .transpose()?,
            pending,
            rollout: None,
            changes: draft.changes()?,
            packages: planned_packages(draft)?,
            files: files.into_iter().map(file).collect(),
            guards,
        })
    }

    fn plan_guards(&self, draft: &Document<S>, files: &[InputFile]) -> Result<Vec<PlannedGuard>> {
        let found = self.found(draft, files)?;
        Ok(found
            .into_iter()
            .map(|(guard, problem)| self.planned(guard, problem))
            .collect())
    }

    fn planned(&self, guard: Guard, problem: Option<String>) -> PlannedGuard {
        let finding = match problem {
            None => Finding::Passed,
            Some(problem) if self.lifted.contains(&guard) => Finding::Lifted(problem),
            Some(problem) => Finding::Failed(problem),
        };
        PlannedGuard { guard, finding }
    }
}

fn planned_packages<S: Submission>(draft: &Document<S>) -> Result<Vec<PlannedPackage>> {
    let Some(list) = S::PACKAGES else { return Ok(Vec::new()) };
    let after = entries(&draft.body()?, list);
    let is_dropped = |old: &Entry| old.is("PendingUpload") && !after.iter().any(|entry| entry.is_same(old));
    let before = entries(draft.as_received(), list);
    let dropped = before.into_iter().filter(is_dropped).map(|entry| PlannedPackage {
        fate: PackageFate::Dropped,
        file_name: entry.file_name,
    });
    let dropped: Vec<PlannedPackage> = dropped.collect();
    let packages = after.into_iter().map(|entry| PlannedPackage {
        fate: match () {
            () if entry.is("PendingDelete") => PackageFate::Goes,
            () if entry.is("PendingUpload") => PackageFate::Comes,
            () => PackageFate::Stays,
        },
        file_name: entry.file_name,
    });
    Ok(packages.chain(dropped).collect())
}
