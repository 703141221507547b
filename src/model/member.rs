//! Looking members of JSON up by name, in documents, pages and errors alike. The service writes some names in another case than it
//! documents them, and reads names in any case, so a member must be found in any spelling, or an update would carry it twice.
//!
//! When one member comes in two spellings, a value wins over null, then the exact spelling over another, then the
//! first in the order of the map. Reading and writing agree on it.

use serde_json::{Map, Value};

/// The member of this name, in any case. `None` when `object` is no object or has no such member.
pub(crate) fn member<'v>(object: &'v Value, name: &str) -> Option<&'v Value> {
    let map = object.as_object()?;
    map.get(spelling(map, name)?)
}

/// How the member of this name is spelled in `map`.
pub(crate) fn spelling<'v>(map: &'v Map<String, Value>, name: &str) -> Option<&'v str> {
    let exact = map.get_key_value(name);
    if let Some((key, value)) = exact
        && !value.is_null()
    {
        return Some(key);
    }
    let mut others = map.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name) && *key != name);
    let other = others.clone().find(|(_, value)| !value.is_null());
    other.or(exact).or_else(|| others.next()).map(|(key, _)| key.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_member_is_found_in_any_case() {
        let table = [
            (json!({"id": 1}), Some(json!(1))),
            (json!({"ID": 1}), Some(json!(1))),
            (json!({"Id": 1, "id": 2}), Some(json!(2))),
            (json!({"Id": 1, "id": null}), Some(json!(1))),
            (json!({"Id": null, "id": null}), Some(json!(null))),
            (json!({"ID": null, "Id": 1}), Some(json!(1))),
            (json!({"Id": null}), Some(json!(null))),
            (json!({"idx": 1}), None),
            (json!([1]), None),
            (json!(null), None),
        ];
        for (object, expected) in table {
            assert_eq!(member(&object, "id").cloned(), expected, "{object}");
        }
    }

    #[test]
    fn the_exact_spelling_is_named_first() {
        let object = json!({"Id": null, "id": null});
        assert_eq!(spelling(object.as_object().unwrap(), "id"), Some("id"));
    }
}
