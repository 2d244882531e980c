use std::time::Duration;

use hwc_sandbox::{Busy, NodeMapping, ReadyNode, Sandbox};
use serde_json::{Value, json};

use crate::support::{Client, TestCloud, quick, quick_with, start};

/// The path of the operations of a node, with the rest.
fn path(client: &Client, node: &ReadyNode, rest: &str) -> String {
    let project_id = &client.ready.project_id;
    format!("/v3/{project_id}/nodes/{}/{rest}", node.node_id)
}

async fn list(client: &Client, node: &ReadyNode, query: &str) -> Value {
    let answer = client
        .get(&path(client, node, &format!("sessions{query}")))
        .await;
    answer.assert_ok().json()
}

/// All operations, page by page.
async fn all(client: &Client, node: &ReadyNode) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        let page = list(client, node, &format!("?limit=20&offset={}", all.len())).await;
        match page["sessions"].as_array().unwrap().as_slice() {
            [] => return all,
            rows => all.extend_from_slice(rows),
        }
    }
}

async fn kill(client: &Client, node: &ReadyNode, ids: &[&Value]) -> crate::support::Answer {
    let body = json!({"sessions": ids});
    client.post(&path(client, node, "session"), &body).await
}

/// The ids of those of the operations that are active, or of those that are not.
fn ids(operations: &[Value], active: bool) -> Vec<&Value> {
    let wanted = operations.iter().filter(|one| one["active"] == active);
    wanted.map(|one| &one["id"]).collect()
}

#[tokio::test]
async fn lists_have_the_documented_fields_and_pages_of_twenty_at_most() {
    let cloud = start(quick_with(|options| options.sessions = 70)).await;
    let (client, node) = (&cloud.client, &cloud.nodes("dds")[0]);

    let default = list(client, node, "").await;
    assert_eq!(default["sessions"].as_array().unwrap().len(), 10);
    assert_eq!(default["total_count"], 70);
    let row = default["sessions"][0].as_object().unwrap();
    let fields: Vec<&str> = row.keys().map(String::as_str).collect();
    let documented = [
        "active",
        "client",
        "cost_time",
        "db",
        "description",
        "host",
        "id",
        "namespace",
        "operation",
        "plan_summary",
        "type",
        "user",
    ];
    assert_eq!(fields, documented);
    let texts = row.iter().filter(|(name, _)| *name != "active");
    assert!(texts.clone().all(|(_, value)| value.is_string()), "{row:?}");
    assert!(row["active"].is_boolean());
    assert_eq!(all(client, node).await.len(), 70);

    for (query, code) in [
        ("?limit=0", "DBS.280439"),
        ("?limit=21", "DBS.280439"),
        ("?offset=-1", "DBS.280439"),
        ("?cost_time=soon", "DBS.200001"),
    ] {
        let list = path(client, node, &format!("sessions{query}"));
        client.get(&list).await.assert_error(400, code);
    }
}

#[tokio::test]
async fn filters_choose_and_empty_ones_do_not() {
    let cloud = start(quick_with(|options| options.sessions = 70)).await;
    let (client, node) = (&cloud.client, &cloud.nodes("dds")[0]);
    let total = async |query: &str| {
        list(client, node, query).await["total_count"]
            .as_u64()
            .unwrap()
    };

    assert_eq!(total("?type=&plan_summary=&namespace=").await, 70);
    let everybody = all(client, node).await;
    for (filter, field, value) in [
        ("type", "type", "update"),
        ("plan_summary", "plan_summary", "COLLSCAN"),
        ("namespace", "namespace", "shop.orders"),
    ] {
        let alike = everybody.iter().filter(|one| one[field] == value).count() as u64;
        assert!(alike > 0, "{value}");
        assert_eq!(total(&format!("?{filter}={value}")).await, alike);
    }
    let long = total("?cost_time=450000000").await;
    assert!((1..70).contains(&long), "{long}");
}

#[tokio::test]
async fn a_kill_ends_active_operations_of_its_node_and_passes_over_who_is_not_there() {
    let cloud = start(quick_with(|options| options.sessions = 40)).await;
    let (client, nodes) = (&cloud.client, cloud.nodes("dds"));
    let (node, mongos) = (&nodes[0], &nodes[1]);
    let (before, elsewhere) = (all(client, node).await, all(client, mongos).await);
    let (mine, other) = (ids(&before, true)[0], ids(&elsewhere, true)[0]);
    assert!(other.as_str().unwrap().starts_with("shard_1:"), "{other}");

    for _ in 0..2 {
        let answer = kill(client, node, &[mine, other, &json!("1"), &json!("none")]).await;
        assert_eq!(answer.assert_ok().json(), json!({}));
    }

    let left: Vec<Value> = all(client, node)
        .await
        .iter()
        .map(|one| one["id"].clone())
        .collect();
    assert!(left.len() == 39 && !left.contains(mine));
    assert_eq!(all(client, mongos).await.len(), 40);
    let state = client.node_state(node).await;
    assert_eq!(state["kills"], json!({mine.as_str().unwrap(): 2}));

    kill(client, mongos, &[other]).await.assert_ok();
    assert_eq!(all(client, mongos).await.len(), 39);
}

#[tokio::test]
async fn a_kill_of_an_inactive_operation_is_refused_and_ends_nobody() {
    let cloud = start(quick_with(|options| options.sessions = 70)).await;
    let (client, node) = (&cloud.client, &cloud.nodes("dds")[0]);
    let before = all(client, node).await;
    let (active, inactive) = (ids(&before, true)[0], ids(&before, false)[0]);

    let answer = kill(client, node, &[active, inactive]).await;

    answer.assert_error(400, "DBS.200004");
    assert_eq!(all(client, node).await.len(), before.len());
}

#[tokio::test]
async fn arguments_are_checked_before_anything_happens() {
    let cloud = start(quick()).await;
    let (client, node) = (&cloud.client, &cloud.nodes("dds")[0]);
    for body in [
        json!({}),
        json!({"sessions": []}),
        json!({"sessions": [""]}),
        json!({"sessions": [34631]}),
    ] {
        let answer = client.post(&path(client, node, "session"), &body).await;
        answer.assert_error(400, "DBS.200001");
    }
    for (node_id, status, code) in [
        (format!("{}no02", "0".repeat(32)), 404, "DBS.200013"),
        (node.instance_id.clone(), 400, "DBS.280407"),
    ] {
        let elsewhere = ReadyNode {
            node_id,
            ..node.clone()
        };
        let list = path(client, &elsewhere, "sessions");
        client.get(&list).await.assert_error(status, code);
        let answer = kill(client, &elsewhere, &[&json!("34631")]).await;
        answer.assert_error(status, code);
    }
    assert_eq!(list(client, node, "").await["total_count"], node.sessions);
}

#[tokio::test]
async fn an_instance_may_be_busy() {
    for (code, status) in [("DBS.200019", 403), ("DBS.00010009", 400)] {
        let TestCloud { sandbox, client } = start(quick_with(|options| {
            options.services.dds.nodes = vec![NodeMapping::simulated("i", "n", 3)];
            options.busy = vec![Busy {
                instance_id: "i".to_owned(),
                duration: Duration::from_secs(600),
                code: Some(code),
            }];
        }))
        .await;
        let node = &sandbox.ready().nodes[0];
        let answer = kill(&client, node, &[&json!("34631")]).await;
        answer.assert_error(status, code);
        assert_eq!(list(&client, node, "").await["total_count"], 3);
    }
}

#[tokio::test]
async fn no_server_can_stand_behind_a_node() {
    let options = quick_with(|options| {
        let node = NodeMapping::server("i", "n", "redis://someone:secret@127.0.0.1:6379/");
        options.services.dds.nodes = vec![node];
    });
    let refusal = Sandbox::start(options).await.err().unwrap().to_string();
    assert!(refusal.contains("always simulated"), "{refusal}");
    assert!(refusal.contains("simulated:COUNT"), "{refusal}");
    assert!(!refusal.contains("secret"), "{refusal}");
}
