//! IAM and STS, as far as a client of the session calls needs them.

mod agencies;
mod keystone;
mod options;
mod projects;
mod state;
mod tokens;

pub use self::options::IamOptions;

use std::sync::Arc;

use async_trait::async_trait;
use axum::{
    Router,
    routing::{get, post},
};
use secrecy::ExposeSecret;

use self::state::Iam;
use crate::{
    cloud::Cloud,
    gateway,
    ready::Ready,
    service::{Description, Nodes, Service},
};

impl Description for IamOptions {
    fn open(&self, cloud: &Arc<Cloud>, _nodes: Nodes) -> anyhow::Result<Arc<dyn Service>> {
        Ok(Arc::new(Iam::new(cloud.clone(), self)))
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
