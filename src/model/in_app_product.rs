//! An add-on.

use serde::{Deserialize, Serialize, Serializer};

use crate::id::{ApplicationId, InAppProductId, SubmissionId};
use crate::model::application::SubmissionRef;
use crate::model::open_enum::open_enum;
use crate::model::page::Page;

/// An add-on.
#[doc(alias = "add-on")]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct InAppProduct {
    /// The app that it belongs to: exactly one.
    pub applications: Page<ApplicationRef>,
    /// The Store ID.
    #[serde(deserialize_with = "crate::id::known")]
    pub id: Option<InAppProductId>,
    /// The developer's own id, unique in the app.
    pub product_id: String,
    /// The kind.
    pub product_type: ProductType,
    /// The last published submission, if there is one.
    pub last_published_in_app_product_submission: Option<SubmissionRef>,
    /// The submission that is under way, if there is one.
    pub pending_in_app_product_submission: Option<SubmissionRef>,
}

impl InAppProduct {
    /// The id of the submission that is under way, if there is one.
    #[must_use]
    pub fn pending_submission_id(&self) -> Option<&SubmissionId> {
        SubmissionRef::known_id(self.pending_in_app_product_submission.as_ref())
    }

    /// The id of the last published submission, if there is one.
    #[must_use]
    pub fn last_published_submission_id(&self) -> Option<&SubmissionId> {
        SubmissionRef::known_id(self.last_published_in_app_product_submission.as_ref())
    }
}

/// Names an app.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ApplicationRef {
    /// The app.
    #[serde(deserialize_with = "crate::id::known")]
    pub id: Option<ApplicationId>,
    /// Its path as the service gives it.
    pub resource_location: String,
}

/// An add-on in the list of an app.
#[doc(alias = "add-on")]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct InAppProductRef {
    /// The Store ID of the add-on.
    #[serde(deserialize_with = "crate::id::known")]
    pub in_app_product_id: Option<InAppProductId>,
}

open_enum! {
    /// The kind of an add-on. The service creates `Durable` and `Consumable` only.
    ProductType {
        /// Not set. Undocumented.
        NotSet = "NotSet",
        /// Bought once, for a lifetime.
        Durable = "Durable",
        /// Bought, used up and bought again.
        Consumable = "Consumable",
        /// A subscription. Undocumented.
        Subscription = "Subscription",
    }
}

/// An add-on that is to be created.
#[doc(alias = "add-on")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NewInAppProduct {
    /// The app that it belongs to.
    #[serde(rename = "applicationIds", serialize_with = "as_list")]
    pub application_id: ApplicationId,
    /// The developer's own id, unique in the app: up to 100 characters, none of `<>*%&:\?+,`.
    pub product_id: String,
    /// The kind.
    pub product_type: ProductType,
}

impl NewInAppProduct {
    /// An add-on of this app.
    #[must_use]
    pub fn new(application: impl Into<ApplicationId>, product_id: impl Into<String>, product_type: ProductType) -> Self {
        Self {
            application_id: application.into(),
            product_id: product_id.into(),
            product_type,
        }
    }
}

/// The service asks for a list and takes exactly one element.
fn as_list<S: Serializer>(id: &ApplicationId, serializer: S) -> Result<S::Ok, S::Error> {
    [id].serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_as_documented() {
        let application: ApplicationId = "9NBLGGH4R315".parse().unwrap();
        let new = NewInAppProduct::new(&application, "coins.100", ProductType::Consumable);
        assert_eq!(
            serde_json::to_value(&new).unwrap(),
            serde_json::json!({"applicationIds": ["9NBLGGH4R315"], "productId": "coins.100", "productType": "Consumable"})
        );
    }
}
