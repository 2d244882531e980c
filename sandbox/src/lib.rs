//! A local Huawei Cloud for rehearsing and testing session kills.
//!
//! One port serves the session calls of DCS, TaurusDB and its HTAP, RDS for MySQL and PostgreSQL, and GaussDB, the IAM calls
//! that go with them, and the metadata service of an ECS. Sessions live in memory, or in Redis, MariaDB and PostgreSQL servers behind it.
//!
//! - [`Options`] says what there is: nodes, keys, faults. It is also the command line.
//! - [`Sandbox`] is the running cloud; [`Ready`] says how to reach it.
//! - [`Rule`] makes calls and jobs fail, for rehearsals and tests.
//!
//! Inside, each part uses only parts below it:
//!
//! - `sandbox` starts and stops everything, as the `options` say.
//! - `services` is the list of services. `dcs`, `taurusdb`, `taurusdb_htap`, `rds_mysql`, `rds_postgresql`, `gaussdb`, `geminidb`,
//!   `ddm`, `dds`, `iam` and `metadata` are these services: each has its options, calls and state, and is a `Service` to the rest.
//!   `das` is what those of RDS share.
//! - `server` accepts a request, applies the throttle and the faults, records it and answers; `admin` is the part below
//!   `/_sandbox/`. Both know services by that trait alone.
//! - `gateway` checks who calls; a service says which of its calls need that.
//! - `cloud` is what all services share: the `account`, the `keyring` with its `signature`s, the `throttle`, the `faults` and
//!   the `journal`.
//! - `node_service` makes a service of options, facts and calls, where all calls are about the sessions of a node.
//! - `instances` has the nodes of a service; `busy`, `ledger`, `query`, `language`, `error` and `error_table` are what most
//!   services need for their calls.
//! - `backends` has the sessions of a node: of Redis, MariaDB and PostgreSQL servers, and simulated ones;
//!   operations of MongoDB are always simulated.

#![forbid(unsafe_code)]

mod account;
mod admin;
mod backends;
mod busy;
mod cloud;
mod das;
mod dcs;
mod ddm;
mod dds;
mod error;
mod error_table;
mod faults;
mod gateway;
mod gaussdb;
mod geminidb;
mod iam;
mod instances;
mod journal;
mod keyring;
mod language;
mod ledger;
mod lock;
mod metadata;
mod node_mapping;
mod node_service;
mod option_values;
mod options;
mod query;
mod random;
mod rds_mysql;
mod rds_postgresql;
mod ready;
mod sandbox;
mod server;
mod service;
mod services;
mod signature;
mod taurusdb;
mod taurusdb_htap;
mod throttle;

pub use self::{
    busy::Busy,
    dcs::{Addresses, DcsOptions, ScanAnswer},
    ddm::{DdmLogicalOptions, DdmPhysicalOptions},
    dds::DdsOptions,
    faults::{JobFault, Rule},
    gaussdb::GaussDbOptions,
    geminidb::GeminiDbOptions,
    iam::IamOptions,
    metadata::MetadataOptions,
    node_mapping::{Backend, NodeMapping},
    options::Options,
    rds_mysql::RdsMySqlOptions,
    rds_postgresql::{RdsPostgreSqlOptions, RowShape},
    ready::{Ready, ReadyNode},
    sandbox::Sandbox,
    services::ServiceOptions,
    taurusdb::TaurusDbOptions,
    taurusdb_htap::TaurusDbHtapOptions,
    throttle::RateLimit,
};
