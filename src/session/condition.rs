//! The conditions that a selector may have: one vocabulary for the sessions of every service.
//!
//! A service offers the conditions that its list can answer. What is written for them becomes a [`Selector`].

use std::time::Duration;

use super::address::OriginPattern;
use super::duration;
use super::problem::Problem;

pub use super::selector::Selector;

#[cfg(test)]
pub(super) mod tests;

/// A condition of a selector.
///
/// Names and texts are compared whole, and upper and lower case differ unless it says otherwise. What a list does not tell
/// meets no condition, and is taken away by exclusions of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Condition {
    /// The user is one of these. Protected sessions may need it: see [`Protection`](super::Protection).
    Users,
    /// The user is none of these. A session whose user is not told may be one of them, so it is left alone.
    ExcludeUsers,
    /// The client is at one of these addresses or networks, with or without a port. Nothing is resolved. A listed address that
    /// can be read in two ways must be among these in both.
    Addresses {
        /// Whether the list may show host names, so that one may be written.
        host_names: bool,
    },
    /// The client is at none of these addresses or networks, by whatever address the list shows. It is left alone unless the list
    /// tells for certain that it is elsewhere: an address that is not told or cannot be read may be any, and a host name may stand
    /// for any address.
    ExcludeAddresses {
        /// Whether the list may show host names, so that one may be written.
        host_names: bool,
    },
    /// The default database is one of these.
    Databases {
        /// Whether databases are numbered: `0` to `2147483647`.
        numbered: bool,
    },
    /// The command is one of these, in upper or lower case. A command finds its subcommands as well: `client` finds
    /// `client|list`, and `client|list` only itself.
    Commands,
    /// The state is one of these, in upper or lower case.
    States,
    /// The state has at least one of these letters. Protected sessions may need it: see [`Protection`](super::Protection).
    Flags,
    /// The application matches one of these globs: `*` for any characters, `?` for one, `[ab]`, `[a-z]`, `[!a]`,
    /// `{this,that}`, and `\` before a character that is meant literally.
    Applications,
    /// [`Applications`](Self::Applications), where the service speaks of names.
    Names,
    /// One of these regular expressions is found in the statement that the session executes, as the list shows it, which may
    /// be cut short. An idle session executes none. Upper and lower case differ unless the expression begins with `(?i)`; `.` does
    /// not match a line break unless with `(?s)`.
    StatementMatches,
    /// None of these regular expressions is found in the statement as the list shows it, be it one that the session executes or
    /// the last one of an idle session. An idle session without a statement is not left alone; one that is not known to be idle
    /// may execute any, so it is.
    ExcludeStatementMatches,
    /// The session is idle at least this long. A busy one never is.
    MinIdle,
    /// The session is busy at least this long. An idle one never is.
    MinBusy,
    /// The session has been connected at least this long.
    MinAge,
    /// The session's transaction has been open at least this long.
    MinTransaction,
    /// Other sessions wait for the session. Those that wait are not meant: to kill them frees nobody.
    Blocking,
    /// Every session but protected and excluded ones.
    All,
}

/// What is written for a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// A list of texts: alternatives.
    Texts,
    /// One duration.
    Duration,
    /// `true`; `false` is the same as nothing.
    Bool,
}

/// What is written for one condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// A list of texts.
    Texts(Vec<String>),
    /// One duration.
    Duration(String),
    /// `true` or `false`.
    Bool(bool),
}

/// What one written value means: two values that mean the same describe the same sessions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Meaning {
    /// The text itself, in lower case where case is ignored.
    Text(String),
    /// A network, an address or a host name, with a port or without.
    Place(OriginPattern),
    /// A length of time.
    Time(Duration),
}

impl Condition {
    /// The name of the argument.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::ExcludeUsers => "exclude_users",
            Self::Addresses { .. } => "addresses",
            Self::ExcludeAddresses { .. } => "exclude_addresses",
            Self::Databases { .. } => "databases",
            Self::Commands => "commands",
            Self::States => "states",
            Self::Flags => "flags",
            Self::Applications => "applications",
            Self::Names => "names",
            Self::StatementMatches => "statement_matches",
            Self::ExcludeStatementMatches => "exclude_statement_matches",
            Self::MinIdle => "min_idle",
            Self::MinBusy => "min_busy",
            Self::MinAge => "min_age",
            Self::MinTransaction => "min_transaction",
            Self::Blocking => "blocking",
            Self::All => "all",
        }
    }

    /// What is written for it.
    #[must_use]
    pub const fn shape(self) -> Shape {
        match self {
            Self::MinIdle | Self::MinBusy | Self::MinAge | Self::MinTransaction => Shape::Duration,
            Self::Blocking | Self::All => Shape::Bool,
            Self::Users
            | Self::ExcludeUsers
            | Self::Addresses { .. }
            | Self::ExcludeAddresses { .. }
            | Self::Databases { .. }
            | Self::Commands
            | Self::States
            | Self::Flags
            | Self::Applications
            | Self::Names
            | Self::StatementMatches
            | Self::ExcludeStatementMatches => Shape::Texts,
        }
    }

    /// Whether it only takes sessions away: it chooses nothing by itself, and may stand beside `all`.
    #[must_use]
    pub const fn is_exclusion(self) -> bool {
        self.opposite().is_some()
    }

    /// The condition that chooses what this one excludes.
    pub(super) const fn opposite(self) -> Option<Self> {
        match self {
            Self::ExcludeUsers => Some(Self::Users),
            Self::ExcludeAddresses { host_names } => Some(Self::Addresses { host_names }),
            Self::ExcludeStatementMatches => Some(Self::StatementMatches),
            _ => None,
        }
    }

    /// What one written value means. A text that cannot be read stands for itself.
    #[must_use]
    pub fn meaning(self, value: &str) -> Meaning {
        let as_written = || Meaning::Text(value.to_owned());
        match self {
            Self::Commands | Self::States => Meaning::Text(value.to_ascii_lowercase()),
            Self::Addresses { host_names } | Self::ExcludeAddresses { host_names } => {
                read_address(&value.to_ascii_lowercase(), host_names)
                    .map_or_else(|_| as_written(), Meaning::Place)
            }
            _ if self.shape() == Shape::Duration => {
                duration::parse(value).map_or_else(|_| as_written(), Meaning::Time)
            }
            _ => as_written(),
        }
    }
}

/// Reads a value of a condition on addresses.
pub(super) fn read_address(text: &str, host_names: bool) -> Result<OriginPattern, Problem> {
    if host_names {
        OriginPattern::parse_host(text)
    } else {
        OriginPattern::parse_address(text)
    }
}
