//! The session calls of RDS for PostgreSQL, which belong to DAS: list the sessions of an instance, and kill chosen ones of
//! chosen owners. The accounts of the cloud itself are listed and not killed. Backends of the server itself are listed only
//! when a call asks not to hide them, and not killed; both is inferred.

mod list;

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, RawQuery, State},
    routing::{get, post},
};
use clap::{Args, ValueEnum};
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use self::list::Filter;
use crate::{
    backends::postgresql::{Backend, Backends},
    das::{LARGEST_PAGE, is_protected, node},
    error::ApiError,
    error_table::{DAS, RDS_REFUSALS},
    instances::Node,
    node_mapping::{NodeMapping, NodeMappingParser},
    node_service::{Facts, NodeOptions, NodeService},
    query::{Page, Query},
};

/// What the command line says about RDS for PostgreSQL.
#[derive(Debug, Clone, Args)]
pub struct RdsPostgreSqlOptions {
    /// A node of RDS for PostgreSQL, the first one of an instance being its primary:
    /// INSTANCE/NODE=postgres://USER:PASSWORD@HOST:PORT/DATABASE, or =simulated:COUNT; repeatable
    #[arg(id = "rds-postgresql-node", long = "rds-postgresql-node", value_name = "INSTANCE/NODE=URL", value_parser = NodeMappingParser)]
    pub nodes: Vec<NodeMapping>,

    /// The shape of an RDS for PostgreSQL list: that of the official SDK, or that of the API document's example, which has
    /// neither user nor database
    #[arg(
        id = "rds-postgresql-rows",
        long = "rds-postgresql-rows",
        value_name = "SHAPE",
        value_enum,
        default_value_t
    )]
    pub rows: RowShape,
}

/// The shape of a list of RDS for PostgreSQL. The sources disagree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum RowShape {
    /// `process_info_list` of texts, as the official SDK reads it
    #[default]
    Sdk,
    /// `data` with the names of columns of PostgreSQL, as the example of the API document shows it
    Docs,
}

impl NodeOptions for RdsPostgreSqlOptions {
    const FACTS: Facts = Facts {
        name: "rds_postgresql",
        instance_id_end: "in03",
        node_id_end: "no03",
        example_instance: "4c8f1be09a624d37b5e27d90c1f3a86ein03",
        example_nodes: [
            "93a7d05c1e8b4f62a0d4c67f25b81e3dno03",
            "2fb6480de9c34a17856de01bc4937fa5no03",
        ],
        refusals: RDS_REFUSALS,
        errors: &DAS,
    };

    type Sessions = dyn Backends;

    fn nodes(&self) -> &[NodeMapping] {
        &self.nodes
    }

    fn calls() -> Router<Arc<RdsPostgreSql>> {
        Router::new()
            .route(
                "/v3/{project_id}/instances/{instance_id}/pg/query-process-list",
                get(list_processes),
            )
            .route(
                "/v3/{project_id}/instances/{instance_id}/kill-process",
                post(kill_processes),
            )
    }
}

type RdsPostgreSql = NodeService<RdsPostgreSqlOptions>;

/// Inferred: no document tells how many rows a page has when nobody says it.
const DEFAULT_PAGE: usize = 10;

/// `GET /v3/{project_id}/instances/{instance_id}/pg/query-process-list`: a page of the sessions of a node, or of the primary
/// when none is named, which is inferred. So is that pages are counted from 1, and that sessions come in the order of their
/// pids. `show_all`, `show_no_pid`, `time`, `order_by`, `order` and `node_role` change nothing here.
async fn list_processes(
    State(rds): State<Arc<RdsPostgreSql>>,
    Path((_, instance_id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let query = Query::parse(query.as_deref());
    let node = node(&rds, &instance_id, query.get("node_id"))?;
    let bad_argument = |reason: String| rds.bad_argument(&reason);
    let number = query.number("cur_page", 1, 1..=usize::MAX);
    let number = number.map_err(bad_argument)?;
    let limit = query.number("per_page", DEFAULT_PAGE, 1..=LARGEST_PAGE);
    let limit = limit.map_err(bad_argument)?;
    let page = Page {
        offset: (number - 1).saturating_mul(limit),
        limit,
    };
    let filter = Filter::read(&query).map_err(bad_argument)?;
    node.sessions.come_and_go();
    let rows = if filter.is_empty() {
        node.sessions.page(page).await
    } else {
        node.sessions.all().await.map(|mut backends| {
            backends.retain(|backend| filter.has(backend));
            page.of(backends)
        })
    };
    let rows = rows.map_err(|reason| rds.no_answer(&reason))?;
    let now = OffsetDateTime::now_utc();
    Ok(Json(list::answer(rds.options.rows, rows, now)))
}

#[derive(Debug, Deserialize)]
struct KillBody {
    engine_type: String,
    processes: Vec<Owned>,
}

/// A process and the user whose it has to be.
#[derive(Debug, Deserialize)]
struct Owned {
    id: i64,
    user: String,
}

/// `POST /v3/{project_id}/instances/{instance_id}/kill-process`: kills sessions by pid and owner, and tells how many. What
/// becomes of a pid of nobody or of another owner is inferred: it is passed over, and not counted. So is that sessions die on
/// the primary: the call has no field for a node.
async fn kill_processes(
    State(rds): State<Arc<RdsPostgreSql>>,
    Path((_, instance_id)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let node = node(&rds, &instance_id, None)?;
    let body = KillBody::read(&body).map_err(|reason| rds.bad_argument(&reason))?;
    rds.must_be_idle(&instance_id)?;
    let killed = kill(node, &body.processes).await;
    let count = killed.map_err(|reason| rds.no_answer(&reason))?;
    Ok(Json(json!({ "count": count })))
}

impl KillBody {
    fn read(body: &[u8]) -> Result<Self, String> {
        let body: Self = serde_json::from_slice(body).map_err(|reason| reason.to_string())?;
        if body.engine_type != "postgresql" {
            let engine = body.engine_type;
            return Err(format!("engine_type must be postgresql, not {engine:?}"));
        }
        if body.processes.is_empty() {
            return Err("processes must not be empty".to_owned());
        }
        Ok(body)
    }
}

async fn kill(node: &Node<dyn Backends>, processes: &[Owned]) -> anyhow::Result<usize> {
    let backends = node.sessions.page(Page::WHOLE).await?.rows;
    let owners: BTreeMap<i64, &Backend> = backends
        .iter()
        .map(|backend| (backend.pid, backend))
        .collect();
    let (mut pids, mut gone) = (Vec::new(), Vec::new());
    for process in processes {
        match owners.get(&process.id) {
            None => gone.push(process.id),
            Some(backend) if process.owns(backend) => pids.push(process.id),
            Some(_) => {}
        }
    }
    pids.sort_unstable();
    pids.dedup();
    let killed = node.sessions.terminate(&pids).await?;
    node.kills.killed(&killed);
    node.kills.not_found(&gone);
    Ok(killed.len())
}

impl Owned {
    /// Whether this is the owner of the backend, which may be killed.
    fn owns(&self, backend: &Backend) -> bool {
        backend.user.as_ref() == Some(&self.user) && !is_protected(&self.user)
    }
}

#[cfg(test)]
mod tests;
