//! The Linux package of a release in a root directory in which there is nothing else, as in a container image without a
//! C library: it starts, resolves a name, and kills.

use std::env::consts::ARCH;
use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::Uid;
use serde_json::json;
use tempfile::TempDir;
use zip::ZipArchive;

use crate::configuration::{TAURUSDB_KILL, taurusdb_kill};
use crate::support::leash::run;
use crate::support::mirror::{VERSION, dist};
use crate::support::sandbox::{
    ACCESS_KEY, PROJECT_ID, REGION, SECRET_KEY, Sandbox, TAURUSDB_INSTANCE, TAURUSDB_NODES,
};
use crate::support::workspace::Workspace;
use crate::support::{engines, program};

/// A name that only the empty root resolves.
const NAME: &str = "taurusdb.empty-root.example";

/// Where the empty root finds its name server. Only root may listen there.
const NAME_SERVER: (Ipv4Addr, u16) = (Ipv4Addr::new(127, 86, 67, 1), 53);

/// A root directory with the unpacked program in it.
struct EmptyRoot {
    folder: TempDir,
    /// Where the program puts its socket: a folder in the empty root, to which a link outside of it leads, since the
    /// engine is outside.
    sockets: TempDir,
}

impl EmptyRoot {
    fn with_the_package() -> Self {
        let root = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            sockets: tempfile::tempdir().expect("a temporary folder"),
        };
        unpack_the_program(&package(), &root.folder.path().join("provider"));
        let inside = root.inside(&root.socket_folder());
        fs::create_dir_all(&inside).expect("the folder of the socket");
        symlink(&inside, root.socket_folder()).expect("a link to the folder of the socket");
        root
    }

    fn inside(&self, path: &Path) -> PathBuf {
        let path = path.strip_prefix("/").expect("an absolute path");
        self.folder.path().join(path)
    }

    fn socket_folder(&self) -> PathBuf {
        self.sockets.path().join("s")
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.inside(Path::new(path));
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder of the file");
        fs::write(path, text).expect("a file in the empty root");
    }

    /// The command that runs the program there, with a user namespace where the test does not run as root.
    fn command(&self) -> Vec<String> {
        let unshare = || [text(&program("unshare")), "--map-root-user".to_owned()];
        (!Uid::effective().is_root())
            .then(unshare)
            .into_iter()
            .flatten()
            .chain([
                text(&program("chroot")),
                text(self.folder.path()),
                "/provider".to_owned(),
            ])
            .collect()
    }

    /// A folder with a program for the engine to start as the provider.
    fn provider_folder(&self) -> TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("terraform-provider-hwc");
        let script = format!(
            "#!/bin/sh\nPLUGIN_UNIX_SOCKET_DIR='{}' exec {}\n",
            self.socket_folder().display(),
            self.command().join(" ")
        );
        fs::write(&file, script).expect("the script");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("its mode");
        folder
    }
}

/// Builds the package for this machine, without what takes the network to collect.
fn package() -> PathBuf {
    let output = Path::new(env!("CARGO_TARGET_TMPDIR")).join("empty-root-package");
    run(dist()
        .arg("--without-notices")
        .args(["--target", &format!("{ARCH}-unknown-linux-gnu")])
        .arg("--output")
        .arg(&output));
    let packages: Vec<PathBuf> = fs::read_dir(&output)
        .expect("the output folder")
        .map(|entry| entry.expect("an entry of the folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "zip"))
        .collect();
    assert_eq!(packages.len(), 1, "{packages:?}");
    packages[0].clone()
}

fn unpack_the_program(package: &Path, to: &Path) {
    let mut archive = ZipArchive::new(File::open(package).expect("the package")).expect("a zip");
    let mut program = archive
        .by_name(&format!("terraform-provider-hwc_v{VERSION}"))
        .expect("the program in the package");
    let mut file = File::create(to).expect("the program's file");
    io::copy(&mut program, &mut file).expect("the program");
    fs::set_permissions(to, fs::Permissions::from_mode(0o755)).expect("its mode");
}

/// Answers every question for an IPv4 address with that of loopback, until the test ends.
fn serve_names(socket: UdpSocket) {
    const ADDRESS: [u8; 2] = [0, 1];
    std::thread::spawn(move || {
        let mut question = [0; 512];
        while let Ok((length, client)) = socket.recv_from(&mut question) {
            // After the header: the name, which ends with a zero, then the type and the class.
            let Some(end) = question[12..length].iter().position(|byte| *byte == 0) else {
                continue;
            };
            let question = &question[..12 + end + 5];
            let kind = &question[question.len() - 4..question.len() - 2];
            let known = kind == ADDRESS;
            let mut answer = question[..2].to_vec();
            // An answer to a recursive question; one question; one record where there is one; no more.
            answer.extend([0x81, 0x80, 0, 1, 0, u8::from(known), 0, 0, 0, 0]);
            answer.extend(&question[12..]);
            if known {
                // The name of the question, an address, of the internet, for a minute, of four bytes.
                answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
                answer.extend(Ipv4Addr::LOCALHOST.octets());
            }
            socket.send_to(&answer, client).ok();
        }
    });
}

/// Lets the empty root resolve the name: by a name server, or by a file where the test may not run one.
fn resolve_the_name(root: &EmptyRoot) {
    if let Ok(socket) = UdpSocket::bind(NAME_SERVER) {
        serve_names(socket);
        root.write(
            "/etc/resolv.conf",
            &format!("nameserver {}\n", NAME_SERVER.0),
        );
    } else {
        root.write("/etc/hosts", &format!("{} {NAME}\n", Ipv4Addr::LOCALHOST));
    }
}

/// Names a library of the system for resolving names that ends every program which loads it, as one made for another
/// version of the C library may.
fn add_a_resolver_of_the_system(root: &EmptyRoot) {
    let library = root.inside(Path::new("/lib/libnss_trap.so.2"));
    root.write(
        "/etc/nsswitch.conf",
        "hosts: trap files dns\npasswd: trap files\n",
    );
    root.write(
        "/trap.c",
        "__attribute__((constructor)) static void trap(void) { __builtin_trap(); }\n",
    );
    fs::create_dir_all(library.parent().expect("a folder")).expect("the folder of the library");
    run(Command::new("cc")
        .args(["-shared", "-nostdlib", "-o"])
        .arg(library)
        .arg(root.inside(Path::new("/trap.c"))));
}

fn text(path: &Path) -> String {
    path.to_str().expect("a path in UTF-8").to_owned()
}

#[test]
#[ignore = "builds a release, which takes minutes: run `make test-package`"]
fn the_linux_package_starts_in_an_empty_root_resolves_a_name_there_and_kills() {
    // Given the program of the package in a directory of its own.
    let root = EmptyRoot::with_the_package();

    // When it is started by hand, then it says what it is.
    let command = root.command();
    let output = Command::new(&command[0])
        .args(&command[1..])
        .env_clear()
        .output()
        .expect("chroot runs");
    let printed = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(
        printed.contains("Terraform") && printed.contains("plugin"),
        "{:?}: {printed}",
        output.status
    );

    // When an engine starts it there, the cloud's address is a name, and the system has a resolver of its own.
    resolve_the_name(&root);
    add_a_resolver_of_the_system(&root);
    let sandbox = Sandbox::builder()
        .simulated_taurusdb(TAURUSDB_INSTANCE, TAURUSDB_NODES[0], 1)
        .start();
    let id = sandbox.nodes()[0].sessions[0]
        .as_u64()
        .expect("a thread id");
    let (_, port) = sandbox.url().rsplit_once(':').expect("a port");
    let workspace = Workspace::bare(
        engines::newest_terraform(),
        &format!(
            "provider \"hwc\" {{\n  region = {REGION:?}\n  access_key = {ACCESS_KEY:?}\n  secret_key = {SECRET_KEY:?}\n  \
             project_id = {PROJECT_ID:?}\n  endpoints = {{ taurusdb = \"http://{NAME}:{port}\" }}\n}}\n{}",
            taurusdb_kill(&[id], "")
        ),
    );
    let provider = root.provider_folder();
    workspace.write(
        "cli.tfrc",
        &format!(
            "provider_installation {{\n  dev_overrides {{\n    \"hwc-ops/hwc\" = {:?}\n  }}\n  direct {{}}\n}}\n",
            provider.path()
        ),
    );
    workspace.apply().succeeded();

    // Then the session is killed.
    let kill = workspace.resource(TAURUSDB_KILL).expect("the kill");
    assert_eq!(kill.values["processes_killed"], json!([id]));
    assert_eq!(sandbox.nodes()[0].sessions.len(), 0);
}
