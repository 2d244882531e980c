//! State that an earlier version of the provider stored: its kills stay done, and its proof is kept.

use serde_json::{Value, json};

use crate::support::engines::{self, Engine, Product};
use crate::support::sandbox::{
    DCS_INSTANCE, DCS_NODES, REGION, Sandbox, TAURUSDB_INSTANCE, TAURUSDB_NODES,
};
use crate::support::workspace::Workspace;

const DCS: &str = "hwc_dcs_session_kill";
const TAURUSDB: &str = "hwc_taurusdb_session_kill";

/// A kill in the state of provider 0.1.0, whose schema has version 0.
struct Kept {
    name: &'static str,
    kind: &'static str,
    /// Its arguments in today's words.
    arguments: &'static str,
    /// What state has of it, beside the place; the others are null.
    stored: Value,
    /// Outcome and name (thread ID or address) of each session in `sessions`; `None`: null.
    sessions: Option<&'static [(&'static str, &'static str)]>,
    /// Results that state has under the names of today.
    results: Value,
}

/// Attributes that a state of version 0 has of a kill of this kind, all null.
fn nulls(kind: &str) -> Value {
    match kind {
        DCS => json!({
            "id": null, "region": null, "instance_id": null, "node_id": null, "kill_all_nodes": null,
            "client_addrs": null, "select": [], "max_sessions": null, "dry_run": null,
            "wait_for_completion": null, "triggers": null, "timeouts": [], "promises": null,
            "matched": null, "matched_count": null, "protected_count": null, "killed": null,
            "killed_count": null, "not_found": null, "remaining": null, "remaining_count": null,
            "listed_at": null, "job_id": null, "job_status": null, "request_id": null,
            "started_at": null, "finished_at": null,
        }),
        _ => json!({
            "id": null, "region": null, "instance_id": null, "node_id": null, "processes": null,
            "select": [], "max_sessions": null, "dry_run": null, "fail_on_not_found": null,
            "triggers": null, "timeouts": [], "promises": null, "matched": null,
            "matched_count": null, "protected_count": null, "killed_count": null,
            "remaining": null, "remaining_count": null, "processes_killed": null,
            "processes_not_found": null, "processes_excluded": null, "request_id": null,
            "killed_at": null,
        }),
    }
}

fn kept() -> Vec<Kept> {
    let taurusdb_select = json!({
        "users": ["app"], "exclude_users": null, "hosts": ["10.0.0.0/8", "App-7"],
        "databases": null, "commands": ["Sleep"], "states": null, "statement_matches": null,
        "min_time": "5m", "max_time": null, "all": null,
    });
    let mut busy_select = taurusdb_select.clone();
    busy_select["commands"] = json!(["Query"]);
    busy_select["hosts"] = Value::Null;
    let dcs_select = json!({
        "addresses": ["10.0.0.0/8"], "names": ["worker*"], "users": null, "exclude_users": ["ops"],
        "databases": [0, 15], "commands": null, "flags": null, "min_idle": "90s", "min_age": null,
        "all": null,
    });
    vec![
        Kept {
            name: "idle",
            kind: TAURUSDB,
            arguments: "triggers = { ticket = 7 }\n  max_sessions = 50\n  select {\n    users = [\"app\"]\n    \
                        addresses = [\"app-7\", \"10.0.0.0/8\"]\n    commands = [\"Sleep\"]\n    min_idle = \"300s\"\n  }",
            stored: json!({
                "id": "place/5c1f0ad9b3e2471c9e6d8a47f0b1c2d3", "request_id": "5c1f0ad9b3e2471c9e6d8a47f0b1c2d3",
                "fail_on_not_found": false, "max_sessions": 50, "triggers": {"ticket": "7"},
                "select": [taurusdb_select], "killed_at": "2026-10-01T10:00:00Z",
                "matched": [4_000_000, 9_007_199_254_740_993_i64, 4_000_002, 4_000_003], "matched_count": 4,
                "protected_count": 2, "killed_count": 1, "remaining": [4_000_002], "remaining_count": 1,
                "processes_killed": [9_007_199_254_740_993_i64, 4_000_002], "processes_not_found": [4_000_000],
                "processes_excluded": [4_000_003],
                "promises": {"chosen": "kept", "conditions": "kept", "max_sessions": "kept", "dry_run": null},
            }),
            sessions: Some(&[
                ("not_found", "4000000"),
                ("killed", "9007199254740993"),
                ("remaining", "4000002"),
                ("refused", "4000003"),
            ]),
            results: json!({
                "killed_count": 1, "remaining_count": 1, "finished_at": "2026-10-01T10:00:00Z",
                "processes_not_found": [4_000_000], "request_id": "5c1f0ad9b3e2471c9e6d8a47f0b1c2d3",
            }),
        },
        Kept {
            name: "busy",
            kind: TAURUSDB,
            arguments: "select {\n    users = [\"app\"]\n    commands = [\"query\"]\n    min_busy = \"5m\"\n  }",
            stored: json!({
                "id": "place/none", "fail_on_not_found": false, "select": [busy_select], "matched": [],
                "matched_count": 0, "protected_count": 0, "killed_count": 0, "remaining": [],
                "remaining_count": 0, "processes_killed": [], "processes_not_found": [], "processes_excluded": [],
            }),
            sessions: Some(&[]),
            results: json!({"killed_count": 0, "remaining_count": 0, "finished_at": null}),
        },
        Kept {
            name: "threads",
            kind: TAURUSDB,
            arguments: "processes = [9223372036854775807, 4000000]",
            stored: json!({
                "id": "place/a", "request_id": "a", "fail_on_not_found": false, "processes": [4_000_000, i64::MAX],
                "killed_at": "2026-10-01T10:00:00Z", "killed_count": 1, "processes_killed": [4_000_000],
                "processes_not_found": [i64::MAX], "processes_excluded": [],
            }),
            sessions: None,
            results: json!({"killed_count": 1, "processes_killed": [4_000_000], "finished_at": "2026-10-01T10:00:00Z"}),
        },
        Kept {
            name: "rehearsal",
            kind: TAURUSDB,
            arguments: "dry_run = true\n  select {\n    all = true\n    exclude_users = [\"ops\"]\n  }",
            stored: json!({
                "id": "place/dry-run", "fail_on_not_found": false, "dry_run": true,
                "select": [{"all": true, "exclude_users": ["ops"]}], "matched": [4_000_000], "matched_count": 1,
                "protected_count": 3, "killed_count": 0, "remaining": [4_000_000], "remaining_count": 1,
                "processes_killed": [], "processes_not_found": [], "processes_excluded": [],
            }),
            sessions: Some(&[("listed", "4000000")]),
            results: json!({"killed_count": 0, "remaining_count": 1, "finished_at": null}),
        },
        Kept {
            name: "everybody",
            kind: DCS,
            arguments: "",
            stored: json!({
                "id": "place/8abf6e1e824dfcb201824e02ee9a0015", "job_id": "8abf6e1e824dfcb201824e02ee9a0015",
                "job_status": "SUCCESS", "request_id": "b", "kill_all_nodes": false, "wait_for_completion": true,
                "started_at": "2026-10-01T10:00:00Z", "finished_at": "2026-10-01T10:00:02Z",
                "promises": {"chosen": null, "conditions": null, "max_sessions": null, "dry_run": null, "node_id": "kept"},
            }),
            sessions: None,
            results: json!({
                "job_id": "8abf6e1e824dfcb201824e02ee9a0015", "job_status": "SUCCESS", "killed_count": null,
                "started_at": "2026-10-01T10:00:00Z", "finished_at": "2026-10-01T10:00:02Z",
            }),
        },
        Kept {
            name: "selected",
            kind: DCS,
            arguments: "select {\n    addresses = [\"10.0.0.0/8\"]\n    names = [\"worker*\"]\n    \
                        exclude_users = [\"ops\"]\n    databases = [15, 0]\n    min_idle = \"90s\"\n  }",
            stored: json!({
                "id": "place/c", "request_id": "c", "kill_all_nodes": false, "wait_for_completion": true,
                "select": [dcs_select], "matched": ["10.0.0.1:5000", "10.0.0.2:5000", "10.0.0.3:5000"],
                "matched_count": 3, "protected_count": 1, "killed": ["10.0.0.1:5000"], "killed_count": 1,
                "not_found": ["10.0.0.3:5000"], "remaining": ["10.0.0.2:5000"], "remaining_count": 1,
                "listed_at": {DCS_NODES[0]: "2026-10-01 10:00:00"}, "started_at": "2026-10-01T10:00:00Z",
            }),
            sessions: Some(&[
                ("killed", "10.0.0.1:5000"),
                ("remaining", "10.0.0.2:5000"),
                ("not_found", "10.0.0.3:5000"),
            ]),
            results: json!({
                "killed_count": 1, "remaining_count": 1, "listed_at": {DCS_NODES[0]: "2026-10-01 10:00:00"},
                "fail_on_not_found": false,
            }),
        },
        Kept {
            name: "addresses",
            kind: DCS,
            arguments: "client_addrs = [\"10.9.9.9:2\", \"10.9.9.9:1\"]",
            stored: json!({
                "id": "place/none", "kill_all_nodes": false, "wait_for_completion": true,
                "client_addrs": ["10.9.9.9:1", "10.9.9.9:2"], "matched": [], "matched_count": 0,
                "protected_count": 0, "killed": [], "killed_count": 0, "not_found": ["10.9.9.9:1", "10.9.9.9:2"],
                "remaining": [], "remaining_count": 0, "listed_at": {},
            }),
            sessions: Some(&[("not_found", "10.9.9.9:1"), ("not_found", "10.9.9.9:2")]),
            results: json!({"killed_count": 0, "remaining_count": 0}),
        },
    ]
}

impl Kept {
    fn place(&self) -> (&'static str, &'static str) {
        match self.kind {
            DCS => (DCS_INSTANCE, DCS_NODES[0]),
            _ => (TAURUSDB_INSTANCE, TAURUSDB_NODES[0]),
        }
    }

    fn block(&self) -> String {
        let (instance, node) = self.place();
        format!(
            "resource {:?} {:?} {{\n  instance_id = {instance:?}\n  node_id = {node:?}\n  {}\n}}\n",
            self.kind, self.name, self.arguments
        )
    }

    /// As it stands in a state file.
    fn resource(&self, engine: &Engine, version: u64) -> Value {
        let registry = match engine.product {
            Product::Terraform => "registry.terraform.io",
            Product::OpenTofu => "registry.opentofu.org",
        };
        let (instance, node) = self.place();
        let mut attributes = nulls(self.kind);
        let place = json!({"region": REGION, "instance_id": instance, "node_id": node});
        for given in [&place, &self.stored] {
            for (name, value) in given.as_object().expect("attributes") {
                let known = attributes.get_mut(name);
                *known.expect("version 0 has this attribute") = value.clone();
            }
        }
        json!({
            "mode": "managed", "type": self.kind, "name": self.name,
            "provider": format!("provider[\"{registry}/hwc-ops/hwc\"]"),
            "instances": [{"schema_version": version, "attributes": attributes, "sensitive_attributes": []}],
        })
    }

    /// Outcome and name of each session that state has, in today's words.
    fn sessions_of(
        &self,
        values: &serde_json::Map<String, Value>,
    ) -> Option<Vec<(String, String)>> {
        let name = match self.kind {
            DCS => "address",
            _ => "id",
        };
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let sessions = values["sessions"].as_array()?.iter();
        let pair = |session: &Value| (text(&session["outcome"]), text(&session[name]));
        Some(sessions.map(pair).collect())
    }
}

fn sandbox() -> Sandbox {
    Sandbox::builder()
        .simulated_dcs(DCS_INSTANCE, DCS_NODES[0], 3)
        .simulated_taurusdb(TAURUSDB_INSTANCE, TAURUSDB_NODES[0], 3)
        .start()
}

/// A workspace whose state has these kills.
fn workspace(engine: &Engine, sandbox: &Sandbox, kept: &[Kept], version: u64) -> Workspace {
    let blocks: String = kept.iter().map(Kept::block).collect();
    let workspace = Workspace::new(engine, sandbox, &blocks);
    let resources = kept.iter().map(|kill| kill.resource(engine, version));
    let state = json!({
        "version": 4, "terraform_version": "1.8.0", "serial": 3,
        "lineage": "5f0c1b52-5f3f-4c0c-9a3e-0d6f6e6b9a51", "outputs": {},
        "resources": resources.collect::<Vec<_>>(), "check_results": null,
    });
    workspace.write("terraform.tfstate", &state.to_string());
    workspace
}

#[test]
fn a_kill_of_version_0_is_not_repeated_and_its_proof_is_kept() {
    engines::with_each(|engine| {
        let sandbox = sandbox();
        let kept = kept();
        let workspace = workspace(engine, &sandbox, &kept, 0);

        // The same kills in today's words are the same kills.
        workspace.plan().succeeded().saying(&["No changes."]);
        workspace
            .run(&["plan", "-refresh-only", "-no-color", "-input=false"])
            .succeeded()
            .saying(&["No changes."]);

        // What is shown of them is their proof, and to store it kills nobody.
        let outputs: String = (kept.iter())
            .map(|kill| {
                let (kind, name) = (kill.kind, kill.name);
                format!("output {name:?} {{\n  value = {kind}.{name}.sessions\n}}\n")
            })
            .collect();
        workspace.write("outputs.tf", &outputs);
        workspace
            .apply()
            .succeeded()
            .saying(&["0 added, 0 changed, 0 destroyed"]);
        for kill in &kept {
            let about = format!("{engine}: {}", kill.name);
            let resource = workspace.resource(&format!("{}.{}", kill.kind, kill.name));
            let values = resource.expect("the kill is in state").values;
            let expected = kill.sessions.map(|sessions| {
                let texts =
                    |(outcome, name): &(&str, &str)| (outcome.to_string(), name.to_string());
                sessions.iter().map(texts).collect::<Vec<_>>()
            });
            assert_eq!(kill.sessions_of(&values), expected, "{about}");
            // An engine stores no output that is null.
            if expected.is_some() {
                assert_eq!(workspace.output(kill.name), values["sessions"], "{about}");
            }
            for (name, value) in kill.results.as_object().expect("results") {
                assert_eq!(&values[name], value, "{about}: {name}");
            }
        }
        workspace.plan().succeeded();
        assert_eq!(sandbox.calls().len(), 0, "{engine}");

        // A change of whom a kill is about kills, as it does after any kill.
        workspace.edit("min_busy = \"5m\"", "min_busy = \"6m\"");
        workspace.plan().planned_changes().saying(&[
            "Plan: 1 to add, 0 to change, 1 to destroy.",
            "Applying this kills sessions again",
        ]);
    });
}

#[test]
fn a_state_of_a_newer_version_is_refused_and_stays_as_it_is() {
    engines::with_each(|engine| {
        let sandbox = sandbox();
        let workspace = workspace(engine, &sandbox, &kept(), 99);
        let read = || std::fs::read(workspace.path("terraform.tfstate")).expect("the state");
        let before = read();

        for run in [workspace.plan(), workspace.apply()] {
            run.failed().saying(&["newer provider version"]);
        }

        assert_eq!(read(), before, "{engine}");
        assert_eq!(sandbox.calls().len(), 0, "{engine}");
    });
}
