//! Creation, reads and deletion.

use super::*;

#[tokio::test]
async fn a_submission_is_a_clone_of_the_published_one() {
    let http = Http::sample().await;
    let published = http.fake.published_submission(APP).unwrap();
    let (path, draft) = http.draft(&app()).await;
    assert_ne!(draft["id"], published["id"]);
    assert_eq!(draft["status"], "PendingCommit");
    assert_eq!(draft["friendlyName"], "Submission 2");
    assert_eq!(draft["statusDetails"]["warnings"][0]["code"], "SalesUnsupportedWarning");
    for same in [
        "listings",
        "pricing",
        "applicationPackages",
        "allowTargetFutureDeviceFamilies",
        "internalFlags",
    ] {
        assert_eq!(draft[same], published[same], "{same}");
    }
    assert_eq!(draft["allowTargetFutureDeviceFamilies"]["7"], true);
    assert_eq!(draft["pricing"]["marketSpecificPricings"]["LB"], "NotAvailable");
    assert_eq!(draft["applicationPackages"][0]["targetPlatform"], "Windows10");
    assert_eq!(http.get(&path).await.ok(200), draft);
    assert_eq!(http.fake.pending_submission(APP), Some(draft.clone()));
    let parent = http.get(&app()).await.ok(200);
    assert_eq!(parent["pendingApplicationSubmission"]["id"], draft["id"]);
}

#[tokio::test]
async fn there_is_one_slot_for_each_parent() {
    let http = Http::sample().await;
    for parent in [app(), add_on(), flight()] {
        http.draft(&parent).await;
        http.post(&format!("{parent}/submissions"))
            .await
            .refused(409, "InvalidState", "submission");
        assert_eq!(http.fake.applied_to("POST", "/submissions").len(), 1, "{parent}");
        http.fake.forget_requests();
    }
}

#[tokio::test]
async fn a_minimal_answer_is_sparse_for_apps_and_flights() {
    let http = Http::sample().await;
    let missing = |document: &Value, member: &str| document.get(member).is_none();
    let made = http
        .post(&format!("{}/submissions?isMinimalResponse=true", app()))
        .await
        .ok(201);
    assert!(missing(&made, "listings") && missing(&made, "applicationPackages"));
    assert!(made["fileUploadUrl"].is_string());
    let whole = http
        .get(&format!("{}/submissions/{}", app(), text(&made["id"])))
        .await
        .ok(200);
    assert!(whole["listings"].is_object() && whole["applicationPackages"].is_array());
    let made = http
        .post(&format!("{}/submissions?isMinimalResponse=true", flight()))
        .await
        .ok(201);
    assert!(missing(&made, "flightPackages"));
    let made = http
        .post(&format!("{}/submissions?isMinimalResponse=true", add_on()))
        .await
        .ok(201);
    assert!(!missing(&made, "listings"));
}

#[tokio::test]
async fn a_body_on_creation_is_read_as_a_submission() {
    let http = Http::sample().await;
    let message =
        http.post_json(&format!("{}/submissions", app()), json!({}))
            .await
            .refused(400, "InvalidParameterValue", "appListings");
    assert!(message.contains("must be 1 or more"));
    assert!(http.fake.pending_submission(APP).is_none());
    http.post_json(&format!("{}/submissions", add_on()), json!({}))
        .await
        .refused(400, "InvalidParameterValue", "listings");
    let mut whole = http.fake.published_submission(ADD_ON).unwrap();
    whole["tag"] = "season-2".into();
    whole["pricing"]["priceId"] = "Base".into();
    http.post_json(&format!("{}/submissions", add_on()), whole.clone())
        .await
        .refused(400, "InvalidParameterValue", "pricing");
    assert!(http.fake.pending_submission(ADD_ON).is_none());
    whole["pricing"]["priceId"] = "Tier4".into();
    let made = http.post_json(&format!("{}/submissions", add_on()), whole).await.ok(201);
    assert_eq!(
        (&made["tag"], &made["pricing"]["priceId"]),
        (&json!("season-2"), &json!("Tier4"))
    );
}

#[tokio::test]
async fn a_submission_belongs_to_its_parent() {
    let http = Http::sample().await;
    let (_, draft) = http.draft(&app()).await;
    let id = text(&draft["id"]);
    for other in [add_on(), flight()] {
        http.get(&format!("{other}/submissions/{id}"))
            .await
            .refused(409, "InvalidState", "submissionId");
    }
    http.get(&format!("{}/submissions/1", app()))
        .await
        .refused(404, "ResourceNotFound", "submissionId");
}

#[tokio::test]
async fn deletion_frees_the_slot_but_only_where_it_may() {
    let http = Http::sample().await;
    let (path, draft) = http.draft(&app()).await;
    for status in ["CommitStarted", "PreProcessing", "Certification", "Release", "Publishing"] {
        http.fake.set_status(text(&draft["id"]), status);
        http.delete(&path).await.refused(409, "InvalidState", "submissionId");
    }
    http.fake.set_status(text(&draft["id"]), "CertificationFailed");
    assert_eq!(http.delete(&path).await.ok(204), Value::Null);
    http.delete(&path).await.refused(404, "ResourceNotFound", "submissionId");
    assert!(http.get(&app()).await.ok(200).get("pendingApplicationSubmission").is_none());
    let published = text(&http.fake.published_submission(APP).unwrap()["id"]).to_owned();
    http.delete(&format!("{}/submissions/{published}", app()))
        .await
        .refused(409, "InvalidState", "submissionId");
    http.draft(&app()).await;
}

#[tokio::test]
async fn the_only_draft_of_a_flight_cannot_be_had_back() {
    let http = Http::sample().await;
    let made = http.post_json(&format!("{}/flights", app()), json!({})).await.ok(201);
    let path = format!("{}/flights/{}", app(), text(&made["flightId"]));
    let draft = format!("{path}/submissions/{}", text(&made["pendingFlightSubmission"]["id"]));
    assert_eq!(http.delete(&draft).await.status, 204);
    http.post(&format!("{path}/submissions"))
        .await
        .refused(409, "InvalidState", "submission");
}

#[tokio::test]
async fn a_draft_of_the_portal_cannot_be_touched() {
    let http = Http::sample().await;
    let id = http.fake.seed_portal_draft(APP);
    let path = format!("{}/submissions/{id}", app());
    let draft = http.get(&path).await.ok(200);
    assert_eq!(draft["fileUploadUrl"], Value::Null);
    http.put(&path, &draft)
        .await
        .refused(400, "InvalidOperation", "applicationSubmission");
    http.post(&format!("{path}/commit"))
        .await
        .refused(400, "InvalidOperation", "applicationSubmission");
    http.delete(&path)
        .await
        .refused(400, "InvalidOperation", "applicationSubmission");
    assert!(http.fake.applied().is_empty());
}

#[tokio::test]
async fn an_app_that_was_never_published_starts_empty() {
    let http = Http::sample().await;
    let id = http.fake.seed_unpublished_application("9NEW00000000");
    let (_, draft) = http.draft(&format!("applications/{id}")).await;
    assert_eq!(draft["applicationCategory"], "NotSet");
    assert_eq!((&draft["listings"], &draft["applicationPackages"]), (&json!({}), &json!([])));
}

#[tokio::test]
async fn seeds_say_what_is_there() {
    let http = Http::sample().await;
    let mut own = http.fake.published_submission(APP).unwrap();
    own["notesForCertification"] = "Log in as guest.".into();
    let published = http.fake.set_published_submission(APP, own);
    let draft = http.fake.seed_draft(APP);
    assert_eq!(http.fake.seed_draft(APP), draft);
    http.fake
        .edit_submission(&draft, |draft| draft["visibility"] = "Hidden".into());
    let json = http.get(&format!("{}/submissions/{draft}", app())).await.ok(200);
    assert_eq!(
        (&json["notesForCertification"], &json["visibility"]),
        (&json!("Log in as guest."), &json!("Hidden"))
    );
    assert_eq!(http.fake.published_submission(APP).unwrap()["id"], published.as_str());
}
