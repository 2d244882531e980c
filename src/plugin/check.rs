//! Reads a MessagePack value against its type before anything is decoded.
//!
//! serde's errors for Terraform's values ("did not match any variant") say neither where nor what. This pass finds the
//! attribute, refuses what is too deep or cut off, and allocates nothing for values that are right.

use std::collections::BTreeMap;

use rmp::Marker;

use super::kind::{Kind, Member};
use super::mismatch::{Mismatch, Step, Trail};

/// The extension types that stand for an unknown value: plain, and with refinements.
const UNKNOWN: [i8; 2] = [0, 12];

/// Whether `bytes` are one whole MessagePack value of type `kind`.
///
/// Null and unknown pass everywhere; what they mean is for the resource to say. Recursion goes as deep as the type, not
/// as deep as the bytes.
///
/// # Errors
///
/// The first place where the value differs, and how.
pub(crate) fn check(bytes: &[u8], kind: &Kind) -> Result<(), Mismatch> {
    let mut checker = Checker {
        rest: bytes,
        trail: Trail::default(),
    };
    checker.value(kind)?;
    match checker.rest.len() {
        0 => Ok(()),
        extra => Err(checker.mismatch(format!("{extra} bytes follow the end of the value"))),
    }
}

struct Checker<'a> {
    rest: &'a [u8],
    trail: Trail<'a>,
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
    fn words(&self) -> &'static str {
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
    fn value(&mut self, kind: &Kind) -> Result<(), Mismatch> {
        match (kind, self.item()?) {
            (_, Item::Nil) => Ok(()),
            (_, Item::Extension(number)) if UNKNOWN.contains(&number) => Ok(()),
            (Kind::String, Item::Text(text)) => self.text(text).map(drop),
            (Kind::Number, Item::Number) | (Kind::Bool, Item::Bool) => Ok(()),
            // The host writes a number that fits neither 64-bit integer nor float as its decimal text.
            (Kind::Number, Item::Text(text)) => self.decimal(text),
            (Kind::List(element), Item::Array(length)) => self.list(element, length),
            (Kind::Set(element), Item::Array(length)) => self.set(element, length),
            (Kind::Map(element), Item::Map(length)) => self.map(element, length),
            (Kind::Object(members), Item::Map(length)) => self.object(members, length),
            (Kind::Tuple(elements), Item::Array(length)) => self.tuple(elements, length),
            (kind, item) => Err(Mismatch::expected(
                &self.trail,
                kind.expectation(),
                item.words(),
            )),
        }
    }

    fn list(&mut self, element: &Kind, length: usize) -> Result<(), Mismatch> {
        for index in 0..length {
            self.within(Step::Index(index), element)?;
        }
        Ok(())
    }

    fn set(&mut self, element: &Kind, length: usize) -> Result<(), Mismatch> {
        (0..length).try_for_each(|_| self.within(Step::Element, element))
    }

    fn tuple(&mut self, elements: &[Kind], length: usize) -> Result<(), Mismatch> {
        if elements.len() != length {
            return Err(self.mismatch(format!(
                "expected {} elements, got {length}",
                elements.len()
            )));
        }
        let mut indexed = elements.iter().enumerate();
        indexed.try_for_each(|(index, element)| self.within(Step::Index(index), element))
    }

    fn map(&mut self, element: &Kind, length: usize) -> Result<(), Mismatch> {
        for _ in 0..length {
            let key = self.key()?;
            self.within(Step::Key(key.into()), element)?;
        }
        Ok(())
    }

    fn object(
        &mut self,
        members: &BTreeMap<String, Member>,
        length: usize,
    ) -> Result<(), Mismatch> {
        // No more keys than the schema has: the first stranger ends the walk.
        let mut seen: Vec<&str> = Vec::with_capacity(members.len().min(length));
        for _ in 0..length {
            let key = self.key()?;
            let Some(member) = members.get(key) else {
                return Err(self.mismatch(format!("there is no attribute `{key}` here")));
            };
            if seen.contains(&key) {
                return Err(self.mismatch(format!("the attribute `{key}` is there twice")));
            }
            seen.push(key);
            self.within(Step::Attribute(key), &member.kind)?;
        }
        match members.keys().find(|name| !seen.contains(&name.as_str())) {
            None => Ok(()),
            Some(missing) => Err(self.mismatch(format!("the attribute `{missing}` is missing"))),
        }
    }

    fn within(&mut self, step: Step<'a>, kind: &Kind) -> Result<(), Mismatch> {
        self.trail.down(step);
        self.value(kind)?;
        self.trail.up();
        Ok(())
    }

    fn key(&mut self) -> Result<&'a str, Mismatch> {
        match self.item()? {
            Item::Text(text) => self.text(text),
            other => Err(Mismatch::expected(
                &self.trail,
                "a string as the key",
                other.words(),
            )),
        }
    }

    fn text(&self, text: &'a [u8]) -> Result<&'a str, Mismatch> {
        std::str::from_utf8(text).map_err(|_| self.mismatch("the text is not UTF-8"))
    }

    fn decimal(&self, text: &'a [u8]) -> Result<(), Mismatch> {
        let number = std::str::from_utf8(text)
            .ok()
            .and_then(|text| text.parse::<f64>().ok());
        match number {
            Some(number) if !number.is_nan() => Ok(()),
            _ => Err(Mismatch::expected(
                &self.trail,
                Kind::Number.expectation(),
                "a string",
            )),
        }
    }

    fn item(&mut self) -> Result<Item<'a>, Mismatch> {
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
            Marker::Reserved => return Err(self.mismatch("a byte that MessagePack does not use")),
        })
    }

    fn number(&mut self, width: usize) -> Result<Item<'a>, Mismatch> {
        self.take(width).map(|_| Item::Number)
    }

    fn binary(&mut self, width: usize) -> Result<Item<'a>, Mismatch> {
        self.sized(width).map(|_| Item::Binary)
    }

    fn extension(&mut self, length: usize) -> Result<Item<'a>, Mismatch> {
        let number = i8::from_be_bytes([self.take(1)?[0]]);
        self.take(length)?;
        Ok(Item::Extension(number))
    }

    fn sized_extension(&mut self, width: usize) -> Result<Item<'a>, Mismatch> {
        let length = self.length(width)?;
        self.extension(length)
    }

    fn sized(&mut self, width: usize) -> Result<&'a [u8], Mismatch> {
        let length = self.length(width)?;
        self.take(length)
    }

    fn length(&mut self, width: usize) -> Result<usize, Mismatch> {
        let bytes = self.take(width)?;
        Ok(bytes
            .iter()
            .fold(0, |length, byte| length << 8 | usize::from(*byte)))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Mismatch> {
        let Some((taken, rest)) = self.rest.split_at_checked(length) else {
            return Err(self.mismatch("the value is cut off"));
        };
        self.rest = rest;
        Ok(taken)
    }

    fn mismatch(&self, problem: impl Into<String>) -> Mismatch {
        Mismatch::at(&self.trail, problem)
    }
}
