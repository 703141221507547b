//! Packages and other files: which come, stay and go, and that running twice does not add twice.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use msstore::api::Milestone;
use msstore::error::FailureKind;
use msstore::model::{ApplicationPackage, Guard, ImageType};
use msstore::publish::{ExistingPackages, PackageFate, PendingPolicy};
use msstore::testing::{Fault, Rule, SamplePackage};
use msstore::{ErrorKind, Outcome};
use serde_json::{Value, json};

use super::{ADD_ON, APP, PACKAGE, Shop, guard_of, notes, observed, package_names, packages, step};

/// The app with a package for each of four architectures, the last for a newer Windows.
async fn four_architectures() -> Shop {
    let shop = Shop::open().await;
    let mut submission = shop.fake.published_submission(APP).unwrap();
    let sample = submission["applicationPackages"][0].clone();
    let package = |(n, architecture, min_os): (usize, &str, &str)| {
        let mut package = sample.clone();
        package["id"] = format!("200000000000000{n}").into();
        package["fileName"] = format!("App_1.0_{architecture}.msix").into();
        package["architecture"] = architecture.into();
        package["targetDeviceFamilies"] = json!([format!("Windows.Desktop min version {min_os}")]);
        package
    };
    let four = [
        (1, "x86", "10.0.17763.0"),
        (2, "x64", "10.0.17763.0"),
        (3, "arm", "10.0.17763.0"),
        (4, "arm64", "10.0.19041.0"),
    ];
    submission["applicationPackages"] = four.map(package).to_vec().into();
    shop.fake.set_published_submission(APP, submission);
    shop
}

#[tokio::test]
async fn of_four_architectures_those_go_that_are_replaced() {
    use ExistingPackages::{Keep, ReplaceAll, ReplaceMatching};
    /// The choice; architecture and minimum version of each new package; the old ones that stay.
    type Row<'t> = (ExistingPackages, &'t [(&'t str, &'t str)], &'t [&'t str]);
    let table: [Row<'_>; 6] = [
        (Keep, &[("x64", "10.0.17763.0")], &["x86", "x64", "arm", "arm64"]),
        (ReplaceMatching, &[("x64", "10.0.17763.0")], &["x86", "arm", "arm64"]),
        (ReplaceMatching, &[("x64", "10.0.19041.0")], &["x86", "x64", "arm", "arm64"]),
        (
            ReplaceMatching,
            &[("arm64", "10.0.17763.0"), ("x86", "10.0.10240.0")],
            &["x64", "arm"],
        ),
        (
            ReplaceMatching,
            &["x86", "x64", "arm", "arm64"].map(|it| (it, "10.0.17763.0")),
            &[],
        ),
        (ReplaceAll, &[("x64", "10.0.22000.0")], &[]),
    ];
    for (existing, new, stay) in table {
        let shop = four_architectures().await;
        let mut job = shop.app().publish().existing_packages(existing).until(Milestone::Published);
        let mut expected: Vec<String> = stay
            .iter()
            .map(|architecture| format!("App_1.0_{architecture}.msix"))
            .collect();
        for (n, (architecture, min_os)) in new.iter().enumerate() {
            let name = format!("App_2.{n}.msix");
            // Nothing is stated: the manifest tells.
            let package = SamplePackage::new("2.0.0.0").architecture(*architecture);
            job = job.package(shop.release(&name, &package.device_family("Windows.Desktop", *min_os)));
            expected.push(name);
        }
        expected.sort();
        job.await.unwrap();
        let published = shop.fake.published_submission(APP).unwrap();
        assert_eq!(package_names(&published), expected, "{existing:?} {new:?}");
    }
}

#[tokio::test]
async fn a_package_of_the_same_name_is_replaced() {
    let shop = Shop::open().await;
    let name = "PaperLantern_1.0.0.0_x64.msix";
    let id = |submission: &Value| {
        let packages = submission["applicationPackages"].as_array().unwrap();
        let of_the_name: Vec<_> = packages.iter().filter(|package| package["fileName"] == name).collect();
        assert_eq!(of_the_name.len(), 1, "{packages:?}");
        of_the_name[0]["id"].clone()
    };
    let before = id(&shop.fake.published_submission(APP).unwrap());
    let job = shop.app().publish().package(shop.package(name)).until(Milestone::Published);
    job.await.unwrap();
    assert_ne!(id(&shop.fake.published_submission(APP).unwrap()), before);
}

#[tokio::test]
async fn a_package_can_have_another_name_than_its_file() {
    let shop = Shop::open().await;
    let package = shop.package("out.bin").name("store\\App.msix");
    let report = shop
        .app()
        .publish()
        .package(package)
        .until(Milestone::Published)
        .await
        .unwrap();
    assert_eq!(report.files[0].name, "store/App.msix");
    let published = shop.fake.published_submission(APP).unwrap();
    assert!(package_names(&published).contains(&"store/App.msix".to_owned()));
}

#[tokio::test]
async fn running_twice_adds_nothing_twice() {
    let shop = Shop::open().await;
    let image = shop.folder.image("one.png", 1366, 768);
    let extra = shop.folder.image("extra.png", 300, 300);
    let job = || {
        // Not by .image(): the edit names it, and .file() gives it.
        let name_it = |draft: &mut msstore::Document<msstore::model::ApplicationSubmission>| {
            let images = &mut draft.listing_mut("en-us")?.base_listing.images;
            if !images.iter().any(|image| image.file_name == "extra.png") {
                images.push(msstore::model::Image::pending_upload("extra.png", ImageType::Icon));
            }
            Ok(())
        };
        let job = shop
            .job()
            .pending(PendingPolicy::Reuse)
            .edit(name_it)
            .file("extra.png", &extra);
        job.image("en-US", ImageType::Screenshot, &image)
    };
    let first = job().leave_draft().await.unwrap();
    assert_eq!(first.files.len(), 3);
    let draft = shop.fake.pending_submission(APP).unwrap();
    for run in 0..2 {
        let again = job().leave_draft().await.unwrap();
        assert_eq!((again.submission, again.changes), (first.submission.clone(), vec![]), "{run}");
        assert_eq!(shop.fake.pending_submission(APP).unwrap(), draft, "{run}");
    }
    assert_eq!(shop.count("update"), 1);
    assert_eq!(packages(&draft).iter().filter(|(name, _)| name == PACKAGE).count(), 1);
    let images = |submission: &Value| -> Vec<Value> {
        let images = submission["listings"]["en-us"]["baseListing"]["images"].as_array().unwrap();
        images.iter().map(|image| image["fileName"].clone()).collect()
    };
    assert_eq!(images(&draft), ["screens/one.png", "extra.png", "en-us/one.png"]);
    // Once it is under way its files are the service's, and it still is what is to be published.
    job().until(Milestone::Accepted).await.unwrap();
    shop.fake.forget_requests();
    let report = job().until(Milestone::Published).await.unwrap();
    assert_eq!((report.submission, report.adopted), (first.submission, true));
    assert_eq!(shop.sent(), [""; 0]);
    // In the next submission they replace those of the same name.
    shop.fake.enforce(Rule::PackageVersion, false);
    let next = shop
        .job()
        .again()
        .image("en-US", ImageType::Screenshot, &image)
        .until(Milestone::Published);
    assert_eq!(next.await.unwrap().files.len(), 2);
    let published = shop.fake.published_submission(APP).unwrap();
    let of_the_name = packages(&published).into_iter().filter(|(name, _)| name == PACKAGE).count();
    assert_eq!(of_the_name, 1);
    assert_eq!(images(&published), ["screens/one.png", "extra.png", "en-us/one.png"]);
}

#[tokio::test]
async fn an_icon_is_not_added_twice_either() {
    let shop = Shop::open().await;
    let icon = shop.folder.image("pack.png", 300, 300);
    let job = || shop.add_on().publish().pending(PendingPolicy::Reuse).icon("EN", &icon);
    let first = job().leave_draft().await.unwrap();
    let draft = shop.fake.pending_submission(ADD_ON).unwrap();
    let named = json!({ "fileName": "en/pack.png", "fileStatus": "PendingUpload" });
    assert_eq!(draft["listings"]["en"]["icon"], named);
    assert_eq!(job().leave_draft().await.unwrap().changes, []);
    job().until(Milestone::Accepted).await.unwrap();
    shop.fake.forget_requests();
    let report = job().until(Milestone::Published).await.unwrap();
    assert_eq!((report.submission, report.adopted), (first.submission, true));
    assert_eq!(shop.sent(), [""; 0]);
    let published = shop.fake.published_submission(ADD_ON).unwrap();
    let taken = json!({ "fileName": "en/pack.png", "fileStatus": "Uploaded" });
    assert_eq!(published["listings"]["en"]["icon"], taken);
}

#[tokio::test]
async fn a_package_that_is_dropped_without_a_word_is_missed() {
    // It is told at once, unless there is one of its name, from before.
    for (name, looked) in [(PACKAGE, 2..=4), ("PaperLantern_1.0.0.0_x64.msix", 20..=26)] {
        let shop = Shop::open().await;
        shop.fake.fault(Fault::on("POST", "/submissions/*/commit").drop_packages());
        let job = shop.app().publish().edit(notes).package(shop.package(name));
        let (job, events) = observed(job.until(Milestone::Published));
        let error = job.await.unwrap_err();
        let id = shop.published_id();
        assert_eq!(
            error.kind(),
            ErrorKind::SubmissionFailed(FailureKind::PackageNotTaken),
            "{name}"
        );
        assert_eq!(error.path(), Some(format!("applications/{APP}/submissions/{id}").as_str()));
        let said = error.to_string();
        assert!(
            said.contains("went on to Published without a package that was uploaded"),
            "{said}"
        );
        assert!(error.correlation_id().is_some());
        assert!(!events.lock().unwrap().iter().any(|event| step(event) == "packagesTaken"));
        let looks = shop.fake.requests_to("GET", "/submissions/*").len();
        // Of ten minutes, more of them towards the end.
        assert!(looked.contains(&looks), "{name}: {looks}");
    }
}

#[tokio::test]
async fn a_package_that_shows_up_late_is_waited_for() {
    let shop = Shop::open().await;
    // The first three looks at what is published then do not show them.
    let before = shop.published_id();
    let looks = AtomicU32::new(0);
    shop.fake
        .fault(Fault::on("GET", "/submissions/*").always().edit_answer(move |submission| {
            if submission["status"] == "Published"
                && submission["id"] != before.as_str()
                && looks.fetch_add(1, Ordering::Relaxed) < 3
            {
                submission["applicationPackages"] = json!([]);
            }
        }));
    let (job, events) = observed(shop.job().until(Milestone::Published));
    let report = job.await.unwrap();
    let events = events.lock().unwrap();
    let last = events.last().unwrap();
    assert!(
        step(last) == "packagesTaken" && last.kind.to_string().contains("taken"),
        "{last}"
    );
    let waited = last.elapsed - events[events.len() - 2].elapsed;
    assert!(waited >= Duration::from_secs(90), "{waited:?}");
    assert_eq!(report.submission, shop.published_id());
}

/// The commit failed because of the package; the mended one has another name.
#[tokio::test]
async fn a_package_that_failed_makes_way_for_the_mended_one() {
    let broken = "PaperLantern_2.0.0.553_x64.msix";
    let shop = Shop::open().await;
    let failed = json!({ "status": "CommitFailed", "statusDetails": { "errors": [{ "code": "InvalidVersion", "details": "must end in 0" }] } });
    shop.fake.script_statuses(APP, [json!("CommitStarted"), failed]);
    let job = |name: &str| shop.app().publish().edit(notes).package(shop.package(name));
    job(broken).await.unwrap_err();
    let mended = || {
        let job = job(PACKAGE).pending(PendingPolicy::Reuse).until(Milestone::Published);
        job.existing_packages(ExistingPackages::ReplaceAll)
    };
    let plan = mended().plan().await.unwrap();
    assert!(plan.is_clear(), "{plan}");
    let fate = |name: &str| {
        plan.packages
            .iter()
            .find(|package| package.file_name == name)
            .map(|package| package.fate)
    };
    assert_eq!(
        (fate(broken), fate(PACKAGE)),
        (Some(PackageFate::Dropped), Some(PackageFate::Comes)),
        "{plan}"
    );
    assert!(plan.to_string().contains(&format!("drops {broken}")), "{plan}");
    let report = mended().await.unwrap();
    assert!(
        report.changes.iter().any(|change| change.to_string().contains(broken)),
        "{:?}",
        report.changes
    );
    assert_eq!(report.changes, plan.changes);
    assert_eq!(package_names(&shop.fake.published_submission(APP).unwrap()), [PACKAGE]);
    assert_eq!(shop.count("create"), 1);
}

/// Nothing is taken out unasked: not with another choice, and not what the edit itself puts in or a file is given for.
#[tokio::test]
async fn only_replace_all_takes_out_what_waits_for_no_file() {
    let shop = Shop::open().await;
    shop.job().leave_draft().await.unwrap();
    let job = || {
        let job = shop.app().publish().pending(PendingPolicy::Reuse).leave_draft();
        job.edit(notes).package(shop.package("Other.msix"))
    };
    let error = job().await.unwrap_err();
    assert_eq!(guard_of(&error), Some(Guard::Files));
    assert!(error.to_string().contains("ExistingPackages::ReplaceAll"), "{error}");
    let all = || job().existing_packages(ExistingPackages::ReplaceAll);
    let edited = all().edit(|draft| {
        draft.application_packages.push(ApplicationPackage::pending_upload("x.msix"));
        Ok(())
    });
    let error = edited.await.unwrap_err();
    assert_eq!(guard_of(&error), Some(Guard::Files));
    assert!(error.to_string().contains("x.msix"), "{error}");
    let given = all().file(PACKAGE, shop.folder.file(PACKAGE, 1000));
    given.await.unwrap();
    let pending = packages(&shop.fake.pending_submission(APP).unwrap());
    let coming: Vec<_> = pending.iter().filter(|(_, status)| status == "PendingUpload").collect();
    assert_eq!(coming.len(), 2, "{pending:?}");
    assert_eq!(shop.count("update"), 2);
}

/// The look whether the packages were taken comes after the release, and makes no failure of it.
#[tokio::test]
async fn a_look_that_fails_does_not_end_a_finished_run() {
    // How the looks fail; how many of them; how long the next one waits at least; whether it succeeds.
    type Row = (fn(Fault) -> Fault, u32, u64, bool);
    let table: [Row; 6] = [
        (|look| look.answer(503, ""), 5, 0, true),
        (Fault::reset, 5, 0, true),
        (|look| look.answer(200, "<html>Signed out</html>"), 1, 30, true),
        (|look| look.answer(429, "").header("Retry-After", "300"), 1, 300, true),
        (|look| look.answer(429, "").header("Retry-After", "3600"), 1, 0, false),
        (|look| look.answer(503, ""), 1000, 600, false),
    ];
    for (fails, times, waits, goes) in table {
        let fault = || fails(Fault::on("GET", "/submissions/*"));
        let what = format!("{:?}, {times} times", fault());
        let shop = Shop::open().await;
        // The first two look at the published submission and at the draft.
        (3..3 + times).for_each(|n| shop.fake.fault(fault().nth(n)));
        let (job, events) = observed(shop.job());
        let found = job.await;
        let events = events.lock().unwrap();
        let at = events
            .iter()
            .rev()
            .find(|event| step(event) == "statusChanged")
            .unwrap()
            .elapsed;
        let waited = shop.fake.elapsed() - at;
        assert!(waited >= Duration::from_secs(waits), "{what}: {waited:?}");
        if goes {
            found.expect(&what);
            continue;
        }
        let error = found.expect_err(&what);
        let said = error.to_string();
        for says in [
            "went on to PreProcessing",
            "whether its packages were taken",
            "look at its packages later",
        ] {
            assert!(said.contains(says), "{what}: {said}");
        }
        assert_eq!(error.kind(), ErrorKind::NotVerified, "{what}");
        assert_eq!(error.submission(), Some(shop.pending_id()), "{what}");
        assert_eq!(error.outcome(), Outcome::Applied, "{what}");
    }
}

/// Submissions of other tools name files with a back-slash.
#[tokio::test]
async fn names_meet_with_either_slash() {
    let shop = Shop::open().await;
    let id = shop.published_id();
    shop.fake.edit_submission(&id, |submission| {
        submission["applicationPackages"][0]["fileName"] = "x64\\App.msix".into();
        submission["listings"]["en-us"]["baseListing"]["images"][0]["fileName"] = "en-us\\one.png".into();
    });
    // What is written is read back with a back-slash too.
    shop.fake
        .fault(Fault::on("GET", "/submissions/*").always().edit_answer(|submission| {
            for package in submission["applicationPackages"].as_array_mut().unwrap() {
                let name = package["fileName"].as_str().unwrap().replace('/', "\\");
                package["fileName"] = name.into();
            }
        }));
    let image = shop.folder.image("one.png", 1366, 768);
    let package = shop.package("App.msix").name("x64/App.msix");
    let job = || {
        let job = shop.app().publish().package(package.clone()).until(Milestone::Published);
        job.image("en-us", ImageType::Screenshot, &image)
    };
    let plan = job().plan().await.unwrap();
    let fates: Vec<_> = plan.packages.iter().map(|package| package.fate).collect();
    assert_eq!(fates, [PackageFate::Goes, PackageFate::Stays, PackageFate::Comes], "{plan}");
    job().await.unwrap();
    let published = shop.fake.published_submission(APP).unwrap();
    assert_eq!(package_names(&published), ["PaperLantern_1.0.0.0_arm64.msix", "x64/App.msix"]);
    let images = published["listings"]["en-us"]["baseListing"]["images"].as_array().unwrap();
    assert_eq!(images.len(), 1, "{images:?}");
}
