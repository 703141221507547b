//! Repeats, limits and outcomes over real sockets; the clock is the fake's, so that nobody waits.

use std::future::IntoFuture;
use std::time::Duration;

use futures_util::future::join_all;
use msstore::api::{Method, Replay, Submissions};
use msstore::auth::BoxFuture;
use msstore::config::{RateLimit, RetryPolicy};
use msstore::error::TransportKind;
use msstore::model::{ApplicationSubmission, NewFlight, NewInAppProduct, ProductType, UploadUrl};
use msstore::reqwest::Client;
use msstore::testing::{CutEnd, FakeStore, Fault, RetryHint};
use msstore::{ApplicationId, Error, ErrorKind, Outcome, StoreClient, StoreClientBuilder, SubmissionId};
use serde_json::json;

use crate::faulty::World;
use crate::support::{Answer, Recorder, assert_about, call, draft, submission};

fn sample() -> ApplicationId {
    FakeStore::SAMPLE_APPLICATION.parse().unwrap()
}

fn submissions(client: &StoreClient) -> Submissions<ApplicationSubmission> {
    client.applications().submissions(sample())
}

/// A fake with a fault, and a client of it that this policy holds for.
async fn faulty(fault: Fault, policy: RetryPolicy) -> (FakeStore, StoreClient) {
    let fake = FakeStore::start_with_sample().await.unwrap();
    fake.fault(fault);
    let client = fake.client_builder().retry(policy).build().unwrap();
    (fake, client)
}

fn reads(fake: &FakeStore) -> usize {
    fake.requests_to("GET", "/applications/*").len()
}

fn on_read() -> Fault {
    Fault::on("GET", "/applications/*")
}

async fn read(client: &StoreClient) -> Result<(), Error> {
    client.applications().get(sample()).await.map(|_| ())
}

/// How often something is sent at least that is repeated for three minutes: with the longest pause before each repeat.
const OFTEN: usize = 12;

#[tokio::test]
async fn a_safe_call_is_repeated_for_three_minutes() {
    let repeated = [408, 429, 500, 502, 503, 504];
    let final_at_once = [400, 403, 404, 405, 409, 411, 413, 418, 501, 505];
    for status in repeated.into_iter().chain(final_at_once) {
        let (fake, client) = faulty(on_read().always().answer(status, ""), RetryPolicy::default()).await;
        let error = read(&client).await.unwrap_err();
        let call = error.call().unwrap();
        assert_eq!((error.status(), reads(&fake)), (Some(status), call.attempts as usize));
        let seconds = call.elapsed.as_secs_f64();
        let effort = format!("and no body, after {} attempts in {seconds:.0} s", call.attempts);
        assert_eq!(error.to_string().contains(&effort), repeated.contains(&status), "{error}");
        if repeated.contains(&status) {
            assert!(call.attempts as usize >= OFTEN, "{status}: {}", call.attempts);
            assert_about(call.elapsed, 180);
        } else {
            assert_eq!(call.attempts, 1, "{status}");
        }
        assert_eq!(error.is_retryable(), repeated.contains(&status), "{status}");
    }
    for fault in [
        on_read().always().reset(),
        on_read().always().cut(CutEnd::Close),
        on_read().always().cut(CutEnd::Reset),
    ] {
        let (fake, client) = faulty(fault, RetryPolicy::default()).await;
        let error = read(&client).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Transport(_)), "{error:?}");
        assert!(reads(&fake) >= OFTEN, "{}", reads(&fake));
        assert_about(error.call().unwrap().elapsed, 180);
    }
}

#[tokio::test]
async fn a_read_changes_nothing_whatever_becomes_of_it() {
    let faults = [
        on_read().answer(503, ""),
        on_read().answer(408, ""),
        on_read().answer(101, ""),
        on_read().reset(),
        on_read().cut(CutEnd::Reset),
        on_read().stall(),
        on_read().truncate(),
        on_read().answer(200, "<html></html>"),
        on_read().answer(200, "[]"),
        Fault::on("POST", "/token").answer(503, ""),
        Fault::on("POST", "/token").reset(),
        Fault::on("POST", "/token").answer(200, "<html></html>"),
    ];
    for fault in faults {
        let name = format!("{fault:?}");
        let fake = FakeStore::start_with_sample().await.unwrap();
        fake.fault(fault.always());
        let builder = fake
            .client_builder()
            .retry(RetryPolicy::default().give_up_after(Duration::from_secs(5)));
        let client = builder.attempt_timeout(Duration::from_millis(200)).build().unwrap();
        let path = format!("applications/{}", sample());
        let raw = client.request(Method::GET, path, Replay::Once);
        let raw = raw.await.map(drop);
        let job = submissions(&client).publish().await.map(drop);
        for result in [read(&client).await, job] {
            let error = result.expect_err(&name);
            assert_eq!(error.outcome(), Outcome::NotApplied, "{name}: {error:?}");
        }
        if let Err(error) = raw {
            assert_eq!(error.outcome(), Outcome::NotApplied, "{name}: {error:?}");
        }
    }
}

#[tokio::test]
async fn an_outage_of_seconds_ends_no_call() {
    let page = "<html><head><title>Bad Gateway</title></head></html>";
    let fake = FakeStore::start_with_sample().await.unwrap();
    let client = fake.client().unwrap();
    let draft = submissions(&client).create().await.unwrap();
    // Each of them meets one from its beginning.
    let outage = || {
        let gateway = Fault::on("*", "/v1.0/my/**").during(Duration::from_secs(10));
        fake.fault(gateway.answer(502, page));
    };
    outage();
    read(&client).await.unwrap();
    outage();
    client.applications().list().all().await.unwrap();
    outage();
    submissions(&client).update(&draft).await.unwrap();
    outage();
    submissions(&client).delete(draft.id().unwrap()).await.unwrap();

    let world = World::new(|builder| builder).await;
    let gone = || world.gate.shut_for(&world.fake, Duration::from_secs(8));
    gone();
    let draft = world.app_submissions().create().await.unwrap();
    gone();
    world.app_submissions().update(&draft).await.unwrap();
    gone();
    world.app_submissions().commit(draft.id().unwrap()).await.unwrap();
}

#[tokio::test]
async fn an_outage_of_a_minute_ends_no_upload() {
    const BLOCK: usize = 64 << 10;
    let content = vec![7; 24 * BLOCK];
    for (blob_store, seconds) in [(true, 8), (true, 60), (false, 8), (false, 60)] {
        let world = World::new(|builder| builder).await;
        let draft = world.app_submissions().create().await.unwrap();
        let time = Duration::from_secs(seconds);
        if blob_store {
            let busy = Fault::on("PUT", "/blob/**").query("comp=block&").during(time);
            world.fake.fault(busy.answer(503, "<Error><Code>ServerBusy</Code></Error>"));
        } else {
            world.gate.shut_for(&world.fake, time);
        }
        // The name leads through the gate.
        let link = draft.file_upload_url.expose().replace("127.0.0.1", "localhost");
        let before = world.fake.elapsed();
        let upload = world.client.upload(UploadUrl::new(link), content.clone());
        let report = upload.block_size(BLOCK as u64).concurrency(8).await.unwrap();
        assert_eq!((report.blocks, report.blocks_skipped), (24, 0), "{blob_store} {seconds}");
        assert!(world.fake.elapsed() - before >= time, "{blob_store} {seconds}");
    }
}

#[tokio::test]
async fn an_answer_that_changes_the_protocol_leaves_a_write_in_doubt() {
    let server = Recorder::always(101, "").await;
    let error = server
        .client()
        .applications()
        .submissions(sample())
        .create()
        .await
        .unwrap_err();
    assert_eq!(
        (error.status(), error.outcome()),
        (Some(101), Outcome::MaybeApplied),
        "{error}"
    );
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn updates_and_deletes_are_safe_and_send_the_same_again() {
    let write = |method| Fault::on(method, "/submissions/*");
    let (fake, client) = faulty(write("PUT").first(2).apply_then().answer(503, ""), RetryPolicy::default()).await;
    fake.fault(write("DELETE").first(2).reset());
    let mut draft = submissions(&client).create().await.unwrap();
    draft.notes_for_certification = "Twice".into();
    submissions(&client).update(&draft).await.unwrap();
    let puts = fake.requests_to("PUT", "/submissions/*");
    assert_eq!(puts.len(), 3);
    assert!(
        puts.iter()
            .all(|put| put.body == puts[0].body && put.header("content-length") == puts[0].header("content-length"))
    );
    submissions(&client).delete(draft.id().unwrap()).await.unwrap();
    assert_eq!(fake.requests_to("DELETE", "/submissions/*").len(), 3);
}

#[tokio::test]
async fn the_outcome_is_the_greatest_of_all_attempts() {
    let put = || Fault::on("PUT", "/submissions/*");
    for (first, outcome) in [
        (put().answer(503, ""), Outcome::MaybeApplied),
        (put().reset(), Outcome::MaybeApplied),
        (put().cut(CutEnd::Reset), Outcome::Applied),
        (put().answer(429, ""), Outcome::NotApplied),
    ] {
        let (fake, client) = faulty(first, RetryPolicy::default()).await;
        fake.fault(put().nth(2).answer(400, "{}"));
        let draft = submissions(&client).create().await.unwrap();
        let error = submissions(&client).update(&draft).await.unwrap_err();
        assert_eq!(
            (error.status(), error.outcome(), error.call().unwrap().attempts),
            (Some(400), outcome, 2)
        );
    }
}

#[tokio::test]
async fn the_service_says_how_long_to_wait() {
    // All of it is waited for, and then it goes on at once: a random pause would come back too early, many times.
    for hint in [RetryHint::Seconds, RetryHint::Date, RetryHint::Text] {
        let (fake, client) = faulty(on_read().throttle(Duration::from_secs(47), hint), RetryPolicy::default()).await;
        read(&client).await.unwrap();
        assert_eq!(reads(&fake), 2, "{hint:?}");
    }
    // How long that is. The text of the gateway is cut off, so a second is added.
    let gateway = json!({"statusCode": 429, "message": "Rate limit is exceeded. Try again in 9 seconds."}).to_string();
    let table = [
        (on_read().answer(429, gateway.clone()), 10),
        (on_read().answer(503, gateway.clone()), 10),
        (on_read().answer(429, gateway).header("Retry-After", "7"), 7),
        (on_read().answer(503, "").header("Retry-After", "120"), 120),
        (on_read().answer(500, "").header("Retry-After", "7"), 7),
        (on_read().answer(503, "").header("Retry-After", "0"), 0),
        (
            on_read()
                .answer(503, "")
                .header("Retry-After", "Thu, 01 Jan 2015 00:00:00 GMT"),
            0,
        ),
    ];
    for (fault, seconds) in table {
        let name = format!("{fault:?}");
        let (fake, client) = faulty(fault.clone(), RetryPolicy::default()).await;
        let before = fake.elapsed();
        read(&client).await.unwrap();
        assert_eq!(reads(&fake), 2, "{name}");
        assert_about(fake.elapsed() - before, seconds);
        let (_fake, client) = faulty(fault, RetryPolicy::off()).await;
        let error = read(&client).await.unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(seconds)), "{name}");
    }
}

#[tokio::test]
async fn a_long_pause_is_left_to_the_caller() {
    for (fault, seconds) in [
        (on_read().answer(429, "").header("Retry-After", "121"), 121),
        (on_read().answer(503, "").header("Retry-After", "86400"), 86400),
        (
            on_read().answer(429, r#"{"statusCode": 429, "message": "Try again in 120 seconds."}"#),
            121,
        ),
    ] {
        let (fake, client) = faulty(fault.always(), RetryPolicy::default()).await;
        let error = read(&client).await.unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(seconds)));
        assert_eq!(reads(&fake), 1);
        assert!(error.is_retryable() && error.call().unwrap().elapsed < Duration::from_secs(2));
        // Nor are others held up for that long.
        fake.clear_faults();
        read(&client).await.unwrap();
    }
}

#[tokio::test]
async fn a_call_ends_within_its_time() {
    let busy = || on_read().always().answer(503, "").header("Retry-After", "110");
    let seconds = Duration::from_secs;
    let patient = || RetryPolicy::default().give_up_after(Duration::MAX);
    for (policy, limit, sent) in [
        // What is left to repeat it is shorter than the service asks for.
        (RetryPolicy::default(), seconds(180), 2),
        (patient(), seconds(600), 6),
        (patient().call_timeout(seconds(330)), seconds(330), 3),
        (RetryPolicy::default().call_timeout(seconds(60)), seconds(60), 1),
    ] {
        let (fake, client) = faulty(busy(), policy).await;
        let error = read(&client).await.unwrap_err();
        assert_eq!((reads(&fake), error.status()), (sent, Some(503)));
        assert!(error.call().unwrap().elapsed < limit);
        assert_eq!(error.retry_after(), Some(seconds(110)));
    }
}

#[tokio::test]
async fn an_attempt_that_hangs_is_noticed() {
    let short = Duration::from_millis(500);
    let settings = |builder: StoreClientBuilder| builder.attempt_timeout(short).create_timeout(short * 2);
    let fake = FakeStore::start_with_sample().await.unwrap();
    fake.fault(on_read().stall());
    fake.fault(Fault::on("POST", "/submissions").apply_then().stall());
    let client = settings(fake.client_builder()).build().unwrap();
    read(&client).await.unwrap();
    assert_eq!(reads(&fake), 2);
    let started = std::time::Instant::now();
    let error = submissions(&client).create().await.unwrap_err();
    assert!(started.elapsed() >= short * 2, "a create has its own time");
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Transport(TransportKind::TimedOut), Outcome::MaybeApplied)
    );
    assert_eq!(fake.requests_to("POST", "/submissions").len(), 1);
}

#[tokio::test]
async fn the_time_outs_of_a_builder_do_not_hold() {
    let short = Duration::from_millis(200);
    let http = Client::builder().timeout(short).read_timeout(short);
    let fake = FakeStore::start_with_sample().await.unwrap();
    fake.fault(on_read().always().delay(short * 3));
    let builder = fake.client_builder().http_client_builder(http).retry(RetryPolicy::off());
    read(&builder.build().unwrap()).await.unwrap();
}

#[tokio::test]
async fn repeats_can_be_off() {
    let (fake, client) = faulty(on_read().always().answer(503, ""), RetryPolicy::off()).await;
    assert_eq!(read(&client).await.unwrap_err().status(), Some(503));
    assert_eq!(reads(&fake), 1);
    fake.clear_faults();
    fake.expire_tokens();
    read(&client).await.unwrap();
    assert_eq!(reads(&fake), 3, "a token that ran out is still replaced");
}

type Create = fn(StoreClient, SubmissionId) -> BoxFuture<'static, Result<(), Error>>;

/// The calls that are sent once: path, and how to make it.
fn once() -> [(&'static str, Create); 4] {
    [
        ("/submissions", |client, _| {
            call(async move { submissions(&client).create().await })
        }),
        ("/commit", |client, id| {
            call(async move { submissions(&client).commit(id).await })
        }),
        ("/inappproducts", |client, _| {
            let new = NewInAppProduct::new(sample(), "coins", ProductType::Durable);
            call(async move { client.in_app_products().create(new).await })
        }),
        ("/flights", |client, _| {
            call(async move { client.flights(sample()).create(NewFlight::new("Night")).await })
        }),
    ]
}

#[tokio::test]
async fn what_cannot_be_undone_is_sent_once() {
    use Outcome::{Applied, MaybeApplied, NotApplied};
    for (path, create) in once() {
        let post = || Fault::on("POST", path).always();
        let table = [
            (post().answer(500, ""), 1, MaybeApplied),
            (post().answer(502, ""), 1, MaybeApplied),
            (post().answer(503, "").header("Retry-After", "1"), 1, MaybeApplied),
            (post().apply_then().answer(504, ""), 1, MaybeApplied),
            (post().answer(408, ""), 1, MaybeApplied),
            (post().reset(), 1, MaybeApplied),
            (post().apply_then().reset(), 1, MaybeApplied),
            (post().cut(CutEnd::Close), 1, Applied),
            (post().cut(CutEnd::Reset), 1, Applied),
            (post().truncate(), 1, Applied),
            (post().answer(201, "<html></html>"), 1, MaybeApplied),
            (post().answer(200, "Signed out"), 1, MaybeApplied),
            (post().answer(201, "[]"), 1, Applied),
            (post().answer(400, "{}"), 1, NotApplied),
            (post().answer(409, "{}"), 1, NotApplied),
            (post().answer(429, ""), OFTEN, NotApplied),
        ];
        for (fault, sent, outcome) in table {
            let name = format!("{path}: {fault:?}");
            let (fake, client) = faulty(fault, RetryPolicy::default()).await;
            let id = if path == "/commit" {
                fake.seed_draft(sample())
            } else {
                "1".parse::<SubmissionId>().unwrap()
            };
            let error = create(client, id).await.unwrap_err();
            let found = fake.requests_to("POST", path).len();
            assert!(
                if sent == OFTEN { found >= sent } else { found == sent },
                "{name}: {found}, {error}"
            );
            assert_eq!(error.outcome(), outcome, "{name}: {error}");
        }
    }
}

#[tokio::test]
async fn a_page_in_place_of_the_services_answer_proves_nothing() {
    use Outcome::{Applied, MaybeApplied};
    let (page, half) = ("<html><body>Sign in</body></html>", r#"{"status": "Com"#);
    let table = [
        // body; what a deletion, a commit and an update come to, if not to success
        ("", None, None, Some(Applied)),
        (" \r\n", None, None, Some(Applied)),
        ("{}", None, None, None),
        ("[]", None, Some(Applied), Some(Applied)),
        (half, Some(Applied), Some(Applied), Some(Applied)),
        (page, Some(MaybeApplied), Some(MaybeApplied), Some(MaybeApplied)),
        ("OK", Some(MaybeApplied), Some(MaybeApplied), Some(MaybeApplied)),
    ];
    for (body, deletion, commit, update) in table {
        let server = Recorder::start(move |request| match request.method.as_str() {
            "GET" => Answer::new(200, draft()),
            _ => Answer::new(200, body),
        })
        .await;
        let (submissions, id) = (submissions(&server.client()), submission());
        let draft = submissions.get(&id).await.unwrap();
        let outcomes = [
            submissions.delete(&id).await.map(drop),
            submissions.commit(&id).await.map(drop),
            submissions.update(&draft).await.map(drop),
        ]
        .map(|result| result.err().map(|error| error.outcome()));
        assert_eq!(outcomes, [deletion, commit, update], "{body}");
    }
}

#[tokio::test]
async fn what_never_arrived_is_sent_again() {
    let fake = FakeStore::start_with_sample().await.unwrap();
    // Bound and not listening: it refuses, and nobody else gets the port meanwhile.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let nobody = format!("http://{}/v1.0/my/", socket.local_addr().unwrap());
    for (_path, create) in once() {
        let client = fake.client_builder().endpoint(nobody.clone()).build().unwrap();
        let error = create(client, "7".parse().unwrap()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::Transport(TransportKind::Connect), Outcome::NotApplied)
        );
        let call = error.call().unwrap();
        assert!(call.attempts as usize >= OFTEN, "{}", call.attempts);
        assert_about(call.elapsed, 180);
        let says = format!(
            "could not connect after {} attempts in 180 s: check the network",
            call.attempts
        );
        assert!(error.is_retryable() && error.to_string().contains(&says), "{error}");
    }
}

#[tokio::test]
async fn no_minute_has_more_than_twenty_requests() {
    // Whoever comes within a minute of the first gets a status that nothing else has.
    let mark = || Fault::on("GET", "").during(Duration::from_secs(57)).answer(418, "");
    let (fake, client) = faulty(mark(), RetryPolicy::default()).await;
    let clones = [client.clone(), client.clone()];
    for at in 0..50 {
        drop(read(&clones[at % 2]).await);
    }
    let marked = |fake: &FakeStore| fake.requests().iter().filter(|request| request.status == Some(418)).count();
    assert_eq!((marked(&fake), reads(&fake)), (20, 50));

    // Repeats count.
    let (fake, client) = faulty(
        Fault::on("GET", "").during(Duration::from_secs(57)).answer(500, ""),
        RetryPolicy::default().delays(Duration::ZERO, Duration::ZERO),
    )
    .await;
    read(&client).await.unwrap();
    let refused = fake.requests().iter().filter(|request| request.status == Some(500)).count();
    assert_eq!((refused, reads(&fake)), (20, 21));

    // Clones share it, also all at once. The clock is a real one, for at a jumping one nobody is under way for long.
    let server = Recorder::always(200, json!({"id": sample()})).await;
    let limit = RateLimit::new(4, Duration::from_millis(250));
    let client = server.client_builder().rate_limit(limit).build().unwrap();
    let started = std::time::Instant::now();
    join_all(
        (0..12)
            .map(|_| client.clone())
            .map(|client| async move { read(&client).await.unwrap() }),
    )
    .await;
    assert!(started.elapsed() >= limit.period * 2, "{:?}", started.elapsed());

    // And without a limit.
    let fake = FakeStore::start_with_sample().await.unwrap();
    fake.fault(mark());
    let client = fake.client_builder().rate_limit(RateLimit::off()).build().unwrap();
    for _ in 0..50 {
        drop(read(&client).await);
    }
    assert_eq!(marked(&fake), 50);
}

#[tokio::test]
async fn who_waits_for_the_rate_limit_is_served_in_order_and_keeps_the_time_of_the_call() {
    // The last of them waits longer than a call may take.
    let fake = FakeStore::start_with_sample().await.unwrap();
    let client = fake.client().unwrap();
    let path = |number: usize| format!("applications/{}?number={number}", sample());
    let calls = (0..250).map(|number| client.request(Method::GET, path(number), Replay::Safe).into_future());
    for (number, result) in join_all(calls).await.into_iter().enumerate() {
        result.unwrap_or_else(|error| panic!("{number}: {error}"));
    }
    assert_about(fake.elapsed(), 12 * 60);
    let order: Vec<usize> = fake
        .requests_to("GET", "/applications/*")
        .iter()
        .map(|request| request.query["number=".len()..].parse().unwrap())
        .collect();
    assert_eq!(order.len(), 250);
    // The clock jumps, so that those of several minutes are under way together.
    for (place, number) in order.into_iter().enumerate() {
        assert!(place.abs_diff(number) < 100, "{number} came as number {place}");
    }
}

#[tokio::test]
async fn a_repeat_does_not_queue_behind_those_that_have_not_been_sent() {
    let fake = FakeStore::start_with_sample().await.unwrap();
    fake.fault(Fault::on("GET", "/applications/*").first(15).answer(503, ""));
    let client = fake.client().unwrap();
    let calls: Vec<_> = join_all((0..200).map(|_| read(&client))).await;
    assert!(calls.iter().all(Result::is_ok), "{calls:?}");
}

#[tokio::test]
async fn a_429_pauses_all_clones() {
    let fault = Fault::on("GET", "").throttle(Duration::from_secs(90), RetryHint::Seconds);
    let (fake, client) = faulty(fault, RetryPolicy::off()).await;
    let error = read(&client).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(90)));
    let clone = client.clone();
    clone.in_app_products().list().all().await.unwrap();
    let statuses: Vec<_> = fake.requests().iter().map(|request| request.status).collect();
    assert_eq!(
        statuses,
        [Some(200), Some(429), Some(200)],
        "token, the refusal, and the other call after the pause"
    );
}

#[tokio::test]
async fn a_pause_of_all_is_no_part_of_a_calls_own_time() {
    let policy = RetryPolicy::off().call_timeout(Duration::from_secs(60));
    let (fake, client) = faulty(on_read().answer(429, "").header("Retry-After", "100"), policy).await;
    assert_eq!(read(&client).await.unwrap_err().status(), Some(429));
    read(&client.clone()).await.unwrap();
    assert_about(fake.elapsed(), 100);
}

#[tokio::test]
async fn the_pause_of_the_api_does_not_hold_for_tokens() {
    let server = Recorder::always(429, r#"{"statusCode": 429, "message": "Try again in 100 seconds."}"#).await;
    let fake = FakeStore::start_with_sample().await.unwrap();
    let client = fake.client_builder().endpoint(server.endpoint()).build().unwrap();
    let error = read(&client).await.unwrap_err();
    assert_eq!(server.requests().len(), 2);
    assert_about(error.call().unwrap().elapsed, 101);
    assert_eq!(fake.requests().len(), 1);
}
