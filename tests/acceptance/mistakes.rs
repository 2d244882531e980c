//! The mistakes that newcomers make, and what they are told: written down in `docs/guides/mistakes.md`, so that a change of
//! any message is seen, and read before it is accepted.

use std::fmt::Write as _;

use serde_json::Value;

use crate::support::document;
use crate::support::engines;
use crate::support::sandbox::{
    ACCESS_KEY, DCS_INSTANCE, DCS_NODES, PROJECT_ID, SECRET_KEY, Sandbox, TAURUSDB_INSTANCE,
    TAURUSDB_NODES,
};
use crate::support::workspace::Workspace;

const DOCUMENT: &str = "docs/guides/mistakes.md";

const INTRODUCTION: &str = "\
---
page_title: \"Mistakes: what a wrong configuration is told\"
description: |-
  The mistakes that newcomers make, each with the message it gets, as a test has collected them from a real engine.
---

# Mistakes

What a wrong configuration is told, collected by a test from a real engine. Everything up to \"Found by apply\" is found by
`validate` and `plan`, which call no API: nothing is killed by a configuration with such a mistake. Where apply finds a
mistake, the message says that nothing was sent, or what was.
";

/// A provider block in which nothing is missing. What stands in capitals is put in before it is run.
const PROVIDER: &str = "\
provider \"hwc\" {
  region     = \"cn-north-4\"
  access_key = \"ACCESS_KEY\"
  secret_key = \"SECRET_KEY\"
  project_id = \"PROJECT_ID\"
}
";

struct Mistake {
    title: &'static str,
    provider: String,
    /// What stands beside the provider block.
    rest: String,
}

fn in_resource(title: &'static str, rest: String) -> Mistake {
    Mistake {
        title,
        provider: PROVIDER.to_owned(),
        rest,
    }
}

fn dcs(title: &'static str, body: &str) -> Mistake {
    in_resource(
        title,
        format!("resource \"hwc_dcs_session_kill\" \"all\" {{\n{body}\n}}\n"),
    )
}

fn taurusdb(title: &'static str, body: &str) -> Mistake {
    let [node, _] = TAURUSDB_NODES;
    let body = if body.is_empty() {
        String::new()
    } else {
        format!("{body}\n")
    };
    in_resource(
        title,
        format!(
            "resource \"hwc_taurusdb_session_kill\" \"idle\" {{\n  instance_id = {TAURUSDB_INSTANCE:?}\n  node_id     = {node:?}\n{body}}}\n"
        ),
    )
}

fn in_provider(title: &'static str, provider: &str) -> Mistake {
    let [node, _] = DCS_NODES;
    Mistake {
        provider: provider.to_owned(),
        ..dcs(
            title,
            &format!("  instance_id = {DCS_INSTANCE:?}\n  node_id     = {node:?}"),
        )
    }
}

/// Those that `validate` finds.
fn found_by_validate() -> Vec<Mistake> {
    let [dcs_node, _] = DCS_NODES;
    let [taurusdb_node, _] = TAURUSDB_NODES;
    vec![
        dcs(
            "A misspelt argument",
            &format!("  instance_id   = {DCS_INSTANCE:?}\n  kill_all_node = true"),
        ),
        in_resource(
            "A misspelt type",
            "resource \"hwc_dcs_sessions_kill\" \"all\" {\n}\n".to_owned(),
        ),
        dcs("A missing argument", &format!("  node_id = {dcs_node:?}")),
        dcs(
            "Neither a node nor all nodes",
            &format!("  instance_id = {DCS_INSTANCE:?}"),
        ),
        dcs(
            "The ID of a TaurusDB instance in a DCS resource",
            &format!("  instance_id = {TAURUSDB_INSTANCE:?}\n  node_id     = {dcs_node:?}"),
        ),
        in_resource(
            "The ID of a DCS instance in a TaurusDB resource",
            format!(
                "resource \"hwc_taurusdb_session_kill\" \"idle\" {{\n  instance_id = {DCS_INSTANCE:?}\n  node_id     = {taurusdb_node:?}\n  processes   = [48213]\n}}\n"
            ),
        ),
        in_resource(
            "Instance and node exchanged",
            format!(
                "resource \"hwc_taurusdb_session_kill\" \"idle\" {{\n  instance_id = {taurusdb_node:?}\n  node_id     = {TAURUSDB_INSTANCE:?}\n  processes   = [48213]\n}}\n"
            ),
        ),
        in_resource(
            "The instance's name instead of its ID",
            format!(
                "resource \"hwc_taurusdb_session_kill\" \"idle\" {{\n  instance_id = \"orders-db\"\n  node_id     = {taurusdb_node:?}\n  processes   = [48213]\n}}\n"
            ),
        ),
        taurusdb("Nobody is named", ""),
        taurusdb("An empty list", "  processes   = []"),
        taurusdb(
            "A user where thread IDs belong",
            "  processes   = [\"app\"]",
        ),
        taurusdb(
            "IDs that no thread can have",
            "  processes   = [0, -1, 1.5, 9223372036854775808]",
        ),
        taurusdb(
            "Thread IDs and a selection",
            "  processes   = [48213]\n\n  select {\n    users = [\"app\"]\n  }",
        ),
        taurusdb("An empty selection", "\n  select {}"),
        taurusdb(
            "A selection that only excludes",
            "\n  select {\n    exclude_users = [\"ops\"]\n  }",
        ),
        taurusdb(
            "A condition whose list is empty",
            "\n  select {\n    users = []\n  }",
        ),
        taurusdb(
            "One value where a list belongs",
            "\n  select {\n    users = \"app\"\n  }",
        ),
        taurusdb(
            "A selection written as an argument",
            "\n  select = {\n    users = [\"app\"]\n  }",
        ),
        dcs(
            "Durations without a unit, or in words",
            &format!(
                "  instance_id = {DCS_INSTANCE:?}\n  node_id     = {dcs_node:?}\n\n  select {{\n    min_idle = \"300\"\n    min_age  = \"5 minutes\"\n  }}"
            ),
        ),
        taurusdb(
            "Invalid networks, and an invalid regular expression",
            "\n  select {\n    addresses         = [\"10.0.0.0/33\", \"10.0.0.300\"]\n    statement_matches = [\"SELECT (\"]\n  }",
        ),
        taurusdb(
            "A cap of zero",
            "\n  max_sessions = 0\n\n  select {\n    users = [\"app\"]\n  }",
        ),
        dcs(
            "An address without its port",
            &format!(
                "  instance_id  = {DCS_INSTANCE:?}\n  node_id      = {dcs_node:?}\n  client_addrs = [\"10.0.0.7\"]"
            ),
        ),
        dcs(
            "A time limit without a unit",
            &format!(
                "  instance_id = {DCS_INSTANCE:?}\n  node_id     = {dcs_node:?}\n\n  timeouts {{\n    create = \"10\"\n  }}"
            ),
        ),
        in_provider(
            "An unknown service",
            "provider \"hwc\" {\n  region    = \"cn-north-4\"\n  endpoints = {\n    redis = \"https://dcs.example.com\"\n  }\n}\n",
        ),
        in_provider(
            "An endpoint that is not a URL",
            "provider \"hwc\" {\n  region    = \"cn-north-4\"\n  endpoints = {\n    dcs = \"dcs example com\"\n  }\n}\n",
        ),
    ]
}

/// Those that take a configured provider to find.
fn found_by_plan() -> Vec<Mistake> {
    vec![in_provider(
        "No region",
        &PROVIDER.replace("  region     = \"cn-north-4\"\n", ""),
    )]
}

/// Those that only apply can find. The sandbox stands for the cloud.
fn found_by_apply() -> Vec<Mistake> {
    let [taurusdb_node, _] = TAURUSDB_NODES;
    vec![
        in_provider(
            "No credentials",
            "provider \"hwc\" {\n  region = \"cn-north-4\"\n}\n",
        ),
        in_provider(
            "Half of a key pair",
            "provider \"hwc\" {\n  region     = \"cn-north-4\"\n  access_key = \"ACCESS_KEY\"\n}\n",
        ),
        in_provider(
            "The wrong secret key",
            &PROVIDER.replace("SECRET_KEY", "not-the-secret"),
        ),
        in_provider(
            "The wrong region",
            &PROVIDER
                .replace("cn-north-4", "ap-southeast-3")
                .replace("  project_id = \"PROJECT_ID\"\n", ""),
        ),
        in_provider(
            "Another project's ID",
            &PROVIDER.replace("PROJECT_ID", "fedcba9876543210fedcba9876543210"),
        ),
        in_resource(
            "An instance that is not there",
            format!(
                "resource \"hwc_taurusdb_session_kill\" \"idle\" {{\n  instance_id = \"00000000000000000000000000000000in07\"\n  node_id     = {taurusdb_node:?}\n  processes   = [48213]\n}}\n"
            ),
        ),
    ]
}

#[test]
fn what_newcomers_do_wrong_is_answered_as_the_document_says() {
    let [dcs_node, _] = DCS_NODES;
    let [taurusdb_node, _] = TAURUSDB_NODES;
    let sandbox = Sandbox::builder()
        .simulated_dcs(DCS_INSTANCE, dcs_node, 3)
        .simulated_taurusdb(TAURUSDB_INSTANCE, taurusdb_node, 3)
        .start();

    let mut document = INTRODUCTION.to_owned();
    document += "\n## Found by validate and plan\n";
    for mistake in found_by_validate() {
        document += &entry(&mistake, &sandbox, &["validate", "-json"]);
    }
    for mistake in found_by_plan() {
        document += &entry(&mistake, &sandbox, &["plan", "-json", "-input=false"]);
    }
    document += "\n## Found by apply\n";
    for mistake in found_by_apply() {
        document += &entry(
            &mistake,
            &sandbox,
            &["apply", "-json", "-auto-approve", "-input=false"],
        );
    }

    // Whatever was wrong, nobody was killed.
    assert!(sandbox.nodes().iter().all(|node| node.sessions.len() == 3));
    document::must_say(DOCUMENT, &document);
}

/// The mistake and the messages it gets.
fn entry(mistake: &Mistake, sandbox: &Sandbox, command: &[&str]) -> String {
    let configuration = format!("{}\n{}", mistake.provider, mistake.rest);
    let configuration = configuration
        .replace("ACCESS_KEY", ACCESS_KEY)
        .replace("SECRET_KEY", SECRET_KEY)
        .replace("PROJECT_ID", PROJECT_ID);
    let workspace = Workspace::bare(engines::newest_terraform(), &configuration);
    // The cloud that the configuration does not name is told by the file beside it.
    if !mistake.provider.contains("endpoints") {
        workspace.write("endpoints_override.tf", &endpoints(sandbox));
    }
    let run = workspace.run(command);
    let diagnostics = diagnostics(&run.stdout);
    assert!(
        !diagnostics.is_empty(),
        "{}: nothing is said",
        mistake.title
    );

    let shown = if mistake.provider == PROVIDER {
        &mistake.rest
    } else {
        &mistake.provider
    };
    let mut text = format!("\n### {}\n\n```hcl\n{}```\n\n", mistake.title, shown);
    text += "```text\n";
    for diagnostic in &diagnostics {
        text += &show(diagnostic).replace(sandbox.url(), "https://HOST");
    }
    text.truncate(text.trim_end().len());
    text + "\n```\n"
}

fn endpoints(sandbox: &Sandbox) -> String {
    let url = sandbox.url();
    format!(
        "provider \"hwc\" {{\n  endpoints = {{\n    dcs      = {url:?}\n    taurusdb = {url:?}\n    iam      = {url:?}\n  }}\n}}\n"
    )
}

/// The errors and warnings of a command that was asked for JSON: one document of `validate`, or lines of `apply`.
fn diagnostics(output: &str) -> Vec<Value> {
    let mut diagnostics = match serde_json::from_str::<Value>(output) {
        Ok(document) if document["diagnostics"].is_array() => document["diagnostics"]
            .as_array()
            .cloned()
            .unwrap_or_default(),
        _ => output
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|message| message["type"] == "diagnostic")
            .map(|message| message["diagnostic"].clone())
            .collect(),
    };
    // Every test overrides where the provider comes from, which the engine remarks.
    // The kill beside a wrong provider block is one of all sessions, which is not the mistake.
    let aside = |summary: &str| {
        summary == "Provider development overrides are in effect"
            || summary.starts_with("This kills every session of")
    };
    diagnostics.retain(|one| !aside(one["summary"].as_str().unwrap_or_default()));
    diagnostics
}

/// A diagnostic much as an engine prints it, without line numbers, which a reader of the page has no use for.
fn show(diagnostic: &Value) -> String {
    let field = |name: &str| diagnostic[name].as_str().unwrap_or_default();
    let severity = if field("severity") == "warning" {
        "Warning"
    } else {
        "Error"
    };
    let mut text = format!("{severity}: {}\n", field("summary"));
    let snippet = &diagnostic["snippet"];
    if let Some(context) = snippet["context"].as_str() {
        _ = write!(text, "\n  in {context}:\n");
    }
    if let Some(code) = snippet["code"].as_str() {
        _ = writeln!(text, "  {}", code.trim());
    }
    let detail = field("detail");
    if !detail.is_empty() {
        _ = write!(text, "\n{}\n", without_chance(detail));
    }
    text + "\n"
}

/// Request ids and times differ from run to run.
fn without_chance(detail: &str) -> String {
    let request_id = regex::Regex::new("Request: [0-9a-f]+").expect("a pattern");
    request_id
        .replace_all(detail, "Request: 5c1f0ad9b3e2471c9e6d8a47f0b1c2d3")
        .into_owned()
}
