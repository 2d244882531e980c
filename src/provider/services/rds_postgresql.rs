//! RDS for PostgreSQL: sessions of an instance, which DAS lists, and kills by their process IDs and owners.

use async_trait::async_trait;

use super::relational::{
    self, NODE, executes, is_idle, is_number, is_of_cloud, listed_time, number, optional_node,
    starts_with, told_database, transaction_time,
};
use super::told;
use crate::huaweicloud::das::postgresql::{
    self, InstanceId, NodeId, Owned, ProcessPage, ProcessRecord,
};
use crate::huaweicloud::das::{KILL_BATCH, PROCESSES_PER_PAGE, SMALL_KILL_BATCH};
use crate::huaweicloud::error::{Error, Outcome};
use crate::provider::arguments::identifier;
use crate::provider::listing::{Listing, page, read_pages};
use crate::provider::service::{
    Answered, Calls, Description, IdKind, Ids, Place, PlaceArgument, Policy, Scope, Target, Words,
};
use crate::session::listing::Page;
use crate::session::{Condition, Protection, Session};

#[cfg(test)]
mod tests;

/// RDS for PostgreSQL.
pub static SERVICE: Description = Description {
    name: "rds_postgresql",
    words: Words {
        service: "RDS for PostgreSQL",
        heading: "RDS for PostgreSQL",
        place: "an RDS for PostgreSQL instance",
        listed_place: "an RDS for PostgreSQL instance, or one of its nodes",
        session: "session",
        protected: Some((
            "the server itself",
            "Sessions of the server itself (background and replication processes, those without a client's address, names that \
             start with `rds`) are selected only if `users` names them.",
        )),
        lingers: ": a process may not end while it waits for something",
        look: "Look at pg_stat_activity on the instance.",
        lists: "DAS lists them.",
    },
    place: &[
        PlaceArgument::required(
            "instance_id",
            "the instance",
            "ID of the RDS for PostgreSQL instance: 32 or 36 letters and digits; in the examples of the documents, the last four are \
             `in03`.",
        ),
        NODE,
    ],
    open: |diags, arguments, _| {
        let instance = identifier(diags, arguments, "instance_id");
        let node = optional_node(diags, arguments);
        Some(Box::new(Instance {
            instance: instance?,
            node: node?,
        }))
    },
    warn: |_, _| {},
    ids: Ids {
        argument: "session_ids",
        words: "Process IDs of the sessions to kill, as `pg_stat_activity` shows them. The provider looks up the owner of each process \
                first, and kills the process only if it still has that owner.",
        one: "process ID",
        form: "A session's process ID is a whole number from 1 to 9223372036854775807 in quotes, as in \"21541\".",
        kind: IdKind::Texts(is_number),
    },
    conditions: &[
        Condition::Users,
        Condition::ExcludeUsers,
        Condition::Addresses { host_names: false },
        Condition::ExcludeAddresses { host_names: false },
        Condition::Databases { numbered: false },
        Condition::Applications,
        Condition::Commands,
        Condition::States,
        Condition::StatementMatches,
        Condition::ExcludeStatementMatches,
        Condition::MinIdle,
        Condition::MinBusy,
        Condition::MinTransaction,
        Condition::All,
    ],
    notes: &[
        (
            "databases",
            "If the list has no databases, no session is selected by them (one documented form of the list has none).",
        ),
        (
            "applications",
            "If the list has no applications, no session is selected by them (one documented form of the list has none).",
        ),
        (
            "commands",
            "If the list has no commands, no session is selected by them (one documented form of the list has none).",
        ),
        ("states", "Examples are `active` and `idle in transaction`."),
        (
            "min_idle",
            "A session can also be idle in a transaction: `idle in transaction`. One documented form of the list has no times.",
        ),
        ("min_busy", "One documented form of the list has no times."),
        (
            "min_transaction",
            "One documented form of the list has no times.",
        ),
    ],
    policy: Policy::ids_come_back(KILL_BATCH, SMALL_KILL_BATCH),
    confirmed: false,
    results: &[],
};

struct Instance {
    instance: InstanceId,
    node: Option<NodeId>,
}

#[async_trait]
impl Place for Instance {
    async fn list(&self, calls: Calls<'_>, scope: Scope<'_>) -> Result<Listing, Error> {
        let list_of = |node| self.list_of(node, calls, scope);
        let node = self.node.as_ref();
        relational::list_where_kills_name_no_node(node, scope.choosing, list_of).await
    }

    async fn kill(&self, calls: Calls<'_>, batch: &[Target]) -> Outcome<Answered> {
        let owned = |target| owned(target).ok_or_else(no_owner);
        let processes: Result<Vec<Owned<'_>>, Error> = batch.iter().map(owned).collect();
        let processes = match processes {
            Ok(processes) => processes,
            Err(error) => return Outcome::Rejected(error),
        };
        postgresql::kill(calls, &self.instance, &processes)
            .await
            .map(Answered::from)
    }
}

fn owned(target: &Target) -> Option<Owned<'_>> {
    Some(Owned {
        id: target.id.as_number()?,
        user: target.user.as_deref()?,
    })
}

fn no_owner() -> Error {
    Error::Listing("A session has no owner to kill it by.".to_owned())
}

impl Instance {
    async fn list_of(
        &self,
        node: Option<&NodeId>,
        calls: Calls<'_>,
        scope: Scope<'_>,
    ) -> Result<Listing, Error> {
        let list = read_pages(PROCESSES_PER_PAGE, |page| async move {
            let window = Window::of(page);
            let page = (window.number, window.length);
            let list = postgresql::processes(calls, &self.instance, node, page).await;
            list.map(|list| rows(list, &window, scope.statements))
        });
        list.await.map(Listing::from)
    }
}

/// A page by its number that shows the session at an offset, and many after it.
#[derive(Debug, PartialEq, Eq)]
struct Window {
    /// The first page is 1.
    number: u64,
    /// How many rows a page has.
    length: u32,
    /// How many rows of the page come before the offset.
    passed_over: u32,
}

impl Window {
    /// DAS counts pages, not rows, and pages have to overlap: so the length of a page is chosen for each request such that a
    /// page begins at the offset, or a few rows before it.
    fn of((offset, limit): (u64, u32)) -> Self {
        let passed_over = |length: u32| (offset % u64::from(length)) as u32;
        let longest = limit.max(1);
        let length = (1..=longest)
            .max_by_key(|length| length - passed_over(*length))
            .unwrap_or(longest);
        Self {
            number: offset / u64::from(length) + 1,
            length,
            passed_over: passed_over(length),
        }
    }
}

fn rows(list: ProcessPage, window: &Window, statements: bool) -> Page<Session> {
    let rows = list
        .processes
        .into_iter()
        .skip(window.passed_over as usize)
        .collect();
    let mut page = page(rows, list.total, number, |record| {
        session(record, statements)
    });
    page.asked = Some(window.length - window.passed_over);
    for session in &mut page.sessions {
        if session.user.is_none() {
            session.unnameable =
                Some("the list shows no user of it, and a kill names a session by its user");
        }
    }
    page
}

fn session(record: ProcessRecord, statements: bool) -> Option<Session> {
    let id = number(&record.id)?;
    let statement = match record.statement.text() {
        Ok(statement) => told(statement),
        Err(_) if !statements => None,
        Err(_) => return Some(Session::unreadable(id)),
    };
    let replicates = (statement.as_deref())
        .is_some_and(|statement| starts_with(statement.trim_start(), REPLICATION));
    let (user, address, state) = (told(record.user), told(record.host), told(record.state));
    let time = record.time.and_then(listed_time);
    let idle = state.as_deref().map(is_idle);
    let executed = state.as_deref().is_some_and(executes);
    let is_of_client = told(record.backend_type).is_none_or(|kind| kind == CLIENT);
    Some(Session {
        protection: match &user {
            Some(user)
                if is_of_client && !replicates && address.is_some() && !is_of_cloud(user) =>
            {
                Protection::None
            }
            _ => Protection::UnlessUserIsNamed,
        },
        user,
        address,
        database: told_database(record.db),
        command: told(record.command),
        application: told(record.application),
        idle: time.filter(|_| idle == Some(true)),
        busy: time.filter(|_| idle == Some(false)),
        state,
        transaction: record.trx_duration.and_then(transaction_time),
        began: told(record.backend_start),
        ..Session::new(id).showing(statement.filter(|_| statements), executed)
    })
}

/// The kind of process that serves a client, in PostgreSQL's words.
const CLIENT: &str = "client backend";

/// How the command begins by which a standby, or a subscriber with an account of its own, is sent changes. It is no SQL.
const REPLICATION: &str = "START_REPLICATION";
