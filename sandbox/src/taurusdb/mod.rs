//! The session calls of TaurusDB: list the threads of a node, and kill chosen ones. Internal threads are neither listed nor
//! killed.

mod error;
mod options;
mod refusal;

pub use self::options::TaurusDbOptions;

use std::{collections::HashSet, sync::Arc};

use async_trait::async_trait;
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::HeaderMap,
    routing::delete,
};
use serde::Deserialize;
use serde_json::{Value, json};

use self::{
    error::{
        bad_argument, bad_id, no_such_instance, no_such_node, page_too_large, refused,
        server_does_not_answer,
    },
    refusal::{OPERATION_RUNS, REFUSALS},
};
use crate::{
    backends::mariadb::{self, Thread, Threads},
    busy::{Busy, BusyInstances},
    cloud::Cloud,
    error::ApiError,
    gateway,
    instances::{Instances, Named, node_state},
    language::Language,
    ledger::Ledger,
    query::{Page, Query},
    ready::{Ready, ReadyNode},
    service::Service,
};

/// What the service is called.
const NAME: &str = "taurusdb";
const LARGEST_PAGE: usize = 100;
/// Characters of every id, and how those of instances and of nodes end.
const ID_LENGTH: usize = 36;
const INSTANCE_ID_END: &str = "in07";
const NODE_ID_END: &str = "no07";

/// The TaurusDB service of the sandbox.
#[derive(Debug)]
pub(crate) struct TaurusDb {
    cloud: Arc<Cloud>,
    instances: Instances<Node>,
    busy: BusyInstances,
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
    fn new(cloud: Arc<Cloud>, options: TaurusDbOptions) -> anyhow::Result<Self> {
        let mappings = options.nodes.iter().enumerate();
        let nodes = mappings
            .map(|(number, mapping)| {
                let node = Node {
                    id: mapping.node_id.clone(),
                    threads: mariadb::open(number, mapping, cloud.simulated)?,
                    ledger: Ledger::default(),
                };
                Ok((mapping.instance_id.clone(), node))
            })
            .collect::<anyhow::Result<_>>()?;
        Ok(Self {
            cloud,
            instances: Instances::new(nodes)?,
            busy: BusyInstances::default(),
            largest_kill: options.largest_kill,
        })
    }

    fn must_be_idle(&self, instance_id: &str) -> Result<(), ApiError> {
        match self.busy.refusal(instance_id) {
            Some(refusal) => Err(refused(refusal)),
            None => Ok(()),
        }
    }

    fn node(
        &self,
        language: Language,
        instance_id: &str,
        node_id: &str,
    ) -> Result<&Arc<Node>, ApiError> {
        let instance = self.instances.get(instance_id).ok_or_else(|| {
            if has_form(instance_id, INSTANCE_ID_END) {
                no_such_instance(language)
            } else {
                bad_id(language, "instance_id", INSTANCE_ID_END)
            }
        })?;
        instance.node(node_id).ok_or_else(|| {
            if has_form(node_id, NODE_ID_END) {
                no_such_node(language)
            } else {
                bad_id(language, "node_id", NODE_ID_END)
            }
        })
    }
}

#[async_trait]
impl Service for TaurusDb {
    fn routes(self: Arc<Self>) -> Router {
        let calls = Router::new()
            .route(
                "/v3/{project_id}/instances/{instance_id}/nodes/{node_id}/processes",
                delete(kill_processes).get(list_processes),
            )
            .with_state(self.clone());
        gateway::in_project(&self.cloud, calls)
    }

    async fn introduce(&self, ready: &mut Ready) -> anyhow::Result<()> {
        let none = Page {
            offset: 0,
            limit: 0,
        };
        for (instance_id, node) in self.instances.nodes() {
            let sessions = node.threads.page(none).await?.total;
            ready.nodes.push(ReadyNode {
                service: NAME.to_owned(),
                instance_id: instance_id.to_owned(),
                node_id: node.id.clone(),
                sessions,
            });
        }
        Ok(())
    }

    fn make_busy(&self, busy: &Busy) -> bool {
        let has_instance = self.instances.get(&busy.instance_id).is_some();
        match busy.refusal(REFUSALS, OPERATION_RUNS) {
            Some(refusal) if has_instance => {
                self.busy.begin(&busy.instance_id, busy.duration, refusal);
                true
            }
            _ => false,
        }
    }

    async fn node_states(&self) -> anyhow::Result<Vec<Value>> {
        let mut states = Vec::new();
        for (instance_id, node) in self.instances.nodes() {
            let threads = node.threads.all().await?;
            let place = (NAME, instance_id, node.id());
            let id = |thread: &Thread| thread.id;
            let state = node_state(place, &threads, Thread::is_internal, id, &node.ledger);
            states.push(state);
        }
        Ok(states)
    }
}

/// Whether this can be an id. One that was mapped may have any form.
fn has_form(id: &str, end: &str) -> bool {
    id.len() == ID_LENGTH
        && id.ends_with(end)
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Project, instance and node id of a path.
type NodePath = Path<(String, String, String)>;

/// `GET /v3/{project_id}/instances/{instance_id}/nodes/{node_id}/processes`: a page of the process list.
async fn list_processes(
    State(taurusdb): State<Arc<TaurusDb>>,
    Path((_, instance_id, node_id)): NodePath,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let language = Language::asked_for(&headers);
    let node = taurusdb.node(language, &instance_id, &node_id)?;
    let query = Query::parse(query.as_deref());
    let page = Page::read(&query, LARGEST_PAGE, 1..=usize::MAX)
        .map_err(|reason| bad_argument(language, &reason))?;
    if page.limit > LARGEST_PAGE {
        return Err(page_too_large(language));
    }
    node.threads.come_and_go();
    let page = node
        .threads
        .page(page)
        .await
        .map_err(|reason| server_does_not_answer(language, &reason))?;
    Ok(Json(
        json!({"processes": page.rows, "total_count": page.total}),
    ))
}

#[derive(Debug, Deserialize)]
struct KillBody {
    processes: Vec<i64>,
}

/// `DELETE /v3/{project_id}/instances/{instance_id}/nodes/{node_id}/processes`: kills threads by their ids.
async fn kill_processes(
    State(taurusdb): State<Arc<TaurusDb>>,
    Path((_, instance_id, node_id)): NodePath,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let language = Language::asked_for(&headers);
    let node = taurusdb.node(language, &instance_id, &node_id)?;
    let ids = ids_to_kill(&body, taurusdb.largest_kill)
        .map_err(|reason| bad_argument(language, &reason))?;
    taurusdb.must_be_idle(&instance_id)?;
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

#[cfg(test)]
mod tests;
