//! The gateway in front of the services: who must sign for a call.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{RawPathParams, Request, State},
    http::request::Parts,
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use time::OffsetDateTime;

use crate::{cloud::Cloud, error::ApiError, keyring::Scope, signature::SignedRequest};

/// Calls to a service in a project: signed, and by somebody who owns the project.
pub(crate) fn in_project(cloud: &Arc<Cloud>, calls: Router) -> Router {
    calls.route_layer(from_fn_with_state(cloud.clone(), require_project))
}

/// Calls in no project: signed.
pub(crate) fn signed(cloud: &Arc<Cloud>, calls: Router) -> Router {
    calls.route_layer(from_fn_with_state(cloud.clone(), require_caller))
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
    let project_id = cloud.account.project_id.as_str();
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
