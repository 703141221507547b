//! The one error of the crate: an enum of boxed payloads of our own.
//!
//! A payload keeps the HTTP status, the service's words and the ids that support asks for; it never keeps a secret, nor the
//! body of a 2xx. `Display` is one sentence and does not repeat the source.

mod advice;
mod api;
mod auth;
mod body;
mod call;
mod decode;
mod edit;
mod guard;
mod input;
mod left;
mod pending;
mod transport;
mod upload;
mod wait;

use std::time::Duration;

pub(crate) use self::advice::Audience;
pub use self::api::ApiError;
pub use self::auth::AuthError;
pub use self::body::BodyShape;
pub(crate) use self::body::{ErrorBody, KEPT_BODY, id};
pub(crate) use self::call::is_transient;
pub use self::call::{CallInfo, Outcome};
pub use self::decode::DecodeError;
pub use self::edit::EditError;
pub use self::guard::GuardError;
pub use self::input::InvalidInput;
pub use self::left::LeftBehind;
pub use self::pending::PendingSubmission;
pub use self::transport::{TransportError, TransportErrorKind};
pub use self::upload::{UploadError, UploadErrorKind};
pub use self::wait::{FailureKind, SubmissionFailed, WaitTimedOut};

/// Everything that can go wrong. Each payload says more than the helpers here.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The service answered, and the answer was no.
    #[error(transparent)]
    Api(Box<ApiError>),
    /// No access token could be had.
    #[error(transparent)]
    Auth(Box<AuthError>),
    /// The request could not be sent, or no whole answer came.
    #[error(transparent)]
    Transport(Box<TransportError>),
    /// The service said yes, but its answer could not be understood.
    #[error(transparent)]
    Decode(Box<DecodeError>),
    /// The submission failed.
    #[error(transparent)]
    SubmissionFailed(Box<SubmissionFailed>),
    /// The deadline of a wait passed.
    #[error(transparent)]
    WaitTimedOut(Box<WaitTimedOut>),
    /// Something failed after a draft was made; the source says what.
    #[error(transparent)]
    LeftBehind(Box<LeftBehind>),
    /// An upload failed.
    #[error(transparent)]
    Upload(Box<UploadError>),
    /// Something given to the crate cannot be used; nothing was sent.
    #[error(transparent)]
    InvalidInput(Box<InvalidInput>),
    /// A submission that is pending stops the run.
    #[error(transparent)]
    PendingSubmission(Box<PendingSubmission>),
    /// The closure that edits a draft failed.
    #[error(transparent)]
    Edit(Box<EditError>),
    /// A guard stopped what would do harm.
    #[error(transparent)]
    Guard(Box<GuardError>),
}

/// A result with the error of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The HTTP status, wherever there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Api(error) => Some(error.status()),
            Self::Auth(error) => error.status(),
            Self::Transport(error) => error.status(),
            Self::Decode(error) => Some(error.status()),
            Self::Upload(error) => error.status(),
            Self::LeftBehind(error) => error.error().status(),
            Self::SubmissionFailed(_)
            | Self::WaitTimedOut(_)
            | Self::InvalidInput(_)
            | Self::PendingSubmission(_)
            | Self::Edit(_)
            | Self::Guard(_) => None,
        }
    }

    /// The service's error code, for example `InvalidState`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Api(error) => error.code(),
            Self::Auth(error) => error.code(),
            Self::Upload(error) => error.code(),
            Self::LeftBehind(error) => error.error().code(),
            _ => None,
        }
    }

    /// The id that support asks for.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        match self {
            Self::Auth(error) => error.correlation_id(),
            Self::SubmissionFailed(error) => error.correlation_id(),
            Self::WaitTimedOut(error) => error.correlation_id(),
            Self::LeftBehind(error) => error.error().correlation_id(),
            _ => self.call().and_then(|call| call.correlation_id.as_deref()),
        }
    }

    /// The call that failed, where it was a single one.
    #[must_use]
    pub fn call(&self) -> Option<&CallInfo> {
        match self {
            Self::Api(error) => Some(error.call()),
            Self::Transport(error) => Some(error.call()),
            Self::Decode(error) => Some(error.call()),
            Self::Upload(error) => error.call(),
            Self::LeftBehind(error) => error.error().call(),
            _ => None,
        }
    }

    /// Whether the service answered 404.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        match self {
            Self::Api(error) => error.status() == 404,
            Self::LeftBehind(error) => error.error().is_not_found(),
            _ => false,
        }
    }

    /// Whether the state does not allow it: the service answered 409, or a pending submission stops the run. For a create a 409
    /// means that a submission is pending or a rollout is in progress.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        match self {
            Self::Api(error) => error.status() == 409,
            Self::PendingSubmission(_) => true,
            Self::LeftBehind(error) => error.error().is_conflict(),
            _ => false,
        }
    }

    /// Whether the same call may succeed later: no whole answer came, or a 408, 429, 500, 502, 503 or 504. Look at [`Error::outcome`] before repeating a write.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Api(error) => is_transient(error.status()),
            Self::Auth(error) => error.is_retryable(),
            Self::Transport(error) => !matches!(error.kind(), TransportErrorKind::TooLarge | TransportErrorKind::Request),
            Self::Upload(error) => error.is_retryable(),
            Self::LeftBehind(error) => error.error().is_retryable(),
            Self::WaitTimedOut(_) => true,
            Self::Decode(_)
            | Self::SubmissionFailed(_)
            | Self::InvalidInput(_)
            | Self::PendingSubmission(_)
            | Self::Edit(_)
            | Self::Guard(_) => false,
        }
    }

    /// How long to wait before the next try: because the service asks for it, or because nothing may be sent before.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Api(error) => error.retry_after(),
            Self::Auth(error) => error.retry_after(),
            Self::Transport(error) => error.retry_after(),
            Self::Upload(error) => error.retry_after(),
            Self::LeftBehind(error) => error.error().retry_after(),
            _ => None,
        }
    }

    /// Whether the call that failed has changed something at the service.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Api(_) | Self::Transport(_) | Self::Decode(_) => self.call().map_or(Outcome::MaybeApplied, |call| call.outcome),
            Self::Auth(error) => error.outcome(),
            Self::Upload(error) => error.outcome(),
            Self::SubmissionFailed(error) => error.outcome(),
            Self::WaitTimedOut(error) => error.outcome(),
            Self::LeftBehind(_) => Outcome::Applied,
            Self::Guard(error) => error.outcome(),
            Self::InvalidInput(_) | Self::PendingSubmission(_) | Self::Edit(_) => Outcome::NotApplied,
        }
    }

    /// The same error, for something that was made of several calls, of which an earlier one came to this.
    pub(crate) fn at_least(self, outcome: Outcome) -> Self {
        let outcome = self.outcome().max(outcome);
        self.with_outcome(outcome)
    }

    /// The same error, for something that came to this. An error that always comes to the same stays as it is.
    pub(crate) fn with_outcome(mut self, outcome: Outcome) -> Self {
        match &mut self {
            Self::Api(error) => error.call_mut().outcome = outcome,
            Self::Transport(error) => error.call_mut().outcome = outcome,
            Self::Decode(error) => error.call_mut().outcome = outcome,
            Self::Auth(error) => error.set_outcome(outcome),
            Self::Guard(error) => error.set_outcome(outcome),
            _ => {}
        }
        self
    }
}

impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        Self::Api(Box::new(error))
    }
}
