//! How a job stands.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::{Value, json};

use super::{error::no_such_job, state::Dcs};
use crate::error::ApiError;

/// `GET /v2/{project_id}/jobs/{job_id}`.
pub(super) async fn show_job(
    State(dcs): State<Arc<Dcs>>,
    Path((_, job_id)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let job = dcs.jobs.get(&job_id).ok_or_else(no_such_job)?;
    Ok(Json(json!(job)))
}
