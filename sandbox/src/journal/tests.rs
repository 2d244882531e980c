#![allow(clippy::unwrap_used, clippy::expect_used)]

use serde_json::json;

use super::*;

fn entry(path: &str, body: &str) -> Entry {
    Entry {
        at_ms: 1,
        method: "POST".to_owned(),
        path: path.to_owned(),
        query: String::new(),
        signed_with: None,
        status: Some(200),
        body: Bytes::copy_from_slice(body.as_bytes()),
        request_id: "r".to_owned(),
    }
}

#[test]
fn calls_of_one_kind_are_counted_together() {
    let cases = [
        (
            "/v2/p/instances/i/clients/kill-all",
            "/v2/{project_id}/instances/{instance_id}/clients/kill-all",
        ),
        ("/v2/p/jobs/j", "/v2/{project_id}/jobs/{job_id}"),
        (
            "/v3/p/instances/i/nodes/n/processes",
            "/v3/{project_id}/instances/{instance_id}/nodes/{node_id}/processes",
        ),
        ("/v3/projects", "/v3/projects"),
        ("/v3/auth/tokens", "/v3/auth/tokens"),
    ];
    for (path, expected) in cases {
        assert_eq!(route(path), expected);
    }
}

#[test]
fn bodies_are_shown_as_json_else_as_text() {
    assert_eq!(shown_body(b""), Value::Null);
    assert_eq!(
        shown_body(br#"{"processes": [9007199254740993]}"#),
        json!({"processes": [9007199254740993_i64]})
    );
    assert_eq!(shown_body(b"{broken"), json!("{broken"));
}

#[test]
fn passwords_and_tokens_are_not_shown() {
    let body = json!({"auth": {
        "identity": {"methods": ["password"], "password": {"user": {"name": "u", "password": "hunter2"}}},
        "id_token": {"id": "hunter2"},
        "token": {"id": "hunter2", "duration_seconds": 900},
    }});
    let shown = shown_body(body.to_string().as_bytes()).to_string();
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(
        shown.contains("\"name\":\"u\"") && shown.contains("900"),
        "{shown}"
    );
}

#[test]
fn the_journal_keeps_the_last_requests_and_all_totals() {
    let journal = Journal::default();
    for index in 0..MOST_REQUESTS + 5 {
        journal.record(entry("/v2/p/jobs/j", &index.to_string()));
    }
    let requests = journal.requests();
    assert_eq!(requests.len(), MOST_REQUESTS);
    assert_eq!(requests[0].body, json!(5));
    assert_eq!(
        journal.totals()["POST /v2/{project_id}/jobs/{job_id}"],
        MOST_REQUESTS as u64 + 5
    );

    journal.clear();
    assert!(journal.requests().is_empty() && journal.totals().is_empty());
}
