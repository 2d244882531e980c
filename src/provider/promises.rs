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

use serde::Serialize;
use tf_provider::schema::{Attribute, AttributeType};
use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};

use super::arguments::computed;
use super::explain;
use super::select::{self, Given};

/// Name of the attribute.
const ATTRIBUTE: &str = "promises";

/// The key for what chooses sessions: the list of ids or the `select` block, of which there is one at most.
const CHOSEN: &str = "chosen";

/// The key for the conditions in the `select` block.
const CONDITIONS: &str = "conditions";

/// An argument that says where, and not whom: a null there is an error in itself.
const NODE: &str = "node_id";

/// The attribute `promises`.
pub type Promises = Value<BTreeMap<String, Value<String>>>;

/// What is known of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It is null, or left out.
    Absent,
    /// It has a value, at least in part.
    Given,
    /// It may turn out to be either.
    Unknown,
}

impl<T> From<&Value<T>> for Presence {
    fn from(value: &Value<T>) -> Self {
        match value {
            Value::Null => Self::Absent,
            Value::Value(_) => Self::Given,
            Value::Unknown => Self::Unknown,
        }
    }
}

/// The arguments that narrow a kill or guard it, and what is known of each.
#[derive(Clone, Debug)]
pub struct Limits {
    arguments: Vec<(&'static str, Presence)>,
    ids: (&'static str, Presence),
    select: Presence,
    /// `None`: it is not known what stands in the block.
    conditions: Option<Vec<(String, Presence)>>,
}

impl Limits {
    /// The limits of a kill with these arguments, this list of ids and this block.
    pub(super) fn new<B: Serialize>(
        arguments: impl IntoIterator<Item = (&'static str, Presence)>,
        ids: (&'static str, Presence),
        block: &select::Select<B>,
    ) -> Self {
        let (select, conditions) = match select::given(block) {
            Given::Absent => (Presence::Absent, Some(Vec::new())),
            Given::Unknown => (Presence::Unknown, None),
            Given::Present(block) => {
                let conditions = conditions(block);
                let told = (conditions.iter()).any(|(_, presence)| *presence != Presence::Unknown);
                // An engine may send a block that it does not know yet as a block of unknown conditions.
                (Presence::Given, told.then_some(conditions))
            }
        };
        Self {
            arguments: arguments.into_iter().collect(),
            ids,
            select,
            conditions,
        }
    }

    /// What the plan promises.
    pub(super) fn promises(&self) -> Promises {
        let text = |presence, text: &str| match presence {
            Presence::Absent => Value::Null,
            Presence::Given | Presence::Unknown => Value::Value(text.to_owned()),
        };
        let mut promises: BTreeMap<String, Value<String>> = (self.arguments.iter())
            .map(|(name, presence)| {
                let promise = match *name {
                    NODE => "If this is null at apply, or kill_all_nodes is true, nobody is killed: plan again with known values.",
                    _ => "If this is null at apply, nobody is killed: give it a value, or take it out and plan again.",
                };
                let promise = text(*presence, promise);
                ((*name).to_owned(), promise)
            })
            .collect();
        let (ids, listed) = self.ids;
        let chosen = match (listed, self.select) {
            (Presence::Absent, described) => described,
            (listed, _) => listed,
        };
        let chosen = text(
            chosen,
            &format!(
                "If neither {ids} nor select is given at apply, nobody is killed: give one, or take both out and plan again."
            ),
        );
        promises.insert(CHOSEN.to_owned(), chosen);
        promises.insert(CONDITIONS.to_owned(), self.promise_of_conditions());
        Value::Value(promises)
    }

    fn promise_of_conditions(&self) -> Value<String> {
        let Some(conditions) = &self.conditions else {
            return Value::Unknown;
        };
        let narrowing: Vec<&str> = (conditions.iter())
            .filter(|(name, presence)| *presence != Presence::Absent && name != "all")
            .map(|(name, _)| name.as_str())
            .collect();
        match narrowing.as_slice() {
            [] => Value::Null,
            names => Value::Value(format!(
                "If one of these is null at apply, nobody is killed; give it a value, or take it out and plan again: {}.",
                names.join(", ")
            )),
        }
    }

    /// Whether no argument says which sessions are meant, so that every session of a node or instance is.
    pub(super) fn means_every_session(&self) -> bool {
        let listed = self.ids.1 != Presence::Absent;
        let described = match (self.select, &self.conditions) {
            (Presence::Absent, _) => false,
            // `all = true`, and nothing beside it.
            (Presence::Given, Some(conditions)) => conditions
                .iter()
                .any(|(name, presence)| name != "all" && *presence != Presence::Absent),
            _ => true,
        };
        !listed && !described
    }

    /// Refuses arguments that are not known while an action is planned: it keeps no plan, so nobody can tell later
    /// that a null was once a promise.
    pub(super) fn refuse_unknown(&self, diags: &mut Diagnostics) {
        let conditions = self.conditions.iter().flatten();
        let conditions = conditions
            .map(|(name, presence)| (select::path(name.clone()), name.as_str(), *presence));
        let arguments = (self.arguments.iter())
            .filter(|(name, _)| *name != NODE)
            .chain([&self.ids])
            .map(|(name, presence)| (AttributePath::new(*name), *name, *presence));
        let block = match self.conditions {
            None => Presence::Unknown,
            Some(_) => self.select,
        };
        let block = std::iter::once((select::block_path(), "select", block));
        for (path, name, _) in (arguments.chain(block).chain(conditions))
            .filter(|(_, name, presence)| *presence == Presence::Unknown && *name != "all")
        {
            explain::error(
                diags,
                path,
                format!("{name} is not known yet"),
                format!(
                    "Nobody was killed. {name} limits what this action kills, and its value is only known after apply. If \
                     it turned out to be null, the action would kill more sessions than planned, and an action cannot \
                     notice that. First apply what the value comes from, then invoke the action; or use the resource, \
                     which refuses such a kill at apply."
                ),
            );
        }
    }
}

/// The conditions in a block, and what is known of each.
fn conditions<B: Serialize>(block: &B) -> Vec<(String, Presence)> {
    (select::conditions(block).into_iter())
        .map(|(name, value)| {
            let presence = match value {
                rmpv::Value::Nil => Presence::Absent,
                rmpv::Value::Ext(..) => Presence::Unknown,
                _ => Presence::Given,
            };
            (name, presence)
        })
        .collect()
}

/// The attribute, for a kill that these arguments limit.
pub(super) fn attribute(
    arguments: impl IntoIterator<Item = &'static str>,
) -> HashMap<String, Attribute> {
    let members: HashMap<String, AttributeType> = (arguments.into_iter())
        .chain([CHOSEN, CONDITIONS])
        .map(|name| (name.to_owned(), AttributeType::String))
        .collect();
    let attribute = computed(
        AttributeType::Object(members),
        "What the plan promises. What has a text here limits the kill: `chosen` is the list of sessions or the `select` block, \
         `conditions` are those in the block, and the others are arguments. If a value is unknown at plan and null at apply, the \
         engine refuses the apply with `Provider produced inconsistent final plan`, and nobody is killed. Null for what is left \
         out. An update in place kills nobody and keeps what the plan of the kill promised.",
    );
    HashMap::from([(ATTRIBUTE.to_owned(), attribute)])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[derive(Clone, Default, Serialize)]
    struct Block {
        users: Value<Vec<Value<String>>>,
        min_time: Value<String>,
        all: Value<bool>,
    }

    fn limits(ids: Presence, block: select::Select<Block>) -> Limits {
        Limits::new([("cap", Presence::Absent)], ("ids", ids), &block)
    }

    fn select(block: Block) -> select::Select<Block> {
        Value::Value(vec![Value::Value(block)])
    }

    fn promised(limits: &Limits, key: &str) -> Value<String> {
        limits.promises().unwrap()[key].clone()
    }

    fn users() -> Value<Vec<Value<String>>> {
        Value::Value(vec![Value::Value("a".to_owned()), Value::Unknown])
    }

    /// The engine accepts a second plan when every value that the first one knew is the same in it.
    fn accepted(first: &Limits, second: &Limits) -> bool {
        let (first, second) = (first.promises().unwrap(), second.promises().unwrap());
        (first.iter()).all(|(key, promise)| promise.is_unknown() || *promise == second[key])
    }

    #[test]
    fn an_unknown_argument_may_get_a_value_but_not_become_null() {
        let none = || Value::Value(Vec::new());
        let unknown = limits(Presence::Unknown, none());

        assert!(accepted(&unknown, &limits(Presence::Given, none())));
        assert!(!accepted(&unknown, &limits(Presence::Absent, none())));
        assert!(accepted(
            &limits(Presence::Absent, none()),
            &limits(Presence::Absent, none())
        ));

        let cap = |presence| Limits::new([("cap", presence)], ("ids", Presence::Given), &none());
        assert!(accepted(&cap(Presence::Unknown), &cap(Presence::Given)));
        assert!(!accepted(&cap(Presence::Unknown), &cap(Presence::Absent)));
    }

    #[test]
    fn ids_may_become_a_block_and_a_block_ids() {
        let unknown = limits(Presence::Unknown, Value::Unknown);
        let none = || Value::Value(Vec::new());
        let block = select(Block {
            users: users(),
            ..Block::default()
        });

        assert!(accepted(&unknown, &limits(Presence::Given, none())));
        assert!(accepted(&unknown, &limits(Presence::Absent, block)));
        assert!(!accepted(&unknown, &limits(Presence::Absent, none())));
    }

    #[test]
    fn an_unknown_block_may_come_with_any_condition_but_not_be_missing() {
        let everything_unknown = select(Block {
            users: Value::Unknown,
            min_time: Value::Unknown,
            all: Value::Unknown,
        });
        for unknown in [Value::Unknown, everything_unknown] {
            let unknown = limits(Presence::Absent, unknown);
            let users = select(Block {
                users: users(),
                ..Block::default()
            });

            assert!(accepted(&unknown, &limits(Presence::Absent, users)));
            assert!(!accepted(
                &unknown,
                &limits(Presence::Absent, Value::Value(Vec::new()))
            ));
        }
    }

    #[test]
    fn an_unknown_condition_may_get_a_value_but_not_become_null() {
        let with = |min_time: Value<String>| {
            let block = Block {
                users: users(),
                min_time,
                ..Block::default()
            };
            limits(Presence::Absent, select(block))
        };
        let unknown = with(Value::Unknown);

        assert!(accepted(&unknown, &with(Value::Value("5m".to_owned()))));
        assert!(!accepted(&unknown, &with(Value::Null)));
        assert_eq!(
            promised(&unknown, CONDITIONS),
            Value::Value(
                "If one of these is null at apply, nobody is killed; give it a value, or take it out and plan again: users, min_time."
                    .to_owned()
            )
        );
    }

    #[test]
    fn every_session_is_meant_when_nothing_says_which() {
        let all = |exclude: bool| {
            select(Block {
                users: if exclude { users() } else { Value::Null },
                all: Value::Value(true),
                ..Block::default()
            })
        };
        for (every, ids, block) in [
            (true, Presence::Absent, Value::Value(Vec::new())),
            (true, Presence::Absent, all(false)),
            (false, Presence::Absent, all(true)),
            (false, Presence::Absent, Value::Unknown),
            (false, Presence::Given, Value::Null),
            (false, Presence::Unknown, Value::Null),
        ] {
            assert_eq!(limits(ids, block).means_every_session(), every);
        }
    }

    #[test]
    fn an_action_is_not_planned_with_a_limit_that_may_become_null() {
        let refused = |limits: Limits| {
            let mut diags = Diagnostics::default();
            limits.refuse_unknown(&mut diags);
            (diags.errors.iter())
                .map(|error| error.summary.to_string())
                .collect::<Vec<_>>()
        };
        let conditions = select(Block {
            users: users(),
            min_time: Value::Unknown,
            ..Block::default()
        });

        assert_eq!(
            refused(limits(Presence::Unknown, conditions)),
            ["ids is not known yet", "min_time is not known yet"]
        );
        assert_eq!(
            refused(limits(Presence::Absent, Value::Unknown)),
            ["select is not known yet"]
        );
        assert!(refused(limits(Presence::Given, Value::Null)).is_empty());
    }
}
