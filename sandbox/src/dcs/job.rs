//! Jobs: the asynchronous part of a kill. An instance runs one at a time.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use serde::Serialize;
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::lock;

/// A job as `GET …/jobs/{job_id}` shows it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Job {
    pub job_id: String,
    pub job_type: &'static str,
    pub status: Status,
    /// Milliseconds since the epoch, as a string.
    pub begin_time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fail_reason: Option<String>,
}

/// Where a job stands; `SUCCESS` and `FAIL` are its ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Status {
    Running,
    Success,
    Fail,
}

/// All jobs since the start, and which instances are busy.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    by_id: Mutex<HashMap<String, Job>>,
    busy: Mutex<HashMap<String, BusyWith>>,
}

#[derive(Debug)]
enum BusyWith {
    /// A job of the sandbox.
    Job,
    /// Another task, made up by an option, until then.
    Another(Instant),
}

impl Jobs {
    /// Makes an instance busy with another task.
    pub fn make_busy(&self, instance_id: &str, duration: Duration) {
        let until = BusyWith::Another(Instant::now() + duration);
        lock(&self.busy).insert(instance_id.to_owned(), until);
    }

    pub fn is_busy(&self, instance_id: &str) -> bool {
        match lock(&self.busy).get(instance_id) {
            None => false,
            Some(BusyWith::Job) => true,
            Some(BusyWith::Another(until)) => Instant::now() < *until,
        }
    }

    /// Starts a job on the instance; `None` when it is busy.
    pub fn begin(&self, instance_id: &str) -> Option<Job> {
        let mut busy = lock(&self.busy);
        let is_free = match busy.get(instance_id) {
            None => true,
            Some(BusyWith::Job) => false,
            Some(BusyWith::Another(until)) => Instant::now() >= *until,
        };
        if !is_free {
            return None;
        }
        busy.insert(instance_id.to_owned(), BusyWith::Job);
        let job = Job {
            job_id: uuid::Uuid::new_v4().simple().to_string(),
            job_type: "killAllClientsJob",
            status: Status::Running,
            begin_time: milliseconds_now(),
            end_time: None,
            fail_reason: None,
        };
        lock(&self.by_id).insert(job.job_id.clone(), job.clone());
        Some(job)
    }

    /// Ends a job, with the reason when it failed, and frees its instance.
    pub fn end(&self, job_id: &str, instance_id: &str, result: Result<(), String>) {
        if let Some(job) = lock(&self.by_id).get_mut(job_id) {
            job.end_time = Some(milliseconds_now());
            job.status = if result.is_ok() {
                Status::Success
            } else {
                Status::Fail
            };
            job.fail_reason = result.err();
        }
        lock(&self.busy).remove(instance_id);
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
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    #[test]
    fn an_instance_runs_one_job_at_a_time() {
        let jobs = Jobs::default();
        let first = jobs.begin("i").unwrap();
        assert!(jobs.is_busy("i"));
        assert!(jobs.begin("i").is_none());
        assert!(jobs.begin("another").is_some());

        jobs.end(&first.job_id, "i", Err("node down".to_owned()));
        let ended = jobs.get(&first.job_id).unwrap();
        assert_eq!(
            (ended.status, ended.fail_reason.as_deref()),
            (Status::Fail, Some("node down"))
        );
        assert!(ended.end_time.unwrap() >= ended.begin_time);
        assert!(jobs.begin("i").is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn another_task_ends_by_itself() {
        let jobs = Jobs::default();
        jobs.make_busy("i", Duration::from_secs(30));
        assert!(jobs.begin("i").is_none());
        tokio::time::advance(Duration::from_secs(30)).await;
        assert!(!jobs.is_busy("i"));
        assert!(jobs.begin("i").is_some());
    }
}
