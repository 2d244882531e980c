//! The session calls of DCS: `scan` and `list`, `kill` of chosen sessions and of all, the jobs of scans and kills, and the
//! nodes.

mod admin;
mod client;
mod error;
mod job;
mod kill;
mod list;
mod node;
mod nodes;
mod options;
mod refusal;
mod run;
mod scan;
mod show_job;
mod state;

pub use self::options::{Addresses, DcsOptions, ScanAnswer};

use std::sync::Arc;

use async_trait::async_trait;
use axum::{
    Router,
    routing::{get, post},
};
use serde_json::{Value, json};

use self::{client::Client, refusal::REFUSALS, state::Dcs};
use crate::{
    busy::{Busy, Refusal},
    cloud::Cloud,
    gateway,
    instances::{Named, node_state},
    node_mapping::NodeMapping,
    ready::{Ready, ReadyNode},
    service::{Description, Nodes, Service},
};

/// What the service is called.
const NAME: &str = "dcs";
/// The instance and the first node are those of the API documents.
const EXAMPLE_INSTANCE: &str = "5560df16-cebf-4473-95c4-d1b573c16e79";
const EXAMPLE_NODES: [&str; 2] = [
    "8f7ee181-88e2-49b7-a4bf-81f18f93a135",
    "c7ab8a5e-3c0e-4b9d-9d6c-2f4e1b7a9d02",
];

impl Description for DcsOptions {
    fn refusals() -> &'static [Refusal] {
        REFUSALS
    }

    fn maps_nodes(&self) -> bool {
        !(self.nodes.is_empty() && self.proxies.is_empty())
    }

    fn open(&self, cloud: &Arc<Cloud>, nodes: Nodes) -> anyhow::Result<Arc<dyn Service>> {
        let mut options = self.clone();
        if nodes == Nodes::Examples {
            options.nodes = NodeMapping::examples(EXAMPLE_INSTANCE, EXAMPLE_NODES);
        }
        Ok(Arc::new(Dcs::new(cloud.clone(), options)?))
    }
}

#[async_trait]
impl Service for Dcs {
    fn routes(self: Arc<Self>) -> Router {
        let calls = Router::new()
            .route(
                "/v2/{project_id}/instances/{instance_id}/clients",
                get(list::list_clients).post(scan::scan_clients),
            )
            .route(
                "/v2/{project_id}/instances/{instance_id}/clients/kill",
                post(kill::kill_clients),
            )
            .route(
                "/v2/{project_id}/instances/{instance_id}/clients/kill-all",
                post(kill::kill_all_clients),
            )
            .route(
                "/v2/{project_id}/instances/{instance_id}/logical-nodes",
                get(nodes::list_nodes),
            )
            .route("/v2/{project_id}/jobs/{job_id}", get(show_job::show_job))
            .with_state(self.clone());
        gateway::in_project(&self.cloud, calls)
    }

    fn admin_routes(self: Arc<Self>) -> Router {
        admin::routes(self)
    }

    async fn introduce(&self, ready: &mut Ready) -> anyhow::Result<()> {
        for (instance_id, node) in self.instances.nodes() {
            let sessions = node.count().await?;
            let node = ReadyNode::new(NAME, instance_id, node.id(), sessions);
            ready.nodes.push(node);
        }
        Ok(())
    }

    fn make_busy(&self, busy: &Busy) -> bool {
        let has_instance = self.instances.get(&busy.instance_id).is_some();
        let instances = &self.jobs.busy;
        has_instance && instances.begin_as_asked(busy, REFUSALS)
    }

    async fn node_states(&self) -> anyhow::Result<Vec<Value>> {
        let mut states = Vec::new();
        for (instance_id, node) in self.instances.nodes() {
            let clients = node.sessions().await?;
            let place = (NAME, instance_id, node.id());
            let id = |client: &Client| client.id.clone();
            let mut state = node_state(place, &clients, Client::is_replication, id, &node.ledger);
            state["kind"] = json!(node.role);
            state["status"] = json!(node.status());
            state["list_time"] = json!(node.saved_list().map(|list| list.time));
            states.push(state);
        }
        Ok(states)
    }

    fn jobs(&self) -> Vec<Value> {
        self.jobs.all().iter().map(|job| json!(job)).collect()
    }

    async fn finish(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}
