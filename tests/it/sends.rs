//! Handles can be kept and shared, futures spawned. Also what a client never does with its bearer: follow a redirect, or
//! show it to a proxy.

use std::future::IntoFuture;

use msstore::reqwest::redirect::Policy;
use msstore::reqwest::{Client, Proxy};
use msstore::{
    AccessToken, Application, ApplicationSubmission, Applications, AuthError, BoxFuture, ClientSecret, Document, Ensured, Error,
    FlightSubmission, Flights, InAppProductSubmission, InAppProducts, List, Method, NewFlight, NewInAppProduct, Outcome,
    PackageRolloutHandle, Page, Pages, ProductType, RawRequest, Receipt, Replay, RetryPolicy, StoreClient, StoreClientBuilder,
    Submissions, TokenContext, TransportErrorKind, Update, UploadUrl, Wait, WaitReport,
};
use serde_json::json;

use crate::support::{Answer, Recorder, TOKEN, add_on, app, chain, flight, submission};

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
    is_handle::<PackageRolloutHandle>();
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
    is_shared::<AuthError>();
    is_shared::<TokenContext>();
    becomes_a_future::<Update<ApplicationSubmission>>();
    becomes_a_future::<Update<FlightSubmission>>();
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
    can_be_sent(client.request(Method::Get, "x", Replay::Safe).into_future());
    assert!(server.requests().is_empty());

    // A builder's future outlives what it was made of.
    let spawned: BoxFuture<'static, _> = {
        let document = submissions.get(submission()).await.unwrap();
        submissions.update(&document).allow(msstore::Guard::Price).into_future()
    };
    drop((client, apps, submissions));
    tokio::spawn(spawned).await.unwrap().unwrap();
    assert_eq!(server.requests().len(), 2);
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
    let Error::Transport(refused) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(
        (refused.kind(), error.outcome()),
        (TransportErrorKind::Connect, Outcome::NotApplied)
    );
    let asked = proxy.requests();
    assert_eq!(proxy.lines(), ["CONNECT store.invalid:443"]);
    assert_eq!((asked[0].header("Authorization"), asked[0].body.len()), (None, 0));
    assert!(!chain(&error).contains(TOKEN) && !format!("{error:?}").contains(TOKEN));
}
