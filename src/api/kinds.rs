//! The three kinds of submission, and what they differ in.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::id::SubmissionId;
use crate::model::application_submission::{ApplicationSubmission, TargetPublishMode};
use crate::model::flight_submission::FlightSubmission;
use crate::model::in_app_product_submission::InAppProductSubmission;
use crate::model::resource::Resource;
use crate::model::status::SubmissionStatus;
use crate::model::timestamp::Timestamp;
use crate::secret::UploadUrl;

mod kind {
    use super::{SubmissionStatus, TargetPublishMode, Timestamp, UploadUrl};

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
        /// Whether a create may be answered without listings and packages, which spares large submissions a time-out.
        const MINIMAL_CREATE: bool;
        fn status(&self) -> &SubmissionStatus;
        fn upload_url(&self) -> &UploadUrl;
        fn target_publish_mode(&self) -> &TargetPublishMode;
        fn target_publish_date(&self) -> &Timestamp;
    }
}
pub(crate) use self::kind::Kind;

/// A kind of submission: [`ApplicationSubmission`], [`InAppProductSubmission`] or [`FlightSubmission`].
pub trait Submission:
    Kind + Resource<Id = SubmissionId> + fmt::Debug + Clone + Default + Serialize + DeserializeOwned + Send + Sync + Unpin + 'static
{
}

impl Kind for ApplicationSubmission {
    const PENDING: &'static str = "pendingApplicationSubmission";
    const LAST_PUBLISHED: &'static str = "lastPublishedApplicationSubmission";
    const PACKAGES: Option<&'static str> = Some("applicationPackages");
    const PRICED: bool = true;
    const LISTED: bool = true;
    const ROLLED_OUT: bool = true;
    const KEEPS_FIRST_DRAFT: bool = false;
    const MINIMAL_CREATE: bool = true;

    fn status(&self) -> &SubmissionStatus {
        &self.status
    }

    fn upload_url(&self) -> &UploadUrl {
        &self.file_upload_url
    }

    fn target_publish_mode(&self) -> &TargetPublishMode {
        &self.target_publish_mode
    }

    fn target_publish_date(&self) -> &Timestamp {
        &self.target_publish_date
    }
}

impl Submission for ApplicationSubmission {}

impl Kind for InAppProductSubmission {
    const PENDING: &'static str = "pendingInAppProductSubmission";
    const LAST_PUBLISHED: &'static str = "lastPublishedInAppProductSubmission";
    const PACKAGES: Option<&'static str> = None;
    const PRICED: bool = true;
    const LISTED: bool = true;
    const ROLLED_OUT: bool = false;
    const KEEPS_FIRST_DRAFT: bool = false;
    const MINIMAL_CREATE: bool = false;

    fn status(&self) -> &SubmissionStatus {
        &self.status
    }

    fn upload_url(&self) -> &UploadUrl {
        &self.file_upload_url
    }

    fn target_publish_mode(&self) -> &TargetPublishMode {
        &self.target_publish_mode
    }

    fn target_publish_date(&self) -> &Timestamp {
        &self.target_publish_date
    }
}

impl Submission for InAppProductSubmission {}

impl Kind for FlightSubmission {
    const PENDING: &'static str = "pendingFlightSubmission";
    const LAST_PUBLISHED: &'static str = "lastPublishedFlightSubmission";
    const PACKAGES: Option<&'static str> = Some("flightPackages");
    const PRICED: bool = false;
    const LISTED: bool = false;
    const ROLLED_OUT: bool = true;
    const KEEPS_FIRST_DRAFT: bool = true;
    const MINIMAL_CREATE: bool = true;

    fn status(&self) -> &SubmissionStatus {
        &self.status
    }

    fn upload_url(&self) -> &UploadUrl {
        &self.file_upload_url
    }

    fn target_publish_mode(&self) -> &TargetPublishMode {
        &self.target_publish_mode
    }

    fn target_publish_date(&self) -> &Timestamp {
        &self.target_publish_date
    }
}

impl Submission for FlightSubmission {}
