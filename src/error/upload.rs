//! An upload that did not succeed.

use std::fmt;
use std::time::Duration;

use crate::error::Error;
use crate::error::call::{CallInfo, Outcome};

/// Why an upload failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UploadErrorKind {
    /// The link's time is over.
    LinkExpired,
    /// The blob store refused the link.
    LinkRefused,
    /// The file changed while it was being read.
    SourceChanged,
    /// The file could not be read.
    Read,
    /// The blob store did not take a block, or could not be reached.
    Send,
}

/// An upload failed. The submission is as it was: packages are taken over by the commit only.
#[derive(Debug)]
pub struct UploadError {
    kind: UploadErrorKind,
    what: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl UploadError {
    pub(crate) fn new(kind: UploadErrorKind, what: impl Into<String>) -> Self {
        Self {
            kind,
            what: what.into(),
            source: None,
        }
    }

    pub(crate) fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Why it failed.
    #[must_use]
    pub fn kind(&self) -> UploadErrorKind {
        self.kind
    }

    fn cause(&self) -> Option<&Error> {
        self.source.as_ref().and_then(|source| source.downcast_ref::<Error>())
    }

    /// The HTTP status of the blob store.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.cause().and_then(Error::status)
    }

    /// The blob store's error code, for example `AuthenticationFailed`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.cause().and_then(Error::code)
    }

    pub(crate) fn call(&self) -> Option<&CallInfo> {
        self.cause().and_then(Error::call)
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.cause().and_then(Error::retry_after)
    }

    pub(crate) fn is_retryable(&self) -> bool {
        self.kind == UploadErrorKind::Send && self.cause().is_none_or(Error::is_retryable)
    }

    pub(crate) fn outcome(&self) -> Outcome {
        self.cause().map_or(Outcome::NotApplied, Error::outcome)
    }
}

impl fmt::Display for UploadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = &self.what;
        match self.kind {
            UploadErrorKind::LinkExpired => {
                write!(
                    f,
                    "the upload link has expired ({what}): it lives about 24 hours; delete the draft and create a new submission"
                )
            }
            UploadErrorKind::LinkRefused => {
                write!(
                    f,
                    "the blob store refused the upload link ({what}): read the submission again and use the link that it has now"
                )
            }
            UploadErrorKind::SourceChanged => write!(f, "{what} changed while it was being uploaded: upload it again"),
            UploadErrorKind::Read => write!(f, "{what} could not be read"),
            UploadErrorKind::Send => write!(
                f,
                "the upload failed at {what}: run it again, what is there already is not sent again"
            ),
        }
    }
}

impl std::error::Error for UploadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source.as_ref() as _)
    }
}

impl From<UploadError> for Error {
    fn from(error: UploadError) -> Self {
        Self::Upload(Box::new(error))
    }
}
