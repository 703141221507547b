//! Error bodies, whoever answered, read into one form. Pure.
//!
//! The status comes from the status line and is never looked for here. What is not understood is kept as text.

use serde_json::Value;

use crate::model::member::member;
use crate::secret::{scrub, scrub_cut};

/// Error bodies are kept up to this many bytes.
pub(crate) const KEPT_BODY: usize = 64 * 1024;

/// Who answered, judged by the shape of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyShape {
    /// The submission service itself.
    Service,
    /// The API gateway in front of it.
    Gateway,
    /// The filter that checks the identity.
    AuthFilter,
    /// Blob storage (XML).
    Blob,
    /// Microsoft Entra ID.
    Entra,
    /// A page for a browser, from a gateway or proxy.
    Html,
    /// No body.
    Empty,
    /// Something else.
    Other,
}

/// An error body, understood as far as possible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ErrorBody {
    pub(crate) shape: BodyShape,
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) target: Option<String>,
    pub(crate) inner_code: Option<String>,
    pub(crate) activity_id: Option<String>,
    pub(crate) correlation_id: Option<String>,
    /// How Entra numbers the refusal.
    pub(crate) entra_numbers: Vec<u32>,
    pub(crate) text: String,
}

impl ErrorBody {
    /// Whether it says that it passes, whatever the status: Entra's `temporarily_unavailable`.
    pub(crate) fn passes(&self) -> bool {
        self.shape == BodyShape::Entra && self.code.as_deref() == Some("temporarily_unavailable")
    }

    /// `known` are secrets that were part of the request; an answer may repeat them.
    pub(crate) fn parse(bytes: &[u8], known: &[&str]) -> Self {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let bytes = &bytes[..bytes.len().min(KEPT_BODY)];
        // A body of the full length was cut, perhaps within a secret. A shorter one may have broken off, which cannot be told:
        // then so few characters are chance.
        let cut = bytes.len() == KEPT_BODY;
        let text = String::from_utf8_lossy(bytes);
        let whole = if cut { text.trim_end_matches('\u{fffd}') } else { &text };
        let text = scrub_cut(whole, known, if cut { 1 } else { 4 });
        let mut body = Self {
            shape: BodyShape::Other,
            code: None,
            message: None,
            target: None,
            inner_code: None,
            activity_id: None,
            correlation_id: None,
            entra_numbers: Vec::new(),
            text,
        };
        let trimmed = body.text.trim();
        if trimmed.is_empty() {
            body.shape = BodyShape::Empty;
        } else if let Ok(value) = serde_json::from_str::<Value>(trimmed) {
            body.read_json(&value);
        } else if looks_like_html(trimmed) {
            body.shape = BodyShape::Html;
            body.message = between(trimmed, "<title>", "</title>").map(str::to_owned);
        } else if trimmed.contains("<Error>") {
            body.shape = BodyShape::Blob;
            body.code = between(trimmed, "<Code>", "</Code>").map(str::to_owned);
            // Only its first line speaks to people; the others repeat the request id and the time.
            let message = between(trimmed, "<Message>", "</Message>");
            body.message = message.and_then(|message| message.lines().next()).map(str::to_owned);
        }
        body
    }

    /// Reads the errors of the API for MSI and EXE apps. The first that is no warning names code and target.
    fn read_envelope(&mut self, errors: &[Value]) {
        let is_warning = |error: &&Value| text_of(error, "code").is_some_and(|code| code.eq_ignore_ascii_case("warning"));
        let first = errors.iter().find(|error| !is_warning(error)).or(errors.first());
        self.shape = BodyShape::Service;
        self.code = first.and_then(|error| text_of(error, "code"));
        self.target = first.and_then(|error| text_of(error, "target"));
        let messages: Vec<String> = errors.iter().filter_map(|error| text_of(error, "message")).collect();
        self.message = (!messages.is_empty()).then(|| messages.join("; "));
    }

    fn read_json(&mut self, value: &Value) {
        let text = |name: &str| text_of(value, name);
        // The text is scrubbed already.
        let id_of = |name: &str| text(name).and_then(|text| id(&text, &[]));
        self.activity_id = id_of("activityId");
        if text("error").is_some() && text("error_description").is_some() {
            self.shape = BodyShape::Entra;
            self.code = text("error");
            self.message = text("error_description");
            self.correlation_id = id_of("correlation_id");
            self.entra_numbers = entra_numbers(self.message.as_deref().unwrap_or_default());
            let listed = member(value, "error_codes").and_then(Value::as_array).into_iter().flatten();
            let listed = listed.filter_map(|code| u32::try_from(code.as_u64()?).ok());
            self.entra_numbers.extend(listed);
            return;
        }
        let is_envelope = member(value, "isSuccess").is_some();
        if let Some(errors) = member(value, "errors").and_then(Value::as_array).filter(|_| is_envelope) {
            self.read_envelope(errors);
            return;
        }
        self.code = text("code");
        self.message = text("message");
        self.target = text("target");
        self.inner_code = member(value, "innererror").and_then(|inner| text_of(inner, "code"));
        self.shape = if member(value, "statusCode").is_some() {
            BodyShape::Gateway
        } else if text("source").is_some() || self.target.is_some() || self.inner_code.is_some() {
            BodyShape::Service
        } else if self.code.as_deref() == Some("Unauthorized") {
            BodyShape::AuthFilter
        } else if self.code.is_some() {
            BodyShape::Service
        } else {
            BodyShape::Other
        };
        if let Some(message) = &self.message {
            let (_, rest) = message.split_once("CorrelationId: ").unwrap_or_default();
            let end = rest.find(|c: char| !c.is_ascii_hexdigit() && c != '-').unwrap_or(rest.len());
            self.correlation_id = id(&rest[..end], &[]);
        }
    }
}

/// Reads an id of an answer, which errors and logs show whole: 1 to 128 printable ASCII characters. Secrets of the request are
/// removed.
pub(crate) fn id(text: &str, known: &[&str]) -> Option<String> {
    const MOST: usize = 128;
    let text = scrub(text.trim(), known);
    let sound = (1..=MOST).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    sound.then_some(text)
}

/// Returns the numbers of `AADSTS…` in a text, as `700213` of `AADSTS700213: …`.
pub(crate) fn entra_numbers(text: &str) -> Vec<u32> {
    let after = text.split("AADSTS").skip(1);
    let digits = after.map(|rest| &rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())]);
    digits.filter_map(|digits| digits.parse().ok()).collect()
}

fn text_of(value: &Value, name: &str) -> Option<String> {
    member(value, name)
        .and_then(Value::as_str)
        .filter(|text| !text.trim().is_empty())
        .map(str::to_owned)
}

fn looks_like_html(text: &str) -> bool {
    let start: String = text.chars().take(200).collect::<String>().to_ascii_lowercase();
    start.contains("<html") || start.starts_with("<!doctype html") || start.contains("<head") || start.contains("<body")
}

fn between<'t>(text: &'t str, open: &str, close: &str) -> Option<&'t str> {
    let lower = text.to_ascii_lowercase();
    let from = lower.find(&open.to_ascii_lowercase())? + open.len();
    let to = from + lower[from..].find(&close.to_ascii_lowercase())?;
    Some(text[from..to].trim()).filter(|found| !found.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_is_understood() {
        let table = [
            (
                r#"{"code":"InvalidState","data":[],"details":[],"message":"No.","source":"Ingestion Api","target":"submission"}"#,
                (BodyShape::Service, Some("InvalidState"), Some("No."), Some("submission")),
            ),
            (
                r#"{"message":"Only JSON content is accepted","source":"Ingestion Api","target":"mediaType"}"#,
                (
                    BodyShape::Service,
                    None,
                    Some("Only JSON content is accepted"),
                    Some("mediaType"),
                ),
            ),
            (
                r#"{ "statusCode": 429, "message": "Try again in 14 seconds." }"#,
                (BodyShape::Gateway, None, Some("Try again in 14 seconds."), None),
            ),
            (
                r#"{"code":"Unauthorized","message":"Identity cannot be authorized. CorrelationId: 1b-2c"}"#,
                (
                    BodyShape::AuthFilter,
                    Some("Unauthorized"),
                    Some("Identity cannot be authorized. CorrelationId: 1b-2c"),
                    None,
                ),
            ),
            (
                r#"{"error":"invalid_client","error_description":"AADSTS7000215: no","error_codes":[7000215]}"#,
                (BodyShape::Entra, Some("invalid_client"), Some("AADSTS7000215: no"), None),
            ),
            (
                "\u{feff}<?xml version=\"1.0\"?><Error><Code>AuthenticationFailed</Code><Message>Server failed.\nRequestId:x</Message></Error>",
                (BodyShape::Blob, Some("AuthenticationFailed"), Some("Server failed."), None),
            ),
            (
                "<html><head><TITLE>502 Bad Gateway</TITLE></head></html>",
                (BodyShape::Html, None, Some("502 Bad Gateway"), None),
            ),
            (
                r#"{"Code":"InvalidState","code":null,"MESSAGE":"No."}"#,
                (BodyShape::Service, Some("InvalidState"), Some("No."), None),
            ),
            ("  \n", (BodyShape::Empty, None, None, None)),
            ("{\"code\":\"Inva", (BodyShape::Other, None, None, None)),
            ("[1]", (BodyShape::Other, None, None, None)),
        ];
        for (text, (shape, code, message, target)) in table {
            let body = ErrorBody::parse(text.as_bytes(), &[]);
            assert_eq!(body.shape, shape, "{text}");
            assert_eq!(body.code.as_deref(), code, "{text}");
            assert_eq!(body.message.as_deref(), message, "{text}");
            assert_eq!(body.target.as_deref(), target, "{text}");
        }
    }

    #[test]
    fn ids_and_inner_errors_are_found() {
        let body = ErrorBody::parse(br#"{"code":"Unauthorized","message":"No. CorrelationId: 1b-2c."}"#, &[]);
        assert_eq!(body.correlation_id.as_deref(), Some("1b-2c"));
        let text = br#"{"code":"InternalServerError","innererror":{"code":"UnknownInternalFailure","message":"x"},"activityId":"a1","source":"s"}"#;
        let body = ErrorBody::parse(text, &[]);
        assert_eq!(body.inner_code.as_deref(), Some("UnknownInternalFailure"));
        assert_eq!(body.activity_id.as_deref(), Some("a1"));
    }

    #[test]
    fn what_is_no_id_is_dropped() {
        let longest = "a".repeat(128);
        let table = [
            ("7d3c1a52-90be", Some("7d3c1a52-90be")),
            (" padded ", Some("padded")),
            (longest.as_str(), Some(longest.as_str())),
            (&format!("{longest}a"), None),
            ("", None),
            (" ", None),
            ("a\tb", None),
            ("a\u{1b}[31mb", None),
            ("ünïcode", None),
            ("t0ken9", Some("[redacted]")),
            ("of-t0ken9-x", Some("of-[redacted]-x")),
            ("Bearer eyJ0.x", Some("Bearer [redacted]")),
        ];
        for (text, expected) in table {
            assert_eq!(id(text, &["t0ken9"]).as_deref(), expected, "{text:?}");
        }
        let body = format!(r#"{{"error":"x","error_description":"y","correlation_id":"{longest}a","activityId":"a\nb"}}"#);
        let body = ErrorBody::parse(body.as_bytes(), &[]);
        assert_eq!((body.correlation_id, body.activity_id), (None, None));
    }

    #[test]
    fn a_huge_body_is_cut_and_secrets_are_scrubbed() {
        assert_eq!(ErrorBody::parse(&vec![b'x'; 10 << 20], &[]).text.len(), KEPT_BODY);
        let body = ErrorBody::parse(br#"{"message":"bad t0ken9 and ?sig=abc"}"#, &["t0ken9"]);
        assert_eq!(body.message.as_deref(), Some("bad [redacted] and ?sig=[redacted]"));
    }

    #[test]
    fn a_secret_across_the_cut_keeps_nothing() {
        for (secret, echoed) in [
            ("t0k/n9", "t0k/n9"),
            ("t0k/n9", "t0k%2fn9"),
            ("tökén", "tökén"),
            ("t\"k/n9", "t\\\"k\\/n9"),
        ] {
            for kept in 0..=echoed.len() + 1 {
                let mut body = vec![b'-'; KEPT_BODY - kept];
                body.extend_from_slice(echoed.as_bytes());
                body.extend_from_slice(b"- and more");
                let text = ErrorBody::parse(&body, &[secret]).text;
                let tail = text.trim_start_matches('-').trim_end_matches('-');
                assert!(matches!(tail, "" | "[redacted]"), "{kept} of {echoed}: {tail}");
            }
        }
    }

    #[test]
    fn the_beginning_of_a_secret_in_a_body_that_broke_off_goes_too() {
        for (body, expected) in [
            (r#"{"message":"you sent t0ke"#, r#"{"message":"you sent [redacted]"#),
            ("what is not", "what is not"),
        ] {
            assert_eq!(ErrorBody::parse(body.as_bytes(), &["t0ken9"]).text, expected);
        }
    }
}
