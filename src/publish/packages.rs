//! Which packages come, stay and go: pure, over the JSON of a submission, for apps and flights alike.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::document::member;
use crate::error::{InvalidInput, Result};

/// A package to be submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    path: PathBuf,
    name: Option<String>,
    architecture: Option<String>,
    min_os: Option<String>,
}

impl Package {
    /// A package file: `.msix`, `.msixbundle`, `.msixupload`, `.appx` and so on.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            name: None,
            architecture: None,
            min_os: None,
        }
    }

    /// Its name in the submission and in the archive. Default: the name of the file.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Its architecture, as the service writes it: `x86`, `x64`, `ARM`, `ARM64`, `Neutral`; several, separated by commas, for
    /// a bundle. Needed for [`ExistingPackages::ReplaceMatching`].
    #[must_use]
    pub fn architecture(mut self, architecture: impl Into<String>) -> Self {
        self.architecture = Some(architecture.into());
        self
    }

    /// Its minimum version of Windows, for example `10.0.17763.0`. Needed for [`ExistingPackages::ReplaceMatching`].
    #[must_use]
    pub fn min_os(mut self, version: impl Into<String>) -> Self {
        self.min_os = Some(version.into());
        self
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn file_name(&self) -> Result<String> {
        file_name(self.name.as_deref(), &self.path)
    }
}

/// The name of a file in the archive: the given one, or the last part of its path.
pub(crate) fn file_name(name: Option<&str>, path: &Path) -> Result<String> {
    let name = name
        .or_else(|| path.file_name().and_then(|name| name.to_str()))
        .unwrap_or_default();
    if name.is_empty() {
        return Err(InvalidInput::new(format!("the file {}", path.display()), "it has no name that can be sent").into());
    }
    Ok(name.replace('\\', "/"))
}

/// What becomes of the packages that are there, when there is a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ExistingPackages {
    /// They stay. The Store gives each device the highest version that runs on it.
    #[default]
    Keep,
    /// Those go that a new package takes the place of: every architecture that the old one has the new one has too, and the new
    /// one's minimum version of Windows is the same or lower, so that nobody is left without a package. Both must be stated
    /// for each new package; an old package of which the service does not tell them stays.
    ///
    /// With `App_1.0_x86`, `App_1.0_x64`, `App_1.0_arm` and `App_1.0_arm64` in the Store, a new x64 package with the same
    /// minimum version replaces `App_1.0_x64` alone.
    ReplaceMatching,
    /// They all go. So do entries of an earlier run that wait for a file which is not given: after a commit that failed, the mended
    /// package may have another name.
    ReplaceAll,
}

/// What happens to a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Mark the one at this index as `PendingDelete`.
    Delete(usize),
    /// Take out the one at this index, which waits for a file that nobody gives.
    Drop(usize),
    /// Add an entry of this name as `PendingUpload`.
    Add(String),
}

/// A package of a submission, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) file_name: String,
    pub(crate) status: String,
    pub(crate) id: String,
    pub(crate) architectures: Vec<String>,
    pub(crate) min_os: Option<Version>,
}

impl Entry {
    /// Whether the service has given it an id.
    pub(crate) fn has_id(&self) -> bool {
        is_id(&self.id)
    }

    /// Whether another entry is this package: by its id, or by its file name as long as it has none.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        if self.has_id() {
            other.id == self.id
        } else {
            other.file_name == self.file_name
        }
    }

    pub(crate) fn is(&self, status: &str) -> bool {
        self.status.eq_ignore_ascii_case(status)
    }
}

/// Four numbers, compared from the left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version([u64; 4]);

impl Version {
    fn parse(text: &str) -> Option<Self> {
        let mut numbers = [0; 4];
        let mut parts = text.trim().split('.');
        for number in &mut numbers {
            match parts.next() {
                Some(part) => *number = part.parse().ok()?,
                None => break,
            }
        }
        parts.next().is_none().then_some(Self(numbers))
    }
}

/// Whether a text names something: the service writes `""` and `"0"` for "none".
pub(crate) fn is_id(text: &str) -> bool {
    !text.is_empty() && text != "0"
}

/// The packages in a body.
pub(crate) fn entries(body: &Value, list: &str) -> Vec<Entry> {
    let packages = member(body, list)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    packages.iter().map(entry).collect()
}

fn entry(package: &Value) -> Entry {
    let text = |name: &str| member(package, name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let families = match member(package, "targetDeviceFamilies") {
        Some(Value::Array(families)) => families.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(family)) => vec![family.as_str()],
        _ => Vec::new(),
    };
    // For all families together the lowest counts: that is who would be left without a package.
    let min_os = families.iter().map(|family| {
        family
            .split_once("min version ")
            .and_then(|(_, version)| Version::parse(version))
    });
    let min_os = min_os
        .collect::<Option<Vec<Version>>>()
        .and_then(|versions| versions.into_iter().min());
    Entry {
        file_name: text("fileName"),
        status: text("fileStatus"),
        id: text("id"),
        architectures: architectures(&text("architecture")),
        min_os,
    }
}

fn architectures(text: &str) -> Vec<String> {
    let parts = text.split([',', ';', '|', ' ']).map(|part| part.trim().to_ascii_lowercase());
    parts.filter(|part| !part.is_empty()).collect()
}

/// Which entries of an earlier run wait for a file that nobody gives, from the last to the first.
pub(crate) fn abandoned(before: &[Entry], there: &[Entry], given: &[String]) -> Vec<Step> {
    let waits = |entry: &Entry| entry.is("PendingUpload") && !given.contains(&entry.file_name.replace('\\', "/"));
    let is_old = |entry: &Entry| before.iter().any(|old| old.is("PendingUpload") && entry.is_same(old));
    let found = there.iter().enumerate().filter(|(_, entry)| waits(entry) && is_old(entry));
    found.map(|(index, _)| Step::Drop(index)).rev().collect()
}

/// What to do with the packages that are there and the new ones. A package whose name is there as `PendingUpload` is there
/// already; one whose name is there otherwise takes its place.
pub(crate) fn steps(there: &[Entry], new: &[Package], existing: ExistingPackages) -> Result<Vec<Step>> {
    let mut deleted = vec![false; there.len()];
    let mut added = Vec::new();
    for package in new {
        let name = package.file_name()?;
        let stated = if existing == ExistingPackages::ReplaceMatching {
            Some(stated(package, &name)?)
        } else {
            None
        };
        let known = there.iter().any(|entry| entry.file_name == name && entry.is("PendingUpload"));
        if !known && !added.contains(&name) {
            added.push(name.clone());
        }
        for (entry, deleted) in there.iter().zip(&mut deleted) {
            if entry.is("PendingDelete") || entry.is("PendingUpload") {
                continue;
            }
            let replaced = match (existing, &stated) {
                (ExistingPackages::ReplaceAll, _) => true,
                (ExistingPackages::ReplaceMatching, Some(stated)) => replaces(stated, entry),
                _ => false,
            };
            *deleted |= replaced || entry.file_name == name;
        }
    }
    let deleted = deleted
        .iter()
        .enumerate()
        .filter(|(_, deleted)| **deleted)
        .map(|(index, _)| Step::Delete(index));
    Ok(deleted.chain(added.into_iter().map(Step::Add)).collect())
}

fn stated(package: &Package, name: &str) -> Result<(Vec<String>, Version)> {
    let missing = |what: &str| {
        let problem =
            format!("ExistingPackages::ReplaceMatching needs its {what}: state it with .architecture(…) and .min_os(…)");
        InvalidInput::new(format!("the package {name}"), problem)
    };
    let architectures = architectures(package.architecture.as_deref().unwrap_or_default());
    if architectures.is_empty() {
        return Err(missing("architecture").into());
    }
    let min_os = package
        .min_os
        .as_deref()
        .ok_or_else(|| missing("minimum version of Windows"))?;
    let min_os = Version::parse(min_os).ok_or_else(|| {
        InvalidInput::new(
            format!("the package {name}"),
            format!("its minimum version of Windows, {min_os:?}, is not like 10.0.17763.0"),
        )
    })?;
    Ok((architectures, min_os))
}

fn replaces((architectures, min_os): &(Vec<String>, Version), old: &Entry) -> bool {
    !old.architectures.is_empty()
        && old
            .architectures
            .iter()
            .all(|architecture| architectures.contains(architecture))
        && old.min_os.is_some_and(|old| *min_os <= old)
}

/// The entry of a new package.
pub(crate) fn new_entry(name: &str) -> Value {
    json!({"fileName": name, "fileStatus": "PendingUpload", "minimumDirectXVersion": "None", "minimumSystemRam": "None"})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there(packages: &[(&str, &str, &str, &str)]) -> Vec<Entry> {
        let packages: Vec<Value> = packages
            .iter()
            .map(|(name, status, architecture, min_os)| {
                let family = format!("Windows.Desktop min version {min_os}");
                json!({"fileName": name, "fileStatus": status, "id": "1", "architecture": architecture, "targetDeviceFamilies": [family]})
            })
            .collect();
        entries(&json!({"ApplicationPackages": packages}), "applicationPackages")
    }

    fn four() -> Vec<Entry> {
        there(&[
            ("App_1.0_x86.msix", "Uploaded", "x86", "10.0.17763.0"),
            ("App_1.0_x64.msix", "Uploaded", "x64", "10.0.17763.0"),
            ("App_1.0_arm.msix", "Uploaded", "ARM", "10.0.17763.0"),
            ("App_1.0_arm64.msix", "Uploaded", "ARM64", "10.0.17763.0"),
        ])
    }

    fn new(architecture: &str, min_os: &str) -> Vec<Package> {
        vec![Package::new("dist/App_1.1.msix").architecture(architecture).min_os(min_os)]
    }

    fn add() -> Step {
        Step::Add("App_1.1.msix".to_owned())
    }

    #[test]
    fn of_four_architectures_only_the_matching_ones_go() {
        use ExistingPackages::{Keep, ReplaceAll, ReplaceMatching};
        let table = [
            (Keep, "x64", "10.0.17763.0", vec![]),
            (ReplaceMatching, "x64", "10.0.17763.0", vec![1]),
            (ReplaceMatching, "X64", "10.0.10240.0", vec![1]),
            (ReplaceMatching, "arm64", "10.0.17763.0", vec![3]),
            (ReplaceMatching, "x64", "10.0.19041.0", vec![]),
            (ReplaceMatching, "x86, x64", "10.0.17763", vec![0, 1]),
            (ReplaceMatching, "neutral", "10.0.17763.0", vec![]),
            (ReplaceAll, "x64", "10.0.19041.0", vec![0, 1, 2, 3]),
        ];
        for (existing, architecture, min_os, deleted) in table {
            let expected: Vec<Step> = deleted.into_iter().map(Step::Delete).chain([add()]).collect();
            assert_eq!(
                steps(&four(), &new(architecture, min_os), existing).unwrap(),
                expected,
                "{existing:?} {architecture} {min_os}"
            );
        }
    }

    #[test]
    fn a_bundle_goes_only_if_all_its_architectures_are_served() {
        let bundle = there(&[("App.msixbundle", "Uploaded", "x86;x64", "10.0.17763.0")]);
        let steps = |architecture| steps(&bundle, &new(architecture, "10.0.17763.0"), ExistingPackages::ReplaceMatching).unwrap();
        assert_eq!(steps("x64"), [add()]);
        assert_eq!(steps("x64,x86"), [Step::Delete(0), add()]);
    }

    #[test]
    fn what_the_service_does_not_tell_is_not_replaced() {
        let unknown = there(&[("a", "Uploaded", "", "10.0.17763.0"), ("b", "Uploaded", "x64", "")]);
        let steps = steps(&unknown, &new("x64", "10.0.17763.0"), ExistingPackages::ReplaceMatching).unwrap();
        assert_eq!(steps, [add()]);
    }

    #[test]
    fn both_must_be_stated() {
        for package in [
            Package::new("a.msix"),
            Package::new("a.msix").architecture("x64"),
            Package::new("a.msix").min_os("10.0.17763.0"),
            Package::new("a.msix").architecture("x64").min_os("Windows 10"),
            Package::new("a.msix").architecture(" ").min_os("10.0"),
        ] {
            assert!(
                steps(&four(), std::slice::from_ref(&package), ExistingPackages::ReplaceMatching).is_err(),
                "{package:?}"
            );
            assert!(steps(&four(), &[package], ExistingPackages::Keep).is_ok());
        }
    }

    #[test]
    fn entries_merge_by_name() {
        let pending = there(&[
            ("App_1.1.msix", "PendingUpload", "", ""),
            ("old.msix", "PendingDelete", "x64", ""),
        ]);
        assert_eq!(
            steps(&pending, &new("x64", "10.0"), ExistingPackages::ReplaceAll).unwrap(),
            []
        );
        let same_name = there(&[("App_1.1.msix", "Uploaded", "x64", "10.0")]);
        assert_eq!(
            steps(&same_name, &new("x64", "10.0"), ExistingPackages::Keep).unwrap(),
            [Step::Delete(0), add()]
        );
        let twice = [Package::new("x/App_1.1.msix"), Package::new("y/App_1.1.msix")];
        assert_eq!(steps(&[], &twice, ExistingPackages::Keep).unwrap(), [add()]);
    }
}
