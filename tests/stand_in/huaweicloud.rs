//! A stand-in for the official provider, so that its types can be mocked where its plugin cannot be had: it has the schemas
//! of the types that the runbooks use, and does nothing.
//!
//! Names, types and constraints are those of the official provider's documentation at version 1.97.1: `docs/json/` for each
//! type, and `docs/resources/` for `region`, which can be set. Blocks of time-outs are left out.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use terraform_provider_hwc::plugin::{self, Plugin, Registry};
use tf_provider::schema::{
    Attribute,
    AttributeConstraint::{self, Computed, Optional, OptionalComputed, Required},
    AttributeType::{self, List, Map, Number, Object, Set, String as Text},
    Block, Schema,
};
use tf_provider::value::{ValueAny, ValueEmpty};
use tf_provider::{AttributePath, DataSource, Diagnostics, Provider, Resource};

#[tokio::main]
async fn main() -> std::process::ExitCode {
    plugin::serve(StandIn).await
}

type Described = (&'static str, AttributeConstraint, fn() -> AttributeType);
type Attributes = &'static [Described];

const RESOURCES: &[(&str, Attributes)] = &[
    (
        "dcs_account",
        &[
            ("account_name", Required, || Text),
            ("account_password", Required, || Text),
            ("account_role", Required, || Text),
            ("account_type", Computed, || Text),
            ("description", Optional, || Text),
            ("id", Computed, || Text),
            ("instance_id", Required, || Text),
            ("region", OptionalComputed, || Text),
            ("status", Computed, || Text),
        ],
    ),
    (
        "dns_recordset",
        &[
            ("description", OptionalComputed, || Text),
            ("id", Computed, || Text),
            ("line_id", OptionalComputed, || Text),
            ("name", Required, || Text),
            ("records", Required, || Set(Box::new(Text))),
            ("region", OptionalComputed, || Text),
            ("status", Optional, || Text),
            ("tags", OptionalComputed, || Map(Box::new(Text))),
            ("ttl", Optional, || Number),
            ("type", Required, || Text),
            ("weight", OptionalComputed, || Number),
            ("zone_id", Required, || Text),
            ("zone_name", Computed, || Text),
            ("zone_type", Computed, || Text),
        ],
    ),
    (
        "taurusdb_primary_standby_switch",
        &[
            ("id", Computed, || Text),
            ("instance_id", Required, || Text),
            ("node_id", Required, || Text),
            ("region", OptionalComputed, || Text),
        ],
    ),
];

const DATA_SOURCES: &[(&str, Attributes)] = &[(
    "taurusdb_instances",
    &[
        ("id", Computed, || Text),
        ("instances", Computed, taurusdb_instances),
        ("name", Optional, || Text),
        ("region", OptionalComputed, || Text),
        ("subnet_id", Optional, || Text),
        ("vpc_id", Optional, || Text),
    ],
)];

/// Attributes that no plan and no output may show.
const SENSITIVE: &[&str] = &["account_password"];

fn taurusdb_instances() -> AttributeType {
    let texts = [
        "availability_zone_mode",
        "configuration_id",
        "created_at",
        "db_user_name",
        "description",
        "enterprise_project_id",
        "flavor",
        "id",
        "maintain_begin",
        "maintain_end",
        "master_availability_zone",
        "mode",
        "name",
        "private_dns_name",
        "private_dns_name_prefix",
        "private_write_ip",
        "region",
        "security_group_id",
        "status",
        "subnet_id",
        "time_zone",
        "updated_at",
        "vpc_id",
    ];
    let node = [
        "availability_zone",
        "id",
        "name",
        "private_read_ip",
        "status",
        "type",
    ];
    let mut instance = all_texts(&texts);
    instance.insert("port".to_owned(), Number);
    instance.insert("read_replicas".to_owned(), Number);
    instance.insert("nodes".to_owned(), objects(all_texts(&node)));
    instance.insert(
        "datastore".to_owned(),
        objects(all_texts(&["engine", "version"])),
    );
    let mut backups = all_texts(&["start_time"]);
    backups.insert("keep_days".to_owned(), Number);
    instance.insert("backup_strategy".to_owned(), objects(backups));
    objects(instance)
}

fn all_texts(names: &[&str]) -> HashMap<String, AttributeType> {
    names
        .iter()
        .map(|name| ((*name).to_owned(), Text))
        .collect()
}

fn objects(attributes: HashMap<String, AttributeType>) -> AttributeType {
    List(Box::new(Object(attributes)))
}

fn schema(attributes: Attributes) -> Schema {
    let attribute = |(name, constraint, attr_type): &Described| {
        let attribute = Attribute {
            attr_type: attr_type(),
            constraint: constraint.clone(),
            sensitive: SENSITIVE.contains(name),
            ..Attribute::default()
        };
        ((*name).to_owned(), attribute)
    };
    Schema {
        version: 0,
        block: Block {
            attributes: attributes.iter().map(attribute).collect(),
            ..Block::default()
        },
    }
}

/// Whatever is in a block.
type Anything = BTreeMap<String, ValueAny>;

/// The provider. It takes a region, as the official one does.
struct StandIn;

#[async_trait]
impl Provider for StandIn {
    type Config<'a> = Anything;
    type MetaState<'a> = ValueEmpty;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        Some(schema(&[("region", Optional, || Text)]))
    }
}

impl Plugin for StandIn {
    fn name(&self) -> &'static str {
        "huaweicloud"
    }

    fn version(&self) -> &'static str {
        "1.97.1"
    }

    fn register(&self, registry: &mut Registry) {
        for (name, attributes) in RESOURCES {
            registry.resource(name, Nothing(attributes));
        }
        for (name, attributes) in DATA_SOURCES {
            registry.data_source(name, Nothing(attributes));
        }
    }

    fn stop(&self) {}
}

/// A type without its cloud.
struct Nothing(Attributes);

fn only_mocked<T>(diags: &mut Diagnostics) -> Option<T> {
    diags.root_error_short("This is a stand-in for the official provider: mock it");
    None
}

#[async_trait]
impl DataSource for Nothing {
    type State<'a> = Anything;
    type ProviderMetaState<'a> = ValueEmpty;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        Some(schema(self.0))
    }

    async fn read<'a>(
        &self,
        diags: &mut Diagnostics,
        _config: Anything,
        _meta: ValueEmpty,
    ) -> Option<Anything> {
        only_mocked(diags)
    }
}

#[async_trait]
impl Resource for Nothing {
    type State<'a> = Anything;
    type PrivateState<'a> = ValueEmpty;
    type ProviderMetaState<'a> = ValueEmpty;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        Some(schema(self.0))
    }

    async fn read<'a>(
        &self,
        diags: &mut Diagnostics,
        _state: Anything,
        _private: ValueEmpty,
        _meta: ValueEmpty,
    ) -> Option<(Anything, ValueEmpty)> {
        only_mocked(diags)
    }

    async fn plan_create<'a>(
        &self,
        diags: &mut Diagnostics,
        _proposed: Anything,
        _config: Anything,
        _meta: ValueEmpty,
    ) -> Option<(Anything, ValueEmpty)> {
        only_mocked(diags)
    }

    async fn plan_update<'a>(
        &self,
        diags: &mut Diagnostics,
        _prior: Anything,
        _proposed: Anything,
        _config: Anything,
        _private: ValueEmpty,
        _meta: ValueEmpty,
    ) -> Option<(Anything, ValueEmpty, Vec<AttributePath>)> {
        only_mocked(diags)
    }

    async fn plan_destroy<'a>(
        &self,
        diags: &mut Diagnostics,
        _prior: Anything,
        _private: ValueEmpty,
        _meta: ValueEmpty,
    ) -> Option<ValueEmpty> {
        only_mocked(diags)
    }

    async fn create<'a>(
        &self,
        diags: &mut Diagnostics,
        _planned: Anything,
        _config: Anything,
        _private: ValueEmpty,
        _meta: ValueEmpty,
    ) -> Option<(Anything, ValueEmpty)> {
        only_mocked(diags)
    }

    async fn update<'a>(
        &self,
        diags: &mut Diagnostics,
        _prior: Anything,
        _planned: Anything,
        _config: Anything,
        _private: ValueEmpty,
        _meta: ValueEmpty,
    ) -> Option<(Anything, ValueEmpty)> {
        only_mocked(diags)
    }

    async fn destroy<'a>(
        &self,
        diags: &mut Diagnostics,
        _prior: Anything,
        _private: ValueEmpty,
        _meta: ValueEmpty,
    ) -> Option<()> {
        only_mocked(diags)
    }
}
