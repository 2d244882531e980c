//! DDS: operations on a node of MongoDB, by their IDs or by what they are.
//!
//! DDS speaks of sessions, and what it lists are operations: by its user guide, what `currentOp` of MongoDB shows. That a kill
//! is MongoDB's `killOp`, which ends an operation and leaves its connection open, is inferred.

use std::time::Duration;

use async_trait::async_trait;

use super::relational::listed_time;
use super::{TEXT_IDS, is_id, text_id, told};
use crate::huaweicloud::dds::{
    self, KILL_BATCH, NodeId, SESSIONS_PER_PAGE, SMALL_KILL_BATCH, SessionPage, SessionRecord,
};
use crate::huaweicloud::error::{Error, Outcome};
use crate::provider::arguments::identifier;
use crate::provider::listing::{Listing, page, read_pages};
use crate::provider::service::{
    Answered, Calls, Description, Ids, Place, PlaceArgument, Policy, Scope, Target, Words,
};
use crate::session::listing::Page;
use crate::session::{Condition, Protection, Session, SessionId};

#[cfg(test)]
mod tests;

/// DDS.
pub static SERVICE: Description = Description {
    name: "dds",
    words: Words {
        service: "DDS",
        heading: "DDS (MongoDB)",
        place: "a DDS (MongoDB) node",
        listed_place: "a DDS (MongoDB) node",
        session: "operation",
        protected: Some((
            "the server itself, replication and Huawei Cloud's accounts",
            "Operations of the server itself (without a client's address, or of the user `__system`), of replication \
             (namespace `local.oplog.rs`) and of Huawei Cloud's own accounts (`root`, `admin`, `monitor`, `backup`) are selected \
             only if `users` names their user.",
        )),
        lingers: ": MongoDB ends an operation at its next safe point, which can take long",
        look: "Look at the sessions of the node in the console, or at db.currentOp() on the node.",
        lists: "DDS calls them sessions. Each is an operation that MongoDB's `currentOp` shows at that moment, not a connection.",
    },
    place: &[PlaceArgument::required(
        "node_id",
        "the node",
        "ID of the node: 36 letters and digits, the last four `no02`. Any node of a replica set; of a cluster a mongos, and by the \
         newer API documents also a shard or config node.",
    )],
    open: |diags, arguments, _| {
        let node = identifier(diags, arguments, "node_id")?;
        Some(Box::new(Node { node }))
    },
    warn: |_, _| {},
    ids: Ids {
        words: "IDs of the operations to kill, as the list shows them, such as `34631`, or `shard_1:7201646` on a mongos. A kill \
                ends the operation and not the connection (inferred: it is MongoDB's `killOp`): the client stays connected, gets \
                an error, and may send the operation again, which then has another ID.",
        form: "An operation's ID is a text without white space, as the data source lists it.",
        ..TEXT_IDS
    },
    conditions: &[
        Condition::Users,
        Condition::ExcludeUsers,
        Condition::Addresses { host_names: true },
        Condition::ExcludeAddresses { host_names: true },
        Condition::Databases { numbered: false },
        Condition::Commands,
        Condition::States,
        Condition::StatementMatches,
        Condition::ExcludeStatementMatches,
        Condition::MinBusy,
        Condition::All,
    ],
    notes: &[
        (
            "users",
            "DDS shows users from version 4.2 on. On older versions no operation matches.",
        ),
        (
            "exclude_users",
            "On versions before 4.2 it excludes every operation, because DDS does not show users.",
        ),
        (
            "addresses",
            "On a shard or config node the clients of most operations are mongos nodes.",
        ),
        (
            "databases",
            "An operation's database is the one that it works on.",
        ),
        (
            "commands",
            "Kinds of operations: `query`, `insert`, `update`, `remove`, `getmore`, `command`, `killcursors`, `none`.",
        ),
        (
            "states",
            "`active` or `inactive`. DDS kills only active operations. Selected operations that are inactive are not killed, and their outcome is `refused`.",
        ),
        (
            "statement_matches",
            "The statement is the operation as the client sent it, in JSON.",
        ),
        (
            "min_busy",
            "The time for which the operation has run. An inactive operation never matches.",
        ),
        (
            "all",
            "It includes inactive operations. `states = [\"active\"]` selects without them.",
        ),
        (
            "id",
            "An inactive operation may have no ID. Then the attribute has its connection and client, after `inactive:`.",
        ),
        ("user", "Null before version 4.2."),
        ("database", "The database that the operation works on."),
        ("command", "The kind of operation."),
        ("state", "`active` or `inactive`."),
        (
            "busy_seconds",
            "The time for which the operation has run. Null if it is inactive.",
        ),
    ],
    policy: Policy::ids_come_back(KILL_BATCH, SMALL_KILL_BATCH),
    confirmed: false,
    results: &[],
};

/// Why an operation cannot be killed.
const NOT_ACTIVE: &str = "DDS kills only active operations, and the list does not show it as one";

struct Node {
    node: NodeId,
}

#[async_trait]
impl Place for Node {
    async fn list(&self, calls: Calls<'_>, scope: Scope<'_>) -> Result<Listing, Error> {
        let list = read_pages(SESSIONS_PER_PAGE, |page| async move {
            let list = dds::sessions(calls, &self.node, page).await;
            list.map(|list| rows(list, scope.statements))
        });
        list.await.map(Listing::from)
    }

    async fn kill(&self, calls: Calls<'_>, batch: &[Target]) -> Outcome<Answered> {
        let ids = Target::ids(batch);
        dds::kill(calls, &self.node, &ids).await.map(Answered::from)
    }
}

fn rows(list: SessionPage, statements: bool) -> Page<Session> {
    page(list.sessions, list.total_count, text_id, |record| {
        Some(session(session_id(&record)?, record, statements))
    })
}

/// What names an operation in the list.
///
/// MongoDB gives an operation an ID when it begins, so that an idle connection has none, or has 0. Such a row is known by its
/// server, connection and client, in a text with spaces, which no ID has. It must be known by something, because a list whose
/// pages show nobody by whom to join them cannot be read.
fn session_id(record: &SessionRecord) -> Option<SessionId> {
    let is_inactive = record.active == Some(false);
    let number = |id: &str| id.rsplit(':').next()?.parse::<i64>().ok();
    let is_numbered = |id: &str| number(id).is_some_and(|number| number != 0);
    let id = record.id.as_deref().filter(|id| is_id(id));
    if let Some(id) = id.filter(|id| !is_inactive || is_numbered(id)) {
        return Some(SessionId::new(None, id));
    }
    let traits = [&record.description, &record.client, &record.host];
    let traits: Vec<&str> = (traits.into_iter().flatten())
        .map(String::as_str)
        .filter(|text| !text.is_empty())
        .collect();
    let is_known = is_inactive && traits.len() > 1;
    is_known.then(|| SessionId::new(None, &format!("inactive: {}", traits.join(" "))))
}

fn session(id: SessionId, record: SessionRecord, statements: bool) -> Session {
    let statement = match record.operation.text() {
        _ if !statements => None,
        Ok(statement) => statement,
        Err(_) => return Session::unreadable(id),
    };
    let state = record.active.map(|active| match active {
        true => "active",
        false => "inactive",
    });
    let is_active = record.active == Some(true);
    let (user, address, namespace) = (
        told(record.user),
        told(record.client),
        told(record.namespace),
    );
    Session {
        protection: match is_internal(user.as_deref(), address.as_deref(), namespace.as_deref()) {
            true => Protection::UnlessUserIsNamed,
            false => Protection::None,
        },
        database: told(record.db).or_else(|| {
            let (database, _) = namespace.as_deref()?.split_once('.')?;
            told(Some(database.to_owned()))
        }),
        user,
        address,
        command: told(record.kind),
        state: state.map(ToOwned::to_owned),
        busy: record
            .cost_time
            .filter(|_| is_active)
            .and_then(running_time),
        // An operation belongs to one connection, and one that is not active any more has ended.
        began: told(record.description)
            .zip(state)
            .map(|(connection, state)| format!("{connection} {state}")),
        unnameable: (!is_active).then_some(NOT_ACTIVE),
        ..Session::new(id).showing(told(statement), is_active)
    }
}

/// For how long an operation has run, from microseconds. `None` for a number that is no such time.
fn running_time(micros: i64) -> Option<Duration> {
    listed_time(micros.div_euclid(1_000_000))?;
    Some(Duration::from_micros(micros.unsigned_abs()))
}

/// Whether an operation belongs to the server itself, to replication, or to Huawei Cloud.
///
/// MongoDB's documents warn against killing operations that no client has begun; those of its nodes among each other are of the
/// user `__system`, and secondaries read `local.oplog.rs`, by which they are known where users are not told. The other accounts
/// are created with an instance and belong to Huawei Cloud, by DDS' user guide.
fn is_internal(user: Option<&str>, address: Option<&str>, namespace: Option<&str>) -> bool {
    const ACCOUNTS: [&str; 5] = ["__system", "root", "admin", "monitor", "backup"];
    user.is_some_and(|user| ACCOUNTS.contains(&user))
        || address.is_none()
        || namespace == Some("local.oplog.rs")
}
