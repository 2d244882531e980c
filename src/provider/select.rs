//! The `select` block and the guards beside it.

use tf_provider::schema::{Attribute, AttributeType, Description, NestedBlock};
use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};

use super::arguments::optional;
use super::explain;
use super::record::{Block, Encoded, Record, written};
use super::service;
use crate::session::selector::{Problem, SelectorError};
use crate::session::{Condition, Selector, Shape, Written};

/// Name of the block.
pub(super) const BLOCK: &str = "select";

/// The schema of the block.
pub(super) fn block(service: &service::Description) -> NestedBlock {
    let attributes = service.conditions.iter().map(|condition| {
        let words = service.with_note(condition.name(), words(*condition));
        let attribute = optional(shape(*condition), &words);
        (condition.name().to_owned(), attribute)
    });
    let description = format!(
        "Selects sessions by their properties. A session is selected if it meets every condition. It meets a condition if it \
         matches one of the values. Order and repetition have no effect. {}",
        service.words.protected.map_or("", |(_, rule)| rule)
    );
    NestedBlock::Optional(tf_provider::schema::Block {
        description: Description::markdown(description.trim_end().to_owned()),
        attributes: attributes.collect(),
        ..tf_provider::schema::Block::default()
    })
}

/// What a condition means, wherever it is offered.
fn words(condition: Condition) -> &'static str {
    match condition {
        Condition::Users => "User names, compared as a whole and case-sensitively.",
        Condition::ExcludeUsers => {
            "Users whose sessions are not selected. Sessions whose user is not known are not selected either. Requires another condition or `all`."
        }
        Condition::Addresses { host_names: false } => {
            "Addresses of clients, with or without a port, or networks such as `10.0.0.0/24`."
        }
        Condition::Addresses { host_names: true } => {
            "Addresses of clients, networks such as `10.0.0.0/24`, or host names as the list shows them. The port is compared only if the value has one."
        }
        Condition::ExcludeAddresses { .. } => {
            "Addresses of clients whose sessions are not selected, in the form of `addresses`. Sessions whose address is not known are not selected either. Requires another condition or `all`."
        }
        Condition::Databases { numbered: false } => {
            "Names of default databases, compared as a whole. A session without a default database is not selected."
        }
        Condition::Databases { numbered: true } => "Numbers of databases, such as `0`.",
        Condition::Commands => "Commands, compared case-insensitively.",
        Condition::States => "States, compared as a whole and case-insensitively.",
        Condition::Flags => "Flags, one letter each. A session matches if it has one of them.",
        Condition::Applications | Condition::Names => {
            "Names that clients have set, with the wildcards `*`, `?` and `[a-z]`. A client without a name is not selected."
        }
        Condition::StatementMatches => {
            "Regular expressions to search for in the statement that the session executes, as the list shows it. A session that executes none is not selected. `(?i)` at the beginning ignores case."
        }
        Condition::ExcludeStatementMatches => {
            "Regular expressions. A session whose statement matches one of them is not selected, nor is an idle session whose last statement does, if the list shows it. Busy sessions whose statement is not known are not selected either. Requires another condition or `all`."
        }
        Condition::MinIdle => {
            "Minimum time for which the session has been idle, such as `90s`, `5m` or `1h30m`."
        }
        Condition::MinBusy => {
            "Minimum time in the current command, for sessions that are not idle. Conflicts with `min_idle`."
        }
        Condition::Blocking => {
            "If true, sessions with a lock that other sessions wait for. Sessions that only wait are not selected."
        }
        Condition::MinAge => "Minimum time since the client connected.",
        Condition::MinTransaction => "Minimum time since the transaction began.",
        Condition::All => {
            "If true, every session except protected and excluded ones. Conflicts with every condition that is not an exclusion."
        }
    }
}

fn shape(condition: Condition) -> AttributeType {
    match condition.shape() {
        Shape::Texts => AttributeType::List(Box::new(AttributeType::String)),
        Shape::Duration => AttributeType::String,
        Shape::Bool => AttributeType::Bool,
    }
}

/// The arguments `max_sessions` and `dry_run`.
pub(super) fn guard_attributes() -> [(&'static str, Attribute); 2] {
    [
        (
            "max_sessions",
            optional(
                AttributeType::Number,
                "Maximum number of sessions to kill. If more sessions are selected, none is killed, and the error shows their number and the first few.",
            ),
        ),
        (
            "dry_run",
            optional(
                AttributeType::Bool,
                "If true, list the sessions that would be killed, and kill none. By default false.",
            ),
        ),
    ]
}

/// The path of a condition in the block.
pub(super) fn path(condition: &str) -> AttributePath {
    block_path().attribute(condition.to_owned())
}

/// The path of the block itself: the engine shows the line that it begins in.
pub(super) fn block_path() -> AttributePath {
    AttributePath::new(BLOCK).index(0)
}

/// What is written for the conditions of a block, and whether all of it is known and readable.
fn read(
    diags: &mut Diagnostics,
    service: &service::Description,
    block: Block<'_>,
) -> (Vec<(Condition, Written)>, bool) {
    let mut given = Vec::new();
    let mut complete = true;
    for (name, value) in block.attributes() {
        let condition =
            (service.conditions.iter().copied()).find(|condition| condition.name() == name);
        let Some(condition) = condition else { continue };
        if value.is_nil() {
            continue;
        }
        let read = match (condition.shape(), value) {
            (_, Encoded::Ext(..)) => None,
            (Shape::Texts, Encoded::Array(values)) => {
                texts(diags, condition, values).map(Written::Texts)
            }
            (Shape::Bool, value) => value.as_bool().map(Written::Bool),
            (Shape::Duration, value) => {
                written(value).map(|text| Written::Duration(text.into_owned()))
            }
            (Shape::Texts, _) => None,
        };
        match read {
            Some(read) => given.push((condition, read)),
            None => complete = false,
        }
    }
    (given, complete)
}

/// The values of a list. `None`: not all of them are known and readable.
fn texts(diags: &mut Diagnostics, condition: Condition, values: &[Encoded]) -> Option<Vec<String>> {
    let name = condition.name();
    for (index, _) in (0_i64..).zip(values).filter(|(_, value)| value.is_nil()) {
        explain::invalid(
            diags,
            path(name).index(index),
            format!("Null in {BLOCK}.{name}"),
            format!("{BLOCK}.{name}[{index}] is null. Set it to a value, or leave it out."),
        );
    }
    (values.iter())
        .map(|value| written(value).map(std::borrow::Cow::into_owned))
        .collect()
}

/// Checks a block. `None` without an error means: not everything is known yet; what is known was checked.
pub(super) fn selector(
    diags: &mut Diagnostics,
    service: &service::Description,
    block: Block<'_>,
) -> Option<Selector> {
    let (written, complete) = read(diags, service, block);
    match Selector::parse(service.conditions, &written) {
        Ok(selector) => complete.then_some(selector),
        Err(errors) => {
            let told = |error: &&SelectorError| complete || !may_become_right(&error.problem);
            for error in errors.iter().filter(told) {
                report(diags, error);
            }
            None
        }
    }
}

/// Whether the attributes that are not known yet may turn out to be what is missing.
fn may_become_right(problem: &Problem) -> bool {
    matches!(problem, Problem::NothingSelected | Problem::OnlyExclusions)
}

fn report(diags: &mut Diagnostics, error: &SelectorError) {
    if may_become_right(&error.problem) {
        let summary = "Specify which sessions to kill";
        explain::invalid(diags, block_path(), summary, format!("{}.", error.problem));
        return;
    }
    let mut place = path(error.attribute);
    if let Some(index) = error.index {
        place = place.index(i64::try_from(index).unwrap_or(i64::MAX));
    }
    explain::invalid(
        diags,
        place,
        format!("Invalid {BLOCK}.{}", error.attribute),
        format!("{BLOCK}.{}: {}.", error.place(), error.problem),
    );
}

/// `max_sessions`, when it is given and known.
pub(super) fn max_sessions(diags: &mut Diagnostics, arguments: &Record) -> Option<usize> {
    let value = arguments.value("max_sessions");
    let number = written(value)?;
    let max = (number.parse().ok()).filter(|max: &usize| *max > 0);
    if max.is_none() {
        explain::invalid(
            diags,
            AttributePath::new("max_sessions"),
            "Invalid max_sessions",
            format!(
                "max_sessions is {number}, but must be a whole number from 1. To kill no session, set dry_run = true."
            ),
        );
    }
    max
}

/// Is this a rehearsal?
pub(super) fn is_dry_run(arguments: &Record) -> bool {
    arguments.flag("dry_run") == Value::Value(true)
}

/// Says in the plan that nothing is going to be killed.
pub(super) fn announce_dry_run(diags: &mut Diagnostics) {
    explain::warning(
        diags,
        AttributePath::new("dry_run"),
        "Dry run: nothing will be killed",
        "No session is killed: dry_run is true. Apply lists the sessions that would be killed in the attribute sessions.",
    );
}

/// Says of a rehearsal that the kill itself would be refused.
pub(super) fn would_be_too_many(diags: &mut Diagnostics, matched: usize, max: usize) {
    explain::warning(
        diags,
        AttributePath::new("max_sessions"),
        format!("{matched} sessions match, but max_sessions is {max}"),
        "No session was killed: this is a dry run, which lists all of them. Without dry_run the kill would be refused. Check which \
         sessions are selected. To kill all of them, raise max_sessions.",
    );
}

/// Says that there was nobody to kill, on the argument that described whom.
pub(super) fn nothing_matched(diags: &mut Diagnostics, place: AttributePath, protected: usize) {
    let protected = match protected {
        0 => String::new(),
        count => format!(
            " {count} that match belong to the server itself or to replication: these are selected only if they are named."
        ),
    };
    explain::warning(
        diags,
        place,
        "No session matched",
        format!(
            "No session was killed: none that can be killed matches. This is not an error.{protected}"
        ),
    );
}
