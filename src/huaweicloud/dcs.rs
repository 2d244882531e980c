//! Distributed Cache Service: sessions of Redis nodes.
//!
//! * [`list`][]: which nodes have sessions, and the saved lists of them.
//! * [`scan`][]: lists that are known to be new.
//! * here: identifiers, the two kills, and the job of the one that kills all.

pub mod list;
pub mod scan;

use std::time::Duration;

use reqwest::Method;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tracing::debug;

use super::api::{Api, Busy, CallPermission, Permission, regional};
use super::call::Answer;
use super::calls::{Calls, KillAnswer, tells_nothing};
use super::error::{Error, LONGEST_MESSAGE, Outcome, printable};
use super::id::{IdError, free_form, identifier};
use super::loose_json::{self, Text};
use super::retry::Repeat;

/// The API.
pub static API: Api = Api {
    key: "dcs",
    other_keys: &[],
    host: |region, cloud| regional("dcs", region, cloud),
    absent_in: &[],
    busy: &[Busy {
        statuses: 400..=499,
        codes: &BUSY,
    }],
    doubtful: &[],
    permissions: &[
        // That the scan needs the same one as the list is inferred for role and policy based authorization.
        CallPermission {
            method: None,
            path: "instances/*/clients",
            permission: Permission::both("dcs:clients:list"),
        },
        CallPermission {
            method: None,
            path: "instances/*/clients/kill",
            permission: Permission::both("dcs:clients:kill"),
        },
        CallPermission {
            method: None,
            path: "instances/*/clients/kill-all",
            permission: Permission::both("dcs:clients:kill"),
        },
        CallPermission {
            method: None,
            path: "jobs/*",
            permission: Permission::both("dcs:job:get"),
        },
        // That the older kind asks for this one is inferred.
        CallPermission {
            method: None,
            path: "instances/*/logical-nodes",
            permission: Permission {
                role_and_policy: "dcs:instance:get",
                identity_policy: None,
            },
        },
    ],
};

/// Codes that mean: a task of the instance is running, nothing was done, and the same call may succeed when the
/// task has ended.
///
/// From the table of DCS error codes: 4017 and 4957 are tasks in general, such as a scan; the others name the task: a
/// backup, a restoration, a restart, an extension, and so on. That 4300 (client IP pass-through is being changed) and
/// 4918 (big keys are being looked for) pass by themselves is inferred. 4121, 4231 and 4975 are in no public table; the
/// official provider waits for them.
const BUSY: [&str; 18] = [
    "DCS.4017", "DCS.4957", "DCS.4096", "DCS.4097", "DCS.4104", "DCS.4108", "DCS.4111", "DCS.4113",
    "DCS.4114", "DCS.4115", "DCS.4116", "DCS.4117", "DCS.4118", "DCS.4300", "DCS.4918", "DCS.4121",
    "DCS.4231", "DCS.4975",
];

identifier! {
    /// A DCS instance. A UUID in the API document's samples, but the document sets no form.
    InstanceId, free_form
}
identifier! {
    /// A node of a DCS instance. A UUID in the API document's sample, but the document sets no form.
    NodeId, free_form
}
identifier! {
    /// A task of DCS, for example the one that kills sessions.
    JobId, free_form
}

/// Which sessions of an instance a kill-all is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Those of every node: `kill_all_nodes`.
    AllNodes,
    /// Those of one node: `node_id`.
    Node(NodeId),
}

/// How far a job is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobStatus {
    /// `SUCCESS`: it ended well.
    Success,
    /// `FAIL`, or another word that means a bad end: it ended badly.
    Fail(String),
    /// Any other word: it is still running.
    Running(String),
}

impl JobStatus {
    /// Words that mean a bad end. The API document has `FAIL` alone; the others are what services elsewhere write, and
    /// a job that has ended is not waited for until the time limit.
    const BAD_ENDS: [&'static str; 11] = [
        "FAIL",
        "FAILED",
        "FAILURE",
        "ERROR",
        "CANCEL",
        "CANCELED",
        "CANCELLED",
        "ABORTED",
        "TERMINATED",
        "TIMEOUT",
        "EXPIRED",
    ];

    /// The API's own word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Success => "SUCCESS",
            Self::Fail(word) | Self::Running(word) => word,
        }
    }

    fn from_word(word: String) -> Self {
        let plain = word.trim().to_ascii_uppercase();
        match plain.as_str() {
            "SUCCESS" => Self::Success,
            bad if Self::BAD_ENDS.contains(&bad) => Self::Fail(word),
            _ => Self::Running(word),
        }
    }
}

/// A job as `GET /v2/{project_id}/jobs/{job_id}` shows it.
#[derive(Clone, Debug)]
pub struct Job {
    /// How far it is.
    pub status: JobStatus,
    /// When it began.
    pub begin_time: Option<OffsetDateTime>,
    /// When it ended.
    pub end_time: Option<OffsetDateTime>,
    /// Why it failed.
    pub fail_reason: Option<String>,
}

#[derive(Serialize)]
struct KillAllRequest<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    node_id: Option<&'a NodeId>,
    kill_all_nodes: bool,
}

#[derive(Deserialize)]
struct KillAllResponse {
    job_id: Text,
}

#[derive(Deserialize)]
struct JobResponse {
    status: String,
    #[serde(default, deserialize_with = "loose_json::epoch_millis")]
    begin_time: Option<OffsetDateTime>,
    #[serde(default, deserialize_with = "loose_json::epoch_millis")]
    end_time: Option<OffsetDateTime>,
    #[serde(default)]
    fail_reason: Option<String>,
}

/// How many addresses go into one request that kills chosen sessions. The API document sets no limit; a hundred are at
/// most 5 KB, and bound what one lost answer leaves in doubt.
pub const KILL_ADDRESSES: usize = 100;

/// How many go into one request after a larger one was refused as a bad request.
pub const SMALL_KILL_ADDRESSES: usize = 20;

#[derive(Serialize)]
struct KillRequest<'a> {
    node_id: &'a NodeId,
    client_addrs: &'a [String],
}

/// The first look at a job comes soon: most kills are done in a second or two.
const FIRST_LOOK: Duration = Duration::from_millis(500);
/// Later looks come at longer and longer intervals, up to this.
const SLOWEST_LOOK: Duration = Duration::from_secs(15);
/// A job that was only just made may not be found yet. After this time it does not exist.
const JOB_APPEARS_WITHIN: Duration = Duration::from_secs(30);

/// Kills all sessions of a node, or of all nodes:
/// `POST /v2/{project_id}/instances/{instance_id}/clients/kill-all`. Never sent again once it may have arrived, and not
/// sent when it cannot leave in time ([`Error::TooLate`]). The answer tells the job that kills; one that tells none may come
/// from somewhere else, and is no proof that the kill was accepted.
pub async fn kill_all(
    calls: Calls<'_>,
    instance: &InstanceId,
    target: &Target,
) -> Outcome<KillAnswer<JobId>> {
    let body = match target {
        Target::AllNodes => KillAllRequest {
            node_id: None,
            kill_all_nodes: true,
        },
        Target::Node(node) => KillAllRequest {
            node_id: Some(node),
            kill_all_nodes: false,
        },
    };
    let path = format!("/v2/{{project_id}}/instances/{instance}/clients/kill-all");
    let call = calls.to(&API, Method::POST, path, Repeat::Never);
    calls.kill(call, &body, read_job_id).await
}

/// Kills chosen sessions of a node by their addresses: `POST …/clients/kill`. Never sent again once it may have
/// arrived: a client that has reconnected could have the same address. The answer tells nothing.
pub async fn kill(
    calls: Calls<'_>,
    instance: &InstanceId,
    node: &NodeId,
    addresses: &[String],
) -> Outcome<KillAnswer<()>> {
    let body = KillRequest {
        node_id: node,
        client_addrs: addresses,
    };
    let path = format!("/v2/{{project_id}}/instances/{instance}/clients/kill");
    let call = calls.to(&API, Method::POST, path, Repeat::Never);
    calls.kill(call, &body, tells_nothing).await
}

/// Looks at a job: `GET /v2/{project_id}/jobs/{job_id}`.
///
/// # Errors
/// When the job cannot be seen.
pub async fn job(calls: Calls<'_>, job: &JobId) -> Result<Job, Error> {
    let path = format!("/v2/{{project_id}}/jobs/{job}");
    let call = calls.to(&API, Method::GET, path, Repeat::Read);
    let job: JobResponse = calls.read(call.looking()).await?;
    Ok(Job {
        status: JobStatus::from_word(job.status),
        begin_time: job.begin_time,
        end_time: job.end_time,
        fail_reason: job
            .fail_reason
            .filter(|reason| !reason.is_empty())
            .map(|reason| printable(&reason, LONGEST_MESSAGE)),
    })
}

/// Follows a job to its end. `seen` hears of every look at it that showed it unfinished. A look that fails in a
/// way that may pass is no reason to stop looking: giving up would leave the user with a kill of unknown end.
///
/// # Errors
/// When the cloud says that the job cannot be seen (it does not exist, or the account may not see it), or the
/// operation's time limit or the user's stop came first; the job itself goes on in all of these cases.
pub async fn wait_for_job(
    calls: Calls<'_>,
    job_id: &JobId,
    mut seen: impl FnMut(&Job) + Send,
) -> Result<Job, Error> {
    let clock = calls.client.clock();
    let started = clock.instant();
    let mut interval = FIRST_LOOK;
    let mut last = None;
    loop {
        (calls.operation)
            .sleep(clock, interval)
            .await
            .map_err(|interrupted| interrupted.into_error(last.take()))?;
        interval = interval.mul_f64(1.5).min(SLOWEST_LOOK);

        let young = clock.instant().saturating_duration_since(started) < JOB_APPEARS_WITHIN;
        match job(calls, job_id).await {
            Ok(job) if matches!(job.status, JobStatus::Running(_)) => {
                last = None;
                seen(&job);
            }
            Ok(job) => return Ok(job),
            Err(error) if may_pass(&error) || (young && is_not_found(&error)) => {
                debug!(job = %job_id, %error, "the job cannot be seen at the moment");
                last = Some(error);
            }
            Err(error) => return Err(error),
        }
    }
}

/// Can a later look at the same job end better?
fn may_pass(error: &Error) -> bool {
    match error {
        Error::NotSent { .. } | Error::Lost { .. } | Error::Unreadable { .. } => true,
        Error::Api { answer, .. } => {
            answer.status == 429 || answer.status >= 500 || answer.is_busy()
        }
        // The look itself was not sent, for a reason that may pass.
        Error::SignIn { error, .. } => may_pass(error),
        // Some API that was needed before the look asks for patience: the look itself can still be made.
        Error::WaitTooLong { .. } => true,
        _ => false,
    }
}

/// The job does not exist, or not yet: HTTP 404, or the codes for a wrong job (`DCS.4070`) and a wrong object (`DCS.4022`).
fn is_not_found(error: &Error) -> bool {
    error.api().is_some_and(|answer| {
        let code = answer.code.as_deref();
        answer.status == 404 || matches!(code, Some("DCS.4070" | "DCS.4022"))
    })
}

/// Reads which job kills.
fn read_job_id(answer: &Answer) -> Result<JobId, Error> {
    match answer.json::<KillAllResponse>() {
        Ok(body) => {
            let job_id = body.job_id.0.parse();
            job_id.map_err(|reason: IdError| answer.unreadable(&format!("job_id: {reason}")))
        }
        Err(unreadable) => unquoted_job_id(&answer.body).ok_or(unreadable),
    }
}

/// The API document's sample answer has the id without quotes, which is not JSON. An answer that looks exactly
/// like the sample still tells its job.
fn unquoted_job_id(body: &[u8]) -> Option<JobId> {
    if serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok() {
        // In JSON a word without quotes, such as null, is no id.
        return None;
    }
    let text = std::str::from_utf8(body).ok()?.trim();
    let inner = text.strip_prefix('{')?.strip_suffix('}')?;
    let (key, value) = inner.split_once(':')?;
    let value = value.trim();
    let plain = !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    (key.trim() == "\"job_id\"" && plain).then(|| value.parse().ok())?
}

#[cfg(test)]
mod tests;
