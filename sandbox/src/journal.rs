//! What was asked of the sandbox: the last requests in full, and how many there were of each kind.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Mutex,
};

use axum::body::Bytes;
use serde::Serialize;
use serde_json::Value;

use crate::lock::lock;

/// Requests kept in full. A long rehearsal must not fill the memory.
const MOST_REQUESTS: usize = 100_000;
/// Bytes of bodies kept, over all requests: enough for a few kills of a million ids each.
const MOST_BODY_BYTES: usize = 128 << 20;

/// One API call that came in, and how it was answered.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// Milliseconds since the epoch.
    pub at_ms: u64,
    pub method: String,
    pub path: String,
    pub query: String,
    /// First word of the `Authorization` header: how the caller signed.
    pub signed_with: Option<String>,
    /// `None` when the connection was dropped without an answer.
    pub status: Option<u16>,
    pub body: Bytes,
    pub request_id: String,
}

/// An entry as `GET /_sandbox/requests` shows it.
#[derive(Debug, Serialize)]
pub(crate) struct Shown {
    at_ms: u64,
    method: String,
    path: String,
    query: String,
    signed_with: Option<String>,
    status: Option<u16>,
    body: Value,
    request_id: String,
}

#[derive(Debug, Default)]
pub(crate) struct Journal {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    entries: VecDeque<Entry>,
    body_bytes: usize,
    /// Calls by method and route, those no longer kept included.
    totals: BTreeMap<String, u64>,
}

impl Journal {
    pub fn record(&self, entry: Entry) {
        let mut kept = lock(&self.kept);
        *kept
            .totals
            .entry(format!("{} {}", entry.method, route(&entry.path)))
            .or_default() += 1;
        kept.body_bytes += entry.body.len();
        kept.entries.push_back(entry);
        while kept.entries.len() > MOST_REQUESTS || kept.body_bytes > MOST_BODY_BYTES {
            let Some(oldest) = kept.entries.pop_front() else {
                break;
            };
            kept.body_bytes -= oldest.body.len();
        }
    }

    pub fn clear(&self) {
        *lock(&self.kept) = Kept::default();
    }

    pub fn requests(&self) -> Vec<Shown> {
        let entries: Vec<Entry> = lock(&self.kept).entries.iter().cloned().collect();
        entries.into_iter().map(Entry::show).collect()
    }

    pub fn totals(&self) -> BTreeMap<String, u64> {
        lock(&self.kept).totals.clone()
    }
}

impl Entry {
    fn show(self) -> Shown {
        Shown {
            body: shown_body(&self.body),
            at_ms: self.at_ms,
            method: self.method,
            path: self.path,
            query: self.query,
            signed_with: self.signed_with,
            status: self.status,
            request_id: self.request_id,
        }
    }
}

/// The body as JSON, else as text; null when there was none. Passwords and tokens in it are left out.
fn shown_body(body: &[u8]) -> Value {
    if body.is_empty() {
        return Value::Null;
    }
    match serde_json::from_slice(body) {
        Ok(mut json) => {
            hide_secrets(&mut json);
            json
        }
        Err(_) => Value::String(String::from_utf8_lossy(body).into_owned()),
    }
}

/// Blanks what IAM calls carry: `password: "…"`, and `id` in a `token` or an `id_token`.
fn hide_secrets(json: &mut Value) {
    match json {
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), &mut *value) {
                    ("password", Value::String(text)) => *text = "[hidden]".to_owned(),
                    ("token" | "id_token", Value::Object(token)) if token.contains_key("id") => {
                        token.insert("id".to_owned(), Value::String("[hidden]".to_owned()));
                    }
                    _ => hide_secrets(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide_secrets),
        _ => {}
    }
}

/// The path with its ids replaced by their names, so that calls of one kind are counted together.
pub(crate) fn route(path: &str) -> String {
    let segments: Vec<&str> = path.split('/').collect();
    let named = segments.iter().enumerate().map(|(index, segment)| {
        let before = index
            .checked_sub(1)
            .and_then(|index| segments.get(index))
            .copied();
        let after = segments.get(index + 1).copied();
        match (before, after) {
            (Some("v2" | "v3"), Some("instances" | "jobs")) => "{project_id}",
            (Some("instances"), _) => "{instance_id}",
            (Some("nodes"), _) => "{node_id}",
            (Some("jobs"), _) => "{job_id}",
            _ => segment,
        }
    });
    named.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests;
