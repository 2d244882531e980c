//! What a user can choose on the command line, and what tests set in code.

use std::{net::SocketAddr, str::FromStr, time::Duration};

use clap::Parser;
use secrecy::SecretString;

use crate::{
    busy::Busy,
    faults::Rule,
    option_values::secret,
    services::{ServiceOptions, refusal_with_code},
    throttle::RateLimit,
};

/// The options of the sandbox cloud: the command line of `hwc-sandbox`, and the argument of [`crate::Sandbox::start`].
///
/// Tests start from [`Options::default`] and set what they care about.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "hwc-sandbox",
    version,
    about = "A local Huawei Cloud for rehearsing and testing session kills",
    long_about = "A local Huawei Cloud for rehearsing and testing session kills.\n\n\
        It answers the session calls of DCS, TaurusDB, TaurusDB HTAP, RDS for MySQL and PostgreSQL, GaussDB, GeminiDB Redis, DDM and \
        DDS, and the IAM calls that they need. It checks signatures and tokens like the cloud. Sessions are simulated in memory, \
        unless a node is mapped to a Redis, MariaDB or PostgreSQL server. Those of DDS are always simulated. When it is ready, it \
        prints one line of JSON with its address, keys and nodes. Calls below /_sandbox/ show and set requests, faults and state."
)]
pub struct Options {
    /// Address and port to listen on; port 0 means a free port
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

    /// Project ID, 32 letters and digits [default: made up]
    #[arg(long, value_name = "ID", value_parser = project_id)]
    pub project_id: Option<String>,

    /// Region, which is also the name of its project
    #[arg(long, value_name = "NAME", default_value = "cn-north-4")]
    pub region: String,

    /// Name of the account (domain) that owns user, project and agency
    #[arg(long, value_name = "NAME", default_value = "sandbox-domain")]
    pub domain_name: String,

    /// ID of the account (domain) [default: made up]
    #[arg(long, value_name = "ID")]
    pub domain_id: Option<String>,

    /// Sessions of a simulated node for which no number is given
    #[arg(long, value_name = "N", default_value_t = 12)]
    pub sessions: usize,

    /// Sessions of a simulated node that end, and new ones that begin, before each page of a list; a DCS list shows
    /// them after the next scan
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub churn: usize,

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

    /// Longest life of tokens and temporary credentials, whatever a request asks for
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = humantime::parse_duration)]
    pub credential_lifetime: Duration,

    /// What each service adds
    #[command(flatten)]
    pub services: ServiceOptions,
}

impl Default for Options {
    /// What the command line gives when no option is written.
    fn default() -> Self {
        Self::parse_from(["hwc-sandbox"])
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
                let refusal = refusal_with_code(code);
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

fn project_id(text: &str) -> Result<String, String> {
    if text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(text.to_owned());
    }
    Err("expected 32 letters and digits".to_owned())
}

#[cfg(test)]
mod tests;
