//! The calls about the provider block.

use tf_provider::Diagnostics;

use crate::plugin::catalogue::Catalogue;
use crate::plugin::proto::tfplugin6::{self as wire, DynamicValue};
use crate::plugin::value::Received;
use crate::plugin::{Plugin, diagnostics, panics};

impl Catalogue {
    pub(crate) async fn validate_provider<P: Plugin>(
        &self,
        plugin: &P,
        request: wire::validate_provider_config::Request,
    ) -> wire::validate_provider_config::Response {
        let mut diags = Diagnostics::default();
        if let Some(config) = self.provider_config(request.config, &mut diags)
            && let Some(config) = config.decode(&mut diags)
        {
            let outcome = panics::catch(
                "ValidateProviderConfig",
                plugin.validate(&mut diags, config),
            )
            .await;
            panics::explain(outcome, &mut diags);
        }
        wire::validate_provider_config::Response {
            diagnostics: diagnostics::to_wire(diags),
        }
    }

    pub(crate) async fn configure_provider<P: Plugin>(
        &self,
        plugin: &P,
        request: wire::configure_provider::Request,
    ) -> wire::configure_provider::Response {
        let mut diags = Diagnostics::default();
        let host = request.client_capabilities.unwrap_or_default();
        tracing::debug!(
            host_version = request.terraform_version,
            deferral_allowed = host.deferral_allowed,
            write_only_attributes_allowed = host.write_only_attributes_allowed,
            "configuring the provider"
        );
        if let Some(config) = self.provider_config(request.config, &mut diags)
            && let Some(config) = config.decode(&mut diags)
        {
            let call = plugin.configure(&mut diags, request.terraform_version, config);
            let outcome = panics::catch("ConfigureProvider", call).await;
            panics::explain(outcome, &mut diags);
        }
        wire::configure_provider::Response {
            diagnostics: diagnostics::to_wire(diags),
        }
    }

    fn provider_config(
        &self,
        config: Option<DynamicValue>,
        diags: &mut Diagnostics,
    ) -> Option<Received<'_>> {
        Received::read(config, &self.provider, "the provider block", diags)
    }
}
