//! The ids of simulated sessions: who is there, who is killed, and who comes and goes by itself.

use std::{collections::BTreeSet, ops::Add, sync::Mutex};

use crate::lock::lock;

/// How many sessions a simulated node has at the start, and how many come and go before each page of a list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub sessions: usize,
    pub churn: usize,
}

impl Size {
    /// The same with another number of sessions, where there is one.
    pub fn or(self, sessions: Option<usize>) -> Self {
        Self {
            sessions: sessions.unwrap_or(self.sessions),
            ..self
        }
    }
}

/// Sessions by their ids. Newcomers have the next higher ids, as they have with real servers.
#[derive(Debug)]
pub(crate) struct Population<Id> {
    ids: Mutex<Ids<Id>>,
    churn: usize,
}

#[derive(Debug)]
struct Ids<Id> {
    alive: BTreeSet<Id>,
    next: Id,
    /// Moves on with everyone who goes, so that it hits now this one, now that one.
    place: usize,
}

/// Shares no factor with any likely number of sessions, so that its multiples reach every place.
const STRIDE: usize = 7_919;

impl<Id: Copy + Ord + Add<Output = Id> + From<u8>> Population<Id> {
    /// These; `next` is the id of the first who comes later.
    pub fn new(alive: BTreeSet<Id>, next: Id, churn: usize) -> Self {
        let ids = Ids {
            alive,
            next,
            place: 0,
        };
        Self {
            ids: Mutex::new(ids),
            churn,
        }
    }

    /// As many go as come.
    pub fn come_and_go(&self) {
        let mut ids = lock(&self.ids);
        for _ in 0..self.churn {
            ids.place += STRIDE;
            let place = ids.place % ids.alive.len().max(1);
            if let Some(gone) = ids.alive.iter().nth(place).copied() {
                ids.alive.remove(&gone);
            }
        }
        for _ in 0..self.churn {
            let comes = ids.next;
            ids.alive.insert(comes);
            ids.next = comes + Id::from(1);
        }
    }

    /// Those who are there, in the order of their ids.
    pub fn alive(&self) -> Vec<Id> {
        lock(&self.ids).alive.iter().copied().collect()
    }

    /// Takes those of `ids` away who are there, and tells which these were.
    pub fn kill(&self, ids: &[Id]) -> Vec<Id> {
        let mut population = lock(&self.ids);
        let there = ids.iter().copied().filter(|id| population.alive.remove(id));
        there.collect()
    }
}

/// A number below `below` that follows from the id and looks random; `aspect` keeps a session's fields independent.
pub(super) fn spread(id: u64, aspect: u32, below: u64) -> u64 {
    let mut mixed = (id ^ u64::from(aspect).rotate_left(40)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^= mixed >> 29;
    mixed = mixed.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed ^= mixed >> 32;
    mixed % below
}

#[cfg(test)]
mod tests;
