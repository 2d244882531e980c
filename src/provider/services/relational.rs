//! What services of relational databases have in common: rows in MySQL's words, times, protected accounts, and nodes that a
//! kill cannot name.

use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use tf_provider::Diagnostics;
use tf_provider::value::Value;

use super::told;
use crate::huaweicloud::error::Error;
use crate::huaweicloud::id::IdError;
use crate::huaweicloud::rows::Statement;
use crate::provider::arguments::identifier;
use crate::provider::listing::Listing;
use crate::provider::record::Record;
use crate::provider::service::PlaceArgument;
use crate::session::address::Origin;
use crate::session::{Condition, Protection, Session, SessionId};

#[cfg(test)]
mod node_tests;
#[cfg(test)]
mod tests;

/// The argument for one of the nodes of an instance.
pub(super) const NODE: PlaceArgument = PlaceArgument::optional(
    "node_id",
    "the node",
    "ID of the node whose sessions are listed. By default DAS decides; inferred: the primary node. A kill request names no node, \
     so only sessions of the node that DAS also lists without `node_id` are killed.",
    "If this is null at apply, no session is killed: plan again with a known value.",
);

/// A node that may be left out. `None`: it is not known yet, or an error says what is wrong with it.
pub(super) fn optional_node<T>(diags: &mut Diagnostics, arguments: &Record) -> Option<Option<T>>
where
    T: std::str::FromStr<Err = IdError>,
{
    match arguments.text("node_id") {
        Value::Null => Some(None),
        _ => identifier(diags, arguments, "node_id").map(Some),
    }
}

/// Lists the sessions of a node, or of the instance, where a request to kill names no node: when it is to choose whom to kill,
/// those that such a request cannot name are marked.
///
/// # Errors
/// As `list_of` and [`mark_unreachable`].
pub(super) async fn list_where_kills_name_no_node<'n, N, F>(
    node: Option<&'n N>,
    choosing: bool,
    list_of: impl Fn(Option<&'n N>) -> F,
) -> Result<Listing, Error>
where
    N: fmt::Display,
    F: Future<Output = Result<Listing, Error>>,
{
    let mut listing = list_of(node).await?;
    if let (Some(node), true) = (node, choosing) {
        let without_node = list_of(None).await?;
        mark_unreachable(&mut listing, &without_node, &node.to_string())?;
    }
    Ok(listing)
}

/// Of how many sessions of a node one may be missing in the list without a node: the two lists are read one after the other.
const CHURN_SHARE: usize = 10;

/// Marks those of a node's sessions that a request without a node cannot name: those that are not in the list without a node,
/// alike in all by which a session can be known again. One that cannot be read may be anybody.
///
/// # Errors
/// When the list without a node shows too few of them: it is another node whose sessions a kill would end. Sessions of the
/// server itself show nothing, since they are alike on every node.
fn mark_unreachable(
    listing: &mut Listing,
    without_node: &Listing,
    node: &str,
) -> Result<(), Error> {
    let reachable: HashSet<Traits<'_>> = without_node.sessions.iter().map(traits).collect();
    let (mut clients, mut reached) = (0, 0);
    for session in &mut listing.sessions {
        let is_reached = session.readable && reachable.contains(&traits(session));
        if session.readable && session.protection == Protection::None {
            clients += 1;
            reached += usize::from(is_reached);
        }
        if !is_reached {
            session.unnameable = Some(NOT_REACHED);
        }
    }
    if clients == 0 {
        // Nothing shows which node the list without a node is of.
        for session in &mut listing.sessions {
            session.unnameable = Some(NO_EVIDENCE);
        }
        return Ok(());
    }
    let most_missing = (clients / CHURN_SHARE).max(1);
    if reached > 0 && clients - reached <= most_missing {
        return Ok(());
    }
    Err(Error::Listing(format!(
        "A request to kill names no node, and of the sessions of the node {node} only {reached} of {clients} are among those \
         that DAS lists without node_id: the kill could end sessions of another node that have the same IDs. Leave node_id \
         out, or connect to the node and kill them there."
    )))
}

/// Why no kill can name a session.
const NOT_REACHED: &str = "the list without node_id does not show it, and a kill names no node";
const NO_EVIDENCE: &str = "no client's session shows whether the list without node_id is of this node, and a kill names no node";

/// By what a session in another list is known again.
type Traits<'s> = (&'s SessionId, [Option<&'s str>; 5]);

fn traits(session: &Session) -> Traits<'_> {
    let texts = [
        &session.user,
        &session.address,
        &session.database,
        &session.application,
        &session.began,
    ];
    (&session.id, texts.map(Option::as_deref))
}

/// A database by its name; DAS writes `--` for none.
pub(super) fn told_database(text: Option<String>) -> Option<String> {
    told(text).filter(|name| name != "--")
}

/// The ID of a thread or a process. `None` for a number that is none: it is no session that could be killed.
pub(super) fn number(id: &str) -> Option<SessionId> {
    let number = id.trim().parse::<i64>().ok()?;
    (number > 0).then(|| SessionId::number(number))
}

/// Is a text such an ID, as lists show it?
pub(super) fn is_number(text: &str) -> bool {
    number(text).is_some_and(|id| id.to_string() == text)
}

/// What conditions and columns mean for session threads of MySQL.
pub(super) const BEHIND_A_PROXY: (&str, &str) = (
    "exclude_addresses",
    "For clients behind a proxy the list shows the proxy's address.",
);
pub(super) const COMMANDS: (&str, &str) = ("commands", "Examples are `Query` and `Sleep`.");
pub(super) const STATES: (&str, &str) =
    ("states", "An example is `Waiting for table metadata lock`.");
pub(super) const ADDRESS: (&str, &str) = ("address", "Behind a proxy it is the proxy's.");
pub(super) const STATE: (&str, &str) = ("state", "Here it is the stage of the statement.");

/// What `select` offers where a list tells of session threads of MySQL and their transactions.
pub(super) const CONDITIONS: &[Condition] = &[
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
    Condition::All,
    Condition::MinTransaction,
];

/// The same where a list tells nothing of transactions.
pub(super) const CONDITIONS_WITHOUT_TRANSACTIONS: &[Condition] =
    CONDITIONS.split_at(CONDITIONS.len() - 1).0;

/// What conditions and columns mean there.
pub(super) const NOTES: [(&str, &str); 6] = [
    BEHIND_A_PROXY,
    COMMANDS,
    STATES,
    (
        "min_idle",
        "A session is idle while its command is `Sleep`, also in a transaction.",
    ),
    ADDRESS,
    STATE,
];

/// A session thread in MySQL's words.
pub(super) struct Thread {
    pub(super) id: SessionId,
    pub(super) user: Option<String>,
    /// `localhost`, or an address or a name with its port.
    pub(super) host: Option<String>,
    pub(super) database: Option<String>,
    pub(super) command: Option<String>,
    pub(super) state: Option<String>,
    /// The time in the present state.
    pub(super) time: Option<Duration>,
    /// Seconds since the transaction began.
    pub(super) transaction: Option<i64>,
    pub(super) statement: Statement,
}

impl Thread {
    /// The session, with its statement where that is wanted.
    pub(super) fn into_session(self, statements: bool) -> Session {
        let statement = match self.statement.text() {
            _ if !statements => None,
            Ok(statement) => statement,
            Err(_) => return Session::unreadable(self.id),
        };
        let (user, command) = (told(self.user), told(self.command));
        let time = self.time;
        // A row without a command tells neither that the session is idle nor that it is busy.
        let idle = (command.as_deref()).map(|command| command.eq_ignore_ascii_case("Sleep"));
        Session {
            protection: match &user {
                Some(user) if !is_internal(user, command.as_deref().unwrap_or_default()) => {
                    Protection::None
                }
                // One whose user is not told may be the server's own.
                _ => Protection::UnlessUserIsNamed,
            },
            user,
            address: told(self.host).map(Origin::bracketed),
            database: told(self.database),
            command,
            state: told(self.state),
            idle: time.filter(|_| idle == Some(true)),
            busy: time.filter(|_| idle == Some(false)),
            transaction: self.transaction.and_then(transaction_time),
            ..Session::new(self.id).showing(told(statement), idle != Some(true))
        }
    }
}

/// The time of a session from the number that the process list shows, in seconds.
///
/// `None` for a number that is no such time: MySQL subtracts two clocks, and when the clock was set back the difference comes
/// out negative, or wraps around to thousands of millions. Such a session would meet any condition on time.
pub(super) fn listed_time(seconds: i64) -> Option<Duration> {
    (0..=LONGEST_TIME)
        .contains(&seconds)
        .then(|| Duration::from_secs(seconds.unsigned_abs()))
}

/// The same from a number with a fraction.
pub(super) fn listed_fraction(seconds: f64) -> Option<Duration> {
    (0.0..=LONGEST_TIME as f64)
        .contains(&seconds)
        .then(|| Duration::try_from_secs_f64(seconds).ok())?
}

/// 68 years, the longest that a signed 32-bit count of seconds can hold: no session is older.
const LONGEST_TIME: i64 = i32::MAX as i64;

/// The time since a transaction began. Zero stands for no transaction, too.
pub(super) fn transaction_time(seconds: i64) -> Option<Duration> {
    listed_time(seconds).filter(|time| !time.is_zero())
}

/// Whether an account belongs to the cloud's operation of the database: its name starts with `rds`, in upper or lower case.
pub(super) fn is_of_cloud(user: &str) -> bool {
    starts_with(user, "rds")
}

/// Does a text start so, in upper or lower case?
pub(super) fn starts_with(text: &str, prefix: &str) -> bool {
    let start = text.get(..prefix.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Whether a state of PostgreSQL, or of openGauss, is one in which the session does nothing: `idle`, also within a
/// transaction.
pub(super) fn is_idle(state: &str) -> bool {
    starts_with(state.trim_start(), "idle")
}

/// Whether a session of PostgreSQL, or of openGauss, in this state executes the statement that the list shows. In every other
/// state it is the last one that the session executed.
pub(super) fn executes(state: &str) -> bool {
    state.trim().eq_ignore_ascii_case("active")
}

/// Whether a session belongs to the server itself, to the cloud's operation of it, or to replication.
///
/// By account: `system user`, `event_scheduler`, MySQL's own `mysql.sys`, `mysql.session` and `mysql.infoschema`, and every
/// name that starts with `rds`, in upper or lower case. By command: `Daemon`, `Binlog Dump` in all its forms, and a replica
/// that registers itself.
fn is_internal(user: &str, command: &str) -> bool {
    const ACCOUNTS: [&str; 5] = [
        "system user",
        "event_scheduler",
        "mysql.sys",
        "mysql.session",
        "mysql.infoschema",
    ];
    ACCOUNTS.iter().any(|name| user.eq_ignore_ascii_case(name))
        || is_of_cloud(user)
        || command.eq_ignore_ascii_case("Daemon")
        || starts_with(command, "Binlog Dump")
        || starts_with(command, "Register ")
}
