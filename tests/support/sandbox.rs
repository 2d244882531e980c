//! The sandbox cloud as a process of its own, with the nodes that a test gives it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Deserialize;
use serde::de::DeserializeOwned;
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

/// Two TaurusDB HTAP instances with a node each.
pub const TAURUSDB_HTAP: [(&str, &str); 2] = [
    (
        "7c1e4a9d2f5b4830961d4e7a0c3f5b28in17",
        "1a5c8e2f7b0d4936a4d7c0f3b6e91852no17",
    ),
    (
        "2e8b5d1f9a4c4760837f1c6a3d0e9b54in17",
        "9d3f6b0e2a7c48158e1b4d7f5a0c3962no17",
    ),
];
/// Two RDS for MySQL instances with a node each.
pub const RDS_MYSQL: [(&str, &str); 2] = [
    (
        "3f7a1c9e5b2d48608c4e7f1a9d0b6e25in01",
        "1c6e9b3f7d204a58b2e50d8f4a7c6913no01",
    ),
    (
        "8d2b6f4a1e9c47538b0d5f3c7a6e1942in01",
        "5e8a2d7c4f1b49368d0c6b3e9f7a1524no01",
    ),
];
/// The accounts that the sandbox has stored for them: it makes an ID of the instance's.
pub const RDS_MYSQL_ACCOUNTS: [&str; 2] = [
    "6131a6bd-8b6d-4ef6-8840-3c203daaf6de",
    "326bb390-522a-4dfa-b53a-3bf7541474fe",
];
/// Two RDS for PostgreSQL instances with a node each.
pub const RDS_POSTGRESQL: [(&str, &str); 2] = [
    (
        "6b9d3f7a2c5e41808e1f4d7b9a3c6e52in03",
        "2f5b8e1d4a7c49638c0e3f6a9d2b5c71no03",
    ),
    (
        "9e2c5a8f1d4b47369f0a3c6e8d1b4f72in03",
        "7d0f3b6e9c2a45518e4d1a7f0b3c6925no03",
    ),
];
/// Two nodes of a GeminiDB Redis instance.
pub const GEMINIDB: [(&str, &str); 2] = [
    (
        "2f6a1b0c9d8e4f7a6b5c4d3e2f1a0b9cin12",
        "9e8d7c6b5a4f3e2d1c0b9a8f7e6d5c4bno12",
    ),
    (
        "2f6a1b0c9d8e4f7a6b5c4d3e2f1a0b9cin12",
        "0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5eno12",
    ),
];
/// Two DDM instances with a node each.
pub const DDM_LOGICAL: [(&str, &str); 2] = [
    (
        "1f4a7d0b3c6e48529d2f5a8c0e3b6d71in09",
        "4c7f0a3d6e9b41858f2c5a7e0d3b6c94no09",
    ),
    (
        "7b0e3d6a9c2f45188a1d4f7b0c3e6a92in09",
        "0a3d6f9c2e5b48718b0e3a6d9f2c5b47no09",
    ),
];
/// Two data nodes of DDM with a node each.
pub const DDM_PHYSICAL: [(&str, &str); 2] = [
    (
        "5d8b1e4f7a0c43699e2b5d8f1a4c7e03in01",
        "9f2c5e8b1d4a47608c3f6b9e2d5a8c17no01",
    ),
    (
        "2e5c8a1f4d7b40938f0c3e6a9d2b5f84in01",
        "6b9e2d5c8f1a43749a0d3c6f9b2e5a80no01",
    ),
];
/// Two nodes of a DDS instance.
pub const DDS: [(&str, &str); 2] = [
    (
        "9136fd2a9fcd405ea4674276ce36dae8in02",
        "520c58ba00a3497e97ce0b9604874dd6no02",
    ),
    (
        "9136fd2a9fcd405ea4674276ce36dae8in02",
        "7c1e5b08d3f94a26b5e0c98d4f6a1327no02",
    ),
];
/// Two nodes of a GaussDB instance.
pub const GAUSSDB: [(&str, &str); 2] = [
    (
        "4a7d0e3b6c9f42158d1e4a7b0c3f6d92in14",
        "8e1b4d7a0c3f46259b8e1d4a7c0f3b65no14",
    ),
    (
        "4a7d0e3b6c9f42158d1e4a7b0c3f6d92in14",
        "0f3c6e9b2d5a48717c0f3e6b9d2a5c84no14",
    ),
];

/// A sandbox. It ends with this value.
pub struct Sandbox {
    /// None while it is stopped.
    process: Option<Child>,
    /// The options it was started with, less the address.
    options: Vec<String>,
    url: String,
    user_password: String,
}

/// Which nodes a sandbox has, and how it behaves.
pub struct SandboxBuilder {
    options: Vec<String>,
    job_duration: String,
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
    /// The algorithm that signed it; none when a token did, or nothing.
    #[serde(default)]
    pub signed_with: Option<String>,
    /// What the caller sent: JSON, or null.
    #[serde(default)]
    pub body: Value,
    /// The id in the answer's `X-Request-Id`.
    pub request_id: String,
}

/// A node as the sandbox's admin interface shows it.
#[derive(Clone, Debug, Deserialize)]
pub struct NodeState {
    /// `dcs` or `taurusdb`.
    pub service: String,
    /// The instance it belongs to.
    pub instance_id: String,
    /// How often each session was ordered to die, by its id.
    pub kills: BTreeMap<String, u64>,
    /// The ids of the sessions that live: numbers of TaurusDB, texts of DCS.
    pub sessions: Vec<Value>,
}

/// Temporary keys, and the token that must go with them.
pub struct TemporaryKeys {
    /// The access key.
    pub access_key: String,
    /// The secret key.
    pub secret_key: String,
    /// The security token.
    pub security_token: String,
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

    /// Adds a DCS node with that many simulated sessions.
    pub fn simulated_dcs(self, instance: &str, node: &str, sessions: usize) -> Self {
        self.option(
            "--dcs-node",
            &format!("{instance}/{node}=simulated:{sessions}"),
        )
    }

    /// Adds a TaurusDB node with that many simulated sessions, besides the internal threads.
    pub fn simulated_taurusdb(self, instance: &str, node: &str, sessions: usize) -> Self {
        self.option(
            "--taurusdb-node",
            &format!("{instance}/{node}=simulated:{sessions}"),
        )
    }

    /// How long a DCS job runs before it is done, for example `5s`.
    pub fn job_duration(mut self, duration: &str) -> Self {
        self.job_duration = duration.to_owned();
        self
    }

    /// Starts it and waits until it serves.
    pub fn start(self) -> Sandbox {
        let options = [
            ["--access-key", ACCESS_KEY],
            ["--secret-key", SECRET_KEY],
            ["--project-id", PROJECT_ID],
            ["--region", REGION],
            ["--job-duration", &self.job_duration],
        ]
        .concat()
        .into_iter()
        .map(ToOwned::to_owned)
        .chain(self.options)
        .collect::<Vec<_>>();
        let (process, ready) = launch("127.0.0.1:0", &options);
        Sandbox {
            process: Some(process),
            options,
            url: text(&ready["url"]),
            user_password: text(&ready["user_password"]),
        }
    }

    /// Any other option of the sandbox.
    pub fn option(mut self, name: &str, value: &str) -> Self {
        self.options.extend([name.to_owned(), value.to_owned()]);
        self
    }
}

impl Sandbox {
    /// A sandbox to be set up.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder {
            options: Vec::new(),
            job_duration: "300ms".to_owned(),
        }
    }

    /// A sandbox with two Redis servers as the nodes of a DCS instance.
    pub fn with_dcs(nodes: &[RedisServer; 2]) -> Self {
        Self::builder().dcs(nodes).start()
    }

    /// A sandbox with two MariaDB servers as the nodes of a TaurusDB instance.
    pub fn with_taurusdb(nodes: &[MariaDbServer; 2]) -> Self {
        Self::builder().taurusdb(nodes).start()
    }

    /// Stops it; whoever calls it now is refused.
    pub fn stop(&mut self) {
        let Some(mut process) = self.process.take() else {
            return;
        };
        let id = i32::try_from(process.id()).expect("a process id");
        kill(Pid::from_raw(id), Signal::SIGTERM).ok();
        process.wait().ok();
    }

    /// Starts it again at the same address with the same keys and nodes, and these fault rules from the first moment.
    /// It remembers nothing of what was before.
    pub fn start_again(&mut self, rules: &[Value]) {
        self.stop();
        let address = self.url.trim_start_matches("http://");
        let rules = rules
            .iter()
            .flat_map(|rule| ["--fault".to_owned(), rule.to_string()]);
        let options: Vec<String> = self.options.iter().cloned().chain(rules).collect();
        let (process, _) = launch(address, &options);
        self.process = Some(process);
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
        self.look::<Journal>("requests").requests
    }

    /// Its nodes, in the order in which they were given, those of DCS first.
    pub fn nodes(&self) -> Vec<NodeState> {
        #[derive(Deserialize)]
        struct State {
            nodes: Vec<NodeState>,
        }
        self.look::<State>("state").nodes
    }

    /// On how many calls the fault rules have struck, rule by rule.
    pub fn faults_struck(&self) -> Vec<u64> {
        #[derive(Deserialize)]
        struct Faults {
            faults: Vec<Rule>,
        }
        #[derive(Deserialize)]
        struct Rule {
            applied: u64,
        }
        let faults = self.look::<Faults>("faults").faults;
        faults.iter().map(|rule| rule.applied).collect()
    }

    fn look<T: DeserializeOwned>(&self, what: &str) -> T {
        wait(async {
            reqwest::get(format!("{}/_sandbox/{what}", self.url))
                .await?
                .error_for_status()?
                .json()
                .await
        })
        .unwrap_or_else(|error| panic!("the sandbox does not show its {what}: {error}"))
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

    /// Logs its user in, and gives back the token, which is good for its project.
    pub fn log_in(&self) -> String {
        let answer = self.ask_iam(
            "/v3/auth/tokens",
            &json!({"auth": {
                "identity": {"methods": ["password"], "password": {"user": {
                    "name": "sandbox-user",
                    "password": self.user_password,
                    "domain": {"name": "sandbox-domain"},
                }}},
                "scope": {"project": {"name": REGION}},
            }}),
        );
        let token = answer.headers()["x-subject-token"].to_str();
        token.expect("a token is plain text").to_owned()
    }

    /// Temporary keys in exchange for a token.
    pub fn temporary_keys(&self, token: &str) -> TemporaryKeys {
        let answer = self.ask_iam(
            "/v3.0/OS-CREDENTIAL/securitytokens",
            &json!({"auth": {"identity": {"methods": ["token"], "token": {"id": token}}}}),
        );
        let answer: Value = wait(answer.json()).expect("an answer in JSON");
        let credential = &answer["credential"];
        TemporaryKeys {
            access_key: text(&credential["access"]),
            secret_key: text(&credential["secret"]),
            security_token: text(&credential["securitytoken"]),
        }
    }

    fn ask_iam(&self, path: &str, body: &Value) -> reqwest::Response {
        wait(async {
            reqwest::Client::new()
                .post(format!("{}{path}", self.url))
                .json(body)
                .send()
                .await?
                .error_for_status()
        })
        .unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Forgets every fault rule.
    pub fn mend(&self) {
        wait(async {
            reqwest::Client::new()
                .delete(format!("{}/_sandbox/faults", self.url))
                .send()
                .await?
                .error_for_status()
        })
        .expect("the sandbox clears its rules");
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
        self.stop();
    }
}

/// Starts the program, and waits for the line that says how to reach it.
fn launch(address: &str, options: &[String]) -> (Child, Value) {
    let program = built_programs().join("hwc-sandbox");
    assert!(
        program.is_file(),
        "{} is not built; run `cargo build --workspace`",
        program.display()
    );
    let mut process = Command::new(program)
        .args(["--listen", address])
        .args(options)
        // A line for every call is too much to print; tests ask for the journal of calls.
        .env("RUST_LOG", "warn")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the sandbox starts");
    let mut ready = String::new();
    let stdout = process
        .stdout
        .take()
        .expect("its standard output is a pipe");
    BufReader::new(stdout)
        .read_line(&mut ready)
        .expect("the sandbox says that it is ready");
    let ready = serde_json::from_str(&ready)
        .unwrap_or_else(|error| panic!("the line {ready:?} is not JSON: {error}"));
    (process, ready)
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
