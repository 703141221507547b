//! An app, and the reference to a submission that apps, add-ons and flights carry.

use serde::{Deserialize, Serialize};

use crate::id::{ApplicationId, SubmissionId};
use crate::model::timestamp::Timestamp;

/// An app.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Application {
    /// The Store ID.
    #[serde(deserialize_with = "crate::id::known")]
    pub id: Option<ApplicationId>,
    /// The name.
    pub primary_name: String,
    /// The package family name. The service sends it as `PackageFamilyName` too.
    pub package_family_name: String,
    /// `Package/Identity/Name` of the manifest.
    pub package_identity_name: String,
    /// `Package/Identity/Publisher` of the manifest.
    pub publisher_name: String,
    /// When the app was first published; the year 1601 if never.
    pub first_published_date: Timestamp,
    /// The last published submission, if there is one.
    pub last_published_application_submission: Option<SubmissionRef>,
    /// The submission that is under way, if there is one.
    pub pending_application_submission: Option<SubmissionRef>,
    /// Whether gaming options and trailers can be set. Absent in lists.
    pub has_advanced_listing_permission: Option<bool>,
}

impl Application {
    /// The id of the submission that is under way, if there is one.
    #[must_use]
    pub fn pending_submission_id(&self) -> Option<&SubmissionId> {
        SubmissionRef::known_id(self.pending_application_submission.as_ref())
    }

    /// The id of the last published submission, if there is one.
    #[must_use]
    pub fn last_published_submission_id(&self) -> Option<&SubmissionId> {
        SubmissionRef::known_id(self.last_published_application_submission.as_ref())
    }
}

/// Names a submission.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct SubmissionRef {
    /// The submission.
    #[serde(deserialize_with = "crate::id::known")]
    pub id: Option<SubmissionId>,
    /// Its path as the service gives it. The one of a flight's submission lacks the app: the crate builds paths from ids.
    pub resource_location: String,
}

impl SubmissionRef {
    pub(crate) fn known_id(reference: Option<&Self>) -> Option<&SubmissionId> {
        reference?.id.as_ref()
    }
}
