//! What the caller gave, read and checked before anything is sent.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::api::kinds::Submission;
use crate::document::{Document, member};
use crate::error::{EditError, InvalidInput, Result};
use crate::publish::event::PublishedFile;
use crate::publish::packages::{ExistingPackages, Package, Step, abandoned, entries, file_name, new_entry, steps};
use crate::publish::{BoxedError, Edits, Run};

/// A file for the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InputFile {
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
}

impl From<&InputFile> for PublishedFile {
    fn from(file: &InputFile) -> Self {
        Self {
            name: file.name.clone(),
            bytes: file.bytes,
        }
    }
}

impl<S: Submission> Run<S> {
    /// The names of the packages that are to come.
    pub(super) fn package_names(&self) -> Result<Vec<String>> {
        self.packages.iter().map(Package::file_name).collect()
    }

    /// Looks at the files and the settings. Nothing is sent.
    pub(super) async fn read_inputs(&self) -> Result<Vec<InputFile>> {
        if let Some(percentage) = self.rollout_percentage
            && !(0.0..=100.0).contains(&percentage)
        {
            return Err(InvalidInput::new("the rollout percentage", format!("{percentage} is not from 0 to 100")).into());
        }
        // Whether everything is stated that the choice of packages needs.
        steps(&[], &self.packages, self.existing)?;
        let packages = self
            .packages
            .iter()
            .map(|package| package.file_name().map(|name| (name, package.path())));
        let others = self
            .files
            .iter()
            .map(|(name, path)| file_name(Some(name), path).map(|name| (name, path.as_path())));
        let mut files: Vec<InputFile> = Vec::new();
        for file in packages.chain(others) {
            let (name, path): (String, &Path) = file?;
            #[cfg(feature = "archive")]
            let name = crate::archive::normalised(&name)?;
            let problem = |problem: String| InvalidInput::new(format!("the file {}", path.display()), problem);
            if files.iter().any(|known| known.name.to_lowercase() == name.to_lowercase()) {
                return Err(problem(format!("the archive has {name} already")).into());
            }
            let metadata = tokio::fs::metadata(path).await.map_err(|error| problem(error.to_string()))?;
            if !metadata.is_file() {
                return Err(problem("it is not a file".to_owned()).into());
            }
            if metadata.len() == 0 {
                return Err(problem("it is empty".to_owned()).into());
            }
            files.push(InputFile {
                name,
                path: path.to_owned(),
                bytes: metadata.len(),
            });
        }
        Ok(files)
    }
}

impl<S: Submission> Run<S> {
    /// Edits a draft: the caller's edits first, then what the builder was told.
    pub(super) fn edit(&self, edits: &Edits<S>, draft: &mut Document<S>, files: &[InputFile]) -> Result<()> {
        for edit in edits.caller.iter().chain(&edits.images) {
            edit(draft).map_err(edit_failed)?;
        }
        if let Some(list) = S::PACKAGES {
            apply_packages(draft, list, &self.packages, self.existing, files)?;
        }
        if let Some(percentage) = self.rollout_percentage {
            let rollout = ["packageDeliveryOptions", "packageRollout"];
            set_below(draft, &rollout, "isPackageRollout", true.into())?;
            set_below(draft, &rollout, "packageRolloutPercentage", json!(percentage))?;
        }
        Ok(())
    }

    /// Whether a submission that cannot be changed any more already is what is to be published: the caller's edits change
    /// nothing, it names the files, and it is rolled out gradually if that is wanted.
    pub(super) fn is_done(&self, submission: &Document<S>, edits: &Edits<S>, files: &[InputFile]) -> Result<bool> {
        let mut copy = submission.clone();
        for edit in &edits.caller {
            edit(&mut copy).map_err(edit_failed)?;
        }
        let body = submission.as_received();
        // Not by its percentage: that goes up once it is published.
        let rollout = member(body, "packageDeliveryOptions").and_then(|options| member(options, "packageRollout"));
        let is_rollout = rollout.and_then(|rollout| member(rollout, "isPackageRollout")) == Some(&Value::Bool(true));
        Ok(copy.changes()?.is_empty()
            && files.iter().all(|file| names(body, &file.name))
            && (self.rollout_percentage.is_none() || is_rollout))
    }
}

fn edit_failed(error: BoxedError) -> crate::error::Error {
    match error.downcast::<crate::error::Error>() {
        Ok(error) => *error,
        Err(error) => EditError::new(error).into(),
    }
}

fn apply_packages<S: Submission>(
    draft: &mut Document<S>,
    list: &str,
    packages: &[Package],
    existing: ExistingPackages,
    files: &[InputFile],
) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    let body = draft.body()?;
    let there = entries(&body, list);
    let mut steps = steps(&there, packages, existing)?;
    if existing == ExistingPackages::ReplaceAll {
        let given: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
        steps.extend(abandoned(&entries(draft.as_received(), list), &there, &given));
        // Marks first, by index; then out with those, from the last; new ones come at the end.
        steps.sort_by_key(|step| match step {
            Step::Delete(_) => 0,
            Step::Drop(_) => 1,
            Step::Add(_) => 2,
        });
    }
    if !steps.is_empty() && !member(&body, list).is_some_and(Value::is_array) {
        draft.set(&format!("/{list}"), json!([]))?;
    }
    for step in steps {
        match step {
            Step::Delete(index) => draft.set(&format!("/{list}/{index}/fileStatus"), "PendingDelete".into())?,
            Step::Drop(index) => draft.remove(&format!("/{list}/{index}"))?,
            Step::Add(name) => draft.set(&format!("/{list}/-"), new_entry(&name))?,
        }
    }
    Ok(())
}

/// Sets a member below others, which are made if they are not there.
fn set_below<S: Submission>(draft: &mut Document<S>, parents: &[&str], name: &str, value: Value) -> Result<()> {
    let mut pointer = String::new();
    for parent in parents {
        pointer = format!("{pointer}/{parent}");
        let body = draft.body()?;
        let there = pointer.split('/').skip(1).try_fold(&body, |value, name| member(value, name));
        if !there.is_some_and(Value::is_object) {
            draft.set(&pointer, json!({}))?;
        }
    }
    draft.set(&format!("{pointer}/{name}"), value)
}

/// Whether a file of this name is named anywhere, in whatever status but to be deleted.
fn names(value: &Value, name: &str) -> bool {
    match value {
        Value::Array(elements) => elements.iter().any(|element| names(element, name)),
        Value::Object(members) => {
            let text = |member_name: &str| member(value, member_name).and_then(Value::as_str).unwrap_or_default();
            let is_it = |text: &str| text.replace('\\', "/") == name;
            let named = is_it(text("fileName")) || is_it(text("videoFileName"));
            (named && !text("fileStatus").eq_ignore_ascii_case("PendingDelete"))
                || members.values().any(|inner| names(inner, name))
        }
        _ => false,
    }
}
