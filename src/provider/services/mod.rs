//! The services, one file each: where their sessions are, what a list tells of them, and how they are killed. What those of
//! relational databases have in common stands in `relational`.

mod dcs;
mod ddm;
mod dds;
mod gaussdb;
mod geminidb_redis;
mod rds_mysql;
mod rds_postgresql;
mod relational;
mod taurusdb;
mod taurusdb_htap;

use std::time::Duration;

use super::service::{Description, IdKind, Ids};
use crate::session::SessionId;

/// Every service, in the order of the documentation.
pub const ALL: [&Description; 10] = [
    &dcs::SERVICE,
    &taurusdb::SERVICE,
    &taurusdb_htap::SERVICE,
    &rds_mysql::SERVICE,
    &rds_postgresql::SERVICE,
    &gaussdb::SERVICE,
    &geminidb_redis::SERVICE,
    &ddm::LOGICAL,
    &ddm::PHYSICAL,
    &dds::SERVICE,
];

/// The service of this name.
pub fn named(name: &str) -> Option<&'static Description> {
    ALL.into_iter().find(|service| service.name == name)
}

/// Is it 32 letters and digits and then `in` or `no` with two digits, as IDs of TaurusDB and RDS are?
fn looks_relational(id: &str) -> bool {
    let Some((unique, kind)) = id.split_at_checked(32) else {
        return false;
    };
    let (what, number) = kind.split_at_checked(2).unwrap_or_default();
    unique.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && matches!(what, "in" | "no")
        && number.len() == 2
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// The argument that lists sessions where no document tells the form of an ID.
const TEXT_IDS: Ids = Ids {
    argument: "session_ids",
    words: "IDs of the sessions to kill, as the list shows them.",
    one: "session ID",
    form: "A session's ID is a text without white space, as the data source lists it.",
    kind: IdKind::Texts(is_id),
};

/// Can it be an ID where no document tells the form of one? All examples are numbers.
fn is_id(text: &str) -> bool {
    !text.is_empty() && !text.contains(char::is_whitespace)
}

/// Such an ID, as a list shows it.
fn text_id(text: &str) -> Option<SessionId> {
    is_id(text).then(|| SessionId::new(None, text))
}

/// A text that tells something.
fn told(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// The time that Redis counts in seconds.
fn redis_time(seconds: Option<i64>) -> Option<Duration> {
    Some(Duration::from_secs(u64::try_from(seconds?).ok()?))
}

/// The database that Redis counts.
fn redis_database(number: Option<i64>) -> Option<String> {
    Some(u32::try_from(number?).ok()?.to_string())
}

/// Does the text end in a colon and a port?
fn has_port(address: &str) -> bool {
    address
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests;
