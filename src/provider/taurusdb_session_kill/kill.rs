//! Carrying out the kill: find whom, kill in batches, see that they are gone, and keep what is known.

use std::num::NonZeroUsize;

use async_trait::async_trait;
use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};

use super::super::HwcProvider;
use super::super::arguments::moment;
use super::super::explain::{self, Report, count, series};
use super::super::session_kill::{self, LookingReports, Run, Terms};
use super::super::{select, taurusdb_sessions};
use crate::huaweicloud::error::{Error, Outcome};
use crate::huaweicloud::taurusdb::{InstanceId, KILL_BATCH, NodeId, TaurusDb};
use crate::plugin::Progress;
use crate::session::guard::Choice;
use crate::session::outcome::{self, Answer, KillReport, KillTally};
use crate::session::taurusdb::{Selector, Session, ThreadId};
use crate::session::{Selects, Verdict, ids};

/// [`KILL_BATCH`] as the type that says it is not zero.
const BATCH: NonZeroUsize = match NonZeroUsize::new(KILL_BATCH) {
    Some(size) => size,
    None => NonZeroUsize::MIN,
};

/// Whose sessions.
pub(super) enum Subject {
    /// These threads.
    Threads(Vec<ThreadId>),
    /// Those that are chosen when the kill begins.
    Selected(Box<Selector>),
}

/// The arguments once they are all known and right.
pub struct Kill {
    pub(super) region: String,
    pub(super) instance: InstanceId,
    pub(super) node: NodeId,
    pub(super) subject: Subject,
    pub(super) terms: Terms,
    pub(super) fail_on_not_found: bool,
}

/// What is known afterwards. It goes into state whatever happens then.
#[derive(Debug, Default)]
pub struct Proof {
    /// The threads that were found to be killed; `None` when nobody looked.
    pub(super) matched: Option<Vec<i64>>,
    /// How many matched and were left alone, being the server's own.
    pub(super) protected: Option<usize>,
    /// What the answers said; `None` when no answer told anything.
    pub(super) report: Option<KillReport<i64>>,
    /// Those that were still there at last; `None` when nobody looked.
    pub(super) remaining: Option<Vec<i64>>,
    /// `X-Request-Id` of the last answer.
    pub(super) request_id: Option<String>,
    /// When the last answer came.
    pub(super) killed_at: Value<String>,
}

/// The exact ids, as something that can be looked for in a list.
struct Named(std::collections::HashSet<ThreadId>);

impl Selects<Session> for Named {
    fn verdict(&self, session: &Session) -> Verdict {
        if self.0.contains(&session.id) {
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
            Subject::Threads(threads) if !self.terms.dry_run => {
                let threads = ids::unique(threads.iter().map(|thread| thread.get()));
                if let Some(max) = self.terms.max_sessions
                    && threads.len() > max
                {
                    let first: Vec<String> = (threads.iter().take(5)).map(i64::to_string).collect();
                    select::too_many(diags, threads.len(), max, &first);
                    return None;
                }
                run.kill(diags, &threads).await
            }
            Subject::Threads(threads) => {
                let named = Named(threads.iter().copied().collect());
                let choice = run.choose(diags, &named).await?;
                Some(run.rehearse(diags, &choice, threads))
            }
            Subject::Selected(selector) => {
                let choice = run.choose(diags, selector.as_ref()).await?;
                if self.terms.dry_run {
                    return Some(run.rehearse(diags, &choice, &[]));
                }
                run.kill_chosen(diags, choice).await
            }
        }
    }
}

impl Run<'_, Kill> {
    /// Lists the node's sessions and chooses among them. `None`: an error says why nobody may be killed.
    async fn choose(
        &self,
        diags: &mut Diagnostics,
        selector: &impl Selects<Session>,
    ) -> Option<Choice<Session>> {
        let sessions = match self.list().await {
            Ok(sessions) => sessions,
            Err(error) => {
                rejected(
                    error,
                    "The sessions could not be listed, so none was killed",
                )
                .into_error(diags);
                return None;
            }
        };
        self.choose_among(diags, selector, sessions, taurusdb_sessions::show)
    }

    async fn list(&self) -> Result<Vec<Session>, Error> {
        let kill = self.kill;
        taurusdb_sessions::list(
            &self.client,
            &kill.region,
            &kill.instance,
            &kill.node,
            &self.operation,
        )
        .await
    }

    /// What a dry run leaves: who would have been killed.
    fn rehearse(
        &self,
        diags: &mut Diagnostics,
        choice: &Choice<Session>,
        asked: &[ThreadId],
    ) -> Proof {
        let matched: Vec<i64> = (choice.chosen.iter())
            .map(|session| session.id.get())
            .collect();
        let there: std::collections::HashSet<i64> = matched.iter().copied().collect();
        let not_found = ids::unique(asked.iter().map(|thread| thread.get()))
            .into_iter()
            .filter(|id| !there.contains(id))
            .collect();
        self.tell_rehearsal(diags, &choice.chosen, taurusdb_sessions::show);
        Proof {
            report: Some(KillReport {
                killed: Vec::new(),
                not_found,
                uncertain: Vec::new(),
                excluded: Vec::new(),
                unanswered: Vec::new(),
                unexpected: Vec::new(),
            }),
            remaining: Some(matched.clone()),
            matched: Some(matched),
            protected: Some(choice.protected),
            ..Proof::default()
        }
    }

    /// Kills those that were chosen, and looks until they are gone.
    async fn kill_chosen(&self, diags: &mut Diagnostics, choice: Choice<Session>) -> Option<Proof> {
        self.tell_matched(&choice, "the server itself");
        let chosen = choice.chosen;
        let matched: Vec<i64> = chosen.iter().map(|session| session.id.get()).collect();
        let mut proof = if matched.is_empty() {
            select::nothing_matched(diags, select::block_path(), choice.protected);
            Proof {
                report: Some(KillTally::new([]).report()),
                remaining: Some(Vec::new()),
                ..Proof::default()
            }
        } else {
            let mut proof = self.kill(diags, &matched).await?;
            proof.remaining = self
                .see_them_gone(diags, &chosen, || self.list(), &LOOKING)
                .await
                .map(numbers);
            proof
        };
        proof.matched = Some(matched);
        proof.protected = Some(choice.protected);
        Some(proof)
    }

    /// Sends the ids, batch by batch. They are unique. `None`: certainly nothing happened, and an error says why.
    async fn kill(&self, diags: &mut Diagnostics, threads: &[i64]) -> Option<Proof> {
        let kill = self.kill;
        let taurusdb = TaurusDb::new(&self.client, &kill.region);
        let mut tally = KillTally::new(threads.iter().copied());
        let mut proof = Proof::default();
        let mut understood = false;
        let mut failure = None;
        let mut sent = 0;

        for batch in outcome::batches(threads, BATCH) {
            let answer = match taurusdb
                .kill(&kill.instance, &kill.node, batch, &self.operation)
                .await
            {
                Outcome::Accepted(answer) => answer,
                Outcome::Rejected(error) => {
                    failure = Some(Failure { error, unknown: 0 });
                    break;
                }
                Outcome::Unknown(error) => {
                    let unknown = batch.len();
                    failure = Some(Failure { error, unknown });
                    break;
                }
            };
            proof.request_id = answer.request_id;
            proof.killed_at = moment(self.client.clock().now());
            sent += batch.len();
            match answer.lists {
                Ok(lists) => {
                    understood = true;
                    let answer = Answer {
                        killed: lists.killed,
                        not_found: lists.not_found,
                        repeated: answer.after_doubt,
                    };
                    tally.record(batch, answer);
                }
                Err(error) => unreadable(batch.len(), error).into_warning(diags),
            }
            if sent < threads.len() {
                self.progress
                    .report(format!("{sent} of {} threads sent.", threads.len()));
            }
        }

        let report = tally.report();
        if let Some(failure) = failure {
            let accepted = !proof.killed_at.is_null();
            let maybe = accepted || failure.unknown > 0;
            let request_id = failure.error.request_id().map(ToOwned::to_owned);
            proof.request_id = proof.request_id.or(request_id);
            failure
                .explain(&report, accepted, threads.len() - sent)
                .into_error(diags);
            if !maybe {
                return None;
            }
        }
        if understood {
            self.progress.report(format!(
                "Done: killed {}, not found {}, excluded {}.",
                report.killed.len(),
                report.not_found.len(),
                report.excluded.len()
            ));
        }
        tell(diags, kill, &report);
        proof.report = understood.then_some(report);
        Some(proof)
    }
}

/// Why not every batch was answered.
struct Failure {
    error: Error,
    /// How many ids were in a request whose outcome is unknown; zero when the request certainly did nothing.
    unknown: usize,
}

impl Failure {
    fn explain(self, report: &KillReport<i64>, accepted: bool, unanswered: usize) -> Report {
        let unsent = unanswered.saturating_sub(self.unknown);
        if self.unknown > 0 {
            return Report {
                summary: "It is unknown whether the session threads were killed".to_owned(),
                meaning: format!(
                    "A request to kill {} was sent, and no answer to it came back whole: the kill may have happened. {}",
                    threads(self.unknown),
                    so_far(report, unsent)
                ),
                error: self.error,
                next: Some(
                    "How to proceed: look at SHOW PROCESSLIST on the node. The resource is in state, marked as tainted. \
                     Applying again sends the kill again. Thread ids are not reused while the server runs, so that \
                     those already killed are reported as not found. If they are all gone, `terraform untaint` works \
                     too."
                        .to_owned(),
                ),
            };
        }
        if accepted {
            return Report {
                summary: format!("Not all session threads were killed{}", code(&self.error)),
                meaning: so_far(report, unsent),
                error: self.error,
                next: Some(
                    "How to proceed: the resource is in state with what was killed, marked as tainted. Applying again \
                     sends all of it again; threads already killed are then reported as not found."
                        .to_owned(),
                ),
            };
        }
        let summary = format!("The session threads were not killed{}", code(&self.error));
        rejected(self.error, summary)
    }
}

/// Certainly nothing happened.
fn rejected(error: Error, summary: impl Into<String>) -> Report {
    Report {
        summary: summary.into(),
        meaning: "No session thread was killed, and nothing went into state.".to_owned(),
        error,
        next: None,
    }
}

/// The API's code, for a summary.
fn code(error: &Error) -> String {
    error
        .api()
        .and_then(|answer| answer.code.as_ref())
        .map(|code| format!(": {code}"))
        .unwrap_or_default()
}

/// What the answered batches did, and what was not sent.
fn so_far(report: &KillReport<i64>, unsent: usize) -> String {
    format!(
        "Before that, {} killed, {} not found and {} excluded; {} not sent.",
        report.killed.len(),
        report.not_found.len(),
        report.excluded.len(),
        threads(unsent)
    )
}

fn threads(number: usize) -> String {
    count(number, "thread")
}

fn unreadable(number: usize, error: Error) -> Report {
    Report {
        summary: "The kill was accepted, but its answer could not be read".to_owned(),
        meaning: format!(
            "TaurusDB accepted a request to kill {}, but which of them it killed is not known. They are in none of the \
             lists in state.",
            threads(number)
        ),
        error,
        next: Some(
            "Look at SHOW PROCESSLIST on the node to see which of them are still there.".to_owned(),
        ),
    }
}

/// What is said when looking again did not show that the threads are gone.
const LOOKING: LookingReports<ThreadId> = LookingReports {
    still_there,
    not_seen,
};

fn numbers(threads: Vec<ThreadId>) -> Vec<i64> {
    threads.into_iter().map(ThreadId::get).collect()
}

fn still_there(error: Error, left: &[ThreadId]) -> Report {
    let left = numbers(left.to_vec());
    Report {
        summary: format!("{} still there", count(left.len(), "killed session")),
        meaning: format!(
            "The kill was accepted, but these threads are still listed: {}. A thread that rolls back a transaction goes \
             away only when it has finished. They are in the attribute remaining.",
            series(&left)
        ),
        error,
        next: None,
    }
}

fn not_seen(error: Error) -> Report {
    Report {
        summary: "It was not seen whether the killed sessions are gone".to_owned(),
        meaning: "The kill was answered as state shows, but the node's sessions could not be listed afterwards.".to_owned(),
        error,
        next: Some("Look at SHOW PROCESSLIST on the node.".to_owned()),
    }
}

/// What is worth knowing about a kill that was answered.
fn tell(diags: &mut Diagnostics, kill: &Kill, report: &KillReport<i64>) {
    let attribute = || match kill.subject {
        Subject::Threads(_) => AttributePath::new("processes"),
        Subject::Selected(_) => select::block_path(),
    };
    if !report.uncertain.is_empty() {
        explain::warning(
            diags,
            attribute(),
            "Some session threads may have been killed although they were not found",
            format!(
                "The first request's answer was lost, so it was sent again, and {} then not found: {}. The first request \
                 may have killed them. They are in processes_not_found.",
                threads(report.uncertain.len()),
                series(&report.uncertain)
            ),
        );
    }
    if !report.unexpected.is_empty() {
        explain::warning(
            diags,
            attribute(),
            "The answer names session threads that were not asked for",
            format!(
                "TaurusDB reported {} that were not asked for: {}. They are in none of the lists in state.",
                threads(report.unexpected.len()),
                series(&report.unexpected)
            ),
        );
    }
    if kill.fail_on_not_found && !report.not_found.is_empty() {
        explain::error(
            diags,
            attribute(),
            "Some session threads were not found",
            format!(
                "{} did not exist on the node: {}. {} killed. This is an error because fail_on_not_found is true; the \
                 resource is in state with what was killed, marked as tainted.",
                threads(report.not_found.len()),
                series(&report.not_found),
                threads(report.killed.len())
            ),
        );
    }
}
