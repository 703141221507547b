//! Applies what changed in a view to the JSON that the view was read from, and nothing else.
//!
//! Pure. `before` and `after` are the view as it was read and as it was edited; where they are equal the received JSON
//! is not touched, whatever it holds.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::document::encode::Encoded;
use crate::document::pairs::pairs;
use crate::model::member::spelling;

/// Applies the difference between `before` and `after` to `received`.
pub(crate) fn merge(received: &mut Value, before: &Encoded, after: &Encoded) {
    if before != after {
        apply(received, before, after);
    }
}

/// As [`merge`], for two that are known to differ.
fn apply(received: &mut Value, before: &Encoded, after: &Encoded) {
    match (before, after) {
        (Encoded::Struct(before), Encoded::Struct(after)) => {
            let mut map = match received.take() {
                Value::Object(map) => map,
                // The reader takes a list for an envelope around it.
                list @ Value::Array(_) if before.iter().any(|(name, _)| *name == "value") => {
                    Map::from_iter([("value".to_owned(), list)])
                }
                _ => Map::new(),
            };
            merge_members(&mut map, before, after);
            *received = Value::Object(map);
        }
        (Encoded::Map(before), Encoded::Map(after)) => {
            let mut map = match received.take() {
                Value::Object(map) => map,
                _ => Map::new(),
            };
            merge_entries(&mut map, before, after);
            *received = Value::Object(map);
        }
        (Encoded::List(before), Encoded::List(after)) => merge_elements(received, before, after),
        _ => *received = after.to_new_value(),
    }
}

fn merge_members(received: &mut Map<String, Value>, before: &[(&str, Encoded)], after: &[(&str, Encoded)]) {
    for ((name, old), (_, edited)) in before.iter().zip(after) {
        if old == edited {
            continue;
        }
        if *edited == Encoded::Null {
            // In every spelling, or another one would show now.
            received.retain(|key, _| !key.eq_ignore_ascii_case(name));
            continue;
        }
        let spelled = spelling(received, name).unwrap_or(name).to_owned();
        apply(received.entry(spelled).or_insert(Value::Null), old, edited);
    }
}

fn merge_entries(received: &mut Map<String, Value>, before: &BTreeMap<String, Encoded>, after: &BTreeMap<String, Encoded>) {
    let mut gone: Vec<Gone<'_>> = Vec::new();
    for (key, old) in before.iter().filter(|(key, _)| !after.contains_key(*key)) {
        if let Some(value) = received.remove(key) {
            gone.push(Gone { old, value });
        }
    }
    for (key, edited) in after {
        match before.get(key) {
            Some(old) if old == edited => {}
            Some(old) => apply(received.entry(key.as_str()).or_insert(Value::Null), old, edited),
            None => {
                let value = renamed(&mut gone, edited).unwrap_or_else(|| edited.to_new_value());
                received.insert(key.clone(), value);
            }
        }
    }
}

/// An entry that is no longer in a map.
struct Gone<'v> {
    old: &'v Encoded,
    value: Value,
}

/// The received value of an entry that only changed its key. When several could be meant and they are not alike, none
/// is: a wrong guess would give it what belongs to another.
fn renamed(gone: &mut Vec<Gone<'_>>, edited: &Encoded) -> Option<Value> {
    let first = gone.iter().position(|gone| gone.old == edited)?;
    let alike = |other: &Gone<'_>| other.old != edited || other.value == gone[first].value;
    if gone.iter().all(alike) {
        Some(gone.swap_remove(first).value)
    } else {
        None
    }
}

fn merge_elements(received: &mut Value, before: &[Encoded], after: &[Encoded]) {
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
            None => edited.to_new_value(),
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

    /// A view in which the names of one letter from `k` on are keys of a map, and the others members.
    fn view(value: &Value) -> Encoded {
        match value {
            Value::Null => Encoded::Null,
            Value::Bool(value) => Encoded::Bool(*value),
            Value::Number(number) => Encoded::Number(number.clone()),
            Value::String(text) => Encoded::Text(text.clone()),
            Value::Array(values) => Encoded::List(values.iter().map(view).collect()),
            Value::Object(map) if map.keys().all(|key| ["k", "l"].contains(&key.as_str())) => {
                Encoded::Map(map.iter().map(|(key, value)| (key.clone(), view(value))).collect())
            }
            Value::Object(map) => {
                let name = |name: &str| {
                    ["a", "b", "c", "d", "n", "value"]
                        .into_iter()
                        .find(|known| *known == name)
                        .unwrap()
                };
                Encoded::Struct(map.iter().map(|(key, value)| (name(key), view(value))).collect())
            }
        }
    }

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
            merge(&mut merged, &view(&before), &view(&after));
            assert_eq!(merged, expected, "{received} {before} {after}");
        }
    }
}
