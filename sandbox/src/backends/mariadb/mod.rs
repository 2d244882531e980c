//! The threads of a MariaDB or MySQL server, or of one that is simulated.

mod server;
mod simulated;

use async_trait::async_trait;
use serde::Serialize;

use self::{server::ServerThreads, simulated::SimulatedThreads};
use super::{Open, Session, Sessions, Size};
use crate::{
    instances::Node,
    node_mapping::{Backend, NodeMapping},
    query::{Page, Rows},
};

/// One thread of the process list, with its columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Thread {
    pub id: i64,
    pub user: String,
    pub host: String,
    pub db: Option<String>,
    pub command: String,
    /// Seconds in the present state.
    pub time: i64,
    pub state: Option<String>,
    /// The statement that runs.
    pub info: Option<String>,
    /// Seconds since its transaction began; `None` outside a transaction. The process list has no such column.
    #[serde(skip)]
    pub transaction: Option<i64>,
}

impl Session for Thread {
    type Id = i64;

    fn id(&self) -> i64 {
        self.id
    }

    fn is_internal(&self) -> bool {
        matches!(self.user.as_str(), "system user" | "event_scheduler") || self.command == "Daemon"
    }
}

/// What became of the ids of a kill. Internal threads and the sandbox's own are in neither list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct KillOutcome {
    pub killed: Vec<i64>,
    pub not_found: Vec<i64>,
}

/// The threads of a node, in the order of their ids: in memory or in a server.
#[async_trait]
pub(crate) trait Threads: Sessions<Session = Thread> {
    /// A page of the threads, internal ones and the sandbox's own left out.
    async fn page(&self, page: Page) -> anyhow::Result<Rows<Thread>>;
    /// The thread that holds a lock which the thread with this id waits for.
    async fn blocker(&self, id: i64) -> anyhow::Result<Option<i64>>;
    /// Kills the threads with these ids, none of which is given twice.
    async fn kill(&self, ids: &[i64]) -> anyhow::Result<KillOutcome>;
}

impl Node<dyn Threads> {
    /// Kills the threads with these ids, none of which is given twice, and notes that they were ordered to die.
    pub async fn kill(&self, ids: &[i64]) -> anyhow::Result<KillOutcome> {
        let outcome = self.sessions.kill(ids).await?;
        self.kills.killed(&outcome.killed);
        self.kills.not_found(&outcome.not_found);
        Ok(outcome)
    }
}

impl Open for dyn Threads {
    fn open(number: usize, mapping: &NodeMapping, simulated: Size) -> anyhow::Result<Box<Self>> {
        Ok(match &mapping.backend {
            Backend::Simulated(count) => {
                Box::new(SimulatedThreads::new(number, simulated.or(*count)))
            }
            Backend::Server(url) => Box::new(ServerThreads::new(url)?),
        })
    }
}
