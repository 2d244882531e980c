//! `init` installs the provider from a mirror that `make dist` made, with checksums and a lock file, as people do who
//! have no development override.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::LazyLock;

use serde_json::json;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::configuration::{TAURUSDB_KILL, taurusdb_kill};
use crate::support::engines::{self, Engine};
use crate::support::mirror::{Mirror, VERSION};
use crate::support::sandbox::{Sandbox, TAURUSDB_INSTANCE, TAURUSDB_NODES};
use crate::support::workspace::Workspace;

const LOCK_FILE: &str = ".terraform.lock.hcl";

/// A mirror that several tests read.
pub fn mirror() -> &'static Mirror {
    static MIRROR: LazyLock<Mirror> = LazyLock::new(Mirror::of_the_program_under_test);
    &MIRROR
}

/// A sandbox with one session to kill, and its id.
fn sandbox_with_one_session() -> (Sandbox, u64) {
    let sandbox = Sandbox::builder()
        .simulated_taurusdb(TAURUSDB_INSTANCE, TAURUSDB_NODES[0], 1)
        .start();
    let sessions = &sandbox.nodes().pop().expect("the node").sessions;
    let id = sessions[0].as_u64().expect("a thread id is a number");
    (sandbox, id)
}

/// A workspace that kills that session, and whose engine has the provider from nowhere but the mirror.
fn workspace(engine: &Engine, sandbox: &Sandbox, id: u64, method: &str) -> Workspace {
    let workspace = Workspace::new(engine, sandbox, &taurusdb_kill(&[id], ""));
    workspace.write(
        "cli.tfrc",
        &format!("provider_installation {{\n  {method}\n}}\n"),
    );
    workspace
}

fn filesystem_mirror(folder: &Path) -> String {
    format!("filesystem_mirror {{\n    path = {folder:?}\n  }}")
}

fn lock_file(workspace: &Workspace) -> String {
    fs::read_to_string(workspace.path(LOCK_FILE)).expect("init wrote a lock file")
}

/// Puts another file into a package, as somebody would who wants the engine to run something else.
fn tamper_with(package: &Path) {
    let file = File::options()
        .read(true)
        .write(true)
        .open(package)
        .expect("the package");
    let mut archive = ZipWriter::new_append(file).expect("the package is a zip");
    archive
        .start_file("extra", SimpleFileOptions::default())
        .expect("another file in the package");
    archive
        .write_all(b"not from the release")
        .expect("its text");
    archive.finish().expect("the package is whole again");
}

#[test]
fn init_from_a_filesystem_mirror_locks_the_version_and_what_it_installed_kills() {
    for engine in engines::all() {
        let (sandbox, id) = sandbox_with_one_session();
        let workspace = workspace(engine, &sandbox, id, &filesystem_mirror(&mirror().path()));

        workspace
            .run(&["init", "-no-color", "-input=false"])
            .succeeded()
            .saying(&[&format!("hwc-ops/hwc v{VERSION}")]);

        let locked = lock_file(&workspace);
        assert!(
            locked.contains(&format!("{VERSION:?}")),
            "{engine}: {locked}"
        );
        let hash = mirror().h1(engine);
        assert!(
            locked.contains(&hash),
            "{engine}: {hash} is not in {locked}"
        );

        workspace.validate().succeeded();
        workspace.plan().planned_changes();
        workspace.apply().succeeded();
        let kill = workspace.resource(TAURUSDB_KILL).expect("the kill");
        assert_eq!(kill.values["processes_killed"], json!([id]), "{engine}");
    }
}

#[test]
fn a_package_that_is_not_the_locked_one_is_refused() {
    for engine in engines::all() {
        // Given a lock file of the package as it was released.
        let mirror = mirror().copy();
        let (sandbox, id) = sandbox_with_one_session();
        let workspace = workspace(engine, &sandbox, id, &filesystem_mirror(&mirror.path()));
        workspace.run(&["init", "-no-color"]).succeeded();
        let locked = lock_file(&workspace);

        // When the package has changed by the time that another machine installs it.
        tamper_with(&mirror.package(engine));
        fs::remove_dir_all(workspace.path(".terraform")).expect("what init installed");

        // Then it is not installed, and the lock file stays as it was.
        workspace
            .run(&["init", "-no-color"])
            .failed()
            .saying(&["checksums"]);
        assert_eq!(lock_file(&workspace), locked, "{engine}");
    }
}

#[test]
fn a_lock_file_made_from_the_mirror_is_the_one_that_init_takes() {
    for engine in engines::all() {
        let (sandbox, id) = sandbox_with_one_session();
        let folder = mirror().path();
        let workspace = workspace(engine, &sandbox, id, &filesystem_mirror(&folder));

        let option = format!("-fs-mirror={}", folder.display());
        workspace
            .run(&["providers", "lock", "-no-color", &option])
            .succeeded();

        let hash = mirror().h1(engine);
        assert!(lock_file(&workspace).contains(&hash), "{engine}");
        workspace
            .run(&["init", "-no-color", "-lockfile=readonly"])
            .succeeded();
    }
}

#[test]
fn init_from_a_network_mirror_locks_the_version_and_what_it_installed_plans() {
    let server = mirror().serve();
    for engine in engines::all() {
        let (sandbox, id) = sandbox_with_one_session();
        let method = format!("network_mirror {{\n    url = {:?}\n  }}", server.url);
        let certificate = server.certificate.to_str().expect("a path in UTF-8");
        let workspace =
            workspace(engine, &sandbox, id, &method).with_variable("SSL_CERT_FILE", certificate);

        workspace.run(&["init", "-no-color"]).succeeded();

        let hash = mirror().h1(engine);
        assert!(lock_file(&workspace).contains(&hash), "{engine}");
        workspace.plan().planned_changes();
    }
}
