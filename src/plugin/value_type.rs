//! The type of a value, as a schema implies it.

use std::collections::{BTreeMap, HashMap};

use tf_provider::schema::{Attribute, AttributeType, Block, NestedBlock};
use thiserror::Error;

/// The type that a value on the wire must have.
///
/// Blocks and nested attributes have become the objects and collections that the host sends for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ValueType {
    String,
    Number,
    Bool,
    List(Box<ValueType>),
    Set(Box<ValueType>),
    Map(Box<ValueType>),
    Object(BTreeMap<String, Member>),
    Tuple(Vec<ValueType>),
}

/// One attribute of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) value_type: ValueType,
    pub(crate) when_missing: WhenMissing,
}

/// What stands for a member that an older state does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhenMissing {
    /// An attribute: null.
    Null,
    /// A block that may repeat: an empty collection, which is how the host writes "no such block".
    EmptyCollection,
}

/// A schema uses the type that this wire does not carry.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "`{attribute}` has no type of its own (AttributeType::Any), which this plugin cannot carry"
)]
pub(crate) struct UntypedAttribute {
    attribute: String,
}

impl ValueType {
    /// An object without attributes.
    pub(crate) fn empty() -> Self {
        ValueType::Object(BTreeMap::new())
    }

    /// The object that a block is on the wire.
    pub(crate) fn of_block(block: &Block) -> Result<Self, UntypedAttribute> {
        let mut members = members_of(&block.attributes)?;
        for (name, nested) in &block.blocks {
            members.insert(name.clone(), Member::of_nested_block(nested)?);
        }
        Ok(ValueType::Object(members))
    }

    fn of_attribute(name: &str, attribute: &AttributeType) -> Result<Self, UntypedAttribute> {
        let boxed = |element| Self::of_attribute(name, element).map(Box::new);
        let object = |attributes| members_of(attributes).map(ValueType::Object);
        Ok(match attribute {
            AttributeType::String => ValueType::String,
            AttributeType::Number => ValueType::Number,
            AttributeType::Bool => ValueType::Bool,
            AttributeType::List(element) => ValueType::List(boxed(element)?),
            AttributeType::Set(element) => ValueType::Set(boxed(element)?),
            AttributeType::Map(element) => ValueType::Map(boxed(element)?),
            AttributeType::Object(attributes) => ValueType::Object(
                attributes
                    .iter()
                    .map(|(name, value_type)| {
                        Ok((
                            name.clone(),
                            Member::attribute(Self::of_attribute(name, value_type)?),
                        ))
                    })
                    .collect::<Result<_, _>>()?,
            ),
            AttributeType::Tuple(elements) => ValueType::Tuple(
                elements
                    .iter()
                    .map(|element| Self::of_attribute(name, element))
                    .collect::<Result<_, _>>()?,
            ),
            AttributeType::AttributeSingle(attributes) => object(attributes)?,
            AttributeType::AttributeList(attributes) => {
                ValueType::List(Box::new(object(attributes)?))
            }
            AttributeType::AttributeSet(attributes) => {
                ValueType::Set(Box::new(object(attributes)?))
            }
            AttributeType::AttributeMap(attributes) => {
                ValueType::Map(Box::new(object(attributes)?))
            }
            AttributeType::Any => {
                return Err(UntypedAttribute {
                    attribute: name.to_owned(),
                });
            }
        })
    }

    /// What a person is told to give: "a string", "a list".
    pub(crate) fn expectation(&self) -> &'static str {
        match self {
            ValueType::String => "a string",
            ValueType::Number => "a number",
            ValueType::Bool => "true or false",
            ValueType::List(_) => "a list",
            ValueType::Set(_) => "a set",
            ValueType::Map(_) => "a map",
            ValueType::Object(_) => "an object",
            ValueType::Tuple(_) => "a tuple",
        }
    }
}

impl Member {
    fn attribute(value_type: ValueType) -> Self {
        Self {
            value_type,
            when_missing: WhenMissing::Null,
        }
    }

    fn of_nested_block(nested: &NestedBlock) -> Result<Self, UntypedAttribute> {
        let repeated = |value_type| Self {
            value_type,
            when_missing: WhenMissing::EmptyCollection,
        };
        Ok(match nested {
            NestedBlock::Single(block) | NestedBlock::Group(block) => {
                Self::attribute(ValueType::of_block(block)?)
            }
            NestedBlock::List(block) | NestedBlock::Optional(block) => {
                repeated(ValueType::List(Box::new(ValueType::of_block(block)?)))
            }
            NestedBlock::Set(block) => {
                repeated(ValueType::Set(Box::new(ValueType::of_block(block)?)))
            }
            NestedBlock::Map(block) => {
                repeated(ValueType::Map(Box::new(ValueType::of_block(block)?)))
            }
        })
    }
}

fn members_of(
    attributes: &HashMap<String, Attribute>,
) -> Result<BTreeMap<String, Member>, UntypedAttribute> {
    attributes
        .iter()
        .map(|(name, attribute)| {
            let value_type = ValueType::of_attribute(name, &attribute.attr_type)?;
            Ok((name.clone(), Member::attribute(value_type)))
        })
        .collect()
}
