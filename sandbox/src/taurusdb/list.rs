//! The process list of a node, page by page.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, RawQuery, State},
};
use serde_json::{Value, json};

use super::{NodePath, TaurusDb};
use crate::{
    error::ApiError,
    error_table::DBS,
    query::{Page, Query},
};

const LARGEST_PAGE: usize = 100;

/// `GET /v3/{project_id}/instances/{instance_id}/nodes/{node_id}/processes`: a page of the process list.
pub(super) async fn list_processes(
    State(taurusdb): State<Arc<TaurusDb>>,
    Path((_, instance_id, node_id)): NodePath,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let node = taurusdb.node(&instance_id, &node_id)?;
    let query = Query::parse(query.as_deref());
    let page = Page::read(&query, LARGEST_PAGE, 1..=usize::MAX)
        .map_err(|reason| taurusdb.bad_argument(&reason))?;
    if page.limit > LARGEST_PAGE {
        let reason = format!("limit must be at most {LARGEST_PAGE}");
        return Err(DBS.page_too_large.because(&reason));
    }
    node.sessions.come_and_go();
    let page = node
        .sessions
        .page(page)
        .await
        .map_err(|reason| taurusdb.no_answer(&reason))?;
    Ok(Json(
        json!({"processes": page.rows, "total_count": page.total}),
    ))
}
