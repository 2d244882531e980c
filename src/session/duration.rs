//! Durations as an engineer writes them: `90s`, `5m`, `1h30m`, `2d`.
//!
//! The units are `d` (24 hours), `h`, `m` (minutes) and `s`, each at most once and from the largest to the smallest. The
//! servers count in whole seconds, so there are no fractions and nothing smaller than a second. Spaces, signs and
//! longer unit names are refused, and so is a bare number, because nobody can see whether `300` is seconds.

use std::time::Duration;

use thiserror::Error;

/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DurationError {
    /// Nothing is written.
    #[error("a duration is empty; write it like \"90s\", \"5m\" or \"1h30m\"")]
    Empty,
    /// A number without a unit.
    #[error("\"{value}\" has no unit; write \"{value}s\" for seconds or \"{value}m\" for minutes")]
    NoUnit {
        /// The number as written.
        value: String,
    },
    /// A unit other than `d`, `h`, `m` and `s`.
    #[error(
        "\"{value}\" has the unit \"{unit}\"; the units are d, h, m and s, as in \"90s\", \"5m\" or \"1h30m\""
    )]
    UnknownUnit {
        /// The text as written.
        value: String,
        /// The unit that is not known.
        unit: String,
    },
    /// A unit is repeated, or a larger one follows a smaller one.
    #[error("\"{value}\" names \"{unit}\" twice or after a smaller unit; write it like \"1h30m\"")]
    Disordered {
        /// The text as written.
        value: String,
        /// The unit that is out of place.
        unit: char,
    },
    /// Not numbers and units at all: spaces, signs, fractions or something else.
    #[error("\"{value}\" is not a duration; write it like \"90s\", \"5m\" or \"1h30m\"")]
    Malformed {
        /// The text as written.
        value: String,
    },
    /// More seconds than fit into a signed 64-bit number, which is what the servers count with.
    #[error("\"{value}\" is longer than a session can be counted to last")]
    TooLong {
        /// The text as written.
        value: String,
    },
}

/// The units with their seconds, from the largest to the smallest.
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Reads a duration. Never longer than `i64::MAX` seconds.
///
/// # Errors
///
/// [`DurationError`] says what is wrong with the text, and how to write what was probably meant.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    let value = || text.to_owned();
    if text.is_empty() {
        return Err(DurationError::Empty);
    }

    let mut rest = text;
    let mut units = UNITS.iter();
    // `None`: the sum does not fit. What is wrong with the form is told first.
    let mut seconds = Some(0_u64);
    while !rest.is_empty() {
        let (number, after) = split_where(rest, |c| !c.is_ascii_digit());
        let (unit, after) = split_where(after, |c| !c.is_alphabetic());
        if number.is_empty() {
            return Err(DurationError::Malformed { value: value() });
        }
        if unit.is_empty() {
            return Err(if number.len() == text.len() {
                DurationError::NoUnit { value: value() }
            } else {
                DurationError::Malformed { value: value() }
            });
        }
        let Some((known, length)) = UNITS.iter().find(|(known, _)| unit == known.to_string())
        else {
            return Err(DurationError::UnknownUnit {
                value: value(),
                unit: unit.to_owned(),
            });
        };
        if !units.any(|(left, _)| left == known) {
            return Err(DurationError::Disordered {
                value: value(),
                unit: *known,
            });
        }
        let part = (number.parse::<u64>().ok()).and_then(|count| count.checked_mul(*length));
        seconds = seconds
            .zip(part)
            .and_then(|(sum, part)| sum.checked_add(part));
        rest = after;
    }
    seconds
        .filter(|seconds| i64::try_from(*seconds).is_ok())
        .map(Duration::from_secs)
        .ok_or_else(|| DurationError::TooLong { value: value() })
}

/// Writes a duration in the form that [`parse`] reads, in its largest units: 90 seconds are `1m30s`, and none are `0s`.
/// Parts of a second are left out.
#[must_use]
pub fn show(duration: Duration) -> String {
    let mut seconds = duration.as_secs();
    if seconds == 0 {
        return "0s".to_owned();
    }

    let mut text = String::new();
    for (unit, length) in UNITS {
        let count = seconds / length;
        seconds %= length;
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
        }
    }
    text
}

/// Cuts a text before the first character that `ends` holds for.
fn split_where(text: &str, ends: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests;
