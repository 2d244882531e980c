use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn on(node: &str, id: &str) -> SessionId {
    SessionId::new(Some(node.into()), id)
}

#[test]
fn a_number_is_a_number_only_where_it_is_shown_as_one() {
    for number in [
        0,
        1,
        -1,
        9_007_199_254_740_993,
        -9_007_199_254_740_993,
        i64::MAX,
        i64::MIN,
    ] {
        let id = SessionId::new(None, &number.to_string());
        assert_eq!(id, SessionId::number(number));
        assert_eq!(id.as_number(), Some(number));
        assert_eq!(id.to_string(), number.to_string());
    }
    for text in [
        "",
        "007",
        "+7",
        "-0",
        "-07",
        "00",
        " 7",
        "7 ",
        "1.0",
        "1e3",
        "9223372036854775808",
        "x",
        "٧",
    ] {
        let id = SessionId::new(None, text);
        assert_eq!(id.as_number(), None, "{text}");
        assert_eq!(id.to_string(), text);
    }
}

#[test]
fn the_same_id_on_two_nodes_is_two_sessions_sorted_by_node_and_number() {
    let mut ids = [
        on("node-2", "9"),
        on("node-1", "10"),
        on("node-1", "x"),
        on("node-1", "007"),
        on("node-1", "18446744073709551615"),
        on("node-1", "9"),
        on("node-1", "-3"),
    ];
    ids.sort();
    assert_eq!(
        ids,
        [
            on("node-1", "-3"),
            on("node-1", "9"),
            on("node-1", "10"),
            on("node-1", "007"),
            on("node-1", "18446744073709551615"),
            on("node-1", "x"),
            on("node-2", "9")
        ]
    );
    assert_eq!(on("node-1", "9").node(), Some("node-1"));
    assert_ne!(on("node-1", "9"), SessionId::number(9));
}

proptest! {
    #[test]
    fn ids_are_ordered_as_the_numbers_they_are(numbers in prop::collection::btree_set(any::<u64>(), 0..20)) {
        let ids: BTreeSet<_> = numbers.iter().map(|number| SessionId::new(None, &number.to_string())).collect();
        let texts: Vec<_> = ids.iter().map(ToString::to_string).collect();
        prop_assert_eq!(texts, numbers.iter().map(u64::to_string).collect::<Vec<_>>());
    }

    #[test]
    fn ids_are_equal_when_their_texts_are(one in "-?[0-9+]{0,4}|\\PC{0,3}", other in "-?[0-9+]{0,4}|\\PC{0,3}") {
        let (id, other_id) = (SessionId::new(None, &one), SessionId::new(None, &other));
        prop_assert_eq!(id == other_id, one == other);
        prop_assert_eq!(id.cmp(&other_id).is_eq(), one == other);
        prop_assert_eq!(id.to_string(), one);
    }
}

#[test]
fn a_kill_names_addresses_and_tells_who_shares_them() {
    let at = |node: &str, id: &str, address: &str| Session {
        address: Some(address.to_owned()),
        origin: Some("10.0.0.7:51234".to_owned()),
        ..Session::new(on(node, id))
    };
    let chosen = [
        at("node-1", "7", "192.0.2.1:1"),
        at("node-1", "8", "192.0.2.1:1"),
        at("node-1", "9", "10.0.0.7:51234"),
    ];
    let bystander = at("node-1", "10", "192.0.2.1:1");
    let elsewhere = at("node-2", "7", "192.0.2.1:1");
    let listed = [&chosen[..], &[bystander.clone(), elsewhere]].concat();

    assert_eq!(also_killed(&chosen, &listed), [&bystander]);
}

#[test]
fn sessions_without_an_address_share_no_name() {
    let without = |id, address: Option<&str>| Session {
        address: address.map(str::to_owned),
        ..Session::new(SessionId::number(id))
    };
    let listed = [
        without(1, None),
        without(2, None),
        without(3, Some("")),
        without(4, Some("")),
    ];
    let chosen = [listed[0].clone(), listed[2].clone()];

    assert_eq!(also_killed(&chosen, &listed), [] as [&Session; 0]);
}

#[test]
fn a_printed_session_does_not_show_its_statement() {
    for executed in [true, false] {
        let statement = Some("SELECT 'jane@example.com'".to_owned());
        let session = Session::new(SessionId::number(7)).showing(statement, executed);

        let printed = format!("{session:?}");

        assert!(
            printed.contains("(25 bytes of SQL)") && !printed.contains("jane"),
            "{printed}"
        );
    }
}
