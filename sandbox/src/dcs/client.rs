//! A DCS session as the API shows it, and the sorting of a list of them.

use std::cmp::Ordering;

use serde::Serialize;

use super::options::Addresses;
use crate::backends::redis::{self, Connection};

/// One client connection of a Redis node. The fields and their types are those of `clients[]` in the list answer:
/// some numbers are strings there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Client {
    pub id: String,
    pub addr: String,
    pub fd: String,
    pub name: String,
    pub cmd: String,
    /// Seconds since it connected.
    pub age: i64,
    /// Seconds since its last command.
    pub idle: i64,
    pub db: String,
    pub flags: String,
    pub sub: i64,
    pub psub: i64,
    pub multi: i64,
    pub qbuf: i64,
    pub qbuf_free: i64,
    pub obl: i64,
    pub oll: i64,
    pub omem: i64,
    pub events: String,
    pub network: String,
    /// The address that `clients/kill` takes.
    pub peer: String,
    pub user: String,
}

impl From<Connection> for Client {
    /// Both addresses are the true one.
    fn from(connection: Connection) -> Self {
        Self {
            id: connection.id.to_string(),
            peer: connection.addr.clone(),
            addr: connection.addr,
            fd: connection.fd,
            name: connection.name,
            cmd: connection.cmd,
            age: connection.age,
            idle: connection.idle,
            db: connection.db,
            flags: connection.flags,
            sub: connection.sub,
            psub: connection.psub,
            multi: connection.multi,
            qbuf: connection.qbuf,
            qbuf_free: connection.qbuf_free,
            obl: connection.obl,
            oll: connection.oll,
            omem: connection.omem,
            events: connection.events,
            network: String::new(),
            user: connection.user,
        }
    }
}

impl Client {
    /// The number that `CLIENT KILL ID` takes; 0, which no client has, when the id is not one.
    pub fn number(&self) -> u64 {
        self.id.parse().unwrap_or_default()
    }

    /// The address by which a kill finds this session: `peer`, or `addr` where there is no `peer`.
    pub fn kill_address(&self) -> &str {
        if self.peer.is_empty() {
            &self.addr
        } else {
            &self.peer
        }
    }

    /// Rewrites the addresses, which are both the true one so far, as the service shows them.
    pub fn show_addresses(&mut self, addresses: Addresses) {
        match addresses {
            Addresses::Same => {}
            Addresses::Inner => {
                let port = self.addr.rsplit(':').next().unwrap_or_default();
                let place = self.number();
                self.addr = format!("198.19.{}.{}:{port}", place / 250 % 256, 1 + place % 250);
            }
            Addresses::NoPeer => self.peer.clear(),
        }
    }

    pub fn is_replication(&self) -> bool {
        redis::is_replication(&self.flags)
    }
}

/// A field that a list can be sorted by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SortKey(fn(&Client, &Client) -> Ordering);

impl SortKey {
    /// The field with this name; `None` when sessions have no such field.
    pub fn named(field: &str) -> Option<Self> {
        let compare: fn(&Client, &Client) -> Ordering = match field {
            "id" => |a, b| a.number().cmp(&b.number()),
            "addr" => |a, b| a.addr.cmp(&b.addr),
            "peer" => |a, b| a.peer.cmp(&b.peer),
            "name" => |a, b| a.name.cmp(&b.name),
            "cmd" => |a, b| a.cmd.cmp(&b.cmd),
            "user" => |a, b| a.user.cmp(&b.user),
            "flags" => |a, b| a.flags.cmp(&b.flags),
            "events" => |a, b| a.events.cmp(&b.events),
            "network" => |a, b| a.network.cmp(&b.network),
            "db" => |a, b| as_number(&a.db).cmp(&as_number(&b.db)),
            "fd" => |a, b| as_number(&a.fd).cmp(&as_number(&b.fd)),
            "age" => |a, b| a.age.cmp(&b.age),
            "idle" => |a, b| a.idle.cmp(&b.idle),
            "sub" => |a, b| a.sub.cmp(&b.sub),
            "psub" => |a, b| a.psub.cmp(&b.psub),
            "multi" => |a, b| a.multi.cmp(&b.multi),
            "qbuf" => |a, b| a.qbuf.cmp(&b.qbuf),
            "qbuf_free" => |a, b| a.qbuf_free.cmp(&b.qbuf_free),
            "obl" => |a, b| a.obl.cmp(&b.obl),
            "oll" => |a, b| a.oll.cmp(&b.oll),
            "omem" => |a, b| a.omem.cmp(&b.omem),
            _ => return None,
        };
        Some(Self(compare))
    }

    /// Sorts by the field, and by id where it is equal, so that pages do not overlap.
    pub fn sort(self, clients: &mut [Client], descending: bool) {
        clients.sort_by(|a, b| {
            let by_field = if descending {
                (self.0)(b, a)
            } else {
                (self.0)(a, b)
            };
            by_field.then_with(|| a.number().cmp(&b.number()))
        });
    }
}

fn as_number(text: &str) -> i64 {
    text.parse().unwrap_or(-1)
}

#[cfg(test)]
mod tests;
