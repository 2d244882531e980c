//! DCS (Redis): sessions of a node or of all nodes: all of them by a job, chosen ones, or those of given addresses.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};
use tokio::time::Instant;

use super::{has_port, looks_relational, redis_database, redis_time, told};
use crate::huaweicloud::dcs::list::{
    self, CLIENTS_PER_PAGE, ClientPage, ClientRecord, SessionNodes,
};
use crate::huaweicloud::dcs::{
    self, InstanceId, JobId, JobStatus, KILL_ADDRESSES, NodeId, SMALL_KILL_ADDRESSES, Target, scan,
};
use crate::huaweicloud::error::{Error, Outcome};
use crate::provider::arguments::identifier;
use crate::provider::explain;
use crate::provider::listing::{Collected, Listing, page, read_pages};
use crate::provider::record::Record;
use crate::provider::service::{
    self, Answered, Calls, Description, IdKind, Ids, JobEnd, KillAnswer, Place, PlaceArgument,
    PlaceKind, Policy, Purpose, Scope, Words,
};
use crate::session::listing::{List, Page};
use crate::session::{Condition, Protection, Session, SessionId, ids};

#[cfg(test)]
mod tests;

/// DCS.
pub static SERVICE: Description = Description {
    name: "dcs",
    words: Words {
        service: "DCS",
        heading: "DCS (Redis)",
        place: "one node or all nodes of a DCS (Redis) instance",
        listed_place: "one node or all nodes of a DCS (Redis) instance",
        session: "session",
        protected: Some((
            "masters and replicas",
            "Sessions of masters and replicas (flags `M` and `S`) are selected only if `flags` names them.",
        )),
        lingers: "",
        // The documents do not say that the list of background tasks has kills in it.
        look: "Look at the sessions of the node in the console: their age shows whether they are from before the kill.",
        lists: "DCS first collects the sessions, which takes some seconds for each node. A list that may be old is an error.",
    },
    place: &[
        PlaceArgument::required(
            "instance_id",
            "the instance",
            "ID of the DCS instance, as the console shows it. Usually a UUID.",
        ),
        PlaceArgument {
            name: "node_id",
            what: "the node",
            words: "ID of one node of the instance, as `logical-nodes` of the API lists them. A kill requires `node_id` or `kill_all_nodes = true`; a data source or an ephemeral resource without `node_id` lists the sessions of all nodes.",
            kind: PlaceKind::Optional,
            overridden_by: Some((ALL_NODES, "all nodes")),
            promise: Some(
                "If this is null at apply, or kill_all_nodes is true, no session is killed: plan again with known values.",
            ),
        },
        PlaceArgument::kill_flag(
            ALL_NODES,
            "Kill sessions of all nodes of the instance; `node_id` is then ignored. By default false.",
        ),
    ],
    open,
    warn,
    ids: Ids {
        argument: "client_addrs",
        words: "Addresses, with their ports, of the clients of `node_id` to kill. If neither `client_addrs` nor `select` is set, all sessions are killed.",
        one: "client address",
        form: "A client's address has its port, as in \"10.0.0.7:51234\"; for all clients of an address use a select block with addresses.",
        kind: IdKind::Addresses(has_port),
    },
    conditions: &[
        Condition::Addresses { host_names: false },
        Condition::ExcludeAddresses { host_names: false },
        Condition::Names,
        Condition::Users,
        Condition::ExcludeUsers,
        Condition::Databases { numbered: true },
        Condition::Commands,
        Condition::Flags,
        Condition::MinIdle,
        Condition::MinAge,
        Condition::All,
    ],
    notes: &[
        (
            "addresses",
            "With client IP pass-through off, DCS lists inner addresses (`198.19.0.0/16`) instead of those of clients.",
        ),
        (
            "exclude_addresses",
            "Sessions that DCS lists with an inner address are not selected either, because the address of the client is not known.",
        ),
        (
            "commands",
            "The last command of the client counts. `client` also matches `client|list`.",
        ),
        (
            "flags",
            "`N` means no flag, `P` a subscriber, `b` a client that waits in a blocking command.",
        ),
        (
            "min_idle",
            "It counts from the last command of the client, so subscribers and clients in a blocking command become idle too.",
        ),
        ("address", "A kill names the client by its address."),
        ("database", "A number."),
        ("state", "The flags of the client, one letter each."),
    ],
    policy: Policy {
        batch: KILL_ADDRESSES,
        small_batch: SMALL_KILL_ADDRESSES,
        kills_all: true,
        keeps_lists: true,
        ids_come_back: false,
    },
    confirmed: false,
    results: &[],
};

/// The flag that says that the sessions of every node are meant.
const ALL_NODES: &str = "kill_all_nodes";

/// How often a node's list is renewed again because a page of it turned out to be the old list after all.
const OLD_PAGES: u32 = 3;

/// How addresses of DCS' inner network begin, which are listed instead of the client's own when client IP pass-through is
/// off (user guide of DCS, on the pass-through of client addresses).
const INNER_NETWORK: &str = "198.19.";

/// The flags of connections that carry replication: to this node's master, and from a replica.
const REPLICATION: [char; 2] = ['M', 'S'];

fn open(diags: &mut Diagnostics, arguments: &Record, purpose: Purpose) -> Option<Box<dyn Place>> {
    let instance = identifier(diags, arguments, "instance_id");
    let node = match arguments.text("node_id") {
        Value::Null => None,
        _ => Some(identifier::<NodeId>(diags, arguments, "node_id")),
    };
    let all = match purpose {
        Purpose::List if node.is_none() => Value::Value(true),
        Purpose::List => Value::Null,
        Purpose::Kill => arguments.flag(ALL_NODES),
    };
    let target = match (all, node) {
        (Value::Value(true), _) => Some(Target::AllNodes),
        (Value::Value(false) | Value::Null, Some(node)) => node.map(Target::Node),
        (Value::Value(false) | Value::Null, None) => {
            explain::invalid(
                diags,
                AttributePath::new("node_id"),
                "Missing node_id",
                "Set node_id to kill sessions of one node, or kill_all_nodes = true to kill sessions of all nodes of the \
                 instance.",
            );
            None
        }
        (Value::Unknown, _) => None,
    };
    if all == Value::Value(true) && arguments.list(SERVICE.ids.argument).is_value() {
        explain::invalid(
            diags,
            AttributePath::new("client_addrs"),
            "client_addrs requires node_id",
            "client_addrs lists clients of one node. Set node_id, and leave out kill_all_nodes.",
        );
        return None;
    }
    Some(Box::new(Nodes {
        instance: instance?,
        target: target?,
    }))
}

/// DCS sets no form for its IDs, so none is refused; but those of TaurusDB and its relatives can be told.
fn warn(diags: &mut Diagnostics, arguments: &Record) {
    for name in ["instance_id", "node_id"] {
        let Value::Value(id) = arguments.text(name) else {
            continue;
        };
        if looks_relational(id) {
            explain::warning(
                diags,
                AttributePath::new(name),
                format!("{name} looks like a TaurusDB or RDS ID"),
                format!(
                    "{name} is {id:?}. IDs with this ending are those of relational databases. IDs of DCS are usually UUIDs. To kill \
                     session threads of TaurusDB, use hwc_taurusdb_session_kill."
                ),
            );
        }
    }
    if arguments.text("node_id").is_value() && arguments.is_true(ALL_NODES) {
        explain::warning(
            diags,
            AttributePath::new("node_id"),
            "node_id is ignored",
            "kill_all_nodes is true, so sessions of all nodes of the instance are killed, not only those of node_id. \
             Leave out one of the two.",
        );
    }
}

/// One node of an instance, or all of them.
struct Nodes {
    instance: InstanceId,
    target: Target,
}

#[async_trait]
impl Place for Nodes {
    /// Lists the sessions, sorted by node and ID, from lists that are known to be new.
    async fn list(&self, calls: Calls<'_>, scope: Scope<'_>) -> Result<Listing, Error> {
        let nodes = match (scope.nodes, &self.target) {
            (Some(nodes), _) => SessionNodes {
                active: nodes.iter().cloned().collect(),
                passed_over: Vec::new(),
            },
            (None, Target::Node(node)) => SessionNodes {
                active: vec![node.to_string()],
                passed_over: Vec::new(),
            },
            (None, Target::AllNodes) => list::session_nodes(calls, &self.instance).await?,
        };
        if nodes.active.is_empty() {
            return Err(Error::Listing(format!(
                "DCS lists no active node of the instance {}, so there are no sessions to list.",
                self.instance
            )));
        }
        let mut listing = Listing {
            passed_over: nodes.passed_over,
            ..Listing::default()
        };
        for id in nodes.active {
            let node = node_id(&id)?;
            let earlier = scope.seen.get(&id).cloned().into_iter().collect();
            let asked = calls.client.clock().instant();
            let (list, saved_at, renewed) = self.list_node(calls, &node, earlier).await?;
            let collected = Collected {
                asked,
                renewed,
                read: calls.client.clock().instant(),
            };
            listing.collected.insert(id.clone(), collected);
            listing.sessions.extend(list.sessions);
            listing.nameless += list.nameless;
            listing.saved_at.extend(saved_at.map(|time| (id, time)));
        }
        listing.sessions.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(listing)
    }

    async fn kill(&self, calls: Calls<'_>, batch: &[service::Target]) -> Outcome<Answered> {
        let node = batch.first().and_then(|target| target.id.node());
        let node = match node_id(node.unwrap_or_default()) {
            Ok(node) => node,
            Err(error) => return Outcome::Rejected(error),
        };
        let addresses = batch.iter().filter_map(|target| target.address.as_deref());
        let addresses: Vec<String> = ids::unique(addresses.map(ToOwned::to_owned));
        dcs::kill(calls, &self.instance, &node, &addresses)
            .await
            .map(Answered::from)
    }

    fn whose(&self) -> String {
        match &self.target {
            Target::AllNodes => "of all nodes of the instance".to_owned(),
            Target::Node(node) => format!("of the node {node}"),
        }
    }

    async fn kill_all(&self, calls: Calls<'_>) -> Outcome<KillAnswer<String>> {
        let killed = dcs::kill_all(calls, &self.instance, &self.target).await;
        killed.map(|killed| KillAnswer {
            told: killed.told.map(|job_id| job_id.to_string()),
            request_id: killed.request_id,
        })
    }

    async fn follow(
        &self,
        calls: Calls<'_>,
        job_id: &str,
        seen: &mut (dyn for<'s> FnMut(&'s str) + Send),
    ) -> Result<JobEnd, Error> {
        let id: JobId = job_id
            .parse()
            .map_err(|reason| Error::Listing(format!("DCS calls the job {job_id:?}: {reason}.")))?;
        let job = dcs::wait_for_job(calls, &id, |job| seen(job.status.as_str())).await?;
        Ok(JobEnd {
            failed: matches!(job.status, JobStatus::Fail(_)),
            status: job.status.as_str().to_owned(),
            fail_reason: job.fail_reason,
            began: job.begin_time,
            ended: job.end_time,
        })
    }
}

/// The ID of a node that DCS has listed.
fn node_id(id: &str) -> Result<NodeId, Error> {
    id.parse().map_err(|reason| {
        Error::Listing(format!(
            "DCS lists a node of the instance with the ID {id:?}: {reason}."
        ))
    })
}

impl Nodes {
    /// Lists the sessions of one node, and says when DCS saved the list, in its own words, and when the list was there.
    async fn list_node(
        &self,
        calls: Calls<'_>,
        node: &NodeId,
        mut earlier: BTreeSet<String>,
    ) -> Result<(List<Session>, Option<String>, Instant), Error> {
        let node_name: Arc<str> = node.as_str().into();
        for _ in 0..OLD_PAGES {
            let old = scan::renew_clients(calls, &self.instance, node, earlier).await?;
            let renewed = calls.client.clock().instant();
            let saved_at = Mutex::new(None);
            let is_old = AtomicBool::new(false);
            let (old, saved, was_old, node_name) = (&old, &saved_at, &is_old, &node_name);
            let list = read_pages(CLIENTS_PER_PAGE, |rows_asked| async move {
                let page = list::clients(calls, &self.instance, node, rows_asked).await?;
                was_old.fetch_or(!old.is_not(&page), Ordering::Relaxed);
                if page.time.is_some() {
                    *saved.lock().unwrap_or_else(PoisonError::into_inner) = page.time.clone();
                }
                Ok(rows(node_name, page))
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
}

fn rows(node: &Arc<str>, list: ClientPage) -> Page<Session> {
    let id = |id: &str| (!id.is_empty()).then(|| SessionId::new(Some(Arc::clone(node)), id));
    page(list.clients, list.count, id, |record| {
        Some(session(id(&record.id)?, record))
    })
}

fn session(id: SessionId, record: ClientRecord) -> Session {
    let command = told(record.cmd);
    let flags = told(record.flags);
    let addr = told(record.addr);
    let address = told(record.peer).or_else(|| addr.clone());
    let hides_client = [&addr, &address]
        .into_iter()
        .flatten()
        .any(|address| address.starts_with(INNER_NETWORK));
    Session {
        unnameable: address.is_none().then_some(
            "the list shows no address of it, and chosen sessions are killed by their addresses",
        ),
        hides_client,
        origin: addr.filter(|addr| Some(addr) != address.as_ref()),
        address,
        user: told(record.user),
        database: redis_database(record.db),
        application: told(record.name),
        age: redis_time(record.age),
        idle: redis_time(record.idle),
        protection: protection(
            flags.as_deref().unwrap_or_default(),
            command.as_deref().unwrap_or_default(),
        ),
        command,
        state: flags,
        ..Session::new(id)
    }
}

/// A session that carries replication, to the node's master or from a replica, is left alone unless its flags are named. A
/// `MONITOR` client (flag `O`) carries none, although Redis keeps it among the replicas.
fn protection(flags: &str, command: &str) -> Protection {
    const REPLICA_COMMANDS: [&str; 3] = ["psync", "sync", "replconf"];
    let replication: String = (flags.chars())
        .filter(|flag| REPLICATION.contains(flag))
        .collect();
    let is_replica = REPLICA_COMMANDS
        .iter()
        .any(|name| command.eq_ignore_ascii_case(name));
    match replication.is_empty() && !is_replica {
        true => Protection::None,
        false => Protection::UnlessFlagsAreNamed(replication),
    }
}
