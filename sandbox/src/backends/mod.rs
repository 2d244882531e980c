//! Where the sessions of nodes come from: servers of each kind, and memory in their place.
//!
//! - `redis` has client connections, `mariadb` the threads of a process list, `postgresql` backends; each from a server or
//!   simulated.
//! - `mongodb` has operations, which are always simulated.
//! - `population` is who is there on a simulated node.

pub(crate) mod mariadb;
pub(crate) mod mongodb;
mod population;
pub(crate) mod postgresql;
pub(crate) mod redis;

pub(crate) use self::population::Size;

use std::fmt::Debug;

use async_trait::async_trait;
use serde::Serialize;

use crate::node_mapping::NodeMapping;

/// A session of any kind.
pub(crate) trait Session: Send + Debug {
    type Id: Ord + Copy + Serialize + Send + Debug;

    fn id(&self) -> Self::Id;

    /// Whether it belongs to the server itself: such a session is never killed, and not counted.
    fn is_internal(&self) -> bool;
}

/// The sessions of one node.
#[async_trait]
pub(crate) trait Sessions: Send + Sync + Debug {
    type Session: Session;

    /// All of them, internal ones included, the sandbox's own left out.
    async fn all(&self) -> anyhow::Result<Vec<Self::Session>>;

    /// How many there are, internal ones left out.
    async fn count(&self) -> anyhow::Result<usize> {
        let sessions = self.all().await?;
        Ok(sessions
            .iter()
            .filter(|session| !session.is_internal())
            .count())
    }

    /// Lets simulated sessions come and go by themselves.
    fn come_and_go(&self) {}
}

/// Sessions that are opened as a node's mapping says: those of a server, or simulated ones.
pub(crate) trait Open: Sessions {
    /// Those of the node that was mapped, whose number among all nodes of its service is `number`.
    fn open(number: usize, mapping: &NodeMapping, simulated: Size) -> anyhow::Result<Box<Self>>;
}
