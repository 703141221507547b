//! The body of a request to the API, read as the service reads it.

use serde_json::{Map, Value};

use super::answer::Answer;
use super::state::Call;

pub(super) fn body_object(call: &Call) -> Result<Map<String, Value>, Answer> {
    match serde_json::from_slice(&call.body) {
        Ok(Value::Object(members)) => Ok(members),
        _ => Err(Answer::invalid_value("body", "The request body is not a valid JSON object")),
    }
}

/// The member of this name, in any case; null counts as absent.
pub(super) fn member<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    members
        .iter()
        .find(|(known, value)| known.eq_ignore_ascii_case(name) && !value.is_null())
        .map(|(_, value)| value)
}
