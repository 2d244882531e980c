//! What the provider logs through the engine: each API call once, at its level, and never a secret.

use serde_json::Value;

use crate::configuration::dcs_kill_of_first_node;
use crate::support::engines;
use crate::support::redis;
use crate::support::sandbox::{DCS_INSTANCE, DCS_NODES, SECRET_KEY, Sandbox};
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
fn lines_arrive_at_their_own_level_and_none_below_the_level_that_was_asked_for() {
    const LEVELS: [&str; 5] = ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"];
    engines::with_each(|engine| {
        let sandbox = Sandbox::builder()
            .simulated_dcs(DCS_INSTANCE, DCS_NODES[0], 3)
            .start();
        for (asked, expected) in [
            ("off", &[] as &[&str]),
            ("error", &[]),
            ("warn", &[]),
            ("info", &["INFO"]),
            ("debug", &["INFO", "DEBUG"]),
            ("trace", &["INFO", "DEBUG", "TRACE"]),
        ] {
            for variable in ["TF_LOG", "TF_LOG_PROVIDER"] {
                // Nothing goes wrong in this run, so there is nothing to warn of.
                let workspace = Workspace::new(engine, &sandbox, &dcs_kill_of_first_node(""))
                    .with_variable(variable, asked);

                let run = workspace.apply().succeeded();

                let about = format!("{engine}, {variable}={asked}");
                let lines: Vec<&str> = run.stderr.lines().filter(|line| is_ours(line)).collect();
                let arrived = LEVELS.into_iter().filter(|level| {
                    let level = format!("[{level}]");
                    lines.iter().any(|line| line.contains(&level))
                });
                assert_eq!(arrived.collect::<Vec<_>>(), expected, "{about}");
                let mut calls = lines.iter().filter(|line| line.contains("API call"));
                assert!(calls.all(|line| line.contains("[INFO]")), "{about}");
            }
        }
    });
}

/// Whether the provider itself wrote this line, and not a library that it uses.
fn is_ours(line: &str) -> bool {
    line.contains(" provider.terraform-provider-hwc: ") && line.contains("@module=hwc.")
}
