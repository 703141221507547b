//! What the reader shows of lists and objects.

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess};
use serde_json::{Map, Value};

use crate::document::lenient::Lenient;
use crate::document::lenient::failure::{Entries, Failure, Kind};
use crate::model::member::spelling;

/// The elements of a list.
pub(super) struct Elements<'s, 'de> {
    reader: Lenient<'s, 'de>,
    values: std::iter::Enumerate<std::slice::Iter<'de, Value>>,
    /// Whether this is one value that serves for a list, and so has no index.
    single: bool,
    /// Whether nulls are elements too.
    faithful: bool,
}

impl<'s, 'de> Elements<'s, 'de> {
    /// All elements, with the nulls.
    pub(super) fn faithful(reader: Lenient<'s, 'de>, values: &'de [Value]) -> Self {
        Self {
            reader,
            values: values.iter().enumerate(),
            single: false,
            faithful: true,
        }
    }

    /// The elements without the nulls. A single value serves for a list, and the empty text is "not set".
    pub(super) fn of_list(reader: Lenient<'s, 'de>) -> Self {
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
pub(super) enum Names {
    /// Those of a struct, in any case.
    Fields(&'static [&'static str]),
    /// All entries of a map; without the nulls and those of another kind, unless faithful.
    All { faithful: bool },
}

/// The members of an object.
pub(super) struct Members<'s, 'de> {
    reader: Lenient<'s, 'de>,
    map: &'de Map<String, Value>,
    entries: serde_json::map::Iter<'de>,
    names: Names,
    kind: Option<Kind>,
    current: Option<(&'de str, &'de Value)>,
}

impl<'s, 'de> Members<'s, 'de> {
    pub(super) fn new(reader: Lenient<'s, 'de>, map: &'de Map<String, Value>, names: Names) -> Self {
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
pub(super) struct Envelope<'s, 'de> {
    reader: Lenient<'s, 'de>,
    read: bool,
}

impl<'s, 'de> Envelope<'s, 'de> {
    pub(super) fn new(reader: Lenient<'s, 'de>) -> Self {
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
