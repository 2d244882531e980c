#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::session::{Condition, Selector, Selects, Session, Verdict, Written};

fn verdict(condition: Condition, written: Written, session: &Session) -> Verdict {
    Selector::parse(&[condition], &[(condition, written)])
        .unwrap()
        .verdict(session)
}

fn all(session: &Session) -> Verdict {
    verdict(Condition::All, Written::Bool(true), session)
}

fn by(condition: Condition, values: &[&str], session: &Session) -> Verdict {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    verdict(condition, Written::Texts(values), session)
}

#[test]
fn thread_ids_are_positive_and_exact() {
    for number in [1, 9_007_199_254_740_993, i64::MAX] {
        let id = thread_id(number).unwrap();
        assert_eq!(
            (id.as_number(), id.to_string()),
            (Some(number), number.to_string())
        );
    }
    for number in [0, -1, i64::MIN] {
        let value = number.to_string();
        assert_eq!(thread_id(number), Err(NotAThreadId { value }));
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
        assert_eq!(listed_time(seconds), time, "{seconds}");
    }
}

fn thread(user: Option<&str>, command: &str) -> Session {
    Session {
        user: user.map(str::to_owned),
        command: Some(command.to_owned()),
        protection: taurusdb_protection(user, command),
        ..Session::new(SessionId::number(7))
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
        let session = thread(Some(user), command);
        let by_command = by(Condition::Commands, &[command], &session);
        let by_user = by(Condition::Users, &[user], &session);
        assert_eq!(all(&session), Verdict::Protected, "{user} {command}");
        assert_eq!(by_command, Verdict::Protected, "{user} {command}");
        assert_eq!(by_user, Verdict::Chosen, "{user} {command}");
    }
    for (user, command) in [
        ("app", "Query"),
        ("ards", "Sleep"),
        ("r", ""),
        ("ördsé", "Kill"),
        ("root", "Sleep"),
    ] {
        let session = thread(Some(user), command);
        assert_eq!(all(&session), Verdict::Chosen, "{user} {command}");
    }
}

#[test]
fn a_thread_whose_user_is_not_told_is_left_alone() {
    for user in [None, Some("")] {
        let session = thread(user, "Query");
        assert_eq!(all(&session), Verdict::Protected, "{user:?}");
        let by_users = by(Condition::Users, &["app"], &session);
        assert_eq!(by_users, Verdict::Passed, "{user:?}");
    }
}

fn client(flags: &str, command: &str) -> Session {
    Session {
        state: Some(flags.to_owned()),
        command: Some(command.to_owned()),
        address: Some("10.0.0.7:51234".to_owned()),
        protection: dcs_protection(flags, Some(command)),
        ..Session::new(SessionId::new(Some("node-1".into()), "7"))
    }
}

#[test]
fn masters_and_replicas_are_left_alone_unless_their_flag_is_named() {
    let addresses = Condition::Addresses { host_names: false };
    for (letters, expected) in [
        ("N", Verdict::Chosen),
        ("O", Verdict::Chosen),
        ("", Verdict::Chosen),
        ("M", Verdict::Protected),
        ("S", Verdict::Protected),
        ("xS", Verdict::Protected),
    ] {
        let session = client(letters, "get");
        assert_eq!(all(&session), expected, "{letters}");
        assert_eq!(
            by(addresses, &["10.0.0.7"], &session),
            expected,
            "{letters}"
        );
    }
    for (flags, letters, expected) in [
        (&["x"][..], "xS", Verdict::Protected),
        (&["S"], "xS", Verdict::Chosen),
        (&["S"], "M", Verdict::Passed),
        (&["M"], "M", Verdict::Chosen),
        (&["S"], "MS", Verdict::Protected),
        (&["M", "S"], "MS", Verdict::Chosen),
    ] {
        let verdict = by(Condition::Flags, flags, &client(letters, "get"));
        assert_eq!(verdict, expected, "{letters} by {flags:?}");
    }
}

#[test]
fn a_replica_is_known_by_its_command_where_flags_are_not_listed() {
    for command in ["REPLCONF", "psync", "sync"] {
        assert_eq!(all(&client("", command)), Verdict::Protected, "{command}");
        // Nothing that flags could name shows that it is one.
        let by_flag = by(Condition::Flags, &["N"], &client("N", command));
        assert_eq!(by_flag, Verdict::Protected, "{command}");
    }
    assert_eq!(dcs_protection("", None), Protection::None);
}

#[test]
fn an_address_of_the_inner_network_is_known() {
    for (origin, expected) in [
        (Some("198.19.3.7:51234"), true),
        (Some("198.190.3.7:51234"), false),
        (Some("10.0.0.7:51234"), false),
        (Some(""), false),
        (None, false),
    ] {
        assert_eq!(has_inner_address(origin), expected, "{origin:?}");
    }
}
