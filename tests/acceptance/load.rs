//! Many kills at once, and many ids in one kill.

use std::collections::BTreeSet;
use std::time::Instant;

use serde_json::{Value, json};

use crate::configuration::{TAURUSDB_KILL, taurusdb_kill};
use crate::support::engines;
use crate::support::sandbox::{Call, NodeState, Sandbox, TAURUSDB_INSTANCE, TAURUSDB_NODES};
use crate::support::workspace::{Resource, Workspace};

/// Kills of TaurusDB session threads, all on one node.
const TAURUSDB_KILLS: usize = 180;
/// Session threads that each of them kills.
const THREADS: usize = 3;
/// Kills of DCS sessions, each on an instance of its own: an instance is busy while a job runs.
const DCS_KILLS: usize = 20;
/// Sessions of each DCS instance.
const DCS_SESSIONS: usize = 10;

#[test]
fn two_hundred_kills_through_a_gateway_that_throttles_all_end_well_and_none_is_sent_twice() {
    // Given session threads on one node, sessions on twenty instances, and a gateway that turns calls away.
    let [node, _] = TAURUSDB_NODES;
    let builder = Sandbox::builder().job_duration("200ms").simulated_taurusdb(
        TAURUSDB_INSTANCE,
        node,
        TAURUSDB_KILLS * THREADS,
    );
    let sandbox = (0..DCS_KILLS)
        .fold(builder, |builder, number| {
            builder.simulated_dcs(&dcs_instance(number), "node", DCS_SESSIONS)
        })
        .start();
    let turned_away = |status: u16, code: &str| {
        json!({
            "rate": 0.05,
            "status": status,
            "body": {"error_code": code, "error_msg": "Try again later."},
        })
    };
    let threads = ids(&nodes_of("taurusdb", &sandbox)[0]);
    sandbox.break_calls(json!([
        turned_away(429, "APIGW.0308"),
        turned_away(503, "APIGW.0201"),
    ]));
    let workspace = Workspace::new(
        engines::newest_terraform(),
        &sandbox,
        &many_kills(node, &threads),
    );

    // When two hundred kills are applied, a hundred at a time.
    let started = Instant::now();
    workspace
        .apply_with(&["-parallelism=100"])
        .succeeded()
        .saying(&["200 added, 0 changed, 0 destroyed"]);
    let took = started.elapsed();

    // Then every kill ended well, and its proof is in state.
    let resources = workspace.resources();
    assert_eq!(resources.len(), TAURUSDB_KILLS + DCS_KILLS);
    for resource in &resources {
        assert_proven(resource);
    }

    // Then every session was killed, once.
    let nodes = sandbox.nodes();
    assert_eq!(nodes.len(), 1 + DCS_KILLS);
    for node in &nodes {
        let expected = match node.service.as_str() {
            "dcs" => DCS_SESSIONS,
            _ => TAURUSDB_KILLS * THREADS,
        };
        assert_eq!(node.sessions, [] as [Value; 0], "{}", node.instance_id);
        assert_eq!(node.kills.len(), expected, "{}", node.instance_id);
        assert!(
            node.kills.values().all(|orders| *orders == 1),
            "{}: a session was ordered to die more than once",
            node.instance_id
        );
    }

    // Then one request of each kill was accepted, and there was one more for each that was turned away.
    let calls = sandbox.calls();
    let struck: u64 = sandbox.faults_struck().iter().sum();
    let with = |method: &str, accepted: bool| {
        let matches =
            |call: &&Call| call.method == method && (call.status == Some(200)) == accepted;
        calls.iter().filter(matches).count()
    };
    assert_eq!(with("DELETE", true), TAURUSDB_KILLS);
    assert_eq!(with("POST", true), DCS_KILLS);
    let turned_away = ["DELETE", "POST", "GET"].map(|method| with(method, false));
    assert_eq!(turned_away.iter().sum::<usize>() as u64, struck);
    assert!(
        sandbox.faults_struck().iter().all(|times| *times > 0),
        "the gateway turned nobody away"
    );
    println!(
        "200 kills in {took:.1?}: {} requests, of which {struck} were turned away",
        calls.len()
    );
}

#[test]
fn ten_thousand_ids_in_one_resource_go_in_requests_of_twenty_and_all_come_back_exactly() {
    const IDS: usize = 10_000;
    const BATCH: usize = 20;
    // Given a node with ten thousand session threads, one of them with an id that a 64-bit float cannot hold.
    let [node, _] = TAURUSDB_NODES;
    let sandbox = Sandbox::builder()
        .simulated_taurusdb(TAURUSDB_INSTANCE, node, IDS)
        .start();
    let threads = ids(&sandbox.nodes()[0]);
    assert_eq!(threads.len(), IDS);
    assert!(threads.iter().any(|id| *id > 1 << 53));

    // When they are killed by one resource.
    let workspace = Workspace::new(
        engines::newest_terraform(),
        &sandbox,
        &taurusdb_kill(&threads, ""),
    );
    workspace.apply().succeeded();

    // Then all of the ids were sent in order, each once.
    let sent: Vec<Vec<u64>> = sandbox
        .calls_to("/processes")
        .iter()
        .map(|call| numbers(&call.body["processes"]))
        .collect();
    let batches: Vec<Vec<u64>> = threads.chunks(BATCH).map(<[u64]>::to_vec).collect();
    assert!(sent == batches, "{} requests", sent.len());

    // Then all of them are dead, and in state exactly as they were asked for.
    let node = &sandbox.nodes()[0];
    assert_eq!(node.sessions, [] as [Value; 0]);
    assert!(node.kills.values().all(|orders| *orders == 1));
    let resource = workspace
        .resource(TAURUSDB_KILL)
        .expect("the kill is in state");
    for (attribute, expected) in [
        ("processes", threads.as_slice()),
        ("processes_killed", threads.as_slice()),
        ("processes_not_found", &[]),
        ("processes_excluded", &[]),
    ] {
        assert!(
            numbers(&resource.values[attribute]) == expected,
            "{attribute} is not what was killed"
        );
    }
}

fn dcs_instance(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

fn many_kills(node: &str, threads: &[u64]) -> String {
    let shares: Vec<&[u64]> = threads.chunks(THREADS).collect();
    let instances: Vec<String> = (0..DCS_KILLS).map(dcs_instance).collect();
    format!(
        r#"
locals {{
  threads   = {shares:?}
  instances = {instances:?}
}}

resource "hwc_taurusdb_session_kill" "many" {{
  count       = length(local.threads)
  instance_id = "{TAURUSDB_INSTANCE}"
  node_id     = "{node}"
  processes   = local.threads[count.index]
}}

resource "hwc_dcs_session_kill" "many" {{
  count          = length(local.instances)
  instance_id    = local.instances[count.index]
  kill_all_nodes = true
}}
"#
    )
}

/// The state of a kill that was accepted and did all that was asked for.
#[track_caller]
fn assert_proven(resource: &Resource) {
    let Resource {
        address,
        values,
        tainted,
    } = resource;
    assert!(!tainted, "{address}");
    assert!(values["request_id"].is_string(), "{address}");
    if address.starts_with("hwc_dcs") {
        assert_eq!(values["job_status"], "SUCCESS", "{address}");
    } else {
        let set = |attribute: &str| BTreeSet::from_iter(numbers(&values[attribute]));
        assert_eq!(set("processes_killed"), set("processes"), "{address}");
        assert_eq!(set("processes_not_found").len(), 0, "{address}");
    }
}

fn nodes_of(service: &str, sandbox: &Sandbox) -> Vec<NodeState> {
    let mut nodes = sandbox.nodes();
    nodes.retain(|node| node.service == service);
    nodes
}

/// The ids of the threads that live on a TaurusDB node.
fn ids(node: &NodeState) -> Vec<u64> {
    node.sessions.iter().map(number).collect()
}

fn numbers(list: &Value) -> Vec<u64> {
    list.as_array()
        .expect("a list")
        .iter()
        .map(number)
        .collect()
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a whole number")
}
