#![allow(clippy::unwrap_used)]

use super::*;
use crate::huaweicloud::tests::answered;

#[test]
fn ids_follow_the_api_document() {
    let instance = "a23fb62bd61e4e9e9636fd2225f395bein07";
    let node = "18663926eacb443d98dc20f8620f28f2no07";
    assert!(instance.parse::<InstanceId>().is_ok());
    assert!(node.parse::<NodeId>().is_ok());
    assert!(
        node.parse::<InstanceId>()
            .unwrap_err()
            .to_string()
            .contains("are those of a node")
    );
    assert!(
        instance
            .parse::<NodeId>()
            .unwrap_err()
            .to_string()
            .contains("are those of an instance")
    );
    for text in [
        "",
        "in07",
        "a23fb62b-d61e-4e9e-9636-fd2225f395be",
        "a23fb62bd61e4e9e9636fd2225f395bXin08",
    ] {
        assert!(text.parse::<InstanceId>().is_err(), "{text}");
    }
}

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
