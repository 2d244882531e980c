//! The options of TaurusDB.

use clap::Args;

use crate::node_mapping::{NodeMapping, NodeMappingParser};

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
