#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

#[test]
fn ids_keep_their_order_and_all_their_digits_and_come_once() {
    let body = br#"{"processes": [9223372036854775807, 3, 9007199254740993, 3]}"#;
    let ids = ids_to_kill(body, 4);
    assert_eq!(
        ids.unwrap(),
        [9_223_372_036_854_775_807, 3, 9_007_199_254_740_993]
    );
    assert!(ids_to_kill(body, 3).is_err());
}

#[test]
fn bodies_that_name_no_ids_are_refused() {
    let bad = [
        "",
        "{",
        "{}",
        "[1]",
        r#"{"processes": null}"#,
        r#"{"processes": []}"#,
        r#"{"processes": ["1"]}"#,
        r#"{"processes": [1.5]}"#,
        r#"{"processes": [0]}"#,
        r#"{"processes": [-1]}"#,
        r#"{"processes": [9223372036854775808]}"#,
    ];
    for body in bad {
        assert!(ids_to_kill(body.as_bytes(), 20).is_err(), "{body}");
    }
}
