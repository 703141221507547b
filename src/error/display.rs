//! The sentence of an error.

use std::fmt;

use crate::error::advice::is_dead;
use crate::error::{BodyShape, CallInfo, Error, ErrorKind, FailureKind, Inner, Outcome, TransportKind, UploadKind};
use crate::model::status::SubmissionStatus;
use crate::secret::Scrubbed;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        let path = self.path().unwrap_or("the submission");
        let seconds = inner.waited.unwrap_or_default().as_secs();
        let status = inner.report.as_ref().map(|report| report.status.clone()).unwrap_or_default();
        match inner.kind {
            ErrorKind::Api => say_answer(inner, f)?,
            ErrorKind::Auth => say_no_token(inner, f)?,
            ErrorKind::Transport(kind) => say_transport(inner, kind, f)?,
            ErrorKind::Decode => {
                say_status(inner, f)?;
                write!(f, ", but the answer is not {}", inner.problem)?;
                clause(f, " at ", Some(&inner.subject))?;
            }
            ErrorKind::SubmissionFailed(kind) => say_failed(self, kind, path, f)?,
            ErrorKind::WaitTimedOut => {
                write!(f, "{path} has not reached {} after {seconds} s", inner.subject)?;
                say_last_status(self, f)?;
            }
            ErrorKind::DeletionTimedOut => {
                let what = match inner.outcome {
                    Outcome::Applied => "was deleted",
                    _ => "is said to be deleted",
                };
                write!(f, "{path} {what}, but is still shown after {seconds} s")?;
            }
            ErrorKind::NotVerified => {
                write!(
                    f,
                    "{path} went on to {status}, but it could not be read whether its packages were taken"
                )?;
            }
            ErrorKind::Upload(kind) => say_upload(&inner.subject, kind, f)?,
            ErrorKind::InvalidInput => write!(f, "{} cannot be used: {}", inner.subject, inner.problem)?,
            ErrorKind::Pending => {
                write!(f, "{path} is pending, in status {status}: {}", inner.problem)?;
            }
            ErrorKind::Edit => write!(f, "{}", inner.kind)?,
            ErrorKind::Guard(_) => f.write_str(&inner.problem)?,
        }
        let before = match inner.kind {
            ErrorKind::Transport(_) => ": ",
            _ => "; ",
        };
        clause(f, before, inner.advice)?;
        if inner.kind == ErrorKind::Api {
            clause(f, "; asked was ", Some(&inner.subject))?;
            clause(f, "; see ", self.partner_center_url().as_deref())?;
        }
        if inner.is_left_behind {
            write!(f, "; {path} is left as a draft")?;
            // The advice says what else.
            let is_dead = inner.status == Some(409) && inner.body.as_ref().is_some_and(is_dead);
            if !is_dead && inner.kind != ErrorKind::Upload(UploadKind::LinkExpired) {
                f.write_str(": go on with it, or delete it before the next submission")?;
            }
        }
        // Who was asked for the upload is named by the source.
        if !matches!(inner.kind, ErrorKind::Upload(_)) {
            clause(f, "; correlation id ", self.correlation_id())?;
            clause(f, "; activity id ", self.activity_id())?;
        }
        Ok(())
    }
}

/// The sentence and its sources, so that a program which returns the error from `main` shows something readable; `{:#?}` adds the
/// parts.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        let mut source = std::error::Error::source(self);
        while let Some(error) = source {
            write!(f, "\n  because: {error}")?;
            source = error.source();
        }
        if f.alternate() {
            write!(f, "\n{:#?}", self.0)?;
        }
        Ok(())
    }
}

/// Writes a part of the sentence, unless its text is missing or empty.
fn clause(f: &mut fmt::Formatter<'_>, before: &str, text: Option<&str>) -> fmt::Result {
    match text {
        Some(text) if !text.is_empty() => write!(f, "{before}{}", inline(text)),
        _ => Ok(()),
    }
}

/// Puts foreign text on one line and bounds its length, so that an answer can neither forge lines of a log nor flood it.
fn inline(text: &str) -> String {
    const MOST: usize = 1000;
    let text = text.trim();
    let (start, more) = match text.char_indices().nth(MOST) {
        Some((end, _)) => (&text[..end], " …"),
        None => (text, ""),
    };
    let words = start.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ") + more
}

/// What was asked and with what status it was answered.
fn say_status(inner: &Inner, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if let Some(call) = &inner.call {
        write!(f, "{call} was ")?;
    }
    write!(f, "answered with status {}", inner.status.unwrap_or_default())
}

fn say_answer(inner: &Inner, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    say_status(inner, f)?;
    say_body(inner, f)?;
    match &inner.call {
        Some(call) if call.attempts > 1 => write!(f, ",{}", call.effort()),
        _ => Ok(()),
    }
}

/// What was answered, besides the status.
fn say_body(inner: &Inner, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Some(body) = &inner.body else { return Ok(()) };
    clause(f, ", ", body.code.as_deref())?;
    clause(f, "/", body.inner_code.as_deref())?;
    clause(f, " at ", body.target.as_deref())?;
    match (&body.message, body.shape) {
        (Some(message), _) => write!(f, ": {}", inline(message.trim().trim_end_matches(['.', ':']))),
        (None, BodyShape::Empty) => f.write_str(" and no body"),
        (None, BodyShape::Html) => f.write_str(" and a page for browsers"),
        (None, _) => {
            let start: String = body.text.chars().take(200).collect();
            write!(f, ": {}", inline(&start))
        }
    }
}

fn say_no_token(inner: &Inner, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("no access token: ")?;
    let who = &inner.subject;
    match (&inner.body, &inner.source) {
        _ if !inner.problem.is_empty() => write!(f, "{who} {}", inline(&inner.problem)),
        (Some(_), None) if who.is_empty() => say_answer(inner, f),
        (Some(_), None) => {
            write!(f, "{who} answered with status {}", inner.status.unwrap_or_default())?;
            f.write_str(&inner.call.as_ref().map_or_else(String::new, CallInfo::effort))?;
            say_body(inner, f)
        }
        _ if inner.call.is_some() && who.is_empty() => f.write_str("the request for it failed"),
        _ if inner.call.is_some() => write!(f, "the request to {who} failed"),
        _ => f.write_str("the token provider failed"),
    }
}

fn say_transport(inner: &Inner, kind: TransportKind, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if let Some(call) = &inner.call {
        write!(f, "{call} {kind}{}", call.effort())?;
    }
    if let Some(status) = inner.status {
        write!(f, "; its status was {status}")?;
    }
    if let Some(pause) = inner.retry_after {
        // Rounded up: a second too early is too early.
        let pause = pause.as_secs() + u64::from(pause.subsec_nanos() > 0);
        write!(f, "; try again in {pause} s")?;
    }
    Ok(())
}

fn say_upload(what: &str, kind: UploadKind, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match kind {
        UploadKind::LinkExpired | UploadKind::LinkRefused => write!(f, "{kind} ({what})"),
        UploadKind::SourceChanged => write!(f, "{what} changed while it was being uploaded"),
        UploadKind::Read => write!(f, "{what} could not be read"),
        UploadKind::Send => write!(f, "{kind} at {what}"),
    }
}

fn say_failed(error: &Error, kind: FailureKind, path: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let report = error.0.report.clone().unwrap_or_default();
    let status = &report.status;
    match kind {
        FailureKind::Failed => write!(f, "{path} ended in {status}")?,
        FailureKind::CommitFailed => write!(f, "the commit of {path} failed: it went back to PendingCommit")?,
        FailureKind::CommitLost if *status == SubmissionStatus::PendingCommit => write!(
            f,
            "the commit of {path} was lost: the submission stays in PendingCommit; read it, check that your changes are in it, and commit again"
        )?,
        FailureKind::CommitLost => write!(
            f,
            "the commit of {path} was lost, or failed as the one before it: the submission stays in {status}; mend what it says, and commit again"
        )?,
        FailureKind::PackageNotTaken => write!(
            f,
            "{path} went on to {status} without a package that was uploaded to it: look at its packages in Partner Center, and submit again"
        )?,
        FailureKind::NotFetched => write!(
            f,
            "the Store could not fetch the packages of {path}: check that each URL answers with 200 itself and with the installer, then commit the packages again"
        )?,
        FailureKind::Incomplete => write!(
            f,
            "{path} is not ready, and waiting will not help: complete what it says, here or in Partner Center"
        )?,
        FailureKind::NotCommitted => write!(f, "{path} is a draft that nobody has committed: commit it first")?,
    }
    for error in &report.status_details.errors {
        write!(f, "; {}", inline(&error.to_string()))?;
    }
    for certification in &report.status_details.certification_reports {
        if !certification.report_url.is_empty() {
            write!(f, "; report: {}", Scrubbed(&certification.report_url))?;
        }
    }
    if let (FailureKind::Failed | FailureKind::CommitFailed, Some(url)) = (kind, error.partner_center_url()) {
        write!(f, "; mend it and commit again, or see {url}")?;
    }
    Ok(())
}

fn say_last_status(error: &Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let inner = &*error.0;
    match &inner.report {
        Some(report) if report.status.is_set() => write!(f, "; its last status was {}", report.status)?,
        Some(_) => f.write_str("; its status was empty")?,
        None => f.write_str("; no status could be read")?,
    }
    let stuck = inner.report.as_ref().map(|report| &report.status) == Some(&SubmissionStatus::CommitStarted);
    if let (true, Some(url)) = (stuck, error.partner_center_url()) {
        write!(
            f,
            "; a commit that stays in CommitStarted for hours is often freed by Submit in Partner Center: {url}"
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorBody;
    use crate::error::advice::{Advise, of_the_api};
    use crate::error::sign_in::of_entra;

    fn error(advise: Advise, status: u16, path: &str, body: &str) -> Error {
        let call = CallInfo {
            correlation_id: Some("c1".to_owned()),
            ..CallInfo::new("POST", path)
        };
        let body = ErrorBody::parse(body.as_bytes(), &[]);
        let advice = advise(status, "POST", path, &body);
        Error::answered(call, status, body, advice, None)
    }

    #[test]
    fn the_sentence_has_the_services_words_and_what_to_do() {
        let body =
            r#"{"code":"InvalidState","message":"Create submission failed.","source":"Ingestion Api","target":"submission"}"#;
        let text = error(of_the_api, 409, "applications/9N/submissions", body).to_string();
        assert!(
            text.starts_with("POST applications/9N/submissions was answered with status 409, InvalidState at submission: "),
            "{text}"
        );
        assert!(
            text.contains("Create submission failed; ") && text.ends_with("; correlation id c1"),
            "{text}"
        );
    }

    #[test]
    fn no_body_is_said() {
        let text = error(of_the_api, 403, "applications/9N", "").to_string();
        assert!(text.contains("status 403 and no body; "), "{text}");
    }

    #[test]
    fn a_wrong_secret_gets_entras_words_and_what_to_check() {
        let body = r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided."}"#;
        let text = error(of_entra, 401, "t/oauth2/token", body).into_auth("Entra ID").to_string();
        let expected = "no access token: Entra ID answered with status 401, invalid_client: AADSTS7000215: Invalid client secret \
            provided; check the client secret: its value is needed, not its id; correlation id c1";
        assert_eq!(text, expected);
    }

    #[test]
    fn what_is_not_entra_gets_no_advice_about_the_api() {
        for (status, advice) in [
            (403, "any proxy"),
            (404, "tenant id"),
            (429, "try again later"),
            (503, "try again later"),
        ] {
            let text = error(of_entra, status, "t/oauth2/token", "<html></html>")
                .into_auth("Entra ID")
                .to_string();
            let of_the_api = ["Manager", "20 requests", "read before", "parent"];
            assert!(
                text.contains(advice) && !of_the_api.iter().any(|part| text.contains(part)),
                "{text}"
            );
        }
    }

    #[test]
    fn foreign_text_stays_on_its_line() {
        let table = [
            ("as it is", "as it is"),
            (" a\r\n::error::b\u{1b}[31m\u{2028}c ", "a ::error::b [31m c"),
            ("", ""),
        ];
        for (text, expected) in table {
            assert_eq!(inline(text), expected);
        }
        assert_eq!(inline(&"a".repeat(5000)).chars().count(), 1002);
    }

    #[test]
    fn debug_shows_the_sentence_and_why() {
        let error = Error::auth("the vault is shut");
        assert_eq!(
            format!("{error:?}"),
            "no access token: the token provider failed\n  because: the vault is shut"
        );
        let parts = format!("{error:#?}");
        assert!(
            parts.starts_with(&format!("{error:?}\n")) && parts.contains("outcome: NotApplied"),
            "{parts}"
        );
    }
}
