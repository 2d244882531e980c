//! State of earlier versions.
//!
//! Version 0 (provider 0.1.0) said in several lists what `sessions` says in one, and called some arguments otherwise. The
//! proof of a kill is kept, and a kill is not repeated: what an argument was called then is compared as what it is called
//! now.

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

/// The sessions that were chosen, with what became of them. Null where nobody looked.
fn sessions(service: &Description, state: &Stored) -> Value {
    let list = |name: &str| state.get(name).and_then(Value::as_array);
    let Some(matched) = list("matched") else {
        return Value::Null;
    };
    let is_in = |names: [&str; 2], session: &Value| {
        let mut lists = names.into_iter().filter_map(list);
        lists.any(|list| list.contains(session))
    };
    let rehearsed = (state.get("id").and_then(Value::as_str))
        .is_some_and(|id| id.ends_with(&format!("/{}", super::REHEARSAL)));
    let node = match service.policy.by_address {
        true => state.get("node_id").cloned().unwrap_or_default(),
        false => Value::Null,
    };
    let listed = matched.iter().map(|session| {
        let outcome = if rehearsed {
            "listed"
        } else if is_in(["remaining", "remaining"], session) {
            "remaining"
        } else if is_in(["killed", "processes_killed"], session) {
            "killed"
        } else if is_in(NOT_FOUND, session) {
            "not_found"
        } else if is_in(["processes_excluded", "processes_excluded"], session) {
            "refused"
        } else {
            "unknown"
        };
        (session, outcome)
    });
    // Sessions that the configuration names and that were not there: they were never listed.
    let missing = NOT_FOUND.into_iter().filter_map(list).flatten();
    let missing = missing.filter(|session| !matched.contains(session));
    let missing = missing.map(|session| (session, "not_found"));
    let rows = listed
        .chain(missing)
        .map(|(session, outcome)| match service.ids.kind {
            IdKind::Numbers => json!({"id": session.to_string(), "outcome": outcome}),
            IdKind::Addresses(_) => {
                json!({"address": session, "node_id": node, "outcome": outcome})
            }
        });
    Value::Array(rows.collect())
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
