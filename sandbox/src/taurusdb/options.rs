//! The options of TaurusDB.

use std::sync::Arc;

use clap::Args;

use super::{TaurusDb, refusal::REFUSALS};
use crate::{
    backends::{NodeMapping, NodeMappingParser},
    busy::Refusal,
    cloud::Cloud,
    service::{Description, Nodes, Service},
};

/// What the command line says about TaurusDB.
#[derive(Debug, Clone, Args)]
pub struct TaurusDbOptions {
    /// A TaurusDB node: INSTANCE/NODE=mysql://USER:PASSWORD@HOST:PORT, or =simulated:COUNT; repeatable
    #[arg(id = "taurusdb-node", long = "taurusdb-node", value_name = "INSTANCE/NODE=URL", value_parser = NodeMappingParser)]
    pub nodes: Vec<NodeMapping>,

    /// TaurusDB refuses a kill of more threads than this [default: takes any number]
    #[arg(long, value_name = "N")]
    pub largest_kill: Option<usize>,
}

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

/// The instance and the first node are those of the API documents.
const EXAMPLE_INSTANCE: &str = "a23fb62bd61e4e9e9636fd2225f395bein07";
const EXAMPLE_NODES: [&str; 2] = [
    "18663926eacb443d98dc20f8620f28f2no07",
    "5b1e0c7d94f24a6db0a3f6c2e8d47190no07",
];
