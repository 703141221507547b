//! The service answered, and the answer was no.

use std::fmt;
use std::time::Duration;

use url::Url;

use crate::error::advice::{Audience, advice};
use crate::error::body::{BodyShape, ErrorBody};
use crate::error::call::{CallInfo, Clause, Inline};

/// The service, or something in front of it, answered with a status other than 2xx.
#[derive(Debug, Clone)]
pub struct ApiError {
    call: CallInfo,
    audience: Audience,
    status: u16,
    body: ErrorBody,
    retry_after: Option<Duration>,
    /// Where it was asked, for a 404 that may be the fault of the endpoint.
    place: Option<String>,
}

impl ApiError {
    pub(crate) fn new(
        mut call: CallInfo,
        audience: Audience,
        status: u16,
        body: ErrorBody,
        retry_after: Option<Duration>,
    ) -> Self {
        if body.correlation_id.is_some() && call.correlation_id.is_none() {
            call.correlation_id.clone_from(&body.correlation_id);
        }
        Self {
            call,
            audience,
            status,
            body,
            retry_after,
            place: None,
        }
    }

    /// Names the URL, without its query, where it helps.
    pub(crate) fn asked_at(mut self, url: &Url) -> Self {
        let helps = self.audience == Audience::Api && self.status == 404 && self.body.shape != BodyShape::Service;
        self.place = helps.then(|| format!("{}{}", url.origin().ascii_serialization(), url.path()));
        self
    }

    /// The call that failed.
    #[must_use]
    pub fn call(&self) -> &CallInfo {
        &self.call
    }

    pub(crate) fn call_mut(&mut self) -> &mut CallInfo {
        &mut self.call
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Who answered, judged by the shape of the body.
    #[must_use]
    pub fn shape(&self) -> BodyShape {
        self.body.shape
    }

    /// The service's error code, for example `InvalidParameterValue`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.body.code.as_deref()
    }

    /// The service's words.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.body.message.as_deref()
    }

    /// Which part of the request the service means, for example `packages`.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        self.body.target.as_deref()
    }

    /// The code of the inner error, for example `UnknownInternalFailure`.
    #[must_use]
    pub fn inner_code(&self) -> Option<&str> {
        self.body.inner_code.as_deref()
    }

    /// The service's activity id, which some answers with status 500 carry.
    #[must_use]
    pub fn activity_id(&self) -> Option<&str> {
        self.body.activity_id.as_deref()
    }

    /// The body as it came, up to 64 KiB, without the secrets that the request carried.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body.text
    }

    /// How long the service asks to wait before the next try.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// What to do about it, where the crate knows.
    #[must_use]
    pub fn advice(&self) -> Option<&'static str> {
        advice(self.audience, self.status, self.call.method, &self.call.path, &self.body)
    }

    /// Where a person can look at the submission in Partner Center, if the call was about one of an app.
    #[must_use]
    pub fn partner_center_url(&self) -> Option<String> {
        partner_center_url(&self.call.path)
    }
}

/// Partner Center's page for a path of the API that names a submission of an app or of one of its flights.
pub(crate) fn partner_center_url(path: &str) -> Option<String> {
    let segments: Vec<&str> = path.split('/').collect();
    let after = |name: &str| {
        segments
            .iter()
            .position(|segment| *segment == name)
            .and_then(|at| segments.get(at + 1))
            .copied()
    };
    let product = after("applications").or_else(|| after("inappproducts"))?;
    let submission = after("submissions")?;
    Some(format!(
        "https://partner.microsoft.com/dashboard/products/{product}/submissions/{submission}"
    ))
}

impl ApiError {
    /// What was asked and what was answered, without what to do about it.
    pub(crate) fn say(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} was answered with status {}", self.call, self.status)?;
        let code = Clause {
            before: ", ",
            text: self.code(),
        };
        let inner = Clause {
            before: "/",
            text: self.inner_code(),
        };
        let target = Clause {
            before: " at ",
            text: self.target(),
        };
        write!(f, "{code}{inner}{target}")?;
        match (self.message(), self.body.shape) {
            (Some(message), _) => write!(f, ": {}", Inline(message.trim().trim_end_matches(['.', ':'])))?,
            (None, BodyShape::Empty) => f.write_str(" and no body")?,
            (None, BodyShape::Html) => f.write_str(" and a page for browsers")?,
            (None, _) => {
                let start: String = self.body.text.chars().take(200).collect();
                write!(f, ": {}", Inline(&start))?;
            }
        }
        if self.call.attempts > 1 {
            write!(f, ",{}", self.call.effort())?;
        }
        Ok(())
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.say(f)?;
        let activity = Clause {
            before: "; activity id ",
            text: self.activity_id(),
        };
        let advice = Clause {
            before: "; ",
            text: self.advice(),
        };
        let place = Clause {
            before: "; asked was ",
            text: self.place.as_deref(),
        };
        let link = self.partner_center_url();
        let link = Clause {
            before: "; see ",
            text: link.as_deref(),
        };
        write!(f, "{advice}{place}{link}{}{activity}", self.call.correlation())
    }
}

impl std::error::Error for ApiError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(status: u16, path: &str, body: &str) -> ApiError {
        let call = CallInfo {
            correlation_id: Some("c1".to_owned()),
            ..CallInfo::new("POST", path)
        };
        ApiError::new(call, Audience::Api, status, ErrorBody::parse(body.as_bytes(), &[]), None)
    }

    #[test]
    fn the_sentence_has_the_services_words_and_what_to_do() {
        let body =
            r#"{"code":"InvalidState","message":"Create submission failed.","source":"Ingestion Api","target":"submission"}"#;
        let text = error(409, "applications/9N/submissions", body).to_string();
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
        assert!(
            error(403, "applications/9N", "")
                .to_string()
                .contains("status 403 and no body; ")
        );
    }

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
        }
    }
}
