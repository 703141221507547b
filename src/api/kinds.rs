//! The three kinds of submission, and what they differ in.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::model::application_submission::{ApplicationSubmission, TargetPublishMode};
use crate::model::flight_submission::FlightSubmission;
use crate::model::in_app_product_submission::InAppProductSubmission;
use crate::model::status::SubmissionStatus;
use crate::secret::UploadUrl;

mod kind {
    use super::{SubmissionStatus, TargetPublishMode, UploadUrl};

    /// What the kinds of submission differ in. Sealed: it cannot be named outside.
    #[allow(unnameable_types)]
    pub trait Kind {
        /// Where its parent names the pending submission.
        const PENDING: &'static str;
        /// Where its parent names the last published submission.
        const LAST_PUBLISHED: &'static str;
        /// Whether a missing price would make the product free.
        const PRICED: bool;
        /// Where it lists its packages, if it has any.
        const PACKAGES: Option<&'static str>;
        /// Whether it needs listings.
        const LISTED: bool;
        /// Whether it can be rolled out gradually.
        const ROLLED_OUT: bool;
        /// Whether deleting the first draft, before anything was published, cannot be undone.
        const KEEPS_FIRST_DRAFT: bool;
        /// Whether the API cannot make the first submission.
        const FIRST_IN_PARTNER_CENTER: bool;
        /// Whether a create may be answered without listings and packages, which spares large submissions a time-out.
        const MINIMAL_CREATE: bool;
        fn status(&self) -> &SubmissionStatus;
        fn upload_url(&self) -> &UploadUrl;
        fn target_publish_mode(&self) -> &TargetPublishMode;
    }
}
pub(crate) use self::kind::Kind;

/// A kind of submission: [`ApplicationSubmission`], [`InAppProductSubmission`] or [`FlightSubmission`].
pub trait Submission: Kind + fmt::Debug + Clone + Default + Serialize + DeserializeOwned + Send + Sync + Unpin + 'static {}

macro_rules! kinds {
    ($($model:ty { $($constant:ident: $type:ty = $value:expr;)* })*) => {$(
        impl Kind for $model {
            $(const $constant: $type = $value;)*

            fn status(&self) -> &SubmissionStatus {
                &self.status
            }

            fn upload_url(&self) -> &UploadUrl {
                &self.file_upload_url
            }

            fn target_publish_mode(&self) -> &TargetPublishMode {
                &self.target_publish_mode
            }
        }

        impl Submission for $model {}
    )*};
}

kinds! {
    ApplicationSubmission {
        PENDING: &'static str = "pendingApplicationSubmission";
        LAST_PUBLISHED: &'static str = "lastPublishedApplicationSubmission";
        PACKAGES: Option<&'static str> = Some("applicationPackages");
        PRICED: bool = true;
        LISTED: bool = true;
        ROLLED_OUT: bool = true;
        KEEPS_FIRST_DRAFT: bool = false;
        FIRST_IN_PARTNER_CENTER: bool = true;
        MINIMAL_CREATE: bool = true;
    }
    InAppProductSubmission {
        PENDING: &'static str = "pendingInAppProductSubmission";
        LAST_PUBLISHED: &'static str = "lastPublishedInAppProductSubmission";
        PACKAGES: Option<&'static str> = None;
        PRICED: bool = true;
        LISTED: bool = true;
        ROLLED_OUT: bool = false;
        KEEPS_FIRST_DRAFT: bool = false;
        FIRST_IN_PARTNER_CENTER: bool = false;
        MINIMAL_CREATE: bool = false;
    }
    FlightSubmission {
        PENDING: &'static str = "pendingFlightSubmission";
        LAST_PUBLISHED: &'static str = "lastPublishedFlightSubmission";
        PACKAGES: Option<&'static str> = Some("flightPackages");
        PRICED: bool = false;
        LISTED: bool = false;
        ROLLED_OUT: bool = true;
        KEEPS_FIRST_DRAFT: bool = true;
        FIRST_IN_PARTNER_CENTER: bool = false;
        MINIMAL_CREATE: bool = true;
    }
}
