//! The session calls of TaurusDB: list the threads of a node, and kill chosen ones.
//!
//! Error codes, all of them documented: `DBS.200001` bad argument, `DBS.280439` a page of more than 100, `DBS.280404` the
//! form of an id, `DBS.200002` no such instance, `DBS.290013` no such node (inferred: it is the code of other resources),
//! those of `busy`, `DBS.200005` the server behind a node does not answer. Internal threads are neither listed nor killed.

mod language;
mod mariadb;
mod simulated;
mod thread;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
};

use axum::{
    Json,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use self::{
    language::Language,
    mariadb::MariaDbThreads,
    simulated::SimulatedThreads,
    thread::{Thread, Threads},
};
use crate::{
    busy::{OPERATION_RUNS, Refusal},
    cloud::Cloud,
    error::{ApiError, Source},
    instances::{Instances, Named},
    ledger::Ledger,
    lock,
    options::{Backend, Busy, NodeMapping},
    population::Size,
    query::Query,
    sandbox::ReadyNode,
};

const LARGEST_PAGE: usize = 100;
/// Characters of every id, and how those of instances and of nodes end.
const ID_LENGTH: usize = 36;
const INSTANCE_ID_END: &str = "in07";
const NODE_ID_END: &str = "no07";

/// The TaurusDB service of the sandbox.
#[derive(Debug)]
pub(crate) struct TaurusDb {
    instances: Instances<Node>,
    /// What a kill on the instance is told, and until when.
    busy: Mutex<HashMap<String, (Refusal, Instant)>>,
    largest_kill: Option<usize>,
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
    pub fn new(
        nodes: &[NodeMapping],
        largest_kill: Option<usize>,
        simulated: Size,
    ) -> anyhow::Result<Self> {
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
            busy: Mutex::default(),
            largest_kill,
        })
    }

    /// Makes an instance refuse kills for a while; false when TaurusDB has no such instance or no such code.
    pub fn make_busy(&self, busy: &Busy) -> bool {
        let is_known = self.instances.get(&busy.instance_id).is_some() && busy.is_of("DBS.");
        if is_known {
            let refusal = (busy.refusal(OPERATION_RUNS), Instant::now() + busy.duration);
            lock(&self.busy).insert(busy.instance_id.clone(), refusal);
        }
        is_known
    }

    fn must_be_idle(&self, instance_id: &str) -> Result<(), ApiError> {
        match lock(&self.busy).get(instance_id) {
            Some((refusal, until)) if Instant::now() < *until => {
                Err(error(refusal.status, refusal.code, refusal.message))
            }
            _ => Ok(()),
        }
    }

    /// The nodes with their number of sessions; an error when a server behind one cannot be reached.
    pub async fn ready_nodes(&self) -> anyhow::Result<Vec<ReadyNode>> {
        let mut ready = Vec::new();
        for (instance_id, node) in self.instances.nodes() {
            let sessions = node.threads.page(0, 0).await?.total;
            ready.push(ReadyNode {
                service: "taurusdb".to_owned(),
                instance_id: instance_id.to_owned(),
                node_id: node.id.clone(),
                sessions,
            });
        }
        Ok(ready)
    }

    /// Nodes with their threads of now and their kill orders, for the admin interface.
    pub async fn state(&self) -> anyhow::Result<Vec<Value>> {
        let mut state = Vec::new();
        for (instance_id, node) in self.instances.nodes() {
            let threads = node.threads.all().await?;
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
            if has_form(instance_id, INSTANCE_ID_END) {
                let message = language.no_such_instance();
                error(StatusCode::NOT_FOUND, "DBS.200002", message)
            } else {
                bad_id(language, "instance_id", INSTANCE_ID_END)
            }
        })?;
        instance.node(node_id).ok_or_else(|| {
            if has_form(node_id, NODE_ID_END) {
                error(StatusCode::NOT_FOUND, "DBS.290013", language.no_such_node())
            } else {
                bad_id(language, "node_id", NODE_ID_END)
            }
        })
    }
}

/// Whether this can be an id. One that was mapped may have any form.
fn has_form(id: &str, end: &str) -> bool {
    id.len() == ID_LENGTH
        && id.ends_with(end)
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn bad_id(language: Language, name: &str, end: &str) -> ApiError {
    let message = format!(
        "{}: {name} must have {ID_LENGTH} characters and end in {end}",
        language.parameter_error()
    );
    error(StatusCode::BAD_REQUEST, "DBS.280404", message)
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
        .number("limit", LARGEST_PAGE, 1..=usize::MAX)
        .map_err(|reason| bad_argument(language, &reason))?;
    if limit > LARGEST_PAGE {
        let message = format!(
            "{}: limit must be at most {LARGEST_PAGE}",
            language.parameter_error()
        );
        return Err(error(StatusCode::BAD_REQUEST, "DBS.280439", message));
    }
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
    let ids = ids_to_kill(&body, cloud.taurusdb.largest_kill)
        .map_err(|reason| bad_argument(language, &reason))?;
    cloud.taurusdb.must_be_idle(&instance_id)?;
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
fn ids_to_kill(body: &[u8], largest: Option<usize>) -> Result<Vec<i64>, String> {
    let body: KillBody = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    if body.processes.is_empty() {
        return Err("processes must not be empty".to_owned());
    }
    if let Some(largest) = largest.filter(|largest| body.processes.len() > *largest) {
        return Err(format!("processes must be at most {largest}"));
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
    error(StatusCode::INTERNAL_SERVER_ERROR, "DBS.200005", message)
}

#[cfg(test)]
mod tests;
