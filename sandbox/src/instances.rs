//! Instances and their nodes, found by the ids in a path.

use std::{collections::BTreeMap, sync::Arc};

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
