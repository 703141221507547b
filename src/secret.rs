//! What must not be printed: the upload link, and the scrubbing of known secrets from texts that are kept.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use url::Url;

/// What stands in a text where a secret was.
pub(crate) const REDACTED: &str = "[redacted]";

/// The link to which the ZIP of a submission is uploaded (`fileUploadUrl`): a shared access signature, so anyone
/// who has it can write the blob. `Debug` and `Display` hide its query.
///
/// The text is kept exactly. An empty one means that there is none: the service sends no link for a draft that was
/// made in Partner Center.
///
/// Encoding it with serde writes the whole link, because an update needs it.
#[derive(Clone, PartialEq, Eq)]
pub struct UploadUrl {
    text: String,
    /// As it is sent.
    url: Result<Url, url::ParseError>,
}

impl UploadUrl {
    /// Creates a link from its text, which is checked when it is used.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        // A raw `+` of the query, which the blob store would read as a blank, is escaped; nothing else changes.
        let url = match text.trim().split_once('?') {
            Some((path, query)) => Url::parse(&format!("{path}?{}", query.replace('+', "%2B"))),
            None => Url::parse(text.trim()),
        };
        Self { text, url }
    }

    /// Returns whether there is a link.
    #[must_use]
    pub fn is_set(&self) -> bool {
        !self.text.trim().is_empty()
    }

    /// Returns the exact text, with the signature. Do not print it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// Returns when the link expires (`se`), which is about 24 hours after the draft was created.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        let url = self.url.as_ref().ok()?;
        url.query_pairs()
            .find(|(name, _)| name == "se")
            .and_then(|(_, end)| crate::date::parse(&end))
    }

    /// Returns when the link expired, if it has.
    pub(crate) fn ended(&self, now: SystemTime) -> Option<SystemTime> {
        self.expires_at().filter(|end| *end <= now)
    }

    /// Returns the signature as it means, as it stands in the link, and as it is sent: what an answer may repeat.
    pub(crate) fn signatures(&self) -> Vec<SecretString> {
        let sent = self.url.as_ref().map_or("", Url::as_str);
        let decoded = self.url.iter().flat_map(Url::query_pairs).find(|(name, _)| name == "sig");
        let raw = [self.expose(), sent]
            .into_iter()
            .filter_map(|text| text.split(['?', '&']).find_map(|pair| pair.strip_prefix("sig=")));
        let all = raw.map(str::to_owned).chain(decoded.map(|(_, value)| value.into_owned()));
        all.filter(|text| !text.is_empty()).map(SecretString::from).collect()
    }

    /// Returns the link as it is sent.
    pub(crate) fn url(&self) -> Result<&Url, url::ParseError> {
        self.url.as_ref().map_err(|error| *error)
    }
}

impl Default for UploadUrl {
    fn default() -> Self {
        Self::new("")
    }
}

impl<'de> Deserialize<'de> for UploadUrl {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

impl Serialize for UploadUrl {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl From<&Self> for UploadUrl {
    fn from(url: &Self) -> Self {
        url.clone()
    }
}

impl fmt::Display for UploadUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redact_url(&self.text))
    }
}

impl fmt::Debug for UploadUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UploadUrl({})", redact_url(&self.text))
    }
}

/// Returns the link without its query, user information and fragment.
pub(crate) fn redact_url(text: &str) -> String {
    let Ok(mut url) = Url::parse(text.trim()) else {
        return if text.trim().is_empty() { "" } else { REDACTED }.to_owned();
    };
    if url.query().is_some() {
        url.set_query(Some(REDACTED));
    }
    url.set_fragment(None);
    // They fail only for links that cannot have any.
    let _ = (url.set_username(""), url.set_password(None));
    url.into()
}

/// Removes from a text that is kept (an error body, a message) what looks like a credential: signatures of links and
/// bearer tokens and JWTs, whoever they belong to, and the given known secrets, also as forms, links, JSON and HTML spell them.
pub(crate) fn scrub(text: &str, known: &[&str]) -> String {
    scrub_cut(text, known, usize::MAX)
}

/// Scrubs a text that may have been cut: the beginning of a secret at the end of the text goes too, if it has at least so many
/// characters.
pub(crate) fn scrub_cut(text: &str, known: &[&str], at_least: usize) -> String {
    let mut found = Vec::new();
    let lower = text.to_ascii_lowercase();
    for mark in ["sig=", "sig%3d", "bearer ", "client_secret=", "client_assertion="] {
        let starts = lower.match_indices(mark).map(|(at, mark)| at + mark.len());
        let credentials = starts.map(|start| start..start + credential_len(&text[start..]));
        found.extend(credentials.filter(|range| !range.is_empty()));
    }
    found.extend(jwts(text));
    for secret in known {
        find_secret(text, secret, at_least, &mut found);
    }
    found.sort_unstable_by_key(|range| range.start);
    let (mut scrubbed, mut end) = (String::with_capacity(text.len()), 0);
    for range in found {
        if range.start >= end {
            scrubbed.push_str(&text[end..range.start]);
            scrubbed.push_str(REDACTED);
        }
        end = end.max(range.end);
    }
    scrubbed.push_str(&text[end..]);
    scrubbed
}

/// Each place of a JWT: a part that begins as JSON objects do in base64url, and at least one more, joined by dots. Within a word, as
/// after an escape such as `%22`, more of the object is looked at: `surveyJob.id` is none.
fn jwts(text: &str) -> Vec<Range<usize>> {
    let is_of_it = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let (mut found, mut from) = (Vec::new(), 0);
    for piece in text.split_inclusive(|c| !is_of_it(c)) {
        // A point at the end is that of the sentence.
        let piece_end = from + piece.len();
        let piece = piece.trim_end_matches(|c| c == '.' || !is_of_it(c));
        let before_last = piece.rfind('.').unwrap_or_default();
        let mut starts = piece[..before_last].match_indices("eyJ").map(|(start, _)| start);
        let is_in_word = |start: usize| piece[..start].ends_with(|c: char| c.is_ascii_alphanumeric());
        let start = starts.find(|start| !is_in_word(*start) || begins_an_object(&piece[*start..]));
        found.extend(start.map(|start| from + start..from + piece.len()));
        from = piece_end;
    }
    found
}

/// Whether a text begins as a JSON object of printable ASCII does in base64url.
fn begins_an_object(text: &str) -> bool {
    let start = text.get(..12).and_then(|start| URL_SAFE_NO_PAD.decode(start).ok());
    start.is_some_and(|start| start.starts_with(b"{\"") && start.iter().all(|byte| matches!(byte, b' '..=b'~')))
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

/// Each place of a secret, in any spelling.
fn find_secret(text: &str, secret: &str, at_least: usize, found: &mut Vec<Range<usize>>) {
    let spelled: Vec<Vec<String>> = secret.chars().map(spellings).collect();
    let mut from = 0;
    while let Some(next) = text[from..].chars().next() {
        let length = secret_len(&text[from..], &spelled, at_least).unwrap_or(0);
        if length > 0 {
            found.push(from..from + length);
        }
        from += length.max(next.len_utf8());
    }
}

/// How much of the beginning of a text is the secret, or all of a text that ends within it.
fn secret_len(text: &str, spelled: &[Vec<String>], at_least: usize) -> Option<usize> {
    // A character may be spelled in several ways that begin alike, so there may be several ends.
    let mut ends = BTreeSet::from([0]);
    for (index, spellings) in spelled.iter().enumerate() {
        let mut next = BTreeSet::new();
        for end in ends {
            let rest = &text[end..];
            if index >= at_least && spellings.iter().any(|spelling| begins(spelling, rest)) {
                return Some(text.len());
            }
            let fitting = spellings.iter().filter(|spelling| begins(rest, spelling));
            next.extend(fitting.map(|spelling| end + spelling.len()));
        }
        if next.is_empty() {
            return None;
        }
        ends = next;
    }
    ends.pop_last()
}

/// How a character of a secret may stand in a text: as it is, and as forms, links, JSON and HTML write it.
fn spellings(c: char) -> Vec<String> {
    let (text, code) = (c.to_string(), u32::from(c));
    let mut all = vec![
        text.bytes().map(|byte| format!("%{byte:02x}")).collect(),
        text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect(),
        format!("&#{code};"),
        format!("&#x{code:x};"),
        text,
    ];
    let others: &[&str] = match c {
        ' ' => &["+"],
        '"' => &["\\\"", "&quot;"],
        '\\' => &["\\\\"],
        '/' => &["\\/"],
        '&' => &["&amp;"],
        '<' => &["&lt;"],
        '>' => &["&gt;"],
        '\'' => &["&apos;"],
        '\n' => &["\\n"],
        '\r' => &["\\r"],
        '\t' => &["\\t"],
        _ => &[],
    };
    all.extend(others.iter().map(ToString::to_string));
    all
}

/// Whether a text begins with a spelling. A character as it is counts in its own case alone; what is longer is spelled in signs
/// and hexadecimal digits, which may have either case.
fn begins(text: &str, start: &str) -> bool {
    let head = text.as_bytes().get(..start.len());
    head.is_some_and(|head| head == start.as_bytes() || start.len() > 1 && head.eq_ignore_ascii_case(start.as_bytes()))
}

/// How much of the beginning of a text is a credential. Signs of base64 may stand in it as JSON and HTML escape them.
fn credential_len(text: &str) -> usize {
    let signs: Vec<String> = "+/=".chars().flat_map(spellings).collect();
    let mut end = 0;
    loop {
        let rest = &text[end..];
        end += rest
            .find(|c: char| c.is_whitespace() || "&\"'<>,;)\\".contains(c))
            .unwrap_or(rest.len());
        match signs.iter().find(|sign| begins(&text[end..], sign)) {
            Some(sign) => end += sign.len(),
            None => return end,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "https://store.blob.core.windows.net/ingestion/guid?sv=2014-02-14&sr=b&sig=ab+c%2Bd%3D&se=2026-02-10T07%3A24%3A27Z&sp=rwl";

    #[test]
    fn only_a_plus_of_the_query_changes() {
        let link = UploadUrl::new(LINK);
        assert_eq!(link.expose(), LINK);
        assert_eq!(link.url().unwrap().as_str(), LINK.replace("ab+c", "ab%2Bc"));
        let link = UploadUrl::new(" https://h/a+b?x=1+2");
        assert_eq!(link.url().unwrap().as_str(), "https://h/a+b?x=1%2B2");
        assert_eq!(link, serde_json::from_str(r#"" https://h/a+b?x=1+2""#).unwrap());
        assert_eq!(serde_json::to_string(&link).unwrap(), r#"" https://h/a+b?x=1+2""#);
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
    fn a_life_is_over_at_its_end() {
        let at = |text: &str| crate::date::parse(text).unwrap();
        let end = at("2026-02-10T07:24:27Z");
        let with = |end: &str| UploadUrl::new(format!("https://h/b?sig=x&se={end}"));
        for (link, now, over) in [
            (with("2026-02-10T07%3A24%3A27Z"), at("2026-02-10T07:24:26Z"), None),
            (with("2026-02-10T07%3A24%3A27Z"), end, Some(end)),
            (with("2026-02-10T08:24:27+01:00"), at("2027-01-01"), Some(end)),
            (with(""), at("2027-01-01"), None),
            (UploadUrl::default(), at("2027-01-01"), None),
        ] {
            assert_eq!(link.ended(now), over, "{}", link.expose());
        }
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
            ("the token eyJh.eyJz.c2ln-_ ended", "the token [redacted] ended"),
            ("cut: eyJh.eyJz", "cut: [redacted]"),
            ("it was eyJh.eyJz.c2ln. Trace", "it was [redacted]. Trace"),
            ("\"eyJh.eyJz.c2ln\"", "\"[redacted]\""),
            ("the word eyJh. And more", "the word eyJh. And more"),
            (
                "surveyJob.id.name, keyJsonDocuments.value",
                "surveyJob.id.name, keyJsonDocuments.value",
            ),
            ("surveyJob.eyJh.eyJz.c2ln", "surveyJob.[redacted]"),
            ("token_eyJh.eyJz.c2ln", "token_[redacted]"),
            (
                "a%22eyJhbGciOiJub25lIn0.eyJz.c2ln%22 \\neyJhbGciOiJub25lIn0.x.y",
                "a%22[redacted]%22 \\n[redacted]",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(scrub(text, &["s3cr3t", ""]), expected);
        }
    }

    #[test]
    fn a_long_text_is_read_once() {
        let text = format!("{} x.y", "eyJ".repeat(1 << 20));
        // As many steps as the square of its length would not end today.
        assert_eq!(scrub(&text, &[]), text);
        let text = format!("a{}.x", "eyJ".repeat(1 << 20));
        assert_eq!(scrub(&text, &[]), text);
        assert_eq!(scrub(&"eyJ.a ".repeat(3), &[]), "[redacted] [redacted] [redacted] ");
    }

    #[test]
    fn a_secret_is_scrubbed_however_it_is_spelled() {
        let table = [
            // secret, text, expected
            ("p@ss w+rd", "password=p%40ss+w%2Brd&x", "password=[redacted]&x"),
            ("p@ss w+rd", "password=p%40ss%20w%2brd&x", "password=[redacted]&x"),
            ("p@ss w+rd", "%70%40%73%73%20%77%2B%72%64", "[redacted]"),
            ("p@ss", "p%4oss p@ss p@s", "p%4oss [redacted] p@s"),
            ("P@ss", "p@ss", "p@ss"),
            (r#"a"b\c/d"#, r#"{"v":"a\"b\\c\/d"}"#, r#"{"v":"[redacted]"}"#),
            (
                "a<b&c",
                "a&lt;b&amp;c or a&#60;b&#x26;c or a\\u003Cb\\u0026c",
                "[redacted] or [redacted] or [redacted]",
            ),
            ("100%25", "100%25 or 100%2525", "[redacted] or [redacted]"),
            ("tökén", "t%C3%B6k%c3%a9n, t\\u00f6k\\u00e9n", "[redacted], [redacted]"),
            ("abc", "ab%63abcc", "[redacted][redacted]c"),
            ("", "nothing", "nothing"),
            // A short one, also where it is within a mark or within what stands for another.
            ("s3", "as3s3", "a[redacted][redacted]"),
            ("s", "?sig=abc", "?[redacted]ig=[redacted]"),
            ("red", "sig=abc", "sig=[redacted]"),
        ];
        for (secret, text, expected) in table {
            assert_eq!(scrub(text, &[secret]), expected, "{secret} in {text}");
        }
    }

    #[test]
    fn the_beginning_of_a_secret_at_a_cut_is_scrubbed() {
        let table = [
            // text, at least, expected
            ("x t0k/n", 1, "x [redacted]"),
            ("x t0k%2", 1, "x [redacted]"),
            ("x t", 1, "x [redacted]"),
            ("x t", 2, "x t"),
            ("t0k/n9", 9, "[redacted]"),
            ("t0k/n9 t0", 3, "[redacted] t0"),
            ("t0k/n then", 1, "t0k/n then"),
            ("", 1, ""),
        ];
        for (text, at_least, expected) in table {
            assert_eq!(scrub_cut(text, &["t0k/n9"], at_least), expected, "{text}");
        }
    }
}
