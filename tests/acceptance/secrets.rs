//! No secret goes anywhere but into the request that needs it.
//!
//! Every way of giving credentials, with runs that end well and runs that do not, each with the log at its most
//! talkative. Afterwards everything that the engine and the provider wrote or printed is searched.

use std::fs::File;
use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;
use zip::ZipArchive;

use crate::support::engines::{self, Engine};
use crate::support::groups::MOST;
use crate::support::sandbox::{
    ACCESS_KEY, DCS_INSTANCE, DCS_NODES, PROJECT_ID, REGION, SECRET_KEY, Sandbox,
};
use crate::support::services::SERVICES;
use crate::support::workspace::{Run, Workspace, provider_block};

const LOG: &str = "trace.log";
const PLAN: &str = "kill.tfplan";
const WRONG_KEY: &str = "wRoNgSeCrEtKeY/41c9+never=print me";
const WRONG_TOKEN: &str = "MIIwRoNgToKeN-7d01-never-print-me";

/// One way to give credentials, and how the kill then ends.
struct Case {
    name: &'static str,
    /// Arguments of the provider block.
    arguments: &'static str,
    /// Credentials in the environment.
    environment: Vec<(&'static str, String)>,
    /// What must be found nowhere.
    secrets: Vec<String>,
    jobs_fail: bool,
    /// What the apply says; nothing when it ends well.
    error: Option<&'static str>,
}

#[test]
fn no_secret_is_in_state_plan_log_or_what_was_printed() {
    let engine = engines::newest_terraform();
    let sandbox = simulated_sandbox();
    for case in cases(engine, &sandbox) {
        check(engine, &sandbox, &case);
    }
}

fn cases(engine: &Engine, sandbox: &Sandbox) -> Vec<Case> {
    let text = str::to_owned;
    let token = sandbox.log_in();
    let temporary = sandbox.temporary_keys(&token);
    let keys = |secret_key: &str| {
        vec![
            ("HW_ACCESS_KEY", text(ACCESS_KEY)),
            ("HW_SECRET_KEY", text(secret_key)),
        ]
    };
    let mut cases = vec![
        Case {
            name: "keys",
            arguments: "",
            environment: keys(SECRET_KEY),
            secrets: vec![text(SECRET_KEY)],
            jobs_fail: false,
            error: None,
        },
        Case {
            name: "a wrong key",
            arguments: "",
            environment: keys(WRONG_KEY),
            secrets: vec![text(WRONG_KEY)],
            jobs_fail: false,
            error: Some("APIGW.0301"),
        },
        Case {
            name: "keys, and a job that fails",
            arguments: "",
            environment: keys(SECRET_KEY),
            secrets: vec![text(SECRET_KEY)],
            jobs_fail: true,
            error: Some("the node is in failover"),
        },
        Case {
            name: "temporary keys",
            arguments: "",
            environment: vec![
                ("HW_ACCESS_KEY", temporary.access_key.clone()),
                ("HW_SECRET_KEY", temporary.secret_key.clone()),
                ("HW_SECURITY_TOKEN", temporary.security_token.clone()),
            ],
            secrets: vec![
                temporary.secret_key.clone(),
                temporary.security_token.clone(),
            ],
            jobs_fail: false,
            error: None,
        },
        Case {
            name: "temporary keys with another's security token",
            arguments: "",
            environment: vec![
                ("HW_ACCESS_KEY", temporary.access_key),
                ("HW_SECRET_KEY", temporary.secret_key.clone()),
                ("HW_SECURITY_TOKEN", text(WRONG_TOKEN)),
            ],
            secrets: vec![temporary.secret_key, text(WRONG_TOKEN)],
            jobs_fail: false,
            error: Some("401"),
        },
        Case {
            name: "a token",
            arguments: "",
            environment: vec![("HW_AUTH_TOKEN", token.clone())],
            secrets: vec![token],
            jobs_fail: false,
            error: None,
        },
        Case {
            name: "a wrong token",
            arguments: "",
            environment: vec![("HW_AUTH_TOKEN", text(WRONG_TOKEN))],
            secrets: vec![text(WRONG_TOKEN)],
            jobs_fail: false,
            error: Some("401"),
        },
    ];
    if engine.has_ephemeral_variables() {
        cases.push(Case {
            name: "keys from ephemeral variables",
            arguments: "access_key = var.access_key\n  secret_key = var.secret_key",
            environment: vec![
                ("TF_VAR_access_key", text(ACCESS_KEY)),
                ("TF_VAR_secret_key", text(SECRET_KEY)),
            ],
            secrets: vec![text(SECRET_KEY)],
            jobs_fail: false,
            error: None,
        });
    }
    cases
}

/// Runs everything a user runs, and searches what came of it.
fn check(engine: &Engine, sandbox: &Sandbox, case: &Case) {
    let about = format!("{engine}, {}", case.name);
    sandbox.mend();
    if case.jobs_fail {
        sandbox.fail_jobs("the node is in failover");
    }
    let calls_before = sandbox.calls().len();
    let workspace = workspace(engine, sandbox, case);

    let mut runs = vec![
        workspace.validate().succeeded(),
        workspace
            .run(&["plan", "-no-color", "-input=false", &format!("-out={PLAN}")])
            .succeeded(),
        workspace.run(&["show", "-json", PLAN]).succeeded(),
    ];
    let apply = workspace.run(&["apply", "-no-color", "-input=false", PLAN]);
    runs.push(match case.error {
        None => apply.succeeded(),
        Some(error) => apply.failed().saying(&[error]),
    });
    runs.push(workspace.run(&["show", "-json"]).succeeded());
    runs.push(workspace.plan());
    runs.push(workspace.destroy().succeeded());

    // The credentials were really used, and this search really finds what is there.
    assert!(sandbox.calls().len() > calls_before, "{about}");
    let log = read(&workspace, LOG);
    assert!(log.contains("API call"), "{about}: the log is not there");
    let plan = unzipped_plan(&workspace);
    assert!(
        plan.contains(DCS_INSTANCE),
        "{about}: the plan is not there"
    );
    if case.error.is_none() {
        let state = read(&workspace, "terraform.tfstate.backup");
        assert!(state.contains(DCS_INSTANCE), "{about}: there is no state");
    }

    let everything = [
        ("what was printed", printed(&runs)),
        ("the plan", plan),
        ("a file", workspace.files()),
    ];
    for secret in &case.secrets {
        for disguise in disguises(secret) {
            for (place, text) in &everything {
                assert!(!text.contains(&disguise), "{about}: a secret is in {place}");
            }
        }
    }
}

/// A secret as itself, and as programs write bytes and texts.
fn disguises(secret: &str) -> Vec<String> {
    let json = json!(secret).to_string();
    let hex = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    vec![
        secret.to_owned(),
        json.trim_matches('"').to_owned(),
        format!("{secret:?}").trim_matches('"').to_owned(),
        STANDARD.encode(secret).trim_end_matches('=').to_owned(),
        URL_SAFE_NO_PAD.encode(secret),
        url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        hex,
    ]
}

fn simulated_sandbox() -> Sandbox {
    let builder = Sandbox::builder().job_duration("50ms");
    (SERVICES.iter())
        .fold(builder, |builder, service| service.simulated(builder, 3))
        .start()
}

fn workspace(engine: &Engine, sandbox: &Sandbox, case: &Case) -> Workspace {
    let arguments = format!(
        "region = {REGION:?}\n  project_id = {PROJECT_ID:?}\n  {}",
        case.arguments
    );
    let variables = ["access_key", "secret_key"].map(|name| match case.arguments {
        "" => String::new(),
        _ => format!("variable {name:?} {{\n  type      = string\n  ephemeral = true\n}}\n"),
    });
    // Of every service: sessions that are listed, and sessions that are selected.
    let chosen: Vec<String> = (SERVICES.iter())
        .flat_map(|service| {
            let listed = service.listed(&service.ids.nobody[..1]);
            [
                service.named_block("resource", "listed", &listed),
                service.named_block("resource", "selected", &service.select(MOST)),
            ]
        })
        .collect();
    let configuration = format!(
        r#"
{provider}
{variables}
resource "hwc_dcs_session_kill" "test" {{
  instance_id = "{DCS_INSTANCE}"
  node_id     = "{dcs_node}"
}}

{chosen}
"#,
        provider = provider_block(sandbox, &arguments),
        variables = variables.concat(),
        dcs_node = DCS_NODES[0],
        chosen = chosen.concat(),
    );
    let workspace = Workspace::bare(engine, &configuration);
    let log = workspace.path(LOG).display().to_string();
    case.environment
        .iter()
        .fold(workspace, |workspace, (name, value)| {
            workspace.with_variable(name, value)
        })
        .with_variable("TF_LOG", "TRACE")
        .with_variable("TF_LOG_PATH", &log)
}

fn printed(runs: &[Run]) -> String {
    runs.iter()
        .flat_map(|run| [run.stdout.as_str(), run.stderr.as_str()])
        .collect()
}

fn read(workspace: &Workspace, name: &str) -> String {
    std::fs::read_to_string(workspace.path(name)).unwrap_or_default()
}

/// All that is in the archive which a plan file is.
fn unzipped_plan(workspace: &Workspace) -> String {
    let file = File::open(workspace.path(PLAN)).expect("the plan file");
    let mut archive = ZipArchive::new(file).expect("a plan file is a zip archive");
    let mut text = String::new();
    for index in 0..archive.len() {
        let mut bytes = Vec::new();
        let mut entry = archive.by_index(index).expect("an entry of the archive");
        entry.read_to_end(&mut bytes).expect("a whole entry");
        text += &String::from_utf8_lossy(&bytes);
    }
    text
}
