//! The session calls of TaurusDB HTAP, the standard edition: list the sessions of an instance, and kill chosen ones. MariaDB
//! stands in for StarRocks.
//!
//! An instance has the sessions of all its nodes, as StarRocks' frontends list theirs together; inferred, since no call names
//! a node.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, RawQuery, State},
    routing::delete,
};
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    backends::mariadb::{Thread, Threads},
    error::ApiError,
    error_table::{DBS, TAURUSDB_REFUSALS},
    instances::{Instance, Node},
    node_mapping::{NodeMapping, NodeMappingParser},
    node_service::{Facts, NodeOptions, NodeService},
    query::{Page, Query},
};

/// What the command line says about TaurusDB HTAP.
#[derive(Debug, Clone, Args)]
pub struct TaurusDbHtapOptions {
    /// A node of a TaurusDB HTAP instance, which lists the sessions of all its nodes:
    /// INSTANCE/NODE=mysql://USER:PASSWORD@HOST:PORT, or =simulated:COUNT; repeatable
    #[arg(id = "taurusdb-htap-node", long = "taurusdb-htap-node", value_name = "INSTANCE/NODE=URL", value_parser = NodeMappingParser)]
    pub nodes: Vec<NodeMapping>,
}

impl NodeOptions for TaurusDbHtapOptions {
    const FACTS: Facts = Facts {
        name: "taurusdb_htap",
        instance_id_end: "in17",
        // No document tells how the ids of nodes end.
        node_id_end: "no17",
        example_instance: "6d2f8b0e4a7c49519f3e1d5c7b9a2064in17",
        example_nodes: [
            "3a9c5e7f1b2d48608d4f6a0c2e8b7195no17",
            "f0e1d2c3b4a546978896a5b4c3d2e1f0no17",
        ],
        refusals: TAURUSDB_REFUSALS,
        errors: &DBS,
    };

    type Sessions = dyn Threads;

    fn nodes(&self) -> &[NodeMapping] {
        &self.nodes
    }

    fn calls() -> Router<Arc<TaurusDbHtap>> {
        Router::new().route(
            "/v3/{project_id}/instances/{instance_id}/htap/process",
            delete(kill_sessions).get(list_sessions),
        )
    }
}

type TaurusDbHtap = NodeService<TaurusDbHtapOptions>;

const LARGEST_PAGE: usize = 100;
const LARGEST_KILL: usize = 20;

/// `GET /v3/{project_id}/instances/{instance_id}/htap/process`: a page of the sessions, without a total.
async fn list_sessions(
    State(htap): State<Arc<TaurusDbHtap>>,
    Path((_, instance_id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let instance = htap.instance(&instance_id)?;
    let query = Query::parse(query.as_deref());
    let page = Page::read(&query, LARGEST_PAGE, 1..=LARGEST_PAGE)
        .map_err(|reason| htap.bad_argument(&reason))?;
    let threads = threads(instance)
        .await
        .map_err(|reason| htap.no_answer(&reason))?;
    let rows = page.of(threads).map(row).rows;
    Ok(Json(json!({ "process_list": rows })))
}

async fn threads(instance: &Instance<Node<dyn Threads>>) -> anyhow::Result<Vec<Thread>> {
    let mut threads = Vec::new();
    for node in &instance.nodes {
        node.sessions.come_and_go();
        threads.extend(node.sessions.page(Page::WHOLE).await?.rows);
    }
    Ok(threads)
}

fn row(thread: Thread) -> Value {
    json!({
        "id": thread.id.to_string(),
        "user": thread.user,
        "host": thread.host,
        "state": thread.state,
        "database": thread.db,
        "sql_statement": thread.info,
        "duration": thread.time as f64,
        "command": thread.command,
    })
}

#[derive(Deserialize)]
struct KillBody {
    process_list: Vec<String>,
}

/// `DELETE /v3/{project_id}/instances/{instance_id}/htap/process`: kills chosen sessions, and has one status for all. That it is
/// `failed` when none of them is there, and that others are passed over, is inferred.
async fn kill_sessions(
    State(htap): State<Arc<TaurusDbHtap>>,
    Path((_, instance_id)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let instance = htap.instance(&instance_id)?;
    let body: KillBody = htap.body(&body)?;
    if !(1..=LARGEST_KILL).contains(&body.process_list.len()) {
        let reason = format!("process_list must have 1 to {LARGEST_KILL} IDs");
        return Err(htap.bad_argument(&reason));
    }
    htap.must_be_idle(&instance_id)?;
    let asked = body.process_list.len();
    let unknown = kill(instance, body.process_list)
        .await
        .map_err(|reason| htap.no_answer(&reason))?;
    Ok(Json(match unknown.first() {
        Some(id) if unknown.len() == asked => {
            json!({"status": "failed", "msg": format!("Unknown thread id: {id}")})
        }
        _ => json!({"status": "success", "msg": ""}),
    }))
}

/// Kills those that are there. The others, of which every id that is no number is one.
async fn kill(
    instance: &Instance<Node<dyn Threads>>,
    ids: Vec<String>,
) -> anyhow::Result<Vec<String>> {
    let numbers = ids.iter().filter_map(|id| id.parse().ok());
    let mut left: Vec<i64> = numbers.collect::<BTreeSet<i64>>().into_iter().collect();
    for node in &instance.nodes {
        left = node.kill(&left).await?.not_found;
    }
    let is_unknown = |id: &String| id.parse().map_or(true, |id: i64| left.contains(&id));
    Ok(ids.into_iter().filter(is_unknown).collect())
}
