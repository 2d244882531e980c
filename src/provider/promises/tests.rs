use serde_json::{Value, json};

use super::*;
use crate::provider::services;

/// A value that is not known yet.
const UNKNOWN: &str = Record::UNKNOWN;

/// The limits of a kill of session threads.
fn limits(processes: Value, select: Value) -> Limits {
    of(
        "taurusdb",
        json!({"processes": processes, "select": select}),
    )
}

fn of(service: &str, arguments: Value) -> Limits {
    let Some(service) = services::named(service) else {
        panic!("there is no service {service}");
    };
    Limits::of(service, &Record::of_json(arguments))
}

fn promises(limits: &Limits) -> BTreeMap<String, Encoded> {
    let Encoded::Map(promises) = limits.promises() else {
        panic!("promises are an object");
    };
    (promises.into_iter())
        .map(|(name, promise)| (name.as_str().unwrap_or_default().to_owned(), promise))
        .collect()
}

/// The engine accepts a second plan when every value that the first one knew is the same in it.
fn accepted(first: &Limits, second: &Limits) -> bool {
    let (first, second) = (promises(first), promises(second));
    (first.iter()).all(|(key, promise)| {
        Presence::of(promise).is_unknown() || Some(promise) == second.get(key)
    })
}

#[test]
fn an_unknown_argument_may_get_a_value_but_not_become_null() {
    let unknown = limits(json!(UNKNOWN), json!([]));
    let absent = || limits(json!(null), json!([]));

    assert!(accepted(&unknown, &limits(json!([1]), json!([]))));
    assert!(!accepted(&unknown, &absent()));
    assert!(accepted(&absent(), &absent()));

    let cap = |max_sessions| of("dcs", json!({"max_sessions": max_sessions}));
    assert!(accepted(&cap(json!(UNKNOWN)), &cap(json!(3))));
    assert!(!accepted(&cap(json!(UNKNOWN)), &cap(json!(null))));
}

#[test]
fn a_node_may_not_become_all_nodes() {
    let node = |node: Value, all: Value| of("dcs", json!({"node_id": node, "kill_all_nodes": all}));
    let one = node(json!("n"), json!(UNKNOWN));

    assert!(accepted(&one, &node(json!("n"), json!(false))));
    assert!(!accepted(&one, &node(json!("n"), json!(true))));
}

#[test]
fn ids_may_become_a_block_and_a_block_ids() {
    let unknown = limits(json!(UNKNOWN), json!(UNKNOWN));
    let block = json!([{"users": ["a", UNKNOWN]}]);

    assert!(accepted(&unknown, &limits(json!([1]), json!([]))));
    assert!(accepted(&unknown, &limits(json!(null), block)));
    assert!(!accepted(&unknown, &limits(json!(null), json!([]))));
}

#[test]
fn an_unknown_block_may_come_with_any_condition_but_not_be_missing() {
    let everything_unknown = json!([{"users": UNKNOWN, "min_busy": UNKNOWN, "all": UNKNOWN}]);
    for unknown in [json!(UNKNOWN), everything_unknown] {
        let unknown = limits(json!(null), unknown);
        let users = json!([{"users": ["a"]}]);

        assert!(accepted(&unknown, &limits(json!(null), users)));
        assert!(!accepted(&unknown, &limits(json!(null), json!([]))));
    }
}

#[test]
fn an_unknown_condition_may_get_a_value_but_not_become_null() {
    let with = |min_busy: Value| {
        limits(
            json!(null),
            json!([{"min_busy": min_busy, "users": ["a"], "all": null}]),
        )
    };
    let unknown = with(json!(UNKNOWN));

    assert!(accepted(&unknown, &with(json!("5m"))));
    assert!(!accepted(&unknown, &with(json!(null))));
    assert_eq!(
        promises(&unknown)[CONDITIONS].as_str(),
        Some(
            "If one of these is null, false or an empty list at apply, no session is killed; give it a value, or take it out and plan \
             again: min_busy, users."
        )
    );
}

#[test]
fn an_unknown_condition_may_not_come_as_one_that_means_nothing() {
    for (condition, nothing, value) in [
        ("exclude_users", json!([]), json!(["a"])),
        ("blocking", json!(false), json!(true)),
    ] {
        let with =
            |value: &Value| limits(json!(null), json!([{condition: value, "min_busy": "5m"}]));
        let unknown = with(&json!(UNKNOWN));

        assert!(accepted(&unknown, &with(&value)), "{condition}");
        assert!(!accepted(&unknown, &with(&nothing)), "{condition}");
        assert!(
            accepted(&with(&json!(null)), &with(&nothing)),
            "{condition}"
        );
    }
}

#[test]
fn every_session_is_meant_when_nothing_says_which() {
    let all = |excluded: Value| json!([{"users": null, "exclude_users": excluded, "all": true}]);
    for (every, ids, block) in [
        (true, json!(null), json!([])),
        (true, json!(null), all(json!(null))),
        (true, json!(null), all(json!([]))),
        (true, json!(null), json!([{"all": true, "blocking": false}])),
        (false, json!(null), all(json!(["a"]))),
        (false, json!(null), all(json!(UNKNOWN))),
        (false, json!(null), json!(UNKNOWN)),
        (false, json!([1]), json!([])),
        (false, json!(UNKNOWN), json!([])),
    ] {
        let limits = limits(ids.clone(), block.clone());
        assert_eq!(limits.means_every_session(), every, "{ids} {block}");
    }
}

#[test]
fn an_action_is_not_planned_with_a_limit_that_may_become_null() {
    let refused = |limits: Limits| {
        let mut diags = Diagnostics::default();
        limits.refuse_unknown(&mut diags);
        (diags.errors.iter())
            .map(|error| error.summary.to_string())
            .collect::<Vec<_>>()
    };
    let conditions = json!([{"users": ["a", UNKNOWN], "min_busy": UNKNOWN, "all": null}]);

    assert_eq!(
        refused(limits(json!(UNKNOWN), conditions)),
        ["processes is not known yet", "min_busy is not known yet"]
    );
    assert_eq!(
        refused(limits(json!(null), json!(UNKNOWN))),
        ["select is not known yet"]
    );
    assert!(refused(limits(json!([1]), json!([]))).is_empty());
    assert_eq!(
        refused(of(
            "dcs",
            json!({"node_id": "n", "kill_all_nodes": UNKNOWN, "client_addrs": ["a:1"]})
        )),
        ["kill_all_nodes is not known yet"]
    );
    // Null there would mean the instance, where DCS would miss the node.
    for (service, expected) in [
        ("rds_mysql", &["node_id is not known yet"][..]),
        ("rds_postgresql", &["node_id is not known yet"]),
        ("dcs", &[]),
    ] {
        let arguments = json!({"node_id": UNKNOWN, "select": [{"users": ["a"]}]});
        assert_eq!(refused(of(service, arguments)), expected, "{service}");
    }
}
