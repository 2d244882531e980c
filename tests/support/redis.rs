//! Real Redis servers, and clients that stay connected until somebody kills them.

use std::time::Duration;

use redis::{Client, Connection, cmd};

use super::leash::Leash;
use super::{eventually, free_port, program};

/// Two Redis servers: two nodes of a DCS instance. Every test has its own, because a kill spares nobody on a node.
pub fn nodes() -> [RedisServer; 2] {
    [RedisServer::start(), RedisServer::start()]
}

/// A Redis server: one node of a DCS instance.
pub struct RedisServer {
    port: u16,
    process: Leash,
}

impl RedisServer {
    /// Starts a server that keeps nothing on disk.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let arguments = [
            ("--port", port.to_string()),
            ("--bind", "127.0.0.1".to_owned()),
            ("--save", String::new()),
            ("--appendonly", "no".to_owned()),
            ("--dir", folder.path().display().to_string()),
        ]
        .into_iter()
        .flat_map(|(option, value)| [option.to_owned(), value])
        .collect::<Vec<_>>();
        let process = Leash::start(folder, &program("redis-server"), &arguments);
        let server = Self { port, process };
        eventually("Redis answers", || {
            server
                .connect()
                .map_err(|error| format!("{error}\n{}", server.process.log()))
        });
        server
    }

    /// Where it listens, as the sandbox wants it.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Opens that many connections.
    pub fn open_clients(&self, count: usize) -> RedisClients {
        let connections = (0..count)
            .map(|_| self.connect().expect("a Redis connection"))
            .collect();
        RedisClients { connections }
    }

    fn connect(&self) -> Result<Connection, String> {
        let connect = || {
            let mut connection =
                Client::open(self.url())?.get_connection_with_timeout(Duration::from_secs(5))?;
            connection.set_read_timeout(Some(Duration::from_secs(5)))?;
            cmd("PING").query::<String>(&mut connection)?;
            Ok(connection)
        };
        connect().map_err(|error: redis::RedisError| error.to_string())
    }
}

/// Connections to one server, each open until the server closes it: a client never connects again by itself.
pub struct RedisClients {
    connections: Vec<Connection>,
}

impl RedisClients {
    /// How many of them still answer.
    pub fn alive(&mut self) -> usize {
        self.connections
            .iter_mut()
            .filter_map(|connection| cmd("PING").query::<String>(connection).ok())
            .filter(|answer| answer == "PONG")
            .count()
    }
}
