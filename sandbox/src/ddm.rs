//! The session calls of DDM: list the sessions of clients at an instance, which are logical ones, or those at a data node, which
//! are physical ones, kill chosen ones, and read the log of kills. Internal threads are neither listed nor killed.
//!
//! Both layers are services of their own, each with servers of its own behind it: no kill of one ends a session of the other.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::StatusCode,
    routing::{delete, get},
};
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

use crate::{
    backends::mariadb::{Thread, Threads},
    error::ApiError,
    error_table::{DDM, dbs_conflict},
    ledger::LoggedKill,
    node_mapping::{NodeMapping, NodeMappingParser},
    node_service::{Facts, NodeOptions, NodeService},
    query::{Page, Query, Rows},
};

/// What the command line says about logical sessions of DDM.
#[derive(Debug, Clone, Args)]
pub struct DdmLogicalOptions {
    /// A DDM instance with a node, whose sessions are those of clients: INSTANCE/NODE=mysql://USER:PASSWORD@HOST:PORT, or
    /// =simulated:COUNT; repeatable
    #[arg(id = "ddm-logical-node", long = "ddm-logical-node", value_name = "INSTANCE/NODE=URL", value_parser = NodeMappingParser)]
    pub nodes: Vec<NodeMapping>,
}

/// What the command line says about physical sessions of DDM.
#[derive(Debug, Clone, Args)]
pub struct DdmPhysicalOptions {
    /// An RDS for MySQL instance that is a data node of DDM: INSTANCE/NODE=mysql://USER:PASSWORD@HOST:PORT, or
    /// =simulated:COUNT; repeatable
    #[arg(id = "ddm-physical-node", long = "ddm-physical-node", value_name = "INSTANCE/NODE=URL", value_parser = NodeMappingParser)]
    pub nodes: Vec<NodeMapping>,
}

/// What distinguishes the layers.
trait Layer: NodeOptions<Sessions = dyn Threads> {
    /// The path of lists and kills below the instance.
    const PATH: &'static str;
    /// What a list calls its sessions.
    const LIST: &'static str;

    /// A session as the list shows it.
    fn row(thread: Thread) -> Value;
}

impl NodeOptions for DdmLogicalOptions {
    const FACTS: Facts = Facts {
        name: "ddm_logical",
        instance_id_end: "in09",
        node_id_end: "no09",
        example_instance: "3c8e1f5a7b2d49608d4f6a0c9e1b7d35in09",
        example_nodes: [
            "5a7c9e1b3d5f42708c0a2e4b6d8f1a93no09",
            "7e9b1d3f5a7c42848a2c4e6b0d1f3a57no09",
        ],
        ..FACTS
    };

    type Sessions = dyn Threads;

    fn nodes(&self) -> &[NodeMapping] {
        &self.nodes
    }

    fn calls() -> Router<Arc<NodeService<Self>>> {
        let path = "/v3/{project_id}/instances/{instance_id}/processes-audit-log";
        calls().route(path, get(list_kills))
    }
}

impl NodeOptions for DdmPhysicalOptions {
    const FACTS: Facts = Facts {
        name: "ddm_physical",
        instance_id_end: "in01",
        node_id_end: "no01",
        example_instance: "9d1f3b5e7a8c4260b4d6f8e0a2c41b73in01",
        example_nodes: [
            "1b3d5f7a9c0e42868e4a6c8b2d0f1e35no01",
            "3d5f7b9a1c2e44808c6a8e0b4d2f3c79no01",
        ],
        ..FACTS
    };

    type Sessions = dyn Threads;

    fn nodes(&self) -> &[NodeMapping] {
        &self.nodes
    }

    fn calls() -> Router<Arc<NodeService<Self>>> {
        calls()
    }
}

/// What both layers have in common.
const FACTS: Facts = Facts {
    name: "",
    instance_id_end: "",
    node_id_end: "",
    example_instance: "",
    example_nodes: ["", ""],
    refusals: &[dbs_conflict("DBS.200019"), dbs_conflict("DBS.212033")],
    errors: &DDM,
};

impl Layer for DdmLogicalOptions {
    const PATH: &'static str = "logical-processes";
    const LIST: &'static str = "logical_processes";

    /// In texts alone, `None` where there is no database. That nothing is null is inferred from the physical sessions.
    fn row(thread: Thread) -> Value {
        json!({
            "id": thread.id.to_string(),
            "user": thread.user,
            "host": thread.host,
            "db": thread.db.as_deref().unwrap_or("None"),
            "command": thread.command,
            "time": thread.time.to_string(),
            "state": thread.state.unwrap_or_default(),
            "info": thread.info,
        })
    }
}

impl Layer for DdmPhysicalOptions {
    const PATH: &'static str = "physical-processes";
    const LIST: &'static str = "physical_processes";

    fn row(thread: Thread) -> Value {
        json!({
            "id": thread.id,
            "user": thread.user,
            "host": thread.host,
            "db": thread.db,
            "command": thread.command,
            "time": thread.time,
            "state": thread.state.unwrap_or_default(),
            "info": thread.info,
            "trx_executed_time": thread.transaction.unwrap_or_default(),
        })
    }
}

const LARGEST_PAGE: usize = 128;
const DEFAULT_PAGE: usize = 10;
const LARGEST_KILL: usize = 100;

/// The calls of a layer: those of an instance are about its first node.
fn calls<L: Layer>() -> Router<Arc<NodeService<L>>> {
    let path = format!("/v3/{{project_id}}/instances/{{instance_id}}/{}", L::PATH);
    Router::new().route(&path, delete(kill_processes::<L>).get(list_processes::<L>))
}

/// `GET …/logical-processes` and `GET …/physical-processes`: a page of the sessions, of those that have the keyword in any
/// column, if one is given.
async fn list_processes<L: Layer>(
    State(ddm): State<Arc<NodeService<L>>>,
    Path((_, instance_id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let node = ddm.first_node(&instance_id)?;
    let query = Query::parse(query.as_deref());
    let page = page(&query).map_err(|reason| ddm.bad_argument(&reason))?;
    node.sessions.come_and_go();
    let rows = match query.get("keyword") {
        None => node.sessions.page(page).await.map(|rows| rows.map(L::row)),
        Some(keyword) => {
            let whole = node.sessions.page(Page::WHOLE).await;
            whole.map(|whole| {
                let mut rows = whole.map(L::row).rows;
                rows.retain(|row| row.to_string().contains(keyword));
                page.of(rows)
            })
        }
    };
    let Rows { rows, total } = rows.map_err(|reason| ddm.no_answer(&reason))?;
    Ok(Json(json!({L::LIST: rows, "total_count": total})))
}

fn page(query: &Query) -> Result<Page, String> {
    Page::read(query, DEFAULT_PAGE, 1..=LARGEST_PAGE)
}

#[derive(Deserialize)]
struct KillBody {
    process_ids: Vec<String>,
}

/// `DELETE …/logical-processes` and `DELETE …/physical-processes`: kills chosen sessions, logs the kills, and says only that
/// they were sent on, with `202` as in the official definition of the API. That an ID of nobody is passed over is inferred.
async fn kill_processes<L: Layer>(
    State(ddm): State<Arc<NodeService<L>>>,
    Path((_, instance_id)): Path<(String, String)>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let node = ddm.first_node(&instance_id)?;
    let body: KillBody = ddm.body(&body)?;
    if !(1..=LARGEST_KILL).contains(&body.process_ids.len()) {
        let reason = format!("process_ids must be 1 to {LARGEST_KILL}");
        return Err(ddm.bad_argument(&reason));
    }
    ddm.must_be_idle(&instance_id)?;
    let ids: BTreeSet<i64> = (body.process_ids.iter())
        .filter_map(|id| id.parse().ok())
        .collect();
    let ids: Vec<i64> = ids.into_iter().collect();
    let outcome = node.kill(&ids).await;
    let outcome = outcome.map_err(|reason| ddm.no_answer(&reason))?;
    ddm.cloud.kill_log.killed(&instance_id, &outcome.killed);
    Ok((StatusCode::ACCEPTED, Json(json!({"resp": "successful"}))))
}

/// `GET …/processes-audit-log`: a page of the kills at an instance of either layer, the first one first, within a time. That
/// an instance without kills has an empty log, whether or not it is there, is a simplification.
async fn list_kills(
    State(ddm): State<Arc<NodeService<DdmLogicalOptions>>>,
    Path((_, instance_id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let query = Query::parse(query.as_deref());
    let asked = page(&query).and_then(|page| {
        let (from, to) = (time(&query, "start_time")?, time(&query, "end_time")?);
        match (time::Duration::ZERO..=time::Duration::days(7)).contains(&(to - from)) {
            true => Ok((page, from..=to)),
            false => Err("end_time must be at most 7 days after start_time".to_owned()),
        }
    });
    let (page, within) = asked.map_err(|reason| ddm.bad_argument(&reason))?;
    let mut kills = ddm.cloud.kill_log.of(&instance_id);
    kills.retain(|kill| within.contains(&kill.executed_at));
    let user = ddm.cloud.account.domain_name.as_str();
    let page = page.of(kills).map(|kill| log_row(&kill, user));
    Ok(Json(
        json!({"process_audit_logs": page.rows, "total_count": page.total}),
    ))
}

/// The form of times in the documents' examples of a query and of an answer.
const TIME: &[BorrowedFormatItem<'_>] = format_description!(
    "[year]-[month]-[day]T[hour]:[minute]:[second][offset_hour sign:mandatory][offset_minute]"
);

fn time(query: &Query, name: &str) -> Result<OffsetDateTime, String> {
    let text = query.get(name).unwrap_or_default();
    OffsetDateTime::parse(text, TIME).map_err(|_| format!("{name} must be a time, not {text:?}"))
}

fn log_row(kill: &LoggedKill, user: &str) -> Value {
    json!({
        "instance_id": kill.instance_id,
        "instance_name": "sandbox",
        "process_id": kill.session_id,
        "execute_user_name": user,
        "execute_time": kill.executed_at.format(TIME).unwrap_or_default(),
    })
}
