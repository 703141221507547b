//! Signing in without a secret: the v2 endpoint, assertions and who issues them.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

use super::*;
use crate::auth::CredentialKind;

const AUDIENCE: &str = "audience=api%3A%2F%2FAzureADTokenExchange";
const DEFAULT_SCOPE: &str = "https%3A%2F%2Fmanage.devcenter.microsoft.com%2F.default";
const JWT_BEARER: &str = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";

fn form(fake: &FakeStore, assertion: &str) -> String {
    format!(
        "grant_type=client_credentials&client_id={}&client_assertion_type={JWT_BEARER}&\
         client_assertion={assertion}&scope={DEFAULT_SCOPE}",
        fake.client_id()
    )
}

async fn exchange(http: &Http, form: &str) -> Reply {
    let url = format!("{}/{}/oauth2/v2.0/token", http.fake.authority(), http.fake.tenant_id());
    let request = http.client.post(url).body(form.to_owned());
    let request = request.header("Content-Type", "application/x-www-form-urlencoded");
    Reply::of(request.send().await.unwrap()).await
}

/// Checks a refusal of Entra ID and returns its description.
#[track_caller]
fn refused(reply: &Reply, status: u16, error: &str, number: u32) -> String {
    let body = reply.json();
    assert_eq!((reply.status, &body["error"]), (status, &json!(error)), "{body}");
    assert_eq!(body["error_codes"], json!([number]), "{body}");
    for (name, label) in [
        ("trace_id", "Trace ID"),
        ("correlation_id", "Correlation ID"),
        ("timestamp", "Timestamp"),
    ] {
        let shown = format!("{label}: {}", text(&body[name]));
        assert!(text(&body["error_description"]).contains(&shown), "{body}");
    }
    let description = text(&body["error_description"]).to_owned();
    assert!(description.starts_with(&format!("AADSTS{number}: ")), "{description}");
    description
}

fn part(assertion: &str, at: usize) -> Value {
    let part = assertion.split('.').nth(at).unwrap();
    serde_json::from_slice(&BASE64.decode(part).unwrap()).unwrap()
}

fn variables(fake: &FakeStore, kind: CredentialKind) -> BTreeMap<&'static str, String> {
    fake.variables(kind).unwrap().into_iter().collect()
}

/// Asks GitHub's endpoint; `more` goes after the URL.
async fn github(http: &Http, more: &str) -> Reply {
    let job = variables(&http.fake, CredentialKind::GitHubActions);
    let url = format!("{}{more}", job["ACTIONS_ID_TOKEN_REQUEST_URL"]);
    let request = http.client.get(url).bearer_auth(&job["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]);
    Reply::of(request.send().await.unwrap()).await
}

async fn github_assertion(http: &Http) -> String {
    let body = github(http, &format!("&{AUDIENCE}")).await.ok(200);
    text(&body["value"]).to_owned()
}

async fn devops(http: &Http, method: Method, query: &str, token: Option<&str>, headers: &[(&str, &str)]) -> Reply {
    let job = variables(&http.fake, CredentialKind::AzurePipelines);
    let client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    let query = query.replace("{id}", &job["MSSTORE_SERVICE_CONNECTION_ID"]);
    let request = client
        .build()
        .unwrap()
        .request(method, format!("{}?{query}", job["SYSTEM_OIDCREQUESTURI"]))
        .bearer_auth(token.unwrap_or(&job["SYSTEM_ACCESSTOKEN"]));
    let request = headers.iter().fold(request, |it, (name, value)| it.header(*name, *value));
    Reply::of(request.send().await.unwrap()).await
}

async fn devops_assertion(http: &Http) -> String {
    let query = "api-version=7.1&serviceConnectionId={id}";
    let body = devops(http, Method::POST, query, None, &[("Content-Length", "0")])
        .await
        .ok(200);
    text(&body["oidcToken"]).to_owned()
}

#[tokio::test]
async fn each_issuer_s_assertion_gives_a_token() {
    let mut http = Http::sample().await;
    let tenant_issuer = format!("https://login.microsoftonline.com/{}/v2.0", http.fake.tenant_id());
    let table = [
        (
            github_assertion(&http).await,
            "https://token.actions.githubusercontent.com",
            "repo:example/paper-lantern:environment:store",
        ),
        (devops_assertion(&http).await, tenant_issuer.as_str(), "/eid1/c/pub/t/"),
        (
            http.fake.assertion(),
            "https://cluster.example.com/",
            "system:serviceaccount:",
        ),
    ];
    let other = [
        github_assertion(&http).await,
        devops_assertion(&http).await,
        http.fake.assertion(),
    ];
    for ((assertion, issuer, subject), other) in table.iter().zip(other) {
        assert_ne!(*assertion, other);
        let (header, claims) = (part(assertion, 0), part(assertion, 1));
        assert_eq!((&header["alg"], &header["typ"]), (&json!("RS256"), &json!("JWT")));
        assert!(header["kid"].is_string());
        assert_eq!(
            (text(&claims["iss"]), text(&claims["aud"])),
            (*issuer, "api://AzureADTokenExchange")
        );
        assert!(text(&claims["sub"]).starts_with(subject), "{claims}");
        assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 300);
        assert_eq!(claims["nbf"], claims["iat"]);
        assert_ne!(claims["jti"], part(&other, 1)["jti"]);

        let token = exchange(&http, &form(&http.fake, assertion)).await.ok(200);
        let names: Vec<_> = token.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["access_token", "expires_in", "ext_expires_in", "token_type"]);
        assert_eq!((&token["expires_in"], &token["ext_expires_in"]), (&json!(3599), &json!(3599)));
        http.token = text(&token["access_token"]).to_owned();
        http.get(&app()).await.ok(200);
    }
}

#[tokio::test]
async fn the_v2_endpoint_checks_its_form() {
    let mut http = Http::sample().await;
    let good = form(&http.fake, &http.fake.assertion());
    let secret = token_form(&http.fake).replace("resource=https%3A%2F%2Fmanage.devcenter.microsoft.com", "scope=");
    let secret = secret + DEFAULT_SCOPE;
    let table = [
        (good.replace("scope=", "x="), 400, "invalid_request", 900_144),
        (format!("{good}&resource=https%3A%2F%2Fx"), 400, "invalid_request", 901_002),
        (token_form(&http.fake), 400, "invalid_request", 901_002),
        (
            good.replace("client_credentials", "password"),
            400,
            "unsupported_grant_type",
            70_003,
        ),
        (good.replace("client_id=", "client_id=x"), 400, "unauthorized_client", 700_016),
        (good.replace("client_assertion=", "x="), 401, "invalid_client", 7_000_218),
        (good.replace("client_assertion_type=", "x="), 401, "invalid_client", 7_000_218),
        (good.replace("jwt-bearer", "JWT-Bearer"), 401, "invalid_client", 7_000_218),
        (secret.replace("fake~", "wrong"), 401, "invalid_client", 7_000_215),
        (good.replace("manage.", "elsewhere."), 400, "invalid_resource", 500_011),
        (good.replace("%2F.default", ""), 400, "invalid_scope", 70_011),
    ];
    for (form, status, error, number) in table {
        refused(&exchange(&http, &form).await, status, error, number);
    }
    for (form, status) in [
        (good.clone(), 200),
        (secret, 200),
        // A token of the second API.
        (good.replace("manage.devcenter", "api.store"), 401),
    ] {
        let token = exchange(&http, &form).await.ok(200);
        http.token = text(&token["access_token"]).to_owned();
        assert_eq!(http.get(&app()).await.status, status, "{form}");
    }
    // No assertion at v1.
    let v1 = good.replace("scope=", "resource=").replace("%2F.default", "");
    refused(&http.token_request(&v1).await, 400, "invalid_request", 900_144);
}

#[tokio::test]
async fn assertions_are_refused() {
    let http = Http::sample().await;
    let good = http.fake.assertion();
    let (issuer, subject) = (part(&good, 1)["iss"].clone(), part(&good, 1)["sub"].clone());
    let (issuer, subject) = (text(&issuer), text(&subject));
    let claims = |text: &str| BASE64.encode(text);
    let [header, body, signature] = good.split('.').collect::<Vec<_>>()[..] else {
        panic!("{good}")
    };
    for (assertion, number) in [
        ("nonsense".to_owned(), 50_027),
        (format!("{header}.{body}"), 50_027),
        (format!("{header}.{body}."), 50_027),
        (format!("{header}.{}.{signature}", claims("[]")), 50_027),
        (format!("\"{good}\""), 50_027),
        (format!("{good}%0A"), 50_027),
        (format!("{header}.{}.{signature}", claims("{}")), 700_027),
        (format!("{header}.{body}.{}", claims("signature")), 700_027),
    ] {
        refused(
            &exchange(&http, &form(&http.fake, &assertion)).await,
            401,
            "invalid_client",
            number,
        );
    }
    // GitHub's own audience.
    let body = github(&http, "").await.ok(200);
    let reply = exchange(&http, &form(&http.fake, text(&body["value"]))).await;
    let description = refused(&reply, 401, "invalid_client", 700_212);
    assert!(description.contains("'https://github.com/example'"), "{description}");

    let upper = subject.to_uppercase();
    for (trusted, number, quoted) in [
        (vec![("https://cluster.example.com", subject)], 700_211, issuer),
        (vec![(issuer, "system:serviceaccount:releases:other")], 700_213, subject),
        (vec![("https://other", subject), (issuer, upper.as_str())], 7_002_138, subject),
        (vec![], 70_025, http.fake.client_id()),
    ] {
        http.fake.set_federated_credentials(trusted);
        let reply = exchange(&http, &form(&http.fake, &good)).await;
        let description = refused(&reply, 401, "invalid_client", number);
        assert!(description.contains(&format!("'{quoted}'")), "{description}");
        assert!(!reply.text.contains(&good));
    }
    http.fake
        .set_federated_credentials([(issuer, upper.as_str()), (issuer, subject)]);
    exchange(&http, &form(&http.fake, &good)).await.ok(200);
}

#[tokio::test]
async fn assertions_end() {
    let http = Http::sample().await;
    let default = http.fake.assertion();
    http.fake.set_assertion_life(Duration::from_secs(3600));
    let long = http.fake.assertion();
    for (time, expected) in [(290, [200, 200]), (20, [401, 200]), (3300, [401, 401])] {
        http.fake.advance(Duration::from_secs(time));
        for (assertion, status) in [&default, &long].into_iter().zip(expected) {
            let reply = exchange(&http, &form(&http.fake, assertion)).await;
            if status == 200 {
                reply.ok(200);
            } else {
                refused(&reply, 401, "invalid_client", 700_024);
            }
        }
    }
}

#[tokio::test]
async fn github_checks_its_caller() {
    let http = Http::sample().await;
    let job = variables(&http.fake, CredentialKind::GitHubActions);
    let url = format!("{}&{AUDIENCE}", job["ACTIONS_ID_TOKEN_REQUEST_URL"]);
    let token = job["ACTIONS_ID_TOKEN_REQUEST_TOKEN"].as_str();
    for (method, url, token, status) in [
        (Method::GET, url.clone(), token, 200),
        (Method::POST, url.clone(), token, 405),
        (Method::GET, url.clone(), "other", 401),
        (Method::GET, format!("{url}&audience=x"), token, 400),
        (Method::GET, url.replace("api-version", "x"), token, 400),
    ] {
        let request = http.client.request(method, &url).bearer_auth(token);
        let body = Reply::of(request.send().await.unwrap()).await.ok(status);
        assert_eq!(body["message"].is_string(), status != 200, "{body}");
    }
    // The audience is decoded once.
    let body = github(&http, "&audience=api%253A%2F%2Fx").await.ok(200);
    assert_eq!(part(text(&body["value"]), 1)["aud"], "api%3A//x");
    assert_eq!(body["count"], text(&body["value"]).len());

    http.fake.fault(Fault::on("GET", "/idtoken").answer(403, ""));
    assert_eq!(github(&http, "").await.status, 403);
    let recorded = http.fake.requests_to("GET", "/idtoken");
    assert!(!recorded.is_empty() && !format!("{recorded:?}").contains(token));
}

#[tokio::test]
async fn azure_devops_checks_its_caller() {
    let http = Http::sample().await;
    let good = "api-version=7.1&serviceConnectionId={id}";
    let (empty, quiet) = (("Content-Length", "0"), ("X-TFS-FedAuthRedirect", "Suppress"));
    let unknown = "No service connection found with identifier 1234";
    let table = [
        (Method::POST, good, None, vec![empty, quiet], 200, "oidcToken"),
        (Method::GET, good, None, vec![quiet], 405, "does not support this method"),
        (Method::POST, good, None, vec![quiet], 411, "Length Required"),
        (Method::POST, good, Some("other"), vec![empty, quiet], 401, "access token"),
        (Method::POST, good, Some("other"), vec![empty], 302, ""),
        (
            Method::POST,
            "serviceConnectionId={id}",
            None,
            vec![empty, quiet],
            400,
            "api-version",
        ),
        (
            Method::POST,
            "api-version=7.1&serviceConnectionId=1234",
            None,
            vec![empty, quiet],
            404,
            unknown,
        ),
        (Method::POST, "api-version=7.1", None, vec![empty, quiet], 404, "typeKey"),
    ];
    for (method, query, token, headers, status, said) in table {
        let reply = devops(&http, method, query, token, &headers).await;
        assert_eq!(reply.status, status, "{reply:?}");
        assert!(reply.text.contains(said), "{reply:?}");
        assert_eq!(reply.header("x-vss-e2eid").is_empty(), status == 200, "{reply:?}");
        assert_eq!(reply.header("location").contains("/_signin"), status == 302, "{reply:?}");
    }
    http.fake.fault(Fault::on("POST", "/oidctoken").answer(500, ""));
    assert_eq!(devops(&http, Method::POST, good, None, &[empty]).await.status, 500);
    let job = variables(&http.fake, CredentialKind::AzurePipelines);
    let recorded = format!("{:?}", http.fake.requests_to("POST", "/oidctoken"));
    assert!(!recorded.contains(&job["SYSTEM_ACCESSTOKEN"]), "{recorded}");
}

#[tokio::test]
async fn variables_lead_to_this_fake() {
    let http = Http::sample().await;
    let fake = &http.fake;
    let table: [(CredentialKind, &[&str]); 6] = [
        (CredentialKind::ClientSecret, &["MSSTORE_CLIENT_SECRET"]),
        (CredentialKind::FixedAssertion, &["MSSTORE_CLIENT_ASSERTION"]),
        (CredentialKind::TokenFile, &["MSSTORE_CLIENT_ASSERTION_FILE"]),
        (
            CredentialKind::GitHubActions,
            &[
                "GITHUB_ACTIONS",
                "ACTIONS_ID_TOKEN_REQUEST_URL",
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
            ],
        ),
        (
            CredentialKind::AzurePipelines,
            &[
                "TF_BUILD",
                "SYSTEM_OIDCREQUESTURI",
                "SYSTEM_ACCESSTOKEN",
                "MSSTORE_SERVICE_CONNECTION_ID",
            ],
        ),
        (CredentialKind::AzureCli, &["MSSTORE_AUTH"]),
    ];
    for (kind, more) in table {
        let found = variables(fake, kind);
        let always = [
            "MSSTORE_TENANT_ID",
            "MSSTORE_CLIENT_ID",
            "MSSTORE_ENDPOINT",
            "MSSTORE_MSI_ENDPOINT",
            "AZURE_AUTHORITY_HOST",
        ];
        let names: std::collections::BTreeSet<_> = always.iter().chain(more).copied().collect();
        assert_eq!(found.keys().copied().collect::<std::collections::BTreeSet<_>>(), names);
        let values = always.map(|name| found[name].clone());
        let ids = [fake.tenant_id().to_owned(), fake.client_id().to_owned()];
        assert_eq!(
            (&values[..2], &values[2..]),
            (&ids[..], &[fake.endpoint(), fake.msi_endpoint(), fake.authority()][..])
        );
    }
    assert_eq!(
        variables(fake, CredentialKind::ClientSecret)["MSSTORE_CLIENT_SECRET"],
        fake.client_secret()
    );
    assert_eq!(variables(fake, CredentialKind::AzureCli)["MSSTORE_AUTH"], "azure-cli");
    assert_eq!(variables(fake, CredentialKind::GitHubActions)["GITHUB_ACTIONS"], "true");
    assert_eq!(variables(fake, CredentialKind::AzurePipelines)["TF_BUILD"], "True");
    let url = &variables(fake, CredentialKind::GitHubActions)["ACTIONS_ID_TOKEN_REQUEST_URL"];
    assert!(
        url.starts_with(&fake.authority()) && url.ends_with("/idtoken?api-version=2.0"),
        "{url}"
    );

    let given = || variables(fake, CredentialKind::FixedAssertion)["MSSTORE_CLIENT_ASSERTION"].clone();
    assert_ne!(given(), given());
    exchange(&http, &form(fake, &given())).await.ok(200);
    let file = || variables(fake, CredentialKind::TokenFile)["MSSTORE_CLIENT_ASSERTION_FILE"].clone();
    let first = std::fs::read_to_string(file()).unwrap();
    let path = file();
    let second = std::fs::read_to_string(&path).unwrap();
    assert_ne!(first, second);
    exchange(&http, &form(fake, &second)).await.ok(200);
    drop(http);
    assert!(!std::path::Path::new(&path).exists());
}

#[tokio::test]
async fn refusals_on_request() {
    let http = Http::sample().await;
    let assertion = http.fake.assertion();
    let good = form(&http.fake, &assertion);
    let table = [
        (
            700_211,
            401,
            "invalid_client",
            "issuer 'https://token.actions.githubusercontent.com/'",
        ),
        (700_212, 401, "invalid_client", "audience 'https://github.com/example'"),
        (
            700_213,
            401,
            "invalid_client",
            "subject 'repo:example/paper-lantern:ref:refs/heads/main'",
        ),
        (
            7_002_138,
            401,
            "invalid_client",
            "subject 'repo:Example/Paper-Lantern:environment:store'",
        ),
        (70_021, 401, "invalid_client", ""),
        (7_000_215, 401, "invalid_client", ""),
        (7_000_222, 401, "invalid_client", ""),
        (700_016, 400, "unauthorized_client", ""),
        (90_033, 400, "temporarily_unavailable", ""),
        (123_456, 400, "invalid_request", ""),
    ];
    for (number, status, error, said) in table {
        http.fake.clear_faults();
        http.fake.fault(Fault::on("POST", "/token").aadsts(number).first(2));
        for reply in [exchange(&http, &good).await, http.token_request(&good).await] {
            let description = refused(&reply, status, error, number);
            assert!(description.contains(said), "{description}");
        }
        exchange(&http, &good).await.ok(200);
    }
    let recorded = format!("{:?}", http.fake.requests_to("POST", "/token"));
    assert!(!recorded.contains(&assertion), "{recorded}");
}
