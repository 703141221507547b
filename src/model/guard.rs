//! The names of the guards.

use std::fmt;

use serde::Serialize;

/// A check that stops what would do harm at the Store. Each can be lifted, one by one, where it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Guard {
    /// The price is missing or null, which makes a paid product free without a word, or it is `Base`, which the
    /// service refuses.
    Price,
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Price => "price",
        })
    }
}
