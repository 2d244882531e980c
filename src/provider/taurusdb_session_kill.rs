//! `hwc_taurusdb_session_kill`: kills session threads of a TaurusDB node by their ids.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroUsize;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tf_provider::schema::{Attribute, AttributeType, Schema};
use tf_provider::value::{Value, ValueEmpty};
use tf_provider::{AttributePath, Diagnostics, Resource, map};

use super::HwcProvider;
use super::arguments::{
    self, Timeouts, WholeNumber, computed, known, moment, optional_computed, required,
};
use super::explain::{self, Report};
use crate::huaweicloud::error::{Error, Outcome};
use crate::huaweicloud::taurusdb::{InstanceId, KILL_BATCH, NodeId, TaurusDb, ThreadId};
use crate::plugin::{Action, Progress};
use crate::session::ids;
use crate::session::outcome::{self, Answer, KillReport, KillTally};

/// Diagnostics show at most this many ids; the rest is counted.
const IDS_SHOWN: usize = 20;

/// The resource.
pub struct TaurusdbSessionKill {
    provider: HwcProvider,
}

/// The resource's attributes, in the order of the schema.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Model {
    region: Value<String>,
    instance_id: Value<String>,
    node_id: Value<String>,
    processes: Value<Vec<Value<WholeNumber>>>,
    fail_on_not_found: Value<bool>,
    triggers: Value<BTreeMap<String, Value<String>>>,
    timeouts: Timeouts,
    id: Value<String>,
    processes_killed: Value<Vec<i64>>,
    processes_not_found: Value<Vec<i64>>,
    processes_excluded: Value<Vec<i64>>,
    request_id: Value<String>,
    killed_at: Value<String>,
}

/// The action's arguments, in the order of the schema.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ActionConfig {
    region: Value<String>,
    instance_id: Value<String>,
    node_id: Value<String>,
    processes: Value<Vec<Value<WholeNumber>>>,
    fail_on_not_found: Value<bool>,
    timeouts: Timeouts,
}

/// The arguments that say what to kill.
#[derive(Clone, Copy)]
struct Arguments<'a> {
    region: &'a Value<String>,
    instance_id: &'a Value<String>,
    node_id: &'a Value<String>,
    processes: &'a Value<Vec<Value<WholeNumber>>>,
    fail_on_not_found: &'a Value<bool>,
    timeouts: &'a Timeouts,
}

/// The arguments once they are all known and right.
struct Kill {
    region: String,
    instance: InstanceId,
    node: NodeId,
    threads: Vec<ThreadId>,
    fail_on_not_found: bool,
    limit: Duration,
}

/// What is known after something was sent. It goes into state whatever happens afterwards.
struct Proof {
    /// `None` when no answer told anything.
    report: Option<KillReport<i64>>,
    request_id: Option<String>,
    killed_at: Value<String>,
}

impl Model {
    fn arguments(&self) -> Arguments<'_> {
        Arguments {
            region: &self.region,
            instance_id: &self.instance_id,
            node_id: &self.node_id,
            processes: &self.processes,
            fail_on_not_found: &self.fail_on_not_found,
            timeouts: &self.timeouts,
        }
    }

    /// Everything that only apply can tell.
    fn forget_results(&mut self) {
        self.id = Value::Unknown;
        self.processes_killed = Value::Unknown;
        self.processes_not_found = Value::Unknown;
        self.processes_excluded = Value::Unknown;
        self.request_id = Value::Unknown;
        self.killed_at = Value::Unknown;
    }

    fn fill(&mut self, kill: &Kill, proof: Proof) {
        let name = proof.request_id.as_deref().unwrap_or("unknown");
        self.region = Value::Value(kill.region.clone());
        self.id = Value::Value(format!("{}/{}/{name}", kill.instance, kill.node));
        let (killed, not_found, excluded) = match proof.report {
            Some(report) => (
                Value::Value(report.killed),
                Value::Value(report.not_found),
                Value::Value(report.excluded),
            ),
            None => (Value::Null, Value::Null, Value::Null),
        };
        self.processes_killed = killed;
        self.processes_not_found = not_found;
        self.processes_excluded = excluded;
        self.request_id = known(proof.request_id);
        self.killed_at = proof.killed_at;
    }
}

impl ActionConfig {
    fn arguments(&self) -> Arguments<'_> {
        Arguments {
            region: &self.region,
            instance_id: &self.instance_id,
            node_id: &self.node_id,
            processes: &self.processes,
            fail_on_not_found: &self.fail_on_not_found,
            timeouts: &self.timeouts,
        }
    }
}

impl Arguments<'_> {
    /// What can be said without knowing every value.
    fn check(&self, diags: &mut Diagnostics) {
        if !self.instance_id.is_unknown() {
            _ = arguments::identifier::<InstanceId>(diags, "instance_id", self.instance_id);
        }
        if !self.node_id.is_unknown() {
            _ = arguments::identifier::<NodeId>(diags, "node_id", self.node_id);
        }
        _ = self.threads(diags);
        _ = arguments::create_timeout(diags, self.timeouts);
    }

    /// The thread ids. `None` without an error means: not all of them are known yet.
    fn threads(&self, diags: &mut Diagnostics) -> Option<Vec<ThreadId>> {
        let listed = match self.processes {
            Value::Value(listed) if !listed.is_empty() => listed,
            Value::Unknown => return None,
            Value::Value(_) | Value::Null => {
                explain::error(
                    diags,
                    AttributePath::new("processes"),
                    "No session threads",
                    "processes is empty, so there is nothing to kill. List at least one thread id, as SHOW PROCESSLIST \
                     shows them.",
                );
                return None;
            }
        };
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

    /// Reads the arguments when all of them are known, at apply.
    fn read(&self, diags: &mut Diagnostics, provider: &HwcProvider) -> Option<Kill> {
        let region = arguments::region(diags, provider, self.region);
        let instance = arguments::identifier(diags, "instance_id", self.instance_id);
        let node = arguments::identifier(diags, "node_id", self.node_id);
        let threads = self.threads(diags);
        let limit = arguments::create_timeout(diags, self.timeouts);
        Some(Kill {
            region: region?,
            instance: instance?,
            node: node?,
            threads: threads?,
            fail_on_not_found: self.fail_on_not_found.unwrap_or(false),
            limit: limit?,
        })
    }
}

impl TaurusdbSessionKill {
    /// The resource of a provider.
    pub fn new(provider: HwcProvider) -> Self {
        Self { provider }
    }

    /// Kills, batch by batch. `None`: certainly nothing happened, and an error says why.
    async fn kill(
        &self,
        diags: &mut Diagnostics,
        kill: &Kill,
        progress: &Progress,
    ) -> Option<Proof> {
        let client = self.provider.client(diags)?;
        let operation = self.provider.operation(&client, kill.limit, progress);
        let taurusdb = TaurusDb::new(&client, &kill.region);

        let mut tally = KillTally::new(kill.threads.iter().map(|thread| thread.get()));
        let mut request_id = None;
        let mut killed_at = Value::Null;
        let mut understood = false;
        let mut failure = None;
        let mut sent = 0;
        // The tally drops duplicates and keeps the order, so that these are the ids as they are sent.
        let threads: Vec<ThreadId> = ids::unique(kill.threads.iter().copied());

        for batch in outcome::batches(&threads, BATCH) {
            let answer = match taurusdb
                .kill(&kill.instance, &kill.node, batch, &operation)
                .await
            {
                Outcome::Accepted(answer) => answer,
                Outcome::Rejected(error) => {
                    failure = Some(Failure { error, unknown: 0 });
                    break;
                }
                Outcome::Unknown(error) => {
                    failure = Some(Failure {
                        error,
                        unknown: batch.len(),
                    });
                    break;
                }
            };
            request_id = answer.request_id;
            killed_at = moment(client.clock().now());
            match answer.lists {
                Ok(lists) => {
                    understood = true;
                    let batch: Vec<i64> = batch.iter().map(|thread| thread.get()).collect();
                    tally.record(
                        &batch,
                        Answer {
                            killed: lists.killed,
                            not_found: lists.not_found,
                            repeated: answer.after_doubt,
                        },
                    );
                    sent += batch.len();
                    if sent < threads.len() {
                        progress.report(format!("{sent} of {} threads sent.", threads.len()));
                    }
                }
                Err(error) => unreadable(batch.len(), error).into_warning(diags),
            }
        }

        let report = tally.report();
        let accepted = !killed_at.is_null();
        if let Some(failure) = failure {
            let maybe = accepted || failure.unknown > 0;
            request_id = request_id.or_else(|| failure.error.request_id().map(ToOwned::to_owned));
            failure.explain(&report, accepted).into_error(diags);
            if !maybe {
                return None;
            }
        }
        if understood {
            progress.report(format!(
                "Killed {}, not found {}, excluded {}.",
                report.killed.len(),
                report.not_found.len(),
                report.excluded.len()
            ));
        }
        tell(diags, kill, &report);
        Some(Proof {
            report: understood.then_some(report),
            request_id,
            killed_at,
        })
    }
}

/// [`KILL_BATCH`] as the type that says it is not zero.
const BATCH: NonZeroUsize = match NonZeroUsize::new(KILL_BATCH) {
    Some(size) => size,
    None => NonZeroUsize::MIN,
};

/// Why not every batch was answered.
struct Failure {
    error: Error,
    /// How many ids were in a request whose outcome is unknown; zero when the request certainly did nothing.
    unknown: usize,
}

impl Failure {
    fn explain(self, report: &KillReport<i64>, accepted: bool) -> Report {
        let unsent = report.unanswered.len().saturating_sub(self.unknown);
        if self.unknown > 0 {
            return Report {
                summary: "It is unknown whether the session threads were killed".to_owned(),
                meaning: format!(
                    "A request to kill {} was sent, repeatedly, and no answer came back whole: the kill may have \
                     happened. {}",
                    threads(self.unknown),
                    so_far(report, unsent)
                ),
                error: self.error,
                next: Some(
                    "How to proceed: look at SHOW PROCESSLIST on the node. The resource is in state, marked as tainted. \
                     Applying again sends the same ids again, which is harmless: thread ids are not reused, so that \
                     those already killed are reported as not found. If they are all gone, `terraform untaint` works \
                     too."
                        .to_owned(),
                ),
            };
        }
        let code = self
            .error
            .api()
            .and_then(|answer| answer.code.as_ref())
            .map(|code| format!(": {code}"))
            .unwrap_or_default();
        if accepted {
            return Report {
                summary: format!("Not all session threads were killed{code}"),
                meaning: so_far(report, unsent),
                error: self.error,
                next: Some(
                    "How to proceed: the resource is in state with what was killed, marked as tainted. Applying again \
                     sends all ids again; those already killed are then reported as not found."
                        .to_owned(),
                ),
            };
        }
        Report {
            summary: format!("The session threads were not killed{code}"),
            meaning: "No session thread was killed, and nothing went into state.".to_owned(),
            error: self.error,
            next: None,
        }
    }
}

/// What the answered batches did, and what was not sent.
fn so_far(report: &KillReport<i64>, unsent: usize) -> String {
    format!(
        "Before that, {} killed, {} not found and {} excluded; {} not sent.",
        report.killed.len(),
        report.not_found.len(),
        report.excluded.len(),
        threads(unsent)
    )
}

fn threads(count: usize) -> String {
    match count {
        1 => "1 thread".to_owned(),
        count => format!("{count} threads"),
    }
}

fn unreadable(count: usize, error: Error) -> Report {
    Report {
        summary: "The kill was accepted, but its answer could not be read".to_owned(),
        meaning: format!(
            "TaurusDB accepted a request to kill {}, but which of them it killed is not known. They are in none of the \
             lists in state.",
            threads(count)
        ),
        error,
        next: Some(
            "Look at SHOW PROCESSLIST on the node to see which of them are still there.".to_owned(),
        ),
    }
}

/// What is worth knowing about a kill that was answered.
fn tell(diags: &mut Diagnostics, kill: &Kill, report: &KillReport<i64>) {
    if !report.uncertain.is_empty() {
        explain::warning(
            diags,
            AttributePath::new("processes"),
            "Some session threads may have been killed although they were not found",
            format!(
                "The first request's answer was lost, so it was sent again, and {} then not found: {}. The first request \
                 may have killed them. They are in processes_not_found.",
                threads(report.uncertain.len()),
                show(&report.uncertain)
            ),
        );
    }
    if !report.unexpected.is_empty() {
        explain::warning(
            diags,
            AttributePath::new("processes"),
            "The answer names session threads that were not asked for",
            format!(
                "TaurusDB reported {} that are not in processes: {}. They are in none of the lists in state.",
                threads(report.unexpected.len()),
                show(&report.unexpected)
            ),
        );
    }
    if kill.fail_on_not_found && !report.not_found.is_empty() {
        explain::error(
            diags,
            AttributePath::new("processes"),
            "Some session threads were not found",
            format!(
                "{} in processes did not exist on the node: {}. {} killed. This is an error because fail_on_not_found is \
                 true; the resource is in state with what was killed, marked as tainted.",
                threads(report.not_found.len()),
                show(&report.not_found),
                threads(report.killed.len())
            ),
        );
    }
}

/// The first ids, and how many more there are.
fn show(ids: &[i64]) -> String {
    let mut text = ids
        .iter()
        .take(IDS_SHOWN)
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    if ids.len() > IDS_SHOWN {
        text += &format!(" and {} more", ids.len() - IDS_SHOWN);
    }
    text
}

/// The arguments that resource and action share.
fn shared_attributes() -> HashMap<String, Attribute> {
    use AttributeType::{Bool, String};
    map! {
        "region" => arguments::region_attribute(),
        "instance_id" => required(String, "TaurusDB instance: 36 letters and digits, the last four `in07`."),
        "node_id" => required(String, "Node whose session threads are killed: 36 letters and digits, the last four `no07`."),
        "processes" => required(thread_ids(), "Ids of the session threads to kill, as `SHOW PROCESSLIST` shows them. 64-bit; at least one; duplicates are sent once."),
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
        "id" => computed(String, "`instance_id`, `node_id` and the id of the last API request, with slashes in between."),
        "processes_killed" => computed(thread_ids(), "Threads that were killed."),
        "processes_not_found" => computed(thread_ids(), "Threads that did not exist."),
        "processes_excluded" => computed(thread_ids(), "Threads that were asked for and that the service left alone without saying so: its own internal ones."),
        "request_id" => computed(String, "Id of the last API request, which support asks for."),
        "killed_at" => computed(String, "When the kill was answered (RFC 3339, UTC). Null when it was not."),
    };
    attributes.extend(shared_attributes());
    arguments::schema(
        "Kills session threads of a TaurusDB (MySQL) node by their ids when it is created. Changing any argument but \
         `timeouts` kills again, and so does a changed value in `triggers`. Destroying it only forgets it.",
        attributes,
        arguments::timeouts_block(),
    )
}

fn action_schema() -> Schema {
    arguments::schema(
        "Kills session threads of a TaurusDB (MySQL) node by their ids, whenever it is invoked: by \
         `terraform apply -invoke=action.hwc_taurusdb_session_kill.NAME`, or by another resource's `action_trigger`. It \
         leaves nothing in state.",
        arguments::of_action(shared_attributes()),
        arguments::timeouts_block(),
    )
}

#[async_trait]
impl Resource for TaurusdbSessionKill {
    type State<'a> = Model;
    type PrivateState<'a> = ValueEmpty;
    type ProviderMetaState<'a> = ValueEmpty;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        Some(resource_schema())
    }

    async fn validate<'a>(&self, diags: &mut Diagnostics, config: Model) -> Option<()> {
        config.arguments().check(diags);
        Some(())
    }

    /// The proof of what happened does not change: state is what it was, and nothing is called.
    async fn read<'a>(
        &self,
        _diags: &mut Diagnostics,
        state: Model,
        private_state: ValueEmpty,
        _meta: ValueEmpty,
    ) -> Option<(Model, ValueEmpty)> {
        Some((state, private_state))
    }

    async fn plan_create<'a>(
        &self,
        _diags: &mut Diagnostics,
        proposed: Model,
        config: Model,
        _meta: ValueEmpty,
    ) -> Option<(Model, ValueEmpty)> {
        let mut planned = proposed;
        planned.region = arguments::planned_region(&self.provider, &config.region);
        planned.fail_on_not_found = arguments::or_default(&config.fail_on_not_found, false);
        planned.forget_results();
        Some((planned, ValueEmpty::Null))
    }

    async fn plan_update<'a>(
        &self,
        _diags: &mut Diagnostics,
        prior: Model,
        proposed: Model,
        config: Model,
        private_state: ValueEmpty,
        _meta: ValueEmpty,
    ) -> Option<(Model, ValueEmpty, Vec<AttributePath>)> {
        let mut planned = proposed;
        planned.fail_on_not_found = arguments::or_default(&config.fail_on_not_found, false);
        let replace = arguments::changed(&[
            ("region", planned.region != prior.region),
            ("instance_id", planned.instance_id != prior.instance_id),
            ("node_id", planned.node_id != prior.node_id),
            ("processes", planned.processes != prior.processes),
            (
                "fail_on_not_found",
                planned.fail_on_not_found != prior.fail_on_not_found,
            ),
            ("triggers", planned.triggers != prior.triggers),
        ]);
        if !replace.is_empty() {
            planned.forget_results();
        }
        Some((planned, private_state, replace))
    }

    async fn plan_destroy<'a>(
        &self,
        _diags: &mut Diagnostics,
        _prior: Model,
        private_state: ValueEmpty,
        _meta: ValueEmpty,
    ) -> Option<ValueEmpty> {
        Some(private_state)
    }

    async fn create<'a>(
        &self,
        diags: &mut Diagnostics,
        planned: Model,
        _config: Model,
        private_state: ValueEmpty,
        _meta: ValueEmpty,
    ) -> Option<(Model, ValueEmpty)> {
        let kill = planned.arguments().read(diags, &self.provider)?;
        let proof = self.kill(diags, &kill, &Progress::none()).await?;
        let mut state = planned;
        state.fill(&kill, proof);
        Some((state, private_state))
    }

    /// Only `timeouts` changes in place: nothing is killed.
    async fn update<'a>(
        &self,
        _diags: &mut Diagnostics,
        _prior: Model,
        planned: Model,
        _config: Model,
        private_state: ValueEmpty,
        _meta: ValueEmpty,
    ) -> Option<(Model, ValueEmpty)> {
        Some((planned, private_state))
    }

    /// A kill cannot be undone: it is only forgotten.
    async fn destroy<'a>(
        &self,
        _diags: &mut Diagnostics,
        _prior: Model,
        _private_state: ValueEmpty,
        _meta: ValueEmpty,
    ) -> Option<()> {
        Some(())
    }

    async fn import<'a>(
        &self,
        diags: &mut Diagnostics,
        _id: String,
    ) -> Option<(Model, ValueEmpty)> {
        arguments::refuse_import(diags, "hwc_taurusdb_session_kill");
        None
    }
}

#[async_trait]
impl Action for TaurusdbSessionKill {
    type Config<'a> = ActionConfig;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        Some(action_schema())
    }

    async fn validate<'a>(&self, diags: &mut Diagnostics, config: ActionConfig) -> Option<()> {
        config.arguments().check(diags);
        Some(())
    }

    async fn invoke<'a>(
        &self,
        diags: &mut Diagnostics,
        config: ActionConfig,
        progress: Progress,
    ) -> Option<()> {
        let kill = config.arguments().read(diags, &self.provider)?;
        self.kill(diags, &kill, &progress).await.map(drop)
    }
}
