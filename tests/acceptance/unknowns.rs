//! What a plan does not know yet: a narrowing or a guard that turns out to be null kills nobody, and a provider whose
//! arguments are not known yet calls nobody.

use std::fmt::Write as _;

use terraform_provider_hwc::provider::service::PlaceKind;

use crate::support::engines::{self, Engine};
use crate::support::sandbox::{
    ACCESS_KEY, DCS_INSTANCE, DCS_NODES, PROJECT_ID, REGION, SECRET_KEY, Sandbox,
};
use crate::support::services::{SERVICES, Service};
use crate::support::workspace::{Run, Workspace};

const DCS: &str = "hwc_dcs_session_kill";

/// Sessions of each service.
const SESSIONS: usize = 12;

/// A kill whose arguments are not all known before apply.
struct Case {
    name: String,
    service: &'static Service,
    /// Place and all else.
    arguments: String,
    /// The promise that a null breaks.
    promise: String,
}

impl Case {
    fn address(&self) -> String {
        format!("hwc_{}_session_kill.{}", self.service.name, self.name)
    }
}

/// The cases of a service. `local.known` cannot be known before apply; it is then true or false, as the test says.
fn cases(service: &'static Service) -> Vec<Case> {
    let place = service.first_place();
    let case = |name: &str, arguments: String, promise: &str| Case {
        name: name.to_owned(),
        service,
        arguments: format!("{place}  {arguments}"),
        promise: format!(".promises.{promise}"),
    };
    let select = |conditions: &str| format!("select {{\n    {conditions}\n  }}");
    let condition = service.groups.condition;
    let nobody = format!("{condition} = [\"nobody\"]");
    let (ids, listed) = (service.ids.argument, service.ids.nobody[0]);
    let time = service.time_condition();
    let mut cases = vec![
        case(
            "condition",
            select(&format!(
                "{nobody}\n    {time} = local.known ? \"99h\" : null"
            )),
            "conditions",
        ),
        case(
            "cap",
            format!(
                "max_sessions = local.known ? 100 : null\n  {}",
                select(&nobody)
            ),
            "max_sessions",
        ),
        case(
            "cap_of_listed",
            format!("{ids} = [{listed}]\n  max_sessions = local.known ? 100 : null"),
            "max_sessions",
        ),
        case(
            "rehearsal",
            format!(
                "dry_run = local.known ? true : null\n  {}",
                select("all = true")
            ),
            "dry_run",
        ),
    ];
    let exclusions = [
        (service.groups.exclusion, "somebody"),
        (
            service
                .offers("exclude_addresses")
                .then_some("exclude_addresses"),
            "10.9.9.9",
        ),
    ];
    for (exclusion, value) in exclusions {
        let Some(exclusion) = exclusion else { continue };
        let late = format!("{exclusion} = local.known ? [{value:?}] : null");
        cases.push(case(
            exclusion,
            select(&format!("{nobody}\n    {late}")),
            "conditions",
        ));
        cases.push(case(
            &format!("all_but_{exclusion}"),
            format!(
                "dry_run = true\n  {}",
                select(&format!("all = true\n    {late}"))
            ),
            "conditions",
        ));
    }
    // What would kill everybody without it; elsewhere a kill that names nobody is a mistake.
    if service.kills_all {
        cases.extend([
            case(
                "listed",
                format!("{ids} = local.known ? [{listed}] : null"),
                "chosen",
            ),
            case(
                "block",
                format!(
                    "dynamic \"select\" {{\n    for_each = local.known ? [1] : []\n    content {{\n      {nobody}\n    }}\n  }}"
                ),
                "chosen",
            ),
            case("rehearsal_of_all", "dry_run = local.known ? true : null".to_owned(), "dry_run"),
        ]);
    }
    // A part of the place without which the place is larger.
    let place = service.description().place.iter();
    let widening =
        place.filter(|one| one.kind == PlaceKind::Optional && one.overridden_by.is_none());
    for argument in widening {
        assert_eq!(argument.name, "node_id", "{}", service.name);
        let [(_, node), _] = service.nodes.ids;
        let place = service.place.iter().filter(|(name, _)| *name != "node_id");
        let place: String = place
            .map(|(name, value)| format!("{name} = {value:?}\n  "))
            .chain([format!("node_id = local.known ? {node:?} : null\n  ")])
            .collect();
        cases.push(Case {
            arguments: format!("{place}{}", select(&nobody)),
            ..case(argument.name, String::new(), argument.name)
        });
    }
    cases
}

/// Of every service, and what only DCS has.
fn all_cases() -> Vec<Case> {
    let nodes = Case {
        name: "nodes".to_owned(),
        service: Service::named("dcs"),
        arguments: format!(
            "instance_id = {DCS_INSTANCE:?}\n  node_id = {:?}\n  kill_all_nodes = local.known ? false : true\n  select {{\n    names = [\"nobody\"]\n  }}",
            DCS_NODES[0]
        ),
        promise: ".promises.node_id".to_owned(),
    };
    SERVICES.iter().flat_map(cases).chain([nodes]).collect()
}

fn sandbox() -> Sandbox {
    let services = SERVICES.iter();
    services
        .fold(Sandbox::builder(), |builder, service| {
            service.simulated(builder, SESSIONS)
        })
        .start()
}

/// All cases, with `local.known` unknown at plan and this value at apply.
fn workspace(engine: &Engine, sandbox: &Sandbox, cases: &[Case], known: bool) -> Workspace {
    let mut configuration = format!(
        "resource \"terraform_data\" \"late\" {{\n  input = {known}\n}}\nlocals {{\n  known = tobool(terraform_data.late.output)\n}}\n"
    );
    for case in cases {
        _ = write!(
            configuration,
            "resource \"hwc_{}_session_kill\" {:?} {{\n  {}\n}}\n",
            case.service.name, case.name, case.arguments
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
            let cases = all_cases();
            let workspace = workspace(engine, &sandbox, &cases, false);

            let run = apply(&workspace, saved).failed();

            let text = run.text();
            for case in &cases {
                let address = case.address();
                let told = text.split("Error: ").any(|error| {
                    error.contains(&format!("plan for {address} "))
                        && error.contains(&case.promise)
                        && error.contains("no session is killed")
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
            .saying(&[".promises.chosen", "no session is killed"]);

        assert!(sandbox.calls_to("/clients/kill-all").is_empty(), "{engine}");

        for service in SERVICES {
            let listed = |one: usize| service.listed(&service.ids.nobody[one..=one]);
            let kill = service.kills(&listed(0));
            let workspace = Workspace::new(engine, &sandbox, &format!("{late}{kill}"));
            workspace.apply().succeeded();
            let calls = sandbox.calls().len();

            workspace.edit("input = \"none\"", "input = \"nobody\"");
            let unknown = "max_sessions = terraform_data.late.output == \"nobody\" ? null : 5";
            workspace.edit(&listed(0), &format!("{}\n  {unknown}", listed(1)));
            apply(&workspace, true)
                .failed()
                .saying(&[".promises.max_sessions", "no session is killed"]);

            assert_eq!(sandbox.calls().len(), calls, "{engine}, {}", service.name);
        }
    });
}

#[test]
fn a_list_that_turns_out_to_be_empty_is_not_everybody() {
    let late = "resource \"terraform_data\" \"late\" {\n  input = []\n}\n";
    let list = "terraform_data.late.output";
    for service in SERVICES {
        let (ids, condition) = (service.ids.argument, service.groups.condition);
        for (arguments, error) in [
            (format!("{ids} = {list}"), format!("{ids} is empty")),
            (
                format!("select {{\n    {condition} = {list}\n  }}"),
                format!("Invalid select.{condition}"),
            ),
        ] {
            engines::with_each(|engine| {
                let sandbox = sandbox();
                let kill = service.kills(&arguments);
                let workspace = Workspace::new(engine, &sandbox, &format!("{late}{kill}"));

                apply(&workspace, true).failed().saying(&[&error]);

                let case = format!("{engine}, {}: {arguments}", service.name);
                assert_eq!(sandbox.calls().len(), 0, "{case}");
                assert!(workspace.resource(&service.killing()).is_none(), "{case}");
            });
        }
    }
}

#[test]
fn a_limit_that_gets_a_value_is_accepted() {
    engines::with_each(|engine| {
        let sandbox = sandbox();
        let cases = all_cases();
        let workspace = workspace(engine, &sandbox, &cases, true);

        apply(&workspace, true).succeeded();

        let in_state = workspace.resources();
        for case in &cases {
            let address = case.address();
            let kill = in_state.iter().find(|one| one.address == address);
            let kill = kill.unwrap_or_else(|| panic!("{engine}: {address} is not in state"));
            assert!(!kill.tainted, "{engine}: {address}");
        }
        // Nobody was meant.
        for node in sandbox.nodes() {
            let (service, there) = (&node.service, node.sessions.len());
            assert!(there >= SESSIONS, "{engine}: {service} has {there} left");
        }
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
                    "No session was killed",
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
            .saying(&["Error: No region", "Set region in one of them"]);
        workspace
            .with_variable("HW_REGION_NAME", REGION)
            .plan()
            .planned_changes();
    });
}

#[test]
fn an_action_is_not_planned_with_a_limit_that_is_not_known() {
    let engine = engines::newest_terraform();
    if !engine.has_actions() {
        return;
    }
    for service in SERVICES {
        let sandbox = service.sandbox(SESSIONS);
        let (ids, kill) = (service.ids.argument, service.killing());
        let configuration = |listed: &str| {
            let input = service.ids.nobody[0].trim_matches('"');
            format!(
                "resource \"terraform_data\" \"late\" {{\n  input = {input:?}\n  lifecycle {{\n    action_trigger {{\n      \
                 events  = [after_create]\n      actions = [action.{kill}]\n    }}\n  }}\n}}\n{}",
                service.block("action", &format!("{ids} = {listed}"))
            )
        };
        let may_be_null =
            "terraform_data.late.output == \"none\" ? null : [terraform_data.late.output]";
        Workspace::new(engine, &sandbox, &configuration(may_be_null))
            .apply()
            .failed()
            .saying(&[&format!("{ids} is not known yet"), "No session was killed"]);
        assert_eq!(sandbox.calls().len(), 0, "{}", service.name);

        // A list that is there, of a session that is not known yet.
        Workspace::new(
            engine,
            &sandbox,
            &configuration("[terraform_data.late.output]"),
        )
        .apply()
        .succeeded();
        assert!(!sandbox.calls().is_empty(), "{}", service.name);
        assert!(
            sandbox.nodes()[0].sessions.len() >= SESSIONS,
            "{}",
            service.name
        );

        let all = Workspace::new(engine, &sandbox, &configuration("null")).plan();
        match service.kills_all {
            true => all
                .planned_changes()
                .saying(&["This kills every session of the node"]),
            false => all.failed().saying(&["Specify which sessions to kill"]),
        };
    }
}
