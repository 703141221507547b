//! A submission of a package flight.

use serde::{Deserialize, Serialize};

use crate::id::{FlightId, SubmissionId};
use crate::model::application_submission::TargetPublishMode;
use crate::model::package::{ApplicationPackage, PackageDeliveryOptions};
use crate::model::status::{StatusDetails, SubmissionStatus};
use crate::model::timestamp::Timestamp;
use crate::secret::UploadUrl;

/// A submission of a package flight.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct FlightSubmission {
    /// Set by the service.
    #[serde(deserialize_with = "crate::id::known")]
    pub id: Option<SubmissionId>,
    /// The flight that it belongs to.
    #[serde(deserialize_with = "crate::id::known")]
    pub flight_id: Option<FlightId>,
    /// The status of the submission. Set by the service.
    pub status: SubmissionStatus,
    /// Errors, warnings and reports. Set by the service.
    pub status_details: StatusDetails,
    /// The packages.
    pub flight_packages: Vec<ApplicationPackage>,
    /// The delivery of the packages to customers.
    pub package_delivery_options: PackageDeliveryOptions,
    /// The link that the ZIP is uploaded to. Not set for a draft that was made in Partner Center.
    pub file_upload_url: UploadUrl,
    /// The time of publication after certification.
    pub target_publish_mode: TargetPublishMode,
    /// The date for [`TargetPublishMode::SpecificDate`]; empty at times.
    pub target_publish_date: Timestamp,
    /// For the testers.
    pub notes_for_certification: String,
}
