//! A TaurusDB session thread as the API shows it.

use async_trait::async_trait;
use serde::Serialize;

/// One thread of the process list; the fields are those of `processes[]` in the list answer.
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
}

impl Thread {
    /// Threads of the server itself are never killed.
    pub fn is_internal(&self) -> bool {
        matches!(self.user.as_str(), "system user" | "event_scheduler") || self.command == "Daemon"
    }
}

/// A part of the process list, in the order of ids, without internal threads.
#[derive(Debug)]
pub(crate) struct Page {
    pub threads: Vec<Thread>,
    /// Threads in the whole list.
    pub total: usize,
}

/// What became of the ids of a kill. Internal threads and the sandbox's own are in neither list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub killed: Vec<i64>,
    pub not_found: Vec<i64>,
}

/// Where the threads of a node are: in memory or in a MariaDB or MySQL server.
#[async_trait]
pub(crate) trait Threads: Send + Sync + std::fmt::Debug {
    /// All threads in the order of their ids, internal ones included, the sandbox's own left out.
    async fn all(&self) -> anyhow::Result<Vec<Thread>>;
    /// Sessions from `offset` on, `limit` at most, internal threads and the sandbox's own left out.
    async fn page(&self, offset: usize, limit: usize) -> anyhow::Result<Page>;
    /// Kills the threads with these ids, none of which is given twice.
    async fn kill(&self, ids: &[i64]) -> anyhow::Result<Outcome>;
    /// Lets simulated threads come and go by themselves.
    fn come_and_go(&self) {}
}
