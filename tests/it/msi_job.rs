//! The whole job for an MSI or EXE product, on the fake: what it does, in which order, and every trap that others have fallen into.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use msstore::error::FailureKind;
use msstore::model::Guard;
use msstore::msi::{Architecture, Ending, NewInstaller, OnUnchanged, PackageChange, Product, Publish};
use msstore::testing::{FakeStore, Fault, MsiStatus};
use msstore::{ErrorKind, Outcome, ProductId, SellerId};
use serde_json::{Value, json};

use crate::support::chain;

const PRODUCT: &str = FakeStore::SAMPLE_MSI_PRODUCT;

struct World {
    fake: Arc<FakeStore>,
    product: Product,
    url: String,
}

impl World {
    async fn new() -> Self {
        let fake = FakeStore::start_with_sample().await.unwrap();
        let seller: SellerId = FakeStore::SAMPLE_SELLER.parse().unwrap();
        let product = fake
            .client()
            .unwrap()
            .msi(seller)
            .product(PRODUCT.parse::<ProductId>().unwrap());
        let url = fake.host_file("2.5.0/lantern-2.5.0-x64-setup.exe", b"MZ and more".as_slice());
        Self {
            fake: Arc::new(fake),
            product,
            url,
        }
    }

    fn job(&self) -> Publish {
        self.product
            .publish()
            .package(NewInstaller::new(Architecture::X64, &self.url))
            .notes("Brighter.")
    }

    /// The writes that took effect at the product, without its path.
    fn writes(&self) -> Vec<String> {
        let writes = self
            .fake
            .applied()
            .into_iter()
            .filter(|write| write.path.contains("/product/"));
        let rest = |path: &str| path.split(PRODUCT).nth(1).unwrap().to_owned();
        let ids = self.fake.msi_packages(PRODUCT).unwrap();
        let ids: Vec<String> = ids["packages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|package| package["packageId"].as_str().unwrap().to_owned())
            .collect();
        let named = |path: String| ids.iter().fold(path, |path, id| path.replace(id, "{id}"));
        writes
            .map(|write| format!("{} {}", write.method, named(rest(&write.path))))
            .collect()
    }

    fn package(&self, architecture: &str) -> Value {
        let packages = self.fake.msi_packages(PRODUCT).unwrap();
        let has = |package: &&Value| package["architectures"] == json!([architecture]);
        packages["packages"].as_array().unwrap().iter().find(has).unwrap().clone()
    }
}

const JOB: [&str; 5] = [
    "PATCH /packages/{id}",
    "PATCH /metadata",
    "PATCH /metadata",
    "POST /packages/commit",
    "POST /submit",
];

#[tokio::test]
async fn a_release_changes_what_differs_and_submits() {
    let world = World::new().await;
    let before = (world.package("X64"), world.package("Arm64"), world.fake.msi_assets(PRODUCT));
    let events = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&events);
    let report = world
        .job()
        .on_event(move |event| told.lock().unwrap().push(event.kind.to_string()))
        .await
        .unwrap();
    assert_eq!(world.writes(), JOB);
    assert_eq!((report.ending, report.adopted), (Ending::Submitted, false));
    let submissions = world.fake.msi_submissions(PRODUCT);
    assert_eq!(submissions.len(), 1);
    assert_eq!(submissions[0]["submissionId"], report.submission.as_ref().unwrap().as_str());
    let mut expected = before.0.clone();
    expected["packageUrl"] = world.url.as_str().into();
    assert_eq!(
        (world.package("X64"), world.package("Arm64"), world.fake.msi_assets(PRODUCT)),
        (expected, before.1, before.2)
    );
    let metadata = world.fake.msi_metadata(PRODUCT).unwrap();
    let notes: Vec<_> = metadata["listings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|listing| listing["whatsNew"].as_str().unwrap())
        .collect();
    assert_eq!(notes, ["Brighter.", "Brighter."]);
    let told = events.lock().unwrap().clone();
    let starts = [
        "the package for X64 was changed to",
        "the release notes in ",
        "the release notes in ",
        "the Store fetches",
        "the draft is ready",
        "it was submitted",
    ];
    assert_eq!(told.len(), starts.len(), "{told:?}");
    assert!(
        told.iter().zip(starts).all(|(told, start)| told.starts_with(start)),
        "{told:?}"
    );
    // No token, and nobody's id, ever went to whoever serves the installer.
    let downloads = world.fake.requests_to("*", "/files/**");
    assert!(!downloads.is_empty() && downloads.iter().all(|request| request.header("authorization").is_none()));
    assert!(
        world
            .fake
            .requests()
            .iter()
            .filter(|request| request.path.contains("/product/"))
            .all(|request| request.status.unwrap() < 400)
    );
}

#[tokio::test]
async fn it_waits_until_it_is_published_through_whatever_the_service_says() {
    let world = World::new().await;
    world.fake.set_token_life(Duration::from_secs(120));
    let reports = [
        json!("INPROGRESS"),
        json!({ "publishingStatus": "UNKNOWN", "hasFailed": false }),
        json!({ "publishingStatus": "FAILED", "hasFailed": false }),
        json!("INPROGRESS"),
        json!("PUBLISHED"),
    ];
    world.fake.script_msi_submission(PRODUCT, reports);
    let report = world.job().until_published().await.unwrap();
    assert_eq!(report.ending, Ending::Published);

    let world = World::new().await;
    world.fake.script_msi_submission(PRODUCT, [json!("INPROGRESS"), json!({ "publishingStatus": "FAILED", "hasFailed": true, "errors": [{ "code": "error", "message": "Policy 10.2.9", "target": "submission" }] })]);
    let error = world.job().until_published().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::SubmissionFailed(FailureKind::Failed), Outcome::Applied)
    );
    assert!(
        error.to_string().contains("Policy 10.2.9") && error.to_string().contains(PRODUCT),
        "{error}"
    );

    let world = World::new().await;
    world.fake.script_msi_submission(PRODUCT, ["INPROGRESS"]);
    let error = world
        .job()
        .until_published()
        .timeout(Duration::from_secs(3600))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WaitTimedOut, "{error}");
}

#[tokio::test]
async fn a_submission_of_somebody_else_is_busy_and_nothing_is_done() {
    let world = World::new().await;
    let other = world.fake.start_foreign_msi_submission(PRODUCT);
    let report = world.job().await.unwrap();
    assert_eq!((report.ending, report.submission), (Ending::Busy, Some(other)));
    let plan = world.job().plan().await.unwrap();
    assert!(!plan.is_clear() && plan.to_string().contains("busy: submission"), "{plan}");
    assert_eq!(world.writes(), Vec::<String>::new());
    // One that has ended is named for a while, and is not in the way.
    world.fake.script_msi_submission(PRODUCT, ["PUBLISHED"]);
    world
        .product
        .watch(plan.busy.as_ref().unwrap(), Duration::from_secs(3600), |_| {})
        .await
        .unwrap();
    assert!(world.product.status().await.unwrap().ongoing_submission_id.is_some());
    assert_eq!(world.job().await.unwrap().ending, Ending::Submitted);
}

#[tokio::test]
async fn an_old_error_of_a_fetch_does_not_count_and_a_new_one_does() {
    for lags in [false, true] {
        let world = World::new().await;
        world.fake.seed_upload_error(PRODUCT);
        world.fake.lag_msi_status(lags);
        assert_eq!(world.job().await.unwrap().ending, Ending::Submitted, "{lags}");
    }
    use MsiStatus::{Fetching, Ready, UploadFailed};
    // Three looks before the commit, and those after it.
    let of_ours = [Ready, Ready, Ready, Fetching, UploadFailed];
    let after_an_old_one = [UploadFailed, UploadFailed, UploadFailed, UploadFailed, Fetching, UploadFailed];
    for script in [&of_ours[..], &after_an_old_one] {
        let world = World::new().await;
        world.fake.script_msi_status(PRODUCT, script.to_vec());
        let error = world.job().await.unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::SubmissionFailed(FailureKind::NotFetched),
            "{script:?}: {error}"
        );
        assert!(
            error.to_string().contains("packageuploaderror") && error.to_string().contains("each URL answers"),
            "{error}"
        );
        assert!(world.fake.msi_submissions(PRODUCT).is_empty());
        assert_eq!(world.writes().last().unwrap(), "POST /packages/commit");
        let looks = world.fake.requests_to("GET", &format!("/product/{PRODUCT}/status")).len();
        assert_eq!(looks, script.len(), "it ends at once");
    }
}

#[tokio::test]
async fn another_module_that_lacks_something_ends_the_wait() {
    let world = World::new().await;
    world
        .fake
        .script_msi_status(PRODUCT, [MsiStatus::Incomplete("listings".to_owned())]);
    let error = world
        .product
        .wait_until_ready(&[], Duration::from_secs(3600))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SubmissionFailed(FailureKind::Incomplete));
    assert!(
        error.to_string().contains("(listings)") && error.to_string().contains("waiting will not help"),
        "{error}"
    );
    world.fake.script_msi_status(PRODUCT, [MsiStatus::Busy]);
    let error = world
        .product
        .wait_until_ready(&[], Duration::from_secs(3600))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WaitTimedOut, "{error}");
}

#[tokio::test]
async fn a_draft_that_has_it_all_never_ends_green_by_itself() {
    let world = World::new().await;
    let url = world.url.clone();
    // A run that died between the fetch and the submit.
    assert_eq!(world.job().leave_draft().await.unwrap().ending, Ending::LeftAsDraft);
    assert!(world.fake.msi_submissions(PRODUCT).is_empty());
    world.fake.forget_requests();
    let error = world.job().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Guard(Guard::Unchanged));
    assert!(error.to_string().contains("whether it was ever submitted"), "{error}");
    let accepted = world.job().unchanged(OnUnchanged::Accept).await.unwrap();
    assert_eq!((accepted.ending, accepted.submission), (Ending::Unchanged, None));
    assert_eq!(world.writes(), Vec::<String>::new());
    assert_eq!(
        world.job().unchanged(OnUnchanged::Submit).await.unwrap().ending,
        Ending::Submitted
    );
    assert_eq!(world.writes(), ["POST /submit"]);
    let submitted = &world.fake.msi_submissions(PRODUCT)[0]["packages"];
    assert!(submitted.to_string().contains(&url), "{submitted}");
}

#[tokio::test]
async fn a_submit_whose_answer_is_lost_is_found() {
    let world = World::new().await;
    world.fake.fault(
        Fault::on("POST", "/submit")
            .apply_then()
            .answer(504, "<html>Gateway Timeout</html>"),
    );
    let report = world.job().await.unwrap();
    assert_eq!((report.ending, report.adopted), (Ending::Submitted, true));
    assert_eq!(world.writes(), JOB);
    assert_eq!(
        world.fake.msi_submissions(PRODUCT)[0]["submissionId"],
        report.submission.unwrap().as_str()
    );
    // One that was not done is sent again.
    let world = World::new().await;
    world
        .fake
        .fault(Fault::on("POST", "/submit").answer(504, "<html>Gateway Timeout</html>"));
    let report = world.job().await.unwrap();
    assert_eq!((report.ending, report.adopted), (Ending::Submitted, false));
    assert_eq!(world.fake.requests_to("POST", "/submit").len(), 2);
    assert_eq!(world.fake.msi_submissions(PRODUCT).len(), 1);
}

#[tokio::test]
async fn what_somebody_else_changes_meanwhile_is_not_submitted() {
    let world = World::new().await;
    let fake = Arc::clone(&world.fake);
    let job = world.job().on_event(move |event| {
        if event.kind.to_string() == "the draft is ready" {
            fake.edit_msi_product(PRODUCT, |draft| draft["listings"][1]["description"] = "Anders.".into());
        }
    });
    let error = job.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Guard(Guard::DraftChanged));
    assert!(error.to_string().contains("/listings/1/description"), "{error}");
    assert!(world.fake.msi_submissions(PRODUCT).is_empty());
}

#[tokio::test]
async fn what_partner_center_let_through_and_the_api_refuses_is_found_before() {
    let world = World::new().await;
    let long = "/quiet /norestart /log C:\\install.log ALLUSERS=1";
    let has = |package: &Value| package["architectures"] == json!(["X64"]);
    world.fake.edit_msi_product(PRODUCT, |draft| {
        let packages = draft["packages"].as_array_mut().unwrap();
        packages.iter_mut().find(|package| has(package)).unwrap()["installerParameters"] = long.into();
    });
    let error = world.job().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Guard(Guard::InstallerParameters), "{error}");
    assert_eq!(world.writes(), Vec::<String>::new());
    let shorter = NewInstaller::new(Architecture::X64, &world.url).parameters("/quiet");
    assert_eq!(
        world.product.publish().package(shorter).await.unwrap().ending,
        Ending::Submitted
    );
    assert_eq!(world.package("X64")["installerParameters"], "/quiet");
}

#[tokio::test]
async fn a_program_that_became_an_msi_is_named_so() {
    let world = World::new().await;
    let msi = world.fake.host_file(
        "lantern.exe",
        [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, 0, 0].as_slice(),
    );
    let job = |installer| world.product.publish().package(installer);
    let error = job(NewInstaller::new(Architecture::X64, &msi)).await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Guard(Guard::InstallerParameters),
        "the parameters are those of a program: {error}"
    );
    job(NewInstaller::new(Architecture::X64, &msi).parameters("")).await.unwrap();
    assert_eq!(
        (
            &world.package("X64")["packageType"],
            &world.package("X64")["installerParameters"]
        ),
        (&json!("msi"), &json!(""))
    );
}

#[tokio::test]
async fn images_of_one_kind_are_replaced_and_the_others_stay() {
    let world = World::new().await;
    let images = |world: &World| {
        let assets = world.fake.msi_assets(PRODUCT).unwrap();
        let ids = |language: usize, kind: &str| {
            let images = assets["listingAssets"][language][kind].as_array().unwrap();
            images
                .iter()
                .map(|image| (image["id"].clone(), image["imageSize"]["width"].clone()))
                .collect::<Vec<_>>()
        };
        (
            ids(0, "screenshots"),
            ids(0, "storeLogos"),
            ids(1, "screenshots"),
            ids(1, "storeLogos"),
        )
    };
    let before = images(&world);
    let paths = [
        world.fake.sample_image("1.png", 1920, 1080).unwrap(),
        world.fake.sample_image("2.png", 2560, 1440).unwrap(),
    ];
    world.job().screenshots("EN-us", &paths).await.unwrap();
    let after = images(&world);
    assert_eq!(
        after.0.iter().map(|image| image.1.clone()).collect::<Vec<_>>(),
        [json!(1920), json!(2560)]
    );
    assert_eq!((&after.1, &after.2, &after.3), (&before.1, &before.2, &before.3));
    let text = world.fake.sample_file("no.png", 30).unwrap();
    let error = world.product.publish().screenshots("en-us", [text]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
}

#[tokio::test]
async fn a_snapshot_is_written_back() {
    let world = World::new().await;
    let before = (world.fake.msi_packages(PRODUCT), world.fake.msi_metadata(PRODUCT));
    let report = world.job().leave_draft().await.unwrap();
    assert_ne!((world.fake.msi_packages(PRODUCT), world.fake.msi_metadata(PRODUCT)), before);
    // It can be kept.
    let kept = serde_json::to_string(&report.before.unwrap()).unwrap();
    let snapshot = serde_json::from_str(&kept).unwrap();
    world.product.restore(&snapshot).await.unwrap();
    let without_ids = |packages: Option<Value>| {
        let mut packages = packages.unwrap();
        for package in packages["packages"].as_array_mut().unwrap() {
            package.as_object_mut().unwrap().remove("packageId");
            package.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        }
        packages
    };
    assert_eq!(without_ids(world.fake.msi_packages(PRODUCT)), without_ids(before.0));
    assert_eq!(world.fake.msi_metadata(PRODUCT), before.1);
    world.fake.forget_requests();
    world.product.restore(&snapshot).await.unwrap();
    assert_eq!(world.writes(), Vec::<String>::new(), "nothing differs any more");
}

#[tokio::test]
async fn ids_of_packages_are_dead_once_all_were_replaced() {
    let world = World::new().await;
    let id = world.package("X64")["packageId"].as_str().unwrap().to_owned();
    let mut packages = world.product.packages().await.unwrap();
    packages.packages[0].installer_parameters = "/quiet".to_owned();
    world.product.replace_packages(&packages).await.unwrap();
    let error = world
        .product
        .patch_package(&id, &PackageChange::url(&world.url))
        .await
        .unwrap_err();
    assert_eq!(error.status(), Some(404), "{}", chain(&error));
    let new = world.package("X64")["packageId"].as_str().unwrap().to_owned();
    world
        .product
        .patch_package(&new, &PackageChange::url(&world.url))
        .await
        .unwrap();
    assert_eq!(world.package("X64")["unknownToDocumentation"], json!({ "keep": [1, "two"] }));
}
