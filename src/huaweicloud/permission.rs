//! Which permission a call needs, by the tables of the services' API references.

use super::error::RequestLine;

/// A permission, in the two kinds of authorization that exist side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// The action in policies of role and policy based authorization, the older kind.
    pub role_and_policy: &'static str,
    /// The action in identity policies, the newer kind; none where that kind asks for none.
    pub identity_policy: Option<&'static str>,
}

const fn both(action: &'static str) -> Permission {
    Permission {
        role_and_policy: action,
        identity_policy: Some(action),
    }
}

/// DCS: lists sessions. That it is also the one of the scan is inferred for role and policy based authorization.
const DCS_LIST: Permission = both("dcs:clients:list");
/// DCS: kills sessions, chosen ones or all.
const DCS_KILL: Permission = both("dcs:clients:kill");
/// DCS: follows a task.
const DCS_JOB: Permission = both("dcs:job:get");
/// DCS: lists nodes. That the older kind asks for this one is inferred.
const DCS_NODES: Permission = Permission {
    role_and_policy: "dcs:instance:get",
    identity_policy: None,
};
/// TaurusDB: lists session threads.
const TAURUSDB_LIST: Permission = Permission {
    role_and_policy: "gaussdb:instance:listProcesses",
    identity_policy: Some("gaussdbformysql:instance:listProcesses"),
};
/// TaurusDB: kills session threads.
const TAURUSDB_KILL: Permission = Permission {
    role_and_policy: "gaussdb:instance:deleteProcesses",
    identity_policy: Some("gaussdbformysql:instance:deleteProcesses"),
};

impl Permission {
    /// IAM: lists the projects of the account.
    pub const PROJECTS: Self = both("iam:projects:listProjects");

    /// All that the provider's calls can need; those that sign in are not among them.
    pub const ALL: [Self; 7] = [
        DCS_LIST,
        DCS_KILL,
        DCS_JOB,
        DCS_NODES,
        TAURUSDB_LIST,
        TAURUSDB_KILL,
        Self::PROJECTS,
    ];

    /// The permission of a call; none for calls that sign in, whose advice names theirs.
    pub fn of(line: &RequestLine) -> Option<Self> {
        let segments: Vec<&str> = line.path.split('/').collect();
        Some(match (line.method.as_str(), segments.as_slice()) {
            (_, [.., "instances", _, "clients"]) => DCS_LIST,
            (_, [.., "instances", _, "clients", "kill" | "kill-all"]) => DCS_KILL,
            (_, [.., "instances", _, "logical-nodes"]) => DCS_NODES,
            (_, [.., "jobs", _]) => DCS_JOB,
            ("GET", [.., "nodes", _, "processes"]) => TAURUSDB_LIST,
            ("DELETE", [.., "nodes", _, "processes"]) => TAURUSDB_KILL,
            (_, [.., "v3", "projects"]) => Self::PROJECTS,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests;
