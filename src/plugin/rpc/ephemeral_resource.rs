//! The calls about ephemeral resources.

use prost::bytes::Bytes;
use tf_provider::Diagnostics;
use time::OffsetDateTime;

use super::find;
use crate::plugin::catalogue::{Catalogue, Registered};
use crate::plugin::dynamic::{DynEphemeralResource, DynOpened};
use crate::plugin::ephemeral_resource::Renewed;
use crate::plugin::proto::tfplugin6 as wire;
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
        let opened = self.opened(request, &mut diags).await;
        let diagnostics = diagnostics::to_wire(diags);
        match opened {
            Some(opened) => wire::open_ephemeral_resource::Response {
                diagnostics,
                renew_at: opened.renew_at.map(timestamp),
                result: Some(opened.result),
                private: some_bytes(opened.private),
                deferred: None,
            },
            None => wire::open_ephemeral_resource::Response {
                diagnostics,
                ..Default::default()
            },
        }
    }

    async fn opened(
        &self,
        request: wire::open_ephemeral_resource::Request,
        diags: &mut Diagnostics,
    ) -> Option<DynOpened> {
        let ephemeral = self.find_ephemeral(&request.type_name, diags)?;
        let config = ephemeral.configuration(request.config, diags)?;
        let outcome =
            panics::catch("OpenEphemeralResource", ephemeral.item.open(diags, config)).await;
        panics::explain(outcome, diags)
    }

    pub(crate) async fn renew_ephemeral(
        &self,
        request: wire::renew_ephemeral_resource::Request,
    ) -> wire::renew_ephemeral_resource::Response {
        let mut diags = Diagnostics::default();
        let renewed = self.renewed(request, &mut diags).await;
        let diagnostics = diagnostics::to_wire(diags);
        match renewed {
            Some(renewed) => wire::renew_ephemeral_resource::Response {
                diagnostics,
                renew_at: renewed.renew_at.map(timestamp),
                private: some_bytes(renewed.private),
            },
            None => wire::renew_ephemeral_resource::Response {
                diagnostics,
                ..Default::default()
            },
        }
    }

    async fn renewed(
        &self,
        request: wire::renew_ephemeral_resource::Request,
        diags: &mut Diagnostics,
    ) -> Option<Renewed> {
        let ephemeral = self.find_ephemeral(&request.type_name, diags)?;
        let private = request.private.unwrap_or_default().to_vec();
        let outcome = panics::catch(
            "RenewEphemeralResource",
            ephemeral.item.renew(diags, private),
        )
        .await;
        panics::explain(outcome, diags)
    }

    pub(crate) async fn close_ephemeral(
        &self,
        request: wire::close_ephemeral_resource::Request,
    ) -> wire::close_ephemeral_resource::Response {
        let mut diags = Diagnostics::default();
        if let Some(ephemeral) = self.find_ephemeral(&request.type_name, &mut diags) {
            let private = request.private.unwrap_or_default().to_vec();
            let outcome = panics::catch(
                "CloseEphemeralResource",
                ephemeral.item.close(&mut diags, private),
            )
            .await;
            panics::explain(outcome, &mut diags);
        }
        wire::close_ephemeral_resource::Response {
            diagnostics: diagnostics::to_wire(diags),
        }
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

fn timestamp(at: OffsetDateTime) -> wire::Timestamp {
    // Below a billion, so it fits.
    let nanos = i32::try_from(at.nanosecond()).unwrap_or(0);
    wire::Timestamp {
        seconds: at.unix_timestamp(),
        nanos,
    }
}

fn some_bytes(bytes: Vec<u8>) -> Option<Bytes> {
    (!bytes.is_empty()).then(|| bytes.into())
}
