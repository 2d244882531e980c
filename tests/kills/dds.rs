//! Operations of DDS: only active ones are sent, a killed one leaves its connection behind, and idle connections without an ID
//! hide nobody.

use serde_json::{Value as Json, json};

use crate::{Cloud, kill_dds};

const LIST: &str = "/sessions";
const KILL: &str = "/session";

/// An active operation of a connection.
fn operation(id: &str, connection: &str) -> Json {
    json!({
        "id": id, "active": true, "operation": "{}", "type": "query", "cost_time": "90000000", "plan_summary": "COLLSCAN",
        "host": "host-10-0-0-1:8635", "client": "10.0.0.7:5000", "description": connection, "namespace": "shop.orders",
        "db": "shop", "user": "app",
    })
}

/// The same when it is not active.
fn inactive(id: Json, connection: &str) -> Json {
    let mut operation = operation("", connection);
    (operation["id"], operation["active"]) = (id, json!(false));
    operation
}

/// The IDs that were sent, request by request.
fn sent(cloud: &Cloud) -> Vec<Json> {
    let bodies = cloud.world().bodies("POST", KILL).into_iter();
    bodies.map(|body| body["sessions"].clone()).collect()
}

#[tokio::test]
async fn an_inactive_operation_is_refused_and_never_sent() {
    for arguments in [
        json!({"session_ids": ["34631", "34632"]}),
        json!({"select": [{"users": ["app"]}]}),
        json!({"select": [{"all": true}]}),
    ] {
        let cloud = Cloud::start().await;
        cloud.world().operations = vec![
            operation("34631", "conn1"),
            inactive(json!("34632"), "conn2"),
        ];

        let ending = kill_dds(&cloud, arguments).await;

        assert_eq!(ending.succeeded_with("killed"), json!(["34631"]));
        assert_eq!(ending.succeeded_with("refused"), json!(["34632"]));
        ending.warns("DDS kills only active operations");
        assert_eq!(sent(&cloud), [json!(["34631"])]);
    }
}

#[tokio::test]
async fn where_only_inactive_operations_are_meant_nothing_is_sent() {
    let cloud = Cloud::start().await;
    cloud.world().operations = vec![inactive(json!("34632"), "conn2")];

    let ending = kill_dds(&cloud, json!({"session_ids": ["34632"]})).await;

    assert_eq!(ending.succeeded_with("refused"), json!(["34632"]));
    assert_eq!(ending.succeeded()["killed_count"], json!(0));
    assert!(sent(&cloud).is_empty());
}

#[tokio::test]
async fn connections_that_stay_idle_after_the_kill_are_no_remaining_operations() {
    let cloud = Cloud::start().await;
    let mut operations: Vec<Json> = (1..=30)
        .map(|number| inactive(Json::Null, &format!("conn{number}")))
        .collect();
    operations.extend(["34631", "34632"].map(|id| operation(id, &format!("conn{id}"))));
    cloud.world().operations = operations;

    let select = json!({"select": [{"states": ["active"], "min_busy": "1m"}]});
    let ending = kill_dds(&cloud, select).await;

    assert_eq!(ending.succeeded_with("killed"), json!(["34631", "34632"]));
    let state = ending.succeeded();
    assert_eq!(state["killed_count"], json!(2));
    assert_eq!(state["remaining_count"], json!(0));
    assert!(ending.warnings.is_empty(), "{:?}", ending.warnings);
    assert_eq!(cloud.world().operations.len(), 32);
}

#[tokio::test]
async fn an_operation_whose_id_is_listed_as_inactive_after_the_kill_has_ended() {
    let cloud = Cloud::start().await;
    cloud.world().operations = vec![operation("34631", "conn1")];
    cloud.at("POST", KILL, |world| {
        world.operations = vec![inactive(json!("34631"), "conn1")];
        Some((200, json!({})))
    });

    let ending = kill_dds(&cloud, json!({"session_ids": ["34631"]})).await;

    assert_eq!(ending.succeeded_with("killed"), json!(["34631"]));
}

#[tokio::test]
async fn an_operation_that_is_another_or_has_ended_by_its_turn_is_not_sent() {
    for now in [
        operation("34631", "conn9"),
        inactive(json!("34631"), "conn1"),
        inactive(Json::Null, "conn1"),
    ] {
        let cloud = Cloud::start().await;
        cloud.world().operations = vec![operation("34631", "conn1"), operation("34632", "conn2")];
        cloud.at("GET", LIST, |_| None);
        cloud.at("GET", LIST, move |world| {
            world.operations[0] = now;
            None
        });

        let ending = kill_dds(&cloud, json!({"select": [{"users": ["app"]}]})).await;

        assert_eq!(ending.succeeded_with("killed"), json!(["34632"]));
        assert_eq!(ending.succeeded_with("not_found"), json!(["34631"]));
        assert_eq!(sent(&cloud), [json!(["34632"])]);
    }
}

#[tokio::test]
async fn a_killed_operation_that_goes_on_is_looked_for_until_it_has_ended() {
    let cloud = Cloud::start().await;
    cloud.world().operations = vec![operation("34631", "conn1")];
    cloud.at("POST", KILL, |_| Some((200, json!({}))));
    // Chosen, chosen again, and seen twice.
    for _ in 0..4 {
        cloud.at("GET", LIST, |_| None);
    }
    cloud.at("GET", LIST, |world| {
        world.operations.clear();
        None
    });

    let ending = kill_dds(&cloud, json!({"session_ids": ["34631"]})).await;

    assert_eq!(ending.succeeded_with("killed"), json!(["34631"]));
    assert_eq!(cloud.world().bodies("POST", KILL).len(), 1);
    assert!(cloud.world().bodies("GET", LIST).len() >= 5);
}

#[tokio::test]
async fn an_operation_of_which_the_list_no_longer_tells_whether_it_is_active_is_not_taken_for_ended()
 {
    let cloud = Cloud::start().await;
    cloud.world().operations = vec![operation("34631", "conn20")];
    cloud.at("POST", "/session", |world| {
        world.operations[0]["active"] = Json::Null;
        Some((504, json!("no answer in time")))
    });

    let ending = kill_dds(&cloud, json!({"session_ids": ["34631"]})).await;

    assert_eq!(json!(ending.sessions("killed")), json!([]));
    assert_eq!(json!(ending.sessions("remaining")), json!(["34631"]));
}

#[tokio::test]
async fn a_kill_that_is_said_to_have_failed_is_not_sent_again_and_may_have_killed() {
    for says in [(400, "DBS.301077"), (400, "DBS.200998")] {
        let cloud = Cloud::start().await;
        let id = |number: usize| format!("346{number:02}");
        let operations = |prefix: &str| -> Vec<Json> {
            let numbers = 10..40;
            numbers
                .map(|number| operation(&id(number), &format!("{prefix}{number}")))
                .collect()
        };
        cloud.world().operations = operations("conn");
        let others = operations("other");
        cloud.at("POST", KILL, move |world| {
            // It has killed ten, and their IDs belong to other operations by now.
            world.operations.splice(..10, others.into_iter().take(10));
            let (status, code) = says;
            Some((
                status,
                json!({"error_code": code, "error_msg": "Kill session failed."}),
            ))
        });

        let ending = kill_dds(&cloud, json!({"select": [{"users": ["app"]}]})).await;

        assert_eq!(sent(&cloud).len(), 1, "{says:?}");
        assert_eq!(cloud.world().operations.len(), 30);
        let killed: Vec<String> = (10..20).map(id).collect();
        assert_eq!(json!(ending.sessions("killed")), json!(killed));
        let remaining = ending.sessions("remaining").unwrap();
        assert_eq!(remaining.len(), 20, "{ending:#?}");
        ending.says(&ending.errors, says.1);
        let (_, detail) = &ending.errors[0];
        assert!(
            detail.starts_with("30 operations may have been killed: the request was sent, and the answer is an error that"),
            "{detail}"
        );
    }
}
