//! Sessions of RDS for PostgreSQL.

use reqwest::Method;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{API, Das, ENDINGS, POSTGRESQL_INSTANCE, POSTGRESQL_NODE};
use crate::huaweicloud::call::{Answer, Call};
use crate::huaweicloud::error::{Error, Outcome};
use crate::huaweicloud::id::{identifier, of_kind};
use crate::huaweicloud::loose_json;
use crate::huaweicloud::operation::Operation;
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
    /// Seconds in the present state.
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

#[derive(Deserialize)]
struct KillResponse {
    #[serde(deserialize_with = "loose_json::integer")]
    count: Option<i64>,
}

/// What DAS answers when it accepted a kill.
#[derive(Clone, Debug)]
pub struct Killed {
    /// How many sessions were killed. `None`: the answer is the empty text that the API document shows.
    pub count: Result<Option<i64>, Error>,
    /// `X-Request-Id` of the answer.
    pub request_id: Option<String>,
}

impl Das<'_> {
    /// A page of the sessions of an RDS for PostgreSQL instance, or of one of its nodes:
    /// `GET /v3/{project_id}/instances/{instance_id}/pg/query-process-list`. That pages are counted from 1 is inferred.
    /// `limit` is at most [`PROCESSES_PER_PAGE`](super::PROCESSES_PER_PAGE).
    ///
    /// # Errors
    /// When they cannot be listed.
    pub async fn postgresql_processes(
        &self,
        instance: &InstanceId,
        node: Option<&NodeId>,
        page: u64,
        limit: u32,
        operation: &Operation,
    ) -> Result<ProcessPage, Error> {
        let path = format!("/v3/{{project_id}}/instances/{instance}/pg/query-process-list");
        let mut call = self.postgresql_call(Method::GET, path, Repeat::Read);
        call.query = vec![
            ("cur_page".to_owned(), page.to_string()),
            ("per_page".to_owned(), limit.to_string()),
        ];
        call.query
            .extend(node.map(|node| ("node_id".to_owned(), node.to_string())));
        read_page(&self.client.read(call, operation).await?)
    }

    /// Kills sessions of an RDS for PostgreSQL instance by their ids and owners:
    /// `POST /v3/{project_id}/instances/{instance_id}/kill-process`. The request has no field for a node. Never sent again
    /// once it may have arrived, since ids of processes come back, and not sent when it cannot leave before `leave_before`
    /// ([`Error::TooLate`]).
    pub async fn kill_postgresql(
        &self,
        instance: &InstanceId,
        processes: &[Owned<'_>],
        leave_before: Option<Instant>,
        operation: &Operation,
    ) -> Outcome<Killed> {
        let body = KillRequest {
            engine_type: "postgresql",
            processes,
        };
        let path = format!("/v3/{{project_id}}/instances/{instance}/kill-process");
        let call = self.postgresql_call(Method::POST, path, Repeat::Never);
        match call.with_json(&body) {
            Ok(mut call) => {
                call.leave_before = leave_before;
                let outcome = self.client.run(call, operation).await;
                outcome.map(|answer| Killed {
                    count: read_count(&answer),
                    request_id: answer.request_id,
                })
            }
            Err(error) => Outcome::Rejected(error),
        }
    }

    fn postgresql_call(&self, method: Method, path: String, repeat: Repeat) -> Call<'_> {
        Call::new(&API, self.region, method, path, repeat)
    }
}

/// Reads a page, under whichever name its rows are.
fn read_page(answer: &Answer) -> Result<ProcessPage, Error> {
    let list: ProcessList = answer.json()?;
    let processes = match (list.process_info_list, list.data) {
        (Some(rows), None) | (None, Some(rows)) => rows,
        (Some(mut rows), Some(others)) => {
            rows.extend(others);
            rows
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

/// Reads how many sessions were killed. The API document's sample is an empty text in place of the object.
fn read_count(answer: &Answer) -> Result<Option<i64>, Error> {
    let body = answer.body.trim_ascii();
    if body.is_empty() || body == b"\"\"" {
        return Ok(None);
    }
    let answer: KillResponse = answer.json()?;
    Ok(answer.count)
}

#[cfg(test)]
mod tests;
