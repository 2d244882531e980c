#![allow(clippy::unwrap_used)]

use std::time::Duration;

use super::*;
use crate::session::Protection;

fn page(json: &str) -> ProcessPage {
    serde_json::from_str(json).unwrap()
}

#[test]
fn a_statement_is_kept_only_where_it_is_wanted() {
    let json = r#"{"processes": [{"id": 1, "user": "app", "info": "SELECT 1"}], "total_count": 1}"#;
    let statement = |wanted| rows(page(json), wanted).sessions[0].statement.clone();

    assert_eq!(statement(false), None);
    assert_eq!(statement(true).as_deref(), Some("SELECT 1"));
}

#[test]
fn a_sleeping_thread_executes_nothing() {
    let json =
        r#"{"processes": [{"id": 1, "user": "app", "command": "Sleep", "info": "SELECT 1"}]}"#;
    let thread = &rows(page(json), true).sessions[0];

    assert_eq!(thread.statement, None);
    assert_eq!(thread.last_statement.as_deref(), Some("SELECT 1"));
}

#[test]
fn a_row_without_a_thread_id_is_counted_and_shown_as_nobody() {
    let json = r#"{"processes": [{"id": 0}, {"id": "x"}, null, {"id": "7"}], "total_count": 4}"#;

    let page = rows(page(json), false);

    assert_eq!(page.nameless, 3);
    assert_eq!(page.sessions.len(), 1);
    assert_eq!(page.sessions[0].id, SessionId::number(7));
}

#[test]
fn a_session_is_idle_or_busy() {
    let json = r#"{"processes": [{"id": 1, "command": "Sleep", "time": 9}, {"id": 2, "command": "Query", "time": 8},
        {"id": 3, "command": "Query"}], "total_count": 3}"#;

    let times: Vec<_> = (rows(page(json), false).sessions.into_iter())
        .map(|session| (session.idle, session.busy))
        .collect();

    let seconds = |seconds| Some(Duration::from_secs(seconds));
    assert_eq!(
        times,
        [(seconds(9), None), (None, seconds(8)), (None, None)]
    );
}

#[test]
fn internal_and_replication_sessions_and_those_of_unknown_users_are_protected() {
    for (user, command, expected) in [
        (Some("app"), "Query", Protection::None),
        (Some("nords"), "Query", Protection::None),
        (None, "Query", Protection::UnlessUserIsNamed),
        (Some("system user"), "Query", Protection::UnlessUserIsNamed),
        (
            Some("Event_Scheduler"),
            "Daemon",
            Protection::UnlessUserIsNamed,
        ),
        (
            Some("mysql.session"),
            "Sleep",
            Protection::UnlessUserIsNamed,
        ),
        (Some("rdsAdmin"), "Sleep", Protection::UnlessUserIsNamed),
        (
            Some("repl"),
            "Binlog Dump GTID",
            Protection::UnlessUserIsNamed,
        ),
        (
            Some("repl"),
            "Register Slave",
            Protection::UnlessUserIsNamed,
        ),
        (Some("app"), "Daemon", Protection::UnlessUserIsNamed),
    ] {
        let user = user.map_or("null".to_owned(), |user| format!("{user:?}"));
        let json = format!(
            r#"{{"processes": [{{"id": 1, "user": {user}, "command": {command:?}}}], "total_count": 1}}"#
        );
        let session = &rows(page(&json), false).sessions[0];
        assert_eq!(session.protection, expected, "{user} {command}");
    }
}
