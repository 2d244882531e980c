//! The admin interface below `/_sandbox/`: unsigned, and for callers on this machine alone.
//!
//! - `GET /_sandbox/requests`: the API calls so far and their totals; `DELETE` forgets them.
//! - `GET /_sandbox/faults`: the rules in force; `POST` adds one rule or a list; `DELETE` clears them.
//! - `POST /_sandbox/nodes`: sets the status of a DCS node.
//! - `POST /_sandbox/scans`: somebody else scans a DCS node, which replaces its saved list at once.
//! - `GET /_sandbox/state`: the nodes with their sessions and kill orders, and the jobs.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    cloud::Cloud,
    dcs::Status,
    error::{ApiError, Source},
    faults::Rule,
};

/// Where the admin interface is.
pub(crate) const PREFIX: &str = "/_sandbox/";

pub(crate) fn router(cloud: Arc<Cloud>) -> Router {
    Router::new()
        .route("/_sandbox/requests", get(requests).delete(forget_requests))
        .route(
            "/_sandbox/faults",
            get(faults).post(add_faults).delete(clear_faults),
        )
        .route("/_sandbox/nodes", post(set_status))
        .route("/_sandbox/scans", post(scan))
        .route("/_sandbox/state", get(state))
        .with_state(cloud)
}

async fn requests(State(cloud): State<Arc<Cloud>>) -> Json<Value> {
    Json(json!({"requests": cloud.journal.requests(), "totals": cloud.journal.totals()}))
}

async fn forget_requests(State(cloud): State<Arc<Cloud>>) -> StatusCode {
    cloud.journal.clear();
    StatusCode::NO_CONTENT
}

async fn faults(State(cloud): State<Arc<Cloud>>) -> Json<Value> {
    Json(json!({"faults": cloud.faults.list()}))
}

async fn add_faults(State(cloud): State<Arc<Cloud>>, body: Bytes) -> Result<StatusCode, ApiError> {
    let rules = rules(&body).map_err(|reason| bad_rules(&reason))?;
    cloud.faults.add(rules);
    Ok(StatusCode::NO_CONTENT)
}

/// One rule, or a list of them: all of them or, when one makes no sense, none.
fn rules(body: &[u8]) -> Result<Vec<Rule>, String> {
    match serde_json::from_slice(body).map_err(|error| error.to_string())? {
        Value::Array(rules) => rules.into_iter().map(Rule::from_json).collect(),
        rule => Ok(vec![Rule::from_json(rule)?]),
    }
}

async fn clear_faults(State(cloud): State<Arc<Cloud>>) -> StatusCode {
    cloud.faults.clear();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NodeStatus {
    instance_id: String,
    node_id: String,
    status: Status,
}

async fn set_status(State(cloud): State<Arc<Cloud>>, body: Bytes) -> Result<StatusCode, ApiError> {
    let node: NodeStatus =
        serde_json::from_slice(&body).map_err(|reason| bad_request(&reason.to_string()))?;
    cloud
        .dcs
        .set_status(&node.instance_id, &node.node_id, node.status)
        .map(|()| StatusCode::NO_CONTENT)
        .ok_or_else(|| bad_request("there is no such DCS node"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScannedNode {
    instance_id: String,
    node_id: String,
}

async fn scan(State(cloud): State<Arc<Cloud>>, body: Bytes) -> Result<StatusCode, ApiError> {
    let node: ScannedNode =
        serde_json::from_slice(&body).map_err(|reason| bad_request(&reason.to_string()))?;
    cloud
        .dcs
        .scan_for_somebody_else(&node.instance_id, &node.node_id)
        .await
        .ok_or_else(|| bad_request("there is no such DCS node"))?
        .map(|()| StatusCode::NO_CONTENT)
        .map_err(|reason| unreachable(&reason))
}

async fn state(State(cloud): State<Arc<Cloud>>) -> Result<Json<Value>, ApiError> {
    let mut nodes = cloud
        .dcs
        .state()
        .await
        .map_err(|reason| unreachable(&reason))?;
    nodes.extend(
        cloud
            .taurusdb
            .state()
            .await
            .map_err(|reason| unreachable(&reason))?,
    );
    Ok(Json(json!({"nodes": nodes, "jobs": cloud.dcs.jobs()})))
}

fn bad_rules(reason: &str) -> ApiError {
    bad_request(&format!("not a fault rule: {reason}"))
}

fn bad_request(reason: &str) -> ApiError {
    ApiError::new(
        Source::Service,
        StatusCode::BAD_REQUEST,
        "SANDBOX.400",
        reason,
    )
}

fn unreachable(reason: &anyhow::Error) -> ApiError {
    ApiError::new(
        Source::Service,
        StatusCode::BAD_GATEWAY,
        "SANDBOX.502",
        format!("{reason:#}"),
    )
}
