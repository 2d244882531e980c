//! Selection compared with a plain reference over random sessions and selectors.
//!
//! The reference reads the selector's own texts each time, knows only the values that the generators make, and shares
//! no code with what it checks: no regex, no glob and no network type.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::choice::{Choice, FIRST_SHOWN, TooMany, choose};
use super::{Listed, Selects, Verdict, dcs, taurusdb};

// What is written, and what it means.

const DURATIONS: [(&str, u64); 6] = [
    ("1s", 1),
    ("90s", 90),
    ("5m", 300),
    ("1h30m", 5_400),
    ("1d", 86_400),
    ("10m", 600),
];

const SECONDS: [u64; 10] = [0, 1, 89, 90, 299, 300, 600, 5_399, 5_400, 90_000];

fn seconds(text: &str) -> u64 {
    DURATIONS.iter().find(|(one, _)| *one == text).unwrap().1
}

/// An address or network with the bits of its prefix, compared bit by bit.
fn in_network(network: &str, address: IpAddr) -> bool {
    let (base, bits) = network.split_once('/').unwrap_or((network, "128"));
    let base: IpAddr = base.parse().unwrap();
    let bits: usize = bits.parse().unwrap();
    let as_bits = |address: IpAddr| -> Vec<bool> {
        let octets = match address {
            IpAddr::V4(v4) => v4.octets().to_vec(),
            IpAddr::V6(v6) => v6.octets().to_vec(),
        };
        octets
            .iter()
            .flat_map(|octet| (0..8).rev().map(move |bit| octet >> bit & 1 == 1))
            .collect()
    };
    base.is_ipv4() == address.is_ipv4()
        && as_bits(base)
            .iter()
            .zip(as_bits(address))
            .take(bits)
            .all(|(one, other)| *one == other)
}

/// `*` and `?`, letter by letter.
fn glob(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.first(), name.first()) {
        (None, None) => true,
        (Some(b'*'), _) => {
            glob(&pattern[1..], name) || (!name.is_empty() && glob(pattern, &name[1..]))
        }
        (Some(b'?'), Some(_)) => glob(&pattern[1..], &name[1..]),
        (Some(one), Some(other)) => one == other && glob(&pattern[1..], &name[1..]),
        _ => false,
    }
}

fn some_of<T: Clone + std::fmt::Debug + 'static>(
    values: &'static [T],
) -> impl Strategy<Value = Option<Vec<T>>> {
    let most = values.len().min(3);
    option::weighted(0.25, subsequence(values, 1..=most))
}

fn texts(list: Option<Vec<&'static str>>) -> Option<Vec<String>> {
    list.map(|list| list.into_iter().map(str::to_owned).collect())
}

fn text(text: Option<&'static str>) -> Option<String> {
    text.map(str::to_owned)
}

// TaurusDB.

const USERS: &[&str] = &[
    "app",
    "App",
    "webapp",
    "report",
    "system user",
    "event_scheduler",
    "rdsAdmin",
    "RDSrepl",
    "mysql.sys",
];
/// As the process list shows them, with what they are.
const HOSTS: &[(&str, Option<&str>)] = &[
    ("10.0.0.1:40000", Some("10.0.0.1")),
    ("10.0.0.12:40001", Some("10.0.0.12")),
    ("10.0.1.1:40000", Some("10.0.1.1")),
    ("2001:db8::7:40000", Some("2001:db8::7")),
    ("[2001:db8:1::7]:40000", Some("2001:db8:1::7")),
    ("localhost", None),
    ("App-7:40000", None),
    ("", None),
];
const HOST_CONDITIONS: &[&str] = &[
    "10.0.0.1",
    "10.0.0.0/24",
    "10.0.0.0/15",
    "2001:db8::/48",
    "2001:db8::7",
    "LOCALHOST",
    "app-7",
    "0.0.0.0/0",
];
const COMMANDS: &[&str] = &[
    "Query",
    "Sleep",
    "Daemon",
    "Binlog Dump",
    "Binlog Dump GTID",
    "Execute",
];
const STATEMENTS: &[&str] = &[
    "SELECT * FROM orders",
    "select 1",
    "UPDATE orders SET x = 1",
    "DELETE FROM t\nWHERE select_me = 1",
];
/// Regular expressions, with what they look for: at the beginning or anywhere, in any case or not.
const PATTERNS: &[(&str, &str, bool, bool)] = &[
    ("^SELECT", "SELECT", true, false),
    ("(?i)^select", "select", true, true),
    ("orders", "orders", false, false),
    ("(?i)SELECT", "select", false, true),
];

fn taurusdb_session() -> impl Strategy<Value = taurusdb::Session> {
    (
        (1..40_i64, prop::bool::weighted(0.1)),
        option::weighted(0.9, select(USERS)),
        select(HOSTS),
        option::of(select(&["shop", "Shop", "audit", ""][..])),
        select(COMMANDS),
        option::weighted(0.9, select(&SECONDS[..])),
        option::of(select(
            &["Sending data", "sending DATA", "updating", ""][..],
        )),
        option::of(select(STATEMENTS)),
    )
        .prop_map(
            |((id, odd), user, (host, _), db, command, time, state, info)| taurusdb::Session {
                id: id.try_into().unwrap(),
                user: text(user),
                host: host.to_owned(),
                db: text(db),
                command: command.to_owned(),
                time: time.map(Duration::from_secs),
                state: text(state),
                info: text(info),
                odd,
            },
        )
}

fn taurusdb_selector() -> impl Strategy<Value = taurusdb::SelectorSpec> {
    (
        (
            some_of(USERS),
            subsequence(USERS, 0..=2),
            some_of(HOST_CONDITIONS),
        ),
        (
            some_of(&["shop", "audit"]),
            some_of(&["query", "SLEEP", "binlog dump", "Execute"]),
        ),
        (some_of(&["sending data", "Updating"]), some_of(PATTERNS)),
        (
            option::weighted(0.3, select(&DURATIONS[..])),
            option::weighted(0.2, select(&DURATIONS[..])),
        ),
    )
        .prop_map(
            |((users, excluded, hosts), (databases, commands), (states, patterns), (min, max))| {
                let excluded: Vec<_> = excluded
                    .into_iter()
                    .filter(|user| !users.iter().flatten().any(|one| one == user))
                    .collect();
                let patterns: Option<Vec<_>> =
                    patterns.map(|list| list.into_iter().map(|(pattern, ..)| pattern).collect());
                let max = max.filter(|(_, max)| min.is_none_or(|(_, min)| min <= *max));
                let mut spec = taurusdb::SelectorSpec {
                    users: texts(users),
                    exclude_users: texts(Some(excluded)),
                    hosts: texts(hosts),
                    databases: texts(databases),
                    commands: texts(commands),
                    states: texts(states),
                    statement_matches: texts(patterns),
                    min_time: text(min.map(|(text, _)| text)),
                    max_time: text(max.map(|(text, _)| text)),
                    all: false,
                };
                let conditions = taurusdb::SelectorSpec {
                    exclude_users: None,
                    ..spec.clone()
                };
                spec.all = conditions == taurusdb::SelectorSpec::default();
                spec
            },
        )
}

fn taurusdb_reference(spec: &taurusdb::SelectorSpec, session: &taurusdb::Session) -> Verdict {
    let in_any_case = |list: &Vec<String>, value: &str| {
        list.iter()
            .any(|one| one.to_lowercase() == value.to_lowercase())
    };
    let user = session.user.clone().unwrap_or_default();
    let mut meets = !session.odd;
    if let Some(users) = &spec.users {
        meets &= users.contains(&user);
    }
    if let Some(excluded) = &spec.exclude_users {
        meets &= excluded.is_empty() || !user.is_empty() && !excluded.contains(&user);
    }
    if let Some(hosts) = &spec.hosts {
        let (listed, address) = HOSTS
            .iter()
            .find(|(listed, _)| *listed == session.host)
            .unwrap();
        meets &= match address {
            Some(address) => hosts
                .iter()
                .filter(|host| host.contains([':', '.']))
                .any(|host| in_network(host, address.parse().unwrap())),
            None => in_any_case(hosts, listed.split(':').next().unwrap()),
        };
    }
    if let Some(databases) = &spec.databases {
        meets &= session.db.as_ref().is_some_and(|db| databases.contains(db));
    }
    if let Some(commands) = &spec.commands {
        meets &= in_any_case(commands, &session.command);
    }
    if let Some(states) = &spec.states {
        meets &= session
            .state
            .as_ref()
            .is_some_and(|state| in_any_case(states, state));
    }
    if let Some(patterns) = &spec.statement_matches {
        meets &= session.info.as_ref().is_some_and(|info| {
            patterns.iter().any(|pattern| {
                let (_, word, at_start, any_case) =
                    PATTERNS.iter().find(|(one, ..)| one == pattern).unwrap();
                let info = if *any_case {
                    info.to_lowercase()
                } else {
                    info.clone()
                };
                if *at_start {
                    info.starts_with(word)
                } else {
                    info.contains(word)
                }
            })
        });
    }
    if let Some(min) = &spec.min_time {
        meets &= session
            .time
            .is_some_and(|time| time.as_secs() >= seconds(min));
    }
    if let Some(max) = &spec.max_time {
        meets &= session
            .time
            .is_some_and(|time| time.as_secs() <= seconds(max));
    }

    let internal = !["app", "App", "webapp", "report"].contains(&user.as_str())
        || !["Query", "Sleep", "Execute"].contains(&session.command.as_str());
    let named = spec
        .users
        .as_ref()
        .is_some_and(|users| users.contains(&user));
    verdict(meets, internal && !named, true)
}

// DCS.

/// As the client list shows them, with the address and the port that they are.
const ADDRS: &[(&str, &str, u16)] = &[
    ("10.0.0.1:40000", "10.0.0.1", 40_000),
    ("10.0.0.1:40001", "10.0.0.1", 40_001),
    ("10.0.0.12:40000", "10.0.0.12", 40_000),
    ("10.0.1.1:40000", "10.0.1.1", 40_000),
    ("[2001:db8::7]:40000", "2001:db8::7", 40_000),
    ("[2001:db8:1::7]:40001", "2001:db8:1::7", 40_001),
    ("", "", 0),
];
/// As they are written, with the network and the port that they mean.
const ADDR_CONDITIONS: &[(&str, &str, Option<u16>)] = &[
    ("10.0.0.1", "10.0.0.1", None),
    ("10.0.0.1:40001", "10.0.0.1", Some(40_001)),
    ("10.0.0.0/24", "10.0.0.0/24", None),
    ("[2001:db8::7]:40000", "2001:db8::7", Some(40_000)),
    ("[2001:db8:1::7]", "2001:db8:1::7", None),
    ("2001:db8::/32", "2001:db8::/32", None),
];

fn dcs_session() -> impl Strategy<Value = dcs::Session> {
    (
        (
            select(&["node-1", "node-2"][..]),
            1..20_u32,
            select(ADDRS),
            prop::bool::weighted(0.1),
        ),
        option::of(select(
            &["worker-1", "worker-22", "Worker-1", "web", ""][..],
        )),
        option::of(select(&["default", "app", "App", ""][..])),
        (
            option::of(0..4_u32),
            option::of(select(
                &["get", "GET", "client|list", "client", "psync", ""][..],
            )),
        ),
        (
            option::of(select(&SECONDS[..])),
            option::of(select(&SECONDS[..])),
        ),
        btree_set(select(&['N', 'b', 'P', 'u', 'U', 'S', 'M', 'O'][..]), 0..3),
    )
        .prop_map(
            |((node, id, (addr, ..), odd), name, user, (db, cmd), (age, idle), flags)| {
                dcs::Session {
                    id: dcs::SessionId {
                        node_id: node.to_owned(),
                        client_id: dcs::ClientId::new(id.to_string()),
                    },
                    addr: addr.to_owned(),
                    peer: None,
                    name: text(name),
                    user: text(user),
                    db,
                    cmd: text(cmd),
                    age: age.map(Duration::from_secs),
                    idle: idle.map(Duration::from_secs),
                    flags,
                    odd,
                }
            },
        )
}

fn dcs_selector() -> impl Strategy<Value = dcs::SelectorSpec> {
    const ACCOUNTS: &[&str] = &["default", "app", "App"];
    (
        (
            some_of(ADDR_CONDITIONS),
            some_of(&["worker-?", "w*", "*-1", "web", "*"]),
        ),
        (
            some_of(ACCOUNTS),
            prop_oneof![2 => Just(vec![]), 1 => subsequence(ACCOUNTS, 0..=2)],
        ),
        (
            some_of(&[0_i64, 1, 2]),
            some_of(&["Get", "client", "client|list", "psync"]),
        ),
        some_of(&["N", "b", "P", "U", "S", "M", "O"]),
        (
            option::weighted(0.3, select(&DURATIONS[..])),
            option::weighted(0.2, select(&DURATIONS[..])),
        ),
    )
        .prop_map(
            |((addresses, names), (users, excluded), (databases, commands), flags, (idle, age))| {
                let excluded: Vec<_> = excluded
                    .into_iter()
                    .filter(|user| !users.iter().flatten().any(|one| one == user))
                    .collect();
                let addresses: Option<Vec<_>> =
                    addresses.map(|list| list.into_iter().map(|(written, ..)| written).collect());
                let mut spec = dcs::SelectorSpec {
                    addresses: texts(addresses),
                    names: texts(names),
                    users: texts(users),
                    exclude_users: texts(Some(excluded)),
                    databases,
                    commands: texts(commands),
                    flags: texts(flags),
                    min_idle: text(idle.map(|(text, _)| text)),
                    min_age: text(age.map(|(text, _)| text)),
                    all: false,
                };
                let conditions = dcs::SelectorSpec {
                    exclude_users: None,
                    ..spec.clone()
                };
                spec.all = conditions == dcs::SelectorSpec::default();
                spec
            },
        )
}

fn dcs_reference(spec: &dcs::SelectorSpec, session: &dcs::Session) -> Verdict {
    let name = session.name.clone().unwrap_or_default();
    let user = session.user.clone().unwrap_or_default();
    let cmd = session.cmd.clone().unwrap_or_default().to_lowercase();
    let has = |flag: &str| session.flags.iter().any(|one| one.to_string() == flag);

    let mut meets = !session.odd;
    if let Some(addresses) = &spec.addresses {
        let (_, address, port) = ADDRS
            .iter()
            .find(|(listed, ..)| *listed == session.addr)
            .unwrap();
        meets &= !address.is_empty()
            && addresses.iter().any(|written| {
                let (_, network, wanted) = ADDR_CONDITIONS
                    .iter()
                    .find(|(one, ..)| one == written)
                    .unwrap();
                in_network(network, address.parse().unwrap())
                    && wanted.is_none_or(|wanted| wanted == *port)
            });
    }
    if let Some(names) = &spec.names {
        meets &= !name.is_empty()
            && names
                .iter()
                .any(|one| glob(one.as_bytes(), name.as_bytes()));
    }
    if let Some(users) = &spec.users {
        meets &= users.contains(&user);
    }
    if let Some(excluded) = &spec.exclude_users {
        meets &= excluded.is_empty() || !user.is_empty() && !excluded.contains(&user);
    }
    if let Some(databases) = &spec.databases {
        meets &= databases
            .iter()
            .any(|number| session.db.map(i64::from) == Some(*number));
    }
    if let Some(commands) = &spec.commands {
        meets &= commands
            .iter()
            .map(|one| one.to_lowercase())
            .any(|one| cmd == one || cmd.starts_with(&format!("{one}|")));
    }
    if let Some(flags) = &spec.flags {
        meets &= flags.iter().any(|flag| has(flag));
    }
    if let Some(min) = &spec.min_idle {
        meets &= session
            .idle
            .is_some_and(|idle| idle.as_secs() >= seconds(min));
    }
    if let Some(min) = &spec.min_age {
        meets &= session.age.is_some_and(|age| age.as_secs() >= seconds(min));
    }

    let named = |flag: &str| {
        spec.flags
            .as_ref()
            .is_some_and(|flags| flags.iter().any(|one| one == flag))
    };
    let protected = match (has("M"), has("S")) {
        (false, false) => cmd == "psync",
        (true, false) => !named("M"),
        (false, true) => !named("S"),
        (true, true) => !(named("M") && named("S")),
    };
    verdict(meets, protected, !session.addr.is_empty())
}

// Both.

fn verdict(meets: bool, protected: bool, has_name: bool) -> Verdict {
    match (meets, protected) {
        (false, _) => Verdict::Passed,
        (true, true) => Verdict::Protected,
        (true, false) if has_name => Verdict::Chosen,
        (true, false) => Verdict::Nameless,
    }
}

/// Compares each verdict, and then the choice from the whole listing.
fn compare<S>(
    selector: &impl Selects<S>,
    reference: impl Fn(&S) -> Verdict,
    sessions: Vec<S>,
    max: Option<usize>,
) -> Result<(), TestCaseError>
where
    S: Listed + Clone + PartialEq + std::fmt::Debug,
    S::Id: std::fmt::Debug,
{
    for session in &sessions {
        prop_assert_eq!(
            selector.verdict(session),
            reference(session),
            "{:?}",
            session
        );
    }

    // The last of each id, in the order of the ids.
    let mut ids: Vec<S::Id> = sessions.iter().map(Listed::id).collect();
    ids.sort();
    ids.dedup();
    let last = |id: &S::Id| {
        sessions
            .iter()
            .rev()
            .find(|session| session.id() == *id)
            .unwrap()
            .clone()
    };
    let judged = |wanted| {
        ids.iter()
            .map(last)
            .filter(|session| reference(session) == wanted)
            .collect::<Vec<S>>()
    };
    let chosen = judged(Verdict::Chosen);
    let protected = judged(Verdict::Protected).len();
    let nameless = judged(Verdict::Nameless).len();
    let matched = chosen.len();
    let expected = match max {
        Some(max) if matched > max => {
            let first = chosen.into_iter().take(FIRST_SHOWN).collect();
            Err(TooMany {
                matched,
                max,
                first,
            })
        }
        _ => Ok(Choice {
            chosen,
            protected,
            nameless,
        }),
    };
    prop_assert_eq!(choose(selector, sessions, max), expected);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn taurusdb_selection_agrees_with_the_reference(
        spec in taurusdb_selector(),
        sessions in vec(taurusdb_session(), 0..60),
        max in option::of(0..12_usize),
    ) {
        let selector = taurusdb::Selector::parse(&spec).unwrap();
        compare(&selector, |session| taurusdb_reference(&spec, session), sessions, max)?;
    }

    #[test]
    fn dcs_selection_agrees_with_the_reference(
        spec in dcs_selector(),
        sessions in vec(dcs_session(), 0..60),
        max in option::of(0..12_usize),
    ) {
        let selector = dcs::Selector::parse(&spec).unwrap();
        compare(&selector, |session| dcs_reference(&spec, session), sessions, max)?;
    }

    #[test]
    fn client_ids_are_ordered_as_the_numbers_they_are(numbers in btree_set(any::<u64>(), 0..20)) {
        let ids: BTreeSet<_> = numbers.iter().map(|number| dcs::ClientId::new(number.to_string())).collect();
        let texts: Vec<_> = ids.iter().map(|id| id.as_str().to_owned()).collect();
        prop_assert_eq!(texts, numbers.iter().map(u64::to_string).collect::<Vec<_>>());
    }
}
