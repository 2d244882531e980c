//! State of earlier versions.
//!
//! Version 0 (provider 0.1.0) said in several lists what `sessions` says in one, and called some arguments otherwise. The
//! proof of a kill is kept, and a kill is not repeated: what an argument was called then is compared as what it is called
//! now.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::arguments;
use crate::provider::select;
use crate::provider::service::{Description, IdKind};

#[cfg(test)]
mod tests;

/// The lists of sessions that were not there.
const NOT_FOUND: [&str; 2] = ["not_found", "processes_not_found"];

/// A stored state as JSON.
pub type Stored = Map<String, Value>;

/// Rewrites a state that was stored by version 0 of the schema.
pub fn upgrade(service: &'static Description, mut state: Stored) -> Stored {
    if let Some(moment) = state.remove("killed_at") {
        state.insert("finished_at".to_owned(), moment);
    }
    // Not every kill had every flag. With the defaults in state, the next plan has nothing to do.
    for (name, default) in arguments::flags(service) {
        let flag = state.entry(name).or_insert(Value::Null);
        if flag.is_null() {
            *flag = default.into();
        }
    }
    let sessions = sessions(service, &state);
    state.insert("sessions".to_owned(), sessions);
    let blocks = state.get_mut(select::BLOCK).and_then(Value::as_array_mut);
    for block in blocks.into_iter().flatten() {
        if let Some(block) = block.as_object_mut() {
            rename_conditions(block);
        }
    }
    state
}

/// The sessions that were chosen and those that were not there, with what became of them. Null where nobody looked.
fn sessions(service: &Description, state: &Stored) -> Value {
    let list = |name: &str| state.get(name).and_then(Value::as_array);
    let Some(matched) = list("matched") else {
        return Value::Null;
    };
    let rehearsed = (state.get("id").and_then(Value::as_str))
        .is_some_and(|id| id.ends_with(&format!("/{}", super::REHEARSAL)));
    let (left, otherwise) = match rehearsed {
        true => ("listed", "listed"),
        false => ("remaining", "unknown"),
    };
    // A session may be in several lists; the last one that it is in decides.
    let lists = [
        ("processes_excluded", "refused"),
        ("not_found", "not_found"),
        ("processes_not_found", "not_found"),
        ("killed", "killed"),
        ("processes_killed", "killed"),
        ("remaining", left),
    ];
    let outcomes: HashMap<&Value, &str> = (lists.into_iter())
        .flat_map(|(name, outcome)| {
            let sessions = list(name).into_iter().flatten();
            sessions.map(move |session| (session, outcome))
        })
        .collect();
    let chosen: HashSet<&Value> = matched.iter().collect();
    // Sessions that the configuration names and that were not there: they were never listed.
    let missing = NOT_FOUND.into_iter().filter_map(list).flatten();
    let missing = missing.filter(|session| !chosen.contains(session));
    let node = node(service, state);
    let rows = matched.iter().chain(missing).map(|session| {
        let outcome = outcomes.get(session).unwrap_or(&otherwise);
        match service.ids.kind {
            IdKind::Numbers => json!({"id": session.to_string(), "outcome": outcome}),
            IdKind::Texts(_) => json!({"id": session, "outcome": outcome}),
            IdKind::Addresses(_) => {
                json!({"address": session, "node_id": node, "outcome": outcome})
            }
        }
    });
    Value::Array(rows.collect())
}

/// The node on which an address is a client's. Null where the sessions may be those of several nodes.
fn node(service: &Description, state: &Stored) -> Value {
    let argument = (service.place.iter()).find(|argument| argument.name == "node_id");
    let is_overridden = (argument.and_then(|argument| argument.overridden_by))
        .is_some_and(|(flag, _)| state.get(flag) == Some(&Value::Bool(true)));
    match service.kills_by_address() && !is_overridden {
        true => state.get("node_id").cloned().unwrap_or_default(),
        false => Value::Null,
    }
}

/// Gives conditions the names that they have now. `min_time` was about idle and busy sessions alike.
fn rename_conditions(block: &mut Stored) {
    let mut rename = |old: &str, new: &str| {
        if let Some(value) = block.remove(old) {
            block.insert(new.to_owned(), value);
        }
    };
    rename("hosts", "addresses");
    let commands = block.get("commands").and_then(Value::as_array);
    let is_sleep = |command: &Value| {
        (command.as_str()).is_some_and(|command| command.eq_ignore_ascii_case("Sleep"))
    };
    let only_idle =
        commands.is_some_and(|commands| !commands.is_empty() && commands.iter().all(is_sleep));
    if let Some(time) = block.remove("min_time") {
        let name = if only_idle { "min_idle" } else { "min_busy" };
        block.insert(name.to_owned(), time);
    }
}
