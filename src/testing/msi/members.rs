//! Members of a body, read in any case and put over what is there.

use serde_json::{Map, Value};

use super::super::answer::Answer;
use super::super::body::member;
use super::super::state::Call;
use super::envelope::bad_request;

pub(crate) fn object(call: &Call, target: &str) -> Result<Map<String, Value>, Answer> {
    match serde_json::from_slice(&call.body) {
        Ok(Value::Object(members)) => Ok(members),
        _ => Err(bad_request(target, "The request body is not a valid JSON object.")),
    }
}

/// The text of this name; absent is empty.
pub(crate) fn text<'a>(members: &'a Map<String, Value>, name: &str) -> &'a str {
    member(members, name).and_then(Value::as_str).unwrap_or_default()
}

/// The list of this name; absent is empty.
pub(crate) fn list<'a>(members: &'a Map<String, Value>, name: &str, target: &str) -> Result<&'a [Value], Answer> {
    match member(members, name) {
        None => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(bad_request(target, format!("{name} is no list."))),
    }
}

/// Puts what was sent over what is there: a null counts as absent, objects are merged, lists replaced whole, and a name that is
/// not known stands as it was sent.
pub(crate) fn merge(into: &mut Map<String, Value>, sent: Map<String, Value>) {
    for (name, value) in sent {
        let known = into.keys().find(|known| known.eq_ignore_ascii_case(&name)).cloned();
        let name = known.unwrap_or(name);
        match (into.get_mut(&name), value) {
            (_, Value::Null) => {}
            (Some(Value::Object(there)), Value::Object(sent)) => merge(there, sent),
            (_, value) => {
                into.insert(name, value);
            }
        }
    }
}

/// At most so many languages come, or may be named.
const MOST_LANGUAGES: usize = 200;

/// The items whose languages the parameter `languages` names; all of them if it is absent.
pub(crate) fn of_languages<'a, T>(call: &Call, items: impl IntoIterator<Item = (&'a str, T)>) -> Result<Vec<T>, Answer> {
    let named: Option<Vec<&str>> = call
        .parameter("languages")
        .map(|languages| languages.split(',').map(str::trim).collect());
    if named.as_ref().is_some_and(|named| named.len() > MOST_LANGUAGES) {
        return Err(bad_request("listings", "At most 200 languages can be asked for."));
    }
    let is_asked_for = |language: &str| {
        named
            .as_ref()
            .is_none_or(|named| named.iter().any(|it| it.eq_ignore_ascii_case(language)))
    };
    let asked = items.into_iter().filter(|(language, _)| is_asked_for(language));
    Ok(asked.map(|(_, item)| item).take(MOST_LANGUAGES).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_sent_is_put_over_what_is_there() {
        let mut there = json!({ "name": "a", "list": [1, 2], "object": { "x": 1, "y": 2 } });
        let sent = json!({ "NAME": "b", "list": [3], "object": { "X": 5 }, "Other": 1, "gone": null });
        let (Some(into), Value::Object(sent)) = (there.as_object_mut(), sent) else {
            panic!("no objects");
        };
        merge(into, sent);
        let expected = json!({ "name": "b", "list": [3], "object": { "x": 5, "y": 2 }, "Other": 1 });
        assert_eq!(there, expected);
    }
}
