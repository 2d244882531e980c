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
    error::{bad_argument, parse, refused, server_does_not_answer},
    node::{Node, Status},
    run::Run,
    state::{Dcs, session_node},
};
use crate::{error::ApiError, instances::Named};

#[derive(Debug, Deserialize)]
struct KillBody {
    node_id: Option<String>,
    client_addrs: Option<Vec<String>>,
}

/// `POST /v2/{project_id}/instances/{instance_id}/clients/kill`: kills the sessions with these addresses at once.
pub(super) async fn kill_clients(
    State(dcs): State<Arc<Dcs>>,
    Path((_, instance_id)): Path<(String, String)>,
    body: Bytes,
) -> Result<StatusCode, ApiError> {
    let instance = dcs.instance(&instance_id)?;
    let body: KillBody = parse(&body)?;
    let node = session_node(instance, body.node_id.as_deref())?;
    let addresses: HashSet<String> = body.client_addrs.unwrap_or_default().into_iter().collect();
    if addresses.is_empty() {
        return Err(bad_argument("client_addrs must not be empty"));
    }
    dcs.must_be_idle(&instance_id)?;
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
pub(super) async fn kill_all_clients(
    State(dcs): State<Arc<Dcs>>,
    Path((_, instance_id)): Path<(String, String)>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let instance = dcs.instance(&instance_id)?;
    let body: KillAllBody = parse(&body)?;
    let targets = if body.kill_all_nodes.unwrap_or(false) {
        let is_active = |node: &&Arc<Node>| node.status() == Status::Active;
        instance.nodes.iter().filter(is_active).cloned().collect()
    } else {
        vec![session_node(instance, body.node_id.as_deref())?.clone()]
    };
    let job = dcs.jobs.begin_kill(&instance_id).map_err(refused)?;
    let rule = dcs.cloud.faults.for_job(method.as_str(), uri.path());
    let run = Run {
        job_id: job.job_id.clone(),
        instance_id,
        duration: dcs.options.job_duration,
        fault: rule.and_then(|rule| Some((rule.job?, rule.fail_reason))),
    };
    let work = kill_all(targets);
    dcs.tasks.spawn(run.see_through(dcs.clone(), work, |()| {}));
    Ok(Json(json!({"job_id": job.job_id})))
}

async fn kill_all(nodes: Vec<Arc<Node>>) -> Result<(), String> {
    for node in nodes {
        let killed = node.kill(|_| true).await;
        killed.map_err(|error| format!("Node {}: {error:#}", node.id()))?;
    }
    Ok(())
}
