//! A submission of an add-on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::SubmissionId;
use crate::model::application_submission::{TargetPublishMode, Visibility};
use crate::model::open_enum::open_enum;
use crate::model::package::FileStatus;
use crate::model::pricing::Pricing;
use crate::model::status::{StatusDetails, SubmissionStatus};
use crate::model::timestamp::Timestamp;
use crate::secret::UploadUrl;

/// A submission of an add-on.
#[doc(alias = "add-on")]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct InAppProductSubmission {
    /// Set by the service.
    #[serde(deserialize_with = "crate::id::known")]
    pub id: Option<SubmissionId>,
    /// The kind of content.
    pub content_type: ContentType,
    /// Search terms: up to 10, of up to 30 characters.
    pub keywords: Vec<String>,
    /// The time that it lasts. Only of a durable add-on.
    pub lifetime: Lifetime,
    /// The listings, by language (`en`). At least one is needed.
    pub listings: BTreeMap<String, InAppProductListing>,
    /// The price. An add-on has no trial period.
    pub pricing: Pricing,
    /// The time of publication after certification.
    pub target_publish_mode: TargetPublishMode,
    /// The date for [`TargetPublishMode::SpecificDate`].
    pub target_publish_date: Timestamp,
    /// The developer's own data: up to 3,000 characters.
    pub tag: String,
    /// The audience in the Store.
    pub visibility: Visibility,
    /// The status of the submission. Set by the service.
    pub status: SubmissionStatus,
    /// Errors, warnings and reports. Set by the service.
    pub status_details: StatusDetails,
    /// The link that the ZIP with the icons is uploaded to. Not set for a draft that was made in Partner Center.
    pub file_upload_url: UploadUrl,
    /// For example `Submission 2`. Set by the service.
    pub friendly_name: String,
}

/// The listing of an add-on in one language.
#[doc(alias = "add-on")]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct InAppProductListing {
    /// Up to 200 characters.
    pub description: String,
    /// The icon, if one is set.
    pub icon: Icon,
    /// Up to 100 characters.
    pub title: String,
}

/// The icon of an add-on: PNG, exactly 300 × 300.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Icon {
    /// The name of the file in the ZIP, with forward slashes.
    pub file_name: String,
    /// The status of the file.
    pub file_status: FileStatus,
}

impl Icon {
    /// A new icon: a file of this name in the ZIP that is uploaded.
    #[must_use]
    pub fn pending_upload(file_name: impl Into<String>) -> Self {
        Self {
            file_name: file_name.into(),
            file_status: FileStatus::PendingUpload,
        }
    }
}

open_enum! {
    /// The kind of content of an add-on.
    ContentType {
        /// Not set.
        NotSet = "NotSet",
        /// Books to download.
        BookDownload = "BookDownload",
        /// An electronic magazine.
        EMagazine = "EMagazine",
        /// An electronic newspaper.
        ENewspaper = "ENewspaper",
        /// Music to download.
        MusicDownload = "MusicDownload",
        /// Music to stream.
        MusicStream = "MusicStream",
        /// Online storage.
        OnlineDataStorage = "OnlineDataStorage",
        /// Videos to download.
        VideoDownload = "VideoDownload",
        /// Videos to stream.
        VideoStream = "VideoStream",
        /// Software as a service.
        Asp = "Asp",
        /// Something else to download.
        OnlineDownload = "OnlineDownload",
    }
}

open_enum! {
    /// The time that a durable add-on lasts.
    Lifetime {
        /// For ever.
        Forever = "Forever",
        /// One day.
        OneDay = "OneDay",
        /// Three days.
        ThreeDays = "ThreeDays",
        /// Five days.
        FiveDays = "FiveDays",
        /// One week.
        OneWeek = "OneWeek",
        /// Two weeks.
        TwoWeeks = "TwoWeeks",
        /// One month.
        OneMonth = "OneMonth",
        /// Two months.
        TwoMonths = "TwoMonths",
        /// Three months.
        ThreeMonths = "ThreeMonths",
        /// Six months.
        SixMonths = "SixMonths",
        /// One year.
        OneYear = "OneYear",
    }
}
