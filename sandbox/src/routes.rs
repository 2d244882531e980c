//! Which path leads to which service, and who must sign for it.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{DefaultBodyLimit, RawPathParams, Request, State},
    http::request::Parts,
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{delete, get, post, put},
};
use time::OffsetDateTime;

use crate::{
    cloud::Cloud, dcs, error::ApiError, iam, keyring::Scope, metadata, signature::SignedRequest,
    taurusdb,
};

/// All calls of all services.
pub(crate) fn router(cloud: Arc<Cloud>) -> Router {
    project_calls(&cloud)
        .merge(account_calls(&cloud))
        .merge(open_calls())
        .fallback(no_such_api)
        .method_not_allowed_fallback(no_such_api)
        .layer(DefaultBodyLimit::disable())
        .with_state(cloud)
}

/// Calls to services in a project: signed, and by somebody whom the project belongs to.
fn project_calls(cloud: &Arc<Cloud>) -> Router<Arc<Cloud>> {
    Router::new()
        .route(
            "/v2/{project_id}/instances/{instance_id}/clients",
            get(dcs::list_clients).post(dcs::scan_clients),
        )
        .route(
            "/v2/{project_id}/instances/{instance_id}/clients/kill",
            post(dcs::kill_clients),
        )
        .route(
            "/v2/{project_id}/instances/{instance_id}/clients/kill-all",
            post(dcs::kill_all_clients),
        )
        .route(
            "/v2/{project_id}/instances/{instance_id}/logical-nodes",
            get(dcs::list_nodes),
        )
        .route("/v2/{project_id}/jobs/{job_id}", get(dcs::show_job))
        .route(
            "/v3/{project_id}/instances/{instance_id}/nodes/{node_id}/processes",
            delete(taurusdb::kill_processes).get(taurusdb::list_processes),
        )
        .route_layer(from_fn_with_state(cloud.clone(), require_project))
}

/// Calls to IAM and STS: signed, in no project.
fn account_calls(cloud: &Arc<Cloud>) -> Router<Arc<Cloud>> {
    Router::new()
        .route("/v3/projects", get(iam::projects::list))
        .route("/v3/auth/projects", get(iam::projects::list_reachable))
        .route("/v5/agencies/assume", post(iam::agencies::assume_v5))
        .route_layer(from_fn_with_state(cloud.clone(), require_caller))
}

/// Calls that carry a password or a token in the body, or nothing at all because only the machine can reach them.
fn open_calls() -> Router<Arc<Cloud>> {
    Router::new()
        .route("/v3/auth/tokens", post(iam::tokens::by_password))
        .route(
            "/v3.0/OS-AUTH/id-token/tokens",
            post(iam::tokens::by_id_token),
        )
        .route(
            "/v3.0/OS-CREDENTIAL/securitytokens",
            post(iam::agencies::temporary_credential),
        )
        .route("/meta-data/latest/api/token", put(metadata::create_token))
        .route("/openstack/latest/securitykey", get(metadata::security_key))
}

async fn no_such_api() -> ApiError {
    ApiError::no_such_api()
}

async fn require_caller(
    State(cloud): State<Arc<Cloud>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let (parts, body) = buffered(request).await?;
    authenticate(&cloud, &parts, &body)?;
    Ok(next.run(Request::from_parts(parts, Body::from(body))).await)
}

async fn require_project(
    State(cloud): State<Arc<Cloud>>,
    path: RawPathParams,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let (parts, body) = buffered(request).await?;
    let scope = authenticate(&cloud, &parts, &body)?;
    let project_id = cloud.identity.project_id.as_str();
    let named_in_path = path
        .iter()
        .find(|(name, _)| *name == "project_id")
        .map(|(_, value)| value);
    let named_in_header = parts
        .headers
        .get("x-project-id")
        .map(|value| value.as_bytes());
    let is_own = scope == Scope::Project
        && named_in_path == Some(project_id)
        && named_in_header.is_none_or(|named| named == project_id.as_bytes());
    if !is_own {
        return Err(ApiError::wrong_project());
    }
    Ok(next.run(Request::from_parts(parts, Body::from(body))).await)
}

/// Recognises the caller of a request whose body is here in full.
pub(crate) fn authenticate(cloud: &Cloud, parts: &Parts, body: &[u8]) -> Result<Scope, ApiError> {
    let request = SignedRequest {
        method: &parts.method,
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
        body,
    };
    cloud
        .keyring
        .authenticate(&request, OffsetDateTime::now_utc())
}

/// The server has read the body already and bounded it, so this only takes it out.
async fn buffered(request: Request) -> Result<(Parts, Bytes), ApiError> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX)
        .await
        .map_err(|_| ApiError::body_too_large())?;
    Ok((parts, body))
}

/// A handler's result as an answer, whichever it is.
pub(crate) type Answer = Result<Response, ApiError>;

/// Shortens the end of handlers that answer with headers.
pub(crate) fn answer(response: impl IntoResponse) -> Answer {
    Ok(response.into_response())
}
