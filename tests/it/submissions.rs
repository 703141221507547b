//! Submissions: what an update sends, what becomes of calls whose answers are lost, and odd answers.

use msstore::api::{Submission, Submissions};
use msstore::model::{Guard, NewFlight, NewInAppProduct, ProductType};
use msstore::testing::{CutEnd, FakeStore, Fault};
use msstore::{ErrorKind, FlightId, InAppProductId, Outcome, StoreClient};
use serde_json::{Value, json};

use crate::support::{Answer, Recorded, Recorder, add_on, app, draft, flight, submission};

const SUBMISSION: &str = "applications/9TESTAPP0001/submissions/1152921505000000042";

fn of_app(client: &StoreClient) -> Submissions<msstore::model::ApplicationSubmission> {
    client.applications().submissions(app())
}

fn of_add_on(client: &StoreClient) -> Submissions<msstore::model::InAppProductSubmission> {
    client.in_app_products().submissions(add_on())
}

fn of_flight(client: &StoreClient) -> Submissions<msstore::model::FlightSubmission> {
    client.flights(app()).submissions(flight())
}

/// The submissions of the sample app of a fake.
fn of_sample(fake: &FakeStore) -> Submissions<msstore::model::ApplicationSubmission> {
    let app: msstore::ApplicationId = FakeStore::SAMPLE_APPLICATION.parse().unwrap();
    fake.client().unwrap().applications().submissions(app)
}

/// A server that gives this submission and takes any update of it.
async fn holding(document: Value) -> Recorder {
    Recorder::start(move |_| Answer::new(200, &document)).await
}

fn puts(server: &Recorder) -> Vec<Value> {
    let requests = server.requests();
    let puts = requests.iter().filter(|request| request.method == "PUT");
    puts.map(Recorded::json).collect()
}

async fn echoes<S: Submission>(handle: fn(&StoreClient) -> Submissions<S>) {
    let server = holding(draft()).await;
    let submissions = handle(&server.client());
    let mut document = submissions.get(submission()).await.unwrap();
    submissions.update(&document).await.unwrap();
    document.set("/somethingNew/text", json!("edited")).unwrap();
    submissions.update(&document).await.unwrap();
    let mut edited = draft();
    edited["somethingNew"]["text"] = json!("edited");
    assert_eq!(puts(&server), [draft(), edited]);
}

#[tokio::test]
async fn what_was_not_edited_goes_back_as_it_came() {
    echoes(of_app).await;
    echoes(of_add_on).await;
    echoes(of_flight).await;

    let fake = FakeStore::start_with_sample().await.unwrap();
    let submissions = of_sample(&fake);
    let mut draft = submissions.create().await.unwrap();
    let mut expected = draft.as_received().clone();
    draft.listing_mut("de-DE").unwrap().base_listing.release_notes = "Schneller.".into();
    draft.package_delivery_options.is_mandatory_update = Some(true);
    expected["listings"]["de-de"]["baseListing"]["releaseNotes"] = json!("Schneller.");
    expected["packageDeliveryOptions"]["isMandatoryUpdate"] = json!(true);
    let updated = submissions.update(&draft).await.unwrap();
    let sent = fake.requests_to("PUT", "/submissions/*").pop().unwrap();
    assert_eq!(sent.json(), Some(expected));
    assert_eq!(updated.listings["de-de"].base_listing.release_notes, "Schneller.");
    assert!(updated.changes().unwrap().is_empty());
}

#[tokio::test]
async fn the_path_comes_from_what_was_received() {
    let server = holding(draft()).await;
    let submissions = of_app(&server.client());
    let mut document = submissions.create().await.unwrap();
    document.id = Some("999".parse().unwrap());
    submissions.update(&document).await.unwrap();
    let post = "POST applications/9TESTAPP0001/submissions";
    assert_eq!(server.lines(), [post.to_owned(), format!("PUT {SUBMISSION}")]);
}

#[tokio::test]
async fn a_document_of_another_parent_is_refused() {
    let server = holding(draft()).await;
    let client = server.client();
    let other_app: msstore::ApplicationId = "9TESTAPP0002".parse().unwrap();
    let document = of_app(&client).get(submission()).await.unwrap();
    let error = client.applications().submissions(&other_app).update(&document).await;
    let error = error.unwrap_err();
    let words = format!("it is {SUBMISSION}, which does not belong to applications/9TESTAPP0002/submissions");
    crate::support::assert_input(&error, &words);
    // The same flight id below another app, and an id that is the beginning of another.
    let document = of_flight(&client).get(submission()).await.unwrap();
    let refused = [
        client.flights(&other_app).submissions(flight()),
        client.flights(app()).submissions("3f1c0a52".parse::<FlightId>().unwrap()),
    ];
    for submissions in refused {
        crate::support::assert_input(&submissions.update(&document).await.unwrap_err(), "does not belong to");
    }
    assert!(puts(&server).is_empty());
}

async fn price_is_guarded<S: Submission>(handle: fn(&StoreClient) -> Submissions<S>, guarded: bool) {
    let dangers: [fn(&mut Value); 6] = [
        |body| drop(body["pricing"].as_object_mut().unwrap().remove("priceId")),
        |body| body["pricing"]["priceId"] = Value::Null,
        |body| body["pricing"]["priceId"] = json!(""),
        |body| body["pricing"]["priceId"] = json!("Base"),
        |body| body["pricing"] = Value::Null,
        |body| drop(body.as_object_mut().unwrap().remove("pricing")),
    ];
    for spoil in dangers {
        let mut body = draft();
        spoil(&mut body);
        let server = holding(body.clone()).await;
        let submissions = handle(&server.client());
        let document = submissions.get(submission()).await.unwrap();
        match submissions.update(&document).await {
            Err(error) => {
                assert!(guarded && puts(&server).is_empty(), "{body}");
                assert_eq!(error.kind(), ErrorKind::Guard(Guard::Price));
                submissions.update_at_any_price(&document).await.unwrap();
            }
            result => assert!(result.is_ok() && !guarded, "{body}"),
        }
        assert_eq!(puts(&server), [body]);
    }
}

#[tokio::test]
async fn a_price_that_does_harm_is_not_sent_unasked() {
    price_is_guarded(of_app, true).await;
    price_is_guarded(of_add_on, true).await;
    price_is_guarded(of_flight, false).await;
}

async fn is_created_minimal<S: Submission>(fake: &FakeStore, submissions: Submissions<S>, query: &str, path: &str) {
    fake.forget_requests();
    let made = submissions.ensure_created().await.unwrap();
    assert!(!made.adopted);
    let asked: Vec<(String, String)> = fake
        .requests()
        .into_iter()
        .filter(|request| request.path.starts_with("/v1.0/my/"))
        .map(|request| {
            (
                request.method,
                format!("{}?{}", request.path.trim_start_matches("/v1.0/my/"), request.query),
            )
        })
        .collect();
    let received = made.document.as_received();
    let id = received["id"].as_str().unwrap();
    let expected = [
        ("GET".to_owned(), format!("{path}?")),
        ("POST".to_owned(), format!("{path}/submissions?{query}")),
        ("GET".to_owned(), format!("{path}/submissions/{id}?")),
    ];
    assert_eq!(asked, expected);
    // The sparse answer did not become the document.
    assert_eq!(received, &fake.submission(id).unwrap());
    let again = submissions.ensure_created().await.unwrap_err();
    assert!(
        again.is_conflict(),
        "a draft that was there before is nobody's to adopt: {again}"
    );
}

#[tokio::test]
async fn ensure_created_asks_for_a_minimal_answer_where_there_is_one() {
    let fake = FakeStore::start_with_sample().await.unwrap();
    let client = fake.client().unwrap();
    let (app_id, add_on_id, flight_id) = (
        FakeStore::SAMPLE_APPLICATION,
        FakeStore::SAMPLE_IN_APP_PRODUCT,
        FakeStore::SAMPLE_FLIGHT,
    );
    let minimal = "isMinimalResponse=true";
    let app: msstore::ApplicationId = app_id.parse().unwrap();
    let path = format!("applications/{app_id}");
    is_created_minimal(&fake, of_sample(&fake), minimal, &path).await;
    let flights = client.flights(&app).submissions(flight_id.parse::<FlightId>().unwrap());
    is_created_minimal(&fake, flights, minimal, &format!("{path}/flights/{flight_id}")).await;
    let add_ons = client
        .in_app_products()
        .submissions(add_on_id.parse::<InAppProductId>().unwrap());
    is_created_minimal(&fake, add_ons, "", &format!("inappproducts/{add_on_id}")).await;
}

#[tokio::test]
async fn a_create_whose_answer_is_lost_is_found_or_made_again() {
    let create = || Fault::on("POST", "/submissions");
    let table = [
        // what goes wrong, adopted, how often it is sent
        (create(), false, 1),
        (create().apply_then().answer(504, "<html>Gateway Timeout</html>"), true, 1),
        (create().apply_then().reset(), true, 1),
        (create().cut(CutEnd::Close), true, 1),
        (create().cut(CutEnd::Reset), true, 1),
        (create().truncate(), true, 1),
        (create().apply_then().answer(201, "{}"), true, 1),
        (create().answer(503, ""), false, 2),
        (create().reset(), false, 2),
        (create().answer(429, ""), false, 2),
    ];
    for (fault, adopted, sent) in table {
        let fake = FakeStore::start_with_sample().await.unwrap();
        let name = format!("{fault:?}");
        fake.fault(fault);
        let made = of_sample(&fake).ensure_created().await.unwrap();
        assert_eq!(made.adopted, adopted, "{name}");
        assert_eq!(fake.requests_to("POST", "/submissions").len(), sent, "{name}");
        assert_eq!(fake.applied_to("POST", "/submissions").len(), 1, "{name}");
        assert_eq!(
            fake.pending_submission(FakeStore::SAMPLE_APPLICATION).as_ref(),
            Some(made.document.as_received())
        );
    }
}

#[tokio::test]
async fn a_delete_whose_answer_is_lost_is_done() {
    let delete = || Fault::on("DELETE", "/submissions/*").apply_then();
    for (fault, status) in [(delete(), 204), (delete().answer(503, ""), 404), (delete().reset(), 404)] {
        let fake = FakeStore::start_with_sample().await.unwrap();
        let id = fake.seed_draft(FakeStore::SAMPLE_APPLICATION);
        fake.fault(fault);
        let submissions = of_sample(&fake);
        let receipt = submissions.delete(&id).await.unwrap();
        assert_eq!(receipt.http_status, status);
        assert!(receipt.correlation_id.is_some());
        // Nothing was lost this time.
        assert!(submissions.delete(&id).await.unwrap_err().is_not_found());
        submissions.ensure_deleted(&id).await.unwrap();
    }
}

#[tokio::test]
async fn a_deletion_is_waited_for() {
    let fake = FakeStore::start_with_sample().await.unwrap();
    let id = fake.seed_draft(FakeStore::SAMPLE_APPLICATION);
    fake.fault(Fault::on("GET", "/applications/*").first(3).stale());
    of_sample(&fake).ensure_deleted(&id).await.unwrap();
    assert_eq!(fake.requests_to("GET", "/applications/*").len(), 4);

    let id = fake.seed_draft(FakeStore::SAMPLE_APPLICATION);
    fake.fault(Fault::on("GET", "/applications/*").always().stale());
    let error = of_sample(&fake).ensure_deleted(&id).await.unwrap_err();
    assert!(
        error.waited().unwrap().as_secs() == 60 && error.to_string().contains("is still shown"),
        "{error}"
    );
}

#[tokio::test]
async fn odd_answers_are_understood() {
    // An empty 2xx where nothing is to be read.
    let server = Recorder::scripted([Answer::new(202, ""), Answer::new(200, "{}"), Answer::new(200, "")]).await;
    let submissions = of_app(&server.client());
    for status in [202, 200] {
        let committed = submissions.commit(submission()).await.unwrap();
        assert_eq!((committed.http_status, committed.status.is_set()), (status, false));
    }
    assert_eq!(submissions.delete(submission()).await.unwrap().http_status, 200);

    // A 2xx that cannot be read: it is done, and nobody knows what; or somebody else has answered.
    let not_an_id = "the answer is not the id of a submission at id";
    let table = [
        ("", "the answer is not JSON", Outcome::Applied),
        ("<html></html>", "the answer is not JSON", Outcome::MaybeApplied),
        ("{}", not_an_id, Outcome::Applied),
        (r#"{"id": "../x"}"#, not_an_id, Outcome::Applied),
        (r#"{"id": null}"#, not_an_id, Outcome::Applied),
    ];
    for (body, words, outcome) in table {
        let server = Recorder::always(201, body).await;
        let error = of_app(&server.client()).create().await.unwrap_err();
        assert!(error.to_string().contains(words), "{body}: {error}");
        assert_eq!((error.status(), error.outcome()), (Some(201), outcome), "{body}");
        assert_eq!(server.requests().len(), 1, "{body}");
    }

    // The service's own ids, and the byte order mark.
    let answer = Answer::new(200, format!("\u{feff}{}", draft()))
        .header("MS-CorrelationId", "theirs")
        .header("MS-RequestId", "request-7");
    let server = Recorder::scripted([answer]).await;
    let document = of_app(&server.client()).get(submission()).await.unwrap();
    let receipt = document.receipt();
    assert_eq!(receipt.http_status, 200);
    assert_eq!(receipt.correlation_id.as_deref(), Some("theirs"));
    assert_eq!(receipt.request_id.as_deref(), Some("request-7"));
}

#[tokio::test]
async fn a_percentage_is_written_plainly() {
    let server = Recorder::always(200, "{}").await;
    let rollout = of_app(&server.client()).package_rollout(submission());
    for (percentage, text) in [(0.0, "0"), (100.0, "100"), (33.3, "33.3"), (0.000_000_1, "0.0000001")] {
        rollout.set_percentage(percentage).await.unwrap();
        let line = server.lines().pop().unwrap();
        assert_eq!(
            line,
            format!("POST {SUBMISSION}/updatepackagerolloutpercentage?percentage={text}")
        );
    }
}

#[tokio::test]
async fn a_rollout_whose_answer_is_lost_is_looked_up() {
    let change = || Fault::on("POST", "/updatepackagerolloutpercentage");
    let table = [
        (change(), 1),
        (change().apply_then().answer(503, ""), 1),
        (change().apply_then().reset(), 1),
        (change().answer(503, ""), 2),
    ];
    for (fault, sent) in table {
        let fake = FakeStore::start_with_sample().await.unwrap();
        let id = fake.seed_rollout(FakeStore::SAMPLE_APPLICATION, 10.0).unwrap();
        fake.fault(fault);
        let rollout = of_sample(&fake).package_rollout(id);
        let changed = rollout.set_percentage(33.5).await.unwrap();
        assert_eq!(changed.package_rollout_percentage, Some(33.5));
        assert_eq!(fake.requests_to("POST", "/updatepackagerolloutpercentage").len(), sent);
    }
    let fake = FakeStore::start_with_sample().await.unwrap();
    let id = fake.seed_rollout(FakeStore::SAMPLE_APPLICATION, 10.0).unwrap();
    fake.fault(Fault::on("POST", "/finalizepackagerollout").always().answer(503, ""));
    let error = of_sample(&fake).package_rollout(id).finalize().await.unwrap_err();
    assert_eq!((error.status(), error.outcome()), (Some(503), Outcome::MaybeApplied));
    assert_eq!(fake.requests_to("POST", "/finalizepackagerollout").len(), 2);
}

#[tokio::test]
async fn an_add_on_or_a_flight_is_never_made_twice() {
    // What goes wrong with the create, whether the thing is there afterwards.
    let table = [(false, true), (true, true), (true, false)];
    for (goes_wrong, applied) in table {
        let fake = FakeStore::start_with_sample().await.unwrap();
        let client = fake.client().unwrap();
        let app: msstore::ApplicationId = FakeStore::SAMPLE_APPLICATION.parse().unwrap();
        for path in ["/inappproducts", "/flights"] {
            let fault = Fault::on("POST", path);
            let fault = if applied { fault.apply_then() } else { fault };
            fake.fault(if goes_wrong { fault.answer(503, "") } else { fault });
        }
        let new = NewInAppProduct::new(&app, "coins.100", ProductType::Consumable);
        let product = client.in_app_products().create_or_find(new.clone()).await;
        let product = product.map(|it| (it.adopted, it.document.product_id.clone()));
        let flight = client.flights(&app).create_or_find(NewFlight::new("Night")).await;
        let flight = flight.map(|it| (it.adopted, it.document.friendly_name.clone()));
        for (result, name) in [(product, "coins.100"), (flight, "Night")] {
            match result {
                Ok(found) => assert_eq!((found.0, found.1.as_str()), (goes_wrong, name)),
                Err(error) => assert!(!applied && error.outcome() == Outcome::MaybeApplied, "{error}"),
            }
        }
        for path in ["/inappproducts", "/flights"] {
            assert_eq!(fake.requests_to("POST", path).len(), 1, "{path}");
        }
        if applied {
            let found = client.in_app_products().create_or_find(new).await.unwrap();
            assert!(found.adopted);
            assert_eq!(fake.requests_to("POST", "/inappproducts").len(), 1);
        }
    }
}

#[tokio::test]
async fn what_was_created_without_an_id_is_created_all_the_same() {
    let server = Recorder::always(201, json!({"friendlyName": "x", "flightId": "", "id": null})).await;
    let client = server.client();
    let flight = client.flights(app()).create(NewFlight::new("x")).await.unwrap_err();
    let product = NewInAppProduct::new(app(), "coins", ProductType::Consumable);
    let product = client.in_app_products().create(product).await.unwrap_err();
    for error in [flight, product] {
        assert_eq!((error.status(), error.outcome()), (Some(201), Outcome::Applied), "{error}");
    }
}
