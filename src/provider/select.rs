//! The `select` block and the guards beside it, as far as they are the same for every kind of session.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use tf_provider::schema::{Attribute, AttributeType, Block, Description, NestedBlock};
use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics, map};
use tokio::time::Instant;

use super::arguments::{WholeNumber, optional};
use super::explain;
use crate::huaweicloud::error::Error;
use crate::session::Listed;
use crate::session::listing::{List, Page, PageRequest, Pager, Progress};
use crate::session::selector::{Problem, SelectorError};

/// Name of the block.
const BLOCK: &str = "select";

/// A `select` block as Terraform sends it: a list of at most one.
pub(super) type Select<B> = Value<Vec<Value<B>>>;

/// A list of strings as Terraform sends it.
pub(super) type Strings = Value<Vec<Value<String>>>;

/// The guards beside the block.
#[derive(Clone, Copy)]
pub(super) struct Guards<'a> {
    pub(super) max_sessions: &'a Value<WholeNumber>,
    pub(super) dry_run: &'a Value<bool>,
}

/// The `select` block with these attributes.
pub(super) fn block(
    description: &'static str,
    attributes: HashMap<String, Attribute>,
) -> NestedBlock {
    NestedBlock::Optional(Block {
        version: 0,
        description: Description::markdown(description),
        attributes,
        ..Block::default()
    })
}

/// An attribute of the block that is a list of strings.
pub(super) fn strings(description: &str) -> Attribute {
    optional(
        AttributeType::List(Box::new(AttributeType::String)),
        description,
    )
}

/// The arguments `max_sessions` and `dry_run`.
pub(super) fn guard_attributes() -> HashMap<String, Attribute> {
    map! {
        "max_sessions" => optional(AttributeType::Number, "The most sessions that may be killed. When more are found, none is killed, and the error says how many there are and shows the first few."),
        "dry_run" => optional(AttributeType::Bool, "Only list what would be killed, and kill nothing. By default false."),
    }
}

/// The path of an attribute of the block.
pub(super) fn path(attribute: impl Into<Cow<'static, str>>) -> AttributePath {
    AttributePath::new(BLOCK).index(0).attribute(attribute)
}

/// The path of the block itself: the engine shows the line that it begins in.
pub(super) fn block_path() -> AttributePath {
    AttributePath::new(BLOCK).index(0)
}

/// What a `select` block is, before its attributes are looked at.
pub(super) enum Given<'a, B> {
    /// There is none.
    Absent,
    /// It is there.
    Present(&'a B),
    /// It cannot be known yet whether there is one.
    Unknown,
}

/// Looks whether there is a block.
pub(super) fn given<B>(select: &Select<B>) -> Given<'_, B> {
    match select {
        Value::Unknown => Given::Unknown,
        Value::Null => Given::Absent,
        Value::Value(blocks) => match blocks.first() {
            None | Some(Value::Null) => Given::Absent,
            Some(Value::Unknown) => Given::Unknown,
            Some(Value::Value(block)) => Given::Present(block),
        },
    }
}

/// The conditions in a block by their names, in the encoding of the wire, which has a form for unknown values.
pub(super) fn conditions<B: Serialize>(block: &B) -> Vec<(String, rmpv::Value)> {
    let encoded = rmp_serde::to_vec_named(block).unwrap_or_default();
    let Ok(rmpv::Value::Map(members)) = rmpv::decode::read_value(&mut encoded.as_slice()) else {
        return Vec::new();
    };
    (members.into_iter())
        .filter_map(|(name, value)| Some((name.as_str()?.to_owned(), value)))
        .collect()
}

/// Reads the attributes of a block, and remembers whether all of them were known and readable.
pub(super) struct BlockReader<'d> {
    diags: &'d mut Diagnostics,
    complete: bool,
}

impl<'d> BlockReader<'d> {
    pub(super) fn new(diags: &'d mut Diagnostics) -> Self {
        Self {
            diags,
            complete: true,
        }
    }

    /// The elements of a list; `None` when the list is not given, or not all of it is known and readable.
    pub(super) fn list<T: Clone>(
        &mut self,
        name: &'static str,
        value: &Value<Vec<Value<T>>>,
    ) -> Option<Vec<T>> {
        let listed = self.value(value)?;
        let length = listed.len();
        let mut values = Vec::with_capacity(length);
        for (index, value) in (0_i64..).zip(listed) {
            match value {
                Value::Value(value) => values.push(value),
                Value::Unknown => {}
                Value::Null => {
                    explain::error(
                        self.diags,
                        path(name).index(index),
                        format!("Null in {BLOCK}.{name}"),
                        format!("{BLOCK}.{name}[{index}] is null. Write a value, or leave it out."),
                    );
                }
            }
        }
        self.whole(values, length)
    }

    /// The whole numbers of a list; `None` when the list is not given, or not all of it is known and readable.
    pub(super) fn numbers(
        &mut self,
        name: &'static str,
        value: &Value<Vec<Value<WholeNumber>>>,
    ) -> Option<Vec<i64>> {
        let listed = self.list(name, value)?;
        let length = listed.len();
        let mut numbers = Vec::with_capacity(length);
        for (index, number) in (0_i64..).zip(listed) {
            match number {
                WholeNumber::Whole(number) => numbers.push(number),
                WholeNumber::Other(text) => {
                    explain::error(
                        self.diags,
                        path(name).index(index),
                        format!("Invalid number in {BLOCK}.{name}"),
                        format!("{BLOCK}.{name}[{index}] is {text}, which is not a whole number."),
                    );
                }
            }
        }
        self.whole(numbers, length)
    }

    /// The values, when there are as many as were listed.
    fn whole<T>(&mut self, values: Vec<T>, length: usize) -> Option<Vec<T>> {
        let whole = values.len() == length;
        self.complete &= whole;
        whole.then_some(values)
    }

    /// A single value; `None` when it is not given.
    pub(super) fn value<T: Clone>(&mut self, value: &Value<T>) -> Option<T> {
        self.complete &= !value.is_unknown();
        value.clone().as_option()
    }

    /// Checks what was read. `None` without an error means that not all of it is known yet; what is known was checked.
    pub(super) fn finish<S>(
        self,
        parse: impl FnOnce() -> Result<S, Vec<SelectorError>>,
    ) -> Option<S> {
        match parse() {
            Ok(selector) => self.complete.then_some(selector),
            Err(errors) => {
                let told = |error: &&SelectorError| self.complete || !may_be_mended(&error.problem);
                for error in errors.iter().filter(told) {
                    report(self.diags, error);
                }
                None
            }
        }
    }
}

/// Whether the attributes that are not known yet may turn out to be what is missing.
fn may_be_mended(problem: &Problem) -> bool {
    matches!(problem, Problem::NothingSelected | Problem::OnlyExclusions)
}

fn report(diags: &mut Diagnostics, error: &SelectorError) {
    if may_be_mended(&error.problem) {
        let detail = format!("{BLOCK}: {}.", error.problem);
        explain::error(diags, block_path(), "Nobody is selected", detail);
        return;
    }
    let mut place = path(error.attribute);
    if let Some(index) = error.index {
        place = place.index(i64::try_from(index).unwrap_or(i64::MAX));
    }
    explain::error(
        diags,
        place,
        format!("Invalid {BLOCK}.{}", error.attribute),
        format!("{BLOCK}.{}: {}.", error.place(), error.problem),
    );
}

impl Guards<'_> {
    /// `max_sessions`, when it is given and known.
    pub(super) fn max(&self, diags: &mut Diagnostics) -> Option<usize> {
        let Value::Value(number) = self.max_sessions else {
            return None;
        };
        let max = match number {
            WholeNumber::Whole(number) => usize::try_from(*number).ok().filter(|max| *max > 0),
            WholeNumber::Other(_) => None,
        };
        if max.is_none() {
            explain::error(
                diags,
                AttributePath::new("max_sessions"),
                "Invalid max_sessions",
                format!(
                    "max_sessions is {number}. It is a whole number from 1; to kill nothing, write dry_run = true."
                ),
            );
        }
        max
    }

    /// Is this a rehearsal?
    pub(super) fn is_dry_run(&self) -> bool {
        *self.dry_run == Value::Value(true)
    }
}

/// Says in the plan that nothing is going to be killed.
pub(super) fn announce_dry_run(diags: &mut Diagnostics) {
    explain::warning(
        diags,
        AttributePath::new("dry_run"),
        "Dry run: nothing will be killed",
        "dry_run is true. Apply lists the sessions that would be killed into the attribute matched, and kills none of \
         them.",
    );
}

/// Refuses a kill of more sessions than allowed, showing the first few.
pub(super) fn too_many(diags: &mut Diagnostics, matched: usize, max: usize, first: &[String]) {
    explain::error(
        diags,
        AttributePath::new("max_sessions"),
        format!("{matched} sessions match, but max_sessions is {max}"),
        format!(
            "No session was killed, and nothing went into state. The first of them:\n\n{}\n\nCheck what is selected. If \
             all of them are meant, raise max_sessions; dry_run = true lists them all into state.",
            first
                .iter()
                .map(|line| format!("  {line}"))
                .collect::<Vec<_>>()
                .join("\n")
        ),
    );
}

/// Says of a rehearsal that the kill itself would be refused.
pub(super) fn would_be_too_many(diags: &mut Diagnostics, matched: usize, max: usize) {
    explain::warning(
        diags,
        AttributePath::new("max_sessions"),
        format!("{matched} sessions match, but max_sessions is {max}"),
        "This is a dry run, so all of them are listed. Without dry_run none of them would be killed: the kill would be \
         refused. Check what is selected; if all of them are meant, raise max_sessions.",
    );
}

/// Says that there was nobody to kill, on the argument that described whom.
pub(super) fn nothing_matched(diags: &mut Diagnostics, place: AttributePath, protected: usize) {
    let protected = match protected {
        0 => String::new(),
        count => format!(
            " Left alone, although they match: {count} of the server itself or of replication, which are chosen only when \
             they are named."
        ),
    };
    explain::warning(
        diags,
        place,
        "No session matched",
        format!(
            "Nothing was killed, since no session was there to kill. This is not an error.{protected}"
        ),
    );
}

/// The sessions of a place, as they were listed.
#[derive(Debug)]
pub(super) struct Listing<S> {
    /// The sessions, by id, none twice.
    pub(super) sessions: Vec<S>,
    /// How many more rows there were without a readable id.
    pub(super) nameless: u64,
    /// When the service saved the list of each node, by the node's id, in the service's own words; empty where it lists
    /// what is there at the moment.
    pub(super) saved_at: BTreeMap<String, String>,
    /// Between which moments the list of each node was collected, by the node's id; empty like `saved_at`.
    pub(super) collected: BTreeMap<String, (Instant, Instant)>,
    /// Nodes that are not active, with their status: nobody looked at their sessions.
    pub(super) passed_over: Vec<(String, String)>,
}

impl<S> Listing<S> {
    /// Says what the list does not show.
    pub(super) fn tell_gaps(&self, diags: &mut Diagnostics) {
        if !self.passed_over.is_empty() {
            let nodes: Vec<String> = (self.passed_over.iter())
                .map(|(node, status)| format!("  {node} ({status})"))
                .collect();
            explain::warning(
                diags,
                AttributePath::new("instance_id"),
                format!("{} not active", explain::count(nodes.len(), "node")),
                format!(
                    "The sessions of these nodes are neither listed nor killed:\n\n{}",
                    nodes.join("\n")
                ),
            );
        }
        if self.nameless > 0 {
            explain::warning(
                diags,
                AttributePath::root(),
                "Some sessions cannot be read",
                format!(
                    "The list has {} without a readable ID. They are neither shown nor chosen.",
                    explain::count(usize::try_from(self.nameless).unwrap_or(usize::MAX), "row")
                ),
            );
        }
    }
}

/// Reads a list to its end, page by page, while sessions come and go.
pub(super) async fn read_pages<S, F>(
    limit: u32,
    mut fetch: impl FnMut(PageRequest) -> F,
) -> Result<List<S>, Error>
where
    S: Listed,
    F: Future<Output = Result<Page<S>, Error>>,
{
    let mut pager = Pager::new(limit);
    loop {
        let page = fetch(pager.request()).await?;
        match pager.accept(page) {
            Ok(Progress::More(next)) => pager = next,
            Ok(Progress::Complete(list)) => return Ok(list),
            Err(unreliable) => {
                return Err(Error::Listing(format!(
                    "Nobody can be chosen from it: {unreliable}."
                )));
            }
        }
    }
}
