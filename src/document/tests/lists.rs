//! Elements that are moved, added, removed and edited keep what belongs to them.

use serde_json::{Value, json};

use super::{document, fixture};
use crate::document::Document;
use crate::model::application_submission::ApplicationSubmission;
use crate::model::flight_submission::FlightSubmission;
use crate::model::listing::{Image, ImageType};
use crate::model::package::{ApplicationPackage, FileStatus};

/// Every order of every subset of `0..count`.
fn arrangements(count: usize) -> Vec<Vec<usize>> {
    let mut found = vec![Vec::new()];
    let mut next = 0;
    while let Some(start) = found.get(next).cloned() {
        let more = (0..count).filter(|index| !start.contains(index));
        found.extend(more.map(|index| [start.as_slice(), &[index]].concat()));
        next += 1;
    }
    found
}

#[test]
fn packages_keep_their_unknown_members_in_any_order() {
    let mut received = fixture("application-submission");
    for (index, package) in received["applicationPackages"].as_array_mut().unwrap().iter_mut().enumerate() {
        package["unknown"] = json!({"of": index});
    }
    let packages = received["applicationPackages"].as_array().unwrap().clone();
    let new = json!({
        "fileName": "LighthouseNotes_1.2.0.0_x64.msix", "fileStatus": "PendingUpload",
        "minimumDirectXVersion": "None", "minimumSystemRam": "None",
    });
    for order in arrangements(packages.len()) {
        for insert_at in 0..=order.len() {
            for touched in 0..=order.len() {
                let mut document: Document<ApplicationSubmission> = document(received.clone());
                let known = document.application_packages.clone();
                let mut edited: Vec<ApplicationPackage> = order.iter().map(|&index| known[index].clone()).collect();
                let mut expected: Vec<Value> = order.iter().map(|&index| packages[index].clone()).collect();
                if let (Some(package), Some(value)) = (edited.get_mut(touched), expected.get_mut(touched)) {
                    package.file_status = FileStatus::PendingDelete;
                    package.file_name = "renamed.msix".to_owned();
                    value["fileStatus"] = json!("PendingDelete");
                    value["fileName"] = json!("renamed.msix");
                }
                // The name of a package that is there already.
                edited.insert(
                    insert_at,
                    ApplicationPackage::pending_upload("LighthouseNotes_1.2.0.0_x64.msix"),
                );
                expected.insert(insert_at, new.clone());
                document.application_packages = edited;

                let mut whole = received.clone();
                whole["applicationPackages"] = expected.into();
                assert_eq!(document.body().unwrap(), whole, "{order:?} {insert_at} {touched}");
                assert_ne!(document.changes().unwrap(), []);
            }
        }
    }
}

#[test]
fn packages_without_an_id_are_known_by_their_name() {
    let mut received = fixture("flight-submission");
    received["flightPackages"][0]["unknown"] = json!(1);
    let mut flight: Document<FlightSubmission> = document(received.clone());
    flight.flight_packages.reverse();
    flight.flight_packages[1].languages.push("de-de".to_owned());
    flight.flight_packages.push(ApplicationPackage::pending_upload("c.msix"));
    let body = flight.body().unwrap();
    assert_eq!(body["flightPackages"][0], received["flightPackages"][1]);
    assert_eq!(body["flightPackages"][1]["unknown"], 1);
    assert_eq!(body["flightPackages"][1]["languages"], json!(["en-us", "de-de"]));
    assert_eq!(body["flightPackages"][1]["id"], "");
    assert_eq!(body["flightPackages"][2].as_object().unwrap().len(), 4);
}

#[test]
fn a_new_image_is_written_without_nulls_and_empties() {
    let mut submission: Document<ApplicationSubmission> = document(fixture("application-submission"));
    let images = &mut submission.listing_mut("de-de").unwrap().base_listing.images;
    images[0].file_status = FileStatus::PendingDelete;
    images.insert(0, Image::pending_upload("de/new.png", ImageType::Screenshot));
    let changes: Vec<String> = submission.changes().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(
        changes,
        [
            r#"/listings/de-de/baseListing/images/0: added {"fileName":"de/new.png","fileStatus":"PendingUpload","imageType":"Screenshot"}"#,
            r#"/listings/de-de/baseListing/images/1/fileStatus: "Uploaded" -> "PendingDelete""#,
        ]
    );
}

#[test]
fn the_one_element_of_gaming_options_is_known_by_its_place() {
    for (fixture_name, pointer) in [
        ("application-submission-game", "/gamingOptions/0/isCrossPlayEnabled"),
        ("application-submission-contradictions", "/gamingOptions/isCrossPlayEnabled"),
    ] {
        let mut received = fixture(fixture_name);
        let options = if received["gamingOptions"].is_array() {
            &mut received["gamingOptions"][0]
        } else {
            &mut received["gamingOptions"]
        };
        options["unknown"] = json!(1);
        let mut submission: Document<ApplicationSubmission> = document(received.clone());
        submission.gaming_options[0].is_cross_play_enabled = Some(true);
        *received.pointer_mut(pointer).unwrap() = json!(true);
        assert_eq!(submission.body().unwrap(), received);
    }
}

#[test]
fn what_the_view_does_not_see_keeps_its_place() {
    let mut received = fixture("application-submission-contradictions");
    received["hardwarePreferences"] = json!([null, "Touch", null, "Mouse"]);
    let mut submission: Document<ApplicationSubmission> = document(received.clone());
    assert_eq!(submission.hardware_preferences.len(), 2);
    submission.hardware_preferences[1] = "Camera".into();
    submission.listing_mut("en-us").unwrap().base_listing.title = "T".to_owned();
    submission.pricing.market_specific_pricings.remove("CH");
    received["hardwarePreferences"][3] = json!("Camera");
    received["listings"]["en-us"]["baseListing"]["title"] = json!("T");
    received["pricing"]["marketSpecificPricings"]
        .as_object_mut()
        .unwrap()
        .remove("CH");
    // The listing that is null and the price that is an object are still there.
    assert_eq!(submission.body().unwrap(), received);
}
