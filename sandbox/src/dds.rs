//! The session calls of DDS: list the operations of a node, and kill active ones. All of them are simulated: there is no server
//! of MongoDB that the sandbox could be given.
//!
//! That a kill of inactive operations is refused is documented; with which code is inferred, as is that operations which are
//! not there are passed over.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::StatusCode,
    routing::{get, post},
};
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    backends::{
        Session, Sessions,
        mongodb::{Operation, OperationId, SimulatedOperations},
    },
    error::ApiError,
    error_table::{Documented, NOSQL, NOSQL_REFUSALS},
    node_mapping::{NodeMapping, NodeMappingParser},
    node_service::{Facts, NodeOptions, NodeService},
    query::{Page, Query},
};

/// What the command line says about DDS.
#[derive(Debug, Clone, Args)]
pub struct DdsOptions {
    /// A DDS node: INSTANCE/NODE=simulated:COUNT; its operations are always simulated, since no server can stand behind it;
    /// repeatable
    #[arg(id = "dds-node", long = "dds-node", value_name = "INSTANCE/NODE=simulated:COUNT", value_parser = NodeMappingParser)]
    pub nodes: Vec<NodeMapping>,
}

impl NodeOptions for DdsOptions {
    const FACTS: Facts = Facts {
        name: "dds",
        instance_id_end: "in02",
        node_id_end: "no02",
        example_instance: "9136fd2a9fcd405ea4674276ce36dae8in02",
        // The first node is that of the API documents.
        example_nodes: [
            "520c58ba00a3497e97ce0b9604874dd6no02",
            "7c1e5b08d3f94a26b5e0c98d4f6a1327no02",
        ],
        refusals: NOSQL_REFUSALS,
        errors: &NOSQL,
    };

    type Sessions = SimulatedOperations;

    fn nodes(&self) -> &[NodeMapping] {
        &self.nodes
    }

    fn calls() -> Router<Arc<Dds>> {
        Router::new()
            .route(
                "/v3/{project_id}/nodes/{node_id}/sessions",
                get(list_sessions),
            )
            .route(
                "/v3/{project_id}/nodes/{node_id}/session",
                post(kill_sessions),
            )
    }
}

type Dds = NodeService<DdsOptions>;

const ILLEGAL: Documented = Documented {
    code: "DBS.200004",
    status: StatusCode::BAD_REQUEST,
    english: "Operation is illegal.",
    chinese: "操作不合法",
};

/// The largest page that all documents allow: newer ones allow 100.
const LARGEST_PAGE: usize = 20;
const DEFAULT_PAGE: usize = 10;

/// `GET /v3/{project_id}/nodes/{node_id}/sessions`: a page of the list.
async fn list_sessions(
    State(dds): State<Arc<Dds>>,
    Path((_, node_id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let (_, node) = dds.node_anywhere(&node_id)?;
    let query = Query::parse(query.as_deref());
    let page = Page::read(&query, DEFAULT_PAGE, 1..=LARGEST_PAGE)
        .map_err(|reason| NOSQL.page_too_large.because(&reason))?;
    let longer_than = query
        .number("cost_time", 0, 0..=usize::MAX)
        .map_err(|reason| dds.bad_argument(&reason))?;
    node.sessions.come_and_go();
    let all = node.sessions.all().await;
    let mut all = all.map_err(|reason| dds.no_answer(&reason))?;
    for (filter, field) in FILTERS {
        if let Some(wanted) = query.get(filter) {
            all.retain(|operation| field(operation) == wanted);
        }
    }
    if longer_than > 0 {
        all.retain(|operation| operation.cost_time > longer_than as u64);
    }
    let page = page.of(all).map(row);
    Ok(Json(
        json!({"sessions": page.rows, "total_count": page.total}),
    ))
}

/// What of an operation a filter looks at.
type Filtered = fn(&Operation) -> &str;

/// The filters of a list on texts. An empty one asks for everybody, as the SDK says; some documents say otherwise.
const FILTERS: [(&str, Filtered); 3] = [
    ("plan_summary", |operation| operation.plan_summary),
    ("type", |operation| operation.kind),
    ("namespace", |operation| operation.namespace),
];

fn row(operation: Operation) -> Value {
    json!({
        "id": operation.id,
        "active": operation.active,
        "operation": operation.command,
        "type": operation.kind,
        "cost_time": operation.cost_time.to_string(),
        "plan_summary": operation.plan_summary,
        "host": operation.host,
        "client": operation.client,
        "description": operation.connection,
        "namespace": operation.namespace,
        "db": operation.database(),
        "user": operation.user,
    })
}

#[derive(Deserialize)]
struct KillBody {
    sessions: Vec<String>,
}

/// `POST /v3/{project_id}/nodes/{node_id}/session`: kills active operations, and says nothing about them. The connections stay,
/// so that their clients may begin others.
async fn kill_sessions(
    State(dds): State<Arc<Dds>>,
    Path((_, node_id)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let (instance_id, node) = dds.node_anywhere(&node_id)?;
    let KillBody { sessions } = dds.body(&body)?;
    if sessions.is_empty() || sessions.iter().any(String::is_empty) {
        return Err(dds.bad_argument("sessions must name operations"));
    }
    dds.must_be_idle(instance_id)?;
    // The text of an id that is none is one of nobody.
    let wanted: BTreeSet<OperationId> = (sessions.iter())
        .filter_map(|text| text.parse().ok())
        .collect();
    let all = node.sessions.all().await;
    let all = all.map_err(|reason| dds.no_answer(&reason))?;
    let is_inactive = |one: &Operation| !one.active && wanted.contains(&one.id());
    if let Some(inactive) = all.iter().find(|one| is_inactive(one)) {
        let reason = format!("{} is not active", inactive.id);
        return Err(ILLEGAL.because(&reason));
    }
    let there: BTreeSet<OperationId> = all.iter().map(Session::id).collect();
    let (ids, gone): (Vec<_>, Vec<_>) = wanted.into_iter().partition(|id| there.contains(id));
    node.kills.killed(&node.sessions.kill(&ids));
    node.kills.not_found(&gone);
    Ok(Json(json!({})))
}
