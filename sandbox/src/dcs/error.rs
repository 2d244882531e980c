//! The errors of DCS.
//!
//! All codes are documented: `DCS.3022` no such instance, `DCS.3053` no such node, `DCS.4005` a body that is not JSON,
//! `DCS.4800` bad argument, `DCS.4070` no such job, `DCS.4027` sessions are not at this kind of node, those of `refusal`,
//! `DCS.5000` no list was saved, or the server behind a node does not answer.

use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::{Value, error::Category, json};

use crate::{busy::Refusal, error::ApiError};

pub(super) fn error(
    status: StatusCode,
    code: &'static str,
    message: impl Into<String>,
) -> ApiError {
    ApiError::new(body, status, code, message)
}

/// The shape of the errors: `error_code`, `error_msg`, `error_ext_msg`.
fn body(error: &ApiError, _request_id: &str) -> Value {
    json!({
        "error_code": error.code,
        "error_msg": error.message,
        "error_ext_msg": null,
    })
}

pub(super) fn bad_argument(reason: &str) -> ApiError {
    error(
        StatusCode::BAD_REQUEST,
        "DCS.4800",
        format!("Invalid request parameters: {reason}."),
    )
}

pub(super) fn no_such_instance() -> ApiError {
    error(
        StatusCode::NOT_FOUND,
        "DCS.3022",
        "This DCS instance does not exist.",
    )
}

pub(super) fn no_such_node() -> ApiError {
    error(
        StatusCode::BAD_REQUEST,
        "DCS.3053",
        "The node ID is not correct.",
    )
}

pub(super) fn not_on_this_node() -> ApiError {
    error(
        StatusCode::BAD_REQUEST,
        "DCS.4027",
        "This operation is not supported on this node.",
    )
}

pub(super) fn no_such_job() -> ApiError {
    error(
        StatusCode::BAD_REQUEST,
        "DCS.4070",
        "The job ID is not valid.",
    )
}

pub(super) fn no_list() -> ApiError {
    error(
        StatusCode::INTERNAL_SERVER_ERROR,
        "DCS.5000",
        "Internal service error: no list of sessions was saved.",
    )
}

pub(super) fn refused(refusal: Refusal) -> ApiError {
    error(refusal.status, refusal.code, refusal.message)
}

pub(super) fn server_does_not_answer(reason: &anyhow::Error) -> ApiError {
    error(
        StatusCode::INTERNAL_SERVER_ERROR,
        "DCS.5000",
        format!("Internal service error: {reason:#}."),
    )
}

/// Reads the body of a request.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|reason| match reason.classify() {
        Category::Data => bad_argument(&format!("the request body: {reason}")),
        _ => error(
            StatusCode::BAD_REQUEST,
            "DCS.4005",
            format!("The message body is not in JSON format: {reason}."),
        ),
    })
}
