//! A kill that has to wait does not go by the list that it was chosen from, and looking again is about what was sent.

use serde_json::{Value as Json, json};

use crate::cloud::{Answer, Cloud};
use crate::{NODE, client, cloud_with_two_nodes, kill_dcs, kill_taurusdb, thread};

fn busy() -> Answer {
    (
        400,
        json!({"error_code": "DCS.4096", "error_msg": "The instance is being backed up."}),
    )
}

#[tokio::test]
async fn an_address_that_goes_to_another_client_while_the_kill_waits_is_not_killed() {
    let cloud = Cloud::start().await;
    let sessions = vec![
        client(7, "10.0.0.7:5000", "worker", -100),
        client(8, "10.0.0.8:5000", "worker", -100),
    ];
    cloud.world().sessions.insert(NODE.to_owned(), sessions);
    cloud.at("POST", "/clients/kill", |world| {
        world.pass(60);
        let now = i64::try_from(world.now()).unwrap();
        let sessions = vec![
            client(9, "10.0.0.7:5000", "billing", now),
            client(8, "10.0.0.8:5000", "worker", -100),
        ];
        world.sessions.insert(NODE.to_owned(), sessions);
        Some(busy())
    });

    let ending = kill_dcs(
        &cloud,
        json!({"node_id": NODE, "select": [{"names": ["worker"]}]}),
    )
    .await;

    assert_eq!(json!(ending.sessions("killed")), json!(["10.0.0.8:5000"]));
    assert_eq!(
        json!(ending.sessions("not_found")),
        json!(["10.0.0.7:5000"])
    );
    // The proof tells the list that decided, and when the kill left.
    let state = ending.succeeded();
    assert_eq!(state["listed_at"], json!({ NODE: "list 2" }));
    let started = state["started_at"].as_str().unwrap();
    assert!(started.starts_with("2026-11-21T10:01:"), "{started}");
    let world = cloud.world();
    assert_eq!(world.sessions[NODE].len(), 1);
    let asked = world.bodies("POST", "/clients/kill");
    assert_eq!(
        asked.last().unwrap()["client_addrs"],
        json!(["10.0.0.8:5000"])
    );
}

#[tokio::test]
async fn the_cap_is_checked_again_when_a_kill_of_everybody_had_to_wait() {
    let cloud = Cloud::start().await;
    let sessions = vec![client(7, "10.0.0.7:5000", "worker", -100)];
    cloud.world().sessions.insert(NODE.to_owned(), sessions);
    cloud.at("POST", "/clients/kill-all", |world| {
        world.pass(60);
        let more = (10..20).map(|id| client(id, &format!("10.0.0.{id}:5000"), "billing", 0));
        world.sessions.get_mut(NODE).unwrap().extend(more);
        Some(busy())
    });

    let ending = kill_dcs(&cloud, json!({"node_id": NODE, "max_sessions": 5})).await;

    ending.refused("11 sessions match, but max_sessions is 5");
    assert_eq!(cloud.world().sessions[NODE].len(), 11);
}

#[tokio::test]
async fn looking_again_does_not_wait_for_what_the_service_left_alone() {
    let cloud = Cloud::start().await;
    cloud.world().threads = vec![thread(1, "app"), thread(2, "app"), thread(3, "app")];
    cloud.world().internal = vec![2];

    let ending = kill_taurusdb(&cloud, json!({"select": [{"all": true}]})).await;

    let state = ending.succeeded();
    assert_eq!(state["processes_killed"], json!([1, 3]));
    assert_eq!(state["processes_excluded"], json!([2]));
    assert_eq!(json!(ending.sessions("remaining")), json!([]));
    assert!(
        cloud.clock.slept().as_secs() < 30,
        "{:?}",
        cloud.clock.slept()
    );
}

#[tokio::test]
async fn looking_again_does_not_wait_for_batches_that_were_not_sent() {
    let cloud = Cloud::start().await;
    cloud.world().threads = (1..=30).map(|id| thread(id, "app")).collect();
    cloud.at("DELETE", "/processes", |_| None);
    cloud.at("DELETE", "/processes", |_| {
        Some((403, json!({"error_code": "DBS.200010", "error_msg": "no"})))
    });

    let ending = kill_taurusdb(&cloud, json!({"select": [{"all": true}]})).await;

    ending.says(&ending.errors, "Not all sessions were killed");
    let state = ending.state.as_ref().unwrap();
    assert_eq!(state["killed_count"], json!(20));
    assert_eq!(state["remaining_count"], json!(10));
    assert!(
        cloud.clock.slept().as_secs() < 30,
        "{:?}",
        cloud.clock.slept()
    );
}

#[tokio::test]
async fn threads_are_sent_in_requests_of_as_many_as_the_service_takes() {
    let cloud = Cloud::start().await;
    cloud.world().threads = (1..=45).map(|id| thread(id, "app")).collect();
    cloud.world().most_threads = 20;

    let processes: Vec<i64> = (1..=45).collect();
    let ending = kill_taurusdb(&cloud, json!({"processes": processes})).await;

    assert_eq!(ending.succeeded()["processes_killed"], json!(processes));
    let sizes: Vec<usize> = (cloud.world().bodies("DELETE", "/processes").iter())
        .map(|body| body["processes"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [20, 20, 5]);
}

#[tokio::test]
async fn after_a_refusal_the_sessions_are_listed_again_before_they_are_sent_in_smaller_requests() {
    let cloud = Cloud::start().await;
    let workers = |last: u64| -> Vec<Json> {
        let ids = 1..=last;
        ids.map(|id| client(id, &format!("10.0.0.{id}:5000"), "worker", -100))
            .collect()
    };
    (cloud.world().sessions).insert(NODE.to_owned(), workers(45));
    cloud.at("POST", "/clients/kill", move |world| {
        // An address goes to another client while the answer is on its way.
        let mut sessions = workers(44);
        sessions.push(client(46, "10.0.0.45:5000", "billing", 0));
        world.sessions.insert(NODE.to_owned(), sessions);
        Some((
            400,
            json!({"error_code": "DCS.4062", "error_msg": "client_addrs"}),
        ))
    });

    let select = json!({"node_id": NODE, "select": [{"names": ["worker"]}]});
    let ending = kill_dcs(&cloud, select).await;

    assert_eq!(ending.succeeded()["killed_count"], json!(44));
    assert_eq!(
        json!(ending.sessions("not_found")),
        json!(["10.0.0.45:5000"])
    );
    let world = cloud.world();
    let left: Vec<&Json> = (world.sessions[NODE].iter())
        .map(|session| &session["name"])
        .collect();
    assert_eq!(left, ["billing"]);
}

#[tokio::test]
async fn addresses_that_are_refused_as_too_many_are_sent_in_smaller_requests() {
    let cloud = Cloud::start().await;
    let sessions = (1..=45)
        .map(|id| client(id, &format!("10.0.0.{id}:5000"), "worker", -100))
        .collect();
    cloud.world().sessions.insert(NODE.to_owned(), sessions);
    cloud.at("POST", "/clients/kill", |_| {
        Some((
            400,
            json!({"error_code": "DCS.4062", "error_msg": "client_addrs"}),
        ))
    });

    let select = json!({"node_id": NODE, "select": [{"names": ["worker"]}]});
    let ending = kill_dcs(&cloud, select).await;

    assert_eq!(ending.succeeded()["killed_count"], json!(45));
    let sizes: Vec<usize> = (cloud.world().bodies("POST", "/clients/kill").iter())
        .map(|body| body["client_addrs"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [45, 20, 20, 5]);
}

#[tokio::test]
async fn a_proof_of_many_clients_is_bounded_and_counts_all_of_them() {
    for arguments in [
        json!({"node_id": NODE, "select": [{"names": ["worker"]}]}),
        json!({"node_id": NODE, "max_sessions": 2_000}),
        json!({"node_id": NODE, "dry_run": true}),
    ] {
        let cloud = Cloud::start().await;
        let sessions = (0..1_200)
            .map(|id| {
                client(
                    id,
                    &format!("10.0.{}.{}:5000", id / 250, id % 250),
                    "worker",
                    -100,
                )
            })
            .collect();
        cloud.world().sessions.insert(NODE.to_owned(), sessions);

        let ending = kill_dcs(&cloud, arguments.clone()).await;

        let state = ending.succeeded();
        let shown = state["sessions"].as_array().map(Vec::len);
        assert_eq!(shown, Some(1_000), "{arguments}");
        let counts = [&state["killed_count"], &state["remaining_count"]].map(Json::as_i64);
        // The job of a kill of everybody does not tell how many it killed.
        let by_job = arguments.get("max_sessions").is_some();
        let expected = if by_job { None } else { Some(1_200) };
        assert_eq!(
            counts.iter().flatten().max(),
            expected.as_ref(),
            "{arguments}"
        );
        ending.warns("State keeps 1000 of 1200 sessions in detail");
    }
}

#[tokio::test]
async fn a_proof_of_many_sessions_is_bounded_and_counts_all_of_them() {
    let cloud = Cloud::start().await;
    cloud.world().threads = (1..=2_500).map(|id| thread(id, "app")).collect();
    cloud.world().internal = vec![2_400];

    let ending = kill_taurusdb(&cloud, json!({"select": [{"all": true}]})).await;

    let state = ending.succeeded();
    let length = |name: &str| state[name].as_array().map_or(0, Vec::len);
    assert_eq!(length("sessions"), 1_000);
    assert_eq!(length("processes_killed"), 999);
    // The one that was not killed is shown, although it comes late in the list.
    assert_eq!(state["processes_excluded"], json!([2_400]));
    assert_eq!(ending.succeeded_with("refused"), json!([2_400]));
    assert_eq!(state["killed_count"], json!(2_499));
    ending.warns("State keeps 1000 of 2500 sessions in detail");
}

#[tokio::test]
async fn listed_ids_are_kept_as_they_are() {
    let cloud = Cloud::start().await;
    cloud.world().threads = (1..=1_500).map(|id| thread(id, "app")).collect();
    let processes: Vec<i64> = (1..=1_500).collect();

    let ending = kill_taurusdb(&cloud, json!({"processes": processes})).await;

    assert_eq!(ending.succeeded()["processes_killed"], json!(processes));
    assert_eq!(ending.warnings, [] as [(String, String); 0]);
    assert_eq!(ending.succeeded_with("remaining"), Json::Null);
}

#[tokio::test]
async fn sessions_of_a_node_that_is_not_listed_any_more_are_looked_at_all_the_same() {
    for gone in [true, false] {
        let cloud = cloud_with_two_nodes(100).await;
        cloud.at("POST", "/clients/kill", |_| None);
        cloud.at("POST", "/clients/kill", move |world| {
            if gone {
                world.nodes.truncate(1);
            } else {
                world.nodes[1]["status"] = json!("Inactive");
            }
            Some((204, Json::Null))
        });

        let select = json!({"kill_all_nodes": true, "select": [{"names": ["worker"]}]});
        let ending = kill_dcs(&cloud, select).await;

        assert_eq!(
            json!(ending.sessions("killed")),
            json!(["10.0.0.1:5000"]),
            "{gone}"
        );
        assert_eq!(
            json!(ending.sessions("remaining")),
            json!(["10.0.0.2:5000"]),
            "{gone}"
        );
        ending.warns("1 killed session still listed");
    }
}

#[tokio::test]
async fn a_node_whose_list_was_read_long_before_the_last_is_listed_again() {
    let cloud = cloud_with_two_nodes(100).await;
    cloud.at("POST", "/clients", |_| None);
    cloud.at("POST", "/clients", |world| {
        world.pass(60);
        let billing = vec![client(9, "10.0.0.1:5000", "billing", 50)];
        world.sessions.insert("node-1".to_owned(), billing);
        None
    });

    let select = json!({"kill_all_nodes": true, "select": [{"names": ["worker"]}]});
    let ending = kill_dcs(&cloud, select).await;

    assert_eq!(cloud.world().sessions["node-1"].len(), 1);
    assert_eq!(json!(ending.sessions("killed")), json!(["10.0.0.2:5000"]));
    assert_eq!(
        json!(ending.sessions("not_found")),
        json!(["10.0.0.1:5000"])
    );
    // The list of the other node still held.
    let scanned: Vec<Json> = (cloud.world().bodies("POST", "/clients").iter())
        .map(|body| body["node_id"].clone())
        .collect();
    assert_eq!(scanned[..3], ["node-1", "node-2", "node-1"].map(Json::from));
}

#[tokio::test]
async fn a_list_that_somebody_else_had_collected_while_the_kill_waited_is_an_old_one() {
    let cloud = Cloud::start().await;
    let worker = vec![client(7, "10.0.0.7:5000", "worker", -100)];
    cloud.world().sessions.insert(NODE.to_owned(), worker);
    cloud.world().scan_answer = |_| (200, Json::Null);
    cloud.at("POST", "/clients/kill", |world| {
        world.scan(NODE);
        world.pass(60);
        let billing = vec![client(9, "10.0.0.7:5000", "billing", 50)];
        world.sessions.insert(NODE.to_owned(), billing);
        Some(busy())
    });
    // Two scans make the first list, since there was none to compare with. The one after the wait takes its time.
    cloud.at("POST", "/clients", |_| None);
    cloud.at("POST", "/clients", |_| None);
    cloud.at("POST", "/clients", |_| Some((200, Json::Null)));

    let select = json!({"node_id": NODE, "select": [{"names": ["worker"]}]});
    let ending = kill_dcs(&cloud, select).await;

    assert_eq!(cloud.world().sessions[NODE].len(), 1);
    assert_eq!(ending.succeeded_with("killed"), json!([]));
    assert_eq!(cloud.world().bodies("POST", "/clients/kill").len(), 1);
}

#[tokio::test]
async fn a_session_that_is_not_meant_any_more_after_the_wait_is_left_and_not_called_gone() {
    let cloud = Cloud::start().await;
    let idle = |id: u64, idle: u64| {
        let mut session = client(id, &format!("10.0.0.{id}:5000"), "worker", -1000);
        session["idle"] = json!(idle);
        session
    };
    let sessions = vec![idle(7, 300), idle(8, 300), idle(9, 300)];
    cloud.world().sessions.insert(NODE.to_owned(), sessions);
    cloud.at("POST", "/clients/kill", move |world| {
        world.pass(60);
        let sessions = vec![idle(7, 1), idle(8, 360)];
        world.sessions.insert(NODE.to_owned(), sessions);
        Some(busy())
    });

    let select = json!({"node_id": NODE, "select": [{"min_idle": "60s"}]});
    let ending = kill_dcs(&cloud, select).await;

    assert_eq!(json!(ending.sessions("killed")), json!(["10.0.0.8:5000"]));
    assert_eq!(
        json!(ending.sessions("remaining")),
        json!(["10.0.0.7:5000"])
    );
    assert_eq!(
        json!(ending.sessions("not_found")),
        json!(["10.0.0.9:5000"])
    );
    ending.warns("1 session no longer selected");
}

#[tokio::test]
async fn an_error_between_two_requests_does_not_speak_of_a_refused_kill() {
    let cloud = Cloud::start().await;
    let sessions = (1..=120).map(|id| client(id, &format!("10.0.0.1:{id}"), "worker", -100));
    (cloud.world().sessions).insert(NODE.to_owned(), sessions.collect());
    cloud.at("POST", "/clients/kill", |_| None);
    cloud.at("POST", "/clients/kill", |world| {
        world.pass(60);
        Some(busy())
    });
    cloud.at("POST", "/clients", |_| None);
    cloud.at("POST", "/clients", |_| {
        Some((403, json!({"error_code": "DCS.2003", "error_msg": "no"})))
    });

    let select = json!({"node_id": NODE, "select": [{"names": ["worker"]}]});
    let ending = kill_dcs(&cloud, select).await;

    ending.says(&ending.errors, "The sessions could not be listed again");
    ending.says(&ending.errors, "20 sessions not sent");
    let (_, detail) = &ending.errors[0];
    assert!(!detail.contains("a request was refused"), "{detail}");
    assert_eq!(ending.state.as_ref().unwrap()["killed_count"], json!(100));
}

#[tokio::test]
async fn a_cap_does_not_hold_for_nodes_that_cannot_be_counted() {
    let cloud = cloud_with_two_nodes(100).await;
    cloud.world().nodes[1]["status"] = json!("AddSharding");

    let capped = json!({"kill_all_nodes": true, "max_sessions": 1});
    let ending = kill_dcs(&cloud, capped).await;

    ending.refused("node-2 (AddSharding)");
    assert_eq!(cloud.world().bodies("POST", "/clients/kill-all").len(), 0);
}

#[tokio::test]
async fn only_nodes_on_which_somebody_is_left_are_looked_at_again() {
    let cloud = cloud_with_two_nodes(100).await;
    cloud.at("POST", "/clients/kill", |_| None);
    // The second node takes its time.
    cloud.at("POST", "/clients/kill", |_| Some((204, Json::Null)));
    // Two scans of the listing, and two each of the first two looks; then the session is gone.
    for _ in 0..5 {
        cloud.at("POST", "/clients", |_| None);
    }
    cloud.at("POST", "/clients", |world| {
        world.sessions.insert("node-2".to_owned(), Vec::new());
        None
    });

    let select = json!({"kill_all_nodes": true, "select": [{"names": ["worker"]}]});
    let ending = kill_dcs(&cloud, select).await;

    assert_eq!(ending.succeeded_with("remaining"), json!([]));
    let scans = cloud.world().bodies("POST", "/clients");
    let of_first = scans
        .iter()
        .filter(|body| body["node_id"] == json!("node-1"));
    assert_eq!((of_first.count(), scans.len()), (2, 6));
}

#[tokio::test]
async fn an_address_that_two_sessions_share_is_sent_once() {
    let cloud = Cloud::start().await;
    let address = |id: u64| format!("10.0.0.1:{}", if id == 150 { 1 } else { id });
    let sessions = (1..=150).map(|id| client(id, &address(id), "worker", -100));
    (cloud.world().sessions).insert(NODE.to_owned(), sessions.collect());
    // Whoever was killed by the first request is back before the second.
    cloud.at("POST", "/clients/kill", |_| None);
    cloud.at("POST", "/clients/kill", |world| {
        let back = client(200, "10.0.0.1:1", "worker", 0);
        world.sessions.get_mut(NODE).unwrap().push(back);
        None
    });

    let select = json!({"node_id": NODE, "select": [{"names": ["worker"]}]});
    let ending = kill_dcs(&cloud, select).await;

    assert_eq!(ending.succeeded()["killed_count"], json!(150));
    assert_eq!(cloud.world().sessions[NODE].len(), 1);
    let asked = cloud.world().bodies("POST", "/clients/kill");
    let sizes: Vec<usize> = (asked.iter())
        .map(|body| body["client_addrs"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [99, 50]);
}

#[tokio::test]
async fn a_refused_batch_of_sessions_that_share_an_address_is_made_smaller_once() {
    let cloud = Cloud::start().await;
    let sessions = (1..=150).map(|id| client(id, "10.0.0.1:1", "worker", -100));
    (cloud.world().sessions).insert(NODE.to_owned(), sessions.collect());
    for _ in 0..5 {
        cloud.at("POST", "/clients/kill", |_| {
            Some((400, json!({"error_code": "DCS.4800", "error_msg": "no"})))
        });
    }

    let select = json!({"node_id": NODE, "select": [{"names": ["worker"]}]});
    let ending = kill_dcs(&cloud, select).await;

    ending.refused("DCS.4800");
    assert_eq!(cloud.world().bodies("POST", "/clients/kill").len(), 2);
}

#[tokio::test]
async fn what_a_count_warns_of_is_said_once_when_the_kill_had_to_wait() {
    let cloud = Cloud::start().await;
    let sessions = vec![
        client(7, "10.0.0.7:5000", "worker", -100),
        json!({"name": "no id"}),
    ];
    cloud.world().sessions.insert(NODE.to_owned(), sessions);
    cloud.at("POST", "/clients/kill-all", |world| {
        world.pass(60);
        Some(busy())
    });

    let ending = kill_dcs(&cloud, json!({"node_id": NODE, "max_sessions": 5})).await;

    ending.succeeded();
    let unreadable = ending.warnings.iter();
    let unreadable = unreadable.filter(|(summary, _)| summary == "Some sessions cannot be read");
    assert_eq!(unreadable.count(), 1, "{ending:#?}");
}
