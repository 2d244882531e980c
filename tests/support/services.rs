//! The services, one row each: what a test that holds for every service has to know of one.
//!
//! A new service is a new row, and its tests are there.

use serde_json::{Value, json};
use terraform_provider_hwc::huaweicloud::api::Api;
use terraform_provider_hwc::huaweicloud::{das, dcs, ddm, dds, geminidb, opengauss, taurusdb};
use terraform_provider_hwc::provider::service::Description;
use terraform_provider_hwc::provider::services;
use terraform_provider_hwc::session::{Condition, Shape};

use super::groups::{Groups, NAMES, USERS};
use super::houses::{House, Servers};
use super::sandbox::{
    DCS_INSTANCE, DCS_NODES, DDM_LOGICAL, DDM_PHYSICAL, DDS, GAUSSDB, GEMINIDB, RDS_MYSQL,
    RDS_MYSQL_ACCOUNTS, RDS_POSTGRESQL, Sandbox, SandboxBuilder, TAURUSDB_HTAP, TAURUSDB_INSTANCE,
    TAURUSDB_NODES,
};

/// What tests know of a service.
pub struct Service {
    /// `dcs` in `hwc_dcs_session_kill`.
    pub name: &'static str,
    /// The API that lists and kills its sessions.
    pub api: &'static Api,
    /// The arguments of its first place, by their names.
    pub place: &'static [(&'static str, &'static str)],
    /// Those of them that differ in its other place, and their values there.
    pub other: &'static [(&'static str, &'static str)],
    /// Both places as the sandbox is told of them.
    pub nodes: Nodes,
    /// Which servers the sandbox can have behind it, where there are any.
    pub servers: Option<Servers>,
    /// Is a kill that names nobody a kill of everybody, by one call?
    pub kills_all: bool,
    /// The argument that lists sessions.
    pub ids: Ids,
    /// What tells groups of sessions apart: their users, or something else where the list tells no user.
    pub groups: &'static Groups,
    /// Conditions that some of the simulated sessions of the groups `MOST` and `SOME` meet, and others do not.
    pub conditions: &'static str,
    /// The columns of `sessions` that its list tells for every simulated session.
    pub columns: &'static [&'static str],
    /// The columns that it never tells.
    pub without: &'static [&'static str],
    /// The groups of the simulated sessions that `all = true` leaves alone.
    pub protected: &'static [&'static str],
    /// The groups of the simulated sessions that no kill can name.
    pub refused: &'static [&'static str],
    /// Method and end of the path of the call that kills chosen sessions.
    pub kill: (&'static str, &'static str),
    /// What that call answers when it has killed the sessions with these IDs, and has found none with those.
    pub accepted: fn(killed: &[Value], not_found: &[Value]) -> Value,
    /// Method and end of the path of the call that lists sessions.
    pub list: (&'static str, &'static str),
    /// What that call answers when these are there, by what names them in the argument. The number differs from list to list.
    #[allow(dead_code, reason = "only the tests of faults ask for it")]
    pub listed: fn(names: &[&str], list: u64) -> Value,
    /// Where its list has no pages: the number of sessions from which it may be cut short.
    pub cut_at: Option<usize>,
    /// How many sessions a page of its list has at most, where these are too few to read long lists.
    pub small_page: Option<usize>,
}

/// The nodes of a service in the sandbox.
pub struct Nodes {
    /// The option that gives it one.
    pub option: &'static str,
    /// Those of the first place and of the other, each with its instance.
    pub ids: [(&'static str, &'static str); 2],
}

/// The argument that lists sessions.
pub struct Ids {
    /// Its name.
    pub argument: &'static str,
    /// The column of `sessions` that its values stand in.
    pub column: &'static str,
    /// Values as they are written in HCL, for sessions that are not there.
    pub nobody: [&'static str; 3],
    /// A value that is none, as it is written in HCL, and what is said of it.
    pub odd: (&'static str, &'static str),
    /// Do its values stand in HCL without quotes?
    pub are_numbers: bool,
    /// Are given sessions looked for in a list, so that nothing is sent for those that are not there?
    pub are_looked_for: bool,
}

/// Every service.
pub static SERVICES: &[Service] = &[
    Service {
        name: "dcs",
        api: &dcs::API,
        place: &[("instance_id", DCS_INSTANCE), ("node_id", DCS_NODES[0])],
        other: &[("node_id", DCS_NODES[1])],
        nodes: Nodes {
            option: "--dcs-node",
            ids: [(DCS_INSTANCE, DCS_NODES[0]), (DCS_INSTANCE, DCS_NODES[1])],
        },
        servers: Some(Servers::Redis),
        kills_all: true,
        ids: Ids {
            argument: "client_addrs",
            column: "address",
            nobody: ["\"127.0.0.9:9\"", "\"127.0.0.9:8\"", "\"127.0.0.9:7\""],
            odd: ("\"10.0.0.7\"", "client address"),
            are_numbers: false,
            are_looked_for: true,
        },
        groups: &USERS,
        conditions: "names = [\"orders*\", \"car?\"]\n    addresses = [\"192.168.10.0/24\", \"192.168.11.0/24\"]",
        columns: &[
            "id",
            "node_id",
            "user",
            "address",
            "database",
            "command",
            "state",
            "idle_seconds",
            "age_seconds",
        ],
        without: &["busy_seconds", "transaction_seconds"],
        protected: &[],
        refused: &[],
        kill: ("POST", "/clients/kill"),
        accepted: |_, _| json!({}),
        list: ("GET", "/clients"),
        listed: |names, list| {
            let client = |name: &&str| json!({ "id": name.rsplit(':').next(), "addr": name, "peer": name, "flags": "N" });
            let clients: Vec<Value> = names.iter().map(client).collect();
            json!({ "count": clients.len(), "clients": clients, "time": format!("list {list}") })
        },
        cut_at: None,
        small_page: None,
    },
    Service {
        name: "taurusdb",
        api: &taurusdb::API,
        place: &[
            ("instance_id", TAURUSDB_INSTANCE),
            ("node_id", TAURUSDB_NODES[0]),
        ],
        other: &[("node_id", TAURUSDB_NODES[1])],
        nodes: Nodes {
            option: "--taurusdb-node",
            ids: [
                (TAURUSDB_INSTANCE, TAURUSDB_NODES[0]),
                (TAURUSDB_INSTANCE, TAURUSDB_NODES[1]),
            ],
        },
        servers: Some(Servers::MariaDb),
        kills_all: false,
        ids: Ids {
            argument: "processes",
            column: "id",
            nobody: ["4000000009", "4000000008", "4000000007"],
            odd: ("0", "thread ID"),
            are_numbers: true,
            are_looked_for: false,
        },
        groups: &USERS,
        conditions: "commands = [\"sleep\"]\n    addresses = [\"192.168.20.0/24\", \"192.168.21.0/24\"]",
        columns: &["id", "user", "address", "command"],
        without: &[
            "node_id",
            "application",
            "age_seconds",
            "transaction_seconds",
        ],
        protected: &["rdsAdmin"],
        refused: &[],
        kill: ("DELETE", "/processes"),
        accepted: |killed, not_found| json!({ "processes_killed": numbers(killed), "processes_not_found": numbers(not_found) }),
        list: ("GET", "/processes"),
        listed: |names, _| {
            let thread = |name: &&str| json!({ "id": name.parse::<u64>().ok(), "user": "app", "host": "10.0.0.7:51234", "command": "Sleep", "time": 60 });
            let threads: Vec<Value> = names.iter().map(thread).collect();
            json!({ "total_count": threads.len(), "processes": threads })
        },
        cut_at: None,
        small_page: None,
    },
    Service {
        name: "taurusdb_htap",
        api: &taurusdb::API,
        place: &[("instance_id", TAURUSDB_HTAP[0].0)],
        other: &[("instance_id", TAURUSDB_HTAP[1].0)],
        nodes: Nodes {
            option: "--taurusdb-htap-node",
            ids: TAURUSDB_HTAP,
        },
        servers: Some(Servers::MariaDb),
        ids: Ids {
            odd: ("\"\"", "session ID"),
            ..NUMBERS_AS_TEXTS
        },
        conditions: "commands = [\"sleep\"]\n    addresses = [\"192.168.20.0/24\", \"192.168.21.0/24\"]",
        columns: &["id", "user", "address", "command"],
        without: &[
            "node_id",
            "application",
            "age_seconds",
            "transaction_seconds",
        ],
        kill: ("DELETE", "/htap/process"),
        accepted: |_, _| json!({ "status": "success", "msg": "" }),
        list: ("GET", "/htap/process"),
        listed: |names, _| {
            let row = |name: &&str| json!({ "id": name, "user": "app", "host": "10.0.0.7:51234", "command": "Sleep", "duration": 60.5 });
            let rows: Vec<Value> = names.iter().map(row).collect();
            json!({ "process_list": rows })
        },
        ..LOOKED_FOR
    },
    Service {
        name: "rds_mysql",
        api: &das::API,
        place: &[
            ("instance_id", RDS_MYSQL[0].0),
            ("database_user_id", RDS_MYSQL_ACCOUNTS[0]),
        ],
        other: &[
            ("instance_id", RDS_MYSQL[1].0),
            ("database_user_id", RDS_MYSQL_ACCOUNTS[1]),
        ],
        nodes: Nodes {
            option: "--rds-mysql-node",
            ids: RDS_MYSQL,
        },
        servers: Some(Servers::MariaDb),
        ids: NUMBERS_AS_TEXTS,
        conditions: "commands = [\"sleep\"]\n    addresses = [\"192.168.20.0/24\", \"192.168.21.0/24\"]",
        columns: &["id", "user", "address", "command"],
        without: &["node_id", "application", "age_seconds"],
        kill: ("DELETE", "/process"),
        accepted: |_, _| json!({}),
        list: ("GET", "/processes"),
        listed: |names, _| {
            let thread = |name: &&str| json!({ "id": name, "user": "app", "host": "10.0.0.7:51234", "command": "Sleep", "time": "60" });
            let threads: Vec<Value> = names.iter().map(thread).collect();
            json!({ "count": threads.len(), "processes": threads })
        },
        ..LOOKED_FOR
    },
    Service {
        name: "rds_postgresql",
        api: &das::API,
        place: &[("instance_id", RDS_POSTGRESQL[0].0)],
        other: &[("instance_id", RDS_POSTGRESQL[1].0)],
        nodes: Nodes {
            option: "--rds-postgresql-node",
            ids: RDS_POSTGRESQL,
        },
        servers: Some(Servers::PostgreSql),
        ids: Ids {
            odd: ("\"0\"", "process ID"),
            ..NUMBERS_AS_TEXTS
        },
        conditions: "states = [\"idle\"]\n    addresses = [\"192.168.20.0/24\", \"192.168.21.0/24\"]",
        columns: &["id", "user", "database", "state"],
        without: &["node_id"],
        kill: ("POST", "/kill-process"),
        accepted: |killed, _| json!({ "count": killed.len() }),
        list: ("GET", "/pg/query-process-list"),
        listed: |names, _| {
            let row = |name: &&str| json!({ "id": name, "user": "app", "host": "10.0.0.7:51234", "state": "idle", "time": "60" });
            let rows: Vec<Value> = names.iter().map(row).collect();
            json!({ "total": rows.len(), "process_info_list": rows })
        },
        ..LOOKED_FOR
    },
    Service {
        name: "gaussdb",
        api: &opengauss::API,
        place: &[
            ("instance_id", GAUSSDB[0].0),
            ("node_id", GAUSSDB[0].1),
            ("component_id", "cn_5001"),
        ],
        other: &[("node_id", GAUSSDB[1].1)],
        nodes: Nodes {
            option: "--gaussdb-node",
            ids: GAUSSDB,
        },
        servers: Some(Servers::PostgreSql),
        ids: Ids {
            odd: ("\"12-3\"", "session ID"),
            ..NUMBERS_AS_TEXTS
        },
        conditions: "states = [\"idle\"]\n    addresses = [\"192.168.20.0/24\", \"192.168.21.0/24\"]",
        columns: &["id", "user", "database", "state", "age_seconds"],
        without: &["node_id", "command"],
        kill: ("POST", "/kill-session"),
        accepted: |killed, _| json!({ "session_ids": killed, "success": true }),
        list: ("POST", "/real-time-session"),
        listed: |names, _| {
            let row = |name: &&str| json!({ "session_id": name, "user_name": "app", "client_ip": "10.0.0.7", "client_port": "51234", "state": "idle", "exec_time": "60" });
            let rows: Vec<Value> = names.iter().map(row).collect();
            json!({ "sessions": rows })
        },
        cut_at: Some(200),
        ..LOOKED_FOR
    },
    Service {
        name: "geminidb_redis",
        api: &geminidb::API,
        place: &[("node_id", GEMINIDB[0].1)],
        other: &[("node_id", GEMINIDB[1].1)],
        nodes: Nodes {
            option: "--geminidb-redis-node",
            ids: GEMINIDB,
        },
        servers: Some(Servers::Redis),
        ids: Ids {
            odd: ("\"\"", "session ID"),
            ..NUMBERS_AS_TEXTS
        },
        groups: &NAMES,
        conditions: "commands = [\"get\", \"hgetall\", \"scan\"]\n    addresses = [\"192.168.10.0/24\", \"192.168.11.0/24\"]",
        columns: &[
            "id",
            "address",
            "database",
            "command",
            "application",
            "idle_seconds",
            "age_seconds",
        ],
        without: &[
            "node_id",
            "user",
            "state",
            "busy_seconds",
            "transaction_seconds",
        ],
        protected: &[],
        kill: ("DELETE", "/sessions"),
        accepted: |_, _| json!({}),
        list: ("GET", "/sessions"),
        listed: |names, list| {
            // A session becomes older from list to list, by more than the time that a test takes.
            let age = (90 + 3_600 * list).to_string();
            let row = |name: &&str| json!({ "id": name, "addr": "10.0.0.7:51234", "name": "cart", "cmd": "get", "age": age, "idle": "60" });
            let rows: Vec<Value> = names.iter().map(row).collect();
            json!({ "total_count": rows.len(), "sessions": rows })
        },
        ..LOOKED_FOR
    },
    Service {
        name: "ddm_logical",
        place: &[("instance_id", DDM_LOGICAL[0].0)],
        other: &[("instance_id", DDM_LOGICAL[1].0)],
        nodes: Nodes {
            option: "--ddm-logical-node",
            ids: DDM_LOGICAL,
        },
        ids: Ids {
            odd: ("\"\"", "session ID"),
            ..NUMBERS_AS_TEXTS
        },
        without: &[
            "node_id",
            "application",
            "age_seconds",
            "transaction_seconds",
        ],
        kill: ("DELETE", "/logical-processes"),
        list: ("GET", "/logical-processes"),
        listed: |names, _| {
            let row = |name: &&str| json!({ "id": name, "user": "app", "host": "10.0.0.7:51234", "command": "Sleep", "time": "60" });
            let rows: Vec<Value> = names.iter().map(row).collect();
            json!({ "total_count": rows.len(), "logical_processes": rows })
        },
        ..DDM
    },
    Service {
        name: "ddm_physical",
        place: &[("instance_id", DDM_PHYSICAL[0].0)],
        other: &[("instance_id", DDM_PHYSICAL[1].0)],
        nodes: Nodes {
            option: "--ddm-physical-node",
            ids: DDM_PHYSICAL,
        },
        without: &["node_id", "application", "age_seconds"],
        kill: ("DELETE", "/physical-processes"),
        list: ("GET", "/physical-processes"),
        listed: |names, _| {
            let row = |name: &&str| json!({ "id": name.parse::<u64>().ok(), "user": "app", "host": "10.0.0.7:51234", "command": "Sleep", "time": 60 });
            let rows: Vec<Value> = names.iter().map(row).collect();
            json!({ "total_count": rows.len(), "physical_processes": rows })
        },
        ..DDM
    },
    Service {
        name: "dds",
        api: &dds::API,
        place: &[("node_id", DDS[0].1)],
        other: &[("node_id", DDS[1].1)],
        nodes: Nodes {
            option: "--dds-node",
            ids: DDS,
        },
        ids: Ids {
            odd: ("\"\"", "session ID"),
            ..NUMBERS_AS_TEXTS
        },
        conditions: "commands = [\"query\", \"update\", \"getmore\"]\n    addresses = [\"192.168.20.0/24\", \"192.168.21.0/24\"]",
        columns: &[
            "id",
            "user",
            "address",
            "database",
            "command",
            "state",
            "busy_seconds",
        ],
        without: &[
            "node_id",
            "application",
            "idle_seconds",
            "age_seconds",
            "transaction_seconds",
        ],
        protected: &["__system", "monitor"],
        refused: &["pool"],
        kill: ("POST", "/session"),
        accepted: |_, _| json!({}),
        list: ("GET", "/sessions"),
        listed: |names, _| {
            let row = |name: &&str| json!({ "id": name, "active": true, "type": "query", "cost_time": "60000000", "client": "10.0.0.7:51234", "description": "conn20", "namespace": "shop.orders", "user": "app" });
            let rows: Vec<Value> = names.iter().map(row).collect();
            json!({ "total_count": rows.len(), "sessions": rows })
        },
        small_page: Some(20),
        ..LOOKED_FOR
    },
];

/// What both layers of DDM have in common.
const DDM: Service = Service {
    api: &ddm::API,
    servers: Some(Servers::MariaDb),
    conditions: "commands = [\"sleep\"]\n    addresses = [\"192.168.20.0/24\", \"192.168.21.0/24\"]",
    columns: &["id", "user", "address", "command"],
    accepted: |_, _| json!({ "resp": "successful" }),
    ..LOOKED_FOR
};

/// IDs that are numbers, and texts in HCL.
const NUMBERS_AS_TEXTS: Ids = Ids {
    argument: "session_ids",
    column: "id",
    nobody: ["\"4000000009\"", "\"4000000008\"", "\"4000000007\""],
    odd: ("\"0\"", "session ID"),
    are_numbers: false,
    are_looked_for: true,
};

/// What services have in common that look for given sessions in a list and never send a kill again.
const LOOKED_FOR: Service = Service {
    name: "",
    api: &das::API,
    place: &[],
    other: &[],
    nodes: Nodes {
        option: "",
        ids: [("", ""); 2],
    },
    servers: None,
    kills_all: false,
    ids: NUMBERS_AS_TEXTS,
    groups: &USERS,
    conditions: "",
    columns: &[],
    without: &[],
    protected: &["rdsAdmin"],
    refused: &[],
    kill: ("", ""),
    accepted: |_, _| Value::Null,
    list: ("", ""),
    listed: |_, _| Value::Null,
    cut_at: None,
    small_page: None,
};

/// Tests every service at the same time.
pub fn at_once(test: impl Fn(&'static Service) + Sync) {
    std::thread::scope(|scope| {
        for service in SERVICES {
            scope.spawn(|| test(service));
        }
    });
}

/// IDs as the numbers that they are.
fn numbers(ids: &[Value]) -> Vec<Option<u64>> {
    let numbers = ids.iter().map(|id| id.as_str()?.parse().ok());
    numbers.collect()
}

/// IDs of the sandbox and of lists as texts.
pub fn as_text(id: &Value) -> String {
    id.as_str()
        .map_or_else(|| id.to_string(), ToOwned::to_owned)
}

/// The IDs of the sessions of a sandbox's first node, in the order of lists: all of them are numbers.
pub fn sorted_ids(sandbox: &Sandbox) -> Vec<String> {
    let sessions = &sandbox.nodes()[0].sessions;
    let mut ids: Vec<String> = sessions.iter().map(as_text).collect();
    ids.sort_by_key(|id| (id.len(), id.clone()));
    ids
}

impl Service {
    /// Real servers where there are any, or else simulated sessions.
    pub fn house(&'static self) -> Box<dyn House> {
        match self.servers {
            Some(servers) => servers.house(self),
            None => self.simulated_house(),
        }
    }

    /// Simulated sessions, also where there are real servers.
    pub fn simulated_house(&'static self) -> Box<dyn House> {
        super::houses::simulated(self)
    }

    /// The service of that name.
    pub fn named(name: &str) -> &'static Self {
        let service = SERVICES.iter().find(|service| service.name == name);
        service.unwrap_or_else(|| panic!("there is no service {name}"))
    }

    /// What the provider says of it.
    pub fn description(&self) -> &'static Description {
        let service = services::named(self.name);
        service.unwrap_or_else(|| panic!("the provider has no {}", self.name))
    }

    /// Does its `select` have a condition of this name?
    pub fn offers(&self, condition: &str) -> bool {
        let mut conditions = self.description().conditions.iter();
        conditions.any(|one: &Condition| one.name() == condition)
    }

    /// A condition of its `select` on time.
    pub fn time_condition(&self) -> &'static str {
        let mut conditions = self.description().conditions.iter();
        let on_time = conditions.find(|one| one.shape() == Shape::Duration);
        on_time.expect("a condition on time").name()
    }

    /// The address of the resource that [`Self::kills`] writes.
    pub fn killing(&self) -> String {
        format!("hwc_{}_session_kill.test", self.name)
    }

    /// The address of the data source that [`Self::block`] writes.
    pub fn listing(&self) -> String {
        format!("data.hwc_{}_sessions.test", self.name)
    }

    /// A block named `test` at the first place. `kind` is `resource` or `action` for a kill, or `data` or `ephemeral` for a
    /// list.
    pub fn block(&self, kind: &str, body: &str) -> String {
        self.named_block(kind, "test", body)
    }

    /// The same with another name.
    pub fn named_block(&self, kind: &str, name: &str, body: &str) -> String {
        let what = match kind {
            "resource" | "action" => "session_kill",
            _ => "sessions",
        };
        let body = format!("{}  {body}\n", self.first_place());
        let body = match kind {
            "action" => format!("config {{\n{body}}}\n"),
            _ => body,
        };
        format!(
            "{kind} \"hwc_{}_{what}\" {name:?} {{\n{body}}}\n",
            self.name
        )
    }

    /// The arguments of the first place, a line each.
    pub fn first_place(&self) -> String {
        let lines = self.place.iter();
        lines
            .map(|(name, value)| format!("  {name} = {value:?}\n"))
            .collect()
    }

    /// A kill at the first place.
    pub fn kills(&self, body: &str) -> String {
        self.block("resource", body)
    }

    /// A kill of the sessions of a group.
    pub fn kills_group(&self, group: &'static str, arguments: &str) -> String {
        self.kills(&format!("{}\n  {arguments}", self.select(group)))
    }

    /// The block that chooses the sessions of a group.
    pub fn select(&self, group: &'static str) -> String {
        let (condition, group) = (self.groups.condition, self.group(group));
        format!("select {{\n    {condition} = [{group}]\n  }}")
    }

    /// A group as it is written in a condition, in quotes.
    pub fn group(&self, group: &'static str) -> String {
        format!("{:?}", (self.groups.written)(group))
    }

    /// The group of a session, from the value of the column that tells it.
    pub fn group_of<'v>(&self, value: &'v Value) -> Option<&'v str> {
        value.as_str().map(self.groups.of)
    }

    /// Gives a sandbox its first place, with that many simulated sessions.
    pub fn simulated(&self, sandbox: SandboxBuilder, sessions: usize) -> SandboxBuilder {
        self.with_nodes(sandbox, &[&format!("simulated:{sessions}")])
    }

    /// Gives a sandbox its places, with these behind their nodes.
    pub fn with_nodes(&self, sandbox: SandboxBuilder, behind: &[&str]) -> SandboxBuilder {
        let Nodes { option, ids } = self.nodes;
        (ids.iter().zip(behind)).fold(sandbox, |sandbox, ((instance, node), behind)| {
            sandbox.option(option, &format!("{instance}/{node}={behind}"))
        })
    }

    /// A sandbox with that many simulated sessions at the first place.
    pub fn sandbox(&self, sessions: usize) -> Sandbox {
        self.simulated(Sandbox::builder(), sessions).start()
    }

    /// That many sessions, or as many as a list of the service surely shows.
    pub fn up_to(&self, sessions: usize) -> usize {
        self.cut_at.map_or(sessions, |cut| sessions.min(cut - 1))
    }

    /// The values of the argument that lists sessions, as they stand in HCL.
    pub fn written(&self, names: &[String]) -> Vec<String> {
        let quoted = |name: &String| match self.ids.are_numbers {
            true => name.clone(),
            false => format!("{name:?}"),
        };
        names.iter().map(quoted).collect()
    }

    /// The argument that lists these sessions, as they stand in HCL.
    pub fn listed(&self, written: &[impl AsRef<str>]) -> String {
        let written: Vec<&str> = written.iter().map(AsRef::as_ref).collect();
        format!("{} = [{}]", self.ids.argument, written.join(", "))
    }

    /// How many requests to kill chosen sessions the sandbox has got.
    pub fn kill_calls(&self, sandbox: &Sandbox) -> usize {
        let (method, path) = self.kill;
        let calls = sandbox.calls_to(path);
        calls.iter().filter(|call| call.method == method).count()
    }

    /// A rule of faults about the request to kill chosen sessions.
    pub fn of_kills(&self, rule: Value) -> Value {
        about(self.kill, rule)
    }

    /// A rule of faults about the request to list sessions.
    pub fn of_lists(&self, rule: Value) -> Value {
        about(self.list, rule)
    }
}

fn about((method, path): (&str, &str), mut rule: Value) -> Value {
    rule["method"] = json!(method);
    rule["path_ends"] = json!(path);
    rule
}
