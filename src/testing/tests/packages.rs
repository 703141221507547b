//! What the fake reads from packages.

use super::*;

/// Submits files besides the old ones and returns the path of the submission, which is committed.
async fn submit(http: &Http, parent: &str, files: &[(&str, &[u8])]) -> String {
    submit_with(http, parent, files, "Uploaded").await
}

/// Submits files, with this status of the old ones.
async fn submit_with(http: &Http, parent: &str, files: &[(&str, &[u8])], old: &str) -> String {
    let (path, mut draft) = http.draft(parent).await;
    let member = if parent.contains("flights") {
        "flightPackages"
    } else {
        "applicationPackages"
    };
    let packages = draft[member].as_array_mut().unwrap();
    packages.iter_mut().for_each(|package| package["fileStatus"] = old.into());
    packages.extend(files.iter().map(|(name, _)| new_package(name)));
    http.put(&path, &draft).await.ok(200);
    let reply = http.upload(&draft, SamplePackage::container(files)).await;
    assert_eq!(reply.status, 201);
    http.post(&format!("{path}/commit")).await.ok(202);
    path
}

/// What the fake tells of a new package, without what it tells of all.
fn told(mut entry: Value) -> Value {
    let members = entry.as_object_mut().unwrap();
    assert_eq!(members.remove("fileStatus").unwrap(), "Uploaded");
    assert!(!text(&members.remove("id").unwrap()).is_empty());
    for name in [
        "fileName",
        "capabilities",
        "targetPlatform",
        "minimumDirectXVersion",
        "minimumSystemRam",
    ] {
        members.remove(name);
    }
    entry
}

#[tokio::test]
async fn a_package_is_described_from_its_manifest() {
    let x64 = SamplePackage::new("2.0.0.0").languages(["en-us", "fr-fr"]);
    let arm64 = SamplePackage::new("2.0.0.0")
        .architecture("arm64")
        .device_family("Windows.Desktop", "10.0.19041.0");
    let bundle = SamplePackage::bundle(&[x64.clone(), arm64.clone()]);
    let upload = SamplePackage::container(&[("Lantern.msixbundle", &bundle), ("Lantern.appxsym", b"PK")]);
    let of_both = json!({
        "version": "2.0.0.0",
        "architecture": "x64,arm64",
        "languages": ["en-us", "fr-fr", "de-de"],
        "targetDeviceFamilies": ["Windows.Desktop min version 10.0.17763.0"],
    });
    let table = [
        (
            "PaperLantern_9.9.9.0_x86.msix",
            arm64.to_bytes(),
            json!({
                "version": "2.0.0.0",
                "architecture": "arm64",
                "languages": ["en-us", "de-de"],
                "targetDeviceFamilies": ["Windows.Desktop min version 10.0.19041.0"],
            }),
        ),
        ("PaperLantern_9.9.9.0_x86.msixbundle", bundle, of_both.clone()),
        ("PaperLantern_9.9.9.0_x86.msixupload", upload, of_both),
        (
            "PaperLantern_9.9.9.0_x86.msix",
            b"any text".to_vec(),
            json!({
                "version": "9.9.9.0",
                "architecture": "x86",
                "languages": ["en-US"],
                "targetDeviceFamilies": ["Windows.Desktop min version 10.0.17763.0"],
            }),
        ),
    ];
    for (name, content, expected) in table {
        let http = Http::sample().await;
        let path = submit(&http, &app(), &[(name, &content)]).await;
        http.wait_for(&path, "PreProcessing").await;
        let document = http.get(&path).await.ok(200);
        assert_eq!(told(document["applicationPackages"][2].clone()), expected, "{name}");
        http.fake.set_published_packages(APP, &[(name, &content)]);
        let published = http.fake.published_submission(APP).unwrap();
        assert_eq!(published["applicationPackages"].as_array().unwrap().len(), 1);
        assert_eq!(told(published["applicationPackages"][0].clone()), expected, "{name}");
    }
}

#[tokio::test]
async fn a_package_of_a_flight_does_not_tell_its_device_families() {
    let http = Http::sample().await;
    let content = SamplePackage::new("2.0.0.0").architecture("arm64").to_bytes();
    let path = submit(&http, &flight(), &[("sub/Lantern.msix", &content)]).await;
    http.wait_for(&path, "PreProcessing").await;
    let expected = json!({ "version": "2.0.0.0", "architecture": "arm64", "languages": ["en-us", "de-de"] });
    assert_eq!(told(http.get(&path).await.ok(200)["flightPackages"][1].clone()), expected);
    http.fake.set_published_packages(FLIGHT, &[("Lantern.msix", &content)]);
    let published = http.fake.published_submission(FLIGHT).unwrap();
    assert_eq!(told(published["flightPackages"][0].clone()), expected);
}

/// A release that a rule of the packages refuses.
struct Refused {
    rule: Rule,
    /// What is published before, if not the sample's packages.
    published: Vec<(&'static str, Vec<u8>)>,
    file: (&'static str, Vec<u8>),
    /// A part of each error.
    errors: &'static [&'static str],
}

fn sample(version: &str) -> SamplePackage {
    SamplePackage::new(version)
}

fn refused() -> Vec<Refused> {
    let row = |rule, file, content: Vec<u8>, errors| Refused {
        rule,
        published: Vec::new(),
        file: (file, content),
        errors,
    };
    let after = |published: SamplePackage, new: SamplePackage, errors| Refused {
        published: vec![("Old.msix", published.to_bytes())],
        ..row(Rule::PackageVersion, "New.msix", new.to_bytes(), errors)
    };
    let since = |package: SamplePackage, min: &str| package.device_family("Windows.Desktop", min);
    let bundle = |version: &str| SamplePackage::bundle(&[sample(version), sample(version).architecture("arm64")]);
    let foreign = sample("2.0.0.0").identity("Lantern", "CN=Someone");
    let other_name = sample("2.0.0.0").identity("Lantern", SamplePackage::PUBLISHER);
    vec![
        row(
            Rule::PackageVersion,
            "A.msix",
            sample("2.0.0.7").to_bytes(),
            &["A.msix has the version 2.0.0.7"],
        ),
        row(
            Rule::PackageVersion,
            "A.msixbundle",
            bundle("2.0.0.7"),
            &["A.msixbundle has the version 2.0.0.7"],
        ),
        row(
            Rule::PackageVersion,
            "A.msixupload",
            SamplePackage::container(&[("A.msix", &sample("2.0.0.7").to_bytes())]),
            &["A.msixupload has the version 2.0.0.7"],
        ),
        after(
            sample("2.0.0.0"),
            sample("2.0.0.0"),
            &["higher than 2.0.0.0 of the package Old.msix"],
        ),
        after(
            sample("2.0.0.0"),
            sample("1.9.0.0"),
            &["higher than 2.0.0.0 of the package Old.msix"],
        ),
        after(
            since(sample("2.0.0.0"), "10.0.17763.0"),
            since(sample("1.9.0.0"), "10.0.19041.0"),
            &["higher than 2.0.0.0"],
        ),
        after(
            since(sample("2.0.0.0"), "10.0.19041.0"),
            since(sample("2.0.0.0"), "10.0.17763.0"),
            &["higher than 2.0.0.0"],
        ),
        Refused {
            published: vec![("Old.msixbundle", bundle("2.0.0.0"))],
            ..row(
                Rule::PackageVersion,
                "New.msixbundle",
                bundle("2.0.0.0"),
                &["higher than 2.0.0.0 of the package Old.msixbundle"],
            )
        },
        row(
            Rule::PackageIdentity,
            "A.appx",
            foreign.to_bytes(),
            &[
                "identity name is not valid: Lantern (expected: LanternWorks.PaperLantern)",
                "publisher name is not valid: CN=Someone (expected: CN=1F0E2D3C-4B5A-6978-8796-A5B4C3D2E1F0)",
            ],
        ),
        row(
            Rule::PackageIdentity,
            "A.msixbundle",
            SamplePackage::bundle(&[other_name.clone(), other_name]),
            &["identity name is not valid: Lantern (expected: LanternWorks.PaperLantern)"],
        ),
        row(
            Rule::PackageKind,
            "A_2.0.0.0_x64.appx",
            archive(&["readme.txt"]).to_vec(),
            &["without AppxManifest.xml"],
        ),
        row(
            Rule::PackageKind,
            "A_2.0.0.0_x64.msixbundle",
            archive(&["A.msix"]).to_vec(),
            &["without AppxMetadata/AppxBundleManifest.xml"],
        ),
        row(
            Rule::PackageKind,
            "A_2.0.0.0_x64.msixupload",
            SamplePackage::container(&[(
                "A.msixupload",
                &SamplePackage::container(&[("A.msix", &sample("2.0.0.0").to_bytes())]),
            )]),
            &["upload containers do not belong there"],
        ),
    ]
}

#[tokio::test]
async fn packages_are_refused_at_the_commit_while_the_rule_holds() {
    for case in refused() {
        let (name, content) = &case.file;
        let http = Http::sample().await;
        if !case.published.is_empty() {
            let published: Vec<_> = case.published.iter().map(|(name, content)| (*name, &content[..])).collect();
            http.fake.set_published_packages(APP, &published);
        }
        let path = submit(&http, &app(), &[(name, content)]).await;
        let report = http.wait_for(&path, "CommitFailed").await;
        let errors = report["statusDetails"]["errors"].as_array().unwrap();
        assert_eq!(errors.len(), case.errors.len(), "{name}: {report}");
        for (error, part) in errors.iter().zip(case.errors) {
            let code = match case.rule {
                Rule::PackageKind => "PackageValidationFailed",
                _ => "InvalidParameterValue",
            };
            assert_eq!(error["code"], code);
            assert!(text(&error["details"]).contains(part), "{name}: {report}");
        }
        assert_eq!(report["statusDetails"]["warnings"][0]["code"], "SalesUnsupportedWarning");
        // What is refused was not taken.
        let draft = http.get(&path).await.ok(200);
        let waits = |document: &Value| document["applicationPackages"].as_array().unwrap().last().unwrap()["fileStatus"].clone();
        assert_eq!(waits(&draft), "PendingUpload");

        http.fake.enforce(case.rule, false);
        http.post(&format!("{path}/commit")).await.ok(202);
        http.wait_for(&path, "Published").await;
        assert_eq!(waits(&http.fake.published_submission(APP).unwrap()), "Uploaded", "{name}");
    }
}

#[tokio::test]
async fn versions_are_compared_where_a_package_takes_the_place_of_another() {
    let since = |package: SamplePackage, min: &str| package.device_family("Windows.Desktop", min);
    let table = [
        (sample("2.0.0.0"), sample("2.0.1.0")),
        (sample("2.0.0.0"), sample("1.0.0.0").architecture("arm64")),
        (
            sample("2.0.0.0"),
            sample("1.0.0.0").device_family("Windows.Xbox", "10.0.17763.0"),
        ),
        // It serves those for whom the published one is too new.
        (
            since(sample("2.0.0.0"), "10.0.19041.0"),
            since(sample("1.9.0.0"), "10.0.17763.0"),
        ),
    ];
    for (old, new) in table {
        let http = Http::sample().await;
        http.fake.set_published_packages(APP, &[("Old.msix", &old.to_bytes())]);
        let path = submit(&http, &app(), &[("New.msix", &new.to_bytes())]).await;
        http.wait_for(&path, "Published").await;
    }
    // A package of a flight is compared with those of the flight, and has the identity of its app.
    for (version, status) in [("1.0.0.0", "CommitFailed"), ("1.0.1.0", "Published")] {
        let http = Http::sample().await;
        http.fake
            .set_published_packages(APP, &[("Old.msix", &sample("3.0.0.0").to_bytes())]);
        let path = submit(&http, &flight(), &[("New.msix", &sample(version).to_bytes())]).await;
        http.wait_for(&path, status).await;
    }
    let http = Http::sample().await;
    let foreign = sample("2.0.0.0").identity("Lantern", "CN=Someone");
    let path = submit(&http, &flight(), &[("New.msix", &foreign.to_bytes())]).await;
    let report = http.wait_for(&path, "CommitFailed").await;
    assert_eq!(report["statusDetails"]["errors"].as_array().unwrap().len(), 2, "{report}");
}

#[tokio::test]
async fn loose_packages_in_a_container_are_gone_after_preprocessing() {
    let loose = SamplePackage::container(&[
        ("A_x64.msix", &sample("2.0.0.0").to_bytes()),
        ("A_arm64.msix", &sample("2.0.0.0").architecture("arm64").to_bytes()),
    ]);
    for enforced in [true, false] {
        let http = Http::sample().await;
        http.fake.enforce(Rule::PackageKind, enforced);
        let single = sample("2.0.0.0").architecture("x86").to_bytes();
        let path = submit(&http, &app(), &[("sub/A.msixupload", &loose), ("B.msix", &single)]).await;
        let entry = async |name: &str| {
            let document = http.get(&path).await.ok(200);
            let packages = document["applicationPackages"].as_array().unwrap();
            packages.iter().find(|package| package["fileName"] == name).cloned()
        };
        http.wait_for(&path, "PreProcessing").await;
        let waiting = entry("sub/A.msixupload").await.unwrap();
        let (status, id) = (&waiting["fileStatus"], text(&waiting["id"]));
        if enforced {
            assert_eq!((status, id), (&json!("PendingUpload"), ""));
            assert!(waiting.get("version").is_none());
        } else {
            assert_eq!((status, &waiting["architecture"]), (&json!("Uploaded"), &json!("x64,arm64")));
        }
        let report = http.wait_for(&path, "Certification").await;
        assert_eq!(report["statusDetails"]["errors"], json!([]));
        assert_eq!(entry("sub/A.msixupload").await.is_none(), enforced);
        assert_eq!(entry("B.msix").await.unwrap()["version"], "2.0.0.0");
    }
}

#[tokio::test]
async fn after_a_bundle_there_is_always_one() {
    let bundle = |version: &str| SamplePackage::bundle(&[sample(version), sample(version).architecture("arm64")]);
    let single = sample("2.0.0.0").to_bytes();
    let contained = SamplePackage::container(&[("A.msix", &single)]);
    let of_bundle = SamplePackage::container(&[("A.msixbundle", &bundle("2.0.0.0"))]);
    let table: [(&str, &[u8], &str, bool); 6] = [
        ("New.msix", &single, "PendingDelete", false),
        ("New.msixupload", &contained, "PendingDelete", false),
        ("New.msix", &single, "Uploaded", true),
        ("New.msixbundle", &bundle("2.0.0.0"), "PendingDelete", true),
        ("New.msixupload", &of_bundle, "PendingDelete", true),
        ("New_2.0.0.0_x64.msix", b"nobody knows", "PendingDelete", true),
    ];
    for (name, content, old, is_right) in table {
        for enforced in [true, false] {
            let http = Http::sample().await;
            http.fake
                .set_published_packages(APP, &[("Old.msixbundle", &bundle("1.0.0.0"))]);
            http.fake.enforce(Rule::PackageKind, enforced);
            let path = submit_with(&http, &app(), &[(name, content)], old).await;
            if is_right || !enforced {
                http.wait_for(&path, "Published").await;
                continue;
            }
            let report = http.wait_for(&path, "CommitFailed").await;
            let errors = report["statusDetails"]["errors"].as_array().unwrap();
            assert!(
                errors.len() == 1 && text(&errors[0]["details"]).contains("bundle"),
                "{name}: {report}"
            );
        }
    }
}
