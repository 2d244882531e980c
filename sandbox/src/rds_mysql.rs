//! The session calls of RDS for MySQL, which belong to DAS: list the sessions of an instance, and kill chosen ones. Internal
//! threads are neither listed nor killed, and the accounts of the cloud itself are not killed.
//!
//! A call names an account that DAS has stored with its password. There is one for each instance, and its id, which stands in
//! the ready line, is the same each time.

use std::{collections::HashSet, sync::Arc};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, RawQuery, State},
    routing::{delete, get},
};
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    backends::{
        Session,
        mariadb::{Thread, Threads},
    },
    das::{LARGEST_PAGE, is_protected, node},
    error::ApiError,
    error_table::{DAS, Documented, RDS_REFUSALS, das},
    instances::Node,
    node_mapping::{NodeMapping, NodeMappingParser},
    node_service::{Facts, NodeOptions, NodeService},
    query::{Page, Query},
    ready::ReadyNode,
};

/// What the command line says about RDS for MySQL.
#[derive(Debug, Clone, Args)]
pub struct RdsMySqlOptions {
    /// A node of RDS for MySQL, the first one of an instance being its primary:
    /// INSTANCE/NODE=mysql://USER:PASSWORD@HOST:PORT, or =simulated:COUNT; repeatable
    #[arg(id = "rds-mysql-node", long = "rds-mysql-node", value_name = "INSTANCE/NODE=URL", value_parser = NodeMappingParser)]
    pub nodes: Vec<NodeMapping>,
}

impl NodeOptions for RdsMySqlOptions {
    const FACTS: Facts = Facts {
        name: "rds_mysql",
        instance_id_end: "in01",
        node_id_end: "no01",
        // The instance is that of the API documents.
        example_instance: "da304cd5bbb944de828759bc7be3d3fein01",
        example_nodes: [
            "6f0b2c91d7a84e35b1c04d9e28f7a563no01",
            "c83e5a1470f94bd2a6e91f5730d84b2cno01",
        ],
        refusals: RDS_REFUSALS,
        errors: &DAS,
    };

    type Sessions = dyn Threads;

    fn nodes(&self) -> &[NodeMapping] {
        &self.nodes
    }

    fn calls() -> Router<Arc<RdsMySql>> {
        Router::new()
            .route(
                "/v3/{project_id}/instances/{instance_id}/processes",
                get(list_processes),
            )
            .route(
                "/v3/{project_id}/instances/{instance_id}/process",
                delete(kill_processes),
            )
    }

    fn introduce(node: &mut ReadyNode) {
        node.database_user_id = Some(account_id(&node.instance_id));
    }
}

type RdsMySql = NodeService<RdsMySqlOptions>;

/// Documents differ: the SDK says 20, a page says 100.
const DEFAULT_PAGE: usize = 20;

const BAD_OFFSET: Documented = das(
    "DAS.200103",
    "The offset parameter is invalid",
    "offset参数错误",
);
const BAD_ACCOUNT: Documented = das(
    "DAS.200112",
    "The db_user_id value is invalid!",
    "db_user_id参数错误。",
);

/// `GET /v3/{project_id}/instances/{instance_id}/processes`: a page of the sessions of a node, or of the primary when none is
/// named. That other nodes are left out then is inferred: no document says what is listed.
async fn list_processes(
    State(rds): State<Arc<RdsMySql>>,
    Path((_, instance_id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let query = Query::parse(query.as_deref());
    let node = node(&rds, &instance_id, query.get("node_id"))?;
    must_be_stored(&instance_id, query.get("db_user_id"))?;
    let page = Page {
        limit: query
            .number("limit", DEFAULT_PAGE, 1..=LARGEST_PAGE)
            .map_err(|reason| DAS.page_too_large.because(&reason))?,
        offset: query
            .number("offset", 0, 0..=usize::MAX)
            .map_err(|reason| BAD_OFFSET.because(&reason))?,
    };
    let (user, database) = (query.get("user"), query.get("database"));
    node.sessions.come_and_go();
    let rows = if user.is_none() && database.is_none() {
        node.sessions.page(page).await
    } else {
        let whole = node.sessions.page(Page::WHOLE).await;
        whole.map(|mut whole| {
            whole.rows.retain(|thread| belongs(thread, user, database));
            page.of(whole.rows)
        })
    };
    let rows = rows.map_err(|reason| rds.no_answer(&reason))?;
    let (count, rows) = (rows.total, rows.map(row).rows);
    Ok(Json(json!({"processes": rows, "count": count})))
}

/// A session as the list shows it, in texts alone. By the documents' examples and the tests of the official provider there is
/// always a database and a time of the transaction.
fn row(thread: Thread) -> Value {
    json!({
        "id": thread.id.to_string(),
        "user": thread.user,
        "host": thread.host,
        "database": thread.db.as_deref().unwrap_or("--"),
        "command": thread.command,
        "time": thread.time.to_string(),
        "state": thread.state.unwrap_or_default(),
        "sql": thread.info.unwrap_or_default(),
        "trx_executed_time": thread.transaction.unwrap_or_default().to_string(),
    })
}

#[derive(Debug, Default, Deserialize)]
struct KillBody {
    db_user_id: Option<String>,
    process_ids: Option<Vec<String>>,
    user: Option<String>,
    database: Option<String>,
}

/// `DELETE /v3/{project_id}/instances/{instance_id}/process`: kills sessions by ids, user or database, and says nothing about
/// them. No document tells what becomes of those that are not there, how the three go together, and where sessions are killed:
/// here an id of nobody is passed over, all that is given has to match, and sessions die on the primary.
async fn kill_processes(
    State(rds): State<Arc<RdsMySql>>,
    Path((_, instance_id)): Path<(String, String)>,
    body: Bytes,
) -> Result<(), ApiError> {
    let node = node(&rds, &instance_id, None)?;
    let body: KillBody = rds.body(&body)?;
    must_be_stored(&instance_id, body.db_user_id.as_deref())?;
    let chosen = Chosen::read(body).map_err(|reason| rds.bad_argument(&reason))?;
    rds.must_be_idle(&instance_id)?;
    kill(node, chosen)
        .await
        .map_err(|reason| rds.no_answer(&reason))
}

async fn kill(node: &Node<dyn Threads>, chosen: Chosen) -> anyhow::Result<()> {
    let threads = node.sessions.page(Page::WHOLE).await?.rows;
    let is_there: HashSet<i64> = threads.iter().map(Session::id).collect();
    let ids: Vec<i64> = threads
        .iter()
        .filter(|thread| chosen.has(thread))
        .map(Session::id)
        .collect();
    node.kill(&ids).await?;
    let gone = chosen.ids.iter().flatten().copied();
    let gone: Vec<i64> = gone.filter(|id| !is_there.contains(id)).collect();
    node.kills.not_found(&gone);
    Ok(())
}

/// The sessions that a kill is about.
struct Chosen {
    ids: Option<HashSet<i64>>,
    user: Option<String>,
    database: Option<String>,
}

impl Chosen {
    /// Reads a body, which has to say something.
    fn read(body: KillBody) -> Result<Self, String> {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let ids = body.process_ids.filter(|ids| !ids.is_empty());
        let ids = ids.map(|ids| ids.iter().map(|id| thread_id(id)).collect());
        let chosen = Self {
            ids: ids.transpose()?,
            user: given(body.user),
            database: given(body.database),
        };
        if chosen.ids.is_none() && chosen.user.is_none() && chosen.database.is_none() {
            return Err("one of process_ids, user and database is mandatory".to_owned());
        }
        Ok(chosen)
    }

    fn has(&self, thread: &Thread) -> bool {
        self.ids.as_ref().is_none_or(|ids| ids.contains(&thread.id))
            && belongs(thread, self.user.as_deref(), self.database.as_deref())
            && !is_protected(&thread.user)
    }
}

/// An id of 0 or more. Documents limit it to 31 bits, and say that the list decides.
fn thread_id(text: &str) -> Result<i64, String> {
    match text.parse() {
        Ok(id) if id >= 0 => Ok(id),
        _ => Err(format!("process_ids must be numbers, not {text:?}")),
    }
}

/// Whether a session is of this user and in this database, where they are given.
fn belongs(thread: &Thread, user: Option<&str>, database: Option<&str>) -> bool {
    user.is_none_or(|user| thread.user == user)
        && database.is_none_or(|database| thread.db.as_deref() == Some(database))
}

fn must_be_stored(instance_id: &str, account: Option<&str>) -> Result<(), ApiError> {
    if account == Some(account_id(instance_id).as_str()) {
        return Ok(());
    }
    Err(BAD_ACCOUNT.error())
}

/// The id of the account that DAS has stored for this instance, in the form of a UUID.
fn account_id(instance_id: &str) -> String {
    let hash = Sha256::digest(instance_id.as_bytes());
    let bytes = hash.first_chunk().copied().unwrap_or_default();
    uuid::Builder::from_random_bytes(bytes)
        .into_uuid()
        .to_string()
}

#[cfg(test)]
mod tests;
