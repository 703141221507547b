//! Handles can be kept and shared, futures spawned. Also what a client never does with its bearer: follow a redirect, or
//! show it to a proxy.

use std::future::IntoFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use msstore::api::{
    Applications, Ensured, Flights, InAppProducts, List, Method, Pages, RawRequest, Replay, Rollout, Submissions, Wait,
    WaitReport,
};
use msstore::auth::{AccessToken, BoxFuture, TokenContext};
use msstore::config::{RateLimit, RetryPolicy};
use msstore::error::TransportKind;
use msstore::model::{
    Application, ApplicationSubmission, FlightSubmission, InAppProductSubmission, NewFlight, NewInAppProduct, Page, ProductType,
    Receipt, UploadUrl,
};
use msstore::reqwest::redirect::Policy;
use msstore::reqwest::{Client, Proxy};
use msstore::{ClientSecret, Document, Error, ErrorKind, Outcome, StoreClient, StoreClientBuilder};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{Answer, FixedToken, Recorder, TOKEN, add_on, app, chain, draft, flight, submission};

const fn is_handle<T: Clone + Send + Sync + Unpin + 'static>() {}
const fn is_sent<T: Send + Unpin + 'static>() {}
const fn is_shared<T: Send + Sync + 'static>() {}
const fn becomes_a_future<T: IntoFuture<IntoFuture: Send + 'static> + Send + 'static>() {}

const _: () = {
    is_handle::<StoreClient>();
    is_handle::<Applications>();
    is_handle::<InAppProducts>();
    is_handle::<Flights>();
    is_handle::<Submissions<ApplicationSubmission>>();
    is_handle::<Submissions<InAppProductSubmission>>();
    is_handle::<Submissions<FlightSubmission>>();
    is_handle::<Rollout>();
    is_handle::<ClientSecret>();
    is_handle::<AccessToken>();
    is_handle::<UploadUrl>();
    is_handle::<WaitReport>();
    is_handle::<Document<ApplicationSubmission>>();
    is_handle::<Ensured<FlightSubmission>>();
    is_handle::<Receipt<Page<Application>>>();
    is_sent::<StoreClientBuilder>();
    is_sent::<List<Application>>();
    is_sent::<Pages<Application>>();
    is_shared::<Error>();
    is_shared::<Error>();
    is_shared::<TokenContext>();
    becomes_a_future::<Wait<InAppProductSubmission>>();
    becomes_a_future::<Wait<ApplicationSubmission>>();
    becomes_a_future::<RawRequest>();
};

fn can_be_sent<F: Future + Send>(future: F) {
    drop(future);
}

#[tokio::test]
async fn futures_can_be_spawned_and_do_nothing_unless_polled() {
    let server = Recorder::always(200, json!({"id": "1"})).await;
    let client = server.client();
    let (apps, add_ons, flights) = (client.applications(), client.in_app_products(), client.flights(app()));
    let submissions = apps.submissions(app());
    let rollout = submissions.package_rollout(submission());
    can_be_sent(client.access_token());
    can_be_sent(apps.get(app()));
    can_be_sent(apps.get_opt(app()));
    can_be_sent(apps.list().all());
    can_be_sent(add_ons.get(add_on()));
    can_be_sent(add_ons.create(NewInAppProduct::new(app(), "x", ProductType::Durable)));
    can_be_sent(add_ons.create_or_find(NewInAppProduct::new(app(), "x", ProductType::Durable)));
    can_be_sent(add_ons.delete(add_on()));
    can_be_sent(flights.get(flight()));
    can_be_sent(flights.create(NewFlight::new("x")));
    can_be_sent(flights.create_or_find(NewFlight::new("x")));
    can_be_sent(flights.delete(flight()));
    can_be_sent(submissions.create());
    can_be_sent(submissions.ensure_created());
    can_be_sent(submissions.get(submission()));
    can_be_sent(submissions.delete(submission()));
    can_be_sent(submissions.ensure_deleted(submission()));
    can_be_sent(submissions.ensure_committed(submission()));
    can_be_sent(submissions.commit(submission()));
    can_be_sent(submissions.status(submission()));
    can_be_sent(submissions.watch(submission()).into_future());
    can_be_sent(submissions.commit_and_wait(submission()).into_future());
    can_be_sent(rollout.get());
    can_be_sent(rollout.set_percentage(1.0));
    can_be_sent(rollout.halt());
    can_be_sent(rollout.finalize());
    can_be_sent(client.request(Method::GET, "x", Replay::Safe).into_future());
    assert!(server.requests().is_empty());

    // A builder's future outlives what it was made of.
    let spawned: BoxFuture<'static, _> = client.request(Method::GET, "x", Replay::Safe).into_future();
    drop((client, apps, submissions));
    tokio::spawn(spawned).await.unwrap().unwrap();
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = Recorder::always(200, json!({"id": app()})).await;
    for status in [301, 302, 303, 307, 308] {
        let answer = Answer::new(status, "").header("Location", format!("{}applications/x", other.endpoint()));
        let server = Recorder::scripted([answer]).await;
        // Not even when the program's own settings ask for it.
        let http = Client::builder().redirect(Policy::limited(5));
        let client = server.client_builder().http_client_builder(http).build().unwrap();
        let error = client.applications().get(app()).await.unwrap_err();
        assert_eq!((error.status(), error.outcome()), (Some(status), Outcome::NotApplied));
        assert!(error.to_string().contains("redirects are not followed"), "{error}");
        assert_eq!(server.requests().len(), 1);
    }
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn a_proxy_is_used_but_for_loopback_and_never_gets_the_bearer() {
    let proxy = Recorder::always(502, "").await;
    let server = Recorder::always(200, json!({"id": app()})).await;
    let through = || {
        let proxy = Proxy::all(proxy.origin()).unwrap();
        Client::builder().proxy(proxy)
    };
    let client = server.client_builder().http_client_builder(through()).build().unwrap();
    client.applications().get(app()).await.unwrap();
    assert_eq!((server.requests().len(), proxy.requests().len()), (1, 0));

    let away = server.client_builder().endpoint("https://store.invalid/v1.0/my/");
    let away = away.http_client_builder(through()).retry(RetryPolicy::off());
    let error = away.build().unwrap().applications().get(app()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Transport(TransportKind::Connect), Outcome::NotApplied)
    );
    let asked = proxy.requests();
    assert_eq!(proxy.lines(), ["CONNECT store.invalid:443"]);
    assert_eq!((asked[0].header("Authorization"), asked[0].body.len()), (None, 0));
    assert!(!chain(&error).contains(TOKEN) && !format!("{error:?}").contains(TOKEN));
}

/// A server that says that it keeps its connections, and does not: it ends each right after its answer, or when something more
/// comes over it, as one does whose end of an idle connection crosses a request. Gives its origin, and counts connections.
async fn that_keeps_no_connection(at_once: bool) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, count) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let connections = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            connections.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut request = vec![0; 64 << 10];
                let _ = stream.read(&mut request).await;
                let body = draft().to_string();
                let head = format!("HTTP/1.1 201 X\r\nConnection: keep-alive\r\nContent-Length: {}", body.len());
                let _ = stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await;
                if !at_once {
                    let _ = stream.read(&mut request).await;
                }
            });
        }
    });
    (format!("http://{address}"), count)
}

#[tokio::test]
async fn a_write_never_meets_a_connection_that_the_server_has_just_closed() {
    for at_once in [true, false] {
        let (origin, connections) = that_keeps_no_connection(at_once).await;
        let builder = StoreClient::builder(FixedToken).endpoint(format!("{origin}/v1.0/my/"));
        let client = builder.rate_limit(RateLimit::off()).build().unwrap();
        let submissions = client.applications().submissions(app());
        for call in 0..20 {
            submissions.get(submission()).await.unwrap();
            let created = submissions.create().await;
            created.unwrap_or_else(|error| panic!("{call}: {}", chain(&error)));
        }
        assert_eq!(connections.load(Ordering::SeqCst), 40, "{at_once}");
    }
}

/// What a server with a certificate of its own making says first in TLS 1.2, as `openssl s_server` said it. The client ends it at
/// the certificate, so nothing more is needed.
const SELF_SIGNED: &[u8] = include_bytes!("tls-self-signed.bin");

#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_named_and_not_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, count) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let connections = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            connections.fetch_add(1, Ordering::SeqCst);
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(SELF_SIGNED).await;
            let _ = stream.read(&mut [0; 4096]).await;
        }
    });
    let builder = StoreClient::builder(FixedToken).endpoint(format!("https://{address}/v1.0/my/"));
    let client = builder.http_client_builder(crate::faulty::http()).build().unwrap();
    let upload = UploadUrl::new(format!("https://{address}/blob?sig=c2ln"));
    for error in [
        client.applications().get(app()).await.unwrap_err(),
        client.upload(upload, b"x".to_vec()).raw(true).await.unwrap_err(),
    ] {
        let text = chain(&error);
        assert!(text.contains("the certificate of the server was not accepted"), "{text}");
        assert!(text.contains("root certificate"), "{text}");
        assert!(!text.contains("check the network"), "{text}");
        assert_eq!(
            (error.outcome(), error.is_retryable()),
            (Outcome::NotApplied, false),
            "{text}"
        );
        assert_eq!(error.call().unwrap().attempts, 1, "{text}");
    }
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_endpoint_without_its_path_is_named() {
    let page = "<html><head><title>404 Not Found</title></head></html>";
    let gateway = r#"{"statusCode":404,"message":"Resource not found"}"#;
    for body in [page, gateway, "Not Found"] {
        let server = Recorder::always(404, body).await;
        let client = server.client_builder().endpoint(server.origin()).build().unwrap();
        let apps = client.applications();
        let mut errors = vec![
            apps.get(app()).await.map(drop).unwrap_err(),
            apps.submissions(app()).create().await.map(drop).unwrap_err(),
            client
                .request(Method::GET, "applications?top=7", Replay::Safe)
                .await
                .map(drop)
                .unwrap_err(),
        ];
        if body != "Not Found" {
            errors.push(apps.list().all().await.unwrap_err());
        }
        for error in errors {
            let text = error.to_string();
            let asked = format!("asked was {}/applications", server.origin());
            assert!(text.contains("check the endpoint") && text.contains(&asked), "{text}");
            assert!(!text.contains("check the id") && !text.contains("top=7"), "{text}");
        }
    }
}
