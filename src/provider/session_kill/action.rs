//! The action: it kills whenever it is invoked, and keeps nothing.

use async_trait::async_trait;
use tf_provider::Diagnostics;
use tf_provider::schema::Schema;

use super::{SessionKill, announce, arguments, run};
use crate::plugin::{Action, Progress};
use crate::provider::record::Record;

#[async_trait]
impl Action for SessionKill {
    type Config<'a> = Record;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        Some(arguments::schema(self.service, false))
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
