//! Bad input gets one clear sentence, and nothing is sent.

use std::str::FromStr;
use std::time::Duration;

use msstore::api::{Method, Replay};
use msstore::config::{RateLimit, RetryPolicy};
use msstore::error::ParseIdError;
use msstore::model::{NewFlight, NewInAppProduct, ProductType};
use msstore::{ApplicationId, ClientSecret, FlightId, InAppProductId, StoreClient, SubmissionId};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::support::{Answer, FixedToken, Recorder, app, assert_input, call, submission};

/// Calls that begin with a client, each as a future of its own.
macro_rules! calls {
    ($client:expr, |$it:ident| [$($call:expr),* $(,)?]) => {
        vec![$({ let $it = $client.clone(); call(async move { $call.await }) }),*]
    };
}

/// An id is valid by construction, so that nothing else reaches a path.
#[tokio::test]
async fn what_is_no_id_becomes_none() {
    fn refuse<I>(text: &str)
    where
        I: FromStr<Err = ParseIdError> + TryFrom<String> + DeserializeOwned + std::fmt::Debug,
        for<'t> I: TryFrom<&'t str>,
    {
        let error = msstore::Error::from(text.parse::<I>().unwrap_err());
        assert_input(&error, "the id cannot be used: ");
        assert!(error.to_string().contains(&format!("{text:?} is not a")), "{error}");
        assert!(I::try_from(text).is_err() && I::try_from(text.to_owned()).is_err(), "{text}");
        assert!(serde_json::from_value::<I>(json!(text)).is_err(), "{text}");
    }
    for text in ["", "..", "a/b", "a\\b", "a?b", "a#b", "%2e%2e", "Contoso.App"] {
        refuse::<ApplicationId>(text);
        refuse::<InAppProductId>(text);
        refuse::<FlightId>(text);
        refuse::<SubmissionId>(text);
        // The service sends what is no id now and then: in a model it is none, and nothing is lost.
        let received = json!({"id": text, "pendingApplicationSubmission": {"id": text}});
        let server = Recorder::always(200, &received).await;
        let app = server.client().applications().get(app()).await.unwrap();
        assert_eq!((&app.id, app.pending_submission_id()), (&None, None), "{text}");
        assert_eq!(app.body().unwrap(), received);
    }
}

#[tokio::test]
async fn values_out_of_range_are_refused() {
    let server = Recorder::always(200, json!({"id": "1"})).await;
    let client = server.client();
    for percentage in [f64::NAN, -1.0, -0.001, 100.1, f64::INFINITY, f64::NEG_INFINITY] {
        let rollout = client.applications().submissions(app()).package_rollout(submission());
        let error = rollout.set_percentage(percentage).await.unwrap_err();
        assert_input(
            &error,
            &format!("the percentage cannot be used: {percentage} is not from 0 to 100"),
        );
    }
    for name in ["", " ", "\t\n"] {
        let calls = calls!(client, |it| [
            it.flights(app()).create(NewFlight::new(name)),
            it.flights(app()).create_or_find(NewFlight::new(name)),
        ]);
        for call in calls {
            assert_input(&call.await.unwrap_err(), "the name of the flight cannot be used: it is empty");
        }
    }
    let long = "x".repeat(101);
    let product_ids = [
        ("", "it is empty"),
        (" ", "it is empty"),
        (&long, "more than 100 characters"),
        ("a<b", "it has one of"),
        ("a:b", "it has one of"),
        ("a\\b", "it has one of"),
        ("a,b", "it has one of"),
    ];
    for (product_id, words) in product_ids {
        let new = NewInAppProduct::new(app(), product_id, ProductType::Durable);
        let again = new.clone();
        for call in calls!(client, |it| [
            it.in_app_products().create(new),
            it.in_app_products().create_or_find(again)
        ]) {
            assert_input(&call.await.unwrap_err(), words);
        }
    }
    let no_type = NewInAppProduct::new(app(), "coins", ProductType::default());
    let error = client.in_app_products().create(no_type).await.unwrap_err();
    assert_input(&error, "the product type cannot be used: it is empty");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_path_stays_below_the_endpoint() {
    let server = Recorder::always(200, "{}").await;
    let client = server.client();
    let outside = [
        "../other",
        "/other",
        "//example.com/v1.0/my/x",
        "https://example.com/v1.0/my/x",
        "a/%2e%2e/%2e%2e/b",
        "a\\b",
        "a\nb",
    ];
    for path in outside {
        let error = client.request(Method::GET, path, Replay::Safe).await.unwrap_err();
        assert_input(&error, "the link cannot be used: ");
    }
    for method in [Method::GET, Method::DELETE, Method::HEAD, Method::OPTIONS] {
        let request = client.request(method, "applications", Replay::Safe).json(&json!({}));
        assert_input(&request.await.unwrap_err(), "the body cannot be used: ");
    }
    assert!(server.requests().is_empty());
}

#[test]
fn a_client_is_not_made_of_bad_settings() {
    let endpoints = [
        (
            "http://manage.devcenter.microsoft.com/v1.0/my/",
            "plain http is allowed on loopback only",
        ),
        ("http://127.0.0.1.example.com/", "plain http is allowed on loopback only"),
        ("http://10.0.0.1/", "plain http is allowed on loopback only"),
        ("ftp://127.0.0.1/", "it is not https"),
        ("manage.devcenter.microsoft.com", "it is not a URL"),
        ("", "it is not a URL"),
        ("https://user:word@example.com/", "no user, query or fragment"),
        ("https://example.com/?a=b", "no user, query or fragment"),
        ("https://example.com/#a", "no user, query or fragment"),
    ];
    for (endpoint, words) in endpoints {
        let error = StoreClient::builder(FixedToken).endpoint(endpoint).build().unwrap_err();
        assert_input(&error, words);
    }
    let long = "x".repeat(129);
    for id in ["", "two words", "line\nfeed", "größer", &long] {
        let error = StoreClient::builder(FixedToken).correlation_id(id).build().unwrap_err();
        assert_input(&error, "the correlation id cannot be used: ");
    }
}

#[tokio::test]
async fn credentials_that_cannot_be_right_are_not_sent() {
    let server = Recorder::always(200, json!({"access_token": "t", "expires_in": 1})).await;
    let here = server.origin();
    let table = [
        ("", "client", "secret", here.as_str(), "the tenant id cannot be used: "),
        ("..", "client", "secret", &here, "the tenant id cannot be used: "),
        ("a/b", "client", "secret", &here, "the tenant id cannot be used: "),
        ("a tenant", "client", "secret", &here, "the tenant id cannot be used: "),
        ("tenant", " ", "secret", &here, "the client id cannot be used: it is empty"),
        ("tenant", "client", "", &here, "the client secret cannot be used: it is empty"),
        (
            "tenant",
            "client",
            "secret",
            "login",
            "the authority cannot be used: it is not a URL",
        ),
        (
            "tenant",
            "client",
            "secret",
            "data:x",
            "the authority cannot be used: it is not https",
        ),
        (
            "tenant",
            "client",
            "secret",
            "http://login.microsoftonline.com",
            "the authority cannot be used: plain http is allowed on loopback only",
        ),
    ];
    for (tenant, id, secret, authority, words) in table {
        let provider = ClientSecret::new(tenant, id, secret).authority(authority);
        let client = StoreClient::builder(provider).endpoint(server.endpoint()).build().unwrap();
        let error = client.applications().get(app()).await.unwrap_err();
        assert_input(&error, words);
        assert_input(&client.access_token().await.unwrap_err(), words);
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn time_without_end_is_no_panic() {
    let forever = Duration::MAX;
    let server = Recorder::start(|request| match request.target.contains("oauth2") {
        true => Answer::new(200, json!({"access_token": "t", "expires_in": 1.8e19})),
        false => Answer::new(200, json!({"id": app(), "status": "Published"})),
    })
    .await;
    let provider = ClientSecret::new("tenant", "client", "secret").authority(server.origin());
    let client = StoreClient::builder(provider)
        .endpoint(server.endpoint())
        .retry(
            RetryPolicy::default()
                .call_timeout(forever)
                .max_hint(forever)
                .delays(forever, forever),
        )
        .rate_limit(RateLimit::new(2, forever))
        .attempt_timeout(forever)
        .connect_timeout(forever)
        .build()
        .unwrap();
    assert!(client.access_token().await.unwrap().lifetime() > Duration::from_secs(1 << 29));
    client.applications().get(app()).await.unwrap();
    let watch = client.applications().submissions(app()).watch(submission());
    watch.timeout(forever).poll_interval(forever).await.unwrap();

    let busy = Recorder::start(|_| Answer::new(429, "").header("Retry-After", u64::MAX)).await;
    let builder = busy.client_builder().retry(RetryPolicy::default().max_hint(forever));
    let error = builder.build().unwrap().applications().get(app()).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(u64::MAX)));
}
