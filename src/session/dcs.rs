//! Sessions of a DCS (Redis) instance, and the selector for them.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::time::Duration;

use globset::{GlobBuilder, GlobMatcher};

use super::address::{Origin, OriginPattern};
use super::ids;
use super::selector::{Problem, Reader, SelectorError, holds, is_one_of, plain};
use super::{Listed, Selects, Verdict};

/// The flag of a connection to this node's master, by which the node receives what to replicate.
pub const MASTER: char = 'M';

/// The flag of a replica's connection, by which this node sends what to replicate.
pub const REPLICA: char = 'S';

/// The id of a client, as its node gives it. Redis counts clients from 1 and gives no id twice while it runs; ids that
/// are numbers are ordered as numbers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientId(String);

impl ClientId {
    /// The id as the client list shows it.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id as the client list shows it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Ord for ClientId {
    fn cmp(&self, other: &Self) -> Ordering {
        fn is_number(text: &str) -> bool {
            text.bytes().all(|byte| byte.is_ascii_digit())
        }
        match (is_number(&self.0), is_number(&other.0)) {
            (true, true) => (self.0.len(), &self.0).cmp(&(other.0.len(), &other.0)),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => self.0.cmp(&other.0),
        }
    }
}

impl PartialOrd for ClientId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What tells one session from every other of an instance. Every node counts its clients for itself, so that the same
/// client id on two nodes is two sessions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId {
    /// The node that the client is connected to.
    pub node_id: String,
    /// The client's id on that node.
    pub client_id: ClientId,
}

/// A client of a node, as the client list shows it. What the list does not say is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The node that the client is connected to, and the client's id there.
    pub id: SessionId,
    /// Address and port of the client: `10.0.0.7:51234`, `[2001:db8::7]:51234`.
    pub addr: String,
    /// The address by which the client is killed, where it is not `addr`.
    pub peer: Option<String>,
    /// The name that the client gave itself with `CLIENT SETNAME`.
    pub name: Option<String>,
    /// The user that the client is logged in as. Redis before version 6 knows no users.
    pub user: Option<String>,
    /// The number of the database that the client uses.
    pub db: Option<u32>,
    /// The last command, such as `get` or `client|list`. It may long be finished.
    pub cmd: Option<String>,
    /// How long the client has been connected.
    pub age: Option<Duration>,
    /// How long ago the client last sent something. A subscriber (flag `P`) and a client that waits in a blocking command
    /// (flag `b`) grow idle while they do their work.
    pub idle: Option<Duration>,
    /// The flags, one letter each; `N` when there is no other.
    pub flags: BTreeSet<char>,
}

impl Session {
    /// The address that a kill names: `peer`, or `addr` where there is none.
    #[must_use]
    pub fn kill_address(&self) -> &str {
        known(&self.peer).unwrap_or(&self.addr)
    }

    /// Whether the session carries replication: to the node's master, or from a replica. A `MONITOR` client (flag `O`)
    /// does not, although Redis keeps it among the replicas.
    #[must_use]
    pub fn is_replication(&self) -> bool {
        const REPLICA_COMMANDS: [&str; 3] = ["psync", "sync", "replconf"];
        self.replication_flags().next().is_some()
            || known(&self.cmd).is_some_and(|cmd| {
                REPLICA_COMMANDS
                    .iter()
                    .any(|name| cmd.eq_ignore_ascii_case(name))
            })
    }

    fn replication_flags(&self) -> impl Iterator<Item = char> {
        let is_replication = |flag: &char| matches!(*flag, MASTER | REPLICA);
        self.flags.iter().copied().filter(is_replication)
    }
}

impl Listed for Session {
    type Id = SessionId;

    fn id(&self) -> SessionId {
        self.id.clone()
    }
}

/// The addresses that kill these sessions, in their order, none twice.
#[must_use]
pub fn kill_addresses(sessions: &[Session]) -> Vec<String> {
    ids::unique(
        sessions
            .iter()
            .map(|session| session.kill_address().to_owned()),
    )
}

/// The listed sessions that were not chosen and would die all the same, because a kill names addresses and they share
/// theirs with a chosen session of the same node. In the order of the listing.
#[must_use]
pub fn also_killed<'a>(chosen: &[Session], listed: &'a [Session]) -> Vec<&'a Session> {
    let ids: HashSet<&SessionId> = chosen.iter().map(|session| &session.id).collect();
    let addresses: HashSet<(&str, &str)> = chosen.iter().map(node_and_address).collect();
    listed
        .iter()
        .filter(|session| !ids.contains(&session.id))
        .filter(|session| addresses.contains(&node_and_address(session)))
        .collect()
}

fn node_and_address(session: &Session) -> (&str, &str) {
    (&session.id.node_id, session.kill_address())
}

/// A selector as an engineer writes it. `None` is an attribute that is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SelectorSpec {
    /// Addresses, addresses with a port, or networks in CIDR form, compared with the client's address (`addr`, or `peer`
    /// where the list shows no `addr`). An IPv6 address with a port is written in brackets.
    pub addresses: Option<Vec<String>>,
    /// Globs for the client's name: `*` for any characters, `?` for one, `[ab]`, `[a-z]`, `[!a]`, `{this,that}`, and `\`
    /// before a character that is meant literally. Upper and lower case differ. A client without a name matches none,
    /// not even `*`.
    pub names: Option<Vec<String>>,
    /// Whole user names. Upper and lower case differ, as they do to Redis. A client whose user is not known matches
    /// none.
    pub users: Option<Vec<String>>,
    /// Users who are left alone, and with them every client whose user is not known. Not a condition: it chooses nothing
    /// by itself, and may stand beside `all`.
    pub exclude_users: Option<Vec<String>>,
    /// Numbers of databases.
    pub databases: Option<Vec<i64>>,
    /// Last commands, in upper or lower case. A command finds its subcommands as well: `client` finds `client|list`, and
    /// `client|list` only itself.
    pub commands: Option<Vec<String>>,
    /// Flags, one letter each, of which the client has at least one. Upper and lower case differ: `u` is a client that
    /// was unblocked, `U` one on a Unix socket. Clients with `M` and `S` are chosen only if the letter is named here.
    pub flags: Option<Vec<String>>,
    /// The least time since the client last sent something, that time included. It finds subscribers and clients waiting
    /// in a blocking command too, unless `flags` says otherwise: `N` are those that do nothing special.
    pub min_idle: Option<String>,
    /// The least time since the client connected, that time included.
    pub min_age: Option<String>,
    /// Every session, save replication and those of `exclude_users`.
    pub all: bool,
}

/// A selector that has been checked.
#[derive(Debug, Clone)]
pub struct Selector {
    addresses: Option<Vec<OriginPattern>>,
    names: Option<Vec<GlobMatcher>>,
    users: Option<HashSet<String>>,
    exclude_users: HashSet<String>,
    databases: Option<HashSet<u32>>,
    commands: Option<Vec<String>>,
    flags: Option<BTreeSet<char>>,
    min_idle: Option<Duration>,
    min_age: Option<Duration>,
}

impl Selector {
    /// Checks a selector.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, in the order of the attributes, and last what is wrong with it as a whole.
    pub fn parse(spec: &SelectorSpec) -> Result<Self, Vec<SelectorError>> {
        let mut reader = Reader::default();
        let addresses = reader.list("addresses", spec.addresses.as_deref(), |address| {
            OriginPattern::parse_address(address)
        });
        let names = reader.list("names", spec.names.as_deref(), glob);
        let users = reader.list("users", spec.users.as_deref(), plain);
        let exclude_users =
            reader.excluded_users(spec.exclude_users.as_deref(), spec.users.as_deref());
        let databases = reader.list("databases", spec.databases.as_deref(), database);
        let commands = reader.list("commands", spec.commands.as_deref(), plain);
        let flags = reader.list("flags", spec.flags.as_deref(), flag);
        let min_idle = reader.minimum("min_idle", spec.min_idle.as_deref());
        let min_age = reader.minimum("min_age", spec.min_age.as_deref());
        reader.finish(spec.all)?;

        Ok(Self {
            addresses,
            names,
            users: users.map(HashSet::from_iter),
            exclude_users: HashSet::from_iter(exclude_users),
            databases: databases.map(HashSet::from_iter),
            commands,
            flags: flags.map(BTreeSet::from_iter),
            min_idle,
            min_age,
        })
    }

    /// Whether every condition holds and the user is not excluded.
    fn matches(&self, session: &Session) -> bool {
        !self.excludes(session)
            && holds(&self.users, |users| {
                known(&session.user).is_some_and(|user| users.contains(user))
            })
            && holds(&self.databases, |databases| {
                session.db.is_some_and(|db| databases.contains(&db))
            })
            && holds(&self.flags, |flags| !flags.is_disjoint(&session.flags))
            && holds(&self.min_idle, |min| {
                session.idle.is_some_and(|idle| idle >= *min)
            })
            && holds(&self.min_age, |min| {
                session.age.is_some_and(|age| age >= *min)
            })
            && holds(&self.commands, |commands| {
                known(&session.cmd).is_some_and(|cmd| is_command(commands, cmd))
            })
            && holds(&self.names, |names| {
                known(&session.name)
                    .is_some_and(|name| names.iter().any(|glob| glob.is_match(name)))
            })
            && holds(&self.addresses, |addresses| {
                Origin::listed(&session.addr)
                    .or_else(|| Origin::listed(session.kill_address()))
                    .is_some_and(|origin| addresses.iter().any(|address| address.matches(&origin)))
            })
    }

    fn excludes(&self, session: &Session) -> bool {
        !self.exclude_users.is_empty()
            && known(&session.user).is_none_or(|user| self.exclude_users.contains(user))
    }

    /// Whether what makes the session one of replication is named in `flags`.
    fn names_replication(&self, session: &Session) -> bool {
        let mut replication = session.replication_flags().peekable();
        let Some(flags) = &self.flags else {
            return false;
        };
        replication.peek().is_some() && replication.all(|flag| flags.contains(&flag))
    }
}

impl Selects<Session> for Selector {
    fn verdict(&self, session: &Session) -> Verdict {
        if !self.matches(session) {
            Verdict::Passed
        } else if session.is_replication() && !self.names_replication(session) {
            Verdict::Protected
        } else {
            Verdict::Chosen
        }
    }
}

/// What a listing says; an empty text says nothing.
fn known(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

/// Whether a command, or the command whose subcommand it is, is among those of a condition.
fn is_command(commands: &[String], cmd: &str) -> bool {
    let family = cmd.split_once('|').map(|(family, _)| family);
    is_one_of(commands, cmd) || family.is_some_and(|family| is_one_of(commands, family))
}

fn glob(pattern: &String) -> Result<GlobMatcher, Problem> {
    let pattern = plain(pattern)?;
    match GlobBuilder::new(&pattern).backslash_escape(true).build() {
        Ok(glob) => Ok(glob.compile_matcher()),
        Err(error) => Err(Problem::NotAGlob {
            reason: error.kind().to_string(),
            value: pattern,
        }),
    }
}

fn database(number: &i64) -> Result<u32, Problem> {
    i32::try_from(*number)
        .ok()
        .and_then(|number| u32::try_from(number).ok())
        .ok_or(Problem::NotADatabase { value: *number })
}

fn flag(text: &String) -> Result<char, Problem> {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (None, _) => Err(Problem::EmptyValue),
        (Some(letter), None) if letter.is_ascii_alphabetic() => Ok(letter),
        _ => Err(Problem::NotAFlag {
            value: text.clone(),
        }),
    }
}
