//! The packages in the archive of a submission, each looked into where it lies.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};

use crate::package::fault::{Budget, Fault};
use crate::package::info::PackageInfo;
use crate::package::look::{is_wanted, look};
use crate::package::zip::Archive;

/// Looks into those files of an archive that are named here, as far as they are ZIP archives with the extension of a package: by
/// name, what each tells, or what is wrong with it. Nothing is told of an archive that cannot be read itself.
pub(crate) fn look_within(
    mut archive: impl Read + Seek,
    names: &BTreeSet<String>,
) -> BTreeMap<String, Result<PackageInfo, String>> {
    let budget = Budget::default();
    let Ok(mut archive) = Archive::open(&mut archive, &budget, is_wanted) else {
        return BTreeMap::new();
    };
    let entries = std::mem::take(&mut archive.entries);
    let wanted = entries.iter().filter(|entry| names.contains(&entry.name));
    let look = |entry| {
        let mut content = archive.content(entry).ok()?;
        let mut magic = [0; 2];
        content.read_exact(&mut magic).ok()?;
        content.rewind().ok()?;
        let looked = (magic == *b"PK").then(|| look(&mut *content, &entry.name, &budget))?;
        let told = looked.map_err(|(Fault::Wrong(problem) | Fault::Unreadable(problem))| problem);
        Some((entry.name.clone(), told))
    };
    wanted.filter_map(look).collect()
}
