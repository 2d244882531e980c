//! Sessions of RDS for MySQL, by an account that is stored in DAS.

use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::{API, ENDINGS, MYSQL_INSTANCE, MYSQL_NODE, read_outcome};
use crate::huaweicloud::calls::{Calls, KillAnswer};
use crate::huaweicloud::error::{Error, Outcome};
use crate::huaweicloud::id::{free_form, identifier, of_kind};
use crate::huaweicloud::loose_json;
use crate::huaweicloud::retry::Repeat;
use crate::huaweicloud::rows::{self, Row, Statement};

identifier! {
    /// An RDS for MySQL instance: 36 letters and digits that end in `in01` by the examples, 32 by one page.
    InstanceId, |text| of_kind(text, MYSQL_INSTANCE, &ENDINGS)
}

identifier! {
    /// A node of an RDS for MySQL instance: 36 letters and digits that end in `no01` by the examples, 32 by one page.
    NodeId, |text| of_kind(text, MYSQL_NODE, &ENDINGS)
}

identifier! {
    /// A database account that is stored in DAS with its password. A UUID in the API document.
    DatabaseUserId, free_form
}

/// A page of the sessions of an instance or a node.
#[derive(Clone, Debug, Deserialize)]
pub struct ProcessPage {
    /// The sessions, as many as were asked for at most.
    #[serde(deserialize_with = "rows::rows")]
    pub processes: Vec<Row<ProcessRecord>>,
    /// How many sessions the whole list has.
    #[serde(default, deserialize_with = "loose_json::integer")]
    pub count: Option<i64>,
}

/// A session as the list shows it. All but the id may be missing; numbers are written as texts.
#[derive(Clone, Debug, Deserialize)]
pub struct ProcessRecord {
    /// The thread's id, as text.
    #[serde(deserialize_with = "loose_json::text")]
    pub id: String,
    /// The account's user name.
    #[serde(default, deserialize_with = "rows::text")]
    pub user: Option<String>,
    /// Where the client is, with its port.
    #[serde(default, deserialize_with = "rows::text")]
    pub host: Option<String>,
    /// The default database; `--` where there is none, by the API document's example.
    #[serde(default, deserialize_with = "rows::text")]
    pub database: Option<String>,
    /// What the thread is doing for the client.
    #[serde(default, deserialize_with = "rows::text")]
    pub command: Option<String>,
    /// For how many seconds it has done that. Inferred: the official SDK calls it the running time of the session.
    #[serde(default, deserialize_with = "loose_json::integer")]
    pub time: Option<i64>,
    /// The stage of the statement.
    #[serde(default, deserialize_with = "rows::text")]
    pub state: Option<String>,
    /// The statement.
    #[serde(default, rename = "sql")]
    pub statement: Statement,
    /// Seconds since the transaction began; zero where there is none, too.
    #[serde(default, deserialize_with = "loose_json::integer")]
    pub trx_executed_time: Option<i64>,
}

impl rows::Record for ProcessRecord {}

/// The ids alone: how the API joins them with a user or a database is not documented.
#[derive(Serialize)]
struct KillRequest<'a> {
    db_user_id: &'a DatabaseUserId,
    process_ids: Vec<String>,
}

/// A page of the sessions of an RDS for MySQL instance, or of one of its nodes:
/// `GET /v3/{project_id}/instances/{instance_id}/processes`. `page` is the offset and the limit, at most
/// [`PROCESSES_PER_PAGE`](super::PROCESSES_PER_PAGE).
///
/// # Errors
/// When they cannot be listed.
pub async fn processes(
    calls: Calls<'_>,
    instance: &InstanceId,
    user: &DatabaseUserId,
    node: Option<&NodeId>,
    page: (u64, u32),
) -> Result<ProcessPage, Error> {
    let path = format!("/v3/{{project_id}}/instances/{instance}/processes");
    let mut call = calls.localized(&API, Method::GET, path, Repeat::Read);
    call.query = vec![("db_user_id".to_owned(), user.to_string())];
    call.query
        .extend(node.map(|node| ("node_id".to_owned(), node.to_string())));
    calls.read(call.of_page(page)).await
}

/// Kills sessions of an RDS for MySQL instance: `DELETE /v3/{project_id}/instances/{instance_id}/process`. The request
/// has no field for a node. Never sent again once it may have arrived, and not sent when it cannot leave before
/// `leave_before` ([`Error::TooLate`]). The answer tells nothing, unless it reports an error.
pub async fn kill(
    calls: Calls<'_>,
    instance: &InstanceId,
    user: &DatabaseUserId,
    threads: &[i64],
) -> Outcome<KillAnswer<()>> {
    let body = KillRequest {
        db_user_id: user,
        process_ids: threads.iter().map(i64::to_string).collect(),
    };
    let path = format!("/v3/{{project_id}}/instances/{instance}/process");
    let call = calls.localized(&API, Method::DELETE, path, Repeat::Never);
    calls.kill(call, &body, read_outcome).await
}

#[cfg(test)]
mod tests;
