#![allow(clippy::unwrap_used)]

use super::*;

#[test]
fn this_machine_is_known_by_name_and_address() {
    for (url, own) in [
        ("http://localhost:80/", true),
        ("https://cloud.localhost/", true),
        ("http://127.0.0.1:8080/", true),
        ("http://127.9.9.9/", true),
        ("http://[::1]:80/", true),
        ("http://10.0.0.1/", false),
        ("http://localhost.example.com/", false),
        ("http://notlocalhost/", false),
        ("http://[::2]/", false),
    ] {
        assert_eq!(is_loopback(&url.parse().unwrap()), own, "{url}");
    }
}

#[test]
fn a_malformed_proxy_variable_that_applies_is_named_and_its_value_is_not_shown() {
    let named = |url: &str, variables: &[(&str, &str)]| {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        match check_proxy(&url.parse().unwrap(), variable) {
            Ok(()) => None,
            Err(error) => {
                let text = format!("{error} {error:?}");
                assert!(!text.contains("s3cret"), "{text}");
                let names = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY"];
                Some(names.into_iter().find(|name| text.contains(name)).unwrap())
            }
        }
    };
    let cloud = "https://dcs.example.com/";
    for (url, variables, name) in [
        (cloud, &[][..], None),
        (cloud, &[("HTTPS_PROXY", "")], None),
        (cloud, &[("HTTPS_PROXY", "http://proxy:3128")], None),
        (cloud, &[("HTTPS_PROXY", "proxy:3128")], None),
        (
            cloud,
            &[("HTTPS_PROXY", "http://ops:s3cret@proxy:3128/")],
            None,
        ),
        (cloud, &[("HTTPS_PROXY", "http://")], Some("HTTPS_PROXY")),
        (
            cloud,
            &[("HTTPS_PROXY", "http://ops:s3cret@proxy:99999")],
            Some("HTTPS_PROXY"),
        ),
        (
            cloud,
            &[("https_proxy", "ht tp://s3cret")],
            Some("https_proxy"),
        ),
        (
            cloud,
            &[("HTTPS_PROXY", "ftp://proxy")],
            Some("HTTPS_PROXY"),
        ),
        (
            cloud,
            &[("ALL_PROXY", "socks5://proxy:1080")],
            Some("ALL_PROXY"),
        ),
        (cloud, &[("HTTP_PROXY", "http://")], None),
        (
            "http://dcs.example.com/",
            &[("HTTP_PROXY", "::")],
            Some("HTTP_PROXY"),
        ),
        (
            cloud,
            &[("HTTPS_PROXY", "http://"), ("NO_PROXY", "example.com")],
            None,
        ),
        (
            cloud,
            &[("HTTPS_PROXY", "http://"), ("NO_PROXY", "example.org")],
            Some("HTTPS_PROXY"),
        ),
    ] {
        assert_eq!(named(url, variables), name, "{url} {variables:?}");
    }
}
