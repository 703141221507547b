//! Waits: each row of the table of steps over the wire, the commit that goes with it, and who hears of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use msstore::api::{Milestone, Submissions, Wait, WaitReport};
use msstore::config::RateLimit;
use msstore::error::FailureKind;
use msstore::model::ApplicationSubmission;
use msstore::publish::PendingPolicy;
use msstore::testing::{CutEnd, FakeStore, Fault, RetryHint};
use msstore::{ApplicationId, ClientSecret, Error, ErrorKind, Outcome, StoreClient, SubmissionId};
use serde_json::{Value, json};

use crate::support::assert_about;

pub(crate) const APP: &str = FakeStore::SAMPLE_APPLICATION;

/// A fake whose sample app has a draft.
pub(crate) struct Bench {
    pub(crate) fake: FakeStore,
    submissions: Submissions<ApplicationSubmission>,
    id: SubmissionId,
}

impl Bench {
    async fn new() -> Self {
        let fake = FakeStore::start_with_sample().await.unwrap();
        let client = fake.client().unwrap();
        let submissions = client.applications().submissions(APP.parse::<ApplicationId>().unwrap());
        let id = fake.seed_draft(APP);
        Self { fake, submissions, id }
    }

    /// The statuses after the commit; the last one stays.
    pub(crate) async fn scripted<T: Into<Value>>(statuses: impl IntoIterator<Item = T>) -> Self {
        let bench = Self::new().await;
        bench.fake.script_statuses(APP, statuses);
        bench
    }

    pub(crate) async fn faulty(fault: Fault) -> Self {
        let bench = Self::new().await;
        bench.fake.fault(fault);
        bench
    }

    pub(crate) fn commit(&self) -> Wait<ApplicationSubmission> {
        self.submissions.commit_and_wait(&self.id)
    }

    /// Committed already; then the fault comes.
    pub(crate) async fn committed(fault: Fault) -> Self {
        let bench = Self::scripted(["PreProcessing"]).await;
        bench.submissions.commit(&bench.id).await.unwrap();
        bench.fake.fault(fault);
        bench
    }

    pub(crate) fn watch(&self) -> Wait<ApplicationSubmission> {
        self.submissions.watch(&self.id)
    }

    pub(crate) fn polls(&self) -> usize {
        self.fake.requests_to("GET", "/status").len()
    }

    pub(crate) fn commits(&self) -> usize {
        self.fake.requests_to("POST", "/commit").len()
    }

    fn reads(&self) -> usize {
        self.fake.requests_to("GET", "/submissions/*").len()
    }
}

fn failed(result: Result<WaitReport, Error>) -> Error {
    match result {
        Err(error) if matches!(error.kind(), ErrorKind::SubmissionFailed(_)) => error,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn timed_out(result: Result<WaitReport, Error>) -> Error {
    match result {
        Err(error) if error.kind() == ErrorKind::WaitTimedOut => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_goal_is_reached_by_rank() {
    use Milestone::{Accepted, Certified, Published};
    let table: [(Milestone, &[&str]); 16] = [
        (Accepted, &["CommitStarted", "PreProcessing"]),
        (Accepted, &["Certification"]),
        (Accepted, &["Release"]),
        (Accepted, &["PendingPublication"]),
        (Accepted, &["Publishing"]),
        (Accepted, &["Published"]),
        // Reads lag behind our own commit.
        (
            Accepted,
            &["PendingCommit", "PendingCommit", "CommitStarted", "PreProcessing"],
        ),
        (Accepted, &["PendingCommit", "Certification"]),
        // What says nothing, and what nobody knows.
        (Accepted, &["None", "Signing", "", "preprocessing"]),
        (Certified, &["CommitStarted", "PreProcessing", "Certification", "Release"]),
        (Certified, &["PreProcessing", "PendingPublication"]),
        (Certified, &["Publishing"]),
        (Certified, &["Certification", "Published"]),
        (Published, &["CommitStarted", "Certification", "Publishing", "Published"]),
        (Published, &["Release", "PendingPublication", "Publishing", "Published"]),
        (Published, &["Published"]),
    ];
    for (goal, script) in table {
        let bench = Bench::scripted(script.iter().copied()).await;
        let done = bench.commit().until(goal).await.unwrap();
        assert!(
            done.report.status.as_str().eq_ignore_ascii_case(script.last().unwrap()),
            "{script:?}"
        );
        assert_eq!(
            (done.polls as usize, bench.polls()),
            // The status is read before the commit too.
            (script.len(), script.len() + 1),
            "{script:?}"
        );
        assert_eq!((&done.id, done.held, done.http_status), (&bench.id, false, 200));
        assert!(done.correlation_id.is_some());
        assert_eq!(bench.commits(), 1);
    }
}

#[tokio::test]
async fn a_failure_ends_it_with_the_reasons() {
    use FailureKind::{CommitFailed, Failed};
    let table: [(&[&str], FailureKind, &str); 10] = [
        (&["CommitFailed"], Failed, "ended in CommitFailed"),
        (
            &["CommitStarted", "PreProcessingFailed"],
            Failed,
            "ended in PreProcessingFailed",
        ),
        (
            &["Certification", "CertificationFailed"],
            Failed,
            "ended in CertificationFailed",
        ),
        (&["ReleaseFailed"], Failed, "ended in ReleaseFailed"),
        (&["Publishing", "PublishFailed"], Failed, "ended in PublishFailed"),
        (&["SigningFailed"], Failed, "ended in SigningFailed"),
        (&["Canceled"], Failed, "ended in Canceled"),
        (
            &["CommitStarted", "PendingCommit"],
            CommitFailed,
            "went back to PendingCommit",
        ),
        (
            &["PreProcessing", "PendingCommit"],
            CommitFailed,
            "went back to PendingCommit",
        ),
        (
            &["PendingCommit", "CommitStarted", "PendingCommit"],
            CommitFailed,
            "went back to PendingCommit",
        ),
    ];
    let details = json!({
        "errors": [{"code": "MissingFiles", "details": "File 'a.msix' not found"}],
        "warnings": [{"code": "SalesUnsupportedWarning", "details": "noise"}],
        "certificationReports": [{"date": "2026-01-01T00:00:00Z", "reportUrl": "https://reports.example/1"}, {}],
    });
    for (script, kind, words) in table {
        let (last, before) = script.split_last().unwrap();
        let script = before.iter().map(|status| json!(status));
        let bench = Bench::scripted(script.chain([json!({"status": last, "statusDetails": details})])).await;
        let result = bench.commit().until(Milestone::Published).await;
        let correlation_id = result.as_ref().unwrap_err().correlation_id().unwrap().to_owned();
        let error = failed(result);
        assert_eq!(
            (error.kind(), error.report().unwrap().status.as_str()),
            (ErrorKind::SubmissionFailed(kind), *last)
        );
        let text = error.to_string();
        let url = format!(
            "https://partner.microsoft.com/dashboard/products/{APP}/submissions/{}",
            bench.id
        );
        for words in [
            words,
            "MissingFiles: File 'a.msix' not found",
            "https://reports.example/1",
            &url,
            &correlation_id,
        ] {
            assert!(text.contains(words), "{words:?} is not in {text:?}");
        }
        assert!(!text.contains("noise"), "{text}");
        assert_eq!(bench.commits(), 1, "nothing is tried again");
    }
}

#[tokio::test]
async fn a_commit_that_never_shows_is_lost_after_five_minutes() {
    let bench = Bench::scripted(["PendingCommit"]).await;
    let reports = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&reports);
    let wait = bench
        .commit()
        .on_poll(move |report| seen.lock().unwrap().push(report.waited.as_secs()));
    let error = failed(wait.await);
    assert_eq!(error.kind(), ErrorKind::SubmissionFailed(FailureKind::CommitLost));
    assert!(error.to_string().contains("commit again"), "{error}");
    let reports = reports.lock().unwrap();
    assert!((300..360).contains(reports.last().unwrap()), "{reports:?}");
    assert!(reports.len() > 10, "{reports:?}");
}

#[tokio::test]
async fn details_may_be_missing_and_odd() {
    let table: [fn(&mut Value); 7] = [
        |report| report["statusDetails"] = Value::Null,
        |report| drop(report.as_object_mut().unwrap().remove("statusDetails")),
        |report| report["statusDetails"] = json!({}),
        |report| report["statusDetails"] = json!({"errors": null, "warnings": [{}], "certificationReports": [{}]}),
        |report| report["statusDetails"] = json!({"Errors": [{"Code": "None", "Details": null}]}),
        |report| report["statusDetails"]["more"] = json!([1]),
        |report| *report = json!({"Status": "PREPROCESSING"}),
    ];
    for edit in table {
        let bench = Bench::scripted(["PreProcessing"]).await;
        bench.fake.fault(Fault::on("GET", "/status").always().edit_answer(edit));
        let done = bench.commit().await.unwrap();
        assert_eq!(done.report.status, msstore::model::SubmissionStatus::PreProcessing);
    }
    // Without a status there is nothing to judge by, so it goes on.
    for edit in [
        |report: &mut Value| report["status"] = Value::Null,
        |report: &mut Value| *report = json!({}),
    ] {
        let bench = Bench::scripted(["PreProcessing"]).await;
        bench.fake.fault(Fault::on("GET", "/status").first(3).edit_answer(edit));
        assert_eq!(bench.commit().await.unwrap().polls, 3);
    }
}

#[tokio::test]
async fn a_release_by_hand_or_on_a_date_ends_it_well() {
    for mode in ["Manual", "SpecificDate"] {
        for status in ["Release", "PendingPublication"] {
            let bench = Bench::scripted(["Certification", status]).await;
            bench.fake.edit_submission(&bench.id, |draft| {
                draft["targetPublishMode"] = json!(mode);
                draft["targetPublishDate"] = json!("2999-01-01T00:00:00Z");
            });
            let done = bench.commit().until(Milestone::Published).await.unwrap();
            assert!(done.held, "{mode} {status}");
            assert_eq!((done.report.status.as_str(), done.polls, bench.reads()), (status, 2, 1));
        }
    }
    // Published by itself: the submission is read once, and the wait goes on.
    let bench = Bench::scripted(["Release", "Release", "PendingPublication", "Publishing", "Published"]).await;
    let done = bench.commit().until(Milestone::Published).await.unwrap();
    assert_eq!((done.held, done.polls, bench.reads()), (false, 5, 1));
    // Who waits for certification alone need not know.
    let bench = Bench::scripted(["Release"]).await;
    bench
        .fake
        .edit_submission(&bench.id, |draft| draft["targetPublishMode"] = json!("Manual"));
    let done = bench.commit().until(Milestone::Certified).await.unwrap();
    assert_eq!((done.held, bench.reads()), (false, 0));
    // What cannot be read now is read at the next poll.
    let bench = Bench::scripted(["Release"]).await;
    bench
        .fake
        .edit_submission(&bench.id, |draft| draft["targetPublishMode"] = json!("Manual"));
    bench.fake.fault(Fault::on("GET", "/submissions/*").answer(400, "{}"));
    let done = bench.commit().until(Milestone::Published).await.unwrap();
    assert_eq!((done.held, done.polls, bench.reads()), (true, 2, 2));
}

#[tokio::test]
async fn the_commit_is_resolved_by_the_status() {
    let commit = || Fault::on("POST", "/commit");
    let table = [
        (commit(), 1, 202),
        (commit().apply_then().answer(504, "<html></html>"), 1, 200),
        (commit().apply_then().reset(), 1, 200),
        (commit().cut(CutEnd::Reset), 1, 200),
        (commit().answer(503, ""), 2, 202),
        (commit().reset(), 2, 202),
        (commit().first(2).apply_then().answer(503, ""), 1, 200),
    ];
    for (fault, sent, told) in table {
        let name = format!("{fault:?}");
        let bench = Bench::faulty(fault).await;
        let statuses = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&statuses);
        let wait = bench
            .commit()
            .on_commit(move |receipt| seen.lock().unwrap().push(receipt.http_status));
        wait.await.unwrap();
        assert_eq!(bench.commits(), sent, "{name}");
        assert_eq!(bench.fake.applied_to("POST", "/commit").len(), 1, "{name}");
        assert_eq!(*statuses.lock().unwrap(), [told], "{name}");
    }
    let bench = Bench::faulty(commit().answer(400, "{}")).await;
    let error = bench.commit().await.unwrap_err();
    assert_eq!((error.status(), bench.commits(), bench.polls()), (Some(400), 1, 1));
    // Committed by somebody else before.
    bench.submissions.commit(&bench.id).await.unwrap();
    assert!(bench.commit().await.unwrap_err().is_conflict());
}

#[tokio::test]
async fn watching_attaches_to_what_is_under_way() {
    let bench = Bench::scripted(["CommitStarted", "PreProcessing", "Certification", "Release"]).await;
    let error = failed(bench.submissions.watch(&bench.id).await);
    assert_eq!(
        (error.kind(), bench.polls()),
        (ErrorKind::SubmissionFailed(FailureKind::NotCommitted), 1),
        "a draft is no reason to wait"
    );
    assert!(error.to_string().contains("commit it first"), "{error}");
    bench.submissions.commit(&bench.id).await.unwrap();
    let done = bench.submissions.watch(&bench.id).until(Milestone::Certified).await.unwrap();
    assert_eq!((done.report.status.as_str(), bench.commits()), ("Release", 1));

    let bench = Bench::scripted(["CommitStarted", "PendingCommit"]).await;
    bench.submissions.commit(&bench.id).await.unwrap();
    assert_eq!(
        failed(bench.submissions.watch(&bench.id).await).kind(),
        ErrorKind::SubmissionFailed(FailureKind::CommitFailed)
    );
    let unknown = "1".parse::<SubmissionId>().unwrap();
    assert!(bench.submissions.watch(unknown).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn reports_are_a_stream() {
    let script = [
        "PendingCommit",
        "CommitStarted",
        "PreProcessing",
        "Certification",
        "Publishing",
    ];
    let bench = Bench::scripted(script).await;
    let stream = bench.commit().until(Milestone::Certified).reports();
    assert_eq!(bench.commits(), 0, "nothing is sent before it is polled");
    let reports: Vec<WaitReport> = stream.try_collect().await.unwrap();
    let statuses: Vec<&str> = reports.iter().map(|report| report.report.status.as_str()).collect();
    assert_eq!(statuses, script);
    assert!(
        reports
            .windows(2)
            .all(|pair| pair[0].waited < pair[1].waited && pair[0].polls + 1 == pair[1].polls)
    );

    let bench = Bench::scripted(["CommitStarted", "CommitFailed"]).await;
    let reports: Vec<_> = bench.commit().reports().collect().await;
    let [Ok(_), Err(error)] = reports.as_slice() else {
        panic!("{reports:?}")
    };
    assert!(matches!(error.kind(), ErrorKind::SubmissionFailed(_)));
}

#[tokio::test]
async fn the_observer_hears_of_it_before_the_pause() {
    let bench = Bench::scripted(["CommitStarted"]).await;
    let fake = &bench.fake;
    let provider = ClientSecret::new(fake.tenant_id(), fake.client_id(), fake.client_secret()).authority(fake.authority());
    // A clock that really waits, and a pause that this test would not outlive.
    let client = StoreClient::builder(provider).endpoint(fake.endpoint()).build().unwrap();
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let submissions = client.applications().submissions(APP.parse::<ApplicationId>().unwrap());
    let wait = submissions
        .commit_and_wait(&bench.id)
        .poll_interval(Duration::from_secs(3600));
    let wait = wait.on_status(move |report| tell.send(report.report.status.clone()).unwrap());
    tokio::select! {
        result = wait => panic!("{result:?}"),
        status = told.recv() => assert_eq!(status, Some(msstore::model::SubmissionStatus::CommitStarted)),
    }
    assert_eq!((bench.commits(), bench.polls()), (1, 2));
}

/// A draft is a copy of the last release, and may carry its date: the service publishes at once.
#[tokio::test]
async fn a_date_that_has_passed_holds_nothing() {
    for date in ["2020-01-01T00:00:00Z", "1601-01-01T00:00:00.0000000Z", ""] {
        let bench = Bench::scripted(["Release", "PendingPublication", "Publishing", "Published"]).await;
        bench.fake.edit_submission(&bench.id, |draft| {
            draft["targetPublishMode"] = json!("SpecificDate");
            draft["targetPublishDate"] = json!(date);
        });
        let done = bench.commit().until(Milestone::Published).await.unwrap();
        assert_eq!(
            (done.report.status.as_str(), done.held, bench.reads()),
            ("Published", false, 1),
            "{date:?}"
        );
    }
}

/// What ended the commit before is no end of this one, however long it is still shown.
#[tokio::test]
async fn an_old_failure_is_not_that_of_the_new_commit() {
    let details = |text: &str| json!({"errors": [{"code": "InvalidParameterValue", "details": text}]});
    for old in ["CommitFailed", "CertificationFailed"] {
        let failed_before = async |faults: Vec<Fault>| {
            let bench = Bench::new().await;
            let report = json!({"status": old, "statusDetails": details("the old one")});
            bench.fake.set_status(&bench.id, report);
            faults.into_iter().for_each(|fault| bench.fake.fault(fault));
            bench
        };
        let stale = |times| Fault::on("GET", "/status").stale().first(times);
        // Reads lag behind the commit.
        let bench = failed_before(vec![stale(20)]).await;
        let done = bench.commit().await.unwrap();
        assert_eq!((done.report.status.as_str(), bench.commits()), ("PreProcessing", 1), "{old}");

        // The answer to the commit was lost, and it has not happened.
        for lost in [
            Fault::on("POST", "/commit").answer(504, ""),
            Fault::on("POST", "/commit").reset(),
        ] {
            let bench = failed_before(vec![lost]).await;
            bench.commit().await.unwrap();
            let applied = bench.fake.applied_to("POST", "/commit").len();
            assert_eq!((bench.commits(), applied), (2, 1), "{old}");
        }

        // It has happened, and was not seen at once.
        let lost = Fault::on("POST", "/commit").apply_then().answer(504, "");
        let bench = failed_before(vec![lost, stale(1)]).await;
        bench.commit().await.unwrap();
        assert_eq!(bench.commits(), 1, "{old}");

        // Another failure is a new one, also of the same step.
        for (status, text) in [("CommitFailed", "the new one"), ("PreProcessingFailed", "the old one")] {
            let bench = failed_before(vec![]).await;
            bench
                .fake
                .script_statuses(APP, [json!({"status": status, "statusDetails": details(text)})]);
            let error = failed(bench.commit().await);
            assert_eq!(
                (error.kind(), bench.fake.elapsed().as_secs()),
                (ErrorKind::SubmissionFailed(FailureKind::Failed), 0)
            );
            assert!(error.to_string().contains(text), "{error}");
        }
        // So is the same failure once the commit was seen to start.
        let bench = failed_before(vec![]).await;
        let again = json!({"status": old, "statusDetails": details("the old one")});
        bench.fake.script_statuses(APP, [json!("CommitStarted"), again]);
        assert_eq!(
            failed(bench.commit().await).kind(),
            ErrorKind::SubmissionFailed(FailureKind::Failed)
        );

        // It never goes away.
        let bench = failed_before(vec![stale(1000)]).await;
        let result = bench.commit().await;
        assert_eq!(result.as_ref().unwrap_err().outcome(), Outcome::MaybeApplied);
        let error = failed(result);
        assert_eq!(error.kind(), ErrorKind::SubmissionFailed(FailureKind::CommitLost));
        for words in [&format!("stays in {old}"), "the old one", "commit again"] {
            assert!(error.to_string().contains(words), "{words:?} is not in {error}");
        }
        assert!((300..400).contains(&bench.fake.elapsed().as_secs()));
    }
}

#[tokio::test]
async fn a_commit_that_was_lost_is_made_again_after_ten_seconds() {
    let lost = || Fault::on("POST", "/commit");
    for fault in [lost().reset(), lost().answer(504, ""), lost().answer(200, "<html></html>")] {
        let name = format!("{fault:?}");
        let bench = Bench::faulty(fault).await;
        bench.commit().await.unwrap();
        let applied = bench.fake.applied_to("POST", "/commit").len();
        assert_eq!((bench.commits(), applied), (2, 1), "{name}");
        assert!(
            (10..20).contains(&bench.fake.elapsed().as_secs()),
            "{name}: {:?}",
            bench.fake.elapsed()
        );
    }
    // Lost again: a minute after the second it is said, and not that it goes on.
    for fault in [lost().reset(), lost().answer(504, ""), lost().answer(200, "<html></html>")] {
        let name = format!("{fault:?}");
        let bench = Bench::faulty(fault.always()).await;
        let error = bench.commit().await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::MaybeApplied, "{name}: {error}");
        assert!(!error.to_string().contains("goes on"), "{error}");
        assert_eq!(bench.commits(), 2, "{name}");
        assert!(
            (65..85).contains(&bench.fake.elapsed().as_secs()),
            "{name}: {:?}",
            bench.fake.elapsed()
        );
    }
}

/// Each lost answer has its own minute, however long the look before took.
#[tokio::test]
async fn the_second_commit_is_looked_for_as_long_as_the_first() {
    let bench = Bench::new().await;
    for fault in [
        Fault::on("POST", "/commit").nth(1).reset(),
        Fault::on("POST", "/commit").nth(2).apply_then().answer(504, ""),
        // The first is seen not to have worked only after 50 s.
        Fault::on("GET", "/status").nth(2).answer(429, "").header("Retry-After", "50"),
        Fault::on("GET", "/status").stale().first(8),
    ] {
        bench.fake.fault(fault);
    }
    let receipt = bench.submissions.ensure_committed(&bench.id).await.unwrap();
    assert_eq!((receipt.value.status.as_str(), bench.commits()), ("CommitStarted", 2));
}

/// What the wait has seen is not forgotten, and the error says which submission it is about.
#[tokio::test]
async fn a_poll_that_cannot_be_repeated_keeps_the_last_report() {
    let bench = Bench::scripted(["CommitStarted", "PreProcessing"]).await;
    bench.fake.fault(Fault::on("GET", "/status").nth(4).answer(403, "{}"));
    let error = bench.commit().until(Milestone::Certified).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Api, Some(403)));
    assert_eq!(error.outcome(), Outcome::Applied);
    assert_eq!(error.report().map(|report| report.status.as_str()), Some("PreProcessing"));
    assert!(error.path().unwrap().contains(bench.id.as_str()), "{:?}", error.path());
    let of_call = error.call().unwrap().correlation_id.as_deref();
    assert!(of_call.is_some() && error.correlation_id() == of_call, "{error:?}");
}

#[tokio::test]
async fn a_refused_second_commit_keeps_what_became_of_the_first() {
    let bench = Bench::scripted(["PendingCommit"]).await;
    let commit = || Fault::on("POST", "/commit");
    bench.fake.fault(commit().answer(504, "").nth(1));
    bench.fake.fault(commit().answer(403, "").nth(2));
    let error = bench.commit().await.unwrap_err();
    assert_eq!(
        (error.status(), error.outcome()),
        (Some(403), Outcome::MaybeApplied),
        "{error:?}"
    );
    let first = std::error::Error::source(&error).unwrap().to_string();
    assert!(first.contains("504") && bench.commits() == 2, "{error:?}");
}

#[tokio::test]
async fn a_wait_that_ends_without_a_call_names_its_submission() {
    // The token of the fourth status has expired, and there is no other.
    let bench = Bench::scripted(["CommitStarted", "PreProcessing"]).await;
    bench.fake.fault(Fault::on("GET", "/status").nth(4).answer(401, "{}"));
    bench.fake.fault(
        Fault::on("POST", "/oauth2/token")
            .answer(400, r#"{"error":"invalid_client"}"#)
            .nth(2),
    );
    let error = bench.commit().until(Milestone::Certified).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Auth, Outcome::Applied),
        "{error:?}"
    );
    assert_eq!(error.submission(), Some(bench.id.clone()), "{error:?}");
    assert!(error.report().is_some());
}

/// So is one that is read beside the status.
#[tokio::test]
async fn whether_it_is_held_is_not_read_before_the_service_allows_it() {
    let bench = Bench::scripted(["Release"]).await;
    bench
        .fake
        .edit_submission(&bench.id, |draft| draft["targetPublishMode"] = json!("Manual"));
    let read = || Fault::on("GET", "/submissions/*").answer(429, "");
    bench.fake.fault(read().header("Retry-After", "600"));
    let done = bench.commit().until(Milestone::Published).await.unwrap();
    assert!(done.held && done.polls > 10, "{done:?}");
    assert_eq!(bench.reads(), 2);
    assert!((600..700).contains(&done.waited.as_secs()), "{:?}", done.waited);
}

/// A service that says when to come back is believed.
#[tokio::test]
async fn a_wait_respects_the_pause_that_the_service_asks_for() {
    for hint in [RetryHint::Seconds, RetryHint::Date, RetryHint::Text] {
        let bench = Bench::scripted(["CommitStarted", "PreProcessing"]).await;
        bench.submissions.commit(&bench.id).await.unwrap();
        let hour = Duration::from_secs(3600);
        bench.fake.fault(Fault::on("GET", "/status").throttle(hour, hint));
        let done = bench.submissions.watch(&bench.id).timeout(2 * hour).await.unwrap();
        assert!(
            (1..=2).contains(&(bench.polls() - done.polls as usize)),
            "{hint:?}: {}",
            bench.polls()
        );
        // Also before the commit, for minutes.
        let bench = Bench::scripted(["PreProcessing"]).await;
        bench.fake.fault(Fault::on("GET", "/status").throttle(hour / 15, hint));
        bench.commit().timeout(2 * hour).await.unwrap();
        assert!(bench.polls() <= 4, "{hint:?}: {}", bench.polls());
        // Not beyond its own time.
        let bench = Bench::committed(Fault::on("GET", "/status").throttle(hour, hint)).await;
        let before = bench.fake.elapsed();
        let error = timed_out(bench.watch().timeout(hour / 2).await);
        assert_eq!(bench.polls(), 1);
        assert_eq!(error.status(), Some(429), "{error}");
        assert_about(bench.fake.elapsed() - before, 1800);
    }
}

#[tokio::test]
async fn a_commit_alone_is_resolved_too() {
    let commit = || Fault::on("POST", "/commit");
    let stale = |times| Fault::on("GET", "/status").stale().first(times);
    let table = [
        (vec![], 202, "CommitStarted", 1),
        (vec![commit().apply_then().reset()], 200, "CommitStarted", 1),
        (vec![commit().reset()], 202, "CommitStarted", 2),
        (vec![commit().apply_then().reset(), stale(1)], 200, "CommitStarted", 1),
        // The status lags for longer than the second commit waits, which is refused: the first one worked.
        (vec![commit().apply_then().reset(), stale(9)], 409, "", 2),
    ];
    for (faults, http_status, status, sent) in table {
        let bench = Bench::new().await;
        let name = format!("{faults:?}");
        faults.into_iter().for_each(|fault| bench.fake.fault(fault));
        let receipt = bench.submissions.ensure_committed(&bench.id).await.unwrap();
        assert_eq!(
            (receipt.http_status, receipt.value.status.as_str()),
            (http_status, status),
            "{name}"
        );
        assert!(receipt.correlation_id.is_some(), "{name}");
        assert_eq!(
            (bench.commits(), bench.fake.applied_to("POST", "/commit").len()),
            (sent, 1),
            "{name}"
        );
    }
    // Nothing was sent before the status was known, and the error says so.
    for (answer, least, most) in [(403, 0, 5), (503, 240, 310)] {
        let bench = Bench::faulty(Fault::on("GET", "/status").always().answer(answer, "")).await;
        let error = bench.submissions.ensure_committed(&bench.id).await.unwrap_err();
        assert_eq!((error.status(), error.outcome()), (Some(answer), Outcome::NotApplied));
        assert!(
            (least..most).contains(&bench.fake.elapsed().as_secs()),
            "{:?}",
            bench.fake.elapsed()
        );
        assert_eq!(bench.commits(), 0);
        // However long the wait may be.
        let before = bench.fake.elapsed();
        let wait = bench.commit().until(Milestone::Published);
        let error = wait.await.unwrap_err();
        assert_eq!((error.status(), error.outcome()), (Some(answer), Outcome::NotApplied));
        let took = (bench.fake.elapsed() - before).as_secs();
        assert!((least..most).contains(&took), "{took}");
        assert_eq!(bench.commits(), 0);
    }
    // A pause of an hour is left to the caller.
    let hour = Duration::from_secs(3600);
    let bench = Bench::faulty(Fault::on("GET", "/status").throttle(hour, RetryHint::Seconds)).await;
    let error = bench.submissions.ensure_committed(&bench.id).await.unwrap_err();
    assert!(
        error.retry_after() > Some(hour / 2) && error.outcome() == Outcome::NotApplied,
        "{error}"
    );
    assert_eq!((bench.commits(), bench.polls()), (0, 1));
}

/// Who has seen that it is under way takes a draft for an old reading, for a while.
#[tokio::test]
async fn a_run_that_attaches_does_not_stumble_over_an_old_reading() {
    for (late, ends_well) in [(3, true), (1000, false)] {
        let bench = Bench::faulty(Fault::on("GET", "/status").stale().first(late)).await;
        bench.submissions.commit(&bench.id).await.unwrap();
        let job = bench.submissions.publish().pending(PendingPolicy::Reuse);
        let before = bench.fake.elapsed();
        let result = job.until(Milestone::Accepted).await;
        assert_eq!(result.is_ok(), ends_well, "{result:?}");
        if let Err(error) = result {
            assert_eq!(error.kind(), ErrorKind::SubmissionFailed(FailureKind::CommitFailed));
            assert!((300..400).contains(&(bench.fake.elapsed() - before).as_secs()));
        }
    }
}

#[tokio::test]
async fn observers_hear_of_changes_and_a_sign_of_life() {
    let polls = ["Certification"; 60];
    let script = [&["CommitStarted"; 3], polls.as_slice(), &["Publishing"; 2]].concat();
    let bench = Bench::scripted(script.iter().copied()).await;
    type Told = Arc<Mutex<Vec<(String, Duration)>>>;
    let (changes, all) = (Told::default(), Told::default());
    let tell = |told: &Told| {
        let told = Arc::clone(told);
        move |now: &WaitReport| told.lock().unwrap().push((now.report.status.to_string(), now.waited))
    };
    let wait = bench
        .commit()
        .until(Milestone::Certified)
        .poll_interval(Duration::from_secs(60));
    let reports: Vec<WaitReport> = wait
        .on_status(tell(&changes))
        .on_poll(tell(&all))
        .reports()
        .try_collect()
        .await
        .unwrap();
    let statuses: Vec<&str> = reports.iter().map(|report| report.report.status.as_str()).collect();
    assert_eq!(statuses, ["CommitStarted", "Certification", "Publishing"]);
    assert_eq!(reports.iter().map(|report| report.polls).collect::<Vec<_>>(), [1, 4, 64]);
    assert_eq!(all.lock().unwrap().len(), 64);
    let changes = changes.lock().unwrap();
    assert_eq!(changes.len(), 3 + 11, "{changes:?}");
    assert!(
        changes
            .windows(2)
            .all(|pair| pair[1].1 - pair[0].1 <= Duration::from_secs(310)),
        "{changes:?}"
    );
}

#[tokio::test]
async fn without_a_pause_it_polls_once_a_second() {
    let bench = Bench::scripted(["CommitStarted"]).await;
    let client = bench.fake.client_builder().rate_limit(RateLimit::off()).build().unwrap();
    let submissions = client.applications().submissions(APP.parse::<ApplicationId>().unwrap());
    let wait = submissions.commit_and_wait(&bench.id).poll_interval(Duration::ZERO);
    timed_out(wait.timeout(Duration::from_secs(30)).await);
    assert!((25..=35).contains(&bench.polls()), "{}", bench.polls());
}
