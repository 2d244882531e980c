//! Bodies and errors of the Keystone calls.

use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::error::ApiError;

/// Parses a body of a Keystone call.
pub(super) fn keystone_body<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|reason| {
        keystone(
            StatusCode::BAD_REQUEST,
            format!("The request body is invalid: {reason}."),
        )
    })
}

/// An error of a Keystone call.
pub(super) fn keystone(status: StatusCode, message: impl Into<String>) -> ApiError {
    ApiError::new(error_body, status, "", message)
}

/// The shape of Keystone's errors: `error {code, message, title}`.
fn error_body(error: &ApiError, _request_id: &str) -> Value {
    json!({"error": {
        "code": error.status.as_u16(),
        "message": error.message,
        "title": error.status.canonical_reason().unwrap_or_default(),
    }})
}
