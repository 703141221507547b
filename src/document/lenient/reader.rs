//! The reader of one value, and what it shows of lists and objects, whose members it reads in turn.

use serde::de::value::{BorrowedStrDeserializer, MapDeserializer, StrDeserializer};
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

use crate::document::lenient::failure::{Failure, Kind, Step};
use crate::document::lenient::scalars::{as_bool, as_number};
use crate::model::member::spelling;

/// The reader of one value.
#[derive(Clone, Copy)]
pub(super) struct Lenient<'de>(pub(super) &'de Value);

impl<'de> Lenient<'de> {
    fn number<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let number = as_number(self.0).ok_or_else(|| Failure::kind(Kind::Number))?;
        // 2.0 is whole too. Beyond 2^53 a float has no exact whole number, so there it stays what it is.
        let is_whole = |float: &f64| number.is_f64() && float.fract() == 0.0 && float.abs() <= 9_007_199_254_740_992.0;
        #[allow(clippy::cast_possible_truncation)]
        let whole = number.as_f64().filter(is_whole).map(|float| float as i64);
        if let Some(number) = number.as_u64() {
            visitor.visit_u64(number)
        } else if let Some(number) = number.as_i64().or(whole) {
            visitor.visit_i64(number)
        } else {
            visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN))
        }
    }
}

macro_rules! numbers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
            self.number(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Lenient<'de> {
    type Error = Failure;

    /// For a view that takes whatever comes: nothing is changed or left out.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.0.deserialize_any(visitor).map_err(serde::de::Error::custom)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let value = as_bool(self.0).ok_or_else(|| Failure::kind(Kind::Bool))?;
        visitor.visit_bool(value)
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_f32 deserialize_f64
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.0 {
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Number(number) => visitor.visit_string(number.to_string()),
            _ => Err(Failure::kind(Kind::Text)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            // Not set, where a number, a boolean or an object may stand.
            Value::String(text) if text.is_empty() => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_seq(Elements::new(self.0))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.0 {
            Value::Object(map) => visitor.visit_map(Members::new(map, None)),
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
    ) -> Result<V::Value, Failure> {
        match self.0 {
            Value::Object(map) => visitor.visit_map(Members::new(map, Some(fields))),
            // The documentation calls some envelopes a list.
            Value::Array(_) if fields.contains(&"value") => {
                visitor.visit_map(MapDeserializer::new(std::iter::once(("value", self))))
            }
            _ => Err(Failure::kind(Kind::Object)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        let text = self.0.as_str().ok_or_else(|| Failure::kind(Kind::Text))?;
        visitor.visit_enum(StrDeserializer::new(text))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit unit_struct tuple tuple_struct identifier
    }
}

impl<'de> IntoDeserializer<'de, Failure> for Lenient<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// The elements of a list, without the nulls.
struct Elements<'de> {
    values: std::iter::Enumerate<std::slice::Iter<'de, Value>>,
    /// Whether this is one value that serves for a list, and so has no index.
    single: bool,
}

impl<'de> Elements<'de> {
    /// A single value serves for a list, and the empty text is "not set".
    fn new(value: &'de Value) -> Self {
        let values = match value {
            Value::Array(values) => values.as_slice(),
            Value::String(text) if text.is_empty() => &[],
            single => std::slice::from_ref(single),
        };
        Self {
            values: values.iter().enumerate(),
            single: !value.is_array(),
        }
    }
}

impl<'de> SeqAccess<'de> for Elements<'de> {
    type Error = Failure;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Failure> {
        let Some((index, value)) = self.values.find(|(_, value)| !value.is_null()) else {
            return Ok(None);
        };
        let step = || (!self.single).then_some(Step::Element(index));
        let read = seed.deserialize(Lenient(value));
        read.map(Some).map_err(|failure| failure.under(step()))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.values.len())
    }
}

/// The members of an object, without the nulls.
struct Members<'de> {
    map: &'de Map<String, Value>,
    entries: serde_json::map::Iter<'de>,
    /// The members of a struct; none for a map, all of whose entries are read.
    fields: Option<&'static [&'static str]>,
    current: Option<(&'de str, &'de Value)>,
}

impl<'de> Members<'de> {
    fn new(map: &'de Map<String, Value>, fields: Option<&'static [&'static str]>) -> Self {
        Self {
            map,
            entries: map.iter(),
            fields,
            current: None,
        }
    }

    /// The name under which the view reads the member, if it does.
    fn name(&self, key: &'de str) -> Option<&'de str> {
        let Some(fields) = self.fields else { return Some(key) };
        if fields.contains(&key) {
            return Some(key);
        }
        let field = fields.iter().find(|field| field.eq_ignore_ascii_case(key))?;
        (spelling(self.map, field) == Some(key)).then_some(field)
    }
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = Failure;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Failure> {
        while let Some((key, value)) = self.entries.find(|(_, value)| !value.is_null()) {
            if let Some(name) = self.name(key) {
                self.current = Some((key, value));
                return seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Failure> {
        let Some((key, value)) = self.current.take() else {
            return Err(Failure::new("a name before a value"));
        };
        let read = seed.deserialize(Lenient(value));
        read.map_err(|failure| match self.fields {
            Some(_) => failure.under(Some(Step::Member(key.to_owned()))),
            None => failure.under_key(key),
        })
    }
}
