//! `hwc_dcs_session_kill`: kills all sessions of a DCS (Redis) node, or of all nodes of an instance.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tf_provider::schema::{Attribute, AttributeType, Schema};
use tf_provider::value::{Value, ValueEmpty};
use tf_provider::{AttributePath, Diagnostics, Resource, map};

use super::HwcProvider;
use super::arguments::{
    self, Timeouts, computed, known, moment, optional, optional_computed, required,
};
use super::explain::{self, Report};
use crate::huaweicloud::client::Client;
use crate::huaweicloud::dcs::{
    Dcs, InstanceId, Job, JobId, JobStatus, KillAccepted, NodeId, Target,
};
use crate::huaweicloud::error::{Error, Outcome};
use crate::huaweicloud::operation::Operation;
use crate::plugin::{Action, Progress};

/// The resource.
pub struct DcsSessionKill {
    provider: HwcProvider,
}

/// The resource's attributes, in the order of the schema.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Model {
    region: Value<String>,
    instance_id: Value<String>,
    node_id: Value<String>,
    kill_all_nodes: Value<bool>,
    wait_for_completion: Value<bool>,
    triggers: Value<BTreeMap<String, Value<String>>>,
    timeouts: Timeouts,
    id: Value<String>,
    job_id: Value<String>,
    job_status: Value<String>,
    started_at: Value<String>,
    finished_at: Value<String>,
    request_id: Value<String>,
}

/// The action's arguments, in the order of the schema.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ActionConfig {
    region: Value<String>,
    instance_id: Value<String>,
    node_id: Value<String>,
    kill_all_nodes: Value<bool>,
    wait_for_completion: Value<bool>,
    timeouts: Timeouts,
}

/// The arguments that say what to kill.
#[derive(Clone, Copy)]
struct Arguments<'a> {
    region: &'a Value<String>,
    instance_id: &'a Value<String>,
    node_id: &'a Value<String>,
    kill_all_nodes: &'a Value<bool>,
    wait_for_completion: &'a Value<bool>,
    timeouts: &'a Timeouts,
}

/// The arguments once they are all known and right.
struct Kill {
    region: String,
    instance: InstanceId,
    target: Target,
    wait: bool,
    limit: Duration,
}

/// What is known after the kill was sent. It goes into state whatever happens afterwards.
#[derive(Debug, Default)]
struct Proof {
    job_id: Option<JobId>,
    job_status: Option<String>,
    started_at: Value<String>,
    finished_at: Value<String>,
    request_id: Option<String>,
}

impl Model {
    fn arguments(&self) -> Arguments<'_> {
        Arguments {
            region: &self.region,
            instance_id: &self.instance_id,
            node_id: &self.node_id,
            kill_all_nodes: &self.kill_all_nodes,
            wait_for_completion: &self.wait_for_completion,
            timeouts: &self.timeouts,
        }
    }

    /// Everything that only apply can tell.
    fn forget_results(&mut self) {
        self.id = Value::Unknown;
        self.job_id = Value::Unknown;
        self.job_status = Value::Unknown;
        self.started_at = Value::Unknown;
        self.finished_at = Value::Unknown;
        self.request_id = Value::Unknown;
    }

    fn fill(&mut self, kill: &Kill, proof: Proof) {
        let name = proof
            .job_id
            .as_ref()
            .map(ToString::to_string)
            .or_else(|| proof.request_id.clone())
            .unwrap_or_else(|| "unknown".to_owned());
        self.region = Value::Value(kill.region.clone());
        self.id = Value::Value(format!("{}/{name}", kill.instance));
        self.job_id = known(proof.job_id.map(|id| id.to_string()));
        self.job_status = known(proof.job_status);
        self.started_at = proof.started_at;
        self.finished_at = proof.finished_at;
        self.request_id = known(proof.request_id);
    }
}

impl ActionConfig {
    fn arguments(&self) -> Arguments<'_> {
        Arguments {
            region: &self.region,
            instance_id: &self.instance_id,
            node_id: &self.node_id,
            kill_all_nodes: &self.kill_all_nodes,
            wait_for_completion: &self.wait_for_completion,
            timeouts: &self.timeouts,
        }
    }
}

impl Arguments<'_> {
    /// What can be said without knowing every value.
    fn check(&self, diags: &mut Diagnostics) {
        _ = self.instance_id.is_value()
            && arguments::identifier::<InstanceId>(diags, "instance_id", self.instance_id)
                .is_none();
        _ = self.target(diags);
        _ = arguments::create_timeout(diags, self.timeouts);
        if self.node_id.is_value() && *self.kill_all_nodes == Value::Value(true) {
            explain::warning(
                diags,
                AttributePath::new("node_id"),
                "node_id is ignored",
                "kill_all_nodes is true, so the sessions of all nodes of the instance are killed, not only those of \
                 node_id. Leave one of the two out to make clear which is meant.",
            );
        }
    }

    /// Which sessions are meant. `None` without an error means: not known yet.
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

    /// Reads the arguments when all of them are known, at apply.
    fn read(&self, diags: &mut Diagnostics, provider: &HwcProvider) -> Option<Kill> {
        let region = arguments::region(diags, provider, self.region);
        let instance = arguments::identifier(diags, "instance_id", self.instance_id);
        let target = self.target(diags);
        let limit = arguments::create_timeout(diags, self.timeouts);
        Some(Kill {
            region: region?,
            instance: instance?,
            target: target?,
            wait: self.wait_for_completion.unwrap_or(true),
            limit: limit?,
        })
    }
}

impl DcsSessionKill {
    /// The resource of a provider.
    pub fn new(provider: HwcProvider) -> Self {
        Self { provider }
    }

    /// Kills, and follows the job to its end. `None`: certainly nothing happened, and an error says why.
    async fn kill(
        &self,
        diags: &mut Diagnostics,
        kill: &Kill,
        progress: &Progress,
    ) -> Option<Proof> {
        let client = self.provider.client(diags)?;
        let operation = self.provider.operation(&client, kill.limit, progress);
        let sent_at = moment(client.clock().now());

        let dcs = Dcs::new(&client, &kill.region);
        let accepted = match dcs.kill_all(&kill.instance, &kill.target, &operation).await {
            Outcome::Accepted(accepted) => accepted,
            Outcome::Rejected(error) => {
                rejected(error).into_error(diags);
                return None;
            }
            Outcome::Unknown(error) => {
                let request_id = error.request_id().map(ToOwned::to_owned);
                unknown(&kill.target, error).into_error(diags);
                return Some(Proof {
                    started_at: sent_at,
                    request_id,
                    ..Proof::default()
                });
            }
        };

        let mut proof = Proof {
            job_id: accepted.job_id.clone(),
            started_at: sent_at,
            request_id: accepted.request_id.clone(),
            ..Proof::default()
        };
        progress.report(match &proof.job_id {
            Some(job_id) => format!("Accepted: the job {job_id} kills the sessions."),
            None => "Accepted, but the answer does not tell the job.".to_owned(),
        });
        warn_if_unreadable(diags, accepted);
        if let (true, Some(job_id)) = (kill.wait, proof.job_id.clone()) {
            let wait = Wait {
                client: &client,
                region: &kill.region,
                operation: &operation,
                progress,
            };
            wait.follow(diags, &job_id, &mut proof).await;
        }
        Some(proof)
    }
}

/// Waiting for a job.
struct Wait<'a> {
    client: &'a Client,
    region: &'a str,
    operation: &'a Operation,
    progress: &'a Progress,
}

impl Wait<'_> {
    /// Follows the job, and writes down how it ended.
    async fn follow(&self, diags: &mut Diagnostics, job_id: &JobId, proof: &mut Proof) {
        let clock = self.client.clock();
        let started = clock.instant();
        let seconds = || clock.instant().saturating_duration_since(started).as_secs();

        let mut last_seen = None;
        let ended = Dcs::new(self.client, self.region)
            .wait_for_job(job_id, self.operation, |job| {
                let status = job.status.as_str();
                self.progress.report(format!(
                    "The job {job_id} is still running after {} seconds ({status}).",
                    seconds()
                ));
                last_seen = Some(status.to_owned());
            })
            .await;
        match ended {
            Ok(job) => {
                proof.job_status = Some(job.status.as_str().to_owned());
                if let Some(began) = job.begin_time {
                    proof.started_at = moment(began);
                }
                proof.finished_at = job.end_time.map_or(Value::Null, moment);
                if job.status == JobStatus::Fail {
                    job_failed(diags, job_id, &job);
                } else {
                    self.progress.report(format!(
                        "Done: the job {job_id} ended with {} after {} seconds.",
                        job.status.as_str(),
                        seconds()
                    ));
                }
            }
            Err(error) => {
                not_seen_to_end(job_id, last_seen.as_deref(), error).into_error(diags);
                proof.job_status = last_seen;
            }
        }
    }
}

fn rejected(error: Error) -> Report {
    Report {
        summary: match error.api().and_then(|answer| answer.code.as_deref()) {
            Some(code) => format!("The sessions were not killed: {code}"),
            None => "The sessions were not killed".to_owned(),
        },
        meaning: "No session was killed, and nothing went into state.".to_owned(),
        error,
        next: None,
    }
}

fn unknown(target: &Target, error: Error) -> Report {
    let whose = match target {
        Target::AllNodes => "of all nodes of the instance".to_owned(),
        Target::Node(node) => format!("of the node {node}"),
    };
    Report {
        summary: "It is unknown whether the sessions were killed".to_owned(),
        meaning: format!(
            "The request to kill the sessions {whose} was sent, but its answer was lost. The kill may have happened. It \
             was not sent again, since that would hit clients that have reconnected."
        ),
        error,
        next: Some(
            "What to check: the instance's task list (console: DCS, Background Tasks) shows a task that kills sessions \
             if the request arrived; the age of the node's sessions shows the same.\n\n\
             How to proceed: the resource is in state, marked as tainted. If the sessions were killed, run `terraform \
             untaint` on it. If they were not, apply again: that sends a new kill."
                .to_owned(),
        ),
    }
}

fn not_seen_to_end(job_id: &JobId, last_seen: Option<&str>, error: Error) -> Report {
    let why = match &error {
        Error::DeadlineExceeded { .. } => "had not ended when the create time-out was reached",
        Error::Stopped { .. } => "had not ended when the run was stopped",
        _ => "could not be followed to its end",
    };
    Report {
        summary: format!("The job {job_id} {why}"),
        meaning: format!(
            "DCS accepted the kill as the job {job_id}{}. The job may still be running, and it may still kill \
             sessions. Its id is in state.",
            last_seen
                .map(|status| format!(", whose status was {status} when it was last looked at"))
                .unwrap_or_default()
        ),
        error,
        next: Some(
            "How to proceed: the resource is in state, marked as tainted. Look at the job in the console (DCS, \
             Background Tasks). If it succeeded, run `terraform untaint` on the resource. Applying again sends a new \
             kill."
                .to_owned(),
        ),
    }
}

fn job_failed(diags: &mut Diagnostics, job_id: &JobId, job: &Job) {
    explain::error(
        diags,
        AttributePath::root(),
        format!("The job {job_id} failed"),
        format!(
            "DCS accepted the kill as the job {job_id}, but the job ended with FAIL{}. Some sessions may have been \
             killed before it failed.\n\nHow to proceed: the resource is in state with its job_id, marked as tainted. \
             Applying again sends a new kill.",
            job.fail_reason
                .as_ref()
                .map(|reason| format!(": {reason}"))
                .unwrap_or_else(|| " and gave no reason".to_owned())
        ),
    );
}

fn warn_if_unreadable(diags: &mut Diagnostics, accepted: KillAccepted) {
    let Some(error) = accepted.unreadable else {
        return;
    };
    Report {
        summary: "The kill was accepted, but its answer could not be read".to_owned(),
        meaning: match accepted.job_id {
            Some(job_id) => format!(
                "The answer is not JSON, but it shows the job id {job_id} the way the API document's own sample does. \
                 The job is in state."
            ),
            None => "DCS accepted the kill and will run it as a job, but the job's id is not known, so it cannot be \
                     followed: job_id and job_status are null in state."
                .to_owned(),
        },
        error,
        next: None,
    }
    .into_warning(diags);
}

/// The arguments that resource and action share.
fn shared_attributes() -> HashMap<String, Attribute> {
    use AttributeType::{Bool, String};
    map! {
        "region" => arguments::region_attribute(),
        "instance_id" => required(String, "DCS instance."),
        "node_id" => optional(String, "Node whose sessions are killed. Mandatory unless `kill_all_nodes` is true."),
        "kill_all_nodes" => optional_computed(Bool, "Kill the sessions of all nodes of the instance; `node_id` is then ignored. By default false."),
        "wait_for_completion" => optional_computed(Bool, "Wait until the job has ended, and fail if it failed. By default true."),
    }
}

fn resource_schema() -> Schema {
    use AttributeType::String;
    let mut attributes: HashMap<_, _> = map! {
        "triggers" => arguments::triggers_attribute(),
        "id" => computed(String, "`instance_id`, a slash, and the job's id (or the request's, when the job's is not known)."),
        "job_id" => computed(String, "Job that kills the sessions. Null when the answer could not be read."),
        "job_status" => computed(String, "`SUCCESS` or `FAIL` when the job was followed to its end; otherwise the last status that was seen, or null."),
        "started_at" => computed(String, "When the job began (RFC 3339, UTC); when that is not known, when the kill was sent."),
        "finished_at" => computed(String, "When the job ended (RFC 3339, UTC). Null when it was not followed to its end."),
        "request_id" => computed(String, "Id of the API request, which support asks for."),
    };
    attributes.extend(shared_attributes());
    arguments::schema(
        "Kills all sessions of a node of a DCS (Redis) instance, or of all its nodes, when it is created. Changing any \
         argument but `timeouts` kills again, and so does a changed value in `triggers`. Destroying it only forgets it.",
        attributes,
        arguments::timeouts_block(),
    )
}

fn action_schema() -> Schema {
    arguments::schema(
        "Kills all sessions of a node of a DCS (Redis) instance, or of all its nodes, whenever it is invoked: by \
         `terraform apply -invoke=action.hwc_dcs_session_kill.NAME`, or by another resource's `action_trigger`. It \
         leaves nothing in state.",
        arguments::of_action(shared_attributes()),
        arguments::timeouts_block(),
    )
}

#[async_trait]
impl Resource for DcsSessionKill {
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
        planned.kill_all_nodes = arguments::or_default(&config.kill_all_nodes, false);
        planned.wait_for_completion = arguments::or_default(&config.wait_for_completion, true);
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
        planned.kill_all_nodes = arguments::or_default(&config.kill_all_nodes, false);
        planned.wait_for_completion = arguments::or_default(&config.wait_for_completion, true);
        let replace = arguments::changed(&[
            ("region", planned.region != prior.region),
            ("instance_id", planned.instance_id != prior.instance_id),
            ("node_id", planned.node_id != prior.node_id),
            (
                "kill_all_nodes",
                planned.kill_all_nodes != prior.kill_all_nodes,
            ),
            (
                "wait_for_completion",
                planned.wait_for_completion != prior.wait_for_completion,
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
        arguments::refuse_import(diags, "hwc_dcs_session_kill");
        None
    }
}

#[async_trait]
impl Action for DcsSessionKill {
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
