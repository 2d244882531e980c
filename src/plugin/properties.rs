//! Properties of reading values, for random types, values and bytes. `PROPTEST_CASES` says how long to look.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use prost::bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use tf_provider::Diagnostics;
use tf_provider::value::{ValueBool, ValueList, ValueMap, ValueNumber, ValueSet, ValueString};

use super::handshake::Handshake;
use super::json::{ExtraAttributes, to_messagepack};
use super::messagepack::check;
use super::proto::tfplugin6::DynamicValue;
use super::value::Received;
use super::value_type::{Member, ValueType, WhenMissing};

/// How the tests call attributes: few names, so that random ones meet.
const NAMES: &str = "[abc]{1,2}";

fn value_types() -> impl Strategy<Value = ValueType> {
    let leaf = prop_oneof![
        Just(ValueType::String),
        Just(ValueType::Number),
        Just(ValueType::Bool)
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let member = |value_type| Member {
            value_type,
            when_missing: WhenMissing::Null,
        };
        prop_oneof![
            inner
                .clone()
                .prop_map(|value_type| ValueType::List(Box::new(value_type))),
            inner
                .clone()
                .prop_map(|value_type| ValueType::Set(Box::new(value_type))),
            inner
                .clone()
                .prop_map(|value_type| ValueType::Map(Box::new(value_type))),
            vec(inner.clone(), 0..4).prop_map(ValueType::Tuple),
            btree_map(NAMES, inner.prop_map(member), 0..4).prop_map(ValueType::Object),
        ]
    })
}

/// Values of `value_type`, in JSON; MessagePack of the same is made of that.
fn values(value_type: &ValueType) -> BoxedStrategy<Json> {
    let known = match value_type {
        ValueType::String => ".{0,8}".prop_map(Json::from).boxed(),
        ValueType::Number => any::<i64>().prop_map(Json::from).boxed(),
        ValueType::Bool => any::<bool>().prop_map(Json::from).boxed(),
        ValueType::List(element) | ValueType::Set(element) => {
            vec(values(element), 0..4).prop_map(Json::from).boxed()
        }
        ValueType::Map(element) => btree_map(".{0,3}", values(element), 0..4)
            .prop_map(|entries| json!(entries))
            .boxed(),
        ValueType::Tuple(elements) => elements
            .iter()
            .map(values)
            .collect::<Vec<_>>()
            .prop_map(Json::from)
            .boxed(),
        ValueType::Object(members) => {
            let names: Vec<String> = members.keys().cloned().collect();
            let members: Vec<_> = members
                .values()
                .map(|member| values(&member.value_type))
                .collect();
            members
                .prop_map(move |values| {
                    json!(
                        names
                            .iter()
                            .cloned()
                            .zip(values)
                            .collect::<BTreeMap<_, _>>()
                    )
                })
                .boxed()
        }
    };
    prop_oneof![9 => known, 1 => Just(Json::Null)].boxed()
}

fn types_with_values() -> impl Strategy<Value = (ValueType, Json)> {
    value_types().prop_flat_map(|value_type| (Just(value_type.clone()), values(&value_type)))
}

/// A state with one attribute of every sort that resources here have.
#[derive(Debug, Serialize, Deserialize)]
struct State<'a> {
    #[serde(borrow)]
    a: ValueString<'a>,
    b: ValueList<ValueNumber>,
    #[serde(borrow)]
    c: ValueMap<'a, ValueString<'a>>,
    aa: ValueBool,
    #[serde(borrow)]
    bb: ValueSet<ValueString<'a>>,
}

fn state_type() -> ValueType {
    let boxed = |value_type| Box::new(value_type);
    let members = [
        ("a", ValueType::String),
        ("b", ValueType::List(boxed(ValueType::Number))),
        ("c", ValueType::Map(boxed(ValueType::String))),
        ("aa", ValueType::Bool),
        ("bb", ValueType::Set(boxed(ValueType::String))),
    ];
    let members = members.map(|(name, value_type)| {
        (
            name.to_owned(),
            Member {
                value_type,
                when_missing: WhenMissing::Null,
            },
        )
    });
    ValueType::Object(members.into())
}

fn decode(bytes: DynamicValue) -> Result<(), Diagnostics> {
    let (value_type, mut diags) = (state_type(), Diagnostics::default());
    let received = Received::read(Some(bytes), &value_type, "the value", &mut diags);
    let decoded = received
        .as_ref()
        .and_then(|received| received.decode::<State<'_>>(&mut diags));
    match decoded {
        Some(_) => Ok(()),
        None => Err(diags),
    }
}

fn messagepack(bytes: impl Into<Bytes>) -> DynamicValue {
    DynamicValue {
        msgpack: bytes.into(),
        json: Bytes::new(),
    }
}

fn json_text(bytes: impl Into<Bytes>) -> DynamicValue {
    DynamicValue {
        msgpack: Bytes::new(),
        json: bytes.into(),
    }
}

proptest! {
    #[test]
    fn a_value_of_its_type_passes_and_survives_json((value_type, value) in types_with_values()) {
        let direct = rmp_serde::to_vec_named(&value).unwrap();
        prop_assert_eq!(check(&direct, &value_type), Ok(()));

        let converted = to_messagepack(value.to_string().as_bytes(), &value_type, ExtraAttributes::Refuse).unwrap();
        prop_assert_eq!(check(&converted, &value_type), Ok(()));
        prop_assert_eq!(rmp_serde::from_slice::<Json>(&converted).unwrap(), value);
    }

    #[test]
    fn a_value_that_is_cut_off_or_goes_on_does_not_pass((value_type, value) in types_with_values(), at in any::<prop::sample::Index>()) {
        let whole = rmp_serde::to_vec_named(&value).unwrap();
        prop_assert!(check(&whole[..at.index(whole.len())], &value_type).is_err());
        prop_assert!(check(&[&whole[..], &[0xc0]].concat(), &value_type).is_err());
    }

    #[test]
    fn random_bytes_never_panic(value_type in value_types(), bytes in vec(any::<u8>(), 0..64)) {
        _ = check(&bytes, &value_type);
        _ = to_messagepack(&bytes, &value_type, ExtraAttributes::Drop);
    }

    #[test]
    fn whatever_becomes_messagepack_passes((value_type, value) in types_with_values(), other in value_types()) {
        if let Ok(converted) = to_messagepack(value.to_string().as_bytes(), &other, ExtraAttributes::Drop) {
            prop_assert_eq!(check(&converted, &other), Ok(()));
        }
        prop_assert!(to_messagepack(value.to_string().as_bytes(), &value_type, ExtraAttributes::Drop).is_ok());
    }

    #[test]
    fn a_state_with_a_byte_changed_is_read_or_explained(
        value in values(&state_type()),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = rmp_serde::to_vec_named(&value).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Err(diags) = decode(messagepack(bytes)) {
            prop_assert_eq!(diags.errors.len(), 1);
        }
        let mut text = value.to_string().into_bytes();
        let at = at % text.len();
        text[at] = byte;
        if let Err(diags) = decode(json_text(text)) {
            prop_assert_eq!(diags.errors.len(), 1);
        }
    }

    #[test]
    fn a_state_is_decoded_when_it_is_there(value in values(&state_type())) {
        let expected = !value.is_null();
        let bytes = rmp_serde::to_vec_named(&value).unwrap();
        prop_assert_eq!(decode(messagepack(bytes)).is_ok(), expected);
        prop_assert_eq!(decode(json_text(value.to_string())).is_ok(), expected);
    }

    #[test]
    fn a_strange_host_never_panics_the_handshake(certificate in ".{0,64}", ports in ".{0,8}") {
        let variable = |name: &str| match name {
            "TF_PLUGIN_MAGIC_COOKIE" => {
                Some("d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2".to_owned())
            }
            "PLUGIN_CLIENT_CERT" => Some(certificate.clone()),
            "PLUGIN_MIN_PORT" => Some(ports.clone()),
            _ => None,
        };
        let handshake = Handshake::read(variable);
        prop_assert!(certificate.is_empty() || handshake.is_err());
    }
}
