//! State upgrades: a stored state of an earlier schema version becomes one of today's.
//!
//! Without a function of its own, a resource's earlier state is read against today's schema as it is: attributes that
//! the schema no longer has are left out, and new ones are null. A function that the resource registers can first
//! rename, move and combine attributes.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};
use tf_provider::Diagnostics;

use super::catalogue::Registered;
use super::dynamic::DynResource;
use super::panics;
use super::type_error::{TypeError, ValuePath};
use super::value::{self, DEEPEST, Received};

/// A state upgrade that a resource registers: see [`super::Registry::resource_with_upgrade`].
pub(crate) type StateUpgrade = Box<
    dyn Fn(&mut Diagnostics, i64, Map<String, Value>) -> Option<Map<String, Value>> + Send + Sync,
>;

/// What the values of a stored state are, in words.
const STORED_STATE: &str = "the stored state";

impl Registered<dyn DynResource> {
    /// Reads `json`, stored by schema version `version`, as a state of today's schema.
    ///
    /// Returns `None` after saying in `diags` why it cannot be read.
    pub(crate) fn upgrade(
        &self,
        type_name: &str,
        version: i64,
        json: &[u8],
        diags: &mut Diagnostics,
    ) -> Option<Received<'_>> {
        if version > self.version {
            diags.root_error(
                "State of a newer version of the provider",
                format!(
                    "The stored state of this {type_name} has schema version {version}, and this version of the \
                     provider knows versions up to {}. Upgrade the provider to use this state.",
                    self.version
                ),
            );
            return None;
        }
        match &self.upgrade {
            Some(upgrade) if version < self.version => {
                let upgraded = upgrade_json(upgrade, version, json, diags)?;
                Received::read_stored(&upgraded, &self.value_type, STORED_STATE, diags)
            }
            _ => Received::read_stored(json, &self.value_type, STORED_STATE, diags),
        }
    }
}

fn upgrade_json(
    upgrade: &StateUpgrade,
    version: i64,
    json: &[u8],
    diags: &mut Diagnostics,
) -> Option<Vec<u8>> {
    let state = match read_object(json) {
        Ok(state) => state,
        Err(type_error) => {
            value::unreadable(diags, STORED_STATE, type_error);
            return None;
        }
    };
    let outcome = panics::catch_now(|| upgrade(diags, version, state));
    let upgraded = panics::explain(outcome, diags)?;
    match serde_json::to_vec(&upgraded) {
        Ok(upgraded) => Some(upgraded),
        Err(_) => {
            diags.root_error(
                "State upgrade failed",
                "The provider cannot write the upgraded state. This is a bug in the provider; please report it.",
            );
            None
        }
    }
}

/// The attributes of a stored state, with every number exact.
///
/// serde_json keeps whole numbers of 64 bits, and rounds others to a float. A number that it would not write back as
/// it stands is its decimal text here; reading against the schema makes a number of it again, where one is wanted.
fn read_object(json: &[u8]) -> Result<Map<String, Value>, TypeError> {
    let unreadable = |problem: String| TypeError::at(&ValuePath::default(), problem);
    let raw: &RawValue = serde_json::from_slice(json).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        unreadable(format!("not JSON, at line {line} column {column}"))
    })?;
    match read_value(raw, DEEPEST) {
        Some(Value::Object(attributes)) => Ok(attributes),
        Some(_) => Err(unreadable("expected an object".to_owned())),
        None => Err(unreadable(format!("it nests deeper than {DEEPEST} levels"))),
    }
}

/// The value with every number exact; `None` if it nests deeper than `depth` levels.
fn read_value(raw: &RawValue, depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    match raw.get().as_bytes().first()? {
        b'{' => parse::<BTreeMap<String, &RawValue>>(raw)?
            .into_iter()
            .map(|(name, value)| Some((name, read_value(value, depth)?)))
            .collect::<Option<Map<_, _>>>()
            .map(Value::Object),
        b'[' => parse::<Vec<&RawValue>>(raw)?
            .into_iter()
            .map(|element| read_value(element, depth))
            .collect::<Option<Vec<_>>>()
            .map(Value::Array),
        b'-' | b'0'..=b'9' => Some(match parse::<Number>(raw) {
            Some(number) if number.to_string() == raw.get() => Value::Number(number),
            _ => Value::String(raw.get().to_owned()),
        }),
        _ => parse(raw),
    }
}

fn parse<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_lose_nothing() {
        let stored = r#"{"whole": [9223372036854775807, -9223372036854775808, 18446744073709551615], "half": 0.5,
            "wide": 1234567890123456789012345, "fraction": 0.1000000000000000055511151231257827, "power": 1e300}"#;

        let read = read_object(stored.as_bytes()).unwrap();

        assert_eq!(
            Value::Object(read),
            json!({
                "whole": [i64::MAX, i64::MIN, u64::MAX], "half": 0.5, "wide": "1234567890123456789012345",
                "fraction": "0.1000000000000000055511151231257827", "power": "1e300"
            })
        );
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for (stored, problem) in [
            ("{", "not JSON, at line 1 column 1"),
            ("[]", "expected an object"),
            ("null", "expected an object"),
            ("7", "expected an object"),
        ] {
            assert_eq!(read_object(stored.as_bytes()).unwrap_err().problem, problem);
        }
    }

    #[test]
    fn nesting_has_an_end() {
        let nested = |levels: usize| {
            let (open, close) = ("[".repeat(levels), "]".repeat(levels));
            read_object(format!(r#"{{"a": {open}{close}}}"#).as_bytes()).map(drop)
        };

        nested(DEEPEST - 1).unwrap();
        let refused = nested(DEEPEST).unwrap_err();
        assert_eq!(refused.problem, "it nests deeper than 128 levels");
        nested(100_000).unwrap_err();
    }
}
