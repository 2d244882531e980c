//! What the admin interface sets of DCS nodes.

use std::sync::Arc;

use axum::{Router, body::Bytes, extract::State, http::StatusCode, routing::post};
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    node::{Node, Status},
    state::Dcs,
};
use crate::error::ApiError;

/// - `POST /_sandbox/nodes`: sets the status of a node.
/// - `POST /_sandbox/scans`: somebody else scans a node, which replaces its saved list at once.
pub(super) fn routes(dcs: Arc<Dcs>) -> Router {
    Router::new()
        .route("/_sandbox/nodes", post(set_status))
        .route("/_sandbox/scans", post(scan))
        .with_state(dcs)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NodeStatus {
    instance_id: String,
    node_id: String,
    status: Status,
}

async fn set_status(State(dcs): State<Arc<Dcs>>, body: Bytes) -> Result<StatusCode, ApiError> {
    let set: NodeStatus = parse(&body)?;
    node(&dcs, &set.instance_id, &set.node_id)?.set_status(set.status);
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScannedNode {
    instance_id: String,
    node_id: String,
}

async fn scan(State(dcs): State<Arc<Dcs>>, body: Bytes) -> Result<StatusCode, ApiError> {
    let scanned: ScannedNode = parse(&body)?;
    let node = node(&dcs, &scanned.instance_id, &scanned.node_id)?;
    let sessions = node.sessions().await;
    node.save(sessions.map_err(|reason| ApiError::unreachable_server(&reason))?);
    Ok(StatusCode::NO_CONTENT)
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|reason| ApiError::bad_admin_call(&reason.to_string()))
}

fn node<'a>(dcs: &'a Dcs, instance_id: &str, node_id: &str) -> Result<&'a Node, ApiError> {
    let node = dcs.instances.node(instance_id, node_id);
    node.map(AsRef::as_ref)
        .ok_or_else(|| ApiError::bad_admin_call("there is no such DCS node"))
}
