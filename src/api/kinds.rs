//! The three kinds of submission, and their differences.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::id::SubmissionId;
use crate::model::application_submission::{ApplicationSubmission, TargetPublishMode};
use crate::model::flight_submission::FlightSubmission;
use crate::model::in_app_product_submission::InAppProductSubmission;
use crate::model::listing::{Image, ImageType};
use crate::model::package::{ApplicationPackage, FileStatus, PackageDeliveryOptions, is_id};
use crate::model::pricing::Pricing;
use crate::model::resource::Resource;
use crate::model::status::SubmissionStatus;
use crate::model::timestamp::Timestamp;
use crate::model::trailer::Trailer;
use crate::secret::UploadUrl;

/// The differences between the kinds of submission. It is private, and so seals [`Submission`].
pub(crate) trait Kind {
    /// The member of its parent that names the pending submission.
    const PENDING: &'static str;
    /// The member of its parent that names the last published submission.
    const LAST_PUBLISHED: &'static str;
    /// Whether it has packages, which can be rolled out gradually.
    const ROLLED_OUT: bool;
    /// The member that holds the packages, as a JSON pointer.
    const PACKAGES: &'static str;
    /// Whether deleting the first draft, before anything was published, cannot be undone.
    const KEEPS_FIRST_DRAFT: bool;
    /// Whether the API cannot make the first submission.
    const FIRST_IN_PARTNER_CENTER: bool;
    /// Whether a create may be answered without listings and packages, which spares large submissions a time-out.
    const MINIMAL_CREATE: bool;

    fn parts(&self) -> Parts<'_>;

    fn whole(&self) -> Whole<'_>;

    fn parts_mut(&mut self) -> PartsMut<'_>;

    /// The images of the listings and trailers.
    fn named_images(&self) -> Vec<NamedImage<'_>> {
        Vec::new()
    }

    /// The files that the ZIP has or had.
    fn named_files(&self) -> Vec<NamedFile<'_>> {
        let Parts { packages, trailers, .. } = self.parts();
        let packages = packages
            .iter()
            .map(|package| (package.file_name.as_str(), package.file_status.clone()));
        let images = self.named_images().into_iter();
        let images = images.map(|image| (image.file_name, image.file_status));
        let videos = trailers
            .iter()
            .map(|trailer| (trailer.video_file_name.as_str(), status_by(&trailer.id)));
        packages.chain(images).chain(videos).collect()
    }

    fn status(&self) -> &SubmissionStatus {
        self.parts().status
    }

    fn upload_url(&self) -> &UploadUrl {
        self.parts().upload_url
    }

    fn packages(&self) -> &[ApplicationPackage] {
        self.parts().packages
    }
}

/// The members that all kinds have, and those that only some have.
pub(crate) struct Parts<'s> {
    pub(crate) status: &'s SubmissionStatus,
    pub(crate) upload_url: &'s UploadUrl,
    pub(crate) target_publish_mode: &'s TargetPublishMode,
    pub(crate) target_publish_date: &'s Timestamp,
    pub(crate) packages: &'s [ApplicationPackage],
    pub(crate) delivery: Option<&'s PackageDeliveryOptions>,
    /// The prices, if a missing one would make the product free.
    pub(crate) pricing: Option<&'s Pricing>,
    /// The number of listings, if it needs any.
    pub(crate) listings: Option<usize>,
    pub(crate) trailers: &'s [Trailer],
}

/// A submission by its kind.
pub(crate) enum Whole<'s> {
    Application(&'s ApplicationSubmission),
    InAppProduct(&'s InAppProductSubmission),
    Flight,
}

/// The members that a run sets, apart from the edits.
pub(crate) struct PartsMut<'s> {
    pub(crate) target_publish_mode: &'s mut TargetPublishMode,
    pub(crate) target_publish_date: &'s mut Timestamp,
    pub(crate) packages: Option<&'s mut Vec<ApplicationPackage>>,
    pub(crate) delivery: Option<&'s mut PackageDeliveryOptions>,
    /// The device families to come that it may be offered for.
    pub(crate) families: Option<&'s mut BTreeMap<String, bool>>,
}

/// A file that a submission names, and its status.
pub(crate) type NamedFile<'s> = (&'s str, FileStatus);

/// An image that a submission names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedImage<'s> {
    pub(crate) purpose: Purpose<'s>,
    /// The language of its listing.
    pub(crate) language: &'s str,
    /// The old platform for which it is, in an override.
    pub(crate) platform: Option<&'s str>,
    pub(crate) file_name: &'s str,
    pub(crate) file_status: FileStatus,
    /// Empty if there is none, or not yet.
    pub(crate) id: &'s str,
}

/// What an image is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose<'s> {
    /// The listing of an app.
    Listing(&'s ImageType),
    /// The icon of an add-on.
    Icon,
    /// A trailer.
    Trailer,
}

/// A kind of submission: [`ApplicationSubmission`], [`InAppProductSubmission`] or [`FlightSubmission`].
#[allow(private_bounds)]
pub trait Submission:
    Kind + Resource<Id = SubmissionId> + fmt::Debug + Clone + Default + Serialize + DeserializeOwned + Send + Sync + Unpin + 'static
{
}

impl Submission for ApplicationSubmission {}
impl Submission for InAppProductSubmission {}
impl Submission for FlightSubmission {}

impl Kind for ApplicationSubmission {
    const PENDING: &'static str = "pendingApplicationSubmission";
    const LAST_PUBLISHED: &'static str = "lastPublishedApplicationSubmission";
    const ROLLED_OUT: bool = true;
    const PACKAGES: &'static str = "/applicationPackages";
    const KEEPS_FIRST_DRAFT: bool = false;
    const FIRST_IN_PARTNER_CENTER: bool = true;
    const MINIMAL_CREATE: bool = true;

    fn parts(&self) -> Parts<'_> {
        Parts {
            status: &self.status,
            upload_url: &self.file_upload_url,
            target_publish_mode: &self.target_publish_mode,
            target_publish_date: &self.target_publish_date,
            packages: &self.application_packages,
            delivery: Some(&self.package_delivery_options),
            pricing: Some(&self.pricing),
            listings: Some(self.listings.len()),
            trailers: &self.trailers,
        }
    }

    fn parts_mut(&mut self) -> PartsMut<'_> {
        PartsMut {
            target_publish_mode: &mut self.target_publish_mode,
            target_publish_date: &mut self.target_publish_date,
            packages: Some(&mut self.application_packages),
            delivery: Some(&mut self.package_delivery_options),
            families: Some(&mut self.allow_target_future_device_families),
        }
    }

    fn whole(&self) -> Whole<'_> {
        Whole::Application(self)
    }

    fn named_images(&self) -> Vec<NamedImage<'_>> {
        let listings = self.listings.iter().flat_map(|(language, listing)| {
            let overrides = listing.platform_overrides.iter();
            let overrides = overrides.flat_map(|(platform, of)| listing_images(language, Some(platform.as_str()), &of.images));
            listing_images(language, None, &listing.base_listing.images).chain(overrides)
        });
        listings.chain(self.trailers.iter().flat_map(trailer_images)).collect()
    }
}

impl Kind for InAppProductSubmission {
    const PENDING: &'static str = "pendingInAppProductSubmission";
    const LAST_PUBLISHED: &'static str = "lastPublishedInAppProductSubmission";
    const ROLLED_OUT: bool = false;
    const PACKAGES: &'static str = "";
    const KEEPS_FIRST_DRAFT: bool = false;
    const FIRST_IN_PARTNER_CENTER: bool = false;
    const MINIMAL_CREATE: bool = false;

    fn parts(&self) -> Parts<'_> {
        Parts {
            status: &self.status,
            upload_url: &self.file_upload_url,
            target_publish_mode: &self.target_publish_mode,
            target_publish_date: &self.target_publish_date,
            packages: &[],
            delivery: None,
            pricing: Some(&self.pricing),
            listings: Some(self.listings.len()),
            trailers: &[],
        }
    }

    fn parts_mut(&mut self) -> PartsMut<'_> {
        PartsMut {
            target_publish_mode: &mut self.target_publish_mode,
            target_publish_date: &mut self.target_publish_date,
            packages: None,
            delivery: None,
            families: None,
        }
    }

    fn whole(&self) -> Whole<'_> {
        Whole::InAppProduct(self)
    }

    fn named_images(&self) -> Vec<NamedImage<'_>> {
        let icons = self.listings.iter().map(|(language, listing)| NamedImage {
            purpose: Purpose::Icon,
            language,
            platform: None,
            file_name: &listing.icon.file_name,
            file_status: listing.icon.file_status.clone(),
            id: "",
        });
        icons.collect()
    }
}

impl Kind for FlightSubmission {
    const PENDING: &'static str = "pendingFlightSubmission";
    const LAST_PUBLISHED: &'static str = "lastPublishedFlightSubmission";
    const ROLLED_OUT: bool = true;
    const PACKAGES: &'static str = "/flightPackages";
    const KEEPS_FIRST_DRAFT: bool = true;
    const FIRST_IN_PARTNER_CENTER: bool = false;
    const MINIMAL_CREATE: bool = true;

    fn parts(&self) -> Parts<'_> {
        Parts {
            status: &self.status,
            upload_url: &self.file_upload_url,
            target_publish_mode: &self.target_publish_mode,
            target_publish_date: &self.target_publish_date,
            packages: &self.flight_packages,
            delivery: Some(&self.package_delivery_options),
            pricing: None,
            listings: None,
            trailers: &[],
        }
    }

    fn parts_mut(&mut self) -> PartsMut<'_> {
        PartsMut {
            target_publish_mode: &mut self.target_publish_mode,
            target_publish_date: &mut self.target_publish_date,
            packages: Some(&mut self.flight_packages),
            delivery: Some(&mut self.package_delivery_options),
            families: None,
        }
    }

    fn whole(&self) -> Whole<'_> {
        Whole::Flight
    }
}

/// The files of a trailer have no status: they are new as long as the service has given them no id.
fn status_by(id: &str) -> FileStatus {
    match is_id(id) {
        true => FileStatus::Uploaded,
        false => FileStatus::PendingUpload,
    }
}

fn trailer_images(trailer: &Trailer) -> impl Iterator<Item = NamedImage<'_>> {
    trailer.trailer_assets.iter().flat_map(|(language, assets)| {
        assets.image_list.iter().map(move |image| NamedImage {
            purpose: Purpose::Trailer,
            language,
            platform: None,
            file_name: &image.file_name,
            file_status: status_by(&image.id),
            id: &image.id,
        })
    })
}

/// The images of the listing of a language, or of an override of it.
pub(crate) fn listing_images<'s>(
    language: &'s str,
    platform: Option<&'s str>,
    images: &'s [Image],
) -> impl Iterator<Item = NamedImage<'s>> {
    images.iter().map(move |image| NamedImage {
        purpose: Purpose::Listing(&image.image_type),
        language,
        platform,
        file_name: &image.file_name,
        file_status: image.file_status.clone(),
        id: &image.id,
    })
}
