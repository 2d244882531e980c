//! TaurusDB HTAP, the standard edition: sessions of an instance of StarRocks, by their IDs or by what they are.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use super::relational::{self, ADDRESS, BEHIND_A_PROXY, COMMANDS, Thread, listed_fraction};
use super::{TEXT_IDS, text_id};
use crate::huaweicloud::error::{Error, Outcome};
use crate::huaweicloud::taurusdb::htap::{
    self, InstanceId, KILL_BATCH, SESSIONS_PER_PAGE, SessionPage, SessionRecord,
};
use crate::provider::arguments::identifier;
use crate::provider::listing::{Listing, page, read_pages};
use crate::provider::service::{
    Answered, Calls, Description, Place, PlaceArgument, Policy, Scope, Target, Words,
};
use crate::session::listing::Page;
use crate::session::{Session, SessionId};

#[cfg(test)]
mod tests;

/// TaurusDB HTAP.
pub static SERVICE: Description = Description {
    name: "taurusdb_htap",
    words: Words {
        service: "TaurusDB HTAP",
        heading: "TaurusDB HTAP (StarRocks)",
        place: "a TaurusDB HTAP (StarRocks) instance",
        listed_place: "a TaurusDB HTAP (StarRocks) instance",
        session: "session",
        protected: Some((
            "the cloud itself",
            "Sessions of the cloud's own accounts (`rdsAdmin`, `rdsMetric` and other names that start with `rds`) are selected \
             only if `users` names them.",
        )),
        lingers: ": no document says how soon StarRocks ends a killed session",
        look: "Look at SHOW PROCESSLIST on the instance.",
        lists: "An instance may have several frontends; no document says whether the sessions of all of them are listed.",
    },
    place: &[PlaceArgument::required(
        "instance_id",
        "the HTAP instance",
        "ID of the HTAP instance of the standard edition, not of its TaurusDB instance: 36 letters and digits, the last four \
         `in17`.",
    )],
    open: |diags, arguments, _| {
        let instance = identifier(diags, arguments, "instance_id")?;
        Some(Box::new(Instance { instance }))
    },
    warn: |_, _| {},
    ids: TEXT_IDS,
    conditions: relational::CONDITIONS_WITHOUT_TRANSACTIONS,
    notes: &[
        BEHIND_A_PROXY,
        COMMANDS,
        ("states", "An example is `OK`."),
        (
            "min_idle",
            "A session is idle while its command is `Sleep`. Inferred from StarRocks: the `duration` of the list is the time in \
             the present state, and not since the client connected.",
        ),
        (
            "min_busy",
            "Inferred, as for `min_idle`: the `duration` of the list is this time.",
        ),
        ADDRESS,
    ],
    policy: Policy::ids_come_back(KILL_BATCH, KILL_BATCH),
    confirmed: false,
    results: &[],
};

struct Instance {
    instance: InstanceId,
}

#[async_trait]
impl Place for Instance {
    async fn list(&self, calls: Calls<'_>, scope: Scope<'_>) -> Result<Listing, Error> {
        let twins = &Mutex::new(Twins::default());
        let noted = || twins.lock().unwrap_or_else(PoisonError::into_inner);
        let list = read_pages(SESSIONS_PER_PAGE, |page| async move {
            let list = htap::sessions(calls, &self.instance, page).await?;
            let page = rows(list, scope.statements);
            noted().note(&page.sessions);
            Ok(page)
        });
        let mut list = list.await?;
        noted().mark(&mut list.sessions);
        Ok(Listing::from(list))
    }

    async fn kill(&self, calls: Calls<'_>, batch: &[Target]) -> Outcome<Answered> {
        let ids = Target::ids(batch);
        htap::kill(calls, &self.instance, &ids)
            .await
            .map(Answered::from)
    }
}

fn rows(list: SessionPage, statements: bool) -> Page<Session> {
    page(list.process_list, None, text_id, |record| {
        session(record, statements)
    })
}

/// IDs that the list shows for several sessions: every frontend of StarRocks may count for itself, and a kill names none.
#[derive(Default)]
struct Twins {
    /// The user and the address of each session that was shown.
    shown: HashMap<SessionId, (Option<String>, Option<String>)>,
    ids: HashSet<SessionId>,
}

impl Twins {
    /// Looks for them on the next page, which may show sessions of the page before it once more.
    fn note(&mut self, page: &[Session]) {
        let mut on_page = HashSet::new();
        for session in page {
            let traits = (session.user.clone(), session.address.clone());
            let before = self.shown.insert(session.id.clone(), traits.clone());
            if !on_page.insert(&session.id) || before.is_some_and(|before| before != traits) {
                self.ids.insert(session.id.clone());
            }
        }
    }

    /// Marks them as sessions that no kill can name.
    fn mark(&self, sessions: &mut [Session]) {
        for session in sessions {
            if self.ids.contains(&session.id) {
                session.unnameable = Some("the list shows another session with the same ID");
            }
        }
    }
}

fn session(record: SessionRecord, statements: bool) -> Option<Session> {
    let thread = Thread {
        id: text_id(&record.id)?,
        user: record.user,
        host: record.host,
        database: record.database,
        command: record.command,
        state: record.state,
        time: record.duration.and_then(listed_fraction),
        transaction: None,
        statement: record.statement,
    };
    Some(thread.into_session(statements))
}
