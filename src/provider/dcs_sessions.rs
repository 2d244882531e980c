//! `hwc_dcs_sessions`: the sessions of a DCS (Redis) node or instance, and the `select` block that chooses among them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tf_provider::schema::{Attribute, AttributeType, NestedBlock, Schema};
use tf_provider::value::{Value, ValueEmpty};
use tf_provider::{DataSource, Diagnostics, map};
use tokio::time::Instant;

use super::HwcProvider;
use super::arguments::{self, WholeNumber, computed, known, optional, required};
use super::explain::Report;
use super::select::{self, BlockReader, Collected, Given, Listing, Select, Strings};
use crate::huaweicloud::client::Client;
use crate::huaweicloud::dcs::list::{CLIENTS_PER_PAGE, ClientPage, ClientRecord, SessionNodes};
use crate::huaweicloud::dcs::{Dcs, InstanceId, NodeId, Target};
use crate::huaweicloud::error::Error;
use crate::huaweicloud::operation::Operation;
use crate::huaweicloud::rows::Row;
use crate::plugin::{EphemeralResource, Opened, Progress};
use crate::session::dcs::{ClientId, Selector, SelectorSpec, Session, SessionId};
use crate::session::listing::{List, Page};
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
    listed_at: Value<BTreeMap<String, String>>,
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
            "addresses" => select::strings("Where clients are: addresses, addresses with a port, or networks such as `10.0.0.0/24`. With client IP pass-through off, DCS lists inner addresses (`198.19.0.0/16`) instead of those of clients."),
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

/// How often a node's list is renewed again because a page of it turned out to be the old list after all.
const OLD_PAGES: u32 = 3;

/// Lists all sessions of the target, sorted by node and id, from lists that are known to be new. `seen` is when the lists
/// that were read before had been saved.
pub(super) async fn list(
    client: &Client,
    region: &str,
    instance: &InstanceId,
    target: &Target,
    seen: &BTreeMap<String, String>,
    operation: &Operation,
) -> Result<Listing<Session>, Error> {
    let nodes = match target {
        Target::Node(node) => SessionNodes {
            active: vec![node.to_string()],
            passed_over: Vec::new(),
        },
        Target::AllNodes => {
            let dcs = Dcs::new(client, region);
            dcs.session_nodes(instance, operation).await?
        }
    };
    if nodes.active.is_empty() {
        return Err(Error::Listing(format!(
            "DCS lists no active node of the instance {instance}, so there are no sessions to list."
        )));
    }
    list_nodes(client, region, instance, nodes, seen, operation).await
}

/// The same of the active ones of these nodes.
pub(super) async fn list_nodes(
    client: &Client,
    region: &str,
    instance: &InstanceId,
    SessionNodes {
        active,
        passed_over,
    }: SessionNodes,
    seen: &BTreeMap<String, String>,
    operation: &Operation,
) -> Result<Listing<Session>, Error> {
    let dcs = Dcs::new(client, region);
    let mut listing = Listing {
        sessions: Vec::new(),
        nameless: 0,
        saved_at: BTreeMap::new(),
        collected: BTreeMap::new(),
        passed_over,
    };
    for id in active {
        let node: NodeId = id.parse().map_err(|reason| {
            Error::Listing(format!(
                "DCS lists a node of the instance with the ID {id:?}: {reason}."
            ))
        })?;
        let earlier = seen.get(&id).cloned().into_iter().collect();
        let asked = client.clock().instant();
        let (list, saved_at, renewed) =
            list_node(client, &dcs, instance, &node, earlier, operation).await?;
        let collected = Collected {
            asked,
            renewed,
            read: client.clock().instant(),
        };
        listing.collected.insert(id.clone(), collected);
        listing.sessions.extend(list.sessions);
        listing.nameless += list.nameless;
        listing.saved_at.extend(saved_at.map(|time| (id, time)));
    }
    listing.sessions.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(listing)
}

/// Lists the sessions of one node, and says when DCS saved the list, in its own words, and when the list was there.
async fn list_node(
    client: &Client,
    dcs: &Dcs<'_>,
    instance: &InstanceId,
    node: &NodeId,
    mut earlier: BTreeSet<String>,
    operation: &Operation,
) -> Result<(List<Session>, Option<String>, Instant), Error> {
    for _ in 0..OLD_PAGES {
        let old = dcs
            .renew_clients(instance, node, earlier, operation)
            .await?;
        let renewed = client.clock().instant();
        let saved_at = Mutex::new(None);
        let is_old = AtomicBool::new(false);
        let (old, saved, was_old) = (&old, &saved_at, &is_old);
        let list = select::read_pages(CLIENTS_PER_PAGE, |request| async move {
            let page = dcs
                .clients(instance, node, request.offset, request.limit, operation)
                .await?;
            was_old.fetch_or(!old.is_not(&page), Ordering::Relaxed);
            if page.time.is_some() {
                *saved.lock().unwrap_or_else(PoisonError::into_inner) = page.time.clone();
            }
            Ok(rows(node, page))
        })
        .await?;
        if !is_old.into_inner() {
            let saved_at = saved_at
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner);
            return Ok((list, saved_at, renewed));
        }
        earlier = old.clone().times();
    }
    Err(Error::Listing(format!(
        "DCS goes on showing an old list of the sessions of the node {node} after it saved a new one. An old list is not \
         used: an address in it may belong to another client by now."
    )))
}

fn rows(node: &NodeId, page: ClientPage) -> Page<Session> {
    let mut nameless = 0;
    let mut sessions = Vec::with_capacity(page.clients.len());
    for row in page.clients {
        match row {
            Row::Whole(record) => sessions.push(session(node, record)),
            Row::Odd { id: Some(id) } => sessions.push(Session::odd(session_id(node, id))),
            Row::Odd { id: None } => nameless += 1,
        }
    }
    Page {
        sessions,
        nameless,
        total: page.count.and_then(|count| u64::try_from(count).ok()),
    }
}

fn session_id(node: &NodeId, id: String) -> SessionId {
    SessionId {
        node_id: node.to_string(),
        client_id: ClientId::new(id),
    }
}

fn session(node: &NodeId, record: ClientRecord) -> Session {
    let seconds = |value: Option<i64>| Some(Duration::from_secs(u64::try_from(value?).ok()?));
    let text = |value: Option<String>| value.filter(|text| !text.is_empty());
    Session {
        id: session_id(node, record.id),
        addr: record.addr.unwrap_or_default(),
        peer: text(record.peer),
        name: text(record.name),
        user: text(record.user),
        db: record.db.and_then(|db| u32::try_from(db).ok()),
        cmd: text(record.cmd),
        age: seconds(record.age),
        idle: seconds(record.idle),
        flags: record.flags.unwrap_or_default().chars().collect(),
        odd: false,
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
        let seen = BTreeMap::new();
        let listed = list(&client, &region, &instance, &target, &seen, &operation).await;
        let listing = match listed {
            Ok(listing) => listing,
            Err(error) => {
                Report::not_listed(error).into_error(diags);
                return None;
            }
        };
        listing.tell_gaps(diags);
        let mut sessions = listing.sessions;
        if let Some(selector) = selector {
            sessions.retain(|session| selector.verdict(session) == Verdict::Chosen);
        }
        Some(Self {
            region: Value::Value(region),
            listed_at: Value::Value(listing.saved_at),
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

/// What the attribute `listed_at` says, here and in the proof of a kill.
pub(super) const LISTED_AT: &str = "When DCS collected the sessions of each node, by node ID, in DCS's own words: the age \
    of the data.";

fn attributes() -> HashMap<String, Attribute> {
    use AttributeType::{AttributeList, List, Map, Number, String};
    map! {
        "region" => arguments::region_attribute(),
        "instance_id" => required(String, "DCS instance."),
        "node_id" => optional(String, "Node whose sessions are listed. By default those of all nodes."),
        "listed_at" => computed(Map(Box::new(String)), LISTED_AT),
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
            "Lists the sessions of a DCS (Redis) node or instance, all of them or those that `select` chooses. DCS \
             collects them first, which takes some seconds for each node; a list that cannot be shown to be new is an \
             error.",
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
