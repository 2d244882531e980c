//! From a listing to the sessions that may be killed, or to a refusal.

use std::collections::BTreeMap;

use thiserror::Error;

use super::{Listed, Selects, Verdict};

/// How many sessions a refusal shows: enough to recognise what was matched by mistake, few enough to read.
pub const FIRST_SHOWN: usize = 5;

/// The sessions that a selector chose from a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice<S> {
    /// The sessions to kill, sorted by id, none twice.
    pub chosen: Vec<S>,
    /// How many more meet every condition but are left alone, being the server's own or replication's.
    pub protected: usize,
    /// Those that meet every condition too but cannot be named in a kill, so that they stay; sorted like `chosen`.
    pub nameless: Vec<S>,
}

/// More sessions match than may be killed, so none may.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{matched} sessions match, and at most {max} may be killed")]
pub struct TooMany<S> {
    /// How many sessions were chosen. Protected ones do not count.
    pub matched: usize,
    /// How many would have been accepted.
    pub max: usize,
    /// The first of them by id, at most [`FIRST_SHOWN`].
    pub first: Vec<S>,
}

/// Applies a selector to a listing. A session that is listed twice counts as it was listed last.
///
/// `max` is a cap on the whole: with more matches than that nothing is chosen at all, because a selector that matches
/// more than expected is more likely wrong than incomplete. (pt-kill's default is the opposite trap: of all the
/// matches it kills only the oldest.) Without `max` any number is accepted.
///
/// # Errors
///
/// [`TooMany`] if more than `max` sessions are chosen.
pub fn choose<S: Listed>(
    selector: &(impl Selects<S> + ?Sized),
    sessions: impl IntoIterator<Item = S>,
    max: Option<usize>,
) -> Result<Choice<S>, TooMany<S>> {
    let listed: BTreeMap<S::Id, S> = sessions.into_iter().map(|s| (s.id(), s)).collect();

    let mut chosen = Vec::new();
    let mut protected = 0;
    let mut nameless = Vec::new();
    for session in listed.into_values() {
        match selector.verdict(&session) {
            Verdict::Chosen => chosen.push(session),
            Verdict::Protected => protected += 1,
            Verdict::Nameless => nameless.push(session),
            Verdict::Passed => {}
        }
    }

    match max {
        Some(max) if chosen.len() > max => {
            let matched = chosen.len();
            chosen.truncate(FIRST_SHOWN);
            Err(TooMany {
                matched,
                max,
                first: chosen,
            })
        }
        _ => Ok(Choice {
            chosen,
            protected,
            nameless,
        }),
    }
}

#[cfg(test)]
mod tests;
