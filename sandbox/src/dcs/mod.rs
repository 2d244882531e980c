//! The session calls of DCS: `scan` and `list`, `kill` of chosen sessions and of all, the `job` of a scan or a kill, and
//! the nodes.

mod admin;
mod client;
mod error;
mod job;
mod kill;
mod list;
mod node;
mod options;
mod refusal;
mod run;
mod scan;

pub use self::options::{Addresses, DcsOptions, ScanAnswer};

use std::sync::Arc;

use anyhow::Context;
use async_trait::async_trait;
use axum::{
    Json, Router,
    extract::{Path, State},
    routing::{get, post},
};
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

use self::{
    client::Client,
    error::{bad_argument, no_such_instance, no_such_job, no_such_node, not_on_this_node, refused},
    job::Jobs,
    node::{Node, Role, Status},
    refusal::{NOT_RUNNING, REFUSALS, TASK_RUNS},
};
use crate::{
    backends::redis,
    busy::Busy,
    cloud::Cloud,
    error::ApiError,
    gateway,
    instances::{Instance, Instances, Named, node_state},
    ready::{Ready, ReadyNode},
    service::Service,
};

/// What the service is called.
const NAME: &str = "dcs";

/// The DCS service of the sandbox.
#[derive(Debug)]
pub(crate) struct Dcs {
    cloud: Arc<Cloud>,
    options: DcsOptions,
    instances: Instances<Node>,
    jobs: Jobs,
    tasks: TaskTracker,
}

impl Dcs {
    fn new(cloud: Arc<Cloud>, options: DcsOptions) -> anyhow::Result<Self> {
        let proxies = options.proxies.iter();
        let nodes = proxies
            .map(|mapping| (Role::Proxy, mapping))
            .chain(options.nodes.iter().map(|mapping| (Role::Server, mapping)))
            .enumerate()
            .map(|(number, (role, mapping))| {
                let connections = redis::open(number, mapping, cloud.simulated)?;
                let id = mapping.node_id.clone();
                let node = Node::new(id, role, options.addresses, connections);
                Ok((mapping.instance_id.clone(), node))
            })
            .collect::<anyhow::Result<_>>()?;
        let instances = Instances::new(nodes)?;
        for place in &options.inactive {
            let node = place
                .split_once('/')
                .and_then(|(instance_id, node_id)| instances.node(instance_id, node_id));
            let node = node.with_context(|| {
                format!("--inactive names {place}, which is not a DCS node of this sandbox")
            })?;
            node.set_status(Status::Inactive);
        }
        Ok(Self {
            cloud,
            options,
            instances,
            jobs: Jobs::default(),
            tasks: TaskTracker::new(),
        })
    }

    fn instance(&self, instance_id: &str) -> Result<&Arc<Instance<Node>>, ApiError> {
        self.instances.get(instance_id).ok_or_else(no_such_instance)
    }

    fn must_be_idle(&self, instance_id: &str) -> Result<(), ApiError> {
        match self.jobs.obstacle(instance_id) {
            Some(refusal) => Err(refused(refusal)),
            None => Ok(()),
        }
    }
}

#[async_trait]
impl Service for Dcs {
    fn routes(self: Arc<Self>) -> Router {
        let calls = Router::new()
            .route(
                "/v2/{project_id}/instances/{instance_id}/clients",
                get(list::list_clients).post(scan::scan_clients),
            )
            .route(
                "/v2/{project_id}/instances/{instance_id}/clients/kill",
                post(kill::kill_clients),
            )
            .route(
                "/v2/{project_id}/instances/{instance_id}/clients/kill-all",
                post(kill::kill_all_clients),
            )
            .route(
                "/v2/{project_id}/instances/{instance_id}/logical-nodes",
                get(list_nodes),
            )
            .route("/v2/{project_id}/jobs/{job_id}", get(show_job))
            .with_state(self.clone());
        gateway::in_project(&self.cloud, calls)
    }

    fn admin_routes(self: Arc<Self>) -> Router {
        admin::routes(self)
    }

    async fn introduce(&self, ready: &mut Ready) -> anyhow::Result<()> {
        for (instance_id, node) in self.instances.nodes() {
            let clients = node.sessions().await?;
            ready.nodes.push(ReadyNode {
                service: NAME.to_owned(),
                instance_id: instance_id.to_owned(),
                node_id: node.id().to_owned(),
                sessions: clients
                    .iter()
                    .filter(|client| !client.is_replication())
                    .count(),
            });
        }
        Ok(())
    }

    fn make_busy(&self, busy: &Busy) -> bool {
        let has_instance = self.instances.get(&busy.instance_id).is_some();
        match busy.refusal(REFUSALS, TASK_RUNS) {
            Some(refusal) if has_instance => {
                let instances = &self.jobs.busy;
                instances.begin(&busy.instance_id, busy.duration, refusal);
                true
            }
            _ => false,
        }
    }

    async fn node_states(&self) -> anyhow::Result<Vec<Value>> {
        let mut states = Vec::new();
        for (instance_id, node) in self.instances.nodes() {
            let clients = node.sessions().await?;
            let place = (NAME, instance_id, node.id());
            let id = |client: &Client| client.id.clone();
            let mut state = node_state(place, &clients, Client::is_replication, id, &node.ledger);
            state["kind"] = json!(node.role);
            state["status"] = json!(node.status());
            state["list_time"] = json!(node.saved_list().map(|list| list.time));
            states.push(state);
        }
        Ok(states)
    }

    fn jobs(&self) -> Vec<Value> {
        self.jobs.all().iter().map(|job| json!(job)).collect()
    }

    async fn finish(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// `GET /v2/{project_id}/jobs/{job_id}`.
async fn show_job(
    State(dcs): State<Arc<Dcs>>,
    Path((_, job_id)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let job = dcs.jobs.get(&job_id).ok_or_else(no_such_job)?;
    Ok(Json(json!(job)))
}

/// `GET /v2/{project_id}/instances/{instance_id}/logical-nodes`: proxies, and data nodes, of which the first is the master
/// and the others are its replicas.
async fn list_nodes(
    State(dcs): State<Arc<Dcs>>,
    Path((_, instance_id)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let instance = dcs.instance(&instance_id)?;
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
    let node_id = node_id
        .filter(|id| !id.is_empty())
        .ok_or_else(|| bad_argument("node_id is mandatory"))?;
    let node = instance.node(node_id).ok_or_else(no_such_node)?;
    let has_proxies = instance.nodes.iter().any(|node| node.role == Role::Proxy);
    if has_proxies && node.role != Role::Proxy {
        return Err(not_on_this_node());
    }
    // The code for a node that does not run is inferred from the one of an instance that does not.
    if node.status() != Status::Active {
        return Err(refused(NOT_RUNNING));
    }
    Ok(node)
}
