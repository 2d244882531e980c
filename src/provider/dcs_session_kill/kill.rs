//! Carrying out the kill: all sessions by a job, or chosen ones by their addresses, and keeping what is known.

use std::collections::{BTreeMap, HashSet};

use async_trait::async_trait;
use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};

use super::super::HwcProvider;
use super::super::arguments::moment;
use super::super::explain::{self, Report, count};
use super::super::session_kill::{self, LookingReports, Run, Terms};
use super::super::{dcs_sessions, select};
use crate::huaweicloud::dcs::{
    Dcs, InstanceId, Job, JobId, JobStatus, KILL_ADDRESSES, KillAccepted, NodeId, Target,
};
use crate::huaweicloud::error::{Error, Outcome};
use crate::plugin::Progress;
use crate::session::dcs::{Selector, Session, SessionId, also_killed};
use crate::session::guard::Choice;
use crate::session::{Selects, Verdict, ids};

/// Whose sessions.
pub(super) enum Subject {
    /// All of them.
    All(Target),
    /// Those that are chosen when the kill begins.
    Selected(Target, Box<Selector>),
    /// Those of these addresses.
    Addresses(NodeId, Vec<String>),
}

/// The arguments once they are all known and right.
pub struct Kill {
    pub(super) region: String,
    pub(super) instance: InstanceId,
    pub(super) subject: Subject,
    pub(super) terms: Terms,
    pub(super) wait: bool,
}

/// What is known afterwards. It goes into state whatever happens then. Sessions are shown by their addresses.
#[derive(Debug, Default)]
pub struct Proof {
    pub(super) job_id: Option<JobId>,
    pub(super) job_status: Option<String>,
    /// Those that were found to be killed; `None` when nobody looked.
    pub(super) matched: Option<Vec<String>>,
    /// How many matched and were left alone, carrying replication.
    pub(super) protected: Option<usize>,
    /// Those of `matched` that were gone at last.
    pub(super) killed: Option<Vec<String>>,
    /// Given addresses that no session had.
    pub(super) not_found: Option<Vec<String>>,
    /// Those of `matched` that were still there at last.
    pub(super) remaining: Option<Vec<String>>,
    pub(super) started_at: Value<String>,
    pub(super) finished_at: Value<String>,
    pub(super) request_id: Option<String>,
}

/// Everybody, also masters and replicas: what a kill of all sessions would hit.
struct Everybody;

impl Selects<Session> for Everybody {
    fn verdict(&self, _session: &Session) -> Verdict {
        Verdict::Chosen
    }
}

/// Given addresses, as something that can be looked for in a list.
struct Given<'a>(&'a HashSet<&'a str>);

impl Selects<Session> for Given<'_> {
    fn verdict(&self, session: &Session) -> Verdict {
        if self.0.contains(session.kill_address()) {
            Verdict::Chosen
        } else {
            Verdict::Passed
        }
    }
}

#[async_trait]
impl session_kill::Kill for Kill {
    type Proof = Proof;

    fn terms(&self) -> &Terms {
        &self.terms
    }

    async fn carry_out(
        &self,
        diags: &mut Diagnostics,
        provider: &HwcProvider,
        progress: &Progress,
    ) -> Option<Proof> {
        let run = Run::begin(self, diags, provider, progress)?;
        match &self.subject {
            Subject::All(target) if !self.terms.dry_run && self.terms.max_sessions.is_none() => {
                run.kill_all(diags, target).await
            }
            Subject::All(target) => {
                let choice = run.choose(diags, target, &Everybody).await?;
                if self.terms.dry_run {
                    return Some(run.rehearse(diags, &choice));
                }
                let mut proof = run.kill_all(diags, target).await?;
                proof.matched = Some(addresses(&choice.chosen));
                proof.protected = Some(choice.protected);
                Some(proof)
            }
            Subject::Selected(target, selector) => {
                let choice = run.choose(diags, target, selector.as_ref()).await?;
                if self.terms.dry_run {
                    return Some(run.rehearse(diags, &choice));
                }
                run.kill_chosen(diags, target, choice).await
            }
            Subject::Addresses(node, addresses) => {
                let target = Target::Node(node.clone());
                let given: HashSet<&str> = addresses.iter().map(String::as_str).collect();
                let choice = run.choose(diags, &target, &Given(&given)).await?;
                let found: HashSet<&str> =
                    (choice.chosen.iter()).map(Session::kill_address).collect();
                let not_found = ids::unique(addresses.iter().cloned())
                    .into_iter()
                    .filter(|address| !found.contains(address.as_str()))
                    .collect();
                let mut proof = if self.terms.dry_run {
                    run.rehearse(diags, &choice)
                } else {
                    run.kill_chosen(diags, &target, choice).await?
                };
                proof.not_found = Some(not_found);
                Some(proof)
            }
        }
    }
}

impl Kill {
    /// The argument that says which sessions are meant.
    fn described_in(&self) -> AttributePath {
        match self.subject {
            Subject::All(Target::AllNodes) => AttributePath::new("kill_all_nodes"),
            Subject::All(Target::Node(_)) => AttributePath::new("node_id"),
            Subject::Selected(..) => select::block_path(),
            Subject::Addresses(..) => AttributePath::new("client_addrs"),
        }
    }
}

impl Run<'_, Kill> {
    /// Kills all sessions, and follows the job to its end.
    async fn kill_all(&self, diags: &mut Diagnostics, target: &Target) -> Option<Proof> {
        let kill = self.kill;
        let sent_at = moment(self.client.clock().now());
        let dcs = Dcs::new(&self.client, &kill.region);
        let accepted = match dcs.kill_all(&kill.instance, target, &self.operation).await {
            Outcome::Accepted(accepted) => accepted,
            Outcome::Rejected(error) => {
                rejected(error).into_error(diags);
                return None;
            }
            Outcome::Unknown(error) => {
                let request_id = error.request_id().map(ToOwned::to_owned);
                unknown(target, error).into_error(diags);
                return Some(Proof {
                    started_at: sent_at,
                    request_id,
                    ..Proof::default()
                });
            }
        };

        let mut proof = Proof {
            job_id: accepted.job_id.clone(),
            started_at: sent_at,
            request_id: accepted.request_id.clone(),
            ..Proof::default()
        };
        self.progress.report(match &proof.job_id {
            Some(job_id) => format!("Accepted: the job {job_id} kills the sessions."),
            None => "Accepted, but the answer does not tell the job.".to_owned(),
        });
        warn_if_unreadable(diags, accepted);
        if let (true, Some(job_id)) = (kill.wait, proof.job_id.clone()) {
            self.follow(diags, &job_id, &mut proof).await;
        }
        Some(proof)
    }

    /// Lists the sessions and chooses among them. `None`: an error says why nobody may be killed.
    async fn choose(
        &self,
        diags: &mut Diagnostics,
        target: &Target,
        selector: &impl Selects<Session>,
    ) -> Option<Choice<Session>> {
        let sessions = match self.list(target).await {
            Ok(sessions) => sessions,
            Err(error) => {
                Report {
                    summary: "The sessions could not be listed, so none was killed".to_owned(),
                    ..rejected(error)
                }
                .into_error(diags);
                return None;
            }
        };
        let listed = sessions.iter().cloned();
        let choice = self.choose_among(diags, selector, listed, dcs_sessions::show)?;
        let others = also_killed(&choice.chosen, &sessions);
        if !others.is_empty() {
            shared_addresses(diags, &others);
            return None;
        }
        Some(choice)
    }

    async fn list(&self, target: &Target) -> Result<Vec<Session>, Error> {
        let kill = self.kill;
        dcs_sessions::list(
            &self.client,
            &kill.region,
            &kill.instance,
            target,
            &self.operation,
        )
        .await
    }

    /// What a dry run leaves: who would have been killed.
    fn rehearse(&self, diags: &mut Diagnostics, choice: &Choice<Session>) -> Proof {
        self.tell_rehearsal(diags, &choice.chosen, dcs_sessions::show);
        let matched = addresses(&choice.chosen);
        Proof {
            killed: Some(Vec::new()),
            remaining: Some(matched.clone()),
            matched: Some(matched),
            protected: Some(choice.protected),
            ..Proof::default()
        }
    }

    /// Kills those that were chosen, node by node, and looks until they are gone.
    async fn kill_chosen(
        &self,
        diags: &mut Diagnostics,
        target: &Target,
        choice: Choice<Session>,
    ) -> Option<Proof> {
        self.tell_matched(&choice, "masters and replicas");
        let chosen = choice.chosen;
        let matched = addresses(&chosen);
        let mut proof = Proof {
            matched: Some(matched),
            protected: Some(choice.protected),
            ..Proof::default()
        };
        if chosen.is_empty() {
            select::nothing_matched(diags, self.kill.described_in(), choice.protected);
            proof.killed = Some(Vec::new());
            proof.remaining = Some(Vec::new());
            return Some(proof);
        }

        proof.started_at = moment(self.client.clock().now());
        let failure = self.send(&chosen, &mut proof).await;
        if let Some(Failure {
            error,
            unknown: 0,
            sent: 0,
        }) = failure
        {
            rejected(error).into_error(diags);
            return None;
        }
        // What was not sent is still there, and what is unknown is found out by looking.
        let sent = failure
            .as_ref()
            .map_or(chosen.len(), |failure| failure.reached());
        let left = self
            .see_them_gone(diags, &chosen[..sent], || self.list(target), &LOOKING)
            .await;
        if let Some(failure) = failure {
            failure
                .explain(chosen.len(), left.as_deref())
                .into_error(diags);
        }
        if let Some(left) = left {
            let left: HashSet<&SessionId> = left.iter().collect();
            let (remaining, killed): (Vec<_>, Vec<_>) = chosen
                .iter()
                .enumerate()
                .partition(|(place, session)| *place >= sent || left.contains(&session.id));
            let shown = |list: Vec<(usize, &Session)>| -> Vec<String> {
                list.iter()
                    .map(|(_, session)| session.kill_address().to_owned())
                    .collect()
            };
            self.progress.report(format!(
                "Done: killed {}, remaining {}.",
                killed.len(),
                remaining.len()
            ));
            proof.killed = Some(shown(killed));
            proof.remaining = Some(shown(remaining));
            proof.finished_at = moment(self.client.clock().now());
        }
        Some(proof)
    }

    /// Sends the addresses of the chosen sessions, which are sorted by node, in batches. What went wrong, if anything.
    async fn send(&self, chosen: &[Session], proof: &mut Proof) -> Option<Failure> {
        let kill = self.kill;
        let dcs = Dcs::new(&self.client, &kill.region);
        let mut by_node: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for session in chosen {
            let of_node = by_node.entry(&session.id.node_id).or_default();
            of_node.push(session.kill_address().to_owned());
        }

        let mut sent = 0;
        for (node, addresses) in by_node {
            let node = match node.parse::<NodeId>() {
                Ok(node) => node,
                // It was parsed when it was listed.
                Err(reason) => {
                    let error = Error::Listing(format!("node {node:?}: {reason}"));
                    return Some(Failure {
                        error,
                        unknown: 0,
                        sent,
                    });
                }
            };
            for batch in addresses.chunks(KILL_ADDRESSES) {
                let (error, unknown) = match dcs
                    .kill(&kill.instance, &node, batch, &self.operation)
                    .await
                {
                    Outcome::Accepted(request_id) => {
                        proof.request_id = request_id;
                        sent += batch.len();
                        continue;
                    }
                    Outcome::Rejected(error) => (error, 0),
                    Outcome::Unknown(error) => (error, batch.len()),
                };
                return Some(Failure {
                    error,
                    unknown,
                    sent,
                });
            }
        }
        None
    }

    /// Follows the job, and writes down how it ended.
    async fn follow(&self, diags: &mut Diagnostics, job_id: &JobId, proof: &mut Proof) {
        let clock = self.client.clock();
        let started = clock.instant();
        let seconds = || clock.instant().saturating_duration_since(started).as_secs();

        let mut last_seen = None;
        let ended = Dcs::new(&self.client, &self.kill.region)
            .wait_for_job(job_id, &self.operation, |job| {
                let status = job.status.as_str();
                self.progress.report(format!(
                    "The job {job_id} is still running after {} seconds ({status}).",
                    seconds()
                ));
                last_seen = Some(status.to_owned());
            })
            .await;
        match ended {
            Ok(job) => {
                proof.job_status = Some(job.status.as_str().to_owned());
                if let Some(began) = job.begin_time {
                    proof.started_at = moment(began);
                }
                proof.finished_at = job.end_time.map_or(Value::Null, moment);
                if matches!(job.status, JobStatus::Fail(_)) {
                    job_failed(diags, job_id, &job);
                } else {
                    self.progress.report(format!(
                        "Done: the job {job_id} ended with {} after {} seconds.",
                        job.status.as_str(),
                        seconds()
                    ));
                }
            }
            Err(error) => {
                not_seen_to_end(job_id, last_seen.as_deref(), error).into_error(diags);
                proof.job_status = last_seen;
            }
        }
    }
}

fn rejected(error: Error) -> Report {
    Report {
        summary: match error.api().and_then(|answer| answer.code.as_deref()) {
            Some(code) => format!("The sessions were not killed: {code}"),
            None => "The sessions were not killed".to_owned(),
        },
        meaning: "No session was killed, and nothing went into state.".to_owned(),
        error,
        next: None,
    }
}

fn unknown(target: &Target, error: Error) -> Report {
    let whose = match target {
        Target::AllNodes => "of all nodes of the instance".to_owned(),
        Target::Node(node) => format!("of the node {node}"),
    };
    Report {
        summary: "It is unknown whether the sessions were killed".to_owned(),
        meaning: format!(
            "The request to kill the sessions {whose} was sent, but its answer was lost. The kill may have happened. It \
             was not sent again, since that would hit clients that have reconnected."
        ),
        error,
        next: Some(
            "What to check: the instance's task list (console: DCS, Background Tasks) shows a task that kills sessions \
             if the request arrived; the age of the node's sessions shows the same.\n\n\
             How to proceed: the resource is in state, marked as tainted. If the sessions were killed, run `terraform \
             untaint` on it. If they were not, apply again: that sends a new kill."
                .to_owned(),
        ),
    }
}

fn not_seen_to_end(job_id: &JobId, last_seen: Option<&str>, error: Error) -> Report {
    let why = match &error {
        Error::DeadlineExceeded { .. } => "had not ended when the create time-out was reached",
        Error::Stopped { .. } => "had not ended when the run was stopped",
        _ => "could not be followed to its end",
    };
    Report {
        summary: format!("The job {job_id} {why}"),
        meaning: format!(
            "DCS accepted the kill as the job {job_id}{}. The job may still be running, and it may still kill \
             sessions. Its id is in state.",
            last_seen
                .map(|status| format!(", whose status was {status} when it was last looked at"))
                .unwrap_or_default()
        ),
        error,
        next: Some(
            "How to proceed: the resource is in state, marked as tainted. Look at the job in the console (DCS, \
             Background Tasks). If it succeeded, run `terraform untaint` on the resource. Applying again sends a new \
             kill."
                .to_owned(),
        ),
    }
}

fn job_failed(diags: &mut Diagnostics, job_id: &JobId, job: &Job) {
    explain::error(
        diags,
        AttributePath::root(),
        format!("The job {job_id} failed"),
        format!(
            "DCS accepted the kill as the job {job_id}, but the job ended with FAIL{}. Some sessions may have been \
             killed before it failed.\n\nHow to proceed: the resource is in state with its job_id, marked as tainted. \
             Applying again sends a new kill.",
            job.fail_reason
                .as_ref()
                .map(|reason| format!(": {reason}"))
                .unwrap_or_else(|| " and gave no reason".to_owned())
        ),
    );
}

fn warn_if_unreadable(diags: &mut Diagnostics, accepted: KillAccepted) {
    let Some(error) = accepted.unreadable else {
        return;
    };
    Report {
        summary: "The kill was accepted, but its answer could not be read".to_owned(),
        meaning: match accepted.job_id {
            Some(job_id) => format!(
                "The answer is not JSON, but it shows the job id {job_id} the way the API document's own sample does. \
                 The job is in state."
            ),
            None => "DCS accepted the kill and will run it as a job, but the job's id is not known, so it cannot be \
                     followed: job_id and job_status are null in state."
                .to_owned(),
        },
        error,
        next: None,
    }
    .into_warning(diags);
}

/// Why not all chosen sessions were sent.
struct Failure {
    error: Error,
    /// How many sessions were in a request that may have arrived; zero when it certainly did nothing.
    unknown: usize,
    /// How many sessions were in the requests that were accepted before.
    sent: usize,
}

impl Failure {
    /// How many of the chosen sessions may have been killed.
    fn reached(&self) -> usize {
        self.sent + self.unknown
    }

    fn explain(self, chosen: usize, left: Option<&[SessionId]>) -> Report {
        let unsent = chosen.saturating_sub(self.reached());
        let seen = match left {
            Some(left) => format!(
                "Looking again showed {} of those that were sent still there; killed and remaining in state say which.",
                left.len()
            ),
            None => "The sessions could not be listed afterwards, so killed and remaining are null in state.".to_owned(),
        };
        let summary = if self.unknown > 0 && left.is_none() {
            "It is unknown whether the sessions were killed"
        } else {
            "Not all chosen sessions were killed for certain"
        };
        Report {
            summary: summary.to_owned(),
            meaning: format!(
                "{} were sent and accepted before a request {}; {unsent} were not sent. {seen}",
                self.sent,
                if self.unknown > 0 {
                    "whose answer was lost"
                } else {
                    "that was refused"
                }
            ),
            error: self.error,
            next: Some(
                "How to proceed: the resource is in state, marked as tainted. Applying again chooses among the sessions \
                 that are there then. If nothing is left to do, run `terraform untaint` on it."
                    .to_owned(),
            ),
        }
    }
}

/// The addresses by which sessions are killed, in their order.
fn addresses(sessions: &[Session]) -> Vec<String> {
    (sessions.iter())
        .map(|session| session.kill_address().to_owned())
        .collect()
}

/// A kill names addresses, and some sessions that were not chosen have the same.
fn shared_addresses(diags: &mut Diagnostics, others: &[&Session]) {
    explain::error(
        diags,
        select::block_path(),
        "Sessions that were not chosen have the same address",
        format!(
            "DCS kills chosen sessions by their addresses, and {} not chosen would be killed too. No session was killed, \
             and nothing went into state. The first of them:\n\n{}",
            count(others.len(), "session"),
            explain::lines(others, |session| dcs_sessions::show(session))
        ),
    );
}

/// What is said when looking again did not show that the sessions are gone.
const LOOKING: LookingReports<SessionId> = LookingReports {
    still_there,
    not_seen,
};

fn still_there(error: Error, left: &[SessionId]) -> Report {
    Report {
        summary: format!("{} still there", count(left.len(), "killed session")),
        meaning: "The kill was accepted, but the sessions are still listed. They are in the attribute remaining.".to_owned(),
        error,
        next: None,
    }
}

fn not_seen(error: Error) -> Report {
    Report {
        summary: "It was not seen whether the killed sessions are gone".to_owned(),
        meaning: "The kill was sent, but the sessions could not be listed afterwards.".to_owned(),
        error,
        next: Some("Look at the node's sessions in the console.".to_owned()),
    }
}
