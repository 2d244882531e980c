//! The options of DCS: its nodes, and how it behaves where documents differ or say nothing.

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::node_mapping::{NodeMapping, NodeMappingParser};

/// What the command line says about DCS.
#[derive(Debug, Clone, Args)]
pub struct DcsOptions {
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

    /// A DCS node: INSTANCE/NODE=redis://HOST:PORT, or =simulated:COUNT; repeatable
    #[arg(id = "dcs-node", long = "dcs-node", value_name = "INSTANCE/NODE=URL", value_parser = NodeMappingParser)]
    pub nodes: Vec<NodeMapping>,

    /// A proxy of a DCS instance, which makes it a Proxy Cluster, whose sessions are at the proxies; repeatable
    #[arg(id = "dcs-proxy", long = "dcs-proxy", value_name = "INSTANCE/NODE=URL", value_parser = NodeMappingParser)]
    pub proxies: Vec<NodeMapping>,

    /// A DCS node whose status is Inactive; POST /_sandbox/nodes changes that; repeatable
    #[arg(long = "inactive", value_name = "INSTANCE/NODE")]
    pub inactive: Vec<String>,
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
