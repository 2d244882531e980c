#![allow(clippy::unwrap_used)]

use super::*;
use crate::huaweicloud::tests::answered;

const UNIQUE: &str = "a23fb62bd61e4e9e9636fd2225f395be";

#[test]
fn a_component_has_letters_digits_and_underscores() {
    for (text, is_right) in [
        ("cn_5001", true),
        ("dn_6001_6002", true),
        ("", false),
        ("cn-5001", false),
        ("cn_5001/..", false),
    ] {
        assert_eq!(text.parse::<ComponentId>().is_ok(), is_right, "{text}");
    }
}

#[test]
fn a_filter_without_conditions_is_not_sent() {
    let (node_id, component_id) = (
        &format!("{UNIQUE}no14").parse().unwrap(),
        &"cn_5001".parse().unwrap(),
    );
    let body = |query_info| {
        serde_json::to_value(ListRequest {
            node_id,
            component_id,
            query_info,
        })
        .unwrap()
    };
    assert!(body(None).get("query_info").is_none());
    let filter = Filter {
        address: Some("10.0.0.7".parse().unwrap()),
        ..Filter::default()
    };
    assert_eq!(
        body(Some(&filter))["query_info"],
        serde_json::json!({"client_ip": "10.0.0.7"})
    );
}

#[test]
fn a_session_is_read_whatever_its_numbers_are_written_as() {
    let list: List = serde_json::from_str(
        r#"{"sessions": [
            {"session_id": "139960174921472", "pid": "139960174921472", "user_name": "app", "client_ip": "10.0.0.7",
             "client_port": "51234", "exec_time": "17", "back_end_start": 1764063209226, "transaction_start": "1764063209",
             "query_start": 0, "block_session": "139960174921473", "query": "select 1"},
            {"session_id": 5, "client_port": -1, "exec_time": "", "block_session": ""},
            {"session_id": "6", "pid": "7", "state": []}
        ]}"#,
    )
    .unwrap();
    let [Row::Whole(first), Row::Whole(second), Row::Odd { id }] = list.sessions.as_slice() else {
        panic!("{:?}", list.sessions);
    };
    assert_eq!(first.session_id, "139960174921472");
    assert_eq!(
        (first.client_port, first.exec_time),
        (Some(51_234), Some(17))
    );
    let seconds = |at: Option<OffsetDateTime>| at.map(OffsetDateTime::unix_timestamp);
    assert_eq!(seconds(first.back_end_start), Some(1_764_063_209));
    assert_eq!(seconds(first.transaction_start), Some(1_764_063_209));
    assert_eq!(first.query_start, None);
    assert_eq!(first.block_session.as_deref(), Some("139960174921473"));
    assert_eq!((second.session_id.as_str(), second.exec_time), ("5", None));
    assert_eq!(id.as_deref(), Some("6"));
}

#[test]
fn a_kill_has_happened_only_where_the_answer_says_success() {
    let killed = |body| read_killed(&answered(body));
    let ids = |body| killed(body).unwrap();
    assert_eq!(
        ids(r#"{"session_ids": ["1", 2], "success": true}"#),
        ["1", "2"]
    );
    assert_eq!(ids(r#"{"success": true}"#), Vec::<String>::new());

    let failed = killed(r#"{"session_ids": ["1"], "success": false}"#).unwrap_err();
    assert_eq!(
        failed.api().unwrap().message.as_deref(),
        Some("success is false")
    );
    assert_eq!(failed.request_id(), Some("r-1"));
    let coded =
        killed(r#"{"success": false, "error_code": "DBS.200001", "error_msg": "no such session"}"#);
    assert_eq!(
        coded.unwrap_err().api().unwrap().message.as_deref(),
        Some("no such session")
    );
    for body in [r#"{"session_ids": ["1"]}"#, "{}", "", "OK"] {
        assert!(
            matches!(killed(body), Err(Error::Unreadable { .. })),
            "{body}"
        );
    }
}
