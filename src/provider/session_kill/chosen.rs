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
use std::time::Duration;

use async_trait::async_trait;
use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};
use tokio::time::Instant;

pub(in crate::provider) use self::reports::{code, rejected};
use self::reports::{nameless, shared_names, unreadable};
use super::{Kill, Run};
use crate::huaweicloud::client::Client;
use crate::huaweicloud::error::{Error, Outcome};
use crate::huaweicloud::operation::{Interrupted, Operation};
use crate::plugin::record;
use crate::provider::arguments::moment;
use crate::provider::explain::count;
use crate::provider::select::{self, Listing};
use crate::session::guard::{Choice, choose};
use crate::session::outcome::{self, Answer, KillReport, KillTally};
use crate::session::{Listed, Selects};

/// For how long after it was read a list holds. A kill that leaves later is chosen again. Inferred: no document says how
/// soon an address is given to another client; the system of a client reuses a port after a minute or more.
const LIST_HOLDS: Duration = Duration::from_secs(30);

/// The first look whether killed sessions are gone, and the longest time between two looks. A look at DCS is a scan, which
/// takes seconds and several calls.
pub(in crate::provider) const LOOKS: (Duration, Duration) =
    (Duration::from_secs(1), Duration::from_secs(30));

/// For how long to look when it is not known whether a kill arrived. One that arrived has done its work by then: DCS' jobs
/// take seconds, and a thread that rolls back is still listed.
pub(in crate::provider) const SETTLED_WITHIN: Duration = Duration::from_secs(120);

/// How many looks in a row may fail before nobody looks any more.
pub(in crate::provider) const FAILED_LOOKS: u32 = 3;

/// What reports call things.
pub(in crate::provider) struct Words {
    /// The service.
    pub(in crate::provider) service: &'static str,
    /// One of its sessions.
    pub(in crate::provider) session: &'static str,
    /// Why a killed session may still be listed.
    pub(in crate::provider) lingers: &'static str,
    /// Where a person can look.
    pub(in crate::provider) look: &'static str,
}

/// A kill of chosen sessions of one service.
#[async_trait]
pub(in crate::provider) trait Chosen: Kill {
    /// A session as it is listed.
    type Session: Listed<Id: Send + Sync> + Clone + Send + Sync;
    /// What a request names a session by.
    type Entry: Clone + Send + Sync;

    /// How reports speak.
    const WORDS: Words;
    /// How many sessions go into one request.
    const BATCH: usize;
    /// How many after a larger request was refused as a bad one. A refused request has killed nobody.
    const SMALL_BATCH: usize;

    /// What names a session in a request.
    fn entry(session: &Self::Session) -> Self::Entry;

    /// The session that an entry names.
    fn id(entry: &Self::Entry) -> <Self::Session as Listed>::Id;

    /// The node of a session, where the service has several for one kill: a request names sessions of one node.
    fn node(_id: &IdOf<Self>) -> Option<&str> {
        None
    }

    /// What a request calls a session, where several can have the same name: they are killed together. `None` where a
    /// request calls each by its ID.
    fn name(_entry: &Self::Entry) -> Option<String> {
        None
    }

    /// Is it a session of which nothing but the ID can be read?
    fn is_odd(session: &Self::Session) -> bool;

    /// Does the kill end all sessions of the place, whoever is listed?
    fn kills_everybody(&self) -> bool {
        false
    }

    /// A session in one line, for a person.
    fn show(session: &Self::Session) -> String;

    /// The listed sessions that were not chosen and would be killed with those that were.
    fn also_killed<'s>(
        _chosen: &[Self::Session],
        _listed: &'s [Self::Session],
    ) -> Vec<&'s Self::Session> {
        Vec::new()
    }

    /// Is there anybody, and is every address that is listed one of the service's inner network?
    fn only_inner_addresses(_listed: &[Self::Session]) -> bool {
        false
    }

    /// The argument that says which sessions are meant.
    fn described_in(&self) -> AttributePath;

    /// Lists the sessions of the place, or of these nodes of it only, whatever state they are in. `seen` is when the lists
    /// that were read before had been saved.
    async fn list(
        &self,
        client: &Client,
        nodes: Option<&BTreeSet<String>>,
        seen: &BTreeMap<String, String>,
        operation: &Operation,
    ) -> Result<Listing<Self::Session>, Error>;

    /// Sends one request, unless it cannot leave before the moment given.
    async fn send(
        &self,
        client: &Client,
        batch: &[Self::Entry],
        leave_before: Option<Instant>,
        operation: &Operation,
    ) -> Outcome<Answered<Self>>;
}

/// What the service said to a request that it accepted.
pub(in crate::provider) struct Answered<K: Chosen + ?Sized> {
    /// `X-Request-Id` of the answer.
    pub(in crate::provider) request_id: Option<String>,
    /// What became of each session, where the service tells.
    pub(in crate::provider) fates: Fates<IdOf<K>>,
}

/// What the service says of each session of a request.
pub(in crate::provider) enum Fates<Id> {
    /// Nothing; it has killed them.
    NotTold,
    /// This.
    Told(Answer<Id>),
    /// Something that could not be read.
    Unreadable(Error),
}

/// What tells one session of a kill from the others.
pub(in crate::provider) type IdOf<K> = <<K as Chosen>::Session as Listed>::Id;

/// Sessions that were chosen from a list, and the list's age.
pub(in crate::provider) struct Selection<S> {
    /// Who was chosen.
    pub(in crate::provider) choice: Choice<S>,
    /// How many rows of the list could not be read at all.
    pub(in crate::provider) unreadable: usize,
    /// Of how many sessions nothing but the ID could be read.
    pub(in crate::provider) odd: usize,
    /// When the service saved the lists.
    pub(in crate::provider) saved_at: BTreeMap<String, String>,
    /// Is there anybody, and is every address that is listed one of the service's inner network?
    pub(in crate::provider) only_inner_addresses: bool,
    /// Nodes that are not active, with their status: nobody looked at their sessions.
    pub(in crate::provider) passed_over: Vec<(String, String)>,
    /// How old the lists are.
    pub(in crate::provider) age: Age,
}

/// How old lists are.
#[derive(Clone, Debug)]
pub(in crate::provider) struct Age {
    /// When the last of them had been read.
    read: Instant,
    /// When that of each node was there, where the service has several.
    renewed: BTreeMap<String, Instant>,
}

impl Age {
    /// That of a listing that has just been read.
    fn of<S>(listing: &Listing<S>, now: Instant) -> Self {
        let renewed = listing.collected.iter();
        Self {
            read: now,
            renewed: renewed
                .map(|(node, collected)| (node.clone(), collected.renewed))
                .collect(),
        }
    }

    /// The moment after which a count by these lists does not hold.
    pub(in crate::provider) fn counts_until(&self) -> Instant {
        self.read + LIST_HOLDS
    }

    /// The moment after which nobody of the node is killed by its list.
    fn holds_until(&self, node: Option<&str>) -> Instant {
        let renewed = node.and_then(|node| self.renewed.get(node));
        renewed.copied().unwrap_or(self.read) + LIST_HOLDS
    }

    /// The nodes whose lists they are.
    pub(in crate::provider) fn nodes(&self) -> impl Iterator<Item = &String> {
        self.renewed.keys()
    }

    /// Takes over that of lists that were read later.
    fn renew(&mut self, later: Self) {
        self.read = later.read;
        self.renewed.extend(later.renewed);
    }
}

/// What is known after a kill of chosen sessions.
pub(in crate::provider) struct Killed<Id> {
    /// What the answers say.
    pub(in crate::provider) report: KillReport<Id>,
    /// Did any answer tell what became of each session?
    pub(in crate::provider) told: bool,
    /// Those of the sessions that the kill may have ended which were still listed at last; `None` if nobody could look.
    pub(in crate::provider) left: Option<Vec<Id>>,
    /// `X-Request-Id` of the last answer.
    pub(in crate::provider) request_id: Option<String>,
    /// When the first request left.
    pub(in crate::provider) sent_at: Value<String>,
    /// When the last answer came.
    pub(in crate::provider) answered_at: Value<String>,
    /// When the service saved the lists that decided who was killed.
    pub(in crate::provider) listed_at: BTreeMap<String, String>,
}

impl<Id: Clone + Eq + std::hash::Hash> Killed<Id> {
    /// What is known when there was nobody to kill.
    pub(in crate::provider) fn nobody() -> Self {
        Self {
            report: KillTally::new([]).report(),
            told: true,
            left: Some(Vec::new()),
            request_id: None,
            sent_at: Value::Null,
            answered_at: Value::Null,
            listed_at: BTreeMap::new(),
        }
    }

    /// Those that the kill may have ended and that were not listed any more; `None` if nobody could look.
    pub(in crate::provider) fn ended(&self) -> Option<Vec<Id>> {
        let left: HashSet<&Id> = self.left.as_ref()?.iter().collect();
        let mut ended = self.report.may_be_gone();
        ended.retain(|id| !left.contains(id));
        Some(ended)
    }

    /// Those that were still listed at last, and those that were not sent though they were listed before; `None` if nobody could look.
    pub(in crate::provider) fn remaining(&self) -> Option<Vec<Id>> {
        let mut remaining = self.left.clone()?;
        remaining.extend(self.report.spared.iter().cloned());
        remaining.extend(self.report.unsent.iter().cloned());
        Some(remaining)
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
struct Again<K: Chosen> {
    /// Those that are still there and still chosen.
    staying: Vec<K::Entry>,
    /// Those that are still there, but not chosen any more.
    spared: Vec<IdOf<K>>,
    /// Those that are not there any more.
    gone: Vec<IdOf<K>>,
    age: Age,
}

/// What looking again showed.
struct Look<Id> {
    /// Those that were still listed at last; `None` if they could not be listed.
    left: Option<Vec<Id>>,
    /// Why the looking ended before nobody was left.
    ended_by: Option<Error>,
}

type Selecting<'s, K> = &'s (dyn Selects<<K as Chosen>::Session> + Sync);

impl<K: Chosen> Run<'_, K> {
    /// Lists the sessions and chooses among them. `None`: an error says why nobody may be killed.
    pub(in crate::provider) async fn choose(
        &self,
        diags: &mut Diagnostics,
        selector: Selecting<'_, K>,
    ) -> Option<Selection<K::Session>> {
        let listing = match self.list(None, &BTreeMap::new()).await {
            Ok(listing) => listing,
            Err(error) => {
                rejected::<K>(
                    error,
                    "The sessions could not be listed, so none was killed",
                )
                .into_error(diags);
                return None;
            }
        };
        let listed = self.client.clock().instant();
        if self.kill.kills_everybody() {
            listing.tell_unreadable(diags);
        } else {
            listing.tell_gaps(diags);
        }
        let sessions = listing.sessions.iter().cloned();
        let choice = self.choose_among(diags, selector, sessions, K::show)?;
        let others = K::also_killed(&choice.chosen, &listing.sessions);
        if !others.is_empty() {
            shared_names::<K>(diags, &others);
            return None;
        }
        if choice.nameless > 0 {
            nameless::<K>(diags, choice.nameless);
        }
        Some(Selection {
            choice,
            unreadable: usize::try_from(listing.nameless).unwrap_or(usize::MAX),
            odd: (listing.sessions.iter().filter(|session| K::is_odd(session))).count(),
            only_inner_addresses: K::only_inner_addresses(&listing.sessions),
            age: Age::of(&listing, listed),
            saved_at: listing.saved_at,
            passed_over: listing.passed_over,
        })
    }

    async fn list(
        &self,
        nodes: Option<&BTreeSet<String>>,
        seen: &BTreeMap<String, String>,
    ) -> Result<Listing<K::Session>, Error> {
        (self.kill)
            .list(&self.client, nodes, seen, &self.operation)
            .await
    }

    /// Kills those that were chosen, and looks until they are gone. `None`: certainly nobody was killed, and an error says
    /// why.
    pub(in crate::provider) async fn kill_chosen(
        &self,
        diags: &mut Diagnostics,
        selector: Selecting<'_, K>,
        selection: &Selection<K::Session>,
    ) -> Option<Killed<IdOf<K>>> {
        let choice = &selection.choice;
        if choice.chosen.is_empty() {
            select::nothing_matched(diags, self.kill.described_in(), choice.protected);
            return Some(Killed {
                listed_at: selection.saved_at.clone(),
                ..Killed::nobody()
            });
        }
        let entries = choice.chosen.iter().map(K::entry).collect();
        self.kill_entries(diags, entries, Some((selector, selection)))
            .await
    }

    /// Kills what the entries name, which are different, batch by batch, and looks until they are gone if that was looked
    /// at before, or if the answers do not tell. `None`: certainly nobody was killed, and an error says why.
    pub(in crate::provider) async fn kill_entries(
        &self,
        diags: &mut Diagnostics,
        entries: Vec<K::Entry>,
        chosen: Option<(Selecting<'_, K>, &Selection<K::Session>)>,
    ) -> Option<Killed<IdOf<K>>> {
        let asked = entries.len();
        let mut tally = KillTally::new(entries.iter().map(K::id));
        let mut age = chosen.map(|(_, selection)| selection.age.clone());
        let mut seen =
            chosen.map_or_else(BTreeMap::new, |(_, selection)| selection.saved_at.clone());
        let mut queue = by_name::<K>(entries);
        let mut size = K::BATCH.max(1);
        let mut sent = 0;
        let mut told = false;
        let mut killed = Killed::nobody();
        let mut failure = None;

        while let Some(first) = queue.first() {
            let first = K::id(first);
            let node = K::node(&first);
            let mut length = (queue.iter().take(size))
                .take_while(|entry| K::node(&K::id(entry)) == node)
                .count();
            // A name that is in two requests would be killed twice.
            length += match queue.split_at_checked(length) {
                Some(([.., last], rest)) => {
                    let name = K::name(last);
                    let has_name = |next: &&K::Entry| name.is_some() && K::name(next) == name;
                    rest.iter().take_while(has_name).count()
                }
                _ => 0,
            };
            let leave_before = age.as_ref().map(|age| age.holds_until(node));
            let batch = queue.get(..length).unwrap_or_default();
            let ids: Vec<_> = batch.iter().map(K::id).collect();
            let outcome = (self.kill)
                .send(&self.client, batch, leave_before, &self.operation)
                .await;
            if killed.sent_at.is_null() && !matches!(outcome, Outcome::Rejected(_)) {
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
                            unreadable::<K>(ids.len(), error).into_warning(diags);
                            tally.accept(&ids);
                        }
                    }
                    sent += length;
                    queue.drain(..length);
                    if !queue.is_empty() {
                        let sessions = count(asked, K::WORDS.session);
                        self.progress.report(format!("{sent} of {sessions} sent."));
                    }
                }
                Outcome::Rejected(Error::TooLate) if chosen.is_some() => {
                    let Some((selector, _)) = chosen else { break };
                    let (waiting, others): (Vec<_>, Vec<_>) =
                        (queue.iter().cloned()).partition(|entry| K::node(&K::id(entry)) == node);
                    match self.choose_again(selector, node, &waiting, &mut seen).await {
                        Ok(again) => {
                            tally.leave(&again.gone);
                            tally.spare(&again.spared);
                            if let Some(age) = &mut age {
                                age.renew(again.age);
                            }
                            queue = by_name::<K>(again.staying);
                            queue.extend(others);
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
                    if length.min(size) > K::SMALL_BATCH && is_bad_request(&error) =>
                {
                    size = K::SMALL_BATCH;
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
                rejected::<K>(failure.error, summary).into_error(diags);
                return None;
            }
            failure => failure,
        };
        let report = &killed.report;
        if !report.spared.is_empty() {
            self.explain_spared(diags, report.spared.len());
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

    /// Lists the sessions of a node again, since its list has become too old to kill by. What that says of those that wait.
    async fn choose_again(
        &self,
        selector: Selecting<'_, K>,
        node: Option<&str>,
        waiting: &[K::Entry],
        seen: &mut BTreeMap<String, String>,
    ) -> Result<Again<K>, Error> {
        self.progress.report(
            "The kill had to wait, so the sessions are listed again before it is sent.".to_owned(),
        );
        let nodes = node.map(|node| BTreeSet::from([node.to_owned()]));
        let listing = self.list(nodes.as_ref(), seen).await?;
        let age = Age::of(&listing, self.client.clock().instant());
        seen.extend(listing.saved_at);
        let waiting: Vec<_> = waiting.iter().map(K::id).collect();
        let meant: HashSet<_> = waiting.iter().cloned().collect();
        let chosen = match choose(selector, listing.sessions.iter().cloned(), None) {
            Ok(choice) => choice.chosen,
            // There is no cap here that could be exceeded.
            Err(_) => Vec::new(),
        };
        let staying: Vec<K::Session> = (chosen.into_iter())
            .filter(|session| meant.contains(&session.id()))
            .collect();
        if let Some(other) = K::also_killed(&staying, &listing.sessions).first() {
            return Err(Error::Listing(format!(
                "When the sessions were listed again, another session had come that would be killed with them: {}.",
                K::show(other)
            )));
        }
        let there: HashSet<_> = listing.sessions.iter().map(Listed::id).collect();
        let stays: HashSet<_> = staying.iter().map(Listed::id).collect();
        let (spared, gone) = (waiting.into_iter())
            .filter(|id| !stays.contains(id))
            .partition(|id| there.contains(id));
        Ok(Again {
            staying: staying.iter().map(K::entry).collect(),
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
        report: &KillReport<IdOf<K>>,
        mut seen: BTreeMap<String, String>,
        unreadable: usize,
    ) -> Look<IdOf<K>> {
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
                .filter_map(|id| K::node(id).map(ToOwned::to_owned))
                .collect();
            let nodes = (!nodes.is_empty()).then_some(&nodes);
            let listed = self.list(nodes, &seen).await;
            match listed.and_then(|listing| readable(listing, unreadable)) {
                Ok(listing) => {
                    (failed, look.ended_by) = (0, None);
                    let left = outcome::remaining(waiting_for, &listing.sessions);
                    if !left.is_empty() {
                        let number = count(left.len(), K::WORDS.session);
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

/// The same entries, with those of one name next to each other.
fn by_name<K: Chosen>(entries: Vec<K::Entry>) -> Vec<K::Entry> {
    let Some(names) = entries.iter().map(K::name).collect::<Option<Vec<_>>>() else {
        return entries;
    };
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut alike: Vec<Vec<K::Entry>> = Vec::new();
    for (entry, name) in entries.into_iter().zip(names) {
        let place = *places.entry(name).or_insert(alike.len());
        match alike.get_mut(place) {
            Some(others) => others.push(entry),
            None => alike.push(vec![entry]),
        }
    }
    alike.into_iter().flatten().collect()
}

/// A list in which nobody can be overlooked. A row without an ID that was not there before may be anybody.
fn readable<S>(listing: Listing<S>, before: usize) -> Result<Listing<S>, Error> {
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
pub(in crate::provider) fn may_pass(error: &Error) -> bool {
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
