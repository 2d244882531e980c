//! Turns a JSON value into MessagePack, by its type.
//!
//! JSON is how state is stored, so this is also where a state of an earlier schema becomes one of today's: attributes
//! that the schema no longer has are left out, new ones are null, and a value whose type changed between string, number
//! and bool is converted as Terraform itself would. Numbers are carried as their text and lose nothing.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::kind::{Absent, Kind, Member};
use super::mismatch::{Mismatch, Step, Trail};

/// What to do with an attribute that the type does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strangers {
    /// Leave it out: the state is of an earlier schema.
    Drop,
    /// It is a mistake: the value is of today's schema.
    Refuse,
}

/// The MessagePack of `json`, which must be of type `kind`.
///
/// # Errors
///
/// The first place where the value differs from the type, or is not JSON.
pub(crate) fn to_messagepack(
    json: &[u8],
    kind: &Kind,
    strangers: Strangers,
) -> Result<Vec<u8>, Mismatch> {
    let root = Trail::default();
    let raw: &RawValue = serde_json::from_slice(json).map_err(|error| {
        Mismatch::at(
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
        trail: root,
        strangers,
    };
    converter.value(raw, kind)?;
    Ok(converter.out)
}

struct Converter<'a> {
    out: Vec<u8>,
    trail: Trail<'a>,
    strangers: Strangers,
}

impl<'a> Converter<'a> {
    fn value(&mut self, raw: &'a RawValue, kind: &'a Kind) -> Result<(), Mismatch> {
        if raw.get() == "null" {
            return self.nil();
        }
        match kind {
            Kind::String => self.string(raw),
            Kind::Number => self.number(raw),
            Kind::Bool => self.bool(raw),
            Kind::List(element) => self.list(raw, kind, element, false),
            Kind::Set(element) => self.list(raw, kind, element, true),
            Kind::Map(element) => self.map(raw, kind, element),
            Kind::Object(members) => self.object(raw, kind, members),
            Kind::Tuple(elements) => self.tuple(raw, kind, elements),
        }
    }

    fn string(&mut self, raw: &RawValue) -> Result<(), Mismatch> {
        match raw.get().as_bytes().first() {
            Some(b'"') => {
                let text: String = self.parse(raw, &Kind::String)?;
                self.write_str(&text)
            }
            Some(b'{' | b'[') | None => Err(self.unexpected(raw, &Kind::String)),
            Some(_) => self.write_str(raw.get()),
        }
    }

    fn number(&mut self, raw: &RawValue) -> Result<(), Mismatch> {
        let unquoted: String;
        let text = match raw.get().as_bytes().first() {
            Some(b'"') => {
                unquoted = self.parse(raw, &Kind::Number)?;
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
            _ => Err(self.unexpected(raw, &Kind::Number)),
        }
    }

    fn bool(&mut self, raw: &RawValue) -> Result<(), Mismatch> {
        let value = match raw.get() {
            "true" | "\"true\"" => true,
            "false" | "\"false\"" => false,
            _ => return Err(self.unexpected(raw, &Kind::Bool)),
        };
        rmp::encode::write_bool(&mut self.out, value).map_err(|_| self.full())
    }

    fn list(
        &mut self,
        raw: &'a RawValue,
        kind: &Kind,
        element: &'a Kind,
        is_set: bool,
    ) -> Result<(), Mismatch> {
        let elements: Vec<&'a RawValue> = self.parse(raw, kind)?;
        self.array_header(elements.len())?;
        for (index, value) in elements.into_iter().enumerate() {
            let step = if is_set {
                Step::Element
            } else {
                Step::Index(index)
            };
            self.within(step, value, element)?;
        }
        Ok(())
    }

    fn tuple(
        &mut self,
        raw: &'a RawValue,
        kind: &Kind,
        elements: &'a [Kind],
    ) -> Result<(), Mismatch> {
        let values: Vec<&'a RawValue> = self.parse(raw, kind)?;
        if values.len() != elements.len() {
            let problem = format!("expected {} elements, got {}", elements.len(), values.len());
            return Err(Mismatch::at(&self.trail, problem));
        }
        self.array_header(values.len())?;
        for (index, (value, element)) in values.into_iter().zip(elements).enumerate() {
            self.within(Step::Index(index), value, element)?;
        }
        Ok(())
    }

    fn map(&mut self, raw: &'a RawValue, kind: &Kind, element: &'a Kind) -> Result<(), Mismatch> {
        let entries: BTreeMap<String, &'a RawValue> = self.parse(raw, kind)?;
        self.map_header(entries.len())?;
        for (key, value) in entries {
            self.write_str(&key)?;
            self.within(Step::Key(key.into()), value, element)?;
        }
        Ok(())
    }

    fn object(
        &mut self,
        raw: &'a RawValue,
        kind: &Kind,
        members: &'a BTreeMap<String, Member>,
    ) -> Result<(), Mismatch> {
        let mut values: BTreeMap<String, &'a RawValue> = self.parse(raw, kind)?;
        self.map_header(members.len())?;
        for (name, member) in members {
            self.write_str(name)?;
            match values.remove(name) {
                Some(value) => self.within(Step::Attribute(name), value, &member.kind)?,
                None => self.absent(member)?,
            }
        }
        match values.into_keys().next() {
            Some(stranger) if self.strangers == Strangers::Refuse => Err(Mismatch::at(
                &self.trail,
                format!("there is no attribute `{stranger}` here"),
            )),
            _ => Ok(()),
        }
    }

    fn absent(&mut self, member: &Member) -> Result<(), Mismatch> {
        match (member.absent, &member.kind) {
            (Absent::Empty, Kind::List(_) | Kind::Set(_)) => self.array_header(0),
            (Absent::Empty, Kind::Map(_)) => self.map_header(0),
            _ => self.nil(),
        }
    }

    fn within(
        &mut self,
        step: Step<'a>,
        raw: &'a RawValue,
        kind: &'a Kind,
    ) -> Result<(), Mismatch> {
        self.trail.down(step);
        self.value(raw, kind)?;
        self.trail.up();
        Ok(())
    }

    fn parse<T: Deserialize<'a>>(&self, raw: &'a RawValue, kind: &Kind) -> Result<T, Mismatch> {
        serde_json::from_str(raw.get()).map_err(|_| self.unexpected(raw, kind))
    }

    fn nil(&mut self) -> Result<(), Mismatch> {
        rmp::encode::write_nil(&mut self.out).map_err(|_| self.full())
    }

    fn write_str(&mut self, text: &str) -> Result<(), Mismatch> {
        rmp::encode::write_str(&mut self.out, text).map_err(|_| self.full())
    }

    fn array_header(&mut self, length: usize) -> Result<(), Mismatch> {
        let length = u32::try_from(length).map_err(|_| self.full())?;
        rmp::encode::write_array_len(&mut self.out, length)
            .map(drop)
            .map_err(|_| self.full())
    }

    fn map_header(&mut self, length: usize) -> Result<(), Mismatch> {
        let length = u32::try_from(length).map_err(|_| self.full())?;
        rmp::encode::write_map_len(&mut self.out, length)
            .map(drop)
            .map_err(|_| self.full())
    }

    fn full(&self) -> Mismatch {
        Mismatch::at(&self.trail, "the value is too large")
    }

    fn unexpected(&self, raw: &RawValue, kind: &Kind) -> Mismatch {
        let found = match raw.get().as_bytes().first() {
            Some(b'{') => "an object",
            Some(b'[') => "a list",
            Some(b'"') => "a string",
            Some(b't' | b'f') => "true or false",
            _ => "a number",
        };
        Mismatch::expected(&self.trail, kind.expectation(), found)
    }
}
