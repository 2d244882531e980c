//! Killing chosen sessions, for every service alike: list, choose, send in batches, look again, and say what is known.
//!
//! - An ID may come back as another session's. Where that can happen, the sessions are listed again just before each
//!   request, and a session that is not the same any more is not sent.
//! - What was refused as a bad request is sent in smaller requests, after the sessions are listed again: only those that are
//!   still the same and still chosen.
//! - No session is killed by an old list. A request that had to wait, for a busy instance or for its turn, is not sent when the
//!   list that its sessions were chosen from is older than [`LIST_HOLDS`]: the sessions are listed and chosen again, and
//!   only those that are still the same and still chosen are sent.
//! - Looking again is about what was sent and not refused: about all others it says nothing. It is about the nodes that were
//!   sent to: a node that is not among the active ones any more is no proof that its sessions are gone.
//! - An answer that was lost is no reason to guess. When looking shows that the sessions are gone, that is what is said;
//!   when it does not, that is said.
//! - Where nobody can look, a service that keeps a record of executed kills is asked for it. A record turns what is not known
//!   into killed, and nothing else: no session that a list showed after the kill, and none that has no record.

mod killed;
mod look;
mod reports;
mod selection;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use tf_provider::Diagnostics;

pub(super) use self::killed::Killed;
pub(super) use self::look::{FAILED_LOOKS, LOOKS, SETTLED_WITHIN, may_pass};
pub(super) use self::reports::code;
use self::selection::{Age, LIST_HOLDS, Originals};
pub(super) use self::selection::{Selecting, Selection};
use super::run::Run;
use crate::huaweicloud::error::{Error, Outcome};
use crate::plugin::record;
use crate::provider::arguments::moment;
use crate::provider::explain::count;
use crate::provider::listing::{Listing, Reading, show};
use crate::provider::select;
use crate::provider::service::{Fates, Questions, Target};
use crate::session::choice::choose;
use crate::session::tally::KillTally;
use crate::session::{Likeness, Session, SessionId};

/// Why not everything was sent, or not everything that was sent was answered.
struct Failure {
    error: Error,
    ended: Ended,
}

/// How the sending ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// A request may have been carried out, and no answer says whether it was.
    Unknown,
    /// A request certainly did nothing.
    Rejected,
    /// A request had to wait, and then its sessions could not be listed again.
    NotListed,
    /// A request was accepted, and the answer says that the kill failed.
    Denied,
}

impl Ended {
    fn with(self, error: Error) -> Failure {
        Failure { error, ended: self }
    }

    /// Can sessions of the last request have been killed?
    fn may_have_killed(self) -> bool {
        matches!(self, Self::Unknown | Self::Denied)
    }
}

/// What listing again says of those that were to be sent.
struct Again {
    /// Those that are still there and still chosen.
    staying: Vec<Target>,
    /// Those that are still there, but not chosen any more.
    spared: Vec<SessionId>,
    /// Those that are not there any more.
    gone: Vec<SessionId>,
    age: Age,
}

impl Run<'_> {
    /// Kills those that were chosen, and looks until they are gone. `None`: certainly nobody was killed, and an error says
    /// why.
    pub(super) async fn kill_chosen(
        &self,
        diags: &mut Diagnostics,
        selector: Selecting<'_>,
        selection: &Selection,
    ) -> Option<Killed> {
        let choice = &selection.choice;
        if choice.chosen.is_empty() {
            select::nothing_matched(diags, self.kill.described_in.clone(), choice.protected);
            return Some(Killed {
                listed_at: selection.saved_at.clone(),
                ..Killed::nobody()
            });
        }
        let targets: Vec<Target> = choice.chosen.iter().map(Target::of).collect();
        let by_address = self.kill.service.kills_by_address();
        if by_address && targets.iter().any(|target| target.address.is_none()) {
            // A request without the address would be about somebody else.
            let error = Error::Listing("A chosen session has no address to kill it by.".to_owned());
            self.rejected(error, "The sessions were not killed")
                .into_error(diags);
            return None;
        }
        self.kill_targets(diags, targets, Some((selector, selection)))
            .await
    }

    /// Kills the targets, which are different, batch by batch, and looks until they are gone if that was looked at before,
    /// or if the answers do not tell. `None`: certainly nobody was killed, and an error says why.
    pub(super) async fn kill_targets(
        &self,
        diags: &mut Diagnostics,
        targets: Vec<Target>,
        chosen: Option<(Selecting<'_>, &Selection)>,
    ) -> Option<Killed> {
        let policy = &self.kill.service.policy;
        let words = &self.kill.service.words;
        let asked = targets.len();
        let mut tally = KillTally::new(targets.iter().map(|target| target.id.clone()));
        let mut age = chosen.map(|(_, selection)| selection.age.clone());
        let mut seen =
            chosen.map_or_else(BTreeMap::new, |(_, selection)| selection.saved_at.clone());
        let mut queue = self.by_name(targets);
        let mut next = 0;
        let mut size = policy.batch.max(1);
        let mut sent = 0;
        let mut told = false;
        let mut killed = Killed::nobody();
        let originals = chosen.map_or_else(Originals::default, |(_, selection)| {
            Originals::of(selection, policy)
        });
        let lists_before_each = policy.ids_come_back && chosen.is_some();
        let mut lists_first = lists_before_each;
        let mut first_left = None;

        let failure = loop {
            let Some(batch) = self.batch(queue.get(next..).unwrap_or_default(), size) else {
                break None;
            };
            let node = batch.first().and_then(|target| target.id.node());
            let until = age.as_ref().map(|age| age.holds_until(node));
            let ids: Vec<SessionId> = batch.iter().map(|target| target.id.clone()).collect();
            let outcome = match lists_first {
                true => Outcome::Rejected(Error::TooLate),
                false => self.kill.place.kill(self.calls_until(until), batch).await,
            };
            if killed.sent_at.is_none() && !matches!(outcome, Outcome::Rejected(_)) {
                first_left = self.left();
                killed.sent_at = first_left.and_then(moment);
            }
            match (outcome, chosen) {
                (Outcome::Accepted(answered), _) => {
                    record("request_id", &answered.request_id);
                    killed.request_id = answered.request_id;
                    killed.answered_at = moment(self.client.clock().now());
                    match answered.fates {
                        Fates::NotTold => tally.accept(&ids),
                        Fates::Told(answer) => {
                            told = true;
                            tally.record(&ids, answer);
                        }
                        Fates::Killed(these) => {
                            tally.accept(&ids);
                            tally.confirm(these);
                        }
                        Fates::Denied(error) => {
                            tally.lose(&ids);
                            break Some(Ended::Denied.with(error));
                        }
                        Fates::Unreadable(error) => {
                            self.unreadable(ids.len(), error).into_warning(diags);
                            tally.accept(&ids);
                        }
                    }
                    lists_first = lists_before_each;
                    sent += ids.len();
                    next += ids.len();
                    if next < queue.len() {
                        let sessions = count(asked, words.session);
                        self.progress.report(format!("{sent} of {sessions} sent."));
                    }
                }
                (Outcome::Rejected(Error::TooLate), Some((selector, _))) => {
                    let (waiting, others): (Vec<_>, Vec<_>) = (queue.iter().skip(next).cloned())
                        .partition(|target| target.id.node() == node);
                    let again = self
                        .choose_again(selector, node, &waiting, &originals, &mut seen)
                        .await;
                    match again {
                        Ok(again) => {
                            tally.leave(&again.gone);
                            tally.spare(&again.spared);
                            if let Some(age) = &mut age {
                                age.renew(again.age);
                            }
                            lists_first = lists_before_each && again.staying.is_empty();
                            queue = self.by_name(again.staying);
                            queue.extend(others);
                            next = 0;
                        }
                        Err(error) => break Some(Ended::NotListed.with(error)),
                    }
                }
                (Outcome::Rejected(error), _)
                    if ids.len().min(size) > policy.small_batch && error.refuses_request() =>
                {
                    size = policy.small_batch;
                    // Time has passed: an address or an ID may belong to another session by now.
                    lists_first = chosen.is_some();
                }
                (Outcome::Rejected(error), _) => break Some(Ended::Rejected.with(error)),
                (Outcome::Unknown(error), _) => {
                    tally.lose(&ids);
                    break Some(Ended::Unknown.with(error));
                }
            }
        };

        drop(queue);
        killed.report = tally.report();
        drop(tally);
        killed.told = told;
        killed.listed_at = seen.clone();
        if let Some(failure) = &failure
            && killed.request_id.is_none()
        {
            killed.request_id = failure.error.request_id().map(ToOwned::to_owned);
        }
        let failure = match failure {
            Some(failure) if sent == 0 && !failure.ended.may_have_killed() => {
                let summary = match failure.ended {
                    Ended::NotListed => {
                        "The sessions could not be listed again, so none was killed".to_owned()
                    }
                    _ => format!("The sessions were not killed{}", code(&failure.error)),
                };
                self.rejected(failure.error, summary).into_error(diags);
                return None;
            }
            failure => failure,
        };
        let report = &killed.report;
        if !report.no_longer_chosen.is_empty() {
            self.explain_spared(diags, report.no_longer_chosen.len());
        }
        let in_doubt = !report.unknown.is_empty() || !report.accepted.is_empty();
        let look = if chosen.is_some() || in_doubt {
            let unreadable = chosen.map_or(0, |(_, selection)| selection.unreadable);
            Some(self.look(report, seen, unreadable, &originals).await)
        } else {
            None
        };
        let recorded = match (&look, first_left) {
            (Some(look), Some(since)) if look.left.is_none() => self.recorded(report, since).await,
            _ => HashSet::new(),
        };
        self.explain(diags, failure, report, look.as_ref(), recorded.len());
        killed.left = look.and_then(|look| look.left);
        if !recorded.is_empty() {
            killed.report.confirm(&recorded);
            killed.told |= killed.report.untold().is_empty();
        }
        Some(killed)
    }

    /// The next request's sessions: of one node, and every one that has a name in common with another of them, since a name
    /// that is in two requests would be killed twice. `None`: there are no more.
    fn batch<'t>(&self, waiting: &'t [Target], size: usize) -> Option<&'t [Target]> {
        let node = waiting.first()?.id.node();
        let mut length = (waiting.iter().take(size))
            .take_while(|target| target.id.node() == node)
            .count();
        if let Some(([.., last], rest)) = waiting.split_at_checked(length)
            && self.kill.service.kills_by_address()
        {
            length += (rest.iter())
                .take_while(|target| target.id.node() == node && target.address == last.address)
                .count();
        }
        waiting.get(..length)
    }

    /// The same targets, with those of one name next to each other.
    fn by_name(&self, targets: Vec<Target>) -> Vec<Target> {
        if !self.kill.service.kills_by_address() {
            return targets;
        }
        let mut places: HashMap<(Option<String>, Option<Arc<str>>), usize> = HashMap::new();
        let mut alike: Vec<Vec<Target>> = Vec::new();
        for target in targets {
            let name = (
                target.id.node().map(ToOwned::to_owned),
                target.address.clone(),
            );
            let place = *places.entry(name).or_insert(alike.len());
            match alike.get_mut(place) {
                Some(others) => others.push(target),
                None => alike.push(vec![target]),
            }
        }
        alike.into_iter().flatten().collect()
    }

    /// Lists the sessions of a node again, since its list has become too old to kill by. What that says of those that wait.
    async fn choose_again(
        &self,
        selector: Selecting<'_>,
        node: Option<&str>,
        waiting: &[Target],
        originals: &Originals<'_>,
        seen: &mut BTreeMap<String, String>,
    ) -> Result<Again, Error> {
        if !self.kill.service.policy.ids_come_back {
            self.progress
                .report("The sessions are listed again before the kill is sent.".to_owned());
        }
        let nodes = node.map(|node| BTreeSet::from([node.to_owned()]));
        let questions = || originals.questions();
        let (mut listing, reading) = self.list_in_time(nodes.as_ref(), seen, &questions).await?;
        // Whoever is not listed may be one that is not shown, or that cannot be read.
        let shows_everybody = listing.cut_at.is_none() && listing.nameless == 0;
        originals.take_others_out(&mut listing, reading);
        let age = Age::of(&listing, reading, &self.kill.service.policy);
        seen.extend(listing.saved_at);
        let meant: HashSet<&SessionId> = waiting.iter().map(|target| &target.id).collect();
        let chosen = match choose(selector, listing.sessions.iter().cloned(), None) {
            Ok(choice) => choice.chosen,
            // There is no cap here that could be exceeded.
            Err(_) => Vec::new(),
        };
        let staying: Vec<Session> = (chosen.into_iter())
            .filter(|session| meant.contains(&session.id))
            .filter(|session| originals.likeness(session, reading) == Likeness::Same)
            .collect();
        if let Some(other) = self.also_killed(&staying, &listing.sessions).first() {
            return Err(Error::Listing(format!(
                "When the sessions were listed again, the list had another session with the same address, which would be killed too: {}.",
                show(other)
            )));
        }
        let there: HashSet<&SessionId> =
            listing.sessions.iter().map(|session| &session.id).collect();
        let stays: HashSet<&SessionId> = staying.iter().map(|session| &session.id).collect();
        let (spared, gone) = (waiting.iter().map(|target| target.id.clone()))
            .filter(|id| !stays.contains(id))
            .partition(|id| !shows_everybody || there.contains(id));
        Ok(Again {
            staying: staying.iter().map(Target::of).collect(),
            spared,
            gone,
            age,
        })
    }

    /// Lists the sessions again, and once more when that took so long that the first of them may have changed since.
    async fn list_in_time(
        &self,
        nodes: Option<&BTreeSet<String>>,
        seen: &BTreeMap<String, String>,
        questions: Questions<'_>,
    ) -> Result<(Listing, Reading), Error> {
        const READINGS: usize = 3;
        for _ in 0..READINGS {
            let (listing, reading) = self.list(true, nodes, seen, questions).await?;
            let took = reading.ended.saturating_duration_since(reading.begun);
            if !listing.collected.is_empty() || took < LIST_HOLDS {
                return Ok((listing, reading));
            }
        }
        Err(Error::Listing(format!(
            "Reading the list took longer than {} in {READINGS} attempts, so its first sessions may have changed.",
            crate::session::duration::show(LIST_HOLDS)
        )))
    }
}
