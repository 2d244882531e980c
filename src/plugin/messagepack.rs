//! Reads a MessagePack value against its type before anything is decoded.
//!
//! serde's errors for Terraform's values ("did not match any variant") say neither where nor what. This pass finds the
//! attribute, refuses what is too deep or cut off, and allocates nothing for values that are right.

use std::collections::BTreeMap;

use rmp::Marker;

use super::type_error::{PathStep, TypeError, ValuePath};
use super::value_type::{Member, ValueType};

/// The extension types that stand for an unknown value: plain, and with refinements.
const UNKNOWN: [i8; 2] = [0, 12];

/// Whether `bytes` are one whole MessagePack value of type `value_type`.
///
/// Null and unknown pass everywhere; what they mean is for the resource to say. Recursion goes as deep as the type, not
/// as deep as the bytes.
///
/// # Errors
///
/// The first place where the value differs, and how.
pub(crate) fn check(bytes: &[u8], value_type: &ValueType) -> Result<(), TypeError> {
    let mut checker = Checker {
        rest: bytes,
        path: ValuePath::default(),
    };
    checker.value(value_type)?;
    match checker.rest.len() {
        0 => Ok(()),
        extra => Err(checker.type_error(format!("{extra} bytes follow the end of the value"))),
    }
}

struct Checker<'a> {
    rest: &'a [u8],
    path: ValuePath<'a>,
}

/// One item of MessagePack; of a collection, only its beginning.
enum Item<'a> {
    Nil,
    Bool,
    Number,
    Text(&'a [u8]),
    Binary,
    Extension(i8),
    Array(usize),
    Map(usize),
}

impl Item<'_> {
    fn description(&self) -> &'static str {
        match self {
            Item::Nil => "null",
            Item::Bool => "true or false",
            Item::Number => "a number",
            Item::Text(_) => "a string",
            Item::Binary => "bytes",
            Item::Extension(_) => "an extension value",
            Item::Array(_) => "a list",
            Item::Map(_) => "a map",
        }
    }
}

impl<'a> Checker<'a> {
    fn value(&mut self, value_type: &ValueType) -> Result<(), TypeError> {
        match (value_type, self.item()?) {
            (_, Item::Nil) => Ok(()),
            (_, Item::Extension(number)) if UNKNOWN.contains(&number) => Ok(()),
            (ValueType::String, Item::Text(text)) => self.text(text).map(drop),
            (ValueType::Number, Item::Number) | (ValueType::Bool, Item::Bool) => Ok(()),
            // The host writes a number that fits neither 64-bit integer nor float as its decimal text.
            (ValueType::Number, Item::Text(text)) => self.decimal(text),
            (ValueType::List(element), Item::Array(length)) => self.list(element, length),
            (ValueType::Set(element), Item::Array(length)) => self.set(element, length),
            (ValueType::Map(element), Item::Map(length)) => self.map(element, length),
            (ValueType::Object(members), Item::Map(length)) => self.object(members, length),
            (ValueType::Tuple(elements), Item::Array(length)) => self.tuple(elements, length),
            (value_type, item) => Err(TypeError::expected(
                &self.path,
                value_type.expectation(),
                item.description(),
            )),
        }
    }

    fn list(&mut self, element: &ValueType, length: usize) -> Result<(), TypeError> {
        for index in 0..length {
            self.within(PathStep::Index(index), element)?;
        }
        Ok(())
    }

    fn set(&mut self, element: &ValueType, length: usize) -> Result<(), TypeError> {
        (0..length).try_for_each(|_| self.within(PathStep::Element, element))
    }

    fn tuple(&mut self, elements: &[ValueType], length: usize) -> Result<(), TypeError> {
        if elements.len() != length {
            return Err(self.type_error(format!(
                "expected {} elements, got {length}",
                elements.len()
            )));
        }
        let mut indexed = elements.iter().enumerate();
        indexed.try_for_each(|(index, element)| self.within(PathStep::Index(index), element))
    }

    fn map(&mut self, element: &ValueType, length: usize) -> Result<(), TypeError> {
        for _ in 0..length {
            let key = self.key()?;
            self.within(PathStep::Key(key.into()), element)?;
        }
        Ok(())
    }

    fn object(
        &mut self,
        members: &BTreeMap<String, Member>,
        length: usize,
    ) -> Result<(), TypeError> {
        // No more keys than the schema has: the first one that the schema does not have ends the walk.
        let mut seen: Vec<&str> = Vec::with_capacity(members.len().min(length));
        for _ in 0..length {
            let key = self.key()?;
            let Some(member) = members.get(key) else {
                return Err(self.type_error(format!("there is no attribute `{key}` here")));
            };
            if seen.contains(&key) {
                return Err(self.type_error(format!("the attribute `{key}` is there twice")));
            }
            seen.push(key);
            self.within(PathStep::Attribute(key), &member.value_type)?;
        }
        match members.keys().find(|name| !seen.contains(&name.as_str())) {
            None => Ok(()),
            Some(missing) => Err(self.type_error(format!("the attribute `{missing}` is missing"))),
        }
    }

    fn within(&mut self, step: PathStep<'a>, value_type: &ValueType) -> Result<(), TypeError> {
        self.path.push(step);
        self.value(value_type)?;
        self.path.pop();
        Ok(())
    }

    fn key(&mut self) -> Result<&'a str, TypeError> {
        match self.item()? {
            Item::Text(text) => self.text(text),
            other => Err(TypeError::expected(
                &self.path,
                "a string as the key",
                other.description(),
            )),
        }
    }

    fn text(&self, text: &'a [u8]) -> Result<&'a str, TypeError> {
        std::str::from_utf8(text).map_err(|_| self.type_error("the text is not UTF-8"))
    }

    fn decimal(&self, text: &'a [u8]) -> Result<(), TypeError> {
        let number = std::str::from_utf8(text)
            .ok()
            .and_then(|text| text.parse::<f64>().ok());
        match number {
            Some(number) if !number.is_nan() => Ok(()),
            _ => Err(TypeError::expected(
                &self.path,
                ValueType::Number.expectation(),
                "a string",
            )),
        }
    }

    fn item(&mut self) -> Result<Item<'a>, TypeError> {
        let marker = Marker::from_u8(self.take(1)?[0]);
        Ok(match marker {
            Marker::Null => Item::Nil,
            Marker::True | Marker::False => Item::Bool,
            Marker::FixPos(_) | Marker::FixNeg(_) => Item::Number,
            Marker::U8 | Marker::I8 => self.number(1)?,
            Marker::U16 | Marker::I16 => self.number(2)?,
            Marker::U32 | Marker::I32 | Marker::F32 => self.number(4)?,
            Marker::U64 | Marker::I64 | Marker::F64 => self.number(8)?,
            Marker::FixStr(length) => Item::Text(self.take(length.into())?),
            Marker::Str8 => Item::Text(self.sized(1)?),
            Marker::Str16 => Item::Text(self.sized(2)?),
            Marker::Str32 => Item::Text(self.sized(4)?),
            Marker::Bin8 => self.binary(1)?,
            Marker::Bin16 => self.binary(2)?,
            Marker::Bin32 => self.binary(4)?,
            Marker::FixExt1 => self.extension(1)?,
            Marker::FixExt2 => self.extension(2)?,
            Marker::FixExt4 => self.extension(4)?,
            Marker::FixExt8 => self.extension(8)?,
            Marker::FixExt16 => self.extension(16)?,
            Marker::Ext8 => self.sized_extension(1)?,
            Marker::Ext16 => self.sized_extension(2)?,
            Marker::Ext32 => self.sized_extension(4)?,
            Marker::FixArray(length) => Item::Array(length.into()),
            Marker::Array16 => Item::Array(self.length(2)?),
            Marker::Array32 => Item::Array(self.length(4)?),
            Marker::FixMap(length) => Item::Map(length.into()),
            Marker::Map16 => Item::Map(self.length(2)?),
            Marker::Map32 => Item::Map(self.length(4)?),
            Marker::Reserved => return Err(self.type_error("a byte that MessagePack does not use")),
        })
    }

    fn number(&mut self, width: usize) -> Result<Item<'a>, TypeError> {
        self.take(width).map(|_| Item::Number)
    }

    fn binary(&mut self, width: usize) -> Result<Item<'a>, TypeError> {
        self.sized(width).map(|_| Item::Binary)
    }

    fn extension(&mut self, length: usize) -> Result<Item<'a>, TypeError> {
        let number = i8::from_be_bytes([self.take(1)?[0]]);
        self.take(length)?;
        Ok(Item::Extension(number))
    }

    fn sized_extension(&mut self, width: usize) -> Result<Item<'a>, TypeError> {
        let length = self.length(width)?;
        self.extension(length)
    }

    fn sized(&mut self, width: usize) -> Result<&'a [u8], TypeError> {
        let length = self.length(width)?;
        self.take(length)
    }

    fn length(&mut self, width: usize) -> Result<usize, TypeError> {
        let bytes = self.take(width)?;
        Ok(bytes
            .iter()
            .fold(0, |length, byte| length << 8 | usize::from(*byte)))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], TypeError> {
        let Some((taken, rest)) = self.rest.split_at_checked(length) else {
            return Err(self.type_error("the value is cut off"));
        };
        self.rest = rest;
        Ok(taken)
    }

    fn type_error(&self, problem: impl Into<String>) -> TypeError {
        TypeError::at(&self.path, problem)
    }
}
