//! The nodes of an instance.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::{Value, json};

use super::{node::Role, state::Dcs};
use crate::{error::ApiError, instances::Named};

/// `GET /v2/{project_id}/instances/{instance_id}/logical-nodes`: proxies, and data nodes, of which the first is the master
/// and the others are its replicas.
pub(super) async fn list_nodes(
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
