//! The calls about ephemeral resources.

use tf_provider::Diagnostics;

use super::find;
use crate::plugin::catalogue::{Catalogue, Registered};
use crate::plugin::dynamic::DynEphemeralResource;
use crate::plugin::proto::tfplugin6::{self as wire, DynamicValue};
use crate::plugin::{diagnostics, panics};

impl Catalogue {
    pub(crate) async fn validate_ephemeral(
        &self,
        request: wire::validate_ephemeral_resource_config::Request,
    ) -> wire::validate_ephemeral_resource_config::Response {
        let mut diags = Diagnostics::default();
        if let Some(ephemeral) = self.find_ephemeral(&request.type_name, &mut diags)
            && let Some(config) = ephemeral.configuration(request.config, &mut diags)
        {
            let call = ephemeral.item.validate(&mut diags, config);
            let outcome = panics::catch("ValidateEphemeralResourceConfig", call).await;
            panics::explain(outcome, &mut diags);
        }
        wire::validate_ephemeral_resource_config::Response {
            diagnostics: diagnostics::to_wire(diags),
        }
    }

    pub(crate) async fn open_ephemeral(
        &self,
        request: wire::open_ephemeral_resource::Request,
    ) -> wire::open_ephemeral_resource::Response {
        let mut diags = Diagnostics::default();
        let result = self.opened(request, &mut diags).await;
        wire::open_ephemeral_resource::Response {
            result,
            diagnostics: diagnostics::to_wire(diags),
            ..Default::default()
        }
    }

    async fn opened(
        &self,
        request: wire::open_ephemeral_resource::Request,
        diags: &mut Diagnostics,
    ) -> Option<DynamicValue> {
        let ephemeral = self.find_ephemeral(&request.type_name, diags)?;
        let config = ephemeral.configuration(request.config, diags)?;
        let outcome =
            panics::catch("OpenEphemeralResource", ephemeral.item.open(diags, config)).await;
        panics::explain(outcome, diags)
    }

    fn find_ephemeral(
        &self,
        type_name: &str,
        diags: &mut Diagnostics,
    ) -> Option<&Registered<dyn DynEphemeralResource>> {
        find(
            &self.ephemeral_resources,
            "ephemeral resource",
            type_name,
            diags,
        )
    }
}
