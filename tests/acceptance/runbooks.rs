//! Every runbook in `examples/runbooks`, by its own tests: the module, and the root configuration that people copy with the
//! module in it. The cloud is the sandbox that the runbooks' README starts, and the official provider is mocked.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::support::engines::{self, Engine};
use crate::support::mirror::VERSION;
use crate::support::sandbox::{ACCESS_KEY, REGION, SECRET_KEY, Sandbox, SandboxBuilder};
use crate::support::workspace::{Workspace, provider_block};
use crate::support::{built_programs, repository};
use crate::test_plugins;

/// The address and the region that the runbooks' tests name.
const WRITTEN: [&str; 2] = ["http://127.0.0.1:8490", "\"cn-north-4\""];

/// What a module has, and nothing else.
const MODULE: [&str; 4] = ["main.tf", "outputs.tf", "variables.tf", "versions.tf"];

/// The two parts of a runbook that have tests.
#[derive(Clone, Copy, PartialEq)]
pub enum Part {
    /// The module alone.
    Module,
    /// The root configuration, with the module in a folder `module`.
    Root,
}

fn folder() -> PathBuf {
    repository().join("examples/runbooks")
}

/// A file of a runbook.
pub fn text(file: &str) -> String {
    let path = folder().join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files in a folder and their names there; nothing of the folders in it.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("an entry").path());
    entries
        .filter(|path| path.is_file())
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy();
            let text = std::fs::read_to_string(&path).expect("a text");
            (name.into_owned(), text)
        })
        .collect()
}

/// The names of the runbooks.
fn runbooks() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .expect("the folder of runbooks")
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// The sandbox that the README starts, less its address, keys and region.
pub fn cloud() -> SandboxBuilder {
    let readme = text("README.md");
    let words: Vec<&str> = readme.split_whitespace().collect();
    let nodes = words
        .windows(2)
        .filter(|pair| pair[0].starts_with("--") && pair[0].ends_with("-node"));
    nodes.fold(Sandbox::builder(), |sandbox, pair| {
        sandbox.option(pair[0], pair[1])
    })
}

/// Where the released module is.
fn source(runbook: &str) -> String {
    format!(
        "\"github.com/hwc-ops/terraform-provider-hwc//examples/runbooks/{runbook}?ref=v{VERSION}\""
    )
}

/// The files of a part in a workspace, with the sandbox as the cloud and modules in place. The keys are in the environment.
pub fn workspace(engine: &Engine, sandbox: &Sandbox, runbook: &str, part: Part) -> Workspace {
    let workspace = Workspace::empty(engine)
        .with_variable("HW_ACCESS_KEY", ACCESS_KEY)
        .with_variable("HW_SECRET_KEY", SECRET_KEY);
    with_both_providers(&workspace);
    let module = folder().join(runbook);
    let (top, module_in) = match part {
        Part::Module => (module.clone(), ""),
        Part::Root => (module.join("root"), "module/"),
    };
    let region = format!("{REGION:?}");
    let here = |text: &str| {
        text.replace(WRITTEN[0], sandbox.url())
            .replace(WRITTEN[1], &region)
            .replace(&source(runbook), "\"./module\"")
    };
    for name in MODULE {
        workspace.write(
            &format!("{module_in}{name}"),
            &text(&format!("{runbook}/{name}")),
        );
    }
    for (prefix, folder) in [("", top.clone()), ("tests/", top.join("tests"))] {
        for (name, text) in files(&folder) {
            workspace.write(&format!("{prefix}{name}"), &here(&text));
        }
    }
    workspace.run(&["get", "-no-color"]).succeeded();
    workspace
}

/// Has the engine take this provider, and the stand-in for the official one, where they were built.
fn with_both_providers(workspace: &Workspace) {
    let stand_in = workspace.path("stand-in/terraform-provider-huaweicloud");
    workspace.write("stand-in/README", "The official provider's types.");
    static PROGRAM: LazyLock<PathBuf> =
        LazyLock::new(|| test_plugins::built("huaweicloud-stand-in"));
    symlink(PROGRAM.as_path(), &stand_in).expect("a link");
    workspace.write(
        "cli.tfrc",
        &format!(
            "provider_installation {{\n  dev_overrides {{\n    \"hwc-ops/hwc\" = {:?}\n    \"huaweicloud/huaweicloud\" = {:?}\n  }}\n  direct {{}}\n}}\n",
            built_programs(),
            stand_in.parent().expect("a folder")
        ),
    );
}

/// Whether the engine knows what a part and its tests are written in.
fn can_run(engine: &Engine, runbook: &str, tests: &str) -> bool {
    let needs_actions = text(&format!("{runbook}/main.tf")).contains("\naction \"");
    (engine.has_actions() || !needs_actions)
        && (engine.has_mock_providers() || !tests.contains("\nmock_provider "))
}

/// Runs both parts' own tests with every engine that can, each against a cloud of its own.
fn passes(runbook: &str) {
    for (part, path) in [
        (Part::Module, format!("{runbook}/tests")),
        (Part::Root, format!("{runbook}/root/tests")),
    ] {
        let tests: String = files(&folder().join(&path)).into_values().collect();
        let runs = tests.matches("\nrun \"").count();
        assert!(runs > 0, "{path} has no test");
        let engines = engines::all().iter();
        for engine in engines.filter(|engine| can_run(engine, runbook, &tests)) {
            let sandbox = cloud().start();
            let workspace = workspace(engine, &sandbox, runbook, part);
            workspace.validate().succeeded();
            workspace
                .run(&["test", "-no-color"])
                .succeeded()
                .saying(&[&format!("Success! {runs} passed, 0 failed.")]);
            nobody_is_killed_twice(&sandbox);
        }
    }
}

/// Each session that was ordered to die was so once.
#[track_caller]
pub fn nobody_is_killed_twice(sandbox: &Sandbox) {
    for node in sandbox.nodes() {
        let twice = node.kills.iter().filter(|(_, orders)| **orders > 1);
        assert_eq!(twice.count(), 0, "{}: {:?}", node.service, node.kills);
    }
}

/// How many sessions were ordered to die.
pub fn killed(sandbox: &Sandbox) -> usize {
    let nodes = sandbox.nodes();
    nodes.iter().map(|node| node.kills.len()).sum()
}

#[test]
fn every_runbook_is_tested_here() {
    let tests = include_str!("runbooks.rs");
    for runbook in runbooks() {
        assert!(
            tests.contains(&format!("passes({runbook:?});")),
            "{runbook} is not tested"
        );
    }
    assert_eq!(runbooks().len(), 7);
}

#[test]
fn every_runbook_is_a_module_without_a_provider_block_and_a_root_configuration_to_copy() {
    let guide = std::fs::read_to_string(repository().join("docs/guides/runbooks.md"))
        .expect("the guide to runbooks");
    for runbook in runbooks() {
        let names: Vec<String> = files(&folder().join(&runbook)).into_keys().collect();
        assert_eq!(names, MODULE, "{runbook}");
        for name in MODULE {
            let text = text(&format!("{runbook}/{name}"));
            assert!(!text.contains("\nprovider \""), "{runbook}/{name}");
            let kills = (text.split("\n}\n"))
                .filter(|block| block.contains("_session_kill\" \"") && !block.contains("output"));
            for kill in kills {
                assert!(kill.contains(" max_sessions"), "{runbook}: {kill}");
            }
        }
        let root = text(&format!("{runbook}/root/main.tf"));
        assert!(root.contains(&source(&runbook)), "{runbook}: {root}");
        assert!(root.contains("provider \"hwc\" {"), "{runbook}: {root}");
        assert!(
            guide.contains(&format!("```hcl\n{root}```\n")),
            "the guide does not show {runbook}/root/main.tf as it is"
        );
    }
}

#[test]
fn the_sessions_that_a_reviewer_saw_are_killed_once() {
    passes("pipeline");
}

#[test]
fn a_new_password_ends_the_sessions_with_the_old_one() {
    passes("password-rotation");
}

#[test]
fn a_switchover_comes_before_the_kill_on_the_old_primary() {
    passes("switchover-drill");
}

#[test]
fn who_blocks_a_schema_change_is_killed_and_who_waits_is_not() {
    passes("blocked-schema-change");
}

#[test]
fn the_old_instance_is_drained_when_the_traffic_has_moved() {
    passes("blue-green");
}

#[test]
fn runaway_queries_are_stopped_on_every_node_of_a_fleet() {
    passes("runaway-queries");
}

#[test]
fn a_rehearsal_kills_nobody_before_a_ticket_approves_it() {
    passes("rehearsal");
}

#[test]
fn a_schema_change_does_not_run_when_a_kill_before_it_is_refused() {
    let sandbox = cloud().start();
    let engine = engines::newest_terraform();
    let workspace = workspace(engine, &sandbox, "blocked-schema-change", Part::Root);
    let command = "test -e may-change && touch changed";
    let workspace = workspace.with_variable("TF_VAR_command", command);
    point_at(&workspace, &sandbox);

    // Given a limit that the blockers reach, and that the idle transactions exceed.
    workspace.edit("max_sessions    = 20", "max_sessions    = 2");
    workspace
        .apply_with(&["-var=change=1"])
        .failed()
        .saying(&["but max_sessions is 2"]);
    assert!(!workspace.path("changed").exists());
    assert_eq!(killed(&sandbox), 2);

    // When the limit is raised, the change runs, and the blockers' kill stays as it was.
    workspace.edit("max_sessions    = 2", "max_sessions    = 50");
    workspace.apply_with(&["-var=change=1"]).failed();
    let killed_before_the_change = killed(&sandbox);
    assert!(killed_before_the_change > 2);

    // When the change itself failed, the next apply runs it again, and kills nobody.
    workspace.write("may-change", "");
    workspace.apply_with(&["-var=change=1"]).succeeded();
    assert!(workspace.path("changed").exists());
    assert_eq!(killed(&sandbox), killed_before_the_change);
    nobody_is_killed_twice(&sandbox);
}

#[test]
fn who_comes_back_to_the_old_instance_is_named_and_not_killed() {
    let engine = engines::newest_terraform();
    let sandbox = cloud().option("--churn", "3").start();
    let workspace = workspace(engine, &sandbox, "blue-green", Part::Module)
        .with_variable("TF_VAR_instance_id", "6b9d3f7a2c5e41808e1f4d7b9a3c6e52in03")
        .with_variable("TF_VAR_moved_to", "green");
    point_at(&workspace, &sandbox);

    let come_back = ["sessions are on the old instance:", "the old address"];
    workspace.apply().succeeded().saying(&come_back);
    let killed_at_first = killed(&sandbox);
    workspace.apply().succeeded().saying(&come_back);
    assert_eq!(killed(&sandbox), killed_at_first);

    workspace.apply_with(&["-var=round=2"]).succeeded();
    assert!(killed(&sandbox) > killed_at_first);
    nobody_is_killed_twice(&sandbox);
}

/// Has the provider of a workspace call the sandbox: its configuration names no endpoints.
pub fn point_at(workspace: &Workspace, sandbox: &Sandbox) {
    let provider = provider_block(sandbox, &format!("region = {REGION:?}"));
    workspace.write("sandbox_override.tf", &provider);
}
