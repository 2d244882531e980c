//! Every example of the documentation, applied as it stands.

use crate::support::engines;
use crate::support::mariadb;
use crate::support::redis;
use crate::support::repository;
use crate::support::sandbox::{
    ACCESS_KEY, DCS_INSTANCE, DCS_NODES, REGION, SECRET_KEY, Sandbox, TAURUSDB_INSTANCE,
    TAURUSDB_NODES,
};
use crate::support::workspace::Workspace;

fn example(path: &str) -> String {
    let file = repository().join("examples").join(path);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The provider's example and the given one, with the sandbox as the cloud.
///
/// An example names no endpoints, as a user's configuration would not; the override file of the engine's own adds them.
fn workspace_of(sandbox: &Sandbox, path: &str) -> Workspace {
    let workspace = Workspace::empty(engines::newest_terraform())
        .with_variable("HW_ACCESS_KEY", ACCESS_KEY)
        .with_variable("HW_SECRET_KEY", SECRET_KEY);
    workspace.write("provider.tf", &example("provider/provider.tf"));
    workspace.write("main.tf", &example(path));
    let url = sandbox.url();
    workspace.write(
        "sandbox_override.tf",
        &format!(
            "provider \"hwc\" {{\n  region = {REGION:?}\n  endpoints = {{ dcs = {url:?}, taurusdb = {url:?}, iam = {url:?} }}\n}}\n"
        ),
    );
    workspace
}

#[test]
fn every_example_is_formatted() {
    Workspace::empty(engines::newest_terraform())
        .run(&[
            "fmt",
            "-check",
            "-recursive",
            "-diff",
            repository()
                .join("examples")
                .to_str()
                .expect("a path in UTF-8"),
        ])
        .succeeded();
}

#[test]
fn the_example_of_a_dcs_kill_applies() {
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    let mut clients = nodes.each_ref().map(|node| node.open_clients(3));
    let workspace = workspace_of(&sandbox, "resources/hwc_dcs_session_kill/resource.tf")
        .with_variable("TF_VAR_dcs_instance_id", DCS_INSTANCE)
        .with_variable("TF_VAR_dcs_node_id", DCS_NODES[0]);

    workspace
        .apply()
        .succeeded()
        .saying(&["dcs_job", "SUCCESS"]);

    assert_eq!(clients.each_mut().map(|clients| clients.alive()), [0, 0]);
    workspace.plan().succeeded();
}

#[test]
fn the_example_of_a_taurusdb_kill_applies() {
    let nodes = mariadb::nodes();
    let sandbox = Sandbox::with_taurusdb(nodes);
    let mut clients = nodes[0].open_clients(3);
    let workspace = workspace_of(&sandbox, "resources/hwc_taurusdb_session_kill/resource.tf")
        .with_variable("TF_VAR_taurusdb_instance_id", TAURUSDB_INSTANCE)
        .with_variable("TF_VAR_taurusdb_node_id", TAURUSDB_NODES[0])
        .with_variable(
            "TF_VAR_taurusdb_processes",
            &format!("{:?}", clients.thread_ids()),
        );

    workspace
        .apply()
        .succeeded()
        .saying(&["taurusdb_kill", "killed"]);

    assert!(clients.alive().is_empty());
    workspace.plan().succeeded();
}

#[test]
fn the_examples_of_lists_of_taurusdb_sessions_apply() {
    let sandbox = Sandbox::builder()
        .simulated_taurusdb(TAURUSDB_INSTANCE, TAURUSDB_NODES[0], 200)
        .start();
    let example = |path| {
        workspace_of(&sandbox, path)
            .with_variable("TF_VAR_taurusdb_instance_id", TAURUSDB_INSTANCE)
            .with_variable("TF_VAR_taurusdb_node_id", TAURUSDB_NODES[0])
    };

    let data = example("data-sources/hwc_taurusdb_sessions/data-source.tf");
    data.apply().succeeded();
    assert!(data.output("idle_by_database")["shop"].as_u64() > Some(0));

    // The simulated node has such a statement, which is what the example is to find.
    example("ephemeral-resources/hwc_taurusdb_sessions/ephemeral-resource.tf")
        .plan()
        .failed()
        .saying(&["A schema change is waiting for its lock."]);
}

#[test]
fn the_examples_of_lists_of_dcs_sessions_apply() {
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    let [_first, _second] = [nodes[0].open_clients(3), nodes[1].open_clients(2)];
    let example = |path| {
        workspace_of(&sandbox, path).with_variable("TF_VAR_dcs_instance_id", DCS_INSTANCE)
    };

    let data = example("data-sources/hwc_dcs_sessions/data-source.tf");
    data.apply().succeeded();
    let counts = data.output("sessions_by_node");
    assert_eq!(counts[DCS_NODES[0]], 3);
    assert_eq!(counts[DCS_NODES[1]], 2);

    example("ephemeral-resources/hwc_dcs_sessions/ephemeral-resource.tf")
        .apply()
        .succeeded()
        .saying(&["Some clients have not named themselves"]);
}
