//! The action: it kills whenever it is invoked, and keeps nothing.

use async_trait::async_trait;
use tf_provider::Diagnostics;
use tf_provider::schema::Schema;

use super::arguments::{self, Arguments};
use super::{announce, run};
use crate::plugin::{Action, Progress};
use crate::provider::HwcProvider;
use crate::provider::record::Record;
use crate::provider::service::Service;

/// The action that kills sessions of a service.
pub struct KillAction {
    provider: HwcProvider,
    service: &'static dyn Service,
}

impl KillAction {
    /// One that works for `provider`.
    pub fn new(provider: HwcProvider, service: &'static dyn Service) -> Self {
        Self { provider, service }
    }

    fn arguments<'r>(&self, record: &'r Record) -> Arguments<'r> {
        Arguments {
            service: self.service,
            record,
        }
    }
}

#[async_trait]
impl Action for KillAction {
    type Config<'a> = Record;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        Some(arguments::schema(self.service.description(), false))
    }

    async fn validate<'a>(&self, diags: &mut Diagnostics, config: Record) -> Option<()> {
        self.arguments(&config).check(diags);
        Some(())
    }

    /// An action keeps no plan: what could turn out to be null is refused here, since nobody can notice it later.
    async fn plan<'a>(&self, diags: &mut Diagnostics, config: Record) -> Option<()> {
        _ = crate::provider::arguments::planned_region(diags, &self.provider, &config);
        let arguments = self.arguments(&config);
        arguments.limits().refuse_unknown(diags);
        announce::every_session(diags, &arguments, "");
        Some(())
    }

    async fn invoke<'a>(
        &self,
        diags: &mut Diagnostics,
        config: Record,
        progress: Progress,
    ) -> Option<()> {
        let kill = self.arguments(&config).read(diags, &self.provider)?;
        run::carry_out(&kill, diags, &self.provider, &progress)
            .await
            .map(drop)
    }
}
