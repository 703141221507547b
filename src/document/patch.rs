//! Merging a patch into a document. Names are found in any case, so that no member comes twice.

use serde_json::{Map, Value};

use crate::model::member::spelling;

/// Applies a JSON merge patch (RFC 7396): a null removes the member, in every spelling that it has, an object is merged, and
/// anything else replaces what is there.
pub(crate) fn patch(target: &mut Value, with: &Value) {
    let Value::Object(members) = with else {
        *target = with.clone();
        return;
    };
    let mut map = match target.take() {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    for (name, value) in members {
        if value.is_null() {
            map.retain(|key, _| !key.eq_ignore_ascii_case(name));
        } else {
            let spelled = spelling(&map, name).unwrap_or(name).to_owned();
            patch(map.entry(spelled).or_insert(Value::Null), value);
        }
    }
    *target = Value::Object(map);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn patched(target: &Value, with: &Value) -> Value {
        let mut patched = target.clone();
        patch(&mut patched, with);
        patched
    }

    /// The test cases of RFC 7396, appendix A.
    #[test]
    fn the_examples_of_the_rfc_hold() {
        let table = [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({"a": "b"}), json!(["c"]), json!(["c"])),
            (json!({"a": "foo"}), json!(null), json!(null)),
            (json!({"a": "foo"}), json!("bar"), json!("bar")),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ];
        for (target, with, expected) in table {
            assert_eq!(patched(&target, &with), expected, "{target} {with}");
        }
    }

    #[test]
    fn names_are_found_in_any_case() {
        let table = [
            (
                json!({"Pricing": {"PriceId": "Free"}}),
                json!({"pricing": {"priceId": "Tier4"}}),
                json!({"Pricing": {"PriceId": "Tier4"}}),
            ),
            // The exact spelling first, but a value before null.
            (json!({"EN": 1, "en": 2}), json!({"en": 3}), json!({"EN": 1, "en": 3})),
            (json!({"EN": 1, "en": 2}), json!({"EN": 3}), json!({"EN": 3, "en": 2})),
            (json!({"A": 1, "a": null}), json!({"a": 3}), json!({"A": 3, "a": null})),
            // In every spelling, or another one would show now.
            (json!({"A": 1, "a": 2, "b": 3}), json!({"a": null}), json!({"b": 3})),
            (json!({"A": 1}), json!({"a": null}), json!({})),
            // New names are written as they are given, and two spellings of one are one.
            (json!({}), json!({"newMember": {"X": 1}}), json!({"newMember": {"X": 1}})),
            (
                json!({}),
                json!({"EN": {"x": 1}, "en": {"y": 2}}),
                json!({"EN": {"x": 1, "y": 2}}),
            ),
            // Lists are replaced whole, whatever they hold.
            (
                json!({"l": [{"Id": "1", "x": 1}]}),
                json!({"L": [{"id": "1"}, null]}),
                json!({"l": [{"id": "1"}, null]}),
            ),
        ];
        for (target, with, expected) in table {
            assert_eq!(patched(&target, &with), expected, "{target} {with}");
        }
    }
}
