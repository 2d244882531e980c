//! Sessions of DCS are chosen from lists that are known to be new, at the nodes that clients are connected to.

use serde_json::json;

use crate::cloud::{Answer, Cloud};
use crate::{NODE, client, kill_dcs};

/// A cloud with an old list in which `worker` has the address that now is `billing`'s.
async fn cloud_with_an_old_list() -> Cloud {
    let cloud = Cloud::start().await;
    {
        let mut world = cloud.world();
        let sessions = vec![client(7, "10.0.0.7:5000", "worker", -100)];
        world.sessions.insert(NODE.to_owned(), sessions);
        world.scan(NODE);
        let sessions = vec![client(9, "10.0.0.7:5000", "billing", -10)];
        world.sessions.insert(NODE.to_owned(), sessions);
    }
    cloud
}

#[tokio::test]
async fn a_client_that_has_the_address_of_one_in_an_old_list_is_not_killed() {
    type Behaviour = (&'static str, fn(u64) -> Answer, fn() -> Answer);
    let job: fn(u64) -> Answer = |number| (200, json!({"job_id": format!("scan-{number}")}));
    let success: fn() -> Answer = || (200, json!({"status": "SUCCESS"}));
    let cases: [Behaviour; 7] = [
        ("a job that succeeds", job, success),
        (
            "a numeric job id",
            |number| (200, json!({"job_id": number})),
            success,
        ),
        ("no body", |_| (200, json!(null)), success),
        ("no job id", |_| (200, json!({})), success),
        ("a job that is not found", job, || {
            (404, json!({"error_code": "DCS.4070"}))
        }),
        ("a job id that is refused", job, || {
            (400, json!({"error_code": "DCS.4070"}))
        }),
        ("a job that may not be seen", job, || {
            (403, json!({"error_code": "DCS.2003"}))
        }),
    ];
    for (what, scan_answer, scan_job) in cases {
        let cloud = cloud_with_an_old_list().await;
        (cloud.world().scan_answer, cloud.world().scan_job) = (scan_answer, scan_job);

        let select = json!({"node_id": NODE, "select": [{"names": ["worker"]}]});
        let ending = kill_dcs(&cloud, select).await;

        assert_eq!(ending.succeeded_with("killed"), json!([]), "{what}");
        let world = cloud.world();
        assert_eq!(
            world.bodies("POST", "/clients/kill"),
            [] as [serde_json::Value; 0],
            "{what}"
        );
        assert_eq!(world.sessions[NODE].len(), 1, "{what}");
        let scans = world.bodies("POST", "/clients");
        assert!(
            scans.iter().all(|body| body["clean_cache"] == json!(true)),
            "{what}"
        );
    }
}

#[tokio::test]
async fn a_node_that_nobody_has_scanned_yet_is_listed_too() {
    for job_is_known in [true, false] {
        let cloud = Cloud::start().await;
        let sessions = vec![client(7, "10.0.0.7:5000", "worker", -100)];
        cloud.world().sessions.insert(NODE.to_owned(), sessions);
        if !job_is_known {
            cloud.world().scan_answer = |_| (200, json!(null));
        }

        let select = json!({"node_id": NODE, "select": [{"names": ["worker"]}]});
        let ending = kill_dcs(&cloud, select).await;

        assert_eq!(ending.succeeded_with("killed"), json!(["10.0.0.7:5000"]));
        // Without a job, the first list is only what the next is compared with.
        let listed_at = if job_is_known { "list 1" } else { "list 2" };
        assert_eq!(ending.succeeded()["listed_at"], json!({ NODE: listed_at }));
    }
}

#[tokio::test]
async fn a_list_that_cannot_be_shown_to_be_new_kills_nobody() {
    let frozen: fn(u64) -> serde_json::Value = |_| json!("2026-11-21 10:00");
    let none: fn(u64) -> serde_json::Value = |_| json!(null);
    for (what, saved_time, followed, words) in [
        (
            "the same time for ever",
            frozen,
            true,
            "did not show a new list",
        ),
        ("no time, no job", none, false, "cannot be shown to be new"),
    ] {
        let cloud = Cloud::start().await;
        {
            let mut world = cloud.world();
            world.saved_time = saved_time;
            let sessions = vec![client(7, "10.0.0.7:5000", "worker", -100)];
            world.sessions.insert(NODE.to_owned(), sessions);
            world.scan(NODE);
            world.scan_works = false;
            if !followed {
                world.scan_answer = |_| (200, json!(null));
            }
        }

        let select = json!({"node_id": NODE, "select": [{"all": true}]});
        let ending = kill_dcs(&cloud, select).await;

        ending.refused(words);
        ending.refused("No session was killed");
        assert_eq!(cloud.world().sessions[NODE].len(), 1, "{what}");
        assert!(
            cloud.clock.slept().as_secs() < 300,
            "{what}: {:?}",
            cloud.clock.slept()
        );
    }
}

#[tokio::test]
async fn two_lists_of_the_same_second_are_told_apart_by_scanning_again() {
    let cloud = cloud_with_an_old_list().await;
    // The time of a list has the resolution of three scans.
    cloud.world().saved_time = |number| json!(format!("minute {}", number / 3));
    cloud.world().scan(NODE);

    let select = json!({"node_id": NODE, "select": [{"names": ["billing"]}]});
    let ending = kill_dcs(&cloud, select).await;

    assert_eq!(ending.succeeded_with("killed"), json!(["10.0.0.7:5000"]));
    assert!(cloud.world().bodies("POST", "/clients").len() > 2);
}

#[tokio::test]
async fn scans_that_fail_are_repeated_twice_and_then_kill_nobody() {
    let cloud = cloud_with_an_old_list().await;
    cloud.world().scan_job = || {
        (
            200,
            json!({"status": "FAIL", "fail_reason": "the node is away"}),
        )
    };

    let select = json!({"node_id": NODE, "select": [{"all": true}]});
    let ending = kill_dcs(&cloud, select).await;

    ending.refused("the node is away");
    assert_eq!(cloud.world().bodies("POST", "/clients").len(), 3);
    assert_eq!(cloud.world().sessions[NODE].len(), 1);
}

#[tokio::test]
async fn the_order_of_a_list_is_asked_for_and_given_up_where_it_is_refused() {
    let cloud = cloud_with_an_old_list().await;
    // The third look at the list is the first page.
    cloud.at("GET", "/clients", |_| None);
    cloud.at("GET", "/clients", |_| None);
    cloud.at("GET", "/clients", |_| {
        Some((400, json!({"error_code": "DCS.4062", "error_msg": "sort"})))
    });

    let select = json!({"node_id": NODE, "select": [{"names": ["billing"]}]});
    let ending = kill_dcs(&cloud, select).await;

    assert_eq!(ending.succeeded_with("killed"), json!(["10.0.0.7:5000"]));
}

#[tokio::test]
async fn sessions_behind_proxies_are_listed_and_killed_at_the_active_proxies_only() {
    let cloud = Cloud::start().await;
    {
        let mut world = cloud.world();
        let node = |id: &str, role: &str, status: &str| json!({"node_id": id, "node_role": role, "status": status});
        world.nodes = vec![
            node("data-1", "redis-server", "Active"),
            node("proxy-1", "redis-proxy", "Active"),
            node("proxy-1", "redis-proxy", "Active"),
            node("proxy-2", "redis-proxy", "Inactive"),
            node("proxy-3", "redis-proxy", "Active"),
        ];
        for (number, id) in (1..).zip(["data-1", "proxy-1", "proxy-2", "proxy-3"]) {
            let address = format!("10.0.0.{number}:5000");
            world.sessions.insert(
                id.to_owned(),
                vec![client(number, &address, "worker", -100)],
            );
        }
    }

    let select = json!({"kill_all_nodes": true, "select": [{"names": ["worker"]}]});
    let ending = kill_dcs(&cloud, select).await;

    assert_eq!(
        ending.succeeded_with("killed"),
        json!(["10.0.0.2:5000", "10.0.0.4:5000"])
    );
    ending.warns("proxy-2 (Inactive)");
    let world = cloud.world();
    let asked: Vec<_> = world
        .bodies("POST", "/clients/kill")
        .into_iter()
        .map(|body| body["node_id"].clone())
        .collect();
    assert_eq!(asked, [json!("proxy-1"), json!("proxy-3")]);
    assert!(
        world
            .bodies("POST", "/clients")
            .iter()
            .all(|body| body["node_id"] != json!("data-1"))
    );
}

#[tokio::test]
async fn the_age_of_the_data_is_in_the_proof() {
    let cloud = cloud_with_an_old_list().await;

    let dry_run = json!({"node_id": NODE, "dry_run": true, "select": [{"all": true}]});
    let ending = kill_dcs(&cloud, dry_run).await;

    assert_eq!(ending.succeeded()["listed_at"], json!({ NODE: "list 2" }));
}

#[tokio::test]
async fn addresses_that_find_nobody_among_inner_ones_are_explained() {
    let cloud = Cloud::start().await;
    let sessions = vec![client(7, "198.19.3.4:5000", "worker", -100)];
    cloud.world().sessions.insert(NODE.to_owned(), sessions);

    let select = json!({"node_id": NODE, "select": [{"addresses": ["10.0.0.0/8"]}]});
    let ending = kill_dcs(&cloud, select).await;

    assert_eq!(ending.succeeded_with("killed"), json!([]));
    ending.warns("client IP pass-through");
}

#[tokio::test]
async fn who_may_be_at_an_excluded_address_is_left_alone() {
    let cloud = Cloud::start().await;
    let behind = |id, addr: &str, peer: &str| {
        let mut client = client(id, peer, "worker", -100);
        client["addr"] = json!(addr);
        client
    };
    let sessions = vec![
        // One of them is excluded by the address that a kill names, the other may be anybody.
        behind(7, "198.19.3.4:5000", "10.0.0.7:5000"),
        behind(8, "198.19.3.5:5000", "198.19.3.5:5000"),
        behind(9, "10.0.0.9:5000", "10.0.0.7:6000"),
        behind(10, "10.0.0.10:5000", "10.0.0.10:5000"),
    ];
    cloud.world().sessions.insert(NODE.to_owned(), sessions);

    let select = json!({"names": ["worker"], "exclude_addresses": ["10.0.0.7"]});
    let ending = kill_dcs(&cloud, json!({"node_id": NODE, "select": [select]})).await;

    assert_eq!(ending.succeeded_with("killed"), json!(["10.0.0.10:5000"]));
    ending.warns("2 sessions with an inner address not selected");
}

#[tokio::test]
async fn a_list_that_could_not_be_seen_for_a_moment_is_not_taken_for_none() {
    let cloud = cloud_with_an_old_list().await;
    let gateway = || {
        let code = "APIGW.0201";
        Some((502, json!({"error_code": code, "error_msg": "no backend"})))
    };
    let old = || {
        let worker = client(7, "10.0.0.7:5000", "worker", -100);
        let list = json!({"time": "list 1", "clients": [worker], "count": 1});
        Some((200, list))
    };
    cloud.at("GET", "/clients", move |_| gateway());
    // The service goes on showing the old list for a while after the scan has succeeded.
    cloud.at("GET", "/clients", move |_| old());
    cloud.at("GET", "/clients", move |_| old());

    let select = json!({"node_id": NODE, "select": [{"names": ["worker"]}]});
    let ending = kill_dcs(&cloud, select).await;

    assert_eq!(ending.succeeded_with("killed"), json!([]));
    assert_eq!(cloud.world().sessions[NODE].len(), 1);
}

#[tokio::test]
async fn looking_again_is_rare_enough_for_what_a_scan_costs() {
    // Given sessions that a kill does not end.
    let cloud = Cloud::start().await;
    let sessions = vec![client(7, "10.0.0.7:5000", "worker", -100)];
    cloud.world().sessions.insert(NODE.to_owned(), sessions);
    cloud.at("POST", "/clients/kill", |_| Some((204, json!(null))));

    let arguments = json!({
        "node_id": NODE, "select": [{"names": ["worker"]}], "timeouts": [{"create": "10m"}],
    });
    let ending = kill_dcs(&cloud, arguments).await;

    // Then they are looked at until the time is over, less and less often: at most twice a minute at last.
    assert_eq!(ending.succeeded_with("remaining"), json!(["10.0.0.7:5000"]));
    let minutes = cloud.clock.slept().as_secs() / 60;
    assert!(minutes >= 9, "{minutes} minutes");
    let scans = cloud.world().bodies("POST", "/clients").len();
    assert!((10..30).contains(&scans), "{scans} scans");
}
