//! Everything that a request may need: the services, who may call them, and the faults and the journal around them.

use tokio_util::sync::CancellationToken;

use crate::{
    dcs::Dcs,
    faults::Faults,
    identity::Identity,
    journal::Journal,
    keyring::{Keyring, made_up_access_key, random_text},
    metadata::Metadata,
    options::{NodeMapping, Options},
    population::Size,
    taurusdb::TaurusDb,
    throttle::Throttle,
};

#[derive(Debug)]
pub(crate) struct Cloud {
    pub identity: Identity,
    pub keyring: Keyring,
    pub dcs: Dcs,
    pub taurusdb: TaurusDb,
    pub metadata: Metadata,
    pub throttle: Throttle,
    pub faults: Faults,
    pub journal: Journal,
}

/// The key that signs requests, for the line that says that the sandbox is ready.
pub(crate) struct AccessKey {
    pub access_key: String,
    pub secret_key: secrecy::SecretString,
}

impl Cloud {
    /// The cloud that the options describe; its jobs end when `stop` is cancelled.
    pub fn new(options: &Options, stop: CancellationToken) -> anyhow::Result<(Self, AccessKey)> {
        let access_key = options
            .access_key
            .clone()
            .unwrap_or_else(made_up_access_key);
        let secret_key = options
            .secret_key
            .clone()
            .unwrap_or_else(|| random_text(40).into());
        let (dcs_nodes, taurusdb_nodes) = nodes(options);
        let simulated = Size {
            sessions: options.sessions,
            churn: options.churn,
        };
        let cloud = Self {
            identity: Identity::new(options),
            keyring: Keyring::new(
                access_key.clone(),
                secret_key.clone(),
                options.credential_lifetime,
            ),
            dcs: Dcs::new(&dcs_nodes, options, simulated, stop)?,
            taurusdb: TaurusDb::new(&taurusdb_nodes, options.largest_kill, simulated)?,
            metadata: Metadata::default(),
            throttle: Throttle::new(options.rate_limit),
            faults: Faults::new(options.faults.clone()).map_err(anyhow::Error::msg)?,
            journal: Journal::default(),
        };
        for busy in &options.busy {
            anyhow::ensure!(
                cloud.dcs.make_busy(busy) || cloud.taurusdb.make_busy(busy),
                "--busy names {}, which is not an instance of this sandbox, or has a code of the other service",
                busy.instance_id
            );
        }
        let key = AccessKey {
            access_key,
            secret_key,
        };
        Ok((cloud, key))
    }
}

/// The nodes that were mapped; when none was, two simulated ones of each service, with the ids of the API documents.
fn nodes(options: &Options) -> (Vec<NodeMapping>, Vec<NodeMapping>) {
    let is_mapped = [
        &options.dcs_nodes,
        &options.dcs_proxies,
        &options.taurusdb_nodes,
    ]
    .into_iter()
    .any(|nodes| !nodes.is_empty());
    if is_mapped {
        return (options.dcs_nodes.clone(), options.taurusdb_nodes.clone());
    }
    const DCS: &str = "5560df16-cebf-4473-95c4-d1b573c16e79";
    const TAURUSDB: &str = "a23fb62bd61e4e9e9636fd2225f395bein07";
    let simulated =
        |instance_id, node_id| NodeMapping::simulated(instance_id, node_id, options.sessions);
    (
        vec![
            simulated(DCS, "8f7ee181-88e2-49b7-a4bf-81f18f93a135"),
            simulated(DCS, "c7ab8a5e-3c0e-4b9d-9d6c-2f4e1b7a9d02"),
        ],
        vec![
            simulated(TAURUSDB, "18663926eacb443d98dc20f8620f28f2no07"),
            simulated(TAURUSDB, "5b1e0c7d94f24a6db0a3f6c2e8d47190no07"),
        ],
    )
}
