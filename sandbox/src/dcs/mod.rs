//! The session calls of DCS: scan and list, kill chosen sessions, kill all sessions in a job, and the job.
//!
//! Error codes, all of them documented: `DCS.3022` no such instance, `DCS.3053` no such node, `DCS.4005` a body that is
//! not JSON, `DCS.4800` bad argument, `DCS.4070` no such job, `DCS.4027` sessions are not at this kind of node, those of
//! `busy`, `DCS.5000` no list was saved, or the server behind a node does not answer.

mod client;
mod job;
mod node;
mod redis;
mod simulated;

pub(crate) use self::node::Status;

use std::{collections::HashSet, sync::Arc, time::Duration};

use axum::{
    Json,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{
    client::{Client, SortKey},
    job::Jobs,
    node::{Node, Role, Sessions},
    redis::RedisSessions,
    simulated::SimulatedSessions,
};
use crate::{
    busy::{NOT_RUNNING, Refusal, TASK_RUNS},
    cloud::Cloud,
    error::{ApiError, Source},
    faults::{JobFault, Rule},
    instances::{Instance, Instances, Named},
    options::{Backend, Busy, NodeMapping, Options, ScanAnswer},
    population::Size,
    query::Query,
    sandbox::ReadyNode,
};

const LARGEST_PAGE: usize = 1000;
const DEFAULT_PAGE: usize = 10;

/// The field by which lists are sorted when nobody says which. No document names it; a client that needs an order has to
/// ask for one.
const DEFAULT_SORT: &str = "idle";

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

    /// Makes an instance refuse kills for a while; false when DCS has no such instance.
    pub fn make_busy(&self, busy: &Busy) -> bool {
        let is_known = self.instances.get(&busy.instance_id).is_some();
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
            state.push(json!({
                "service": "dcs",
                "instance_id": instance_id,
                "node_id": node.id(),
                "sessions": ids(&sessions),
                "internal": ids(&internal),
                "kills": node.ledger.orders(),
                "role": node.role,
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

/// `GET /v2/{project_id}/instances/{instance_id}/clients`: a page of the saved list.
pub(crate) async fn list_clients(
    State(cloud): State<Arc<Cloud>>,
    Path((_, instance_id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let query = Query::parse(query.as_deref());
    let instance = cloud.dcs.instance(&instance_id)?;
    let node = session_node(instance, query.get("node_id"))?;
    let limit = query
        .number("limit", DEFAULT_PAGE, 1..=LARGEST_PAGE)
        .map_err(|reason| bad_argument(&reason))?;
    let offset = query
        .number("offset", 0, 0..=usize::MAX)
        .map_err(|reason| bad_argument(&reason))?;
    let order = Order::from_query(&query)?;

    node.come_and_go();
    let mut list = node.saved_list().ok_or_else(no_list)?;
    let every = cloud.dcs.foreign_scan_every;
    if every > 0 && node.count_page().is_multiple_of(every) {
        let sessions = node.sessions().await;
        node.save(sessions.map_err(|error| server_does_not_answer(&error))?);
        list = node.saved_list().ok_or_else(no_list)?;
    }
    if let Some(addr) = query.get("addr") {
        list.clients.retain(|client| client.addr.contains(addr));
    }
    order.apply(&mut list.clients);

    let count = list.clients.len();
    let page: Vec<Client> = list.clients.into_iter().skip(offset).take(limit).collect();
    Ok(Json(
        json!({"time": list.time, "clients": page, "count": count}),
    ))
}

/// The `sort` and `order` of a list: descending unless said otherwise.
struct Order {
    key: SortKey,
    descending: bool,
}

impl Order {
    fn from_query(query: &Query) -> Result<Self, ApiError> {
        let field = query.get("sort").unwrap_or(DEFAULT_SORT);
        let key = SortKey::named(field)
            .ok_or_else(|| bad_argument(&format!("sort: sessions have no field {field:?}")))?;
        let descending = match query.get("order").unwrap_or("desc") {
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
struct ScanBody {
    node_id: Option<String>,
    /// Whether to ask the node anew; false, the default, leaves a saved list as it is.
    clean_cache: Option<bool>,
}

/// `POST /v2/{project_id}/instances/{instance_id}/clients`: starts a job that saves a new list of sessions.
pub(crate) async fn scan_clients(
    State(cloud): State<Arc<Cloud>>,
    Path((_, instance_id)): Path<(String, String)>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> Result<Response, ApiError> {
    let instance = cloud.dcs.instance(&instance_id)?;
    let body: ScanBody = parse(&body)?;
    let node = session_node(instance, body.node_id.as_deref())?.clone();
    let job = cloud.dcs.jobs.begin_scan(&instance_id);
    let scan = Scan {
        node,
        anew: body.clean_cache.unwrap_or(false),
        duration: cloud.dcs.scan_duration,
        fault: cloud.faults.for_scan(method.as_str(), uri.path()),
    };
    let job_id = job.job_id.clone();
    cloud
        .dcs
        .tasks
        .spawn(run_scan(cloud.clone(), job_id, instance_id, scan));
    Ok(match cloud.dcs.scan_answer {
        ScanAnswer::Job => Json(json!({"job_id": job.job_id})).into_response(),
        ScanAnswer::UnknownJob => {
            Json(json!({"job_id": uuid::Uuid::new_v4().to_string()})).into_response()
        }
        ScanAnswer::NoJob => Json(json!({})).into_response(),
        ScanAnswer::Empty => StatusCode::OK.into_response(),
    })
}

/// What a scan has to do.
struct Scan {
    node: Arc<Node>,
    anew: bool,
    duration: Duration,
    fault: Option<Rule>,
}

/// Sees a scan to its end, as `run_kill` does with a kill.
async fn run_scan(cloud: Arc<Cloud>, job_id: String, instance_id: String, scan: Scan) {
    let dcs = &cloud.dcs;
    let quarter = scan.duration / 4;
    let cleared = cloud.faults.until_cleared();
    let work = async {
        tokio::time::sleep(quarter).await;
        dcs.jobs.run(&job_id);
        if let Some(fault) = scan.fault.as_ref().and_then(|rule| rule.scan) {
            return strike(fault, scan.fault.as_ref(), quarter * 3, cleared).await;
        }
        tokio::time::sleep(quarter).await;
        // That a first scan makes a list whatever it was told is inferred: no document says what it does.
        let list = if scan.anew || scan.node.saved_list().is_none() {
            let sessions = scan.node.sessions().await;
            Some(sessions.map_err(|error| format!("Node {}: {error:#}", scan.node.id()))?)
        } else {
            None
        };
        tokio::time::sleep(quarter * 2).await;
        if let Some(list) = list {
            scan.node.save(list);
        }
        Ok(())
    };
    if let Some(result) = dcs.stop.run_until_cancelled(work).await {
        dcs.jobs.end(&job_id, &instance_id, result);
    }
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
    let node = session_node(instance, body.node_id.as_deref())?;
    let addresses: HashSet<String> = body.client_addrs.unwrap_or_default().into_iter().collect();
    if addresses.is_empty() {
        return Err(bad_argument("client_addrs must not be empty"));
    }
    cloud.dcs.must_be_idle(&instance_id)?;
    node.kill(|client| addresses.contains(client.kill_address()))
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
/// or of all nodes, in which case `node_id` does not matter. No document says what "all nodes" are where there are
/// proxies: here they are the proxies and the data nodes that are active.
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
        let is_active = |node: &&Arc<Node>| node.status() == Status::Active;
        instance.nodes.iter().filter(is_active).cloned().collect()
    } else {
        vec![session_node(instance, body.node_id.as_deref())?.clone()]
    };
    let job = cloud.dcs.jobs.begin_kill(&instance_id).map_err(refused)?;
    let fault = cloud.faults.for_job(method.as_str(), uri.path());
    let job_id = job.job_id.clone();
    cloud
        .dcs
        .tasks
        .spawn(run_kill(cloud.clone(), job_id, instance_id, targets, fault));
    Ok(Json(json!({"job_id": job.job_id})))
}

/// Sees a kill to its end: it starts to run after a quarter of its time, and its sessions die half-way. A sandbox that
/// stops leaves it running, as nobody can ask any more.
async fn run_kill(
    cloud: Arc<Cloud>,
    job_id: String,
    instance_id: String,
    targets: Vec<Arc<Node>>,
    fault: Option<Rule>,
) {
    let dcs = &cloud.dcs;
    let quarter = dcs.job_duration / 4;
    let cleared = cloud.faults.until_cleared();
    let work = async {
        tokio::time::sleep(quarter).await;
        dcs.jobs.run(&job_id);
        if let Some(job) = fault.as_ref().and_then(|rule| rule.job) {
            return strike(job, fault.as_ref(), quarter * 3, cleared).await;
        }
        tokio::time::sleep(quarter).await;
        for node in &targets {
            node.kill(|_| true)
                .await
                .map_err(|error| format!("Node {}: {error:#}", node.id()))?;
        }
        tokio::time::sleep(quarter * 2).await;
        Ok(())
    };
    if let Some(result) = dcs.stop.run_until_cancelled(work).await {
        dcs.jobs.end(&job_id, &instance_id, result);
    }
}

/// What a fault makes of a job that has `left` to run.
async fn strike(
    fault: JobFault,
    rule: Option<&Rule>,
    left: Duration,
    cleared: impl Future<Output = ()>,
) -> Result<(), String> {
    match fault {
        JobFault::Fail => {
            tokio::time::sleep(left).await;
            let reason = rule.and_then(|rule| rule.fail_reason.clone());
            Err(reason.unwrap_or_else(|| "The job failed.".to_owned()))
        }
        JobFault::Never => {
            cleared.await;
            Err("The job was given up.".to_owned())
        }
    }
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

fn no_list() -> ApiError {
    error(
        StatusCode::INTERNAL_SERVER_ERROR,
        "DCS.5000",
        "Internal service error: no list of sessions was saved.",
    )
}

fn server_does_not_answer(reason: &anyhow::Error) -> ApiError {
    error(
        StatusCode::INTERNAL_SERVER_ERROR,
        "DCS.5000",
        format!("Internal service error: {reason:#}."),
    )
}
