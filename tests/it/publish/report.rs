//! What a run tells on its way and at its end.

use std::time::Duration;

use msstore::api::Milestone;
use msstore::error::{FailureKind, UploadKind};
use msstore::model::{Guard, SubmissionStatus};
use msstore::publish::{ExistingRollout, PendingPolicy};
use msstore::testing::{CutEnd, Fault};
use msstore::{Error, ErrorKind, Outcome};
use serde_json::json;

use super::{APP, PACKAGE, Shop, left, notes, observed, step};

#[tokio::test]
async fn the_events_come_in_order_with_their_ids() {
    let shop = Shop::open().await;
    let (job, events) = observed(shop.job().until(Milestone::Published));
    let report = job.await.unwrap();
    let events = events.lock().unwrap();
    let steps: Vec<String> = events.iter().map(step).collect();
    let mut expected = vec![
        "nothingPending",
        "created",
        "edited",
        "updated",
        "packed",
        "uploaded",
        "committed",
    ];
    expected.extend(["statusChanged"; 6]);
    expected.push("packagesTaken");
    assert_eq!(steps, expected);
    let requests = shop.fake.requests();
    let mut elapsed = Duration::ZERO;
    for event in events.iter() {
        let shown = event.to_string();
        assert_eq!(event.submission.is_some(), step(event) != "nothingPending", "{shown}");
        assert!(event.submission.iter().all(|id| *id == report.submission), "{shown}");
        let is_call = !["edited", "packed"].contains(&step(event).as_str());
        assert_eq!(event.http_status.is_some(), is_call, "{shown}");
        // The blob store has no correlation ids.
        let is_api = is_call && step(event) != "uploaded";
        assert_eq!(event.correlation_id.is_some(), is_api, "{shown}");
        if let Some(id) = &event.correlation_id {
            assert!(
                requests.iter().any(|request| request.header("MS-CorrelationId") == Some(id)),
                "{shown}"
            );
            assert!(shown.contains(id), "{shown}");
        }
        assert!(event.elapsed >= elapsed, "{shown}");
        elapsed = event.elapsed;
        assert!(
            shown.contains(&event.kind.to_string()) && !shown.contains('\n') && !shown.contains("sig="),
            "{shown}"
        );
    }
    assert_eq!(events[1].http_status, Some(201));
    assert_eq!(events[6].http_status, Some(202));
    assert!(elapsed >= Duration::from_secs(25), "{elapsed:?}");
}

#[tokio::test]
async fn the_report_has_all_that_was_done() {
    let shop = Shop::open().await;
    let warnings = |codes: &[&str]| {
        let warnings: Vec<_> = codes.iter().map(|code| json!({ "code": code, "details": "so" })).collect();
        json!({ "errors": [], "warnings": warnings, "certificationReports": [{ "date": "2026-02-10T07:00:00Z", "reportUrl": "https://partner.example/r/1" }] })
    };
    // With all device families there is none to be added.
    shop.fake.edit_submission(shop.published_id(), |submission| {
        submission["allowTargetFutureDeviceFamilies"] =
            json!({ "Desktop": true, "Mobile": false, "Xbox": false, "Holographic": false });
    });
    let noise = "SalesUnsupportedWarning";
    let published = json!({ "status": "Published", "statusDetails": warnings(&[noise, "ListingOptInWarning"]) });
    shop.fake
        .script_statuses(APP, [json!("CommitStarted"), json!("Certification"), published]);
    shop.fake
        .fault(Fault::on("PUT", "/blob/ingestion/*").query("comp=block&").reset_mid_request());
    let package = shop.large_package();
    let job = shop.app().publish().edit(notes).package(package);
    let report = job.until(Milestone::Published).await.unwrap();
    assert_eq!(report.submission, shop.published_id());
    assert!(!report.adopted && report.committed && !report.held);
    let pointers: Vec<&str> = report.changes.iter().map(|change| change.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        ["/applicationPackages/2", "/listings/en-us/baseListing/releaseNotes"]
    );
    assert_eq!(report.changes[1].after, Some("Faster.".into()));
    assert_eq!((report.files.len(), &report.files[0].name[..]), (1, PACKAGE));
    assert_eq!(report.files[0].bytes, shop.length(PACKAGE));
    assert_eq!(
        Some(report.bytes_sent),
        shop.fake.blob(&report.submission).map(|blob| blob.length)
    );
    assert_eq!(report.retries, 1);
    use SubmissionStatus::{Certification, CommitStarted, Published};
    let statuses: Vec<_> = report.history.iter().map(|seen| seen.status.clone()).collect();
    assert_eq!(statuses, [CommitStarted, Certification, Published]);
    assert!(report.history.is_sorted_by_key(|seen| seen.after) && report.history[2].after >= Duration::from_secs(10));
    assert_eq!(report.warnings.len(), 1, "{:?}", report.warnings);
    assert_eq!(report.warnings[0].code.as_str(), "ListingOptInWarning");
    assert_eq!(report.certification_reports[0].report_url, "https://partner.example/r/1");
    let shown = report.to_string();
    let says = [
        report.submission.as_str(),
        "Published",
        "2 changes, 1 file",
        "ListingOptInWarning: so",
    ];
    assert!(
        says.iter().all(|says| shown.contains(says)) && !shown.contains(noise),
        "{shown}"
    );
}

#[tokio::test]
async fn a_submission_that_is_held_is_a_good_end() {
    for (mode, status) in [("Manual", "Release"), ("SpecificDate", "PendingPublication")] {
        let shop = Shop::open().await;
        if status != "Release" {
            shop.fake.script_statuses(APP, ["Certification", status]);
        }
        let job = shop.job().until(Milestone::Published).edit(move |draft| {
            draft.target_publish_mode = mode.into();
            draft.target_publish_date = msstore::model::Timestamp::new("2030-01-01T00:00:00Z");
            Ok(())
        });
        let report = job.await.unwrap();
        assert!(report.held && report.committed, "{mode}");
        assert_eq!(report.status().unwrap().as_str(), status);
        assert!(
            report
                .to_string()
                .contains("held until it is published by hand or on its date"),
            "{report}"
        );
        assert_eq!(report.submission, shop.pending_id());
    }
}

#[tokio::test]
async fn a_draft_that_is_left_is_whole_but_for_the_commit() {
    let shop = Shop::open().await;
    let report = shop.job().leave_draft().await.unwrap();
    assert!(!report.committed && report.history.is_empty());
    assert!(
        report.to_string().contains("packages are taken over by a commit alone"),
        "{report}"
    );
    assert_eq!(shop.writes(), ["create", "update", "blob"]);
    let draft = shop.fake.pending_submission(APP).unwrap();
    assert_eq!(draft["status"], "PendingCommit");
    assert!(shop.fake.blob(&report.submission).is_some());
}

#[tokio::test]
async fn a_failed_submission_comes_with_the_words_of_the_service() {
    let shop = Shop::open().await;
    let failed = json!({ "status": "CertificationFailed", "statusDetails": { "errors": [{ "code": "MissingTitle", "details": "no title in de-de" }] } });
    shop.fake.script_statuses(APP, [json!("CommitStarted"), failed]);
    let error = shop.job().until(Milestone::Certified).await.unwrap_err();
    assert!(error.kind() == ErrorKind::SubmissionFailed(FailureKind::Failed), "{error:?}");
    let text = error.to_string();
    assert!(
        text.contains("CertificationFailed") && text.contains("no title in de-de"),
        "{text}"
    );
    // It is mended and committed again.
    let report = shop
        .job()
        .pending(PendingPolicy::Reuse)
        .until(Milestone::Published)
        .await
        .unwrap();
    assert_eq!(report.submission, shop.published_id());
    assert_eq!((shop.count("create"), shop.count("commit")), (1, 2));
}

#[tokio::test]
async fn a_wait_that_takes_too_long_says_where_it_stands() {
    let shop = Shop::open().await;
    shop.fake.script_statuses(APP, ["CommitStarted"]);
    let job = shop
        .job()
        .timeout(Duration::from_secs(600))
        .poll_interval(Duration::from_secs(60));
    let (job, events) = observed(job);
    let error = job.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WaitTimedOut);
    assert_eq!(error.report().unwrap().status, SubmissionStatus::CommitStarted);
    assert_eq!(error.submission(), Some(shop.pending_id()));
    // It says what publish() has for this, and not what a wait has.
    let text = error.to_string();
    assert!(
        text.contains("PendingPolicy::Reuse or .submission(id)") && !text.contains("watch()"),
        "{text}"
    );
    let told = events
        .lock()
        .unwrap()
        .iter()
        .filter(|event| step(event) == "statusChanged")
        .count();
    assert_eq!(told, 1);
    let polls = shop.fake.requests_to("GET", "/status").len();
    assert!((10..=13).contains(&polls), "{polls}");
}

#[tokio::test]
async fn what_fails_while_there_is_a_draft_names_it() {
    let table = [
        ("GET", "/submissions/*", "", 500),
        ("PUT", "/submissions/*", "", 400),
        ("PUT", "/blob/ingestion/*", "", 403),
        ("POST", "/submissions/*/commit", "", 400),
    ];
    for (method, path, query, status) in table {
        let shop = Shop::open().await;
        let body = r#"{"code":"InvalidOperation","message":"not today"}"#;
        let fault = || Fault::on(method, path).query(query).answer(status, body);
        if method == "GET" {
            // The first one that is read is the published one.
            (2..100).for_each(|n| shop.fake.fault(fault().nth(n)));
        } else {
            shop.fake.fault(fault().always());
        }
        let error = shop.job().await.unwrap_err();
        let (path, cause) = left(&error);
        assert_eq!(
            path,
            format!("applications/{APP}/submissions/{}", shop.pending_id()),
            "{method} {path}"
        );
        assert_eq!((cause.status(), error.status()), (Some(status), Some(status)), "{cause:?}");
    }
}

#[tokio::test]
async fn what_fails_after_a_write_does_not_say_that_nothing_was_done() {
    // Deleted, and then no draft is made.
    let shop = Shop::open().await;
    shop.fake.seed_draft(APP);
    shop.fake.fault(Fault::on("POST", "/submissions").answer(403, "").always());
    let error = shop.job().pending(PendingPolicy::Replace).await.unwrap_err();
    assert_eq!(shop.writes(), ["delete"]);
    assert_eq!((error.status(), error.outcome()), (Some(403), Outcome::Applied));

    // The rollout is ended, and then no draft is made.
    let shop = Shop::open().await;
    shop.fake.seed_rollout(APP, 25.0);
    shop.fake.fault(Fault::on("POST", "/submissions").answer(403, "").always());
    let error = shop
        .job()
        .no_rollout()
        .existing_rollout(ExistingRollout::Halt)
        .await
        .unwrap_err();
    assert_eq!(shop.writes(), ["haltpackagerollout"]);
    assert_eq!((error.status(), error.outcome()), (Some(403), Outcome::Applied));

    // Committed, and then the packages cannot be looked at: the first two looks are those at the published one and at the draft.
    let shop = Shop::open().await;
    shop.fake.fault(Fault::on("GET", "/submissions/*").nth(3).answer(403, ""));
    let error = shop.job().await.unwrap_err();
    assert_eq!(shop.count("commit"), 1);
    assert_eq!((error.status(), error.outcome()), (Some(403), Outcome::Applied));
}

#[tokio::test]
async fn the_observers_of_progress_hear_of_all_bytes() {
    let shop = Shop::open().await;
    let seen = std::sync::Arc::new(std::sync::Mutex::new((0, 0)));
    let kept = seen.clone();
    let observer = move |now: msstore::upload::Progress| *kept.lock().unwrap() = (now.bytes, now.bytes_total);
    let job = shop.job().upload(|upload| upload.on_progress(observer));
    let report = job.await.unwrap();
    assert_eq!(*seen.lock().unwrap(), (report.bytes_sent, report.bytes_sent));
}

#[tokio::test]
async fn what_could_not_even_be_read_was_not_changed() {
    for path in ["/applications/*", "/submissions/*"] {
        for fault in [
            Fault::on("GET", path).answer(503, ""),
            Fault::on("GET", path).reset(),
            Fault::on("GET", path).cut(CutEnd::Reset),
            Fault::on("GET", path).answer(200, "[]"),
        ] {
            let what = format!("{fault:?}");
            let shop = Shop::open().await;
            shop.fake.fault(fault.always());
            let error = shop.job().await.expect_err(&what);
            assert_eq!(error.outcome(), Outcome::NotApplied, "{what}: {error:?}");
            let error = shop.job().plan().await.expect_err(&what);
            assert_eq!(error.outcome(), Outcome::NotApplied, "{what}: {error:?}");
        }
    }
}

/// Only a draft that the run has made or changed is left behind by it.
#[tokio::test]
async fn a_draft_that_was_not_touched_is_not_left_behind() {
    let refused = r#"{"code":"InvalidParameterValue","message":"not today"}"#;
    let reuse = |shop: &Shop| shop.job().pending(PendingPolicy::Reuse);
    let shop = Shop::open().await;
    shop.fake.seed_draft(APP);
    let error = reuse(&shop).edit(|_| Err("a typo".into())).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Edit, "{error:?}");
    assert_eq!(error.outcome(), Outcome::NotApplied);
    // The update is refused.
    shop.fake.fault(Fault::on("PUT", "/submissions/*").answer(400, refused));
    let error = reuse(&shop).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Api, "{error:?}");
    assert_eq!(error.outcome(), Outcome::NotApplied);
    // It goes through, and the commit is refused.
    shop.fake.fault(Fault::on("POST", "/commit").answer(400, refused).first(2));
    let error = reuse(&shop).await.unwrap_err();
    assert_eq!(left(&error).1.status(), Some(400));
    // The next run has nothing to change.
    let error = reuse(&shop).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Api, "{error:?}");
    assert_eq!((error.status(), error.outcome()), (Some(400), Outcome::NotApplied));
    reuse(&shop).await.unwrap();
}

/// The update may have changed the draft.
#[tokio::test]
async fn a_draft_whose_update_was_lost_is_named() {
    let lost = [
        Fault::on("PUT", "/submissions/*").apply_then().reset(),
        Fault::on("PUT", "/submissions/*").apply_then().answer(503, ""),
    ];
    for fault in lost {
        let what = format!("{fault:?}");
        let shop = Shop::open().await;
        let id = shop.fake.seed_draft(APP);
        shop.fake.fault(fault.always());
        let error = shop.job().pending(PendingPolicy::Reuse).await.expect_err(&what);
        assert_eq!(error.left_behind(), Some(id), "{what}: {error:?}");
        assert_eq!(error.outcome(), Outcome::MaybeApplied, "{what}: {error:?}");
    }
}

/// A conflict says that the submission is committed, or under way: it is no draft any more.
#[tokio::test]
async fn what_is_committed_already_is_not_said_to_be_left_as_a_draft() {
    type Row = (&'static str, &'static str, fn(Fault) -> Fault, bool);
    let table: [Row; 3] = [
        ("PUT", "/submissions/*", |fault| fault, true),
        ("POST", "/submissions/*/commit", |fault| fault, true),
        ("POST", "/submissions/*/commit", Fault::apply_then, false),
    ];
    for (method, path, first, is_left) in table {
        let shop = Shop::open().await;
        let body = r#"{"code":"InvalidState","message":"not in this state"}"#;
        shop.fake.fault(first(Fault::on(method, path)).answer(409, body).always());
        let error = shop.job().await.unwrap_err();
        assert!(error.is_conflict(), "{method}: {error:?}");
        assert_eq!(error.left_behind().is_some(), is_left, "{method}");
        let said = error.to_string();
        assert_eq!(said.contains("draft"), is_left, "{method}: {said}");
        assert!(said.contains("committed already"), "{method}: {said}");
        // It was created all the same.
        let submission = Some(shop.pending_id());
        assert_eq!(
            (error.submission(), error.outcome()),
            (submission, Outcome::Applied),
            "{method}"
        );
    }
}

/// Events and history hold changes, not polls.
#[tokio::test]
async fn a_status_is_told_once_however_often_it_is_read() {
    let shop = Shop::open().await;
    let polls = [
        "CommitStarted",
        "CommitStarted",
        "PreProcessing",
        "PreProcessing",
        "PreProcessing",
        "Certification",
        "Certification",
    ];
    shop.fake
        .script_statuses(APP, polls.into_iter().chain(["Release", "Published"]));
    let (job, events) = observed(shop.job().until(Milestone::Published));
    let report = job.await.unwrap();
    let expected = ["CommitStarted", "PreProcessing", "Certification", "Release", "Published"];
    let seen: Vec<_> = report.history.iter().map(|seen| seen.status.to_string()).collect();
    assert_eq!(seen, expected);
    let told = events
        .lock()
        .unwrap()
        .iter()
        .filter(|event| step(event) == "statusChanged")
        .count();
    assert_eq!(told, expected.len());
}

/// A run that goes on with an earlier one says what is in the submission, as far as that is known.
#[tokio::test]
async fn a_run_that_attaches_reports_the_files_that_are_there() {
    let shop = Shop::open().await;
    shop.fake.script_statuses(APP, ["CommitStarted"]);
    let error = shop.job().timeout(Duration::from_secs(600)).await.unwrap_err();
    assert!(error.kind() == ErrorKind::WaitTimedOut, "{error:?}");
    shop.fake.script_statuses(APP, ["CommitStarted", "Certification"]);
    let id = shop.pending_id();
    for job in [shop.job().pending(PendingPolicy::Reuse), shop.job().submission(&id)] {
        let report = job.await.unwrap();
        assert_eq!((&report.submission, report.adopted), (&id, true));
        assert_eq!(
            (report.files.len(), &report.files[0].name[..], report.files[0].bytes),
            (1, PACKAGE, shop.length(PACKAGE))
        );
        assert_eq!(report.bytes_sent, 0);
        assert!(report.to_string().contains("1 file"), "{report}");
    }
}

/// One kind of error for one fact, whether it is seen before the upload or during it.
#[tokio::test]
async fn a_link_that_ended_is_one_error() {
    let check = |error: &Error, what: &str| {
        assert!(
            error.kind() == ErrorKind::Upload(UploadKind::LinkExpired),
            "{what}: {error:?}"
        );
        let said = error.to_string();
        assert_eq!(said.matches("create a new submission").count(), 1, "{what}: {said}");
    };
    // Before anything is sent.
    let shop = Shop::open().await;
    shop.fake.set_link_life(Duration::from_secs(60));
    shop.fake.seed_draft(APP);
    shop.fake.advance(Duration::from_secs(61));
    let reuse = || shop.job().pending(PendingPolicy::Reuse);
    let error = reuse().await.unwrap_err();
    check(&error, "before");
    assert_eq!((shop.sent(), error.outcome()), (vec![], Outcome::NotApplied));
    // Lifted, it is the upload that says it.
    check(&reuse().allow(Guard::UploadLink).await.unwrap_err(), "lifted");
    // During the upload.
    let shop = Shop::open().await;
    shop.fake.set_link_life(Duration::from_secs(60));
    shop.fake
        .fault(Fault::on("PUT", "/submissions/*").advance(Duration::from_secs(61)));
    check(&shop.job().await.unwrap_err(), "during");
}

/// Without those for the token and the blob store.
#[tokio::test]
async fn a_job_asks_the_service_for_each_thing_once() {
    for (policy, pending, most) in [(PendingPolicy::Fail, false, 10), (PendingPolicy::Replace, true, 13)] {
        let shop = Shop::open().await;
        if pending {
            shop.fake.seed_draft(APP);
        }
        shop.job().pending(policy).await.unwrap();
        let requests = shop.fake.requests();
        let is_api = |path: &str| !path.ends_with("/token") && !path.starts_with("/blob/");
        let calls = requests.iter().filter(|request| is_api(&request.path));
        let calls: Vec<String> = calls.map(|request| format!("{} {}", request.method, request.path)).collect();
        assert!(calls.len() <= most, "{policy:?}: {}: {calls:#?}", calls.len());
    }
}

#[tokio::test]
async fn the_upload_can_be_told_what_an_upload_can_be_told() {
    let shop = Shop::open().await;
    let package = shop.large_package();
    let job = shop.app().publish().package(package);
    job.upload(|upload| upload.block_size(1 << 20).concurrency(2)).await.unwrap();
    assert_eq!(shop.count("block"), 6, "{:?}", shop.writes());
}

#[tokio::test]
async fn events_carry_what_they_tell() {
    let shop = Shop::open().await;
    let (job, events) = observed(shop.job());
    let report = job.await.unwrap();
    let events: Vec<_> = events
        .lock()
        .unwrap()
        .iter()
        .map(|event| serde_json::to_value(event).unwrap())
        .collect();
    let find = |name: &str| {
        events
            .iter()
            .find(|event| event["event"] == name)
            .unwrap_or_else(|| panic!("{name}"))
    };
    assert_eq!(find("created")["adopted"], false);
    assert_eq!(find("created")["submission"], report.submission.as_str());
    assert_eq!(find("created")["httpStatus"], 201);
    assert_eq!(find("edited")["changes"], json!(report.changes));
    assert_eq!(find("packed")["files"], json!(report.files));
    assert_eq!(find("uploaded")["bytes"], report.bytes_sent);
    assert_eq!(find("uploaded")["bytesSkipped"], 0);
    assert_eq!(find("statusChanged")["status"], "CommitStarted");
    assert_eq!(find("packagesTaken")["packages"], json!([PACKAGE]));
    assert!(find("packagesTaken")["elapsed"].is_f64());
}
