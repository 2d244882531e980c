use std::time::Duration;

use hwc_sandbox::{Busy, NodeMapping, ReadyNode};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::support::{Client, TestCloud, quick, quick_with, start};

/// What the calls of a layer are named by.
const LAYERS: [(&str, &str, &str); 2] = [
    ("ddm_logical", "logical-processes", "logical_processes"),
    ("ddm_physical", "physical-processes", "physical_processes"),
];

/// The path of a call on a node's instance.
fn path(client: &Client, node: &ReadyNode, rest: &str) -> String {
    let project_id = &client.ready.project_id;
    format!("/v3/{project_id}/instances/{}/{rest}", node.instance_id)
}

async fn list(client: &Client, node: &ReadyNode, rest: &str) -> Value {
    let answer = client.get(&path(client, node, rest)).await;
    answer.assert_ok().json()
}

fn id(row: &Value) -> String {
    let id = &row["id"];
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}

/// The log of kills from a minute ago until in a minute, with the rest of the query. Queries stand here as they are signed.
async fn log(client: &Client, node: &ReadyNode, rest: &str) -> Value {
    let written = |seconds: i64| {
        let time = OffsetDateTime::now_utc() + time::Duration::seconds(seconds);
        let (date, (hour, minute, second)) = (time.date(), time.time().as_hms());
        format!("{date}T{hour:02}%3A{minute:02}%3A{second:02}%2B0000")
    };
    let query = format!(
        "processes-audit-log?start_time={}&end_time={}{rest}",
        written(-60),
        written(60)
    );
    list(client, node, &query).await
}

#[tokio::test]
async fn a_list_has_the_documented_fields_and_pages() {
    let cloud = start(quick_with(|options| options.sessions = 140)).await;
    for (service, call, name) in LAYERS {
        let (client, node) = (&cloud.client, &cloud.nodes(service)[0]);
        let default = list(client, node, call).await;
        assert_eq!(default[name].as_array().unwrap().len(), 10);
        assert_eq!(default["total_count"], 140);
        let row = default[name][0].as_object().unwrap();
        let fields: Vec<&str> = row.keys().map(String::as_str).collect();
        let documented = [
            "command",
            "db",
            "host",
            "id",
            "info",
            "state",
            "time",
            "trx_executed_time",
            "user",
        ];
        let is_logical = service == "ddm_logical";
        let known: Vec<&str> = (documented.into_iter())
            .filter(|field| !is_logical || *field != "trx_executed_time")
            .collect();
        assert_eq!(fields, known, "{service}");
        assert_eq!(row["id"].is_string(), is_logical);
        assert_eq!(row["time"].is_string(), is_logical);

        let first = list(client, node, &format!("{call}?limit=128")).await;
        let second = list(client, node, &format!("{call}?limit=128&offset=128")).await;
        assert_eq!(first[name].as_array().unwrap().len(), 128);
        assert_eq!(second[name].as_array().unwrap().len(), 12);
        let report = list(client, node, &format!("{call}?keyword=report&limit=1")).await;
        assert_eq!(report[name][0]["user"], "report");
        assert!(report["total_count"].as_u64().unwrap() > 1);
    }
}

#[tokio::test]
async fn a_kill_is_of_one_layer_and_in_its_log() {
    let cloud = start(quick()).await;
    for ((service, call, name), (other, elsewhere, _)) in
        [(LAYERS[0], LAYERS[1]), (LAYERS[1], LAYERS[0])]
    {
        let (client, node) = (&cloud.client, &cloud.nodes(service)[0]);
        let other = &cloud.nodes(other)[0];
        let before = list(client, node, call).await;
        let untouched = list(client, other, elsewhere).await["total_count"].clone();
        assert_eq!(log(client, node, "").await["total_count"], 0);

        let killed = [id(&before[name][0]), id(&before[name][1])];
        for _ in 0..2 {
            let body = json!({"process_ids": [killed[0], killed[1], killed[0], "9", "none"]});
            let answer = client.delete(&path(client, node, call), &body).await;
            assert_eq!(answer.assert_ok().json(), json!({"resp": "successful"}));
        }

        let after = list(client, node, call).await;
        let sessions = before["total_count"].as_u64().unwrap();
        assert_eq!(after["total_count"], sessions - 2);
        assert_eq!(
            list(client, other, elsewhere).await["total_count"],
            untouched
        );
        let kills = log(client, node, "").await;
        assert_eq!(kills["total_count"], 2);
        let rows = kills["process_audit_logs"].as_array().unwrap();
        for (row, id) in rows.iter().zip(&killed) {
            assert_eq!(
                (&row["process_id"], &row["instance_id"]),
                (&json!(id), &json!(node.instance_id))
            );
        }
        let second = log(client, node, "&limit=1&offset=1").await;
        assert_eq!(second["process_audit_logs"], json!([rows[1]]));
    }
}

#[tokio::test]
async fn arguments_are_checked_before_anything_happens() {
    let cloud = start(quick()).await;
    for (service, call, _) in LAYERS {
        let (client, node) = (&cloud.client, &cloud.nodes(service)[0]);
        for query in ["?limit=0", "?limit=129", "?offset=-1"] {
            let list = path(client, node, &format!("{call}{query}"));
            client.get(&list).await.assert_error(400, "DBS.280001");
        }
        let many: Vec<String> = (0..101).map(|id: u32| id.to_string()).collect();
        for body in [
            json!({}),
            json!({"process_ids": []}),
            json!({"process_ids": [1973]}),
            json!({"process_ids": many}),
        ] {
            let answer = client.delete(&path(client, node, call), &body).await;
            answer.assert_error(400, "DBS.280001");
        }
        let ending = &node.instance_id[32..];
        for (instance_id, status, code) in [
            (format!("{}{ending}", "0".repeat(32)), 404, "DBS.200002"),
            ("short".to_owned(), 400, "DBS.280001"),
        ] {
            let elsewhere = ReadyNode {
                instance_id,
                ..node.clone()
            };
            client
                .get(&path(client, &elsewhere, call))
                .await
                .assert_error(status, code);
            let body = json!({"process_ids": ["1"]});
            client
                .delete(&path(client, &elsewhere, call), &body)
                .await
                .assert_error(status, code);
        }
        for query in [
            "",
            "?start_time=2026-11-21T10%3A00%3A00%2B0000",
            "?start_time=2026-11-21&end_time=2026-11-22",
            "?start_time=2026-11-21T10%3A00%3A00%2B0000&end_time=2026-11-28T10%3A00%3A01%2B0000",
            "?start_time=2026-11-21T10%3A00%3A01%2B0000&end_time=2026-11-21T10%3A00%3A00%2B0000",
        ] {
            let log = path(client, node, &format!("processes-audit-log{query}"));
            client.get(&log).await.assert_error(400, "DBS.280001");
        }
        let state = client.node_state(node).await;
        assert_eq!(state["sessions"].as_array().unwrap().len(), node.sessions);
    }
}

#[tokio::test]
async fn an_instance_may_be_busy() {
    let TestCloud { sandbox, client } = start(quick_with(|options| {
        options.services.ddm_logical.nodes = vec![NodeMapping::simulated("i", "n", 3)];
        options.busy = vec![Busy {
            instance_id: "i".to_owned(),
            duration: Duration::from_secs(600),
            code: Some("DBS.212033"),
        }];
    }))
    .await;
    let node = &sandbox.ready().nodes[0];
    let body = json!({"process_ids": ["1"]});
    let answer = client
        .delete(&path(&client, node, "logical-processes"), &body)
        .await;
    answer.assert_error(409, "DBS.212033");
}
