//! Turns a JSON value into MessagePack, by its type.
//!
//! JSON is how state is stored, so this is also where a state of an earlier schema becomes one of today's: attributes
//! that the schema no longer has are left out, new ones are null, and a value whose type changed between string, number
//! and bool is converted as Terraform itself would. Numbers are carried as their text and lose nothing.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::type_error::{PathStep, TypeError, ValuePath};
use super::value_type::{Member, ValueType, WhenMissing};

/// What to do with an attribute that the type does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExtraAttributes {
    /// Leave it out: the state is of an earlier schema.
    Drop,
    /// It is a mistake: the value is of today's schema.
    Refuse,
}

/// The MessagePack of `json`, which must be of type `value_type`.
///
/// # Errors
///
/// The first place where the value differs from the type, or is not JSON.
pub(crate) fn to_messagepack(
    json: &[u8],
    value_type: &ValueType,
    extra_attributes: ExtraAttributes,
) -> Result<Vec<u8>, TypeError> {
    let root = ValuePath::default();
    let raw: &RawValue = serde_json::from_slice(json).map_err(|error| {
        TypeError::at(
            &root,
            format!(
                "not JSON, at line {} column {}",
                error.line(),
                error.column()
            ),
        )
    })?;
    let mut converter = Converter {
        out: Vec::with_capacity(json.len()),
        path: root,
        extra_attributes,
    };
    converter.value(raw, value_type)?;
    Ok(converter.out)
}

struct Converter<'a> {
    out: Vec<u8>,
    path: ValuePath<'a>,
    extra_attributes: ExtraAttributes,
}

impl<'a> Converter<'a> {
    fn value(&mut self, raw: &'a RawValue, value_type: &'a ValueType) -> Result<(), TypeError> {
        if raw.get() == "null" {
            return self.nil();
        }
        match value_type {
            ValueType::String => self.string(raw),
            ValueType::Number => self.number(raw),
            ValueType::Bool => self.bool(raw),
            ValueType::List(element) => self.list(raw, value_type, element, false),
            ValueType::Set(element) => self.list(raw, value_type, element, true),
            ValueType::Map(element) => self.map(raw, value_type, element),
            ValueType::Object(members) => self.object(raw, value_type, members),
            ValueType::Tuple(elements) => self.tuple(raw, value_type, elements),
        }
    }

    fn string(&mut self, raw: &RawValue) -> Result<(), TypeError> {
        match raw.get().as_bytes().first() {
            Some(b'"') => {
                let text: String = self.parse(raw, &ValueType::String)?;
                self.write_str(&text)
            }
            Some(b'{' | b'[') | None => Err(self.unexpected(raw, &ValueType::String)),
            Some(_) => self.write_str(raw.get()),
        }
    }

    fn number(&mut self, raw: &RawValue) -> Result<(), TypeError> {
        let unquoted: String;
        let text = match raw.get().as_bytes().first() {
            Some(b'"') => {
                unquoted = self.parse(raw, &ValueType::Number)?;
                unquoted.as_str()
            }
            _ => raw.get(),
        };
        if let Ok(whole) = text.parse::<i64>() {
            return rmp::encode::write_sint(&mut self.out, whole)
                .map(drop)
                .map_err(|_| self.full());
        }
        match text.parse::<f64>() {
            // Wider than 64 bits, or a fraction: the decimal text is exact, and the host reads it as a number.
            Ok(number)
                if number.is_finite()
                    && text.starts_with(|first: char| first == '-' || first.is_ascii_digit()) =>
            {
                self.write_str(text)
            }
            _ => Err(self.unexpected(raw, &ValueType::Number)),
        }
    }

    fn bool(&mut self, raw: &RawValue) -> Result<(), TypeError> {
        let value = match raw.get() {
            "true" | "\"true\"" => true,
            "false" | "\"false\"" => false,
            _ => return Err(self.unexpected(raw, &ValueType::Bool)),
        };
        rmp::encode::write_bool(&mut self.out, value).map_err(|_| self.full())
    }

    fn list(
        &mut self,
        raw: &'a RawValue,
        value_type: &ValueType,
        element: &'a ValueType,
        is_set: bool,
    ) -> Result<(), TypeError> {
        let elements: Vec<&'a RawValue> = self.parse(raw, value_type)?;
        self.array_header(elements.len())?;
        for (index, value) in elements.into_iter().enumerate() {
            let step = if is_set {
                PathStep::Element
            } else {
                PathStep::Index(index)
            };
            self.within(step, value, element)?;
        }
        Ok(())
    }

    fn tuple(
        &mut self,
        raw: &'a RawValue,
        value_type: &ValueType,
        elements: &'a [ValueType],
    ) -> Result<(), TypeError> {
        let values: Vec<&'a RawValue> = self.parse(raw, value_type)?;
        if values.len() != elements.len() {
            let problem = format!("expected {} elements, got {}", elements.len(), values.len());
            return Err(TypeError::at(&self.path, problem));
        }
        self.array_header(values.len())?;
        for (index, (value, element)) in values.into_iter().zip(elements).enumerate() {
            self.within(PathStep::Index(index), value, element)?;
        }
        Ok(())
    }

    fn map(
        &mut self,
        raw: &'a RawValue,
        value_type: &ValueType,
        element: &'a ValueType,
    ) -> Result<(), TypeError> {
        let entries: BTreeMap<String, &'a RawValue> = self.parse(raw, value_type)?;
        self.map_header(entries.len())?;
        for (key, value) in entries {
            self.write_str(&key)?;
            self.within(PathStep::Key(key.into()), value, element)?;
        }
        Ok(())
    }

    fn object(
        &mut self,
        raw: &'a RawValue,
        value_type: &ValueType,
        members: &'a BTreeMap<String, Member>,
    ) -> Result<(), TypeError> {
        let mut values: BTreeMap<String, &'a RawValue> = self.parse(raw, value_type)?;
        self.map_header(members.len())?;
        for (name, member) in members {
            self.write_str(name)?;
            match values.remove(name) {
                Some(value) => self.within(PathStep::Attribute(name), value, &member.value_type)?,
                None => self.missing(member)?,
            }
        }
        match values.into_keys().next() {
            Some(extra) if self.extra_attributes == ExtraAttributes::Refuse => Err(TypeError::at(
                &self.path,
                format!("there is no attribute `{extra}` here"),
            )),
            _ => Ok(()),
        }
    }

    fn missing(&mut self, member: &Member) -> Result<(), TypeError> {
        match (member.when_missing, &member.value_type) {
            (WhenMissing::EmptyCollection, ValueType::List(_) | ValueType::Set(_)) => {
                self.array_header(0)
            }
            (WhenMissing::EmptyCollection, ValueType::Map(_)) => self.map_header(0),
            _ => self.nil(),
        }
    }

    fn within(
        &mut self,
        step: PathStep<'a>,
        raw: &'a RawValue,
        value_type: &'a ValueType,
    ) -> Result<(), TypeError> {
        self.path.push(step);
        self.value(raw, value_type)?;
        self.path.pop();
        Ok(())
    }

    fn parse<T: Deserialize<'a>>(
        &self,
        raw: &'a RawValue,
        value_type: &ValueType,
    ) -> Result<T, TypeError> {
        serde_json::from_str(raw.get()).map_err(|_| self.unexpected(raw, value_type))
    }

    fn nil(&mut self) -> Result<(), TypeError> {
        rmp::encode::write_nil(&mut self.out).map_err(|_| self.full())
    }

    fn write_str(&mut self, text: &str) -> Result<(), TypeError> {
        rmp::encode::write_str(&mut self.out, text).map_err(|_| self.full())
    }

    fn array_header(&mut self, length: usize) -> Result<(), TypeError> {
        let length = u32::try_from(length).map_err(|_| self.full())?;
        rmp::encode::write_array_len(&mut self.out, length)
            .map(drop)
            .map_err(|_| self.full())
    }

    fn map_header(&mut self, length: usize) -> Result<(), TypeError> {
        let length = u32::try_from(length).map_err(|_| self.full())?;
        rmp::encode::write_map_len(&mut self.out, length)
            .map(drop)
            .map_err(|_| self.full())
    }

    fn full(&self) -> TypeError {
        TypeError::at(&self.path, "the value is too large")
    }

    fn unexpected(&self, raw: &RawValue, value_type: &ValueType) -> TypeError {
        let found = match raw.get().as_bytes().first() {
            Some(b'{') => "an object",
            Some(b'[') => "a list",
            Some(b'"') => "a string",
            Some(b't' | b'f') => "true or false",
            _ => "a number",
        };
        TypeError::expected(&self.path, value_type.expectation(), found)
    }
}
