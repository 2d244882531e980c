//! The service that a host calls: every call of the protocol, in the protocol's names.
//!
//! What this plugin offers is answered by the [`Catalogue`]; what it does not offer is answered by a diagnostic.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, once};
use tonic::{Request, Response, Status, Streaming};

use super::catalogue::Catalogue;
use super::proto::tfplugin6::{self as wire, provider_server::Provider};
use super::{Plugin, diagnostics, panics};

/// The answer to a call.
type RpcResult<T> = Result<Response<T>, Status>;

/// A stream of answers to one call.
pub(crate) type ResponseStream<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// How many events of an action may wait for the host to take them.
const EVENTS_WAITING: usize = 16;

/// A plugin being served.
pub(crate) struct Service<P> {
    plugin: Arc<P>,
    catalogue: OnceLock<Arc<Catalogue>>,
}

impl<P: Plugin> Service<P> {
    pub(crate) fn new(plugin: Arc<P>) -> Self {
        Self {
            plugin,
            catalogue: OnceLock::new(),
        }
    }

    /// Built by the first call, not before the handshake: the host is waiting for that.
    fn catalogue(&self) -> &Arc<Catalogue> {
        self.catalogue
            .get_or_init(|| Arc::new(Catalogue::of(&*self.plugin)))
    }
}

#[tonic::async_trait]
impl<P: Plugin> Provider for Service<P> {
    async fn get_metadata(
        &self,
        _request: Request<wire::get_metadata::Request>,
    ) -> RpcResult<wire::get_metadata::Response> {
        Ok(Response::new(self.catalogue().metadata.clone()))
    }

    async fn get_provider_schema(
        &self,
        _request: Request<wire::get_provider_schema::Request>,
    ) -> RpcResult<wire::get_provider_schema::Response> {
        Ok(Response::new(self.catalogue().schema.clone()))
    }

    async fn stop_provider(
        &self,
        _request: Request<wire::stop_provider::Request>,
    ) -> RpcResult<wire::stop_provider::Response> {
        tracing::debug!("the host asks to stop");
        let error = match panics::catch_now(|| self.plugin.stop()) {
            Ok(()) => String::new(),
            Err(_) => "The provider failed to stop. This is a bug in the provider.".to_owned(),
        };
        Ok(Response::new(wire::stop_provider::Response { error }))
    }

    async fn validate_provider_config(
        &self,
        request: Request<wire::validate_provider_config::Request>,
    ) -> RpcResult<wire::validate_provider_config::Response> {
        Ok(Response::new(
            self.catalogue()
                .validate_provider(&*self.plugin, request.into_inner())
                .await,
        ))
    }

    async fn configure_provider(
        &self,
        request: Request<wire::configure_provider::Request>,
    ) -> RpcResult<wire::configure_provider::Response> {
        Ok(Response::new(
            self.catalogue()
                .configure_provider(&*self.plugin, request.into_inner())
                .await,
        ))
    }

    async fn validate_resource_config(
        &self,
        request: Request<wire::validate_resource_config::Request>,
    ) -> RpcResult<wire::validate_resource_config::Response> {
        Ok(Response::new(
            self.catalogue()
                .validate_resource(request.into_inner())
                .await,
        ))
    }

    async fn upgrade_resource_state(
        &self,
        request: Request<wire::upgrade_resource_state::Request>,
    ) -> RpcResult<wire::upgrade_resource_state::Response> {
        Ok(Response::new(
            self.catalogue().upgrade_state(request.into_inner()),
        ))
    }

    async fn read_resource(
        &self,
        request: Request<wire::read_resource::Request>,
    ) -> RpcResult<wire::read_resource::Response> {
        Ok(Response::new(
            self.catalogue().read_resource(request.into_inner()).await,
        ))
    }

    async fn plan_resource_change(
        &self,
        request: Request<wire::plan_resource_change::Request>,
    ) -> RpcResult<wire::plan_resource_change::Response> {
        Ok(Response::new(
            self.catalogue().plan(request.into_inner()).await,
        ))
    }

    async fn apply_resource_change(
        &self,
        request: Request<wire::apply_resource_change::Request>,
    ) -> RpcResult<wire::apply_resource_change::Response> {
        Ok(Response::new(
            self.catalogue().apply(request.into_inner()).await,
        ))
    }

    async fn import_resource_state(
        &self,
        request: Request<wire::import_resource_state::Request>,
    ) -> RpcResult<wire::import_resource_state::Response> {
        Ok(Response::new(
            self.catalogue().import(request.into_inner()).await,
        ))
    }

    async fn validate_data_resource_config(
        &self,
        request: Request<wire::validate_data_resource_config::Request>,
    ) -> RpcResult<wire::validate_data_resource_config::Response> {
        Ok(Response::new(
            self.catalogue()
                .validate_data_source(request.into_inner())
                .await,
        ))
    }

    async fn read_data_source(
        &self,
        request: Request<wire::read_data_source::Request>,
    ) -> RpcResult<wire::read_data_source::Response> {
        Ok(Response::new(
            self.catalogue()
                .read_data_source(request.into_inner())
                .await,
        ))
    }

    async fn validate_action_config(
        &self,
        request: Request<wire::validate_action_config::Request>,
    ) -> RpcResult<wire::validate_action_config::Response> {
        Ok(Response::new(
            self.catalogue().validate_action(request.into_inner()).await,
        ))
    }

    async fn plan_action(
        &self,
        request: Request<wire::plan_action::Request>,
    ) -> RpcResult<wire::plan_action::Response> {
        Ok(Response::new(
            self.catalogue().plan_action(request.into_inner()).await,
        ))
    }

    async fn validate_ephemeral_resource_config(
        &self,
        request: Request<wire::validate_ephemeral_resource_config::Request>,
    ) -> RpcResult<wire::validate_ephemeral_resource_config::Response> {
        Ok(Response::new(
            self.catalogue()
                .validate_ephemeral(request.into_inner())
                .await,
        ))
    }

    async fn open_ephemeral_resource(
        &self,
        request: Request<wire::open_ephemeral_resource::Request>,
    ) -> RpcResult<wire::open_ephemeral_resource::Response> {
        Ok(Response::new(
            self.catalogue().open_ephemeral(request.into_inner()).await,
        ))
    }

    /// The host closes whatever it opened.
    async fn close_ephemeral_resource(
        &self,
        _request: Request<wire::close_ephemeral_resource::Request>,
    ) -> RpcResult<wire::close_ephemeral_resource::Response> {
        Ok(Response::new(
            wire::close_ephemeral_resource::Response::default(),
        ))
    }

    type InvokeActionStream = ResponseStream<wire::invoke_action::Event>;

    async fn invoke_action(
        &self,
        request: Request<wire::invoke_action::Request>,
    ) -> RpcResult<Self::InvokeActionStream> {
        let (events, stream) = mpsc::channel(EVENTS_WAITING);
        let catalogue = Arc::clone(self.catalogue());
        tokio::spawn(catalogue.invoke_action(request.into_inner(), events));
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }

    // ---- What this plugin does not offer ----

    async fn renew_ephemeral_resource(
        &self,
        _request: Request<wire::renew_ephemeral_resource::Request>,
    ) -> RpcResult<wire::renew_ephemeral_resource::Response> {
        let diagnostics = not_offered("a renewal of an ephemeral resource");
        Ok(Response::new(wire::renew_ephemeral_resource::Response {
            diagnostics,
            ..Default::default()
        }))
    }

    async fn get_functions(
        &self,
        _request: Request<wire::get_functions::Request>,
    ) -> RpcResult<wire::get_functions::Response> {
        Ok(Response::new(wire::get_functions::Response::default()))
    }

    async fn call_function(
        &self,
        request: Request<wire::call_function::Request>,
    ) -> RpcResult<wire::call_function::Response> {
        let text = format!(
            "This version of the provider has no function called {:?}.",
            request.into_inner().name
        );
        let error = Some(wire::FunctionError {
            text,
            function_argument: None,
        });
        Ok(Response::new(wire::call_function::Response {
            result: None,
            error,
        }))
    }

    async fn get_resource_identity_schemas(
        &self,
        _request: Request<wire::get_resource_identity_schemas::Request>,
    ) -> RpcResult<wire::get_resource_identity_schemas::Response> {
        Ok(Response::new(
            wire::get_resource_identity_schemas::Response::default(),
        ))
    }

    async fn upgrade_resource_identity(
        &self,
        _request: Request<wire::upgrade_resource_identity::Request>,
    ) -> RpcResult<wire::upgrade_resource_identity::Response> {
        let diagnostics = not_offered("resource identity");
        Ok(Response::new(wire::upgrade_resource_identity::Response {
            diagnostics,
            ..Default::default()
        }))
    }

    async fn move_resource_state(
        &self,
        _request: Request<wire::move_resource_state::Request>,
    ) -> RpcResult<wire::move_resource_state::Response> {
        let diagnostics = not_offered("moving state from another type of resource");
        Ok(Response::new(wire::move_resource_state::Response {
            diagnostics,
            ..Default::default()
        }))
    }

    async fn generate_resource_config(
        &self,
        _request: Request<wire::generate_resource_config::Request>,
    ) -> RpcResult<wire::generate_resource_config::Response> {
        let diagnostics = not_offered("generated configuration");
        Ok(Response::new(wire::generate_resource_config::Response {
            diagnostics,
            ..Default::default()
        }))
    }

    async fn validate_list_resource_config(
        &self,
        _request: Request<wire::validate_list_resource_config::Request>,
    ) -> RpcResult<wire::validate_list_resource_config::Response> {
        let diagnostics = not_offered("lists of resources");
        Ok(Response::new(
            wire::validate_list_resource_config::Response { diagnostics },
        ))
    }

    async fn validate_state_store_config(
        &self,
        _request: Request<wire::validate_state_store::Request>,
    ) -> RpcResult<wire::validate_state_store::Response> {
        let diagnostics = not_offered("state stores");
        Ok(Response::new(wire::validate_state_store::Response {
            diagnostics,
        }))
    }

    async fn configure_state_store(
        &self,
        _request: Request<wire::configure_state_store::Request>,
    ) -> RpcResult<wire::configure_state_store::Response> {
        let diagnostics = not_offered("state stores");
        Ok(Response::new(wire::configure_state_store::Response {
            diagnostics,
            ..Default::default()
        }))
    }

    async fn lock_state(
        &self,
        _request: Request<wire::lock_state::Request>,
    ) -> RpcResult<wire::lock_state::Response> {
        let diagnostics = not_offered("state stores");
        Ok(Response::new(wire::lock_state::Response {
            diagnostics,
            ..Default::default()
        }))
    }

    async fn unlock_state(
        &self,
        _request: Request<wire::unlock_state::Request>,
    ) -> RpcResult<wire::unlock_state::Response> {
        let diagnostics = not_offered("state stores");
        Ok(Response::new(wire::unlock_state::Response { diagnostics }))
    }

    async fn get_states(
        &self,
        _request: Request<wire::get_states::Request>,
    ) -> RpcResult<wire::get_states::Response> {
        let diagnostics = not_offered("state stores");
        Ok(Response::new(wire::get_states::Response {
            diagnostics,
            ..Default::default()
        }))
    }

    async fn delete_state(
        &self,
        _request: Request<wire::delete_state::Request>,
    ) -> RpcResult<wire::delete_state::Response> {
        let diagnostics = not_offered("state stores");
        Ok(Response::new(wire::delete_state::Response { diagnostics }))
    }

    type ListResourceStream = ResponseStream<wire::list_resource::Event>;

    async fn list_resource(
        &self,
        _request: Request<wire::list_resource::Request>,
    ) -> RpcResult<Self::ListResourceStream> {
        let diagnostic = not_offered("lists of resources");
        let event = wire::list_resource::Event {
            diagnostic,
            ..Default::default()
        };
        Ok(Response::new(Box::pin(once(Ok(event)))))
    }

    type ReadStateBytesStream = ResponseStream<wire::read_state_bytes::Response>;

    async fn read_state_bytes(
        &self,
        _request: Request<wire::read_state_bytes::Request>,
    ) -> RpcResult<Self::ReadStateBytesStream> {
        let diagnostics = not_offered("state stores");
        let response = wire::read_state_bytes::Response {
            diagnostics,
            ..Default::default()
        };
        Ok(Response::new(Box::pin(once(Ok(response)))))
    }

    async fn write_state_bytes(
        &self,
        _request: Request<Streaming<wire::write_state_bytes::RequestChunk>>,
    ) -> RpcResult<wire::write_state_bytes::Response> {
        let diagnostics = not_offered("state stores");
        Ok(Response::new(wire::write_state_bytes::Response {
            diagnostics,
        }))
    }
}

fn not_offered(what: &str) -> Vec<wire::Diagnostic> {
    diagnostics::to_wire(diagnostics::error(
        "Not offered by this provider",
        format!("The host asked for {what}. This provider does not offer that."),
    ))
}
