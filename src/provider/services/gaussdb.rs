//! GaussDB: sessions of a component, which is a CN or DN of a node.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;

use super::relational::{executes, is_idle, is_of_cloud, listed_time};
use super::told;
use crate::huaweicloud::error::{Error, Outcome};
use crate::huaweicloud::opengauss::{
    self, Component, Filter, KILL_BATCH, MOST_LISTED, SMALL_KILL_BATCH, SessionRecord,
};
use crate::huaweicloud::rows::Row;
use crate::provider::arguments::identifier;
use crate::provider::listing::{Listing, page};
use crate::provider::service::{
    Answered, Calls, Description, Fates, IdKind, Ids, Place, PlaceArgument, Policy, Scope, Target,
    Words,
};
use crate::session::{Condition, Protection, Question, Session, SessionId};

#[cfg(test)]
mod tests;

/// GaussDB.
pub static SERVICE: Description = Description {
    name: "gaussdb",
    words: Words {
        service: "GaussDB",
        heading: "GaussDB",
        place: "a component (CN or DN) of a GaussDB node",
        listed_place: "a component (CN or DN) of a GaussDB node",
        session: "session",
        protected: Some((
            "the server itself",
            "Sessions of the server itself (those without a client's address, `omm`, names that start with `rds`) are selected \
             only if `users` names them.",
        )),
        lingers: ": a thread may not end before what it waits for does",
        look: "Look at the sessions of the component in the console.",
        lists: "GaussDB lists at most 200 sessions. If there may be more, the provider asks for each user, database and address in the \
                conditions. If the list may still be incomplete, `all` kills no session.",
    },
    place: &[
        PlaceArgument::required(
            "instance_id",
            "the instance",
            "ID of the GaussDB instance: 36 letters and digits, the last four `in14`.",
        ),
        PlaceArgument::required(
            "node_id",
            "the node",
            "ID of the node: 36 letters and digits, the last four `no14`.",
        ),
        PlaceArgument::required(
            "component_id",
            "the component",
            "ID of the component, a CN or DN of the node, for example `cn_5001`.",
        ),
    ],
    open: |diags, arguments, _| {
        let instance = identifier(diags, arguments, "instance_id");
        let node = identifier(diags, arguments, "node_id");
        let component = identifier(diags, arguments, "component_id");
        Some(Box::new(Component {
            instance: instance?,
            node: node?,
            component: component?,
        }))
    },
    warn: |_, _| {},
    ids: Ids {
        argument: "session_ids",
        words: "IDs of the sessions to kill, as the console shows them.",
        one: "session ID",
        form: "A session's ID is a text of letters, digits and underscores, as in \"139960174921472\".",
        kind: IdKind::Texts(is_id),
    },
    conditions: &[
        Condition::Users,
        Condition::ExcludeUsers,
        Condition::Addresses { host_names: false },
        Condition::ExcludeAddresses { host_names: false },
        Condition::Databases { numbered: false },
        Condition::Applications,
        Condition::States,
        Condition::StatementMatches,
        Condition::ExcludeStatementMatches,
        Condition::MinIdle,
        Condition::MinBusy,
        Condition::MinAge,
        Condition::MinTransaction,
        Condition::Blocking,
        Condition::All,
    ],
    notes: &[
        ("states", "Examples are `active` and `idle in transaction`."),
        (
            "min_idle",
            "A session can also be idle in a transaction: `idle in transaction`.",
        ),
        (
            "min_age",
            "Counted by the clock of this machine from the beginning of the session.",
        ),
        (
            "min_transaction",
            "Counted by the clock of this machine from the beginning of the transaction.",
        ),
        (
            "blocking",
            "Only waiting sessions of the same component count.",
        ),
    ],
    policy: Policy::ids_come_back(KILL_BATCH, SMALL_KILL_BATCH),
    confirmed: false,
    results: &[],
};

fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[async_trait]
impl Place for Component {
    /// Lists the sessions, and where there may be more of them than a list shows, those that are asked about.
    async fn list(&self, calls: Calls<'_>, scope: Scope<'_>) -> Result<Listing, Error> {
        let all = opengauss::sessions(calls, self, &Filter::default()).await?;
        let has_all = all.len() < MOST_LISTED;
        let mut answers = vec![all];
        if !has_all {
            for question in (scope.questions)() {
                answers.push(opengauss::sessions(calls, self, &filter(question)).await?);
            }
        }
        Ok(listing(answers, scope, calls.client.clock().now()))
    }

    async fn kill(&self, calls: Calls<'_>, batch: &[Target]) -> Outcome<Answered> {
        let ids = Target::ids(batch);
        let killed = opengauss::kill(calls, self, &ids).await;
        let fates =
            |ids: Vec<String>| Fates::Killed(ids.iter().filter_map(|id| session_id(id)).collect());
        killed.map(|killed| Answered::of(killed, fates))
    }
}

fn filter(question: Question) -> Filter {
    Filter {
        user: question.user,
        database: question.database,
        address: question.address,
    }
}

fn session_id(id: &str) -> Option<SessionId> {
    is_id(id).then(|| SessionId::new(None, id))
}

/// The sessions of the first answer, which was to show all, and of those to the questions that followed, if it may not.
fn listing(
    answers: Vec<Vec<Row<SessionRecord>>>,
    scope: Scope<'_>,
    now: OffsetDateTime,
) -> Listing {
    let is_full = |answer: &Vec<Row<SessionRecord>>| answer.len() >= MOST_LISTED;
    let has_all = answers.first().is_some_and(|all| !is_full(all));
    let is_complete = match answers.as_slice() {
        [_, answers @ ..] if !answers.is_empty() => !answers.iter().any(is_full),
        _ => has_all,
    };
    let rows: Vec<_> = answers.into_iter().flatten().collect();
    let blockers: HashSet<SessionId> = rows.iter().filter_map(blocker).collect();
    let page = page(rows, None, session_id, |record| {
        session(record, scope.statements, now)
    });
    let mut sessions: BTreeMap<SessionId, Session> = BTreeMap::new();
    for mut session in page.sessions {
        if scope.blockers && session.readable {
            let blocks = blockers.contains(&session.id);
            // Whoever waits for it may not be listed, or cannot be read.
            session.blocks = Some(blocks).filter(|blocks| *blocks || has_all);
        }
        sessions.insert(session.id.clone(), session);
    }
    Listing {
        sessions: sessions.into_values().collect(),
        nameless: page.nameless,
        cut_at: (!is_complete).then_some(MOST_LISTED),
        ..Listing::default()
    }
}

/// Whom a session waits for.
fn blocker(row: &Row<SessionRecord>) -> Option<SessionId> {
    match row {
        Row::Whole(record) => {
            session_id(record.block_session.as_deref()?).filter(|id| id.as_number() != Some(0))
        }
        Row::Odd { .. } => None,
    }
}

fn session(record: SessionRecord, statements: bool, now: OffsetDateTime) -> Option<Session> {
    let id = session_id(&record.session_id)?;
    let statement = match record.statement.text() {
        _ if !statements => None,
        Ok(statement) => statement,
        Err(_) => return Some(Session::unreadable(id)),
    };
    let since = |moment: Option<OffsetDateTime>| Duration::try_from(now - moment?).ok();
    let (user, state) = (told(record.user_name), told(record.state));
    let address = told(record.client_ip).map(|ip| with_port(ip, record.client_port));
    let idle = state.as_deref().map(is_idle);
    let executed = state.as_deref().is_some_and(executes);
    // Neither can a state be older than the statement that led to it.
    let most = since(record.query_start).unwrap_or(Duration::MAX);
    let time = record
        .exec_time
        .and_then(listed_time)
        .map(|time| time.min(most));
    let in_transaction = state
        .as_deref()
        .is_none_or(|state| !state.eq_ignore_ascii_case("idle"));
    Some(Session {
        protection: match &user {
            Some(user) if address.is_some() && !is_of_server(user) => Protection::None,
            _ => Protection::UnlessUserIsNamed,
        },
        user,
        address,
        database: told(record.database_name),
        application: told(record.application_name),
        idle: time.filter(|_| idle == Some(true)),
        busy: time.filter(|_| idle == Some(false)),
        state,
        age: since(record.back_end_start),
        began: record
            .back_end_start
            .map(|start| start.unix_timestamp_nanos().to_string()),
        transaction: since(record.transaction_start.filter(|_| in_transaction)),
        ..Session::new(id).showing(told(statement), executed)
    })
}

/// Whether an account is the server's own: that of the cloud, or `omm`, which openGauss is installed by.
fn is_of_server(user: &str) -> bool {
    is_of_cloud(user) || user.eq_ignore_ascii_case("omm")
}

/// An address with its port, where it has one.
fn with_port(ip: String, port: Option<i64>) -> String {
    match port {
        Some(port) if port > 0 && ip.contains(':') => format!("[{ip}]:{port}"),
        Some(port) if port > 0 => format!("{ip}:{port}"),
        _ => ip,
    }
}
