//! What became of it? Reads that lag are waited out with a bound, what was adopted is said, nobody else's draft is touched,
//! and a look that fails does not hide a write.

use std::time::Duration;

use msstore::api::Milestone;
use msstore::config::{RateLimit, RetryPolicy};
use msstore::error::FailureKind;
use msstore::model::{NewFlight, NewInAppProduct, ProductType, SubmissionStatus};
use msstore::testing::{FakeStore, Fault};
use msstore::{ErrorKind, Outcome};
use serde_json::Value;

use crate::faulty::{World, chain, kind};

const SECOND: Duration = Duration::from_secs(1);
const APP: &str = FakeStore::SAMPLE_APPLICATION;
const PARENT: &str = "/applications/*";
const CREATE: &str = "/applications/*/submissions";
const DRAFT: &str = "/applications/*/submissions/*";

async fn world(faults: impl IntoIterator<Item = Fault>) -> World {
    let world = World::new(|builder| builder).await;
    faults.into_iter().for_each(|fault| world.fake.fault(fault));
    world
}

fn lost_create() -> Fault {
    Fault::on("POST", CREATE).apply_then().answer(504, "")
}

fn sent(world: &World, method: &str, path: &str) -> usize {
    world.fake.requests_to(method, path).len()
}

fn applied(world: &World, method: &str, path: &str) -> usize {
    world.fake.applied_to(method, path).len()
}

#[tokio::test]
async fn a_draft_that_shows_up_late_is_waited_for_and_its_adoption_said() {
    for late in [0, 1, 5] {
        let world = world([lost_create(), Fault::on("GET", PARENT).stale().first(late)]).await;
        let ensured = world.app_submissions().ensure_created().await.unwrap();
        assert!(ensured.adopted);
        assert_eq!(ensured.document.id, Some(world.submission(APP)));
        // The draft is whole, although the create asked for a minimal answer.
        assert!(!ensured.document.listings.is_empty());
        assert_eq!(sent(&world, "POST", CREATE), 1, "{late}");
        assert!(world.fake.elapsed() >= late * 5 * SECOND);
    }
}

#[tokio::test]
async fn a_draft_that_never_shows_up_is_created_once_more_and_no_second_one_is_there() {
    // The first create took effect and reads lag beyond the 60 s; the second meets the slot taken.
    let world = world([lost_create(), Fault::on("GET", PARENT).stale().always()]).await;
    let error = world.app_submissions().ensure_created().await.unwrap_err();
    assert!(error.is_conflict(), "{error}");
    assert_eq!(error.outcome(), Outcome::MaybeApplied, "the first create may have worked");
    assert!(error.to_string().contains(&format!("applications/{APP}/submissions")));
    assert_eq!((sent(&world, "POST", CREATE), applied(&world, "POST", CREATE)), (2, 1));
    let took = world.fake.elapsed();
    assert!((120 * SECOND..150 * SECOND).contains(&took), "{took:?}");
}

#[tokio::test]
async fn a_new_draft_that_cannot_be_read_yet_is_waited_for_and_then_named() {
    let late = world([Fault::on("GET", DRAFT).answer(404, "").first(4)]).await;
    assert!(!late.app_submissions().ensure_created().await.unwrap().adopted);
    for (status, waits) in [(404, true), (403, false)] {
        let never = world([Fault::on("GET", DRAFT).answer(status, "").always()]).await;
        let error = never.app_submissions().ensure_created().await.unwrap_err();
        assert_eq!(
            error.path(),
            Some(format!("applications/{APP}/submissions/{}", never.submission(APP)).as_str())
        );
        assert_eq!((error.status(), error.outcome()), (Some(status), Outcome::Applied));
        assert_eq!(never.fake.elapsed() >= 60 * SECOND, waits);
    }
}

#[tokio::test]
async fn somebody_elses_draft_is_neither_adopted_nor_deleted() {
    let world = world([]).await;
    let theirs = world.fake.seed_draft(APP);
    let before = world.fake.submission(&theirs);
    let error = world.app_submissions().ensure_created().await.unwrap_err();
    assert!(error.is_conflict() && error.outcome() == Outcome::NotApplied, "{error}");
    // The same when our create is lost: the draft was there before.
    world.fake.fault(Fault::on("POST", CREATE).answer(504, "").always());
    let error = world.app_submissions().ensure_created().await.unwrap_err();
    assert_eq!((error.status(), error.outcome()), (Some(504), Outcome::MaybeApplied));
    assert_eq!(world.fake.submission(&theirs), before);
    assert_eq!((applied(&world, "POST", CREATE), sent(&world, "DELETE", "")), (0, 0));
}

#[tokio::test]
async fn a_draft_made_in_partner_center_is_left_alone() {
    let world = world([]).await;
    let portal = world.fake.seed_portal_draft(APP);
    let submissions = world.app_submissions();
    assert!(submissions.ensure_created().await.unwrap_err().is_conflict());
    let error = submissions.ensure_deleted(&portal).await.unwrap_err();
    assert_eq!((error.status(), error.outcome()), (Some(400), Outcome::NotApplied));
    assert!(error.to_string().contains("delete it there"), "{error}");
    let error = submissions.commit_and_wait(&portal).await.unwrap_err();
    assert_eq!((error.status(), error.outcome()), (Some(400), Outcome::NotApplied));
    assert!(world.fake.submission(&portal).is_some());
}

#[tokio::test]
async fn what_turns_up_is_adopted_only_if_the_api_can_go_on_with_it() {
    type Edit = fn(&mut Value);
    let edits: [(&str, Edit); 2] = [
        ("no upload link", |draft| draft["fileUploadUrl"] = Value::Null),
        ("under way", |draft| draft["status"] = "PreProcessing".into()),
    ];
    for (what, edit) in edits {
        let world = world([lost_create(), Fault::on("GET", DRAFT).edit_answer(edit).always()]).await;
        let error = world.app_submissions().ensure_created().await.unwrap_err();
        assert!(error.is_conflict(), "{what}: {error}");
        assert_eq!(error.outcome(), Outcome::MaybeApplied, "{what}");
        assert_eq!(sent(&world, "DELETE", ""), 0);
    }
}

#[tokio::test]
async fn a_look_that_fails_does_not_hide_the_write() {
    let forbidden = |path: &str| Fault::on("GET", path).answer(403, "");
    let world_of = |write: Fault, look: Fault| world([write, look]);

    // The parent is read before the create, and then after it.
    let w = world_of(lost_create(), forbidden(PARENT).nth(2)).await;
    let error = w.app_submissions().ensure_created().await.unwrap_err();
    assert_eq!(
        (error.status(), error.outcome()),
        (Some(504), Outcome::MaybeApplied),
        "{error}"
    );

    // The create was lost and its repeat is refused: what became of the first is not known.
    let lost = Fault::on("POST", CREATE).nth(1).answer(504, "");
    let w = world_of(lost, Fault::on("POST", CREATE).nth(2).answer(403, "")).await;
    let error = w.app_submissions().ensure_created().await.unwrap_err();
    assert_eq!(
        (error.status(), error.outcome()),
        (Some(403), Outcome::MaybeApplied),
        "{error}"
    );

    // Deleted, or perhaps deleted.
    for (delete, status, outcome) in [
        (Fault::on("DELETE", DRAFT), 403, Outcome::Applied),
        (
            Fault::on("DELETE", DRAFT).answer(504, "").always(),
            504,
            Outcome::MaybeApplied,
        ),
    ] {
        let w = world_of(delete, forbidden(PARENT)).await;
        let draft = w.fake.seed_draft(APP);
        let error = w.app_submissions().ensure_deleted(&draft).await.unwrap_err();
        assert_eq!((error.status(), error.outcome()), (Some(status), outcome), "{error}");
    }

    // An add-on whose create was lost: the list fails, or the add-on itself cannot be read.
    let lost = || Fault::on("POST", "/inappproducts").apply_then().answer(504, "");
    for (look, status) in [
        (forbidden("/inappproducts").nth(2), 504),
        (forbidden("/inappproducts/*"), 403),
    ] {
        let w = world_of(lost(), look).await;
        let new = NewInAppProduct::new(&w.app, "coins", ProductType::Consumable);
        let error = w.client.in_app_products().create_or_find(new).await.unwrap_err();
        assert_eq!(
            (error.status(), error.outcome()),
            (Some(status), Outcome::MaybeApplied),
            "{error}"
        );
    }

    // Not yet committed, committed, or perhaps committed, and the status is refused.
    let commit = || Fault::on("POST", "/commit");
    for (commit, read, status, outcome) in [
        (commit(), 1, 403, Outcome::NotApplied),
        (commit(), 2, 403, Outcome::Applied),
        (commit().answer(504, ""), 2, 504, Outcome::MaybeApplied),
    ] {
        let w = world_of(commit, forbidden("/status").nth(read)).await;
        let draft = w.fake.seed_draft(APP);
        let error = w.app_submissions().commit_and_wait(&draft).await.unwrap_err();
        assert_eq!((error.status(), error.outcome()), (Some(status), outcome), "{error}");
    }

    // A rollout whose first change was lost and whose second is refused.
    let change = || Fault::on("POST", "/updatepackagerolloutpercentage");
    let w = world_of(change().nth(1).answer(504, ""), change().nth(2).answer(403, "")).await;
    let published = w.fake.seed_rollout(APP, 10.0).unwrap();
    let error = w
        .app_submissions()
        .package_rollout(published)
        .set_percentage(20.0)
        .await
        .unwrap_err();
    assert_eq!(
        (error.status(), error.outcome()),
        (Some(403), Outcome::MaybeApplied),
        "{error}"
    );
}

#[tokio::test]
async fn a_create_that_is_answered_without_an_id_is_looked_up() {
    let nameless = || Fault::on("POST", CREATE).edit_answer(|draft| draft["id"] = Value::Null);
    let raw = world([nameless()]).await;
    let error = raw.app_submissions().create().await.unwrap_err();
    assert_eq!(
        (kind(&error).as_str(), error.outcome()),
        ("Decode", Outcome::Applied),
        "{error}"
    );
    let resolved = world([nameless()]).await;
    assert!(resolved.app_submissions().ensure_created().await.unwrap().adopted);
}

#[tokio::test]
async fn a_deleted_submission_that_is_still_shown_is_waited_out_with_a_bound() {
    for (late, ends_well) in [(0, true), (6, true), (1000, false)] {
        let world = world([Fault::on("GET", PARENT).stale().first(late)]).await;
        let draft = world.fake.seed_draft(APP);
        let result = world.app_submissions().ensure_deleted(&draft).await;
        assert_eq!(result.is_ok(), ends_well, "{late}: {result:?}");
        if let Err(error) = result {
            assert!(error.kind() == ErrorKind::DeletionTimedOut, "{error}");
            assert!(error.to_string().contains("still shown after 60 s"), "{error}");
        }
        let took = world.fake.elapsed();
        assert!((late.min(12) * 5 * SECOND..70 * SECOND).contains(&took), "{late}: {took:?}");
        assert!(world.fake.pending_submission(APP).is_none());
        assert_eq!(applied(&world, "DELETE", DRAFT), 1);
    }
}

#[tokio::test]
async fn what_is_not_there_is_deleted_already_and_what_is_under_way_is_not() {
    let world = world([]).await;
    let draft = world.fake.seed_draft(APP);
    let submissions = world.app_submissions();
    submissions.ensure_deleted(&draft).await.unwrap();
    submissions.ensure_deleted(&draft).await.unwrap();
    let under_way = world.fake.seed_draft(APP);
    world.fake.set_status(&under_way, "Certification");
    let error = submissions.ensure_deleted(&under_way).await.unwrap_err();
    assert!(error.is_conflict() && error.outcome() == Outcome::NotApplied, "{error}");
    assert!(world.fake.submission(&under_way).is_some());
}

#[tokio::test]
async fn a_lost_commit_is_resolved_by_the_status() {
    let world = world([Fault::on("POST", "/commit").apply_then().answer(504, "")]).await;
    let draft = world.fake.seed_draft(APP);
    let done = world.app_submissions().commit_and_wait(&draft).await.unwrap();
    assert_eq!(done.report.status, SubmissionStatus::PreProcessing);
    assert_eq!(sent(&world, "POST", "/commit"), 1);
    assert!(world.fake.elapsed() < 60 * SECOND);
}

#[tokio::test]
async fn a_commit_that_never_arrived_is_sent_once_more_after_ten_seconds() {
    let world = world([Fault::on("POST", "/commit").answer(504, "")]).await;
    let draft = world.fake.seed_draft(APP);
    let done = world
        .app_submissions()
        .commit_and_wait(&draft)
        .until(Milestone::Published)
        .await
        .unwrap();
    assert_eq!(done.report.status, SubmissionStatus::Published);
    assert_eq!((sent(&world, "POST", "/commit"), applied(&world, "POST", "/commit")), (2, 1));
    assert!(world.fake.elapsed() >= 10 * SECOND);
}

#[tokio::test]
async fn a_second_commit_that_is_refused_because_the_first_worked_is_no_error() {
    // The first took effect, but the status lags for more than a minute: beyond the second commit, into the wait.
    let faults = [
        Fault::on("POST", "/commit").apply_then().answer(504, ""),
        Fault::on("GET", "/status").stale().first(14),
    ];
    let world = world(faults).await;
    let draft = world.fake.seed_draft(APP);
    let done = world
        .app_submissions()
        .commit_and_wait(&draft)
        .poll_interval(5 * SECOND)
        .await
        .unwrap();
    assert_eq!(done.report.status, SubmissionStatus::PreProcessing);
    assert_eq!((sent(&world, "POST", "/commit"), applied(&world, "POST", "/commit")), (2, 1));
}

#[tokio::test]
async fn a_stale_status_after_a_commit_is_waited_out_with_a_bound() {
    for (late, ends_well) in [(20, true), (1000, false)] {
        let world = world([Fault::on("GET", "/status").stale().first(late)]).await;
        let draft = world.fake.seed_draft(APP);
        let result = world.app_submissions().commit_and_wait(&draft).await;
        assert_eq!(result.is_ok(), ends_well, "{late}: {result:?}");
        if let Err(error) = result {
            assert_eq!(error.kind(), ErrorKind::SubmissionFailed(FailureKind::CommitLost));
            assert!(
                error.to_string().contains(draft.as_str()) && error.to_string().contains("commit again"),
                "{error}"
            );
            assert!((300 * SECOND..400 * SECOND).contains(&world.fake.elapsed()));
        }
        assert_eq!(sent(&world, "POST", "/commit"), 1);
    }
}

#[tokio::test]
async fn add_ons_and_flights_are_looked_for_before_and_after_and_never_created_twice() {
    let new_add_on = |w: &World| NewInAppProduct::new(&w.app, "coins", ProductType::Consumable);
    for (path, what) in [("/inappproducts", "add-on"), ("/flights", "flight")] {
        let list = if what == "flight" { "/listflights" } else { path };
        let run = async |w: &World| -> msstore::Result<bool> {
            Ok(match what {
                "flight" => {
                    w.client
                        .flights(&w.app)
                        .create_or_find(NewFlight::new("Early"))
                        .await?
                        .adopted
                }
                _ => w.client.in_app_products().create_or_find(new_add_on(w)).await?.adopted,
            })
        };
        // There already.
        let w = world([]).await;
        assert!(!run(&w).await.unwrap() && run(&w).await.unwrap(), "{what}");
        assert_eq!(sent(&w, "POST", path), 1);
        // Lost, and shown late.
        let w = world([
            Fault::on("POST", path).apply_then().reset(),
            Fault::on("GET", list).stale().first(5),
        ])
        .await;
        assert!(run(&w).await.unwrap(), "{what}");
        assert_eq!((sent(&w, "POST", path), applied(&w, "POST", path)), (1, 1));
        // Lost, and never shown: looked for a minute, and not sent again.
        let w = world([
            Fault::on("POST", path).apply_then().reset(),
            Fault::on("GET", list).stale().always(),
        ])
        .await;
        let error = run(&w).await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::MaybeApplied, "{}", chain(&error));
        assert_eq!(sent(&w, "POST", path), 1);
        assert!((60 * SECOND..80 * SECOND).contains(&w.fake.elapsed()));
    }
}

#[tokio::test]
async fn an_add_on_of_another_app_with_the_same_product_id_is_not_taken() {
    let world = world([]).await;
    world.fake.seed_in_app_product(crate::faulty::FOREIGN, "coins");
    let new = NewInAppProduct::new(&world.app, "coins", ProductType::Consumable);
    let ensured = world.client.in_app_products().create_or_find(new).await.unwrap();
    assert!(!ensured.adopted);
    assert_eq!(applied(&world, "POST", "/inappproducts"), 1);
}

/// Something that is not the service's answer, to the `n`th request: such a call ends at once, and the next may succeed.
fn page(path: &str, n: u32) -> Fault {
    Fault::on("GET", path).nth(n).answer(200, "<html>Signed out</html>")
}

/// The service asks for a pause that a call does not wait, but a look does.
fn pause(path: &str, n: u32, seconds: u32) -> Fault {
    Fault::on("GET", path)
        .nth(n)
        .answer(429, "")
        .header("Retry-After", seconds.to_string())
}

async fn impatient(faults: impl IntoIterator<Item = Fault>) -> World {
    let world = World::new(|builder| builder.retry(RetryPolicy::default().max_hint(SECOND))).await;
    faults.into_iter().for_each(|fault| world.fake.fault(fault));
    world
}

#[tokio::test]
async fn a_look_that_fails_in_passing_is_taken_again() {
    // The parent is read before the create.
    let looks = || [page(PARENT, 2), pause(PARENT, 3, 20), page(PARENT, 4)];
    let w = impatient(looks().into_iter().chain([lost_create()])).await;
    let started = w.fake.elapsed();
    assert!(w.app_submissions().ensure_created().await.unwrap().adopted);
    assert_eq!((sent(&w, "POST", CREATE), sent(&w, "GET", PARENT)), (1, 5));
    assert!((30 * SECOND..60 * SECOND).contains(&(w.fake.elapsed() - started)));

    // A draft that was created is read until it can be.
    let w = impatient([page(DRAFT, 1), pause(DRAFT, 2, 20)]).await;
    assert!(!w.app_submissions().ensure_created().await.unwrap().adopted);

    let w = impatient([page(PARENT, 1), pause(PARENT, 2, 20)]).await;
    let draft = w.fake.seed_draft(APP);
    assert_eq!(w.app_submissions().ensure_deleted(&draft).await.unwrap().http_status, 204);

    let lost = || Fault::on("POST", "/inappproducts").apply_then().answer(504, "");
    for (path, from) in [("/inappproducts", 2), ("/inappproducts/*", 1)] {
        let w = impatient([lost(), page(path, from), pause(path, from + 1, 20)]).await;
        let new = NewInAppProduct::new(&w.app, "coins", ProductType::Consumable);
        assert!(w.client.in_app_products().create_or_find(new).await.unwrap().adopted);
        assert_eq!(sent(&w, "POST", "/inappproducts"), 1);
    }
    // What the list shows may not be visible by itself yet.
    let lost = Fault::on("POST", "/flights").apply_then().answer(504, "");
    let w = impatient([lost, Fault::on("GET", "/flights/*").answer(404, "").first(2)]).await;
    let new = NewFlight::new("Early");
    assert!(w.client.flights(&w.app).create_or_find(new).await.unwrap().adopted);
    // It is found once.
    assert_eq!(sent(&w, "GET", "/listflights"), 2);

    let lost = Fault::on("POST", "/updatepackagerolloutpercentage")
        .apply_then()
        .answer(504, "");
    let w = impatient([lost, page("/packagerollout", 1), pause("/packagerollout", 2, 20)]).await;
    let published = w.fake.seed_rollout(APP, 10.0).unwrap();
    let rollout = w.app_submissions().package_rollout(published);
    assert_eq!(
        rollout.set_percentage(20.0).await.unwrap().package_rollout_percentage,
        Some(20.0)
    );
    assert_eq!(sent(&w, "POST", "/updatepackagerolloutpercentage"), 1);
}

/// A pause that ends after the minute is no reason to look before, and none to wait.
#[tokio::test]
async fn a_look_that_may_not_be_taken_in_time_leaves_the_error_of_the_write() {
    let w = impatient([lost_create(), pause(PARENT, 2, 3600)]).await;
    let started = w.fake.elapsed();
    let error = w.app_submissions().ensure_created().await.unwrap_err();
    assert_eq!(
        (error.status(), error.outcome()),
        (Some(504), Outcome::MaybeApplied),
        "{error}"
    );
    assert_eq!((sent(&w, "POST", CREATE), sent(&w, "GET", PARENT)), (1, 2));
    assert!(w.fake.elapsed() - started < 10 * SECOND);
}

#[tokio::test]
async fn a_minute_of_looks_is_a_minute_in_all() {
    let unlimited = async |faults: Vec<Fault>| {
        let world = World::new(|builder| builder.rate_limit(RateLimit::off())).await;
        faults.into_iter().for_each(|fault| world.fake.fault(fault));
        world
    };
    let busy = |path: &str| Fault::on("GET", path).answer(503, "").always();
    let a_minute = |w: &World, started: Duration| {
        let took = w.fake.elapsed() - started;
        assert!((55 * SECOND..65 * SECOND).contains(&took), "{took:?}");
    };

    let w = unlimited(vec![busy(DRAFT)]).await;
    let started = w.fake.elapsed();
    let error = w.app_submissions().ensure_created().await.unwrap_err();
    assert!(error.left_behind().is_some(), "{error}");
    a_minute(&w, started);

    let w = unlimited(vec![lost_create(), busy(DRAFT)]).await;
    let started = w.fake.elapsed();
    let error = w.app_submissions().ensure_created().await.unwrap_err();
    assert!(error.left_behind().is_some(), "{error}");
    a_minute(&w, started);

    let w = unlimited(vec![busy(PARENT)]).await;
    let draft = w.fake.seed_draft(APP);
    let started = w.fake.elapsed();
    let error = w.app_submissions().ensure_deleted(&draft).await.unwrap_err();
    assert_eq!((error.status(), error.outcome()), (Some(503), Outcome::Applied), "{error}");
    a_minute(&w, started);

    let new = |w: &World| NewInAppProduct::new(&w.app, "coins", ProductType::Consumable);
    let w = unlimited(vec![]).await;
    for at in 1..300 {
        w.fake.fault(Fault::on("GET", "/inappproducts").nth(at + 1).answer(503, ""));
    }
    w.fake.fault(Fault::on("POST", "/inappproducts").apply_then().answer(504, ""));
    let started = w.fake.elapsed();
    let error = w.client.in_app_products().create_or_find(new(&w)).await.unwrap_err();
    assert_eq!(
        (error.status(), error.outcome()),
        (Some(504), Outcome::MaybeApplied),
        "{error}"
    );
    a_minute(&w, started);
}

#[tokio::test]
async fn a_deletion_that_did_not_happen_is_never_success() {
    for deletion in [
        Fault::on("DELETE", DRAFT).answer(503, "").always(),
        // Nor is a page of somebody else's proof of anything.
        Fault::on("DELETE", DRAFT).answer(200, "<html></html>").always(),
        Fault::on("DELETE", DRAFT).answer(404, "").always(),
    ] {
        let name = format!("{deletion:?}");
        let world = world([deletion.clone()]).await;
        // The published one stands in no pending slot.
        let published = world.submission(APP);
        let error = world.app_submissions().ensure_deleted(&published).await.unwrap_err();
        assert!(world.fake.submission(&published).is_some(), "{name}: {error}");

        // An older one of a flight.
        let older = world.submission(world.flight.as_str());
        let newer = world.fake.seed_draft(world.flight.as_str());
        world.fake.set_status(&newer, "Published");
        let error = world.flight_submissions().ensure_deleted(&older).await.unwrap_err();
        assert!(world.fake.submission(&older).is_some(), "{name}: {error}");
    }
    // A draft that the parent does not show yet.
    let world = world([
        Fault::on("DELETE", DRAFT).answer(503, "").always(),
        Fault::on("GET", PARENT).stale().always(),
    ])
    .await;
    let draft = world.app_submissions().create().await.unwrap().id().unwrap();
    let error = world.app_submissions().ensure_deleted(&draft).await.unwrap_err();
    assert_eq!(
        (error.status(), error.outcome()),
        (Some(503), Outcome::MaybeApplied),
        "{error}"
    );
    assert!(world.fake.submission(&draft).is_some());
}

#[tokio::test]
async fn the_receipt_of_a_deletion_is_the_answer_that_shows_it() {
    let delete = || Fault::on("DELETE", DRAFT);
    for (fault, status) in [
        (None, 204),
        (Some(delete().apply_then().reset().always()), 404),
        (Some(delete().apply_then().answer(503, "").always()), 404),
        (Some(delete().cut(msstore::testing::CutEnd::Close)), 404),
    ] {
        let name = format!("{fault:?}");
        let world = world(fault).await;
        let draft = world.fake.seed_draft(APP);
        let receipt = world.app_submissions().ensure_deleted(&draft).await.unwrap();
        assert_eq!(receipt.http_status, status, "{name}");
        assert!(receipt.correlation_id.is_some(), "{name}");
        assert!(world.fake.submission(&draft).is_none(), "{name}");
    }
}
