//! The session calls of DCS: list, refresh, kill chosen sessions, kill all sessions in a job, and the job.
//!
//! Error codes: `DCS.4001` bad argument, `DCS.4022` no such instance, `DCS.4025` no such node, `DCS.4027` no such job,
//! `DCS.4957` the instance is busy, `DCS.5000` the server behind a node does not answer.

mod client;
mod job;
mod node;
mod redis;
mod simulated;

use std::{collections::HashSet, sync::Arc, time::Duration};

use axum::{
    Json,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{Method, StatusCode, Uri},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{
    client::{Client, SortKey},
    job::Jobs,
    node::Node,
    redis::RedisSessions,
    simulated::SimulatedSessions,
};
use crate::{
    cloud::Cloud,
    error::{ApiError, Source},
    faults::{Faults, JobFault, Rule},
    instances::{Instance, Instances, Named},
    options::{Backend, Busy, NodeMapping},
    population::Size,
    query::Query,
    sandbox::ReadyNode,
};

const LARGEST_PAGE: usize = 1000;
const DEFAULT_PAGE: usize = 10;

/// The DCS service of the sandbox.
#[derive(Debug)]
pub(crate) struct Dcs {
    instances: Instances<Node>,
    jobs: Jobs,
    job_duration: Duration,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Dcs {
    /// The nodes as mapped. Jobs end when `stop` is cancelled.
    pub fn new(
        nodes: &[NodeMapping],
        busy: &[Busy],
        simulated: Size,
        job_duration: Duration,
        stop: CancellationToken,
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
        let instances = Instances::new(nodes)?;
        let jobs = Jobs::default();
        for busy in busy {
            anyhow::ensure!(
                instances.get(&busy.instance_id).is_some(),
                "--busy names {}, which is not a DCS instance of this sandbox",
                busy.instance_id
            );
            jobs.make_busy(&busy.instance_id, busy.duration);
        }
        Ok(Self {
            instances,
            jobs,
            job_duration,
            tasks: TaskTracker::new(),
            stop,
        })
    }

    /// The nodes with their number of sessions; an error when a server behind one cannot be reached.
    pub async fn ready_nodes(&self) -> anyhow::Result<Vec<ReadyNode>> {
        let mut ready = Vec::new();
        for (instance_id, node) in self.instances.nodes() {
            let clients = node.sessions.list().await?;
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
            let clients = node.sessions.list().await?;
            let (internal, sessions): (Vec<_>, Vec<_>) =
                clients.iter().partition(|client| client.is_replication());
            state.push(json!({
                "service": "dcs",
                "instance_id": instance_id,
                "node_id": node.id(),
                "sessions": ids(&sessions),
                "internal": ids(&internal),
                "kills": node.ledger.orders(),
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
                "DCS.4022",
                "This DCS instance does not exist.",
            )
        })
    }

    fn must_be_idle(&self, instance_id: &str) -> Result<(), ApiError> {
        if self.jobs.is_busy(instance_id) {
            return Err(instance_is_busy());
        }
        Ok(())
    }
}

fn ids<'a>(clients: &[&'a Client]) -> Vec<&'a str> {
    clients.iter().map(|client| client.id.as_str()).collect()
}

fn open_node(number: usize, mapping: &NodeMapping, simulated: Size) -> anyhow::Result<Node> {
    let id = mapping.node_id.clone();
    Ok(match &mapping.backend {
        Backend::Simulated(count) => {
            let size = simulated.or(*count);
            Node::new(id, Box::new(SimulatedSessions::new(number, size)))
        }
        Backend::Server(url) => Node::new(id, Box::new(RedisSessions::new(url)?)),
    })
}

/// `GET /v2/{project_id}/instances/{instance_id}/clients`: a page of the saved list.
pub(crate) async fn list_clients(
    State(cloud): State<Arc<Cloud>>,
    Path((_, instance_id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let query = Query::parse(query.as_deref());
    let instance = cloud.dcs.instance(&instance_id)?;
    let node = required_node(instance, query.get("node_id"))?;
    let limit = query
        .number("limit", DEFAULT_PAGE, 1..=LARGEST_PAGE)
        .map_err(|reason| bad_argument(&reason))?;
    let offset = query
        .number("offset", 0, 0..=usize::MAX)
        .map_err(|reason| bad_argument(&reason))?;
    let order = Order::from_query(&query)?;

    node.come_and_go()
        .await
        .map_err(|error| server_does_not_answer(&error))?;
    let mut list = node
        .saved_list()
        .await
        .map_err(|error| server_does_not_answer(&error))?;
    if let Some(addr) = query.get("addr") {
        list.clients.retain(|client| client.addr.contains(addr));
    }
    order.apply(&mut list.clients);

    let count = list.clients.len();
    let page: Vec<Client> = list.clients.into_iter().skip(offset).take(limit).collect();
    Ok(Json(
        json!({"time": rfc3339(list.saved_at), "clients": page, "count": count}),
    ))
}

/// The `sort` and `order` of a list: by id, ascending, unless said otherwise.
struct Order {
    key: SortKey,
    descending: bool,
}

impl Order {
    fn from_query(query: &Query) -> Result<Self, ApiError> {
        let field = query.get("sort").unwrap_or("id");
        let key = SortKey::named(field)
            .ok_or_else(|| bad_argument(&format!("sort: sessions have no field {field:?}")))?;
        let descending = match query.get("order").unwrap_or("asc") {
            "asc" => false,
            "desc" => true,
            other => {
                return Err(bad_argument(&format!(
                    "order must be asc or desc, not {other:?}"
                )));
            }
        };
        Ok(Self { key, descending })
    }

    fn apply(&self, clients: &mut [Client]) {
        self.key.sort(clients, self.descending);
    }
}

#[derive(Debug, Deserialize)]
struct RefreshBody {
    node_id: Option<String>,
    /// Whether to query the node again; false leaves a saved list as it is.
    clean_cache: Option<bool>,
}

/// `POST /v2/{project_id}/instances/{instance_id}/clients`: saves a new list of sessions.
pub(crate) async fn refresh_clients(
    State(cloud): State<Arc<Cloud>>,
    Path((_, instance_id)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let instance = cloud.dcs.instance(&instance_id)?;
    let body: RefreshBody = parse(&body)?;
    let node = required_node(instance, body.node_id.as_deref())?;
    let saved = if body.clean_cache.unwrap_or(true) {
        node.refresh().await
    } else {
        node.saved_list().await.map(drop)
    };
    saved.map_err(|error| server_does_not_answer(&error))?;
    Ok(Json(json!({})))
}

#[derive(Debug, Deserialize)]
struct KillBody {
    node_id: Option<String>,
    client_addrs: Option<Vec<String>>,
}

/// `POST /v2/{project_id}/instances/{instance_id}/clients/kill`: kills the sessions with these addresses at once.
pub(crate) async fn kill_clients(
    State(cloud): State<Arc<Cloud>>,
    Path((_, instance_id)): Path<(String, String)>,
    body: Bytes,
) -> Result<StatusCode, ApiError> {
    let instance = cloud.dcs.instance(&instance_id)?;
    let body: KillBody = parse(&body)?;
    let node = required_node(instance, body.node_id.as_deref())?;
    let addresses: HashSet<String> = body.client_addrs.unwrap_or_default().into_iter().collect();
    if addresses.is_empty() {
        return Err(bad_argument("client_addrs must not be empty"));
    }
    cloud.dcs.must_be_idle(&instance_id)?;
    node.kill(|client| addresses.contains(&client.peer))
        .await
        .map_err(|error| server_does_not_answer(&error))?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize)]
struct KillAllBody {
    node_id: Option<String>,
    kill_all_nodes: Option<bool>,
}

/// `POST /v2/{project_id}/instances/{instance_id}/clients/kill-all`: starts a job that kills all sessions of a node,
/// or of all nodes, in which case `node_id` does not matter.
pub(crate) async fn kill_all_clients(
    State(cloud): State<Arc<Cloud>>,
    Path((_, instance_id)): Path<(String, String)>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let instance = cloud.dcs.instance(&instance_id)?;
    let body: KillAllBody = parse(&body)?;
    let targets = if body.kill_all_nodes.unwrap_or(false) {
        instance.nodes.clone()
    } else {
        vec![required_node(instance, body.node_id.as_deref())?.clone()]
    };
    let job = cloud
        .dcs
        .jobs
        .begin(&instance_id)
        .ok_or_else(instance_is_busy)?;
    let fault = cloud.faults.for_job(method.as_str(), uri.path());
    let job_id = job.job_id.clone();
    cloud
        .dcs
        .tasks
        .spawn(run_job(cloud.clone(), job_id, instance_id, targets, fault));
    Ok(Json(json!({"job_id": job.job_id})))
}

/// Sees a job to its end. A sandbox that stops leaves it running, as nobody can ask any more.
async fn run_job(
    cloud: Arc<Cloud>,
    job_id: String,
    instance_id: String,
    targets: Vec<Arc<Node>>,
    fault: Option<Rule>,
) {
    let dcs = &cloud.dcs;
    let work = perform(&targets, dcs.job_duration, fault, &cloud.faults);
    if let Some(result) = dcs.stop.run_until_cancelled(work).await {
        dcs.jobs.end(&job_id, &instance_id, result);
    }
}

/// The work of a job, half-way through its time; or what a fault makes of it.
async fn perform(
    targets: &[Arc<Node>],
    duration: Duration,
    fault: Option<Rule>,
    faults: &Faults,
) -> Result<(), String> {
    match fault.as_ref().and_then(|rule| rule.job) {
        Some(JobFault::Fail) => {
            tokio::time::sleep(duration).await;
            let reason = fault.and_then(|rule| rule.fail_reason);
            return Err(reason.unwrap_or_else(|| "The job failed.".to_owned()));
        }
        Some(JobFault::Never) => {
            faults.until_cleared().await;
            return Err("The job was given up.".to_owned());
        }
        None => {}
    }
    tokio::time::sleep(duration / 2).await;
    for node in targets {
        node.kill(|_| true)
            .await
            .map_err(|error| format!("Node {}: {error:#}", node.id()))?;
    }
    tokio::time::sleep(duration / 2).await;
    Ok(())
}

/// `GET /v2/{project_id}/jobs/{job_id}`.
pub(crate) async fn show_job(
    State(cloud): State<Arc<Cloud>>,
    Path((_, job_id)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let job = cloud.dcs.jobs.get(&job_id);
    let job = job.ok_or_else(|| {
        error(
            StatusCode::NOT_FOUND,
            "DCS.4027",
            "This job does not exist.",
        )
    })?;
    Ok(Json(json!(job)))
}

/// `GET /v2/{project_id}/instances/{instance_id}/logical-nodes`: the first node is the master, the others replicas.
pub(crate) async fn list_nodes(
    State(cloud): State<Arc<Cloud>>,
    Path((_, instance_id)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let instance = cloud.dcs.instance(&instance_id)?;
    let nodes: Vec<Value> = instance
        .nodes
        .iter()
        .enumerate()
        .map(|(number, node)| {
            json!({
                "logical_node_id": node.logical_id,
                "node_id": node.id(),
                "name": format!("node-{number}"),
                "status": "Active",
                "node_role": "redis-server",
                "node_type": if number == 0 { "master" } else { "slave" },
                "node_ip": format!("192.168.0.{}", 100 + number % 100),
                "node_port": 6379,
                "is_access": true,
            })
        })
        .collect();
    Ok(Json(
        json!({"instance_id": instance_id, "total": nodes.len(), "nodes": nodes}),
    ))
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
            StatusCode::NOT_FOUND,
            "DCS.4025",
            "This node does not exist in the DCS instance.",
        )
    })
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body)
        .map_err(|reason| bad_argument(&format!("the request body: {reason}")))
}

fn error(status: StatusCode, code: &'static str, message: impl Into<String>) -> ApiError {
    ApiError::new(Source::Dcs, status, code, message)
}

fn bad_argument(reason: &str) -> ApiError {
    error(
        StatusCode::BAD_REQUEST,
        "DCS.4001",
        format!("Invalid request parameters: {reason}."),
    )
}

fn instance_is_busy() -> ApiError {
    error(
        StatusCode::BAD_REQUEST,
        "DCS.4957",
        "This operation is not allowed when the task is in the current state.",
    )
}

fn server_does_not_answer(reason: &anyhow::Error) -> ApiError {
    error(
        StatusCode::INTERNAL_SERVER_ERROR,
        "DCS.5000",
        format!("Internal service error: {reason:#}."),
    )
}

fn rfc3339(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_default()
}
