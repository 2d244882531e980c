use super::*;

fn node(id: &str, role: Option<&str>, status: Option<&str>) -> Node {
    Node {
        node_id: id.to_owned(),
        node_role: role.map(ToOwned::to_owned),
        status: status.map(ToOwned::to_owned),
    }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn sessions_are_at_the_proxies_where_there_are_any_and_else_at_the_servers() {
    let (server, proxy) = (Some("redis-server"), Some("redis-proxy"));
    let active = Some("Active");
    for (nodes, expected) in [
        (
            vec![node("a", server, active), node("b", server, active)],
            &["a", "b"][..],
        ),
        (
            vec![node("a", server, active), node("p", proxy, active)],
            &["p"],
        ),
        // An older answer tells neither the role nor the status.
        (vec![node("a", None, None)], &["a"]),
        // A node that is listed twice is one node.
        (
            vec![node("a", server, active), node("a", server, active)],
            &["a"],
        ),
        (vec![], &[]),
    ] {
        let chosen = SessionNodes::of(nodes);
        assert_eq!(chosen.active, texts(expected));
        assert_eq!(chosen.passed_over, []);
    }
}

#[test]
fn nodes_that_are_not_active_are_passed_over_with_their_status() {
    let server = Some("redis-server");
    let chosen = SessionNodes::of(vec![
        node("a", server, Some("active")),
        node("b", server, Some("Deleting")),
    ]);

    assert_eq!(chosen.active, texts(&["a"]));
    assert_eq!(
        chosen.passed_over,
        [("b".to_owned(), "Deleting".to_owned())]
    );
}
