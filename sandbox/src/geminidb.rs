//! The session calls of GeminiDB Redis: list the sessions of a node, the newest first, and kill chosen ones or all. Links of
//! replication are neither listed nor killed.

use std::{cmp::Reverse, collections::BTreeSet, sync::Arc};

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
    backends::{
        Session,
        redis::{Connection, Connections},
    },
    error::ApiError,
    error_table::{NOSQL, NOSQL_REFUSALS},
    instances::Node,
    node_mapping::{NodeMapping, NodeMappingParser},
    node_service::{Facts, NodeOptions, NodeService},
    query::{Page, Query},
};

/// What the command line says about GeminiDB Redis.
#[derive(Debug, Clone, Args)]
pub struct GeminiDbOptions {
    /// A GeminiDB Redis node: INSTANCE/NODE=redis://HOST:PORT, or =simulated:COUNT; repeatable
    #[arg(id = "geminidb-redis-node", long = "geminidb-redis-node", value_name = "INSTANCE/NODE=URL", value_parser = NodeMappingParser)]
    pub nodes: Vec<NodeMapping>,
}

impl NodeOptions for GeminiDbOptions {
    const FACTS: Facts = Facts {
        name: "geminidb_redis",
        instance_id_end: "in12",
        node_id_end: "no12",
        // The instance and the first node are those of the API documents.
        example_instance: "c865f921f3dd45198f209a607533a779in12",
        example_nodes: [
            "784b3fb7bac14bc490659950dd4f022fno12",
            "2b7d9c04e1f64a3583d0a6c5b9e2f718no12",
        ],
        refusals: NOSQL_REFUSALS,
        errors: &NOSQL,
    };

    type Sessions = dyn Connections;

    fn nodes(&self) -> &[NodeMapping] {
        &self.nodes
    }

    fn calls() -> Router<Arc<GeminiDb>> {
        Router::new().route(
            "/v3/{project_id}/redis/nodes/{node_id}/sessions",
            delete(kill_sessions).get(list_sessions),
        )
    }
}

type GeminiDb = NodeService<GeminiDbOptions>;

const LARGEST_PAGE: usize = 100;
const DEFAULT_PAGE: usize = 50;

/// `GET /v3/{project_id}/redis/nodes/{node_id}/sessions`: a page of the list, in texts alone. No user is told.
async fn list_sessions(
    State(geminidb): State<Arc<GeminiDb>>,
    Path((_, node_id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let (_, node) = geminidb.node_anywhere(&node_id)?;
    let query = Query::parse(query.as_deref());
    let page = Page::read(&query, DEFAULT_PAGE, 1..=LARGEST_PAGE)
        .map_err(|reason| NOSQL.page_too_large.because(&reason))?;
    node.sessions.come_and_go();
    let mut all = sessions(node)
        .await
        .map_err(|reason| geminidb.no_answer(&reason))?;
    if let Some(prefix) = query.get("addr_prefix") {
        all.retain(|session| session.addr.starts_with(prefix));
    }
    let page = page.of(all).map(row);
    Ok(Json(
        json!({"sessions": page.rows, "total_count": page.total}),
    ))
}

/// The sessions of a node, the newest first.
async fn sessions(node: &Node<dyn Connections>) -> anyhow::Result<Vec<Connection>> {
    let mut sessions = node.sessions.all().await?;
    sessions.retain(|session| !session.is_internal());
    sessions.sort_by_key(|session| Reverse(session.id));
    Ok(sessions)
}

fn row(session: Connection) -> Value {
    json!({
        "id": session.id.to_string(),
        "name": session.name,
        "cmd": session.cmd,
        "age": session.age.to_string(),
        "idle": session.idle.to_string(),
        "db": session.db,
        "addr": session.addr,
        "fd": session.fd,
        "sub": session.sub.to_string(),
        "psub": session.psub.to_string(),
        "multi": session.multi.to_string(),
    })
}

#[derive(Deserialize)]
struct KillBody {
    is_all: bool,
    session_ids: Option<Vec<String>>,
}

/// `DELETE /v3/{project_id}/redis/nodes/{node_id}/sessions`: kills chosen sessions, or all, and says nothing about them. That an
/// id of nobody is passed over is inferred.
async fn kill_sessions(
    State(geminidb): State<Arc<GeminiDb>>,
    Path((_, node_id)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let (instance_id, node) = geminidb.node_anywhere(&node_id)?;
    let body = geminidb.body(&body)?;
    let wanted = Wanted::read(body).map_err(|reason| geminidb.bad_argument(&reason))?;
    geminidb.must_be_idle(instance_id)?;
    kill(node, wanted)
        .await
        .map_err(|reason| geminidb.no_answer(&reason))?;
    Ok(Json(json!({})))
}

async fn kill(node: &Node<dyn Connections>, wanted: Wanted) -> anyhow::Result<()> {
    let there: Vec<u64> = sessions(node).await?.iter().map(Session::id).collect();
    let (ids, gone) = match wanted {
        Wanted::All => (there, Vec::new()),
        Wanted::These(ids) => ids.into_iter().partition(|id| there.contains(id)),
    };
    node.kills.killed(&node.sessions.kill(&ids).await?);
    node.kills.not_found(&gone);
    Ok(())
}

/// The sessions that a kill is about.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    All,
    These(BTreeSet<u64>),
}

impl Wanted {
    /// Reads a body, which has to say something. Redis' ids are numbers, so that any other text is an id of nobody.
    fn read(body: KillBody) -> Result<Self, String> {
        if body.is_all {
            return Ok(Self::All);
        }
        match body.session_ids {
            Some(ids) if !ids.is_empty() && !ids.iter().any(String::is_empty) => Ok(Self::These(
                ids.iter().filter_map(|id| id.parse().ok()).collect(),
            )),
            _ => Err("session_ids must not be empty while is_all is false".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests;
