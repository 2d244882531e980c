//! Operations of MongoDB from memory. What an operation looks like follows from its id alone, so a node of a million of them
//! costs no more than their ids.

use std::{fmt, str::FromStr};

use async_trait::async_trait;
use serde::{Serialize, Serializer};
use tokio::time::Instant;

use super::{
    Open, Session, Sessions, Size,
    population::{Population, spread},
};
use crate::node_mapping::{Backend, NodeMapping};

/// The id of the first operation of the first node, near those of the API document's example: among the first twelve of a node
/// are operations of all users who work, and an idle connection.
const FIRST_ID: u64 = 34_639;
/// Ids of different nodes never overlap.
const IDS_PER_NODE: u64 = 10_000_000;

/// One operation, with what `currentOp` tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operation {
    pub id: OperationId,
    /// Inactive ones are idle connections.
    pub active: bool,
    /// The command as the client sent it, in JSON.
    pub command: String,
    pub kind: &'static str,
    /// Microseconds for which it has run.
    pub cost_time: u64,
    pub plan_summary: &'static str,
    pub host: &'static str,
    /// Address and port; empty for operations of the server itself.
    pub client: String,
    pub connection: String,
    pub namespace: &'static str,
    pub user: &'static str,
}

impl Operation {
    /// The database that it works on.
    pub fn database(&self) -> &'static str {
        let namespace = self.namespace.split_once('.');
        namespace.map_or("", |(database, _)| database)
    }
}

impl Session for Operation {
    type Id = OperationId;

    fn id(&self) -> OperationId {
        self.id
    }

    /// DDS lists all operations, also those of the server itself.
    fn is_internal(&self) -> bool {
        false
    }
}

/// The id of an operation. Every second node is a mongos, where it has the name of the shard before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OperationId(u64);

impl OperationId {
    fn shard(self) -> &'static str {
        let node = self.0.saturating_sub(FIRST_ID) / IDS_PER_NODE;
        if node.is_multiple_of(2) {
            ""
        } else {
            "shard_1:"
        }
    }
}

impl fmt::Display for OperationId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", self.shard(), self.0)
    }
}

impl FromStr for OperationId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.rsplit(':').next().and_then(|text| text.parse().ok());
        let id = number.map(Self).filter(|id| id.to_string() == text);
        id.ok_or("no id of an operation")
    }
}

impl Serialize for OperationId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What operations of a kind have in common. One with `None` for its plan is an idle connection.
struct Kind {
    /// Of a hundred operations.
    share: u64,
    user: &'static str,
    kind: &'static str,
    namespace: &'static str,
    plan: Option<&'static str>,
    command: &'static str,
}

/// The kinds of operations that a shop's database sees.
#[rustfmt::skip]
const KINDS: [Kind; 11] = [
    Kind { share: 18, user: "app", kind: "query", namespace: "shop.orders", plan: Some("IXSCAN"), command: r#"{"find":"orders","filter":{"customer":48213}}"# },
    Kind { share: 14, user: "app", kind: "update", namespace: "shop.carts", plan: Some("IXSCAN"), command: r#"{"q":{"_id":48213},"u":{"$set":{"state":"paid"}}}"# },
    Kind { share: 12, user: "app", kind: "insert", namespace: "shop.payments", plan: Some(""), command: r#"{"insert":"payments"}"# },
    Kind { share: 8, user: "report", kind: "command", namespace: "shop.$cmd.aggregate", plan: Some("COLLSCAN"), command: r#"{"aggregate":"orders","pipeline":[{"$group":{"_id":"$customer"}}]}"# },
    Kind { share: 7, user: "report", kind: "getmore", namespace: "warehouse.sales", plan: Some("COLLSCAN"), command: r#"{"getMore":494730502,"collection":"sales"}"# },
    Kind { share: 21, user: "worker", kind: "remove", namespace: "shop.jobs", plan: Some("IXSCAN"), command: r#"{"q":{"taken":true},"limit":1}"# },
    Kind { share: 8, user: "ops", kind: "command", namespace: "admin.$cmd", plan: Some(""), command: r#"{"collStats":"orders"}"# },
    Kind { share: 6, user: "pool", kind: "none", namespace: "", plan: None, command: "" },
    Kind { share: 3, user: "monitor", kind: "command", namespace: "admin.$cmd", plan: Some(""), command: r#"{"serverStatus":1}"# },
    Kind { share: 2, user: "__system", kind: "getmore", namespace: "local.oplog.rs", plan: Some(""), command: r#"{"getMore":8213,"collection":"oplog.rs"}"# },
    Kind { share: 1, user: "__system", kind: "none", namespace: "", plan: Some(""), command: "" },
];

/// The operations of one simulated node.
#[derive(Debug)]
pub(crate) struct SimulatedOperations {
    population: Population<u64>,
    started: Instant,
}

impl SimulatedOperations {
    /// `node` is the node's number among all nodes.
    fn new(node: usize, size: Size) -> Self {
        let first = FIRST_ID + node as u64 * IDS_PER_NODE;
        let next = first + size.sessions as u64;
        Self {
            population: Population::new((first..next).collect(), next, size.churn),
            started: Instant::now(),
        }
    }

    /// Ends the operations with these ids; those that were there.
    pub fn kill(&self, ids: &[OperationId]) -> Vec<OperationId> {
        let ids: Vec<u64> = ids.iter().map(|id| id.0).collect();
        let killed = self.population.kill(&ids);
        killed.into_iter().map(OperationId).collect()
    }
}

#[async_trait]
impl Sessions for SimulatedOperations {
    type Session = Operation;

    async fn all(&self) -> anyhow::Result<Vec<Operation>> {
        let passed = u64::try_from(self.started.elapsed().as_micros())?;
        let alive = self.population.alive();
        Ok(alive.into_iter().map(|id| operation(id, passed)).collect())
    }

    fn come_and_go(&self) {
        self.population.come_and_go();
    }
}

impl Open for SimulatedOperations {
    fn open(number: usize, mapping: &NodeMapping, simulated: Size) -> anyhow::Result<Box<Self>> {
        match &mapping.backend {
            Backend::Simulated(count) => Ok(Box::new(Self::new(number, simulated.or(*count)))),
            Backend::Server(_) => anyhow::bail!(
                "node {} of instance {} cannot have a server behind it: operations of DDS are always simulated, so write \
                 simulated:COUNT after the =",
                mapping.node_id,
                mapping.instance_id
            ),
        }
    }
}

/// The operation with this id, `passed` microseconds after the start of the sandbox.
fn operation(id: u64, passed: u64) -> Operation {
    let kind = kind_of(id);
    let place = id % IDS_PER_NODE;
    let active = kind.plan.is_some();
    let is_internal = kind.user == "__system" && kind.namespace.is_empty();
    Operation {
        id: OperationId(id),
        active,
        command: kind.command.to_owned(),
        kind: kind.kind,
        // Most operations are over soon; what is seen of them has mostly run for long.
        cost_time: match active {
            true => 25 + spread(id, 2, 900_000_000) + passed,
            false => 0,
        },
        plan_summary: kind.plan.unwrap_or_default(),
        host: "host-172-16-27-182:8635",
        client: match is_internal {
            true => String::new(),
            false => format!(
                "192.168.{}.{}:{}",
                20 + place % 4,
                11 + place % 200,
                32_768 + place % 28_000
            ),
        },
        connection: match is_internal {
            true => "ReplBatcher".to_owned(),
            false => format!("conn{}", 20 + place),
        },
        namespace: kind.namespace,
        user: kind.user,
    }
}

/// The kind of an operation, by the shares of all kinds.
fn kind_of(id: u64) -> &'static Kind {
    let mut left = spread(id, 1, KINDS.iter().map(|kind| kind.share).sum());
    for kind in &KINDS {
        match left.checked_sub(kind.share) {
            Some(rest) => left = rest,
            None => return kind,
        }
    }
    &KINDS[0]
}

#[cfg(test)]
mod tests;
