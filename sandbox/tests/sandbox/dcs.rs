use std::{collections::BTreeSet, time::Duration};

use hwc_sandbox::{Addresses, Busy, NodeMapping, ReadyNode, ScanAnswer};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Client, TestCloud, quick, quick_with, start};

fn ids(sessions: &[Value]) -> Vec<u64> {
    sessions
        .iter()
        .map(|session| session["id"].as_str().unwrap().parse().unwrap())
        .collect()
}

#[tokio::test]
async fn killing_all_sessions_of_a_node_is_a_job_and_leaves_the_other_node_alone() {
    let options = quick_with(|options| {
        options.services.dcs.job_duration = Duration::from_millis(400);
    });
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
    let waiting = client
        .get(&client.dcs(&format!("/jobs/{job_id}")))
        .await
        .assert_ok()
        .json();
    assert_eq!(waiting["status"], "INIT");
    assert_eq!(waiting.get("end_time"), None);
    assert_eq!(
        client.node_state(target).await["sessions"]
            .as_array()
            .unwrap()
            .len(),
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
        job["job_type"].is_string() && job["fail_reason"].is_null(),
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
        (&kill_all, r#"{"node_id": "no such node"}"#, 400, "DCS.3053"),
        (&kill_all, "{}", 400, "DCS.4800"),
        (&kill_all, r#"{"kill_all_nodes": false}"#, 400, "DCS.4800"),
        (&kill_all, r#"{"node_id": ""}"#, 400, "DCS.4800"),
        (&kill_all, r#"{"kill_all_nodes": "yes"}"#, 400, "DCS.4800"),
        (&kill_all, "{", 400, "DCS.4005"),
        (&kill_all, "", 400, "DCS.4005"),
        (
            &kill,
            r#"{"client_addrs": ["127.0.0.1:1"]}"#,
            400,
            "DCS.4800",
        ),
        (
            &kill,
            &json!({"node_id": node.node_id, "client_addrs": []}).to_string(),
            400,
            "DCS.4800",
        ),
        (
            &kill,
            &json!({"node_id": node.node_id}).to_string(),
            400,
            "DCS.4800",
        ),
        (&refresh, "{}", 400, "DCS.4800"),
        (
            &format!("{elsewhere}/kill-all"),
            r#"{"kill_all_nodes": true}"#,
            404,
            "DCS.3022",
        ),
        (&format!("{elsewhere}/kill"), "{}", 404, "DCS.3022"),
        (&elsewhere, "{}", 404, "DCS.3022"),
    ];
    for (path, body, status, code) in cases {
        let answer = client.send(Method::POST, path, body).await.unwrap();
        answer.assert_error(status, code);
        assert!(answer.json()["error_ext_msg"].is_null(), "{answer:?}");
    }
    assert_eq!(client.list_dcs(node).await.len(), node.sessions);
    client
        .get(&client.dcs("/jobs/none"))
        .await
        .assert_error(400, "DCS.4070");
}

#[tokio::test]
async fn an_instance_is_busy_while_a_job_runs_and_free_afterwards() {
    let cloud = start(quick_with(|options| {
        options.services.dcs.job_duration = Duration::from_millis(300);
    }))
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
        .assert_error(400, "DCS.4017");
    let one = json!({"node_id": second.node_id, "client_addrs": ["127.0.0.1:1"]});
    client
        .post(&client.clients(first, "/kill"), &one)
        .await
        .assert_error(400, "DCS.4017");
    client.job_end(started["job_id"].as_str().unwrap()).await;

    assert_eq!(client.list_dcs(second).await.len(), second.sessions);
    client
        .post(&path, &json!({"node_id": second.node_id}))
        .await
        .assert_ok();
}

#[tokio::test]
async fn an_instance_may_be_busy_from_the_start_for_a_while() {
    let busy = |duration, code| {
        quick_with(|options| {
            options.services.dcs.nodes = vec![NodeMapping::simulated("i", "n", 1)];
            options.busy = vec![Busy {
                instance_id: "i".to_owned(),
                duration,
                code,
            }];
        })
    };
    let body = json!({"node_id": "n"});

    for code in [None, Some("DCS.4113")] {
        let cloud = start(busy(Duration::from_secs(600), code)).await;
        let node = &cloud.nodes("dcs")[0];
        let path = cloud.client.clients(node, "/kill-all");
        cloud
            .client
            .post(&path, &body)
            .await
            .assert_error(400, code.unwrap_or("DCS.4017"));
        assert_eq!(
            cloud.client.list_dcs(node).await.len(),
            1,
            "sessions can be listed all the same"
        );
    }

    let cloud = start(busy(Duration::ZERO, None)).await;
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

/// Starts a scan of the node with this body, and gives back the id of its job.
async fn begin_scan(client: &Client, node: &ReadyNode, body: &Value) -> String {
    let started = client.post(&client.clients(node, ""), body).await;
    let job_id = started.assert_ok().json()["job_id"].clone();
    job_id.as_str().unwrap().to_owned()
}

/// A page of the saved list.
async fn saved_list(client: &Client, node: &ReadyNode) -> Value {
    let path = client.clients(node, &format!("?node_id={}&limit=1000", node.node_id));
    client.get(&path).await.assert_ok().json()
}

#[tokio::test]
async fn a_scan_is_a_job_that_saves_a_list_at_its_end() {
    let cloud = start(quick_with(|options| {
        options.services.dcs.scan_duration = Duration::from_millis(400);
    }))
    .await;
    let client = &cloud.client;
    let [node, other] = &cloud.nodes("dcs")[..] else {
        panic!("expected two nodes")
    };
    let list = client.clients(node, &format!("?node_id={}", node.node_id));
    client.get(&list).await.assert_error(500, "DCS.5000");

    let body = json!({"node_id": node.node_id, "clean_cache": true});
    let job_id = begin_scan(client, node, &body).await;
    client.get(&list).await.assert_error(500, "DCS.5000");
    let path = client.dcs(&format!("/jobs/{job_id}"));
    let mut seen = vec![json!("INIT")];
    loop {
        let job = client.get(&path).await.assert_ok().json();
        if seen.last() != Some(&job["status"]) {
            seen.push(job["status"].clone());
        }
        if job["status"] == "SUCCESS" {
            assert!(
                job["fail_reason"].is_null() && job["end_time"].is_string(),
                "{job}"
            );
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(seen, ["INIT", "RUNNING", "SUCCESS"]);
    let saved = saved_list(client, node).await;
    assert_eq!(saved["count"], json!(node.sessions));
    let other = client.clients(other, &format!("?node_id={}", other.node_id));
    client.get(&other).await.assert_error(500, "DCS.5000");
}

#[tokio::test]
async fn a_scan_leaves_the_saved_list_as_it_is_unless_it_cleans_the_cache() {
    let cloud = start(quick()).await;
    let client = &cloud.client;
    let node = &cloud.nodes("dcs")[0];
    // That a first scan makes a list without it is inferred.
    let job_id = begin_scan(client, node, &json!({"node_id": node.node_id})).await;
    client.job_end(&job_id).await;
    let first = saved_list(client, node).await;
    assert_eq!(first["count"], json!(node.sessions));
    client
        .kill_all(&json!({"node_id": node.node_id}), node)
        .await;

    for body in [
        json!({"node_id": node.node_id}),
        json!({"node_id": node.node_id, "clean_cache": false}),
    ] {
        let job_id = begin_scan(client, node, &body).await;
        assert_eq!(client.job_end(&job_id).await["status"], "SUCCESS");
        assert_eq!(saved_list(client, node).await, first);
    }

    client.scan(node, true).await;
    let second = saved_list(client, node).await;
    assert_eq!(second["count"], json!(0));
    assert_ne!(second["time"], first["time"]);
    client.scan(node, true).await;
    assert_ne!(saved_list(client, node).await["time"], second["time"]);
}

#[tokio::test]
async fn the_old_list_stays_while_a_scan_runs_and_kills_are_refused() {
    let cloud = start(quick()).await;
    let client = &cloud.client;
    let [node, other] = &cloud.nodes("dcs")[..] else {
        panic!("expected two nodes")
    };
    client.scan(node, true).await;
    let before = saved_list(client, node).await;
    client.fault(&json!({"scan": "never"})).await;
    let body = json!({"node_id": node.node_id, "clean_cache": true});
    let job_id = begin_scan(client, node, &body).await;

    assert_eq!(saved_list(client, node).await, before);
    let addresses = json!({"node_id": node.node_id, "client_addrs": ["192.0.2.1:1"]});
    let all = json!({"node_id": other.node_id});
    for (rest, body) in [("/kill", &addresses), ("/kill-all", &all)] {
        client
            .post(&client.clients(node, rest), body)
            .await
            .assert_error(400, "DCS.4957");
    }

    client
        .admin(Method::DELETE, "/faults", "")
        .await
        .assert_ok();
    assert_eq!(client.job_end(&job_id).await["status"], "FAIL");
    assert_eq!(saved_list(client, node).await, before);
    client
        .post(&client.clients(node, "/kill"), &addresses)
        .await
        .assert_ok();
}

#[tokio::test]
async fn a_scan_can_answer_as_older_documents_show() {
    for (scan_answer, is_expected) in [
        (
            ScanAnswer::UnknownJob,
            (|text| text.len() > 40) as fn(&str) -> bool,
        ),
        (ScanAnswer::NoJob, |text| text == "{}"),
        (ScanAnswer::Empty, str::is_empty),
    ] {
        let cloud = start(quick_with(|options| {
            options.services.dcs.scan_answer = scan_answer;
        }))
        .await;
        let client = &cloud.client;
        let node = &cloud.nodes("dcs")[0];
        let body = json!({"node_id": node.node_id, "clean_cache": true});
        let answer = client.post(&client.clients(node, ""), &body).await;
        assert_eq!(answer.status, 200);
        assert!(is_expected(&answer.text), "{answer:?}");
        if scan_answer == ScanAnswer::UnknownJob {
            let job_id = answer.json()["job_id"].as_str().unwrap().to_owned();
            let path = client.dcs(&format!("/jobs/{job_id}"));
            client.get(&path).await.assert_error(400, "DCS.4070");
        }

        let path = client.clients(node, &format!("?node_id={}", node.node_id));
        let mut tries = 0;
        while client.get(&path).await.status != 200 {
            tries += 1;
            assert!(tries < 500, "the scan goes on whatever it answered");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

#[tokio::test]
async fn sessions_come_and_go_between_scans_and_not_between_pages() {
    let cloud = start(quick_with(|options| {
        options.services.dcs.nodes = vec![NodeMapping::simulated("i", "n", 50)];
        options.churn = 5;
    }))
    .await;
    let client = &cloud.client;
    let node = &cloud.nodes("dcs")[0];
    client.scan(node, true).await;
    let first = saved_list(client, node).await;
    let state = client.node_state(node).await;
    assert_eq!(saved_list(client, node).await, first);
    assert_ne!(client.node_state(node).await["sessions"], state["sessions"]);

    client.scan(node, true).await;
    let second = saved_list(client, node).await;
    assert_ne!(second["time"], first["time"]);
    assert_ne!(second["clients"], first["clients"]);
}

#[tokio::test]
async fn somebody_elses_scan_can_replace_the_list_between_two_pages() {
    let cloud = start(quick_with(|options| {
        options.services.dcs.foreign_scan_every = 2;
    }))
    .await;
    let client = &cloud.client;
    let node = &cloud.nodes("dcs")[0];
    client.scan(node, true).await;
    let mut times = Vec::new();
    for _ in 0..4 {
        times.push(saved_list(client, node).await["time"].clone());
    }
    assert_ne!(times[0], times[1]);
    assert_eq!(times[1], times[2]);
    assert_ne!(times[2], times[3]);

    let place = json!({"instance_id": node.instance_id, "node_id": node.node_id}).to_string();
    client
        .admin(Method::POST, "/scans", &place)
        .await
        .assert_ok();
    assert_ne!(saved_list(client, node).await["time"], times[3]);
}

#[tokio::test]
async fn where_there_are_proxies_sessions_are_at_them_alone() {
    let cloud = start(quick_with(|options| {
        options.services.dcs.nodes = vec![
            NodeMapping::simulated("i", "server-1", 2),
            NodeMapping::simulated("i", "server-2", 2),
        ];
        options.services.dcs.proxies = vec![
            NodeMapping::simulated("i", "proxy-1", 5),
            NodeMapping::simulated("i", "proxy-2", 6),
        ];
    }))
    .await;
    let client = &cloud.client;
    let nodes = cloud.nodes("dcs");
    let path = client.dcs("/instances/i/logical-nodes");
    let listed = client.get(&path).await.assert_ok().json();
    let kinds: Vec<(String, String)> = listed["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| {
            let text = |name: &str| node[name].as_str().unwrap().to_owned();
            (text("node_role"), text("node_type"))
        })
        .collect();
    let kind = |role: &str, kind: &str| (role.to_owned(), kind.to_owned());
    assert_eq!(
        kinds,
        [
            kind("redis-proxy", "proxy"),
            kind("redis-proxy", "proxy"),
            kind("redis-server", "master"),
            kind("redis-server", "slave")
        ]
    );

    for node_id in ["server-1", "server-2"] {
        let body = json!({"node_id": node_id, "client_addrs": ["192.0.2.1:1"]});
        for rest in ["", "/kill", "/kill-all"] {
            client
                .post(&client.clients(&nodes[0], rest), &body)
                .await
                .assert_error(400, "DCS.4027");
        }
        let path = client.clients(&nodes[0], &format!("?node_id={node_id}"));
        client.get(&path).await.assert_error(400, "DCS.4027");
    }
    assert_eq!(client.list_dcs(&nodes[1]).await.len(), 6);
    client
        .kill_all(&json!({"node_id": "proxy-2"}), &nodes[1])
        .await;
    assert_eq!(client.list_dcs(&nodes[1]).await.len(), 0);
    assert_eq!(client.list_dcs(&nodes[0]).await.len(), 5);
}

#[tokio::test]
async fn a_node_that_is_not_active_says_so_and_takes_no_calls() {
    let cloud = start(quick_with(|options| {
        options.services.dcs.nodes = vec![
            NodeMapping::simulated("i", "up", 2),
            NodeMapping::simulated("i", "down", 2),
        ];
        options.services.dcs.inactive = vec!["i/down".to_owned()];
    }))
    .await;
    let client = &cloud.client;
    let [up, down] = &cloud.nodes("dcs")[..] else {
        panic!("expected two nodes")
    };
    let statuses = async || -> Vec<Value> {
        let path = client.dcs("/instances/i/logical-nodes");
        let listed = client.get(&path).await.assert_ok().json();
        let nodes = listed["nodes"].as_array().unwrap();
        nodes.iter().map(|node| node["status"].clone()).collect()
    };
    assert_eq!(statuses().await, ["Active", "Inactive"]);
    client
        .post(&client.clients(down, ""), &json!({"node_id": "down"}))
        .await
        .assert_error(400, "DCS.4049");
    client.kill_all(&json!({"kill_all_nodes": true}), up).await;
    let killed = async |node| {
        client.node_state(node).await["kills"]
            .as_object()
            .unwrap()
            .len()
    };
    assert_eq!((killed(up).await, killed(down).await), (2, 0));

    let status = json!({"instance_id": "i", "node_id": "down", "status": "Active"});
    client
        .admin(Method::POST, "/nodes", &status.to_string())
        .await
        .assert_ok();
    assert_eq!(statuses().await, ["Active", "Active"]);
    assert_eq!(client.list_dcs(down).await.len(), 2);
    for bad in [
        json!({"instance_id": "i", "node_id": "down", "status": "Asleep"}),
        json!({"instance_id": "i", "node_id": "none", "status": "Active"}),
    ] {
        client
            .admin(Method::POST, "/nodes", &bad.to_string())
            .await
            .assert_error(400, "SANDBOX.400");
    }
}

#[tokio::test]
async fn a_session_may_come_from_an_inner_address_or_have_no_peer() {
    for addresses in [Addresses::Inner, Addresses::NoPeer] {
        let cloud = start(quick_with(|options| {
            options.services.dcs.addresses = addresses;
        }))
        .await;
        let client = &cloud.client;
        let node = &cloud.nodes("dcs")[0];
        let session = client.list_dcs(node).await.remove(0);
        let (addr, peer) = (
            session["addr"].as_str().unwrap(),
            session["peer"].as_str().unwrap(),
        );
        let kill = async |address: &str| {
            let body = json!({"node_id": node.node_id, "client_addrs": [address]});
            let answer = client.post(&client.clients(node, "/kill"), &body).await;
            assert_eq!(answer.status, 204);
            client.node_state(node).await["kills"]
                .as_object()
                .unwrap()
                .len()
        };
        match addresses {
            Addresses::Inner => {
                assert!(addr.starts_with("198.19."), "{addr}");
                assert_eq!(kill(addr).await, 0, "the inner address kills nobody");
                assert_eq!(kill(peer).await, 1);
            }
            _ => {
                assert_eq!(peer, "");
                assert_eq!(kill(addr).await, 1);
            }
        }
    }
}

#[tokio::test]
async fn lists_are_paged_filtered_and_sorted() {
    let node = NodeMapping::simulated("i", "n", 2500);
    let TestCloud { sandbox, client } = start(quick_with(|options| {
        options.services.dcs.nodes = vec![node];
    }))
    .await;
    let node = &sandbox.ready().nodes[0];
    client.scan(node, true).await;
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
    assert!(default["time"].is_string());
    assert!(!ids(default["clients"].as_array().unwrap()).is_sorted());

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

    let by_id = list("&sort=id&order=asc&limit=1000").await;
    assert!(ids(by_id["clients"].as_array().unwrap()).is_sorted());
    let by_age = list("&sort=age&limit=1000").await;
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
        client.get(&path).await.assert_error(400, "DCS.4800");
    }
    client
        .get(&client.clients(node, ""))
        .await
        .assert_error(400, "DCS.4800");
    client
        .get(&client.clients(node, "?node_id=m"))
        .await
        .assert_error(400, "DCS.3053");
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
    assert_eq!(field("status"), ["Active", "Active"]);
    assert_eq!(field("node_port"), ["6379", "6379"]);
    assert_eq!(field("logical_node_id").len(), 2);
    cloud
        .client
        .get(&cloud.client.dcs("/instances/none/logical-nodes"))
        .await
        .assert_error(404, "DCS.3022");
}
