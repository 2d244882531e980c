//! A million session threads in one kill, through the wire alone: an engine gives up long before.

use std::time::Instant;

use hwc_sandbox::{NodeMapping, Options, Sandbox};
use serde_json::{Value, json};

use super::cloud::{REGION, TAURUSDB, configure, create, schemas};
use super::schema::{dynamic, messagepack, object};
use super::start_provider;

const THREADS: usize = 1_000_000;
/// Of what the sandbox simulates, these ids follow one another; the last of a node's threads has a larger one.
const FIRST_ID: i64 = 2_075_425;
/// Ids that no thread has.
const ABSENT: i64 = 10;
/// A plan and a state of nothing but this list are nine bytes an id each, and both are held encoded and decoded.
const BYTES_PER_ID: u64 = 300;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_million_ids_in_one_kill_are_all_accounted_for_in_bounded_memory() {
    // Given a node with a million sessions, and a plugin.
    let defaults = Options::default();
    let mut services = defaults.services.clone();
    services.taurusdb.nodes = vec![NodeMapping::simulated(TAURUSDB.0, TAURUSDB.1, THREADS)];
    let sandbox = Sandbox::start(Options {
        access_key: Some("MILLIONACCESSKEY0001".to_owned()),
        secret_key: Some("million-secret-key".into()),
        region: REGION.to_owned(),
        services,
        ..defaults
    })
    .await
    .unwrap();
    let host = start_provider().await;
    let mut provider = host.provider().await;
    let schemas = schemas(&mut provider).await;
    configure(&mut provider, &schemas, &sandbox).await;
    let memory_before = host.peak_memory();

    // When one resource lists as many ids, all but a few of which are there, and is created.
    let last = FIRST_ID + THREADS as i64 - 1;
    let ids: Vec<i64> = (FIRST_ID..last)
        .chain(-ABSENT + i64::MAX..i64::MAX)
        .collect();
    let given = json!({"instance_id": TAURUSDB.0, "node_id": TAURUSDB.1, "processes": ids});
    let config = dynamic(messagepack(&object(&schemas.taurusdb, &given)));
    let started = Instant::now();
    let state = create(&mut provider, "hwc_taurusdb_session_kill", config).await;

    // Then every id is in state once, under what became of it.
    let state: Value = rmp_serde::from_slice(&state.unwrap().msgpack).unwrap();
    let listed = |name: &str| -> Vec<i64> {
        let ids = state[name].as_array().unwrap().iter();
        ids.map(|id| id.as_i64().unwrap()).collect()
    };
    assert_eq!(listed("processes"), ids);
    assert_eq!(
        listed("processes_killed"),
        ids[..ids.len() - ABSENT as usize]
    );
    assert_eq!(
        listed("processes_not_found"),
        ids[ids.len() - ABSENT as usize..]
    );
    assert_eq!(listed("processes_excluded"), [] as [i64; 0]);
    assert_eq!(state["killed_count"], THREADS - 1);

    // Then those and no others are gone: the one thread with a larger id is still there.
    let left = sessions(&sandbox).await;
    assert_eq!(left.len(), 1);
    assert!(left[0] > last);

    let memory = host.peak_memory() - memory_before;
    println!(
        "{} ids in {:.1} s with {} MiB more, {} bytes an id",
        ids.len(),
        started.elapsed().as_secs_f64(),
        memory >> 20,
        memory / ids.len() as u64,
    );
    assert!(memory < BYTES_PER_ID * ids.len() as u64);
    sandbox.stop().await;
}

/// The ids of the sessions that the node still has.
async fn sessions(sandbox: &Sandbox) -> Vec<i64> {
    let url = format!("{}/_sandbox/state", sandbox.ready().url);
    let answer = reqwest::get(url).await.unwrap();
    let state: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    serde_json::from_value(state["nodes"][0]["sessions"].clone()).unwrap()
}
