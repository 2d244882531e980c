//! How each value of a condition is written.

use globset::{GlobBuilder, GlobMatcher};
use regex::Regex;

use crate::session::problem::Problem;

/// A value that is compared as it stands: not empty, and without the white space around it that nobody sees.
pub(super) fn plain(value: &str) -> Result<String, Problem> {
    if value.is_empty() {
        return Err(Problem::EmptyValue);
    }
    if value.trim() != value {
        return Err(Problem::SurroundingSpace {
            value: value.to_owned(),
        });
    }
    Ok(value.to_owned())
}

/// The number of a database in the one way it is listed: without a sign or leading zeros.
pub(super) fn database_number(text: &str) -> Result<String, Problem> {
    let value = plain(text)?;
    match value.parse::<i32>() {
        Ok(number) if number >= 0 && number.to_string() == value => Ok(value),
        _ => Err(Problem::NotADatabase { value }),
    }
}

pub(super) fn flag(text: &str) -> Result<char, Problem> {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (None, _) => Err(Problem::EmptyValue),
        (Some(letter), None) if letter.is_ascii_alphabetic() => Ok(letter),
        _ => Err(Problem::NotAFlag {
            value: text.to_owned(),
        }),
    }
}

pub(super) fn glob(pattern: &str) -> Result<GlobMatcher, Problem> {
    let pattern = plain(pattern)?;
    match GlobBuilder::new(&pattern).backslash_escape(true).build() {
        Ok(glob) => Ok(glob.compile_matcher()),
        Err(error) => Err(Problem::NotAGlob {
            reason: error.kind().to_string(),
            value: pattern,
        }),
    }
}

pub(super) fn regex(pattern: &str) -> Result<Regex, Problem> {
    if pattern.is_empty() {
        return Err(Problem::EmptyValue);
    }
    Regex::new(pattern).map_err(|error| Problem::NotARegex {
        value: pattern.to_owned(),
        reason: error.to_string(),
    })
}
