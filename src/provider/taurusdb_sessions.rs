//! `hwc_taurusdb_sessions`: the session threads of a TaurusDB node, and the `select` block that chooses among them.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tf_provider::schema::{Attribute, AttributeType, NestedBlock, Schema};
use tf_provider::value::{Value, ValueEmpty};
use tf_provider::{DataSource, Diagnostics, map};

use super::HwcProvider;
use super::arguments::{self, computed, known, optional, required, sensitive};
use super::explain::Report;
use super::select::{self, BlockReader, Given, Listing, Select, Strings};
use crate::huaweicloud::client::Client;
use crate::huaweicloud::error::Error;
use crate::huaweicloud::operation::Operation;
use crate::huaweicloud::rows::Row;
use crate::huaweicloud::taurusdb::{
    InstanceId, NodeId, PROCESSES_PER_PAGE, ProcessPage, ProcessRecord, TaurusDb,
};
use crate::plugin::{EphemeralResource, Opened, Progress};
use crate::session::listing::Page;
use crate::session::taurusdb::{Selector, SelectorSpec, Session, ThreadId};
use crate::session::{Selects, Verdict};

/// The data source and the ephemeral resource.
pub struct TaurusdbSessions {
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
    include_statements: Value<bool>,
    ids: Value<Vec<i64>>,
    sessions: Value<Vec<SessionModel>>,
    statements: Value<Statements>,
}

/// The ephemeral resource's attributes, in the order of the schema.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EphemeralModel {
    region: Value<String>,
    instance_id: Value<String>,
    node_id: Value<String>,
    select: Select<SelectBlock>,
    ids: Value<Vec<i64>>,
    sessions: Value<Vec<SessionModel>>,
    statements: Value<Statements>,
}

/// One session thread.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SessionModel {
    id: i64,
    user: Value<String>,
    host: String,
    db: Value<String>,
    command: String,
    time: Value<i64>,
    state: Value<String>,
}

/// Statements by the ids of their sessions, as text, since the keys of a map are text.
///
/// They stand beside the sessions and not in them for two reasons. A sensitive attribute makes every expression that
/// touches it sensitive, and sessions without their statements are not. And engines mark sensitive values one by one: in
/// the elements of a long list that takes them minutes, in a map of its own nothing.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Statements(BTreeMap<String, String>);

/// The `Debug` form counts them: SQL text may hold personal data.
impl std::fmt::Debug for Statements {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "({} statements)", self.0.len())
    }
}

impl Statements {
    /// Takes the statements out of the sessions that have one.
    fn taken_from(sessions: &mut [Session]) -> Self {
        Self(
            sessions
                .iter_mut()
                .filter_map(|session| Some((session.id.to_string(), session.info.take()?)))
                .collect(),
        )
    }
}

/// What stands in a `select` block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SelectBlock {
    users: Strings,
    exclude_users: Strings,
    hosts: Strings,
    databases: Strings,
    commands: Strings,
    states: Strings,
    statement_matches: Strings,
    min_time: Value<String>,
    max_time: Value<String>,
    all: Value<bool>,
}

/// Checks a block. `None` without an error means: not everything is known yet.
pub(super) fn selector(diags: &mut Diagnostics, block: &SelectBlock) -> Option<Selector> {
    let mut reader = BlockReader::new(diags);
    let spec = SelectorSpec {
        users: reader.list("users", &block.users),
        exclude_users: reader.list("exclude_users", &block.exclude_users),
        hosts: reader.list("hosts", &block.hosts),
        databases: reader.list("databases", &block.databases),
        commands: reader.list("commands", &block.commands),
        states: reader.list("states", &block.states),
        statement_matches: reader.list("statement_matches", &block.statement_matches),
        min_time: reader.value(&block.min_time),
        max_time: reader.value(&block.max_time),
        all: reader.value(&block.all).unwrap_or(false),
    };
    reader.finish(|| Selector::parse(&spec))
}

/// The schema of the block.
pub(super) fn select_block() -> (String, NestedBlock) {
    use AttributeType::{Bool, String};
    let block = select::block(
        "Which sessions, by what they are. Every condition that is given must hold; the values within one are \
         alternatives. Sessions of the server itself (`system user`, `event_scheduler`, names that start with `rds`, \
         replication) are chosen only when `users` names them.",
        map! {
            "users" => select::strings("Whole user names. Upper and lower case differ."),
            "exclude_users" => select::strings("Users who are left alone. It chooses nothing by itself, and may stand beside `all`."),
            "hosts" => select::strings("Where clients are: addresses, networks such as `10.0.0.0/24`, or host names as the process list shows them. The client's port counts only if one is written."),
            "databases" => select::strings("Default databases, by their whole names. A session without one matches none."),
            "commands" => select::strings("Commands such as `Query` or `Sleep`, in upper or lower case."),
            "states" => select::strings("States such as `Waiting for table metadata lock`, whole, in upper or lower case."),
            "statement_matches" => select::strings("Regular expressions, searched for in the statement as the list shows it. An idle session has no statement and matches none. `(?i)` at the beginning ignores case."),
            "min_time" => optional(String, "The least time in the current command, such as `90s`, `5m` or `1h30m`. For `Sleep` this is how long the session has been idle."),
            "max_time" => optional(String, "The greatest time in the current command."),
            "all" => optional(Bool, "Every session, save the server's own and those of `exclude_users`. Stands instead of conditions."),
        },
    );
    ("select".to_owned(), block)
}

/// Lists all session threads of a node, sorted by id, with their statements if they are wanted.
pub(super) async fn list(
    client: &Client,
    region: &str,
    instance: &InstanceId,
    node: &NodeId,
    statements: bool,
    operation: &Operation,
) -> Result<Listing<Session>, Error> {
    let taurusdb = TaurusDb::new(client, region);
    let list = select::read_pages(PROCESSES_PER_PAGE, |request| async move {
        taurusdb
            .processes(instance, node, request.offset, request.limit, operation)
            .await
            .map(|page| rows(page, statements))
    })
    .await?;
    Ok(Listing {
        sessions: list.sessions,
        nameless: list.nameless,
        saved_at: BTreeMap::new(),
        collected: BTreeMap::new(),
        passed_over: Vec::new(),
    })
}

fn rows(page: ProcessPage, statements: bool) -> Page<Session> {
    let mut nameless = 0;
    let mut sessions = Vec::with_capacity(page.processes.len());
    for row in page.processes {
        match session(row, statements) {
            Some(session) => sessions.push(session),
            None => nameless += 1,
        }
    }
    Page {
        sessions,
        nameless,
        total: page.total_count.and_then(|count| u64::try_from(count).ok()),
    }
}

/// A session from its row. `None` for a number that is no thread id: it is no session that could be killed.
fn session(row: Row<ProcessRecord>, statements: bool) -> Option<Session> {
    let thread = |id: &str| ThreadId::try_from(id.trim().parse::<i64>().ok()?).ok();
    let record = match row {
        Row::Whole(record) => record,
        Row::Odd { id } => return thread(&id?).map(Session::odd),
    };
    let id = thread(&record.id)?;
    let info = match record.statement() {
        _ if !statements => None,
        Ok(statement) => statement,
        Err(_) => return Some(Session::odd(id)),
    };
    Some(Session {
        id,
        user: record.user.filter(|user| !user.is_empty()),
        host: record.host.unwrap_or_default(),
        db: record.db.filter(|db| !db.is_empty()),
        command: record.command.unwrap_or_default(),
        time: record.time.and_then(Session::listed_time),
        state: record.state.filter(|state| !state.is_empty()),
        info: info.filter(|info| !info.is_empty()),
        odd: false,
    })
}

/// A session in one line, for a person: who, from where, doing what for how long. Without its statement.
pub(super) fn show(session: &Session) -> String {
    let user = session.user.as_deref().unwrap_or("(user not told)");
    let mut text = format!("{} {user}@{}", session.id, session.host);
    if let Some(db) = &session.db {
        text += &format!(", db {db}");
    }
    text += &format!(", {}", session.command);
    if let Some(time) = session.time {
        text += &format!(" for {}", crate::session::duration::show(time));
    }
    text
}

impl From<Session> for SessionModel {
    fn from(session: Session) -> Self {
        Self {
            id: session.id.get(),
            user: known(session.user),
            host: session.host,
            db: known(session.db),
            command: session.command,
            time: known(
                session
                    .time
                    .and_then(|time| i64::try_from(time.as_secs()).ok()),
            ),
            state: known(session.state),
        }
    }
}

/// The arguments that say which sessions to list.
struct Arguments<'a> {
    region: &'a Value<String>,
    instance_id: &'a Value<String>,
    node_id: &'a Value<String>,
    select: &'a Select<SelectBlock>,
}

impl Arguments<'_> {
    /// What can be said without knowing every value.
    fn check(&self, diags: &mut Diagnostics) {
        if !self.instance_id.is_unknown() {
            _ = arguments::identifier::<InstanceId>(diags, "instance_id", self.instance_id);
        }
        if !self.node_id.is_unknown() {
            _ = arguments::identifier::<NodeId>(diags, "node_id", self.node_id);
        }
        if let Given::Present(block) = select::given(self.select) {
            _ = selector(diags, block);
        }
    }

    /// Lists the sessions that are asked for, with their statements if they are wanted, and the region that they are in.
    async fn fetch(
        &self,
        diags: &mut Diagnostics,
        provider: &HwcProvider,
        statements: bool,
    ) -> Option<(String, Vec<Session>)> {
        let region = arguments::region(diags, provider, self.region);
        let instance = arguments::identifier(diags, "instance_id", self.instance_id);
        let node = arguments::identifier(diags, "node_id", self.node_id);
        let selector = match select::given(self.select) {
            Given::Absent => None,
            Given::Present(block) => Some(selector(diags, block)?),
            Given::Unknown => return None,
        };
        let (region, instance, node) = (region?, instance?, node?);

        let client = provider.client(diags)?;
        let operation = provider.operation(&client, arguments::LISTING_TIMEOUT, &Progress::none());
        let statements = statements || selector.as_ref().is_some_and(Selector::reads_statements);
        match list(&client, &region, &instance, &node, statements, &operation).await {
            Ok(listing) => {
                listing.tell_gaps(diags);
                let mut sessions = listing.sessions;
                if let Some(selector) = selector {
                    sessions.retain(|session| selector.verdict(session) == Verdict::Chosen);
                }
                Some((region, sessions))
            }
            Err(error) => {
                Report::not_listed(error).into_error(diags);
                None
            }
        }
    }
}

impl TaurusdbSessions {
    /// The data source of a provider.
    pub fn new(provider: HwcProvider) -> Self {
        Self { provider }
    }
}

fn attributes(statements: Attribute) -> HashMap<String, Attribute> {
    use AttributeType::{AttributeList, List, Number, String};
    map! {
        "region" => arguments::region_attribute(),
        "instance_id" => required(String, "TaurusDB instance: 36 letters and digits, the last four `in07`."),
        "node_id" => required(String, "Node whose session threads are listed: 36 letters and digits, the last four `no07`."),
        "ids" => computed(List(Box::new(Number)), "Ids of the sessions, in ascending order."),
        "sessions" => computed(
            AttributeList(map! {
                "id" => computed(Number, "Id of the thread. 64-bit."),
                "user" => computed(String, "The account's user name. Null if the service does not tell it."),
                "host" => computed(String, "Where the client is, with its port."),
                "db" => computed(String, "The default database, if one is in use."),
                "command" => computed(String, "What the thread is doing for the client, such as `Query` or `Sleep`."),
                "time" => computed(Number, "For how many seconds. Null when the server does not say."),
                "state" => computed(String, "The stage of the statement."),
            }),
            "The sessions, by id in ascending order.",
        ),
        "statements" => statements,
    }
}

fn statements_type() -> AttributeType {
    AttributeType::Map(Box::new(AttributeType::String))
}

#[async_trait]
impl DataSource for TaurusdbSessions {
    type State<'a> = Model;
    type ProviderMetaState<'a> = ValueEmpty;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        let mut attributes = attributes(sensitive(computed(
            statements_type(),
            "Statements by session id, when `include_statements` is true. Sessions without one are not in it.",
        )));
        attributes.insert(
            "include_statements".to_owned(),
            optional(
                AttributeType::Bool,
                "Keep the statements. SQL text may hold personal data, and what a data source reads goes into state: by \
                 default false. The ephemeral resource of the same name has them without storing them.",
            ),
        );
        Some(arguments::schema(
            "Lists the session threads of a TaurusDB (MySQL) node, all of them or those that `select` chooses.",
            attributes,
            HashMap::from([select_block()]),
        ))
    }

    async fn validate<'a>(&self, diags: &mut Diagnostics, config: Model) -> Option<()> {
        config.arguments().check(diags);
        Some(())
    }

    async fn read<'a>(
        &self,
        diags: &mut Diagnostics,
        config: Model,
        _meta: ValueEmpty,
    ) -> Option<Model> {
        let wanted = config.include_statements.unwrap_or(false);
        let arguments = config.arguments();
        let (region, mut sessions) = arguments.fetch(diags, &self.provider, wanted).await?;
        let statements = Statements::taken_from(&mut sessions);
        Some(Model {
            region: Value::Value(region),
            ids: Value::Value(sessions.iter().map(|session| session.id.get()).collect()),
            sessions: Value::Value(sessions.into_iter().map(SessionModel::from).collect()),
            statements: known(wanted.then_some(statements)),
            ..config
        })
    }
}

#[async_trait]
impl EphemeralResource for TaurusdbSessions {
    type Config<'a> = EphemeralModel;
    type Result<'a> = EphemeralModel;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        Some(arguments::schema(
            "Lists the session threads of a TaurusDB (MySQL) node with their statements, and stores none of it.",
            attributes(computed(
                statements_type(),
                "Statements by session id, as far as the list shows them. Idle sessions have none and are not in it.",
            )),
            HashMap::from([select_block()]),
        ))
    }

    async fn validate<'a>(&self, diags: &mut Diagnostics, config: EphemeralModel) -> Option<()> {
        config.arguments().check(diags);
        Some(())
    }

    async fn open<'a>(
        &self,
        diags: &mut Diagnostics,
        config: EphemeralModel,
    ) -> Option<Opened<EphemeralModel>> {
        let arguments = config.arguments();
        let (region, mut sessions) = arguments.fetch(diags, &self.provider, true).await?;
        let statements = Statements::taken_from(&mut sessions);
        Some(Opened::new(EphemeralModel {
            region: Value::Value(region),
            ids: Value::Value(sessions.iter().map(|session| session.id.get()).collect()),
            sessions: Value::Value(sessions.into_iter().map(SessionModel::from).collect()),
            statements: Value::Value(statements),
            ..config
        }))
    }
}

impl Model {
    fn arguments(&self) -> Arguments<'_> {
        Arguments {
            region: &self.region,
            instance_id: &self.instance_id,
            node_id: &self.node_id,
            select: &self.select,
        }
    }
}

impl EphemeralModel {
    fn arguments(&self) -> Arguments<'_> {
        Arguments {
            region: &self.region,
            instance_id: &self.instance_id,
            node_id: &self.node_id,
            select: &self.select,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn page(json: &str) -> ProcessPage {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_statement_is_kept_only_where_it_is_wanted() {
        let json =
            r#"{"processes": [{"id": 1, "user": "app", "info": "SELECT 1"}], "total_count": 1}"#;
        let info = |statements| rows(page(json), statements).sessions[0].info.clone();

        assert_eq!(info(false), None);
        assert_eq!(info(true).as_deref(), Some("SELECT 1"));
    }

    #[test]
    fn a_row_without_a_thread_id_is_counted_and_shown_as_nobody() {
        let json =
            r#"{"processes": [{"id": 0}, {"id": "x"}, null, {"id": "7"}], "total_count": 4}"#;

        let page = rows(page(json), false);

        assert_eq!(page.nameless, 3);
        assert_eq!(page.sessions.len(), 1);
        assert_eq!(page.sessions[0].id.get(), 7);
    }
}
