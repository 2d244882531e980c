#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::HashSet;

use super::*;
use crate::backends::Session;

fn node(number: usize, sessions: usize) -> SimulatedBackends {
    SimulatedBackends::new(number, Size { sessions, churn: 0 })
}

async fn sessions(node: &SimulatedBackends) -> Vec<Backend> {
    node.page(Page::WHOLE).await.unwrap().rows
}

#[tokio::test]
async fn a_node_has_as_many_different_sessions_as_asked_for_and_internal_backends_besides() {
    let node = node(0, 500);
    let sessions = sessions(&node).await;
    let of = |user: &str| {
        let own = sessions.iter();
        own.filter(|backend| backend.user.as_deref() == Some(user))
            .count()
    };

    assert_eq!(sessions.len(), 500);
    assert_eq!(node.count().await.unwrap(), 500);
    assert_eq!(node.all().await.unwrap().len(), 505);
    assert!(sessions.iter().all(|backend| !backend.is_internal()));
    assert!((200..300).contains(&of("app")), "{}", of("app"));
    for user in ["report", "worker", "ops", "rdsAdmin"] {
        assert!(of(user) > 10, "{user}");
    }
}

#[tokio::test]
async fn times_follow_each_other_and_only_a_transaction_has_a_start() {
    for backend in sessions(&node(0, 200)).await {
        let is_idle = backend.state.as_deref() == Some(IDLE);
        assert_eq!(backend.xact_start.is_none(), is_idle, "{backend:?}");
        assert!(backend.backend_start <= backend.query_start, "{backend:?}");
        assert!(backend.xact_start <= backend.query_start, "{backend:?}");
        assert!(backend.query_start <= backend.state_change, "{backend:?}");
    }
}

#[tokio::test]
async fn the_first_sessions_wait_for_each_other_until_the_one_ahead_is_terminated() {
    let node = node(1, 10);
    let blockers = |sessions: &[Backend]| -> Vec<Vec<i64>> {
        let own = sessions.iter();
        own.map(|backend| backend.blocked_by.clone()).collect()
    };
    let before = sessions(&node).await;
    let first = before[0].pid;
    assert_eq!(
        blockers(&before)[..4],
        [vec![], vec![first], vec![first + 1], vec![]]
    );
    assert_eq!(before[0].state.as_deref(), Some(IN_TRANSACTION));
    assert_eq!(before[1].wait_event_type.as_deref(), Some("Lock"));

    node.terminate(&[first]).await.unwrap();
    let after = sessions(&node).await;
    assert_eq!(blockers(&after)[..2], [vec![], vec![first + 1]]);
    assert_eq!(after[0].wait_event_type, None);
}

#[tokio::test]
async fn terminating_tells_who_was_there_and_leaves_internal_backends_alone() {
    let node = node(0, 5);
    let asked = [FIRST_PID + 1, 61, 4_194_304, 66, FIRST_PID];
    let there = node.terminate(&asked).await.unwrap();
    assert_eq!(there, [FIRST_PID + 1, FIRST_PID]);
    assert_eq!(sessions(&node).await.len(), 3);
    assert_eq!(node.all().await.unwrap().len(), 8);
    assert!(node.terminate(&[FIRST_PID]).await.unwrap().is_empty());
}

#[tokio::test]
async fn nodes_share_no_pids() {
    let of = async |number| -> HashSet<i64> {
        let sessions = sessions(&node(number, 50)).await;
        sessions.iter().map(|backend| backend.pid).collect()
    };
    assert!(of(0).await.is_disjoint(&of(1).await));
}
