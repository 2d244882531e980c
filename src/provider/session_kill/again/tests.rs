#![allow(clippy::unwrap_used)]

use serde::Deserialize;
use serde_json::json;

use super::*;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Block {
    users: select::Strings,
    exclude_users: select::Strings,
    commands: select::Strings,
    hosts: select::Strings,
    databases: Value<Vec<Value<i64>>>,
    min_time: Value<String>,
    all: Value<bool>,
}

fn block(conditions: serde_json::Value) -> Select<Block> {
    Value::Value(vec![Value::Value(
        serde_json::from_value(conditions).unwrap(),
    )])
}

/// The arguments that differ, and the planned block.
fn compared(prior: &Select<Block>, planned: &Select<Block>) -> (Vec<&'static str>, Select<Block>) {
    let mut comparison = Comparison::default();
    let mut planned = planned.clone();
    comparison.select(&mut planned, prior);
    (comparison.into_differing(), planned)
}

#[test]
fn conditions_that_mean_the_same_keep_the_words_of_the_state() {
    for (prior, planned) in [
        (
            json!({"users": ["a", "b"]}),
            json!({"users": ["b", "a", "b"]}),
        ),
        (json!({"min_time": "2m"}), json!({"min_time": "120s"})),
        (json!({"min_time": "1d"}), json!({"min_time": "24h"})),
        (
            json!({"commands": ["Query"]}),
            json!({"commands": ["QUERY"]}),
        ),
        (json!({"databases": [0, 1]}), json!({"databases": [1, 0]})),
        (
            json!({"hosts": ["10.0.0.7", "App-7:80", "2001:db8::7"]}),
            json!({"hosts": ["[2001:DB8:0::7]", "app-7:80", "10.0.0.7/32"]}),
        ),
    ] {
        let (prior, planned) = (block(prior), block(planned));
        assert_ne!(prior, planned);
        assert_eq!(compared(&prior, &planned), (vec![], prior));
    }
}

#[test]
fn a_null_and_what_stands_in_its_place_keep_the_words_of_the_plan() {
    for (one, other) in [
        (
            json!({"all": true}),
            json!({"all": true, "exclude_users": []}),
        ),
        (
            json!({"users": ["a"]}),
            json!({"users": ["a"], "all": false}),
        ),
    ] {
        let (one, other) = (block(one), block(other));
        assert_eq!(compared(&one, &other), (vec![], other.clone()));
        assert_eq!(compared(&other, &one), (vec![], one));
    }
}

#[test]
fn conditions_that_mean_something_else_kill_again() {
    let unknown = |value: Block| Value::Value(vec![Value::Value(value)]);
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
            block(json!({"users": ["a"]})),
            block(json!({"exclude_users": ["a"], "all": true})),
        ),
        (
            block(json!({"min_time": "2m"})),
            block(json!({"min_time": "121s"})),
        ),
        (
            block(json!({"hosts": ["10.0.0.7"]})),
            block(json!({"hosts": ["10.0.0.7:80"]})),
        ),
        (
            block(json!({"hosts": ["10.0.0.0/24"]})),
            block(json!({"hosts": ["10.0.0.0/25"]})),
        ),
        (block(json!({"all": true})), Value::Value(vec![])),
        (Value::Value(vec![]), block(json!({"all": true}))),
        (block(json!({"all": true})), Value::Unknown),
        (
            block(json!({"users": ["a"]})),
            unknown(Block {
                users: Value::Unknown,
                ..Block::default()
            }),
        ),
        (
            block(json!({"users": ["a"]})),
            unknown(Block {
                users: Value::Value(vec![Value::Value("a".to_owned()), Value::Unknown]),
                ..Block::default()
            }),
        ),
    ] {
        let (differing, kept) = compared(&prior, &planned);
        assert_eq!((differing, kept), (vec!["select"], planned));
    }
}

#[test]
fn ids_are_a_set() {
    fn ids(listed: &[i64]) -> Value<Vec<Value<i64>>> {
        Value::Value(listed.iter().copied().map(Value::Value).collect())
    }
    let prior = ids(&[1, 2]);
    for (mut planned, differs) in [
        (ids(&[1, 2]), false),
        (ids(&[2, 1, 2]), false),
        (ids(&[1]), true),
        (ids(&[1, 2, 3]), true),
        (Value::Null, true),
        (Value::Unknown, true),
        (
            Value::Value(vec![Value::Value(1), Value::Value(2), Value::Unknown]),
            true,
        ),
    ] {
        let mut comparison = Comparison::default();
        comparison.list("ids", &mut planned, &prior);
        let differing = comparison.into_differing();
        assert_eq!(!differing.is_empty(), differs, "{planned:?}");
        assert_eq!(planned == prior, !differs);
    }
}

#[test]
fn triggers_are_the_values_that_there_are() {
    let triggers =
        |values: serde_json::Value| -> Triggers { serde_json::from_value(values).unwrap() };
    for (prior, planned, differs) in [
        (json!(null), json!({}), false),
        (json!({}), json!(null), false),
        (json!({}), json!({"ticket": null}), false),
        (json!({"ticket": "1"}), json!({"ticket": "1"}), false),
        (json!({"ticket": "1"}), json!({"ticket": "2"}), true),
        (json!({"ticket": "1"}), json!({"change": "1"}), true),
        (json!({"ticket": "1"}), json!({}), true),
        (json!(null), json!({"ticket": "1"}), true),
    ] {
        let mut comparison = Comparison::default();
        let mut kept = triggers(planned.clone());
        comparison.triggers(&mut kept, &triggers(prior.clone()));
        let differing = comparison.into_differing();
        assert_eq!(!differing.is_empty(), differs, "{prior} and {planned}");
        // An engine refuses another value for a null, and a null for a value.
        assert_eq!(kept.is_null(), planned.is_null());
    }

    let mut comparison = Comparison::default();
    comparison.triggers(&mut Value::Unknown, &Value::Null);
    assert_eq!(comparison.into_differing(), ["triggers"]);
}

#[test]
fn only_the_end_of_a_rehearsal_kills() {
    for (planned, was_rehearsal, kills) in [
        (Value::Value(false), true, true),
        (Value::Null, true, true),
        (Value::Unknown, true, true),
        (Value::Value(true), true, false),
        (Value::Value(true), false, false),
        (Value::Value(false), false, false),
        (Value::Null, false, false),
        (Value::Unknown, false, false),
    ] {
        let mut comparison = Comparison::default();
        comparison.dry_run(&planned, was_rehearsal);
        assert_eq!(
            !comparison.into_differing().is_empty(),
            kills,
            "{planned:?} after a rehearsal: {was_rehearsal}"
        );
    }
}
