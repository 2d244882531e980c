use std::time::Duration;

use hwc_sandbox::{Busy, NodeMapping, ReadyNode};
use serde_json::{Value, json};

use crate::support::{Client, TestCloud, quick, quick_with, start};

/// The path of a call on a node's instance.
fn path(client: &Client, node: &ReadyNode, rest: &str) -> String {
    let project_id = &client.ready.project_id;
    format!("/v3/{project_id}/instances/{}/{rest}", node.instance_id)
}

fn account(node: &ReadyNode) -> &str {
    node.database_user_id.as_deref().unwrap()
}

async fn list(client: &Client, node: &ReadyNode, query: &str) -> Value {
    let query = format!("processes?db_user_id={}{query}", account(node));
    let answer = client.get(&path(client, node, &query)).await;
    answer.assert_ok().json()
}

async fn ids(client: &Client, node: &ReadyNode, query: &str) -> Vec<String> {
    let page = list(client, node, query).await;
    let rows = page["processes"].as_array().unwrap();
    rows.iter()
        .map(|row| row["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn lists_are_of_the_node_that_is_named_or_of_the_primary() {
    let nodes = vec![
        NodeMapping::simulated("i", "primary", 25),
        NodeMapping::simulated("i", "replica", 7),
    ];
    let cloud = start(quick_with(|options| {
        options.services.rds_mysql.nodes = nodes;
    }))
    .await;
    let (client, nodes) = (&cloud.client, cloud.nodes("rds_mysql"));
    assert_eq!(account(&nodes[0]), account(&nodes[1]));

    let default = list(client, &nodes[0], "").await;
    assert_eq!(default["processes"].as_array().unwrap().len(), 20);
    assert_eq!(default["count"], 25);
    let row = default["processes"][0].as_object().unwrap();
    let fields: Vec<&str> = row.keys().map(String::as_str).collect();
    let documented = [
        "command",
        "database",
        "host",
        "id",
        "sql",
        "state",
        "time",
        "trx_executed_time",
        "user",
    ];
    assert_eq!(fields, documented);
    assert!(row.values().all(Value::is_string), "{row:?}");

    let all = ids(client, &nodes[0], "&limit=100").await;
    let mut pages = ids(client, &nodes[0], "&limit=10").await;
    for offset in [10, 20, 30] {
        pages.extend(ids(client, &nodes[0], &format!("&limit=10&offset={offset}")).await);
    }
    assert_eq!(pages, all);
    assert_eq!(
        ids(client, &nodes[0], "&node_id=primary&limit=100").await,
        all
    );
    let replica = list(client, &nodes[0], "&node_id=replica").await;
    assert_eq!(replica["count"], 7);
}

#[tokio::test]
async fn lists_can_be_of_a_user_and_a_database() {
    let cloud = start(quick_with(|options| options.sessions = 60)).await;
    let (client, node) = (&cloud.client, &cloud.nodes("rds_mysql")[0]);
    let whole = list(client, node, "&limit=100").await;
    for (query, matches) in [
        ("&user=app", (Some("app"), None)),
        ("&database=shop", (None, Some("shop"))),
        ("&user=app&database=shop", (Some("app"), Some("shop"))),
    ] {
        let rows = whole["processes"].as_array().unwrap().iter();
        let expected: Vec<&Value> = rows
            .filter(|row| {
                matches.0.is_none_or(|user| row["user"] == user)
                    && matches.1.is_none_or(|database| row["database"] == database)
            })
            .collect();
        assert!(expected.len() > 1);
        let page = list(client, node, &format!("{query}&limit=100")).await;
        assert_eq!(page["processes"], json!(expected), "{query}");
        assert_eq!(page["count"], expected.len());
        let second = list(client, node, &format!("{query}&limit=1&offset=1")).await;
        assert_eq!(second["processes"], json!([expected[1]]), "{query}");
        assert_eq!(second["count"], expected.len());
    }
}

#[tokio::test]
async fn a_kill_says_nothing_about_sessions_that_are_not_there_and_spares_those_of_the_cloud() {
    let cloud = start(quick_with(|options| options.sessions = 40)).await;
    let (client, node) = (&cloud.client, &cloud.nodes("rds_mysql")[0]);
    let before = list(client, node, "&limit=100").await;
    let rows = before["processes"].as_array().unwrap();
    let of = |user: &str| rows.iter().find(|row| row["user"] == user).unwrap();
    let (app, protected) = (&of("app")["id"], &of("rdsAdmin")["id"]);
    let kill = async |body: Value| {
        let answer = client.delete(&path(client, node, "process"), &body).await;
        let answer = answer.assert_ok();
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""));
    };

    let chosen = json!({"db_user_id": account(node), "process_ids": [app, protected, "1", "7"]});
    kill(chosen.clone()).await;
    kill(chosen).await;
    let mut left = ids(client, node, "&limit=100").await;
    let expected = rows.iter().filter(|row| row["id"] != *app);
    assert_eq!(
        json!(left),
        expected.map(|row| row["id"].clone()).collect::<Value>()
    );
    let state = client.node_state(node).await;
    assert_eq!(state["kills"], json!({app.as_str().unwrap(): 2}));
    assert_eq!(state["internal"].as_array().unwrap().len(), 3);

    kill(json!({"db_user_id": account(node), "user": "report", "database": "shop"})).await;
    left.retain(|id| {
        let row = rows.iter().find(|row| row["id"] == **id).unwrap();
        row["user"] != "report" || row["database"] != "shop"
    });
    assert!(left.len() < rows.len() - 1);
    assert_eq!(ids(client, node, "&limit=100").await, left);
}

#[tokio::test]
async fn a_kill_on_a_replica_cannot_be_asked_for() {
    let cloud = start(quick()).await;
    let (client, nodes) = (&cloud.client, cloud.nodes("rds_mysql"));
    let replica = format!("&node_id={}", nodes[1].node_id);
    let there = ids(client, &nodes[0], &replica).await;
    let body = json!({"db_user_id": account(&nodes[0]), "process_ids": there});
    let kill = path(client, &nodes[0], "process");
    client.delete(&kill, &body).await.assert_ok();
    assert_eq!(ids(client, &nodes[0], &replica).await, there);
}

#[tokio::test]
async fn arguments_are_checked_before_anything_happens() {
    let cloud = start(quick()).await;
    let (client, node) = (&cloud.client, &cloud.nodes("rds_mysql")[0]);
    let account = account(node);
    for (query, code) in [
        (String::new(), "DAS.200112"),
        ("db_user_id=none".to_owned(), "DAS.200112"),
        (format!("db_user_id={account}&limit=0"), "DAS.200104"),
        (format!("db_user_id={account}&limit=101"), "DAS.200104"),
        (format!("db_user_id={account}&offset=-1"), "DAS.200103"),
        (
            format!("db_user_id={account}&node_id={}no01", "0".repeat(32)),
            "DAS.200100",
        ),
    ] {
        let list = path(client, node, &format!("processes?{query}"));
        client.get(&list).await.assert_error(400, code);
    }
    for (body, code) in [
        (json!({"process_ids": ["2075425"]}), "DAS.200112"),
        (
            json!({"db_user_id": "none", "process_ids": ["2075425"]}),
            "DAS.200112",
        ),
        (json!({"db_user_id": account}), "DAS.200100"),
        (
            json!({"db_user_id": account, "process_ids": [2075425]}),
            "DAS.200100",
        ),
    ] {
        let kill = path(client, node, "process");
        client.delete(&kill, &body).await.assert_error(400, code);
    }
    let elsewhere = ReadyNode {
        instance_id: format!("{}in01", "0".repeat(32)),
        ..node.clone()
    };
    let kill = path(client, &elsewhere, "process");
    let body = json!({"db_user_id": account, "user": "app"});
    client
        .delete(&kill, &body)
        .await
        .assert_error(400, "DAS.200114");
    assert_eq!(list(client, node, "").await["count"], node.sessions);
}

#[tokio::test]
async fn instances_may_be_busy_and_faults_strike_as_for_other_services() {
    let TestCloud { sandbox, client } = start(quick_with(|options| {
        options.services.rds_mysql.nodes = vec![NodeMapping::simulated("i", "n", 3)];
        options.busy = vec![Busy {
            instance_id: "i".to_owned(),
            duration: Duration::from_secs(600),
            code: Some("DBS.200047"),
        }];
    }))
    .await;
    let node = &sandbox.ready().nodes[0];
    let body = json!({"db_user_id": account(node), "user": "app"});
    let kill = path(&client, node, "process");
    client
        .delete(&kill, &body)
        .await
        .assert_error(409, "DBS.200047");

    let rule = json!({"path_ends": "/processes", "times": 1, "status": 503});
    client.fault(&rule).await;
    let query = format!("processes?db_user_id={}", account(node));
    let faulty = client.get(&path(&client, node, &query)).await;
    assert_eq!(faulty.status.as_u16(), 503);
    assert_eq!(list(&client, node, "").await["count"], 3);
}
