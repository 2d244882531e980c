#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

#[test]
fn a_kill_that_names_nobody_or_no_owner_is_refused() {
    let bad = [
        "{}",
        r#"{"engine_type": "postgresql"}"#,
        r#"{"engine_type": "postgresql", "processes": []}"#,
        r#"{"engine_type": "postgresql", "processes": [7]}"#,
        r#"{"engine_type": "postgresql", "processes": [{"id": 7}]}"#,
        r#"{"engine_type": "postgresql", "processes": [{"id": "7", "user": "app"}]}"#,
        r#"{"engine_type": "mysql", "processes": [{"id": 7, "user": "app"}]}"#,
        r#"{"processes": [{"id": 7, "user": "app"}]}"#,
    ];
    for body in bad {
        assert!(KillBody::read(body.as_bytes()).is_err(), "{body}");
    }
    let good = r#"{"engine_type": "postgresql", "processes": [{"id": 7, "user": "app"}]}"#;
    assert_eq!(KillBody::read(good.as_bytes()).unwrap().processes[0].id, 7);
}
