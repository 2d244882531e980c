//! Carrying out the kill: the threads of given ids, or those that are chosen when it begins.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use async_trait::async_trait;
use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};
use tokio::time::Instant;

use super::super::HwcProvider;
use super::super::explain::{self, count, series};
use super::super::session_kill::chosen::{Answered, Chosen, Fates, Killed, Selection, Words};
use super::super::session_kill::proof::{self, Count};
use super::super::session_kill::{self, Run, Terms};
use super::super::{select, taurusdb_sessions};
use crate::huaweicloud::client::Client;
use crate::huaweicloud::error::{Error, Outcome};
use crate::huaweicloud::operation::Operation;
use crate::huaweicloud::taurusdb::{InstanceId, KILL_BATCH, NodeId, SMALL_KILL_BATCH, TaurusDb};
use crate::plugin::Progress;
use crate::session::outcome::{Answer, KillReport};
use crate::session::taurusdb::{Selector, Session, ThreadId};
use crate::session::{Selects, Verdict, ids};

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
    /// Threads that were killed; `None` when no answer told, and nobody looked.
    pub(super) killed: Option<Vec<i64>>,
    /// Threads that did not exist.
    pub(super) not_found: Option<Vec<i64>>,
    /// Threads that the service left alone.
    pub(super) excluded: Option<Vec<i64>>,
    /// Those that were still there at last; `None` when nobody looked.
    pub(super) remaining: Option<Vec<i64>>,
    /// How many there are in each list, also where the list shows only the first of them.
    pub(super) matched_count: Count,
    pub(super) killed_count: Count,
    pub(super) remaining_count: Count,
    /// `X-Request-Id` of the last answer.
    pub(super) request_id: Option<String>,
    /// When the last answer came.
    pub(super) killed_at: Value<String>,
}

/// The exact ids, as something that can be looked for in a list.
struct Named(HashSet<ThreadId>);

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
                let threads = ids::unique(threads.iter().copied());
                if let Some(max) = self.terms.max_sessions
                    && threads.len() > max
                {
                    let first = threads.iter().take(5);
                    let first: Vec<String> = first.map(ThreadId::to_string).collect();
                    select::too_many(diags, threads.len(), max, &first);
                    return None;
                }
                let killed = run.kill_entries(diags, threads, None).await?;
                Some(run.proof(diags, killed, None))
            }
            Subject::Threads(threads) => {
                let named = Named(threads.iter().copied().collect());
                let selection = run.choose(diags, &named).await?;
                Some(run.rehearse(diags, &selection, threads))
            }
            Subject::Selected(selector) => {
                let selection = run.choose(diags, selector.as_ref()).await?;
                let mut proof = if self.terms.dry_run {
                    run.rehearse(diags, &selection, &[])
                } else {
                    run.tell_matched(&selection.choice, "the server itself");
                    let killed = run
                        .kill_chosen(diags, selector.as_ref(), &selection)
                        .await?;
                    run.proof(diags, killed, Some(&selection))
                };
                run.bound(diags, &mut proof);
                Some(proof)
            }
        }
    }
}

#[async_trait]
impl Chosen for Kill {
    type Session = Session;
    type Entry = ThreadId;

    const WORDS: Words = Words {
        service: "TaurusDB",
        session: "session thread",
        lingers: ": a thread that rolls back a transaction goes away only when it has finished",
        look: "Look at SHOW PROCESSLIST on the node.",
    };
    const BATCH: usize = KILL_BATCH;
    const SMALL_BATCH: usize = SMALL_KILL_BATCH;

    fn entry(session: &Session) -> ThreadId {
        session.id
    }

    fn id(entry: &ThreadId) -> ThreadId {
        *entry
    }

    fn is_odd(session: &Session) -> bool {
        session.odd
    }

    fn show(session: &Session) -> String {
        taurusdb_sessions::show(session)
    }

    fn described_in(&self) -> AttributePath {
        match self.subject {
            Subject::Threads(_) => AttributePath::new("processes"),
            Subject::Selected(_) => select::block_path(),
        }
    }

    async fn list(
        &self,
        client: &Client,
        _nodes: Option<&BTreeSet<String>>,
        _seen: &BTreeMap<String, String>,
        operation: &Operation,
    ) -> Result<select::Listing<Session>, Error> {
        let statements = match &self.subject {
            Subject::Threads(_) => false,
            Subject::Selected(selector) => selector.reads_statements(),
        };
        let (region, instance) = (&self.region, &self.instance);
        taurusdb_sessions::list(client, region, instance, &self.node, statements, operation).await
    }

    async fn send(
        &self,
        client: &Client,
        batch: &[ThreadId],
        leave_before: Option<Instant>,
        operation: &Operation,
    ) -> Outcome<Answered<Self>> {
        let threads: Vec<i64> = batch.iter().copied().map(ThreadId::get).collect();
        let taurusdb = TaurusDb::new(client, &self.region);
        let outcome = taurusdb
            .kill(
                &self.instance,
                &self.node,
                &threads,
                leave_before,
                operation,
            )
            .await;
        outcome.map(|answer| Answered {
            request_id: answer.request_id,
            fates: match answer.lists {
                Ok(lists) => Fates::Told(Answer {
                    killed: read(lists.killed),
                    not_found: read(lists.not_found),
                    repeated: answer.after_doubt,
                }),
                Err(error) => Fates::Unreadable(error),
            },
        })
    }
}

/// The thread ids of an answer. A number that is none was not asked for, and is told as such by its absence.
fn read(numbers: Vec<i64>) -> Vec<ThreadId> {
    let threads = numbers.into_iter().map(ThreadId::try_from);
    threads.filter_map(Result::ok).collect()
}

impl Proof {
    /// Keeps at most so many sessions in detail that state stays small.
    fn bound(&mut self, diags: &mut Diagnostics) {
        let not_killed = [&self.remaining, &self.not_found, &self.excluded];
        proof::bound(
            diags,
            not_killed
                .into_iter()
                .flatten()
                .flatten()
                .copied()
                .collect(),
            self.killed.clone().unwrap_or_default(),
            [
                &mut self.matched,
                &mut self.killed,
                &mut self.remaining,
                &mut self.not_found,
                &mut self.excluded,
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

    /// What a dry run leaves: who would have been killed.
    fn rehearse(
        &self,
        diags: &mut Diagnostics,
        selection: &Selection<Session>,
        asked: &[ThreadId],
    ) -> Proof {
        let choice = &selection.choice;
        let matched: Vec<i64> = (choice.chosen.iter())
            .map(|session| session.id.get())
            .collect();
        let there: HashSet<i64> = matched.iter().copied().collect();
        let not_found = ids::unique(asked.iter().map(|thread| thread.get()))
            .into_iter()
            .filter(|id| !there.contains(id))
            .collect();
        self.tell_rehearsal(diags, &choice.chosen, taurusdb_sessions::show);
        Proof {
            killed: Some(Vec::new()),
            not_found: Some(not_found),
            excluded: Some(Vec::new()),
            remaining: Some(matched.clone()),
            matched: Some(matched),
            protected: Some(choice.protected),
            ..Proof::default()
        }
        .counted()
    }

    /// What is known after a kill, of which what is worth knowing is told.
    fn proof(
        &self,
        diags: &mut Diagnostics,
        killed: Killed<ThreadId>,
        selection: Option<&Selection<Session>>,
    ) -> Proof {
        let report = &killed.report;
        let mut ended = report.killed.clone();
        if selection.is_some()
            && let Some(gone) = killed.ended()
        {
            // They were there before, and are not any more: no answer is needed to know that.
            ended = ids::unique(ended.into_iter().chain(gone));
        }
        let known = killed.told || (selection.is_some() && killed.left.is_some());
        let not_found: Vec<ThreadId> = report
            .not_found
            .iter()
            .chain(&report.gone)
            .copied()
            .collect();
        if known {
            self.progress.report(format!(
                "Done: killed {}, not found {}, excluded {}.",
                ended.len(),
                not_found.len(),
                report.excluded.len()
            ));
        }
        self.tell(diags, report);
        Proof {
            matched: selection.map(|selection| {
                let chosen = selection.choice.chosen.iter();
                chosen.map(|session| session.id.get()).collect()
            }),
            protected: selection.map(|selection| selection.choice.protected),
            killed: known.then(|| numbers(&ended)),
            not_found: known.then(|| numbers(&not_found)),
            excluded: known.then(|| numbers(&report.excluded)),
            remaining: killed.remaining().map(|threads| numbers(&threads)),
            request_id: killed.request_id.clone(),
            killed_at: killed.answered_at.clone(),
            ..Proof::default()
        }
        .counted()
    }

    /// What is worth knowing about a kill that was answered.
    fn tell(&self, diags: &mut Diagnostics, report: &KillReport<ThreadId>) {
        let kill = self.kill;
        let attribute = || kill.described_in();
        if !report.uncertain.is_empty() {
            explain::warning(
                diags,
                attribute(),
                "Some session threads may have been killed although they were not found",
                format!(
                    "The first request's answer was lost, so it was sent again, and {} then not found: {}. The first request \
                 may have killed them.{}",
                    threads(report.uncertain.len()),
                    series(&numbers(&report.uncertain)),
                    self.of_resource(" They are in processes_not_found.")
                ),
            );
        }
        if !report.unexpected.is_empty() {
            explain::warning(
                diags,
                attribute(),
                "The answer names session threads that were not asked for",
                format!(
                    "TaurusDB reported {} that were not asked for: {}.{}",
                    threads(report.unexpected.len()),
                    series(&numbers(&report.unexpected)),
                    self.of_resource(" They are in none of the lists in state.")
                ),
            );
        }
        if kill.fail_on_not_found && !report.not_found.is_empty() {
            explain::error(
                diags,
                attribute(),
                "Some session threads were not found",
                format!(
                    "{} did not exist on the node: {}. {} killed. This is an error because fail_on_not_found is true{}.",
                    threads(report.not_found.len()),
                    series(&numbers(&report.not_found)),
                    threads(report.killed.len()),
                    self.of_resource(
                        "; the resource is in state with what was killed, marked as tainted"
                    )
                ),
            );
        }
    }
}

fn numbers(threads: &[ThreadId]) -> Vec<i64> {
    threads.iter().copied().map(ThreadId::get).collect()
}

fn threads(number: usize) -> String {
    count(number, "thread")
}
