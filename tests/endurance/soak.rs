//! One plugin process that kills sessions for a long time, through a cloud that fails now and then.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hwc_sandbox::{NodeMapping, Options, Rule, Sandbox};
use serde_json::{Value, json};
use terraform_provider_hwc::plugin::proto::tfplugin6 as wire;
use terraform_provider_hwc::plugin::proto::tfplugin6::provider_client::ProviderClient;
use tonic::transport::Channel;

use super::cloud::{DCS, REGION, Schemas, TAURUSDB, configure, create, schemas};
use super::host::Host;
use super::schema::{dynamic, messagepack, object};
use super::{duration, open_files, resident_memory, start_provider};

/// Enough to see a leak of a kilobyte a kill.
const DEFAULT: Duration = Duration::from_secs(6);
/// As many calls at once as an engine makes with `-parallelism=16`.
const WORKERS: usize = 16;
/// A host connects anew now and then; so does this one.
const RECONNECT_EVERY: u64 = 200;
/// Allocators keep some of what they had; a leak does not stop here.
const MEMORY_MAY_GROW: u64 = 6 << 20;
/// Connections to the cloud come and go; a leak does not stop here.
const FILES_MAY_GROW: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_and_file_descriptors_of_a_plugin_that_works_for_long_do_not_grow() {
    // Given a plugin that is configured for a cloud whose calls fail in every way now and then.
    let sandbox = unreliable_sandbox().await;
    let host = Arc::new(start_provider().await);
    let mut provider = host.provider().await;
    let schemas = schemas(&mut provider).await;
    configure(&mut provider, &schemas, &sandbox).await;
    let worker = Worker {
        host: Arc::clone(&host),
        schemas: Arc::new(schemas),
        kills: Arc::default(),
    };

    // When it kills for a while.
    let length = duration("SOAK_SECONDS", DEFAULT);
    let end = Instant::now() + length;
    let working: Vec<_> = (0..WORKERS)
        .map(|number| tokio::spawn(worker.clone().work_until(end, number)))
        .collect();
    let mut samples = Vec::new();
    while Instant::now() < end {
        tokio::time::sleep(length / 60).await;
        samples.push((resident_memory(&host), open_files(&host)));
    }
    for one in working {
        one.await.unwrap();
    }

    // Then it has in the last third no more than it had in the second: the first is to warm up.
    let third = samples.len() / 3;
    let most = |samples: &[(u64, usize)]| {
        let memory = samples.iter().map(|(memory, _)| *memory).max().unwrap();
        let files = samples.iter().map(|(_, files)| *files).max().unwrap();
        (memory, files)
    };
    let (memory_before, files_before) = most(&samples[third..2 * third]);
    let (memory_after, files_after) = most(&samples[2 * third..]);
    let kills = worker.kills.load(Ordering::Relaxed);
    println!(
        "{kills} kills in {} s: memory {} KiB, then {} KiB; file descriptors {files_before}, then {files_after}",
        length.as_secs(),
        memory_before >> 10,
        memory_after >> 10,
    );
    assert!(kills > length.as_secs(), "only {kills} kills");
    assert!(memory_after < memory_before + MEMORY_MAY_GROW);
    assert!(files_after < files_before + FILES_MAY_GROW);

    // Then it has closed what it opened for calls, but for the connections that it keeps for the next ones.
    assert!(open_files(&host) <= files_before);
    sandbox.stop().await;
}

async fn unreliable_sandbox() -> Sandbox {
    let now_and_then = |fault: Value| -> Rule {
        let mut rule = json!({"path_contains": "/processes", "rate": 0.01});
        for (name, value) in fault.as_object().unwrap() {
            rule[name] = value.clone();
        }
        rule.to_string().parse().unwrap()
    };
    let defaults = Options::default();
    let mut services = defaults.services.clone();
    services.dcs.job_duration = Duration::from_millis(10);
    services.dcs.nodes = vec![NodeMapping::simulated(DCS.0, DCS.1, 10)];
    services.taurusdb.nodes = vec![NodeMapping::simulated(TAURUSDB.0, TAURUSDB.1, 10)];
    Sandbox::start(Options {
        access_key: Some("SOAKACCESSKEY0000001".to_owned()),
        secret_key: Some("soak-secret-key".into()),
        region: REGION.to_owned(),
        services,
        faults: vec![
            now_and_then(json!({"status": 503})),
            now_and_then(json!({"close": true, "apply": true})),
            now_and_then(json!({"truncate": 5})),
            now_and_then(json!({"status": 200, "body": "<html></html>"})),
            now_and_then(json!({"status": 403})),
        ],
        ..defaults
    })
    .await
    .unwrap()
}

#[derive(Clone)]
struct Worker {
    host: Arc<Host>,
    schemas: Arc<Schemas>,
    kills: Arc<AtomicU64>,
}

impl Worker {
    /// Kills one after the other. The first worker kills sessions of DCS, the others of TaurusDB.
    async fn work_until(self, end: Instant, number: usize) {
        let mut provider = self.host.provider().await;
        let mut round = 0;
        while Instant::now() < end {
            round += 1;
            if round % RECONNECT_EVERY == 0 {
                provider = self.host.provider().await;
            }
            if number == 0 {
                self.kill_dcs(&mut provider).await;
            } else {
                self.kill_taurusdb(&mut provider, round).await;
            }
            self.kills.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn kill_dcs(&self, provider: &mut ProviderClient<Channel>) {
        let given = json!({"instance_id": DCS.0, "node_id": DCS.1});
        let config = object(&self.schemas.dcs, &given);
        run(provider, "hwc_dcs_session_kill", &config).await;
    }

    async fn kill_taurusdb(&self, provider: &mut ProviderClient<Channel>, round: u64) {
        let processes: Vec<u64> = (1..=100).map(|id| round * 1000 + id).collect();
        let given =
            json!({"instance_id": TAURUSDB.0, "node_id": TAURUSDB.1, "processes": processes});
        let config = object(&self.schemas.taurusdb, &given);
        run(provider, "hwc_taurusdb_session_kill", &config).await;
    }
}

/// What an engine does with a new resource: validate, plan, create, and read it the next time. Whether the kill ends
/// well is the cloud's affair.
async fn run(provider: &mut ProviderClient<Channel>, type_name: &str, config: &Value) {
    let config = dynamic(messagepack(config));
    provider
        .validate_resource_config(wire::validate_resource_config::Request {
            type_name: type_name.to_owned(),
            config: Some(config.clone()),
            ..Default::default()
        })
        .await
        .unwrap();
    let state = create(provider, type_name, config).await;
    provider
        .read_resource(wire::read_resource::Request {
            type_name: type_name.to_owned(),
            current_state: state,
            ..Default::default()
        })
        .await
        .unwrap();
}
