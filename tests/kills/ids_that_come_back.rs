//! IDs that come back as other sessions': just before each request the sessions are listed again, and only those that are
//! still the same are sent.

use serde_json::{Value as Json, json};

use crate::cloud::Cloud;
use crate::{kill_gaussdb, kill_geminidb, kill_postgresql, read};

const LIST: &str = "/pg/query-process-list";
const KILL: &str = "/kill-process";

/// A session of RDS for PostgreSQL, as the SDK's list shows it.
fn backend(id: i64, user: &str, host: &str) -> Json {
    json!({
        "id": id.to_string(), "user": user, "host": host, "db": "shop", "command": "", "time": "60", "state": "idle",
        "info": "", "trx_duration": "0",
    })
}

/// A session of GaussDB. `born` is when it connected, in milliseconds since 1970.
fn gaussdb(id: i64, user: &str, born: i64) -> Json {
    json!({
        "session_id": id.to_string(), "pid": id.to_string(), "user_name": user, "database_name": "shop",
        "client_ip": "10.0.0.7", "client_port": "5000", "application_name": "cart", "state": "idle", "query": "",
        "exec_time": "60", "back_end_start": born, "block_session": "",
    })
}

fn ids(body: &Json) -> Vec<Json> {
    let processes = body["processes"].as_array().unwrap().iter();
    processes.map(|one| one["id"].clone()).collect()
}

#[tokio::test]
async fn an_id_that_comes_back_as_somebody_else_is_not_sent() {
    let others = [
        backend(7, "billing", "10.0.0.7:5000"),
        backend(7, "app", "10.0.0.9:5000"),
    ];
    for other in others {
        let cloud = Cloud::start().await;
        cloud.world().backends = vec![
            backend(7, "app", "10.0.0.7:5000"),
            backend(8, "app", "10.0.0.8:5000"),
        ];
        cloud.at("GET", LIST, |_| None);
        cloud.at("GET", LIST, move |world| {
            world.backends[0] = other;
            None
        });

        let ending = kill_postgresql(&cloud, json!({"select": [{"users": ["app"]}]})).await;

        assert_eq!(ending.succeeded_with("killed"), json!(["8"]));
        assert_eq!(json!(ending.sessions("not_found")), json!(["7"]));
        let world = cloud.world();
        assert_eq!(world.backends.len(), 1);
        assert_eq!(world.bodies("POST", KILL).len(), 1);
    }
}

#[tokio::test]
async fn a_given_id_that_comes_back_as_somebody_else_is_not_sent() {
    let cloud = Cloud::start().await;
    cloud.world().backends = vec![backend(7, "app", "10.0.0.7:5000")];
    cloud.at("GET", LIST, |_| None);
    cloud.at("GET", LIST, |world| {
        world.backends = vec![backend(7, "app", "10.0.0.7:5001")];
        None
    });

    let ending = kill_postgresql(&cloud, json!({"session_ids": ["7", "9"]})).await;

    let mut not_found = ending.sessions("not_found").unwrap();
    not_found.sort_by_key(Json::to_string);
    assert_eq!(not_found, [json!("7"), json!("9")]);
    assert!(cloud.world().bodies("POST", KILL).is_empty());
}

#[tokio::test]
async fn the_sessions_are_listed_again_before_each_request() {
    let cloud = Cloud::start().await;
    cloud.world().backends = (1..=150)
        .map(|id| backend(id, "app", &format!("10.0.0.7:{}", 5000 + id)))
        .collect();
    // With the first request, an ID of the second one goes to somebody else.
    cloud.at("POST", KILL, |world| {
        let place = world.backends.len() - 1;
        world.backends[place] = backend(150, "billing", "10.0.0.9:5000");
        None
    });

    let ending = kill_postgresql(&cloud, json!({"select": [{"users": ["app"]}]})).await;

    assert_eq!(ending.succeeded()["killed_count"], json!(149));
    assert_eq!(json!(ending.sessions("not_found")), json!(["150"]));
    let world = cloud.world();
    let sent: Vec<usize> = (world.bodies("POST", KILL).iter())
        .map(|body| ids(body).len())
        .collect();
    assert_eq!(sent, [100, 49]);
    assert_eq!(world.backends.len(), 1);
}

#[tokio::test]
async fn the_owner_is_sent_beside_the_id_and_who_has_none_is_refused() {
    let cloud = Cloud::start().await;
    let mut nobody = backend(8, "", "10.0.0.8:5000");
    nobody["user"] = Json::Null;
    cloud.world().backends = vec![backend(7, "app", "10.0.0.7:5000"), nobody];

    let ending = kill_postgresql(&cloud, json!({"session_ids": ["7", "8"]})).await;

    assert_eq!(ending.succeeded_with("killed"), json!(["7"]));
    assert_eq!(json!(ending.sessions("refused")), json!(["8"]));
    ending.warns("the list shows no user of it");
    let sent = cloud.world().bodies("POST", KILL);
    assert_eq!(sent[0]["processes"], json!([{"id": 7, "user": "app"}]));
    assert_eq!(cloud.world().backends.len(), 1);
}

#[tokio::test]
async fn a_newcomer_with_the_id_of_a_killed_session_is_not_taken_for_it() {
    let cloud = Cloud::start().await;
    cloud.world().backends = vec![backend(7, "app", "10.0.0.7:5000")];
    cloud.at("POST", KILL, |world| {
        world.backends = vec![backend(7, "app", "10.0.0.7:5001")];
        Some((200, json!({"count": 1})))
    });

    let ending = kill_postgresql(&cloud, json!({"select": [{"users": ["app"]}]})).await;

    assert_eq!(ending.succeeded_with("killed"), json!(["7"]));
    assert_eq!(json!(ending.sessions("remaining")), json!([]));
}

#[tokio::test]
async fn a_session_that_cannot_be_read_at_last_is_not_taken_for_gone() {
    let cloud = Cloud::start().await;
    cloud.world().backends = vec![backend(7, "app", "10.0.0.7:5000")];
    cloud.at("POST", KILL, |world| {
        world.backends = vec![json!({"id": "7", "user": ["odd"]})];
        Some((200, json!({"count": 1})))
    });

    let ending = kill_postgresql(&cloud, json!({"select": [{"users": ["app"]}]})).await;

    assert_eq!(json!(ending.sessions("remaining")), json!(["7"]));
}

#[tokio::test]
async fn a_kill_whose_answer_is_lost_is_not_sent_again() {
    let cloud = Cloud::start().await;
    cloud.world().backends = vec![backend(7, "app", "10.0.0.7:5000")];
    cloud.at("POST", KILL, |world| {
        world.backends.clear();
        Some((504, json!("no answer in time")))
    });

    let ending = kill_postgresql(&cloud, json!({"select": [{"users": ["app"]}]})).await;

    assert_eq!(ending.succeeded_with("killed"), json!(["7"]));
    ending.warns("An answer was lost, but the sessions are gone");
    assert_eq!(cloud.world().bodies("POST", KILL).len(), 1);
}

#[tokio::test]
async fn everybody_of_a_list_that_may_be_cut_is_not_killed() {
    let cloud = Cloud::start().await;
    cloud.world().gaussdb = (0..250).map(|id| gaussdb(1000 + id, "app", 1)).collect();

    let ending = kill_gaussdb(&cloud, json!({"select": [{"all": true}]})).await;

    ending.refused("Not all sessions may be listed, so none was killed");
    assert_eq!(cloud.world().gaussdb.len(), 250);
    assert!(cloud.world().bodies("POST", "/kill-session").is_empty());
}

#[tokio::test]
async fn where_a_list_may_be_cut_each_selected_user_is_asked_for() {
    let cloud = Cloud::start().await;
    cloud.world().gaussdb = (0..250).map(|id| gaussdb(1000 + id, "app", 1)).collect();
    let others = ["report", "ops"].map(|user| gaussdb(i64::try_from(user.len()).unwrap(), user, 1));
    cloud.world().gaussdb.extend(others);

    let select = json!({"select": [{"users": ["report", "ops"]}]});
    let ending = kill_gaussdb(&cloud, select).await;

    assert_eq!(ending.succeeded_with("killed"), json!(["3", "6"]));
    assert_eq!(cloud.world().gaussdb.len(), 250);
}

#[tokio::test]
async fn an_id_that_a_cut_list_does_not_show_is_unknown_and_not_missing() {
    let cloud = Cloud::start().await;
    cloud.world().gaussdb = (0..250).map(|id| gaussdb(1000 + id, "app", 1)).collect();

    let ending = kill_gaussdb(
        &cloud,
        json!({"session_ids": ["1240"], "fail_on_not_found": true}),
    )
    .await;

    assert_eq!(json!(ending.sessions("unknown")), json!(["1240"]));
    ending.warns("Not all sessions may be listed");
    assert!(cloud.world().bodies("POST", "/kill-session").is_empty());
}

#[tokio::test]
async fn a_kill_that_failed_by_its_answer_is_a_failure_unless_the_sessions_are_gone() {
    for goes in [true, false] {
        let cloud = Cloud::start().await;
        cloud.world().gaussdb = vec![gaussdb(7, "app", 1)];
        cloud.at("POST", "/kill-session", move |world| {
            if goes {
                world.gaussdb.clear();
            }
            Some((200, json!({"session_ids": [], "success": false})))
        });

        let ending = kill_gaussdb(&cloud, json!({"select": [{"users": ["app"]}]})).await;

        if goes {
            assert_eq!(ending.succeeded_with("killed"), json!(["7"]));
            ending.warns("The answer says that the kill failed, but the sessions are gone");
        } else {
            ending.says(&ending.errors, "GaussDB says that the kill failed");
            assert_eq!(json!(ending.sessions("remaining")), json!(["7"]));
        }
    }
}

#[tokio::test]
async fn an_id_whose_beginning_changed_is_another_session() {
    let cloud = Cloud::start().await;
    cloud.world().gaussdb = vec![gaussdb(7, "app", 1)];
    cloud.at("POST", "/real-time-session", |_| None);
    cloud.at("POST", "/real-time-session", |world| {
        world.gaussdb = vec![gaussdb(7, "app", 2)];
        None
    });

    let ending = kill_gaussdb(&cloud, json!({"session_ids": ["7"]})).await;

    assert_eq!(ending.succeeded_with("not_found"), json!(["7"]));
    assert_eq!(cloud.world().gaussdb.len(), 1);
}

#[tokio::test]
async fn the_last_statement_of_an_idle_session_is_not_one_that_it_executes() {
    const SHOWN: &str = "DELETE FROM orders";
    let states = ["active", "idle", "idle in transaction", ""];
    let matching = json!({"select": [{"statement_matches": ["^DELETE FROM orders"]}]});
    // Whoever executed it last is left alone all the same.
    let others =
        json!({"select": [{"all": true, "exclude_statement_matches": ["^DELETE FROM orders"]}]});
    for (select, killed) in [(matching, json!(["7"])), (others, json!([]))] {
        let cloud = Cloud::start().await;
        for (id, state) in (7..).zip(states) {
            let mut session = backend(id, "app", &format!("10.0.0.7:500{id}"));
            (session["state"], session["info"]) = (json!(state), json!(SHOWN));
            cloud.world().backends.push(session);
            let mut session = gaussdb(id, "app", 1);
            (session["state"], session["query"]) = (json!(state), json!(SHOWN));
            cloud.world().gaussdb.push(session);
        }

        for (service, instance, node) in [
            (
                "rds_postgresql",
                "a23fb62bd61e4e9e9636fd2225f395bein03",
                None,
            ),
            (
                "gaussdb",
                "a23fb62bd61e4e9e9636fd2225f395bein14",
                Some("18663926eacb443d98dc20f8620f28f2no14"),
            ),
        ] {
            let place = json!({
                "region": "cn-north-4", "instance_id": instance, "node_id": node, "component_id": "cn_5001",
                "include_statements": true,
            });
            let listed = read(service, &cloud, place).await;
            assert_eq!(listed["sessions"].as_array().map(Vec::len), Some(4));
            assert_eq!(listed["statements"], json!({"7": SHOWN}), "{service}");
        }
        let ending = kill_postgresql(&cloud, select.clone()).await;
        assert_eq!(ending.succeeded_with("killed"), killed, "{select}");
        let ending = kill_gaussdb(&cloud, select.clone()).await;
        assert_eq!(ending.succeeded_with("killed"), killed, "{select}");
    }
}

#[tokio::test]
async fn a_rehearsal_kills_nobody_also_where_the_fate_of_a_listed_session_is_unknown() {
    let cloud = Cloud::start().await;
    cloud.world().gaussdb = (0..250).map(|id| gaussdb(1000 + id, "app", 1)).collect();
    cloud.world().backends = vec![backend(7, "app", "10.0.0.7:5000"), json!({"user": "app"})];
    let rehearsal = json!({"session_ids": ["1240"], "dry_run": true});

    for ending in [
        kill_gaussdb(&cloud, rehearsal.clone()).await,
        kill_postgresql(&cloud, rehearsal).await,
    ] {
        assert_eq!(ending.succeeded_with("unknown"), json!(["1240"]));
        assert_eq!(ending.succeeded()["killed_count"], json!(0));
    }
}

#[tokio::test]
async fn an_address_without_a_port_that_reads_like_one_with_a_port_is_both() {
    let address = "2001:db8::7:51";
    for (select, is_killed) in [
        (json!({"addresses": ["2001:db8::7:51"]}), false),
        (json!({"addresses": ["2001:db8::7"]}), false),
        (json!({"addresses": ["2001:db8::/32"]}), true),
        (
            json!({"addresses": ["2001:db8::7", "2001:db8::7:51"]}),
            true,
        ),
        (
            json!({"all": true, "exclude_addresses": ["2001:db8::7:51"]}),
            false,
        ),
        (
            json!({"all": true, "exclude_addresses": ["2001:db8::7"]}),
            false,
        ),
        (
            json!({"all": true, "exclude_addresses": ["2001:db8::8"]}),
            true,
        ),
    ] {
        let cloud = Cloud::start().await;
        cloud.world().backends = vec![backend(7, "app", address)];
        let mut session = gaussdb(7, "app", 1);
        (session["client_ip"], session["client_port"]) = (json!(address), Json::Null);
        cloud.world().gaussdb = vec![session];
        let killed = if is_killed { json!(["7"]) } else { json!([]) };

        let ending = kill_postgresql(&cloud, json!({"select": [select]})).await;
        assert_eq!(ending.succeeded_with("killed"), killed, "{select}");
        let ending = kill_gaussdb(&cloud, json!({"select": [select]})).await;
        assert_eq!(ending.succeeded_with("killed"), killed, "{select}");
    }
}

#[tokio::test]
async fn those_who_wait_are_not_those_who_block() {
    let cloud = Cloud::start().await;
    let mut waits = gaussdb(8, "app", 1);
    waits["block_session"] = json!("7");
    let free = gaussdb(9, "app", 1);
    cloud.world().gaussdb = vec![gaussdb(7, "app", 1), waits, free];

    let ending = kill_gaussdb(&cloud, json!({"select": [{"blocking": true}]})).await;

    assert_eq!(ending.succeeded_with("killed"), json!(["7"]));
    assert_eq!(cloud.world().gaussdb.len(), 2);
}

#[tokio::test]
async fn a_session_of_a_crowd_is_killed_where_its_own_address_is_asked_for() {
    let cloud = Cloud::start().await;
    cloud.world().gaussdb = (0..250).map(|id| gaussdb(1000 + id, "app", 1)).collect();
    cloud.world().gaussdb[240]["client_ip"] = json!("10.0.0.9");

    let select = json!({"select": [{"addresses": ["10.0.0.9"]}]});
    let ending = kill_gaussdb(&cloud, select).await;

    assert_eq!(ending.succeeded_with("killed"), json!(["1240"]));
    assert_eq!(cloud.world().gaussdb.len(), 249);
}

#[tokio::test]
async fn those_of_a_cut_list_that_are_shown_are_killed() {
    let cloud = Cloud::start().await;
    // The list shows 200 of 250, and each client is at an address of its own.
    cloud.world().gaussdb = (0..250_i64)
        .map(|id| {
            let mut session = gaussdb(1000 + id, "app", 1);
            session["client_ip"] = json!(format!("10.0.0.{id}"));
            session
        })
        .collect();

    let ending = kill_gaussdb(&cloud, json!({"session_ids": ["1007", "1240"]})).await;

    assert_eq!(json!(ending.sessions("killed")), json!(["1007"]));
    assert_eq!(json!(ending.sessions("unknown")), json!(["1240"]));
    ending.warns("Not all sessions may be listed");
    assert_eq!(cloud.world().gaussdb.len(), 249);
}

#[tokio::test]
async fn an_id_that_may_be_that_of_an_unreadable_row_is_not_called_missing() {
    let cloud = Cloud::start().await;
    cloud.world().backends = vec![backend(7, "app", "10.0.0.7:5000"), json!({"user": "app"})];

    let ending = kill_postgresql(
        &cloud,
        json!({"session_ids": ["7", "8"], "fail_on_not_found": true}),
    )
    .await;

    assert_eq!(ending.succeeded_with("killed"), json!(["7"]));
    assert_eq!(json!(ending.sessions("unknown")), json!(["8"]));
    ending.warns("not all sessions can be read");
}

#[tokio::test]
async fn whose_row_cannot_be_read_before_the_request_is_left_alone_and_not_called_missing() {
    let cloud = Cloud::start().await;
    cloud.world().backends = vec![
        backend(7, "app", "10.0.0.7:5000"),
        backend(8, "app", "10.0.0.8:5000"),
    ];
    cloud.at("GET", LIST, |_| None);
    cloud.at("GET", LIST, |world| {
        world.backends[0] = json!({"user": "app"});
        None
    });

    let ending = kill_postgresql(&cloud, json!({"select": [{"users": ["app"]}]})).await;

    assert_eq!(json!(ending.sessions("not_found")), json!([]));
    assert_eq!(json!(ending.sessions("remaining")), json!(["7"]));
    // A look cannot tell either whether the row is that of the killed session.
    assert_eq!(json!(ending.sessions("unknown")), json!(["8"]));
}

#[tokio::test]
async fn a_cloud_that_throttles_every_kill_is_not_asked_without_a_pause() {
    let cloud = Cloud::start().await;
    cloud.world().backends = vec![backend(7, "app", "10.0.0.7:5000")];
    for _ in 0..5_000 {
        cloud.at("POST", KILL, |_| {
            Some((429, json!({"error_code": "APIGW.0308", "error_msg": "The throttling threshold has been reached"})))
        });
    }

    let ending = kill_postgresql(&cloud, json!({"select": [{"users": ["app"]}]})).await;

    ending.refused("No session was killed");
    let calls = cloud.world().calls.len();
    let waited = cloud.clock.slept().as_secs();
    assert!(calls < 100, "{calls} calls in {waited} s");
}

/// A session of GeminiDB Redis, which tells its age and not when it connected.
fn geminidb(id: i64, age: u64) -> Json {
    json!({
        "id": id.to_string(), "addr": format!("10.0.0.7:{id}"), "name": "cart", "cmd": "get", "db": "0", "age": age.to_string(),
        "idle": "1",
    })
}

#[tokio::test]
async fn a_session_whose_age_stands_still_is_not_taken_for_gone() {
    for age in [3, 3_600] {
        let cloud = Cloud::start().await;
        cloud.world().geminidb = vec![geminidb(7, age)];
        // The request is lost on its way, and the service goes on showing the list that it saved.
        cloud.at("DELETE", "/sessions", |world| {
            world.pass(60);
            Some((504, json!("no answer in time")))
        });

        let ending = kill_geminidb(&cloud, json!({"select": [{"names": ["cart"]}]})).await;

        assert_eq!(json!(ending.sessions("remaining")), json!(["7"]), "{age}");
        assert_eq!(json!(ending.sessions("killed")), json!([]), "{age}");
    }
}

#[tokio::test]
async fn a_session_whose_age_stands_still_before_the_request_is_left_alone_and_not_called_missing()
{
    for age in [3, 3_600] {
        let cloud = Cloud::start().await;
        cloud.world().geminidb = vec![geminidb(7, age)];
        cloud.at("GET", "/sessions", |_| None);
        cloud.at("GET", "/sessions", |world| {
            world.pass(60);
            None
        });

        let ending = kill_geminidb(&cloud, json!({"select": [{"names": ["cart"]}]})).await;

        assert_eq!(json!(ending.sessions("remaining")), json!(["7"]), "{age}");
        assert_eq!(json!(ending.sessions("not_found")), json!([]), "{age}");
        assert!(cloud.world().bodies("DELETE", "/sessions").is_empty());
    }
}

#[tokio::test]
async fn a_session_that_began_after_the_first_list_is_another() {
    let cloud = Cloud::start().await;
    cloud.world().geminidb = vec![geminidb(7, 3_600), geminidb(8, 3_600)];
    cloud.at("DELETE", "/sessions", |world| {
        world.pass(60);
        world.geminidb = vec![geminidb(7, 10), geminidb(8, 3_660)];
        Some((504, json!("no answer in time")))
    });

    let ending = kill_geminidb(&cloud, json!({"select": [{"names": ["cart"]}]})).await;

    assert_eq!(json!(ending.sessions("killed")), json!(["7"]));
    assert_eq!(json!(ending.sessions("remaining")), json!(["8"]));
}
