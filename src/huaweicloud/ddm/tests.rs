#![allow(clippy::unwrap_used)]

use time::macros::datetime;

use super::*;

const UNIQUE: &str = "0d3a5c7e9b1f42648a6c8e0b2d4f6a81";

fn physical() -> Layer {
    Layer::Physical(format!("{UNIQUE}in01").parse().unwrap())
}

#[test]
fn a_page_of_either_layer_is_read() {
    let logical: ProcessPage = serde_json::from_str(
        r#"{"total_count": 2, "logical_processes": [
            {"id": "12312", "user": "app", "host": "10.0.0.7:51234", "db": "shop", "command": "Sleep", "time": "17",
             "state": "", "info": null},
            {"id": "8", "user": {}}]}"#,
    )
    .unwrap();
    let [Row::Whole(first), Row::Odd { id }] = logical.processes.as_slice() else {
        panic!("{logical:?}");
    };
    assert_eq!((first.time, first.trx_executed_time), (Some(17), None));
    assert_eq!(id.as_deref(), Some("8"));
    let physical: ProcessPage = serde_json::from_str(
        r#"{"total_count": 1, "physical_processes": [{"id": 1973, "hots": "10.0.0.7:58908", "time": 13977, "trx_executed_time": 4}]}"#,
    )
    .unwrap();
    let [Row::Whole(first)] = physical.processes.as_slice() else {
        panic!("{physical:?}");
    };
    assert_eq!(first.id, "1973");
    assert_eq!(first.host.as_deref(), Some("10.0.0.7:58908"));
    assert_eq!(
        (first.time, first.trx_executed_time),
        (Some(13977), Some(4))
    );
    assert!(serde_json::from_str::<ProcessPage>(r#"{"total_count": 0}"#).is_err());
}

#[test]
fn a_logged_kill_counts_at_its_instance_and_within_the_time() {
    let within = (
        datetime!(2026-11-21 10:00:00 UTC),
        datetime!(2026-11-21 10:05:00 UTC),
    );
    let was = |row: serde_json::Value| {
        let kill: LoggedKill = serde_json::from_value(row).unwrap();
        kill.was(&physical(), within)
    };
    let here = physical().instance().to_owned();
    for (time, expected) in [
        ("2026-11-21T10:00:00Z", true),
        ("2026-11-21T18:01:00+0800", true),
        ("2026-11-21T18:01:00.250+08:00", true),
        ("2026-11-21 10:01:00", true),
        ("2026-11-21T09:59:59.999Z", false),
        ("2026-11-21T10:05:01+0000", false),
        // Documented are UTC, and an example that lies in the time that was asked for only if its offset means nothing.
        ("2026-11-21T10:01:00+0800", true),
        ("2026-11-21T18:01:00", false),
        ("1795255260000", false),
        ("é", false),
        ("", false),
    ] {
        let row = serde_json::json!({"process_id": "7", "instance_id": here, "execute_time": time});
        assert_eq!(was(row), expected, "{time}");
    }
    for elsewhere in [format!("{UNIQUE}in09"), String::new()] {
        let row = serde_json::json!({
            "process_id": 7, "instance_id": elsewhere, "execute_time": "2026-11-21T10:01:00Z",
        });
        assert!(!was(row), "{elsewhere}");
    }
    assert!(!was(
        serde_json::json!({"process_id": "7", "instance_id": here})
    ));
}

#[test]
fn the_log_is_asked_in_the_form_of_the_document() {
    let time = datetime!(2024-06-18 09:00:00 +8);
    assert_eq!(time.format(LOG_TIME).unwrap(), "2024-06-18T09:00:00+0800");
}
