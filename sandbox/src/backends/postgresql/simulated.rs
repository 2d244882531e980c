//! Backends from memory. What a backend looks like follows from its pid alone, so a node of a million backends costs no
//! more than their pids. The first three of a node are a chain: each waits for a lock of the one before.

use async_trait::async_trait;
use time::{Duration, OffsetDateTime};

use super::{Backend, Backends, CLIENT, SOCKET_PORT};
use crate::{
    backends::{
        Sessions,
        population::{Population, Size, spread},
    },
    query::{Page, Rows},
};

/// The pid of the first backend of the first node.
const FIRST_PID: i64 = 20_117;
/// Pids of different nodes never overlap.
const PIDS_PER_NODE: i64 = 10_000_000;

const ACTIVE: &str = "active";
const IDLE: &str = "idle";
const IN_TRANSACTION: &str = "idle in transaction";

/// User, database, application, state and statement of a backend.
type Kind = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

/// The kinds of backends that a shop's database sees.
const KINDS: &[Kind] = &[
    (
        "app",
        "shop",
        "orders-api",
        IDLE,
        "SELECT * FROM orders WHERE id = 48213",
    ),
    ("app", "shop", "orders-api", IDLE, "COMMIT"),
    (
        "app",
        "shop",
        "checkout",
        ACTIVE,
        "INSERT INTO payments (order_id, amount) VALUES (48213, 1999)",
    ),
    (
        "app",
        "shop",
        "checkout",
        IN_TRANSACTION,
        "SELECT stock FROM items WHERE id = 7 FOR UPDATE",
    ),
    (
        "app",
        "billing",
        "invoices",
        ACTIVE,
        "SELECT * FROM invoices WHERE due < '2026-01-01'",
    ),
    (
        "report",
        "shop",
        "psql",
        ACTIVE,
        "SELECT customer, SUM(total) FROM orders GROUP BY customer ORDER BY 2 DESC",
    ),
    (
        "report",
        "warehouse",
        "",
        IDLE,
        "SELECT region, COUNT(*) FROM sales GROUP BY region",
    ),
    (
        "worker",
        "billing",
        "queue",
        ACTIVE,
        "SELECT id FROM jobs WHERE NOT taken LIMIT 1 FOR UPDATE SKIP LOCKED",
    ),
    (
        "ops",
        "postgres",
        "psql",
        IDLE,
        "SELECT * FROM pg_stat_activity",
    ),
    ("rdsAdmin", "postgres", "", IDLE, "SELECT 1"),
];

/// The chain, from the one who holds the first lock to the one who waits for the last.
const CHAIN: &[Kind] = &[
    (
        "app",
        "shop",
        "checkout",
        IN_TRANSACTION,
        "UPDATE orders SET state = 'paid' WHERE id = 48213",
    ),
    (
        "app",
        "shop",
        "orders-api",
        ACTIVE,
        "UPDATE orders SET state = 'sent' WHERE id = 48213",
    ),
    (
        "worker",
        "shop",
        "queue",
        ACTIVE,
        "ALTER TABLE orders ADD COLUMN note TEXT",
    ),
];

/// The backends of one simulated node.
#[derive(Debug)]
pub(crate) struct SimulatedBackends {
    population: Population<i64>,
    started: OffsetDateTime,
}

impl SimulatedBackends {
    /// Sessions besides the internal backends; `node` is the node's number among all simulated ones.
    pub fn new(node: usize, size: Size) -> Self {
        let first = FIRST_PID + node as i64 * PIDS_PER_NODE;
        let next = first + size.sessions as i64;
        Self {
            population: Population::new((first..next).collect(), next, size.churn),
            started: OffsetDateTime::now_utc(),
        }
    }

    /// The backend with this pid, among these that are there, in their order.
    fn backend(&self, pid: i64, alive: &[i64]) -> Backend {
        let number = pid as u64;
        let place = (pid - FIRST_PID) % PIDS_PER_NODE;
        let chained = usize::try_from(place)
            .ok()
            .and_then(|place| CHAIN.get(place));
        let (user, database, application, state, query) =
            *chained.unwrap_or_else(|| &KINDS[spread(number, 1, KINDS.len() as u64) as usize]);
        let blocker = (chained.is_some() && place > 0).then(|| pid - 1);
        let blocked_by: Vec<i64> = blocker
            .filter(|pid| alive.binary_search(pid).is_ok())
            .into_iter()
            .collect();
        let (wait_event_type, wait_event) = match state {
            ACTIVE if blocked_by.is_empty() => (None, None),
            ACTIVE => (Some("Lock"), Some("transactionid")),
            _ => (Some("Client"), Some("ClientRead")),
        };

        // Each of these is earlier than the one before it.
        let longest = if state == ACTIVE { 900 } else { 28_800 };
        let changed = self.started - seconds(number, 2, longest);
        let queried = if state == ACTIVE {
            changed
        } else {
            changed - seconds(number, 3, 5)
        };
        let begun = queried - seconds(number, 4, 300);
        let through_socket = user == "rdsAdmin";
        Backend {
            pid,
            user: Some(user.to_owned()),
            database: Some(database.to_owned()),
            application: Some(application.to_owned()),
            client_address: (!through_socket)
                .then(|| format!("192.168.{}.{}", 20 + place % 4, 11 + place % 200)),
            client_port: Some(if through_socket {
                SOCKET_PORT
            } else {
                32_768 + place % 28_000
            }),
            backend_start: Some(begun - seconds(number, 5, 604_800)),
            xact_start: (state != IDLE).then_some(begun),
            query_start: Some(queried),
            state_change: Some(changed),
            state: Some(state.to_owned()),
            wait_event_type: wait_event_type.map(str::to_owned),
            wait_event: wait_event.map(str::to_owned),
            backend_type: Some(CLIENT.to_owned()),
            query: Some(query.to_owned()),
            blocked_by,
        }
    }

    /// The server's own backends, with the low pids that they get at its start.
    fn internal_backends(&self) -> Vec<Backend> {
        let internal = |pid, kind: &str, waits_for: &str, user: Option<&str>| Backend {
            pid,
            user: user.map(str::to_owned),
            database: None,
            application: Some(String::new()),
            client_address: None,
            client_port: None,
            backend_start: Some(self.started - Duration::days(90)),
            xact_start: None,
            query_start: None,
            state_change: None,
            state: None,
            wait_event_type: Some("Activity".to_owned()),
            wait_event: Some(waits_for.to_owned()),
            backend_type: Some(kind.to_owned()),
            query: Some(String::new()),
            blocked_by: Vec::new(),
        };
        vec![
            internal(61, "checkpointer", "CheckpointerMain", None),
            internal(62, "background writer", "BgWriterHibernate", None),
            internal(64, "walwriter", "WalWriterMain", None),
            internal(65, "autovacuum launcher", "AutoVacuumMain", None),
            // The one internal backend that has a user.
            internal(
                66,
                "logical replication launcher",
                "LogicalLauncherMain",
                Some("rdsAdmin"),
            ),
        ]
    }
}

fn seconds(number: u64, aspect: u32, below: u64) -> Duration {
    Duration::seconds(spread(number, aspect, below) as i64)
}

#[async_trait]
impl Sessions for SimulatedBackends {
    type Session = Backend;

    async fn all(&self) -> anyhow::Result<Vec<Backend>> {
        let mut backends = self.internal_backends();
        backends.extend(self.page(Page::WHOLE).await?.rows);
        Ok(backends)
    }

    async fn count(&self) -> anyhow::Result<usize> {
        Ok(self.population.alive().len())
    }

    fn come_and_go(&self) {
        self.population.come_and_go();
    }
}

#[async_trait]
impl Backends for SimulatedBackends {
    async fn page(&self, page: Page) -> anyhow::Result<Rows<Backend>> {
        let alive = self.population.alive();
        let there = alive.clone();
        Ok(page.of(alive).map(|pid| self.backend(pid, &there)))
    }

    async fn terminate(&self, pids: &[i64]) -> anyhow::Result<Vec<i64>> {
        Ok(self.population.kill(pids))
    }
}

#[cfg(test)]
mod tests;
