//! Lists: where the next page is, when it is not followed, and what a 404 means.

use futures_util::{StreamExt, TryStreamExt};
use msstore::auth::BoxFuture;
use msstore::{Error, ErrorKind, StoreClient};
use serde_json::{Value, json};

use crate::support::{Answer, BASE, Recorder, add_on, app, chain, flight};

type Read = fn(&StoreClient) -> BoxFuture<'static, Result<Vec<String>, Error>>;

fn ids<T: std::fmt::Display>(ids: impl Iterator<Item = T>) -> Vec<String> {
    ids.map(|id| id.to_string()).collect()
}

fn apps(client: &StoreClient) -> BoxFuture<'static, Result<Vec<String>, Error>> {
    let list = client.applications().list();
    Box::pin(async { Ok(ids(list.all().await?.iter().filter_map(|app| app.id.as_ref()))) })
}

fn add_ons(client: &StoreClient) -> BoxFuture<'static, Result<Vec<String>, Error>> {
    let list = client.in_app_products().list();
    Box::pin(async { Ok(ids(list.all().await?.iter().filter_map(|product| product.id.as_ref()))) })
}

fn add_ons_of_an_app(client: &StoreClient) -> BoxFuture<'static, Result<Vec<String>, Error>> {
    let list = client.applications().in_app_products(app());
    Box::pin(async {
        Ok(ids(list
            .all()
            .await?
            .iter()
            .filter_map(|product| product.in_app_product_id.as_ref())))
    })
}

fn flights(client: &StoreClient) -> BoxFuture<'static, Result<Vec<String>, Error>> {
    let list = client.flights(app()).list();
    Box::pin(async { Ok(ids(list.all().await?.iter().filter_map(|flight| flight.flight_id.as_ref()))) })
}

fn two_each(client: &StoreClient) -> BoxFuture<'static, Result<Vec<String>, Error>> {
    let list = client.applications().list().top(2).skip(4);
    Box::pin(async { Ok(ids(list.all().await?.iter().filter_map(|app| app.id.as_ref()))) })
}

/// A page of items with these ids, whatever the list.
fn page(ids: &[&str], rest: Value) -> Answer {
    let item = |id: &&str| json!({"id": id, "flightId": id, "inAppProductId": id});
    let mut page = json!({"value": ids.iter().map(item).collect::<Vec<_>>()});
    page.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    Answer::new(200, page)
}

fn not_found() -> Answer {
    Answer::new(404, json!({"code": "ResourceNotFound", "message": "none", "target": "id"}))
}

fn html() -> Answer {
    Answer::new(404, "<!DOCTYPE html><html><title>Not Found</title></html>")
}

async fn check(read: Read, answers: Vec<Answer>, expected: Result<&[&str], &str>, targets: &[&str]) {
    let server = Recorder::scripted(answers).await;
    let result = read(&server.client()).await;
    match (&result, expected) {
        (Ok(found), Ok(wanted)) => assert_eq!(found, wanted, "{targets:?}"),
        (Err(error), Err(words)) => assert!(chain(error).contains(words), "{words:?} is not in {:?}", chain(error)),
        _ => panic!("{targets:?}: {result:?} instead of {expected:?}"),
    }
    let asked: Vec<String> = server.requests().iter().map(|request| request.target.clone()).collect();
    let targets: Vec<String> = targets.iter().map(|target| format!("{BASE}{target}")).collect();
    assert_eq!(asked, targets);
}

#[tokio::test]
async fn pages_are_followed_to_the_end() {
    let all: Result<&[&str], &str> = Ok(&["A", "B", "C"]);
    let last = || page(&["C"], json!({"totalCount": 3}));
    // What the first page says besides its two items, and what is asked for next.
    let table: Vec<(Read, Value, &str, &str)> = vec![
        (
            apps,
            json!({"@nextLink": "applications?skip=2&top=2"}),
            "applications",
            "applications?skip=2&top=2",
        ),
        (
            add_ons,
            json!({"@nextLink": "inappproducts/?skip=2&top=2"}),
            "inappproducts",
            "inappproducts/?skip=2&top=2",
        ),
        (
            flights,
            json!({"@nextLink": "applications/9TESTAPP0001/listflights/?skip=2&top=2", "totalCount": 3}),
            "applications/9TESTAPP0001/listflights",
            "applications/9TESTAPP0001/listflights/?skip=2&top=2",
        ),
        (
            add_ons_of_an_app,
            json!({"@nextLink": "applications/9TESTAPP0001/listinappproducts/?token=a%2Bb"}),
            "applications/9TESTAPP0001/listinappproducts",
            "applications/9TESTAPP0001/listinappproducts/?token=a%2Bb",
        ),
        (
            apps,
            json!({"@nextLink": "/v1.0/my/applications?skip=2"}),
            "applications",
            "applications?skip=2",
        ),
        (
            apps,
            json!({"@nextLink": "x/../applications?skip=2"}),
            "applications",
            "applications?skip=2",
        ),
        // Missing too early: the total is the second witness.
        (apps, json!({"totalCount": 3}), "applications", "applications?skip=2"),
        (
            apps,
            json!({"totalCount": 3, "@nextLink": null}),
            "applications",
            "applications?skip=2",
        ),
        (
            apps,
            json!({"totalCount": 3, "@nextLink": ""}),
            "applications",
            "applications?skip=2",
        ),
        (
            two_each,
            json!({"totalCount": 7}),
            "applications?skip=4&top=2",
            "applications?skip=6&top=2",
        ),
    ];
    for (read, rest, first, second) in table {
        check(read, vec![page(&["A", "B"], rest), last()], all, &[first, second]).await;
    }
}

#[tokio::test]
async fn the_last_page_is_known() {
    let table = [
        json!({}),
        json!({"@nextLink": null}),
        json!({"@nextLink": ""}),
        json!({"@nextLink": " ", "totalCount": 1}),
        json!({"@nextLink": null, "totalCount": 1}),
        // Not what the documentation's table says, which is the number on the page.
        json!({"totalCount": 0}),
        json!({"totalCount": null}),
    ];
    for rest in table {
        check(apps, vec![page(&["A"], rest)], Ok(&["A"]), &["applications"]).await;
    }
    for nothing in [json!({"value": [], "totalCount": 9}), json!({"value": null})] {
        check(apps, vec![Answer::new(200, nothing)], Ok(&[]), &["applications"]).await;
    }
    // The total counts what was left out at the beginning.
    let answers = vec![page(&["A", "B"], json!({"totalCount": 6}))];
    check(two_each, answers, Ok(&["A", "B"]), &["applications?skip=4&top=2"]).await;
    let broken = Answer::new(200, json!({"totalCount": 1}));
    check(apps, vec![broken], Err("is not a list at value"), &["applications"]).await;
}

#[tokio::test]
async fn an_absolute_link_is_followed_to_the_same_server_alone() {
    let other = Recorder::always(200, json!({"value": [{"id": "STOLEN"}]})).await;
    let port = other.address().port();
    let table = [
        format!("http://{}/v1.0/my/applications", other.address()),
        format!("//{}/v1.0/my/applications", other.address()),
        format!("http://localhost:{port}/v1.0/my/applications"),
        format!("/\\{}/v1.0/my/applications", other.address()),
        format!("http:\\\\{}\\v1.0\\my\\applications", other.address()),
        "http://HOST@HERE/v1.0/my/applications".to_owned(),
        "https://HERE/v1.0/my/applications".to_owned(),
        "http://HERE/v2.0/my/applications".to_owned(),
        "../my2/applications".to_owned(),
        "applications/../../../v1.0/other".to_owned(),
        "%2e%2e/other".to_owned(),
        "..%2f..%2fother".to_owned(),
        "/other".to_owned(),
        "applic\nations".to_owned(),
    ];
    for link in table {
        let server = linking(&link).await;
        let error = apps(&server.client()).await.unwrap_err();
        let expected = "the answer is not a link below the endpoint at @nextLink";
        assert!(error.to_string().contains(expected), "{link}: {error}");
        assert_eq!(server.lines(), ["GET applications"], "{link}");
    }
    assert!(other.requests().is_empty());

    let server = linking("http://HERE/v1.0/my/applications?skip=1").await;
    apps(&server.client()).await.unwrap();
    assert_eq!(server.lines(), ["GET applications", "GET applications?skip=1"]);
}

/// A server whose first page has this link, with its own address for `HERE`.
async fn linking(link: &str) -> Recorder {
    let link = link.to_owned();
    Recorder::start(move |request| {
        let link = link.replace("HERE", &request.header("host").unwrap());
        let rest = if request.target.contains("skip") {
            json!({})
        } else {
            json!({"@nextLink": link})
        };
        page(&["A"], rest)
    })
    .await
}

#[tokio::test]
async fn a_loop_ends_and_no_page_is_read_twice() {
    let link = |to: &str| page(&["A"], json!({"@nextLink": to}));
    let repeated = Err("a link to a page that has not been read at @nextLink");
    let (a, b) = ("applications?skip=1", "applications?skip=2");
    check(apps, vec![link(a), link(a)], repeated, &["applications", a]).await;
    check(apps, vec![link(a), link(b), link(a)], repeated, &["applications", a, b]).await;
    check(apps, vec![link("applications")], repeated, &["applications"]).await;
    let spelled_otherwise = "/v1.0/my/x/../applications?skip=1";
    check(apps, vec![link(a), link(spelled_otherwise)], repeated, &["applications", a]).await;
}

#[tokio::test]
async fn a_404_is_an_empty_list_only_where_nothing_else_can_be_meant() {
    let there = || Answer::new(200, json!({"id": app()}));
    let parent = "applications/9TESTAPP0001";
    let (of_add_ons, of_flights) = (
        "applications/9TESTAPP0001/listinappproducts",
        "applications/9TESTAPP0001/listflights",
    );
    let link = |to: &str| page(&["A"], json!({"@nextLink": to}));
    let missing = Err("status 404");
    check(apps, vec![not_found()], Ok(&[]), &["applications"]).await;
    check(add_ons, vec![not_found()], Ok(&[]), &["inappproducts"]).await;
    for (read, list) in [(add_ons_of_an_app as Read, of_add_ons), (flights, of_flights)] {
        check(read, vec![not_found(), there()], Ok(&[]), &[list, parent]).await;
        check(read, vec![not_found(), not_found()], missing, &[list, parent]).await;
        check(read, vec![html()], missing, &[list]).await;
    }
    check(apps, vec![html()], missing, &["applications"]).await;
    let second = "applications?skip=1";
    check(apps, vec![link(second), not_found()], missing, &["applications", second]).await;
    let early = page(&["A"], json!({"totalCount": 2}));
    check(apps, vec![early, not_found()], missing, &["applications", second]).await;
}

#[tokio::test]
async fn pages_come_one_by_one_and_only_when_asked_for() {
    let answers = [
        page(&["A", "B"], json!({"totalCount": 3, "@nextLink": "applications?skip=2"})),
        page(&["C"], json!({"totalCount": 3})),
    ];
    let server = Recorder::scripted(answers.clone()).await;
    let mut pages = server.client().applications().list().pages();
    assert!(server.requests().is_empty());
    let first = pages.try_next().await.unwrap().unwrap();
    assert_eq!(server.requests().len(), 1);
    assert_eq!(
        (first.value.len(), first.total_count, first.next_link.as_str()),
        (2, Some(3), "applications?skip=2")
    );
    assert_eq!(pages.try_next().await.unwrap().unwrap().value[0].id.as_ref().unwrap(), "C");
    assert!(pages.next().await.is_none() && pages.next().await.is_none());
    assert_eq!(server.requests().len(), 2);

    let server = Recorder::scripted(answers).await;
    let mut apps = server.client().applications().list();
    assert!(server.requests().is_empty());
    assert_eq!(apps.try_next().await.unwrap().unwrap().id.unwrap(), "A");
    assert_eq!(apps.try_next().await.unwrap().unwrap().id.unwrap(), "B");
    assert_eq!(server.requests().len(), 1);
    assert_eq!(apps.try_next().await.unwrap().unwrap().id.unwrap(), "C");
    assert!(apps.try_next().await.unwrap().is_none());
}

#[tokio::test]
async fn an_error_ends_the_stream() {
    let bad = Answer::new(400, json!({"code": "InvalidParameterValue", "message": "no"}));
    let server = Recorder::scripted([page(&["A"], json!({"totalCount": 2})), bad]).await;
    let mut apps = server.client().applications().list();
    assert!(apps.next().await.unwrap().is_ok());
    assert_eq!(apps.next().await.unwrap().unwrap_err().status(), Some(400));
    assert!(apps.next().await.is_none());
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_page_that_cannot_be_decoded_ends_the_stream() {
    // The service may still say where to go on.
    let bad = json!({"value": [{"id": []}], "totalCount": 2, "@nextLink": "applications?skip=1"});
    let answers = [Answer::new(200, bad), page(&["B"], json!({"totalCount": 2}))];
    let server = Recorder::scripted(answers.clone()).await;
    let mut pages = server.client().applications().list().pages();
    assert!(
        pages
            .next()
            .await
            .unwrap()
            .is_err_and(|error| error.kind() == ErrorKind::Decode)
    );
    assert!(pages.next().await.is_none() && pages.next().await.is_none());
    assert_eq!(server.requests().len(), 1);

    let server = Recorder::scripted(answers).await;
    let mut apps = server.client().applications().list();
    assert!(
        apps.next()
            .await
            .unwrap()
            .is_err_and(|error| error.kind() == ErrorKind::Decode)
    );
    assert!(apps.next().await.is_none() && apps.next().await.is_none());
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn get_opt_turns_404_alone_into_none() {
    for (status, expected) in [(200, Ok(true)), (404, Ok(false)), (403, Err(403)), (409, Err(409))] {
        let server = Recorder::always(status, json!({"id": "1", "flightId": "1"})).await;
        let client = server.client();
        let found = [
            client.applications().get_opt(app()).await.map(|it| it.is_some()),
            client.in_app_products().get_opt(add_on()).await.map(|it| it.is_some()),
            client.flights(app()).get_opt(flight()).await.map(|it| it.is_some()),
            client
                .applications()
                .submissions(app())
                .get_opt(crate::support::submission())
                .await
                .map(|it| it.is_some()),
        ];
        for result in found {
            assert_eq!(result.map_err(|error| error.status().unwrap()), expected);
        }
    }
}
