#![allow(clippy::unwrap_used)]

use std::time::Duration;

use super::*;
use crate::session::Protection;

fn seconds(seconds: u64) -> Option<Duration> {
    Some(Duration::from_secs(seconds))
}

#[test]
fn a_logical_row_of_texts_becomes_a_session() {
    let page = serde_json::from_str(
        r#"{"total_count": 9, "logical_processes": [
            {"id": "cn-1", "user": "app", "host": "10.0.0.7:51234", "db": "shop", "command": "Sleep", "time": "17",
             "state": "", "info": null},
            {"id": "8", "user": []}, {"id": " "}]}"#,
    );
    let page = rows(page.unwrap(), text_id, true);
    let expected = Session {
        user: Some("app".to_owned()),
        address: Some("10.0.0.7:51234".to_owned()),
        database: Some("shop".to_owned()),
        command: Some("Sleep".to_owned()),
        idle: seconds(17),
        ..Session::new(SessionId::new(None, "cn-1"))
    };
    let odd = Session::unreadable(SessionId::number(8));
    assert_eq!(page.sessions, [expected, odd]);
    assert_eq!((page.total, page.nameless), (Some(9), 1));
}

#[test]
fn a_physical_row_of_numbers_becomes_a_session() {
    let page = serde_json::from_str(
        r#"{"physical_processes": [
            {"id": 1973, "user": "rdsAdmin", "db": null, "command": "Query", "time": 60, "state": "executing",
             "info": "SELECT 1", "trx_executed_time": 61},
            {"id": 0, "user": "app"}]}"#,
    );
    let page = rows(page.unwrap(), relational::number, true);
    let expected = Session {
        user: Some("rdsAdmin".to_owned()),
        command: Some("Query".to_owned()),
        state: Some("executing".to_owned()),
        busy: seconds(60),
        transaction: seconds(61),
        statement: Some("SELECT 1".to_owned()),
        protection: Protection::UnlessUserIsNamed,
        ..Session::new(SessionId::number(1973))
    };
    assert_eq!(page.sessions, [expected]);
    assert_eq!(page.nameless, 1);
}
