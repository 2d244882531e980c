//! The mistakes that newcomers make, and what they are told: written down in `docs/guides/mistakes.md`, so that a change of
//! any message is seen, and read before it is accepted.

use std::fmt::Write as _;

use regex::Regex;
use serde_json::Value;
use terraform_provider_hwc::session::Shape;

use crate::support::document;
use crate::support::engines;
use crate::support::sandbox::{ACCESS_KEY, PROJECT_ID, SECRET_KEY, Sandbox};
use crate::support::services::{SERVICES, Service};
use crate::support::workspace::{Workspace, endpoints};

const DOCUMENT: &str = "docs/guides/mistakes.md";

const INTRODUCTION: &str = "\
---
page_title: \"Mistakes: the errors of wrong configurations\"
description: |-
  The mistakes that newcomers make, each with its error, collected by a test from a real engine.
---

# Mistakes

Wrong configurations and their errors. A test writes this page with a real engine. `validate` and `plan` find every mistake up to
\"Found by apply\" and call no API, so a configuration with an error kills no session. An entry that begins with `Warning:` does not
stop the apply. If apply finds a mistake, the error says that no session was killed, and what was sent.

Most of these mistakes are possible with every service. The page shows them with one service, and with another one if its error
differs.
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

/// A mistake that can be made with every service, or with several.
struct Mistake {
    title: &'static str,
    /// The resource with the mistake in it, where it can be made with this service.
    made_with: fn(&'static Service) -> Option<String>,
}

const fn mistake(
    title: &'static str,
    made_with: fn(&'static Service) -> Option<String>,
) -> Mistake {
    Mistake { title, made_with }
}

/// A mistake that can be made in the provider block.
struct InProvider {
    title: &'static str,
    provider: String,
}

fn in_provider(title: &'static str, provider: &str) -> InProvider {
    InProvider {
        title,
        provider: provider.to_owned(),
    }
}

/// A kill at this place with more lines, with the signs of equality one below the other, as `fmt` writes them.
fn kill(service: &Service, place: &[(&str, &str)], more: &str) -> String {
    let place = place.iter();
    let place: String = place
        .map(|(name, value)| format!("  {name} = {value:?}\n"))
        .collect();
    let more = match more {
        "" => String::new(),
        more => format!("{more}\n"),
    };
    let body = aligned(&format!("{place}{more}"));
    format!(
        "resource \"hwc_{}_session_kill\" \"idle\" {{\n{body}}}\n",
        service.name
    )
}

/// Lines with `=` in them, up to an empty line or the end of a block, have it in the same column.
fn aligned(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut begun = 0;
    let align = |lines: &mut [String]| {
        let name = |line: &String| {
            line.split_once(" = ")
                .map(|(name, _)| name.trim_end().len())
        };
        let width = lines.iter().filter_map(name).max().unwrap_or_default();
        for line in lines {
            if let Some((name, value)) = line.split_once(" = ") {
                *line = format!("{:<width$} = {value}", name.trim_end());
            }
        }
    };
    for line in text.lines() {
        let ends = line.trim_end().ends_with(['{', '}']) || line.is_empty();
        if ends {
            align(&mut lines[begun..]);
        }
        lines.push(line.to_owned());
        if ends {
            begun = lines.len();
        }
    }
    align(&mut lines[begun..]);
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn here(service: &Service, more: &str) -> Option<String> {
    Some(kill(service, service.place, more))
}

fn selecting(service: &Service, conditions: &str) -> Option<String> {
    here(service, &format!("\n  select {{\n    {conditions}\n  }}"))
}

/// The place with another value of an argument.
fn with_value<'p>(service: &'p Service, argument: &str, value: &'p str) -> Vec<(&'p str, &'p str)> {
    let place = service.place.iter();
    place
        .map(|(name, here)| (*name, if *name == argument { value } else { *here }))
        .collect()
}

/// Have the IDs of the place a length and an ending of their own? Those of DCS are UUIDs like many others.
fn has_telling_ids(service: &Service) -> bool {
    !service.nodes.ids[0].0.contains('-')
}

/// A value of the argument that lists sessions, as it is written in HCL.
fn one_of(service: &Service) -> String {
    service.listed(&service.ids.nobody[..1])
}

/// Those that `validate` finds with every service with which they can be made.
const FOUND_BY_VALIDATE: &[Mistake] = &[
    mistake("A misspelt argument", |service| {
        here(
            service,
            &format!("  {}\n  max_session = 10", one_of(service)),
        )
    }),
    mistake("A misspelt type", |service| {
        // Engines suggest any type that is near enough: of two types that differ in one letter, they name either.
        let differs_in_one_letter = |other: &Service| {
            let letters = other.name.chars().zip(service.name.chars());
            other.name.len() == service.name.len()
                && letters.filter(|(one, another)| one != another).count() == 1
        };
        if SERVICES.iter().any(differs_in_one_letter) {
            return None;
        }
        let kill = here(service, &format!("  {}", one_of(service)))?;
        Some(kill.replace("_session_kill", "_sessions_kill"))
    }),
    mistake("A missing argument", |service| {
        Some(kill(
            service,
            &service.place[1..],
            &format!("  {}", one_of(service)),
        ))
    }),
    mistake("The ID of another service's instance", |service| {
        let other = SERVICES.iter().find(|other| other.name != service.name)?;
        let (first, _) = service.place[0];
        let place = with_value(service, first, other.nodes.ids[0].0);
        Some(kill(service, &place, &format!("  {}", one_of(service))))
    }),
    mistake("Instance and node exchanged", |service| {
        let value = |name| Some(service.place.iter().find(|(one, _)| *one == name)?.1);
        let (instance, node) = (value("instance_id")?, value("node_id")?);
        let place = service.place.iter().map(|(name, value)| match *name {
            "instance_id" => (*name, node),
            "node_id" => (*name, instance),
            _ => (*name, *value),
        });
        let place: Vec<(&str, &str)> = place.collect();
        has_telling_ids(service).then(|| kill(service, &place, &format!("  {}", one_of(service))))
    }),
    mistake("A name instead of an ID", |service| {
        let (first, _) = service.place[0];
        let place = with_value(service, first, "orders-db");
        has_telling_ids(service).then(|| kill(service, &place, &format!("  {}", one_of(service))))
    }),
    mistake("Nobody is named", |service| {
        (!service.kills_all).then(|| here(service, ""))?
    }),
    mistake("Neither a node nor all nodes", |service| {
        (service.name == "dcs").then(|| kill(service, &service.place[..1], ""))
    }),
    mistake("An empty list", |service| {
        here(service, &format!("  {} = []", service.ids.argument))
    }),
    mistake("A value that names no session", |service| {
        let (odd, _) = service.ids.odd;
        here(service, &format!("  {}", service.listed(&[odd])))
    }),
    mistake("IDs that no thread can have", |service| {
        let odd = "  processes = [0, -1, 1.5, 9223372036854775808]";
        (service.name == "taurusdb").then(|| here(service, odd))?
    }),
    mistake("A user where thread IDs belong", |service| {
        let odd = "  processes = [\"app\"]";
        (service.name == "taurusdb").then(|| here(service, odd))?
    }),
    mistake("A list and a selection", |service| {
        let select = service.select("app");
        here(service, &format!("  {}\n\n  {select}", one_of(service)))
    }),
    mistake("An empty selection", |service| {
        here(service, "\n  select {}")
    }),
    mistake("A selection that only excludes", |service| {
        let exclusion = service.groups.exclusion?;
        selecting(service, &format!("{exclusion} = [\"ops\"]"))
    }),
    mistake("A condition whose list is empty", |service| {
        selecting(service, &format!("{} = []", service.groups.condition))
    }),
    mistake("One value where a list belongs", |service| {
        selecting(service, &format!("{} = \"app\"", service.groups.condition))
    }),
    mistake("A selection written as an argument", |service| {
        let select = service.select("app").replacen("select {", "select = {", 1);
        here(service, &format!("\n  {select}"))
    }),
    mistake("A duration without a unit", |service| {
        selecting(service, &format!("{} = \"300\"", service.time_condition()))
    }),
    mistake("A duration in words", |service| {
        selecting(
            service,
            &format!("{} = \"5 minutes\"", service.time_condition()),
        )
    }),
    mistake("Invalid networks", |service| {
        let addresses = "addresses = [\"10.0.0.0/33\", \"10.0.0.300\"]";
        service
            .offers("addresses")
            .then(|| selecting(service, addresses))?
    }),
    mistake("An invalid regular expression", |service| {
        let statements = "statement_matches = [\"SELECT (\"]";
        service
            .offers("statement_matches")
            .then(|| selecting(service, statements))?
    }),
    mistake("A cap of zero", |service| {
        let select = service.select("app");
        here(service, &format!("\n  max_sessions = 0\n\n  {select}"))
    }),
    mistake("A time limit without a unit", |service| {
        let timeouts = "timeouts {\n    create = \"10\"\n  }";
        here(service, &format!("  {}\n\n  {timeouts}", one_of(service)))
    }),
];

/// Those in the provider block that `validate` finds.
fn found_in_provider_by_validate() -> [InProvider; 2] {
    [
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
fn found_in_provider_by_plan() -> [InProvider; 1] {
    [in_provider(
        "No region",
        &PROVIDER.replace("  region     = \"cn-north-4\"\n", ""),
    )]
}

/// Those that only apply can find. The sandbox stands for the cloud.
fn found_in_provider_by_apply() -> [InProvider; 5] {
    [
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
    ]
}

/// The same with resources.
const FOUND_BY_APPLY: &[Mistake] = &[mistake("An instance that is not there", |service| {
    let (first, value) = service.place[0];
    let (unique, ending) = value.split_at(value.len() - 4);
    let nobodys: String = unique
        .chars()
        .map(|one| if one == '-' { one } else { '0' })
        .collect();
    let nobodys = format!("{nobodys}{ending}");
    let place = with_value(service, first, &nobodys);
    Some(kill(service, &place, &format!("  {}", one_of(service))))
})];

/// What each command is asked.
const VALIDATE: &[&str] = &["validate", "-json"];
const PLAN: &[&str] = &["plan", "-json", "-input=false"];
const APPLY: &[&str] = &["apply", "-json", "-auto-approve", "-input=false"];

#[test]
fn what_newcomers_do_wrong_is_answered_as_the_document_says() {
    let sandbox = (SERVICES.iter())
        .fold(Sandbox::builder(), |builder, service| {
            service.simulated(builder, 3)
        })
        .start();
    let sessions = || -> Vec<usize> {
        let nodes = sandbox.nodes();
        nodes.iter().map(|node| node.sessions.len()).collect()
    };
    let before = sessions();

    let mut document = INTRODUCTION.to_owned();
    document += "\n## Found by validate and plan\n";
    for mistake in FOUND_BY_VALIDATE {
        document += &entries(mistake, &sandbox, VALIDATE);
    }
    for mistake in found_in_provider_by_validate() {
        document += &entry_of_provider(&mistake, &sandbox, VALIDATE);
    }
    for mistake in found_in_provider_by_plan() {
        document += &entry_of_provider(&mistake, &sandbox, PLAN);
    }
    document += "\n## Found by apply\n";
    for mistake in found_in_provider_by_apply() {
        document += &entry_of_provider(&mistake, &sandbox, APPLY);
    }
    for mistake in FOUND_BY_APPLY {
        document += &entries(mistake, &sandbox, APPLY);
    }

    // Whatever was wrong, nobody was killed.
    assert_eq!(sessions(), before);
    document::must_say(DOCUMENT, &document);
}

/// The mistake with every service with which it can be made: one entry for all that say the same of it.
fn entries(mistake: &Mistake, sandbox: &Sandbox, command: &[&str]) -> String {
    let made: Vec<(&Service, String)> = (SERVICES.iter())
        .filter_map(|service| Some((service, (mistake.made_with)(service)?)))
        .collect();
    let resources: String = made.iter().map(|(_, resource)| resource.as_str()).collect();
    let said = said(PROVIDER, &resources, sandbox, command);
    let of = |service: &Service| -> Vec<&Value> {
        let beginning = format!("resource \"hwc_{}_session", service.name);
        let is_about = |one: &&Value| {
            let context = one["snippet"]["context"].as_str().unwrap_or_default();
            context.starts_with(&beginning)
        };
        said.iter().filter(is_about).collect()
    };
    let mut entries: Vec<(Vec<String>, &Service, String)> = Vec::new();
    for (service, resource) in &made {
        let about = of(service);
        assert!(
            !about.is_empty(),
            "{}, {}: nothing is said",
            mistake.title,
            service.name
        );
        let what: Vec<String> = about.iter().map(|one| generally(service, one)).collect();
        if entries.iter().all(|(other, ..)| *other != what) {
            let text = text(resource, &about, sandbox);
            entries.push((what, service, text));
        }
    }
    let several = entries.len() > 1;
    let entries = entries.into_iter().map(|(_, service, text)| {
        let of = match several {
            true => format!(" ({})", service.description().words.service),
            false => String::new(),
        };
        format!("\n### {}{of}\n\n{text}", mistake.title)
    });
    entries.collect()
}

/// What a diagnostic says, without the words in which services differ.
fn generally(service: &Service, diagnostic: &Value) -> String {
    let description = service.description();
    let mut text = ["severity", "summary", "detail"]
        .map(|name| diagnostic[name].as_str().unwrap_or_default())
        .join("\n");
    let words = &description.words;
    let odd = format!("[0] is {}.", service.ids.odd.0);
    for (own, general) in [
        (description.ids.form, "…"),
        (description.ids.one, "…"),
        (service.ids.argument, "…"),
        (&odd, "[0] is odd."),
        (words.session, "session"),
        (words.service, "…"),
        (service.name, "…"),
    ] {
        text = text.replace(own, general);
    }
    for condition in description.conditions {
        if condition.shape() == Shape::Duration {
            text = text.replace(condition.name(), "min_…");
        }
    }
    for (name, value) in service.place {
        text = text.replace(name, "place").replace(value, "…");
    }
    // The request that was tried, the code and the words of the answer, and IDs.
    for pattern in [
        r"(?m)^ +(Tried|Answer|Request):.*$",
        r": [A-Za-z]+\.\d+\b",
        r"\b0{8}[-0-9a-z]+",
        r"\b(in|no)\d\d\b",
    ] {
        let pattern = Regex::new(pattern).expect("a pattern");
        text = pattern.replace_all(&text, "…").into_owned();
    }
    text
}

/// A mistake in the provider block, beside a kill of all sessions.
fn entry_of_provider(mistake: &InProvider, sandbox: &Sandbox, command: &[&str]) -> String {
    let kill = here(Service::named("dcs"), "").expect("a kill");
    let said = said(&mistake.provider, &kill, sandbox, command);
    assert!(!said.is_empty(), "{}: nothing is said", mistake.title);
    let said: Vec<&Value> = said.iter().collect();
    format!(
        "\n### {}\n\n{}",
        mistake.title,
        text(&mistake.provider, &said, sandbox)
    )
}

/// What an engine says of a configuration.
fn said(provider: &str, rest: &str, sandbox: &Sandbox, command: &[&str]) -> Vec<Value> {
    let configuration = format!("{provider}\n{rest}")
        .replace("ACCESS_KEY", ACCESS_KEY)
        .replace("SECRET_KEY", SECRET_KEY)
        .replace("PROJECT_ID", PROJECT_ID);
    let workspace = Workspace::bare(engines::newest_terraform(), &configuration);
    // The cloud that the configuration does not name is told by the file beside it.
    if !provider.contains("endpoints") {
        workspace.write(
            "endpoints_override.tf",
            &format!(
                "provider \"hwc\" {{\n  endpoints = {{\n{}  }}\n}}\n",
                endpoints(sandbox.url())
            ),
        );
    }
    diagnostics(&workspace.run(command).stdout)
}

/// What is wrong, and the messages it gets.
fn text(shown: &str, said: &[&Value], sandbox: &Sandbox) -> String {
    let mut text = format!("```hcl\n{shown}```\n\n```text\n");
    for diagnostic in said {
        text += &show(diagnostic).replace(sandbox.url(), "https://HOST");
    }
    text.truncate(text.trim_end().len());
    text + "\n```\n"
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
    let request_id = Regex::new("Request: [0-9a-f]+").expect("a pattern");
    request_id
        .replace_all(detail, "Request: 5c1f0ad9b3e2471c9e6d8a47f0b1c2d3")
        .into_owned()
}
