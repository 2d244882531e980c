//! What is true of the sessions of one service only, until that service's own file says it.

use std::time::Duration;

use thiserror::Error;

use super::{Protection, SessionId};

#[cfg(test)]
mod tests;

// TaurusDB.

/// Why a number is not the id of a TaurusDB session thread.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "\"{value}\" is not a thread id, which is a whole number from 1 to {}",
    i64::MAX
)]
pub struct NotAThreadId {
    /// The value as given.
    pub value: String,
}

/// The id of a TaurusDB session thread: a positive 64-bit number. The server does not give an id twice while it runs.
///
/// # Errors
///
/// [`NotAThreadId`] if the number is not positive.
pub fn thread_id(number: i64) -> Result<SessionId, NotAThreadId> {
    if number > 0 {
        Ok(SessionId::number(number))
    } else {
        Err(NotAThreadId {
            value: number.to_string(),
        })
    }
}

/// The time of a TaurusDB session from the number that the process list shows, in seconds.
///
/// `None` for a number that is no such time: MySQL subtracts two clocks, and when the clock was set back the difference
/// comes out negative, or wraps around to thousands of millions. Such a session would meet any least time, so its time is
/// taken to be unknown.
#[must_use]
pub fn listed_time(seconds: i64) -> Option<Duration> {
    /// 68 years, the longest that a signed 32-bit count of seconds can hold: no session is older.
    const LONGEST: i64 = i32::MAX as i64;
    (0..=LONGEST)
        .contains(&seconds)
        .then(|| Duration::from_secs(seconds.unsigned_abs()))
}

/// Why a TaurusDB session is left alone: it is internal, or its user is not told and may be the server's own.
#[must_use]
pub fn taurusdb_protection(user: Option<&str>, command: &str) -> Protection {
    match user.filter(|user| !user.is_empty()) {
        Some(user) if !is_internal(user, command) => Protection::None,
        _ => Protection::UnlessUserIsNamed,
    }
}

/// Whether a TaurusDB session belongs to the server itself, to the cloud's operation of it, or to replication.
///
/// By account: `system user`, `event_scheduler`, MySQL's own `mysql.sys`, `mysql.session` and `mysql.infoschema`, and every
/// name that starts with `rds`, in upper or lower case. By command: `Daemon`, `Binlog Dump` in all its forms, and a replica
/// that registers itself.
#[must_use]
pub fn is_internal(user: &str, command: &str) -> bool {
    const ACCOUNTS: [&str; 5] = [
        "system user",
        "event_scheduler",
        "mysql.sys",
        "mysql.session",
        "mysql.infoschema",
    ];
    ACCOUNTS.iter().any(|name| user.eq_ignore_ascii_case(name))
        || starts_with(user, "rds")
        || command.eq_ignore_ascii_case("Daemon")
        || starts_with(command, "Binlog Dump")
        || starts_with(command, "Register ")
}

/// Whether a text starts with an ASCII prefix, in upper or lower case.
fn starts_with(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

// DCS.

/// The flag of a connection to this node's master, by which the node receives what to replicate.
const MASTER: char = 'M';

/// The flag of a replica's connection, by which this node sends what to replicate.
const REPLICA: char = 'S';

/// Why a DCS session is left alone: it carries replication, and `flags` does not name what shows that.
#[must_use]
pub fn dcs_protection(flags: &str, command: Option<&str>) -> Protection {
    if is_replication(flags, command) {
        Protection::UnlessFlagsAreNamed(replication_flags(flags).collect())
    } else {
        Protection::None
    }
}

/// Whether a DCS session carries replication: to the node's master, or from a replica. A `MONITOR` client (flag `O`) does
/// not, although Redis keeps it among the replicas.
#[must_use]
pub fn is_replication(flags: &str, command: Option<&str>) -> bool {
    const REPLICA_COMMANDS: [&str; 3] = ["psync", "sync", "replconf"];
    replication_flags(flags).next().is_some()
        || command.is_some_and(|command| {
            REPLICA_COMMANDS
                .iter()
                .any(|name| command.eq_ignore_ascii_case(name))
        })
}

fn replication_flags(flags: &str) -> impl Iterator<Item = char> {
    flags
        .chars()
        .filter(|flag| matches!(*flag, MASTER | REPLICA))
}

/// Whether an address of a DCS session is one of DCS' inner network, 198.19.0.0/16, which is listed instead of the client's
/// own when client IP pass-through is off (user guide of DCS, on the pass-through of client addresses).
#[must_use]
pub fn has_inner_address(origin: Option<&str>) -> bool {
    origin.is_some_and(|origin| origin.starts_with("198.19."))
}
