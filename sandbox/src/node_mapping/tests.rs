#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

#[test]
fn a_node_is_mapped_to_a_server_or_to_simulated_sessions() {
    let node: NodeMapping = "i/n=redis://:pw@127.0.0.1:6379/".parse().unwrap();
    assert_eq!(
        (node.instance_id.as_str(), node.node_id.as_str()),
        ("i", "n")
    );
    assert!(matches!(node.backend, Backend::Server(_)));
    for url in ["mysql://h", "postgres://u:pw@h:5432/db"] {
        let node: NodeMapping = format!("i/n={url}").parse().unwrap();
        assert!(matches!(node.backend, Backend::Server(_)), "{url}");
    }

    let node: NodeMapping = "i/n=simulated:7".parse().unwrap();
    assert!(matches!(node.backend, Backend::Simulated(Some(7))));
    let node: NodeMapping = "i/n=simulated".parse().unwrap();
    assert!(matches!(node.backend, Backend::Simulated(None)));
}

#[test]
fn a_bad_mapping_is_refused_without_repeating_its_url() {
    for text in [
        "",
        "i",
        "i/n",
        "i=redis://h",
        "/n=redis://h",
        "i/=redis://h",
        "i/n/m=redis://h",
        "i/n=simulated:x",
    ] {
        assert!(text.parse::<NodeMapping>().is_err(), "{text}");
    }
    let error = "i/n=http://user:hunter2@host"
        .parse::<NodeMapping>()
        .unwrap_err();
    assert!(!error.contains("hunter2"));
}
