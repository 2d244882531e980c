//! What is wrong with a `select` block or the arguments beside it is said at plan time, on the attribute, without a call.

use std::collections::BTreeSet;

use serde_json::Value;
use terraform_provider_hwc::session::Condition;

use crate::support::engines;
use crate::support::groups::{FEW, MOST, REST, SOME};
use crate::support::sandbox::Sandbox;
use crate::support::services::{SERVICES, Service};
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
fn selections_that_make_no_sense_are_refused() {
    for service in SERVICES {
        let choosing = service.groups.condition;
        refused_conditions(
            service,
            &[
                ("", &["select {", "has no condition", "all = true"]),
                (
                    &format!("{choosing} = []"),
                    &[
                        &format!("{choosing} = []:"),
                        &format!("select.{choosing}: the list is empty"),
                    ],
                ),
                (
                    &format!("{choosing} = [\"a\", \"\"]"),
                    &[
                        &format!("{choosing} = ["),
                        &format!("select.{choosing}[1]: the value is empty"),
                    ],
                ),
                (
                    &format!("{choosing} = [\"a\", null]"),
                    &[&format!("select.{choosing}[1] is null")],
                ),
                (
                    &format!("{choosing} = [\" a\"]"),
                    &[&format!(
                        "select.{choosing}[0]: \" a\" begins or ends with white space"
                    )],
                ),
                (
                    &format!("all = true\n    {choosing} = [\"a\"]"),
                    &["all = true:", &format!("conflicts with {choosing}")],
                ),
            ],
        );
    }
}

/// What may be written for a condition and makes no sense, and what is said of it.
///
/// A new condition does not compile without its mistakes.
fn mistakes_in(condition: Condition) -> Vec<(String, Vec<String>)> {
    let name = condition.name();
    // The condition with this value, and the words.
    let value = |value: &str, words: &[&str]| {
        let attribute = format!("{name} = ");
        let words = words.iter().map(|words| (*words).to_owned());
        (
            format!("{name} = {value}"),
            [attribute].into_iter().chain(words).collect(),
        )
    };
    // An exclusion is written beside what it takes away from.
    let beside = |other: &str, (conditions, words): (String, Vec<String>)| {
        (format!("{other}\n    {conditions}"), words)
    };
    let alone = |one: &str| {
        let words = ["select {", "has only exclusions", "all = true"];
        (
            format!("{name} = [{one}]"),
            words.map(ToOwned::to_owned).to_vec(),
        )
    };
    match condition {
        // Tests of selections are about what holds for every list of texts.
        Condition::Users | Condition::States | Condition::Applications => {
            vec![value("[\"\"]", &["the value is empty"])]
        }
        Condition::ExcludeUsers => vec![
            alone("\"a\""),
            beside(
                "users = [\"a\"]",
                value("[\"a\"]", &["\"a\" is also in users"]),
            ),
        ],
        Condition::Addresses { host_names } => {
            let mut cases = vec![
                value(
                    "[\"10.0.0.0/33\"]",
                    &["select.addresses[0]: \"10.0.0.0/33\" is not a network"],
                ),
                value(
                    "[\"10.0.0.7/24\"]",
                    &[
                        "\"10.0.0.0/24\" for the whole network",
                        "\"10.0.0.7\" for the one address",
                    ],
                ),
                value("[\"10.0.0.300\"]", &["\"10.0.0.300\" is not an address"]),
            ];
            if !host_names {
                cases.extend([
                    value("[\"app-7\"]", &["\"app-7\" is not an address"]),
                    value("[\"10.0.0.0/24:80\"]", &["is not a network"]),
                    value("[\"10.0.0.7:99999\"]", &["the port \"99999\""]),
                ]);
            }
            cases
        }
        Condition::ExcludeAddresses { .. } => vec![
            alone("\"10.0.0.7\""),
            beside(
                "addresses = [\"10.0.0.7\"]",
                value("[\"10.0.0.7\"]", &["\"10.0.0.7\" is also in addresses"]),
            ),
        ],
        Condition::Databases { numbered: true } => vec![
            value(
                "[0, 1.5]",
                &["select.databases[1]: \"1.5\" is not a database"],
            ),
            value("[-1]", &["\"-1\" is not a database"]),
        ],
        Condition::Databases { numbered: false } => vec![value("[\"\"]", &["the value is empty"])],
        Condition::Commands => vec![(
            "all = true\n    commands = [\"Sleep\"]".to_owned(),
            vec![
                "all = true:".to_owned(),
                "conflicts with commands".to_owned(),
            ],
        )],
        Condition::Flags => vec![value("[\"NP\"]", &["\"NP\" is not a flag"])],
        Condition::Names => vec![value("[\"[a\"]", &["\"[a\" is not a glob"])],
        Condition::StatementMatches => vec![value(
            "[\"ok\", \"(\"]",
            &["select.statement_matches[1]", "unclosed group"],
        )],
        Condition::ExcludeStatementMatches => vec![
            alone("\"jobs\""),
            beside(
                "all = true",
                value(
                    "[\"(\"]",
                    &["select.exclude_statement_matches[0]", "unclosed group"],
                ),
            ),
        ],
        Condition::MinIdle | Condition::MinBusy | Condition::MinAge | Condition::MinTransaction => {
            let attribute = format!("select.{name}");
            vec![
                value("\"5\"", &[&attribute, "has no unit", "\"5m\""]),
                value("\"5 minutes\"", &[&attribute, "is not a duration"]),
                value("\"1m30\"", &[&attribute]),
                value("\"-5m\"", &[&attribute]),
                value("\"0s\"", &[&attribute, "every session"]),
            ]
        }
        Condition::Blocking => vec![
            (
                "blocking = false".to_owned(),
                vec!["select {".to_owned(), "has no condition".to_owned()],
            ),
            (
                "all = true\n    blocking = true".to_owned(),
                vec![
                    "all = true:".to_owned(),
                    "conflicts with blocking".to_owned(),
                ],
            ),
        ],
        // What it conflicts with is told of the others.
        Condition::All => vec![(
            "all = false".to_owned(),
            vec!["select {".to_owned(), "has no condition".to_owned()],
        )],
    }
}

#[test]
fn conditions_that_make_no_sense_are_refused() {
    for service in SERVICES {
        let conditions = service.description().conditions.iter();
        let cases: Vec<(String, Vec<String>)> =
            conditions.flat_map(|one| mistakes_in(*one)).collect();
        let words: Vec<Vec<&str>> = (cases.iter())
            .map(|(_, words)| words.iter().map(String::as_str).collect())
            .collect();
        let cases: Vec<Case> = (cases.iter().zip(&words))
            .map(|((conditions, _), words)| (conditions.as_str(), words.as_slice()))
            .collect();
        refused_conditions(service, &cases);
    }
}

#[test]
fn arguments_that_contradict_each_other_are_refused() {
    for service in SERVICES {
        let select = service.select("a");
        let ids = &service.ids;
        let (argument, nobody) = (ids.argument, ids.nobody[0]);
        let (odd, one) = ids.odd;
        refused(
            "resource",
            service,
            &[
                (
                    &format!("{argument} = [{nobody}]\n  {select}"),
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
                    &format!("max_sessions = 0\n  {select}"),
                    &[
                        "max_sessions = 0",
                        "a whole number from 1",
                        "dry_run = true",
                    ],
                ),
                (
                    &format!("max_sessions = 1.5\n  {select}"),
                    &["max_sessions is 1.5"],
                ),
                (
                    &format!("max_sessions = -3\n  {select}"),
                    &["max_sessions is -3"],
                ),
            ],
        );
        if !service.kills_all {
            let said = ["Specify which sessions to kill", argument, "select block"];
            refused("resource", service, &[("", &said)]);
        }
    }
    refused(
        "resource",
        Service::named("dcs"),
        &[(
            "client_addrs = [\"10.0.0.7:1\"]\n  kill_all_nodes = true",
            &["client_addrs requires node_id"],
        )],
    );
}

#[test]
fn what_is_not_known_before_apply_is_accepted_and_the_rest_is_checked() {
    let unknown = "terraform_data.ticket.output";
    for service in SERVICES {
        let (condition, time) = (service.groups.condition, service.time_condition());
        let ticket = format!(
            "resource \"terraform_data\" \"ticket\" {{\n  input = {}\n}}\n",
            service.group(SOME)
        );
        let all_but = |exclusion| {
            let [most, few] = [MOST, FEW].map(|group| service.group(group));
            format!("select {{\n    all = true\n    {exclusion} = [{most}, {few}, {unknown}]\n  }}")
        };
        let workspace = |sandbox: &Sandbox, body: &str| {
            let configuration = format!("{ticket}{}", service.kills(body));
            Workspace::new(engines::newest_terraform(), sandbox, &configuration)
        };

        // Conditions, and whether there is a block at all.
        let chosen = [
            format!("select {{\n    {condition} = [{unknown}]\n  }}"),
            format!(
                "dynamic \"select\" {{\n    for_each = [{unknown}]\n    content {{\n      {condition} = [select.value]\n    }}\n  }}"
            ),
        ];
        let others = service.groups.exclusion.map(all_but);
        for (body, killed) in
            (chosen.into_iter().map(|body| (body, SOME))).chain(others.map(|body| (body, REST)))
        {
            let sandbox = service.sandbox(50);
            let workspace = workspace(&sandbox, &body);
            workspace.plan().planned_changes();
            workspace.apply().succeeded();
            let state = workspace.resource(&service.killing());
            let state = state.expect("the kill is in state");
            let groups = state.with_outcome("killed", service.groups.column);
            // Of all but some, those that no kill can name are refused.
            let refused = killed == REST && !service.refused.is_empty();
            let outcomes = 1 + usize::from(refused);
            assert_eq!(state.outcomes().len(), outcomes, "{body}");
            assert_eq!(sandbox.nodes()[0].sessions.len(), 50 - groups.len());
            let groups: BTreeSet<&str> = (groups.iter())
                .filter_map(|group| service.group_of(group))
                .collect();
            assert!(groups.contains(killed), "{body}: {groups:?}");
            assert!(
                groups.is_disjoint(&[MOST, FEW].into()),
                "{body}: {groups:?}"
            );
            assert_eq!(groups.contains(SOME), killed == SOME, "{body}: {groups:?}");
            workspace.plan().succeeded();
        }

        // A mistake beside them is found at plan time all the same.
        let sandbox = service.sandbox(1);
        workspace(
            &sandbox,
            &format!("select {{\n    {condition} = [{unknown}]\n    {time} = \"5\"\n  }}"),
        )
        .plan()
        .failed()
        .saying(&[&format!("select.{time}"), "has no unit"]);

        // And a mistake in them at apply time, before anything is called.
        workspace(
            &sandbox,
            &format!("select {{\n    {time} = {unknown}\n  }}"),
        )
        .apply()
        .failed()
        .saying(&[&format!("select.{time}")]);
        assert_eq!(sandbox.calls().len(), 0);
    }
}
