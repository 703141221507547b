//! What the fake reads from packages.

use super::*;

/// Submits files and returns the path of the submission, which is committed.
async fn submit(http: &Http, parent: &str, files: &[(&str, &[u8])]) -> String {
    let (path, mut draft) = http.draft(parent).await;
    let member = if parent.contains("flights") {
        "flightPackages"
    } else {
        "applicationPackages"
    };
    for (name, _) in files {
        draft[member].as_array_mut().unwrap().push(new_package(name));
    }
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
        "languages": ["en-us", "fr-fr"],
        "targetDeviceFamilies": ["Windows.Desktop min version 10.0.17763.0"],
    });
    let table = [
        (
            "PaperLantern_9.9.9.0_x86.msix",
            arm64.to_bytes(),
            json!({
                "version": "2.0.0.0",
                "architecture": "arm64",
                "languages": ["en-us"],
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
    let expected = json!({ "version": "2.0.0.0", "architecture": "arm64", "languages": ["en-us"] });
    assert_eq!(told(http.get(&path).await.ok(200)["flightPackages"][1].clone()), expected);
    http.fake.set_published_packages(FLIGHT, &[("Lantern.msix", &content)]);
    let published = http.fake.published_submission(FLIGHT).unwrap();
    assert_eq!(told(published["flightPackages"][0].clone()), expected);
}
