//! Real MariaDB servers, and clients that stay connected until somebody kills them.

use std::process::Command;
use std::sync::LazyLock;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts};
use tempfile::TempDir;

use super::account::{account, copy_of_data, working_folder};
use super::leash::{Leash, run};
use super::{eventually, free_port, program, wait};

const USER: &str = "operator";
const PASSWORD: &str = "only-for-tests";

/// Two MariaDB servers: two nodes of a TaurusDB instance.
///
/// All tests of a program share them, because making their files takes seconds. That is safe: threads are killed by
/// their ids, and every test kills its own.
pub fn nodes() -> &'static [MariaDbServer; 2] {
    static NODES: LazyLock<[MariaDbServer; 2]> = LazyLock::new(|| {
        let first = make_files();
        let second = copy_of_data(&first);
        [MariaDbServer::start(first), MariaDbServer::start(second)]
    });
    &NODES
}

/// A MariaDB server: one node of a TaurusDB instance.
pub struct MariaDbServer {
    port: u16,
    process: Leash,
}

impl MariaDbServer {
    fn start(folder: TempDir) -> Self {
        let port = free_port();
        let path = folder.path();
        let setup = path.join("setup.sql");
        // One statement a line: that is how the server reads it.
        let statements = [
            format!("CREATE USER '{USER}'@'%' IDENTIFIED BY '{PASSWORD}';\n"),
            format!("GRANT ALL ON *.* TO '{USER}'@'%' WITH GRANT OPTION;\n"),
        ];
        std::fs::write(&setup, statements.concat()).expect("the setup file");
        let arguments = [
            "--no-defaults".to_owned(),
            format!("--datadir={}", path.join("data").display()),
            format!("--socket={}", path.join("socket").display()),
            format!("--pid-file={}", path.join("pid").display()),
            format!("--init-file={}", setup.display()),
            format!("--port={port}"),
            "--bind-address=127.0.0.1".to_owned(),
            "--skip-name-resolve".to_owned(),
            "--innodb-buffer-pool-size=8M".to_owned(),
            // An internal thread with an id of its own, which no kill may touch.
            "--event-scheduler=ON".to_owned(),
        ]
        .into_iter()
        .chain(run_as())
        .collect::<Vec<_>>();
        let process = Leash::start(folder, &program("mariadbd"), &arguments);
        let server = Self { port, process };
        eventually("MariaDB answers", || {
            wait(Conn::new(server.options()))
                .map_err(|error| format!("{error}\n{}", server.process.log()))
        });
        server
    }

    /// Where it listens, and as whom to come, as the sandbox wants it.
    pub fn url(&self) -> String {
        format!("mysql://{USER}:{PASSWORD}@127.0.0.1:{}", self.port)
    }

    /// The port on which it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Opens that many connections.
    pub fn open_clients(&self, count: usize) -> MariaDbClients {
        let connections = (0..count)
            .map(|_| wait(Conn::new(self.options())).expect("a MariaDB connection"))
            .collect();
        MariaDbClients { connections }
    }

    /// The thread id of the event scheduler, which the server runs for itself.
    pub fn internal_thread(&self) -> u64 {
        wait(async {
            let mut connection = Conn::new(self.options()).await?;
            let id: Option<u64> = connection
                .query_first(
                    "SELECT id FROM information_schema.processlist WHERE user = 'event_scheduler'",
                )
                .await?;
            connection.disconnect().await?;
            Ok::<_, mysql_async::Error>(id)
        })
        .expect("a process list")
        .expect("the event scheduler runs")
    }

    fn options(&self) -> Opts {
        Opts::from_url(&self.url()).expect("the address of a MariaDB server")
    }
}

/// Connections to one server, each open until the server closes it: a client never connects again by itself.
pub struct MariaDbClients {
    connections: Vec<Conn>,
}

impl MariaDbClients {
    /// Their thread ids, in the order in which they were opened.
    pub fn thread_ids(&self) -> Vec<u64> {
        self.connections
            .iter()
            .map(|connection| u64::from(connection.id()))
            .collect()
    }

    /// The thread ids of those that still answer.
    pub fn alive(&mut self) -> Vec<u64> {
        let mut alive = Vec::new();
        for connection in &mut self.connections {
            if wait(connection.query_drop("DO 1")).is_ok() {
                alive.push(u64::from(connection.id()));
            }
        }
        alive
    }
}

fn make_files() -> TempDir {
    let folder = working_folder();
    let mut install = Command::new(program("mariadb-install-db"));
    install
        .arg("--no-defaults")
        .arg(format!(
            "--datadir={}",
            folder.path().join("data").display()
        ))
        .args(["--skip-test-db", "--innodb-log-file-size=4M"])
        .args(run_as());
    run(&mut install);
    folder
}

fn run_as() -> Option<String> {
    account().map(|account| format!("--user={}", account.name))
}
