//! What go-plugin wants of every plugin besides its own service: an end, a silent stdio stream, and a pulse.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::proto::go_plugin::grpc_controller_server::GrpcController;
use super::proto::go_plugin::grpc_stdio_server::GrpcStdio;
use super::proto::go_plugin::{Empty, StdioData};
use super::proto::health::health_check_response::ServingStatus;
use super::proto::health::health_server::Health;
use super::proto::health::{HealthCheckRequest, HealthCheckResponse};
use super::service::ResponseStream;
use super::shutdown::Shutdown;
use super::{Plugin, panics};

/// The three small services, which know when the plugin ends.
pub(crate) struct GoPluginServices<P> {
    plugin: Arc<P>,
    shutdown: Shutdown,
}

impl<P> Clone for GoPluginServices<P> {
    fn clone(&self) -> Self {
        Self {
            plugin: Arc::clone(&self.plugin),
            shutdown: self.shutdown.clone(),
        }
    }
}

impl<P: Plugin> GoPluginServices<P> {
    pub(crate) fn new(plugin: Arc<P>, shutdown: Shutdown) -> Self {
        Self { plugin, shutdown }
    }

    /// A stream of `first`, then nothing until the plugin ends.
    fn until_the_end<T: Send + 'static>(&self, first: Option<T>) -> ResponseStream<T> {
        let (sender, stream) = mpsc::channel(1);
        let shutdown = self.shutdown.clone();
        tokio::spawn(async move {
            if let Some(first) = first {
                _ = sender.send(Ok(first)).await;
            }
            tokio::select! {
                () = shutdown.begun() => {}
                () = sender.closed() => {}
            }
        });
        Box::pin(ReceiverStream::new(stream))
    }
}

#[tonic::async_trait]
impl<P: Plugin> GrpcController for GoPluginServices<P> {
    /// The host is done with this plugin.
    async fn shutdown(&self, _request: Request<Empty>) -> Result<Response<Empty>, Status> {
        tracing::debug!("the host is done");
        // A panic in there must not keep the process alive.
        _ = panics::catch_now(|| self.plugin.stop());
        self.shutdown.begin();
        Ok(Response::new(Empty {}))
    }
}

#[tonic::async_trait]
impl<P: Plugin> GrpcStdio for GoPluginServices<P> {
    type StreamStdioStream = ResponseStream<StdioData>;

    async fn stream_stdio(
        &self,
        _request: Request<()>,
    ) -> Result<Response<Self::StreamStdioStream>, Status> {
        Ok(Response::new(self.until_the_end(None)))
    }
}

#[tonic::async_trait]
impl<P: Plugin> Health for GoPluginServices<P> {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        match serving(&request.into_inner().service) {
            ServingStatus::ServiceUnknown => Err(Status::not_found("no such service")),
            status => Ok(Response::new(HealthCheckResponse {
                status: status.into(),
            })),
        }
    }

    type WatchStream = ResponseStream<HealthCheckResponse>;

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let status = serving(&request.into_inner().service);
        Ok(Response::new(self.until_the_end(Some(
            HealthCheckResponse {
                status: status.into(),
            },
        ))))
    }
}

/// go-plugin asks about "plugin"; the empty name is the process as a whole.
fn serving(service: &str) -> ServingStatus {
    match service {
        "" | "plugin" => ServingStatus::Serving,
        _ => ServingStatus::ServiceUnknown,
    }
}
