//! Real Redis servers, and clients that stay connected until somebody kills them.

use std::path::{Path, PathBuf};
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
    socket: PathBuf,
    process: Leash,
}

impl RedisServer {
    /// Starts a server that keeps nothing on disk.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let socket = folder.path().join("socket");
        let arguments = [
            ("--unixsocket", socket.display().to_string()),
            ("--port", port.to_string()),
            ("--bind", "127.0.0.1".to_owned()),
            // Clients come from other loopback addresses as well, which the protected mode takes for strangers.
            ("--protected-mode", "no".to_owned()),
            ("--save", String::new()),
            ("--appendonly", "no".to_owned()),
            ("--dir", folder.path().display().to_string()),
        ]
        .into_iter()
        .flat_map(|(option, value)| [option.to_owned(), value])
        .collect::<Vec<_>>();
        let process = Leash::start(folder, &program("redis-server"), &arguments);
        let server = Self {
            port,
            socket,
            process,
        };
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

    /// The port on which it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The socket file on which it listens as well. All clients that come this way have the same address.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Makes the server a replica of another, and waits until the link is there.
    pub fn replicate(&self, master: &Self) {
        let mut connection = self.connect().expect("a Redis connection");
        cmd("REPLICAOF")
            .arg("127.0.0.1")
            .arg(master.port)
            .exec(&mut connection)
            .expect("Redis becomes a replica");
        eventually("the replica is linked", || {
            self.is_linked()
                .then_some(())
                .ok_or_else(|| self.process.log())
        });
    }

    /// Whether the server is a replica whose link to its master is up.
    pub fn is_linked(&self) -> bool {
        let mut connection = self.connect().expect("a Redis connection");
        let info: String = cmd("INFO")
            .arg("replication")
            .query(&mut connection)
            .expect("what Redis knows of its replication");
        info.contains("master_link_status:up")
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
