//! Errors: those of the gateway and the admin interface, and what all have in common.

use axum::http::StatusCode;
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::language::Language;

/// How an error looks: its body, given the id of the request that it answers. Each service has its own, or
/// [`plain_body`].
pub(crate) type Shape = fn(&ApiError, &str) -> Value;

/// The shape of several services: `error_code`, `error_msg`.
pub(crate) fn plain_body(error: &ApiError, _request_id: &str) -> Value {
    json!({"error_code": error.code, "error_msg": error.message})
}

/// The shape of the API gateway in front of all services: `error_code`, `error_msg`, `request_id`.
fn gateway_body(error: &ApiError, request_id: &str) -> Value {
    json!({
        "error_code": error.code,
        "error_msg": error.message,
        "request_id": request_id,
    })
}

/// One error answer. The request id is added where the answer leaves, see [`ApiError::render`].
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    pub shape: Shape,
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
    /// The message in Chinese, where it is documented.
    pub chinese: Option<String>,
}

impl ApiError {
    pub fn new(
        shape: Shape,
        status: StatusCode,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            shape,
            status,
            code,
            message: message.into(),
            chinese: None,
        }
    }

    /// The error in the language that a caller asks for.
    pub fn in_language(&self, language: Language) -> Self {
        let chinese = self.chinese.clone();
        Self {
            message: chinese
                .filter(|_| language == Language::Chinese)
                .unwrap_or_else(|| self.message.clone()),
            ..self.clone()
        }
    }

    /// The gateway refused the caller: `APIGW.0301`, with the reason behind the gateway's usual words.
    pub fn unauthenticated(reason: &str) -> Self {
        Self::new(
            gateway_body,
            StatusCode::UNAUTHORIZED,
            "APIGW.0301",
            format!("Incorrect IAM authentication information: {reason}"),
        )
    }

    /// The token in `X-Auth-Token`, or in the body of an IAM call, was good once.
    pub fn outdated_token() -> Self {
        Self::new(
            gateway_body,
            StatusCode::UNAUTHORIZED,
            "APIGW.0307",
            "The token must be updated.",
        )
    }

    /// The caller is known, but the project in the path (or in `X-Project-Id`) is not the caller's.
    pub fn wrong_project() -> Self {
        Self::new(
            gateway_body,
            StatusCode::FORBIDDEN,
            "APIGW.0302",
            "The IAM user is not authorized to access the API: the project does not belong to the caller.",
        )
    }

    /// No such path, or not with this method.
    pub fn no_such_api() -> Self {
        Self::new(
            gateway_body,
            StatusCode::NOT_FOUND,
            "APIGW.0101",
            "The API does not exist or has not been published in the environment.",
        )
    }

    /// The user has called this API too often; the limit is in the gateway's words.
    pub fn throttled(limit: &str) -> Self {
        Self::new(
            gateway_body,
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
            gateway_body,
            StatusCode::PAYLOAD_TOO_LARGE,
            "APIGW.0201",
            "Request entity too large.",
        )
    }

    /// A call of the admin interface makes no sense.
    pub fn bad_admin_call(reason: &str) -> Self {
        Self::new(plain_body, StatusCode::BAD_REQUEST, "SANDBOX.400", reason)
    }

    /// The admin interface cannot tell because a server behind a node does not answer.
    pub fn unreachable_server(reason: &anyhow::Error) -> Self {
        Self::new(
            plain_body,
            StatusCode::BAD_GATEWAY,
            "SANDBOX.502",
            format!("{reason:#}"),
        )
    }

    /// The answer as it goes out, with the id of the request it answers.
    pub fn render(&self, request_id: &str) -> Response {
        (self.status, Json((self.shape)(self, request_id))).into_response()
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
