//! The client connections of a Redis server, or of one that is simulated.

mod server;
mod simulated;

use async_trait::async_trait;

use self::{server::ServerConnections, simulated::SimulatedConnections};
use super::{Open, Session, Sessions, Size};
use crate::node_mapping::{Backend, NodeMapping};

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

impl Session for Connection {
    type Id = u64;

    fn id(&self) -> u64 {
        self.id
    }

    fn is_internal(&self) -> bool {
        is_replication(&self.flags)
    }
}

/// Links of replication are no sessions: `S` a replica of this node, `M` this node's master.
pub(crate) fn is_replication(flags: &str) -> bool {
    flags.contains(['S', 'M'])
}

/// The connections of a node: in memory or in a server.
#[async_trait]
pub(crate) trait Connections: Sessions<Session = Connection> {
    /// Kills the connections with these ids; those that were there.
    async fn kill(&self, ids: &[u64]) -> anyhow::Result<Vec<u64>>;
}

impl Open for dyn Connections {
    fn open(number: usize, mapping: &NodeMapping, simulated: Size) -> anyhow::Result<Box<Self>> {
        Ok(match &mapping.backend {
            Backend::Simulated(count) => {
                Box::new(SimulatedConnections::new(number, simulated.or(*count)))
            }
            Backend::Server(url) => Box::new(ServerConnections::new(url)?),
        })
    }
}
