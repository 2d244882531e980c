//! Ctrl-C while the cloud works on a job, and while it has not answered yet.

use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use crate::configuration::{DCS_KILL, dcs_kill_of_first_node};
use crate::support::engines;
use crate::support::eventually;
use crate::support::groups::MOST;
use crate::support::redis;
use crate::support::sandbox::Sandbox;
use crate::support::services::SERVICES;
use crate::support::workspace::Workspace;

/// Who gets the signal.
#[derive(Clone, Copy, Debug)]
enum Signalled {
    /// The engine alone, as `kill -INT` does.
    Engine,
    /// The engine and the plugin, as Ctrl-C in a terminal does.
    Everyone,
}

#[test]
fn an_interrupted_kill_stays_in_state_with_its_job() {
    for signalled in [Signalled::Engine, Signalled::Everyone] {
        for engine in engines::all() {
            // Given an apply that follows a job which does not end.
            let nodes = redis::nodes();
            let sandbox = Sandbox::with_dcs(&nodes);
            sandbox.never_finish_jobs();
            let workspace = Workspace::new(engine, &sandbox, &dcs_kill_of_first_node(""));
            let apply = workspace
                .command(&["apply", "-no-color", "-input=false", "-auto-approve"])
                .process_group(0)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("the engine starts");
            eventually("the job is followed", || {
                let followed = sandbox
                    .calls()
                    .iter()
                    .any(|call| call.path.contains("/jobs/"));
                followed.then_some(()).ok_or_else(|| "not yet".to_owned())
            });

            // When it is interrupted.
            let engine_id = i32::try_from(apply.id()).expect("a process id");
            let receiver = match signalled {
                Signalled::Engine => engine_id,
                // A negative id is that of a process group.
                Signalled::Everyone => -engine_id,
            };
            let interrupted = Instant::now();
            kill(Pid::from_raw(receiver), Signal::SIGINT).expect("the signal is sent");
            let output = apply.wait_with_output().expect("the engine ends");

            // Then it ends soon, says that the job may go on, and the job's id is in state.
            let took = interrupted.elapsed();
            let printed = String::from_utf8_lossy(&output.stderr).into_owned()
                + &String::from_utf8_lossy(&output.stdout);
            assert!(
                !output.status.success(),
                "{engine}, {signalled:?}:\n{printed}"
            );
            assert!(
                took < Duration::from_secs(5),
                "{engine}, {signalled:?}: took {took:?}"
            );
            let resource = workspace.resource(DCS_KILL).unwrap_or_else(|| {
                panic!("{engine}, {signalled:?}: the kill is not in state:\n{printed}")
            });
            assert!(resource.tainted, "{engine}, {signalled:?}");
            let job = resource.values["job_id"]
                .as_str()
                .expect("the job's id is in state");
            assert!(printed.contains(job), "{engine}, {signalled:?}:\n{printed}");
            assert!(
                printed.contains("may still be running"),
                "{engine}, {signalled:?}:\n{printed}"
            );
        }
    }
}

#[test]
fn a_kill_whose_answer_comes_after_the_interruption_is_in_state_with_its_job() {
    // A plugin that hears SIGTERM itself has to wait for the answer as well.
    let signals = [Signal::SIGINT, Signal::SIGTERM];
    for (signal, engine) in signals
        .into_iter()
        .flat_map(|signal| engines::all().iter().map(move |engine| (signal, engine)))
    {
        // Given a kill that the cloud has performed and answers four seconds later.
        let nodes = redis::nodes();
        let sandbox = Sandbox::with_dcs(&nodes);
        sandbox.break_calls(json!({ "path_contains": "/clients/kill-all", "delay_ms": 4000 }));
        let workspace = Workspace::new(engine, &sandbox, &dcs_kill_of_first_node(""));
        let apply = workspace
            .command(&["apply", "-no-color", "-input=false", "-auto-approve"])
            .process_group(0)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the engine starts");
        eventually("the kill is sent", || {
            match sandbox.faults_struck().iter().sum::<u64>() {
                0 => Err("not yet".to_owned()),
                _ => Ok(()),
            }
        });

        // When it is interrupted.
        let engine_id = i32::try_from(apply.id()).expect("a process id");
        kill(Pid::from_raw(-engine_id), signal).expect("the signal is sent");
        let output = apply.wait_with_output().expect("the engine ends");

        // Then the answer is still heard, and the job's id is in state.
        let printed = String::from_utf8_lossy(&output.stderr).into_owned()
            + &String::from_utf8_lossy(&output.stdout);
        let resource = workspace
            .resource(DCS_KILL)
            .unwrap_or_else(|| panic!("{engine}, {signal}: the kill is not in state:\n{printed}"));
        assert!(
            resource.values["job_id"].is_string(),
            "{engine}, {signal}:\n{printed}"
        );
        assert!(
            !printed.contains("It is unknown"),
            "{engine}, {signal}:\n{printed}"
        );
        assert_eq!(
            sandbox.calls_to("/clients/kill-all").len(),
            1,
            "{engine}, {signal}"
        );
    }
}

#[test]
fn chosen_sessions_whose_kill_is_interrupted_are_in_state() {
    for service in SERVICES {
        // Given a kill that the cloud has performed and answers three seconds later.
        let sandbox = service.sandbox(20);
        sandbox.break_calls(service.of_kills(json!({ "delay_ms": 3000 })));
        let workspace = Workspace::new(
            engines::newest_terraform(),
            &sandbox,
            &service.kills_group(MOST, ""),
        );
        let apply = workspace
            .command(&["apply", "-no-color", "-input=false", "-auto-approve"])
            .process_group(0)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the engine starts");
        eventually("the kill is sent", || {
            match sandbox.faults_struck().iter().sum::<u64>() {
                0 => Err("not yet".to_owned()),
                _ => Ok(()),
            }
        });

        // When it is interrupted.
        let engine_id = i32::try_from(apply.id()).expect("a process id");
        kill(Pid::from_raw(-engine_id), Signal::SIGINT).expect("the signal is sent");
        let output = apply.wait_with_output().expect("the engine ends");

        // Then the answer is still heard, and state says of each session that was sent what is known.
        let printed = String::from_utf8_lossy(&output.stderr).into_owned()
            + &String::from_utf8_lossy(&output.stdout);
        let case = format!("{}:\n{printed}", service.name);
        let resource = workspace.resource(&service.killing());
        let resource = resource.unwrap_or_else(|| panic!("not in state: {case}"));
        assert_eq!(service.kill_calls(&sandbox), 1, "{case}");
        let node = &sandbox.nodes()[0];
        assert!(!node.kills.is_empty(), "{case}");
        assert!(node.kills.values().all(|orders| *orders == 1), "{case}");
        let outcomes = resource.outcomes();
        assert_eq!(outcomes.values().sum::<usize>(), node.kills.len(), "{case}");
        assert!(
            outcomes
                .keys()
                .all(|outcome| ["killed", "unknown"].contains(&outcome.as_str())),
            "{case}{outcomes:?}"
        );
        assert!(resource.values["request_id"].is_string(), "{case}");
    }
}
