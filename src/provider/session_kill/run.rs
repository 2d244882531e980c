//! A kill from its beginning to its proof.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use tf_provider::{AttributePath, Diagnostics};
use time::OffsetDateTime;
use tokio::time::Instant;

use super::arguments::{Kill, Named, Whom};
use super::chosen::{Killed, Selecting, Selection};
use super::proof::{Fate, Proof, Shown, Told};
use crate::huaweicloud::client::Client;
use crate::huaweicloud::error::Error;
use crate::huaweicloud::operation::Operation;
use crate::plugin::Progress;
use crate::provider::HwcProvider;
use crate::provider::arguments::moment;
use crate::provider::explain::{self, count};
use crate::provider::listing::{Listing, Reading, show};
use crate::provider::service::{Calls, Questions, Scope, Target};
use crate::session::choice::Choice;
use crate::session::tally::KillReport;
use crate::session::{Selector, Session, SessionId};

/// A kill under way, bounded by its time limit.
pub(super) struct Run<'a> {
    pub(super) kill: &'a Kill,
    pub(super) client: Client,
    pub(super) operation: Operation,
    pub(super) progress: &'a Progress,
}

/// Carries a kill out. `None`: certainly nothing happened, and an error says why.
pub(super) async fn carry_out(
    kill: &Kill,
    diags: &mut Diagnostics,
    provider: &HwcProvider,
    progress: &Progress,
) -> Option<Proof> {
    let client = provider.client(diags)?;
    // The time limit runs from here.
    let operation = provider.operation(&client, kill.limit, progress);
    let run = Run {
        kill,
        client,
        operation,
        progress,
    };
    match &kill.whom {
        Whom::All if !kill.dry_run && kill.max_sessions.is_none() => {
            run.kill_everybody(diags, None).await
        }
        Whom::All => {
            let selection = run.choose_everybody(diags).await?;
            match kill.dry_run {
                true => Some(run.rehearse(diags, selection, Vec::new())),
                false => run.kill_everybody(diags, Some(selection)).await,
            }
        }
        Whom::Selected(selector) => {
            let selection = run.choose(diags, selector.as_ref()).await?;
            run.hint_at_inner_addresses(diags, selector, &selection);
            run.kill_or_rehearse(diags, selector.as_ref(), selection, Vec::new())
                .await
        }
        Whom::Ids(ids) if !kill.dry_run && !kill.service.policy.ids_come_back => {
            if let Some(max) = kill.max_sessions.filter(|max| ids.len() > *max) {
                let first = ids.iter().take(crate::session::choice::FIRST_SHOWN);
                let first: Vec<String> = first.map(SessionId::to_string).collect();
                run.too_many(diags, ids.len(), max, &first);
                return None;
            }
            let targets = ids.iter().cloned().map(Target::unlisted).collect();
            let killed = run.kill_targets(diags, targets, None).await?;
            Some(run.prove(diags, killed, None, Vec::new()))
        }
        Whom::Ids(ids) => {
            let named = Named::ids(ids);
            let selection = run.choose(diags, &named).await?;
            let there: HashSet<&SessionId> = selection.found().map(|s| &s.id).collect();
            let missing = ids.iter().filter(|id| !there.contains(id));
            let missing: Vec<Shown> = missing.cloned().map(Shown::Id).collect();
            run.warn_if_unreadable(diags, &missing, &selection);
            run.kill_or_rehearse(diags, &named, selection, missing)
                .await
        }
        Whom::Addresses(addresses) => {
            let named = Named::addresses(addresses);
            let selection = run.choose(diags, &named).await?;
            let found = selection.found();
            let found: HashSet<&str> = found.filter_map(|s| s.address.as_deref()).collect();
            let missing = addresses.iter().filter(|a| !found.contains(a.as_str()));
            let missing: Vec<Shown> = missing.cloned().map(Shown::Address).collect();
            run.warn_if_unreadable(diags, &missing, &selection);
            run.kill_or_rehearse(diags, &named, selection, missing)
                .await
        }
    }
}

impl Run<'_> {
    /// What every call needs.
    pub(super) fn calls(&self) -> Calls<'_> {
        Calls {
            client: &self.client,
            region: &self.kill.region,
            operation: &self.operation,
            leave_before: None,
        }
    }

    /// The same for a kill that may not leave after this moment.
    pub(super) fn calls_until(&self, leave_before: Option<Instant>) -> Calls<'_> {
        Calls {
            leave_before,
            ..self.calls()
        }
    }

    /// When the last request to kill left: it may have waited long before.
    pub(super) fn left(&self) -> Option<OffsetDateTime> {
        let clock = self.client.clock();
        let since = clock
            .instant()
            .saturating_duration_since(self.operation.last_change()?);
        Some(clock.now() - since)
    }

    /// The same as a text.
    pub(super) fn left_at(&self) -> Option<String> {
        self.left().and_then(moment)
    }

    /// What belongs in a message only when a resource kills: an action keeps nothing.
    pub(super) fn of_resource<'t>(&self, text: &'t str) -> &'t str {
        if self.progress.is_heard() { "" } else { text }
    }

    /// How to go on after a kill that did not end well. `look` says where to look first, and `of` which sessions a new kill
    /// is about.
    pub(super) fn how_to_proceed(&self, look: &str, of: &str) -> String {
        let steps = if self.progress.is_heard() {
            [
                look.to_owned(),
                format!("Invoking the action again sends a new kill{of}."),
            ]
        } else {
            [
                format!("The resource is in state, marked as tainted. {look}"),
                format!(
                    "If nothing is left to do, run `terraform untaint ADDRESS`, with the address that this error names after `with`. \
                     Applying again sends a new kill{of}."
                ),
            ]
        };
        format!("How to proceed: {}", steps.join(" ").trim_start())
    }

    /// Refuses a kill of more sessions than allowed, showing the first few.
    pub(super) fn too_many(
        &self,
        diags: &mut Diagnostics,
        matched: usize,
        max: usize,
        first: &[String],
    ) {
        explain::error(
            diags,
            AttributePath::new("max_sessions"),
            format!("{matched} sessions match, but max_sessions is {max}"),
            format!(
                "No session was killed{}. The first sessions that match:\n\n{}\n\nCheck which sessions are selected. To kill all \
                 of them, raise max_sessions. To list them{}, set dry_run = true.",
                self.of_resource(", and nothing was stored in state"),
                explain::lines(first, String::clone),
                self.of_resource(" in state")
            ),
        );
    }

    /// Lists the sessions of the place, or of these nodes of it: to choose among them, or only to see who is there.
    pub(super) async fn list(
        &self,
        choosing: bool,
        nodes: Option<&BTreeSet<String>>,
        seen: &BTreeMap<String, String>,
        questions: Questions<'_>,
    ) -> Result<(Listing, Reading), Error> {
        let selector = self.kill.whom.selector().filter(|_| choosing);
        let scope = Scope {
            nodes,
            seen,
            choosing,
            statements: selector.is_some_and(Selector::reads_statements),
            blockers: selector.is_some_and(Selector::asks_who_blocks),
            questions,
        };
        let clock = self.client.clock();
        let begun = clock.instant();
        let listing = self.kill.place.list(self.calls(), scope).await?;
        let ended = clock.instant();
        Ok((listing, Reading { begun, ended }))
    }

    async fn kill_or_rehearse(
        &self,
        diags: &mut Diagnostics,
        selector: Selecting<'_>,
        selection: Selection,
        missing: Vec<Shown>,
    ) -> Option<Proof> {
        if self.kill.dry_run {
            return Some(self.rehearse(diags, selection, missing));
        }
        let matched = count(selection.choice.chosen.len(), "session");
        let left_alone = match (
            selection.choice.protected,
            self.kill.service.words.protected,
        ) {
            (protected @ 1.., Some((whose, _))) => {
                format!("; {protected} of {whose} are not selected")
            }
            _ => String::new(),
        };
        self.progress
            .report(format!("{matched} matched{left_alone}."));
        let killed = self.kill_chosen(diags, selector, &selection).await?;
        Some(self.prove(diags, killed, Some(selection), missing))
    }

    /// What a dry run leaves: who would have been killed. `missing` are given sessions that are not there.
    fn rehearse(
        &self,
        diags: &mut Diagnostics,
        selection: Selection,
        missing: Vec<Shown>,
    ) -> Proof {
        let missed = selection.fate_of_missing(&self.kill.whom);
        let Choice {
            chosen, nameless, ..
        } = selection.choice;
        self.tell_rehearsal(diags, &chosen);
        let not_found = missing.iter().filter(|_| missed == Fate::NotFound);
        let not_found = not_found.filter_map(Shown::id).cloned().collect();
        let with = |fate| move |session| (Shown::of(session), fate);
        let listed = chosen.into_iter().map(with(Fate::Listed));
        let nameless = nameless.into_iter().map(with(Fate::Refused));
        let missing = missing.into_iter().map(|shown| (shown, missed));
        let proof = Proof {
            sessions: Some(listed.chain(nameless).chain(missing).collect()),
            told: Some(Told {
                not_found,
                ..Told::default()
            }),
            ids_given: self.ids_given(),
            listed_at: Some(selection.saved_at),
            ..Proof::default()
        };
        Proof {
            // Whatever is unknown, it killed nobody.
            killed_count: Some(0),
            ..proof.counted()
        }
    }

    /// Says who would have been killed.
    fn tell_rehearsal(&self, diags: &mut Diagnostics, chosen: &[Session]) {
        let summary = format!(
            "Dry run: {} would have been killed",
            count(chosen.len(), "session")
        );
        self.progress.report(format!("{summary}."));
        let list = match chosen {
            [] => String::new(),
            _ => format!(
                "These would have been killed:\n\n{}\n\n",
                explain::lines(chosen, show)
            ),
        };
        explain::warning(
            diags,
            AttributePath::new("dry_run"),
            summary,
            format!(
                "No session was killed: dry_run is true. {list}To kill, set it to false or leave it out."
            ),
        );
    }

    /// Does the configuration list the sessions one by one?
    fn ids_given(&self) -> bool {
        matches!(self.kill.whom, Whom::Ids(_) | Whom::Addresses(_))
    }

    /// What is known after a kill, of which what is worth knowing is told. `missing` are given sessions that were not there
    /// when they were listed.
    fn prove(
        &self,
        diags: &mut Diagnostics,
        killed: Killed,
        selection: Option<Selection>,
        missing: Vec<Shown>,
    ) -> Proof {
        let was_listed = selection.is_some();
        let looked = killed.left.is_some();
        let finished_at = match &killed.sent_at {
            None => None,
            Some(_) if was_listed && killed.nobody_is_left() => moment(self.client.clock().now()),
            Some(_) => killed.answered_at.clone(),
        };
        let told = (killed.told || was_listed && looked).then(|| killed.words(was_listed));
        let mut not_there: Vec<String> = [&killed.report.not_found, &killed.report.ended_before]
            .into_iter()
            .flatten()
            .map(SessionId::to_string)
            .collect();
        let missed = (selection.as_ref()).map_or(Fate::NotFound, |selection| {
            selection.fate_of_missing(&self.kill.whom)
        });
        if missed == Fate::NotFound {
            not_there.extend(missing.iter().map(Shown::name));
        }
        let sessions = (was_listed || looked).then(|| {
            let (chosen, nameless) = selection.map_or_else(Default::default, |selection| {
                (selection.choice.chosen, selection.choice.nameless)
            });
            let nameless = (nameless.into_iter()).map(|one| (Shown::of(one), Fate::Refused));
            let missing = missing.into_iter().map(|shown| (shown, missed));
            killed
                .fates(chosen)
                .chain(nameless)
                .chain(missing)
                .collect()
        });
        // Of those of whom nothing is told, only a look can tell.
        let told_killed = (told.as_ref())
            .filter(|_| killed.report.untold().is_empty())
            .map(|told| told.killed.len());
        let mut proof = Proof {
            sessions,
            killed_count: told_killed,
            told,
            ids_given: self.ids_given(),
            listed_at: Some(killed.listed_at),
            request_id: killed.request_id,
            started_at: killed.sent_at,
            finished_at,
            ..Proof::default()
        }
        .counted();
        if !looked {
            proof.remaining_count = None;
        }
        self.tell(diags, &proof, &killed.report, &not_there);
        proof
    }

    /// Says how the kill ended, and what is worth knowing about it. `not_there` are the sessions that were not there.
    fn tell(
        &self,
        diags: &mut Diagnostics,
        proof: &Proof,
        report: &KillReport<SessionId>,
        not_there: &[String],
    ) {
        let parts = [
            ("killed", proof.killed_count),
            ("not found", Some(not_there.len())),
            ("refused", Some(report.refused.len())),
            ("remaining", proof.remaining_count),
        ];
        if proof.killed_count.is_some() {
            let parts: Vec<String> = (parts.into_iter())
                .filter_map(|(what, number)| Some(format!("{what} {}", number?)))
                .collect();
            self.progress.report(format!("Done: {}.", parts.join(", ")));
        }
        let words = &self.kill.service.words;
        let attribute = || self.kill.described_in.clone();
        if !report.unexpected.is_empty() {
            explain::warning(
                diags,
                attribute(),
                format!(
                    "The answer names {}s that were not in the request",
                    words.session
                ),
                format!(
                    "{} reported {} that were not in the request: {}.{}",
                    words.service,
                    count(report.unexpected.len(), words.session),
                    explain::series(&report.unexpected),
                    self.of_resource(" They are not in state.")
                ),
            );
        }
        if self.kill.fail_on_not_found && self.ids_given() && !not_there.is_empty() {
            let killed = (proof.killed_count)
                .map(|killed| format!(" {} killed.", count(killed, words.session)));
            explain::error(
                diags,
                attribute(),
                format!("{} not found", count(not_there.len(), words.session)),
                format!(
                    "{} not found: {}.{} This is an error because fail_on_not_found is true{}.",
                    were(not_there.len()),
                    explain::series(not_there),
                    killed.unwrap_or_default(),
                    self.of_resource(
                        "; the resource is in state with what was killed, marked as tainted"
                    )
                ),
            );
        }
    }
}

/// `1 was`, `2 were`.
fn were(number: usize) -> String {
    match number {
        1 => "1 was".to_owned(),
        number => format!("{number} were"),
    }
}
