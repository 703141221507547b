//! Which element of a list became which.
//!
//! Equal elements first, at the same place before another; then by `id`, where it is set and unique on both sides;
//! then by file name, where neither has an id; by position only in lists of objects without any key and with equal
//! counts. An element that is left over is new: it inherits nobody's members.

use std::collections::HashMap;
use std::hash::Hash;

use serde_json::Value;

use crate::model::member::member;

/// For each element of `after` the index of the element of `before` that it comes from.
pub(crate) fn pairs(before: &[Value], after: &[Value]) -> Vec<Option<usize>> {
    let mut pairs = Pairs {
        taken: vec![false; before.len()],
        from: vec![None; after.len()],
    };
    for (to, edited) in after.iter().enumerate() {
        if before.get(to) == Some(edited) {
            pairs.set(to, to);
        }
    }
    for (to, edited) in after.iter().enumerate() {
        if pairs.from[to].is_none()
            && let Some(from) = (0..before.len()).find(|&from| !pairs.taken[from] && before[from] == *edited)
        {
            pairs.set(to, from);
        }
    }
    if pairs.from.iter().all(Option::is_some) {
        return pairs.from;
    }

    let ids = unique(before.iter().map(id).enumerate());
    for (text, to) in unique(after.iter().map(id).enumerate()) {
        if let Some(&from) = ids.get(text) {
            pairs.set(to, from);
        }
    }

    let open = before.iter().enumerate().filter(|(from, _)| !pairs.taken[*from]);
    let names = unique(open.map(|(from, value)| (from, nameable(value))));
    let open = after.iter().enumerate().filter(|(to, _)| pairs.from[*to].is_none());
    for (text, to) in unique(open.map(|(to, value)| (to, nameable(value)))) {
        if let Some(&from) = names.get(text) {
            pairs.set(to, from);
        }
    }

    let keyless = |value: &Value| value.is_object() && id(value).is_none() && file_name(value).is_none();
    if before.len() == after.len() && before.iter().chain(after).all(keyless) {
        for to in 0..after.len() {
            if pairs.from[to].is_none()
                && let Some(from) = pairs.taken.iter().position(|taken| !taken)
            {
                pairs.set(to, from);
            }
        }
    }
    pairs.from
}

struct Pairs {
    taken: Vec<bool>,
    from: Vec<Option<usize>>,
}

impl Pairs {
    fn set(&mut self, to: usize, from: usize) {
        if self.from[to].is_none() && !self.taken[from] {
            self.from[to] = Some(from);
            self.taken[from] = true;
        }
    }
}

fn unique<K: Eq + Hash>(keys: impl Iterator<Item = (usize, Option<K>)>) -> HashMap<K, usize> {
    let mut found: HashMap<K, Option<usize>> = HashMap::new();
    for (index, key) in keys {
        if let Some(key) = key {
            found.entry(key).and_modify(|place| *place = None).or_insert(Some(index));
        }
    }
    found.into_iter().filter_map(|(key, index)| Some((key, index?))).collect()
}

/// A member that is a text and not empty.
fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    member(value, name)?.as_str().filter(|text| !text.is_empty())
}

/// The id, unless it says that there is none.
fn id(value: &Value) -> Option<&str> {
    text(value, "id").filter(|id| *id != "0")
}

fn file_name(value: &Value) -> Option<&str> {
    text(value, "fileName").or_else(|| text(value, "videoFileName"))
}

/// The file name of an element without an id. One with an id is never matched by its name: a new file that takes the
/// place of an old one under its name is new.
fn nameable(value: &Value) -> Option<&str> {
    if id(value).is_some() { None } else { file_name(value) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn finds_what_became_of_each_element() {
        let table = [
            // Equal values, the same place first.
            (json!(["a", "b"]), json!(["b", "a", "c"]), vec![Some(1), Some(0), None]),
            (json!(["a", "a"]), json!(["x", "a"]), vec![None, Some(1)]),
            (json!(["a"]), json!(["b"]), vec![None]),
            // Ids, in any order and with other members.
            (
                json!([{"id": "1", "fileName": "a"}, {"id": "2", "fileName": "b"}]),
                json!([{"id": "2", "fileName": "a"}, {"id": "3", "fileName": "b"}, {"id": "1", "fileName": "c"}]),
                vec![Some(1), None, Some(0)],
            ),
            // An id that is twice there names nobody.
            (
                json!([{"id": "1", "v": 1}, {"id": "1", "v": 2}]),
                json!([{"id": "1", "v": 3}]),
                vec![None],
            ),
            // A new file under an old name is new.
            (
                json!([{"id": "1", "fileName": "a"}]),
                json!([{"id": "", "fileName": "a"}]),
                vec![None],
            ),
            // File names where there is no id; "0" is none.
            (
                json!([{"id": "0", "fileName": "a"}, {"videoFileName": "b"}]),
                json!([{"videoFileName": "b", "v": 1}, {"id": "", "fileName": "a", "v": 1}]),
                vec![Some(1), Some(0)],
            ),
            (
                json!([{"fileName": "a", "v": 1}, {"fileName": "a", "v": 2}]),
                json!([{"fileName": "a", "v": 3}, {"fileName": "a", "v": 2}]),
                vec![Some(0), Some(1)],
            ),
            // Position only without any key and with equal counts.
            (
                json!([{"v": 1}, {"v": 2}]),
                json!([{"v": 1}, {"v": 3}]),
                vec![Some(0), Some(1)],
            ),
            (json!([{"v": 1}]), json!([{"v": 2}, {"v": 3}]), vec![None, None]),
            (
                json!([{"v": 1}, {"id": "1"}]),
                json!([{"v": 2}, {"id": "1"}]),
                vec![None, Some(1)],
            ),
            (json!([]), json!([]), vec![]),
        ];
        for (before, after, expected) in table {
            let found = pairs(before.as_array().unwrap(), after.as_array().unwrap());
            assert_eq!(found, expected, "{before} {after}");
        }
    }
}
