//! The sessions of a component: the backends of a PostgreSQL server, with ids and fields of openGauss.

use std::collections::HashMap;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::{
    backends::{
        Open, Session, Sessions, Size,
        postgresql::{Backend, Backends},
    },
    node_mapping::NodeMapping,
    query::Page,
};

/// An id has fifteen digits, as in openGauss.
const FIRST_ID: u64 = 100_000_000_000_000;
const IDS: u64 = 900_000_000_000_000;

/// The component of a node.
#[derive(Debug)]
pub(crate) struct Component(pub Box<dyn Backends>);

/// A session and the one that it waits for.
#[derive(Debug)]
pub(crate) struct ComponentSession {
    id: i64,
    backend: Backend,
    blocker: Option<i64>,
}

impl Session for ComponentSession {
    type Id = i64;

    fn id(&self) -> i64 {
        self.id
    }

    fn is_internal(&self) -> bool {
        self.backend.is_internal()
    }
}

#[async_trait]
impl Sessions for Component {
    type Session = ComponentSession;

    async fn all(&self) -> anyhow::Result<Vec<ComponentSession>> {
        Ok(with_ids(self.0.all().await?))
    }

    async fn count(&self) -> anyhow::Result<usize> {
        self.0.count().await
    }

    fn come_and_go(&self) {
        self.0.come_and_go();
    }
}

impl Open for Component {
    fn open(number: usize, mapping: &NodeMapping, simulated: Size) -> anyhow::Result<Box<Self>> {
        let backends = <dyn Backends>::open(number, mapping, simulated)?;
        Ok(Box::new(Self(backends)))
    }
}

impl Component {
    /// The sessions of clients.
    pub async fn clients(&self) -> anyhow::Result<Vec<ComponentSession>> {
        Ok(with_ids(self.0.page(Page::WHOLE).await?.rows))
    }

    /// Kills the sessions with these ids; those that were there, in the order of the ids, each once.
    pub async fn kill(&self, ids: &[i64]) -> anyhow::Result<Vec<i64>> {
        let sessions = self.clients().await?;
        let mut pids: HashMap<i64, i64> = sessions
            .iter()
            .map(|session| (session.id, session.backend.pid))
            .collect();
        let chosen: Vec<(i64, i64)> = ids.iter().filter_map(|id| pids.remove_entry(id)).collect();
        let pids: Vec<i64> = chosen.iter().map(|(_, pid)| *pid).collect();
        let gone = self.0.terminate(&pids).await?;
        let killed = chosen.into_iter().filter(|(_, pid)| gone.contains(pid));
        Ok(killed.map(|(id, _)| id).collect())
    }
}

fn with_ids(backends: Vec<Backend>) -> Vec<ComponentSession> {
    let ids: HashMap<i64, i64> = backends
        .iter()
        .map(|backend| (backend.pid, session_id(backend)))
        .collect();
    backends
        .into_iter()
        .map(|backend| ComponentSession {
            id: session_id(&backend),
            blocker: backend
                .blocked_by
                .first()
                .and_then(|pid| ids.get(pid))
                .copied(),
            backend,
        })
        .collect()
}

/// A pid may come back, but not with the same start.
fn session_id(backend: &Backend) -> i64 {
    let start = backend
        .backend_start
        .map(OffsetDateTime::unix_timestamp_nanos);
    let hash = Sha256::digest(format!("{} {start:?}", backend.pid));
    let number = hash.first_chunk().copied().map_or(0, u64::from_be_bytes);
    (FIRST_ID + number % IDS) as i64
}

/// The `query_info` of a list: which sessions it shows. That all that is given has to match is inferred.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Filter {
    database_name: Option<String>,
    client_ip: Option<String>,
    user_name: Option<String>,
}

impl Filter {
    pub fn shows(&self, session: &ComponentSession) -> bool {
        let backend = &session.backend;
        [
            (&self.database_name, &backend.database),
            (&self.client_ip, &backend.client_address),
            (&self.user_name, &backend.user),
        ]
        .into_iter()
        .all(|(asked, actual)| {
            let is_asked = asked.as_ref().is_some_and(|asked| !asked.is_empty());
            !is_asked || asked == actual
        })
    }
}

/// A session as the list shows it. That time stamps are milliseconds, that `exec_time` is the time in the present state, and
/// what stands where there is nothing is inferred. Fields that PostgreSQL has nothing for are empty, and counters zero.
pub(crate) fn row(session: &ComponentSession, component: &str, now: OffsetDateTime) -> Value {
    let backend = &session.backend;
    let seconds = |since: Option<OffsetDateTime>, until: Option<OffsetDateTime>| {
        let seconds = since
            .zip(until)
            .map(|(since, until)| (until - since).whole_seconds());
        seconds.unwrap_or_default().max(0).to_string()
    };
    let is_active = backend.state.as_deref() == Some("active");
    let statement_end = if is_active {
        Some(now)
    } else {
        backend.state_change
    };
    let waits = session.blocker.is_some();
    json!({
        "session_id": session.id.to_string(),
        "pid": backend.pid.to_string(),
        "unique_sql_id": "0",
        "database_name": text(&backend.database),
        "client_ip": text(&backend.client_address),
        "client_port": backend.client_port.map_or_else(String::new, |port| port.to_string()),
        "user_name": text(&backend.user),
        "application_name": text(&backend.application),
        "state": text(&backend.state),
        "query": text(&backend.query),
        "query_id": "0",
        "query_runtime": seconds(backend.query_start, statement_end),
        "exec_time": seconds(backend.state_change, Some(now)),
        "back_end_start": backend.backend_start.map(milliseconds),
        "transaction_start": backend.xact_start.map(milliseconds),
        "query_start": backend.query_start.map(milliseconds),
        "transaction_time_cost": "0",
        "wait": waits.to_string(),
        "wait_status": if waits { "acquire lock" } else { "none" },
        "wait_event": text(&backend.wait_event),
        "block_session": session.blocker.map_or_else(String::new, |id| id.to_string()),
        "lock_mode": "",
        "lock_tag": "",
        "trans_num": "0",
        "rollback_num": "0",
        "sql_num": "0",
        "trace_id": "",
        "global_session_id": "",
        "parent_session_id": "",
        "top_transaction_id": "0",
        "current_transaction_id": "0",
        "xlog_quantity_pretty": "0 bytes",
        "lwt_id": backend.pid.to_string(),
        "smp_id": "0",
        "thread_name": text(&backend.application),
        "component_name": component,
    })
}

fn text(column: &Option<String>) -> &str {
    column.as_deref().unwrap_or_default()
}

fn milliseconds(time: OffsetDateTime) -> i64 {
    (time.unix_timestamp_nanos() / 1_000_000) as i64
}

#[cfg(test)]
mod tests;
