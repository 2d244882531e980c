#![allow(clippy::unwrap_used)]

use super::*;
use crate::huaweicloud::iam::PROJECTS_PERMISSION;

#[test]
fn each_call_has_its_permission() {
    for (method, path, permission) in [
        (
            "POST",
            "/v2/p/instances/i/clients",
            Some("dcs:clients:list"),
        ),
        ("GET", "/v2/p/instances/i/clients", Some("dcs:clients:list")),
        (
            "POST",
            "/v2/p/instances/i/clients/kill",
            Some("dcs:clients:kill"),
        ),
        (
            "POST",
            "/v2/p/instances/i/clients/kill-all",
            Some("dcs:clients:kill"),
        ),
        (
            "GET",
            "/v2/p/instances/i/logical-nodes",
            Some("dcs:instance:get"),
        ),
        ("GET", "/v2/p/jobs/j", Some("dcs:job:get")),
        (
            "GET",
            "/v3/p/instances/i/nodes/n/processes",
            Some("gaussdb:instance:listProcesses"),
        ),
        (
            "GET",
            "/v3/p/instances/i/nodes/n/process/lock-wait",
            Some("gaussdb:instance:listProcesses"),
        ),
        (
            "DELETE",
            "/v3/p/instances/i/nodes/n/processes",
            Some("gaussdb:instance:deleteProcesses"),
        ),
        (
            "GET",
            "/v3/p/instances/i/htap/process",
            Some("gaussdb:instance:list"),
        ),
        (
            "DELETE",
            "/v3/p/instances/i/htap/process",
            Some("gaussdb:instance:modify"),
        ),
        (
            "GET",
            "/v3/p/instances/i/processes",
            Some("das::showCloudDBAInfo"),
        ),
        (
            "GET",
            "/v3/p/instances/i/pg/query-process-list",
            Some("das::showCloudDBAInfo"),
        ),
        (
            "DELETE",
            "/v3/p/instances/i/process",
            Some("das:clouddba:deleteProcess"),
        ),
        (
            "POST",
            "/v3/p/instances/i/kill-process",
            Some("das:clouddba:deleteProcess"),
        ),
        ("POST", "/v3/p/instances/i/real-time-session", None),
        ("POST", "/v3/p/instances/i/kill-session", None),
        (
            "GET",
            "/v3/p/redis/nodes/n/sessions",
            Some("nosql:session:list"),
        ),
        (
            "DELETE",
            "/v3/p/redis/nodes/n/sessions",
            Some("nosql:session:delete"),
        ),
        ("GET", "/v3/p/instances/i/logical-processes", None),
        ("DELETE", "/v3/p/instances/i/physical-processes", None),
        ("GET", "/v3/p/instances/i/processes-audit-log", None),
        (
            "GET",
            "/v3/p/nodes/n/sessions",
            Some("dds:instance:session"),
        ),
        (
            "POST",
            "/v3/p/nodes/n/session",
            Some("dds:instance:session"),
        ),
        (
            "GET",
            "/v3/projects",
            Some(PROJECTS_PERMISSION.role_and_policy),
        ),
        // Behind an endpoint that has a path of its own.
        (
            "GET",
            "/gateway/v3/projects",
            Some(PROJECTS_PERMISSION.role_and_policy),
        ),
        ("GET", "/v3/auth/projects", None),
        ("POST", "/v3/auth/tokens", None),
        ("POST", "/v3.0/OS-CREDENTIAL/securitytokens", None),
        ("POST", "/v5/agencies/assume", None),
    ] {
        let line = RequestLine {
            method: method.parse().unwrap(),
            origin: "https://dcs.example.com".to_owned(),
            path: path.to_owned(),
        };
        assert_eq!(
            permission_of(&line).map(|found| found.role_and_policy),
            permission,
            "{line}"
        );
    }
}
