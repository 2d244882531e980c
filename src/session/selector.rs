//! What a selector may not say, and the attribute that says it.

use std::borrow::Borrow;
use std::time::Duration;

use thiserror::Error;

use super::duration::{self, DurationError};

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
    /// Where the problem is, as one writes it: `hosts[2]` or `min_time`.
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
    #[error("nothing is selected; give at least one condition, or all = true for every session")]
    NothingSelected,
    /// Exclusions alone choose nothing.
    #[error(
        "only exclusions are given; add all = true to choose every other session, or a condition"
    )]
    OnlyExclusions,
    /// `all = true` beside conditions.
    #[error("all = true contradicts {}, which would leave sessions out", .conditions.join(", "))]
    AllWithConditions {
        /// The conditions that are given beside it.
        conditions: Vec<&'static str>,
    },
    /// A list that is given and has no elements: no session can meet it.
    #[error("the list is empty, so that no session can match; leave it out if anything may match")]
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
        "{value} is not a database; databases are numbered from 0 to {}",
        i32::MAX
    )]
    NotADatabase {
        /// The number as written.
        value: i64,
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
    /// A minimum above its maximum: no session can match.
    #[error(
        "the minimum {} is above the maximum {}, so that no session can match",
        duration::show(*.min),
        duration::show(*.max)
    )]
    MinimumAboveMaximum {
        /// The minimum.
        min: Duration,
        /// The maximum.
        max: Duration,
    },
    /// A user who is chosen and excluded at once.
    #[error("\"{user}\" is also in users; a user is either chosen or excluded")]
    ChosenAndExcluded {
        /// The user's name.
        user: String,
    },
}

/// Reads the attributes of one `select` block, and keeps every problem it meets on the way.
#[derive(Debug, Default)]
pub(super) struct Reader {
    errors: Vec<SelectorError>,
    conditions: Vec<&'static str>,
    exclusions: bool,
}

impl Reader {
    /// Notes a problem.
    pub(super) fn refuse(
        &mut self,
        attribute: &'static str,
        index: Option<usize>,
        problem: Problem,
    ) {
        self.errors.push(SelectorError {
            attribute,
            index,
            problem,
        });
    }

    /// Reads a condition that is a list, element by element. What is wrong is noted, and the rest is read on.
    pub(super) fn list<T: Borrow<V>, V: ?Sized, R>(
        &mut self,
        attribute: &'static str,
        values: Option<&[T]>,
        read: impl Fn(&V) -> Result<R, Problem>,
    ) -> Option<Vec<R>> {
        let values = values?;
        self.conditions.push(attribute);
        if values.is_empty() {
            self.refuse(attribute, None, Problem::EmptyList);
        }
        Some(self.elements(attribute, values, read))
    }

    /// Reads `exclude_users`. An empty list is fine here: it takes nobody away.
    pub(super) fn excluded_users(
        &mut self,
        excluded: Option<&[String]>,
        users: Option<&[String]>,
    ) -> Vec<String> {
        const ATTRIBUTE: &str = "exclude_users";
        let excluded = excluded.unwrap_or_default();
        self.exclusions = !excluded.is_empty();
        let chosen = users.unwrap_or_default();
        self.elements(ATTRIBUTE, excluded, |user: &str| {
            let name = plain(user)?;
            if chosen.contains(&name) {
                return Err(Problem::ChosenAndExcluded { user: name });
            }
            Ok(name)
        })
    }

    /// Reads a condition that is a least duration.
    pub(super) fn minimum(
        &mut self,
        attribute: &'static str,
        text: Option<&str>,
    ) -> Option<Duration> {
        let duration = self.maximum(attribute, text)?;
        if duration.is_zero() {
            let value = text.unwrap_or_default().to_owned();
            self.refuse(attribute, None, Problem::ZeroMinimum { value });
        }
        Some(duration)
    }

    /// Reads a condition that is a greatest duration.
    pub(super) fn maximum(
        &mut self,
        attribute: &'static str,
        text: Option<&str>,
    ) -> Option<Duration> {
        let text = text?;
        self.conditions.push(attribute);
        match duration::parse(text) {
            Ok(duration) => Some(duration),
            Err(error) => {
                self.refuse(attribute, None, error.into());
                None
            }
        }
    }

    /// Ends the reading: weighs `all` against what was given, and hands over every problem there is.
    pub(super) fn finish(mut self, all: bool) -> Result<(), Vec<SelectorError>> {
        let conditions = std::mem::take(&mut self.conditions);
        match (all, conditions.is_empty()) {
            (true, false) => self.refuse("all", None, Problem::AllWithConditions { conditions }),
            (false, true) if self.exclusions => self.refuse("all", None, Problem::OnlyExclusions),
            (false, true) => self.refuse("all", None, Problem::NothingSelected),
            (true, true) | (false, false) => {}
        }
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(self.errors)
        }
    }

    fn elements<T: Borrow<V>, V: ?Sized, R>(
        &mut self,
        attribute: &'static str,
        values: &[T],
        read: impl Fn(&V) -> Result<R, Problem>,
    ) -> Vec<R> {
        let mut read_values = Vec::with_capacity(values.len());
        for (index, value) in values.iter().enumerate() {
            match read(value.borrow()) {
                Ok(value) => read_values.push(value),
                Err(problem) => self.refuse(attribute, Some(index), problem),
            }
        }
        read_values
    }
}

/// A value that is compared as it stands: not empty, and without the white space around it that nobody sees.
pub(super) fn plain(value: &str) -> Result<String, Problem> {
    if value.is_empty() {
        return Err(Problem::EmptyValue);
    }
    if value.trim() != value {
        return Err(Problem::SurroundingSpace {
            value: value.to_owned(),
        });
    }
    Ok(value.to_owned())
}

/// What a listing says; an empty text says nothing.
pub(super) fn known(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

/// Whether a condition holds; one that is not given always does.
pub(super) fn holds<C>(condition: &Option<C>, meets: impl FnOnce(&C) -> bool) -> bool {
    condition.as_ref().is_none_or(meets)
}

/// Whether a name is among those of a condition, in upper or lower case.
pub(super) fn is_one_of(names: &[String], name: &str) -> bool {
    names.iter().any(|one| one.eq_ignore_ascii_case(name))
}
