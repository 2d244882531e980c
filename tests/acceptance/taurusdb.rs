//! `hwc_taurusdb_session_kill` against two real MariaDB servers.

use serde_json::{Value, json};

use crate::configuration::{TAURUSDB_KILL, taurusdb_kill};
use crate::support::engines;
use crate::support::mariadb;
use crate::support::sandbox::{Call, Sandbox};
use crate::support::workspace::Workspace;

fn kill_calls(sandbox: &Sandbox) -> Vec<Call> {
    sandbox
        .calls_to("/processes")
        .into_iter()
        .filter(|call| call.method == "DELETE")
        .collect()
}

#[test]
fn a_kill_ends_the_chosen_sessions_of_its_node_and_no_others() {
    for engine in engines::all() {
        // Given six clients on each of two nodes, of which the first four on the first node are to die.
        let nodes = mariadb::nodes();
        let sandbox = Sandbox::with_taurusdb(nodes);
        let [mut here, mut there] = nodes.each_ref().map(|node| node.open_clients(6));
        let clients = here.thread_ids();
        let (doomed, spared) = clients.split_at(4);
        let elsewhere = there.thread_ids();
        let internal = nodes[0].internal_thread();
        let unknown = 4_000_000_000_u64;
        // One is named twice, one is not there, and one is the server's own.
        let asked = [doomed, &[unknown, doomed[0], internal]].concat();
        let workspace = Workspace::new(engine, &sandbox, &taurusdb_kill(&asked, ""));

        workspace.apply().succeeded();

        // Then exactly those are dead.
        assert_eq!(here.alive(), spared, "{engine}");
        assert_eq!(there.alive(), elsewhere, "{engine}");

        // Then each id was sent once, in the order of the configuration, and state says what became of it.
        let sent = [doomed, &[unknown, internal]].concat();
        let calls = kill_calls(&sandbox);
        assert_eq!(calls.len(), 1, "{engine}");
        assert_eq!(calls[0].body, json!({ "processes": sent }));
        let resource = workspace
            .resource(TAURUSDB_KILL)
            .expect("the kill is in state");
        assert!(!resource.tainted);
        assert_eq!(resource.values["processes"], json!(asked));
        assert_eq!(resource.values["processes_killed"], json!(doomed));
        assert_eq!(resource.values["processes_not_found"], json!([unknown]));
        assert_eq!(resource.values["processes_excluded"], json!([internal]));
        assert_eq!(resource.values["request_id"], calls[0].request_id.as_str());
        assert!(resource.values["started_at"].is_string());
        assert!(resource.values["finished_at"].is_string());
        assert_eq!(resource.values["killed_count"], doomed.len());
        // The answer tells what became of each, so nobody looked.
        assert_eq!(resource.values["sessions"], Value::Null);
        assert_ne!(resource.values["id"], Value::Null);

        // Then a second plan is empty, and neither it nor destroy calls anything.
        let before = sandbox.calls().len();
        workspace.plan().succeeded();
        workspace.destroy().succeeded();
        assert_eq!(sandbox.calls().len(), before, "{engine}");
        assert!(workspace.resource(TAURUSDB_KILL).is_none());
    }
}

#[test]
fn ids_of_64_bits_survive_exactly() {
    // The first is the smallest that a double cannot hold, the second the largest that the API's type can.
    const IDS: [u64; 2] = [9_007_199_254_740_993, 9_223_372_036_854_775_807];
    for engine in engines::all() {
        let sandbox = Sandbox::with_taurusdb(mariadb::nodes());
        let workspace = Workspace::new(engine, &sandbox, &taurusdb_kill(&IDS, ""));

        workspace.apply().succeeded();

        assert_eq!(
            kill_calls(&sandbox)[0].body,
            json!({ "processes": IDS }),
            "{engine}"
        );
        let resource = workspace
            .resource(TAURUSDB_KILL)
            .expect("the kill is in state");
        assert_eq!(resource.values["processes"], json!(IDS), "{engine}");
        assert_eq!(
            resource.values["processes_not_found"],
            json!(IDS),
            "{engine}"
        );
        assert_eq!(resource.values["processes_killed"], json!([]), "{engine}");
        workspace.plan().succeeded();
    }
}

#[test]
fn a_session_that_is_gone_is_an_error_when_asked_so() {
    let nodes = mariadb::nodes();
    let sandbox = Sandbox::with_taurusdb(nodes);
    let mut clients = nodes[0].open_clients(1);
    let known = clients.thread_ids()[0];
    let configuration = taurusdb_kill(&[known, 4_000_000_001], "fail_on_not_found = true");
    let workspace = Workspace::new(engines::newest_terraform(), &sandbox, &configuration);

    workspace
        .apply()
        .failed()
        .saying(&["1 session thread not found", "4000000001"]);

    // The kill of the other one happened, so it must not be forgotten.
    assert!(clients.alive().is_empty());
    let resource = workspace
        .resource(TAURUSDB_KILL)
        .expect("the kill is in state");
    assert!(resource.tainted);
    assert_eq!(resource.values["processes_killed"], json!([known]));
    assert_eq!(
        resource.values["processes_not_found"],
        json!([4_000_000_001_u64])
    );
}

#[test]
fn changed_triggers_and_replace_kill_again() {
    let nodes = mariadb::nodes();
    let sandbox = Sandbox::with_taurusdb(nodes);
    let id = nodes[0].open_clients(1).thread_ids()[0];
    let configuration = taurusdb_kill(&[id], "triggers = { round = \"one\" }");
    let workspace = Workspace::new(engines::newest_terraform(), &sandbox, &configuration);
    workspace.apply().succeeded();
    assert_eq!(kill_calls(&sandbox).len(), 1);

    workspace.edit("\"one\"", "\"two\"");
    workspace.apply().succeeded();
    assert_eq!(kill_calls(&sandbox).len(), 2);

    workspace
        .apply_with(&[&format!("-replace={TAURUSDB_KILL}")])
        .succeeded();
    assert_eq!(kill_calls(&sandbox).len(), 3);
    workspace.plan().succeeded();
}
