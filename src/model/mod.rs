//! The resources of the service as plain data.
//!
//! Texts, lists, maps and enumerations are plain, and empty means "not set"; booleans and numbers are `Option`. A
//! model writes every member: what goes over the wire is the difference that `Document` computes.

pub(crate) mod application;
pub(crate) mod application_submission;
pub(crate) mod change;
pub(crate) mod flight;
pub(crate) mod flight_submission;
pub(crate) mod gaming;
pub(crate) mod guard;
pub(crate) mod in_app_product;
pub(crate) mod in_app_product_submission;
pub(crate) mod listing;
pub(crate) mod member;
pub(crate) mod msi;
pub(crate) mod open_enum;
pub(crate) mod package;
pub(crate) mod page;
pub(crate) mod pricing;
pub(crate) mod problem;
pub(crate) mod receipt;
pub(crate) mod resource;
pub(crate) mod status;
pub(crate) mod timestamp;
pub(crate) mod trailer;

pub use self::application::{Application, SubmissionRef};
pub use self::application_submission::{
    ApplicationSubmission, EnterpriseLicensing, HardwarePreference, TargetPublishMode, Visibility,
};
pub use self::change::Change;
pub use self::flight::{Flight, NewFlight};
pub use self::flight_submission::FlightSubmission;
pub use self::gaming::{GamingOptions, Genre, KinectDataForExternal};
pub use self::guard::Guard;
pub use self::in_app_product::{ApplicationRef, InAppProduct, InAppProductRef, NewInAppProduct, ProductType};
pub use self::in_app_product_submission::{ContentType, Icon, InAppProductListing, InAppProductSubmission, Lifetime};
pub use self::listing::{BaseListing, Image, ImageType, Listing};
pub use self::open_enum::OtherValue;
pub use self::package::{
    ApplicationPackage, FileStatus, MinimumDirectXVersion, MinimumSystemRam, PackageDeliveryOptions, PackageRollout,
    PackageRolloutStatus,
};
pub use self::page::Page;
pub use self::pricing::{PriceTier, Pricing, Sale, TrialPeriod};
pub use self::problem::Problem;
pub use self::receipt::Receipt;
pub use self::resource::Resource;
pub use self::status::{CertificationReport, StatusCode, StatusDetail, StatusDetails, StatusReport, SubmissionStatus};
pub use self::timestamp::Timestamp;
pub use self::trailer::{Trailer, TrailerAssets, TrailerImage};
pub use crate::secret::UploadUrl;
