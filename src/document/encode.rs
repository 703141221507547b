//! A view as a tree, to compare what was read with what was edited.
//!
//! Other than JSON it tells a struct, whose members are fixed, from a map, whose keys belong to the user; and it keeps
//! no names of members, which makes it several times cheaper. What JSON cannot say is an error.

use std::collections::BTreeMap;
use std::fmt;

use serde::ser::{
    Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple, SerializeTupleStruct, Serializer,
};
use serde_json::{Number, Value};

/// A part of an encoded view.
#[derive(Debug, Clone)]
pub(crate) enum Encoded {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Self>),
    /// Always all members, in the order of the model.
    Struct(Vec<(&'static str, Self)>),
    Map(BTreeMap<String, Self>),
}

// By hand: two structs at the same place of a view have the same names, and comparing them would cost as much as the rest.
impl PartialEq for Encoded {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Struct(a), Self::Struct(b)) => a.iter().map(|(_, value)| value).eq(b.iter().map(|(_, value)| value)),
            (Self::Map(a), Self::Map(b)) => a == b,
            _ => false,
        }
    }
}

impl Encoded {
    /// A value that was not received: without the members that say "not set".
    pub(crate) fn to_new_value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Number(number) => Value::Number(number.clone()),
            Self::Text(text) => Value::String(text.clone()),
            Self::List(elements) => elements.iter().map(Self::to_new_value).collect(),
            Self::Struct(members) => {
                let set = members.iter().filter(|(_, value)| !value.is_empty());
                set.map(|(name, value)| ((*name).to_owned(), value.to_new_value())).collect()
            }
            Self::Map(entries) => entries
                .iter()
                .map(|(key, value)| (key.clone(), value.to_new_value()))
                .collect(),
        }
    }

    /// Whether it says "not set".
    fn is_empty(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => text.is_empty(),
            Self::List(elements) => elements.is_empty(),
            Self::Struct(members) => members.iter().all(|(_, value)| value.is_empty()),
            Self::Map(entries) => entries.is_empty(),
            Self::Bool(_) | Self::Number(_) => false,
        }
    }
}

/// Encodes a view.
pub(crate) fn encode(view: &impl Serialize) -> Result<Encoded, Unwritable> {
    view.serialize(Encoder)
}

/// Something in a view that JSON cannot say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unwritable {
    path: String,
}

impl Unwritable {
    fn within(mut self, segment: &str) -> Self {
        if !self.path.is_empty() {
            self.path.insert(0, '.');
        }
        self.path.insert_str(0, segment);
        self
    }
}

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is nothing that JSON can say, such as a number that is not finite",
            self.path
        )
    }
}

impl std::error::Error for Unwritable {}

impl serde::ser::Error for Unwritable {
    // A message may quote a value, so none is kept.
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self { path: String::new() }
    }
}

fn unwritable<T>() -> Result<T, Unwritable> {
    Err(Unwritable { path: String::new() })
}

struct Encoder;

type Outcome = Result<Encoded, Unwritable>;

macro_rules! numbers {
    ($($method:ident: $type:ty,)*) => {
        $(fn $method(self, number: $type) -> Outcome {
            Ok(Encoded::Number(number.into()))
        })*
    };
}

impl Serializer for Encoder {
    type Ok = Encoded;
    type Error = Unwritable;
    type SerializeSeq = List;
    type SerializeTuple = List;
    type SerializeTupleStruct = List;
    type SerializeTupleVariant = Impossible<Encoded, Unwritable>;
    type SerializeMap = Entries;
    type SerializeStruct = Members;
    type SerializeStructVariant = Impossible<Encoded, Unwritable>;

    numbers! {
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64,
    }

    fn serialize_bool(self, value: bool) -> Outcome {
        Ok(Encoded::Bool(value))
    }

    fn serialize_f32(self, number: f32) -> Outcome {
        self.serialize_f64(number.into())
    }

    fn serialize_f64(self, number: f64) -> Outcome {
        Number::from_f64(number).map_or_else(unwritable, |number| Ok(Encoded::Number(number)))
    }

    fn serialize_char(self, value: char) -> Outcome {
        Ok(Encoded::Text(value.to_string()))
    }

    fn serialize_str(self, text: &str) -> Outcome {
        Ok(Encoded::Text(text.to_owned()))
    }

    fn serialize_bytes(self, _: &[u8]) -> Outcome {
        unwritable()
    }

    fn serialize_none(self) -> Outcome {
        Ok(Encoded::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Outcome {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Outcome {
        Ok(Encoded::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Outcome {
        Ok(Encoded::Null)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Outcome {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Outcome {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(self, _: &'static str, _: u32, _: &'static str, _: &T) -> Outcome {
        unwritable()
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<List, Unwritable> {
        Ok(List(Vec::with_capacity(length.unwrap_or_default())))
    }

    fn serialize_tuple(self, length: usize) -> Result<List, Unwritable> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<List, Unwritable> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Unwritable> {
        unwritable()
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Entries, Unwritable> {
        Ok(Entries {
            entries: BTreeMap::new(),
            key: String::new(),
        })
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Members, Unwritable> {
        Ok(Members(Vec::with_capacity(length)))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Unwritable> {
        unwritable()
    }
}

struct List(Vec<Encoded>);

impl SerializeSeq for List {
    type Ok = Encoded;
    type Error = Unwritable;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
        let index = self.0.len();
        self.0
            .push(value.serialize(Encoder).map_err(|error| error.within(&index.to_string()))?);
        Ok(())
    }

    fn end(self) -> Outcome {
        Ok(Encoded::List(self.0))
    }
}

impl SerializeTuple for List {
    type Ok = Encoded;
    type Error = Unwritable;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
        SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Outcome {
        SerializeSeq::end(self)
    }
}

impl SerializeTupleStruct for List {
    type Ok = Encoded;
    type Error = Unwritable;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
        SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Outcome {
        SerializeSeq::end(self)
    }
}

struct Entries {
    entries: BTreeMap<String, Encoded>,
    key: String,
}

impl SerializeMap for Entries {
    type Ok = Encoded;
    type Error = Unwritable;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unwritable> {
        match key.serialize(Encoder)? {
            Encoded::Text(key) => self.key = key,
            _ => return unwritable(),
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
        let value = value.serialize(Encoder).map_err(|error| error.within(&self.key))?;
        self.entries.insert(std::mem::take(&mut self.key), value);
        Ok(())
    }

    fn end(self) -> Outcome {
        Ok(Encoded::Map(self.entries))
    }
}

struct Members(Vec<(&'static str, Encoded)>);

impl SerializeStruct for Members {
    type Ok = Encoded;
    type Error = Unwritable;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Unwritable> {
        self.0
            .push((name, value.serialize(Encoder).map_err(|error| error.within(name))?));
        Ok(())
    }

    fn end(self) -> Outcome {
        Ok(Encoded::Struct(self.0))
    }
}
