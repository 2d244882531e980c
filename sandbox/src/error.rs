//! Errors in the shapes of the services: who answers decides how an error looks.

use axum::http::StatusCode;
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// Who answers, which decides the shape of an error's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// The API gateway in front of all services: `error_code`, `error_msg`, `request_id`.
    Gateway,
    /// DCS: `error_code`, `error_msg`, `error_ext_msg`.
    Dcs,
    /// TaurusDB, IAM's newer calls and STS: `error_code`, `error_msg`.
    Service,
    /// IAM's Keystone calls: `error {code, message, title}`.
    Keystone,
}

/// One error answer. The request id is added where the answer leaves, see [`ApiError::render`].
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    pub source: Source,
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
}

impl ApiError {
    pub fn new(
        source: Source,
        status: StatusCode,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            source,
            status,
            code,
            message: message.into(),
        }
    }

    /// The gateway refused the caller: `APIGW.0301`, with the reason behind the gateway's usual words.
    pub fn unauthenticated(reason: &str) -> Self {
        Self::new(
            Source::Gateway,
            StatusCode::UNAUTHORIZED,
            "APIGW.0301",
            format!("Incorrect IAM authentication information: {reason}"),
        )
    }

    /// The token in `X-Auth-Token`, or in the body of an IAM call, was good once.
    pub fn outdated_token() -> Self {
        Self::new(
            Source::Gateway,
            StatusCode::UNAUTHORIZED,
            "APIGW.0307",
            "The token must be updated.",
        )
    }

    /// The caller is known, but the project in the path (or in `X-Project-Id`) is not the caller's.
    pub fn wrong_project() -> Self {
        Self::new(
            Source::Gateway,
            StatusCode::FORBIDDEN,
            "APIGW.0302",
            "The IAM user is not authorized to access the API: the project does not belong to the caller.",
        )
    }

    /// No such path, or not with this method.
    pub fn no_such_api() -> Self {
        Self::new(
            Source::Gateway,
            StatusCode::NOT_FOUND,
            "APIGW.0101",
            "The API does not exist or has not been published in the environment.",
        )
    }

    /// The user has called this API too often; the limit is in the gateway's words.
    pub fn throttled(limit: &str) -> Self {
        Self::new(
            Source::Gateway,
            StatusCode::TOO_MANY_REQUESTS,
            "APIGW.0308",
            format!(
                "The throttling threshold has been reached: policy user over ratelimit,{limit}"
            ),
        )
    }

    /// The body is larger than the gateway takes.
    pub fn body_too_large() -> Self {
        Self::new(
            Source::Gateway,
            StatusCode::PAYLOAD_TOO_LARGE,
            "APIGW.0201",
            "Request entity too large.",
        )
    }

    /// The answer as it goes out, with the id of the request it answers.
    pub fn render(&self, request_id: &str) -> Response {
        (self.status, Json(self.body(request_id))).into_response()
    }

    fn body(&self, request_id: &str) -> Value {
        match self.source {
            Source::Gateway => json!({
                "error_code": self.code,
                "error_msg": self.message,
                "request_id": request_id,
            }),
            Source::Dcs => json!({
                "error_code": self.code,
                "error_msg": self.message,
                "error_ext_msg": null,
            }),
            Source::Service => json!({"error_code": self.code, "error_msg": self.message}),
            Source::Keystone => json!({"error": {
                "code": self.status.as_u16(),
                "message": self.message,
                "title": self.status.canonical_reason().unwrap_or_default(),
            }}),
        }
    }
}

impl IntoResponse for ApiError {
    /// Carries the error to the place that knows the request id; the body is written there.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
