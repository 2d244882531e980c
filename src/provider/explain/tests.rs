#![allow(clippy::unwrap_used)]

use super::*;
use crate::huaweicloud::{dcs, taurusdb};

const KILL: (&str, &str) = ("POST", "/v2/p/instances/i/clients/kill-all");
const THREADS: (&str, &str) = ("DELETE", "/v3/p/instances/i/nodes/n/processes");
const PROJECTS: (&str, &str) = ("GET", "/v3/projects");

fn refused(call: (&'static str, &str), status: u16, code: &str, message: &str) -> Error {
    Error::Api {
        line: RequestLine {
            method: call.0.parse().unwrap(),
            origin: "https://dcs.example.com".to_owned(),
            path: call.1.to_owned(),
        },
        answer: Box::new(ApiError {
            api: match code.starts_with("DBS.") {
                true => &taurusdb::API,
                false => &dcs::API,
            },
            status,
            code: Some(code.to_owned()),
            message: Some(message.to_owned()),
            ext_message: None,
            request_id: None,
            clock_offset: None,
            html: false,
        }),
    }
}

#[test]
fn the_advice_follows_the_code() {
    let limit =
        "Incorrect IAM authentication information: AK access failed to reach the limit, forbidden";
    let late = "Incorrect IAM authentication information: signature expired, signature time: 1";
    for (call, status, code, message, says, about) in [
        (
            KILL,
            400,
            "DCS.4848",
            "",
            "Redis 4.0 or later",
            "instance_id",
        ),
        (KILL, 400, "DCS.4027", "", "at the proxies", "node_id"),
        (KILL, 400, "111400027", "", "at the proxies", "node_id"),
        (KILL, 400, "DCS.3053", "", "at the proxies", "node_id"),
        (KILL, 500, "DCS.5053", "", "at the proxies", "node_id"),
        (KILL, 400, "DCS.4026", "", "may be stopped", "instance_id"),
        (KILL, 400, "DCS.4049", "", "may be stopped", "instance_id"),
        (KILL, 400, "DCS.4120", "", "frozen", "instance_id"),
        (
            THREADS,
            400,
            "DAS.200112",
            "",
            "Check database_user_id",
            "database_user_id",
        ),
        (
            THREADS,
            400,
            "DAS.200114",
            "",
            "Check instance_id",
            "instance_id",
        ),
        (
            KILL,
            400,
            "DCS.4017",
            "",
            "busy with another task",
            "instance_id",
        ),
        (
            THREADS,
            409,
            "DBS.200011",
            "",
            "busy with another task",
            "instance_id",
        ),
        (THREADS, 409, "DBS.280406", "", "faulty", "instance_id"),
        (
            THREADS,
            409,
            "DBS.200316",
            "",
            "storage is full",
            "instance_id",
        ),
        (KILL, 401, "APIGW.0301", limit, "Wait five minutes", ""),
        (KILL, 401, "APIGW.0301", late, "Set the clock", ""),
        (
            KILL,
            401,
            "APIGW.0301",
            "securitytokens expired",
            "have expired",
            "",
        ),
        (
            KILL,
            401,
            "APIG.0307",
            "must be updated",
            "The token is not accepted",
            "",
        ),
        (
            KILL,
            403,
            "APIGW.0302",
            "",
            "Grant it dcs:clients:kill in IAM",
            "",
        ),
        (KILL, 403, "APIGW.0401", "", "deny list", ""),
        (
            KILL,
            403,
            "APIGW.0802",
            "",
            "not allowed to use this region",
            "",
        ),
        (
            THREADS,
            403,
            "DBS.280056",
            "",
            "gaussdb:instance:deleteProcesses in IAM (in an identity policy: gaussdbformysql:instance:deleteProcesses)",
            "",
        ),
        (
            PROJECTS,
            403,
            "403",
            "",
            "set project_id in the provider block",
            "",
        ),
        (
            THREADS,
            403,
            "DBS.200010",
            "",
            "check instance_id and node_id",
            "",
        ),
        (PROJECTS, 403, "403", "", "iam:projects:listProjects", ""),
        (KILL, 429, "APIGW.0308", "", "-parallelism", ""),
    ] {
        let error = refused(call, status, code, message);
        let advice = advice(&error).unwrap_or_default();
        assert!(advice.contains(says), "{error}: {advice:?} lacks {says:?}");
        let wanted = match about {
            "" => AttributePath::root(),
            name => AttributePath::new(name),
        };
        assert_eq!(attribute(&error), wanted, "{error}");
    }
}

#[test]
fn a_clock_is_blamed_only_beyond_what_the_gateway_allows() {
    for (seconds, blamed) in [(360, false), (900, false), (901, true), (10_800, true)] {
        let mut error = refused(KILL, 401, "APIGW.0301", "verify aksk signature fail");
        if let Error::Api { answer, .. } = &mut error {
            answer.clock_offset = Some(Duration::from_secs(seconds));
        }
        for error in [
            error.clone(),
            error.while_signing_in(SignInMethod::Password {
                user: "ops".to_owned(),
            }),
        ] {
            let advice = advice(&error).unwrap();
            assert_eq!(
                advice.contains("Set the clock"),
                blamed,
                "{seconds}: {advice}"
            );
        }
    }
}

#[test]
fn no_diagnostic_controls_a_terminal() {
    let mut diags = Diagnostics::default();
    let name = "client\u{1b}[2K\u{9b}1A\u{202e}\r";
    error(
        &mut diags,
        AttributePath::root(),
        format!("1 of {name}"),
        format!("  {name}\n\tnext"),
    );
    warning(
        &mut diags,
        AttributePath::root(),
        format!("1 of {name}"),
        format!("  {name}\n\tnext"),
    );

    for diagnostic in diags.errors.iter().chain(&diags.warnings) {
        let shown = "client\u{fffd}[2K\u{fffd}1A\u{fffd}\u{fffd}";
        assert_eq!(diagnostic.summary, format!("1 of {shown}"));
        assert_eq!(diagnostic.detail, format!("  {shown}\n\tnext"));
    }
}

#[test]
fn a_region_without_das_is_named_with_the_setting_that_helps() {
    let error = crate::huaweicloud::endpoint::Endpoints::default()
        .url(&crate::huaweicloud::das::API, "la-south-2")
        .unwrap_err();
    let advice = advice(&error).unwrap();
    assert_eq!(attribute(&error), AttributePath::new("region"));
    assert_eq!(
        advice,
        "No request was sent. According to the official SDK, DAS has no host in the region la-south-2. If there is one, set \
         endpoints = { das = \"https://HOST\" } in the provider block."
    );
}
