//! Backends from a real PostgreSQL server: `pg_stat_activity` and `pg_terminate_backend`, over one connection that is
//! never listed and never terminated.

use std::{collections::HashSet, time::Duration};

use anyhow::Context;
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use tokio::{sync::Mutex, time::Instant};
use tokio_postgres::{Client, Config, NoTls, Row};

use super::{Backend, Backends};
use crate::{
    backends::{Session, Sessions},
    query::{Page, Rows},
};

/// Asks for the blockers of those alone who wait for a lock: the look itself holds up everybody who wants one.
const ACTIVITY: &str = "SELECT pid::int8, usename::text, datname::text, application_name, host(client_addr), \
    client_port::int8, backend_start, xact_start, query_start, state_change, state, wait_event_type, wait_event, \
    backend_type, query, CASE WHEN wait_event_type = 'Lock' THEN pg_blocking_pids(pid) ELSE '{}' END::int8[] \
    FROM pg_stat_activity WHERE pid <> pg_backend_pid() ORDER BY pid";
/// Looks once more at what is terminated: a process of any kind may have taken the pid since the list was read. The
/// function stands among the columns, which PostgreSQL evaluates for rows that were chosen; it may evaluate the parts of
/// a condition in any order.
const TERMINATE: &str = "SELECT pid::int8, pg_terminate_backend(pid) FROM pg_stat_activity \
    WHERE pid = ANY ($1::int8[]) AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
const STILL_THERE: &str = "SELECT 1 FROM pg_stat_activity WHERE pid = ANY ($1::int8[]) LIMIT 1";

/// A backend rolls back before it goes. An answer waits this long for that at most.
const LONGEST_GOODBYE: Duration = Duration::from_secs(2);
const GOODBYE_PAUSE: Duration = Duration::from_millis(5);

/// The backends of a PostgreSQL server.
pub(crate) struct ServerBackends {
    config: Config,
    client: Mutex<Option<Client>>,
}

impl std::fmt::Debug for ServerBackends {
    /// Without the configuration, which holds the password.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ServerBackends")
    }
}

impl ServerBackends {
    /// The server at `url`; connects when first asked for something.
    pub fn new(url: &SecretString) -> anyhow::Result<Self> {
        let config = url.expose_secret().parse();
        Ok(Self {
            // The reason is left out: it may repeat a part of the URL.
            config: config.map_err(|_| anyhow::anyhow!("not a URL of a PostgreSQL server"))?,
            client: Mutex::default(),
        })
    }

    /// A live client in `slot`: the one that is there, or a new one when it was lost since the last time.
    async fn connect<'a>(&self, slot: &'a mut Option<Client>) -> anyhow::Result<&'a Client> {
        let live = match slot.take() {
            Some(open) => open.simple_query("").await.is_ok().then_some(open),
            None => None,
        };
        let open = match live {
            Some(open) => open,
            None => {
                let connected = self.config.connect(NoTls).await;
                let (client, connection) = connected.context("cannot connect to PostgreSQL")?;
                // Ends when the client is dropped, or with the connection; the next call sees which.
                tokio::spawn(connection);
                client
            }
        };
        Ok(slot.insert(open))
    }
}

#[async_trait]
impl Sessions for ServerBackends {
    type Session = Backend;

    async fn all(&self) -> anyhow::Result<Vec<Backend>> {
        let mut slot = self.client.lock().await;
        let rows = self.connect(&mut slot).await?.query(ACTIVITY, &[]).await;
        let rows = rows.context("PostgreSQL does not list its backends")?;
        rows.iter().map(backend_from_row).collect()
    }
}

#[async_trait]
impl Backends for ServerBackends {
    async fn page(&self, page: Page) -> anyhow::Result<Rows<Backend>> {
        let mut backends = self.all().await?;
        backends.retain(|backend| !backend.is_internal());
        Ok(page.of(backends))
    }

    async fn terminate(&self, pids: &[i64]) -> anyhow::Result<Vec<i64>> {
        let mut slot = self.client.lock().await;
        let client = self.connect(&mut slot).await?;
        let rows = client.query(TERMINATE, &[&pids]).await;
        let rows = rows.context("PostgreSQL does not terminate a backend")?;
        let mut hit: HashSet<i64> = HashSet::new();
        for row in &rows {
            if row.try_get(1)? {
                hit.insert(row.try_get(0)?);
            }
        }
        let there: Vec<i64> = (pids.iter().copied())
            .filter(|pid| hit.contains(pid))
            .collect();
        wait_until_gone(client, &there).await?;
        Ok(there)
    }
}

async fn wait_until_gone(client: &Client, pids: &[i64]) -> anyhow::Result<()> {
    let deadline = Instant::now() + LONGEST_GOODBYE;
    while !pids.is_empty() && Instant::now() < deadline {
        let there = client.query_opt(STILL_THERE, &[&pids]).await;
        if there
            .context("PostgreSQL does not list its backends")?
            .is_none()
        {
            break;
        }
        tokio::time::sleep(GOODBYE_PAUSE).await;
    }
    Ok(())
}

fn backend_from_row(row: &Row) -> anyhow::Result<Backend> {
    let backend = || {
        Ok(Backend {
            pid: row.try_get(0)?,
            user: row.try_get(1)?,
            database: row.try_get(2)?,
            application: row.try_get(3)?,
            client_address: row.try_get(4)?,
            client_port: row.try_get(5)?,
            backend_start: row.try_get(6)?,
            xact_start: row.try_get(7)?,
            query_start: row.try_get(8)?,
            state_change: row.try_get(9)?,
            state: row.try_get(10)?,
            wait_event_type: row.try_get(11)?,
            wait_event: row.try_get(12)?,
            backend_type: row.try_get(13)?,
            query: row.try_get(14)?,
            blocked_by: row.try_get(15)?,
        })
    };
    backend().map_err(|error: tokio_postgres::Error| {
        anyhow::Error::new(error).context("the list of backends has other columns than expected")
    })
}

#[cfg(test)]
mod tests;
