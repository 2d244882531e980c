use super::*;
use crate::provider::services;

fn upgraded(service: &str, state: Value) -> Value {
    let (Some(service), Value::Object(state)) = (services::named(service), state) else {
        panic!("there is such a service, and a state is an object");
    };
    Value::Object(upgrade(service, state))
}

#[test]
fn what_became_of_each_session_is_kept() {
    let dcs = upgraded(
        "dcs",
        json!({
            "id": "i/r", "node_id": "n", "matched": ["a:1", "b:2", "c:3"],
            "killed": ["a:1"], "not_found": ["c:3"], "remaining": ["b:2"],
        }),
    );
    assert_eq!(
        dcs["sessions"],
        json!([
            {"address": "a:1", "node_id": "n", "outcome": "killed"},
            {"address": "b:2", "node_id": "n", "outcome": "remaining"},
            {"address": "c:3", "node_id": "n", "outcome": "not_found"},
        ])
    );

    let taurusdb = upgraded(
        "taurusdb",
        json!({
            "id": "i/n/r", "killed_at": "t", "matched": [9_007_199_254_740_993_i64, 2], "remaining": [],
            "processes_killed": [9_007_199_254_740_993_i64], "processes_excluded": [2],
        }),
    );
    assert_eq!(
        taurusdb["sessions"],
        json!([
            {"id": "9007199254740993", "outcome": "killed"},
            {"id": "2", "outcome": "refused"},
        ])
    );
    assert_eq!(taurusdb["finished_at"], json!("t"));
}

#[test]
fn sessions_of_all_nodes_are_not_said_to_be_those_of_an_ignored_node() {
    let dcs = upgraded(
        "dcs",
        json!({
            "id": "i/r", "node_id": "n", "kill_all_nodes": true, "matched": ["a:1"], "killed": ["a:1"],
        }),
    );
    assert_eq!(
        dcs["sessions"],
        json!([{"address": "a:1", "node_id": null, "outcome": "killed"}])
    );
}

#[test]
fn a_rehearsal_listed_and_a_kill_of_given_ids_did_not_look() {
    let rehearsal = upgraded("taurusdb", json!({"id": "i/n/dry-run", "matched": [4]}));
    assert_eq!(
        rehearsal["sessions"],
        json!([{"id": "4", "outcome": "listed"}])
    );

    let given = upgraded(
        "taurusdb",
        json!({"id": "i/n/r", "matched": null, "processes_killed": [4]}),
    );
    assert_eq!(given["sessions"], Value::Null);
    assert_eq!(given["processes_killed"], json!([4]));
}

#[test]
fn conditions_have_the_names_of_today() {
    for (old, new) in [
        (json!({"hosts": ["h"]}), json!({"addresses": ["h"]})),
        (
            json!({"commands": ["sleep"], "min_time": "5m"}),
            json!({"commands": ["sleep"], "min_idle": "5m"}),
        ),
        (
            json!({"commands": ["Query"], "min_time": "5m"}),
            json!({"commands": ["Query"], "min_busy": "5m"}),
        ),
        (
            json!({"commands": null, "min_time": null}),
            json!({"commands": null, "min_busy": null}),
        ),
    ] {
        let state = upgraded("taurusdb", json!({"id": "i/n/r", "select": [old]}));
        assert_eq!(state["select"], json!([new]));
    }
}

#[test]
fn a_flag_that_there_was_not_has_its_default() {
    let state = upgraded(
        "dcs",
        json!({"id": "i/j", "kill_all_nodes": true, "wait_for_completion": null}),
    );
    assert_eq!(state["kill_all_nodes"], json!(true));
    assert_eq!(state["wait_for_completion"], json!(true));
    assert_eq!(state["fail_on_not_found"], json!(false));
}

#[test]
fn given_sessions_that_were_not_there_are_kept() {
    let dcs = upgraded(
        "dcs",
        json!({"id": "i/r", "node_id": "n", "matched": ["a:1"], "killed": ["a:1"], "not_found": ["b:2"]}),
    );
    assert_eq!(
        dcs["sessions"],
        json!([
            {"address": "a:1", "node_id": "n", "outcome": "killed"},
            {"address": "b:2", "node_id": "n", "outcome": "not_found"},
        ])
    );

    let rehearsal = upgraded(
        "taurusdb",
        json!({"id": "i/n/dry-run", "matched": [4], "processes_not_found": [5]}),
    );
    assert_eq!(
        rehearsal["sessions"],
        json!([{"id": "4", "outcome": "listed"}, {"id": "5", "outcome": "not_found"}])
    );
}
