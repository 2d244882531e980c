//! Selection compared with a plain reference over random sessions and selectors of every condition.
//!
//! The reference reads the written texts each time, knows only the values that the generators make, and shares no code with
//! what it checks: no regex, no glob and no network type.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::net::IpAddr;
use std::time::Duration;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::session::choice::{Choice, FIRST_SHOWN, TooMany, choose};
use crate::session::{
    Condition, Listed, Protection, Selector, Selects, Session, SessionId, Verdict, Written,
};

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

const USERS: &[&str] = &["app", "App", "webapp", "report", "rdsAdmin"];

/// As they are listed, with the address and the port that they are. Without an address it is a name, or nothing.
const ORIGINS: &[(&str, Option<&str>, Option<u16>)] = &[
    ("10.0.0.1:40000", Some("10.0.0.1"), Some(40_000)),
    ("10.0.0.1:40001", Some("10.0.0.1"), Some(40_001)),
    ("10.0.0.12", Some("10.0.0.12"), None),
    ("10.0.1.1:40000", Some("10.0.1.1"), Some(40_000)),
    ("127.0.0.1:40000", Some("127.0.0.1"), Some(40_000)),
    ("2001:db8::7:40000", Some("2001:db8::7"), Some(40_000)),
    ("[2001:db8:1::7]:40001", Some("2001:db8:1::7"), Some(40_001)),
    ("localhost", None, None),
    ("App-7:40000", None, Some(40_000)),
    ("connecting host", None, None),
    ("", None, None),
];

/// As they are written, with the network and the port that they mean. Without a network it is a name.
const PLACES: &[(&str, Option<&str>, Option<u16>)] = &[
    ("10.0.0.1", Some("10.0.0.1"), None),
    ("10.0.0.1:40001", Some("10.0.0.1"), Some(40_001)),
    ("10.0.0.12:40000", Some("10.0.0.12"), Some(40_000)),
    ("10.0.0.0/24", Some("10.0.0.0/24"), None),
    ("127.0.0.0/8", Some("127.0.0.0/8"), None),
    ("[2001:db8::7]:40000", Some("2001:db8::7"), Some(40_000)),
    ("[2001:db8:1::7]", Some("2001:db8:1::7"), None),
    ("2001:db8::/32", Some("2001:db8::/32"), None),
    ("LOCALHOST", None, None),
    ("app-7", None, None),
    ("app-7:40001", None, Some(40_001)),
];

const STATEMENTS: &[&str] = &[
    "SELECT * FROM orders",
    "select 1",
    "UPDATE orders SET x = 1",
    "DELETE FROM t\nWHERE select_me = 1",
    "",
];

/// Regular expressions, with what they look for: at the beginning or anywhere, in any case or not.
const PATTERNS: &[(&str, &str, bool, bool)] = &[
    ("^SELECT", "SELECT", true, false),
    ("(?i)^select", "select", true, true),
    ("orders", "orders", false, false),
    ("(?i)SELECT", "select", false, true),
];

const HOSTS: Condition = Condition::Addresses { host_names: true };
const EXCLUDE_HOSTS: Condition = Condition::ExcludeAddresses { host_names: true };
const DATABASES: Condition = Condition::Databases { numbered: false };
const NUMBERS: Condition = Condition::Databases { numbered: true };

const OFFERED: [Condition; 19] = [
    Condition::Users,
    Condition::ExcludeUsers,
    HOSTS,
    EXCLUDE_HOSTS,
    DATABASES,
    NUMBERS,
    Condition::Commands,
    Condition::States,
    Condition::Flags,
    Condition::Applications,
    Condition::Names,
    Condition::StatementMatches,
    Condition::ExcludeStatementMatches,
    Condition::MinIdle,
    Condition::MinBusy,
    Condition::MinAge,
    Condition::MinTransaction,
    Condition::Blocking,
    Condition::All,
];

fn seconds(text: &str) -> u64 {
    DURATIONS.iter().find(|(one, _)| *one == text).unwrap().1
}

/// An address or network with the bits of its prefix, compared bit by bit.
fn in_network(network: &str, address: &str) -> bool {
    let (base, bits) = network.split_once('/').unwrap_or((network, "128"));
    let (base, address): (IpAddr, IpAddr) = (base.parse().unwrap(), address.parse().unwrap());
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

// Random sessions and selectors.

fn told(values: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    option::weighted(0.8, select(values)).prop_map(|value| value.map(str::to_owned))
}

fn time() -> impl Strategy<Value = Option<Duration>> {
    option::of(select(&SECONDS[..])).prop_map(|time| time.map(Duration::from_secs))
}

fn protection() -> impl Strategy<Value = Protection> {
    prop_oneof![
        3 => Just(Protection::None),
        1 => Just(Protection::UnlessUserIsNamed),
        1 => select(&["", "M", "S", "MS"][..])
            .prop_map(|letters| Protection::UnlessFlagsAreNamed(letters.to_owned())),
    ]
}

fn session() -> impl Strategy<Value = Session> {
    const LISTED: &[&str] = &[
        "10.0.0.1:40000",
        "10.0.0.1:40001",
        "10.0.0.12",
        "10.0.1.1:40000",
        "127.0.0.1:40000",
        "2001:db8::7:40000",
        "[2001:db8:1::7]:40001",
        "localhost",
        "App-7:40000",
        "connecting host",
        "",
    ];
    let id = (
        select(&[None, Some("node-1"), Some("node-2")][..]),
        1..20_i64,
    )
        .prop_map(|(node, number)| SessionId::new(node.map(Into::into), &number.to_string()));
    let names = (
        told(USERS),
        told(LISTED),
        option::weighted(0.2, select(LISTED)),
        told(&["shop", "Shop", "1", "2", ""]),
        told(&["Query", "Sleep", "sleep", "client|list", "client", ""]),
        told(&["Sending data", "N", "xS", "MS", "n", "b", ""]),
        told(&["worker-1", "worker-22", "Worker-1", "web", ""]),
        told(STATEMENTS),
        prop::bool::ANY,
    );
    let flags = [0.9, 0.9, 0.1].map(prop::bool::weighted);
    let times = (
        time(),
        prop::bool::ANY,
        time(),
        time(),
        option::of(prop::bool::ANY),
    );
    (id, names, times, protection(), flags).prop_map(
        |(
            id,
            names,
            (spent, is_idle, age, transaction, blocks),
            protection,
            [readable, nameable, hides_client],
        )| {
            let (
                user,
                address,
                origin,
                database,
                command,
                state,
                application,
                statement,
                executed,
            ) = names;
            Session {
                user,
                address,
                origin: origin.map(str::to_owned),
                database,
                command,
                state,
                application,
                idle: spent.filter(|_| is_idle),
                busy: spent.filter(|_| !is_idle),
                age,
                began: None,
                transaction,
                blocks,
                hides_client,
                protection,
                readable,
                unnameable: (!nameable).then_some("of a test"),
                ..Session::new(id).showing(statement, executed)
            }
        },
    )
}

/// Values for a condition, one selector in six.
fn some_of(
    condition: Condition,
    values: &'static [&'static str],
) -> impl Strategy<Value = Option<(Condition, Written)>> {
    let most = values.len().min(3);
    option::weighted(0.17, subsequence(values, 1..=most)).prop_map(move |values| {
        let values = values?.into_iter().map(str::to_owned).collect();
        Some((condition, Written::Texts(values)))
    })
}

fn least(condition: Condition) -> impl Strategy<Value = Option<(Condition, Written)>> {
    option::weighted(0.12, select(&DURATIONS[..]))
        .prop_map(move |text| Some((condition, Written::Duration(text?.0.to_owned()))))
}

type Conditions = Vec<(Condition, Written)>;

fn selector() -> impl Strategy<Value = Conditions> {
    const WRITTEN: &[&str] = &[
        "10.0.0.1",
        "10.0.0.1:40001",
        "10.0.0.12:40000",
        "10.0.0.0/24",
        "127.0.0.0/8",
        "[2001:db8::7]:40000",
        "[2001:db8:1::7]",
        "2001:db8::/32",
        "LOCALHOST",
        "app-7",
        "app-7:40001",
    ];
    const SOUGHT: &[&str] = &["^SELECT", "(?i)^select", "orders", "(?i)SELECT"];
    let who = (
        some_of(Condition::Users, USERS),
        some_of(Condition::ExcludeUsers, USERS),
        some_of(HOSTS, WRITTEN),
        some_of(EXCLUDE_HOSTS, WRITTEN),
        some_of(Condition::Applications, &["worker-?", "w*", "*-1", "*"]),
        some_of(Condition::Names, &["worker-?", "w*", "*-1", "web"]),
    );
    let what = (
        some_of(DATABASES, &["shop", "1"]),
        some_of(NUMBERS, &["0", "1", "2"]),
        some_of(
            Condition::Commands,
            &["query", "SLEEP", "client", "Client|List"],
        ),
        some_of(Condition::States, &["sending data", "MS", "XS"]),
        some_of(Condition::Flags, &["N", "b", "S", "M"]),
        some_of(Condition::StatementMatches, SOUGHT),
        some_of(Condition::ExcludeStatementMatches, SOUGHT),
    );
    let when = (
        least(Condition::MinIdle),
        least(Condition::MinBusy),
        least(Condition::MinAge),
        least(Condition::MinTransaction),
        option::weighted(0.17, prop::bool::ANY)
            .prop_map(|blocking| Some((Condition::Blocking, Written::Bool(blocking?)))),
    );
    (who, what, when).prop_map(|(who, what, when)| {
        let all = [
            who.0, who.1, who.2, who.3, who.4, who.5, what.0, what.1, what.2, what.3, what.4,
            what.5, what.6, when.0, when.1, when.2, when.3, when.4,
        ];
        valid(all.into_iter().flatten().collect())
    })
}

/// Without what contradicts itself, and with `all` where there is no condition.
fn valid(written: Conditions) -> Conditions {
    let given = |condition| written.iter().find(|(other, _)| *other == condition);
    let chosen = |condition| match given(condition) {
        Some((_, Written::Texts(values))) => values.clone(),
        _ => vec![],
    };
    let mut kept: Conditions = vec![];
    for (condition, value) in &written {
        let opposite = match condition {
            Condition::ExcludeUsers => chosen(Condition::Users),
            Condition::ExcludeAddresses { .. } => chosen(HOSTS),
            Condition::ExcludeStatementMatches => chosen(Condition::StatementMatches),
            Condition::MinBusy if given(Condition::MinIdle).is_some() => continue,
            _ => vec![],
        };
        let value = match value {
            Written::Texts(values) => {
                let left = values.iter().filter(|value| !opposite.contains(value));
                Written::Texts(left.cloned().collect())
            }
            value => value.clone(),
        };
        kept.push((*condition, value));
    }
    let chooses_nothing = |(condition, written): &(Condition, Written)| {
        condition.is_exclusion() || *written == Written::Bool(false)
    };
    if kept.iter().all(chooses_nothing) {
        kept.push((Condition::All, Written::Bool(true)));
    }
    kept
}

// The reference.

fn reference(written: &Conditions, session: &Session) -> Verdict {
    let meets = session.readable && written.iter().all(|one| meets(one, session));
    let given = |condition| written.iter().find(|(other, _)| *other == condition);
    let is_protected = match &session.protection {
        Protection::None => false,
        Protection::UnlessUserIsNamed => given(Condition::Users).is_none(),
        Protection::UnlessFlagsAreNamed(letters) => match given(Condition::Flags) {
            Some((_, Written::Texts(flags))) => {
                let named = |letter: char| flags.iter().any(|flag| *flag == letter.to_string());
                letters.is_empty() || !letters.chars().all(named)
            }
            _ => true,
        },
    };
    match (meets, is_protected, session.unnameable.is_none()) {
        (false, ..) => Verdict::Passed,
        (true, true, _) => Verdict::Protected,
        (true, false, false) => Verdict::Nameless,
        (true, false, true) => Verdict::Chosen,
    }
}

fn meets((condition, written): &(Condition, Written), session: &Session) -> bool {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let values = match written {
        Written::Texts(values) => values,
        Written::Bool(asked) => {
            let is_met = *condition != Condition::Blocking || session.blocks == Some(true);
            return !*asked || is_met;
        }
        Written::Duration(min) => {
            let time = match condition {
                Condition::MinIdle => session.idle,
                Condition::MinBusy => session.busy,
                Condition::MinAge => session.age,
                _ => session.transaction,
            };
            return time.is_some_and(|time| time.as_secs() >= seconds(min));
        }
    };
    let state = text(&session.state);
    match condition {
        Condition::Users => values.contains(&text(&session.user)),
        Condition::ExcludeUsers => {
            let user = text(&session.user);
            values.is_empty() || !user.is_empty() && !values.contains(&user)
        }
        Condition::Addresses { .. } => values.iter().any(|value| comes_from(value, session, false)),
        Condition::ExcludeAddresses { .. } => {
            let by = |address: &Option<String>| Session {
                origin: None,
                address: address.clone(),
                ..session.clone()
            };
            let told = |address: &&Option<String>| !text(address).is_empty();
            let shown = [&session.origin, &session.address].into_iter().filter(told);
            let mut shown: Vec<Session> = shown.map(by).collect();
            if shown.is_empty() {
                shown.push(by(&None));
            }
            let may_be = |value: &String| shown.iter().any(|one| comes_from(value, one, true));
            values.is_empty() || !session.hides_client && !values.iter().any(may_be)
        }
        Condition::Databases { .. } => values.contains(&text(&session.database)),
        Condition::Commands => {
            let command = text(&session.command).to_lowercase();
            values
                .iter()
                .map(|one| one.to_lowercase())
                .any(|one| command == one || command.starts_with(&format!("{one}|")))
        }
        Condition::States => values
            .iter()
            .any(|one| one.to_lowercase() == state.to_lowercase()),
        Condition::Flags => values.iter().any(|flag| state.contains(flag)),
        Condition::Applications | Condition::Names => {
            let name = text(&session.application);
            let found = |one: &String| glob(one.as_bytes(), name.as_bytes());
            !name.is_empty() && values.iter().any(found)
        }
        Condition::StatementMatches => values
            .iter()
            .any(|pattern| finds(pattern, &text(&session.statement))),
        Condition::ExcludeStatementMatches => {
            let statement = text(&session.statement) + &text(&session.last_statement);
            let is_hidden = statement.is_empty() && session.idle.is_none();
            values.is_empty() || !is_hidden && !values.iter().any(|one| finds(one, &statement))
        }
        _ => unreachable!("{condition:?} has no texts"),
    }
}

/// Whether a session comes from there; in doubt as said.
fn comes_from(written: &str, session: &Session, in_doubt: bool) -> bool {
    let known = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let listed = known(&session.origin).or(known(&session.address));
    let listed = listed.unwrap_or_default();
    if listed.is_empty() || listed == "connecting host" {
        return in_doubt;
    }
    let (_, address, port) = ORIGINS.iter().find(|(one, ..)| *one == listed).unwrap();
    let (_, network, wanted) = PLACES.iter().find(|(one, ..)| *one == written).unwrap();
    let is_port = match (wanted, port) {
        (None, _) => true,
        (Some(_), None) => in_doubt,
        (Some(wanted), Some(port)) => wanted == port,
    };
    let is_loopback = |network: &str| network.starts_with("127.");
    let is_place = match (network, address) {
        (Some(network), Some(address)) => in_network(network, address),
        (Some(network), None) => in_doubt && (listed != "localhost" || is_loopback(network)),
        (None, Some(address)) => in_doubt && (written != "LOCALHOST" || is_loopback(address)),
        (None, None) => {
            let name = |text: &str| text.split(':').next().unwrap().to_lowercase();
            name(written) == name(&listed)
        }
    };
    is_port && is_place
}

fn finds(pattern: &str, statement: &str) -> bool {
    let (_, word, at_start, any_case) = PATTERNS.iter().find(|(one, ..)| *one == pattern).unwrap();
    let statement = if *any_case {
        statement.to_lowercase()
    } else {
        statement.to_owned()
    };
    if *at_start {
        statement.starts_with(word)
    } else {
        statement.contains(word)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    /// Compares each verdict, and then the choice from the whole listing.
    #[test]
    fn selection_agrees_with_the_reference(
        written in selector(),
        sessions in vec(session(), 0..60),
        max in option::of(0..12_usize),
    ) {
        let selector = Selector::parse(&OFFERED, &written).unwrap();
        for session in &sessions {
            prop_assert_eq!(selector.verdict(session), reference(&written, session), "{:?}", session);
        }

        // The last of each id, in the order of the ids.
        let mut ids: Vec<SessionId> = sessions.iter().map(Listed::id).collect();
        ids.sort();
        ids.dedup();
        let last = |id: &SessionId| sessions.iter().rev().find(|session| session.id == *id).unwrap().clone();
        let judged = |wanted| {
            ids.iter()
                .map(last)
                .filter(|session| reference(&written, session) == wanted)
                .collect::<Vec<Session>>()
        };
        let chosen = judged(Verdict::Chosen);
        let matched = chosen.len();
        let expected = match max {
            Some(max) if matched > max => {
                let first = chosen.into_iter().take(FIRST_SHOWN).collect();
                Err(TooMany { matched, max, first })
            }
            _ => Ok(Choice {
                chosen,
                protected: judged(Verdict::Protected).len(),
                nameless: judged(Verdict::Nameless),
            }),
        };
        prop_assert_eq!(choose(&selector, sessions, max), expected);
    }
}
