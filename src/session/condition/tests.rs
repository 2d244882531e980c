#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::HashSet;

use super::*;

/// Every condition, with host names and without.
pub(in crate::session) const EVERY: [Condition; 21] = [
    Condition::Users,
    Condition::ExcludeUsers,
    Condition::Addresses { host_names: false },
    Condition::Addresses { host_names: true },
    Condition::ExcludeAddresses { host_names: false },
    Condition::ExcludeAddresses { host_names: true },
    Condition::Databases { numbered: false },
    Condition::Databases { numbered: true },
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

#[test]
fn an_exclusion_is_named_for_what_it_excludes() {
    for condition in EVERY {
        let name = condition.name();
        assert_eq!(
            condition.is_exclusion(),
            name.starts_with("exclude_"),
            "{name}"
        );
        assert_eq!(
            condition.shape() == Shape::Duration,
            name.starts_with("min_"),
            "{name}"
        );
        if let Some(opposite) = condition.opposite() {
            assert_eq!(name, format!("exclude_{}", opposite.name()));
            assert_eq!(condition.shape(), opposite.shape());
        }
    }
    let names: HashSet<_> = EVERY.iter().map(|condition| condition.name()).collect();
    assert_eq!(names.len(), 18, "{names:?}");
}

#[test]
fn values_that_describe_the_same_sessions_mean_the_same() {
    let hosts = Condition::Addresses { host_names: true };
    let addresses = Condition::ExcludeAddresses { host_names: false };
    for (condition, one, other) in [
        (Condition::Commands, "Sleep", "SLEEP"),
        (Condition::States, "Sending data", "sending DATA"),
        (hosts, "10.0.0.7", "10.0.0.7/32"),
        (hosts, "App-7.example.com", "app-7.EXAMPLE.com"),
        (hosts, "2001:DB8::7", "[2001:db8:0::7]"),
        (addresses, "::ffff:10.0.0.7", "10.0.0.7"),
        (addresses, "::ffff:10.0.0.0/120", "10.0.0.0/24"),
        (Condition::MinIdle, "120s", "2m"),
        (Condition::MinBusy, "24h", "1d"),
        (Condition::MinAge, "1h30m", "90m"),
        (Condition::MinTransaction, "060s", "1m"),
    ] {
        assert_eq!(
            condition.meaning(one),
            condition.meaning(other),
            "{condition:?}: {one}, {other}"
        );
    }
}

#[test]
fn values_that_describe_other_sessions_differ_in_meaning() {
    let hosts = Condition::Addresses { host_names: true };
    for (condition, one, other) in [
        (Condition::Users, "app", "App"),
        (Condition::ExcludeUsers, "app", "App"),
        (Condition::Databases { numbered: false }, "shop", "Shop"),
        (Condition::Databases { numbered: true }, "1", "01"),
        (Condition::Flags, "u", "U"),
        (Condition::Applications, "worker-*", "Worker-*"),
        (Condition::Names, "worker-*", "worker-?"),
        (Condition::StatementMatches, "select", "SELECT"),
        (Condition::Commands, "client", "client|list"),
        (hosts, "10.0.0.7", "10.0.0.7:80"),
        (hosts, "10.0.0.0/24", "10.0.0.0/25"),
        (hosts, "localhost", "127.0.0.1"),
        (Condition::MinIdle, "2m", "2h"),
    ] {
        assert_ne!(
            condition.meaning(one),
            condition.meaning(other),
            "{condition:?}: {one}, {other}"
        );
    }
}

#[test]
fn a_text_that_cannot_be_read_stands_for_itself() {
    for (condition, text) in [
        (Condition::Addresses { host_names: false }, "Localhost"),
        (
            Condition::ExcludeAddresses { host_names: true },
            "10.0.0.7/24",
        ),
        (Condition::MinIdle, "2 Minutes"),
        (Condition::MinAge, ""),
    ] {
        assert_eq!(
            condition.meaning(text),
            Meaning::Text(text.to_owned()),
            "{condition:?}"
        );
    }
}
