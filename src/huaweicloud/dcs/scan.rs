//! Lists of the sessions of a DCS node that are known to be new.
//!
//! DCS keeps a *saved* list for each node. `POST …/clients` starts a task, the scan, that asks the node again and replaces
//! the saved list; `GET …/clients` shows the saved list, with the time at which it was saved, and answers HTTP 500 where
//! nobody has scanned yet (API reference of DCS: "Collecting Client Connection Information", "Querying Clients"). A list
//! that was saved before shows clients that have left, and an address in it may belong to somebody else by now. So a list
//! counts here only when it is shown to be new:
//!
//! 1. look at the saved list, if there is one, and keep its time as it is written (its form is not documented);
//! 2. scan with `clean_cache: true`; without it the node is not asked again;
//! 3. follow the scan's job. That job calls know this job is inferred: where they do not, go on;
//! 4. look until the list has another time than before. Where there was no list before and the job could not be followed,
//!    the first list that appears is only the one to compare the next with, and the node is scanned again.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::Method;
use serde::{Deserialize, Serialize};
use tracing::debug;

use super::super::calls::Calls;
use super::super::error::{ApiError, Error};
use super::super::operation::Interrupted;
use super::super::retry::Repeat;
use super::super::rows;
use super::list::{ClientPage, page};
use super::{API, InstanceId, JobId, JobStatus, NodeId, is_not_found, job, may_pass};

/// How long it may take until a node's list is new. Scans that are observed to end take seconds; the bound keeps a node
/// that never ends one from using up the whole time of a kill.
const NEW_WITHIN: Duration = Duration::from_secs(120);

/// How many scans of one node may fail before it is given up.
const FAILED_SCANS: u32 = 3;

/// The first look at a scan's job, or at the list, comes soon; later ones at longer intervals up to the second.
const LOOKS: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// After this time with the same list the node is scanned again, and after twice that time once more, and so on: two lists
/// that are saved within the resolution of the time cannot be told apart.
const SCAN_AGAIN_AFTER: Duration = Duration::from_secs(10);

/// The saved list of a node, as it was right before the scan.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Shown {
    /// There was none.
    Nothing,
    /// It could not be seen, so there may have been one.
    Unseen,
    /// There was one that was saved at this time, when it tells its time.
    SavedAt(Option<String>),
}

/// The lists that a node had before it was scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Before {
    shown: Shown,
    /// When lists that were read earlier had been saved.
    earlier: BTreeSet<String>,
}

impl Before {
    /// Is a list with this time another one? `proven` says that a scan has succeeded since.
    fn is_older_than(&self, time: Option<&str>, proven: bool) -> bool {
        if time.is_some_and(|time| self.earlier.contains(time)) {
            return false;
        }
        match (&self.shown, time) {
            (Shown::Nothing, _) => proven,
            (Shown::Unseen, _) => false,
            (Shown::SavedAt(Some(before)), Some(now)) => before != now,
            (Shown::SavedAt(None), Some(_)) => true,
            // It tells no time: then the job alone can tell.
            (Shown::SavedAt(_), None) => proven,
        }
    }

    /// When all these lists had been saved.
    pub fn times(mut self) -> BTreeSet<String> {
        if let Shown::SavedAt(Some(time)) = self.shown {
            self.earlier.insert(time);
        }
        self.earlier
    }

    /// Is a page, read later, still of a list that is newer than these?
    pub fn is_not(&self, page: &ClientPage) -> bool {
        page.time.as_ref().is_none_or(|now| {
            !self.earlier.contains(now) && self.shown != Shown::SavedAt(Some(now.clone()))
        })
    }
}

#[derive(Serialize)]
struct ScanRequest<'a> {
    node_id: &'a NodeId,
    clean_cache: bool,
}

#[derive(Deserialize)]
struct ScanResponse {
    #[serde(default, deserialize_with = "rows::text")]
    job_id: Option<String>,
}

/// How a scan's job ended.
enum ScanEnd {
    Succeeded,
    Failed(String),
    /// There is no job to follow, or it cannot be seen.
    NotSeen,
}

/// Replaces the saved list of a node by one that is known to be new, and says what was there before. `earlier` is when
/// the lists that the caller has read had been saved: none of them counts as new.
///
/// # Errors
/// When no list can be shown to be new in time, or a call fails in a way that does not pass.
pub async fn renew_clients(
    calls: Calls<'_>,
    instance: &InstanceId,
    node: &NodeId,
    earlier: BTreeSet<String>,
) -> Result<Before, Error> {
    let clock = calls.client.clock();
    let begun = clock.instant();
    let late = || clock.instant().saturating_duration_since(begun) >= NEW_WITHIN;
    let mut last = None;
    // Somebody else may have had a list collected since the caller read one: it is looked up in any case.
    let shown = match saved_at(calls, instance, node).await {
        Ok(time) => Shown::SavedAt(time),
        Err(error) if is_no_list(&error) => Shown::Nothing,
        Err(error) if is_not_yet(&error) => Shown::Unseen,
        Err(error) => return Err(error),
    };
    let mut before = Before { shown, earlier };
    let mut failed = 0;
    let mut interval = LOOKS.0;
    let mut scan_again_after = SCAN_AGAIN_AFTER;
    loop {
        let proven = match scan(calls, instance, node).await? {
            Some(job_id) => match follow_scan(calls, &job_id, late).await? {
                ScanEnd::Succeeded => true,
                ScanEnd::NotSeen => false,
                ScanEnd::Failed(reason) => {
                    failed += 1;
                    if failed >= FAILED_SCANS || late() {
                        return Err(Error::Listing(format!(
                            "DCS could not collect the sessions of the node {node}: {failed} scans failed, the last \
                             one as the job {job_id}, {reason}. An older list is not used."
                        )));
                    }
                    pause(calls, LOOKS.1, &mut last).await?;
                    continue;
                }
            },
            None => false,
        };
        let scanned = clock.instant();
        loop {
            match saved_at(calls, instance, node).await {
                Ok(time) if before.is_older_than(time.as_deref(), proven) => return Ok(before),
                Ok(None) if !proven => return Err(tells_no_time(node)),
                Ok(time) => {
                    if matches!(before.shown, Shown::Nothing | Shown::Unseen) {
                        // Nothing says that this list is a new one; the next will be, if its time is another.
                        before.shown = Shown::SavedAt(time);
                        break;
                    }
                    last = None;
                }
                Err(error) if is_not_yet(&error) => last = Some(error),
                Err(error) => return Err(error),
            }
            if late() {
                return Err(not_new(node, last));
            }
            if clock.instant().saturating_duration_since(scanned) >= scan_again_after {
                scan_again_after *= 2;
                break;
            }
            pause(calls, interval, &mut last).await?;
            interval = interval.mul_f64(1.5).min(LOOKS.1);
        }
    }
}

/// The time of the saved list, as it is written. One look; the caller goes on looking.
async fn saved_at(
    calls: Calls<'_>,
    instance: &InstanceId,
    node: &NodeId,
) -> Result<Option<String>, Error> {
    let page = page(calls, instance, node, (0, 1), false, Repeat::Peek);
    Ok(page.await?.time)
}

/// Has the service ask the node again: `POST …/clients`. The job that does so, when the answer names one: older
/// documents show an answer without a body. [`renew_clients`] does the whole of it.
///
/// # Errors
/// When the service does not.
pub async fn scan(
    calls: Calls<'_>,
    instance: &InstanceId,
    node: &NodeId,
) -> Result<Option<JobId>, Error> {
    let path = format!("/v2/{{project_id}}/instances/{instance}/clients");
    let body = ScanRequest {
        node_id: node,
        clean_cache: true,
    };
    let call = calls.to(&API, Method::POST, path, Repeat::Read);
    let answer = calls.ask(call.with_json(&body)?).await?;
    let job_id = answer
        .json::<ScanResponse>()
        .ok()
        .and_then(|body| body.job_id);
    Ok(job_id.and_then(|job_id| job_id.parse().ok()))
}

/// Follows a scan's job to its end, or until it is `late`.
async fn follow_scan(
    calls: Calls<'_>,
    job_id: &JobId,
    late: impl Fn() -> bool,
) -> Result<ScanEnd, Error> {
    let mut interval = LOOKS.0;
    let mut last = None;
    while !late() {
        pause(calls, interval, &mut last).await?;
        interval = interval.mul_f64(1.5).min(LOOKS.1);
        match job(calls, job_id).await {
            Ok(job) => match job.status {
                JobStatus::Success => return Ok(ScanEnd::Succeeded),
                JobStatus::Fail(_) => {
                    let reason = job.fail_reason.unwrap_or_else(|| "without a reason".into());
                    return Ok(ScanEnd::Failed(reason));
                }
                JobStatus::Running(_) => last = None,
            },
            Err(error) if cannot_be_followed(&error) => {
                debug!(job = %job_id, %error, "the scan cannot be followed by its job");
                return Ok(ScanEnd::NotSeen);
            }
            Err(error) if may_pass(&error) => last = Some(error),
            Err(error) => return Err(error),
        }
    }
    Ok(ScanEnd::NotSeen)
}

/// Sleeps between two looks.
async fn pause(
    calls: Calls<'_>,
    interval: Duration,
    last: &mut Option<Error>,
) -> Result<(), Error> {
    (calls.operation)
        .sleep(calls.client.clock(), interval)
        .await
        .map_err(|interrupted: Interrupted| interrupted.into_error(last.take()))
}

/// There is no list, since nobody has scanned yet: the service itself answers HTTP 500 (documented).
fn is_no_list(error: &Error) -> bool {
    error
        .api()
        .is_some_and(|answer| answer.status == 500 && !answer.is_from_gateway())
}

/// There is no list yet, or none that is shown while the scan runs: HTTP 500 before any scan (documented), or a code that
/// says that a task has not ended.
fn is_not_yet(error: &Error) -> bool {
    error
        .api()
        .is_some_and(|answer| answer.status >= 500 || answer.is_busy())
}

/// The cloud answers, but not about this job: it is unknown to the job call, or the account may not look at jobs.
fn cannot_be_followed(error: &Error) -> bool {
    is_not_found(error)
        || error.api().is_some_and(|answer: &ApiError| {
            (400..500).contains(&answer.status) && answer.status != 429 && !answer.is_busy()
        })
}

fn tells_no_time(node: &NodeId) -> Error {
    Error::Listing(format!(
        "DCS tells neither when the list of the node {node} was saved nor how the scan ended, so the list cannot be shown \
         to be new. A list that may be old is not used: an address in it may belong to another client by now."
    ))
}

fn not_new(node: &NodeId, last: Option<Error>) -> Error {
    let last = match last {
        Some(error) => format!(" The last answer was: {error}."),
        None => String::new(),
    };
    Error::Listing(format!(
        "DCS did not show a new list of the sessions of the node {node} within {} seconds after it was asked to collect \
         them. A list that may be old is not used: an address in it may belong to another client by now.{last}",
        NEW_WITHIN.as_secs()
    ))
}

#[cfg(test)]
mod tests;
