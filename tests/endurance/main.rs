//! The provider itself under long work, much work and strange bytes, through a raw host: does it leak, can it be broken?
//!
//! They take a few seconds here and as long as one likes with `make soak` and `make fuzz`.

#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod cloud;
mod fuzz;
mod million;
mod schema;
mod soak;

#[allow(dead_code, reason = "tests/wire uses all of it")]
#[path = "../wire/host.rs"]
mod host;
#[allow(dead_code, reason = "only the plugin of tests/wire is built by it")]
#[path = "../support/test_plugins.rs"]
mod test_plugins;

use std::path::Path;
use std::time::Duration;

use host::{Host, bare_program};

/// The provider, started as an engine would.
async fn start_provider() -> Host {
    let program = Path::new(env!("CARGO_BIN_EXE_terraform-provider-hwc"));
    Host::run(bare_program(program)).await
}

/// How long to go on: as many seconds as the variable says.
fn duration(variable: &str, otherwise: Duration) -> Duration {
    match std::env::var(variable) {
        Ok(seconds) => Duration::from_secs(seconds.parse().expect("a number of seconds")),
        Err(_) => otherwise,
    }
}

/// The plugin's resident memory in bytes.
fn resident_memory(host: &Host) -> u64 {
    let status = std::fs::read_to_string(proc(host, "status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.unwrap().trim().trim_end_matches(" kB");
    1024 * kilobytes.parse::<u64>().unwrap()
}

/// How many file descriptors the plugin has open.
fn open_files(host: &Host) -> usize {
    std::fs::read_dir(proc(host, "fd")).unwrap().count()
}

fn proc(host: &Host, what: &str) -> String {
    format!("/proc/{}/{what}", host.child.id().unwrap())
}
