//! The running sandbox: start, how to reach it, stop.

use std::sync::Arc;

use anyhow::{Context, ensure};
use secrecy::ExposeSecret;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    account::Account,
    backends::Size,
    cloud::Cloud,
    faults::Faults,
    journal::Journal,
    keyring::Keyring,
    ledger::KillLog,
    options::Options,
    random::{random_access_key, random_id, random_text},
    ready::Ready,
    server,
    service::Service,
    throttle::Throttle,
};

/// A sandbox cloud that serves until it is stopped or dropped.
#[derive(Debug)]
pub struct Sandbox {
    ready: Ready,
    services: Arc<[Arc<dyn Service>]>,
    serving: JoinHandle<()>,
    stop: DropGuard,
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
        let mut ready = Ready::default();
        let cloud = Arc::new(cloud(&options, &mut ready)?);
        let services: Arc<[_]> = options.services.open(&cloud)?.into();
        for busy in &options.busy {
            ensure!(
                services.iter().any(|service| service.make_busy(busy)),
                "--busy names {}, which is not an instance of this sandbox, or has a code of another service",
                busy.instance_id
            );
        }
        let listener = TcpListener::bind(options.listen)
            .await
            .with_context(|| format!("cannot listen on {}", options.listen))?;
        ready.url = format!("http://{}", listener.local_addr()?);
        for service in services.iter() {
            service.introduce(&mut ready).await?;
        }
        let stop = cloud.stop.clone();
        let serving = tokio::spawn(server::serve(listener, cloud, services.clone()));
        Ok(Self {
            ready,
            services,
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
        for service in self.services.iter() {
            service.finish().await;
        }
    }
}

/// What the services share, as the options say or made up. The part that a client needs goes to the ready line.
fn cloud(options: &Options, ready: &mut Ready) -> anyhow::Result<Cloud> {
    let access_key = options.access_key.clone().unwrap_or_else(random_access_key);
    let secret_key = options.secret_key.clone();
    let secret_key = secret_key.unwrap_or_else(|| random_text(40).into());
    let account = Account {
        region: options.region.clone(),
        project_id: options.project_id.clone().unwrap_or_else(random_id),
        domain_name: options.domain_name.clone(),
        domain_id: options.domain_id.clone().unwrap_or_else(random_id),
    };
    ready.access_key = access_key.clone();
    ready.secret_key = secret_key.expose_secret().to_owned();
    ready.region = account.region.clone();
    ready.project_id = account.project_id.clone();
    ready.domain_name = account.domain_name.clone();
    ready.domain_id = account.domain_id.clone();
    Ok(Cloud {
        account,
        keyring: Keyring::new(access_key, secret_key, options.credential_lifetime),
        throttle: Throttle::new(options.rate_limit),
        faults: Faults::new(options.faults.clone()).map_err(anyhow::Error::msg)?,
        journal: Journal::default(),
        kill_log: KillLog::default(),
        simulated: Size {
            sessions: options.sessions,
            churn: options.churn,
        },
        stop: CancellationToken::new(),
    })
}
