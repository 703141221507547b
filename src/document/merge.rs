//! Applies what changed in a view to the JSON that the view was read from, and nothing else.
//!
//! Pure. `before` and `after` are the encoded view as it was read and as it was edited; where they are equal the
//! received JSON is not touched, whatever it holds. A view encodes all its members, so names that differ between
//! `before` and `after` are entries of a map.

use serde_json::{Map, Value};

use crate::document::names::spelling;
use crate::document::pairs::pairs;

/// Applies the difference between `before` and `after` to `received`.
pub(crate) fn merge(received: &mut Value, before: &Value, after: &Value) {
    if before == after {
        return;
    }
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            *received = match received.take() {
                Value::Object(map) => map.into(),
                // The reader takes a list for an envelope around it.
                list @ Value::Array(_) if before.contains_key("value") => Map::from_iter([("value".to_owned(), list)]).into(),
                _ => Map::new().into(),
            };
            if let Value::Object(received) = received {
                merge_members(received, before, after);
            }
        }
        (Value::Array(before), Value::Array(after)) => merge_elements(received, before, after),
        _ => *received = new(after),
    }
}

/// A value that was not received: without nulls and empties, because they say "not set" and the service has not been
/// seen to send them.
pub(crate) fn new(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let members = map.iter().map(|(name, value)| (name.clone(), new(value)));
            members.filter(|(_, value)| !is_empty(value)).collect()
        }
        Value::Array(values) => values.iter().map(new).collect(),
        value => value.clone(),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn merge_members(received: &mut Map<String, Value>, before: &Map<String, Value>, after: &Map<String, Value>) {
    let mut gone: Vec<Gone<'_>> = Vec::new();
    for (name, old) in before.iter().filter(|(name, _)| !after.contains_key(*name)) {
        if let Some(value) = received.remove(name) {
            gone.push(Gone { old, value });
        }
    }
    for (name, edited) in after {
        let Some(old) = before.get(name) else {
            let value = renamed(&mut gone, edited).unwrap_or_else(|| new(edited));
            received.insert(name.clone(), value);
            continue;
        };
        if old == edited {
            continue;
        }
        if edited.is_null() {
            // In every spelling, or another one would show now.
            received.retain(|key, _| !key.eq_ignore_ascii_case(name));
            continue;
        }
        let spelled = spelling(received, name).unwrap_or(name).to_owned();
        merge(received.entry(spelled).or_insert(Value::Null), old, edited);
    }
}

/// An entry that is no longer in a map.
struct Gone<'v> {
    old: &'v Value,
    value: Value,
}

/// The received value of an entry that only changed its key. When several could be meant and they are not alike, none
/// is: a wrong guess would give it what belongs to another.
fn renamed(gone: &mut Vec<Gone<'_>>, edited: &Value) -> Option<Value> {
    let first = gone.iter().position(|gone| gone.old == edited)?;
    let alike = |other: &Gone<'_>| other.old != edited || other.value == gone[first].value;
    if gone.iter().all(alike) {
        Some(gone.swap_remove(first).value)
    } else {
        None
    }
}

fn merge_elements(received: &mut Value, before: &[Value], after: &[Value]) {
    // What the lenient reader showed to the view.
    let mut nulls = Vec::new();
    let mut seen = Vec::new();
    let mut single = false;
    match received.take() {
        Value::Array(values) => {
            for (index, value) in values.into_iter().enumerate() {
                if value.is_null() {
                    nulls.push(index)
                } else {
                    seen.push(Some(value))
                }
            }
        }
        value if is_empty(&value) => {}
        value => {
            single = true;
            seen.push(Some(value));
        }
    }

    let pairs = pairs(before, after);
    let mut merged = Vec::with_capacity(after.len() + nulls.len());
    for (edited, pair) in after.iter().zip(&pairs) {
        let matched = pair.and_then(|index| Some((before.get(index)?, seen.get_mut(index)?.take()?)));
        merged.push(match matched {
            Some((old, mut value)) => {
                merge(&mut value, old, edited);
                value
            }
            None => new(edited),
        });
    }
    if single && pairs == [Some(0)] {
        // One value served for the list and still does.
        *received = merged.pop().unwrap_or_default();
        return;
    }
    if !merged.is_empty() {
        for index in nulls {
            merged.insert(index.min(merged.len()), Value::Null);
        }
    }
    *received = Value::Array(merged);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_difference_is_applied() {
        let table = [
            // received, before, after, expected
            (json!({"x": 1}), json!({"a": ""}), json!({"a": ""}), json!({"x": 1})),
            (
                json!({"x": 1, "a": null}),
                json!({"a": ""}),
                json!({"a": "b"}),
                json!({"x": 1, "a": "b"}),
            ),
            (json!({"A": 1}), json!({"a": "1"}), json!({"a": "2"}), json!({"A": "2"})),
            (json!({"A": 1, "a": 1}), json!({"a": 1}), json!({"a": null}), json!({})),
            (
                json!({"a": 0}),
                json!({"a": 0.0, "b": 1}),
                json!({"a": 0.0, "b": 2}),
                json!({"a": 0, "b": 2}),
            ),
            // A member that was not received, and an edit inside it.
            (
                json!({}),
                json!({"a": {"b": "", "c": ""}}),
                json!({"a": {"b": "x", "c": ""}}),
                json!({"a": {"b": "x"}}),
            ),
            (
                json!({}),
                json!({"a": null}),
                json!({"a": {"b": "x", "c": null, "d": []}}),
                json!({"a": {"b": "x"}}),
            ),
            (
                json!({"a": true}),
                json!({"a": {}}),
                json!({"a": {"k": false}}),
                json!({"a": {"k": false}}),
            ),
            // Entries of a map.
            (
                json!({"k": {"x": 1}}),
                json!({"k": {"a": "1"}}),
                json!({"l": {"a": "1"}}),
                json!({"l": {"x": 1}}),
            ),
            (
                json!({"k": {"x": 1}}),
                json!({"k": {"a": "1"}}),
                json!({"l": {"a": "2", "b": ""}}),
                json!({"l": {"a": "2"}}),
            ),
            (json!({"k": 1, "z": []}), json!({"k": 1}), json!({}), json!({"z": []})),
            // Lists.
            (json!(["a", "b"]), json!(["a", "b"]), json!([]), json!([])),
            (json!([null, "a"]), json!(["a"]), json!([]), json!([])),
            (
                json!([null, 1, 2]),
                json!(["1", "2"]),
                json!(["2", "1", "3"]),
                json!([null, 2, 1, "3"]),
            ),
            (json!(null), json!([]), json!(["a"]), json!(["a"])),
            (json!(""), json!([]), json!(["a"]), json!(["a"])),
            (json!("a"), json!(["a"]), json!(["b"]), json!(["b"])),
            (json!("a"), json!(["a"]), json!(["a", "b"]), json!(["a", "b"])),
            (
                json!({"x": 1}),
                json!([{"a": ""}]),
                json!([{"a": "b"}]),
                json!({"x": 1, "a": "b"}),
            ),
            (json!({"x": 1}), json!([{"a": ""}]), json!([]), json!([])),
            // A list that serves for an envelope.
            (
                json!([{"x": 1}]),
                json!({"n": "", "value": [{"a": ""}]}),
                json!({"n": "2", "value": [{"a": "b"}]}),
                json!({"n": "2", "value": [{"x": 1, "a": "b"}]}),
            ),
        ];
        for (received, before, after, expected) in table {
            let mut merged = received.clone();
            merge(&mut merged, &before, &after);
            assert_eq!(merged, expected, "{received} {before} {after}");
        }
    }
}
