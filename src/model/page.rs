//! The envelope of a list.

use serde::{Deserialize, Serialize};

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Page<T> {
    /// The items of this page.
    #[serde(bound(deserialize = "T: Deserialize<'de>"))]
    pub value: Vec<T>,
    /// The number of items of the whole list.
    pub total_count: Option<u64>,
    /// Path and query of the next page, relative to the endpoint. Empty on the last page, and sometimes before it.
    #[serde(rename = "@nextLink")]
    pub next_link: String,
}

// By hand, because the derive would ask for `T: Default`.
impl<T> Default for Page<T> {
    fn default() -> Self {
        Self {
            value: Vec::new(),
            total_count: None,
            next_link: String::new(),
        }
    }
}
