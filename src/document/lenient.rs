//! Reads a typed view out of received JSON as leniently as can be done without guessing.
//!
//! A null counts as absent; names match in any case; a number serves for a text and a text for a number or a boolean;
//! a single value serves for a list, and a list for an envelope around one; entries of a map that are of another kind
//! than the view's are left out. An error carries its path and what was expected, never a value.

use std::fmt;

use serde::de::value::{BorrowedStrDeserializer, MapDeserializer, StrDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Number, Value};

use crate::document::names::spelling;

/// Where received JSON does not fit the view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ViewError {
    /// For example `listings.en-us.baseListing.images[0].id`; empty for the body itself.
    pub(crate) path: String,
    /// What was expected there, in words.
    pub(crate) expected: String,
}

impl fmt::Display for ViewError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, expected } = self;
        if path.is_empty() {
            write!(f, "{expected} is expected")
        } else {
            write!(f, "{expected} is expected at {path}")
        }
    }
}

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

/// What the view wants where the JSON's kind matters.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Text,
    Bool,
    Number,
    Object,
}

impl Kind {
    fn accepts(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string() || value.is_number(),
            Self::Bool => as_bool(value).is_some(),
            Self::Number => as_number(value).is_some(),
            Self::Object => value.is_object(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Bool => "true or false",
            Self::Number => "a number",
            Self::Object => "an object",
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

/// A map, and the kind that its entries must have to be seen.
#[derive(Debug, Clone, Copy)]
struct Entries<'de> {
    map: &'de Map<String, Value>,
    kind: Kind,
}

impl Entries<'_> {
    fn is(&self, map: &Map<String, Value>) -> bool {
        std::ptr::eq(self.map, map)
    }
}

/// An error on its way up; the path is collected from its end.
#[derive(Debug)]
struct Failure<'de> {
    path: Vec<String>,
    expected: String,
    /// The kind that the value itself should have had.
    kind: Option<Kind>,
    /// Set when it is an entry of a map that is of another kind.
    entries: Option<Entries<'de>>,
}

impl Failure<'_> {
    fn new(expected: impl Into<String>) -> Self {
        Self {
            path: Vec::new(),
            expected: expected.into(),
            kind: None,
            entries: None,
        }
    }

    fn kind(kind: Kind) -> Self {
        Self {
            kind: Some(kind),
            ..Self::new(kind.name())
        }
    }

    fn under(mut self, segment: String) -> Self {
        self.path.push(segment);
        self.kind = None;
        self
    }
}

impl From<Failure<'_>> for ViewError {
    fn from(failure: Failure<'_>) -> Self {
        let path: String = failure.path.iter().rev().map(String::as_str).collect();
        Self {
            path: path.trim_start_matches('.').to_owned(),
            expected: failure.expected,
        }
    }
}

impl fmt::Display for Failure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is expected", self.expected)
    }
}

impl std::error::Error for Failure<'_> {}

impl serde::de::Error for Failure<'_> {
    // A message may quote a value, so none is kept.
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::new("another value")
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(expected.to_string())
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(expected.to_string())
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::new(expected.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(format!("a member `{field}`"))
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

    fn elements(self, values: &'de [Value], single: bool, faithful: bool) -> Elements<'s, 'de> {
        Elements {
            reader: self,
            values: values.iter().enumerate(),
            single,
            faithful,
        }
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
            Value::Array(values) => visitor.visit_seq(self.elements(values, false, true)),
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
        visitor.visit_seq(self.elements(list(self.value), !self.value.is_array(), false))
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
            Value::Array(_) if fields.contains(&"value") => visitor.visit_map(Envelope {
                reader: self,
                read: false,
            }),
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

/// The received elements of a list that the view may see, with nulls. A single value serves for a list, and the empty
/// text is "not set".
pub(crate) fn list(value: &Value) -> &[Value] {
    match value {
        Value::Array(values) => values,
        Value::Null => &[],
        Value::String(text) if text.is_empty() => &[],
        single => std::slice::from_ref(single),
    }
}

struct Elements<'s, 'de> {
    reader: Lenient<'s, 'de>,
    values: std::iter::Enumerate<std::slice::Iter<'de, Value>>,
    /// Whether this is one value that serves for a list, and so has no index.
    single: bool,
    /// Whether nulls are elements too.
    faithful: bool,
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct View {
        text: String,
        flag: Option<bool>,
        count: Option<u32>,
        share: Option<f64>,
        list: Vec<String>,
        inner: Vec<Inner>,
        map: BTreeMap<String, Inner>,
        flags: BTreeMap<String, bool>,
        page: Envelope,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Inner {
        name: String,
        numbers: BTreeMap<String, u8>,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Envelope {
        value: Vec<Inner>,
    }

    fn inner(name: &str) -> Inner {
        Inner {
            name: name.to_owned(),
            ..Inner::default()
        }
    }

    #[test]
    fn reads_what_can_be_meant() {
        let empty = View::default;
        let text = |text: &str| View {
            text: text.to_owned(),
            ..empty()
        };
        let list = |list: &[&str]| View {
            list: list.iter().map(ToString::to_string).collect(),
            ..empty()
        };
        let named = |name: &str| View {
            inner: vec![inner(name)],
            ..empty()
        };
        let table = [
            (json!({}), empty()),
            (
                json!({"text": null, "flag": null, "list": null, "map": null, "inner": [null], "x": {}}),
                empty(),
            ),
            (json!({"TEXT": "a"}), text("a")),
            (json!({"Text": "a", "text": "b", "TEXT": "c"}), text("b")),
            (json!({"Text": "a", "text": null}), text("a")),
            (json!({"text": 7}), text("7")),
            (json!({"text": 0.5}), text("0.5")),
            (
                json!({"flag": "True"}),
                View {
                    flag: Some(true),
                    ..empty()
                },
            ),
            (
                json!({"flag": false}),
                View {
                    flag: Some(false),
                    ..empty()
                },
            ),
            (
                json!({"count": 2.0}),
                View {
                    count: Some(2),
                    ..empty()
                },
            ),
            (
                json!({"count": " 2 "}),
                View {
                    count: Some(2),
                    ..empty()
                },
            ),
            (
                json!({"share": 0}),
                View {
                    share: Some(0.0),
                    ..empty()
                },
            ),
            (
                json!({"share": "12.5"}),
                View {
                    share: Some(12.5),
                    ..empty()
                },
            ),
            (json!({"list": ["a", null, 1]}), list(&["a", "1"])),
            (json!({"list": "a"}), list(&["a"])),
            (json!({"list": ""}), empty()),
            (json!({"inner": {"NAME": "a"}}), named("a")),
            (json!({"flags": true}), empty()),
            (
                json!({"flags": {"a": {}, "7": true, "b": null, "c": "false", "d": []}}),
                View {
                    flags: BTreeMap::from([("7".to_owned(), true), ("c".to_owned(), false)]),
                    ..empty()
                },
            ),
            (
                json!({"map": {"a": 1, "b": {"name": "b", "numbers": {"x": []}}, "c": [], "d": "x"}}),
                View {
                    map: BTreeMap::from([("b".to_owned(), inner("b"))]),
                    ..empty()
                },
            ),
            (
                json!({"page": [{"name": "a"}]}),
                View {
                    page: Envelope { value: vec![inner("a")] },
                    ..empty()
                },
            ),
            (
                json!({"page": {"Value": {"name": "a"}}}),
                View {
                    page: Envelope { value: vec![inner("a")] },
                    ..empty()
                },
            ),
        ];
        for (value, expected) in table {
            assert_eq!(decode_value::<View>(&value).unwrap(), expected, "{value}");
        }
    }

    #[test]
    fn an_error_has_its_path_and_no_value() {
        let table = [
            (json!("secret"), "", "an object"),
            (json!(null), "", "an object"),
            (json!({"text": ["secret"]}), "text", "a text"),
            (json!({"TEXT": {}}), "TEXT", "a text"),
            (json!({"flag": "secret"}), "flag", "true or false"),
            (json!({"count": "secret"}), "count", "a number"),
            (json!({"count": -3}), "count", "u32"),
            (json!({"count": 2.5}), "count", "u32"),
            (json!({"map": 3}), "map", "an object"),
            (json!({"inner": [{}, null, {"name": ["secret"]}]}), "inner[2].name", "a text"),
            (json!({"inner": {"name": ["secret"]}}), "inner.name", "a text"),
            (json!({"map": {"en-us": {"name": []}}}), "map.en-us.name", "a text"),
            (
                json!({"map": {"a": 1, "b": {"numbers": {"x": [], "y": 999}}}}),
                "map.b.numbers.y",
                "u8",
            ),
        ];
        for (value, path, expected) in table {
            let error = decode_value::<View>(&value).unwrap_err();
            assert_eq!((error.path.as_str(), error.expected.as_str()), (path, expected), "{value}");
        }
    }

    #[test]
    fn a_view_of_anything_is_the_value() {
        let value = json!({"a": [null, 1, -1, 0.5, "x", {"b": null}], "A": true});
        assert_eq!(decode_value::<Value>(&value).unwrap(), value);
    }
}
