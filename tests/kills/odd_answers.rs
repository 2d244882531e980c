//! An answer that is no list proves nothing, and one odd row hides nobody.

use serde_json::{Value as Json, json};

use crate::{Cloud, NODE, client, kill, kill_dcs, kill_postgresql, kill_taurusdb, thread};

async fn cloud() -> Cloud {
    let cloud = Cloud::start().await;
    let sessions = vec![client(7, "10.0.0.7:5000", "worker", -100)];
    cloud.world().sessions.insert(NODE.to_owned(), sessions);
    cloud.world().threads = vec![thread(1, "app")];
    cloud
}

#[tokio::test]
async fn a_success_that_is_no_list_is_not_taken_for_an_empty_list() {
    for (what, dcs, taurusdb) in [
        ("an empty object", json!({}), json!({})),
        (
            "an error",
            json!({"error_code": "DCS.5000", "error_msg": "x"}),
            json!({"error_code": "DBS.200005", "error_msg": "x"}),
        ),
        (
            "a total without rows",
            json!({"time": "list", "clients": [], "count": 2}),
            json!({"processes": [], "total_count": 2}),
        ),
        (
            "a total above the rows",
            json!({"time": "list", "clients": [client(7, "10.0.0.7:5000", "worker", -100)], "count": 2}),
            json!({"processes": [thread(1, "app")], "total_count": 2}),
        ),
    ] {
        let cloud = cloud().await;
        for number in 0..20 {
            let (mut dcs, taurusdb) = (dcs.clone(), taurusdb.clone());
            if dcs["time"].is_string() {
                dcs["time"] = json!(format!("time {number}"));
            }
            cloud.at("GET", "/processes", move |_| Some((200, taurusdb)));
            cloud.at("GET", "/clients", move |_| Some((200, dcs)));
        }

        let all = json!({"select": [{"all": true}]});
        let ending = kill_taurusdb(&cloud, all).await;
        ending.refused("No session thread was killed");
        assert_eq!(cloud.world().threads.len(), 1, "{what}");

        let ending = kill_dcs(&cloud, json!({"node_id": NODE, "select": [{"all": true}]})).await;
        ending.refused("No session was killed");
        assert_eq!(cloud.world().sessions[NODE].len(), 1, "{what}");
    }
}

#[tokio::test]
async fn an_empty_list_written_as_null_is_empty() {
    let cloud = cloud().await;
    cloud.at("GET", "/processes", |_| {
        Some((200, json!({"processes": null, "total_count": 0})))
    });

    let ending = kill_taurusdb(&cloud, json!({"select": [{"all": true}]})).await;

    assert_eq!(ending.succeeded()["processes_killed"], json!([]));
    ending.warns("No session matched");
}

#[tokio::test]
async fn one_odd_row_hides_nobody_and_is_never_chosen() {
    let cloud = cloud().await;
    let body = "\u{feff}{\"processes\": [\
        {\"id\": 1, \"user\": \"app\", \"command\": \"Query\", \"info\": \"SELECT '\\ud800'\"},\
        null,\
        {\"id\": 2, \"user\": {\"odd\": true}},\
        {\"id\": \"3\", \"user\": 42, \"db\": 7, \"command\": \"Sleep\"}\
        ], \"total_count\": 4}";
    cloud.at("GET", "/processes", move |_| Some((200, json!(body))));
    cloud.world().threads = vec![thread(2, "app")];

    let ending = kill_taurusdb(&cloud, json!({"select": [{"all": true}]})).await;

    ending.warns("1 row without a readable ID");
    assert_eq!(ending.succeeded_with("not_found"), json!([1, 3]));
    assert_eq!(
        cloud.world().bodies("DELETE", "/processes"),
        [json!({"processes": [1, 3]})]
    );
}

#[tokio::test]
async fn a_statement_that_is_no_text_is_never_matched() {
    let cloud = cloud().await;
    let body = "{\"processes\": [\
        {\"id\": 1, \"user\": \"app\", \"info\": \"SELECT '\\ud800'\"},\
        {\"id\": 2, \"user\": \"app\", \"info\": \"SELECT 1\"}], \"total_count\": 2}";
    cloud.at("GET", "/processes", move |_| Some((200, json!(body))));
    cloud.world().threads = Vec::new();

    let ending = kill_taurusdb(
        &cloud,
        json!({"select": [{"statement_matches": ["SELECT"]}]}),
    )
    .await;

    assert_eq!(ending.succeeded_with("not_found"), json!([2]));
}

#[tokio::test]
async fn who_cannot_be_excluded_for_certain_is_not_chosen() {
    let cloud = cloud().await;
    let mut nobody = thread(2, "");
    nobody["user"] = Json::Null;
    cloud.world().threads = vec![thread(1, "app"), nobody, thread(3, "billing")];

    let select = json!({"select": [{"all": true, "exclude_users": ["billing"]}]});
    let ending = kill_taurusdb(&cloud, select).await;

    assert_eq!(ending.succeeded()["processes_killed"], json!([1]));
}

#[tokio::test]
async fn a_session_without_an_address_is_never_killed_by_address() {
    let cloud = cloud().await;
    let sessions = vec![
        client(7, "10.0.0.7:5000", "worker", -100),
        client(8, "", "worker", -100),
    ];
    cloud.world().sessions.insert(NODE.to_owned(), sessions);

    let ending = kill_dcs(
        &cloud,
        json!({"node_id": NODE, "select": [{"names": ["worker"]}]}),
    )
    .await;

    assert_eq!(ending.succeeded_with("killed"), json!(["10.0.0.7:5000"]));
    ending.warns("1 session that cannot be killed");
    let asked = cloud.world().bodies("POST", "/clients/kill");
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0]["client_addrs"], json!(["10.0.0.7:5000"]));
}

#[tokio::test]
async fn rows_that_cannot_be_read_count_against_the_cap_of_a_kill_of_everybody() {
    let cloud = cloud().await;
    let sessions = vec![
        client(7, "10.0.0.7:5000", "worker", -100),
        json!({"name": "no id"}),
    ];
    cloud.world().sessions.insert(NODE.to_owned(), sessions);

    let ending = kill_dcs(&cloud, json!({"node_id": NODE, "max_sessions": 1})).await;

    ending.refused("2 sessions match, but max_sessions is 1");
    assert_eq!(cloud.world().sessions[NODE].len(), 2);
}

#[tokio::test]
async fn a_rehearsal_of_a_kill_of_everybody_counts_rows_that_cannot_be_read_too() {
    let cloud = cloud().await;
    let sessions = vec![
        client(7, "10.0.0.7:5000", "worker", -100),
        json!({"name": "no id"}),
    ];
    cloud.world().sessions.insert(NODE.to_owned(), sessions);

    let rehearsal = json!({"node_id": NODE, "max_sessions": 1, "dry_run": true});
    let ending = kill_dcs(&cloud, rehearsal).await;

    assert_eq!(ending.succeeded_with("listed"), json!(["10.0.0.7:5000"]));
    ending.warns("2 sessions match, but max_sessions is 1");
}

#[tokio::test]
async fn an_address_that_was_not_found_may_be_of_a_session_that_cannot_be_read() {
    let cloud = cloud().await;
    let sessions = vec![
        client(7, "10.0.0.7:5000", "worker", -100),
        json!({"id": "8", "addr": {"odd": true}}),
    ];
    cloud.world().sessions.insert(NODE.to_owned(), sessions);

    for addresses in [
        ["10.0.0.7:5000", "10.0.0.8:5000"],
        ["10.0.0.8:5000", "10.0.0.9:5000"],
    ] {
        let ending = kill_dcs(&cloud, json!({"node_id": NODE, "client_addrs": addresses})).await;

        ending.succeeded();
        ending.warns("may belong to 1 session that cannot be read");
    }
}

#[tokio::test]
async fn an_address_that_may_be_of_a_session_that_cannot_be_read_is_not_called_missing() {
    for row in [
        json!({"id": "8", "addr": "10.0.0.8:5000", "name": {"odd": true}}),
        json!({"id": "8", "addr": {"odd": true}}),
    ] {
        let cloud = cloud().await;
        cloud.world().sessions.insert(NODE.to_owned(), vec![row]);
        let address = json!(["10.0.0.8:5000"]);

        let arguments =
            json!({"node_id": NODE, "client_addrs": address, "fail_on_not_found": true});
        let ending = kill_dcs(&cloud, arguments).await;

        assert_eq!(ending.succeeded_with("unknown"), address);
        assert!(cloud.world().bodies("POST", "/clients/kill").is_empty());
    }
}

#[tokio::test]
async fn a_session_without_a_command_is_neither_idle_nor_busy() {
    let cloud = cloud().await;
    let mut untold = thread(1, "app");
    untold["command"] = Json::Null;
    cloud.world().threads = vec![untold];

    for condition in ["min_idle", "min_busy"] {
        let ending = kill_taurusdb(&cloud, json!({"select": [{condition: "30s"}]})).await;
        assert_eq!(ending.succeeded_with("killed"), json!([]), "{condition}");
    }
}

#[tokio::test]
async fn a_session_that_may_be_busy_may_execute_an_excluded_statement() {
    let cloud = cloud().await;
    let row = |id: i64, command: &str, time: i64| {
        let mut row = thread(id, "app");
        (row["command"], row["time"]) = (json!(command), json!(time));
        row
    };
    cloud.world().threads = vec![row(1, "Query", -1), row(2, "Sleep", 5), row(3, "Query", 5)];

    let select = json!({"users": ["app"], "exclude_statement_matches": ["^ALTER"]});
    let ending = kill_taurusdb(&cloud, json!({"select": [select]})).await;

    assert_eq!(ending.succeeded_with("killed"), json!([2]));
}

#[tokio::test]
async fn a_success_of_das_that_reports_an_error_is_told() {
    for (body, words) in [
        (
            json!({"error_code": "DAS.200001", "error_msg": "The instance is locked."}),
            "DAS.200001: The instance is locked.",
        ),
        (
            json!({"errCode": "DAS.5", "externalMessage": "no right"}),
            "DAS.5: no right",
        ),
        (json!({"success": false}), "success is false"),
    ] {
        let cloud = Cloud::start().await;
        cloud.world().backends = vec![json!({
            "id": "7", "user": "app", "host": "10.0.0.7:5000", "db": "shop", "command": "", "time": "60",
            "state": "idle", "info": "", "trx_duration": "0",
        })];
        let denied = body.clone();
        cloud.at("POST", "/kill-process", move |_| Some((200, denied)));
        let ending = kill_postgresql(&cloud, json!({"select": [{"all": true}]})).await;
        ending.says(&ending.errors, words);
        assert_eq!(json!(ending.sessions("killed")), json!([]), "{words}");

        for _ in 0..20 {
            cloud.at("GET", "/processes", |_| {
                Some((200, json!({"processes": [thread(7, "app")], "count": 1})))
            });
        }
        cloud.at("DELETE", "/process", move |_| Some((200, body)));
        let place = json!({
            "region": "cn-north-4",
            "instance_id": "a23fb62bd61e4e9e9636fd2225f395bein01",
            "database_user_id": "2c250598-1e3c-4d31-bc19-be1d866247e6",
            "fail_on_not_found": false,
        });
        let select = json!({"select": [{"all": true}]});
        let ending = kill("rds_mysql", &cloud, place, select).await;
        ending.says(&ending.errors, words);
        assert_eq!(json!(ending.sessions("killed")), json!([]), "{words}");
    }
}

#[tokio::test]
async fn in_mysqls_words_the_last_group_of_an_address_is_its_port() {
    for (select, killed) in [
        (json!({"addresses": ["2001:db8::7"]}), json!([1])),
        (json!({"addresses": ["[2001:db8::7]:4000"]}), json!([1])),
        (json!({"addresses": ["2001:db8::7:4000"]}), json!([])),
        (
            json!({"all": true, "exclude_addresses": ["2001:db8::7"]}),
            json!([]),
        ),
        (
            json!({"all": true, "exclude_addresses": ["2001:db8::7:4000"]}),
            json!([1]),
        ),
    ] {
        let cloud = cloud().await;
        let mut there = thread(1, "app");
        there["host"] = json!("2001:db8::7:4000");
        cloud.world().threads = vec![there];

        let ending = kill_taurusdb(&cloud, json!({"select": [select]})).await;

        assert_eq!(ending.succeeded_with("killed"), killed, "{select}");
    }
}
