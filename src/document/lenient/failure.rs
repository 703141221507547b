//! What does not fit: an error on its way up through the reader, and what remains of it. Neither holds a value.

use std::fmt;

use serde::de::{Expected, Unexpected};
use serde_json::{Map, Value};

use crate::document::lenient::scalars::{as_bool, as_number};

/// Where received JSON does not fit the view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ViewError {
    /// For example `listings.en-us.baseListing.images[0].id`; empty for the body itself.
    pub(crate) path: String,
    /// What was expected there, in words.
    pub(crate) expected: String,
}

impl fmt::Display for ViewError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, expected } = self;
        if path.is_empty() {
            write!(f, "{expected} is expected")
        } else {
            write!(f, "{expected} is expected at {path}")
        }
    }
}

/// What the view wants where the JSON's kind matters.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Text,
    Bool,
    Number,
    Object,
}

impl Kind {
    pub(super) fn accepts(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string() || value.is_number(),
            Self::Bool => as_bool(value).is_some(),
            Self::Number => as_number(value).is_some(),
            Self::Object => value.is_object(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Bool => "true or false",
            Self::Number => "a number",
            Self::Object => "an object",
        }
    }
}

/// A map, and the kind that its entries must have to be seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entries<'de> {
    pub(super) map: &'de Map<String, Value>,
    pub(super) kind: Kind,
}

impl Entries<'_> {
    pub(super) fn is(&self, map: &Map<String, Value>) -> bool {
        std::ptr::eq(self.map, map)
    }
}

/// An error on its way up; the path is collected from its end.
#[derive(Debug)]
pub(super) struct Failure<'de> {
    path: Vec<String>,
    expected: String,
    /// The kind that the value itself should have had.
    pub(super) kind: Option<Kind>,
    /// Set when it is an entry of a map that is of another kind.
    pub(super) entries: Option<Entries<'de>>,
}

impl Failure<'_> {
    pub(super) fn new(expected: impl Into<String>) -> Self {
        Self {
            path: Vec::new(),
            expected: expected.into(),
            kind: None,
            entries: None,
        }
    }

    pub(super) fn kind(kind: Kind) -> Self {
        Self {
            kind: Some(kind),
            ..Self::new(kind.name())
        }
    }

    pub(super) fn under(mut self, segment: String) -> Self {
        self.path.push(segment);
        self.kind = None;
        self
    }
}

impl From<Failure<'_>> for ViewError {
    fn from(failure: Failure<'_>) -> Self {
        let path: String = failure.path.iter().rev().map(String::as_str).collect();
        Self {
            path: path.trim_start_matches('.').to_owned(),
            expected: failure.expected,
        }
    }
}

impl fmt::Display for Failure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is expected", self.expected)
    }
}

impl std::error::Error for Failure<'_> {}

impl serde::de::Error for Failure<'_> {
    // A message may quote a value, so none is kept.
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::new("another value")
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(expected.to_string())
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(expected.to_string())
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::new(expected.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(format!("a member `{field}`"))
    }
}
