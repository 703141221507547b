//! The reader of one value, and what it shows of lists and objects, whose members it reads in turn.

use serde::de::value::{BorrowedStrDeserializer, MapDeserializer, StrDeserializer};
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Number, Value};

use crate::document::lenient::failure::{Entries, Failure, Kind};
use crate::document::lenient::scalars::{as_bool, as_number};
use crate::model::member::spelling;

/// The reader of one value.
#[derive(Clone, Copy)]
pub(super) struct Lenient<'s, 'de> {
    value: &'de Value,
    unfit: &'s [Entries<'de>],
}

impl<'s, 'de> Lenient<'s, 'de> {
    pub(super) fn new(value: &'de Value, unfit: &'s [Entries<'de>]) -> Self {
        Self { value, unfit }
    }

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

/// The elements of a list.
struct Elements<'s, 'de> {
    reader: Lenient<'s, 'de>,
    values: std::iter::Enumerate<std::slice::Iter<'de, Value>>,
    /// Whether this is one value that serves for a list, and so has no index.
    single: bool,
    /// Whether nulls are elements too.
    faithful: bool,
}

impl<'s, 'de> Elements<'s, 'de> {
    /// All elements, with the nulls.
    fn faithful(reader: Lenient<'s, 'de>, values: &'de [Value]) -> Self {
        Self {
            reader,
            values: values.iter().enumerate(),
            single: false,
            faithful: true,
        }
    }

    /// The elements without the nulls. A single value serves for a list, and the empty text is "not set".
    fn of_list(reader: Lenient<'s, 'de>) -> Self {
        let values = match reader.value {
            Value::Array(values) => values.as_slice(),
            Value::String(text) if text.is_empty() => &[],
            single => std::slice::from_ref(single),
        };
        Self {
            reader,
            values: values.iter().enumerate(),
            single: !reader.value.is_array(),
            faithful: false,
        }
    }
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = Failure<'de>;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Failure<'de>> {
        let faithful = self.faithful;
        let Some((index, value)) = self.values.find(|(_, value)| faithful || !value.is_null()) else {
            return Ok(None);
        };
        let read = seed.deserialize(self.reader.at(value));
        let segment = || if self.single { String::new() } else { format!("[{index}]") };
        read.map(Some).map_err(|failure| failure.under(segment()))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.values.len())
    }
}

/// Which members of an object are read, and as what.
#[derive(Clone, Copy)]
enum Names {
    /// Those of a struct, in any case.
    Fields(&'static [&'static str]),
    /// All entries of a map; without the nulls and those of another kind, unless faithful.
    All { faithful: bool },
}

/// The members of an object.
struct Members<'s, 'de> {
    reader: Lenient<'s, 'de>,
    map: &'de Map<String, Value>,
    entries: serde_json::map::Iter<'de>,
    names: Names,
    kind: Option<Kind>,
    current: Option<(&'de str, &'de Value)>,
}

impl<'s, 'de> Members<'s, 'de> {
    fn new(reader: Lenient<'s, 'de>, map: &'de Map<String, Value>, names: Names) -> Self {
        let kind = reader
            .unfit
            .iter()
            .find(|entries| entries.is(map))
            .map(|entries| entries.kind);
        Self {
            reader,
            map,
            entries: map.iter(),
            names,
            kind,
            current: None,
        }
    }

    /// The name under which the view reads the entry, if it does.
    fn name(&self, key: &'de str, value: &Value) -> Option<&'de str> {
        match self.names {
            Names::All { faithful: true } => Some(key),
            _ if value.is_null() => None,
            Names::All { faithful: false } => self.kind.is_none_or(|kind| kind.accepts(value)).then_some(key),
            Names::Fields(fields) => {
                if fields.contains(&key) {
                    return Some(key);
                }
                let field = fields.iter().find(|field| field.eq_ignore_ascii_case(key))?;
                (spelling(self.map, field) == Some(key)).then_some(field)
            }
        }
    }
}

impl<'de> MapAccess<'de> for Members<'_, 'de> {
    type Error = Failure<'de>;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Failure<'de>> {
        while let Some((key, value)) = self.entries.next() {
            if let Some(name) = self.name(key, value) {
                self.current = Some((key, value));
                return seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Failure<'de>> {
        let Some((key, value)) = self.current.take() else {
            return Err(Failure::new("a name before a value"));
        };
        seed.deserialize(self.reader.at(value)).map_err(|mut failure| {
            if let (Names::All { .. }, Some(kind)) = (self.names, failure.kind) {
                failure.entries = Some(Entries { map: self.map, kind });
            }
            failure.under(format!(".{key}"))
        })
    }
}

/// A list that stands where an envelope is expected: its member `value`.
struct Envelope<'s, 'de> {
    reader: Lenient<'s, 'de>,
    read: bool,
}

impl<'s, 'de> Envelope<'s, 'de> {
    fn new(reader: Lenient<'s, 'de>) -> Self {
        Self { reader, read: false }
    }
}

impl<'de> MapAccess<'de> for Envelope<'_, 'de> {
    type Error = Failure<'de>;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Failure<'de>> {
        if std::mem::replace(&mut self.read, true) {
            return Ok(None);
        }
        seed.deserialize(BorrowedStrDeserializer::new("value")).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Failure<'de>> {
        seed.deserialize(self.reader)
    }
}
