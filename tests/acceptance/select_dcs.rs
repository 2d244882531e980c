//! `select` and `client_addrs` in `hwc_dcs_session_kill`: of real Redis sessions exactly those die that were meant.

use std::time::Duration;

use serde_json::{Value, json};

use crate::configuration::{DCS_KILL, dcs_kill, dcs_kill_of_first_node};
use crate::select_guests::{RedisGuest, RedisLook, still_on_redis};
use crate::support::engines;
use crate::support::redis::{self, RedisServer};
use crate::support::sandbox::{DCS_INSTANCE, DCS_NODES, Sandbox};
use crate::support::workspace::{Resource, Workspace};

const PLAIN: RedisLook = RedisLook {
    from: "",
    by_socket: false,
    name: "",
    user: "",
    db: 0,
    last: &[],
    busy: false,
};

/// Every guest of [`guests`], in the order in which they came.
const EVERYBODY: [&str; 10] = [
    "plain",
    "billing-1",
    "billing-2",
    "Billing",
    "app",
    "app from 7",
    "from 70",
    "subscriber",
    "blocked",
    "busy",
];

/// Sessions that differ in everything that can be selected by.
fn guests(server: &RedisServer) -> Vec<RedisGuest> {
    let looks = [
        PLAIN,
        RedisLook {
            name: "billing-1",
            db: 2,
            ..PLAIN
        },
        RedisLook {
            name: "billing-2",
            ..PLAIN
        },
        RedisLook {
            name: "Billing",
            db: 3,
            ..PLAIN
        },
        RedisLook {
            user: "app",
            ..PLAIN
        },
        RedisLook {
            user: "app",
            from: "127.0.0.7",
            ..PLAIN
        },
        RedisLook {
            from: "127.0.0.70",
            db: 2,
            ..PLAIN
        },
        RedisLook {
            last: &["SUBSCRIBE", "news"],
            ..PLAIN
        },
        RedisLook {
            last: &["BLPOP", "nothing", "0"],
            ..PLAIN
        },
        RedisLook {
            busy: true,
            ..PLAIN
        },
    ];
    EVERYBODY
        .into_iter()
        .zip(looks)
        .map(|(label, look)| RedisGuest::new(server, label, look))
        .collect()
}

fn selecting(conditions: &str, arguments: &str) -> String {
    dcs_kill_of_first_node(&format!("select {{\n    {conditions}\n  }}\n  {arguments}"))
}

fn workspace(sandbox: &Sandbox, configuration: &str) -> Workspace {
    Workspace::new(engines::newest_terraform(), sandbox, configuration)
}

fn in_state(workspace: &Workspace) -> Resource {
    workspace.resource(DCS_KILL).expect("the kill is in state")
}

fn addresses<'a>(guests: impl IntoIterator<Item = &'a RedisGuest>) -> Vec<&'a str> {
    guests
        .into_iter()
        .map(|guest| guest.address.as_str())
        .collect()
}

fn kills(sandbox: &Sandbox) -> usize {
    sandbox.calls_to("/clients/kill").len() + sandbox.calls_to("/clients/kill-all").len()
}

#[test]
fn exactly_the_sessions_that_meet_every_condition_die() {
    for (conditions, dead) in [
        (r#"names = ["billing-*"]"#, &["billing-1", "billing-2"][..]),
        (
            r#"names = ["{billing-1,Bill*}", "[x-z]"]
            databases = [2, 3]"#,
            &["billing-1", "Billing"],
        ),
        (
            r#"users = ["app"]
            addresses = ["127.0.0.7"]"#,
            &["app from 7"],
        ),
        (
            r#"addresses = ["127.0.0.64/26", "127.0.0.7", "10.0.0.0/8"]
            exclude_users = ["app"]"#,
            &["from 70"],
        ),
        (r#"flags = ["P", "b"]"#, &["subscriber", "blocked"]),
        (r#"commands = ["BLPOP", "auth"]"#, &["blocked"]),
        (
            r#"min_idle = "4s"
            min_age = "4s"
            flags = ["N"]"#,
            &[
                "plain",
                "billing-1",
                "billing-2",
                "Billing",
                "app",
                "app from 7",
                "from 70",
            ],
        ),
        (
            r#"all = true
            exclude_users = ["default"]"#,
            &["app", "app from 7"],
        ),
        ("all = true", &EVERYBODY),
    ] {
        // Given sessions on the node, and the same on the other one.
        let nodes = redis::nodes();
        let sandbox = Sandbox::with_dcs(&nodes);
        let [here, there] = nodes.each_ref().map(guests);
        // Only these depend on how long the sessions have been as they are.
        if conditions.contains("min_") {
            std::thread::sleep(Duration::from_millis(4500));
        }
        let workspace = workspace(&sandbox, &selecting(conditions, "max_sessions = 10"));

        // When those that are described are killed.
        workspace.apply().succeeded();

        // Then they are gone, and nobody else is.
        let survivors: Vec<&str> = EVERYBODY
            .into_iter()
            .filter(|label| !dead.contains(label))
            .collect();
        assert_eq!(still_on_redis(&nodes[0], &here), survivors, "{conditions}");
        assert_eq!(still_on_redis(&nodes[1], &there), EVERYBODY, "{conditions}");

        // Then state says who they were, and the next plan is empty.
        let state = in_state(&workspace).values;
        let killed = addresses(here.iter().filter(|guest| dead.contains(&guest.label)));
        assert_eq!(
            contained(&state["killed"], &killed),
            killed.len(),
            "{conditions}"
        );
        assert_eq!(state["matched"], state["killed"]);
        assert_eq!(state["remaining"], json!([]));
        for null in ["not_found", "job_id", "job_status"] {
            assert_eq!(state[null], Value::Null, "{null}");
        }
        assert!(state["finished_at"].is_string() && state["request_id"].is_string());
        let before = sandbox.calls().len();
        workspace.plan().succeeded();
        assert_eq!(sandbox.calls().len(), before);
    }
}

/// How many of the addresses are in the list. (Listing servers may have others, such as a test's own look around.)
fn contained(list: &Value, addresses: &[&str]) -> usize {
    let list = list.as_array().expect("a list");
    addresses
        .iter()
        .filter(|address| list.contains(&json!(address)))
        .count()
}

#[test]
fn sessions_of_all_nodes_are_chosen_and_killed_on_their_nodes() {
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    let [here, there] = nodes.each_ref().map(guests);
    let configuration =
        dcs_kill("kill_all_nodes = true\n  select {\n    names = [\"billing-?\"]\n  }");
    let workspace = workspace(&sandbox, &configuration);

    workspace.apply().succeeded();

    let survivors: Vec<&str> = EVERYBODY
        .into_iter()
        .filter(|label| !label.starts_with("billing-"))
        .collect();
    assert_eq!(still_on_redis(&nodes[0], &here), survivors);
    assert_eq!(still_on_redis(&nodes[1], &there), survivors);
    let calls = sandbox.calls_to("/clients/kill");
    assert_eq!(calls.len(), 2);
    for (node, guests) in DCS_NODES.into_iter().zip([&here, &there]) {
        let call = calls.iter().find(|call| call.body["node_id"] == node);
        let asked = &call.expect("a kill on each node").body["client_addrs"];
        assert_eq!(*asked, json!(addresses(&guests[1..=2])));
    }
    let state = in_state(&workspace).values;
    assert_eq!(
        (&state["matched_count"], &state["killed_count"]),
        (&json!(4), &json!(4))
    );
}

#[test]
fn given_addresses_are_killed_and_those_that_nobody_has_are_told() {
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    let [here, there] = nodes.each_ref().map(guests);
    let [first, second] = [&here[3].address, &here[5].address];
    let configuration = dcs_kill_of_first_node(&format!(
        "client_addrs = [{second:?}, \"127.0.0.9:9\", {first:?}, {second:?}]"
    ));
    let workspace = workspace(&sandbox, &configuration);

    workspace.apply().succeeded();

    let survivors: Vec<&str> = EVERYBODY
        .into_iter()
        .filter(|label| !["Billing", "app from 7"].contains(label))
        .collect();
    assert_eq!(still_on_redis(&nodes[0], &here), survivors);
    assert_eq!(still_on_redis(&nodes[1], &there), EVERYBODY);
    let state = in_state(&workspace).values;
    assert_eq!(state["killed"], json!([first, second]));
    assert_eq!(state["not_found"], json!(["127.0.0.9:9"]));
    assert_eq!(state["remaining"], json!([]));
    workspace.plan().succeeded();

    // Where nobody is left, that is said of the argument that named them.
    workspace
        .apply_with(&[&format!("-replace={DCS_KILL}")])
        .succeeded()
        .saying(&["No session matched", "client_addrs = ["]);
    assert_eq!(
        in_state(&workspace).values["not_found"],
        json!([second, "127.0.0.9:9", first])
    );
}

#[test]
fn more_sessions_than_allowed_are_all_left_alone() {
    for (what, matched, configuration) in [
        (
            "described",
            2,
            selecting("names = [\"billing-*\"]", "max_sessions = 1"),
        ),
        ("all", 10, dcs_kill_of_first_node("max_sessions = 9")),
    ] {
        let nodes = redis::nodes();
        let sandbox = Sandbox::with_dcs(&nodes);
        let here = guests(&nodes[0]);
        let workspace = workspace(&sandbox, &configuration);

        workspace.apply().failed().saying(&[
            &format!(
                "{matched} sessions match, but max_sessions is {}",
                matched - 1
            ),
            "No session was killed",
            "name billing-1",
        ]);

        assert_eq!(still_on_redis(&nodes[0], &here), EVERYBODY, "{what}");
        assert_eq!(kills(&sandbox), 0, "{what}");
        assert!(workspace.resource(DCS_KILL).is_none(), "{what}");
    }
}

#[test]
fn a_kill_of_all_sessions_with_a_cap_keeps_who_was_there() {
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    let here = guests(&nodes[0]);
    let there = EVERYBODY.len();
    let workspace = workspace(
        &sandbox,
        &dcs_kill_of_first_node(&format!("max_sessions = {there}")),
    );

    workspace.apply().succeeded();

    assert_eq!(still_on_redis(&nodes[0], &here), [""; 0]);
    let values = workspace.resource(DCS_KILL).expect("the kill").values;
    assert_eq!(values["job_status"], "SUCCESS");
    assert_eq!(values["matched_count"], there);
    assert_eq!(values["matched"].as_array().expect("a list").len(), there);
    workspace.plan().succeeded();
}

#[test]
fn a_dry_run_kills_nobody_and_says_so_in_plan_and_state() {
    for (arguments, matched) in [("select {\n    names = [\"billing-*\"]\n  }", 2), ("", 10)] {
        let nodes = redis::nodes();
        let sandbox = Sandbox::with_dcs(&nodes);
        let here = guests(&nodes[0]);
        let configuration = dcs_kill_of_first_node(&format!("dry_run = true\n  {arguments}"));
        let workspace = workspace(&sandbox, &configuration);

        workspace.plan().planned_changes().saying(&[
            "Dry run: nothing will be killed",
            "+ killed = []",
            "+ killed_count = 0",
        ]);
        workspace.apply().succeeded().saying(&[
            &format!("Dry run: {matched} sessions would have been killed, and none was"),
            "name billing-2",
        ]);

        assert_eq!(still_on_redis(&nodes[0], &here), EVERYBODY);
        assert_eq!(kills(&sandbox), 0);
        let state = in_state(&workspace).values;
        assert_eq!(state["matched_count"], json!(matched));
        assert_eq!(contained(&state["matched"], &addresses(&here[1..=2])), 2);
        assert_eq!(state["matched"], state["remaining"]);
        assert_eq!(state["killed"], json!([]));
        workspace.plan().succeeded();

        workspace.edit("dry_run = true", "dry_run = false");
        workspace.apply().succeeded();
        assert_eq!(still_on_redis(&nodes[0], &here).len(), 10 - matched);
    }
}

#[test]
fn nobody_to_kill_is_no_error_and_is_said() {
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    let workspace = workspace(&sandbox, &selecting("names = [\"nobody-*\"]", ""));

    workspace
        .apply()
        .succeeded()
        .saying(&["Warning: No session matched"]);

    assert_eq!(kills(&sandbox), 0);
    let state = in_state(&workspace).values;
    for list in ["matched", "killed", "remaining"] {
        assert_eq!(state[list], json!([]), "{list}");
    }
    workspace.plan().succeeded();
}

#[test]
fn sessions_that_share_an_address_with_others_are_not_killed() {
    // Given two sessions through the socket file, which have one address, and of which one is described.
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    let guests = ["meant", "bystander"].map(|name| {
        RedisGuest::new(
            &nodes[0],
            name,
            RedisLook {
                by_socket: true,
                name,
                ..PLAIN
            },
        )
    });
    assert_eq!(guests[0].address, guests[1].address);
    let workspace = workspace(&sandbox, &selecting("names = [\"meant\"]", ""));

    workspace.apply().failed().saying(&[
        "Sessions that were not chosen have the same address",
        "1 session not chosen",
        "name bystander",
    ]);

    assert_eq!(still_on_redis(&nodes[0], &guests), ["meant", "bystander"]);
    assert_eq!(kills(&sandbox), 0);

    // Both of them may be killed.
    workspace.edit("[\"meant\"]", "[\"meant\", \"bystander\"]");
    workspace.apply().succeeded();
    assert_eq!(still_on_redis(&nodes[0], &guests), [""; 0]);
}

#[test]
fn a_replica_of_the_node_is_left_alone() {
    // Given a second Redis server that replicates the first.
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    nodes[1].replicate(&nodes[0]);
    let here = [RedisGuest::new(&nodes[0], "client", PLAIN)];
    let workspace = workspace(&sandbox, &selecting("all = true", ""));

    workspace.apply().succeeded();

    assert_eq!(still_on_redis(&nodes[0], &here), [""; 0]);
    assert!(nodes[1].is_linked(), "the replica is still linked");
    let state = in_state(&workspace).values;
    assert_eq!(
        (&state["matched_count"], &state["protected_count"]),
        (&json!(1), &json!(1))
    );
}

#[test]
fn an_action_kills_those_that_are_described_and_tells_how_many() {
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    let here = guests(&nodes[0]);
    let configuration = format!(
        "action \"hwc_dcs_session_kill\" \"test\" {{\n  config {{\n    instance_id = {DCS_INSTANCE:?}\n    node_id = {:?}\n    dry_run = true\n    select {{\n      users = [\"app\"]\n    }}\n  }}\n}}\n",
        DCS_NODES[0]
    );
    let workspace = workspace(&sandbox, &configuration);
    let invoke = || workspace.apply_with(&["-invoke=action.hwc_dcs_session_kill.test"]);

    invoke()
        .succeeded()
        .saying(&["Dry run: 2 sessions would have been killed"]);
    assert_eq!(still_on_redis(&nodes[0], &here), EVERYBODY);

    workspace.edit("dry_run = true", "max_sessions = 2");
    invoke()
        .succeeded()
        .saying(&["2 sessions matched.", "killed 2, remaining 0."]);
    let survivors: Vec<&str> = EVERYBODY
        .into_iter()
        .filter(|label| !label.starts_with("app"))
        .collect();
    assert_eq!(still_on_redis(&nodes[0], &here), survivors);
}
