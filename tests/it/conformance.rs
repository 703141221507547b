//! Every documented endpoint, a row each: what is asked through the public API, and what is on the wire.

use msstore::api::{HasRollout, Rollout, Submission, Submissions};
use msstore::auth::BoxFuture;
use msstore::model::{NewFlight, NewInAppProduct, ProductType};
use msstore::reqwest::Client;
use msstore::{Error, Result, StoreClient};
use serde_json::{Value, json};

use crate::support::{Answer, Recorder, TOKEN, add_on, app, call, draft, flight, submission};

const APP: &str = "applications/9TESTAPP0001";
const ADD_ON: &str = "inappproducts/9TESTADDON01";
const FLIGHT: &str = "applications/9TESTAPP0001/flights/3f1c0a52-8d7e-4b60-a1f9-6e2d5c4b3a21";
const ID: &str = "1152921505000000042";

struct Row {
    method: &'static str,
    /// Path and query below the endpoint, exactly.
    target: String,
    body: Option<Value>,
    answer: (u16, Value),
    /// What is read before, as the update needs a document.
    before: Option<Value>,
    call: Box<dyn FnOnce(StoreClient) -> BoxFuture<'static, Result<(), Error>>>,
}

impl Row {
    fn new(
        method: &'static str,
        target: impl Into<String>,
        answer: (u16, Value),
        call: impl FnOnce(StoreClient) -> BoxFuture<'static, Result<(), Error>> + 'static,
    ) -> Self {
        Self {
            method,
            target: target.into(),
            body: None,
            answer,
            before: None,
            call: Box::new(call),
        }
    }

    fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    fn before(mut self, read: Value) -> Self {
        self.before = Some(read);
        self
    }
}

/// Calls a method of a handle that is made from the client.
macro_rules! on {
    ($handle:expr, |$it:ident| $call:expr) => {
        move |client: StoreClient| {
            let $it = $handle(&client);
            call(async move { $call.await })
        }
    };
}

fn submission_rows<S: Submission>(parent: &str, handle: fn(&StoreClient) -> Submissions<S>) -> Vec<Row> {
    let all = format!("{parent}/submissions");
    let one = format!("{all}/{ID}");
    let report = json!({"status": "CommitStarted", "statusDetails": {"errors": []}});
    vec![
        Row::new("POST", &all, (201, draft()), on!(handle, |it| it.create())),
        Row::new("GET", &one, (200, draft()), on!(handle, |it| it.get(submission()))),
        Row::new(
            "PUT",
            &one,
            (200, draft()),
            on!(handle, |it| async {
                let document = it.get(submission()).await?;
                it.update(&document).await
            }),
        )
        .before(draft())
        .body(draft()),
        Row::new("DELETE", &one, (204, Value::Null), on!(handle, |it| it.delete(submission()))),
        Row::new(
            "POST",
            format!("{one}/commit"),
            (202, json!({"status": "CommitStarted"})),
            on!(handle, |it| it.commit(submission())),
        ),
        Row::new(
            "GET",
            format!("{one}/status"),
            (200, report),
            on!(handle, |it| it.status(submission())),
        ),
    ]
}

fn rollout_rows<S: HasRollout>(parent: &str, handle: fn(&StoreClient) -> Submissions<S>) -> Vec<Row> {
    let rollout = move |client: &StoreClient| -> Rollout { handle(client).package_rollout(submission()) };
    let target = |end: &str| format!("{parent}/submissions/{ID}/{end}");
    let answer = || (200, json!({"isPackageRollout": true, "packageRolloutPercentage": 25.5}));
    vec![
        Row::new("GET", target("packagerollout"), answer(), on!(rollout, |it| it.get())),
        Row::new(
            "POST",
            target("updatepackagerolloutpercentage?percentage=25.5"),
            answer(),
            on!(rollout, |it| it.set_percentage(25.5)),
        ),
        Row::new("POST", target("haltpackagerollout"), answer(), on!(rollout, |it| it.halt())),
        Row::new(
            "POST",
            target("finalizepackagerollout"),
            answer(),
            on!(rollout, |it| it.finalize()),
        ),
    ]
}

fn rows() -> Vec<Row> {
    let page = || (200, json!({"value": [], "totalCount": 0}));
    let product = || (200, json!({"id": add_on(), "productId": "coins"}));
    let a_flight = || (200, json!({"flightId": flight(), "friendlyName": "Insiders"}));
    let gone = || (204, Value::Null);
    let apps = StoreClient::applications;
    let add_ons = StoreClient::in_app_products;
    let flights = |client: &StoreClient| client.flights(app());
    let mut rows = vec![
        Row::new("GET", "applications", page(), on!(apps, |it| it.list().all())),
        Row::new("GET", APP, (200, json!({"id": app()})), on!(apps, |it| it.get(app()))),
        Row::new(
            "GET",
            format!("{APP}/listinappproducts"),
            page(),
            on!(apps, |it| it.in_app_products(app()).all()),
        ),
        Row::new(
            "GET",
            format!("{APP}/listflights"),
            page(),
            on!(flights, |it| it.list().all()),
        ),
        Row::new("GET", "inappproducts", page(), on!(add_ons, |it| it.list().all())),
        Row::new("GET", ADD_ON, product(), on!(add_ons, |it| it.get(add_on()))),
        Row::new(
            "POST",
            "inappproducts",
            product(),
            on!(add_ons, |it| it.create(NewInAppProduct::new(
                app(),
                "coins",
                ProductType::Consumable
            ))),
        )
        .body(json!({"applicationIds": [app()], "productId": "coins", "productType": "Consumable"})),
        Row::new("DELETE", ADD_ON, gone(), on!(add_ons, |it| it.delete(add_on()))),
        Row::new("GET", FLIGHT, a_flight(), on!(flights, |it| it.get(flight()))),
        Row::new(
            "POST",
            format!("{APP}/flights"),
            a_flight(),
            on!(flights, |it| it.create(
                NewFlight::new("Insiders").group_id("115").rank_higher_than("Testers")
            )),
        )
        .body(json!({"friendlyName": "Insiders", "groupIds": ["115"], "rankHigherThan": "Testers"})),
        Row::new("DELETE", FLIGHT, gone(), on!(flights, |it| it.delete(flight()))),
    ];
    rows.extend(submission_rows(APP, |client| client.applications().submissions(app())));
    rows.extend(submission_rows(ADD_ON, |client| {
        client.in_app_products().submissions(add_on())
    }));
    rows.extend(submission_rows(FLIGHT, |client| client.flights(app()).submissions(flight())));
    rows.extend(rollout_rows(APP, |client| client.applications().submissions(app())));
    rows.extend(rollout_rows(FLIGHT, |client| client.flights(app()).submissions(flight())));
    rows
}

#[tokio::test]
async fn each_endpoint_is_asked_as_documented() {
    let rows = rows();
    let mut asked: Vec<String> = rows.iter().map(|row| format!("{} {}", row.method, row.target)).collect();
    asked.sort();
    asked.dedup();
    assert_eq!(asked.len(), 37, "the documentation has 37 endpoints");

    let mut correlation_ids = Vec::new();
    for row in rows {
        let reads = row.before.map(|body| Answer::new(200, body));
        let (status, body) = &row.answer;
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let server = Recorder::scripted(reads.clone().into_iter().chain([Answer::new(*status, body)])).await;
        (row.call)(server.client()).await.unwrap();

        let mut requests = server.requests();
        let name = format!("{} {}", row.method, row.target);
        assert_eq!(requests.len(), 1 + usize::from(reads.is_some()), "{name}");
        let request = requests.pop().unwrap();
        assert_eq!(request.line(), name);
        let writes = matches!(row.method, "POST" | "PUT");
        let length = request.body.len().to_string();
        let correlation_id = request.header("MS-CorrelationId").unwrap();
        let expected = [
            ("Authorization", Some(format!("Bearer {TOKEN}"))),
            ("Accept", Some("application/json".to_owned())),
            ("Content-Type", writes.then(|| "application/json".to_owned())),
            ("Content-Length", writes.then_some(length)),
            ("Transfer-Encoding", None),
            (
                "User-Agent",
                Some(concat!("msstore-rs/", env!("CARGO_PKG_VERSION")).to_owned()),
            ),
            ("Host", Some(server.address().to_string())),
        ];
        for (header, value) in expected {
            assert_eq!(request.header(header), value, "{name}: {header}");
        }
        assert_eq!(correlation_id.len(), 36, "{name}: {correlation_id}");
        correlation_ids.push(correlation_id);
        match row.body {
            Some(body) => assert_eq!(request.json(), body, "{name}"),
            None => assert!(request.body.is_empty(), "{name}"),
        }
    }
    correlation_ids.sort();
    correlation_ids.dedup();
    assert_eq!(correlation_ids.len(), 37, "each call has a correlation id of its own");
}

#[tokio::test]
async fn a_correlation_id_and_a_user_agent_of_ones_own_are_sent() {
    let server = Recorder::always(200, json!({"id": app()})).await;
    let http = Client::builder().user_agent("pipeline/7");
    let builder = server.client_builder().correlation_id("build-4711").http_client_builder(http);
    let client = builder.build().unwrap();
    for _ in 0..2 {
        client.applications().get(app()).await.unwrap();
    }
    for request in server.requests() {
        assert_eq!(request.header("MS-CorrelationId").as_deref(), Some("build-4711"));
        assert_eq!(request.header("User-Agent").as_deref(), Some("pipeline/7"));
    }
}

#[tokio::test]
async fn paths_are_put_below_any_endpoint() {
    let server = Recorder::always(200, json!({"id": app()})).await;
    let table = [
        ("/v1.0/my/", "/v1.0/my/"),
        ("/v1.0/my", "/v1.0/my/"),
        ("", "/"),
        ("/a%20b/c", "/a%20b/c/"),
    ];
    for (path, base) in table {
        let endpoint = format!("{}{path}", server.origin());
        let client = server.client_builder().endpoint(endpoint).build().unwrap();
        client.applications().get(app()).await.unwrap();
        assert_eq!(server.requests().pop().unwrap().target, format!("{base}{APP}"));
    }
}
