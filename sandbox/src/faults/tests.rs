#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

fn faults(rules: &[&str]) -> Faults {
    Faults::new(rules.iter().map(|rule| rule.parse().unwrap()).collect()).unwrap()
}

#[test]
fn the_first_matching_rule_decides() {
    let faults = faults(&[
        r#"{"method": "post", "path_contains": "/clients/kill", "status": 500}"#,
        r#"{"path_contains": "/clients", "status": 503}"#,
    ]);
    let status = |method, path| faults.for_call(method, path).and_then(|rule| rule.status);

    assert_eq!(
        status("POST", "/v2/p/instances/i/clients/kill-all"),
        Some(500)
    );
    assert_eq!(status("GET", "/v2/p/instances/i/clients"), Some(503));
    assert_eq!(status("GET", "/v3/projects"), None);
}

#[test]
fn a_rule_can_tell_a_scan_from_a_kill() {
    let faults = faults(&[r#"{"method": "POST", "path_ends": "/clients", "status": 500}"#]);
    let strikes = |path| faults.for_call("POST", path).is_some();
    assert!(strikes("/v2/p/instances/i/clients"));
    assert!(!strikes("/v2/p/instances/i/clients/kill"));
}

#[test]
fn a_rule_skips_calls_and_wears_out() {
    let faults = faults(&[r#"{"skip": 1, "times": 2, "status": 429}"#]);
    let struck: Vec<bool> = (0..5)
        .map(|_| faults.for_call("GET", "/").is_some())
        .collect();
    assert_eq!(struck, [false, true, true, false, false]);
}

#[test]
fn a_rate_strikes_about_its_share_of_the_calls() {
    for (rate, least, most) in [(0.0, 0, 0), (1.0, 2000, 2000), (0.5, 800, 1200)] {
        let faults = faults(&[&format!(r#"{{"rate": {rate}, "close": true}}"#)]);
        let struck = (0..2000)
            .filter(|_| faults.for_call("GET", "/").is_some())
            .count();
        assert!(
            (least..=most).contains(&struck),
            "{struck} of 2000 at {rate}"
        );
    }
}

#[test]
fn rules_about_jobs_do_not_touch_answers() {
    let faults = faults(&[r#"{"job": "FAIL", "fail_reason": "node down", "times": 1}"#]);
    assert_eq!(faults.for_call("POST", "/kill-all"), None);
    let rule = faults.for_job("POST", "/kill-all").unwrap();
    assert_eq!(rule.fail_reason.as_deref(), Some("node down"));
    assert_eq!(faults.for_job("POST", "/kill-all"), None);
    assert_eq!(faults.for_scan("POST", "/clients"), None);
}

#[test]
fn a_call_is_performed_unless_its_answer_is_replaced_before() {
    let cases = [
        (r#"{"delay_ms": 5}"#, true),
        (r#"{"headers": {"Retry-After": "1"}}"#, true),
        (r#"{"truncate": 3}"#, true),
        (r#"{"status": 503}"#, false),
        (r#"{"body": "<html>"}"#, false),
        (r#"{"close": true}"#, false),
        (r#"{"close": true, "apply": true}"#, true),
    ];
    for (rule, performs) in cases {
        assert_eq!(rule.parse::<Rule>().unwrap().performs(), performs, "{rule}");
    }
}

#[test]
fn rules_that_make_no_sense_are_refused() {
    let bad = [
        "",
        "[]",
        r#"{"stauts": 500}"#,
        r#"{"status": 99}"#,
        r#"{"rate": 1.5}"#,
        r#"{"headers": {"a b": "c"}}"#,
        r#"{"headers": {"a": "line\nbreak"}}"#,
        r#"{"job": "maybe"}"#,
        r#"{"job": "FAIL", "status": 500}"#,
        r#"{"job": "never", "fail_reason": "x"}"#,
        r#"{"scan": "FAIL", "close": true}"#,
    ];
    for rule in bad {
        assert!(rule.parse::<Rule>().is_err(), "{rule}");
    }
}
