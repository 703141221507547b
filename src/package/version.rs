//! Versions of packages and of Windows.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::error::{Error, Result};

/// The version of a package or of Windows: four numbers, compared one after the other. It is serialized as text, such as `"1.4.0.0"`.
///
/// The fourth number is reserved for the Store: it has to be 0 in a package that is submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version([u16; 4]);

impl Version {
    /// Creates a version from its four numbers.
    #[must_use]
    pub const fn new(major: u16, minor: u16, build: u16, revision: u16) -> Self {
        Self([major, minor, build, revision])
    }

    /// Returns the four numbers: major, minor, build and revision.
    #[must_use]
    pub const fn numbers(self) -> [u16; 4] {
        self.0
    }

    /// Parses up to four numbers, for older manifests write the version of Windows with fewer. Missing numbers are 0.
    pub(crate) fn short(text: &str) -> Option<Self> {
        let mut numbers = [0; 4];
        let mut rest = text.split('.');
        for (place, number) in numbers.iter_mut().zip(rest.by_ref()) {
            let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            *place = number.parse().ok().filter(|_| digits)?;
        }
        rest.next().is_none().then_some(Self(numbers))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, build, revision] = self.0;
        write!(f, "{major}.{minor}.{build}.{revision}")
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for Version {
    type Err = Error;

    /// Parses four numbers from 0 to 65535 with dots between them.
    fn from_str(text: &str) -> Result<Self> {
        let four = Self::short(text).filter(|_| text.split('.').count() == 4);
        four.ok_or_else(|| {
            Error::invalid(
                "the version",
                format!("{text:?} is not four numbers from 0 to 65535, as 1.4.0.0"),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_four_numbers_and_is_compared_by_them() {
        for text in ["0.0.0.0", "1.4.0.553", "65535.65535.65535.65535"] {
            assert_eq!(text.parse::<Version>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "1",
            "1.2.3",
            "1.2.3.4.5",
            "1.2.3.65536",
            "1.2.3.-1",
            "1.2.3.+1",
            "1.2.3.",
            "1.2.3.x",
            " 1.2.3.4",
            "1..3.4",
        ] {
            let error = text.parse::<Version>().unwrap_err().to_string();
            assert!(error.contains(&format!("{text:?}")), "{error}");
        }
        assert!(Version::new(1, 10, 0, 0) > Version::new(1, 9, 9, 9));
    }

    #[test]
    fn a_version_of_windows_may_be_short() {
        for (text, version) in [
            ("6.2.1", Some([6, 2, 1, 0])),
            ("10", Some([10, 0, 0, 0])),
            ("6.2.1.0.0", None),
            ("6.x", None),
        ] {
            assert_eq!(Version::short(text).map(Version::numbers), version, "{text}");
        }
    }
}
