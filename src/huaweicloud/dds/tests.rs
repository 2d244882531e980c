#![allow(clippy::unwrap_used)]

use super::*;

#[test]
fn the_id_of_an_instance_is_told_from_that_of_a_node() {
    let unique = "520c58ba00a3497e97ce0b9604874dd6";
    assert!(format!("{unique}no02").parse::<NodeId>().is_ok());
    for (ending, words) in [
        ("in02", "IDs that end in \"in02\" are those of an instance"),
        ("no12", "ends in \"no02\""),
        ("-o02", "only letters and digits"),
        ("", "36 characters"),
    ] {
        let reason = format!("{unique}{ending}").parse::<NodeId>().unwrap_err();
        assert!(reason.to_string().contains(words), "{reason}");
    }
}

#[test]
fn a_busy_instance_is_told_with_either_status() {
    assert!(API.says_busy(403, "DBS.200019") && API.says_busy(400, "DBS.201202"));
    assert!(!API.says_busy(404, "DBS.200019") && !API.says_busy(403, "DBS.280032"));
}

#[test]
fn the_example_of_the_api_document_is_read() {
    // With a shorter operation.
    let page: SessionPage = serde_json::from_str(
        r#"{"total_count": 1, "sessions": [{
            "id": "shard_1:7201646", "active": true, "operation": "{\"getMore\":4.9,\"$db\":\"admin\"}", "type": "getmore",
            "cost_time": "25", "plan_summary": "COLLSCAN", "host": "host-172-16-27-182:8635",
            "client": "172.16.41.233:50700", "description": "conn20", "namespace": "admin.$cmd.aggregate"
        }]}"#,
    )
    .unwrap();
    assert_eq!(page.total_count, Some(1));
    let [Row::Whole(record)] = page.sessions.as_slice() else {
        panic!("{page:?}");
    };
    assert_eq!(record.id.as_deref(), Some("shard_1:7201646"));
    assert_eq!((record.active, record.cost_time), (Some(true), Some(25)));
    assert_eq!(record.kind.as_deref(), Some("getmore"));
    let operation = record.operation.text().unwrap();
    assert!(operation.unwrap().starts_with("{\"getMore\""));
    assert_eq!((&record.db, &record.user), (&None, &None));
}

#[test]
fn whether_an_operation_is_active_may_be_a_text_or_not_told() {
    for (active, read) in [
        ("true", Some(true)),
        ("\"false\"", Some(false)),
        ("null", None),
        ("1", None),
    ] {
        let row = format!(r#"{{"id": 34631, "active": {active}, "cost_time": ""}}"#);
        let record: SessionRecord = serde_json::from_str(&row).unwrap();
        assert_eq!(record.active, read, "{active}");
        assert_eq!(record.id.as_deref(), Some("34631"));
        assert_eq!(record.cost_time, None);
    }
}

#[test]
fn a_kill_has_texts() {
    let body = serde_json::to_value(KillRequest {
        sessions: &["shard_1:7201646".to_owned(), "34631".to_owned()],
    });
    assert_eq!(
        body.unwrap(),
        serde_json::json!({"sessions": ["shard_1:7201646", "34631"]})
    );
}
