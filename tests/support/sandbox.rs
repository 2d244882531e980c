//! The sandbox cloud as a process of its own, with the nodes that a test gives it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Deserialize;
use serde_json::{Value, json};

use super::mariadb::MariaDbServer;
use super::redis::RedisServer;
use super::{built_programs, wait};

/// The access key that the sandbox accepts.
pub const ACCESS_KEY: &str = "TESTACCESSKEY0000001";
/// The secret key that goes with it. Long and odd, so that a test may look for it in everything that was printed.
pub const SECRET_KEY: &str = "tEsTsEcReTkEy-9f83c1b7-never-print-me";
/// The project of every instance.
pub const PROJECT_ID: &str = "0123456789abcdef0123456789abcdef";
/// The region of every instance; also the name of its project in IAM.
pub const REGION: &str = "eu-west-101";

/// The DCS instance that [`SandboxBuilder::dcs`] maps, and its two nodes.
pub const DCS_INSTANCE: &str = "0f1e2d3c-4b5a-4697-8879-6a5b4c3d2e1f";
/// The nodes of [`DCS_INSTANCE`].
pub const DCS_NODES: [&str; 2] = [
    "8f7ee181-88e2-49b7-a4bf-81f18f93a135",
    "1d0c8a52-7e3b-4c58-9be1-5f0a6a0f4c77",
];
/// The TaurusDB instance that [`SandboxBuilder::taurusdb`] maps.
pub const TAURUSDB_INSTANCE: &str = "619d3e78f61b4be68bc5aa0b59edcf7bin07";
/// The nodes of [`TAURUSDB_INSTANCE`].
pub const TAURUSDB_NODES: [&str; 2] = [
    "b5f8e3e3f0e14cc38ad6d59c5d8a1f2ano07",
    "c0a4d1d9a7b84f6e93e2b6f4c7d95e3bno07",
];

/// A running sandbox. It ends with this value.
pub struct Sandbox {
    process: Child,
    url: String,
}

/// Which nodes a sandbox has, and how it behaves.
#[derive(Default)]
pub struct SandboxBuilder {
    arguments: Vec<String>,
}

/// One call that the sandbox served, as its journal has it.
#[derive(Clone, Debug, Deserialize)]
pub struct Call {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The HTTP status of the answer; none when the connection was dropped without one.
    pub status: Option<u16>,
    /// What the caller sent: JSON, or null.
    #[serde(default)]
    pub body: Value,
    /// The id in the answer's `X-Request-Id`.
    pub request_id: String,
}

impl SandboxBuilder {
    /// Puts a Redis server behind each node of the DCS instance.
    pub fn dcs(self, nodes: &[RedisServer; 2]) -> Self {
        nodes
            .iter()
            .zip(DCS_NODES)
            .fold(self, |builder, (server, node)| {
                builder.option(
                    "--dcs-node",
                    &format!("{DCS_INSTANCE}/{node}={}", server.url()),
                )
            })
    }

    /// Puts a MariaDB server behind each node of the TaurusDB instance.
    pub fn taurusdb(self, nodes: &[MariaDbServer; 2]) -> Self {
        nodes
            .iter()
            .zip(TAURUSDB_NODES)
            .fold(self, |builder, (server, node)| {
                builder.option(
                    "--taurusdb-node",
                    &format!("{TAURUSDB_INSTANCE}/{node}={}", server.url()),
                )
            })
    }

    /// How long a DCS job runs before it is done, for example `5s`.
    pub fn job_duration(self, duration: &str) -> Self {
        self.option("--job-duration", duration)
    }

    /// Starts it and waits until it serves.
    pub fn start(self) -> Sandbox {
        let program = built_programs().join("hwc-sandbox");
        assert!(
            program.is_file(),
            "{} is not built; run `cargo build --workspace`",
            program.display()
        );
        let mut process = Command::new(program)
            .args(["--listen", "127.0.0.1:0"])
            .args(["--access-key", ACCESS_KEY, "--secret-key", SECRET_KEY])
            .args(["--project-id", PROJECT_ID, "--region", REGION])
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the sandbox starts");
        let mut ready = String::new();
        BufReader::new(
            process
                .stdout
                .take()
                .expect("its standard output is a pipe"),
        )
        .read_line(&mut ready)
        .expect("the sandbox says that it is ready");
        let ready: Value = serde_json::from_str(&ready)
            .unwrap_or_else(|error| panic!("the line {ready:?} is not JSON: {error}"));
        let url = ready["url"]
            .as_str()
            .expect("the line has the url")
            .to_owned();
        Sandbox { process, url }
    }

    /// Any other option of the sandbox.
    pub fn option(mut self, name: &str, value: &str) -> Self {
        self.arguments.extend([name.to_owned(), value.to_owned()]);
        self
    }
}

impl Sandbox {
    /// A sandbox to be set up.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder::default().job_duration("300ms")
    }

    /// A sandbox with two Redis servers as the nodes of a DCS instance.
    pub fn with_dcs(nodes: &[RedisServer; 2]) -> Self {
        Self::builder().dcs(nodes).start()
    }

    /// A sandbox with two MariaDB servers as the nodes of a TaurusDB instance.
    pub fn with_taurusdb(nodes: &[MariaDbServer; 2]) -> Self {
        Self::builder().taurusdb(nodes).start()
    }

    /// Where it serves: the endpoint of every service.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Every call that it has served, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        #[derive(Deserialize)]
        struct Journal {
            requests: Vec<Call>,
        }
        let journal: Journal = wait(async {
            reqwest::get(format!("{}/_sandbox/requests", self.url))
                .await?
                .error_for_status()?
                .json()
                .await
        })
        .expect("the sandbox's journal of calls");
        journal.requests
    }

    /// The calls whose path ends so, oldest first.
    pub fn calls_to(&self, path_end: &str) -> Vec<Call> {
        self.calls()
            .into_iter()
            .filter(|call| call.path.ends_with(path_end))
            .collect()
    }

    /// Makes calls go wrong from now on, as the rule says.
    pub fn break_calls(&self, rule: Value) {
        wait(async {
            reqwest::Client::new()
                .post(format!("{}/_sandbox/faults", self.url))
                .json(&rule)
                .send()
                .await?
                .error_for_status()
        })
        .expect("the sandbox takes the rule");
    }

    /// Makes the jobs that start from now on fail for that reason.
    pub fn fail_jobs(&self, reason: &str) {
        self.break_calls(json!({ "job": "FAIL", "fail_reason": reason }));
    }

    /// Makes the jobs that start from now on run for ever.
    pub fn never_finish_jobs(&self) {
        self.break_calls(json!({ "job": "never" }));
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let id = i32::try_from(self.process.id()).expect("a process id");
        kill(Pid::from_raw(id), Signal::SIGTERM).ok();
        self.process.wait().ok();
    }
}
