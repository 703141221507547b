//! The draft of an MSI or EXE product: packages, metadata, images, and the files that packages name.

use std::time::Duration;

use super::msi::{Caller, PRODUCT};
use super::*;

/// The bodies of a `PUT …/packages` for one package with this member changed.
fn one_package(name: &str, value: Value) -> Value {
    let mut package = json!({
        "packageUrl": "https://example.com/setup.exe",
        "languages": ["en-us"],
        "architectures": ["X64"],
        "isSilentInstall": true,
        "packageType": "exe",
    });
    package[name] = value;
    json!({ "packages": [package] })
}

#[tokio::test]
async fn a_put_replaces_packages_and_renumbers_them() {
    let caller = Caller::sample().await;
    let before = caller.get("packages").await;
    let ids = |packages: &Value| {
        let packages = packages["packages"].as_array().unwrap().iter();
        packages.map(|it| text(&it["packageId"]).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(before["packages"][1]["installerParameters"], Value::Null);
    assert_eq!(
        caller.get(&format!("packages/{}", ids(&before)[1])).await["packages"][0],
        before["packages"][1]
    );

    caller.done("PUT", "packages", before.clone()).await;
    let after = caller.get("packages").await;
    assert!(ids(&after).iter().all(|id| !ids(&before).contains(id)), "{after}");
    let mut same = after.clone();
    for (at, id) in ids(&before).iter().enumerate() {
        same["packages"][at]["packageId"] = id.as_str().into();
    }
    assert_eq!(same, before);
    let old = format!("packages/{}", ids(&before)[0]);
    assert_eq!(caller.send("PATCH", &old, json!({})).await.status, 404);

    // What is left out gets its default; names are read in any case, nulls as if they were not there.
    let body = json!({ "Packages": [{
        "PackageId": "mine",
        "PackageUrl": "https://example.com/a.msi",
        "Languages": ["en-us"],
        "Architectures": ["Neutral"],
        "IsSilentInstall": true,
        "GenericDocUrl": null,
        "PackageType": "msi",
        "newMember": { "A": 1 },
    }] });
    caller.done("PUT", "packages", body).await;
    let after = caller.get("packages").await;
    let expected = json!({ "packages": [{
        "packageId": ids(&after)[0],
        "packageUrl": "https://example.com/a.msi",
        "languages": ["en-us"],
        "architectures": ["Neutral"],
        "isSilentInstall": true,
        "installerParameters": null,
        "genericDocUrl": null,
        "errorDetails": [],
        "packageType": "msi",
        "newMember": { "A": 1 },
    }] });
    assert_eq!(after, expected);
    assert_eq!(caller.fake().msi_packages(PRODUCT), Some(expected));
}

#[tokio::test]
async fn a_patch_changes_one_package_and_keeps_its_id() {
    let caller = Caller::sample().await;
    let mut expected = caller.get("packages").await;
    let path = format!("packages/{}", text(&expected["packages"][0]["packageId"]));
    let change = json!({ "packageId": "other", "packageUrl": "https://example.com/b.exe", "languages": ["fr-fr"] });
    caller.done("PATCH", &path, change).await;
    expected["packages"][0]["packageUrl"] = "https://example.com/b.exe".into();
    expected["packages"][0]["languages"] = json!(["fr-fr"]);
    assert_eq!(caller.get("packages").await, expected);
}

#[tokio::test]
async fn packages_that_are_not_valid_are_refused() {
    let caller = Caller::sample().await;
    let before = caller.get("packages").await;
    let path = format!("packages/{}", text(&before["packages"][0]["packageId"]));
    let parameters = "maximum length allowed for InstallerParameters is 40.";
    for (name, value, said) in [
        ("installerParameters", json!("x".repeat(41)), parameters),
        ("architectures", json!(["X64", "X86"]), "exactly one architecture"),
        ("architectures", json!([]), "exactly one architecture"),
        ("languages", json!([]), "at least one language"),
        (
            "packageUrl",
            json!("http://example.com/setup.exe"),
            "should begin with https://",
        ),
        ("packageUrl", json!(""), "should begin with https://"),
    ] {
        let put = one_package(name, value.clone());
        for request in [("PUT", "packages", put), ("PATCH", &path, json!({ name: value }))] {
            let message = caller.refused(request, 400, "badrequest", "packages").await;
            assert!(message.starts_with("Packages, ") && message.contains(said), "{message}");
        }
    }
    for body in [json!({}), json!({ "packages": [] }), json!({ "packages": {} }), json!([1])] {
        caller.refused(("PUT", "packages", body), 400, "badrequest", "packages").await;
    }
    assert_eq!(caller.get("packages").await, before);
    let longest = one_package("installerParameters", "x".repeat(40).into());
    caller.done("PUT", "packages", longest).await;
}

#[tokio::test]
async fn parameters_that_partner_center_took_cannot_be_sent_back() {
    let caller = Caller::sample().await;
    caller.fake().edit_msi_product(PRODUCT, |draft| {
        draft["packages"][0]["installerParameters"] = "/quiet /norestart ALLUSERS=1 TARGETDIR=C:\\Lantern".into();
        draft["listings"][0]["whatsNew"] = "By hand".into();
    });
    let packages = caller.get("packages").await;
    assert_eq!(caller.get("metadata/listings").await["listings"][0]["whatsNew"], "By hand");
    caller
        .refused(("PUT", "packages", packages.clone()), 400, "badrequest", "packages")
        .await;
    let path = format!("packages/{}", text(&packages["packages"][0]["packageId"]));
    let change = json!({ "packageUrl": "https://example.com/b.exe" });
    caller.done("PATCH", &path, change).await;
}

#[tokio::test]
async fn metadata_is_read_whole_and_in_parts() {
    let caller = Caller::sample().await;
    let whole = caller.get("metadata?includelanguagelist=True").await;
    assert_eq!(Some(&whole), caller.fake().msi_metadata(PRODUCT).as_ref());
    let complete = |language: &str| json!({ "language": language, "isComplete": true });
    assert_eq!(whole["listingLanguages"], json!([complete("en-us"), complete("de-de")]));
    assert_eq!(caller.get("metadata").await.get("listingLanguages"), None);
    for module in ["availability", "properties", "listings"] {
        assert_eq!(
            caller.get(&format!("metadata/{module}")).await,
            json!({ module: whole[module] })
        );
    }
    let german = json!([whole["listings"][1]]);
    assert_eq!(
        caller.get("metadata/listings?languages=fr-fr,DE-DE").await["listings"],
        german
    );
    let filtered = caller.get("metadata?languages=de-de&includelanguagelist=true").await;
    assert_eq!(filtered["listings"], german);
    assert_eq!(filtered["listingLanguages"], whole["listingLanguages"]);
    let images = caller.get("listings/assets?languages=de-de").await;
    assert_eq!(images["listingAssets"].as_array().unwrap().len(), 1);
    let many = format!("metadata?languages={}", ["xx"; 201].join(","));
    caller
        .refused(("GET", &many, Value::Null), 400, "badrequest", "listings")
        .await;
}

#[tokio::test]
async fn a_patch_of_metadata_keeps_what_it_leaves_out() {
    let caller = Caller::sample().await;
    let mut expected = caller.get("metadata").await;
    let change = json!({
        "Listings": { "Language": "DE-de", "WhatsNew": "Neu", "searchTerms": ["papier"], "description": null, "extra": 1 },
        "properties": { "productDeclarations": { "penAndInkSupport": true } },
        "availability": { "markets": ["AT"] },
    });
    caller.done("PATCH", "metadata", change).await;
    expected["listings"][1]["whatsNew"] = "Neu".into();
    expected["listings"][1]["searchTerms"] = json!(["papier"]);
    expected["listings"][1]["extra"] = 1.into();
    expected["properties"]["productDeclarations"]["penAndInkSupport"] = true.into();
    expected["availability"]["markets"] = json!(["AT"]);
    assert_eq!(caller.get("metadata").await, expected);
}

#[tokio::test]
async fn a_put_of_metadata_replaces_modules_and_the_one_listing() {
    let caller = Caller::sample().await;
    let mut expected = caller.get("metadata").await;
    let change = json!({
        "listings": { "language": "en-us", "description": "Short.", "whatsNew": "New" },
        "availability": { "markets": ["AT"], "pricing": "FREEMIUM" },
    });
    caller.done("PUT", "metadata", change).await;
    expected["listings"][0] = json!({
        "language": "en-us",
        "description": "Short.",
        "whatsNew": "New",
        "shortDescription": "",
        "additionalLicenseTerms": "",
        "copyright": "",
        "developedBy": "",
        "sortTitle": "",
        "contactInfo": "",
        "productFeatures": [],
        "searchTerms": [],
        "requirements": [],
    });
    expected["availability"] = json!({
        "markets": ["AT"],
        "discoverability": "DISCOVERABLE",
        "enableInFutureMarkets": false,
        "pricing": "FREEMIUM",
        "freeTrial": "NO_FREE_TRIAL",
    });
    assert_eq!(caller.get("metadata").await, expected);
    let images = caller.get("listings/assets").await;
    assert_eq!(images["listingAssets"][0]["screenshots"].as_array().unwrap().len(), 1);

    // What a careless one leaves behind is not ready to be submitted.
    for (change, target) in [
        (json!({ "listings": { "language": "en-us", "whatsNew": "New" } }), "listings"),
        (json!({ "properties": { "website": "https://example.com" } }), "properties"),
        (json!({ "availability": { "pricing": "FREE" } }), "availability"),
    ] {
        let caller = Caller::sample().await;
        caller.done("PUT", "metadata", change).await;
        let status = caller.send("GET", "status", Value::Null).await.ok(200);
        assert_eq!(status["responseData"]["isReady"], false, "{status}");
        assert_eq!(
            status["errors"],
            json!([{ "code": "modulenotready", "message": "Module is not ready", "target": target }])
        );
        caller
            .refused(("POST", "submit", Value::Null), 400, "modulenotready", target)
            .await;
    }
}

#[tokio::test]
async fn languages_are_added_and_removed() {
    let caller = Caller::sample().await;
    let change = json!({ "listingsToAdd": ["fr-fr", "EN-US"], "listingsToRemove": ["de-de", "it-it"] });
    caller.done("PUT", "metadata", change.clone()).await;
    let languages = caller.get("metadata?includelanguagelist=true").await["listingLanguages"].take();
    let language = |language: &str, is_complete: bool| json!({ "language": language, "isComplete": is_complete });
    assert_eq!(languages, json!([language("en-us", true), language("fr-fr", false)]));
    let images = caller.get("listings/assets?languages=fr-fr,de-de").await;
    let empty = json!({ "language": "fr-fr", "storeLogos": [], "screenshots": [] });
    assert_eq!(images["listingAssets"], json!([empty]));
    let texts = json!({ "listings": { "language": "fr-fr", "description": "Lanternes." } });
    caller.done("PATCH", "metadata", texts).await;
    // Nothing is lost when it is sent again.
    caller.done("PATCH", "metadata", change).await;
    assert_eq!(
        caller.get("metadata/listings").await["listings"][1]["description"],
        "Lanternes."
    );
}

#[tokio::test]
async fn metadata_that_is_not_valid_is_refused_whole() {
    let caller = Caller::sample().await;
    let before = caller.get("metadata").await;
    for (change, target) in [
        (json!({ "listings": { "language": "fr-fr", "whatsNew": "x" } }), "listings"),
        (json!({ "listings": { "whatsNew": "x" } }), "listings"),
        (json!({ "listings": [{ "language": "en-us", "whatsNew": "x" }] }), "listings"),
        (json!({ "listingsToAdd": "fr-fr" }), "listings"),
        (json!({ "listingsToAdd": [1] }), "listings"),
        (json!({ "properties": [], "listingsToRemove": ["de-de"] }), "properties"),
        (json!([]), "metadata"),
    ] {
        for method in ["PUT", "PATCH"] {
            let request = (method, "metadata", change.clone());
            caller.refused(request, 400, "badrequest", target).await;
        }
    }
    assert_eq!(caller.get("metadata").await, before);
}

/// Uploads an image to one of the links of a slot, with the header fields of the slot.
async fn upload(caller: &Caller, slot: &Value, link: &str, content: Vec<u8>) -> Reply {
    assert_eq!(slot["httpMethod"], "PUT");
    let mut request = caller.0.client.put(text(&slot[link])).body(content);
    for (name, value) in slot["httpHeaders"].as_object().unwrap() {
        if value != "" {
            request = request.header(name, text(value));
        }
    }
    Reply::of(request.send().await.unwrap()).await
}

async fn slots(caller: &Caller, screenshots: u32, logos: u32) -> Value {
    let asked = json!({ "Screenshot": screenshots, "Logo": logos });
    let body = json!({ "language": "en-us", "createAssetRequest": asked });
    caller.done("POST", "listings/assets/create", body).await["listingAssets"].take()
}

/// The body of a commit: ids and links.
fn images(logos: &[(&Value, &Value)], screenshots: &[(&Value, &Value)]) -> Value {
    let items = |items: &[(&Value, &Value)]| {
        let items = items.iter().map(|(id, url)| json!({ "id": id, "assetUrl": url }));
        items.collect::<Value>()
    };
    json!({ "listingAssets": { "language": "en-us", "storeLogos": items(logos), "screenshots": items(screenshots) } })
}

#[tokio::test]
async fn images_are_uploaded_and_committed() {
    let caller = Caller::sample().await;
    let before = caller.get("listings/assets").await["listingAssets"].take();
    let old = &before[0]["storeLogos"][0];
    assert_eq!(old["imageSize"], json!({ "width": 1080, "height": 1080 }));
    let slots = slots(&caller, 2, 1).await;
    assert_eq!(slots["language"], "en-us");
    let headers = json!({ "x-ms-blob-type": "BlockBlob", "Content-Length": "" });
    let (first, second) = (&slots["screenshots"][0], &slots["screenshots"][1]);
    assert_eq!(
        (&slots["storeLogos"][0]["httpHeaders"], &first["httpHeaders"]),
        (&headers, &headers)
    );

    // The header field that was given is needed, and no token is taken.
    let bare = caller.0.client.put(text(&first["primaryAssetUploadUrl"])).body("x");
    assert_eq!(bare.send().await.unwrap().status(), 400);
    upload(&caller, first, "primaryAssetUploadUrl", sample_image(1920, 1080))
        .await
        .ok(201);
    upload(&caller, second, "secondaryAssetUploadUrl", sample_image(1366, 768))
        .await
        .ok(201);

    let (one, two) = (
        (&first["id"], &first["primaryAssetUploadUrl"]),
        (&second["id"], &second["secondaryAssetUploadUrl"]),
    );
    let kept = (&old["id"], &old["assetUrl"]);
    let updated = caller
        .done("PUT", "listings/assets/commit", images(&[kept], &[two, one]))
        .await;
    assert_eq!(updated["ongoingSubmissionId"], "");
    let after = caller.get("listings/assets").await["listingAssets"].take();
    assert_eq!(caller.fake().msi_assets(PRODUCT), Some(json!({ "listingAssets": after })));
    assert_eq!((&after[0]["storeLogos"], &after[1]), (&before[0]["storeLogos"], &before[1]));
    let shown = after[0]["screenshots"].as_array().unwrap();
    let found: Vec<_> = shown.iter().map(|it| (&it["id"], it["imageSize"].clone())).collect();
    let size = |width: u32, height: u32| json!({ "width": width, "height": height });
    assert_eq!(found, [(&second["id"], size(1366, 768)), (&first["id"], size(1920, 1080))]);
    let image = caller.0.client.get(text(&shown[1]["assetUrl"])).send().await.unwrap();
    assert_eq!(image.bytes().await.unwrap(), sample_image(1920, 1080));

    // Both lists are replaced: what is not named is gone, and cannot come back.
    caller.done("PUT", "listings/assets/commit", images(&[], &[one])).await;
    let after = caller.get("listings/assets").await["listingAssets"].take();
    assert_eq!(
        (&after[0]["storeLogos"], after[0]["screenshots"][0]["id"].as_str()),
        (&json!([]), first["id"].as_str())
    );
    let gone = images(&[kept], &[one]);
    caller
        .refused(("PUT", "listings/assets/commit", gone), 400, "badrequest", "listings")
        .await;
}

#[tokio::test]
async fn images_that_are_not_there_are_refused() {
    let caller = Caller::sample().await;
    let before = caller.fake().msi_assets(PRODUCT);
    let slots = slots(&caller, 2, 1).await;
    let (slot, broken) = (&slots["screenshots"][0], &slots["screenshots"][1]);
    upload(&caller, slot, "primaryAssetUploadUrl", sample_image(1366, 768))
        .await
        .ok(201);
    upload(&caller, broken, "primaryAssetUploadUrl", b"GIF89a".to_vec())
        .await
        .ok(201);
    let uploaded = (&slot["id"], &slot["primaryAssetUploadUrl"]);
    let none = json!("none");
    let decoded = text(uploaded.1).replace("%2B", "+");
    assert_ne!(decoded, text(uploaded.1));
    for (body, said) in [
        (images(&[], &[(&none, uploaded.1)]), "no asset 'none'"),
        (images(&[uploaded], &[]), "of this kind"),
        (
            images(&[], &[(uploaded.0, &slot["secondaryAssetUploadUrl"])]),
            "Nothing was uploaded",
        ),
        (
            images(
                &[(
                    &slots["storeLogos"][0]["id"],
                    &slots["storeLogos"][0]["primaryAssetUploadUrl"],
                )],
                &[uploaded],
            ),
            "Nothing was uploaded",
        ),
        (images(&[], &[(uploaded.0, &json!(""))]), "Nothing was uploaded"),
        (images(&[], &[(uploaded.0, &json!(decoded))]), "Nothing was uploaded"),
        (images(&[], &[(&broken["id"], &broken["primaryAssetUploadUrl"])]), "no PNG"),
        (images(&[], &[uploaded, uploaded]), "twice"),
        (images(&[], &[uploaded; 11]), "10 at most"),
        (json!({ "listingAssets": { "language": "fr-fr" } }), "language 'fr-fr'"),
        (json!({}), "listingAssets is missing"),
    ] {
        let request = ("PUT", "listings/assets/commit", body);
        let message = caller.refused(request, 400, "badrequest", "listings").await;
        assert!(message.contains(said), "{message}");
    }
    for (language, asked, said) in [
        ("fr-fr", json!({ "Screenshot": 1, "Logo": 0 }), "language 'fr-fr'"),
        ("en-us", json!({ "Screenshot": 11, "Logo": 0 }), "Screenshot must be"),
        ("en-us", json!({ "Screenshot": 0, "Logo": 3 }), "Logo must be"),
        ("en-us", json!({ "Logo": "1" }), "Logo must be"),
        ("en-us", json!({}), "No image"),
        ("en-us", Value::Null, "createAssetRequest is missing"),
    ] {
        let body = json!({ "language": language, "createAssetRequest": asked });
        let request = ("POST", "listings/assets/create", body);
        let message = caller.refused(request, 400, "badrequest", "listings").await;
        assert!(message.contains(said), "{message}");
    }
    assert_eq!(caller.fake().msi_assets(PRODUCT), before);
}

#[tokio::test]
async fn links_to_places_for_images_last_an_hour() {
    let caller = Caller::sample().await;
    let slots = slots(&caller, 0, 1).await;
    let slot = &slots["storeLogos"][0];
    caller.fake().advance(Duration::from_secs(3599));
    upload(&caller, slot, "primaryAssetUploadUrl", sample_image(1080, 1080))
        .await
        .ok(201);
    caller.fake().advance(Duration::from_secs(2));
    assert_eq!(
        upload(&caller, slot, "primaryAssetUploadUrl", sample_image(1080, 1080))
            .await
            .status,
        403
    );
}

#[tokio::test]
async fn files_are_hosted() {
    let http = Http::sample().await;
    let fake = &http.fake;
    let url = fake.host_file("2.5.0/setup.exe", b"MZ-setup".as_slice());
    assert_eq!(url, format!("{}/files/2.5.0/setup.exe", fake.authority()));
    let get = |method: Method, range: Option<&str>| {
        let mut request = http.client.request(method, &url);
        if let Some(range) = range {
            request = request.header("Range", range);
        }
        async { Reply::of(request.send().await.unwrap()).await }
    };
    let whole = get(Method::GET, None).await;
    assert_eq!(
        (whole.status, whole.text.as_str(), whole.header("content-length")),
        (200, "MZ-setup", "8")
    );
    assert_eq!(whole.header("accept-ranges"), "bytes");
    let head = get(Method::HEAD, Some("bytes=0-1")).await;
    assert_eq!(
        (head.status, head.text.as_str(), head.header("content-length")),
        (200, "", "8")
    );
    let part = get(Method::GET, Some("bytes=0-1")).await;
    assert_eq!(
        (part.status, part.text.as_str(), part.header("content-length")),
        (206, "MZ", "2")
    );
    assert_eq!(part.header("content-range"), "bytes 0-1/8");
    assert_eq!(get(Method::GET, Some("bytes=8-")).await.status, 416);
    assert_eq!(get(Method::PUT, None).await.status, 405);
    assert!(fake.applied().is_empty());

    // A token that was sent is seen.
    http.client.get(&url).bearer_auth("t").send().await.unwrap();
    let recorded = fake.requests_to("GET", "/files/**");
    assert_eq!(recorded.iter().filter(|it| it.header("authorization").is_some()).count(), 1);

    let hosted = || Fault::on("*", "/files/**").first(2);
    fake.fault(hosted().answer(200, "MZ-setup").header("Transfer-Encoding", "chunked"));
    for method in [Method::HEAD, Method::GET] {
        let reply = get(method.clone(), Some("bytes=0-1")).await;
        assert_eq!((reply.status, reply.header("content-length")), (200, ""), "{method}");
        assert_eq!(reply.text, if method == Method::GET { "MZ-setup" } else { "" });
    }
    fake.clear_faults();
    fake.fault(hosted().answer(404, ""));
    assert_eq!(get(Method::HEAD, None).await.status, 404);
    fake.clear_faults();
    fake.fault(hosted().answer(302, "").header("Location", "https://example.com/setup.exe"));
    let stays = reqwest::redirect::Policy::none();
    let client = Client::builder().no_proxy().redirect(stays).build().unwrap();
    let reply = Reply::of(client.head(&url).send().await.unwrap()).await;
    assert_eq!(
        (reply.status, reply.header("location")),
        (302, "https://example.com/setup.exe")
    );
    fake.clear_faults();
    assert_eq!(http.client.get(format!("{url}.sig")).send().await.unwrap().status(), 404);
    fake.host_file("2.5.0/setup.exe", b"other".as_slice());
    assert_eq!(get(Method::GET, None).await.text, "other");
}
