//! Trailers. How one is replaced or removed is not documented.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A trailer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Trailer {
    /// Set by the service.
    pub id: String,
    /// The name of the video in the ZIP.
    pub video_file_name: String,
    /// Set by the service.
    pub video_file_id: String,
    /// Title and image by language.
    pub trailer_assets: BTreeMap<String, TrailerAssets>,
}

/// Title and image of a trailer in one language.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct TrailerAssets {
    /// Up to 255 characters.
    pub title: String,
    /// Exactly one.
    pub image_list: Vec<TrailerImage>,
}

/// The image of a trailer: PNG, 1920 × 1080.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct TrailerImage {
    /// The name of the file in the ZIP.
    pub file_name: String,
    /// Set by the service.
    pub id: String,
    /// Not shown to customers.
    pub description: String,
}
