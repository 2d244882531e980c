//! What is wrong with a `select` block or the arguments beside it is said at plan time, on the attribute, without a call.

use serde_json::Value;

use crate::support::engines;
use crate::support::sandbox::{
    DCS_INSTANCE, DCS_NODES, Sandbox, TAURUSDB_INSTANCE, TAURUSDB_NODES,
};
use crate::support::workspace::Workspace;

/// An instance and a node of each service.
const DCS: (&str, &str) = (DCS_INSTANCE, DCS_NODES[0]);
const TAURUSDB: (&str, &str) = (TAURUSDB_INSTANCE, TAURUSDB_NODES[0]);

/// A mistake, and what the engine says of it: the line at which it points, and the words.
type Case<'a> = (&'a str, &'a [&'a str]);

fn block(kind: &str, name: &str, (instance, node): (&str, &str), body: &str) -> String {
    format!(
        "{kind} {name:?} {{\n  instance_id = {instance:?}\n  node_id = {node:?}\n  {body}\n}}\n"
    )
}

/// Validates blocks of one kind, each with one mistake, and finds each mistake told.
fn refused(kind: &str, ids: (&str, &str), cases: &[Case]) {
    let sandbox = Sandbox::builder().start();
    let name = |number: usize| format!("case_{number}");
    let blocks: String = (cases.iter().enumerate())
        .map(|(number, (body, _))| block(kind, &name(number), ids, body))
        .collect();
    let workspace = Workspace::new(engines::newest_terraform(), &sandbox, &blocks);

    let run = workspace.run(&["validate", "-json"]).failed();

    let told: Value = serde_json::from_str(&run.stdout).expect("diagnostics as JSON");
    let told = told["diagnostics"].as_array().expect("a list");
    for (number, (body, saying)) in cases.iter().enumerate() {
        let context = format!("{kind} {:?}", name(number));
        let about: Vec<String> = (told.iter())
            .filter(|one| one["snippet"]["context"] == context.as_str())
            .map(|one| {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                format!(
                    "{}: {}: {}",
                    text(&one["snippet"]["code"]).trim(),
                    text(&one["summary"]),
                    text(&one["detail"])
                        .split_whitespace()
                        .collect::<Vec<_>>()
                        .join(" ")
                )
            })
            .collect();
        assert!(
            about
                .iter()
                .any(|text| saying.iter().all(|words| text.contains(words))),
            "{body}\nshould say {saying:?}, and says {about:#?}"
        );
    }
    assert_eq!(sandbox.calls().len(), 0);
}

/// The cases as `select` blocks with these conditions.
fn refused_conditions(kinds: [&str; 3], ids: (&str, &str), cases: &[Case]) {
    let bodies: Vec<String> = (cases.iter())
        .map(|(conditions, _)| format!("select {{\n    {conditions}\n  }}"))
        .collect();
    let cases: Vec<Case> = (bodies.iter().zip(cases))
        .map(|(body, (_, saying))| (body.as_str(), *saying))
        .collect();
    for kind in kinds {
        refused(kind, ids, &cases);
    }
}

#[test]
fn conditions_on_taurusdb_sessions_that_make_no_sense_are_refused() {
    refused_conditions(
        [
            "resource \"hwc_taurusdb_session_kill\"",
            "data \"hwc_taurusdb_sessions\"",
            "ephemeral \"hwc_taurusdb_sessions\"",
        ],
        TAURUSDB,
        &[
            ("", &["select {", "nothing is selected", "all = true"]),
            (
                "exclude_users = [\"a\"]",
                &["only exclusions are given", "all = true"],
            ),
            (
                "users = []",
                &["users = []:", "select.users: the list is empty"],
            ),
            (
                "users = [\"a\", \"\"]",
                &["users = [", "select.users[1]: the value is empty"],
            ),
            ("users = [\"a\", null]", &["select.users[1] is null"]),
            (
                "users = [\" a\"]",
                &["select.users[0]: \" a\" begins or ends with white space"],
            ),
            (
                "users = [\"a\"]\n    exclude_users = [\"a\"]",
                &["exclude_users = [", "\"a\" is also in users"],
            ),
            (
                "hosts = [\"10.0.0.0/33\"]",
                &[
                    "hosts = [",
                    "select.hosts[0]: \"10.0.0.0/33\" is not a network",
                ],
            ),
            (
                "hosts = [\"10.0.0.7/24\"]",
                &[
                    "\"10.0.0.0/24\" for the whole network",
                    "\"10.0.0.7\" for the one address",
                ],
            ),
            (
                "hosts = [\"10.0.0.300\"]",
                &["\"10.0.0.300\" is not an address"],
            ),
            (
                "statement_matches = [\"ok\", \"(\"]",
                &[
                    "statement_matches = [",
                    "select.statement_matches[1]",
                    "unclosed group",
                ],
            ),
            (
                "min_time = \"5\"",
                &["min_time = \"5\"", "has no unit", "\"5m\""],
            ),
            ("min_time = \"5 minutes\"", &["select.min_time"]),
            ("min_time = \"0s\"", &["select.min_time", "every session"]),
            (
                "min_time = \"5m\"\n    max_time = \"4m\"",
                &["select.min_time", "above the maximum"],
            ),
            (
                "all = true\n    commands = [\"Sleep\"]",
                &["all = true:", "contradicts commands"],
            ),
        ],
    );
}

#[test]
fn conditions_on_dcs_sessions_that_make_no_sense_are_refused() {
    refused_conditions(
        [
            "resource \"hwc_dcs_session_kill\"",
            "data \"hwc_dcs_sessions\"",
            "ephemeral \"hwc_dcs_sessions\"",
        ],
        DCS,
        &[
            ("", &["select {", "nothing is selected", "all = true"]),
            (
                "addresses = [\"app-7\"]",
                &["addresses = [", "\"app-7\" is not an address"],
            ),
            ("addresses = [\"10.0.0.0/24:80\"]", &["is not a network"]),
            ("addresses = [\"10.0.0.7:99999\"]", &["the port \"99999\""]),
            ("names = [\"[a\"]", &["names = [", "\"[a\" is not a glob"]),
            (
                "databases = [0, 1.5]",
                &["databases = [", "select.databases[1] is 1.5"],
            ),
            ("databases = [-1]", &["-1 is not a database"]),
            ("flags = [\"NP\"]", &["flags = [", "\"NP\" is not a flag"]),
            ("min_idle = \"-5m\"", &["min_idle = ", "select.min_idle"]),
            ("min_age = \"1m30\"", &["min_age = ", "select.min_age"]),
        ],
    );
}

#[test]
fn arguments_that_contradict_each_other_are_refused() {
    const SELECT: &str = "select {\n    users = [\"a\"]\n  }";
    refused(
        "resource \"hwc_taurusdb_session_kill\"",
        TAURUSDB,
        &[
            (
                &format!("processes = [1]\n  {SELECT}"),
                &["select {", "Both processes and select"],
            ),
            ("", &["processes", "select block"]),
            (
                &format!("max_sessions = 0\n  {SELECT}"),
                &[
                    "max_sessions = 0",
                    "a whole number from 1",
                    "dry_run = true",
                ],
            ),
            (
                &format!("max_sessions = 1.5\n  {SELECT}"),
                &["max_sessions is 1.5"],
            ),
            (
                &format!("max_sessions = -3\n  {SELECT}"),
                &["max_sessions is -3"],
            ),
        ],
    );
    refused(
        "resource \"hwc_dcs_session_kill\"",
        DCS,
        &[
            (
                &format!("client_addrs = [\"10.0.0.7:1\"]\n  {SELECT}"),
                &["select {", "Both client_addrs and select"],
            ),
            ("client_addrs = []", &["client_addrs is empty"]),
            (
                "client_addrs = [\"10.0.0.7\"]",
                &["client_addrs[0] is \"10.0.0.7\"", "port"],
            ),
            (
                "client_addrs = [\"10.0.0.7:1\", null]",
                &["client_addrs[1] is null"],
            ),
            (
                "client_addrs = [\"10.0.0.7:1\"]\n  kill_all_nodes = true",
                &["client_addrs needs node_id"],
            ),
        ],
    );
}

#[test]
fn what_is_not_known_before_apply_is_accepted_and_the_rest_is_checked() {
    let sandbox = Sandbox::builder()
        .simulated_taurusdb(TAURUSDB_INSTANCE, TAURUSDB_NODES[0], 50)
        .start();
    let ticket = "resource \"terraform_data\" \"ticket\" {\n  input = \"report\"\n}\n";
    let kill = |body: &str| {
        let kill = block(
            "resource \"hwc_taurusdb_session_kill\"",
            "test",
            TAURUSDB,
            body,
        );
        Workspace::new(
            engines::newest_terraform(),
            &sandbox,
            &format!("{ticket}{kill}"),
        )
    };
    let unknown = "terraform_data.ticket.output";

    // Conditions, and whether there is a block at all.
    for body in [
        format!("select {{\n    users = [{unknown}]\n  }}"),
        format!("select {{\n    all = true\n    exclude_users = [\"a\", {unknown}]\n  }}"),
        format!(
            "dynamic \"select\" {{\n    for_each = [{unknown}]\n    content {{\n      users = [select.value]\n    }}\n  }}"
        ),
    ] {
        let workspace = kill(&body);
        workspace.plan().planned_changes();
        workspace.apply().succeeded();
        let state = workspace
            .resource("hwc_taurusdb_session_kill.test")
            .expect("the kill is in state");
        assert_eq!(
            state.values["matched"], state.values["processes_killed"],
            "{body}"
        );
        workspace.plan().succeeded();
    }

    // A mistake beside them is found at plan time all the same.
    kill(&format!(
        "select {{\n    users = [{unknown}]\n    min_time = \"5\"\n  }}"
    ))
    .plan()
    .failed()
    .saying(&["select.min_time", "has no unit"]);

    // And a mistake in them at apply time, before anything is called.
    let calls = sandbox.calls().len();
    kill(&format!("select {{\n    min_time = {unknown}\n  }}"))
        .apply()
        .failed()
        .saying(&["select.min_time"]);
    assert_eq!(sandbox.calls().len(), calls);
}
