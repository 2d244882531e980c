//! Listing sessions and choosing among them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use tf_provider::Diagnostics;
use tokio::time::Instant;

use crate::provider::listing::{Listing, Reading, show};
use crate::provider::select;
use crate::provider::service::Policy;
use crate::provider::session_kill::arguments::Whom;
use crate::provider::session_kill::proof::Fate;
use crate::provider::session_kill::run::Run;
use crate::session::choice::{Choice, choose};
use crate::session::{
    Likeness, Question, Selector, Selects, Session, SessionId, also_killed, likeness,
};

/// For how long after it was read a list holds. A kill that leaves later is chosen again. Inferred: no document says how
/// soon an address is given to another client; the system of a client reuses a port after a minute or more.
pub(super) const LIST_HOLDS: Duration = Duration::from_secs(30);

/// The same where an ID may come back as another session's.
const LIST_OF_REUSED_IDS_HOLDS: Duration = Duration::from_secs(5);

/// What chooses.
pub(in crate::provider::session_kill) type Selecting<'s> = &'s (dyn Selects<Session> + Sync);

/// Sessions that were chosen from a list, and the list's age.
pub(in crate::provider::session_kill) struct Selection {
    /// Who was chosen.
    pub(in crate::provider::session_kill) choice: Choice<Session>,
    /// How many rows of the list could not be read at all.
    pub(in crate::provider::session_kill) unreadable: usize,
    /// Of how many sessions nothing but the ID could be read.
    pub(in crate::provider::session_kill) odd: usize,
    /// When the service saved the lists.
    pub(in crate::provider::session_kill) saved_at: BTreeMap<String, String>,
    /// How many sessions are listed.
    pub(in crate::provider::session_kill) listed: usize,
    /// Of how many of them the list shows an address of the service's own network in the place of the client's.
    pub(in crate::provider::session_kill) hide_clients: usize,
    /// Nodes that are not active, with their status: nobody looked at their sessions.
    pub(in crate::provider::session_kill) passed_over: Vec<(String, String)>,
    /// How old the lists are.
    pub(in crate::provider::session_kill) age: Age,
    /// The most sessions that the service shows, when it shows as many: there may be more.
    pub(in crate::provider::session_kill) cut_at: Option<usize>,
    /// What was asked for, in case a list is cut short.
    asked: Vec<Question>,
}

impl Selection {
    /// Every session that was asked for and is there, also those that no kill can name.
    pub(in crate::provider::session_kill) fn found(&self) -> impl Iterator<Item = &Session> {
        self.choice.chosen.iter().chain(&self.choice.nameless)
    }

    /// How many sessions may be one that was asked for and was not found: what names it cannot be read of them.
    pub(in crate::provider::session_kill) fn may_be_missing(&self, whom: &Whom) -> usize {
        match whom {
            Whom::Addresses(_) => self.unreadable + self.odd,
            _ => self.unreadable,
        }
    }

    /// What became of a session that was asked for and was not found.
    pub(in crate::provider::session_kill) fn fate_of_missing(&self, whom: &Whom) -> Fate {
        match (self.cut_at, self.may_be_missing(whom)) {
            (None, 0) => Fate::NotFound,
            // It may be one that is not shown, or that cannot be read.
            _ => Fate::Unknown,
        }
    }
}

/// Chosen sessions as they were listed at first.
#[derive(Default)]
pub(super) struct Originals<'s> {
    sessions: HashMap<&'s SessionId, &'s Session>,
    /// When they had been listed; `None` where ages are not compared.
    ages_since: Option<Instant>,
    /// What was asked for, where the answers to that showed everybody.
    asked: &'s [Question],
}

impl<'s> Originals<'s> {
    pub(super) fn of(selection: &'s Selection, policy: &Policy) -> Self {
        let chosen = selection.choice.chosen.iter();
        Self {
            sessions: chosen.map(|session| (&session.id, session)).collect(),
            ages_since: policy.ids_come_back.then_some(selection.age.reading.ended),
            asked: match selection.cut_at {
                None => &selection.asked,
                Some(_) => &[],
            },
        }
    }

    /// Takes sessions out of a later list that have the ID of one of these and are certainly others.
    pub(super) fn take_others_out(&self, listing: &mut Listing, now: Reading) {
        (listing.sessions).retain(|session| self.likeness(session, now) != Likeness::Another);
    }

    /// Is a session that is listed now the one that was listed at first? One that was not listed at first cannot be told from
    /// others.
    pub(super) fn likeness(&self, session: &Session, now: Reading) -> Likeness {
        let between = (self.ages_since).map(|then| now.begun.saturating_duration_since(then));
        let before = self.sessions.get(&session.id);
        before.map_or(Likeness::Same, |before| likeness(before, session, between))
    }

    /// What to ask for where a list is cut short, so that all of them are in the answers: what was asked for at first, or where
    /// that did not show everybody, who and where each of them is.
    pub(super) fn questions(&self) -> Vec<Question> {
        if !self.asked.is_empty() {
            return self.asked.to_vec();
        }
        let sessions = self.sessions.values();
        let questions: BTreeSet<Question> =
            sessions.map(|session| Question::about(session)).collect();
        questions.into_iter().collect()
    }
}

/// How old lists are.
#[derive(Clone, Debug)]
pub(in crate::provider::session_kill) struct Age {
    /// When they were read.
    reading: Reading,
    /// For how long they hold.
    holds: Duration,
    /// When that of each node was there, where the service has several.
    renewed: BTreeMap<String, Instant>,
}

impl Age {
    /// That of a listing that has just been read.
    pub(in crate::provider::session_kill) fn of(
        listing: &Listing,
        reading: Reading,
        policy: &Policy,
    ) -> Self {
        let renewed = listing.collected.iter();
        Self {
            reading,
            holds: match policy.ids_come_back {
                true => LIST_OF_REUSED_IDS_HOLDS,
                false => LIST_HOLDS,
            },
            renewed: renewed
                .map(|(node, collected)| (node.clone(), collected.renewed))
                .collect(),
        }
    }

    /// The moment after which a count by these lists does not hold.
    pub(in crate::provider::session_kill) fn counts_until(&self) -> Instant {
        self.reading.ended + self.holds
    }

    /// The moment after which nobody of the node is killed by its list.
    pub(in crate::provider::session_kill) fn holds_until(&self, node: Option<&str>) -> Instant {
        match node.and_then(|node| self.renewed.get(node)) {
            Some(renewed) => *renewed + self.holds,
            None => (self.reading.ended + self.holds).min(self.reading.begun + LIST_HOLDS),
        }
    }

    /// The nodes whose lists they are.
    pub(in crate::provider::session_kill) fn nodes(&self) -> impl Iterator<Item = &String> {
        self.renewed.keys()
    }

    /// Takes over that of lists that were read later.
    pub(in crate::provider::session_kill) fn renew(&mut self, later: Self) {
        self.reading = later.reading;
        self.renewed.extend(later.renewed);
    }
}

impl Run<'_> {
    /// Lists the sessions and chooses among them. `None`: an error says why nobody may be killed.
    pub(in crate::provider::session_kill) async fn choose(
        &self,
        diags: &mut Diagnostics,
        selector: Selecting<'_>,
    ) -> Option<Selection> {
        let asked = (self.kill.whom.selector()).map_or_else(Vec::new, Selector::questions);
        let listed = self
            .list(true, None, &BTreeMap::new(), &|| asked.clone())
            .await;
        let (listing, reading) = match listed {
            Ok(listed) => listed,
            Err(error) => {
                let summary = "The sessions could not be listed, so none was killed";
                self.rejected(error, summary).into_error(diags);
                return None;
            }
        };
        match self.kill.whom {
            Whom::All => listing.tell_unreadable(diags),
            _ => listing.tell_gaps(diags),
        }
        if let (Some(most), Some(selector)) = (listing.cut_at, self.kill.whom.selector())
            && selector.chooses_all()
        {
            self.not_all_listed(diags, most);
            return None;
        }
        let choice = self.choose_among(diags, selector, &listing.sessions)?;
        let others = self.also_killed(&choice.chosen, &listing.sessions);
        if !others.is_empty() {
            self.shared_names(diags, &others);
            return None;
        }
        if !choice.nameless.is_empty() {
            self.nameless(diags, &choice.nameless);
        }
        Some(Selection {
            choice,
            unreadable: listing.unreadable(),
            odd: (listing.sessions.iter())
                .filter(|session| !session.readable)
                .count(),
            hide_clients: (listing.sessions.iter())
                .filter(|session| session.hides_client)
                .count(),
            listed: listing.sessions.len(),
            age: Age::of(&listing, reading, &self.kill.service.policy),
            cut_at: listing.cut_at,
            asked,
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
    pub(in crate::provider::session_kill) fn also_killed<'s>(
        &self,
        chosen: &[Session],
        listed: &'s [Session],
    ) -> Vec<&'s Session> {
        match self.kill.service.kills_by_address() {
            true => also_killed(chosen, listed),
            false => Vec::new(),
        }
    }
}
