//! What a plugin offers, by name.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use tf_provider::value::ValueEmpty;
use tf_provider::{DataSource, Diagnostics, Resource, schema::Schema};

use super::action::Action;
use super::dynamic::{DynAction, DynDataSource, DynEphemeralResource, DynResource};
use super::ephemeral_resource::EphemeralResource;
use super::upgrade::StateUpgrade;
use super::{Plugin, diagnostics, panics};

/// Where a [`Plugin`] puts its resources, data sources, actions and ephemeral resources.
///
/// Names are without the provider's prefix: `dcs_session_kill`, not `hwc_dcs_session_kill`. A resource and an action may
/// share a name; two resources may not.
pub struct Registry {
    prefix: &'static str,
    pub(crate) resources: BTreeMap<String, Box<dyn DynResource>>,
    pub(crate) state_upgrades: BTreeMap<String, StateUpgrade>,
    pub(crate) data_sources: BTreeMap<String, Box<dyn DynDataSource>>,
    pub(crate) actions: BTreeMap<String, Box<dyn DynAction>>,
    pub(crate) ephemeral_resources: BTreeMap<String, Box<dyn DynEphemeralResource>>,
    pub(crate) diags: Diagnostics,
}

impl Registry {
    /// What `plugin` registers. A name that is registered twice, or a panic, becomes an error in the diagnostics.
    pub(crate) fn of<P: Plugin>(plugin: &P) -> Self {
        let mut registry = Self {
            prefix: plugin.name(),
            resources: BTreeMap::new(),
            state_upgrades: BTreeMap::new(),
            data_sources: BTreeMap::new(),
            actions: BTreeMap::new(),
            ephemeral_resources: BTreeMap::new(),
            diags: Diagnostics::default(),
        };
        if let Err(panicked) = panics::catch_now(|| plugin.register(&mut registry)) {
            panicked.report(&mut registry.diags);
        }
        registry
    }

    /// Registers a resource: `resource "hwc_NAME"`.
    pub fn resource<R>(&mut self, name: &str, resource: R)
    where
        R: for<'a> Resource<ProviderMetaState<'a> = ValueEmpty> + 'static,
    {
        let name = self.full(name);
        enter(
            &mut self.resources,
            &mut self.diags,
            name,
            Box::new(resource),
        );
    }

    /// Registers a resource that rewrites its states of earlier schema versions.
    ///
    /// `upgrade` gets the version that a state was stored by, and its attributes as in the state file; it returns the
    /// attributes as today's schema has them, or `None` after an error in the diagnostics. It is called only for a
    /// version below today's. What it returns is read as any stored state: attributes that the schema does not have
    /// are left out, missing ones are null, and strings and numbers are converted.
    ///
    /// Numbers are exact: whole numbers of 64 bits are numbers, and one that serde_json would round is its decimal text.
    pub fn resource_with_upgrade<R>(
        &mut self,
        name: &str,
        resource: R,
        upgrade: impl Fn(&mut Diagnostics, i64, Map<String, Value>) -> Option<Map<String, Value>>
        + Send
        + Sync
        + 'static,
    ) where
        R: for<'a> Resource<ProviderMetaState<'a> = ValueEmpty> + 'static,
    {
        self.resource(name, resource);
        self.state_upgrades
            .insert(self.full(name), Box::new(upgrade));
    }

    /// Registers a data source: `data "hwc_NAME"`.
    pub fn data_source<D>(&mut self, name: &str, data_source: D)
    where
        D: for<'a> DataSource<ProviderMetaState<'a> = ValueEmpty> + 'static,
    {
        let name = self.full(name);
        enter(
            &mut self.data_sources,
            &mut self.diags,
            name,
            Box::new(data_source),
        );
    }

    /// Registers an action: `action "hwc_NAME"`.
    pub fn action<A: Action>(&mut self, name: &str, action: A) {
        let name = self.full(name);
        enter(&mut self.actions, &mut self.diags, name, Box::new(action));
    }

    /// Registers an ephemeral resource: `ephemeral "hwc_NAME"`.
    pub fn ephemeral_resource<E: EphemeralResource>(&mut self, name: &str, ephemeral_resource: E) {
        let name = self.full(name);
        enter(
            &mut self.ephemeral_resources,
            &mut self.diags,
            name,
            Box::new(ephemeral_resource),
        );
    }

    fn full(&self, name: &str) -> String {
        format!("{}_{name}", self.prefix)
    }
}

fn enter<T: ?Sized>(
    items: &mut BTreeMap<String, Box<T>>,
    diags: &mut Diagnostics,
    name: String,
    item: Box<T>,
) {
    if items.contains_key(&name) {
        diags.root_error(
            "Name registered twice",
            format!("The provider registers {name} twice."),
        );
    }
    items.insert(name, item);
}

/// Every schema of a plugin, by full type name: what its documentation is made from.
#[derive(Clone, Debug, Default)]
pub struct Schemas {
    /// The provider block.
    pub provider: Option<Schema>,
    /// `resource` blocks.
    pub resources: BTreeMap<String, Schema>,
    /// `data` blocks.
    pub data_sources: BTreeMap<String, Schema>,
    /// `action` blocks: what goes into their `config`.
    pub actions: BTreeMap<String, Schema>,
    /// `ephemeral` blocks.
    pub ephemeral_resources: BTreeMap<String, Schema>,
    /// What went wrong while building them.
    pub diags: Diagnostics,
}

/// Builds every schema of `plugin`.
pub fn schemas<P: Plugin>(plugin: &P) -> Schemas {
    schemas_of(plugin, &Registry::of(plugin))
}

pub(crate) fn schemas_of<P: Plugin>(plugin: &P, registry: &Registry) -> Schemas {
    let mut diags = registry.diags.clone();
    let provider = build(&mut diags, |diags| {
        tf_provider::Provider::schema(plugin, diags)
    });
    Schemas {
        provider,
        resources: build_all(&registry.resources, &mut diags, |item, diags| {
            item.schema(diags)
        }),
        data_sources: build_all(&registry.data_sources, &mut diags, |item, diags| {
            item.schema(diags)
        }),
        actions: build_all(&registry.actions, &mut diags, |item, diags| {
            item.schema(diags)
        }),
        ephemeral_resources: build_all(&registry.ephemeral_resources, &mut diags, |item, diags| {
            item.schema(diags)
        }),
        diags,
    }
}

fn build_all<T: ?Sized>(
    items: &BTreeMap<String, Box<T>>,
    diags: &mut Diagnostics,
    schema: impl Fn(&T, &mut Diagnostics) -> Option<Schema>,
) -> BTreeMap<String, Schema> {
    let mut schemas = BTreeMap::new();
    for (name, item) in items {
        if let Some(built) = build(diags, |diags| schema(item, diags)) {
            schemas.insert(name.clone(), built);
        }
    }
    schemas
}

fn build(
    diags: &mut Diagnostics,
    schema: impl FnOnce(&mut Diagnostics) -> Option<Schema>,
) -> Option<Schema> {
    match panics::catch_now(|| schema(diags)) {
        Ok(built) => diagnostics::explain(built, diags),
        Err(panicked) => {
            panicked.report(diags);
            None
        }
    }
}
