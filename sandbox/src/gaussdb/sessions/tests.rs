#![allow(clippy::unwrap_used, clippy::expect_used)]

use time::{Duration, macros::datetime};

use super::*;

const NOW: OffsetDateTime = datetime!(2026-03-01 12:00:00.5 UTC);

fn backend(pid: i64, started_before: Duration) -> Backend {
    Backend {
        pid,
        user: Some("app".to_owned()),
        database: Some("shop".to_owned()),
        application: None,
        client_address: Some("192.168.0.7".to_owned()),
        client_port: Some(40_001),
        backend_start: Some(NOW - started_before),
        xact_start: None,
        query_start: Some(NOW - Duration::seconds(90)),
        state_change: Some(NOW - Duration::seconds(60)),
        state: Some("idle".to_owned()),
        wait_event_type: None,
        wait_event: None,
        backend_type: Some("client backend".to_owned()),
        query: Some("SELECT 1".to_owned()),
        blocked_by: Vec::new(),
    }
}

fn session(backend: Backend) -> ComponentSession {
    with_ids(vec![backend]).pop().unwrap()
}

#[test]
fn a_pid_that_comes_back_has_another_id() {
    let (first, second) = (
        session(backend(7, Duration::minutes(9))),
        session(backend(7, Duration::minutes(8))),
    );
    assert_ne!(first.id, second.id);
    assert_eq!(first.id, session(backend(7, Duration::minutes(9))).id);
    for session in [first, second] {
        assert_eq!(session.id.to_string().len(), 15);
    }
}

#[test]
fn a_session_names_the_session_that_it_waits_for() {
    let mut waiting = backend(8, Duration::minutes(1));
    waiting.blocked_by = vec![7];
    let sessions = with_ids(vec![backend(7, Duration::minutes(2)), waiting]);
    let [blocker, waiting] = [0, 1].map(|index| row(&sessions[index], "cn_5001", NOW));
    assert_eq!(waiting["block_session"], blocker["session_id"]);
    assert_eq!(
        (&waiting["wait"], &blocker["wait"]),
        (&json!("true"), &json!("false"))
    );
    assert_eq!(blocker["block_session"], "");
}

#[test]
fn all_but_the_time_stamps_are_texts() {
    let mut in_transaction = backend(7, Duration::minutes(2));
    in_transaction.xact_start = Some(NOW - Duration::seconds(95));
    let row = row(&session(in_transaction), "cn_5001", NOW);
    let fields = row.as_object().unwrap();
    assert_eq!(fields.len(), 36);
    let stamps = ["back_end_start", "transaction_start", "query_start"];
    for (name, value) in fields {
        assert_eq!(value.is_number(), stamps.contains(&name.as_str()), "{name}");
        assert!(value.is_number() || value.is_string(), "{name}");
    }
    assert_eq!(row["transaction_start"], 1_772_366_305_500_i64);
    assert_eq!(
        (&row["exec_time"], &row["query_runtime"]),
        (&json!("60"), &json!("30"))
    );
}

#[test]
fn a_filter_asks_for_what_it_has_alone() {
    let session = session(backend(7, Duration::minutes(2)));
    for (filter, shows) in [
        ("{}", true),
        (r#"{"user_name": "", "client_ip": null}"#, true),
        (
            r#"{"user_name": "app", "client_ip": "192.168.0.7", "database_name": "shop"}"#,
            true,
        ),
        (r#"{"user_name": "app", "database_name": "billing"}"#, false),
        (r#"{"client_ip": "192.168.0.8"}"#, false),
    ] {
        let filter: Filter = serde_json::from_str(filter).unwrap();
        assert_eq!(filter.shows(&session), shows, "{filter:?}");
    }
}
