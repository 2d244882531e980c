//! Where nobody can look after a kill, DDM's log of kills tells who was killed, and nothing else than that.

use serde_json::{Value as Json, json};

use crate::cloud::{Answer, Cloud, World};
use crate::{DDM, kill_ddm};

/// A cloud with these sessions.
async fn cloud(ids: &[&str]) -> Cloud {
    let cloud = Cloud::start().await;
    let session = |id: &&str| {
        json!({
            "id": id, "user": "app", "host": "10.0.0.7:51234", "db": "shop", "command": "Sleep", "time": "60",
            "state": "", "info": null,
        })
    };
    cloud.world().ddm = ids.iter().map(session).collect();
    cloud
}

/// A row of the log, so many seconds from now.
fn row(world: &World, instance: &str, id: &str, seconds: i64) -> Json {
    let now = time::macros::datetime!(2026-11-21 10:00:00 UTC)
        + time::Duration::seconds(i64::try_from(world.now()).unwrap() + seconds);
    let (hour, minute, second) = now.time().as_hms();
    json!({
        "instance_id": instance, "instance_name": "orders", "process_id": id, "execute_user_name": "ops",
        "execute_time": format!("{}T{hour:02}:{minute:02}:{second:02}+0000", now.date()),
    })
}

/// What a gateway says that lost sight of its backend: the backend may have done everything.
fn lost() -> Option<Answer> {
    Some((502, json!({"error_msg": "Bad gateway"})))
}

fn everybody() -> Json {
    json!({"select": [{"all": true}]})
}

fn log_calls(cloud: &Cloud) -> usize {
    cloud.world().bodies("GET", "/processes-audit-log").len()
}

#[tokio::test]
async fn a_lost_kill_that_is_on_record_is_no_error() {
    let cloud = cloud(&["7", "8"]).await;
    cloud.at("DELETE", "/logical-processes", |world| {
        world.ddm_lists = false;
        // Somebody has a long log: those of ours are on its second page.
        world.ddm_log = vec![row(world, DDM, "99", 0); 128];
        let ours = ["8", "7"].map(|id| row(world, DDM, id, 0));
        world.ddm_log.extend(ours);
        lost()
    });

    let ending = kill_ddm(&cloud, everybody()).await;

    assert_eq!(ending.succeeded_with("killed"), json!(["7", "8"]));
    let state = ending.succeeded();
    assert_eq!(state["killed_count"], 2);
    assert_eq!(state["remaining_count"], Json::Null);
    ending.warns("An answer was lost, but the kill is on record");
    ending.warns("The log of DDM shows that 2 of 2 logical sessions were killed.");
    assert_eq!(log_calls(&cloud), 2);
    assert_eq!(
        cloud.world().bodies("DELETE", "/logical-processes").len(),
        1
    );
}

#[tokio::test]
async fn an_accepted_kill_that_is_on_record_is_known_although_nobody_can_look() {
    let cloud = cloud(&["7"]).await;
    cloud.at("DELETE", "/logical-processes", |world| {
        world.ddm_lists = false;
        world.ddm_log = vec![row(world, DDM, "7", 0)];
        None
    });

    let ending = kill_ddm(&cloud, everybody()).await;

    assert_eq!(ending.succeeded_with("killed"), json!(["7"]));
    ending.warns("Could not confirm that the sessions are gone");
    ending.warns("The log of DDM shows that 1 of 1 logical session was killed.");
}

#[tokio::test]
async fn whoever_has_no_record_stays_unknown() {
    let cloud = cloud(&["7", "8"]).await;
    cloud.at("DELETE", "/logical-processes", |world| {
        world.ddm_lists = false;
        world.ddm_log = vec![row(world, DDM, "7", 1)];
        lost()
    });

    let ending = kill_ddm(&cloud, everybody()).await;

    ending.says(&ending.errors, "Some sessions may not have been killed");
    ending.says(&ending.errors, "1 of 2 logical sessions was killed");
    assert_eq!(json!(ending.sessions("killed")), json!(["7"]));
    assert_eq!(json!(ending.sessions("unknown")), json!(["8"]));
    assert_eq!(ending.state.unwrap()["killed_count"], Json::Null);
}

#[tokio::test]
async fn a_record_of_another_kill_proves_nothing() {
    type Log = fn(&World) -> Vec<Json>;
    let logs: [(&str, Log); 6] = [
        ("nothing", |_| Vec::new()),
        ("before the kill", |world| vec![row(world, DDM, "7", -1)]),
        ("after the look", |world| vec![row(world, DDM, "7", 60)]),
        ("another session", |world| vec![row(world, DDM, "77", 0)]),
        ("another instance", |world| {
            vec![row(world, "5d8b1e4f7a0c43699e2b5d8f1a4c7e03in01", "7", 0)]
        }),
        ("no time", |world| {
            let mut row = row(world, DDM, "7", 0);
            row["execute_time"] = json!("just now");
            vec![row, json!("7"), json!({"process_id": {}})]
        }),
    ];
    for (what, log) in logs {
        let cloud = cloud(&["7"]).await;
        cloud.at("DELETE", "/logical-processes", move |world| {
            world.ddm_lists = false;
            world.ddm_log = log(world);
            lost()
        });

        let ending = kill_ddm(&cloud, everybody()).await;

        assert_eq!(json!(ending.sessions("unknown")), json!(["7"]), "{what}");
        ending.says(
            &ending.errors,
            "It is unknown whether the sessions were killed",
        );
        assert_eq!(log_calls(&cloud), 1, "{what}");
    }
}

#[tokio::test]
async fn a_log_that_does_not_answer_changes_nothing() {
    for answer in [
        (
            403,
            json!({"error_code": "APIGW.0302", "error_msg": "not for you"}),
        ),
        (
            500,
            json!({"error_code": "DBS.200412", "error_msg": "not for you"}),
        ),
        (200, json!({"total_count": 0})),
        (200, json!("<html>not for you</html>")),
    ] {
        let cloud = cloud(&["7"]).await;
        cloud.at("DELETE", "/logical-processes", |world| {
            world.ddm_lists = false;
            lost()
        });
        let text = format!("{answer:?}");
        cloud.at("GET", "/processes-audit-log", move |_| Some(answer));

        let ending = kill_ddm(&cloud, everybody()).await;

        assert_eq!(json!(ending.sessions("unknown")), json!(["7"]), "{text}");
        assert_eq!(ending.errors.len(), 1, "{:#?}", ending.errors);
        let (summary, detail) = &ending.errors[0];
        assert!(!format!("{summary}{detail}").contains("not for you"));
        assert_eq!(log_calls(&cloud), 1, "{text}");
    }
}

#[tokio::test]
async fn whoever_is_still_listed_remains_and_nobody_asks_the_log() {
    let cloud = cloud(&["7"]).await;
    cloud.at("DELETE", "/logical-processes", |world| {
        world.ddm_log = vec![row(world, DDM, "7", 0)];
        lost()
    });

    let ending = kill_ddm(&cloud, everybody()).await;

    assert_eq!(json!(ending.sessions("remaining")), json!(["7"]));
    assert_eq!(log_calls(&cloud), 0);
}

#[tokio::test]
async fn another_word_than_successful_lets_a_look_decide() {
    for (happened, outcome) in [(true, "killed"), (false, "remaining")] {
        let cloud = cloud(&["7"]).await;
        cloud.at("DELETE", "/logical-processes", move |world| {
            if happened {
                world.ddm.clear();
            }
            Some((200, json!({"resp": "failed"})))
        });

        let ending = kill_ddm(&cloud, everybody()).await;

        assert_eq!(json!(ending.sessions(outcome)), json!(["7"]), "{outcome}");
        match happened {
            true => ending.warns("The answer says that the kill failed, but the sessions are gone"),
            false => ending.says(&ending.errors, "resp is not successful"),
        }
        assert_eq!(
            cloud.world().bodies("DELETE", "/logical-processes").len(),
            1
        );
    }
}
