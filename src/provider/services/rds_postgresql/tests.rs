#![allow(clippy::unwrap_used)]

use std::time::Duration;

use super::*;
use crate::huaweicloud::rows::Row;
use crate::session::SessionId;

fn listed(rows_of_page: &str) -> Vec<Session> {
    read_rows(rows_of_page, true)
}

fn read_rows(rows_of_page: &str, statements: bool) -> Vec<Session> {
    let records: Vec<serde_json::Value> =
        serde_json::from_str(&format!("[{rows_of_page}]")).unwrap();
    let processes = (records.into_iter())
        .map(|record| match serde_json::from_value(record.clone()) {
            Ok(record) => Row::Whole(record),
            Err(_) => Row::Odd {
                id: record["id"].as_str().map(ToOwned::to_owned),
            },
        })
        .collect();
    let page = ProcessPage {
        processes,
        total: None,
    };
    let window = Window::of((0, 100));
    rows(page, &window, statements).sessions
}

#[test]
fn a_row_of_the_sdk_becomes_a_session() {
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    let text = |text: &str| Some(text.to_owned());
    let sessions = listed(
        r#"{"id": "21541", "user": "app", "host": "10.0.0.7:51234", "db": "orders", "command": "SELECT", "time": "17",
            "state": "idle in transaction", "info": "select 1", "trx_duration": "20"}"#,
    );
    let expected = Session {
        user: text("app"),
        address: text("10.0.0.7:51234"),
        database: text("orders"),
        command: text("SELECT"),
        state: text("idle in transaction"),
        idle: seconds(17),
        transaction: seconds(20),
        last_statement: text("select 1"),
        ..Session::new(SessionId::number(21_541))
    };
    assert_eq!(sessions, [expected]);
}

#[test]
fn a_row_of_the_documents_becomes_a_session_with_what_it_has() {
    let sessions = listed(
        r#"{"pid": 21541, "user": "app", "applicationName": "orders-api", "client": "172.16.30.163",
            "backendStart": "2025-11-25 09:33:29:207922", "state": "active", "query": "select 1",
            "backEndType": "client backend"}"#,
    );
    let [session] = sessions.as_slice() else {
        panic!("{sessions:?}");
    };
    assert_eq!(session.id, SessionId::number(21_541));
    assert_eq!(session.application.as_deref(), Some("orders-api"));
    assert_eq!(session.began.as_deref(), Some("2025-11-25 09:33:29:207922"));
    assert_eq!(session.protection, Protection::None);
    assert_eq!(session.unnameable, None);
    // Its times are of a zone that nobody tells.
    assert_eq!(
        (
            &session.database,
            session.busy,
            session.age,
            session.transaction
        ),
        (&None, None, None, None)
    );
}

#[test]
fn a_session_without_an_owner_cannot_be_killed() {
    let sessions = listed(
        r#"{"pid": 7, "client": "10.0.0.7"}, {"id": "8", "user": ""}, {"id": "9", "user": []},
           {"id": "10", "user": "app", "info": 7}"#,
    );
    assert_eq!(sessions.len(), 4);
    for session in sessions {
        assert!(session.unnameable.is_some(), "{session:?}");
    }
}

#[test]
fn processes_of_the_server_itself_are_protected() {
    for (row, expected) in [
        (r#""user": "app", "host": "10.0.0.7""#, Protection::None),
        (r#""user": "app""#, Protection::UnlessUserIsNamed),
        (
            r#""user": "rdsRepl", "host": "10.0.0.7""#,
            Protection::UnlessUserIsNamed,
        ),
        (
            r#""user": "RDSmetric", "host": "10.0.0.7""#,
            Protection::UnlessUserIsNamed,
        ),
        (
            r#""user": "app", "client": "10.0.0.7", "backEndType": "walsender""#,
            Protection::UnlessUserIsNamed,
        ),
        (
            r#""user": "app", "client": "10.0.0.7", "backEndType": """#,
            Protection::None,
        ),
        (r#""host": "10.0.0.7""#, Protection::UnlessUserIsNamed),
        (
            r#""user": "standby", "host": "10.0.0.7", "info": "START_REPLICATION SLOT s 0/0""#,
            Protection::UnlessUserIsNamed,
        ),
        (
            r#""user": "standby", "client": "10.0.0.7", "query": " start_replication 0/0""#,
            Protection::UnlessUserIsNamed,
        ),
        (
            r#""user": "app", "host": "10.0.0.7", "info": "SELECT 'START_REPLICATION'""#,
            Protection::None,
        ),
    ] {
        let row = format!(r#"{{"id": "7", {row}}}"#);
        for with_statements in [true, false] {
            let sessions = read_rows(&row, with_statements);
            assert_eq!(sessions[0].protection, expected, "{row}");
            assert!(with_statements || sessions[0].last_statement.is_none());
        }
    }
}

#[test]
fn a_state_that_is_not_told_is_neither_idle_nor_busy() {
    for (state, idle, busy) in [
        ("null", None, None),
        (r#""""#, None, None),
        (r#""idle""#, Some(3), None),
        (r#""active""#, None, Some(3)),
    ] {
        let row = format!(
            r#"{{"id": "7", "user": "app", "time": "3", "trx_duration": "0", "state": {state}}}"#
        );
        let session = listed(&row).remove(0);
        let seconds = |time: Option<Duration>| time.map(|time| time.as_secs());
        assert_eq!(
            (seconds(session.idle), seconds(session.busy)),
            (idle, busy),
            "{state}"
        );
        assert_eq!(session.transaction, None);
    }
}

#[test]
fn only_the_statement_of_an_active_session_is_one_that_it_executes() {
    for (state, is_executed) in [
        ("active", true),
        ("idle", false),
        ("idle in transaction", false),
        ("idle in transaction (aborted)", false),
        ("fastpath function call", false),
        ("", false),
    ] {
        let row =
            format!(r#"{{"id": "7", "user": "app", "state": "{state}", "info": "select 1"}}"#);
        let session = listed(&row).remove(0);
        let shown = Some("select 1".to_owned());
        let expected = if is_executed {
            (shown, None)
        } else {
            (None, shown)
        };
        assert_eq!(
            (session.statement, session.last_statement),
            expected,
            "{state}"
        );
    }
}

#[test]
fn a_page_shows_at_least_half_of_what_it_can() {
    for offset in 0..20_000 {
        let window = Window::of((offset, 100));
        let shown = window.length - window.passed_over;
        assert!(shown >= 50, "{offset}: {window:?}");
    }
}

#[test]
fn a_page_shows_the_session_at_every_offset() {
    for limit in [1, 2, 7, 100] {
        for offset in 0..1_000 {
            let window = Window::of((offset, limit));
            assert!((1..=limit).contains(&window.length), "{window:?}");
            let begins = (window.number - 1) * u64::from(window.length);
            assert_eq!(begins + u64::from(window.passed_over), offset, "{window:?}");
            assert!(window.passed_over < window.length, "{offset}: {window:?}");
        }
    }
}

/// What a list says of how long it is, given all its rows and those of the page.
type Total = fn(usize, usize) -> Option<usize>;

/// A list in pages by their numbers, as DAS shows it.
async fn read(list: &[i64], total: Total) -> Result<Vec<SessionId>, Error> {
    let read = read_pages(PROCESSES_PER_PAGE, |request| async move {
        let window = Window::of(request);
        let length = window.length as usize;
        let first = usize::try_from(window.number - 1).unwrap() * length;
        let shown = list.iter().skip(first).take(length);
        let processes: Vec<_> = shown
            .map(|id| {
                let row = serde_json::json!({"pid": id, "user": "app"});
                Row::Whole(serde_json::from_value(row).unwrap())
            })
            .collect();
        let total = total(list.len(), processes.len());
        let page = ProcessPage {
            processes,
            total: total.map(|total| i64::try_from(total).unwrap()),
        };
        Ok(rows(page, &window, false))
    });
    let sessions = read.await?.sessions;
    Ok(sessions.into_iter().map(|session| session.id).collect())
}

#[tokio::test]
async fn a_list_of_any_length_is_read_to_its_end_whatever_total_it_says() {
    let totals: [Total; 3] = [|_, _| None, |all, _| Some(all), |_, of_page| Some(of_page)];
    for length in [0, 1, 99, 100, 101, 180, 190, 200, 1_000, 1_234] {
        let list: Vec<i64> = (1..=length).collect();
        let all: Vec<SessionId> = list.iter().copied().map(SessionId::number).collect();
        for (number, total) in totals.into_iter().enumerate() {
            assert_eq!(read(&list, total).await.unwrap(), all, "{length} {number}");
        }
    }
}

#[tokio::test]
async fn a_list_that_shows_fewer_sessions_than_it_says_is_not_believed() {
    for length in [0, 1, 100, 250] {
        let list: Vec<i64> = (1..=length).collect();
        let read = read(&list, |all, _| Some(all + 7)).await;
        assert!(matches!(read, Err(Error::Listing(_))), "{length}");
    }
}
