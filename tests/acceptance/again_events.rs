//! What kills again although nobody has edited the kill, and what does not: commands, names, places in a list, and state that
//! is lost. `docs/guides/when-a-kill-happens-again.md` says it to users.

use std::fs;

use serde_json::json;

use crate::support::engines::{self, Engine};
use crate::support::sandbox::{DCS_NODES, Sandbox};
use crate::support::services::Service;
use crate::support::workspace::Workspace;

/// An instance that is busy with another kill refuses the next one, which counts as a request.
const ONE_BY_ONE: &str = "-parallelism=1";

/// Kills of all sessions of nodes, in one workspace.
struct Case {
    sandbox: Sandbox,
    workspace: Workspace,
    /// The configuration but for the provider.
    written: String,
}

/// A kill of a node, and more of its block.
fn kill(name: &str, node: &str, more: &str) -> String {
    let instance = Service::named("dcs").nodes.ids[0].0;
    format!(
        "resource \"hwc_dcs_session_kill\" {name:?} {{\n  instance_id = {instance:?}\n  node_id = {node}\n{more}}}\n"
    )
}

fn kill_of_first_node(name: &str, more: &str) -> String {
    kill(name, &format!("{:?}", DCS_NODES[0]), more)
}

/// One for each element of a list of nodes.
fn kills_of(nodes: &[&str]) -> String {
    let list = "  count = length(local.nodes)\n";
    let locals = format!("locals {{\n  nodes = {nodes:?}\n}}\n");
    locals + &kill("test", "local.nodes[count.index]", list)
}

impl Case {
    /// Applies it.
    fn start(engine: &Engine, written: String) -> Self {
        let dcs = Service::named("dcs");
        let behind = "simulated:5";
        let sandbox = dcs
            .with_nodes(Sandbox::builder(), &[behind, behind])
            .start();
        let workspace = Workspace::new(engine, &sandbox, &written);
        workspace.apply_with(&[ONE_BY_ONE]).succeeded();
        Self {
            sandbox,
            workspace,
            written,
        }
    }

    fn kills(&self) -> usize {
        self.sandbox.calls_to("/kill-all").len()
    }

    /// Writes this instead, applies it, and says how often that killed.
    fn rewritten(&mut self, written: String) -> usize {
        self.workspace.edit(&self.written, &written);
        self.written = written;
        self.applied(&[])
    }

    /// How often an apply kills.
    fn applied(&self, arguments: &[&str]) -> usize {
        let before = self.kills();
        let arguments = [arguments, &[ONE_BY_ONE]].concat();
        self.workspace.apply_with(&arguments).succeeded();
        self.kills() - before
    }

    fn run(&self, arguments: &[&str]) {
        self.workspace.run(arguments).succeeded();
    }
}

const ADDRESS: &str = "hwc_dcs_session_kill.test";

#[test]
fn commands_kill_again_only_where_they_replace_or_forget() {
    engines::with_each(|engine| {
        let case = Case::start(engine, kill_of_first_node("test", ""));
        assert_eq!(case.kills(), 1, "{engine}");
        assert_eq!(case.applied(&[]), 0, "{engine}");
        assert_eq!(case.applied(&["-refresh-only"]), 0, "{engine}");
        assert_eq!(case.applied(&["-replace", ADDRESS]), 1, "{engine}");

        case.run(&["taint", ADDRESS]);
        case.run(&["untaint", ADDRESS]);
        assert_eq!(case.applied(&[]), 0, "{engine}");
        case.run(&["taint", ADDRESS]);
        assert_eq!(case.applied(&[]), 1, "{engine}");

        case.run(&["state", "rm", ADDRESS]);
        assert_eq!(case.applied(&[]), 1, "{engine}");

        let kills = case.kills();
        case.workspace.destroy().succeeded();
        assert_eq!(case.kills(), kills, "{engine}");
        assert_eq!(case.applied(&[]), 1, "{engine}");
    });
}

#[test]
fn a_lost_state_and_another_workspace_kill_again() {
    engines::with_each(|engine| {
        let case = Case::start(engine, kill_of_first_node("test", ""));
        fs::remove_file(case.workspace.path("terraform.tfstate")).expect("the state");
        assert_eq!(case.applied(&[]), 1, "{engine}");

        case.run(&["workspace", "new", "other"]);
        assert_eq!(case.applied(&[]), 1, "{engine}");
        case.run(&["workspace", "select", "default"]);
        assert_eq!(case.applied(&[]), 0, "{engine}");
    });
}

#[test]
fn a_saved_plan_kills_once() {
    engines::with_each(|engine| {
        let case = Case::start(engine, kill_of_first_node("test", ""));
        case.run(&["plan", "-input=false", "-out=saved", "-replace", ADDRESS]);
        let apply = ["apply", "-no-color", "-input=false", "saved"];
        case.run(&apply);
        assert_eq!(case.kills(), 2, "{engine}");
        (case.workspace.run(&apply).failed()).saying(&["Saved plan is stale"]);
        assert_eq!(case.kills(), 2, "{engine}");
    });
}

#[test]
fn a_saved_plan_that_stored_nothing_can_be_applied_again() {
    engines::with_each(|engine| {
        let mut case = Case::start(engine, kill_of_first_node("test", ""));
        let second = kill("second", &format!("{:?}", DCS_NODES[1]), "");
        let written = format!("{}{second}", case.written);
        case.workspace.edit(&case.written, &written);
        case.written = written;
        case.run(&["plan", "-input=false", "-out=saved"]);
        let apply = ["apply", "-no-color", "-input=false", "saved"];
        let refusal = json!({"path_contains": "/kill-all", "status": 403, "times": 1});
        case.sandbox.break_calls(refusal);
        (case.workspace.run(&apply).failed()).saying(&["No session was killed"]);

        let before = case.kills();
        case.run(&apply);
        assert_eq!(case.kills(), before + 1, "{engine}");
    });
}

#[test]
fn a_name_without_moved_and_an_index_that_shifts_kill_again() {
    engines::with_each(|engine| {
        let mut case = Case::start(engine, kill_of_first_node("test", ""));
        assert_eq!(
            case.rewritten(kill_of_first_node("other", "")),
            1,
            "{engine}"
        );

        let [first, second] = DCS_NODES;
        let mut case = Case::start(engine, kills_of(&[first, second]));
        assert_eq!(case.kills(), 2, "{engine}");
        // The second moves to the index of the first.
        assert_eq!(case.rewritten(kills_of(&[second])), 1, "{engine}");
        assert_eq!(case.rewritten(kills_of(&[second, first])), 1, "{engine}");
        // The last goes.
        assert_eq!(case.rewritten(kills_of(&[second])), 0, "{engine}");
    });
}

#[test]
fn meta_arguments_decide_what_a_change_means() {
    let ignoring = |run: &str| {
        let more = format!(
            "  triggers = {{ run = {run:?} }}\n  lifecycle {{\n    ignore_changes = [triggers]\n  }}\n"
        );
        kill_of_first_node("test", &more)
    };
    let following = |input: &str| {
        let lifecycle = "  lifecycle {\n    replace_triggered_by = [terraform_data.other]\n  }\n";
        let other = format!("resource \"terraform_data\" \"other\" {{\n  input = {input:?}\n}}\n");
        other + &kill_of_first_node("test", lifecycle)
    };
    let late = |replaced_by: &str| {
        let other = format!(
            "resource \"terraform_data\" \"other\" {{\n  input = \"same\"\n  triggers_replace = {replaced_by:?}\n}}\n"
        );
        other
            + &kill_of_first_node(
                "test",
                "  triggers = { other = terraform_data.other.output }\n",
            )
    };
    engines::with_each(|engine| {
        let mut case = Case::start(engine, ignoring("1"));
        assert_eq!(case.rewritten(ignoring("2")), 0, "{engine}");
        let plain = kill_of_first_node(
            "test",
            "  triggers = { run = \"1\" }\n  lifecycle {\n    create_before_destroy = true\n  }\n",
        );
        assert_eq!(case.rewritten(plain), 0, "{engine}");

        let mut case = Case::start(engine, following("1"));
        assert_eq!(case.rewritten(following("2")), 1, "{engine}");

        // The value is not known in the plan, and the same afterwards.
        let mut case = Case::start(engine, late("1"));
        assert_eq!(case.rewritten(late("2")), 1, "{engine}");
    });
}
