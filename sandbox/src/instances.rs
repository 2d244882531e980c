//! Instances and their nodes, found by the ids in a path, and shown to the admin interface.

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;
use serde_json::{Value, json};

use crate::ledger::Ledger;

/// The instances of one service, each with its nodes in the order in which they were mapped.
#[derive(Debug)]
pub(crate) struct Instances<N> {
    by_id: BTreeMap<String, Arc<Instance<N>>>,
}

#[derive(Debug)]
pub(crate) struct Instance<N> {
    pub id: String,
    pub nodes: Vec<Arc<N>>,
}

/// What a node is known by.
pub(crate) trait Named {
    fn id(&self) -> &str;
}

impl<N: Named> Instances<N> {
    /// Groups nodes, each given with the id of its instance. A node may be mapped only once.
    pub fn new(nodes: Vec<(String, N)>) -> anyhow::Result<Self> {
        let mut grouped: BTreeMap<String, Vec<Arc<N>>> = BTreeMap::new();
        for (instance_id, node) in nodes {
            let siblings = grouped.entry(instance_id.clone()).or_default();
            if siblings.iter().any(|sibling| sibling.id() == node.id()) {
                anyhow::bail!(
                    "node {} of instance {instance_id} is mapped twice",
                    node.id()
                );
            }
            siblings.push(Arc::new(node));
        }
        let by_id = grouped
            .into_iter()
            .map(|(id, nodes)| (id.clone(), Arc::new(Instance { id, nodes })))
            .collect();
        Ok(Self { by_id })
    }

    pub fn get(&self, instance_id: &str) -> Option<&Arc<Instance<N>>> {
        self.by_id.get(instance_id)
    }

    /// The node with this id on the instance with that id.
    pub fn node(&self, instance_id: &str, node_id: &str) -> Option<&Arc<N>> {
        self.get(instance_id)?.node(node_id)
    }

    /// Every node with the id of its instance.
    pub fn nodes(&self) -> impl Iterator<Item = (&str, &Arc<N>)> {
        self.by_id.values().flat_map(|instance| {
            instance
                .nodes
                .iter()
                .map(|node| (instance.id.as_str(), node))
        })
    }
}

impl<N: Named> Instance<N> {
    pub fn node(&self, node_id: &str) -> Option<&Arc<N>> {
        self.nodes.iter().find(|node| node.id() == node_id)
    }
}

/// A node as the admin interface shows it: its sessions of now, those among them that are not killed, and the kill orders.
pub(crate) fn node_state<S, Id: Serialize, K: Serialize + Ord + Copy>(
    (service, instance_id, node_id): (&str, &str, &str),
    sessions: &[S],
    is_internal: impl Fn(&S) -> bool,
    id: impl Fn(&S) -> Id,
    kills: &Ledger<K>,
) -> Value {
    let ids = |internal: bool| -> Vec<Id> {
        let chosen = sessions
            .iter()
            .filter(|session| is_internal(session) == internal);
        chosen.map(&id).collect()
    };
    // The demonstration reads node_id, service and sessions, which follow each other in the alphabet.
    json!({
        "service": service,
        "instance_id": instance_id,
        "node_id": node_id,
        "sessions": ids(false),
        "internal": ids(true),
        "kills": kills.orders(),
    })
}
