use std::time::{Duration, Instant};

use hwc_sandbox::{Options, RateLimit, Rule, Sandbox};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{TestCloud, quick, start};

/// A kill of one thread of the first TaurusDB node: its path and its body.
async fn kill_of_one(cloud: &TestCloud) -> (String, Value) {
    let node = &cloud.nodes("taurusdb")[0];
    let id = cloud.client.node_state(node).await["sessions"][0].clone();
    (cloud.client.processes(node), json!({"processes": [id]}))
}

async fn is_alive(cloud: &TestCloud) -> bool {
    let node = &cloud.nodes("taurusdb")[0];
    cloud.client.node_state(node).await["kills"] == json!({})
}

#[tokio::test]
async fn a_rule_answers_in_place_of_the_service() {
    let cloud = start(quick()).await;
    let (path, body) = kill_of_one(&cloud).await;
    cloud.client.fault(&json!({
        "method": "DELETE", "path_contains": "/processes", "times": 1,
        "status": 503, "headers": {"Retry-After": "7", "Content-Type": "text/html"}, "body": "<html>busy</html>",
    })).await;

    let answer = cloud.client.delete(&path, &body).await;
    assert_eq!(
        (answer.status.as_u16(), answer.text.as_str()),
        (503, "<html>busy</html>")
    );
    assert_eq!(answer.headers["retry-after"], "7");
    assert_eq!(answer.headers["content-type"], "text/html");
    assert_eq!(answer.headers["x-request-id"].len(), 32);
    assert!(is_alive(&cloud).await);
    cloud.client.delete(&path, &body).await.assert_ok();
}

#[tokio::test]
async fn a_status_alone_gets_an_error_of_the_gateways_shape() {
    let cloud = start(quick()).await;
    let (path, body) = kill_of_one(&cloud).await;
    cloud
        .client
        .fault(&json!([{"times": 1, "status": 429}, {"status": 502}]))
        .await;
    cloud
        .client
        .delete(&path, &body)
        .await
        .assert_error(429, "APIGW.0308");
    cloud
        .client
        .delete(&path, &body)
        .await
        .assert_error(502, "SANDBOX.502");
}

#[tokio::test]
async fn a_call_can_be_performed_and_its_answer_lost() {
    let cloud = start(quick()).await;
    let (path, body) = kill_of_one(&cloud).await;
    cloud
        .client
        .fault(&json!({"apply": true, "close": true}))
        .await;
    assert!(
        cloud
            .client
            .send(Method::DELETE, &path, &body.to_string())
            .await
            .is_err()
    );
    assert!(!is_alive(&cloud).await);
}

#[tokio::test]
async fn a_connection_can_be_dropped_before_the_call_is_performed() {
    let cloud = start(quick()).await;
    let (path, body) = kill_of_one(&cloud).await;
    cloud
        .client
        .fault(&json!({"close": true, "times": 1}))
        .await;
    assert!(
        cloud
            .client
            .send(Method::DELETE, &path, &body.to_string())
            .await
            .is_err()
    );
    assert!(is_alive(&cloud).await);

    let requests = cloud
        .client
        .admin(Method::GET, "/requests", "")
        .await
        .json();
    assert_eq!(requests["requests"][0]["status"], Value::Null);
}

#[tokio::test]
async fn an_answer_can_break_off() {
    let cloud = start(quick()).await;
    let (path, body) = kill_of_one(&cloud).await;
    cloud.client.fault(&json!({"truncate": 5})).await;
    let error = cloud
        .client
        .send(Method::DELETE, &path, &body.to_string())
        .await
        .unwrap_err();
    assert!(
        error.is_body() || error.is_decode(),
        "the head arrived, the body broke: {error:?}"
    );
    assert!(!is_alive(&cloud).await);
}

#[tokio::test]
async fn an_answer_can_be_late_or_slow() {
    let cloud = start(quick()).await;
    let (path, body) = kill_of_one(&cloud).await;
    cloud
        .client
        .fault(&json!([
            {"times": 1, "delay_ms": 150},
            {"times": 1, "drip_ms": 10, "body": "0123456789"},
        ]))
        .await;
    for least in [150, 100] {
        let started = Instant::now();
        let answer = cloud.client.delete(&path, &body).await.assert_ok();
        assert!(
            started.elapsed() >= Duration::from_millis(least),
            "{:?} {answer:?}",
            started.elapsed()
        );
    }
}

#[tokio::test]
async fn a_call_goes_on_when_its_caller_hangs_up() {
    let cloud = start(quick()).await;
    let (path, body) = kill_of_one(&cloud).await;
    cloud.client.fault(&json!({"delay_ms": 200})).await;
    let body = body.to_string();
    let call = cloud.client.send(Method::DELETE, &path, &body);
    assert!(
        tokio::time::timeout(Duration::from_millis(50), call)
            .await
            .is_err()
    );
    assert!(is_alive(&cloud).await);

    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!is_alive(&cloud).await);
    let recorded = cloud
        .client
        .admin(Method::GET, "/requests", "")
        .await
        .json();
    assert_eq!(recorded["requests"][0]["status"], 200);
}

#[tokio::test]
async fn a_rule_made_in_code_is_checked_at_the_start() {
    let rule = Rule {
        rate: Some(2.0),
        ..Rule::default()
    };
    let error = Sandbox::start(Options {
        faults: vec![rule],
        ..quick()
    })
    .await
    .unwrap_err();
    assert!(
        error.to_string().contains("rate must be between 0 and 1"),
        "{error}"
    );
}

#[tokio::test]
async fn a_job_can_fail_with_a_reason_and_kills_nothing_then() {
    let cloud = start(quick()).await;
    let node = &cloud.nodes("dcs")[0];
    cloud
        .client
        .fault(&json!({"job": "FAIL", "fail_reason": "node down", "times": 1}))
        .await;
    let body = json!({"kill_all_nodes": true});

    let failed = cloud.client.kill_all(&body, node).await;
    assert_eq!(
        (&failed["status"], &failed["fail_reason"]),
        (&json!("FAIL"), &json!("node down"))
    );
    assert_eq!(cloud.client.list_dcs(node).await.len(), node.sessions);
    assert_eq!(
        cloud.client.kill_all(&body, node).await["status"],
        "SUCCESS"
    );
}

#[tokio::test]
async fn a_job_can_run_until_the_faults_are_cleared() {
    let cloud = start(quick()).await;
    let client = &cloud.client;
    let node = &cloud.nodes("dcs")[0];
    client.fault(&json!({"job": "never"})).await;
    let body = json!({"kill_all_nodes": true});
    let path = client.clients(node, "/kill-all");
    let job_id = client.post(&path, &body).await.assert_ok().json()["job_id"]
        .as_str()
        .unwrap()
        .to_owned();

    tokio::time::sleep(Duration::from_millis(200)).await;
    let job = client
        .get(&client.dcs(&format!("/jobs/{job_id}")))
        .await
        .json();
    assert_eq!(job["status"], "RUNNING");
    client
        .post(&path, &body)
        .await
        .assert_error(400, "DCS.4017");

    client
        .admin(Method::DELETE, "/faults", "")
        .await
        .assert_ok();
    assert_eq!(client.job_end(&job_id).await["status"], "FAIL");
    assert_eq!(client.kill_all(&body, node).await["status"], "SUCCESS");
}

#[tokio::test]
async fn a_scan_can_fail_with_a_reason_and_saves_nothing_then() {
    let cloud = start(quick()).await;
    let client = &cloud.client;
    let node = &cloud.nodes("dcs")[0];
    client
        .fault(&json!({"scan": "FAIL", "fail_reason": "node down", "times": 1}))
        .await;
    let failed = client.scan(node, true).await;
    assert_eq!(
        (&failed["status"], &failed["fail_reason"]),
        (&json!("FAIL"), &json!("node down"))
    );
    let path = client.clients(node, &format!("?node_id={}", node.node_id));
    client.get(&path).await.assert_error(500, "DCS.5000");
    assert_eq!(client.list_dcs(node).await.len(), node.sessions);
}

#[tokio::test]
async fn the_gateway_can_limit_the_calls_of_an_api() {
    let cloud = start(Options {
        rate_limit: Some(RateLimit {
            calls: 2,
            window: Duration::from_secs(60),
        }),
        ..quick()
    })
    .await;
    let (path, body) = kill_of_one(&cloud).await;
    let metadata = async || {
        let path = "/openstack/latest/securitykey";
        let answer = cloud.client.send_unsigned(Method::GET, path, &[], "").await;
        answer.unwrap().status.as_u16()
    };
    for _ in 0..2 {
        cloud.client.get(&path).await.assert_ok();
    }
    let refused = cloud.client.get(&path).await;
    refused.assert_error(429, "APIGW.0308");
    let message = refused.json()["error_msg"].as_str().unwrap().to_owned();
    assert!(
        message.ends_with("policy user over ratelimit,limit:2,time:1 minute"),
        "{message}"
    );
    assert!(!refused.headers.contains_key("retry-after"));
    cloud.client.delete(&path, &body).await.assert_ok();
    for _ in 0..3 {
        assert_ne!(metadata().await, 429, "no gateway stands before it");
    }
}

#[tokio::test]
async fn rules_are_listed_with_what_became_of_them_and_can_be_set_at_the_start() {
    let rule: Rule =
        serde_json::from_value(json!({"status": 500, "skip": 1, "path_contains": "/jobs/"}))
            .unwrap();
    let TestCloud {
        sandbox: _sandbox,
        client,
    } = start(Options {
        faults: vec![rule],
        ..quick()
    })
    .await;
    let path = client.dcs("/jobs/none");
    client.get(&path).await.assert_error(400, "DCS.4070");
    client.get(&path).await.assert_error(500, "SANDBOX.500");

    let listed = client
        .admin(Method::GET, "/faults", "")
        .await
        .assert_ok()
        .json();
    assert_eq!(
        listed,
        json!({"faults": [
            {"status": 500, "skip": 1, "path_contains": "/jobs/", "matched": 2, "applied": 1},
        ]})
    );
    for bad in [
        "",
        "{",
        r#"{"unknown": 1}"#,
        r#"[{"status": 500}, {"rate": 2}]"#,
    ] {
        client
            .admin(Method::POST, "/faults", bad)
            .await
            .assert_error(400, "SANDBOX.400");
    }
    assert_eq!(
        client.admin(Method::GET, "/faults", "").await.json()["faults"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn calls_are_recorded_with_their_bodies_and_counted_by_route() {
    let cloud = start(quick()).await;
    let client = &cloud.client;
    let (path, body) = kill_of_one(&cloud).await;
    client.delete(&path, &body).await.assert_ok();
    client
        .get(&format!("{path}?limit=2&offset=1"))
        .await
        .assert_ok();
    let refused = client
        .send(Method::DELETE, &path, "not json")
        .await
        .unwrap();

    let recorded = client
        .admin(Method::GET, "/requests", "")
        .await
        .assert_ok()
        .json();
    let requests = recorded["requests"].as_array().unwrap();
    assert_eq!(
        requests.len(),
        3,
        "the admin calls themselves are not recorded: {requests:?}"
    );
    assert_eq!(
        (
            &requests[0]["method"],
            &requests[0]["path"],
            &requests[0]["body"]
        ),
        (&json!("DELETE"), &json!(path), &body)
    );
    assert_eq!(
        (&requests[0]["status"], &requests[1]["query"]),
        (&json!(200), &json!("limit=2&offset=1"))
    );
    assert_eq!(
        (&requests[2]["body"], &requests[2]["status"]),
        (&json!("not json"), &json!(400))
    );
    assert_eq!(
        requests[2]["request_id"].as_str().unwrap(),
        refused.headers["x-request-id"]
    );
    assert!(requests[0]["at_ms"].as_u64().unwrap() > 1_700_000_000_000);
    let route = "/v3/{project_id}/instances/{instance_id}/nodes/{node_id}/processes";
    assert_eq!(
        recorded["totals"],
        json!({format!("DELETE {route}"): 2, format!("GET {route}"): 1})
    );

    client
        .admin(Method::DELETE, "/requests", "")
        .await
        .assert_ok();
    let recorded = client.admin(Method::GET, "/requests", "").await.json();
    assert_eq!(recorded, json!({"requests": [], "totals": {}}));
}

#[tokio::test]
async fn a_thousand_calls_at_once_are_all_answered() {
    let cloud = start(quick()).await;
    let path = cloud.client.dcs("/jobs/none");
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..1000 {
        let (client, path) = (cloud.client.clone(), path.clone());
        calls.spawn(async move { client.get(&path).await.status.as_u16() });
    }
    assert!(calls.join_all().await.iter().all(|status| *status == 400));
}
