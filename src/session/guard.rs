//! From a listing to the sessions that may be killed, or to a refusal.

use std::collections::BTreeMap;

use thiserror::Error;

use super::{Listed, Selects, Verdict};

/// How many sessions a refusal shows: enough to recognise what was matched by mistake, few enough to read.
pub const FIRST_SHOWN: usize = 5;

/// The sessions that a selector chose from a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice<S> {
    /// The sessions to kill, sorted by id, none twice.
    pub chosen: Vec<S>,
    /// How many more meet every condition but are left alone, being the server's own or replication's.
    pub protected: usize,
    /// How many more meet every condition but cannot be named in a kill, so that they stay.
    pub nameless: usize,
}

/// More sessions match than may be killed, so none may.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{matched} sessions match, and at most {max} may be killed")]
pub struct TooMany<S> {
    /// How many sessions were chosen. Protected ones do not count.
    pub matched: usize,
    /// How many would have been accepted.
    pub max: usize,
    /// The first of them by id, at most [`FIRST_SHOWN`].
    pub first: Vec<S>,
}

/// Applies a selector to a listing. A session that is listed twice counts as it was listed last.
///
/// `max` is a cap on the whole: with more matches than that nothing is chosen at all, because a selector that matches
/// more than expected is more likely wrong than incomplete. (pt-kill's default is the opposite trap: of all the
/// matches it kills only the oldest.) Without `max` any number is accepted.
///
/// # Errors
///
/// [`TooMany`] if more than `max` sessions are chosen.
pub fn choose<S: Listed>(
    selector: &(impl Selects<S> + ?Sized),
    sessions: impl IntoIterator<Item = S>,
    max: Option<usize>,
) -> Result<Choice<S>, TooMany<S>> {
    let listed: BTreeMap<S::Id, S> = sessions.into_iter().map(|s| (s.id(), s)).collect();

    let mut chosen = Vec::new();
    let mut protected = 0;
    let mut nameless = 0;
    for session in listed.into_values() {
        match selector.verdict(&session) {
            Verdict::Chosen => chosen.push(session),
            Verdict::Protected => protected += 1,
            Verdict::Nameless => nameless += 1,
            Verdict::Passed => {}
        }
    }

    match max {
        Some(max) if chosen.len() > max => {
            let matched = chosen.len();
            chosen.truncate(FIRST_SHOWN);
            Err(TooMany {
                matched,
                max,
                first: chosen,
            })
        }
        _ => Ok(Choice {
            chosen,
            protected,
            nameless,
        }),
    }
}

#[cfg(test)]
mod tests {
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
                nameless: 1
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
                nameless: 0
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
}
