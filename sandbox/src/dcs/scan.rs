//! The scan of a node: a job that saves the list of its sessions.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;

use super::{job::strike, node::Node, parse, session_node};
use crate::{cloud::Cloud, error::ApiError, faults::Rule, instances::Named, options::ScanAnswer};

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
