#![allow(clippy::unwrap_used)]

use super::*;
use crate::huaweicloud::tests::answered;

#[test]
fn a_duration_keeps_its_fraction() {
    let page: SessionPage = serde_json::from_str(
        r#"{"process_list": [
            {"id": "0", "user": "app", "host": "10.0.0.7:51234", "state": "EOF", "database": "shop",
             "sql_statement": "SELECT 1", "duration": 59.999, "command": "Query"},
            {"id": 7, "duration": "2.5"}, {"id": "8", "duration": 3}, {"id": "9", "duration": "long"}, {"id": "10"},
            {"id": "11", "user": []}
        ]}"#,
    )
    .unwrap();
    let durations: Vec<_> = (page.process_list.iter())
        .map(|row| match row {
            Row::Whole(record) => record.duration,
            Row::Odd { .. } => Some(-1.0),
        })
        .collect();
    let expected = [Some(59.999), Some(2.5), Some(3.0), None, None, Some(-1.0)];
    assert_eq!(durations, expected);
    assert!(serde_json::from_str::<SessionPage>("{}").is_err());
}

#[test]
fn a_status_of_failed_is_no_success_and_another_tells_nothing() {
    assert!(read_outcome(&answered(r#"{"status": "success", "msg": ""}"#)).is_ok());
    for (body, reason) in [
        (
            r#"{"status": "failed", "msg": "Unknown thread id: 7"}"#,
            "failed: Unknown thread id: 7",
        ),
        (r#"{"status": "FAILED"}"#, "status is failed"),
    ] {
        let Err(Error::Api { answer, .. }) = read_outcome(&answered(body)) else {
            panic!("{body}");
        };
        assert!(answer.message.unwrap().ends_with(reason), "{body}");
    }
    for body in ["{}", "", r#"{"status": ""}"#, r#"{"status": "accepted"}"#] {
        let outcome = read_outcome(&answered(body));
        assert!(matches!(outcome, Err(Error::Unreadable { .. })), "{body}");
    }
}
