//! Data Admin Service: sessions of RDS instances. RDS itself has no call for single sessions.
//!
//! * [`mysql`][]: RDS for MySQL, by an account that is stored in DAS.
//! * [`postgresql`][]: RDS for PostgreSQL.
//! * here: what both have in common.
//!
//! DAS documents nothing of what a repeated kill does, so no kill is sent again once it may have arrived.

pub mod mysql;
pub mod postgresql;

use serde::Deserialize;

use super::api::{Api, Busy, CallPermission, Permission, regional};
use super::call::Answer;
use super::error::Error;
use super::id::Ending;

/// The API.
pub static API: Api = Api {
    key: "das",
    other_keys: &[],
    host: |region, cloud| regional("das", host_region(region), cloud),
    absent_in: &ABSENT,
    busy: &[Busy {
        statuses: 409..=409,
        codes: &BUSY,
    }],
    doubtful: &[],
    permissions: &[
        CallPermission {
            method: Some("GET"),
            path: "instances/*/processes",
            permission: LIST,
        },
        CallPermission {
            method: Some("GET"),
            path: "instances/*/pg/query-process-list",
            permission: LIST,
        },
        CallPermission {
            method: Some("DELETE"),
            path: "instances/*/process",
            permission: KILL,
        },
        CallPermission {
            method: Some("POST"),
            path: "instances/*/kill-process",
            permission: KILL,
        },
    ],
};

/// Codes of RDS that mean, with HTTP status 409: another operation of the instance is running. Inferred: no document says
/// that DAS passes them on, or knows a code of its own for that.
const BUSY: [&str; 4] = ["DBS.200011", "DBS.200019", "DBS.200047", "DBS.201202"];

/// Regions that have RDS and no host of DAS in the tables of the official SDK.
const ABSENT: [&str; 15] = [
    "ae-ad-1",
    "ap-southeast-2",
    "ap-southeast-5",
    "cn-east-4",
    "cn-north-11",
    "cn-north-12",
    "cn-north-2",
    "cn-southwest-3",
    "eu-west-0",
    "eu-west-101",
    "la-north-2",
    "la-south-2",
    "my-kualalumpur-1",
    "ru-moscow-1",
    "ru-northwest-2",
];

/// The region in the host name: na-mexico-1 is served from la-south-2.
fn host_region(region: &str) -> &str {
    match region {
        "na-mexico-1" => "la-south-2",
        region => region,
    }
}

/// Both pages of lists name this action for identity policies. That the older kind of authorization has the same name is
/// inferred.
const LIST: Permission = Permission::both("das::showCloudDBAInfo");

/// Both pages of kills name this action for identity policies. That the older kind of authorization has the same name is
/// inferred.
const KILL: Permission = Permission::both("das:clouddba:deleteProcess");

/// The most sessions that a page of a list can have.
pub const PROCESSES_PER_PAGE: u32 = 100;

/// How many sessions go into one kill request. The API documents set no limit; this is the most that a page of the list
/// shows.
pub const KILL_BATCH: usize = 100;

/// How many go into one request after a larger one was refused as a bad request: as many as the console takes.
pub const SMALL_KILL_BATCH: usize = 20;

/// The endings of IDs, from examples in the API documents.
const MYSQL_INSTANCE: Ending = ("an RDS for MySQL instance", "in01");
const MYSQL_NODE: Ending = ("an RDS for MySQL node", "no01");
const POSTGRESQL_INSTANCE: Ending = ("an RDS for PostgreSQL instance", "in03");
const POSTGRESQL_NODE: Ending = ("an RDS for PostgreSQL node", "no03");
const TAURUSDB_INSTANCE: Ending = ("a TaurusDB instance", "in07");
const TAURUSDB_NODE: Ending = ("a TaurusDB node", "no07");
const GAUSSDB_INSTANCE: Ending = ("a GaussDB instance", "in14");
const GAUSSDB_NODE: Ending = ("a GaussDB node", "no14");
const DDM_INSTANCE: Ending = ("a DDM instance", "in09");
const HTAP_INSTANCE: Ending = ("a TaurusDB HTAP instance", "in17");
const GEMINIDB_INSTANCE: Ending = ("a GeminiDB instance", "in12");
const GEMINIDB_NODE: Ending = ("a GeminiDB node", "no12");
const DDS_INSTANCE: Ending = ("a DDS instance", "in02");
const DDS_NODE: Ending = ("a DDS node", "no02");

/// All of them.
const ENDINGS: [Ending; 14] = [
    MYSQL_INSTANCE,
    MYSQL_NODE,
    POSTGRESQL_INSTANCE,
    POSTGRESQL_NODE,
    TAURUSDB_INSTANCE,
    TAURUSDB_NODE,
    GAUSSDB_INSTANCE,
    GAUSSDB_NODE,
    DDM_INSTANCE,
    HTAP_INSTANCE,
    GEMINIDB_INSTANCE,
    GEMINIDB_NODE,
    DDS_INSTANCE,
    DDS_NODE,
];

/// Fields by which a body reports an error. That DAS answers so with a status of success is inferred: other services do.
#[derive(Deserialize)]
struct Reported {
    #[serde(default)]
    success: Option<serde_json::Value>,
    #[serde(default, alias = "errorCode", alias = "errCode")]
    error_code: Option<serde_json::Value>,
}

/// Reads whether the answer to a kill reports an error. The API documents show an empty body, or the empty text, and the
/// official SDK reads an object with a count.
fn read_outcome(answer: &Answer) -> Result<(), Error> {
    let body = answer.body.trim_ascii();
    if body.is_empty() || body == b"\"\"" {
        return Ok(());
    }
    let Reported {
        success,
        error_code,
    } = answer.json()?;
    let has_code = error_code.is_some_and(|code| code != "");
    let has_failed = success.is_some_and(|success| success == false || success == "false");
    match (has_failed, has_code) {
        (false, false) => Ok(()),
        (true, _) => Err(answer.denied(&API, "success is false")),
        (false, true) => Err(answer.denied(&API, "it reports an error")),
    }
}

#[cfg(test)]
mod tests;
