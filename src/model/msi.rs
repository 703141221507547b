//! The resources of the API, as plain data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::{SubmissionId, known};
use crate::model::open_enum::open_enum;
use crate::secret::UploadUrl;

open_enum! {
    /// The architecture of a package.
    Architecture {
        /// Any.
        Neutral = "Neutral",
        /// 32-bit x86.
        X86 = "X86",
        /// 64-bit x86.
        X64 = "X64",
        /// 32-bit ARM.
        Arm = "Arm",
        /// 64-bit ARM.
        Arm64 = "Arm64",
    }
}

open_enum! {
    /// What a package is, which decides how Windows starts it.
    PackageType {
        /// A program.
        Exe = "exe",
        /// A Windows Installer package.
        Msi = "msi",
    }
}

open_enum! {
    /// What an exit code of an installer means.
    ErrorScenario {
        /// The user cancelled it.
        InstallationCancelledByUser = "installationCancelledByUser",
        /// The app is there already.
        ApplicationAlreadyExists = "applicationAlreadyExists",
        /// Another installation is running.
        InstallationAlreadyInProgress = "installationAlreadyInProgress",
        /// The disk is full.
        DiskSpaceIsFull = "diskSpaceIsFull",
        /// Windows must be restarted.
        RebootRequired = "rebootRequired",
        /// The network failed.
        NetworkFailure = "networkFailure",
        /// Windows rejected the package.
        PackageRejectedDuringInstallation = "packageRejectedDuringInstallation",
        /// It is installed.
        InstallationSuccessful = "installationSuccessful",
        /// Anything else.
        Miscellaneous = "miscellaneous",
    }
}

open_enum! {
    /// Whether customers find the app.
    Discoverability {
        /// In the Store.
        Discoverable = "DISCOVERABLE",
        /// By its link alone.
        DeepLinkOnly = "DEEPLINK_ONLY",
    }
}

open_enum! {
    /// How the app is paid for. It is a label: amounts and payment are the publisher's.
    Pricing {
        /// It is not.
        Free = "FREE",
        /// Some of it is.
        Freemium = "FREEMIUM",
        /// By subscription.
        Subscription = "SUBSCRIPTION",
        /// Once.
        Paid = "PAID",
    }
}

open_enum! {
    /// Whether there is a trial.
    FreeTrial {
        /// There is none.
        NoFreeTrial = "NO_FREE_TRIAL",
        /// There is one.
        FreeTrial = "FREE_TRIAL",
    }
}

open_enum! {
    /// How far a submission is.
    PublishingStatus {
        /// It is scanned, certified or published.
        InProgress = "INPROGRESS",
        /// It is live.
        Published = "PUBLISHED",
        /// A step has failed.
        Failed = "FAILED",
        /// The service does not tell.
        Unknown = "UNKNOWN",
    }
}

open_enum! {
    /// A part of the metadata.
    Module {
        /// Texts, by language.
        Listings = "listings",
        /// Properties.
        Properties = "properties",
        /// Markets and price.
        Availability = "availability",
    }
}

/// The metadata of the draft; a member that was not asked for is not there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Metadata {
    /// Markets and price.
    pub availability: Option<Availability>,
    /// Properties.
    pub properties: Option<Properties>,
    /// Texts, by language.
    pub listings: Vec<Listing>,
    /// The languages that there are, if they were asked for.
    pub listing_languages: Vec<ListingLanguage>,
}

/// Where and how the app is to be had.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Availability {
    /// Countries and regions, as ISO 3166-1 alpha-2 codes in capitals.
    pub markets: Vec<String>,
    /// Whether customers find it.
    pub discoverability: Discoverability,
    /// Whether it is offered in markets that come later.
    pub enable_in_future_markets: Option<bool>,
    /// How it is paid for.
    pub pricing: Pricing,
    /// Whether there is a trial; for `Paid` and `Subscription`.
    pub free_trial: FreeTrial,
}

/// What the app is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Properties {
    /// Whether it needs a privacy policy.
    pub is_privacy_policy_required: Option<bool>,
    /// The privacy policy, if one is needed.
    pub privacy_policy_url: String,
    /// The site of the app.
    pub website: String,
    /// A URL or an e-mail address.
    pub support_contact_info: String,
    /// For the testers; 2000 characters at most.
    pub certification_notes: String,
    /// For example `DeveloperTools`.
    pub category: String,
    /// For example `Utilities`; some categories have none.
    pub subcategory: String,
    /// What it declares.
    pub product_declarations: Option<ProductDeclarations>,
    /// The hardware that it needs or recommends; a list in spite of its name.
    pub is_system_feature_required: Vec<SystemFeature>,
    /// Memory, graphics and the like.
    pub system_requirement_details: Vec<SystemRequirement>,
}

/// What the app declares.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ProductDeclarations {
    /// It needs drivers or Windows services.
    #[serde(rename = "dependsOnDriversOrNT")]
    pub depends_on_drivers_or_nt: Option<bool>,
    /// It meets the guidelines for accessibility.
    pub accessibility_support: Option<bool>,
    /// It supports pen and ink.
    pub pen_and_ink_support: Option<bool>,
}

/// Hardware that the app needs or recommends.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct SystemFeature {
    /// Whether it is needed.
    pub is_required: Option<bool>,
    /// Whether it is recommended.
    pub is_recommended: Option<bool>,
    /// For example `Touch` or `Bluetooth_LE`.
    pub hardware_item_type: String,
}

/// A requirement on the system.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct SystemRequirement {
    /// The least, for example `2GB`; empty for none.
    pub minimum_requirement: String,
    /// What is recommended.
    pub recommended_requirement: String,
    /// `Memory`, `DirectX`, `Video_Memory`, `Processor` or `Graphics`.
    pub hardware_item_type: String,
}

/// The texts of a language.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Listing {
    /// For example `en-us`.
    pub language: String,
    /// 10,000 characters at most.
    pub description: String,
    /// What is new in this version; 1500 characters at most.
    pub whats_new: String,
    /// Twenty at most, of 200 characters.
    pub product_features: Vec<String>,
    /// 1000 characters at most.
    pub short_description: String,
    /// Seven at most, of 30 characters, and 21 different words in all.
    pub search_terms: Vec<String>,
    /// 10,000 characters at most.
    pub additional_license_terms: String,
    /// 200 characters at most.
    pub copyright: String,
    /// 255 characters at most.
    pub developed_by: String,
    /// For sorting; not documented.
    pub sort_title: String,
    /// Hardware, in words; eleven at most in both columns together.
    pub requirements: Vec<HardwareRequirement>,
    /// 200 characters at most.
    pub contact_info: String,
}

/// Hardware, in words of 200 characters at most.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct HardwareRequirement {
    /// The least.
    pub minimum_hardware: String,
    /// What is recommended.
    pub recommended_hardware: String,
}

/// A language of the listings, and whether it has all that it needs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ListingLanguage {
    /// For example `en-us`.
    pub language: String,
    /// Whether the listing is complete.
    pub is_complete: Option<bool>,
}

/// The packages of the draft.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Packages {
    /// One for each architecture and language.
    pub packages: Vec<Package>,
}

/// A package: where an installer is, and how it is run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Package {
    /// Set by the service, anew whenever all packages are replaced.
    pub package_id: String,
    /// Where the Store, and each customer, gets it: https, an answer with 200 itself, the same bytes for ever.
    pub package_url: String,
    /// One at least.
    pub languages: Vec<String>,
    /// Exactly one.
    pub architectures: Vec<Architecture>,
    /// Whether it runs silently without parameters.
    pub is_silent_install: Option<bool>,
    /// The parameters for a silent installation; 40 characters at most, although Partner Center takes more.
    pub installer_parameters: String,
    /// The page that explains the exit codes; for programs.
    pub generic_doc_url: String,
    /// What the exit codes mean; for programs.
    pub error_details: Vec<ErrorDetails>,
    /// What it is.
    pub package_type: PackageType,
}

/// The exit codes that mean one thing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ErrorDetails {
    /// What they mean.
    pub error_scenario: ErrorScenario,
    /// The codes.
    pub error_scenario_details: Vec<ErrorScenarioDetails>,
}

/// An exit code.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ErrorScenarioDetails {
    /// The code.
    pub error_value: String,
    /// A page about it; of use for `miscellaneous`.
    pub error_url: String,
}

/// The images of a language.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ListingAssets {
    /// For example `en-us`.
    pub language: String,
    /// The logos.
    pub store_logos: Vec<Asset>,
    /// The screenshots, in the order in which they are shown.
    pub screenshots: Vec<Asset>,
}

impl ListingAssets {
    /// Creates a set without images.
    #[must_use]
    pub fn new(language: impl Into<String>) -> Self {
        Self {
            language: language.into(),
            ..Self::default()
        }
    }
}

/// An image.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Asset {
    /// Its id.
    pub id: String,
    /// Where it is; for a new one, where it was uploaded to.
    pub asset_url: UploadUrl,
    /// Its size.
    pub image_size: ImageSize,
}

/// The size of an image in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ImageSize {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

/// Places for new images of a language.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct AssetSlots {
    /// For example `en-us`.
    pub language: String,
    /// For logos.
    pub store_logos: Vec<AssetSlot>,
    /// For screenshots.
    pub screenshots: Vec<AssetSlot>,
}

/// A place for a new image: where it is uploaded to, and how.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct AssetSlot {
    /// The id of the image to be.
    pub id: String,
    /// Where it is uploaded to. The link lives about an hour.
    pub primary_asset_upload_url: UploadUrl,
    /// The same on another host.
    pub secondary_asset_upload_url: UploadUrl,
    /// The method; `PUT`.
    pub http_method: String,
    /// Header fields to be sent; empty ones are for the sender to fill.
    pub http_headers: BTreeMap<String, String>,
}

impl AssetSlot {
    /// Returns the image that was uploaded to this place, by this link.
    #[must_use]
    pub fn uploaded(&self, link: &UploadUrl) -> Asset {
        Asset {
            id: self.id.clone(),
            asset_url: link.clone(),
            ..Asset::default()
        }
    }
}

/// What the service says to a change.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Accepted {
    /// The submission that is under way.
    #[serde(deserialize_with = "known")]
    pub ongoing_submission_id: Option<SubmissionId>,
}

/// What the service says to a submit.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Submitted {
    /// The submission that was made. If there is none, nothing was submitted.
    #[serde(deserialize_with = "known")]
    pub submission_id: Option<SubmissionId>,
    /// The submission that is under way, which may be another.
    #[serde(deserialize_with = "known")]
    pub ongoing_submission_id: Option<SubmissionId>,
}

/// Whether the draft can be changed and submitted. Why it cannot stands in the receipt's `problems`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ProductStatus {
    /// Whether all modules are ready.
    pub is_ready: bool,
    /// The submission that is under way, or one that has ended.
    #[serde(deserialize_with = "known")]
    pub ongoing_submission_id: Option<SubmissionId>,
}

/// How far a submission is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct SubmissionState {
    /// How far it is.
    pub publishing_status: PublishingStatus,
    /// Whether it has failed for good.
    pub has_failed: bool,
}
