//! Enumerations that stay open: a value that the crate does not know is kept, not refused.
//!
//! Reading ignores case and writing is exact, because the service matches values by case. An empty text means "not
//! set" and is the default.

/// A value that this version of the crate does not know, or the empty text for "not set". Opaque, so that a value that
/// becomes known later does not change what a program matches: read it with `as_str()` of the enumeration.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct OtherValue(Box<str>);

impl OtherValue {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The text as the service wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! open_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        ///
        /// An open set: a value that the crate does not know is kept in `Other`. Reading ignores case, writing is exact.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
            /// A value that the crate does not know, or the empty text: not set.
            Other($crate::model::open_enum::OtherValue),
        }

        impl $name {
            /// The values that the crate knows.
            pub const KNOWN: &'static [&'static str] = &[$($text),*];

            /// The exact text of the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Other(text) => text.as_str(),
                }
            }

            /// Whether there is a value at all.
            #[must_use]
            pub fn is_set(&self) -> bool {
                !self.as_str().is_empty()
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::Other($crate::model::open_enum::OtherValue::default())
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                $(if text.eq_ignore_ascii_case($text) {
                    return Self::$variant;
                })*
                Self::Other($crate::model::open_enum::OtherValue::new(text))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer).map(|text| Self::from(text.as_str()))
            }
        }
    };
}

pub(crate) use open_enum;
