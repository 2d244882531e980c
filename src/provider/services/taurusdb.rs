//! TaurusDB (MySQL): session threads of a node, by their IDs or by what they are.

use std::collections::HashSet;

use async_trait::async_trait;
use futures_util::StreamExt;
use tf_provider::schema::AttributeType;

use super::relational::{
    ADDRESS, BEHIND_A_PROXY, COMMANDS, STATE, STATES, Thread, listed_time, number,
};
use crate::huaweicloud::error::{Error, Outcome};
use crate::huaweicloud::taurusdb::{
    self, InstanceId, KILL_BATCH, KillLists, NodeId, PROCESSES_PER_PAGE, ProcessPage, ProcessRecord,
};
use crate::provider::arguments::identifier;
use crate::provider::listing::{Listing, page, read_pages};
use crate::provider::record::Encoded;
use crate::provider::service::{
    Answered, Calls, Description, Fates, IdKind, Ids, Place, PlaceArgument, Policy, Scope, Target,
    Words,
};
use crate::provider::session_kill::proof::{Computed, Planned, Proof, Told};
use crate::session::listing::Page;
use crate::session::tally::BatchAnswer;
use crate::session::{Condition, Protection, Session, SessionId};

#[cfg(test)]
mod tests;

/// TaurusDB.
pub static SERVICE: Description = Description {
    name: "taurusdb",
    words: Words {
        service: "TaurusDB",
        heading: "TaurusDB (MySQL)",
        place: "a TaurusDB (MySQL) node",
        listed_place: "a TaurusDB (MySQL) node",
        session: "session thread",
        protected: Some((
            "the server itself",
            "Sessions of the server itself (`system user`, `event_scheduler`, names that start with `rds`, \
             replication) are selected only if `users` names them.",
        )),
        lingers: ": a thread that rolls back a transaction goes away only when it has finished",
        look: "Look at SHOW PROCESSLIST on the node.",
        lists: "",
    },
    place: &[
        PlaceArgument::required(
            "instance_id",
            "the instance",
            "ID of the TaurusDB instance: 36 letters and digits, the last four `in07`.",
        ),
        PlaceArgument::required(
            "node_id",
            "the node",
            "ID of the node: 36 letters and digits, the last four `no07`.",
        ),
    ],
    open: |diags, arguments, _| {
        let instance = identifier(diags, arguments, "instance_id");
        let node = identifier(diags, arguments, "node_id");
        Some(Box::new(Node {
            instance: instance?,
            node: node?,
        }))
    },
    warn: |_, _| {},
    ids: Ids {
        argument: "processes",
        words: "IDs of the session threads to kill, as `SHOW PROCESSLIST` shows them; 64-bit numbers.",
        one: "thread ID",
        form: "A session thread's ID is a whole number from 1 to 9223372036854775807, as SHOW PROCESSLIST shows it.",
        kind: IdKind::Numbers,
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
        Condition::MinIdle,
        Condition::MinBusy,
        Condition::Blocking,
        Condition::All,
    ],
    notes: &[
        BEHIND_A_PROXY,
        COMMANDS,
        STATES,
        (
            "min_idle",
            "A session is idle while its command is `Sleep`.",
        ),
        (
            "blocking",
            "The provider asks TaurusDB about each session that is neither idle nor the server's own.",
        ),
        ADDRESS,
        STATE,
    ],
    policy: Policy {
        // Not before the server restarts.
        ids_come_back: false,
        ..Policy::ids_come_back(KILL_BATCH, KILL_BATCH)
    },
    confirmed: false,
    results: &[
        Computed {
            name: "processes_killed",
            words: "IDs of the threads that were killed. Null if that is not known. With `select`, only threads that are in `sessions` are listed, here and in `processes_not_found` and `processes_excluded`.",
            attr_type: numbers,
            value: |proof| ids(proof, |told| &told.killed),
            at_plan: none_in_rehearsal,
        },
        Computed {
            name: "processes_not_found",
            words: "IDs of the threads that did not exist.",
            attr_type: numbers,
            value: |proof| ids(proof, |told| &told.not_found),
            at_plan: |_| None,
        },
        Computed {
            name: "processes_excluded",
            words: "IDs of the threads that the service did not kill because they belong to the server itself.",
            attr_type: numbers,
            value: |proof| ids(proof, |told| &told.refused),
            at_plan: none_in_rehearsal,
        },
    ],
};

fn numbers() -> AttributeType {
    AttributeType::List(Box::new(AttributeType::Number))
}

fn none_in_rehearsal(planned: Planned) -> Option<Encoded> {
    planned.rehearsed.then(|| Encoded::Array(Vec::new()))
}

fn ids(proof: &Proof, list: impl Fn(&Told) -> &Vec<SessionId>) -> Encoded {
    let Some(told) = &proof.told else {
        return Encoded::Nil;
    };
    let numbers = list(told).iter().filter_map(SessionId::as_number);
    Encoded::Array(numbers.map(Encoded::from).collect())
}

struct Node {
    instance: InstanceId,
    node: NodeId,
}

impl Node {
    async fn list_of(&self, calls: Calls<'_>, statements: bool) -> Result<Listing, Error> {
        let list = read_pages(PROCESSES_PER_PAGE, |page| async move {
            let list = taurusdb::processes(calls, &self.instance, &self.node, page).await;
            list.map(|list| rows(list, statements))
        });
        list.await.map(Listing::from)
    }

    /// Asks of each session that can wait whether it does, and for whom.
    ///
    /// A thread that has ended since it was listed waits for nobody. What the service answers for it is not documented: a
    /// refusal is taken for that where another list does not show the thread any more.
    async fn tell_blockers(&self, calls: Calls<'_>, sessions: &mut [Session]) -> Result<(), Error> {
        let can_wait = sessions.iter().filter(|session| can_wait(session));
        let threads: Vec<i64> = can_wait.filter_map(|one| one.id.as_number()).collect();
        let mut waits = futures_util::stream::iter(threads)
            .map(|thread| async move {
                let wait = taurusdb::lock_wait(calls, &self.instance, &self.node, thread);
                (thread, wait.await)
            })
            .buffer_unordered(ASKED_AT_ONCE);
        let (mut blockers, mut refusals) = (HashSet::new(), Vec::new());
        while let Some((thread, wait)) = waits.next().await {
            match wait {
                Ok(wait) => blockers.extend(wait.and_then(|wait| wait.blocker)),
                Err(error) if may_tell_of_an_end(&error) => refusals.push((thread, error)),
                Err(error) => return Err(error),
            }
        }
        if !refusals.is_empty() {
            let now = self.list_of(calls, false).await?;
            let may_be_there = |thread| {
                let id = SessionId::number(thread);
                now.nameless > 0 || now.sessions.iter().any(|session| session.id == id)
            };
            let refusal = refusals
                .into_iter()
                .find(|(thread, _)| may_be_there(*thread));
            if let Some((_, error)) = refusal {
                return Err(error);
            }
        }
        for session in sessions {
            let thread = session.id.as_number();
            session.blocks = Some(thread.is_some_and(|thread| blockers.contains(&thread)));
        }
        Ok(())
    }
}

/// About how many threads TaurusDB is asked at once.
const ASKED_AT_ONCE: usize = 8;

/// Whether a session may wait for another one. The server's own are left out: freeing them is not what a kill is for.
fn can_wait(session: &Session) -> bool {
    let command = session.command.as_deref().unwrap_or_default();
    let rests = command.eq_ignore_ascii_case("Sleep");
    let is_of_server = session.protection != Protection::None && session.user.is_some();
    !rests && !is_of_server
}

/// Whether the answer to a question about a thread may mean that there is no such thread.
fn may_tell_of_an_end(error: &Error) -> bool {
    error
        .api()
        .is_some_and(|answer| matches!(answer.status, 400 | 404) && !answer.is_from_gateway())
}

#[async_trait]
impl Place for Node {
    async fn list(&self, calls: Calls<'_>, scope: Scope<'_>) -> Result<Listing, Error> {
        let mut listing = self.list_of(calls, scope.statements).await?;
        if scope.blockers {
            self.tell_blockers(calls, &mut listing.sessions).await?;
        }
        Ok(listing)
    }

    async fn kill(&self, calls: Calls<'_>, batch: &[Target]) -> Outcome<Answered> {
        let threads: Vec<i64> = (batch.iter())
            .filter_map(|target| target.id.as_number())
            .collect();
        let killed = taurusdb::kill(calls, &self.instance, &self.node, &threads);
        let fates = |lists: KillLists| {
            Fates::Told(BatchAnswer {
                killed: threads_of(lists.killed),
                not_found: threads_of(lists.not_found),
            })
        };
        killed.await.map(|killed| Answered::of(killed, fates))
    }
}

/// The thread IDs of an answer. A number that is none was not asked for, and is told as such by its absence.
fn threads_of(numbers: Vec<i64>) -> Vec<SessionId> {
    let threads = numbers.into_iter().filter(|number| *number > 0);
    threads.map(SessionId::number).collect()
}

fn rows(list: ProcessPage, statements: bool) -> Page<Session> {
    page(list.processes, list.total_count, number, |record| {
        session(record, statements)
    })
}

fn session(record: ProcessRecord, statements: bool) -> Option<Session> {
    let thread = Thread {
        id: number(&record.id)?,
        user: record.user,
        host: record.host,
        database: record.db,
        command: record.command,
        state: record.state,
        time: record.time.and_then(listed_time),
        transaction: None,
        statement: record.statement,
    };
    Some(thread.into_session(statements))
}
