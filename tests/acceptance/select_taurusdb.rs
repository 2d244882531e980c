//! `select` in `hwc_taurusdb_session_kill`: of real MariaDB sessions exactly those die that were described.
//!
//! All tests share the servers, so that each has accounts of its own and describes those only.

use std::time::Duration;

use serde_json::{Value, json};

use crate::select_guests::{MariaDbGuest, MariaDbLook, long_statement, still_on_mariadb, tell};
use crate::support::engines;
use crate::support::mariadb::{self, MariaDbServer};
use crate::support::sandbox::{Sandbox, TAURUSDB_INSTANCE, TAURUSDB_NODES};
use crate::support::workspace::{Resource, Workspace};

const KILL: &str = "hwc_taurusdb_session_kill.test";

fn kill_on(node: &str, arguments: &str) -> String {
    format!(
        "resource \"hwc_taurusdb_session_kill\" \"test\" {{\n  instance_id = {TAURUSDB_INSTANCE:?}\n  node_id = {node:?}\n  {arguments}\n}}\n"
    )
}

fn kill(arguments: &str) -> String {
    kill_on(TAURUSDB_NODES[0], arguments)
}

fn selecting(conditions: &str, arguments: &str) -> String {
    kill(&format!("select {{\n    {conditions}\n  }}\n  {arguments}"))
}

fn workspace(sandbox: &Sandbox, configuration: &str) -> Workspace {
    Workspace::new(engines::newest_terraform(), sandbox, configuration)
}

fn ids<'a>(guests: impl IntoIterator<Item = &'a MariaDbGuest>) -> Vec<u64> {
    let mut ids: Vec<u64> = guests.into_iter().map(|guest| guest.id).collect();
    ids.sort_unstable();
    ids
}

fn killed_ids(guests: &[MariaDbGuest], survivors: &[&str]) -> Vec<u64> {
    ids(guests
        .iter()
        .filter(|guest| !survivors.contains(&guest.label)))
}

fn kills(sandbox: &Sandbox) -> usize {
    let calls = sandbox.calls_to("/processes");
    calls.iter().filter(|call| call.method == "DELETE").count()
}

fn in_state(workspace: &Workspace) -> Resource {
    workspace.resource(KILL).expect("the kill is in state")
}

/// Sessions of two accounts with the given prefix, which differ in everything that can be selected by.
fn guests(server: &MariaDbServer, prefix: &str) -> Vec<MariaDbGuest> {
    let app = format!("{prefix}_app");
    let report = format!("{prefix}_report");
    let shop = format!("{prefix}_shop");
    let table = format!("{shop}.orders");
    let plain = MariaDbLook {
        user: &app,
        ..MariaDbLook::default()
    };
    let guest = |label, look| MariaDbGuest::new(server, label, look);
    tell(server, &format!("CREATE DATABASE IF NOT EXISTS {shop}"));
    tell(
        server,
        &format!("CREATE TABLE IF NOT EXISTS {table} (id INT) ENGINE = InnoDB"),
    );
    let invoices = long_statement("Invoices of 2026");
    let jobs = long_statement("jobs");
    vec![
        guest("idle", plain),
        guest(
            "idle in shop",
            MariaDbLook {
                database: &shop,
                ..plain
            },
        ),
        guest(
            "idle from 7",
            MariaDbLook {
                from: "127.0.0.7",
                ..plain
            },
        ),
        guest(
            "idle from 70",
            MariaDbLook {
                from: "127.0.0.70",
                ..plain
            },
        ),
        guest(
            "invoices",
            MariaDbLook {
                then: &invoices,
                ..plain
            },
        ),
        guest(
            "invoices of report",
            MariaDbLook {
                user: &report,
                then: &invoices,
                ..plain
            },
        ),
        guest(
            "jobs",
            MariaDbLook {
                then: &jobs,
                database: &shop,
                ..plain
            },
        ),
        guest(
            "busy",
            MariaDbLook {
                busy: true,
                ..plain
            },
        ),
        guest(
            "idle of report",
            MariaDbLook {
                user: &report,
                ..plain
            },
        ),
        // It holds a lock on the table, which the next one waits for.
        guest(
            "holds",
            MariaDbLook {
                first: &format!("BEGIN; SELECT * FROM {table}"),
                ..plain
            },
        ),
        guest(
            "waits",
            MariaDbLook {
                then: &format!("ALTER TABLE {table} ADD COLUMN note TEXT"),
                ..plain
            },
        ),
    ]
}

#[test]
fn exactly_the_sessions_that_meet_every_condition_die() {
    let [server, other] = mariadb::nodes();
    let sandbox = Sandbox::with_taurusdb(mariadb::nodes());
    let everybody = [
        "idle",
        "idle in shop",
        "idle from 7",
        "idle from 70",
        "invoices",
        "invoices of report",
        "jobs",
        "busy",
        "idle of report",
        "holds",
        "waits",
    ];
    for (number, (conditions, dead)) in [
        (
            r#"users = ["USER_app"]
            commands = ["sleep"]
            min_time = "3s""#,
            &[
                "idle",
                "idle in shop",
                "idle from 7",
                "idle from 70",
                "holds",
            ][..],
        ),
        (
            r#"users = ["USER_app", "USER_report"]
            hosts = ["127.0.0.7", "127.0.0.9"]"#,
            &["idle from 7"],
        ),
        (
            r#"users = ["USER_app"]
            hosts = ["127.0.0.64/26"]"#,
            &["idle from 70"],
        ),
        (
            r#"databases = ["USER_shop"]
            commands = ["Sleep"]"#,
            &["idle in shop"],
        ),
        (
            r#"statement_matches = ["(?i)invoices of \\d{4}"]
            users = ["USER_report"]"#,
            &["invoices of report"],
        ),
        (
            r#"users = ["USER_app"]
            exclude_users = ["USER_report"]
            states = ["waiting for table metadata lock"]"#,
            &["waits"],
        ),
        (
            r#"users = ["USER_app", "USER_report"]
            statement_matches = ["jobs", "Invoices"]
            min_time = "3s"
            max_time = "4m""#,
            &["invoices", "invoices of report", "jobs"],
        ),
    ]
    .into_iter()
    .enumerate()
    {
        // Given sessions on the node, and the same on the other one.
        let prefix = format!("every{number}");
        let here = guests(server, &prefix);
        let there = guests(other, &prefix);
        // Only these depend on how long the sessions have been as they are.
        if conditions.contains("_time") || conditions.contains("states") {
            std::thread::sleep(Duration::from_millis(3500));
        }
        let conditions = conditions.replace("USER", &prefix);
        let workspace = workspace(&sandbox, &selecting(&conditions, "max_sessions = 5"));

        // When those that are described are killed.
        workspace.apply().succeeded();

        // Then they are gone, and nobody else is.
        let survivors: Vec<&str> = everybody
            .into_iter()
            .filter(|label| !dead.contains(label))
            .collect();
        assert_eq!(still_on_mariadb(server, &here), survivors, "{conditions}");
        assert_eq!(still_on_mariadb(other, &there), everybody, "{conditions}");

        // Then state says who they were, and the next plan is empty.
        let killed = killed_ids(&here, &survivors);
        let state = in_state(&workspace).values;
        assert_eq!(state["matched"], json!(killed), "{conditions}");
        assert_eq!(state["processes_killed"], json!(killed));
        assert_eq!(state["processes_not_found"], json!([]));
        assert_eq!(state["processes_excluded"], json!([]));
        assert_eq!(state["remaining"], json!([]));
        for (count, number) in [
            ("matched_count", killed.len()),
            ("killed_count", killed.len()),
            ("remaining_count", 0),
            ("protected_count", 0),
        ] {
            assert_eq!(state[count], json!(number), "{count}");
        }
        let before = sandbox.calls().len();
        workspace.plan().succeeded();
        assert_eq!(sandbox.calls().len(), before);
    }
}

#[test]
fn more_sessions_than_allowed_are_all_left_alone() {
    let [server, _] = mariadb::nodes();
    let sandbox = Sandbox::with_taurusdb(mariadb::nodes());
    let look = MariaDbLook {
        user: "capped",
        ..MariaDbLook::default()
    };
    let guests: Vec<MariaDbGuest> = (0..7)
        .map(|_| MariaDbGuest::new(server, "capped", look))
        .collect();
    let workspace = workspace(
        &sandbox,
        &selecting("users = [\"capped\"]", "max_sessions = 6"),
    );

    let run = workspace.apply().failed().saying(&[
        "7 sessions match, but max_sessions is 6",
        "No session was killed",
    ]);

    // The first five of them are shown, and no more.
    let shown: Vec<u64> = ids(&guests)
        .into_iter()
        .filter(|id| run.text().contains(&format!("{id} capped@127.0.0.1")))
        .collect();
    assert_eq!(shown, ids(&guests)[..5]);
    assert_eq!(still_on_mariadb(server, &guests).len(), 7);
    assert_eq!(kills(&sandbox), 0);
    assert!(workspace.resource(KILL).is_none());

    // With room for exactly that many they die.
    workspace.edit("max_sessions = 6", "max_sessions = 7");
    workspace.apply().succeeded();
    assert_eq!(still_on_mariadb(server, &guests), [""; 0]);
}

#[test]
fn a_dry_run_kills_nobody_and_says_so_in_plan_and_state() {
    let [server, _] = mariadb::nodes();
    let sandbox = Sandbox::with_taurusdb(mariadb::nodes());
    let look = MariaDbLook {
        user: "rehearsed",
        ..MariaDbLook::default()
    };
    let guests: Vec<MariaDbGuest> = (0..3)
        .map(|_| MariaDbGuest::new(server, "rehearsed", look))
        .collect();
    let workspace = workspace(
        &sandbox,
        &selecting("users = [\"rehearsed\"]", "dry_run = true"),
    );

    workspace.plan().planned_changes().saying(&[
        "Dry run: nothing will be killed",
        "+ killed_count = 0",
        "+ processes_killed = []",
    ]);
    workspace
        .apply()
        .succeeded()
        .saying(&["Dry run: 3 sessions would have been killed, and none was"]);

    assert_eq!(still_on_mariadb(server, &guests).len(), 3);
    assert_eq!(kills(&sandbox), 0);
    let state = in_state(&workspace).values;
    assert_eq!(state["matched"], json!(ids(&guests)));
    assert_eq!(state["remaining"], json!(ids(&guests)));
    assert_eq!(state["processes_killed"], json!([]));
    assert_eq!(
        (&state["matched_count"], &state["killed_count"]),
        (&json!(3), &json!(0))
    );
    assert_eq!(state["killed_at"], Value::Null);
    workspace.plan().succeeded();

    // Taking it back kills.
    workspace.edit("dry_run = true", "dry_run = false");
    workspace
        .plan()
        .planned_changes()
        .saying(&["forces replacement"]);
    workspace.apply().succeeded();
    assert_eq!(still_on_mariadb(server, &guests), [""; 0]);
    assert_eq!(in_state(&workspace).values["killed_count"], json!(3));
}

#[test]
fn a_dry_run_of_given_ids_tells_which_are_there() {
    let [server, _] = mariadb::nodes();
    let sandbox = Sandbox::with_taurusdb(mariadb::nodes());
    let look = MariaDbLook {
        user: "given",
        ..MariaDbLook::default()
    };
    let guests = [MariaDbGuest::new(server, "given", look)];
    let id = guests[0].id;
    let workspace = workspace(
        &sandbox,
        &kill(&format!("processes = [4000000009, {id}]\n  dry_run = true")),
    );

    workspace.apply().succeeded();

    assert_eq!(still_on_mariadb(server, &guests), ["given"]);
    assert_eq!(kills(&sandbox), 0);
    let state = in_state(&workspace).values;
    assert_eq!(state["matched"], json!([id]));
    assert_eq!(state["processes_not_found"], json!([4_000_000_009_u64]));
    workspace.plan().succeeded();
}

#[test]
fn nobody_to_kill_is_no_error_and_is_said() {
    let sandbox = Sandbox::with_taurusdb(mariadb::nodes());
    let workspace = workspace(
        &sandbox,
        &selecting("users = [\"nobody_has_this_name\"]", ""),
    );

    workspace
        .apply()
        .succeeded()
        .saying(&["Warning: No session matched", "select {"]);

    assert_eq!(kills(&sandbox), 0);
    let state = in_state(&workspace).values;
    for list in [
        "matched",
        "processes_killed",
        "processes_not_found",
        "processes_excluded",
        "remaining",
    ] {
        assert_eq!(state[list], json!([]), "{list}");
    }
    assert_eq!(state["matched_count"], json!(0));
    workspace.plan().succeeded();
}

#[test]
fn the_accounts_of_the_cloud_itself_are_chosen_only_by_name() {
    let [server, _] = mariadb::nodes();
    let sandbox = Sandbox::with_taurusdb(mariadb::nodes());
    let from = |label, user| {
        let look = MariaDbLook {
            user,
            from: "127.0.0.33",
            ..MariaDbLook::default()
        };
        MariaDbGuest::new(server, label, look)
    };
    let guests = [
        from("app", "internal_app"),
        from("cloud", "rdsAdmin"),
        from("upper", "RDSbackup"),
    ];
    let configuration = selecting("hosts = [\"127.0.0.33\"]", "");
    let workspace = workspace(&sandbox, &configuration);

    workspace.apply().succeeded();

    assert_eq!(still_on_mariadb(server, &guests), ["cloud", "upper"]);
    assert_eq!(in_state(&workspace).values["protected_count"], json!(2));

    // The others are still there, and are told of where nobody else is left.
    workspace
        .apply_with(&[&format!("-replace={KILL}")])
        .succeeded()
        .saying(&["No session matched", "Left alone, although they match: 2"]);

    // Named, they die.
    workspace.edit(
        "hosts = [\"127.0.0.33\"]",
        "hosts = [\"127.0.0.33\"]\n    users = [\"rdsAdmin\"]",
    );
    workspace.apply().succeeded();
    assert_eq!(still_on_mariadb(server, &guests), ["upper"]);
}

#[test]
fn all_sessions_but_those_of_the_server_and_of_excluded_users_die() {
    // Given a node of simulated sessions, since this hits everybody.
    let sandbox = Sandbox::builder()
        .simulated_taurusdb(TAURUSDB_INSTANCE, TAURUSDB_NODES[0], 400)
        .start();
    let list = format!(
        "data \"hwc_taurusdb_sessions\" \"left\" {{\n  instance_id = {TAURUSDB_INSTANCE:?}\n  node_id = {:?}\n  depends_on = [hwc_taurusdb_session_kill.test]\n}}\noutput \"left\" {{\n  value = sort(distinct(data.hwc_taurusdb_sessions.left.sessions[*].user))\n}}\n",
        TAURUSDB_NODES[0]
    );
    let configuration = selecting("all = true\n    exclude_users = [\"ops\"]", "");
    let workspace = workspace(&sandbox, &format!("{configuration}{list}"));

    workspace.apply().succeeded();

    assert_eq!(workspace.output("left"), json!(["ops", "rdsAdmin"]));
    // The 64-bit id of the simulation went all the way.
    let matched = &in_state(&workspace).values["matched"];
    let matched = matched.as_array().expect("a list");
    assert!(
        matched.len() > 300 && matched.contains(&json!(9_007_199_254_740_993_u64)),
        "{matched:?}"
    );
}

#[test]
fn a_dry_run_lists_everybody_also_when_the_kill_would_be_refused() {
    let sandbox = Sandbox::builder()
        .simulated_taurusdb(TAURUSDB_INSTANCE, TAURUSDB_NODES[0], 40)
        .start();
    let guards = "dry_run = true\n  max_sessions = 3";
    let workspace = workspace(&sandbox, &selecting("users = [\"app\"]", guards));

    let run = workspace.apply().succeeded();

    let state = in_state(&workspace).values;
    let matched = state["matched"].as_array().expect("a list").len();
    assert!(matched > 3);
    run.saying(&[
        &format!("Dry run: {matched} sessions would have been killed, and none was"),
        &format!("{matched} sessions match, but max_sessions is 3"),
        "the kill would be refused",
    ]);
    assert_eq!(sandbox.nodes()[0].sessions.len(), 40);
}

#[test]
fn a_plan_says_what_a_change_from_and_to_a_dry_run_does() {
    let sandbox = Sandbox::builder()
        .simulated_taurusdb(TAURUSDB_INSTANCE, TAURUSDB_NODES[0], 40)
        .start();
    let workspace = workspace(&sandbox, &selecting("users = [\"app\"]", "dry_run = true"));
    workspace.apply().succeeded();

    // A change of the rehearsal is one still.
    workspace.edit("\"app\"", "\"report\"");
    let run = workspace.plan().planned_changes();
    assert!(!run.text().contains("kills sessions"));
    run.saying(&["Dry run: nothing will be killed"]);

    // From a dry run to the first kill.
    workspace.edit("dry_run = true", "dry_run = false");
    let run = workspace.apply().succeeded();
    assert!(!run.text().contains("kills sessions again"));
    run.saying(&[
        "Applying this kills sessions",
        "Until now this was a dry run, and nothing was killed.",
        "dry_run have changed: apply kills the sessions that select chooses of the node",
    ]);
    assert!(sandbox.nodes()[0].sessions.len() < 40);

    // From a kill to a dry run of the same, and of others.
    workspace.edit("dry_run = false", "dry_run = true");
    workspace
        .plan()
        .planned_changes()
        .saying(&["dry_run comes after the kill", "Nobody is killed"]);
    workspace.edit("\"report\"", "\"app\"");
    workspace
        .plan()
        .planned_changes()
        .saying(&["nothing will be killed, and the proof of the kill is forgotten"]);
}

#[test]
fn sessions_that_are_still_there_are_told_when_time_is_up() {
    let sandbox = Sandbox::builder()
        .simulated_taurusdb(TAURUSDB_INSTANCE, TAURUSDB_NODES[0], 100)
        .start();
    // The kill is answered as if it had been done.
    sandbox.break_calls(json!({
        "method": "DELETE", "status": 200, "body": { "processes_killed": [2_075_425], "processes_not_found": [] }
    }));
    let configuration = selecting(
        "hosts = [\"192.168.21.36\"]",
        "timeouts {\n    create = \"3s\"\n  }",
    );
    let workspace = workspace(&sandbox, &configuration);

    workspace
        .apply()
        .succeeded()
        .saying(&["1 killed session still there", "remaining"]);

    let state = in_state(&workspace).values;
    assert_eq!(state["processes_killed"], json!([2_075_425]));
    assert_eq!(state["remaining"], json!([2_075_425]));
    assert_eq!(state["remaining_count"], json!(1));
}

#[test]
fn an_action_kills_those_that_are_described_and_tells_how_many() {
    let [server, _] = mariadb::nodes();
    let sandbox = Sandbox::with_taurusdb(mariadb::nodes());
    let look = |user| MariaDbLook {
        user,
        ..MariaDbLook::default()
    };
    let guests = [
        MariaDbGuest::new(server, "acted", look("acted")),
        MariaDbGuest::new(server, "spared", look("spared")),
    ];
    let configuration = format!(
        "action \"hwc_taurusdb_session_kill\" \"test\" {{\n  config {{\n    instance_id = {TAURUSDB_INSTANCE:?}\n    node_id = {:?}\n    dry_run = true\n    select {{\n      users = [\"acted\"]\n    }}\n  }}\n}}\n",
        TAURUSDB_NODES[0]
    );
    let workspace = workspace(&sandbox, &configuration);
    let invoke = || workspace.apply_with(&["-invoke=action.hwc_taurusdb_session_kill.test"]);

    invoke()
        .succeeded()
        .saying(&["Dry run: 1 session would have been killed"]);
    assert_eq!(still_on_mariadb(server, &guests), ["acted", "spared"]);

    workspace.edit("dry_run = true", "max_sessions = 1");
    invoke()
        .succeeded()
        .saying(&["1 session matched.", "killed 1, not found 0, excluded 0."]);
    assert_eq!(still_on_mariadb(server, &guests), ["spared"]);
}
