//! A session, as the list of any service shows it.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Listed;

#[cfg(test)]
mod tests;

/// What tells one session from every other of the listing: its id, and the node that gave it where every node counts for
/// itself.
///
/// Sorted by node, then ids that are numbers by their value, then all other ids by their text.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SessionId {
    node: Option<Arc<str>>,
    key: Key,
}

/// A number needs no memory of its own, and a text is shared between copies: a list may have a million of them.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Key {
    Number(i64),
    Text(Arc<str>),
}

const _: () = assert!(size_of::<SessionId>() <= 32);

impl SessionId {
    /// The id of a service whose listing is of one node, or whose ids are different on every node.
    #[must_use]
    pub fn number(id: i64) -> Self {
        Self {
            node: None,
            key: Key::Number(id),
        }
    }

    /// The id as a list shows it. A decimal number becomes a number if its text is the only one for it: `7`, but not
    /// `007` or `+7`, which stay the texts that they are.
    #[must_use]
    pub fn new(node: Option<Arc<str>>, id: &str) -> Self {
        let key = match id.parse() {
            Ok(number) if is_canonical(id) => Key::Number(number),
            _ => Key::Text(id.into()),
        };
        Self { node, key }
    }

    /// The node that gave the id.
    #[must_use]
    pub fn node(&self) -> Option<&str> {
        self.node.as_deref()
    }

    /// The id as a number, if it is one.
    #[must_use]
    pub fn as_number(&self) -> Option<i64> {
        match self.key {
            Key::Number(number) => Some(number),
            Key::Text(_) => None,
        }
    }
}

/// Whether a text that reads as a number is how that number is shown.
fn is_canonical(number: &str) -> bool {
    let digits = number.strip_prefix('-').unwrap_or(number);
    number == "0" || (digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0'))
}

impl fmt::Display for SessionId {
    /// The id alone, without the node, as the service shows it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Key::Number(number) => number.fmt(f),
            Key::Text(text) => f.write_str(text),
        }
    }
}

impl Key {
    /// What keys are compared by. Digits beyond the range of the numbers sort by their length first, as numbers do.
    fn rank(&self) -> (u8, i64, usize, &str) {
        match self {
            Self::Number(number) => (0, *number, 0, ""),
            Self::Text(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                (1, 0, text.len(), text)
            }
            Self::Text(text) => (2, 0, 0, text),
        }
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Why a session that meets every condition is left alone.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Protection {
    /// It is not left alone.
    #[default]
    None,
    /// It is left alone unless the condition `users` is given: it belongs to an account of the server or of the cloud, or
    /// it may, since its user is not told.
    UnlessUserIsNamed,
    /// It is left alone unless the condition `flags` names every one of these letters. With no letters it always is.
    UnlessFlagsAreNamed(String),
}

/// A session as a list shows it. What the list does not tell is `None`; an empty text tells nothing either.
///
/// Its `Debug` form leaves the statements out: SQL text may hold personal data, and what is printed ends up in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// What tells the session from every other of the listing.
    pub id: SessionId,
    /// The account that the client is logged in as.
    pub user: Option<String>,
    /// Where the client is, with its port, as a person sees it: `10.0.0.7:51234`, `app-7:51234`, `localhost`. Where a
    /// service kills by address, this is the address that a kill names. Behind a proxy it is the proxy's.
    pub address: Option<String>,
    /// Where conditions on addresses look, when that is not `address`.
    pub origin: Option<String>,
    /// The default database by its name or number. A statement may well work on others.
    pub database: Option<String>,
    /// What the session does, or did last: `Query`, `Sleep`, `get`, `client|list`.
    pub command: Option<String>,
    /// The stage that the work is in, or the flags of the session, one letter each.
    pub state: Option<String>,
    /// The name that the client gave itself.
    pub application: Option<String>,
    /// For how long it has done nothing; `None` if it does something.
    pub idle: Option<Duration>,
    /// For how long it has done what it does; `None` if it is idle.
    pub busy: Option<Duration>,
    /// For how long it has been connected.
    pub age: Option<Duration>,
    /// When it connected, in the service's own words: the same for as long as the session lives.
    pub began: Option<String>,
    /// For how long its transaction has been open.
    pub transaction: Option<Duration>,
    /// The statement that it executes, as far as the list shows it.
    pub statement: Option<String>,
    /// A statement that the list shows, and that may have ended: of an idle session some lists show the last one.
    pub last_statement: Option<String>,
    /// Whether other sessions wait for it.
    pub blocks: Option<bool>,
    /// Whether the address is one of the service's own network, listed in the place of the client's: the client may be at
    /// any address.
    pub hides_client: bool,
    /// Why it is left alone even if it meets every condition.
    pub protection: Protection,
    /// Whether more than the id could be read. If not, the session is there, and meets no condition.
    pub readable: bool,
    /// Why no kill can name it, or why a kill of it would be refused, as the end of a sentence that begins with `since`: `the list
    /// shows no address of it`. `None`: it can be killed.
    pub unnameable: Option<&'static str>,
}

impl Session {
    /// A session of which nothing is told yet but its id.
    #[must_use]
    pub fn new(id: SessionId) -> Self {
        Self {
            id,
            user: None,
            address: None,
            origin: None,
            database: None,
            command: None,
            state: None,
            application: None,
            idle: None,
            busy: None,
            age: None,
            began: None,
            transaction: None,
            statement: None,
            last_statement: None,
            blocks: None,
            hides_client: false,
            protection: Protection::None,
            readable: true,
            unnameable: None,
        }
    }

    /// The session with the statement that the list shows. `executed`: the list tells that the session executes it.
    #[must_use]
    pub fn showing(self, statement: Option<String>, executed: bool) -> Self {
        let (statement, last_statement) = match executed {
            true => (statement, None),
            false => (None, statement),
        };
        Self {
            statement,
            last_statement,
            ..self
        }
    }

    /// A session of which the list shows nothing readable but its id.
    #[must_use]
    pub fn unreadable(id: SessionId) -> Self {
        Self {
            readable: false,
            ..Self::new(id)
        }
    }
}

impl Listed for Session {
    type Id = SessionId;

    fn id(&self) -> SessionId {
        self.id.clone()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = |statement: &Option<String>| {
            let statement = statement.as_ref();
            statement.map(|statement| format!("({} bytes of SQL)", statement.len()))
        };
        f.debug_struct("Session")
            .field("id", &self.id)
            .field("user", &self.user)
            .field("address", &self.address)
            .field("origin", &self.origin)
            .field("database", &self.database)
            .field("command", &self.command)
            .field("state", &self.state)
            .field("application", &self.application)
            .field("idle", &self.idle)
            .field("busy", &self.busy)
            .field("age", &self.age)
            .field("transaction", &self.transaction)
            .field("statement", &bytes(&self.statement))
            .field("last_statement", &bytes(&self.last_statement))
            .field("hides_client", &self.hides_client)
            .field("protection", &self.protection)
            .field("readable", &self.readable)
            .field("unnameable", &self.unnameable)
            .finish()
    }
}

/// The listed sessions that were not chosen and would die all the same, because a kill names addresses and they share
/// theirs with a chosen session of the same node. In the order of the listing.
#[must_use]
pub fn also_killed<'s>(chosen: &[Session], listed: &'s [Session]) -> Vec<&'s Session> {
    let ids: HashSet<&SessionId> = chosen.iter().map(|session| &session.id).collect();
    let names: HashSet<_> = chosen.iter().filter_map(name_in_a_kill).collect();
    listed
        .iter()
        .filter(|session| !ids.contains(&session.id))
        .filter(|session| name_in_a_kill(session).is_some_and(|name| names.contains(&name)))
        .collect()
}

/// The node and the address by which a kill names a session. A session without an address shares its name with nobody.
fn name_in_a_kill(session: &Session) -> Option<(Option<&str>, &str)> {
    let address = session
        .address
        .as_deref()
        .filter(|address| !address.is_empty())?;
    Some((session.id.node(), address))
}
