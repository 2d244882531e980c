//! Redis sessions from a real server: `CLIENT LIST` and `CLIENT KILL ID`, over one connection that is never listed
//! and never killed.

use anyhow::Context;
use async_trait::async_trait;
use redis::{Client as RedisClient, Pipeline, RedisError, aio::MultiplexedConnection};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use super::{client::Client, node::Sessions};

/// Kills sent in one go. Redis answers a pipeline only when it is done with it, and buffers the answers.
const KILLS_PER_PIPELINE: usize = 1000;

/// The connections of a Redis server.
pub(crate) struct RedisSessions {
    client: RedisClient,
    connection: Mutex<Option<MultiplexedConnection>>,
}

impl std::fmt::Debug for RedisSessions {
    /// Without the URL, which may hold a password.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("RedisSessions")
    }
}

impl RedisSessions {
    /// The server at `url`; connects when first asked for something.
    pub fn new(url: &SecretString) -> anyhow::Result<Self> {
        let client =
            RedisClient::open(url.expose_secret()).context("not a URL of a Redis server")?;
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
impl Sessions for RedisSessions {
    async fn list(&self) -> anyhow::Result<Vec<Client>> {
        let commands = redis::pipe()
            .cmd("CLIENT")
            .arg("ID")
            .cmd("CLIENT")
            .arg("LIST")
            .to_owned();
        let (own_id, list): (u64, String) = self.query(&commands).await?;
        let clients = list.lines().map(client_from_line);
        Ok(clients.filter(|client| client.number() != own_id).collect())
    }

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

/// Reads a line of `CLIENT LIST`: `id=3 addr=127.0.0.1:50000 … user=default`. Fields that the API does not show are
/// passed over; those that an older server does not send stay empty.
fn client_from_line(line: &str) -> Client {
    let mut client = Client::default();
    for field in line.split(' ') {
        let Some((name, value)) = field.split_once('=') else {
            continue;
        };
        let text = || value.to_owned();
        let number = || value.parse().unwrap_or_default();
        match name {
            "id" => client.id = text(),
            "addr" => {
                client.addr = text();
                client.peer = text();
            }
            "fd" => client.fd = text(),
            "name" => client.name = text(),
            "cmd" => client.cmd = text(),
            "age" => client.age = number(),
            "idle" => client.idle = number(),
            "db" => client.db = text(),
            "flags" => client.flags = text(),
            "sub" => client.sub = number(),
            "psub" => client.psub = number(),
            "multi" => client.multi = number(),
            "qbuf" => client.qbuf = number(),
            "qbuf-free" => client.qbuf_free = number(),
            "obl" => client.obl = number(),
            "oll" => client.oll = number(),
            "omem" => client.omem = number(),
            "events" => client.events = text(),
            "user" => client.user = text(),
            _ => {}
        }
    }
    client
}

#[cfg(test)]
mod tests;
