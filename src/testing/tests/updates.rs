//! PUT: full replacement and what is refused.

use super::*;

/// What an update answers to an edited echo of the draft.
async fn edited(http: &Http, path: &str, draft: &Value, edit: impl FnOnce(&mut Value)) -> Reply {
    let mut body = draft.clone();
    edit(&mut body);
    http.put(path, &body).await
}

#[tokio::test]
async fn an_echo_changes_nothing_but_the_pricing_model() {
    let http = Http::sample().await;
    for parent in [app(), add_on(), flight()] {
        let (path, draft) = http.draft(&parent).await;
        let mut expected = draft.clone();
        if let Some(pricing) = expected.get_mut("pricing") {
            assert_eq!(pricing["isAdvancedPricingModel"], true);
            pricing["isAdvancedPricingModel"] = false.into();
        }
        assert_eq!(http.put(&path, &draft).await.ok(200), expected);
        assert_eq!(http.get(&path).await.ok(200), expected);
    }
}

#[tokio::test]
async fn what_is_left_out_is_gone() {
    let http = Http::sample().await;
    http.fake.enforce(Rule::DeviceFamilies, false);
    let (path, draft) = http.draft(&app()).await;
    let body = json!({
        "listings": draft["listings"],
        "pricing": { "priceId": "Tier2" },
        "applicationPackages": draft["applicationPackages"],
        "unheardOf": [1.0],
        "id": "1",
        "friendlyName": "Mine",
        "status": "Published",
    });
    let after = http.put(&path, &body).await.ok(200);
    assert_eq!(after["applicationCategory"], "NotSet");
    assert_eq!(after["allowTargetFutureDeviceFamilies"], json!({}));
    assert!(after.get("internalFlags").is_none());
    assert_eq!(after["unheardOf"], json!([1.0]));
    for kept in ["id", "friendlyName", "status", "fileUploadUrl", "packageDeliveryOptions"] {
        assert!(after[kept] == draft[kept] || kept == "packageDeliveryOptions", "{kept}");
    }
    assert_eq!(after["pricing"]["trialPeriod"], "NoFreeTrial");
    assert_eq!(
        after["pricing"]["marketSpecificPricings"],
        json!({ "LB": "NotAvailable", "EH": "NotAvailable" })
    );
}

#[tokio::test]
async fn a_missing_price_makes_it_free_and_base_is_refused() {
    let http = Http::sample().await;
    for parent in [app(), add_on()] {
        let (path, draft) = http.draft(&parent).await;
        for price in [None, Some(Value::Null)] {
            let after = edited(&http, &path, &draft, |body| {
                let pricing = body["pricing"].as_object_mut().unwrap();
                pricing.remove("priceId");
                pricing.extend(price.map(|price| ("priceId".to_owned(), price)));
            });
            assert_eq!(after.await.ok(200)["pricing"]["priceId"], "Free", "{parent}");
        }
        for wrong in ["Base", "tier2", "Tierx", "free"] {
            let reply = edited(&http, &path, &draft, |body| body["pricing"]["priceId"] = wrong.into()).await;
            reply.refused(400, "InvalidParameterValue", "pricing");
        }
        for missing in [Value::Null, json!("Free")] {
            let reply = edited(&http, &path, &draft, |body| body["pricing"] = missing).await;
            reply.refused(400, "InvalidParameterValue", "pricing");
        }
        let reply = edited(&http, &path, &draft, |body| {
            body["pricing"]["marketSpecificPricings"]["US"] = "Base".into();
        });
        assert_eq!(reply.await.ok(200)["pricing"]["marketSpecificPricings"]["US"], "Base");
    }
}

#[tokio::test]
async fn existing_packages_must_stay() {
    let http = Http::sample().await;
    for (parent, member) in [(app(), "applicationPackages"), (flight(), "flightPackages")] {
        let (path, draft) = http.draft(&parent).await;
        let id = text(&draft[member][0]["id"]).to_owned();
        let edits: [fn(&mut Value); 3] = [
            |packages| drop(packages.as_array_mut().unwrap().remove(0)),
            |packages| packages[0]["fileStatus"] = "PendingUpload".into(),
            |packages| packages[0]["id"] = "".into(),
        ];
        for edit in edits {
            let message = edited(&http, &path, &draft, |body| edit(&mut body[member])).await.refused(
                400,
                "InvalidParameterValue",
                "packages",
            );
            assert!(message.ends_with(&format!("update: {id}")), "{message}");
        }
        let reply = edited(&http, &path, &draft, |body| {
            body[member][0]["fileStatus"] = "PendingDelete".into();
        })
        .await;
        assert_eq!(reply.ok(200)[member][0]["fileStatus"], "PendingDelete");
        // What the service reads from a package cannot be changed.
        let reply = edited(&http, &path, &draft, |body| body[member][0]["version"] = "9.9.9.9".into()).await;
        assert_eq!(reply.ok(200)[member][0]["version"], "1.0.0.0");
    }
}

#[tokio::test]
async fn new_packages_are_pending_and_may_go_again() {
    let http = Http::sample().await;
    let (path, draft) = http.draft(&app()).await;
    let add = |package: Value| move |body: &mut Value| body["applicationPackages"].as_array_mut().unwrap().push(package);
    let after = edited(&http, &path, &draft, add(new_package("new.msix"))).await.ok(200);
    let added = &after["applicationPackages"][2];
    assert_eq!((&added["fileStatus"], &added["id"]), (&json!("PendingUpload"), &json!("")));
    assert_eq!(
        http.put(&path, &draft).await.ok(200)["applicationPackages"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    for wrong in [
        json!({ "fileName": "a.msix", "fileStatus": "Uploaded" }),
        json!({ "fileStatus": "PendingUpload" }),
        json!({ "fileName": "a.msix" }),
    ] {
        let reply = edited(&http, &path, &draft, add(wrong)).await;
        reply.refused(400, "InvalidParameterValue", "packages");
    }
    let reply = edited(&http, &path, &draft, |body| {
        let packages = body["applicationPackages"].as_array_mut().unwrap();
        packages.extend((0..29).map(|at| new_package(&format!("{at}.msix"))));
    });
    reply.await.refused(400, "InvalidParameterValue", "packages");
}

#[tokio::test]
async fn listings_are_required_and_images_stay() {
    let http = Http::sample().await;
    let (path, draft) = http.draft(&app()).await;
    for empty in [json!({}), Value::Null] {
        let reply = edited(&http, &path, &draft, |body| body["listings"] = empty).await;
        reply.refused(400, "InvalidParameterValue", "appListings");
    }
    let after = edited(&http, &path, &draft, |body| {
        body["listings"]["en-us"]["baseListing"]["images"] = json!([]);
        body["listings"].as_object_mut().unwrap().remove("de-de");
    });
    let after = after.await.ok(200);
    assert!(after["listings"].get("de-de").is_none());
    let images = "/listings/en-us/baseListing/images";
    assert_eq!(after.pointer(images), draft.pointer(images));
}

#[tokio::test]
async fn names_are_read_in_any_case_and_values_are_not() {
    let http = Http::sample().await;
    let (path, draft) = http.draft(&app()).await;
    let after = edited(&http, &path, &draft, |body| {
        let members = body.as_object_mut().unwrap();
        members.remove("visibility");
        members.insert("Visibility".into(), "Hidden".into());
        let pricing = members.remove("pricing").unwrap();
        members.insert("PRICING".into(), pricing);
    });
    let after = after.await.ok(200);
    assert_eq!(after["visibility"], "Hidden");
    assert!(after.get("Visibility").is_none() && after.get("PRICING").is_none());
    let table = [
        ("/visibility", "hidden"),
        ("/targetPublishMode", "immediate"),
        ("/enterpriseLicensing", "online"),
        ("/pricing/trialPeriod", "oneDay"),
        ("/applicationPackages/0/fileStatus", "uploaded"),
        ("/applicationPackages/0/minimumSystemRam", "memory2GB"),
    ];
    for (pointer, wrong) in table {
        let reply = edited(&http, &path, &draft, |body| {
            *body.pointer_mut(pointer).unwrap() = wrong.into();
        })
        .await;
        reply.refused(400, "InvalidParameterValue", pointer.rsplit('/').next().unwrap());
    }
}

#[tokio::test]
async fn only_an_open_submission_can_be_changed() {
    let http = Http::sample().await;
    let (path, draft) = http.draft(&app()).await;
    for status in ["CommitStarted", "PreProcessing", "Release"] {
        http.fake.set_status(text(&draft["id"]), status);
        http.put(&path, &draft).await.refused(409, "InvalidState", "submission");
    }
    http.fake.set_status(text(&draft["id"]), "CommitFailed");
    assert_eq!(http.put(&path, &draft).await.ok(200)["status"], "PendingCommit");
    let garbage = http
        .request("PUT", &path, None)
        .header("Content-Type", "application/json")
        .body("{\"a\":");
    Reply::of(garbage.send().await.unwrap())
        .await
        .refused(400, "InvalidParameterValue", "body");
}

#[tokio::test]
async fn all_device_families_must_be_there() {
    let four = json!({ "Desktop": true, "Mobile": false, "Xbox": false, "Holographic": false });
    let without = |name: &str| {
        let mut families = four.clone();
        families.as_object_mut().unwrap().remove(name);
        families
    };
    let mut with_core = four.clone();
    with_core["Core"] = false.into();
    let table = [
        (without("Desktop"), false),
        (without("Mobile"), false),
        (without("Xbox"), false),
        (without("Holographic"), false),
        (json!({}), false),
        (Value::Null, false),
        (with_core, false),
        (four.clone(), true),
        (
            json!({ "desktop": true, "mobile": true, "xbox": true, "holographic": true, "Team": true, "7": true }),
            true,
        ),
    ];
    let http = Http::sample().await;
    let (path, draft) = http.draft(&app()).await;
    for (families, is_right) in table {
        let edit = |body: &mut Value| body["allowTargetFutureDeviceFamilies"] = families.clone();
        let reply = edited(&http, &path, &draft, edit).await;
        if is_right {
            assert_eq!(reply.ok(200)["allowTargetFutureDeviceFamilies"], families);
        } else {
            reply.refused(400, "InvalidParameterValue", "allowTargetFutureDeviceFamilies");
        }
        http.fake.enforce(Rule::DeviceFamilies, false);
        edited(&http, &path, &draft, edit).await.ok(200);
        http.fake.enforce(Rule::DeviceFamilies, true);
    }
    let reply = edited(&http, &path, &draft, |body| {
        body.as_object_mut().unwrap().remove("allowTargetFutureDeviceFamilies");
    });
    let message = reply
        .await
        .refused(400, "InvalidParameterValue", "allowTargetFutureDeviceFamilies");
    assert!(message.contains("[Desktop, Mobile, Xbox, Holographic]"), "{message}");
    // A draft that was made with a body is held to it too, and is not left behind.
    http.delete(&path).await;
    let mut body = draft.clone();
    body["allowTargetFutureDeviceFamilies"] = json!({});
    let reply = http.post_json(&format!("{}/submissions", app()), body).await;
    reply.refused(400, "InvalidParameterValue", "allowTargetFutureDeviceFamilies");
    assert!(http.fake.pending_submission(APP).is_none());
}

#[tokio::test]
async fn a_language_has_one_spelling() {
    let http = Http::sample().await;
    for (parent, language, other, target) in [(app(), "de-de", "de-DE", "appListings"), (add_on(), "en", "EN", "listings")] {
        let (path, draft) = http.draft(&parent).await;
        let twice = |body: &mut Value| body["listings"][other] = body["listings"][language].clone();
        let message = edited(&http, &path, &draft, twice)
            .await
            .refused(400, "InvalidParameterValue", target);
        assert!(message.contains(language) || message.contains(other), "{message}");
        http.fake.enforce(Rule::Languages, false);
        let after = edited(&http, &path, &draft, twice).await.ok(200);
        assert!(after["listings"][language].is_object() && after["listings"][other].is_object());
        http.fake.enforce(Rule::Languages, true);
        let renamed = |body: &mut Value| {
            let listings = body["listings"].as_object_mut().unwrap();
            let listing = listings.remove(language).unwrap();
            listings.insert(other.to_owned(), listing);
        };
        edited(&http, &path, &draft, renamed).await.ok(200);
    }
}
