//! A table for each guard.

use crate::error::{ErrorKind, UploadKind};
use serde_json::{Value, json};

use super::*;
use crate::model::application_submission::ApplicationSubmission;

fn body() -> Value {
    json!({
        "pricing": {"priceId": "Tier5", "trialPeriod": "NoFreeTrial", "marketSpecificPricings": {"DE": "Tier4"}},
        "listings": {"en-us": {"baseListing": {"images": [{"fileName": "a.png", "fileStatus": "Uploaded", "id": "7"}]}}},
        "applicationPackages": [
            {"fileName": "a.msix", "fileStatus": "Uploaded", "id": "1", "version": "1.0.0.0"},
            {"fileName": "b.msix", "fileStatus": "Uploaded", "id": "2"},
        ],
    })
}

fn document(body: Value) -> Document<ApplicationSubmission> {
    Document::detached(body).unwrap()
}

fn harmful(guards: &Guards) -> Vec<Guard> {
    let harm = guards
        .found
        .iter()
        .filter(|found| matches!(found.finding, Finding::Failed(_)));
    harm.map(|found| found.guard).collect()
}

fn found(edited: &Value, archive: &[&str]) -> Vec<Guard> {
    let files: Vec<ArchiveFile> = archive.iter().map(|name| ArchiveFile::new(*name, *name, 1)).collect();
    let before = document(body());
    let mut guards = Guards::new(&[]);
    let edited = document(edited.clone());
    guards
        .check(&edited, before.packages(), &files, &[], Standing::Copied)
        .unwrap();
    harmful(&guards)
}

#[test]
fn each_guard_finds_its_harm_and_no_other() {
    type Edit = fn(&mut Value);
    let table: [(&str, Edit, &[&str], &[Guard]); 15] = [
        ("nothing", |_| {}, &[], &[]),
        (
            "a package removed",
            |b| drop(b["applicationPackages"].as_array_mut().unwrap().remove(0)),
            &[],
            &[Guard::ExistingPackages],
        ),
        (
            "a package marked as new",
            |b| b["applicationPackages"][0]["fileStatus"] = "PendingUpload".into(),
            &["a.msix"],
            &[Guard::ExistingPackages],
        ),
        (
            "a package marked for deletion",
            |b| b["applicationPackages"][0]["fileStatus"] = "PendingDelete".into(),
            &[],
            &[],
        ),
        (
            "a new package",
            |b| push(b, json!({"fileName": "c.msix", "fileStatus": "PendingUpload"})),
            &["c.msix"],
            &[],
        ),
        (
            "a new package without its file",
            |b| push(b, json!({"fileName": "c.msix", "fileStatus": "PendingUpload"})),
            &[],
            &[Guard::Files],
        ),
        (
            "a new package that says Uploaded",
            |b| push(b, json!({"fileName": "c.msix", "fileStatus": "Uploaded"})),
            &[],
            &[Guard::NewPackages],
        ),
        (
            "a new package with a version",
            |b| {
                push(
                    b,
                    json!({"fileName": "c.msix", "fileStatus": "PendingUpload", "version": "1"}),
                );
            },
            &["c.msix"],
            &[Guard::NewPackages],
        ),
        (
            "31 packages",
            |b| {
                (0..29).for_each(|n| {
                    push(
                        b,
                        json!({"fileName": format!("{n}"), "fileStatus": "PendingDelete", "id": "1"}),
                    );
                });
            },
            &[],
            &[Guard::PackageCount],
        ),
        ("no price", |b| b["pricing"] = json!({}), &[], &[Guard::Price]),
        (
            "a null price",
            |b| b["pricing"]["priceId"] = Value::Null,
            &[],
            &[Guard::Price],
        ),
        (
            "the price Base",
            |b| b["pricing"]["priceId"] = "Base".into(),
            &[],
            &[Guard::Price],
        ),
        ("no listing", |b| b["listings"] = json!({}), &[], &[Guard::Listings]),
        ("a file that nobody names", |_| {}, &["c.msix"], &[Guard::Files]),
        (
            "a trailer",
            |b| {
                b["trailers"] = json!([{"videoFileName": "Trailers\\t.mp4", "trailerAssets": {"en-us": {"imageList": [{"fileName": "t.png"}]}}}]);
            },
            &["Trailers/t.mp4", "t.png"],
            &[],
        ),
    ];
    for (what, edit, archive, expected) in table {
        let mut body = body();
        edit(&mut body);
        assert_eq!(found(&body, archive), expected, "{what}");
    }
}

fn push(body: &mut Value, package: Value) {
    body["applicationPackages"].as_array_mut().unwrap().push(package);
}

#[test]
fn the_link_must_be_there_and_alive() {
    let now = crate::date::parse("2026-02-10T07:00:00Z").unwrap();
    let link = |end: &str| UploadUrl::new(format!("https://h/b?sig=x&se={end}"));
    let kind = |link| upload_link(&link, now).map(|error| error.kind());
    assert_eq!(kind(UploadUrl::default()), Some(ErrorKind::Guard(Guard::UploadLink)));
    assert_eq!(
        kind(link("2026-02-10T06%3A59%3A59Z")),
        Some(ErrorKind::Upload(UploadKind::LinkExpired))
    );
    assert!(upload_link(&link("2026-02-10T07%3A00%3A01Z"), now).is_none());
    assert!(upload_link(&UploadUrl::new("https://h/b?sig=x"), now).is_none());
}

#[test]
fn what_the_service_made_of_an_update_is_compared() {
    type Edit = fn(&mut Value);
    let table: [(&str, Edit, &[Guard]); 10] = [
        ("nothing", |_| {}, &[]),
        (
            "a market that the service adds",
            |b| b["pricing"]["marketSpecificPricings"]["LB"] = "NotAvailable".into(),
            &[],
        ),
        (
            "a price in it",
            |b| b["pricing"]["marketSpecificPricings"]["LB"] = "Free".into(),
            &[Guard::PriceChanged],
        ),
        (
            "isAdvancedPricingModel",
            |b| b["pricing"]["isAdvancedPricingModel"] = false.into(),
            &[],
        ),
        (
            "the price",
            |b| b["pricing"]["priceId"] = "Free".into(),
            &[Guard::PriceChanged],
        ),
        (
            "the trial",
            |b| b["pricing"]["trialPeriod"] = "OneDay".into(),
            &[Guard::PriceChanged],
        ),
        (
            "a market's price",
            |b| b["pricing"]["marketSpecificPricings"]["DE"] = "Tier9".into(),
            &[Guard::PriceChanged],
        ),
        (
            "a market",
            |b| b["pricing"]["marketSpecificPricings"] = json!({}),
            &[Guard::PriceChanged],
        ),
        (
            "a package's status",
            |b| b["applicationPackages"][0]["fileStatus"] = "PendingDelete".into(),
            &[Guard::PackagesChanged],
        ),
        (
            "a package",
            |b| drop(b["applicationPackages"].as_array_mut().unwrap().pop()),
            &[Guard::PackagesChanged],
        ),
    ];
    for (what, edit, expected) in table {
        let mut has = body();
        edit(&mut has);
        let mut guards = Guards::new(&[]);
        guards.compare(&*document(body()), &*document(has));
        assert_eq!(harmful(&guards), expected, "{what}");
        assert_eq!(guards.stop.is_err(), !expected.is_empty(), "{what}");
    }
}
