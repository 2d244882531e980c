//! What holds for the kills and lists of every service alike: who is chosen, who is spared, and what is said of them.
//!
//! Tests with a house kill sessions of real servers where there are any. Some of these servers are shared, so each test has users of its own.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::support::engines;
use crate::support::groups::{FEW, MOST, SOME};
use crate::support::houses::Guests;
use crate::support::sandbox::Sandbox;
use crate::support::services::{self, SERVICES, Service, as_text, sorted_ids};
use crate::support::workspace::{Resource, Workspace};

fn workspace(sandbox: &Sandbox, configuration: &str) -> Workspace {
    Workspace::new(engines::newest_terraform(), sandbox, configuration)
}

fn in_state(workspace: &Workspace, service: &Service) -> Resource {
    let kill = workspace.resource(&service.killing());
    kill.unwrap_or_else(|| panic!("{}: the kill is not in state", service.name))
}

/// The sessions that a list shows.
fn listed(workspace: &Workspace, service: &Service) -> Vec<Map<String, Value>> {
    let list = workspace.resource(&service.listing()).expect("the list");
    let sessions = list.values["sessions"].as_array().expect("a list");
    let session = |one: &Value| one.as_object().expect("an object").clone();
    sessions.iter().map(session).collect()
}

fn left(sandbox: &Sandbox) -> usize {
    sandbox.nodes()[0].sessions.len()
}

#[test]
fn more_sessions_than_allowed_are_all_left_alone() {
    for service in SERVICES {
        let mut house = service.house();
        let Guests { group, names } = house.welcome("capped", 7);
        let all = names.len();
        let cap = |sessions: usize| format!("max_sessions = {sessions}");
        let workspace = workspace(house.sandbox(), &service.kills_group(group, &cap(all - 1)));

        let run = workspace.apply().failed().saying(&[
            &format!("{all} sessions match, but max_sessions is {}", all - 1),
            "No session was killed",
        ]);

        // The first five of them are shown, and no more.
        let text = run.text();
        let what = match service.ids.column {
            "id" => "ID",
            column => column,
        };
        let is_shown = |name: &&String| text.contains(&format!("{what} {name},"));
        let shown: Vec<&String> = names.iter().filter(is_shown).collect();
        assert_eq!(shown, names[..5].iter().collect::<Vec<_>>(), "{text}");
        let shown = format!("{} {group}, ", service.groups.word);
        assert!(text.contains(&shown), "{text}");
        assert_eq!(house.still_there(), vec![group; all], "{}", service.name);
        assert_eq!(service.kill_calls(house.sandbox()), 0, "{}", service.name);
        assert!(workspace.resource(&service.killing()).is_none());

        // With room for exactly that many they die.
        workspace.edit(&cap(all - 1), &cap(all));
        workspace.apply().succeeded();
        assert_eq!(house.still_there(), [""; 0], "{}", service.name);
        assert_eq!(
            in_state(&workspace, service).outcomes(),
            [("killed".to_owned(), all)].into()
        );
    }
}

#[test]
fn a_dry_run_kills_nobody_and_says_so_in_plan_and_state() {
    for service in SERVICES {
        let mut house = service.house();
        let Guests { group, names } = house.welcome("rehearsed", 3);
        let spared = house.welcome("audience", 1);
        let spared = vec![spared.group; spared.names.len()];
        let meant = names.len();
        let everybody = [vec![group; meant], spared.clone()].concat();
        let workspace = workspace(
            house.sandbox(),
            &service.kills_group(group, "dry_run = true"),
        );

        workspace
            .plan()
            .planned_changes()
            .saying(&["Dry run: nothing will be killed", "+ killed_count = 0"]);
        workspace.apply().succeeded().saying(&[
            &format!("Dry run: {meant} sessions would have been killed"),
            &format!("{} {group}, ", service.groups.word),
        ]);

        assert_eq!(house.still_there(), everybody, "{}", service.name);
        assert_eq!(service.kill_calls(house.sandbox()), 0, "{}", service.name);
        let state = in_state(&workspace, service);
        assert_eq!(state.with_outcome("listed", service.ids.column), names);
        assert_eq!(state.outcomes().len(), 1, "{}", service.name);
        let state = state.values;
        assert_eq!(state["killed_count"], 0);
        assert_eq!(state["remaining_count"], meant);
        for null in ["request_id", "started_at", "finished_at"] {
            assert_eq!(state[null], Value::Null, "{null}");
        }
        workspace.plan().succeeded();

        // Taking it back kills, and nobody else.
        workspace.edit("dry_run = true", "dry_run = false");
        workspace
            .plan()
            .planned_changes()
            .saying(&["forces replacement"]);
        workspace.apply().succeeded();
        assert_eq!(house.still_there(), spared, "{}", service.name);
        let state = in_state(&workspace, service);
        assert_eq!(state.with_outcome("killed", service.ids.column), names);
        assert_eq!(state.values["killed_count"], meant);
        assert!(state.values["request_id"].is_string());
        assert!(state.values["finished_at"].is_string());
        workspace.plan().succeeded();
    }
}

#[test]
fn listed_sessions_die_and_those_that_are_not_there_are_told() {
    for (service, mut house) in (SERVICES.iter())
        .flat_map(|service| [service.house(), service.simulated_house()].map(|one| (service, one)))
    {
        let Guests { group, names } = house.welcome("given", 3);
        let everybody = vec![group; names.len()];
        let ids = &service.ids;
        let written = service.written(&names);
        let nobody = ids.nobody[0];
        let list = format!("[{1}, {nobody}, {0}, {1}]", written[0], written[1]);
        let workspace = workspace(
            house.sandbox(),
            &service.kills(&format!("{} = {list}\n  dry_run = true", ids.argument)),
        );

        // A dry run tells which of them are there.
        workspace
            .apply()
            .succeeded()
            .saying(&["Dry run: 2 sessions would have been killed"]);
        assert_eq!(house.still_there(), everybody, "{}", service.name);
        let state = in_state(&workspace, service);
        assert_eq!(state.with_outcome("listed", ids.column), names[..2]);
        let nobody = json!(nobody.trim_matches('"'));
        assert_eq!(state.with_outcome("not_found", ids.column), [nobody]);
        assert_eq!(state.values["killed_count"], 0);
        assert_eq!(service.kill_calls(house.sandbox()), 0);

        // The kill ends those, and is no success where everybody had to be there.
        workspace.edit("dry_run = true", "fail_on_not_found = true");
        let two = format!("2 {}", service.description().words.session);
        workspace
            .apply()
            .failed()
            .saying(&["not found", &two, "fail_on_not_found is true"]);
        assert_eq!(house.still_there(), everybody[2..], "{}", service.name);
        let state = in_state(&workspace, service);
        assert!(state.tainted, "{}", service.name);
        assert_eq!(state.values["killed_count"], 2, "{}", service.name);
        assert_eq!(service.kill_calls(house.sandbox()), 1);
    }
}

#[test]
fn a_list_shows_who_is_there_now() {
    for service in SERVICES {
        let mut house = service.house();
        let Guests { group, names } = house.welcome("shown", 3);
        let list = workspace(
            house.sandbox(),
            &service.block("data", &service.select(group)),
        );
        list.apply().succeeded();
        let now: Vec<Value> = (listed(&list, service).iter())
            .map(|session| session[service.ids.column].clone())
            .collect();
        assert_eq!(now, names, "{}", service.name);

        workspace(house.sandbox(), &service.kills_group(group, ""))
            .apply()
            .succeeded();

        list.apply().succeeded();
        assert_eq!(listed(&list, service), [], "{}", service.name);
    }
}

#[test]
fn every_session_is_listed_once_in_order_with_all_its_digits() {
    for service in SERVICES {
        let many = service.up_to(2_500);
        let sandbox = service.sandbox(many);
        let list = workspace(&sandbox, &service.block("data", ""));

        list.apply().succeeded();

        let ids: Vec<String> = (listed(&list, service).iter())
            .map(|session| as_text(&session["id"]))
            .collect();
        let there = sorted_ids(&sandbox);
        assert_eq!(there.len(), many, "{}", service.name);
        assert!(ids == there, "{}: {} ids", service.name, ids.len());
        let (method, path) = service.list;
        let pages = sandbox.calls_to(path);
        let pages = pages.iter().filter(|call| call.method == method).count();
        assert_eq!(pages > 1, service.cut_at.is_none(), "{}", service.name);
    }
}

#[test]
fn nobody_to_kill_is_no_error_and_is_said() {
    for service in SERVICES {
        let sandbox = service.sandbox(30);
        let workspace = workspace(&sandbox, &service.kills_group("nobody_has_this_name", ""));

        workspace
            .apply()
            .succeeded()
            .saying(&["Warning: No session matched", "select {"]);

        assert_eq!(service.kill_calls(&sandbox), 0, "{}", service.name);
        let state = in_state(&workspace, service).values;
        assert_eq!(state["sessions"], json!([]), "{}", service.name);
        assert_eq!(state["killed_count"], 0);
        assert_eq!(state["remaining_count"], 0);
        workspace.plan().succeeded();
    }
}

#[test]
fn all_sessions_but_protected_and_excluded_ones_die() {
    for service in SERVICES {
        // Given simulated sessions, since this hits everybody.
        let many = service.up_to(400);
        let sandbox = service.sandbox(many);
        let sessions = || -> BTreeSet<String> {
            let sessions = sandbox.nodes()[0].sessions.clone();
            sessions.iter().map(as_text).collect()
        };
        let before = sessions();
        let exclusion = service.groups.exclusion;
        let but = exclusion.map(|exclusion| format!("{exclusion} = [{}]", service.group(FEW)));
        let kill = service.kills(&format!(
            "select {{\n    all = true\n    {}\n  }}",
            but.unwrap_or_default()
        ));
        let list = service.block("data", &format!("depends_on = [{}]", service.killing()));
        let workspace = workspace(&sandbox, &format!("{kill}{list}"));

        workspace.apply().succeeded();

        let list = listed(&workspace, service);
        let groups: BTreeSet<&str> = (list.iter())
            .map(|session| service.group_of(&session[service.groups.column]))
            .map(|group| group.expect("a group"))
            .collect();
        let excluded = exclusion.map(|_| FEW);
        let left_alone = service.protected.iter().chain(service.refused).copied();
        let spared: BTreeSet<&str> = left_alone.chain(excluded).collect();
        assert_eq!(groups, spared, "{}", service.name);
        let state = in_state(&workspace, service);
        let refused = state.with_outcome("refused", "id");
        assert_eq!(refused.is_empty(), service.refused.is_empty());
        let outcomes = 1 + usize::from(!refused.is_empty());
        assert_eq!(state.outcomes().len(), outcomes, "{}", service.name);
        let killed = state.with_outcome("killed", "id");
        assert!(
            killed.len() > many * 3 / 4,
            "{}: {}",
            service.name,
            killed.len()
        );
        let killed: BTreeSet<String> = killed.iter().map(as_text).collect();
        let gone: BTreeSet<String> = before.difference(&sessions()).cloned().collect();
        assert_eq!(killed, gone, "{}", service.name);
    }
}

#[test]
fn the_list_and_the_kill_choose_the_same_sessions_and_show_the_same_of_them() {
    for service in SERVICES {
        let many = service.up_to(300);
        let sandbox = service.sandbox(many);
        let select = format!(
            "select {{\n    {} = [{}, {}]\n    {}\n  }}",
            service.groups.condition,
            service.group(MOST),
            service.group(SOME),
            service.conditions
        );
        let configuration =
            service.block("data", &select) + &service.kills(&format!("dry_run = true\n  {select}"));
        let workspace = workspace(&sandbox, &configuration);

        workspace.apply().succeeded();

        let list = listed(&workspace, service);
        let kill = in_state(&workspace, service);
        assert!(
            list.len() > 10 && list.len() < many * 5 / 6,
            "{}",
            list.len()
        );
        assert_eq!(kill.with_outcome("listed", "id").len(), list.len());
        // Seconds go on between the two.
        let stays = service
            .columns
            .iter()
            .filter(|name| !name.ends_with("_seconds"));
        for name in stays {
            let listed: Vec<Value> = list.iter().map(|one| one[*name].clone()).collect();
            assert_eq!(kill.with_outcome("listed", name), listed, "{name}");
        }
        for session in &list {
            assert!(!session.contains_key("outcome"), "{}", service.name);
            for name in service.columns {
                let value = &session[*name];
                let is_right = match name.ends_with("_seconds") {
                    true => value.is_u64(),
                    false => value.is_string(),
                };
                assert!(is_right, "{}: {name} is {value}", service.name);
            }
            for name in service.without {
                assert_eq!(session[*name], Value::Null, "{}: {name}", service.name);
            }
        }
    }
}

#[test]
fn a_dry_run_lists_everybody_also_when_the_kill_would_be_refused() {
    for service in SERVICES {
        let sandbox = service.sandbox(40);
        let guards = "dry_run = true\n  max_sessions = 3";
        let workspace = workspace(&sandbox, &service.kills_group(MOST, guards));

        let run = workspace.apply().succeeded();

        let listed = in_state(&workspace, service).with_outcome("listed", "id");
        let number = listed.len();
        assert!(number > 3, "{}", service.name);
        run.saying(&[
            &format!("Dry run: {number} sessions would have been killed"),
            &format!("{number} sessions match, but max_sessions is 3"),
            "the kill would be refused",
        ]);
        assert_eq!(left(&sandbox), 40, "{}", service.name);
    }
}

#[test]
fn a_plan_says_what_a_change_from_and_to_a_dry_run_does() {
    for service in SERVICES {
        let sandbox = service.sandbox(40);
        let workspace = workspace(&sandbox, &service.kills_group(MOST, "dry_run = true"));
        workspace.apply().succeeded();

        // A change of the rehearsal is one still.
        workspace.edit(&service.group(MOST), &service.group(SOME));
        let run = workspace.plan().planned_changes();
        assert!(!run.text().contains("kills sessions"), "{}", run.text());
        run.saying(&["Dry run: nothing will be killed"]);

        // From a dry run to the first kill.
        workspace.edit("dry_run = true", "dry_run = false");
        let run = workspace.apply().succeeded();
        assert!(
            !run.text().contains("kills sessions again"),
            "{}",
            run.text()
        );
        run.saying(&[
            "Applying this kills sessions",
            "This resource was a dry run and killed no session.",
            "dry_run have changed: apply kills the sessions that select chooses of",
        ]);
        assert!(left(&sandbox) < 40, "{}", service.name);

        // From a kill to a dry run of the same, and of others.
        workspace.edit("dry_run = false", "dry_run = true");
        workspace
            .plan()
            .planned_changes()
            .saying(&["dry_run comes after the kill", "No session is killed"]);
        workspace.edit(&service.group(SOME), &service.group(MOST));
        workspace
            .plan()
            .planned_changes()
            .saying(&["nothing will be killed, and the result of the kill is removed from state"]);
    }
}

#[test]
fn sessions_that_are_still_there_are_told_when_time_is_up() {
    // Each of them waits until the time is up.
    services::at_once(|service| {
        let sandbox = service.sandbox(100);
        let timeout = "dry_run = true\n  timeouts {\n    create = \"15s\"\n  }";
        let workspace = workspace(&sandbox, &service.kills_group(FEW, timeout));
        workspace.apply().succeeded();
        let chosen = in_state(&workspace, service).with_outcome("listed", "id");
        assert!(!chosen.is_empty(), "{}", service.name);
        // The kill is answered as if it had been done.
        let answer = (service.accepted)(&chosen, &[]);
        sandbox.break_calls(service.of_kills(json!({ "status": 200, "body": answer })));
        workspace.edit("dry_run = true", "dry_run = false");

        workspace
            .apply()
            .succeeded()
            .saying(&["still listed", "remaining"]);

        let state = in_state(&workspace, service);
        assert_eq!(state.with_outcome("remaining", "id"), chosen);
        assert_eq!(state.outcomes().len(), 1, "{}", service.name);
        assert_eq!(state.values["killed_count"], 0, "{}", service.name);
        assert_eq!(state.values["remaining_count"], chosen.len());
        assert_eq!(left(&sandbox), 100);
        assert_eq!(service.kill_calls(&sandbox), 1, "{}", service.name);
    });
}

#[test]
fn an_action_kills_those_that_are_described_and_tells_how_many() {
    for service in SERVICES {
        let mut house = service.house();
        let Guests { group, names } = house.welcome("acted", 2);
        let spared = house.welcome("spared", 1);
        let spared = vec![spared.group; spared.names.len()];
        let all = names.len();
        let body = format!("dry_run = true\n  {}", service.select(group));
        let workspace = workspace(house.sandbox(), &service.block("action", &body));
        let invoke = || workspace.apply_with(&[&format!("-invoke=action.{}", service.killing())]);

        invoke()
            .succeeded()
            .saying(&[&format!("Dry run: {all} sessions would have been killed")])
            .not_speaking_of_state();
        let everybody = [vec![group; all], spared.clone()].concat();
        assert_eq!(house.still_there(), everybody, "{}", service.name);

        workspace.edit("dry_run = true", &format!("max_sessions = {all}"));
        invoke()
            .succeeded()
            .saying(&[
                &format!("{all} sessions matched."),
                &format!("Done: killed {all}, not found 0, refused 0, remaining 0."),
            ])
            .not_speaking_of_state();
        assert_eq!(house.still_there(), spared, "{}", service.name);
    }
}

#[test]
fn only_what_a_kill_is_about_kills_again() {
    for service in SERVICES {
        let sandbox = service.sandbox(60);
        let (condition, most, some) = (
            service.groups.condition,
            service.group(MOST),
            service.group(SOME),
        );
        let time = service.time_condition();
        let first = format!("{condition} = [{most}, {some}]\n    {time} = \"120s\"");
        let guards = "triggers = { round = \"1\" }";
        let selected = format!("{guards}\n  select {{\n    {first}\n  }}");
        let workspace = workspace(&sandbox, &service.kills(&selected));
        workspace.apply().succeeded();
        let killed = in_state(&workspace, service).values["sessions"].clone();
        assert_ne!(killed, json!([]), "{}", service.name);

        // The same in other words, and how to kill.
        let calls = sandbox.calls().len();
        for (from, to, changes) in [
            (
                format!("[{most}, {some}]").as_str(),
                format!("[{some}, {most}, {some}]").as_str(),
                false,
            ),
            ("\"120s\"", "\"2m\"", false),
            (guards, "triggers = { round = \"1\", none = null }", false),
            ("  select", "  max_sessions = 1\n  select", true),
            ("max_sessions = 1", "max_sessions = 2", true),
            ("max_sessions = 2", "fail_on_not_found = true", true),
            (
                "fail_on_not_found = true",
                "timeouts {\n    create = \"5m\"\n  }",
                true,
            ),
            ("  select", "  dry_run = true\n  select", true),
        ] {
            workspace.edit(from, to);
            let run = workspace.plan();
            match changes {
                false => run.succeeded(),
                true => run
                    .planned_changes()
                    .saying(&["0 to add, 1 to change, 0 to destroy"]),
            };
            workspace.apply().succeeded();
            let state = in_state(&workspace, service).values;
            assert_eq!(state["sessions"], killed, "{}: {to}", service.name);
        }
        assert_eq!(sandbox.calls().len(), calls, "{}", service.name);

        // What it is about.
        workspace.edit("  dry_run = true\n", "");
        for (from, to) in [("\"2m\"", "\"3m\""), ("round = \"1\"", "round = \"2\"")] {
            workspace.edit(from, to);
            workspace
                .plan()
                .planned_changes()
                .saying(&["1 to add, 0 to change, 1 to destroy"]);
            workspace.edit(to, from);
        }
    }
}
