//! The calls about data sources.

use tf_provider::Diagnostics;

use super::find;
use crate::plugin::catalogue::{Catalogue, Registered};
use crate::plugin::dynamic::DynDataSource;
use crate::plugin::proto::tfplugin6::{self as wire, DynamicValue};
use crate::plugin::{diagnostics, panics};

impl Catalogue {
    pub(crate) async fn validate_data_source(
        &self,
        request: wire::validate_data_resource_config::Request,
    ) -> wire::validate_data_resource_config::Response {
        let mut diags = Diagnostics::default();
        if let Some(data_source) = self.find_data_source(&request.type_name, &mut diags)
            && let Some(config) = data_source.configuration(request.config, &mut diags)
        {
            let outcome = panics::catch(
                "ValidateDataResourceConfig",
                data_source.item.validate(&mut diags, config),
            )
            .await;
            panics::explain(outcome, &mut diags);
        }
        wire::validate_data_resource_config::Response {
            diagnostics: diagnostics::to_wire(diags),
        }
    }

    pub(crate) async fn read_data_source(
        &self,
        request: wire::read_data_source::Request,
    ) -> wire::read_data_source::Response {
        let mut diags = Diagnostics::default();
        let state = self.data(request, &mut diags).await;
        wire::read_data_source::Response {
            state,
            diagnostics: diagnostics::to_wire(diags),
            deferred: None,
        }
    }

    async fn data(
        &self,
        request: wire::read_data_source::Request,
        diags: &mut Diagnostics,
    ) -> Option<DynamicValue> {
        let data_source = self.find_data_source(&request.type_name, diags)?;
        let config = data_source.configuration(request.config, diags)?;
        let outcome = panics::catch("ReadDataSource", data_source.item.read(diags, config)).await;
        panics::explain(outcome, diags)
    }

    fn find_data_source(
        &self,
        type_name: &str,
        diags: &mut Diagnostics,
    ) -> Option<&Registered<dyn DynDataSource>> {
        find(&self.data_sources, "data source", type_name, diags)
    }
}
