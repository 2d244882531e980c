//! Real sessions that differ in who they are, where they come from and what they do, and a look at the server itself for
//! which of them are still there.

pub mod postgresql;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts, OptsBuilder};
use redis::{Client, Connection, cmd};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;

use super::mariadb::MariaDbServer;
use super::redis::RedisServer;
use super::{eventually, wait};

/// The password of every account that a look names.
const PASSWORD: &str = "only-for-tests";
/// How long a statement runs that is there to be killed.
const LONG: &str = "300";
/// A session that is kept busy says something this often.
const CHATTER: Duration = Duration::from_millis(100);

/// A port whose connections reach the server's port as if they came from another loopback address.
pub fn door(from: &str, port: u16) -> u16 {
    let from: Ipv4Addr = from.parse().expect("a loopback address");
    assert!(from.is_loopback(), "{from} is no loopback address");
    wait(async move {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free loopback port");
        let door = listener.local_addr().expect("a bound port").port();
        tokio::spawn(async move {
            while let Ok((mut guest, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let socket = TcpSocket::new_v4().expect("a socket");
                    socket
                        .bind((from, 0).into())
                        .expect("the loopback address is this machine's");
                    let server = socket.connect((Ipv4Addr::LOCALHOST, port).into()).await;
                    let mut server = server.expect("the server listens");
                    tokio::io::copy_bidirectional(&mut guest, &mut server)
                        .await
                        .ok();
                });
            }
        });
        door
    })
}

/// How a Redis session is to look. What is empty is left as Redis makes it.
#[derive(Clone, Copy, Default)]
pub struct RedisLook {
    /// Loopback address that it comes from; `127.0.0.1` when empty.
    pub from: &'static str,
    /// Through the socket file, where all sessions have one address.
    pub by_socket: bool,
    pub name: &'static str,
    pub user: &'static str,
    pub db: u8,
    /// Last command, whose answer nobody waits for.
    pub last: &'static [&'static str],
    /// Whether it goes on sending commands, so that it is never idle.
    pub busy: bool,
}

/// A Redis session, open until somebody kills it.
pub struct RedisGuest {
    /// What the test calls it.
    pub label: &'static str,
    /// Its address as the server shows it.
    pub address: String,
    /// Its ID as the server shows it.
    pub id: u64,
    _connection: Option<Connection>,
    chatting: Arc<AtomicBool>,
}

impl RedisGuest {
    pub fn new(server: &RedisServer, label: &'static str, look: RedisLook) -> Self {
        let mut connection = open(server, look);
        let id = cmd("CLIENT")
            .arg("ID")
            .query(&mut connection)
            .expect("the id");
        let info: String =
            (cmd("CLIENT").arg("INFO").query(&mut connection)).expect("the client's own line");
        let address = field(&info, "addr").to_owned();
        if !look.last.is_empty() {
            let mut last = cmd(look.last[0]);
            last.arg(&look.last[1..]);
            connection
                .send_packed_command(&last.get_packed_command())
                .expect("the last command is sent");
        }
        let chatting = Arc::new(AtomicBool::new(look.busy));
        let connection = if look.busy {
            chat(connection, chatting.clone());
            None
        } else {
            Some(connection)
        };
        Self {
            label,
            address,
            id,
            _connection: connection,
            chatting,
        }
    }
}

impl Drop for RedisGuest {
    fn drop(&mut self) {
        self.chatting.store(false, Ordering::Relaxed);
    }
}

fn open(server: &RedisServer, look: RedisLook) -> Connection {
    let url = if look.by_socket {
        format!("redis+unix://{}", server.socket().display())
    } else if look.from.is_empty() {
        server.url()
    } else {
        format!("redis://127.0.0.1:{}", door(look.from, server.port()))
    };
    let mut connection = Client::open(url)
        .and_then(|client| client.get_connection_with_timeout(Duration::from_secs(10)))
        .expect("a Redis connection");
    let mut say = |words: &[&str]| {
        let mut command = cmd(words[0]);
        command.arg(&words[1..]);
        command
            .exec(&mut connection)
            .expect("Redis does as it is told");
    };
    if !look.user.is_empty() {
        say(&[
            "ACL", "SETUSER", look.user, "on", "nopass", "~*", "&*", "+@all",
        ]);
        say(&["AUTH", look.user, "any"]);
    }
    if !look.name.is_empty() {
        say(&["CLIENT", "SETNAME", look.name]);
    }
    say(&["SELECT", &look.db.to_string()]);
    connection
}

/// Keeps a session from being idle until it is killed or no longer wanted.
fn chat(mut connection: Connection, wanted: Arc<AtomicBool>) {
    std::thread::spawn(move || {
        while wanted.load(Ordering::Relaxed) && cmd("PING").exec(&mut connection).is_ok() {
            std::thread::sleep(CHATTER);
        }
    });
}

fn field<'a>(line: &'a str, name: &str) -> &'a str {
    line.split_whitespace()
        .find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
        .unwrap_or_else(|| panic!("{line:?} has no {name}"))
}

/// Those of the guests whom the server still lists, by their labels.
pub fn still_on_redis(server: &RedisServer, guests: &[RedisGuest]) -> Vec<&'static str> {
    let mut connection = open(server, RedisLook::default());
    let list: String = cmd("CLIENT")
        .arg("LIST")
        .query(&mut connection)
        .expect("the list of clients");
    let there: Vec<&str> = list.lines().map(|line| field(line, "id")).collect();
    labels(
        guests,
        |guest| there.contains(&guest.id.to_string().as_str()),
        |guest| guest.label,
    )
}

/// How a MariaDB session is to look.
#[derive(Clone, Copy, Default)]
pub struct MariaDbLook<'a> {
    /// Its account, which is made when it is not there.
    pub user: &'a str,
    /// Loopback address that it comes from; `127.0.0.1` when empty.
    pub from: &'static str,
    /// Default database, which is made when it is not there; none when empty.
    pub database: &'a str,
    /// What it runs first, to the end.
    pub first: &'a str,
    /// What it runs then, for as long as it takes.
    pub then: &'a str,
    /// Whether it goes on sending short statements, so that it is never idle.
    pub busy: bool,
}

/// A statement that takes minutes, with a text to be recognised by.
pub fn long_statement(text: &str) -> String {
    format!("SELECT SLEEP({LONG}) /* {text} */")
}

/// A MariaDB session, open until somebody kills it.
pub struct MariaDbGuest {
    /// What the test calls it.
    pub label: &'static str,
    /// Its thread id.
    pub id: u64,
    task: Option<JoinHandle<()>>,
    _connection: Option<Conn>,
}

impl MariaDbGuest {
    pub fn new(server: &MariaDbServer, label: &'static str, look: MariaDbLook) -> Self {
        make_account(server, &look);
        Self::open(server, label, look)
    }

    /// Several of the same look.
    pub fn several(
        server: &MariaDbServer,
        label: &'static str,
        look: MariaDbLook,
        count: usize,
    ) -> Vec<Self> {
        make_account(server, &look);
        (0..count)
            .map(|_| Self::open(server, label, look))
            .collect()
    }

    fn open(server: &MariaDbServer, label: &'static str, look: MariaDbLook) -> Self {
        let port = if look.from.is_empty() {
            server.port()
        } else {
            door(look.from, server.port())
        };
        let options = OptsBuilder::default()
            .ip_or_hostname("127.0.0.1")
            .tcp_port(port)
            .prefer_socket(false)
            .user(Some(look.user))
            .pass(Some(PASSWORD))
            .db_name((!look.database.is_empty()).then_some(look.database));
        let mut connection = wait(Conn::new(options)).expect("a MariaDB connection");
        let id = u64::from(connection.id());
        if !look.first.is_empty() {
            wait(connection.query_drop(look.first)).expect("MariaDB does as it is told");
        }
        let statement = look.then.to_owned();
        let (task, connection) = if look.busy {
            (Some(chatter(connection)), None)
        } else if statement.is_empty() {
            (None, Some(connection))
        } else {
            (Some(run(connection, statement)), None)
        };
        let guest = Self {
            label,
            id,
            task,
            _connection: connection,
        };
        if !look.then.is_empty() {
            let running = format!(
                "SELECT COUNT(*) FROM information_schema.processlist WHERE id = {id} AND info IS NOT NULL"
            );
            eventually("the statement runs", || {
                let count: u64 = ask(server, &running)[0];
                (count == 1)
                    .then_some(())
                    .ok_or_else(|| "it does not".to_owned())
            });
        }
        guest
    }
}

impl Drop for MariaDbGuest {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

#[expect(
    clippy::async_yields_async,
    reason = "a task is spawned within the runtime that `wait` enters"
)]
fn run(mut connection: Conn, statement: String) -> JoinHandle<()> {
    wait(async {
        tokio::spawn(async move {
            connection.query_drop(statement).await.ok();
            // It stays connected, however the statement ended.
            std::future::pending::<()>().await;
        })
    })
}

#[expect(
    clippy::async_yields_async,
    reason = "a task is spawned within the runtime that `wait` enters"
)]
fn chatter(mut connection: Conn) -> JoinHandle<()> {
    wait(async {
        tokio::spawn(async move {
            while connection.query_drop("DO 1").await.is_ok() {
                tokio::time::sleep(CHATTER).await;
            }
        })
    })
}

fn make_account(server: &MariaDbServer, look: &MariaDbLook) {
    let MariaDbLook { user, database, .. } = look;
    tell(
        server,
        &format!("CREATE USER IF NOT EXISTS '{user}'@'%' IDENTIFIED BY '{PASSWORD}'"),
    );
    tell(server, &format!("GRANT ALL ON *.* TO '{user}'@'%'"));
    if !database.is_empty() {
        tell(server, &format!("CREATE DATABASE IF NOT EXISTS {database}"));
    }
}

fn as_operator(server: &MariaDbServer) -> Conn {
    let options = Opts::from_url(&server.url()).expect("the address of a MariaDB server");
    wait(Conn::new(options)).expect("a MariaDB connection")
}

/// Has the server do something.
pub fn tell(server: &MariaDbServer, statement: &str) {
    let mut connection = as_operator(server);
    wait(connection.query_drop(statement)).unwrap_or_else(|error| panic!("{statement}: {error}"));
    wait(connection.disconnect()).ok();
}

/// The numbers that the server answers.
pub fn ask(server: &MariaDbServer, query: &str) -> Vec<u64> {
    let mut connection = as_operator(server);
    let answer = wait(connection.query(query)).unwrap_or_else(|error| panic!("{query}: {error}"));
    wait(connection.disconnect()).ok();
    answer
}

/// Those of the guests whom the server still lists, by their labels.
pub fn still_on_mariadb(server: &MariaDbServer, guests: &[MariaDbGuest]) -> Vec<&'static str> {
    let there = ask(server, "SELECT id FROM information_schema.processlist");
    labels(
        guests,
        |guest| there.contains(&guest.id),
        |guest| guest.label,
    )
}

fn labels<G>(
    guests: &[G],
    is_there: impl Fn(&G) -> bool,
    label: impl Fn(&G) -> &'static str,
) -> Vec<&'static str> {
    guests
        .iter()
        .filter(|guest| is_there(guest))
        .map(label)
        .collect()
}
