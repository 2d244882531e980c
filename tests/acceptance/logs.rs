//! What the provider logs through the engine: each API call once, at its level, and never a secret.

use serde_json::Value;

use crate::configuration::dcs_kill_of_first_node;
use crate::support::engines;
use crate::support::redis;
use crate::support::sandbox::{SECRET_KEY, Sandbox};
use crate::support::workspace::Workspace;

/// The API calls in a log of JSON lines.
fn logged_calls(log: &str) -> Vec<Value> {
    log.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(|line: &Value| line["@message"] == "API call")
        .collect()
}

#[test]
fn every_api_call_is_one_line_with_its_facts() {
    for engine in engines::all() {
        let nodes = redis::nodes();
        let sandbox = Sandbox::with_dcs(&nodes);
        let workspace = Workspace::new(engine, &sandbox, &dcs_kill_of_first_node(""))
            .with_variable("TF_LOG", "JSON");

        let run = workspace.apply().succeeded();

        let served = sandbox.calls();
        let logged = logged_calls(&run.stderr);
        assert_eq!(logged.len(), served.len(), "{engine}:\n{}", run.stderr);
        for (line, call) in logged.iter().zip(&served) {
            assert_eq!(line["@level"], "info", "{engine}");
            assert_eq!(line["method"], call.method.as_str(), "{engine}");
            assert_eq!(line["origin"], sandbox.url(), "{engine}");
            assert_eq!(line["path"], call.path.as_str(), "{engine}");
            assert_eq!(
                line["status"].as_u64(),
                call.status.map(u64::from),
                "{engine}"
            );
            assert_eq!(line["request_id"], call.request_id.as_str(), "{engine}");
            assert!(line["duration_ms"].is_u64(), "{engine}");
        }
        assert!(
            !run.stderr.contains(SECRET_KEY),
            "{engine}: the secret key was logged"
        );
    }
}

#[test]
fn a_level_above_that_of_api_calls_leaves_them_out() {
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    let workspace = Workspace::new(
        engines::newest_terraform(),
        &sandbox,
        &dcs_kill_of_first_node(""),
    )
    .with_variable("TF_LOG_PROVIDER", "WARN");

    let run = workspace.apply().succeeded();

    assert!(!run.stderr.contains("API call"), "{}", run.stderr);
}
