//! Cancel by dropping, at each request of the whole job: what is left at the service is what the docs say, and the job can be
//! run again.

use std::future::Future;
use std::time::Duration;

use msstore::SubmissionId;
use msstore::testing::{FakeStore, Fault};

use crate::faulty::World;
use crate::submit::{NOTES, submit};

const APP: &str = FakeStore::SAMPLE_APPLICATION;

/// The requests of a job that finds a draft of an earlier run, and what is left when it is dropped while one of them is
/// under way: before and after it took effect.
const STEPS: [(&str, &str, &str, &str); 13] = [
    ("POST", "/oauth2/token", "old draft", "old draft"),
    ("GET", "/applications/*", "old draft", "old draft"),
    ("DELETE", "/applications/*/submissions/*", "old draft", "nothing"),
    ("GET", "/applications/*", "nothing", "nothing"),
    ("GET", "/applications/*", "nothing", "nothing"),
    ("POST", "/applications/*/submissions", "nothing", "new draft"),
    ("GET", "/applications/*/submissions/*", "new draft", "new draft"),
    ("PUT", "/applications/*/submissions/*", "new draft", "edited draft"),
    ("PUT", "/blob/ingestion/*", "edited draft", "uploaded draft"),
    (
        "GET",
        "/applications/*/submissions/*/status",
        "uploaded draft",
        "uploaded draft",
    ),
    ("POST", "/applications/*/submissions/*/commit", "uploaded draft", "committed"),
    ("GET", "/applications/*/submissions/*/status", "committed", "committed"),
    ("GET", "/applications/*/submissions/*/status", "committed", "committed"),
];

/// What is pending, in the words of the table.
fn left(world: &World, old: &SubmissionId) -> String {
    let Some(pending) = world.fake.pending_submission(APP) else {
        return "nothing".to_owned();
    };
    let id = pending["id"].as_str().unwrap();
    let what = if id == old.as_str() {
        "old draft"
    } else if pending["status"] != "PendingCommit" {
        "committed"
    } else if world.fake.blob(id).is_some() {
        "uploaded draft"
    } else if pending.to_string().contains(NOTES) {
        "edited draft"
    } else {
        "new draft"
    };
    what.to_owned()
}

async fn eventually(what: &str, holds: impl Fn() -> bool) {
    let wait = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait)
        .await
        .unwrap_or_else(|_| panic!("never: {what}"));
}

/// Lets a future run until the condition holds, then drops it.
async fn drop_when<F: Future>(future: F, what: &str, holds: impl Fn() -> bool) {
    tokio::select! {
        _ = future => panic!("it ended before {what}"),
        () = eventually(what, holds) => {}
    }
}

#[tokio::test]
async fn the_steps_are_those_of_the_job() {
    let world = World::new(|builder| builder).await;
    let old = world.fake.seed_draft(APP);
    submit(&world, Some(&old)).await.unwrap();
    let requests = world.fake.requests();
    assert_eq!(requests.len(), STEPS.len());
    for ((method, path, ..), request) in STEPS.iter().zip(&requests) {
        let fits = world
            .fake
            .requests_to(method, path)
            .iter()
            .any(|fitting| fitting.path == request.path);
        assert!(fits && request.method == *method, "{method} {path}: {request:?}");
    }
}

#[tokio::test]
async fn what_is_left_behind_is_what_the_docs_say_and_the_job_can_run_again() {
    for (at, (method, path, before, after)) in STEPS.into_iter().enumerate() {
        for (applied, expected) in [(false, before), (true, after)] {
            let world = World::new(|builder| builder).await;
            let old = world.fake.seed_draft(APP);
            let number = u32::try_from(at).unwrap() + 1;
            let stall = Fault::on("*", "").nth(number).stall();
            world.fake.fault(if applied { stall.apply_then() } else { stall });
            let step = format!("{number}: {method} {path}, applied: {applied}");
            drop_when(submit(&world, Some(&old)), &step, || {
                world.fake.requests().len() > at && left(&world, &old) == expected
            })
            .await;
            assert_eq!(world.fake.requests().len(), at + 1, "{step}");
            assert_eq!(left(&world, &old), expected, "{step}");
            assert!(world.harm().await.is_empty(), "{step}");

            // The job again: a draft of ours may go, and what is committed is watched.
            let pending = world.fake.pending_submission(APP).map(|_| world.submission(APP));
            if expected == "committed" {
                world.app_submissions().watch(pending.unwrap()).await.unwrap();
            } else {
                submit(&world, pending.as_ref()).await.unwrap();
            }
            assert_eq!(world.fake.applied_to("POST", "/commit").len(), 1, "{step}");
            assert_eq!(left(&world, &old), "committed", "{step}");
        }
    }
}

/// Nothing goes on behind a dropped wait, and the submission does.
#[tokio::test]
async fn a_dropped_wait_stops_polling_and_nothing_else() {
    let world = World::new(|builder| builder).await;
    let draft = world.fake.seed_draft(APP);
    world
        .fake
        .script_statuses(APP, ["CommitStarted", "CommitStarted", "PreProcessing"]);
    world.fake.fault(Fault::on("GET", "/status").nth(3).stall());
    let polls = || world.fake.requests_to("GET", "/status").len();
    drop_when(
        async { world.app_submissions().commit_and_wait(&draft).await },
        "two polls after the commit",
        || polls() == 3,
    )
    .await;
    world.client.applications().get(&world.app).await.unwrap();
    assert_eq!(polls(), 3);
    let done = world.app_submissions().watch(&draft).await.unwrap();
    assert_eq!(done.report.status, msstore::model::SubmissionStatus::PreProcessing);
}
