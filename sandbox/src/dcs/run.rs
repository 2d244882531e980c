//! The run of a job beside the call that began it.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;

use super::state::Dcs;
use crate::faults::JobFault;

/// A job that has begun.
pub(super) struct Run {
    pub job_id: String,
    pub instance_id: String,
    pub duration: Duration,
    /// How it ends because of a fault rule, and the reason that it gives.
    pub fault: Option<(JobFault, Option<String>)>,
}

impl Run {
    /// Sees the job to its end: it leaves its queue after a quarter of its time, and does its work half-way. What comes of
    /// the work shows at the end. A sandbox that stops leaves the job running, as nobody can ask any more.
    pub async fn see_through<T>(
        self,
        dcs: Arc<Dcs>,
        work: impl Future<Output = Result<T, String>>,
        at_end: impl FnOnce(T),
    ) {
        let quarter = self.duration / 4;
        let cleared = dcs.cloud.faults.until_cleared();
        let run = async {
            sleep(quarter).await;
            dcs.jobs.run(&self.job_id);
            match self.fault {
                None => {
                    sleep(quarter).await;
                    let done = work.await?;
                    sleep(quarter * 2).await;
                    at_end(done);
                    Ok(())
                }
                Some((JobFault::Fail, reason)) => {
                    sleep(quarter * 3).await;
                    Err(reason.unwrap_or_else(|| "The job failed.".to_owned()))
                }
                Some((JobFault::Never, _)) => {
                    cleared.await;
                    Err("The job was given up.".to_owned())
                }
            }
        };
        if let Some(result) = dcs.cloud.stop.run_until_cancelled(run).await {
            dcs.jobs.end(&self.job_id, &self.instance_id, result);
        }
    }
}
