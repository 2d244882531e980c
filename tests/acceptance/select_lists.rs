//! The data sources and ephemeral resources that list sessions: all pages of them, in order, exactly, and no more of them
//! stored than was asked for.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::support::engines;
use crate::support::guests::{
    MariaDbGuest, MariaDbLook, RedisGuest, RedisLook, long_statement, still_on_mariadb, tell,
};
use crate::support::mariadb;
use crate::support::redis;
use crate::support::sandbox::{
    DCS_INSTANCE, DCS_NODES, Sandbox, TAURUSDB_INSTANCE, TAURUSDB_NODES,
};
use crate::support::workspace::Workspace;

const DCS_LIST: &str = "data.hwc_dcs_sessions.test";
const TAURUSDB_LIST: &str = "data.hwc_taurusdb_sessions.test";

fn workspace(sandbox: &Sandbox, configuration: &str) -> Workspace {
    Workspace::new(engines::newest_terraform(), sandbox, configuration)
}

fn taurusdb(kind: &str, body: &str) -> String {
    let [node, _] = TAURUSDB_NODES;
    format!(
        "{kind} \"hwc_taurusdb_sessions\" \"test\" {{\n  instance_id = {TAURUSDB_INSTANCE:?}\n  node_id = {node:?}\n  {body}\n}}\n"
    )
}

fn dcs(kind: &str, body: &str) -> String {
    format!(
        "{kind} \"hwc_dcs_sessions\" \"test\" {{\n  instance_id = {DCS_INSTANCE:?}\n  {body}\n}}\n"
    )
}

/// The attributes of a data source after an apply.
fn read(workspace: &Workspace, address: &str) -> Map<String, Value> {
    workspace.apply().succeeded();
    workspace
        .resource(address)
        .expect("the list is in state")
        .values
}

fn list<'a>(values: &'a Map<String, Value>, name: &str) -> &'a Vec<Value> {
    values[name].as_array().expect("a list")
}

/// A column of the sessions, in their order.
fn column<'a>(values: &'a Map<String, Value>, name: &str) -> Vec<&'a str> {
    list(values, "sessions")
        .iter()
        .map(|session| session[name].as_str().expect("a text"))
        .collect()
}

/// The IDs of the sessions of TaurusDB, which are numbers.
fn threads(values: &Map<String, Value>) -> Vec<u64> {
    (column(values, "id").iter())
        .map(|id| id.parse().expect("a whole number"))
        .collect()
}

#[test]
fn five_thousand_threads_are_listed_once_each_in_order_with_all_their_digits() {
    let sandbox = Sandbox::builder()
        .simulated_taurusdb(TAURUSDB_INSTANCE, TAURUSDB_NODES[0], 5_000)
        .start();
    let workspace = workspace(&sandbox, &taurusdb("data", ""));

    let values = read(&workspace, TAURUSDB_LIST);

    // Five thousand; the server's own threads are not listed.
    let ids = threads(&values);
    let expected: Vec<u64> = (2_075_425..2_075_425 + 4_999)
        .chain([9_007_199_254_740_993])
        .collect();
    assert!(ids == expected, "{} ids", ids.len());
    for session in list(&values, "sessions") {
        let [idle, busy] = ["idle_seconds", "busy_seconds"].map(|name| session[name].is_u64());
        assert!(idle != busy && session["user"].is_string(), "{session}");
        for null in ["node_id", "application", "age_seconds"] {
            assert_eq!(session[null], Value::Null, "{null} in {session}");
        }
    }
    assert_eq!(values["statements"], Value::Null);
    assert!(!workspace.files().contains("UPDATE orders"));
    assert!(sandbox.calls_to("/processes").len() > 50);
}

#[test]
fn twenty_five_hundred_clients_are_listed_once_each_in_order_of_node_and_number() {
    let [first, second] = DCS_NODES;
    let sandbox = Sandbox::builder()
        .simulated_dcs(DCS_INSTANCE, first, 2_500)
        .simulated_dcs(DCS_INSTANCE, second, 30)
        .start();
    let workspace = workspace(&sandbox, &dcs("data", ""));

    let values = read(&workspace, DCS_LIST);

    let listed: Vec<(&str, u64)> = list(&values, "sessions")
        .iter()
        .map(|one| {
            let id = one["id"].as_str().expect("an id").parse();
            (
                one["node_id"].as_str().expect("a node"),
                id.expect("a number"),
            )
        })
        .collect();
    assert_eq!(listed.iter().collect::<BTreeSet<_>>().len(), 2_530);
    assert!(listed.is_sorted());
    assert_eq!(
        listed.iter().filter(|(node, _)| *node == second).count(),
        30
    );
    for session in list(&values, "sessions") {
        for number in ["age_seconds", "idle_seconds"] {
            assert!(session[number].is_u64(), "{number} in {session}");
        }
        for text in ["address", "database"] {
            assert!(session[text].is_string(), "{text} in {session}");
        }
    }
    // Each node's list was refreshed once before it was read.
    let calls = sandbox.calls_to("/clients");
    let refreshes: Vec<&Value> = (calls.iter().filter(|call| call.method == "POST"))
        .map(|call| &call.body["node_id"])
        .collect();
    assert_eq!(refreshes, [&json!(first), &json!(second)]);
    assert!(calls.iter().filter(|call| call.method == "GET").count() >= 4);
}

#[test]
fn a_data_source_keeps_statements_only_when_asked_and_shows_them_to_nobody() {
    const SECRET: &str = "of Jane Doe";
    let [server, _] = mariadb::nodes();
    let sandbox = Sandbox::with_taurusdb(mariadb::nodes());
    let statement = long_statement(SECRET);
    let look = MariaDbLook {
        user: "stated",
        then: &statement,
        ..MariaDbLook::default()
    };
    let guest = MariaDbGuest::new(server, "stated", look);
    let select = "select {\n    users = [\"stated\"]\n  }";
    let output = "output \"statements\" {\n  value     = data.hwc_taurusdb_sessions.test.statements\n  sensitive = true\n}\n";
    let workspace = workspace(&sandbox, &format!("{}{output}", taurusdb("data", select)));

    let values = read(&workspace, TAURUSDB_LIST);
    assert_eq!(threads(&values), [guest.id]);
    assert_eq!(values["statements"], Value::Null);
    assert!(!workspace.files().contains(SECRET));

    workspace.edit(select, &format!("include_statements = true\n  {select}"));
    let run = workspace.apply().succeeded();
    assert!(!run.text().contains(SECRET), "{}", run.text());
    let values = workspace.resource(TAURUSDB_LIST).expect("the list").values;
    assert_eq!(
        values["statements"],
        json!({ guest.id.to_string(): statement })
    );

    // An output that would show them is refused.
    workspace.edit("sensitive = true", "sensitive = false");
    workspace
        .plan()
        .failed()
        .saying(&["Output refers to sensitive values"]);
}

#[test]
fn sessions_of_redis_are_listed_as_they_are_now() {
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    let workspace = workspace(
        &sandbox,
        &dcs(
            "data",
            &format!(
                "node_id = {:?}\n  select {{\n    names = [\"shop\"]\n  }}",
                DCS_NODES[0]
            ),
        ),
    );
    let before = read(&workspace, DCS_LIST);
    assert_eq!(before["sessions"], json!([]));

    let look = RedisLook {
        name: "shop",
        user: "app",
        db: 3,
        from: "127.0.0.7",
        last: &["SUBSCRIBE", "news"],
        ..RedisLook::default()
    };
    let guest = RedisGuest::new(&nodes[0], "shop", look);
    let values = read(&workspace, DCS_LIST);

    assert_eq!(column(&values, "address"), [guest.address.as_str()]);
    let [listed, listed_before] =
        [&values, &before].map(|values| &values["listed_at"][DCS_NODES[0]]);
    assert!(listed.is_string(), "{listed}");
    assert_ne!(listed, listed_before);
    let session = &list(&values, "sessions")[0];
    for (name, value) in [
        ("node_id", json!(DCS_NODES[0])),
        ("address", json!(guest.address)),
        ("application", json!("shop")),
        ("user", json!("app")),
        ("database", json!("3")),
        ("command", json!("subscribe")),
        ("state", json!("P")),
    ] {
        assert_eq!(session[name], value, "{name}");
    }
}

#[test]
fn ephemeral_lists_can_be_used_and_leave_nothing_behind() {
    let sandbox = Sandbox::builder()
        .simulated_dcs(DCS_INSTANCE, DCS_NODES[0], 2_500)
        .simulated_taurusdb(TAURUSDB_INSTANCE, TAURUSDB_NODES[0], 5_000)
        .start();
    // Used in a postcondition, in a check, and as arguments of a provider.
    let condition = "lifecycle {\n    postcondition {\n      condition     = contains(values(self.statements), \"UPDATE orders SET state = 'paid' WHERE id = 48213\")\n      error_message = \"no such statement\"\n    }\n  }";
    let configuration = [
        taurusdb("ephemeral", condition),
        dcs("ephemeral", ""),
        r#"
check "ids" {
  assert {
    condition     = ephemeral.hwc_taurusdb_sessions.test.sessions[4999].id == "9007199254740993"
    error_message = "a digit was lost"
  }
}

check "clients" {
  assert {
    condition     = length(distinct(ephemeral.hwc_dcs_sessions.test.sessions[*].address)) == 2500 && sum(ephemeral.hwc_dcs_sessions.test.sessions[*].age_seconds) > 0
    error_message = "not all clients are there"
  }
}

provider "hwc" {
  alias        = "told"
  region       = ephemeral.hwc_dcs_sessions.test.region
  project_name = ephemeral.hwc_taurusdb_sessions.test.sessions[0].user
}

resource "terraform_data" "something" {}
"#
        .to_owned(),
    ];
    let workspace = workspace(&sandbox, &configuration.concat());

    let run = workspace.apply().succeeded();

    assert!(
        !run.text().contains("Check block assertion failed"),
        "{}",
        run.text()
    );
    workspace
        .run(&["plan", "-input=false", "-out=plan.bin"])
        .succeeded();
    let shown = workspace.run(&["show", "-json", "plan.bin"]).succeeded();
    for text in [
        "2075425",
        "192.168.20.",
        "SELECT customer",
        "9007199254740992",
    ] {
        assert!(!workspace.files().contains(text), "{text} is in a file");
        assert!(!shown.stdout.contains(text), "{text} is in the plan");
    }

    // A condition that does not hold stops the run.
    workspace.edit("48213", "48214");
    workspace.plan().failed().saying(&["no such statement"]);
}

#[test]
fn nobody_is_missed_or_taken_twice_while_sessions_come_and_go() {
    // Given three hundred sessions that stay, and others among them that are going to leave.
    let [server, _] = mariadb::nodes();
    tell(server, "SET GLOBAL max_connections = 2000");
    let sandbox = Sandbox::with_taurusdb(mariadb::nodes());
    let stays = MariaDbLook {
        user: "moving_stays",
        ..MariaDbLook::default()
    };
    let leaves = MariaDbLook {
        user: "moving_leaves",
        ..MariaDbLook::default()
    };
    let (mut staying, mut leaving) = (Vec::new(), Vec::new());
    for _ in 0..10 {
        leaving.extend(MariaDbGuest::several(server, "leaves", leaves, 15));
        staying.extend(MariaDbGuest::several(server, "stays", stays, 30));
    }
    let list = taurusdb("data", "depends_on = [terraform_data.first]");
    let kill = format!(
        "resource \"terraform_data\" \"first\" {{}}\nresource \"hwc_taurusdb_session_kill\" \"test\" {{\n  instance_id = {TAURUSDB_INSTANCE:?}\n  node_id = {:?}\n  depends_on = [data.hwc_taurusdb_sessions.test]\n  select {{\n    users = [\"moving_stays\"]\n  }}\n}}\n",
        TAURUSDB_NODES[0]
    );
    let workspace = workspace(&sandbox, &format!("{list}{kill}"));

    // When they are listed and killed, page after page and slowly, while the others leave and new ones come.
    sandbox.break_calls(json!({ "method": "GET", "path_contains": "/processes", "delay_ms": 300 }));
    let done = AtomicBool::new(false);
    let came = std::thread::scope(|scope| {
        let traffic = scope.spawn(|| {
            let mut came = Vec::new();
            while !done.load(Ordering::Relaxed) {
                if came.len() < 150 {
                    drop(leaving.pop());
                    leaving.reverse();
                    came.extend(MariaDbGuest::several(server, "came", leaves, 1));
                }
                std::thread::sleep(Duration::from_millis(40));
            }
            came
        });
        let run = workspace.apply();
        done.store(true, Ordering::Relaxed);
        let came = traffic.join().expect("the traffic flows");
        run.succeeded();
        came
    });

    // Then the list has each of those that stayed, once.
    let values = workspace.resource(TAURUSDB_LIST).expect("the list").values;
    let ids = threads(&values);
    let unique: BTreeSet<u64> = ids.iter().copied().collect();
    assert_eq!(unique.len(), ids.len());
    assert!(ids.is_sorted());
    let missed: Vec<u64> = staying
        .iter()
        .map(|guest| guest.id)
        .filter(|id| !unique.contains(id))
        .collect();
    assert_eq!(missed, [0; 0]);

    // Then all of them were killed, and nobody else.
    assert_eq!(still_on_mariadb(server, &staying), [""; 0]);
    assert_eq!(still_on_mariadb(server, &came).len(), came.len());
    let kill = workspace
        .resource("hwc_taurusdb_session_kill.test")
        .expect("the kill");
    assert_eq!(kill.outcomes(), [("killed".to_owned(), 300)].into());
    assert_eq!(kill.values["killed_count"], 300);
}
