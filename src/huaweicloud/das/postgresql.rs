//! Sessions of RDS for PostgreSQL.

use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::{API, ENDINGS, POSTGRESQL_INSTANCE, POSTGRESQL_NODE, read_outcome};
use crate::huaweicloud::call::Answer;
use crate::huaweicloud::calls::{Calls, KillAnswer};
use crate::huaweicloud::error::{Error, Outcome};
use crate::huaweicloud::id::{identifier, of_kind};
use crate::huaweicloud::loose_json;
use crate::huaweicloud::retry::Repeat;
use crate::huaweicloud::rows::{self, Row, Statement};

identifier! {
    /// An RDS for PostgreSQL instance: 36 letters and digits that end in `in03` by the examples, 32 by one page.
    InstanceId, |text| of_kind(text, POSTGRESQL_INSTANCE, &ENDINGS)
}

identifier! {
    /// A node of an RDS for PostgreSQL instance: 36 letters and digits that end in `no03` (inferred), 32 by one page.
    NodeId, |text| of_kind(text, POSTGRESQL_NODE, &ENDINGS)
}

/// A page of the sessions of an instance or a node.
#[derive(Clone, Debug)]
pub struct ProcessPage {
    /// The sessions, as many as were asked for at most.
    pub processes: Vec<Row<ProcessRecord>>,
    /// How many sessions the whole list has.
    pub total: Option<i64>,
}

/// The list is `process_info_list` in the official SDK, and `data` in the example of the API document.
#[derive(Deserialize)]
struct ProcessList {
    #[serde(default, deserialize_with = "rows::some_rows")]
    process_info_list: Option<Vec<Row<ProcessRecord>>>,
    #[serde(default, deserialize_with = "rows::some_rows")]
    data: Option<Vec<Row<ProcessRecord>>>,
    #[serde(default, deserialize_with = "loose_json::integer")]
    total: Option<i64>,
}

/// A session as the list shows it, in the shape of the official SDK (all texts) or of the API document's example, which has
/// no `db`, `command`, `time` and `trx_duration`. All but the id may be missing.
#[derive(Clone, Debug, Deserialize)]
pub struct ProcessRecord {
    /// The process's id, as text.
    #[serde(alias = "pid", deserialize_with = "loose_json::text")]
    pub id: String,
    /// The user that the client is logged in as.
    #[serde(default, deserialize_with = "rows::text")]
    pub user: Option<String>,
    /// Where the client is.
    #[serde(default, alias = "client", deserialize_with = "rows::text")]
    pub host: Option<String>,
    /// The database.
    #[serde(default, deserialize_with = "rows::text")]
    pub db: Option<String>,
    /// The name that the client gave itself.
    #[serde(default, rename = "applicationName", deserialize_with = "rows::text")]
    pub application: Option<String>,
    /// The kind of process: `client backend` for a session of a client, in PostgreSQL.
    #[serde(default, rename = "backEndType", deserialize_with = "rows::text")]
    pub backend_type: Option<String>,
    /// What the session does.
    #[serde(default, deserialize_with = "rows::text")]
    pub command: Option<String>,
    /// `active`, `idle`, `idle in transaction` and so on, in PostgreSQL.
    #[serde(default, deserialize_with = "rows::text")]
    pub state: Option<String>,
    /// Seconds in the present state. Inferred: the official SDK calls it the running time of the session.
    #[serde(default, deserialize_with = "loose_json::integer")]
    pub time: Option<i64>,
    /// Seconds since the transaction began; zero where there is none, too (inferred from RDS for MySQL).
    #[serde(default, deserialize_with = "loose_json::integer")]
    pub trx_duration: Option<i64>,
    /// When the session began, as DAS writes it: `2025-11-25 09:33:29:207922`. In which time zone is not documented.
    #[serde(default, rename = "backendStart", deserialize_with = "rows::text")]
    pub backend_start: Option<String>,
    /// The statement.
    #[serde(default, rename = "info", alias = "query")]
    pub statement: Statement,
}

impl rows::Record for ProcessRecord {
    const ID: &'static [&'static str] = &["id", "pid"];
}

/// A session to kill, with its owner: a process that has the same id by now and belongs to somebody else is not meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Owned<'a> {
    /// The process's id.
    pub id: i64,
    /// Its owner.
    pub user: &'a str,
}

#[derive(Serialize)]
struct KillRequest<'a> {
    engine_type: &'static str,
    processes: &'a [Owned<'a>],
}

/// A page of the sessions of an RDS for PostgreSQL instance, or of one of its nodes:
/// `GET /v3/{project_id}/instances/{instance_id}/pg/query-process-list`. That pages are counted from 1 is inferred.
/// So is that `show_all` shows more than is shown without it, as no source tells its default.
/// `page` is its number and its length, at most [`PROCESSES_PER_PAGE`](super::PROCESSES_PER_PAGE).
///
/// # Errors
/// When they cannot be listed.
pub async fn processes(
    calls: Calls<'_>,
    instance: &InstanceId,
    node: Option<&NodeId>,
    page: (u64, u32),
) -> Result<ProcessPage, Error> {
    let path = format!("/v3/{{project_id}}/instances/{instance}/pg/query-process-list");
    let mut call = calls.to(&API, Method::GET, path, Repeat::Read);
    call.query = vec![
        ("cur_page".to_owned(), page.0.to_string()),
        ("per_page".to_owned(), page.1.to_string()),
        ("show_all".to_owned(), "true".to_owned()),
    ];
    call.query
        .extend(node.map(|node| ("node_id".to_owned(), node.to_string())));
    read_page(&calls.ask(call).await?)
}

/// Kills sessions of an RDS for PostgreSQL instance by their ids and owners:
/// `POST /v3/{project_id}/instances/{instance_id}/kill-process`. The request has no field for a node. Never sent again
/// once it may have arrived, since ids of processes come back, and not sent when it cannot leave before `leave_before`
/// ([`Error::TooLate`]). How many were killed (`count`) does not tell which ones, so it is not read.
pub async fn kill(
    calls: Calls<'_>,
    instance: &InstanceId,
    processes: &[Owned<'_>],
) -> Outcome<KillAnswer<()>> {
    let body = KillRequest {
        engine_type: "postgresql",
        processes,
    };
    let path = format!("/v3/{{project_id}}/instances/{instance}/kill-process");
    let call = calls.to(&API, Method::POST, path, Repeat::Never);
    calls.kill(call, &body, read_outcome).await
}

/// Reads a page, under whichever name its rows are.
fn read_page(answer: &Answer) -> Result<ProcessPage, Error> {
    let list: ProcessList = answer.json()?;
    let processes = match (list.process_info_list, list.data) {
        (Some(rows), None) | (None, Some(rows)) => rows,
        (Some(rows), Some(others)) if others.is_empty() => rows,
        (Some(none), Some(rows)) if none.is_empty() => rows,
        (Some(_), Some(_)) => {
            return Err(answer.unreadable("it has rows in both process_info_list and data"));
        }
        (None, None) => {
            return Err(answer.unreadable("it has neither process_info_list nor data"));
        }
    };
    Ok(ProcessPage {
        processes,
        total: list.total,
    })
}

#[cfg(test)]
mod tests;
