//! GeminiDB: Redis sessions of a node.

use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::api::{Api, CallPermission, NOSQL_BUSY, Permission, regional};
use super::calls::{Calls, KillAnswer, tells_nothing};
use super::error::{Error, Outcome};
use super::id::{Ending, identifier, with_ending};
use super::loose_json;
use super::retry::Repeat;
use super::rows::{self, Row};

/// The API.
pub static API: Api = Api {
    key: "geminidb",
    other_keys: &[],
    host: |region, cloud| regional("gaussdb-nosql", region, cloud),
    absent_in: &[],
    busy: &[NOSQL_BUSY],
    // "Kill session failed", with 400, by the table of error codes of GeminiDB.
    doubtful: &["DBS.301077"],
    permissions: &[
        CallPermission {
            method: Some("GET"),
            path: "redis/nodes/*/sessions",
            permission: Permission {
                role_and_policy: "nosql:session:list",
                identity_policy: Some("gaussdbfornosql:instance:listSession"),
            },
        },
        CallPermission {
            method: Some("DELETE"),
            path: "redis/nodes/*/sessions",
            permission: Permission {
                role_and_policy: "nosql:session:delete",
                identity_policy: Some("gaussdbfornosql:instance:deleteSession"),
            },
        },
    ],
};

/// The most sessions that a page of the list can have.
pub const SESSIONS_PER_PAGE: u32 = 100;

/// How many sessions go into one kill request. The API document sets no limit; this is the most that a page of the list
/// shows.
pub const KILL_BATCH: usize = 100;

/// How many go into one request after a larger one was refused as a bad request: as many as sister APIs take.
pub const SMALL_KILL_BATCH: usize = 20;

/// The endings of IDs, from examples in the API documents.
const INSTANCE: Ending = ("an instance", "in12");
const NODE: Ending = ("a node", "no12");

identifier! {
    /// A node of a GeminiDB Redis instance: 36 letters and digits, the last four `no12`.
    NodeId, |text| with_ending(text, "GeminiDB Redis", NODE, &[INSTANCE])
}

/// Chosen sessions and nobody else: `is_all` is never true.
#[derive(Serialize)]
struct KillRequest<'a> {
    is_all: bool,
    session_ids: &'a [String],
}

/// A page of a node's sessions.
#[derive(Clone, Debug, Deserialize)]
pub struct SessionPage {
    /// The sessions, as many as were asked for at most; the newest come first.
    #[serde(deserialize_with = "rows::rows")]
    pub sessions: Vec<Row<SessionRecord>>,
    /// How many sessions the whole list has.
    #[serde(default, deserialize_with = "loose_json::integer")]
    pub total_count: Option<i64>,
}

/// A session as the list shows it; all but the id may be missing. Numbers are written as texts, and no user is told.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SessionRecord {
    /// The session's id on its node.
    #[serde(deserialize_with = "loose_json::text")]
    pub id: String,
    /// Address and port of the client.
    #[serde(default, deserialize_with = "rows::text")]
    pub addr: Option<String>,
    /// The name that the client gave itself.
    #[serde(default, deserialize_with = "rows::text")]
    pub name: Option<String>,
    /// The last command.
    #[serde(default, deserialize_with = "rows::text")]
    pub cmd: Option<String>,
    /// Number of the database.
    #[serde(default, deserialize_with = "loose_json::integer")]
    pub db: Option<i64>,
    /// Seconds since the client connected.
    #[serde(default, deserialize_with = "loose_json::integer")]
    pub age: Option<i64>,
    /// Seconds since the client last sent something.
    #[serde(default, deserialize_with = "loose_json::integer")]
    pub idle: Option<i64>,
}

impl rows::Record for SessionRecord {}

/// A page of a node's sessions: `GET /v3/{project_id}/redis/nodes/{node_id}/sessions`. `page` is the
/// offset and the limit, at most [`SESSIONS_PER_PAGE`].
///
/// # Errors
/// When they cannot be listed.
pub async fn sessions(
    calls: Calls<'_>,
    node: &NodeId,
    page: (u64, u32),
) -> Result<SessionPage, Error> {
    let call = calls.localized(&API, Method::GET, path(node), Repeat::Read);
    calls.read(call.of_page(page)).await
}

/// Kills sessions of a node: `DELETE …/sessions`. Never sent again once it may have arrived, since no document says that
/// ids do not come back, and not sent when it cannot leave before `leave_before` ([`Error::TooLate`]). The answer tells
/// nothing.
pub async fn kill(calls: Calls<'_>, node: &NodeId, ids: &[String]) -> Outcome<KillAnswer<()>> {
    let body = KillRequest {
        is_all: false,
        session_ids: ids,
    };
    let call = calls.localized(&API, Method::DELETE, path(node), Repeat::Never);
    calls.kill(call, &body, tells_nothing).await
}

fn path(node: &NodeId) -> String {
    format!("/v3/{{project_id}}/redis/nodes/{node}/sessions")
}

#[cfg(test)]
mod tests;
