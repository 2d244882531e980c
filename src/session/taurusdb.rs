//! Sessions of a TaurusDB (MySQL) node, and the selector for them.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use regex::Regex;
use thiserror::Error;

use super::address::{Origin, OriginPattern};
use super::problem::{Problem, SelectorError};
use super::reader::{Reader, holds};
use super::selector::{is_one_of, known, plain};
use super::{Listed, Selects, Verdict};

/// The id of a session thread: a positive 64-bit number. The server does not give an id twice while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThreadId(i64);

/// Why something is not a thread id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "\"{value}\" is not a thread id, which is a whole number from 1 to {}",
    i64::MAX
)]
pub struct NotAThreadId {
    /// The value as given.
    pub value: String,
}

impl ThreadId {
    /// The number, as the API sends it.
    #[must_use]
    pub fn get(self) -> i64 {
        self.0
    }
}

impl TryFrom<i64> for ThreadId {
    type Error = NotAThreadId;

    fn try_from(number: i64) -> Result<Self, NotAThreadId> {
        if number > 0 {
            Ok(Self(number))
        } else {
            Err(NotAThreadId {
                value: number.to_string(),
            })
        }
    }
}

impl From<ThreadId> for i64 {
    fn from(id: ThreadId) -> Self {
        id.0
    }
}

impl FromStr for ThreadId {
    type Err = NotAThreadId;

    /// Reads decimal digits, without a sign, a leading zero or a space.
    fn from_str(text: &str) -> Result<Self, NotAThreadId> {
        text.parse()
            .ok()
            .and_then(|number: i64| Self::try_from(number).ok())
            .filter(|id| id.to_string() == text)
            .ok_or_else(|| NotAThreadId {
                value: text.to_owned(),
            })
    }
}

impl fmt::Display for ThreadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A session thread, as the node's process list shows it.
///
/// Its `Debug` form leaves the statement out: SQL text may hold personal data, and what is printed ends up in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// The thread id.
    pub id: ThreadId,
    /// The account's user name, when the list tells it. `unauthenticated user` until the login is through.
    pub user: Option<String>,
    /// Where the client is: `10.0.0.7:51234`, `app-7:51234`, `localhost`, or nothing for the server's own threads.
    /// Behind a proxy this is the proxy.
    pub host: String,
    /// The default database, if one is in use. A statement may well work on others.
    pub db: Option<String>,
    /// What the thread is doing for the client: `Query`, `Sleep`, `Binlog Dump`, ….
    pub command: String,
    /// How long it has been doing that; `None` if the server does not say. For `Sleep` this is how long it has been
    /// idle, and never how long the session has been connected.
    pub time: Option<Duration>,
    /// The stage of the statement: `Sending data`, `Waiting for table metadata lock`, ….
    pub state: Option<String>,
    /// The statement being executed, as far as the list shows it. An idle session has none.
    pub info: Option<String>,
    /// Nothing but the id could be read: the session is there, and meets no condition.
    pub odd: bool,
}

impl Session {
    /// A session of which the list shows nothing readable but its id.
    #[must_use]
    pub fn odd(id: ThreadId) -> Self {
        Self {
            id,
            user: None,
            host: String::new(),
            db: None,
            command: String::new(),
            time: None,
            state: None,
            info: None,
            odd: true,
        }
    }

    /// The time of a session from the number that the process list shows, in seconds.
    ///
    /// `None` for a number that is no such time: MySQL subtracts two clocks, and when the clock was set back the
    /// difference comes out negative, or wraps around to thousands of millions. Such a session would meet any
    /// `min_time`, so its time is taken to be unknown.
    #[must_use]
    pub fn listed_time(seconds: i64) -> Option<Duration> {
        /// 68 years, the longest that a signed 32-bit count of seconds can hold: no session is older.
        const LONGEST: i64 = i32::MAX as i64;
        (0..=LONGEST)
            .contains(&seconds)
            .then(|| Duration::from_secs(seconds.unsigned_abs()))
    }

    /// Whether the session belongs to the server itself, to the cloud's operation of it, or to replication.
    ///
    /// By account: `system user`, `event_scheduler`, MySQL's own `mysql.sys`, `mysql.session` and `mysql.infoschema`,
    /// and every name that starts with `rds`, in upper or lower case. By command: `Daemon`, `Binlog Dump` in all its
    /// forms, and a replica that registers itself.
    #[must_use]
    pub fn is_internal(&self) -> bool {
        const ACCOUNTS: [&str; 5] = [
            "system user",
            "event_scheduler",
            "mysql.sys",
            "mysql.session",
            "mysql.infoschema",
        ];
        let user = self.user.as_deref().unwrap_or_default();
        ACCOUNTS.iter().any(|name| user.eq_ignore_ascii_case(name))
            || starts_with(user, "rds")
            || self.command.eq_ignore_ascii_case("Daemon")
            || starts_with(&self.command, "Binlog Dump")
            || starts_with(&self.command, "Register ")
    }
}

/// Whether a text starts with an ASCII prefix, in upper or lower case.
fn starts_with(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

impl Listed for Session {
    type Id = ThreadId;

    fn id(&self) -> ThreadId {
        self.id
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let info = self
            .info
            .as_ref()
            .map(|info| format!("({} bytes of SQL)", info.len()));
        f.debug_struct("Session")
            .field("id", &self.id)
            .field("user", &self.user)
            .field("host", &self.host)
            .field("db", &self.db)
            .field("command", &self.command)
            .field("time", &self.time)
            .field("state", &self.state)
            .field("info", &info)
            .finish()
    }
}

/// A selector as an engineer writes it. `None` is an attribute that is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SelectorSpec {
    /// Whole user names. Upper and lower case differ, as they do to MySQL. Internal and replication sessions are chosen
    /// only if their user is named here, by whatever other conditions or `all`.
    pub users: Option<Vec<String>>,
    /// Users who are left alone. Not a condition: it chooses nothing by itself, and may stand beside `all`.
    pub exclude_users: Option<Vec<String>>,
    /// Addresses, networks in CIDR form, or host names, as the process list shows them; nothing is resolved. The
    /// client's port counts only if one is written.
    pub hosts: Option<Vec<String>>,
    /// Default databases by their whole names, as the process list shows them. Upper and lower case differ, whatever
    /// `lower_case_table_names` says. A session without a default database matches none.
    pub databases: Option<Vec<String>>,
    /// Commands such as `Query` or `Sleep`, whole, in upper or lower case.
    pub commands: Option<Vec<String>>,
    /// States, whole, in upper or lower case. A session without a state matches none.
    pub states: Option<Vec<String>>,
    /// Regular expressions, each searched for in the statement as the list shows it, which may be cut short. Upper and
    /// lower case differ unless the expression begins with `(?i)`; `.` does not match a line break unless with `(?s)`.
    /// A session without a statement, as every idle one, matches none.
    pub statement_matches: Option<Vec<String>>,
    /// The least time in the current command, that time included. It holds for whatever command: idle sessions and
    /// running queries alike, unless `commands` says which. (pt-kill's `--busy-time` looks at queries only, and its
    /// `--idle-time` at sleeping sessions only.)
    pub min_time: Option<String>,
    /// The greatest time in the current command, that time included.
    pub max_time: Option<String>,
    /// Every session, save internal ones and those of `exclude_users`.
    pub all: bool,
}

/// A selector that has been checked.
#[derive(Debug, Clone)]
pub struct Selector {
    users: Option<HashSet<String>>,
    exclude_users: HashSet<String>,
    hosts: Option<Vec<OriginPattern>>,
    databases: Option<HashSet<String>>,
    commands: Option<Vec<String>>,
    states: Option<Vec<String>>,
    statement_matches: Option<Vec<Regex>>,
    min_time: Option<Duration>,
    max_time: Option<Duration>,
}

impl Selector {
    /// Checks a selector.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, in the order of the attributes, and last what is wrong with it as a whole.
    pub fn parse(spec: &SelectorSpec) -> Result<Self, Vec<SelectorError>> {
        let mut reader = Reader::default();
        let users = reader.list("users", spec.users.as_deref(), plain);
        let exclude_users =
            reader.excluded_users(spec.exclude_users.as_deref(), spec.users.as_deref());
        let hosts = reader.list("hosts", spec.hosts.as_deref(), OriginPattern::parse_host);
        let databases = reader.list("databases", spec.databases.as_deref(), plain);
        let commands = reader.list("commands", spec.commands.as_deref(), plain);
        let states = reader.list("states", spec.states.as_deref(), plain);
        let statement_matches = reader.list(
            "statement_matches",
            spec.statement_matches.as_deref(),
            regex,
        );
        let min_time = reader.minimum("min_time", spec.min_time.as_deref());
        let max_time = reader.maximum("max_time", spec.max_time.as_deref());
        if let (Some(min), Some(max)) = (min_time, max_time)
            && min > max
        {
            reader.refuse("min_time", None, Problem::MinimumAboveMaximum { min, max });
        }
        reader.finish(spec.all)?;

        Ok(Self {
            users: users.map(HashSet::from_iter),
            exclude_users: HashSet::from_iter(exclude_users),
            hosts,
            databases: databases.map(HashSet::from_iter),
            commands,
            states,
            statement_matches,
            min_time,
            max_time,
        })
    }

    /// Whether it looks at statements: then they must be listed.
    #[must_use]
    pub fn reads_statements(&self) -> bool {
        self.statement_matches.is_some()
    }

    /// Whether every condition holds and the user is not excluded.
    fn matches(&self, session: &Session) -> bool {
        !session.odd
            && !self.excludes(session)
            && holds(&self.users, |users| {
                known(&session.user).is_some_and(|user| users.contains(user))
            })
            && holds(&self.commands, |commands| {
                is_one_of(commands, &session.command)
            })
            && holds(&self.min_time, |min| {
                session.time.is_some_and(|time| time >= *min)
            })
            && holds(&self.max_time, |max| {
                session.time.is_some_and(|time| time <= *max)
            })
            && holds(&self.databases, |databases| {
                session.db.as_ref().is_some_and(|db| databases.contains(db))
            })
            && holds(&self.states, |states| {
                session
                    .state
                    .as_ref()
                    .is_some_and(|state| is_one_of(states, state))
            })
            && holds(&self.hosts, |hosts| {
                Origin::listed(&session.host)
                    .is_some_and(|origin| hosts.iter().any(|host| host.matches(&origin)))
            })
            && holds(&self.statement_matches, |patterns| {
                session
                    .info
                    .as_ref()
                    .is_some_and(|info| patterns.iter().any(|pattern| pattern.is_match(info)))
            })
    }

    /// A session whose user is not told is excluded where anybody is: it may be one of them.
    fn excludes(&self, session: &Session) -> bool {
        !self.exclude_users.is_empty()
            && known(&session.user).is_none_or(|user| self.exclude_users.contains(user))
    }

    /// Whether the session is left alone unless its user is named. One whose user is not told may be the server's own.
    fn protects(&self, session: &Session) -> bool {
        (session.is_internal() || known(&session.user).is_none()) && self.users.is_none()
    }
}

impl Selects<Session> for Selector {
    fn verdict(&self, session: &Session) -> Verdict {
        if !self.matches(session) {
            Verdict::Passed
        } else if self.protects(session) {
            Verdict::Protected
        } else {
            Verdict::Chosen
        }
    }
}

fn regex(pattern: &str) -> Result<Regex, Problem> {
    if pattern.is_empty() {
        return Err(Problem::EmptyValue);
    }
    Regex::new(pattern).map_err(|error| Problem::NotARegex {
        value: pattern.to_owned(),
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;
    use crate::session::duration::DurationError;

    fn list(values: &[&str]) -> Option<Vec<String>> {
        Some(values.iter().map(|value| (*value).to_owned()).collect())
    }

    fn all() -> SelectorSpec {
        SelectorSpec {
            all: true,
            ..SelectorSpec::default()
        }
    }

    /// An idle session of `app`.
    fn session() -> Session {
        Session {
            id: ThreadId::try_from(7).unwrap(),
            user: Some("app".to_owned()),
            host: "10.0.0.7:51234".to_owned(),
            db: Some("shop".to_owned()),
            command: "Sleep".to_owned(),
            time: Some(Duration::from_secs(300)),
            state: None,
            info: None,
            odd: false,
        }
    }

    fn verdict(spec: &SelectorSpec, session: &Session) -> Verdict {
        Selector::parse(spec).unwrap().verdict(session)
    }

    /// What is refused: the place, and the problem.
    fn refused(spec: &SelectorSpec) -> Vec<(String, Problem)> {
        let errors = Selector::parse(spec).unwrap_err();
        errors
            .into_iter()
            .map(|error| (error.place(), error.problem))
            .collect()
    }

    #[test]
    fn thread_ids_are_positive_and_exact() {
        for number in [1, 9_007_199_254_740_993, i64::MAX] {
            let id = ThreadId::try_from(number).unwrap();
            assert_eq!((id.get(), id.to_string().parse()), (number, Ok(id)));
        }
        for number in [0, -1, i64::MIN] {
            assert!(ThreadId::try_from(number).is_err(), "{number}");
        }
        for text in [
            "",
            "0",
            "-1",
            "+1",
            "01",
            " 1",
            "1.0",
            "1e3",
            "9223372036854775808",
            "x",
        ] {
            let value = text.to_owned();
            assert_eq!(text.parse::<ThreadId>(), Err(NotAThreadId { value }));
        }
    }

    #[test]
    fn every_condition_must_hold_and_values_are_alternatives() {
        let spec = SelectorSpec {
            users: list(&["report", "app"]),
            hosts: list(&["10.0.0.0/24", "app-7"]),
            commands: list(&["sleep"]),
            min_time: Some("5m".to_owned()),
            ..SelectorSpec::default()
        };
        assert_eq!(verdict(&spec, &session()), Verdict::Chosen);

        for (what, other) in [
            (
                "user",
                Session {
                    user: Some("App".to_owned()),
                    ..session()
                },
            ),
            (
                "part of a user",
                Session {
                    user: Some("webapp".to_owned()),
                    ..session()
                },
            ),
            (
                "host",
                Session {
                    host: "10.0.1.7:51234".to_owned(),
                    ..session()
                },
            ),
            (
                "command",
                Session {
                    command: "Query".to_owned(),
                    ..session()
                },
            ),
            (
                "time",
                Session {
                    time: Some(Duration::from_secs(299)),
                    ..session()
                },
            ),
            (
                "unknown time",
                Session {
                    time: None,
                    ..session()
                },
            ),
        ] {
            assert_eq!(verdict(&spec, &other), Verdict::Passed, "another {what}");
        }
    }

    #[test]
    fn times_count_from_the_minimum_to_the_maximum_inclusive() {
        let spec = SelectorSpec {
            min_time: Some("5m".to_owned()),
            max_time: Some("10m".to_owned()),
            ..SelectorSpec::default()
        };
        for (seconds, expected) in [
            (299, Verdict::Passed),
            (300, Verdict::Chosen),
            (600, Verdict::Chosen),
            (601, Verdict::Passed),
        ] {
            let session = Session {
                time: Some(Duration::from_secs(seconds)),
                ..session()
            };
            assert_eq!(verdict(&spec, &session), expected, "{seconds} s");
        }
    }

    #[test]
    fn a_time_that_no_session_can_have_is_unknown() {
        for (seconds, time) in [
            (0, Some(Duration::ZERO)),
            (86_400, Some(Duration::from_secs(86_400))),
            (-1, None),
            (4_294_967_295, None),
            (i64::MAX, None),
        ] {
            assert_eq!(Session::listed_time(seconds), time, "{seconds}");
        }
    }

    #[test]
    fn internal_and_replication_sessions_are_left_alone_unless_their_user_is_named() {
        for (user, command) in [
            ("system user", "Connect"),
            ("event_scheduler", "Daemon"),
            ("rdsAdmin", "Sleep"),
            ("RDSBackup", "Query"),
            ("rds", "Sleep"),
            ("mysql.session", "Sleep"),
            ("app", "Daemon"),
            ("repl", "Binlog Dump"),
            ("repl", "Binlog Dump GTID"),
            ("repl", "binlog dump gtid"),
            ("repl", "Register Slave"),
        ] {
            let session = Session {
                user: Some(user.to_owned()),
                command: command.to_owned(),
                ..session()
            };
            let named = SelectorSpec {
                users: list(&[user]),
                ..SelectorSpec::default()
            };
            let by_command = SelectorSpec {
                commands: list(&[command]),
                ..SelectorSpec::default()
            };

            assert_eq!(
                verdict(&all(), &session),
                Verdict::Protected,
                "{user} {command}"
            );
            assert_eq!(
                verdict(&by_command, &session),
                Verdict::Protected,
                "{user} {command}"
            );
            assert_eq!(
                verdict(&named, &session),
                Verdict::Chosen,
                "{user} {command}"
            );
        }
        for (user, command) in [
            ("app", "Query"),
            ("ards", "Sleep"),
            ("r", ""),
            ("ördsé", "Kill"),
            ("root", "Sleep"),
        ] {
            let session = Session {
                user: Some(user.to_owned()),
                command: command.to_owned(),
                ..session()
            };
            assert_eq!(
                verdict(&all(), &session),
                Verdict::Chosen,
                "{user} {command}"
            );
        }
    }

    #[test]
    fn excluded_users_are_left_alone_by_all_and_by_conditions() {
        let spec = SelectorSpec {
            exclude_users: list(&["app"]),
            ..all()
        };
        assert_eq!(verdict(&spec, &session()), Verdict::Passed);
        assert_eq!(
            verdict(
                &spec,
                &Session {
                    user: Some("App".to_owned()),
                    ..session()
                }
            ),
            Verdict::Chosen
        );

        let spec = SelectorSpec {
            all: false,
            commands: list(&["Sleep"]),
            ..spec
        };
        assert_eq!(verdict(&spec, &session()), Verdict::Passed);
    }

    #[test]
    fn statements_are_searched_and_sessions_without_one_are_passed_over() {
        let matching = |pattern: &str| SelectorSpec {
            statement_matches: list(&[pattern]),
            ..SelectorSpec::default()
        };
        let busy = Session {
            info: Some("DELETE FROM orders\nWHERE id > 7".to_owned()),
            ..session()
        };
        for (pattern, expected) in [
            ("orders", Verdict::Chosen),
            ("^DELETE", Verdict::Chosen),
            ("^delete", Verdict::Passed),
            ("(?i)^delete", Verdict::Chosen),
            ("orders.WHERE", Verdict::Passed),
            ("(?s)orders.WHERE", Verdict::Chosen),
            ("^WHERE", Verdict::Passed),
            (".*", Verdict::Chosen),
        ] {
            assert_eq!(verdict(&matching(pattern), &busy), expected, "{pattern}");
        }
        assert_eq!(verdict(&matching(".*"), &session()), Verdict::Passed);
    }

    #[test]
    fn nothing_is_not_everything() {
        let none = SelectorSpec::default();
        assert_eq!(
            refused(&none),
            [("all".to_owned(), Problem::NothingSelected)]
        );

        let excluding = SelectorSpec {
            exclude_users: list(&["app"]),
            ..none.clone()
        };
        assert_eq!(
            refused(&excluding),
            [("all".to_owned(), Problem::OnlyExclusions)]
        );

        let empty = SelectorSpec {
            users: list(&[]),
            ..none.clone()
        };
        assert_eq!(refused(&empty), [("users".to_owned(), Problem::EmptyList)]);

        let excluding_nobody = SelectorSpec {
            exclude_users: list(&[]),
            ..none
        };
        assert_eq!(
            refused(&excluding_nobody),
            [("all".to_owned(), Problem::NothingSelected)]
        );
        assert!(
            Selector::parse(&SelectorSpec {
                all: true,
                ..excluding_nobody
            })
            .is_ok()
        );
    }

    #[test]
    fn all_contradicts_every_condition() {
        let spec = SelectorSpec {
            users: list(&["app"]),
            max_time: Some("1h".to_owned()),
            ..all()
        };

        let conditions = vec!["users", "max_time"];
        assert_eq!(
            refused(&spec),
            [("all".to_owned(), Problem::AllWithConditions { conditions })]
        );
    }

    #[test]
    fn everything_that_is_wrong_is_reported_at_its_place() {
        let value = |text: &str| text.to_owned();
        let spec = SelectorSpec {
            users: list(&["app", "", " report"]),
            exclude_users: list(&["root", "app"]),
            hosts: list(&["10.0.0.1", "app-7", "10.0.0.0/33"]),
            databases: list(&[]),
            commands: list(&["Sleep\n"]),
            states: list(&[""]),
            statement_matches: list(&["^SELECT", "(", ""]),
            min_time: Some(value("300")),
            max_time: Some(value("")),
            all: false,
        };

        let refused = refused(&spec);

        let places: Vec<&str> = refused.iter().map(|(place, _)| place.as_str()).collect();
        let expected = [
            ("users[1]", Some(Problem::EmptyValue)),
            (
                "users[2]",
                Some(Problem::SurroundingSpace {
                    value: value(" report"),
                }),
            ),
            (
                "exclude_users[1]",
                Some(Problem::ChosenAndExcluded {
                    value: value("app"),
                    chosen: "users",
                }),
            ),
            (
                "hosts[2]",
                Some(Problem::NotANetwork {
                    value: value("10.0.0.0/33"),
                }),
            ),
            ("databases", Some(Problem::EmptyList)),
            (
                "commands[0]",
                Some(Problem::SurroundingSpace {
                    value: value("Sleep\n"),
                }),
            ),
            ("states[0]", Some(Problem::EmptyValue)),
            ("statement_matches[1]", None),
            ("statement_matches[2]", Some(Problem::EmptyValue)),
            (
                "min_time",
                Some(Problem::Duration(DurationError::NoUnit {
                    value: value("300"),
                })),
            ),
            ("max_time", Some(Problem::Duration(DurationError::Empty))),
        ];
        assert_eq!(
            places,
            expected.iter().map(|(place, _)| *place).collect::<Vec<_>>()
        );
        for ((_, problem), (place, expected)) in refused.iter().zip(&expected) {
            match expected {
                Some(expected) => assert_eq!(problem, expected, "{place}"),
                None => assert!(
                    matches!(problem, Problem::NotARegex { value, .. } if value == "("),
                    "{problem}"
                ),
            }
        }
    }

    #[test]
    fn times_that_no_session_or_every_session_meets_are_refused() {
        let times = |min: &str, max: &str| SelectorSpec {
            min_time: Some(min.to_owned()),
            max_time: Some(max.to_owned()),
            ..SelectorSpec::default()
        };
        let (min, max) = (Duration::from_secs(5_400), Duration::from_secs(3_600));
        assert_eq!(
            refused(&times("1h30m", "60m")),
            [(
                "min_time".to_owned(),
                Problem::MinimumAboveMaximum { min, max }
            )]
        );
        assert!(Selector::parse(&times("1h", "60m")).is_ok());
        assert_eq!(
            refused(&times("0m", "1h")),
            [(
                "min_time".to_owned(),
                Problem::ZeroMinimum {
                    value: "0m".to_owned()
                }
            )]
        );
    }

    #[test]
    fn errors_read_as_sentences_with_their_place() {
        let spec = SelectorSpec {
            hosts: list(&["10.0.0.7/24", "10.0.%"]),
            users: list(&["app"]),
            all: true,
            ..SelectorSpec::default()
        };
        let sentences: Vec<String> = Selector::parse(&spec)
            .unwrap_err()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            sentences,
            [
                "hosts[0]: \"10.0.0.7/24\" is not the beginning of its network; write \"10.0.0.0/24\" for the whole network or \"10.0.0.7\" for the one address",
                "hosts[1]: \"10.0.%\" is not an address; write one like \"10.0.0.7\", \"10.0.0.0/24\" or \"2001:db8::7\", or a host name",
                "all: all = true contradicts users, hosts, which would leave sessions out",
            ]
        );
    }

    #[test]
    fn a_printed_session_does_not_show_its_statement() {
        let session = Session {
            info: Some("SELECT 'jane@example.com'".to_owned()),
            ..session()
        };

        let printed = format!("{session:?}");

        assert!(
            printed.contains("(25 bytes of SQL)") && !printed.contains("jane"),
            "{printed}"
        );
    }
}
