//! Which sessions to kill, and what became of them.
//!
//! Pure: nothing here reads a clock, a file or a socket, and nothing knows of Terraform or of the cloud's HTTP API.
//!
//! - [`Session`]: a session of any service, and [`SessionId`], what tells it from every other
//! - [`condition`]: the conditions that a selector may have, the same for every service
//! - [`selector`]: what is written for the conditions, checked, and applied to one session at a time
//! - [`choice`]: from a listing to the sessions that may be killed, or to a refusal because there are too many
//! - [`listing`]: reading a list page by page while sessions come and go
//! - [`tally`]: what a kill did, over batches, and who is still there afterwards
//! - [`beginnings`]: which sessions were there before a moment, and which came later
//! - [`address`]: addresses, networks and host names, as the servers list them and as engineers write them
//! - [`duration`]: `90s`, `5m`, `1h30m`
//! - [`ids`]: lists without duplicates
//!
//! # How a selector reads
//!
//! Every condition that is given must hold; the values within one condition are alternatives. This is `CLIENT KILL`'s
//! way, and not that of pt-kill, whose criteria are alternatives to one another: there `--match-user app --idle-time
//! 300` kills every session of `app`, busy ones too, and every idle session of anybody.
//!
//! - Exclusions only take away. A selector that has nothing but exclusions is refused: "all but these" is `all = true`
//!   beside them.
//! - An empty list is refused rather than taken for "no condition": it usually is a variable that came out empty, and
//!   reading it as "anyone" would widen the selection.
//! - Names are whole names. pt-kill's `--match-user app` is a pattern that also finds `webapp`; ours does not.
//! - What a list does not tell meets no condition: a session whose idle time is unknown does not meet `min_idle`. A session
//!   of which the list shows nothing readable but an id meets no condition at all, and neither does `all` choose it.
//! - What cannot be told from what is excluded is excluded: a session whose user is unknown where users are excluded, and
//!   one whose address is unknown, or is a host name that may stand for any address, where addresses are.
//! - Protected sessions, such as internal and replication ones, are left alone unless they are named, also by
//!   `all = true`: see [`Protection`].

pub mod address;
pub mod beginnings;
pub mod choice;
pub mod condition;
pub mod duration;
pub mod ids;
pub mod listing;
mod problem;
mod same;
pub mod selector;
// The folder is about all that concerns sessions, the file about what one of them is.
#[allow(clippy::module_inception)]
mod session;
pub mod tally;

use std::hash::Hash;

pub use condition::{Condition, Meaning, Shape, Written};
pub use same::{Likeness, likeness};
pub use selector::{Problem, Question, Selector, SelectorError};
pub use session::{Protection, Session, SessionId, also_killed};

/// A session as a listing shows it: something that has an identity of its own.
pub trait Listed {
    /// What tells one session from every other of the listing, also after the client has reconnected.
    type Id: Clone + Ord + Hash;

    /// The identity of this session.
    fn id(&self) -> Self::Id;
}

/// What a selector says of one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Every condition holds, and the session may be killed.
    Chosen,
    /// Every condition holds, but the session belongs to the server itself or to replication and was not named.
    Protected,
    /// Every condition holds, but the listing shows nothing by which a kill could name the session.
    Nameless,
    /// A condition does not hold, or the session is excluded.
    Passed,
}

/// A selector for sessions of type `S`.
pub trait Selects<S> {
    /// Judges one session by itself, whatever else is listed.
    fn verdict(&self, session: &S) -> Verdict;
}
