use std::{collections::BTreeSet, time::Duration};

use hwc_sandbox::{Busy, NodeMapping, Options};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{TestCloud, quick, start};

fn ids(sessions: &[Value]) -> Vec<u64> {
    sessions
        .iter()
        .map(|session| session["id"].as_str().unwrap().parse().unwrap())
        .collect()
}

#[tokio::test]
async fn killing_all_sessions_of_a_node_is_a_job_and_leaves_the_other_node_alone() {
    let options = Options {
        job_duration: Duration::from_millis(400),
        ..quick()
    };
    let cloud = start(options).await;
    let client = &cloud.client;
    let [target, other] = &cloud.nodes("dcs")[..] else {
        panic!("expected two nodes")
    };

    let body = json!({"node_id": target.node_id});
    let started = client
        .post(&client.clients(target, "/kill-all"), &body)
        .await
        .assert_ok()
        .json();
    let job_id = started["job_id"].as_str().unwrap();
    let running = client
        .get(&client.dcs(&format!("/jobs/{job_id}")))
        .await
        .assert_ok()
        .json();
    assert_eq!(running["status"], "RUNNING");
    assert_eq!(running.get("end_time"), None);
    assert_eq!(
        client.list_dcs(target).await.len(),
        target.sessions,
        "nothing dies before the job runs"
    );

    let job = client.job_end(job_id).await;
    assert_eq!(
        (&job["status"], &job["job_id"]),
        (&json!("SUCCESS"), &json!(job_id))
    );
    let time = |field: &str| job[field].as_str().unwrap().parse::<u64>().unwrap();
    assert!(time("end_time") - time("begin_time") >= 400, "{job}");
    assert!(
        job["job_type"].is_string() && job.get("fail_reason").is_none(),
        "{job}"
    );
    assert!(client.list_dcs(target).await.is_empty());
    assert_eq!(client.list_dcs(other).await.len(), other.sessions);
}

#[tokio::test]
async fn kill_all_nodes_empties_the_instance_whatever_node_id_says() {
    let cloud = start(quick()).await;
    let client = &cloud.client;
    let nodes = cloud.nodes("dcs");
    for body in [
        json!({"kill_all_nodes": true}),
        json!({"kill_all_nodes": true, "node_id": nodes[0].node_id}),
        json!({"kill_all_nodes": true, "node_id": "no such node"}),
    ] {
        assert_eq!(client.kill_all(&body, &nodes[0]).await["status"], "SUCCESS");
    }
    for node in &nodes {
        assert!(client.list_dcs(node).await.is_empty());
        let kills = client.node_state(node).await["kills"]
            .as_object()
            .unwrap()
            .clone();
        assert_eq!(kills.len(), node.sessions);
        assert!(kills.values().all(|orders| *orders == 1), "{kills:?}");
    }
}

#[tokio::test]
async fn arguments_are_checked_before_anything_happens() {
    let cloud = start(quick()).await;
    let client = &cloud.client;
    let node = &cloud.nodes("dcs")[0];
    let kill_all = client.clients(node, "/kill-all");
    let kill = client.clients(node, "/kill");
    let refresh = client.clients(node, "");
    let elsewhere = client.dcs("/instances/no-such-instance/clients");
    let cases = [
        (&kill_all, r#"{"node_id": "no such node"}"#, 404, "DCS.4025"),
        (&kill_all, "{}", 400, "DCS.4001"),
        (&kill_all, r#"{"kill_all_nodes": false}"#, 400, "DCS.4001"),
        (&kill_all, r#"{"node_id": ""}"#, 400, "DCS.4001"),
        (&kill_all, r#"{"kill_all_nodes": "yes"}"#, 400, "DCS.4001"),
        (&kill_all, "{", 400, "DCS.4001"),
        (
            &kill,
            r#"{"client_addrs": ["127.0.0.1:1"]}"#,
            400,
            "DCS.4001",
        ),
        (
            &kill,
            &json!({"node_id": node.node_id, "client_addrs": []}).to_string(),
            400,
            "DCS.4001",
        ),
        (
            &kill,
            &json!({"node_id": node.node_id}).to_string(),
            400,
            "DCS.4001",
        ),
        (&refresh, "{}", 400, "DCS.4001"),
        (
            &format!("{elsewhere}/kill-all"),
            r#"{"kill_all_nodes": true}"#,
            404,
            "DCS.4022",
        ),
        (&format!("{elsewhere}/kill"), "{}", 404, "DCS.4022"),
        (&elsewhere, "{}", 404, "DCS.4022"),
    ];
    for (path, body, status, code) in cases {
        let answer = client.send(Method::POST, path, body).await.unwrap();
        answer.assert_error(status, code);
        assert!(answer.json()["error_ext_msg"].is_string(), "{answer:?}");
    }
    assert_eq!(client.list_dcs(node).await.len(), node.sessions);
    client
        .get(&client.dcs("/jobs/none"))
        .await
        .assert_error(404, "DCS.4027");
}

#[tokio::test]
async fn an_instance_is_busy_while_a_job_runs_and_free_afterwards() {
    let cloud = start(Options {
        job_duration: Duration::from_millis(300),
        ..quick()
    })
    .await;
    let client = &cloud.client;
    let [first, second] = &cloud.nodes("dcs")[..] else {
        panic!("expected two nodes")
    };
    let path = client.clients(first, "/kill-all");

    let started = client
        .post(&path, &json!({"node_id": first.node_id}))
        .await
        .assert_ok()
        .json();
    client
        .post(&path, &json!({"node_id": second.node_id}))
        .await
        .assert_error(400, "DCS.4957");
    let one = json!({"node_id": second.node_id, "client_addrs": ["127.0.0.1:1"]});
    client
        .post(&client.clients(first, "/kill"), &one)
        .await
        .assert_error(400, "DCS.4957");
    client.job_end(started["job_id"].as_str().unwrap()).await;

    assert_eq!(client.list_dcs(second).await.len(), second.sessions);
    client
        .post(&path, &json!({"node_id": second.node_id}))
        .await
        .assert_ok();
}

#[tokio::test]
async fn an_instance_may_be_busy_from_the_start_for_a_while() {
    let busy = |duration| Options {
        dcs_nodes: vec![NodeMapping::simulated("i", "n", 1)],
        busy: vec![Busy {
            instance_id: "i".to_owned(),
            duration,
        }],
        ..quick()
    };
    let body = json!({"node_id": "n"});

    let cloud = start(busy(Duration::from_secs(600))).await;
    let path = cloud.client.clients(&cloud.nodes("dcs")[0], "/kill-all");
    cloud
        .client
        .post(&path, &body)
        .await
        .assert_error(400, "DCS.4957");

    let cloud = start(busy(Duration::ZERO)).await;
    let path = cloud.client.clients(&cloud.nodes("dcs")[0], "/kill-all");
    cloud.client.post(&path, &body).await.assert_ok();
}

#[tokio::test]
async fn chosen_sessions_die_at_once() {
    let cloud = start(quick()).await;
    let client = &cloud.client;
    let node = &cloud.nodes("dcs")[0];
    let before = client.list_dcs(node).await;
    let body = json!({
        "node_id": node.node_id,
        "client_addrs": [before[3]["peer"], before[1]["peer"], "203.0.113.9:1"],
    });
    let answer = client.post(&client.clients(node, "/kill"), &body).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (204, ""));

    let killed: BTreeSet<u64> = [ids(&before)[3], ids(&before)[1]].into();
    let after: BTreeSet<u64> = ids(&client.list_dcs(node).await).into_iter().collect();
    let expected: BTreeSet<u64> = ids(&before)
        .into_iter()
        .filter(|id| !killed.contains(id))
        .collect();
    assert_eq!(after, expected);
}

#[tokio::test]
async fn a_list_is_as_old_as_its_last_refresh() {
    let cloud = start(quick()).await;
    let client = &cloud.client;
    let node = &cloud.nodes("dcs")[0];
    let path = client.clients(node, &format!("?node_id={}", node.node_id));
    let first = client.get(&path).await.assert_ok().json();
    client
        .kill_all(&json!({"node_id": node.node_id}), node)
        .await;
    let count = async || client.get(&path).await.assert_ok().json()["count"].clone();

    assert_eq!(count().await, first["count"]);
    let refresh = client.clients(node, "");
    client
        .post(
            &refresh,
            &json!({"node_id": node.node_id, "clean_cache": false}),
        )
        .await
        .assert_ok();
    assert_eq!(count().await, first["count"]);
    client
        .post(
            &refresh,
            &json!({"node_id": node.node_id, "clean_cache": true}),
        )
        .await
        .assert_ok();
    assert_eq!(count().await, json!(0));
}

#[tokio::test]
async fn lists_are_paged_filtered_and_sorted() {
    let node = NodeMapping::simulated("i", "n", 2500);
    let TestCloud { sandbox, client } = start(Options {
        dcs_nodes: vec![node],
        ..quick()
    })
    .await;
    let node = &sandbox.ready().nodes[0];
    let list = async |query: &str| {
        client
            .get(&client.clients(node, &format!("?node_id=n{query}")))
            .await
            .assert_ok()
            .json()
    };

    let default = list("").await;
    assert_eq!(
        (
            default["clients"].as_array().unwrap().len(),
            &default["count"]
        ),
        (10, &json!(2500))
    );
    assert!(
        default["time"].as_str().unwrap().ends_with('Z'),
        "{}",
        default["time"]
    );

    let mut all = Vec::new();
    for offset in [0, 1000, 2000] {
        let page = list(&format!("&limit=1000&offset={offset}")).await;
        all.extend(page["clients"].as_array().unwrap().clone());
    }
    let distinct: BTreeSet<u64> = ids(&all).into_iter().collect();
    assert_eq!((all.len(), distinct.len()), (2500, 2500));
    assert!(
        list("&offset=2500").await["clients"]
            .as_array()
            .unwrap()
            .is_empty()
    );

    let by_age = list("&sort=age&order=desc&limit=1000").await;
    let ages: Vec<i64> = by_age["clients"]
        .as_array()
        .unwrap()
        .iter()
        .map(|client| client["age"].as_i64().unwrap())
        .collect();
    assert!(ages.is_sorted_by(|a, b| a >= b));

    let addr = all[7]["addr"].as_str().unwrap();
    let found = list(&format!("&addr={}", addr.replace(':', "%3A"))).await;
    assert_eq!(found["clients"][0]["addr"], addr);
    assert!(found["count"].as_u64().unwrap() < 20);
    for bad in [
        "&limit=0",
        "&limit=1001",
        "&limit=x",
        "&offset=-1",
        "&sort=password",
        "&order=up",
    ] {
        let path = client.clients(node, &format!("?node_id=n{bad}"));
        client.get(&path).await.assert_error(400, "DCS.4001");
    }
    client
        .get(&client.clients(node, ""))
        .await
        .assert_error(400, "DCS.4001");
    client
        .get(&client.clients(node, "?node_id=m"))
        .await
        .assert_error(404, "DCS.4025");
}

#[tokio::test]
async fn a_session_has_all_fields_of_the_api() {
    let cloud = start(quick()).await;
    let session = cloud
        .client
        .list_dcs(&cloud.nodes("dcs")[0])
        .await
        .remove(0);
    let strings = [
        "id", "addr", "fd", "name", "cmd", "db", "flags", "events", "network", "peer", "user",
    ];
    let numbers = [
        "age",
        "idle",
        "sub",
        "psub",
        "multi",
        "qbuf",
        "qbuf_free",
        "obl",
        "oll",
        "omem",
    ];
    assert!(
        strings.iter().all(|field| session[field].is_string()),
        "{session}"
    );
    assert!(
        numbers.iter().all(|field| session[field].is_i64()),
        "{session}"
    );
    assert_eq!(
        session.as_object().unwrap().len(),
        strings.len() + numbers.len()
    );
}

#[tokio::test]
async fn the_nodes_of_an_instance_are_a_master_and_its_replicas() {
    let cloud = start(quick()).await;
    let nodes = cloud.nodes("dcs");
    let path = cloud.client.dcs(&format!(
        "/instances/{}/logical-nodes",
        nodes[0].instance_id
    ));
    let listed = cloud.client.get(&path).await.assert_ok().json();
    let field = |name: &str| -> Vec<String> {
        let nodes = listed["nodes"].as_array().unwrap();
        nodes
            .iter()
            .map(|node| node[name].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        field("node_id"),
        nodes
            .iter()
            .map(|node| node.node_id.clone())
            .collect::<Vec<_>>()
    );
    assert_eq!(field("node_type"), ["master", "slave"]);
    assert_eq!(field("node_role"), ["redis-server", "redis-server"]);
    assert_eq!(field("logical_node_id").len(), 2);
    cloud
        .client
        .get(&cloud.client.dcs("/instances/none/logical-nodes"))
        .await
        .assert_error(404, "DCS.4022");
}
