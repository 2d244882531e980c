#![allow(clippy::unwrap_used)]

use super::*;

fn session(id: i64, user: &str, address: &str) -> Session {
    Session {
        user: Some(user.to_owned()),
        address: Some(address.to_owned()),
        ..Session::new(SessionId::number(id))
    }
}

fn listing(sessions: &[Session]) -> Listing {
    Listing {
        sessions: sessions.to_vec(),
        ..Listing::default()
    }
}

/// A node's sessions in the words of RDS for PostgreSQL, which tells no ports, and when each began.
fn of_one_application(count: i64, began: &str) -> Vec<Session> {
    (1..=count)
        .map(|id| Session {
            began: Some(format!("{began}.{id}")),
            ..session(id, "app", "10.0.0.7")
        })
        .collect()
}

fn nameable(listing: &Listing) -> Vec<bool> {
    let sessions = listing.sessions.iter();
    sessions
        .map(|session| session.unnameable.is_none())
        .collect()
}

#[test]
fn of_a_node_only_those_are_killed_whom_a_request_without_a_node_names() {
    let all = of_one_application(50, "9:00");
    let changes: [fn(&mut Session); 5] = [
        |session| session.user = None,
        |session| session.address = Some("10.0.0.9".to_owned()),
        |session| session.began = Some("8:00".to_owned()),
        |session| session.database = Some("orders".to_owned()),
        |session| session.application = Some("cart".to_owned()),
    ];
    for change in changes {
        let mut others = all.clone();
        change(&mut others[7]);
        let mut of_node = listing(&all);
        mark_unreachable(&mut of_node, &listing(&others), "n").unwrap();
        let expected: Vec<bool> = (0..50).map(|number| number != 7).collect();
        assert_eq!(nameable(&of_node), expected, "{:?}", others[7]);
    }

    // One that is not told whose it is may be anybody's.
    let mut unreadable = all.clone();
    unreadable[7] = Session::unreadable(SessionId::number(8));
    let mut of_node = listing(&unreadable);
    mark_unreachable(&mut of_node, &listing(&unreadable), "n").unwrap();
    assert_eq!(nameable(&of_node).iter().filter(|is| !**is).count(), 1);
}

#[test]
fn few_of_a_nodes_sessions_may_end_between_its_list_and_that_without_a_node() {
    for (of_node, reached, is_believed) in [
        (1, 0, false),
        (1, 1, true),
        (2, 1, true),
        (9, 7, false),
        (9, 8, true),
        (100, 90, true),
        (100, 89, false),
        (100, 5, false),
    ] {
        let mut listed = listing(&of_one_application(of_node, "9:00"));
        let without_node = listing(&of_one_application(reached, "9:00"));
        let marked = mark_unreachable(&mut listed, &without_node, "n");
        assert_eq!(marked.is_ok(), is_believed, "{of_node} {reached}");
    }
}

#[test]
fn sessions_of_the_server_do_not_show_that_a_kill_reaches_the_node() {
    let scheduler = Session {
        protection: Protection::UnlessUserIsNamed,
        ..session(5, "event_scheduler", "localhost")
    };
    let primary = listing(&[scheduler.clone(), session(7, "app", "10.0.0.7:1")]);

    let mut replica = listing(&[scheduler.clone(), session(8, "app", "10.0.0.7:2")]);
    assert!(mark_unreachable(&mut replica, &primary, "n").is_err());

    let mut replica = listing(&[scheduler]);
    mark_unreachable(&mut replica, &primary, "n").unwrap();
    assert_eq!(nameable(&replica), [false]);
}

#[test]
fn of_two_nodes_with_a_few_sessions_alike_nobody_is_killed() {
    let mut of_replica = of_one_application(100, "9:00");
    let of_primary = of_one_application(100, "8:00");
    of_replica[..5].clone_from_slice(&of_primary[..5]);
    let marked = mark_unreachable(&mut listing(&of_replica), &listing(&of_primary), "n1");
    assert!(matches!(marked, Err(Error::Listing(text)) if text.contains("5 of 100")));
}

#[test]
fn where_a_kill_would_reach_another_node_nobody_is_killed() {
    let mut of_node = listing(&[session(1, "app", "10.0.0.7:1")]);
    let without_node = listing(&[session(1, "app", "10.0.0.9:1")]);
    let error = mark_unreachable(&mut of_node, &without_node, "n1").err();
    assert!(matches!(error, Some(Error::Listing(text)) if text.contains("the node n1")));

    let mut nobody = listing(&[]);
    assert!(mark_unreachable(&mut nobody, &without_node, "n1").is_ok());
}

#[test]
fn a_session_is_idle_within_a_transaction_too() {
    for (state, expected) in [
        ("idle", true),
        ("Idle", true),
        ("idle in transaction", true),
        ("idle in transaction (aborted)", true),
        ("active", false),
        ("fastpath function call", false),
        ("", false),
    ] {
        assert_eq!(is_idle(state), expected, "{state}");
    }
}

#[test]
fn an_id_is_a_number_as_lists_show_it() {
    for (text, expected) in [
        ("1", true),
        ("9223372036854775807", true),
        ("0", false),
        ("-1", false),
        ("007", false),
        (" 7", false),
        ("9223372036854775808", false),
        ("7a", false),
        ("", false),
    ] {
        assert_eq!(is_number(text), expected, "{text}");
    }
}

#[test]
fn what_is_not_told_is_not_known() {
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(told(text("")), None);
    assert_eq!(told_database(text("--")), None);
    assert_eq!(told_database(text("orders")), text("orders"));
    assert_eq!(transaction_time(0), None);
    assert_eq!(transaction_time(-1), None);
    assert_eq!(transaction_time(3), Some(Duration::from_secs(3)));
}

#[test]
fn a_time_that_no_session_can_have_is_unknown() {
    for seconds in [-1, i64::from(i32::MAX) + 1, 4_294_967_295, i64::MAX] {
        assert_eq!(listed_time(seconds), None, "{seconds}");
    }
    assert_eq!(listed_time(0), Some(Duration::ZERO));
    for seconds in [-0.1, 2_147_483_647.5, f64::NAN, f64::INFINITY] {
        assert_eq!(listed_fraction(seconds), None, "{seconds}");
    }
    assert_eq!(listed_fraction(2.5), Some(Duration::from_millis(2_500)));
}
