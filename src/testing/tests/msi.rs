//! The API for MSI and EXE apps: its gateway, the life of a product, readiness and submissions.

use std::time::Duration;

use super::*;

pub(super) const PRODUCT: &str = FakeStore::SAMPLE_MSI_PRODUCT;
pub(super) const ONE_ACTIVE: &str = "Product already has One Active Submission In-Progress. SubmissionId: ";

/// A caller of this API, below the sample product.
pub(super) struct Caller(pub(super) Http);

impl Caller {
    pub(super) async fn sample() -> Self {
        let mut http = Http::sample().await;
        http.token = token(&http, "https%3A%2F%2Fapi.store.microsoft.com%2F.default").await;
        Self(http)
    }

    pub(super) fn fake(&self) -> &FakeStore {
        &self.0.fake
    }

    pub(super) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let url = format!("{}product/{PRODUCT}/{path}", self.fake().msi_endpoint());
        let request = self.0.client.request(Method::from_bytes(method.as_bytes()).unwrap(), url);
        let request = request.header("X-Seller-Account-Id", FakeStore::SAMPLE_SELLER);
        request.bearer_auth(&self.0.token)
    }

    pub(super) async fn send(&self, method: &str, path: &str, body: Value) -> Reply {
        let request = self.request(method, path);
        let request = match body {
            Value::Null if method == "GET" => request,
            Value::Null => request.header("Content-Length", 0),
            body => request.header("Content-Type", "application/json").body(body.to_string()),
        };
        Reply::of(request.send().await.unwrap()).await
    }

    /// Checks that a call goes well and returns its data.
    pub(super) async fn done(&self, method: &str, path: &str, body: Value) -> Value {
        let mut envelope = self.send(method, path, body).await.ok(200);
        assert_eq!(envelope["isSuccess"], true, "{envelope}");
        assert_eq!(envelope.get("errors"), None);
        envelope["responseData"].take()
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        self.done("GET", path, Value::Null).await
    }

    /// Checks a refusal, its status, code and target, and that nothing was applied, and returns its message.
    pub(super) async fn refused(&self, request: (&str, &str, Value), status: u16, code: &str, target: &str) -> String {
        let (method, path, body) = request;
        let shown = format!("{method} {path} {body}");
        let applied = self.fake().applied().len();
        let envelope = self.send(method, path, body).await.ok(status);
        let problem = &envelope["errors"][0];
        assert_eq!(
            (&envelope["isSuccess"], &problem["code"], &problem["target"]),
            (&json!(false), &json!(code), &json!(target)),
            "{shown}: {envelope}"
        );
        assert_eq!(self.fake().applied().len(), applied, "{shown}");
        text(&problem["message"]).to_owned()
    }

    /// Whether the status says that it is ready, the codes and targets of its errors, and what it says is under way.
    async fn status(&self) -> (bool, String, Value) {
        let envelope = self.send("GET", "status", Value::Null).await.ok(200);
        assert_eq!(envelope["isSuccess"], true);
        let errors = envelope["errors"].as_array().cloned().unwrap_or_default();
        let errors: Vec<_> = errors
            .iter()
            .map(|error| format!("{} {}", text(&error["code"]), text(&error["target"])))
            .collect();
        let data = &envelope["responseData"];
        let is_ready = data["isReady"].as_bool().unwrap();
        (is_ready, errors.join(", "), data["ongoingSubmissionId"].clone())
    }

    async fn submit(&self) -> String {
        let submitted = self.done("POST", "submit", Value::Null).await;
        text(&submitted["submissionId"]).to_owned()
    }

    async fn submission(&self, id: &str) -> Value {
        self.get(&format!("submission/{id}/status")).await
    }
}

async fn token(http: &Http, scope: &str) -> String {
    let form = token_form(&http.fake);
    let (form, _) = form.split_once("&resource=").unwrap();
    let url = format!("{}/{}/oauth2/v2.0/token", http.fake.authority(), http.fake.tenant_id());
    let request = http.client.post(url).body(format!("{form}&scope={scope}"));
    let request = request.header("Content-Type", "application/x-www-form-urlencoded");
    let token = Reply::of(request.send().await.unwrap()).await.ok(200);
    text(&token["access_token"]).to_owned()
}

const READY: (bool, &str) = (true, "");
const FETCHING: (bool, &str) = (false, "modulenotready packages");
const FAILED: (bool, &str) = (false, "modulenotready packages, packageuploaderror packages");

#[track_caller]
fn is(found: &(bool, String, Value), expected: (bool, &str), ongoing: impl Into<Value>) {
    assert_eq!(
        (found.0, found.1.as_str(), &found.2),
        (expected.0, expected.1, &ongoing.into())
    );
}

#[tokio::test]
async fn a_token_is_good_for_one_api() {
    let mut caller = Caller::sample().await;
    caller.get("packages").await;
    assert_eq!(caller.0.get(&app()).await.status, 401);

    caller.0.token = token(&caller.0, "https%3A%2F%2Fmanage.devcenter.microsoft.com%2F.default").await;
    caller.0.get(&app()).await.ok(200);
    let refused = caller.send("GET", "packages", Value::Null).await;
    let expected = json!({ "statusCode": 401, "message": "APIM: Unauthorized. Access token is missing or invalid." });
    assert_eq!(refused.ok(401), expected);
    caller.0.renew().await;
    assert_eq!(caller.send("GET", "packages", Value::Null).await.status, 401);

    let mut caller = Caller::sample().await;
    caller.fake().advance(Duration::from_secs(3599));
    assert_eq!(caller.send("GET", "packages", Value::Null).await.status, 401);
    caller.0.token = String::new();
    assert_eq!(caller.send("GET", "packages", Value::Null).await.status, 401);
}

#[tokio::test]
async fn the_gateway_looks_at_the_head() {
    let caller = Caller::sample().await;
    let url = format!("{}product/{PRODUCT}/packages", caller.fake().msi_endpoint());
    assert!(url.contains("/submission/v1/product/"));
    for (seller, status) in [
        (None, 401),
        (Some(""), 401),
        (Some("1"), 403),
        (Some(FakeStore::SAMPLE_SELLER), 200),
    ] {
        let mut request = caller.0.client.get(&url).bearer_auth(&caller.0.token);
        if let Some(seller) = seller {
            request = request.header("X-Seller-Account-Id", seller);
        }
        let reply = Reply::of(request.send().await.unwrap()).await;
        assert_eq!(reply.header("x-correlation-id").len(), 36);
        assert_eq!(reply.header("ms-correlationid"), "");
        let body = reply.ok(status);
        assert_eq!(
            body["statusCode"].as_u64(),
            (status != 200).then_some(status.into()),
            "{body}"
        );
    }
    let unframed = caller.request("POST", "packages/commit").send().await.unwrap();
    assert_eq!(unframed.status(), 411);
    let untyped = caller.request("PATCH", "metadata").body("{}").send().await.unwrap();
    assert_eq!(untyped.status(), 415);
    assert!(caller.fake().applied().is_empty());
}

#[tokio::test]
async fn what_is_not_there_is_answered_with_404() {
    let caller = Caller::sample().await;
    for (path, empty) in [
        ("packages/none", true),
        ("submission/1152921506000001018/status", true),
        ("metadata/none", true),
        ("../d2f0a1b2-1111-4c3d-8e5f-000000000000/packages", true),
        ("elsewhere", false),
        ("", false),
    ] {
        let reply = caller.send("GET", path, Value::Null).await;
        assert_eq!((reply.status, reply.text.is_empty()), (404, empty), "{path}");
    }
    let patched = caller.send("PATCH", "packages/none", json!({ "packageType": "msi" })).await;
    assert_eq!((patched.status, patched.text.as_str()), (404, ""));
    assert_eq!(caller.fake().msi_packages("d2f0a1b2-1111-4c3d-8e5f-000000000000"), None);
}

#[tokio::test]
async fn a_product_from_edit_to_published() {
    let caller = Caller::sample().await;
    let fake = caller.fake();
    is(&caller.status().await, READY, "");
    let id = text(&caller.get("packages").await["packages"][0]["packageId"]).to_owned();
    let url = fake.host_file("2.5.0/setup.exe", b"MZ".as_slice());
    let updated = caller
        .done("PATCH", &format!("packages/{id}"), json!({ "packageUrl": url }))
        .await;
    let polling = format!("/submission/v1/product/{PRODUCT}/status");
    assert_eq!(updated, json!({ "pollingUrl": polling, "ongoingSubmissionId": null }));
    let updated = caller.done("POST", "packages/commit", Value::Null).await;
    assert_eq!(updated["pollingUrl"], polling);

    caller
        .refused(("POST", "submit", Value::Null), 400, "modulenotready", "packages")
        .await;
    is(&caller.status().await, FETCHING, Value::Null);
    is(&caller.status().await, FETCHING, Value::Null);
    is(&caller.status().await, READY, "");
    is(&caller.status().await, READY, "");

    let notes = json!({ "listings": { "language": "en-us", "whatsNew": "New in 2.5" } });
    let updated = caller.done("PATCH", "metadata", notes).await;
    assert_eq!(updated, json!({ "pollingUrl": polling, "ongoingSubmissionId": "" }));
    let submitted = caller.done("POST", "submit", Value::Null).await;
    let submission = text(&submitted["submissionId"]).to_owned();
    assert!(submission.starts_with("1152921506") && submission.len() == 19, "{submission}");
    let expected = json!({
        "submissionId": submission,
        "pollingUrl": format!("/submission/v1/product/{PRODUCT}/submission/{submission}/status"),
        "ongoingSubmissionId": "",
    });
    assert_eq!(submitted, expected);

    is(&caller.status().await, (false, ""), submission.as_str());
    for status in ["INPROGRESS", "INPROGRESS", "PUBLISHED", "PUBLISHED"] {
        let expected = json!({ "publishingStatus": status, "hasFailed": false });
        assert_eq!(caller.submission(&submission).await, expected);
    }
    is(&caller.status().await, READY, submission.as_str());
    fake.name_ended_msi_submission(false);
    is(&caller.status().await, READY, "");

    let submissions = fake.msi_submissions(PRODUCT);
    assert_eq!(submissions.len(), 1);
    assert_eq!(submissions[0]["submissionId"], submission.as_str());
    assert_eq!(submissions[0]["publishingStatus"], "PUBLISHED");
    assert_eq!(submissions[0]["packages"][0]["packageUrl"], url);
    assert_eq!(submissions[0]["metadata"]["listings"][0]["whatsNew"], "New in 2.5");
    for (method, path) in [
        ("PATCH", "/packages/*"),
        ("POST", "/packages/commit"),
        ("PATCH", "/metadata"),
        ("POST", "/submit"),
    ] {
        assert_eq!(
            fake.applied_to(method, &format!("/product/{PRODUCT}{path}")).len(),
            1,
            "{path}"
        );
    }
    assert_eq!(fake.applied().len(), 4);
}

#[tokio::test]
async fn packages_are_submitted_as_they_were_committed() {
    let caller = Caller::sample().await;
    let packages = caller.get("packages").await;
    let id = text(&packages["packages"][0]["packageId"]);
    let change = json!({ "packageUrl": "https://example.com/new.exe" });
    caller.done("PATCH", &format!("packages/{id}"), change).await;
    caller.submit().await;
    let submissions = caller.fake().msi_submissions(PRODUCT);
    assert_eq!(submissions[0]["packages"], packages["packages"]);
}

/// Every write, with a body that would be good.
async fn writes(caller: &Caller) -> Vec<(&'static str, String, Value)> {
    let packages = caller.get("packages").await;
    let id = text(&packages["packages"][0]["packageId"]).to_owned();
    let listing = json!({ "listings": { "language": "en-us", "whatsNew": "x" } });
    let images = json!({ "language": "en-us", "storeLogos": [], "screenshots": [] });
    vec![
        ("PUT", "metadata".to_owned(), listing.clone()),
        ("PATCH", "metadata".to_owned(), listing),
        ("PATCH", format!("packages/{id}"), json!({})),
        ("PUT", "packages".to_owned(), packages),
        ("POST", "packages/commit".to_owned(), Value::Null),
        (
            "POST",
            "listings/assets/create".to_owned(),
            json!({ "language": "en-us", "createAssetRequest": { "Screenshot": 1, "Logo": 0 } }),
        ),
        ("PUT", "listings/assets/commit".to_owned(), json!({ "listingAssets": images })),
    ]
}

#[tokio::test]
async fn a_submission_locks_the_draft() {
    let caller = Caller::sample().await;
    let fake = caller.fake();
    let submission = fake.start_foreign_msi_submission(PRODUCT).to_string();
    assert_eq!(fake.start_foreign_msi_submission(PRODUCT).as_str(), submission);
    let before = (
        fake.msi_packages(PRODUCT),
        fake.msi_metadata(PRODUCT),
        fake.msi_assets(PRODUCT),
    );
    for (method, path, body) in writes(&caller).await {
        let message = caller.refused((method, &path, body), 200, "error", "submission").await;
        assert_eq!(message, format!("{ONE_ACTIVE}{submission}"));
    }
    let after = (
        fake.msi_packages(PRODUCT),
        fake.msi_metadata(PRODUCT),
        fake.msi_assets(PRODUCT),
    );
    assert_eq!(before, after);
    let refused = caller.send("POST", "submit", Value::Null).await.ok(200);
    let problem = json!({ "code": "error", "message": format!("{ONE_ACTIVE}{submission}"), "target": "submission" });
    let data = json!({
        "submissionId": null,
        "pollingUrl": format!("/submission/v1/product/{PRODUCT}/submission/{submission}/status"),
        "ongoingSubmissionId": submission,
    });
    assert_eq!(
        refused,
        json!({ "isSuccess": false, "errors": [problem], "responseData": data })
    );
    assert!(fake.applied().is_empty());

    // Reads go on, and at its end writes do.
    is(&caller.status().await, (false, ""), submission.as_str());
    while caller.submission(&submission).await["publishingStatus"] != "PUBLISHED" {}
    for (method, path, body) in writes(&caller).await {
        caller.done(method, &path, body).await;
    }
}

#[tokio::test]
async fn a_submission_ends_when_it_is_published_or_failed_for_good() {
    let retried = json!({ "publishingStatus": "FAILED", "hasFailed": false });
    for (report, ends) in [
        (json!("UNKNOWN"), false),
        (retried, false),
        (json!("INPROGRESS"), false),
        (json!("FAILED"), true),
        (json!("PUBLISHED"), true),
    ] {
        let caller = Caller::sample().await;
        caller.fake().script_msi_submission(PRODUCT, ["INPROGRESS"]);
        let id = caller.submit().await;
        // Of the one under way.
        caller.fake().script_msi_submission(PRODUCT, [report.clone()]);
        let envelope = caller
            .send("GET", &format!("submission/{id}/status"), Value::Null)
            .await
            .ok(200);
        let failed_for_good = report == "FAILED";
        assert_eq!(envelope["isSuccess"], true);
        assert_eq!(envelope["responseData"]["hasFailed"], failed_for_good, "{envelope}");
        assert_eq!(envelope.get("errors").is_some(), failed_for_good, "{envelope}");
        let is_ready = caller.status().await.0;
        assert_eq!(is_ready, ends, "{report}");
        let patched = caller.send("PATCH", "metadata", json!({})).await.ok(200);
        assert_eq!(patched["isSuccess"], ends, "{report}");
    }
}

#[tokio::test]
async fn an_upload_error_stays_until_the_next_commit() {
    let caller = Caller::sample().await;
    let fake = caller.fake();
    fake.seed_upload_error(PRODUCT);
    let envelope = caller.send("GET", "status", Value::Null).await.ok(200);
    let message = "Package Upload Status for Current Request - ProcessFailed";
    assert_eq!(envelope["errors"][1]["message"], message);
    let writes = writes(&caller).await;
    let (method, path, body) = &writes[2];
    caller.done(method, path, body.clone()).await;
    is(&caller.status().await, FAILED, Value::Null);
    caller
        .refused(("POST", "submit", Value::Null), 400, "modulenotready", "packages")
        .await;
    caller.done("POST", "packages/commit", Value::Null).await;
    for expected in [FETCHING, FETCHING, READY] {
        let found = caller.status().await;
        is(&found, expected, if found.0 { "".into() } else { Value::Null });
    }
}

#[tokio::test]
async fn readiness_goes_as_it_is_scripted() {
    let caller = Caller::sample().await;
    let fake = caller.fake();
    let module = "properties".to_owned();
    let script = [
        MsiStatus::Busy,
        MsiStatus::Incomplete(module),
        MsiStatus::Fetching,
        MsiStatus::UploadFailed,
    ];
    fake.script_msi_status(PRODUCT, script);
    is(&caller.status().await, (false, ""), "");
    // A commit leaves what is left of a script alone.
    caller.done("POST", "packages/commit", Value::Null).await;
    is(&caller.status().await, (false, "modulenotready properties"), Value::Null);
    // So does a submission under way.
    let foreign = fake.start_foreign_msi_submission(PRODUCT).to_string();
    is(&caller.status().await, (false, ""), foreign.as_str());
    while caller.submission(&foreign).await["publishingStatus"] != "PUBLISHED" {}
    fake.name_ended_msi_submission(false);
    is(&caller.status().await, FETCHING, Value::Null);
    is(&caller.status().await, FAILED, Value::Null);
    is(&caller.status().await, FAILED, Value::Null);
    caller.done("POST", "packages/commit", Value::Null).await;
    is(&caller.status().await, FETCHING, Value::Null);
    fake.script_msi_status(PRODUCT, [MsiStatus::Ready]);
    is(&caller.status().await, READY, "");
}

#[tokio::test]
async fn a_status_may_lag_behind_a_commit_and_a_submission() {
    let caller = Caller::sample().await;
    let fake = caller.fake();
    fake.seed_upload_error(PRODUCT);
    fake.lag_msi_status(true);
    caller.done("POST", "packages/commit", Value::Null).await;
    is(&caller.status().await, FAILED, Value::Null);
    is(&caller.status().await, FETCHING, Value::Null);
    is(&caller.status().await, FETCHING, Value::Null);
    is(&caller.status().await, READY, "");
    let submission = caller.submit().await;
    is(&caller.status().await, READY, "");
    is(&caller.status().await, (false, ""), submission.as_str());
}

#[tokio::test]
async fn faults_act_on_this_api_too() {
    let caller = Caller::sample().await;
    let fake = caller.fake();
    fake.fault(Fault::on("POST", "/submit").apply_then().answer(504, "<html></html>"));
    assert_eq!(caller.send("POST", "submit", Value::Null).await.status, 504);
    assert_eq!(fake.applied_to("POST", "/submit").len(), 1);
    let id = text(&fake.msi_submissions(PRODUCT)[0]["submissionId"]).to_owned();
    is(&caller.status().await, (false, ""), id.as_str());

    let caller = Caller::sample().await;
    let fake = caller.fake();
    fake.fault(Fault::on("GET", "/packages").stale());
    fake.fault(Fault::on("GET", "/metadata").throttle(Duration::from_secs(14), RetryHint::Seconds));
    let packages = caller.get("packages").await;
    caller.done("PUT", "packages", packages.clone()).await;
    assert_eq!(caller.get("packages").await, packages);
    assert_ne!(caller.get("packages").await, packages);
    let throttled = caller.send("GET", "metadata", Value::Null).await;
    assert_eq!(throttled.header("retry-after"), "14");
    assert_eq!(throttled.ok(429)["statusCode"], 429);
}
