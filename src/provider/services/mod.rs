//! The services, one file each: where their sessions are, what a list tells of them, and how they are killed.

mod dcs;
mod taurusdb;

use super::service::Service;

/// Every service, in the order of the documentation.
pub const ALL: [&dyn Service; 2] = [&dcs::Dcs, &taurusdb::TaurusDb];

/// The service of this name.
pub fn named(name: &str) -> Option<&'static dyn Service> {
    ALL.into_iter()
        .find(|service| service.description().name == name)
}
