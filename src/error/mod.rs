//! The one error of the crate, [`Error`]: a kind that programs match, and the details that are known.
//!
//! An error keeps the HTTP status, the service's words and the ids that support asks for; it never keeps a secret, nor the
//! body of a 2xx. `Display` is one sentence and does not repeat the source. Only the outermost error of a chain gives
//! advice, so that no two sentences of it contradict each other.

pub(crate) mod advice;
mod body;
mod call;
mod display;
mod kind;
mod new;
pub(crate) mod sign_in;

use std::sync::Arc;
use std::time::Duration;

pub use self::body::BodyShape;
pub(crate) use self::body::{ErrorBody, KEPT_BODY, entra_numbers, id};
pub(crate) use self::call::is_transient;
pub use self::call::{CallInfo, Outcome};
pub use self::kind::{ErrorKind, FailureKind, TransportKind, UploadKind};
pub use crate::id::ParseIdError;
use crate::id::SubmissionId;
use crate::model::status::StatusReport;

type Source = Arc<dyn std::error::Error + Send + Sync>;

/// A result with the error of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The error of this crate. [`kind`](Self::kind) says what went wrong; the other methods return the details that are known.
///
/// `Display` writes one sentence, which says what to do if the crate knows; the sources say why. `Debug` prints both, so that a
/// program which returns this error from `main` shows something readable.
///
/// Clones share their source.
///
/// ```
/// use msstore::{Error, ErrorKind, Outcome};
///
/// fn next(error: &Error) -> &'static str {
///     match error.kind() {
///         ErrorKind::Pending => "somebody else is at work",
///         ErrorKind::WaitTimedOut => "attach again later",
///         ErrorKind::Auth => "check the credentials",
///         _ if error.outcome() == Outcome::MaybeApplied => "look before trying again",
///         _ if error.is_retryable() => "try again",
///         _ => "give up",
///     }
/// }
/// ```
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    kind: ErrorKind,
    /// What the sentence is about: an input, a member, a block, a goal.
    subject: String,
    /// What is wrong with it.
    problem: String,
    advice: Option<&'static str>,
    call: Option<CallInfo>,
    status: Option<u16>,
    body: Option<ErrorBody>,
    outcome: Outcome,
    retryable: bool,
    retry_after: Option<Duration>,
    /// The submission's path, if the error is about a submission and not just a call.
    path: Option<String>,
    /// Whether the path is that of a draft which is still there.
    is_left_behind: bool,
    report: Option<StatusReport>,
    waited: Option<Duration>,
    /// Of the last report, if there was no single call.
    correlation_id: Option<String>,
    source: Option<Source>,
}

impl Error {
    /// Returns what went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the HTTP status, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Returns the error code of the service, the blob store or Entra, for example `InvalidState`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.body.as_ref()?.code.as_deref()
    }

    /// Returns the message of the service, or of whatever answered in its place.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.0.body.as_ref()?.message.as_deref()
    }

    /// Returns which part of the request the service means, for example `packages`. For an answer that could not be understood it
    /// is the place in its JSON; for input that cannot be used it is the name of the input.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        match self.0.kind {
            ErrorKind::Decode | ErrorKind::InvalidInput => Some(&self.0.subject),
            _ => self.0.body.as_ref()?.target.as_deref(),
        }
    }

    /// Returns the code of the inner error, for example `UnknownInternalFailure`.
    #[must_use]
    pub fn inner_code(&self) -> Option<&str> {
        self.0.body.as_ref()?.inner_code.as_deref()
    }

    /// Returns the service's activity id, which some answers with status 500 have.
    #[must_use]
    pub fn activity_id(&self) -> Option<&str> {
        self.0.body.as_ref()?.activity_id.as_deref()
    }

    /// Returns who answered, judged by the shape of the body.
    #[must_use]
    pub fn shape(&self) -> Option<BodyShape> {
        Some(self.0.body.as_ref()?.shape)
    }

    /// Returns the body of an error answer, up to 64 KiB of it. Secrets of the request are removed.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        Some(&self.0.body.as_ref()?.text)
    }

    /// Returns what to do about the error, if the crate knows. `Display` includes it.
    #[must_use]
    pub fn advice(&self) -> Option<&'static str> {
        self.0.advice
    }

    /// Returns the id that support asks for: the `MS-CorrelationId` of the call that failed, or of the last report.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        let of_call = || self.0.call.as_ref()?.correlation_id.as_deref();
        self.0.correlation_id.as_deref().or_else(of_call)
    }

    /// Returns the call that failed, if it was a single one.
    #[must_use]
    pub fn call(&self) -> Option<&CallInfo> {
        self.0.call.as_ref()
    }

    /// Returns whether the service answered 404.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.0.kind == ErrorKind::Api && self.0.status == Some(404)
    }

    /// Returns whether the state of the submission does not allow the call: the service answered 409, or a pending submission
    /// stopped the run. For a create a 409 means that a submission is pending or a rollout is in progress.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        let is_answer = matches!(self.0.kind, ErrorKind::Api | ErrorKind::Guard(_));
        self.0.kind == ErrorKind::Pending || (is_answer && self.0.status == Some(409))
    }

    /// Returns whether the same call may succeed later: no complete answer came, or its status was 408, 429, 500, 502, 503 or
    /// 504, or Entra says that it is temporarily unavailable. Check [`outcome`](Self::outcome) before repeating a write.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// Returns how long to wait before the next try, if the service asks for it or the rate limit allows no call before.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Returns whether the failed operation has changed something at the service.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    /// Returns the draft that is still at the service and occupies the pending slot: continue with it, or delete it.
    #[must_use]
    pub fn left_behind(&self) -> Option<SubmissionId> {
        self.submission().filter(|_| self.0.is_left_behind)
    }

    /// Returns the submission that the error is about.
    #[must_use]
    pub fn submission(&self) -> Option<SubmissionId> {
        submission_of(self.path()?)
    }

    /// Returns the path of the submission or the call that the error is about, relative to the endpoint.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        let of_call = || self.0.call.as_ref().map(|call| call.path.as_str());
        self.0.path.as_deref().or_else(of_call)
    }

    /// Returns the link to the submission's page in Partner Center, if the error is about a submission, or about an MSI or EXE
    /// product.
    #[must_use]
    pub fn partner_center_url(&self) -> Option<String> {
        partner_center_url(self.path()?)
    }

    /// Returns the last report of the submission: its status, errors, warnings and certification reports.
    #[must_use]
    pub fn report(&self) -> Option<&StatusReport> {
        self.0.report.as_ref()
    }

    /// Returns how long a wait took that ran out of time.
    #[must_use]
    pub fn waited(&self) -> Option<Duration> {
        self.0.waited
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| source.as_ref() as _)
    }
}

/// Returns the segment that follows this one.
fn segment_after<'p>(path: &'p str, name: &str) -> Option<&'p str> {
    let mut segments = path.split('/');
    segments.find(|segment| *segment == name)?;
    segments.next()
}

fn submission_of(path: &str) -> Option<SubmissionId> {
    let of_packaged = segment_after(path, "submissions");
    of_packaged.or_else(|| segment_after(path, "submission"))?.parse().ok()
}

/// Returns the link to Partner Center's page, if the path of the API names a submission.
pub(crate) fn partner_center_url(path: &str) -> Option<String> {
    if let Some(product) = segment_after(path, "product") {
        return Some(format!("https://partner.microsoft.com/dashboard/products/{product}"));
    }
    let product = segment_after(path, "applications").or_else(|| segment_after(path, "inappproducts"))?;
    let submission = segment_after(path, "submissions")?;
    Some(format!(
        "https://partner.microsoft.com/dashboard/products/{product}/submissions/{submission}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_partner_center_is_made_of_the_path() {
        let table = [
            (
                "applications/9N/submissions/115",
                Some("https://partner.microsoft.com/dashboard/products/9N/submissions/115"),
            ),
            (
                "applications/9N/flights/f1/submissions/115/commit",
                Some("https://partner.microsoft.com/dashboard/products/9N/submissions/115"),
            ),
            (
                "inappproducts/9P/submissions/115",
                Some("https://partner.microsoft.com/dashboard/products/9P/submissions/115"),
            ),
            (
                "product/7b0f3c1e/submission/115",
                Some("https://partner.microsoft.com/dashboard/products/7b0f3c1e"),
            ),
            ("applications/9N/submissions", None),
            ("applications/9N", None),
        ];
        for (path, expected) in table {
            assert_eq!(partner_center_url(path).as_deref(), expected, "{path}");
            assert_eq!(submission_of(path).is_some(), expected.is_some(), "{path}");
        }
    }
}
