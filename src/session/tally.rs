//! What a kill did, and who is still there afterwards.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use super::{Listed, ids};

/// Those of the ids that a later listing still shows, in their order, none twice.
///
/// A session is its id: a client that came back from the same address has a new one, and is not remaining. An id means
/// the same session for as long as its server runs; after a restart the numbers begin again, and a newcomer may then be
/// reported as remaining.
pub fn remaining<S: Listed>(ids: &[S::Id], now: &[S]) -> Vec<S::Id> {
    let now: HashSet<S::Id> = now.iter().map(Listed::id).collect();
    ids::unique(ids.iter().filter(|id| now.contains(id)).cloned())
}

/// What came back for one batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchAnswer<Id> {
    /// The ids reported as killed.
    pub killed: Vec<Id>,
    /// The ids reported as not found.
    pub not_found: Vec<Id>,
}

/// What became of all the ids that a kill was to name. Every list keeps the order in which the ids were asked for and has
/// no id twice, and every id that was asked for is in exactly one of the lists but `unexpected`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KillReport<Id> {
    /// Reported as killed, in any answer.
    pub killed: Vec<Id>,
    /// Reported as not found, and never as killed.
    pub not_found: Vec<Id>,
    /// Answered, but in neither list: threads of the server itself, which the service leaves alone.
    pub refused: Vec<Id>,
    /// In a request that was accepted, of which nothing is told about each.
    pub accepted: Vec<Id>,
    /// In a request that may have arrived, and of which no answer came back.
    pub unknown: Vec<Id>,
    /// Not in the list any more when their turn came, so they were not sent.
    pub ended_before: Vec<Id>,
    /// Still listed when their turn came, but not chosen any more, so they were not sent.
    pub no_longer_chosen: Vec<Id>,
    /// Never sent, or in a request that was refused: nothing was done about them.
    pub not_sent: Vec<Id>,
    /// Reported in an answer, but never asked for. In the order of the answers.
    pub unexpected: Vec<Id>,
}

impl<Id: Clone> KillReport<Id> {
    /// Those that the kill may have ended: sent, and neither refused nor left alone. Whether they are gone can be seen by
    /// looking again; about all others looking says nothing.
    #[must_use]
    pub fn may_be_gone(&self) -> Vec<Id> {
        [&self.killed, &self.accepted, &self.unknown]
            .into_iter()
            .flatten()
            .cloned()
            .collect()
    }
}

impl<Id: Clone + Eq + Hash> KillReport<Id> {
    /// Those that were sent and of which no answer tells anything.
    #[must_use]
    pub fn untold(&self) -> Vec<Id> {
        [&self.accepted, &self.unknown]
            .into_iter()
            .flatten()
            .cloned()
            .collect()
    }

    /// Of those, these were killed: something else than an answer shows it.
    pub fn confirm(&mut self, killed: &HashSet<Id>) {
        for untold in [&mut self.accepted, &mut self.unknown] {
            let confirmed = untold.extract_if(.., |id| killed.contains(id));
            self.killed.extend(confirmed);
        }
    }
}

/// Adds up the answers to a kill, batch by batch. Time and memory grow with the number of ids only.
#[derive(Debug, Clone)]
pub struct KillTally<Id> {
    asked: Vec<Id>,
    places: HashMap<Id, usize>,
    fates: Vec<Fate>,
    unexpected: Vec<Id>,
}

/// What is known of one id. What is further down outweighs what is further up, whatever came first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Unsent,
    Gone,
    Spared,
    Unknown,
    Accepted,
    Excluded,
    NotFound,
    Killed,
}

impl<Id: Clone + Eq + Hash> KillTally<Id> {
    /// Begins with the ids to kill. Duplicates are dropped, the first of them keeping its place.
    pub fn new(asked: impl IntoIterator<Item = Id>) -> Self {
        let asked = ids::unique(asked);
        let places = asked.iter().cloned().zip(0..).collect();
        let fates = vec![Fate::Unsent; asked.len()];
        Self {
            asked,
            places,
            fates,
            unexpected: Vec::new(),
        }
    }

    /// Adds the answer to one batch.
    pub fn record(&mut self, batch: &[Id], answer: BatchAnswer<Id>) {
        let reported = (answer.killed.into_iter().map(|id| (id, Fate::Killed)))
            .chain(answer.not_found.into_iter().map(|id| (id, Fate::NotFound)));

        self.learn_all(batch, Fate::Excluded);
        self.learn_reported(reported);
    }

    /// An answer that tells only of these that they were killed.
    pub fn confirm(&mut self, killed: Vec<Id>) {
        self.learn_reported(killed.into_iter().map(|id| (id, Fate::Killed)));
    }

    /// The request for these was accepted, and nothing is told about each.
    pub fn accept(&mut self, batch: &[Id]) {
        self.learn_all(batch, Fate::Accepted);
    }

    /// The request for these may have arrived, and no answer came back.
    pub fn lose(&mut self, batch: &[Id]) {
        self.learn_all(batch, Fate::Unknown);
    }

    /// These have left before they were sent.
    pub fn leave(&mut self, ids: &[Id]) {
        self.learn_all(ids, Fate::Gone);
    }

    /// These are not chosen any more, and were not sent.
    pub fn spare(&mut self, ids: &[Id]) {
        self.learn_all(ids, Fate::Spared);
    }

    fn learn_reported(&mut self, reported: impl Iterator<Item = (Id, Fate)>) {
        for (id, fate) in reported {
            if !self.learn(&id, fate) {
                self.unexpected.push(id);
            }
        }
    }

    fn learn_all(&mut self, ids: &[Id], fate: Fate) {
        for id in ids {
            self.learn(id, fate);
        }
    }

    /// What is known now, whether or not every batch was answered.
    #[must_use]
    pub fn report(&self) -> KillReport<Id> {
        let with = |fates: &[Fate]| -> Vec<Id> {
            let ids = self.asked.iter().zip(&self.fates);
            ids.filter(|(_, fate)| fates.contains(fate))
                .map(|(id, _)| id.clone())
                .collect()
        };
        KillReport {
            killed: with(&[Fate::Killed]),
            not_found: with(&[Fate::NotFound]),
            refused: with(&[Fate::Excluded]),
            accepted: with(&[Fate::Accepted]),
            unknown: with(&[Fate::Unknown]),
            ended_before: with(&[Fate::Gone]),
            no_longer_chosen: with(&[Fate::Spared]),
            not_sent: with(&[Fate::Unsent]),
            unexpected: ids::unique(self.unexpected.iter().cloned()),
        }
    }

    /// Notes what is known of an id, unless more is known already. `false` if it was not asked for.
    fn learn(&mut self, id: &Id, fate: Fate) -> bool {
        let known = self
            .places
            .get(id)
            .and_then(|place| self.fates.get_mut(*place));
        match known {
            Some(known) => {
                *known = fate.max(*known);
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests;
