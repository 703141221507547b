//! Waits: each row of the table of steps over the wire, the commit that goes with it, and who hears of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use msstore::testing::{CutEnd, FakeStore, Fault};
use msstore::{
    ApplicationId, ApplicationSubmission, ClientSecret, Error, ErrorKind, FailureKind, Milestone, StoreClient, SubmissionId,
    Submissions, Wait, WaitReport,
};
use serde_json::{Value, json};

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
            (script.len(), script.len()),
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
        .on_status(move |report| seen.lock().unwrap().push(report.waited.as_secs()));
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
        assert_eq!(done.report.status, msstore::SubmissionStatus::PreProcessing);
    }
    // Without a status there is nothing to judge by, so it goes on.
    for edit in [
        |report: &mut Value| report["status"] = Value::Null,
        |report: &mut Value| *report = json!({}),
    ] {
        let bench = Bench::scripted(["PreProcessing"]).await;
        bench.fake.fault(Fault::on("GET", "/status").first(2).edit_answer(edit));
        assert_eq!(bench.commit().await.unwrap().polls, 3);
    }
}

#[tokio::test]
async fn a_release_by_hand_or_on_a_date_ends_it_well() {
    for mode in ["Manual", "SpecificDate"] {
        for status in ["Release", "PendingPublication"] {
            let bench = Bench::scripted(["Certification", status]).await;
            bench
                .fake
                .edit_submission(&bench.id, |draft| draft["targetPublishMode"] = json!(mode));
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
        (commit(), 1, 1),
        (commit().apply_then().answer(504, "<html></html>"), 1, 0),
        (commit().apply_then().reset(), 1, 0),
        (commit().cut(CutEnd::Reset), 1, 0),
        (commit().answer(503, ""), 2, 1),
        (commit().reset(), 2, 1),
        (commit().first(2).apply_then().answer(503, ""), 1, 0),
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
        assert_eq!(*statuses.lock().unwrap(), vec![202; told], "{name}");
    }
    let bench = Bench::faulty(commit().answer(400, "{}")).await;
    let error = bench.commit().await.unwrap_err();
    assert_eq!((error.status(), bench.commits(), bench.polls()), (Some(400), 1, 0));
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
        status = told.recv() => assert_eq!(status, Some(msstore::SubmissionStatus::CommitStarted)),
    }
    assert_eq!((bench.commits(), bench.polls()), (1, 1));
}
