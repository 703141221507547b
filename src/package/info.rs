//! What is found in a package, as plain data.

#[cfg(feature = "package")]
use std::collections::BTreeMap;
use std::collections::HashSet;
use std::fmt;
use std::path::Path;

use serde::Serialize;

use crate::package::version::Version;

/// What lies in a package, a bundle or an upload container. Returned by [`inspect`](crate::package::inspect).
///
/// For a bundle or an upload container the lists are those of its packages taken together: architectures, device families,
/// restricted capabilities and the lowest version of Windows of the packages with an application, and the languages of all.
/// Each package on its own is in `packages`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PackageInfo {
    /// The name of the file; for a package in another file, its path there.
    pub file_name: String,
    /// What the file is, by its content.
    pub kind: PackageKind,
    /// The purpose of the package.
    pub role: PackageRole,
    /// The name, publisher and version. `None` if the file cannot be read, and for an upload container whose packages differ in them.
    pub identity: Option<PackageIdentity>,
    /// The architectures in lowercase: `x86`, `x64`, `arm`, `arm64`, `x86a64` or `neutral`.
    pub architectures: Vec<String>,
    /// The device families that the package runs on. Packages for Windows 8 and 8.1 have none.
    pub device_families: Vec<DeviceFamily>,
    /// The lowest version of Windows that the package runs on.
    pub min_os: Option<Version>,
    /// The languages, the default language first.
    pub languages: Vec<String>,
    /// The restricted capabilities without their prefix, such as `runFullTrust`. Microsoft has to approve each of them.
    pub restricted_capabilities: Vec<String>,
    /// The packages in a bundle, or the packages and bundles in an upload container.
    pub packages: Vec<Self>,
    /// The names of the symbol files (`.appxsym`, `.msixsym`) in an upload container.
    pub symbols: Vec<String>,
    /// Why the file cannot be read, for example because it is encrypted. `None` if it was read.
    ///
    /// Of a file that cannot be read only the name and the kind are known, and of a package in a bundle also what the manifest of the
    /// bundle says about it.
    pub unreadable: Option<String>,
}

/// The kind of a file with packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum PackageKind {
    /// A single package: `.msix` or `.appx`.
    #[default]
    Package,
    /// A bundle of packages of one app: `.msixbundle` or `.appxbundle`.
    Bundle,
    /// A container for the Store with a package or a bundle and its symbols: `.msixupload` or `.appxupload`.
    Upload,
}

impl PackageKind {
    /// The kind that the extension of a file says, if it is one of a package.
    pub(crate) fn by_name(path: impl AsRef<Path>) -> Option<Self> {
        let extension = path.as_ref().extension()?.to_ascii_lowercase();
        Some(match extension.to_str()? {
            "msix" | "appx" => Self::Package,
            "msixbundle" | "appxbundle" => Self::Bundle,
            "msixupload" | "appxupload" => Self::Upload,
            _ => return None,
        })
    }
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

/// The purpose of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum PackageRole {
    /// An application, or an addition to one.
    #[default]
    Application,
    /// Resources only, such as those of a language or a scale.
    Resource,
    /// A framework, on which other packages depend.
    Framework,
}

/// The identity of a package or bundle, from its manifest.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PackageIdentity {
    /// The name, such as `1234Contoso.App`.
    pub name: String,
    /// The publisher, such as `CN=Contoso`.
    pub publisher: String,
    /// The version.
    pub version: Version,
}

/// A device family that a package runs on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DeviceFamily {
    /// The name, such as `Windows.Desktop`.
    pub name: String,
    /// The lowest version of Windows that the package runs on.
    pub min_version: Version,
    /// The highest version of Windows that the package was tested on.
    pub max_version_tested: Option<Version>,
}

#[cfg(feature = "package")]
impl PackageInfo {
    /// Sets the lists of a bundle or container from those of its packages.
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

/// Returns each value once, ignoring case, in its first spelling.
pub(crate) fn distinct<'a, S: AsRef<str> + 'a>(values: impl IntoIterator<Item = S>) -> Vec<String> {
    let mut seen = HashSet::new();
    let new = values.into_iter().filter(|value| seen.insert(value.as_ref().to_lowercase()));
    new.map(|value| value.as_ref().to_owned()).collect()
}
