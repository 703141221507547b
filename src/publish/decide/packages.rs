//! The entries of packages in a submission: those that are added, kept and removed.

use std::fmt;

use serde::Serialize;

use crate::error::Result;
use crate::model::package::{ApplicationPackage, FileStatus, same_name};
use crate::publish::decide::new_package::{NewPackage, architectures};
use crate::publish::files::ArchiveFile;

/// What to do with the existing packages when a new one is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ExistingPackages {
    /// Keep them. The Store gives each device the highest version that runs on it.
    #[default]
    Keep,
    /// Remove those that a new package takes the place of: the new one has every architecture of the old one, for each of its
    /// device families, from the same version of Windows on or a lower one, so that nobody is left without a package. Of a new package that cannot be read
    /// both must be stated; an old package of which the service does not tell them is kept.
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
    /// Its version, as far as the service or its manifest tells.
    pub version: Option<String>,
    /// Its architectures, in small letters, as far as the service or its manifest tells.
    pub architectures: Vec<String>,
    /// Of one that comes: the highest version that the Store holds for the same devices.
    pub old_version: Option<String>,
    /// Of one that comes: why its file cannot be read. The guards that need to know what lies in it do not look at it then.
    pub unreadable: Option<String>,
}

impl fmt::Display for PlannedPackage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fate = match self.fate {
            PackageFate::Comes => "comes",
            PackageFate::Stays => "stays",
            PackageFate::Goes => "goes ",
            PackageFate::Dropped => "drops",
        };
        write!(f, "{fate} {}", self.file_name)?;
        let version = match (&self.old_version, &self.version) {
            (Some(old), Some(new)) => Some(format!("{old} → {new}")),
            (None, new) => new.clone(),
            (Some(_), None) => None,
        };
        let architectures = Some(self.architectures.join(" and ")).filter(|text| !text.is_empty());
        let unreadable = self.unreadable.as_ref().map(|why| format!("cannot be read: {why}"));
        let known: Vec<String> = [architectures, version, unreadable].into_iter().flatten().collect();
        if known.is_empty() {
            Ok(())
        } else {
            write!(f, " ({})", known.join(", "))
        }
    }
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
    new: &[NewPackage],
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
        let replacement = match existing {
            ExistingPackages::ReplaceMatching => Some(package.replacement()?),
            _ => None,
        };
        for old in packages.iter_mut().take(there).filter(|old| !old.is_awaited()) {
            let is_replaced = replacement.as_ref().is_some_and(|new| new.covers(old));
            if is_replaced || existing == ExistingPackages::ReplaceAll || same_name(&old.file_name, &package.name) {
                old.file_status = FileStatus::PendingDelete;
            }
        }
        if !packages
            .iter()
            .any(|known| known.is_awaited() && same_name(&known.file_name, &package.name))
        {
            packages.push(ApplicationPackage::pending_upload(&package.name));
        }
    }
    Ok(())
}

/// Which packages come, stay and go. `held` are those of the last published submission.
pub(crate) fn planned(
    before: &[ApplicationPackage],
    after: &[ApplicationPackage],
    new: &[NewPackage],
    held: &[ApplicationPackage],
) -> Vec<PlannedPackage> {
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
    let planned = there.chain(dropped).map(|(package, fate)| {
        let file_name = package.file_name.clone();
        let is_it = |new: &&NewPackage| fate == PackageFate::Comes && same_name(&new.name, &file_name);
        match new.iter().find(is_it) {
            Some(new) => PlannedPackage {
                version: new.version.map(|version| version.to_string()),
                architectures: new.architectures(),
                old_version: new.highest(held).map(|version| version.to_string()),
                unreadable: new.unreadable().map(str::to_owned),
                file_name,
                fate,
            },
            None => PlannedPackage {
                version: Some(package.version.clone()).filter(|version| !version.is_empty()),
                architectures: architectures(&package.architecture),
                old_version: None,
                unreadable: None,
                file_name,
                fate,
            },
        }
    });
    planned.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::{DeviceFamily, PackageInfo, PackageKind};
    use crate::publish::decide::new_package::{Found, Package};

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

    fn looked_at(package: &Package) -> Result<NewPackage> {
        NewPackage::new(package, Found::Unreadable("it is encrypted".to_owned()))
    }

    fn new(architecture: &str, min_os: &str) -> Vec<NewPackage> {
        let package = Package::new("dist/App_1.1.msix").architecture(architecture).min_os(min_os);
        vec![looked_at(&package).unwrap()]
    }

    /// The index of each one that is marked now, and the name of each one that is new.
    fn found(there: &[ApplicationPackage], new: &[NewPackage], existing: ExistingPackages) -> (Vec<usize>, Vec<String>) {
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
    fn nobody_is_left_without_a_package() {
        let found = |old: &[ApplicationPackage], new: PackageInfo| {
            let new = NewPackage::new(&Package::new("dist/App_1.1.msix"), Found::Read(Box::new(new))).unwrap();
            found(old, &[new], ExistingPackages::ReplaceMatching).0
        };
        let info = |architecture: &str, family: &str, min_os: &str| PackageInfo {
            architectures: vec![architecture.to_owned()],
            device_families: vec![DeviceFamily {
                name: family.to_owned(),
                min_version: min_os.parse().unwrap(),
                max_version_tested: None,
            }],
            min_os: min_os.parse().ok(),
            ..PackageInfo::default()
        };
        let old = |families: &[&str]| {
            let mut old = package("old", "Uploaded", "x64", "");
            old.target_device_families = families
                .iter()
                .map(|family| format!("{family} min version 10.0.17763.0"))
                .collect();
            [old]
        };
        let desktop = || info("x64", "Windows.Desktop", "10.0.17763.0");
        assert_eq!(found(&old(&["Windows.Desktop"]), desktop()), [0]);
        assert_eq!(found(&old(&["Windows.Xbox"]), desktop()), [0; 0]);
        assert_eq!(found(&old(&["Windows.Desktop", "Windows.Xbox"]), desktop()), [0; 0]);
        assert_eq!(
            found(&old(&["Windows.Xbox"]), info("x64", "Windows.Universal", "10.0.10240.0")),
            [0]
        );
        // In a bundle each package has its own lowest version.
        let bundle = PackageInfo {
            kind: PackageKind::Bundle,
            packages: vec![
                info("x64", "Windows.Desktop", "10.0.22000.0"),
                info("arm64", "Windows.Desktop", "10.0.17763.0"),
            ],
            ..PackageInfo::default()
        };
        assert_eq!(found(&old(&["Windows.Desktop"]), bundle), [0; 0]);
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
            let replace = |existing| replace(&mut four(), &[], &[looked_at(&package)?], existing, &[]);
            assert!(replace(ExistingPackages::ReplaceMatching).is_err(), "{package:?}");
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
            let new = [looked_at(&Package::new("App_1.1.msix").name(name)).unwrap()];
            let (marked, added) = found(&same_name, &new, ExistingPackages::Keep);
            assert_eq!((marked, added), (vec![0], vec![name.replace('\\', "/")]));
            let awaited = [package(name, "PendingUpload", "x64", "10.0")];
            assert_eq!(found(&awaited, &new, ExistingPackages::Keep), (vec![], vec![]));
        }
        let twice = ["x/App_1.1.msix", "y/App_1.1.msix"].map(|path| looked_at(&Package::new(path)).unwrap());
        assert_eq!(found(&[], &twice, ExistingPackages::Keep), (vec![], added()));
    }
}
