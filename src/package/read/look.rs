//! Looks into a file, and into the packages in it.

use std::fs::File;
use std::io::{BufReader, Cursor, Read};
use std::path::Path;

use crate::error::{Error, Result};
use crate::package::info::{PackageInfo, PackageKind};
use crate::package::read::archive::{Archive, Entry};
use crate::package::read::fault::{Budget, Fault};
use crate::package::read::manifest;
use crate::package::read::source::{Limited, Source};

const OF_PACKAGE: &str = "AppxManifest.xml";
const OF_BUNDLE: &str = "AppxMetadata/AppxBundleManifest.xml";

/// Returns what lies in a package, a bundle or an upload container.
///
/// A file or a package in it that cannot be read is not an error: [`unreadable`](PackageInfo::unreadable) says why. That is so if it is
/// encrypted, if it has far more files than real packages have, or if it is compressed in its container and larger than 4 GiB or than
/// the space in the temporary folder.
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if there is no such file, if it is not a package, if it or a package in
/// it is damaged, or if a manifest is missing or wrong.
///
/// # Cancel safety
///
/// The file is read on a thread for blocking work. If the future is dropped, the thread reads on to the end, and nothing else happens.
///
/// # Panics
///
/// Panics outside of a tokio runtime.
pub async fn inspect(path: impl AsRef<Path>) -> Result<PackageInfo> {
    let path = path.as_ref();
    let looked = inspected(path).await;
    looked.map_err(|problem| Error::invalid(path.display().to_string(), problem))
}

/// As [`inspect`], with the problem alone as the error.
pub(crate) async fn inspected(path: &Path) -> std::result::Result<PackageInfo, String> {
    let path = path.to_owned();
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let look = move || {
        // A pipe would wait for its other end.
        if !std::fs::metadata(&path)?.is_file() {
            return Err(Fault::wrong("it is not a file"));
        }
        look(&mut BufReader::new(File::open(path)?), &name, &Budget::default())
    };
    let looked = tokio::task::spawn_blocking(look).await;
    let looked = looked.unwrap_or_else(|error| Err(Fault::wrong(format!("its reading broke off ({error})"))));
    looked.map_err(Fault::problem)
}

/// Returns what lies in a package, a bundle or an upload container in memory. See [`inspect`].
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) as for [`inspect`].
pub fn inspect_bytes(file_name: &str, bytes: &[u8]) -> Result<PackageInfo> {
    let looked = look(&mut Cursor::new(bytes), file_name, &Budget::default());
    looked.map_err(|fault| Error::invalid(file_name, fault.problem()))
}

/// [`inspect`] for an open file.
pub(super) fn look(file: &mut dyn Source, name: &str, budget: &Budget) -> Result<PackageInfo, Fault> {
    look_limited(&mut Limited::new(file, budget), name, budget)
}

/// [`inspect`] for a file that is limited by the budget already.
pub(super) fn look_limited(file: &mut dyn Source, name: &str, budget: &Budget) -> Result<PackageInfo, Fault> {
    settled(name, read(file, name, None, budget))
}

/// Turns what makes a file unreadable into something that is known about it.
fn settled(name: &str, looked: Result<PackageInfo, Fault>) -> Result<PackageInfo, Fault> {
    let info = match looked {
        Err(Fault::Unreadable(reason)) => PackageInfo {
            kind: Extension::of(name).kind(),
            unreadable: Some(reason),
            ..PackageInfo::default()
        },
        looked => looked?,
    };
    let file_name = name.to_owned();
    Ok(PackageInfo { file_name, ..info })
}

/// The kind of a file by its name.
#[derive(Clone, Copy)]
enum Extension {
    Package(PackageKind),
    Encrypted(PackageKind),
    Symbols,
    Other,
}

impl Extension {
    fn of(name: &str) -> Self {
        if let Some(kind) = PackageKind::by_name(name) {
            return Self::Package(kind);
        }
        let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
        match extension.as_deref().unwrap_or_default() {
            "emsix" | "eappx" => Self::Encrypted(PackageKind::Package),
            "emsixbundle" | "eappxbundle" => Self::Encrypted(PackageKind::Bundle),
            "msixsym" | "appxsym" => Self::Symbols,
            _ => Self::Other,
        }
    }

    fn kind(self) -> PackageKind {
        match self {
            Self::Package(kind) | Self::Encrypted(kind) => kind,
            Self::Symbols | Self::Other => PackageKind::Package,
        }
    }
}

pub(super) fn is_wanted(name: &str) -> bool {
    let is_manifest = [OF_PACKAGE, OF_BUNDLE]
        .iter()
        .any(|manifest| name.eq_ignore_ascii_case(manifest));
    is_manifest || !matches!(Extension::of(name), Extension::Other)
}

/// `within` is the kind of the file in which it lies.
fn read(source: &mut dyn Source, name: &str, within: Option<PackageKind>, budget: &Budget) -> Result<PackageInfo, Fault> {
    let mut magic = Vec::new();
    (&mut *source).take(4).read_to_end(&mut magic)?;
    let by_name = Extension::of(name);
    if matches!(&magic[..], b"EXPH" | b"EXSH" | b"EXBH") || matches!(by_name, Extension::Encrypted(_)) {
        return Err(Fault::unreadable("it is encrypted"));
    }
    if magic.is_empty() {
        return Err(Fault::wrong("it is empty"));
    }
    let (mut archive, entries) = Archive::open(source, budget, is_wanted)?;
    let find = |name: &str| entries.iter().find(|entry| entry.name.eq_ignore_ascii_case(name));
    let (kind, manifest) = match (find(OF_PACKAGE), find(OF_BUNDLE)) {
        (Some(manifest), _) => (PackageKind::Package, Some(manifest)),
        (None, Some(manifest)) => (PackageKind::Bundle, Some(manifest)),
        _ if by_name.kind() == PackageKind::Upload => (PackageKind::Upload, None),
        _ => {
            let (kind, manifest) = match by_name.kind() {
                PackageKind::Bundle => (PackageKind::Bundle, OF_BUNDLE),
                _ => (PackageKind::Package, OF_PACKAGE),
            };
            let problem = format!("it is a ZIP archive without {manifest}: {kind}s are made by MakeAppx or Visual Studio");
            return Err(Fault::wrong(problem));
        }
    };
    let fits = match within {
        None => true,
        Some(PackageKind::Upload) => kind != PackageKind::Upload,
        Some(_) => kind == PackageKind::Package,
    };
    if !fits {
        return Err(Fault::wrong(format!("{kind}s do not belong there")));
    }
    let manifest = manifest.map(|entry| archive.manifest(entry).map_err(|fault| fault.inside(&entry.name)));
    let manifest = manifest.transpose()?;
    match (kind, manifest) {
        (PackageKind::Package, Some(manifest)) => manifest::package(&manifest),
        (_, manifest) => {
            let told = manifest.map(|manifest| manifest::bundle(&manifest)).transpose()?;
            let (identity, listed) = told.unzip();
            let info = PackageInfo {
                kind,
                identity,
                ..PackageInfo::default()
            };
            hold(info, &mut archive, &entries, listed.unwrap_or_default())
        }
    }
}

/// Adds the packages of a bundle or an upload container. `listed` is what its manifest says about them.
fn hold(
    mut info: PackageInfo,
    archive: &mut Archive<'_>,
    entries: &[Entry],
    mut listed: Vec<PackageInfo>,
) -> Result<PackageInfo, Fault> {
    let budget = archive.budget;
    for entry in entries {
        let name = &entry.name;
        match Extension::of(name) {
            Extension::Symbols => info.symbols.push(name.clone()),
            Extension::Package(_) | Extension::Encrypted(_) => {
                let looked = archive.look_into(entry, |package| read(package, name, Some(info.kind), budget));
                let mut found = settled(name, looked).map_err(|fault| fault.inside(name))?;
                let place = listed.iter().position(|listed| listed.file_name.eq_ignore_ascii_case(name));
                if let Some(listed) = place.map(|place| listed.remove(place))
                    && found.unreadable.is_some()
                {
                    found = PackageInfo {
                        unreadable: found.unreadable,
                        ..listed
                    };
                }
                info.packages.push(found);
            }
            Extension::Other => {}
        }
    }
    info.packages.append(&mut listed);
    if info.packages.is_empty() {
        return Err(Fault::wrong("it holds no package"));
    }
    info.gather();
    Ok(info)
}
