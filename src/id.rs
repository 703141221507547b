//! Identifiers of the service, each a type of its own, so that a flight id cannot stand where a
//! submission id belongs.
//!
//! An id is valid by construction, so that nothing but `[A-Za-z0-9-]{1,64}` reaches a path. Models hold an `Option` of one: the
//! service sends `""` and `"0"` for "none".

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

/// An error for text that is not an id of the service: an id is 1 to 64 ASCII letters, digits or hyphens.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {what}: 1 to 64 ASCII letters, digits or hyphens are expected{hint}")]
pub struct ParseIdError {
    what: &'static str,
    text: String,
    hint: &'static str,
}

fn check(what: &'static str, text: &str) -> Result<(), ParseIdError> {
    let well_formed = (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if well_formed {
        return Ok(());
    }
    // A Package/Identity/Name is what users most often put here; the service answers 500 to it.
    let hint = if text.contains('.') && !text.contains('/') {
        "; this looks like a package name: the id stands in Partner Center under Product identity"
    } else {
        ""
    };
    let text = text.chars().take(80).collect();
    Err(ParseIdError { what, text, hint })
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident: $what:literal;)*) => {$(
        $(#[$doc])*
        ///
        /// Create one with [`str::parse`] or `TryFrom<&str>`, which check it.
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Returns the text of the id.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                check($what, text).map(|()| Self(text.to_owned()))
            }
        }

        impl TryFrom<&str> for $name {
            type Error = ParseIdError;

            fn try_from(text: &str) -> Result<Self, ParseIdError> {
                text.parse()
            }
        }

        impl TryFrom<String> for $name {
            type Error = ParseIdError;

            fn try_from(text: String) -> Result<Self, ParseIdError> {
                text.parse()
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl From<&Self> for $name {
            fn from(id: &Self) -> Self {
                id.clone()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }
    )*};
}

ids! {
    /// The Store ID of an app, for example `9NBLGGH4R315`.
    ApplicationId: "an application id";
    /// The Store ID of an add-on.
    #[doc(alias = "add-on")]
    InAppProductId: "an add-on id";
    /// The id of a package flight, a GUID.
    FlightId: "a flight id";
    /// The id of a submission: a decimal number of up to 19 digits, kept as text.
    SubmissionId: "a submission id";
}

/// Reads the id in a model. Returns `None` for null, `""`, `"0"` and anything else that is not an id.
pub(crate) fn known<'de, D: Deserializer<'de>, I: FromStr>(deserializer: D) -> Result<Option<I>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.filter(|text| text != "0").and_then(|text| text.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_the_service_uses_and_nothing_that_bends_a_path() {
        for good in [
            "9NBLGGH4R315",
            "1152921505700520589",
            "43e448df-97c9-4a43-a0bc-2a445e736bcd",
            "0",
        ] {
            assert_eq!(good.parse::<SubmissionId>().unwrap(), good);
        }
        let long = "a".repeat(65);
        for bad in [
            "",
            " ",
            "..",
            ".",
            "a/b",
            "a\\b",
            "a?b",
            "a#b",
            "a%2Fb",
            "é",
            "a b",
            "a\n",
            long.as_str(),
        ] {
            assert!(bad.parse::<ApplicationId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_is_no_id_is_none_in_a_model() {
        let table = [
            ("", false),
            ("0", false),
            ("../x", false),
            ("a/b", false),
            ("a?b", false),
            ("..", false),
            ("7", true),
        ];
        for (text, is_id) in table {
            let text = serde_json::Value::from(text);
            assert_eq!(known::<_, SubmissionId>(&text).unwrap().is_some(), is_id, "{text}");
        }
        assert!(serde_json::from_str::<SubmissionId>(r#""../x""#).is_err());
    }

    #[test]
    fn a_package_name_gets_a_hint() {
        let error = "Contoso.App".parse::<ApplicationId>().unwrap_err().to_string();
        assert!(error.contains("Product identity"), "{error}");
    }
}
