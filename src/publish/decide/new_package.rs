//! A package to be submitted: what the caller states, what lies in its file, and how that compares with the Store's packages.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::model::package::{ApplicationPackage, same_name};
use crate::package::{PackageInfo, PackageRole, Version, distinct};

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
    /// The version of the whole.
    pub(crate) version: Option<Version>,
    /// The applications in it, as far as they are known; of a single package itself.
    pub(crate) parts: Vec<Part>,
}

/// An application in a package.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) version: Option<Version>,
    pub(crate) runs_on: Audience,
}

/// The devices that a package runs on. What is not known is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Audience {
    /// In small letters.
    pub(crate) architectures: Vec<String>,
    /// In small letters, each with the lowest version that the package runs on.
    pub(crate) families: Vec<(String, Option<Version>)>,
    /// The lowest version of Windows of all families.
    min_os: Option<Version>,
}

const UNIVERSAL: &str = "windows.universal";

/// What the service writes of a package for Windows 8, which knows no device families.
pub(crate) const WINDOWS_8: &str = "none";

impl Audience {
    /// The devices that the service tells of a package.
    pub(crate) fn of(package: &ApplicationPackage) -> Self {
        let families = package.target_device_families.iter().map(|family| {
            let (name, version) = family.split_once(" min version ").unwrap_or((family.as_str(), ""));
            (name.to_ascii_lowercase(), Version::short(version.trim()))
        });
        let families: Vec<_> = families.collect();
        let versions: Option<Vec<Version>> = families.iter().map(|(_, version)| *version).collect();
        Self {
            architectures: architectures(&package.architecture),
            min_os: versions.and_then(|versions| versions.into_iter().min()),
            families,
        }
    }

    /// The devices that manifests tell.
    fn of_info(info: &PackageInfo) -> Self {
        let families = info.device_families.iter();
        let families = families.map(|family| (family.name.to_ascii_lowercase(), Some(family.min_version)));
        let mut families: Vec<_> = families.collect();
        if families.is_empty() && info.unreadable.is_none() {
            families.push((WINDOWS_8.to_owned(), info.min_os));
        }
        Self {
            architectures: info.architectures.iter().map(|it| it.to_ascii_lowercase()).collect(),
            families,
            min_os: info.min_os,
        }
    }

    /// The lowest version of a device family that the package runs on.
    fn least(&self, family: &str) -> Option<Version> {
        let find = |name: &str| self.families.iter().find(|(known, _)| known == name);
        match find(family).or_else(|| find(UNIVERSAL)) {
            Some((_, least)) => *least,
            None if self.families.is_empty() => self.min_os,
            None => None,
        }
    }

    pub(crate) fn has_architecture(&self, architecture: &str) -> bool {
        self.architectures.iter().any(|known| known == architecture)
    }

    /// Whether it has a device family, or may have: the service does not tell those of a flight's packages.
    pub(crate) fn may_have_family(&self, family: &str) -> bool {
        let is_it = |known: &str| known == family || (known == UNIVERSAL && family.starts_with("windows."));
        self.families.is_empty() || self.families.iter().any(|(known, _)| is_it(known))
    }

    /// Whether some device may run both.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        let shares = |one: &Self, other: &Self| one.families.iter().any(|(family, _)| other.may_have_family(family));
        let have_families = !self.families.is_empty() && !other.families.is_empty();
        self.architectures.iter().any(|it| other.has_architecture(it))
            && (!have_families || shares(self, other) || shares(other, self))
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
        let info = match &found {
            Found::Read(info) => Some(&**info),
            Found::Unreadable(_) | Found::Broken(_) => None,
        };
        let version = info.and_then(|info| info.identity.as_ref()).map(|identity| identity.version);
        let mut parts = info.map(applications).unwrap_or_default();
        if let Some(stated) = &package.architecture {
            let mut stated = architectures(stated);
            for part in &mut parts {
                part.runs_on.architectures.retain(|known| stated.contains(known));
            }
            parts.retain(|part| !part.runs_on.architectures.is_empty());
            stated.retain(|it| !parts.iter().any(|part| part.runs_on.has_architecture(it)));
            if !stated.is_empty() {
                let known = info.map(Audience::of_info).unwrap_or_default();
                let runs_on = Audience {
                    architectures: stated,
                    ..known
                };
                parts.push(Part { version, runs_on });
            }
        }
        if let Some(stated) = &package.min_os {
            let wrong = || {
                let problem = format!("its minimum version of Windows, {stated:?}, is not like 10.0.17763.0");
                Error::invalid(format!("the package {name}"), problem)
            };
            let stated = Some(Version::short(stated.trim()).ok_or_else(wrong)?);
            for part in &mut parts {
                part.runs_on.min_os = stated;
                part.runs_on.families.iter_mut().for_each(|(_, least)| *least = stated);
            }
        }
        Ok(Self {
            name,
            found,
            version,
            parts,
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

    /// Its architectures, each once.
    pub(crate) fn architectures(&self) -> Vec<String> {
        distinct(self.parts.iter().flat_map(|part| &part.runs_on.architectures))
    }

    /// Whether the service may tell this version of it: that of the whole, or of an application in it.
    pub(crate) fn has_version(&self, version: Version) -> bool {
        let parts = self.parts.iter().filter_map(|part| part.version);
        self.version.into_iter().chain(parts).any(|own| own == version)
    }

    /// Whether some device may run both an application in it and a package that the Store holds. Of a flight's packages the service
    /// may not tell the architecture: then the name decides.
    pub(crate) fn meets(&self, runs_on: &Audience, held: &ApplicationPackage) -> bool {
        let audience = Audience::of(held);
        match audience.architectures.is_empty() {
            true => same_name(&held.file_name, &self.name),
            false => runs_on.meets(&audience),
        }
    }

    /// The packages that the Store holds for devices that may run an application in it.
    pub(crate) fn rivals<'h>(&self, part: &Part, held: &'h [ApplicationPackage]) -> impl Iterator<Item = &'h ApplicationPackage> {
        held.iter().filter(|held| self.meets(&part.runs_on, held))
    }

    /// The highest version that the Store holds for each device that may run a part: one for later versions of Windows alone is no
    /// rival, for it leaves the other devices to this.
    pub(crate) fn highest_of(&self, part: &Part, held: &[ApplicationPackage]) -> Option<Version> {
        let is_later = |other: &ApplicationPackage| {
            let families = Audience::of(other).families;
            let mut shared = families
                .iter()
                .filter(|(family, _)| part.runs_on.may_have_family(family))
                .peekable();
            let is_later = |(family, other): &(String, Option<Version>)| {
                let lowest = part.runs_on.least(family).zip(*other);
                lowest.is_some_and(|(this, other)| other > this)
            };
            shared.peek().is_some() && shared.all(is_later)
        };
        self.rivals(part, held)
            .filter(|held| !is_later(held))
            .filter_map(version)
            .max()
    }

    /// The highest version that the Store holds for the same devices.
    pub(crate) fn highest(&self, held: &[ApplicationPackage]) -> Option<Version> {
        self.parts.iter().filter_map(|part| self.highest_of(part, held)).max()
    }

    /// Whether the Store holds each application in it, in this very version, for each of its architectures and device families.
    pub(crate) fn is_held(&self, held: &[ApplicationPackage]) -> bool {
        let is_held = |part: &Part, architecture: &String| {
            let alone = Audience {
                architectures: vec![architecture.clone()],
                ..part.runs_on.clone()
            };
            // A bundle may be new with old applications in it, or hold new ones under its old version.
            let own = part.version.max(self.version);
            let is_it = |held: &&ApplicationPackage| own.is_some() && version(held) == own && self.meets(&alone, held);
            let has_all = |held: &ApplicationPackage| {
                let audience = Audience::of(held);
                alone.families.iter().all(|(family, _)| audience.may_have_family(family))
            };
            held.iter().filter(is_it).any(has_all)
        };
        let all = self.parts.iter().all(|part| {
            let mut architectures = part.runs_on.architectures.iter().peekable();
            architectures.peek().is_some() && architectures.all(|architecture| is_held(part, architecture))
        });
        !self.parts.is_empty() && all
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
        if self.parts.is_empty() || self.parts.iter().any(|part| part.runs_on.architectures.is_empty()) {
            return Err(unknown("architecture", ".architecture(…)"));
        }
        if self.parts.iter().any(|part| part.runs_on.min_os.is_none()) {
            return Err(unknown("minimum version of Windows", ".min_os(…)"));
        }
        Ok(Replacement(&self.parts))
    }
}

/// The applications of a package that may take the place of others.
#[derive(Debug)]
pub(crate) struct Replacement<'p>(&'p [Part]);

impl Replacement<'_> {
    /// Whether no device would be left without a package if it took the place of `old`: it has every architecture of it, each with
    /// every device family of it, from the same version of Windows on or a lower one.
    pub(crate) fn covers(&self, old: &ApplicationPackage) -> bool {
        let old = Audience::of(old);
        let serves = |part: &Part, (family, lowest): &(String, Option<Version>)| {
            let least = part.runs_on.least(family);
            least.zip(*lowest).is_some_and(|(least, lowest)| least <= lowest)
        };
        let is_served = |architecture: &String| {
            let mut parts = self.0.iter().filter(|part| part.runs_on.has_architecture(architecture));
            parts.any(|part| old.families.iter().all(|family| serves(part, family)))
        };
        !old.architectures.is_empty() && !old.families.is_empty() && old.architectures.iter().all(is_served)
    }
}

/// The applications in a package; if it has none, as one of resources alone, the package itself.
fn applications(info: &PackageInfo) -> Vec<Part> {
    let whole = || Part {
        version: info.identity.as_ref().map(|identity| identity.version),
        runs_on: Audience::of_info(info),
    };
    let within = info
        .packages
        .iter()
        .filter(|package| package.role == PackageRole::Application);
    let within: Vec<Part> = within.flat_map(applications).collect();
    if within.is_empty() { vec![whole()] } else { within }
}
