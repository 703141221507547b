//! Nothing secret is ever printed: not by an error, not by `Debug` of a public type, not by the traces and logs of a full run.
//! The secrets are the token, the client secret, an assertion and the signature of an upload link, in each of their forms.

use std::cell::RefCell;
use std::io::Write;
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use futures_util::TryStreamExt as _;
use msstore::api::{Method, Replay};
use msstore::auth::{AccessToken, BoxFuture, CredentialKind, Credentials, TokenContext, TokenProvider};
use msstore::config::RetryPolicy;
use msstore::model::UploadUrl;
use msstore::testing::{FakeStore, Fault, RecordedBody};
use msstore::{ClientSecret, Error, StoreClient};
use secrecy::{ExposeSecret as _, SecretString};
use tracing_subscriber::fmt::format::FmtSpan;

use crate::faulty::{World, chain, http, kind};
use crate::submit::submit;

const ASSERTION: &str = "eyJhbGciOiJQUzI1NiJ9.eyJzdWIiOiJhc3NlcnRlZCJ9.c2lnbmVk";
const APP: &str = FakeStore::SAMPLE_APPLICATION;

/// Secrets, by name, in all their forms.
struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    fn new() -> Self {
        Self(Vec::new())
    }

    fn add(&mut self, name: &'static str, secret: &str) {
        let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let bytes = format!("{:?}", secret.as_bytes());
        let bytes = bytes.trim_matches(['[', ']']).to_owned();
        self.0.extend([(name, secret.to_owned()), (name, encoded), (name, bytes)]);
    }

    /// The signature of a link, as it stands there and as it is sent.
    fn add_link(&mut self, link: &UploadUrl) {
        let signature = link.expose().split("sig=").nth(1).unwrap().split('&').next().unwrap();
        self.add("signature", signature);
        self.add("signature", &signature.replace('+', "%2B"));
        self.add(
            "signature",
            &url::Url::parse(link.expose())
                .unwrap()
                .query_pairs()
                .find(|pair| pair.0 == "sig")
                .unwrap()
                .1,
        );
    }

    fn found_in(&self, text: &str) -> Vec<&'static str> {
        let found = self.0.iter().filter(|(_, secret)| text.contains(secret.as_str()));
        found.map(|(name, _)| *name).collect()
    }

    #[track_caller]
    fn assert_not_in(&self, what: &str, text: &str) {
        let found = self.found_in(text);
        assert!(found.is_empty(), "{what} shows {found:?}: {text}");
    }
}

/// A world with a draft, and its secrets.
async fn world(faults: impl IntoIterator<Item = Fault>) -> (World, Secrets) {
    let world = World::new(|builder| builder.retry(RetryPolicy::off())).await;
    let mut secrets = Secrets::new();
    secrets.add("client secret", world.fake.client_secret());
    let token = world.client.access_token().await.unwrap();
    secrets.add("token", token.secret().expose_secret());
    world.fake.seed_draft(APP);
    let draft = world.app_submissions().get(world.submission(APP)).await.unwrap();
    secrets.add_link(&draft.file_upload_url);
    faults.into_iter().for_each(|fault| world.fake.fault(fault));
    (world, secrets)
}

/// A text that repeats all of them in the forms in which services echo requests.
fn echo(world: &World, secrets: &Secrets) -> String {
    let link = world.fake.pending_submission(APP).unwrap()["fileUploadUrl"]
        .as_str()
        .unwrap()
        .to_owned();
    let token = &secrets.0.iter().find(|(name, _)| *name == "token").unwrap().1;
    format!(
        "You sent Authorization: Bearer {token} ({token}), client_secret={}, link {link}",
        world.fake.client_secret()
    )
}

/// A refusal in each shape that says this.
fn shapes(text: &str) -> [String; 5] {
    [
        text.to_owned(),
        serde_json::json!({ "code": text, "message": text, "target": text, "source": "Ingestion Api" }).to_string(),
        serde_json::json!({ "innererror": { "code": text, "message": text }, "activityId": text }).to_string(),
        format!("<html><title>{text}</title></html>"),
        format!("<Error><Code>{text}</Code><Message>{text}</Message></Error>"),
    ]
}

fn all_of(error: &Error) -> String {
    let api = format!("{:?} {:?}", error.body(), error.message());
    format!(
        "{} {error:?} {error:#?} {:?} {:?} {api}",
        chain(error),
        error.code(),
        error.call()
    )
}

#[test]
fn the_search_finds_what_is_planted() {
    let mut secrets = Secrets::new();
    secrets.add("token", "a+b/c=");
    secrets.add_link(&UploadUrl::new("https://h/b?sv=1&sig=x+y%3D&se=2"));
    for planted in [
        "..a+b/c=..",
        "?token=a%2Bb%2Fc%3D&",
        "[1, 97, 43, 98, 47, 99, 61, 2]",
        "sig=x+y%3D",
        "sig=x%2By%3D",
    ] {
        assert!(!secrets.found_in(planted).is_empty(), "{planted}");
    }
    assert!(secrets.found_in("nothing of it").is_empty());
}

#[tokio::test]
async fn no_error_shows_a_secret() {
    let mut seen = Vec::new();
    let mut check = |secrets: &Secrets, error: Error| {
        secrets.assert_not_in(&kind(&error), &all_of(&error));
        let debug = format!("{:?}", error.kind());
        seen.push(debug.split('(').next().unwrap().to_owned());
    };

    // Refusals that repeat the request, in each shape.
    let (w, secrets) = world([]).await;
    let text = echo(&w, &secrets);
    let bodies = shapes(&text);
    for body in &bodies {
        w.fake.fault(Fault::on("GET", "/applications/*").answer(400, body.clone()));
        check(&secrets, w.client.applications().get(&w.app).await.unwrap_err());
    }

    // Ids that repeat it, short and long.
    let token = &secrets.0.iter().find(|(name, _)| *name == "token").unwrap().1;
    for id in [token, &format!("of {token}"), &text] {
        let fault = Fault::on("GET", "/applications/*").answer(400, "");
        w.fake.fault(fault.header("MS-CorrelationId", id).header("MS-RequestId", id));
        check(&secrets, w.client.applications().get(&w.app).await.unwrap_err());
    }

    // Answers that are not what they should be, with secrets where something else is expected.
    let page = format!("<html>{text}</html>");
    w.fake.fault(Fault::on("GET", "/submissions/*").answer(200, page));
    check(&secrets, w.app_submissions().get(w.submission(APP)).await.unwrap_err());
    let echoed = text.clone();
    w.fake
        .fault(Fault::on("GET", "/submissions/*").edit_answer(move |draft| draft["listings"] = echoed.as_str().into()));
    check(&secrets, w.app_submissions().get(w.submission(APP)).await.unwrap_err());

    // No answer, to a request whose query and body hold secrets.
    w.fake.fault(Fault::on("PUT", "").reset());
    let path = format!("applications/{}?sig={}", w.app, secrets.0[0].1);
    let lost = w.client.request(Method::PUT, &path, Replay::Once).body(text.clone()).await;
    check(&secrets, lost.unwrap_err());
    // A link that leads elsewhere.
    let elsewhere = format!("https://elsewhere/?sig={}", secrets.0[0].1);
    check(
        &secrets,
        w.client.request(Method::GET, elsewhere, Replay::Safe).await.unwrap_err(),
    );

    // A submission that fails for reasons which repeat the link, and one whose status cannot be read.
    let text = format!(
        "link {}",
        w.fake.pending_submission(APP).unwrap()["fileUploadUrl"].as_str().unwrap()
    );
    let report = serde_json::json!({
        "status": "CommitFailed",
        "statusDetails": {
            "errors": [{ "code": "InvalidArchive", "details": text }],
            "warnings": [{ "code": "Other", "details": text }],
            "certificationReports": [{ "date": "", "reportUrl": text }],
        },
    });
    w.fake.script_statuses(APP, [report]);
    let draft = w.submission(APP);
    check(&secrets, w.app_submissions().commit_and_wait(&draft).await.unwrap_err());
    w.fake
        .fault(Fault::on("GET", "/status").always().answer(503, bodies[1].clone()));
    check(
        &secrets,
        w.app_submissions()
            .watch(&draft)
            .timeout(Duration::from_secs(60))
            .await
            .unwrap_err(),
    );

    // A draft that is left behind.
    let (w, secrets) = world([]).await;
    let body = shapes(&echo(&w, &secrets))[1].clone();
    w.app_submissions().ensure_deleted(w.submission(APP)).await.unwrap();
    w.fake.fault(Fault::on("GET", "/submissions/*").answer(400, body));
    check(&secrets, w.app_submissions().ensure_created().await.unwrap_err());

    // The blob store repeats the link, and an expired or broken link is refused.
    let (w, secrets) = world([]).await;
    let link = UploadUrl::new(w.fake.pending_submission(APP).unwrap()["fileUploadUrl"].as_str().unwrap());
    // It never gets the token, so it cannot repeat that.
    for body in &shapes(&format!("You sent {}", link.expose())) {
        for status in [400, 403, 503] {
            w.fake
                .fault(Fault::on("PUT", "/blob/ingestion/*").first(9).answer(status, body.clone()));
            check(&secrets, w.client.upload(&link, b"zip".to_vec()).await.unwrap_err());
            w.fake.clear_faults();
        }
    }
    w.fake.advance(Duration::from_secs(25 * 3600));
    check(&secrets, w.client.upload(&link, b"zip".to_vec()).await.unwrap_err());
    let elsewhere = UploadUrl::new(link.expose().replacen("http://127.0.0.1", "http://elsewhere", 1));
    check(&secrets, w.client.upload(elsewhere, b"zip".to_vec()).await.unwrap_err());

    // A draft that stops a publication, and an edit that fails.
    let (w, secrets) = world([]).await;
    check(&secrets, w.app_submissions().publish().await.unwrap_err());
    let publish = w.app_submissions().publish().pending(msstore::publish::PendingPolicy::Reuse);
    check(&secrets, publish.edit(|_| Err("no".into())).await.unwrap_err());

    // A guard, and a document that belongs elsewhere.
    let (w, secrets) = world([]).await;
    let mut draft = w.app_submissions().get(w.submission(APP)).await.unwrap();
    let other = w
        .client
        .applications()
        .submissions("9OTHER".parse::<msstore::ApplicationId>().unwrap());
    check(&secrets, other.update(&draft).await.unwrap_err());
    draft.set("/pricing/priceId", "Base".into()).unwrap();
    check(&secrets, w.app_submissions().update(&draft).await.unwrap_err());

    // The token endpoint repeats the form, fails, and a provider hands out what is no token.
    let posted = format!("client_secret={0} ({0})", w.fake.client_secret());
    for body in &shapes(&posted) {
        let w = World::new(|builder| builder.retry(RetryPolicy::off())).await;
        w.fake.fault(Fault::on("POST", "/oauth2/token").answer(401, body.clone()));
        check(&secrets, w.client.access_token().await.unwrap_err());
        w.fake.fault(Fault::on("POST", "/oauth2/token").answer(200, body.clone()));
        check(&secrets, w.client.access_token().await.unwrap_err());
    }
    let w = World::new(|builder| builder.retry(RetryPolicy::off())).await;
    w.fake.fault(Fault::on("POST", "/oauth2/token").reset());
    check(&secrets, w.client.access_token().await.unwrap_err());
    let mut secrets = secrets;
    secrets.add("assertion", ASSERTION);
    let asserting = || {
        StoreClient::builder(Asserting(w.fake.authority()))
            .endpoint(w.fake.endpoint())
            .http_client_builder(http())
    };
    let echoed = serde_json::json!({ "error": "invalid_client", "error_description": format!("client_assertion={ASSERTION} ({ASSERTION})") });
    w.fake
        .fault(Fault::on("POST", "/oauth2/token").answer(400, echoed.to_string()));
    let client = asserting().build().unwrap();
    secrets.assert_not_in("the builder", &format!("{:?} {client:?}", asserting()));
    check(&secrets, client.access_token().await.unwrap_err());
    let broken = StoreClient::builder(Broken)
        .endpoint(w.fake.endpoint())
        .http_client_builder(http())
        .build()
        .unwrap();
    check(&secrets, broken.applications().get(&w.app).await.unwrap_err());

    seen.sort_unstable();
    seen.dedup();
    let variants = [
        "Api",
        "Auth",
        "Decode",
        "Edit",
        "Guard",
        "InvalidInput",
        "Pending",
        "SubmissionFailed",
        "Transport",
        "Upload",
        "WaitTimedOut",
    ];
    assert_eq!(seen, variants);
}

/// Asks for a token with an assertion.
#[derive(Debug)]
struct Asserting(String);

impl TokenProvider for Asserting {
    fn token<'a>(&'a self, context: &'a TokenContext) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async move {
            let url = url::Url::parse(&format!("{}/tenant/oauth2/token", self.0)).map_err(Error::auth)?;
            let form = [("client_assertion", SecretString::from(ASSERTION))];
            context.post_form(&url, &form).await?;
            Err(Error::auth("no token"))
        })
    }
}

/// Asks for a token with these fields.
#[derive(Debug)]
struct Posting(String, Vec<(&'static str, &'static str)>);

impl TokenProvider for Posting {
    fn token<'a>(&'a self, context: &'a TokenContext) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async move {
            let url = url::Url::parse(&format!("{}/tenant/oauth2/token", self.0)).map_err(Error::auth)?;
            let form: Vec<_> = self
                .1
                .iter()
                .map(|(name, value)| (*name, SecretString::from(*value)))
                .collect();
            context.post_form(&url, &form).await?;
            Err(Error::auth("no token"))
        })
    }
}

/// A form that comes back as it was sent, or as another program would have encoded it, whole or cut.
#[tokio::test]
async fn no_echo_of_a_form_shows_a_secret_field() {
    let fields = vec![
        ("grant_type", "password"),
        ("client_id", "a-client"),
        ("username", "Z&"),
        ("password", "p@ss w/rd+é\"\\"),
        ("refresh_token", "r3fr/sh=="),
        ("pin", "§7"),
    ];
    let encoded = |value: &str, lower: bool| -> String {
        let byte = |byte: &u8| match lower {
            true => format!("%{byte:02x}"),
            false => format!("%{byte:02X}"),
        };
        let keeps = |byte: &u8| byte.is_ascii_alphanumeric();
        let bytes = value.as_bytes().iter();
        bytes
            .map(|b| if keeps(b) { char::from(*b).to_string() } else { byte(b) })
            .collect()
    };
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&fields)
        .finish();
    let mut echoes = vec![form.clone(), form.to_lowercase()];
    for lower in [false, true] {
        let pairs = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value, lower)));
        echoes.push(pairs.collect::<Vec<_>>().join("&"));
    }
    let mut secrets = Secrets::new();
    for (name, value) in fields.iter().filter(|(name, _)| !matches!(*name, "grant_type" | "client_id")) {
        secrets.add(name, value);
        for lower in [false, true] {
            secrets.0.push((name, format!("={}", encoded(value, lower))));
        }
    }
    // Of a secret that is cut, a half must not show.
    secrets
        .0
        .extend([("password", "p%40ss".to_owned()), ("password", "p@ss".to_owned())]);
    let w = World::new(|builder| builder.retry(RetryPolicy::off())).await;
    let client = StoreClient::builder(Posting(w.fake.authority(), fields))
        .endpoint(w.fake.endpoint())
        .http_client_builder(http())
        .build()
        .unwrap();
    for echo in &echoes {
        let long = format!("{}{}", "-".repeat(64 * 1024 - echo.find("password=").unwrap() - 16), echo);
        for body in shapes(echo).into_iter().chain([long]) {
            w.fake.fault(Fault::on("POST", "/oauth2/token").answer(400, body));
            let error = client.access_token().await.unwrap_err();
            secrets.assert_not_in("the error", &all_of(&error));
            assert!(
                error.to_string().contains("400") || format!("{error:?}").contains("400"),
                "{error}"
            );
        }
    }
}

/// What a program keeps of a run, as it writes it into a file or a log.
#[tokio::test]
async fn no_json_of_a_report_shows_a_signature() {
    let (w, mut secrets) = world([]).await;
    let link = w.fake.pending_submission(APP).unwrap()["fileUploadUrl"]
        .as_str()
        .unwrap()
        .to_owned();
    let other = "https://partner.example/report?sv=1&sig=abc%2Bdef%3D&sp=r";
    secrets.add_link(&UploadUrl::new(other));
    let details = |status: &str| {
        serde_json::json!({
            "status": status,
            "statusDetails": {
                "errors": [],
                "warnings": [{ "code": "Other", "details": format!("see {link}, and more") }],
                "certificationReports": [{ "date": "2026-02-10T07:00:00Z", "reportUrl": other }],
            },
        })
    };
    w.fake.script_statuses(APP, [details("CommitStarted"), details("Published")]);
    let publish = w.app_submissions().publish().pending(msstore::publish::PendingPolicy::Reuse);
    let publish = publish.edit(|draft| {
        draft.notes_for_certification = "New.".to_owned();
        Ok(())
    });
    let report = publish.until(msstore::api::Milestone::Published).await.unwrap();
    let json = serde_json::to_string(&report).unwrap();
    secrets.assert_not_in("the report", &json);
    for kept in ["https://partner.example/report?sv=1&sig=[redacted]&sp=r", ", and more"] {
        assert!(json.contains(kept), "{kept}: {json}");
    }
    let status = w.app_submissions().status(&report.submission).await.unwrap();
    secrets.assert_not_in("the status", &serde_json::to_string(&*status).unwrap());
    let certification = &report.certification_reports[0];
    assert_eq!(certification.report_url, other);
    secrets.assert_not_in("a certification report", &format!("{certification} {certification:?}"));
}

/// Hands out a token that no header can hold.
#[derive(Debug)]
struct Broken;

impl TokenProvider for Broken {
    fn token<'a>(&'a self, _: &'a TokenContext) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async { Ok(AccessToken::new(format!("{ASSERTION}\n"), Duration::from_secs(60))) })
    }
}

#[tokio::test]
async fn no_debug_of_a_public_type_shows_a_secret() {
    let (w, secrets) = world([]).await;
    let client = &w.client;
    let submissions = w.app_submissions();
    let id = w.submission(APP);
    let mut draft = submissions.get(&id).await.unwrap();
    let link = draft.file_upload_url.clone();
    let other_link = UploadUrl::new(link.expose().replace("/blob/", "/other/"));
    draft.file_upload_url = other_link.clone();
    let body = draft.body().unwrap();
    let changes = draft.changes().unwrap();
    assert_eq!(changes.len(), 1);
    let raw_get = client.request(Method::GET, format!("applications/{APP}/submissions/{id}"), Replay::Safe);
    let raw_put = client.request(Method::PUT, format!("x?sig={}", link.expose()), Replay::Once);
    let raw_put = raw_put.query("sig", link.expose()).json(&body);
    let secret = ClientSecret::new("tenant", "client", w.fake.client_secret());
    let raw_answer = client
        .request(Method::GET, format!("applications/{APP}/submissions/{id}"), Replay::Safe)
        .await
        .unwrap();
    let pages: Vec<_> = client.applications().list().pages().try_collect().await.unwrap();
    let report = submissions.commit_and_wait(&id).await.unwrap();
    let shown: Vec<(&str, String)> = vec![
        ("StoreClient", format!("{client:?} {client:#?}")),
        ("StoreClientBuilder", format!("{:?}", StoreClient::builder(secret.clone()))),
        ("ClientSecret", format!("{secret:?}")),
        ("AccessToken", format!("{:?}", client.access_token().await.unwrap())),
        ("Applications", format!("{:?}", client.applications())),
        ("InAppProducts", format!("{:?}", client.in_app_products())),
        ("Flights", format!("{:?}", client.flights(&w.app))),
        ("List", format!("{:?}", client.applications().list())),
        ("Pages", format!("{:?} {pages:?}", client.applications().list().pages())),
        ("Submissions", format!("{submissions:?}")),
        ("Document", format!("{draft:?} {draft:#?}")),
        ("ApplicationSubmission", format!("{:?}", *draft)),
        ("UploadUrl", format!("{link:?} {link}")),
        (
            "Change",
            format!(
                "{changes:?} {:?}",
                changes.iter().map(ToString::to_string).collect::<Vec<_>>()
            ),
        ),
        ("Wait", format!("{:?}", submissions.watch(&id))),
        ("WaitReport", format!("{report:?}")),
        ("Rollout", format!("{:?}", submissions.package_rollout(&id))),
        ("RawRequest", format!("{raw_get:?} {raw_put:?}")),
        ("Receipt", format!("{raw_answer:?} {raw_answer:#?}")),
        (
            "FakeStore",
            format!("{:?} {:?} {:?}", w.fake, w.fake.requests(), w.fake.applied()),
        ),
    ];
    for (what, text) in shown {
        secrets.assert_not_in(what, &text);
        assert!(text.len() > 5, "{what}");
    }
}

thread_local! {
    /// What the `log` crate was told on this thread; none on threads that do not listen.
    static LOGGED: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

struct Logger;

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        LOGGED.with_borrow(Option::is_some)
    }

    fn log(&self, record: &log::Record<'_>) {
        LOGGED.with_borrow_mut(|logged| {
            if let Some(logged) = logged {
                logged.push(format!("{} {}", record.target(), record.args()));
            }
        });
    }

    fn flush(&self) {}
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The whole job with a bad day in it, on this thread alone, at the most talkative level of all crates.
#[tokio::test]
async fn no_trace_of_a_full_run_shows_a_secret() {
    static LOGGER: Once = Once::new();
    LOGGER.call_once(|| {
        log::set_logger(&Logger).unwrap();
        log::set_max_level(log::LevelFilter::Trace);
    });
    let written = Written::default();
    let writer = written.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::FULL)
        .with_writer(move || writer.clone())
        .finish();
    // With a single dispatcher alive, tracing asks the thread that meets a span first, which may be another test's and have
    // none; with two it asks them all.
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::new());
    let _guard = tracing::subscriber::set_default(subscriber);
    for kind in [
        CredentialKind::ClientSecret,
        CredentialKind::GitHubActions,
        CredentialKind::AzurePipelines,
    ] {
        LOGGED.set(Some(Vec::new()));
        written.0.lock().unwrap().clear();
        full_run(kind, &written).await;
    }
}

/// The variables that hold a secret.
const SECRET_VARIABLES: [&str; 3] = [
    "MSSTORE_CLIENT_SECRET",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "SYSTEM_ACCESSTOKEN",
];

async fn full_run(kind: CredentialKind, written: &Written) {
    let mut world = World::new(|builder| builder).await;
    let variables = world.fake.variables(kind).unwrap();
    let find = |name: &str| {
        variables
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.clone())
    };
    let credentials = Credentials::from_variables(find).unwrap().unwrap();
    world.client = world.fake.client_builder().token_provider(credentials).build().unwrap();
    let ours = world.fake.seed_draft(APP);
    let token = world.client.access_token().await.unwrap();
    let echo = format!(
        "client_secret={} {}",
        world.fake.client_secret(),
        world.fake.pending_submission(APP).unwrap()
    );
    let echoed = Fault::on("GET", "/applications/*").nth(1).answer(503, echo.clone());
    world
        .fake
        .fault(echoed.header("MS-CorrelationId", format!("of {}", token.secret().expose_secret())));
    world.fake.fault(Fault::on("DELETE", "").nth(1).reset());
    world.fake.fault(Fault::on("PUT", "/submissions/*").nth(1).expire_tokens());
    world.fake.fault(Fault::on("GET", "/status").nth(1).answer(502, echo));
    let old = world.app_submissions().get(&ours).await.unwrap();
    let report = submit(&world, Some(&ours)).await.unwrap();
    let new = world.app_submissions().get(&report.id).await.unwrap();

    let mut secrets = Secrets::new();
    for (name, value) in variables.iter().filter(|(name, _)| SECRET_VARIABLES.contains(name)) {
        secrets.add(name, value);
    }
    let exchanges = world.fake.requests_to("POST", "/token");
    let forms = exchanges.iter().filter_map(|request| match &request.body {
        RecordedBody::Bytes(body) => Some(url::form_urlencoded::parse(body).into_owned().collect::<Vec<_>>()),
        _ => None,
    });
    let assertions: Vec<String> = forms
        .flatten()
        .filter(|(name, _)| name == "client_assertion")
        .map(|(_, value)| value)
        .collect();
    assert_eq!(assertions.is_empty(), kind == CredentialKind::ClientSecret);
    for assertion in &assertions {
        secrets.add("assertion", assertion);
    }
    secrets.add("token", token.secret().expose_secret());
    secrets.add("token", world.client.access_token().await.unwrap().secret().expose_secret());
    secrets.add_link(&old.file_upload_url);
    secrets.add_link(&new.file_upload_url);
    let logged = LOGGED.take().unwrap_or_default();
    let traced = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    // It did listen: to our spans, to our events, and to the crates below.
    for part in [
        "request{",
        "applications/{applicationId}/submissions",
        "status=201",
        "sending again",
    ] {
        assert!(traced.contains(part), "{part}: {traced}");
    }
    assert!(logged.iter().any(|line| line.starts_with("reqwest")), "{logged:?}");
    secrets.assert_not_in("a trace", &traced);
    secrets.assert_not_in("a log", &logged.join("\n"));
}
