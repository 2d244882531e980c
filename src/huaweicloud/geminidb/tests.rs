#![allow(clippy::unwrap_used)]

use super::*;

#[test]
fn a_kill_of_chosen_sessions_never_means_all() {
    let body = serde_json::to_value(KillRequest {
        is_all: false,
        session_ids: &["1131".to_owned()],
    });
    assert_eq!(
        body.unwrap(),
        serde_json::json!({"is_all": false, "session_ids": ["1131"]})
    );
}

#[test]
fn a_page_has_texts_for_numbers() {
    let page: SessionPage = serde_json::from_str(
        r#"{"total_count": 3, "sessions": [
            {"id": "42", "addr": "10.0.0.7:51234", "name": "cart", "cmd": "get", "db": "3", "age": "90", "idle": "5",
             "fd": "8", "sub": "0", "psub": "0", "multi": "-1"},
            {"id": 7, "age": "", "idle": null, "db": "x"},
            {"id": "8", "name": []}
        ]}"#,
    )
    .unwrap();
    assert_eq!(page.total_count, Some(3));
    let [Row::Whole(first), Row::Whole(second), Row::Odd { id }] = page.sessions.as_slice() else {
        panic!("{page:?}");
    };
    assert_eq!(first.db, Some(3));
    assert_eq!((first.age, first.idle), (Some(90), Some(5)));
    assert_eq!(second.id, "7");
    assert_eq!((second.age, second.idle, second.db), (None, None, None));
    assert_eq!(id.as_deref(), Some("8"));
}
