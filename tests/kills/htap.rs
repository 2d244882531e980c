//! TaurusDB HTAP: a list without a total, one status for all sessions of a kill, and at most 20 of them.

use serde_json::{Value as Json, json};

use crate::{Cloud, Ending, kill};

async fn kill_htap(cloud: &Cloud, select: Json) -> Ending {
    let place = json!({
        "region": "cn-north-4",
        "instance_id": "a23fb62bd61e4e9e9636fd2225f395bein17",
    });
    kill("taurusdb_htap", cloud, place, json!({"select": [select]})).await
}

fn session(id: usize, user: &str, seconds: f64) -> Json {
    json!({
        "id": id.to_string(), "user": user, "host": format!("10.0.0.1:{}", 4000 + id), "database": "shop",
        "command": "Query", "state": "OK", "sql_statement": "SELECT 1", "duration": seconds,
    })
}

async fn cloud_with(sessions: Vec<Json>) -> Cloud {
    let cloud = Cloud::start().await;
    cloud.world().htap = sessions;
    cloud
}

#[tokio::test]
async fn a_list_without_a_total_is_read_to_its_end() {
    let mut sessions: Vec<Json> = (0..4_500).map(|id| session(id, "app", 1.0)).collect();
    sessions.push(session(4_500, "report", 1.0));
    let cloud = cloud_with(sessions).await;

    let ending = kill_htap(&cloud, json!({"users": ["report"]})).await;

    assert_eq!(ending.succeeded_with("killed"), json!(["4500"]));
    assert_eq!(cloud.world().htap.len(), 4_500);
}

#[tokio::test]
async fn at_most_20_go_into_one_request_and_each_follows_a_list() {
    let cloud = cloud_with((0..45).map(|id| session(id, "app", 1.0)).collect()).await;

    let ending = kill_htap(&cloud, json!({"all": true})).await;

    let killed = ending.succeeded_with("killed");
    assert_eq!(killed.as_array().map(Vec::len), Some(45));
    let world = cloud.world();
    let sizes: Vec<usize> = (world.bodies("DELETE", "/htap/process").iter())
        .map(|body| body["process_list"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [20, 20, 5]);
    let calls: Vec<&str> = world.calls.iter().map(|call| call.0.as_str()).collect();
    assert!(!calls.windows(2).any(|two| two == ["DELETE", "DELETE"]));
}

#[tokio::test]
async fn a_failed_kill_is_a_failure_unless_the_sessions_are_gone() {
    for (goes, left) in [(true, 0), (false, 1)] {
        let cloud = cloud_with(vec![session(7, "app", 1.0), session(8, "app", 1.0)]).await;
        // One ends by itself between the list and the kill.
        cloud.at("DELETE", "/htap/process", move |world| {
            world.htap.remove(0);
            (!goes).then(|| {
                (
                    200,
                    json!({"status": "failed", "msg": "Unknown thread id: 7"}),
                )
            })
        });

        let ending = kill_htap(&cloud, json!({"all": true})).await;

        assert_eq!(cloud.world().htap.len(), left);
        let requests = cloud.world().bodies("DELETE", "/htap/process").len();
        assert_eq!(requests, 1, "a failed kill is not sent again");
        if goes {
            assert_eq!(ending.succeeded_with("killed"), json!(["7", "8"]));
            ending.warns("The answer says that the kill failed, but the sessions are gone");
        } else {
            ending.says(&ending.errors, "TaurusDB HTAP says that the kill failed");
            ending.says(&ending.errors, "status is failed: Unknown thread id: 7");
            assert_eq!(json!(ending.sessions("remaining")), json!(["8"]));
        }
    }
}

#[tokio::test]
async fn a_fraction_of_a_second_counts_and_is_not_in_state() {
    let cloud = cloud_with(vec![session(1, "app", 59.999), session(2, "app", 60.5)]).await;

    let ending = kill_htap(&cloud, json!({"min_busy": "1m"})).await;

    assert_eq!(ending.succeeded_with("killed"), json!(["2"]));
    let state = ending.state.as_ref().unwrap();
    assert_eq!(state["sessions"][0]["busy_seconds"], json!(60));
}

#[tokio::test]
async fn two_sessions_with_one_id_are_left_alone() {
    let twin = session(7, "report", 1.0);
    let mut other = session(7, "app", 1.0);
    other["host"] = json!("10.0.0.9:4000");
    let cloud = cloud_with(vec![other, twin, session(8, "app", 1.0)]).await;

    let ending = kill_htap(&cloud, json!({"all": true})).await;

    assert_eq!(json!(ending.sessions("killed")), json!(["8"]));
    assert_eq!(cloud.world().htap.len(), 2);
}
