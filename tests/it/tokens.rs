//! Tokens: how they are asked for, how long they are kept, and what happens when they are not taken.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use msstore::api::Milestone;
use msstore::auth::{AccessToken, BoxFuture, TokenContext, TokenProvider, TokenReason};
use msstore::config::{RateLimit, RetryPolicy};
use msstore::testing::{FakeStore, Fault};
use msstore::{ClientSecret, Error, ErrorKind, Outcome, StoreClient};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::support::{Answer, Recorder, app, chain, submission};

const TOKEN_PATH: &str = "/a-tenant/oauth2/token";

/// A server that is authority and API in one; tokens are numbered.
async fn authority(expires_in: Value) -> Recorder {
    let issued = Mutex::new(0);
    Recorder::start(move |request| {
        if request.target != TOKEN_PATH {
            return Answer::new(200, json!({"id": app()}));
        }
        let mut issued = issued.lock().unwrap();
        *issued += 1;
        Answer::new(
            200,
            json!({"token_type": "Bearer", "access_token": format!("token-{issued}"), "expires_in": expires_in}),
        )
    })
    .await
}

fn client_of(server: &Recorder, provider: ClientSecret) -> StoreClient {
    let builder = StoreClient::builder(provider.authority(server.origin()));
    builder
        .endpoint(server.endpoint())
        .rate_limit(RateLimit::off())
        .build()
        .unwrap()
}

fn secret() -> ClientSecret {
    ClientSecret::new("a-tenant", "client & id", "s+e/c=r%t~")
}

fn token_requests(fake: &FakeStore) -> usize {
    fake.requests_to("POST", "/oauth2/token").len()
}

#[tokio::test]
async fn the_form_is_the_documented_one() {
    let server = authority("3599".into()).await;
    client_of(&server, secret()).applications().get(app()).await.unwrap();
    let requests = server.requests();
    let [token, call] = requests.as_slice() else {
        panic!("{:?}", server.lines())
    };
    assert_eq!(token.line(), format!("POST {TOKEN_PATH}"));
    let form = "grant_type=client_credentials&client_id=client+%26+id&client_secret=s%2Be%2Fc%3Dr%25t%7E\
                &resource=https%3A%2F%2Fmanage.devcenter.microsoft.com";
    assert_eq!(String::from_utf8_lossy(&token.body), form);
    let expected = [
        ("Content-Type", Some("application/x-www-form-urlencoded; charset=utf-8")),
        ("Accept", Some("application/json")),
        ("Authorization", None),
        ("MS-CorrelationId", None),
    ];
    for (name, value) in expected {
        assert_eq!(token.header(name).as_deref(), value, "{name}");
    }
    assert_eq!(call.header("Authorization").as_deref(), Some("Bearer token-1"));
}

#[tokio::test]
async fn the_life_of_a_token_is_a_text_or_a_number() {
    let table = [
        (json!("3599"), Ok(3599)),
        (json!(3599), Ok(3599)),
        (json!(86399.0), Ok(86399)),
        (json!("soon"), Err("seconds at expires_in")),
        (json!(-1), Err("seconds at expires_in")),
        (Value::Null, Err("seconds at expires_in")),
    ];
    for (expires_in, expected) in table {
        let server = authority(expires_in.clone()).await;
        match (client_of(&server, secret()).access_token().await, expected) {
            (Ok(token), Ok(seconds)) => {
                let life = token.lifetime();
                let wanted = Duration::from_secs(seconds);
                assert!(
                    life <= wanted && life > wanted - Duration::from_secs(30),
                    "{expires_in} {life:?}"
                );
            }
            (Err(error), Err(words)) => assert!(chain(&error).contains(words), "{}", chain(&error)),
            (result, _) => panic!("{expires_in}: {result:?}"),
        }
    }
}

#[tokio::test]
async fn one_token_serves_all_calls_and_clones() {
    let server = authority("3599".into()).await;
    let client = client_of(&server, secret());
    let apps = client.applications();
    join_all((0..100).map(|_| client.clone()).map(|client| async move {
        client.applications().get(app()).await.unwrap();
    }))
    .await;
    drop(client);
    apps.get(app()).await.unwrap();
    let lines = server.lines();
    assert_eq!(lines.len(), 102);
    assert_eq!(lines.iter().filter(|line| line.ends_with(TOKEN_PATH)).count(), 1);
}

#[tokio::test]
async fn a_rejected_token_is_replaced_and_the_call_replayed_once() {
    let fake = FakeStore::start_with_sample().await.unwrap();
    let client = fake.client().unwrap();
    client.applications().list().all().await.unwrap();
    fake.expire_tokens();
    // A create too: a 401 says that it was not done.
    let submissions = client
        .in_app_products()
        .submissions(FakeStore::SAMPLE_IN_APP_PRODUCT.parse::<msstore::InAppProductId>().unwrap());
    submissions.create().await.unwrap();
    assert_eq!(token_requests(&fake), 2);
    let creates = fake.requests_to("POST", "/submissions");
    let statuses: Vec<_> = creates.iter().map(|create| create.status).collect();
    assert_eq!(statuses, [Some(401), Some(201)]);
    assert_ne!(creates[0].header("authorization"), creates[1].header("authorization"));
    assert_eq!(fake.applied_to("POST", "/submissions").len(), 1);
}

#[tokio::test]
async fn a_second_rejection_is_final_and_says_what_to_check() {
    let bodies = [
        json!({"statusCode": 401, "message": "APIM: Unauthorized."}),
        json!({"code": "Unauthorized", "message": "Identity cannot be authorized."}),
    ];
    for body in bodies {
        let server = Recorder::start(move |request| match request.target.as_str() {
            TOKEN_PATH => Answer::new(200, json!({"access_token": "t", "expires_in": "3599"})),
            _ => Answer::new(401, &body),
        })
        .await;
        let error = client_of(&server, secret())
            .applications()
            .submissions(app())
            .commit(submission())
            .await
            .unwrap_err();
        let path = "POST applications/9TESTAPP0001/submissions/1152921505000000042/commit";
        let token = format!("POST {TOKEN_PATH}");
        assert_eq!(server.lines(), [token.as_str(), path, token.as_str(), path]);
        assert_eq!((error.status(), error.outcome()), (Some(401), Outcome::NotApplied));
        assert_eq!(error.call().unwrap().attempts, 2);
        assert!(error.to_string().contains("Manager role"), "{error}");
    }
}

#[tokio::test]
async fn a_wrong_secret_gets_entras_words_and_what_to_check() {
    let fake = FakeStore::start_with_sample().await.unwrap();
    let table = [
        (
            fake.client_id(),
            "not-the-secret",
            401,
            "invalid_client",
            "AADSTS7000215: Invalid client secret provided",
            "check the client secret",
        ),
        (
            "not-the-client",
            fake.client_secret(),
            400,
            "unauthorized_client",
            "AADSTS700016",
            "check the client id",
        ),
    ];
    for (id, secret, status, code, words, advice) in table {
        let provider = ClientSecret::new(fake.tenant_id(), id, secret).authority(fake.authority());
        let client = StoreClient::builder(provider).endpoint(fake.endpoint()).build().unwrap();
        fake.forget_requests();
        let error = client.applications().list().all().await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains(words) && text.contains(advice), "{text}");
        assert!(!text.contains(secret) && !format!("{error:?}").contains(secret), "{error:?}");
        assert_eq!((error.status(), error.code()), (Some(status), Some(code)));
        assert_eq!((error.outcome(), error.is_retryable()), (Outcome::NotApplied, false));
        assert_eq!(
            fake.requests().len(),
            1,
            "a refusal is not repeated, and no call is sent without a token"
        );
    }
}

#[tokio::test]
async fn a_wrong_secret_is_sent_once_for_all_who_wait() {
    let fake = FakeStore::start_with_sample().await.unwrap();
    let provider = ClientSecret::new(fake.tenant_id(), fake.client_id(), "not-the-secret").authority(fake.authority());
    let client = StoreClient::builder(provider).endpoint(fake.endpoint()).build().unwrap();
    let failed = join_all((0..100).map(|_| client.clone()).map(|client| async move {
        let error = client.applications().list().all().await.unwrap_err();
        assert_eq!(error.code(), Some("invalid_client"), "{error}");
    }));
    failed.await;
    assert_eq!(token_requests(&fake), 1);
    // Nothing is kept for whoever comes next: the secret may be right by then.
    client.applications().list().all().await.unwrap_err();
    assert_eq!(token_requests(&fake), 2);
}

#[tokio::test]
async fn a_failed_early_refresh_keeps_the_live_token() {
    let fake = FakeStore::start_with_sample().await.unwrap();
    fake.set_token_life(Duration::from_secs(1000));
    let client = fake.client_builder().rate_limit(RateLimit::off()).build().unwrap();
    let read = async || client.applications().list().all().await;
    read().await.unwrap();
    let refusal = json!({"error": "server_error", "error_description": "AADSTS90033: later"});
    fake.fault(Fault::on("POST", "/oauth2/token").always().answer(400, refusal.to_string()));
    fake.advance(Duration::from_secs(800));
    // A quarter of its life before its end it is refreshed: once, and not again for a while.
    for _ in 0..3 {
        read().await.unwrap();
    }
    assert_eq!(token_requests(&fake), 2);
    fake.advance(Duration::from_secs(40));
    read().await.unwrap();
    assert_eq!(token_requests(&fake), 3);
    fake.advance(Duration::from_secs(200));
    let error = read().await.unwrap_err();
    assert!(error.to_string().contains("AADSTS90033"), "{error}");
    fake.clear_faults();
    read().await.unwrap();
    assert!(
        fake.requests_to("GET", "/applications")
            .iter()
            .all(|call| call.status == Some(200))
    );
}

#[tokio::test]
async fn a_wait_outlives_many_tokens() {
    let fake = FakeStore::start_with_sample().await.unwrap();
    fake.set_token_life(Duration::from_secs(120));
    let app = FakeStore::SAMPLE_APPLICATION;
    let statuses = [["PreProcessing"; 60].as_slice(), &["Certification"; 60], &["Published"]].concat();
    fake.script_statuses(app, statuses);
    let client = fake.client().unwrap();
    let submissions = client
        .applications()
        .submissions(app.parse::<msstore::ApplicationId>().unwrap());
    let wait = submissions.commit_and_wait(fake.seed_draft(app)).until(Milestone::Published);
    let done = wait.poll_interval(Duration::from_secs(50)).await.unwrap();
    assert_eq!(done.polls, 121);
    assert!(done.waited > Duration::from_secs(6000));
    let tokens = token_requests(&fake);
    assert!((40..=125).contains(&tokens), "{tokens}");
    assert!(
        fake.requests().iter().all(|request| request.status.unwrap() < 400),
        "no call was sent with a dead token"
    );
}

/// Gives tokens of the fake that last for one call, but fails from the second to the fourth time.
#[derive(Debug)]
struct Hiccup {
    inner: ClientSecret,
    asked: Mutex<u32>,
    retryable: bool,
}

impl TokenProvider for Hiccup {
    fn token<'a>(&'a self, context: &'a TokenContext) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async {
            let asked = {
                let mut asked = self.asked.lock().unwrap();
                *asked += 1;
                *asked
            };
            if (2..=4).contains(&asked) {
                let error = Error::auth("the vault does not answer");
                return Err(if self.retryable { error.retryable() } else { error });
            }
            let token = self.inner.token(context).await?;
            Ok(AccessToken::new(token.secret().clone(), Duration::ZERO))
        })
    }
}

#[tokio::test]
async fn a_wait_outlives_the_hiccup_of_a_provider_that_says_so() {
    for retryable in [true, false] {
        let fake = FakeStore::start_with_sample().await.unwrap();
        let app: msstore::ApplicationId = FakeStore::SAMPLE_APPLICATION.parse().unwrap();
        fake.script_statuses(app.as_str(), ["PreProcessing", "PreProcessing", "PreProcessing", "Published"]);
        let id = fake.seed_draft(app.as_str());
        let of_fake = fake.client().unwrap().applications().submissions(&app);
        of_fake.commit(&id).await.unwrap();
        let provider = Hiccup {
            inner: ClientSecret::new(fake.tenant_id(), fake.client_id(), fake.client_secret()).authority(fake.authority()),
            asked: Mutex::default(),
            retryable,
        };
        let client = fake.client_builder().token_provider(provider).build().unwrap();
        let wait = client.applications().submissions(&app).watch(&id).until(Milestone::Published);
        let done = wait.await;
        match done {
            Ok(_) => assert!(retryable),
            Err(error) => assert!(!retryable && error.kind() == ErrorKind::Auth, "{error}"),
        }
    }
}

#[tokio::test]
async fn the_request_for_a_token_is_repeated_and_can_be_dropped() {
    let token = || Fault::on("POST", "/oauth2/token");
    for fault in [
        token().first(2).answer(503, ""),
        token().first(2).reset(),
        token().first(2).answer(429, ""),
    ] {
        let fake = FakeStore::start_with_sample().await.unwrap();
        fake.fault(fault);
        fake.client().unwrap().access_token().await.unwrap();
        assert_eq!(token_requests(&fake), 3);
    }
    let fake = FakeStore::start_with_sample().await.unwrap();
    fake.fault(token().stall());
    let client = fake.client().unwrap();
    let dropped = tokio::time::timeout(Duration::from_millis(300), client.access_token()).await;
    assert!(dropped.is_err());
    // Whoever comes next does not wait for it.
    client.applications().list().all().await.unwrap();
    assert_eq!(token_requests(&fake), 2);
}

#[derive(Debug, Default)]
struct Foreign {
    reasons: Mutex<Vec<TokenReason>>,
    fails: bool,
}

impl TokenProvider for Foreign {
    fn token<'a>(&'a self, context: &'a TokenContext) -> BoxFuture<'a, Result<AccessToken, Error>> {
        self.reasons.lock().unwrap().push(context.reason());
        Box::pin(async {
            if self.fails {
                return Err(Error::auth(std::io::Error::other("the vault is shut")));
            }
            Ok(AccessToken::new("a-token", Duration::from_secs(3600)))
        })
    }
}

#[tokio::test]
async fn a_provider_is_told_why_it_is_asked() {
    let statuses = [200, 401, 200].map(|status| Answer::new(status, json!({"id": app()})));
    let server = Recorder::scripted(statuses).await;
    let provider = Arc::new(Foreign::default());
    let client = StoreClient::builder(provider.clone())
        .endpoint(server.endpoint())
        .build()
        .unwrap();
    for _ in 0..2 {
        client.applications().get(app()).await.unwrap();
    }
    assert_eq!(*provider.reasons.lock().unwrap(), [TokenReason::First, TokenReason::Rejected]);
}

/// Asks another place for an assertion first, as a workflow does that has no secret.
#[derive(Debug)]
struct Oidc {
    metadata: url::Url,
    authorization: &'static str,
    left: Mutex<Option<Duration>>,
}

impl TokenProvider for Oidc {
    fn token<'a>(&'a self, context: &'a TokenContext) -> BoxFuture<'a, Result<AccessToken, Error>> {
        *self.left.lock().unwrap() = Some(context.time_left());
        Box::pin(async {
            let headers = [("Authorization", self.authorization.into())];
            let body = context.get(&self.metadata, &headers).await?;
            Ok(AccessToken::new(
                String::from_utf8_lossy(&body).into_owned(),
                Duration::from_secs(60),
            ))
        })
    }
}

#[tokio::test]
async fn a_provider_reads_through_the_transport_of_the_client() {
    let of = async |server: &Recorder, url: &str, authorization| {
        let provider = Arc::new(Oidc {
            metadata: url.parse().unwrap(),
            authorization,
            left: Mutex::default(),
        });
        let policy = RetryPolicy::default().call_timeout(Duration::from_secs(20));
        let builder = StoreClient::builder(provider.clone()).endpoint(server.endpoint());
        let client = builder.retry(policy).build().unwrap();
        let token = client.access_token().await;
        let left = provider.left.lock().unwrap().unwrap();
        assert!(left > Duration::from_secs(10) && left <= Duration::from_secs(20), "{left:?}");
        token
    };
    let server = Recorder::scripted([Answer::new(503, ""), Answer::new(200, "an-assertion")]).await;
    let url = format!("{}/metadata?audience=api", server.origin());
    let token = of(&server, &url, "bearer t0p.s3cr3t").await.unwrap();
    assert_eq!(token.secret().expose_secret(), "an-assertion");
    let requests = server.requests();
    assert_eq!(server.lines(), ["GET /metadata?audience=api"; 2]);
    assert_eq!(requests[1].header("Authorization").as_deref(), Some("bearer t0p.s3cr3t"));
    // A refusal that repeats what was sent shows nothing of it.
    let server = Recorder::always(403, "you sent t0p.s3cr3t, did you?").await;
    let url = format!("{}/metadata?key=t0p.s3cr3t", server.origin());
    let error = of(&server, &url, "bearer t0p.s3cr3t").await.unwrap_err();
    let text = format!("{} {error:?}", chain(&error));
    assert!(text.contains("you sent [redacted]") && !text.contains("s3cr3t"), "{text}");
    // What is no header is not sent, nor shown; and nothing goes out in the clear.
    for (url, authorization) in [(url.as_str(), "s3cr3t\n"), ("http://example.com/", "s3cr3t")] {
        let error = of(&server, url, authorization).await.unwrap_err();
        assert!(!format!("{} {error:?}", chain(&error)).contains("s3cr3t"), "{error:?}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn the_error_of_a_provider_is_the_source() {
    let server = Recorder::always(200, "{}").await;
    let provider = Foreign {
        fails: true,
        ..Foreign::default()
    };
    let client = StoreClient::builder(provider).endpoint(server.endpoint()).build().unwrap();
    let error = client.applications().get(app()).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Auth);
    let source = std::error::Error::source(&error).unwrap();
    assert!(source.is::<std::io::Error>(), "{source:?}");
    assert_eq!(chain(&error), "no access token: the token provider failed: the vault is shut");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_token_that_ages_while_the_rate_limit_holds_is_renewed_before_it_is_sent() {
    let fake = FakeStore::start_with_sample().await.unwrap();
    fake.set_token_life(Duration::from_secs(30));
    let client = fake
        .client_builder()
        .rate_limit(RateLimit::new(1, Duration::from_secs(60)))
        .build()
        .unwrap();
    let path = format!("applications/{}", FakeStore::SAMPLE_APPLICATION);
    for _ in 0..4 {
        client
            .request(msstore::api::Method::GET, path.as_str(), msstore::api::Replay::Safe)
            .await
            .unwrap();
    }
    // None was sent with a token that was dead by then.
    assert_eq!(fake.requests_to("GET", &path).len(), 4);
}
