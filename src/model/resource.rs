//! Which resources have an id, and of which type.

use std::str::FromStr;

use crate::id::{ApplicationId, FlightId, InAppProductId, ParseIdError, SubmissionId};
use crate::model::application::Application;
use crate::model::application_submission::ApplicationSubmission;
use crate::model::flight::Flight;
use crate::model::flight_submission::FlightSubmission;
use crate::model::in_app_product::InAppProduct;
use crate::model::in_app_product_submission::InAppProductSubmission;

/// A resource that is read and written as a [`Document`](crate::Document) and has an id. It is implemented for apps, add-ons,
/// flights and their submissions.
pub trait Resource {
    /// The type of its id.
    type Id: FromStr<Err = ParseIdError>;
}

impl Resource for Application {
    type Id = ApplicationId;
}

impl Resource for InAppProduct {
    type Id = InAppProductId;
}

impl Resource for Flight {
    type Id = FlightId;
}

impl Resource for ApplicationSubmission {
    type Id = SubmissionId;
}

impl Resource for InAppProductSubmission {
    type Id = SubmissionId;
}

impl Resource for FlightSubmission {
    type Id = SubmissionId;
}
