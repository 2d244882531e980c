#![allow(clippy::unwrap_used)]

use super::*;

#[test]
fn each_call_has_its_permission() {
    for (method, path, permission) in [
        ("POST", "/v2/p/instances/i/clients", Some(DCS_LIST)),
        ("GET", "/v2/p/instances/i/clients", Some(DCS_LIST)),
        ("POST", "/v2/p/instances/i/clients/kill", Some(DCS_KILL)),
        ("POST", "/v2/p/instances/i/clients/kill-all", Some(DCS_KILL)),
        ("GET", "/v2/p/instances/i/logical-nodes", Some(DCS_NODES)),
        ("GET", "/v2/p/jobs/j", Some(DCS_JOB)),
        (
            "GET",
            "/v3/p/instances/i/nodes/n/processes",
            Some(TAURUSDB_LIST),
        ),
        (
            "DELETE",
            "/v3/p/instances/i/nodes/n/processes",
            Some(TAURUSDB_KILL),
        ),
        ("GET", "/v3/projects", Some(Permission::PROJECTS)),
        // Behind an endpoint that has a path of its own.
        ("GET", "/gateway/v3/projects", Some(Permission::PROJECTS)),
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
        assert_eq!(Permission::of(&line), permission, "{line}");
    }
}
