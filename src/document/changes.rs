//! The differences between two JSON values, for people to read. The upload link does not show.

use serde_json::Value;

use crate::document::pairs::pairs;
use crate::model::change::Change;
use crate::secret::{REDACTED, redact_url};

/// What differs. Empty exactly when the two are equal.
pub(crate) fn changes(before: &Value, after: &Value) -> Vec<Change> {
    let mut found = Vec::new();
    compare(&mut String::new(), before, after, &mut found);
    found
}

fn compare(pointer: &mut String, before: &Value, after: &Value, found: &mut Vec<Change>) {
    if before == after {
        return;
    }
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            for (name, before) in old {
                match new.get(name) {
                    Some(after) => within(pointer, &escape(name), |pointer| compare(pointer, before, after, found)),
                    None => within(pointer, &escape(name), |pointer| {
                        found.push(change(pointer, Some(before), None));
                    }),
                }
            }
            for (name, after) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
                within(pointer, &escape(name), |pointer| {
                    found.push(change(pointer, None, Some(after)));
                });
            }
        }
        (Value::Array(old), Value::Array(new)) => compare_lists(pointer, old, new, found),
        _ => found.push(change(pointer, Some(before), Some(after))),
    }
}

fn compare_lists(pointer: &mut String, old: &[Value], new: &[Value], found: &mut Vec<Change>) {
    let pairs = pairs(old, new);
    let order: Vec<usize> = pairs.iter().flatten().copied().collect();
    if !order.is_sorted() {
        // An element that moved has no pointer of its own.
        let list = |values: &[Value]| Value::Array(values.to_vec());
        found.push(change(pointer, Some(&list(old)), Some(&list(new))));
        return;
    }
    let is_gone = |index: usize| !order.contains(&index);
    let replaced = |index: usize| old.len() == new.len() && is_gone(index) && pairs.get(index) == Some(&None);
    for (index, before) in old
        .iter()
        .enumerate()
        .filter(|(index, _)| is_gone(*index) && !replaced(*index))
    {
        within(pointer, &index.to_string(), |pointer| {
            found.push(change(pointer, Some(before), None));
        });
    }
    for (index, (after, pair)) in new.iter().zip(&pairs).enumerate() {
        let before = pair.and_then(|from| old.get(from));
        within(pointer, &index.to_string(), |pointer| match before {
            Some(before) => compare(pointer, before, after, found),
            None => found.push(change(pointer, old.get(index).filter(|_| replaced(index)), Some(after))),
        });
    }
}

fn within(pointer: &mut String, token: &str, inside: impl FnOnce(&mut String)) {
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(token);
    inside(pointer);
    pointer.truncate(length);
}

/// A name as a token of a JSON pointer.
pub(crate) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn change(pointer: &str, before: Option<&Value>, after: Option<&Value>) -> Change {
    let name = pointer.rsplit('/').next().unwrap_or_default();
    Change::new(
        pointer,
        before.map(|value| shown(name, value)),
        after.map(|value| shown(name, value)),
    )
}

fn shown(name: &str, value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::String(link) if is_link(name) => redact_url(link).into(),
        _ if is_link(name) => REDACTED.into(),
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), shown(name, value))).collect(),
        Value::Array(values) => values.iter().map(|value| shown("", value)).collect(),
        value => value.clone(),
    }
}

fn is_link(name: &str) -> bool {
    name.eq_ignore_ascii_case("fileUploadUrl")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_difference_has_its_pointer() {
        let table = [
            (json!({"a": 1}), json!({"a": 1}), json!([])),
            (json!({"a": {"b": 1}}), json!({"a": {"b": 2}}), json!([["/a/b", 1, 2]])),
            (json!({"a": 0}), json!({"a": 0.0}), json!([["/a", 0, 0.0]])),
            (json!({"a": 1}), json!({"b": 1}), json!([["/a", 1, "-"], ["/b", "-", 1]])),
            (json!({"a/b~": 1}), json!({"a/b~": 2}), json!([["/a~1b~0", 1, 2]])),
            (json!({"a": [1]}), json!({"a": {}}), json!([["/a", [1], {}]])),
            (json!(["x", "y"]), json!(["x", "z"]), json!([["/1", "y", "z"]])),
            (json!(["x", "y"]), json!(["y"]), json!([["/0", "x", "-"]])),
            (json!(["x"]), json!(["y", "x"]), json!([["/0", "-", "y"]])),
            (json!(["x", "y"]), json!(["y", "x"]), json!([["", ["x", "y"], ["y", "x"]]])),
            (
                json!([{"id": "1", "v": 1}, {"id": "2", "v": 1}]),
                json!([{"id": "2", "v": 2}, {"id": "3"}]),
                json!([["/0", {"id": "1", "v": 1}, "-"], ["/0/v", 1, 2], ["/1", "-", {"id": "3"}]]),
            ),
        ];
        for (before, after, expected) in table {
            let absent = || Value::from("-");
            let found: Vec<Value> = changes(&before, &after)
                .into_iter()
                .map(|c| json!([c.pointer, c.before.unwrap_or_else(absent), c.after.unwrap_or_else(absent)]))
                .collect();
            assert_eq!(Value::from(found), expected, "{before} {after}");
        }
    }

    #[test]
    fn the_upload_link_does_not_show() {
        let before = json!({"a": {"FileUploadUrl": "https://h/b?sig=secret1"}, "fileUploadUrl": "https://h/b?sig=secret2"});
        let after = json!({"a": null, "fileUploadUrl": {"x": "secret3"}});
        let found = changes(&before, &after);
        assert_eq!(found.len(), 2);
        let text = format!("{found:?}");
        assert!(!text.contains("secret") && text.contains("https://h/b"), "{text}");
    }
}
