//! The escape hatch: the same token, headers, repeats and errors for what the crate does not know.

use msstore::Outcome;
use msstore::api::{Method, Replay};
use serde_json::json;

use crate::support::{Answer, Recorder, TOKEN};

#[tokio::test]
async fn what_is_asked_is_sent() {
    let answer = Answer::new(202, "not JSON at all")
        .header("MS-CorrelationId", "theirs")
        .header("MS-RequestId", "request-7");
    let server = Recorder::start(move |_| answer.clone()).await;
    let client = server.client();
    let request = |method, path: &str| client.request(method, path, Replay::Safe);
    let table = [
        (request(Method::GET, "applications/9N/new"), "GET applications/9N/new", None),
        (request(Method::GET, "/v1.0/my/new/"), "GET new/", None),
        (
            request(Method::GET, "new?a=1").query("x y", "ü&b"),
            "GET new?a=1&x+y=%C3%BC%26b",
            None,
        ),
        (request(Method::DELETE, "new").query("a", ""), "DELETE new?a=", None),
        (request(Method::POST, "new"), "POST new", Some("")),
        (
            request(Method::POST, "new").json(&json!({"a": 1.0})),
            "POST new",
            Some(r#"{"a":1.0}"#),
        ),
        (request(Method::PUT, "new").body("[ ]"), "PUT new", Some("[ ]")),
    ];
    for (request, line, body) in table {
        let receipt = request.await.unwrap();
        assert_eq!(
            (receipt.http_status, &receipt.value[..]),
            (202, b"not JSON at all".as_slice()),
            "{line}"
        );
        assert_eq!(receipt.correlation_id.as_deref(), Some("theirs"));
        assert_eq!(receipt.request_id.as_deref(), Some("request-7"));
        let sent = server.requests().pop().unwrap();
        assert_eq!(sent.line(), line);
        assert_eq!(sent.body, body.unwrap_or_default().as_bytes(), "{line}");
        let expected = [
            ("Authorization", Some(format!("Bearer {TOKEN}"))),
            ("Content-Type", body.map(|_| "application/json".to_owned())),
            ("Content-Length", body.map(|body| body.len().to_string())),
        ];
        for (name, value) in expected {
            assert_eq!(sent.header(name), value, "{line}: {name}");
        }
        assert!(sent.header("MS-CorrelationId").is_some());
    }
}

#[tokio::test]
async fn the_caller_says_whether_it_may_be_repeated() {
    for (replay, sent) in [(Replay::Safe, 2), (Replay::Once, 1)] {
        let server = Recorder::scripted([Answer::new(503, ""), Answer::new(200, "")]).await;
        let result = server.client().request(Method::POST, "new", replay).await;
        assert_eq!(server.requests().len(), sent);
        assert_eq!(result.is_ok(), sent == 2);
    }
}

#[tokio::test]
async fn what_only_reads_changes_nothing() {
    for (method, outcome) in [
        (Method::HEAD, Outcome::NotApplied),
        (Method::OPTIONS, Outcome::NotApplied),
        (Method::POST, Outcome::MaybeApplied),
    ] {
        let server = Recorder::always(500, "").await;
        let error = server.client().request(method, "new", Replay::Once).await.unwrap_err();
        assert_eq!(error.outcome(), outcome, "{error}");
    }
}

#[tokio::test]
async fn a_refusal_is_an_error_with_its_words() {
    let body = json!({"code": "InvalidState", "message": "Not now.", "source": "Ingestion Api", "target": "thing"});
    let server = Recorder::scripted([Answer::new(409, body).header("MS-CorrelationId", "theirs")]).await;
    let error = server
        .client()
        .request(Method::PUT, "new/thing", Replay::Safe)
        .await
        .unwrap_err();
    assert!(error.is_conflict());
    assert_eq!((error.code(), error.correlation_id()), (Some("InvalidState"), Some("theirs")));
    let text = error.to_string();
    let expected = "PUT new/thing was answered with status 409, InvalidState at thing: Not now";
    assert!(text.starts_with(expected), "{text}");
}

#[tokio::test]
async fn debug_shows_no_query_and_no_body() {
    let client = Recorder::always(200, "").await.client();
    let request = client
        .request(Method::PUT, "new?sig=s3cr3t", Replay::Safe)
        .query("sig", "s3cr3t")
        .json(&json!({"fileUploadUrl": "https://h/b?sig=s3cr3t"}));
    let shown = format!("{request:?}");
    assert!(shown.contains("new") && !shown.contains("s3cr3t"), "{shown}");
}
