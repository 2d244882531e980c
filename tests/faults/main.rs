//! Every call meets every fault: how many requests are really sent, what goes into state, what the user reads.
//!
//! The table is a document for users, `docs/guides/faults.md`. The test fails when the behaviour no longer is what the
//! document says; `UPDATE_DOCS=1` writes it anew.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/document.rs"]
mod document;
mod pace;
mod server;

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terraform_provider_hwc::huaweicloud::api::Api;
use terraform_provider_hwc::huaweicloud::client::{Client, Settings};
use terraform_provider_hwc::huaweicloud::clock::Clock;
use terraform_provider_hwc::huaweicloud::credentials::assume_role::{
    AgencyDomain, AssumeRole, Role,
};
use terraform_provider_hwc::huaweicloud::credentials::metadata::{self, Metadata};
use terraform_provider_hwc::huaweicloud::credentials::oidc::{IdToken, Oidc};
use terraform_provider_hwc::huaweicloud::credentials::password::{Password, User};
use terraform_provider_hwc::huaweicloud::credentials::temporary::Temporary;
use terraform_provider_hwc::huaweicloud::credentials::{Credential, Keys, ProvideCredential};
use terraform_provider_hwc::huaweicloud::dcs::Dcs;
use terraform_provider_hwc::huaweicloud::endpoint::{Endpoints, parse_endpoint};
use terraform_provider_hwc::huaweicloud::error::{MachineSignIn, Outcome};
use terraform_provider_hwc::huaweicloud::iam::Reference;
use terraform_provider_hwc::huaweicloud::operation::Operation;
use terraform_provider_hwc::huaweicloud::{apis, dcs, iam, sts, taurusdb};
use terraform_provider_hwc::provider::record::Record;
use terraform_provider_hwc::provider::session_kill::KillResource;
use terraform_provider_hwc::provider::sessions::Sessions;
use terraform_provider_hwc::provider::{HwcProvider, services};
use tf_provider::value::ValueEmpty;
use tf_provider::{DataSource, Diagnostics, Resource};
use time::OffsetDateTime;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::server::{Behaviour, Script, Server};

const DOCUMENT: &str = "docs/guides/faults.md";

/// How often a call may be repeated after faults in these tests.
const MAX_RETRIES: u32 = 3;

/// Short, so that the silent ones do not keep the test waiting; long enough for a busy machine.
const REQUEST_TIMEOUT: Duration = Duration::from_millis(1500);
/// The same for connections that are never made.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
/// How many cells of the table are filled in at once: most of them wait.
const AT_ONCE: usize = 12;

/// A clock whose sleeps take no time, and whose dice always fall on the middle.
struct TestClock {
    started: Instant,
    now: OffsetDateTime,
    slept: Mutex<Duration>,
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> OffsetDateTime {
        self.now + *self.slept.lock().unwrap()
    }
    fn instant(&self) -> Instant {
        self.started + *self.slept.lock().unwrap()
    }
    async fn sleep(&self, duration: Duration) {
        *self.slept.lock().unwrap() += duration;
        tokio::task::yield_now().await;
    }
    fn jitter(&self) -> f64 {
        0.5
    }
}

/// A call that can meet a fault.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Call {
    DcsKillAll,
    DcsKill,
    DcsJob,
    DcsNodes,
    DcsScan,
    DcsList,
    TaurusdbKill,
    TaurusdbList,
    ProjectLookup,
    ReachableProjects,
    PasswordToken,
    IdToken,
    AgencyKeys,
    StsKeys,
    MetadataToken,
    MetadataKeys,
}

/// What the user does that leads to the call.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Action {
    /// Creates the resource that kills all sessions of a DCS node.
    DcsResource,
    /// Kills chosen sessions of a DCS node: the call alone, without what comes before and after it.
    DcsKill,
    /// Reads the data source with the sessions of a DCS instance.
    DcsData,
    /// Creates the resource that kills session threads of TaurusDB.
    TaurusdbResource,
    /// Reads the data source with the session threads of a TaurusDB node.
    TaurusdbData,
}

impl Action {
    /// Does it only read?
    const fn reads(self) -> bool {
        matches!(self, Self::DcsData | Self::TaurusdbData)
    }
}

impl Call {
    const ALL: [Self; 16] = [
        Self::DcsKillAll,
        Self::DcsKill,
        Self::DcsJob,
        Self::DcsNodes,
        Self::DcsScan,
        Self::DcsList,
        Self::TaurusdbKill,
        Self::TaurusdbList,
        Self::ProjectLookup,
        Self::ReachableProjects,
        Self::PasswordToken,
        Self::IdToken,
        Self::AgencyKeys,
        Self::StsKeys,
        Self::MetadataToken,
        Self::MetadataKeys,
    ];

    const fn title(self) -> &'static str {
        match self {
            Self::DcsKillAll => "DCS: kill all sessions (`POST …/clients/kill-all`)",
            Self::DcsKill => "DCS: kill chosen sessions (`POST …/clients/kill`)",
            Self::DcsJob => "DCS: look at the job of an accepted kill (`GET …/jobs/…`)",
            Self::DcsNodes => "DCS: list the nodes (`GET …/logical-nodes`)",
            Self::DcsScan => "DCS: collect the sessions of a node (`POST …/clients`)",
            Self::DcsList => "DCS: list the sessions (`GET …/clients`)",
            Self::TaurusdbKill => "TaurusDB: kill session threads (`DELETE …/processes`)",
            Self::TaurusdbList => "TaurusDB: list the session threads (`GET …/processes`)",
            Self::ProjectLookup => "IAM: find the project's id (`GET /v3/projects`)",
            Self::ReachableProjects => {
                "IAM: find the project's id after a 403 of `GET /v3/projects` (`GET /v3/auth/projects`)"
            }
            Self::PasswordToken => "IAM: sign in with a password (`POST /v3/auth/tokens`)",
            Self::IdToken => "IAM: sign in with an id token (`POST /v3.0/OS-AUTH/id-token/tokens`)",
            Self::AgencyKeys => {
                "IAM: get the keys of an agency (`POST /v3.0/OS-CREDENTIAL/securitytokens`)"
            }
            Self::StsKeys => "STS: assume an agency (`POST /v5/agencies/assume`)",
            Self::MetadataToken => {
                "ECS metadata service: get a session token (`PUT /meta-data/latest/api/token`)"
            }
            Self::MetadataKeys => {
                "ECS metadata service: get the keys of the machine (`GET /openstack/latest/securitykey`)"
            }
        }
    }

    const fn rule(self) -> &'static str {
        match self {
            Self::DcsKillAll => {
                "Killing twice would hit clients that have reconnected. The call is repeated only when it certainly did \
                 nothing; when nobody can tell, it is not sent again."
            }
            Self::DcsKill => {
                "A client that has reconnected can have the same address, so the rule is that of killing all. The table \
                 shows the call alone: *accepted*, *rejected* or *unknown*."
            }
            Self::DcsJob => {
                "Looking changes nothing, so it is repeated, and what may pass is waited for until the create time-out. \
                 The kill was accepted before: whatever happens here, the resource is in state with its job id."
            }
            Self::DcsNodes | Self::DcsScan | Self::DcsList | Self::TaurusdbList => {
                "It kills nothing, so it is repeated. The table shows a data source; a kill by `select` that cannot list \
                 the sessions kills nobody."
            }
            Self::TaurusdbKill => {
                "Thread ids are not reused while the server runs, so killing the same ids again hits nobody else, and the call is repeated."
            }
            Self::ProjectLookup
            | Self::PasswordToken
            | Self::IdToken
            | Self::AgencyKeys
            | Self::StsKeys => {
                "It comes before the kill. When it fails, no kill was sent and nothing goes into state."
            }
            Self::ReachableProjects => {
                "It comes before the kill. When it fails, no kill was sent and nothing goes into state. After an \
                 error answer that is not waited out, the error tells the 403 that came before (here `APIGW.0302`)."
            }
            Self::MetadataToken => {
                "It comes before the kill, and is never repeated; each request to this service has 3 seconds. After a 404, \
                 405 or 503 the keys are asked for without a session token, and every 2xx that arrives whole counts as a \
                 token. When it fails, no kill was sent and nothing goes into state."
            }
            Self::MetadataKeys => {
                "It comes before the kill, and is never repeated; each request to this service has 3 seconds. When it \
                 fails, no kill was sent and nothing goes into state."
            }
        }
    }

    const fn action(self) -> Action {
        match self {
            Self::DcsKill => Action::DcsKill,
            Self::DcsNodes | Self::DcsScan | Self::DcsList => Action::DcsData,
            Self::TaurusdbKill => Action::TaurusdbResource,
            Self::TaurusdbList => Action::TaurusdbData,
            _ => Action::DcsResource,
        }
    }

    /// The service that answers it; none for the metadata service, which is found by an address of its own.
    const fn service(self) -> Option<&'static Api> {
        match self {
            Self::DcsKillAll
            | Self::DcsKill
            | Self::DcsJob
            | Self::DcsNodes
            | Self::DcsScan
            | Self::DcsList => Some(&dcs::API),
            Self::TaurusdbKill | Self::TaurusdbList => Some(&taurusdb::API),
            Self::ProjectLookup
            | Self::ReachableProjects
            | Self::PasswordToken
            | Self::IdToken
            | Self::AgencyKeys => Some(&iam::API),
            Self::StsKeys => Some(&sts::API),
            Self::MetadataToken | Self::MetadataKeys => None,
        }
    }

    /// Is this request one of the call?
    const fn is(self) -> fn(&str) -> bool {
        match self {
            Self::DcsKillAll => |line| line.contains("/clients/kill-all"),
            Self::DcsKill => |line| path(line).ends_with("/clients/kill"),
            Self::DcsJob => |line| line.contains("/jobs/"),
            Self::DcsNodes => |line| line.contains("/logical-nodes"),
            Self::DcsScan => |line| line.starts_with("POST") && path(line).ends_with("/clients"),
            Self::DcsList => |line| line.starts_with("GET") && path(line).ends_with("/clients"),
            Self::TaurusdbKill => |line| line.starts_with("DELETE"),
            Self::TaurusdbList => |line| line.starts_with("GET") && line.contains("/processes"),
            Self::ProjectLookup => |line| line.contains("/v3/projects"),
            Self::ReachableProjects => |line| line.contains("/v3/auth/projects"),
            Self::PasswordToken => |line| line.contains("/v3/auth/tokens"),
            Self::IdToken => |line| line.contains("/id-token/tokens"),
            Self::AgencyKeys => |line| line.contains("/securitytokens"),
            Self::StsKeys => |line| line.contains("/v5/agencies/assume"),
            Self::MetadataToken => |line| line.contains("/meta-data/latest/api/token"),
            Self::MetadataKeys => |line| line.contains("/openstack/latest/securitykey"),
        }
    }

    /// Does the same host answer calls before this one?
    const fn comes_after_others(self) -> bool {
        self.comes_second() || matches!(self, Self::DcsScan | Self::DcsList)
    }

    /// Does the same host answer exactly one call before this one?
    const fn comes_second(self) -> bool {
        matches!(
            self,
            Self::DcsJob | Self::ReachableProjects | Self::MetadataKeys
        )
    }

    /// Does the metadata service answer it, which has time limits of its own?
    const fn asks_metadata(self) -> bool {
        matches!(self, Self::MetadataToken | Self::MetadataKeys)
    }

    /// The answers that lead to the call.
    fn script(self) -> Script {
        match self {
            Self::ReachableProjects => script_without_permission,
            _ => script,
        }
    }

    /// What authenticates the user's calls; `url` is the host that the call meets.
    fn credential(self, url: &str) -> Box<dyn ProvideCredential> {
        let keys = || {
            Box::new(Credential::Keys(Keys {
                access_key: "AK".to_owned(),
                secret_key: "SK".to_owned().into(),
                security_token: None,
            }))
        };
        let agency = |domain| {
            let role = Role {
                agency: "ops".to_owned(),
                domain,
                duration: None,
            };
            Box::new(Temporary::new(AssumeRole::new(keys(), role)))
        };
        match self {
            Self::PasswordToken => Box::new(Password::new(User {
                user: Reference::Name("ops".to_owned()),
                domain: Some(Reference::Name("acme".to_owned())),
                password: "SK".to_owned().into(),
            })),
            Self::IdToken => Box::new(Temporary::new(Oidc {
                idp_id: "pipeline".to_owned(),
                id_token: IdToken::Text("SK".to_owned().into()),
            })),
            Self::AgencyKeys => agency(AgencyDomain::Name("acme".to_owned())),
            Self::StsKeys => agency(AgencyDomain::Id("a1b2c3".to_owned())),
            Self::MetadataToken | Self::MetadataKeys => metadata::source(
                Metadata::At(url.parse().unwrap()),
                MachineSignIn::NothingElseGiven,
            ),
            _ => keys(),
        }
    }
}

/// The path of a request's line, without its query.
fn path(line: &str) -> &str {
    let target = line.split(' ').nth(1).unwrap_or_default();
    target.split('?').next().unwrap_or_default()
}

/// The right answers.
fn script(line: &str) -> (u16, String) {
    let is = |call: Call| call.is()(line);
    let answer = if is(Call::DcsKillAll) {
        r#"{"job_id":"8abf6e1e824dfcb201824e02ee9a0015"}"#
    } else if is(Call::DcsJob) {
        r#"{"job_id":"8abf6e1e824dfcb201824e02ee9a0015","status":"SUCCESS","begin_time":"1780000000000","end_time":"1780000001000"}"#
    } else if is(Call::DcsNodes) {
        r#"{"nodes":[{"node_id":"8f7ee181-88e2-49b7-a4bf-81f18f93a135","node_role":"redis-server","node_type":"master","status":"Active"}]}"#
    } else if is(Call::DcsList) {
        // Each list is another one.
        static LISTS: AtomicU64 = AtomicU64::new(0);
        let list = LISTS.fetch_add(1, Ordering::Relaxed);
        let body = format!(
            r#"{{"clients":[{{"id":"7","addr":"10.0.0.7:51234","peer":"10.0.0.7:51234","flags":"N"}}],"count":1,"time":"list {list}"}}"#
        );
        return (200, body);
    } else if is(Call::DcsKill) {
        "{}"
    } else if is(Call::DcsScan) {
        r#"{"job_id":"8abf6e1e824dfcb201824e02ee9a0015"}"#
    } else if is(Call::TaurusdbList) {
        r#"{"processes":[{"id":1,"user":"app","host":"10.0.0.7:51234","db":"shop","command":"Sleep","time":60}],"total_count":1}"#
    } else if is(Call::TaurusdbKill) {
        r#"{"processes_killed":[1,2],"processes_not_found":[3]}"#
    } else if is(Call::PasswordToken) || is(Call::IdToken) {
        r#"{"token":{"expires_at":"2026-11-22T10:00:00.000000Z"}}"#
    } else if is(Call::MetadataToken) {
        "session-of-60-seconds"
    } else if is(Call::AgencyKeys) || is(Call::MetadataKeys) {
        r#"{"credential":{"access":"AK2","secret":"SK2","securitytoken":"ST2","expires_at":"2026-11-22T10:00:00.000000Z"}}"#
    } else if is(Call::StsKeys) {
        r#"{"credentials":{"access_key_id":"AK2","secret_access_key":"SK2","security_token":"ST2","expiration":"2026-11-22T10:00:00.000Z"}}"#
    } else {
        r#"{"projects":[{"id":"619d3e78f61b4be68bc5aa0b59edcf7b","name":"cn-north-4"}]}"#
    };
    (200, answer.to_owned())
}

/// The right answers to a caller who may not list projects by name.
fn script_without_permission(line: &str) -> (u16, String) {
    if Call::ProjectLookup.is()(line) {
        let body =
            r#"{"error_code":"APIGW.0302","error_msg":"The IAM user is forbidden in the system."}"#;
        return (403, body.to_owned());
    }
    script(line)
}

/// What the call meets.
#[derive(Clone, Debug)]
enum Fault {
    /// The connection meets a behaviour.
    Behaviour(Behaviour),
    /// Nobody listens.
    Refused,
    /// The host accepts the connection, but TLS never begins.
    SilentTls,
}

fn answer(status: u16, body: &'static str) -> Fault {
    Fault::Behaviour(Behaviour::Answer {
        status,
        headers: Vec::new(),
        body,
    })
}

fn answer_with(
    status: u16,
    name: &'static str,
    value: impl Into<String>,
    body: &'static str,
) -> Fault {
    Fault::Behaviour(Behaviour::Answer {
        status,
        headers: vec![(name, value.into())],
        body,
    })
}

fn faults(clock: &TestClock) -> Vec<(&'static str, Fault)> {
    let in_a_minute = httpdate::fmt_http_date((clock.now() + Duration::from_secs(60)).into());
    let hours_off = httpdate::fmt_http_date((clock.now() + Duration::from_secs(3 * 3600)).into());
    let throttled =
        r#"{"error_code":"APIGW.0308","error_msg":"The throttling threshold has been reached"}"#;
    vec![
        ("connection refused", Fault::Refused),
        ("TLS never answers", Fault::SilentTls),
        (
            "reset with the request unread",
            Fault::Behaviour(Behaviour::ResetBefore),
        ),
        (
            "reset after the request was read",
            Fault::Behaviour(Behaviour::ResetAfter),
        ),
        (
            "no answer within the time limit",
            Fault::Behaviour(Behaviour::Silent),
        ),
        ("answer cut short", Fault::Behaviour(Behaviour::Truncated)),
        ("a byte now and then", Fault::Behaviour(Behaviour::SlowDrip)),
        ("an endless answer", Fault::Behaviour(Behaviour::Endless)),
        (
            "bytes that are not HTTP",
            Fault::Behaviour(Behaviour::Garbage),
        ),
        ("200 with an empty body", answer(200, "")),
        (
            "200 with an HTML page",
            answer(200, "<!DOCTYPE html><html><body>Sign in</body></html>"),
        ),
        (
            "200 with JSON of the wrong type",
            answer(200, r#"["unexpected"]"#),
        ),
        (
            "200 with a null where a value should be",
            answer(
                200,
                r#"{"job_id":null,"status":null,"processes_killed":null,"projects":null}"#,
            ),
        ),
        (
            "301 to another host",
            answer_with(301, "location", "http://127.0.0.1:9/elsewhere", ""),
        ),
        (
            "400",
            answer(
                400,
                r#"{"error_code":"DCS.4003","error_msg":"Invalid request."}"#,
            ),
        ),
        (
            "400 instance busy (DCS.4957)",
            answer(
                400,
                r#"{"error_code":"DCS.4957","error_msg":"This operation is not allowed when the task is in the current state."}"#,
            ),
        ),
        (
            "401",
            answer(
                401,
                r#"{"error_code":"APIGW.0301","error_msg":"Incorrect IAM authentication information: verify aksk signature fail"}"#,
            ),
        ),
        (
            "401, clocks differ by three hours",
            answer_with(
                401,
                "date",
                hours_off,
                r#"{"error_code":"APIGW.0301","error_msg":"Incorrect IAM authentication information: x-sdk-date is out of range"}"#,
            ),
        ),
        (
            "401 credentials expired",
            answer(
                401,
                r#"{"error_code":"APIGW.0301","error_msg":"Incorrect IAM authentication information: the security token has expired"}"#,
            ),
        ),
        (
            "403",
            answer(
                403,
                r#"{"error_code":"APIGW.0302","error_msg":"The IAM user is forbidden in the system."}"#,
            ),
        ),
        (
            "404",
            answer(
                404,
                r#"{"error_code":"DCS.4404","error_msg":"The requested resource could not be found."}"#,
            ),
        ),
        (
            "409",
            answer(
                409,
                r#"{"error_code":"DBS.200019","error_msg":"Another operation is being performed."}"#,
            ),
        ),
        ("429", answer(429, throttled)),
        (
            "429, Retry-After of 7 seconds",
            answer_with(429, "retry-after", "7", throttled),
        ),
        (
            "429, a limit for ten seconds",
            answer(
                429,
                r#"{"error_code":"APIGW.0308","error_msg":"The throttling threshold has been reached: policy user over ratelimit,limit:60,time:10 second"}"#,
            ),
        ),
        (
            "429, Retry-After of a date after the time-out",
            answer_with(429, "retry-after", in_a_minute, throttled),
        ),
        (
            "500",
            answer(
                500,
                r#"{"error_code":"DCS.5000","error_msg":"Internal service error."}"#,
            ),
        ),
        ("502", answer(502, "<html><body>Bad gateway</body></html>")),
        (
            "502, the gateway reached nobody (APIGW.0610)",
            answer(
                502,
                r#"{"error_code":"APIGW.0610","error_msg":"Backend unreachable."}"#,
            ),
        ),
        (
            "503 from the gateway (APIGW.0613)",
            answer(
                503,
                r#"{"error_code":"APIGW.0613","error_msg":"IAM unreachable."}"#,
            ),
        ),
        (
            "503 without the gateway's code",
            answer(503, r#"{"message":"no healthy upstream"}"#),
        ),
        (
            "504",
            answer(
                504,
                r#"{"error_code":"APIGW.0201","error_msg":"Backend timeout."}"#,
            ),
        ),
    ]
}

/// How the user's action ended.
#[derive(Debug, PartialEq)]
struct Ending {
    /// Requests of the call that arrived.
    sent: usize,
    /// Kills that arrived, of either service.
    kills: usize,
    state: &'static str,
    /// `job_id`, or how many were killed.
    proof: String,
    diagnostics: Vec<String>,
    details: String,
    waited: Duration,
}

fn clock() -> Arc<TestClock> {
    Arc::new(TestClock {
        started: Instant::now(),
        now: time::macros::datetime!(2026-11-21 10:00:00 UTC),
        slept: Mutex::default(),
    })
}

/// Runs the action whose `call` meets the faults: `first` in order, then `rest` for ever.
async fn run(call: Call, faults: Vec<Fault>, rest: Fault) -> Ending {
    let clock = clock();
    let mut good = Server::start(Vec::new(), Behaviour::Good, call.script()).await;
    let mut faulty = None;
    let url;

    let behaviour = |fault: &Fault| match fault {
        Fault::Behaviour(behaviour) => Some(behaviour.clone()),
        Fault::Refused | Fault::SilentTls => None,
    };
    let mut silent = None;
    match (&rest, behaviour(&rest)) {
        (_, Some(rest)) => {
            let first = faults.iter().filter_map(behaviour).collect();
            let server = Server::start_for(call.is(), first, rest, call.script()).await;
            url = server.url();
            faulty = Some(server);
        }
        (Fault::Refused, None) => {
            // A port that was free a moment ago; a call before it goes to a server that stops after that one.
            if call.comes_after_others() {
                good = Server::start(Vec::new(), Behaviour::Good, call.script()).await;
                url = one_good_then_refused(&good).await;
            } else {
                let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
                url = format!("http://{}", listener.local_addr().unwrap());
            }
        }
        (_, None) => {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            url = format!("https://{}", listener.local_addr().unwrap());
            silent = Some(listener);
        }
    }

    let mut endpoints = Endpoints::default();
    for service in apis::ALL {
        let target = if Some(service) == call.service() {
            url.clone()
        } else {
            good.url()
        };
        endpoints.set(service, parse_endpoint(&target).unwrap());
    }
    let settings = Settings {
        endpoints,
        region: Some("cn-north-4".to_owned()),
        max_retries: MAX_RETRIES,
        connect_timeout: CONNECT_TIMEOUT,
        request_timeout: REQUEST_TIMEOUT,
        ..Settings::default()
    };
    let client = Client::with_clock(settings, call.credential(&url), clock.clone());
    // Sleeps take no time here, but slow answers do: there must not be too many of them.
    let slow = matches!(
        rest,
        Fault::Behaviour(Behaviour::Silent | Behaviour::SlowDrip)
    ) && !call.asks_metadata();
    let limit = if slow { "3s" } else { "40s" };
    let mut ending = if call.action() == Action::DcsKill {
        kill_chosen(&client, limit).await
    } else {
        let (state, diags) = act(call.action(), limit, HwcProvider::with_client(client)).await;
        ending(call.action(), state, &diags)
    };
    drop(silent);

    let count = |is: fn(&str) -> bool| {
        faulty.as_ref().map_or(0, |server| server.count_of(is)) + good.count_of(is)
    };
    ending.sent = count(call.is()) + count(|line| line == "unread");
    ending.kills = count(|line| line.contains("/clients/kill") || line.starts_with("DELETE"));
    ending.waited = *clock.slept.lock().unwrap();
    ending
}

/// What is left of an action, and what is said of it.
fn ending(action: Action, state: Option<Json>, diags: &Diagnostics) -> Ending {
    Ending {
        sent: 0,
        kills: 0,
        proof: state
            .as_ref()
            .map(|state| proof(action, state))
            .unwrap_or_default(),
        state: match (&state, diags.errors.is_empty()) {
            (None, _) => "nothing",
            (Some(_), true) if action.reads() => "read",
            (Some(_), true) => "in state",
            (Some(_), false) => "tainted",
        },
        diagnostics: diags
            .errors
            .iter()
            .map(|diag| format!("Error: {}", diag.summary))
            .chain(
                diags
                    .warnings
                    .iter()
                    .map(|diag| format!("Warning: {}", diag.summary)),
            )
            .collect(),
        details: diags
            .errors
            .iter()
            .chain(&diags.warnings)
            .map(|diag| diag.detail.to_string())
            .collect::<Vec<_>>()
            .join("\n"),
        waited: Duration::ZERO,
    }
}

/// Kills chosen sessions, by the call alone.
async fn kill_chosen(client: &Client, limit: &str) -> Ending {
    let seconds = limit.trim_end_matches('s').parse().unwrap();
    let limit = Duration::from_secs(seconds);
    let operation = Operation::new(client.clock(), limit, CancellationToken::new());
    let instance = "5560df16-cebf-4473-95c4-d1b573c16e79".parse().unwrap();
    let node = "8f7ee181-88e2-49b7-a4bf-81f18f93a135".parse().unwrap();
    let addresses = ["10.0.0.7:51234".to_owned()];
    let outcome = Dcs::new(client, "cn-north-4")
        .kill(&instance, &node, &addresses, None, &operation)
        .await;
    let (state, details) = match outcome {
        Outcome::Accepted(_) => ("accepted", String::new()),
        Outcome::Rejected(error) => ("rejected", error.to_string()),
        Outcome::Unknown(error) => ("unknown", error.to_string()),
    };
    Ending {
        sent: 0,
        kills: 0,
        state,
        proof: String::new(),
        diagnostics: Vec::new(),
        details,
        waited: Duration::ZERO,
    }
}

/// A relay that passes one connection on to `good` and is gone afterwards.
async fn one_good_then_refused(good: &Server) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let target = good.address;
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        drop(listener);
        let mut server = tokio::net::TcpStream::connect(target).await.unwrap();
        _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
    });
    url
}

/// What the user has in the end: the sessions of a data source, or what a kill proves by the service's own words.
fn proof(action: Action, state: &Json) -> String {
    if action.reads() {
        let number = state["sessions"].as_array().map_or(0, Vec::len);
        return format!("sessions: {number}");
    }
    if let Some(id) = state.get("job_id") {
        return match id {
            Json::Null => "no job id".to_owned(),
            _ => "job id".to_owned(),
        };
    }
    match &state["processes_killed"] {
        Json::Null => "no lists".to_owned(),
        list => format!("{} killed", list.as_array().unwrap().len()),
    }
}

/// Does what leads to the call.
async fn act(action: Action, limit: &str, provider: HwcProvider) -> (Option<Json>, Diagnostics) {
    let dcs =
        json!({"region": "cn-north-4", "instance_id": "5560df16-cebf-4473-95c4-d1b573c16e79"});
    let taurusdb = json!({
        "region": "cn-north-4",
        "instance_id": "a23fb62bd61e4e9e9636fd2225f395bein07",
        "node_id": "18663926eacb443d98dc20f8620f28f2no07",
    });
    let (service, mut arguments) = match action {
        Action::DcsData | Action::DcsResource | Action::DcsKill => ("dcs", dcs),
        Action::TaurusdbData | Action::TaurusdbResource => ("taurusdb", taurusdb),
    };
    match action {
        Action::DcsData | Action::TaurusdbData => read(service, provider, &arguments).await,
        Action::DcsResource | Action::DcsKill => {
            arguments["node_id"] = json!("8f7ee181-88e2-49b7-a4bf-81f18f93a135");
            arguments["kill_all_nodes"] = json!(false);
            arguments["wait_for_completion"] = json!(true);
            create(service, provider, arguments, limit).await
        }
        Action::TaurusdbResource => {
            arguments["processes"] = json!([1, 2, 3]);
            create(service, provider, arguments, limit).await
        }
    }
}

/// Reads the data source of a service.
async fn read(service: &str, provider: HwcProvider, config: &Json) -> (Option<Json>, Diagnostics) {
    let mut diags = Diagnostics::default();
    let config: Record = serde_json::from_value(config.clone()).unwrap();
    let state = Sessions::new(provider, services::named(service).unwrap())
        .read(&mut diags, config, ValueEmpty::Null)
        .await;
    (state.map(|state| json!(state)), diags)
}

/// Creates the resource of a service that kills.
async fn create(
    service: &str,
    provider: HwcProvider,
    mut planned: Json,
    limit: &str,
) -> (Option<Json>, Diagnostics) {
    let mut diags = Diagnostics::default();
    planned["fail_on_not_found"] = json!(false);
    planned["timeouts"] = json!([{"create": limit}]);
    let record = || serde_json::from_value::<Record>(planned.clone()).unwrap();
    let none = ValueEmpty::Null;
    let state = KillResource::new(provider, services::named(service).unwrap())
        .create(&mut diags, record(), record(), none, none)
        .await;
    (state.map(|(state, _)| json!(state)), diags)
}

/// The rules that must hold for every cell, whatever the table says.
fn check_rules(call: Call, name: &str, ending: &Ending) {
    let what = format!("{call:?}, {name}: {ending:?}");
    if call != Call::TaurusdbKill && ending.state == "nothing" {
        // What is not in state was certainly not done: at most refused requests were sent.
        assert!(!ending.details.contains("unknown"), "{what}");
    }
    if ending.state == "nothing" {
        assert!(!ending.diagnostics.is_empty(), "an error says why: {what}");
    }
    match call {
        Call::DcsJob => {
            assert_eq!(ending.kills, 1, "one kill, never two: {what}");
            assert_eq!(ending.proof, "job id", "{what}");
        }
        // The refused ones are counted too.
        Call::DcsKillAll | Call::DcsKill | Call::TaurusdbKill => {}
        _ if ending.state == "in state" => assert_eq!(ending.kills, 1, "{what}"),
        _ => assert_eq!(ending.kills, 0, "{what}"),
    }
    if matches!(call, Call::DcsKillAll | Call::DcsKill)
        && matches!(ending.state, "tainted" | "unknown")
        && !name.starts_with("4")
    {
        assert_eq!(ending.sent, 1, "nothing is sent again in doubt: {what}");
    }
    if call.asks_metadata() {
        assert!(ending.sent <= 1, "the machine is asked once: {what}");
    }
    if !matches!(ending.state, "in state" | "read") && call != Call::DcsKill {
        assert!(
            [
                "Tried:",
                "status was",
                "did not show a new list",
                "was asked last, at http"
            ]
            .iter()
            .any(|words| ending.details.contains(words)),
            "it says what was tried, or what was seen: {what}"
        );
    }
    assert!(!ending.details.contains("\"SK\""), "{what}");
}

fn row(name: &str, once: Option<&Ending>, always: &Ending) -> String {
    let cell = |ending: &Ending| {
        let mut text = ending.state.to_owned();
        if !ending.proof.is_empty() {
            _ = write!(text, " ({})", ending.proof);
        }
        for line in &ending.diagnostics {
            _ = write!(text, "<br>{line}");
        }
        text
    };
    // The number is the same in every row, and says nothing.
    let cell = |ending: &Ending| cell(ending).replace("8abf6e1e824dfcb201824e02ee9a0015", "…");
    let once = once.map_or("| | ".to_owned(), |ending| {
        format!("| {} | {} ", ending.sent, cell(ending))
    });
    format!("| {name} {once}| {} | {} |\n", always.sent, cell(always))
}

const INTRODUCTION: &str = "\
---
page_title: \"Faults: what happens when something goes wrong\"
description: |-
  Every API call and every fault: how often it is sent, what is in state afterwards, and what the error says.
---

# Faults

What happens when the network, the gateway or the service misbehaves. This page is written by the test that makes every
call meet every fault; the numbers are counted, not promised.

Every call that kills ends in one of three ways. *Accepted*: the resource is in state with what came back. *Rejected*:
certainly nothing happened, and nothing goes into state. *Unknown*: the request may have arrived, its answer was lost, and
looking did not settle it; the resource is in state, tainted, and the error says what was seen and what to check. A job that
was accepted and fails later is in state, tainted, with its id.

To look means: after a lost answer the provider lists the sessions, for two minutes at most. When none from before the kill is
left, the kill counts as done: in state, not tainted, with a warning. In these tables one session is always left, and DCS does
not tell its age, so the outcome stays unknown.

The codes in the tables are the test's, the same for every call. How to read them: *once* is a fault that happens one time, after which all is well; *always* is one that stays.
*Sent* counts the requests that arrived, with `max_retries = 3` (the default is 5) and a create time-out of 40
seconds (3 seconds where the answers themselves are slow; the default is 10 minutes). A data source has 5 minutes. In state:
*nothing*, *in state*, or *tainted*: in state, but the next apply replaces the resource, which kills again, unless you run
`terraform untaint`. *Read*: the data source has its values.

Between attempts lies a random delay from 0.1 to at most 0.2 seconds, then 0.4, 0.8 and so on up to 20, and not less than
what `Retry-After` asks for. A busy instance (`DCS.4957` and the like) is asked again until the create time-out, with delays
of at most 1 to 15 seconds.

A 429 is waited out until the create time-out and is not counted by `max_retries`: as long as `Retry-After` says; else as
long as the limit's time that the message names (`time:1 minute`); else 1 second after the first one, and 60, 120, 240 and
300 seconds after those that follow. All calls of the same API wait together, and all calls to the same host slow down
together. When the cloud asks for a wait that the time-out does not allow, the call ends at once with \"will not finish in
time\". A look at the job of an accepted kill is the exception: it comes after a minute at the latest.

A delay that would cross the create time-out is cut, so that a last attempt fits: 2 seconds before the end, or a tenth of a
short time-out. A kill needs 5 seconds more, or half of a short time-out, so that its answer can be heard; it goes out on a
new connection, and when that cannot be made nothing was sent. A 503 counts as a call that did nothing only with a code of
the gateway's own (`APIGW.`, `APIG.`), a 502 only with its code `0610`. No redirect is followed. An answer is read up to
16 MiB, an attempt takes at most 60 seconds, and the create time-out bounds everything.

When the provider's process, the engine or the machine dies while a kill is under way, nobody is left to write state: the
kill may have happened, nothing of it is in state, and the next plan wants to create the resource, which kills again. Look
at the sessions first; if they were killed, take the resource out of the configuration instead of applying it. A cloud that
goes away while a job is followed is waited for until the create time-out.
";

/// The call meets the fault one time, and always; `None` where that cannot be.
async fn meet(call: Call, fault: Fault) -> (Option<Ending>, Option<Ending>) {
    match fault {
        // The same host answered a moment ago: TLS cannot be missing for this call alone.
        Fault::SilentTls if call.comes_after_others() => (None, None),
        // Only one connection is good before.
        Fault::Refused if call.comes_after_others() && !call.comes_second() => (None, None),
        Fault::Refused | Fault::SilentTls => (None, Some(run(call, Vec::new(), fault).await)),
        Fault::Behaviour(_) => {
            let good = Fault::Behaviour(Behaviour::Good);
            (
                Some(run(call, vec![fault.clone()], good).await),
                Some(run(call, Vec::new(), fault).await),
            )
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_meets_every_fault_as_the_document_says() {
    let slots = Arc::new(Semaphore::new(AT_ONCE));
    let tables = Call::ALL.map(|call| {
        let cells = faults(&clock()).into_iter().map(|(name, fault)| {
            let slots = Arc::clone(&slots);
            tokio::spawn(async move {
                let _slot = slots.acquire().await.unwrap();
                let (once, always) = meet(call, fault).await;
                (name, once, always)
            })
        });
        (call, cells.collect::<Vec<_>>())
    });

    let mut document = INTRODUCTION.to_owned();
    for (call, cells) in tables {
        _ = write!(
            document,
            "\n## {}\n\n{}\n\n| fault | sent, once | then | sent, always | then |\n| --- | --- | --- | --- | --- |\n",
            call.title(),
            call.rule()
        );
        for cell in cells {
            let (name, once, always) = cell.await.unwrap();
            for ending in once.iter().chain(&always) {
                check_rules(call, name, ending);
            }
            if let Some(always) = always {
                document += &row(name, once.as_ref(), &always);
            }
        }
    }

    document::must_say(DOCUMENT, &document);
}
