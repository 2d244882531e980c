//! A real PostgreSQL for tests.

use std::{
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, User, geteuid},
};
use tempfile::TempDir;
use tokio_postgres::{Client as PostgreSqlClient, NoTls};

use crate::servers::{free_port, program, spawn, wait_for};

/// A PostgreSQL in a directory of its own; it ends with the test.
pub struct Server {
    process: Child,
    port: u16,
    _directory: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        // Killed harder, it would leave shared memory behind.
        if let Ok(id) = i32::try_from(self.process.id()) {
            let _ = kill(Pid::from_raw(id), Signal::SIGINT);
        }
        let _ = self.process.wait();
    }
}

impl Server {
    /// Runs as the user `nobody`, which every machine has, when the test runs as root, which PostgreSQL refuses to.
    pub async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        let data = path.join("data");
        let mut install = postgresql("initdb", path);
        install.arg("-D").arg(&data).args([
            "--username=keeper",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-sync",
        ]);
        let installed = spawn(&mut install, "postgresql").wait().unwrap();
        assert!(installed.success(), "{install:?}");

        let port = free_port();
        let settings = [
            format!("port={port}"),
            format!("unix_socket_directories={}", path.display()),
            "listen_addresses=127.0.0.1".to_owned(),
            "fsync=off".to_owned(),
            // In its folder, which is removed even when the server is killed.
            "dynamic_shared_memory_type=mmap".to_owned(),
        ];
        let mut command = postgresql("postgres", path);
        command.arg("-D").arg(&data);
        for setting in settings {
            command.args(["-c", &setting]);
        }
        let server = Self {
            process: spawn(&mut command, "postgresql"),
            port,
            _directory: directory,
        };
        let keeper = wait_for("PostgreSQL", async || server.client("keeper").await.ok()).await;
        let roles = "CREATE ROLE app LOGIN; CREATE ROLE report LOGIN";
        keeper.batch_execute(roles).await.unwrap();
        server
    }

    /// Where it listens, for this user.
    pub fn url(&self, user: &str) -> String {
        format!("postgres://{user}:hunter2@127.0.0.1:{}/postgres", self.port)
    }

    /// A connection of this user: the superuser `keeper`, `app` or `report`.
    pub async fn client(&self, user: &str) -> Result<PostgreSqlClient, tokio_postgres::Error> {
        let (client, connection) = tokio_postgres::connect(&self.url(user), NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }
}

/// A program of PostgreSQL, whose folder Debian leaves out of every `PATH`.
fn postgresql(name: &str, directory: &Path) -> Command {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let installed =
        versions.filter_map(|version| Some(version.ok()?.path().join("bin").join(name)));
    let found = Some(program(name)).filter(|file| file.is_file());
    let found = found
        .or_else(|| installed.max())
        .unwrap_or_else(|| PathBuf::from(name));
    let mut command = Command::new(found);
    command.current_dir(directory);
    if geteuid().is_root() {
        let nobody = User::from_name("nobody").unwrap().unwrap();
        let (user, group) = (nobody.uid.as_raw(), nobody.gid.as_raw());
        std::os::unix::fs::chown(directory, Some(user), Some(group)).unwrap();
        command.uid(user).gid(group);
    }
    command
}
