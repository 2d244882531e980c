//! The calls about the provider block, data sources, actions and ephemeral resources.

use std::sync::Arc;

use prost::bytes::Bytes;
use tf_provider::Diagnostics;
use time::OffsetDateTime;
use tokio::sync::mpsc;
use tonic::Status;

use super::action::Progress;
use super::catalogue::{Catalogue, Registered};
use super::dynamic::{DynAction, DynDataSource, DynEphemeralResource, DynOpened};
use super::ephemeral::Renewed;
use super::proto::tfplugin6::{self as wire, DynamicValue};
use super::resources::find;
use super::value::Received;
use super::{Plugin, diagnostics, panics};

// ---- The provider block ----

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

// ---- Data sources ----

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
        let meta = self.meta(request.provider_meta, diags)?;
        let outcome =
            panics::catch("ReadDataSource", data_source.item.read(diags, config, meta)).await;
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

// ---- Actions ----

/// The stream that an action's progress and its end go into.
pub(crate) type Events = mpsc::Sender<Result<wire::invoke_action::Event, Status>>;

impl Catalogue {
    pub(crate) async fn validate_action(
        &self,
        request: wire::validate_action_config::Request,
    ) -> wire::validate_action_config::Response {
        let mut diags = Diagnostics::default();
        if let Some(action) = self.find_action(&request.type_name, &mut diags)
            && let Some(config) = action.configuration(request.config, &mut diags)
        {
            let outcome = panics::catch(
                "ValidateActionConfig",
                action.item.validate(&mut diags, config),
            )
            .await;
            panics::explain(outcome, &mut diags);
        }
        wire::validate_action_config::Response {
            diagnostics: diagnostics::to_wire(diags),
        }
    }

    pub(crate) async fn plan_action(
        &self,
        request: wire::plan_action::Request,
    ) -> wire::plan_action::Response {
        let mut diags = Diagnostics::default();
        if let Some(action) = self.find_action(&request.action_type, &mut diags)
            && let Some(config) = action.configuration(request.config, &mut diags)
        {
            let outcome = panics::catch("PlanAction", action.item.plan(&mut diags, config)).await;
            panics::explain(outcome, &mut diags);
        }
        wire::plan_action::Response {
            diagnostics: diagnostics::to_wire(diags),
            deferred: None,
        }
    }

    /// Runs an action to its end, whether or not somebody still listens: half an action is worse than one that nobody
    /// saw.
    pub(crate) async fn invoke_action(
        self: Arc<Self>,
        request: wire::invoke_action::Request,
        events: Events,
    ) {
        use wire::invoke_action::event::{Completed, Progress as Report, Type};

        let send = |event| {
            let event = wire::invoke_action::Event {
                r#type: Some(event),
            };
            async { _ = events.send(Ok(event)).await }
        };
        let mut diags = Diagnostics::default();
        let (progress, mut messages) = Progress::heard();
        {
            let mut invoked = std::pin::pin!(self.invoked(request, progress, &mut diags));
            loop {
                tokio::select! {
                    // What was said before the end is heard before the end.
                    biased;
                    Some(message) = messages.recv() => send(Type::Progress(Report { message })).await,
                    () = &mut invoked => break,
                }
            }
        }
        while let Ok(message) = messages.try_recv() {
            send(Type::Progress(Report { message })).await;
        }
        send(Type::Completed(Completed {
            diagnostics: diagnostics::to_wire(diags),
        }))
        .await;
    }

    async fn invoked(
        &self,
        request: wire::invoke_action::Request,
        progress: Progress,
        diags: &mut Diagnostics,
    ) {
        if let Some(action) = self.find_action(&request.action_type, diags)
            && let Some(config) = action.configuration(request.config, diags)
        {
            let outcome =
                panics::catch("InvokeAction", action.item.invoke(diags, config, progress)).await;
            panics::explain(outcome, diags);
        }
    }

    fn find_action(
        &self,
        type_name: &str,
        diags: &mut Diagnostics,
    ) -> Option<&Registered<dyn DynAction>> {
        find(&self.actions, "action", type_name, diags)
    }
}

// ---- Ephemeral resources ----

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
