//! A run that ends half-way, and the next one that goes on: one submission, one commit, nothing uploaded twice.

use std::future::IntoFuture;
use std::time::Duration;

use msstore::api::Milestone;
use msstore::model::{ApplicationSubmission, SubmissionStatus};
use msstore::publish::{ExistingRollout, PendingPolicy, Publish};
use msstore::testing::Fault;

use super::{APP, PACKAGE, Shop, package_names, step};

/// The usual job with a package of two blocks.
fn job(shop: &Shop) -> Publish<ApplicationSubmission> {
    let package = shop.large_package();
    let job = shop.app().publish().edit(super::notes).package(package);
    job.until(Milestone::Published)
}

/// Runs a job until its observer is told of this event, and ends it right there, as the end of the process would.
async fn crash_at(job: Publish<ApplicationSubmission>, at: &'static str) {
    let job = job.on_event(move |event| {
        if step(event) == at {
            // Without the hook that prints: it is no failure of the test.
            std::panic::resume_unwind(Box::new("crash"));
        }
    });
    let end = tokio::spawn(job.into_future()).await;
    assert!(end.is_err_and(|end| end.is_panic()), "{at} was not reached");
}

/// What must be so however often the run was begun.
fn check(shop: &Shop, what: &str) {
    for word in ["create", "commit"] {
        assert_eq!(shop.count(word), 1, "{what}: {word} in {:?}", shop.writes());
    }
    assert_eq!(shop.count("block"), 2, "{what}: {:?}", shop.writes());
    assert_eq!(shop.count("blob"), 0, "{what}: {:?}", shop.writes());
    assert!(shop.fake.pending_submission(APP).is_none(), "{what}");
    let published = shop.fake.published_submission(APP).unwrap();
    assert_eq!(
        published["listings"]["en-us"]["baseListing"]["releaseNotes"], "Faster.",
        "{what}"
    );
    let new = package_names(&published).into_iter().filter(|name| name == PACKAGE).count();
    assert_eq!(new, 1, "{what}");
    let names = std::fs::read_dir(&shop.folder.0)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    assert_eq!(names.collect::<Vec<_>>(), [PACKAGE], "{what}: the archive is left");
}

#[tokio::test]
async fn after_each_step() {
    let steps = [
        "nothingPending",
        "created",
        "edited",
        "updated",
        "packed",
        "uploaded",
        "committed",
        "statusChanged",
    ];
    for step in steps {
        let shop = Shop::open().await;
        crash_at(job(&shop), step).await;
        let draft = shop.fake.pending_submission(APP).map(|draft| super::id_of(&draft));
        let report = job(&shop).pending(PendingPolicy::Reuse).await.unwrap();
        assert_eq!(report.adopted, step != "nothingPending", "{step}");
        assert_eq!(report.status(), Some(&SubmissionStatus::Published), "{step}");
        assert_eq!(report.submission, draft.unwrap_or(shop.published_id()), "{step}");
        check(&shop, step);
        // What was done is not done again.
        let updated = ["nothingPending", "created", "edited"].contains(&step);
        assert_eq!(report.changes.is_empty(), !updated, "{step}");
        assert_eq!(shop.count("update"), 1, "{step}");
        let sent_now = updated || ["updated", "packed"].contains(&step);
        assert_eq!(report.bytes_sent > 0, sent_now, "{step}: {report:?}");
    }
}

#[tokio::test]
async fn before_the_verification() {
    let shop = Shop::open().await;
    crash_at(job(&shop).until(Milestone::Accepted), "packagesTaken").await;
    let report = job(&shop).pending(PendingPolicy::Reuse).await.unwrap();
    assert_eq!((report.adopted, report.bytes_sent), (true, 0));
    check(&shop, "verify");
}

#[tokio::test]
async fn after_what_clears_the_way() {
    let shop = Shop::open().await;
    shop.fake.seed_draft(APP);
    crash_at(job(&shop).pending(PendingPolicy::Replace), "deleted").await;
    assert!(shop.fake.pending_submission(APP).is_none());
    job(&shop).pending(PendingPolicy::Reuse).await.unwrap();
    assert_eq!(shop.count("delete"), 1);
    check(&shop, "delete");

    let shop = Shop::open().await;
    shop.fake.seed_rollout(APP, 25.0);
    let job = || job(&shop).existing_rollout(ExistingRollout::Finalize).no_rollout();
    crash_at(job(), "rolloutEnded").await;
    job().pending(PendingPolicy::Reuse).await.unwrap();
    assert_eq!(shop.count("finalizepackagerollout"), 1);
    check(&shop, "rollout");
}

/// Waits for something that the fake will see, for a minute at most.
async fn until(what: &str, condition: impl Fn() -> bool + Send + Sync) {
    let seen = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let seen = tokio::time::timeout(Duration::from_secs(60), seen).await;
    assert!(seen.is_ok(), "{what} was not reached");
}

/// Each call: it is on its way and has no effect yet, or it has taken effect and the answer is on its way.
#[tokio::test]
async fn in_the_midst_of_each_call() {
    let calls = [
        ("POST", "/submissions", ""),
        ("GET", "/submissions/*", ""),
        ("PUT", "/submissions/*", ""),
        ("GET", "/blob/ingestion/*", "comp=blocklist&"),
        ("PUT", "/blob/ingestion/*", "comp=block&"),
        ("PUT", "/blob/ingestion/*", "comp=blocklist&"),
        ("POST", "/submissions/*/commit", ""),
        ("GET", "/submissions/*/status", ""),
    ];
    for (method, path, query) in calls {
        for applied in [false, true] {
            let what = format!("{method} {path} {query}, applied: {applied}");
            let shop = Shop::open().await;
            let fault = Fault::on(method, path).query(query).stall();
            shop.fake.fault(if applied { fault.apply_then() } else { fault });
            let is_it = |found: &str| format!("{found}&").contains(query);
            let reached = || {
                let requests = shop.fake.requests_to(method, path);
                let seen = requests.iter().filter(|request| is_it(&request.query)).count();
                let writes = shop.fake.applied_to(method, path);
                let done = writes.iter().filter(|write| is_it(&write.query)).count();
                match (method, query) {
                    ("GET", _) => seen == 1,
                    // The other block has arrived.
                    (_, "comp=block&") => seen == 2 && done == if applied { 2 } else { 1 },
                    _ => seen == 1 && done == usize::from(applied),
                }
            };
            tokio::select! {
                end = job(&shop).into_future() => panic!("{what}: {end:?}"),
                () = until(&what, reached) => {}
            }
            shop.fake.clear_faults();
            job(&shop).pending(PendingPolicy::Reuse).await.expect(&what);
            check(&shop, &what);
        }
    }
}

#[tokio::test]
async fn past_the_slot_the_submission_is_named() {
    for crash in ["committed", "statusChanged"] {
        let shop = Shop::open().await;
        crash_at(job(&shop), crash).await;
        let id = shop.pending_id();
        shop.fake.set_status(&id, "Published");
        shop.fake.forget_requests();
        let report = job(&shop).submission(&id).await.unwrap();
        assert_eq!((&report.submission, report.adopted), (&id, true));
        assert_eq!(report.status(), Some(&SubmissionStatus::Published));
        assert_eq!(shop.sent(), [""; 0]);
        assert_eq!(shop.published_id(), id);
    }
}

/// Nobody runs it again: answers are lost after the calls took effect.
#[tokio::test]
async fn a_lost_answer_ends_no_run() {
    let calls = [
        ("POST", "/submissions", "", "create", 1),
        ("PUT", "/submissions/*", "", "update", 2),
        ("PUT", "/blob/ingestion/*", "comp=block&", "block", 3),
        ("PUT", "/blob/ingestion/*", "comp=blocklist&", "list", 2),
        ("POST", "/submissions/*/commit", "", "commit", 1),
    ];
    for (method, path, query, word, times) in calls {
        let shop = Shop::open().await;
        shop.fake.fault(Fault::on(method, path).query(query).apply_then().reset());
        let report = job(&shop).await.unwrap();
        assert_eq!(report.adopted, word == "create", "{word}");
        assert_eq!(report.retries, u64::from(word == "block"), "{word}");
        for (each, once) in [("create", 1), ("update", 1), ("block", 2), ("list", 1), ("commit", 1)] {
            let expected = if each == word { times } else { once };
            assert_eq!(shop.count(each), expected, "{word}: {:?}", shop.writes());
        }
        assert_eq!(shop.published_id(), report.submission, "{word}");
    }
}
