//! The session calls of TaurusDB: list the threads of a node, and kill chosen ones. Internal threads are neither listed nor
//! killed.

mod error;
mod kill;
mod list;
mod options;
mod refusal;
mod state;

pub use self::options::TaurusDbOptions;

use std::sync::Arc;

use async_trait::async_trait;
use axum::{Router, routing::delete};
use serde_json::Value;

use self::{
    refusal::{OPERATION_RUNS, REFUSALS},
    state::TaurusDb,
};
use crate::{
    busy::{Busy, Refusal},
    cloud::Cloud,
    gateway,
    node_mapping::NodeMapping,
    ready::Ready,
    service::{Description, Nodes, Service},
};

/// What the service is called.
const NAME: &str = "taurusdb";
/// The instance and the first node are those of the API documents.
const EXAMPLE_INSTANCE: &str = "a23fb62bd61e4e9e9636fd2225f395bein07";
const EXAMPLE_NODES: [&str; 2] = [
    "18663926eacb443d98dc20f8620f28f2no07",
    "5b1e0c7d94f24a6db0a3f6c2e8d47190no07",
];

impl Description for TaurusDbOptions {
    fn refusals() -> &'static [Refusal] {
        REFUSALS
    }

    fn maps_nodes(&self) -> bool {
        !self.nodes.is_empty()
    }

    fn open(&self, cloud: &Arc<Cloud>, nodes: Nodes) -> anyhow::Result<Arc<dyn Service>> {
        let mut options = self.clone();
        if nodes == Nodes::Examples {
            options.nodes = NodeMapping::examples(EXAMPLE_INSTANCE, EXAMPLE_NODES);
        }
        Ok(Arc::new(TaurusDb::new(cloud.clone(), options)?))
    }
}

#[async_trait]
impl Service for TaurusDb {
    fn routes(self: Arc<Self>) -> Router {
        let calls = Router::new()
            .route(
                "/v3/{project_id}/instances/{instance_id}/nodes/{node_id}/processes",
                delete(kill::kill_processes).get(list::list_processes),
            )
            .with_state(self.clone());
        gateway::in_project(&self.cloud, calls)
    }

    async fn introduce(&self, ready: &mut Ready) -> anyhow::Result<()> {
        self.instances.introduce(NAME, ready).await
    }

    fn make_busy(&self, busy: &Busy) -> bool {
        let has_instance = self.instances.get(&busy.instance_id).is_some();
        has_instance && self.busy.begin_as_asked(busy, REFUSALS, OPERATION_RUNS)
    }

    async fn node_states(&self) -> anyhow::Result<Vec<Value>> {
        self.instances.states(NAME).await
    }
}
