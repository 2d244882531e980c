//! The pipelines of the runbook `pipeline`: every script in their YAML runs, job by job as the runner would, with the sandbox
//! as the cloud. What the runner itself does is done here: folders, artifacts, variables, and the approval between the jobs.

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use serde_json::Value;

use crate::installation;
use crate::runbooks::{Part, cloud, killed, nobody_is_killed_twice, point_at, text, workspace};
use crate::support::engines::{self, Engine};
use crate::support::sandbox::Sandbox;
use crate::support::workspace::Workspace;
use crate::support::{program, python};

const ID_TOKEN: &str = "id-token-of-the-pipeline";
const GITHUB: &str = "pipeline/github-actions/kill-sessions.yml";
const GITLAB: &str = "pipeline/gitlab-ci/.gitlab-ci.yml";

/// Answers a request for an ID token, and puts what is posted into the file `posted`.
const CURL: &str = r#"#!/bin/sh
for argument; do
  case $argument in
    http://runner/token\&audience=huaweicloud) echo "{\"value\": \"$ID_TOKEN\"}"; exit ;;
    @-) exec cat > posted ;;
    @*) exec cp "${argument#@}" posted ;;
  esac
done
exit 22
"#;

/// A document in YAML, as JSON.
fn yaml(file: &str) -> Value {
    let output = Command::new(python::python())
        .args([
            "-c",
            "import json, sys, yaml\nprint(json.dumps(yaml.safe_load(sys.argv[1])))",
            &text(file),
        ])
        .output()
        .expect("Python starts");
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{file}: {problem}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// One script of a job, and whether it runs after a failure too.
struct Script {
    lines: String,
    variables: BTreeMap<String, String>,
    always: bool,
}

/// What a job did: the end of it, and all that it printed.
struct Ending {
    succeeded: bool,
    printed: String,
}

/// A folder of a runner with the files of the repository, in which the jobs of a pipeline run one after the other.
struct Runner {
    workspace: Workspace,
    environment: BTreeMap<String, String>,
    /// What GitHub has in `${{ }}`.
    expressions: BTreeMap<String, String>,
}

impl Runner {
    fn new(engine: &Engine, sandbox: &Sandbox) -> Self {
        // What a repository has: the root configuration, a lock file, and a state that all jobs share.
        let workspace = workspace(engine, sandbox, "pipeline", Part::Root);
        let mirror = installation::mirror().path();
        workspace.write(
            "cli.tfrc",
            &format!(
                "provider_installation {{\n  filesystem_mirror {{\n    path = {mirror:?}\n  }}\n}}\n"
            ),
        );
        point_at(&workspace, sandbox);
        workspace.run(&["init", "-no-color"]).succeeded();
        std::fs::remove_dir_all(workspace.path(".terraform")).expect("what init installed");
        let state = workspace.path("state/terraform.tfstate");
        workspace.write(
            "backend.tf",
            &format!("terraform {{\n  backend \"local\" {{\n    path = {state:?}\n  }}\n}}\n"),
        );

        workspace.write("bin/curl", CURL);
        workspace.write("bin/apk", "#!/bin/sh\n");
        for name in ["curl", "apk"] {
            let file = workspace.path("bin").join(name);
            std::fs::set_permissions(file, PermissionsExt::from_mode(0o755)).expect("a program");
        }
        symlink(&engine.path, workspace.path("bin/terraform")).expect("a link");
        let own_path = std::env::var("PATH").unwrap_or_default();
        let folder = workspace.path("");
        let folder = folder.to_str().expect("a path in UTF-8");
        let environment = [
            ("PATH", format!("{folder}/bin:{own_path}")),
            ("ID_TOKEN", ID_TOKEN.to_owned()),
            ("TF_CLI_CONFIG_FILE", format!("{folder}/cli.tfrc")),
            ("CHECKPOINT_DISABLE", "1".to_owned()),
            ("HW_DISABLE_METADATA", "true".to_owned()),
            // Of GitHub and of GitLab.
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "of the job".to_owned()),
            (
                "ACTIONS_ID_TOKEN_REQUEST_URL",
                "http://runner/token".to_owned(),
            ),
            ("HW_ASSUME_ROLE_IDP_ID", "sandbox-idp".to_owned()),
            ("CHANGE", "CHG-7".to_owned()),
            ("CHAT_URL", "http://chat".to_owned()),
            ("CI_PIPELINE_URL", "http://run/7".to_owned()),
        ];
        let expressions = [
            ("inputs.change", "CHG-7"),
            ("vars.HW_IDP_ID", "sandbox-idp"),
            ("vars.HW_IDP_CLIENT_ID", "huaweicloud"),
            ("github.workspace", folder),
            ("github.server_url", "http://run"),
            ("github.repository", "shop/databases"),
            ("github.run_id", "7"),
            ("secrets.OBS_ACCESS_KEY", "of the bucket"),
            ("secrets.OBS_SECRET_KEY", "of the bucket"),
            ("secrets.CHAT_URL", "http://chat"),
        ];
        let own = |(name, value): (&str, String)| (name.to_owned(), value);
        Self {
            environment: environment.map(own).into(),
            expressions: expressions
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            workspace,
        }
    }

    /// Runs the scripts of a job in a folder without what an earlier job installed.
    fn run(&mut self, scripts: &[Script]) -> Ending {
        std::fs::remove_dir_all(self.workspace.path(".terraform")).ok();
        let mut ending = Ending {
            succeeded: true,
            printed: String::new(),
        };
        for script in scripts {
            if !ending.succeeded && !script.always {
                continue;
            }
            let outcome = if ending.succeeded {
                "success"
            } else {
                "failure"
            };
            self.expressions
                .insert("steps.kill.outcome".to_owned(), outcome.to_owned());
            let status = if ending.succeeded {
                "success"
            } else {
                "failed"
            };
            let variables = script
                .variables
                .iter()
                .map(|(name, value)| (name, self.filled_in(value)));
            let output = Command::new("bash")
                .args(["-eo", "pipefail", "-c", &script.lines])
                .current_dir(self.workspace.path(""))
                .env_clear()
                .envs(&self.environment)
                .env("CI_JOB_STATUS", status)
                .envs(variables)
                .output()
                .expect("bash starts");
            ending.succeeded &= output.status.success();
            ending.printed += &String::from_utf8_lossy(&output.stdout);
            ending.printed += &String::from_utf8_lossy(&output.stderr);
        }
        ending
    }

    /// A value with what stands for the expressions of GitHub in it, and for the variables of GitLab.
    fn filled_in(&self, value: &str) -> String {
        let mut parts = value.split("${{");
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (expression, rest) = part.split_once("}}").expect("the expression ends");
            let meaning = self.expressions.get(expression.trim());
            filled += meaning.unwrap_or_else(|| panic!("{expression} means nothing"));
            filled += rest;
        }
        filled.replace("$CHANGE", "CHG-7")
    }

    /// What the last job posted to the chat.
    fn posted(&self) -> String {
        let file = self.workspace.path("posted");
        let message = std::fs::read_to_string(&file).expect("a message");
        std::fs::remove_file(file).expect("a message");
        let message: Value = serde_json::from_str(&message).expect("JSON");
        message["text"].as_str().expect("a text").to_owned()
    }
}

/// The variables of a mapping, which is missing when there are none.
fn variables(mapping: &Value) -> BTreeMap<String, String> {
    let mapping = mapping.as_object().cloned().unwrap_or_default();
    let text = |value: Value| value.as_str().expect("a text").to_owned();
    mapping
        .into_iter()
        .map(|(name, value)| (name, text(value)))
        .collect()
}

/// The scripts of a job of GitHub.
fn github_job(name: &str) -> Vec<Script> {
    let workflow = yaml(GITHUB);
    let steps = workflow["jobs"][name]["steps"].as_array().expect("steps");
    let scripts = steps.iter().filter_map(|step| {
        let mut all = variables(&workflow["env"]);
        all.extend(variables(&step["env"]));
        Some(Script {
            lines: step["run"].as_str()?.to_owned(),
            variables: all,
            always: step["if"] == "always()",
        })
    });
    scripts.collect()
}

/// The scripts of a job of GitLab.
fn gitlab_job(name: &str) -> Vec<Script> {
    let pipeline = yaml(GITLAB);
    let mut all = variables(&pipeline["variables"]);
    let tokens = pipeline["default"]["id_tokens"]
        .as_object()
        .expect("tokens");
    all.extend(
        tokens
            .keys()
            .map(|name| (name.clone(), ID_TOKEN.to_owned())),
    );
    let lines = |value: &Value| {
        let lines = value.as_array().into_iter().flatten();
        let lines: Vec<&str> = lines.map(|line| line.as_str().expect("a line")).collect();
        lines.join("\n")
    };
    let job = &pipeline[name];
    let before = lines(&pipeline["default"]["before_script"]);
    let script = |lines, always| Script {
        lines,
        variables: all.clone(),
        always,
    };
    vec![
        script(format!("{before}\n{}", lines(&job["script"])), false),
        script(lines(&job["after_script"]), true),
    ]
}

/// The jobs `plan` and `kill` of both pipelines.
fn pipelines() -> [[Vec<Script>; 2]; 2] {
    [
        ["plan", "kill"].map(github_job),
        ["plan", "kill"].map(gitlab_job),
    ]
}

#[test]
fn a_pipeline_kills_what_was_planned_and_approved_and_says_so_in_the_chat() {
    program("jq");
    for engine in engines::all() {
        for [plan, kill] in pipelines() {
            let sandbox = cloud().option("--id-token", ID_TOKEN).start();
            let mut runner = Runner::new(engine, &sandbox);

            let planned = runner.run(&plan);
            assert!(planned.succeeded, "{engine}: {}", planned.printed);
            let question = runner.posted();
            assert!(question.contains("\napp@192.168."), "{question}");
            assert!(question.contains("At most 100 are killed"), "{question}");
            assert_eq!(killed(&sandbox), 0, "a plan kills nobody");

            let ended = runner.run(&kill);
            assert!(ended.succeeded, "{engine}: {}", ended.printed);
            let asked_about = question.matches("\napp@").count();
            assert_eq!(killed(&sandbox), asked_about);
            let report = runner.posted();
            assert!(report.contains("Change CHG-7: success"), "{report}");
            assert!(
                report.contains(&format!("\"killed\":{asked_about}")),
                "{report}"
            );

            // The same job once more: the state has changed since the plan.
            let again = runner.run(&kill);
            assert!(!again.succeeded && again.printed.contains("Saved plan is stale"));
            assert_eq!(killed(&sandbox), asked_about);

            // The same change once more: the kill is in state already.
            assert!(runner.run(&plan).succeeded);
            assert!(runner.posted().contains("At most 0 are killed"));
            nobody_is_killed_twice(&sandbox);
        }
    }
}

#[test]
fn a_kill_that_is_refused_fails_its_job_and_the_chat_says_so() {
    program("jq");
    for [plan, kill] in pipelines() {
        let sandbox = cloud().option("--id-token", ID_TOKEN).start();
        let mut runner = Runner::new(engines::newest_terraform(), &sandbox);
        runner
            .workspace
            .edit("max_sessions = 100", "max_sessions = 3");

        assert!(runner.run(&plan).succeeded);
        assert!(runner.posted().contains("At most 3 are killed"));
        let ended = runner.run(&kill);
        assert!(!ended.succeeded);
        assert!(
            ended.printed.contains("but max_sessions is 3"),
            "{}",
            ended.printed
        );
        let report = runner.posted();
        assert!(
            report.contains("CHG-7: fail") && report.contains("In state: null"),
            "{report}"
        );
        assert_eq!(killed(&sandbox), 0);
    }
}

#[test]
fn no_pipeline_kills_without_approval_or_a_second_time_by_itself() {
    let workflow = yaml(GITHUB);
    let kill = &workflow["jobs"]["kill"];
    assert_eq!(kill["needs"], "plan");
    assert_eq!(kill["environment"], "production");
    assert_eq!(kill["if"], "github.run_attempt == 1");
    assert_eq!(workflow["concurrency"]["cancel-in-progress"], false);
    assert_eq!(workflow["permissions"]["id-token"], "write");

    let pipeline = yaml(GITLAB);
    let kill = &pipeline["kill"];
    assert_eq!(kill["when"], "manual");
    assert_eq!(kill["environment"], "production");
    assert_eq!(kill["retry"], 0);
    assert_eq!(kill["interruptible"], false);
    assert_eq!(kill["allow_failure"], false);
    assert_eq!(pipeline["default"]["retry"], Value::Null);
}

#[test]
fn every_action_of_others_is_pinned_to_a_commit() {
    let workflow = text(GITHUB);
    let actions = workflow
        .lines()
        .filter_map(|line| line.split_once("uses: "));
    let mut seen = 0;
    for (_, action) in actions {
        let (_, commit) = action.split_once('@').expect("a version");
        let commit = commit.split_whitespace().next().expect("a version");
        let is_commit = commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit());
        assert!(is_commit, "{action}");
        seen += 1;
    }
    assert!(seen >= 6, "the actions are not found");
}

#[test]
fn the_backends_of_the_pipelines_are_valid() {
    let engine = engines::newest_terraform();
    let sandbox = cloud().start();
    for folder in ["github-actions", "gitlab-ci"] {
        let workspace = workspace(engine, &sandbox, "pipeline", Part::Root);
        workspace.write(
            "backend.tf",
            &text(&format!("pipeline/{folder}/backend.tf")),
        );
        workspace.validate().succeeded();
    }
}
