#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;

use super::*;

fn answer(killed: &[i64], not_found: &[i64]) -> BatchAnswer<i64> {
    BatchAnswer {
        killed: killed.to_vec(),
        not_found: not_found.to_vec(),
    }
}

fn report_of(asked: &[i64], answers: &[(&[i64], BatchAnswer<i64>)]) -> KillReport<i64> {
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
        refused: vec![],
        accepted: vec![],
        unknown: vec![],
        ended_before: vec![],
        no_longer_chosen: vec![],
        not_sent: vec![],
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
            refused: vec![4],
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
            refused: vec![2],
            not_sent: vec![3, 4, 5],
            ..nothing()
        }
    );
}

#[test]
fn killed_outweighs_not_found() {
    let killed = KillReport {
        killed: vec![1],
        ..nothing()
    };
    let ask: &[i64] = &[1];
    for answers in [
        [answer(&[1], &[]), answer(&[], &[1])],
        [answer(&[], &[1]), answer(&[1], &[])],
        [answer(&[1], &[1]), answer(&[], &[])],
    ] {
        let answers = answers.map(|answer| (ask, answer));
        assert_eq!(report_of(ask, &answers), killed, "{answers:?}");
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
    let asked = tally.asked.clone();

    for batch in asked.chunks(1_000) {
        let (killed, not_found) = batch.iter().partition(|id| *id % 2 == 0);
        tally.record(batch, BatchAnswer { killed, not_found });
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
    assert_eq!(tally.report().ended_before, [7]);
    assert_eq!(tally.report().not_sent, [8]);
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
            prop::option::of((prop::collection::vec(0..50_i64, 0..9), prop::collection::vec(0..50_i64, 0..9))),
            60,
        ),
    ) -> (Vec<i64>, usize, Vec<Option<BatchAnswer<i64>>>) {
        let answers = answers.into_iter().map(|answer| {
            answer.map(|(killed, not_found)| BatchAnswer { killed, not_found })
        });
        (asked, size, answers.collect())
    }
}

proptest! {
    #[test]
    fn nothing_is_lost_nothing_is_twice_and_order_is_kept((asked, size, answers) in kill()) {
        let mut tally = KillTally::new(asked.iter().copied());
        let unique = tally.asked.clone();
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
        let sent: Vec<(Vec<i64>, BatchAnswer<i64>)> = answered
            .into_iter()
            .filter_map(|(batch, answer)| Some((batch, answer?)))
            .collect();
        for (batch, answer) in &sent {
            tally.record(batch, answer.clone());
        }
        let report = tally.report();

        let lists = [
            &report.killed, &report.not_found, &report.refused, &report.accepted, &report.unknown, &report.ended_before,
            &report.no_longer_chosen, &report.not_sent,
        ];
        for id in &asked {
            let times: usize = lists.iter().map(|list| count(list, *id)).sum();
            prop_assert_eq!(times, 1, "{} is in exactly one list", id);
        }
        for list in lists {
            let places: Vec<_> = list.iter().map(|id| asked.iter().position(|one| one == id)).collect();
            prop_assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{:?}", list);
        }

        // Each id once more, judged by looking through all the answers.
        for id in &asked {
            let killed = sent.iter().any(|(_, answer)| answer.killed.contains(id));
            let not_found = sent.iter().any(|(_, answer)| answer.not_found.contains(id));
            let answered = sent.iter().any(|(batch, _)| batch.contains(id));
            prop_assert_eq!(report.killed.contains(id), killed);
            prop_assert_eq!(report.not_found.contains(id), !killed && not_found);
            prop_assert_eq!(report.refused.contains(id), !killed && !not_found && answered);
        }
        for (_, answer) in &sent {
            for id in answer.killed.iter().chain(&answer.not_found) {
                prop_assert_eq!(count(&report.unexpected, *id), usize::from(!asked.contains(id)));
            }
        }
    }
}

#[test]
fn who_is_killed_for_certain_is_not_in_doubt_any_more() {
    let mut tally = KillTally::new([1, 2, 3, 4, 5]);
    tally.accept(&[1, 2]);
    tally.lose(&[3, 4]);
    let mut report = tally.report();
    assert_eq!(report.untold(), [1, 2, 3, 4]);

    report.confirm(&HashSet::from([2, 3, 5, 6]));

    assert_eq!(report.killed, [2, 3]);
    assert_eq!((report.accepted, report.unknown), (vec![1], vec![4]));
    assert_eq!(report.not_sent, [5]);
}
