//! DDS: the sessions of a node, which are operations of MongoDB.

use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::api::{Api, CallPermission, NOSQL_BUSY, Permission, regional};
use super::calls::{Calls, KillAnswer, tells_nothing};
use super::error::{Error, Outcome};
use super::id::{Ending, identifier, with_ending};
use super::loose_json;
use super::retry::Repeat;
use super::rows::{self, Row, Statement};

/// The API.
pub static API: Api = Api {
    key: "dds",
    other_keys: &[],
    host: |region, cloud| regional("dds", region, cloud),
    absent_in: &[],
    busy: &[NOSQL_BUSY],
    // "Kill session failed" and "The system is busy", both with 400, by the table of error codes of DDS.
    doubtful: &["DBS.301077", "DBS.200998"],
    // The older kind has one action for both, by the table of actions of DDS.
    permissions: &[
        CallPermission {
            method: Some("GET"),
            path: "v3/*/nodes/*/sessions",
            permission: Permission {
                role_and_policy: "dds:instance:session",
                identity_policy: Some("dds:instance:listSession"),
            },
        },
        CallPermission {
            method: Some("POST"),
            path: "v3/*/nodes/*/session",
            permission: Permission {
                role_and_policy: "dds:instance:session",
                identity_policy: Some("dds:instance:deleteSession"),
            },
        },
    ],
};

/// The most operations that a page of the list can have: some documents say 20, others 100.
pub const SESSIONS_PER_PAGE: u32 = 20;

/// How many operations go into one kill request. The API document sets no limit; this is the most that a page of the list
/// shows by the newer documents.
pub const KILL_BATCH: usize = 100;

/// How many go into one request after a larger one was refused as a bad request: as many as a page of the list shows by every
/// document.
pub const SMALL_KILL_BATCH: usize = 20;

/// The endings of IDs, from examples in the API documents.
const INSTANCE: Ending = ("an instance", "in02");
const NODE: Ending = ("a node", "no02");

identifier! {
    /// A node of a DDS instance: 36 letters and digits, the last four `no02`.
    NodeId, |text| with_ending(text, "DDS", NODE, &[INSTANCE])
}

#[derive(Serialize)]
struct KillRequest<'a> {
    sessions: &'a [String],
}

/// A page of a node's operations.
#[derive(Clone, Debug, Deserialize)]
pub struct SessionPage {
    /// The operations, as many as were asked for at most. No document tells their order.
    #[serde(deserialize_with = "rows::rows")]
    pub sessions: Vec<Row<SessionRecord>>,
    /// How many the whole list has.
    #[serde(default, deserialize_with = "loose_json::integer")]
    pub total_count: Option<i64>,
}

/// An operation as the list shows it: what `currentOp` of MongoDB tells, by the user guide. Any of it may be missing.
#[derive(Clone, Debug, Deserialize)]
pub struct SessionRecord {
    /// The operation's id, which names its shard where the node is of a cluster: `shard_1:7201646`, `34631`.
    #[serde(default, deserialize_with = "rows::text")]
    pub id: Option<String>,
    /// Whether it is active; the API kills no other.
    #[serde(default, deserialize_with = "loose_json::flag")]
    pub active: Option<bool>,
    /// The command as the client sent it, in JSON.
    #[serde(default)]
    pub operation: Statement,
    /// Its kind: `query`, `update`, `getmore` and others.
    #[serde(default, rename = "type", deserialize_with = "rows::text")]
    pub kind: Option<String>,
    /// For how long it has run, in microseconds.
    #[serde(default, deserialize_with = "loose_json::integer")]
    pub cost_time: Option<i64>,
    /// The server that runs it, with its port.
    #[serde(default, deserialize_with = "rows::text")]
    pub host: Option<String>,
    /// Address and port of the client.
    #[serde(default, deserialize_with = "rows::text")]
    pub client: Option<String>,
    /// The connection that it came by: `conn20`.
    #[serde(default, deserialize_with = "rows::text")]
    pub description: Option<String>,
    /// Database and collection: `shop.orders`.
    #[serde(default, deserialize_with = "rows::text")]
    pub namespace: Option<String>,
    /// The database. Some documents do not have it.
    #[serde(default, deserialize_with = "rows::text")]
    pub db: Option<String>,
    /// The user; told from version 4.2 on.
    #[serde(default, deserialize_with = "rows::text")]
    pub user: Option<String>,
}

impl rows::Record for SessionRecord {}

/// A page of a node's operations: `GET /v3/{project_id}/nodes/{node_id}/sessions`, without any filter: by some documents an
/// empty one asks for all, by others for those of which nothing is told. `page` is the offset and
/// the limit, at most [`SESSIONS_PER_PAGE`].
///
/// # Errors
/// When they cannot be listed.
pub async fn sessions(
    calls: Calls<'_>,
    node: &NodeId,
    page: (u64, u32),
) -> Result<SessionPage, Error> {
    let path = format!("/v3/{{project_id}}/nodes/{node}/sessions");
    let call = calls.localized(&API, Method::GET, path, Repeat::Read);
    calls.read(call.of_page(page)).await
}

/// Kills operations of a node: `POST …/session`. Never sent again once it may have arrived, since no document says that ids do
/// not come back, and not sent when it cannot leave before `leave_before` ([`Error::TooLate`]). The answer tells nothing.
pub async fn kill(calls: Calls<'_>, node: &NodeId, ids: &[String]) -> Outcome<KillAnswer<()>> {
    let body = KillRequest { sessions: ids };
    let path = format!("/v3/{{project_id}}/nodes/{node}/session");
    let call = calls.localized(&API, Method::POST, path, Repeat::Never);
    calls.kill(call, &body, tells_nothing).await
}
