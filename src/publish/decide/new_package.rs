//! A package to be submitted: what the caller states, what lies in its file, and how that compares with the Store's packages.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::model::package::ApplicationPackage;
use crate::package::{PackageInfo, PackageRole, Version};

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
    /// a bundle. Default: what its manifest says.
    #[must_use]
    pub fn architecture(mut self, architecture: impl Into<String>) -> Self {
        self.architecture = Some(architecture.into());
        self
    }

    /// Its minimum version of Windows, for example `10.0.17763.0`. Default: what its manifest says.
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

/// What was found in the file of a package.
#[derive(Debug, Clone)]
#[cfg_attr(not(feature = "package"), expect(dead_code, reason = "nothing is read without the feature"))]
pub(crate) enum Found {
    /// What lies in it.
    Read(Box<PackageInfo>),
    /// Why nobody can tell; it may be right.
    Unreadable(String),
    /// What is wrong with it.
    Broken(String),
}

/// A package to be submitted, with what is known of it: what the caller has stated, else what was found in it.
#[derive(Debug, Clone)]
pub(crate) struct NewPackage {
    pub(crate) name: String,
    pub(crate) found: Found,
    /// The versions that the service may tell of it, that of the whole first: for a bundle also those of its packages.
    pub(crate) versions: Vec<Version>,
    pub(crate) runs_on: Audience,
}

/// The devices that a package runs on. What is not known is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Audience {
    /// In small letters.
    pub(crate) architectures: Vec<String>,
    /// In small letters.
    pub(crate) families: Vec<String>,
    min_os: Option<Version>,
}

impl Audience {
    /// The devices that the service tells of a package.
    pub(crate) fn of(package: &ApplicationPackage) -> Self {
        let families = package.target_device_families.iter();
        let families = families.map(|family| family.split_once(" min version ").unwrap_or((family.as_str(), "")));
        let (names, versions): (Vec<_>, Vec<_>) = families
            .map(|(name, version)| (name.to_ascii_lowercase(), Version::short(version.trim())))
            .unzip();
        Self {
            architectures: architectures(&package.architecture),
            families: names,
            // The lowest counts: that is who would be left without a package.
            min_os: versions
                .into_iter()
                .collect::<Option<Vec<_>>>()
                .and_then(|all| all.into_iter().min()),
        }
    }

    /// Whether some device may run both. Of a flight's packages the service does not tell the families.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        let is_universal =
            |families: &[String]| families.is_empty() || families.iter().any(|family| family == "windows.universal");
        let shares = |one: &[String], other: &[String]| one.iter().any(|it| other.contains(it));
        shares(&self.architectures, &other.architectures)
            && (is_universal(&self.families) || is_universal(&other.families) || shares(&self.families, &other.families))
    }
}

/// The architectures that a text names, in small letters.
pub(crate) fn architectures(text: &str) -> Vec<String> {
    let parts = text.split([',', ';', '|', ' ']).map(|part| part.trim().to_ascii_lowercase());
    parts.filter(|part| !part.is_empty()).collect()
}

/// The version that the service tells of a package.
pub(crate) fn version(package: &ApplicationPackage) -> Option<Version> {
    Version::short(package.version.trim())
}

impl NewPackage {
    pub(crate) fn new(package: &Package, found: Found) -> Result<Self> {
        let name = package.file_name()?;
        let mut runs_on = Audience::default();
        let mut versions = Vec::new();
        if let Found::Read(info) = &found {
            runs_on.architectures = info.architectures.iter().map(|it| it.to_ascii_lowercase()).collect();
            runs_on.families = info
                .device_families
                .iter()
                .map(|family| family.name.to_ascii_lowercase())
                .collect();
            runs_on.min_os = info.min_os;
            versions = info.identity.iter().map(|identity| identity.version).collect();
            for version in application_versions(info) {
                if !versions.contains(&version) {
                    versions.push(version);
                }
            }
        }
        if let Some(stated) = &package.architecture {
            runs_on.architectures = architectures(stated);
        }
        if let Some(stated) = &package.min_os {
            let wrong = || {
                Error::invalid(
                    format!("the package {name}"),
                    format!("its minimum version of Windows, {stated:?}, is not like 10.0.17763.0"),
                )
            };
            runs_on.min_os = Some(Version::short(stated.trim()).ok_or_else(wrong)?);
        }
        Ok(Self {
            name,
            found,
            versions,
            runs_on,
        })
    }

    pub(crate) fn info(&self) -> Option<&PackageInfo> {
        match &self.found {
            Found::Read(info) => Some(info),
            Found::Unreadable(_) | Found::Broken(_) => None,
        }
    }

    /// Why nothing is known of what lies in it.
    pub(crate) fn unreadable(&self) -> Option<&str> {
        match &self.found {
            Found::Read(_) => None,
            Found::Unreadable(why) | Found::Broken(why) => Some(why),
        }
    }

    pub(crate) fn version(&self) -> Option<Version> {
        self.versions.first().copied()
    }

    pub(crate) fn architectures(&self) -> &[String] {
        &self.runs_on.architectures
    }

    /// The versions that the Store holds for devices that may run this one.
    pub(crate) fn rivals(&self, held: &[ApplicationPackage]) -> impl Iterator<Item = (Audience, Version)> {
        let told = held.iter().map(|held| Some((Audience::of(held), version(held)?)));
        told.flatten().filter(|(audience, _)| self.runs_on.meets(audience))
    }

    /// The highest version that the Store holds for each device that may run this one: one for later versions of Windows alone is no
    /// rival, for it leaves the other devices to this.
    pub(crate) fn highest(&self, held: &[ApplicationPackage]) -> Option<Version> {
        let is_later = |other: &Audience| {
            self.runs_on
                .min_os
                .zip(other.min_os)
                .is_some_and(|(this, other)| other > this)
        };
        let rivals = self.rivals(held).filter(|(audience, _)| !is_later(audience));
        rivals.map(|(_, version)| version).max()
    }

    /// Whether the Store holds this very version for each of its architectures.
    pub(crate) fn is_held(&self, held: &[ApplicationPackage]) -> bool {
        let is_it = |held: &ApplicationPackage| version(held).is_some_and(|version| self.versions.contains(&version));
        let is_held = |architecture: &String| {
            let alone = Audience {
                architectures: vec![architecture.clone()],
                ..self.runs_on.clone()
            };
            held.iter().any(|held| is_it(held) && alone.meets(&Audience::of(held)))
        };
        !self.architectures().is_empty() && self.architectures().iter().all(is_held)
    }

    /// What has to be known of it before it can take the place of others: its architectures and its minimum version of Windows.
    ///
    /// # Errors
    ///
    /// If that is neither stated nor found.
    pub(crate) fn replacement(&self) -> Result<Replacement<'_>> {
        let unknown = |what: &str, setter: &str| {
            let why = self.unreadable().unwrap_or("its manifest does not tell");
            let problem = format!("ExistingPackages::ReplaceMatching needs its {what}, but {why}: state it with {setter}");
            Error::invalid(format!("the package {}", self.name), problem)
        };
        if self.architectures().is_empty() {
            return Err(unknown("architecture", ".architecture(…)"));
        }
        let min_os = self.runs_on.min_os;
        let min_os = min_os.ok_or_else(|| unknown("minimum version of Windows", ".min_os(…)"))?;
        Ok(Replacement {
            architectures: self.architectures(),
            min_os,
        })
    }
}

/// A package that may take the place of others.
#[derive(Debug)]
pub(crate) struct Replacement<'p> {
    architectures: &'p [String],
    min_os: Version,
}

impl Replacement<'_> {
    /// Whether no device would be left without a package if it took the place of `old`: it has every architecture of it, and
    /// its minimum version of Windows is the same or lower.
    pub(crate) fn covers(&self, old: &ApplicationPackage) -> bool {
        let old = Audience::of(old);
        !old.architectures.is_empty()
            && old.architectures.iter().all(|it| self.architectures.contains(it))
            && old.min_os.is_some_and(|old| self.min_os <= old)
    }
}

/// The versions in the manifests of applications.
pub(crate) fn application_versions(info: &PackageInfo) -> Vec<Version> {
    if info.packages.is_empty() {
        let is_application = info.role == PackageRole::Application;
        return info
            .identity
            .iter()
            .filter(|_| is_application)
            .map(|identity| identity.version)
            .collect();
    }
    info.packages.iter().flat_map(application_versions).collect()
}
