//! Projects: how a client finds the project id of a region.

use std::sync::Arc;

use axum::{
    Json,
    extract::{RawQuery, State},
};
use serde_json::{Value, json};

use super::state::Iam;
use crate::{account::Account, query::Query};

/// `GET /v3/projects?name=`: the account's projects. A user without the permission `iam:projects:listProjects` is
/// refused; a fault rule plays that user.
pub(crate) async fn list(State(iam): State<Arc<Iam>>, RawQuery(query): RawQuery) -> Json<Value> {
    let is_asked_for = Query::parse(query.as_deref())
        .get("name")
        .is_none_or(|name| name == iam.cloud.account.region);
    answer(is_asked_for.then(|| project(&iam.cloud.account)))
}

/// `GET /v3/auth/projects`: those that the caller can reach. It needs no permission, and takes no name.
pub(crate) async fn list_reachable(State(iam): State<Arc<Iam>>) -> Json<Value> {
    answer(Some(project(&iam.cloud.account)))
}

/// The sandbox's one project, named after its region.
fn project(account: &Account) -> Value {
    json!({
        "id": account.project_id,
        "name": account.region,
        "domain_id": account.domain_id,
        "parent_id": account.domain_id,
        "is_domain": false,
        "enabled": true,
        "description": "",
    })
}

fn answer(project: Option<Value>) -> Json<Value> {
    let projects: Vec<Value> = project.into_iter().collect();
    Json(json!({"links": {"next": null, "previous": null}, "projects": projects}))
}
