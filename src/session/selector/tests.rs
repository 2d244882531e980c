#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::time::Duration;

use super::*;
use crate::session::SessionId;
use crate::session::condition::tests::EVERY;
use crate::session::duration::DurationError;

const HOSTS: Condition = Condition::Addresses { host_names: true };
const ADDRESSES: Condition = Condition::Addresses { host_names: false };
const EXCLUDE_HOSTS: Condition = Condition::ExcludeAddresses { host_names: true };
const EXCLUDE_ADDRESSES: Condition = Condition::ExcludeAddresses { host_names: false };
const NAMED: Condition = Condition::Databases { numbered: false };
const NUMBERED: Condition = Condition::Databases { numbered: true };

type Conditions = Vec<(Condition, Written)>;

fn texts(condition: Condition, values: &[&str]) -> (Condition, Written) {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    (condition, Written::Texts(values))
}

fn least(condition: Condition, text: &str) -> (Condition, Written) {
    (condition, Written::Duration(text.to_owned()))
}

fn all() -> (Condition, Written) {
    (Condition::All, Written::Bool(true))
}

fn parse(written: &[(Condition, Written)]) -> Result<Selector, Vec<SelectorError>> {
    Selector::parse(&EVERY, written)
}

fn verdict(written: &[(Condition, Written)], session: &Session) -> Verdict {
    parse(written).unwrap().verdict(session)
}

/// What is refused: the place, and the problem.
fn refused(written: &[(Condition, Written)]) -> Vec<(String, Problem)> {
    let errors = parse(written).unwrap_err();
    errors
        .into_iter()
        .map(|error| (error.place(), error.problem))
        .collect()
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn seconds(seconds: u64) -> Option<Duration> {
    Some(Duration::from_secs(seconds))
}

/// An ordinary session that tells everything.
fn session() -> Session {
    Session {
        user: text("app"),
        address: text("10.0.0.7:51234"),
        database: text("3"),
        command: text("client|list"),
        state: text("xN"),
        application: text("worker-1"),
        idle: seconds(300),
        age: seconds(7_200),
        transaction: seconds(60),
        statement: text("SELECT 1"),
        blocks: Some(true),
        ..Session::new(SessionId::number(7))
    }
}

#[test]
fn every_condition_must_hold_and_values_are_alternatives() {
    let spec = [
        texts(Condition::Users, &["report", "app"]),
        texts(HOSTS, &["192.0.2.1", "10.0.0.0/24", "app-7"]),
        texts(NUMBERED, &["0", "3"]),
        texts(Condition::Commands, &["get", "CLIENT"]),
        texts(Condition::States, &["b", "Xn"]),
        texts(Condition::Flags, &["b", "N"]),
        texts(Condition::Names, &["worker-*", "web"]),
        texts(Condition::StatementMatches, &["^UPDATE", "^SELECT"]),
        least(Condition::MinIdle, "5m"),
        least(Condition::MinAge, "2h"),
        least(Condition::MinTransaction, "1m"),
        (Condition::Blocking, Written::Bool(true)),
    ];
    assert_eq!(verdict(&spec, &session()), Verdict::Chosen);

    type Edit = fn(&mut Session);
    let others: [(&str, Edit); 25] = [
        ("user", |s| s.user = text("App")),
        ("part of a user", |s| s.user = text("webapp")),
        ("unknown user", |s| s.user = None),
        ("address", |s| s.address = text("10.0.1.7:51234")),
        ("unknown address", |s| s.address = None),
        ("database", |s| s.database = text("1")),
        ("unknown database", |s| s.database = None),
        ("command", |s| s.command = text("clients")),
        ("unknown command", |s| s.command = None),
        ("state", |s| s.state = text("xNb")),
        ("flag in another case", |s| s.state = text("Xn")),
        ("unknown state", |s| s.state = None),
        ("name", |s| s.application = text("Worker-1")),
        ("unknown name", |s| s.application = None),
        ("statement", |s| s.statement = text("DELETE FROM t")),
        ("unknown statement", |s| s.statement = None),
        ("idle time", |s| s.idle = seconds(299)),
        ("unknown idle time", |s| s.idle = None),
        ("busy instead of idle", |s| {
            s.busy = s.idle.take();
        }),
        ("age", |s| s.age = seconds(7_199)),
        ("unknown age", |s| s.age = None),
        ("transaction", |s| s.transaction = seconds(59)),
        ("unknown transaction", |s| s.transaction = None),
        ("blocks nobody", |s| s.blocks = Some(false)),
        ("unknown whether it blocks", |s| s.blocks = None),
    ];
    for (what, edit) in others {
        let mut other = session();
        edit(&mut other);
        assert_eq!(verdict(&spec, &other), Verdict::Passed, "another {what}");
    }
}

#[test]
fn times_count_from_the_minimum_on() {
    for condition in [
        Condition::MinIdle,
        Condition::MinBusy,
        Condition::MinAge,
        Condition::MinTransaction,
    ] {
        for (time, expected) in [
            (seconds(299), Verdict::Passed),
            (seconds(300), Verdict::Chosen),
            (None, Verdict::Passed),
        ] {
            // Every other time is long, and must not be looked at.
            let long = seconds(1_000_000);
            let mut session = Session {
                idle: long,
                busy: long,
                age: long,
                transaction: long,
                ..session()
            };
            match condition {
                Condition::MinIdle => session.idle = time,
                Condition::MinBusy => session.busy = time,
                Condition::MinAge => session.age = time,
                _ => session.transaction = time,
            }
            assert_eq!(
                verdict(&[least(condition, "5m")], &session),
                expected,
                "{condition:?} {time:?}"
            );
        }
    }
}

#[test]
fn a_session_that_cannot_be_read_meets_no_condition_and_neither_does_all_choose_it() {
    let unreadable = Session {
        readable: false,
        ..session()
    };
    for spec in [all(), texts(Condition::Users, &["app"])] {
        assert_eq!(verdict(&[spec], &unreadable), Verdict::Passed);
    }
    assert_eq!(
        verdict(&[all()], &Session::unreadable(SessionId::number(7))),
        Verdict::Passed
    );
}

#[test]
fn a_session_that_no_kill_can_name_is_told_apart() {
    let nameless = Session {
        unnameable: Some("nobody knows its name"),
        ..session()
    };
    let protected = Session {
        protection: Protection::UnlessUserIsNamed,
        ..nameless.clone()
    };
    assert_eq!(verdict(&[all()], &nameless), Verdict::Nameless);
    assert_eq!(verdict(&[all()], &protected), Verdict::Protected);
    assert_eq!(
        verdict(&[texts(Condition::Users, &["web"])], &nameless),
        Verdict::Passed
    );
}

#[test]
fn globs_are_for_whole_names() {
    for condition in [Condition::Applications, Condition::Names] {
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
            let session = Session {
                application: text(name),
                ..session()
            };
            assert_eq!(
                verdict(&[texts(condition, &[glob])], &session) == Verdict::Chosen,
                expected,
                "{glob} for {name:?}"
            );
        }
    }
}

#[test]
fn a_subcommand_is_found_by_its_command_and_not_the_other_way_round() {
    for (condition, command, expected) in [
        ("client", "client|list", true),
        ("CLIENT", "client|list", true),
        ("client|list", "client|list", true),
        ("client|kill", "client|list", false),
        ("client|list", "client", false),
        ("list", "client|list", false),
    ] {
        let session = Session {
            command: text(command),
            ..session()
        };
        assert_eq!(
            verdict(&[texts(Condition::Commands, &[condition])], &session) == Verdict::Chosen,
            expected,
            "{condition} for {command}"
        );
    }
}

#[test]
fn a_condition_on_addresses_looks_at_the_origin_where_there_is_one() {
    let at = |origin: Option<&str>, address: Option<&str>| Session {
        origin: origin.map(str::to_owned),
        address: address.map(str::to_owned),
        ..session()
    };
    let wanted = "10.0.0.7:51234";
    for (origin, address, chosen, excluded) in [
        (None, Some(wanted), true, true),
        (Some(""), Some(wanted), true, true),
        (Some(wanted), Some("10.0.0.8:1"), true, true),
        (Some(wanted), None, true, true),
        // An exclusion looks at both: a kill would name the address.
        (Some("10.0.0.8:1"), Some(wanted), false, true),
        (Some("10.0.0.8:1"), Some("10.0.0.9:1"), false, false),
        (Some("/run/redis.sock:0"), Some(wanted), false, true),
        (None, Some(""), false, true),
        (None, None, false, true),
    ] {
        let session = at(origin, address);
        let by_address = [texts(ADDRESSES, &[wanted])];
        let but_address = [texts(EXCLUDE_ADDRESSES, &[wanted]), all()];
        assert_eq!(
            verdict(&by_address, &session) == Verdict::Chosen,
            chosen,
            "{origin:?} {address:?}"
        );
        assert_eq!(
            verdict(&but_address, &session) == Verdict::Passed,
            excluded,
            "{origin:?} {address:?}"
        );
    }
}

#[test]
fn whose_address_hides_the_client_may_be_at_an_excluded_one() {
    let session = Session {
        address: Some("198.19.3.4:5000".to_owned()),
        hides_client: true,
        ..session()
    };
    let but_address = [texts(EXCLUDE_ADDRESSES, &["10.0.0.7"]), all()];
    assert_eq!(verdict(&but_address, &session), Verdict::Passed);
    assert_eq!(verdict(&[all()], &session), Verdict::Chosen);
}

#[test]
fn who_may_come_from_an_excluded_address_is_left_alone() {
    for (excluded, listed, expected) in [
        ("10.0.0.0/24", "10.0.0.7:51234", Verdict::Passed),
        ("10.0.0.0/24", "10.0.1.7:51234", Verdict::Chosen),
        ("10.0.0.7:51234", "10.0.0.7:51235", Verdict::Chosen),
        ("10.0.0.7:51234", "10.0.0.7", Verdict::Passed),
        // The name of a host may stand for any address.
        ("10.0.0.0/24", "app-7:51234", Verdict::Passed),
        ("app-7", "10.0.1.7:51234", Verdict::Passed),
        ("app-7", "APP-7:51234", Verdict::Passed),
        ("app-7", "app-8:51234", Verdict::Chosen),
        // But localhost is this host and no other.
        ("10.0.0.0/24", "localhost", Verdict::Chosen),
        ("127.0.0.0/8", "localhost", Verdict::Passed),
        ("::1", "localhost", Verdict::Passed),
        ("localhost", "10.0.1.7:51234", Verdict::Chosen),
        ("localhost", "127.0.0.1:51234", Verdict::Passed),
        ("localhost", "localhost", Verdict::Passed),
        // What cannot be read may be anything.
        ("10.0.0.0/24", "connecting host", Verdict::Passed),
        ("app-7", "connecting host", Verdict::Passed),
        ("10.0.0.0/24", "/run/redis.sock:0", Verdict::Passed),
        ("10.0.0.0/24", "", Verdict::Passed),
    ] {
        let session = Session {
            address: text(listed),
            ..session()
        };
        let spec = [texts(EXCLUDE_HOSTS, &[excluded]), all()];
        assert_eq!(
            verdict(&spec, &session),
            expected,
            "{listed} but {excluded}"
        );
    }
}

#[test]
fn protected_sessions_are_left_alone_unless_their_user_is_named() {
    let protected = Session {
        protection: Protection::UnlessUserIsNamed,
        ..session()
    };
    let users = texts(Condition::Users, &["root", "app"]);
    let commands = texts(Condition::Commands, &["client"]);
    for (spec, expected) in [
        (vec![all()], Verdict::Protected),
        (vec![commands.clone()], Verdict::Protected),
        (vec![texts(Condition::Flags, &["N"])], Verdict::Protected),
        (vec![users.clone()], Verdict::Chosen),
        (vec![users, commands], Verdict::Chosen),
        (vec![texts(Condition::Users, &["root"])], Verdict::Passed),
    ] {
        assert_eq!(verdict(&spec, &protected), expected, "{spec:?}");
    }
    let nobody = Session {
        user: None,
        ..protected
    };
    assert_eq!(verdict(&[all()], &nobody), Verdict::Protected);
}

#[test]
fn protected_sessions_are_left_alone_unless_their_flags_are_named() {
    let with = |state: &str, letters: &str| Session {
        state: text(state),
        protection: Protection::UnlessFlagsAreNamed(letters.to_owned()),
        ..session()
    };
    let flags = |letters: &[&str]| texts(Condition::Flags, letters);
    let by_address = texts(ADDRESSES, &["10.0.0.7"]);
    for (spec, state, letters, expected) in [
        (all(), "M", "M", Verdict::Protected),
        (by_address.clone(), "M", "M", Verdict::Protected),
        (by_address, "xS", "S", Verdict::Protected),
        (
            texts(Condition::Users, &["app"]),
            "xS",
            "S",
            Verdict::Protected,
        ),
        (flags(&["x"]), "xS", "S", Verdict::Protected),
        (flags(&["S"]), "xS", "S", Verdict::Chosen),
        (flags(&["S"]), "M", "M", Verdict::Passed),
        (flags(&["M"]), "M", "M", Verdict::Chosen),
        (flags(&["S"]), "MS", "MS", Verdict::Protected),
        (flags(&["M", "S"]), "MS", "MS", Verdict::Chosen),
        (flags(&["N"]), "N", "", Verdict::Protected),
        (flags(&["M", "S"]), "MS", "", Verdict::Protected),
    ] {
        assert_eq!(
            verdict(std::slice::from_ref(&spec), &with(state, letters)),
            expected,
            "{letters} of {state} by {spec:?}"
        );
    }
}

#[test]
fn excluded_users_are_left_alone_by_all_and_by_conditions() {
    let excluded = texts(Condition::ExcludeUsers, &["admin"]);
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
        for others in [all(), texts(Condition::Commands, &["client"])] {
            let spec = [excluded.clone(), others];
            assert_eq!(verdict(&spec, &session), expected, "{user:?}");
        }
    }
    let nobody = Session {
        user: None,
        ..session()
    };
    assert_eq!(verdict(&[all()], &nobody), Verdict::Chosen);
}

#[test]
fn statements_are_searched_and_sessions_without_one_are_passed_over() {
    let busy = Session {
        statement: text("DELETE FROM orders\nWHERE id > 7"),
        ..session()
    };
    for (pattern, found) in [
        ("orders", true),
        ("^DELETE", true),
        ("^delete", false),
        ("(?i)^delete", true),
        ("orders.WHERE", false),
        ("(?s)orders.WHERE", true),
        ("^WHERE", false),
        (".*", true),
    ] {
        let matching = [texts(Condition::StatementMatches, &[pattern])];
        let but_matching = [texts(Condition::ExcludeStatementMatches, &[pattern]), all()];
        assert_eq!(
            verdict(&matching, &busy) == Verdict::Chosen,
            found,
            "{pattern}"
        );
        assert_eq!(
            verdict(&but_matching, &busy) == Verdict::Passed,
            found,
            "{pattern}"
        );
    }
    let without = Session {
        statement: None,
        last_statement: text("DELETE FROM orders"),
        ..session()
    };
    let matching = [texts(Condition::StatementMatches, &[".*"])];
    assert_eq!(verdict(&matching, &without), Verdict::Passed);
}

#[test]
fn an_idle_session_has_no_statement_that_could_be_excluded_and_a_busy_one_may() {
    let spec = [
        texts(Condition::ExcludeStatementMatches, &["^ALTER"]),
        all(),
    ];
    for (statement, idle, busy, expected) in [
        (None, seconds(9), None, Verdict::Chosen),
        (Some(""), seconds(9), None, Verdict::Chosen),
        (None, None, None, Verdict::Passed),
        (None, None, seconds(9), Verdict::Passed),
        (Some(""), None, seconds(9), Verdict::Passed),
        (Some("SELECT 1"), None, seconds(9), Verdict::Chosen),
        (Some("ALTER TABLE t"), None, seconds(9), Verdict::Passed),
        (Some("ALTER TABLE t"), seconds(9), None, Verdict::Passed),
    ] {
        let session = Session {
            statement: statement.map(str::to_owned),
            idle,
            busy,
            ..session()
        };
        // A statement that may have ended is looked at as well.
        let ended = Session {
            last_statement: session.statement.clone(),
            statement: None,
            ..session.clone()
        };
        for session in [session, ended] {
            assert_eq!(
                verdict(&spec, &session),
                expected,
                "{session:?} {statement:?}"
            );
        }
    }
}

#[test]
fn a_selector_tells_what_it_looks_at() {
    let looks = |written: &[(Condition, Written)]| {
        let selector = parse(written).unwrap();
        (
            selector.reads_statements(),
            selector.chooses_addresses() || selector.excludes_addresses(),
        )
    };
    assert_eq!(looks(&[all()]), (false, false));
    assert_eq!(looks(&[texts(Condition::Users, &["app"])]), (false, false));
    assert_eq!(
        looks(&[texts(Condition::StatementMatches, &["x"])]),
        (true, false)
    );
    assert_eq!(
        looks(&[texts(Condition::ExcludeStatementMatches, &["x"]), all()]),
        (true, false)
    );
    assert_eq!(looks(&[texts(HOSTS, &["app-7"])]), (false, true));
    assert_eq!(
        looks(&[texts(EXCLUDE_ADDRESSES, &["10.0.0.7"]), all()]),
        (false, true)
    );
    assert_eq!(
        looks(&[
            texts(EXCLUDE_ADDRESSES, &[]),
            texts(Condition::ExcludeStatementMatches, &[]),
            all()
        ]),
        (false, false)
    );
}

#[test]
fn nothing_is_not_everything() {
    let nothing = ("all".to_owned(), Problem::NothingSelected);
    let only_exclusions = ("all".to_owned(), Problem::OnlyExclusions);
    let not_all = (Condition::All, Written::Bool(false));
    assert_eq!(refused(&[]), std::slice::from_ref(&nothing));
    assert_eq!(
        refused(std::slice::from_ref(&not_all)),
        std::slice::from_ref(&nothing)
    );

    for condition in EVERY.into_iter().filter(|one| one.shape() == Shape::Texts) {
        let empty = texts(condition, &[]);
        let some = texts(condition, &["1"]);
        if !condition.is_exclusion() {
            let problem = (condition.name().to_owned(), Problem::EmptyList);
            assert_eq!(refused(&[empty]), [problem]);
            continue;
        }
        assert_eq!(
            refused(std::slice::from_ref(&empty)),
            std::slice::from_ref(&nothing)
        );
        assert!(parse(&[empty, all()]).is_ok());
        if condition == Condition::ExcludeUsers {
            assert_eq!(
                refused(&[some, not_all.clone()]),
                std::slice::from_ref(&only_exclusions)
            );
        }
    }
}

#[test]
fn all_contradicts_every_condition() {
    for condition in EVERY {
        let written = match condition.shape() {
            Shape::Texts if condition == Condition::Flags => texts(condition, &["N"]),
            Shape::Texts if condition.name().ends_with("addresses") => {
                texts(condition, &["10.0.0.7"])
            }
            Shape::Texts => texts(condition, &["1"]),
            Shape::Duration => least(condition, "1h"),
            Shape::Bool => continue,
        };
        let spec = [written, all()];
        if condition.is_exclusion() {
            assert!(parse(&spec).is_ok(), "{condition:?}");
        } else {
            let conditions = vec![condition.name()];
            assert_eq!(
                refused(&spec),
                [("all".to_owned(), Problem::AllWithConditions { conditions })]
            );
        }
    }
}

#[test]
fn everything_that_is_wrong_is_reported_at_its_place_in_the_order_of_the_table() {
    let value = |text: &str| text.to_owned();
    let space = |text: &str| Problem::SurroundingSpace { value: value(text) };
    let flag = |text: &str| Problem::NotAFlag { value: value(text) };
    let mut written: Conditions = vec![
        texts(Condition::Users, &["app", "", " report"]),
        texts(Condition::ExcludeUsers, &["root", "app", ""]),
        texts(ADDRESSES, &["10.0.0.7:0", "localhost", "10.0.0.7"]),
        texts(HOSTS, &["10.0.0.1", "app-7", "10.0.0.0/33"]),
        texts(EXCLUDE_ADDRESSES, &["10.0.0.7/32", "app-7", "10.0.0.0/24"]),
        texts(NAMED, &[]),
        texts(NUMBERED, &["0", "-1", "2147483648", "01", "+1", "x", " 1"]),
        texts(Condition::Commands, &["get ", "Sleep\n"]),
        texts(Condition::States, &[""]),
        texts(Condition::Flags, &["N", "Nb", "", "1", "é"]),
        texts(Condition::Names, &["worker-*", "[", "", "w "]),
        texts(Condition::StatementMatches, &["^SELECT", "(", ""]),
        texts(Condition::ExcludeStatementMatches, &["^SELECT", "(", ""]),
        least(Condition::MinIdle, "300"),
        least(Condition::MinBusy, "0s"),
        least(Condition::MinAge, "1 day"),
        least(Condition::MinTransaction, ""),
        all(),
    ];
    // The order in which they are written does not matter.
    written.reverse();

    let refused = refused(&written);

    let expected: Vec<(&str, Option<Problem>)> = vec![
        ("users[1]", Some(Problem::EmptyValue)),
        ("users[2]", Some(space(" report"))),
        (
            "exclude_users[1]",
            Some(Problem::ChosenAndExcluded {
                value: value("app"),
                chosen: "users",
            }),
        ),
        ("exclude_users[2]", Some(Problem::EmptyValue)),
        (
            "addresses[0]",
            Some(Problem::NotAPort {
                value: value("10.0.0.7:0"),
                port: value("0"),
            }),
        ),
        (
            "addresses[1]",
            Some(Problem::NotAnAddress {
                value: value("localhost"),
                names: false,
            }),
        ),
        (
            "addresses[2]",
            Some(Problem::NotANetwork {
                value: value("10.0.0.0/33"),
            }),
        ),
        (
            "exclude_addresses[0]",
            Some(Problem::ChosenAndExcluded {
                value: value("10.0.0.7/32"),
                chosen: "addresses",
            }),
        ),
        (
            "exclude_addresses[1]",
            Some(Problem::NotAnAddress {
                value: value("app-7"),
                names: false,
            }),
        ),
        ("databases", Some(Problem::EmptyList)),
        (
            "databases[1]",
            Some(Problem::NotADatabase { value: value("-1") }),
        ),
        (
            "databases[2]",
            Some(Problem::NotADatabase {
                value: value("2147483648"),
            }),
        ),
        (
            "databases[3]",
            Some(Problem::NotADatabase { value: value("01") }),
        ),
        (
            "databases[4]",
            Some(Problem::NotADatabase { value: value("+1") }),
        ),
        (
            "databases[5]",
            Some(Problem::NotADatabase { value: value("x") }),
        ),
        ("databases[6]", Some(space(" 1"))),
        ("commands[0]", Some(space("get "))),
        ("commands[1]", Some(space("Sleep\n"))),
        ("states[0]", Some(Problem::EmptyValue)),
        ("flags[1]", Some(flag("Nb"))),
        ("flags[2]", Some(Problem::EmptyValue)),
        ("flags[3]", Some(flag("1"))),
        ("flags[4]", Some(flag("é"))),
        ("names[1]", None),
        ("names[2]", Some(Problem::EmptyValue)),
        ("names[3]", Some(space("w "))),
        ("statement_matches[1]", None),
        ("statement_matches[2]", Some(Problem::EmptyValue)),
        (
            "exclude_statement_matches[0]",
            Some(Problem::ChosenAndExcluded {
                value: value("^SELECT"),
                chosen: "statement_matches",
            }),
        ),
        ("exclude_statement_matches[1]", None),
        ("exclude_statement_matches[2]", Some(Problem::EmptyValue)),
        (
            "min_idle",
            Some(Problem::Duration(DurationError::NoUnit {
                value: value("300"),
            })),
        ),
        (
            "min_busy",
            Some(Problem::ZeroMinimum { value: value("0s") }),
        ),
        (
            "min_age",
            Some(Problem::Duration(DurationError::Malformed {
                value: value("1 day"),
            })),
        ),
        (
            "min_transaction",
            Some(Problem::Duration(DurationError::Empty)),
        ),
        ("min_busy", Some(Problem::IdleAndBusy)),
        (
            "all",
            Some(Problem::AllWithConditions {
                conditions: vec![
                    "users",
                    "addresses",
                    "addresses",
                    "databases",
                    "databases",
                    "commands",
                    "states",
                    "flags",
                    "names",
                    "statement_matches",
                    "min_idle",
                    "min_busy",
                    "min_age",
                    "min_transaction",
                ],
            }),
        ),
    ];
    let places: Vec<&str> = refused.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(
        places,
        expected.iter().map(|(place, _)| *place).collect::<Vec<_>>()
    );
    for ((_, problem), (place, expected)) in refused.iter().zip(&expected) {
        match (expected, problem) {
            (Some(expected), problem) => assert_eq!(problem, expected, "{place}"),
            (None, Problem::NotARegex { value, .. }) if value == "(" => {}
            (None, Problem::NotAGlob { value, .. }) if value == "[" => {}
            (None, problem) => panic!("{place}: {problem}"),
        }
    }
}

#[test]
fn what_is_chosen_and_excluded_is_compared_by_its_meaning() {
    let addresses = [
        texts(HOSTS, &["10.0.0.0/24", "App-7", "::ffff:192.0.2.1"]),
        texts(
            EXCLUDE_HOSTS,
            &[
                "10.0.0.7",
                "app-7",
                "192.0.2.1/32",
                "app-7:1",
                "10.0.0.0/25",
            ],
        ),
    ];
    let both = |index: usize, value: &str| {
        let value = value.to_owned();
        let chosen = "addresses";
        (
            format!("exclude_addresses[{index}]"),
            Problem::ChosenAndExcluded { value, chosen },
        )
    };
    assert_eq!(
        refused(&addresses),
        [both(1, "app-7"), both(2, "192.0.2.1/32")]
    );

    let users = [
        texts(Condition::Users, &["app"]),
        texts(Condition::ExcludeUsers, &["App"]),
    ];
    assert!(parse(&users).is_ok());
}

#[test]
fn nobody_is_idle_and_busy_at_once() {
    let times = [
        least(Condition::MinBusy, "5m"),
        least(Condition::MinIdle, "1h"),
    ];
    assert_eq!(
        refused(&times),
        [("min_busy".to_owned(), Problem::IdleAndBusy)]
    );
    for condition in [Condition::MinIdle, Condition::MinBusy] {
        let times = [least(condition, "5m"), least(Condition::MinAge, "1h")];
        assert!(parse(&times).is_ok());
    }
}

#[test]
fn a_condition_that_is_not_offered_is_refused_and_never_left_out() {
    let offered = [Condition::Users, ADDRESSES, Condition::All];
    for written in [
        least(Condition::MinIdle, "5m"),
        texts(Condition::ExcludeUsers, &["root"]),
        texts(HOSTS, &["10.0.0.7"]),
    ] {
        let name = written.0.name();
        for beside in [all(), texts(Condition::Users, &["app"])] {
            let errors = Selector::parse(&offered, &[beside, written.clone()]).unwrap_err();
            let problems: Vec<_> = errors
                .iter()
                .map(|error| (error.attribute, &error.problem))
                .collect();
            assert_eq!(problems, [(name, &Problem::NotOffered)]);
        }
    }
}

#[test]
fn what_is_written_in_another_shape_is_refused_and_never_left_out() {
    let shapes = [
        Written::Texts(vec!["5m".to_owned()]),
        Written::Duration("5m".to_owned()),
        Written::Bool(true),
    ];
    for condition in EVERY {
        let shape = condition.shape();
        let own = match shape {
            Shape::Texts => 0,
            Shape::Duration => 1,
            Shape::Bool => 2,
        };
        for (index, written) in shapes.iter().enumerate() {
            if index != own {
                let problems = refused(&[(condition, written.clone())]);
                assert_eq!(
                    problems.first(),
                    Some(&(condition.name().to_owned(), Problem::AnotherShape { shape })),
                );
            }
        }
    }
}

#[test]
fn a_condition_that_is_written_twice_must_hold_twice() {
    let twice = [
        texts(Condition::Commands, &["client", "get"]),
        texts(Condition::Commands, &["get"]),
    ];
    let getting = Session {
        command: text("get"),
        ..session()
    };
    assert_eq!(verdict(&twice, &session()), Verdict::Passed);
    assert_eq!(verdict(&twice, &getting), Verdict::Chosen);
}

#[test]
fn errors_read_as_sentences_with_their_place() {
    let spec = [
        texts(Condition::Users, &["app"]),
        texts(Condition::ExcludeUsers, &["app"]),
        texts(HOSTS, &["10.0.0.7/24", "10.0.%"]),
        texts(NUMBERED, &["-1"]),
        (Condition::Commands, Written::Bool(true)),
        least(Condition::MinIdle, "5m"),
        least(Condition::MinBusy, "5m"),
        all(),
    ];
    let sentences: Vec<String> = parse(&spec)
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        sentences,
        [
            "exclude_users[0]: \"app\" is also in users; a value is either chosen or excluded",
            "addresses[0]: \"10.0.0.7/24\" is not the beginning of its network; write \"10.0.0.0/24\" for the whole network or \"10.0.0.7\" for the one address",
            "addresses[1]: \"10.0.%\" is not an address; write one like \"10.0.0.7\", \"10.0.0.0/24\" or \"2001:db8::7\", or a host name",
            "databases[0]: \"-1\" is not a database; databases are numbered from 0 to 2147483647",
            "commands: this condition takes a list of strings",
            "min_busy: no session is idle and busy at once; leave out either min_idle or min_busy",
            "all: all = true conflicts with users, addresses, databases, min_idle, min_busy",
        ]
    );
}

#[test]
fn a_selector_can_be_used_by_several_tasks() {
    fn shared<T: Send + Sync + Clone + std::fmt::Debug>() {}
    shared::<Selector>();
}

#[test]
fn blocking_false_is_the_same_as_nothing() {
    let not_blocking = (Condition::Blocking, Written::Bool(false));
    let nothing = [("all".to_owned(), Problem::NothingSelected)];
    assert_eq!(refused(std::slice::from_ref(&not_blocking)), nothing);

    let free = Session {
        blocks: None,
        ..session()
    };
    let spec = [texts(Condition::Users, &["app"]), not_blocking];
    assert_eq!(verdict(&spec, &free), Verdict::Chosen);
}

#[test]
fn the_shortest_questions_that_find_everybody_are_asked() {
    let questions = |written: &[(Condition, Written)]| parse(written).unwrap().questions();
    let users = texts(Condition::Users, &["b", "a"]);
    let user = |name: &str| Question {
        user: Some(name.to_owned()),
        ..Question::default()
    };
    assert_eq!(
        questions(std::slice::from_ref(&users)),
        [user("a"), user("b")]
    );

    let address = texts(HOSTS, &["10.0.0.7:51234"]);
    let there = Question {
        address: Some("10.0.0.7".parse().unwrap()),
        ..Question::default()
    };
    assert_eq!(questions(&[users.clone(), address]), [there]);

    // A network, or a host name, is no question that a service could answer.
    let network = texts(HOSTS, &["10.0.0.7", "10.0.0.0/24"]);
    assert_eq!(questions(&[users, network.clone()]), [user("a"), user("b")]);
    assert_eq!(questions(&[network]), []);
    assert_eq!(
        questions(&[texts(Condition::ExcludeUsers, &["a"]), all()]),
        []
    );
}
