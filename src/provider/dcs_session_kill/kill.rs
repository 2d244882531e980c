//! Carrying out the kill: all sessions by a job, or chosen ones by their addresses, and keeping what is known.

mod settle;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use async_trait::async_trait;
use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};
use tokio::time::Instant;

use super::super::HwcProvider;
use super::super::arguments::moment;
use super::super::explain::{self, Report};
use super::super::session_kill::chosen::{
    Answered, Chosen, Fates, Killed, Selection, Words, code, rejected,
};
use super::super::session_kill::proof::{self, Count};
use super::super::session_kill::{self, Run, Terms};
use super::super::{dcs_sessions, select};
use crate::huaweicloud::client::Client;
use crate::huaweicloud::dcs::list::SessionNodes;
use crate::huaweicloud::dcs::{
    Dcs, InstanceId, Job, JobId, JobStatus, KILL_ADDRESSES, KillAccepted, NodeId,
    SMALL_KILL_ADDRESSES, Target,
};
use crate::huaweicloud::error::{Error, Outcome};
use crate::huaweicloud::operation::Operation;
use crate::plugin::{Progress, record};
use crate::session::dcs::{Selector, Session, SessionId, also_killed};
use crate::session::guard::FIRST_SHOWN;
use crate::session::{Selects, Verdict, ids};

/// Where a person can look. The documents do not say that the list of background tasks has kills in it.
const LOOK: &str = "Look at the sessions of the node in the console: their age tells whether they are from before the kill.";

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
    /// Given addresses that no session had, and addresses of chosen sessions that had left when their turn came.
    pub(super) not_found: Option<Vec<String>>,
    /// Those of `matched` that were still there at last.
    pub(super) remaining: Option<Vec<String>>,
    /// How many there are in each list, also where the list shows only the first of them.
    pub(super) matched_count: Count,
    pub(super) killed_count: Count,
    pub(super) remaining_count: Count,
    /// When DCS collected the sessions of each node that was looked at.
    pub(super) listed_at: Option<BTreeMap<String, String>>,
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
struct Listed<'a>(&'a HashSet<&'a str>);

impl Selects<Session> for Listed<'_> {
    fn verdict(&self, session: &Session) -> Verdict {
        if !session.odd && self.0.contains(session.kill_address()) {
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
                run.kill_all(diags, target, None).await
            }
            Subject::All(target) => {
                let selection = run.choose_everybody(diags).await?;
                if self.terms.dry_run {
                    return Some(run.rehearse(diags, &selection));
                }
                run.kill_all(diags, target, Some(selection)).await
            }
            Subject::Selected(_, selector) => {
                let selection = run.choose(diags, selector.as_ref()).await?;
                run.hint_at_inner_addresses(diags, selector, &selection);
                if self.terms.dry_run {
                    return Some(run.rehearse(diags, &selection));
                }
                let mut proof = run
                    .kill_selected(diags, selector.as_ref(), &selection)
                    .await?;
                run.bound(diags, &mut proof);
                Some(proof)
            }
            Subject::Addresses(_, addresses) => {
                let given: HashSet<&str> = addresses.iter().map(String::as_str).collect();
                let selection = run.choose(diags, &Listed(&given)).await?;
                let chosen = &selection.choice.chosen;
                let found: HashSet<&str> = chosen.iter().map(Session::kill_address).collect();
                let not_found: Vec<String> = ids::unique(addresses.iter().cloned())
                    .into_iter()
                    .filter(|address| !found.contains(address.as_str()))
                    .collect();
                let mut proof = if self.terms.dry_run {
                    run.rehearse(diags, &selection)
                } else {
                    run.kill_selected(diags, &Listed(&given), &selection)
                        .await?
                };
                if !not_found.is_empty() {
                    may_be_of_unreadable(diags, &not_found, selection.odd + selection.unreadable);
                }
                let left = proof.not_found.take().unwrap_or_default();
                proof.not_found = Some(ids::unique(not_found.into_iter().chain(left)));
                Some(proof)
            }
        }
    }
}

/// What names a session in a request: its node and its address.
#[derive(Clone, Debug)]
pub(in crate::provider) struct Addressed {
    id: SessionId,
    address: String,
}

#[async_trait]
impl Chosen for Kill {
    type Session = Session;
    type Entry = Addressed;

    const WORDS: Words = Words {
        service: "DCS",
        session: "session",
        lingers: "",
        look: LOOK,
    };
    const BATCH: usize = KILL_ADDRESSES;
    const SMALL_BATCH: usize = SMALL_KILL_ADDRESSES;

    fn entry(session: &Session) -> Addressed {
        Addressed {
            id: session.id.clone(),
            address: session.kill_address().to_owned(),
        }
    }

    fn id(entry: &Addressed) -> SessionId {
        entry.id.clone()
    }

    fn node(id: &SessionId) -> Option<&str> {
        Some(&id.node_id)
    }

    fn name(entry: &Addressed) -> Option<String> {
        Some(format!("{} {}", entry.id.node_id, entry.address))
    }

    fn is_odd(session: &Session) -> bool {
        session.odd
    }

    fn kills_everybody(&self) -> bool {
        matches!(self.subject, Subject::All(_))
    }

    fn show(session: &Session) -> String {
        dcs_sessions::show(session)
    }

    fn also_killed<'s>(chosen: &[Session], listed: &'s [Session]) -> Vec<&'s Session> {
        also_killed(chosen, listed)
    }

    fn only_inner_addresses(listed: &[Session]) -> bool {
        !listed.is_empty() && listed.iter().all(Session::has_inner_address)
    }

    fn described_in(&self) -> AttributePath {
        match self.subject {
            Subject::All(Target::AllNodes) => AttributePath::new("kill_all_nodes"),
            Subject::All(Target::Node(_)) => AttributePath::new("node_id"),
            Subject::Selected(..) => select::block_path(),
            Subject::Addresses(..) => AttributePath::new("client_addrs"),
        }
    }

    async fn list(
        &self,
        client: &Client,
        nodes: Option<&BTreeSet<String>>,
        seen: &BTreeMap<String, String>,
        operation: &Operation,
    ) -> Result<select::Listing<Session>, Error> {
        let (region, instance) = (&self.region, &self.instance);
        match nodes {
            None => {
                let target = self.target();
                dcs_sessions::list(client, region, instance, &target, seen, operation).await
            }
            Some(nodes) => {
                let nodes = SessionNodes {
                    active: nodes.iter().cloned().collect(),
                    passed_over: Vec::new(),
                };
                dcs_sessions::list_nodes(client, region, instance, nodes, seen, operation).await
            }
        }
    }

    async fn send(
        &self,
        client: &Client,
        batch: &[Addressed],
        leave_before: Option<Instant>,
        operation: &Operation,
    ) -> Outcome<Answered<Self>> {
        let Some(first) = batch.first() else {
            return Outcome::Rejected(Error::Listing("There is nobody to kill.".to_owned()));
        };
        let node = match first.id.node_id.parse::<NodeId>() {
            Ok(node) => node,
            // It was parsed when it was listed.
            Err(reason) => {
                let node = &first.id.node_id;
                return Outcome::Rejected(Error::Listing(format!("node {node:?}: {reason}.")));
            }
        };
        let addresses = ids::unique(batch.iter().map(|entry| entry.address.clone()));
        Dcs::new(client, &self.region)
            .kill(&self.instance, &node, &addresses, leave_before, operation)
            .await
            .map(|request_id| Answered {
                request_id,
                fates: Fates::NotTold,
            })
    }
}

impl Kill {
    /// On which nodes the sessions are.
    fn target(&self) -> Target {
        match &self.subject {
            Subject::All(target) | Subject::Selected(target, _) => target.clone(),
            Subject::Addresses(node, _) => Target::Node(node.clone()),
        }
    }
}

impl Proof {
    /// Keeps at most so many sessions in detail that state stays small.
    fn bound(&mut self, diags: &mut Diagnostics) {
        proof::bound(
            diags,
            self.remaining
                .iter()
                .chain(&self.not_found)
                .flatten()
                .cloned()
                .collect(),
            self.killed.clone().unwrap_or_default(),
            [
                &mut self.matched,
                &mut self.killed,
                &mut self.remaining,
                &mut self.not_found,
            ],
        );
    }

    /// Counts what the lists have, before they are bounded.
    fn counted(mut self) -> Self {
        self.matched_count = Count::of(&self.matched);
        self.killed_count = Count::of(&self.killed);
        self.remaining_count = Count::of(&self.remaining);
        self
    }
}

impl Run<'_, Kill> {
    /// An action keeps nothing, so that nothing has to be bounded.
    fn bound(&self, diags: &mut Diagnostics, proof: &mut Proof) {
        if !self.progress.is_heard() {
            proof.bound(diags);
        }
    }

    /// Lists everybody, and refuses when there are more than may be killed; rows that cannot be read count too. Sessions of
    /// nodes that are not active cannot be counted, and a kill of all nodes may end them: then no cap holds.
    async fn choose_everybody(&self, diags: &mut Diagnostics) -> Option<Selection<Session>> {
        let selection = self.choose(diags, &Everybody).await?;
        let Terms {
            max_sessions,
            dry_run,
            ..
        } = self.kill.terms;
        if !selection.passed_over.is_empty() {
            not_counted(diags, &selection.passed_over, max_sessions, dry_run);
            if max_sessions.is_some() && !dry_run {
                return None;
            }
        }
        let number = selection.choice.chosen.len() + selection.unreadable;
        match max_sessions {
            Some(max) if number > max && !dry_run => {
                let first = selection.choice.chosen.iter().take(FIRST_SHOWN);
                let first: Vec<String> = first.map(dcs_sessions::show).collect();
                select::too_many(diags, number, max, &first);
                None
            }
            // Those that can be read alone are counted above.
            Some(max) if number > max && selection.choice.chosen.len() <= max => {
                select::would_be_too_many(diags, number, max);
                Some(selection)
            }
            _ => Some(selection),
        }
    }

    /// Kills all sessions, and follows the job to its end. With a cap, `selection` is who was counted: when the kill has to
    /// wait until that is old, they are counted again.
    async fn kill_all(
        &self,
        diags: &mut Diagnostics,
        target: &Target,
        mut selection: Option<Selection<Session>>,
    ) -> Option<Proof> {
        let kill = self.kill;
        let dcs = Dcs::new(&self.client, &kill.region);
        loop {
            let leave_before = (selection.as_ref()).map(|selection| selection.age.counts_until());
            let outcome = dcs
                .kill_all(&kill.instance, target, leave_before, &self.operation)
                .await;
            let sent_at = self.left_at();
            let mut proof = match outcome {
                Outcome::Rejected(Error::TooLate) if selection.is_some() => {
                    self.progress.report(
                        "The kill had to wait, so the sessions are counted again before it is sent."
                            .to_owned(),
                    );
                    // What the first count warned of is said already.
                    let mut again = Diagnostics::default();
                    let counted = self.choose_everybody(&mut again).await;
                    diags.errors.extend(again.errors);
                    selection = Some(counted?);
                    continue;
                }
                Outcome::Rejected(error) => {
                    let summary = format!("The sessions were not killed{}", code(&error));
                    rejected::<Kill>(error, summary).into_error(diags);
                    return None;
                }
                Outcome::Unknown(error) => Proof {
                    request_id: error.request_id().map(ToOwned::to_owned),
                    started_at: sent_at,
                    finished_at: {
                        let counted = selection.iter().flat_map(|selection| selection.age.nodes());
                        let counted = counted.cloned().collect();
                        self.settle(diags, target, counted, error).await
                    },
                    ..Proof::default()
                },
                Outcome::Accepted(accepted) => self.accepted(diags, accepted, sent_at).await,
            };
            if let Some(selection) = selection {
                proof.matched = Some(addresses(&selection.choice.chosen));
                proof.protected = Some(selection.choice.protected);
                proof.listed_at = Some(selection.saved_at);
                proof = proof.counted();
                self.bound(diags, &mut proof);
            }
            return Some(proof);
        }
    }

    /// Follows the job of a kill that was accepted.
    async fn accepted(
        &self,
        diags: &mut Diagnostics,
        accepted: KillAccepted,
        sent_at: Value<String>,
    ) -> Proof {
        // Whatever happens from here on, these are known.
        record("started_at", &sent_at);
        record("request_id", &accepted.request_id);
        record("job_id", &accepted.job_id);
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
        self.warn_if_unreadable(diags, accepted);
        if let (true, Some(job_id)) = (self.kill.wait, proof.job_id.clone()) {
            self.follow(diags, &job_id, &mut proof).await;
        }
        proof
    }

    /// What a dry run leaves: who would have been killed.
    fn rehearse(&self, diags: &mut Diagnostics, selection: &Selection<Session>) -> Proof {
        let choice = &selection.choice;
        self.tell_rehearsal(diags, &choice.chosen, dcs_sessions::show);
        let matched = addresses(&choice.chosen);
        let mut proof = Proof {
            killed: Some(Vec::new()),
            remaining: Some(matched.clone()),
            matched: Some(matched),
            protected: Some(choice.protected),
            listed_at: Some(selection.saved_at.clone()),
            ..Proof::default()
        }
        .counted();
        if !matches!(self.kill.subject, Subject::Addresses(..)) {
            self.bound(diags, &mut proof);
        }
        proof
    }

    /// Kills those that were chosen, node by node, and looks until they are gone.
    async fn kill_selected(
        &self,
        diags: &mut Diagnostics,
        selector: &(dyn Selects<Session> + Sync),
        selection: &Selection<Session>,
    ) -> Option<Proof> {
        let choice = &selection.choice;
        self.tell_matched(choice, "masters and replicas");
        let killed = self.kill_chosen(diags, selector, selection).await?;
        let finished_at = match (&killed.left, choice.chosen.as_slice()) {
            (Some(_), [_, ..]) => moment(self.client.clock().now()),
            _ => Value::Null,
        };
        let address_of: HashMap<&SessionId, &str> = (choice.chosen.iter())
            .map(|session| (&session.id, session.kill_address()))
            .collect();
        let shown = |ids: Vec<SessionId>| -> Vec<String> {
            let ids = ids.iter().filter_map(|id| address_of.get(id));
            ids.map(|address| (*address).to_owned()).collect()
        };
        let Killed {
            report, request_id, ..
        } = &killed;
        let proof = Proof {
            matched: Some(addresses(&choice.chosen)),
            protected: Some(choice.protected),
            not_found: (!report.gone.is_empty()).then(|| shown(report.gone.clone())),
            killed: killed.ended().map(shown),
            remaining: killed.remaining().map(shown),
            request_id: request_id.clone(),
            listed_at: Some(killed.listed_at.clone()),
            started_at: killed.sent_at.clone(),
            finished_at,
            ..Proof::default()
        }
        .counted();
        if let (Some(killed), Some(remaining)) = (&proof.killed, &proof.remaining) {
            self.progress.report(format!(
                "Done: killed {}, remaining {}.",
                killed.len(),
                remaining.len()
            ));
        }
        Some(proof)
    }

    /// With client IP pass-through off, DCS lists inner addresses, and a condition on addresses finds nobody.
    fn hint_at_inner_addresses(
        &self,
        diags: &mut Diagnostics,
        selector: &Selector,
        selection: &Selection<Session>,
    ) {
        if selection.choice.chosen.is_empty()
            && selector.looks_at_addresses()
            && selection.only_inner_addresses
        {
            explain::warning(
                diags,
                select::path("addresses"),
                "DCS lists inner addresses only",
                "No session was killed. Every address that DCS lists is in 198.19.0.0/16, its inner network, so \
                 select.addresses finds nobody. The addresses of clients are listed when client IP pass-through is on, and \
                 only for connections that were made after it was switched on.",
            );
        }
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
                    self.job_failed(diags, job_id, &job);
                } else {
                    self.progress.report(format!(
                        "Done: the job {job_id} ended with {} after {} seconds.",
                        job.status.as_str(),
                        seconds()
                    ));
                }
            }
            Err(error) => {
                self.not_seen_to_end(job_id, last_seen.as_deref(), error)
                    .into_error(diags);
                proof.job_status = last_seen;
            }
        }
    }

    fn not_seen_to_end(&self, job_id: &JobId, last_seen: Option<&str>, error: Error) -> Report {
        let why = match &error {
            Error::DeadlineExceeded { .. } => "had not ended when the create time-out was reached",
            Error::Stopped { .. } => "had not ended when the run was stopped",
            _ => "could not be followed to its end",
        };
        Report {
            summary: format!("The job {job_id} {why}"),
            meaning: format!(
                "DCS accepted the kill as the job {job_id}{}. The job may still be running, and it may still kill \
             sessions.{}",
                last_seen
                    .map(|status| format!(", whose status was {status} when it was last looked at"))
                    .unwrap_or_default(),
                self.of_resource(" Its id is in state.")
            ),
            error,
            next: Some(self.how_to_proceed(LOOK, "")),
        }
    }

    fn job_failed(&self, diags: &mut Diagnostics, job_id: &JobId, job: &Job) {
        explain::error(
            diags,
            AttributePath::root(),
            format!("The job {job_id} failed"),
            format!(
                "DCS accepted the kill as the job {job_id}, but the job ended with FAIL{}. Some sessions may have been \
             killed before it failed.\n\n{}",
                job.fail_reason
                    .as_ref()
                    .map(|reason| format!(": {reason}"))
                    .unwrap_or_else(|| " and gave no reason".to_owned()),
                self.how_to_proceed(LOOK, "")
            ),
        );
    }

    fn warn_if_unreadable(&self, diags: &mut Diagnostics, accepted: KillAccepted) {
        let Some(error) = accepted.unreadable else {
            return;
        };
        Report {
        summary: "The kill was accepted, but its answer could not be read".to_owned(),
        meaning: match accepted.job_id {
            Some(job_id) => format!(
                "The answer is not JSON, but it shows the job id {job_id} the way the API document's own sample does.{}",
                self.of_resource(" The job is in state.")
            ),
            None => format!("DCS accepted the kill and will run it as a job, but the job's id is not known, so it cannot be \
                     followed{}.", self.of_resource(": job_id and job_status are null in state")),
        },
        error,
        next: None,
    }
    .into_warning(diags);
    }
}

/// Says that addresses which no readable session has may belong to one that cannot be read.
fn may_be_of_unreadable(diags: &mut Diagnostics, not_found: &[String], unreadable: usize) {
    if unreadable == 0 {
        return;
    }
    explain::warning(
        diags,
        AttributePath::new("client_addrs"),
        "Some addresses were not found, but not all sessions can be read",
        format!(
            "No session that can be read has these addresses, so nothing was sent to kill them. They may belong to {} that \
             cannot be read:\n\n{}",
            explain::count(unreadable, "session"),
            explain::lines(not_found, String::clone)
        ),
    );
}

/// Says which nodes of an instance cannot be counted before all their sessions are killed.
fn not_counted(
    diags: &mut Diagnostics,
    passed_over: &[(String, String)],
    max_sessions: Option<usize>,
    dry_run: bool,
) {
    let nodes = explain::lines(passed_over, select::show_passed_over);
    let number = explain::count(passed_over.len(), "node");
    let known = "DCS lists no sessions of nodes that are not active, and a kill of all nodes may end their sessions too";
    if dry_run || max_sessions.is_none() {
        explain::warning(
            diags,
            AttributePath::new("kill_all_nodes"),
            format!("{number} not active, so not all sessions are listed"),
            format!("{known}:\n\n{nodes}"),
        );
    } else {
        explain::error(
            diags,
            AttributePath::new("max_sessions"),
            format!("{number} not active, so not all sessions can be counted"),
            format!(
                "No session was killed, and nothing went into state. {known}, so max_sessions cannot be kept:\n\n{nodes}\n\n\
                 Apply again when the nodes are active, kill the sessions of each active node by its node_id, or leave out \
                 max_sessions."
            ),
        );
    }
}

/// The addresses by which sessions are killed, in their order.
fn addresses(sessions: &[Session]) -> Vec<String> {
    (sessions.iter())
        .map(|session| session.kill_address().to_owned())
        .collect()
}
