//! Places with sessions that a test has invited itself: on real servers where there are any, or else simulated ones.

use super::groups::{FEW, MOST, SOME};
use super::guests::postgresql::{PostgreSqlGuest, still_on_postgresql};
use super::guests::{
    MariaDbGuest, MariaDbLook, RedisGuest, RedisLook, still_on_mariadb, still_on_redis,
};
use super::sandbox::Sandbox;
use super::services::{Service, as_text};
use super::workspace::Workspace;
use super::{engines, mariadb, postgresql, redis};

/// A sandbox, and guests at the first place of its service.
pub trait House {
    /// The sandbox.
    fn sandbox(&self) -> &Sandbox;

    /// Opens that many sessions of a group. Simulated sessions are there already, so others may come in their stead: more or
    /// fewer, of another group.
    fn welcome(&mut self, group: &'static str, guests: usize) -> Guests;

    /// The groups of the guests that are still there, in the order in which they came.
    fn still_there(&self) -> Vec<&'static str>;
}

/// Sessions of one group, of which nobody else has a session.
pub struct Guests {
    /// The group.
    pub group: &'static str,
    /// What names each in the service's argument.
    pub names: Vec<String>,
}

/// Real servers that the sandbox can have behind it.
#[derive(Clone, Copy)]
pub enum Servers {
    /// Redis.
    Redis,
    /// MariaDB.
    MariaDb,
    /// PostgreSQL.
    PostgreSql,
}

impl Servers {
    /// Two of them behind the places of a service.
    pub fn house(self, service: &'static Service) -> Box<dyn House> {
        let sandbox = |urls: [String; 2]| {
            let urls = urls.each_ref().map(String::as_str);
            service.with_nodes(Sandbox::builder(), &urls).start()
        };
        match self {
            Self::Redis => {
                let servers = redis::nodes();
                Box::new(RedisHouse {
                    sandbox: sandbox(servers.each_ref().map(redis::RedisServer::url)),
                    service,
                    servers,
                    guests: Vec::new(),
                })
            }
            Self::PostgreSql => {
                let servers = postgresql::nodes().each_ref();
                Box::new(PostgreSqlHouse {
                    sandbox: sandbox(servers.map(postgresql::PostgreSqlServer::url)),
                    service,
                    guests: Vec::new(),
                })
            }
            Self::MariaDb => Box::new(MariaDbHouse {
                sandbox: sandbox(mariadb::nodes().each_ref().map(mariadb::MariaDbServer::url)),
                guests: Vec::new(),
            }),
        }
    }
}

struct RedisHouse {
    sandbox: Sandbox,
    service: &'static Service,
    servers: [redis::RedisServer; 2],
    guests: Vec<RedisGuest>,
}

impl House for RedisHouse {
    fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    fn welcome(&mut self, group: &'static str, guests: usize) -> Guests {
        let look = match self.service.groups.column {
            "application" => RedisLook {
                name: group,
                ..RedisLook::default()
            },
            _ => RedisLook {
                user: group,
                ..RedisLook::default()
            },
        };
        let come = (0..guests).map(|_| RedisGuest::new(&self.servers[0], group, look));
        let come: Vec<RedisGuest> = come.collect();
        let name = |guest: &RedisGuest| match self.service.ids.column {
            "address" => guest.address.clone(),
            _ => guest.id.to_string(),
        };
        let names = come.iter().map(name).collect();
        self.guests.extend(come);
        Guests { group, names }
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

    fn welcome(&mut self, group: &'static str, guests: usize) -> Guests {
        let [server, _] = mariadb::nodes();
        let look = MariaDbLook {
            user: group,
            ..MariaDbLook::default()
        };
        let come = MariaDbGuest::several(server, group, look, guests);
        let names = come.iter().map(|guest| guest.id.to_string()).collect();
        self.guests.extend(come);
        Guests { group, names }
    }

    fn still_there(&self) -> Vec<&'static str> {
        let [server, _] = mariadb::nodes();
        still_on_mariadb(server, &self.guests)
    }
}

struct PostgreSqlHouse {
    sandbox: Sandbox,
    service: &'static Service,
    guests: Vec<PostgreSqlGuest>,
}

impl House for PostgreSqlHouse {
    fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    fn welcome(&mut self, group: &'static str, guests: usize) -> Guests {
        let [server, _] = postgresql::nodes();
        let come = PostgreSqlGuest::several(server, group, guests);
        self.guests.extend(come);
        let names = listed(self.service, &self.sandbox, group, self.service.ids.column);
        Guests { group, names }
    }

    fn still_there(&self) -> Vec<&'static str> {
        let [server, _] = postgresql::nodes();
        still_on_postgresql(server, &self.guests)
    }
}

/// A column of the sessions of a group.
fn listed(
    service: &'static Service,
    sandbox: &Sandbox,
    group: &'static str,
    column: &str,
) -> Vec<String> {
    let list = service.block("data", &service.select(group));
    let workspace = Workspace::new(engines::newest_terraform(), sandbox, &list);
    workspace.apply().succeeded();
    let list = workspace.resource(&service.listing());
    let list = list.expect("the list is in state");
    let sessions = list.values["sessions"].as_array().expect("a list");
    sessions.iter().map(|one| as_text(&one[column])).collect()
}

/// Simulated sessions.
struct SimulatedHouse {
    service: &'static Service,
    sandbox: Sandbox,
    /// Groups that are not guests yet.
    groups: std::array::IntoIter<&'static str, 3>,
    /// Groups and IDs.
    guests: Vec<(&'static str, String)>,
}

/// A house with simulated sessions.
pub fn simulated(service: &'static Service) -> Box<dyn House> {
    Box::new(SimulatedHouse {
        service,
        sandbox: service.sandbox(60),
        groups: [MOST, SOME, FEW].into_iter(),
        guests: Vec::new(),
    })
}

impl House for SimulatedHouse {
    fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    fn welcome(&mut self, _group: &'static str, _guests: usize) -> Guests {
        let group = self.groups.next().expect("a group that is no guest yet");
        let column = |name: &str| listed(self.service, &self.sandbox, group, name);
        let ids = column("id");
        assert!(ids.len() > 2, "too few sessions of {group}: {ids:?}");
        self.guests.extend(ids.into_iter().map(|id| (group, id)));
        Guests {
            group,
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
            .map(|(group, _)| *group)
            .collect()
    }
}
