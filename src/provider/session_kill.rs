//! What every `hwc_*_session_kill` does alike: as a resource it kills when it is created and keeps the proof, as an
//! action it kills whenever it is invoked. What differs between kinds of sessions stands behind [`Arguments`],
//! [`Describes`], [`State`] and [`Kill`].

mod again;
pub(super) mod chosen;
pub(super) mod proof;
mod run;

use std::collections::HashMap;
use std::marker::PhantomData;
use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tf_provider::schema::{Attribute, NestedBlock, Schema};
use tf_provider::value::{Value, ValueEmpty};
use tf_provider::{AttributePath, Diagnostics, Resource};

pub(super) use self::again::{Comparison, Triggers};
pub(super) use self::run::Run;
use super::arguments::Timeouts;
use super::promises::Limits;
use super::select::Guards;
use super::{HwcProvider, arguments, explain, select};
use crate::plugin::{Action, Progress};

/// A kill whose arguments are all known and right.
#[async_trait]
pub trait Kill: Send + Sync {
    /// What is known afterwards.
    type Proof: Send;

    /// What holds for it whomever it is about.
    fn terms(&self) -> &Terms;

    /// Carries it out. `None`: certainly nothing happened, and an error says why.
    async fn carry_out(
        &self,
        diags: &mut Diagnostics,
        provider: &HwcProvider,
        progress: &Progress,
    ) -> Option<Self::Proof>;
}

/// What holds for a kill whomever it is about.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// The most sessions that may be killed.
    pub max_sessions: Option<usize>,
    /// Is it a rehearsal, that kills nobody?
    pub dry_run: bool,
    /// How long it may take.
    pub limit: Duration,
}

impl Terms {
    /// Reads them. `None`: an error says what is wrong.
    pub(super) fn read(
        diags: &mut Diagnostics,
        guards: Guards<'_>,
        timeouts: &Timeouts,
    ) -> Option<Self> {
        let max_sessions = guards.max(diags);
        Some(Self {
            max_sessions,
            dry_run: guards.is_dry_run(),
            limit: arguments::create_timeout(diags, timeouts)?,
        })
    }
}

/// The arguments that say whom to kill and how, the same in a resource and in an action.
pub trait Describes {
    /// The kill that they describe.
    type Kill: Kill;

    /// Is it a rehearsal, that kills nobody?
    fn is_dry_run(&self) -> bool;

    /// Whom it is about, for a sentence: `all sessions of the node … of the instance …`.
    fn whom(&self) -> String;

    /// The argument `region`.
    fn region(&self) -> &Value<String>;

    /// Where that is: `the node … of the instance …`.
    fn place(&self) -> String;

    /// The argument that says where, and the one that lists sessions.
    fn place_and_ids(&self) -> (&'static str, &'static str);

    /// The arguments that narrow the kill or guard it.
    fn limits(&self) -> Limits;

    /// What can be said without knowing every value, at plan.
    fn check(&self, diags: &mut Diagnostics);

    /// Reads the arguments when all of them are known, at apply. `None`: an error says what is wrong.
    fn read(&self, diags: &mut Diagnostics, provider: &HwcProvider) -> Option<Self::Kill>;
}

/// What a user writes, in a resource or in an action.
pub trait Arguments: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The kill that it describes.
    type Kill: Kill;

    /// The arguments that say so.
    type Written<'a>: Describes<Kill = Self::Kill>;

    /// The schema of the resource or of the action.
    fn schema() -> Schema;

    /// The arguments that describe the kill.
    fn written(&self) -> Self::Written<'_>;
}

/// What a resource keeps: its arguments and what became of the kill.
pub trait State: Arguments + Clone {
    /// Name of the resource's type.
    const TYPE: &'static str;

    /// The argument `region`.
    fn region(&mut self) -> &mut Value<String>;

    /// Plans the defaults of the arguments that `config` leaves out.
    fn fill_defaults(&mut self, config: &Self);

    /// Plans anew everything that only apply can tell. What can be told before is planned, so that whoever approves
    /// can see it.
    fn forget_results(&mut self);

    /// The attribute `id`.
    fn id(&self) -> &Value<String>;

    /// Compares the arguments that say whom the kill is about. Where they mean the same, takes the words of `prior`.
    fn compare(&mut self, prior: &Self, comparison: &mut Comparison);

    /// Writes down what became of the kill.
    fn fill(&mut self, kill: &Self::Kill, proof: <Self::Kill as Kill>::Proof);
}

/// What stands in `id` instead of a request's id after a rehearsal.
const REHEARSAL: &str = "dry-run";

/// The attribute `id`: where, and what the cloud calls the kill.
pub(super) fn id(place: &str, name: Option<&str>, terms: &Terms) -> Value<String> {
    let name = match name {
        Some(name) => name,
        None if terms.dry_run => REHEARSAL,
        None => "none",
    };
    Value::Value(format!("{place}/{name}"))
}

/// Whether this state is that of a rehearsal. The argument `dry_run` does not tell: it may have changed after the kill.
pub(super) fn is_rehearsal<S: State>(state: &S) -> bool {
    let name = match state.id() {
        Value::Value(id) => id.rsplit_once('/').map(|(_, name)| name),
        _ => None,
    };
    name == Some(REHEARSAL)
}

/// The schema of a resource or of an action: its own attributes and those that every kill has.
pub(super) fn schema(
    description: &'static str,
    mut attributes: HashMap<String, Attribute>,
    select: (String, NestedBlock),
) -> Schema {
    attributes.extend(select::guard_attributes());
    let mut blocks = arguments::timeouts_block();
    blocks.extend([select]);
    arguments::schema(description, attributes, blocks)
}

/// What a resource's arguments say beside what those of an action say: what a change of them does after a kill.
const AFTER_A_KILL: [(&str, &str); 4] = [
    ("max_sessions", HOW),
    ("fail_on_not_found", HOW),
    ("wait_for_completion", HOW),
    (
        "dry_run",
        " After a dry run, changing it to false kills. After a kill, changing it kills nobody and keeps the proof.",
    ),
];

/// Of an argument that says how, and not whom.
const HOW: &str = " Changing it after a kill does not kill again.";

/// The schema of a resource.
pub(super) fn resource_schema(
    description: &'static str,
    attributes: HashMap<String, Attribute>,
    select: (String, NestedBlock),
) -> Schema {
    let mut schema = schema(description, attributes, select);
    for (argument, sentence) in AFTER_A_KILL {
        if let Some(attribute) = schema.block.attributes.get_mut(argument) {
            attribute.description.content += sentence;
        }
    }
    schema
}

/// The resource that keeps the state `S`.
pub struct KillResource<S> {
    provider: HwcProvider,
    state: PhantomData<fn() -> S>,
}

impl<S> KillResource<S> {
    /// One that works for `provider`.
    pub fn new(provider: HwcProvider) -> Self {
        Self {
            provider,
            state: PhantomData,
        }
    }
}

#[async_trait]
impl<S: State> Resource for KillResource<S> {
    type State<'a> = S;
    type PrivateState<'a> = ValueEmpty;
    type ProviderMetaState<'a> = ValueEmpty;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        Some(S::schema())
    }

    async fn validate<'a>(&self, diags: &mut Diagnostics, config: S) -> Option<()> {
        config.written().check(diags);
        Some(())
    }

    /// The proof of what happened does not change: state is what it was, and nothing is called.
    async fn read<'a>(
        &self,
        _diags: &mut Diagnostics,
        state: S,
        private_state: ValueEmpty,
        _meta: ValueEmpty,
    ) -> Option<(S, ValueEmpty)> {
        Some((state, private_state))
    }

    async fn plan_create<'a>(
        &self,
        diags: &mut Diagnostics,
        proposed: S,
        mut config: S,
        _meta: ValueEmpty,
    ) -> Option<(S, ValueEmpty)> {
        let mut planned = proposed;
        planned.fill_defaults(&config);
        *planned.region() = arguments::planned_region(diags, &self.provider, config.region())?;
        planned.forget_results();
        if planned.written().is_dry_run() {
            select::announce_dry_run(diags);
        }
        announce_every_session(diags, &planned.written(), AND_THEN_REFUSED);
        Some((planned, ValueEmpty::Null))
    }

    async fn plan_update<'a>(
        &self,
        diags: &mut Diagnostics,
        prior: S,
        proposed: S,
        config: S,
        private_state: ValueEmpty,
        _meta: ValueEmpty,
    ) -> Option<(S, ValueEmpty, Vec<AttributePath>)> {
        let mut planned = proposed;
        planned.fill_defaults(&config);
        let mut comparison = Comparison::default();
        let mut kept = planned.clone();
        kept.compare(&prior, &mut comparison);
        let differing = comparison.into_differing();
        if differing.is_empty() {
            planned = kept;
            announce_late_dry_run(diags, &prior, &planned);
        } else {
            announce_replacement(diags, &differing, &prior, &planned);
            // The engine plans the replacement's create next, and leaves out the warnings of that.
            announce_every_session(diags, &planned.written(), AND_THEN_REFUSED);
            planned.forget_results();
        }
        let replaced_by = differing.into_iter().map(AttributePath::new).collect();
        Some((planned, private_state, replaced_by))
    }

    async fn plan_destroy<'a>(
        &self,
        _diags: &mut Diagnostics,
        _prior: S,
        private_state: ValueEmpty,
        _meta: ValueEmpty,
    ) -> Option<ValueEmpty> {
        Some(private_state)
    }

    async fn create<'a>(
        &self,
        diags: &mut Diagnostics,
        planned: S,
        _config: S,
        private_state: ValueEmpty,
        _meta: ValueEmpty,
    ) -> Option<(S, ValueEmpty)> {
        let kill = planned.written().read(diags, &self.provider)?;
        let progress = Progress::none();
        let proof = kill.carry_out(diags, &self.provider, &progress).await?;
        let mut state = planned;
        state.fill(&kill, proof);
        Some((state, private_state))
    }

    /// What changes in place is how, and not whom: nothing is called, and what state says of the kill stays.
    async fn update<'a>(
        &self,
        _diags: &mut Diagnostics,
        _prior: S,
        planned: S,
        _config: S,
        private_state: ValueEmpty,
        _meta: ValueEmpty,
    ) -> Option<(S, ValueEmpty)> {
        Some((planned, private_state))
    }

    /// A kill cannot be undone: it is only forgotten.
    async fn destroy<'a>(
        &self,
        _diags: &mut Diagnostics,
        _prior: S,
        _private_state: ValueEmpty,
        _meta: ValueEmpty,
    ) -> Option<()> {
        Some(())
    }

    async fn import<'a>(&self, diags: &mut Diagnostics, _id: String) -> Option<(S, ValueEmpty)> {
        explain::error(
            diags,
            AttributePath::root(),
            format!("{} cannot be imported", S::TYPE),
            "It stands for a kill that this configuration carries out, and there is nothing in the cloud that it could \
             be read from. Write the resource and apply: that kills the sessions. For a kill that has already happened, \
             leave the resource out.",
        );
        None
    }
}

/// Says in the plan what a changed argument leads to, and whom it is about: the plan itself hides what did not change.
fn announce_replacement<S: State>(
    diags: &mut Diagnostics,
    differing: &[&'static str],
    prior: &S,
    planned: &S,
) {
    let changed = match differing {
        [] => return,
        [only] => format!("{only} has"),
        [others @ .., last] => format!("{} and {last} have", others.join(", ")),
    };
    let whom = planned.written().whom();
    let (summary, detail) = match (is_rehearsal(prior), planned.written().is_dry_run()) {
        (true, true) => {
            select::announce_dry_run(diags);
            return;
        }
        (true, false) => (
            "Applying this kills sessions",
            format!(
                "Until now this was a dry run, and nothing was killed. Now {changed} changed: apply kills {whom}, as they are \
                 by then."
            ),
        ),
        (false, false) => (
            "Applying this kills sessions again",
            format!(
                "This resource stands for a kill that was already carried out. Now {changed} changed: the replacement kills \
                 {whom}, as they are by then. To keep what happened as it is, take the change back."
            ),
        ),
        (false, true) => (
            "Dry run: nothing will be killed, and the proof of the kill is forgotten",
            format!(
                "This resource stands for a kill that was already carried out. Now {changed} changed: the replacement kills \
                 nobody, lists who would be killed, and forgets what state says of the kill. To keep it, make the dry run a \
                 resource of its own."
            ),
        ),
    };
    explain::warning(diags, AttributePath::new(differing[0]), summary, detail);
}

/// Says in the plan that a rehearsal comes too late.
fn announce_late_dry_run<S: State>(diags: &mut Diagnostics, prior: &S, planned: &S) {
    let is_new = !prior.written().is_dry_run() && planned.written().is_dry_run();
    if is_rehearsal(prior) || !is_new {
        return;
    }
    explain::warning(
        diags,
        AttributePath::new("dry_run"),
        "dry_run comes after the kill",
        "Nobody is killed, and no sessions are listed. This resource stands for a kill that was already carried out, and what \
         state says of it stays. For a dry run of another kill, write a resource of its own.",
    );
}

/// What may follow when a resource is planned again at apply: see [`super::promises`].
const AND_THEN_REFUSED: &str = " Where the engine then calls the final plan inconsistent, nobody was killed: an argument that \
    was not known in the plan turned out to be null.";

/// Says in the plan that no argument chooses among the sessions of a node or an instance.
fn announce_every_session(diags: &mut Diagnostics, written: &impl Describes, more: &str) {
    let (place, ids) = written.place_and_ids();
    if written.is_dry_run() || !written.limits().means_every_session() {
        return;
    }
    explain::warning(
        diags,
        AttributePath::new(place),
        format!("This kills every session of {}", written.place()),
        format!(
            "No argument chooses among the sessions: {ids} is not given, and select is not given or has only all = true. An \
             argument that is null counts as not given. To kill only some of the sessions, set {ids}, or write conditions \
             in select.{more}"
        ),
    );
}

/// The action whose arguments are `A`.
pub struct KillAction<A> {
    provider: HwcProvider,
    arguments: PhantomData<fn() -> A>,
}

impl<A> KillAction<A> {
    /// One that works for `provider`.
    pub fn new(provider: HwcProvider) -> Self {
        Self {
            provider,
            arguments: PhantomData,
        }
    }
}

#[async_trait]
impl<A: Arguments> Action for KillAction<A> {
    type Config<'a> = A;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        Some(A::schema())
    }

    async fn validate<'a>(&self, diags: &mut Diagnostics, config: A) -> Option<()> {
        config.written().check(diags);
        Some(())
    }

    /// An action keeps no plan: what could turn out to be null is refused here, since nobody can notice it later.
    async fn plan<'a>(&self, diags: &mut Diagnostics, config: A) -> Option<()> {
        let written = config.written();
        _ = arguments::planned_region(diags, &self.provider, written.region());
        written.limits().refuse_unknown(diags);
        announce_every_session(diags, &written, "");
        Some(())
    }

    async fn invoke<'a>(
        &self,
        diags: &mut Diagnostics,
        config: A,
        progress: Progress,
    ) -> Option<()> {
        let kill = config.written().read(diags, &self.provider)?;
        kill.carry_out(diags, &self.provider, &progress)
            .await
            .map(drop)
    }
}
