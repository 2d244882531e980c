//! Values that fit a schema, made from the schema that the provider itself tells.

use prost::bytes::Bytes;
use serde_json::{Map, Value, json};
use terraform_provider_hwc::plugin::proto::tfplugin6::schema::nested_block::NestingMode;
use terraform_provider_hwc::plugin::proto::tfplugin6::{DynamicValue, Schema};

/// An object of this schema: what is given, and null or nothing for the rest.
pub fn object(schema: &Schema, given: &Value) -> Value {
    let block = schema.block.as_ref().expect("a schema has a block");
    let attributes = block
        .attributes
        .iter()
        .map(|attribute| (attribute.name.clone(), Value::Null));
    let blocks = block.block_types.iter().map(|nested| {
        let nothing = match nested.nesting() {
            NestingMode::List | NestingMode::Set => json!([]),
            NestingMode::Map => json!({}),
            _ => Value::Null,
        };
        (nested.type_name.clone(), nothing)
    });
    let mut object: Map<String, Value> = attributes.chain(blocks).collect();
    for (name, value) in given.as_object().expect("an object") {
        let place = object.get_mut(name);
        *place.unwrap_or_else(|| panic!("the schema has no {name}")) = value.clone();
    }
    object.into()
}

pub fn messagepack(value: &Value) -> Vec<u8> {
    rmp_serde::to_vec_named(value).expect("JSON fits into MessagePack")
}

/// MessagePack as the wire carries it.
pub fn dynamic(messagepack: impl Into<Bytes>) -> DynamicValue {
    DynamicValue {
        msgpack: messagepack.into(),
        json: Bytes::new(),
    }
}

/// JSON as the wire carries it.
pub fn dynamic_json(json: impl Into<Bytes>) -> DynamicValue {
    DynamicValue {
        msgpack: Bytes::new(),
        json: json.into(),
    }
}

pub fn null() -> DynamicValue {
    dynamic(&[0xc0_u8][..])
}
