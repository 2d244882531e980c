//! A node on the command line, and where its sessions come from.

use std::{ffi::OsStr, str::FromStr};

use clap::{Arg, Command, builder::TypedValueParser, error::ErrorKind};
use secrecy::SecretString;

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

/// How the URLs of servers begin.
const SCHEMES: [&str; 3] = ["redis://", "mysql://", "postgres://"];

impl NodeMapping {
    /// A node with `sessions` simulated sessions.
    pub fn simulated(instance_id: &str, node_id: &str, sessions: usize) -> Self {
        Self::new(instance_id, node_id, Backend::Simulated(Some(sessions)))
    }

    /// A node whose sessions are those of the server at `url` (`redis://…`, `mysql://…` or `postgres://…`).
    pub fn server(instance_id: &str, node_id: &str, url: &str) -> Self {
        Self::new(instance_id, node_id, Backend::Server(url.into()))
    }

    /// Simulated nodes of one instance, with as many sessions as `--sessions` says.
    pub(crate) fn examples(instance_id: &str, node_ids: [&str; 2]) -> Vec<Self> {
        node_ids
            .map(|node_id| Self::new(instance_id, node_id, Backend::Simulated(None)))
            .to_vec()
    }

    fn new(instance_id: &str, node_id: &str, backend: Backend) -> Self {
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
pub(crate) struct NodeMappingParser;

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
        if SCHEMES.iter().any(|scheme| text.starts_with(scheme)) {
            return Ok(Self::Server(text.into()));
        }
        Err(format!(
            "expected {}… or simulated:COUNT after the =",
            SCHEMES.join("…, ")
        ))
    }
}

#[cfg(test)]
mod tests;
