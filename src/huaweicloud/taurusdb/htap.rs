//! Sessions of an HTAP instance of the standard edition, which runs StarRocks.

use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::{API, Ending, INSTANCE, NODE};
use crate::huaweicloud::call::{Answer, Call};
use crate::huaweicloud::calls::{Calls, KillAnswer};
use crate::huaweicloud::error::{Error, Outcome, printable};
use crate::huaweicloud::id::{identifier, with_ending};
use crate::huaweicloud::loose_json;
use crate::huaweicloud::retry::Repeat;
use crate::huaweicloud::rows::{self, Row, Statement};

/// The most sessions that a page of the list can have.
pub const SESSIONS_PER_PAGE: u32 = 100;

/// The most sessions that one kill request can name.
pub const KILL_BATCH: usize = 20;

/// The most characters that are shown of the reason why a kill failed.
const LONGEST_REASON: usize = 300;

/// The language of answers where the user names none: the API documents call it the default, and the official SDK requires
/// the header.
const LANGUAGE: &str = "en-us";

/// The ending of the IDs of HTAP instances of the standard edition.
pub(super) const HTAP_INSTANCE: Ending = ("an HTAP instance", "in17");
const TAURUSDB_INSTANCE: Ending = ("a TaurusDB instance", INSTANCE.1);
const TAURUSDB_NODE: Ending = ("a TaurusDB node", NODE.1);

identifier! {
    /// An HTAP instance of the standard edition: 36 letters and digits, the last four `in17`.
    InstanceId, |text| with_ending(text, "TaurusDB", HTAP_INSTANCE, &[TAURUSDB_INSTANCE, TAURUSDB_NODE])
}

/// A page of the sessions of an instance. No total is told.
#[derive(Clone, Debug, Deserialize)]
pub struct SessionPage {
    /// The sessions, as many as were asked for at most.
    #[serde(deserialize_with = "rows::rows")]
    pub process_list: Vec<Row<SessionRecord>>,
}

/// A session as the list shows it. All but the id may be missing.
#[derive(Clone, Debug, Deserialize)]
pub struct SessionRecord {
    /// The session's id, as text.
    #[serde(deserialize_with = "loose_json::text")]
    pub id: String,
    /// The account's user name.
    #[serde(default, deserialize_with = "rows::text")]
    pub user: Option<String>,
    /// Where the client is.
    #[serde(default, deserialize_with = "rows::text")]
    pub host: Option<String>,
    /// The state, in the words of StarRocks.
    #[serde(default, deserialize_with = "rows::text")]
    pub state: Option<String>,
    /// The default database.
    #[serde(default, deserialize_with = "rows::text")]
    pub database: Option<String>,
    /// The statement.
    #[serde(default, rename = "sql_statement")]
    pub statement: Statement,
    /// For how many seconds, with a fraction. The API document calls it the duration of the session; that it is the time in
    /// the present state, as `Time` in StarRocks' `SHOW PROCESSLIST`, is inferred.
    #[serde(default, deserialize_with = "loose_json::fraction")]
    pub duration: Option<f64>,
    /// What the session is doing for the client.
    #[serde(default, deserialize_with = "rows::text")]
    pub command: Option<String>,
}

impl rows::Record for SessionRecord {}

#[derive(Serialize)]
struct KillRequest<'a> {
    process_list: &'a [String],
}

#[derive(Deserialize)]
struct KillResponse {
    #[serde(default, deserialize_with = "rows::text")]
    status: Option<String>,
    #[serde(default, deserialize_with = "rows::text")]
    msg: Option<String>,
}

/// A page of the sessions of an HTAP instance: `GET /v3/{project_id}/instances/{instance_id}/htap/process`. `page` is the
/// offset and the limit, at most [`SESSIONS_PER_PAGE`].
///
/// # Errors
/// When they cannot be listed.
pub async fn sessions(
    calls: Calls<'_>,
    instance: &InstanceId,
    page: (u64, u32),
) -> Result<SessionPage, Error> {
    let call = call(calls, Method::GET, instance, Repeat::Read);
    calls.read(call.of_page(page)).await
}

/// Kills sessions of an HTAP instance, at most [`KILL_BATCH`]: `DELETE …/htap/process`. Never sent again once it may have
/// arrived, since no document says that ids do not come back, and not sent when it cannot leave before `leave_before`
/// ([`Error::TooLate`]). The answer tells of all sessions together whether the kill failed.
pub async fn kill(
    calls: Calls<'_>,
    instance: &InstanceId,
    session_ids: &[String],
) -> Outcome<KillAnswer<()>> {
    let body = KillRequest {
        process_list: session_ids,
    };
    let call = call(calls, Method::DELETE, instance, Repeat::Never);
    calls.kill(call, &body, read_outcome).await
}

fn call<'a>(calls: Calls<'a>, method: Method, instance: &InstanceId, repeat: Repeat) -> Call<'a> {
    let path = format!("/v3/{{project_id}}/instances/{instance}/htap/process");
    calls
        .to(&API, method, path, repeat)
        .in_language(calls.language().or(Some(LANGUAGE)))
}

/// Reads the one status of all sessions of a kill. Only the two words of the API document are believed.
fn read_outcome(answer: &Answer) -> Result<(), Error> {
    let KillResponse { status, msg } = answer.json()?;
    match status.unwrap_or_default().to_ascii_lowercase().as_str() {
        "success" => Ok(()),
        "failed" => {
            let reason = match printable(&msg.unwrap_or_default(), LONGEST_REASON) {
                msg if msg.is_empty() => "status is failed".to_owned(),
                msg => format!("status is failed: {msg}"),
            };
            Err(answer.denied(&API, &reason))
        }
        _ => Err(answer.unreadable("its status is neither success nor failed")),
    }
}

#[cfg(test)]
mod tests;
