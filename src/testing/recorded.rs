//! What the fake remembers of the requests it got and of the writes that took effect.
//!
//! The data are complete, so that tests can look at anything; `Debug` shows no secret, because the output of tests
//! ends in logs.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

/// The body of a request.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordedBody {
    /// The body as it came; of a request that was cut off, what had arrived.
    Bytes(Bytes),
    /// A body of the blob endpoint above 64 KiB.
    Large {
        /// Its length in bytes.
        length: u64,
        /// Its CRC-64/NVME.
        crc64: u64,
    },
}

impl RecordedBody {
    /// The length in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Large { length, .. } => *length,
        }
    }

    /// Whether there was no body.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Debug for RecordedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.len())
    }
}

/// A request as it came over the wire. `Debug` hides tokens, signatures and bodies.
#[derive(Clone)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// The method, in capitals.
    pub method: String,
    /// The path as it came, neither decoded nor normalised.
    pub path: String,
    /// The query as it came, without the question mark; empty when there is none.
    pub query: String,
    /// The header fields in their order, names in lower case; fields of one name stand together.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: RecordedBody,
    /// When its head arrived: the time since the fake started, on the fake's clock.
    pub at: Duration,
    /// The status that was answered; none while there is no answer, or when a fault kept it back.
    pub status: Option<u16>,
}

impl RecordedRequest {
    /// The first value of a header field; the name's case does not matter.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as JSON, if it is some.
    #[must_use]
    pub fn json(&self) -> Option<serde_json::Value> {
        match &self.body {
            RecordedBody::Bytes(bytes) => serde_json::from_slice(bytes).ok(),
            RecordedBody::Large { .. } => None,
        }
    }
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self
            .headers
            .iter()
            .map(|(name, value)| match name.as_str() {
                "authorization" | "cookie" | "proxy-authorization" => (name.as_str(), "[redacted]"),
                _ => (name.as_str(), value.as_str()),
            })
            .collect();
        f.debug_struct("RecordedRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("query", &without(&SECRETS, &without_signature(&self.query)))
            .field("headers", &headers)
            .field("body", &self.body)
            .field("at", &self.at)
            .field("status", &self.status)
            .finish()
    }
}

/// A write that took effect, whether or not its answer arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppliedWrite {
    /// The method, in capitals.
    pub method: String,
    /// The path as it came.
    pub path: String,
    /// The query without what a shared access signature consists of.
    pub query: String,
}

/// What belongs into a form or a header field, and which a client may have put into a query by mistake.
const SECRETS: [&str; 4] = ["client_secret", "client_assertion", "access_token", "token"];

/// The parameters of a query that do not belong to a shared access signature.
pub(super) fn without_signature(query: &str) -> String {
    without(
        &["sv", "sr", "sig", "se", "sp", "skoid", "sktid", "skt", "ske", "sks", "skv"],
        query,
    )
}

/// The parameters of a query that have none of these names.
fn without(names: &[&str], query: &str) -> String {
    let kept: Vec<_> = query
        .split('&')
        .filter(|part| !names.contains(&part.split('=').next().unwrap_or_default()))
        .collect();
    kept.join("&")
}

/// Whether the end of `path` fits `pattern`, segment by segment and ignoring case; a segment `*` fits any. A pattern
/// that ends with `**` must fit the beginning instead.
pub(super) fn path_fits(pattern: &str, path: &str) -> bool {
    match pattern.strip_suffix("**") {
        Some(beginning) => segments_fit(beginning.split('/'), path.split('/')),
        None => segments_fit(pattern.rsplit('/'), path.rsplit('/')),
    }
}

fn segments_fit<'a>(wanted: impl Iterator<Item = &'a str>, found: impl Iterator<Item = &'a str>) -> bool {
    let mut found = found.filter(|segment| !segment.is_empty());
    wanted.filter(|segment| !segment.is_empty()).all(|segment| {
        found
            .next()
            .is_some_and(|it| segment == "*" || segment.eq_ignore_ascii_case(it))
    })
}

pub(super) fn method_fits(pattern: &str, method: &str) -> bool {
    pattern == "*" || pattern.eq_ignore_ascii_case(method)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_the_end_of_a_path() {
        let table = [
            ("/submissions", "/v1.0/my/applications/A/submissions", true),
            ("/submissions", "/v1.0/my/applications/A/submissions/1", false),
            ("/submissions/*", "/v1.0/my/applications/A/submissions/1", true),
            ("/submissions/*/commit", "/v1.0/my/applications/A/submissions/1/Commit", true),
            ("/applications/*/submissions", "/v1.0/my/inappproducts/A/submissions", false),
            ("", "/anything", true),
            ("/a/b/c", "/b/c", false),
            ("/v1.0/my/**", "/v1.0/my/applications", true),
            ("/v1.0/my/**", "/blob/ingestion/x", false),
            ("/v1.0/*/applications/**", "/v1.0/my/inappproducts", false),
            ("**", "/anything", true),
        ];
        for (pattern, path, expected) in table {
            assert_eq!(path_fits(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let request = RecordedRequest {
            method: "PUT".into(),
            path: "/blob".into(),
            query: "sv=1&sig=s3cr3t&comp=block&client_assertion=s3cr3t&token=s3cr3t".into(),
            headers: vec![("authorization".into(), "Bearer s3cr3t".into()), ("x-a".into(), "b".into())],
            body: RecordedBody::Bytes(Bytes::from_static(b"client_secret=s3cr3t&client_assertion=s3cr3t")),
            at: Duration::ZERO,
            status: None,
        };
        let shown = format!("{request:?}");
        assert!(!shown.contains("s3cr3t") && shown.contains("comp=block"), "{shown}");
    }
}
