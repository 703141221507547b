//! The packages of a submission, and their delivery to customers.

use serde::ser::Error as _;
use serde::{Deserialize, Serialize, Serializer};

use crate::id::SubmissionId;
use crate::model::open_enum::open_enum;
use crate::model::timestamp::Timestamp;

open_enum! {
    /// The status of a file, which says what the next commit does with it.
    FileStatus {
        /// No status.
        None = "None",
        /// New: the commit takes it from the ZIP.
        PendingUpload = "PendingUpload",
        /// There from before.
        Uploaded = "Uploaded",
        /// The commit removes it.
        PendingDelete = "PendingDelete",
    }
}

impl FileStatus {
    /// Whether the next commit takes the file from the ZIP.
    pub(crate) fn is_awaited(&self) -> bool {
        *self == Self::PendingUpload
    }

    /// Whether the file is still there after the next commit.
    pub(crate) fn stays(&self) -> bool {
        *self != Self::PendingDelete
    }
}

open_enum! {
    /// The least DirectX version. Only of use for Windows 8.x.
    MinimumDirectXVersion {
        /// None is asked for.
        None = "None",
        /// Feature level 9.3.
        DirectX93 = "DirectX93",
        /// Feature level 10.
        DirectX100 = "DirectX100",
    }
}

open_enum! {
    /// The least memory. Only of use for Windows 8.x.
    MinimumSystemRam {
        /// None is asked for.
        None = "None",
        /// Two gigabytes.
        Memory2GB = "Memory2GB",
    }
}

/// A package of an app submission or of a flight's. Of a flight's the service tells less; a member that it did not send stays empty
/// and is not sent back.
///
/// Every package that is there must stay in the list: one that is to go is marked [`FileStatus::PendingDelete`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ApplicationPackage {
    /// The name of the file in the ZIP, with forward slashes.
    pub file_name: String,
    /// The status of the file.
    pub file_status: FileStatus,
    /// Set by the service; empty at times.
    pub id: String,
    /// Set by the service, from the manifest.
    pub version: String,
    /// For example `x64`. Set by the service.
    pub architecture: String,
    /// For example `Windows10`. Set by the service; not documented.
    pub target_platform: String,
    /// Set by the service.
    pub languages: Vec<String>,
    /// Set by the service.
    pub capabilities: Vec<String>,
    /// Must be there in an update.
    pub minimum_direct_x_version: MinimumDirectXVersion,
    /// Must be there in an update.
    pub minimum_system_ram: MinimumSystemRam,
    /// Sentences such as `Windows.Desktop min version 10.0.17763.0`. Set by the service.
    pub target_device_families: Vec<String>,
}

impl ApplicationPackage {
    /// A new package: a file of this name in the ZIP that is uploaded.
    #[must_use]
    pub fn pending_upload(file_name: impl Into<String>) -> Self {
        Self {
            file_name: file_name.into(),
            file_status: FileStatus::PendingUpload,
            minimum_direct_x_version: MinimumDirectXVersion::None,
            minimum_system_ram: MinimumSystemRam::None,
            ..Self::default()
        }
    }

    /// Whether the next commit takes it from the ZIP.
    pub(crate) fn is_awaited(&self) -> bool {
        self.file_status.is_awaited()
    }

    /// Whether another one is this package: by its id, or by its file name as long as it has none.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        if is_id(&self.id) {
            other.id == self.id
        } else {
            same_name(&other.file_name, &self.file_name)
        }
    }
}

/// Whether a text names something: the service writes `""` and `"0"` for "none".
pub(crate) fn is_id(text: &str) -> bool {
    !text.is_empty() && text != "0"
}

/// Whether two names of files in the ZIP are the same, with either slash.
pub(crate) fn same_name(one: &str, other: &str) -> bool {
    let slashed = |letter| if letter == '\\' { '/' } else { letter };
    one.chars().map(slashed).eq(other.chars().map(slashed))
}

/// The delivery of the packages of a submission to customers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct PackageDeliveryOptions {
    /// The gradual rollout.
    pub package_rollout: PackageRollout,
    /// Whether the update is mandatory.
    pub is_mandatory_update: Option<bool>,
    /// From when on it is mandatory, in UTC.
    pub mandatory_update_effective_date: Timestamp,
}

/// A gradual rollout.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct PackageRollout {
    /// Whether the submission is rolled out gradually.
    pub is_package_rollout: Option<bool>,
    /// The percentage of customers that get the new packages.
    #[serde(serialize_with = "finite")]
    pub package_rollout_percentage: Option<f64>,
    /// The status of the rollout. Set by the service.
    pub package_rollout_status: PackageRolloutStatus,
    /// The submission that the other customers get. Set by the service.
    #[serde(deserialize_with = "crate::id::known")]
    pub fallback_submission_id: Option<SubmissionId>,
    /// Whether customers outside the percentage who look for updates get the new packages. The documentation does not
    /// say whether it stands here or in the submission.
    pub is_seek_enabled: Option<bool>,
}

/// JSON cannot say what is not finite, and an encoder would write it as null, which is "not set".
fn finite<S: Serializer>(percentage: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    if percentage.is_some_and(|number| !number.is_finite()) {
        return Err(S::Error::custom(
            "packageDeliveryOptions.packageRollout.packageRolloutPercentage is not a finite number",
        ));
    }
    percentage.serialize(serializer)
}

open_enum! {
    /// The status of a gradual rollout.
    PackageRolloutStatus {
        /// Not begun.
        NotStarted = "PackageRolloutNotStarted",
        /// Under way; it must be finalised or halted before the next submission.
        InProgress = "PackageRolloutInProgress",
        /// Finalised: everybody gets the new packages.
        Complete = "PackageRolloutComplete",
        /// Halted: nobody new gets them.
        Stopped = "PackageRolloutStopped",
    }
}
