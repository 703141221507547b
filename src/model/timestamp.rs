//! A date as the service wrote it. The text is kept, because it goes back as it came.

use std::fmt;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

/// A date and time of the wire, kept as text: ISO 8601 with 0, 3 or 7 fractional digits. "Not set" is written as the
/// year 1601 or as the empty text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(String);

impl Timestamp {
    /// Keeps the text as it is.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text of the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a date at all: neither empty nor in the year 1601.
    #[must_use]
    pub fn is_set(&self) -> bool {
        !self.0.trim().is_empty() && !self.0.trim_start().starts_with("1601-")
    }

    /// The moment, if one is set and readable.
    #[must_use]
    pub fn to_system_time(&self) -> Option<SystemTime> {
        if self.is_set() { crate::date::parse(&self.0) } else { None }
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        Self(crate::date::format(time))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn knows_what_is_set() {
        let table = [
            ("", None),
            ("1601-01-01T00:00:00Z", None),
            ("1601-01-01T00:00:00.0000000Z", None),
            ("1970-01-01T00:00:01Z", Some(1)),
            ("1970-01-01T00:00:01.0000000Z", Some(1)),
            ("1970-01-01T02:00:01+02:00", Some(1)),
            ("soon", None),
        ];
        for (text, expected) in table {
            let expected = expected.map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds));
            assert_eq!(Timestamp::new(text).to_system_time(), expected, "{text}");
            assert_eq!(Timestamp::new(text).as_str(), text);
        }
    }

    #[test]
    fn is_made_from_a_time() {
        assert_eq!(Timestamp::from(UNIX_EPOCH).as_str(), "1970-01-01T00:00:00Z");
    }
}
