//! What is known after a kill of chosen sessions.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::provider::session_kill::proof::{Fate, Shown, Told};
use crate::session::tally::{KillReport, KillTally};
use crate::session::{Session, SessionId, ids};

/// What is known after a kill of chosen sessions.
pub(in crate::provider::session_kill) struct Killed {
    /// What the answers say.
    pub(in crate::provider::session_kill) report: KillReport<SessionId>,
    /// Did any answer tell what became of each session?
    pub(in crate::provider::session_kill) told: bool,
    /// Those of the sessions that the kill may have ended which were still listed at last; `None` if nobody could look.
    pub(in crate::provider::session_kill) left: Option<Vec<SessionId>>,
    /// `X-Request-Id` of the last answer.
    pub(in crate::provider::session_kill) request_id: Option<String>,
    /// When the first request left.
    pub(in crate::provider::session_kill) sent_at: Option<String>,
    /// When the last answer came.
    pub(in crate::provider::session_kill) answered_at: Option<String>,
    /// When the service saved the lists that decided who was killed.
    pub(in crate::provider::session_kill) listed_at: BTreeMap<String, String>,
}

impl Killed {
    /// What is known when there was nobody to kill.
    pub(in crate::provider::session_kill) fn nobody() -> Self {
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

    /// Was it seen that nobody is left?
    pub(in crate::provider::session_kill) fn nobody_is_left(&self) -> bool {
        self.left.as_ref().is_some_and(Vec::is_empty)
    }

    /// What became of each session in the words of the service. `was_listed`: they were there before the kill, so that no
    /// answer is needed to know of those who are not there any more.
    pub(in crate::provider::session_kill) fn words(&self, was_listed: bool) -> Told {
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
    pub(in crate::provider::session_kill) fn fates(
        &self,
        chosen: Vec<Session>,
    ) -> impl Iterator<Item = (Shown, Fate)> {
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
