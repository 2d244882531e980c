use std::time::Duration;

use hwc_sandbox::{Busy, NodeMapping, ReadyNode};
use serde_json::{Value, json};

use crate::support::{Client, TestCloud, quick, quick_with, start};

/// The path of the sessions of a node, with the rest.
fn sessions(client: &Client, node: &ReadyNode, rest: &str) -> String {
    let project_id = &client.ready.project_id;
    format!(
        "/v3/{project_id}/redis/nodes/{}/sessions{rest}",
        node.node_id
    )
}

async fn list(client: &Client, node: &ReadyNode, query: &str) -> Value {
    let answer = client.get(&sessions(client, node, query)).await;
    answer.assert_ok().json()
}

async fn ids(client: &Client, node: &ReadyNode, query: &str) -> Vec<u64> {
    let page = list(client, node, query).await;
    let rows = page["sessions"].as_array().unwrap();
    rows.iter()
        .map(|row| row["id"].as_str().unwrap().parse().unwrap())
        .collect()
}

#[tokio::test]
async fn lists_begin_with_the_newest_and_are_texts_alone() {
    let cloud = start(quick_with(|options| options.sessions = 70)).await;
    let (client, node) = (&cloud.client, &cloud.nodes("geminidb_redis")[0]);

    let default = list(client, node, "").await;
    assert_eq!(default["sessions"].as_array().unwrap().len(), 50);
    assert_eq!(default["total_count"], 70);
    let row = default["sessions"][0].as_object().unwrap();
    let fields: Vec<&str> = row.keys().map(String::as_str).collect();
    let documented = [
        "addr", "age", "cmd", "db", "fd", "id", "idle", "multi", "name", "psub", "sub",
    ];
    assert_eq!(fields, documented);
    assert!(row.values().all(Value::is_string), "{row:?}");

    let all = ids(client, node, "?limit=100").await;
    assert!(all.is_sorted_by(|a, b| a > b), "{all:?}");
    let mut pages = Vec::new();
    for offset in [0, 30, 60] {
        pages.extend(ids(client, node, &format!("?limit=30&offset={offset}")).await);
    }
    assert_eq!(pages, all);
    let near = list(client, node, "?addr_prefix=192.168.10.&limit=1").await;
    let total = near["total_count"].as_u64().unwrap();
    assert!((1..70).contains(&total), "{total}");
    let address = near["sessions"][0]["addr"].as_str().unwrap();
    assert!(address.starts_with("192.168.10."), "{address}");
}

#[tokio::test]
async fn a_kill_is_of_the_node_that_is_named_and_passes_over_who_is_not_there() {
    let cloud = start(quick()).await;
    let (client, nodes) = (&cloud.client, cloud.nodes("geminidb_redis"));
    let (node, other) = (&nodes[0], &nodes[1]);
    let before = ids(client, node, "").await;
    let [elsewhere, ..] = ids(client, other, "").await[..] else {
        panic!("nobody is there")
    };
    let body = json!({
        "is_all": false,
        "session_ids": [before[0].to_string(), elsewhere.to_string(), "1", "none"],
    });
    for _ in 0..2 {
        let answer = client.delete(&sessions(client, node, ""), &body).await;
        assert_eq!(answer.assert_ok().json(), json!({}));
    }
    assert_eq!(ids(client, node, "").await, before[1..]);
    assert_eq!(ids(client, other, "").await.len(), other.sessions);
    assert_eq!(
        client.node_state(node).await["kills"],
        json!({before[0].to_string(): 2})
    );

    let everybody = json!({"is_all": true});
    let kill = sessions(client, node, "");
    client.delete(&kill, &everybody).await.assert_ok();
    assert_eq!(list(client, node, "").await["total_count"], 0);
    assert_eq!(ids(client, other, "").await.len(), other.sessions);
}

#[tokio::test]
async fn arguments_are_checked_before_anything_happens() {
    let cloud = start(quick()).await;
    let (client, node) = (&cloud.client, &cloud.nodes("geminidb_redis")[0]);
    for query in ["?limit=0", "?limit=101", "?offset=-1"] {
        let list = sessions(client, node, query);
        client.get(&list).await.assert_error(400, "DBS.280439");
    }
    for body in [
        json!({"is_all": false}),
        json!({"is_all": false, "session_ids": []}),
        json!({"session_ids": ["1024117"]}),
        json!({"is_all": false, "session_ids": [1024117]}),
    ] {
        let kill = sessions(client, node, "");
        let answer = client.delete(&kill, &body).await;
        answer.assert_error(400, "DBS.200001");
    }
    for (node_id, status, code) in [
        (format!("{}no12", "0".repeat(32)), 404, "DBS.200013"),
        (node.instance_id.clone(), 400, "DBS.280407"),
    ] {
        let elsewhere = ReadyNode {
            node_id,
            ..node.clone()
        };
        let list = sessions(client, &elsewhere, "");
        client.get(&list).await.assert_error(status, code);
        let body = json!({"is_all": true});
        let answer = client.delete(&list, &body).await;
        answer.assert_error(status, code);
    }
    assert_eq!(list(client, node, "").await["total_count"], node.sessions);
}

#[tokio::test]
async fn an_instance_may_be_busy() {
    let TestCloud { sandbox, client } = start(quick_with(|options| {
        options.services.geminidb_redis.nodes = vec![NodeMapping::simulated("i", "n", 3)];
        options.busy = vec![Busy {
            instance_id: "i".to_owned(),
            duration: Duration::from_secs(600),
            code: Some("DBS.201202"),
        }];
    }))
    .await;
    let node = &sandbox.ready().nodes[0];
    let kill = sessions(&client, node, "");
    let answer = client.delete(&kill, &json!({"is_all": true})).await;
    answer.assert_error(400, "DBS.201202");
    assert_eq!(list(&client, node, "").await["total_count"], 3);
}
