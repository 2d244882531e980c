//! DDM: sessions of clients at an instance, which are logical ones, and sessions at a data node, which are physical ones. Both
//! are listed and killed alike.

use std::collections::HashSet;

use async_trait::async_trait;
use time::OffsetDateTime;

use super::relational::{self, Thread};
use super::{TEXT_IDS, text_id};
use crate::huaweicloud::ddm::{
    self, KILL_BATCH, Layer, PROCESSES_PER_PAGE, ProcessPage, ProcessRecord,
};
use crate::huaweicloud::error::{Error, Outcome};
use crate::huaweicloud::rows::Row;
use crate::provider::arguments::identifier;
use crate::provider::listing::{Listing, page, read_pages};
use crate::provider::service::{
    Answered, Calls, Description, IdKind, Ids, Place, PlaceArgument, Policy, Scope, Target, Words,
};
use crate::session::listing::Page;
use crate::session::{Protection, Session, SessionId};

#[cfg(test)]
mod tests;

/// Sessions of clients at an instance.
pub const LOGICAL: Description = Description {
    name: "ddm_logical",
    words: Words {
        service: "DDM",
        heading: "DDM, logical sessions",
        place: "a DDM instance",
        listed_place: "a DDM instance",
        session: "logical session",
        protected: Some((
            "the server itself",
            "Sessions of the server itself (`system user`, `event_scheduler`, DDM's own `drdsagent`, names that start with `rds`, \
             replication) are selected only if `users` names them.",
        )),
        lingers: ": DDM answers after it has sent the kill to the server, and under full load the kill can take about a minute",
        look: "Look at the sessions and the history of kills in the session management of the DDM console.",
        lists: "Logical sessions are those of clients at the instance.",
    },
    place: &[PlaceArgument::required(
        "instance_id",
        "the instance",
        "ID of the DDM instance: 36 letters and digits, the last four `in09`.",
    )],
    open: |diags, arguments, _| {
        let layer = Layer::Logical(identifier(diags, arguments, "instance_id")?);
        Some(Box::new(Instance { layer }))
    },
    warn: |_, _| {},
    ids: TEXT_IDS,
    conditions: relational::CONDITIONS_WITHOUT_TRANSACTIONS,
    notes: &NOTES,
    policy: Policy::ids_come_back(KILL_BATCH, KILL_BATCH),
    confirmed: false,
    results: &[],
};

/// Sessions at a data node.
pub const PHYSICAL: Description = Description {
    name: "ddm_physical",
    words: Words {
        heading: "DDM, physical sessions",
        place: "a DDM data node (RDS for MySQL)",
        listed_place: "a DDM data node (RDS for MySQL)",
        session: "physical session",
        lists: "Physical sessions are those at the data node; those of DDM are there for its clients, and show a user and addresses of DDM.",
        ..LOGICAL.words
    },
    place: &[PlaceArgument::required(
        "instance_id",
        "the instance",
        "ID of the RDS for MySQL instance that is the data node: 36 letters and digits, the last four `in01`.",
    )],
    open: |diags, arguments, _| {
        let layer = Layer::Physical(identifier(diags, arguments, "instance_id")?);
        Some(Box::new(Instance { layer }))
    },
    ids: Ids {
        words: "IDs of the sessions to kill, as `SHOW PROCESSLIST` of the data node shows them.",
        form: "A session's ID is a whole number from 1 to 9223372036854775807 in quotes, as in \"1973\".",
        kind: IdKind::Texts(relational::is_number),
        ..LOGICAL.ids
    },
    conditions: relational::CONDITIONS,
    ..LOGICAL
};

/// What words mean here.
const NOTES: [(&str, &str); 7] = {
    let [proxy, commands, states, idle, address, state] = relational::NOTES;
    [proxy, commands, states, idle, address, state, OUTCOME]
};

/// What the log of kills proves, and what not.
const OUTCOME: (&str, &str) = (
    "outcome",
    "If the sessions cannot be listed after the kill, DDM's log of kills is read: a session is `killed` if the log shows that a kill \
     of its ID was executed after the first request, and otherwise `unknown`. A session that a list shows after the kill is \
     `remaining`, whatever the log shows.",
);

struct Instance {
    layer: Layer,
}

#[async_trait]
impl Place for Instance {
    async fn list(&self, calls: Calls<'_>, scope: Scope<'_>) -> Result<Listing, Error> {
        let list = read_pages(PROCESSES_PER_PAGE, |page| async move {
            let list = ddm::processes(calls, &self.layer, page).await;
            list.map(|list| rows(list, &self.layer, scope.statements))
        });
        list.await.map(Listing::from)
    }

    async fn kill(&self, calls: Calls<'_>, batch: &[Target]) -> Outcome<Answered> {
        let ids = Target::ids(batch);
        ddm::kill(calls, &self.layer, &ids)
            .await
            .map(Answered::from)
    }

    /// The log tells who was killed, when, and by whom. Whether a kill is logged before or after it was executed is not
    /// documented.
    async fn recorded(
        &self,
        calls: Calls<'_>,
        sent: &[SessionId],
        within: (OffsetDateTime, OffsetDateTime),
    ) -> Result<Vec<SessionId>, Error> {
        let sent: HashSet<&SessionId> = sent.iter().collect();
        let mut recorded = HashSet::new();
        let mut read = 0;
        for _ in 0..MOST_LOG_PAGES {
            let page = (read, PROCESSES_PER_PAGE);
            let page = ddm::kills(calls, &self.layer, within, page).await?;
            let rows = page.kills.len() as u64;
            read += rows;
            for row in page.kills {
                if let Row::Whole(kill) = row
                    && kill.was(&self.layer, within)
                {
                    recorded.extend(
                        read_id(&self.layer)(&kill.process_id).filter(|id| sent.contains(id)),
                    );
                }
            }
            let total = page.total_count.and_then(|total| u64::try_from(total).ok());
            let is_last = total.map_or(rows < u64::from(PROCESSES_PER_PAGE), |total| read >= total);
            if rows == 0 || is_last || recorded.len() == sent.len() {
                break;
            }
        }
        Ok(recorded.into_iter().collect())
    }
}

/// How much of the log is read at most. Nothing follows from what was not read.
const MOST_LOG_PAGES: usize = 100;

/// How an ID is read.
fn read_id(layer: &Layer) -> fn(&str) -> Option<SessionId> {
    match layer {
        // No document tells the form of a logical one.
        Layer::Logical(_) => text_id,
        Layer::Physical(_) => relational::number,
    }
}

fn rows(list: ProcessPage, layer: &Layer, statements: bool) -> Page<Session> {
    let id = read_id(layer);
    page(list.processes, list.total_count, id, |record| {
        Some(session(id(&record.id)?, record, layer, statements))
    })
}

/// The account of DDM itself that the example of logical sessions shows.
const AGENT: &str = "drdsagent";

fn session(id: SessionId, record: ProcessRecord, layer: &Layer, statements: bool) -> Session {
    // No database can be called None there: names have no capital letters, by the table of error codes of DDM.
    let none = matches!(layer, Layer::Logical(_)).then_some("None");
    let thread = Thread {
        id,
        user: record.user,
        host: record.host,
        database: record.db.filter(|name| Some(name.as_str()) != none),
        command: record.command,
        state: record.state,
        time: record.time.and_then(relational::listed_time),
        transaction: record.trx_executed_time,
        statement: record.statement,
    };
    let mut session = thread.into_session(statements);
    if session.user.as_deref() == Some(AGENT) {
        session.protection = Protection::UnlessUserIsNamed;
    }
    session
}
