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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn aged(id: u32, age: u64) -> Aged<u32> {
        Aged {
            id,
            age: Some(Duration::from_secs(age)),
        }
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn sessions_are_told_apart_by_their_age_and_the_time_that_has_passed() {
        let mut beginnings = Beginnings::default();

        let census = beginnings.look(
            [
                aged(1, 3600),
                aged(2, 14),
                aged(3, 2),
                aged(4, 10),
                Aged { id: 5, age: None },
            ],
            seconds(10),
            seconds(12),
        );

        // 4 began within a few seconds around the moment, and 5 says nothing.
        assert_eq!(
            census,
            Census {
                before: 2,
                after: 1,
                untold: 2
            }
        );
        assert!(!census.none_is_left());
    }

    #[test]
    fn nobody_is_left_when_everybody_came_later() {
        let mut beginnings = Beginnings::default();
        assert!(
            beginnings
                .look([aged(1, 2), aged(2, 0)], seconds(9), seconds(10))
                .none_is_left()
        );
        assert!(
            Beginnings::<u32>::default()
                .look([], seconds(0), seconds(1))
                .none_is_left()
        );
    }

    proptest! {
        /// Whatever the fractions of the clocks: what is decided is right.
        #[test]
        fn no_session_is_ever_on_the_wrong_side(
            began in -50.0..50.0_f64,
            clock in 0.0..1.0_f64,
            looks in prop::collection::vec((0.0..60.0_f64, 0.0..5.0_f64, 0.0..5.0_f64), 1..6),
        ) {
            let mut beginnings = Beginnings::default();
            for (at, earlier, later) in looks {
                let at = at.max(began);
                // The server's clock stands at `clock` when ours stands at zero, and it drops fractions.
                let age = ((at + clock).floor() - (began + clock).floor()).max(0.0);
                let from = Duration::from_secs_f64((at - earlier).max(0.0));
                let to = Duration::from_secs_f64((at + later).max(0.0));
                let session = Aged { id: 1, age: Some(Duration::from_secs_f64(age)) };
                let census = beginnings.look([session], from, to);
                if census.before > 0 {
                    prop_assert!(began < 0.0, "{began} was taken for before");
                }
                if census.after > 0 {
                    prop_assert!(began >= 0.0, "{began} was taken for after");
                }
            }
        }
    }
}
