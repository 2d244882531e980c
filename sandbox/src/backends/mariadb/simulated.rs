//! Threads from memory. What a thread looks like follows from its id alone, so a node of a million threads
//! costs no more than their ids.

use std::collections::{BTreeSet, HashSet};

use async_trait::async_trait;
use tokio::time::Instant;

use super::{KillOutcome, Thread, Threads};
use crate::{
    backends::{
        Sessions,
        population::{Population, Size, spread},
    },
    query::{Page, Rows},
};

/// The id of the first thread of the first node, as in the API document's example.
const FIRST_ID: i64 = 2_075_425;
/// Ids of different nodes never overlap.
const IDS_PER_NODE: i64 = 10_000_000;
/// The last thread of every node of some size has an id above this, which a 64-bit float cannot hold exactly.
const LARGEST_SAFE_ID: i64 = 9_007_199_254_740_992;
/// Nodes with fewer threads have no such thread.
const SMALLEST_NODE_WITH_LARGE_ID: usize = 3;

/// User, database, command, state and statement of the kinds of threads that a shop's database sees.
type Kind = (
    &'static str,
    Option<&'static str>,
    &'static str,
    &'static str,
    Option<&'static str>,
);
/// The state of a thread that waits for another.
const WAITING: &str = "Waiting for table metadata lock";
const KINDS: &[Kind] = &[
    ("app", Some("shop"), "Sleep", "", None),
    ("app", Some("shop"), "Sleep", "", None),
    (
        "app",
        Some("shop"),
        "Query",
        "updating",
        Some("UPDATE orders SET state = 'paid' WHERE id = 48213"),
    ),
    (
        "app",
        Some("billing"),
        "Query",
        "Sending data",
        Some("SELECT * FROM invoices WHERE due < '2026-01-01'"),
    ),
    (
        "report",
        Some("shop"),
        "Query",
        "Creating sort index",
        Some("SELECT customer, SUM(total) FROM orders GROUP BY customer ORDER BY 2 DESC"),
    ),
    (
        "report",
        Some("warehouse"),
        "Query",
        "Copying to tmp table",
        Some("SELECT region, COUNT(*) FROM sales GROUP BY region"),
    ),
    (
        "worker",
        Some("shop"),
        "Query",
        WAITING,
        Some("ALTER TABLE orders ADD COLUMN note TEXT"),
    ),
    (
        "worker",
        Some("billing"),
        "Execute",
        "statistics",
        Some("SELECT id FROM jobs WHERE taken = 0 LIMIT 1 FOR UPDATE"),
    ),
    ("ops", None, "Sleep", "", None),
    ("rdsAdmin", Some("mysql"), "Sleep", "", None),
];

/// The threads of one simulated node.
#[derive(Debug)]
pub(crate) struct SimulatedThreads {
    population: Population<i64>,
    started: Instant,
}

impl SimulatedThreads {
    /// Sessions besides the internal threads; `node` is the node's number among all simulated ones.
    pub fn new(node: usize, size: Size) -> Self {
        let number = node as i64;
        let first = FIRST_ID + number * IDS_PER_NODE;
        let mut alive: BTreeSet<i64> = (first..first + size.sessions as i64).collect();
        if size.sessions >= SMALLEST_NODE_WITH_LARGE_ID {
            alive.pop_last();
            alive.insert(LARGEST_SAFE_ID + 1 + 2 * number);
        }
        let next = alive.last().map_or(first, |last| last + 1);
        Self {
            population: Population::new(alive, next, size.churn),
            started: Instant::now(),
        }
    }
}

#[async_trait]
impl Sessions for SimulatedThreads {
    type Session = Thread;

    async fn all(&self) -> anyhow::Result<Vec<Thread>> {
        let passed = i64::try_from(self.started.elapsed().as_secs())?;
        let mut threads = internal_threads(passed);
        threads.extend(self.page(Page::WHOLE).await?.rows);
        Ok(threads)
    }

    async fn count(&self) -> anyhow::Result<usize> {
        Ok(self.population.alive().len())
    }

    fn come_and_go(&self) {
        self.population.come_and_go();
    }
}

#[async_trait]
impl Threads for SimulatedThreads {
    async fn page(&self, page: Page) -> anyhow::Result<Rows<Thread>> {
        let passed = i64::try_from(self.started.elapsed().as_secs())?;
        let ids = page.of(self.population.alive());
        Ok(ids.map(|id| thread(id, passed)))
    }

    /// Whoever waits for a metadata lock waits for the first thread that does not.
    async fn blocker(&self, id: i64) -> anyhow::Result<Option<i64>> {
        let threads = self.page(Page::WHOLE).await?.rows;
        let waits = |thread: &Thread| thread.state.as_deref() == Some(WAITING);
        let is_waiting = threads
            .iter()
            .any(|thread| thread.id == id && waits(thread));
        let first = threads.iter().find(|thread| !waits(thread));
        Ok(first.filter(|_| is_waiting).map(|thread| thread.id))
    }

    async fn kill(&self, ids: &[i64]) -> anyhow::Result<KillOutcome> {
        let internal: Vec<i64> = internal_threads(0).iter().map(|thread| thread.id).collect();
        let asked: Vec<i64> = (ids.iter().copied())
            .filter(|id| !internal.contains(id))
            .collect();
        let killed = self.population.kill(&asked);
        let gone: HashSet<i64> = killed.iter().copied().collect();
        Ok(KillOutcome {
            not_found: asked.into_iter().filter(|id| !gone.contains(id)).collect(),
            killed,
        })
    }
}

/// The server's own threads, with the low ids that they get at its start.
fn internal_threads(passed: i64) -> Vec<Thread> {
    let internal = |id, user: &str, state: &str| Thread {
        id,
        user: user.to_owned(),
        host: if user == "event_scheduler" {
            "localhost"
        } else {
            ""
        }
        .to_owned(),
        db: None,
        command: "Daemon".to_owned(),
        time: 7_776_000 + passed,
        state: Some(state.to_owned()),
        info: None,
        transaction: None,
    };
    vec![
        internal(1, "system user", "InnoDB purge coordinator"),
        internal(2, "system user", "InnoDB shutdown handler"),
        internal(5, "event_scheduler", "Waiting on empty queue"),
    ]
}

/// The thread with this id, `passed` seconds after the start of the sandbox.
fn thread(id: i64, passed: i64) -> Thread {
    let number = id as u64;
    let (user, db, command, state, info) = KINDS[spread(number, 1, KINDS.len() as u64) as usize];
    let longest = if command == "Sleep" { 28_800 } else { 900 };
    let place = id % IDS_PER_NODE;
    let time = spread(number, 2, longest) as i64 + passed;
    // One of three is in a transaction, which began before its present state.
    let in_transaction = spread(number, 3, 3) == 0;
    let transaction = in_transaction.then(|| time + spread(number, 4, 600) as i64);
    Thread {
        id,
        user: user.to_owned(),
        host: format!(
            "192.168.{}.{}:{}",
            20 + place % 4,
            11 + place % 200,
            32_768 + place % 28_000
        ),
        db: db.map(str::to_owned),
        command: command.to_owned(),
        time,
        state: Some(state.to_owned()),
        info: info.map(str::to_owned),
        transaction,
    }
}

#[cfg(test)]
mod tests;
