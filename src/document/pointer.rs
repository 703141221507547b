//! Writing at a JSON pointer. Names are found in any case, so that no member comes twice.

use serde_json::Value;

use crate::model::member::spelling;

const MALFORMED: &str = "a JSON pointer to a member is expected, such as /pricing/priceId";
const NOWHERE: &str = "its parent is not there";
const NOTHING: &str = "there is no such value";

/// Replaces or adds a value; its parent must be there.
pub(crate) fn set(root: &mut Value, pointer: &str, value: Value) -> Result<(), &'static str> {
    let (parent, token) = parent(root, pointer)?;
    match parent {
        Value::Object(map) => {
            let name = spelling(map, &token).unwrap_or(&token).to_owned();
            map.insert(name, value);
        }
        Value::Array(values) if token == "-" => values.push(value),
        Value::Array(values) => match index(&token) {
            Some(index) if index == values.len() => values.push(value),
            Some(index) => *values.get_mut(index).ok_or("the list is shorter")? = value,
            None => return Err("an index into the list is expected"),
        },
        _ => return Err(NOWHERE),
    }
    Ok(())
}

/// Removes a value.
pub(crate) fn remove(root: &mut Value, pointer: &str) -> Result<(), &'static str> {
    let (parent, token) = parent(root, pointer)?;
    match parent {
        Value::Object(map) => {
            let name = spelling(map, &token).ok_or(NOTHING)?.to_owned();
            map.remove(&name);
        }
        Value::Array(values) => {
            let index = index(&token).filter(|index| *index < values.len()).ok_or(NOTHING)?;
            values.remove(index);
        }
        _ => return Err(NOTHING),
    }
    Ok(())
}

fn parent<'v>(root: &'v mut Value, pointer: &str) -> Result<(&'v mut Value, String), &'static str> {
    let mut tokens = pointer.strip_prefix('/').ok_or(MALFORMED)?.split('/').map(unescape);
    let last = tokens.next_back().ok_or(MALFORMED)?;
    let mut value = root;
    for token in tokens {
        let child = match value {
            Value::Object(map) => {
                let name = spelling(map, &token).ok_or(NOWHERE)?.to_owned();
                map.get_mut(&name)
            }
            Value::Array(values) => index(&token).and_then(|index| values.get_mut(index)),
            _ => None,
        };
        value = child.ok_or(NOWHERE)?;
    }
    Ok((value, last))
}

fn unescape(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

fn index(token: &str) -> Option<usize> {
    // What `parse` takes too, but is no index: 01 and +1.
    if token != "0" && token.starts_with(['0', '+']) {
        None
    } else {
        token.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sets_what_has_a_parent() {
        let start = json!({"a": {"B": 1}, "l": [1, {"x": 1}], "a/b~": 1});
        let table = [
            ("/a/B", Some(json!({"a": {"B": 9}, "l": [1, {"x": 1}], "a/b~": 1}))),
            ("/A/b", Some(json!({"a": {"B": 9}, "l": [1, {"x": 1}], "a/b~": 1}))),
            ("/a/c", Some(json!({"a": {"B": 1, "c": 9}, "l": [1, {"x": 1}], "a/b~": 1}))),
            ("/l/0", Some(json!({"a": {"B": 1}, "l": [9, {"x": 1}], "a/b~": 1}))),
            ("/l/-", Some(json!({"a": {"B": 1}, "l": [1, {"x": 1}, 9], "a/b~": 1}))),
            ("/l/2", Some(json!({"a": {"B": 1}, "l": [1, {"x": 1}, 9], "a/b~": 1}))),
            ("/l/1/x", Some(json!({"a": {"B": 1}, "l": [1, {"x": 9}], "a/b~": 1}))),
            ("/a~1b~0", Some(json!({"a": {"B": 1}, "l": [1, {"x": 1}], "a/b~": 9}))),
            ("", None),
            ("a", None),
            ("a/b", None),
            ("/l/3", None),
            ("/l/01", None),
            ("/l/x", None),
            ("/x/y", None),
            ("/a/B/c", None),
            ("/l/0/x", None),
        ];
        for (pointer, expected) in table {
            let mut value = start.clone();
            let done = set(&mut value, pointer, json!(9));
            assert_eq!(done.ok().map(|()| value), expected, "{pointer}");
        }
    }

    #[test]
    fn removes_what_is_there() {
        let start = json!({"a": {"B": 1}, "l": [1, 2]});
        let table = [
            ("/a", Some(json!({"l": [1, 2]}))),
            ("/a/b", Some(json!({"a": {}, "l": [1, 2]}))),
            ("/l/0", Some(json!({"a": {"B": 1}, "l": [2]}))),
            ("/l/2", None),
            ("/l/-", None),
            ("/x", None),
            ("/a/B/c", None),
            ("", None),
        ];
        for (pointer, expected) in table {
            let mut value = start.clone();
            let done = remove(&mut value, pointer);
            assert_eq!(done.ok().map(|()| value), expected, "{pointer}");
        }
    }
}
