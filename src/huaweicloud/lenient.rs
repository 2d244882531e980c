//! Reading answers that are almost what the API document says: numbers as strings, nulls in lists.

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};

/// A 64-bit whole number, also when it is written as a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Integer(pub(super) i64);

impl<'de> Deserialize<'de> for Integer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IntegerVisitor;

        impl Visitor<'_> for IntegerVisitor {
            type Value = Integer;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a 64-bit whole number")
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Integer, E> {
                Ok(Integer(value))
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Integer, E> {
                i64::try_from(value)
                    .map(Integer)
                    .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(value), &self))
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<Integer, E> {
                value
                    .trim()
                    .parse()
                    .map(Integer)
                    .map_err(|_| E::invalid_value(de::Unexpected::Str(value), &self))
            }
        }

        deserializer.deserialize_any(IntegerVisitor)
    }
}

/// A string, also when it is written as a number: then digit by digit as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text(pub(super) String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A number of serde_json's own is a 64-bit one, or a float that has lost its last digits.
        let raw = Box::<serde_json::value::RawValue>::deserialize(deserializer)?;
        match raw.get().as_bytes().first() {
            Some(b'"') => serde_json::from_str(raw.get())
                .map(Self)
                .map_err(de::Error::custom),
            Some(b'-' | b'0'..=b'9') => Ok(Self(raw.get().to_owned())),
            _ => Err(de::Error::custom("expected a string")),
        }
    }
}

/// A list whose nulls are dropped, and which may be null itself.
pub(super) fn list<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let list = Option::<Vec<Option<T>>>::deserialize(deserializer)?;
    Ok(list.map(|list| list.into_iter().flatten().collect()))
}

/// A whole number in whatever spelling; `None` when it is null, empty or not a whole number.
pub(super) fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::Number(number) => number.as_i64(),
        serde_json::Value::String(text) => text.trim().parse().ok(),
        _ => None,
    })
}

/// A string that must be there, also when it is written as a number.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Text::deserialize(deserializer).map(|text| text.0)
}

/// Milliseconds since the epoch, as DCS writes its times: a string, or empty when there is none yet.
pub(super) fn epoch_millis<'de, D>(
    deserializer: D,
) -> Result<Option<time::OffsetDateTime>, D::Error>
where
    D: Deserializer<'de>,
{
    let text = Option::<Text>::deserialize(deserializer)?;
    Ok(text
        .and_then(|text| text.0.trim().parse::<i128>().ok())
        .and_then(|millis| {
            time::OffsetDateTime::from_unix_timestamp_nanos(millis.checked_mul(1_000_000)?).ok()
        }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn whole_numbers_survive_exactly_in_every_spelling() {
        for (json, value) in [
            ("9007199254740993", 9_007_199_254_740_993),
            ("\"9223372036854775807\"", i64::MAX),
            ("0", 0),
        ] {
            assert_eq!(
                serde_json::from_str::<Integer>(json).unwrap(),
                Integer(value)
            );
        }
        for json in ["1.5", "\"x\"", "9223372036854775808", "null", "[]"] {
            assert!(serde_json::from_str::<Integer>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn nulls_in_lists_are_dropped() {
        #[derive(Deserialize)]
        struct Body {
            #[serde(default, deserialize_with = "list")]
            ids: Option<Vec<Integer>>,
        }
        for (json, len) in [
            (r#"{"ids":[1,null,"2"]}"#, Some(2)),
            (r#"{"ids":[]}"#, Some(0)),
            (r#"{"ids":null}"#, None),
            ("{}", None),
        ] {
            let ids = serde_json::from_str::<Body>(json).unwrap().ids;
            assert_eq!(ids.map(|ids| ids.len()), len, "{json}");
        }
    }
}
