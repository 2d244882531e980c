//! What is refused at plan time, what is accepted though unknown, and what a plan does without.

use crate::support::engines;
use crate::support::mariadb;
use crate::support::sandbox::{
    DCS_INSTANCE, DCS_NODES, REGION, Sandbox, TAURUSDB_INSTANCE, TAURUSDB_NODES,
};
use crate::support::workspace::{Run, Workspace};

/// A configuration that must be refused at plan time: the resource type, its arguments, and what the error says.
struct Refused {
    because: &'static str,
    resource: &'static str,
    arguments: Vec<(&'static str, String)>,
    saying: &'static [&'static str],
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}

fn dcs(
    because: &'static str,
    saying: &'static [&'static str],
    change: &[(&'static str, Option<&str>)],
) -> Refused {
    let arguments = vec![
        ("instance_id", quoted(DCS_INSTANCE)),
        ("node_id", quoted(DCS_NODES[0])),
    ];
    Refused {
        because,
        resource: "hwc_dcs_session_kill",
        arguments: changed(arguments, change),
        saying,
    }
}

fn taurusdb(
    because: &'static str,
    saying: &'static [&'static str],
    change: &[(&'static str, Option<&str>)],
) -> Refused {
    let arguments = vec![
        ("instance_id", quoted(TAURUSDB_INSTANCE)),
        ("node_id", quoted(TAURUSDB_NODES[0])),
        ("processes", "[12]".to_owned()),
    ];
    Refused {
        because,
        resource: "hwc_taurusdb_session_kill",
        arguments: changed(arguments, change),
        saying,
    }
}

/// The arguments with some set to another expression, or left out.
fn changed(
    mut arguments: Vec<(&'static str, String)>,
    change: &[(&'static str, Option<&str>)],
) -> Vec<(&'static str, String)> {
    for (name, expression) in change {
        arguments.retain(|(known, _)| known != name);
        if let Some(expression) = expression {
            arguments.push((name, (*expression).to_owned()));
        }
    }
    arguments
}

fn refused() -> Vec<Refused> {
    vec![
        dcs(
            "no node, though not all nodes",
            &["node_id", "kill_all_nodes"],
            &[("node_id", None)],
        ),
        dcs(
            "no node, and all nodes refused",
            &["node_id", "kill_all_nodes"],
            &[("node_id", None), ("kill_all_nodes", Some("false"))],
        ),
        dcs("an empty node", &["node_id"], &[("node_id", Some("\"\""))]),
        dcs("no instance", &["instance_id"], &[("instance_id", None)]),
        dcs(
            "an empty instance",
            &["instance_id"],
            &[("instance_id", Some("\"\""))],
        ),
        taurusdb("no instance", &["instance_id"], &[("instance_id", None)]),
        taurusdb(
            "an instance id of another form",
            &["instance_id", "in07"],
            &[(
                "instance_id",
                Some("\"619d3e78f61b4be68bc5aa0b59edcf7bno07\""),
            )],
        ),
        taurusdb(
            "an instance id that is too short",
            &["instance_id", "in07"],
            &[("instance_id", Some("\"619d3e78in07\""))],
        ),
        taurusdb("no node", &["node_id"], &[("node_id", None)]),
        taurusdb(
            "a node id of another form",
            &["node_id", "no07"],
            &[("node_id", Some("\"619d3e78f61b4be68bc5aa0b59edcf7bin07\""))],
        ),
        taurusdb("no processes", &["processes"], &[("processes", None)]),
        taurusdb(
            "an empty list of processes",
            &["processes"],
            &[("processes", Some("[]"))],
        ),
        taurusdb(
            "the id zero",
            &["processes", "0"],
            &[("processes", Some("[12, 0]"))],
        ),
        taurusdb(
            "a negative id",
            &["processes", "-5"],
            &[("processes", Some("[-5]"))],
        ),
        taurusdb(
            "an id with a fraction",
            &["processes"],
            &[("processes", Some("[1.5]"))],
        ),
        taurusdb(
            "an id beyond 64 bits",
            &["processes"],
            &[("processes", Some("[9223372036854775808]"))],
        ),
        taurusdb(
            "an id that is no number",
            &["processes"],
            &[("processes", Some("[\"twelve\"]"))],
        ),
    ]
}

fn plan_of(refused: &Refused) -> (Run, usize) {
    let sandbox = Sandbox::builder().start();
    let arguments: String = refused
        .arguments
        .iter()
        .map(|(name, expression)| format!("  {name} = {expression}\n"))
        .collect();
    let configuration = format!(
        "resource \"{}\" \"test\" {{\n{arguments}}}\n",
        refused.resource
    );
    let workspace = Workspace::new(engines::newest_terraform(), &sandbox, &configuration);
    (workspace.plan(), sandbox.calls().len())
}

#[test]
fn arguments_that_the_api_would_refuse_are_refused_by_the_plan() {
    for case in refused() {
        let (run, calls) = plan_of(&case);

        assert_eq!(
            run.status.code(),
            Some(1),
            "{}:\n{}",
            case.because,
            run.stdout
        );
        run.saying(case.saying);
        assert_eq!(calls, 0, "{}: a plan calls nothing", case.because);
    }
}

#[test]
fn a_project_id_of_another_form_is_refused_by_the_plan() {
    let configuration = format!(
        "provider \"hwc\" {{\n  project_id = \"too-short\"\n}}\n{}",
        valid_kills("region = \"eu-west-101\"")
    );

    Workspace::bare(engines::newest_terraform(), &configuration)
        .plan()
        .failed()
        .saying(&["project_id", "32"]);
}

/// One kill of each kind, each with the given argument too.
fn valid_kills(argument: &str) -> String {
    let ([dcs_node, _], [taurusdb_node, _]) = (DCS_NODES, TAURUSDB_NODES);
    format!(
        r#"
resource "hwc_dcs_session_kill" "test" {{
  instance_id = "{DCS_INSTANCE}"
  node_id     = "{dcs_node}"
  {argument}
}}

resource "hwc_taurusdb_session_kill" "test" {{
  instance_id = "{TAURUSDB_INSTANCE}"
  node_id     = "{taurusdb_node}"
  processes   = [12]
  {argument}
}}
"#
    )
}

#[test]
fn validate_and_plan_need_neither_credentials_nor_network() {
    for engine in engines::all() {
        // Nothing but the region is set, and every endpoint leads nowhere: port 1 refuses.
        let nowhere = "http://127.0.0.1:1";
        let configuration = format!(
            "provider \"hwc\" {{\n  region = {REGION:?}\n  endpoints = {{ dcs = {nowhere:?}, taurusdb = {nowhere:?}, iam = {nowhere:?} }}\n}}\n{}",
            valid_kills("")
        );
        let workspace = Workspace::bare(engine, &configuration);

        workspace.validate().succeeded();
        workspace
            .plan()
            .planned_changes()
            .saying(&["Plan: 2 to add, 0 to change, 0 to destroy."]);
    }
}

#[test]
fn values_that_only_apply_knows_are_accepted_by_the_plan() {
    for engine in engines::all() {
        let nodes = mariadb::nodes();
        let sandbox = Sandbox::with_taurusdb(nodes);
        let mut clients = nodes[0].open_clients(2);
        let ids = clients.thread_ids();
        let [node, _] = TAURUSDB_NODES;
        let configuration = format!(
            r#"
resource "terraform_data" "later" {{
  input = {{
    instance_id = "{TAURUSDB_INSTANCE}"
    node_id     = "{node}"
    processes   = {ids:?}
    fail        = false
    trigger     = "now"
  }}
}}

resource "hwc_taurusdb_session_kill" "test" {{
  instance_id       = terraform_data.later.output.instance_id
  node_id           = terraform_data.later.output.node_id
  processes         = terraform_data.later.output.processes
  fail_on_not_found = terraform_data.later.output.fail
  triggers          = {{ later = terraform_data.later.output.trigger }}
}}

resource "terraform_data" "after" {{
  input = hwc_taurusdb_session_kill.test.processes_killed
}}
"#
        );
        let workspace = Workspace::new(engine, &sandbox, &configuration);

        workspace.plan().planned_changes();
        assert_eq!(sandbox.calls().len(), 0, "{engine}");
        workspace.apply().succeeded();

        assert!(clients.alive().is_empty(), "{engine}");
        workspace.plan().succeeded();
    }
}

#[test]
fn a_node_that_only_apply_knows_is_no_missing_node() {
    let [node, _] = DCS_NODES;
    let configuration = format!(
        r#"
provider "hwc" {{
  region = "{REGION}"
}}

resource "terraform_data" "later" {{
  input = "{node}"
}}

resource "hwc_dcs_session_kill" "test" {{
  instance_id = "{DCS_INSTANCE}"
  node_id     = terraform_data.later.output
}}
"#
    );

    Workspace::bare(engines::newest_terraform(), &configuration)
        .plan()
        .planned_changes();
}

#[test]
fn a_wrong_value_that_only_apply_knows_is_refused_before_any_call() {
    let sandbox = Sandbox::builder().start();
    let [node, _] = TAURUSDB_NODES;
    let configuration = format!(
        r#"
resource "terraform_data" "later" {{
  input = "not-an-instance"
}}

resource "hwc_taurusdb_session_kill" "test" {{
  instance_id = terraform_data.later.output
  node_id     = "{node}"
  processes   = [12]
}}
"#
    );
    let workspace = Workspace::new(engines::newest_terraform(), &sandbox, &configuration);

    workspace.apply().failed().saying(&["instance_id", "in07"]);

    assert_eq!(sandbox.calls().len(), 0);
}

#[test]
fn import_is_refused_in_plain_words() {
    let sandbox = Sandbox::builder().start();
    let workspace = Workspace::new(engines::newest_terraform(), &sandbox, &valid_kills(""));
    for resource in ["hwc_dcs_session_kill", "hwc_taurusdb_session_kill"] {
        workspace
            .run(&[
                "import",
                "-no-color",
                "-input=false",
                &format!("{resource}.test"),
                "anything",
            ])
            .failed()
            .saying(&[resource, "cannot be imported"]);
    }
}

#[test]
fn a_refresh_after_a_kill_finds_no_change() {
    let sandbox = Sandbox::builder()
        .simulated_taurusdb(TAURUSDB_INSTANCE, TAURUSDB_NODES[0], 3)
        .start();
    let kill = format!(
        "resource \"hwc_taurusdb_session_kill\" \"test\" {{\n  instance_id = {TAURUSDB_INSTANCE:?}\n  node_id = {:?}\n  processes = [4000000, {}]\n  max_sessions = 10\n}}\n",
        TAURUSDB_NODES[0],
        i64::MAX
    );
    engines::with_each(|engine| {
        let workspace = Workspace::new(engine, &sandbox, &kill);
        workspace.apply().succeeded();

        workspace
            .run(&[
                "plan",
                "-refresh-only",
                "-detailed-exitcode",
                "-no-color",
                "-input=false",
            ])
            .succeeded();
        workspace.plan().succeeded();
    });
}
