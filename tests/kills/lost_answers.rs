//! A kill whose answer was lost is not sent again and not guessed about: the sessions are looked at.

use serde_json::json;

use crate::cloud::{Answer, Cloud};
use crate::{NODE, client, cloud_with_two_nodes, kill_dcs, kill_taurusdb, thread};

/// What a gateway says that lost sight of its backend: the backend may have done everything.
fn lost() -> Option<Answer> {
    Some((502, json!({"error_msg": "Bad gateway"})))
}

async fn cloud() -> Cloud {
    let cloud = Cloud::start().await;
    let sessions = vec![
        client(7, "10.0.0.7:5000", "worker", -100),
        client(8, "10.0.0.8:5000", "worker", -3),
    ];
    cloud.world().sessions.insert(NODE.to_owned(), sessions);
    cloud.world().threads = vec![thread(1, "app"), thread(2, "app")];
    cloud
}

#[tokio::test]
async fn a_kill_of_everybody_that_happened_is_in_state_and_not_tainted() {
    let cloud = cloud().await;
    cloud.at("POST", "/clients/kill-all", |world| {
        // It was killed, and the pools come back some seconds later.
        let back = vec![client(20, "10.0.0.7:6000", "worker", 5)];
        world.sessions.insert(NODE.to_owned(), back);
        lost()
    });

    let ending = kill_dcs(&cloud, json!({"node_id": NODE})).await;

    let state = ending.succeeded();
    assert_eq!(state["job_id"], json!(null));
    assert!(state["finished_at"].is_string());
    ending.warns("The answer was lost, but the sessions are gone");
    assert_eq!(cloud.world().bodies("POST", "/clients/kill-all").len(), 1);
}

#[tokio::test]
async fn a_kill_of_everybody_that_did_not_happen_is_unknown_with_what_was_seen() {
    let cloud = cloud().await;
    cloud.at("POST", "/clients/kill-all", |_| lost());

    let ending = kill_dcs(&cloud, json!({"node_id": NODE})).await;

    assert!(ending.state.is_some(), "it is in state, tainted");
    ending.says(
        &ending.errors,
        "It is unknown whether the sessions were killed",
    );
    ending.says(
        &ending.errors,
        "2 sessions connected before the request was sent",
    );
    // The tasks of an instance do not list kills; the audit log does.
    ending.says(&ending.errors, "the audit log (CTS)");
    assert_eq!(cloud.world().bodies("POST", "/clients/kill-all").len(), 1);
    assert!(
        cloud.clock.slept().as_secs() < 200,
        "{:?}",
        cloud.clock.slept()
    );
}

#[tokio::test]
async fn a_kill_of_everybody_is_unknown_where_nobody_can_look() {
    let cloud = cloud().await;
    cloud.at("POST", "/clients/kill-all", |_| lost());
    for _ in 0..3 {
        cloud.at("POST", "/clients", |_| {
            Some((403, json!({"error_code": "DCS.2003", "error_msg": "no"})))
        });
    }

    let ending = kill_dcs(&cloud, json!({"node_id": NODE})).await;

    assert!(ending.state.is_some(), "it is in state, tainted");
    ending.says(&ending.errors, "could not be listed afterwards");
}

#[tokio::test]
async fn a_kill_of_chosen_sessions_is_settled_by_looking() {
    for happened in [true, false] {
        let cloud = cloud().await;
        cloud.at("POST", "/clients/kill", move |world| {
            if happened {
                world.sessions.insert(NODE.to_owned(), Vec::new());
            }
            lost()
        });

        let ending = kill_dcs(
            &cloud,
            json!({"node_id": NODE, "select": [{"names": ["worker"]}]}),
        )
        .await;

        assert_eq!(cloud.world().bodies("POST", "/clients/kill").len(), 1);
        let state = ending.state.as_ref().unwrap();
        if happened {
            assert_eq!(
                ending.succeeded_with("killed"),
                json!(["10.0.0.7:5000", "10.0.0.8:5000"])
            );
            ending.warns("An answer was lost, but the sessions are gone");
        } else {
            ending.says(&ending.errors, "2 of the kill are still listed");
            assert_eq!(state["remaining_count"], json!(2));
            assert!(
                cloud.clock.slept().as_secs() < 200,
                "{:?}",
                cloud.clock.slept()
            );
        }
    }
}

#[tokio::test]
async fn a_kill_of_listed_threads_is_settled_by_looking() {
    for happened in [true, false] {
        let cloud = cloud().await;
        cloud.at("DELETE", "/processes", move |world| {
            if happened {
                world.threads.clear();
            }
            lost()
        });

        let ending = kill_taurusdb(&cloud, json!({"processes": [1, 2]})).await;

        assert_eq!(cloud.world().bodies("DELETE", "/processes").len(), 1);
        if happened {
            assert_eq!(ending.succeeded_with("remaining"), json!([]));
            ending.warns("An answer was lost, but the sessions are gone");
        } else {
            ending.says(&ending.errors, "2 of the kill are still listed");
            assert_eq!(json!(ending.sessions("remaining")), json!([1, 2]));
        }
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_settled_by_looking() {
    let cloud = cloud().await;
    cloud.at("DELETE", "/processes", |world| {
        world.threads.clear();
        Some((200, json!("<html>")))
    });

    let ending = kill_taurusdb(&cloud, json!({"select": [{"all": true}]})).await;

    assert_eq!(ending.succeeded()["processes_killed"], json!([1, 2]));
    ending.warns("its answer could not be read");
}

#[tokio::test]
async fn a_kill_of_everybody_that_had_to_wait_is_judged_by_when_it_left() {
    let cloud = cloud().await;
    cloud.at("POST", "/clients/kill-all", |world| {
        // While the instance is busy, everybody leaves, and somebody else comes.
        world.pass(60);
        let newcomer = vec![client(20, "10.0.0.20:6000", "billing", 30)];
        world.sessions.insert(NODE.to_owned(), newcomer);
        Some((400, json!({"error_code": "DCS.4096", "error_msg": "busy"})))
    });
    cloud.at("POST", "/clients/kill-all", |_| lost());

    let ending = kill_dcs(&cloud, json!({"node_id": NODE})).await;

    ending.says(
        &ending.errors,
        "1 session connected before the request was sent",
    );
    let started = ending.state.as_ref().unwrap()["started_at"].clone();
    let started = started.as_str().unwrap();
    assert!(started.starts_with("2026-11-21T10:01:"), "{started}");
}

#[tokio::test]
async fn a_node_that_is_not_active_any_more_proves_nothing() {
    let cloud = cloud_with_two_nodes(50).await;
    cloud.at("POST", "/clients/kill-all", |world| {
        world.nodes[1]["status"] = json!("Inactive");
        world.sessions.insert("node-1".to_owned(), Vec::new());
        lost()
    });

    let ending = kill_dcs(&cloud, json!({"kill_all_nodes": true})).await;

    ending.says(
        &ending.errors,
        "It is unknown whether the sessions were killed",
    );
    ending.says(&ending.errors, "node-2 (Inactive)");
}

#[tokio::test]
async fn a_node_that_was_counted_and_is_not_listed_any_more_proves_nothing() {
    let cloud = cloud_with_two_nodes(50).await;
    cloud.at("POST", "/clients/kill-all", |world| {
        world.nodes.truncate(1);
        world.sessions.insert("node-1".to_owned(), Vec::new());
        lost()
    });

    let ending = kill_dcs(&cloud, json!({"kill_all_nodes": true, "max_sessions": 5})).await;

    ending.says(
        &ending.errors,
        "It is unknown whether the sessions were killed",
    );
    ending.says(&ending.errors, "node-2");
}

#[tokio::test]
async fn looking_does_not_wait_for_a_lost_request_until_the_time_is_over() {
    let cloud = cloud().await;
    cloud.world().threads = (1..=30).map(|id| thread(id, "app")).collect();
    cloud.at("DELETE", "/processes", |_| None);
    cloud.at("DELETE", "/processes", |_| lost());

    let ending = kill_taurusdb(&cloud, json!({"select": [{"all": true}]})).await;

    let state = ending.state.as_ref().unwrap();
    ending.says(&ending.errors, "10 of the kill are still listed");
    assert_eq!(state["killed_count"], json!(20));
    assert_eq!(state["remaining_count"], json!(10));
    assert!(
        cloud.clock.slept().as_secs() < 200,
        "{:?}",
        cloud.clock.slept()
    );
}

#[tokio::test]
async fn nobody_is_counted_while_the_fate_of_others_is_unknown() {
    let answers: [fn() -> Option<Answer>; 2] = [lost, || Some((200, json!("<html>")))];
    let given = json!({"processes": (1..=150).collect::<Vec<i64>>()});
    let chosen = json!({"select": [{"all": true}]});
    // The list that chooses has two pages.
    for (arguments, pages) in [(given, 0), (chosen, 2)] {
        for answer in answers {
            let cloud = cloud().await;
            cloud.world().threads = (1..=150).map(|id| thread(id, "app")).collect();
            cloud.at("DELETE", "/processes", |_| None);
            for _ in 0..10 {
                cloud.at("DELETE", "/processes", move |world| {
                    world.threads.clear();
                    answer()
                });
            }
            for _ in 0..pages {
                cloud.at("GET", "/processes", |_| None);
            }
            for _ in 0..60 {
                cloud.at("GET", "/processes", |_| {
                    Some((403, json!({"error_code": "DBS.200010"})))
                });
            }

            let ending = kill_taurusdb(&cloud, arguments.clone()).await;

            let state = ending.state.as_ref().unwrap();
            assert_eq!(state["killed_count"], json!(null), "{arguments}");
            assert_eq!(state["remaining_count"], json!(null), "{arguments}");
            let killed = state["processes_killed"].as_array().map(Vec::len);
            assert_eq!(killed, Some(20), "{arguments}");
        }
    }
}

#[tokio::test]
async fn a_lost_answer_is_told_with_what_came_back() {
    let cloud = cloud().await;
    cloud.at("DELETE", "/processes", |world| {
        world.pass(60);
        lost()
    });

    let ending = kill_taurusdb(&cloud, json!({"select": [{"all": true}]})).await;

    ending.says(&ending.errors, "2 of the kill are still listed");
    ending.says(&ending.errors, "HTTP 502: Bad gateway");
}

#[tokio::test]
async fn one_look_that_fails_does_not_end_the_looking() {
    for everybody in [true, false] {
        let cloud = cloud().await;
        let kill = if everybody {
            "/clients/kill-all"
        } else {
            "/clients/kill"
        };
        cloud.at("POST", kill, |world| {
            world.sessions.insert(NODE.to_owned(), Vec::new());
            // The scan that follows fails, and so does each repeat of it.
            world.scan_job = || {
                (
                    200,
                    json!({"status": "FAIL", "fail_reason": "the node is away"}),
                )
            };
            lost()
        });
        for scan in 0..4 {
            cloud.at("POST", "/clients", move |world| {
                if scan == 3 {
                    world.scan_job = || (200, json!({"status": "SUCCESS"}));
                }
                None
            });
        }
        if !everybody {
            // The scan before the kill.
            cloud.at("POST", "/clients", |world| {
                world.scan_job = || (200, json!({"status": "SUCCESS"}));
                None
            });
        }

        let select = match everybody {
            true => json!({"node_id": NODE}),
            false => json!({"node_id": NODE, "select": [{"names": ["worker"]}]}),
        };
        let ending = kill_dcs(&cloud, select).await;

        ending.succeeded();
        ending.warns("nswer was lost, but the sessions are gone");
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_read_may_be_of_a_killed_session() {
    let cloud = cloud().await;
    cloud.at("POST", "/clients/kill", |world| {
        let nameless = vec![json!({"name": "worker"})];
        world.sessions.insert(NODE.to_owned(), nameless);
        Some((204, json!(null)))
    });

    let select = json!({"node_id": NODE, "select": [{"names": ["worker"]}]});
    let ending = kill_dcs(&cloud, select).await;

    assert_eq!(
        ending.succeeded_with("unknown"),
        json!(["10.0.0.7:5000", "10.0.0.8:5000"])
    );
    assert_eq!(ending.succeeded()["killed_count"], json!(null));
    assert_eq!(ending.succeeded()["remaining_count"], json!(null));
    ending.warns("Could not confirm that the sessions are gone");
    ending.warns("1 row without a readable ID");
}

#[tokio::test]
async fn threads_of_a_server_that_restarts_during_the_kill_are_not_killed() {
    for arguments in [
        json!({"processes": [1, 2]}),
        json!({"select": [{"users": ["app"]}]}),
    ] {
        let cloud = cloud().await;
        cloud.at("DELETE", "/processes", |world| {
            // The server counts its threads anew, and other clients are there first.
            world.threads = vec![thread(1, "billing"), thread(2, "billing")];
            lost()
        });

        let ending = kill_taurusdb(&cloud, arguments.clone()).await;

        let world = cloud.world();
        assert_eq!(world.bodies("DELETE", "/processes").len(), 1, "{arguments}");
        assert_eq!(world.threads.len(), 2, "{arguments}");
        // Whether the list shows those that are meant can only be told where they had been listed before.
        let is_certain = arguments.get("select").is_some();
        assert_eq!(ending.errors.is_empty(), is_certain, "{ending:#?}");
    }
}

#[tokio::test]
async fn the_error_about_sessions_that_were_not_there_names_them_and_counts_only_the_killed() {
    let cloud = cloud().await;
    cloud.world().threads = (1..=99).map(|id| thread(id, "app")).collect();
    let processes: Vec<i64> = (1..=150).collect();
    // 100 is in the fifth request, and the answer to the sixth is lost.
    for _ in 0..5 {
        cloud.at("DELETE", "/processes", |_| None);
    }
    cloud.at("DELETE", "/processes", |_| lost());

    let arguments = json!({"processes": processes, "fail_on_not_found": true});
    let ending = kill_taurusdb(&cloud, arguments).await;

    ending.says(&ending.errors, "1 was not found: 100.");
    let claimed = (ending.errors.iter()).any(|(_, detail)| detail.contains("149 session threads"));
    assert!(!claimed, "{ending:#?}");

    let clients = json!({
        "node_id": NODE, "client_addrs": ["10.0.0.7:5000", "10.9.9.9:1"], "fail_on_not_found": true,
    });
    let ending = kill_dcs(&cloud, clients).await;
    ending.says(
        &ending.errors,
        "1 was not found: 10.9.9.9:1. 1 session killed.",
    );
}

#[tokio::test]
async fn a_kill_of_everybody_that_was_seen_gone_is_proved_by_those_who_were_counted() {
    let cloud = cloud().await;
    cloud.at("POST", "/clients/kill-all", |world| {
        world.sessions.insert(NODE.to_owned(), Vec::new());
        lost()
    });

    let ending = kill_dcs(&cloud, json!({"node_id": NODE, "max_sessions": 5})).await;

    assert_eq!(
        ending.succeeded_with("killed"),
        json!(["10.0.0.7:5000", "10.0.0.8:5000"])
    );
}
