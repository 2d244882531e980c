//! The running sandbox: start, how to reach it, stop.

use std::sync::Arc;

use anyhow::{Context, ensure};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    cloud::{AccessKey, Cloud},
    options::Options,
    server,
};

/// A sandbox cloud that serves until it is stopped or dropped.
#[derive(Debug)]
pub struct Sandbox {
    ready: Ready,
    cloud: Arc<Cloud>,
    serving: JoinHandle<()>,
    stop: DropGuard,
}

/// How to reach a sandbox: the line of JSON that `hwc-sandbox` prints once it is ready.
///
/// It holds the made-up secrets, because whoever started the sandbox needs them; printing it with `{:?}` does not
/// show them.
#[derive(Clone, Serialize, Deserialize)]
pub struct Ready {
    /// Where all services answer, for example `http://127.0.0.1:40123`.
    pub url: String,
    /// The access key that signs requests.
    pub access_key: String,
    /// The secret key that belongs to it.
    pub secret_key: String,
    /// The project that the instances are in, 32 letters and digits.
    pub project_id: String,
    /// The region, which is also the project's name.
    pub region: String,
    /// The nodes that can be called.
    pub nodes: Vec<ReadyNode>,
    /// Name of the account that owns everything.
    pub domain_name: String,
    /// Id of that account.
    pub domain_id: String,
    /// The user who may log in with a password.
    pub user_name: String,
    /// Id of that user.
    pub user_id: String,
    /// The password.
    pub user_password: String,
    /// The agency that may be assumed.
    pub agency_name: String,
    /// The identity provider whose id token is accepted.
    pub idp_id: String,
    /// The id token.
    pub id_token: String,
}

/// A node and how many sessions it had at the start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadyNode {
    /// `dcs` or `taurusdb`.
    pub service: String,
    /// The instance that the node belongs to.
    pub instance_id: String,
    /// The node's own id.
    pub node_id: String,
    /// Sessions at the start, internal ones not counted.
    pub sessions: usize,
}

impl std::fmt::Debug for Ready {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Ready")
            .field("url", &self.url)
            .field("access_key", &self.access_key)
            .field("project_id", &self.project_id)
            .field("region", &self.region)
            .field("nodes", &self.nodes)
            .finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Starts a sandbox on the current Tokio runtime; it answers when this returns.
    ///
    /// Fails when the address may not or cannot be listened on, when the options contradict each other, or when a
    /// server behind a node cannot be reached.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        ensure!(
            options.listen.ip().is_loopback() || options.allow_remote,
            "{} can be reached from other machines; --allow-remote allows that",
            options.listen.ip()
        );
        let stop = CancellationToken::new();
        let (cloud, key) = Cloud::new(&options, stop.clone())?;
        let cloud = Arc::new(cloud);
        let listener = TcpListener::bind(options.listen)
            .await
            .with_context(|| format!("cannot listen on {}", options.listen))?;
        let ready = ready(&cloud, key, format!("http://{}", listener.local_addr()?)).await?;
        let serving = tokio::spawn(server::serve(listener, cloud.clone(), stop.clone()));
        Ok(Self {
            ready,
            cloud,
            serving,
            stop: stop.drop_guard(),
        })
    }

    /// How to reach it.
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// Stops accepting, lets requests that are under way end within two seconds, and gives up running jobs.
    pub async fn stop(self) {
        self.stop.disarm().cancel();
        if let Err(error) = self.serving.await {
            tracing::error!(%error, "the server ended badly");
        }
        self.cloud.dcs.finish().await;
    }
}

async fn ready(cloud: &Cloud, key: AccessKey, url: String) -> anyhow::Result<Ready> {
    let identity = &cloud.identity;
    let mut nodes = cloud.dcs.ready_nodes().await?;
    nodes.extend(cloud.taurusdb.ready_nodes().await?);
    Ok(Ready {
        url,
        access_key: key.access_key,
        secret_key: key.secret_key.expose_secret().to_owned(),
        project_id: identity.project_id.clone(),
        region: identity.region.clone(),
        nodes,
        domain_name: identity.domain_name.clone(),
        domain_id: identity.domain_id.clone(),
        user_name: identity.user_name.clone(),
        user_id: identity.user_id.clone(),
        user_password: identity.user_password.expose_secret().to_owned(),
        agency_name: identity.agency_name.clone(),
        idp_id: identity.idp_id.clone(),
        id_token: identity.id_token.expose_secret().to_owned(),
    })
}
