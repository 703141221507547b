//! Reads a typed view out of received JSON as leniently as can be done without guessing.
//!
//! A null counts as absent; names match in any case; a number serves for a text and a text for a number or a boolean;
//! a single value serves for a list, and a list for an envelope around one; entries of a map that are of another kind
//! than the view's are left out. An error carries its path and what was expected, never a value.

mod access;
mod failure;
#[cfg(test)]
mod tests;

use serde::de::value::{MapDeserializer, StrDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Number, Value};

use self::access::{Elements, Envelope, Members, Names};
pub(crate) use self::failure::ViewError;
use self::failure::{Entries, Failure, Kind};

/// Decodes a view of `value`.
pub(crate) fn decode_value<T: DeserializeOwned>(value: &Value) -> Result<T, ViewError> {
    // serde learns the kind of a map's entries only by reading one, which uses up the visitor. So when an entry does
    // not fit, what was learned is noted and the view is read again: once for each map with such entries.
    let mut unfit: Vec<Entries<'_>> = Vec::new();
    loop {
        let reader = Lenient { value, unfit: &unfit };
        match T::deserialize(reader) {
            Ok(view) => return Ok(view),
            Err(Failure {
                entries: Some(entries), ..
            }) if !unfit.iter().any(|known| known.is(entries.map)) => unfit.push(entries),
            Err(failure) => return Err(failure.into()),
        }
    }
}

fn as_bool(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn as_number(value: &Value) -> Option<Number> {
    match value {
        Value::Number(number) => Some(number.clone()),
        Value::String(text) => {
            let text = text.trim();
            let whole = text
                .parse::<u64>()
                .map(Number::from)
                .or_else(|_| text.parse::<i64>().map(Number::from));
            whole.ok().or_else(|| Number::from_f64(text.parse().ok()?))
        }
        _ => None,
    }
}

#[derive(Clone, Copy)]
struct Lenient<'s, 'de> {
    value: &'de Value,
    unfit: &'s [Entries<'de>],
}

impl<'s, 'de> Lenient<'s, 'de> {
    fn at(self, value: &'de Value) -> Self {
        Self { value, ..self }
    }

    fn whole<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure<'de>> {
        let number = as_number(self.value).ok_or_else(|| Failure::kind(Kind::Number))?;
        match number.as_f64() {
            // 2.0 is whole too. Beyond 2^53 a float has no exact whole number, so there it stays what it is.
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() <= 9_007_199_254_740_992.0 =>
            {
                #[allow(clippy::cast_possible_truncation)]
                visit_number(&Number::from(float as i64), visitor)
            }
            _ => visit_number(&number, visitor),
        }
    }

    fn float<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure<'de>> {
        let number = as_number(self.value).ok_or_else(|| Failure::kind(Kind::Number))?;
        visit_number(&number, visitor)
    }
}

fn visit_number<'de, V: Visitor<'de>>(number: &Number, visitor: V) -> Result<V::Value, Failure<'de>> {
    if let Some(number) = number.as_u64() {
        // A u64 that fits is an i64 to serde's visitors too.
        visitor.visit_u64(number)
    } else if let Some(number) = number.as_i64() {
        visitor.visit_i64(number)
    } else {
        visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN))
    }
}

macro_rules! numbers {
    ($($method:ident => $read:ident,)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure<'de>> {
            self.$read(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Lenient<'_, 'de> {
    type Error = Failure<'de>;

    /// For a view that takes whatever comes: nothing is changed or left out.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure<'de>> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => visit_number(number, visitor),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(values) => visitor.visit_seq(Elements::faithful(self, values)),
            Value::Object(map) => visitor.visit_map(Members::new(self, map, Names::All { faithful: true })),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure<'de>> {
        let value = as_bool(self.value).ok_or_else(|| Failure::kind(Kind::Bool))?;
        visitor.visit_bool(value)
    }

    numbers! {
        deserialize_i8 => whole, deserialize_i16 => whole, deserialize_i32 => whole, deserialize_i64 => whole,
        deserialize_u8 => whole, deserialize_u16 => whole, deserialize_u32 => whole, deserialize_u64 => whole,
        deserialize_f32 => float, deserialize_f64 => float,
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure<'de>> {
        match self.value {
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Number(number) => visitor.visit_string(number.to_string()),
            _ => Err(Failure::kind(Kind::Text)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure<'de>> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure<'de>> {
        match self.value {
            Value::Null => visitor.visit_none(),
            // Not set, where a number, a boolean or an object may stand.
            Value::String(text) if text.is_empty() => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Failure<'de>> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure<'de>> {
        visitor.visit_seq(Elements::of_list(self))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure<'de>> {
        match self.value {
            Value::Object(map) => visitor.visit_map(Members::new(self, map, Names::All { faithful: false })),
            // The documentation calls one of the maps a boolean.
            value if as_bool(value).is_some() => visitor.visit_map(MapDeserializer::new(std::iter::empty::<(&str, &str)>())),
            _ => Err(Failure::kind(Kind::Object)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure<'de>> {
        match self.value {
            Value::Object(map) => visitor.visit_map(Members::new(self, map, Names::Fields(fields))),
            // The documentation calls some envelopes a list.
            Value::Array(_) if fields.contains(&"value") => visitor.visit_map(Envelope::new(self)),
            _ => Err(Failure::kind(Kind::Object)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure<'de>> {
        let text = self.value.as_str().ok_or_else(|| Failure::kind(Kind::Text))?;
        let text: StrDeserializer<'_, Failure<'de>> = text.into_deserializer();
        visitor.visit_enum(text)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure<'de>> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit unit_struct tuple tuple_struct identifier
    }
}
