//! Faults, seen by a caller.

use std::time::{Duration, Instant};

use super::*;

async fn failed(http: &Http, method: &str, path: &str) -> reqwest::Error {
    http.send(method, path, None).await.unwrap_err()
}

fn create() -> String {
    format!("{}/submissions", app())
}

#[tokio::test]
async fn an_answer_instead_keeps_the_request_from_taking_effect() {
    let http = Http::sample().await;
    let page = "<html><body>Bad Gateway</body></html>";
    http.fake
        .fault(Fault::on("POST", "/applications/*/submissions").answer(502, page));
    let reply = http.post(&create()).await;
    assert_eq!(
        (reply.status, reply.text.as_str(), reply.header("content-type")),
        (502, page, "text/html")
    );
    assert!(http.fake.pending_submission(APP).is_none());
    assert!(http.fake.applied().is_empty());
    http.post(&create()).await.ok(201);
}

#[tokio::test]
async fn an_answer_after_applying_does_not() {
    let http = Http::sample().await;
    http.fake
        .fault(Fault::on("POST", "/submissions").apply_then().answer(504, ""));
    let reply = http.post(&create()).await;
    assert_eq!(
        (reply.status, reply.text.as_str(), reply.header("content-type")),
        (504, "", "")
    );
    assert!(http.fake.pending_submission(APP).is_some());
    assert_eq!(http.fake.applied_to("POST", "/submissions").len(), 1);
    http.post(&create()).await.refused(409, "InvalidState", "submission");
    assert_eq!(http.fake.applied_to("POST", "/submissions").len(), 1);
}

#[tokio::test]
async fn resets_before_and_after_applying() {
    let http = Http::sample().await;
    http.fake.fault(Fault::on("POST", "/submissions").nth(1).reset());
    http.fake.fault(Fault::on("POST", "/submissions").nth(2).apply_then().reset());
    let before = failed(&http, "POST", &create()).await;
    assert!(!before.is_connect() && before.is_request(), "{before:?}");
    assert!(format!("{before:?}").contains("ConnectionReset"), "{before:?}");
    assert!(http.fake.applied().is_empty());
    failed(&http, "POST", &create()).await;
    assert_eq!(http.fake.applied().len(), 1);
    let statuses: Vec<_> = http
        .fake
        .requests_to("POST", "/submissions")
        .iter()
        .map(|it| it.status)
        .collect();
    assert_eq!(statuses, [None, None]);
}

#[tokio::test]
async fn a_reset_in_the_middle_of_a_request() {
    let http = Http::sample().await;
    let (_, draft) = http.draft(&app()).await;
    http.fake.fault(Fault::on("PUT", "/blob/ingestion/*").reset_mid_request());
    let big = vec![1; 8 << 20];
    let put = || {
        http.client
            .put(link(&draft))
            .header("x-ms-blob-type", "BlockBlob")
            .body(big.clone())
    };
    put().send().await.unwrap_err();
    let read = http.fake.requests_to("PUT", "/blob/ingestion/*")[0].body.len();
    assert!(((4 << 20)..(8 << 20)).contains(&read), "{read}");
    assert!(http.fake.blob(text(&draft["id"])).is_none());
    assert_eq!(put().send().await.unwrap().status(), 201);
}

#[tokio::test]
async fn a_cut_answer_has_its_status_and_half_its_body() {
    let http = Http::sample().await;
    let whole = http.get(&app()).await.text.len() as u64;
    for (end, mark) in [(CutEnd::Close, "UnexpectedEof"), (CutEnd::Reset, "ConnectionReset")] {
        http.fake.clear_faults();
        http.fake.fault(Fault::on("GET", "/applications/*").cut(end));
        let mut response = match http.request("GET", &app(), None).send().await {
            Ok(response) => response,
            // Outside Linux a reset may overtake the data before it.
            Err(_) if end == CutEnd::Reset && !cfg!(target_os = "linux") => continue,
            Err(error) => panic!("{error:?}"),
        };
        assert_eq!((response.status().as_u16(), response.content_length()), (200, Some(whole)));
        let mut got = 0;
        let error = loop {
            match response.chunk().await {
                Ok(Some(bytes)) => got += bytes.len() as u64,
                Ok(None) => panic!("the answer is whole"),
                Err(error) => break error,
            }
        };
        if end == CutEnd::Close || cfg!(target_os = "linux") {
            assert_eq!(got, whole / 2, "{end:?}");
        }
        assert!(error.is_decode() || error.is_body(), "{error:?}");
        assert!(format!("{error:?}").contains(mark), "{end:?} {error:?}");
    }
    http.fake.clear_faults();
    http.fake.fault(Fault::on("POST", "/submissions").cut(CutEnd::Reset));
    failed_body(&http).await;
    assert_eq!(http.fake.applied().len(), 1);
    http.fake.fault(Fault::on("GET", "/inappproducts/*").cut(CutEnd::Stall));
    let mut response = http.request("GET", &add_on(), None).send().await.unwrap();
    assert!(!response.chunk().await.unwrap().unwrap().is_empty());
    tokio::time::timeout(Duration::from_millis(50), response.chunk())
        .await
        .unwrap_err();
    // There is nothing to cut in half.
    http.fake.fault(Fault::on("DELETE", "/submissions/*").cut(CutEnd::Close));
    let path = format!(
        "{}/submissions/{}",
        app(),
        text(&http.fake.pending_submission(APP).unwrap()["id"])
    );
    failed(&http, "DELETE", &path).await;
    assert!(http.fake.pending_submission(APP).is_none());
}

async fn failed_body(http: &Http) {
    let response = http.request("POST", &create(), None).send().await.unwrap();
    assert_eq!(response.status(), 201);
    response.bytes().await.unwrap_err();
}

#[tokio::test]
async fn delays_and_stalls() {
    let http = Http::sample().await;
    let clock = http.fake.clock.clone();
    http.fake
        .fault(Fault::on("GET", "/applications/*").delay(Duration::from_millis(60)));
    let start = Instant::now();
    http.get(&app()).await.ok(200);
    assert!(start.elapsed() >= Duration::from_millis(60));

    http.fake
        .fault(Fault::on("GET", "/applications/*").nth(1).advance(Duration::from_secs(4000)));
    let before = clock.now();
    // The token ends meanwhile.
    assert_eq!(http.get(&app()).await.status, 401);
    assert!(clock.now() - before >= Duration::from_secs(4000));

    http.fake.fault(Fault::on("GET", "/inappproducts").stall());
    http.fake.fault(Fault::on("POST", "/oauth2/token").apply_then().stall());
    for path in ["GET", "POST"] {
        let request = match path {
            "GET" => http.request("GET", "inappproducts", None),
            _ => http
                .client
                .post(format!("{}/{}/oauth2/token", http.fake.authority(), http.fake.tenant_id())),
        };
        let error = request.timeout(Duration::from_millis(50)).send().await.unwrap_err();
        assert!(error.is_timeout(), "{error:?}");
    }
}

#[tokio::test]
async fn throttling_lasts_on_the_clock() {
    let mut http = Http::sample().await;
    for (hint, has_header) in [(RetryHint::Seconds, true), (RetryHint::Date, true), (RetryHint::Text, false)] {
        http.fake.fault(Fault::on("*", "").throttle(Duration::from_secs(30), hint));
        let first = http.get(&app()).await;
        assert_eq!(first.status, 429);
        assert_eq!(first.json()["message"], "Rate limit is exceeded. Try again in 30 seconds.");
        let header = first.header("retry-after");
        assert_eq!(!header.is_empty(), has_header);
        match hint {
            RetryHint::Seconds => assert_eq!(header, "30"),
            RetryHint::Date => {
                let at = httpdate::parse_http_date(header).unwrap();
                let wait = at.duration_since(http.fake.clock.system_now()).unwrap();
                assert!(wait <= Duration::from_secs(31) && wait > Duration::from_secs(20), "{wait:?}");
            }
            RetryHint::Text => {}
        }
        http.fake.advance(Duration::from_secs(20));
        let second = http.get(&app()).await;
        assert!(text(&second.json()["message"]).contains("in 10 seconds"), "{}", second.text);
        http.fake.advance(Duration::from_secs(10));
        http.get(&app()).await.ok(200);
        http.fake.clear_faults();
        http.renew().await;
    }
}

#[tokio::test]
async fn tokens_expire_at_a_request() {
    let http = Http::sample().await;
    http.fake.fault(Fault::on("GET", "/status").expire_tokens());
    http.get(&app()).await.ok(200);
    assert_eq!(http.get(&format!("{}/submissions/1/status", app())).await.status, 401);
    assert_eq!(http.get(&app()).await.status, 401);
}

#[tokio::test]
async fn reads_lag_behind_writes() {
    let http = Http::sample().await;
    let pending = || async { http.get(&app()).await.ok(200).get("pendingApplicationSubmission").is_some() };
    http.fake.fault(Fault::on("GET", "/applications/*").stale().first(2));
    assert!(!pending().await);
    let (path, draft) = http.draft(&app()).await;
    assert_eq!((pending().await, pending().await, pending().await), (false, false, true));

    http.fake.clear_faults();
    http.fake.fault(Fault::on("GET", "/submissions/*/status").stale().first(1));
    http.post(&format!("{path}/commit")).await.ok(202);
    let status = || async { http.get(&format!("{path}/status")).await.ok(200)["status"].clone() };
    // The stale read does not go a step on.
    assert_eq!(
        (status().await, status().await),
        (json!("PendingCommit"), json!("CommitStarted"))
    );

    http.fake.set_status(text(&draft["id"]), "CertificationFailed");
    http.fake.clear_faults();
    http.fake
        .fault(Fault::on("GET", "/applications/*").stale().during(Duration::from_secs(20)));
    assert_eq!(http.delete(&path).await.status, 204);
    assert!(pending().await);
    http.fake.advance(Duration::from_secs(19));
    assert!(pending().await);
    http.fake.advance(Duration::from_secs(1));
    assert!(!pending().await);
}

#[tokio::test]
async fn packages_are_dropped_and_prices_changed() {
    let http = Http::sample().await;
    http.fake.fault(Fault::on("PUT", "/submissions/*").change_price("Tier2"));
    http.fake.fault(Fault::on("POST", "/commit").drop_packages());
    let (path, mut draft) = http.draft(&app()).await;
    draft["applicationPackages"]
        .as_array_mut()
        .unwrap()
        .push(new_package("new.msix"));
    assert_eq!(http.put(&path, &draft).await.ok(200)["pricing"]["priceId"], "Tier2");
    assert_eq!(http.put(&path, &draft).await.ok(200)["pricing"]["priceId"], "Tier1012");
    http.upload(&draft, archive(&["new.msix"])).await;
    http.post(&format!("{path}/commit")).await.ok(202);
    http.wait_for(&path, "Published").await;
    let published = http.fake.published_submission(APP).unwrap();
    let before: Vec<_> = draft["applicationPackages"].as_array().unwrap()[..2].to_vec();
    assert_eq!(published["applicationPackages"], json!(before));
}

#[tokio::test]
async fn answers_are_spoiled() {
    let http = Http::sample().await;
    let whole = http.get(&app()).await.text;
    let on = || Fault::on("GET", "/applications/*");

    http.fake.fault(on().truncate());
    let half = http.get(&app()).await;
    assert_eq!((half.status, half.text.as_str()), (200, &whole[..whole.len() / 2]));
    assert_eq!(half.header("content-length"), half.text.len().to_string());
    http.fake.clear_faults();

    http.fake.fault(on().content_type("text/plain"));
    let plain = http.get(&app()).await;
    assert_eq!(
        (plain.header("content-type"), plain.text.as_str()),
        ("text/plain", whole.as_str())
    );
    http.fake.clear_faults();

    http.fake.fault(on().answer(200, "<html></html>").header("X-Front", "proxy"));
    let page = http.get(&app()).await;
    assert_eq!(
        (page.status, page.header("content-type"), page.header("x-front")),
        (200, "text/html", "proxy")
    );
    http.fake.clear_faults();

    http.fake.seed_applications(20);
    http.fake.fault(Fault::on("GET", "/applications").edit_answer(|page| {
        page.as_object_mut().unwrap().remove("@nextLink");
    }));
    let page = http.get("applications").await.ok(200);
    assert!(page.get("@nextLink").is_none());
    assert_eq!(page["totalCount"], 21);
    for status in [403, 404] {
        http.fake.fault(on().nth(1).answer(status, ""));
        let empty = http.get(&app()).await;
        assert_eq!((empty.status, empty.text.as_str()), (status, ""));
        assert_eq!(empty.header("content-type"), "");
    }
}
