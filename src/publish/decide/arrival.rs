//! What became of the packages that were submitted.

use crate::api::wait::Milestone;
use crate::model::package::{ApplicationPackage, is_id, same_name};
use crate::publish::decide::new_package::{NewPackage, version};

/// What became of a package that was submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// The service has read it: its entry has an id that was not there before, and its version.
    Taken,
    /// Its entry still waits for its file: until certification, the service may be at work on it.
    Waiting,
    /// There is only one of its name that was there before, or of another version, or nothing at all.
    NotYet,
    /// There are entries, and none of its name: it was dropped.
    Gone,
}

impl NewPackage {
    /// What became of it. `known` are the packages that were there before.
    pub(crate) fn arrival(&self, now: &[ApplicationPackage], known: &[ApplicationPackage]) -> Arrival {
        // Of a package that a reused draft had added itself, the id is not known.
        let is_known = |id: &str| known.iter().any(|old| old.id == id && !old.is_awaited());
        let is_this = |entry: &ApplicationPackage| {
            let other = version(entry).filter(|version| self.version.is_some() && !self.has_version(*version));
            is_id(&entry.id) && !is_known(&entry.id) && other.is_none()
        };
        let of_its_name = || now.iter().filter(|entry| same_name(&entry.file_name, &self.name));
        if of_its_name().any(|entry| !entry.is_awaited() && is_this(entry)) {
            Arrival::Taken
        } else if of_its_name().any(ApplicationPackage::is_awaited) {
            Arrival::Waiting
        } else if now.is_empty() || of_its_name().next().is_some() {
            // A read that lags may tell of none at all.
            Arrival::NotYet
        } else {
            Arrival::Gone
        }
    }
}

impl Arrival {
    /// Whether it is enough at this goal.
    pub(crate) fn is_enough(self, goal: Milestone) -> bool {
        self == Self::Taken || (self == Self::Waiting && goal == Milestone::Accepted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::{PackageIdentity, PackageInfo};
    use crate::publish::decide::new_package::{Found, Package};

    fn info(version: &str, architectures: &[&str]) -> PackageInfo {
        PackageInfo {
            identity: Some(PackageIdentity {
                name: "LanternWorks.PaperLantern".to_owned(),
                publisher: "CN=Lantern".to_owned(),
                version: version.parse().unwrap(),
            }),
            architectures: architectures.iter().map(|it| (*it).to_owned()).collect(),
            ..PackageInfo::default()
        }
    }

    fn read(name: &str, info: PackageInfo) -> NewPackage {
        NewPackage::new(&Package::new(name), Found::Read(Box::new(info))).unwrap()
    }

    #[test]
    fn a_package_is_taken_if_its_id_is_new_and_its_version_right() {
        let entry = |(name, id, status, version): &(&str, &str, &str, &str)| ApplicationPackage {
            file_name: (*name).to_owned(),
            id: (*id).to_owned(),
            file_status: (*status).into(),
            version: (*version).to_owned(),
            ..ApplicationPackage::default()
        };
        let known = [entry(&("a", "1", "", ""))];
        type Row<'t> = (&'t [(&'t str, &'t str, &'t str, &'t str)], Arrival);
        let table: [Row<'_>; 11] = [
            (&[("a", "1", "", "")], Arrival::NotYet),
            (&[("a", "2", "", "")], Arrival::Taken),
            (&[("a", "2", "", "1.5.0.0")], Arrival::Taken),
            (&[("a", "2", "", "1.4.0.0")], Arrival::NotYet),
            (&[("a", "", "", "")], Arrival::NotYet),
            (&[("a", "0", "Uploaded", "")], Arrival::NotYet),
            (&[("a", "", "PendingUpload", "")], Arrival::Waiting),
            (&[("b", "2", "", "")], Arrival::Gone),
            (&[("b", "", "PendingUpload", "")], Arrival::Gone),
            (&[], Arrival::NotYet),
            (&[("a", "1", "", ""), ("a", "2", "", "")], Arrival::Taken),
        ];
        let package = read("a", info("1.5.0.0", &["x64"]));
        for (now, expected) in table {
            let packages: Vec<ApplicationPackage> = now.iter().map(entry).collect();
            assert_eq!(package.arrival(&packages, &known), expected, "{now:?}");
        }
        let slashed = [entry(&("x64\\a", "2", "Uploaded", ""))];
        let in_a_folder = read("x64/a", info("1.5.0.0", &["x64"]));
        let in_a_folder = NewPackage {
            name: "x64/a".to_owned(),
            ..in_a_folder
        };
        assert_eq!(in_a_folder.arrival(&slashed, &known), Arrival::Taken);
        let unreadable = NewPackage::new(&Package::new("a"), Found::Unreadable(String::new())).unwrap();
        assert_eq!(
            unreadable.arrival(&[entry(&("a", "2", "", "1.4.0.0"))], &known),
            Arrival::Taken
        );
        for (arrival, accepted, certified) in [
            (Arrival::Taken, true, true),
            (Arrival::Waiting, true, false),
            (Arrival::NotYet, false, false),
            (Arrival::Gone, false, false),
        ] {
            let is_enough = |goal| arrival.is_enough(goal);
            assert_eq!(
                (is_enough(Milestone::Accepted), is_enough(Milestone::Certified)),
                (accepted, certified)
            );
        }
    }
}
