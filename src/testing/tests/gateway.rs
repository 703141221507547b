//! Tokens, and what is refused before anything is looked up.

use std::time::Duration;

use super::*;

#[tokio::test]
async fn a_token_has_the_shape_of_the_v1_endpoint() {
    let http = Http::sample().await;
    let token = http.token_request(&token_form(&http.fake)).await.ok(200);
    assert_eq!(token["token_type"], "Bearer");
    assert_eq!(token["expires_in"], "3599");
    assert!(text(&token["expires_on"]).parse::<u64>().unwrap() > text(&token["not_before"]).parse::<u64>().unwrap());
}

#[tokio::test]
async fn the_token_request_is_checked() {
    let http = Http::sample().await;
    let good = token_form(&http.fake);
    let secret = http.fake.client_secret();
    let table = [
        (good.replace("fake~", "wrong"), 401, "invalid_client", 7_000_215),
        // An unescaped plus is a blank.
        (good.replace("%2B", "+"), 401, "invalid_client", 7_000_215),
        (
            good.replace("client_credentials", "password"),
            400,
            "unsupported_grant_type",
            70_003,
        ),
        (good.replace("client_id=", "client_id=x"), 400, "unauthorized_client", 700_016),
        (good.replace("resource=", "scope="), 400, "invalid_request", 900_144),
        (good.replace("manage.", "elsewhere."), 400, "invalid_resource", 500_011),
    ];
    for (form, status, error, code) in table {
        let reply = http.token_request(&form).await;
        assert_eq!(reply.status, status, "{form}");
        let body = reply.json();
        assert_eq!(body["error"], error, "{body}");
        assert_eq!(body["error_codes"], json!([code]));
        assert!(text(&body["error_description"]).starts_with(&format!("AADSTS{code}: ")));
        assert!(body["trace_id"].is_string() && body["correlation_id"].is_string());
        assert!(!body.to_string().contains(secret));
    }
    let url = format!("{}/other-tenant/oauth2/token", http.fake.authority());
    let request = http
        .client
        .post(url)
        .header("Content-Type", "application/x-www-form-urlencoded");
    let reply = Reply::of(request.body(good).send().await.unwrap()).await;
    assert_eq!(reply.status, 400);
    assert_eq!(reply.json()["error_codes"], json!([90_002]));
}

#[tokio::test]
async fn a_resource_with_a_slash_gives_a_token_that_is_not_accepted() {
    let mut http = Http::sample().await;
    let form = token_form(&http.fake) + "%2F";
    http.token = text(&http.token_request(&form).await.ok(200)["access_token"]).to_owned();
    assert_eq!(http.get(&app()).await.status, 401);
}

#[tokio::test]
async fn tokens_end() {
    let mut http = Http::sample().await;
    http.fake.advance(Duration::from_secs(3590));
    http.get(&app()).await.ok(200);
    http.fake.advance(Duration::from_secs(10));
    let refused = http.get(&app()).await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.json()["statusCode"], 401);
    assert!(text(&refused.json()["message"]).starts_with("APIM: Unauthorized."));

    http.fake.set_token_life(Duration::from_secs(60));
    http.renew().await;
    http.get(&app()).await.ok(200);
    http.fake.expire_tokens();
    assert_eq!(http.get(&app()).await.status, 401);
    http.token = String::new();
    assert_eq!(http.get(&app()).await.status, 401);
}

#[tokio::test]
async fn a_post_without_body_needs_a_content_type_and_a_length() {
    let http = Http::sample().await;
    let url = format!("{}{}/submissions", http.fake.endpoint(), app());
    let post = || http.client.post(&url).bearer_auth(&http.token);

    let untyped = Reply::of(post().header("Content-Length", 0).send().await.unwrap()).await;
    assert_eq!(untyped.status, 400);
    assert_eq!(untyped.json()["message"], "Only JSON content is accepted");
    let wrong = post().header("Content-Length", 0).header("Content-Type", "text/plain");
    assert_eq!(wrong.send().await.unwrap().status(), 400);
    let unframed = post().header("Content-Type", "application/json").send().await.unwrap();
    assert_eq!(unframed.status(), 411);
    assert!(http.fake.applied().is_empty());

    let good = post()
        .header("Content-Length", 0)
        .header("Content-Type", "application/json; charset=utf-8");
    assert_eq!(good.send().await.unwrap().status(), 201);
    assert_eq!(http.fake.applied().len(), 1);
}

#[tokio::test]
async fn answers_carry_correlation_and_request_ids() {
    let http = Http::sample().await;
    let reply = http.get(&app()).await;
    assert_eq!(reply.header("ms-correlationid").len(), 36);
    assert_eq!(reply.header("ms-requestid").len(), 36);
    assert_eq!(reply.header("content-type"), "application/json; charset=utf-8");
    let sent = http.request("GET", &app(), None).header("MS-CorrelationId", "my-own");
    assert_eq!(
        Reply::of(sent.send().await.unwrap()).await.header("ms-correlationid"),
        "my-own"
    );
}

#[tokio::test]
async fn ids_that_are_none_meet_the_services_answers() {
    let http = Http::sample().await;
    let blank = http.get("applications//submissions").await;
    assert_eq!((blank.status, blank.text.as_str()), (403, ""));
    let package_name = http.get("applications/LanternWorks.PaperLantern").await;
    assert_eq!(package_name.status, 500);
    assert_eq!(package_name.json()["innererror"]["code"], "UnknownInternalFailure");
    assert_eq!(http.get("elsewhere").await.status, 404);
}

#[tokio::test]
async fn requests_are_recorded_as_they_came() {
    let http = Http::sample().await;
    http.fake.forget_requests();
    // What a URL library would tidy up.
    raw(
        &http.fake,
        "GET /v1.0/my//a/../x%2fy?top=1&a=%20 HTTP/1.1\r\nHost: x\r\nX-B: 1\r\nX-A: 2\r\n\r\n",
    )
    .await;
    http.post_json(&format!("{}/flights", app()), json!({ "friendlyName": "Beta" }))
        .await
        .ok(201);
    let requests = http.fake.requests();
    assert_eq!(requests[0].path, "/v1.0/my//a/../x%2fy");
    assert_eq!(requests[0].query, "top=1&a=%20");
    let names: Vec<_> = requests[0].headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!((names, requests[0].status), (vec!["host", "x-b", "x-a"], Some(401)));
    assert_eq!(requests[1].method, "POST");
    assert_eq!(requests[1].json().unwrap(), json!({ "friendlyName": "Beta" }));
    assert_eq!(requests[1].header("Content-Type"), Some("application/json"));
    assert_eq!(requests[1].status, Some(201));
    assert!(requests[0].at <= requests[1].at && requests[1].at < Duration::from_secs(60));
    http.fake.advance(Duration::from_secs(100));
    http.get(&app()).await.ok(200);
    assert!(http.fake.requests()[2].at >= Duration::from_secs(100));
    assert!(!format!("{requests:?}").contains(&http.token));
    assert_eq!(http.fake.requests_to("post", "/flights").len(), 1);
    assert_eq!(http.fake.applied_to("*", "/flights").len(), 1);
}

#[tokio::test]
async fn every_endpoint_answers() {
    let http = Http::sample().await;
    let body = |members: &str| serde_json::from_str::<Value>(members).unwrap();
    let mut endpoints = std::collections::BTreeSet::new();
    let mut answered = |method: &str, template: &str| endpoints.insert(format!("{method} {template}"));
    for list in ["applications", "inappproducts"] {
        http.get(list).await.ok(200);
        answered("GET", list);
    }
    for (path, template) in [
        (app(), "applications/*"),
        (format!("{}/listflights", app()), "applications/*/listflights"),
        (format!("{}/listinappproducts", app()), "applications/*/listinappproducts"),
        (add_on(), "inappproducts/*"),
        (flight(), "applications/*/flights/*"),
    ] {
        http.get(&path).await.ok(200);
        answered("GET", template);
    }
    let add_on_body = body(&format!(
        r#"{{"applicationIds":["{APP}"],"productId":"new","productType":"Durable"}}"#
    ));
    let made = http.post_json("inappproducts", add_on_body).await.ok(201);
    answered("POST", "inappproducts");
    http.delete(&format!("inappproducts/{}", text(&made["id"]))).await.ok(204);
    answered("DELETE", "inappproducts/*");
    let made = http.post_json(&format!("{}/flights", app()), json!({})).await.ok(201);
    answered("POST", "applications/*/flights");
    http.delete(&format!("{}/flights/{}", app(), text(&made["flightId"])))
        .await
        .ok(204);
    answered("DELETE", "applications/*/flights/*");

    for (parent, template) in [
        (app(), "applications/*/submissions"),
        (add_on(), "inappproducts/*/submissions"),
        (flight(), "applications/*/flights/*/submissions"),
    ] {
        let (path, _) = http.draft(&parent).await;
        answered("POST", template);
        http.delete(&path).await.ok(204);
        answered("DELETE", &format!("{template}/*"));
        let (path, mut draft) = http.draft(&parent).await;
        http.get(&path).await.ok(200);
        answered("GET", &format!("{template}/*"));
        if parent != add_on() {
            draft["packageDeliveryOptions"]["packageRollout"]["isPackageRollout"] = true.into();
        }
        http.put(&path, &draft).await.ok(200);
        answered("PUT", &format!("{template}/*"));
        http.post(&format!("{path}/commit")).await.ok(202);
        answered("POST", &format!("{template}/*/commit"));
        http.wait_for(&path, "Published").await;
        answered("GET", &format!("{template}/*/status"));
        if parent == add_on() {
            continue;
        }
        http.get(&format!("{path}/packagerollout")).await.ok(200);
        answered("GET", &format!("{template}/*/packagerollout"));
        http.post(&format!("{path}/updatepackagerolloutpercentage?percentage=50"))
            .await
            .ok(200);
        answered("POST", &format!("{template}/*/updatepackagerolloutpercentage"));
        http.post(&format!("{path}/haltpackagerollout")).await.ok(200);
        answered("POST", &format!("{template}/*/haltpackagerollout"));
        http.fake.seed_rollout(parent.rsplit('/').next().unwrap(), 10.0);
        http.post(&format!("{path}/finalizepackagerollout")).await.ok(200);
        answered("POST", &format!("{template}/*/finalizepackagerollout"));
    }
    assert_eq!(endpoints.len(), 37, "{endpoints:#?}");
}

/// Sends bytes and waits for the first ones of the answer.
async fn raw(fake: &FakeStore, request: &str) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let authority = fake.authority();
    let mut stream = tokio::net::TcpStream::connect(authority.trim_start_matches("http://"))
        .await
        .unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 "));
}

#[test]
fn a_fake_can_be_shared() {
    fn shared<T: Send + Sync>() {}
    shared::<FakeStore>();
    shared::<Fault>();
}

#[tokio::test]
async fn a_dropped_fake_is_gone() {
    let http = Http::sample().await;
    let Http { fake, client, .. } = http;
    let endpoint = fake.endpoint();
    drop(fake);
    assert!(client.get(endpoint).send().await.unwrap_err().is_connect());
}
