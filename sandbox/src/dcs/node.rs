//! A DCS node: its sessions, the list that the last scan saved of them, and what was killed.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, macros::format_description};
use uuid::Uuid;

use super::{client::Client, options::Addresses};
use crate::{backends::redis::Connections, instances::Named, ledger::Ledger, lock::lock};

/// What a node is for: it holds data, or it stands before those that do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum Role {
    #[serde(rename = "redis-server")]
    Server,
    #[serde(rename = "redis-proxy")]
    Proxy,
}

/// The state of a node, in the documents' words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Status {
    Creating,
    Active,
    Inactive,
    Deleting,
    AddSharding,
}

/// The list of sessions as a scan saved it.
#[derive(Debug, Clone)]
pub(crate) struct SavedList {
    /// When that was. No document tells the form, so this one is the sandbox's own; it changes with every list, also
    /// within a second.
    pub time: String,
    pub clients: Vec<Client>,
}

#[derive(Debug)]
pub(crate) struct Node {
    id: String,
    pub logical_id: String,
    pub role: Role,
    pub ledger: Ledger<u64>,
    addresses: Addresses,
    connections: Box<dyn Connections>,
    status: Mutex<Status>,
    saved: Mutex<Option<SavedList>>,
    times_saved: AtomicUsize,
    pages_read: AtomicUsize,
}

impl Node {
    pub fn new(
        id: String,
        role: Role,
        addresses: Addresses,
        connections: Box<dyn Connections>,
    ) -> Self {
        Self {
            id,
            logical_id: Uuid::new_v4().to_string(),
            role,
            ledger: Ledger::default(),
            addresses,
            connections,
            status: Mutex::new(Status::Active),
            saved: Mutex::default(),
            times_saved: AtomicUsize::default(),
            pages_read: AtomicUsize::default(),
        }
    }

    pub fn status(&self) -> Status {
        *lock(&self.status)
    }

    pub fn set_status(&self, status: Status) {
        *lock(&self.status) = status;
    }

    /// The sessions of now, with their addresses as the service shows them.
    pub async fn sessions(&self) -> anyhow::Result<Vec<Client>> {
        let connections = self.connections.all().await?;
        Ok(connections
            .into_iter()
            .map(|connection| {
                let mut client = Client::from(connection);
                client.show_addresses(self.addresses);
                client
            })
            .collect())
    }

    /// How many sessions there are now.
    pub async fn count(&self) -> anyhow::Result<usize> {
        self.connections.count().await
    }

    /// Lets simulated sessions come and go.
    pub fn come_and_go(&self) {
        self.connections.come_and_go();
    }

    /// The list of the last scan; `None` when there was none yet.
    pub fn saved_list(&self) -> Option<SavedList> {
        lock(&self.saved).clone()
    }

    /// Replaces the saved list.
    pub fn save(&self, clients: Vec<Client>) {
        let number = self.times_saved.fetch_add(1, Ordering::Relaxed) + 1;
        let form = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
        let now = OffsetDateTime::now_utc().format(form).unwrap_or_default();
        *lock(&self.saved) = Some(SavedList {
            time: format!("{now} #{number}"),
            clients,
        });
    }

    /// How often a page of the saved list was asked for, this time included.
    pub fn count_page(&self) -> usize {
        self.pages_read.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Kills every session that `chosen` accepts. Links of replication are never killed.
    pub async fn kill(&self, chosen: impl Fn(&Client) -> bool) -> anyhow::Result<()> {
        let sessions = self.sessions().await?;
        let ids: Vec<u64> = sessions
            .iter()
            .filter(|client| !client.is_replication() && chosen(client))
            .map(Client::number)
            .collect();
        self.ledger.killed(&self.connections.kill(&ids).await?);
        Ok(())
    }
}

impl Named for Node {
    fn id(&self) -> &str {
        &self.id
    }
}
