//! Applies what changed in a view to the JSON that the view was read from, and nothing else.
//!
//! Pure. `before` and `after` are the view as it was read and as it was edited, both encoded; where they are equal the
//! received JSON is not touched, whatever it holds.

use serde_json::{Map, Value};

use crate::document::pairs::pairs;
use crate::model::member::spelling;

/// The members of the models that are maps, in whose new values an entry is kept even if all of it says "not set".
pub(crate) const MAPS: [&str; 5] = [
    "allowTargetFutureDeviceFamilies",
    "listings",
    "marketSpecificPricings",
    "platformOverrides",
    "trailerAssets",
];

/// Applies the difference between `before` and `after` to `received`.
pub(crate) fn merge(received: &mut Value, before: &Value, after: &Value) {
    if before != after {
        apply(received, before, after);
    }
}

/// As [`merge`], for two that are known to differ.
fn apply(received: &mut Value, before: &Value, after: &Value) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            let mut map = match received.take() {
                Value::Object(map) => map,
                // The reader takes a list for an envelope around it.
                list @ Value::Array(_) if before.contains_key("value") => Map::from_iter([("value".to_owned(), list)]),
                _ => Map::new(),
            };
            merge_members(&mut map, before, after);
            *received = Value::Object(map);
        }
        (Value::Array(before), Value::Array(after)) => merge_elements(received, before, after),
        _ => *received = new_value(after, false),
    }
}

/// The members of a struct or the entries of a map. A struct always has all its members, so those that come and go are
/// entries, whose keys are matched as they are; and no entry is null.
fn merge_members(received: &mut Map<String, Value>, before: &Map<String, Value>, after: &Map<String, Value>) {
    let gone = before.iter().filter(|(key, _)| !after.contains_key(*key));
    let mut gone: Vec<(&Value, Value)> = gone.filter_map(|(key, old)| Some((old, received.remove(key)?))).collect();
    for (name, edited) in after {
        match before.get(name) {
            Some(old) if old == edited => {}
            // In every spelling, or another one would show now.
            Some(_) if edited.is_null() => received.retain(|key, _| !key.eq_ignore_ascii_case(name)),
            Some(old) => {
                let spelled = spelling(received, name).unwrap_or(name).to_owned();
                apply(received.entry(spelled).or_insert(Value::Null), old, edited);
            }
            None => {
                let value = renamed(&mut gone, edited).unwrap_or_else(|| new_value(edited, false));
                received.insert(name.clone(), value);
            }
        }
    }
}

/// The received value of an entry that only changed its key, out of those that are gone. When several could be meant and
/// they are not alike, none is: a wrong guess would give it what belongs to another.
fn renamed(gone: &mut Vec<(&Value, Value)>, edited: &Value) -> Option<Value> {
    let first = gone.iter().position(|(old, _)| *old == edited)?;
    let alike = |(old, value): &(&Value, Value)| *old != edited || *value == gone[first].1;
    if gone.iter().all(alike) {
        Some(gone.swap_remove(first).1)
    } else {
        None
    }
}

/// A value that was not received: without the members that say "not set".
fn new_value(value: &Value, is_map: bool) -> Value {
    match value {
        Value::Object(members) => {
            let is_map_inside = |name: &str| !is_map && MAPS.contains(&name);
            let new = members
                .iter()
                .map(|(name, value)| (name.clone(), new_value(value, is_map_inside(name))));
            new.filter(|(_, value)| is_map || !is_empty(value)).collect()
        }
        Value::Array(values) => values.iter().map(|value| new_value(value, false)).collect(),
        scalar => scalar.clone(),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
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
                    nulls.push(index);
                } else {
                    seen.push(Some(value));
                }
            }
        }
        Value::Null => {}
        Value::String(text) if text.is_empty() => {}
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
            None => new_value(edited, false),
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
