//! The fault matrix: every call of the crate meets every fault, once and for ever, and does what the table says.
//!
//! Besides the table these hold in each cell: a call that says `NotApplied` has changed nothing; what it did change is named
//! by its error; nobody else's draft is touched; no add-on and no flight is there twice; no call outlives its time.

mod calls;
mod table;

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use msstore::Outcome;
use msstore::config::{RateLimit, RetryPolicy};
use msstore::testing::{CutEnd, Fault, RetryHint};

use self::calls::{Call, Has, calls, endpoints};
use self::table::{Expected, rows};
use crate::faulty::{World, chain, kind, say};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// What goes wrong with the request; none for a connection that is refused.
fn fault(name: &str, ever: bool, call: &Call) -> Option<Fault> {
    let fault = Fault::on(call.method, call.path);
    let fault = if ever { fault.always() } else { fault };
    // A service that is throttled for an hour asks for more than a call waits.
    let throttled = if ever { 60 * MINUTE } else { 7 * SECOND };
    let page = "<html><head><title>Bad Gateway</title></head><body></body></html>";
    let busy =
        r#"{"code":"InvalidOperation","message":"Retry your operation using exponential backoff.","source":"Ingestion Api"}"#;
    Some(match name {
        "connection refused" => return None,
        "reset, not applied" => fault.reset(),
        "reset, applied" => fault.apply_then().reset(),
        "reset within the answer" => fault.cut(CutEnd::Reset),
        "end within the answer" => fault.cut(CutEnd::Close),
        "408" => fault.answer(408, ""),
        "429, wait as seconds" => fault.throttle(throttled, RetryHint::Seconds),
        "429, wait as a date" => fault.throttle(throttled, RetryHint::Date),
        "429, wait in the text" => fault.throttle(throttled, RetryHint::Text),
        "500" => fault.answer(
            500,
            r#"{"code":"InternalServerError","message":"No.","source":"Ingestion Api"}"#,
        ),
        "502, a page" => fault.answer(502, page),
        "503, not applied" => fault.answer(503, busy),
        "503, applied" => fault.apply_then().answer(503, busy),
        "504, applied" => fault.apply_then().answer(504, ""),
        "403, empty" => fault.answer(403, ""),
        "404, empty" => fault.answer(404, ""),
        "401" => fault.expire_tokens(),
        "truncated JSON" => fault.truncate(),
        "another content type" => fault.content_type("text/plain"),
        "200, a page, not applied" => fault.answer(200, page),
        "too slow for an attempt" => fault.apply_then().stall(),
        "too slow for the call" => fault.apply_then().stall().advance(11 * MINUTE),
        other => panic!("the table has a fault that the test does not know: {other}"),
    })
}

/// A world in which the call can be made.
async fn world(call: &Call, slow: bool, retry: RetryPolicy, limit: RateLimit) -> Arc<World> {
    let attempt = if slow { 2 * SECOND } else { 100 * SECOND };
    let world = World::new(|builder| {
        builder
            .attempt_timeout(attempt)
            .create_timeout(attempt)
            .retry(retry)
            .rate_limit(limit)
    })
    .await;
    let parents = [world.app.as_str(), world.add_on.as_str(), world.flight.as_str()];
    for parent in parents {
        match call.has {
            Has::Draft => drop(world.fake.seed_draft(parent)),
            Has::Rollout => drop(world.fake.seed_rollout(parent, 10.0)),
            Has::Published | Has::Unpublished => {}
        }
    }
    if call.has == Has::Unpublished {
        let new = msstore::model::NewInAppProduct::new(&world.app, "unpublished", msstore::model::ProductType::Durable);
        world.client.in_app_products().create(new).await.unwrap();
    }
    // The token is there, so that the first request is the call's own.
    world.client.access_token().await.unwrap();
    world.msi.status().await.unwrap();
    world.fake.forget_requests();
    Arc::new(world)
}

/// Which request of an undisturbed call is the one that counts.
async fn position(call: &Call) -> usize {
    let world = world(call, false, RetryPolicy::default(), RateLimit::default()).await;
    (call.run)(world.clone()).await.unwrap();
    let requests = world.fake.requests();
    let main = world.fake.requests_to(call.method, call.path);
    let first = main.first().unwrap_or_else(|| panic!("{}: never sent", call.name));
    let same = |path: &str, method: &str| path == first.path && method == first.method;
    requests
        .iter()
        .position(|request| same(&request.path, &request.method))
        .unwrap()
}

/// How long a call may take by the clock. Those that look and wait have their own bounds on top of a call's ten minutes.
fn longest(class: &str) -> Duration {
    10 * MINUTE
        + match class {
            "ensure_created" => 2 * (MINUTE + 5 * SECOND),
            "ensure_deleted" | "create_or_find" => MINUTE + 5 * SECOND,
            // The status is looked at before and after the commit, and then waited for.
            "commit_and_wait" => 8 * MINUTE,
            _ => Duration::ZERO,
        }
}

async fn cell(call: Call, name: String, ever: bool, error: String, expected: Expected, position: usize) -> Vec<String> {
    let slow = name.starts_with("too slow");
    let world = world(&call, slow, RetryPolicy::default(), RateLimit::default()).await;
    match fault(&name, ever, &call) {
        Some(fault) => world.fake.fault(fault),
        None if ever => world.gate.refuse(position..usize::MAX),
        None => world.gate.refuse(position..position + 1),
    }
    let started = world.fake.elapsed();
    let result = (call.run)(world.clone()).await;
    let took = world.fake.elapsed() - started;
    let end = end(&result, &error);
    let sent = world.fake.requests_to(call.method, call.path).len();
    let applied = world.fake.applied_to(call.method, call.path).len();
    let mut wrong = Vec::new();
    if !expected.is(&end, sent, applied) {
        let text = result.as_ref().err().map(|error| chain(error));
        wrong.push(format!("expected {expected:?}, found {end} {sent}/{applied} {text:?}"));
    }
    if expected.sent.is_none() && took < 3 * MINUTE {
        wrong.push(format!("was given up after {took:?}"));
    }
    // The fault itself may move the clock on.
    let moved = if slow && ever { 11 * MINUTE } else { Duration::ZERO };
    if took > longest(call.class) + moved {
        wrong.push(format!("took {took:?}"));
    }
    if let Err(error) = &result {
        let text = chain(error);
        if applied > 0 && error.outcome() == Outcome::NotApplied {
            wrong.push(format!("says that nothing was done, but it was: {text}"));
        }
        let parent = parent(&world, &call);
        if applied > 0 && !text.contains(&parent) {
            wrong.push(format!("does not name {parent}: {text}"));
        }
        let throttled = name.starts_with("429");
        if throttled != error.retry_after().is_some_and(|after| after > 2 * MINUTE) {
            wrong.push(format!("retry_after is {:?}", error.retry_after()));
        }
    }
    wrong.extend(world.harm().await);
    let when = if ever { "ever" } else { "once" };
    wrong
        .into_iter()
        .map(|what| format!("{} ({}) × {name} {when}: {what}", call.name, call.class))
        .collect()
}

/// The end of a call in the words of the table.
fn end(result: &msstore::Result<bool>, expected: &str) -> String {
    let error = match result {
        Ok(adopted) => return if *adopted { "adopted" } else { "ok" }.to_owned(),
        Err(error) => error,
    };
    let kind = kind(error);
    match kind.as_str() {
        "DeletionTimedOut" => "still".to_owned(),
        kind if kind == expected => match error.outcome() {
            Outcome::NotApplied => "no".to_owned(),
            Outcome::MaybeApplied => "maybe".to_owned(),
            Outcome::Applied => "did".to_owned(),
            other => format!("{other:?}"),
        },
        kind => format!("{kind} instead of {expected}, {:?}", error.outcome()),
    }
}

/// What an error must name when its call has changed something.
fn parent(world: &World, call: &Call) -> String {
    match call.path.split('/').nth(1) {
        Some("product") => format!("product/{}", world.msi.id()),
        Some("inappproducts") if call.path.contains("submissions") => format!("inappproducts/{}", world.add_on),
        Some("inappproducts") => "inappproducts".to_owned(),
        Some("flights") if call.path.contains("submissions") => format!("applications/{}/flights/{}", world.app, world.flight),
        _ => format!("applications/{}", world.app),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_meets_every_fault() {
    let calls = calls();
    assert_eq!(endpoints(&calls), 37 + 15, "the APIs have 37 and 15 endpoints");
    let positions: Vec<usize> = stream::iter(calls.clone())
        .map(|call| async move { position(&call).await })
        .buffered(8)
        .collect()
        .await;
    let (mut cells, mut slow_cells) = (Vec::new(), Vec::new());
    for row in rows() {
        for (call, position) in calls.iter().zip(&positions) {
            let (_, expected) = row.cells.iter().find(|(class, _)| class == call.class).unwrap();
            let cell = cell(
                *call,
                row.fault.clone(),
                row.ever,
                row.error.clone(),
                expected.clone(),
                *position,
            );
            let slow = row.fault.starts_with("too slow");
            if slow { &mut slow_cells } else { &mut cells }.push(cell);
        }
    }
    let size = cells.len() + slow_cells.len();
    say(&format!("fault matrix: {size} cells"));
    assert!(size >= 500);
    let run = |cells: Vec<_>, at_a_time| {
        stream::iter(cells.into_iter().map(tokio::spawn))
            .buffer_unordered(at_a_time)
            .map(|cell| cell.unwrap_or_else(|panic| vec![panic.to_string()]))
            .concat()
    };
    // The slow ones wait in real time, but do nothing else.
    let (mut wrong, slow) = tokio::join!(run(cells, 8), run(slow_cells, 24));
    wrong.extend(slow);
    assert!(wrong.is_empty(), "{} cells are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// However often it may be repeated, the call's time ends it: with one endpoint down, and with the whole service down.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_outlives_its_time() {
    let busy = r#"{"statusCode":503,"message":"Busy."}"#;
    let cells = calls().into_iter().flat_map(|call| [(call, false), (call, true)]);
    let wrong: Vec<String> = stream::iter(cells)
        .map(|(call, all)| {
            tokio::spawn(async move {
                let retry = RetryPolicy::default().give_up_after(Duration::MAX).call_timeout(MINUTE);
                let world = world(&call, false, retry, RateLimit::off()).await;
                let (method, path) = if all { ("*", "") } else { (call.method, call.path) };
                world.fake.fault(Fault::on(method, path).always().answer(503, busy));
                let started = world.fake.elapsed();
                let result = (call.run)(world.clone()).await;
                let took = world.fake.elapsed() - started;
                let bound = match (call.class, all) {
                    // Committed or not, the status is what it waits for.
                    ("commit_and_wait", true) => msstore::api::Milestone::Accepted.default_timeout(),
                    ("commit_and_wait", false) => 8 * MINUTE,
                    ("ensure_created", false) => 2 * (MINUTE + 5 * SECOND),
                    ("ensure_deleted" | "create_or_find", false) => 2 * MINUTE + 5 * SECOND,
                    // It looks although the answer to the deletion was no help.
                    ("ensure_deleted", true) => 2 * MINUTE,
                    _ => MINUTE,
                };
                (took > bound + 10 * SECOND || result.is_ok())
                    .then(|| format!("{} (all down: {all}): {took:?} {result:?}", call.name))
            })
        })
        .buffer_unordered(8)
        .filter_map(|cell| async { cell.unwrap() })
        .collect()
        .await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
