//! The selector of every service: what is written for its conditions, checked, and applied to one session at a time.

use std::collections::HashSet;
use std::net::IpAddr;
use std::time::Duration;

use globset::GlobMatcher;
use regex::Regex;

use self::values::{database_number, flag, glob, plain, regex};
use super::address::{Origin, OriginPattern};
use super::condition::{Condition, Meaning, Shape, Written, read_address};
use super::duration;
use super::session::{Protection, Session};
use super::{Selects, Verdict};

pub use super::problem::{Problem, SelectorError};

mod values;

#[cfg(test)]
mod reference_tests;
#[cfg(test)]
mod tests;

/// A selector that has been checked.
#[derive(Debug, Clone)]
pub struct Selector {
    /// Each must hold. None at all is `all = true`.
    tests: Vec<Test>,
}

/// A question about some sessions of a list: those of which all of this is true.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// They are of this user.
    pub user: Option<String>,
    /// They use this database.
    pub database: Option<String>,
    /// Their clients are at this address.
    pub address: Option<IpAddr>,
}

impl Question {
    /// The most that can be asked about a session.
    #[must_use]
    pub fn about(session: &Session) -> Self {
        let mut readings = origin(session);
        // One that can be read in two ways is not asked for.
        let only = readings.next().filter(|_| readings.next().is_none());
        Self {
            user: session.user.clone(),
            database: session.database.clone(),
            address: only.and_then(|origin| origin.address()),
        }
    }
}

/// One condition, as a session is held to it.
#[derive(Debug, Clone)]
enum Test {
    Users(HashSet<String>),
    ExcludeUsers(HashSet<String>),
    Databases(HashSet<String>),
    Commands(Vec<String>),
    States(Vec<String>),
    Flags(HashSet<char>),
    MinIdle(Duration),
    MinBusy(Duration),
    MinAge(Duration),
    MinTransaction(Duration),
    Blocking,
    Applications(Vec<GlobMatcher>),
    Addresses(Vec<OriginPattern>),
    ExcludeAddresses(Vec<OriginPattern>),
    StatementMatches(Vec<Regex>),
    ExcludeStatementMatches(Vec<Regex>),
}

impl Selector {
    /// Checks what is written for the conditions that a service offers, in the order in which it offers them.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, in the order of `offered`, and last what is wrong with the selector as a whole.
    pub fn parse(
        offered: &[Condition],
        written: &[(Condition, Written)],
    ) -> Result<Self, Vec<SelectorError>> {
        let mut reader = Reader::new(written);
        for condition in offered {
            for (_, value) in written.iter().filter(|(other, _)| other == condition) {
                reader.read(*condition, value);
            }
        }
        for (condition, _) in written {
            if !offered.contains(condition) {
                reader.refuse(*condition, None, Problem::NotOffered);
            }
        }
        reader.finish()
    }

    /// Whether it looks at statements: then they must be listed.
    #[must_use]
    pub fn reads_statements(&self) -> bool {
        self.has(|test| {
            matches!(
                test,
                Test::StatementMatches(_) | Test::ExcludeStatementMatches(_)
            )
        })
    }

    /// Whether it chooses by addresses.
    #[must_use]
    pub fn chooses_addresses(&self) -> bool {
        self.has(|test| matches!(test, Test::Addresses(_)))
    }

    /// Whether it leaves sessions alone by their addresses.
    #[must_use]
    pub fn excludes_addresses(&self) -> bool {
        self.has(|test| matches!(test, Test::ExcludeAddresses(_)))
    }

    /// Whether it asks which sessions others wait for: then that must be looked up.
    #[must_use]
    pub fn asks_who_blocks(&self) -> bool {
        self.has(|test| matches!(test, Test::Blocking))
    }

    /// Whether it chooses everybody but excluded sessions.
    #[must_use]
    pub fn chooses_all(&self) -> bool {
        !self.has(|test| !test.is_exclusion())
    }

    /// What to ask for, where a list shows too few sessions to have everybody: whoever is chosen is in the answer to one of
    /// these questions. Empty: there is no such question.
    #[must_use]
    pub fn questions(&self) -> Vec<Question> {
        let texts = |texts: &HashSet<String>, question: fn(String) -> Question| {
            let mut texts: Vec<String> = texts.iter().cloned().collect();
            texts.sort_unstable();
            texts.into_iter().map(question).collect::<Vec<_>>()
        };
        let questions = self.tests.iter().map(|test| match test {
            Test::Users(users) => texts(users, |user| Question {
                user: Some(user),
                ..Question::default()
            }),
            Test::Databases(databases) => texts(databases, |database| Question {
                database: Some(database),
                ..Question::default()
            }),
            Test::Addresses(patterns) => (patterns.iter())
                .map(|pattern| {
                    let address = Some(pattern.only_address()?);
                    Some(Question {
                        address,
                        ..Question::default()
                    })
                })
                .collect::<Option<_>>()
                .unwrap_or_default(),
            _ => Vec::new(),
        });
        (questions.filter(|questions| !questions.is_empty()))
            .min_by_key(Vec::len)
            .unwrap_or_default()
    }

    fn has(&self, wanted: impl Fn(&Test) -> bool) -> bool {
        self.tests.iter().any(wanted)
    }

    /// Whether a session that meets every condition is left alone all the same.
    fn protects(&self, session: &Session) -> bool {
        match &session.protection {
            Protection::None => false,
            Protection::UnlessUserIsNamed => !self.has(|test| matches!(test, Test::Users(_))),
            Protection::UnlessFlagsAreNamed(letters) => {
                let names_all = |test: &Test| match test {
                    Test::Flags(flags) => letters.chars().all(|letter| flags.contains(&letter)),
                    _ => false,
                };
                letters.is_empty() || !self.has(names_all)
            }
        }
    }
}

impl Selects<Session> for Selector {
    fn verdict(&self, session: &Session) -> Verdict {
        if !session.readable || !self.tests.iter().all(|test| test.holds(session)) {
            Verdict::Passed
        } else if self.protects(session) {
            Verdict::Protected
        } else if session.unnameable.is_some() {
            Verdict::Nameless
        } else {
            Verdict::Chosen
        }
    }
}

impl Test {
    /// Whether a session meets the condition. What is not told meets none, and is excluded where it might be excluded.
    fn holds(&self, session: &Session) -> bool {
        match self {
            Self::Users(users) => known(&session.user).is_some_and(|user| users.contains(user)),
            Self::ExcludeUsers(users) => {
                known(&session.user).is_some_and(|user| !users.contains(user))
            }
            Self::Databases(databases) => {
                known(&session.database).is_some_and(|database| databases.contains(database))
            }
            Self::Commands(commands) => {
                known(&session.command).is_some_and(|command| is_command(commands, command))
            }
            Self::States(states) => {
                known(&session.state).is_some_and(|state| is_one_of(states, state))
            }
            Self::Flags(flags) => known(&session.state)
                .is_some_and(|letters| letters.chars().any(|letter| flags.contains(&letter))),
            Self::MinIdle(min) => session.idle.is_some_and(|idle| idle >= *min),
            Self::MinBusy(min) => session.busy.is_some_and(|busy| busy >= *min),
            Self::MinAge(min) => session.age.is_some_and(|age| age >= *min),
            Self::MinTransaction(min) => session.transaction.is_some_and(|time| time >= *min),
            Self::Blocking => session.blocks == Some(true),
            Self::Applications(globs) => known(&session.application)
                .is_some_and(|name| globs.iter().any(|glob| glob.is_match(name))),
            Self::Addresses(patterns) => {
                let is_there = |origin: Origin| patterns.iter().any(|one| one.matches(&origin));
                let mut readings = origin(session).map(is_there).peekable();
                readings.peek().is_some() && readings.all(|is_there| is_there)
            }
            Self::ExcludeAddresses(patterns) => {
                let may_be_there =
                    |origin: Origin| patterns.iter().any(|one| one.may_match(&origin));
                let elsewhere = |address: &Option<String>| match known(address) {
                    Some(address) => !Origin::readings(address).any(may_be_there),
                    // It is told by the other one.
                    None => true,
                };
                origin(session).next().is_some()
                    && !session.hides_client
                    && elsewhere(&session.origin)
                    && elsewhere(&session.address)
            }
            Self::StatementMatches(patterns) => known(&session.statement)
                .is_some_and(|statement| patterns.iter().any(|one| one.is_match(statement))),
            Self::ExcludeStatementMatches(patterns) => match shown_statement(session) {
                Some(statement) => !patterns.iter().any(|one| one.is_match(statement)),
                // Only an idle session has none for certain.
                None => session.idle.is_some(),
            },
        }
    }

    /// Whether it only takes sessions away.
    fn is_exclusion(&self) -> bool {
        matches!(
            self,
            Self::ExcludeUsers(_) | Self::ExcludeAddresses(_) | Self::ExcludeStatementMatches(_)
        )
    }

    /// Whether it takes longer than looking at a value: such tests come last.
    fn is_search(&self) -> bool {
        matches!(
            self,
            Self::Applications(_)
                | Self::Addresses(_)
                | Self::ExcludeAddresses(_)
                | Self::StatementMatches(_)
                | Self::ExcludeStatementMatches(_)
        )
    }
}

/// Where conditions on addresses look, in every way that it can be read.
fn origin(session: &Session) -> impl Iterator<Item = Origin> {
    let listed = known(&session.origin).or(known(&session.address));
    listed.into_iter().flat_map(Origin::readings)
}

/// The statement that the list shows, whether the session still executes it or not.
fn shown_statement(session: &Session) -> Option<&str> {
    known(&session.statement).or(known(&session.last_statement))
}

/// Whether a command, or the command whose subcommand it is, is among those of a condition.
fn is_command(commands: &[String], command: &str) -> bool {
    let family = command.split_once('|').map(|(family, _)| family);
    is_one_of(commands, command) || family.is_some_and(|family| is_one_of(commands, family))
}

/// Reads what is written, and keeps every problem it meets on the way.
struct Reader<'w> {
    written: &'w [(Condition, Written)],
    tests: Vec<Test>,
    errors: Vec<SelectorError>,
    /// The conditions that are given, by their names.
    conditions: Vec<&'static str>,
    excludes: bool,
    all: bool,
}

impl<'w> Reader<'w> {
    fn new(written: &'w [(Condition, Written)]) -> Self {
        Self {
            written,
            tests: Vec::new(),
            errors: Vec::new(),
            conditions: Vec::new(),
            excludes: false,
            all: false,
        }
    }

    fn refuse(&mut self, condition: Condition, index: Option<usize>, problem: Problem) {
        self.errors.push(SelectorError {
            attribute: condition.name(),
            index,
            problem,
        });
    }

    fn read(&mut self, condition: Condition, written: &Written) {
        match (condition.shape(), written) {
            (Shape::Bool, Written::Bool(value)) => match condition {
                Condition::Blocking if *value => {
                    self.conditions.push(condition.name());
                    self.tests.push(Test::Blocking);
                }
                Condition::All => self.all |= value,
                _ => {}
            },
            (Shape::Duration, Written::Duration(text)) => self.read_minimum(condition, text),
            (Shape::Texts, Written::Texts(values)) => self.read_texts(condition, values),
            (shape, _) => self.refuse(condition, None, Problem::AnotherShape { shape }),
        }
    }

    fn read_minimum(&mut self, condition: Condition, text: &str) {
        self.conditions.push(condition.name());
        let min = match duration::parse(text) {
            Ok(min) if min.is_zero() => {
                let value = text.to_owned();
                return self.refuse(condition, None, Problem::ZeroMinimum { value });
            }
            Ok(min) => min,
            Err(error) => return self.refuse(condition, None, error.into()),
        };
        self.tests.extend(match condition {
            Condition::MinIdle => Some(Test::MinIdle(min)),
            Condition::MinBusy => Some(Test::MinBusy(min)),
            Condition::MinAge => Some(Test::MinAge(min)),
            Condition::MinTransaction => Some(Test::MinTransaction(min)),
            _ => None,
        });
    }

    fn read_texts(&mut self, condition: Condition, values: &[String]) {
        if condition.is_exclusion() {
            if values.is_empty() {
                // It takes nobody away.
                return;
            }
            self.excludes = true;
        } else {
            self.conditions.push(condition.name());
            if values.is_empty() {
                self.refuse(condition, None, Problem::EmptyList);
            }
        }
        let test = match condition {
            Condition::Users => Test::Users(self.elements(condition, values, plain)),
            Condition::ExcludeUsers => Test::ExcludeUsers(self.elements(condition, values, plain)),
            Condition::Databases { numbered: false } => {
                Test::Databases(self.elements(condition, values, plain))
            }
            Condition::Databases { numbered: true } => {
                Test::Databases(self.elements(condition, values, database_number))
            }
            Condition::Commands => Test::Commands(self.elements(condition, values, plain)),
            Condition::States => Test::States(self.elements(condition, values, plain)),
            Condition::Flags => Test::Flags(self.elements(condition, values, flag)),
            Condition::Applications | Condition::Names => {
                Test::Applications(self.elements(condition, values, glob))
            }
            Condition::Addresses { host_names } => {
                let read = |text: &str| read_address(text, host_names);
                Test::Addresses(self.elements(condition, values, read))
            }
            Condition::ExcludeAddresses { host_names } => {
                let read = |text: &str| read_address(text, host_names);
                Test::ExcludeAddresses(self.elements(condition, values, read))
            }
            Condition::StatementMatches => {
                Test::StatementMatches(self.elements(condition, values, regex))
            }
            Condition::ExcludeStatementMatches => {
                Test::ExcludeStatementMatches(self.elements(condition, values, regex))
            }
            Condition::MinIdle
            | Condition::MinBusy
            | Condition::MinAge
            | Condition::MinTransaction
            | Condition::Blocking
            | Condition::All => return,
        };
        self.tests.push(test);
    }

    /// Reads the values of a list. What is wrong is noted, and the rest is read on.
    fn elements<R, C: FromIterator<R>>(
        &mut self,
        condition: Condition,
        values: &[String],
        read: impl Fn(&str) -> Result<R, Problem>,
    ) -> C {
        let chosen = condition.opposite().map(|opposite| Chosen {
            name: opposite.name(),
            meanings: self.meanings(opposite),
        });
        let mut elements = Vec::with_capacity(values.len());
        for (index, value) in values.iter().enumerate() {
            let element = read(value).and_then(|element| match &chosen {
                Some(chosen) if chosen.meanings.contains(&condition.meaning(value)) => {
                    Err(Problem::ChosenAndExcluded {
                        value: value.clone(),
                        chosen: chosen.name,
                    })
                }
                _ => Ok(element),
            });
            match element {
                Ok(element) => elements.push(element),
                Err(problem) => self.refuse(condition, Some(index), problem),
            }
        }
        elements.into_iter().collect()
    }

    /// What is written for a condition, by its meaning.
    fn meanings(&self, condition: Condition) -> HashSet<Meaning> {
        self.written
            .iter()
            .filter(|(other, _)| *other == condition)
            .filter_map(|(_, written)| match written {
                Written::Texts(values) => Some(values),
                Written::Duration(_) | Written::Bool(_) => None,
            })
            .flatten()
            .map(|value| condition.meaning(value))
            .collect()
    }

    /// Ends the reading: weighs what was given as a whole, and hands over every problem there is.
    fn finish(mut self) -> Result<Selector, Vec<SelectorError>> {
        let (idle, busy) = (Condition::MinIdle, Condition::MinBusy);
        if self.conditions.contains(&idle.name()) && self.conditions.contains(&busy.name()) {
            self.refuse(busy, None, Problem::IdleAndBusy);
        }
        let conditions = std::mem::take(&mut self.conditions);
        let problem = match (self.all, conditions.is_empty()) {
            (true, false) => Some(Problem::AllWithConditions { conditions }),
            (false, true) if self.excludes => Some(Problem::OnlyExclusions),
            (false, true) => Some(Problem::NothingSelected),
            (true, true) | (false, false) => None,
        };
        if let Some(problem) = problem {
            self.refuse(Condition::All, None, problem);
        }
        if !self.errors.is_empty() {
            return Err(self.errors);
        }
        self.tests.sort_by_key(Test::is_search);
        Ok(Selector { tests: self.tests })
    }
}

/// What the opposite of an exclusion chooses.
struct Chosen {
    name: &'static str,
    meanings: HashSet<Meaning>,
}

/// What a listing tells; an empty text tells nothing.
fn known(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

/// Whether a name is among those of a condition, in upper or lower case.
fn is_one_of(names: &[String], name: &str) -> bool {
    names.iter().any(|one| one.eq_ignore_ascii_case(name))
}
