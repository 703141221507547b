//! The views of the fixtures hold the right values, and know every member but those that nobody documents.

use std::collections::BTreeSet;
use std::time::{Duration, UNIX_EPOCH};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Kind, document, fixture, fixtures, with_model};
use crate::document::{Document, decode_value, member};
use crate::model::application::Application;
use crate::model::application_submission::{ApplicationSubmission, TargetPublishMode, Visibility};
use crate::model::flight::Flight;
use crate::model::flight_submission::FlightSubmission;
use crate::model::gaming::{Genre, KinectDataForExternal};
use crate::model::in_app_product::{InAppProduct, InAppProductRef, ProductType};
use crate::model::in_app_product_submission::{ContentType, InAppProductSubmission, Lifetime};
use crate::model::listing::ImageType;
use crate::model::package::{FileStatus, MinimumDirectXVersion, MinimumSystemRam, PackageRollout, PackageRolloutStatus};
use crate::model::page::Page;
use crate::model::pricing::{PriceTier, TrialPeriod};
use crate::model::status::{StatusCode, StatusReport, SubmissionStatus};

fn view<T: DeserializeOwned>(name: &str) -> T {
    decode_value(&fixture(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn applications() {
    for name in ["application", "application-both-spellings"] {
        let app: Application = view(name);
        assert_eq!(app.id.as_ref().unwrap(), "9NMSTORE0001");
        assert_eq!(app.package_family_name, "Fabrikam.LighthouseNotes_8wekyb3d8bbwe", "{name}");
        assert_eq!(app.last_published_submission_id().unwrap(), "1152921505000000101");
        assert_eq!(app.has_advanced_listing_permission, Some(true));
    }
    assert_eq!(view::<Application>("application").pending_submission_id(), None);
    let app: Application = view("application-unpublished");
    assert_eq!(app.pending_submission_id().unwrap(), "1152921505000000201");
    assert_eq!(app.last_published_submission_id(), None);
    assert!(!app.first_published_date.is_set());
    assert_eq!(app.has_advanced_listing_permission, None);
}

#[test]
fn pages() {
    let page: Page<Application> = view("applications-page");
    assert_eq!((page.value.len(), page.total_count), (2, Some(3)));
    assert_eq!(page.next_link, "applications?skip=2&top=2");
    let page: Page<Application> = view("applications-page-last");
    assert_eq!((page.value.len(), page.next_link.as_str()), (1, ""));
    let page: Page<Application> = view("applications-page-capitals");
    assert_eq!(
        (page.value[0].primary_name.as_str(), page.total_count),
        ("Lighthouse Notes", Some(1))
    );

    let page: Page<InAppProduct> = view("in-app-products-page");
    assert_eq!(page.next_link, "inappproducts/?skip=2&top=2");
    assert_eq!(page.value[1].product_id, "night.mode");
    let page: Page<InAppProductRef> = view("application-in-app-products-page");
    assert_eq!(page.next_link, "applications/9NMSTORE0001/listinappproducts/?skip=2&top=2");
    assert_eq!(page.value[1].in_app_product_id.as_ref().unwrap(), "9NADDON00002");
    let page: Page<Flight> = view("flights-page");
    assert_eq!(page.next_link, "applications/9NMSTORE0001/listflights/?skip=1&top=1");
    let page: Page<Flight> = view("flights-page-no-link");
    assert_eq!(
        (page.value.len(), page.total_count, page.next_link.as_str()),
        (1, Some(3), "")
    );
}

#[test]
fn in_app_products() {
    let product: InAppProduct = view("in-app-product");
    assert_eq!(product.product_type, ProductType::Consumable);
    assert_eq!(product.pending_submission_id().unwrap(), "1152921505000000302");
    assert_eq!(product.last_published_submission_id().unwrap(), "1152921505000000301");
    let product: InAppProduct = view("in-app-product-created");
    assert_eq!(
        (product.pending_submission_id(), product.last_published_submission_id()),
        (None, None)
    );
    for name in [
        "in-app-product",
        "in-app-product-applications-list",
        "in-app-product-applications-single",
    ] {
        let product: InAppProduct = view(name);
        assert_eq!(product.applications.value.len(), 1, "{name}");
        assert_eq!(product.applications.value[0].id.as_ref().unwrap(), "9NMSTORE0001");
    }
}

#[test]
fn flights() {
    let flight: Flight = view("flight");
    assert_eq!(flight.flight_id.as_ref().unwrap(), "3f1c0d5e-6a2b-4c1d-9e8f-0a1b2c3d4e5f");
    assert_eq!(flight.pending_submission_id().unwrap(), "1152921505000000402");
    assert_eq!(flight.last_published_submission_id().unwrap(), "1152921505000000401");
    assert_eq!(flight.rank_higher_than, "Non-flighted submission");
    let flight: Flight = view("flight-created");
    assert_eq!(flight.group_ids, ["0", "1152921505000000902"]);
    assert_eq!(flight.pending_submission_id(), None);
}

#[test]
fn application_submissions() {
    let submission: ApplicationSubmission = view("application-submission");
    assert_eq!(submission.id.as_ref().unwrap(), "1152921505000000102");
    assert_eq!(submission.application_category, "Productivity");
    assert_eq!(submission.pricing.price_id, PriceTier::Tier(1012));
    assert_eq!(submission.pricing.trial_period, TrialPeriod::NoFreeTrial);
    assert_eq!(submission.pricing.market_specific_pricings["LB"], PriceTier::NotAvailable);
    assert_eq!(submission.visibility, Visibility::Public);
    assert_eq!(submission.target_publish_mode, TargetPublishMode::Immediate);
    assert!(!submission.target_publish_date.is_set());
    let listing = &submission.listings["en-us"].base_listing;
    assert_eq!(
        (listing.title.as_str(), listing.dev_studio.as_str()),
        ("Lighthouse Notes", "Fabrikam")
    );
    assert_eq!(listing.keywords, ["notes", "light"]);
    assert_eq!(listing.images[1].image_type, ImageType::StoreLogoSquare);
    assert_eq!(listing.images[1].description, "The tower at night");
    assert_eq!(submission.automatic_backup_enabled, Some(false));
    assert_eq!(
        submission.gaming_options[0].kinect_data_for_external,
        KinectDataForExternal::Disabled
    );
    assert_eq!(submission.status, SubmissionStatus::PendingCommit);
    assert_eq!(submission.status_details.notable_warnings().count(), 0);
    assert!(submission.file_upload_url.expose().ends_with("&sp=rwl"));
    assert_eq!(submission.application_packages.len(), 3);
    let package = &submission.application_packages[1];
    assert_eq!(
        (package.file_status.clone(), package.architecture.as_str()),
        (FileStatus::Uploaded, "arm64")
    );
    assert_eq!(package.target_device_families, ["Windows.Desktop min version 10.0.17763.0"]);
    assert_eq!(package.target_platform, "Windows10");
    let rollout = &submission.package_delivery_options.package_rollout;
    assert_eq!(
        (rollout.is_package_rollout, rollout.package_rollout_percentage),
        (Some(false), Some(0.0))
    );
    assert!(rollout.fallback_submission_id.is_none());
    assert!(submission.allow_target_future_device_families["7"]);
    assert_eq!(
        submission.allow_microsoft_decide_app_availability_to_future_device_families,
        Some(true)
    );
    assert_eq!(submission.is_seek_enabled, None);
}

#[test]
fn older_application_submissions() {
    let submission: ApplicationSubmission = view("application-submission-older");
    assert_eq!((submission.gaming_options.len(), submission.trailers.len()), (0, 0));
    assert_eq!(submission.status_details.errors, []);
    assert_eq!(submission.pricing.price_id, PriceTier::Tier(2));
    let package = &submission.application_packages[0];
    assert_eq!(package.minimum_direct_x_version, MinimumDirectXVersion::DirectX93);
    assert_eq!(package.minimum_system_ram, MinimumSystemRam::Memory2GB);
    assert_eq!(package.target_device_families, ["None"]);
    let overrides = &submission.listings["en-us"].platform_overrides;
    assert_eq!(overrides["Windows81"].description, "For Windows 8.1.");
    assert_eq!(overrides["Unknown"].description, "Anywhere.");
    let expected = UNIX_EPOCH + Duration::from_secs(1_565_150_704);
    assert_eq!(submission.target_publish_date.to_system_time(), Some(expected));
}

#[test]
fn games() {
    let submission: ApplicationSubmission = view("application-submission-game");
    let game = &submission.gaming_options[0];
    assert_eq!(game.genres[0], Genre::Platformer);
    assert_eq!(game.genres[1].as_str(), "Games_Classics");
    assert_eq!(
        (game.local_multiplayer_max_players, game.online_cooperative_max_players),
        (Some(4), Some(8))
    );
    assert_eq!(game.online_multiplayer_min_players, None);
    assert_eq!(game.other_peripherals, "A lamp");
    assert_eq!(submission.is_seek_enabled, Some(true));
    let rollout = &submission.package_delivery_options.package_rollout;
    assert_eq!(
        (rollout.is_seek_enabled, rollout.package_rollout_percentage),
        (Some(false), Some(12.5))
    );
    let trailer = &submission.trailers[0];
    assert_eq!(trailer.video_file_name, r"Trailers\Lamp.mp4");
    assert_eq!(trailer.trailer_assets["en-us"].image_list[0].description, "A lamp in fog");
    assert_eq!(trailer.trailer_assets["de-de"].title, "Die Lampe");
}

#[test]
fn sparse_and_odd_application_submissions() {
    let submission: ApplicationSubmission = view("application-submission-minimal");
    assert_eq!((submission.listings.len(), submission.pricing.price_id.is_set()), (0, false));
    let submission: ApplicationSubmission = view("application-submission-portal-draft");
    assert!(!submission.file_upload_url.is_set());
    assert_eq!(submission.pricing.price_id, PriceTier::Base);

    let submission: ApplicationSubmission = view("application-submission-contradictions");
    assert_eq!(submission.listings.keys().collect::<Vec<_>>(), ["de-de", "en-us"]);
    assert_eq!(submission.listings["en-us"].base_listing.minimum_hardware, ["8 GB"]);
    assert_eq!(submission.listings["de-de"].base_listing.minimum_hardware, [""; 0]);
    assert_eq!(submission.gaming_options[0].genres[0], Genre::Platformer);
    assert!(submission.allow_target_future_device_families.is_empty());
    assert_eq!(submission.status_details.errors[0].code, StatusCode::None);
    assert_eq!(submission.status_details.certification_reports.len(), 1);
    assert_eq!(
        submission.package_delivery_options.package_rollout.package_rollout_percentage,
        Some(0.0)
    );
    assert_eq!(
        submission.pricing.market_specific_pricings.keys().collect::<Vec<_>>(),
        ["CH", "EH", "LB"]
    );
}

#[test]
fn in_app_product_submissions() {
    let submission: InAppProductSubmission = view("in-app-product-submission");
    assert_eq!(submission.content_type, ContentType::EMagazine);
    assert_eq!(submission.lifetime, Lifetime::Forever);
    assert_eq!(submission.listings["en"].icon.file_status, FileStatus::Uploaded);
    assert_eq!(submission.listings["ru"].title, "Масло");
    assert_eq!(submission.listings["ru"].icon.file_name, "");
    assert_eq!(submission.pricing.sales[0].base_price_id, PriceTier::Free);
    assert_eq!(submission.status_details.warnings[0].code, StatusCode::ListingOptOutWarning);
    assert_eq!(submission.status_details.certification_reports.len(), 1);
    assert_eq!(
        (submission.tag.as_str(), submission.visibility.clone()),
        ("v=2", Visibility::Hidden)
    );
}

#[test]
fn flight_submissions() {
    let submission: FlightSubmission = view("flight-submission");
    assert_eq!(submission.flight_packages[0].id, "");
    assert_eq!(submission.flight_packages[0].file_status, FileStatus::PendingUpload);
    assert_eq!(submission.flight_packages[1].architecture, "x64");
    assert!(!submission.target_publish_date.is_set());
    assert_eq!(submission.notes_for_certification, "For insiders.");
}

#[test]
fn rollouts_and_statuses() {
    let rollout: PackageRollout = view("package-rollout");
    assert_eq!(rollout.package_rollout_status, PackageRolloutStatus::InProgress);
    assert_eq!(rollout.package_rollout_percentage, Some(25.0));
    assert_eq!(rollout.fallback_submission_id.as_ref().unwrap(), "1152921505000000100");
    let rollout: PackageRollout = view("package-rollout-halted");
    assert_eq!(rollout.package_rollout_status, PackageRolloutStatus::Stopped);

    let report: StatusReport = view("commit");
    assert_eq!(report.status, SubmissionStatus::CommitStarted);
    let report: StatusReport = view("status-preprocessing");
    assert_eq!(report.status, SubmissionStatus::PreProcessing);
    let report: StatusReport = view("status-commit-failed");
    assert_eq!(report.status_details.errors[0].code, StatusCode::MissingFiles);
    assert_eq!(report.status_details.errors[1].code.as_str(), "TooBright");
    let report: StatusReport = view("status-certification-failed");
    assert!(report.status.is_failure());
    assert_eq!(
        report.status_details.certification_reports[0].report_url,
        "https://partner.example/report"
    );
}

/// The received members that the encoded view does not have.
fn unknown(received: &Value, view: &Value, found: &mut BTreeSet<String>) {
    match (received, view) {
        (Value::Object(members), Value::Object(_)) => {
            for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
                match member(view, name) {
                    Some(seen) => unknown(value, seen, found),
                    None => drop(found.insert(name.clone())),
                }
            }
        }
        (Value::Array(values), Value::Array(seen)) => {
            values.iter().zip(seen).for_each(|(value, seen)| unknown(value, seen, found));
        }
        (single @ Value::Object(_), Value::Array(seen)) => seen.iter().for_each(|seen| unknown(single, seen, found)),
        _ => {}
    }
}

fn unknown_to<T: DeserializeOwned + Serialize>(received: &Value, found: &mut BTreeSet<String>) {
    let document: Document<T> = document(received.clone());
    unknown(received, &serde_json::to_value(&*document).unwrap(), found);
}

#[test]
fn the_views_know_every_documented_member() {
    let mut found = BTreeSet::new();
    for (name, kind, received) in fixtures() {
        // It holds entries of another kind, which are left out on purpose.
        if name != "application-submission-contradictions" {
            with_model!(*kind, T => unknown_to::<T>(received, &mut found));
        }
    }
    // Sent by the service with packages, and documented nowhere.
    let expected = ["innerPackages", "minOSVersion", "targetDeviceFamiliesEx"];
    assert_eq!(found.iter().collect::<Vec<_>>(), expected);
    assert_eq!(
        fixtures()
            .iter()
            .filter(|(_, kind, _)| *kind == Kind::ApplicationSubmission)
            .count(),
        6
    );
}
