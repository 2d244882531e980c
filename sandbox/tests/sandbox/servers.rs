//! With real servers behind the nodes: real connections die, and only those that should.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use hwc_sandbox::{NodeMapping, Sandbox};
use mysql_async::{Conn, Opts, prelude::Queryable};
use redis::aio::MultiplexedConnection;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{TestCloud, quick_with, start};

/// A database server in a directory of its own; it ends with the test.
struct Server {
    process: Child,
    url: String,
    _directory: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// The program on `PATH` or in the folders of servers, which Debian leaves out of a plain user's `PATH`.
pub fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .unwrap_or_else(|| name.into())
}

pub fn spawn(command: &mut Command, install: &str) -> Child {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("cannot run {command:?}: {error}; these tests need {install} to be installed")
        })
}

pub async fn wait_for<T>(what: &str, mut attempt: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = attempt().await {
            return found;
        }
        assert!(Instant::now() < deadline, "{what} does not come up");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn redis_server(arguments: &[&str]) -> Server {
    let directory = tempfile::tempdir().unwrap();
    let port = free_port();
    let mut command = Command::new(program("redis-server"));
    command
        .args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
        ])
        .arg(directory.path());
    let process = spawn(command.args(arguments), "redis-server");
    let server = Server {
        process,
        url: format!("redis://127.0.0.1:{port}/"),
        _directory: directory,
    };
    wait_for("redis-server", async || {
        redis_client(&server.url, "probe").await.ok()
    })
    .await;
    server
}

async fn redis_client(url: &str, name: &str) -> redis::RedisResult<MultiplexedConnection> {
    let client = redis::Client::open(url)?;
    let mut connection = client.get_multiplexed_async_connection().await?;
    let () = redis::cmd("CLIENT")
        .arg("SETNAME")
        .arg(name)
        .query_async(&mut connection)
        .await?;
    Ok(connection)
}

async fn redis_clients(url: &str, name: &str, count: usize) -> Vec<MultiplexedConnection> {
    let mut clients = Vec::new();
    for _ in 0..count {
        clients.push(redis_client(url, name).await.unwrap());
    }
    clients
}

/// How many of these connections still answer.
async fn alive(clients: &mut [MultiplexedConnection]) -> usize {
    let mut alive = 0;
    for client in clients {
        let answer: redis::RedisResult<String> = redis::cmd("PING").query_async(client).await;
        alive += usize::from(answer.is_ok());
    }
    alive
}

#[tokio::test]
async fn killing_a_dcs_node_kills_every_connection_of_its_redis_and_no_other() {
    let (target, other) = (redis_server(&[]).await, redis_server(&[]).await);
    let mut doomed = redis_clients(&target.url, "app", 30).await;
    let mut spared = redis_clients(&other.url, "app", 20).await;
    let nodes = vec![
        NodeMapping::server("i", "target", &target.url),
        NodeMapping::server("i", "other", &other.url),
    ];
    let cloud = start(quick_with(|options| {
        options.services.dcs.nodes = nodes;
    }))
    .await;
    let [node, other_node] = &cloud.nodes("dcs")[..] else {
        panic!("expected two nodes")
    };
    assert_eq!(
        (node.sessions, other_node.sessions),
        (30, 20),
        "the sandbox does not list itself"
    );

    let job = cloud
        .client
        .kill_all(&json!({"node_id": "target"}), node)
        .await;
    assert_eq!(job["status"], "SUCCESS", "{job}");
    assert_eq!(
        (alive(&mut doomed).await, alive(&mut spared).await),
        (0, 20)
    );
    assert!(
        cloud.client.list_dcs(node).await.is_empty(),
        "the sandbox still has its own connection"
    );
    let kills = cloud.client.node_state(node).await["kills"]
        .as_object()
        .unwrap()
        .len();
    assert_eq!(kills, 30);
}

#[tokio::test]
async fn chosen_redis_connections_die_by_their_peer() {
    let server = redis_server(&[]).await;
    let mut doomed = redis_clients(&server.url, "report", 3).await;
    let mut spared = redis_clients(&server.url, "orders-api", 4).await;
    let nodes = vec![NodeMapping::server("i", "n", &server.url)];
    let cloud = start(quick_with(|options| {
        options.services.dcs.nodes = nodes;
    }))
    .await;
    let node = &cloud.nodes("dcs")[0];

    let sessions = cloud.client.list_dcs(node).await;
    let reports: Vec<&Value> = sessions
        .iter()
        .filter(|session| session["name"] == "report")
        .collect();
    assert!(
        reports
            .iter()
            .all(|session| session["user"] == "default" && session["cmd"] == "client|setname"),
        "{reports:?}"
    );
    let peers: Vec<&Value> = reports.iter().map(|session| &session["peer"]).collect();
    let body = json!({"node_id": "n", "client_addrs": peers});
    cloud
        .client
        .post(&cloud.client.clients(node, "/kill"), &body)
        .await
        .assert_ok();

    assert_eq!((alive(&mut doomed).await, alive(&mut spared).await), (0, 4));
}

#[tokio::test]
async fn the_links_of_replication_survive_a_kill_of_all_nodes() {
    let master = redis_server(&[]).await;
    let port = master
        .url
        .rsplit(':')
        .next()
        .unwrap()
        .trim_end_matches('/')
        .to_owned();
    let replica = redis_server(&[
        "--replicaof",
        "127.0.0.1",
        &port,
        "--repl-diskless-sync-delay",
        "0",
    ])
    .await;
    let mut doomed = redis_clients(&master.url, "app", 5).await;
    let nodes = vec![
        NodeMapping::server("i", "master", &master.url),
        NodeMapping::server("i", "replica", &replica.url),
    ];
    let cloud = start(quick_with(|options| {
        options.services.dcs.nodes = nodes;
    }))
    .await;
    let nodes = cloud.nodes("dcs");
    let links = async || {
        let mut links = Vec::new();
        for node in &nodes {
            links.push(cloud.client.node_state(node).await["internal"].clone());
        }
        links
    };
    let is_linked = |links: &[Value]| links.iter().all(|ids| ids.as_array().unwrap().len() == 1);
    let before = wait_for("replication", async || {
        Some(links().await).filter(|links| is_linked(links))
    })
    .await;

    cloud
        .client
        .kill_all(&json!({"kill_all_nodes": true}), &nodes[0])
        .await;
    assert_eq!(alive(&mut doomed).await, 0);
    assert_eq!(links().await, before);
}

#[tokio::test]
async fn a_redis_that_dies_fails_the_job_and_the_list_and_may_come_back() {
    let server = redis_server(&[]).await;
    let nodes = vec![NodeMapping::server("i", "n", &server.url)];
    let cloud = start(quick_with(|options| {
        options.services.dcs.nodes = nodes;
    }))
    .await;
    let node = &cloud.nodes("dcs")[0];
    drop(server);

    let job = cloud.client.kill_all(&json!({"node_id": "n"}), node).await;
    assert_eq!(job["status"], "FAIL");
    assert!(
        job["fail_reason"]
            .as_str()
            .unwrap()
            .contains("cannot connect to Redis"),
        "{job}"
    );
    let scan = cloud.client.scan(node, true).await;
    assert_eq!(scan["status"], "FAIL");
    assert!(
        scan["fail_reason"]
            .as_str()
            .unwrap()
            .contains("cannot connect to Redis"),
        "{scan}"
    );
}

#[tokio::test]
async fn a_sandbox_does_not_start_when_a_server_behind_it_is_not_there() {
    let url = format!("redis://:hunter2@127.0.0.1:{}/", free_port());
    let options = quick_with(|options| {
        options.services.dcs.nodes = vec![NodeMapping::server("i", "n", &url)];
    });
    let error = format!("{:#}", Sandbox::start(options).await.unwrap_err());
    assert!(
        error.contains("cannot connect to Redis") && !error.contains("hunter2"),
        "{error}"
    );

    let url = format!("mysql://root:hunter2@127.0.0.1:{}/", free_port());
    let options = quick_with(|options| {
        options.services.taurusdb.nodes = vec![NodeMapping::server("i", "n", &url)];
    });
    let error = format!("{:#}", Sandbox::start(options).await.unwrap_err());
    assert!(
        error.contains("cannot connect to MariaDB") && !error.contains("hunter2"),
        "{error}"
    );
}

/// Runs as the user `nobody`, which every machine has, when the test runs as root, which MariaDB refuses to.
async fn mariadb_server() -> Server {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let account = nix::unistd::geteuid().is_root().then(|| {
        let nobody = nix::unistd::User::from_name("nobody").unwrap().unwrap();
        let (user, group) = (nobody.uid.as_raw(), nobody.gid.as_raw());
        std::os::unix::fs::chown(path, Some(user), Some(group)).unwrap();
        format!("--user={}", nobody.name)
    });
    install_mariadb(path, account.as_ref());

    let port = free_port();
    let init = path.join("init.sql");
    std::fs::write(&init, MARIADB_USERS).unwrap();
    let mut command = Command::new(program("mariadbd"));
    command
        .env("TMPDIR", path)
        .args([
            "--no-defaults",
            "--bind-address=127.0.0.1",
            &format!("--port={port}"),
        ])
        .args(account)
        .args(["--event-scheduler=ON", "--innodb-buffer-pool-size=16M"])
        .args(options_in(
            path,
            &[
                "datadir=data",
                "socket=socket",
                "pid-file=pid",
                "log-error=log",
                "init-file=init.sql",
            ],
        ));
    let process = spawn(&mut command, "mariadb-server-core");
    let url = format!("mysql://keeper:keeper@127.0.0.1:{port}/");
    wait_for("mariadbd", async || {
        Conn::new(Opts::from_url(&url).unwrap()).await.ok()
    })
    .await;
    Server {
        process,
        url,
        _directory: directory,
    }
}

const MARIADB_USERS: &str = "CREATE USER keeper@'127.0.0.1' IDENTIFIED BY 'keeper';\n\
    GRANT ALL ON *.* TO keeper@'127.0.0.1';\n\
    CREATE USER app@'127.0.0.1' IDENTIFIED BY 'app';\n\
    CREATE DATABASE shop;\n\
    CREATE TABLE shop.orders (number INT) ENGINE=InnoDB;\n\
    GRANT ALL ON shop.* TO app@'127.0.0.1';\n";

/// MariaDB removes leftovers from the directory for temporary tables when it starts, so servers must not share one.
fn install_mariadb(path: &Path, account: Option<&String>) {
    let installed = Command::new(program("mariadb-install-db"))
        .env("TMPDIR", path)
        .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"])
        .args(account)
        .args(options_in(path, &["datadir=data"]))
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("cannot run mariadb-install-db: {error}; these tests need mariadb-server-core to be installed"));
    assert!(
        installed.status.success(),
        "{}",
        String::from_utf8_lossy(&installed.stderr)
    );
}

/// `--name=PATH/file` of each `name=file`.
fn options_in(path: &Path, names: &[&str]) -> Vec<String> {
    let option = |pair: &&str| {
        let (name, file) = pair.split_once('=').unwrap();
        format!("--{name}={}", path.join(file).display())
    };
    names.iter().map(option).collect()
}

/// The connection of the user `keeper` that is not the one which asks. A connection that was just closed is listed for
/// a moment longer, so it is asked again until one is left.
async fn connection_of_the_sandbox(server: &Server) -> i64 {
    let mut connection = Conn::new(Opts::from_url(&server.url).unwrap())
        .await
        .unwrap();
    let query = "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'keeper' AND ID <> CONNECTION_ID()";
    let mut ids: Vec<i64> = connection.query(query).await.unwrap();
    for _ in 0..50 {
        if ids.len() == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        ids = connection.query(query).await.unwrap();
    }
    connection.disconnect().await.unwrap();
    assert_eq!(ids.len(), 1);
    ids[0]
}

async fn mariadb_client(server: &Server) -> Conn {
    let url = server.url.replace("keeper:keeper", "app:app");
    Conn::new(Opts::from_url(&url).unwrap()).await.unwrap()
}

#[tokio::test]
async fn killing_taurusdb_threads_kills_real_connections_and_spares_the_servers_own() {
    let server = mariadb_server().await;
    let mut clients = Vec::new();
    for _ in 0..12 {
        clients.push(mariadb_client(&server).await);
    }
    let ids: Vec<i64> = clients
        .iter()
        .map(|client| i64::from(client.id()))
        .collect();
    let nodes = vec![NodeMapping::server("i", "n", &server.url)];
    let TestCloud { sandbox, client } = start(quick_with(|options| {
        options.services.taurusdb.nodes = nodes;
    }))
    .await;
    let node = &sandbox.ready().nodes[0];
    let path = client.processes(node);

    let list = client.get(&path).await.assert_ok().json();
    let threads = list["processes"].as_array().unwrap();
    let of_user = |user: &str| -> Vec<&Value> {
        threads
            .iter()
            .filter(|thread| thread["user"] == user)
            .collect()
    };
    assert_eq!(
        of_user("app")
            .iter()
            .map(|thread| thread["id"].as_i64().unwrap())
            .collect::<Vec<_>>(),
        ids
    );
    assert_eq!(
        of_user("keeper"),
        Vec::<&Value>::new(),
        "the sandbox does not list itself"
    );
    assert_eq!(
        of_user("event_scheduler"),
        Vec::<&Value>::new(),
        "internal threads are not listed"
    );
    let scheduler = client.node_state(node).await["internal"][0]
        .as_i64()
        .unwrap();
    assert_eq!(
        list["total_count"].as_u64().unwrap() as usize,
        threads.len()
    );
    let own = connection_of_the_sandbox(&server).await;

    let body = json!({"processes": [ids[3], scheduler, own, i64::MAX, ids[1]]});
    let answer = client.delete(&path, &body).await.assert_ok().json();
    assert_eq!(
        answer,
        json!({"processes_killed": [ids[3], ids[1]], "processes_not_found": [i64::MAX]})
    );
    for (index, connection) in clients.iter_mut().enumerate() {
        let is_dead = connection.ping().await.is_err();
        assert_eq!(is_dead, index == 3 || index == 1, "connection {index}");
    }
    let again = client.delete(&path, &body).await.assert_ok().json();
    assert_eq!(
        again,
        json!({"processes_killed": [], "processes_not_found": [ids[3], i64::MAX, ids[1]]})
    );
}

#[tokio::test]
async fn a_running_statement_is_shown_and_dies_with_its_thread() {
    let server = mariadb_server().await;
    let mut busy = mariadb_client(&server).await;
    let id = i64::from(busy.id());
    let nodes = vec![NodeMapping::server("i", "n", &server.url)];
    let TestCloud { sandbox, client } = start(quick_with(|options| {
        options.services.taurusdb.nodes = nodes;
    }))
    .await;
    let path = client.processes(&sandbox.ready().nodes[0]);
    let statement = tokio::spawn(async move { busy.query_drop("SELECT SLEEP(300)").await });
    let thread = wait_for("the statement", async || {
        let list = client.get(&path).await.assert_ok().json();
        list["processes"]
            .as_array()
            .unwrap()
            .iter()
            .find(|thread| thread["command"] == "Query")
            .cloned()
    })
    .await;
    assert_eq!(
        (&thread["id"], &thread["info"]),
        (&json!(id), &json!("SELECT SLEEP(300)"))
    );

    let answer = client
        .delete(&path, &json!({"processes": [id]}))
        .await
        .assert_ok()
        .json();
    assert_eq!(answer["processes_killed"], json!([id]));
    let ended = tokio::time::timeout(Duration::from_secs(10), statement)
        .await
        .unwrap()
        .unwrap();
    assert!(ended.is_err());
}

#[tokio::test]
async fn rds_mysql_shows_how_long_a_transaction_is_open_and_kills_its_thread() {
    let server = mariadb_server().await;
    let (mut open, mut idle) = (mariadb_client(&server).await, mariadb_client(&server).await);
    for statement in ["USE shop", "BEGIN", "INSERT INTO orders VALUES (1)"] {
        open.query_drop(statement).await.unwrap();
    }
    let nodes = vec![NodeMapping::server("i", "n", &server.url)];
    let TestCloud { sandbox, client } = start(quick_with(|options| {
        options.services.rds_mysql.nodes = nodes;
    }))
    .await;
    let account = sandbox.ready().nodes[0].database_user_id.as_deref();
    let instance = format!("/v3/{}/instances/i", client.ready.project_id);
    let list = format!(
        "{instance}/processes?user=app&db_user_id={}",
        account.unwrap()
    );
    let seconds = |row: &Value| -> u64 {
        let seconds = row["trx_executed_time"].as_str().unwrap();
        seconds.parse().unwrap()
    };

    let rows = wait_for("a second of the transaction", async || {
        let list = client.get(&list).await.assert_ok().json();
        Some(list["processes"].clone()).filter(|rows| seconds(&rows[0]) > 0)
    })
    .await;
    assert_eq!(rows[0]["id"], open.id().to_string());
    assert_eq!(rows[1]["id"], idle.id().to_string());
    assert_eq!(seconds(&rows[1]), 0);
    assert_eq!(
        (&rows[0]["database"], &rows[1]["database"]),
        (&json!("shop"), &json!("--"))
    );

    let body = json!({"db_user_id": account, "process_ids": [rows[0]["id"]]});
    let kill = format!("{instance}/process");
    client.delete(&kill, &body).await.assert_ok();
    assert!(open.ping().await.is_err());
    assert!(idle.ping().await.is_ok());
}
