//! The dry run: what it says is what the run does, and it only reads.

use std::time::Duration;

use msstore::api::Milestone;
use msstore::model::Guard;
use msstore::publish::{ExistingPackages, ExistingRollout, Finding, PackageFate, PendingPolicy, Plan};
use msstore::{ErrorKind, SubmissionId};
use serde_json::json;

use super::{APP, PACKAGE, Shop, notes};

/// Only reads were sent, and for the token what must be.
fn only_reads(shop: &Shop) {
    assert_eq!(shop.sent(), [""; 0]);
    assert_eq!(shop.writes(), [""; 0]);
    assert!(!shop.fake.requests().is_empty());
}

fn finding(plan: &Plan, guard: Guard) -> Finding {
    let found = plan.guards.iter().find(|found| found.guard == guard);
    found.unwrap_or_else(|| panic!("{guard} in {plan}")).finding.clone()
}

#[tokio::test]
async fn it_tells_what_the_run_does() {
    let shop = Shop::open().await;
    let job = || {
        let job = shop
            .app()
            .publish()
            .edit(notes)
            .package(shop.package(PACKAGE))
            .until(Milestone::Published);
        job.existing_packages(ExistingPackages::ReplaceMatching)
    };
    let before = shop.fake.published_submission(APP);
    let plan = job().plan().await.unwrap();
    only_reads(&shop);
    assert_eq!(shop.fake.published_submission(APP), before);
    assert!(plan.is_clear(), "{plan}");
    assert_eq!(
        (plan.based_on.clone(), plan.pending.clone()),
        (Some(shop.published_id()), None)
    );
    let fates: Vec<_> = plan
        .packages
        .iter()
        .map(|package| (package.file_name.as_str(), package.fate))
        .collect();
    let expected = [
        ("PaperLantern_1.0.0.0_x64.msix", PackageFate::Goes),
        ("PaperLantern_1.0.0.0_arm64.msix", PackageFate::Stays),
        (PACKAGE, PackageFate::Comes),
    ];
    assert_eq!(fates, expected);
    assert_eq!(
        (plan.files[0].name.as_str(), plan.files[0].bytes),
        (PACKAGE, shop.length(PACKAGE))
    );
    assert_eq!(finding(&plan, Guard::UploadLink), Finding::NotChecked);
    for guard in [
        Guard::ExistingPackages,
        Guard::PackageCount,
        Guard::NewPackages,
        Guard::PackageKind,
        Guard::PackageIdentity,
        Guard::PackageVersion,
        Guard::Price,
        Guard::Listings,
        Guard::Files,
        Guard::RolloutInProgress,
    ] {
        assert_eq!(finding(&plan, guard), Finding::Passed, "{guard}");
    }

    let text = plan.to_string();
    for line in [
        "pending: nothing; a draft would be created\n",
        "/listings/en-us/baseListing/releaseNotes: \"First release.\" -> \"Faster.\"\n",
        "  goes  PaperLantern_1.0.0.0_x64.msix (x64, 1.0.0.0)\n",
        "  stays PaperLantern_1.0.0.0_arm64.msix (arm64, 1.0.0.0)\n",
        "  comes PaperLantern_2.0.0.0_x64.msix (x64, 1.0.0.0 → 2.0.0.0)\n",
        &format!("PaperLantern_2.0.0.0_x64.msix ({} bytes) from ", shop.length(PACKAGE)),
        "  not checked: upload link\n",
        "  passed: package kind, package identity, package version, ",
    ] {
        assert!(text.contains(line), "{line:?} in {text}");
    }
    assert!(text.ends_with("would go on") && !text.contains("sig="), "{text}");

    let json = serde_json::to_value(&plan).unwrap();
    assert_eq!(json["basedOn"], json!(plan.based_on));
    assert_eq!(json["pending"], json!(null));
    let (gone, come) = (&json["packages"][0], &json["packages"][2]);
    assert_eq!(gone["fate"], "goes");
    assert_eq!(
        (&come["version"], &come["oldVersion"], &come["architectures"]),
        (&json!("2.0.0.0"), &json!("1.0.0.0"), &json!(["x64"]))
    );
    assert_eq!(json["files"][0]["bytes"], shop.length(PACKAGE));
    let guards = json["guards"].as_array().unwrap();
    assert!(
        guards.contains(&json!({ "guard": "uploadLink", "finding": "notChecked" })),
        "{json}"
    );

    let report = job().await.unwrap();
    assert_eq!(plan.changes, report.changes);
    let published = super::package_names(&shop.fake.published_submission(APP).unwrap());
    assert_eq!(published, ["PaperLantern_1.0.0.0_arm64.msix", PACKAGE]);
}

#[tokio::test]
async fn it_tells_what_becomes_of_what_is_pending() {
    let table = [
        (PendingPolicy::Fail, "PendingCommit", true, "somebody's work"),
        (
            PendingPolicy::Replace,
            "CommitFailed",
            false,
            "would be deleted and made anew",
        ),
        (PendingPolicy::Reuse, "PendingCommit", false, "would be edited"),
        (PendingPolicy::Fail, "Certification", true, "under way"),
        (PendingPolicy::Replace, "Certification", true, "under way"),
        (PendingPolicy::Reuse, "Certification", true, "is not what is to be published"),
    ];
    for (policy, status, stops, says) in table {
        let shop = Shop::open().await;
        let id = shop.fake.seed_draft(APP);
        shop.fake.set_status(&id, status);
        let plan = shop.job().pending(policy).plan().await.unwrap();
        only_reads(&shop);
        let pending = plan.pending.as_ref().unwrap();
        assert_eq!(
            (&pending.id, pending.status.as_str(), pending.stops),
            (&id, status, stops),
            "{policy:?}"
        );
        assert!(pending.what.contains(says), "{policy:?}: {}", pending.what);
        assert_eq!(plan.is_clear(), !stops, "{policy:?}: {plan}");
        let reused = policy == PendingPolicy::Reuse;
        assert_eq!(plan.based_on.as_ref() == Some(&id), reused, "{policy:?}");
        let end = if stops { "would stop: " } else { "would go on" };
        let text = plan.to_string();
        assert!(text.lines().last().is_some_and(|last| last.starts_with(end)), "{plan}");
        // The run agrees.
        assert_eq!(shop.job().pending(policy).await.is_err(), stops, "{policy:?} {status}");
    }
}

#[tokio::test]
async fn a_submission_under_way_that_is_what_is_wanted_would_be_waited_for() {
    let shop = Shop::open().await;
    let report = shop.job().await.unwrap();
    shop.fake.forget_requests();
    let id = report.submission;
    for job in [shop.job().pending(PendingPolicy::Reuse), shop.job().submission(&id)] {
        let plan = job.plan().await.unwrap();
        only_reads(&shop);
        assert!(plan.is_clear(), "{plan}");
        assert!(plan.pending.as_ref().unwrap().what.contains("would be waited for"), "{plan}");
        assert_eq!((plan.changes.len(), plan.files.len(), plan.guards.len()), (0, 0, 0), "{plan}");
        assert!(
            plan.packages.iter().all(|package| package.fate == PackageFate::Stays),
            "{plan}"
        );
    }
}

#[tokio::test]
async fn guards_that_would_stop_the_run_are_told() {
    let shop = Shop::open().await;
    let job = || {
        shop.job().edit(|draft| {
            draft.pricing.price_id = "Base".into();
            Ok(())
        })
    };
    let plan = job().plan().await.unwrap();
    only_reads(&shop);
    assert!(
        !plan.is_clear() && plan.to_string().contains("  FAILED: price: pricing.priceId is Base"),
        "{plan}"
    );
    let plan = job().allow(Guard::Price).plan().await.unwrap();
    assert!(
        plan.is_clear() && plan.to_string().contains("  lifted: price: pricing.priceId is Base"),
        "{plan}"
    );
    let json = serde_json::to_value(&plan).unwrap();
    let lifted = json["guards"]
        .as_array()
        .unwrap()
        .iter()
        .find(|guard| guard["guard"] == "price")
        .unwrap();
    assert!(lifted["finding"]["lifted"].as_str().unwrap().contains("Base"), "{json}");

    let shop = Shop::open().await;
    shop.fake.seed_rollout(APP, 25.0);
    let plan = shop.job().plan().await.unwrap();
    only_reads(&shop);
    assert!(
        matches!(finding(&plan, Guard::RolloutInProgress), Finding::Failed(_)),
        "{plan}"
    );
    let plan = shop
        .job()
        .no_rollout()
        .existing_rollout(ExistingRollout::Halt)
        .plan()
        .await
        .unwrap();
    only_reads(&shop);
    assert!(plan.is_clear(), "{plan}");
}

#[tokio::test]
async fn the_link_of_a_draft_that_would_be_reused_is_checked() {
    let shop = Shop::open().await;
    shop.fake.set_link_life(Duration::from_secs(60));
    shop.fake.seed_draft(APP);
    let plan = async || shop.job().pending(PendingPolicy::Reuse).plan().await.unwrap();
    assert_eq!(finding(&plan().await, Guard::UploadLink), Finding::Passed);
    shop.fake.advance(Duration::from_secs(61));
    let plan = plan().await;
    assert!(
        matches!(finding(&plan, Guard::UploadLink), Finding::Failed(_)) && !plan.is_clear(),
        "{plan}"
    );
    only_reads(&shop);
}

#[tokio::test]
async fn there_must_be_something_to_plan_on() {
    let shop = Shop::open().await;
    let unknown: SubmissionId = "42".parse().unwrap();
    let error = shop.job().submission(unknown).plan().await.unwrap_err();
    assert!(error.is_not_found(), "{error:?}");
    let app = shop.fake.seed_unpublished_application("9FAKEUNSEEN1");
    let submissions = shop.client.applications().submissions(&app);
    let error = submissions.publish().plan().await.unwrap_err();
    assert!(
        error.kind() == ErrorKind::InvalidInput && error.to_string().contains("Partner Center"),
        "{error:?}"
    );
    // A first draft will do.
    let id = shop.fake.seed_draft(&app);
    let plan = submissions.publish().pending(PendingPolicy::Reuse).plan().await.unwrap();
    assert_eq!(plan.based_on, Some(id));
    only_reads(&shop);
}

#[tokio::test]
async fn it_tells_what_becomes_of_a_rollout() {
    let table = [
        (Some(ExistingRollout::Finalize), "would be finalised"),
        (Some(ExistingRollout::Halt), "would be halted"),
        (None, "still being rolled out"),
    ];
    for (choice, says) in table {
        let shop = Shop::open().await;
        let id = shop.fake.seed_rollout(APP, 25.0).unwrap();
        let mut job = shop.job().no_rollout();
        if let Some(choice) = choice {
            job = job.existing_rollout(choice);
        }
        let plan = job.plan().await.unwrap();
        only_reads(&shop);
        let rollout = plan.rollout.as_ref().unwrap();
        assert_eq!((&rollout.id, rollout.stops), (&id, choice.is_none()), "{plan}");
        assert!(rollout.what.contains(says) && plan.to_string().contains(says), "{plan}");
        assert_eq!(plan.is_clear(), choice.is_some(), "{plan}");
        let json = serde_json::to_value(&plan).unwrap();
        assert_eq!(json["rollout"]["id"], id.as_str());
    }
    // The guard is lifted, so that there is nothing to choose.
    let shop = Shop::open().await;
    shop.fake.seed_rollout(APP, 25.0);
    let plan = shop.job().no_rollout().allow(Guard::RolloutInProgress).plan().await.unwrap();
    let rollout = plan.rollout.as_ref().unwrap();
    assert!(plan.is_clear() && !rollout.stops, "{plan}");
    assert!(
        rollout.what.contains("would be left as it is") && !rollout.what.contains("choose"),
        "{plan}"
    );
    let Finding::Lifted(problem) = finding(&plan, Guard::RolloutInProgress) else {
        panic!("{plan}");
    };
    assert!(problem.contains("still being rolled out"), "{plan}");
    // None is in progress, and then a draft is reused.
    let shop = Shop::open().await;
    let plan = shop
        .job()
        .no_rollout()
        .existing_rollout(ExistingRollout::Halt)
        .plan()
        .await
        .unwrap();
    assert_eq!(plan.rollout, None, "{plan}");
}
