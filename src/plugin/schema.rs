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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::plugin::value_type::ValueType;

    fn of(attr_type: AttributeType) -> Attribute {
        Attribute {
            attr_type,
            ..Attribute::default()
        }
    }

    fn block_of(attributes: Vec<(&str, AttributeType)>) -> Block {
        let attributes = attributes
            .into_iter()
            .map(|(name, kind)| (name.to_owned(), of(kind)));
        Block {
            attributes: attributes.collect(),
            ..Block::default()
        }
    }

    #[test]
    fn attributes_are_in_order_with_their_type_in_json() {
        let list = AttributeType::List(Box::new(AttributeType::String));
        let block = block_of(vec![("b", list), ("a", AttributeType::Number)]);

        let sent = to_wire(&Schema { version: 3, block })
            .block
            .unwrap()
            .attributes;

        let sent: Vec<_> = sent
            .iter()
            .map(|sent| (sent.name.as_str(), &sent.r#type[..]))
            .collect();
        assert_eq!(
            sent,
            [("a", &b"\"number\""[..]), ("b", b"[\"list\",\"string\"]")]
        );
    }

    #[test]
    fn nested_attributes_have_no_type_beside_them() {
        let nested = [("a".to_owned(), of(AttributeType::Bool))].into();
        let sent = attribute("x", &of(AttributeType::AttributeSet(nested)));

        assert!(sent.r#type.is_empty());
        let nested = sent.nested_type.unwrap();
        assert_eq!(nested.nesting(), wire::schema::object::NestingMode::Set);
        assert_eq!(nested.attributes[0].name, "a");
    }

    #[test]
    fn blocks_say_how_often_they_may_be_there() {
        use wire::schema::nested_block::NestingMode;

        let empty = Block::default;
        for (nested, mode, items) in [
            (NestedBlock::Single(empty()), NestingMode::Single, (1, 1)),
            (NestedBlock::List(empty()), NestingMode::List, (0, 0)),
            (NestedBlock::Optional(empty()), NestingMode::List, (0, 1)),
            (NestedBlock::Set(empty()), NestingMode::Set, (0, 0)),
            (NestedBlock::Map(empty()), NestingMode::Map, (0, 0)),
            (NestedBlock::Group(empty()), NestingMode::Group, (0, 0)),
        ] {
            let sent = nested_block("x", &nested);

            assert_eq!(
                (sent.nesting(), (sent.min_items, sent.max_items)),
                (mode, items)
            );
        }
    }

    #[test]
    fn an_attribute_without_a_type_is_refused_by_name() {
        let any = AttributeType::List(Box::new(AttributeType::Any));
        let untyped = ValueType::of_block(&block_of(vec![("whatever", any)])).unwrap_err();

        assert!(untyped.to_string().contains("`whatever`"));
    }
}
