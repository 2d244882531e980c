//! The services, one row each: what a test that holds for every service has to know of one.
//!
//! A new service is a new row, and its tests are there.

use serde_json::{Value, json};

use super::guests::{
    MariaDbGuest, MariaDbLook, RedisGuest, RedisLook, still_on_mariadb, still_on_redis,
};
use super::sandbox::{
    DCS_INSTANCE, DCS_NODES, Sandbox, SandboxBuilder, TAURUSDB_INSTANCE, TAURUSDB_NODES,
};
use super::workspace::Workspace;
use super::{engines, mariadb, redis};

/// The user of about half of the simulated sessions of every service.
pub const MOST: &str = "app";
/// The user of some of the simulated sessions of every service.
pub const SOME: &str = "report";
/// Another such user.
pub const FEW: &str = "ops";

static USERS: [&str; 3] = [MOST, SOME, FEW];

/// What tests know of a service.
pub struct Service {
    /// `dcs` in `hwc_dcs_session_kill`.
    pub name: &'static str,
    /// The arguments of its first place, by their names.
    pub place: &'static [(&'static str, &'static str)],
    /// Gives a sandbox that many simulated sessions at the first place.
    pub simulated: fn(SandboxBuilder, usize) -> SandboxBuilder,
    /// A sandbox with real servers behind it, where there are any.
    pub servers: Option<fn() -> Box<dyn House>>,
    /// The argument that lists sessions.
    pub ids: Ids,
    /// Conditions that some of the simulated sessions of [`MOST`] or of [`SOME`] meet, and others do not.
    pub conditions: &'static str,
    /// The columns of `sessions` that its list tells for every simulated session.
    pub columns: &'static [&'static str],
    /// The columns that it never tells.
    pub without: &'static [&'static str],
    /// The users of the simulated sessions that `all = true` leaves alone.
    pub protected: &'static [&'static str],
    /// Method and end of the path of the call that kills chosen sessions.
    pub kill: (&'static str, &'static str),
    /// Is that call sent again when its answer is lost? Only where a name is never given to another session.
    pub is_repeated: bool,
    /// What that call answers when it has killed the sessions with these IDs.
    pub accepted: fn(&[Value]) -> Value,
    /// Method and end of the path of the call that lists sessions.
    pub list: (&'static str, &'static str),
}

/// The argument that lists sessions.
pub struct Ids {
    /// Its name.
    pub argument: &'static str,
    /// The column of `sessions` that its values stand in.
    pub column: &'static str,
    /// A value as it is written in HCL, for a session that is not there.
    pub nobody: &'static str,
    /// A value that is none, as it is written in HCL, and what is said of it.
    pub odd: (&'static str, &'static str),
    /// Do its values stand in HCL without quotes?
    pub are_numbers: bool,
}

/// Every service.
pub static SERVICES: [Service; 2] = [
    Service {
        name: "dcs",
        place: &[("instance_id", DCS_INSTANCE), ("node_id", DCS_NODES[0])],
        simulated: |sandbox, sessions| sandbox.simulated_dcs(DCS_INSTANCE, DCS_NODES[0], sessions),
        servers: Some(|| {
            let servers = redis::nodes();
            Box::new(RedisHouse {
                sandbox: Sandbox::with_dcs(&servers),
                servers,
                guests: Vec::new(),
            })
        }),
        ids: Ids {
            argument: "client_addrs",
            column: "address",
            nobody: "\"127.0.0.9:9\"",
            odd: ("\"10.0.0.7\"", "client address"),
            are_numbers: false,
        },
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
    },
    Service {
        name: "taurusdb",
        place: &[
            ("instance_id", TAURUSDB_INSTANCE),
            ("node_id", TAURUSDB_NODES[0]),
        ],
        simulated: |sandbox, sessions| {
            sandbox.simulated_taurusdb(TAURUSDB_INSTANCE, TAURUSDB_NODES[0], sessions)
        },
        servers: Some(|| {
            Box::new(MariaDbHouse {
                sandbox: Sandbox::with_taurusdb(mariadb::nodes()),
                guests: Vec::new(),
            })
        }),
        ids: Ids {
            argument: "processes",
            column: "id",
            nobody: "4000000009",
            odd: ("0", "thread ID"),
            are_numbers: true,
        },
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
    },
];

/// A sandbox, and guests at the first place of its service.
pub trait House {
    /// The sandbox.
    fn sandbox(&self) -> &Sandbox;

    /// Opens that many sessions of a user. Simulated sessions are there already, so others may come in their stead: more or
    /// fewer, of another user.
    fn welcome(&mut self, user: &'static str, guests: usize) -> Guests;

    /// The users of the guests that are still there, in the order in which they came.
    fn still_there(&self) -> Vec<&'static str>;
}

/// Sessions of one user, of whom nobody else has a session.
pub struct Guests {
    /// The user.
    pub user: &'static str,
    /// What names each in the service's argument.
    pub names: Vec<String>,
}

struct RedisHouse {
    sandbox: Sandbox,
    servers: [redis::RedisServer; 2],
    guests: Vec<RedisGuest>,
}

impl House for RedisHouse {
    fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    fn welcome(&mut self, user: &'static str, guests: usize) -> Guests {
        let look = RedisLook {
            user,
            ..RedisLook::default()
        };
        let come = (0..guests).map(|_| RedisGuest::new(&self.servers[0], user, look));
        let come: Vec<RedisGuest> = come.collect();
        let names = come.iter().map(|guest| guest.address.clone()).collect();
        self.guests.extend(come);
        Guests { user, names }
    }

    fn still_there(&self) -> Vec<&'static str> {
        still_on_redis(&self.servers[0], &self.guests)
    }
}

struct MariaDbHouse {
    sandbox: Sandbox,
    guests: Vec<MariaDbGuest>,
}

impl House for MariaDbHouse {
    fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    fn welcome(&mut self, user: &'static str, guests: usize) -> Guests {
        let [server, _] = mariadb::nodes();
        let look = MariaDbLook {
            user,
            ..MariaDbLook::default()
        };
        let come = MariaDbGuest::several(server, user, look, guests);
        let names = come.iter().map(|guest| guest.id.to_string()).collect();
        self.guests.extend(come);
        Guests { user, names }
    }

    fn still_there(&self) -> Vec<&'static str> {
        let [server, _] = mariadb::nodes();
        still_on_mariadb(server, &self.guests)
    }
}

/// Simulated sessions.
struct SimulatedHouse {
    service: &'static Service,
    sandbox: Sandbox,
    /// Users that are not guests yet.
    users: std::slice::Iter<'static, &'static str>,
    /// Users and IDs.
    guests: Vec<(&'static str, String)>,
}

impl House for SimulatedHouse {
    fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    fn welcome(&mut self, _user: &'static str, _guests: usize) -> Guests {
        let user = self.users.next().expect("a user that is no guest yet");
        let list = self.service.block("data", &select_user(user));
        let workspace = Workspace::new(engines::newest_terraform(), &self.sandbox, &list);
        workspace.apply().succeeded();
        let list = workspace.resource(&self.service.listing());
        let list = list.expect("the list is in state");
        let column = |name: &str| -> Vec<String> {
            let sessions = list.values["sessions"].as_array().expect("a list");
            sessions.iter().map(|one| as_text(&one[name])).collect()
        };
        let ids = column("id");
        assert!(ids.len() > 2, "too few sessions of {user}: {ids:?}");
        self.guests.extend(ids.into_iter().map(|id| (*user, id)));
        Guests {
            user,
            names: column(self.service.ids.column),
        }
    }

    fn still_there(&self) -> Vec<&'static str> {
        let there: Vec<String> = self.sandbox.nodes()[0]
            .sessions
            .iter()
            .map(as_text)
            .collect();
        (self.guests.iter())
            .filter(|(_, id)| there.contains(id))
            .map(|(user, _)| *user)
            .collect()
    }
}

/// IDs of the sandbox and of lists as texts.
pub fn as_text(id: &Value) -> String {
    id.as_str()
        .map_or_else(|| id.to_string(), ToOwned::to_owned)
}

impl Service {
    /// Real servers where there are any, or else simulated sessions.
    pub fn house(&'static self) -> Box<dyn House> {
        match self.servers {
            Some(servers) => servers(),
            None => self.simulated_house(),
        }
    }

    /// Simulated sessions, also where there are real servers.
    pub fn simulated_house(&'static self) -> Box<dyn House> {
        Box::new(SimulatedHouse {
            service: self,
            sandbox: self.sandbox(60),
            users: USERS.iter(),
            guests: Vec::new(),
        })
    }

    /// The service of that name.
    pub fn named(name: &str) -> &'static Self {
        let service = SERVICES.iter().find(|service| service.name == name);
        service.unwrap_or_else(|| panic!("there is no service {name}"))
    }

    /// The address of the resource that [`Self::kill`] writes.
    pub fn killing(&self) -> String {
        format!("hwc_{}_session_kill.test", self.name)
    }

    /// The address of the data source that [`Self::list`] writes.
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
        let place: String = (self.place.iter())
            .map(|(name, value)| format!("  {name} = {value:?}\n"))
            .collect();
        let body = format!("{place}  {body}\n");
        let body = match kind {
            "action" => format!("config {{\n{body}}}\n"),
            _ => body,
        };
        format!(
            "{kind} \"hwc_{}_{what}\" {name:?} {{\n{body}}}\n",
            self.name
        )
    }

    /// A kill at the first place.
    pub fn kills(&self, body: &str) -> String {
        self.block("resource", body)
    }

    /// A kill of the sessions of a user.
    pub fn kills_user(&self, user: &str, arguments: &str) -> String {
        self.kills(&format!("{}\n  {arguments}", select_user(user)))
    }

    /// A sandbox with that many simulated sessions at the first place.
    pub fn sandbox(&self, sessions: usize) -> Sandbox {
        (self.simulated)(Sandbox::builder(), sessions).start()
    }

    /// The values of the argument that lists sessions, as they stand in HCL.
    pub fn written(&self, names: &[String]) -> Vec<String> {
        let quoted = |name: &String| match self.ids.are_numbers {
            true => name.clone(),
            false => format!("{name:?}"),
        };
        names.iter().map(quoted).collect()
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

/// The block that chooses the sessions of a user.
pub fn select_user(user: &str) -> String {
    format!("select {{\n    users = [{user:?}]\n  }}")
}
