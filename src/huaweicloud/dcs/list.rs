//! Which nodes of a DCS instance have sessions, and the saved lists of them. [`scan`](super::scan) makes new ones.

use std::collections::HashSet;

use reqwest::Method;
use serde::Deserialize;

use super::super::calls::Calls;
use super::super::error::Error;
use super::super::loose_json;
use super::super::retry::Repeat;
use super::super::rows::{self, Row};
use super::{API, InstanceId, NodeId};

/// The most sessions that a page of the list can have, by the API document.
pub const CLIENTS_PER_PAGE: u32 = 1000;

/// A node of an instance, as `GET …/logical-nodes` shows it.
#[derive(Clone, Debug, Deserialize)]
pub struct Node {
    /// The id that the session calls take.
    pub node_id: String,
    /// `redis-server`, or `redis-proxy`.
    #[serde(default)]
    pub node_role: Option<String>,
    /// `Active`, or another word (`Creating`, `Inactive`, `Deleting`, `AddSharding`) for a node that serves nobody.
    #[serde(default)]
    pub status: Option<String>,
}

impl Node {
    fn is_proxy(&self) -> bool {
        self.node_role.as_deref() == Some("redis-proxy")
    }

    /// A node that does not tell its status is taken for one that serves.
    fn is_active(&self) -> bool {
        (self.status.as_deref()).is_none_or(|status| status.eq_ignore_ascii_case("Active"))
    }
}

/// The nodes of an instance whose sessions can be listed and killed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionNodes {
    /// Those that are active.
    pub active: Vec<String>,
    /// Those that are not, with their status: their sessions are neither listed nor killed.
    pub passed_over: Vec<(String, String)>,
}

impl SessionNodes {
    /// Chooses among the nodes of an instance. On Proxy Cluster and read/write-splitting instances the session calls take
    /// the proxies, on all others the data nodes; `logical-nodes` lists both kinds side by side ("Querying Clients" and
    /// "Querying Logical Nodes" in the API reference of DCS).
    pub fn of(nodes: Vec<Node>) -> Self {
        let proxies = nodes.iter().any(Node::is_proxy);
        let mut known = HashSet::new();
        let mut chosen = Self {
            active: Vec::new(),
            passed_over: Vec::new(),
        };
        for node in nodes {
            if node.is_proxy() != proxies || !known.insert(node.node_id.clone()) {
                continue;
            }
            if node.is_active() {
                chosen.active.push(node.node_id);
            } else {
                let status = node.status.unwrap_or_default();
                chosen.passed_over.push((node.node_id, status));
            }
        }
        chosen
    }
}

#[derive(Deserialize)]
struct Nodes {
    nodes: Vec<Node>,
}

/// A page of a node's saved list.
#[derive(Clone, Debug, Deserialize)]
pub struct ClientPage {
    /// When the list was saved, as DCS writes it.
    #[serde(default, deserialize_with = "rows::text")]
    pub time: Option<String>,
    /// The sessions, as many as were asked for at most.
    #[serde(deserialize_with = "rows::rows")]
    pub clients: Vec<Row<ClientRecord>>,
    /// How many sessions the whole list has.
    #[serde(default, deserialize_with = "loose_json::integer")]
    pub count: Option<i64>,
}

/// A session as the list shows it. The fields are those of Redis' `CLIENT LIST`; all but the id may be missing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ClientRecord {
    /// The client's id on its node.
    #[serde(deserialize_with = "loose_json::text")]
    pub id: String,
    /// Address and port of the client.
    #[serde(default, deserialize_with = "rows::text")]
    pub addr: Option<String>,
    /// The address by which the client is killed.
    #[serde(default, deserialize_with = "rows::text")]
    pub peer: Option<String>,
    /// The name that the client gave itself.
    #[serde(default, deserialize_with = "rows::text")]
    pub name: Option<String>,
    /// The user that the client is logged in as.
    #[serde(default, deserialize_with = "rows::text")]
    pub user: Option<String>,
    /// The last command.
    #[serde(default, deserialize_with = "rows::text")]
    pub cmd: Option<String>,
    /// The flags, one letter each.
    #[serde(default, deserialize_with = "rows::text")]
    pub flags: Option<String>,
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

impl rows::Record for ClientRecord {}

/// The nodes of an instance whose sessions can be listed and killed: `GET …/logical-nodes`.
///
/// # Errors
/// When they cannot be listed.
pub async fn session_nodes(calls: Calls<'_>, instance: &InstanceId) -> Result<SessionNodes, Error> {
    let path = format!("/v2/{{project_id}}/instances/{instance}/logical-nodes");
    let call = calls.to(&API, Method::GET, path, Repeat::Read);
    let Nodes { nodes } = calls.read(call).await?;
    Ok(SessionNodes::of(nodes))
}

/// A page of a node's saved list: `GET …/clients`. `rows` is the offset and the limit, at most [`CLIENTS_PER_PAGE`]. The order
/// that the pages are cut from is asked for, since none is promised, and given up where it is refused.
///
/// # Errors
/// When it cannot be read.
pub async fn clients(
    calls: Calls<'_>,
    instance: &InstanceId,
    node: &NodeId,
    rows: (u64, u32),
) -> Result<ClientPage, Error> {
    match page(calls, instance, node, rows, true, Repeat::Read).await {
        Err(error) if error.refuses_request() => {
            page(calls, instance, node, rows, false, Repeat::Read).await
        }
        other => other,
    }
}

pub(super) async fn page(
    calls: Calls<'_>,
    instance: &InstanceId,
    node: &NodeId,
    rows: (u64, u32),
    sorted: bool,
    repeat: Repeat,
) -> Result<ClientPage, Error> {
    let path = format!("/v2/{{project_id}}/instances/{instance}/clients");
    let mut call = calls.to(&API, Method::GET, path, repeat);
    call.query = vec![("node_id".to_owned(), node.to_string())];
    call = call.of_page(rows);
    if sorted {
        call.query.extend([
            ("sort".to_owned(), "id".to_owned()),
            ("order".to_owned(), "asc".to_owned()),
        ]);
    }
    calls.read(call).await
}

#[cfg(test)]
mod tests;
