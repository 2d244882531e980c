//! What kills again, and what never does: compares the arguments of a kill that has happened with those of the plan.
//!
//! Arguments are compared by what they mean, and not by their text. Where they mean the same in other words, the plan
//! keeps the words that are in state, so that nothing changes. An engine allows that only where both are given: a null
//! stays a null, and what stands in the place of a null goes into state.
//!
//! What is not known yet may mean anything, and so it differs.

use std::collections::{BTreeMap, HashSet};
use std::hash::Hash;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tf_provider::value::Value;

use super::super::select::{self, Given, Select};
use crate::session::address::OriginPattern;
use crate::session::duration;

#[cfg(test)]
mod tests;

/// Any values: a kill happens again when one of them changes.
pub type Triggers = Value<BTreeMap<String, Value<String>>>;

/// Compares arguments, and remembers which of them make it another kill.
#[derive(Debug, Default)]
pub struct Comparison {
    differing: Vec<&'static str>,
}

impl Comparison {
    /// The arguments of which each makes it another kill, in the order in which they were compared.
    pub(super) fn into_differing(self) -> Vec<&'static str> {
        self.differing
    }

    /// Compares a single value.
    pub(in super::super) fn value<T: PartialEq>(
        &mut self,
        argument: &'static str,
        planned: &Value<T>,
        prior: &Value<T>,
    ) {
        self.note(argument, !planned.is_unknown() && planned == prior);
    }

    /// Compares a list whose order means nothing, and in which it means nothing that a value is repeated.
    pub(in super::super) fn list<T: Clone + Eq + Hash>(
        &mut self,
        argument: &'static str,
        planned: &mut Value<Vec<Value<T>>>,
        prior: &Value<Vec<Value<T>>>,
    ) {
        let same = match (&*planned, prior) {
            (Value::Null, Value::Null) => true,
            (Value::Value(planned), Value::Value(prior)) => match (set(planned), set(prior)) {
                (Some(planned), Some(prior)) => planned == prior,
                _ => false,
            },
            _ => false,
        };
        self.note(argument, same);
        if same {
            planned.clone_from(prior);
        }
    }

    /// Compares `select` blocks, condition by condition.
    pub(in super::super) fn select<B: Serialize + DeserializeOwned>(
        &mut self,
        planned: &mut Select<B>,
        prior: &Select<B>,
    ) {
        let block = match (select::given(planned), select::given(prior)) {
            (Given::Absent, Given::Absent) => return,
            (Given::Present(planned), Given::Present(prior)) => same_block(planned, prior),
            _ => None,
        };
        self.note("select", block.is_some());
        if let Some(block) = block {
            *planned = Value::Value(vec![Value::Value(block)]);
        }
    }

    /// Compares `triggers`: values that are not null, by their names.
    pub(in super::super) fn triggers(&mut self, planned: &mut Triggers, prior: &Triggers) {
        let same = match (given(planned), given(prior)) {
            (Some(planned), Some(prior)) => planned == prior,
            _ => false,
        };
        self.note("triggers", same);
        if same && planned.is_value() && prior.is_value() {
            planned.clone_from(prior);
        }
    }

    /// Compares `dry_run`. After a rehearsal the kill is still to come. After a kill nothing is left to rehearse.
    pub(in super::super) fn dry_run(&mut self, planned: &Value<bool>, was_rehearsal: bool) {
        self.note("dry_run", !was_rehearsal || *planned == Value::Value(true));
    }

    fn note(&mut self, argument: &'static str, same: bool) {
        if !same {
            self.differing.push(argument);
        }
    }
}

/// The values of a list. `None`: not all of them are known.
fn set<T: Eq + Hash>(values: &[Value<T>]) -> Option<HashSet<&T>> {
    (values.iter())
        .map(|value| match value {
            Value::Value(value) => Some(value),
            Value::Null | Value::Unknown => None,
        })
        .collect()
}

/// The triggers that have a value. `None`: not all of them are known.
fn given(triggers: &Triggers) -> Option<BTreeMap<&str, &str>> {
    let triggers = match triggers {
        Value::Null => return Some(BTreeMap::new()),
        Value::Unknown => return None,
        Value::Value(triggers) => triggers,
    };
    (triggers.iter())
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| match value {
            Value::Value(value) => Some((name.as_str(), value.as_str())),
            _ => None,
        })
        .collect()
}

/// The planned block in the words of the prior one. `None`: they do not mean the same.
fn same_block<B: Serialize + DeserializeOwned>(planned: &B, prior: &B) -> Option<B> {
    let (planned, prior) = (select::conditions(planned), select::conditions(prior));
    if planned.is_empty() || planned.len() != prior.len() {
        return None;
    }
    let mut block = Vec::with_capacity(planned.len());
    for ((name, planned), (of_prior, prior)) in std::iter::zip(planned, prior) {
        let same = name == of_prior && meaning(&name, &planned)? == meaning(&name, &prior)?;
        let kept = match (&planned, prior) {
            _ if !same => return None,
            (rmpv::Value::Nil, _) | (_, rmpv::Value::Nil) => planned,
            (_, prior) => prior,
        };
        block.push((name.into(), kept));
    }
    let mut encoded = Vec::new();
    rmpv::encode::write_value(&mut encoded, &rmpv::Value::Map(block)).ok()?;
    rmp_serde::from_slice(&encoded).ok()
}

/// What one value of a condition means.
#[derive(PartialEq, Eq, Hash)]
enum Meaning {
    Text(String),
    Place(OriginPattern),
    Time(Duration),
}

/// What a condition means: one of these values; none where there is no condition. `None`: not all of it is known.
fn meaning(name: &str, condition: &rmpv::Value) -> Option<HashSet<Meaning>> {
    match condition {
        rmpv::Value::Nil | rmpv::Value::Boolean(false) => Some(HashSet::new()),
        rmpv::Value::Array(values) => (values.iter())
            .map(|value| meaning_of_value(name, value))
            .collect(),
        value => Some(HashSet::from([meaning_of_value(name, value)?])),
    }
}

fn meaning_of_value(name: &str, value: &rmpv::Value) -> Option<Meaning> {
    let text = match value {
        rmpv::Value::Nil | rmpv::Value::Ext(..) => return None,
        rmpv::Value::String(text) => text.as_str()?,
        other => return Some(Meaning::Text(other.to_string())),
    };
    let meaning = match name {
        "commands" | "states" => Some(Meaning::Text(text.to_ascii_lowercase())),
        "addresses" | "exclude_addresses" | "hosts" => {
            let place = OriginPattern::parse_host(&text.to_ascii_lowercase());
            place.ok().map(Meaning::Place)
        }
        _ if name.starts_with("min_") || name.starts_with("max_") => {
            duration::parse(text).ok().map(Meaning::Time)
        }
        _ => None,
    };
    // A text that cannot be read stands for itself.
    Some(meaning.unwrap_or_else(|| Meaning::Text(text.to_owned())))
}
