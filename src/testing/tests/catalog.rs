//! Apps, add-ons and flights.

use super::*;

#[tokio::test]
async fn an_app_has_the_members_of_the_wire() {
    let http = Http::sample().await;
    let json = http.get(&app()).await.ok(200);
    assert_eq!(json["id"], APP);
    assert!(json["PackageFamilyName"].is_string() && json.get("packageFamilyName").is_none());
    assert_eq!(json["hasAdvancedListingPermission"], true);
    assert!(json.get("pendingApplicationSubmission").is_none());
    let published = &json["lastPublishedApplicationSubmission"];
    let id = text(&published["id"]);
    assert!(id.parse::<u64>().unwrap() > 1 << 53);
    assert_eq!(published["resourceLocation"], format!("applications/{APP}/submissions/{id}"));
    // 2024-03-05T09:41:07.1230000Z
    assert_eq!(text(&json["firstPublishedDate"]).len(), 28);
    http.get("applications/9UNKNOWN0000")
        .await
        .refused(404, "ResourceNotFound", "applicationId");
    assert_eq!(http.fake.resource(APP), Some(json));
}

#[tokio::test]
async fn apps_come_in_pages_of_ten() {
    let http = Http::to(FakeStore::start().await.unwrap()).await;
    http.get("applications").await.refused(404, "ResourceNotFound", "");
    let ids = http.fake.seed_applications(23);
    let mut path = "applications".to_owned();
    let mut seen = Vec::new();
    let mut links = Vec::new();
    loop {
        let page = http.get(&path).await.ok(200);
        assert_eq!(page["totalCount"], 23);
        for app in page["value"].as_array().unwrap() {
            assert!(app.get("hasAdvancedListingPermission").is_none());
            seen.push(text(&app["id"]).to_owned());
        }
        match page.get("@nextLink") {
            Some(next) => path = text(next).to_owned(),
            None => break,
        }
        links.push(path.clone());
    }
    assert_eq!(links, ["applications?skip=10&top=10", "applications?skip=20&top=10"]);
    assert_eq!(seen, ids.iter().map(|id| id.as_str().to_owned()).collect::<Vec<_>>());
    let beyond = http.get("applications?skip=50&top=5").await.ok(200);
    assert_eq!(beyond["value"], json!([]));
    for bad in ["top=x", "top=0", "skip=-1"] {
        assert_eq!(http.get(&format!("applications?{bad}")).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn the_other_lists_have_links_of_their_own() {
    let http = Http::sample().await;
    http.fake.seed_in_app_product(APP, "second");
    http.fake.seed_flight(APP, "Second");
    let table = [
        (
            format!("{}/listinappproducts", app()),
            format!("applications/{APP}/listinappproducts/?skip=1&top=1"),
        ),
        (
            format!("{}/listflights", app()),
            format!("applications/{APP}/listflights/?skip=1&top=1"),
        ),
        ("inappproducts".to_owned(), "inappproducts/?skip=1&top=1".to_owned()),
    ];
    for (path, next) in table {
        let all = http.get(&path).await.ok(200);
        assert_eq!(all["value"].as_array().unwrap().len(), 2, "{path}");
        assert!(all.get("@nextLink").is_none(), "{path}");
        let first = http.get(&format!("{path}?top=1")).await.ok(200);
        assert_eq!(first["@nextLink"], next);
        let second = http.get(&next).await.ok(200);
        assert_eq!(second["value"][0], all["value"][1], "{path}");
    }
    let of_app = http.get(&format!("{}/listinappproducts", app())).await.ok(200);
    assert_eq!(of_app["value"][0], json!({ "inAppProductId": ADD_ON }));
}

#[tokio::test]
async fn an_empty_list_and_an_unknown_app_are_both_404() {
    let http = Http::to(FakeStore::start().await.unwrap()).await;
    http.fake.seed_application("9LONELY00000");
    for list in ["listflights", "listinappproducts"] {
        http.get(&format!("applications/9LONELY00000/{list}"))
            .await
            .refused(404, "ResourceNotFound", "");
        http.get(&format!("applications/9UNKNOWN0000/{list}"))
            .await
            .refused(404, "ResourceNotFound", "applicationId");
    }
    http.get("inappproducts").await.refused(404, "ResourceNotFound", "");
}

#[tokio::test]
async fn add_ons_are_created_and_deleted() {
    let http = Http::sample().await;
    let wanted = json!({ "applicationIds": [APP], "productId": "coins", "productType": "Consumable" });
    let made = http.post_json("inappproducts", wanted.clone()).await.ok(201);
    assert_eq!(made["applications"]["value"][0]["id"], APP);
    assert_eq!(made["applications"]["totalCount"], 1);
    assert!(made.get("pendingInAppProductSubmission").is_none());
    let path = format!("inappproducts/{}", text(&made["id"]));
    assert_eq!(http.get(&path).await.ok(200), made);

    http.post_json("inappproducts", wanted.clone())
        .await
        .refused(409, "InvalidState", "productId");
    // Another app may use the same.
    http.fake.seed_application("9OTHER000000");
    let mut elsewhere = wanted.clone();
    elsewhere["applicationIds"] = json!(["9OTHER000000"]);
    http.post_json("inappproducts", elsewhere).await.ok(201);
    let table = [
        ("applicationIds", json!([]), 400),
        ("applicationIds", json!([APP, APP]), 400),
        ("applicationIds", json!(["9UNKNOWN0000"]), 404),
        ("productId", json!(""), 400),
        ("productId", json!("a&b"), 400),
        ("productId", json!("a".repeat(101)), 400),
        ("productType", json!("durable"), 400),
        ("productType", Value::Null, 400),
    ];
    for (member, value, status) in table {
        let mut body = wanted.clone();
        body["productId"] = "other".into();
        body[member] = value;
        assert_eq!(http.post_json("inappproducts", body.clone()).await.status, status, "{body}");
    }
    let deleted = http.delete(&path).await;
    assert_eq!((deleted.status, deleted.text.as_str()), (204, ""));
    http.get(&path).await.refused(404, "ResourceNotFound", "inAppProductId");
    // Once published, it stays.
    assert_eq!(http.delete(&add_on()).await.status, 409);
}

#[tokio::test]
async fn a_new_flight_comes_with_a_draft() {
    let http = Http::sample().await;
    let body = json!({ "friendlyName": "Beta", "groupIds": [0], "rankHigherThan": null });
    let made = http.post_json(&format!("{}/flights", app()), body).await.ok(201);
    assert_eq!(made["groupIds"], json!(["0"]));
    assert_eq!(made["rankHigherThan"], FLIGHT);
    let id = text(&made["flightId"]);
    let pending = &made["pendingFlightSubmission"];
    // Not relative to the base, as everywhere else.
    assert_eq!(
        pending["resourceLocation"],
        format!("flights/{id}/submissions/{}", text(&pending["id"]))
    );
    let path = format!("{}/flights/{id}", app());
    assert_eq!(http.get(&path).await.ok(200), made);
    let draft = http
        .get(&format!("{path}/submissions/{}", text(&pending["id"])))
        .await
        .ok(200);
    assert_eq!(
        (&draft["flightId"], &draft["status"]),
        (&made["flightId"], &json!("PendingCommit"))
    );
    assert!(draft.get("friendlyName").is_none() && draft.get("pricing").is_none());

    http.fake.set_status(text(&pending["id"]), "Certification");
    assert_eq!(http.delete(&path).await.status, 409);
    http.fake.set_status(text(&pending["id"]), "CertificationFailed");
    assert_eq!(http.delete(&path).await.status, 204);
    http.get(&path).await.refused(404, "ResourceNotFound", "flightId");
    let lowest = http.get(&flight()).await.ok(200);
    assert_eq!(lowest["rankHigherThan"], "Non-flighted submission");
}

#[tokio::test]
async fn a_flight_belongs_to_its_app() {
    let http = Http::sample().await;
    http.fake.seed_application("9OTHER000000");
    let path = format!("applications/9OTHER000000/flights/{FLIGHT}");
    http.get(&path).await.refused(404, "ResourceNotFound", "flightId");
}
