//! Identifiers of the service, each a type of its own, so that a flight id cannot stand where a
//! submission id belongs.
//!
//! An id is valid by construction, so that nothing but `[A-Za-z0-9-]{1,64}` reaches a path. Models hold an `Option` of one: the
//! service sends `""` and `"0"` for "none".

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

/// An error for text that is not an id of the service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {what}: {form}{hint}")]
pub struct ParseIdError {
    what: &'static str,
    text: String,
    form: &'static str,
    hint: &'static str,
}

/// What an id looks like.
struct Form {
    fits: fn(&str) -> bool,
    /// In words.
    form: &'static str,
    /// What a text that does not fit may be instead.
    hint: fn(&str) -> &'static str,
}

fn check(what: &'static str, form: &Form, text: &str) -> Result<(), ParseIdError> {
    if (form.fits)(text) {
        return Ok(());
    }
    Err(ParseIdError {
        what,
        text: text.chars().take(80).collect(),
        form: form.form,
        hint: (form.hint)(text),
    })
}

/// Whatever the packaged API uses.
const PLAIN: Form = Form {
    fits: |text| (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'),
    form: "1 to 64 ASCII letters, digits or hyphens are expected",
    // A Package/Identity/Name is what users most often put here; the service answers 500 to it.
    hint: |text| match text.contains('.') && !text.contains('/') {
        true => "; this looks like a package name: the id stands in Partner Center under Product identity",
        false => "",
    },
};

const GUID: Form = Form {
    fits: |text| {
        let lengths = text.split('-').map(str::len);
        lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
    },
    form: "a GUID is expected, as the address of the product's page in Partner Center has it",
    hint: |text| match text.len() == 12 && text.starts_with('9') {
        true => "; this looks like a Store ID, which packaged apps (MSIX) have: their API is client.applications()",
        false => "",
    },
};

const DIGITS: Form = Form {
    fits: |text| (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()),
    form: "digits are expected, as Partner Center shows them under Account settings, Identifiers",
    hint: |_| "",
};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident: $what:literal, $form:ident;)*) => {$(
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
                check($what, &$form, text).map(|()| Self(text.to_owned()))
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
    ApplicationId: "an application id", PLAIN;
    /// The Store ID of an add-on.
    #[doc(alias = "add-on")]
    InAppProductId: "an add-on id", PLAIN;
    /// The id of a package flight, a GUID.
    FlightId: "a flight id", PLAIN;
    /// The id of a submission: a decimal number of up to 19 digits, kept as text.
    SubmissionId: "a submission id", PLAIN;
    /// The id of an MSI or EXE product, a GUID. It is not the Store ID.
    ProductId: "a product id", GUID;
    /// The id of the seller's account, digits: Account settings, Identifiers, Seller ID.
    SellerId: "a seller id", DIGITS;
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
    fn the_ids_of_the_second_api_have_forms_of_their_own() {
        let product = |text: &str| text.parse::<ProductId>().map_err(|error| error.to_string());
        assert!(product("7b0f3c1e-52a4-4c8e-9d0b-6f2f0c9a41d7").is_ok());
        assert!(product("7B0F3C1E-52A4-4C8E-9D0B-6F2F0C9A41D7").is_ok());
        for (text, words) in [
            ("9NBLGGH4R315", "client.applications()"),
            ("", "a GUID is expected"),
            ("7b0f3c1e-52a4-4c8e-9d0b-6f2f0c9a41d", "a GUID is expected"),
            ("7b0f3c1e-52a4-4c8e-9d0b-6f2f0c9a41dg", "a GUID is expected"),
            ("7b0f3c1e52a44c8e9d0b6f2f0c9a41d7", "a GUID is expected"),
        ] {
            assert!(product(text).unwrap_err().contains(words), "{text}");
        }
        assert!("115".parse::<SellerId>().is_ok());
        for text in ["", "x", "115 ", "-1", "1.5"] {
            assert!(
                text.parse::<SellerId>()
                    .unwrap_err()
                    .to_string()
                    .contains("digits are expected"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_package_name_gets_a_hint() {
        let error = "Contoso.App".parse::<ApplicationId>().unwrap_err().to_string();
        assert!(error.contains("Product identity"), "{error}");
    }
}
