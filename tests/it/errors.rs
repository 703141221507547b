//! What errors say: for each answer of the service that is known, what happened, what to do, the service's code and target,
//! the ids that support asks for, whether trying again can help, and where to look. Whatever the body, the status survives.

use msstore::config::RetryPolicy;
use msstore::model::UploadUrl;
use msstore::testing::{CutEnd, Fault};
use msstore::{ErrorKind, Outcome, Result};

use crate::faulty::{World, chain};
use crate::support::Recorder;

const CORRELATION: &str = "7d3c1a52-90be-4f0e-8a61-2b5c9e4f7a10";
const ACTIVITY: &str = "c0ffee00-1111-4222-8333-944445555666";

struct Row {
    /// What is called.
    call: &'static str,
    status: u16,
    /// A body, or code, target and message of the service's own, with `|` between them.
    body: &'static str,
    code: Option<&'static str>,
    target: Option<&'static str>,
    retryable: bool,
    outcome: Outcome,
    /// What the sentence says: what happened, and what to do.
    says: &'static [&'static str],
}

#[rustfmt::skip]
fn rows() -> Vec<Row> {
    use Outcome::{MaybeApplied, NotApplied};
    let row = |call, status, body, code, target, retryable, outcome, says| Row { call, status, body, code, target, retryable, outcome, says };
    let (value, state) = (Some("InvalidParameterValue"), Some("InvalidState"));
    vec![
        row("update", 400, "InvalidParameterValue|packages|Please keep all file entries for existing packages. The following packages are missing in your update: 2000000000012345678",
            value, Some("packages"), false, NotApplied, &["2000000000012345678", "with its id and fileStatus Uploaded, or PendingDelete"]),
        row("update", 400, "InvalidParameterValue|pricing|'Base' is not a valid PriceId for base price.",
            value, Some("pricing"), false, NotApplied, &["set a price tier"]),
        row("update", 400, "InvalidParameterValue|pricing|You must select a valid base price",
            value, Some("pricing"), false, NotApplied, &["set a price tier"]),
        row("update", 400, "InvalidParameterValue|appListings|The size of AppListings must be 1 or more",
            value, Some("appListings"), false, NotApplied, &["at least one listing"]),
        row("update add-on", 400, "InvalidParameterValue|listings|The size of Listings must be 1 or more",
            value, Some("listings"), false, NotApplied, &["at least one listing"]),
        row("update", 400, "InvalidParameterValue|keywords|The size of KeywordsTotalCount must be 21 or less",
            value, Some("keywords"), false, NotApplied, &["at most 21 separate words"]),
        row("update", 400, "InvalidOperation|applicationSubmission|Ingestion API can only update, delete, and commit submissions that are created through the API.",
            Some("InvalidOperation"), Some("applicationSubmission"), false, NotApplied, &["delete it there and create one with the API"]),
        row("commit", 400, r#"{"message":"Only JSON content is accepted","source":"Ingestion Api","target":"mediaType"}"#,
            None, Some("mediaType"), false, NotApplied, &["Only JSON content is accepted", "Content-Type: application/json"]),
        row("get app", 401, r#"{ "statusCode": 401, "message": "APIM: Unauthorized. Access token is missing or invalid." }"#,
            None, None, false, NotApplied, &["Access token is missing or invalid", "Manager role"]),
        row("get app", 401, r#"{"code":"Unauthorized","message":"Identity cannot be authorized. CorrelationId: 0a1b2c3d-0000-4000-8000-0123456789ab"}"#,
            Some("Unauthorized"), None, false, NotApplied, &["0a1b2c3d-0000-4000-8000-0123456789ab", "Manager role"]),
        row("get app", 401, r#"{"code":"Unauthorized","message":"Authorization: Account is not allowed to access this api"}"#,
            Some("Unauthorized"), None, false, NotApplied, &["belongs to that account", "Manager role"]),
        row("get app", 403, "", None, None, false, NotApplied, &["status 403 and no body", "check the id", "Manager role"]),
        row("get", 404, "ResourceNotFound|submissionId|Submission not found",
            Some("ResourceNotFound"), Some("submissionId"), false, NotApplied, &["Submission not found", "belongs to this account"]),
        row("get", 404, "", None, None, false, NotApplied, &["status 404 and no body", "may not be visible yet"]),
        row("create", 409, "InvalidState|submission|Create submission failed, status code Conflict, reason phrase Conflict",
            state, Some("submission"), false, NotApplied, &["a pending submission or a rollout in progress holds the only slot", "finish, delete, finalize or halt"]),
        row("delete", 409, "InvalidState|submissionId|Submission in its current state cannot be deleted",
            state, Some("submissionId"), false, NotApplied, &["wait until it fails or is published, or cancel it in Partner Center"]),
        row("update", 409, "InvalidState|submission|The submission cannot be changed now",
            state, Some("submission"), false, NotApplied, &["committed already", "look at its status"]),
        row("commit", 409, "InvalidState|submissionId|The submission cannot be committed now",
            state, Some("submissionId"), false, NotApplied, &["committed already", "look at its status"]),
        row("get app", 409, "InvalidState|application|This application uses features that are not supported by the submission API",
            state, Some("application"), false, NotApplied, &["does not support", "submit it in Partner Center"]),
        row("halt", 409, "InvalidState|packageRollout|The rollout is not in progress",
            state, Some("packageRollout"), false, NotApplied, &["only while the submission is published and its rollout is in progress"]),
        row("get app", 429, r#"{ "statusCode": 429, "message": "Rate limit is exceeded. Try again in 500 seconds." }"#,
            None, None, true, NotApplied, &["20 requests a minute"]),
        row("get app", 500, r#"{"code":"InternalServerError","innererror":{"code":"UnknownInternalFailure","message":"x"},"message":"An internal server error occurred.","source":"Ingestion Api","activityId":"c0ffee00-1111-4222-8333-944445555666"}"#,
            Some("InternalServerError"), None, true, NotApplied, &["UnknownInternalFailure", "a Store ID and not a package name", "activity id c0ffee00"]),
        row("create", 500, "InternalServerError||An internal server error occurred.",
            Some("InternalServerError"), None, true, MaybeApplied, &["may have been created: read the parent"]),
        row("create", 503, "InvalidOperation||This operation cannot be completed at this time. Retry your operation using exponential backoff.",
            Some("InvalidOperation"), None, true, MaybeApplied, &["may have been created: read the parent"]),
        row("get app", 503, "InvalidOperation||Account service is experiencing issue",
            Some("InvalidOperation"), None, true, NotApplied, &["Manager role"]),
        row("get app", 502, "<html><head><title>502 Bad Gateway</title></head><body></body></html>",
            None, None, true, NotApplied, &["502 Bad Gateway", "try again later"]),
        row("commit", 504, "", None, None, true, MaybeApplied, &["status 504 and no body", "may have been done all the same"]),
        row("get", 504, "<html><body>no title</body></html>", None, None, true, NotApplied, &["a page for browsers", "try again later"]),
        row("get app", 408, "", None, None, true, NotApplied, &["gave up waiting"]),
        row("create", 411, "<html><head><title>Length Required</title></head></html>", None, None, false, NotApplied, &["Content-Length"]),
        row("get app", 302, "", None, None, false, NotApplied, &["redirects are not followed"]),
    ]
}

/// The service's own shape, from `code|target|message`.
fn body(short: &str) -> String {
    let [code, target, message] = short.split('|').collect::<Vec<_>>()[..] else {
        return short.to_owned();
    };
    let mut body = serde_json::json!({ "code": code, "data": [], "details": [], "message": message, "source": "Ingestion Api" });
    if !target.is_empty() {
        body["target"] = target.into();
    }
    body.to_string()
}

async fn world() -> World {
    let world = World::new(|builder| builder.retry(RetryPolicy::off())).await;
    // Of two faults the first acts: this one lets tokens be.
    world.fake.fault(Fault::on("POST", "/oauth2/token").always());
    world
}

async fn call(world: &World, call: &str) -> Result<()> {
    let submissions = world.app_submissions();
    let id = || world.submission(world.app.as_str());
    match call {
        "get app" => world.client.applications().get(&world.app).await.map(drop),
        "create" => submissions.create().await.map(drop),
        "get" => submissions.get(id()).await.map(drop),
        "update" => submissions.update(&submissions.get(id()).await?).await.map(drop),
        "update add-on" => {
            let submissions = world.add_on_submissions();
            submissions
                .update(&submissions.get(world.submission(world.add_on.as_str())).await?)
                .await
                .map(drop)
        }
        "delete" => submissions.delete(id()).await.map(drop),
        "commit" => submissions.commit(id()).await.map(drop),
        "halt" => submissions.package_rollout(id()).halt().await.map(drop),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn each_known_answer_says_what_happened_and_what_to_do() {
    for row in rows() {
        let world = world().await;
        // An update reads before it writes.
        let method = if row.call.starts_with("update") { "PUT" } else { "*" };
        let answer = Fault::on(method, "").always().answer(row.status, body(row.body));
        world.fake.fault(answer.header("MS-CorrelationId", CORRELATION));
        let error = call(&world, row.call).await.unwrap_err();
        let text = chain(&error);
        let what = format!("{} {} {}: {text}", row.call, row.status, row.body);
        assert_eq!(error.status(), Some(row.status), "{what}");
        assert_eq!((error.code(), error.target()), (row.code, row.target), "{what}");
        assert_eq!(error.correlation_id(), Some(CORRELATION), "{what}");
        assert_eq!(
            (error.is_retryable(), error.outcome()),
            (row.retryable, row.outcome),
            "{what}"
        );
        assert_eq!(error.activity_id(), row.body.contains(ACTIVITY).then_some(ACTIVITY), "{what}");
        for part in row.says.iter().chain(&row.code).chain(&row.target).chain(&[CORRELATION]) {
            assert!(text.contains(part), "{part}: {what}");
        }
        let parent = if row.call == "update add-on" {
            world.add_on.as_str()
        } else {
            world.app.as_str()
        };
        let page = format!(
            "https://partner.microsoft.com/dashboard/products/{parent}/submissions/{}",
            world.submission(parent)
        );
        let is_about_a_submission = !["get app", "create"].contains(&row.call);
        assert_eq!(text.contains(&page), is_about_a_submission, "{what}");
        // One sentence: no capital, no full stop, one line.
        assert!(!text.ends_with('.') && !text.contains('\n'), "{what}");
    }
}

#[tokio::test]
async fn a_wait_that_the_service_asks_for_is_told() {
    let hints = [
        (Some("500"), "", 500),
        (
            None,
            r#"{"statusCode":429,"message":"Rate limit is exceeded. Try again in 500 seconds."}"#,
            501,
        ),
    ];
    for (header, body, seconds) in hints {
        let world = world().await;
        let fault = Fault::on("*", "").always().answer(429, body);
        world.fake.fault(match header {
            Some(value) => fault.header("Retry-After", value),
            None => fault,
        });
        let error = call(&world, "get app").await.unwrap_err();
        assert_eq!(error.retry_after().map(|after| after.as_secs()), Some(seconds));
        assert!(error.is_retryable());
    }
}

#[tokio::test]
async fn what_is_no_id_is_not_kept_as_one() {
    let world = World::new(|builder| builder.retry(RetryPolicy::off()).correlation_id("ours")).await;
    for (header, kept) in [
        ("theirs".to_owned(), true),
        ("x".repeat(128), true),
        ("x".repeat(129), false),
        ("a\tb".to_owned(), false),
    ] {
        let fault = Fault::on("GET", "/applications/*").answer(400, "");
        world
            .fake
            .fault(fault.header("MS-CorrelationId", &header).header("MS-RequestId", &header));
        let error = call(&world, "get app").await.unwrap_err();
        let header = Some(header.as_str());
        assert_eq!(error.correlation_id(), if kept { header } else { Some("ours") });
        assert_eq!(error.call().unwrap().request_id.as_deref(), header.filter(|_| kept));
    }
}

#[tokio::test]
async fn the_status_survives_every_body() {
    let huge = vec![b'x'; 10 << 20];
    let huge_json = format!(r#"{{"code":"X","message":"{}"}}"#, "y".repeat(10 << 20));
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        ("empty", Vec::new()),
        ("blank", b" \r\n ".to_vec()),
        ("a page", b"<!DOCTYPE html><html></html>".to_vec()),
        ("truncated", br#"{"code":"InvalidSta"#.to_vec()),
        ("no object", b"[1,2]".to_vec()),
        ("null", b"null".to_vec()),
        (
            "other types",
            br#"{"code":7,"message":{},"target":[],"innererror":"x"}"#.to_vec(),
        ),
        ("not UTF-8", b"\xff\xfe\x00{\"code\":\"\xc3\x28\"}".to_vec()),
        ("with a mark", b"\xef\xbb\xbf{\"code\":\"Marked\"}".to_vec()),
        (
            "XML",
            b"<?xml version=\"1.0\"?><Error><Code>AuthenticationFailed</Code></Error>".to_vec(),
        ),
        ("10 MB", huge),
        ("10 MB of JSON", huge_json.into_bytes()),
    ];
    for (what, body) in bodies {
        for status in [400, 403, 404, 409, 418, 429, 500, 503] {
            let world = world().await;
            world.fake.fault(Fault::on("*", "").always().answer(status, body.clone()));
            let error = call(&world, "get").await.unwrap_err();
            let text = error.to_string();
            assert!(error.kind() == ErrorKind::Api, "{what}: {text}");
            assert_eq!(error.status(), Some(status), "{what}");
            assert!(
                text.contains(&format!("status {status}")) && text.len() < 2000,
                "{what}: {text}"
            );
            assert!(error.body().unwrap().len() <= 64 << 10, "{what}");
            match what {
                "with a mark" => assert_eq!(error.code(), Some("Marked")),
                "XML" => assert_eq!(error.code(), Some("AuthenticationFailed")),
                _ => {}
            }
        }
    }
}

#[tokio::test]
async fn the_status_survives_a_connection_that_ends_within_the_answer() {
    for end in [CutEnd::Close, CutEnd::Reset] {
        // A refusal of the fake itself, cut in the middle.
        let world = world().await;
        world.fake.fault(Fault::on("*", "").always().cut(end));
        let missing: msstore::SubmissionId = "1152921500000000001".parse().unwrap();
        let error = world.app_submissions().get(&missing).await.unwrap_err();
        assert!(error.is_not_found(), "{error}");
        // A success that is cut is no refusal, and its status is known too.
        let error = call(&world, "create").await.unwrap_err();
        assert_eq!((error.status(), error.outcome()), (Some(201), Outcome::Applied), "{error}");
    }
}

#[tokio::test]
async fn what_stands_before_the_blob_store_gets_no_advice_about_the_api() {
    for (status, body, advice) in [
        (
            403,
            "<html><title>Blocked</title></html>",
            "any proxy on the way to the blob store",
        ),
        (404, "", "any proxy on the way to the blob store"),
        (501, "<html></html>", "try again later"),
    ] {
        let server = Recorder::always(status, body).await;
        let link = UploadUrl::new(format!("{}/blob?sig=c2ln", server.origin()));
        let error = server.client().upload(link, b"a ZIP".to_vec()).await.unwrap_err();
        let text = chain(&error);
        assert!(text.contains(advice) && !text.contains("Manager"), "{text}");
    }
}

#[tokio::test]
async fn what_entra_says_is_passed_on_with_what_to_check() {
    let table = [
        (
            "invalid_client",
            "AADSTS7000215: Invalid client secret provided.",
            "its value is needed, not its id",
        ),
        (
            "invalid_client",
            "AADSTS7000222: The provided client secret keys are expired.",
            "make a new one",
        ),
        (
            "unauthorized_client",
            "AADSTS700016: Application was not found in the directory.",
            "check the client id",
        ),
        ("invalid_request", "AADSTS90002: Tenant not found.", "check the tenant id"),
        (
            "invalid_resource",
            "AADSTS500011: The resource principal was not found.",
            "Partner Center account",
        ),
        ("invalid_client", "something new", "the client id and the app's credential"),
    ];
    for (code, message, advice) in table {
        let world = World::new(|builder| builder).await;
        let body = serde_json::json!({ "error": code, "error_description": message, "correlation_id": CORRELATION });
        world
            .fake
            .fault(Fault::on("POST", "/oauth2/token").always().answer(401, body.to_string()));
        let error = call(&world, "create").await.unwrap_err();
        assert!(error.kind() == ErrorKind::Auth, "{error}");
        assert_eq!((error.status(), error.code()), (Some(401), Some(code)));
        assert_eq!(
            (error.correlation_id(), error.outcome()),
            (Some(CORRELATION), Outcome::NotApplied)
        );
        assert!(!error.is_retryable());
        let text = error.to_string();
        assert!(
            text.contains(message.trim_end_matches('.')) && text.contains(advice),
            "{text}"
        );
        assert!(world.fake.applied().is_empty());
    }
}

#[tokio::test]
async fn a_2xx_that_cannot_be_understood_says_where_and_quotes_nothing() {
    let world = world().await;
    world
        .fake
        .fault(Fault::on("GET", "/submissions/*").edit_answer(|draft| draft["listings"] = "t0ps3cret".into()));
    let error = call(&world, "get").await.unwrap_err();
    let text = format!("{} {error:?}", chain(&error));
    assert!(
        error.kind() == ErrorKind::Decode && error.target() == Some("listings"),
        "{text}"
    );
    assert_eq!((error.status(), error.outcome()), (Some(200), Outcome::NotApplied));
    assert!(!text.contains("t0ps3cret") && !error.is_retryable(), "{text}");
}
