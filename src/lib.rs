//! Typed async client for the Microsoft Store submission API.

mod auth;
mod date;
mod error;
mod id;
mod model;
mod rest;
mod secret;
mod transport;

pub use crate::auth::{AccessToken, BoxFuture, ClientSecret, TokenContext, TokenProvider, TokenReason};
pub use crate::error::{
    ApiError, AuthError, BodyShape, CallInfo, DecodeError, Error, FailureKind, GuardError, InvalidInput, Outcome, Result,
    SubmissionFailed, TransportError, TransportErrorKind, UploadError, UploadErrorKind, WaitTimedOut,
};
pub use crate::id::{ApplicationId, FlightId, InAppProductId, ParseIdError, SubmissionId};
pub use crate::model::guard::Guard;
pub use crate::model::open_enum::OtherValue;
pub use crate::model::receipt::Receipt;
pub use crate::model::status::{CertificationReport, StatusCode, StatusDetail, StatusDetails, StatusReport, SubmissionStatus};
pub use crate::model::timestamp::Timestamp;
pub use crate::secret::UploadUrl;
pub use crate::transport::limit::RateLimit;
pub use crate::transport::request::{Method, Replay};
pub use crate::transport::retry::RetryPolicy;
