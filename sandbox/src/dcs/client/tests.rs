#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

#[test]
fn numbers_sort_as_numbers_and_equals_by_id() {
    let client = |id: &str, idle| Client {
        id: id.to_owned(),
        idle,
        ..Client::default()
    };
    let sorted = |field: &str, descending| {
        let mut clients = vec![client("10", 5), client("9", 70), client("11", 5)];
        SortKey::named(field)
            .unwrap()
            .sort(&mut clients, descending);
        clients
            .into_iter()
            .map(|client| client.id)
            .collect::<Vec<_>>()
    };

    assert_eq!(sorted("id", false), ["9", "10", "11"]);
    assert_eq!(sorted("idle", false), ["10", "11", "9"]);
    assert_eq!(sorted("idle", true), ["9", "10", "11"]);
    assert!(SortKey::named("password").is_none());
}

#[test]
fn a_session_is_killed_by_its_peer_or_else_by_its_address() {
    let shown = |addresses| {
        let mut client = Client {
            id: "1024117".to_owned(),
            addr: "192.168.10.11:40000".to_owned(),
            peer: "192.168.10.11:40000".to_owned(),
            ..Client::default()
        };
        client.show_addresses(addresses);
        client
    };
    let inner = shown(Addresses::Inner);
    assert_eq!(inner.addr, "198.19.0.118:40000");
    assert_eq!(inner.kill_address(), "192.168.10.11:40000");
    let no_peer = shown(Addresses::NoPeer);
    assert_eq!(no_peer.peer, "");
    assert_eq!(no_peer.kill_address(), "192.168.10.11:40000");
}

#[test]
fn replication_links_are_told_from_sessions() {
    for (flags, is_replication) in [
        ("N", false),
        ("P", false),
        ("bx", false),
        ("S", true),
        ("M", true),
    ] {
        let client = Client {
            flags: flags.to_owned(),
            ..Client::default()
        };
        assert_eq!(client.is_replication(), is_replication, "{flags}");
    }
}
