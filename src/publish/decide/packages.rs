//! The packages of a submission: those that are added, kept and removed, and those that the service has taken.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::api::wait::Milestone;
use crate::error::{Error, Result};
use crate::model::package::{ApplicationPackage, FileStatus, is_id, same_name};
use crate::publish::files::ArchiveFile;

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
        return Err(Error::invalid(
            format!("the file {}", path.display()),
            "it has no name that can be sent",
        ));
    }
    Ok(name.replace('\\', "/"))
}

/// What to do with the existing packages when a new one is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ExistingPackages {
    /// Keep them. The Store gives each device the highest version that runs on it.
    #[default]
    Keep,
    /// Remove those that a new package takes the place of: the new one has every architecture of the old one, and its minimum
    /// version of Windows is the same or lower, so that nobody is left without a package. Both must be stated for each new
    /// package; an old package of which the service does not tell them is kept.
    ///
    /// With `App_1.0_x86`, `App_1.0_x64`, `App_1.0_arm` and `App_1.0_arm64` in the Store, a new x64 package with the same
    /// minimum version replaces `App_1.0_x64` alone.
    ReplaceMatching,
    /// Remove them all, with the entries of an earlier run that wait for a file which is not given: after a failed commit, the
    /// mended package may have another name.
    ReplaceAll,
}

/// A package in a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PlannedPackage {
    /// The name of its file.
    pub file_name: String,
    /// Whether it would be added, kept or removed.
    pub fate: PackageFate,
}

/// Whether a package would be added, kept or removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum PackageFate {
    /// It would be added.
    Comes,
    /// It would be kept.
    Stays,
    /// It would be removed.
    Goes,
    /// Its entry would be taken out, because it waits for a file that is not given.
    Dropped,
}

/// Marks, takes out and adds packages. A new package whose name is there as `PendingUpload` is there already; one whose name is
/// there otherwise takes its place. `before` is what the service sent.
pub(crate) fn replace(
    packages: &mut Vec<ApplicationPackage>,
    before: &[ApplicationPackage],
    new: &[Package],
    existing: ExistingPackages,
    given: &[ArchiveFile],
) -> Result<()> {
    if existing == ExistingPackages::ReplaceAll && !new.is_empty() {
        let is_given = |package: &ApplicationPackage| given.iter().any(|file| same_name(&file.name, &package.file_name));
        let is_old = |package: &ApplicationPackage| before.iter().any(|old| old.is_awaited() && old.is_same(package));
        packages.retain(|package| !package.is_awaited() || is_given(package) || !is_old(package));
    }
    let there = packages.len();
    for package in new {
        let name = package.file_name()?;
        let stated = match existing {
            ExistingPackages::ReplaceMatching => Some(stated(package, &name)?),
            _ => None,
        };
        for old in packages.iter_mut().take(there).filter(|old| !old.is_awaited()) {
            let is_replaced = stated.as_ref().is_some_and(|stated| replaces(stated, old));
            if is_replaced || existing == ExistingPackages::ReplaceAll || same_name(&old.file_name, &name) {
                old.file_status = FileStatus::PendingDelete;
            }
        }
        if !packages
            .iter()
            .any(|known| known.is_awaited() && same_name(&known.file_name, &name))
        {
            packages.push(ApplicationPackage::pending_upload(name));
        }
    }
    Ok(())
}

/// Which packages come, stay and go.
pub(crate) fn planned(before: &[ApplicationPackage], after: &[ApplicationPackage]) -> Vec<PlannedPackage> {
    let is_dropped = |old: &&ApplicationPackage| old.is_awaited() && !after.iter().any(|package| package.is_same(old));
    let dropped = before
        .iter()
        .filter(is_dropped)
        .map(|package| (package, PackageFate::Dropped));
    let there = after.iter().map(|package| match package.file_status {
        FileStatus::PendingDelete => (package, PackageFate::Goes),
        FileStatus::PendingUpload => (package, PackageFate::Comes),
        _ => (package, PackageFate::Stays),
    });
    let planned = there.chain(dropped).map(|(package, fate)| PlannedPackage {
        file_name: package.file_name.clone(),
        fate,
    });
    planned.collect()
}

/// The four numbers of a version, those that are not written being 0.
fn version(text: &str) -> Option<[u64; 4]> {
    let mut numbers = [0; 4];
    for (index, part) in text.trim().split('.').enumerate() {
        *numbers.get_mut(index)? = part.parse().ok()?;
    }
    Some(numbers)
}

fn architectures(text: &str) -> Vec<String> {
    let parts = text.split([',', ';', '|', ' ']).map(|part| part.trim().to_ascii_lowercase());
    parts.filter(|part| !part.is_empty()).collect()
}

/// For all device families together the lowest counts: that is who would be left without a package.
fn min_os(package: &ApplicationPackage) -> Option<[u64; 4]> {
    let families = package.target_device_families.iter();
    let versions = families.map(|family| version(family.split_once("min version ")?.1));
    versions.collect::<Option<Vec<_>>>()?.into_iter().min()
}

fn stated(package: &Package, name: &str) -> Result<(Vec<String>, [u64; 4])> {
    let missing = |what: &str| {
        let problem =
            format!("ExistingPackages::ReplaceMatching needs its {what}: state it with .architecture(…) and .min_os(…)");
        Error::invalid(format!("the package {name}"), problem)
    };
    let architectures = architectures(package.architecture.as_deref().unwrap_or_default());
    if architectures.is_empty() {
        return Err(missing("architecture"));
    }
    let min_os = package
        .min_os
        .as_deref()
        .ok_or_else(|| missing("minimum version of Windows"))?;
    let min_os = version(min_os).ok_or_else(|| {
        Error::invalid(
            format!("the package {name}"),
            format!("its minimum version of Windows, {min_os:?}, is not like 10.0.17763.0"),
        )
    })?;
    Ok((architectures, min_os))
}

fn replaces((new, lowest): &(Vec<String>, [u64; 4]), old: &ApplicationPackage) -> bool {
    let served = architectures(&old.architecture);
    !served.is_empty()
        && served.iter().all(|architecture| new.contains(architecture))
        && min_os(old).is_some_and(|old| *lowest <= old)
}

/// Whether the service has taken all of these packages: each has an entry of its name with an id that was not `known` before. At
/// acceptance the service may still be at work on it, so an entry that waits for its file is enough.
pub(crate) fn were_taken(names: &[String], now: &[ApplicationPackage], known: &[ApplicationPackage], goal: Milestone) -> bool {
    // Of a package that a reused draft had added itself, the id is not known.
    let is_known = |id: &str| known.iter().any(|old| old.id == id && !old.is_awaited());
    let is_taken = |package: &&ApplicationPackage| match package.is_awaited() {
        true => goal == Milestone::Accepted,
        false => is_id(&package.id) && !is_known(&package.id),
    };
    let mut names = names.iter();
    names.all(|name| now.iter().filter(is_taken).any(|package| same_name(&package.file_name, name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, status: &str, architecture: &str, min_os: &str) -> ApplicationPackage {
        let mut package = ApplicationPackage::pending_upload(name);
        package.file_status = status.into();
        package.id = "1".into();
        package.architecture = architecture.into();
        package.target_device_families = vec![format!("Windows.Desktop min version {min_os}")];
        package
    }

    fn four() -> Vec<ApplicationPackage> {
        vec![
            package("App_1.0_x86.msix", "Uploaded", "x86", "10.0.17763.0"),
            package("App_1.0_x64.msix", "Uploaded", "x64", "10.0.17763.0"),
            package("App_1.0_arm.msix", "Uploaded", "ARM", "10.0.17763.0"),
            package("App_1.0_arm64.msix", "Uploaded", "ARM64", "10.0.17763.0"),
        ]
    }

    fn new(architecture: &str, min_os: &str) -> Vec<Package> {
        vec![Package::new("dist/App_1.1.msix").architecture(architecture).min_os(min_os)]
    }

    /// The index of each one that is marked now, and the name of each one that is new.
    fn found(there: &[ApplicationPackage], new: &[Package], existing: ExistingPackages) -> (Vec<usize>, Vec<String>) {
        let mut packages = there.to_vec();
        replace(&mut packages, there, new, existing, &[]).unwrap();
        let is_marked = |index: &usize| packages[*index] != there[*index];
        let added = packages[there.len()..].iter().map(|package| package.file_name.clone());
        ((0..there.len()).filter(is_marked).collect(), added.collect())
    }

    fn added() -> Vec<String> {
        vec!["App_1.1.msix".to_owned()]
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
        for (existing, architecture, min_os, marked) in table {
            assert_eq!(
                found(&four(), &new(architecture, min_os), existing),
                (marked, added()),
                "{existing:?} {architecture} {min_os}"
            );
        }
    }

    #[test]
    fn a_bundle_goes_only_if_all_its_architectures_are_served() {
        let bundle = [package("App.msixbundle", "Uploaded", "x86;x64", "10.0.17763.0")];
        let found = |architecture| found(&bundle, &new(architecture, "10.0.17763.0"), ExistingPackages::ReplaceMatching);
        assert_eq!(found("x64"), (vec![], added()));
        assert_eq!(found("x64,x86"), (vec![0], added()));
    }

    #[test]
    fn what_the_service_does_not_tell_is_not_replaced() {
        let mut silent = package("c", "Uploaded", "x64", "");
        silent.target_device_families.clear();
        let unknown = [
            package("a", "Uploaded", "", "10.0.17763.0"),
            package("b", "Uploaded", "x64", ""),
            silent,
        ];
        let found = found(&unknown, &new("x64", "10.0.17763.0"), ExistingPackages::ReplaceMatching);
        assert_eq!(found, (vec![], added()));
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
            let replace = |existing| replace(&mut four(), &[], std::slice::from_ref(&package), existing, &[]);
            assert!(replace(ExistingPackages::ReplaceMatching).is_err(), "{package:?}");
            assert!(replace(ExistingPackages::Keep).is_ok());
        }
    }

    #[test]
    fn entries_merge_by_name() {
        let pending = [
            package("App_1.1.msix", "PendingUpload", "", ""),
            package("old.msix", "PendingDelete", "x64", ""),
        ];
        let mut packages = pending.to_vec();
        let given = [ArchiveFile::new("App_1.1.msix", "dist/App_1.1.msix", 1)];
        replace(
            &mut packages,
            &pending,
            &new("x64", "10.0"),
            ExistingPackages::ReplaceAll,
            &given,
        )
        .unwrap();
        assert_eq!(packages, pending);
        for name in ["App_1.1.msix", "x64\\App_1.1.msix", "x64/App_1.1.msix"] {
            let same_name = [package(name, "Uploaded", "x64", "10.0")];
            let new = [Package::new("App_1.1.msix").name(name)];
            let (marked, added) = found(&same_name, &new, ExistingPackages::Keep);
            assert_eq!((marked, added), (vec![0], vec![name.replace('\\', "/")]));
            let awaited = [package(name, "PendingUpload", "x64", "10.0")];
            assert_eq!(found(&awaited, &new, ExistingPackages::Keep), (vec![], vec![]));
        }
        let twice = [Package::new("x/App_1.1.msix"), Package::new("y/App_1.1.msix")];
        assert_eq!(found(&[], &twice, ExistingPackages::Keep), (vec![], added()));
    }

    #[test]
    fn a_package_is_taken_if_its_id_is_new() {
        let package = |(name, id, status): &(&str, &str, &str)| {
            let mut package = ApplicationPackage::pending_upload(*name);
            (package.id, package.file_status) = ((*id).to_owned(), (*status).into());
            package
        };
        let known = [package(&("a", "1", ""))];
        type Row<'t> = (&'t [(&'t str, &'t str, &'t str)], bool, bool);
        let table: [Row<'_>; 7] = [
            // now, taken at certification, taken at acceptance
            (&[("a", "1", "")], false, false),
            (&[("a", "2", "")], true, true),
            (&[("a", "", "")], false, false),
            (&[("a", "0", "Uploaded")], false, false),
            (&[("a", "", "PendingUpload")], false, true),
            (&[("b", "2", "")], false, false),
            (&[("a", "1", ""), ("a", "2", "")], true, true),
        ];
        for (now, certified, accepted) in table {
            let packages: Vec<ApplicationPackage> = now.iter().map(package).collect();
            let taken = |goal| were_taken(&["a".to_owned()], &packages, &known, goal);
            assert_eq!(
                (taken(Milestone::Certified), taken(Milestone::Accepted)),
                (certified, accepted),
                "{now:?}"
            );
        }
        let slashed = [package(&("x64\\a", "2", "Uploaded"))];
        assert!(were_taken(&["x64/a".to_owned()], &slashed, &known, Milestone::Published));
    }
}
