//! Killing every session of a place by a job.

mod settle;

use std::collections::BTreeSet;

use tf_provider::{AttributePath, Diagnostics};

use super::arguments::Everybody;
use super::chosen::{Selection, code};
use super::proof::{Fate, Proof, Shown};
use super::run::Run;
use crate::huaweicloud::error::{Error, Outcome};
use crate::plugin::record;
use crate::provider::arguments::moment;
use crate::provider::explain::{self, Report};
use crate::provider::listing::{show, show_passed_over};
use crate::provider::select;
use crate::provider::service::{JobEnd, KillAnswer};
use crate::session::choice::FIRST_SHOWN;
use crate::session::{Protection, Session};

impl Run<'_> {
    /// Lists everybody, and refuses when there are more than may be killed; rows that cannot be read count too. Sessions of
    /// nodes that are not active cannot be counted, and a kill of all nodes may end them: then no cap holds.
    pub(super) async fn choose_everybody(&self, diags: &mut Diagnostics) -> Option<Selection> {
        let selection = self.choose(diags, &Everybody).await?;
        let (max_sessions, dry_run) = (self.kill.max_sessions, self.kill.dry_run);
        if !selection.passed_over.is_empty() {
            self.not_counted(diags, &selection.passed_over);
            if max_sessions.is_some() && !dry_run {
                return None;
            }
        }
        let number = selection.choice.chosen.len() + selection.unreadable;
        match max_sessions {
            Some(max) if number > max && !dry_run => {
                let first = selection.choice.chosen.iter().take(FIRST_SHOWN);
                let first: Vec<String> = first.map(show).collect();
                self.too_many(diags, number, max, &first);
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
    pub(super) async fn kill_everybody(
        &self,
        diags: &mut Diagnostics,
        mut selection: Option<Selection>,
    ) -> Option<Proof> {
        loop {
            let until = (selection.as_ref()).map(|selection| selection.age.counts_until());
            let outcome = self.kill.place.kill_all(self.calls_until(until)).await;
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
                    self.rejected(error, summary).into_error(diags);
                    return None;
                }
                Outcome::Unknown(error)
                | Outcome::Accepted(KillAnswer {
                    told: Err(error), ..
                }) => {
                    let request_id = error.request_id().map(ToOwned::to_owned);
                    record("started_at", &sent_at);
                    record("request_id", &request_id);
                    let counted = selection.iter().flat_map(|selection| selection.age.nodes());
                    let counted: BTreeSet<String> = counted.cloned().collect();
                    let seen_gone = self.settle(diags, counted, error).await;
                    Proof {
                        request_id,
                        started_at: sent_at,
                        all_ended: seen_gone.is_some(),
                        finished_at: seen_gone,
                        ..Proof::default()
                    }
                }
                Outcome::Accepted(KillAnswer {
                    told: Ok(job_id),
                    request_id,
                }) => self.accepted(diags, job_id, request_id, sent_at).await,
            };
            if let Some(selection) = selection {
                let all_ended = proof.all_ended;
                // It is known that all of them ended, and not of whom. Whether replication ends too is not documented, and a
                // session that cannot be read may carry it.
                let fate = |session: &Session| match session.protection {
                    Protection::None | Protection::UnlessUserIsNamed
                        if all_ended && session.readable =>
                    {
                        Fate::Killed
                    }
                    _ => Fate::Unknown,
                };
                let sessions = selection.choice.chosen.into_iter().map(|session| {
                    let fate = fate(&session);
                    (Shown::of(session), fate)
                });
                proof.sessions = Some(sessions.collect());
                proof.listed_at = Some(selection.saved_at);
            }
            return Some(proof);
        }
    }

    /// Follows the job of a kill that was accepted.
    async fn accepted(
        &self,
        diags: &mut Diagnostics,
        job_id: String,
        request_id: Option<String>,
        sent_at: Option<String>,
    ) -> Proof {
        // Whatever happens from here on, these are known.
        record("started_at", &sent_at);
        record("request_id", &request_id);
        record("job_id", &job_id);
        self.progress
            .report(format!("Accepted: the job {job_id} kills the sessions."));
        let mut proof = Proof {
            job_id: Some(job_id.clone()),
            started_at: sent_at,
            request_id,
            ..Proof::default()
        };
        if self.kill.wait {
            self.follow(diags, &job_id, &mut proof).await;
        }
        proof
    }

    /// Follows the job, and writes down how it ended.
    async fn follow(&self, diags: &mut Diagnostics, job_id: &str, proof: &mut Proof) {
        let clock = self.client.clock();
        let started = clock.instant();
        let seconds = || clock.instant().saturating_duration_since(started).as_secs();

        let mut last_seen = None;
        let mut seen = |status: &str| {
            self.progress.report(format!(
                "The job {job_id} is still running after {} seconds ({status}).",
                seconds()
            ));
            last_seen = Some(status.to_owned());
        };
        match self
            .kill
            .place
            .follow(self.calls(), job_id, &mut seen)
            .await
        {
            Ok(end) => {
                proof.job_status = Some(end.status.clone());
                if let Some(began) = end.began {
                    proof.started_at = moment(began);
                }
                proof.finished_at = end.ended.and_then(moment);
                proof.all_ended = !end.failed;
                if end.failed {
                    self.job_failed(diags, job_id, &end);
                } else {
                    self.progress.report(format!(
                        "Done: the job {job_id} ended with {} after {} seconds.",
                        end.status,
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

    fn not_seen_to_end(&self, job_id: &str, last_seen: Option<&str>, error: Error) -> Report {
        let why = match &error {
            Error::DeadlineExceeded { .. } => "had not ended when the create time-out was reached",
            Error::Stopped { .. } => "had not ended when the run was stopped",
            _ => "could not be followed to its end",
        };
        Report {
            summary: format!("The job {job_id} {why}"),
            meaning: format!(
                "Some sessions may have been killed: {} accepted the kill as the job {job_id}{}. The job may still be \
                 running and may kill more.{}",
                self.kill.service.words.service,
                last_seen
                    .map(|status| format!(", whose last status was {status}"))
                    .unwrap_or_default(),
                self.of_resource(" Its ID is in state.")
            ),
            error,
            next: Some(self.how_to_proceed(self.kill.service.words.look, "")),
        }
    }

    fn job_failed(&self, diags: &mut Diagnostics, job_id: &str, end: &JobEnd) {
        explain::error(
            diags,
            AttributePath::root(),
            format!("The job {job_id} failed"),
            format!(
                "Some sessions may have been killed: {} accepted the kill as the job {job_id}, and the job ended with \
                 {}{}.\n\n{}",
                self.kill.service.words.service,
                end.status,
                end.fail_reason
                    .as_ref()
                    .map(|reason| format!(": {reason}"))
                    .unwrap_or_else(|| " and gave no reason".to_owned()),
                self.how_to_proceed(self.kill.service.words.look, "")
            ),
        );
    }

    /// Says which nodes of an instance cannot be counted before all their sessions are killed.
    fn not_counted(&self, diags: &mut Diagnostics, passed_over: &[(String, String)]) {
        let nodes = explain::lines(passed_over, show_passed_over);
        let number = explain::count(passed_over.len(), "node");
        let known = "The sessions of nodes that are not active are not listed, and a kill of all nodes may kill them too";
        if self.kill.dry_run || self.kill.max_sessions.is_none() {
            explain::warning(
                diags,
                self.kill.described_in.clone(),
                format!("{number} not active, so not all sessions are listed"),
                format!("{known}:\n\n{nodes}"),
            );
        } else {
            explain::error(
                diags,
                AttributePath::new("max_sessions"),
                format!("{number} not active, so not all sessions can be counted"),
                format!(
                    "No session was killed{}. {known}, so max_sessions cannot be checked:\n\n{nodes}\n\n\
                     Apply again when the nodes are active, kill the sessions of each active node by its node_id, or leave out \
                     max_sessions.",
                    self.of_resource(", and nothing was stored in state")
                ),
            );
        }
    }
}
