//! What is found in a package, as plain data.

#[cfg(feature = "package")]
use std::collections::{BTreeMap, HashSet};
use std::fmt;

use crate::package::version::Version;

/// What [`inspect`](crate::package::inspect) has found in a file.
///
/// A bundle or an upload container tells about all that lies in it: the architectures, device families, restricted capabilities
/// and the lowest version of Windows of its applications, the languages of everything. Only `packages` tells them apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct PackageInfo {
    /// The name of the file; for what lies in another file, its path there.
    pub file_name: String,
    /// What the file is, by what it holds.
    pub kind: PackageKind,
    /// What the package is for.
    pub role: PackageRole,
    /// Who it is. `None` for what cannot be read, and for a container whose packages are not of one identity.
    pub identity: Option<PackageIdentity>,
    /// The architectures as manifests write them, in small letters: `x86`, `x64`, `arm`, `arm64`, `x86a64`, `neutral`.
    pub architectures: Vec<String>,
    /// The device families that it runs on. Packages for Windows 8 and 8.1 state none.
    pub device_families: Vec<DeviceFamily>,
    /// The lowest version of Windows that it runs on.
    pub min_os: Option<Version>,
    /// The languages, the default first.
    pub languages: Vec<String>,
    /// The restricted capabilities, without prefix, as `runFullTrust`. Each has to be approved by Microsoft.
    pub restricted_capabilities: Vec<String>,
    /// What a bundle or an upload container holds.
    pub packages: Vec<Self>,
    /// The names of the files with symbols (`.appxsym`, `.msixsym`) in an upload container.
    pub symbols: Vec<String>,
    /// Why it cannot be read, if so: that it is encrypted, as a rule. Then only the name and the kind are known, and of a package
    /// of a bundle what the manifest of the bundle says.
    pub unreadable: Option<String>,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum PackageKind {
    /// A single package: `.msix` or `.appx`.
    #[default]
    Package,
    /// A bundle of packages of one app: `.msixbundle` or `.appxbundle`.
    Bundle,
    /// A container for the Store, with a package or bundle and its symbols: `.msixupload` or `.appxupload`.
    Upload,
}

impl fmt::Display for PackageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Package => "package",
            Self::Bundle => "bundle",
            Self::Upload => "upload container",
        })
    }
}

/// What a package is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum PackageRole {
    /// It holds an application, or adds to one.
    #[default]
    Application,
    /// It holds resources only: a language, a scale.
    Resource,
    /// A framework that other packages depend on.
    Framework,
}

/// Who a package is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct PackageIdentity {
    /// The name, as `1234Contoso.App`.
    pub name: String,
    /// The publisher, as `CN=…`.
    pub publisher: String,
    /// The version.
    pub version: Version,
}

/// A device family that a package runs on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct DeviceFamily {
    /// The name, as `Windows.Desktop`.
    pub name: String,
    /// The lowest version of Windows that it runs on.
    pub min_version: Version,
    /// The highest version of Windows that it was tested on.
    pub max_version_tested: Option<Version>,
}

#[cfg(feature = "package")]
impl PackageInfo {
    /// Tells about all that it holds.
    pub(super) fn gather(&mut self) {
        let is_main = |package: &&Self| package.role == PackageRole::Application;
        let only_others = !self.packages.iter().any(|package| is_main(&package));
        let main = || self.packages.iter().filter(|package| only_others || is_main(package));

        let mut families = BTreeMap::new();
        for family in main().flat_map(|package| &package.device_families) {
            let known: &mut DeviceFamily = families.entry(family.name.to_lowercase()).or_insert_with(|| family.clone());
            known.min_version = known.min_version.min(family.min_version);
            known.max_version_tested = known.max_version_tested.max(family.max_version_tested);
        }
        self.device_families = families.into_values().collect();
        self.architectures = distinct(main().flat_map(|package| &package.architectures));
        self.restricted_capabilities = distinct(main().flat_map(|package| &package.restricted_capabilities));
        self.languages = distinct(main().chain(&self.packages).flat_map(|package| &package.languages));
        self.min_os = main().filter_map(|package| package.min_os).min();
        self.role = main().next().map(|package| package.role).unwrap_or_default();
        let first = main().next().and_then(|package| package.identity.as_ref());
        if self.identity.is_none() && main().all(|package| package.identity.as_ref() == first) {
            self.identity = first.cloned();
        }
    }
}

#[cfg(feature = "package")]
/// Each once, without regard to case, in the first spelling.
pub(super) fn distinct<'a, S: AsRef<str> + 'a>(values: impl IntoIterator<Item = S>) -> Vec<String> {
    let mut seen = HashSet::new();
    let new = values.into_iter().filter(|value| seen.insert(value.as_ref().to_lowercase()));
    new.map(|value| value.as_ref().to_owned()).collect()
}
