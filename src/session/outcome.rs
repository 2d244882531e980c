//! What a kill did, and who is still there afterwards.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use super::{Listed, ids};

/// Those of the ids that a later listing still shows, in their order, none twice.
///
/// A session is its id: a client that came back from the same address has a new one, and is not remaining. An id means
/// the same session for as long as its server runs; after a restart the numbers begin again, and a newcomer may then be
/// reported as remaining.
pub fn remaining<S: Listed>(ids: &[S::Id], now: &[S]) -> Vec<S::Id> {
    let now: HashSet<S::Id> = now.iter().map(Listed::id).collect();
    ids::unique(ids.iter().filter(|id| now.contains(id)).cloned())
}

/// What came back for one batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<Id> {
    /// The ids reported as killed.
    pub killed: Vec<Id>,
    /// The ids reported as not found.
    pub not_found: Vec<Id>,
    /// Whether the request had been sent before and its answer lost, so that an id which is not found now may have been
    /// killed then.
    pub repeated: bool,
}

/// What became of all the ids that a kill was to name. Every list keeps the order in which the ids were asked for and has
/// no id twice, and every id that was asked for is in exactly one of the lists but `uncertain` and `unexpected`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KillReport<Id> {
    /// Reported as killed, in any answer.
    pub killed: Vec<Id>,
    /// Reported as not found, and never as killed.
    pub not_found: Vec<Id>,
    /// Those of `not_found` that only repeated requests reported so: the first request may have killed them.
    pub uncertain: Vec<Id>,
    /// Answered, but in neither list: threads of the server itself, which the service leaves alone.
    pub excluded: Vec<Id>,
    /// In a request that was accepted, of which nothing is told about each.
    pub accepted: Vec<Id>,
    /// In a request that may have arrived, and of which no answer came back.
    pub unknown: Vec<Id>,
    /// Not in the list any more when their turn came, so they were not sent.
    pub gone: Vec<Id>,
    /// Still listed when their turn came, but not chosen any more, so they were not sent.
    pub spared: Vec<Id>,
    /// Never sent, or in a request that was refused: nothing was done about them.
    pub unsent: Vec<Id>,
    /// Reported in an answer, but never asked for. In the order of the answers.
    pub unexpected: Vec<Id>,
}

impl<Id: Clone> KillReport<Id> {
    /// Those that the kill may have ended: sent, and neither refused nor left alone. Whether they are gone can be seen by
    /// looking again; about all others looking says nothing.
    #[must_use]
    pub fn may_be_gone(&self) -> Vec<Id> {
        [&self.killed, &self.accepted, &self.unknown]
            .into_iter()
            .flatten()
            .cloned()
            .collect()
    }
}

/// Chooses which sessions a proof shows one by one, when there are more than `most`: those that were not killed first, since
/// they are the ones that somebody has to look after.
pub fn shown<Id: Clone + Eq + Hash>(not_killed: &[Id], killed: &[Id], most: usize) -> HashSet<Id> {
    not_killed
        .iter()
        .chain(killed)
        .take(most)
        .cloned()
        .collect()
}

/// Adds up the answers to a kill, batch by batch. Time and memory grow with the number of ids only.
#[derive(Debug, Clone)]
pub struct KillTally<Id> {
    asked: Vec<Id>,
    places: HashMap<Id, usize>,
    fates: Vec<Fate>,
    unexpected: Vec<Id>,
}

/// What is known of one id. What is further down outweighs what is further up, whatever came first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Unsent,
    Gone,
    Spared,
    Unknown,
    Accepted,
    Excluded,
    Uncertain,
    NotFound,
    Killed,
}

impl<Id: Clone + Eq + Hash> KillTally<Id> {
    /// Begins with the ids to kill. Duplicates are dropped, the first of them keeping its place.
    pub fn new(asked: impl IntoIterator<Item = Id>) -> Self {
        let asked = ids::unique(asked);
        let places = asked.iter().cloned().zip(0..).collect();
        let fates = vec![Fate::Unsent; asked.len()];
        Self {
            asked,
            places,
            fates,
            unexpected: Vec::new(),
        }
    }

    /// The ids to kill, in order, none twice: what is to be sent in batches.
    #[must_use]
    pub fn asked(&self) -> &[Id] {
        &self.asked
    }

    /// Adds the answer to one batch.
    pub fn record(&mut self, batch: &[Id], answer: Answer<Id>) {
        let not_found = if answer.repeated {
            Fate::Uncertain
        } else {
            Fate::NotFound
        };
        let reported = (answer.killed.into_iter().map(|id| (id, Fate::Killed)))
            .chain(answer.not_found.into_iter().map(|id| (id, not_found)));

        self.learn_all(batch, Fate::Excluded);
        for (id, fate) in reported {
            if !self.learn(&id, fate) {
                self.unexpected.push(id);
            }
        }
    }

    /// The request for these was accepted, and nothing is told about each.
    pub fn accept(&mut self, batch: &[Id]) {
        self.learn_all(batch, Fate::Accepted);
    }

    /// The request for these may have arrived, and no answer came back.
    pub fn lose(&mut self, batch: &[Id]) {
        self.learn_all(batch, Fate::Unknown);
    }

    /// These have left before they were sent.
    pub fn leave(&mut self, ids: &[Id]) {
        self.learn_all(ids, Fate::Gone);
    }

    /// These are not chosen any more, and were not sent.
    pub fn spare(&mut self, ids: &[Id]) {
        self.learn_all(ids, Fate::Spared);
    }

    fn learn_all(&mut self, ids: &[Id], fate: Fate) {
        for id in ids {
            self.learn(id, fate);
        }
    }

    /// What is known now, whether or not every batch was answered.
    #[must_use]
    pub fn report(&self) -> KillReport<Id> {
        let with = |fates: &[Fate]| -> Vec<Id> {
            let ids = self.asked.iter().zip(&self.fates);
            ids.filter(|(_, fate)| fates.contains(fate))
                .map(|(id, _)| id.clone())
                .collect()
        };
        KillReport {
            killed: with(&[Fate::Killed]),
            not_found: with(&[Fate::NotFound, Fate::Uncertain]),
            uncertain: with(&[Fate::Uncertain]),
            excluded: with(&[Fate::Excluded]),
            accepted: with(&[Fate::Accepted]),
            unknown: with(&[Fate::Unknown]),
            gone: with(&[Fate::Gone]),
            spared: with(&[Fate::Spared]),
            unsent: with(&[Fate::Unsent]),
            unexpected: ids::unique(self.unexpected.iter().cloned()),
        }
    }

    /// Notes what is known of an id, unless more is known already. `false` if it was not asked for.
    fn learn(&mut self, id: &Id, fate: Fate) -> bool {
        let known = self
            .places
            .get(id)
            .and_then(|place| self.fates.get_mut(*place));
        match known {
            Some(known) => {
                *known = fate.max(*known);
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use proptest::prelude::*;

    use super::*;

    fn answer(killed: &[i64], not_found: &[i64]) -> Answer<i64> {
        Answer {
            killed: killed.to_vec(),
            not_found: not_found.to_vec(),
            repeated: false,
        }
    }

    fn repeated(killed: &[i64], not_found: &[i64]) -> Answer<i64> {
        Answer {
            repeated: true,
            ..answer(killed, not_found)
        }
    }

    fn report_of(asked: &[i64], answers: &[(&[i64], Answer<i64>)]) -> KillReport<i64> {
        let mut tally = KillTally::new(asked.iter().copied());
        for (batch, answer) in answers {
            tally.record(batch, answer.clone());
        }
        tally.report()
    }

    fn nothing() -> KillReport<i64> {
        KillReport {
            killed: vec![],
            not_found: vec![],
            uncertain: vec![],
            excluded: vec![],
            accepted: vec![],
            unknown: vec![],
            gone: vec![],
            spared: vec![],
            unsent: vec![],
            unexpected: vec![],
        }
    }

    #[test]
    fn the_lists_keep_the_order_of_the_question_whatever_the_order_of_the_answer() {
        let asked = [9, 2, 7, 4, 2, 1];

        let report = report_of(&asked, &[(&[9, 2, 7, 4, 1], answer(&[1, 2, 9, 2], &[7]))]);

        assert_eq!(
            report,
            KillReport {
                killed: vec![9, 2, 1],
                not_found: vec![7],
                excluded: vec![4],
                ..nothing()
            }
        );
    }

    #[test]
    fn batches_without_an_answer_are_neither_excluded_nor_lost() {
        let report = report_of(&[1, 2, 3, 4, 5], &[(&[1, 2], answer(&[1], &[]))]);

        assert_eq!(
            report,
            KillReport {
                killed: vec![1],
                excluded: vec![2],
                unsent: vec![3, 4, 5],
                ..nothing()
            }
        );
    }

    #[test]
    fn an_id_that_only_a_repeated_request_does_not_find_is_uncertain() {
        let report = report_of(&[1, 2, 3], &[(&[1, 2, 3], repeated(&[1], &[2]))]);

        assert_eq!(
            report,
            KillReport {
                killed: vec![1],
                not_found: vec![2],
                uncertain: vec![2],
                excluded: vec![3],
                ..nothing()
            }
        );
    }

    #[test]
    fn a_first_answer_outweighs_a_repeated_one_and_killed_outweighs_both() {
        let not_found = KillReport {
            not_found: vec![1],
            ..nothing()
        };
        let killed = KillReport {
            killed: vec![1],
            ..nothing()
        };
        let ask: &[i64] = &[1];
        for (answers, expected) in [
            ([answer(&[], &[1]), repeated(&[], &[1])], &not_found),
            ([repeated(&[], &[1]), answer(&[], &[1])], &not_found),
            ([answer(&[1], &[]), repeated(&[], &[1])], &killed),
            ([repeated(&[], &[1]), answer(&[1], &[])], &killed),
            ([answer(&[1], &[1]), answer(&[], &[])], &killed),
        ] {
            let answers = answers.map(|answer| (ask, answer));
            assert_eq!(&report_of(ask, &answers), expected, "{answers:?}");
        }
    }

    #[test]
    fn ids_that_nobody_asked_for_are_reported_apart() {
        let report = report_of(&[1], &[(&[1], answer(&[1, 8], &[7, 8]))]);

        assert_eq!(
            report,
            KillReport {
                killed: vec![1],
                unexpected: vec![8, 7],
                ..nothing()
            }
        );
    }

    #[test]
    fn an_answer_may_speak_of_an_id_of_another_batch() {
        let report = report_of(&[1, 2], &[(&[1], answer(&[1, 2], &[]))]);

        assert_eq!(
            report,
            KillReport {
                killed: vec![1, 2],
                ..nothing()
            }
        );
    }

    #[test]
    fn a_million_ids_are_cut_sent_and_added_up() {
        let mut tally = KillTally::new(1..=1_000_000_i64);
        let asked = tally.asked().to_vec();

        for batch in asked.chunks(1_000) {
            let (killed, not_found) = batch.iter().partition(|id| *id % 2 == 0);
            tally.record(
                batch,
                Answer {
                    killed,
                    not_found,
                    repeated: false,
                },
            );
        }

        let report = tally.report();
        assert_eq!(
            (report.killed.len(), report.not_found.len()),
            (500_000, 500_000)
        );
        assert!(report.killed.is_sorted());
    }

    /// A connection by id, from an address.
    #[derive(Clone)]
    struct Connection(i64, #[allow(dead_code)] &'static str);

    impl Listed for Connection {
        type Id = i64;
        fn id(&self) -> i64 {
            self.0
        }
    }

    #[test]
    fn only_what_was_sent_and_not_refused_may_be_gone() {
        let mut tally = KillTally::new(1..=8);
        tally.record(&[1, 2, 3], answer(&[1], &[2]));
        tally.accept(&[4, 5]);
        tally.lose(&[6]);
        tally.leave(&[7]);

        // 2 was not found, 3 was left alone, 7 had left before, and 8 was never sent.
        assert_eq!(tally.report().may_be_gone(), [1, 4, 5, 6]);
        assert_eq!(tally.report().gone, [7]);
        assert_eq!(tally.report().unsent, [8]);
    }

    #[test]
    fn a_proof_shows_those_that_were_not_killed_first() {
        assert_eq!(shown(&[9, 8], &[1, 2, 3], 4), HashSet::from([9, 8, 1, 2]));
        assert_eq!(shown(&[9, 8, 7], &[1], 2), HashSet::from([9, 8]));
        assert_eq!(shown::<i64>(&[], &[1], 2), HashSet::from([1]));
    }

    #[test]
    fn a_client_that_came_back_from_its_address_is_not_remaining() {
        let chosen = [9, 3, 5];
        let now = [
            Connection(5, "10.0.0.5:1"),
            Connection(10, "10.0.0.3:1"),
            Connection(9, "10.0.0.9:1"),
        ];

        assert_eq!(remaining(&chosen, &now), [9, 5]);
        assert_eq!(remaining::<Connection>(&chosen, &[]), [] as [i64; 0]);
    }

    /// How often an id stands in a list.
    fn count(list: &[i64], id: i64) -> usize {
        list.iter().filter(|one| **one == id).count()
    }

    prop_compose! {
        /// Ids to ask for, with a batch size, and for each batch an answer of arbitrary ids, or none.
        fn kill()(
            asked in prop::collection::vec(0..40_i64, 0..60),
            size in 1..9_usize,
            answers in prop::collection::vec(
                prop::option::of((prop::collection::vec(0..50_i64, 0..9), prop::collection::vec(0..50_i64, 0..9), any::<bool>())),
                60,
            ),
        ) -> (Vec<i64>, usize, Vec<Option<Answer<i64>>>) {
            let answers = answers.into_iter().map(|answer| {
                answer.map(|(killed, not_found, repeated)| Answer { killed, not_found, repeated })
            });
            (asked, size, answers.collect())
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost_nothing_is_twice_and_order_is_kept((asked, size, answers) in kill()) {
            let mut tally = KillTally::new(asked.iter().copied());
            let unique = tally.asked().to_vec();
            let batches = unique.chunks(size).map(<[i64]>::to_vec).zip(answers);
            let (answered, others): (Vec<_>, Vec<_>) = batches.partition(|(_, answer)| answer.is_some());
            for ((batch, _), what) in others.iter().zip((0..5).cycle()) {
                match what {
                    0 => tally.accept(batch),
                    1 => tally.lose(batch),
                    2 => tally.leave(batch),
                    3 => tally.spare(batch),
                    _ => {}
                }
            }
            let sent: Vec<(Vec<i64>, Answer<i64>)> = answered
                .into_iter()
                .filter_map(|(batch, answer)| Some((batch, answer?)))
                .collect();
            for (batch, answer) in &sent {
                tally.record(batch, answer.clone());
            }
            let report = tally.report();

            let lists = [
                &report.killed, &report.not_found, &report.excluded, &report.accepted, &report.unknown, &report.gone,
                &report.spared, &report.unsent,
            ];
            for id in &asked {
                let times: usize = lists.iter().map(|list| count(list, *id)).sum();
                prop_assert_eq!(times, 1, "{} is in exactly one list", id);
            }
            for list in lists.into_iter().chain([&report.uncertain]) {
                let places: Vec<_> = list.iter().map(|id| asked.iter().position(|one| one == id)).collect();
                prop_assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{:?}", list);
            }

            // Each id once more, judged by looking through all the answers.
            for id in &asked {
                let killed = sent.iter().any(|(_, answer)| answer.killed.contains(id));
                let not_found_by = |repeated| {
                    sent.iter().any(|(_, answer)| answer.repeated == repeated && answer.not_found.contains(id))
                };
                let not_found = not_found_by(false) || not_found_by(true);
                let answered = sent.iter().any(|(batch, _)| batch.contains(id));
                prop_assert_eq!(report.killed.contains(id), killed);
                prop_assert_eq!(report.not_found.contains(id), !killed && not_found);
                prop_assert_eq!(report.uncertain.contains(id), !killed && not_found && !not_found_by(false));
                prop_assert_eq!(report.excluded.contains(id), !killed && !not_found && answered);
            }
            for (_, answer) in &sent {
                for id in answer.killed.iter().chain(&answer.not_found) {
                    prop_assert_eq!(count(&report.unexpected, *id), usize::from(!asked.contains(id)));
                }
            }
        }
    }
}
