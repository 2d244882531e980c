//! IAM and STS, as far as a client of the session calls needs them.

mod agencies;
mod options;
mod projects;
mod tokens;

pub use self::options::IamOptions;

use std::sync::Arc;

use async_trait::async_trait;
use axum::{
    Router,
    http::StatusCode,
    routing::{get, post},
};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{
    cloud::Cloud,
    error::ApiError,
    gateway,
    random::{random_id, random_text},
    ready::Ready,
    service::Service,
};

/// IAM with its one user, agency and identity provider: names, ids and secrets, as set by options or made up.
#[derive(Debug)]
pub(crate) struct Iam {
    cloud: Arc<Cloud>,
    user_name: String,
    user_id: String,
    user_password: SecretString,
    agency_name: String,
    idp_id: String,
    id_token: SecretString,
}

impl Iam {
    fn new(cloud: Arc<Cloud>, options: &IamOptions) -> Self {
        let password = options.user_password.clone();
        Self {
            cloud,
            user_name: options.user_name.clone(),
            user_id: random_id(),
            user_password: password.unwrap_or_else(|| random_text(24).into()),
            agency_name: options.agency_name.clone(),
            idp_id: options.idp_id.clone(),
            id_token: options.id_token.clone().unwrap_or_else(random_id_token),
        }
    }
}

#[async_trait]
impl Service for Iam {
    /// Some calls are signed. The others carry a password or a token in the body, and check it themselves.
    fn routes(self: Arc<Self>) -> Router {
        let signed = Router::new()
            .route("/v3/projects", get(projects::list))
            .route("/v3/auth/projects", get(projects::list_reachable))
            .route("/v5/agencies/assume", post(agencies::assume_v5))
            .with_state(self.clone());
        let open = Router::new()
            .route("/v3/auth/tokens", post(tokens::by_password))
            .route("/v3.0/OS-AUTH/id-token/tokens", post(tokens::by_id_token))
            .route(
                "/v3.0/OS-CREDENTIAL/securitytokens",
                post(agencies::temporary_credential),
            )
            .with_state(self.clone());
        gateway::signed(&self.cloud, signed).merge(open)
    }

    async fn introduce(&self, ready: &mut Ready) -> anyhow::Result<()> {
        ready.user_name = self.user_name.clone();
        ready.user_id = self.user_id.clone();
        ready.user_password = self.user_password.expose_secret().to_owned();
        ready.agency_name = self.agency_name.clone();
        ready.idp_id = self.idp_id.clone();
        ready.id_token = self.id_token.expose_secret().to_owned();
        Ok(())
    }
}

/// Three parts with dots between, the form of a JWT. It is only ever compared.
fn random_id_token() -> SecretString {
    format!(
        "eyJ{}.eyJ{}.{}",
        random_text(33),
        random_text(120),
        random_text(86)
    )
    .into()
}

/// Parses a body of a Keystone call.
fn keystone_body<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|reason| {
        keystone(
            StatusCode::BAD_REQUEST,
            format!("The request body is invalid: {reason}."),
        )
    })
}

/// An error of a Keystone call.
fn keystone(status: StatusCode, message: impl Into<String>) -> ApiError {
    ApiError::new(keystone_error_body, status, "", message)
}

/// The shape of Keystone's errors: `error {code, message, title}`.
fn keystone_error_body(error: &ApiError, _request_id: &str) -> Value {
    json!({"error": {
        "code": error.status.as_u16(),
        "message": error.message,
        "title": error.status.canonical_reason().unwrap_or_default(),
    }})
}
