//! The arguments of a kill, the same in a resource and in an action: their schema, and what they say.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tf_provider::schema::{Attribute, AttributeType, Schema};
use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};

use super::proof::{self, Planned};
use crate::provider::arguments::{self, optional, optional_computed, required};
use crate::provider::promises::{self, Limits};
use crate::provider::record::{Block, Encoded, Presence, Record, written};
use crate::provider::service::{Description, IdKind, Place, PlaceKind, Purpose};
use crate::provider::{HwcProvider, explain, select};
use crate::session::ids::unique;
use crate::session::{Selector, Selects, Session, SessionId, Verdict};

/// A flag beside the arguments that say whom: how to kill.
struct HowFlag {
    name: &'static str,
    default: bool,
    words: &'static str,
    offered: fn(&Description) -> bool,
}

const HOW_FLAGS: [HowFlag; 2] = [
    HowFlag {
        name: "fail_on_not_found",
        default: false,
        words: "If true, fail if one of the listed sessions does not exist. The other sessions are killed anyway. Has no effect with `select`. By default false.",
        offered: |_| true,
    },
    HowFlag {
        name: "wait_for_completion",
        default: true,
        words: "If true, wait until the job that kills all sessions ends, and fail if the job fails. By default true.",
        offered: |service| service.policy.kills_all,
    },
];

/// What a change of an argument that says how, and not whom, does after a kill.
const CHANGES_NOTHING: &str = " Changing it after a kill does not kill again.";

/// The flags of a kill and of its place, with the defaults of those that are left out.
pub(super) fn flags(service: &'static Description) -> impl Iterator<Item = (&'static str, bool)> {
    let of_place = (service.place.iter())
        .filter(|argument| argument.kind == PlaceKind::KillFlag)
        .map(|argument| (argument.name, false));
    let how = HOW_FLAGS.iter().filter(|flag| (flag.offered)(service));
    of_place.chain(how.map(|flag| (flag.name, flag.default)))
}

/// The schema of the resource or of the action.
pub(super) fn schema(service: &'static Description, is_resource: bool) -> Schema {
    let in_resource = |text: &'static str| if is_resource { text } else { "" };
    // Nothing is computed in an action, since nothing is kept.
    let optional_flag = |words: &str| match is_resource {
        true => optional_computed(AttributeType::Bool, words),
        false => optional(AttributeType::Bool, words),
    };
    let mut attributes: HashMap<String, Attribute> = HashMap::new();
    let mut add = |name: &str, attribute| _ = attributes.insert(name.to_owned(), attribute);

    add(
        "region",
        match is_resource {
            true => arguments::region_attribute(),
            false => optional(AttributeType::String, arguments::REGION),
        },
    );
    for argument in service.place {
        let attribute = match argument.kind {
            PlaceKind::Required => required(AttributeType::String, argument.words),
            PlaceKind::Optional => optional(AttributeType::String, argument.words),
            PlaceKind::KillFlag => optional_flag(argument.words),
        };
        add(argument.name, attribute);
    }
    let element = match service.ids.kind {
        IdKind::Numbers => AttributeType::Number,
        IdKind::Texts(_) | IdKind::Addresses(_) => AttributeType::String,
    };
    let ids = format!(
        "{} Requires at least one. Order and repetition have no effect. Conflicts with `select`.",
        service.ids.words
    );
    add(
        service.ids.argument,
        optional(AttributeType::List(Box::new(element)), &ids),
    );
    for (name, mut attribute) in select::guard_attributes() {
        attribute.description.content += match name {
            "dry_run" => in_resource(
                " Changing it to false after a dry run kills. Changing it after a kill does not kill again and keeps the result.",
            ),
            _ => in_resource(CHANGES_NOTHING),
        };
        add(name, attribute);
    }
    for flag in HOW_FLAGS.iter().filter(|flag| (flag.offered)(service)) {
        let words = format!("{}{}", flag.words, in_resource(CHANGES_NOTHING));
        add(flag.name, optional_flag(&words));
    }
    if is_resource {
        add("triggers", arguments::triggers_attribute());
        add(promises::ATTRIBUTE, promises::attribute(service));
        attributes.extend(proof::attributes(service));
    }

    let mut blocks = arguments::timeouts_block(in_resource(CHANGES_NOTHING));
    blocks.insert(select::BLOCK.to_owned(), select::block(service));
    arguments::schema(description(service, is_resource), attributes, blocks)
}

fn description(service: &Description, is_resource: bool) -> String {
    let (name, words, ids) = (service.name, &service.words, service.ids.argument);
    let all = match service.policy.kills_all {
        true => "all of them, those",
        false => "those",
    };
    let what = format!("Kills {}s of {}", words.session, words.place);
    let whom = format!("{all} that `select` chooses at that time, or those in `{ids}`");
    if is_resource {
        format!(
            "{what} when it is created: {whom}. Changing the place (the arguments that say where, such as `instance_id`), the chosen sessions or a value in `triggers` kills \
             again. Writing the same values in another order or form does not kill again. Changing an argument that says how \
             to kill, such as `max_sessions` or `timeouts`, does not kill again either. Destroying the resource removes it \
             from state and kills nothing."
        )
    } else {
        format!(
            "{what} whenever it is invoked: {whom}. `terraform apply \
             -invoke=action.hwc_{name}_session_kill.NAME` invokes it, and so does the `action_trigger` of another resource. It \
             stores nothing in state."
        )
    }
}

/// Whose sessions are killed.
pub(super) enum Whom {
    /// Everybody's, by one call.
    All,
    /// Those that are chosen when the kill begins.
    Selected(Box<Selector>),
    /// Those with these IDs. None is twice.
    Ids(Vec<SessionId>),
    /// Those with these addresses. None is twice.
    Addresses(Vec<String>),
}

impl Whom {
    /// What chooses them, where that is a selector.
    pub(super) fn selector(&self) -> Option<&Selector> {
        match self {
            Self::Selected(selector) => Some(selector),
            _ => None,
        }
    }
}

/// A kill whose arguments are all known and right.
pub(super) struct Kill {
    pub(super) service: &'static Description,
    pub(super) region: String,
    pub(super) place: Box<dyn Place>,
    pub(super) whom: Whom,
    /// The most sessions that may be killed.
    pub(super) max_sessions: Option<usize>,
    /// Is it a rehearsal, that kills nobody?
    pub(super) dry_run: bool,
    /// How long it may take.
    pub(super) limit: Duration,
    /// Is it an error when a listed session does not exist?
    pub(super) fail_on_not_found: bool,
    /// Is the job that kills all sessions followed to its end?
    pub(super) wait: bool,
    /// The argument that says which sessions are meant.
    pub(super) described_in: AttributePath,
}

/// The arguments of a kill as they are written. Not all of them may be known.
#[derive(Clone, Copy)]
pub(super) struct Arguments<'a> {
    pub(super) service: &'static Description,
    pub(super) record: &'a Record,
}

impl Arguments<'_> {
    /// Is it a rehearsal, that kills nobody?
    pub(super) fn is_dry_run(&self) -> bool {
        select::is_dry_run(self.record)
    }

    /// Where that is: `the node … of the instance …`.
    pub(super) fn whereabouts(&self) -> String {
        self.service.whereabouts(self.record)
    }

    /// Whom it is about, for a sentence: `all sessions of the node … of the instance …`.
    pub(super) fn whom(&self) -> String {
        let ids = &self.service.ids;
        let which = match (self.record.list(ids.argument), self.select()) {
            (Value::Value(listed), _) => {
                format!(
                    "the sessions in {}: {},",
                    ids.argument,
                    arguments::first_shown(listed)
                )
            }
            (_, Block::Present(_)) => "the sessions that select chooses".to_owned(),
            (Value::Null, Block::Absent) if self.service.policy.kills_all => {
                "all sessions".to_owned()
            }
            _ => "sessions".to_owned(),
        };
        format!("{which} of {}", self.whereabouts())
    }

    /// The arguments that narrow the kill or guard it.
    pub(super) fn limits(&self) -> Limits {
        Limits::of(self.service, self.record)
    }

    /// The argument that says where, for a warning that every session there is killed.
    pub(super) fn place_argument(&self) -> &'static str {
        let place = self.service.place;
        let flag = (place.iter()).find(|argument| {
            argument.kind == PlaceKind::KillFlag && self.record.is_true(argument.name)
        });
        let node = place.iter().find(|argument| argument.name == "node_id");
        flag.or(node)
            .map_or("instance_id", |argument| argument.name)
    }

    fn select(&self) -> Block<'_> {
        self.record.block(select::BLOCK)
    }

    /// What can be said without knowing every value, at plan.
    pub(super) fn check(&self, diags: &mut Diagnostics) {
        _ = (self.service.open)(diags, self.record, Purpose::Kill);
        (self.service.warn)(diags, self.record);
        _ = self.meant(diags);
        _ = select::max_sessions(diags, self.record);
        _ = arguments::create_timeout(diags, self.record);
    }

    /// Reads the arguments when all of them are known, at apply. `None`: an error says what is wrong.
    pub(super) fn read(&self, diags: &mut Diagnostics, provider: &HwcProvider) -> Option<Kill> {
        let region = arguments::region(diags, provider, self.record);
        let place = (self.service.open)(diags, self.record, Purpose::Kill);
        let whom = self.meant(diags);
        let max_sessions = select::max_sessions(diags, self.record);
        let limit = arguments::create_timeout(diags, self.record);
        let flag = |name| match self.record.flag(name) {
            Value::Value(flag) => flag,
            _ => flags(self.service).any(|(flag, default)| flag == name && default),
        };
        let guards = ["max_sessions", "dry_run"].map(|name| self.record.presence(name));
        if !diags.errors.is_empty() || guards.contains(&Presence::Unknown) {
            return None;
        }
        let whom = whom?;
        Some(Kill {
            service: self.service,
            region: region?,
            place: place?,
            described_in: match &whom {
                Whom::All => AttributePath::new(self.place_argument()),
                Whom::Selected(_) => select::block_path(),
                Whom::Ids(_) | Whom::Addresses(_) => AttributePath::new(self.service.ids.argument),
            },
            whom,
            max_sessions,
            dry_run: self.is_dry_run(),
            limit: limit?,
            fail_on_not_found: flag("fail_on_not_found"),
            wait: flag("wait_for_completion"),
        })
    }

    /// Whose sessions are meant. `None` without an error means: not known yet.
    fn meant(&self, diags: &mut Diagnostics) -> Option<Whom> {
        let service = self.service;
        let ids = &service.ids;
        match (self.record.list(ids.argument), self.select()) {
            (Value::Null, Block::Absent) if service.policy.kills_all => Some(Whom::All),
            (Value::Null, Block::Absent) => {
                explain::invalid(
                    diags,
                    AttributePath::new(ids.argument),
                    "Specify which sessions to kill",
                    format!(
                        "Neither {0} nor select is set. List {1}s in {0}, or write conditions in a select block.",
                        ids.argument, ids.one
                    ),
                );
                None
            }
            (Value::Null, block @ Block::Present(_)) => {
                let selector = select::selector(diags, service, block)?;
                Some(Whom::Selected(Box::new(selector)))
            }
            (Value::Value(_), Block::Present(_)) => {
                explain::invalid(
                    diags,
                    select::block_path(),
                    format!("{} conflicts with select", ids.argument),
                    format!("Set only one of {} and select.", ids.argument),
                );
                None
            }
            (Value::Value(listed), _) => self.listed(diags, listed),
            (Value::Unknown, _) | (Value::Null, Block::Unknown) => None,
        }
    }

    /// Reads the list of sessions. `None` without an error means: not all of them are known yet.
    fn listed(&self, diags: &mut Diagnostics, listed: &[Encoded]) -> Option<Whom> {
        let ids = &self.service.ids;
        let argument = ids.argument;
        if listed.is_empty() {
            explain::invalid(
                diags,
                AttributePath::new(argument),
                format!("{argument} is empty"),
                format!("List at least one {}. {}", ids.one, ids.form),
            );
            return None;
        }
        let mut complete = true;
        let mut refuse = |index: i64, value: &Encoded| {
            complete = false;
            if matches!(value, Encoded::Ext(..)) {
                return;
            }
            let value = match (written(value), &ids.kind) {
                (None, _) => "null".to_owned(),
                (Some(number), IdKind::Numbers) => number.into_owned(),
                (Some(text), IdKind::Texts(_) | IdKind::Addresses(_)) => format!("{text:?}"),
            };
            explain::invalid(
                diags,
                AttributePath::new(argument).index(index),
                format!("Invalid {}", ids.one),
                format!("{argument}[{index}] is {value}. {}", ids.form),
            );
        };
        let whom = match ids.kind {
            IdKind::Numbers => {
                let mut seen = HashSet::with_capacity(listed.len());
                let mut numbers = Vec::with_capacity(listed.len());
                for (index, value) in (0_i64..).zip(listed) {
                    match number(value) {
                        Some(number) if seen.insert(number) => {
                            numbers.push(SessionId::number(number));
                        }
                        Some(_) => {}
                        None => refuse(index, value),
                    }
                }
                Whom::Ids(numbers)
            }
            IdKind::Texts(is_one) | IdKind::Addresses(is_one) => {
                let mut texts = Vec::with_capacity(listed.len());
                for (index, value) in (0_i64..).zip(listed) {
                    match value.as_str().filter(|text| is_one(text)) {
                        Some(text) => texts.push(text.to_owned()),
                        None => refuse(index, value),
                    }
                }
                let texts = unique(texts);
                match ids.kind {
                    IdKind::Addresses(_) => Whom::Addresses(texts),
                    _ => Whom::Ids(texts.iter().map(|id| SessionId::new(None, id)).collect()),
                }
            }
        };
        complete.then_some(whom)
    }

    /// What a plan knows of the kill.
    pub(super) fn planned(&self) -> Planned {
        let ids = self.record.presence(self.service.ids.argument);
        let select = self.select();
        let dry_run = self.record.presence("dry_run");
        Planned {
            rehearsed: self.is_dry_run(),
            all: ids.is_absent() && matches!(select, Block::Absent) && !dry_run.is_unknown(),
            cap: self.record.presence("max_sessions"),
            chosen: ids.is_given() || matches!(select, Block::Present(_)),
        }
    }
}

/// Plans the defaults of the arguments that `config` leaves out.
pub(super) fn fill_defaults(service: &'static Description, config: &Record, planned: &mut Record) {
    for (name, default) in flags(service) {
        let value = match config.value(name) {
            Encoded::Nil => default.into(),
            given => given.clone(),
        };
        planned.set(name, value);
    }
}

/// The ID that a number is: a whole one from 1, of 64 bits. Numbers that fit no machine type come as text.
fn number(value: &Encoded) -> Option<i64> {
    let number = match value {
        Encoded::String(text) => text.as_str()?.parse().ok(),
        value => value.as_i64(),
    };
    number.filter(|number| *number > 0)
}

/// Given sessions, as something that can be looked for in a list.
pub(super) struct Named<'a> {
    ids: HashSet<&'a SessionId>,
    addresses: HashSet<&'a str>,
}

impl<'a> Named<'a> {
    pub(super) fn ids(ids: &'a [SessionId]) -> Self {
        Self {
            ids: ids.iter().collect(),
            addresses: HashSet::new(),
        }
    }

    pub(super) fn addresses(addresses: &'a [String]) -> Self {
        Self {
            ids: HashSet::new(),
            addresses: addresses.iter().map(String::as_str).collect(),
        }
    }
}

impl Selects<Session> for Named<'_> {
    fn verdict(&self, session: &Session) -> Verdict {
        let address = session.address.as_deref().filter(|_| session.readable);
        let is_named = self.ids.contains(&session.id)
            || address.is_some_and(|address| self.addresses.contains(address));
        match (is_named, session.unnameable) {
            (false, _) => Verdict::Passed,
            (true, Some(_)) => Verdict::Nameless,
            (true, None) => Verdict::Chosen,
        }
    }
}

/// Everybody, also masters and replicas: what a kill of all sessions would hit.
pub(super) struct Everybody;

impl Selects<Session> for Everybody {
    fn verdict(&self, _session: &Session) -> Verdict {
        Verdict::Chosen
    }
}
