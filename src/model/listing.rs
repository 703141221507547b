//! The listings of an app.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::open_enum::open_enum;
use crate::model::package::FileStatus;

/// The listing of an app in one language.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Listing {
    /// For every platform.
    pub base_listing: BaseListing,
    /// For old platforms: `Windows80`, `Windows81`, `WindowsPhone71`, `WindowsPhone80`, `WindowsPhone81`, `Unknown`. Only
    /// description, features, release notes, images, hardware and title count here.
    pub platform_overrides: BTreeMap<String, BaseListing>,
}

/// The texts and images of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct BaseListing {
    /// Up to 200 characters.
    pub copyright_and_trademark_info: String,
    /// Search terms: up to 7, of up to 40 characters, and of up to 21 separate words in all.
    pub keywords: Vec<String>,
    /// Up to 10,000 characters, or a link.
    pub license_terms: String,
    /// Ignored by the service; set it in Partner Center.
    pub privacy_policy: String,
    /// Ignored by the service; set it in Partner Center.
    pub support_contact: String,
    /// Ignored by the service; set it in Partner Center.
    pub website_url: String,
    /// Up to 10,000 characters.
    pub description: String,
    /// Up to 20, of up to 200 characters.
    pub features: Vec<String>,
    /// The changes in this version: up to 1,500 characters.
    pub release_notes: String,
    /// Screenshots and logos. One that is left out stays: mark it [`FileStatus::PendingDelete`] to remove it.
    pub images: Vec<Image>,
    /// Up to 11, of up to 200 characters.
    pub recommended_hardware: Vec<String>,
    /// Up to 11, of up to 200 characters.
    pub minimum_hardware: Vec<String>,
    /// A name that is reserved for the app.
    pub title: String,
    /// Up to 1,000 characters, of which the service is known to take 500.
    pub short_description: String,
    /// Up to 50 characters.
    pub short_title: String,
    /// Up to 255 characters.
    pub sort_title: String,
    /// Up to 255 characters.
    pub voice_title: String,
    /// The developer: up to 255 characters.
    pub dev_studio: String,
}

/// An image of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Image {
    /// The name of the file in the ZIP, with forward slashes.
    pub file_name: String,
    /// The status of the file.
    pub file_status: FileStatus,
    /// Set by the service.
    pub id: String,
    /// The caption: up to 200 characters.
    pub description: String,
    /// The purpose of the image.
    pub image_type: ImageType,
}

impl Image {
    /// A new image: a file of this name in the ZIP that is uploaded.
    #[must_use]
    pub fn pending_upload(file_name: impl Into<String>, image_type: ImageType) -> Self {
        Self {
            file_name: file_name.into(),
            file_status: FileStatus::PendingUpload,
            image_type,
            ..Self::default()
        }
    }
}

open_enum! {
    /// The purpose of an image.
    ImageType {
        /// A screenshot of a desktop.
        Screenshot = "Screenshot",
        /// A screenshot of a phone.
        MobileScreenshot = "MobileScreenshot",
        /// A screenshot of an Xbox.
        XboxScreenshot = "XboxScreenshot",
        /// A screenshot of a Surface Hub.
        SurfaceHubScreenshot = "SurfaceHubScreenshot",
        /// A screenshot of a mixed reality headset.
        HoloLensScreenshot = "HoloLensScreenshot",
        /// Poster art, 9:16.
        StoreLogo9x16 = "StoreLogo9x16",
        /// Box art, 1:1.
        StoreLogoSquare = "StoreLogoSquare",
        /// The tile icon, 300 × 300.
        Icon = "Icon",
        /// Super hero art, 16:9.
        PromotionalArt16x9 = "PromotionalArt16x9",
        /// Promotional art, 2400 × 1200.
        PromotionalArtwork2400X1200 = "PromotionalArtwork2400X1200",
        /// Branded key art of an Xbox.
        XboxBrandedKeyArt = "XboxBrandedKeyArt",
        /// Titled hero art of an Xbox.
        XboxTitledHeroArt = "XboxTitledHeroArt",
        /// Featured promotional art of an Xbox.
        XboxFeaturedPromotionalArt = "XboxFeaturedPromotionalArt",
        /// Square icon, 358 × 358.
        SquareIcon358X358 = "SquareIcon358X358",
        /// Background, 1000 × 800.
        BackgroundImage1000X800 = "BackgroundImage1000X800",
        /// Promotional art, 414 × 180.
        PromotionalArtwork414X180 = "PromotionalArtwork414X180",
        /// No longer used.
        PromotionalArtwork846X468 = "PromotionalArtwork846X468",
        /// No longer used.
        PromotionalArtwork558X756 = "PromotionalArtwork558X756",
        /// No longer used.
        PromotionalArtwork414X468 = "PromotionalArtwork414X468",
        /// No longer used.
        PromotionalArtwork558X558 = "PromotionalArtwork558X558",
        /// No longer used.
        WideIcon358X173 = "WideIcon358X173",
        /// No longer used.
        Unknown = "Unknown",
    }
}
