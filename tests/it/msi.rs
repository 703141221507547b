//! The API for MSI and EXE apps: each endpoint on the wire, the envelope, and what is refused before anything is sent.

use msstore::auth::BoxFuture;
use msstore::model::UploadUrl;
use msstore::msi::{
    Architecture, AssetSlot, ListingAssets, MetadataChange, Module, NewInstaller, PackageChange, PackageType, Product,
};
use msstore::{Error, ErrorKind, Outcome, ProductId, StoreClient};
use serde_json::{Value, json};

use crate::support::{Answer, FixedToken, Recorder, TOKEN, call, chain};

const PRODUCT: &str = "5b1e0c3a-7d42-4f69-9a80-c2d1e0f3b4a5";
const SELLER: &str = "40115";
const SUBMISSION: &str = "1152921505000000077";

fn client(server: &Recorder) -> StoreClient {
    let builder = StoreClient::builder(FixedToken).msi_endpoint(format!("{}/submission/v1", server.origin()));
    builder.endpoint(server.endpoint()).build().unwrap()
}

fn product(server: &Recorder) -> Product {
    let id: ProductId = PRODUCT.parse().unwrap();
    client(server).msi(SELLER.parse::<msstore::SellerId>().unwrap()).product(id)
}

fn yes(data: Value) -> Value {
    json!({ "isSuccess": true, "responseData": data })
}

fn accepted() -> Value {
    yes(json!({ "pollingUrl": format!("/submission/v1/product/{PRODUCT}/status"), "ongoingSubmissionId": "" }))
}

fn packages() -> Value {
    json!({ "packages": [{
        "packageId": "p-1",
        "packageUrl": "https://dl.example/app-1-x64.exe",
        "languages": ["en-us"],
        "architectures": ["X64"],
        "isSilentInstall": false,
        "installerParameters": "/S",
        "genericDocUrl": null,
        "errorDetails": [],
        "packageType": "exe",
        "aMemberOfNextYear": { "kept": [1, 2.0, null] },
    }] })
}

fn metadata() -> Value {
    json!({
        "availability": { "markets": ["DE"], "discoverability": "DISCOVERABLE", "pricing": "FREE", "isNew": 1 },
        "properties": { "category": "DeveloperTools", "isSystemFeatureRequired": [{ "isRequired": true, "hardwareItemType": "Touch", "x": 1 }] },
        "listings": [
            { "language": "en-us", "description": "A lamp.", "whatsNew": "First.", "searchTerms": ["lamp"], "later": { "y": null, "z": 2 } },
            { "language": "de-de", "description": "Eine Lampe.", "whatsNew": "Erste." },
        ],
        "listingLanguages": [{ "language": "en-us", "isComplete": true }],
    })
}

/// A call, what it is answered, and what goes over the wire: method, path and query below the product, and the body.
struct Row {
    call: fn(Product) -> BoxFuture<'static, Result<(), Error>>,
    answer: Value,
    line: &'static str,
    body: Value,
}

fn row(call: fn(Product) -> BoxFuture<'static, Result<(), Error>>, answer: Value, line: &'static str, body: Value) -> Row {
    Row {
        call,
        answer,
        line,
        body,
    }
}

fn rows() -> Vec<Row> {
    let none = Value::Null;
    let whats_new = json!({ "listings": { "language": "de-de", "whatsNew": "Heller." } });
    vec![
        row(
            |p| call(async move { p.metadata(&["en-us", "de-de"]).await }),
            yes(metadata()),
            "GET metadata?languages=en-us%2Cde-de&includelanguagelist=true",
            none.clone(),
        ),
        row(
            |p| call(async move { p.module(&Module::Listings, &[]).await }),
            yes(metadata()),
            "GET metadata/listings",
            none.clone(),
        ),
        row(
            |p| call(async move { p.replace_metadata(&MetadataChange::whats_new("de-de", "Heller.")).await }),
            accepted(),
            "PUT metadata",
            whats_new.clone(),
        ),
        row(
            |p| call(async move { p.patch_metadata(&MetadataChange::whats_new("de-de", "Heller.")).await }),
            accepted(),
            "PATCH metadata",
            whats_new,
        ),
        row(
            |p| call(async move { p.packages().await }),
            yes(packages()),
            "GET packages",
            none.clone(),
        ),
        row(
            |p| call(async move { p.package("p-1").await }),
            yes(packages()),
            "GET packages/p-1",
            none.clone(),
        ),
        row(
            |p| {
                call(async move {
                    let mut packages = msstore::Document::detached(packages())?;
                    edit(&mut packages);
                    p.replace_packages(&packages).await
                })
            },
            accepted(),
            "PUT packages",
            json!({ "packages": [{
                "packageUrl": "https://dl.example/app-2-x64.exe",
                "languages": ["en-us"],
                "architectures": ["X64"],
                "isSilentInstall": false,
                "installerParameters": "/S",
                "errorDetails": [],
                "packageType": "exe",
                "aMemberOfNextYear": { "kept": [1, 2.0, null] },
            }] }),
        ),
        row(
            |p| {
                call(async move {
                    let change = PackageChange::url("https://dl.example/app-2-x64.msi").package_type(&PackageType::Msi);
                    p.patch_package("p-1", &change.with("architectures", json!(["X64"]))).await
                })
            },
            accepted(),
            "PATCH packages/p-1",
            json!({ "packageUrl": "https://dl.example/app-2-x64.msi", "packageType": "msi", "architectures": ["X64"] }),
        ),
        row(
            |p| call(async move { p.commit_packages().await }),
            accepted(),
            "POST packages/commit",
            none.clone(),
        ),
        row(
            |p| call(async move { p.assets(&["en-us"]).await }),
            yes(json!({ "listingAssets": [{ "language": "en-us", "storeLogos": [], "screenshots": [] }] })),
            "GET listings/assets?languages=en-us",
            none.clone(),
        ),
        row(
            |p| call(async move { p.create_assets("en-us", 2, 1).await }),
            yes(json!({ "listingAssets": { "language": "en-us", "storeLogos": [], "screenshots": [] } })),
            "POST listings/assets/create",
            json!({ "language": "en-us", "createAssetRequest": { "Screenshot": 2, "Logo": 1 } }),
        ),
        row(
            |p| {
                call(async move {
                    let mut there = ListingAssets::new("en-us");
                    there.store_logos =
                        serde_json::from_value(json!([{ "id": "l1", "assetUrl": "https://a.example/l1?sig=a" }])).unwrap();
                    let slot: AssetSlot = serde_json::from_value(json!({ "id": "s2" })).unwrap();
                    let link = UploadUrl::new("https://up.example/s2?sig=b%2B");
                    there.screenshots = vec![slot.uploaded(&link)];
                    p.commit_assets(&there).await
                })
            },
            accepted(),
            "PUT listings/assets/commit",
            json!({ "listingAssets": {
                "language": "en-us",
                "storeLogos": [{ "id": "l1", "assetUrl": "https://a.example/l1?sig=a" }],
                "screenshots": [{ "id": "s2", "assetUrl": "https://up.example/s2?sig=b%2B" }],
            } }),
        ),
        row(
            |p| call(async move { p.status().await }),
            yes(json!({ "isReady": true, "ongoingSubmissionId": null })),
            "GET status",
            none.clone(),
        ),
        row(
            |p| call(async move { p.submit().await }),
            yes(json!({ "submissionId": SUBMISSION })),
            "POST submit",
            none.clone(),
        ),
        row(
            |p| {
                call(async move {
                    p.submission_status(SUBMISSION.parse::<msstore::SubmissionId>().unwrap())
                        .await
                })
            },
            yes(json!({ "publishingStatus": "INPROGRESS", "hasFailed": false })),
            "GET submission/1152921505000000077/status",
            none,
        ),
    ]
}

fn edit(packages: &mut msstore::Document<msstore::msi::Packages>) {
    packages.packages[0].package_url = "https://dl.example/app-2-x64.exe".to_owned();
}

#[tokio::test]
async fn each_endpoint_is_called_as_documented() {
    let rows = rows();
    assert_eq!(rows.len(), 15);
    for row in rows {
        let server = Recorder::always(200, &row.answer).await;
        (row.call)(product(&server)).await.unwrap();
        let requests = server.requests();
        let [request] = requests.as_slice() else {
            panic!("{}: {:?}", row.line, server.lines())
        };
        let (method, rest) = row.line.split_once(' ').unwrap();
        assert_eq!(
            (request.method.as_str(), request.target.as_str()),
            (method, format!("/submission/v1/product/{PRODUCT}/{rest}").as_str())
        );
        let has_body = method != "GET";
        let expected = [
            ("Authorization", Some(format!("Bearer {TOKEN}"))),
            ("X-Seller-Account-Id", Some(SELLER.to_owned())),
            ("Accept", Some("application/json".to_owned())),
            ("Content-Type", has_body.then(|| "application/json".to_owned())),
            ("Content-Length", has_body.then(|| request.body.len().to_string())),
        ];
        for (name, value) in expected {
            assert_eq!(request.header(name), value, "{name} of {}", row.line);
        }
        let body = if request.body.is_empty() {
            Value::Null
        } else {
            request.json()
        };
        assert_eq!(body, row.body, "{}", row.line);
    }
}

#[tokio::test]
async fn an_envelope_decides_and_not_the_status() {
    let refusal = json!({
        "isSuccess": false,
        "errors": [
            { "code": "warning", "message": "Short description is recommended", "target": "listings" },
            { "code": "badrequest", "message": "Packages, maximum length allowed for InstallerParameters is 40.", "target": "packages" },
        ],
        "responseData": null,
    });
    for status in [200, 400] {
        let answer = Answer::new(status, &refusal).header("X-Correlation-ID", "c-7");
        let server = Recorder::start(move |_| answer.clone()).await;
        let error = product(&server).commit_packages().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.status(), error.outcome()),
            (ErrorKind::Api, Some(status), Outcome::NotApplied)
        );
        assert_eq!(
            (error.code(), error.target(), error.correlation_id()),
            (Some("badrequest"), Some("packages"), Some("c-7"))
        );
        let text = error.to_string();
        assert!(
            text.contains("InstallerParameters is 40") && text.contains("although Partner Center takes more"),
            "{text}"
        );
        assert_eq!(server.requests().len(), 1);
    }
    // What does not say that it is a success is none, and it is not known who answered.
    for (body, words) in [
        (
            json!({ "responseData": { "submissionId": SUBMISSION } }).to_string(),
            "is not true at isSuccess",
        ),
        (json!({ "isSuccess": "yes" }).to_string(), "is not true at isSuccess"),
        ("<html>".to_owned(), "is not JSON"),
        (String::new(), "is not JSON"),
    ] {
        let server = Recorder::always(200, &body).await;
        let error = product(&server).submit().await.unwrap_err();
        assert!(error.to_string().contains(words), "{body}: {error}");
        assert!(error.outcome() > Outcome::NotApplied, "{body}");
        assert_eq!(server.requests().len(), 1, "a submit is not repeated");
    }
    let server = Recorder::always(401, json!({ "statusCode": 401, "message": "APIM: Unauthorized." })).await;
    let error = product(&server).status().await.unwrap_err();
    assert!(
        error.to_string().contains("seller id") && error.status() == Some(401),
        "{error}"
    );
}

#[tokio::test]
async fn warnings_beside_a_success_are_kept() {
    let warning = json!([{ "code": "warning", "message": "Short description is recommended", "target": "listings" }]);
    let answer = json!({ "isSuccess": true, "errors": warning, "responseData": { "ongoingSubmissionId": " " } });
    let server = Recorder::always(200, answer).await;
    let receipt = product(&server)
        .patch_metadata(&MetadataChange::whats_new("en-us", "x"))
        .await
        .unwrap();
    assert_eq!(receipt.problems[0].code, "warning");
    assert_eq!(receipt.value.ongoing_submission_id, None);
    for errors in [Value::Null, json!([]), json!("absent")] {
        let mut answer = json!({ "isSuccess": true, "errors": errors, "responseData": { "isReady": true } });
        if errors == "absent" {
            answer.as_object_mut().unwrap().remove("errors");
        }
        let server = Recorder::always(200, answer).await;
        assert!(product(&server).status().await.unwrap().problems.is_empty());
    }
}

#[tokio::test]
async fn ids_are_null_absent_empty_or_blank_alike() {
    for id in [json!(null), json!(""), json!(" "), json!("absent")] {
        let mut data = json!({ "submissionId": id, "ongoingSubmissionId": id, "isReady": false });
        if id == "absent" {
            data = json!({ "isReady": false });
        }
        let server = Recorder::always(200, yes(data)).await;
        assert_eq!(product(&server).status().await.unwrap().ongoing_submission_id, None);
        let submitted = product(&server).submit().await.unwrap();
        assert_eq!((&submitted.submission_id, &submitted.ongoing_submission_id), (&None, &None));
    }
}

#[tokio::test]
async fn an_edit_sends_what_was_edited_and_a_replacement_all_that_was_received() {
    let server = Recorder::always(200, yes(metadata())).await;
    let mut draft = product(&server).metadata(&[]).await.unwrap();
    assert!(MetadataChange::of_edits(&draft).unwrap().is_empty());
    draft.listings[0].whats_new = "Brighter.".to_owned();
    draft.availability.as_mut().unwrap().markets.push("AT".to_owned());
    let bodies = |changes: Vec<MetadataChange>| {
        changes
            .iter()
            .map(|change| serde_json::to_value(change).unwrap())
            .collect::<Vec<_>>()
    };
    let edits = bodies(MetadataChange::of_edits(&draft).unwrap());
    let expected = [
        json!({ "availability": { "markets": ["DE", "AT"] } }),
        json!({ "listings": { "language": "en-us", "whatsNew": "Brighter." } }),
    ];
    assert_eq!(edits, expected);
    let modules = bodies(MetadataChange::of_modules(&draft).unwrap());
    let availability =
        json!({ "availability": { "markets": ["DE", "AT"], "discoverability": "DISCOVERABLE", "pricing": "FREE", "isNew": 1 } });
    let listing = json!({ "listings": { "language": "en-us", "description": "A lamp.", "whatsNew": "Brighter.", "searchTerms": ["lamp"], "later": { "z": 2 } } });
    assert_eq!(modules, [availability, listing]);
    draft.listings.pop();
    let error = MetadataChange::of_edits(&draft).unwrap_err();
    assert!(error.to_string().contains("add_listings"), "{error}");
}

#[tokio::test]
async fn what_the_api_refuses_is_not_sent() {
    let server = Recorder::always(200, accepted()).await;
    let long = "/quiet /norestart /log C:\\install.log ALLUSERS=1";
    let changes = [
        (PackageChange::new().installer_parameters(long), "the API takes 40 at most"),
        (PackageChange::url("http://dl.example/a.exe"), "plain http"),
        (
            PackageChange::url("https://me:word@dl.example/a.exe"),
            "user name or password",
        ),
        (
            PackageChange::new().with("architectures", json!(["X64", "X86"])),
            "exactly one",
        ),
        (PackageChange::new().with("languages", json!([])), "one at least"),
    ];
    for (change, words) in changes {
        let error = product(&server).patch_package("p-1", &change).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(chain(&error).contains(words), "{error}");
    }
    let too_many: Vec<&str> = vec!["en-us"; 201];
    for error in [
        product(&server).patch_package(" ", &PackageChange::new()).await.unwrap_err(),
        product(&server).create_assets("en-us", 11, 0).await.unwrap_err(),
        product(&server).create_assets("en-us", 0, 3).await.unwrap_err(),
        product(&server).create_assets("en-us", 0, 0).await.unwrap_err(),
        product(&server).metadata(&too_many).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    }
    assert!(server.requests().is_empty(), "{:?}", server.lines());
    let error = "9NBLGGH4R315".parse::<ProductId>().unwrap_err().to_string();
    assert!(error.contains("client.applications()"), "{error}");
}

/// A host of installers: what it answers to HEAD, to a part, and to a request for all.
#[derive(Clone)]
struct Host {
    head: Answer,
    part: Answer,
}

impl Host {
    fn good(bytes: &'static str) -> Self {
        let part = Answer::new(206, &bytes[..bytes.len().min(8)]).header("Content-Range", format!("bytes 0-7/{}", bytes.len()));
        Self {
            head: Answer::new(200, bytes),
            part,
        }
    }

    async fn start(self) -> Recorder {
        Recorder::start(move |request| match (request.method.as_str(), request.target.as_str()) {
            ("HEAD", _) => self.head.clone(),
            (_, target) if target.starts_with("/dl/") => self.part.clone(),
            (_, target) if target.ends_with("/status") => Answer::new(200, yes(json!({ "isReady": true }))),
            (_, target) if target.contains("/packages") => Answer::new(200, yes(packages())),
            (_, target) if target.contains("/metadata") => Answer::new(200, yes(metadata())),
            (_, target) if target.contains("/assets") => Answer::new(200, yes(json!({ "listingAssets": [] }))),
            _ => Answer::new(418, ""),
        })
        .await
    }
}

#[tokio::test]
async fn an_installer_is_looked_at_as_the_store_fetches_it() {
    let server = Host::good("MZ-a-program").start().await;
    let url = format!("{}/dl/app-2-x64.exe?v=2", server.origin());
    let plan = product(&server)
        .publish()
        .package(NewInstaller::new(Architecture::X64, &url))
        .plan()
        .await
        .unwrap();
    assert!(plan.is_clear() && !plan.unchanged, "{plan}");
    let installer = plan.packages[0].installer.as_ref().unwrap();
    assert_eq!(
        (installer.length, installer.package_type.clone()),
        (12, Some(PackageType::Exe))
    );
    let downloads: Vec<_> = server
        .requests()
        .into_iter()
        .filter(|request| request.target.starts_with("/dl/"))
        .collect();
    let lines: Vec<_> = downloads
        .iter()
        .map(|request| (request.line(), request.header("Range")))
        .collect();
    let path = "/dl/app-2-x64.exe?v=2";
    assert_eq!(
        lines,
        [
            (format!("HEAD {path}"), None),
            (format!("GET {path}"), Some("bytes=0-7".to_owned()))
        ]
    );
    for request in &downloads {
        for name in ["Authorization", "X-Seller-Account-Id", "MS-CorrelationId"] {
            assert_eq!(request.header(name), None, "{name} of {}", request.line());
        }
    }
    assert!(
        server
            .requests()
            .iter()
            .all(|request| ["GET", "HEAD"].contains(&request.method.as_str())),
        "a plan only reads"
    );
}

#[tokio::test]
async fn what_the_store_could_not_fetch_stops_the_run() {
    let redirect = Answer::new(302, "").header("Location", "https://cdn.example/x");
    let table = [
        (
            Host {
                head: redirect.clone(),
                part: redirect,
            },
            Some("redirect"),
        ),
        (
            Host {
                head: Answer::new(404, ""),
                part: Answer::new(404, ""),
            },
            Some("upload the installer before"),
        ),
        (
            Host {
                head: Answer::new(403, ""),
                part: Answer::new(403, ""),
            },
            Some("signs in nowhere"),
        ),
        (Host::good("PK\x03\x04 a zip"), Some("neither a program")),
        // HEAD is refused, and the part has the length.
        (
            Host {
                head: Answer::new(405, ""),
                ..Host::good("MZ-a-program")
            },
            None,
        ),
    ];
    for (host, words) in table {
        let server = host.start().await;
        let job = || {
            product(&server)
                .publish()
                .package(NewInstaller::new(Architecture::X64, format!("{}/dl/a.exe", server.origin())))
        };
        let plan = job().plan().await.unwrap();
        assert_eq!(plan.is_clear(), words.is_none(), "{plan}");
        let Some(words) = words else { continue };
        assert!(plan.problems[0].1.contains(words), "{words:?} is not in {plan}");
        let error = job().await.unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Guard(_)) && error.to_string().contains(words),
            "{error}"
        );
        assert!(
            server
                .requests()
                .iter()
                .all(|request| ["GET", "HEAD"].contains(&request.method.as_str())),
            "{:?}",
            server.lines()
        );
    }
}

/// A service that answers these to its paths below the product, each list in order and its last for ever.
async fn service(answers: Vec<(&'static str, Vec<Answer>)>) -> Recorder {
    let answers: Vec<_> = answers
        .into_iter()
        .map(|(line, answers)| (line, std::sync::Mutex::new(answers)))
        .collect();
    Recorder::start(move |request| {
        let path = request
            .target
            .split(&format!("product/{PRODUCT}/"))
            .nth(1)
            .unwrap_or(&request.target);
        let line = format!("{} {}", request.method, path.split('?').next().unwrap());
        let Some((_, answers)) = answers.iter().find(|(known, _)| *known == line) else {
            return Answer::new(418, format!("nothing for {line}"));
        };
        let mut answers = answers.lock().unwrap();
        if answers.len() > 1 {
            answers.remove(0)
        } else {
            answers[0].clone()
        }
    })
    .await
}

fn answer(data: Value) -> Answer {
    Answer::new(200, yes(data))
}

fn status_of(ongoing: Value) -> Answer {
    answer(json!({ "isReady": true, "ongoingSubmissionId": ongoing }))
}

/// A client that looks and repeats without pauses of its own.
fn hurried(server: &Recorder) -> Product {
    let quick = msstore::config::RetryPolicy::off();
    let builder = StoreClient::builder(FixedToken).msi_endpoint(format!("{}/submission/v1", server.origin()));
    let client = builder
        .endpoint(server.endpoint())
        .rate_limit(msstore::config::RateLimit::off())
        .retry(quick)
        .build()
        .unwrap();
    client
        .msi(SELLER.parse::<msstore::SellerId>().unwrap())
        .product(PRODUCT.parse::<ProductId>().unwrap())
}

const OLD: &str = "1152921505000000011";

#[tokio::test]
async fn a_submission_is_ours_only_with_proof() {
    let lost = || Answer::new(504, "<html>");
    let in_the_way = json!({ "isSuccess": false, "errors": [{ "code": "error", "message": "Product already has One Active Submission In-Progress. SubmissionId: 1", "target": "submission" }] });
    let ours = ["https://dl.example/app-1-x64.exe".to_owned()];
    let other = ["https://dl.example/other.exe".to_owned()];
    let made = json!({ "submissionId": SUBMISSION, "ongoingSubmissionId": "" });
    let foreign = json!({ "submissionId": "", "ongoingSubmissionId": OLD });
    // What the status says before and after, what the submits are answered, our URLs; whether it is ours, adopted, or why not; the submits.
    type Row<'r> = (Vec<Answer>, Vec<Answer>, &'r [String], Result<bool, ErrorKind>, usize);
    let rows: Vec<Row<'_>> = vec![
        (vec![status_of(json!(null))], vec![answer(made.clone())], &ours, Ok(false), 1),
        (vec![status_of(json!(OLD))], vec![answer(made)], &ours, Ok(false), 1),
        // Somebody else's submission is named instead of ours.
        (
            vec![status_of(json!(null))],
            vec![answer(foreign)],
            &ours,
            Err(ErrorKind::Pending),
            1,
        ),
        // The answer is lost, and a new one with our URLs turns up.
        (
            vec![status_of(json!(OLD)), status_of(json!(SUBMISSION))],
            vec![lost()],
            &ours,
            Ok(true),
            1,
        ),
        // It turns up with other URLs.
        (
            vec![status_of(json!(null)), status_of(json!(SUBMISSION))],
            vec![lost()],
            &other,
            Err(ErrorKind::Pending),
            1,
        ),
        // Nothing proves whose it is.
        (
            vec![status_of(json!(null)), status_of(json!(SUBMISSION))],
            vec![lost()],
            &[],
            Err(ErrorKind::Pending),
            1,
        ),
        // A refusal is a refusal.
        (
            vec![status_of(json!(null))],
            vec![Answer::new(200, in_the_way)],
            &ours,
            Err(ErrorKind::Api),
            1,
        ),
    ];
    for (status, submits, urls, expected, sent) in rows {
        let server = service(vec![
            ("GET status", status),
            ("POST submit", submits),
            ("GET packages", vec![answer(packages())]),
        ])
        .await;
        let found = hurried(&server).ensure_submitted(urls).await;
        match (&found, expected) {
            (Ok(found), Ok(adopted)) => assert_eq!((found.submission.as_str(), found.adopted), (SUBMISSION, adopted)),
            (Err(error), Err(kind)) => assert_eq!(error.kind(), kind, "{error}"),
            _ => panic!("{found:?} instead of {expected:?}"),
        }
        let lines = server.lines();
        assert_eq!(
            lines.iter().filter(|line| line.ends_with("/submit")).count(),
            sent,
            "{lines:?}"
        );
    }
}

#[tokio::test]
async fn an_image_goes_to_its_place_as_the_service_wants_it() {
    for (first, hosts) in [(201, vec!["/up1"]), (503, vec!["/up1", "/up2"]), (403, vec!["/up1"])] {
        let server =
            Recorder::start(move |request| Answer::new(if request.target.starts_with("/up1") { first } else { 201 }, "")).await;
        let link = |host: &str| format!("{}{host}/x?sv=1&sig=a+b%2Fc&sp=rcw", server.origin());
        let slot: AssetSlot = serde_json::from_value(json!({
            "id": "s1",
            "primaryAssetUploadUrl": link("/up1"),
            "secondaryAssetUploadUrl": link("/up2"),
            "httpMethod": "PUT",
            "httpHeaders": { "x-ms-blob-type": "BlockBlob", "x-ms-meta-a": "b", "Content-Length": "" },
        }))
        .unwrap();
        let sent = hurried(&server).upload_asset(&slot, b"a PNG".to_vec()).await;
        match &sent {
            Ok(used) => assert!(used.expose().contains(hosts.last().unwrap()), "{used}"),
            Err(error) => assert!(first == 403 && !format!("{error:?}").contains("b%2Fc"), "{error:?}"),
        }
        let requests = server.requests();
        assert_eq!(requests.len(), hosts.len());
        for (request, host) in requests.iter().zip(hosts) {
            assert_eq!(request.line(), format!("PUT {host}/x?sv=1&sig=a%2Bb%2Fc&sp=rcw"));
            let expected = [
                ("x-ms-blob-type", Some("BlockBlob")),
                ("x-ms-meta-a", Some("b")),
                ("Content-Type", Some("image/png")),
                ("Content-Length", Some("5")),
                ("Authorization", None),
                ("X-Seller-Account-Id", None),
            ];
            for (name, value) in expected {
                assert_eq!(request.header(name).as_deref(), value, "{name}");
            }
            assert_eq!(request.body, b"a PNG");
        }
    }
}

#[tokio::test]
async fn the_bytes_at_a_url_are_those_of_the_file() {
    let file = std::env::temp_dir().join(format!("msstore-installer-{}", std::process::id()));
    for (ours, stops) in [
        ("MZ-a-program", None),
        ("MZ-a-prOgram", Some("they differ between")),
        ("MZ-a-program!", Some("12 bytes instead of 13")),
    ] {
        std::fs::write(&file, ours).unwrap();
        let bytes = "MZ-a-program";
        let server = Recorder::start(move |request| match (request.method.as_str(), request.header("Range")) {
            ("HEAD", _) => Answer::new(200, bytes),
            (_, Some(range)) => {
                let (start, end) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
                let (start, end): (usize, usize) = (start.parse().unwrap(), end.parse().unwrap());
                Answer::new(206, &bytes[start..=end]).header("Content-Range", format!("bytes {start}-{end}/12"))
            }
            _ if request.target.ends_with("/status") => status_of(json!(null)),
            _ if request.target.contains("/packages") => answer(packages()),
            _ if request.target.contains("/metadata") => answer(metadata()),
            _ => answer(json!({ "listingAssets": [] })),
        })
        .await;
        let installer = NewInstaller::new(Architecture::X64, format!("{}/dl/a.exe", server.origin())).file(&file);
        let plan = hurried(&server).publish().package(installer).plan().await.unwrap();
        assert_eq!(plan.is_clear(), stops.is_none(), "{plan}");
        assert!(stops.is_none_or(|words| plan.problems[0].1.contains(words)), "{plan}");
    }
    std::fs::remove_file(&file).unwrap();
}
