#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;

use super::*;

/// Whether a condition finds a session in each way that what is listed can be read.
fn matches(pattern: &str, listed: &str) -> bool {
    let pattern = OriginPattern::parse_host(pattern).unwrap();
    let readings: Vec<bool> = Origin::readings(listed)
        .map(|origin| pattern.matches(&origin))
        .collect();
    !readings.is_empty() && !readings.contains(&false)
}

#[test]
fn a_condition_finds_the_sessions_from_there() {
    for (pattern, listed) in [
        ("10.0.0.7", "10.0.0.7:51234"),
        ("10.0.0.7", "10.0.0.7"),
        ("10.0.0.7:51234", "10.0.0.7:51234"),
        ("10.0.0.0/24", "10.0.0.255:1"),
        ("10.0.0.7/32", "10.0.0.7:1"),
        ("0.0.0.0/0", "192.0.2.1:1"),
        ("2001:db8::7", "[2001:db8::7]:51234"),
        ("[2001:db8::7]", "[2001:db8::7]:51234"),
        ("[2001:db8::7]:51234", "[2001:db8::7]:51234"),
        ("2001:db8:0:0::7", "2001:db8::7:51234"),
        ("[2001:db8::7]:51234", "2001:db8::7:51234"),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:51"),
        ("[2001:db8::7]:51", "[2001:db8::7]:51"),
        ("2001:db8::7:51", "[2001:db8::7:51]"),
        ("2001:db8::/32", "2001:db8::7:51"),
        ("::1", "::1"),
        ("::1", "[::1]"),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
        ("2001:db8::/32", "[2001:db8:ffff::1]:1"),
        ("::ffff:10.0.0.7", "10.0.0.7:51234"),
        ("[::ffff:10.0.0.7]:51234", "10.0.0.7:51234"),
        ("10.0.0.7", "[::ffff:10.0.0.7]:51234"),
        ("::ffff:10.0.0.0/120", "10.0.0.9:51234"),
        ("::ffff:0:0/96", "10.0.0.9:51234"),
        ("localhost", "localhost"),
        ("localhost", "localhost:3306"),
        ("app-7.Example.com", "APP-7.example.com:51234"),
        ("app-7:51234", "app-7:51234"),
        ("db_2", "db_2:1"),
    ] {
        assert!(matches(pattern, listed), "{pattern} finds {listed}");
    }
}

#[test]
fn a_condition_passes_over_the_sessions_from_elsewhere() {
    for (pattern, listed) in [
        ("10.0.0.1", "10.0.0.12:51234"),
        ("10.0.0.7:5123", "10.0.0.7:51234"),
        ("10.0.0.7:51234", "10.0.0.7"),
        ("10.0.0.0/24", "10.0.1.0:1"),
        ("0.0.0.0/0", "[2001:db8::7]:1"),
        ("::/0", "10.0.0.7:1"),
        ("0.0.0.0/0", "localhost"),
        ("127.0.0.1", "localhost"),
        ("localhost", "127.0.0.1:51234"),
        ("localhost", "[::1]:51234"),
        ("2001:db8::7", "[2001:db8::8]:51234"),
        ("2001:db8::7", "2001:db8::7:51"),
        ("2001:db8::7:51", "2001:db8::7:51"),
        ("[2001:db8::7]:51", "2001:db8::7:51"),
        ("app-7", "app-7.example.com:51234"),
        ("app-7", "app-70:51234"),
        ("app-7", ""),
        ("0.0.0.0/0", ""),
        ("0.0.0.0/0", "/run/redis.sock:0"),
        ("host", "connecting host"),
    ] {
        assert!(!matches(pattern, listed), "{pattern} passes over {listed}");
    }
}

#[test]
fn only_an_address_that_may_end_in_a_port_is_read_in_two_ways() {
    for (listed, readings) in [
        ("2001:db8::7:51", &[Some(51), None][..]),
        ("::1:80", &[Some(80), None]),
        ("::ffff:a00:7", &[Some(7), None]),
        ("2001:db8::7:51234", &[Some(51_234)]),
        ("1:2:3:4:5:6:7:8:51", &[Some(51)]),
        ("[2001:db8::7]:51", &[Some(51)]),
        ("10.0.0.7:51", &[Some(51)]),
        ("app-7:51", &[Some(51)]),
        ("1:2:3:4:5:6:7:8", &[None]),
        ("2001:db8::7:5f", &[None]),
        ("[2001:db8::7:51]", &[None]),
        ("::1", &[None]),
        ("10.0.0.7", &[None]),
        ("localhost", &[None]),
        ("", &[]),
    ] {
        let ports: Vec<_> = Origin::readings(listed).map(|origin| origin.port).collect();
        assert_eq!(ports, readings, "{listed}");
    }
}

#[test]
fn where_every_address_has_a_port_it_is_told_from_the_address() {
    for (listed, expected) in [
        ("2001:db8::7:51", "[2001:db8::7]:51"),
        ("::1:80", "[::1]:80"),
        ("2001:db8::7:51234", "[2001:db8::7]:51234"),
        ("[2001:db8::7]:51", "[2001:db8::7]:51"),
        ("::ffff:a00:7:51", "10.0.0.7:51"),
        ("10.0.0.7:51", "10.0.0.7:51"),
        ("app-7:51", "app-7:51"),
        ("localhost", "localhost"),
        ("::1", "::1"),
        ("", ""),
    ] {
        assert_eq!(Origin::bracketed(listed.to_owned()), expected);
    }
}

#[test]
fn what_is_no_condition_is_refused_with_what_is_wrong() {
    let value = |text: &str| text.to_owned();
    for text in [
        "10.0.0.300",
        "10.0.0",
        "10.0.0.07",
        "10.0.%",
        "%",
        "app-*",
        "app 7",
        " app",
        "app..com",
        ".",
        "app.",
        "[::1",
        "[10.0.0.7]:1",
        "[::1]x",
        "2001:db8::g",
        "::1:2:3:4:5:6:7:8",
        "12345",
        "café",
    ] {
        let problem = OriginPattern::parse_host(text).unwrap_err();
        assert!(
            matches!(problem, Problem::NotAnAddress { .. }),
            "{text}: {problem}"
        );
    }
    for text in [
        "10.0.0.0/33",
        "10.0.0.0/",
        "10.0.0/8",
        "2001:db8::/129",
        "app/24",
        "10.0.0.0/24:80",
        "/",
    ] {
        assert_eq!(
            OriginPattern::parse_host(text),
            Err(Problem::NotANetwork { value: value(text) })
        );
    }
    for (text, port) in [
        ("10.0.0.7:0", "0"),
        ("10.0.0.7:65536", "65536"),
        ("10.0.0.7:", ""),
        ("10.0.0.7:+80", "+80"),
        ("[::1]:http", "http"),
        ("app-7:x", "x"),
    ] {
        let port = value(port);
        assert_eq!(
            OriginPattern::parse_host(text),
            Err(Problem::NotAPort {
                value: value(text),
                port
            })
        );
    }
    assert_eq!(OriginPattern::parse_host(""), Err(Problem::EmptyValue));
}

#[test]
fn a_network_that_does_not_begin_where_it_is_written_is_refused_with_both_meanings() {
    assert_eq!(
        OriginPattern::parse_address("10.0.0.7/24"),
        Err(Problem::HostBits {
            value: "10.0.0.7/24".to_owned(),
            network: "10.0.0.0/24".to_owned(),
            address: "10.0.0.7".to_owned(),
        })
    );
}

#[test]
fn a_name_is_refused_where_only_addresses_are_listed() {
    for text in ["localhost", "app-7:51234"] {
        assert_eq!(
            OriginPattern::parse_address(text),
            Err(Problem::NotAnAddress {
                value: text.to_owned(),
                names: false
            })
        );
    }
}

proptest! {
    #[test]
    fn every_address_finds_itself_however_its_server_lists_it(address: IpAddr, port in 1..=u16::MAX, other in 1..=u16::MAX) {
        let listed = std::net::SocketAddr::new(address, port).to_string();
        let as_mysql = Origin::bracketed(format!("{address}:{port}"));
        prop_assert!(matches(&address.to_string(), &listed));
        prop_assert!(matches(&address.to_string(), &as_mysql));
        prop_assert!(matches(&listed, &listed));
        prop_assert!(matches(&listed, &as_mysql));
        prop_assert_eq!(matches(&std::net::SocketAddr::new(address, other).to_string(), &listed), port == other);
    }

    #[test]
    fn where_a_session_comes_from_for_certain_it_may_come_from(pattern in "[0-9a-f.:]{1,9}|10.0.0.[0-9]:80|app-[0-9]", listed in "[0-9a-f.:]{1,9}|10.0.0.[0-9]:80|app-[0-9]") {
        if let Ok(pattern) = OriginPattern::parse_host(&pattern) {
            for origin in Origin::readings(&listed) {
                prop_assert!(pattern.may_match(&origin) || !pattern.matches(&origin));
            }
        }
    }

    #[test]
    fn no_text_whatever_makes_the_reading_panic(text in "\\PC{0,20}|[0-9a-f.:/\\[\\]]{0,20}") {
        let _ = Origin::readings(&text).count();
        let _ = OriginPattern::parse_host(&text);
        let _ = OriginPattern::parse_address(&text);
    }
}
