#![allow(clippy::unwrap_used)]

use super::*;
use crate::session::SessionId;

fn session(user: &str, address: &str, age: Option<u64>) -> Session {
    Session {
        user: Some(user.to_owned()),
        address: Some(address.to_owned()),
        age: age.map(Duration::from_secs),
        ..Session::new(SessionId::number(7))
    }
}

#[test]
fn a_session_that_has_become_older_with_the_time_is_the_same() {
    let before = session("app", "10.0.0.7:1", Some(100));
    for age in [108, 110, 113] {
        let now = session("app", "10.0.0.7:1", Some(age));
        let found = likeness(&before, &now, Some(Duration::from_secs(10)));
        assert_eq!(found, Likeness::Same, "{age}");
    }
}

#[test]
fn a_session_that_began_after_the_first_list_is_another() {
    let before = session("app", "10.0.0.7:1", Some(100));
    for age in [0, 7] {
        let now = session("app", "10.0.0.7:1", Some(age));
        let found = likeness(&before, &now, Some(Duration::from_secs(10)));
        assert_eq!(found, Likeness::Another, "{age}");
    }
}

#[test]
fn a_session_that_has_become_older_by_less_than_the_time_may_be_the_same_in_a_saved_list() {
    for (then, age) in [(100, 8), (100, 99), (100, 100), (100, 107), (3, 3), (3, 7)] {
        let before = session("app", "10.0.0.7:1", Some(then));
        let now = session("app", "10.0.0.7:1", Some(age));
        let found = likeness(&before, &now, Some(Duration::from_secs(10)));
        assert_eq!(found, Likeness::Unclear, "{then} {age}");
    }
}

#[test]
fn a_session_that_is_older_than_the_time_allows_is_the_same_by_another_clock() {
    let before = session("app", "10.0.0.7:1", Some(1));
    let now = session("app", "10.0.0.7:1", Some(4_000));
    let found = likeness(&before, &now, Some(Duration::from_secs(10)));
    assert_eq!(found, Likeness::Same);
}

#[test]
fn an_age_is_not_compared_where_a_beginning_is_told_or_where_it_is_not_asked_for() {
    let before = session("app", "10.0.0.7:1", Some(100));
    let now = session("app", "10.0.0.7:1", Some(0));
    assert_eq!(likeness(&before, &now, None), Likeness::Same);
    let began = |session: &Session| Session {
        began: Some("2026-11-24 10:00:00".to_owned()),
        ..session.clone()
    };
    let found = likeness(&began(&before), &began(&now), Some(Duration::from_secs(10)));
    assert_eq!(found, Likeness::Same);
}

#[test]
fn of_a_session_of_which_nothing_is_told_nobody_knows_whether_it_is_the_same() {
    let before = Session::unreadable(SessionId::number(7));
    let found = likeness(&before, &before, Some(Duration::ZERO));
    assert_eq!(found, Likeness::Unclear);
}

#[test]
fn another_user_another_address_or_another_beginning_is_another_session() {
    let before = Session {
        began: Some("2026-11-24 10:00:00".to_owned()),
        ..session("app", "10.0.0.7:1", None)
    };
    let compared = |now: &Session| likeness(&before, now, Some(Duration::ZERO));
    assert_eq!(compared(&before), Likeness::Same);
    type Edit = fn(&mut Session);
    let edits: [(Edit, Likeness); 5] = [
        (
            |now| now.user = Some("report".to_owned()),
            Likeness::Another,
        ),
        (
            |now| now.address = Some("10.0.0.7:2".to_owned()),
            Likeness::Another,
        ),
        (
            |now| now.began = Some("2026-11-24 10:00:01".to_owned()),
            Likeness::Another,
        ),
        (|now| now.user = None, Likeness::Unclear),
        (
            |now| {
                now.user = None;
                now.address = Some("10.0.0.7:2".to_owned());
            },
            Likeness::Another,
        ),
    ];
    for (edit, expected) in edits {
        let mut now = before.clone();
        edit(&mut now);
        assert_eq!(compared(&now), expected, "{now:?}");
    }
}

#[test]
fn a_row_that_cannot_be_read_may_be_the_same_session() {
    let before = session("app", "10.0.0.7:1", Some(100));
    let now = Session::unreadable(SessionId::number(7));
    let found = likeness(&before, &now, Some(Duration::from_secs(1)));
    assert_eq!(found, Likeness::Unclear);
}
