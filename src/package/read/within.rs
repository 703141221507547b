//! The packages in the archive of a submission, each looked into where it lies.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};

use crate::package::info::PackageInfo;
use crate::package::read::archive::{Archive, Entry};
use crate::package::read::fault::{Budget, Fault};
use crate::package::read::look::{is_wanted, look_limited};
use crate::package::read::source::Limited;

/// Looks into those files of an archive that are named here, as far as they are ZIP archives with the extension of a package: by
/// name, what each tells, or what is wrong with it. Nothing is told of an archive that cannot be read itself.
pub(crate) fn look_within(archive: impl Read + Seek, names: &BTreeSet<String>) -> BTreeMap<String, Result<PackageInfo, String>> {
    let budget = Budget::default();
    let mut archive = Limited::new(archive, &budget);
    let Ok((mut archive, entries)) = Archive::open(&mut archive, &budget, is_wanted) else {
        return BTreeMap::new();
    };
    let wanted = entries.into_iter().filter(|entry| names.contains(&entry.name));
    let look = |entry: Entry| {
        let looked = archive.look_into(&entry, |content| {
            let mut magic = [0; 2];
            content.read_exact(&mut magic)?;
            content.rewind()?;
            Ok((magic == *b"PK").then(|| look_limited(content, &entry.name, &budget)))
        });
        let told = looked.ok()??.map_err(Fault::problem);
        Some((entry.name, told))
    };
    wanted.filter_map(look).collect()
}
