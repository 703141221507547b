//! Typed async client for the Microsoft Store submission API.

mod date;
mod error;
mod id;
mod model;
mod secret;
#[cfg(feature = "testing")]
pub mod testing;
mod transport;

pub use crate::error::{Error, InvalidInput, Result};
pub use crate::id::{ApplicationId, FlightId, InAppProductId, ParseIdError, SubmissionId};
pub use crate::model::open_enum::OtherValue;
pub use crate::model::receipt::Receipt;
pub use crate::model::status::{CertificationReport, StatusCode, StatusDetail, StatusDetails, StatusReport, SubmissionStatus};
pub use crate::model::timestamp::Timestamp;
pub use crate::secret::UploadUrl;
