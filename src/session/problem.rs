//! What a selector may not say, and the attribute that says it.

use thiserror::Error;

use super::condition::Shape;
use super::duration::DurationError;

/// One thing that is wrong with a selector, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}: {problem}", self.place())]
pub struct SelectorError {
    /// The attribute of the `select` block, by its name there. What is wrong with the block as a whole is reported on
    /// `all`, since that is what would have to be written or left out.
    pub attribute: &'static str,
    /// The element of the attribute, counted from 0; `None` when it is the attribute itself.
    pub index: Option<usize>,
    /// What is wrong.
    pub problem: Problem,
}

impl SelectorError {
    /// Where the problem is, as one writes it: `addresses[2]` or `min_idle`.
    #[must_use]
    pub fn place(&self) -> String {
        match self.index {
            Some(index) => format!("{}[{index}]", self.attribute),
            None => self.attribute.to_owned(),
        }
    }
}

/// What can be wrong with a selector.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Problem {
    /// Neither a condition nor `all = true`.
    #[error(
        "The select block has no condition. Set at least one, or set all = true to kill every session"
    )]
    NothingSelected,
    /// Exclusions alone choose nothing.
    #[error(
        "The select block has only exclusions. Add a condition, or set all = true to kill every other session"
    )]
    OnlyExclusions,
    /// `all = true` beside conditions.
    #[error("all = true conflicts with {}", .conditions.join(", "))]
    AllWithConditions {
        /// The conditions that are given beside it.
        conditions: Vec<&'static str>,
    },
    /// A list that is given and has no elements: no session can meet it.
    #[error("the list is empty, so no session can match; leave it out if every value may match")]
    EmptyList,
    /// An element that is the empty string.
    #[error("the value is empty")]
    EmptyValue,
    /// An element that begins or ends with white space.
    #[error("\"{value}\" begins or ends with white space")]
    SurroundingSpace {
        /// The value as written.
        value: String,
    },
    /// Neither an address, nor a network, nor a host name where one is accepted.
    #[error(
        "\"{value}\" is not an address; write one like \"10.0.0.7\", \"10.0.0.0/24\" or \"2001:db8::7\"{}",
        if *.names { ", or a host name" } else { "" }
    )]
    NotAnAddress {
        /// The value as written.
        value: String,
        /// Whether a host name would have been accepted as well.
        names: bool,
    },
    /// Looks like a network in CIDR form, but is none.
    #[error("\"{value}\" is not a network; write one like \"10.0.0.0/24\" or \"2001:db8::/32\"")]
    NotANetwork {
        /// The value as written.
        value: String,
    },
    /// A network whose address has bits set beyond the prefix: either the network or the one address was meant.
    #[error(
        "\"{value}\" is not the beginning of its network; write \"{network}\" for the whole network or \"{address}\" for the one address"
    )]
    HostBits {
        /// The value as written.
        value: String,
        /// The network it lies in.
        network: String,
        /// The address without the prefix.
        address: String,
    },
    /// A port that is not a number from 1 to 65535.
    #[error("\"{value}\" has the port \"{port}\"; a port is a number from 1 to 65535")]
    NotAPort {
        /// The value as written.
        value: String,
        /// The part after the colon.
        port: String,
    },
    /// Not a regular expression.
    #[error("\"{value}\" is not a regular expression: {reason}")]
    NotARegex {
        /// The value as written.
        value: String,
        /// What the regular expression compiler says, over several lines.
        reason: String,
    },
    /// Not a glob.
    #[error("\"{value}\" is not a glob: {reason}")]
    NotAGlob {
        /// The value as written.
        value: String,
        /// What the glob compiler says.
        reason: String,
    },
    /// Not a flag of the client list.
    #[error(
        "\"{value}\" is not a flag; a flag is one letter as CLIENT LIST shows it, upper and lower case differ, and several flags are several elements"
    )]
    NotAFlag {
        /// The value as written.
        value: String,
    },
    /// Not the number of a database.
    #[error(
        "\"{value}\" is not a database; databases are numbered from 0 to {}",
        i32::MAX
    )]
    NotADatabase {
        /// The value as written.
        value: String,
    },
    /// Not a duration.
    #[error(transparent)]
    Duration(#[from] DurationError),
    /// A minimum of no time, which every session reaches.
    #[error(
        "a minimum of {value} is reached by every session; leave it out, or write a longer one"
    )]
    ZeroMinimum {
        /// The value as written.
        value: String,
    },
    /// A least time of being idle beside a least time of being busy: no session can meet both.
    #[error("no session is idle and busy at once; leave out either min_idle or min_busy")]
    IdleAndBusy,
    /// A condition that the service's list cannot answer.
    #[error("the list of this service does not tell what this condition asks for; leave it out")]
    NotOffered,
    /// Something else is written than the condition takes.
    #[error(
        "this condition takes {}",
        match .shape {
            Shape::Texts => "a list of strings",
            Shape::Duration => "one duration like \"5m\"",
            Shape::Bool => "true or false",
        }
    )]
    AnotherShape {
        /// What it takes.
        shape: Shape,
    },
    /// A value that is chosen and excluded at once.
    #[error("\"{value}\" is also in {chosen}; a value is either chosen or excluded")]
    ChosenAndExcluded {
        /// The excluded value as written.
        value: String,
        /// The condition that chooses it.
        chosen: &'static str,
    },
}
