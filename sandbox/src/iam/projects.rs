//! Projects: how a client finds the project id of a region.

use std::sync::Arc;

use axum::{
    Json,
    extract::{RawQuery, State},
};
use serde_json::{Value, json};

use crate::{cloud::Cloud, query::Query};

/// `GET /v3/projects?name=`: the account's projects. A user without the permission `iam:projects:listProjects` is
/// refused; a fault rule plays that user.
pub(crate) async fn list(
    State(cloud): State<Arc<Cloud>>,
    RawQuery(query): RawQuery,
) -> Json<Value> {
    let is_asked_for = Query::parse(query.as_deref())
        .get("name")
        .is_none_or(|name| name == cloud.identity.region);
    answer(is_asked_for.then(|| project(&cloud)))
}

/// `GET /v3/auth/projects`: those that the caller can reach. It needs no permission, and takes no name.
pub(crate) async fn list_reachable(State(cloud): State<Arc<Cloud>>) -> Json<Value> {
    answer(Some(project(&cloud)))
}

/// The sandbox's one project, which bears the name of its region.
fn project(cloud: &Cloud) -> Value {
    let identity = &cloud.identity;
    json!({
        "id": identity.project_id,
        "name": identity.region,
        "domain_id": identity.domain_id,
        "parent_id": identity.domain_id,
        "is_domain": false,
        "enabled": true,
        "description": "",
    })
}

fn answer(project: Option<Value>) -> Json<Value> {
    let projects: Vec<Value> = project.into_iter().collect();
    Json(json!({"links": {"next": null, "previous": null}, "projects": projects}))
}
