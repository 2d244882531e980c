//! Instances and their nodes, found by the ids in a path, and shown to the admin interface.

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    backends::{Session, Sessions},
    ledger::Ledger,
    node_mapping::NodeMapping,
    ready::ReadyNode,
};

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

/// A node that needs nothing but its sessions.
#[derive(Debug)]
pub(crate) struct Node<S: Sessions + ?Sized> {
    id: String,
    pub sessions: Box<S>,
    pub kills: Ledger<<S::Session as Session>::Id>,
}

impl<S: Sessions + ?Sized> Named for Node<S> {
    fn id(&self) -> &str {
        &self.id
    }
}

impl<S: Sessions + ?Sized> Instances<Node<S>> {
    /// The nodes as mapped; `open` gets the number of a node and its mapping.
    pub fn open(
        mappings: &[NodeMapping],
        open: impl Fn(usize, &NodeMapping) -> anyhow::Result<Box<S>>,
    ) -> anyhow::Result<Self> {
        let nodes = mappings.iter().enumerate().map(|(number, mapping)| {
            let node = Node {
                id: mapping.node_id.clone(),
                sessions: open(number, mapping)?,
                kills: Ledger::default(),
            };
            Ok((mapping.instance_id.clone(), node))
        });
        Self::new(nodes.collect::<anyhow::Result<_>>()?)
    }

    /// The nodes as the ready line shows them.
    pub async fn introductions(&self, service: &str) -> anyhow::Result<Vec<ReadyNode>> {
        let mut nodes = Vec::new();
        for (instance_id, node) in self.nodes() {
            let sessions = node.sessions.count().await?;
            nodes.push(ReadyNode::new(service, instance_id, &node.id, sessions));
        }
        Ok(nodes)
    }

    /// The nodes as the admin interface shows them.
    pub async fn states(&self, service: &str) -> anyhow::Result<Vec<Value>> {
        let mut states = Vec::new();
        for (instance_id, node) in self.nodes() {
            let sessions = node.sessions.all().await?;
            let place = (service, instance_id, node.id());
            let (is_internal, id) = (S::Session::is_internal, S::Session::id);
            states.push(node_state(place, &sessions, is_internal, id, &node.kills));
        }
        Ok(states)
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
