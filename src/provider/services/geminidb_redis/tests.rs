#![allow(clippy::unwrap_used)]

use std::time::Duration;

use super::*;

fn listed(page: &str) -> Page<Session> {
    rows(serde_json::from_str(page).unwrap())
}

#[test]
fn a_row_tells_everything_but_the_user() {
    let page = listed(
        r#"{"total_count": 1, "sessions": [{"id": "42", "addr": "10.0.0.7:51234", "name": "cart", "cmd": "get",
            "db": "3", "age": "90", "idle": "5", "fd": "8", "sub": "0", "psub": "0", "multi": "-1"}]}"#,
    );
    let session = Session {
        address: Some("10.0.0.7:51234".to_owned()),
        database: Some("3".to_owned()),
        application: Some("cart".to_owned()),
        command: Some("get".to_owned()),
        age: Some(Duration::from_secs(90)),
        idle: Some(Duration::from_secs(5)),
        ..Session::new(SessionId::new(None, "42"))
    };
    assert_eq!(page.sessions, [session]);
    assert_eq!(page.total, Some(1));
}

#[test]
fn a_row_without_an_id_that_a_kill_can_name_is_counted_and_never_chosen() {
    let page = listed(
        r#"{"sessions": [{"id": ""}, {"id": " "}, {"addr": "10.0.0.7:1"}, null, {"id": "7", "name": []}]}"#,
    );
    assert_eq!(page.nameless, 4);
    let odd = Session::unreadable(SessionId::new(None, "7"));
    assert_eq!(page.sessions, [odd]);
}

#[test]
fn what_is_no_number_is_not_taken_for_zero() {
    let page = listed(r#"{"sessions": [{"id": "7", "age": "", "idle": "-1", "db": "-1"}]}"#);
    let session = page.sessions.first().unwrap();
    assert_eq!((session.age, session.idle), (None, None));
    assert_eq!(session.database, None);
}
