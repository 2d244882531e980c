//! The kill of chosen threads.

use std::{collections::HashSet, sync::Arc};

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{NodePath, TaurusDb};
use crate::error::ApiError;

#[derive(Debug, Deserialize)]
struct KillBody {
    processes: Vec<i64>,
}

/// `DELETE /v3/{project_id}/instances/{instance_id}/nodes/{node_id}/processes`: kills threads by their ids.
pub(super) async fn kill_processes(
    State(taurusdb): State<Arc<TaurusDb>>,
    Path((_, instance_id, node_id)): NodePath,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let node = taurusdb.node(&instance_id, &node_id)?;
    let ids = ids_to_kill(&body, taurusdb.options.largest_kill)
        .map_err(|reason| taurusdb.bad_argument(&reason))?;
    taurusdb.must_be_idle(&instance_id)?;
    let outcome = node
        .kill(&ids)
        .await
        .map_err(|reason| taurusdb.no_answer(&reason))?;
    Ok(Json(json!({
        "processes_killed": outcome.killed,
        "processes_not_found": outcome.not_found,
    })))
}

/// The ids in the order of the body, each once.
fn ids_to_kill(body: &[u8], largest: usize) -> Result<Vec<i64>, String> {
    let body: KillBody = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    if body.processes.is_empty() {
        return Err("processes must not be empty".to_owned());
    }
    if body.processes.len() > largest {
        return Err(format!("processes must be at most {largest}"));
    }
    if let Some(id) = body.processes.iter().find(|id| **id <= 0) {
        return Err(format!("processes must be positive, not {id}"));
    }
    let mut seen = HashSet::new();
    Ok(body
        .processes
        .into_iter()
        .filter(|id| seen.insert(*id))
        .collect())
}

#[cfg(test)]
mod tests;
