use serde_json::{Value, json};

use super::*;
use crate::provider::services;

/// The arguments that differ between two kills of a service, and the plan afterwards.
fn compared(service: &str, prior: &Value, planned: &Value) -> (Vec<&'static str>, Record) {
    let Some(service) = services::named(service) else {
        panic!("there is no service {service}");
    };
    let prior = Record::of_json(prior.clone());
    let mut planned = Record::of_json(planned.clone());
    let differing = compare(service, &mut planned, &prior);
    (differing, planned)
}

fn select(conditions: &Value) -> Value {
    json!({"select": [conditions]})
}

#[test]
fn conditions_that_mean_the_same_keep_the_words_of_the_state() {
    for (service, prior, planned) in [
        (
            "taurusdb",
            json!({"users": ["a", "b"]}),
            json!({"users": ["b", "a", "b"]}),
        ),
        (
            "taurusdb",
            json!({"min_busy": "2m"}),
            json!({"min_busy": "120s"}),
        ),
        ("dcs", json!({"min_age": "1d"}), json!({"min_age": "24h"})),
        (
            "taurusdb",
            json!({"commands": ["Query"]}),
            json!({"commands": ["QUERY"]}),
        ),
        (
            "dcs",
            json!({"databases": ["0", "1"]}),
            json!({"databases": ["1", "0"]}),
        ),
        (
            "taurusdb",
            json!({"addresses": ["10.0.0.7", "App-7:80", "2001:db8::7"]}),
            json!({"addresses": ["[2001:DB8:0::7]", "app-7:80", "10.0.0.7/32"]}),
        ),
    ] {
        let (prior, planned) = (select(&prior), select(&planned));
        let (differing, kept) = compared(service, &prior, &planned);
        assert_eq!(differing, [""; 0], "{prior} and {planned}");
        assert_eq!(kept, Record::of_json(prior));
    }
}

#[test]
fn a_null_and_what_stands_in_its_place_keep_the_words_of_the_plan() {
    for (one, other) in [
        (
            json!({"all": true, "exclude_users": null}),
            json!({"all": true, "exclude_users": []}),
        ),
        (
            json!({"users": ["a"], "all": null}),
            json!({"users": ["a"], "all": false}),
        ),
    ] {
        let (one, other) = (select(&one), select(&other));
        for (prior, planned) in [(&one, &other), (&other, &one)] {
            let (differing, kept) = compared("taurusdb", prior, planned);
            assert_eq!(differing, [""; 0], "{prior} and {planned}");
            assert_eq!(kept, Record::of_json(planned.clone()));
        }
    }
}

#[test]
fn conditions_that_mean_something_else_kill_again() {
    let unknown = Record::UNKNOWN;
    let block = |conditions: Value| select(&conditions);
    for (prior, planned) in [
        (
            block(json!({"users": ["a"]})),
            block(json!({"users": ["A"]})),
        ),
        (
            block(json!({"users": ["a"]})),
            block(json!({"users": ["a", "b"]})),
        ),
        (
            block(json!({"users": ["a"], "exclude_users": null, "all": null})),
            block(json!({"users": null, "exclude_users": ["a"], "all": true})),
        ),
        (
            block(json!({"min_busy": "2m"})),
            block(json!({"min_busy": "121s"})),
        ),
        (
            block(json!({"min_busy": "2m", "min_idle": null})),
            block(json!({"min_busy": null, "min_idle": "2m"})),
        ),
        (
            block(json!({"addresses": ["10.0.0.7"]})),
            block(json!({"addresses": ["10.0.0.7:80"]})),
        ),
        (
            block(json!({"addresses": ["10.0.0.0/24"]})),
            block(json!({"addresses": ["10.0.0.0/25"]})),
        ),
        (block(json!({"all": true})), json!({"select": []})),
        (json!({"select": []}), block(json!({"all": true}))),
        (block(json!({"all": true})), json!({"select": unknown})),
        (
            block(json!({"users": ["a"]})),
            block(json!({"users": unknown})),
        ),
        (
            block(json!({"users": ["a"]})),
            block(json!({"users": ["a", unknown]})),
        ),
    ] {
        let (differing, kept) = compared("taurusdb", &prior, &planned);
        assert_eq!(differing, ["select"], "{prior} and {planned}");
        assert_eq!(kept, Record::of_json(planned));
    }
}

#[test]
fn listed_sessions_are_a_set() {
    let prior = json!({"processes": [1, 2]});
    for (planned, differs) in [
        (json!([1, 2]), false),
        (json!([2, 1, 2]), false),
        (json!([1]), true),
        (json!([1, 2, 3]), true),
        (json!(null), true),
        (json!(Record::UNKNOWN), true),
        (json!([1, 2, Record::UNKNOWN]), true),
    ] {
        let planned = json!({"processes": planned});
        let (differing, kept) = compared("taurusdb", &prior, &planned);
        assert_eq!(differing.contains(&"processes"), differs, "{planned}");
        let expected = if differs { &planned } else { &prior };
        assert_eq!(kept, Record::of_json(expected.clone()));
    }
}

#[test]
fn triggers_are_the_values_that_there_are() {
    for (prior, planned, differs) in [
        (json!(null), json!({}), false),
        (json!({}), json!(null), false),
        (json!({}), json!({"ticket": null}), false),
        (json!({"ticket": "1"}), json!({"ticket": "1"}), false),
        (json!({"ticket": "1"}), json!({"ticket": "2"}), true),
        (json!({"ticket": "1"}), json!({"change": "1"}), true),
        (json!({"ticket": "1"}), json!({}), true),
        (json!(null), json!({"ticket": "1"}), true),
        (json!(null), json!(Record::UNKNOWN), true),
    ] {
        let (prior, planned) = (json!({"triggers": prior}), json!({"triggers": planned}));
        let (differing, kept) = compared("dcs", &prior, &planned);
        assert_eq!(
            differing.contains(&"triggers"),
            differs,
            "{prior} and {planned}"
        );
        // An engine refuses another value for a null, and a null for a value.
        assert_eq!(
            kept.presence("triggers"),
            Record::of_json(planned).presence("triggers")
        );
    }
}

#[test]
fn only_the_end_of_a_rehearsal_kills() {
    for (planned, id, kills) in [
        (json!(false), "i/dry-run", true),
        (json!(null), "i/dry-run", true),
        (json!(Record::UNKNOWN), "i/dry-run", true),
        (json!(true), "i/dry-run", false),
        (json!(true), "i/job-1", false),
        (json!(false), "i/job-1", false),
        (json!(null), "i/job-1", false),
        (json!(Record::UNKNOWN), "i/job-1", false),
    ] {
        let prior = json!({"id": id});
        let planned = json!({"dry_run": planned});
        let (differing, _) = compared("dcs", &prior, &planned);
        assert_eq!(
            differing.contains(&"dry_run"),
            kills,
            "{planned} after {id}"
        );
    }
}

#[test]
fn a_node_means_nothing_when_all_nodes_are_meant() {
    for (prior, planned, differing) in [
        (
            json!({"node_id": "a", "kill_all_nodes": true}),
            json!({"node_id": "b", "kill_all_nodes": true}),
            vec![],
        ),
        (
            json!({"node_id": "a", "kill_all_nodes": false}),
            json!({"node_id": "b", "kill_all_nodes": false}),
            vec!["node_id"],
        ),
        (
            json!({"node_id": "a", "kill_all_nodes": true}),
            json!({"node_id": "a", "kill_all_nodes": false}),
            vec!["kill_all_nodes"],
        ),
        (
            json!({"region": "a"}),
            json!({"region": Record::UNKNOWN}),
            vec!["region"],
        ),
    ] {
        assert_eq!(compared("dcs", &prior, &planned).0, differing);
    }
}
