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
        assert!(
            is_same((&before, reading(0, 1)), (&now, reading(11, 12))),
            "{age}"
        );
    }
}

#[test]
fn a_session_that_is_younger_than_the_time_allows_is_another() {
    let before = session("app", "10.0.0.7:1", Some(100));
    for age in [0, 9, 100, 107] {
        let now = session("app", "10.0.0.7:1", Some(age));
        assert!(
            !is_same((&before, reading(0, 1)), (&now, reading(11, 12))),
            "{age}"
        );
    }
}

#[test]
fn a_session_that_is_older_than_the_time_allows_is_another() {
    let before = session("app", "10.0.0.7:1", Some(1));
    let now = session("app", "10.0.0.7:1", Some(100));
    assert!(!is_same((&before, reading(0, 1)), (&now, reading(11, 12))));
}

#[test]
fn another_user_another_address_or_another_beginning_is_another_session() {
    let before = session("app", "10.0.0.7:1", None);
    let at = (reading(0, 0), reading(0, 0));
    assert!(is_same((&before, at.0), (&before.clone(), at.1)));
    for now in [
        session("report", "10.0.0.7:1", None),
        session("app", "10.0.0.7:2", None),
        Session::unreadable(SessionId::number(7)),
        Session {
            began: Some("2026-11-24 10:00:00".to_owned()),
            ..before.clone()
        },
    ] {
        assert!(!is_same((&before, at.0), (&now, at.1)), "{now:?}");
    }
}

#[test]
fn an_age_that_is_told_only_once_shows_nothing_that_is_the_same() {
    let before = session("app", "10.0.0.7:1", Some(100));
    let now = session("app", "10.0.0.7:1", None);
    assert!(!is_same((&before, reading(0, 0)), (&now, reading(1, 1))));
    assert!(!is_same((&now, reading(0, 0)), (&before, reading(1, 1))));
}
