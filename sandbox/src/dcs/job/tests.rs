#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::time::Duration;

use super::*;
use crate::dcs::refusal::REFUSALS;

#[test]
fn an_instance_runs_one_kill_at_a_time() {
    let jobs = Jobs::default();
    let first = jobs.begin_kill("i").unwrap();
    assert_eq!(first.status, Status::Init);
    assert_eq!(jobs.obstacle("i"), Some(TASK_RUNS));
    assert_eq!(jobs.begin_kill("i").unwrap_err(), TASK_RUNS);
    assert!(jobs.begin_kill("another").is_ok());

    jobs.run(&first.job_id);
    assert_eq!(jobs.get(&first.job_id).unwrap().status, Status::Running);
    jobs.end(&first.job_id, "i", Err("node down".to_owned()));
    let ended = jobs.get(&first.job_id).unwrap();
    assert_eq!(
        (ended.status, ended.fail_reason.as_deref()),
        (Status::Fail, Some("node down"))
    );
    assert!(ended.end_time.unwrap() >= ended.begin_time);
    assert!(jobs.begin_kill("i").is_ok());
}

#[test]
fn kills_wait_for_scans_and_scans_for_nobody() {
    let jobs = Jobs::default();
    let (first, second) = (jobs.begin_scan("i"), jobs.begin_scan("i"));
    jobs.end(&first.job_id, "i", Ok(()));
    assert_eq!(jobs.begin_kill("i").unwrap_err(), TASK_STATE);

    jobs.end(&second.job_id, "i", Ok(()));
    let kill = jobs.begin_kill("i").unwrap();
    jobs.begin_scan("i");
    assert_eq!(jobs.obstacle("i"), Some(TASK_RUNS));
    jobs.end(&kill.job_id, "i", Ok(()));
    assert_eq!(jobs.obstacle("i"), Some(TASK_STATE));
}

#[tokio::test(start_paused = true)]
async fn another_task_ends_by_itself() {
    let jobs = Jobs::default();
    let mut refusals = REFUSALS.iter();
    let refusal = *refusals.find(|known| known.code == "DCS.4113").unwrap();
    jobs.busy.begin("i", Duration::from_secs(30), refusal);
    assert_eq!(jobs.begin_kill("i").unwrap_err(), refusal);
    tokio::time::advance(Duration::from_secs(30)).await;
    assert_eq!(jobs.obstacle("i"), None);
    assert!(jobs.begin_kill("i").is_ok());
}
