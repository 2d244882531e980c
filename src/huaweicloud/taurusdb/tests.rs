#![allow(clippy::unwrap_used)]

use super::*;
use crate::huaweicloud::tests::answered;

#[test]
fn a_waiting_thread_names_who_blocks_it() {
    let blocker = |body| {
        let wait = read_lock_wait(&answered(body)).unwrap();
        wait.map(|wait| wait.blocker)
    };
    assert_eq!(
        blocker(
            r#"{"abnormal_root_cause": {"abnormal_type": "LOCK_WAIT", "lock_root_cause": {"locked_pid": 12, "wait_seconds": 4,
                "lock_table": "orders", "blocker_pid": 11, "blocker_thread_id": 47, "blocker_current_sql": ["select 1"]}}}"#
        ),
        Some(Some(11))
    );
    assert_eq!(
        blocker(r#"{"abnormal_root_cause": {"lock_root_cause": {"blocker_pid": "11"}}}"#),
        Some(Some(11))
    );
    assert_eq!(
        blocker(r#"{"abnormal_root_cause": {"lock_root_cause": {}}}"#),
        Some(None)
    );
    for body in [
        "{}",
        r#"{"abnormal_root_cause": null}"#,
        r#"{"abnormal_root_cause": {"abnormal_type": null, "lock_root_cause": null}}"#,
    ] {
        assert_eq!(blocker(body), None, "{body}");
    }
    for body in ["", "[]", "OK"] {
        assert!(read_lock_wait(&answered(body)).is_err(), "{body}");
    }
}
