//! What works with which engine, as a table: with the engines here, or with those that `make test-engines` installs.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Value, json};

use crate::configuration::{DCS_KILL, TAURUSDB_KILL, dcs_kill_of_first_node, taurusdb_kill};
use crate::support::engines::{self, Engine};
use crate::support::groups::MOST;
use crate::support::mirror::{Mirror, VERSION};
use crate::support::sandbox::{
    DCS_INSTANCE, DCS_NODES, Sandbox, TAURUSDB_INSTANCE, TAURUSDB_NODES,
};
use crate::support::services::{SERVICES, sorted_ids};
use crate::support::workspace::Workspace;

/// Sessions of each simulated node. The last has an id that no floating point number holds exactly.
const SESSIONS: usize = 12;
const LARGE_ID: u64 = 9_007_199_254_740_993;

/// Something that a user does.
struct Feature {
    name: &'static str,
    /// Whether the engine has what it takes.
    possible: fn(&Engine) -> bool,
    /// Panics when it does not work.
    shown_by: fn(&Engine, &Mirror),
}

const FEATURES: [Feature; 10] = [
    Feature {
        name: "init from a mirror, with a lock file",
        possible: |_| true,
        shown_by: init,
    },
    Feature {
        name: "validate refuses mistakes",
        possible: |_| true,
        shown_by: validate,
    },
    Feature {
        name: "kill of a DCS node, and an empty plan after it",
        possible: |_| true,
        shown_by: kill_dcs,
    },
    Feature {
        name: "kill of TaurusDB threads, 64-bit ids exact",
        possible: |_| true,
        shown_by: kill_taurusdb,
    },
    Feature {
        name: "kill of selected sessions",
        possible: |_| true,
        shown_by: kill_selected,
    },
    Feature {
        name: "triggers kill again, destroy forgets",
        possible: |_| true,
        shown_by: triggers,
    },
    Feature {
        name: "data sources",
        possible: |_| true,
        shown_by: data_source,
    },
    Feature {
        name: "test files",
        possible: |_| true,
        shown_by: test_file,
    },
    Feature {
        name: "ephemeral resources",
        possible: Engine::has_ephemeral_variables,
        shown_by: ephemeral_resource,
    },
    Feature {
        name: "actions",
        possible: Engine::has_actions,
        shown_by: action,
    },
];

#[test]
#[ignore = "other tests show the same with fewer engines: run `make test-engines`"]
fn what_an_engine_has_works_with_it() {
    let mirror = Mirror::of_the_program_under_test();
    let mut failed = Vec::new();
    println!();
    for engine in engines::all() {
        println!("{engine}");
        for feature in &FEATURES {
            let outcome = if !(feature.possible)(engine) {
                "not in this engine"
            } else if catch_unwind(AssertUnwindSafe(|| (feature.shown_by)(engine, &mirror))).is_ok()
            {
                "works"
            } else {
                failed.push(format!("{engine}: {}", feature.name));
                "FAILS"
            };
            println!("  {:<50} {outcome}", feature.name);
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

fn sandbox() -> Sandbox {
    Sandbox::builder()
        .simulated_dcs(DCS_INSTANCE, DCS_NODES[0], SESSIONS)
        .simulated_taurusdb(TAURUSDB_INSTANCE, TAURUSDB_NODES[0], SESSIONS)
        .job_duration("100ms")
        .start()
}

/// How many sessions are left: of DCS, of TaurusDB.
fn left(sandbox: &Sandbox) -> [usize; 2] {
    let nodes = sandbox.nodes();
    [nodes[0].sessions.len(), nodes[1].sessions.len()]
}

/// Development overrides need no `init`; with a mirror, the provider is installed as people install it.
fn take_the_provider_from(mirror: &Mirror, workspace: &Workspace) {
    workspace.write(
        "cli.tfrc",
        &format!(
            "provider_installation {{\n  filesystem_mirror {{\n    path = {:?}\n  }}\n}}\n",
            mirror.path()
        ),
    );
}

fn init(engine: &Engine, mirror: &Mirror) {
    let sandbox = sandbox();
    let workspace = Workspace::new(engine, &sandbox, &taurusdb_kill(&[LARGE_ID], ""));
    take_the_provider_from(mirror, &workspace);
    workspace
        .run(&["init", "-no-color", "-input=false"])
        .succeeded()
        .saying(&[&format!("hwc-ops/hwc v{VERSION}")]);
    let locked = fs::read_to_string(workspace.path(".terraform.lock.hcl")).expect("a lock file");
    assert!(locked.contains(&mirror.h1(engine)), "{locked}");
    workspace.apply().succeeded();
    assert_eq!(left(&sandbox), [SESSIONS, SESSIONS - 1]);
}

fn validate(engine: &Engine, _: &Mirror) {
    for service in SERVICES {
        let (odd, what) = service.ids.odd;
        let kill = service.kills(&service.listed(&[odd]));
        Workspace::new(engine, &sandbox(), &kill)
            .validate()
            .failed()
            .saying(&[
                &format!("{}[0] is {odd}", service.ids.argument),
                &format!("Invalid {what}"),
            ]);
    }
}

fn kill_dcs(engine: &Engine, _: &Mirror) {
    let sandbox = sandbox();
    let workspace = Workspace::new(engine, &sandbox, &dcs_kill_of_first_node(""));
    workspace.plan().planned_changes();
    workspace.apply().succeeded();
    let state = workspace.resource(DCS_KILL).expect("the kill is in state");
    assert_eq!(state.values["job_status"], "SUCCESS");
    assert_eq!(left(&sandbox), [0, SESSIONS]);
    workspace.plan().succeeded();
}

fn kill_taurusdb(engine: &Engine, _: &Mirror) {
    let sandbox = sandbox();
    let workspace = Workspace::new(engine, &sandbox, &taurusdb_kill(&[LARGE_ID, 999], ""));
    workspace.apply().succeeded();
    let state = workspace
        .resource(TAURUSDB_KILL)
        .expect("the kill is in state");
    assert_eq!(state.values["processes_killed"], json!([LARGE_ID]));
    assert_eq!(state.values["processes_not_found"], json!([999]));
    assert_eq!(left(&sandbox), [SESSIONS, SESSIONS - 1]);
    workspace.plan().succeeded();
}

fn kill_selected(engine: &Engine, _: &Mirror) {
    for service in SERVICES {
        let sandbox = service.sandbox(SESSIONS);
        let configuration = service.kills_group(MOST, "max_sessions = 12");
        let workspace = Workspace::new(engine, &sandbox, &configuration);
        workspace.apply().succeeded();
        let state = workspace.resource(&service.killing());
        let state = state.expect("the kill is in state");
        let killed = state.with_outcome("killed", "id").len();
        assert!(killed > 0, "{}", service.name);
        assert_eq!(state.values["killed_count"], killed);
        assert_eq!(sandbox.nodes()[0].sessions.len(), SESSIONS - killed);
        workspace.plan().succeeded();
    }
}

fn triggers(engine: &Engine, _: &Mirror) {
    let sandbox = sandbox();
    let trigger = "triggers = { round = \"1\" }";
    let workspace = Workspace::new(engine, &sandbox, &dcs_kill_of_first_node(trigger));
    workspace.apply().succeeded();
    workspace.edit("\"1\"", "\"2\"");
    workspace.plan().planned_changes();
    workspace.apply().succeeded();
    assert_eq!(sandbox.calls_to("/clients/kill-all").len(), 2);
    workspace.destroy().succeeded();
    assert_eq!(sandbox.calls_to("/clients/kill-all").len(), 2);
    assert!(workspace.resource(DCS_KILL).is_none());
}

fn data_source(engine: &Engine, _: &Mirror) {
    for service in SERVICES {
        let sandbox = service.sandbox(SESSIONS);
        let configuration = service.block("data", "")
            + &format!(
                "output \"ids\" {{\n  value = {}.sessions[*].id\n}}\n",
                service.listing()
            );
        let workspace = Workspace::new(engine, &sandbox, &configuration);
        workspace.apply().succeeded();
        let ids = workspace.output("ids");
        let ids: Vec<&str> = (ids.as_array().expect("a list").iter())
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(ids, sorted_ids(&sandbox), "{}", service.name);
    }
}

fn test_file(engine: &Engine, mirror: &Mirror) {
    let sandbox = sandbox();
    let workspace = Workspace::new(engine, &sandbox, &taurusdb_kill(&[LARGE_ID], ""));
    take_the_provider_from(mirror, &workspace);
    workspace.write(
        "kill.tftest.hcl",
        "run \"kill\" {\n  assert {\n    condition     = length(hwc_taurusdb_session_kill.test.processes_killed) == 1\n    error_message = \"One thread is killed.\"\n  }\n}\n",
    );
    workspace.run(&["init", "-no-color"]).succeeded();
    workspace
        .run(&["test", "-no-color"])
        .succeeded()
        .saying(&["1 passed, 0 failed"]);
    assert_eq!(left(&sandbox), [SESSIONS, SESSIONS - 1]);
}

fn ephemeral_resource(engine: &Engine, _: &Mirror) {
    for service in SERVICES {
        let sandbox = service.sandbox(SESSIONS);
        let list = format!("ephemeral.hwc_{}_sessions.test.sessions", service.name);
        let configuration = service.block("ephemeral", "")
            + &format!(
                "check \"sessions\" {{\n  assert {{\n    condition     = length({list}) == 0\n    error_message = \"There are ${{length({list})}} sessions.\"\n  }}\n}}\n"
            );
        let workspace = Workspace::new(engine, &sandbox, &configuration);
        workspace.apply().succeeded();
        let (method, path) = service.list;
        let lists = sandbox.calls_to(path);
        assert!(lists.iter().any(|call| call.method == method));
        assert!(!workspace.files().contains("192.168."), "{}", service.name);
    }
}

fn action(engine: &Engine, _: &Mirror) {
    for service in SERVICES {
        let sandbox = service.sandbox(SESSIONS);
        let configuration = service.block("action", &service.select(MOST));
        let workspace = Workspace::new(engine, &sandbox, &configuration);
        workspace
            .apply_with(&[&format!("-invoke=action.{}", service.killing())])
            .succeeded();
        let left = sandbox.nodes()[0].sessions.len();
        assert!(left < SESSIONS, "{}", service.name);
        assert_eq!(
            sandbox.nodes()[0].kills.len(),
            SESSIONS - left,
            "{}",
            service.name
        );
    }
}
