use std::time::{Duration, Instant};

use hwc_sandbox::{Busy, NodeMapping};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Client, TestCloud, quick, quick_with, start};

#[tokio::test]
async fn killed_and_missing_ids_are_told_apart_and_internal_threads_are_in_neither_list() {
    let cloud = start(quick()).await;
    let client = &cloud.client;
    let [target, other] = &cloud.nodes("taurusdb")[..] else {
        panic!("expected two nodes")
    };
    let state = client.node_state(target).await;
    let session = |index: usize| state["sessions"][index].as_i64().unwrap();
    let (largest, internal) = (session(target.sessions - 1), &state["internal"][0]);
    assert_eq!(largest, 9_007_199_254_740_993);

    let body = json!({"processes": [largest, internal, session(0), i64::MAX, session(0)]});
    let answer = client
        .delete(&client.processes(target), &body)
        .await
        .assert_ok();
    assert_eq!(
        answer.text,
        format!(
            r#"{{"processes_killed":[{largest},{}],"processes_not_found":[{}]}}"#,
            session(0),
            i64::MAX
        )
    );

    let after = client.node_state(target).await;
    assert_eq!(
        after["sessions"].as_array().unwrap().len(),
        target.sessions - 2
    );
    assert_eq!(after["internal"], state["internal"]);
    assert_eq!(
        after["kills"],
        json!({largest.to_string(): 1, session(0).to_string(): 1})
    );
    assert_eq!(
        client.node_state(other).await["sessions"]
            .as_array()
            .unwrap()
            .len(),
        other.sessions
    );
}

#[tokio::test]
async fn the_state_tells_when_a_session_was_ordered_to_die_twice() {
    let cloud = start(quick()).await;
    let client = &cloud.client;
    let node = &cloud.nodes("taurusdb")[0];
    let id = client.node_state(node).await["sessions"][0].clone();
    for expected in [
        json!({"processes_killed": [id], "processes_not_found": []}),
        json!({"processes_killed": [], "processes_not_found": [id]}),
    ] {
        let answer = client
            .delete(&client.processes(node), &json!({"processes": [id]}))
            .await;
        assert_eq!(answer.json(), expected);
    }
    assert_eq!(
        client.node_state(node).await["kills"],
        json!({id.to_string(): 2})
    );
}

#[tokio::test]
async fn lists_are_paged_by_a_hundred_at_most() {
    let node = NodeMapping::simulated("i", "n", 250);
    let TestCloud { sandbox, client } = start(quick_with(|options| {
        options.services.taurusdb.nodes = vec![node];
    }))
    .await;
    let path = client.processes(&sandbox.ready().nodes[0]);
    let list = async |query: &str| {
        client
            .get(&format!("{path}{query}"))
            .await
            .assert_ok()
            .json()
    };

    let default = list("").await;
    assert_eq!(
        (
            default["processes"].as_array().unwrap().len(),
            &default["total_count"]
        ),
        (100, &json!(250))
    );
    let mut ids = Vec::new();
    for offset in (0..250).step_by(60) {
        let page = list(&format!("?limit=60&offset={offset}")).await;
        ids.extend(
            page["processes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|thread| thread["id"].as_i64().unwrap()),
        );
    }
    assert_eq!(ids.len(), 250);
    assert!(ids.is_sorted_by(|a, b| a < b));
    for bad in ["?limit=0", "?limit=-1", "?offset=-1", "?offset=x"] {
        client
            .get(&format!("{path}{bad}"))
            .await
            .assert_error(400, "DBS.200001");
    }
    client
        .get(&format!("{path}?limit=101"))
        .await
        .assert_error(400, "DBS.280439");
}

#[tokio::test]
async fn internal_threads_are_neither_listed_nor_counted() {
    let cloud = start(quick()).await;
    let client = &cloud.client;
    let node = &cloud.nodes("taurusdb")[0];
    let list = client.get(&client.processes(node)).await.assert_ok().json();
    let listed: Vec<&Value> = (list["processes"].as_array().unwrap().iter())
        .map(|thread| &thread["id"])
        .collect();
    let state = client.node_state(node).await;
    assert_eq!(json!(listed), state["sessions"]);
    assert_eq!(list["total_count"], json!(node.sessions));
    assert!(!state["internal"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn an_instance_may_be_busy_from_the_start_for_a_while() {
    for (code, status, expected) in [
        (None, 409, "DBS.200019"),
        (Some("DBS.200011"), 409, "DBS.200011"),
        (Some("DBS.280449"), 400, "DBS.280449"),
    ] {
        let cloud = start(quick_with(|options| {
            options.services.taurusdb.nodes = vec![NodeMapping::simulated("i", "n", 3)];
            options.busy = vec![Busy {
                instance_id: "i".to_owned(),
                duration: Duration::from_secs(600),
                code,
            }];
        }))
        .await;
        let path = cloud.client.processes(&cloud.nodes("taurusdb")[0]);
        cloud
            .client
            .delete(&path, &json!({"processes": [2_075_425]}))
            .await
            .assert_error(status, expected);
        cloud.client.get(&path).await.assert_ok();
    }
}

#[tokio::test]
async fn a_kill_may_be_limited_to_a_number_of_threads() {
    let cloud = start(quick_with(|options| {
        options.services.taurusdb.largest_kill = 2;
    }))
    .await;
    let client = &cloud.client;
    let node = &cloud.nodes("taurusdb")[0];
    let path = client.processes(node);
    let kill = async |ids: &[i64]| client.delete(&path, &json!({"processes": ids})).await;
    kill(&[2_075_425, 2_075_426, 2_075_427])
        .await
        .assert_error(400, "DBS.200001");
    assert_eq!(client.node_state(node).await["kills"], json!({}));
    kill(&[2_075_425, 2_075_426]).await.assert_ok();
}

#[tokio::test]
async fn a_body_of_more_than_12_megabytes_is_refused() {
    let cloud = start(quick()).await;
    let node = &cloud.nodes("taurusdb")[0];
    let body = " ".repeat((12 << 20) + 1);
    let path = cloud.client.processes(node);
    let answer = cloud.client.send(Method::DELETE, &path, &body).await;
    answer.unwrap().assert_error(413, "APIGW.0201");
}

#[tokio::test]
async fn a_thread_has_the_fields_of_the_api() {
    let cloud = start(quick()).await;
    let path = cloud.client.processes(&cloud.nodes("taurusdb")[0]);
    let list = cloud.client.get(&path).await.assert_ok().json();
    for thread in list["processes"].as_array().unwrap() {
        assert!(thread["id"].is_i64() && thread["time"].is_i64(), "{thread}");
        assert!(
            ["user", "host", "command", "state"]
                .iter()
                .all(|field| thread[field].is_string()),
            "{thread}"
        );
        assert!(
            ["db", "info"]
                .iter()
                .all(|field| thread[field].is_string() || thread[field].is_null()),
            "{thread}"
        );
        assert_eq!(thread.as_object().unwrap().len(), 8);
    }
}

#[tokio::test]
async fn arguments_are_checked_before_anything_happens() {
    let cloud = start(quick()).await;
    let client = &cloud.client;
    let node = &cloud.nodes("taurusdb")[0];
    let path = client.processes(node);
    let no_instance = path.replace(&node.instance_id, "00000000000000000000000000000000in07");
    let no_node = path.replace(&node.node_id, "00000000000000000000000000000000no07");
    let bad_instance = path.replace(&node.instance_id, "none");
    let bad_node = path.replace(&node.node_id, &node.instance_id);
    let cases = [
        (&path, "{", 400, "DBS.200001"),
        (&path, "", 400, "DBS.200001"),
        (&path, "{}", 400, "DBS.200001"),
        (&path, r#"{"processes": []}"#, 400, "DBS.200001"),
        (&path, r#"{"processes": ["2075425"]}"#, 400, "DBS.200001"),
        (
            &no_instance,
            r#"{"processes": [2075425]}"#,
            404,
            "DBS.200002",
        ),
        (&no_node, r#"{"processes": [2075425]}"#, 404, "DBS.290013"),
        (
            &bad_instance,
            r#"{"processes": [2075425]}"#,
            400,
            "DBS.280404",
        ),
        (&bad_node, r#"{"processes": [2075425]}"#, 400, "DBS.280404"),
    ];
    for (path, body, status, code) in cases {
        client
            .send(Method::DELETE, path, body)
            .await
            .unwrap()
            .assert_error(status, code);
    }
    client.get(&no_node).await.assert_error(404, "DBS.290013");
    assert_eq!(
        client.node_state(node).await["sessions"]
            .as_array()
            .unwrap()
            .len(),
        node.sessions
    );
}

#[tokio::test]
async fn messages_are_in_the_language_that_is_asked_for() {
    let cloud = start(quick()).await;
    let path = cloud.client.processes(&cloud.nodes("taurusdb")[0]);
    for (language, message) in [("en-us", "Parameter error"), ("zh-cn", "参数错误")] {
        let client = Client {
            headers: vec![("x-language", language.to_owned())],
            ..cloud.client.clone()
        };
        let answer = client.delete(&path, &json!({"processes": []})).await;
        let body: Value = answer.json();
        assert!(
            body["error_msg"].as_str().unwrap().starts_with(message),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_million_threads_die_in_one_call() {
    let node = NodeMapping::simulated("i", "n", 1_000_000);
    let TestCloud { sandbox, client } = start(quick_with(|options| {
        options.services.taurusdb.nodes = vec![node];
        options.services.taurusdb.largest_kill = 1_000_000;
    }))
    .await;
    let path = client.processes(&sandbox.ready().nodes[0]);
    let ids: Vec<i64> = (2_075_425..2_075_425 + 1_000_000).collect();
    let started = Instant::now();
    let answer = client
        .delete(&path, &json!({"processes": ids}))
        .await
        .assert_ok()
        .json();
    // One thread has a large id instead of the last of these.
    assert_eq!(
        answer["processes_killed"].as_array().unwrap().len(),
        999_999
    );
    assert_eq!(answer["processes_not_found"], json!([3_075_424]));
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}
