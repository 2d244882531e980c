//! Whether a session that is listed again is the one that was listed before.
//!
//! An ID may come back as somebody else: process IDs are given again, and numbers begin from 1 when a server restarts.

use std::time::Duration;

use super::Session;

#[cfg(test)]
mod tests;

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

/// Compares two sessions with one ID: their users, addresses and beginnings, and where no beginning is told, their ages. A session
/// of which nothing of that is told is unclear.
///
/// `between` is the time that has passed between the lists at least; `None` where ages are not to be compared.
#[must_use]
pub fn likeness(before: &Session, now: &Session, between: Option<Duration>) -> Likeness {
    let is_told = before.user.is_some() || before.address.is_some() || before.began.is_some();
    let texts = [
        (&before.user, &now.user),
        (&before.address, &now.address),
        (&before.origin, &now.origin),
        (&before.began, &now.began),
    ];
    let aged = match between {
        Some(between) if before.began.is_none() => compare(&before.age, &now.age, |then, age| {
            aged(*then, *age, between)
        }),
        _ => Likeness::Same,
    };
    let texts = texts.map(|(before, now)| compare(before, now, same_text));
    let found = texts.into_iter().fold(aged, Likeness::max);
    match is_told {
        true => found,
        false => found.max(Likeness::Unclear),
    }
}

/// Compares two ages. A session that is older by more than the time between the lists is no other: only a clock was set. One that
/// has become older by less may be the same in a list that the service saved, whose ages stand still. Only one that is younger than
/// before, and that began after the first list, is certainly another.
fn aged(then: Duration, now: Duration, between: Duration) -> Likeness {
    if now + TOLERANCE >= then + between {
        Likeness::Same
    } else if now < then && now + TOLERANCE < between {
        Likeness::Another
    } else {
        Likeness::Unclear
    }
}

fn same_text(before: &String, now: &String) -> Likeness {
    match before == now {
        true => Likeness::Same,
        false => Likeness::Another,
    }
}

fn compare<T>(
    before: &Option<T>,
    now: &Option<T>,
    likeness: impl Fn(&T, &T) -> Likeness,
) -> Likeness {
    match (before, now) {
        (None, None) => Likeness::Same,
        (Some(before), Some(now)) => likeness(before, now),
        _ => Likeness::Unclear,
    }
}
