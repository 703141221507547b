//! Commit, the archive, and the statuses that follow.

use super::*;

const NEW: &str = "PaperLantern_2.3.4.5_arm64.msix";

/// A draft with a new package, and its path.
async fn with_package(http: &Http, parent: &str, member: &str) -> (String, Value) {
    let (path, mut draft) = http.draft(parent).await;
    draft[member].as_array_mut().unwrap().push(new_package(NEW));
    let draft = http.put(&path, &draft).await.ok(200);
    (path, draft)
}

fn package<'a>(document: &'a Value, name: &str) -> Option<&'a Value> {
    document["applicationPackages"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["fileName"] == name)
}

#[tokio::test]
async fn a_whole_submission_goes_to_published() {
    let http = Http::sample().await;
    let (path, mut draft) = with_package(&http, &app(), "applicationPackages").await;
    let old = text(&draft["applicationPackages"][0]["fileName"]).to_owned();
    draft["applicationPackages"][0]["fileStatus"] = "PendingDelete".into();
    let shot = json!({ "fileName": "de/two.png", "fileStatus": "PendingUpload", "imageType": "Screenshot" });
    draft["listings"]["de-de"]["baseListing"]["images"]
        .as_array_mut()
        .unwrap()
        .push(shot);
    http.put(&path, &draft).await.ok(200);
    assert_eq!(http.upload(&draft, archive(&[NEW, "de/two.png"])).await.status, 201);
    assert_eq!(
        http.post(&format!("{path}/commit")).await.ok(202),
        json!({ "status": "CommitStarted" })
    );
    assert_eq!(http.get(&path).await.ok(200)["status"], "CommitStarted");

    let mut seen = Vec::new();
    for _ in 0..7 {
        let report = http.get(&format!("{path}/status")).await.ok(200);
        assert_eq!(report["statusDetails"]["warnings"][0]["code"], "SalesUnsupportedWarning");
        seen.push(text(&report["status"]).to_owned());
    }
    let steps = [
        "CommitStarted",
        "PreProcessing",
        "Certification",
        "Release",
        "Publishing",
        "Published",
        "Published",
    ];
    assert_eq!(seen, steps);
    let published = http.fake.published_submission(APP).unwrap();
    assert_eq!(published["id"], draft["id"]);
    assert!(http.fake.pending_submission(APP).is_none());
    assert!(package(&published, &old).is_none());
    let taken = package(&published, NEW).unwrap();
    assert_eq!(taken["fileStatus"], "Uploaded");
    assert_eq!(
        (&taken["version"], &taken["architecture"]),
        (&json!("2.3.4.5"), &json!("arm64"))
    );
    assert!(text(&taken["id"]).parse::<u64>().unwrap() > 1 << 53);
    let images = &published["listings"]["de-de"]["baseListing"]["images"];
    assert_eq!(
        (&images[1]["fileStatus"], images[1]["id"].is_string()),
        (&json!("Uploaded"), true)
    );
    http.draft(&app()).await;
}

#[tokio::test]
async fn files_are_taken_when_the_commit_is_accepted() {
    let http = Http::sample().await;
    let (path, draft) = with_package(&http, &flight(), "flightPackages").await;
    http.upload(&draft, archive(&[NEW])).await;
    http.post(&format!("{path}/commit")).await.ok(202);
    http.get(&format!("{path}/status")).await.ok(200);
    let last = |document: &Value| document["flightPackages"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last(&http.get(&path).await.ok(200))["fileStatus"], "PendingUpload");
    http.wait_for(&path, "PreProcessing").await;
    let taken = last(&http.get(&path).await.ok(200));
    assert_eq!(taken["fileStatus"], "Uploaded");
    assert!(taken.get("targetDeviceFamilies").is_none());
}

#[tokio::test]
async fn the_archive_is_opened() {
    let http = Http::sample().await;
    let table: [(Option<Bytes>, &str); 4] = [
        (None, "MissingFiles"),
        (Some(archive(&["other.msix"])), "MissingFiles"),
        (Some(archive(&["sub/PaperLantern_2.3.4.5_arm64.msix"])), "MissingFiles"),
        (Some(Bytes::from_static(b"PK no archive")), "InvalidArchive"),
    ];
    for (body, code) in table {
        let (path, draft) = with_package(&http, &app(), "applicationPackages").await;
        if let Some(body) = body {
            assert_eq!(http.upload(&draft, body).await.status, 201);
        }
        http.post(&format!("{path}/commit")).await.ok(202);
        let report = http.wait_for(&path, "CommitFailed").await;
        assert_eq!(report["statusDetails"]["errors"][0]["code"], code);
        // It keeps the slot, can be mended and committed again.
        http.post(&format!("{}/submissions", app()))
            .await
            .refused(409, "InvalidState", "submission");
        http.upload(&draft, archive(&[NEW])).await;
        http.post(&format!("{path}/commit")).await.ok(202);
        http.wait_for(&path, "PreProcessing").await;
        http.fake.set_status(text(&draft["id"]), "CertificationFailed");
        assert_eq!(http.delete(&path).await.status, 204);
    }
}

#[tokio::test]
async fn a_package_in_place_of_an_archive_is_ignored() {
    let http = Http::sample().await;
    let (path, draft) = with_package(&http, &app(), "applicationPackages").await;
    http.upload(&draft, archive(&["AppxManifest.xml", "Lantern.exe"])).await;
    http.post(&format!("{path}/commit")).await.ok(202);
    http.wait_for(&path, "Published").await;
    let published = http.fake.published_submission(APP).unwrap();
    assert!(package(&published, NEW).is_none());
    assert_eq!(published["applicationPackages"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn icons_and_trailers_must_be_in_the_archive_too() {
    let http = Http::sample().await;
    let (path, mut draft) = http.draft(&add_on()).await;
    draft["listings"]["en"]["icon"] = json!({ "fileName": "icons/new.png", "fileStatus": "PendingUpload" });
    http.put(&path, &draft).await.ok(200);
    http.upload(&draft, archive(&["new.png"])).await;
    http.post(&format!("{path}/commit")).await.ok(202);
    http.wait_for(&path, "CommitFailed").await;
    http.upload(&draft, archive(&["icons/new.png"])).await;
    http.post(&format!("{path}/commit")).await.ok(202);
    http.wait_for(&path, "Published").await;
    let icon = &http.fake.published_submission(ADD_ON).unwrap()["listings"]["en"]["icon"];
    assert_eq!(*icon, json!({ "fileName": "icons/new.png", "fileStatus": "Uploaded" }));

    let (path, mut draft) = http.draft(&app()).await;
    draft["trailers"] = json!([{ "videoFileName": "Trailers\\glow.mp4", "trailerAssets": {} }]);
    http.put(&path, &draft).await.ok(200);
    http.post(&format!("{path}/commit")).await.ok(202);
    http.wait_for(&path, "CommitFailed").await;
    http.upload(&draft, archive(&["Trailers/glow.mp4"])).await;
    http.post(&format!("{path}/commit")).await.ok(202);
    http.wait_for(&path, "Published").await;
    assert!(http.fake.published_submission(APP).unwrap()["trailers"][0]["videoFileId"].is_string());
}

#[tokio::test]
async fn nothing_new_needs_no_archive() {
    let http = Http::sample().await;
    for parent in [app(), add_on(), flight()] {
        let (path, _) = http.draft(&parent).await;
        http.post(&format!("{path}/commit")).await.ok(202);
        http.post(&format!("{path}/commit"))
            .await
            .refused(409, "InvalidState", "submissionId");
        http.wait_for(&path, "Published").await;
        http.post(&format!("{path}/Commit"))
            .await
            .refused(409, "InvalidState", "submissionId");
    }
}

#[tokio::test]
async fn publishing_by_hand_rests_at_release() {
    let http = Http::sample().await;
    let (path, mut draft) = http.draft(&app()).await;
    draft["targetPublishMode"] = "Manual".into();
    http.put(&path, &draft).await.ok(200);
    http.post(&format!("{path}/commit")).await.ok(202);
    http.wait_for(&path, "Release").await;
    assert_eq!(http.get(&format!("{path}/status")).await.ok(200)["status"], "Release");
    assert!(http.fake.pending_submission(APP).is_some());
    http.fake.publish_now(text(&draft["id"]));
    http.wait_for(&path, "Published").await;
    assert!(http.fake.pending_submission(APP).is_none());
}

#[tokio::test]
async fn statuses_follow_a_script() {
    let http = Http::sample().await;
    let (path, draft) = http.draft(&app()).await;
    let report = json!({
        "status": "CertificationFailed",
        "statusDetails": {
            "errors": [{ "code": "InvalidMicrosoftAgeRating", "details": "Answer the questionnaire." }],
            "warnings": null,
            "certificationReports": [{ "date": "2026-03-04T05:06:07.0000000Z", "reportUrl": "https://example.com/r" }],
        },
    });
    http.fake
        .script_statuses(APP, [json!("PendingCommit"), json!("Certification"), report.clone()]);
    http.post(&format!("{path}/commit")).await.ok(202);
    let status = || async { http.get(&format!("{path}/status")).await.ok(200) };
    assert_eq!(status().await["status"], "PendingCommit");
    assert_eq!(status().await["status"], "Certification");
    assert_eq!(status().await, report);
    assert_eq!(status().await, report);
    // The next commit goes the usual way.
    http.put(&path, &draft).await.ok(200);
    http.post(&format!("{path}/commit")).await.ok(202);
    http.wait_for(&path, "Published").await;
    http.fake.script_statuses(FLIGHT, ["CommitStarted", "SomethingNew"]);
    let (path, _) = http.draft(&flight()).await;
    http.post(&format!("{path}/commit")).await.ok(202);
    http.wait_for(&path, "SomethingNew").await;
    // A script for the submission that is under way.
    http.fake.script_statuses(FLIGHT, ["Publishing", "Published"]);
    http.wait_for(&path, "Published").await;
}

#[tokio::test]
async fn a_first_publication_has_a_date() {
    let http = Http::sample().await;
    let id = http.fake.seed_unpublished_application("9NEW00000000");
    let parent = format!("applications/{id}");
    let (path, mut draft) = http.draft(&parent).await;
    assert!(text(&http.get(&parent).await.ok(200)["firstPublishedDate"]).starts_with("1601-01-01T"));
    for member in ["listings", "allowTargetFutureDeviceFamilies"] {
        draft[member] = http.fake.published_submission(APP).unwrap()[member].clone();
    }
    http.put(&path, &draft).await.ok(200);
    http.fake.script_statuses(&id, ["Published"]);
    http.post(&format!("{path}/commit")).await.ok(202);
    http.wait_for(&path, "Published").await;
    let date = text(&http.get(&parent).await.ok(200)["firstPublishedDate"]).to_owned();
    assert!(date.starts_with("20") && date.len() == 28, "{date}");
}
