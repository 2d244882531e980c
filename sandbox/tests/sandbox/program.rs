//! `hwc-sandbox` as a program.

use std::{
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use hwc_sandbox::Ready;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use reqwest::Method;

use crate::support::Client;

/// A running program; it ends with the test.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hwc-sandbox"));
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

/// Starts the program and reads the line that says that it is ready.
fn start(arguments: &[&str]) -> (Program, String) {
    let mut program = Program(command(arguments).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(program.0.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    (program, line)
}

#[tokio::test]
async fn it_says_how_to_reach_it_serves_and_stops_cleanly_on_a_signal() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let (mut program, line) = start(&["--sessions", "5", "--region", "eu-west-101"]);
        let ready: Ready = serde_json::from_str(&line).unwrap();
        assert!(
            ready.nodes.iter().all(|node| node.sessions == 5),
            "{ready:?}"
        );
        let (instance_id, node_id) = (&ready.nodes[2].instance_id, &ready.nodes[2].node_id);
        assert!(instance_id.len() == 36 && instance_id.ends_with("in07"));
        assert!(node_id.len() == 36 && node_id.ends_with("no07"));
        let client = Client::new(&ready);
        client
            .get(&client.dcs("/jobs/none"))
            .await
            .assert_error(400, "DCS.4070");

        let pid = Pid::from_raw(program.0.id().try_into().unwrap());
        kill(pid, signal).unwrap();
        assert!(program.0.wait().unwrap().success(), "{signal}");
        let mut log = String::new();
        program
            .0
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut log)
            .unwrap();
        assert_eq!(
            log.lines()
                .filter(|line| line.contains("/jobs/none"))
                .count(),
            1,
            "{log}"
        );
        assert!(
            !log.contains(&ready.secret_key) && !log.contains(&ready.user_password),
            "{log}"
        );
    }
}

#[test]
fn it_answers_help_and_version() {
    let help = String::from_utf8(run(&["--help"]).stdout).unwrap();
    for option in [
        "--listen",
        "--dcs-node",
        "--taurusdb-node",
        "--dcs-proxy",
        "--inactive",
        "--addresses",
        "--scan-answer",
        "--scan-duration",
        "--foreign-scan-every",
        "--largest-kill",
        "--rds-mysql-node",
        "--gaussdb-node",
        "--gaussdb-most-rows",
        "--rate-limit",
        "--job-duration",
        "--fault",
        "--busy",
        "--allow-remote",
    ] {
        assert!(help.contains(option), "{option} is not in {help}");
    }
    let version = String::from_utf8(run(&["--version"]).stdout).unwrap();
    assert_eq!(
        version.trim(),
        format!("hwc-sandbox {}", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn it_refuses_options_that_make_no_sense() {
    let cases: [(&[&str], &str); 11] = [
        (&["--listen", "0.0.0.0:0"], "--allow-remote"),
        (
            &["--dcs-node", "i/n=mysql://127.0.0.1/"],
            "not a URL of a Redis server",
        ),
        (
            &["--taurusdb-node", "i/n=redis://127.0.0.1/"],
            "not a URL of a MySQL server",
        ),
        (
            &[
                "--dcs-node",
                "i/n=simulated:1",
                "--dcs-node",
                "i/n=simulated:2",
            ],
            "mapped twice",
        ),
        (&["--busy", "elsewhere=1s"], "not an instance"),
        (
            &["--dcs-node", "i/n=simulated:1", "--busy", "i=1s:DBS.200019"],
            "a code of another service",
        ),
        (
            &["--dcs-node", "i/n=simulated:1", "--busy", "i=1s:DCS.9"],
            "no document has",
        ),
        (&["--inactive", "i/n"], "not a DCS node"),
        (
            &["--dcs-node", "i=redis://:hunter2@127.0.0.1/"],
            "there is no /",
        ),
        (&["--fault", "{\"status\": 1}"], "status must be between"),
        (&["--project-id", "short"], "32 letters and digits"),
    ];
    for (arguments, reason) in cases {
        let output = run(arguments);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && error.contains(reason),
            "{arguments:?}: {error}"
        );
        assert!(!error.contains("hunter2"), "{error}");
        assert!(output.stdout.is_empty(), "it is not ready");
    }
}

#[test]
fn it_may_listen_for_other_machines_when_that_is_allowed() {
    let (_program, line) = start(&["--listen", "0.0.0.0:0", "--allow-remote"]);
    assert!(line.contains("\"url\":\"http://0.0.0.0:"), "{line}");
}

#[tokio::test]
async fn the_demonstration_finds_the_sessions_of_a_node() {
    let (_program, line) = start(&["--sessions", "1"]);
    let ready: Ready = serde_json::from_str(&line).unwrap();
    let state = Client::new(&ready).admin(Method::GET, "/state", "").await;
    for node in &ready.nodes {
        // scripts/demo.sh looks for this text, as a shell has no parser of JSON.
        let (id, service) = (&node.node_id, &node.service);
        let text = format!(r#""node_id":"{id}","service":"{service}","sessions":["#);
        assert!(state.text.contains(&text), "{text} is not in {state:?}");
    }
}

#[test]
fn the_official_sdk_works_unchanged() {
    let (_program, line) = start(&["--job-duration", "300ms"]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/official_sdk.py");
    let output = Command::new(python())
        .arg(script)
        .arg(line.trim())
        .env_remove("PYTHONPATH")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The Python that the official SDK is installed for.
fn python() -> PathBuf {
    if let Some(python) = std::env::var_os("HWC_TEST_PYTHON") {
        return python.into();
    }
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/venv/bin/python");
    assert!(
        python.exists(),
        "this test needs Python with the official SDK: run `make setup`, or set HWC_TEST_PYTHON to such a Python"
    );
    python
}
