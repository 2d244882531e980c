#![allow(clippy::unwrap_used)]

use super::*;

fn node(number: usize, sessions: usize) -> SimulatedOperations {
    SimulatedOperations::new(number, Size { sessions, churn: 2 })
}

#[tokio::test]
async fn operations_are_active_or_idle_connections() {
    let all = node(0, 400).all().await.unwrap();
    assert_eq!(all.len(), 400);
    let (active, idle): (Vec<_>, Vec<_>) = all.iter().partition(|one| one.active);
    assert!((10..50).contains(&idle.len()), "{}", idle.len());
    assert!(
        active
            .iter()
            .all(|one| one.cost_time > 0 && !one.kind.is_empty())
    );
    assert!(
        idle.iter()
            .all(|one| one.user == "pool" && one.database().is_empty())
    );
    // Only operations of the server itself have no client.
    let unknown = all.iter().filter(|one| one.client.is_empty());
    assert!(unknown.clone().count() > 0 && unknown.clone().all(|one| one.user == "__system"));
}

#[tokio::test]
async fn a_node_of_twelve_has_somebody_to_kill_and_an_idle_connection() {
    for number in [0, 1] {
        let all = node(number, 12).all().await.unwrap();
        assert!(all.iter().any(|one| !one.active), "node {number}");
        for user in ["app", "report", "worker", "ops"] {
            assert!(
                all.iter().any(|one| one.user == user && one.active),
                "{user}"
            );
        }
    }
}

#[tokio::test]
async fn each_kind_has_about_its_share() {
    let all = node(0, 20_000).all().await.unwrap();
    for kind in &KINDS {
        let alike = |one: &&Operation| {
            (one.user, one.kind, one.namespace) == (kind.user, kind.kind, kind.namespace)
        };
        let share = all.iter().filter(alike).count() as u64 / 200;
        assert!(
            share.abs_diff(kind.share) <= 1,
            "{share} for {}",
            kind.share
        );
    }
}

#[tokio::test]
async fn killed_operations_are_gone_and_others_come_and_go() {
    let node = node(0, 12);
    let before = node.all().await.unwrap();
    let [first, second] = [before[0].id, before[1].id];
    assert_eq!(node.kill(&[second, OperationId(1)]), [second]);
    assert_eq!(node.kill(&[second]), []);
    let left = node.all().await.unwrap();
    assert!(left.len() == 11 && left[0].id == first);
    node.come_and_go();
    let now = node.all().await.unwrap();
    assert_eq!(now.len(), 11);
    assert!(
        now.iter()
            .filter(|one| !left.iter().any(|old| old.id == one.id))
            .count()
            == 2
    );
}

#[tokio::test]
async fn ids_of_a_mongos_name_their_shard() {
    let texts =
        |ids: Vec<Operation>| -> Vec<String> { ids.iter().map(|one| one.id.to_string()).collect() };
    assert_eq!(texts(node(0, 2).all().await.unwrap()), ["34639", "34640"]);
    assert_eq!(texts(node(1, 1).all().await.unwrap()), ["shard_1:10034639"]);
    for text in ["34639", "shard_1:10034639"] {
        assert_eq!(text.parse::<OperationId>().unwrap().to_string(), text);
    }
    for text in [
        "",
        "shard_1:34639",
        "10034639",
        "shard_2:10034639",
        "034639",
        "none",
    ] {
        assert!(text.parse::<OperationId>().is_err(), "{text}");
    }
}
