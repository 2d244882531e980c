//! The client connections of a Redis server, or of one that is simulated.

mod server;
mod simulated;

use async_trait::async_trait;

use self::{server::ServerConnections, simulated::SimulatedConnections};
use super::{Backend, NodeMapping, Size};

/// One connection, with the fields and words of `CLIENT LIST`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Connection {
    pub id: u64,
    pub addr: String,
    pub fd: String,
    pub name: String,
    pub cmd: String,
    /// Seconds since it connected.
    pub age: i64,
    /// Seconds since its last command.
    pub idle: i64,
    pub db: String,
    pub flags: String,
    pub sub: i64,
    pub psub: i64,
    pub multi: i64,
    pub qbuf: i64,
    pub qbuf_free: i64,
    pub obl: i64,
    pub oll: i64,
    pub omem: i64,
    pub events: String,
    pub user: String,
}

/// The connections of a node: in memory or in a server.
#[async_trait]
pub(crate) trait Connections: Send + Sync + std::fmt::Debug {
    /// All connections of the node, links of replication included, the sandbox's own left out.
    async fn list(&self) -> anyhow::Result<Vec<Connection>>;
    /// Kills the connections with these ids; those that were there.
    async fn kill(&self, ids: &[u64]) -> anyhow::Result<Vec<u64>>;
    /// Lets simulated connections come and go by themselves.
    fn come_and_go(&self) {}
}

/// The connections of the node that was mapped, whose number among all nodes of its service is `number`.
pub(crate) fn open(
    number: usize,
    mapping: &NodeMapping,
    simulated: Size,
) -> anyhow::Result<Box<dyn Connections>> {
    Ok(match &mapping.backend {
        Backend::Simulated(count) => {
            Box::new(SimulatedConnections::new(number, simulated.or(*count)))
        }
        Backend::Server(url) => Box::new(ServerConnections::new(url)?),
    })
}
