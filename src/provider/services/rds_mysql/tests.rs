#![allow(clippy::unwrap_used)]

use super::*;
use crate::session::{Protection, SessionId};

fn listed(rows_of_page: &str) -> Page<Session> {
    let page = format!(r#"{{"count": 9, "processes": [{rows_of_page}]}}"#);
    rows(serde_json::from_str(&page).unwrap(), true)
}

#[test]
fn a_row_of_texts_becomes_a_session() {
    let page = listed(
        r#"{"id": "9", "user": "app", "host": "10.0.0.7:51234", "database": "orders", "command": "Sleep", "time": "17",
            "state": "", "sql": "", "trx_executed_time": "20"}"#,
    );
    let seconds = |seconds| Some(std::time::Duration::from_secs(seconds));
    let expected = Session {
        user: Some("app".to_owned()),
        address: Some("10.0.0.7:51234".to_owned()),
        database: Some("orders".to_owned()),
        command: Some("Sleep".to_owned()),
        idle: seconds(17),
        transaction: seconds(20),
        ..Session::new(SessionId::number(9))
    };
    assert_eq!(page.sessions, [expected]);
    assert_eq!(page.total, Some(9));
}

#[test]
fn what_is_not_told_is_not_known() {
    let page = listed(
        r#"{"id": "9", "user": "app", "database": "--", "command": "Query", "time": "", "trx_executed_time": "0"},
           {"id": "10"}, {"id": "11", "user": []}, {"id": "x"}, {"id": "12", "sql": 7}"#,
    );
    let [first, second, odd, statement] = page.sessions.as_slice() else {
        panic!("{:?}", page.sessions);
    };
    assert_eq!(
        (&first.database, first.busy, first.transaction),
        (&None, None, None)
    );
    assert_eq!((second.idle, second.busy), (None, None));
    assert_eq!(second.protection, Protection::UnlessUserIsNamed);
    assert!(!odd.readable && !statement.readable);
    assert_eq!(page.nameless, 1);
}

#[test]
fn accounts_of_the_cloud_are_protected() {
    for (user, expected) in [
        ("rdsAdmin", Protection::UnlessUserIsNamed),
        ("rdsrepl", Protection::UnlessUserIsNamed),
        ("RDSbackup", Protection::UnlessUserIsNamed),
        ("event_scheduler", Protection::UnlessUserIsNamed),
        ("app", Protection::None),
    ] {
        let page = listed(&format!(
            r#"{{"id": "1", "user": {user:?}, "command": "Sleep"}}"#
        ));
        assert_eq!(page.sessions[0].protection, expected, "{user}");
    }
}
