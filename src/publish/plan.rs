//! The dry run: reads only, on a copy.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use crate::api::submissions::{Refs, Submission};
use crate::document::Document;
use crate::error::{InvalidInput, Result};
use crate::id::SubmissionId;
use crate::model::change::Change;
use crate::model::guard::Guard;
use crate::model::status::SubmissionStatus;
use crate::publish::guards::{Look, check};
use crate::publish::packages::entries;
use crate::publish::pending::{Resolution, resolve, state};
use crate::publish::run::rollout_problem;
use crate::publish::{Edit, ExistingRollout, Publish, Run};

/// What a run would do. `Display` is a text for people; it can be serialised for programs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Plan {
    /// The submission that the plan was made on: the pending draft that would be reused, else the last published one.
    pub based_on: SubmissionId,
    /// What is pending now, and what the policy would do about it.
    pub pending: Option<PlannedPending>,
    /// What would change.
    pub changes: Vec<Change>,
    /// Which packages come, stay and go.
    pub packages: Vec<PlannedPackage>,
    /// What would be uploaded.
    pub files: Vec<PlannedFile>,
    /// What the guards say.
    pub guards: Vec<PlannedGuard>,
}

/// What is pending, and what would become of it.
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
}

/// A file that would be uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PlannedFile {
    /// Its name in the archive.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
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
        writeln!(f, "based on submission {}", self.based_on)?;
        match &self.pending {
            Some(pending) => writeln!(f, "pending: {} in {}: {}", pending.id, pending.status, pending.what)?,
            None => writeln!(f, "pending: nothing; a draft would be created")?,
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
    /// `InvalidInput` if a file is missing, or if there is neither a published submission nor a draft to plan on; else as the
    /// reads.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the reading; nothing is changed at the service.
    pub async fn plan(self) -> Result<Plan> {
        self.run.plan(self.edits).await
    }
}

impl<S: Submission> Run<S> {
    async fn plan(self, edits: Vec<Edit<S>>) -> Result<Plan> {
        let files = self.read_inputs().await?;
        let refs = self.submissions.refs().await?;
        let named = self.submission.clone().or_else(|| refs.pending.clone());
        let pending = match &named {
            Some(id) => self.submissions.get_opt(id).await?,
            None => None,
        };
        let planned = pending.as_ref().map(|pending| self.plan_pending(pending, &refs));
        let reused = planned
            .as_ref()
            .is_some_and(|(_, resolution)| matches!(resolution, Resolution::Edit | Resolution::Attach));
        let base = match (pending, &refs.last_published) {
            (Some(pending), _) if reused => pending,
            (_, Some(id)) => self.submissions.get(id).await?,
            (Some(pending), None) => pending,
            (None, None) => {
                let problem =
                    "it has neither a published submission nor a draft to plan on; the first one is made in Partner Center";
                return Err(InvalidInput::new("the product", problem).into());
            }
        };
        let based_on = base.origin().rsplit('/').next().unwrap_or_default().parse()?;
        let mut draft = base;
        self.edit(edits, &mut draft)?;
        let mut guards = self.plan_guards(&draft, files.iter().map(|file| file.name.clone()).collect())?;
        if !files.is_empty() {
            guards.push(PlannedGuard {
                guard: Guard::UploadLink,
                finding: Finding::NotChecked,
            });
        }
        if S::ROLLED_OUT && !reused {
            let problem = match (self.rollout_in_progress(&refs).await?, self.existing_rollout) {
                (Some(id), None) => Some(rollout_problem(&id)),
                (Some(_), Some(ExistingRollout::Finalize | ExistingRollout::Halt)) | (None, _) => None,
            };
            guards.push(self.planned(Guard::RolloutInProgress, problem));
        }
        Ok(Plan {
            based_on,
            pending: planned.map(|(pending, _)| pending),
            changes: draft.changes()?,
            packages: planned_packages(&draft)?,
            files: files
                .into_iter()
                .map(|file| PlannedFile {
                    name: file.name,
                    path: file.path,
                    bytes: file.bytes,
                })
                .collect(),
            guards,
        })
    }

    fn plan_pending(&self, pending: &Document<S>, refs: &Refs) -> (PlannedPending, Resolution) {
        let status = pending.status().clone();
        let policy = if self.submission.is_some() {
            crate::publish::PendingPolicy::Reuse
        } else {
            self.pending
        };
        let resolution = resolve(policy, state(&status, pending.upload_url().is_set()), self.is_deletable(refs));
        let what = match &resolution {
            Resolution::Replace => "would be deleted and made anew",
            Resolution::Edit => "would be edited",
            Resolution::Attach => "would be waited for, if it already is what is to be published",
            Resolution::Refuse(why) => why,
        };
        let id = pending
            .origin()
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .parse()
            .unwrap_or_default();
        let stops = matches!(resolution, Resolution::Refuse(_));
        (
            PlannedPending {
                id,
                status,
                stops,
                what: what.to_owned(),
            },
            resolution,
        )
    }

    fn plan_guards(&self, draft: &Document<S>, archive: Vec<String>) -> Result<Vec<PlannedGuard>> {
        let body = draft.body()?;
        let found = check::<S>(&Look {
            received: draft.as_received(),
            body: &body,
            archive: &archive,
        });
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
    let packages = entries(&draft.body()?, list).into_iter().map(|entry| PlannedPackage {
        fate: match () {
            () if entry.is("PendingDelete") => PackageFate::Goes,
            () if entry.is("PendingUpload") => PackageFate::Comes,
            () => PackageFate::Stays,
        },
        file_name: entry.file_name,
    });
    Ok(packages.collect())
}
