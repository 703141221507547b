//! Add-ons and flights: the same job, with what they have of their own.

use msstore::api::Milestone;
use msstore::model::{Guard, NewFlight, NewInAppProduct, ProductType, SubmissionStatus};
use msstore::publish::{ExistingPackages, ExistingRollout, PendingPolicy};
use msstore::testing::{Fault, SamplePackage};
use msstore::{ApplicationId, ErrorKind, Outcome};
use serde_json::json;

use super::{ADD_ON, APP, FLIGHT, PACKAGE, Shop, guard_of, package_names};

#[tokio::test]
async fn an_add_on_is_published() {
    let shop = Shop::open().await;
    let icon = shop.folder.image("pack.png", 300, 300);
    let job = shop
        .add_on()
        .publish()
        .icon("en", icon)
        .until(Milestone::Published)
        .edit(|draft| {
            draft.listing_mut("en")?.title = "Lantern pack 2".into();
            draft.pricing.price_id = "Tier4".into();
            Ok(())
        });
    let report = job.await.unwrap();
    assert_eq!(report.status(), Some(&SubmissionStatus::Published));
    assert_eq!(report.files[0].name, "en/pack.png");
    assert_eq!(shop.writes(), ["create", "update", "blob", "commit"]);
    let published = shop.fake.published_submission(ADD_ON).unwrap();
    assert_eq!(published["listings"]["en"]["title"], "Lantern pack 2");
    assert_eq!(published["pricing"]["priceId"], "Tier4");
    assert_eq!(
        published["listings"]["en"]["icon"],
        json!({ "fileName": "en/pack.png", "fileStatus": "Uploaded" })
    );
    assert_eq!(shop.fake.requests_to("GET", "/packagerollout").len(), 0);
}

#[tokio::test]
async fn a_flight_is_published() {
    let shop = Shop::open().await;
    let job = shop
        .flight()
        .publish()
        .package(shop.package(PACKAGE).architecture("x64").min_os("10.0"));
    let job = job.existing_packages(ExistingPackages::ReplaceAll).rollout_percentage(25.0);
    let report = job.until(Milestone::Published).await.unwrap();
    assert_eq!(shop.writes(), ["create", "update", "blob", "commit"]);
    let published = shop.fake.published_submission(FLIGHT).unwrap();
    assert_eq!(published["id"], report.submission.as_str());
    assert_eq!(package_names(&published), [PACKAGE]);
    let rollout = &published["packageDeliveryOptions"]["packageRollout"];
    assert_eq!(rollout["packageRolloutPercentage"], 25.0);
    assert_eq!(rollout["packageRolloutStatus"], "PackageRolloutInProgress");
}

#[tokio::test]
async fn a_flight_that_was_published_may_be_replaced() {
    let shop = Shop::open().await;
    let id = shop.fake.seed_draft(FLIGHT);
    let job = shop.flight().publish().package(shop.package(PACKAGE));
    let report = job.pending(PendingPolicy::Replace).await.unwrap();
    assert_ne!(report.submission, id);
    assert_eq!(shop.writes(), ["delete", "create", "update", "blob", "commit"]);
}

#[tokio::test]
async fn large_clones_are_not_asked_for_where_that_is_possible() {
    let shop = Shop::open().await;
    shop.app().publish().edit(super::notes).await.unwrap();
    shop.flight().publish().package(shop.package(PACKAGE)).await.unwrap();
    shop.add_on().publish().await.unwrap();
    let creates = shop.fake.requests_to("POST", "/submissions");
    let queries: Vec<&str> = creates.iter().map(|request| request.query.as_str()).collect();
    assert_eq!(queries, ["isMinimalResponse=true", "isMinimalResponse=true", ""]);
}

#[tokio::test]
async fn a_rollout_begins_with_the_submission() {
    let shop = Shop::open().await;
    let report = shop.job().rollout_percentage(10.0).until(Milestone::Published).await.unwrap();
    let pointers: Vec<&str> = report.changes.iter().map(|change| change.pointer.as_str()).collect();
    let rollout = "/packageDeliveryOptions/packageRollout";
    for name in ["isPackageRollout", "packageRolloutPercentage"] {
        assert!(pointers.contains(&format!("{rollout}/{name}").as_str()), "{pointers:?}");
    }
    let now = shop.app().package_rollout(&report.submission).get().await.unwrap();
    assert_eq!(
        (now.is_package_rollout, now.package_rollout_percentage),
        (Some(true), Some(10.0))
    );
    // It is in the way of the next one.
    let next = shop.release("PaperLantern_3.0.0.0_x64.msix", &SamplePackage::new("3.0.0.0"));
    let error = shop.app().publish().package(next).await.unwrap_err();
    assert_eq!(guard_of(&error), Some(Guard::RolloutInProgress));
}

#[tokio::test]
async fn a_rollout_in_progress_is_dealt_with_by_explicit_choice() {
    for parent in [APP, FLIGHT] {
        let table = [
            (
                Some(ExistingRollout::Finalize),
                "finalizepackagerollout",
                "PackageRolloutComplete",
            ),
            (Some(ExistingRollout::Halt), "haltpackagerollout", "PackageRolloutStopped"),
            (None, "", ""),
        ];
        for (choice, write, becomes) in table {
            let shop = Shop::open().await;
            let id = shop.fake.seed_rollout(parent, 25.0).unwrap();
            let package = shop.package(PACKAGE);
            let end = match (parent, choice) {
                (APP, Some(choice)) => {
                    shop.app()
                        .publish()
                        .package(package)
                        .no_rollout()
                        .existing_rollout(choice)
                        .await
                }
                (APP, None) => shop.app().publish().package(package).await,
                (_, Some(choice)) => {
                    shop.flight()
                        .publish()
                        .package(package)
                        .no_rollout()
                        .existing_rollout(choice)
                        .await
                }
                (_, None) => shop.flight().publish().package(package).await,
            };
            if choice.is_some() {
                end.unwrap();
                assert_eq!(shop.writes(), [write, "create", "update", "blob", "commit"]);
                let rollout = shop.fake.submission(&id).unwrap()["packageDeliveryOptions"]["packageRollout"].clone();
                assert_eq!(rollout["packageRolloutStatus"], becomes);
                continue;
            }
            let error = end.unwrap_err();
            let text = error.to_string();
            assert!(error.kind() == ErrorKind::Guard(Guard::RolloutInProgress), "{error:?}");
            for says in [id.as_str(), "ExistingRollout::Finalize", "ExistingRollout::Halt"] {
                assert!(text.contains(says), "{text}");
            }
            assert_eq!(shop.writes(), [""; 0]);
        }
    }
    // Lifted, it is the service that refuses.
    let shop = Shop::open().await;
    shop.fake.seed_rollout(APP, 25.0);
    let error = shop.job().no_rollout().allow(Guard::RolloutInProgress).await.unwrap_err();
    assert!(error.is_conflict(), "{error:?}");
    // One that is over is in nobody's way.
    let shop = Shop::open().await;
    let id = shop.fake.seed_rollout(APP, 25.0).unwrap();
    shop.app().package_rollout(&id).finalize().await.unwrap();
    shop.job()
        .no_rollout()
        .existing_rollout(ExistingRollout::Finalize)
        .await
        .unwrap();
    assert_eq!(shop.count("finalizepackagerollout"), 1);
}

/// The plan does not know of it: the refusal of the create is explained, and what the service said stays.
#[tokio::test]
async fn a_rollout_that_begins_after_the_plan_explains_the_conflict() {
    let shop = Shop::open().await;
    shop.fake.seed_rollout(APP, 25.0);
    shop.fake
        .fault(Fault::on("GET", "/submissions/*").first(1).edit_answer(|submission| {
            submission["packageDeliveryOptions"]["packageRollout"]["packageRolloutStatus"] = "PackageRolloutNotStarted".into();
        }));
    let error = shop.job().no_rollout().await.unwrap_err();
    assert_eq!(guard_of(&error), Some(Guard::RolloutInProgress), "{error:?}");
    assert_eq!(
        (error.status(), error.outcome()),
        (Some(409), Outcome::NotApplied),
        "{error:?}"
    );
    assert!(
        error.is_conflict() && error.message().is_some() && error.correlation_id().is_some(),
        "{error:?}"
    );
    let source = std::error::Error::source(&error).unwrap();
    assert!(source.to_string().contains("status 409"), "{source}");
}

#[tokio::test]
async fn a_rollout_stops_the_run_before_a_draft_is_deleted() {
    let shop = Shop::open().await;
    let id = shop.fake.seed_draft(APP);
    shop.fake.seed_rollout(APP, 25.0);
    let error = shop.job().pending(PendingPolicy::Replace).await.unwrap_err();
    assert_eq!(guard_of(&error), Some(Guard::RolloutInProgress));
    assert_eq!(shop.sent(), [""; 0]);
    assert_eq!(shop.pending_id(), id);
}

#[tokio::test]
async fn the_rollout_is_finalised_once_although_the_answer_is_lost() {
    let shop = Shop::open().await;
    shop.fake.seed_rollout(APP, 25.0);
    shop.fake
        .fault(Fault::on("POST", "/finalizepackagerollout").apply_then().answer(504, ""));
    shop.job()
        .no_rollout()
        .existing_rollout(ExistingRollout::Finalize)
        .await
        .unwrap();
    assert_eq!(shop.count("finalizepackagerollout"), 1);
}

/// Only an app's first submission is made in Partner Center: those of the others are planned on nothing, and the plan says so.
#[tokio::test]
async fn what_has_no_submission_yet_is_planned_on_an_empty_one() {
    let shop = Shop::open().await;
    let app: ApplicationId = APP.parse().unwrap();
    let flight = shop.client.flights(&app).create(NewFlight::new("Early birds")).await.unwrap();
    let first = shop.client.flights(&app).get(flight.id().unwrap()).await.unwrap();
    let first = first
        .pending_submission_id()
        .expect("the service begins one with the flight")
        .clone();
    let flight = shop.client.flights(&app).submissions(flight.id().unwrap());
    flight.delete(&first).await.unwrap();
    let add_on = NewInAppProduct::new(app, "lamp-oil", ProductType::Consumable);
    let add_on = shop.client.in_app_products().create(add_on).await.unwrap();
    let add_on = shop.client.in_app_products().submissions(add_on.id().unwrap());
    shop.fake.forget_requests();
    let flight = || flight.publish().package(shop.package(PACKAGE));
    let add_on = || {
        add_on.publish().edit(|draft| {
            draft.listing_or_insert("EN").title = "Lamp oil".into();
            draft.pricing.price_id = "Tier4".into();
            Ok(())
        })
    };
    let plans = [
        (flight().plan().await.unwrap(), "/flightPackages"),
        (add_on().plan().await.unwrap(), "/listings"),
    ];
    assert_eq!(shop.sent(), [""; 0]);
    for (plan, change) in plans {
        assert!(plan.is_clear() && plan.based_on.is_none() && plan.pending.is_none(), "{plan}");
        assert!(plan.changes.iter().any(|found| found.pointer == change), "{plan}");
        let text = plan.to_string();
        assert!(text.starts_with("based on an empty submission, the first one\n"), "{text}");
        assert!(!text.contains("Partner Center"), "{text}");
    }
    add_on().await.unwrap();
    assert_eq!(shop.writes(), ["create", "update", "commit"]);
    let sent = &shop.fake.requests_to("PUT", "/submissions/*")[0];
    assert_eq!(sent.json().unwrap()["listings"], json!({ "en": { "title": "Lamp oil" } }));
}
