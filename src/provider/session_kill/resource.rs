//! The resource: it kills when it is created, and keeps the proof.

use async_trait::async_trait;
use tf_provider::schema::Schema;
use tf_provider::value::ValueEmpty;
use tf_provider::{AttributePath, Diagnostics, Resource};

use super::{SessionKill, again, announce, arguments, proof, run};
use crate::plugin::Progress;
use crate::provider::record::{Encoded, Record};
use crate::provider::{explain, promises};

impl SessionKill {
    /// Plans a new kill: its promises, and everything that only apply can tell.
    fn plan_kill(&self, planned: &mut Record) {
        let promised = self.arguments(planned).limits().promises();
        let known = self.arguments(planned).planned();
        planned.set(promises::ATTRIBUTE, promised);
        proof::plan(self.service, known, planned);
    }
}

#[async_trait]
impl Resource for SessionKill {
    type State<'a> = Record;
    type PrivateState<'a> = ValueEmpty;
    type ProviderMetaState<'a> = ValueEmpty;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        Some(arguments::schema(self.service, true))
    }

    async fn validate<'a>(&self, diags: &mut Diagnostics, config: Record) -> Option<()> {
        self.arguments(&config).check(diags);
        Some(())
    }

    /// The proof of what happened does not change: state is what it was, and nothing is called.
    async fn read<'a>(
        &self,
        _diags: &mut Diagnostics,
        state: Record,
        private_state: ValueEmpty,
        _meta: ValueEmpty,
    ) -> Option<(Record, ValueEmpty)> {
        Some((state, private_state))
    }

    async fn plan_create<'a>(
        &self,
        diags: &mut Diagnostics,
        proposed: Record,
        config: Record,
        _meta: ValueEmpty,
    ) -> Option<(Record, ValueEmpty)> {
        let mut planned = proposed;
        arguments::fill_defaults(self.service, &config, &mut planned);
        let region = crate::provider::arguments::planned_region(diags, &self.provider, &config)?;
        planned.set("region", region);
        self.plan_kill(&mut planned);
        announce::dry_run(diags, &self.arguments(&planned));
        announce::every_session(diags, &self.arguments(&planned), announce::THEN_REFUSED);
        Some((planned, ValueEmpty::Null))
    }

    async fn plan_update<'a>(
        &self,
        diags: &mut Diagnostics,
        prior: Record,
        proposed: Record,
        config: Record,
        private_state: ValueEmpty,
        _meta: ValueEmpty,
    ) -> Option<(Record, ValueEmpty, Vec<AttributePath>)> {
        let mut planned = proposed;
        arguments::fill_defaults(self.service, &config, &mut planned);
        let mut kept = planned.clone();
        let differing = again::compare(self.service, &mut kept, &prior);
        if differing.is_empty() {
            planned = kept;
            announce::late_dry_run(diags, &self.arguments(&prior), &self.arguments(&planned));
        } else {
            let [prior, replacement] = [&prior, &planned].map(|record| self.arguments(record));
            announce::replacement(diags, &differing, &prior, &replacement);
            // The engine plans the replacement's create next, and leaves out the warnings of that.
            announce::every_session(diags, &replacement, announce::THEN_REFUSED);
            self.plan_kill(&mut planned);
        }
        let replaced_by = differing.into_iter().map(AttributePath::new).collect();
        Some((planned, private_state, replaced_by))
    }

    async fn plan_destroy<'a>(
        &self,
        _diags: &mut Diagnostics,
        _prior: Record,
        private_state: ValueEmpty,
        _meta: ValueEmpty,
    ) -> Option<ValueEmpty> {
        Some(private_state)
    }

    async fn create<'a>(
        &self,
        diags: &mut Diagnostics,
        planned: Record,
        config: Record,
        private_state: ValueEmpty,
        _meta: ValueEmpty,
    ) -> Option<(Record, ValueEmpty)> {
        // A list of IDs can be long, and the plan has it already.
        drop(config);
        let kill = self.arguments(&planned).read(diags, &self.provider)?;
        let progress = Progress::none();
        let proof = run::carry_out(&kill, diags, &self.provider, &progress).await?;
        let mut state = planned;
        state.set("region", Encoded::from(kill.region.as_str()));
        let place = self.service.path(&state);
        proof.write(diags, kill.service, &place, kill.dry_run, &mut state);
        Some((state, private_state))
    }

    /// What changes in place is how, and not whom: nothing is called, and what state says of the kill stays.
    async fn update<'a>(
        &self,
        _diags: &mut Diagnostics,
        _prior: Record,
        planned: Record,
        _config: Record,
        private_state: ValueEmpty,
        _meta: ValueEmpty,
    ) -> Option<(Record, ValueEmpty)> {
        Some((planned, private_state))
    }

    /// A kill cannot be undone: it is only forgotten.
    async fn destroy<'a>(
        &self,
        _diags: &mut Diagnostics,
        _prior: Record,
        _private_state: ValueEmpty,
        _meta: ValueEmpty,
    ) -> Option<()> {
        Some(())
    }

    async fn import<'a>(
        &self,
        diags: &mut Diagnostics,
        _id: String,
    ) -> Option<(Record, ValueEmpty)> {
        explain::error(
            diags,
            AttributePath::root(),
            format!("hwc_{} cannot be imported", self.service.kill_type()),
            "No session was killed. A kill cannot be read from the cloud, so it cannot be imported. To kill sessions, write the \
             resource and apply. For a kill that has already happened, write no resource.",
        );
        None
    }
}
