//! Real PostgreSQL sessions.

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config};

use super::super::postgresql::{PostgreSqlServer, connect, own_pid};
use super::super::wait;
use super::{PASSWORD, labels};

/// A PostgreSQL session, open until somebody kills it.
pub struct PostgreSqlGuest {
    /// What the test calls it.
    label: &'static str,
    /// The pid of its backend.
    pid: i64,
    _client: Client,
}

impl PostgreSqlGuest {
    /// Several sessions of one user, who is made when it is not there, and by whose name the test calls them.
    pub fn several(server: &PostgreSqlServer, user: &'static str, count: usize) -> Vec<Self> {
        make_role(server, user);
        (0..count).map(|_| Self::open(server, user)).collect()
    }

    fn open(server: &PostgreSqlServer, user: &'static str) -> Self {
        let mut config = Config::new();
        config
            .host("127.0.0.1")
            .port(server.port())
            .user(user)
            .password(PASSWORD)
            .dbname("postgres");
        let client = connect(&config).expect("a PostgreSQL connection");
        Self {
            label: user,
            pid: own_pid(&client),
            _client: client,
        }
    }
}

/// Makes a role, unless a test that runs beside this one has made it.
fn make_role(server: &PostgreSqlServer, role: &str) {
    let client = server.connect().expect("a PostgreSQL connection");
    let statement = format!("CREATE ROLE \"{role}\" LOGIN PASSWORD '{PASSWORD}'");
    let made = wait(client.batch_execute(&statement));
    let is_there = made.as_ref().err().is_none_or(|error| {
        [SqlState::DUPLICATE_OBJECT, SqlState::UNIQUE_VIOLATION]
            .iter()
            .any(|state| error.code() == Some(state))
    });
    assert!(is_there, "{statement}: {made:?}");
}

/// Those of the guests whom the server still lists, by their labels.
pub fn still_on_postgresql(
    server: &PostgreSqlServer,
    guests: &[PostgreSqlGuest],
) -> Vec<&'static str> {
    let client = server.connect().expect("a PostgreSQL connection");
    let rows = wait(client.query("SELECT pid::int8 FROM pg_stat_activity", &[]));
    let rows = rows.expect("the list of sessions");
    let there: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
    labels(
        guests,
        |guest| there.contains(&guest.pid),
        |guest| guest.label,
    )
}
