//! The services, one row each: what a test that holds for every service has to know of one.
//!
//! A new service is a new row, and its tests are there.

use serde_json::{Value, json};
use terraform_provider_hwc::huaweicloud::api::Api;
use terraform_provider_hwc::huaweicloud::{dcs, geminidb, taurusdb};
use terraform_provider_hwc::provider::service::Description;
use terraform_provider_hwc::provider::services;
use terraform_provider_hwc::session::{Condition, Shape};

use super::groups::{Groups, NAMES, USERS};
use super::houses::{House, Servers};
use super::sandbox::{
    DCS_INSTANCE, DCS_NODES, Sandbox, SandboxBuilder, TAURUSDB_INSTANCE, TAURUSDB_NODES,
};

/// What tests know of a service.
pub struct Service {
    /// `dcs` in `hwc_dcs_session_kill`.
    pub name: &'static str,
    /// The API that lists and kills its sessions.
    pub api: &'static Api,
    /// The arguments of its first place, by their names.
    pub place: &'static [(&'static str, &'static str)],
    /// The one of them that differs in its other place, and its value there.
    pub other: (&'static str, &'static str),
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
    /// Method and end of the path of the call that kills chosen sessions.
    pub kill: (&'static str, &'static str),
    /// Is that call sent again when its answer is lost? Only where a name is never given to another session.
    pub is_repeated: bool,
    /// What that call answers when it has killed the sessions with these IDs.
    pub accepted: fn(&[Value]) -> Value,
    /// Method and end of the path of the call that lists sessions.
    pub list: (&'static str, &'static str),
    /// Where its list has no pages: the number of sessions from which it may be cut short.
    pub cut_at: Option<usize>,
}

/// The nodes of a service in the sandbox.
pub struct Nodes {
    /// The option that gives it one.
    pub option: &'static str,
    /// Their instance.
    pub instance: &'static str,
    /// Those of the first place and of the other.
    pub ids: [&'static str; 2],
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
        other: ("node_id", DCS_NODES[1]),
        nodes: Nodes {
            option: "--dcs-node",
            instance: DCS_INSTANCE,
            ids: DCS_NODES,
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
        kill: ("POST", "/clients/kill"),
        is_repeated: false,
        accepted: |_| json!({}),
        list: ("GET", "/clients"),
        cut_at: None,
    },
    Service {
        name: "taurusdb",
        api: &taurusdb::API,
        place: &[
            ("instance_id", TAURUSDB_INSTANCE),
            ("node_id", TAURUSDB_NODES[0]),
        ],
        other: ("node_id", TAURUSDB_NODES[1]),
        nodes: Nodes {
            option: "--taurusdb-node",
            instance: TAURUSDB_INSTANCE,
            ids: TAURUSDB_NODES,
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
        kill: ("DELETE", "/processes"),
        is_repeated: true,
        accepted: |ids| {
            let number = |id: &Value| id.as_str().and_then(|id| id.parse().ok());
            let ids: Vec<Option<u64>> = ids.iter().map(number).collect();
            json!({ "processes_killed": ids, "processes_not_found": [] })
        },
        list: ("GET", "/processes"),
        cut_at: None,
    },
    Service {
        name: "geminidb_redis",
        api: &geminidb::API,
        place: &[("node_id", GEMINIDB_NODES[0])],
        other: ("node_id", GEMINIDB_NODES[1]),
        nodes: Nodes {
            option: "--geminidb-redis-node",
            instance: "2f6a1b0c9d8e4f7a6b5c4d3e2f1a0b9cin12",
            ids: GEMINIDB_NODES,
        },
        servers: Some(Servers::Redis),
        kills_all: false,
        ids: Ids {
            argument: "session_ids",
            column: "id",
            nobody: ["\"4000000009\"", "\"4000000008\"", "\"4000000007\""],
            odd: ("\"\"", "session ID"),
            are_numbers: false,
            are_looked_for: true,
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
        is_repeated: false,
        accepted: |_| json!({}),
        list: ("GET", "/sessions"),
        cut_at: None,
    },
];

/// The nodes of GeminiDB.
const GEMINIDB_NODES: [&str; 2] = [
    "9e8d7c6b5a4f3e2d1c0b9a8f7e6d5c4bno12",
    "0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5eno12",
];

/// IDs of the sandbox and of lists as texts.
pub fn as_text(id: &Value) -> String {
    id.as_str()
        .map_or_else(|| id.to_string(), ToOwned::to_owned)
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
        let service = service.unwrap_or_else(|| panic!("the provider has no {}", self.name));
        service.description()
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
        let Nodes {
            option,
            instance,
            ids,
        } = self.nodes;
        (ids.iter().zip(behind)).fold(sandbox, |sandbox, (node, behind)| {
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
