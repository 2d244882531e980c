#![allow(clippy::unwrap_used)]

use std::time::Duration;

use super::*;
use crate::session::Protection;

fn seconds(seconds: u64) -> Option<Duration> {
    Some(Duration::from_secs(seconds))
}

fn logical() -> Layer {
    Layer::Logical("1f4a7d0b3c6e48529d2f5a8c0e3b6d71in09".parse().unwrap())
}

fn physical() -> Layer {
    Layer::Physical("1f4a7d0b3c6e48529d2f5a8c0e3b6d71in01".parse().unwrap())
}

#[test]
fn a_logical_row_of_texts_becomes_a_session() {
    let page = serde_json::from_str(
        r#"{"total_count": 9, "logical_processes": [
            {"id": "cn-1", "user": "app", "host": "10.0.0.7:51234", "db": "shop", "command": "Sleep", "time": "17",
             "state": "", "info": null},
            {"id": "8", "user": []}, {"id": " "},
            {"id": "9", "user": "drdsagent", "host": "127.0.0.1:54486", "db": "None", "command": "Query", "time": "0"}]}"#,
    );
    let page = rows(page.unwrap(), &logical(), true);
    let expected = Session {
        user: Some("app".to_owned()),
        address: Some("10.0.0.7:51234".to_owned()),
        database: Some("shop".to_owned()),
        command: Some("Sleep".to_owned()),
        idle: seconds(17),
        ..Session::new(SessionId::new(None, "cn-1"))
    };
    let odd = Session::unreadable(SessionId::number(8));
    let agent = Session {
        user: Some("drdsagent".to_owned()),
        address: Some("127.0.0.1:54486".to_owned()),
        command: Some("Query".to_owned()),
        busy: seconds(0),
        protection: Protection::UnlessUserIsNamed,
        ..Session::new(SessionId::new(None, "9"))
    };
    assert_eq!(page.sessions, [expected, odd, agent]);
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
    let page = rows(page.unwrap(), &physical(), true);
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
