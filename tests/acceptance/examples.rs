//! Every example of the documentation, applied as it stands, and every configuration in the README and the guides,
//! validated.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::support::engines::{self, Engine};
use crate::support::mariadb;
use crate::support::redis;
use crate::support::repository;
use crate::support::sandbox::{ACCESS_KEY, REGION, SECRET_KEY, Sandbox};
use crate::support::services::SERVICES;
use crate::support::workspace::{Workspace, endpoints};

/// The folders of `examples/` with a folder for each type.
const FOLDERS: [&str; 4] = [
    "resources",
    "data-sources",
    "ephemeral-resources",
    "actions",
];

/// The file that says which provider an example needs. It is on no page.
const VERSIONS: &str = "versions.tf";

fn examples() -> PathBuf {
    repository().join("examples")
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn example(path: &str) -> String {
    read(&examples().join(path))
}

/// What is in a folder, by name; nothing when there is no such folder.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.expect("an entry of the folder").path())
        .collect();
    entries.sort();
    entries
}

/// Whether a file is written in HCL.
fn is_hcl(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "tf")
}

/// Every folder below that one with files in HCL, and what these say together.
fn configurations_below(folder: &Path) -> Vec<(PathBuf, String)> {
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) =
        entries(folder).into_iter().partition(|path| path.is_dir());
    let text: String = files
        .iter()
        .filter(|file| is_hcl(file))
        .map(|file| read(file))
        .collect();
    let own = (!text.is_empty()).then(|| (folder.to_owned(), text));
    let below = folders
        .iter()
        .flat_map(|folder| configurations_below(folder));
    own.into_iter().chain(below).collect()
}

/// The folder of examples of every type, by its path in `examples/`.
fn examples_of_types() -> Vec<String> {
    FOLDERS
        .iter()
        .flat_map(|folder| entries(&examples().join(folder)))
        .map(|folder| {
            let path = folder
                .strip_prefix(examples())
                .expect("it is below examples");
            path.to_str().expect("a path in UTF-8").to_owned()
        })
        .collect()
}

/// The example at a path in `examples/`: a file, or all that a folder has for its page.
fn example_at(path: &str) -> String {
    let path = examples().join(path);
    if path.is_file() {
        return read(&path);
    }
    let files = entries(&path).into_iter();
    let files = files.filter(|file| is_hcl(file) && !file.ends_with(VERSIONS));
    files.map(|file| read(&file)).collect()
}

/// The addresses of the actions that a configuration declares.
fn actions(configuration: &str) -> Vec<String> {
    configuration
        .lines()
        .filter_map(|line| {
            let mut words = line.strip_prefix("action ")?.split('"').skip(1).step_by(2);
            Some(format!("action.{}.{}", words.next()?, words.next()?))
        })
        .collect()
}

/// A workspace with the files of a user, with the sandbox as the cloud.
///
/// An example names no endpoints, as a user's configuration would not; the override file of the engine's own adds them.
fn workspace_on(engine: &Engine, sandbox: &Sandbox, files: &[(&str, &str)]) -> Workspace {
    let workspace = Workspace::empty(engine)
        .with_variable("HW_ACCESS_KEY", ACCESS_KEY)
        .with_variable("HW_SECRET_KEY", SECRET_KEY);
    for (name, text) in files {
        workspace.write(name, text);
    }
    let url = sandbox.url();
    workspace.write(
        "sandbox_override.tf",
        &format!(
            "provider \"hwc\" {{\n  region = {REGION:?}\n  endpoints = {{\n{}  }}\n}}\n",
            endpoints(url)
        ),
    );
    workspace
}

/// The provider's example and the given one, a file or a folder.
fn workspace_of(engine: &Engine, sandbox: &Sandbox, path: &str) -> Workspace {
    let files = [
        ("provider.tf", example("provider/provider.tf")),
        ("main.tf", example_at(path)),
    ];
    let workspace = workspace_on(
        engine,
        sandbox,
        &files.each_ref().map(|(name, text)| (*name, text.as_str())),
    );
    // Variables are named for the service and the argument.
    let variables = SERVICES.iter().flat_map(|service| {
        let ids = format!("[{}]", service.ids.nobody[0]);
        let place = service.place.iter();
        place
            .map(|(name, value)| (*name, (*value).to_owned()))
            .chain([(service.ids.argument, ids)])
            .map(|(name, value)| (format!("TF_VAR_{}_{name}", service.name), value))
    });
    variables.fold(workspace, |workspace, (name, value)| {
        workspace.with_variable(&name, &value)
    })
}

fn with_processes(workspace: Workspace, threads: &[u64]) -> Workspace {
    workspace.with_variable("TF_VAR_taurusdb_processes", &format!("{threads:?}"))
}

#[test]
fn every_example_is_formatted() {
    Workspace::empty(engines::newest_terraform())
        .run(&[
            "fmt",
            "-check",
            "-recursive",
            "-diff",
            examples().to_str().expect("a path in UTF-8"),
        ])
        .succeeded();
}

#[test]
fn every_folder_of_examples_is_valid_as_it_is_and_names_the_versions_that_it_needs() {
    let engine = engines::newest_terraform();
    let mut folders = configurations_below(&examples());
    // Those are more than a folder each, and have tests of their own.
    folders.retain(|(folder, _)| !folder.starts_with(examples().join("runbooks")));
    assert!(folders.len() >= 10, "the examples are not found");
    for (folder, text) in folders {
        let name = folder.display();
        assert!(
            text.contains("version = \"~> "),
            "{name}: the provider has no version"
        );
        let has_actions = text.contains("\naction \"");
        assert_eq!(
            text.contains("required_version = \">= 1.14\""),
            has_actions,
            "{name}: actions, and no other example, need Terraform 1.14"
        );
        if has_actions && !engine.has_actions() {
            continue;
        }
        let workspace = Workspace::empty(engine);
        for file in entries(&folder).iter().filter(|file| is_hcl(file)) {
            let file_name = file
                .file_name()
                .and_then(OsStr::to_str)
                .expect("a name in UTF-8");
            workspace.write(file_name, &read(file));
        }
        workspace.validate().succeeded();
    }
}

#[test]
fn every_example_applies() {
    let engine = engines::newest_terraform();
    let caches = redis::nodes();
    let databases = mariadb::nodes();
    let builder = Sandbox::builder().dcs(&caches).taurusdb(databases);
    let others = (SERVICES.iter()).filter(|one| !["dcs", "taurusdb"].contains(&one.name));
    let sandbox = others
        .fold(builder, |builder, service| service.simulated(builder, 20))
        .start();
    let examples = examples_of_types();
    assert!(
        examples.len() >= SERVICES.len() * FOLDERS.len(),
        "the examples are not found: {examples:?}"
    );

    for path in examples {
        let has_actions = !actions(&example_at(&path)).is_empty();
        if has_actions && !engine.has_actions() {
            continue;
        }
        let _cache_clients = caches.each_ref().map(|node| node.open_clients(2));
        let database_clients = databases[0].open_clients(2);
        let workspace = workspace_of(engine, &sandbox, &path);
        let workspace = with_processes(workspace, &database_clients.thread_ids());

        workspace.apply().succeeded();
        // What lists sessions sees others the next time; what kills does not kill again.
        if path.starts_with("resources") || has_actions {
            workspace.plan().succeeded();
        }
        for action in actions(&example_at(&path)) {
            workspace
                .apply_with(&[&format!("-invoke={action}")])
                .succeeded();
        }
    }
}

#[test]
fn the_example_of_a_dcs_kill_ends_the_sessions_of_its_nodes() {
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    let mut clients = nodes.each_ref().map(|node| node.open_clients(3));
    let engine = engines::newest_terraform();

    workspace_of(
        engine,
        &sandbox,
        "resources/hwc_dcs_session_kill/resource.tf",
    )
    .apply()
    .succeeded()
    .saying(&["dcs_job", "SUCCESS"]);

    assert_eq!(clients.each_mut().map(|clients| clients.alive()), [0, 0]);
}

#[test]
fn the_example_of_a_taurusdb_kill_ends_the_chosen_sessions() {
    let nodes = mariadb::nodes();
    let sandbox = Sandbox::with_taurusdb(nodes);
    let mut clients = nodes[0].open_clients(3);
    let engine = engines::newest_terraform();
    let workspace = workspace_of(
        engine,
        &sandbox,
        "resources/hwc_taurusdb_session_kill/resource.tf",
    );

    with_processes(workspace, &clients.thread_ids())
        .apply()
        .succeeded()
        .saying(&["taurusdb_kill", "killed"]);

    assert!(clients.alive().is_empty());
}

#[test]
fn the_example_of_a_dcs_action_ends_the_sessions_when_invoked_and_when_triggered() {
    let engine = engines::newest_terraform();
    if !engine.has_actions() {
        return;
    }
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    let workspace = workspace_of(engine, &sandbox, "actions/hwc_dcs_session_kill/action.tf");
    let mut clients = nodes.each_ref().map(|node| node.open_clients(3));
    workspace.apply().succeeded();
    let alive = clients.each_mut().map(|clients| clients.alive());
    assert_eq!(alive, [3, 3], "nothing was invoked or changed yet");

    workspace
        .apply_with(&["-invoke=action.hwc_dcs_session_kill.all_nodes"])
        .succeeded();
    assert_eq!(clients.each_mut().map(|clients| clients.alive()), [0, 0]);

    let mut clients = nodes.each_ref().map(|node| node.open_clients(3));
    workspace
        .apply_with(&["-var=dcs_max_clients=20000"])
        .succeeded();
    assert_eq!(clients.each_mut().map(|clients| clients.alive()), [0, 0]);
}

#[test]
fn the_example_of_a_taurusdb_action_ends_the_sessions_of_the_command_line() {
    let engine = engines::newest_terraform();
    if !engine.has_actions() {
        return;
    }
    let nodes = mariadb::nodes();
    let sandbox = Sandbox::with_taurusdb(nodes);
    let mut clients = nodes[0].open_clients(3);
    let threads = clients.thread_ids();
    let ids = format!("-var=taurusdb_processes={:?}", &threads[..2]);

    workspace_of(
        engine,
        &sandbox,
        "actions/hwc_taurusdb_session_kill/action.tf",
    )
    .apply_with(&[
        "-invoke=action.hwc_taurusdb_session_kill.runaway_queries",
        &ids,
    ])
    .succeeded();

    assert_eq!(clients.alive(), &threads[2..]);
}

#[test]
fn the_first_five_minutes_go_as_the_guide_says() {
    let guide = read(&repository().join("docs/guides/getting-started.md"));
    let configuration = example("getting-started/main.tf");
    assert!(
        guide.contains(configuration.trim_end()),
        "the guide does not show examples/getting-started/main.tf as it is"
    );
    let sandbox = Sandbox::builder().start();
    let engine = engines::newest_terraform();
    let workspace = workspace_on(engine, &sandbox, &[("main.tf", &configuration)]);

    workspace.apply().succeeded().saying(&[
        "cache = \"SUCCESS\"",
        "\"killed\" = tolist([ 2075425, 2075426, ])",
        "\"not_found\" = tolist([ 4000000000, ])",
    ]);
    workspace.plan().succeeded();
    workspace
        .apply_with(&["-var=round=2"])
        .succeeded()
        .saying(&["1 added, 0 changed, 1 destroyed"]);
    assert_eq!(sandbox.calls_to("/kill-all").len(), 2);
}

/// The blocks of a document between ```` ```terraform ```` and ```` ``` ````.
fn configurations(document: &str) -> Vec<&str> {
    document
        .split("```terraform\n")
        .skip(1)
        .map(|rest| rest.split_once("```").expect("the block ends").0)
        .collect()
}

#[test]
fn every_configuration_in_the_readme_and_the_guides_is_valid() {
    let engine = engines::newest_terraform();
    let mut documents = entries(&repository().join("docs/guides"));
    documents.push(repository().join("README.md"));
    let mut seen = 0;
    for document in documents {
        for configuration in configurations(&read(&document)) {
            if !actions(configuration).is_empty() && !engine.has_actions() {
                continue;
            }
            let workspace = if configuration.contains("required_providers") {
                let workspace = Workspace::empty(engine);
                workspace.write("main.tf", configuration);
                workspace
            } else {
                Workspace::bare(engine, configuration)
            };
            workspace.validate().succeeded();
            seen += 1;
        }
    }
    assert!(seen >= 4, "the configurations of the README are not found");
}
