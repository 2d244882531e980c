//! Redis connections from memory. What one looks like follows from its id alone, so a node of a million of them
//! costs no more than their ids.

use async_trait::async_trait;
use tokio::time::Instant;

use super::{Connection, Connections};
use crate::backends::{
    Sessions,
    population::{Population, Size, spread},
};

/// The id of the first session of the first node; a Redis that has run for months counts this far.
const FIRST_ID: u64 = 1_024_117;
/// Ids of different nodes never overlap.
const IDS_PER_NODE: u64 = 10_000_000;

/// Name, user, database, last command and flags of the kinds of clients that a shop's Redis sees.
const KINDS: &[(&str, &str, u8, &str, &str)] = &[
    ("orders-api", "app", 0, "hgetall", "N"),
    ("orders-api", "app", 0, "get", "N"),
    ("cart", "app", 1, "setex", "N"),
    ("billing-worker", "worker", 2, "brpoplpush", "b"),
    ("notifications", "app", 0, "subscribe", "P"),
    ("", "default", 0, "ping", "N"),
    ("sessions-web", "app", 3, "expire", "N"),
    ("report", "report", 4, "scan", "N"),
    ("checkout", "app", 1, "exec", "x"),
    ("", "ops", 0, "info", "N"),
];

/// The connections of one simulated node.
#[derive(Debug)]
pub(crate) struct SimulatedConnections {
    population: Population<u64>,
    started: Instant,
}

impl SimulatedConnections {
    /// `node` is the node's number among all simulated ones.
    pub fn new(node: usize, size: Size) -> Self {
        let first = FIRST_ID + node as u64 * IDS_PER_NODE;
        let next = first + size.sessions as u64;
        Self {
            population: Population::new((first..next).collect(), next, size.churn),
            started: Instant::now(),
        }
    }
}

#[async_trait]
impl Sessions for SimulatedConnections {
    type Session = Connection;

    async fn all(&self) -> anyhow::Result<Vec<Connection>> {
        let passed = i64::try_from(self.started.elapsed().as_secs())?;
        let alive = self.population.alive();
        Ok(alive.into_iter().map(|id| connection(id, passed)).collect())
    }

    async fn count(&self) -> anyhow::Result<usize> {
        Ok(self.population.alive().len())
    }

    fn come_and_go(&self) {
        self.population.come_and_go();
    }
}

#[async_trait]
impl Connections for SimulatedConnections {
    async fn kill(&self, ids: &[u64]) -> anyhow::Result<Vec<u64>> {
        Ok(self.population.kill(ids))
    }
}

/// The connection with this id, `passed` seconds after the start of the sandbox.
fn connection(id: u64, passed: i64) -> Connection {
    let (name, user, db, cmd, flags) = KINDS[spread(id, 1, KINDS.len() as u64) as usize];
    let age = 30 + spread(id, 2, 86_400) as i64;
    // Busy clients were heard of just now; the rest fell silent some time after they connected.
    let idle = match flags {
        "b" | "P" => age / 2,
        _ if spread(id, 3, 3) == 0 => 0,
        _ => spread(id, 4, age as u64) as i64,
    };
    let place = id % IDS_PER_NODE;
    let addr = format!(
        "192.168.{}.{}:{}",
        10 + place % 4,
        11 + place % 200,
        32_768 + place % 28_000
    );
    Connection {
        id,
        fd: (8 + place % 60_000).to_string(),
        name: if name.is_empty() {
            String::new()
        } else {
            format!("{name}-{}", 1 + place % 5)
        },
        cmd: cmd.to_owned(),
        age: age + passed,
        idle: idle + passed,
        db: db.to_string(),
        flags: flags.to_owned(),
        sub: i64::from(flags == "P"),
        multi: if flags == "x" { 3 } else { -1 },
        events: "r".to_owned(),
        addr,
        user: user.to_owned(),
        ..Connection::default()
    }
}

#[cfg(test)]
mod tests;
