//! Distributed Database Middleware: sessions of clients at a DDM instance, and sessions of DDM at its data nodes.
//!
//! The calls of both differ in one word of the path. A kill is answered when it has been sent on; the log of kills tells which
//! were executed.

use reqwest::Method;
use serde::{Deserialize, Serialize};
use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

use super::api::{Api, Busy, regional};
use super::call::Answer;
use super::calls::{Calls, KillAnswer};
use super::error::{Error, Outcome};
use super::id::{Ending, identifier, with_ending};
use super::loose_json;
use super::retry::Repeat;
use super::rows::{self, Row, Statement};

/// The API.
pub static API: Api = Api {
    key: "ddm",
    other_keys: &[],
    host: |region, cloud| regional("ddm", region, cloud),
    absent_in: &[],
    // What the official provider waits for in other calls of DDM; inferred for these.
    busy: &[Busy {
        statuses: 409..=409,
        codes: &["DBS.200019", "DBS.212033"],
    }],
    // The pages of these calls name no permission.
    // "Server failure" and "Failed to process the request", both with 400, by the table of error codes of DDM.
    doubtful: &["DBS.300002", "DBS.300005"],
    permissions: &[],
};

/// The most rows that a page of a list can have.
pub const PROCESSES_PER_PAGE: u32 = 128;

/// The most sessions that one kill request can name.
pub const KILL_BATCH: usize = 100;

/// The endings of IDs, from the documentation of the official SDK.
const INSTANCE: Ending = ("an instance", "in09");
const DATA_NODE: Ending = ("a data node (RDS for MySQL)", "in01");

identifier! {
    /// A DDM instance: 36 letters and digits, the last four `in09`.
    InstanceId, |text| with_ending(text, "DDM", INSTANCE, &[DATA_NODE])
}

identifier! {
    /// An RDS for MySQL instance that is a data node of a DDM instance: 36 letters and digits, the last four `in01`.
    DataNodeId, |text| with_ending(text, "DDM", DATA_NODE, &[INSTANCE])
}

/// Whose sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Those of clients at a DDM instance.
    Logical(InstanceId),
    /// Those of DDM, and of everybody else, at a data node.
    Physical(DataNodeId),
}

impl Layer {
    /// The instance in the paths of calls.
    pub fn instance(&self) -> &str {
        match self {
            Self::Logical(instance) => instance.as_str(),
            Self::Physical(data_node) => data_node.as_str(),
        }
    }

    /// The last part of the path of lists and kills.
    fn processes(&self) -> &'static str {
        match self {
            Self::Logical(_) => "logical-processes",
            Self::Physical(_) => "physical-processes",
        }
    }
}

/// A page of sessions.
#[derive(Clone, Debug, Deserialize)]
pub struct ProcessPage {
    /// The sessions, as many as were asked for at most. The name differs by layer.
    #[serde(
        rename = "logical_processes",
        alias = "physical_processes",
        deserialize_with = "rows::rows"
    )]
    pub processes: Vec<Row<ProcessRecord>>,
    /// How many sessions the whole list has.
    #[serde(default, deserialize_with = "loose_json::integer")]
    pub total_count: Option<i64>,
}

/// A session as the list shows it. All but the id may be missing. Numbers are texts for logical sessions.
#[derive(Clone, Debug, Deserialize)]
pub struct ProcessRecord {
    /// The session's id.
    #[serde(deserialize_with = "loose_json::text")]
    pub id: String,
    /// The account's user name.
    #[serde(default, deserialize_with = "rows::text")]
    pub user: Option<String>,
    /// Where the client is, with its port. The example of physical sessions has it under another name.
    #[serde(default, alias = "hots", deserialize_with = "rows::text")]
    pub host: Option<String>,
    /// The default database. The example of logical sessions has `None` where there is none.
    #[serde(default, deserialize_with = "rows::text")]
    pub db: Option<String>,
    /// What the session does: documented are sleep, query and connect.
    #[serde(default, deserialize_with = "rows::text")]
    pub command: Option<String>,
    /// For how many seconds it has done that. Of physical sessions the document says that it is the duration of the session;
    /// that it is the same there, as `Time` of MySQL, is inferred.
    #[serde(default, deserialize_with = "loose_json::integer")]
    pub time: Option<i64>,
    /// The stage of the statement.
    #[serde(default, deserialize_with = "rows::text")]
    pub state: Option<String>,
    /// The statement.
    #[serde(default, rename = "info")]
    pub statement: Statement,
    /// Seconds since the transaction began; zero where there is none, too. Only of physical sessions.
    #[serde(default, deserialize_with = "loose_json::integer")]
    pub trx_executed_time: Option<i64>,
}

impl rows::Record for ProcessRecord {}

#[derive(Serialize)]
struct KillRequest<'a> {
    process_ids: &'a [String],
}

/// `resp` is a word. Documented is `successful`, and that it says whether the kill was sent on.
#[derive(Deserialize)]
struct KillResponse {
    #[serde(default, deserialize_with = "rows::text")]
    resp: Option<String>,
}

/// A page of the log of kills.
#[derive(Clone, Debug, Deserialize)]
pub struct LogPage {
    /// The kills, as many as were asked for at most.
    #[serde(rename = "process_audit_logs", deserialize_with = "rows::rows")]
    pub kills: Vec<Row<LoggedKill>>,
    /// How many kills the log has in that time.
    #[serde(default, deserialize_with = "loose_json::integer")]
    pub total_count: Option<i64>,
}

/// An executed kill.
#[derive(Clone, Debug, Deserialize)]
pub struct LoggedKill {
    /// The session.
    #[serde(deserialize_with = "loose_json::text")]
    pub process_id: String,
    /// The instance.
    #[serde(default, deserialize_with = "rows::text")]
    instance_id: Option<String>,
    /// When: UTC. The form is that of the example, `2024-06-18T03:08:15+0800`.
    #[serde(default, deserialize_with = "rows::text")]
    execute_time: Option<String>,
}

impl rows::Record for LoggedKill {
    const ID: &'static [&'static str] = &["process_id"];
}

impl LoggedKill {
    /// Was it at this instance, and within this time? Not if the log does not say so. By the document times are UTC, and the
    /// example has an offset: the time counts as it is written, and as UTC whatever its offset says. The
    /// log is asked for this time alone, so that a kill of the same session some hours before is not in it.
    pub fn was(&self, layer: &Layer, (from, to): (OffsetDateTime, OffsetDateTime)) -> bool {
        let executed = self.execute_time.as_deref().and_then(moment);
        let readings = executed.map(|at| [at, at.replace_offset(UtcOffset::UTC)]);
        self.instance_id.as_deref() == Some(layer.instance())
            && (readings.into_iter().flatten()).any(|at| (from..=to).contains(&at))
    }
}

/// Reads a time in the forms that Huawei Cloud's services write: with `T` or a space, and with `Z`, `+08:00`, `+0800` or
/// nothing, which is UTC.
fn moment(text: &str) -> Option<OffsetDateTime> {
    const UP_TO_SECONDS: usize = "2024-06-18T09:00:00".len();
    let text = text.trim().replacen(' ', "T", 1);
    let (seconds, rest) = text.split_at_checked(UP_TO_SECONDS)?;
    let (fraction, zone) = rest.split_at(rest.find(['+', '-', 'Z']).unwrap_or(rest.len()));
    let zone = match zone.split_at_checked(3) {
        Some((hours, minutes)) if minutes.len() == 2 => format!("{hours}:{minutes}"),
        _ if zone.is_empty() => "Z".to_owned(),
        _ => zone.to_owned(),
    };
    OffsetDateTime::parse(&format!("{seconds}{fraction}{zone}"), &Rfc3339).ok()
}

/// How the log wants a time, by the example of the API document: `2024-06-18T09:00:00+0800`.
const LOG_TIME: &[BorrowedFormatItem<'_>] = format_description!(
    "[year]-[month]-[day]T[hour]:[minute]:[second][offset_hour sign:mandatory][offset_minute]"
);

/// A page of the sessions of a layer: `GET /v3/{project_id}/instances/{instance_id}/logical-processes`, or
/// `…/physical-processes`. `page` is the offset and the limit, at most [`PROCESSES_PER_PAGE`]. `keyword`, which searches
/// all columns alike, is never sent.
///
/// # Errors
/// When they cannot be listed.
pub async fn processes(
    calls: Calls<'_>,
    layer: &Layer,
    page: (u64, u32),
) -> Result<ProcessPage, Error> {
    let path = path(layer, layer.processes());
    let call = calls.localized(&API, Method::GET, path, Repeat::Read);
    calls.read(call.of_page(page)).await
}

/// Kills sessions of a layer: `DELETE …/logical-processes`, or `…/physical-processes`. Never sent again once it may have
/// arrived, since no document says that ids do not come back, and not sent when it cannot leave before `leave_before`
/// ([`Error::TooLate`]). The answer tells only whether the kill was sent on.
pub async fn kill(calls: Calls<'_>, layer: &Layer, ids: &[String]) -> Outcome<KillAnswer<()>> {
    let body = KillRequest { process_ids: ids };
    let path = path(layer, layer.processes());
    let call = calls.localized(&API, Method::DELETE, path, Repeat::Never);
    calls.kill(call, &body, read_outcome).await
}

/// A page of the log of kills: `GET /v3/{project_id}/instances/{instance_id}/processes-audit-log`. `page` is the offset and
/// the limit, at most [`PROCESSES_PER_PAGE`]; the log takes at most seven days at once. Not repeated for long, since nothing
/// follows from its silence.
///
/// # Errors
/// When it cannot be read.
pub async fn kills(
    calls: Calls<'_>,
    layer: &Layer,
    (from, to): (OffsetDateTime, OffsetDateTime),
    page: (u64, u32),
) -> Result<LogPage, Error> {
    // A time that cannot be written is in no log.
    let written = |time: OffsetDateTime| time.format(LOG_TIME).unwrap_or_default();
    let path = path(layer, "processes-audit-log");
    let mut call = calls.localized(&API, Method::GET, path, Repeat::Peek);
    call.query = vec![
        ("start_time".to_owned(), written(from)),
        ("end_time".to_owned(), written(to)),
    ];
    calls.read(call.of_page(page)).await
}

fn path(layer: &Layer, last: &str) -> String {
    format!("/v3/{{project_id}}/instances/{}/{last}", layer.instance())
}

/// Reads whether the answer says that the kill was sent on.
fn read_outcome(answer: &Answer) -> Result<(), Error> {
    let KillResponse { resp } = answer.json()?;
    match resp {
        Some(word) if word.eq_ignore_ascii_case("successful") => Ok(()),
        Some(_) => Err(answer.denied(&API, "resp is not successful")),
        None => Err(answer.unreadable("it has no resp")),
    }
}

#[cfg(test)]
mod tests;
