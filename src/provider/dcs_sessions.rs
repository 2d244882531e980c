//! `hwc_dcs_sessions`: the sessions of a DCS (Redis) node or instance, and the `select` block that chooses among them.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tf_provider::schema::{Attribute, AttributeType, NestedBlock, Schema};
use tf_provider::value::{Value, ValueEmpty};
use tf_provider::{DataSource, Diagnostics, map};

use super::HwcProvider;
use super::arguments::{self, WholeNumber, computed, known, optional, required};
use super::explain::Report;
use super::select::{self, BlockReader, Given, Select, Strings};
use crate::huaweicloud::client::Client;
use crate::huaweicloud::dcs::{
    CLIENTS_PER_PAGE, ClientPage, ClientRecord, Dcs, InstanceId, NodeId, Target,
};
use crate::huaweicloud::error::Error;
use crate::huaweicloud::operation::Operation;
use crate::plugin::{EphemeralResource, Opened, Progress};
use crate::session::dcs::{ClientId, Selector, SelectorSpec, Session, SessionId};
use crate::session::listing::Page;
use crate::session::{Selects, Verdict};

/// The data source and the ephemeral resource.
pub struct DcsSessions {
    provider: HwcProvider,
}

/// The attributes, in the order of the schema.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Model {
    region: Value<String>,
    instance_id: Value<String>,
    node_id: Value<String>,
    select: Select<SelectBlock>,
    addresses: Value<Vec<String>>,
    sessions: Value<Vec<SessionModel>>,
}

/// One session.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SessionModel {
    node_id: String,
    id: String,
    addr: String,
    name: Value<String>,
    user: Value<String>,
    db: Value<i64>,
    cmd: Value<String>,
    age: Value<i64>,
    idle: Value<i64>,
    flags: String,
}

/// What stands in a `select` block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SelectBlock {
    addresses: Strings,
    names: Strings,
    users: Strings,
    exclude_users: Strings,
    databases: Value<Vec<Value<WholeNumber>>>,
    commands: Strings,
    flags: Strings,
    min_idle: Value<String>,
    min_age: Value<String>,
    all: Value<bool>,
}

/// Checks a block. `None` without an error means: not everything is known yet.
pub(super) fn selector(diags: &mut Diagnostics, block: &SelectBlock) -> Option<Selector> {
    let mut reader = BlockReader::new(diags);
    let spec = SelectorSpec {
        addresses: reader.list("addresses", &block.addresses),
        names: reader.list("names", &block.names),
        users: reader.list("users", &block.users),
        exclude_users: reader.list("exclude_users", &block.exclude_users),
        databases: reader.numbers("databases", &block.databases),
        commands: reader.list("commands", &block.commands),
        flags: reader.list("flags", &block.flags),
        min_idle: reader.value(&block.min_idle),
        min_age: reader.value(&block.min_age),
        all: reader.value(&block.all).unwrap_or(false),
    };
    reader.finish(|| Selector::parse(&spec))
}

/// The schema of the block.
pub(super) fn select_block() -> (String, NestedBlock) {
    use AttributeType::{Bool, List, Number, String};
    let block = select::block(
        "Which sessions, by what they are. Every condition that is given must hold; the values within one are \
         alternatives. Sessions of masters and replicas (flags `M` and `S`) are chosen only when `flags` names them.",
        map! {
            "addresses" => select::strings("Where clients are: addresses, addresses with a port, or networks such as `10.0.0.0/24`."),
            "names" => select::strings("Names that clients gave themselves, with `*`, `?` and `[a-z]`. A client without a name matches none."),
            "users" => select::strings("Whole user names. Upper and lower case differ."),
            "exclude_users" => select::strings("Users who are left alone. It chooses nothing by itself, and may stand beside `all`."),
            "databases" => optional(List(Box::new(Number)), "Numbers of databases."),
            "commands" => select::strings("Last commands, in upper or lower case. `client` finds `client|list` too."),
            "flags" => select::strings("Flags, one letter each, of which the client has at least one: `N` for none in particular, `P` for subscribers, `b` for those waiting in a blocking command."),
            "min_idle" => optional(String, "The least time since the client last sent something, such as `90s`, `5m` or `1h30m`. Subscribers and clients in a blocking command grow idle too."),
            "min_age" => optional(String, "The least time since the client connected."),
            "all" => optional(Bool, "Every session, save masters, replicas and those of `exclude_users`. Stands instead of conditions."),
        },
    );
    ("select".to_owned(), block)
}

/// Lists all sessions of the target, sorted by node and id. The service reads them anew before.
pub(super) async fn list(
    client: &Client,
    region: &str,
    instance: &InstanceId,
    target: &Target,
    operation: &Operation,
) -> Result<Vec<Session>, Error> {
    let dcs = Dcs::new(client, region);
    let mut sessions = Vec::new();
    for node in nodes(&dcs, instance, target, operation).await? {
        dcs.refresh_clients(instance, &node, operation).await?;
        let node = &node;
        let of_node = select::read_pages(CLIENTS_PER_PAGE, |request| async move {
            dcs.clients(instance, node, request.offset, request.limit, operation)
                .await
                .map(|listed| page(node, listed))
        });
        sessions.extend(of_node.await?);
    }
    sessions.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(sessions)
}

/// The nodes that a target means.
async fn nodes(
    dcs: &Dcs<'_>,
    instance: &InstanceId,
    target: &Target,
    operation: &Operation,
) -> Result<Vec<NodeId>, Error> {
    if let Target::Node(node) = target {
        return Ok(vec![node.clone()]);
    }
    let nodes = dcs.nodes(instance, operation).await?;
    nodes
        .iter()
        .map(|node| {
            node.node_id.parse().map_err(|reason| {
                Error::Listing(format!(
                    "DCS lists a node of the instance with the id {:?}: {reason}.",
                    node.node_id
                ))
            })
        })
        .collect()
}

fn page(node: &NodeId, page: ClientPage) -> Page<Session> {
    Page {
        total: u64::try_from(page.count.unwrap_or(0)).unwrap_or(0),
        sessions: page
            .clients
            .into_iter()
            .map(|record| session(node, record))
            .collect(),
    }
}

fn session(node: &NodeId, record: ClientRecord) -> Session {
    let seconds = |value: Option<i64>| Some(Duration::from_secs(u64::try_from(value?).ok()?));
    let text = |value: Option<String>| value.filter(|text| !text.is_empty());
    Session {
        id: SessionId {
            node_id: node.to_string(),
            client_id: ClientId::new(record.id),
        },
        addr: record.addr.unwrap_or_default(),
        peer: text(record.peer),
        name: text(record.name),
        user: text(record.user),
        db: record.db.and_then(|db| u32::try_from(db).ok()),
        cmd: text(record.cmd),
        age: seconds(record.age),
        idle: seconds(record.idle),
        flags: record.flags.unwrap_or_default().chars().collect(),
    }
}

/// A session in one line, for a person: where from, who, doing what, idle since when.
pub(super) fn show(session: &Session) -> String {
    let mut text = session.kill_address().to_owned();
    if let Some(name) = &session.name {
        text += &format!(", name {name}");
    }
    if let Some(user) = &session.user {
        text += &format!(", user {user}");
    }
    if let Some(cmd) = &session.cmd {
        text += &format!(", last command {cmd}");
    }
    if let Some(idle) = session.idle {
        text += &format!(", idle for {}", crate::session::duration::show(idle));
    }
    text + &format!(" (node {})", session.id.node_id)
}

impl From<Session> for SessionModel {
    fn from(session: Session) -> Self {
        let seconds = |time: Option<Duration>| {
            known(time.and_then(|time| i64::try_from(time.as_secs()).ok()))
        };
        Self {
            addr: session.kill_address().to_owned(),
            node_id: session.id.node_id,
            id: session.id.client_id.to_string(),
            name: known(session.name),
            user: known(session.user),
            db: known(session.db.map(i64::from)),
            cmd: known(session.cmd),
            age: seconds(session.age),
            idle: seconds(session.idle),
            flags: session.flags.into_iter().collect(),
        }
    }
}

impl Model {
    /// What can be said without knowing every value.
    fn check(&self, diags: &mut Diagnostics) {
        if !self.instance_id.is_unknown() {
            _ = arguments::identifier::<InstanceId>(diags, "instance_id", &self.instance_id);
        }
        if self.node_id.is_value() {
            _ = arguments::identifier::<NodeId>(diags, "node_id", &self.node_id);
        }
        if let Given::Present(block) = select::given(&self.select) {
            _ = selector(diags, block);
        }
    }

    /// The same with the sessions that are asked for.
    async fn fetch(self, diags: &mut Diagnostics, provider: &HwcProvider) -> Option<Self> {
        let region = arguments::region(diags, provider, &self.region);
        let instance = arguments::identifier(diags, "instance_id", &self.instance_id);
        let target = match &self.node_id {
            Value::Null => Some(Target::AllNodes),
            node => arguments::identifier(diags, "node_id", node).map(Target::Node),
        };
        let selector = match select::given(&self.select) {
            Given::Absent => None,
            Given::Present(block) => Some(selector(diags, block)?),
            Given::Unknown => return None,
        };
        let (region, instance, target) = (region?, instance?, target?);

        let client = provider.client(diags)?;
        let operation = provider.operation(&client, arguments::LISTING_TIMEOUT, &Progress::none());
        let mut sessions = match list(&client, &region, &instance, &target, &operation).await {
            Ok(sessions) => sessions,
            Err(error) => {
                Report::not_listed(error).into_error(diags);
                return None;
            }
        };
        if let Some(selector) = selector {
            sessions.retain(|session| selector.verdict(session) == Verdict::Chosen);
        }
        Some(Self {
            region: Value::Value(region),
            addresses: Value::Value(
                sessions
                    .iter()
                    .map(|session| session.kill_address().to_owned())
                    .collect(),
            ),
            sessions: Value::Value(sessions.into_iter().map(SessionModel::from).collect()),
            ..self
        })
    }
}

impl DcsSessions {
    /// The data source of a provider.
    pub fn new(provider: HwcProvider) -> Self {
        Self { provider }
    }
}

fn attributes() -> HashMap<String, Attribute> {
    use AttributeType::{AttributeList, List, Number, String};
    map! {
        "region" => arguments::region_attribute(),
        "instance_id" => required(String, "DCS instance."),
        "node_id" => optional(String, "Node whose sessions are listed. By default those of all nodes."),
        "addresses" => computed(List(Box::new(String)), "Addresses of the sessions, in the order of `sessions`."),
        "sessions" => computed(
            AttributeList(map! {
                "node_id" => computed(String, "Node that the client is connected to."),
                "id" => computed(String, "The client's id on its node."),
                "addr" => computed(String, "Address by which the client is killed."),
                "name" => computed(String, "Name that the client gave itself."),
                "user" => computed(String, "User that the client is logged in as."),
                "db" => computed(Number, "Number of the database."),
                "cmd" => computed(String, "The last command."),
                "age" => computed(Number, "Seconds since the client connected."),
                "idle" => computed(Number, "Seconds since the client last sent something."),
                "flags" => computed(String, "Flags, one letter each."),
            }),
            "The sessions, by node and id in ascending order.",
        ),
    }
}

#[async_trait]
impl DataSource for DcsSessions {
    type State<'a> = Model;
    type ProviderMetaState<'a> = ValueEmpty;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        Some(arguments::schema(
            "Lists the sessions of a DCS (Redis) node or instance, all of them or those that `select` chooses. The \
             service reads them anew before.",
            attributes(),
            HashMap::from([select_block()]),
        ))
    }

    async fn validate<'a>(&self, diags: &mut Diagnostics, config: Model) -> Option<()> {
        config.check(diags);
        Some(())
    }

    async fn read<'a>(
        &self,
        diags: &mut Diagnostics,
        config: Model,
        _meta: ValueEmpty,
    ) -> Option<Model> {
        config.fetch(diags, &self.provider).await
    }
}

#[async_trait]
impl EphemeralResource for DcsSessions {
    type Config<'a> = Model;
    type Result<'a> = Model;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        Some(arguments::schema(
            "Lists the sessions of a DCS (Redis) node or instance, and stores none of it.",
            attributes(),
            HashMap::from([select_block()]),
        ))
    }

    async fn validate<'a>(&self, diags: &mut Diagnostics, config: Model) -> Option<()> {
        config.check(diags);
        Some(())
    }

    async fn open<'a>(&self, diags: &mut Diagnostics, config: Model) -> Option<Opened<Model>> {
        config.fetch(diags, &self.provider).await.map(Opened::new)
    }
}
