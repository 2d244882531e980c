#![allow(clippy::unwrap_used)]

use super::*;
use crate::huaweicloud::tests::answered;

fn page(body: &str) -> ProcessPage {
    read_page(&answered(body)).unwrap()
}

#[test]
fn the_shape_of_the_sdk_is_read() {
    let page = page(
        r#"{"total": 1, "process_info_list": [{"id": "21541", "user": "app", "host": "10.0.0.7:51234", "db": "orders",
            "command": "idle", "time": "17", "state": "idle in transaction", "info": "select 1", "trx_duration": "20"}]}"#,
    );
    assert_eq!(page.total, Some(1));
    let [Row::Whole(row)] = page.processes.as_slice() else {
        panic!("{page:?}");
    };
    assert_eq!((row.id.as_str(), row.time), ("21541", Some(17)));
    assert_eq!(row.trx_duration, Some(20));
    assert_eq!(row.user.as_deref(), Some("app"));
    assert_eq!(row.host.as_deref(), Some("10.0.0.7:51234"));
    assert_eq!(row.db.as_deref(), Some("orders"));
    assert_eq!(row.state.as_deref(), Some("idle in transaction"));
    assert_eq!(row.statement.text().unwrap().as_deref(), Some("select 1"));
    assert_eq!((&row.application, &row.backend_start), (&None, &None));
}

#[test]
fn the_shape_of_the_documents_is_read() {
    let page = page(
        r#"{"data": [
            {"pid": 21541, "user": "rdsRepl", "applicationName": "dbnode1", "client": "172.16.30.163",
             "backendStart": "2025-11-25 09:33:29:207922", "queryStart": "2025-11-25 09:33:29:226337",
             "stateChange": "2025-11-25 09:33:29:226370", "state": "active", "query": "START_REPLICATION",
             "waitEvent": "WalSenderMain", "waitEventType": "Activity", "backEndType": "walsender"},
            {"pid": 7, "query": "\ud800"},
            {"pid": 8, "state": {}}
        ]}"#,
    );
    assert_eq!(page.total, None);
    let [Row::Whole(row), Row::Whole(half), Row::Odd { id }] = page.processes.as_slice() else {
        panic!("{page:?}");
    };
    assert_eq!(
        (row.id.as_str(), row.user.as_deref()),
        ("21541", Some("rdsRepl"))
    );
    assert_eq!(row.host.as_deref(), Some("172.16.30.163"));
    assert_eq!(row.application.as_deref(), Some("dbnode1"));
    assert_eq!(row.backend_type.as_deref(), Some("walsender"));
    assert_eq!(
        row.backend_start.as_deref(),
        Some("2025-11-25 09:33:29:207922")
    );
    assert_eq!(
        row.statement.text().unwrap().as_deref(),
        Some("START_REPLICATION")
    );
    assert_eq!((&row.db, row.time, row.trx_duration), (&None, None, None));
    assert!(half.statement.text().is_err());
    assert_eq!(id.as_deref(), Some("8"));
}

#[test]
fn an_answer_without_a_list_says_nothing_about_who_is_there() {
    for body in ["{}", r#"{"total": 0}"#, r#"{"data": {}}"#, "[]", ""] {
        assert!(read_page(&answered(body)).is_err(), "{body}");
    }
    assert_eq!(page(r#"{"data": null}"#).processes.len(), 0);
    let both = page(r#"{"process_info_list": [], "data": [{"pid": 1}]}"#);
    assert_eq!(both.processes.len(), 1);
}

#[test]
fn a_kill_names_the_owner_beside_each_process() {
    let body = serde_json::to_value(KillRequest {
        engine_type: "postgresql",
        processes: &[Owned {
            id: 429_374,
            user: "root",
        }],
    });
    assert_eq!(
        body.unwrap(),
        serde_json::json!({"engine_type": "postgresql", "processes": [{"id": 429_374, "user": "root"}]})
    );
}

#[test]
fn the_answer_to_a_kill_is_a_count_or_an_empty_text() {
    for (body, count) in [
        (r#"{"count": 2}"#, Some(Some(2))),
        (r#"{"count": "2"}"#, Some(Some(2))),
        (r#"{"count": ""}"#, Some(None)),
        (r#""""#, Some(None)),
        ("\n", Some(None)),
        ("{}", None),
        (r#""OK""#, None),
        (r#"{"error_code": "DAS.1"}"#, None),
    ] {
        assert_eq!(read_count(&answered(body)).ok(), count, "{body}");
    }
}

#[test]
fn ids_of_another_kind_are_refused() {
    let with = |ending: &str| format!("1b4af3014b794e6482e8f1cc4cbaaad3{ending}");
    for ending in ["in03", ""] {
        assert!(with(ending).parse::<InstanceId>().is_ok(), "{ending}");
    }
    for ending in ["in01", "in14", "no03", "no01"] {
        assert!(with(ending).parse::<InstanceId>().is_err(), "{ending}");
    }
    assert!(with("no03").parse::<NodeId>().is_ok());
    assert!(with("in03").parse::<NodeId>().is_err());
}
