#![allow(clippy::unwrap_used)]

use std::time::Duration;

use super::*;

fn listed(json: &str) -> Vec<Session> {
    let page: ClientPage = serde_json::from_str(json).unwrap();
    rows(&Arc::from("node-1"), page).sessions
}

fn client(fields: &str) -> Session {
    let json = format!(r#"{{"clients": [{{"id": "7"{fields}}}], "count": 1}}"#);
    listed(&json).remove(0)
}

#[test]
fn a_client_is_killed_by_its_peer_and_found_by_its_address() {
    let both = client(r#", "addr": "10.0.0.8:1", "peer": "10.0.0.7:51234""#);
    assert_eq!(both.address.as_deref(), Some("10.0.0.7:51234"));
    assert_eq!(both.origin.as_deref(), Some("10.0.0.8:1"));

    let addr = client(r#", "addr": "10.0.0.8:1", "peer": """#);
    assert_eq!(addr.address.as_deref(), Some("10.0.0.8:1"));
    assert_eq!(addr.origin, None);
    assert_eq!(addr.unnameable, None);

    assert!(client(r#", "addr": "", "peer": """#).unnameable.is_some());
}

#[test]
fn what_is_not_told_is_not_known() {
    let session =
        client(r#", "addr": "10.0.0.8:1", "name": "", "user": "", "db": -1, "age": -5, "idle": 3"#);
    assert_eq!(session.application, None);
    assert_eq!(session.user, None);
    assert_eq!(session.database, None);
    assert_eq!(session.age, None);
    assert_eq!(session.idle, Some(Duration::from_secs(3)));
}

#[test]
fn replication_is_known_by_flags_and_by_commands() {
    let left_alone = |letters: &str| Protection::UnlessFlagsAreNamed(letters.to_owned());
    for (flags, command, expected) in [
        ("N", "get", Protection::None),
        ("O", "monitor", Protection::None),
        ("M", "", left_alone("M")),
        ("xS", "psync", left_alone("S")),
        ("MS", "", left_alone("MS")),
        ("", "REPLCONF", left_alone("")),
        ("", "get", Protection::None),
    ] {
        assert_eq!(protection(flags, command), expected, "{flags} {command}");
    }
}
