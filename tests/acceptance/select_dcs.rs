//! `select` and `client_addrs` in `hwc_dcs_session_kill`: of real Redis sessions exactly those die that were meant.

use std::time::Duration;

use serde_json::{Value, json};

use crate::configuration::{DCS_KILL, dcs_kill, dcs_kill_of_first_node};
use crate::support::engines;
use crate::support::guests::{RedisGuest, RedisLook, still_on_redis};
use crate::support::redis::{self, RedisServer};
use crate::support::sandbox::{DCS_NODES, Sandbox};
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
            databases = [2, "3"]"#,
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
        (
            r#"all = true
            exclude_addresses = ["127.0.0.1", "127.0.0.64/26"]"#,
            &["app from 7"],
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
        let state = in_state(&workspace);
        let killed = addresses(here.iter().filter(|guest| dead.contains(&guest.label)));
        let shown = state.with_outcome("killed", "address");
        assert_eq!(contained(&shown, &killed), killed.len(), "{conditions}");
        assert_eq!(state.outcomes().len(), 1, "{conditions}");
        let state = state.values;
        assert_eq!(state["killed_count"], shown.len());
        assert_eq!(state["remaining_count"], 0);
        for null in ["job_id", "job_status"] {
            assert_eq!(state[null], Value::Null, "{null}");
        }
        assert!(state["finished_at"].is_string() && state["request_id"].is_string());
        let before = sandbox.calls().len();
        workspace.plan().succeeded();
        assert_eq!(sandbox.calls().len(), before);
    }
}

/// How many of the addresses are in the list. (Listing servers may have others, such as a test's own look around.)
fn contained(list: &[Value], addresses: &[&str]) -> usize {
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
    let state = in_state(&workspace);
    assert_eq!(state.outcomes(), [("killed".to_owned(), 4)].into());
    assert_eq!(state.values["killed_count"], 4);
    let nodes = [DCS_NODES[0], DCS_NODES[1]].map(|node| {
        let of = state.with_outcome("killed", "node_id");
        of.iter().filter(|of| **of == node).count()
    });
    assert_eq!(nodes, [2, 2]);
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
    let state = in_state(&workspace);
    assert_eq!(
        state.with_outcome("killed", "address"),
        [first.as_str(), second]
    );
    assert_eq!(state.with_outcome("not_found", "address"), ["127.0.0.9:9"]);
    assert_eq!(state.outcomes().len(), 2);
    workspace.plan().succeeded();

    // Where nobody is left, that is said of the argument that named them.
    workspace
        .apply_with(&[&format!("-replace={DCS_KILL}")])
        .succeeded()
        .saying(&["No session matched", "client_addrs = ["]);
    let state = in_state(&workspace);
    assert_eq!(
        state.with_outcome("not_found", "address"),
        [second.as_str(), "127.0.0.9:9", first]
    );
    assert_eq!(state.outcomes().len(), 1);
}

#[test]
fn a_kill_of_all_sessions_with_a_cap_that_is_too_low_kills_nobody() {
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    let here = guests(&nodes[0]);
    let workspace = workspace(&sandbox, &dcs_kill_of_first_node("max_sessions = 9"));

    workspace.apply().failed().saying(&[
        "10 sessions match, but max_sessions is 9",
        "No session was killed",
        "name billing-1",
    ]);

    assert_eq!(still_on_redis(&nodes[0], &here), EVERYBODY);
    assert_eq!(kills(&sandbox), 0);
    assert!(workspace.resource(DCS_KILL).is_none());
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
    let state = in_state(&workspace);
    assert_eq!(state.values["job_status"], "SUCCESS");
    // The job does not tell how many it killed.
    assert!(state.values["killed_count"].is_null());
    assert_eq!(state.with_outcome("killed", "address"), addresses(&here));
    workspace.plan().succeeded();
}

#[test]
fn a_dry_run_of_a_kill_of_all_sessions_lists_them_and_kills_nobody() {
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    let here = guests(&nodes[0]);
    let workspace = workspace(&sandbox, &dcs_kill_of_first_node("dry_run = true"));

    workspace
        .plan()
        .planned_changes()
        .saying(&["Dry run: nothing will be killed", "+ killed_count = 0"]);
    workspace.apply().succeeded().saying(&[
        "Dry run: 10 sessions would have been killed",
        "name billing-2",
    ]);

    assert_eq!(still_on_redis(&nodes[0], &here), EVERYBODY);
    assert_eq!(kills(&sandbox), 0);
    let state = in_state(&workspace);
    assert_eq!(state.with_outcome("listed", "address"), addresses(&here));
    assert_eq!(state.values["killed_count"], 0);
    assert_eq!(state.values["remaining_count"], 10);
    workspace.plan().succeeded();

    workspace.edit("dry_run = true", "dry_run = false");
    workspace.apply().succeeded();
    assert_eq!(still_on_redis(&nodes[0], &here), [""; 0]);
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
        "Sessions that are not selected have the same address",
        "1 session not selected",
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
    let state = in_state(&workspace);
    assert_eq!(state.with_outcome("killed", "address"), addresses(&here));
    assert_eq!(state.outcomes().len(), 1);
}
