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

#[test]
fn of_a_node_only_those_are_killed_whom_a_request_without_a_node_names() {
    let mut of_node = listing(&[
        session(1, "app", "10.0.0.7:1"),
        session(2, "app", "10.0.0.7:2"),
        session(3, "app", "10.0.0.7:3"),
        session(4, "app", "10.0.0.7:4"),
    ]);
    let without_node = listing(&[
        session(1, "app", "10.0.0.7:1"),
        session(2, "app", "10.0.0.9:2"),
        session(3, "report", "10.0.0.7:3"),
        session(9, "app", "10.0.0.7:9"),
    ]);

    assert!(mark_unreachable(&mut of_node, &without_node, "n").is_ok());

    let nameable: Vec<bool> = of_node
        .sessions
        .iter()
        .map(|one| one.unnameable.is_none())
        .collect();
    assert_eq!(nameable, [true, false, false, false]);
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
}
