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
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Record(BTreeMap<String, Encoded>);

/// The `Debug` form has only the names: statements and what else a value holds must not end up in a log.
impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

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

#[cfg(test)]
impl Record {
    /// The text that stands for a value that is not known yet, in the JSON of a test.
    pub const UNKNOWN: &'static str = "(unknown)";

    /// The record that JSON describes.
    pub fn of_json(json: serde_json::Value) -> Self {
        fn encoded(json: serde_json::Value) -> Encoded {
            use serde_json::Value;
            match json {
                Value::Null => Encoded::Nil,
                Value::Bool(flag) => flag.into(),
                Value::Number(number) => match number.as_i64() {
                    Some(whole) => whole.into(),
                    None => number.as_f64().unwrap_or(f64::NAN).into(),
                },
                Value::String(text) if text == Record::UNKNOWN => Record::unknown(),
                Value::String(text) => text.into(),
                Value::Array(values) => Encoded::Array(values.into_iter().map(encoded).collect()),
                Value::Object(members) => Encoded::Map(
                    (members.into_iter())
                        .map(|(name, value)| (name.into(), encoded(value)))
                        .collect(),
                ),
            }
        }
        let serde_json::Value::Object(members) = json else {
            return Self::default();
        };
        Self(
            (members.into_iter())
                .map(|(name, value)| (name, encoded(value)))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_is_the_same_after_it_went_over_the_wire() {
        let record = Record::of_json(json!({
            "text": "a", "number": i64::MAX, "flag": true, "nothing": null, "unknown": Record::UNKNOWN,
            "list": [1, Record::UNKNOWN, null], "block": [{"name": Record::UNKNOWN, "other": "b"}],
        }));

        let encoded = rmp_serde::to_vec_named(&record).unwrap();
        let decoded: Record = rmp_serde::from_slice(&encoded).unwrap();

        assert_eq!(decoded, record);
        assert_eq!(decoded.text("unknown"), Value::Unknown);
        assert_eq!(decoded.value("number").as_i64(), Some(i64::MAX));
    }

    #[test]
    fn what_cannot_be_read_is_unknown_and_what_is_missing_is_null() {
        let record = Record::of_json(json!({"number": 1, "list": "x"}));
        assert_eq!(record.text("number"), Value::Unknown);
        assert_eq!(record.list("list"), Value::Unknown);
        assert_eq!(record.text("missing"), Value::Null);
        assert!(record.presence("missing").is_absent());
    }
}
