//! What a draft has from the last release: told, set by the job, and guarded where it is a rollout; and the device families.

use std::time::{Duration, SystemTime};

use msstore::api::{HasRollout, Milestone};
use msstore::model::{ApplicationSubmission, Guard, TargetPublishMode, Timestamp};
use msstore::publish::{ExistingRollout, InheritedSetting, Mandatory, PendingPolicy, Plan, Publish};
use msstore::{Document, ErrorKind, Result};
use serde_json::{Value, json};

use super::{ADD_ON, APP, BoxedError, FLIGHT, PACKAGE, Shop, guard_of, id_of, notes, observed, step};

const SINCE: &str = "2026-09-30T06:00:00.0000000Z";

/// Lets the last release be one that was rolled out, mandatory and published by hand.
fn special(shop: &Shop, parent: &str) {
    let id = id_of(&shop.fake.published_submission(parent).unwrap());
    shop.fake.edit_submission(id, |submission| {
        submission["packageDeliveryOptions"] = json!({
            "packageRollout": {
                "isPackageRollout": true,
                "packageRolloutPercentage": 10.0,
                "packageRolloutStatus": "PackageRolloutComplete",
                "fallbackSubmissionId": "1152921506000000042",
            },
            "isMandatoryUpdate": true,
            "mandatoryUpdateEffectiveDate": SINCE,
        });
        submission["targetPublishMode"] = "Manual".into();
    });
}

async fn special_shop() -> Shop {
    let shop = Shop::open().await;
    special(&shop, APP);
    shop
}

/// The body of the last update.
fn sent(shop: &Shop) -> Value {
    let updates = shop.fake.requests_to("PUT", "/submissions/*");
    updates.last().expect("an update").json().unwrap()
}

/// The members that a draft inherits: rollout, percentage, mandatory, its date, mode, its date.
fn members(body: &Value) -> Value {
    let delivery = &body["packageDeliveryOptions"];
    json!([
        delivery["packageRollout"]["isPackageRollout"],
        delivery["packageRollout"]["packageRolloutPercentage"],
        delivery["isMandatoryUpdate"],
        delivery["mandatoryUpdateEffectiveDate"],
        body["targetPublishMode"],
        body["targetPublishDate"],
    ])
}

fn inherited(plan: &Plan) -> Vec<String> {
    plan.inherited.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn the_plan_lists_what_is_inherited_and_a_rollout_stops_the_run() {
    async fn check<S: HasRollout>(shop: &Shop, job: impl Fn() -> Publish<S>) {
        let plan = job().plan().await.unwrap();
        let lines = inherited(&plan);
        assert_eq!(lines.len(), 3, "{plan}");
        assert_eq!(lines[0], "rolled out gradually, at first to 10 %");
        assert_eq!(lines[1], "mandatory from 2026-09-30T06:00:00.0000000Z on");
        let findings: Vec<String> = plan.findings.iter().map(ToString::to_string).collect();
        let says = "/packageDeliveryOptions/mandatoryUpdateEffectiveDate: the date is in the past";
        assert!(findings.iter().any(|finding| finding.starts_with(says)), "{plan}");
        assert_eq!(lines[2], "published by hand in Partner Center");
        let text = plan.to_string();
        for line in &lines {
            assert!(text.contains(&format!("inherited: {line}\n")), "{text}");
        }
        let told = serde_json::to_value(&plan).unwrap();
        let expected = json!([
            { "setting": "rollout", "percentage": 10.0 },
            { "setting": "mandatory", "from": SINCE, "isPast": true },
            { "setting": "publishMode", "mode": "Manual", "date": null, "isPast": false },
        ]);
        assert_eq!(told["inherited"], expected);
        assert!(!plan.is_clear(), "{plan}");
        let error = job().await.unwrap_err();
        assert_eq!(guard_of(&error), Some(Guard::InheritedRollout), "{error:?}");
        assert!(error.to_string().contains(".no_rollout()"), "{error}");
        assert_eq!(shop.sent(), [""; 0]);
    }
    let shop = special_shop().await;
    check(&shop, || shop.job()).await;
    let shop = Shop::open().await;
    special(&shop, FLIGHT);
    check(&shop, || shop.flight().publish().package(shop.package(PACKAGE))).await;
    // An ordinary release says nothing of it.
    let shop = Shop::open().await;
    let plan = shop.job().plan().await.unwrap();
    assert!(plan.is_clear() && plan.inherited.is_empty(), "{plan}");
    assert!(!plan.to_string().contains("inherited: "), "{plan}");
}

/// Also one that nobody or everybody gets at first blocks the next release; a percentage alone is no rollout.
#[tokio::test]
async fn a_rollout_at_any_percentage_stops_the_run() {
    for (is_rollout, percentage, stops) in [
        (json!(true), json!(0), true),
        (json!(true), json!(100.0), true),
        (json!(true), json!(null), true),
        (json!(false), json!(10.0), false),
        (json!(null), json!(10.0), false),
    ] {
        let shop = Shop::open().await;
        shop.fake.edit_submission(shop.published_id(), |submission| {
            let rollout = &mut submission["packageDeliveryOptions"]["packageRollout"];
            rollout["isPackageRollout"] = is_rollout.clone();
            rollout["packageRolloutPercentage"] = percentage.clone();
        });
        let plan = shop.job().plan().await.unwrap();
        assert_eq!(plan.is_clear(), !stops, "{is_rollout} {percentage}: {plan}");
        if stops {
            let error = shop.job().await.unwrap_err();
            assert_eq!(guard_of(&error), Some(Guard::InheritedRollout), "{error}");
            assert_eq!(shop.sent(), [""; 0]);
            shop.job().no_rollout().leave_draft().await.unwrap();
            assert_eq!(members(&sent(&shop))[0], false, "{percentage}");
        }
    }
}

#[tokio::test]
async fn each_setting_is_sent_and_the_rest_stays() {
    type Job = Publish<ApplicationSubmission>;
    type Set = fn(Job) -> Job;
    let unset = "1601-01-01T00:00:00.0000000Z";
    let day = "2031-03-01T09:00:00Z";
    let from: Set = |job| {
        job.no_rollout()
            .mandatory(Mandatory::From(Timestamp::new("2031-03-01T10:00+01:00")))
    };
    let table: [(Set, Value); 9] = [
        (
            |job| job.allow(Guard::InheritedRollout),
            json!([true, 10.0, true, SINCE, "Manual", unset]),
        ),
        (Job::no_rollout, json!([false, 0.0, true, SINCE, "Manual", unset])),
        (
            |job| job.rollout_percentage(25.0),
            json!([true, 25.0, true, SINCE, "Manual", unset]),
        ),
        (
            |job| job.rollout_percentage(25.0).no_rollout(),
            json!([false, 0.0, true, SINCE, "Manual", unset]),
        ),
        (
            |job| job.no_rollout().mandatory(Mandatory::No),
            json!([false, 0.0, false, SINCE, "Manual", unset]),
        ),
        (
            |job| job.no_rollout().mandatory(Mandatory::FromNowOn),
            json!([false, 0.0, true, SINCE, "Manual", unset]),
        ),
        (from, json!([false, 0.0, true, day, "Manual", unset])),
        (
            |job| job.no_rollout().publish_mode(TargetPublishMode::Immediate),
            json!([false, 0.0, true, SINCE, "Immediate", unset]),
        ),
        (
            |job| job.no_rollout().publish_at(Timestamp::new("2031-03-01T09:00:00.25Z")),
            json!([false, 0.0, true, SINCE, "SpecificDate", day]),
        ),
    ];
    for (n, (set, expected)) in table.into_iter().enumerate() {
        let shop = special_shop().await;
        let plan = set(shop.job()).plan().await.unwrap();
        let report = set(shop.job()).await.unwrap();
        assert_eq!(plan.changes, report.changes, "row {n}");
        assert_eq!(members(&sent(&shop)), expected, "row {n}");
    }
    // Of a flight, too.
    let shop = Shop::open().await;
    special(&shop, FLIGHT);
    let job = shop.flight().publish().package(shop.package(PACKAGE)).no_rollout();
    let job = job.mandatory(Mandatory::No).publish_mode(TargetPublishMode::Immediate);
    let plan = job.plan().await.unwrap();
    assert!(plan.is_clear() && plan.inherited.is_empty(), "{plan}");
    let job = shop.flight().publish().package(shop.package(PACKAGE)).no_rollout();
    job.mandatory(Mandatory::No).publish_at(Timestamp::new(day)).await.unwrap();
    assert_eq!(members(&sent(&shop)), json!([false, 0.0, false, SINCE, "SpecificDate", day]));
    // An add-on has a time of publication alone.
    let shop = Shop::open().await;
    let job = shop
        .add_on()
        .publish()
        .publish_at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_930_122_000));
    job.await.unwrap();
    assert_eq!(sent(&shop)["targetPublishDate"], day);
    assert_eq!(sent(&shop)["targetPublishMode"], "SpecificDate");
    assert!(sent(&shop).get("packageDeliveryOptions").is_none());
    let shop = Shop::open().await;
    let id = id_of(&shop.fake.published_submission(ADD_ON).unwrap());
    shop.fake.edit_submission(id, |submission| {
        submission["targetPublishMode"] = "SpecificDate".into();
        submission["targetPublishDate"] = "2026-01-01T00:00:00Z".into();
    });
    let plan = shop.add_on().publish().plan().await.unwrap();
    assert!(plan.is_clear(), "{plan}");
    for says in [
        "inherited: published on 2026-01-01T00:00:00Z\n",
        "  /targetPublishDate: the date is in the past",
    ] {
        assert!(plan.to_string().contains(says), "{plan}");
    }
    assert!(
        !plan.guards.iter().any(|found| found.guard == Guard::InheritedRollout),
        "{plan}"
    );
}

#[tokio::test]
async fn a_date_that_is_none_is_refused_before_anything_is_sent() {
    let shop = Shop::open().await;
    let table = [
        (shop.job().publish_at(Timestamp::new("soon")), "the publish date"),
        (
            shop.job().mandatory(Mandatory::From(Timestamp::default())),
            "the date of the mandatory update",
        ),
        (
            shop.job().publish_mode(TargetPublishMode::SpecificDate),
            "use .publish_at(time)",
        ),
    ];
    for (job, says) in table {
        let error = job.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
        assert!(error.to_string().contains(says), "{error}");
    }
    assert_eq!(shop.sent(), [""; 0]);
}

fn gradual(draft: &mut Document<ApplicationSubmission>) -> std::result::Result<(), BoxedError> {
    let rollout = &mut draft.package_delivery_options.package_rollout;
    rollout.is_package_rollout = Some(true);
    rollout.package_rollout_percentage = Some(10.0);
    Ok(())
}

/// An edit may set what is there already: on a draft that an earlier run has edited, it always does.
#[tokio::test]
async fn an_edit_that_sets_the_rollout_has_asked_for_it() {
    let by_pointer = |draft: &mut Document<ApplicationSubmission>| {
        draft.set("/packageDeliveryOptions/packageRollout/isPackageRollout", true.into())?;
        Ok(())
    };
    let shop = special_shop().await;
    for job in [shop.job().edit(gradual), shop.job().edit(by_pointer)] {
        let plan = job.plan().await.unwrap();
        assert!(plan.is_clear() && plan.inherited.len() == 2, "{plan}");
    }
    let draft = shop.job().edit(gradual).leave_draft().await.unwrap();
    assert_eq!(members(&sent(&shop))[0], true);
    let job = || shop.job().edit(gradual).pending(PendingPolicy::Reuse);
    assert_eq!(inherited(&job().plan().await.unwrap()).len(), 2);
    assert_eq!(job().await.unwrap().submission, draft.submission);
    assert_eq!(shop.count("update"), 1);
    // One that looks at the rollout and sets nothing has not.
    let shop = special_shop().await;
    let looks = |draft: &mut Document<ApplicationSubmission>| {
        let rollout = &draft.package_delivery_options.package_rollout;
        match rollout.is_package_rollout {
            Some(true) => Ok(()),
            _ => Err("not rolled out".into()),
        }
    };
    let error = shop.job().edit(looks).await.unwrap_err();
    assert_eq!(guard_of(&error), Some(Guard::InheritedRollout), "{error:?}");
    assert_eq!(shop.sent(), [""; 0]);
}

#[tokio::test]
async fn a_reused_draft_is_guarded_as_a_new_one() {
    let shop = Shop::open().await;
    let draft = shop.job().rollout_percentage(10.0).leave_draft().await.unwrap();
    shop.fake.forget_requests();
    let job = || shop.job().pending(PendingPolicy::Reuse);
    let plan = job().plan().await.unwrap();
    assert_eq!(plan.inherited, [InheritedSetting::Rollout { percentage: Some(10.0) }]);
    let error = job().await.unwrap_err();
    assert_eq!(guard_of(&error), Some(Guard::InheritedRollout), "{error:?}");
    assert_eq!(shop.sent(), [""; 0]);
    assert!(error.left_behind().is_none(), "{error:?}");
    // With the setting of the earlier run it goes on, and has nothing to change.
    let report = job().rollout_percentage(10.0).await.unwrap();
    assert_eq!((report.submission, report.changes.len()), (draft.submission, 0));
    assert_eq!(shop.count("update"), 0);
}

#[tokio::test]
async fn the_rollout_that_is_finalised_is_not_begun_anew_unasked() {
    for (choice, ends) in [
        (ExistingRollout::Finalize, "finalizepackagerollout"),
        (ExistingRollout::Halt, "haltpackagerollout"),
    ] {
        let shop = Shop::open().await;
        shop.fake.seed_rollout(APP, 25.0);
        let job = || shop.job().existing_rollout(choice);
        let plan = job().plan().await.unwrap();
        assert!(!plan.is_clear() && plan.rollout.is_some(), "{plan}");
        let error = job().await.unwrap_err();
        assert_eq!(guard_of(&error), Some(Guard::InheritedRollout), "{error:?}");
        assert_eq!(shop.sent(), [""; 0]);
        let report = job().no_rollout().until(Milestone::Published).await.unwrap();
        assert_eq!(shop.writes(), [ends, "create", "update", "blob", "commit"]);
        assert_eq!(members(&sent(&shop))[0], false);
        let now = shop.app().package_rollout(&report.submission).get().await.unwrap();
        assert_eq!(now.is_package_rollout, Some(false));
        // Nothing is in the way of the next one.
        let plan = shop.job().plan().await.unwrap();
        assert!(plan.is_clear() && plan.rollout.is_none(), "{plan}");
    }
}

/// A rollout that the clone has and the plan could not see: the draft is left, and says so.
#[tokio::test]
async fn the_draft_itself_is_guarded_too() {
    let shop = special_shop().await;
    let rollout = msstore::testing::Fault::on("GET", "/submissions/*").first(1);
    shop.fake.fault(rollout.edit_answer(|submission| {
        submission["packageDeliveryOptions"]["packageRollout"]["isPackageRollout"] = false.into();
    }));
    let error = shop.job().await.unwrap_err();
    assert_eq!(guard_of(&error), Some(Guard::InheritedRollout), "{error:?}");
    assert_eq!(shop.writes(), ["create"]);
    assert!(error.left_behind().is_some(), "{error:?}");
}

/// The date is that of the first run, so that a second one finds nothing to change.
#[tokio::test]
async fn mandatory_from_now_on_is_the_same_in_each_run() {
    let shop = Shop::open().await;
    let job = || shop.job().mandatory(Mandatory::FromNowOn).pending(PendingPolicy::Reuse);
    let draft = job().leave_draft().await.unwrap();
    let first = sent(&shop)["packageDeliveryOptions"].clone();
    assert_eq!(first["isMandatoryUpdate"], true);
    let date = first["mandatoryUpdateEffectiveDate"].as_str().unwrap();
    assert!(
        date.ends_with('Z') && !date.contains('.') && !date.starts_with("1601"),
        "{date}"
    );
    shop.fake.advance(Duration::from_secs(3600));
    shop.fake
        .script_statuses(APP, ["CommitStarted", "Certification", "Publishing", "Published"]);
    let (again, events) = observed(job());
    assert_eq!(again.await.unwrap().submission, draft.submission);
    let steps: Vec<String> = events.lock().unwrap().iter().map(step).collect();
    assert!(steps.contains(&"nothingToUpdate".to_owned()), "{steps:?}");
    // And when it is under way.
    shop.fake.advance(Duration::from_secs(3600));
    let report = job().until(Milestone::Published).await.unwrap();
    assert!(report.adopted && report.submission == draft.submission);
    assert_eq!(shop.count("update"), 1);
    assert_eq!(
        shop.fake.submission(&draft.submission).unwrap()["packageDeliveryOptions"],
        first
    );
}

/// What cannot be changed any more must have the settings, too, and the refusal names what it lacks.
#[tokio::test]
async fn a_submission_under_way_without_the_settings_is_refused_by_name() {
    let shop = Shop::open().await;
    let draft = shop.job().rollout_percentage(10.0).leave_draft().await.unwrap();
    shop.fake.script_statuses(APP, ["Certification"]);
    shop.app().commit(&draft.submission).await.unwrap();
    shop.app().status(&draft.submission).await.unwrap();
    shop.fake.forget_requests();
    let job = || shop.job().pending(PendingPolicy::Reuse);
    let delivery = "/packageDeliveryOptions";
    let by_date = |draft: &mut Document<ApplicationSubmission>| {
        draft.package_delivery_options.mandatory_update_effective_date = Timestamp::new("2031-01-01T00:00:00Z");
        draft.visibility = msstore::model::Visibility::Hidden;
        draft.notes_for_certification = "Ring twice.".into();
        draft.enterprise_licensing = msstore::model::EnterpriseLicensing::Online;
        Ok(())
    };
    let table = [
        (
            job().no_rollout(),
            format!("it differs: {delivery}/packageRollout/isPackageRollout: true -> false"),
        ),
        (job().mandatory(Mandatory::FromNowOn), format!("{delivery}/isMandatoryUpdate")),
        (
            job().publish_mode(TargetPublishMode::Manual),
            "it differs: /targetPublishMode: ".to_owned(),
        ),
        (job().edit(by_date), ", and 3 more".to_owned()),
    ];
    for (job, says) in table {
        let error = job.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Pending, "{error:?}");
        let text = error.to_string();
        assert!(
            text.contains("is not what is to be published") && text.contains(&says),
            "{text}"
        );
    }
    let plan = job().publish_mode(TargetPublishMode::Manual).plan().await.unwrap();
    let pointers: Vec<&str> = plan.changes.iter().map(|change| change.pointer.as_str()).collect();
    assert_eq!(pointers, ["/targetPublishMode"]);
    assert!(
        plan.pending
            .as_ref()
            .unwrap()
            .what
            .contains("it differs: /targetPublishMode: "),
        "{plan}"
    );
    assert_eq!(shop.sent(), [""; 0]);
    // Another percentage is no difference, for that goes up once it is published.
    assert!(job().rollout_percentage(50.0).await.unwrap().adopted);
}

fn set_families(shop: &Shop, parent: &str, families: Option<Value>) {
    let id = id_of(&shop.fake.published_submission(parent).unwrap());
    shop.fake.edit_submission(id, |submission| match families {
        Some(families) => submission["allowTargetFutureDeviceFamilies"] = families,
        None => drop(submission.as_object_mut().unwrap().remove("allowTargetFutureDeviceFamilies")),
    });
}

#[tokio::test]
async fn the_device_families_that_are_missing_are_added() -> Result<()> {
    let all = json!({ "Desktop": false, "Mobile": false, "Xbox": false, "Holographic": false });
    let full = json!({ "Desktop": true, "Mobile": true, "Xbox": false, "Holographic": false, "Team": true });
    let table = [
        (None, all.clone(), "Desktop, Mobile, Xbox, Holographic"),
        (Some(json!({})), all.clone(), "Desktop, Mobile, Xbox, Holographic"),
        (Some(json!(null)), all, "Desktop, Mobile, Xbox, Holographic"),
        (
            Some(json!({ "7": true, "desktop": true, "Xbox": true })),
            json!({ "7": true, "desktop": true, "Xbox": true, "Mobile": false, "Holographic": false }),
            "Mobile, Holographic",
        ),
        (Some(full.clone()), full, ""),
    ];
    for (before, after, added) in table {
        let shop = Shop::open().await;
        set_families(&shop, APP, before);
        let job = || shop.app().publish().package(shop.package(PACKAGE));
        let plan = job().plan().await?;
        assert_eq!(plan.device_families.join(", "), added);
        let line = format!("device families added as false, as the service needs them: {added}\n");
        assert_eq!(plan.to_string().contains(&line), !added.is_empty(), "{plan}");
        assert!(!plan.to_string().contains("\n  /allowTarget"), "told twice: {plan}");
        let report = job().leave_draft().await?;
        assert_eq!(plan.changes, report.changes);
        assert_eq!(sent(&shop)["allowTargetFutureDeviceFamilies"], after);
        // The second run has nothing to add.
        let (job, events) = observed(job().pending(PendingPolicy::Reuse).leave_draft());
        assert_eq!(job.await?.changes, []);
        let steps: Vec<String> = events.lock().unwrap().iter().map(step).collect();
        assert!(steps.contains(&"nothingToUpdate".to_owned()), "{steps:?}");
        assert_eq!(shop.count("update"), 1);
    }
    Ok(())
}

#[tokio::test]
async fn a_job_that_changes_nothing_else_sends_the_families_and_an_edit_may_name_one() -> Result<()> {
    let shop = Shop::open().await;
    set_families(&shop, APP, None);
    let one = |draft: &mut Document<ApplicationSubmission>| {
        let families = &mut draft.allow_target_future_device_families;
        families.insert("Mobile".to_owned(), true);
        Ok(())
    };
    shop.app().publish().edit(one).leave_draft().await?;
    let expected = json!({ "Desktop": false, "Mobile": true, "Xbox": false, "Holographic": false });
    assert_eq!(sent(&shop)["allowTargetFutureDeviceFamilies"], expected);

    let shop = Shop::open().await;
    set_families(&shop, APP, Some(json!({ "Desktop": true })));
    let report = shop.app().publish().await?;
    assert_eq!(report.changes.len(), 3, "{report}");
    assert_eq!(shop.writes(), ["create", "update", "commit"]);

    // Add-ons and flights have none.
    let shop = Shop::open().await;
    shop.flight().publish().package(shop.package(PACKAGE)).await?;
    shop.add_on()
        .publish()
        .edit(|draft| {
            draft.listing_mut("en")?.title = "Lantern pack 2".into();
            Ok(())
        })
        .await?;
    for update in shop.fake.requests_to("PUT", "/submissions/*") {
        let body = update.json().unwrap();
        assert!(body.get("allowTargetFutureDeviceFamilies").is_none(), "{body}");
    }
    Ok(())
}

/// It cannot be changed any more, and the service has taken it as it is.
#[tokio::test]
async fn a_submission_under_way_is_not_refused_for_the_families() {
    let shop = Shop::open().await;
    let draft = shop.app().publish().edit(notes).leave_draft().await.unwrap();
    shop.fake.script_statuses(APP, ["Certification"]);
    shop.app().commit(&draft.submission).await.unwrap();
    shop.app().status(&draft.submission).await.unwrap();
    shop.fake.edit_submission(&draft.submission, |submission| {
        submission["allowTargetFutureDeviceFamilies"] = json!({});
    });
    let job = || shop.app().publish().edit(notes).pending(PendingPolicy::Reuse);
    let plan = job().plan().await.unwrap();
    assert!(
        plan.is_clear() && plan.changes.is_empty() && plan.device_families.is_empty(),
        "{plan}"
    );
    assert!(job().await.unwrap().adopted);
    assert_eq!(shop.count("update"), 1);
}

#[tokio::test]
async fn a_date_of_publication_that_is_past_is_worth_a_finding_whoever_sets_it() {
    let past = || Timestamp::from(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    let shop = Shop::open().await;
    let edited = move |draft: &mut Document<ApplicationSubmission>| {
        draft.target_publish_mode = TargetPublishMode::SpecificDate;
        draft.target_publish_date = past();
        Ok(())
    };
    let dated = Shop::open().await;
    dated.fake.edit_submission(dated.published_id(), |submission| {
        submission["targetPublishMode"] = "SpecificDate".into();
        submission["targetPublishDate"] = "2020-01-01T00:00:00Z".into();
    });
    for job in [
        shop.job().publish_at(past()),
        shop.job().edit(edited),
        dated.job(),
        dated.job().publish_mode(TargetPublishMode::SpecificDate),
    ] {
        let plan = job.plan().await.unwrap();
        let dates = plan.findings.iter().filter(|finding| finding.place == "/targetPublishDate");
        assert_eq!(dates.count(), 1, "{plan}");
    }
}

#[tokio::test]
async fn an_edit_that_needs_what_was_there_does_not_hide_what_another_sets() {
    let shop = Shop::open().await;
    shop.fake.edit_submission(shop.published_id(), |submission| {
        submission["targetPublishMode"] = "Manual".into();
        let rollout = &mut submission["packageDeliveryOptions"]["packageRollout"];
        (rollout["isPackageRollout"], rollout["packageRolloutPercentage"]) = (true.into(), 25.into());
    });
    let needs = |draft: &mut Document<ApplicationSubmission>| match draft.target_publish_mode {
        TargetPublishMode::Manual => Ok(()),
        _ => Err("not by hand".into()),
    };
    let sets = |draft: &mut Document<ApplicationSubmission>| {
        draft.package_delivery_options.package_rollout.is_package_rollout = Some(true);
        draft.package_delivery_options.package_rollout.package_rollout_percentage = Some(25.0);
        Ok(())
    };
    let plan = shop.job().edit(needs).edit(sets).plan().await.unwrap();
    assert!(plan.is_clear(), "{plan}");
}
