//! A submission of an app.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::SubmissionId;
use crate::model::gaming::GamingOptions;
use crate::model::listing::Listing;
use crate::model::open_enum::open_enum;
use crate::model::package::{ApplicationPackage, PackageDeliveryOptions};
use crate::model::pricing::Pricing;
use crate::model::status::{StatusDetails, SubmissionStatus};
use crate::model::timestamp::Timestamp;
use crate::model::trailer::Trailer;
use crate::secret::UploadUrl;

/// A submission of an app.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ApplicationSubmission {
    /// Set by the service.
    #[serde(deserialize_with = "crate::id::known")]
    pub id: Option<SubmissionId>,
    /// Category and subcategory, for example `DeveloperTools_Database`; `NotSet` if the app was never published.
    pub application_category: String,
    /// The price of the app.
    pub pricing: Pricing,
    /// The audience in the Store.
    pub visibility: Visibility,
    /// The time of publication after certification.
    pub target_publish_mode: TargetPublishMode,
    /// The date for [`TargetPublishMode::SpecificDate`].
    pub target_publish_date: Timestamp,
    /// The listings, by language (`en-us`). At least one is needed.
    pub listings: BTreeMap<String, Listing>,
    /// Hardware that the app makes use of.
    pub hardware_preferences: Vec<HardwarePreference>,
    /// Whether Windows may back its data up to the customer's cloud storage.
    pub automatic_backup_enabled: Option<bool>,
    /// Whether it can be installed on removable media.
    pub can_install_on_removable_media: Option<bool>,
    /// Whether the game can be recorded.
    pub is_game_dvr_enabled: Option<bool>,
    /// At most one element.
    pub gaming_options: Vec<GamingOptions>,
    /// Whether purchases are made outside the Store.
    pub has_external_in_app_products: Option<bool>,
    /// Whether it was tested for accessibility.
    pub meet_accessibility_guidelines: Option<bool>,
    /// For the testers.
    pub notes_for_certification: String,
    /// The status of the submission. Set by the service.
    pub status: SubmissionStatus,
    /// Errors, warnings and reports. Set by the service.
    pub status_details: StatusDetails,
    /// The link that the ZIP is uploaded to. Not set for a draft that was made in Partner Center.
    pub file_upload_url: UploadUrl,
    /// Up to 30, with those that are to be deleted.
    pub application_packages: Vec<ApplicationPackage>,
    /// The delivery of the packages to customers.
    pub package_delivery_options: PackageDeliveryOptions,
    /// Whether organisations can license it.
    pub enterprise_licensing: EnterpriseLicensing,
    /// Whether Microsoft may offer it for device families to come.
    pub allow_microsoft_decide_app_availability_to_future_device_families: Option<bool>,
    /// By device family: `Desktop`, `Mobile`, `Xbox`, `Holographic`, `Team`. The service sends numbers as names too.
    pub allow_target_future_device_families: BTreeMap<String, bool>,
    /// For example `Submission 2`. Set by the service.
    pub friendly_name: String,
    /// Up to 15.
    pub trailers: Vec<Trailer>,
    /// See [`PackageRollout::is_seek_enabled`](crate::model::package::PackageRollout::is_seek_enabled).
    pub is_seek_enabled: Option<bool>,
}

open_enum! {
    /// The audience of a product in the Store.
    Visibility {
        /// Not set.
        NotSet = "NotSet",
        /// Everybody.
        Public = "Public",
        /// Only a private audience.
        Private = "Private",
        /// Nobody.
        Hidden = "Hidden",
    }
}

open_enum! {
    /// The time of publication of a submission after certification.
    TargetPublishMode {
        /// Not set. Undocumented.
        NotSet = "NotSet",
        /// At once.
        Immediate = "Immediate",
        /// When somebody presses the button in Partner Center.
        Manual = "Manual",
        /// At the target publish date.
        SpecificDate = "SpecificDate",
    }
}

open_enum! {
    /// Hardware that an app makes use of.
    HardwarePreference {
        /// Undefined. Undocumented.
        Undefined = "Undefined",
        /// Touch.
        Touch = "Touch",
        /// Keyboard.
        Keyboard = "Keyboard",
        /// Mouse.
        Mouse = "Mouse",
        /// Camera.
        Camera = "Camera",
        /// Near-field communication, host card emulation.
        NfcHce = "NfcHce",
        /// Near-field communication.
        Nfc = "Nfc",
        /// Bluetooth Low Energy.
        BluetoothLE = "BluetoothLE",
        /// Telephony.
        Telephony = "Telephony",
    }
}

open_enum! {
    /// Whether organisations can license an app.
    EnterpriseLicensing {
        /// They cannot.
        None = "None",
        /// Managed by the Store.
        Online = "Online",
        /// Managed by the Store, or offline.
        OnlineAndOffline = "OnlineAndOffline",
    }
}
