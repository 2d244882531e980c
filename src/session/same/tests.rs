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

fn reading(begun: u64, ended: u64) -> Reading {
    Reading {
        begun: Duration::from_secs(begun),
        ended: Duration::from_secs(ended),
    }
}

#[test]
fn a_session_that_has_become_older_with_the_time_is_the_same() {
    let before = session("app", "10.0.0.7:1", Some(100));
    for age in [108, 110, 113] {
        let now = session("app", "10.0.0.7:1", Some(age));
        let found = likeness((&before, reading(0, 1)), (&now, reading(11, 12)));
        assert_eq!(found, Likeness::Same, "{age}");
    }
}

#[test]
fn a_session_that_is_younger_than_the_time_allows_is_another() {
    let before = session("app", "10.0.0.7:1", Some(100));
    for age in [0, 9, 100, 107] {
        let now = session("app", "10.0.0.7:1", Some(age));
        let found = likeness((&before, reading(0, 1)), (&now, reading(11, 12)));
        assert_eq!(found, Likeness::Another, "{age}");
    }
}

#[test]
fn a_session_that_is_older_than_the_time_allows_is_another() {
    let before = session("app", "10.0.0.7:1", Some(1));
    let now = session("app", "10.0.0.7:1", Some(100));
    let found = likeness((&before, reading(0, 1)), (&now, reading(11, 12)));
    assert_eq!(found, Likeness::Another);
}

#[test]
fn another_user_another_address_or_another_beginning_is_another_session() {
    let before = Session {
        began: Some("2026-11-24 10:00:00".to_owned()),
        ..session("app", "10.0.0.7:1", None)
    };
    let compared = |now: &Session| likeness((&before, reading(0, 0)), (now, reading(0, 0)));
    assert_eq!(compared(&before), Likeness::Same);
    type Edit = fn(&mut Session);
    let edits: [(Edit, Likeness); 6] = [
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
        (|now| now.age = Some(Duration::ZERO), Likeness::Unclear),
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
    let found = likeness((&before, reading(0, 0)), (&now, reading(1, 1)));
    assert_eq!(found, Likeness::Unclear);
}
