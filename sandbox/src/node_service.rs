//! A service whose calls are about the sessions of a node, and which has nothing else: its options, its facts and its
//! calls make a service of it.
//!
//! Such a service implements [`NodeOptions`] for its options, and its handlers have a [`NodeService`] as their state.

use std::{fmt::Debug, sync::Arc};

use async_trait::async_trait;
use axum::Router;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    backends::Open,
    busy::{Busy, BusyInstances, Refusal},
    cloud::Cloud,
    error::ApiError,
    error_table::{ErrorTable, refused},
    gateway,
    instances::{Instance, Instances, Named, Node},
    node_mapping::NodeMapping,
    ready::{Ready, ReadyNode},
    service::{Description, Nodes, Service},
};

/// Characters of every id of an instance or a node.
const ID_LENGTH: usize = 36;

/// What distinguishes one service from the others.
pub(crate) struct Facts {
    /// What the service is called.
    pub name: &'static str,
    /// How the ids of its instances and nodes end.
    pub instance_id_end: &'static str,
    pub node_id_end: &'static str,
    /// The ids of the instance and the nodes that there are when no node is mapped.
    pub example_instance: &'static str,
    pub example_nodes: [&'static str; 2],
    /// The documented refusals of a busy instance; the first one is that of an instance with a running operation.
    pub refusals: &'static [Refusal],
    pub errors: &'static ErrorTable,
}

/// The options of such a service, which also describe it.
pub(crate) trait NodeOptions: Clone + Debug + Send + Sync + 'static {
    const FACTS: Facts;

    /// The sessions of a node.
    type Sessions: Open + ?Sized + 'static;

    /// The nodes that the options map.
    fn nodes(&self) -> &[NodeMapping];

    /// The calls.
    fn calls() -> Router<Arc<NodeService<Self>>>;

    /// Adds to a node of the ready line what only clients of this service need.
    fn introduce(_node: &mut ReadyNode) {}
}

/// The service: its instances with their nodes, and which of them are busy.
#[derive(Debug)]
pub(crate) struct NodeService<O: NodeOptions> {
    pub options: O,
    pub cloud: Arc<Cloud>,
    instances: Instances<Node<O::Sessions>>,
    busy: BusyInstances,
}

/// A node of such a service.
type SharedNode<O> = Arc<Node<<O as NodeOptions>::Sessions>>;

impl<O: NodeOptions> NodeService<O> {
    fn new(options: O, mappings: &[NodeMapping], cloud: Arc<Cloud>) -> anyhow::Result<Self> {
        let open = |number, mapping: &_| O::Sessions::open(number, mapping, cloud.simulated);
        Ok(Self {
            instances: Instances::open(mappings, open)?,
            busy: BusyInstances::default(),
            options,
            cloud,
        })
    }

    /// The instance with this id.
    pub fn instance(
        &self,
        instance_id: &str,
    ) -> Result<&Arc<Instance<Node<O::Sessions>>>, ApiError> {
        self.instances.get(instance_id).ok_or_else(|| {
            let end = O::FACTS.instance_id_end;
            form("instance_id", instance_id, end).map_or_else(
                |reason| O::FACTS.errors.bad_id.because(&reason),
                |()| O::FACTS.errors.no_such_instance.error(),
            )
        })
    }

    /// The first node of an instance: its primary, where it has one.
    pub fn first_node(&self, instance_id: &str) -> Result<&SharedNode<O>, ApiError> {
        let instance = self.instance(instance_id)?;
        let first = instance.nodes.first();
        first.ok_or_else(|| O::FACTS.errors.no_such_node.error())
    }

    /// The node with this id on that instance.
    pub fn node(&self, instance_id: &str, node_id: &str) -> Result<&SharedNode<O>, ApiError> {
        let instance = self.instance(instance_id)?;
        let node = instance.node(node_id);
        node.ok_or_else(|| no_node::<O>(node_id))
    }

    /// The node with this id on whatever instance, and the id of that instance.
    pub fn node_anywhere(&self, node_id: &str) -> Result<(&str, &SharedNode<O>), ApiError> {
        let mut nodes = self.instances.nodes();
        nodes
            .find(|(_, node)| node.id() == node_id)
            .ok_or_else(|| no_node::<O>(node_id))
    }

    /// Fails when the instance is busy with something else than kills.
    pub fn must_be_idle(&self, instance_id: &str) -> Result<(), ApiError> {
        match self.busy.refusal(instance_id) {
            Some(refusal) => Err(refused(refusal)),
            None => Ok(()),
        }
    }

    /// An argument makes no sense.
    pub fn bad_argument(&self, reason: &str) -> ApiError {
        O::FACTS.errors.bad_argument.because(reason)
    }

    /// Reads the body of a request.
    pub fn body<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, ApiError> {
        serde_json::from_slice(body).map_err(|reason| self.bad_argument(&reason.to_string()))
    }

    /// The server behind a node does not answer.
    pub fn no_answer(&self, reason: &anyhow::Error) -> ApiError {
        let reason = format!("{reason:#}");
        O::FACTS.errors.no_answer.because(&reason)
    }
}

/// There is no such node.
fn no_node<O: NodeOptions>(node_id: &str) -> ApiError {
    let end = O::FACTS.node_id_end;
    form("node_id", node_id, end).map_or_else(
        |reason| O::FACTS.errors.bad_id.because(&reason),
        |()| O::FACTS.errors.no_such_node.error(),
    )
}

/// Whether this can be an id; the error says what is wrong with it. An id that was mapped may have any form.
fn form(name: &str, id: &str, end: &str) -> Result<(), String> {
    let has_form = id.len() == ID_LENGTH
        && id.ends_with(end)
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if has_form {
        return Ok(());
    }
    Err(format!(
        "{name} must have {ID_LENGTH} characters and end in {end}"
    ))
}

impl<O: NodeOptions> Description for O {
    fn refusals() -> &'static [Refusal] {
        O::FACTS.refusals
    }

    fn maps_nodes(&self) -> bool {
        !self.nodes().is_empty()
    }

    fn open(&self, cloud: &Arc<Cloud>, nodes: Nodes) -> anyhow::Result<Arc<dyn Service>> {
        let examples;
        let mappings = match nodes {
            Nodes::Mapped => self.nodes(),
            Nodes::Examples => {
                let facts = O::FACTS;
                examples = NodeMapping::examples(facts.example_instance, facts.example_nodes);
                &examples
            }
        };
        let service = NodeService::new(self.clone(), mappings, cloud.clone())?;
        Ok(Arc::new(service))
    }
}

#[async_trait]
impl<O: NodeOptions> Service for NodeService<O> {
    fn routes(self: Arc<Self>) -> Router {
        let calls = O::calls().with_state(self.clone());
        gateway::in_project(&self.cloud, calls)
    }

    async fn introduce(&self, ready: &mut Ready) -> anyhow::Result<()> {
        for mut node in self.instances.introductions(O::FACTS.name).await? {
            O::introduce(&mut node);
            ready.nodes.push(node);
        }
        Ok(())
    }

    fn make_busy(&self, busy: &Busy) -> bool {
        let has_instance = self.instances.get(&busy.instance_id).is_some();
        has_instance && self.busy.begin_as_asked(busy, O::FACTS.refusals)
    }

    async fn node_states(&self) -> anyhow::Result<Vec<Value>> {
        self.instances.states(O::FACTS.name).await
    }
}
