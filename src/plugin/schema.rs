//! Schemas on their way to the host.

use std::collections::HashMap;

use tf_provider::schema::{
    Attribute, AttributeConstraint, AttributeType, Block, Description, NestedBlock, Schema,
    StringKind,
};

use super::proto::tfplugin6 as wire;

/// The wire's schema, attributes and blocks by name, so that it is the same bytes every time.
pub(crate) fn to_wire(schema: &Schema) -> wire::Schema {
    wire::Schema {
        version: schema.version,
        block: Some(block(&schema.block)),
    }
}

fn block(block: &Block) -> wire::schema::Block {
    let (description, description_kind) = describe(&block.description);
    let mut block_types: Vec<_> = block
        .blocks
        .iter()
        .map(|(name, nested)| nested_block(name, nested))
        .collect();
    block_types.sort_by(|left, right| left.type_name.cmp(&right.type_name));
    wire::schema::Block {
        version: block.version,
        attributes: attributes(&block.attributes),
        block_types,
        description,
        description_kind,
        deprecated: block.deprecated,
        deprecation_message: String::new(),
    }
}

fn attributes(attributes: &HashMap<String, Attribute>) -> Vec<wire::schema::Attribute> {
    let mut attributes: Vec<_> = attributes
        .iter()
        .map(|(name, described)| attribute(name, described))
        .collect();
    attributes.sort_by(|left, right| left.name.cmp(&right.name));
    attributes
}

fn attribute(name: &str, attribute: &Attribute) -> wire::schema::Attribute {
    use AttributeConstraint::{Computed, Optional, OptionalComputed, Required};

    let (description, description_kind) = describe(&attribute.description);
    let nested_type = nested_type(&attribute.attr_type);
    wire::schema::Attribute {
        name: name.to_owned(),
        // An attribute has a type or a nested type; a host may refuse one that has both.
        r#type: match nested_type {
            Some(_) => Default::default(),
            None => attribute.attr_type.to_string().into(),
        },
        nested_type,
        description,
        description_kind,
        required: attribute.constraint == Required,
        optional: matches!(attribute.constraint, Optional | OptionalComputed),
        computed: matches!(attribute.constraint, Computed | OptionalComputed),
        sensitive: attribute.sensitive,
        deprecated: attribute.deprecated,
        write_only: false,
        deprecation_message: String::new(),
    }
}

fn nested_type(attribute: &AttributeType) -> Option<wire::schema::Object> {
    use wire::schema::object::NestingMode;

    let (nesting, nested) = match attribute {
        AttributeType::AttributeSingle(nested) => (NestingMode::Single, nested),
        AttributeType::AttributeList(nested) => (NestingMode::List, nested),
        AttributeType::AttributeSet(nested) => (NestingMode::Set, nested),
        AttributeType::AttributeMap(nested) => (NestingMode::Map, nested),
        _ => return None,
    };
    Some(wire::schema::Object {
        attributes: attributes(nested),
        nesting: nesting.into(),
    })
}

fn nested_block(name: &str, nested: &NestedBlock) -> wire::schema::NestedBlock {
    use wire::schema::nested_block::NestingMode;

    // At most zero of them means: as many as one likes.
    let (nesting, nested, min_items, max_items) = match nested {
        NestedBlock::Single(nested) => (NestingMode::Single, nested, 1, 1),
        NestedBlock::List(nested) => (NestingMode::List, nested, 0, 0),
        NestedBlock::Set(nested) => (NestingMode::Set, nested, 0, 0),
        NestedBlock::Map(nested) => (NestingMode::Map, nested, 0, 0),
        NestedBlock::Group(nested) => (NestingMode::Group, nested, 0, 0),
        NestedBlock::Optional(nested) => (NestingMode::List, nested, 0, 1),
    };
    wire::schema::NestedBlock {
        type_name: name.to_owned(),
        block: Some(block(nested)),
        nesting: nesting.into(),
        min_items,
        max_items,
    }
}

fn describe(description: &Description) -> (String, i32) {
    let kind = match description.kind {
        StringKind::Plain => wire::StringKind::Plain,
        StringKind::Markdown => wire::StringKind::Markdown,
    };
    (description.content.clone(), kind.into())
}
