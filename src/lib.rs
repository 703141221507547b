//! Typed async client for the Microsoft Store submission API.

mod api;
#[cfg(feature = "archive")]
mod archive;
mod auth;
mod client;
mod date;
mod document;
mod error;
mod id;
mod model;
mod publish;
mod rest;
mod secret;
#[cfg(feature = "testing")]
pub mod testing;
mod transport;
mod upload;

pub use crate::api::applications::Applications;
pub use crate::api::ensure::Ensured;
pub use crate::api::flights::Flights;
pub use crate::api::in_app_products::InAppProducts;
pub use crate::api::list::{List, Pages};
pub use crate::api::raw::RawRequest;
pub use crate::api::rollout::{PackageRolloutHandle, Rollout};
pub use crate::api::submissions::{Submission, Submissions, Update};
pub use crate::api::wait::{Milestone, Wait, WaitReport};
#[cfg(feature = "archive")]
pub use crate::archive::{Archive, ArchiveBuilder, ArchiveProgress};
pub use crate::auth::{AccessToken, BoxFuture, ClientSecret, TokenContext, TokenProvider, TokenReason};
pub use crate::client::{StoreClient, StoreClientBuilder};
pub use crate::document::Document;
pub use crate::error::{
    ApiError, AuthError, BodyShape, CallInfo, DecodeError, EditError, Error, FailureKind, GuardError, InvalidInput, LeftBehind,
    Outcome, Result, SubmissionFailed, TransportError, TransportErrorKind, UploadError, UploadErrorKind, WaitTimedOut,
};
pub use crate::id::{ApplicationId, FlightId, InAppProductId, ParseIdError, SubmissionId};
pub use crate::model::application::{Application, SubmissionRef};
pub use crate::model::application_submission::{
    ApplicationSubmission, EnterpriseLicensing, HardwarePreference, TargetPublishMode, Visibility,
};
pub use crate::model::change::Change;
pub use crate::model::flight::{Flight, NewFlight};
pub use crate::model::flight_submission::FlightSubmission;
pub use crate::model::gaming::{GamingOptions, Genre, KinectDataForExternal};
pub use crate::model::guard::Guard;
pub use crate::model::in_app_product::{ApplicationRef, InAppProduct, InAppProductRef, NewInAppProduct, ProductType};
pub use crate::model::in_app_product_submission::{ContentType, Icon, InAppProductListing, InAppProductSubmission, Lifetime};
pub use crate::model::listing::{BaseListing, Image, ImageType, Listing};
pub use crate::model::open_enum::OtherValue;
pub use crate::model::package::{
    ApplicationPackage, FileStatus, FlightPackage, MinimumDirectXVersion, MinimumSystemRam, PackageDeliveryOptions,
    PackageRollout, PackageRolloutStatus,
};
pub use crate::model::page::Page;
pub use crate::model::pricing::{PriceTier, Pricing, Sale, TrialPeriod};
pub use crate::model::receipt::Receipt;
pub use crate::model::status::{CertificationReport, StatusCode, StatusDetail, StatusDetails, StatusReport, SubmissionStatus};
pub use crate::model::timestamp::Timestamp;
pub use crate::model::trailer::{Trailer, TrailerAssets, TrailerImage};
pub use crate::publish::{
    Event, ExistingPackages, ExistingRollout, Finding, Package, PackageFate, PendingPolicy, Plan, PlannedFile, PlannedGuard,
    PlannedPackage, PlannedPending, Publish, PublishReport, PublishedFile, Step,
};
pub use crate::secret::UploadUrl;
pub use crate::transport::limit::RateLimit;
pub use crate::transport::request::{Method, Replay};
pub use crate::transport::retry::RetryPolicy;
pub use crate::upload::{Progress, Source, Upload, UploadReport};

/// The HTTP client's builder, for [`StoreClientBuilder::http_client_builder`].
pub use reqwest;
