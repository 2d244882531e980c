#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::*;

const DOCUMENTED: &str = r#"{
    "id": "shard_1:7201646", "active": true, "operation": "{\"getMore\":4.9}", "type": "getmore", "cost_time": "25",
    "plan_summary": "COLLSCAN", "host": "host-172-16-27-182:8635", "client": "172.16.41.233:50700", "description": "conn20",
    "namespace": "admin.$cmd.aggregate"
}"#;

/// The row of the API document with these fields changed.
fn row(changes: Value) -> Value {
    let mut row: Value = serde_json::from_str(DOCUMENTED).unwrap();
    for (name, value) in changes.as_object().unwrap() {
        row[name] = value.clone();
    }
    row
}

fn listed(rows: &[Value]) -> Page<Session> {
    let list = json!({"total_count": rows.len(), "sessions": rows}).to_string();
    super::rows(serde_json::from_str(&list).unwrap(), true)
}

fn operation(changes: Value) -> Session {
    let mut page = listed(&[row(changes)]);
    page.sessions.pop().unwrap()
}

#[test]
fn an_operation_is_what_the_list_tells_of_it() {
    let operation = operation(json!({}));
    assert_eq!(operation.id.to_string(), "shard_1:7201646");
    assert_eq!(operation.user, None);
    assert_eq!(operation.address.as_deref(), Some("172.16.41.233:50700"));
    assert_eq!(operation.database.as_deref(), Some("admin"));
    assert_eq!(operation.command.as_deref(), Some("getmore"));
    assert_eq!(operation.state.as_deref(), Some("active"));
    assert_eq!(operation.busy, Some(Duration::from_micros(25)));
    assert_eq!((operation.idle, operation.age), (None, None));
    assert_eq!(operation.statement.as_deref(), Some(r#"{"getMore":4.9}"#));
    assert_eq!(operation.unnameable, None);
    assert_eq!(operation.protection, Protection::None);
}

#[test]
fn the_database_is_told_or_is_in_the_namespace() {
    for (db, namespace, database) in [
        (json!("shop"), "shop.orders", Some("shop")),
        (json!("shop"), "", Some("shop")),
        (json!(""), "crm.people.old", Some("crm")),
        (Value::Null, "admin", None),
        (Value::Null, "", None),
    ] {
        let operation = operation(json!({"db": db, "namespace": namespace}));
        assert_eq!(operation.database.as_deref(), database, "{namespace}");
    }
}

#[test]
fn only_an_active_operation_can_be_killed_and_is_busy() {
    for active in [json!(false), json!("false"), json!(1), Value::Null] {
        let operation = operation(json!({"active": active, "cost_time": "9000000"}));
        assert_eq!(operation.unnameable, Some(NOT_ACTIVE), "{active}");
        assert_eq!((operation.busy, operation.idle), (None, None));
    }
    assert_eq!(operation(json!({"active": "true"})).unnameable, None);
}

#[test]
fn a_time_that_is_none_meets_no_condition() {
    let time = |text: &str| operation(json!({"cost_time": text})).busy;
    assert_eq!(time("90000000"), Some(Duration::from_secs(90)));
    assert_eq!(time("0"), Some(Duration::ZERO));
    for odd in ["-1", "9223372036854775807", "soon", ""] {
        assert_eq!(time(odd), None, "{odd}");
    }
}

#[test]
fn operations_of_the_server_of_replication_and_of_the_cloud_are_protected() {
    for changes in [
        json!({"client": ""}),
        json!({"client": null, "user": "app"}),
        json!({"user": "__system"}),
        json!({"user": "monitor"}),
        json!({"user": "root"}),
        json!({"namespace": "local.oplog.rs"}),
    ] {
        let protection = operation(changes.clone()).protection;
        assert_eq!(protection, Protection::UnlessUserIsNamed, "{changes}");
    }
    for changes in [
        json!({"user": "rwuser"}),
        json!({"user": "Monitor"}),
        json!({"namespace": "local.oplog.rs.old"}),
    ] {
        assert_eq!(operation(changes).protection, Protection::None);
    }
}

#[test]
fn idle_connections_without_an_id_are_told_apart_and_are_nobodys_operation() {
    let idle = |id: Value, connection: &str| {
        row(json!({"id": id, "active": false, "description": connection}))
    };
    let page = listed(&[
        idle(Value::Null, "conn1"),
        idle(json!("0"), "conn2"),
        idle(json!("shard_1:0"), "conn3"),
        idle(json!("null"), "conn4"),
        idle(json!("34631"), "conn5"),
        row(
            json!({"id": "", "active": false, "description": "inactive transaction", "client": "10.0.0.7:5000"}),
        ),
        row(json!({"id": "", "active": false, "description": "", "client": ""})),
    ]);
    let ids: Vec<String> = page.sessions.iter().map(|one| one.id.to_string()).collect();
    assert_eq!(
        ids,
        [
            "inactive: conn1 172.16.41.233:50700 host-172-16-27-182:8635",
            "inactive: conn2 172.16.41.233:50700 host-172-16-27-182:8635",
            "inactive: conn3 172.16.41.233:50700 host-172-16-27-182:8635",
            "inactive: conn4 172.16.41.233:50700 host-172-16-27-182:8635",
            "34631",
            "inactive: inactive transaction 10.0.0.7:5000 host-172-16-27-182:8635",
        ]
    );
    assert!(ids[..4].iter().all(|id| !is_id(id)));
    assert!(page.sessions.iter().all(|one| one.unnameable.is_some()));
    assert_eq!(page.nameless, 1);
}

#[test]
fn an_active_operation_without_an_id_may_be_anybody() {
    let page = listed(&[row(json!({"id": null})), row(json!({"id": "a b"}))]);
    assert_eq!((page.sessions.len(), page.nameless), (0, 2));
}

#[test]
fn an_operation_is_another_by_its_connection_and_is_over_when_it_is_not_active() {
    use crate::session::{Likeness, likeness};

    let before = operation(json!({}));
    let same = operation(json!({"cost_time": "90000000"}));
    assert_eq!(likeness(&before, &same, None), Likeness::Same);
    for changes in [
        json!({"description": "conn21"}),
        json!({"client": "172.16.41.233:50701"}),
        json!({"active": false}),
    ] {
        let now = operation(changes.clone());
        assert_eq!(
            likeness(&before, &now, None),
            Likeness::Another,
            "{changes}"
        );
    }
}
