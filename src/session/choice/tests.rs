#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

/// A session by id and by what the selector is to say of it.
#[derive(Debug, Clone, PartialEq)]
struct Judged(i64, Verdict);

impl Listed for Judged {
    type Id = i64;
    fn id(&self) -> i64 {
        self.0
    }
}

struct AsJudged;

impl Selects<Judged> for AsJudged {
    fn verdict(&self, session: &Judged) -> Verdict {
        session.1
    }
}

fn chosen(ids: impl IntoIterator<Item = i64>) -> Vec<Judged> {
    ids.into_iter()
        .map(|id| Judged(id, Verdict::Chosen))
        .collect()
}

#[test]
fn the_chosen_come_sorted_and_the_protected_are_counted() {
    let listed = [
        Judged(9, Verdict::Chosen),
        Judged(4, Verdict::Protected),
        Judged(5, Verdict::Nameless),
        Judged(2, Verdict::Passed),
        Judged(1, Verdict::Chosen),
        Judged(9, Verdict::Chosen),
        Judged(4, Verdict::Protected),
    ];

    let choice = choose(&AsJudged, listed, None).unwrap();

    assert_eq!(
        choice,
        Choice {
            chosen: chosen([1, 9]),
            protected: 1,
            nameless: vec![Judged(5, Verdict::Nameless)]
        }
    );
}

#[test]
fn a_session_listed_twice_counts_as_listed_last() {
    let listed = [Judged(7, Verdict::Chosen), Judged(7, Verdict::Passed)];

    assert_eq!(choose(&AsJudged, listed, None).unwrap().chosen, []);
}

#[test]
fn as_many_as_allowed_are_chosen_and_one_more_chooses_none() {
    assert_eq!(
        choose(&AsJudged, chosen(1..=50), Some(50))
            .unwrap()
            .chosen
            .len(),
        50
    );

    let refusal = choose(&AsJudged, chosen((1..=51).rev()), Some(50)).unwrap_err();

    assert_eq!(
        refusal,
        TooMany {
            matched: 51,
            max: 50,
            first: chosen(1..=5)
        }
    );
    assert_eq!(
        refusal.to_string(),
        "51 sessions match, and at most 50 may be killed"
    );
}

#[test]
fn duplicates_and_protected_sessions_do_not_count_against_the_cap() {
    let mut listed = chosen([1, 2, 1, 2, 1]);
    listed.extend((3..90).map(|id| Judged(id, Verdict::Protected)));

    let choice = choose(&AsJudged, listed, Some(2)).unwrap();

    assert_eq!(
        choice,
        Choice {
            chosen: chosen([1, 2]),
            protected: 87,
            nameless: Vec::new()
        }
    );
}

#[test]
fn a_cap_of_none_refuses_any_match_and_accepts_no_match() {
    assert_eq!(
        choose(&AsJudged, chosen([3]), Some(0)).unwrap_err().matched,
        1
    );
    assert_eq!(choose(&AsJudged, [], Some(0)).unwrap().chosen, []);
}
