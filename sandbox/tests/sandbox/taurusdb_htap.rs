use std::time::Duration;

use hwc_sandbox::{Busy, NodeMapping, ReadyNode};
use serde_json::{Value, json};

use crate::support::{Client, TestCloud, quick, quick_with, start};

/// The path of the sessions of a node's instance, with a query.
fn process(client: &Client, node: &ReadyNode, query: &str) -> String {
    let (project_id, instance_id) = (&client.ready.project_id, &node.instance_id);
    format!("/v3/{project_id}/instances/{instance_id}/htap/process{query}")
}

async fn list(client: &Client, node: &ReadyNode, query: &str) -> Vec<Value> {
    let answer = client.get(&process(client, node, query)).await;
    let page = answer.assert_ok().json();
    assert_eq!(page.as_object().unwrap().len(), 1, "no total: {page}");
    page["process_list"].as_array().unwrap().clone()
}

async fn ids(client: &Client, node: &ReadyNode, query: &str) -> Vec<String> {
    let rows = list(client, node, query).await;
    rows.iter()
        .map(|row| row["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn an_instance_lists_the_sessions_of_its_nodes_page_by_page() {
    let nodes = vec![
        NodeMapping::simulated("i", "first", 70),
        NodeMapping::simulated("i", "second", 60),
        NodeMapping::simulated("another", "third", 3),
    ];
    let cloud = start(quick_with(|options| {
        options.services.taurusdb_htap.nodes = nodes;
    }))
    .await;
    let (client, nodes) = (&cloud.client, cloud.nodes("taurusdb_htap"));
    let node = nodes.iter().find(|node| node.instance_id == "i").unwrap();

    let rows = list(client, node, "").await;
    assert_eq!(rows.len(), 100);
    let row = rows[0].as_object().unwrap();
    let fields: Vec<&str> = row.keys().map(String::as_str).collect();
    let documented = [
        "command",
        "database",
        "duration",
        "host",
        "id",
        "sql_statement",
        "state",
        "user",
    ];
    assert_eq!(fields, documented);
    assert!(row["duration"].is_f64() && row["id"].is_string(), "{row:?}");

    let mut pages = Vec::new();
    for offset in [0, 50, 100, 150] {
        pages.extend(ids(client, node, &format!("?limit=50&offset={offset}")).await);
    }
    assert_eq!(pages.len(), 130);
    assert_eq!(pages[..100], ids(client, node, "").await);
}

#[tokio::test]
async fn one_status_tells_of_all_sessions_of_a_kill() {
    let cloud = start(quick()).await;
    let (client, nodes) = (&cloud.client, cloud.nodes("taurusdb_htap"));
    let before = ids(client, &nodes[0], "").await;
    let kill = async |ids: &[&str]| {
        let body = json!({"process_list": ids});
        let answer = client.delete(&process(client, &nodes[0], ""), &body).await;
        answer.assert_ok().json()
    };

    // The first is on the first node, and the last on the second.
    let (first, last) = (before[0].as_str(), before.last().unwrap().as_str());
    assert_eq!(
        kill(&[first, last]).await,
        json!({"status": "success", "msg": ""})
    );
    assert_eq!(
        ids(client, &nodes[0], "").await,
        before[1..before.len() - 1]
    );

    // Who is not there is passed over, unless nobody is.
    for mixed in [[before[1].as_str(), first], [before[2].as_str(), "none"]] {
        assert_eq!(kill(&mixed).await["status"], "success");
    }
    let expected = json!({"status": "failed", "msg": "Unknown thread id: none"});
    assert_eq!(kill(&["none", "7"]).await, expected);
    assert_eq!(
        ids(client, &nodes[0], "").await,
        before[3..before.len() - 1]
    );
    let kills = client.node_state(&nodes[0]).await["kills"].clone();
    assert_eq!(
        kills,
        json!({first: 2, before[1].as_str(): 1, before[2].as_str(): 1})
    );
    let kills = client.node_state(&nodes[1]).await["kills"].clone();
    assert_eq!(kills, json!({last: 1}));
}

#[tokio::test]
async fn arguments_are_checked_before_anything_happens() {
    let cloud = start(quick()).await;
    let (client, node) = (&cloud.client, &cloud.nodes("taurusdb_htap")[0]);
    for query in ["?limit=0", "?limit=101", "?offset=-1"] {
        let list = process(client, node, query);
        client.get(&list).await.assert_error(400, "DBS.200001");
    }
    let before = ids(client, node, "").await;
    let many: Vec<String> = (0..21).map(|_| before[0].clone()).collect();
    for body in [
        json!({}),
        json!({"process_list": []}),
        json!({"process_list": many}),
        json!({"process_list": [2_075_425]}),
    ] {
        let answer = client.delete(&process(client, node, ""), &body).await;
        answer.assert_error(400, "DBS.200001");
    }
    for (instance_id, status, code) in [
        (format!("{}in17", "0".repeat(32)), 404, "DBS.200002"),
        (format!("{}in07", "0".repeat(32)), 400, "DBS.280404"),
    ] {
        let elsewhere = ReadyNode {
            instance_id,
            ..node.clone()
        };
        let path = process(client, &elsewhere, "");
        client.get(&path).await.assert_error(status, code);
        let body = json!({"process_list": before[..1]});
        client.delete(&path, &body).await.assert_error(status, code);
    }
    assert_eq!(ids(client, node, "").await, before);
}

#[tokio::test]
async fn an_instance_may_be_busy() {
    let TestCloud { sandbox, client } = start(quick_with(|options| {
        options.services.taurusdb_htap.nodes = vec![NodeMapping::simulated("i", "n", 3)];
        options.busy = vec![Busy {
            instance_id: "i".to_owned(),
            duration: Duration::from_secs(600),
            code: Some("DBS.200047"),
        }];
    }))
    .await;
    let node = &sandbox.ready().nodes[0];
    let there = ids(&client, node, "").await;
    let body = json!({"process_list": there});
    let answer = client.delete(&process(&client, node, ""), &body).await;
    answer.assert_error(409, "DBS.200047");
    assert_eq!(ids(&client, node, "").await, there);
}
