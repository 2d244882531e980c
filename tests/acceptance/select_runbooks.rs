//! Every runbook in `examples/runbooks`, by its own `terraform test`, against a sandbox as its comment describes it.

use std::path::PathBuf;

use crate::support::engines;
use crate::support::repository;
use crate::support::sandbox::{ACCESS_KEY, PROJECT_ID, SECRET_KEY, Sandbox};
use crate::support::workspace::{Run, Workspace};

/// Enough sessions that each runbook finds some to kill.
const SESSIONS: usize = 200;

fn folder() -> PathBuf {
    repository().join("examples/runbooks")
}

/// The files of a runbook in a workspace of their own, with the sandbox as the cloud.
fn workspace_of(sandbox: &Sandbox, runbook: &str) -> Workspace {
    let url = sandbox.url();
    let endpoints = format!("{{\"dcs\":{url:?},\"taurusdb\":{url:?},\"iam\":{url:?}}}");
    let workspace = Workspace::empty(engines::newest_terraform())
        .with_variable("HW_ACCESS_KEY", ACCESS_KEY)
        .with_variable("HW_SECRET_KEY", SECRET_KEY)
        .with_variable("HW_PROJECT_ID", PROJECT_ID)
        .with_variable("TF_VAR_endpoints", &endpoints);
    for entry in std::fs::read_dir(folder().join(runbook)).expect("the runbook's folder") {
        let path = entry.expect("a file").path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a name");
        workspace.write(name, &std::fs::read_to_string(&path).expect("a text"));
    }
    workspace
}

/// Runs the runbook's own test, of that many runs, against the nodes that a sandbox has by itself.
fn passes(runbook: &str, runs: usize) -> Run {
    let sandbox = Sandbox::builder().sessions(SESSIONS).start();
    passes_against(&sandbox, runbook, runs)
}

fn passes_against(sandbox: &Sandbox, runbook: &str, runs: usize) -> Run {
    workspace_of(sandbox, runbook)
        .run(&["test", "-no-color"])
        .succeeded()
        .saying(&[&format!("Success! {runs} passed, 0 failed.")])
}

#[test]
fn every_runbook_is_tested_here() {
    let mut runbooks: Vec<String> = std::fs::read_dir(folder())
        .expect("the folder of runbooks")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .map(|path| {
            path.file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    runbooks.sort();
    assert_eq!(
        runbooks,
        [
            "drain-idle-application-sessions",
            "dry-run-to-ticket",
            "emergency-stop-long-queries",
            "empty-dcs-node",
            "fleet",
            "kill-on-resize",
        ]
    );
}

#[test]
fn idle_application_sessions_are_drained() {
    passes("drain-idle-application-sessions", 3);
}

#[test]
fn a_dcs_node_is_emptied() {
    passes("empty-dcs-node", 2);
}

#[test]
fn long_queries_are_stopped() {
    passes("emergency-stop-long-queries", 3);
}

#[test]
fn a_resize_ends_the_old_sessions() {
    passes("kill-on-resize", 3);
}

#[test]
fn a_dry_run_writes_a_ticket() {
    let sandbox = Sandbox::builder().sessions(SESSIONS).start();
    passes_against(&sandbox, "dry-run-to-ticket", 2);
    let kills = sandbox
        .calls()
        .into_iter()
        .filter(|call| call.method == "DELETE");
    assert_eq!(kills.count(), 0);
}

#[test]
fn a_fleet_is_killed_on() {
    let dozen = (0..12).fold(Sandbox::builder(), |builder, number| {
        builder.simulated_taurusdb(
            &format!("{number:032}in07"),
            &format!("{number:032}no07"),
            SESSIONS,
        )
    });
    passes_against(&dozen.start(), "fleet", 2);
}
