//! Tables of what is refused, what is published, and who would get no package.

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
