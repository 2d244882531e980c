//! `hwc_dcs_session_kill`: kills sessions of a DCS (Redis) node or instance: all of them, chosen ones, or given ones.

mod kill;

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use tf_provider::schema::{Attribute, AttributeType, Schema};
use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics, map};

use self::kill::{Kill, Proof, Subject};
use super::arguments::{
    self, Timeouts, WholeNumber, computed, known, optional, optional_computed, required,
};
use super::dcs_sessions::{LISTED_AT, SelectBlock, select_block, selector};
use super::promises::{self, Limits, Presence, Promises};
use super::select::{self, Given, Guards, Select, Strings};
use super::session_kill::{
    self, Arguments, Comparison, Describes, KillAction, KillResource, State, Terms, Triggers,
};
use super::{HwcProvider, explain};
use crate::huaweicloud::dcs::{InstanceId, NodeId, Target};

/// The resource.
pub type DcsSessionKill = KillResource<Model>;

/// The action.
pub(super) type DcsSessionKillAction = KillAction<ActionConfig>;

/// The arguments that narrow a kill or guard it, apart from those that choose sessions.
const LIMITS: [&str; 3] = ["node_id", "max_sessions", "dry_run"];

/// The resource's attributes, in the order of the schema.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Model {
    region: Value<String>,
    instance_id: Value<String>,
    node_id: Value<String>,
    kill_all_nodes: Value<bool>,
    client_addrs: Strings,
    select: Select<SelectBlock>,
    max_sessions: Value<WholeNumber>,
    dry_run: Value<bool>,
    wait_for_completion: Value<bool>,
    triggers: Triggers,
    timeouts: Timeouts,
    promises: Promises,
    id: Value<String>,
    job_id: Value<String>,
    job_status: Value<String>,
    matched: Value<Vec<String>>,
    killed: Value<Vec<String>>,
    not_found: Value<Vec<String>>,
    remaining: Value<Vec<String>>,
    matched_count: Value<i64>,
    protected_count: Value<i64>,
    killed_count: Value<i64>,
    remaining_count: Value<i64>,
    listed_at: Value<BTreeMap<String, String>>,
    started_at: Value<String>,
    finished_at: Value<String>,
    request_id: Value<String>,
}

/// The action's arguments, in the order of the schema.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ActionConfig {
    region: Value<String>,
    instance_id: Value<String>,
    node_id: Value<String>,
    kill_all_nodes: Value<bool>,
    client_addrs: Strings,
    select: Select<SelectBlock>,
    max_sessions: Value<WholeNumber>,
    dry_run: Value<bool>,
    wait_for_completion: Value<bool>,
    timeouts: Timeouts,
}

/// The arguments that say what to kill.
#[derive(Clone, Copy)]
pub struct Written<'a> {
    region: &'a Value<String>,
    instance_id: &'a Value<String>,
    node_id: &'a Value<String>,
    kill_all_nodes: &'a Value<bool>,
    client_addrs: &'a Strings,
    select: &'a Select<SelectBlock>,
    guards: Guards<'a>,
    wait_for_completion: &'a Value<bool>,
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
                    kill_all_nodes: &self.kill_all_nodes,
                    client_addrs: &self.client_addrs,
                    select: &self.select,
                    guards: Guards {
                        max_sessions: &self.max_sessions,
                        dry_run: &self.dry_run,
                    },
                    wait_for_completion: &self.wait_for_completion,
                    timeouts: &self.timeouts,
                }
            }
        }
    };
}

arguments_of!(Model, resource_schema);
arguments_of!(ActionConfig, action_schema);

impl State for Model {
    const TYPE: &'static str = "hwc_dcs_session_kill";

    fn region(&mut self) -> &mut Value<String> {
        &mut self.region
    }

    fn fill_defaults(&mut self, config: &Self) {
        self.kill_all_nodes = arguments::or_default(&config.kill_all_nodes, false);
        self.wait_for_completion = arguments::or_default(&config.wait_for_completion, true);
    }

    fn id(&self) -> &Value<String> {
        &self.id
    }

    fn compare(&mut self, prior: &Self, comparison: &mut Comparison) {
        comparison.value("region", &self.region, &prior.region);
        comparison.value("instance_id", &self.instance_id, &prior.instance_id);
        let all = Value::Value(true);
        if (&self.kill_all_nodes, &prior.kill_all_nodes) != (&all, &all) {
            comparison.value("node_id", &self.node_id, &prior.node_id);
        }
        comparison.value(
            "kill_all_nodes",
            &self.kill_all_nodes,
            &prior.kill_all_nodes,
        );
        comparison.list("client_addrs", &mut self.client_addrs, &prior.client_addrs);
        comparison.select(&mut self.select, &prior.select);
        comparison.dry_run(&self.dry_run, session_kill::is_rehearsal(prior));
        comparison.triggers(&mut self.triggers, &prior.triggers);
    }

    fn forget_results(&mut self) {
        self.promises = self.written().limits().promises();
        self.id = Value::Unknown;
        self.job_id = Value::Unknown;
        self.job_status = Value::Unknown;
        self.matched = Value::Unknown;
        self.killed = Value::Unknown;
        self.not_found = Value::Unknown;
        self.remaining = Value::Unknown;
        self.matched_count = Value::Unknown;
        self.protected_count = Value::Unknown;
        self.killed_count = Value::Unknown;
        self.remaining_count = Value::Unknown;
        self.listed_at = Value::Unknown;
        self.started_at = Value::Unknown;
        self.finished_at = Value::Unknown;
        self.request_id = Value::Unknown;

        let rehearsed = self.written().is_dry_run();
        let named = matches!(self.client_addrs, Value::Value(_));
        let chosen = named || matches!(select::given(&self.select), Given::Present(_));
        let all =
            self.client_addrs.is_null() && matches!(select::given(&self.select), Given::Absent);
        if rehearsed || chosen {
            self.job_id = Value::Null;
            self.job_status = Value::Null;
        }
        if rehearsed {
            self.killed = Value::Value(Vec::new());
            self.killed_count = Value::Value(0);
            self.started_at = Value::Null;
            self.finished_at = Value::Null;
            self.request_id = Value::Null;
        } else if all && !self.dry_run.is_unknown() {
            // With a cap they are listed first.
            if self.max_sessions.is_null() {
                self.matched = Value::Null;
                self.matched_count = Value::Null;
                self.protected_count = Value::Null;
                self.listed_at = Value::Null;
            }
            self.killed = Value::Null;
            self.remaining = Value::Null;
            self.killed_count = Value::Null;
            self.remaining_count = Value::Null;
        }
        if all || rehearsed && self.client_addrs.is_null() {
            self.not_found = Value::Null;
        }
    }

    fn fill(&mut self, kill: &Kill, proof: Proof) {
        let job = proof.job_id.as_ref().map(ToString::to_string);
        let name = job.as_deref().or(proof.request_id.as_deref());
        self.region = Value::Value(kill.region.clone());
        self.id = session_kill::id(kill.instance.as_str(), name, &kill.terms);
        self.job_id = known(proof.job_id.map(|id| id.to_string()));
        self.job_status = known(proof.job_status);
        self.matched_count = proof.matched_count.value();
        self.killed_count = proof.killed_count.value();
        self.remaining_count = proof.remaining_count.value();
        self.listed_at = known(proof.listed_at);
        self.protected_count = arguments::number(proof.protected);
        self.matched = known(proof.matched);
        self.killed = known(proof.killed);
        self.not_found = known(proof.not_found);
        self.remaining = known(proof.remaining);
        self.started_at = proof.started_at;
        self.finished_at = proof.finished_at;
        self.request_id = known(proof.request_id);
    }
}

impl Describes for Written<'_> {
    type Kill = Kill;

    fn is_dry_run(&self) -> bool {
        self.guards.is_dry_run()
    }

    fn whom(&self) -> String {
        let which = match (self.client_addrs, select::given(self.select)) {
            (Value::Value(addresses), _) => {
                format!("the sessions at {}", arguments::first_shown(addresses))
            }
            (_, Given::Present(_)) => "the sessions that select chooses".to_owned(),
            (Value::Null, Given::Absent) => "all sessions".to_owned(),
            _ => "sessions".to_owned(),
        };
        format!("{which} of {}", self.place())
    }

    fn region(&self) -> &Value<String> {
        self.region
    }

    fn place(&self) -> String {
        let nodes = match self.kill_all_nodes {
            Value::Value(true) => "all nodes".to_owned(),
            _ => format!("the node {}", arguments::shown(self.node_id)),
        };
        format!(
            "{nodes} of the instance {}",
            arguments::shown(self.instance_id)
        )
    }

    fn place_and_ids(&self) -> (&'static str, &'static str) {
        let place = match self.kill_all_nodes {
            Value::Value(true) => "kill_all_nodes",
            _ => "node_id",
        };
        (place, "client_addrs")
    }

    fn limits(&self) -> Limits {
        let node = match self.kill_all_nodes {
            Value::Value(true) => Presence::Absent,
            _ => Presence::from(self.node_id),
        };
        let presences = [
            node,
            Presence::from(self.guards.max_sessions),
            Presence::from(self.guards.dry_run),
        ];
        let ids = ("client_addrs", Presence::from(self.client_addrs));
        Limits::new(std::iter::zip(LIMITS, presences), ids, self.select)
    }

    fn check(&self, diags: &mut Diagnostics) {
        if !self.instance_id.is_unknown() {
            _ = arguments::identifier::<InstanceId>(diags, "instance_id", self.instance_id);
        }
        self.suspect_other_service(diags);
        _ = self.subject(diags);
        _ = Terms::read(diags, self.guards, self.timeouts);
        if self.node_id.is_value() && *self.kill_all_nodes == Value::Value(true) {
            explain::warning(
                diags,
                AttributePath::new("node_id"),
                "node_id is ignored",
                "kill_all_nodes is true, so sessions of all nodes of the instance are killed, not only those of node_id. \
                 Leave one of the two out to make clear which is meant.",
            );
        }
    }

    fn read(&self, diags: &mut Diagnostics, provider: &HwcProvider) -> Option<Kill> {
        let region = arguments::region(diags, provider, self.region);
        let instance = arguments::identifier(diags, "instance_id", self.instance_id);
        let subject = self.subject(diags);
        let terms = Terms::read(diags, self.guards, self.timeouts);
        if !diags.errors.is_empty() {
            return None;
        }
        Some(Kill {
            region: region?,
            instance: instance?,
            subject: subject?,
            terms: terms?,
            wait: self.wait_for_completion.unwrap_or(true),
        })
    }
}

impl Written<'_> {
    /// DCS sets no form for its ids, so none is refused; but those of TaurusDB and its relatives can be told.
    fn suspect_other_service(&self, diags: &mut Diagnostics) {
        for (name, value) in [("instance_id", self.instance_id), ("node_id", self.node_id)] {
            if let Value::Value(id) = value
                && looks_relational(id)
            {
                explain::warning(
                    diags,
                    AttributePath::new(name),
                    format!("{name} looks like that of a TaurusDB or RDS database"),
                    format!(
                        "{name} is {id:?}. Ids that end so are those of relational databases; those of DCS are usually \
                         UUIDs. For session threads of TaurusDB use hwc_taurusdb_session_kill."
                    ),
                );
            }
        }
    }

    /// Whose sessions are meant. `None` without an error means: not known yet.
    fn subject(&self, diags: &mut Diagnostics) -> Option<Subject> {
        let target = self.target(diags);
        let select = select::given(self.select);
        match (self.client_addrs, select) {
            (Value::Null, Given::Absent) => target.map(Subject::All),
            (Value::Null, Given::Present(block)) => {
                let selector = selector(diags, block);
                Some(Subject::Selected(target?, Box::new(selector?)))
            }
            (Value::Value(_), Given::Present(_)) => {
                explain::error(
                    diags,
                    select::block_path(),
                    "Both client_addrs and select",
                    "client_addrs lists addresses, and select describes sessions: write one of them.",
                );
                None
            }
            (Value::Value(listed), _) => {
                let addresses = addresses(diags, listed);
                match target? {
                    Target::Node(node) => Some(Subject::Addresses(node, addresses?)),
                    Target::AllNodes => {
                        explain::error(
                            diags,
                            AttributePath::new("client_addrs"),
                            "client_addrs needs node_id",
                            "client_addrs lists addresses of one node's clients. Set node_id, and leave kill_all_nodes \
                             out.",
                        );
                        None
                    }
                }
            }
            (Value::Unknown, _) | (Value::Null, Given::Unknown) => None,
        }
    }

    /// On which nodes they are. `None` without an error means: not known yet.
    fn target(&self, diags: &mut Diagnostics) -> Option<Target> {
        let node = match self.node_id {
            Value::Null => None,
            value => Some(arguments::identifier::<NodeId>(diags, "node_id", value)),
        };
        match (self.kill_all_nodes, node) {
            (Value::Value(true), _) => Some(Target::AllNodes),
            (Value::Value(false) | Value::Null, Some(node)) => node.map(Target::Node),
            (Value::Value(false) | Value::Null, None) => {
                explain::error(
                    diags,
                    AttributePath::new("node_id"),
                    "Missing node_id",
                    "It is not said whose sessions are to be killed. Set node_id for those of one node, or \
                     kill_all_nodes = true for those of all nodes of the instance.",
                );
                None
            }
            (Value::Unknown, _) => None,
        }
    }
}

/// Reads the addresses of clients. `None` without an error means: not all of them are known yet.
fn addresses(diags: &mut Diagnostics, listed: &[Value<String>]) -> Option<Vec<String>> {
    if listed.is_empty() {
        explain::error(
            diags,
            AttributePath::new("client_addrs"),
            "No addresses",
            "client_addrs is empty, so there is nothing to kill. List at least one address with its port, as the list of \
             sessions shows them.",
        );
        return None;
    }
    let mut addresses = Vec::with_capacity(listed.len());
    let mut complete = true;
    for (index, value) in (0_i64..).zip(listed) {
        let written = match value {
            Value::Value(address) if has_port(address) => {
                addresses.push(address.clone());
                continue;
            }
            Value::Value(address) => format!("{address:?}"),
            Value::Null => "null".to_owned(),
            Value::Unknown => {
                complete = false;
                continue;
            }
        };
        complete = false;
        explain::error(
            diags,
            AttributePath::new("client_addrs").index(index),
            "Invalid client address",
            format!(
                "client_addrs[{index}] is {written}. A client's address has its port, as in \"10.0.0.7:51234\"; for all \
                 clients of an address use a select block with addresses."
            ),
        );
    }
    complete.then_some(addresses)
}

/// Is it 32 letters and digits and then `in` or `no` with two digits, as ids of TaurusDB and RDS are?
fn looks_relational(id: &str) -> bool {
    let Some((unique, kind)) = id.split_at_checked(32) else {
        return false;
    };
    let (what, number) = kind.split_at_checked(2).unwrap_or_default();
    unique.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && matches!(what, "in" | "no")
        && number.len() == 2
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Does the text end in a colon and a port?
fn has_port(address: &str) -> bool {
    address
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}

/// The arguments that resource and action share.
fn shared_attributes() -> HashMap<String, Attribute> {
    use AttributeType::{Bool, List, String};
    map! {
        "region" => arguments::region_attribute(),
        "instance_id" => required(String, "Id of the DCS instance, as the console shows it; usually a UUID."),
        "node_id" => optional(String, "Id of the node whose sessions are killed, as `logical-nodes` of the API lists them. Mandatory unless `kill_all_nodes` is true."),
        "kill_all_nodes" => optional_computed(Bool, "Kill sessions of all nodes of the instance; `node_id` is then ignored. By default false."),
        "client_addrs" => optional(List(Box::new(String)), "Addresses, with their ports, of the clients of `node_id` to kill. Stands instead of `select`; without either, all sessions are killed."),
        "wait_for_completion" => optional_computed(Bool, "Wait until the job that kills all sessions has ended, and fail if it failed. By default true."),
    }
}

fn resource_schema() -> Schema {
    use AttributeType::{List, Map, Number, String};
    let addresses = || List(Box::new(String));
    let mut attributes: HashMap<_, _> = map! {
        "triggers" => arguments::triggers_attribute(),
        "id" => computed(String, "`instance_id`, a slash, and the job's id; the request's, when the job's is not known; `dry-run`; or `none`, when nothing was killed or no answer came."),
        "job_id" => computed(String, "Job that kills all sessions. Null when the answer could not be read, and for chosen sessions, which are killed without a job."),
        "matched" => computed(addresses(), "Addresses of the sessions that were chosen, that were there before all were killed, or with `dry_run` would have been killed. Null when nobody looked: for all sessions without `max_sessions`."),
        "killed" => computed(addresses(), "Addresses of the chosen sessions that were gone afterwards. Null when all sessions are killed."),
        "not_found" => computed(addresses(), "Addresses in `client_addrs` that no session had, and addresses of chosen sessions that had left when the kill was sent to them. Null when there are none of either."),
        "remaining" => computed(addresses(), "Addresses of the chosen sessions that were still listed at last. A client that has reconnected is another session. Null when nobody looked."),
        "matched_count" => computed(Number, "How many are in `matched`."),
        "protected_count" => computed(Number, "How many sessions of masters and replicas would have matched and were left alone."),
        "killed_count" => computed(Number, "How many are in `killed`."),
        "remaining_count" => computed(Number, "How many are in `remaining`."),
        "job_status" => computed(String, "`SUCCESS` or `FAIL` when the job was followed to its end; otherwise the last status that was seen, or null."),
        "listed_at" => computed(Map(Box::new(String)), LISTED_AT),
        "started_at" => computed(String, "When the job began (RFC 3339, UTC); when that is not known, when the kill was sent."),
        "finished_at" => computed(String, "When the job ended (RFC 3339, UTC). Null when it was not followed to its end."),
        "request_id" => computed(String, "Id of the API request, which support asks for."),
    };
    attributes.extend(shared_attributes());
    attributes.extend(promises::attribute(LIMITS));
    session_kill::resource_schema(
        "Kills sessions of a node of a DCS (Redis) instance, or of all its nodes, when it is created: all of them, those that \
         `select` chooses at that time, or those in `client_addrs`. Changing the place, which \
         sessions are meant, or a value in `triggers` kills again. Writing the same in another order or in other words \
         does not, and neither does changing `max_sessions`, `wait_for_completion` or `timeouts`. Destroying it \
         removes it from state and kills nothing.",
        attributes,
        select_block(),
    )
}

fn action_schema() -> Schema {
    session_kill::schema(
        "Kills sessions of a node of a DCS (Redis) instance, or of all its nodes, whenever it is invoked: all of them, those \
         that `select` chooses at that time, or those in `client_addrs`. It is invoked by \
         `terraform apply -invoke=action.hwc_dcs_session_kill.NAME`, or by another resource's `action_trigger`. It \
         leaves nothing in state.",
        arguments::of_action(shared_attributes()),
        select_block(),
    )
}
