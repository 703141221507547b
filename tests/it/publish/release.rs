//! What lies in the packages decides before anything is sent.

use msstore::api::Milestone;
use msstore::model::{Guard, SubmissionStatus};
use msstore::publish::{ExistingPackages, Finding, Package, PendingPolicy};
use msstore::testing::{Fault, Rule, SamplePackage};
use msstore::{Error, ErrorKind};
use serde_json::{Value, json};

use super::{APP, FLIGHT, PACKAGE, Shop, guard_of, notes, nothing, observed, package_names, packages, step};

fn x64(version: &str) -> SamplePackage {
    SamplePackage::new(version)
}

fn arm64(version: &str) -> SamplePackage {
    x64(version).architecture("arm64")
}

impl Shop {
    fn bytes(&self, name: &str, bytes: &[u8]) -> Package {
        let path = self.folder.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        Package::new(path)
    }
}

#[tokio::test]
async fn a_release_that_the_service_would_refuse_is_refused_before_it_costs_a_draft() {
    let shop = Shop::open().await;
    let loose = [
        ("a_x64.msix", x64("2.0.0.0").to_bytes()),
        ("a_arm64.msix", arm64("2.0.0.0").to_bytes()),
    ];
    let loose: Vec<(&str, &[u8])> = loose.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    let other = x64("2.0.0.0").identity("LanternWorks.Other", SamplePackage::PUBLISHER);
    let stranger = x64("2.0.0.0").identity(SamplePackage::IDENTITY, "CN=Somebody");
    let table = [
        (
            Guard::PackageVersion,
            "a.msix",
            x64("2.0.0.553").to_bytes(),
            "build it as 2.0.0.0",
        ),
        (
            Guard::PackageVersion,
            "a.msix",
            x64("0.9.0.0").to_bytes(),
            "the Store holds 1.0.0.0 for x64",
        ),
        (
            Guard::PackageVersion,
            "a.msixbundle",
            SamplePackage::bundle(&[x64("2.0.0.1"), arm64("2.0.0.1")]),
            "2.0.0.1",
        ),
        (
            Guard::PackageIdentity,
            "a.msix",
            other.to_bytes(),
            "LanternWorks.Other, and the app in the Store has LanternWorks.PaperLantern",
        ),
        (
            Guard::PackageIdentity,
            "a.msix",
            stranger.to_bytes(),
            "CN=Somebody, and the app in the Store has CN=1F0E2D3C",
        ),
        (
            Guard::PackageKind,
            "a.msixupload",
            SamplePackage::container(&loose),
            "more than one package",
        ),
        (
            Guard::PackageKind,
            "a.msixupload",
            SamplePackage::container(&[
                ("a_x64.msix", &x64("2.0.0.0").to_bytes()),
                ("a.msixbundle", &SamplePackage::bundle(&[x64("2.0.0.0"), arm64("2.0.0.0")])),
            ]),
            "more than one package, a_x64.msix and a.msixbundle",
        ),
        (
            Guard::PackageVersion,
            "a.msixupload",
            SamplePackage::container(&[("a_x64.msix", &x64("2.0.0.553").to_bytes())]),
            "build it as 2.0.0.0",
        ),
        (
            Guard::PackageKind,
            "a.appx",
            SamplePackage::container(&[("readme.txt", b"no package")]),
            "AppxManifest.xml",
        ),
        (
            Guard::PackageKind,
            "a.msix",
            b"a text that was renamed".to_vec(),
            "it is not a package, or it is damaged",
        ),
        (
            Guard::PackageKind,
            "a.txt",
            b"a text".to_vec(),
            "it is not a package, or it is damaged",
        ),
        (Guard::PackageKind, "a.zip", x64("2.0.0.0").to_bytes(), "not by its name"),
        (
            Guard::PackageKind,
            "a.msixbundle",
            x64("2.0.0.0").to_bytes(),
            "is a bundle by its name",
        ),
    ];
    for (guard, name, bytes, says) in table {
        let (app, flight) = (shop.app().publish(), shop.flight().publish());
        let package = || shop.bytes(name, &bytes);
        let plan = app.package(package()).plan().await.unwrap();
        assert!(!plan.is_clear(), "{name}: {plan}");
        assert!(plan.to_string().contains(&format!("  FAILED: {guard}: ")), "{plan}");
        for pending in [PendingPolicy::Fail, PendingPolicy::Replace, PendingPolicy::Reuse] {
            let job = shop.app().publish().package(package()).pending(pending);
            let error = job.await.unwrap_err();
            assert_eq!(guard_of(&error), Some(guard), "{error}");
            assert!(error.to_string().contains(says), "{error}");
            assert!(error.left_behind().is_none());
        }
        assert_eq!(
            guard_of(&flight.package(package()).await.unwrap_err()),
            Some(guard),
            "{name} to a flight"
        );
        assert_eq!(shop.sent(), [""; 0], "{name}");
    }
}

#[tokio::test]
async fn after_a_bundle_no_single_package_is_sent() {
    let shop = Shop::open().await;
    let bundle = |version| SamplePackage::bundle(&[x64(version), arm64(version)]);
    let in_a_container = |name: &str, bytes: &[u8]| SamplePackage::container(&[(name, bytes)]);
    let singles = [
        ("a.msix", x64("2.0.0.0").to_bytes()),
        ("a.msixupload", in_a_container("a.msix", &x64("2.0.0.0").to_bytes())),
    ];
    let before = bundle("1.0.0.0");
    for (name, bytes) in [
        ("Old.msixbundle", before.clone()),
        ("Old.msixupload", in_a_container("Old.msixbundle", &before)),
    ] {
        shop.fake.set_published_packages(APP, &[(name, &bytes)]);
        for (name, bytes) in &singles {
            let job = shop.app().publish().package(shop.bytes(name, bytes));
            let error = job.await.unwrap_err();
            assert_eq!(guard_of(&error), Some(Guard::PackageKind), "{error}");
            assert!(error.to_string().contains("after a bundle it takes bundles only"), "{error}");
        }
    }
    assert_eq!(shop.sent(), [""; 0]);
    let next = shop.bytes("a.msixupload", &in_a_container("a.msixbundle", &bundle("2.0.0.0")));
    shop.app().publish().package(next).until(Milestone::Published).await.unwrap();
}

#[tokio::test]
async fn a_draft_that_waits_is_not_touched_either() {
    for pending in [PendingPolicy::Replace, PendingPolicy::Reuse] {
        let shop = Shop::open().await;
        shop.app().publish().edit(notes).leave_draft().await.unwrap();
        let draft = shop.fake.pending_submission(APP);
        shop.fake.forget_requests();
        let package = shop.release("a.msix", &x64("2.0.0.553"));
        let error = shop.app().publish().package(package).pending(pending).await.unwrap_err();
        assert_eq!(guard_of(&error), Some(Guard::PackageVersion), "{error}");
        assert_eq!((shop.sent(), shop.fake.pending_submission(APP)), (Vec::new(), draft));
    }
}

#[tokio::test]
async fn a_listing_without_a_title_that_no_package_has_stops_the_run() {
    let shop = Shop::open().await;
    let job = |languages: &[&str]| {
        let package = shop.release(PACKAGE, &x64("2.0.0.0").languages(languages.iter().copied()));
        shop.app().publish().package(package).edit(|draft| {
            draft.listing_or_insert("fr-FR").base_listing.description = "Une lanterne.".into();
            Ok(())
        })
    };
    let error = job(&["en-us"]).await.unwrap_err();
    assert_eq!(guard_of(&error), Some(Guard::ListingTitles));
    assert!(error.to_string().contains("the listing in fr-fr has no title"), "{error}");
    assert_eq!(shop.sent(), [""; 0]);
    assert!(job(&["en-us", "fr-FR"]).plan().await.unwrap().is_clear());
    job(&["en-us"]).allow(Guard::ListingTitles).leave_draft().await.unwrap();
}

#[tokio::test]
async fn each_of_these_guards_can_be_lifted() {
    for (guard, bytes) in [
        (Guard::PackageVersion, x64("0.9.0.0").to_bytes()),
        (Guard::PackageIdentity, x64("2.0.0.0").identity("A.B", "CN=C").to_bytes()),
        (Guard::PackageKind, b"what nobody can read".to_vec()),
    ] {
        let shop = Shop::open().await;
        let package = shop.bytes("a.msix", &bytes);
        let job = shop.app().publish().package(package).allow(guard).leave_draft();
        job.await.unwrap();
        assert_eq!(package_names(&shop.fake.pending_submission(APP).unwrap()).len(), 3, "{guard}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_skips_the_guards_and_the_plan_says_so() {
    let shop = Shop::open().await;
    let job = || shop.app().publish().package(shop.bytes("a.msix", b"EXPH and more"));
    let plan = job().plan().await.unwrap();
    assert!(plan.is_clear(), "{plan}");
    assert!(
        plan.to_string()
            .contains("  comes a.msix (cannot be read: it is encrypted)\n"),
        "{plan}"
    );
    for guard in [Guard::PackageKind, Guard::PackageIdentity, Guard::PackageVersion] {
        let found = plan.guards.iter().find(|found| found.guard == guard).unwrap();
        assert_eq!(found.finding, Finding::NotChecked, "{guard}");
    }
    job().leave_draft().await.unwrap();
}

/// Runs the usual job to the end.
async fn published(shop: &Shop, package: Package) {
    let job = shop.app().publish().edit(notes).package(package);
    job.until(Milestone::Published).await.unwrap();
    shop.fake.forget_requests();
}

#[tokio::test]
async fn a_release_that_is_published_already_ends_well_and_creates_nothing() {
    for pending in [PendingPolicy::Fail, PendingPolicy::Replace, PendingPolicy::Reuse] {
        let shop = Shop::open().await;
        published(&shop, shop.package(PACKAGE)).await;
        let renamed = || shop.release("renamed.msix", &x64("2.0.0.0").content(9));
        for package in [shop.package(PACKAGE), renamed()] {
            let job = || shop.app().publish().edit(notes).package(package.clone()).pending(pending);
            let plan = job().plan().await.unwrap();
            assert!(plan.already_published && plan.is_clear(), "{plan}");
            assert!(
                plan.to_string().contains("\nis published already: nothing would be done"),
                "{plan}"
            );
            let (job, events) = observed(job().until(Milestone::Published));
            let report = job.await.unwrap();
            assert!(report.already_published);
            assert_eq!(report.submission, shop.published_id());
            assert_eq!(report.status(), Some(&SubmissionStatus::Published));
            let steps: Vec<String> = events.lock().unwrap().iter().map(step).collect();
            assert_eq!(steps, ["nothingPending", "alreadyPublished"]);
        }
        assert_eq!(shop.sent(), [""; 0]);
        // Who insists gets a second one, if the service takes it.
        shop.fake.enforce(Rule::PackageVersion, false);
        let report = shop
            .app()
            .publish()
            .package(renamed())
            .again()
            .until(Milestone::Published)
            .await
            .unwrap();
        assert!(!report.already_published && shop.count("commit") == 1, "{:?}", shop.writes());
    }
}

#[tokio::test]
async fn a_package_of_another_app_in_the_same_version_is_not_what_is_published() {
    let shop = Shop::open().await;
    published(&shop, shop.package(PACKAGE)).await;
    let other = shop.release("other.msix", &x64("2.0.0.0").identity("Other.App", "CN=Somebody"));
    let misnamed = shop.release("other.zip", &x64("2.0.0.0"));
    for (package, guard) in [(other, Guard::PackageIdentity), (misnamed, Guard::PackageKind)] {
        let job = || shop.app().publish().package(package.clone());
        let plan = job().plan().await.unwrap();
        assert!(!plan.is_clear() && plan.problems().len() == 1, "{plan}");
        assert_eq!(guard_of(&job().await.unwrap_err()), Some(guard));
    }
    assert_eq!(shop.sent(), [""; 0]);
}

#[tokio::test]
async fn a_release_whose_rollout_was_halted_is_not_what_customers_have() {
    let shop = Shop::open().await;
    let job = || shop.app().publish().package(shop.package(PACKAGE));
    let report = job().rollout_percentage(5.0).until(Milestone::Published).await.unwrap();
    shop.app().package_rollout(&report.submission).halt().await.unwrap();
    shop.fake.forget_requests();
    let error = job().no_rollout().await.unwrap_err();
    assert_eq!(guard_of(&error), Some(Guard::PackageVersion));
    assert!(error.to_string().contains("raise its version"), "{error}");
    assert_eq!(shop.sent(), [""; 0]);
}

#[tokio::test]
async fn a_draft_that_waits_is_not_passed_over_for_what_is_published() {
    let shop = Shop::open().await;
    published(&shop, shop.package(PACKAGE)).await;
    shop.app().publish().edit(nothing).leave_draft().await.unwrap();
    let error = shop.app().publish().package(shop.package(PACKAGE)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Pending);
}

#[tokio::test]
async fn a_flight_whose_packages_tell_no_architecture_is_known_by_their_names() {
    let shop = Shop::open().await;
    shop.fake.fault(
        Fault::on("GET", "/flights/*/submissions/*")
            .always()
            .edit_answer(|submission| {
                let packages = submission["flightPackages"].as_array_mut().into_iter().flatten();
                for package in packages.filter_map(Value::as_object_mut) {
                    package.remove("architecture");
                }
            }),
    );
    let job = || {
        shop.flight()
            .publish()
            .package(shop.package(PACKAGE))
            .until(Milestone::Published)
    };
    assert!(!job().await.unwrap().already_published);
    assert!(job().await.unwrap().already_published);
}

#[tokio::test]
async fn a_release_of_which_a_part_is_missing_is_none_that_is_done() {
    let shop = Shop::open().await;
    published(&shop, shop.package(PACKAGE)).await;
    let arm64 = || shop.release("PaperLantern_2.0.0.0_arm64.msix", &arm64("2.0.0.0"));
    let both = shop.app().publish().package(shop.package(PACKAGE)).package(arm64());
    let error = both.await.unwrap_err();
    assert_eq!(guard_of(&error), Some(Guard::PackageVersion));
    assert!(error.to_string().contains("leave it out"), "{error}");
    assert_eq!(shop.sent(), [""; 0]);
    let report = shop.app().publish().package(arm64()).await.unwrap();
    assert!(!report.already_published);
}

#[tokio::test]
async fn a_flight_is_known_by_its_own_packages() {
    let shop = Shop::open().await;
    // The app has it, the flight has not.
    published(&shop, shop.package(PACKAGE)).await;
    let job = || {
        shop.flight()
            .publish()
            .package(shop.package(PACKAGE))
            .until(Milestone::Published)
    };
    assert!(!job().await.unwrap().already_published);
    shop.fake.forget_requests();
    let report = job().await.unwrap();
    assert!(report.already_published);
    let flight = shop.fake.published_submission(FLIGHT).unwrap();
    assert_eq!(flight["id"], report.submission.as_str());
    assert_eq!(shop.sent(), [""; 0]);
}

#[tokio::test]
async fn the_report_tells_what_is_taken_from_what_still_waits() {
    let shop = Shop::open().await;
    // The service is at work on it while the submission is in pre-processing.
    shop.fake
        .fault(Fault::on("GET", "/submissions/*").always().edit_answer(|submission| {
            if submission["status"] == "PreProcessing" {
                let entries = submission["applicationPackages"].as_array_mut().into_iter().flatten();
                for entry in entries.filter(|entry| entry["version"] == "2.0.0.0") {
                    (entry["id"], entry["fileStatus"]) = ("".into(), "PendingUpload".into());
                }
            }
        }));
    let report = shop.job().await.unwrap();
    assert_eq!((report.taken.len(), &report.waiting[..]), (0, &[PACKAGE.to_owned()][..]));
    assert!(
        report.to_string().contains("still at work on PaperLantern_2.0.0.0_x64.msix"),
        "{report}"
    );
    let job = shop.job().submission(report.submission).until(Milestone::Published);
    let report = job.await.unwrap();
    assert_eq!((&report.taken[..], report.waiting.len()), (&[PACKAGE.to_owned()][..], 0));
}

#[tokio::test]
async fn a_package_in_another_version_is_not_the_one_that_was_submitted() {
    let shop = Shop::open().await;
    shop.fake
        .fault(Fault::on("GET", "/submissions/*").always().edit_answer(|submission| {
            let entries = submission["applicationPackages"].as_array_mut().into_iter().flatten();
            for entry in entries.filter(|entry| entry["fileName"] == PACKAGE) {
                entry["version"] = "1.9.0.0".into();
            }
        }));
    let error = shop.job().until(Milestone::Certified).await.unwrap_err();
    assert!(error.to_string().contains("without a package that was uploaded"), "{error}");
}

#[tokio::test]
async fn after_a_failed_commit_the_mended_package_goes_through() {
    let shop = Shop::open().await;
    let details = json!({ "errors": [{ "code": "InvalidParameterValue", "details": "The package is not accepted." }] });
    shop.fake.script_statuses(
        APP,
        [
            json!("CommitStarted"),
            json!({ "status": "CommitFailed", "statusDetails": details }),
        ],
    );
    let broken = shop.release("PaperLantern_2.0.0.0.msix", &x64("2.0.0.0"));
    let error = shop.app().publish().package(broken).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::SubmissionFailed(_)), "{error:?}");
    let mended = shop.release("PaperLantern_2.0.1.0.msix", &x64("2.0.1.0"));
    let job = shop.app().publish().package(mended).pending(PendingPolicy::Reuse);
    let job = job
        .existing_packages(ExistingPackages::ReplaceAll)
        .until(Milestone::Published);
    let report = job.await.unwrap();
    assert_eq!(report.taken, ["PaperLantern_2.0.1.0.msix"]);
    // What waited for a file that nobody gives was taken out.
    let dropped: Vec<&str> = report.dropped.iter().map(String::as_str).collect();
    assert_eq!(dropped, ["PaperLantern_2.0.0.0.msix"]);
    assert!(
        report
            .to_string()
            .contains("taken out, because nobody gives its file: PaperLantern_2.0.0.0.msix"),
        "{report}"
    );
    let published = packages(&shop.fake.published_submission(APP).unwrap());
    assert_eq!(published.len(), 1, "{published:?}");
}

#[tokio::test]
async fn a_submission_that_is_not_the_same_is_named_with_the_difference() {
    let shop = Shop::open().await;
    shop.fake.script_statuses(APP, ["CommitStarted", "Certification"]);
    shop.job().await.unwrap();
    let notes_of = |text: &'static str| {
        shop.app().publish().pending(PendingPolicy::Reuse).edit(move |draft| {
            draft.listing_mut("en-us")?.base_listing.release_notes = text.into();
            Ok(())
        })
    };
    let other = shop.release("PaperLantern_3.0.0.0_x64.msix", &x64("3.0.0.0"));
    // Of the same name, from another release.
    let later = shop.folder.0.join("later");
    std::fs::create_dir(&later).unwrap();
    x64("4.0.0.0").write(later.join(PACKAGE)).unwrap();
    let table: [(_, Result<(), &str>); 4] = [
        (notes_of("Faster.").package(shop.package(PACKAGE)), Ok(())),
        (
            notes_of("Slower.").package(shop.package(PACKAGE)),
            Err("releaseNotes: \"Faster.\" -> \"Slower.\""),
        ),
        (
            notes_of("Faster.").package(other),
            Err("it lacks the package PaperLantern_3.0.0.0_x64.msix in version 3.0.0.0"),
        ),
        (
            notes_of("Faster.").package(Package::new(later.join(PACKAGE))),
            Err("it lacks the package PaperLantern_2.0.0.0_x64.msix in version 4.0.0.0"),
        ),
    ];
    shop.fake.forget_requests();
    for (job, expected) in table {
        match (job.plan().await, expected) {
            (Ok(plan), Ok(())) => assert!(plan.is_clear(), "{plan}"),
            (Ok(plan), Err(says)) => {
                assert!(!plan.is_clear(), "{plan}");
                assert!(plan.to_string().contains(says), "{plan}");
            }
            (Err(error), _) => panic!("{error}"),
        }
    }
    assert_eq!(shop.sent(), [""; 0]);
    let error: Error = notes_of("Slower.").package(shop.package(PACKAGE)).await.unwrap_err();
    assert!(error.to_string().contains("it differs: /listings/en-us"), "{error}");
}

#[tokio::test]
async fn a_plan_tells_who_would_be_left_without_a_package() {
    let shop = Shop::open().await;
    let job = shop.app().publish().package(shop.package(PACKAGE)).edit(|draft| {
        draft.listing_mut("en-us")?.base_listing.release_notes = "x".repeat(2000);
        Ok(())
    });
    let plan = job.existing_packages(ExistingPackages::ReplaceAll).plan().await.unwrap();
    assert!(plan.is_clear(), "{plan}");
    // It comes first.
    assert!(plan.findings[0].problem.contains("the Store serves arm64 today"), "{plan}");
    assert!(plan.findings.len() > 1, "{plan}");
}
