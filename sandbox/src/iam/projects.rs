//! Projects by name: how a client finds the project id of a region.

use std::sync::Arc;

use axum::{
    Json,
    extract::{RawQuery, State},
};
use serde_json::{Value, json};

use crate::{cloud::Cloud, query::Query};

/// `GET /v3/projects?name=`: the sandbox's one project, which bears the name of its region.
pub(crate) async fn list(
    State(cloud): State<Arc<Cloud>>,
    RawQuery(query): RawQuery,
) -> Json<Value> {
    let identity = &cloud.identity;
    let is_asked_for = Query::parse(query.as_deref())
        .get("name")
        .is_none_or(|name| name == identity.region);
    let project = json!({
        "id": identity.project_id,
        "name": identity.region,
        "domain_id": identity.domain_id,
        "parent_id": identity.domain_id,
        "is_domain": false,
        "enabled": true,
        "description": "",
    });
    let projects = if is_asked_for {
        vec![project]
    } else {
        Vec::new()
    };
    Json(json!({"links": {"next": null, "previous": null}, "projects": projects}))
}
