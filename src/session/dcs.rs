//! Sessions of a DCS (Redis) instance, and the selector for them.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::time::Duration;

use globset::{GlobBuilder, GlobMatcher};

use super::address::{Origin, OriginPattern};
use super::problem::{Problem, SelectorError};
use super::reader::{Reader, holds};
use super::selector::{is_one_of, known, plain};
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
    /// Nothing but the id could be read: the session is there, and meets no condition.
    pub odd: bool,
}

impl Session {
    /// A session of which the list shows nothing readable but its id.
    #[must_use]
    pub fn odd(id: SessionId) -> Self {
        Self {
            id,
            addr: String::new(),
            peer: None,
            name: None,
            user: None,
            db: None,
            cmd: None,
            age: None,
            idle: None,
            flags: BTreeSet::new(),
            odd: true,
        }
    }

    /// The address that a kill names: `peer`, or `addr` where there is none.
    /// Empty where the list shows neither: such a session cannot be killed by its address.
    #[must_use]
    pub fn kill_address(&self) -> &str {
        known(&self.peer).unwrap_or(&self.addr)
    }

    /// Whether the address is one of DCS' inner network, 198.19.0.0/16, which is listed instead of the client's own when
    /// client IP pass-through is off (user guide of DCS, on the pass-through of client addresses).
    #[must_use]
    pub fn has_inner_address(&self) -> bool {
        self.addr.starts_with("198.19.")
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
        let addresses = reader.list(
            "addresses",
            spec.addresses.as_deref(),
            OriginPattern::parse_address,
        );
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

    /// Whether it looks at addresses.
    #[must_use]
    pub fn looks_at_addresses(&self) -> bool {
        self.addresses.is_some()
    }

    /// Whether every condition holds and the user is not excluded.
    fn matches(&self, session: &Session) -> bool {
        !session.odd
            && !self.excludes(session)
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
        } else if session.kill_address().is_empty() {
            Verdict::Nameless
        } else {
            Verdict::Chosen
        }
    }
}

/// Whether a command, or the command whose subcommand it is, is among those of a condition.
fn is_command(commands: &[String], cmd: &str) -> bool {
    let family = cmd.split_once('|').map(|(family, _)| family);
    is_one_of(commands, cmd) || family.is_some_and(|family| is_one_of(commands, family))
}

fn glob(pattern: &str) -> Result<GlobMatcher, Problem> {
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
        .ok_or_else(|| Problem::NotADatabase {
            value: number.to_string(),
        })
}

fn flag(text: &str) -> Result<char, Problem> {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (None, _) => Err(Problem::EmptyValue),
        (Some(letter), None) if letter.is_ascii_alphabetic() => Ok(letter),
        _ => Err(Problem::NotAFlag {
            value: text.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    fn list(values: &[&str]) -> Option<Vec<String>> {
        Some(values.iter().map(|value| (*value).to_owned()).collect())
    }

    fn all() -> SelectorSpec {
        SelectorSpec {
            all: true,
            ..SelectorSpec::default()
        }
    }

    fn id(node_id: &str, client_id: &str) -> SessionId {
        SessionId {
            node_id: node_id.to_owned(),
            client_id: ClientId::new(client_id),
        }
    }

    /// An ordinary client of the first node.
    fn session() -> Session {
        Session {
            id: id("node-1", "7"),
            addr: "10.0.0.7:51234".to_owned(),
            peer: None,
            name: Some("worker-1".to_owned()),
            user: Some("app".to_owned()),
            db: Some(3),
            cmd: Some("client|list".to_owned()),
            age: Some(Duration::from_secs(7_200)),
            idle: Some(Duration::from_secs(300)),
            flags: BTreeSet::from(['N']),
            odd: false,
        }
    }

    fn flags(letters: &str) -> BTreeSet<char> {
        letters.chars().collect()
    }

    fn verdict(spec: &SelectorSpec, session: &Session) -> Verdict {
        Selector::parse(spec).unwrap().verdict(session)
    }

    fn refused(spec: &SelectorSpec) -> Vec<(String, Problem)> {
        let errors = Selector::parse(spec).unwrap_err();
        errors
            .into_iter()
            .map(|error| (error.place(), error.problem))
            .collect()
    }

    #[test]
    fn every_condition_must_hold_and_values_are_alternatives() {
        let spec = SelectorSpec {
            addresses: list(&["192.0.2.1", "10.0.0.0/24"]),
            names: list(&["worker-*", "web"]),
            users: list(&["app"]),
            databases: Some(vec![0, 3]),
            commands: list(&["CLIENT"]),
            flags: list(&["b", "N"]),
            min_idle: Some("5m".to_owned()),
            min_age: Some("2h".to_owned()),
            ..SelectorSpec::default()
        };
        assert_eq!(verdict(&spec, &session()), Verdict::Chosen);

        for (what, other) in [
            (
                "address",
                Session {
                    addr: "10.0.1.7:51234".to_owned(),
                    ..session()
                },
            ),
            (
                "name",
                Session {
                    name: Some("Worker-1".to_owned()),
                    ..session()
                },
            ),
            (
                "user",
                Session {
                    user: Some("App".to_owned()),
                    ..session()
                },
            ),
            (
                "database",
                Session {
                    db: Some(1),
                    ..session()
                },
            ),
            (
                "command",
                Session {
                    cmd: Some("clients".to_owned()),
                    ..session()
                },
            ),
            (
                "flag",
                Session {
                    flags: flags("B"),
                    ..session()
                },
            ),
            (
                "idle time",
                Session {
                    idle: Some(Duration::from_secs(299)),
                    ..session()
                },
            ),
            (
                "age",
                Session {
                    age: Some(Duration::from_secs(7_199)),
                    ..session()
                },
            ),
            (
                "unknown name",
                Session {
                    name: None,
                    ..session()
                },
            ),
            (
                "unknown user",
                Session {
                    user: None,
                    ..session()
                },
            ),
            (
                "unknown database",
                Session {
                    db: None,
                    ..session()
                },
            ),
            (
                "unknown command",
                Session {
                    cmd: None,
                    ..session()
                },
            ),
            (
                "unknown idle time",
                Session {
                    idle: None,
                    ..session()
                },
            ),
            (
                "unknown age",
                Session {
                    age: None,
                    ..session()
                },
            ),
        ] {
            assert_eq!(verdict(&spec, &other), Verdict::Passed, "another {what}");
        }
    }

    #[test]
    fn globs_are_for_whole_names() {
        for (glob, name, expected) in [
            ("worker-*", "worker-12", true),
            ("worker", "worker-12", false),
            ("worker-?", "worker-12", false),
            ("*", "a/b", true),
            ("w[aeio]b", "wob", true),
            ("w[!aeio]b", "wob", false),
            ("{web,worker}-1", "web-1", true),
            (r"a\*", "a*", true),
            (r"a\*", "ab", false),
            ("*", "", false),
        ] {
            let spec = SelectorSpec {
                names: list(&[glob]),
                ..SelectorSpec::default()
            };
            let session = Session {
                name: Some(name.to_owned()),
                ..session()
            };
            assert_eq!(
                verdict(&spec, &session) == Verdict::Chosen,
                expected,
                "{glob} for {name:?}"
            );
        }
    }

    #[test]
    fn a_subcommand_is_found_by_its_command_and_not_the_other_way_round() {
        for (condition, cmd, expected) in [
            ("client", "client|list", true),
            ("client|list", "client|list", true),
            ("client|kill", "client|list", false),
            ("client|list", "client", false),
            ("list", "client|list", false),
        ] {
            let spec = SelectorSpec {
                commands: list(&[condition]),
                ..SelectorSpec::default()
            };
            let session = Session {
                cmd: Some(cmd.to_owned()),
                ..session()
            };
            assert_eq!(
                verdict(&spec, &session) == Verdict::Chosen,
                expected,
                "{condition} for {cmd}"
            );
        }
    }

    #[test]
    fn an_address_is_looked_for_in_peer_where_there_is_no_addr() {
        let spec = SelectorSpec {
            addresses: list(&["10.0.0.7:51234"]),
            ..SelectorSpec::default()
        };
        let peer = |addr: &str, peer: &str| Session {
            addr: addr.to_owned(),
            peer: Some(peer.to_owned()),
            ..session()
        };
        assert_eq!(verdict(&spec, &peer("", "10.0.0.7:51234")), Verdict::Chosen);
        assert_eq!(
            verdict(&spec, &peer("10.0.0.8:1", "10.0.0.7:51234")),
            Verdict::Passed
        );
        assert_eq!(
            verdict(&spec, &peer("/run/redis.sock:0", "")),
            Verdict::Passed
        );
    }

    #[test]
    fn masters_and_replicas_are_left_alone_unless_their_flag_is_named() {
        let with = |letters: &str| Session {
            flags: flags(letters),
            ..session()
        };
        let naming = |values: &[&str]| SelectorSpec {
            flags: list(values),
            ..SelectorSpec::default()
        };
        let by_address = SelectorSpec {
            addresses: list(&["10.0.0.7"]),
            ..SelectorSpec::default()
        };
        for (spec, letters, expected) in [
            (all(), "N", Verdict::Chosen),
            (all(), "O", Verdict::Chosen),
            (all(), "M", Verdict::Protected),
            (all(), "S", Verdict::Protected),
            (by_address.clone(), "M", Verdict::Protected),
            (by_address, "xS", Verdict::Protected),
            (naming(&["x"]), "xS", Verdict::Protected),
            (naming(&["S"]), "xS", Verdict::Chosen),
            (naming(&["S"]), "M", Verdict::Passed),
            (naming(&["M"]), "M", Verdict::Chosen),
            (naming(&["S"]), "MS", Verdict::Protected),
            (naming(&["M", "S"]), "MS", Verdict::Chosen),
        ] {
            assert_eq!(
                verdict(&spec, &with(letters)),
                expected,
                "{letters} by {spec:?}"
            );
        }
    }

    #[test]
    fn a_replica_is_known_by_its_command_where_flags_are_not_listed() {
        let replica = Session {
            flags: flags(""),
            cmd: Some("REPLCONF".to_owned()),
            ..session()
        };
        assert_eq!(verdict(&all(), &replica), Verdict::Protected);
    }

    #[test]
    fn who_may_be_an_excluded_user_is_left_alone() {
        let spec = SelectorSpec {
            exclude_users: list(&["admin"]),
            ..all()
        };
        for (user, expected) in [
            (Some("app"), Verdict::Chosen),
            (Some("Admin"), Verdict::Chosen),
            (Some("admin"), Verdict::Passed),
            (Some(""), Verdict::Passed),
            (None, Verdict::Passed),
        ] {
            let session = Session {
                user: user.map(str::to_owned),
                ..session()
            };
            assert_eq!(verdict(&spec, &session), expected, "{user:?}");
        }
        assert_eq!(
            verdict(
                &all(),
                &Session {
                    user: None,
                    ..session()
                }
            ),
            Verdict::Chosen
        );
    }

    #[test]
    fn everything_that_is_wrong_is_reported_at_its_place() {
        let value = |text: &str| text.to_owned();
        let spec = SelectorSpec {
            addresses: list(&["10.0.0.7:0", "localhost", "10.0.0.7"]),
            names: list(&["worker-*", "[", "", "w "]),
            users: list(&[]),
            exclude_users: list(&[""]),
            databases: Some(vec![0, -1, 1 << 40]),
            commands: list(&["get "]),
            flags: list(&["N", "Nb", "", "1", "é"]),
            min_idle: Some(value("0s")),
            min_age: Some(value("1 day")),
            all: true,
        };

        let refused = refused(&spec);

        let flag = |text: &str| Problem::NotAFlag { value: value(text) };
        let malformed = super::super::duration::DurationError::Malformed {
            value: value("1 day"),
        };
        let conditions = vec![
            "addresses",
            "names",
            "users",
            "databases",
            "commands",
            "flags",
            "min_idle",
            "min_age",
        ];
        let (globs, others): (Vec<_>, Vec<_>) = refused
            .into_iter()
            .partition(|(_, problem)| matches!(problem, Problem::NotAGlob { .. }));
        assert_eq!(
            globs
                .iter()
                .map(|(place, _)| place.as_str())
                .collect::<Vec<_>>(),
            ["names[1]"]
        );
        let expected = [
            (
                "addresses[0]",
                Problem::NotAPort {
                    value: value("10.0.0.7:0"),
                    port: value("0"),
                },
            ),
            (
                "addresses[1]",
                Problem::NotAnAddress {
                    value: value("localhost"),
                    names: false,
                },
            ),
            ("names[2]", Problem::EmptyValue),
            ("names[3]", Problem::SurroundingSpace { value: value("w ") }),
            ("users", Problem::EmptyList),
            ("exclude_users[0]", Problem::EmptyValue),
            ("databases[1]", Problem::NotADatabase { value: value("-1") }),
            (
                "databases[2]",
                Problem::NotADatabase {
                    value: value("1099511627776"),
                },
            ),
            (
                "commands[0]",
                Problem::SurroundingSpace {
                    value: value("get "),
                },
            ),
            ("flags[1]", flag("Nb")),
            ("flags[2]", Problem::EmptyValue),
            ("flags[3]", flag("1")),
            ("flags[4]", flag("é")),
            ("min_idle", Problem::ZeroMinimum { value: value("0s") }),
            ("min_age", Problem::Duration(malformed)),
            ("all", Problem::AllWithConditions { conditions }),
        ];
        assert_eq!(
            others,
            expected.map(|(place, problem)| (place.to_owned(), problem))
        );
    }

    #[test]
    fn a_kill_names_peers_and_tells_who_shares_them() {
        let behind = |node: &str, client: &str, peer: &str| Session {
            id: id(node, client),
            peer: Some(peer.to_owned()),
            ..session()
        };
        let chosen = [
            behind("node-1", "7", "192.0.2.1:1"),
            behind("node-1", "8", "192.0.2.1:1"),
            behind("node-1", "9", ""),
        ];
        let bystander = behind("node-1", "10", "192.0.2.1:1");
        let elsewhere = behind("node-2", "7", "192.0.2.1:1");
        let listed = [&chosen[..], &[bystander.clone(), elsewhere]].concat();

        assert_eq!(also_killed(&chosen, &listed), [&bystander]);
    }

    #[test]
    fn the_same_client_id_on_two_nodes_is_two_sessions_sorted_by_node_and_number() {
        let mut ids = [
            id("node-2", "9"),
            id("node-1", "10"),
            id("node-1", "x"),
            id("node-1", "9"),
        ];
        ids.sort();
        assert_eq!(
            ids,
            [
                id("node-1", "9"),
                id("node-1", "10"),
                id("node-1", "x"),
                id("node-2", "9")
            ]
        );
    }
}
