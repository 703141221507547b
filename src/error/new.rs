//! The constructors of errors, and what is added to an error later.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::error::advice::{answered_by_another, of_kind, of_reasons};
use crate::error::{
    BodyShape, CallInfo, Error, ErrorBody, ErrorKind, FailureKind, Inner, Outcome, TransportKind, UploadKind, is_transient,
};
use crate::id::ParseIdError;
use crate::model::guard::Guard;
use crate::model::receipt::Receipt;
use crate::model::status::{StatusReport, SubmissionStatus};

type BoxedError = Box<dyn std::error::Error + Send + Sync>;

impl Error {
    /// Creates the error of a [`TokenProvider`](crate::auth::TokenProvider) from any error or text.
    pub fn auth(error: impl Into<BoxedError>) -> Self {
        let mut new = Self::new(ErrorKind::Auth);
        new.0.source = Some(Arc::from(error.into()));
        new
    }

    /// Marks the error as temporary: trying again may help, as with a vault that does not answer, but not with a wrong password.
    /// A wait of days then asks its token provider again instead of ending.
    ///
    /// Without it an error made by [`Error::auth`] is final. Those of [`TokenContext`](crate::auth::TokenContext) do not need it.
    #[must_use]
    pub fn retryable(mut self) -> Self {
        self.0.retryable = true;
        self
    }

    /// An error with what follows from its kind.
    fn new(kind: ErrorKind) -> Self {
        let (outcome, retryable) = match kind {
            ErrorKind::Transport(kind) => (kind.outcome(), kind.is_transient()),
            ErrorKind::WaitTimedOut | ErrorKind::DeletionTimedOut => (Outcome::Applied, true),
            ErrorKind::SubmissionFailed(_) | ErrorKind::NotVerified => (Outcome::Applied, false),
            ErrorKind::Upload(UploadKind::Send) => (Outcome::NotApplied, true),
            _ => (Outcome::NotApplied, false),
        };
        Self(Box::new(Inner {
            kind,
            subject: String::new(),
            problem: String::new(),
            advice: of_kind(kind),
            call: None,
            status: None,
            body: None,
            outcome,
            retryable,
            retry_after: None,
            path: None,
            is_left_behind: false,
            report: None,
            waited: None,
            correlation_id: None,
            source: None,
        }))
    }

    /// An error answer of the service.
    pub(crate) fn answered(
        mut call: CallInfo,
        status: u16,
        body: ErrorBody,
        advice: Option<&'static str>,
        retry_after: Option<Duration>,
    ) -> Self {
        if call.correlation_id.is_none() {
            call.correlation_id.clone_from(&body.correlation_id);
        }
        let mut new = Self::new(ErrorKind::Api);
        new.0.advice = advice;
        new.0.call = Some(call);
        new.0.status = Some(status);
        new.0.outcome = Outcome::of_refusal(status);
        new.0.retryable = is_transient(status) || body.passes();
        new.0.body = Some(body);
        new.0.retry_after = retry_after;
        new
    }

    pub(crate) fn transport(kind: TransportKind, call: CallInfo, status: Option<u16>, source: Option<BoxedError>) -> Self {
        let mut new = Self::new(ErrorKind::Transport(kind));
        new.0.call = Some(call);
        new.0.status = status;
        new.0.source = source.map(Arc::from);
        new
    }

    /// A 2xx that is not the service's, so it may not be the service that answered. The parameters are those of
    /// [`decode`](Self::decode).
    pub(crate) fn foreign(call: CallInfo, status: u16, path: impl Into<String>, expected: impl Into<String>) -> Self {
        let mut new = Self::decode(call, status, path, expected);
        new.0.outcome = new.0.outcome.min(Outcome::MaybeApplied);
        new
    }

    /// A 2xx that is not what was expected. `path` is a JSON path, `expected` what should have stood there; never values. JSON of
    /// another shape is the service's own yes: whatever was asked is done.
    pub(crate) fn decode(call: CallInfo, status: u16, path: impl Into<String>, expected: impl Into<String>) -> Self {
        let mut new = Self::new(ErrorKind::Decode);
        (new.0.subject, new.0.problem) = (path.into(), expected.into());
        // A read changes nothing, whatever becomes of it.
        new.0.outcome = match call.method.as_str() {
            "GET" | "HEAD" | "OPTIONS" | "TRACE" => Outcome::NotApplied,
            _ => Outcome::Applied,
        };
        new.0.call = Some(call);
        new.0.status = Some(status);
        new
    }

    /// `what` names the input as the user knows it, `problem` says what is wrong with it and what to do.
    pub(crate) fn invalid(what: impl Into<String>, problem: impl Into<String>) -> Self {
        let mut new = Self::new(ErrorKind::InvalidInput);
        (new.0.subject, new.0.problem) = (what.into(), problem.into());
        new
    }

    /// `problem` says why, and how to go on.
    pub(crate) fn guard(guard: Guard, problem: impl Into<String>) -> Self {
        let mut new = Self::new(ErrorKind::Guard(guard));
        new.0.problem = problem.into();
        new
    }

    /// `problem` says why it is in the way, and how to go on.
    pub(crate) fn pending(path: &str, status: &SubmissionStatus, problem: impl Into<String>) -> Self {
        let mut new = Self::new(ErrorKind::Pending);
        new.0.path = Some(path.to_owned());
        new.0.report = Some(StatusReport {
            status: status.clone(),
            ..StatusReport::default()
        });
        new.0.problem = problem.into();
        new
    }

    /// The service says yes to a submit, and names no submission.
    pub(crate) fn no_submission(path: &str) -> Self {
        let problem = "the service took the submit and named no submission: look at the product in Partner Center";
        Self::pending(path, &SubmissionStatus::default(), problem).with_outcome(Outcome::MaybeApplied)
    }

    /// The caller's own edit failed.
    pub(crate) fn edit(error: BoxedError) -> Self {
        let mut new = Self::new(ErrorKind::Edit);
        new.0.source = Some(Arc::from(error));
        new
    }

    pub(crate) fn failed(kind: FailureKind, path: &str, report: StatusReport, correlation_id: Option<String>) -> Self {
        let mut new = Self::new(ErrorKind::SubmissionFailed(kind));
        new.0.path = Some(path.to_owned());
        new.with_report(report, correlation_id)
    }

    /// The deadline of a wait for `goal` passed; `last` is the error of the last look, if that failed.
    pub(crate) fn wait_timed_out(path: &str, goal: &str, waited: Duration, last: Option<Self>) -> Self {
        let mut new = Self::new(ErrorKind::WaitTimedOut);
        new.0.path = Some(path.to_owned());
        goal.clone_into(&mut new.0.subject);
        new.0.waited = Some(waited);
        match last {
            Some(last) => new.caused_by(last).retryable(),
            None => new,
        }
    }

    /// The goal was reached, but the look whether the packages were taken failed.
    pub(crate) fn not_verified(path: &str, cause: Self) -> Self {
        let mut new = Self::new(ErrorKind::NotVerified);
        new.0.path = Some(path.to_owned());
        new.caused_by(cause)
    }

    pub(crate) fn deletion_timed_out(path: &str, waited: Duration) -> Self {
        let mut new = Self::new(ErrorKind::DeletionTimedOut);
        new.0.path = Some(path.to_owned());
        new.0.waited = Some(waited);
        new
    }

    /// `what` names the file, the block or the reason.
    pub(crate) fn upload(kind: UploadKind, what: impl Into<String>) -> Self {
        let mut new = Self::new(ErrorKind::Upload(kind));
        new.0.subject = what.into();
        new
    }

    /// Adds the cause, and takes over what it knows about its call, and its advice, if that is the better one.
    pub(crate) fn caused_by(mut self, source: impl Into<BoxedError>) -> Self {
        let source = match source.into().downcast::<Self>() {
            Ok(mut cause) => {
                let inner = &mut self.0;
                inner.call.clone_from(&cause.0.call);
                inner.status = cause.0.status;
                inner.body.clone_from(&cause.0.body);
                inner.outcome = inner.outcome.max(cause.0.outcome);
                inner.retryable &= cause.0.retryable;
                inner.retry_after = cause.0.retry_after;
                let of_cause = cause.0.advice.take();
                inner.advice = match inner.kind {
                    ErrorKind::WaitTimedOut | ErrorKind::Guard(_) | ErrorKind::Pending | ErrorKind::InvalidInput => inner.advice,
                    ErrorKind::Upload(UploadKind::LinkExpired) => inner.advice,
                    ErrorKind::NotVerified | ErrorKind::Upload(UploadKind::Send) if cause.0.retryable => inner.advice,
                    ErrorKind::Upload(UploadKind::Send) => of_cause,
                    _ => of_cause.or(inner.advice),
                };
                Arc::new(*cause) as _
            }
            Err(other) => Arc::from(other),
        };
        self.0.source = Some(source);
        self
    }

    /// Adds the error of an earlier call, whose outcome is still open, as the source.
    pub(crate) fn after(mut self, mut earlier: Self) -> Self {
        self = self.at_least(earlier.outcome());
        earlier.0.advice = None;
        self.0.source = Some(Arc::new(earlier));
        self
    }

    /// Names the submission that the error is about, where the call does not.
    pub(crate) fn about(mut self, path: impl Into<String>) -> Self {
        self.0.path = Some(path.into());
        self
    }

    /// `who` has not given a token or an assertion: the file, the program. `problem` goes on with the sentence.
    pub(crate) fn no_token(who: impl Into<String>, problem: impl Into<String>) -> Self {
        let mut new = Self::new(ErrorKind::Auth);
        (new.0.subject, new.0.problem) = (who.into(), problem.into());
        new
    }

    /// Converts the error of a provider, or of its request to `who`, into that of the call which needs the token. A request
    /// for a token changes nothing at the service. Credentials that cannot be used remain invalid input.
    pub(crate) fn into_auth(mut self, who: &str) -> Self {
        self.0.outcome = Outcome::NotApplied;
        let mut error = match self.0.kind {
            ErrorKind::Auth | ErrorKind::InvalidInput => return self,
            ErrorKind::Api => {
                self.0.kind = ErrorKind::Auth;
                self
            }
            _ => Self::new(ErrorKind::Auth).retryable().caused_by(self),
        };
        who.clone_into(&mut error.0.subject);
        if error.0.advice == of_kind(ErrorKind::Transport(TransportKind::Connect)) {
            error.0.advice = Some(match who {
                "Entra ID" => "check the network, the proxy and AZURE_AUTHORITY_HOST",
                _ => "check the network and the proxy",
            });
        }
        error
    }

    /// Raises the outcome to that of an earlier call of the same operation.
    pub(crate) fn at_least(mut self, outcome: Outcome) -> Self {
        self.0.outcome = self.0.outcome.max(outcome);
        self
    }

    pub(crate) fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.0.outcome = outcome;
        self
    }

    /// Adds the attempts and the time of the whole call.
    pub(crate) fn of_call(mut self, attempts: u32, elapsed: Duration) -> Self {
        if let Some(call) = &mut self.0.call {
            (call.attempts, call.elapsed) = (attempts, elapsed);
        }
        self
    }

    /// The receipt of a call that was refused, or whose answer was lost.
    pub(crate) fn receipt(&self) -> Receipt {
        let ids = self.0.call.clone().map(|call| (call.correlation_id, call.request_id));
        let (correlation_id, request_id) = ids.unwrap_or_default();
        Receipt::new(self.0.status.unwrap_or_default(), correlation_id, request_id, ())
    }

    /// Adds the URL to the sentence, if the endpoint may be wrong.
    pub(crate) fn asked_at(mut self, url: &Url) -> Self {
        if self.is_not_found() && self.shape() != Some(BodyShape::Service) {
            self.0.subject = format!("{}{}", url.origin().ascii_serialization(), url.path());
        }
        self
    }

    pub(crate) fn retry_in(mut self, pause: Duration) -> Self {
        self.0.retry_after = Some(pause);
        self
    }

    /// Adds the last report of the submission.
    pub(crate) fn with_report(mut self, report: StatusReport, correlation_id: Option<String>) -> Self {
        let shows_no_commit = report.status == SubmissionStatus::PendingCommit || report.status.is_failure();
        if self.0.kind == ErrorKind::WaitTimedOut && shows_no_commit {
            self.0.advice = Some("its commit does not show yet: look at its status again, and commit again if it stays");
        }
        if matches!(self.0.kind, ErrorKind::SubmissionFailed(_)) {
            self.0.advice = of_reasons(&report.status_details.errors).or(self.0.advice);
        }
        self.0.report = Some(report);
        if self.0.call.is_none() {
            self.0.correlation_id = correlation_id;
        }
        self
    }

    /// Replaces the advice.
    pub(crate) fn advise(mut self, advice: &'static str) -> Self {
        self.0.advice = Some(advice);
        self
    }

    /// Says that a draft of ours is left at this path.
    pub(crate) fn leaving(mut self, path: impl Into<String>) -> Self {
        if self.is_not_found() && !self.0.body.as_ref().is_some_and(answered_by_another) {
            // Its id is the right one.
            self.0.advice = Some("what was created a moment ago may not be visible yet");
        }
        self.0.path = Some(path.into());
        self.0.is_left_behind = true;
        self.at_least(Outcome::Applied)
    }
}

impl From<ParseIdError> for Error {
    fn from(error: ParseIdError) -> Self {
        Self::invalid("the id", error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::advice::of_the_blob_store;

    #[test]
    fn a_provider_says_what_may_be_gone_next_time() {
        let error = || Error::auth("the vault is shut");
        assert!(!error().is_retryable());
        assert!(error().retryable().is_retryable());
    }

    #[test]
    fn any_error_can_be_wrapped_and_is_the_source() {
        let error = Error::auth(std::io::Error::other("the vault is shut"));
        assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the vault is shut");
        assert!(!error.to_string().contains("vault"));
    }

    #[test]
    fn an_error_knows_what_its_cause_knows_and_it_alone_advises() {
        let body = ErrorBody::parse(b"<Error><Code>AuthenticationFailed</Code></Error>", &[]);
        let advice = of_the_blob_store(403, "PUT", "x", &body);
        let cause = Error::answered(CallInfo::new("PUT", "x"), 403, body, advice, None);
        assert!(cause.to_string().contains("read the submission again"));
        let error = Error::upload(UploadKind::LinkExpired, "its time ended").caused_by(cause);
        assert_eq!((error.status(), error.code()), (Some(403), Some("AuthenticationFailed")));
        assert!(!error.is_retryable() && error.to_string().contains("create a new submission"));
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(!source.contains("read the submission again"), "{source}");
    }

    #[test]
    fn only_one_error_of_a_chain_advises_and_it_knows_best() {
        let timed_out = || Error::wait_timed_out("a/submissions/1", "Accepted", Duration::ZERO, None);
        let answer = |status| {
            let advice = Some("of the cause");
            Error::answered(CallInfo::new("GET", "x"), status, ErrorBody::parse(b"", &[]), advice, None)
        };
        let sent = || Error::upload(UploadKind::Send, "a block");
        let table = [
            (timed_out(), 503, "attach to it again"),
            (Error::not_verified("a", answer(503)), 503, "look at its packages"),
            (Error::not_verified("a", answer(403)), 403, "of the cause"),
            (Error::guard(Guard::RolloutInProgress, "halt it"), 409, "halt it"),
            (Error::upload(UploadKind::LinkExpired, "it"), 403, "create a new submission"),
            (Error::upload(UploadKind::LinkRefused, "it"), 403, "of the cause"),
            (sent(), 503, "run it again"),
            (sent(), 413, "of the cause"),
        ];
        for (error, status, advice) in table {
            let error = error.caused_by(answer(status));
            let chain = format!("{error:?}");
            assert!(error.to_string().contains(advice), "{chain}");
            assert_eq!(
                chain.matches("of the cause").count(),
                usize::from(advice == "of the cause"),
                "{chain}"
            );
        }
    }

    #[test]
    fn a_wait_that_ends_keeps_what_its_last_look_knew() {
        let hint = Duration::from_secs(9);
        let last = Error::answered(CallInfo::new("GET", "x"), 503, ErrorBody::parse(b"", &[]), None, Some(hint));
        let foreign = Error::foreign(CallInfo::new("GET", "x"), 200, "", "JSON");
        for (last, retry_after) in [(last, Some(hint)), (foreign, None)] {
            let status = last.status();
            let error = Error::wait_timed_out("a/submissions/1", "Accepted", Duration::ZERO, Some(last));
            let error = error.with_report(StatusReport::default(), Some("of another call".to_owned()));
            assert_eq!(error.correlation_id(), None);
            assert_eq!((error.status(), error.retry_after()), (status, retry_after));
            assert!(error.is_retryable() && std::error::Error::source(&error).is_some());
            assert_eq!(error.path(), Some("a/submissions/1"));
        }
    }

    #[test]
    fn what_only_reads_changes_nothing() {
        for (method, outcome) in [
            ("GET", Outcome::NotApplied),
            ("HEAD", Outcome::NotApplied),
            ("OPTIONS", Outcome::NotApplied),
            ("PUT", Outcome::Applied),
        ] {
            assert_eq!(
                Error::decode(CallInfo::new(method, "x"), 200, "", "JSON").outcome(),
                outcome,
                "{method}"
            );
        }
    }

    #[test]
    fn a_draft_that_is_left_says_how_to_go_on() {
        let call = || CallInfo::new("GET", "a/submissions/1");
        let body = || ErrorBody::parse(b"", &[]);
        let error = Error::answered(call(), 404, body(), Some("check the id"), None).leaving("a/submissions/1");
        let text = error.to_string();
        assert!(
            text.contains("go on with it, or delete it") && !text.contains("check the id"),
            "{text}"
        );
        let page = ErrorBody::parse(b"<html></html>", &[]);
        let error = Error::answered(call(), 404, page, Some("check the endpoint"), None).leaving("a/submissions/1");
        assert!(error.to_string().contains("check the endpoint"), "{error}");
        let error = Error::answered(call(), 503, body(), Some("try again later"), None).leaving("a/submissions/1");
        let text = error.to_string();
        assert!(text.contains("try again later") && text.contains("go on with it"), "{text}");
    }

    #[test]
    fn a_refused_token_is_one_error_and_changes_nothing() {
        let body = ErrorBody::parse(br#"{"error":"invalid_client","error_description":"AADSTS7000215: no"}"#, &[]);
        let refused = Error::answered(CallInfo::new("POST", "t/oauth2/token"), 503, body, None, None);
        let error = refused.into_auth("Entra ID");
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Auth, Outcome::NotApplied));
        assert!(error.is_retryable() && std::error::Error::source(&error).is_none());
        let lost = Error::transport(TransportKind::Interrupted, CallInfo::new("POST", "t"), None, None);
        let error = lost.at_least(Outcome::MaybeApplied).into_auth("Entra ID");
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Auth, Outcome::NotApplied));
        assert!(error.is_retryable() && std::error::Error::source(&error).is_some());
    }
}
