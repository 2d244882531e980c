//! The session calls of DCS: `scan` and `list`, `kill` of chosen sessions and of all, the `job` of a scan or a kill, and
//! the nodes.
//!
//! Error codes, all of them documented: `DCS.3022` no such instance, `DCS.3053` no such node, `DCS.4005` a body that is
//! not JSON, `DCS.4800` bad argument, `DCS.4070` no such job, `DCS.4027` sessions are not at this kind of node, those of
//! `busy`, `DCS.5000` no list was saved, or the server behind a node does not answer.

mod client;
mod job;
mod kill;
mod list;
mod node;
mod redis;
mod scan;
mod simulated;

pub(crate) use self::{
    kill::{kill_all_clients, kill_clients},
    list::list_clients,
    node::Status,
    scan::scan_clients,
};

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{
    client::Client,
    job::Jobs,
    node::{Node, Role, Sessions},
    redis::RedisSessions,
    simulated::SimulatedSessions,
};
use crate::{
    busy::{NOT_RUNNING, Refusal, TASK_RUNS},
    cloud::Cloud,
    error::{ApiError, Source},
    instances::{Instance, Instances, Named},
    options::{Backend, Busy, NodeMapping, Options, ScanAnswer},
    population::Size,
    sandbox::ReadyNode,
};

/// The DCS service of the sandbox.
#[derive(Debug)]
pub(crate) struct Dcs {
    instances: Instances<Node>,
    jobs: Jobs,
    job_duration: Duration,
    scan_duration: Duration,
    scan_answer: ScanAnswer,
    foreign_scan_every: usize,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Dcs {
    /// The nodes as mapped. Jobs end when `stop` is cancelled.
    pub fn new(
        servers: &[NodeMapping],
        options: &Options,
        simulated: Size,
        stop: CancellationToken,
    ) -> anyhow::Result<Self> {
        let proxies = options.dcs_proxies.iter();
        let nodes = proxies
            .map(|mapping| (Role::Proxy, mapping))
            .chain(servers.iter().map(|mapping| (Role::Server, mapping)))
            .enumerate()
            .map(|(number, (role, mapping))| {
                let sessions = open_sessions(number, mapping, simulated)?;
                let id = mapping.node_id.clone();
                let node = Node::new(id, role, options.addresses, sessions);
                Ok((mapping.instance_id.clone(), node))
            })
            .collect::<anyhow::Result<_>>()?;
        let dcs = Self {
            instances: Instances::new(nodes)?,
            jobs: Jobs::default(),
            job_duration: options.job_duration,
            scan_duration: options.scan_duration,
            scan_answer: options.scan_answer,
            foreign_scan_every: options.foreign_scan_every,
            tasks: TaskTracker::new(),
            stop,
        };
        for place in &options.inactive {
            let node = place
                .split_once('/')
                .and_then(|(instance_id, node_id)| dcs.node(instance_id, node_id));
            let node = node.ok_or_else(|| {
                anyhow::anyhow!("--inactive names {place}, which is not a DCS node of this sandbox")
            })?;
            node.set_status(Status::Inactive);
        }
        Ok(dcs)
    }

    /// Makes an instance refuse kills for a while; false when DCS has no such instance or no such code.
    pub fn make_busy(&self, busy: &Busy) -> bool {
        let is_known = self.instances.get(&busy.instance_id).is_some() && busy.is_of("DCS.");
        if is_known {
            let refusal = busy.refusal(TASK_RUNS);
            self.jobs
                .make_busy(&busy.instance_id, busy.duration, refusal);
        }
        is_known
    }

    /// Sets the status of a node; `None` when there is no such node.
    pub fn set_status(&self, instance_id: &str, node_id: &str, status: Status) -> Option<()> {
        self.node(instance_id, node_id)?.set_status(status);
        Some(())
    }

    /// Somebody else scans: replaces the saved list of a node at once, outside all jobs; `None` when there is no such
    /// node.
    pub async fn scan_for_somebody_else(
        &self,
        instance_id: &str,
        node_id: &str,
    ) -> Option<anyhow::Result<()>> {
        let node = self.node(instance_id, node_id)?;
        Some(node.sessions().await.map(|clients| node.save(clients)))
    }

    fn node(&self, instance_id: &str, node_id: &str) -> Option<&Arc<Node>> {
        self.instances.get(instance_id)?.node(node_id)
    }

    /// The nodes with their number of sessions; an error when a server behind one cannot be reached.
    pub async fn ready_nodes(&self) -> anyhow::Result<Vec<ReadyNode>> {
        let mut ready = Vec::new();
        for (instance_id, node) in self.instances.nodes() {
            let clients = node.sessions().await?;
            ready.push(ReadyNode {
                service: "dcs".to_owned(),
                instance_id: instance_id.to_owned(),
                node_id: node.id().to_owned(),
                sessions: clients
                    .iter()
                    .filter(|client| !client.is_replication())
                    .count(),
            });
        }
        Ok(ready)
    }

    /// Nodes with their sessions of now and their kill orders, for the admin interface.
    pub async fn state(&self) -> anyhow::Result<Vec<Value>> {
        let mut state = Vec::new();
        for (instance_id, node) in self.instances.nodes() {
            let clients = node.sessions().await?;
            let (internal, sessions): (Vec<_>, Vec<_>) =
                clients.iter().partition(|client| client.is_replication());
            // The demonstration reads node_id, service and sessions, which follow each other in the alphabet.
            state.push(json!({
                "service": "dcs",
                "instance_id": instance_id,
                "node_id": node.id(),
                "sessions": ids(&sessions),
                "internal": ids(&internal),
                "kills": node.ledger.orders(),
                "kind": node.role,
                "status": node.status(),
                "list_time": node.saved_list().map(|list| list.time),
            }));
        }
        Ok(state)
    }

    /// Every job since the start, for the admin interface.
    pub fn jobs(&self) -> Value {
        json!(self.jobs.all())
    }

    /// Waits until no job runs any more, after `stop` was cancelled.
    pub async fn finish(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    fn instance(&self, instance_id: &str) -> Result<&Arc<Instance<Node>>, ApiError> {
        self.instances.get(instance_id).ok_or_else(|| {
            error(
                StatusCode::NOT_FOUND,
                "DCS.3022",
                "This DCS instance does not exist.",
            )
        })
    }

    fn must_be_idle(&self, instance_id: &str) -> Result<(), ApiError> {
        match self.jobs.obstacle(instance_id) {
            Some(refusal) => Err(refused(refusal)),
            None => Ok(()),
        }
    }
}

fn ids<'a>(clients: &[&'a Client]) -> Vec<&'a str> {
    clients.iter().map(|client| client.id.as_str()).collect()
}

fn open_sessions(
    number: usize,
    mapping: &NodeMapping,
    simulated: Size,
) -> anyhow::Result<Box<dyn Sessions>> {
    Ok(match &mapping.backend {
        Backend::Simulated(count) => Box::new(SimulatedSessions::new(number, simulated.or(*count))),
        Backend::Server(url) => Box::new(RedisSessions::new(url)?),
    })
}

/// `GET /v2/{project_id}/jobs/{job_id}`.
pub(crate) async fn show_job(
    State(cloud): State<Arc<Cloud>>,
    Path((_, job_id)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let job = cloud.dcs.jobs.get(&job_id);
    let job = job.ok_or_else(|| {
        error(
            StatusCode::BAD_REQUEST,
            "DCS.4070",
            "The job ID is not valid.",
        )
    })?;
    Ok(Json(json!(job)))
}

/// `GET /v2/{project_id}/instances/{instance_id}/logical-nodes`: proxies, and data nodes, of which the first is the master
/// and the others are its replicas.
pub(crate) async fn list_nodes(
    State(cloud): State<Arc<Cloud>>,
    Path((_, instance_id)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let instance = cloud.dcs.instance(&instance_id)?;
    let master = instance
        .nodes
        .iter()
        .position(|node| node.role == Role::Server);
    let nodes: Vec<Value> = instance
        .nodes
        .iter()
        .enumerate()
        .map(|(number, node)| {
            let node_type = match node.role {
                Role::Proxy => "proxy",
                Role::Server if Some(number) == master => "master",
                Role::Server => "slave",
            };
            json!({
                "logical_node_id": node.logical_id,
                "node_id": node.id(),
                "name": format!("node-{number}"),
                "status": node.status(),
                "node_role": node.role,
                "node_type": node_type,
                "node_ip": format!("192.168.0.{}", 100 + number % 100),
                "node_port": "6379",
                "is_access": true,
            })
        })
        .collect();
    Ok(Json(
        json!({"instance_id": instance_id, "total": nodes.len(), "nodes": nodes}),
    ))
}

/// The node, when sessions can be listed and killed there now: where there are proxies, at them alone.
fn session_node<'a>(
    instance: &'a Instance<Node>,
    node_id: Option<&str>,
) -> Result<&'a Arc<Node>, ApiError> {
    let node = required_node(instance, node_id)?;
    let has_proxies = instance.nodes.iter().any(|node| node.role == Role::Proxy);
    if has_proxies && node.role != Role::Proxy {
        return Err(error(
            StatusCode::BAD_REQUEST,
            "DCS.4027",
            "This operation is not supported on this node.",
        ));
    }
    // The code for a node that does not run is inferred from the one of an instance that does not.
    if node.status() != Status::Active {
        return Err(refused(NOT_RUNNING));
    }
    Ok(node)
}

fn required_node<'a>(
    instance: &'a Instance<Node>,
    node_id: Option<&str>,
) -> Result<&'a Arc<Node>, ApiError> {
    let node_id = node_id
        .filter(|id| !id.is_empty())
        .ok_or_else(|| bad_argument("node_id is mandatory"))?;
    instance.node(node_id).ok_or_else(|| {
        error(
            StatusCode::BAD_REQUEST,
            "DCS.3053",
            "The node ID is not correct.",
        )
    })
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|reason| match reason.classify() {
        serde_json::error::Category::Data => bad_argument(&format!("the request body: {reason}")),
        _ => error(
            StatusCode::BAD_REQUEST,
            "DCS.4005",
            format!("The message body is not in JSON format: {reason}."),
        ),
    })
}

fn error(status: StatusCode, code: &'static str, message: impl Into<String>) -> ApiError {
    ApiError::new(Source::Dcs, status, code, message)
}

fn bad_argument(reason: &str) -> ApiError {
    error(
        StatusCode::BAD_REQUEST,
        "DCS.4800",
        format!("Invalid request parameters: {reason}."),
    )
}

fn refused(refusal: Refusal) -> ApiError {
    error(refusal.status, refusal.code, refusal.message)
}

fn server_does_not_answer(reason: &anyhow::Error) -> ApiError {
    error(
        StatusCode::INTERNAL_SERVER_ERROR,
        "DCS.5000",
        format!("Internal service error: {reason:#}."),
    )
}
