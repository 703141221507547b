//! What goes back over the wire, and the bodies of the front ends that refuse a request.
//!
//! Each front end has a shape of its own: the service ("Ingestion Api"), the gateway before it, the blob store (in
//! `blob`) and the token endpoint (in `aadsts`). Clients must understand all of them.

use bytes::Bytes;
use serde_json::{Value, json};

#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
}

/// A handler's answer; the error is an answer too, so that `?` ends a request that is refused.
pub(super) type Answered = Result<Answer, Answer>;

impl Answer {
    pub(super) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::empty(status).with_body("application/json; charset=utf-8", body.to_string())
    }

    /// A body whose content type is guessed from its first character.
    pub(super) fn guessed(status: u16, body: Bytes) -> Self {
        let answer = Self::empty(status);
        match body.trim_ascii_start().first() {
            None => Self { body, ..answer },
            Some(b'{' | b'[') => answer.with_body("application/json; charset=utf-8", body),
            Some(b'<') if body.trim_ascii_start().starts_with(b"<?xml") => answer.with_body("application/xml", body),
            Some(b'<') => answer.with_body("text/html", body),
            Some(_) => answer.with_body("text/plain", body),
        }
    }

    pub(super) fn with_body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.with("Content-Type", content_type)
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// An error of the service itself.
    pub(super) fn service(status: u16, code: &str, target: &str, message: impl Into<String>) -> Self {
        let mut body = json!({
            "code": code,
            "data": [],
            "details": [],
            "message": message.into(),
            "source": "Ingestion Api",
        });
        if !target.is_empty() {
            body["target"] = target.into();
        }
        Self::json(status, &body)
    }

    pub(super) fn invalid_value(target: &str, message: impl Into<String>) -> Self {
        Self::service(400, "InvalidParameterValue", target, message)
    }

    pub(super) fn invalid_state(target: &str, message: impl Into<String>) -> Self {
        Self::service(409, "InvalidState", target, message)
    }

    pub(super) fn not_found(target: &str, message: impl Into<String>) -> Self {
        Self::service(404, "ResourceNotFound", target, message)
    }

    /// What the service says to an id of the wrong kind.
    pub(super) fn unknown_failure() -> Self {
        Self::json(
            500,
            &json!({
                "code": "InternalServerError",
                "data": [],
                "details": [],
                "innererror": {
                    "code": "UnknownInternalFailure",
                    "data": [],
                    "details": [],
                    "message": "The service met an unknown failure: ",
                },
                "message": "An internal server error occurred.",
                "source": "Ingestion Api",
            }),
        )
    }

    /// An error of the gateway in front of the service.
    pub(super) fn gateway(status: u16, message: &str) -> Self {
        Self::json(status, &json!({ "statusCode": status, "message": message }))
    }

    /// What a POST or PUT gets that does not say how long its body is.
    pub(super) fn length_required() -> Self {
        let page = "<!DOCTYPE html><html><head><title>Length Required</title></head>\
                    <body><h2>Length Required</h2><p>HTTP Error 411. The request must be chunked or have a content \
                    length.</p></body></html>";
        Self::empty(411).with_body("text/html; charset=us-ascii", page)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}
