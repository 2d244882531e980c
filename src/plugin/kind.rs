//! The type of a value, as a schema implies it.

use std::collections::{BTreeMap, HashMap};

use tf_provider::schema::{Attribute, AttributeType, Block, NestedBlock};
use thiserror::Error;

/// The type that a value on the wire must have.
///
/// Blocks and nested attributes have become the objects and collections that the host sends for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    String,
    Number,
    Bool,
    List(Box<Kind>),
    Set(Box<Kind>),
    Map(Box<Kind>),
    Object(BTreeMap<String, Member>),
    Tuple(Vec<Kind>),
}

/// One attribute of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) kind: Kind,
    pub(crate) absent: Absent,
}

/// What stands for a member that an older state does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Absent {
    /// An attribute: null.
    Null,
    /// A block that may repeat: an empty collection, which is how the host writes "no such block".
    Empty,
}

/// A schema uses the type that this wire does not carry.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "`{attribute}` has no type of its own (AttributeType::Any), which this plugin cannot carry"
)]
pub(crate) struct Untyped {
    attribute: String,
}

impl Kind {
    /// An object without attributes.
    pub(crate) fn empty() -> Self {
        Kind::Object(BTreeMap::new())
    }

    /// The object that a block is on the wire.
    pub(crate) fn of_block(block: &Block) -> Result<Self, Untyped> {
        let mut members = members_of(&block.attributes)?;
        for (name, nested) in &block.blocks {
            members.insert(name.clone(), Member::of_nested_block(nested)?);
        }
        Ok(Kind::Object(members))
    }

    fn of_attribute(name: &str, attribute: &AttributeType) -> Result<Self, Untyped> {
        let boxed = |element| Self::of_attribute(name, element).map(Box::new);
        let object = |attributes| members_of(attributes).map(Kind::Object);
        Ok(match attribute {
            AttributeType::String => Kind::String,
            AttributeType::Number => Kind::Number,
            AttributeType::Bool => Kind::Bool,
            AttributeType::List(element) => Kind::List(boxed(element)?),
            AttributeType::Set(element) => Kind::Set(boxed(element)?),
            AttributeType::Map(element) => Kind::Map(boxed(element)?),
            AttributeType::Object(attributes) => Kind::Object(
                attributes
                    .iter()
                    .map(|(name, kind)| {
                        Ok((
                            name.clone(),
                            Member::attribute(Self::of_attribute(name, kind)?),
                        ))
                    })
                    .collect::<Result<_, _>>()?,
            ),
            AttributeType::Tuple(elements) => Kind::Tuple(
                elements
                    .iter()
                    .map(|element| Self::of_attribute(name, element))
                    .collect::<Result<_, _>>()?,
            ),
            AttributeType::AttributeSingle(attributes) => object(attributes)?,
            AttributeType::AttributeList(attributes) => Kind::List(Box::new(object(attributes)?)),
            AttributeType::AttributeSet(attributes) => Kind::Set(Box::new(object(attributes)?)),
            AttributeType::AttributeMap(attributes) => Kind::Map(Box::new(object(attributes)?)),
            AttributeType::Any => {
                return Err(Untyped {
                    attribute: name.to_owned(),
                });
            }
        })
    }

    /// What a person is told to give: "a string", "a list".
    pub(crate) fn expectation(&self) -> &'static str {
        match self {
            Kind::String => "a string",
            Kind::Number => "a number",
            Kind::Bool => "true or false",
            Kind::List(_) => "a list",
            Kind::Set(_) => "a set",
            Kind::Map(_) => "a map",
            Kind::Object(_) => "an object",
            Kind::Tuple(_) => "a tuple",
        }
    }
}

impl Member {
    fn attribute(kind: Kind) -> Self {
        Self {
            kind,
            absent: Absent::Null,
        }
    }

    fn of_nested_block(nested: &NestedBlock) -> Result<Self, Untyped> {
        let repeated = |kind| Self {
            kind,
            absent: Absent::Empty,
        };
        Ok(match nested {
            NestedBlock::Single(block) | NestedBlock::Group(block) => {
                Self::attribute(Kind::of_block(block)?)
            }
            NestedBlock::List(block) | NestedBlock::Optional(block) => {
                repeated(Kind::List(Box::new(Kind::of_block(block)?)))
            }
            NestedBlock::Set(block) => repeated(Kind::Set(Box::new(Kind::of_block(block)?))),
            NestedBlock::Map(block) => repeated(Kind::Map(Box::new(Kind::of_block(block)?))),
        })
    }
}

fn members_of(
    attributes: &HashMap<String, Attribute>,
) -> Result<BTreeMap<String, Member>, Untyped> {
    attributes
        .iter()
        .map(|(name, attribute)| {
            let kind = Kind::of_attribute(name, &attribute.attr_type)?;
            Ok((name.clone(), Member::attribute(kind)))
        })
        .collect()
}
