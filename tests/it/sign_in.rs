//! Signing in without a stored secret, on the wire: where assertions come from, and what is exchanged for a token.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use msstore::api::Milestone;
use msstore::auth::{
    AssertionSource, AzurePipelines, BoxFuture, ClientAssertion, CredentialKind, Credentials, FixedAssertion, GitHubActions,
    TokenContext, TokenFile,
};
use msstore::config::{RateLimit, RetryPolicy};
use msstore::publish::Package;
use msstore::testing::{FakeStore, Fault, SamplePackage};
use msstore::{Error, ErrorKind, Outcome, StoreClient};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::support::{Answer, Recorded, Recorder, app, chain};

const EXCHANGE: &str = "POST /a-tenant/oauth2/v2.0/token";

/// The assertion of this number.
fn jwt(number: usize) -> String {
    format!("eyJh.p{number}.c2ln")
}

/// A CI system, an authority and the API in one. Assertions and tokens are numbered.
async fn world(member: &'static str, expires_in: u64) -> Recorder {
    let (assertions, tokens) = (AtomicUsize::new(0), AtomicUsize::new(0));
    Recorder::start(move |request| match request.target.as_str() {
        "/a-tenant/oauth2/v2.0/token" => {
            let token = format!("token-{}", tokens.fetch_add(1, Ordering::SeqCst) + 1);
            Answer::new(
                200,
                json!({"token_type": "Bearer", "access_token": token, "expires_in": expires_in}),
            )
        }
        target if target.starts_with("/ci/") => {
            let number = assertions.fetch_add(1, Ordering::SeqCst) + 1;
            Answer::new(200, json!({"count": 1, member: jwt(number)}))
        }
        _ => Answer::new(200, json!({"id": app()})),
    })
    .await
}

fn client_of(server: &Recorder, source: impl AssertionSource + 'static) -> StoreClient {
    let provider = ClientAssertion::new("a-tenant", "client & id", source).authority(server.origin());
    let builder = StoreClient::builder(provider).endpoint(server.endpoint());
    builder.rate_limit(RateLimit::off()).build().unwrap()
}

fn github(server: &Recorder) -> GitHubActions {
    GitHubActions::new(
        format!("{}/ci/a%2Fb/idtoken?api-version=2.0&x=%2b", server.origin()),
        "request+token/=",
    )
}

fn pipelines(server: &Recorder) -> AzurePipelines {
    AzurePipelines::new(format!("{}/ci/oidctoken", server.origin()), "a1b2-c3", "access+token/=")
}

fn assert_headers(request: &Recorded, expected: &[(&str, Option<&str>)]) {
    for (name, value) in expected {
        assert_eq!(request.header(name).as_deref(), *value, "{name} of {}", request.line());
    }
}

fn form_of(assertion: &str) -> String {
    format!(
        "grant_type=client_credentials&client_id=client+%26+id\
         &client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion={assertion}\
         &scope=https%3A%2F%2Fmanage.devcenter.microsoft.com%2F.default"
    )
}

#[tokio::test]
async fn github_is_asked_and_its_assertion_exchanged() {
    let server = world("value", 3599).await;
    client_of(&server, github(&server)).applications().get(app()).await.unwrap();
    let requests = server.requests();
    let [assertion, token, call] = requests.as_slice() else {
        panic!("{:?}", server.lines())
    };
    let query = "api-version=2.0&x=%2b&audience=api%3A%2F%2FAzureADTokenExchange";
    assert_eq!(assertion.line(), format!("GET /ci/a%2Fb/idtoken?{query}"));
    let headers = [
        ("Authorization", Some("Bearer request+token/=")),
        ("Accept", Some("application/json")),
        ("Content-Type", None),
        ("MS-CorrelationId", None),
    ];
    assert_headers(assertion, &headers);
    assert!(assertion.body.is_empty());
    assert_eq!(token.line(), EXCHANGE);
    let headers = [
        ("Content-Type", Some("application/x-www-form-urlencoded; charset=utf-8")),
        ("Accept", Some("application/json")),
        ("Authorization", None),
    ];
    assert_headers(token, &headers);
    assert_eq!(String::from_utf8_lossy(&token.body), form_of(&jwt(1)));
    assert_headers(call, &[("Authorization", Some("Bearer token-1"))]);

    let server = world("value", 3599).await;
    let source = GitHubActions::new(format!("{}/ci/idtoken", server.origin()), "t").audience("api://Another?");
    client_of(&server, source).access_token().await.unwrap();
    assert_eq!(server.lines()[0], "GET /ci/idtoken?audience=api%3A%2F%2FAnother%3F");
}

#[tokio::test]
async fn azure_devops_is_asked_and_its_assertion_exchanged() {
    let server = world("oidcToken", 3599).await;
    client_of(&server, pipelines(&server))
        .applications()
        .get(app())
        .await
        .unwrap();
    let requests = server.requests();
    let [assertion, token, _] = requests.as_slice() else {
        panic!("{:?}", server.lines())
    };
    assert_eq!(
        assertion.line(),
        "POST /ci/oidctoken?api-version=7.1&serviceConnectionId=a1b2-c3"
    );
    let headers = [
        ("Authorization", Some("Bearer access+token/=")),
        ("X-TFS-FedAuthRedirect", Some("Suppress")),
        ("Content-Length", Some("0")),
        ("Content-Type", Some("application/json")),
        ("Accept", Some("application/json")),
    ];
    assert_headers(assertion, &headers);
    assert!(assertion.body.is_empty());
    assert_eq!(token.line(), EXCHANGE);
    assert_eq!(String::from_utf8_lossy(&token.body), form_of(&jwt(1)));
}

#[tokio::test]
async fn a_fixed_assertion_and_a_file_are_exchanged_as_they_are_at_that_time() {
    let server = world("", 0).await;
    let file = std::env::temp_dir().join(format!("msstore-sign-in-{}", std::process::id()));
    std::fs::write(&file, format!("{}\r\n", jwt(7))).unwrap();
    let client = client_of(&server, TokenFile::new(&file));
    client.access_token().await.unwrap();
    std::fs::write(&file, jwt(8)).unwrap();
    client.access_token().await.unwrap();
    std::fs::remove_file(&file).unwrap();
    let error = client.access_token().await.unwrap_err();
    let words = format!("no access token: the token file {} cannot be read", file.display());
    assert!(error.to_string().starts_with(&words), "{error}");
    client_of(&server, FixedAssertion::new(jwt(9))).access_token().await.unwrap();
    let forms: Vec<_> = server
        .requests()
        .iter()
        .map(|request| String::from_utf8(request.body.clone()).unwrap())
        .collect();
    assert_eq!(forms, [7, 8, 9].map(|number| form_of(&jwt(number))));
}

#[tokio::test]
async fn each_token_has_an_assertion_of_its_own() {
    // A token that is over at once is asked for again by each call.
    let server = world("value", 0).await;
    let client = client_of(&server, github(&server));
    for _ in 0..3 {
        client.applications().get(app()).await.unwrap();
    }
    let forms = server.requests().into_iter().filter(|request| request.line() == EXCHANGE);
    let forms: Vec<_> = forms.map(|request| String::from_utf8(request.body).unwrap()).collect();
    assert_eq!(forms, [1, 2, 3].map(|number| form_of(&jwt(number))));
}

#[tokio::test]
async fn both_legs_are_one_flight() {
    let server = world("value", 3599).await;
    let client = client_of(&server, github(&server));
    let calls = (0..100)
        .map(|_| client.clone())
        .map(|client| async move { client.applications().get(app()).await.unwrap() });
    futures_util::future::join_all(calls).await;
    let lines = server.lines();
    let count = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
    assert_eq!((count("GET /ci/"), count(EXCHANGE), count("GET applications")), (1, 1, 100));
}

#[tokio::test]
async fn a_rejected_token_is_replaced_by_both_legs() {
    let calls = AtomicUsize::new(0);
    let server = Recorder::start(move |request| match request.target.as_str() {
        "/a-tenant/oauth2/v2.0/token" => Answer::new(200, json!({"access_token": "t", "expires_in": 3599})),
        target if target.starts_with("/ci/") => Answer::new(200, json!({"value": jwt(1)})),
        _ if calls.fetch_add(1, Ordering::SeqCst) == 0 => Answer::new(401, ""),
        _ => Answer::new(200, json!({"id": app()})),
    })
    .await;
    client_of(&server, github(&server)).applications().get(app()).await.unwrap();
    let starts: Vec<_> = server
        .lines()
        .iter()
        .map(|line| line.split(['?', '%']).next().unwrap().to_owned())
        .collect();
    let legs = ["GET /ci/a", EXCHANGE, "GET applications/9TESTAPP0001"];
    assert_eq!(starts, [legs, legs].concat());
}

/// What a server answers to the request for an assertion, and what an error says then.
type Refusal = (Answer, u16, &'static [&'static str]);

async fn assert_refused(source: fn(&Recorder) -> Box<dyn AssertionSource>, secret: &str, refusals: Vec<Refusal>) {
    for (answer, status, words) in refusals {
        let server = Recorder::start(move |request| match request.target.starts_with("/ci/") {
            true => answer.clone(),
            false => Answer::new(418, ""),
        })
        .await;
        let provider = ClientAssertion::new("a-tenant", "c", source(&server)).authority(server.origin());
        let builder = StoreClient::builder(provider).endpoint(server.endpoint());
        let client = builder.retry(RetryPolicy::off()).build().unwrap();
        let error = client.applications().get(app()).await.unwrap_err();
        let text = chain(&error);
        assert_eq!(
            (error.kind(), error.outcome(), error.status()),
            (ErrorKind::Auth, Outcome::NotApplied, Some(status)),
            "{text}"
        );
        for word in words {
            assert!(text.contains(word), "{word:?} is not in {text:?}");
        }
        assert!(
            !text.contains(secret) && !format!("{error:#?}").contains(secret),
            "{error:#?}"
        );
        assert_eq!(server.requests().len(), 1, "nothing is exchanged");
    }
}

#[tokio::test]
async fn who_refuses_is_named_github() {
    let echo = json!({"message": "the token request+token/= has expired"});
    let page = "<html><title>Sign in</title></html>";
    let refusals: Vec<Refusal> = vec![
        (
            Answer::new(401, &echo).header("x-vss-e2eid", "e2e-1"),
            401,
            &[
                "no access token: GitHub answered with status 401: the token [redacted] has expired; ",
                "id-token: write",
                "correlation id e2e-1",
            ],
        ),
        (
            Answer::new(403, ""),
            403,
            &["GitHub answered with status 403 and no body; ", "request token"],
        ),
        (
            Answer::new(302, "").header("Location", "/"),
            302,
            &["GitHub answered with status 302"],
        ),
        (
            Answer::new(500, page),
            500,
            &["GitHub answered with status 500: Sign in; try again later"],
        ),
        (
            Answer::new(200, page),
            200,
            &["the request to GitHub failed", "status 200, but the answer is not JSON"],
        ),
        (
            Answer::new(200, json!({"count": 0})),
            200,
            &["the request to GitHub failed", "not an assertion at value"],
        ),
    ];
    assert_refused(|server| Box::new(github(server)), "request+token", refusals).await;
}

#[tokio::test]
async fn who_refuses_is_named_azure_devops() {
    let page = "<html><title>Azure DevOps Services | Sign In</title></html>";
    let unknown = json!({"$id": "1", "message": "No service connection found with identifier a1b2-c3.", "typeKey": "X"});
    let refusals: Vec<Refusal> = vec![
        (
            Answer::new(401, page).header("x-vss-e2eid", "e2e-2"),
            401,
            &[
                "no access token: Azure DevOps answered with status 401: Azure DevOps Services | Sign In; map ",
                "SYSTEM_ACCESSTOKEN",
                "correlation id e2e-2",
            ],
        ),
        (
            Answer::new(203, page),
            203,
            &["Azure DevOps answered with status 203", "SYSTEM_ACCESSTOKEN"],
        ),
        (
            Answer::new(302, "").header("Location", "/"),
            302,
            &["Azure DevOps answered with status 302", "SYSTEM_ACCESSTOKEN"],
        ),
        (
            Answer::new(404, &unknown),
            404,
            &["Azure DevOps answered with status 404: No service connection found with identifier a1b2-c3; check"],
        ),
        (
            Answer::new(200, "null"),
            200,
            &["the request to Azure DevOps failed", "not an assertion at oidcToken"],
        ),
    ];
    assert_refused(|server| Box::new(pipelines(server)), "access+token", refusals).await;
}

#[tokio::test]
async fn an_assertion_that_is_none_is_not_sent_on() {
    for (value, words) in [
        (json!(""), "is empty"),
        (json!("Bearer a.b.c"), "is not a JWT"),
        (json!("a.b"), "is not a JWT"),
    ] {
        let server = Recorder::start(move |_| Answer::new(200, json!({"value": value}))).await;
        let error = client_of(&server, github(&server)).access_token().await.unwrap_err();
        let expected = format!("no access token: the assertion of GitHub {words}");
        assert!(error.to_string().starts_with(&expected), "{error}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn entra_names_what_it_was_shown_and_nothing_secret() {
    let subject = "repo:Example@115/App@42:environment:store";
    let body = json!({
        "error": "invalid_client",
        "error_description": format!("AADSTS700213: No matching federated identity record found for presented assertion subject '{subject}', \
            issuer 'https://token.actions.githubusercontent.com', audience 'api://AzureADTokenExchange'. You sent {}. Trace ID: 1", jwt(1)),
        "error_codes": [700_213],
        "correlation_id": "c-1",
    });
    let server = Recorder::start(move |request| match request.target.starts_with("/ci/") {
        true => Answer::new(200, json!({"value": jwt(1)})),
        false => Answer::new(401, &body),
    })
    .await;
    let error = client_of(&server, github(&server)).access_token().await.unwrap_err();
    let text = error.to_string();
    let parts = [
        "no access token: Entra ID answered with status 401, invalid_client: AADSTS700213: ",
        subject,
        "'https://token.actions.githubusercontent.com'",
        "'api://AzureADTokenExchange'",
        "You sent [redacted].",
        "; the subject does not fit: copy the quoted one",
        "; correlation id c-1",
    ];
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
    assert!(!format!("{error:#?}").contains(&jwt(1)), "{error:#?}");
    assert!(!error.is_retryable() && server.requests().len() == 2);
}

#[tokio::test]
async fn what_passes_is_tried_again_on_either_leg() {
    let answers = Mutex::new(vec![
        Answer::new(200, json!({"access_token": "t", "expires_in": 3599})),
        Answer::new(503, "<html>"),
        Answer::new(429, ""),
        Answer::new(200, json!({"value": jwt(1)})),
        Answer::new(500, ""),
    ]);
    let server = Recorder::start(move |_| answers.lock().unwrap().pop().unwrap()).await;
    let provider = ClientAssertion::new("a-tenant", "c", github(&server)).authority(server.origin());
    let quick = RetryPolicy::default().delays(Duration::from_millis(1), Duration::from_millis(1));
    let client = StoreClient::builder(provider)
        .endpoint(server.endpoint())
        .retry(quick)
        .build()
        .unwrap();
    client.access_token().await.unwrap();
    let legs: Vec<_> = server.requests().iter().map(|request| request.method.clone()).collect();
    assert_eq!(legs, ["GET", "GET", "POST", "POST", "POST"]);
}

/// Hangs, or gives an assertion.
#[derive(Debug)]
struct Slow(bool);

impl AssertionSource for Slow {
    fn assertion<'a>(&'a self, context: &'a TokenContext) -> BoxFuture<'a, Result<SecretString, Error>> {
        Box::pin(async {
            assert!(context.time_left() <= Duration::from_secs(1));
            assert_eq!(context.scope(), "https://manage.devcenter.microsoft.com/.default");
            assert_eq!(context.resource(), Some("https://manage.devcenter.microsoft.com"));
            if self.0 {
                std::future::pending::<()>().await;
            }
            Ok(jwt(1).into())
        })
    }
}

#[tokio::test]
async fn a_leg_that_hangs_ends_with_the_call() {
    // A server that takes connections and says nothing.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("http://{}", listener.local_addr().unwrap());
    let sources: [(&str, Box<dyn AssertionSource>); 4] = [
        (
            "the request to GitHub failed",
            Box::new(GitHubActions::new(format!("{silent}/ci/"), "t")),
        ),
        (
            "the request to Azure DevOps failed",
            Box::new(AzurePipelines::new(format!("{silent}/ci/"), "c", "t")),
        ),
        ("the request to Entra ID failed", Box::new(Slow(false))),
        ("in time", Box::new(Slow(true))),
    ];
    for (words, source) in sources {
        let provider = ClientAssertion::new("a-tenant", "c", source).authority(&silent);
        let hurried = RetryPolicy::off().call_timeout(Duration::from_secs(1));
        let client = StoreClient::builder(provider)
            .endpoint(format!("{silent}/v1.0/my/"))
            .retry(hurried)
            .build()
            .unwrap();
        let error = client.access_token().await.unwrap_err();
        let text = chain(&error);
        assert!(text.contains(words) && error.is_retryable(), "{words}: {text}");
        let error = client.applications().get(app()).await.unwrap_err();
        let text = chain(&error);
        assert!(error.is_retryable() && error.outcome() == Outcome::NotApplied, "{text}");
        // A source that says nothing cannot be named.
        assert!(words == "in time" || text.contains(words), "{words}: {text}");
    }
}

/// Uses what a source outside the crate may use.
#[derive(Debug)]
struct Vault(String);

impl AssertionSource for Vault {
    fn assertion<'a>(&'a self, context: &'a TokenContext) -> BoxFuture<'a, Result<SecretString, Error>> {
        Box::pin(async {
            let url = self.0.parse().map_err(Error::auth)?;
            let headers = [("X-Vault-Token", SecretString::from("hunter2"))];
            let body = context.post_empty(&url, &headers).await?;
            let body: Value = serde_json::from_slice(&body).map_err(Error::auth)?;
            Ok(body["jwt"].as_str().unwrap_or_default().into())
        })
    }
}

#[tokio::test]
async fn a_source_of_ones_own_posts_nothing_with_headers() {
    let server = world("jwt", 3599).await;
    client_of(&server, Vault(format!("{}/ci/sign?role=x", server.origin())))
        .access_token()
        .await
        .unwrap();
    let requests = server.requests();
    assert_eq!(requests[0].line(), "POST /ci/sign?role=x");
    assert_headers(
        &requests[0],
        &[
            ("X-Vault-Token", Some("hunter2")),
            ("Content-Length", Some("0")),
            ("Content-Type", None),
        ],
    );
    assert_eq!(String::from_utf8_lossy(&requests[1].body), form_of(&jwt(1)));

    let server = Recorder::always(403, json!({"errors": ["hunter2 is denied"], "message": "hunter2 is denied"})).await;
    let error = client_of(&server, Vault(format!("{}/ci/sign", server.origin())))
        .access_token()
        .await
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("no access token: POST 127.0.0.1:")
            && text.contains("/ci/sign was answered with status 403: [redacted] is denied; "),
        "{text}"
    );
    let error = client_of(&server, Vault("http://example.com/?hunter2".to_owned()))
        .access_token()
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.target()),
        (ErrorKind::InvalidInput, Some("the URL http://example.com/?[redacted]"))
    );
}

const APP: &str = FakeStore::SAMPLE_APPLICATION;

/// The provider of a program with the variables of a fake.
fn of_fake(fake: &FakeStore, kind: CredentialKind) -> Credentials {
    let variables: HashMap<_, _> = fake.variables(kind).unwrap().into_iter().collect();
    Credentials::from_variables(|name| variables.get(name).cloned())
        .unwrap()
        .unwrap()
}

const FEDERATED: [CredentialKind; 4] = [
    CredentialKind::FixedAssertion,
    CredentialKind::TokenFile,
    CredentialKind::GitHubActions,
    CredentialKind::AzurePipelines,
];

#[tokio::test]
async fn a_fake_takes_each_kind_of_credentials() {
    for kind in [&FEDERATED[..], &[CredentialKind::ClientSecret]].concat() {
        let fake = FakeStore::start_with_sample().await.unwrap();
        let credentials = of_fake(&fake, kind);
        assert_eq!(credentials.kind(), kind);
        let client = StoreClient::builder(credentials).endpoint(fake.endpoint()).build().unwrap();
        let app: msstore::ApplicationId = APP.parse().unwrap();
        client.applications().get(&app).await.unwrap();
        let v2 = fake.requests_to("POST", "/v2.0/token").len();
        assert_eq!(v2, usize::from(kind != CredentialKind::ClientSecret), "{kind}");
    }
}

#[tokio::test]
async fn a_refusal_is_told_with_what_was_presented() {
    let fake = FakeStore::start_with_sample().await.unwrap();
    let client = |kind| {
        StoreClient::builder(of_fake(&fake, kind))
            .endpoint(fake.endpoint())
            .build()
            .unwrap()
    };
    fake.set_federated_credentials([(
        "https://token.actions.githubusercontent.com",
        "repo:example/other:environment:store",
    )]);
    let error = client(CredentialKind::GitHubActions)
        .access_token()
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("AADSTS700213") && error.contains("the subject does not fit"),
        "{error}"
    );
    let subject = error.split('\'').nth(1).unwrap();
    fake.set_federated_credentials([("https://token.actions.githubusercontent.com", subject)]);
    client(CredentialKind::GitHubActions).access_token().await.unwrap();

    fake.set_federated_credentials(Vec::<(String, String)>::new());
    let error = client(CredentialKind::TokenFile)
        .access_token()
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("AADSTS70025") && error.contains("has no federated credential"),
        "{error}"
    );
}

#[tokio::test]
async fn a_file_that_is_being_written_is_read_again() {
    let server = world("", 3599).await;
    let file = std::env::temp_dir().join(format!("msstore-written-{}", std::process::id()));
    for before in [None, Some(""), Some("eyJh.eyJ")] {
        match before {
            None => drop(std::fs::remove_file(&file)),
            Some(half) => std::fs::write(&file, half).unwrap(),
        }
        let client = client_of(&server, TokenFile::new(&file));
        let late = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            std::fs::write(&file, jwt(1)).unwrap();
        };
        let (token, ()) = tokio::join!(client.access_token(), late);
        token.unwrap();
    }
    std::fs::remove_file(&file).unwrap();
}

#[tokio::test]
async fn what_entra_says_to_pass_is_tried_again() {
    let fake = FakeStore::start_with_sample().await.unwrap();
    fake.fault(Fault::on("POST", "/token").first(2).aadsts(90_033));
    let provider = of_fake(&fake, CredentialKind::GitHubActions);
    fake.client_builder()
        .token_provider(provider)
        .build()
        .unwrap()
        .access_token()
        .await
        .unwrap();
    assert_eq!(fake.requests_to("POST", "/token").len(), 3);
    assert_eq!(fake.requests_to("GET", "/idtoken").len(), 1);
}

/// Writes a fresh assertion before each exchange, as others do with such a file, and counts.
#[derive(Debug)]
struct Rotated {
    fake: Arc<FakeStore>,
    file: TokenFile,
    path: PathBuf,
    count: Arc<AtomicUsize>,
}

impl AssertionSource for Rotated {
    fn assertion<'a>(&'a self, context: &'a TokenContext) -> BoxFuture<'a, Result<SecretString, Error>> {
        let new = self.path.with_extension("new");
        std::fs::write(&new, self.fake.assertion()).unwrap();
        std::fs::rename(&new, &self.path).unwrap();
        self.count.fetch_add(1, Ordering::SeqCst);
        self.file.assertion(context)
    }
}

#[tokio::test]
async fn a_run_outlives_its_tokens_and_a_file_that_is_rotated() {
    for from_file in [false, true] {
        let fake = Arc::new(FakeStore::start_with_sample().await.unwrap());
        // Assertions end long before tokens do.
        fake.set_token_life(Duration::from_secs(1200));
        let path = fake.sample_file("assertion", 1).unwrap();
        let count = Arc::new(AtomicUsize::new(0));
        let builder = fake.client_builder().rate_limit(RateLimit::off());
        let client = if from_file {
            let source = Rotated {
                fake: Arc::clone(&fake),
                file: TokenFile::new(&path),
                path,
                count: Arc::clone(&count),
            };
            let provider = ClientAssertion::new(fake.tenant_id(), fake.client_id(), source).authority(fake.authority());
            builder.token_provider(provider)
        } else {
            builder.token_provider(of_fake(&fake, CredentialKind::GitHubActions))
        };
        let client = client.build().unwrap();
        let statuses = [["PreProcessing"; 60].as_slice(), &["Certification"; 60], &["Published"]].concat();
        fake.script_statuses(APP, statuses);
        let package = fake.sample_file("PaperLantern_2.0.0.0_x64.msix", 1).unwrap();
        SamplePackage::new("2.0.0.0").write(&package).unwrap();
        let submissions = client
            .applications()
            .submissions(APP.parse::<msstore::ApplicationId>().unwrap());
        let job = submissions
            .publish()
            .package(Package::new(&package))
            .until(Milestone::Published);
        job.await.unwrap();
        assert!(fake.elapsed() > Duration::from_secs(3 * 1200), "{:?}", fake.elapsed());
        let tokens = fake.requests_to("POST", "/v2.0/token").len();
        let assertions = count.load(Ordering::SeqCst).max(fake.requests_to("GET", "/idtoken").len());
        assert!(
            tokens > 3 && assertions == tokens,
            "{assertions} assertions for {tokens} tokens"
        );
        let failed: Vec<_> = fake
            .requests()
            .into_iter()
            .filter(|request| request.status.unwrap() >= 400)
            .collect();
        assert!(failed.is_empty(), "{failed:?}");
    }
}

#[tokio::test]
async fn an_assertion_that_is_kept_is_refused_in_the_end() {
    let fake = FakeStore::start_with_sample().await.unwrap();
    fake.set_token_life(Duration::from_secs(60));
    let provider = of_fake(&fake, CredentialKind::FixedAssertion);
    let client = fake.client_builder().token_provider(provider).build().unwrap();
    client.access_token().await.unwrap();
    fake.advance(Duration::from_secs(400));
    let error = client.access_token().await.unwrap_err().to_string();
    assert!(
        error.contains("AADSTS700024") && error.contains("get a new one for each token"),
        "{error}"
    );
}

#[tokio::test]
async fn refusals_are_answered_on_request() {
    let fake = FakeStore::start_with_sample().await.unwrap();
    let client = |kind| {
        let builder = StoreClient::builder(of_fake(&fake, kind)).endpoint(fake.endpoint());
        builder.retry(RetryPolicy::off()).build().unwrap()
    };
    let faults = [
        (
            CredentialKind::ClientSecret,
            Fault::on("POST", "/token").aadsts(7_000_222),
            "has expired",
        ),
        (
            CredentialKind::GitHubActions,
            Fault::on("POST", "/token").aadsts(7_002_138),
            "capital letters",
        ),
        (
            CredentialKind::GitHubActions,
            Fault::on("GET", "/idtoken").answer(403, ""),
            "GitHub answered with status 403",
        ),
        (
            CredentialKind::AzurePipelines,
            Fault::on("POST", "/oidctoken").answer(401, ""),
            "SYSTEM_ACCESSTOKEN",
        ),
    ];
    for (kind, fault, words) in faults {
        fake.fault(fault);
        let error = client(kind).access_token().await.unwrap_err().to_string();
        assert!(error.contains(words), "{kind}: {error}");
        client(kind).access_token().await.unwrap();
    }
    let identity = json!({"code": "Unauthorized", "message": "Identity cannot be authorized."});
    fake.fault(Fault::on("GET", "/applications").always().answer(401, identity.to_string()));
    let error = client(CredentialKind::GitHubActions)
        .applications()
        .list()
        .all()
        .await
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("signed in, but Partner Center does not know this app") && text.contains("Manager role"),
        "{text}"
    );
}
