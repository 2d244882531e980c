//! The scan of a node: a job that saves the list of its sessions.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    client::Client,
    error::parse,
    node::Node,
    options::ScanAnswer,
    run::Run,
    state::{Dcs, session_node},
};
use crate::{error::ApiError, instances::Named};

#[derive(Debug, Deserialize)]
struct ScanBody {
    node_id: Option<String>,
    /// Whether to ask the node anew; false, the default, leaves a saved list as it is.
    clean_cache: Option<bool>,
}

/// `POST /v2/{project_id}/instances/{instance_id}/clients`: starts a job that saves a new list of sessions.
pub(super) async fn scan_clients(
    State(dcs): State<Arc<Dcs>>,
    Path((_, instance_id)): Path<(String, String)>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> Result<Response, ApiError> {
    let instance = dcs.instance(&instance_id)?;
    let body: ScanBody = parse(&body)?;
    let node = session_node(instance, body.node_id.as_deref())?.clone();
    let job = dcs.jobs.begin_scan(&instance_id);
    let rule = dcs.cloud.faults.for_scan(method.as_str(), uri.path());
    let run = Run {
        job_id: job.job_id.clone(),
        instance_id,
        duration: dcs.options.scan_duration,
        fault: rule.and_then(|rule| Some((rule.scan?, rule.fail_reason))),
    };
    let work = scan(node.clone(), body.clean_cache.unwrap_or(false));
    let save = move |list: Option<Vec<Client>>| {
        if let Some(list) = list {
            node.save(list);
        }
    };
    dcs.tasks.spawn(run.see_through(dcs.clone(), work, save));
    Ok(match dcs.options.scan_answer {
        ScanAnswer::Job => Json(json!({"job_id": job.job_id})).into_response(),
        ScanAnswer::UnknownJob => {
            Json(json!({"job_id": uuid::Uuid::new_v4().to_string()})).into_response()
        }
        ScanAnswer::NoJob => Json(json!({})).into_response(),
        ScanAnswer::Empty => StatusCode::OK.into_response(),
    })
}

/// The list to save, where one is to be saved. That a first scan makes a list whatever it was told is inferred: no document
/// says what it does.
async fn scan(node: Arc<Node>, anew: bool) -> Result<Option<Vec<Client>>, String> {
    if !anew && node.saved_list().is_some() {
        return Ok(None);
    }
    match node.sessions().await {
        Ok(sessions) => Ok(Some(sessions)),
        Err(error) => Err(format!("Node {}: {error:#}", node.id())),
    }
}
