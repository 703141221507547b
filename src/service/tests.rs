use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::error::{ErrorBody, ErrorKind, Outcome, TransportKind};
use crate::http::BoxFuture;
use crate::http::request::Path;
use crate::service::dialect::SUBMISSIONS;
use crate::service::provider::TokenContext;

/// Gives a token that says what it is for.
#[derive(Debug, Default)]
struct Named {
    asked: Mutex<Vec<String>>,
}

impl TokenProvider for Named {
    fn token<'a>(&'a self, context: &'a TokenContext) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async {
            self.asked.lock().unwrap().push(context.scope().to_owned());
            Ok(AccessToken::new(
                format!("for-{}", context.scope()),
                Duration::from_secs(3600),
            ))
        })
    }
}

fn http(clock: &Clock) -> Http {
    Http::new(reqwest::Client::builder(), false, Settings::default(), clock.clone()).unwrap()
}

fn api(endpoint: &str, scope: &'static str, dialect: &'static Dialect, rate_limit: RateLimit) -> Api {
    Api {
        endpoint: Url::parse(endpoint).unwrap(),
        resource: Resource { scope, v1: None },
        dialect,
        rate_limit,
        correlation_id: None,
    }
}

#[tokio::test]
async fn who_is_turned_away_by_a_pause_is_told_how_long_it_lasts() {
    let clock = Clock::jumping();
    let api = api("http://127.0.0.1:1/", "a", &SUBMISSIONS, RateLimit::default());
    let service = Service::new(http(&clock), Arc::<Named>::default(), api);
    let (now, seconds) = (clock.now(), Duration::from_secs);
    service.inner.gate.pause(seconds(100), now);
    let request = Request::get(Path::new("applications"));
    let error = service.by(now + seconds(60)).json(request).await.err().unwrap();
    let pause = error.retry_after().unwrap();
    assert!(pause > seconds(90) && pause <= seconds(100), "{pause:?}");
    assert_eq!(
        (error.kind(), error.outcome(), error.call().unwrap().attempts),
        (ErrorKind::Transport(TransportKind::DeadlineExceeded), Outcome::NotApplied, 0)
    );
    assert!(error.to_string().contains("; try again in "), "{error}");
    assert!(clock.now() - now < seconds(60), "it does not wait for nothing");
}

/// Says no with status 200 too.
static ENVELOPE: Dialect = Dialect {
    refusal: |status, body, known| {
        let envelope: Value = serde_json::from_slice(body).unwrap_or_default();
        let yes = (200..300).contains(&status) && envelope["isSuccess"] == true;
        (!yes).then(|| ErrorBody::parse(body, known))
    },
    advice: |_, _, _, _| Some("ask the other API"),
    writes: true,
};

/// A server that answers every request with this, and keeps their heads, lower-cased.
async fn server(answer: Value) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/", listener.local_addr().unwrap());
    let heads = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&heads);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                match stream.read_u8().await {
                    Ok(byte) => head.push(byte),
                    Err(_) => break,
                }
            }
            seen.lock().unwrap().push(String::from_utf8_lossy(&head).to_lowercase());
            let body = answer.to_string();
            let text = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(text.as_bytes()).await;
        }
    });
    (endpoint, heads)
}

#[tokio::test]
async fn a_second_api_is_a_value() {
    let clock = Clock::jumping();
    let (http, provider) = (http(&clock), Arc::new(Named::default()));
    let (plain_at, plain_heads) = server(json!({"isSuccess": false})).await;
    let (other_at, other_heads) = server(json!({"isSuccess": false, "code": "Busy", "message": "No."})).await;
    let one_a_minute = RateLimit::new(1, Duration::from_secs(60));
    let plain = api(&plain_at, "first", &SUBMISSIONS, RateLimit::off());
    let other = api(&other_at, "second", &ENVELOPE, one_a_minute);
    let plain = Service::new(http.clone(), provider.clone(), plain);
    let other = Service::new(http, provider.clone(), other);
    let post = || Request::post(Path::new("submit"));

    // The same answer is a yes for one and a no for the other; the no says that nothing was done.
    assert!(plain.json(post()).await.is_ok());
    let error = other.json(post()).await.err().unwrap();
    assert_eq!(
        (error.kind(), error.status(), error.code(), error.advice(), error.outcome()),
        (
            ErrorKind::Api,
            Some(200),
            Some("Busy"),
            Some("ask the other API"),
            Outcome::NotApplied
        )
    );

    // Each has its own window: the first is not held up by the second.
    let before = clock.now();
    for _ in 0..5 {
        plain.json(post()).await.unwrap();
    }
    assert!(clock.now() - before < Duration::from_secs(30));
    other.json(post()).await.err().unwrap();
    assert!(clock.now() - before >= Duration::from_secs(55));

    // Each has its own token of the one provider, and its own host.
    assert_eq!(*provider.asked.lock().unwrap(), ["first", "second"]);
    let heads = |heads: &Mutex<Vec<String>>| heads.lock().unwrap().clone();
    let (plain, other) = (heads(&plain_heads), heads(&other_heads));
    assert_eq!((plain.len(), other.len()), (6, 2));
    let all = |heads: &[String], words: &str| heads.iter().all(|head| head.contains(words));
    assert!(all(&plain, "post /submit ") && all(&plain, "authorization: bearer for-first"));
    assert!(all(&other, "authorization: bearer for-second"));
}

/// The same credentials serve both APIs: each has its own scope and its own cache.
#[tokio::test]
async fn one_provider_signs_in_to_both_apis() {
    use crate::auth::{CredentialKind, Credentials};
    use crate::testing::FakeStore;

    let packaged = Resource {
        scope: "https://manage.devcenter.microsoft.com/.default",
        v1: Some("https://manage.devcenter.microsoft.com"),
    };
    let other = Resource {
        scope: "https://api.store.microsoft.com/.default",
        v1: None,
    };
    let v1 = "/oauth2/token resource=https%3A%2F%2Fmanage.devcenter.microsoft.com";
    let v2 = "/oauth2/v2.0/token scope=https%3A%2F%2Fmanage.devcenter.microsoft.com%2F.default";
    let v2_other = "/oauth2/v2.0/token scope=https%3A%2F%2Fapi.store.microsoft.com%2F.default";
    for (kind, expected) in [
        (CredentialKind::ClientSecret, [v1, v2_other]),
        (CredentialKind::GitHubActions, [v2, v2_other]),
    ] {
        let fake = FakeStore::start_with_sample().await.unwrap();
        let variables = fake.variables(kind).unwrap();
        let find = |name: &str| {
            variables
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| value.clone())
        };
        let provider = Arc::new(Credentials::from_variables(find).unwrap().unwrap());
        let http = http(&Clock::jumping());
        let service = |resource| {
            let api = Api {
                resource,
                ..api(&fake.endpoint(), "", &SUBMISSIONS, RateLimit::off())
            };
            Service::new(http.clone(), provider.clone(), api)
        };
        let services = [service(packaged), service(other)];
        for service in services.iter().chain(&services) {
            service.access_token().await.unwrap();
        }
        let asked = fake.requests_to("POST", "/token").into_iter().map(|request| {
            let path = request.path.replace(&format!("/{}", fake.tenant_id()), "");
            let crate::testing::RecordedBody::Bytes(form) = request.body else {
                panic!("no form")
            };
            let form = String::from_utf8(form.to_vec()).unwrap();
            format!("{path} {}", form.rsplit('&').next().unwrap())
        });
        assert_eq!(asked.collect::<Vec<_>>(), expected, "{kind}");
        let assertions = fake.requests_to("GET", "/idtoken").len();
        assert_eq!(
            assertions,
            if kind == CredentialKind::GitHubActions { 2 } else { 0 },
            "{kind}"
        );
    }
}

#[test]
fn links_stay_below_the_endpoint() {
    let base = Url::parse("https://h/v1.0/my/").unwrap();
    let table = [
        (
            "applications?skip=10&top=10",
            Some("https://h/v1.0/my/applications?skip=10&top=10"),
        ),
        (
            "applications/9N/listflights/?skip=2&top=2",
            Some("https://h/v1.0/my/applications/9N/listflights/?skip=2&top=2"),
        ),
        (
            "https://h/v1.0/my/applications?skip=1",
            Some("https://h/v1.0/my/applications?skip=1"),
        ),
        ("/v1.0/my/applications", Some("https://h/v1.0/my/applications")),
        ("a/../b", Some("https://h/v1.0/my/b")),
        ("/v1.0/other", None),
        ("../other", None),
        ("a/%2e%2e/%2E%2E/%2e%2e/b", None),
        ("a/..%2f..%2fb", None),
        ("//evil/v1.0/my/applications", None),
        ("https://evil/v1.0/my/applications", None),
        ("http://h/v1.0/my/applications", None),
        ("https://h:444/v1.0/my/applications", None),
        ("https://u:p@h/v1.0/my/applications", None),
        ("\\\\evil\\x", None),
        ("/\\evil/x", None),
        ("data:text/plain,x", None),
        ("applications#x?skip=1", None),
        ("appli\ncations", None),
    ];
    for (link, expected) in table {
        assert_eq!(resolve(&base, link).ok().as_ref().map(Url::as_str), expected, "{link}");
    }
}

#[test]
fn a_guid_has_its_form() {
    let guid = new_guid();
    let lengths: Vec<usize> = guid.split('-').map(str::len).collect();
    assert_eq!(lengths, [8, 4, 4, 4, 12]);
    assert_eq!(&guid[14..15], "4");
    assert!("89ab".contains(&guid[19..20]), "{guid}");
    assert_ne!(guid, new_guid());
}
