//! What is wrong with a `select` block or the arguments beside it is said at plan time, on the attribute, without a call.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::engines;
use crate::support::sandbox::Sandbox;
use crate::support::services::{FEW, MOST, SERVICES, SOME, Service};
use crate::support::workspace::Workspace;

/// Kinds of blocks that have a `select` block in them.
const KINDS: [&str; 4] = ["resource", "action", "data", "ephemeral"];

/// A mistake, and what the engine says of it: the line at which it points, and the words.
type Case<'a> = (&'a str, &'a [&'a str]);

/// Validates blocks of one kind, each with one mistake, and finds each mistake told.
fn refused(kind: &str, service: &Service, cases: &[Case]) {
    let sandbox = Sandbox::builder().start();
    let name = |number: usize| format!("case_{number}");
    let blocks: String = (cases.iter().enumerate())
        .map(|(number, (body, _))| service.named_block(kind, &name(number), body))
        .collect();
    let workspace = Workspace::new(engines::newest_terraform(), &sandbox, &blocks);

    let run = workspace.run(&["validate", "-json"]).failed();

    let told: Value = serde_json::from_str(&run.stdout).expect("diagnostics as JSON");
    let told = told["diagnostics"].as_array().expect("a list");
    for (number, (body, saying)) in cases.iter().enumerate() {
        let end = format!(" {:?}", name(number));
        let is_about = |one: &&Value| {
            let context = one["snippet"]["context"].as_str();
            context.is_some_and(|context| context.ends_with(&end))
        };
        let about: Vec<String> = (told.iter())
            .filter(is_about)
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
            "{} {kind}: {body}\nshould say {saying:?}, and says {about:#?}",
            service.name
        );
    }
    assert_eq!(sandbox.calls().len(), 0);
}

/// The cases as `select` blocks with these conditions.
fn refused_conditions(service: &Service, cases: &[Case]) {
    let bodies: Vec<String> = (cases.iter())
        .map(|(conditions, _)| format!("select {{\n    {conditions}\n  }}"))
        .collect();
    let cases: Vec<Case> = (bodies.iter().zip(cases))
        .map(|(body, (_, saying))| (body.as_str(), *saying))
        .collect();
    for kind in KINDS {
        refused(kind, service, &cases);
    }
}

#[test]
fn conditions_that_make_no_sense_are_refused() {
    for service in &SERVICES {
        refused_conditions(
            service,
            &[
                ("", &["select {", "nothing is selected", "all = true"]),
                (
                    "exclude_users = [\"a\"]",
                    &["only exclusions are given", "all = true"],
                ),
                (
                    "exclude_addresses = [\"10.0.0.7\"]",
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
                    "addresses = [\"10.0.0.7\"]\n    exclude_addresses = [\"10.0.0.7\"]",
                    &["exclude_addresses = [", "\"10.0.0.7\" is also in addresses"],
                ),
                (
                    "addresses = [\"10.0.0.0/33\"]",
                    &[
                        "addresses = [",
                        "select.addresses[0]: \"10.0.0.0/33\" is not a network",
                    ],
                ),
                (
                    "addresses = [\"10.0.0.7/24\"]",
                    &[
                        "\"10.0.0.0/24\" for the whole network",
                        "\"10.0.0.7\" for the one address",
                    ],
                ),
                (
                    "addresses = [\"10.0.0.300\"]",
                    &["\"10.0.0.300\" is not an address"],
                ),
                (
                    "min_idle = \"5\"",
                    &["min_idle = \"5\"", "has no unit", "\"5m\""],
                ),
                ("min_idle = \"5 minutes\"", &["select.min_idle"]),
                ("min_idle = \"-5m\"", &["min_idle = ", "select.min_idle"]),
                ("min_idle = \"0s\"", &["select.min_idle", "every session"]),
                (
                    "all = true\n    users = [\"a\"]",
                    &["all = true:", "contradicts users"],
                ),
            ],
        );
    }
}

#[test]
fn conditions_of_one_service_that_make_no_sense_are_refused() {
    refused_conditions(
        Service::named("taurusdb"),
        &[
            (
                "statement_matches = [\"ok\", \"(\"]",
                &[
                    "statement_matches = [",
                    "select.statement_matches[1]",
                    "unclosed group",
                ],
            ),
            (
                "exclude_statement_matches = [\"jobs\"]",
                &["only exclusions are given", "all = true"],
            ),
            (
                "all = true\n    exclude_statement_matches = [\"(\"]",
                &[
                    "exclude_statement_matches = [",
                    "select.exclude_statement_matches[0]",
                    "unclosed group",
                ],
            ),
            (
                "min_busy = \"5\"",
                &["min_busy = \"5\"", "has no unit", "\"5m\""],
            ),
            ("min_busy = \"0s\"", &["select.min_busy", "every session"]),
            (
                "all = true\n    commands = [\"Sleep\"]",
                &["all = true:", "contradicts commands"],
            ),
        ],
    );
    refused_conditions(
        Service::named("dcs"),
        &[
            (
                "addresses = [\"app-7\"]",
                &["addresses = [", "\"app-7\" is not an address"],
            ),
            ("addresses = [\"10.0.0.0/24:80\"]", &["is not a network"]),
            ("addresses = [\"10.0.0.7:99999\"]", &["the port \"99999\""]),
            ("names = [\"[a\"]", &["names = [", "\"[a\" is not a glob"]),
            (
                "databases = [0, 1.5]",
                &[
                    "databases = [",
                    "select.databases[1]: \"1.5\" is not a database",
                ],
            ),
            ("databases = [-1]", &["\"-1\" is not a database"]),
            ("flags = [\"NP\"]", &["flags = [", "\"NP\" is not a flag"]),
            ("min_age = \"1m30\"", &["min_age = ", "select.min_age"]),
        ],
    );
}

#[test]
fn arguments_that_contradict_each_other_are_refused() {
    const SELECT: &str = "select {\n    users = [\"a\"]\n  }";
    for service in &SERVICES {
        let ids = &service.ids;
        let (argument, nobody) = (ids.argument, ids.nobody);
        let (odd, one) = ids.odd;
        refused(
            "resource",
            service,
            &[
                (
                    &format!("{argument} = [{nobody}]\n  {SELECT}"),
                    &["select {", &format!("{argument} conflicts with select")],
                ),
                (
                    &format!("{argument} = []"),
                    &[
                        &format!("{argument} = []:"),
                        &format!("{argument} is empty"),
                    ],
                ),
                (
                    &format!("{argument} = [{nobody}, {odd}]"),
                    &[
                        &format!("Invalid {one}"),
                        &format!("{argument}[1] is {odd}."),
                    ],
                ),
                (
                    &format!("{argument} = [{nobody}, null]"),
                    &[&format!("{argument}[1] is null.")],
                ),
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
    }
    refused(
        "resource",
        Service::named("taurusdb"),
        &[(
            "",
            &[
                "Specify which sessions to kill",
                "processes",
                "select block",
            ],
        )],
    );
    refused(
        "resource",
        Service::named("dcs"),
        &[(
            "client_addrs = [\"10.0.0.7:1\"]\n  kill_all_nodes = true",
            &["client_addrs needs node_id"],
        )],
    );
}

#[test]
fn what_is_not_known_before_apply_is_accepted_and_the_rest_is_checked() {
    let ticket = format!("resource \"terraform_data\" \"ticket\" {{\n  input = {SOME:?}\n}}\n");
    let unknown = "terraform_data.ticket.output";
    for service in &SERVICES {
        let workspace = |sandbox: &Sandbox, body: &str| {
            let configuration = format!("{ticket}{}", service.kills(body));
            Workspace::new(engines::newest_terraform(), sandbox, &configuration)
        };

        // Conditions, and whether there is a block at all.
        for (body, killed, spared) in [
            (
                format!("select {{\n    users = [{unknown}]\n  }}"),
                SOME,
                [MOST, FEW],
            ),
            (
                format!(
                    "select {{\n    all = true\n    exclude_users = [{MOST:?}, {FEW:?}, {unknown}]\n  }}"
                ),
                "worker",
                [MOST, FEW],
            ),
            (
                format!(
                    "dynamic \"select\" {{\n    for_each = [{unknown}]\n    content {{\n      users = [select.value]\n    }}\n  }}"
                ),
                SOME,
                [MOST, FEW],
            ),
        ] {
            let sandbox = service.sandbox(50);
            let workspace = workspace(&sandbox, &body);
            workspace.plan().planned_changes();
            workspace.apply().succeeded();
            let state = workspace.resource(&service.killing());
            let state = state.expect("the kill is in state");
            let users = state.with_outcome("killed", "user");
            assert_eq!(state.outcomes().len(), 1, "{body}");
            assert_eq!(sandbox.nodes()[0].sessions.len(), 50 - users.len());
            let users: BTreeSet<&str> = users.iter().filter_map(Value::as_str).collect();
            assert!(users.contains(killed), "{body}: {users:?}");
            assert!(users.is_disjoint(&spared.into()), "{body}: {users:?}");
            assert_eq!(users.contains(SOME), killed == SOME, "{body}: {users:?}");
            workspace.plan().succeeded();
        }

        // A mistake beside them is found at plan time all the same.
        let sandbox = service.sandbox(1);
        workspace(
            &sandbox,
            &format!("select {{\n    users = [{unknown}]\n    min_idle = \"5\"\n  }}"),
        )
        .plan()
        .failed()
        .saying(&["select.min_idle", "has no unit"]);

        // And a mistake in them at apply time, before anything is called.
        workspace(
            &sandbox,
            &format!("select {{\n    min_idle = {unknown}\n  }}"),
        )
        .apply()
        .failed()
        .saying(&["select.min_idle"]);
        assert_eq!(sandbox.calls().len(), 0);
    }
}
