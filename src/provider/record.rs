//! The arguments and results of a resource by their names, as they come over the wire.
//!
//! Every service has its own attributes, which its description lists; so a state is a record, and not a struct of its own
//! for each service. What a description says of an attribute is then said once. Before a record is made, the wire has
//! checked the value against the schema.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tf_provider::value::Value;

/// The wire's value: MessagePack, in which an extension stands for a value that is not known yet.
pub type Encoded = rmpv::Value;

/// An object: attributes by their names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Record(BTreeMap<String, Encoded>);

/// What is known of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It is null, or left out.
    Absent,
    /// It has a value, at least in part.
    Given,
    /// It may turn out to be either.
    Unknown,
}

impl Presence {
    /// Is it null, or left out?
    pub fn is_absent(self) -> bool {
        self == Self::Absent
    }

    /// Has it a value, at least in part?
    pub fn is_given(self) -> bool {
        self == Self::Given
    }

    /// May it turn out to be either?
    pub fn is_unknown(self) -> bool {
        self == Self::Unknown
    }

    /// What is known of this value.
    pub fn of(value: &Encoded) -> Self {
        match value {
            Encoded::Nil => Self::Absent,
            Encoded::Ext(..) => Self::Unknown,
            _ => Self::Given,
        }
    }
}

/// A block that may be there once at most.
#[derive(Clone, Copy, Debug)]
pub enum Block<'r> {
    /// There is none.
    Absent,
    /// It is there, with these attributes.
    Present(&'r [(Encoded, Encoded)]),
    /// It cannot be known yet whether there is one.
    Unknown,
}

impl Block<'_> {
    /// The attributes of the block by their names; none where there is no block.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &Encoded)> {
        let attributes = match self {
            Self::Present(attributes) => *attributes,
            Self::Absent | Self::Unknown => &[],
        };
        (attributes.iter()).filter_map(|(name, value)| Some((name.as_str()?, value)))
    }
}

impl Record {
    /// A value that only apply can tell.
    pub fn unknown() -> Encoded {
        Encoded::Ext(0, vec![0])
    }

    /// The attribute as it came. Null where there is none.
    pub fn value(&self, name: &str) -> &Encoded {
        self.0.get(name).unwrap_or(&Encoded::Nil)
    }

    /// Writes an attribute.
    pub fn set(&mut self, name: &str, value: Encoded) {
        self.0.insert(name.to_owned(), value);
    }

    /// What is known of an attribute.
    pub fn presence(&self, name: &str) -> Presence {
        Presence::of(self.value(name))
    }

    /// A text.
    pub fn text(&self, name: &str) -> Value<&str> {
        read(self.value(name), Encoded::as_str)
    }

    /// True or false.
    pub fn flag(&self, name: &str) -> Value<bool> {
        read(self.value(name), Encoded::as_bool)
    }

    /// Is the attribute known to be true?
    pub fn is_true(&self, name: &str) -> bool {
        self.flag(name) == Value::Value(true)
    }

    /// A list or a set.
    pub fn list(&self, name: &str) -> Value<&[Encoded]> {
        read(self.value(name), |value| {
            value.as_array().map(Vec::as_slice)
        })
    }

    /// A block that may be there once at most, which the wire carries as a list.
    pub fn block(&self, name: &str) -> Block<'_> {
        match self.list(name) {
            Value::Unknown => Block::Unknown,
            Value::Null => Block::Absent,
            Value::Value(blocks) => match blocks.first() {
                None | Some(Encoded::Nil) => Block::Absent,
                Some(Encoded::Map(attributes)) => Block::Present(attributes),
                Some(_) => Block::Unknown,
            },
        }
    }
}

/// What cannot be read is taken to be unknown: with an unknown argument nobody is killed.
fn read<'r, T>(value: &'r Encoded, as_type: impl FnOnce(&'r Encoded) -> Option<T>) -> Value<T> {
    match value {
        Encoded::Nil => Value::Null,
        value => as_type(value).map_or(Value::Unknown, Value::Value),
    }
}

/// One value as a person wrote it: numbers in decimals. `None` for null and for what is not known yet.
///
/// Numbers that fit no machine type come as text already.
pub fn written(value: &Encoded) -> Option<Cow<'_, str>> {
    match value {
        Encoded::Nil | Encoded::Ext(..) => None,
        Encoded::String(text) => text.as_str().map(Cow::Borrowed),
        other => Some(Cow::Owned(other.to_string())),
    }
}

/// A text that is known, or null.
pub fn text<T: Into<String>>(value: Option<T>) -> Encoded {
    value.map_or(Encoded::Nil, |text| Encoded::from(text.into()))
}

/// A number of things, or null when that is not known.
pub fn number(count: Option<usize>) -> Encoded {
    (count.and_then(|count| i64::try_from(count).ok())).map_or(Encoded::Nil, Encoded::from)
}
