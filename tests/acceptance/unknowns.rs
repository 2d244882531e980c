//! What a plan does not know yet: a narrowing or a guard that turns out to be null kills nobody, and a provider whose
//! arguments are not known yet calls nobody.

use std::fmt::Write as _;

use crate::support::engines::{self, Engine};
use crate::support::sandbox::{
    ACCESS_KEY, DCS_INSTANCE, DCS_NODES, PROJECT_ID, REGION, SECRET_KEY, Sandbox,
    TAURUSDB_INSTANCE, TAURUSDB_NODES,
};
use crate::support::workspace::{Run, Workspace};

const DCS: &str = "hwc_dcs_session_kill";
const TAURUSDB: &str = "hwc_taurusdb_session_kill";

/// A kill whose arguments are not all known before apply.
struct Case {
    name: &'static str,
    kind: &'static str,
    arguments: &'static str,
    /// The promise that a null breaks.
    promise: &'static str,
}

const fn case(
    name: &'static str,
    kind: &'static str,
    arguments: &'static str,
    promise: &'static str,
) -> Case {
    Case {
        name,
        kind,
        arguments,
        promise,
    }
}

/// `local.known` cannot be known before apply; it is then true or false, as the test says.
const CASES: &[Case] = &[
    case(
        "addresses",
        DCS,
        "client_addrs = local.known ? [\"10.9.9.9:1\"] : null",
        ".promises.chosen",
    ),
    case(
        "block",
        DCS,
        "dynamic \"select\" {\n    for_each = local.known ? [1] : []\n    content {\n      names = [\"nobody\"]\n    }\n  }",
        ".promises.chosen",
    ),
    case(
        "condition",
        DCS,
        "select {\n    names = [\"nobody\"]\n    min_idle = local.known ? \"99h\" : null\n  }",
        ".promises.conditions",
    ),
    case(
        "cap",
        DCS,
        "max_sessions = local.known ? 100 : null\n  select {\n    names = [\"nobody\"]\n  }",
        ".promises.max_sessions",
    ),
    case(
        "rehearsal",
        DCS,
        "dry_run = local.known ? true : null",
        ".promises.dry_run",
    ),
    case(
        "nodes",
        DCS,
        "kill_all_nodes = local.known ? false : true\n  select {\n    names = [\"nobody\"]\n  }",
        ".promises.node_id",
    ),
    case(
        "threads",
        TAURUSDB,
        "processes = [4000000]\n  max_sessions = local.known ? 100 : null",
        ".promises.max_sessions",
    ),
    case(
        "excluded_addresses",
        DCS,
        "select {\n    names = [\"nobody\"]\n    exclude_addresses = local.known ? [\"10.9.9.9\"] : null\n  }",
        ".promises.conditions",
    ),
    case(
        "exclusion",
        TAURUSDB,
        "select {\n    all = true\n    exclude_users = local.known ? [\"nobody\"] : null\n  }",
        ".promises.conditions",
    ),
];

fn sandbox() -> Sandbox {
    Sandbox::builder()
        .simulated_dcs(DCS_INSTANCE, DCS_NODES[0], 12)
        .simulated_taurusdb(TAURUSDB_INSTANCE, TAURUSDB_NODES[0], 12)
        .start()
}

/// All cases, with `local.known` unknown at plan and this value at apply.
fn workspace(engine: &Engine, sandbox: &Sandbox, known: bool) -> Workspace {
    let mut configuration = format!(
        "resource \"terraform_data\" \"late\" {{\n  input = {known}\n}}\nlocals {{\n  known = tobool(terraform_data.late.output)\n}}\n"
    );
    for case in CASES {
        let (instance, node) = match case.kind {
            DCS => (DCS_INSTANCE, DCS_NODES[0]),
            _ => (TAURUSDB_INSTANCE, TAURUSDB_NODES[0]),
        };
        _ = write!(
            configuration,
            "resource {:?} {:?} {{\n  instance_id = {instance:?}\n  node_id = {node:?}\n  {}\n}}\n",
            case.kind, case.name, case.arguments
        );
    }
    Workspace::new(engine, sandbox, &configuration)
}

/// Applies at once, or a saved plan.
fn apply(workspace: &Workspace, saved: bool) -> Run {
    if !saved {
        return workspace.apply();
    }
    workspace
        .run(&["plan", "-no-color", "-input=false", "-out=saved"])
        .succeeded();
    workspace.run(&["apply", "-no-color", "-input=false", "saved"])
}

#[test]
fn a_limit_that_turns_out_to_be_null_kills_nobody() {
    engines::with_each(|engine| {
        for saved in [false, true] {
            let sandbox = sandbox();
            let workspace = workspace(engine, &sandbox, false);

            let run = apply(&workspace, saved).failed();

            let text = run.text();
            for case in CASES {
                let address = format!("{}.{}", case.kind, case.name);
                let told = text.split("Error: ").any(|error| {
                    error.contains(&format!("plan for {address} "))
                        && error.contains(case.promise)
                        && error.contains("nobody is killed")
                });
                assert!(told, "{engine}, saved {saved}: {address} in {text}");
                assert!(workspace.resource(&address).is_none(), "{address}");
            }
            assert_eq!(sandbox.calls().len(), 0, "{engine}, saved {saved}");
        }
    });
}

#[test]
fn a_replacement_whose_limit_turns_out_to_be_null_kills_nobody() {
    engines::with_each(|engine| {
        let sandbox = sandbox();
        let known = "client_addrs = [\"10.9.9.9:1\"]";
        let kill = format!(
            "resource {DCS:?} \"test\" {{\n  instance_id = {DCS_INSTANCE:?}\n  node_id = {:?}\n  {known}\n}}\n",
            DCS_NODES[0]
        );
        let late = "resource \"terraform_data\" \"late\" {\n  input = \"none\"\n}\n";
        let workspace = Workspace::new(engine, &sandbox, &format!("{late}{kill}"));
        workspace.apply().succeeded();

        workspace.edit("input = \"none\"", "input = \"nobody\"");
        let unknown =
            "client_addrs = terraform_data.late.output == \"nobody\" ? null : [\"10.9.9.9:1\"]";
        workspace.edit(known, unknown);
        apply(&workspace, true)
            .failed()
            .saying(&[".promises.chosen", "nobody is killed"]);

        assert!(sandbox.calls_to("/clients/kill-all").is_empty(), "{engine}");
    });
}

#[test]
fn a_list_that_turns_out_to_be_empty_is_not_everybody() {
    let late = "resource \"terraform_data\" \"late\" {\n  input = []\n}\n";
    let list = "terraform_data.late.output";
    for (kind, instance, node, argument, error) in [
        (
            DCS,
            DCS_INSTANCE,
            DCS_NODES[0],
            format!("client_addrs = {list}"),
            "client_addrs is empty",
        ),
        (
            DCS,
            DCS_INSTANCE,
            DCS_NODES[0],
            format!("select {{\n    names = {list}\n  }}"),
            "Invalid select.names",
        ),
        (
            TAURUSDB,
            TAURUSDB_INSTANCE,
            TAURUSDB_NODES[0],
            format!("processes = {list}"),
            "processes is empty",
        ),
        (
            TAURUSDB,
            TAURUSDB_INSTANCE,
            TAURUSDB_NODES[0],
            format!("select {{\n    users = {list}\n  }}"),
            "Invalid select.users",
        ),
    ] {
        engines::with_each(|engine| {
            let sandbox = sandbox();
            let kill = format!(
                "resource {kind:?} \"test\" {{\n  instance_id = {instance:?}\n  node_id = {node:?}\n  {argument}\n}}\n"
            );
            let workspace = Workspace::new(engine, &sandbox, &format!("{late}{kill}"));

            apply(&workspace, true).failed().saying(&[error]);

            assert_eq!(sandbox.calls().len(), 0, "{engine}: {argument}");
            let address = format!("{kind}.test");
            assert!(
                workspace.resource(&address).is_none(),
                "{engine}: {argument}"
            );
        });
    }
}

#[test]
fn a_limit_that_gets_a_value_is_accepted() {
    engines::with_each(|engine| {
        let sandbox = sandbox();
        let workspace = workspace(engine, &sandbox, true);

        apply(&workspace, true).succeeded();

        for case in CASES {
            let address = format!("{}.{}", case.kind, case.name);
            let kill = workspace.resource(&address).expect("the kill is in state");
            assert!(!kill.tainted, "{engine}: {address}");
        }
        assert!(sandbox.calls_to("/clients/kill-all").is_empty());
        workspace.plan().succeeded();
    });
}

/// How often the plan says that it kills every session.
fn warnings(run: &Run) -> usize {
    run.text().matches("This kills every session of").count()
}

#[test]
fn a_plan_that_means_every_session_says_so_once() {
    let sandbox = sandbox();
    let kill = |arguments: &str| {
        format!(
            "resource {DCS:?} \"test\" {{\n  instance_id = {DCS_INSTANCE:?}\n  {arguments}\n}}\n"
        )
    };
    let node = format!("node_id = {:?}", DCS_NODES[0]);
    engines::with_each(|engine| {
        let workspace = Workspace::new(engine, &sandbox, &kill(&node));
        let plan = workspace.plan().planned_changes().saying(&[&format!(
            "Warning: This kills every session of the node {} of the instance {DCS_INSTANCE}",
            DCS_NODES[0]
        )]);
        assert_eq!(warnings(&plan), 1, "{engine}: {}", plan.stdout);
        workspace.apply().succeeded();

        // A replacement is planned in two steps.
        workspace.edit(&node, &format!("{node}\n  triggers = {{ again = \"1\" }}"));
        let plan = workspace.plan().planned_changes();
        assert_eq!(warnings(&plan), 1, "{engine}: {}", plan.stdout);

        workspace.edit(&node, "kill_all_nodes = true");
        let plan = workspace.plan().planned_changes().saying(&[&format!(
            "Warning: This kills every session of all nodes of the instance {DCS_INSTANCE}"
        )]);
        assert_eq!(warnings(&plan), 1, "{engine}: {}", plan.stdout);

        // Whoever chooses, or rehearses, is not warned.
        for narrowed in ["dry_run = true", "select {\n    names = [\"a\"]\n  }"] {
            let workspace =
                Workspace::new(engine, &sandbox, &kill(&format!("{node}\n  {narrowed}")));
            let plan = workspace.plan().planned_changes();
            assert_eq!(warnings(&plan), 0, "{engine}: {}", plan.stdout);
        }
    });
}

/// A provider block in which one argument is not known before apply, and what it is called.
struct Late {
    argument: String,
    name: &'static str,
}

fn late_arguments(url: &str) -> [Late; 3] {
    let region = format!("region = {REGION:?}");
    [
        Late {
            argument: format!("{region}\n  endpoints = local.known ? {{ dcs = {url:?} }} : null"),
            name: "endpoints",
        },
        Late {
            argument: format!(
                "{region}\n  endpoints = {{ dcs = local.known ? {url:?} : \"\", iam = {url:?} }}"
            ),
            name: "endpoints[\"dcs\"]",
        },
        // The profile has another region, which counts only where the argument is null.
        Late {
            argument: format!(
                "region = local.known ? {REGION:?} : null\n  shared_config_file = \"hcloud.json\"\n  endpoints = {{ dcs = {url:?} }}"
            ),
            name: "region",
        },
    ]
}

#[test]
fn while_the_provider_is_not_known_nobody_is_called() {
    for number in 0..3 {
        let sandbox = sandbox();
        let Late { argument, name } = &late_arguments(sandbox.url())[number];
        let base = format!(
            "provider \"hwc\" {{\n  access_key = {ACCESS_KEY:?}\n  secret_key = {SECRET_KEY:?}\n  project_id = {PROJECT_ID:?}\n  {argument}\n}}\n\
             resource \"terraform_data\" \"late\" {{\n  input = true\n}}\nlocals {{\n  known = tobool(terraform_data.late.output)\n}}\n"
        );
        let arguments = format!(
            "  instance_id = {DCS_INSTANCE:?}\n  node_id = {:?}\n",
            DCS_NODES[0]
        );
        let workspace = |engine: &Engine, block: &str| {
            let workspace = Workspace::bare(engine, &format!("{base}{block} {{\n{arguments}}}\n"));
            workspace.write(
                "hcloud.json",
                "{\"current\": \"p\", \"profiles\": [{\"name\": \"p\", \"mode\": \"AKSK\", \"accessKeyId\": \"a\", \
                 \"secretAccessKey\": \"s\", \"region\": \"eu-west-101\"}]}",
            );
            workspace
        };

        engines::with_each(|engine| {
            // A list is read by the plan, and so the plan fails; a kill is for the apply.
            workspace(engine, "data \"hwc_dcs_sessions\" \"test\"")
                .plan()
                .failed()
                .saying(&[
                    &format!("Provider arguments not known yet: {name}"),
                    "Nobody was killed",
                ]);
            workspace(engine, "resource \"hwc_dcs_session_kill\" \"test\"")
                .plan()
                .planned_changes();
        });
        assert_eq!(sandbox.calls().len(), 0, "{name}");

        let killing = workspace(
            engines::newest_terraform(),
            "resource \"hwc_dcs_session_kill\" \"test\"",
        );
        killing.apply().succeeded();
        let kill = killing
            .resource("hwc_dcs_session_kill.test")
            .expect("the kill is in state");
        assert_eq!(kill.values["region"], REGION);
    }
}

#[test]
fn a_region_that_nobody_says_is_missed_at_plan_and_credentials_are_not() {
    let provider = "provider \"hwc\" {\n}\n";
    let kill = format!(
        "resource {DCS:?} \"test\" {{\n  instance_id = {DCS_INSTANCE:?}\n  node_id = {:?}\n}}\n",
        DCS_NODES[0]
    );
    engines::with_each(|engine| {
        let workspace = Workspace::bare(engine, &format!("{provider}{kill}"));
        workspace
            .plan()
            .failed()
            .saying(&["Error: No region", "Set region in either of them"]);
        workspace
            .with_variable("HW_REGION_NAME", REGION)
            .plan()
            .planned_changes();
    });
}

#[test]
fn an_action_is_not_planned_with_a_limit_that_is_not_known() {
    let sandbox = sandbox();
    let engine = engines::newest_terraform();
    if !engine.has_actions() {
        return;
    }
    let configuration = |address: &str| {
        format!(
            "resource \"terraform_data\" \"late\" {{\n  input = \"10.9.9.9:1\"\n  lifecycle {{\n    action_trigger {{\n      \
             events  = [after_create]\n      actions = [action.{DCS}.test]\n    }}\n  }}\n}}\n\
             action {DCS:?} \"test\" {{\n  config {{\n    instance_id = {DCS_INSTANCE:?}\n    node_id = {:?}\n    \
             client_addrs = {address}\n  }}\n}}\n",
            DCS_NODES[0]
        )
    };
    let may_be_null =
        "terraform_data.late.output == \"none\" ? null : [terraform_data.late.output]";
    Workspace::new(engine, &sandbox, &configuration(may_be_null))
        .apply()
        .failed()
        .saying(&["client_addrs is not known yet", "Nobody was killed"]);
    assert_eq!(sandbox.calls().len(), 0);

    // A list that is there, of an address that is not known yet.
    Workspace::new(
        engine,
        &sandbox,
        &configuration("[terraform_data.late.output]"),
    )
    .apply()
    .succeeded();
    assert!(sandbox.calls_to("/clients/kill-all").is_empty());

    Workspace::new(engine, &sandbox, &configuration("null"))
        .plan()
        .planned_changes()
        .saying(&["This kills every session of the node"]);
}
