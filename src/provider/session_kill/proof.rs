//! How much of what is known goes into state.
//!
//! Every later plan reads the state, and an engine's own work grows with the square of the length of a list. So state keeps
//! a bounded number of sessions that a selection chose, those that were not killed first, and the counts of all. Listed ids
//! are kept as they are: the configuration has them too.

use std::hash::Hash;

use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};

use crate::provider::{arguments, explain};
use crate::session::outcome;

/// The most sessions of a selection that state keeps one by one.
pub(in crate::provider) const IN_DETAIL: usize = 1000;

/// How many there are, if that is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::provider) struct Count(Option<usize>);

impl Count {
    /// The length of a list.
    pub(in crate::provider) fn of<T>(list: &Option<Vec<T>>) -> Self {
        Self(list.as_ref().map(Vec::len))
    }

    /// As it goes into state.
    pub(in crate::provider) fn value(self) -> Value<i64> {
        arguments::number(self.0)
    }
}

/// Shortens the lists to the sessions that state keeps, and says so in a warning. `not_killed` and `killed` are all of them.
pub(in crate::provider) fn bound<Id: Clone + Eq + Hash, const N: usize>(
    diags: &mut Diagnostics,
    not_killed: Vec<Id>,
    killed: Vec<Id>,
    mut lists: [&mut Option<Vec<Id>>; N],
) {
    let longest = (lists.iter())
        .filter_map(|list| list.as_ref().map(Vec::len))
        .max()
        .unwrap_or_default();
    if longest <= IN_DETAIL {
        return;
    }
    // Those that nobody looked at again are in no list but the first.
    let others = lists
        .first()
        .and_then(|list| list.as_deref())
        .unwrap_or_default();
    let killed: Vec<Id> = killed.iter().chain(others).cloned().collect();
    let not_killed = crate::session::ids::unique(not_killed);
    let kept = outcome::shown(&not_killed, &crate::session::ids::unique(killed), IN_DETAIL);
    for list in lists.iter_mut().filter_map(|list| list.as_mut()) {
        list.retain(|id| kept.contains(id));
    }
    explain::warning(
        diags,
        AttributePath::root(),
        format!("State keeps {IN_DETAIL} of {longest} sessions in detail"),
        "The counts in state are those of all sessions. The lists show a part of them; sessions that were not killed take \
         precedence. With longer lists every later plan would become slow.",
    );
}
