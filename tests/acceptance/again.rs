//! What kills again, and what never does: edits of a kill that has happened, what the plan makes of each, and what the
//! cloud sees of it. Every table goes through one workspace, from edit to edit.

use serde_json::Value;

use crate::support::engines::{self, Engine};
use crate::support::sandbox::{
    DCS_INSTANCE, DCS_NODES, REGION, Sandbox, TAURUSDB_INSTANCE, TAURUSDB_NODES,
};
use crate::support::workspace::{Run, Workspace};

const DCS: &str = "hwc_dcs_session_kill";
const TAURUSDB: &str = "hwc_taurusdb_session_kill";

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
struct Edit(&'static str, String, Plan, &'static [&'static str]);

fn edit(name: &'static str, arguments: &str, plan: Plan) -> Edit {
    Edit(name, arguments.to_owned(), plan, &[])
}

impl Edit {
    fn saying(mut self, texts: &'static [&'static str]) -> Self {
        self.3 = texts;
        self
    }
}

fn sandbox() -> Sandbox {
    let mut sandbox = Sandbox::builder();
    for node in DCS_NODES {
        sandbox = sandbox.simulated_dcs(DCS_INSTANCE, node, 3);
    }
    for node in TAURUSDB_NODES {
        sandbox = sandbox.simulated_taurusdb(TAURUSDB_INSTANCE, node, 40);
    }
    sandbox.start()
}

/// How many requests to kill the cloud has seen.
fn kills(sandbox: &Sandbox) -> usize {
    let is_kill = |path: &str, method: &str| {
        path.contains("/clients/kill") || path.ends_with("/processes") && method == "DELETE"
    };
    (sandbox.calls().iter())
        .filter(|call| is_kill(&call.path, &call.method))
        .count()
}

/// What state says of the kill: everything that only the provider sets.
fn proof(workspace: &Workspace) -> Value {
    let state = std::fs::read(workspace.path("terraform.tfstate")).expect("the state");
    let state: Value = serde_json::from_slice(&state).expect("the state as JSON");
    let mut proof = state["resources"][0]["instances"][0]["attributes"].clone();
    for argument in [
        "node_id",
        "kill_all_nodes",
        "client_addrs",
        "processes",
        "select",
        "max_sessions",
        "dry_run",
        "fail_on_not_found",
        "wait_for_completion",
        "triggers",
        "timeouts",
    ] {
        proof.as_object_mut().expect("a resource").remove(argument);
    }
    proof
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
fn go_through(engine: &Engine, kind: &str, first: &str, edits: &[Edit]) {
    let sandbox = sandbox();
    let instance = match kind {
        DCS => DCS_INSTANCE,
        _ => TAURUSDB_INSTANCE,
    };
    let body = |arguments: &str| format!("  instance_id = {instance:?}\n  {arguments}\n}}\n");
    let mut before = body(first);
    let configuration = format!("resource {kind:?} \"test\" {{\n{before}");
    let workspace = Workspace::new(engine, &sandbox, &configuration);
    workspace.apply().succeeded();

    for Edit(name, arguments, expected, texts) in edits {
        let after = body(arguments);
        workspace.edit(&before, &after);
        let (calls, killed, proven) = (sandbox.calls().len(), kills(&sandbox), proof(&workspace));

        let plan = plan_and_apply(&workspace).saying(texts);

        let line = match expected {
            Replace(_) => "Plan: 1 to add, 0 to change, 1 to destroy.",
            InPlace => "Plan: 0 to add, 1 to change, 0 to destroy.",
            NoChange => "No changes.",
        };
        assert_eq!(
            planned(&plan),
            Some(line),
            "{engine}, {kind}: {name}\n{}\n{}",
            plan.stdout,
            plan.stderr
        );
        match expected {
            Replace(requests) => {
                assert!(sandbox.calls().len() > calls, "{engine}, {kind}: {name}");
                assert_eq!(
                    kills(&sandbox),
                    killed + requests,
                    "{engine}, {kind}: {name}"
                );
            }
            InPlace | NoChange => {
                assert_eq!(sandbox.calls().len(), calls, "{engine}, {kind}: {name}");
                assert_eq!(proof(&workspace), proven, "{engine}, {kind}: {name}");
            }
        }
        before = after;
    }
    workspace.plan().succeeded();
}

#[test]
fn edits_of_a_kill_of_listed_threads() {
    let [node, other] = TAURUSDB_NODES;
    let with = |rest: &str| format!("node_id = {node:?}\n  {rest}");
    let ids = "processes = [4000000, 4000001]\n  ";
    let ids_and = |rest: &str| with(&format!("{ids}{rest}"));
    let edits = [
        edit(
            "another order, and an ID twice",
            &with("processes = [4000001, 4000000, 4000001]"),
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
        .saying(&["Warning: dry_run comes after the kill", "Nobody is killed"]),
        edit(
            "that dry run taken back",
            &ids_and("dry_run = false"),
            InPlace,
        ),
        edit(
            "a trigger",
            &ids_and("triggers = { ticket = \"1\" }"),
            Replace(1),
        )
        .saying(&[
            "Warning: Applying this kills sessions again",
            "Now triggers has changed",
            "the sessions in processes: 4000000, 4000001, of the node",
        ]),
        edit(
            "another value of a trigger",
            &ids_and("triggers = { ticket = \"2\" }"),
            Replace(1),
        ),
        edit(
            "another trigger without a value",
            &ids_and("triggers = { ticket = \"2\", other = null }"),
            NoChange,
        ),
        edit(
            "a trigger taken away",
            &ids_and("triggers = {}"),
            Replace(1),
        ),
        edit(
            "fewer threads, in the same edit as a cap",
            &with("processes = [4000000]\n  max_sessions = 5"),
            Replace(1),
        )
        .saying(&[
            "Now processes has changed",
            "the sessions in processes: 4000000, of the node",
        ]),
        edit(
            "another node",
            &format!("node_id = {other:?}\n  processes = [4000000]"),
            Replace(1),
        )
        .saying(&["Now node_id has changed"]),
        edit(
            "a dry run of other threads",
            &with("processes = [4000000]\n  dry_run = true"),
            Replace(0),
        )
        .saying(&["the proof of the kill is forgotten"]),
        edit(
            "a cap of a dry run",
            &with("processes = [4000000]\n  dry_run = true\n  max_sessions = 1"),
            InPlace,
        ),
        edit(
            "more threads in a dry run",
            &with("processes = [4000000, 4000001]\n  dry_run = true"),
            Replace(0),
        )
        .saying(&["Warning: Dry run: nothing will be killed"]),
        edit("the end of a dry run", &ids_and(""), Replace(1)).saying(&[
            "Warning: Applying this kills sessions",
            "Until now this was a dry run",
        ]),
        edit(
            "a dry run after that kill",
            &ids_and("dry_run = true"),
            InPlace,
        ),
        edit(
            "other threads, while that dry run is in state",
            &with("processes = [4000002]\n  dry_run = true"),
            Replace(0),
        )
        .saying(&["the proof of the kill is forgotten"]),
    ];
    engines::with_each(|engine| go_through(engine, TAURUSDB, &ids_and(""), &edits));
}

#[test]
fn edits_of_a_kill_of_selected_threads() {
    let node = TAURUSDB_NODES[0];
    let select =
        |conditions: &str| format!("node_id = {node:?}\n  select {{\n    {conditions}\n  }}");
    let first = "users = [\"nobody\", \"noone\"]\n    min_busy = \"2m\"\n    commands = [\"Query\"]\n    addresses = [\"10.9.0.0/16\", \"App-7\"]";
    let edits = [
        edit(
            "the same in other words",
            &select(
                "users = [\"noone\", \"nobody\", \"noone\"]\n    min_busy = \"120s\"\n    commands = [\"query\"]\n    addresses = [\"app-7\", \"10.9.0.0/16\"]",
            ),
            NoChange,
        ),
        edit(
            "conditions that exclude nobody",
            &select(&format!(
                "{first}\n    exclude_users = []\n    exclude_addresses = []\n    all = false"
            )),
            InPlace,
        ),
        edit("these taken away", &select(first), InPlace),
        edit(
            "a cap beside the same in other words",
            &format!(
                "max_sessions = 5\n  {}",
                select(&first.replace("2m", "120s"))
            ),
            InPlace,
        ),
        edit(
            "a longer time",
            &select(&first.replace("2m", "3m")),
            Replace(0),
        )
        .saying(&[
            "Now select has changed",
            "the sessions that select chooses of the node",
        ]),
        edit(
            "conditions taken away, so that sessions match",
            &select("users = [\"app\"]"),
            Replace(1),
        ),
        edit(
            "the same users, and a cap",
            &format!(
                "max_sessions = 1\n  {}",
                select("users = [\"app\", \"app\"]")
            ),
            InPlace,
        ),
        edit("another user", &select("users = [\"report\"]"), Replace(1)),
        edit(
            "an exclusion",
            &select("users = [\"report\"]\n    exclude_users = [\"app\"]"),
            Replace(0),
        ),
        edit(
            "excluded addresses for excluded users",
            &select("users = [\"report\"]\n    exclude_addresses = [\"10.9.9.9\", \"App-7\"]"),
            Replace(0),
        )
        .saying(&["Now select has changed"]),
        edit(
            "the same excluded addresses in other words",
            &select(
                "users = [\"report\"]\n    exclude_addresses = [\"app-7\", \"10.9.9.9/32\", \"10.9.9.9\"]",
            ),
            NoChange,
        ),
        edit(
            "one excluded address less",
            &select("users = [\"report\"]\n    exclude_addresses = [\"App-7\"]"),
            Replace(0),
        ),
        edit(
            "excluded statements for excluded addresses",
            &select("users = [\"report\"]\n    exclude_statement_matches = [\"^SELECT\", \"a\"]"),
            Replace(0),
        ),
        edit(
            "the same excluded statements in another order",
            &select("users = [\"report\"]\n    exclude_statement_matches = [\"a\", \"^SELECT\"]"),
            NoChange,
        ),
        edit(
            "IDs for conditions",
            &format!("node_id = {node:?}\n  processes = [4000000]"),
            Replace(1),
        ),
    ];
    engines::with_each(|engine| go_through(engine, TAURUSDB, &select(first), &edits));
}

#[test]
fn edits_of_a_kill_of_all_sessions_of_a_node() {
    let [node, other] = DCS_NODES;
    let with = |rest: &str| format!("node_id = {node:?}\n  {rest}");
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
        edit("another node", &format!("node_id = {other:?}"), Replace(1))
            .saying(&["Now node_id has changed", "all sessions of the node"]),
        edit(
            "all nodes",
            &format!("node_id = {other:?}\n  kill_all_nodes = true"),
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
        edit(
            "addresses in another order",
            &with("client_addrs = [\"10.9.9.9:2\", \"10.9.9.9:1\", \"10.9.9.9:2\"]"),
            NoChange,
        ),
        edit(
            "a trigger beside addresses",
            &with("client_addrs = [\"10.9.9.9:2\", \"10.9.9.9:1\"]\n  triggers = { a = 1 }"),
            Replace(0),
        )
        .saying(&["the sessions in client_addrs: 10.9.9.9:2, 10.9.9.9:1, of the node"]),
        edit(
            "fail_on_not_found beside addresses",
            &with(
                "client_addrs = [\"10.9.9.9:2\", \"10.9.9.9:1\"]\n  triggers = { a = 1 }\n  fail_on_not_found = true",
            ),
            InPlace,
        ),
        edit(
            "that taken back",
            &with("client_addrs = [\"10.9.9.9:2\", \"10.9.9.9:1\"]\n  triggers = { a = 1 }"),
            InPlace,
        ),
        edit(
            "fewer addresses",
            &with("client_addrs = [\"10.9.9.9:1\"]"),
            Replace(0),
        ),
        edit(
            "conditions for addresses",
            &with(
                "select {\n    names = [\"nobody\"]\n    addresses = [\"10.9.9.9\"]\n    databases = [0, 1]\n  }",
            ),
            Replace(0),
        ),
        edit(
            "the same conditions in other words",
            &with(
                "select {\n    names = [\"nobody\"]\n    addresses = [\"10.9.9.9/32\"]\n    databases = [\"1\", \"0\"]\n  }",
            ),
            NoChange,
        ),
        edit(
            "an excluded address",
            &with(
                "select {\n    names = [\"nobody\"]\n    exclude_addresses = [\"10.9.9.8\", \"10.9.9.9\"]\n  }",
            ),
            Replace(0),
        ),
        edit(
            "the same excluded addresses in other words",
            &with(
                "select {\n    names = [\"nobody\"]\n    exclude_addresses = [\"10.9.9.9/32\", \"10.9.9.8\"]\n  }",
            ),
            NoChange,
        ),
    ];
    engines::with_each(|engine| go_through(engine, DCS, &with(""), &edits));
}

#[test]
fn a_cap_that_is_known_late_changes_in_place_whatever_it_turns_out_to_be() {
    let node = TAURUSDB_NODES[0];
    let kill = |cap: &str| {
        format!(
            "resource {TAURUSDB:?} \"test\" {{\n  instance_id = {TAURUSDB_INSTANCE:?}\n  node_id = {node:?}\n  processes = [4000000]\n  {cap}\n}}\n"
        )
    };
    engines::with_each(|engine| {
        for (late, cap) in [("5", Value::from(5)), ("0", Value::Null)] {
            let sandbox = sandbox();
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

            assert_eq!(sandbox.calls().len(), calls, "{engine}");
            let kill = workspace.resource(&format!("{TAURUSDB}.test"));
            assert_eq!(kill.expect("the kill").values["max_sessions"], cap);
            workspace.plan().succeeded();
        }
    });
}

#[test]
fn what_is_not_about_the_kill_never_kills() {
    let arguments = format!(
        "  instance_id = {TAURUSDB_INSTANCE:?}\n  node_id = {:?}\n  processes = [4000000]\n",
        TAURUSDB_NODES[0]
    );
    let kill = |name: &str| format!("resource {TAURUSDB:?} {name:?} {{\n{arguments}}}\n");
    engines::with_each(|engine| {
        let sandbox = sandbox();
        let workspace = Workspace::new(engine, &sandbox, &kill("test"));
        workspace.apply().succeeded();
        let calls = sandbox.calls().len();

        let region = format!("region = {REGION:?}\n");
        workspace.edit(&region, "region = \"ap-southeast-3\"\n  max_retries = 1\n");
        workspace.plan().succeeded();

        workspace
            .apply_with(&["-refresh-only"])
            .succeeded()
            .saying(&["0 added, 0 changed, 0 destroyed"]);

        let moved = |to: &str| {
            format!(
                "{}moved {{\n  from = {TAURUSDB}.test\n  to = {to}\n}}\n",
                kill("other")
            )
        };
        workspace.edit(&kill("test"), &moved(&format!("{TAURUSDB}.other")));
        workspace
            .apply()
            .succeeded()
            .saying(&["0 added, 0 changed, 0 destroyed"]);
        assert!(workspace.resource(&format!("{TAURUSDB}.other")).is_some());

        let removed = format!(
            "removed {{\n  from = {TAURUSDB}.other\n  lifecycle {{\n    destroy = false\n  }}\n}}\n"
        );
        workspace.edit(&moved(&format!("{TAURUSDB}.other")), &removed);
        workspace.apply().succeeded();
        assert!(workspace.resources().is_empty(), "{engine}");
        assert_eq!(sandbox.calls().len(), calls, "{engine}");

        workspace.edit(&removed, &kill("test"));
        workspace.edit("region = \"ap-southeast-3\"\n", &region);
        workspace.apply().succeeded();
        assert_eq!(kills(&sandbox), 2, "{engine}");
        let calls = sandbox.calls().len();
        workspace.destroy().succeeded();
        assert_eq!(sandbox.calls().len(), calls, "{engine}");
    });
}
