//! What a user can choose on the command line, and what tests set in code.

use std::{ffi::OsStr, net::SocketAddr, str::FromStr, time::Duration};

use clap::{Arg, Command, Parser, ValueEnum, builder::TypedValueParser, error::ErrorKind};
use secrecy::SecretString;

use crate::{busy::Refusal, faults::Rule, throttle::RateLimit};

/// The options of the sandbox cloud: the command line of `hwc-sandbox`, and the argument of [`crate::Sandbox::start`].
///
/// Tests start from [`Options::default`] and set what they care about.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "hwc-sandbox",
    version,
    about = "A local Huawei Cloud for rehearsing and testing session kills",
    long_about = "A local Huawei Cloud for rehearsing and testing session kills.\n\n\
        It answers the session calls of DCS and TaurusDB and the IAM calls that go with them, checks signatures and \
        tokens as the cloud does, and serves sessions from memory unless a node is mapped to a Redis or MariaDB \
        server. Once ready it prints one line of JSON with its address, keys and nodes. \
        Requests, faults and state can be seen and set below /_sandbox/."
)]
pub struct Options {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,

    /// Allow --listen to be an address that other machines can reach
    #[arg(long)]
    pub allow_remote: bool,

    /// Access key that signs requests [default: made up]
    #[arg(long, value_name = "KEY")]
    pub access_key: Option<String>,

    /// Secret key that belongs to the access key [default: made up]
    #[arg(long, value_name = "KEY", value_parser = secret)]
    pub secret_key: Option<SecretString>,

    /// Project id, 32 letters and digits [default: made up]
    #[arg(long, value_name = "ID", value_parser = project_id)]
    pub project_id: Option<String>,

    /// Region, which is also the name of its project
    #[arg(long, value_name = "NAME", default_value = "cn-north-4")]
    pub region: String,

    /// How long a DCS job runs, for example 500ms or 30s; its sessions die half-way
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = humantime::parse_duration)]
    pub job_duration: Duration,

    /// How long a scan of a DCS node runs, for example 200ms or 10s; its list is saved at the end
    #[arg(long, value_name = "DURATION", default_value = "200ms", value_parser = humantime::parse_duration)]
    pub scan_duration: Duration,

    /// What a DCS scan answers: the id of its job, or what older documents show
    #[arg(long, value_name = "ANSWER", value_enum, default_value_t)]
    pub scan_answer: ScanAnswer,

    /// Before every Nth page of a DCS list, somebody else's scan replaces the saved list; 0 for never
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub foreign_scan_every: usize,

    /// The addresses of DCS sessions
    #[arg(long, value_name = "ADDRESSES", value_enum, default_value_t)]
    pub addresses: Addresses,

    /// Sessions of a simulated node for which no number is given
    #[arg(long, value_name = "N", default_value_t = 12)]
    pub sessions: usize,

    /// Sessions of a simulated node that end, and new ones that begin, before each page of a list; a DCS list shows
    /// them after the next scan
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub churn: usize,

    /// A DCS node: INSTANCE/NODE=redis://HOST:PORT, or =simulated:COUNT; repeatable
    #[arg(long = "dcs-node", value_name = "INSTANCE/NODE=URL", value_parser = NodeMappingParser)]
    pub dcs_nodes: Vec<NodeMapping>,

    /// A proxy of a DCS instance, which makes it a Proxy Cluster, whose sessions are at the proxies; repeatable
    #[arg(long = "dcs-proxy", value_name = "INSTANCE/NODE=URL", value_parser = NodeMappingParser)]
    pub dcs_proxies: Vec<NodeMapping>,

    /// A DCS node whose status is Inactive; POST /_sandbox/nodes changes that; repeatable
    #[arg(long = "inactive", value_name = "INSTANCE/NODE")]
    pub inactive: Vec<String>,

    /// A TaurusDB node: INSTANCE/NODE=mysql://USER:PASSWORD@HOST:PORT, or =simulated:COUNT; repeatable
    #[arg(long = "taurusdb-node", value_name = "INSTANCE/NODE=URL", value_parser = NodeMappingParser)]
    pub taurusdb_nodes: Vec<NodeMapping>,

    /// TaurusDB refuses a kill of more threads than this [default: takes any number]
    #[arg(long, value_name = "N")]
    pub largest_kill: Option<usize>,

    /// An instance that refuses kills for a while after the start, with a documented code such as DCS.4113
    /// [default: DCS.4017 or DBS.200019]; repeatable
    #[arg(long, value_name = "INSTANCE=DURATION[:CODE]")]
    pub busy: Vec<Busy>,

    /// The gateway refuses calls of an API beyond this number in this time, for example 60/1m; refused calls count
    /// too [default: takes any number]
    #[arg(long, value_name = "CALLS/DURATION")]
    pub rate_limit: Option<RateLimit>,

    /// A fault rule in JSON, as POST /_sandbox/faults takes it; repeatable
    #[arg(long = "fault", value_name = "JSON")]
    pub faults: Vec<Rule>,

    /// Name of the IAM user that may log in with a password
    #[arg(long, value_name = "NAME", default_value = "sandbox-user")]
    pub user_name: String,

    /// Password of the IAM user [default: made up]
    #[arg(long, value_name = "PASSWORD", value_parser = secret)]
    pub user_password: Option<SecretString>,

    /// Name of the account (domain) that owns user, project and agency
    #[arg(long, value_name = "NAME", default_value = "sandbox-domain")]
    pub domain_name: String,

    /// Id of the account (domain) [default: made up]
    #[arg(long, value_name = "ID")]
    pub domain_id: Option<String>,

    /// Name of the agency that may be assumed
    #[arg(long, value_name = "NAME", default_value = "sandbox-agency")]
    pub agency_name: String,

    /// Id of the identity provider whose id token is accepted
    #[arg(long, value_name = "ID", default_value = "sandbox-idp")]
    pub idp_id: String,

    /// The one OIDC id token that is accepted [default: made up]
    #[arg(long, value_name = "JWT", value_parser = secret)]
    pub id_token: Option<SecretString>,

    /// Longest life of tokens and temporary credentials, whatever a request asks for
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = humantime::parse_duration)]
    pub credential_lifetime: Duration,
}

impl Default for Options {
    /// What the command line gives when no option is written.
    fn default() -> Self {
        Self::parse_from(["hwc-sandbox"])
    }
}

/// One node of an instance and what stands behind it: `INSTANCE/NODE=BACKEND`.
#[derive(Debug, Clone)]
pub struct NodeMapping {
    /// The instance that the node belongs to.
    pub instance_id: String,
    /// The node's own id.
    pub node_id: String,
    /// Where its sessions come from.
    pub backend: Backend,
}

/// Where the sessions of a node come from.
#[derive(Debug, Clone)]
pub enum Backend {
    /// From memory: that many sessions, or as many as `--sessions` says.
    Simulated(Option<usize>),
    /// From the server at this URL. It may hold a password, so it cannot be printed.
    Server(SecretString),
}

impl NodeMapping {
    /// A node with `sessions` simulated sessions.
    pub fn simulated(instance_id: &str, node_id: &str, sessions: usize) -> Self {
        Self::new(instance_id, node_id, Backend::Simulated(Some(sessions)))
    }

    /// A node whose sessions are those of the server at `url` (`redis://…` or `mysql://…`).
    pub fn server(instance_id: &str, node_id: &str, url: &str) -> Self {
        Self::new(instance_id, node_id, Backend::Server(url.into()))
    }

    pub(crate) fn new(instance_id: &str, node_id: &str, backend: Backend) -> Self {
        Self {
            instance_id: instance_id.to_owned(),
            node_id: node_id.to_owned(),
            backend,
        }
    }
}

impl FromStr for NodeMapping {
    type Err = String;

    /// Reads `INSTANCE/NODE=URL`. The error never repeats the URL, which may hold a password.
    fn from_str(text: &str) -> Result<Self, String> {
        let (ids, backend) = text
            .split_once('=')
            .ok_or("expected INSTANCE/NODE=URL, but there is no =")?;
        let (instance_id, node_id) = ids
            .split_once('/')
            .ok_or("expected INSTANCE/NODE before the =, but there is no /")?;
        if instance_id.is_empty() || node_id.is_empty() || node_id.contains('/') {
            return Err("expected one instance id and one node id before the =".to_owned());
        }
        Ok(Self::new(instance_id, node_id, backend.parse()?))
    }
}

/// Reads a mapping from the command line. Unlike clap's own way, an error does not repeat what was written.
#[derive(Debug, Clone)]
struct NodeMappingParser;

impl TypedValueParser for NodeMappingParser {
    type Value = NodeMapping;

    fn parse_ref(
        &self,
        _: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<NodeMapping, clap::Error> {
        let parsed = value
            .to_str()
            .ok_or("not text".to_owned())
            .and_then(str::parse);
        parsed.map_err(|reason| {
            let option = argument.map(ToString::to_string).unwrap_or_default();
            clap::Error::raw(
                ErrorKind::ValueValidation,
                format!("invalid value for {option}: {reason}\n"),
            )
        })
    }
}

impl FromStr for Backend {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "simulated" {
            return Ok(Self::Simulated(None));
        }
        if let Some(count) = text.strip_prefix("simulated:") {
            return count
                .parse()
                .map(|count| Self::Simulated(Some(count)))
                .map_err(|_| {
                    format!("expected a number of sessions after simulated:, not {count:?}")
                });
        }
        if text.starts_with("redis://") || text.starts_with("mysql://") {
            return Ok(Self::Server(text.into()));
        }
        Err("expected redis://…, mysql://… or simulated:COUNT after the =".to_owned())
    }
}

/// What a DCS scan answers. The scan itself goes on in each case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ScanAnswer {
    /// The id of a job that can be followed
    #[default]
    Job,
    /// The id of a job that nobody knows
    UnknownJob,
    /// An object without an id
    NoJob,
    /// No body
    Empty,
}

/// How the two addresses of a DCS session are shown: `addr`, where it comes from, and `peer`, which kills it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Addresses {
    /// Both are the same
    #[default]
    Same,
    /// The one is an inner address of 198.19.0.0/16, as without client IP pass-through; the other kills
    Inner,
    /// There is no peer, as may be behind proxies; the first one kills
    NoPeer,
}

/// An instance that is busy with another task for a while: `INSTANCE=DURATION`, or `INSTANCE=DURATION:CODE`.
#[derive(Debug, Clone)]
pub struct Busy {
    /// The instance that refuses kills.
    pub instance_id: String,
    /// For how long after the start.
    pub duration: Duration,
    /// With which code; without one, with that of a running task.
    pub code: Option<&'static str>,
}

impl Busy {
    /// Whether a service whose codes begin so can refuse like this.
    pub(crate) fn is_of(&self, prefix: &str) -> bool {
        self.code.is_none_or(|code| code.starts_with(prefix))
    }

    /// The refusal of the code, or this one when there is none.
    pub(crate) fn refusal(&self, default: Refusal) -> Refusal {
        self.code.and_then(Refusal::with_code).unwrap_or(default)
    }
}

impl FromStr for Busy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (instance_id, duration) = text
            .split_once('=')
            .ok_or("expected INSTANCE=DURATION, but there is no =")?;
        let (duration, code) = match duration.split_once(':') {
            Some((duration, code)) => (duration, Some(code)),
            None => (duration, None),
        };
        let duration = humantime::parse_duration(duration)
            .map_err(|error| format!("not a duration: {error}"))?;
        let code = code
            .map(|code| {
                let refusal = Refusal::with_code(code);
                let refusal =
                    refusal.ok_or_else(|| format!("no document has {code:?} for a busy instance"));
                refusal.map(|refusal| refusal.code)
            })
            .transpose()?;
        Ok(Self {
            instance_id: instance_id.to_owned(),
            duration,
            code,
        })
    }
}

fn secret(text: &str) -> Result<SecretString, String> {
    if text.is_empty() {
        return Err("must not be empty".to_owned());
    }
    Ok(text.into())
}

fn project_id(text: &str) -> Result<String, String> {
    if text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(text.to_owned());
    }
    Err("expected 32 letters and digits".to_owned())
}

#[cfg(test)]
mod tests;
