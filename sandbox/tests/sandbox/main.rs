//! The sandbox as its users meet it: over HTTP, with memory, Redis, MariaDB or PostgreSQL behind it, and as a program.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod authentication;
mod dcs;
mod ddm;
mod dds;
mod documents;
mod faults;
mod gaussdb;
mod geminidb;
mod iam;
mod postgresql;
mod program;
mod rds_mysql;
mod rds_postgresql;
mod servers;
mod support;
mod taurusdb;
mod taurusdb_htap;
