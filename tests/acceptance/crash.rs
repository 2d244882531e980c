//! Processes that die in the middle of a kill: the plugin, the engine, the cloud.
//!
//! A kill that was accepted goes on, whoever dies. State is written by the engine alone, and only from what the plugin
//! answers; so whether the kill is in state depends on who died:
//!
//! | who died while the job ran | in state | the next plan | the next apply |
//! | --- | --- | --- | --- |
//! | the plugin (`kill -9`) | nothing | creates | waits for the job, then sends a second kill |
//! | the engine (`kill -9`) | nothing | creates | waits for the job, then sends a second kill |
//! | the cloud, for a while | the job's end | nothing to do | sends nothing |
//! | the cloud, for longer than the create time-out | the job's id, tainted | replaces | sends a second kill |
//!
//! So after a crash of the plugin or of the engine a user looks at the instance's tasks before applying again. If the
//! kill of the crashed run is enough, the resource is to be taken out of the configuration; while it is there, every
//! plan shows that it would be created, which is to say that the sessions would be killed once more.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::configuration::{DCS_KILL, dcs_kill_of_first_node};
use crate::support::engines::{self, Engine};
use crate::support::eventually;
use crate::support::processes::Apply;
use crate::support::redis::{self, RedisClients, RedisServer};
use crate::support::sandbox::{Call, Sandbox};
use crate::support::workspace::Workspace;

/// How long jobs run: long enough for a test to act meanwhile.
const JOB: &str = "6s";

/// An apply that follows a job of a few seconds, which has not killed anybody yet.
struct Scene {
    nodes: [RedisServer; 2],
    sandbox: Sandbox,
    workspace: Workspace,
    clients: RedisClients,
    apply: Apply,
    /// Where the engine and the plugin put what they need for a while.
    temporary: tempfile::TempDir,
}

impl Scene {
    /// With a job that ends by itself.
    fn new(engine: &Engine) -> Self {
        let nodes = redis::nodes();
        let sandbox = Sandbox::builder().dcs(&nodes).job_duration(JOB).start();
        Self::set(engine, nodes, sandbox, "")
    }

    /// With a job that does not end, and with more arguments.
    fn endless(engine: &Engine, arguments: &str) -> Self {
        let nodes = redis::nodes();
        let sandbox = Sandbox::with_dcs(&nodes);
        sandbox.never_finish_jobs();
        Self::set(engine, nodes, sandbox, arguments)
    }

    fn set(engine: &Engine, nodes: [RedisServer; 2], sandbox: Sandbox, arguments: &str) -> Self {
        let clients = nodes[0].open_clients(5);
        let temporary = tempfile::tempdir().expect("a temporary folder");
        let workspace = Workspace::new(engine, &sandbox, &dcs_kill_of_first_node(arguments))
            .with_variable("TMPDIR", &temporary.path().display().to_string());
        let apply = Apply::start(&workspace);
        eventually("the job is followed", || {
            let looks = looks(&sandbox.calls());
            (looks > 0).then_some(()).ok_or("not yet".to_owned())
        });
        Self {
            nodes,
            sandbox,
            workspace,
            clients,
            apply,
            temporary,
        }
    }
}

/// How many kills DCS accepted.
fn kills(calls: &[Call]) -> usize {
    calls
        .iter()
        .filter(|call| call.path.ends_with("/clients/kill-all") && call.status == Some(200))
        .count()
}

/// How often a job was looked at.
fn looks(calls: &[Call]) -> usize {
    calls
        .iter()
        .filter(|call| call.path.contains("/jobs/"))
        .count()
}

fn job_followed(calls: &[Call]) -> String {
    let path = calls
        .iter()
        .find_map(|call| call.path.rsplit_once("/jobs/"))
        .expect("a job was looked at");
    path.1.to_owned()
}

fn await_death_of(clients: &mut RedisClients) {
    eventually("the sessions die", || match clients.alive() {
        0 => Ok(()),
        alive => Err(format!("{alive} live")),
    });
}

/// What the plugin left in its folder for sockets.
fn sockets(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder)
        .expect("the folder")
        .flat_map(|entry| std::fs::read_dir(entry.expect("an entry").path()))
        .flatten()
        .map(|entry| entry.expect("an entry").path())
        .collect()
}

#[test]
fn a_plugin_that_is_killed_leaves_nothing_in_state_and_the_next_apply_kills_again_once() {
    engines::with_each(|engine| {
        // Given an apply whose plugin is killed while the job runs.
        let Scene {
            nodes,
            sandbox,
            workspace,
            mut clients,
            apply,
            temporary: _temporary,
        } = Scene::new(engine);
        apply.plugin().kill_hard();
        let (output, printed) = apply.ended();

        // Then the engine says that the plugin did not answer, in the words for what it noticed first: that the
        // connection broke, or that the process ended. State has nothing.
        assert_eq!(output.status.code(), Some(1), "{engine}:\n{printed}");
        let words = ["Plugin did not respond", "Request cancelled"];
        assert!(
            words.iter().any(|words| printed.contains(words)),
            "{engine}:\n{printed}"
        );
        assert!(workspace.resource(DCS_KILL).is_none(), "{engine}");
        // But the kill goes on.
        assert_eq!(kills(&sandbox.calls()), 1, "{engine}");

        // When it is planned and applied again, with the job still running and after clients came back.
        workspace
            .plan()
            .planned_changes()
            .saying(&["1 to add, 0 to change, 0 to destroy"]);
        await_death_of(&mut clients);
        let mut reconnected = nodes[0].open_clients(3);
        workspace.apply().succeeded();

        // Then it is a second kill, which those who came back feel, and only that one is in state.
        let calls = sandbox.calls();
        assert_eq!(kills(&calls), 2, "{engine}");
        assert_eq!(reconnected.alive(), 0, "{engine}");
        let resource = workspace.resource(DCS_KILL).expect("the kill is in state");
        assert!(!resource.tainted, "{engine}");
        assert_eq!(resource.values["job_status"], "SUCCESS", "{engine}");
        assert_ne!(resource.values["job_id"], job_followed(&calls), "{engine}");
        workspace.plan().succeeded();
    });
}

#[test]
fn an_engine_that_is_killed_leaves_nothing_in_state_and_no_plugin_behind() {
    engines::with_each(|engine| {
        // Given an apply whose engine is killed while the job runs.
        let Scene {
            nodes: _nodes,
            sandbox,
            workspace,
            mut clients,
            apply,
            temporary,
        } = Scene::new(engine);
        let plugin = apply.plugin();
        assert!(plugin.runs(), "{engine}");
        apply.engine().kill_hard();
        let (output, _) = apply.ended();
        assert_eq!(output.status.code(), None, "{engine}: a signal ended it");

        // Then the plugin notices, ends, and takes its socket with it.
        eventually("the plugin ends", || match plugin.runs() {
            false => Ok(()),
            true => Err("it runs".to_owned()),
        });
        assert_eq!(sockets(temporary.path()), [] as [&Path; 0], "{engine}");
        // And the kill goes on, although nobody follows it.
        assert_eq!(kills(&sandbox.calls()), 1, "{engine}");
        await_death_of(&mut clients);

        // Then state has nothing and is not locked, and the next apply sends a second kill.
        assert!(workspace.resource(DCS_KILL).is_none(), "{engine}");
        workspace
            .plan()
            .planned_changes()
            .saying(&["1 to add, 0 to change, 0 to destroy"]);
        workspace.apply().succeeded();
        assert_eq!(kills(&sandbox.calls()), 2, "{engine}");
        let resource = workspace.resource(DCS_KILL).expect("the kill is in state");
        assert_eq!(resource.values["job_status"], "SUCCESS", "{engine}");
        workspace.plan().succeeded();
    });
}

#[test]
fn a_cloud_that_is_away_for_a_while_is_waited_for() {
    engines::with_each(|engine| {
        // Given an apply that follows a job.
        let Scene {
            nodes: _nodes,
            mut sandbox,
            workspace,
            apply,
            ..
        } = Scene::endless(engine, "");
        let before = sandbox.calls();
        let job = job_followed(&before);

        // When the cloud goes away, and comes back with the job at its end. (The sandbox forgets; the rule remembers.)
        sandbox.stop();
        std::thread::sleep(Duration::from_secs(2));
        sandbox.start_again(&[json!({
            "path_contains": format!("/jobs/{job}"),
            "status": 200,
            "body": {"job_id": job, "status": "SUCCESS", "begin_time": "1763766000000", "end_time": "1763766001500"},
        })]);
        let (output, printed) = apply.ended();

        // Then the apply ends well, as if nothing had been, with the one kill that it sent.
        assert_eq!(output.status.code(), Some(0), "{engine}:\n{printed}");
        let after = sandbox.calls();
        assert_eq!((kills(&before), kills(&after)), (1, 0), "{engine}");
        let resource = workspace.resource(DCS_KILL).expect("the kill is in state");
        assert!(!resource.tainted, "{engine}");
        assert_eq!(resource.values["job_id"], job, "{engine}");
        assert_eq!(resource.values["job_status"], "SUCCESS", "{engine}");

        // And there is nothing more to do.
        workspace.plan().succeeded();
        workspace.apply().succeeded();
        assert_eq!(kills(&sandbox.calls()), 0, "{engine}");
    });
}

#[test]
fn a_cloud_that_stays_away_leaves_the_job_in_state_and_the_next_apply_kills_again_once() {
    engines::with_each(|engine| {
        // Given an apply that follows a job for seven seconds at most.
        let Scene {
            nodes,
            mut sandbox,
            workspace,
            apply,
            ..
        } = Scene::endless(engine, "timeouts {\n    create = \"7s\"\n  }");
        let before = sandbox.calls();
        let job = job_followed(&before);

        // When the cloud goes away for longer.
        sandbox.stop();
        let (output, printed) = apply.ended();

        // Then the apply fails, says what is known, and the job is in state.
        assert_eq!(output.status.code(), Some(1), "{engine}:\n{printed}");
        for text in [job.as_str(), "may still be running", "create time-out"] {
            assert!(printed.contains(text), "{engine}: no {text:?}:\n{printed}");
        }
        let resource = workspace.resource(DCS_KILL).expect("the kill is in state");
        assert!(resource.tainted, "{engine}");
        assert_eq!(resource.values["job_id"], job, "{engine}");
        assert_eq!(resource.values["finished_at"], Value::Null, "{engine}");

        // When the cloud is back, the next apply replaces the kill by a new one.
        sandbox.start_again(&[]);
        let mut clients = nodes[0].open_clients(3);
        workspace
            .plan()
            .planned_changes()
            .saying(&["is tainted", "1 to add, 0 to change, 1 to destroy"]);
        workspace.apply().succeeded();
        let after = sandbox.calls();
        assert_eq!((kills(&before), kills(&after)), (1, 1), "{engine}");
        assert_eq!(clients.alive(), 0, "{engine}");
        let resource = workspace.resource(DCS_KILL).expect("the kill is in state");
        assert!(!resource.tainted, "{engine}");
        assert_ne!(resource.values["job_id"], job, "{engine}");
        workspace.plan().succeeded();
    });
}
