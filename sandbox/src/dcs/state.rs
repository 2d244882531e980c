//! What DCS knows: its instances, their nodes and their jobs.

use std::sync::Arc;

use anyhow::Context;
use tokio_util::task::TaskTracker;

use super::{
    error::{bad_argument, no_such_instance, no_such_node, not_on_this_node, refused},
    job::Jobs,
    node::{Node, Role, Status},
    options::DcsOptions,
    refusal::NOT_RUNNING,
};
use crate::{
    backends::{Open, redis::Connections},
    cloud::Cloud,
    error::ApiError,
    instances::{Instance, Instances},
};

/// The DCS service of the sandbox.
#[derive(Debug)]
pub(crate) struct Dcs {
    pub cloud: Arc<Cloud>,
    pub options: DcsOptions,
    pub instances: Instances<Node>,
    pub jobs: Jobs,
    /// The jobs that run.
    pub tasks: TaskTracker,
}

impl Dcs {
    pub fn new(cloud: Arc<Cloud>, options: DcsOptions) -> anyhow::Result<Self> {
        let proxies = options.proxies.iter();
        let nodes = proxies
            .map(|mapping| (Role::Proxy, mapping))
            .chain(options.nodes.iter().map(|mapping| (Role::Server, mapping)))
            .enumerate()
            .map(|(number, (role, mapping))| {
                let connections = <dyn Connections>::open(number, mapping, cloud.simulated)?;
                let id = mapping.node_id.clone();
                let node = Node::new(id, role, options.addresses, connections);
                Ok((mapping.instance_id.clone(), node))
            })
            .collect::<anyhow::Result<_>>()?;
        let instances = Instances::new(nodes)?;
        for place in &options.inactive {
            let node = place
                .split_once('/')
                .and_then(|(instance_id, node_id)| instances.node(instance_id, node_id));
            let node = node.with_context(|| {
                format!("--inactive names {place}, which is not a DCS node of this sandbox")
            })?;
            node.set_status(Status::Inactive);
        }
        Ok(Self {
            cloud,
            options,
            instances,
            jobs: Jobs::default(),
            tasks: TaskTracker::new(),
        })
    }

    pub fn instance(&self, instance_id: &str) -> Result<&Arc<Instance<Node>>, ApiError> {
        self.instances.get(instance_id).ok_or_else(no_such_instance)
    }

    pub fn must_be_idle(&self, instance_id: &str) -> Result<(), ApiError> {
        match self.jobs.obstacle(instance_id) {
            Some(refusal) => Err(refused(refusal)),
            None => Ok(()),
        }
    }
}

/// The node, when sessions can be listed and killed there now: where there are proxies, at them alone.
pub(super) fn session_node<'a>(
    instance: &'a Instance<Node>,
    node_id: Option<&str>,
) -> Result<&'a Arc<Node>, ApiError> {
    let node_id = node_id
        .filter(|id| !id.is_empty())
        .ok_or_else(|| bad_argument("node_id is mandatory"))?;
    let node = instance.node(node_id).ok_or_else(no_such_node)?;
    let has_proxies = instance.nodes.iter().any(|node| node.role == Role::Proxy);
    if has_proxies && node.role != Role::Proxy {
        return Err(not_on_this_node());
    }
    // The code for a node that does not run is inferred from the one of an instance that does not.
    if node.status() != Status::Active {
        return Err(refused(NOT_RUNNING));
    }
    Ok(node)
}
