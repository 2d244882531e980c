//! What the sandbox asks of each of its services.

use std::{fmt::Debug, sync::Arc};

use async_trait::async_trait;
use axum::Router;
use serde_json::Value;

use crate::{
    busy::{Busy, Refusal},
    cloud::Cloud,
    ready::Ready,
};

/// A service as its options describe it, before it runs.
pub(crate) trait Description {
    /// The documented refusals of a busy instance of this service: `--busy` takes their codes.
    fn refusals() -> &'static [Refusal]
    where
        Self: Sized,
    {
        &[]
    }

    /// Whether the options map a node of this service.
    fn maps_nodes(&self) -> bool {
        false
    }

    /// Opens the service with the nodes that were mapped, or else with its examples of simulated nodes.
    fn open(&self, cloud: &Arc<Cloud>, nodes: Nodes) -> anyhow::Result<Arc<dyn Service>>;
}

/// Which nodes a service has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nodes {
    /// Those that the options map.
    Mapped,
    /// Simulated ones with the ids of the API documents, because no service has a mapped node.
    Examples,
}

/// A service that runs: its calls, and what the sandbox shows and sets of it.
#[async_trait]
pub(crate) trait Service: Debug + Send + Sync {
    /// The calls. Each one passes the check of the `gateway` that it needs.
    fn routes(self: Arc<Self>) -> Router;

    /// Prefixes of the paths that clients reach without the gateway.
    fn paths_without_gateway(&self) -> &'static [&'static str] {
        &[]
    }

    /// Adds to the ready line what a client needs for this service. Fails when a server behind a node cannot be reached.
    async fn introduce(&self, _ready: &mut Ready) -> anyhow::Result<()> {
        Ok(())
    }

    /// Makes an instance refuse kills for a while; false when the service has no such instance or no such code.
    fn make_busy(&self, _busy: &Busy) -> bool {
        false
    }

    /// The part of the admin interface that only this service has.
    fn admin_routes(self: Arc<Self>) -> Router {
        Router::new()
    }

    /// Nodes with their sessions of now and their kill orders, for the admin interface.
    async fn node_states(&self) -> anyhow::Result<Vec<Value>> {
        Ok(Vec::new())
    }

    /// Every job since the start, for the admin interface.
    fn jobs(&self) -> Vec<Value> {
        Vec::new()
    }

    /// Waits until no job runs any more, after the sandbox was told to stop.
    async fn finish(&self) {}
}
