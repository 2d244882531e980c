//! What kills again, and what never does: compares the arguments of a kill that has happened with those of the plan.
//!
//! Arguments are compared by what they mean, and not by their text. Where they mean the same in other words, the plan
//! keeps the words that are in state, so that nothing changes. An engine allows that only where both are given: a null
//! stays a null, and what stands in the place of a null goes into state.
//!
//! What is not known yet may mean anything, and so it differs.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use crate::provider::record::{Block, Encoded, Record, written};
use crate::provider::select;
use crate::provider::service::Description;
use crate::session::{Condition, Meaning};

#[cfg(test)]
mod tests;

/// The arguments of which each makes the plan another kill, in the order of the documentation. Where arguments mean the
/// same, `planned` takes the words of `prior`.
pub(super) fn compare(
    service: &Description,
    planned: &mut Record,
    prior: &Record,
) -> Vec<&'static str> {
    let mut comparison = Comparison {
        planned,
        prior,
        differing: Vec::new(),
    };
    comparison.value("region");
    for argument in service.place {
        let means_nothing = (argument.overridden_by)
            .is_some_and(|(flag, _)| comparison.planned.is_true(flag) && prior.is_true(flag));
        if !means_nothing {
            comparison.value(argument.name);
        }
    }
    comparison.list(service.ids.argument);
    comparison.select(service);
    comparison.dry_run();
    comparison.triggers();
    comparison.differing
}

struct Comparison<'r> {
    planned: &'r mut Record,
    prior: &'r Record,
    differing: Vec<&'static str>,
}

impl Comparison<'_> {
    /// Compares a single value.
    fn value(&mut self, argument: &'static str) {
        let planned = self.planned.value(argument);
        let same =
            !self.planned.presence(argument).is_unknown() && planned == self.prior.value(argument);
        self.note(argument, same);
    }

    /// Compares a list whose order means nothing, and in which it means nothing that a value is repeated.
    fn list(&mut self, argument: &'static str) {
        let same = match (self.planned.value(argument), self.prior.value(argument)) {
            (Encoded::Nil, Encoded::Nil) => true,
            (Encoded::Array(planned), Encoded::Array(prior)) => match (set(planned), set(prior)) {
                (Some(planned), Some(prior)) => planned == prior,
                _ => false,
            },
            _ => false,
        };
        self.note(argument, same);
        self.keep(argument, same);
    }

    /// Compares `select` blocks, condition by condition.
    fn select(&mut self, service: &Description) {
        let block = match (
            self.planned.block(select::BLOCK),
            self.prior.block(select::BLOCK),
        ) {
            (Block::Absent, Block::Absent) => return,
            (planned @ Block::Present(_), prior @ Block::Present(_)) => {
                same_block(service, planned, prior)
            }
            _ => None,
        };
        self.note(select::BLOCK, block.is_some());
        if let Some(block) = block {
            (self.planned).set(select::BLOCK, Encoded::Array(vec![Encoded::Map(block)]));
        }
    }

    /// Compares `triggers`: values that are not null, by their names.
    fn triggers(&mut self) {
        const TRIGGERS: &str = "triggers";
        let same = match (
            given(self.planned.value(TRIGGERS)),
            given(self.prior.value(TRIGGERS)),
        ) {
            (Some(planned), Some(prior)) => planned == prior,
            _ => false,
        };
        self.note(TRIGGERS, same);
        let both = [&*self.planned, self.prior].map(|state| state.presence(TRIGGERS).is_given());
        self.keep(TRIGGERS, same && both == [true, true]);
    }

    /// Compares `dry_run`. After a rehearsal the kill is still to come. After a kill nothing is left to rehearse.
    fn dry_run(&mut self) {
        let same = !super::is_rehearsal(self.prior) || select::is_dry_run(self.planned);
        self.note("dry_run", same);
    }

    fn note(&mut self, argument: &'static str, same: bool) {
        if !same {
            self.differing.push(argument);
        }
    }

    /// Keeps the words that are in state.
    fn keep(&mut self, argument: &'static str, same: bool) {
        let prior = self.prior.value(argument);
        if same && !prior.is_nil() {
            self.planned.set(argument, prior.clone());
        }
    }
}

/// The values of a list. `None`: not all of them are known.
fn set(values: &[Encoded]) -> Option<HashSet<Cow<'_, str>>> {
    values.iter().map(written).collect()
}

/// The triggers that have a value. `None`: not all of them are known.
fn given(triggers: &Encoded) -> Option<BTreeMap<&str, &str>> {
    match triggers {
        Encoded::Nil => Some(BTreeMap::new()),
        Encoded::Map(triggers) => (triggers.iter())
            .filter(|(_, value)| !value.is_nil())
            .map(|(name, value)| Some((name.as_str()?, value.as_str()?)))
            .collect(),
        _ => None,
    }
}

/// The planned block in the words of the prior one. `None`: they do not mean the same.
fn same_block(
    service: &Description,
    planned: Block<'_>,
    prior: Block<'_>,
) -> Option<Vec<(Encoded, Encoded)>> {
    let prior: BTreeMap<&str, &Encoded> = prior.attributes().collect();
    let mut block = Vec::new();
    for (name, planned) in planned.attributes() {
        let condition = (service.conditions.iter()).find(|offered| offered.name() == name)?;
        let prior = prior.get(name).copied().unwrap_or(&Encoded::Nil);
        if meaning(*condition, planned)? != meaning(*condition, prior)? {
            return None;
        }
        let kept = match (planned, prior) {
            (Encoded::Nil, _) | (_, Encoded::Nil) => planned,
            (_, prior) => prior,
        };
        block.push((name.into(), kept.clone()));
    }
    Some(block)
}

/// What a condition means: one of these values; none where there is no condition. `None`: not all of it is known.
fn meaning(condition: Condition, value: &Encoded) -> Option<HashSet<Meaning>> {
    match value {
        Encoded::Nil | Encoded::Boolean(false) => Some(HashSet::new()),
        Encoded::Array(values) => (values.iter())
            .map(|value| Some(condition.meaning(&written(value)?)))
            .collect(),
        value => Some(HashSet::from([condition.meaning(&written(value)?)])),
    }
}
