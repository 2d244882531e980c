//! Which sessions were connected before a moment, and which came later: what tells whether a kill of all sessions happened
//! when its answer was lost.
//!
//! A list shows for how many whole seconds a session has been connected, which Redis computes as the difference of two
//! clocks without their fractions; and when exactly the list was collected is known only within bounds. So from one list
//! a session's beginning is known within bounds too. Several lists narrow them. What the bounds do not settle is not
//! decided: a session is said to be from before, to be from after, or neither.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

/// By how much an age may be off in either direction: it is the difference of two times without their fractions.
const AGE_ERROR: f64 = 1.0;

/// A session as a list shows it, for this question.
#[derive(Debug, Clone, Copy)]
pub struct Aged<Id> {
    /// What tells it from the others.
    pub id: Id,
    /// For how long it has been connected; `None` if the list does not say.
    pub age: Option<Duration>,
}

/// How many of the sessions of a list are from when.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Census {
    /// Connected before the moment, for certain.
    pub before: usize,
    /// Connected at or after it, for certain.
    pub after: usize,
    /// One or the other.
    pub untold: usize,
}

impl Census {
    /// Is nobody left of those from before?
    pub fn none_is_left(&self) -> bool {
        self.before == 0 && self.untold == 0
    }
}

/// What several lists say of when sessions began, in seconds after the moment.
#[derive(Debug, Clone)]
pub struct Beginnings<Id> {
    /// Each session began after the first and not after the second.
    bounds: HashMap<Id, (f64, f64)>,
}

impl<Id> Default for Beginnings<Id> {
    fn default() -> Self {
        Self {
            bounds: HashMap::new(),
        }
    }
}

impl<Id: Clone + Eq + Hash> Beginnings<Id> {
    /// Adds a list that was collected at some time between `from` and `to` after the moment, and counts its sessions.
    pub fn look(
        &mut self,
        sessions: impl IntoIterator<Item = Aged<Id>>,
        from: Duration,
        to: Duration,
    ) -> Census {
        let mut census = Census::default();
        for Aged { id, age } in sessions {
            let Some(age) = age.map(|age| age.as_secs_f64()) else {
                census.untold += 1;
                continue;
            };
            let earliest = from.as_secs_f64() - age - AGE_ERROR;
            let latest = to.as_secs_f64() - age + AGE_ERROR;
            let known = self.bounds.entry(id).or_insert((earliest, latest));
            *known = (known.0.max(earliest), known.1.min(latest));
            match *known {
                (_, latest) if latest < 0.0 => census.before += 1,
                (earliest, _) if earliest >= 0.0 => census.after += 1,
                _ => census.untold += 1,
            }
        }
        census
    }
}

#[cfg(test)]
mod tests;
