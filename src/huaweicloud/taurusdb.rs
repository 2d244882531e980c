//! TaurusDB (formerly GaussDB(for MySQL)).
//!
//! * [`htap`][]: sessions of an HTAP instance.
//! * here: session threads of a node.

pub mod htap;

use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::api::{Api, Busy, CallPermission, Permission, regional};
use super::call::Answer;
use super::calls::{Calls, KillAnswer};
use super::error::{Error, Outcome};
use super::id::{Ending, identifier, with_ending};
use super::loose_json::{self, Integer};
use super::retry::Repeat;
use super::rows::{self, Row, Statement};

/// The API.
pub static API: Api = Api {
    key: "taurusdb",
    other_keys: &["gaussdb"],
    host: |region, cloud| regional(host_label(region), region, cloud),
    absent_in: &[],
    busy: &[Busy {
        statuses: 409..=409,
        codes: &BUSY,
    }],
    doubtful: &[],
    permissions: &[
        CallPermission {
            method: Some("GET"),
            path: "nodes/*/processes",
            permission: LIST,
        },
        CallPermission {
            method: Some("GET"),
            path: "nodes/*/process/lock-wait",
            permission: LIST,
        },
        CallPermission {
            method: Some("DELETE"),
            path: "nodes/*/processes",
            permission: Permission {
                role_and_policy: "gaussdb:instance:deleteProcesses",
                identity_policy: Some("gaussdbformysql:instance:deleteProcesses"),
            },
        },
        // The newest pages of the API document name these two; older ones say that identity policies need none.
        CallPermission {
            method: Some("GET"),
            path: "instances/*/htap/process",
            permission: Permission {
                role_and_policy: "gaussdb:instance:list",
                identity_policy: Some("gaussdbformysql:instance:get"),
            },
        },
        CallPermission {
            method: Some("DELETE"),
            path: "instances/*/htap/process",
            permission: Permission {
                role_and_policy: "gaussdb:instance:modify",
                identity_policy: Some("gaussdbformysql:instance:modify"),
            },
        },
    ],
};

/// What both calls that only look need.
const LIST: Permission = Permission {
    role_and_policy: "gaussdb:instance:listProcesses",
    identity_policy: Some("gaussdbformysql:instance:listProcesses"),
};

/// Codes that mean, with HTTP status 409: another operation of the instance is running.
const BUSY: [&str; 5] = [
    "DBS.200011",
    "DBS.200019",
    "DBS.200047",
    "DBS.201202",
    "DBS.212006",
];

/// Regions where TaurusDB answers under `gaussdbformysql` instead of `gaussdb`.
const GAUSSDB_FOR_MYSQL_REGIONS: [&str; 5] = [
    "ap-southeast-1",
    "ap-southeast-2",
    "cn-north-11",
    "tr-west-1",
    "me-east-1",
];

/// Regions where TaurusDB answers under `gaussdb-mysql` instead of `gaussdb`.
const GAUSSDB_DASH_MYSQL_REGIONS: [&str; 4] =
    ["af-south-1", "cn-east-5", "la-north-2", "cn-southwest-3"];

/// The first label of the host name in a region.
fn host_label(region: &str) -> &'static str {
    match region {
        _ if GAUSSDB_FOR_MYSQL_REGIONS.contains(&region) => "gaussdbformysql",
        _ if GAUSSDB_DASH_MYSQL_REGIONS.contains(&region) => "gaussdb-mysql",
        _ => "gaussdb",
    }
}

/// The most thread ids that one kill request can name, by the official definition of the API (`maxItems`).
pub const KILL_BATCH: usize = 20;

/// The ending of the IDs of instances.
const INSTANCE: Ending = ("an instance", "in07");

/// The ending of the IDs of nodes.
const NODE: Ending = ("a node", "no07");

identifier! {
    /// A TaurusDB instance: 36 letters and digits, the last four `in07`.
    InstanceId, |text| with_ending(text, "TaurusDB", INSTANCE, &[NODE, htap::HTAP_INSTANCE])
}

identifier! {
    /// A node of a TaurusDB instance: 36 letters and digits, the last four `no07`.
    NodeId, |text| with_ending(text, "TaurusDB", NODE, &[INSTANCE, htap::HTAP_INSTANCE])
}

/// What TaurusDB answers when it accepted a kill: `processes_killed` and `processes_not_found`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KillLists {
    /// Threads that were killed.
    pub killed: Vec<i64>,
    /// Threads that did not exist.
    pub not_found: Vec<i64>,
}

#[derive(Serialize)]
struct KillRequest<'a> {
    processes: &'a [i64],
}

#[derive(Deserialize)]
struct KillResponse {
    #[serde(default, deserialize_with = "loose_json::list")]
    processes_killed: Option<Vec<Integer>>,
    #[serde(default, deserialize_with = "loose_json::list")]
    processes_not_found: Option<Vec<Integer>>,
}

/// A page of a node's session threads.
#[derive(Clone, Debug, Deserialize)]
pub struct ProcessPage {
    /// The threads, as many as were asked for at most.
    #[serde(deserialize_with = "rows::rows")]
    pub processes: Vec<Row<ProcessRecord>>,
    /// How many threads the whole list has.
    #[serde(default, deserialize_with = "loose_json::integer")]
    pub total_count: Option<i64>,
}

/// A session thread as the list shows it. The fields are those of MySQL's `SHOW PROCESSLIST`; all but the id may be
/// missing.
#[derive(Clone, Debug, Deserialize)]
pub struct ProcessRecord {
    /// The thread's id, as text.
    #[serde(deserialize_with = "loose_json::text")]
    pub id: String,
    /// The account's user name.
    #[serde(default, deserialize_with = "rows::text")]
    pub user: Option<String>,
    /// Where the client is, with its port.
    #[serde(default, deserialize_with = "rows::text")]
    pub host: Option<String>,
    /// The default database.
    #[serde(default, deserialize_with = "rows::text")]
    pub db: Option<String>,
    /// What the thread is doing for the client.
    #[serde(default, deserialize_with = "rows::text")]
    pub command: Option<String>,
    /// For how many seconds.
    #[serde(default, deserialize_with = "loose_json::integer")]
    pub time: Option<i64>,
    /// The stage of the statement.
    #[serde(default, deserialize_with = "rows::text")]
    pub state: Option<String>,
    /// The statement.
    #[serde(default, rename = "info")]
    pub statement: Statement,
}

impl rows::Record for ProcessRecord {}

#[derive(Deserialize)]
struct LockWaitResponse {
    #[serde(default)]
    abnormal_root_cause: Option<RootCause>,
}

#[derive(Deserialize)]
struct RootCause {
    #[serde(default)]
    lock_root_cause: Option<LockWait>,
}

/// What a session thread waits for, as far as it is of use here: the service also tells the table, the lock and the
/// statements.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct LockWait {
    /// The thread that holds the lock, by the id that the list shows (`blocker_pid`; `blocker_thread_id` is another one).
    #[serde(
        rename = "blocker_pid",
        default,
        deserialize_with = "loose_json::integer"
    )]
    pub blocker: Option<i64>,
}

/// The most threads that a page of the list can have: what the official provider asks for.
pub const PROCESSES_PER_PAGE: u32 = 100;

/// Kills session threads of a node:
/// `DELETE /v3/{project_id}/instances/{instance_id}/nodes/{node_id}/processes`. Internal threads among them are
/// left alone by the service and are in neither list. Never sent again once it may have arrived: a server
/// counts its threads anew after a restart, which may be why the answer is lost. Not sent when it cannot leave in time
/// ([`Error::TooLate`]).
pub async fn kill(
    calls: Calls<'_>,
    instance: &InstanceId,
    node: &NodeId,
    threads: &[i64],
) -> Outcome<KillAnswer<KillLists>> {
    let call = calls.localized(&API, Method::DELETE, path(instance, node), Repeat::Never);
    let body = KillRequest { processes: threads };
    calls.kill(call, &body, read_lists).await
}

/// A page of a node's session threads: `GET …/processes`. `page` is the offset and the limit, at most
/// [`PROCESSES_PER_PAGE`].
///
/// # Errors
/// When they cannot be listed.
pub async fn processes(
    calls: Calls<'_>,
    instance: &InstanceId,
    node: &NodeId,
    page: (u64, u32),
) -> Result<ProcessPage, Error> {
    let call = calls.localized(&API, Method::GET, path(instance, node), Repeat::Read);
    calls.read(call.of_page(page)).await
}

fn path(instance: &InstanceId, node: &NodeId) -> String {
    format!("/v3/{{project_id}}/instances/{instance}/nodes/{node}/processes")
}

/// What a session thread waits for: `GET …/nodes/{node_id}/process/lock-wait`. `None`: for no other thread. What the
/// service answers for a thread that does not wait is not documented; an answer without a cause is taken for it
/// (inferred).
///
/// # Errors
/// When it cannot be asked.
pub async fn lock_wait(
    calls: Calls<'_>,
    instance: &InstanceId,
    node: &NodeId,
    thread: i64,
) -> Result<Option<LockWait>, Error> {
    let path = format!("/v3/{{project_id}}/instances/{instance}/nodes/{node}/process/lock-wait");
    let mut call = calls.localized(&API, Method::GET, path, Repeat::Read);
    call.query = vec![("pid".to_owned(), thread.to_string())];
    read_lock_wait(&calls.ask(call).await?)
}

/// Reads the two lists. One of them may be missing; an answer with neither tells nothing, and must not be taken for
/// "all of them were internal threads".
fn read_lists(answer: &Answer) -> Result<KillLists, Error> {
    let body: KillResponse = answer.json()?;
    if body.processes_killed.is_none() && body.processes_not_found.is_none() {
        return Err(answer.unreadable("it has neither processes_killed nor processes_not_found"));
    }
    Ok(KillLists {
        killed: numbers(body.processes_killed),
        not_found: numbers(body.processes_not_found),
    })
}

/// Reads what a thread waits for.
fn read_lock_wait(answer: &Answer) -> Result<Option<LockWait>, Error> {
    let body: LockWaitResponse = answer.json()?;
    let cause = body.abnormal_root_cause;
    Ok(cause.and_then(|cause| cause.lock_root_cause))
}

fn numbers(list: Option<Vec<Integer>>) -> Vec<i64> {
    list.unwrap_or_default()
        .into_iter()
        .map(|integer| integer.0)
        .collect()
}

#[cfg(test)]
mod tests;
