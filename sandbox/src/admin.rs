//! The admin interface below `/_sandbox/`: unsigned, and for callers on this machine alone.
//!
//! - `GET /_sandbox/requests`: the API calls so far and their totals; `DELETE` forgets them.
//! - `GET /_sandbox/faults`: the rules in force; `POST` adds one rule or a list; `DELETE` clears them.
//! - `GET /_sandbox/state`: the nodes with their sessions and kill orders, and the jobs.
//!
//! A service may add calls of its own.

use std::sync::Arc;

use axum::{Json, Router, body::Bytes, extract::State, http::StatusCode, routing::get};
use serde_json::{Value, json};

use crate::{cloud::Cloud, error::ApiError, faults::Rule, service::Service};

/// Where the admin interface is.
pub(crate) const PREFIX: &str = "/_sandbox/";

type Services = Arc<[Arc<dyn Service>]>;

pub(crate) fn router(cloud: Arc<Cloud>, services: Services) -> Router {
    let calls = Router::new()
        .route("/_sandbox/requests", get(requests).delete(forget_requests))
        .route(
            "/_sandbox/faults",
            get(faults).post(add_faults).delete(clear_faults),
        )
        .with_state(cloud);
    let own = services
        .iter()
        .map(|service| service.clone().admin_routes())
        .fold(calls, Router::merge);
    let state = Router::new()
        .route("/_sandbox/state", get(state))
        .with_state(services);
    own.merge(state)
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

async fn state(State(services): State<Services>) -> Result<Json<Value>, ApiError> {
    let (mut nodes, mut jobs) = (Vec::new(), Vec::new());
    for service in services.iter() {
        let states = service.node_states().await;
        nodes.extend(states.map_err(|reason| ApiError::unreachable_server(&reason))?);
        jobs.extend(service.jobs());
    }
    Ok(Json(json!({"nodes": nodes, "jobs": jobs})))
}

fn bad_rules(reason: &str) -> ApiError {
    ApiError::bad_admin_call(&format!("not a fault rule: {reason}"))
}
