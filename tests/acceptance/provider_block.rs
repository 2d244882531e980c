//! Where the provider's configuration comes from, and what is said when it is not enough.

use crate::support::engines;
use crate::support::redis;
use crate::support::sandbox::{
    ACCESS_KEY, DCS_INSTANCE, DCS_NODES, PROJECT_ID, REGION, SECRET_KEY, Sandbox,
};
use crate::support::workspace::{Workspace, provider_block};

/// One kill for each node of the instance.
fn kill_of_each_node() -> String {
    DCS_NODES
        .iter()
        .enumerate()
        .map(|(number, node)| {
            format!(
                "resource \"hwc_dcs_session_kill\" \"node_{number}\" {{\n  instance_id = {DCS_INSTANCE:?}\n  node_id = {node:?}\n}}\n"
            )
        })
        .collect()
}

#[test]
fn the_environment_configures_the_provider() {
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    let mut clients = nodes.each_ref().map(|node| node.open_clients(2));
    let configuration = format!("{}\n{}", provider_block(&sandbox, ""), kill_of_each_node());
    let workspace = Workspace::bare(engines::newest_terraform(), &configuration)
        .with_variable("HW_REGION_NAME", REGION)
        .with_variable("HW_ACCESS_KEY", ACCESS_KEY)
        .with_variable("HW_SECRET_KEY", SECRET_KEY)
        .with_variable("HW_PROJECT_ID", PROJECT_ID);

    workspace.apply().succeeded();

    assert_eq!(clients.each_mut().map(|clients| clients.alive()), [0, 0]);
    assert!(
        sandbox.calls_to("/v3/projects").is_empty(),
        "the project was given"
    );
}

#[test]
fn a_project_that_was_not_given_is_looked_up_once_by_the_regions_name() {
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    let arguments = format!(
        "region = {REGION:?}\n  access_key = {ACCESS_KEY:?}\n  secret_key = {SECRET_KEY:?}"
    );
    let configuration = format!(
        "{}\n{}",
        provider_block(&sandbox, &arguments),
        kill_of_each_node()
    );
    let workspace = Workspace::bare(engines::newest_terraform(), &configuration);

    workspace.apply().succeeded();

    assert_eq!(sandbox.calls_to("/v3/projects").len(), 1);
    // An instance that is busy with the first kill refuses the second for a while.
    let kills = sandbox.calls_to("/clients/kill-all");
    let accepted: Vec<_> = kills
        .iter()
        .filter(|call| call.status == Some(200))
        .collect();
    assert_eq!(accepted.len(), 2);
    assert!(
        accepted
            .iter()
            .all(|call| call.path.starts_with(&format!("/v2/{PROJECT_ID}/")))
    );
}

#[test]
fn missing_credentials_are_named_at_the_first_call_that_needs_them() {
    let sandbox = Sandbox::builder().start();
    let arguments = format!("region = {REGION:?}\n  project_id = {PROJECT_ID:?}");
    let configuration = format!(
        "{}\n{}",
        provider_block(&sandbox, &arguments),
        kill_of_each_node()
    );
    let workspace = Workspace::bare(engines::newest_terraform(), &configuration);

    workspace.plan().planned_changes();
    workspace.apply().failed().saying(&[
        "access_key",
        "secret_key",
        "HW_ACCESS_KEY",
        "HW_SECRET_KEY",
        "HW_AUTH_TOKEN",
    ]);

    assert_eq!(sandbox.calls().len(), 0);
}

#[test]
fn half_a_key_is_named_too() {
    let sandbox = Sandbox::builder().start();
    let arguments = format!(
        "region = {REGION:?}\n  project_id = {PROJECT_ID:?}\n  access_key = {ACCESS_KEY:?}"
    );
    let configuration = format!(
        "{}\n{}",
        provider_block(&sandbox, &arguments),
        kill_of_each_node()
    );

    Workspace::bare(engines::newest_terraform(), &configuration)
        .apply()
        .failed()
        .saying(&["secret_key", "HW_SECRET_KEY"]);
}

#[test]
fn the_region_of_a_resource_overrides_that_of_the_provider() {
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    let [node, _] = DCS_NODES;
    let arguments = format!(
        "region = \"cn-north-4\"\n  access_key = {ACCESS_KEY:?}\n  secret_key = {SECRET_KEY:?}\n  project_id = {PROJECT_ID:?}"
    );
    let kill = format!(
        "resource \"hwc_dcs_session_kill\" \"test\" {{\n  region = {REGION:?}\n  instance_id = {DCS_INSTANCE:?}\n  node_id = {node:?}\n}}\n"
    );
    let workspace = Workspace::bare(
        engines::newest_terraform(),
        &format!("{}\n{kill}", provider_block(&sandbox, &arguments)),
    );

    workspace.apply().succeeded();

    let resource = workspace
        .resource("hwc_dcs_session_kill.test")
        .expect("the kill is in state");
    assert_eq!(resource.values["region"], REGION);
    workspace.plan().succeeded();
}

#[test]
fn a_variable_that_is_not_valid_is_named() {
    let sandbox = Sandbox::builder().start();
    let configuration = format!("{}\n{}", provider_block(&sandbox, ""), kill_of_each_node());

    Workspace::bare(engines::newest_terraform(), &configuration)
        .with_variable("OS_REGION_NAME", "cn north")
        .plan()
        .failed()
        .saying(&["Invalid OS_REGION_NAME", "The variable OS_REGION_NAME is"]);

    assert_eq!(sandbox.calls().len(), 0);
}
