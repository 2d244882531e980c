//! The session calls of GaussDB (openGauss): list the sessions of a component of a node, and kill chosen ones. Sessions of the
//! server itself are neither listed nor killed, which is inferred.
//!
//! Each node has one component, whose id stands in the ready line.

mod sessions;

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    routing::post,
};
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use self::sessions::{Component, Filter, row};
use crate::{
    backends::Sessions,
    error::ApiError,
    error_table::{DBS, Documented, dbs_conflict},
    instances::Node,
    node_mapping::{NodeMapping, NodeMappingParser},
    node_service::{Facts, NodeOptions, NodeService},
    ready::ReadyNode,
};

/// What the command line says about GaussDB.
#[derive(Debug, Clone, Args)]
pub struct GaussDbOptions {
    /// A GaussDB node: INSTANCE/NODE=postgres://USER:PASSWORD@HOST:PORT/DATABASE, or =simulated:COUNT; repeatable
    #[arg(id = "gaussdb-node", long = "gaussdb-node", value_name = "INSTANCE/NODE=URL", value_parser = NodeMappingParser)]
    pub nodes: Vec<NodeMapping>,

    /// The most sessions that a GaussDB list shows; it is cut without a word
    #[arg(
        id = "gaussdb-most-rows",
        long = "gaussdb-most-rows",
        value_name = "N",
        default_value_t = 200
    )]
    pub most_rows: usize,
}

impl NodeOptions for GaussDbOptions {
    const FACTS: Facts = Facts {
        name: "gaussdb",
        instance_id_end: "in14",
        node_id_end: "no14",
        example_instance: "7e2d4c90b1f8463da5c6e03f9b84d217in14",
        example_nodes: [
            "0d5f8a63c2914e7bb8e41f6097ca35d2no14",
            "b94c17e05a6d4f3882d0e5791c3fa846no14",
        ],
        // The codes that the official provider waits for.
        refusals: &[
            dbs_conflict("DBS.200019"),
            dbs_conflict("DBS.201014"),
            dbs_conflict("DBS.201015"),
            dbs_conflict("DBS.200047"),
            dbs_conflict("DBS.201202"),
            dbs_conflict("DBS.216011"),
            dbs_conflict("DBS.05000084"),
        ],
        errors: &DBS,
    };

    type Sessions = Component;

    fn nodes(&self) -> &[NodeMapping] {
        &self.nodes
    }

    fn calls() -> Router<Arc<GaussDb>> {
        Router::new()
            .route(
                "/v3/{project_id}/instances/{instance_id}/real-time-session",
                post(list_sessions),
            )
            .route(
                "/v3/{project_id}/instances/{instance_id}/kill-session",
                post(kill_sessions),
            )
    }

    fn introduce(node: &mut ReadyNode) {
        node.component_id = Some(COMPONENT.to_owned());
    }
}

type GaussDb = NodeService<GaussDbOptions>;

/// The component of every node, as in the API documents.
const COMPONENT: &str = "cn_5001";

const NO_SUCH_COMPONENT: Documented = Documented {
    code: "DBS.280676",
    status: axum::http::StatusCode::BAD_REQUEST,
    english: "The component ID does not belong to the current node ID.",
    chinese: "组件ID不属于当前节点ID。",
};

/// Where sessions are.
#[derive(Debug, Deserialize)]
struct Place {
    node_id: String,
    component_id: String,
}

impl Place {
    fn find<'a>(
        &self,
        gaussdb: &'a GaussDb,
        instance_id: &str,
    ) -> Result<&'a Arc<Node<Component>>, ApiError> {
        let node = gaussdb.node(instance_id, &self.node_id)?;
        if self.component_id == COMPONENT {
            return Ok(node);
        }
        Err(NO_SUCH_COMPONENT.error())
    }
}

#[derive(Debug, Deserialize)]
struct ListBody {
    #[serde(flatten)]
    place: Place,
    query_info: Option<Filter>,
}

/// `POST /v3/{project_id}/instances/{instance_id}/real-time-session`: the sessions of a component. There are no pages.
async fn list_sessions(
    State(gaussdb): State<Arc<GaussDb>>,
    Path((_, instance_id)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    gaussdb.instance(&instance_id)?;
    let body: ListBody = gaussdb.body(&body)?;
    let node = body.place.find(&gaussdb, &instance_id)?;
    node.sessions.come_and_go();
    let sessions = node.sessions.clients().await;
    let sessions = sessions.map_err(|reason| gaussdb.no_answer(&reason))?;
    let (filter, now) = (
        body.query_info.unwrap_or_default(),
        OffsetDateTime::now_utc(),
    );
    let rows: Vec<Value> = sessions
        .iter()
        .filter(|session| filter.shows(session))
        .take(gaussdb.options.most_rows)
        .map(|session| row(session, COMPONENT, now))
        .collect();
    Ok(Json(json!({"sessions": rows})))
}

#[derive(Debug, Deserialize)]
struct KillBody {
    #[serde(flatten)]
    place: Place,
    session_ids: Vec<String>,
}

/// `POST /v3/{project_id}/instances/{instance_id}/kill-session`: kills sessions by their ids, and tells which it killed. That
/// it says `success` as soon as one of them was there is inferred.
async fn kill_sessions(
    State(gaussdb): State<Arc<GaussDb>>,
    Path((_, instance_id)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    gaussdb.instance(&instance_id)?;
    let body: KillBody = gaussdb.body(&body)?;
    let node = body.place.find(&gaussdb, &instance_id)?;
    if body.session_ids.is_empty() {
        return Err(gaussdb.bad_argument("session_ids must not be empty"));
    }
    gaussdb.must_be_idle(&instance_id)?;
    let ids: Vec<i64> = (body.session_ids.iter())
        .filter_map(|id| id.parse().ok())
        .collect();
    let killed = node.sessions.kill(&ids).await;
    let killed = killed.map_err(|reason| gaussdb.no_answer(&reason))?;
    node.kills.killed(&killed);
    let others: Vec<i64> = (ids.into_iter())
        .filter(|id| !killed.contains(id))
        .collect();
    node.kills.not_found(&others);
    let told: Vec<String> = killed.iter().map(i64::to_string).collect();
    Ok(Json(
        json!({"session_ids": told, "success": !told.is_empty()}),
    ))
}
