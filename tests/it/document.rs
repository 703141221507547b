//! Models and documents from outside of the crate.

use msstore::model::{
    ApplicationPackage, ApplicationSubmission, FileStatus, Image, ImageType, InAppProductSubmission, NewFlight, NewInAppProduct,
    ProductType,
};
use msstore::{ApplicationId, Document};

fn is_free_to_move<T: Send + Sync + Clone + std::fmt::Debug + 'static>() {}

#[test]
fn documents_go_between_threads() {
    is_free_to_move::<Document<ApplicationSubmission>>();
    is_free_to_move::<Document<InAppProductSubmission>>();
}

/// What users write in the edit of a submission.
#[allow(dead_code, reason = "it must compile; documents are made by calls alone")]
fn edit(draft: &mut Document<ApplicationSubmission>) -> msstore::Result<()> {
    draft.listing_mut("en-us")?.base_listing.release_notes = "Faster.".to_owned();
    draft.package_mut("old.msix")?.file_status = FileStatus::PendingDelete;
    draft
        .application_packages
        .push(ApplicationPackage::pending_upload("new.msix"));
    let images = &mut draft.listing_mut("en-us")?.base_listing.images;
    images.push(Image::pending_upload("shot.png", ImageType::Screenshot));
    draft.set("/newMember", serde_json::json!(true))
}

#[test]
fn a_new_package_names_what_an_update_needs() {
    let package = serde_json::to_value(ApplicationPackage::pending_upload("dist/a.msix")).unwrap();
    for (name, value) in [
        ("fileName", "dist/a.msix"),
        ("fileStatus", "PendingUpload"),
        ("minimumDirectXVersion", "None"),
        ("minimumSystemRam", "None"),
        ("id", ""),
    ] {
        assert_eq!(package[name], value);
    }
}

#[test]
fn requests_are_made_from_outside() {
    let app: ApplicationId = "9NMSTORE0001".parse().unwrap();
    let add_on = NewInAppProduct::new(&app, "lamp.oil", ProductType::Durable);
    assert_eq!(add_on.application_id, app);
    let flight = NewFlight::new("Insiders").group_id("1").rank_higher_than("Testers");
    assert_eq!(serde_json::to_value(&flight).unwrap()["rankHigherThan"], "Testers");
}
