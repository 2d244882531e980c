//! GeminiDB Redis: sessions of a node, by their IDs or by what they are.

use async_trait::async_trait;

use super::{TEXT_IDS, redis_database, redis_time, text_id, told};
use crate::huaweicloud::error::{Error, Outcome};
use crate::huaweicloud::geminidb::{
    self, KILL_BATCH, NodeId, SESSIONS_PER_PAGE, SMALL_KILL_BATCH, SessionPage, SessionRecord,
};
use crate::provider::arguments::identifier;
use crate::provider::listing::{Listing, page, read_pages};
use crate::provider::service::{
    Answered, Calls, Description, Place, PlaceArgument, Policy, Scope, Target, Words,
};
use crate::session::listing::Page;
use crate::session::{Condition, Session, SessionId};

#[cfg(test)]
mod tests;

/// GeminiDB Redis.
pub static SERVICE: Description = Description {
    name: "geminidb_redis",
    words: Words {
        service: "GeminiDB",
        heading: "GeminiDB Redis",
        place: "a GeminiDB Redis node",
        listed_place: "a GeminiDB Redis node",
        session: "session",
        // The list shows nothing by which a session of the service itself could be told.
        protected: None,
        lingers: ": the API document speaks of closing inactive sessions, so an active one may stay",
        look: "Look at the sessions of the node in the console: their age shows whether they are from before the kill.",
        lists: "",
    },
    place: &[PlaceArgument::required(
        "node_id",
        "the node",
        "ID of the node: 36 letters and digits, the last four `no12`.",
    )],
    open: |diags, arguments, _| {
        let node = identifier(diags, arguments, "node_id")?;
        Some(Box::new(Node { node }))
    },
    warn: |_, _| {},
    ids: TEXT_IDS,
    conditions: &[
        Condition::Addresses { host_names: false },
        Condition::ExcludeAddresses { host_names: false },
        Condition::Names,
        Condition::Databases { numbered: true },
        Condition::Commands,
        Condition::MinIdle,
        Condition::MinAge,
        Condition::All,
    ],
    notes: &[
        (
            "commands",
            "The last command of the client counts. `client` also matches `client|list`.",
        ),
        (
            "min_idle",
            "It counts from the last command of the client, so subscribers and clients in a blocking command become idle too.",
        ),
        ("database", "A number."),
    ],
    policy: Policy::ids_come_back(KILL_BATCH, SMALL_KILL_BATCH),
    confirmed: false,
    results: &[],
};

struct Node {
    node: NodeId,
}

#[async_trait]
impl Place for Node {
    async fn list(&self, calls: Calls<'_>, _scope: Scope<'_>) -> Result<Listing, Error> {
        let list = read_pages(SESSIONS_PER_PAGE, |page| async move {
            let list = geminidb::sessions(calls, &self.node, page).await;
            list.map(rows)
        });
        list.await.map(Listing::from)
    }

    async fn kill(&self, calls: Calls<'_>, batch: &[Target]) -> Outcome<Answered> {
        let ids = Target::ids(batch);
        geminidb::kill(calls, &self.node, &ids)
            .await
            .map(Answered::from)
    }
}

fn rows(list: SessionPage) -> Page<Session> {
    page(list.sessions, list.total_count, text_id, |record| {
        Some(session(text_id(&record.id)?, record))
    })
}

fn session(id: SessionId, record: SessionRecord) -> Session {
    Session {
        address: told(record.addr),
        database: redis_database(record.db),
        application: told(record.name),
        command: told(record.cmd),
        age: redis_time(record.age),
        idle: redis_time(record.idle),
        ..Session::new(id)
    }
}
