//! Jobs: the asynchronous part of a kill or a scan. An instance runs one kill at a time, and none while a scan runs.

use std::{collections::HashMap, sync::Mutex};

use serde::Serialize;
use time::OffsetDateTime;

use super::refusal::{TASK_RUNS, TASK_STATE};
use crate::{
    busy::{BusyInstances, Refusal},
    lock::lock,
};

/// A job as `GET …/jobs/{job_id}` shows it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Job {
    pub job_id: String,
    pub job_type: Kind,
    pub status: Status,
    /// Milliseconds since the epoch, as a string.
    pub begin_time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<String>,
    /// Null unless it failed.
    pub fail_reason: Option<String>,
}

/// What a job does. No document names the words of these two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum Kind {
    #[serde(rename = "killAllClientsJob")]
    KillAll,
    #[serde(rename = "scanClientsJob")]
    Scan,
}

/// Where a job stands; `SUCCESS` and `FAIL` are its ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Status {
    Init,
    Running,
    Success,
    Fail,
}

/// All jobs since the start, and what each instance is doing.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    by_id: Mutex<HashMap<String, Job>>,
    doing: Mutex<HashMap<String, Doing>>,
    /// Other tasks, made up by an option.
    pub busy: BusyInstances,
}

/// The jobs that an instance is doing.
#[derive(Debug, Default)]
struct Doing {
    kills: bool,
    scans: usize,
}

impl Doing {
    /// Why a kill is refused now.
    fn obstacle(&self) -> Option<Refusal> {
        match self {
            Self { kills: true, .. } => Some(TASK_RUNS),
            Self { scans: 1.., .. } => Some(TASK_STATE),
            _ => None,
        }
    }
}

impl Jobs {
    /// Why the instance refuses a kill now.
    pub fn obstacle(&self, instance_id: &str) -> Option<Refusal> {
        let doing = || lock(&self.doing).get(instance_id)?.obstacle();
        self.busy.refusal(instance_id).or_else(doing)
    }

    /// Starts a kill on the instance, unless it refuses.
    pub fn begin_kill(&self, instance_id: &str) -> Result<Job, Refusal> {
        let mut doing = lock(&self.doing);
        let doing = doing.entry(instance_id.to_owned()).or_default();
        let busy = self.busy.refusal(instance_id);
        if let Some(refusal) = busy.or_else(|| doing.obstacle()) {
            return Err(refusal);
        }
        doing.kills = true;
        Ok(self.add(Kind::KillAll))
    }

    /// Starts a scan on the instance. Scans go on beside each other and beside other tasks, as no document says that
    /// they do not.
    pub fn begin_scan(&self, instance_id: &str) -> Job {
        let mut doing = lock(&self.doing);
        doing.entry(instance_id.to_owned()).or_default().scans += 1;
        self.add(Kind::Scan)
    }

    fn add(&self, kind: Kind) -> Job {
        let job = Job {
            job_id: uuid::Uuid::new_v4().to_string(),
            job_type: kind,
            status: Status::Init,
            begin_time: milliseconds_now(),
            end_time: None,
            fail_reason: None,
        };
        lock(&self.by_id).insert(job.job_id.clone(), job.clone());
        job
    }

    /// The job has left its queue.
    pub fn run(&self, job_id: &str) {
        if let Some(job) = lock(&self.by_id).get_mut(job_id) {
            job.status = Status::Running;
        }
    }

    /// Ends a job, with the reason when it failed, and frees its instance.
    pub fn end(&self, job_id: &str, instance_id: &str, result: Result<(), String>) {
        let mut doing = lock(&self.doing);
        let mut by_id = lock(&self.by_id);
        let Some(job) = by_id.get_mut(job_id) else {
            return;
        };
        job.end_time = Some(milliseconds_now());
        job.status = if result.is_ok() {
            Status::Success
        } else {
            Status::Fail
        };
        job.fail_reason = result.err();
        let doing = doing.entry(instance_id.to_owned()).or_default();
        match job.job_type {
            Kind::KillAll => doing.kills = false,
            Kind::Scan => doing.scans = doing.scans.saturating_sub(1),
        }
    }

    pub fn get(&self, job_id: &str) -> Option<Job> {
        lock(&self.by_id).get(job_id).cloned()
    }

    /// Every job, the oldest first.
    pub fn all(&self) -> Vec<Job> {
        let mut jobs: Vec<Job> = lock(&self.by_id).values().cloned().collect();
        jobs.sort_by(|a, b| (&a.begin_time, &a.job_id).cmp(&(&b.begin_time, &b.job_id)));
        jobs
    }
}

fn milliseconds_now() -> String {
    (OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000).to_string()
}

#[cfg(test)]
mod tests;
