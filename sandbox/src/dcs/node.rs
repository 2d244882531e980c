//! A DCS node: its sessions, the list that was last saved of them, and what was killed.

use async_trait::async_trait;
use time::OffsetDateTime;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::client::Client;
use crate::{instances::Named, ledger::Ledger};

/// Where the sessions of a node are: in memory or in a Redis server.
#[async_trait]
pub(crate) trait Sessions: Send + Sync + std::fmt::Debug {
    /// All connections of the node, links of replication included, the sandbox's own left out.
    async fn list(&self) -> anyhow::Result<Vec<Client>>;
    /// Kills the connections with these ids; those that were there.
    async fn kill(&self, ids: &[u64]) -> anyhow::Result<Vec<u64>>;
    /// Lets simulated sessions come and go by themselves; false where none do.
    fn come_and_go(&self) -> bool {
        false
    }
}

/// The list of sessions as DCS saves it: listing reads this, refreshing replaces it.
#[derive(Debug, Clone)]
pub(crate) struct SavedList {
    pub saved_at: OffsetDateTime,
    pub clients: Vec<Client>,
}

#[derive(Debug)]
pub(crate) struct Node {
    id: String,
    pub logical_id: String,
    pub sessions: Box<dyn Sessions>,
    pub ledger: Ledger<u64>,
    saved: Mutex<Option<SavedList>>,
}

impl Node {
    pub fn new(id: String, sessions: Box<dyn Sessions>) -> Self {
        Self {
            id,
            logical_id: Uuid::new_v4().to_string(),
            sessions,
            ledger: Ledger::default(),
            saved: Mutex::default(),
        }
    }

    /// The saved list; taken now when there is none yet.
    pub async fn saved_list(&self) -> anyhow::Result<SavedList> {
        let mut saved = self.saved.lock().await;
        if let Some(list) = &*saved {
            return Ok(list.clone());
        }
        let list = self.take_list().await?;
        Ok(saved.insert(list).clone())
    }

    /// Lets simulated sessions come and go, and somebody else refresh the saved list, as may happen between two pages.
    pub async fn come_and_go(&self) -> anyhow::Result<()> {
        if self.sessions.come_and_go() {
            self.refresh().await?;
        }
        Ok(())
    }

    /// Replaces the saved list by the sessions of now.
    pub async fn refresh(&self) -> anyhow::Result<()> {
        let mut saved = self.saved.lock().await;
        *saved = Some(self.take_list().await?);
        Ok(())
    }

    async fn take_list(&self) -> anyhow::Result<SavedList> {
        Ok(SavedList {
            clients: self.sessions.list().await?,
            saved_at: OffsetDateTime::now_utc(),
        })
    }

    /// Kills every session that `chosen` accepts. Links of replication are never killed.
    pub async fn kill(&self, chosen: impl Fn(&Client) -> bool) -> anyhow::Result<()> {
        let sessions = self.sessions.list().await?;
        let ids: Vec<u64> = sessions
            .iter()
            .filter(|client| !client.is_replication() && chosen(client))
            .map(Client::number)
            .collect();
        self.ledger.killed(&self.sessions.kill(&ids).await?);
        Ok(())
    }
}

impl Named for Node {
    fn id(&self) -> &str {
        &self.id
    }
}
