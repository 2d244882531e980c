//! A local Huawei Cloud for rehearsing and testing session kills.
//!
//! One port serves the session calls of DCS and TaurusDB, the IAM calls that go with them, and the metadata service
//! of an ECS. Sessions live in memory, or in Redis and MariaDB servers behind it.
//!
//! - [`Options`] says what there is: nodes, keys, faults. It is also the command line.
//! - [`Sandbox`] is the running cloud; [`Ready`] says how to reach it.
//! - [`Rule`] makes calls and jobs fail, for rehearsals and tests.
//!
//! Inside, a request passes these modules in this order:
//!
//! - `server` accepts it, applies the `throttle` and faults, records it in the `journal` and answers; `admin` is the part below
//!   `/_sandbox/`, `error` the shapes of error answers, `busy` the codes of those that
//!   a busy instance gives.
//! - `routes` leads it to a service, past the `keyring`, which checks its `signature` or token.
//! - `dcs`, `taurusdb` and `iam` are the services, and `metadata` the service inside an ECS.

#![forbid(unsafe_code)]

mod admin;
mod busy;
mod cloud;
mod dcs;
mod error;
mod faults;
mod iam;
mod identity;
mod instances;
mod journal;
mod keyring;
mod ledger;
mod metadata;
mod options;
mod population;
mod query;
mod routes;
mod sandbox;
mod server;
mod signature;
mod taurusdb;
mod throttle;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use self::{
    faults::{JobFault, Rule},
    options::{Addresses, Backend, Busy, NodeMapping, Options, ScanAnswer},
    sandbox::{Ready, ReadyNode, Sandbox},
    throttle::RateLimit,
};

/// Locks even after a panic elsewhere: no critical section here leaves its data half-changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
