//! What kills again, and what never does: edits of a kill that has happened, what the plan makes of each, and what the
//! cloud sees of it. Every table goes through one workspace, from edit to edit.

use serde_json::Value;
use terraform_provider_hwc::session::Condition;

use crate::support::engines::{self, Engine};
use crate::support::groups::{MOST, SOME};
use crate::support::sandbox::{DCS_NODES, REGION, Sandbox};
use crate::support::services::{SERVICES, Service, as_text};
use crate::support::workspace::{Run, Workspace};

/// Sessions of each place.
const SESSIONS: usize = 30;

/// What a plan makes of an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plan {
    /// Another kill, which sends this many requests to kill.
    Replace(usize),
    /// Other words for the same kill, or how and not whom: nothing is called, and the proof stays.
    InPlace,
    /// Nothing at all.
    NoChange,
}

use Plan::{InPlace, NoChange, Replace};

/// An edit: what it is, the arguments after it, what the plan makes of it, and what the plan says beside.
struct Edit(&'static str, String, Plan, Vec<String>);

fn edit(name: &'static str, arguments: &str, plan: Plan) -> Edit {
    Edit(name, arguments.to_owned(), plan, Vec::new())
}

impl Edit {
    fn saying(mut self, texts: &[&str]) -> Self {
        self.3 = texts.iter().map(|text| (*text).to_owned()).collect();
        self
    }
}

impl Service {
    /// A sandbox with sessions at both places.
    fn two_places(&self) -> Sandbox {
        let behind = format!("simulated:{SESSIONS}");
        let builder = Sandbox::builder();
        self.with_nodes(builder, &[&behind, &behind]).start()
    }

    /// The arguments of a place, and more.
    fn at(&self, place: &[(&str, &str)], arguments: &str) -> String {
        let lines = place.iter();
        let lines: String = lines
            .map(|(name, value)| format!("{name} = {value:?}\n  "))
            .collect();
        lines + arguments
    }

    /// The arguments of the first place, and more.
    fn here(&self, arguments: &str) -> String {
        self.at(self.place, arguments)
    }

    /// The arguments of the other place, and more.
    fn elsewhere(&self, arguments: &str) -> String {
        let elsewhere =
            |argument: &str| self.other.iter().find(|(differs, _)| *differs == argument);
        let place = self.place.iter();
        let place: Vec<(&str, &str)> = place
            .map(|(name, here)| (*name, elsewhere(name).map_or(*here, |(_, value)| *value)))
            .collect();
        self.at(&place, arguments)
    }

    /// Sessions of the first place, as they are written in HCL.
    fn somebody(&self, sandbox: &Sandbox) -> Vec<String> {
        let list = self.block("data", &self.select(MOST));
        let workspace = Workspace::new(engines::newest_terraform(), sandbox, &list);
        workspace.apply().succeeded();
        let list = workspace.resource(&self.listing()).expect("the list");
        let sessions = list.values["sessions"].as_array().expect("a list");
        let names = sessions.iter().map(|one| as_text(&one[self.ids.column]));
        self.written(&names.collect::<Vec<_>>())
    }

    /// Another kill of given sessions of whom nobody is there: it sends nothing where they are looked for.
    fn in_vain(&self) -> Plan {
        Replace(usize::from(!self.ids.are_looked_for))
    }

    /// How many requests to kill the cloud has seen.
    fn requests_to_kill(&self, sandbox: &Sandbox) -> usize {
        let of_everybody = match self.kills_all {
            true => sandbox.calls_to("/kill-all").len(),
            false => 0,
        };
        self.kill_calls(sandbox) + of_everybody
    }

    /// What state says of the kill: everything that only the provider sets.
    fn proof(&self, workspace: &Workspace) -> Value {
        let state = std::fs::read(workspace.path("terraform.tfstate")).expect("the state");
        let state: Value = serde_json::from_slice(&state).expect("the state as JSON");
        let mut proof = state["resources"][0]["instances"][0]["attributes"].clone();
        let how = [
            "select",
            "max_sessions",
            "dry_run",
            "fail_on_not_found",
            "wait_for_completion",
            "triggers",
            "timeouts",
        ];
        let place = self.description().place.iter().map(|one| one.name);
        for argument in place.chain(how).chain([self.ids.argument]) {
            proof.as_object_mut().expect("a resource").remove(argument);
        }
        proof
    }
}

/// Plans, and applies what was planned.
fn plan_and_apply(workspace: &Workspace) -> Run {
    let plan = workspace.run(&[
        "plan",
        "-no-color",
        "-input=false",
        "-detailed-exitcode",
        "-out=saved",
    ]);
    if plan.status.code() == Some(2) {
        workspace
            .run(&["apply", "-no-color", "-input=false", "saved"])
            .succeeded();
    }
    plan
}

fn planned(plan: &Run) -> Option<&'static str> {
    [
        "Plan: 1 to add, 0 to change, 1 to destroy.",
        "Plan: 0 to add, 1 to change, 0 to destroy.",
        "No changes.",
    ]
    .into_iter()
    .find(|line| plan.stdout.contains(line))
}

/// Kills as `first` says, and then makes the edits one after the other.
fn go_through(engine: &Engine, service: &Service, sandbox: &Sandbox, first: &str, edits: &[Edit]) {
    let body = |arguments: &str| format!("  {arguments}\n}}\n");
    let mut before = body(first);
    let configuration = format!(
        "resource \"hwc_{}_session_kill\" \"test\" {{\n{before}",
        service.name
    );
    let workspace = Workspace::new(engine, sandbox, &configuration);
    workspace.apply().succeeded();

    for Edit(name, arguments, expected, texts) in edits {
        let case = format!("{engine}, {}: {name}", service.name);
        let after = body(arguments);
        workspace.edit(&before, &after);
        let (calls, killed) = (sandbox.calls().len(), service.requests_to_kill(sandbox));
        let proven = service.proof(&workspace);

        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let plan = plan_and_apply(&workspace).saying(&texts);

        let line = match expected {
            Replace(_) => "Plan: 1 to add, 0 to change, 1 to destroy.",
            InPlace => "Plan: 0 to add, 1 to change, 0 to destroy.",
            NoChange => "No changes.",
        };
        assert_eq!(
            planned(&plan),
            Some(line),
            "{case}\n{}\n{}",
            plan.stdout,
            plan.stderr
        );
        match expected {
            Replace(requests) => {
                assert!(sandbox.calls().len() > calls, "{case}");
                assert_eq!(
                    service.requests_to_kill(sandbox),
                    killed + requests,
                    "{case}"
                );
            }
            InPlace | NoChange => {
                assert_eq!(sandbox.calls().len(), calls, "{case}");
                assert_eq!(service.proof(&workspace), proven, "{case}");
            }
        }
        before = after;
    }
    workspace.plan().succeeded();
}

/// Runs a test of a service: of the first two, which have the most arguments of their own, with every engine at once, and of each
/// other one with one engine in turn, since what an edit means is the same code for all of them, and every plan takes its time.
fn with_engines(service: &Service, test: impl Fn(&Engine) + Sync) {
    let turn = (SERVICES.iter()).position(|one| one.name == service.name);
    match turn.expect("a service of the list") {
        0 | 1 => engines::with_each(test),
        turn => test(&engines::all()[turn % engines::all().len()]),
    }
}

#[test]
fn edits_of_a_kill_of_listed_sessions() {
    // IDs may be others in another sandbox.
    for service in SERVICES {
        with_engines(service, |engine| {
            let sandbox = service.two_places();
            let somebody = service.somebody(&sandbox);
            let (first, edits) = edits_of_listed(service, &somebody);
            go_through(engine, service, &sandbox, &first, &edits);
        });
    }
}

/// A kill of the first two of these sessions, and edits of it.
fn edits_of_listed(service: &Service, somebody: &[String]) -> (String, Vec<Edit>) {
    let argument = service.ids.argument;
    let [a, b, c, d, e, ..] = somebody else {
        panic!("{}: too few sessions", service.name);
    };
    let list = |ids: &[&String]| service.listed(ids);
    let of = |ids: &[&String], rest: &str| service.here(&format!("{}\n  {rest}", list(ids)));
    let ids_and = |rest: &str| of(&[a, b], rest);
    let named = |ids: &[&String]| {
        let ids: Vec<&str> = ids.iter().map(|id| id.trim_matches('"')).collect();
        format!("the sessions in {argument}: {}, of the", ids.join(", "))
    };
    let [other, ..] = service.ids.nobody;
    let (differs, _) = service.other[0];
    let edits = vec![
        edit(
            "another order, and an ID twice",
            &of(&[b, a, b], ""),
            NoChange,
        ),
        edit(
            "dry_run = false for none",
            &ids_and("dry_run = false"),
            InPlace,
        ),
        edit("dry_run = false taken away", &ids_and(""), InPlace),
        edit("triggers = {} for none", &ids_and("triggers = {}"), InPlace),
        edit("triggers = {} taken away", &ids_and(""), InPlace),
        edit("a cap", &ids_and("max_sessions = 5"), InPlace),
        edit("another cap", &ids_and("max_sessions = 6"), InPlace),
        edit("no cap", &ids_and(""), InPlace),
        edit(
            "a default written out",
            &ids_and("fail_on_not_found = false"),
            NoChange,
        ),
        edit(
            "fail_on_not_found",
            &ids_and("fail_on_not_found = true"),
            InPlace,
        ),
        edit("its default again", &ids_and(""), InPlace),
        edit(
            "a time limit",
            &ids_and("timeouts {\n    create = \"2m\"\n  }"),
            InPlace,
        ),
        edit(
            "the provider's region written out",
            &ids_and(&format!("region = {REGION:?}")),
            InPlace,
        ),
        edit(
            "a dry run after the kill",
            &ids_and("dry_run = true"),
            InPlace,
        )
        .saying(&[
            "Warning: dry_run comes after the kill",
            "No session is killed",
        ]),
        edit(
            "that dry run taken back",
            &ids_and("dry_run = false"),
            InPlace,
        ),
        edit(
            "a trigger",
            &ids_and("triggers = { ticket = \"1\" }"),
            service.in_vain(),
        )
        .saying(&[
            "Warning: Applying this kills sessions again",
            "Now triggers has changed",
            &named(&[a, b]),
        ]),
        edit(
            "another value of a trigger",
            &ids_and("triggers = { ticket = \"2\" }"),
            service.in_vain(),
        ),
        edit(
            "another trigger without a value",
            &ids_and("triggers = { ticket = \"2\", other = null }"),
            NoChange,
        ),
        edit(
            "a trigger taken away",
            &ids_and("triggers = {}"),
            service.in_vain(),
        ),
        edit(
            "fewer sessions, in the same edit as a cap",
            &of(&[a], "max_sessions = 5"),
            service.in_vain(),
        )
        .saying(&[&format!("Now {argument} has changed"), &named(&[a])]),
        edit(
            "another place",
            &service.elsewhere(&service.listed(&[other])),
            service.in_vain(),
        )
        .saying(&[&format!("{differs} "), "changed"]),
        edit(
            "a dry run of other sessions",
            &of(&[c], "dry_run = true"),
            Replace(0),
        )
        .saying(&["the result of the kill is removed from state"]),
        edit(
            "a cap of a dry run",
            &of(&[c], "dry_run = true\n  max_sessions = 1"),
            InPlace,
        ),
        edit(
            "more sessions in a dry run",
            &of(&[c, d], "dry_run = true"),
            Replace(0),
        )
        .saying(&["Warning: Dry run: nothing will be killed"]),
        edit("the end of a dry run", &of(&[c, d], ""), Replace(1)).saying(&[
            "Warning: Applying this kills sessions",
            "This resource was a dry run",
        ]),
        edit(
            "a dry run after that kill",
            &of(&[c, d], "dry_run = true"),
            InPlace,
        ),
        edit(
            "other sessions, while that dry run is in state",
            &of(&[e], "dry_run = true"),
            Replace(0),
        )
        .saying(&["the result of the kill is removed from state"]),
        edit(
            "conditions for IDs",
            &service.here(&service.select("nobody")),
            Replace(0),
        )
        .saying(&["the sessions that select chooses of the"]),
    ];
    (ids_and(""), edits)
}

/// A value of a condition that no session meets, and the same in other words. Exclusions have a case of their own for each.
///
/// A new condition does not compile without its other words.
fn in_other_words(condition: Condition) -> [&'static str; 2] {
    match condition {
        Condition::Users
        | Condition::ExcludeUsers
        | Condition::Applications
        | Condition::Names
        | Condition::Databases { numbered: false } => [
            "[\"nobody\", \"noone\"]",
            "[\"noone\", \"nobody\", \"noone\"]",
        ],
        Condition::Addresses { host_names: false }
        | Condition::ExcludeAddresses { host_names: false } => [
            "[\"10.9.0.0/16\", \"10.9.9.9\"]",
            "[\"10.9.9.9/32\", \"10.9.0.0/16\", \"10.9.9.9\"]",
        ],
        Condition::Addresses { host_names: true }
        | Condition::ExcludeAddresses { host_names: true } => [
            "[\"10.9.9.9\", \"App-7\"]",
            "[\"app-7\", \"10.9.9.9/32\", \"10.9.9.9\"]",
        ],
        Condition::Databases { numbered: true } => ["[90, 91]", "[\"91\", \"90\"]"],
        Condition::Commands | Condition::States => ["[\"Query\", \"B\"]", "[\"b\", \"query\"]"],
        Condition::Flags => ["[\"N\", \"x\"]", "[\"x\", \"N\", \"x\"]"],
        Condition::StatementMatches | Condition::ExcludeStatementMatches => {
            ["[\"^SELECT\", \"a\"]", "[\"a\", \"^SELECT\"]"]
        }
        Condition::MinIdle | Condition::MinBusy | Condition::MinAge | Condition::MinTransaction => {
            ["\"2m\"", "\"120s\""]
        }
        Condition::Blocking => ["true", "true"],
        Condition::All => ["false", "false"],
    }
}

#[test]
fn edits_of_a_kill_of_selected_sessions() {
    for service in SERVICES {
        let select = |conditions: &str| service.here(&format!("select {{\n    {conditions}\n  }}"));
        let of = |groups: &[&'static str]| {
            let groups: Vec<String> = groups.iter().map(|group| service.group(group)).collect();
            format!("{} = [{}]", service.groups.condition, groups.join(", "))
        };
        let time = service.time_condition();
        let offered = service.description().conditions;
        let (exclusions, others): (Vec<Condition>, Vec<Condition>) =
            offered.iter().partition(|one| one.is_exclusion());
        // Nobody is idle and busy.
        let is_possible = |one: &&Condition| **one != Condition::MinBusy || time == "min_busy";
        let all = |words: usize| {
            let lines: Vec<String> = (others.iter().filter(is_possible))
                .map(|one| format!("{} = {}", one.name(), in_other_words(*one)[words]))
                .collect();
            lines.join("\n    ")
        };
        let (first, same) = (all(0), all(1));
        let no_exclusions: String = (exclusions.iter())
            .map(|one| format!("\n    {} = []", one.name()))
            .collect();
        let longer = first.replace(&format!("{time} = \"2m\""), &format!("{time} = \"3m\""));

        let mut edits = vec![
            edit("the same in other words", &select(&same), NoChange),
            edit(
                "all = false for none, and conditions that exclude nobody",
                &select(&format!(
                    "{}{no_exclusions}",
                    first.replace("all = false", "")
                )),
                InPlace,
            ),
            edit("these taken back", &select(&first), InPlace),
            edit(
                "a cap beside the same in other words",
                &format!("{}\n  max_sessions = 5", select(&same)),
                InPlace,
            ),
            edit("a longer time", &select(&longer), Replace(0)).saying(&[
                "Now select has changed",
                "the sessions that select chooses of the",
            ]),
            edit(
                "conditions taken away, so that sessions match",
                &select(&of(&[MOST])),
                Replace(1),
            ),
            edit(
                "the same group twice, and a cap",
                &format!("{}\n  max_sessions = 1", select(&of(&[MOST, MOST]))),
                InPlace,
            ),
            edit("another group", &select(&of(&[SOME])), Replace(1)),
        ];
        for one in exclusions {
            let [excluded, same] = in_other_words(one);
            let (one_less, _) = excluded.split_once(',').expect("two values");
            let but = |excluded: &str| {
                select(&format!("{}\n    {} = {excluded}", of(&[SOME]), one.name()))
            };
            edits.extend([
                edit("an exclusion for another", &but(excluded), Replace(0))
                    .saying(&["Now select has changed"]),
                edit("the same exclusion in other words", &but(same), NoChange),
                edit("one value less", &but(&format!("{one_less}]")), Replace(0)),
            ]);
        }
        edits.push(edit(
            "IDs for conditions",
            &service.here(&service.listed(&service.ids.nobody[..1])),
            service.in_vain(),
        ));
        with_engines(service, |engine| {
            let sandbox = service.two_places();
            go_through(engine, service, &sandbox, &select(&first), &edits);
        });
    }
}

#[test]
fn edits_of_a_kill_of_all_sessions_of_a_node() {
    let dcs = Service::named("dcs");
    let instance = format!("instance_id = {:?}\n  ", dcs.nodes.ids[0].0);
    let [node, other] = DCS_NODES.map(|node| format!("{instance}node_id = {node:?}"));
    let with = |rest: &str| format!("{node}\n  {rest}");
    let edits = [
        edit(
            "wait_for_completion",
            &with("wait_for_completion = false"),
            InPlace,
        ),
        edit(
            "fail_on_not_found, which is about listed addresses",
            &with("fail_on_not_found = true"),
            InPlace,
        ),
        edit(
            "a default written out",
            &with(
                "wait_for_completion = true\n  fail_on_not_found = false\n  kill_all_nodes = false",
            ),
            InPlace,
        ),
        edit(
            "a time limit",
            &with("timeouts {\n    create = \"2m\"\n  }"),
            InPlace,
        ),
        edit("a cap", &with("max_sessions = 50"), InPlace),
        edit("another node", &other, Replace(1))
            .saying(&["Now node_id has changed", "all sessions of the node"]),
        edit(
            "all nodes",
            &format!("{other}\n  kill_all_nodes = true"),
            Replace(1),
        )
        .saying(&["all sessions of all nodes of the instance"]),
        edit(
            "a node that is ignored beside all nodes",
            &with("kill_all_nodes = true"),
            InPlace,
        ),
        edit(
            "addresses for all sessions",
            &with("client_addrs = [\"10.9.9.9:1\", \"10.9.9.9:2\"]"),
            Replace(0),
        ),
    ];
    engines::with_each(|engine| go_through(engine, dcs, &dcs.two_places(), &with(""), &edits));
}

#[test]
fn a_cap_that_is_known_late_changes_in_place_whatever_it_turns_out_to_be() {
    for service in SERVICES {
        let listed = service.listed(&service.ids.nobody[..1]);
        let kill = |cap: &str| service.kills(&format!("{listed}\n  {cap}"));
        with_engines(service, |engine| {
            for (late, cap) in [("5", Value::from(5)), ("0", Value::Null)] {
                let sandbox = service.sandbox(SESSIONS);
                let workspace = Workspace::new(engine, &sandbox, &kill(""));
                workspace.apply().succeeded();
                let calls = sandbox.calls().len();

                let unknown = kill(
                    "max_sessions = terraform_data.late.output == \"0\" ? null : tonumber(terraform_data.late.output)",
                );
                workspace.edit(
                    &kill(""),
                    &format!(
                        "resource \"terraform_data\" \"late\" {{\n  input = {late:?}\n}}\n{unknown}"
                    ),
                );
                plan_and_apply(&workspace).saying(&["Plan: 1 to add, 1 to change, 0 to destroy."]);

                assert_eq!(sandbox.calls().len(), calls, "{engine}, {}", service.name);
                let kill = workspace.resource(&service.killing());
                assert_eq!(kill.expect("the kill").values["max_sessions"], cap);
                workspace.plan().succeeded();
            }
        });
    }
}

#[test]
fn what_is_not_about_the_kill_never_kills() {
    for service in SERVICES {
        with_engines(service, |engine| {
            let case = format!("{engine}, {}", service.name);
            let sandbox = service.two_places();
            let listed = service.listed(&service.somebody(&sandbox)[..1]);
            let kill = |name: &str| service.named_block("resource", name, &listed);
            let address = |name: &str| service.killing().replace(".test", &format!(".{name}"));
            let workspace = Workspace::new(engine, &sandbox, &kill("test"));
            workspace.apply().succeeded();
            assert_eq!(service.requests_to_kill(&sandbox), 1, "{case}");
            let calls = sandbox.calls().len();

            let region = format!("region = {REGION:?}\n");
            workspace.edit(&region, "region = \"ap-southeast-3\"\n  max_retries = 1\n");
            workspace.plan().succeeded();

            workspace
                .apply_with(&["-refresh-only"])
                .succeeded()
                .saying(&["0 added, 0 changed, 0 destroyed"]);

            let moved = format!(
                "{}moved {{\n  from = {}\n  to = {}\n}}\n",
                kill("other"),
                address("test"),
                address("other")
            );
            workspace.edit(&kill("test"), &moved);
            workspace
                .apply()
                .succeeded()
                .saying(&["0 added, 0 changed, 0 destroyed"]);
            assert!(workspace.resource(&address("other")).is_some(), "{case}");

            let removed = format!(
                "removed {{\n  from = {}\n  lifecycle {{\n    destroy = false\n  }}\n}}\n",
                address("other")
            );
            workspace.edit(&moved, &removed);
            workspace.apply().succeeded();
            assert!(workspace.resources().is_empty(), "{case}");
            assert_eq!(sandbox.calls().len(), calls, "{case}");

            // Whoever writes it again wants another kill, and destroying it is none.
            workspace.edit(&removed, &kill("test"));
            workspace.edit("region = \"ap-southeast-3\"\n", &region);
            workspace.apply().succeeded();
            assert!(sandbox.calls().len() > calls, "{case}");
            let again = usize::from(!service.ids.are_looked_for);
            assert_eq!(service.requests_to_kill(&sandbox), 1 + again, "{case}");
            let calls = sandbox.calls().len();
            workspace.destroy().succeeded();
            assert_eq!(sandbox.calls().len(), calls, "{case}");
        });
    }
}
