#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::backends::Session;

fn of(sessions: usize) -> Size {
    Size { sessions, churn: 0 }
}

async fn sessions(node: &SimulatedThreads) -> Vec<Thread> {
    node.page(Page::WHOLE).await.unwrap().rows
}

#[tokio::test]
async fn a_node_has_as_many_different_sessions_as_asked_for_and_internal_threads_besides() {
    let node = SimulatedThreads::new(0, of(500));
    let sessions = sessions(&node).await;
    let distinct =
        |field: fn(&Thread) -> &str| sessions.iter().map(field).collect::<HashSet<_>>().len();

    assert_eq!(sessions.len(), 500);
    assert_eq!(
        node.page(Page {
            offset: 0,
            limit: 1
        })
        .await
        .unwrap()
        .total,
        500
    );
    assert_eq!(node.all().await.unwrap().len(), 503);
    assert!(sessions.iter().all(|thread| !thread.is_internal()));
    assert_eq!(distinct(|thread| &thread.host), 500);
    assert!(distinct(|thread| &thread.user) >= 5);
    assert!(distinct(|thread| &thread.command) >= 3);
    assert_eq!(sessions.last().unwrap().id, 9_007_199_254_740_993);
}

#[tokio::test]
async fn pages_make_up_the_whole_list() {
    let node = SimulatedThreads::new(0, of(20));
    let mut pieces = Vec::new();
    for offset in (0..20).step_by(5) {
        pieces.extend(node.page(Page { offset, limit: 5 }).await.unwrap().rows);
    }
    assert_eq!(
        pieces,
        node.page(Page {
            offset: 0,
            limit: 100
        })
        .await
        .unwrap()
        .rows
    );
    assert!(
        node.page(Page {
            offset: 20,
            limit: 5
        })
        .await
        .unwrap()
        .rows
        .is_empty()
    );
}

#[tokio::test]
async fn killing_tells_killed_from_not_found_and_leaves_internal_threads_alone() {
    let node = SimulatedThreads::new(0, of(5));
    let outcome = node
        .kill(&[FIRST_ID + 1, 1, i64::MAX, 5, FIRST_ID])
        .await
        .unwrap();
    assert_eq!(outcome.killed, [FIRST_ID + 1, FIRST_ID]);
    assert_eq!(outcome.not_found, [i64::MAX]);
    assert_eq!(sessions(&node).await.len(), 3);
    assert_eq!(node.all().await.unwrap().len(), 6);

    let again = node.kill(&[FIRST_ID]).await.unwrap();
    assert_eq!(again.not_found, [FIRST_ID]);
}

#[tokio::test]
async fn nodes_share_no_ids() {
    let (first, second) = (
        SimulatedThreads::new(0, of(50)),
        SimulatedThreads::new(1, of(50)),
    );
    let ids: HashSet<i64> = sessions(&first)
        .await
        .iter()
        .map(|thread| thread.id)
        .collect();
    assert!(
        sessions(&second)
            .await
            .iter()
            .all(|thread| !ids.contains(&thread.id))
    );
}
