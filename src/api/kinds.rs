//! The three kinds of submission, and what they differ in.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::id::SubmissionId;
use crate::model::application_submission::{ApplicationSubmission, TargetPublishMode};
use crate::model::flight_submission::FlightSubmission;
use crate::model::in_app_product_submission::InAppProductSubmission;
use crate::model::package::{ApplicationPackage, FileStatus, PackageDeliveryOptions, is_id};
use crate::model::pricing::Pricing;
use crate::model::resource::Resource;
use crate::model::status::SubmissionStatus;
use crate::model::timestamp::Timestamp;
use crate::model::trailer::Trailer;
use crate::secret::UploadUrl;

mod kind {
    use super::{
        ApplicationPackage, NamedFile, PackageDeliveryOptions, Pricing, SubmissionStatus, TargetPublishMode, Timestamp, UploadUrl,
    };

    /// What the kinds of submission differ in. Sealed: it cannot be named outside.
    #[allow(unnameable_types)]
    pub trait Kind {
        /// Where its parent names the pending submission.
        const PENDING: &'static str;
        /// Where its parent names the last published submission.
        const LAST_PUBLISHED: &'static str;
        /// Whether a missing price would make the product free.
        const PRICED: bool;
        /// Whether it has packages, which can be rolled out gradually.
        const ROLLED_OUT: bool;
        /// Whether deleting the first draft, before anything was published, cannot be undone.
        const KEEPS_FIRST_DRAFT: bool;
        /// Whether the API cannot make the first submission.
        const FIRST_IN_PARTNER_CENTER: bool;
        /// Whether a create may be answered without listings and packages, which spares large submissions a time-out.
        const MINIMAL_CREATE: bool;
        fn status(&self) -> &SubmissionStatus;
        fn upload_url(&self) -> &UploadUrl;
        fn target_publish_mode(&self) -> &TargetPublishMode;
        fn target_publish_date(&self) -> &Timestamp;
        /// The files that the ZIP has or had.
        fn named_files(&self) -> Vec<NamedFile<'_>>;
        /// How many listings it has, if it needs any.
        fn listings(&self) -> Option<usize> {
            None
        }
        fn pricing(&self) -> Option<&Pricing> {
            None
        }
        fn packages(&self) -> &[ApplicationPackage] {
            &[]
        }
        fn packages_mut(&mut self) -> Option<&mut Vec<ApplicationPackage>> {
            None
        }
        fn delivery(&self) -> Option<&PackageDeliveryOptions> {
            None
        }
        fn delivery_mut(&mut self) -> Option<&mut PackageDeliveryOptions> {
            None
        }
    }
}
pub(crate) use self::kind::Kind;

/// A file that a submission names, and where it stands.
pub(crate) type NamedFile<'s> = (&'s str, FileStatus);

/// A kind of submission: [`ApplicationSubmission`], [`InAppProductSubmission`] or [`FlightSubmission`].
pub trait Submission:
    Kind + Resource<Id = SubmissionId> + fmt::Debug + Clone + Default + Serialize + DeserializeOwned + Send + Sync + Unpin + 'static
{
}

impl Kind for ApplicationSubmission {
    const PENDING: &'static str = "pendingApplicationSubmission";
    const LAST_PUBLISHED: &'static str = "lastPublishedApplicationSubmission";
    const PRICED: bool = true;
    const ROLLED_OUT: bool = true;
    const KEEPS_FIRST_DRAFT: bool = false;
    const FIRST_IN_PARTNER_CENTER: bool = true;
    const MINIMAL_CREATE: bool = true;

    fn named_files(&self) -> Vec<NamedFile<'_>> {
        let listings = self.listings.values();
        let listings = listings.flat_map(|listing| listing.platform_overrides.values().chain([&listing.base_listing]));
        let images = listings.flat_map(|listing| &listing.images);
        let images = images.map(|image| (image.file_name.as_str(), image.file_status.clone()));
        let trailers = self.trailers.iter().flat_map(trailer_files);
        packages(&self.application_packages).chain(images).chain(trailers).collect()
    }

    fn listings(&self) -> Option<usize> {
        Some(self.listings.len())
    }

    fn pricing(&self) -> Option<&Pricing> {
        Some(&self.pricing)
    }

    fn packages(&self) -> &[ApplicationPackage] {
        &self.application_packages
    }

    fn packages_mut(&mut self) -> Option<&mut Vec<ApplicationPackage>> {
        Some(&mut self.application_packages)
    }

    fn delivery(&self) -> Option<&PackageDeliveryOptions> {
        Some(&self.package_delivery_options)
    }

    fn delivery_mut(&mut self) -> Option<&mut PackageDeliveryOptions> {
        Some(&mut self.package_delivery_options)
    }

    fn status(&self) -> &SubmissionStatus {
        &self.status
    }

    fn upload_url(&self) -> &UploadUrl {
        &self.file_upload_url
    }

    fn target_publish_mode(&self) -> &TargetPublishMode {
        &self.target_publish_mode
    }

    fn target_publish_date(&self) -> &Timestamp {
        &self.target_publish_date
    }
}

impl Submission for ApplicationSubmission {}

impl Kind for InAppProductSubmission {
    const PENDING: &'static str = "pendingInAppProductSubmission";
    const LAST_PUBLISHED: &'static str = "lastPublishedInAppProductSubmission";
    const PRICED: bool = true;
    const ROLLED_OUT: bool = false;
    const KEEPS_FIRST_DRAFT: bool = false;
    const FIRST_IN_PARTNER_CENTER: bool = false;
    const MINIMAL_CREATE: bool = false;

    fn named_files(&self) -> Vec<NamedFile<'_>> {
        let icons = self.listings.values().map(|listing| &listing.icon);
        icons
            .map(|icon| (icon.file_name.as_str(), icon.file_status.clone()))
            .collect()
    }

    fn listings(&self) -> Option<usize> {
        Some(self.listings.len())
    }

    fn pricing(&self) -> Option<&Pricing> {
        Some(&self.pricing)
    }

    fn status(&self) -> &SubmissionStatus {
        &self.status
    }

    fn upload_url(&self) -> &UploadUrl {
        &self.file_upload_url
    }

    fn target_publish_mode(&self) -> &TargetPublishMode {
        &self.target_publish_mode
    }

    fn target_publish_date(&self) -> &Timestamp {
        &self.target_publish_date
    }
}

impl Submission for InAppProductSubmission {}

impl Kind for FlightSubmission {
    const PENDING: &'static str = "pendingFlightSubmission";
    const LAST_PUBLISHED: &'static str = "lastPublishedFlightSubmission";
    const PRICED: bool = false;
    const ROLLED_OUT: bool = true;
    const KEEPS_FIRST_DRAFT: bool = true;
    const FIRST_IN_PARTNER_CENTER: bool = false;
    const MINIMAL_CREATE: bool = true;

    fn named_files(&self) -> Vec<NamedFile<'_>> {
        packages(&self.flight_packages).collect()
    }

    fn packages(&self) -> &[ApplicationPackage] {
        &self.flight_packages
    }

    fn packages_mut(&mut self) -> Option<&mut Vec<ApplicationPackage>> {
        Some(&mut self.flight_packages)
    }

    fn delivery(&self) -> Option<&PackageDeliveryOptions> {
        Some(&self.package_delivery_options)
    }

    fn delivery_mut(&mut self) -> Option<&mut PackageDeliveryOptions> {
        Some(&mut self.package_delivery_options)
    }

    fn status(&self) -> &SubmissionStatus {
        &self.status
    }

    fn upload_url(&self) -> &UploadUrl {
        &self.file_upload_url
    }

    fn target_publish_mode(&self) -> &TargetPublishMode {
        &self.target_publish_mode
    }

    fn target_publish_date(&self) -> &Timestamp {
        &self.target_publish_date
    }
}

impl Submission for FlightSubmission {}

fn packages(packages: &[ApplicationPackage]) -> impl Iterator<Item = NamedFile<'_>> {
    packages
        .iter()
        .map(|package| (package.file_name.as_str(), package.file_status.clone()))
}

/// The files of a trailer have no status: they are new as long as the service has given them no id.
fn trailer_files(trailer: &Trailer) -> impl Iterator<Item = NamedFile<'_>> {
    let status = |id: &str| {
        if is_id(id) {
            FileStatus::Uploaded
        } else {
            FileStatus::PendingUpload
        }
    };
    let images = trailer.trailer_assets.values().flat_map(|assets| &assets.image_list);
    let images = images.map(move |image| (image.file_name.as_str(), status(&image.id)));
    images.chain([(trailer.video_file_name.as_str(), status(&trailer.id))])
}
