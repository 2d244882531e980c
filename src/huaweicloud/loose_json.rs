//! Reading answers that are almost what the API document says: numbers as strings, nulls in lists, text that is no
//! Unicode.

use std::borrow::Cow;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};

/// A body as text that a JSON reader can take, where it is only the characters that are wrong: without a byte order
/// mark, and with the replacement character for bytes that are no UTF-8 and for halves of surrogate pairs
/// (`\ud800`); line breaks and other control characters within strings are escaped.
pub(super) fn repair(body: &[u8]) -> Cow<'_, str> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let text = String::from_utf8_lossy(body);
    let mut repaired = String::new();
    // Up to where the text stands in `repaired`.
    let mut kept = 0;
    let mut within_string = false;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let (length, replacement) = match c {
            '"' => {
                within_string = !within_string;
                (1, None)
            }
            '\\' if within_string => escape(&text[at..]),
            c if within_string && c.is_ascii_control() => {
                (1, Some(Cow::Owned(format!("\\u{:04x}", u32::from(c)))))
            }
            c => (c.len_utf8(), None),
        };
        if let Some(replacement) = replacement {
            repaired.push_str(&text[kept..at]);
            repaired.push_str(&replacement);
            kept = at + length;
        }
        at += length;
    }
    if kept == 0 {
        return text;
    }
    repaired.push_str(&text[kept..]);
    Cow::Owned(repaired)
}

/// How long the escape at the start of `text` is, and what to write in its place when it is half of a surrogate pair.
fn escape(text: &str) -> (usize, Option<Cow<'static, str>>) {
    match unit(text) {
        Some(0xd800..=0xdbff) if matches!(text.get(6..).and_then(unit), Some(0xdc00..=0xdfff)) => {
            (12, None)
        }
        Some(0xd800..=0xdfff) => (6, Some(Cow::Borrowed("\\ufffd"))),
        Some(_) => (6, None),
        None => {
            let escaped = text.chars().nth(1).map_or(0, char::len_utf8);
            (1 + escaped, None)
        }
    }
}

/// The number in an escape `\uXXXX` at the start of `text`.
fn unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let all_digits = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u32::from_str_radix(digits, 16).ok().filter(|_| all_digits)
}

/// A 64-bit whole number, also when it is written as a string or with a fraction of zero.
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

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Integer, E> {
                whole(value)
                    .map(Integer)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Float(value), &self))
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

/// The largest float up to which each whole number has a float of its own.
const LARGEST_EXACT: f64 = 9_007_199_254_740_991.0;

/// The whole number that a float stands for, when it can stand for no other.
fn whole(value: f64) -> Option<i64> {
    let is_exact = value.fract() == 0.0 && value.abs() <= LARGEST_EXACT;
    is_exact.then_some(value as i64)
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
        serde_json::Value::Number(number) => {
            number.as_i64().or_else(|| number.as_f64().and_then(whole))
        }
        serde_json::Value::String(text) => text.trim().parse().ok(),
        _ => None,
    })
}

/// A number that may have a fraction, in whatever spelling; `None` when it is null, empty or not a number.
pub(super) fn fraction<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<f64>, D::Error> {
    Ok(match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::Number(number) => number.as_f64(),
        serde_json::Value::String(text) => text.trim().parse().ok(),
        _ => None,
    })
}

/// `true` or `false`, also as a text; `None` when it is anything else.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::Bool(flag) => Some(flag),
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

/// Seconds or milliseconds since the epoch: the latter when the number is larger than 10^11, which is the year 5138 in
/// seconds. `None` when it is null, not a whole number, or not positive.
pub(super) fn epoch<'de, D>(deserializer: D) -> Result<Option<time::OffsetDateTime>, D::Error>
where
    D: Deserializer<'de>,
{
    const MOST_SECONDS: i64 = 100_000_000_000;
    let number = integer(deserializer)?.filter(|number| *number > 0);
    Ok(number.and_then(|number| {
        let per_unit = if number > MOST_SECONDS {
            1_000_000
        } else {
            1_000_000_000
        };
        time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(number) * per_unit).ok()
    }))
}

#[cfg(test)]
mod tests;
