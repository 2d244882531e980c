//! Whether a session that is listed again is the one that was listed before.
//!
//! An ID may come back as somebody else: process IDs are given again, and numbers begin again when a server restarts.

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

/// Services tell ages in whole seconds, and count them on their own.
const TOLERANCE: Duration = Duration::from_secs(2);

/// Whether two sessions with one ID are the same session: the user, the address and the beginning are the same, and the
/// session has become older by the time between the two lists, as far as the lists tell its age.
///
/// What was told before and is not told now is not the same: nobody could say that it is.
#[must_use]
pub fn is_same(before: (&Session, Reading), now: (&Session, Reading)) -> bool {
    let ((before, first), (now, second)) = (before, now);
    let has_aged = match (before.age, now.age) {
        (Some(then), Some(age)) => {
            let least = second.begun.saturating_sub(first.ended);
            let most = second.ended.saturating_sub(first.begun);
            age + TOLERANCE >= then + least && age <= then + most + TOLERANCE
        }
        (told, tells) => told.is_none() && tells.is_none(),
    };
    before.user == now.user
        && before.address == now.address
        && before.origin == now.origin
        && before.began == now.began
        && has_aged
}
