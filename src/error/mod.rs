//! The one error of the crate, [`Error`]: a kind that programs match, and all that is known besides.
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

use std::sync::Arc;
use std::time::Duration;

pub use self::body::BodyShape;
pub(crate) use self::body::{ErrorBody, KEPT_BODY, id};
pub(crate) use self::call::is_transient;
pub use self::call::{CallInfo, Outcome};
pub use self::kind::{ErrorKind, FailureKind, TransportKind, UploadKind};
pub use crate::id::ParseIdError;
use crate::id::SubmissionId;
use crate::model::status::StatusReport;

type Source = Arc<dyn std::error::Error + Send + Sync>;

/// A result with the error of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong. [`kind`](Self::kind) says what; the other methods say what is known besides.
///
/// `Display` is one sentence that says what to do where the crate knows; the sources say why. `Debug` prints both, so that
/// a program that returns this error from `main` shows something readable.
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
    /// The submission's path, where the error is about one and no call alone.
    path: Option<String>,
    /// Whether that is a draft which is still there.
    is_left_behind: bool,
    report: Option<StatusReport>,
    waited: Option<Duration>,
    /// Of the last report, where there was no single call.
    correlation_id: Option<String>,
    source: Option<Source>,
}

impl Error {
    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The HTTP status, wherever there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The error code of the service, the blob store or Entra, for example `InvalidState`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.body.as_ref()?.code.as_deref()
    }

    /// The words of who answered.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.0.body.as_ref()?.message.as_deref()
    }

    /// Which part of the request the service means, for example `packages`; of an answer that could not be understood, where
    /// in its JSON; of input that cannot be used, which input.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        match self.0.kind {
            ErrorKind::Decode | ErrorKind::InvalidInput => Some(&self.0.subject),
            _ => self.0.body.as_ref()?.target.as_deref(),
        }
    }

    /// The code of the inner error, for example `UnknownInternalFailure`.
    #[must_use]
    pub fn inner_code(&self) -> Option<&str> {
        self.0.body.as_ref()?.inner_code.as_deref()
    }

    /// The service's activity id, which some answers with status 500 carry.
    #[must_use]
    pub fn activity_id(&self) -> Option<&str> {
        self.0.body.as_ref()?.activity_id.as_deref()
    }

    /// Who answered, judged by the shape of the body of a refusal.
    #[must_use]
    pub fn shape(&self) -> Option<BodyShape> {
        Some(self.0.body.as_ref()?.shape)
    }

    /// The body of a refusal as it came, up to 64 KiB, without the secrets that the request carried.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        Some(&self.0.body.as_ref()?.text)
    }

    /// What to do about it, where the crate knows. It stands in `Display` too.
    #[must_use]
    pub fn advice(&self) -> Option<&'static str> {
        self.0.advice
    }

    /// The id that support asks for: `MS-CorrelationId` of the call that failed, or of the last report.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        let of_call = || self.0.call.as_ref()?.correlation_id.as_deref();
        self.0.correlation_id.as_deref().or_else(of_call)
    }

    /// The call that failed, where it was a single one.
    #[must_use]
    pub fn call(&self) -> Option<&CallInfo> {
        self.0.call.as_ref()
    }

    /// Whether the service answered 404.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.0.kind == ErrorKind::Api && self.0.status == Some(404)
    }

    /// Whether the state does not allow it: the service answered 409, or a pending submission stops the run. For a create a 409
    /// means that a submission is pending or a rollout is in progress.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.0.kind == ErrorKind::Pending || (self.0.kind == ErrorKind::Api && self.0.status == Some(409))
    }

    /// Whether the same call may succeed later: no whole answer came, or a 408, 429, 500, 502, 503 or 504. Look at
    /// [`outcome`](Self::outcome) before repeating a write.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// How long to wait before the next try: because the service asks for it, or because nothing may be sent before.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether what failed has changed something at the service.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    /// The draft that is still at the service and holds the pending slot: go on with it, or delete it.
    #[must_use]
    pub fn left_behind(&self) -> Option<SubmissionId> {
        self.submission().filter(|_| self.0.is_left_behind)
    }

    /// The submission that it is about.
    #[must_use]
    pub fn submission(&self) -> Option<SubmissionId> {
        submission_of(self.path()?)
    }

    /// The path of the submission or the call that it is about, relative to the endpoint.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        let of_call = || self.0.call.as_ref().map(|call| call.path.as_str());
        self.0.path.as_deref().or_else(of_call)
    }

    /// Where a person can look at the submission in Partner Center, if it is about one of an app or an add-on.
    #[must_use]
    pub fn partner_center_url(&self) -> Option<String> {
        partner_center_url(self.path()?)
    }

    /// The last that the service said of the submission: its status, errors, warnings and certification reports.
    #[must_use]
    pub fn report(&self) -> Option<&StatusReport> {
        self.0.report.as_ref()
    }

    /// How long a wait took whose time was up.
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

/// The segment of a path after one of this name.
fn segment_after<'p>(path: &'p str, name: &str) -> Option<&'p str> {
    let mut segments = path.split('/');
    segments.find(|segment| *segment == name)?;
    segments.next()
}

fn submission_of(path: &str) -> Option<SubmissionId> {
    segment_after(path, "submissions")?.parse().ok()
}

/// Partner Center's page for a path of the API that names a submission.
fn partner_center_url(path: &str) -> Option<String> {
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
            ("applications/9N/submissions", None),
            ("applications/9N", None),
        ];
        for (path, expected) in table {
            assert_eq!(partner_center_url(path).as_deref(), expected, "{path}");
            assert_eq!(submission_of(path).is_some(), expected.is_some(), "{path}");
        }
    }
}
