//! What must not be printed: the upload link, and the scrubbing of known secrets from texts that are kept.

use std::fmt;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use url::Url;

/// What stands in a text where a secret was.
pub(crate) const REDACTED: &str = "[redacted]";

/// The link to which the ZIP of a submission is uploaded (`fileUploadUrl`): a shared access signature, so whoever
/// holds it can write the blob. `Debug` and `Display` hide its query.
///
/// The text is kept exactly. An empty one means that there is none: the service sends no link for a draft that was
/// made in Partner Center.
///
/// Encoding it with serde writes the whole link, because an update needs it.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UploadUrl(String);

impl UploadUrl {
    /// Keeps the text as it is; it is checked when something is uploaded to it.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Whether there is a link at all.
    #[must_use]
    pub fn is_set(&self) -> bool {
        !self.0.trim().is_empty()
    }

    /// The exact text, with the signature. Do not print it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The end of its life (`se`), which is about 24 hours after the draft was made.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        let url = Url::parse(&self.0).ok()?;
        url.query_pairs()
            .find(|(name, _)| name == "se")
            .and_then(|(_, end)| crate::date::parse(&end))
    }

    /// The link as it is sent: each raw `+` of the query becomes `%2B`, which the blob store would otherwise read as
    /// a blank, and nothing else changes.
    pub(crate) fn sendable(&self) -> String {
        match self.0.trim().split_once('?') {
            Some((path, query)) => format!("{path}?{}", query.replace('+', "%2B")),
            None => self.0.trim().to_owned(),
        }
    }
}

impl From<&Self> for UploadUrl {
    fn from(url: &Self) -> Self {
        url.clone()
    }
}

impl fmt::Display for UploadUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redact_url(&self.0))
    }
}

impl fmt::Debug for UploadUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UploadUrl({})", redact_url(&self.0))
    }
}

/// A link without its query, user information and fragment.
pub(crate) fn redact_url(text: &str) -> String {
    match Url::parse(text.trim()) {
        Ok(url) => {
            let query = if url.query().is_some() {
                format!("?{REDACTED}")
            } else {
                String::new()
            };
            let host = url.host_str().unwrap_or_default();
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            format!("{}://{host}{port}{}{query}", url.scheme(), url.path())
        }
        Err(_) if text.trim().is_empty() => String::new(),
        Err(_) => REDACTED.to_owned(),
    }
}

/// Removes from a text that is kept (an error body, a message) what looks like a credential: signatures of links and
/// bearer tokens, whoever they belong to, and the given known secrets.
pub(crate) fn scrub(text: &str, known: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in known.iter().filter(|secret| secret.len() >= 4) {
        text = text.replace(secret, REDACTED);
    }
    for mark in ["sig=", "sig%3D", "Bearer ", "client_secret=", "client_assertion="] {
        text = scrub_after(&text, mark);
    }
    text
}

/// A text of the service, scrubbed when it is shown.
pub(crate) struct Scrubbed<'t>(pub(crate) &'t str);

impl fmt::Display for Scrubbed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&scrub(self.0, &[]))
    }
}

impl fmt::Debug for Scrubbed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&scrub(self.0, &[]), f)
    }
}

fn scrub_after(text: &str, mark: &str) -> String {
    let mut scrubbed = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = find_ignoring_case(rest, mark) {
        let (before, after) = rest.split_at(at + mark.len());
        scrubbed.push_str(before);
        let end = credential_len(after);
        if end > 0 {
            scrubbed.push_str(REDACTED);
        }
        rest = &after[end..];
    }
    scrubbed.push_str(rest);
    scrubbed
}

/// How much of the beginning of a text is a credential. Signs of base64 may stand in it as JSON and HTML escape them.
fn credential_len(text: &str) -> usize {
    const ESCAPED: [&str; 10] = [
        "\\u002b", "\\u002f", "\\u003d", "\\/", "&#x2b;", "&#43;", "&#x2f;", "&#47;", "&#x3d;", "&#61;",
    ];
    let mut end = 0;
    loop {
        let rest = &text[end..];
        end += rest
            .find(|c: char| c.is_whitespace() || "&\"'<>,;)\\".contains(c))
            .unwrap_or(rest.len());
        let follows = |sign: &&&str| {
            let head = text.as_bytes()[end..].get(..sign.len());
            head.is_some_and(|head| head.eq_ignore_ascii_case(sign.as_bytes()))
        };
        match ESCAPED.iter().find(follows) {
            Some(sign) => end += sign.len(),
            None => return end,
        }
    }
}

fn find_ignoring_case(text: &str, mark: &str) -> Option<usize> {
    text.as_bytes()
        .windows(mark.len())
        .position(|window| window.eq_ignore_ascii_case(mark.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "https://store.blob.core.windows.net/ingestion/guid?sv=2014-02-14&sr=b&sig=ab+c%2Bd%3D&se=2026-02-10T07%3A24%3A27Z&sp=rwl";

    #[test]
    fn only_a_plus_of_the_query_changes() {
        let link = UploadUrl::new(LINK);
        assert_eq!(link.expose(), LINK);
        assert_eq!(link.sendable(), LINK.replace("ab+c", "ab%2Bc"));
        assert_eq!(UploadUrl::new("https://h/a+b?x=1+2").sendable(), "https://h/a+b?x=1%2B2");
    }

    #[test]
    fn the_expiry_is_read_and_the_signature_is_not_shown() {
        let link = UploadUrl::new(LINK);
        assert_eq!(link.expires_at(), crate::date::parse("2026-02-10T07:24:27Z"));
        let shown = format!("{link} {link:?}");
        assert!(
            !shown.contains("ab+c") && shown.contains("store.blob.core.windows.net"),
            "{shown}"
        );
        assert_eq!(
            format!("{:?}", UploadUrl::new("not a link ?sig=abc")),
            "UploadUrl([redacted])"
        );
        assert_eq!(UploadUrl::default().expires_at(), None);
        assert!(!UploadUrl::new(" ").is_set());
    }

    #[test]
    fn texts_are_scrubbed() {
        let table = [
            (
                "see https://h/b?sv=1&SIG=abc%2B&sp=r now",
                "see https://h/b?sv=1&SIG=[redacted]&sp=r now",
            ),
            ("Authorization: bearer eyJ0.x.y, ok", "Authorization: bearer [redacted], ok"),
            ("a client_secret=hunter2&b", "a client_secret=[redacted]&b"),
            ("the word s3cr3t here", "the word [redacted] here"),
            (
                r#"{"u":"b?sig=a\u002Bb\/c\u003D\u0026sp=r"}"#,
                r#"{"u":"b?sig=[redacted]\u0026sp=r"}"#,
            ),
            (
                "<a href='b?sig=a&#x2B;b&#47;c&amp;sp=r'>",
                "<a href='b?sig=[redacted]&amp;sp=r'>",
            ),
            ("?to=h%3Fsig%3Dabc%252Bd here", "?to=h%3Fsig%3D[redacted] here"),
            ("sig= and nothing", "sig= and nothing"),
        ];
        for (text, expected) in table {
            assert_eq!(scrub(text, &["s3cr3t", ""]), expected);
        }
    }
}
