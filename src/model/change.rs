//! One difference between a received document and its update.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

/// One difference between a document as it was received and the update that it would be sent as. The upload link does
/// not show.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Change {
    /// The place, as a JSON pointer. The index of a list element counts in the update; that of a removed one in what was
    /// received.
    pub pointer: String,
    /// The value as received; `None` for something new, and then not serialised, so that it is not taken for null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// The value to be sent; `None` for something removed, and then not serialised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

impl Change {
    pub(crate) fn new(pointer: impl Into<String>, before: Option<Value>, after: Option<Value>) -> Self {
        Self {
            pointer: pointer.into(),
            before,
            after,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pointer = &self.pointer;
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => write!(f, "{pointer}: {before} -> {after}"),
            (None, Some(after)) => write!(f, "{pointer}: added {after}"),
            (Some(before), None) => write!(f, "{pointer}: removed {before}"),
            (None, None) => f.write_str(pointer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_and_nothing_are_told_apart_when_serialised() {
        let serialised = |before, after| serde_json::to_value(Change::new("/a", before, after)).unwrap();
        assert_eq!(
            serialised(None, Some(Value::Null)),
            serde_json::json!({"pointer": "/a", "after": null})
        );
        assert_eq!(
            serialised(Some(Value::Null), None),
            serde_json::json!({"pointer": "/a", "before": null})
        );
    }

    #[test]
    fn is_shown_in_one_line() {
        let table = [
            (Some(1.into()), Some("x".into()), r#"/a: 1 -> "x""#),
            (None, Some(Value::Null), "/a: added null"),
            (Some(true.into()), None, "/a: removed true"),
        ];
        for (before, after, shown) in table {
            assert_eq!(Change::new("/a", before, after).to_string(), shown);
        }
    }
}
