//! `hwc_dcs_session_kill` against two real Redis servers.

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::configuration::{DCS_KILL, dcs_kill, dcs_kill_of_first_node};
use crate::support::engines;
use crate::support::redis;
use crate::support::sandbox::{Call, DCS_INSTANCE, DCS_NODES, Sandbox};
use crate::support::workspace::{Resource, Workspace};

fn kill_calls(sandbox: &Sandbox) -> Vec<Call> {
    sandbox.calls_to("/clients/kill-all")
}

/// The ids of the jobs that were looked at, each once, in the order of the first look.
fn jobs_followed(sandbox: &Sandbox) -> Vec<String> {
    let mut jobs: Vec<String> = Vec::new();
    for call in sandbox.calls().iter().filter(|call| call.method == "GET") {
        let id = call
            .path
            .rsplit_once("/jobs/")
            .expect("only jobs are read")
            .1
            .to_owned();
        if !jobs.contains(&id) {
            jobs.push(id);
        }
    }
    jobs
}

fn moment(resource: &Resource, attribute: &str) -> OffsetDateTime {
    let text = resource.values[attribute]
        .as_str()
        .unwrap_or_else(|| panic!("{attribute} is set"));
    OffsetDateTime::parse(text, &Rfc3339)
        .unwrap_or_else(|error| panic!("{attribute} is {text:?}: {error}"))
}

#[test]
fn a_kill_ends_the_sessions_of_its_node_and_no_others() {
    for engine in engines::all() {
        // Given ten clients on each of two nodes.
        let nodes = redis::nodes();
        let sandbox = Sandbox::with_dcs(&nodes);
        let [mut target, mut other] = nodes.each_ref().map(|node| node.open_clients(10));
        let workspace = Workspace::new(engine, &sandbox, &dcs_kill_of_first_node(""));

        // When the sessions of the first node are killed.
        workspace.apply().succeeded();

        // Then its clients are dead and the other node's live.
        assert_eq!(target.alive(), 0, "{engine}");
        assert_eq!(other.alive(), 10, "{engine}");

        // Then one call was made, and state holds what came back from it.
        let calls = kill_calls(&sandbox);
        assert_eq!(calls.len(), 1, "{engine}");
        assert_eq!(calls[0].body["node_id"], DCS_NODES[0]);
        assert_eq!(calls[0].signed_with.as_deref(), Some("SDK-HMAC-SHA256"));
        let resource = workspace.resource(DCS_KILL).expect("the kill is in state");
        assert!(!resource.tainted);
        assert_eq!(resource.values["instance_id"], DCS_INSTANCE);
        assert_eq!(resource.values["node_id"], DCS_NODES[0]);
        assert_eq!(resource.values["kill_all_nodes"], false);
        assert_eq!(
            jobs_followed(&sandbox),
            [resource.values["job_id"].as_str().expect("a job id")]
        );
        assert_eq!(resource.values["job_status"], "SUCCESS");
        assert_eq!(resource.values["request_id"], calls[0].request_id.as_str());
        assert_ne!(resource.values["id"], Value::Null);
        // Nobody looked who they were.
        for null in ["sessions", "killed_count", "remaining_count"] {
            assert_eq!(resource.values[null], Value::Null, "{null}");
        }
        assert!(moment(&resource, "started_at") <= moment(&resource, "finished_at"));

        // Then a second plan is empty, and neither it nor destroy calls anything.
        let before = sandbox.calls().len();
        workspace.plan().succeeded();
        workspace.destroy().succeeded();
        assert_eq!(sandbox.calls().len(), before, "{engine}");
        assert!(workspace.resource(DCS_KILL).is_none());
    }
}

#[test]
fn a_kill_of_all_nodes_ends_the_sessions_of_every_node() {
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    let mut clients = nodes.each_ref().map(|node| node.open_clients(5));
    let workspace = Workspace::new(
        engines::newest_terraform(),
        &sandbox,
        &dcs_kill("kill_all_nodes = true"),
    );

    workspace.apply().succeeded();

    assert_eq!(clients.each_mut().map(|clients| clients.alive()), [0, 0]);
    assert_eq!(
        kill_calls(&sandbox)[0].body,
        json!({ "kill_all_nodes": true })
    );
    assert_eq!(
        workspace
            .resource(DCS_KILL)
            .expect("the kill is in state")
            .values["node_id"],
        Value::Null
    );
}

#[test]
fn a_node_beside_kill_all_nodes_is_accepted_with_a_warning() {
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    let mut clients = nodes.each_ref().map(|node| node.open_clients(3));
    let both = dcs_kill_of_first_node("kill_all_nodes = true");
    let workspace = Workspace::new(engines::newest_terraform(), &sandbox, &both);

    workspace
        .plan()
        .planned_changes()
        .saying(&["Warning:", "node_id", "ignored"]);
    workspace.apply().succeeded();

    assert_eq!(clients.each_mut().map(|clients| clients.alive()), [0, 0]);
    workspace.plan().succeeded();
}

#[test]
fn changed_triggers_kill_again() {
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    let configuration = dcs_kill_of_first_node("triggers = { round = \"one\" }");
    let workspace = Workspace::new(engines::newest_terraform(), &sandbox, &configuration);
    workspace.apply().succeeded();
    let first_job = workspace.resource(DCS_KILL).expect("the first kill").values["job_id"].clone();
    let mut clients = nodes[0].open_clients(4);

    workspace.edit("\"one\"", "\"two\"");
    workspace.apply().succeeded().saying(&[
        "1 added, 0 changed, 1 destroyed",
        "Applying this kills sessions again",
        "Now triggers has changed",
        &format!(
            "kills all sessions of the node {} of the instance {DCS_INSTANCE}",
            DCS_NODES[0]
        ),
    ]);

    assert_eq!(clients.alive(), 0);
    assert_eq!(kill_calls(&sandbox).len(), 2);
    let second_job = workspace
        .resource(DCS_KILL)
        .expect("the second kill")
        .values["job_id"]
        .clone();
    assert_ne!(first_job, second_job);
    workspace.plan().succeeded();
}

#[test]
fn another_node_kills_there() {
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    let workspace = Workspace::new(
        engines::newest_terraform(),
        &sandbox,
        &dcs_kill_of_first_node(""),
    );
    workspace.apply().succeeded();
    let [mut first, mut second] = nodes.each_ref().map(|node| node.open_clients(4));

    workspace.edit(DCS_NODES[0], DCS_NODES[1]);
    workspace.apply().succeeded().saying(&[
        "Applying this kills sessions again",
        "Now node_id has changed",
    ]);

    assert_eq!((first.alive(), second.alive()), (4, 0));
}

#[test]
fn replace_kills_again() {
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    let workspace = Workspace::new(
        engines::newest_terraform(),
        &sandbox,
        &dcs_kill_of_first_node(""),
    );
    workspace.apply().succeeded();
    let mut clients = nodes[0].open_clients(4);

    workspace
        .apply_with(&[&format!("-replace={DCS_KILL}")])
        .succeeded();

    assert_eq!(clients.alive(), 0);
    assert_eq!(kill_calls(&sandbox).len(), 2);
}

#[test]
fn without_waiting_the_job_goes_into_state_unfinished() {
    let nodes = redis::nodes();
    let sandbox = Sandbox::builder().dcs(&nodes).job_duration("60s").start();
    let configuration = dcs_kill_of_first_node("wait_for_completion = false");
    let workspace = Workspace::new(engines::newest_terraform(), &sandbox, &configuration);

    workspace.apply().succeeded();

    let resource = workspace.resource(DCS_KILL).expect("the kill is in state");
    assert!(resource.values["job_id"].is_string());
    assert_ne!(resource.values["job_status"], "SUCCESS");
    assert_eq!(resource.values["finished_at"], Value::Null);
    assert_eq!(jobs_followed(&sandbox), [""; 0]);
    workspace.plan().succeeded();
}
