//! RDS for PostgreSQL, on simulated nodes and on a real PostgreSQL.

use std::time::Duration;

use hwc_sandbox::{Busy, NodeMapping, ReadyNode, RowShape, Sandbox};
use serde_json::{Value, json};
use tokio_postgres::Client as PostgreSqlClient;

use crate::{
    postgresql::Server,
    servers::{free_port, wait_for},
    support::{Client, TestCloud, quick, quick_with, start},
};

/// The path of a call on a node's instance.
fn path(client: &Client, node: &ReadyNode, rest: &str) -> String {
    let project_id = &client.ready.project_id;
    format!("/v3/{project_id}/instances/{}/{rest}", node.instance_id)
}

async fn list(client: &Client, node: &ReadyNode, query: &str) -> Value {
    let rest = format!("pg/query-process-list?{query}");
    let answer = client.get(&path(client, node, &rest)).await;
    answer.assert_ok().json()
}

/// The rows of a list in the shape of the SDK.
async fn rows(client: &Client, node: &ReadyNode, query: &str) -> Vec<Value> {
    let page = list(client, node, query).await;
    page["process_info_list"].as_array().unwrap().clone()
}

fn id(row: &Value) -> i64 {
    row["id"].as_str().unwrap().parse().unwrap()
}

/// How many sessions a kill ended, by the answer.
async fn count(client: &Client, node: &ReadyNode, processes: &[(i64, &str)]) -> Value {
    let processes: Vec<Value> = (processes.iter())
        .map(|(id, user)| json!({"id": id, "user": user}))
        .collect();
    let body = json!({"engine_type": "postgresql", "processes": processes});
    let kill = path(client, node, "kill-process");
    client.post(&kill, &body).await.assert_ok().json()["count"].clone()
}

#[tokio::test]
async fn lists_are_of_the_node_that_is_named_or_of_the_primary() {
    let nodes = vec![
        NodeMapping::simulated("i", "primary", 25),
        NodeMapping::simulated("i", "replica", 7),
    ];
    let cloud = start(quick_with(|options| {
        options.services.rds_postgresql.nodes = nodes;
    }))
    .await;
    let (client, node) = (&cloud.client, &cloud.nodes("rds_postgresql")[0]);
    assert_eq!(node.sessions, 25);

    let all = rows(client, node, "per_page=100").await;
    assert_eq!(
        (all.len(), &list(client, node, "").await["total"]),
        (25, &json!(25))
    );
    assert_eq!(rows(client, node, "").await, all[..10]);
    assert_eq!(
        rows(client, node, "cur_page=3&per_page=10").await,
        all[20..]
    );
    assert!(
        rows(client, node, "cur_page=4&per_page=10")
            .await
            .is_empty()
    );
    assert_eq!(
        rows(client, node, "node_id=primary&per_page=100").await,
        all
    );
    assert_eq!(list(client, node, "node_id=replica").await["total"], 7);

    let of_reports = rows(client, node, "user=report&per_page=100").await;
    assert!(!of_reports.is_empty() && of_reports.iter().all(|row| row["user"] == "report"));
    let with_internal = list(client, node, "hide_sys=false").await;
    assert_eq!(with_internal["total"], 30);
}

#[tokio::test]
async fn the_documents_shape_is_shown_where_it_is_asked_for() {
    let cloud = start(quick_with(|options| {
        options.services.rds_postgresql.rows = RowShape::Docs;
    }))
    .await;
    let (client, node) = (&cloud.client, &cloud.nodes("rds_postgresql")[0]);
    let page = list(client, node, "per_page=100").await;
    let fields: Vec<&String> = page.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["data"]);
    let rows = page["data"].as_array().unwrap();
    assert_eq!(rows.len(), node.sessions);
    assert!(
        rows.iter()
            .all(|row| row["pid"].is_i64() && row.get("user").is_none())
    );
}

#[tokio::test]
async fn a_kill_spares_processes_of_other_owners_and_of_the_cloud() {
    let cloud = start(quick_with(|options| options.sessions = 60)).await;
    let (client, node) = (&cloud.client, &cloud.nodes("rds_postgresql")[0]);
    let before = rows(client, node, "per_page=100").await;
    let of = |user: &str| id(before.iter().find(|row| row["user"] == user).unwrap());
    let (app, report, protected) = (of("app"), of("report"), of("rdsAdmin"));
    let internal = client.node_state(node).await["internal"].clone();
    let internal: Vec<i64> = serde_json::from_value(internal).unwrap();

    let mut chosen = vec![
        (app, "app"),
        (report, "app"),
        (protected, "rdsAdmin"),
        (7, "app"),
    ];
    chosen.extend(internal.iter().map(|pid| (*pid, "rdsAdmin")));
    assert_eq!(count(client, node, &chosen).await, 1);
    assert_eq!(count(client, node, &chosen).await, 0);

    let left = rows(client, node, "per_page=100").await;
    let expected: Vec<Value> = before.into_iter().filter(|row| id(row) != app).collect();
    let ids = |rows: &[Value]| rows.iter().map(id).collect::<Vec<_>>();
    assert_eq!(ids(&left), ids(&expected));
    let state = client.node_state(node).await;
    assert_eq!(state["kills"], json!({app.to_string(): 2}));
    assert_eq!(state["internal"], json!(internal));
}

#[tokio::test]
async fn a_call_that_makes_no_sense_is_refused() {
    let cloud = start(quick()).await;
    let (client, node) = (&cloud.client, &cloud.nodes("rds_postgresql")[0]);
    for query in [
        "per_page=101",
        "per_page=0",
        "cur_page=0",
        "cur_page=x",
        "hide_sys=1",
        "node_id=n",
    ] {
        let rest = format!("pg/query-process-list?{query}");
        let answer = client.get(&path(client, node, &rest)).await;
        assert_eq!(answer.status.as_u16(), 400, "{query}: {answer:?}");
    }
    let kill = path(client, node, "kill-process");
    for body in [
        json!({"processes": [{"id": 20_117, "user": "app"}]}),
        json!({"engine_type": "postgresql", "processes": [{"id": 20_117}]}),
    ] {
        let answer = client.post(&kill, &body).await;
        answer.assert_error(400, "DAS.200100");
    }
    assert_eq!(list(client, node, "").await["total"], node.sessions);
}

#[tokio::test]
async fn a_busy_instance_kills_nobody() {
    let cloud = start(quick_with(|options| {
        options.services.rds_postgresql.nodes = vec![NodeMapping::simulated("i", "n", 3)];
        options.busy = vec![Busy {
            instance_id: "i".to_owned(),
            duration: Duration::from_secs(600),
            code: None,
        }];
    }))
    .await;
    let (client, node) = (&cloud.client, &cloud.nodes("rds_postgresql")[0]);
    let body = json!({"engine_type": "postgresql", "processes": [{"id": 20_117, "user": "app"}]});
    let answer = client
        .post(&path(client, node, "kill-process"), &body)
        .await;
    answer.assert_error(409, "DBS.200019");
    assert_eq!(list(client, node, "").await["total"], 3);
}

async fn pid(client: &PostgreSqlClient) -> i64 {
    let row = client.query_one("SELECT pg_backend_pid()::int8", &[]).await;
    row.unwrap().get(0)
}

async fn is_alive(client: &PostgreSqlClient) -> bool {
    client.batch_execute("SELECT 1").await.is_ok()
}

#[tokio::test]
async fn real_sessions_die_by_pid_and_owner_and_the_servers_own_live() {
    let server = Server::start().await;
    let open = async |user| server.client(user).await.unwrap();
    let (doomed, spared, report) = (open("app").await, open("app").await, open("report").await);
    doomed.batch_execute("BEGIN").await.unwrap();
    let TestCloud { sandbox, client } = start(quick_with(|options| {
        let node = NodeMapping::server("i", "n", &server.url("keeper"));
        options.services.rds_postgresql.nodes = vec![node];
    }))
    .await;
    let node = &sandbox.ready().nodes[0];
    assert_eq!(node.sessions, 3, "the sandbox does not count itself");

    let first = pid(&doomed).await;
    let row = wait_for("a second of the transaction", async || {
        let rows = rows(&client, node, "user=app&per_page=100").await;
        let row = rows.into_iter().find(|row| id(row) == first)?;
        (row["trx_duration"] != "0").then_some(row)
    })
    .await;
    assert_eq!(row["state"], "idle in transaction");
    assert_eq!(row["db"], "postgres");
    assert!(row["host"].as_str().unwrap().starts_with("127.0.0.1:"));
    let listed = rows(&client, node, "per_page=100").await;
    assert!(
        listed.iter().all(|row| row["user"] != "keeper"),
        "{listed:?}"
    );

    let everybody = report
        .query(
            "SELECT pid::int8 FROM pg_stat_activity WHERE pid <> pg_backend_pid()",
            &[],
        )
        .await
        .unwrap();
    let everybody: Vec<i64> = everybody.iter().map(|row| row.get(0)).collect();
    let chosen: Vec<(i64, &str)> = (everybody.iter())
        .map(|pid| (*pid, if *pid == first { "app" } else { "keeper" }))
        .chain([(pid(&spared).await, "report"), (i64::MAX, "app")])
        .collect();
    assert_eq!(count(&client, node, &chosen).await, 1);
    assert!(!is_alive(&doomed).await);
    assert!(is_alive(&spared).await && is_alive(&report).await);
    assert_eq!(rows(&client, node, "").await.len(), 2);
    let state = client.node_state(node).await;
    assert_eq!(state["kills"], json!({first.to_string(): 1}));
    assert!(state["internal"].as_array().unwrap().len() >= 4, "{state}");
}

#[tokio::test]
async fn a_running_statement_dies_with_its_session() {
    let server = Server::start().await;
    let busy = server.client("app").await.unwrap();
    let busy_pid = pid(&busy).await;
    let TestCloud { sandbox, client } = start(quick_with(|options| {
        let node = NodeMapping::server("i", "n", &server.url("keeper"));
        options.services.rds_postgresql.nodes = vec![node];
    }))
    .await;
    let node = &sandbox.ready().nodes[0];
    let statement = tokio::spawn(async move { busy.batch_execute("SELECT pg_sleep(300)").await });
    wait_for("the statement", async || {
        let active = rows(&client, node, "state=active&keywords=pg_sleep").await;
        (active.len() == 1 && active[0]["command"] == "SELECT").then_some(())
    })
    .await;
    assert_eq!(count(&client, node, &[(busy_pid, "app")]).await, 1);
    let ended = tokio::time::timeout(Duration::from_secs(10), statement).await;
    assert!(ended.unwrap().unwrap().is_err());
    assert!(rows(&client, node, "").await.is_empty());
}

#[tokio::test]
async fn a_sandbox_does_not_start_when_there_is_no_postgresql() {
    let url = format!(
        "postgres://keeper:hunter2@127.0.0.1:{}/postgres",
        free_port()
    );
    let options = quick_with(|options| {
        options.services.rds_postgresql.nodes = vec![NodeMapping::server("i", "n", &url)];
    });
    let error = format!("{:#}", Sandbox::start(options).await.unwrap_err());
    assert!(
        error.contains("cannot connect to PostgreSQL") && !error.contains("hunter2"),
        "{error}"
    );
}
