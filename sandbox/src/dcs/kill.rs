//! Kills: of chosen sessions, at once, and of all sessions, in a job.

use std::{collections::HashSet, sync::Arc};

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{Method, StatusCode, Uri},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Status, bad_argument, job::strike, node::Node, parse, refused, server_does_not_answer,
    session_node,
};
use crate::{cloud::Cloud, error::ApiError, faults::Rule, instances::Named};

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
