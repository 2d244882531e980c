//! Threads from a real MariaDB or MySQL server: its process list and `KILL`, over one connection that is
//! never listed and never killed.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use anyhow::Context;
use async_trait::async_trait;
use mysql_async::{Conn, Error, Opts, OptsBuilder, Row, prelude::Queryable};
use secrecy::{ExposeSecret, SecretString};
use tokio::{sync::Mutex, time::Instant};

use super::{KillOutcome, Thread, Threads};
use crate::{
    backends::{Session, Sessions},
    query::{Page, Rows},
};

const PROCESS_LIST: &str = "SELECT CAST(ID AS SIGNED), USER, HOST, DB, COMMAND, CAST(TIME AS SIGNED), STATE, INFO, \
    TIMESTAMPDIFF(SECOND, trx_started, NOW()) FROM information_schema.PROCESSLIST \
    LEFT JOIN information_schema.INNODB_TRX ON trx_mysql_thread_id = ID WHERE ID <> CONNECTION_ID() ORDER BY ID";

/// Who holds a row lock that a thread waits for.
const BLOCKER: &str = "SELECT CAST(holder.trx_mysql_thread_id AS SIGNED) \
    FROM information_schema.INNODB_LOCK_WAITS AS waits \
    JOIN information_schema.INNODB_TRX AS waiter ON waiter.trx_id = waits.requesting_trx_id \
    JOIN information_schema.INNODB_TRX AS holder ON holder.trx_id = waits.blocking_trx_id \
    WHERE waiter.trx_mysql_thread_id = ? ORDER BY holder.trx_started LIMIT 1";

/// The server's word for a thread id that is gone.
const NO_SUCH_THREAD: u16 = 1094;
/// A killed thread rolls back before it goes. An answer waits this long for that at most.
const LONGEST_GOODBYE: Duration = Duration::from_secs(2);
const GOODBYE_PAUSE: Duration = Duration::from_millis(5);

/// The threads of a MariaDB or MySQL server.
pub(crate) struct ServerThreads {
    options: Opts,
    connection: Mutex<Option<Conn>>,
}

impl std::fmt::Debug for ServerThreads {
    /// Without the options, which hold the password.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ServerThreads")
    }
}

impl ServerThreads {
    /// The server at `url`; connects when first asked for something.
    pub fn new(url: &SecretString) -> anyhow::Result<Self> {
        let options = Opts::from_url(url.expose_secret()).context("not a URL of a MySQL server")?;
        // Where the server offers a socket file, the client would leave the address that was asked for.
        let options = OptsBuilder::from_opts(options).prefer_socket(false);
        Ok(Self {
            options: options.into(),
            connection: Mutex::default(),
        })
    }

    /// A live connection in `slot`: the one that is there, or a new one when it was lost since the last time.
    async fn connect<'a>(&self, slot: &'a mut Option<Conn>) -> anyhow::Result<&'a mut Conn> {
        let live = match slot.take() {
            Some(mut open) => open.ping().await.is_ok().then_some(open),
            None => None,
        };
        let open = match live {
            Some(open) => open,
            None => Conn::new(self.options.clone())
                .await
                .context("cannot connect to MariaDB")?,
        };
        Ok(slot.insert(open))
    }
}

#[async_trait]
impl Sessions for ServerThreads {
    type Session = Thread;

    async fn all(&self) -> anyhow::Result<Vec<Thread>> {
        let mut slot = self.connection.lock().await;
        process_list(self.connect(&mut slot).await?).await
    }
}

#[async_trait]
impl Threads for ServerThreads {
    async fn page(&self, page: Page) -> anyhow::Result<Rows<Thread>> {
        let mut threads = self.all().await?;
        threads.retain(|thread| !thread.is_internal());
        Ok(page.of(threads))
    }

    async fn blocker(&self, id: i64) -> anyhow::Result<Option<i64>> {
        let mut slot = self.connection.lock().await;
        let connection = self.connect(&mut slot).await?;
        (connection.exec_first(BLOCKER, (id,)).await).context("MariaDB does not tell who waits")
    }

    async fn kill(&self, ids: &[i64]) -> anyhow::Result<KillOutcome> {
        let mut slot = self.connection.lock().await;
        let connection = self.connect(&mut slot).await?;
        let own_id = i64::from(connection.id());
        let threads: HashMap<i64, Thread> = process_list(connection)
            .await?
            .into_iter()
            .map(|thread| (thread.id, thread))
            .collect();

        let mut outcome = KillOutcome::default();
        for id in ids.iter().copied().filter(|id| *id != own_id) {
            match threads.get(&id) {
                Some(thread) if thread.is_internal() => {}
                Some(_) if kill_thread(connection, id).await? => outcome.killed.push(id),
                _ => outcome.not_found.push(id),
            }
        }
        wait_until_gone(connection, &outcome.killed).await?;
        Ok(outcome)
    }
}

/// Whether the thread was there.
async fn kill_thread(connection: &mut Conn, id: i64) -> anyhow::Result<bool> {
    match connection.query_drop(format!("KILL {id}")).await {
        Ok(()) => Ok(true),
        Err(Error::Server(error)) if error.code == NO_SUCH_THREAD => Ok(false),
        Err(error) => Err(error).with_context(|| format!("MariaDB does not kill {id}")),
    }
}

async fn wait_until_gone(connection: &mut Conn, ids: &[i64]) -> anyhow::Result<()> {
    let killed: HashSet<i64> = ids.iter().copied().collect();
    let deadline = Instant::now() + LONGEST_GOODBYE;
    while !killed.is_empty() && Instant::now() < deadline {
        let threads = process_list(connection).await?;
        if threads.iter().all(|thread| !killed.contains(&thread.id)) {
            break;
        }
        tokio::time::sleep(GOODBYE_PAUSE).await;
    }
    Ok(())
}

async fn process_list(connection: &mut Conn) -> anyhow::Result<Vec<Thread>> {
    let rows: Vec<Row> = connection
        .query(PROCESS_LIST)
        .await
        .context("MariaDB does not list its threads")?;
    rows.into_iter().map(thread_from_row).collect()
}

fn thread_from_row(row: Row) -> anyhow::Result<Thread> {
    let (id, user, host, db, command, time, state, info, transaction): (
        _,
        _,
        _,
        _,
        _,
        Option<i64>,
        _,
        Option<Vec<u8>>,
        _,
    ) = mysql_async::from_row_opt(row)
        .context("the process list has other columns than expected")?;
    Ok(Thread {
        id,
        user,
        host,
        db,
        command,
        time: time.unwrap_or_default(),
        state,
        info: info.map(|statement| String::from_utf8_lossy(&statement).into_owned()),
        transaction,
    })
}

#[cfg(test)]
mod tests;
