//! What is served, with its schemas built once.

use std::collections::BTreeMap;

use tf_provider::{Diagnostics, schema::Schema};

use super::dynamic::{DynAction, DynDataSource, DynEphemeralResource, DynResource};
use super::proto::tfplugin6 as wire;
use super::registry::{Registry, Schemas, schemas_of};
use super::upgrade::StateUpgrade;
use super::value_type::ValueType;
use super::{Plugin, diagnostics, schema};

/// The plugin's parts, each with the type of its values, and the answers about all of them.
pub(crate) struct Catalogue {
    pub(crate) provider: ValueType,
    pub(crate) resources: BTreeMap<String, Registered<dyn DynResource>>,
    pub(crate) data_sources: BTreeMap<String, Registered<dyn DynDataSource>>,
    pub(crate) actions: BTreeMap<String, Registered<dyn DynAction>>,
    pub(crate) ephemeral_resources: BTreeMap<String, Registered<dyn DynEphemeralResource>>,
    pub(crate) schema: wire::get_provider_schema::Response,
    pub(crate) metadata: wire::get_metadata::Response,
}

/// One part, and the type of its values.
pub(crate) struct Registered<T: ?Sized> {
    pub(crate) value_type: ValueType,
    /// The version of its schema.
    pub(crate) version: i64,
    pub(crate) item: Box<T>,
    /// How a resource rewrites a state of an earlier version, if it does.
    pub(crate) upgrade: Option<StateUpgrade>,
}

impl Catalogue {
    pub(crate) fn of<P: Plugin>(plugin: &P) -> Self {
        let registry = Registry::of(plugin);
        let mut schemas = schemas_of(plugin, &registry);
        let mut diags = std::mem::take(&mut schemas.diags);
        let provider = value_type_of("the provider block", schemas.provider.as_ref(), &mut diags);
        let mut resources = with_value_types(registry.resources, &schemas.resources, &mut diags);
        for (name, upgrade) in registry.state_upgrades {
            if let Some(resource) = resources.get_mut(&name) {
                resource.upgrade = Some(upgrade);
            }
        }
        let data_sources =
            with_value_types(registry.data_sources, &schemas.data_sources, &mut diags);
        let actions = with_value_types(registry.actions, &schemas.actions, &mut diags);
        let ephemeral_resources = with_value_types(
            registry.ephemeral_resources,
            &schemas.ephemeral_resources,
            &mut diags,
        );
        let diags = diagnostics::to_wire(diags);
        Self {
            provider,
            resources,
            data_sources,
            actions,
            ephemeral_resources,
            metadata: metadata_response(&schemas, diags.clone()),
            schema: schema_response(&schemas, diags),
        }
    }
}

/// What a host may rely on.
fn capabilities() -> wire::ServerCapabilities {
    wire::ServerCapabilities {
        plan_destroy: true,
        get_provider_schema_optional: true,
        move_resource_state: false,
        generate_resource_config: false,
    }
}

fn with_value_types<T: ?Sized>(
    items: BTreeMap<String, Box<T>>,
    schemas: &BTreeMap<String, Schema>,
    diags: &mut Diagnostics,
) -> BTreeMap<String, Registered<T>> {
    let registered = items.into_iter().filter_map(|(name, item)| {
        // Without a schema it cannot be served; why there is none is in the diagnostics.
        let schema = schemas.get(&name)?;
        let value_type = value_type_of(&name, Some(schema), diags);
        let registered = Registered {
            value_type,
            version: schema.version,
            item,
            upgrade: None,
        };
        Some((name, registered))
    });
    registered.collect()
}

fn value_type_of(name: &str, schema: Option<&Schema>, diags: &mut Diagnostics) -> ValueType {
    let value_type = schema
        .map(|schema| ValueType::of_block(&schema.block))
        .transpose();
    match value_type {
        Ok(value_type) => value_type.unwrap_or_else(ValueType::empty),
        Err(untyped) => {
            diags.root_error(
                "Unusable schema",
                format!("In the schema of {name}: {untyped}."),
            );
            ValueType::empty()
        }
    }
}

fn schema_response(
    schemas: &Schemas,
    diagnostics: Vec<wire::Diagnostic>,
) -> wire::get_provider_schema::Response {
    let all = |schemas: &BTreeMap<String, Schema>| {
        schemas
            .iter()
            .map(|(name, built)| (name.clone(), schema::to_wire(built)))
            .collect()
    };
    let actions = schemas.actions.iter().map(|(name, built)| {
        let schema = Some(schema::to_wire(built));
        (name.clone(), wire::ActionSchema { schema })
    });
    wire::get_provider_schema::Response {
        provider: schemas.provider.as_ref().map(schema::to_wire),
        resource_schemas: all(&schemas.resources),
        data_source_schemas: all(&schemas.data_sources),
        ephemeral_resource_schemas: all(&schemas.ephemeral_resources),
        action_schemas: actions.collect(),
        server_capabilities: Some(capabilities()),
        diagnostics,
        ..Default::default()
    }
}

fn metadata_response(
    schemas: &Schemas,
    diagnostics: Vec<wire::Diagnostic>,
) -> wire::get_metadata::Response {
    use wire::get_metadata::{
        ActionMetadata, DataSourceMetadata, EphemeralMetadata, ResourceMetadata,
    };

    let names = |schemas: &BTreeMap<String, Schema>| {
        schemas.keys().cloned().collect::<Vec<_>>().into_iter()
    };
    wire::get_metadata::Response {
        server_capabilities: Some(capabilities()),
        diagnostics,
        resources: names(&schemas.resources)
            .map(|type_name| ResourceMetadata { type_name })
            .collect(),
        data_sources: names(&schemas.data_sources)
            .map(|type_name| DataSourceMetadata { type_name })
            .collect(),
        actions: names(&schemas.actions)
            .map(|type_name| ActionMetadata { type_name })
            .collect(),
        ephemeral_resources: names(&schemas.ephemeral_resources)
            .map(|type_name| EphemeralMetadata { type_name })
            .collect(),
        ..Default::default()
    }
}
