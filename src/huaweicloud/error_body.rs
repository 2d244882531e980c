//! Reads the bodies of error answers, whoever gave them, also when they are not quite JSON.
//!
//! | who | body |
//! | --- | --- |
//! | DCS | `{"error_code", "error_msg", "error_ext_msg"}` |
//! | TaurusDB, the gateway | `{"error_code", "error_msg", "request_id"?}` |
//! | IAM v3 | `{"error": {"code", "message", "title"}}` |
//! | IAM and STS v5 | `{"error_code", "error_msg", "request_id"?, "encoded_authorization_message"?}` |
//! | some services of databases | `{"errCode", "externalMessage"}` |
//! | others that the official SDK reads | `{"code", "message"}`, `{"errorCode", "errorMsg"}`, in the body or in any object within |
//!
//! Nothing in here is trusted: what comes out is [`printable`], and has a length.

use serde_json::{Map, Value};

use super::error::{LONGEST_MESSAGE, printable};
use super::loose_json;

/// The names of an error's code, and of its message.
const CODES: [&str; 4] = ["error_code", "errorCode", "errCode", "code"];
const MESSAGES: [&str; 4] = ["error_msg", "errorMsg", "externalMessage", "message"];

/// The longest code, and the longest request id, that are kept, in characters.
const LONGEST_CODE: usize = 64;

/// The longest line of a body in no known shape that is kept, in characters.
const LONGEST_LINE: usize = 200;

/// The longest encoded message that is kept, in characters. A part of one cannot be decoded, so it is kept whole or not
/// at all.
const LONGEST_ENCODED: usize = 4000;

/// What a body says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ErrorBody {
    /// The code, for example `DCS.4957`.
    pub(super) code: Option<String>,
    /// The message, or the first line of a body in no known shape.
    pub(super) message: Option<String>,
    /// What DCS, and newer services about a missing permission, add to it.
    pub(super) ext_message: Option<String>,
    /// The id of the request.
    pub(super) request_id: Option<String>,
}

impl ErrorBody {
    /// Reads a body; `is_page` says that it is a page for people, whose text says nothing.
    pub(super) fn read(body: &[u8], is_page: bool) -> Self {
        let text = loose_json::repair(body);
        let read = match serde_json::Deserializer::from_str(&text)
            .into_iter::<Value>()
            .next()
        {
            Some(Ok(Value::Object(object))) => Self::of_object(&object),
            _ => Self::of_broken(&text),
        };
        if read.code.is_some() || read.message.is_some() || is_page {
            return read;
        }
        let line = text.lines().map(str::trim).find(|line| !line.is_empty());
        Self {
            message: line.map(|line| printable(line, LONGEST_LINE)),
            ..read
        }
    }

    fn of_object(object: &Map<String, Value>) -> Self {
        let (code, message) = code_and_message(object).unwrap_or_default();
        let encoded = text(object, "encoded_authorization_message")
            .filter(|encoded| encoded.chars().count() <= LONGEST_ENCODED)
            .map(|encoded| format!("encoded authorization message: {encoded}"));
        Self {
            code: code.map(|code| printable(&code, LONGEST_CODE)),
            message: message.map(|message| printable(&message, LONGEST_MESSAGE)),
            ext_message: text(object, "error_ext_msg")
                .map(|text| printable(&text, LONGEST_MESSAGE))
                .or(encoded.map(|text| printable(&text, usize::MAX))),
            request_id: text(object, "request_id").map(|id| printable(&id, LONGEST_CODE)),
        }
    }

    /// Looks for the names in a text that begins like an object but is no JSON, for example because it was cut off.
    fn of_broken(text: &str) -> Self {
        if !text.trim_start().starts_with('{') {
            return Self::default();
        }
        let object: Map<String, Value> = CODES
            .into_iter()
            .chain(MESSAGES)
            .chain(["error_ext_msg", "request_id"])
            .filter_map(|name| Some((name.to_owned(), value_after(text, name)?)))
            .collect();
        Self::of_object(&object)
    }
}

/// The code and the message in an object, or in the nearest object within it that has one of them.
fn code_and_message(object: &Map<String, Value>) -> Option<(Option<String>, Option<String>)> {
    let mut level = vec![object];
    while !level.is_empty() {
        for object in &level {
            let code = CODES.iter().find_map(|name| text(object, name));
            let message = MESSAGES.iter().find_map(|name| text(object, name));
            if code.is_some() || message.is_some() {
                return Some((code, message));
            }
        }
        level = level
            .into_iter()
            .flat_map(Map::values)
            .filter_map(Value::as_object)
            .collect();
    }
    None
}

/// What an object says under a name: text that is not empty, or a number.
fn text(object: &Map<String, Value>, name: &str) -> Option<String> {
    match object.get(name)? {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The text or number behind the first `"name":` that has one.
fn value_after(text: &str, name: &str) -> Option<Value> {
    text.split(&format!("\"{name}\"")).skip(1).find_map(|rest| {
        let value = rest.trim_start().strip_prefix(':')?;
        let value = serde_json::Deserializer::from_str(value)
            .into_iter::<Value>()
            .next()?
            .ok()?;
        (value.is_string() || value.is_number()).then_some(value)
    })
}

#[cfg(test)]
mod tests;
