//! GaussDB (openGauss): sessions of a component (a CN or DN) of a node.

use std::net::IpAddr;

use reqwest::Method;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::api::{Api, Busy, regional};
use super::call::Answer;
use super::calls::{Calls, KillAnswer};
use super::error::{Error, Outcome};
use super::id::{Ending, IdError, identifier, with_ending};
use super::loose_json::{self, Text};
use super::retry::Repeat;
use super::rows::{self, Row, Statement};

/// The API.
pub static API: Api = Api {
    key: "opengauss",
    other_keys: &[],
    host: |region, cloud| regional(host_label(region), region, cloud),
    absent_in: &[],
    busy: &[
        Busy {
            statuses: 409..=409,
            codes: &BUSY,
        },
        Busy {
            statuses: 400..=400,
            codes: &["DBS.06020003", "DBS.201014"],
        },
    ],
    // The pages of both calls name no action, and no table that was at hand does.
    doubtful: &[],
    permissions: &[],
};

/// Codes that mean, with HTTP status 409: another operation of the instance is running. By the table of error codes of GaussDB,
/// and those for which the official provider waits besides.
const BUSY: [&str; 9] = [
    "DBS.200019",
    "DBS.200011",
    "DBS.200047",
    "DBS.201202",
    "DBS.212006",
    // In no table with this status; the official provider waits for them.
    "DBS.201014",
    "DBS.201015",
    "DBS.216011",
    "DBS.05000084",
];

/// Regions where GaussDB answers under `gaussdb` instead of `gaussdb-opengauss`.
const GAUSSDB_REGIONS: [&str; 8] = [
    "cn-east-2",
    "cn-east-4",
    "cn-east-5",
    "ap-southeast-5",
    "tr-west-1",
    "me-east-1",
    "af-north-1",
    "cn-north-12",
];

/// The first label of the host name in a region.
fn host_label(region: &str) -> &'static str {
    match region {
        _ if GAUSSDB_REGIONS.contains(&region) => "gaussdb",
        _ => "gaussdb-opengauss",
    }
}

/// The most sessions that a list shows: there are no pages, and by the user guide the system
/// limits queries to this. A list of as many may
/// be cut.
pub const MOST_LISTED: usize = 200;

/// How many sessions go into one kill request. The API document sets no limit; this bounds what one lost answer leaves in
/// doubt.
pub const KILL_BATCH: usize = 100;

/// How many go into one request after a larger one was refused as a bad request.
pub const SMALL_KILL_BATCH: usize = 20;

const INSTANCE: Ending = ("an instance", "in14");
const NODE: Ending = ("a node", "no14");

identifier! {
    /// A GaussDB instance: 36 letters and digits, the last four `in14`.
    InstanceId, |text| with_ending(text, "GaussDB", INSTANCE, &[NODE])
}

identifier! {
    /// A node of a GaussDB instance: 36 letters and digits, the last four `no14`.
    NodeId, |text| with_ending(text, "GaussDB", NODE, &[INSTANCE])
}

identifier! {
    /// A component of a node: a CN or DN, for example `cn_5001`.
    ComponentId, component
}

fn component(text: &str) -> Result<(), IdError> {
    let is_right = !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_right.then_some(()).ok_or_else(|| {
        IdError::new(
            "the ID of a component has only letters, digits and underscores, as in \"cn_5001\"",
        )
    })
}

/// Where sessions are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// The instance.
    pub instance: InstanceId,
    /// The node.
    pub node: NodeId,
    /// The component of the node.
    pub component: ComponentId,
}

/// Which sessions of a component to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Filter {
    /// Those that use this database.
    #[serde(rename = "database_name", skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// Those of clients at this address.
    #[serde(rename = "client_ip", skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// Those of this user.
    #[serde(rename = "user_name", skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

#[derive(Serialize)]
struct ListRequest<'a> {
    node_id: &'a NodeId,
    component_id: &'a ComponentId,
    #[serde(skip_serializing_if = "Option::is_none")]
    query_info: Option<&'a Filter>,
}

#[derive(Deserialize)]
struct List {
    #[serde(deserialize_with = "rows::rows")]
    sessions: Vec<Row<SessionRecord>>,
}

/// A session as the list shows it. All but the id may be missing; most numbers are written as texts.
#[derive(Clone, Debug, Deserialize)]
pub struct SessionRecord {
    /// The session's id, as text.
    #[serde(deserialize_with = "loose_json::text")]
    pub session_id: String,
    /// The user that the client is logged in as.
    #[serde(default, deserialize_with = "rows::text")]
    pub user_name: Option<String>,
    /// The database.
    #[serde(default, deserialize_with = "rows::text")]
    pub database_name: Option<String>,
    /// Where the client is.
    #[serde(default, deserialize_with = "rows::text")]
    pub client_ip: Option<String>,
    /// The client's port; -1 for a socket of the machine itself.
    #[serde(default, deserialize_with = "loose_json::integer")]
    pub client_port: Option<i64>,
    /// The name that the client gave itself.
    #[serde(default, deserialize_with = "rows::text")]
    pub application_name: Option<String>,
    /// `active`, `idle`, `idle in transaction` and so on, in openGauss.
    #[serde(default, deserialize_with = "rows::text")]
    pub state: Option<String>,
    /// The name of the session's thread.
    #[serde(default, deserialize_with = "rows::text")]
    pub thread_name: Option<String>,
    /// Seconds that the session has been in its present state.
    #[serde(default, deserialize_with = "loose_json::integer")]
    pub exec_time: Option<i64>,
    /// When the session began.
    #[serde(default, deserialize_with = "loose_json::epoch")]
    pub back_end_start: Option<OffsetDateTime>,
    /// When the transaction began.
    #[serde(default, deserialize_with = "loose_json::epoch")]
    pub transaction_start: Option<OffsetDateTime>,
    /// When the present statement, or the last one, began.
    #[serde(default, deserialize_with = "loose_json::epoch")]
    pub query_start: Option<OffsetDateTime>,
    /// The session that this one waits for.
    #[serde(default, deserialize_with = "rows::text")]
    pub block_session: Option<String>,
    /// The statement.
    #[serde(default, rename = "query")]
    pub statement: Statement,
}

impl rows::Record for SessionRecord {
    const ID: &'static [&'static str] = &["session_id"];
}

#[derive(Serialize)]
struct KillRequest<'a> {
    node_id: &'a NodeId,
    component_id: &'a ComponentId,
    session_ids: &'a [String],
}

#[derive(Deserialize)]
struct KillResponse {
    #[serde(default, deserialize_with = "loose_json::list")]
    session_ids: Option<Vec<Text>>,
    #[serde(default)]
    success: Option<bool>,
}

/// The sessions of a component, those that pass the filter:
/// `POST /v3/{project_id}/instances/{instance_id}/real-time-session`. A list of [`MOST_LISTED`] may be cut.
///
/// # Errors
/// When they cannot be listed.
pub async fn sessions(
    calls: Calls<'_>,
    place: &Component,
    filter: &Filter,
) -> Result<Vec<Row<SessionRecord>>, Error> {
    let body = ListRequest {
        node_id: &place.node,
        component_id: &place.component,
        query_info: (*filter != Filter::default()).then_some(filter),
    };
    let path = format!(
        "/v3/{{project_id}}/instances/{}/real-time-session",
        place.instance
    );
    let call = calls.localized(&API, Method::POST, path, Repeat::Read);
    let call = call.with_json(&body)?;
    let list: List = calls.read(call).await?;
    Ok(list.sessions)
}

/// Kills sessions of a component: `POST /v3/{project_id}/instances/{instance_id}/kill-session`. Never sent again once it
/// may have arrived, since no document says that ids do not come back, and not sent when it cannot leave before
/// `leave_before` ([`Error::TooLate`]). The answer tells who was killed.
pub async fn kill(
    calls: Calls<'_>,
    place: &Component,
    session_ids: &[String],
) -> Outcome<KillAnswer<Vec<String>>> {
    let body = KillRequest {
        node_id: &place.node,
        component_id: &place.component,
        session_ids,
    };
    let path = format!(
        "/v3/{{project_id}}/instances/{}/kill-session",
        place.instance
    );
    let call = calls.localized(&API, Method::POST, path, Repeat::Never);
    calls.kill(call, &body, read_killed).await
}

/// Reads which sessions were killed. Only `success: true` lets a list without some of them mean anything.
fn read_killed(answer: &Answer) -> Result<Vec<String>, Error> {
    let body: KillResponse = answer.json()?;
    match body.success {
        Some(true) => Ok((body.session_ids.unwrap_or_default().into_iter())
            .map(|id| id.0)
            .collect()),
        Some(false) => Err(answer.denied(&API, "success is false")),
        None => Err(answer.unreadable("it does not say success")),
    }
}

#[cfg(test)]
mod tests;
