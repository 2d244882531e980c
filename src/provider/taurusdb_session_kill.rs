//! `hwc_taurusdb_session_kill`: kills session threads of a TaurusDB node, by their ids or by what they are.

mod kill;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use tf_provider::schema::{Attribute, AttributeType, Schema};
use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics, map};

use self::kill::{Kill, Proof, Subject};
use super::arguments::{
    self, Timeouts, WholeNumber, computed, known, optional, optional_computed, required,
};
use super::promises::{self, Limits, Presence, Promises};
use super::select::{self, Given, Guards, Select};
use super::session_kill::{
    self, Arguments, Comparison, Describes, KillAction, KillResource, State, Terms, Triggers,
};
use super::taurusdb_sessions::{SelectBlock, select_block, selector};
use super::{HwcProvider, explain};
use crate::huaweicloud::taurusdb::{InstanceId, NodeId};
use crate::session::taurusdb::ThreadId;

/// The resource.
pub type TaurusdbSessionKill = KillResource<Model>;

/// The action.
pub(super) type TaurusdbSessionKillAction = KillAction<ActionConfig>;

/// The arguments that narrow a kill or guard it, apart from those that choose sessions.
const LIMITS: [&str; 2] = ["max_sessions", "dry_run"];

/// The resource's attributes, in the order of the schema.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Model {
    region: Value<String>,
    instance_id: Value<String>,
    node_id: Value<String>,
    processes: Value<Vec<Value<WholeNumber>>>,
    select: Select<SelectBlock>,
    max_sessions: Value<WholeNumber>,
    dry_run: Value<bool>,
    fail_on_not_found: Value<bool>,
    triggers: Triggers,
    timeouts: Timeouts,
    promises: Promises,
    id: Value<String>,
    matched: Value<Vec<i64>>,
    processes_killed: Value<Vec<i64>>,
    processes_not_found: Value<Vec<i64>>,
    processes_excluded: Value<Vec<i64>>,
    remaining: Value<Vec<i64>>,
    matched_count: Value<i64>,
    protected_count: Value<i64>,
    killed_count: Value<i64>,
    remaining_count: Value<i64>,
    request_id: Value<String>,
    killed_at: Value<String>,
}

/// The action's arguments, in the order of the schema.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ActionConfig {
    region: Value<String>,
    instance_id: Value<String>,
    node_id: Value<String>,
    processes: Value<Vec<Value<WholeNumber>>>,
    select: Select<SelectBlock>,
    max_sessions: Value<WholeNumber>,
    dry_run: Value<bool>,
    fail_on_not_found: Value<bool>,
    timeouts: Timeouts,
}

/// The arguments that say what to kill.
#[derive(Clone, Copy)]
pub struct Written<'a> {
    region: &'a Value<String>,
    instance_id: &'a Value<String>,
    node_id: &'a Value<String>,
    processes: &'a Value<Vec<Value<WholeNumber>>>,
    select: &'a Select<SelectBlock>,
    guards: Guards<'a>,
    fail_on_not_found: &'a Value<bool>,
    timeouts: &'a Timeouts,
}

/// Both models have the same arguments.
macro_rules! arguments_of {
    ($model:ty, $schema:path) => {
        impl Arguments for $model {
            type Kill = Kill;
            type Written<'a> = Written<'a>;

            fn schema() -> Schema {
                $schema()
            }

            fn written(&self) -> Written<'_> {
                Written {
                    region: &self.region,
                    instance_id: &self.instance_id,
                    node_id: &self.node_id,
                    processes: &self.processes,
                    select: &self.select,
                    guards: Guards {
                        max_sessions: &self.max_sessions,
                        dry_run: &self.dry_run,
                    },
                    fail_on_not_found: &self.fail_on_not_found,
                    timeouts: &self.timeouts,
                }
            }
        }
    };
}

arguments_of!(Model, resource_schema);
arguments_of!(ActionConfig, action_schema);

impl State for Model {
    const TYPE: &'static str = "hwc_taurusdb_session_kill";

    fn region(&mut self) -> &mut Value<String> {
        &mut self.region
    }

    fn fill_defaults(&mut self, config: &Self) {
        self.fail_on_not_found = arguments::or_default(&config.fail_on_not_found, false);
    }

    fn id(&self) -> &Value<String> {
        &self.id
    }

    fn compare(&mut self, prior: &Self, comparison: &mut Comparison) {
        comparison.value("region", &self.region, &prior.region);
        comparison.value("instance_id", &self.instance_id, &prior.instance_id);
        comparison.value("node_id", &self.node_id, &prior.node_id);
        comparison.list("processes", &mut self.processes, &prior.processes);
        comparison.select(&mut self.select, &prior.select);
        comparison.dry_run(&self.dry_run, session_kill::is_rehearsal(prior));
        comparison.triggers(&mut self.triggers, &prior.triggers);
    }

    fn forget_results(&mut self) {
        self.promises = self.written().limits().promises();
        self.id = Value::Unknown;
        self.matched = Value::Unknown;
        self.processes_killed = Value::Unknown;
        self.processes_not_found = Value::Unknown;
        self.processes_excluded = Value::Unknown;
        self.remaining = Value::Unknown;
        self.matched_count = Value::Unknown;
        self.protected_count = Value::Unknown;
        self.killed_count = Value::Unknown;
        self.remaining_count = Value::Unknown;
        self.request_id = Value::Unknown;
        self.killed_at = Value::Unknown;

        if self.written().is_dry_run() {
            self.processes_killed = Value::Value(Vec::new());
            self.processes_excluded = Value::Value(Vec::new());
            self.killed_count = Value::Value(0);
            self.request_id = Value::Null;
            self.killed_at = Value::Null;
        } else if self.processes.is_value() && !self.dry_run.is_unknown() {
            self.matched = Value::Null;
            self.remaining = Value::Null;
            self.matched_count = Value::Null;
            self.protected_count = Value::Null;
            self.remaining_count = Value::Null;
        }
    }

    fn fill(&mut self, kill: &Kill, proof: Proof) {
        let place = format!("{}/{}", kill.instance, kill.node);
        self.id = session_kill::id(&place, proof.request_id.as_deref(), &kill.terms);
        self.region = Value::Value(kill.region.clone());
        self.matched_count = proof.matched_count.value();
        self.killed_count = proof.killed_count.value();
        self.remaining_count = proof.remaining_count.value();
        self.protected_count = arguments::number(proof.protected);
        self.matched = known(proof.matched);
        self.remaining = known(proof.remaining);
        self.processes_killed = known(proof.killed);
        self.processes_not_found = known(proof.not_found);
        self.processes_excluded = known(proof.excluded);
        self.request_id = known(proof.request_id);
        self.killed_at = proof.killed_at;
    }
}

impl Describes for Written<'_> {
    type Kill = Kill;

    fn is_dry_run(&self) -> bool {
        self.guards.is_dry_run()
    }

    fn whom(&self) -> String {
        let which = match (self.processes, select::given(self.select)) {
            (Value::Value(threads), _) => {
                let noun = match threads.len() {
                    1 => "thread",
                    _ => "threads",
                };
                format!("the session {noun} {}", arguments::first_shown(threads))
            }
            (_, Given::Present(_)) => "the sessions that select chooses".to_owned(),
            _ => "sessions".to_owned(),
        };
        format!("{which} of {}", self.place())
    }

    fn region(&self) -> &Value<String> {
        self.region
    }

    fn place(&self) -> String {
        format!(
            "the node {} of the instance {}",
            arguments::shown(self.node_id),
            arguments::shown(self.instance_id)
        )
    }

    fn place_and_ids(&self) -> (&'static str, &'static str) {
        ("node_id", "processes")
    }

    fn limits(&self) -> Limits {
        let presences = [
            Presence::from(self.guards.max_sessions),
            Presence::from(self.guards.dry_run),
        ];
        let ids = ("processes", Presence::from(self.processes));
        Limits::new(std::iter::zip(LIMITS, presences), ids, self.select)
    }

    fn check(&self, diags: &mut Diagnostics) {
        if !self.instance_id.is_unknown() {
            _ = arguments::identifier::<InstanceId>(diags, "instance_id", self.instance_id);
        }
        if !self.node_id.is_unknown() {
            _ = arguments::identifier::<NodeId>(diags, "node_id", self.node_id);
        }
        _ = self.subject(diags);
        _ = Terms::read(diags, self.guards, self.timeouts);
    }

    fn read(&self, diags: &mut Diagnostics, provider: &HwcProvider) -> Option<Kill> {
        let region = arguments::region(diags, provider, self.region);
        let instance = arguments::identifier(diags, "instance_id", self.instance_id);
        let node = arguments::identifier(diags, "node_id", self.node_id);
        let subject = self.subject(diags);
        let terms = Terms::read(diags, self.guards, self.timeouts);
        if !diags.errors.is_empty() {
            return None;
        }
        Some(Kill {
            region: region?,
            instance: instance?,
            node: node?,
            subject: subject?,
            terms: terms?,
            fail_on_not_found: self.fail_on_not_found.unwrap_or(false),
        })
    }
}

impl Written<'_> {
    /// Whose sessions are meant. `None` without an error means: not known yet.
    fn subject(&self, diags: &mut Diagnostics) -> Option<Subject> {
        match (self.processes, select::given(self.select)) {
            (Value::Null, Given::Present(block)) => {
                selector(diags, block).map(|selector| Subject::Selected(Box::new(selector)))
            }
            (Value::Null, Given::Absent) => {
                explain::error(
                    diags,
                    AttributePath::new("processes"),
                    "No session threads",
                    "It is not said whose sessions are to be killed. List thread ids in processes, as SHOW PROCESSLIST \
                     shows them, or describe the sessions in a select block.",
                );
                None
            }
            (Value::Value(_), Given::Present(_)) => {
                explain::error(
                    diags,
                    select::block_path(),
                    "Both processes and select",
                    "processes lists thread ids, and select describes sessions: write one of them.",
                );
                None
            }
            (Value::Value(listed), _) => threads(diags, listed).map(Subject::Threads),
            (Value::Unknown, _) | (Value::Null, Given::Unknown) => None,
        }
    }
}

/// Reads thread ids. `None` without an error means: not all of them are known yet.
fn threads(diags: &mut Diagnostics, listed: &[Value<WholeNumber>]) -> Option<Vec<ThreadId>> {
    if listed.is_empty() {
        explain::error(
            diags,
            AttributePath::new("processes"),
            "No session threads",
            "processes is empty, so there is nothing to kill. List at least one thread id, as SHOW PROCESSLIST shows \
             them.",
        );
        return None;
    }
    let mut threads = Vec::with_capacity(listed.len());
    let mut complete = true;
    for (index, value) in (0_i64..).zip(listed) {
        let flaw = match value {
            Value::Value(WholeNumber::Whole(number)) => match ThreadId::try_from(*number) {
                Ok(thread) => {
                    threads.push(thread);
                    continue;
                }
                Err(_) => format!("is {number}"),
            },
            Value::Value(WholeNumber::Other(text)) => format!("is {text}"),
            Value::Null => "is null".to_owned(),
            Value::Unknown => {
                complete = false;
                continue;
            }
        };
        complete = false;
        explain::error(
            diags,
            AttributePath::new("processes").index(index),
            "Invalid thread id",
            format!(
                "processes[{index}] {flaw}. A session thread's id is a whole number from 1 to {}.",
                i64::MAX
            ),
        );
    }
    complete.then_some(threads)
}

/// The arguments that resource and action share.
fn shared_attributes() -> HashMap<String, Attribute> {
    use AttributeType::{Bool, String};
    map! {
        "region" => arguments::region_attribute(),
        "instance_id" => required(String, "TaurusDB instance: 36 letters and digits, the last four `in07`."),
        "node_id" => required(String, "Node whose session threads are killed: 36 letters and digits, the last four `no07`."),
        "processes" => optional(thread_ids(), "Ids of the session threads to kill, as `SHOW PROCESSLIST` shows them. 64-bit; at least one; duplicates are sent once. Stands instead of `select`."),
        "fail_on_not_found" => optional_computed(Bool, "Fail when a thread does not exist, after the others were killed. By default false: a session that is gone is what was wanted."),
    }
}

fn thread_ids() -> AttributeType {
    AttributeType::List(Box::new(AttributeType::Number))
}

fn resource_schema() -> Schema {
    use AttributeType::String;
    let mut attributes: HashMap<_, _> = map! {
        "triggers" => arguments::triggers_attribute(),
        "id" => computed(String, "`instance_id`, `node_id` and the id of the last API request, with slashes in between; in its place `dry-run`, or `none` when nothing was killed or no answer came."),
        "matched" => computed(thread_ids(), "Threads that `select` chose, or with `dry_run` would have been killed. Null when nobody looked."),
        "processes_killed" => computed(thread_ids(), "Threads that were killed."),
        "remaining" => computed(thread_ids(), "Threads that `select` chose and that were still listed at last: a thread that rolls back goes away only when it has finished. Null when nobody looked."),
        "matched_count" => computed(AttributeType::Number, "How many are in `matched`."),
        "protected_count" => computed(AttributeType::Number, "How many sessions of the server itself would have matched and were left alone."),
        "killed_count" => computed(AttributeType::Number, "How many are in `processes_killed`."),
        "remaining_count" => computed(AttributeType::Number, "How many are in `remaining`."),
        "processes_not_found" => computed(thread_ids(), "Threads that did not exist."),
        "processes_excluded" => computed(thread_ids(), "Threads that were asked for and that the service left alone without saying so: its own internal ones."),
        "request_id" => computed(String, "Id of the last API request, which support asks for."),
        "killed_at" => computed(String, "When the kill was answered (RFC 3339, UTC). Null when it was not."),
    };
    attributes.extend(shared_attributes());
    attributes.extend(promises::attribute(LIMITS));
    session_kill::resource_schema(
        "Kills session threads of a TaurusDB (MySQL) node when it is created: those of the ids in `processes`, or those that \
         `select` chooses at that time. Changing the place, which \
         sessions are meant, or a value in `triggers` kills again. Writing the same in another order or in other words \
         does not, and neither does changing `max_sessions`, `fail_on_not_found` or `timeouts`. Destroying it \
         removes it from state and kills nothing.",
        attributes,
        select_block(),
    )
}

fn action_schema() -> Schema {
    session_kill::schema(
        "Kills session threads of a TaurusDB (MySQL) node whenever it is invoked, by \
         `terraform apply -invoke=action.hwc_taurusdb_session_kill.NAME`, or by another resource's `action_trigger`. It \
         leaves nothing in state.",
        arguments::of_action(shared_attributes()),
        select_block(),
    )
}
