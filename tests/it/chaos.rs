//! The whole job under random faults: each run ends submitted, or with an error that says what is left where. Nobody else's
//! draft is touched, and no second one made. `CHAOS_SEED` sets the first seed.

use futures_util::{StreamExt as _, stream};
use msstore::Outcome;
use msstore::testing::{CutEnd, FakeStore, Fault, RetryHint};

use crate::faulty::{World, say};
use crate::submit::{NOTES, PACKAGE, submit};

const RUNS: u64 = 200;
const APP: &str = FakeStore::SAMPLE_APPLICATION;

/// One request in five meets one of these.
fn faults(seed: u64) -> Vec<Fault> {
    let page = "<html><body>Bad Gateway</body></html>";
    let on = || Fault::on("*", "");
    let get = || Fault::on("GET", "");
    let faults = vec![
        on().reset(),
        on().apply_then().reset(),
        on().cut(CutEnd::Reset),
        on().cut(CutEnd::Close),
        on().answer(408, ""),
        on().answer(429, "").header("Retry-After", "11"),
        on().answer(
            429,
            r#"{"statusCode":429,"message":"Rate limit is exceeded. Try again in 14 seconds."}"#,
        ),
        on().answer(
            500,
            r#"{"code":"InternalServerError","message":"No.","source":"Ingestion Api"}"#,
        ),
        on().answer(502, page),
        on().answer(503, ""),
        on().apply_then().answer(503, ""),
        on().apply_then().answer(504, page),
        on().expire_tokens(),
        on().truncate(),
        on().answer(404, ""),
        on().answer(403, ""),
        on().answer(200, page),
        on().delay(std::time::Duration::from_millis(5)),
        get().stale(),
        get().stale(),
    ];
    let one_in = 5 * u32::try_from(faults.len()).unwrap();
    let numbered = faults.into_iter().zip(seed * 1000..);
    numbered.map(|(fault, seed)| fault.one_in(one_in, seed)).collect()
}

/// What was pending when the run began.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Before {
    Nothing,
    Ours,
    Theirs,
    Portal,
}

/// Whether it was submitted; else what is wrong with how it ended.
async fn run(seed: u64) -> Result<bool, String> {
    let world = World::new(|builder| builder).await;
    let (before, draft) = match seed % 8 {
        0..=2 => (Before::Nothing, None),
        3..=5 => (Before::Ours, Some(world.fake.seed_draft(APP))),
        6 => (Before::Theirs, Some(world.fake.seed_draft(APP))),
        _ => (Before::Portal, Some(world.fake.seed_portal_draft(APP))),
    };
    let ours = draft.as_ref().filter(|_| before == Before::Ours);
    let first = world.fake.pending_submission(APP);
    let add_on = world.fake.seed_draft(&world.add_on);
    let flight = world.fake.seed_draft(&world.flight);
    faults(seed).into_iter().for_each(|fault| world.fake.fault(fault));
    let result = submit(&world, ours).await;
    let wrong = |what: &str| Err(format!("seed {seed} ({before:?}): {what}: {result:?}"));

    let created = world.fake.applied_to("POST", "/submissions").len();
    let deleted = world.fake.applied_to("DELETE", "");
    if deleted
        .iter()
        .any(|write| ours.is_none_or(|ours| !write.path.ends_with(ours.as_str())))
    {
        return wrong("somebody else's draft was deleted");
    }
    if world.fake.submission(&add_on).is_none() || world.fake.submission(&flight).is_none() {
        return wrong("a draft of another product was deleted");
    }
    if created > 1 {
        return wrong("a second draft was made");
    }
    if matches!(before, Before::Theirs | Before::Portal) && world.fake.pending_submission(APP) != first {
        return wrong("somebody else's draft was touched");
    }
    let pending = world.fake.pending_submission(APP);
    match &result {
        Ok(report) => {
            let submission = world.fake.submission(&report.id).unwrap_or_default();
            let status = submission["status"].as_str().unwrap_or_default();
            if ["PendingCommit", "CommitStarted"].contains(&status) || status.ends_with("Failed") {
                return wrong(&format!("it is {status}"));
            }
            let text = submission.to_string();
            if !text.contains(PACKAGE) || !text.contains(NOTES) {
                return wrong("it is not what was to be submitted");
            }
        }
        Err(failed) => {
            let ours_now = pending
                .as_ref()
                .filter(|_| created == 1)
                .and_then(|pending| pending["id"].as_str());
            let named = |id: &str| failed.text.contains(id);
            // A draft whose answer was lost has no id for us: the error then says where to look and that it may be there.
            let hinted = failed.outcome != Outcome::NotApplied && named(&format!("applications/{APP}"));
            if ours_now.is_some_and(|id| !named(id) && !hinted) {
                return wrong("the error does not say what is left");
            }
            if created == 1 && failed.outcome == Outcome::NotApplied && ours_now.is_some_and(|id| !named(id)) {
                return wrong("the error says that nothing was done");
            }
        }
    }
    let harm = world.harm().await;
    if harm.is_empty() {
        Ok(result.is_ok())
    } else {
        wrong(&harm.join(", "))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_jobs_in_bad_weather() {
    let first: u64 = std::env::var("CHAOS_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(0);
    say(&format!("chaos: seeds {first} to {}", first + RUNS - 1));
    let runs: Vec<Result<bool, String>> = stream::iter(first..first + RUNS)
        .map(|seed| tokio::spawn(run(seed)))
        .buffer_unordered(8)
        .map(|run| run.unwrap_or_else(|panic| Err(panic.to_string())))
        .collect()
        .await;
    let wrong: Vec<&String> = runs.iter().filter_map(|run| run.as_ref().err()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let submitted = runs.iter().filter(|run| **run == Ok(true)).count();
    say(&format!(
        "chaos: {submitted} of {RUNS} submitted, the others ended with a right error"
    ));
    assert!(
        (20..RUNS as usize - 50).contains(&submitted),
        "{submitted}: too few or too many to tell anything"
    );
}

/// The same without any fault: what stops a run then is the foreign draft alone.
#[tokio::test]
async fn in_good_weather_only_a_foreign_draft_stops_the_job() {
    for theirs in [false, true] {
        let world = World::new(|builder| builder).await;
        if theirs {
            world.fake.seed_draft(APP);
        }
        let result = submit(&world, None).await;
        assert_eq!(result.is_err(), theirs, "{result:?}");
        if let Err(failed) = result {
            assert!(
                failed.text.contains("only slot") && failed.outcome == Outcome::NotApplied,
                "{failed:?}"
            );
        }
    }
    let throttled = World::new(|builder| builder).await;
    throttled
        .fake
        .fault(Fault::on("*", "").throttle(std::time::Duration::from_secs(100), RetryHint::Text));
    submit(&throttled, None).await.unwrap();
}
