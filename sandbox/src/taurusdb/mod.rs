//! The session calls of TaurusDB: list the threads of a node, and kill chosen ones.
//!
//! Error codes: `DBS.200001` bad argument, `DBS.200002` no such instance, `DBS.200013` no such node, `DBS.200412` the
//! server behind a node does not answer.

mod language;
mod mariadb;
mod simulated;
mod thread;

use std::{collections::HashSet, sync::Arc};

use axum::{
    Json,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
};
use serde::Deserialize;
use serde_json::{Value, json};

use self::{
    language::Language,
    mariadb::MariaDbThreads,
    simulated::SimulatedThreads,
    thread::{Thread, Threads},
};
use crate::{
    cloud::Cloud,
    error::{ApiError, Source},
    instances::{Instances, Named},
    ledger::Ledger,
    options::{Backend, NodeMapping},
    population::Size,
    query::Query,
    sandbox::ReadyNode,
};

const LARGEST_PAGE: usize = 100;

/// The TaurusDB service of the sandbox.
#[derive(Debug)]
pub(crate) struct TaurusDb {
    instances: Instances<Node>,
}

#[derive(Debug)]
struct Node {
    id: String,
    threads: Box<dyn Threads>,
    ledger: Ledger<i64>,
}

impl Named for Node {
    fn id(&self) -> &str {
        &self.id
    }
}

impl TaurusDb {
    /// The nodes as mapped.
    pub fn new(nodes: &[NodeMapping], simulated: Size) -> anyhow::Result<Self> {
        let nodes = nodes
            .iter()
            .enumerate()
            .map(|(number, mapping)| {
                Ok((
                    mapping.instance_id.clone(),
                    open_node(number, mapping, simulated)?,
                ))
            })
            .collect::<anyhow::Result<_>>()?;
        Ok(Self {
            instances: Instances::new(nodes)?,
        })
    }

    /// The nodes with their number of sessions; an error when a server behind one cannot be reached.
    pub async fn ready_nodes(&self) -> anyhow::Result<Vec<ReadyNode>> {
        let mut ready = Vec::new();
        for (instance_id, node) in self.instances.nodes() {
            let threads = node.threads.page(0, usize::MAX).await?.threads;
            ready.push(ReadyNode {
                service: "taurusdb".to_owned(),
                instance_id: instance_id.to_owned(),
                node_id: node.id.clone(),
                sessions: threads
                    .iter()
                    .filter(|thread| !thread.is_internal())
                    .count(),
            });
        }
        Ok(ready)
    }

    /// Nodes with their threads of now and their kill orders, for the admin interface.
    pub async fn state(&self) -> anyhow::Result<Vec<Value>> {
        let mut state = Vec::new();
        for (instance_id, node) in self.instances.nodes() {
            let threads = node.threads.page(0, usize::MAX).await?.threads;
            let (internal, sessions): (Vec<_>, Vec<_>) =
                threads.iter().partition(|thread| thread.is_internal());
            state.push(json!({
                "service": "taurusdb",
                "instance_id": instance_id,
                "node_id": node.id,
                "sessions": ids(&sessions),
                "internal": ids(&internal),
                "kills": node.ledger.orders(),
            }));
        }
        Ok(state)
    }

    fn node(
        &self,
        language: Language,
        instance_id: &str,
        node_id: &str,
    ) -> Result<&Arc<Node>, ApiError> {
        let instance = self.instances.get(instance_id).ok_or_else(|| {
            error(
                StatusCode::NOT_FOUND,
                "DBS.200002",
                language.no_such_instance(),
            )
        })?;
        instance
            .node(node_id)
            .ok_or_else(|| error(StatusCode::NOT_FOUND, "DBS.200013", language.no_such_node()))
    }
}

fn ids(threads: &[&Thread]) -> Vec<i64> {
    threads.iter().map(|thread| thread.id).collect()
}

fn open_node(number: usize, mapping: &NodeMapping, simulated: Size) -> anyhow::Result<Node> {
    let threads: Box<dyn Threads> = match &mapping.backend {
        Backend::Simulated(count) => Box::new(SimulatedThreads::new(number, simulated.or(*count))),
        Backend::Server(url) => Box::new(MariaDbThreads::new(url)?),
    };
    Ok(Node {
        id: mapping.node_id.clone(),
        threads,
        ledger: Ledger::default(),
    })
}

/// Project, instance and node id of a path.
type NodePath = Path<(String, String, String)>;

/// `GET /v3/{project_id}/instances/{instance_id}/nodes/{node_id}/processes`: a page of the process list.
pub(crate) async fn list_processes(
    State(cloud): State<Arc<Cloud>>,
    Path((_, instance_id, node_id)): NodePath,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let language = Language::asked_for(&headers);
    let node = cloud.taurusdb.node(language, &instance_id, &node_id)?;
    let query = Query::parse(query.as_deref());
    let limit = query
        .number("limit", LARGEST_PAGE, 1..=LARGEST_PAGE)
        .map_err(|reason| bad_argument(language, &reason))?;
    let offset = query
        .number("offset", 0, 0..=usize::MAX)
        .map_err(|reason| bad_argument(language, &reason))?;
    node.threads.come_and_go();
    let page = node
        .threads
        .page(offset, limit)
        .await
        .map_err(|reason| server_does_not_answer(language, &reason))?;
    Ok(Json(
        json!({"processes": page.threads, "total_count": page.total}),
    ))
}

#[derive(Debug, Deserialize)]
struct KillBody {
    processes: Vec<i64>,
}

/// `DELETE /v3/{project_id}/instances/{instance_id}/nodes/{node_id}/processes`: kills threads by their ids.
pub(crate) async fn kill_processes(
    State(cloud): State<Arc<Cloud>>,
    Path((_, instance_id, node_id)): NodePath,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let language = Language::asked_for(&headers);
    let node = cloud.taurusdb.node(language, &instance_id, &node_id)?;
    let ids = ids_to_kill(&body).map_err(|reason| bad_argument(language, &reason))?;
    let outcome = node
        .threads
        .kill(&ids)
        .await
        .map_err(|reason| server_does_not_answer(language, &reason))?;
    node.ledger.killed(&outcome.killed);
    node.ledger.not_found(&outcome.not_found);
    Ok(Json(json!({
        "processes_killed": outcome.killed,
        "processes_not_found": outcome.not_found,
    })))
}

/// The ids in the order of the body, each once.
fn ids_to_kill(body: &[u8]) -> Result<Vec<i64>, String> {
    let body: KillBody = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    if body.processes.is_empty() {
        return Err("processes must not be empty".to_owned());
    }
    if let Some(id) = body.processes.iter().find(|id| **id <= 0) {
        return Err(format!("processes must be positive, not {id}"));
    }
    let mut seen = HashSet::new();
    Ok(body
        .processes
        .into_iter()
        .filter(|id| seen.insert(*id))
        .collect())
}

fn error(status: StatusCode, code: &'static str, message: impl Into<String>) -> ApiError {
    ApiError::new(Source::Service, status, code, message)
}

fn bad_argument(language: Language, reason: &str) -> ApiError {
    let message = format!("{}: {reason}", language.parameter_error());
    error(StatusCode::BAD_REQUEST, "DBS.200001", message)
}

fn server_does_not_answer(language: Language, reason: &anyhow::Error) -> ApiError {
    let message = format!("{}: {reason:#}", language.server_error());
    error(StatusCode::INTERNAL_SERVER_ERROR, "DBS.200412", message)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    #[test]
    fn ids_keep_their_order_and_all_their_digits_and_come_once() {
        let ids = ids_to_kill(br#"{"processes": [9223372036854775807, 3, 9007199254740993, 3]}"#);
        assert_eq!(
            ids.unwrap(),
            [9_223_372_036_854_775_807, 3, 9_007_199_254_740_993]
        );
    }

    #[test]
    fn bodies_that_name_no_ids_are_refused() {
        let bad = [
            "",
            "{",
            "{}",
            "[1]",
            r#"{"processes": null}"#,
            r#"{"processes": []}"#,
            r#"{"processes": ["1"]}"#,
            r#"{"processes": [1.5]}"#,
            r#"{"processes": [0]}"#,
            r#"{"processes": [-1]}"#,
            r#"{"processes": [9223372036854775808]}"#,
        ];
        for body in bad {
            assert!(ids_to_kill(body.as_bytes()).is_err(), "{body}");
        }
    }
}
