//! Whether a session that is listed again is the one that was listed before.
//!
//! An ID may come back as somebody else: process IDs are given again, and numbers begin from 1 when a server restarts.

use std::time::Duration;

use super::Session;

#[cfg(test)]
mod tests;

/// When a list was read, counted from one moment for all lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reading {
    /// When its first page was asked for.
    pub begun: Duration,
    /// When its last page was there.
    pub ended: Duration,
}

/// Whether two sessions with one ID are the same session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// They are, by all that is told of them.
    Same,
    /// Something is told of one of them only. It may be the same session, and it may be another.
    Unclear,
    /// They are not.
    Another,
}

/// Services tell ages in whole seconds, and count them on their own.
const TOLERANCE: Duration = Duration::from_secs(2);

/// Compares two sessions with one ID: their users, addresses and beginnings, and whether the session has become older by the
/// time between the two lists.
#[must_use]
pub fn likeness(before: (&Session, Reading), now: (&Session, Reading)) -> Likeness {
    let ((before, first), (now, second)) = (before, now);
    let texts = [
        (&before.user, &now.user),
        (&before.address, &now.address),
        (&before.origin, &now.origin),
        (&before.began, &now.began),
    ];
    let aged = compare(&before.age, &now.age, |then, age| {
        let least = second.begun.saturating_sub(first.ended);
        let most = second.ended.saturating_sub(first.begun);
        *age + TOLERANCE >= *then + least && *age <= *then + most + TOLERANCE
    });
    let texts = texts.map(|(before, now)| compare(before, now, PartialEq::eq));
    texts.into_iter().fold(aged, Likeness::max)
}

fn compare<T>(before: &Option<T>, now: &Option<T>, is_same: impl Fn(&T, &T) -> bool) -> Likeness {
    match (before, now) {
        (None, None) => Likeness::Same,
        (Some(before), Some(now)) if is_same(before, now) => Likeness::Same,
        (Some(_), Some(_)) => Likeness::Another,
        _ => Likeness::Unclear,
    }
}
