//! Values as they come from the host and go back to it.

use prost::bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_path_to_error::{Path, Segment};
use tf_provider::{AttributePath, AttributePathStep, Diagnostics};

use super::json::{self, ExtraAttributes};
use super::messagepack::check;
use super::proto::tfplugin6::DynamicValue;
use super::type_error::TypeError;
use super::value_type::ValueType;

/// MessagePack's null.
const NULL: &[u8] = &[0xc0];

/// How deep a value may nest. Terraform's own types stay far below; the stack holds many times as much.
pub(crate) const DEEPEST: usize = 128;

/// A value from the host that is known to be of its schema's type.
#[derive(Clone, Debug)]
pub(crate) struct Received<'k> {
    messagepack: Bytes,
    value_type: &'k ValueType,
    /// What the value is, in words: "the configuration".
    what: &'static str,
}

impl<'k> Received<'k> {
    /// Reads `value` against `value_type`. An absent value is null.
    ///
    /// Returns `None` after saying in `diags` which attribute is wrong, and how.
    pub(crate) fn read(
        value: Option<DynamicValue>,
        value_type: &'k ValueType,
        what: &'static str,
        diags: &mut Diagnostics,
    ) -> Option<Self> {
        let checked = messagepack_of(value.unwrap_or_default(), value_type)
            .and_then(|messagepack| check(&messagepack, value_type).map(|()| messagepack));
        match checked {
            Ok(messagepack) => Some(Self {
                messagepack,
                value_type,
                what,
            }),
            Err(type_error) => {
                unreadable(diags, what, type_error);
                None
            }
        }
    }

    /// Reads a state of an earlier schema, stored as JSON: see [`json::to_messagepack`].
    pub(crate) fn read_stored(
        json: &[u8],
        value_type: &'k ValueType,
        what: &'static str,
        diags: &mut Diagnostics,
    ) -> Option<Self> {
        match json::to_messagepack(json, value_type, ExtraAttributes::Drop) {
            Ok(messagepack) => Some(Self {
                messagepack: messagepack.into(),
                value_type,
                what,
            }),
            Err(type_error) => {
                unreadable(diags, what, type_error);
                None
            }
        }
    }

    /// Whether there is no value: nothing before a create, nothing after a destroy.
    pub(crate) fn is_null(&self) -> bool {
        &self.messagepack[..] == NULL
    }

    /// Decodes the value into the resource's own type.
    ///
    /// Returns `None` after saying in `diags` which attribute the type cannot hold.
    pub(crate) fn decode<'a, T: Deserialize<'a>>(&'a self, diags: &mut Diagnostics) -> Option<T> {
        match decode(&self.messagepack) {
            Ok(value) => Some(value),
            Err(path) => {
                unreadable(diags, self.what, self.unfit(&path));
                None
            }
        }
    }

    /// The value's encoding.
    pub(crate) fn messagepack(&self) -> Bytes {
        self.messagepack.clone()
    }

    /// The value as it came.
    pub(crate) fn into_wire(self) -> DynamicValue {
        DynamicValue {
            msgpack: self.messagepack,
            json: Bytes::new(),
        }
    }

    /// What to say of a value that is of the schema's type, but not of the narrower type that the resource has for it.
    fn unfit(&self, path: &Path) -> TypeError {
        let mut value_type = self.value_type;
        let mut steps = Vec::new();
        for segment in path.iter() {
            let Some((step, below)) = descend(value_type, segment) else {
                break;
            };
            steps.push(step);
            value_type = below;
        }
        let expectation = match value_type {
            ValueType::Number => "a whole number of at most 64 bits",
            other if self.is_null() => {
                let problem = format!("expected {}, got null", other.expectation());
                return TypeError {
                    path: AttributePath { steps },
                    problem,
                };
            }
            other => other.expectation(),
        };
        let problem =
            format!("this provider cannot hold the value given here; it takes {expectation}");
        TypeError {
            path: AttributePath { steps },
            problem,
        }
    }
}

/// Decodes what a resource stored for itself; nothing stored is null.
pub(crate) fn decode_private<'a, T: Deserialize<'a>>(
    private: &'a [u8],
    diags: &mut Diagnostics,
) -> Option<T> {
    let messagepack = if private.is_empty() { NULL } else { private };
    match decode(messagepack) {
        Ok(value) => Some(value),
        Err(_) => {
            diags.root_error(
                "Unreadable private state",
                "What this provider stored beside the resource's state cannot be read back. It may have been written \
                 by another version of the provider, or changed by hand.",
            );
            None
        }
    }
}

/// The null that stands for "no such resource".
pub(crate) fn null() -> DynamicValue {
    DynamicValue {
        msgpack: Bytes::from_static(NULL),
        json: Bytes::new(),
    }
}

/// Encodes what a resource gives back.
pub(crate) fn encode<T: Serialize>(value: &T, diags: &mut Diagnostics) -> Option<DynamicValue> {
    let msgpack = encode_private(value, diags)?;
    Some(DynamicValue {
        msgpack,
        json: Bytes::new(),
    })
}

/// Encodes what a resource stores for itself.
pub(crate) fn encode_private<T: Serialize>(value: &T, diags: &mut Diagnostics) -> Option<Bytes> {
    match rmp_serde::to_vec_named(value) {
        Ok(bytes) => Some(bytes.into()),
        Err(_) => {
            diags.root_error(
                "Result lost",
                "The provider cannot write its own result for Terraform. This is a bug in the provider; please \
                 report it.",
            );
            None
        }
    }
}

/// The same value with its numbers as decimal text, which every host reads as well.
///
/// A host compares the state before a refresh with the state after it, and some versions of Terraform (1.11 among them)
/// compare even the precision of their numbers: 512 bits for those that it reads from its state file or from text, 64
/// for a number that arrives as an integer. Then `plan -refresh-only -detailed-exitcode` sees a change where there is none.
pub(crate) fn with_numbers_as_text(value: DynamicValue) -> DynamicValue {
    fn texts(value: rmpv::Value) -> rmpv::Value {
        use rmpv::Value;
        match value {
            Value::Integer(number) => Value::from(number.to_string()),
            Value::Array(elements) => Value::Array(elements.into_iter().map(texts).collect()),
            Value::Map(members) => Value::Map(
                members
                    .into_iter()
                    .map(|(name, value)| (name, texts(value)))
                    .collect(),
            ),
            other => other,
        }
    }
    let Ok(read) = rmpv::decode::read_value(&mut value.msgpack.as_ref()) else {
        return value;
    };
    let mut encoded = Vec::with_capacity(value.msgpack.len());
    match rmpv::encode::write_value(&mut encoded, &texts(read)) {
        Ok(()) => DynamicValue {
            msgpack: encoded.into(),
            ..value
        },
        Err(_) => value,
    }
}

fn messagepack_of(value: DynamicValue, value_type: &ValueType) -> Result<Bytes, TypeError> {
    match (value.msgpack.is_empty(), value.json.is_empty()) {
        (false, _) => Ok(value.msgpack),
        (true, false) => {
            json::to_messagepack(&value.json, value_type, ExtraAttributes::Refuse).map(Bytes::from)
        }
        (true, true) => Ok(Bytes::from_static(NULL)),
    }
}

/// serde's message is left behind: it quotes the value, which may be a secret.
fn decode<'a, T: Deserialize<'a>>(messagepack: &'a [u8]) -> Result<T, Path> {
    let mut deserializer = rmp_serde::Deserializer::from_read_ref(messagepack);
    deserializer.set_max_depth(DEEPEST);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| error.path().clone())
}

fn descend<'k>(
    value_type: &'k ValueType,
    segment: &Segment,
) -> Option<(AttributePathStep, &'k ValueType)> {
    match (value_type, segment) {
        (ValueType::Object(members), Segment::Map { key }) => {
            let member = members.get(key)?;
            Some((
                AttributePathStep::Attribute(key.clone().into()),
                &member.value_type,
            ))
        }
        (ValueType::Map(element), Segment::Map { key }) => {
            Some((AttributePathStep::Key(key.clone().into()), element))
        }
        (ValueType::List(element), Segment::Seq { index }) => Some((
            AttributePathStep::Index(i64::try_from(*index).ok()?),
            element,
        )),
        _ => None,
    }
}

/// Says in `diags` where `what` differs from its schema, and how.
pub(crate) fn unreadable(
    diags: &mut Diagnostics,
    what: &str,
    TypeError { path, problem }: TypeError,
) {
    let detail = match path.steps.is_empty() {
        true => format!("In {what}: {problem}."),
        false => format!("In {what}, {path}: {problem}."),
    };
    diags.error("Unreadable value", detail, path);
}

#[cfg(test)]
mod tests;
