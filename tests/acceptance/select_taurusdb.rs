//! `select` in `hwc_taurusdb_session_kill`: of real MariaDB sessions exactly those die that were described.
//!
//! All tests share the servers, so that each has accounts of its own and describes those only.

use std::time::Duration;

use serde_json::json;

use crate::support::engines;
use crate::support::eventually;
use crate::support::guests::{
    MariaDbGuest, MariaDbLook, ask, long_statement, still_on_mariadb, tell,
};
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
            min_idle = "3s""#,
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
            addresses = ["127.0.0.7", "127.0.0.9"]"#,
            &["idle from 7"],
        ),
        (
            r#"users = ["USER_app"]
            addresses = ["127.0.0.64/26"]"#,
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
            min_busy = "3s""#,
            &["invoices", "invoices of report", "jobs"],
        ),
        (
            r#"users = ["USER_app"]
            exclude_addresses = ["127.0.0.0/29", "127.0.0.70"]"#,
            &[],
        ),
        (
            r#"users = ["USER_app"]
            commands = ["Sleep"]
            exclude_addresses = ["127.0.0.1", "127.0.0.64/26"]
            exclude_statement_matches = ["SLEEP"]"#,
            &["idle from 7"],
        ),
        (
            r#"users = ["USER_app", "USER_report"]
            commands = ["query"]
            exclude_statement_matches = ["(?i)INVOICES", "^ALTER"]"#,
            &["jobs"],
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
        if conditions.contains("min_") || conditions.contains("states") {
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
        let state = in_state(&workspace);
        let as_text: Vec<String> = killed.iter().map(u64::to_string).collect();
        assert_eq!(state.with_outcome("killed", "id"), as_text, "{conditions}");
        let sessions = state.values["sessions"].as_array().expect("a list");
        assert_eq!(sessions.len(), killed.len(), "{conditions}");
        for (name, value) in [
            ("processes_killed", json!(killed)),
            ("processes_not_found", json!([])),
            ("processes_excluded", json!([])),
            ("killed_count", json!(killed.len())),
            ("remaining_count", json!(0)),
        ] {
            assert_eq!(state.values[name], value, "{name}: {conditions}");
        }
        let before = sandbox.calls().len();
        workspace.plan().succeeded();
        assert_eq!(sandbox.calls().len(), before);
    }
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
    let configuration = selecting("addresses = [\"127.0.0.33\"]", "");
    let workspace = workspace(&sandbox, &configuration);

    workspace.apply().succeeded();

    assert_eq!(still_on_mariadb(server, &guests), ["cloud", "upper"]);
    let state = in_state(&workspace);
    assert_eq!(state.with_outcome("killed", "user"), ["internal_app"]);
    assert_eq!(state.outcomes().len(), 1);

    // The others are still there, and are told of where nobody else is left.
    workspace
        .apply_with(&[&format!("-replace={KILL}")])
        .succeeded()
        .saying(&[
            "No session matched",
            "2 that match belong to the server itself",
        ]);

    // Named, they die.
    workspace.edit(
        "addresses = [\"127.0.0.33\"]",
        "addresses = [\"127.0.0.33\"]\n    users = [\"rdsAdmin\"]",
    );
    workspace.apply().succeeded();
    assert_eq!(still_on_mariadb(server, &guests), ["upper"]);
}

#[test]
fn the_lists_in_the_words_of_the_service_say_what_its_answers_say() {
    const LISTS: [&str; 3] = [
        "processes_killed",
        "processes_not_found",
        "processes_excluded",
    ];
    let sandbox = Sandbox::builder()
        .simulated_taurusdb(TAURUSDB_INSTANCE, TAURUSDB_NODES[0], 100)
        .start();
    let lists = |workspace: &Workspace| {
        let state = in_state(workspace).values;
        LISTS.map(|name| state[name].clone())
    };

    // A dry run of given ids.
    let listed = workspace(
        &sandbox,
        &kill("processes = [2075425, 9007199254740993, 999]\n  dry_run = true"),
    );
    listed
        .plan()
        .planned_changes()
        .saying(&["+ processes_killed = []", "+ processes_excluded = []"]);
    listed.apply().succeeded();
    assert_eq!(lists(&listed), [json!([]), json!([999]), json!([])]);
    let state = in_state(&listed);
    assert_eq!(
        state.with_outcome("listed", "id"),
        ["2075425", "9007199254740993"]
    );
    listed.plan().succeeded();

    // Nobody to kill.
    let nobody = workspace(&sandbox, &selecting("users = [\"nobody\"]", ""));
    nobody.apply().succeeded();
    assert_eq!(lists(&nobody), [json!([]), json!([]), json!([])]);

    // An answer that says that a session is killed which is still there.
    sandbox.break_calls(json!({
        "method": "DELETE", "status": 200, "body": { "processes_killed": [2_075_425], "processes_not_found": [] }
    }));
    let configuration = selecting(
        "addresses = [\"192.168.21.36\"]",
        "timeouts {\n    create = \"3s\"\n  }",
    );
    let lasting = workspace(&sandbox, &configuration);
    lasting
        .apply()
        .succeeded()
        .saying(&["1 killed session still listed"]);
    assert_eq!(lists(&lasting), [json!([2_075_425]), json!([]), json!([])]);
    let state = in_state(&lasting);
    assert_eq!(state.with_outcome("remaining", "id"), ["2075425"]);
    assert_eq!(state.values["killed_count"], 0);
    assert_eq!(state.values["remaining_count"], 1);
}

#[test]
fn who_blocks_others_is_killed_and_who_waits_goes_on() {
    let [server, _] = mariadb::nodes();
    let sandbox = Sandbox::with_taurusdb(mariadb::nodes());
    tell(server, "CREATE DATABASE IF NOT EXISTS blocking");
    tell(
        server,
        "CREATE OR REPLACE TABLE blocking.stock (id INT PRIMARY KEY, number INT) ENGINE = InnoDB",
    );
    tell(server, "INSERT INTO blocking.stock VALUES (1, 10), (2, 10)");
    let plain = MariaDbLook {
        user: "blocking_app",
        ..MariaDbLook::default()
    };
    let first_row = "UPDATE blocking.stock SET number = number - 1 WHERE id = 1";
    let guests = [
        MariaDbGuest::new(
            server,
            "holds",
            MariaDbLook {
                first: &format!("BEGIN; {first_row}"),
                ..plain
            },
        ),
        MariaDbGuest::new(
            server,
            "waits",
            MariaDbLook {
                first: "SET innodb_lock_wait_timeout = 300",
                then: first_row,
                ..plain
            },
        ),
        MariaDbGuest::new(
            server,
            "holds what nobody wants",
            MariaDbLook {
                first: "BEGIN; UPDATE blocking.stock SET number = number - 1 WHERE id = 2",
                ..plain
            },
        ),
    ];
    eventually("the second one waits", || {
        // InnoDB shows what it showed before to those who ask again within 0.1 s.
        std::thread::sleep(Duration::from_millis(200));
        let waiting = ask(
            server,
            "SELECT COUNT(*) FROM information_schema.INNODB_LOCK_WAITS",
        );
        (waiting == [1])
            .then_some(())
            .ok_or_else(|| "not yet".to_owned())
    });
    let conditions = "users = [\"blocking_app\"]\n    blocking = true";
    let workspace = workspace(&sandbox, &selecting(conditions, ""));

    workspace.apply().succeeded();

    assert_eq!(
        still_on_mariadb(server, &guests),
        ["waits", "holds what nobody wants"]
    );
    assert_eq!(
        in_state(&workspace).values["processes_killed"],
        json!([guests[0].id])
    );
}
