//! What the acceptance tests stand on: engines (Terraform and OpenTofu), real Redis, MariaDB and PostgreSQL
//! servers with real client connections, the sandbox cloud in front of them, and workspaces in which an engine runs.
//!
//! Every server listens on a free loopback port, keeps its files in a temporary folder and ends with the test.

pub mod account;
pub mod document;
pub mod engines;
pub mod groups;
pub mod guests;
pub mod houses;
pub mod leash;
pub mod mariadb;
pub mod mirror;
pub mod postgresql;
pub mod processes;
#[allow(dead_code, reason = "the tests that ask the SDK include it by itself")]
pub mod python;
pub mod redis;
pub mod sandbox;
pub mod services;
pub mod workspace;

use std::future::Future;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

/// The folder of the repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder in which Cargo put the programs under test.
pub fn built_programs() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_terraform-provider-hwc"))
        .parent()
        .expect("a program lies in a folder")
        .to_path_buf()
}

/// Waits for a future from a test, which is ordinary blocking code.
pub fn wait<F: Future>(future: F) -> F::Output {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a tokio runtime"));
    RUNTIME.block_on(future)
}

/// A loopback port on which nothing listens.
pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .expect("a free loopback port")
        .port()
}

/// Tries again and again until there is an answer, and panics with the last reason when there is none in 30 seconds.
pub fn eventually<T>(what: &str, mut attempt: impl FnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        match attempt() {
            Ok(value) => return value,
            Err(reason) if Instant::now() >= deadline => panic!("{what}: {reason}"),
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

/// The program of that name on `PATH` or in the folders of servers, which Debian leaves out of a plain user's `PATH`.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// The program of that name, or a panic that says how to get it.
pub fn program(name: &str) -> PathBuf {
    find_program(name).unwrap_or_else(|| panic!("{name} is not installed; run `make setup`"))
}
