//! Waits that take long: deadlines, and polls that fail meanwhile.

use std::time::Duration;

use msstore::api::Milestone;
use msstore::model::SubmissionStatus;
use msstore::testing::{CutEnd, Fault, RetryHint};

use crate::support::assert_about;
use crate::waits::{APP, Bench, timed_out};

#[tokio::test]
async fn the_deadline_passes_with_the_report() {
    for (status, words) in [
        ("CommitStarted", "its last status was CommitStarted"),
        ("CommitStarted", "Submit in Partner Center"),
        ("Signing", "its last status was Signing"),
        ("None", "its last status was None"),
    ] {
        let bench = Bench::scripted([status]).await;
        let error = timed_out(bench.commit().timeout(Duration::from_secs(3600)).await);
        assert_about(error.waited().unwrap(), 3600);
        assert_eq!(error.report().unwrap().status.as_str(), status);
        let text = error.to_string();
        for words in [
            words,
            "has not reached acceptance after 360",
            "attach to it again with watch()",
        ] {
            assert!(text.contains(words), "{words:?} is not in {text:?}");
        }
        // A pause of a tenth of the time so far, from 5 s to 60 s: frequent at first, cheap in the long run.
        assert!((70..=110).contains(&bench.polls()), "{}", bench.polls());
    }
    // What does not show its commit is not said to go on.
    let bench = Bench::scripted(["PendingCommit"]).await;
    let error = timed_out(bench.commit().timeout(Duration::from_secs(60)).await);
    let text = error.to_string();
    assert!(
        text.contains("its commit does not show yet") && !text.contains("goes on"),
        "{text}"
    );
    let bench = Bench::scripted(["CommitStarted"]).await;
    let error = timed_out(bench.commit().timeout(Duration::ZERO).await);
    // Before the commit, and after it.
    assert_eq!((bench.polls(), error.report().is_some()), (2, true));
}

#[tokio::test]
async fn the_default_deadlines_are_finite() {
    for (goal, hours) in [
        (Milestone::Accepted, 2),
        (Milestone::Certified, 72),
        (Milestone::Published, 168),
    ] {
        let limit = Duration::from_secs(hours * 3600);
        assert_eq!(goal.default_timeout(), limit);
        let bench = Bench::scripted(["CommitStarted"]).await;
        let wait = bench.commit().until(goal).poll_interval(Duration::from_secs(1800));
        assert_about(timed_out(wait.await).waited().unwrap(), limit.as_secs());
    }
}

#[tokio::test]
async fn polls_that_fail_do_not_end_it() {
    let poll = || Fault::on("GET", "/status");
    let faults = [
        poll().first(12).answer(503, "<html></html>"),
        poll().first(12).answer(500, "{}"),
        poll().first(12).answer(408, ""),
        poll().first(12).reset(),
        poll().first(12).cut(CutEnd::Reset),
        poll().first(12).truncate(),
        poll().throttle(Duration::from_secs(200), RetryHint::Text),
        poll().first(3).answer(200, "<html>Signed out</html>"),
        poll().first(3).answer(200, r#"{"status": ["what"], "statusDetails": 7}"#),
        poll().expire_tokens(),
    ];
    for fault in faults {
        let name = format!("{fault:?}");
        let bench = Bench::faulty(fault).await;
        bench.fake.script_statuses(APP, ["PreProcessing"]);
        let done = bench.commit().await.unwrap();
        assert_eq!(done.report.status, SubmissionStatus::PreProcessing, "{name}");
        assert_eq!(bench.commits(), 1, "{name}");
    }
    // Nothing but failures: the deadline still holds, and says why.
    let bench = Bench::committed(poll().always().answer(503, "")).await;
    let error = timed_out(bench.watch().timeout(Duration::from_secs(900)).await);
    assert_about(error.waited().unwrap(), 900);
    assert_eq!(error.report(), None);
    let text = format!("{error:?}");
    assert!(
        text.contains("no status could be read; it goes on at the service") && text.contains("because: GET"),
        "{text}"
    );
    assert_eq!(error.status(), Some(503));
    // What will not pass ends it at once.
    for status in [400, 403, 409] {
        let bench = Bench::faulty(poll().always().answer(status, "{}")).await;
        let error = bench.commit().await.unwrap_err();
        assert_eq!((error.status(), bench.polls()), (Some(status), 1));
    }
    // What was committed a moment ago may not be visible yet, for five minutes.
    let bench = Bench::faulty(poll().first(3).answer(404, "{}")).await;
    bench.fake.script_statuses(APP, ["PreProcessing"]);
    assert_eq!(bench.commit().await.unwrap().report.status, SubmissionStatus::PreProcessing);
    let bench = Bench::faulty(poll().always().answer(404, "{}")).await;
    let before = bench.fake.elapsed();
    assert!(bench.commit().await.unwrap_err().is_not_found());
    assert!((300..330).contains(&(bench.fake.elapsed() - before).as_secs()));
}
