//! Real PostgreSQL sessions.

use std::sync::Arc;

use tokio::task::JoinHandle;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config};

use super::super::postgresql::{PostgreSqlServer, connect, own_pid};
use super::super::{eventually, wait};
use super::{CHATTER, LONG, PASSWORD, door, labels};

/// How a PostgreSQL session is to look. What is empty is left as PostgreSQL makes it.
#[derive(Clone, Copy, Default)]
pub struct PostgreSqlLook<'a> {
    /// Its account, which is made when it is not there.
    pub user: &'a str,
    /// Loopback address that it comes from; `127.0.0.1` when empty.
    pub from: &'static str,
    /// Its database, which is made when it is not there; `postgres` when empty.
    pub database: &'a str,
    pub application: &'a str,
    /// Whether it begins a transaction, and leaves it open.
    pub in_transaction: bool,
    /// The number of a lock that it holds from then on.
    pub holds: Option<i64>,
    /// The number of a lock that another guest holds, and for which it waits.
    pub waits_for: Option<i64>,
    /// What it runs first, to the end.
    pub first: &'a str,
    /// What it runs then, for as long as it takes.
    pub then: &'a str,
    /// Whether it goes on sending short statements, so that it is never idle.
    pub busy: bool,
}

/// A statement of PostgreSQL that takes minutes, with a text to be recognised by.
pub fn long_statement(text: &str) -> String {
    format!("SELECT pg_sleep({LONG}) /* {text} */")
}

/// A PostgreSQL session, open until somebody kills it.
pub struct PostgreSqlGuest {
    /// What the test calls it.
    pub label: &'static str,
    /// The pid of its backend.
    pub pid: i64,
    client: Arc<Client>,
    task: Option<JoinHandle<()>>,
}

impl PostgreSqlGuest {
    pub fn new(server: &PostgreSqlServer, label: &'static str, look: PostgreSqlLook) -> Self {
        make_role(server, &look);
        Self::open(server, label, look)
    }

    /// Several of the same look.
    pub fn several(
        server: &PostgreSqlServer,
        label: &'static str,
        look: PostgreSqlLook,
        count: usize,
    ) -> Vec<Self> {
        make_role(server, &look);
        (0..count)
            .map(|_| Self::open(server, label, look))
            .collect()
    }

    /// Whether its connection has ended.
    pub fn has_ended(&self) -> bool {
        self.client.is_closed()
    }

    fn open(server: &PostgreSqlServer, label: &'static str, look: PostgreSqlLook) -> Self {
        let port = if look.from.is_empty() {
            server.port()
        } else {
            door(look.from, server.port())
        };
        let mut config = Config::new();
        config
            .host("127.0.0.1")
            .port(port)
            .user(look.user)
            .password(PASSWORD)
            .dbname(database_of(&look))
            .application_name(look.application);
        let client = connect(&config).expect("a PostgreSQL connection");
        let pid = own_pid(&client);
        let lock = |number| format!("SELECT pg_advisory_lock({number})");
        let begin = if look.in_transaction { "BEGIN" } else { "" };
        let hold = look.holds.map(lock).unwrap_or_default();
        let statements = [begin, &hold, look.first];
        // An empty statement would take the place of the last one.
        for statement in statements.iter().filter(|statement| !statement.is_empty()) {
            wait(client.batch_execute(statement)).expect("PostgreSQL does as it is told");
        }
        let client = Arc::new(client);
        let long = look.waits_for.map_or_else(|| look.then.to_owned(), lock);
        let task = if look.busy {
            Some(in_background(client.clone(), "SELECT 1".to_owned(), true))
        } else if long.is_empty() {
            None
        } else {
            Some(in_background(client.clone(), long, false))
        };
        if task.is_some() && !look.busy {
            let wanted = if look.waits_for.is_some() {
                "cardinality(pg_blocking_pids(pid)) > 0"
            } else {
                "state = 'active'"
            };
            let running =
                format!("SELECT pid::int8 FROM pg_stat_activity WHERE pid = {pid} AND {wanted}");
            eventually("the statement runs", || {
                let found = !ask(server, &running).is_empty();
                found.then_some(()).ok_or_else(|| "it does not".to_owned())
            });
        }
        Self {
            label,
            pid,
            client,
            task,
        }
    }
}

impl Drop for PostgreSqlGuest {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// Runs a statement, once or again and again, while the guest holds the connection.
#[expect(
    clippy::async_yields_async,
    reason = "a task is spawned within the runtime that `wait` enters"
)]
fn in_background(client: Arc<Client>, statement: String, again: bool) -> JoinHandle<()> {
    wait(async {
        tokio::spawn(async move {
            while client.batch_execute(&statement).await.is_ok() && again {
                tokio::time::sleep(CHATTER).await;
            }
        })
    })
}

fn database_of<'a>(look: &PostgreSqlLook<'a>) -> &'a str {
    if look.database.is_empty() {
        "postgres"
    } else {
        look.database
    }
}

/// Makes the role and the database of a guest, unless a test that runs beside this one has made them.
fn make_role(server: &PostgreSqlServer, look: &PostgreSqlLook) {
    let client = server.connect().expect("a PostgreSQL connection");
    let (role, database) = (look.user, database_of(look));
    for statement in [
        format!("CREATE ROLE \"{role}\" LOGIN PASSWORD '{PASSWORD}'"),
        format!("CREATE DATABASE \"{database}\""),
    ] {
        let made = wait(client.batch_execute(&statement));
        let is_there = made.as_ref().err().is_none_or(|error| {
            [
                SqlState::DUPLICATE_OBJECT,
                SqlState::DUPLICATE_DATABASE,
                SqlState::UNIQUE_VIOLATION,
            ]
            .iter()
            .any(|state| error.code() == Some(state))
        });
        assert!(is_there, "{statement}: {made:?}");
    }
}

/// The numbers that the server answers.
pub fn ask(server: &PostgreSqlServer, query: &str) -> Vec<i64> {
    let client = server.connect().expect("a PostgreSQL connection");
    let rows = wait(client.query(query, &[])).unwrap_or_else(|error| panic!("{query}: {error}"));
    rows.iter().map(|row| row.get(0)).collect()
}

/// Those of the guests whom the server still lists, by their labels.
pub fn still_on_postgresql(
    server: &PostgreSqlServer,
    guests: &[PostgreSqlGuest],
) -> Vec<&'static str> {
    let there = ask(server, "SELECT pid::int8 FROM pg_stat_activity");
    labels(
        guests,
        |guest| there.contains(&guest.pid),
        |guest| guest.label,
    )
}
