//! Reads a typed view out of received JSON as leniently as can be done without guessing.
//!
//! A null counts as absent; names match in any case; a number serves for a text and a text for a number or a boolean;
//! a single value serves for a list, and a list for an envelope around one; entries of a map that are of another kind
//! than the view's are left out. An error carries its path and what was expected, never a value.

mod failure;
mod reader;
mod scalars;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde_json::Value;

pub(crate) use self::failure::ViewError;
use self::reader::Lenient;

/// Decodes a view of `value`.
pub(crate) fn decode_value<T: DeserializeOwned>(value: &Value) -> Result<T, ViewError> {
    // serde learns the kind of a map's entries only by reading one, which uses up the visitor. So when an entry does
    // not fit, such entries are left out of a copy, and the view is read again: once for each map that has any.
    let mut value = Cow::Borrowed(value);
    loop {
        match T::deserialize(Lenient(&value)) {
            Ok(view) => return Ok(view),
            Err(failure) if failure.leave_out(value.to_mut()) => {}
            Err(failure) => return Err(failure.into()),
        }
    }
}
