#![allow(clippy::unwrap_used)]

use super::*;
use crate::huaweicloud::tests::answered;

#[test]
fn the_id_of_an_htap_instance_is_told_from_that_of_its_taurusdb_instance() {
    let unique = "f1e2d3c4b5a697887f6e5d4c3b2a1908";
    assert!(format!("{unique}in17").parse::<InstanceId>().is_ok());
    for (ending, words) in [
        (
            "in07",
            "those of a TaurusDB instance; the ID of an HTAP instance ends in \"in17\"",
        ),
        ("no07", "those of a TaurusDB node"),
        ("in18", "ends in \"in17\""),
        ("", "36 characters"),
    ] {
        let reason = format!("{unique}{ending}").parse::<InstanceId>();
        let reason = reason.unwrap_err().to_string();
        assert!(reason.contains(words), "{reason}");
    }
    let reason = format!("{unique}in17").parse::<super::super::InstanceId>();
    assert!(reason.unwrap_err().to_string().contains("an HTAP instance"));
}

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
