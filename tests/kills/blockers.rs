//! Whom others wait for: TaurusDB is asked of each session that can wait.

use serde_json::{Value as Json, json};

use crate::{Cloud, kill_taurusdb, thread};

const ASK: &str = "/process/lock-wait";

fn working(id: i64, user: &str, command: &str) -> Json {
    let mut working = thread(id, user);
    working["command"] = json!(command);
    working
}

fn waits_for(blocker: i64) -> Json {
    json!({"abnormal_root_cause": {"lock_root_cause": {"blocker_pid": blocker}}})
}

#[tokio::test]
async fn only_those_are_asked_about_who_can_wait() {
    let cloud = Cloud::start().await;
    let mut sleeper = thread(2, "app");
    sleeper["time"] = Json::Null;
    cloud.world().threads = vec![
        working(1, "app", "Query"),
        sleeper,
        working(3, "app", "Daemon"),
        working(4, "repl", "Binlog Dump GTID"),
        working(5, "rdsAdmin", "Query"),
    ];
    for _ in 0..5 {
        cloud.at("GET", ASK, |_| Some((200, waits_for(2))));
    }

    let ending = kill_taurusdb(&cloud, json!({"select": [{"blocking": true}]})).await;

    assert_eq!(ending.succeeded_with("killed"), json!([2]));
    let first_kill = |call: &(String, String, Json)| call.0 == "DELETE";
    let world = cloud.world();
    let before = world.calls.iter().take_while(|call| !first_kill(call));
    let asked = before.filter(|(_, path, _)| path.ends_with(ASK)).count();
    assert_eq!(asked, 1);
}

#[tokio::test]
async fn one_that_ends_before_it_is_asked_about_waits_for_nobody() {
    for status in [400, 404] {
        let cloud = Cloud::start().await;
        cloud.world().threads = vec![working(1, "app", "Query"), thread(2, "app")];
        cloud.at("GET", ASK, move |world| {
            world.threads.retain(|thread| thread["id"] != json!(1));
            Some((
                status,
                json!({"error_code": "DBS.200001", "error_msg": "no"}),
            ))
        });

        let ending = kill_taurusdb(&cloud, json!({"select": [{"blocking": true}]})).await;

        assert_eq!(ending.succeeded()["killed_count"], json!(0), "{status}");
    }
}

#[tokio::test]
async fn one_that_is_there_and_cannot_be_asked_about_may_wait_for_anybody() {
    for (status, code) in [
        (400, "DBS.200001"),
        (404, "DBS.200001"),
        (404, "APIGW.0101"),
    ] {
        let cloud = Cloud::start().await;
        let working = (1..=20).map(|id| working(id, "app", "Query"));
        cloud.world().threads = working.collect();
        for number in 0..20 {
            cloud.at("GET", ASK, move |_| match number {
                9 => Some((status, json!({"error_code": code, "error_msg": "no"}))),
                _ => Some((200, waits_for(7))),
            });
        }

        let ending = kill_taurusdb(&cloud, json!({"select": [{"blocking": true}]})).await;

        ending.refused(code);
        assert_eq!(cloud.world().threads.len(), 20);
    }
}
