//! The wire as a raw gRPC client sees it: who is let in, what strange bytes do, and how it ends.
//!
//! Given a plugin of trifles (`plugin.rs`) that a host in the manner of go-plugin (`host.rs`) started. That real engines
//! get along with the wire is shown by the acceptance tests.

#![cfg(unix)]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod actions;
mod client;
mod connection;
mod data_sources;
mod ephemeral_resources;
mod host;
mod process;
mod resources;
mod schema;
mod state_upgrades;
#[path = "../support/test_plugins.rs"]
mod test_plugins;
mod values;
