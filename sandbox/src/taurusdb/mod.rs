//! The session calls of TaurusDB: list the threads of a node, tell who waits for whom, and kill chosen ones. Internal threads
//! are neither listed nor killed.

mod kill;
mod list;
mod lock_wait;

use std::sync::Arc;

use axum::{
    Router,
    extract::Path,
    routing::{delete, get},
};
use clap::Args;

use crate::{
    backends::mariadb::Threads,
    error_table::{DBS, TAURUSDB_REFUSALS},
    node_mapping::{NodeMapping, NodeMappingParser},
    node_service::{Facts, NodeOptions, NodeService},
};

/// What the command line says about TaurusDB.
#[derive(Debug, Clone, Args)]
pub struct TaurusDbOptions {
    /// A TaurusDB node: INSTANCE/NODE=mysql://USER:PASSWORD@HOST:PORT, or =simulated:COUNT; repeatable
    #[arg(id = "taurusdb-node", long = "taurusdb-node", value_name = "INSTANCE/NODE=URL", value_parser = NodeMappingParser)]
    pub nodes: Vec<NodeMapping>,

    /// TaurusDB refuses a kill of more threads than this; the default is documented
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub largest_kill: usize,
}

impl NodeOptions for TaurusDbOptions {
    const FACTS: Facts = Facts {
        name: "taurusdb",
        instance_id_end: "in07",
        node_id_end: "no07",
        // The instance and the first node are those of the API documents.
        example_instance: "a23fb62bd61e4e9e9636fd2225f395bein07",
        example_nodes: [
            "18663926eacb443d98dc20f8620f28f2no07",
            "5b1e0c7d94f24a6db0a3f6c2e8d47190no07",
        ],
        refusals: TAURUSDB_REFUSALS,
        errors: &DBS,
    };

    type Sessions = dyn Threads;

    fn nodes(&self) -> &[NodeMapping] {
        &self.nodes
    }

    fn calls() -> Router<Arc<TaurusDb>> {
        Router::new()
            .route(
                "/v3/{project_id}/instances/{instance_id}/nodes/{node_id}/processes",
                delete(kill::kill_processes).get(list::list_processes),
            )
            .route(
                "/v3/{project_id}/instances/{instance_id}/nodes/{node_id}/process/lock-wait",
                get(lock_wait::show_lock_wait),
            )
    }
}

type TaurusDb = NodeService<TaurusDbOptions>;

/// Project, instance and node id of a path.
type NodePath = Path<(String, String, String)>;
