//! Gradual rollouts.

use super::*;

/// Publishes a submission with a rollout, and returns its path.
async fn rolled_out(http: &Http, parent: &str) -> String {
    let (path, mut draft) = http.draft(parent).await;
    draft["packageDeliveryOptions"]["packageRollout"]["isPackageRollout"] = true.into();
    draft["packageDeliveryOptions"]["packageRollout"]["packageRolloutPercentage"] = 25.into();
    // Not the caller's to say.
    draft["packageDeliveryOptions"]["packageRollout"]["packageRolloutStatus"] = "PackageRolloutComplete".into();
    let after = http.put(&path, &draft).await.ok(200);
    let rollout = &after["packageDeliveryOptions"]["packageRollout"];
    assert_eq!(rollout["packageRolloutStatus"], "PackageRolloutNotStarted");
    http.post(&format!("{path}/commit")).await.ok(202);
    http.post(&format!("{path}/haltpackagerollout"))
        .await
        .refused(409, "InvalidState", "packageRollout");
    http.wait_for(&path, "Published").await;
    path
}

#[tokio::test]
async fn a_rollout_goes_from_percentage_to_finalised() {
    let http = Http::sample().await;
    for (parent, id) in [(app(), APP), (flight(), FLIGHT)] {
        let fallback = http.fake.published_submission(id).unwrap()["id"].clone();
        let path = rolled_out(&http, &parent).await;
        let rollout = http.get(&format!("{path}/packagerollout")).await.ok(200);
        let expected = json!({
            "isPackageRollout": true,
            "packageRolloutPercentage": 25,
            "packageRolloutStatus": "PackageRolloutInProgress",
            "fallbackSubmissionId": fallback,
        });
        assert_eq!(rollout, expected);
        http.post(&format!("{parent}/submissions"))
            .await
            .refused(409, "InvalidState", "submission");

        let update = |percentage: &str| format!("{path}/updatepackagerolloutpercentage?percentage={percentage}");
        for wrong in ["101", "-1", "x", ""] {
            http.post(&update(wrong))
                .await
                .refused(400, "InvalidParameterValue", "percentage");
        }
        let full = http.post(&update("100")).await.ok(200);
        assert_eq!(full["packageRolloutPercentage"], 100.0);
        assert_eq!(full["packageRolloutStatus"], "PackageRolloutInProgress");
        http.post(&format!("{parent}/submissions"))
            .await
            .refused(409, "InvalidState", "submission");

        let done = http.post(&format!("{path}/finalizepackagerollout")).await.ok(200);
        assert_eq!(done["packageRolloutStatus"], "PackageRolloutComplete");
        for operation in [
            "finalizepackagerollout",
            "haltpackagerollout",
            "updatepackagerolloutpercentage?percentage=5",
        ] {
            http.post(&format!("{path}/{operation}"))
                .await
                .refused(409, "InvalidState", "packageRollout");
        }
        let (_, draft) = http.draft(&parent).await;
        let inherited = json!({
            "isPackageRollout": true,
            "packageRolloutPercentage": 100.0,
            "packageRolloutStatus": "PackageRolloutNotStarted",
            "fallbackSubmissionId": "0",
        });
        assert_eq!(draft["packageDeliveryOptions"]["packageRollout"], inherited);
    }
}

#[tokio::test]
async fn the_next_submission_clones_the_halted_one() {
    let http = Http::sample().await;
    let path = rolled_out(&http, &app()).await;
    let halted = http.fake.published_submission(APP).unwrap();
    http.fake.edit_submission(text(&halted["id"]), |document| {
        document["notesForCertification"] = "halted".into();
    });
    let stopped = http.post(&format!("{path}/haltpackagerollout")).await.ok(200);
    assert_eq!(
        (&stopped["isPackageRollout"], &stopped["packageRolloutPercentage"]),
        (&json!(true), &json!(0.0))
    );
    assert_eq!(stopped["packageRolloutStatus"], "PackageRolloutStopped");
    assert_eq!(http.draft(&app()).await.1["notesForCertification"], "halted");
}

#[tokio::test]
async fn add_ons_have_none() {
    let http = Http::sample().await;
    let (path, _) = http.draft(&add_on()).await;
    assert_eq!(http.get(&format!("{path}/packagerollout")).await.status, 404);
}

#[tokio::test]
async fn a_rollout_can_be_seeded() {
    let http = Http::sample().await;
    let id = http.fake.seed_rollout(APP, 40.0).unwrap();
    let rollout = http.get(&format!("{}/submissions/{id}/packagerollout", app())).await.ok(200);
    assert_eq!(rollout["packageRolloutPercentage"], 40.0);
    http.post(&format!("{}/submissions", app()))
        .await
        .refused(409, "InvalidState", "submission");
}
