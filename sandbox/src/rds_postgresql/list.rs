//! The list of RDS for PostgreSQL in its two documented shapes.

use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

use super::RowShape;
use crate::{
    backends::{
        Session,
        postgresql::{Backend, SOCKET_PORT},
    },
    query::{Query, Rows},
};

/// How the API document's example writes a time. Its time zone is not documented; here it is UTC.
const TIME: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second]:[subsecond digits:6]");

/// What the query of a list asks for. That names have to match exactly, and `keywords` a part of the statement, is inferred.
#[derive(Debug)]
pub(super) struct Filter<'a> {
    query: &'a Query,
    hide_internal: bool,
}

impl<'a> Filter<'a> {
    pub fn read(query: &'a Query) -> Result<Self, String> {
        let hide_internal = match query.get("hide_sys") {
            None | Some("true") => true,
            Some("false") => false,
            Some(other) => return Err(format!("hide_sys must be true or false, not {other:?}")),
        };
        Ok(Self {
            query,
            hide_internal,
        })
    }

    /// Whether it asks for everything that is not internal.
    pub fn is_empty(&self) -> bool {
        let names = ["user", "host", "db", "state", "command", "keywords"];
        self.hide_internal && names.iter().all(|name| self.query.get(name).is_none())
    }

    pub fn has(&self, backend: &Backend) -> bool {
        let is = |name, value: Option<&str>| {
            let asked = self.query.get(name);
            asked.is_none_or(|asked| value == Some(asked))
        };
        let keywords = self.query.get("keywords");
        !(self.hide_internal && backend.is_internal())
            && is("user", backend.user.as_deref())
            && is("host", backend.client_address.as_deref())
            && is("db", backend.database.as_deref())
            && is("state", backend.state.as_deref())
            && is("command", Some(&command(backend)))
            && keywords.is_none_or(|part| text(&backend.query).contains(part))
    }
}

/// The answer in this shape.
pub(super) fn answer(shape: RowShape, page: Rows<Backend>, now: OffsetDateTime) -> Value {
    let total = page.total;
    match shape {
        RowShape::Sdk => {
            json!({"process_info_list": page.map(|backend| sdk_row(&backend, now)).rows, "total": total})
        }
        RowShape::Docs => json!({"data": page.map(|backend| docs_row(&backend)).rows}),
    }
}

/// A row in the shape of the SDK: texts alone. That a field without a value is empty, that a duration is in seconds, and that
/// there is one where there is no transaction, is inferred.
fn sdk_row(backend: &Backend, now: OffsetDateTime) -> Value {
    let seconds = |since: Option<OffsetDateTime>| {
        let passed = since.map(|since| (now - since).whole_seconds().max(0));
        passed.unwrap_or_default().to_string()
    };
    json!({
        "id": backend.pid.to_string(),
        "user": text(&backend.user),
        "host": host(backend),
        "db": text(&backend.database),
        "command": command(backend),
        "time": seconds(backend.state_change),
        "state": text(&backend.state),
        "info": text(&backend.query),
        "trx_duration": seconds(backend.xact_start),
    })
}

/// A row in the shape of the API document's example.
fn docs_row(backend: &Backend) -> Value {
    let time = |time: Option<OffsetDateTime>| time.and_then(|time| time.format(TIME).ok());
    json!({
        "pid": backend.pid,
        "applicationName": backend.application,
        "client": backend.client_address,
        "backendStart": time(backend.backend_start),
        "queryStart": time(backend.query_start),
        "stateChange": time(backend.state_change),
        "state": backend.state,
        "query": backend.query,
        "waitEvent": backend.wait_event,
        "waitEventType": backend.wait_event_type,
        "backEndType": backend.backend_type,
    })
}

fn text(value: &Option<String>) -> &str {
    value.as_deref().unwrap_or_default()
}

/// Address and port; empty for a client that comes through the socket file.
fn host(backend: &Backend) -> String {
    match (&backend.client_address, backend.client_port) {
        (Some(address), Some(port)) if port != SOCKET_PORT => format!("{address}:{port}"),
        _ => String::new(),
    }
}

/// The first word of the statement, in capitals. Inferred: the SDK says only that it is the command that runs.
fn command(backend: &Backend) -> String {
    let statement = text(&backend.query);
    let word = statement.split(|letter: char| !letter.is_ascii_alphabetic());
    word.map(str::to_ascii_uppercase).next().unwrap_or_default()
}

#[cfg(test)]
mod tests;
