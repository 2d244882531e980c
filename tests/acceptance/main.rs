//! The whole way, as a user has it: HCL, a real engine, the plugin, signed HTTP, the sandbox cloud, and behind it real
//! Redis and MariaDB servers whose sessions really end.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/mod.rs"]
mod support;

mod actions;
mod again;
mod again_events;
mod arguments;
mod configuration;
mod crash;
mod dcs;
mod empty_root;
mod examples;
mod failures;
mod installation;
mod interruption;
mod load;
mod logs;
mod matrix;
mod mistakes;
mod provider_block;
mod runbook_pipelines;
mod runbooks;
mod secrets;
mod select_churn;
mod select_dcs;
mod select_lists;
mod select_refusals;
mod select_services;
mod select_taurusdb;
mod state_upgrade;
mod taurusdb;
#[path = "../support/test_plugins.rs"]
mod test_plugins;
mod unknowns;
