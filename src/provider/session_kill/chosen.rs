//! Killing chosen sessions, for every service alike: list, choose, send in batches, look again, and say what is known.
//!
//! - Nobody is killed by an old list. A request that had to wait, for a busy instance or for its turn, is not sent when the
//!   list that its sessions were chosen from is older than [`LIST_HOLDS`]: the sessions are listed and chosen again, and
//!   only those that are still the same and still chosen are sent.
//! - Looking again is about what was sent and not refused: about all others it says nothing. It is about the nodes that were
//!   sent to: a node that is not among the active ones any more is no proof that its sessions are gone.
//! - An answer that was lost is no reason to guess. When looking shows that the sessions are gone, that is what is said;
//!   when it does not, that is said.

mod reports;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tf_provider::Diagnostics;
use tokio::time::Instant;

pub(super) use self::reports::code;
use super::arguments::Whom;
use super::proof::{Fate, Shown, Told};
use super::run::Run;
use crate::huaweicloud::error::{Error, Outcome};
use crate::huaweicloud::operation::Interrupted;
use crate::plugin::record;
use crate::provider::arguments::moment;
use crate::provider::explain::count;
use crate::provider::listing::{Listing, show};
use crate::provider::select;
use crate::provider::service::{Fates, Target};
use crate::session::choice::{Choice, choose};
use crate::session::tally::{self, KillReport, KillTally};
use crate::session::{Selects, Session, SessionId, also_killed, ids};

/// For how long after it was read a list holds. A kill that leaves later is chosen again. Inferred: no document says how
/// soon an address is given to another client; the system of a client reuses a port after a minute or more.
const LIST_HOLDS: Duration = Duration::from_secs(30);

/// The first look whether killed sessions are gone, and the longest time between two looks. A look at DCS is a scan, which
/// takes seconds and several calls.
pub(super) const LOOKS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// For how long to look when it is not known whether a kill arrived. One that arrived has done its work by then: DCS' jobs
/// take seconds, and a thread that rolls back is still listed.
pub(super) const SETTLED_WITHIN: Duration = Duration::from_secs(120);

/// How many looks in a row may fail before nobody looks any more.
pub(super) const FAILED_LOOKS: u32 = 3;

/// Sessions that were chosen from a list, and the list's age.
pub(super) struct Selection {
    /// Who was chosen.
    pub(super) choice: Choice<Session>,
    /// How many rows of the list could not be read at all.
    pub(super) unreadable: usize,
    /// Of how many sessions nothing but the ID could be read.
    pub(super) odd: usize,
    /// When the service saved the lists.
    pub(super) saved_at: BTreeMap<String, String>,
    /// Is there anybody, and is every address that is listed one of the service's inner network?
    pub(super) only_inner_addresses: bool,
    /// Nodes that are not active, with their status: nobody looked at their sessions.
    pub(super) passed_over: Vec<(String, String)>,
    /// How old the lists are.
    pub(super) age: Age,
}

/// How old lists are.
#[derive(Clone, Debug)]
pub(super) struct Age {
    /// When the last of them had been read.
    read: Instant,
    /// When that of each node was there, where the service has several.
    renewed: BTreeMap<String, Instant>,
}

impl Age {
    /// That of a listing that has just been read.
    fn of(listing: &Listing, now: Instant) -> Self {
        let renewed = listing.collected.iter();
        Self {
            read: now,
            renewed: renewed
                .map(|(node, collected)| (node.clone(), collected.renewed))
                .collect(),
        }
    }

    /// The moment after which a count by these lists does not hold.
    pub(super) fn counts_until(&self) -> Instant {
        self.read + LIST_HOLDS
    }

    /// The moment after which nobody of the node is killed by its list.
    fn holds_until(&self, node: Option<&str>) -> Instant {
        let renewed = node.and_then(|node| self.renewed.get(node));
        renewed.copied().unwrap_or(self.read) + LIST_HOLDS
    }

    /// The nodes whose lists they are.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &String> {
        self.renewed.keys()
    }

    /// Takes over that of lists that were read later.
    fn renew(&mut self, later: Self) {
        self.read = later.read;
        self.renewed.extend(later.renewed);
    }
}

/// What is known after a kill of chosen sessions.
pub(super) struct Killed {
    /// What the answers say.
    pub(super) report: KillReport<SessionId>,
    /// Did any answer tell what became of each session?
    pub(super) told: bool,
    /// Those of the sessions that the kill may have ended which were still listed at last; `None` if nobody could look.
    pub(super) left: Option<Vec<SessionId>>,
    /// `X-Request-Id` of the last answer.
    pub(super) request_id: Option<String>,
    /// When the first request left.
    pub(super) sent_at: Option<String>,
    /// When the last answer came.
    pub(super) answered_at: Option<String>,
    /// When the service saved the lists that decided who was killed.
    pub(super) listed_at: BTreeMap<String, String>,
}

impl Killed {
    /// What is known when there was nobody to kill.
    pub(super) fn nobody() -> Self {
        Self {
            report: KillTally::new([]).report(),
            told: true,
            left: Some(Vec::new()),
            request_id: None,
            sent_at: None,
            answered_at: None,
            listed_at: BTreeMap::new(),
        }
    }

    /// What became of each session in the words of the service. `was_listed`: they were there before the kill, so that no
    /// answer is needed to know of those who are not there any more.
    pub(super) fn words(&self, was_listed: bool) -> Told {
        let report = &self.report;
        let mut killed = report.killed.clone();
        if let Some(left) = self.left.as_ref().filter(|_| was_listed) {
            let left: HashSet<&SessionId> = left.iter().collect();
            let ended = report.may_be_gone().into_iter();
            killed = ids::unique(
                killed
                    .into_iter()
                    .chain(ended.filter(|id| !left.contains(id))),
            );
        }
        Told {
            killed,
            not_found: [&report.not_found, &report.ended_before]
                .into_iter()
                .flatten()
                .cloned()
                .collect(),
            refused: report.refused.clone(),
        }
    }

    /// What became of each session, in the order of their IDs. `chosen` are those that were listed before the kill.
    pub(super) fn fates(&self, chosen: Vec<Session>) -> impl Iterator<Item = (Shown, Fate)> {
        let report = &self.report;
        let mut fates: BTreeMap<SessionId, Fate> = BTreeMap::new();
        // Of a session that nobody had listed it cannot be seen whether it was there at all.
        let gone = match (&self.left, chosen.is_empty()) {
            (Some(_), false) => Fate::Killed,
            _ => Fate::Unknown,
        };
        for (ids, fate) in [
            (&report.killed, Fate::Killed),
            (&report.accepted, gone),
            (&report.unknown, gone),
            (&report.not_found, Fate::NotFound),
            (&report.ended_before, Fate::NotFound),
            (&report.refused, Fate::Refused),
            (&report.no_longer_chosen, Fate::Remaining),
            (&report.not_sent, Fate::Remaining),
        ] {
            fates.extend(ids.iter().map(|id| (id.clone(), fate)));
        }
        let left = self.left.iter().flatten();
        fates.extend(left.map(|id| (id.clone(), Fate::Remaining)));
        let mut listed: HashMap<SessionId, Session> = (chosen
            .into_iter()
            .map(|session| (session.id.clone(), session)))
        .collect();
        fates.into_iter().map(move |(id, fate)| {
            let shown = match listed.remove(&id) {
                Some(session) => Shown::of(session),
                None => Shown::Id(id),
            };
            (shown, fate)
        })
    }
}

/// Why not everything was sent, or not everything that was sent was answered.
struct Failure {
    error: Error,
    ended: Ended,
}

/// How the sending ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// A request may have arrived, and no complete answer came back.
    Unknown,
    /// A request certainly did nothing.
    Rejected,
    /// A request had to wait, and then its sessions could not be listed again.
    NotListed,
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

/// What looking again showed.
struct Look {
    /// Those that were still listed at last; `None` if they could not be listed.
    left: Option<Vec<SessionId>>,
    /// Why the looking ended before nobody was left.
    ended_by: Option<Error>,
}

/// What chooses.
pub(super) type Selecting<'s> = &'s (dyn Selects<Session> + Sync);

impl Run<'_> {
    /// Lists the sessions and chooses among them. `None`: an error says why nobody may be killed.
    pub(super) async fn choose(
        &self,
        diags: &mut Diagnostics,
        selector: Selecting<'_>,
    ) -> Option<Selection> {
        let service = self.kill.service;
        let listing = match self.list(None, &BTreeMap::new()).await {
            Ok(listing) => listing,
            Err(error) => {
                let summary = "The sessions could not be listed, so none was killed";
                self.rejected(error, summary).into_error(diags);
                return None;
            }
        };
        let listed = self.client.clock().instant();
        match self.kill.whom {
            Whom::All => listing.tell_unreadable(diags),
            _ => listing.tell_gaps(diags),
        }
        let choice = self.choose_among(diags, selector, &listing.sessions)?;
        let others = self.also_killed(&choice.chosen, &listing.sessions);
        if !others.is_empty() {
            self.shared_names(diags, &others);
            return None;
        }
        if choice.nameless > 0 {
            self.nameless(diags, choice.nameless);
        }
        let is_inner = |session: &Session| {
            let address = session.origin.as_ref().or(session.address.as_ref());
            address.is_some_and(|address| (service.is_inner_address)(address))
        };
        Some(Selection {
            choice,
            unreadable: listing.unreadable(),
            odd: (listing.sessions.iter())
                .filter(|session| !session.readable)
                .count(),
            only_inner_addresses: !listing.sessions.is_empty()
                && listing.sessions.iter().all(is_inner),
            age: Age::of(&listing, listed),
            saved_at: listing.saved_at,
            passed_over: listing.passed_over,
        })
    }

    /// Chooses among the listed sessions. `None`: there are more than may be killed, and an error says so.
    ///
    /// A rehearsal shows them all, and warns that the kill itself would be refused.
    fn choose_among(
        &self,
        diags: &mut Diagnostics,
        selector: Selecting<'_>,
        sessions: &[Session],
    ) -> Option<Choice<Session>> {
        let cap = self.kill.max_sessions;
        let max = cap.filter(|_| !self.kill.dry_run);
        match choose(selector, sessions.iter().cloned(), max) {
            Ok(choice) => {
                if let Some(max) = cap.filter(|max| choice.chosen.len() > *max) {
                    select::would_be_too_many(diags, choice.chosen.len(), max);
                }
                Some(choice)
            }
            Err(too_many) => {
                let first: Vec<String> = too_many.first.iter().map(show).collect();
                self.too_many(diags, too_many.matched, too_many.max, &first);
                None
            }
        }
    }

    /// The listed sessions that were not chosen and would be killed with those that were.
    fn also_killed<'s>(&self, chosen: &[Session], listed: &'s [Session]) -> Vec<&'s Session> {
        match self.kill.service.policy.by_address {
            true => also_killed(chosen, listed),
            false => Vec::new(),
        }
    }

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
        let targets = choice.chosen.iter().map(Target::of).collect();
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
        let mut failure = None;

        while let Some(batch) = self.batch(queue.get(next..).unwrap_or_default(), size) {
            let node = batch.first().and_then(|target| target.id.node());
            let leave_before = age.as_ref().map(|age| age.holds_until(node));
            let ids: Vec<SessionId> = batch.iter().map(|target| target.id.clone()).collect();
            let outcome = (self.kill.place)
                .kill(self.calls(), batch, leave_before)
                .await;
            if killed.sent_at.is_none() && !matches!(outcome, Outcome::Rejected(_)) {
                killed.sent_at = self.left_at();
            }
            match outcome {
                Outcome::Accepted(answered) => {
                    record("request_id", &answered.request_id);
                    killed.request_id = answered.request_id;
                    killed.answered_at = moment(self.client.clock().now());
                    match answered.fates {
                        Fates::NotTold => tally.accept(&ids),
                        Fates::Told(answer) => {
                            told = true;
                            tally.record(&ids, answer);
                        }
                        Fates::Unreadable(error) => {
                            self.unreadable(ids.len(), error).into_warning(diags);
                            tally.accept(&ids);
                        }
                    }
                    sent += ids.len();
                    next += ids.len();
                    if next < queue.len() {
                        let sessions = count(asked, words.session);
                        self.progress.report(format!("{sent} of {sessions} sent."));
                    }
                }
                Outcome::Rejected(Error::TooLate) if chosen.is_some() => {
                    let Some((selector, _)) = chosen else { break };
                    let (waiting, others): (Vec<_>, Vec<_>) = (queue.iter().skip(next).cloned())
                        .partition(|target| target.id.node() == node);
                    match self.choose_again(selector, node, &waiting, &mut seen).await {
                        Ok(again) => {
                            tally.leave(&again.gone);
                            tally.spare(&again.spared);
                            if let Some(age) = &mut age {
                                age.renew(again.age);
                            }
                            queue = self.by_name(again.staying);
                            queue.extend(others);
                            next = 0;
                        }
                        Err(error) => {
                            failure = Some(Failure {
                                error,
                                ended: Ended::NotListed,
                            });
                            break;
                        }
                    }
                }
                Outcome::Rejected(error)
                    if ids.len().min(size) > policy.small_batch && is_bad_request(&error) =>
                {
                    size = policy.small_batch;
                }
                Outcome::Rejected(error) => {
                    failure = Some(Failure {
                        error,
                        ended: Ended::Rejected,
                    });
                    break;
                }
                Outcome::Unknown(error) => {
                    tally.lose(&ids);
                    failure = Some(Failure {
                        error,
                        ended: Ended::Unknown,
                    });
                    break;
                }
            }
        }

        killed.report = tally.report();
        killed.told = told;
        killed.listed_at = seen.clone();
        if let Some(failure) = &failure
            && killed.request_id.is_none()
        {
            killed.request_id = failure.error.request_id().map(ToOwned::to_owned);
        }
        let failure = match failure {
            Some(failure) if sent == 0 && failure.ended != Ended::Unknown => {
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
            Some(self.look(report, seen, unreadable).await)
        } else {
            None
        };
        self.explain(diags, failure, report, look.as_ref());
        killed.left = look.and_then(|look| look.left);
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
            && self.kill.service.policy.by_address
        {
            length += (rest.iter())
                .take_while(|target| target.id.node() == node && target.address == last.address)
                .count();
        }
        waiting.get(..length)
    }

    /// The same targets, with those of one name next to each other.
    fn by_name(&self, targets: Vec<Target>) -> Vec<Target> {
        if !self.kill.service.policy.by_address {
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
        seen: &mut BTreeMap<String, String>,
    ) -> Result<Again, Error> {
        self.progress.report(
            "The kill had to wait, so the sessions are listed again before it is sent.".to_owned(),
        );
        let nodes = node.map(|node| BTreeSet::from([node.to_owned()]));
        let listing = self.list(nodes.as_ref(), seen).await?;
        let age = Age::of(&listing, self.client.clock().instant());
        seen.extend(listing.saved_at);
        let meant: HashSet<&SessionId> = waiting.iter().map(|target| &target.id).collect();
        let chosen = match choose(selector, listing.sessions.iter().cloned(), None) {
            Ok(choice) => choice.chosen,
            // There is no cap here that could be exceeded.
            Err(_) => Vec::new(),
        };
        let staying: Vec<Session> = (chosen.into_iter())
            .filter(|session| meant.contains(&session.id))
            .collect();
        if let Some(other) = self.also_killed(&staying, &listing.sessions).first() {
            return Err(Error::Listing(format!(
                "When the sessions were listed again, another session had come that would be killed with them: {}.",
                show(other)
            )));
        }
        let there: HashSet<&SessionId> =
            listing.sessions.iter().map(|session| &session.id).collect();
        let stays: HashSet<&SessionId> = staying.iter().map(|session| &session.id).collect();
        let (spared, gone) = (waiting.iter().map(|target| target.id.clone()))
            .filter(|id| !stays.contains(id))
            .partition(|id| there.contains(id));
        Ok(Again {
            staying: staying.iter().map(Target::of).collect(),
            spared,
            gone,
            age,
        })
    }

    /// Lists again until none of the sessions is left that the kill may have ended. Those whose request was accepted are
    /// waited for until the time is over; those whose request was lost no longer than [`SETTLED_WITHIN`].
    ///
    /// `unreadable` is how many rows without an ID there were before the kill.
    async fn look(
        &self,
        report: &KillReport<SessionId>,
        mut seen: BTreeMap<String, String>,
        unreadable: usize,
    ) -> Look {
        let clock = self.client.clock();
        let begun = clock.instant();
        let ids = report.may_be_gone();
        let lost: HashSet<_> = report.unknown.iter().collect();
        let mut failed = 0;
        let mut interval = LOOKS.0;
        let mut look = Look {
            left: ids.is_empty().then(Vec::new),
            ended_by: None,
        };
        while look.left.as_ref().is_none_or(|left| !left.is_empty()) {
            let waiting_for = look.left.as_ref().unwrap_or(&ids);
            let only_lost = waiting_for.iter().all(|id| lost.contains(id));
            let long = clock.instant().saturating_duration_since(begun) >= SETTLED_WITHIN;
            let slept = match only_lost && long {
                true => Err(Interrupted::Deadline),
                false => self.operation.sleep(clock, interval).await,
            };
            if let Err(interrupted) = slept {
                look.ended_by = look.ended_by.or_else(|| Some(interrupted.into_error(None)));
                break;
            }
            interval = interval.mul_f64(1.5).min(LOOKS.1);
            let nodes: BTreeSet<String> = (waiting_for.iter())
                .filter_map(|id| id.node().map(ToOwned::to_owned))
                .collect();
            let nodes = (!nodes.is_empty()).then_some(&nodes);
            let listed = self.list(nodes, &seen).await;
            match listed.and_then(|listing| readable(listing, unreadable)) {
                Ok(listing) => {
                    (failed, look.ended_by) = (0, None);
                    let left = tally::remaining(waiting_for, &listing.sessions);
                    if !left.is_empty() {
                        let number = count(left.len(), self.kill.service.words.session);
                        self.progress.report(format!("{number} still there."));
                    }
                    seen.extend(listing.saved_at);
                    look.left = Some(left);
                }
                Err(error) => {
                    failed += 1;
                    let last = failed >= FAILED_LOOKS || !may_pass(&error);
                    look.ended_by = Some(error);
                    if last {
                        break;
                    }
                }
            }
        }
        look
    }
}

/// A list in which nobody can be overlooked. A row without an ID that was not there before may be anybody.
fn readable(listing: Listing, before: usize) -> Result<Listing, Error> {
    if usize::try_from(listing.nameless).is_ok_and(|rows| rows <= before) {
        return Ok(listing);
    }
    Err(Error::Listing(format!(
        "The list has {} without a readable ID, which may be of any session.",
        count(
            usize::try_from(listing.nameless).unwrap_or(usize::MAX),
            "row"
        )
    )))
}

/// Can another look end better?
pub(super) fn may_pass(error: &Error) -> bool {
    match error {
        Error::Listing(_)
        | Error::NotSent { .. }
        | Error::Lost { .. }
        | Error::Unreadable { .. } => true,
        Error::Api { answer, .. } => answer.status >= 500,
        Error::SignIn { error, .. } => may_pass(error),
        _ => false,
    }
}

/// The request itself was refused, with what it named.
fn is_bad_request(error: &Error) -> bool {
    error
        .api()
        .is_some_and(|answer| answer.status == 400 && !answer.is_busy())
}
