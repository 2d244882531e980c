#![allow(clippy::unwrap_used)]

use super::*;

#[test]
fn ids_of_another_kind_are_refused() {
    let unique = "da304cd5bbb944de828759bc7be3d3fe";
    for (ending, refusal) in [
        ("in01", None),
        // One page names 32 characters, and another ending may be one that nobody has written down.
        ("", None),
        ("in99", None),
        ("no01", Some("are those of an RDS for MySQL node")),
        ("in03", Some("are those of an RDS for PostgreSQL instance")),
        ("in07", Some("are those of a TaurusDB instance")),
        ("no14", Some("are those of a GaussDB node")),
        ("in1", Some("32 or 36 characters")),
        ("-n01", Some("only letters and digits")),
    ] {
        let id = format!("{unique}{ending}").parse::<InstanceId>();
        let reason = id.err().map(|reason| reason.to_string());
        match refusal {
            None => assert_eq!(reason, None, "{ending}"),
            Some(words) => assert!(reason.unwrap().contains(words), "{ending}"),
        }
    }
    assert!(format!("{unique}no01").parse::<NodeId>().is_ok());
    assert!(format!("{unique}in01").parse::<NodeId>().is_err());
    assert!(
        "2c250598-1e3c-4d31-bc19-be1d866247e6"
            .parse::<DatabaseUserId>()
            .is_ok()
    );
    assert!("".parse::<DatabaseUserId>().is_err());
}

#[test]
fn a_page_has_texts_for_numbers() {
    let page: ProcessPage = serde_json::from_str(
        r#"{"count": 2, "processes": [
            {"id": "1", "user": "event_scheduler", "host": "localhost", "database": "--", "command": "Daemon",
             "time": "4260107", "state": "Waiting on empty queue", "sql": "", "trx_executed_time": "0"},
            {"id": 9, "time": 3, "user": null, "sql": null, "trx_executed_time": ""},
            {"id": "10", "user": {}}
        ]}"#,
    )
    .unwrap();
    assert_eq!(page.count, Some(2));
    let [Row::Whole(first), Row::Whole(second), Row::Odd { id }] = page.processes.as_slice() else {
        panic!("{page:?}");
    };
    assert_eq!((first.id.as_str(), first.time), ("1", Some(4_260_107)));
    assert_eq!(first.database.as_deref(), Some("--"));
    assert_eq!(first.trx_executed_time, Some(0));
    assert_eq!(first.statement.text().unwrap().as_deref(), Some(""));
    assert_eq!((second.id.as_str(), second.time), ("9", Some(3)));
    assert_eq!(second.trx_executed_time, None);
    assert_eq!(second.user, None);
    assert_eq!(id.as_deref(), Some("10"));
}

#[test]
fn a_kill_names_threads_alone() {
    let user = "2c250598-1e3c-4d31-bc19-be1d866247e6".parse().unwrap();
    let body = serde_json::to_value(KillRequest {
        db_user_id: &user,
        process_ids: vec!["11212".to_owned()],
    });
    assert_eq!(
        body.unwrap(),
        serde_json::json!({
            "db_user_id": "2c250598-1e3c-4d31-bc19-be1d866247e6",
            "process_ids": ["11212"],
        })
    );
}
