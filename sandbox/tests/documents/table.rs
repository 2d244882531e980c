//! Reads the table of documented requests and answers: one JSON file for each call.
//!
//! The sandbox's tests and the provider's tests include this file. `README.md` beside it explains the fields.

#![allow(dead_code, reason = "each test reads only the fields that it needs")]

use std::{collections::BTreeMap, path::Path};

use serde::Deserialize;
use serde_json::Value;

/// One call and its answers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    pub call: String,
    pub method: String,
    pub path: String,
    pub page: String,
    pub facts: Vec<Fact>,
    pub answers: Vec<Documented>,
}

/// What is known about a call beside its answers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    pub says: String,
    pub source: Source,
}

/// Who says it.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    Document,
    Sdk,
    Provider,
    Inferred,
}

/// What a client makes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ending {
    Accepted,
    Rejected,
    Repeated,
    Unknown,
}

/// A request and its answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Documented {
    pub name: String,
    pub source: Source,
    #[serde(default)]
    pub page: Option<String>,
    #[serde(default)]
    pub given: Option<String>,
    #[serde(default)]
    pub query: Option<String>,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    #[serde(default)]
    pub request: Option<Value>,
    pub status: u16,
    #[serde(default)]
    pub body: Option<Value>,
    #[serde(default)]
    pub exact: Vec<String>,
    pub expect: Ending,
    #[serde(default)]
    pub not_simulated: Option<String>,
    #[serde(default)]
    pub client_awaits: Option<String>,
}

impl Documented {
    /// The body of the request as it is sent.
    pub fn request_text(&self) -> String {
        sent(self.request.as_ref())
    }

    /// The body of the answer as it is sent.
    pub fn body_text(&self) -> String {
        sent(self.body.as_ref())
    }
}

/// What is sent for a body: nothing, a text as it is, or JSON.
fn sent(body: Option<&Value>) -> String {
    match body {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(json) => json.to_string(),
    }
}

/// The calls of all files in this folder, in the order of the files' names.
pub fn read(folder: &Path) -> Vec<Document> {
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"))
        })
        .collect()
}
