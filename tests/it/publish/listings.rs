//! Texts and languages: what is merged, what is refused beforehand, and what there is advice about.

use msstore::api::Submission;
use msstore::model::{ApplicationSubmission, InAppProductSubmission, SubmissionStatus};
use msstore::publish::{PendingPolicy, Publish};
use msstore::testing::Fault;
use msstore::{Document, ErrorKind, Outcome};
use serde_json::{Value, json};

use super::{ADD_ON, APP, BoxedError, FLIGHT, PACKAGE, Shop, notes, nothing};

/// The body of the last update.
fn last_update(shop: &Shop) -> Value {
    let updates = shop.fake.requests_to("PUT", "/submissions/*");
    updates.last().expect("an update").json().unwrap()
}

#[tokio::test]
async fn a_patch_is_merged_into_the_draft() {
    let shop = Shop::open().await;
    let patch = json!({
        "visibility": "Hidden",
        "listings": {
            "en-US": { "baseListing": { "releaseNotes": "Faster.", "keywords": ["paper", "light"] } },
            "fr-fr": { "baseListing": { "title": "Lanterne de papier", "description": "De la lumière." } },
        },
    });
    let mut expected = shop.fake.published_submission(APP).unwrap();
    let job = || {
        let patch = patch.clone();
        shop.app().publish().edit(move |draft| Ok(draft.merge(&patch)?))
    };
    let plan = job().plan().await.unwrap();
    let changed: Vec<&str> = plan.changes.iter().map(|change| change.pointer.as_str()).collect();
    for place in ["/visibility", "/listings/fr-fr", "/listings/en-us/baseListing/releaseNotes"] {
        assert!(changed.contains(&place), "{changed:?}");
    }
    job().await.unwrap();
    let sent = last_update(&shop);
    let listings = &mut expected["listings"];
    listings["en-us"]["baseListing"]["releaseNotes"] = json!("Faster.");
    listings["en-us"]["baseListing"]["keywords"] = json!(["paper", "light"]);
    listings["fr-fr"] = patch["listings"]["fr-fr"].clone();
    assert_eq!(sent["listings"], expected["listings"]);
    assert_eq!(sent["visibility"], "Hidden");
    assert_eq!(sent["pricing"], expected["pricing"]);

    let error = shop
        .add_on()
        .publish()
        .edit(|draft| Ok(draft.merge(&json!(["x"]))?))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
    assert!(error.to_string().contains("the merge patch"), "{error}");
}

/// To the service they are one language.
fn twin(draft: &mut Document<ApplicationSubmission>) -> Result<(), BoxedError> {
    let listing = draft.listing_mut("en-us")?.clone();
    draft.listings.insert("en-US".to_owned(), listing);
    Ok(())
}

#[tokio::test]
async fn two_spellings_of_a_language_are_refused_before_anything_is_sent() {
    let shop = Shop::open().await;
    let refused = |error: msstore::Error| {
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
        assert_eq!(error.outcome(), Outcome::NotApplied);
        let text = error.to_string();
        for part in ["\"en-us\"", "\"en-US\"", "take one of them out", "listing_or_insert()"] {
            assert!(text.contains(part), "{text}");
        }
        assert_eq!(shop.sent(), [""; 0]);
    };
    refused(shop.job().edit(twin).await.unwrap_err());
    refused(shop.job().edit(twin).plan().await.unwrap_err());
    // The guard of listings has nothing to do with it.
    refused(
        shop.job()
            .edit(twin)
            .allow(msstore::model::Guard::Listings)
            .await
            .unwrap_err(),
    );

    let id = shop.fake.seed_draft(APP);
    let mut draft = shop.app().get(&id).await.unwrap();
    twin(&mut draft).unwrap();
    refused(shop.app().update(&draft).await.unwrap_err());
    refused(shop.app().update_at_any_price(&draft).await.unwrap_err());
    draft.listings.remove("en-US");
    shop.app().update(&draft).await.unwrap();

    // An add-on's are languages too.
    let published = shop.fake.published_submission(ADD_ON).unwrap();
    let job = shop.add_on().publish().edit(|draft| {
        let listing = draft.listing_mut("en")?.clone();
        draft.listings.insert("EN".to_owned(), listing);
        Ok(())
    });
    assert_eq!(job.await.unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(shop.fake.published_submission(ADD_ON).unwrap(), published);
}

/// If the service itself sends both, they are in nobody's way as long as nothing is changed.
#[tokio::test]
async fn two_spellings_that_were_received_go_back_unless_there_is_an_update() {
    let shop = Shop::open().await;
    let both = |submission: &mut Value| {
        let listing = submission["listings"]["en-us"].clone();
        submission["listings"]["EN-us"] = listing;
    };
    shop.fake.fault(Fault::on("GET", "/submissions/*").edit_answer(both).always());
    let id = shop.fake.seed_draft(APP);
    let draft = shop.app().get(&id).await.unwrap();
    assert_eq!(&draft.body().unwrap(), draft.as_received());
    assert_eq!(draft.listings.len(), 3);
    let reuse = || shop.app().publish().pending(PendingPolicy::Reuse);
    assert!(reuse().edit(nothing).plan().await.unwrap().is_clear());
    let error = reuse().edit(notes).await.unwrap_err();
    assert!(error.to_string().contains("\"EN-us\" and \"en-us\""), "{error}");
    assert_eq!(shop.sent(), [""; 0]);
    // Mended in the edit.
    let mended = reuse().edit(notes).edit(|draft| Ok(draft.remove("/listings/EN-us")?));
    mended.await.unwrap();
    assert_eq!(last_update(&shop)["listings"].as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn what_is_beyond_a_limit_is_told_and_stops_nothing() {
    let shop = Shop::open().await;
    let plan = shop.job().plan().await.unwrap();
    assert_eq!(plan.findings, []);
    assert!(!plan.to_string().contains("advice:"), "{plan}");
    let job = || {
        shop.job().edit(|draft| {
            draft.listing_mut("de-de")?.base_listing.release_notes = "ü".repeat(3_012);
            draft.listing_mut("en-us")?.base_listing.keywords = vec!["light".to_owned(); 8];
            Ok(())
        })
    };
    let plan = job().plan().await.unwrap();
    assert!(plan.is_clear(), "{plan}");
    let text = plan.to_string();
    let advice = "advice: 2\n  /listings/de-de/baseListing/releaseNotes: 3,012 of at most 1,500 characters\n  \
                  /listings/en-us/baseListing/keywords: 8 of at most 7 entries\nguards: ";
    assert!(text.contains(advice), "{text}");
    let json = serde_json::to_value(&plan).unwrap();
    let first = json!({
        "place": "/listings/de-de/baseListing/releaseNotes",
        "problem": "3,012 of at most 1,500 characters",
    });
    assert_eq!(json["findings"][0], first);
    job().await.unwrap();
    // What is under way already is past advice.
    let shop = Shop::open().await;
    let job = || {
        shop.app().publish().pending(PendingPolicy::Reuse).edit(|draft| {
            draft.listing_mut("en-us")?.base_listing.keywords = vec!["light".to_owned(); 8];
            Ok(())
        })
    };
    let report = job().await.unwrap();
    shop.fake.set_status(&report.submission, "Certification");
    let plan = job().plan().await.unwrap();
    assert_eq!(plan.findings, [], "{plan}");
    let add_on = shop.add_on().publish().edit(|draft| {
        draft.tag = "x".repeat(3_001);
        Ok(())
    });
    let plan = add_on.plan().await.unwrap();
    assert_eq!(plan.findings[0].to_string(), "/tag: 3,001 of at most 3,000 characters");
}

/// The service may refuse a draft that it shows in `PendingCommit`. To go on with it leads to the same answer for ever.
#[tokio::test]
async fn a_draft_that_the_service_refuses_to_go_on_with_is_to_be_deleted() {
    let shop = Shop::open().await;
    let body = r#"{"code":"InvalidState","data":[],"details":[],"message":"Cannot update the submission because it is in the state 'None'.","source":"Ingestion Api","target":"submission"}"#;
    let refuse = Fault::on("PUT", "/submissions/*").answer(409, body);
    shop.fake.fault(refuse.first(2));
    let error = shop.job().await.unwrap_err();
    let id = shop.pending_id();
    assert_eq!(shop.app().status(&id).await.unwrap().status, SubmissionStatus::PendingCommit);
    assert_eq!(
        (error.left_behind(), error.outcome()),
        (Some(id.clone()), Outcome::Applied),
        "{error:?}"
    );
    let text = error.to_string();
    for part in [
        "cannot go on with this draft",
        "delete it",
        "PendingPolicy::Replace",
        "is left as a draft",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    for part in ["committed already", "look at its status", ": go on with it"] {
        assert!(!text.contains(part), "{part} in {text}");
    }
    // It is the same wall; this run has not made it.
    let error = shop.job().pending(PendingPolicy::Reuse).await.unwrap_err();
    assert_eq!(
        (error.left_behind(), error.outcome()),
        (None, Outcome::NotApplied),
        "{error:?}"
    );
    assert!(
        error.advice().is_some_and(|advice| advice.contains("PendingPolicy::Replace")),
        "{error}"
    );
    let report = shop.job().pending(PendingPolicy::Replace).await.unwrap();
    assert_ne!(report.submission, id);
    assert_eq!(shop.writes(), ["create", "delete", "create", "update", "blob", "commit"]);
}

/// The same draft meets the same wall at its deletion, which Partner Center alone can do, and at its commit, whatever kind it is of.
#[tokio::test]
async fn a_draft_that_cannot_be_deleted_or_committed_says_so_too() {
    async fn check<S: Submission>(shop: &Shop, parent: &str, job: impl Fn() -> Publish<S>) {
        let body = r#"{"code":"InvalidState","message":"Cannot update the submission because it is in the state 'None'.","source":"Ingestion Api","target":"submission"}"#;
        let refuse = |method: &str, path: &str| shop.fake.fault(Fault::on(method, path).answer(409, body));
        let job = || job().pending(PendingPolicy::Replace);
        refuse("POST", "/commit");
        let committed = job().await.unwrap_err();
        let dead = shop.fake.pending_submission(parent);
        assert!(committed.left_behind().is_some() && dead.is_some(), "{committed:?}");
        assert!(committed.to_string().contains("delete it and create another"), "{committed}");
        shop.fake.forget_requests();
        refuse("DELETE", "/submissions/*");
        let deleted = job().await.unwrap_err();
        assert_eq!((deleted.left_behind(), deleted.outcome()), (None, Outcome::NotApplied));
        assert!(deleted.to_string().contains("delete it in Partner Center"), "{deleted}");
        for error in [&committed, &deleted] {
            assert!(!error.to_string().contains("committed already"), "{error}");
        }
        assert_eq!((shop.writes(), shop.fake.pending_submission(parent)), (Vec::new(), dead));
    }
    let shop = Shop::open().await;
    check(&shop, APP, || shop.job()).await;
    check(&shop, FLIGHT, || shop.flight().publish().package(shop.package(PACKAGE))).await;
    let retag = |draft: &mut Document<InAppProductSubmission>| {
        draft.tag = "season-2".into();
        Ok(())
    };
    check(&shop, ADD_ON, || shop.add_on().publish().edit(retag)).await;
}

/// An update of one's own that sends a single device family.
#[tokio::test]
async fn a_refusal_of_the_device_families_says_what_to_send() {
    let shop = Shop::open().await;
    let body = r#"{"code":"InvalidParameterValue","data":[],"details":[],"message":"AllowTargetFutureDeviceFamilies was not updated with all supported platform(s): [Desktop, Mobile, Xbox, Holographic]","source":"Ingestion Api"}"#;
    shop.fake.fault(Fault::on("PUT", "/submissions/*").answer(400, body));
    let id = shop.fake.seed_draft(APP);
    let mut draft = shop.app().get(&id).await.unwrap();
    draft.allow_target_future_device_families.insert("Desktop".to_owned(), true);
    draft.notes_for_certification = "Log in with demo.".into();
    let error = shop.app().update(&draft).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("each of Desktop, Mobile, Xbox and Holographic"), "{text}");
}

/// The service names the code alone, after everything was uploaded.
#[tokio::test]
async fn the_reason_of_a_failed_commit_says_what_to_do() {
    let shop = Shop::open().await;
    let fail = |answer: &mut Value| {
        answer["status"] = "CommitFailed".into();
        answer["statusDetails"]["errors"] = json!([{ "code": "MissingTitle", "details": "" }]);
    };
    // The status is looked at once before the commit.
    let status = || Fault::on("GET", "/status").edit_answer(fail);
    for n in 2..9 {
        shop.fake.fault(status().nth(n));
    }
    let error = shop.job().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::SubmissionFailed(_)), "{error:?}");
    let text = error.to_string();
    assert!(
        text.contains("MissingTitle") && text.contains("needs a title of its own"),
        "{text}"
    );
}
