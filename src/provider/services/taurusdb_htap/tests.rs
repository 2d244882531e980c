#![allow(clippy::unwrap_used)]

use std::time::Duration;

use super::*;
use crate::provider::service::Column;
use crate::session::{Protection, SessionId};

fn listed(rows_of_page: &str) -> Page<Session> {
    let page = format!(r#"{{"process_list": [{rows_of_page}]}}"#);
    rows(serde_json::from_str(&page).unwrap(), true)
}

#[test]
fn a_row_becomes_a_session_whose_time_keeps_its_fraction() {
    let page = listed(
        r#"{"id": "0", "user": "app", "host": "10.0.0.7:51234", "database": "shop", "command": "Query", "state": "OK",
            "sql_statement": "SELECT 1", "duration": 59.75},
           {"id": "9", "user": "app", "command": "Sleep", "duration": 2.5}, {"id": "10", "user": "app", "duration": -1}"#,
    );
    let expected = Session {
        user: Some("app".to_owned()),
        address: Some("10.0.0.7:51234".to_owned()),
        database: Some("shop".to_owned()),
        command: Some("Query".to_owned()),
        state: Some("OK".to_owned()),
        busy: Some(Duration::from_millis(59_750)),
        statement: Some("SELECT 1".to_owned()),
        ..Session::new(SessionId::number(0))
    };
    assert_eq!(page.sessions[0], expected);
    assert_eq!(page.sessions[1].idle, Some(Duration::from_millis(2_500)));
    assert_eq!(page.sessions[2].busy, None);
    assert_eq!(page.total, None);
}

#[test]
fn a_fraction_counts_in_a_condition_and_is_left_out_of_state() {
    let session = &listed(r#"{"id": "1", "user": "app", "command": "Query", "duration": 59.99}"#);
    let [session] = session.sessions.as_slice() else {
        panic!("{session:?}");
    };
    assert!(session.busy < Some(Duration::from_secs(60)));
    let shown = serde_json::to_value(Column::BusySeconds.of(session)).unwrap();
    assert_eq!(shown, 59);
}

#[test]
fn accounts_of_the_cloud_and_unknown_users_are_protected() {
    for (user, expected) in [
        (r#""rdsAdmin""#, Protection::UnlessUserIsNamed),
        (r#""rdsMetric""#, Protection::UnlessUserIsNamed),
        ("null", Protection::UnlessUserIsNamed),
        (r#""root""#, Protection::None),
    ] {
        let page = listed(&format!(r#"{{"id": "1", "user": {user}}}"#));
        assert_eq!(page.sessions[0].protection, expected, "{user}");
    }
}

#[test]
fn of_sessions_with_one_id_a_kill_can_name_none() {
    let pages = [
        r#"{"id": "1", "host": "a:1"}, {"id": "2", "host": "a:2"}, {"id": "1", "host": "b:1"}, {"id": ""}"#,
        // The end of the first page once more, and another session with an ID of it.
        r#"{"id": "2", "host": "a:2"}, {"id": "3", "host": "a:3"}, {"id": "4", "host": "a:4"}"#,
        r#"{"id": "3", "host": "b:3"}"#,
    ];
    let mut twins = Twins::default();
    let mut sessions = Vec::new();
    for page in pages {
        let page = listed(page);
        twins.note(&page.sessions);
        sessions.extend(page.sessions);
    }
    twins.mark(&mut sessions);
    let marked: Vec<String> = (sessions.iter())
        .filter(|session| session.unnameable.is_some())
        .map(|session| session.id.to_string())
        .collect();
    assert_eq!(marked, ["1", "1", "3", "3"]);
}
