//! The kills as native actions: invoked from the command line, and triggered by another resource's change.

use serde_json::json;

use crate::support::engines::{self, Engine};
use crate::support::houses::Guests;
use crate::support::mariadb;
use crate::support::redis;
use crate::support::sandbox::{
    DCS_INSTANCE, DCS_NODES, Sandbox, TAURUSDB_INSTANCE, TAURUSDB_NODES,
};
use crate::support::services::SERVICES;
use crate::support::workspace::Workspace;

/// The newest Terraform, which knows actions: `make setup` sees to that.
fn engine() -> &'static Engine {
    let engine = engines::all()
        .iter()
        .filter(|engine| engine.has_actions())
        .max_by_key(|engine| engine.version);
    engine.expect("a Terraform with actions, 1.14 or later; run `make setup`")
}

fn dcs_action(arguments: &str) -> String {
    format!(
        r#"
action "hwc_dcs_session_kill" "test" {{
  config {{
    instance_id = "{DCS_INSTANCE}"
    {arguments}
  }}
}}
"#
    )
}

fn dcs_action_of_first_node() -> String {
    dcs_action(&format!("node_id = {:?}", DCS_NODES[0]))
}

fn taurusdb_action(processes: &[u64], arguments: &str) -> String {
    let [node, _] = TAURUSDB_NODES;
    format!(
        r#"
action "hwc_taurusdb_session_kill" "test" {{
  config {{
    instance_id = "{TAURUSDB_INSTANCE}"
    node_id     = "{node}"
    processes   = {processes:?}
    {arguments}
  }}
}}
"#
    )
}

#[test]
fn an_invoked_dcs_kill_ends_the_sessions_and_tells_its_progress() {
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    let [mut target, mut other] = nodes.each_ref().map(|node| node.open_clients(4));
    let workspace = Workspace::new(engine(), &sandbox, &dcs_action_of_first_node());

    let run = workspace
        .apply_with(&["-invoke=action.hwc_dcs_session_kill.test"])
        .succeeded();

    assert_eq!((target.alive(), other.alive()), (0, 4));
    let calls = sandbox.calls();
    let job = calls
        .iter()
        .find_map(|call| Some(call.path.rsplit_once("/jobs/")?.1));
    run.saying(&[job.expect("the job is followed")]);
}

#[test]
fn an_invoked_taurusdb_kill_ends_the_sessions_and_counts_them() {
    let nodes = mariadb::nodes();
    let sandbox = Sandbox::with_taurusdb(nodes);
    let [mut here, mut there] = nodes.each_ref().map(|node| node.open_clients(3));
    let (clients, elsewhere) = (here.thread_ids(), there.thread_ids());
    let asked = [&clients[..2], &[4_000_000_002, nodes[0].internal_thread()]].concat();
    let workspace = Workspace::new(engine(), &sandbox, &taurusdb_action(&asked, ""));

    workspace
        .apply_with(&["-invoke=action.hwc_taurusdb_session_kill.test"])
        .succeeded()
        .saying(&["Done: killed 2, not found 1, refused 1."]);

    assert_eq!(here.alive(), &clients[2..]);
    assert_eq!(there.alive(), elsewhere);
}

#[test]
fn a_change_of_another_resource_triggers_a_kill() {
    for service in SERVICES {
        let mut house = service.house();
        let Guests { group, names } = house.welcome("triggered", 4);
        let instance = r#"
resource "terraform_data" "instance" {
  input = "8 GB"

  lifecycle {
    action_trigger {
      events  = [after_update]
      actions = [action.ACTION]
    }
  }
}
"#
        .replace("ACTION", &service.killing());
        let action = service.block("action", &service.select(group));
        let configuration = format!("{instance}\n{action}");
        let workspace = Workspace::new(engine(), house.sandbox(), &configuration);
        workspace.apply().succeeded();
        let everybody = vec![group; names.len()];
        assert_eq!(house.still_there(), everybody, "nothing was resized yet");

        workspace.edit("8 GB", "16 GB");
        workspace.apply().succeeded();

        assert_eq!(house.still_there(), [""; 0], "{}", service.name);
        workspace.plan().succeeded();
    }
}

#[test]
fn the_plan_refuses_what_it_refuses_of_the_resources() {
    let sandbox = Sandbox::builder().start();
    for (configuration, saying) in [
        (dcs_action(""), ["node_id", "kill_all_nodes"]),
        (taurusdb_action(&[], ""), ["processes", "at least"]),
        (taurusdb_action(&[0], ""), ["processes", "0"]),
    ] {
        Workspace::new(engine(), &sandbox, &configuration)
            .validate()
            .failed()
            .saying(&saying);
    }
    assert_eq!(sandbox.calls().len(), 0);
}

#[test]
fn a_failed_job_is_an_error_of_the_action() {
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    sandbox.fail_jobs("the node is in failover");
    let workspace = Workspace::new(engine(), &sandbox, &dcs_action_of_first_node());

    workspace
        .apply_with(&["-invoke=action.hwc_dcs_session_kill.test"])
        .failed()
        .saying(&[
            "the node is in failover",
            "Invoking the action again sends a new kill",
        ])
        .not_speaking_of_state();
}

#[test]
fn a_session_that_is_gone_is_an_error_of_the_action_when_asked_so() {
    let sandbox = Sandbox::with_taurusdb(mariadb::nodes());
    let configuration = taurusdb_action(&[4_000_000_003], "fail_on_not_found = true");
    let workspace = Workspace::new(engine(), &sandbox, &configuration);

    workspace
        .apply_with(&["-invoke=action.hwc_taurusdb_session_kill.test"])
        .failed()
        .saying(&["1 session thread not found", "4000000003"])
        .not_speaking_of_state();

    assert_eq!(
        sandbox.calls_to("/processes")[0].body,
        json!({ "processes": [4_000_000_003_u64] })
    );
}
