#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::HashSet;

use super::*;

fn of(sessions: usize) -> Size {
    Size { sessions, churn: 0 }
}

#[tokio::test]
async fn a_node_has_as_many_different_sessions_as_asked_for() {
    let sessions = SimulatedConnections::new(0, of(500)).all().await.unwrap();
    let distinct =
        |field: fn(&Connection) -> &str| sessions.iter().map(field).collect::<HashSet<_>>().len();
    let ids: HashSet<u64> = sessions.iter().map(|client| client.id).collect();

    assert_eq!(ids.len(), 500);
    assert_eq!(distinct(|client| &client.addr), 500);
    assert!(distinct(|client| &client.user) >= 4);
    assert!(distinct(|client| &client.name) >= 10);
    assert!(distinct(|client| &client.flags) >= 4);
    assert!(sessions.iter().all(|client| client.idle <= client.age));
    assert!(sessions.iter().any(|client| client.idle > 300));
}

#[tokio::test]
async fn a_session_looks_the_same_until_it_is_killed() {
    let node = SimulatedConnections::new(1, of(3));
    let before = node.all().await.unwrap();
    let first = before[0].id;

    assert_eq!(node.kill(&[first, 42]).await.unwrap(), [first]);
    assert_eq!(node.all().await.unwrap(), before[1..]);
    assert_eq!(node.kill(&[first]).await.unwrap(), [0; 0]);
}

#[tokio::test]
async fn nodes_share_no_ids() {
    let ids = async |node| -> HashSet<u64> {
        let sessions = SimulatedConnections::new(node, of(50)).all().await.unwrap();
        sessions.into_iter().map(|client| client.id).collect()
    };
    assert!(ids(0).await.is_disjoint(&ids(1).await));
}
