//! What does not fit: an error on its way up through the reader, and what remains of it. Neither holds a value.

use std::fmt;

use serde::de::{Expected, Unexpected};
use serde_json::Value;

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

/// One step from a value to one inside of it.
#[derive(Debug)]
pub(super) enum Step {
    Member(String),
    Element(usize),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(name) => write!(f, ".{name}"),
            Self::Element(index) => write!(f, "[{index}]"),
        }
    }
}

/// An error on its way up.
#[derive(Debug)]
pub(super) struct Failure {
    /// From the end.
    path: Vec<Step>,
    expected: String,
    /// The kind that should have stood there, if `path` is empty or ends with an entry of a map.
    kind: Option<Kind>,
}

impl Failure {
    pub(super) fn new(expected: impl Into<String>) -> Self {
        Self {
            path: Vec::new(),
            expected: expected.into(),
            kind: None,
        }
    }

    pub(super) fn kind(kind: Kind) -> Self {
        Self {
            kind: Some(kind),
            ..Self::new(kind.name())
        }
    }

    /// The failure of what is around it; without a step where a single value served for a list.
    pub(super) fn under(mut self, step: Option<Step>) -> Self {
        if self.path.is_empty() {
            self.kind = None;
        }
        self.path.extend(step);
        self
    }

    /// The failure of the map of which it is an entry.
    pub(super) fn under_key(mut self, key: &str) -> Self {
        self.path.push(Step::Member(key.to_owned()));
        self
    }

    /// When an entry of a map is of another kind, takes all such entries out of that map. Whether there were any.
    pub(super) fn leave_out(&self, root: &mut Value) -> bool {
        let (Some(kind), [_, path @ ..]) = (self.kind, self.path.as_slice()) else {
            return false;
        };
        let map = path.iter().rev().try_fold(root, |value, step| match step {
            Step::Member(name) => value.get_mut(name),
            Step::Element(index) => value.get_mut(index),
        });
        let Some(Value::Object(map)) = map else { return false };
        let count = map.len();
        map.retain(|_, value| kind.accepts(value));
        map.len() < count
    }
}

impl From<Failure> for ViewError {
    fn from(failure: Failure) -> Self {
        let path: String = failure.path.iter().rev().map(Step::to_string).collect();
        Self {
            path: path.trim_start_matches('.').to_owned(),
            expected: failure.expected,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is expected", self.expected)
    }
}

impl std::error::Error for Failure {}

impl serde::de::Error for Failure {
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
