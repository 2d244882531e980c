//! Which thread holds the lock that another one waits for.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, RawQuery, State},
};
use serde_json::{Value, json};

use super::{NodePath, TaurusDb};
use crate::{error::ApiError, query::Query};

/// `GET /v3/{project_id}/instances/{instance_id}/nodes/{node_id}/process/lock-wait`: what the thread `pid` waits for. The
/// fields that the provider does not read are left out. That a thread which does not wait has no cause is inferred.
pub(super) async fn show_lock_wait(
    State(taurusdb): State<Arc<TaurusDb>>,
    Path((_, instance_id, node_id)): NodePath,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let node = taurusdb.node(&instance_id, &node_id)?;
    let query = Query::parse(query.as_deref());
    let thread = (query.get("pid"))
        .and_then(|pid| pid.parse().ok())
        .ok_or_else(|| taurusdb.bad_argument("pid must be the id of a thread"))?;
    let blocker =
        (node.sessions.blocker(thread).await).map_err(|reason| taurusdb.no_answer(&reason))?;
    let cause = blocker.map(|blocker| {
        json!({
            "abnormal_type": "LOCK_WAIT",
            "lock_root_cause": {"locked_pid": thread, "blocker_pid": blocker},
        })
    });
    Ok(Json(json!({ "abnormal_root_cause": cause })))
}
