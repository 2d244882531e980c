//! Connections of a real Redis server: `CLIENT LIST` and `CLIENT KILL ID`, over one connection that is never listed
//! and never killed.

use anyhow::Context;
use async_trait::async_trait;
use redis::{Client, Pipeline, RedisError, aio::MultiplexedConnection};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use super::{Connection, Connections};
use crate::backends::Sessions;

/// Kills sent in one go. Redis answers a pipeline only when it is done with it, and buffers the answers.
const KILLS_PER_PIPELINE: usize = 1000;

/// The connections of a Redis server.
pub(crate) struct ServerConnections {
    client: Client,
    connection: Mutex<Option<MultiplexedConnection>>,
}

impl std::fmt::Debug for ServerConnections {
    /// Without the URL, which may hold a password.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ServerConnections")
    }
}

impl ServerConnections {
    /// The server at `url`; connects when first asked for something.
    pub fn new(url: &SecretString) -> anyhow::Result<Self> {
        let client = Client::open(url.expose_secret()).context("not a URL of a Redis server")?;
        Ok(Self {
            client,
            connection: Mutex::default(),
        })
    }

    /// Runs the commands; connects again, once, when the connection was lost since the last time.
    async fn query<T: redis::FromRedisValue>(&self, commands: &Pipeline) -> anyhow::Result<T> {
        let mut connection = self.connection.lock().await;
        if let Some(open) = &mut *connection {
            match commands.query_async(open).await {
                Err(error) if is_lost(&error) => *connection = None,
                other => return other.context("Redis refused"),
            }
        }
        let open = self
            .client
            .get_multiplexed_async_connection()
            .await
            .context("cannot connect to Redis")?;
        commands
            .query_async(connection.insert(open))
            .await
            .context("Redis refused")
    }
}

fn is_lost(error: &RedisError) -> bool {
    error.is_io_error() || error.is_connection_dropped()
}

#[async_trait]
impl Sessions for ServerConnections {
    type Session = Connection;

    async fn all(&self) -> anyhow::Result<Vec<Connection>> {
        let commands = redis::pipe()
            .cmd("CLIENT")
            .arg("ID")
            .cmd("CLIENT")
            .arg("LIST")
            .to_owned();
        let (own_id, list): (u64, String) = self.query(&commands).await?;
        let connections = list.lines().map(connection_from_line);
        Ok(connections
            .filter(|connection| connection.id != own_id)
            .collect())
    }
}

#[async_trait]
impl Connections for ServerConnections {
    async fn kill(&self, ids: &[u64]) -> anyhow::Result<Vec<u64>> {
        let mut killed = Vec::with_capacity(ids.len());
        for ids in ids.chunks(KILLS_PER_PIPELINE) {
            let mut commands = redis::pipe();
            for id in ids {
                commands
                    .cmd("CLIENT")
                    .arg("KILL")
                    .arg("ID")
                    .arg(*id)
                    .arg("SKIPME")
                    .arg("yes");
            }
            let counts: Vec<u64> = self.query(&commands).await?;
            killed.extend(
                ids.iter()
                    .zip(counts)
                    .filter(|(_, count)| *count > 0)
                    .map(|(id, _)| *id),
            );
        }
        Ok(killed)
    }
}

/// Reads a line of `CLIENT LIST`: `id=3 addr=127.0.0.1:50000 … user=default`. Fields without a place are passed over; those that an older server does not send stay empty.
fn connection_from_line(line: &str) -> Connection {
    let mut connection = Connection::default();
    for field in line.split(' ') {
        let Some((name, value)) = field.split_once('=') else {
            continue;
        };
        let text = || value.to_owned();
        let number = || value.parse().unwrap_or_default();
        match name {
            "id" => connection.id = value.parse().unwrap_or_default(),
            "addr" => connection.addr = text(),
            "fd" => connection.fd = text(),
            "name" => connection.name = text(),
            "cmd" => connection.cmd = text(),
            "age" => connection.age = number(),
            "idle" => connection.idle = number(),
            "db" => connection.db = text(),
            "flags" => connection.flags = text(),
            "sub" => connection.sub = number(),
            "psub" => connection.psub = number(),
            "multi" => connection.multi = number(),
            "qbuf" => connection.qbuf = number(),
            "qbuf-free" => connection.qbuf_free = number(),
            "obl" => connection.obl = number(),
            "oll" => connection.oll = number(),
            "omem" => connection.omem = number(),
            "events" => connection.events = text(),
            "user" => connection.user = text(),
            _ => {}
        }
    }
    connection
}

#[cfg(test)]
mod tests;
