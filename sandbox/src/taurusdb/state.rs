//! What TaurusDB knows: its instances and their nodes.

use std::sync::Arc;

use axum::extract::Path;

use super::{
    error::{bad_id, no_such_instance, no_such_node, refused},
    options::TaurusDbOptions,
};
use crate::{
    backends::mariadb::{self, Threads},
    busy::BusyInstances,
    cloud::Cloud,
    error::ApiError,
    instances::{self, Instances},
    language::Language,
};

/// Characters of every id, and how those of instances and of nodes end.
const ID_LENGTH: usize = 36;
const INSTANCE_ID_END: &str = "in07";
const NODE_ID_END: &str = "no07";

/// The TaurusDB service of the sandbox.
#[derive(Debug)]
pub(crate) struct TaurusDb {
    pub cloud: Arc<Cloud>,
    pub instances: Instances<Node>,
    pub busy: BusyInstances,
    pub largest_kill: Option<usize>,
}

/// A node and its threads.
pub(super) type Node = instances::Node<dyn Threads>;

impl TaurusDb {
    pub fn new(cloud: Arc<Cloud>, options: TaurusDbOptions) -> anyhow::Result<Self> {
        let open = |number, mapping: &_| mariadb::open(number, mapping, cloud.simulated);
        Ok(Self {
            instances: Instances::open(&options.nodes, open)?,
            busy: BusyInstances::default(),
            largest_kill: options.largest_kill,
            cloud,
        })
    }

    pub fn must_be_idle(&self, instance_id: &str) -> Result<(), ApiError> {
        match self.busy.refusal(instance_id) {
            Some(refusal) => Err(refused(refusal)),
            None => Ok(()),
        }
    }

    pub fn node(
        &self,
        language: Language,
        instance_id: &str,
        node_id: &str,
    ) -> Result<&Arc<Node>, ApiError> {
        let instance = self.instances.get(instance_id).ok_or_else(|| {
            if has_form(instance_id, INSTANCE_ID_END) {
                no_such_instance(language)
            } else {
                bad_id(language, &form("instance_id", INSTANCE_ID_END))
            }
        })?;
        instance.node(node_id).ok_or_else(|| {
            if has_form(node_id, NODE_ID_END) {
                no_such_node(language)
            } else {
                bad_id(language, &form("node_id", NODE_ID_END))
            }
        })
    }
}

/// Whether this can be an id. One that was mapped may have any form.
fn has_form(id: &str, end: &str) -> bool {
    id.len() == ID_LENGTH
        && id.ends_with(end)
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn form(name: &str, end: &str) -> String {
    format!("{name} must have {ID_LENGTH} characters and end in {end}")
}

/// Project, instance and node id of a path.
pub(super) type NodePath = Path<(String, String, String)>;
