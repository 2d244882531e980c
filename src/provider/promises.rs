//! What a plan promises: an argument that narrows a kill or guards it in the plan does so in the apply.
//!
//! An argument whose value is not known at plan can turn out to be null at apply, and null is the same as an argument
//! that is left out: `client_addrs = (known after apply)` would become a kill of every session of the node. Such a kill
//! is refused. The provider cannot see the difference by itself; this was measured with Terraform 1.11 and 1.15 and with
//! OpenTofu 1.12, for a direct apply and for a saved plan:
//!
//! * Before it applies, the engine plans again, in another process, with the values that are known by then. That second
//!   plan of a create gets no private state: what the first plan returned as its private state is dropped. (Only the
//!   destroy half of a replacement gets it.)
//! * ApplyResourceChange gets the planned state and the private state of the second plan.
//! * In between, the engine compares both plans: a value that the first plan knew must be the same in the second. Where
//!   it is not, the engine refuses to apply, before the provider is asked to do anything.
//!
//! So the promise is a planned value. The attribute `promises` has a text for each argument that is given or may be,
//! and null for each that is left out. An unknown argument that gets a value keeps its text; one that becomes null
//! changes it, and the engine's error quotes the text, which says what happened: nobody was killed.
//!
//! An update in place keeps the promises of the kill that has happened: it kills nobody, so that nothing is promised, and
//! a limit that is unknown in its plan may become null.

use std::collections::{BTreeMap, HashMap};

use tf_provider::schema::{Attribute, AttributeType};
use tf_provider::{AttributePath, Diagnostics};

use super::arguments::computed;
use super::explain;
use super::record::{Block, Encoded, Presence, Record, text};
use super::select;
use super::service::{Description, PlaceKind};

#[cfg(test)]
mod tests;

/// Name of the attribute.
pub(super) const ATTRIBUTE: &str = "promises";

/// The key for what chooses sessions: the list of IDs or the `select` block, of which there is one at most.
const CHOSEN: &str = "chosen";

/// The key for the conditions in the `select` block.
const CONDITIONS: &str = "conditions";

/// The condition that narrows nothing.
const ALL: &str = "all";

/// What a plan promises of an argument that limits the kill.
const KEPT: &str = "If this is null at apply, no session is killed: give it a value, or take it out and plan again.";

/// An argument that narrows a kill or guards it.
#[derive(Clone, Copy, Debug)]
struct Limit {
    name: &'static str,
    presence: Presence,
    promise: &'static str,
    /// It says where, and not whom: a null there is an error in itself.
    is_place: bool,
}

/// The arguments that narrow a kill or guard it, and what is known of each.
#[derive(Clone, Debug)]
pub struct Limits {
    arguments: Vec<Limit>,
    ids: (&'static str, Presence),
    select: Presence,
    /// Flags that widen the place.
    flags: Vec<(&'static str, Presence)>,
    /// `None`: it is not known what stands in the block.
    conditions: Option<Vec<(String, Presence)>>,
}

/// The arguments of a service that limit a kill, apart from those that choose sessions: name, promise, and whether it says
/// where.
fn limiting(
    service: &'static Description,
) -> impl Iterator<Item = (&'static str, &'static str, bool)> {
    let place = service.place.iter();
    // Where nothing can stand for it, null is an error in itself.
    let place = place.filter_map(|argument| {
        Some((
            argument.name,
            argument.promise?,
            argument.overridden_by.is_some(),
        ))
    });
    let guards = ["max_sessions", "dry_run"].map(|name| (name, KEPT, false));
    place.chain(guards)
}

/// What is known of a condition. One that takes nobody away, or is false, means the same as none.
fn presence(service: &'static Description, name: &str, value: &Encoded) -> Presence {
    let excludes = (service.conditions.iter())
        .any(|condition| condition.name() == name && condition.is_exclusion());
    match value {
        Encoded::Boolean(false) => Presence::Absent,
        Encoded::Array(values) if values.is_empty() && excludes => Presence::Absent,
        value => Presence::of(value),
    }
}

impl Limits {
    /// The limits of a kill with these arguments.
    pub(super) fn of(service: &'static Description, arguments: &Record) -> Self {
        let means_nothing = |name: &str| {
            let argument = service.place.iter().find(|argument| argument.name == name);
            let flag = argument.and_then(|argument| argument.overridden_by);
            flag.is_some_and(|(flag, _)| arguments.is_true(flag))
        };
        let limits = limiting(service).map(|(name, promise, is_place)| Limit {
            name,
            presence: match means_nothing(name) {
                true => Presence::Absent,
                false => arguments.presence(name),
            },
            promise,
            is_place,
        });
        let (select, conditions) = match arguments.block(select::BLOCK) {
            Block::Absent => (Presence::Absent, Some(Vec::new())),
            Block::Unknown => (Presence::Unknown, None),
            block => {
                let conditions: Vec<(String, Presence)> = (block.attributes())
                    .map(|(name, value)| (name.to_owned(), presence(service, name, value)))
                    .collect();
                let told = (conditions.iter()).any(|(_, presence)| !presence.is_unknown());
                // An engine may send a block that it does not know yet as a block of unknown conditions.
                (Presence::Given, told.then_some(conditions))
            }
        };
        let flags = service.place.iter();
        let flags = flags.filter(|argument| argument.kind == PlaceKind::KillFlag);
        let ids = service.ids.argument;
        Self {
            flags: flags
                .map(|flag| (flag.name, arguments.presence(flag.name)))
                .collect(),
            arguments: limits.collect(),
            ids: (ids, arguments.presence(ids)),
            select,
            conditions,
        }
    }

    /// What the plan promises: the value of the attribute.
    pub(super) fn promises(&self) -> Encoded {
        let promise =
            |presence: Presence, promise: &str| text((!presence.is_absent()).then_some(promise));
        let mut promises: BTreeMap<&str, Encoded> = (self.arguments.iter())
            .map(|limit| (limit.name, promise(limit.presence, limit.promise)))
            .collect();
        let (ids, listed) = self.ids;
        let chosen = match listed {
            Presence::Absent => self.select,
            listed => listed,
        };
        let chosen = promise(
            chosen,
            &format!(
                "If neither {ids} nor select is given at apply, no session is killed: give one, or take both out and plan again."
            ),
        );
        promises.insert(CHOSEN, chosen);
        promises.insert(CONDITIONS, self.promise_of_conditions());
        let promises = promises.into_iter();
        Encoded::Map(promises.map(|(name, text)| (name.into(), text)).collect())
    }

    fn promise_of_conditions(&self) -> Encoded {
        let Some(conditions) = &self.conditions else {
            return Record::unknown();
        };
        let narrowing: Vec<&str> = (conditions.iter())
            .filter(|(name, presence)| !presence.is_absent() && name != ALL)
            .map(|(name, _)| name.as_str())
            .collect();
        match narrowing.as_slice() {
            [] => Encoded::Nil,
            names => format!(
                "If one of these is null, false or an empty list at apply, no session is killed; give it a value, or take it out and plan \
                 again: {}.",
                names.join(", ")
            )
            .into(),
        }
    }

    /// Whether no argument says which sessions are meant, so that every session of a node or instance is.
    pub(super) fn means_every_session(&self) -> bool {
        let listed = !self.ids.1.is_absent();
        let described = match (self.select, &self.conditions) {
            (Presence::Absent, _) => false,
            // `all = true`, and nothing beside it.
            (Presence::Given, Some(conditions)) => conditions
                .iter()
                .any(|(name, presence)| name != ALL && !presence.is_absent()),
            _ => true,
        };
        !listed && !described
    }

    /// Refuses arguments that are not known while an action is planned: it keeps no plan, so nobody can tell later
    /// that a null was once a promise.
    pub(super) fn refuse_unknown(&self, diags: &mut Diagnostics) {
        let conditions = (self.conditions.iter().flatten())
            .map(|(name, presence)| (select::path(name), name.as_str(), *presence));
        let arguments = (self.arguments.iter())
            .filter(|limit| !limit.is_place)
            .map(|limit| (limit.name, limit.presence))
            .chain([self.ids])
            .chain(self.flags.iter().copied())
            .map(|(name, presence)| (AttributePath::new(name), name, presence));
        let block = match self.conditions {
            None => Presence::Unknown,
            Some(_) => self.select,
        };
        let block = std::iter::once((select::block_path(), select::BLOCK, block));
        for (path, name, _) in (arguments.chain(block).chain(conditions))
            .filter(|(_, name, presence)| presence.is_unknown() && *name != ALL)
        {
            explain::error(
                diags,
                path,
                format!("{name} is not known yet"),
                format!(
                    "No session was killed. {name} limits what this action kills, and its value is known only after apply. If the \
                     value is null by then, the action kills more sessions than planned, and it cannot detect that. First \
                     apply the resource that the value comes from, then invoke the action. Or use the resource, which \
                     refuses such a kill at apply."
                ),
            );
        }
    }
}

/// The attribute, for the kills of a service.
pub(super) fn attribute(service: &'static Description) -> Attribute {
    let members: HashMap<String, AttributeType> = limiting(service)
        .map(|(name, ..)| name)
        .chain([CHOSEN, CONDITIONS])
        .map(|name| (name.to_owned(), AttributeType::String))
        .collect();
    computed(
        AttributeType::Object(members),
        "What the plan promises about arguments that limit the kill: `chosen` is about the list of sessions or the `select` block, \
         `conditions` about the conditions in the block, and each other attribute about the argument of that name. Null for an \
         argument that is not set. If a value is unknown at plan, and at apply it is null or means nothing (a condition that is false, \
         an empty exclusion), apply fails with \
         `Provider produced inconsistent final plan` and kills no session. An update in place keeps the promises of the kill.",
    )
}
