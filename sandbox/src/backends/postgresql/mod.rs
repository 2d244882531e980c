//! The backends of a PostgreSQL server, or of one that is simulated.

mod server;
mod simulated;

use async_trait::async_trait;
use time::OffsetDateTime;

use self::{server::ServerBackends, simulated::SimulatedBackends};
use super::{Open, Session, Sessions, Size};
use crate::{
    node_mapping::{self, NodeMapping},
    query::{Page, Rows},
};

/// The type of a backend that serves a client. All others belong to the server itself.
const CLIENT: &str = "client backend";
/// The port that PostgreSQL shows for a client that comes through the socket file.
pub(crate) const SOCKET_PORT: i64 = -1;

/// One backend, with the columns of `pg_stat_activity`. A column is `None` where the server shows nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Backend {
    pub pid: i64,
    pub user: Option<String>,
    pub database: Option<String>,
    pub application: Option<String>,
    /// Without a port or a mask; `None` for a client that comes through the socket file.
    pub client_address: Option<String>,
    /// -1 for a client that comes through the socket file.
    pub client_port: Option<i64>,
    pub backend_start: Option<OffsetDateTime>,
    /// `None` outside a transaction.
    pub xact_start: Option<OffsetDateTime>,
    pub query_start: Option<OffsetDateTime>,
    pub state_change: Option<OffsetDateTime>,
    /// `active`, `idle`, `idle in transaction` and so on.
    pub state: Option<String>,
    pub wait_event_type: Option<String>,
    pub wait_event: Option<String>,
    /// `client backend`, `walwriter`, `checkpointer` and so on.
    pub backend_type: Option<String>,
    /// The statement that runs, or the last one.
    pub query: Option<String>,
    /// Whose locks it waits for.
    pub blocked_by: Vec<i64>,
}

impl Session for Backend {
    type Id = i64;

    fn id(&self) -> i64 {
        self.pid
    }

    fn is_internal(&self) -> bool {
        self.backend_type.as_deref() != Some(CLIENT)
    }
}

/// The backends of a node, in the order of their pids: in memory or in a server.
#[async_trait]
pub(crate) trait Backends: Sessions<Session = Backend> {
    /// A page of the backends, internal ones and the sandbox's own left out.
    async fn page(&self, page: Page) -> anyhow::Result<Rows<Backend>>;

    /// Terminates the backends with these pids, none of which is given twice, and tells which of them were there. Internal
    /// ones and the sandbox's own are left alone, and are not told.
    async fn terminate(&self, pids: &[i64]) -> anyhow::Result<Vec<i64>>;
}

impl Open for dyn Backends {
    fn open(number: usize, mapping: &NodeMapping, simulated: Size) -> anyhow::Result<Box<Self>> {
        Ok(match &mapping.backend {
            node_mapping::Backend::Simulated(count) => {
                Box::new(SimulatedBackends::new(number, simulated.or(*count)))
            }
            node_mapping::Backend::Server(url) => Box::new(ServerBackends::new(url)?),
        })
    }
}
