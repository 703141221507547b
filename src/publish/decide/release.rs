//! The new packages against what the Store holds: whether they may be submitted, and what became of them.

use crate::api::submissions::AppIdentity;
use crate::api::wait::Milestone;
use crate::model::application_submission::ApplicationSubmission;
use crate::model::package::{ApplicationPackage, is_id, same_name};
use crate::package::{PackageInfo, PackageKind, Version};
use crate::publish::decide::limits::Advice;
use crate::publish::decide::new_package::{Audience, Found, NewPackage, Part, WINDOWS_8, version};

/// Whether the last published submission holds all of these packages in these very versions.
pub(crate) fn is_published(new: &[NewPackage], held: &[ApplicationPackage]) -> bool {
    !new.is_empty() && new.iter().all(|package| package.is_held(held))
}

/// A package is what its name says, and nothing lies where the service does not look for it.
pub(crate) fn kind_problem(new: &[NewPackage], held: &[ApplicationPackage]) -> Option<String> {
    new.iter().find_map(|package| {
        let name = &package.name;
        match &package.found {
            Found::Broken(problem) => Some(format!("{name} cannot be submitted as a package: {problem}")),
            Found::Unreadable(_) => None,
            Found::Read(info) => misplaced(name, info).or_else(|| after_a_bundle(package, info, held)),
        }
    })
}

fn misplaced(name: &str, info: &PackageInfo) -> Option<String> {
    let kind = info.kind;
    let Some(named) = PackageKind::by_name(name) else {
        return Some(format!(
            "{name} is a {kind} by what it holds, but not by its name, and the Store goes by that: name it with the extension that is due, .msix, .msixbundle or .msixupload"
        ));
    };
    if named != kind {
        return Some(format!(
            "{name} is a {named} by its name and a {kind} by what it holds: give it the extension that is due"
        ));
    }
    let held: Vec<&str> = info.packages.iter().map(|held| held.file_name.as_str()).collect();
    (kind == PackageKind::Upload && held.len() > 1).then(|| {
        format!(
            "{name} holds more than one package, {}, and the Store drops such a container after it was accepted: make one bundle of them, or submit each by itself",
            held.join(" and ")
        )
    })
}

/// Whether it is a package of its own, also in an upload container.
fn is_single(info: &PackageInfo) -> bool {
    match (info.kind, &info.packages[..]) {
        (PackageKind::Upload, [one]) => is_single(one),
        (kind, _) => kind == PackageKind::Package,
    }
}

/// Once a bundle was published, customers who have it get no update from a package of its own.
fn after_a_bundle(package: &NewPackage, info: &PackageInfo, held: &[ApplicationPackage]) -> Option<String> {
    let is_bundle = |held: &&ApplicationPackage| {
        let (name, audience) = (held.file_name.to_ascii_lowercase(), Audience::of(held));
        // One that came in an upload container may have the name of that.
        let is_bundle = name.ends_with("bundle") || audience.architectures.len() > 1;
        is_bundle && package.parts.iter().any(|part| package.meets(&part.runs_on, held))
    };
    let bundle = held.iter().filter(|_| is_single(info)).find(is_bundle)?;
    Some(format!(
        "{} is a single package, and the Store holds a bundle for the same devices, {}: after a bundle it takes bundles only",
        package.name, bundle.file_name
    ))
}

/// The packages are of the app that they are submitted to.
pub(crate) fn identity_problem(new: &[NewPackage], app: &AppIdentity) -> Option<String> {
    new.iter().find_map(|package| {
        let name = &package.name;
        let info = package.info()?;
        let Some(found) = &info.identity else {
            return Some(format!("{name} holds packages of different apps: submit each by itself"));
        };
        // Windows compares names without regard to case, and publishers exactly.
        let is_other_name = !app.name.is_empty() && !found.name.eq_ignore_ascii_case(&app.name);
        let is_other_publisher = !app.publisher.is_empty() && found.publisher != app.publisher;
        let wrong: Vec<_> = [
            (is_other_name, "identity", &found.name, &app.name),
            (is_other_publisher, "publisher", &found.publisher, &app.publisher),
        ]
        .into_iter()
        .filter(|(is_wrong, ..)| *is_wrong)
        .map(|(_, what, found, wanted)| (format!("the {what} {found}"), wanted.as_str()))
        .collect();
        let (found, wanted): (Vec<_>, Vec<_>) = wrong.into_iter().unzip();
        (!found.is_empty()).then(|| {
            format!(
                "{name} has {}, and the app in the Store has {}: set it in the manifest (Package/Identity), or submit to the app that the package is of",
                found.join(" and "),
                wanted.join(" and ")
            )
        })
    })
}

/// The Store takes a version of which the fourth number is 0, and gives customers only one that is higher than what they have.
/// `again` insists on one that is there already.
pub(crate) fn version_problem(new: &[NewPackage], held: &[ApplicationPackage], again: bool) -> Option<String> {
    new.iter().enumerate().find_map(|(index, package)| {
        let name = &package.name;
        let version = package.version?;
        let is_twin = |other: &&NewPackage| other.version == Some(version) && meet(other, package);
        if let Some(twin) = new[..index].iter().find(is_twin) {
            let twin = &twin.name;
            return Some(format!("{twin} and {name} are of the same version for the same devices: submit one of them"));
        }
        let is_wrong = |version: &Version| version.numbers()[3] != 0;
        if let Some(version) = package.parts.iter().filter_map(|part| part.version).find(is_wrong) {
            let [major, minor, build, _] = version.numbers();
            return Some(format!(
                "{name} has the version {version}, and the fourth number must be 0: build it as {major}.{minor}.{build}.0, and put a build number third"
            ));
        }
        package.parts.iter().find_map(|part| part_problem(package, part, held)).or_else(|| {
            let holds = |part: &Part| package.rivals(part, held).any(|held| self::version(held) == Some(version));
            let holding: Vec<&Part> = package.parts.iter().filter(|part| holds(part) || package.is_held(held)).collect();
            let devices = joined(holding.iter().flat_map(|part| &part.runs_on.architectures));
            (!holding.is_empty() && !again).then(|| format!(
                "{name} has the version {version}, which the Store holds for {devices} already: leave it out, raise its version, or insist with .again()"
            ))
        })
    })
}

/// No device gets an application of a lower version than it may have.
fn part_problem(package: &NewPackage, part: &Part, held: &[ApplicationPackage]) -> Option<String> {
    let version = part.version.max(package.version)?;
    let highest = package.highest_of(part, held).filter(|highest| version < *highest)?;
    Some(format!(
        "{} has the version {version}, and the Store holds {highest} for {}: customers would not get it; raise the version",
        package.name,
        joined(part.runs_on.architectures.iter()),
    ))
}

fn meet(one: &NewPackage, other: &NewPackage) -> bool {
    let meets = |part: &Part| other.parts.iter().any(|other| other.runs_on.meets(&part.runs_on));
    one.parts.iter().any(meets)
}

/// Each once, in a row.
fn joined<'n>(names: impl Iterator<Item = &'n String>) -> String {
    let mut all: Vec<&str> = Vec::new();
    for name in names {
        if !all.contains(&name.as_str()) {
            all.push(name);
        }
    }
    all.join(" and ")
}

/// The packages that were there before, and stay.
fn kept(after: &[ApplicationPackage]) -> impl Iterator<Item = &ApplicationPackage> {
    after
        .iter()
        .filter(|package| !package.is_awaited() && package.file_status.stays())
}

/// Who gets a package today and would get none: advice, and the first that a reader has to know.
pub(crate) fn left_without(new: &[NewPackage], held: &[ApplicationPackage], after: &[ApplicationPackage]) -> Vec<String> {
    let new = new.iter().flat_map(|package| match &package.parts[..] {
        [] => vec![Audience::default()],
        parts => parts.iter().map(|part| part.runs_on.clone()).collect(),
    });
    let stays: Vec<Audience> = kept(after).map(Audience::of).chain(new).collect();
    // Nothing can be said where one that stays does not tell.
    if stays.is_empty() || stays.iter().any(|audience| audience.architectures.is_empty()) {
        return Vec::new();
    }
    let runs =
        |audience: &Audience, architecture: &str| audience.has_architecture(architecture) || audience.has_architecture("neutral");
    let mut lost: Vec<String> = Vec::new();
    for today in held.iter().map(Audience::of) {
        for architecture in &today.architectures {
            let serving: Vec<&Audience> = stays.iter().filter(|stays| runs(stays, architecture)).collect();
            let is_lost = |family: &str| !serving.iter().any(|serving| serving.may_have_family(family));
            let families = today
                .families
                .iter()
                .map(|(family, _)| family)
                .filter(|family| is_lost(family));
            let names = match serving.is_empty() {
                true => vec![architecture.clone()],
                false => {
                    let families = families.map(|family| if family == WINDOWS_8 { "Windows 8" } else { family });
                    families.map(|family| format!("{architecture} on {family}")).collect()
                }
            };
            lost.extend(names.into_iter().filter(|name| !lost.contains(name)).collect::<Vec<_>>());
        }
    }
    let problem =
        |lost| format!("the Store serves {lost} today, and no package of this release does: keep the old one, or add one for it");
    lost.into_iter().map(problem).collect()
}

/// The languages of the packages that stay and of the new ones; nothing if one of them does not tell.
fn languages(new: &[NewPackage], after: &[ApplicationPackage]) -> Option<Vec<String>> {
    let stay = kept(after).map(|package| &package.languages[..]);
    let new = new
        .iter()
        .map(|package| package.info().map_or(&[][..], |info| &info.languages));
    let all: Vec<&[String]> = stay.chain(new).collect();
    let do_tell = !all.is_empty() && all.iter().all(|languages| !languages.is_empty());
    do_tell.then(|| all.concat())
}

/// The languages of the listings, with a title or without, that no package has.
fn foreign_listings(submission: &ApplicationSubmission, new: &[NewPackage], are_titled: bool) -> Option<String> {
    let languages = languages(new, &submission.application_packages)?;
    let mut foreign = Vec::new();
    for (language, listing) in &submission.listings {
        let is_foreign = !languages.iter().any(|known| known.eq_ignore_ascii_case(language));
        if is_foreign && are_titled != listing.base_listing.title.is_empty() {
            foreign.push(language.as_str());
        }
    }
    (!foreign.is_empty()).then(|| foreign.join(" and "))
}

/// Customers see a listing whose language the app does not have.
pub(crate) fn foreign_advice(submission: &ApplicationSubmission, new: &[NewPackage]) -> Option<Advice> {
    let foreign = foreign_listings(submission, new, true)?;
    let problem = format!("no package has the language of the listing in {foreign}");
    Some(Advice::new("/listings", problem))
}

/// The Store takes the title of a listing from the package of its language.
pub(crate) fn title_problem(submission: &ApplicationSubmission, new: &[NewPackage]) -> Option<String> {
    let foreign = foreign_listings(submission, new, false)?;
    Some(format!(
        "the listing in {foreign} has no title, and no package has exactly this language to take it from, so that the whole submission would fail at the commit: set baseListing.title"
    ))
}

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
    use crate::model::listing::Listing;
    use crate::model::package::FileStatus;
    use crate::package::{DeviceFamily, PackageIdentity, PackageRole};
    use crate::publish::decide::new_package::Package;

    fn version_of(text: &str) -> Version {
        text.parse().unwrap()
    }

    fn identity(version: &str) -> PackageIdentity {
        PackageIdentity {
            name: "LanternWorks.PaperLantern".to_owned(),
            publisher: "CN=Lantern".to_owned(),
            version: version_of(version),
        }
    }

    fn info(version: &str, architectures: &[&str]) -> PackageInfo {
        PackageInfo {
            identity: Some(identity(version)),
            architectures: architectures.iter().map(|it| (*it).to_owned()).collect(),
            device_families: vec![DeviceFamily {
                name: "Windows.Desktop".to_owned(),
                min_version: version_of("10.0.17763.0"),
                max_version_tested: None,
            }],
            min_os: Some(version_of("10.0.17763.0")),
            ..PackageInfo::default()
        }
    }

    fn bundle(version: &str, held: &[(&str, &str)]) -> PackageInfo {
        let architectures: Vec<&str> = held.iter().map(|(_, architecture)| *architecture).collect();
        PackageInfo {
            kind: PackageKind::Bundle,
            packages: held
                .iter()
                .map(|(version, architecture)| info(version, &[*architecture]))
                .collect(),
            ..info(version, &architectures)
        }
    }

    fn read(name: &str, info: PackageInfo) -> NewPackage {
        NewPackage::new(&Package::new(name), Found::Read(Box::new(info))).unwrap()
    }

    fn x64(version: &str) -> NewPackage {
        read("Lantern.msix", info(version, &["x64"]))
    }

    fn held(version: &str, architecture: &str, family: &str) -> ApplicationPackage {
        ApplicationPackage {
            file_name: format!("Lantern_{version}_{architecture}.msix"),
            id: format!("{version}{architecture}"),
            version: version.to_owned(),
            architecture: architecture.to_owned(),
            target_device_families: match family {
                "" => Vec::new(),
                family => vec![format!("{family} min version 10.0.17763.0")],
            },
            ..ApplicationPackage::default()
        }
    }

    fn store() -> Vec<ApplicationPackage> {
        vec![
            held("1.4.0.0", "x64", "Windows.Desktop"),
            held("1.3.0.0", "x64", "Windows.Desktop"),
            held("1.2.0.0", "arm64", "Windows.Desktop"),
            held("9.0.0.0", "x64", "Windows.Xbox"),
        ]
    }

    #[test]
    fn a_version_is_higher_than_what_its_devices_have() {
        let table = [
            (x64("1.5.0.0"), None, false),
            (x64("1.4.0.0"), Some("holds for x64 already"), true),
            (x64("1.3.9.0"), Some("the Store holds 1.4.0.0 for x64"), false),
            // An older one that is still there: the version guard stops the run all the same.
            (x64("1.3.0.0"), Some("raise the version"), true),
            (x64("1.5.0.1"), Some("build it as 1.5.0.0"), false),
            (read("a.msix", info("1.3.0.0", &["arm64"])), None, false),
            (read("a.msix", info("1.2.0.0", &["arm64"])), Some("for arm64 already"), true),
            (read("a.msix", info("1.0.0.0", &["x86"])), None, false),
            (
                read("a.msixbundle", bundle("1.4.0.0", &[("1.4.0.0", "x64")])),
                Some("already"),
                true,
            ),
            (
                read("a.msixbundle", bundle("1.4.0.0", &[("1.4.0.0", "x64"), ("1.4.0.0", "arm64")])),
                Some("holds for x64 already"),
                false,
            ),
            (
                read("a.msixbundle", bundle("1.3.0.0", &[("1.3.0.0", "x64"), ("1.3.0.0", "arm64")])),
                Some("holds 1.4.0.0 for x64:"),
                false,
            ),
            // By its date, as MakeAppx numbers bundles.
            (
                read("a.msixbundle", bundle("2026.310.1200.0", &[("1.5.0.0", "x64")])),
                None,
                false,
            ),
            (
                read("a.msixbundle", bundle("1.5.0.0", &[("1.5.0.7", "x64")])),
                Some("build it as 1.5.0.0"),
                false,
            ),
        ];
        for (package, problem, is_done) in table {
            let found = version_problem(std::slice::from_ref(&package), &store(), false);
            match (&found, problem) {
                (None, None) => {}
                (Some(found), Some(words)) => assert!(found.contains(words), "{found}"),
                _ => panic!("{package:?}: {found:?}"),
            }
            let is_there = is_published(std::slice::from_ref(&package), &store());
            assert_eq!(is_there, is_done, "{package:?}");
        }
    }

    #[test]
    fn of_a_bundle_each_package_counts_for_its_own_devices() {
        let of = |version: &str, x64: &str, arm64: &str| read("a.msixbundle", bundle(version, &[(x64, "x64"), (arm64, "arm64")]));
        let both = [held("1.0.0.0", "x64;arm64", "Windows.Desktop")];
        let partly_new = of("2.0.0.0", "2.0.0.0", "1.0.0.0");
        assert!(!is_published(std::slice::from_ref(&partly_new), &both));
        assert_eq!(version_problem(&[partly_new], &both, false), None);
        assert!(is_published(&[of("1.0.0.0", "1.0.0.0", "1.0.0.0")], &both));
        // One bundle of what was two packages.
        let apart = [
            held("1.0.0.0", "x64", "Windows.Desktop"),
            held("1.1.0.0", "arm64", "Windows.Desktop"),
        ];
        assert!(!is_published(&[of("1.2.0.0", "1.0.0.0", "1.1.0.0")], &apart));
        assert_eq!(version_problem(&[of("1.2.0.0", "1.0.0.0", "1.1.0.0")], &apart, false), None);
        // Its own version was raised for something else in it, or was kept although they were raised.
        assert!(!is_published(&[of("1.1.0.0", "1.0.0.0", "1.0.0.0")], &both));
        assert_eq!(version_problem(&[of("1.1.0.0", "1.0.0.0", "1.0.0.0")], &both, false), None);
        let kept = of("1.0.0.0", "2.0.0.0", "2.0.0.0");
        assert!(!is_published(std::slice::from_ref(&kept), &both));
        assert!(version_problem(&[kept], &both, false).is_some());
        // More device families than the Store has.
        let mut universal = info("1.0.0.0", &["x64"]);
        universal.device_families[0].name = "Windows.Universal".to_owned();
        assert!(!is_published(&[read("a.msix", universal)], &apart));
        // A stated architecture hides nothing of what was read.
        let found = Found::Read(Box::new(bundle("2.0.0.0", &[("2.0.0.7", "x64"), ("2.0.0.0", "arm64")])));
        let stated = NewPackage::new(&Package::new("a.msixbundle").architecture("x64,arm64,x86"), found).unwrap();
        assert_eq!(stated.architectures(), ["x64", "arm64", "x86"]);
        assert!(version_problem(&[stated], &[], false).is_some());
    }

    #[test]
    fn a_package_for_later_versions_of_windows_is_no_rival_but_in_its_own_version() {
        let later = |version: &str| ApplicationPackage {
            target_device_families: vec!["Windows.Desktop min version 10.0.22000.0".to_owned()],
            ..held(version, "x64", "Windows.Desktop")
        };
        assert_eq!(version_problem(&[x64("1.5.0.0")], &[later("2.0.0.0")], false), None);
        assert!(version_problem(&[x64("2.0.0.0")], &[later("2.0.0.0")], false).is_some());
    }

    #[test]
    fn where_the_service_tells_no_architecture_the_name_decides() {
        let mut flown = held("1.4.0.0", "", "");
        flown.file_name = "Lantern.msix".to_owned();
        let flown = [flown];
        assert!(is_published(&[x64("1.4.0.0")], &flown));
        assert!(version_problem(&[x64("1.3.0.0")], &flown, false).is_some());
        let arm64 = [read("Lantern_arm64.msix", info("1.4.0.0", &["arm64"]))];
        assert!(!is_published(&arm64, &flown));
        assert_eq!(version_problem(&arm64, &flown, false), None);
    }

    #[test]
    fn insisting_lets_the_same_version_pass_and_no_lower_one() {
        assert_eq!(version_problem(&[x64("1.4.0.0")], &store(), true), None);
        assert!(version_problem(&[x64("1.3.0.0")], &store(), true).is_some());
        assert!(version_problem(&[x64("1.5.0.1")], &store(), true).is_some());
    }

    #[test]
    fn no_two_packages_are_for_the_same_devices_in_the_same_version() {
        let problem = |second: NewPackage| version_problem(&[x64("2.0.0.0"), second], &[], true);
        let twin = problem(read("twin.msix", info("2.0.0.0", &["x64", "x86"]))).unwrap();
        assert!(twin.contains("Lantern.msix and twin.msix are of the same version"), "{twin}");
        assert_eq!(problem(read("a.msix", info("2.0.0.0", &["arm64"]))), None);
        assert_eq!(problem(read("a.msix", info("2.0.1.0", &["x64"]))), None);
    }

    #[test]
    fn a_release_is_done_if_all_of_it_is_there() {
        let arm64 = read("b.msix", info("1.2.0.0", &["arm64"]));
        assert!(is_published(&[x64("1.4.0.0"), arm64.clone()], &store()));
        assert!(!is_published(&[x64("1.5.0.0"), arm64], &store()));
        assert!(!is_published(&[], &store()));
        let of_a_flight = [held("1.4.0.0", "x64", "")];
        assert!(is_published(&[x64("1.4.0.0")], &of_a_flight));
        let unreadable = NewPackage::new(&Package::new("a.msix").architecture("x64"), Found::Unreadable(String::new()));
        assert!(!is_published(&[unreadable.unwrap()], &store()));
    }

    #[test]
    fn the_identity_is_that_of_the_app() {
        let app = |name: &str, publisher: &str| AppIdentity {
            name: name.to_owned(),
            publisher: publisher.to_owned(),
        };
        let table = [
            (app("LanternWorks.PaperLantern", "CN=Lantern"), None),
            (app("lanternworks.paperlantern", "CN=Lantern"), None),
            (app("", ""), None),
            (
                app("LanternWorks.Other", "CN=Lantern"),
                Some("LanternWorks.PaperLantern, and the app in the Store has LanternWorks.Other"),
            ),
            (
                app("LanternWorks.PaperLantern", "CN=lantern"),
                Some("the publisher CN=Lantern, and the app in the Store has CN=lantern"),
            ),
            (
                app("LanternWorks.Other", "CN=Other"),
                Some(
                    "the identity LanternWorks.PaperLantern and the publisher CN=Lantern, and the app in the Store has LanternWorks.Other and CN=Other",
                ),
            ),
        ];
        for (app, problem) in table {
            let found = identity_problem(&[x64("1.5.0.0")], &app);
            assert_eq!(found.is_some(), problem.is_some(), "{found:?}");
            assert!(found.unwrap_or_default().contains(problem.unwrap_or_default()));
        }
        let different = read(
            "a.msixupload",
            PackageInfo {
                identity: None,
                ..info("1.5.0.0", &["x64"])
            },
        );
        let found = identity_problem(&[different], &app("a", "b")).unwrap();
        assert!(found.contains("different apps"), "{found}");
    }

    #[test]
    fn a_package_is_what_its_name_says() {
        let upload = |packages: Vec<PackageInfo>| PackageInfo {
            kind: PackageKind::Upload,
            packages,
            ..info("1.5.0.0", &["x64"])
        };
        let resource = PackageInfo {
            role: PackageRole::Resource,
            ..info("1.5.0.0", &["neutral"])
        };
        let x64 = || info("1.5.0.0", &["x64"]);
        let two = || vec![("1.5.0.0", "x64"), ("1.5.0.0", "arm64")];
        let table = [
            (read("a.MSIX", x64()), None),
            (read("a.appx", x64()), None),
            (read("a.msixbundle", bundle("1.5.0.0", &two())), None),
            (read("a.msixupload", upload(vec![bundle("1.5.0.0", &two())])), None),
            (read("a.msixupload", upload(vec![x64()])), None),
            (
                read("a.appxupload", upload(vec![x64(), x64()])),
                Some("more than one package"),
            ),
            (
                read("a.msixupload", upload(vec![x64(), resource])),
                Some("more than one package"),
            ),
            (
                read("a.msixupload", upload(vec![x64(), bundle("1.5.0.0", &two())])),
                Some("more than one package"),
            ),
            (
                read(
                    "a.msixupload",
                    upload(vec![bundle("1.5.0.0", &two()), bundle("1.5.0.0", &two())]),
                ),
                Some("more than one package"),
            ),
            (
                read("a.msixbundle", x64()),
                Some("is a bundle by its name and a package by what it holds"),
            ),
            (
                read("a.msix", bundle("1.5.0.0", &two())),
                Some("is a package by its name and a bundle by what it holds"),
            ),
            (read("a.zip", x64()), Some("not by its name")),
            (read("a", x64()), Some("not by its name")),
        ];
        for (package, problem) in table {
            let found = kind_problem(std::slice::from_ref(&package), &[]);
            assert_eq!(found.is_some(), problem.is_some(), "{package:?}: {found:?}");
            assert!(
                found.as_deref().unwrap_or_default().contains(problem.unwrap_or_default()),
                "{found:?}"
            );
        }
        let broken = NewPackage::new(&Package::new("a.msix"), Found::Broken("it has no manifest".to_owned())).unwrap();
        assert!(kind_problem(&[broken], &[]).unwrap().contains("it has no manifest"));
        // A bundle of one architecture, and one that came in a container.
        for (name, architectures) in [("Lantern.msixbundle", "x64"), ("Lantern.appxupload", "x64;arm64")] {
            let mut old = held("1.4.0.0", architectures, "Windows.Desktop");
            old.file_name = name.to_owned();
            let after = |package: &NewPackage| kind_problem(std::slice::from_ref(package), std::slice::from_ref(&old));
            for single in [read("a.msix", x64()), read("a.msixupload", upload(vec![x64()]))] {
                assert!(after(&single).unwrap().contains("after a bundle"), "{single:?}");
            }
            assert_eq!(after(&read("a.msix", info("1.5.0.0", &["x86"]))), None);
            // Windows 8 is another world.
            let mut universal = x64();
            universal.device_families[0].name = "Windows.Universal".to_owned();
            let of_windows_8 = ApplicationPackage {
                target_device_families: vec!["None".to_owned()],
                ..old.clone()
            };
            assert_eq!(kind_problem(&[read("a.msix", universal)], &[of_windows_8]), None);
            assert_eq!(after(&read("a.msixbundle", bundle("1.5.0.0", &two()))), None);
            assert_eq!(after(&read("a.msixupload", upload(vec![bundle("1.5.0.0", &two())]))), None);
        }
    }

    #[test]
    fn whoever_would_get_no_package_is_named() {
        let marked = |package: &ApplicationPackage| ApplicationPackage {
            file_status: FileStatus::PendingDelete,
            ..package.clone()
        };
        let before = [
            held("1.4.0.0", "x64", "Windows.Desktop"),
            held("1.4.0.0", "ARM64", "Windows.Xbox"),
        ];
        let all_go: Vec<_> = before.iter().map(marked).collect();
        let found = left_without(&[x64("1.5.0.0")], &before, &all_go);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("the Store serves arm64 today"), "{found:?}");
        let xbox = [
            held("1.4.0.0", "x64", "Windows.Desktop"),
            held("1.4.0.0", "x64", "Windows.Xbox"),
        ];
        let found = left_without(&[x64("1.5.0.0")], &xbox, &xbox.each_ref().map(marked));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("the Store serves x64 on windows.xbox today"), "{found:?}");
        assert!(left_without(&[x64("1.5.0.0")], &before, &before).is_empty());
        let mut neutral = info("1.5.0.0", &["neutral"]);
        neutral.device_families[0].name = "Windows.Universal".to_owned();
        let neutral = read("a.msix", neutral);
        assert!(left_without(&[neutral], &before, &all_go).is_empty());
        let unreadable = NewPackage::new(&Package::new("a.msix"), Found::Unreadable(String::new())).unwrap();
        assert!(left_without(&[unreadable], &before, &all_go).is_empty());
        assert!(left_without(&[], &[], &[]).is_empty());
    }

    #[test]
    fn a_listing_has_its_title_from_a_package_or_of_its_own() {
        let submission = |listings: &[(&str, &str)], packages: &[(&str, &[&str])]| {
            let mut submission = ApplicationSubmission::default();
            for (language, title) in listings {
                let mut listing = Listing::default();
                listing.base_listing.title = (*title).to_owned();
                submission.listings.insert((*language).to_owned(), listing);
            }
            submission.application_packages = packages
                .iter()
                .map(|(status, languages)| ApplicationPackage {
                    file_status: (*status).into(),
                    languages: languages.iter().map(|it| (*it).to_owned()).collect(),
                    ..ApplicationPackage::default()
                })
                .collect();
            submission
        };
        let new = |languages: &[&str]| {
            let languages = languages.iter().map(|it| (*it).to_owned()).collect();
            vec![read(
                "a.msix",
                PackageInfo {
                    languages,
                    ..info("1.5.0.0", &["x64"])
                },
            )]
        };
        let (listings, english) = (
            [("de-de", ""), ("en-us", ""), ("fr-fr", "Lanterne")],
            ("Uploaded", &["en-US"][..]),
        );
        type Row<'t> = (&'t [(&'t str, &'t [&'t str])], Vec<NewPackage>, Option<&'t str>, bool);
        let table: [Row<'_>; 7] = [
            (&[english], new(&["de-DE"]), None, true),
            (&[english], new(&["de"]), Some("the listing in de-de has no title"), true),
            (&[english], vec![], Some("the listing in de-de has no title"), true),
            (
                &[("PendingDelete", &["en-us"])],
                new(&["de-de", "fr-fr"]),
                Some("the listing in en-us has no title"),
                false,
            ),
            (
                &[("PendingDelete", &["en-us"])],
                new(&["fr-fr"]),
                Some("the listing in de-de and en-us has no title"),
                false,
            ),
            // Nothing can be said where a package does not tell.
            (&[english, ("Uploaded", &[])], vec![], None, false),
            (&[], vec![], None, false),
        ];
        for (packages, new, problem, is_foreign) in table {
            let submission = submission(&listings, packages);
            let found = title_problem(&submission, &new);
            assert_eq!(found.is_some(), problem.is_some(), "{found:?}");
            assert!(
                found.as_deref().unwrap_or_default().contains(problem.unwrap_or_default()),
                "{found:?}"
            );
            let advice = foreign_advice(&submission, &new).map(|advice| advice.problem);
            let expected = is_foreign.then(|| "no package has the language of the listing in fr-fr".to_owned());
            assert_eq!(advice, expected);
        }
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
