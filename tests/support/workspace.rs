//! A folder with a configuration in it, in which an engine runs the provider under test.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use serde_json::{Map, Value};
use tempfile::TempDir;
use terraform_provider_hwc::huaweicloud::apis;

use super::built_programs;
use super::engines::{self, Engine};
use super::sandbox::{ACCESS_KEY, PROJECT_ID, REGION, SECRET_KEY, Sandbox};

const TERRAFORM_BLOCK: &str = r#"
terraform {
  required_providers {
    hwc = {
      source = "hwc-ops/hwc"
    }
  }
}
"#;

/// A folder with a configuration, its state, and the environment that the engine gets.
pub struct Workspace {
    engine: Engine,
    folder: TempDir,
    environment: Vec<(String, String)>,
}

/// What an engine did: how it ended and what it printed.
#[derive(Debug)]
pub struct Run {
    /// The command line, for messages.
    pub command: String,
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed to standard output.
    pub stdout: String,
    /// What it printed to standard error.
    pub stderr: String,
}

/// A resource as the state has it.
#[derive(Debug)]
pub struct Resource {
    /// Type and name, and its place among several of the same name.
    pub address: String,
    /// Its attributes.
    pub values: Map<String, Value>,
    /// Whether the next apply replaces it.
    pub tainted: bool,
}

impl Resource {
    /// What a column has for each of its sessions with this outcome, in their order.
    pub fn with_outcome(&self, outcome: &str, column: &str) -> Vec<Value> {
        let sessions = self.values["sessions"].as_array().expect("sessions");
        let ended_so = sessions.iter().filter(|one| one["outcome"] == outcome);
        ended_so.map(|one| one[column].clone()).collect()
    }

    /// How many of its sessions have which outcome.
    pub fn outcomes(&self) -> BTreeMap<String, usize> {
        let mut outcomes = BTreeMap::new();
        for session in self.values["sessions"].as_array().expect("sessions") {
            let outcome = session["outcome"].as_str().expect("an outcome");
            *outcomes.entry(outcome.to_owned()).or_default() += 1;
        }
        outcomes
    }
}

impl Workspace {
    /// A workspace whose provider block is complete and points at the sandbox.
    pub fn new(engine: &Engine, sandbox: &Sandbox, configuration: &str) -> Self {
        let provider = provider_block(
            sandbox,
            &format!(
                "region = {REGION:?}\n  access_key = {ACCESS_KEY:?}\n  secret_key = {SECRET_KEY:?}\n  project_id = {PROJECT_ID:?}"
            ),
        );
        Self::bare(engine, &format!("{provider}\n{configuration}"))
    }

    /// A workspace with exactly this configuration, apart from the `terraform` block that names the provider's source.
    pub fn bare(engine: &Engine, configuration: &str) -> Self {
        let workspace = Self::empty(engine);
        workspace.write("main.tf", &format!("{TERRAFORM_BLOCK}\n{configuration}"));
        workspace
    }

    /// A workspace without a configuration: the engine, and where it finds the provider.
    pub fn empty(engine: &Engine) -> Self {
        let workspace = Self {
            engine: engine.clone(),
            folder: tempfile::tempdir().expect("a temporary folder"),
            environment: Vec::new(),
        };
        workspace.write(
            "cli.tfrc",
            &format!(
                "provider_installation {{\n  dev_overrides {{\n    \"hwc-ops/hwc\" = {:?}\n  }}\n  direct {{}}\n}}\n",
                built_programs()
            ),
        );
        workspace
    }

    /// Sets a variable of the engine's environment, which is otherwise free of `HW_*` and `TF_*`.
    pub fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Replaces the configuration's text `from`, which must be there, by `to`.
    pub fn edit(&self, from: &str, to: &str) {
        let configuration =
            std::fs::read_to_string(self.path("main.tf")).expect("the configuration");
        assert!(
            configuration.contains(from),
            "the configuration has no {from:?}"
        );
        self.write("main.tf", &configuration.replace(from, to));
    }

    /// Writes a file, and the folders that it is in.
    pub fn write(&self, name: &str, text: &str) {
        let file = self.path(name);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("the file's folder");
        std::fs::write(file, text).expect("a file of the workspace");
    }

    /// `validate`.
    pub fn validate(&self) -> Run {
        self.run(&["validate", "-no-color"])
    }

    /// `plan`, whose exit code is 2 when it would change something.
    pub fn plan(&self) -> Run {
        self.run(&["plan", "-no-color", "-input=false", "-detailed-exitcode"])
    }

    /// `apply`.
    pub fn apply(&self) -> Run {
        self.apply_with(&[])
    }

    /// `apply` with more options.
    pub fn apply_with(&self, options: &[&str]) -> Run {
        self.run(
            &[
                &["apply", "-no-color", "-input=false", "-auto-approve"],
                options,
            ]
            .concat(),
        )
    }

    /// `destroy`.
    pub fn destroy(&self) -> Run {
        self.run(&["destroy", "-no-color", "-input=false", "-auto-approve"])
    }

    /// A resource in the state, such as `hwc_dcs_session_kill.test`; none when the state has no such one.
    pub fn resource(&self, address: &str) -> Option<Resource> {
        self.resources()
            .into_iter()
            .find(|resource| resource.address == address)
    }

    /// Every resource in the state.
    pub fn resources(&self) -> Vec<Resource> {
        let shown = self.run(&["show", "-json"]).succeeded();
        let state: Value = serde_json::from_str(&shown.stdout).expect("the state as JSON");
        let resources = state["values"]["root_module"]["resources"].as_array();
        let resources = resources.cloned().unwrap_or_default();
        resources
            .into_iter()
            .map(|resource| Resource {
                address: resource["address"]
                    .as_str()
                    .expect("a resource has an address")
                    .to_owned(),
                values: resource["values"]
                    .as_object()
                    .expect("a resource has values")
                    .clone(),
                tainted: resource["tainted"] == true,
            })
            .collect()
    }

    /// An output of the root module, from the state.
    pub fn output(&self, name: &str) -> Value {
        let shown = self.run(&["output", "-json", name]).succeeded();
        serde_json::from_str(&shown.stdout).expect("an output as JSON")
    }

    /// Everything that the engine left in the folder, as text: state, backups, logs.
    pub fn files(&self) -> String {
        std::fs::read_dir(self.folder.path())
            .expect("the folder of the workspace")
            .filter_map(|entry| std::fs::read(entry.ok()?.path()).ok())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .collect()
    }

    /// Runs the engine to its end.
    pub fn run(&self, arguments: &[&str]) -> Run {
        let output = self.command(arguments).output().unwrap_or_else(|error| {
            panic!("{} does not start: {error}", self.engine.path.display())
        });
        Run {
            command: format!("{} {}", self.engine, arguments.join(" ")),
            status: output.status,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The engine's command, ready to be started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = engines::command(&self.engine.path);
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("TF_CLI_CONFIG_FILE", self.path("cli.tfrc"))
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The path of a file of the workspace.
    pub fn path(&self, name: &str) -> PathBuf {
        Path::new(self.folder.path()).join(name)
    }
}

impl Run {
    /// Panics unless it ended well.
    #[track_caller]
    pub fn succeeded(self) -> Self {
        self.ended_with(0)
    }

    /// Panics unless it ended with an error.
    #[track_caller]
    pub fn failed(self) -> Self {
        self.ended_with(1)
    }

    /// Panics unless it was a plan that changes something.
    #[track_caller]
    pub fn planned_changes(self) -> Self {
        self.ended_with(2)
    }

    /// Panics unless what was printed has each of these texts, whatever way the engine wrapped its lines.
    #[track_caller]
    pub fn saying(self, texts: &[&str]) -> Self {
        let printed = self.text();
        for text in texts {
            assert!(
                printed.contains(text),
                "{} did not print {text:?}:\n{}\n{}",
                self.command,
                self.stdout,
                self.stderr
            );
        }
        self
    }

    /// Panics if it speaks of a resource in state: an action leaves none.
    #[track_caller]
    pub fn not_speaking_of_state(self) -> Self {
        let printed = self.text();
        for text in ["in state", "taint"] {
            assert!(
                !printed.contains(text),
                "{} printed {text:?}:\n{printed}",
                self.command
            );
        }
        self
    }

    /// All that was printed, with the frames and line breaks of diagnostics taken out.
    pub fn text(&self) -> String {
        let printed = format!("{}\n{}", self.stdout, self.stderr);
        let words: Vec<&str> = printed
            .split(|character: char| character.is_whitespace() || "│╷╵".contains(character))
            .filter(|word| !word.is_empty())
            .collect();
        words.join(" ")
    }

    #[track_caller]
    fn ended_with(self, code: i32) -> Self {
        assert_eq!(
            self.status.code(),
            Some(code),
            "{} ended with {}:\n{}\n{}",
            self.command,
            self.status,
            self.stdout,
            self.stderr
        );
        self
    }
}

/// This URL as the endpoint of every API that the provider calls, a line each.
pub fn endpoints(url: &str) -> String {
    let lines = apis::ALL.iter();
    lines
        .map(|api| format!("    {} = {url:?}\n", api.key))
        .collect()
}

/// A provider block with these arguments and the sandbox as the endpoint of every service.
pub fn provider_block(sandbox: &Sandbox, arguments: &str) -> String {
    let url = sandbox.url();
    format!(
        "provider \"hwc\" {{\n  {arguments}\n  endpoints = {{\n{}  }}\n}}\n",
        endpoints(url)
    )
}
