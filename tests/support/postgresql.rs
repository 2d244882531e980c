//! Real PostgreSQL servers.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use tempfile::TempDir;
use tokio_postgres::{Client, Config, NoTls};

use super::account::{account, copy_of_data, working_folder};
use super::leash::{Leash, run};
use super::{eventually, find_program, free_port, program, wait};

const USER: &str = "operator";
const PASSWORD: &str = "only-for-tests";
/// Every process of a test program may have some hundred clients on one server.
const CONNECTIONS: usize = 500;

/// Two PostgreSQL servers: two nodes of an instance.
///
/// All tests of a program share them, because making their files takes seconds. That is safe: backends are killed by
/// their pids, and every test kills its own.
pub fn nodes() -> &'static [PostgreSqlServer; 2] {
    static NODES: LazyLock<[PostgreSqlServer; 2]> = LazyLock::new(|| {
        let first = make_files();
        let second = copy_of_data(&first);
        [
            PostgreSqlServer::start(first),
            PostgreSqlServer::start(second),
        ]
    });
    &NODES
}

/// A PostgreSQL server: one node of an instance.
pub struct PostgreSqlServer {
    port: u16,
    process: Leash,
}

impl PostgreSqlServer {
    fn start(folder: TempDir) -> Self {
        let port = free_port();
        let path = folder.path();
        let settings = [
            format!("port={port}"),
            format!("max_connections={CONNECTIONS}"),
            format!("unix_socket_directories={}", path.display()),
            "listen_addresses=127.0.0.1".to_owned(),
            "shared_buffers=16MB".to_owned(),
            "fsync=off".to_owned(),
            // In its folder, which is removed even when the server is killed.
            "dynamic_shared_memory_type=mmap".to_owned(),
        ];
        let mut arguments = vec!["-D".to_owned(), path.join("data").display().to_string()];
        arguments.extend(
            settings
                .into_iter()
                .flat_map(|setting| ["-c".to_owned(), setting]),
        );
        let (program, arguments) = as_account("postgres", path, arguments);
        // At SIGTERM it would wait for its clients.
        let process = Leash::start_ended_by("INT", folder, &program, &arguments);
        let server = Self { port, process };
        eventually("PostgreSQL answers", || {
            server
                .connect()
                .map_err(|error| format!("{error}\n{}", server.process.log()))
        });
        server
    }

    /// Where it listens, and as whom to come, as the sandbox wants it.
    pub fn url(&self) -> String {
        format!(
            "postgres://{USER}:{PASSWORD}@127.0.0.1:{}/postgres",
            self.port
        )
    }

    /// The port on which it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A connection as the superuser.
    pub fn connect(&self) -> Result<Client, tokio_postgres::Error> {
        connect(&self.url().parse()?)
    }
}

/// A connection, open until it is dropped or the server closes it.
pub fn connect(config: &Config) -> Result<Client, tokio_postgres::Error> {
    wait(async {
        let (client, connection) = config.connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    })
}

/// The pid of the backend that serves this client.
pub fn own_pid(client: &Client) -> i64 {
    wait(client.query_one("SELECT pg_backend_pid()::int8", &[]))
        .expect("a pid")
        .get(0)
}

fn make_files() -> TempDir {
    let folder = working_folder();
    let path = folder.path();
    let password = path.join("password");
    std::fs::write(&password, PASSWORD).expect("the password file");
    let arguments = vec![
        format!("--pgdata={}", path.join("data").display()),
        format!("--username={USER}"),
        format!("--pwfile={}", password.display()),
        "--auth=scram-sha-256".to_owned(),
        "--encoding=UTF8".to_owned(),
        "--locale=C".to_owned(),
        "--no-sync".to_owned(),
    ];
    let (program, arguments) = as_account("initdb", path, arguments);
    run(Command::new(program).args(arguments));
    // Clients come from other loopback addresses as well.
    let who_may_come = "host all all 127.0.0.0/8 scram-sha-256\n";
    std::fs::write(path.join("data/pg_hba.conf"), who_may_come).expect("the list of who may come");
    folder
}

/// How to run a program that refuses to run as root: as somebody else when the tests run as root. That one may be unable
/// to enter the folder in which the tests run.
fn as_account(name: &str, folder: &Path, arguments: Vec<String>) -> (PathBuf, Vec<String>) {
    let found = postgresql_program(name);
    let Some(account) = account() else {
        return (found, arguments);
    };
    let mut command = vec![
        format!("--reuid={}", account.uid),
        format!("--regid={}", account.gid),
        "--clear-groups".to_owned(),
        "env".to_owned(),
        format!("--chdir={}", folder.display()),
        found.display().to_string(),
    ];
    command.extend(arguments);
    (program("setpriv"), command)
}

/// A program of the newest PostgreSQL. Debian leaves those of the server out of every `PATH`.
fn postgresql_program(name: &str) -> PathBuf {
    let version = |folder: &PathBuf| -> Option<u32> { folder.file_name()?.to_str()?.parse().ok() };
    let mut folders: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    folders.sort_by_key(version);
    let installed = folders
        .iter()
        .rev()
        .map(|folder| folder.join("bin").join(name));
    find_program(name)
        .or_else(|| installed.into_iter().find(|file| file.is_file()))
        .unwrap_or_else(|| program(name))
}
