use std::{collections::HashSet, time::Duration};

use hwc_sandbox::{Busy, NodeMapping, ReadyNode};
use serde_json::{Value, json};

use crate::{
    postgresql::Server,
    servers::wait_for,
    support::{Answer, Client, TestCloud, quick, quick_with, start},
};

/// Calls a node's instance.
async fn post(client: &Client, node: &ReadyNode, call: &str, body: &Value) -> Answer {
    let project_id = &client.ready.project_id;
    let path = format!("/v3/{project_id}/instances/{}/{call}", node.instance_id);
    client.post(&path, body).await
}

/// A body that names the node's component, with these fields.
fn body(node: &ReadyNode, mut fields: Value) -> Value {
    fields["node_id"] = json!(node.node_id);
    fields["component_id"] = json!(node.component_id);
    fields
}

async fn list(client: &Client, node: &ReadyNode, filter: Value) -> Vec<Value> {
    let body = body(node, json!({"query_info": filter}));
    let answer = post(client, node, "real-time-session", &body).await;
    let list = answer.assert_ok().json();
    list["sessions"].as_array().unwrap().clone()
}

async fn kill(client: &Client, node: &ReadyNode, ids: Value) -> Value {
    let body = body(node, json!({"session_ids": ids}));
    let answer = post(client, node, "kill-session", &body).await;
    answer.assert_ok().json()
}

#[tokio::test]
async fn killed_sessions_are_told_and_nobody_is_no_success() {
    let cloud = start(quick()).await;
    let (client, nodes) = (&cloud.client, cloud.nodes("gaussdb"));
    let node = &nodes[0];
    assert_eq!(node.component_id.as_deref(), Some("cn_5001"));
    let before = list(client, node, json!({})).await;
    assert_eq!(before.len(), node.sessions);
    let id = |index: usize| before[index]["session_id"].clone();
    let elsewhere = list(client, &nodes[1], json!({})).await[0]["session_id"].clone();

    let asked = json!([id(4), elsewhere, id(2), "100000000000000", "none", id(4)]);
    let killed = kill(client, node, asked).await;
    assert_eq!(
        killed,
        json!({"session_ids": [id(4), id(2)], "success": true})
    );
    let again = kill(client, node, json!([id(2)])).await;
    assert_eq!(again, json!({"session_ids": [], "success": false}));

    let gone: HashSet<_> = [id(4).to_string(), id(2).to_string()].into();
    let left = list(client, node, json!({})).await;
    let expected = before.iter().map(|row| &row["session_id"]);
    let expected: Vec<&Value> = expected
        .filter(|id| !gone.contains(&id.to_string()))
        .collect();
    let ids: Vec<&Value> = left.iter().map(|row| &row["session_id"]).collect();
    assert_eq!(ids, expected);
    let state = client.node_state(node).await;
    let key = |id: Value| id.as_str().unwrap().to_owned();
    assert_eq!(state["kills"], json!({key(id(4)): 1, key(id(2)): 2}));
    let there = state["sessions"].as_array().unwrap().iter();
    let there: Vec<String> = there.map(Value::to_string).collect();
    assert_eq!(json!(there), json!(ids));
}

#[tokio::test]
async fn internal_sessions_are_neither_listed_nor_killed() {
    let cloud = start(quick()).await;
    let (client, node) = (&cloud.client, &cloud.nodes("gaussdb")[0]);
    let internal = client.node_state(node).await["internal"].clone();
    let internal = internal.as_array().unwrap();
    assert!(!internal.is_empty());
    let ids: Vec<String> = internal.iter().map(Value::to_string).collect();
    let listed = list(client, node, json!({})).await;
    assert!(
        listed
            .iter()
            .all(|row| !ids.contains(&row["session_id"].as_str().unwrap().to_owned()))
    );
    let killed = kill(client, node, json!(ids)).await;
    assert_eq!(killed, json!({"session_ids": [], "success": false}));
    assert_eq!(client.node_state(node).await["internal"], json!(internal));
}

#[tokio::test]
async fn a_list_is_cut_without_a_word_and_can_be_narrowed() {
    let nodes = vec![NodeMapping::simulated("i", "n", 500)];
    let cloud = start(quick_with(|options| {
        options.services.gaussdb.nodes = nodes;
    }))
    .await;
    let (client, node) = (&cloud.client, &cloud.nodes("gaussdb")[0]);
    let whole = list(client, node, Value::Null).await;
    assert_eq!((node.sessions, whole.len()), (500, 200));
    let row = &whole[7];
    for (filter, field) in [
        (json!({"user_name": row["user_name"]}), "user_name"),
        (
            json!({"database_name": row["database_name"]}),
            "database_name",
        ),
        (
            json!({"client_ip": row["client_ip"], "user_name": ""}),
            "client_ip",
        ),
    ] {
        let rows = list(client, node, filter.clone()).await;
        assert!(!rows.is_empty(), "{filter}");
        assert!(
            rows.iter().all(|other| other[field] == row[field]),
            "{filter}"
        );
    }
    let none = list(client, node, json!({"user_name": "none"})).await;
    assert!(none.is_empty());
}

#[tokio::test]
async fn sessions_come_and_go_under_new_ids() {
    let cloud = start(quick_with(|options| options.churn = 3)).await;
    let (client, node) = (&cloud.client, &cloud.nodes("gaussdb")[0]);
    let ids = async || -> HashSet<String> {
        let rows = list(client, node, json!({})).await;
        rows.iter()
            .map(|row| row["session_id"].to_string())
            .collect()
    };
    let (first, second) = (ids().await, ids().await);
    assert_eq!((first.len(), second.len()), (node.sessions, node.sessions));
    assert_eq!(first.difference(&second).count(), 3);
}

#[tokio::test]
async fn arguments_are_checked_before_anything_happens() {
    let cloud = start(quick()).await;
    let (client, node) = (&cloud.client, &cloud.nodes("gaussdb")[0]);
    let session = list(client, node, json!({})).await[0]["session_id"].clone();
    let good = body(node, json!({"session_ids": [session]}));
    let but = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    let missing = format!("{}no14", "0".repeat(32));
    for (body, status, code) in [
        (but("component_id", json!("dn_6001")), 400, "DBS.280676"),
        (but("component_id", Value::Null), 400, "DBS.200001"),
        (but("node_id", Value::Null), 400, "DBS.200001"),
        (but("node_id", json!("none")), 400, "DBS.280404"),
        (but("node_id", json!(missing)), 404, "DBS.290013"),
        (but("session_ids", json!([])), 400, "DBS.200001"),
        (but("session_ids", json!([1])), 400, "DBS.200001"),
    ] {
        let answer = post(client, node, "kill-session", &body).await;
        answer.assert_error(status, code);
    }
    for (instance_id, status, code) in [
        ("none".to_owned(), 400, "DBS.280404"),
        (format!("{}in14", "0".repeat(32)), 404, "DBS.200002"),
    ] {
        let elsewhere = ReadyNode {
            instance_id,
            ..node.clone()
        };
        for call in ["real-time-session", "kill-session"] {
            let answer = post(client, &elsewhere, call, &good).await;
            answer.assert_error(status, code);
        }
    }
    assert_eq!(list(client, node, json!({})).await.len(), node.sessions);
}

#[tokio::test]
async fn instances_may_be_busy() {
    let TestCloud { sandbox, client } = start(quick_with(|options| {
        options.services.gaussdb.nodes = vec![NodeMapping::simulated("i", "n", 3)];
        options.busy = vec![Busy {
            instance_id: "i".to_owned(),
            duration: Duration::from_secs(600),
            code: Some("DBS.216011"),
        }];
    }))
    .await;
    let node = &sandbox.ready().nodes[0];
    let session = list(&client, node, json!({})).await[0]["session_id"].clone();
    let body = body(node, json!({"session_ids": [session]}));
    let answer = post(&client, node, "kill-session", &body).await;
    answer.assert_error(409, "DBS.216011");
}

#[tokio::test]
async fn a_real_session_names_its_blocker_which_can_be_killed() {
    let server = Server::start().await;
    let open = async |user| server.client(user).await.unwrap();
    let (holder, waiter, idle) = (
        open("keeper").await,
        open("app").await,
        open("report").await,
    );
    for statement in [
        "CREATE TABLE orders (number INT)",
        "GRANT ALL ON orders TO app",
        "BEGIN",
        "LOCK TABLE orders",
    ] {
        holder.batch_execute(statement).await.unwrap();
    }
    let waiting = tokio::spawn(async move { waiter.batch_execute("TABLE orders").await });
    let TestCloud { sandbox, client } = start(quick_with(|options| {
        let node = NodeMapping::server("i", "n", &server.url("keeper"));
        options.services.gaussdb.nodes = vec![node];
    }))
    .await;
    let node = &sandbox.ready().nodes[0];
    let rows = wait_for("a session that waits", async || {
        let rows = list(&client, node, json!({})).await;
        rows.iter().any(|row| row["wait"] == "true").then_some(rows)
    })
    .await;
    let of = |user: &str| rows.iter().find(|row| row["user_name"] == user).unwrap();
    let blocker = of("keeper")["session_id"].clone();
    assert_eq!(of("app")["block_session"], blocker);
    assert_eq!(of("keeper")["state"], "idle in transaction");
    assert!(of("keeper")["transaction_start"].is_i64());
    assert_eq!(of("report")["transaction_start"], Value::Null);
    assert_eq!(of("report")["client_ip"], "127.0.0.1");

    let killed = kill(&client, node, json!([blocker, "1"])).await;
    assert_eq!(killed, json!({"session_ids": [blocker], "success": true}));
    assert!(holder.batch_execute("SELECT 1").await.is_err());
    assert!(idle.batch_execute("SELECT 1").await.is_ok());
    waiting.await.unwrap().unwrap();
}
