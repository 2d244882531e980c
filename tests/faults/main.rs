//! Every call meets every fault: how many requests are really sent, what goes into state, what the user reads.
//!
//! The table is a document for users, `docs/guides/faults.md`. The test fails when the behaviour no longer is what the
//! document says; `UPDATE_DOCS=1` writes it anew.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod pace;
mod server;
#[path = "../support/mod.rs"]
#[allow(dead_code)]
mod support;

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
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
use terraform_provider_hwc::huaweicloud::endpoint::{Endpoints, parse_endpoint};
use terraform_provider_hwc::huaweicloud::error::MachineSignIn;
use terraform_provider_hwc::huaweicloud::iam::Reference;
use terraform_provider_hwc::huaweicloud::{apis, dcs, ddm, iam, sts, taurusdb};
use terraform_provider_hwc::provider::record::Record;
use terraform_provider_hwc::provider::service::PlaceKind;
use terraform_provider_hwc::provider::session_kill::SessionKill;
use terraform_provider_hwc::provider::sessions::Sessions;
use terraform_provider_hwc::provider::{HwcProvider, services};
use tf_provider::value::ValueEmpty;
use tf_provider::{DataSource, Diagnostics, Resource};
use time::OffsetDateTime;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use self::server::{Behaviour, Server};
use self::support::document;
use self::support::services::{SERVICES, Service};

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
#[derive(Clone, Copy)]
enum Call {
    /// Kills chosen sessions of a service.
    Kill(&'static Service),
    /// Lists sessions of a service.
    List(&'static Service),
    DcsKillAll,
    DcsJob,
    DcsNodes,
    DcsScan,
    LockWait,
    DdmKillLog,
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
#[derive(Clone, Copy)]
enum Action {
    /// Creates the resource that kills listed sessions.
    Kill(&'static Service),
    /// Creates the resource that kills all sessions of the place.
    KillAll(&'static Service),
    /// Reads the data source with the sessions of the place.
    List(&'static Service),
    /// Reads the data source with the sessions of a DCS instance.
    ListInstance(&'static Service),
    /// Reads the data source with the sessions that others wait for.
    ListBlocking(&'static Service),
}

impl Action {
    /// Does it only read?
    const fn reads(self) -> bool {
        matches!(
            self,
            Self::List(_) | Self::ListInstance(_) | Self::ListBlocking(_)
        )
    }
}

impl Call {
    /// Every call, in the order of the document.
    fn all() -> Vec<Self> {
        let of_services = SERVICES
            .iter()
            .flat_map(|service| [Self::Kill(service), Self::List(service)]);
        let of_dcs = [
            Self::DcsKillAll,
            Self::DcsJob,
            Self::DcsNodes,
            Self::DcsScan,
        ];
        let to_sign_in = [
            Self::ProjectLookup,
            Self::ReachableProjects,
            Self::PasswordToken,
            Self::IdToken,
            Self::AgencyKeys,
            Self::StsKeys,
            Self::MetadataToken,
            Self::MetadataKeys,
        ];
        of_dcs
            .into_iter()
            .chain(of_services)
            .chain([Self::LockWait, Self::DdmKillLog])
            .chain(to_sign_in)
            .collect()
    }

    /// Which API answers, what the call does, and the request.
    fn title(self) -> (&'static str, &'static str, String) {
        let request = |(method, path): (&str, &str)| format!("{method} …{path}");
        let (api, what, line) = match self {
            Self::Kill(service) => {
                let name = service.description().words.service;
                return (name, "kill chosen sessions", request(service.kill));
            }
            Self::List(service) => {
                let name = service.description().words.service;
                return (name, "list the sessions", request(service.list));
            }
            Self::DcsKillAll => ("DCS", "kill all sessions", "POST …/clients/kill-all"),
            Self::DcsJob => ("DCS", "look at the job of an accepted kill", "GET …/jobs/…"),
            Self::DcsNodes => ("DCS", "list the nodes", "GET …/logical-nodes"),
            Self::DcsScan => ("DCS", "collect the sessions of a node", "POST …/clients"),
            Self::LockWait => (
                "TaurusDB",
                "ask which session another one waits for",
                "GET …/process/lock-wait",
            ),
            Self::DdmKillLog => ("DDM", "read the log of kills", "GET …/processes-audit-log"),
            Self::ProjectLookup => ("IAM", "find the project's ID", "GET /v3/projects"),
            Self::ReachableProjects => (
                "IAM",
                "find the project's ID after a 403 of `GET /v3/projects`",
                "GET /v3/auth/projects",
            ),
            Self::PasswordToken => ("IAM", "sign in with a password", "POST /v3/auth/tokens"),
            Self::IdToken => (
                "IAM",
                "sign in with an ID token",
                "POST /v3.0/OS-AUTH/id-token/tokens",
            ),
            Self::AgencyKeys => (
                "IAM",
                "get the keys of an agency",
                "POST /v3.0/OS-CREDENTIAL/securitytokens",
            ),
            Self::StsKeys => ("STS", "assume an agency", "POST /v5/agencies/assume"),
            Self::MetadataToken => (
                "ECS metadata service",
                "get a session token",
                "PUT /meta-data/latest/api/token",
            ),
            Self::MetadataKeys => (
                "ECS metadata service",
                "get the keys of the machine",
                "GET /openstack/latest/securitykey",
            ),
        };
        (api, what, line.to_owned())
    }

    const fn rule(self) -> &'static str {
        match self {
            Self::DcsKillAll => {
                "A second kill would hit clients that have reconnected. The call is sent again only if it certainly had no \
                 effect. If this is not known, it is not sent again."
            }
            Self::Kill(_) => {
                "The name of a session can belong to another session later, for example after the server restarts. The call is sent \
                 again only if it certainly had no effect. If this is not known, it is not sent again. The table shows a kill of \
                 listed sessions."
            }
            Self::DcsJob => {
                "The call changes nothing, so it is sent again until the create time-out after a fault that may pass. \
                 The kill was accepted before: in every case, the resource is in state with its job ID."
            }
            Self::LockWait => {
                "The condition `blocking` asks this for each busy session. The call kills nothing, so it is sent again. The table \
                 shows a data source with one session that waits for another. If a kill cannot ask, it kills no session."
            }
            Self::DdmKillLog => {
                "The call comes after an accepted kill whose sessions cannot be listed any more. Nothing follows from its failure: the \
                 outcome stays unknown, and the warning says so. It is sent again after a 429, and after an answer that was lost."
            }
            Self::DcsNodes | Self::DcsScan | Self::List(_) => {
                "The call kills nothing, so it is sent again. The table shows a data source. A kill that has to list the sessions \
                 first and cannot kills no session."
            }
            Self::ProjectLookup
            | Self::PasswordToken
            | Self::IdToken
            | Self::AgencyKeys
            | Self::StsKeys => {
                "The call comes before the kill. If it fails, no kill is sent and nothing is stored in state."
            }
            Self::ReachableProjects => {
                "The call comes before the kill. If it fails, no kill is sent and nothing is stored in state. After an \
                 error answer that is final, the error shows the 403 that came before (here `APIGW.0302`)."
            }
            Self::MetadataToken => {
                "The call comes before the kill, and is never sent again. Each request to this service has 3 seconds. After a \
                 404, 405 or 503 the provider asks for the keys without a session token. Every complete 2xx counts as a \
                 token. If the call fails, no kill is sent and nothing is stored in state."
            }
            Self::MetadataKeys => {
                "The call comes before the kill, and is never sent again. Each request to this service has 3 seconds. If it \
                 fails, no kill is sent and nothing is stored in state."
            }
        }
    }

    fn action(self) -> Action {
        let dcs = Service::named("dcs");
        match self {
            Self::Kill(service) => Action::Kill(service),
            Self::List(service) => Action::List(service),
            Self::DcsNodes | Self::DcsScan => Action::ListInstance(dcs),
            Self::LockWait => Action::ListBlocking(Service::named("taurusdb")),
            Self::DdmKillLog => Action::Kill(Service::named("ddm_logical")),
            _ => Action::KillAll(dcs),
        }
    }

    /// The service that answers it; none for the metadata service, which is found by an address of its own.
    const fn api(self) -> Option<&'static Api> {
        match self {
            Self::Kill(service) | Self::List(service) => Some(service.api),
            Self::DcsKillAll | Self::DcsJob | Self::DcsNodes | Self::DcsScan => Some(&dcs::API),
            Self::LockWait => Some(&taurusdb::API),
            Self::DdmKillLog => Some(&ddm::API),
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
    fn is(self, line: &str) -> bool {
        match self {
            Self::Kill(service) => is_request(service.kill, line),
            Self::List(service) => is_request(service.list, line),
            Self::DcsKillAll => line.contains("/clients/kill-all"),
            Self::DcsJob => line.contains("/jobs/"),
            Self::DcsNodes => line.contains("/logical-nodes"),
            Self::DcsScan => is_request(("POST", "/clients"), line),
            Self::LockWait => is_request(("GET", "/process/lock-wait"), line),
            Self::DdmKillLog => is_request(("GET", "/processes-audit-log"), line),
            Self::ProjectLookup => line.contains("/v3/projects"),
            Self::ReachableProjects => line.contains("/v3/auth/projects"),
            Self::PasswordToken => line.contains("/v3/auth/tokens"),
            Self::IdToken => line.contains("/id-token/tokens"),
            Self::AgencyKeys => line.contains("/securitytokens"),
            Self::StsKeys => line.contains("/v5/agencies/assume"),
            Self::MetadataToken => line.contains("/meta-data/latest/api/token"),
            Self::MetadataKeys => line.contains("/openstack/latest/securitykey"),
        }
    }

    /// Is this request a kill of the action that leads to the call?
    fn is_kill(self, line: &str) -> bool {
        let chosen = match self.action() {
            Action::Kill(service) => Self::Kill(service).is(line),
            _ => false,
        };
        chosen || Self::DcsKillAll.is(line)
    }

    /// Does the metadata service answer it, which has time limits of its own?
    const fn asks_metadata(self) -> bool {
        matches!(self, Self::MetadataToken | Self::MetadataKeys)
    }

    /// The answers that lead to the call, of a cloud of its own.
    fn script(self) -> impl Fn(&str) -> (u16, String) + Send + Sync + Clone + 'static {
        let cloud = Arc::new(Cloud::default());
        move |line| {
            match self {
            Self::ReachableProjects if Self::ProjectLookup.is(line) => (
                403,
                r#"{"error_code":"APIGW.0302","error_msg":"The IAM user is forbidden in the system."}"#
                    .to_owned(),
            ),
            Self::LockWait if is_request(("GET", "/processes"), line) => (
                200,
                r#"{"processes":[{"id":"1","user":"app","command":"Sleep"},{"id":"2","user":"app","command":"Query"}],"total_count":2}"#
                    .to_owned(),
            ),
            Self::LockWait if self.is(line) => (
                200,
                r#"{"abnormal_root_cause":{"lock_root_cause":{"blocker_pid":1}}}"#.to_owned(),
            ),
            Self::DdmKillLog if self.is(line) => (200, cloud.log_of(self.action()).to_string()),
            Self::DdmKillLog => cloud.answer_until_killed(self.action(), line),
            Self::Kill(service) | Self::List(service) => (cloud.answer_of(service, line))
                .map_or_else(|| script(line), |answer| (200, answer.to_string())),
            _ => script(line),
        }
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

/// Is a line a request of this method whose path ends so?
fn is_request((method, path_end): (&str, &str), line: &str) -> bool {
    let mut words = line.split(' ');
    let is_method = words.next() == Some(method);
    let path = words.next().unwrap_or_default().split('?').next();
    is_method && path.unwrap_or_default().ends_with(path_end)
}

/// A service with two sessions, until they are killed.
#[derive(Default)]
struct Cloud {
    killed: AtomicBool,
    /// Each list is another one.
    lists: AtomicU64,
}

impl Cloud {
    /// The same, but after the kill nobody may list the sessions any more.
    fn answer_until_killed(&self, action: Action, line: &str) -> (u16, String) {
        let Action::Kill(service) = action else {
            return script(line);
        };
        if is_request(service.list, line) && self.killed.load(Ordering::SeqCst) {
            let refusal = json!({ "error_code": "APIGW.0302", "error_msg": "The IAM user is forbidden in the system." });
            return (403, refusal.to_string());
        }
        self.answer_of(service, line)
            .map_or_else(|| script(line), |answer| (200, answer.to_string()))
    }

    /// The log of the kills at the place, as of the moment at which the test's clock begins.
    fn log_of(&self, action: Action) -> Json {
        let Action::Kill(service) = action else {
            return Json::Null;
        };
        let [first, second, ..] = service.ids.nobody;
        let kill = |id: &str| json!({ "instance_id": service.place[0].1, "process_id": id.trim_matches('"'), "execute_time": "2026-11-21T10:00:00+0000" });
        json!({ "process_audit_logs": [kill(first), kill(second)], "total_count": 2 })
    }

    /// The right answer to a request to list or kill chosen sessions.
    fn answer_of(&self, service: &Service, line: &str) -> Option<Json> {
        let names = service.ids.nobody.map(|name| name.trim_matches('"'));
        let [here @ .., gone] = &names;
        let ids = |names: &[&str]| names.iter().map(|name| json!(name)).collect::<Vec<_>>();
        if is_request(service.kill, line) {
            self.killed.store(true, Ordering::SeqCst);
            return Some((service.accepted)(&ids(here), &ids(&[gone])));
        }
        is_request(service.list, line).then(|| {
            let there: &[&str] = match self.killed.load(Ordering::SeqCst) {
                true => &[],
                false => here,
            };
            (service.listed)(there, self.lists.fetch_add(1, Ordering::Relaxed))
        })
    }
}

/// The right answers.
fn script(line: &str) -> (u16, String) {
    let is = |call: Call| call.is(line);
    let answer = if is(Call::DcsKillAll) {
        r#"{"job_id":"8abf6e1e824dfcb201824e02ee9a0015"}"#
    } else if is(Call::DcsJob) {
        r#"{"job_id":"8abf6e1e824dfcb201824e02ee9a0015","status":"SUCCESS","begin_time":"1780000000000","end_time":"1780000001000"}"#
    } else if is(Call::DcsNodes) {
        r#"{"nodes":[{"node_id":"8f7ee181-88e2-49b7-a4bf-81f18f93a135","node_role":"redis-server","node_type":"master","status":"Active"}]}"#
    } else if is(Call::DcsScan) {
        r#"{"job_id":"8abf6e1e824dfcb201824e02ee9a0015"}"#
    } else if is(Call::PasswordToken) || is(Call::IdToken) {
        r#"{"token":{"expires_at":"2026-11-22T10:00:00.000000Z"}}"#
    } else if is(Call::MetadataToken) {
        "session-of-60-seconds"
    } else if is(Call::AgencyKeys) || is(Call::MetadataKeys) {
        r#"{"credential":{"access":"AK2","secret":"SK2","securitytoken":"ST2","expires_at":"2026-11-22T10:00:00.000000Z"}}"#
    } else if is(Call::StsKeys) {
        r#"{"credentials":{"access_key_id":"AK2","secret_access_key":"SK2","security_token":"ST2","expiration":"2026-11-22T10:00:00.000Z"}}"#
    } else {
        // Without a kill before it, a list shows those who are there.
        static CLOUD: Cloud = Cloud {
            killed: AtomicBool::new(false),
            lists: AtomicU64::new(0),
        };
        let mut lists = SERVICES.iter().filter(|service| is(Call::List(service)));
        if let Some(list) = lists.find_map(|service| CLOUD.answer_of(service, line)) {
            return (200, list.to_string());
        }
        r#"{"projects":[{"id":"619d3e78f61b4be68bc5aa0b59edcf7b","name":"cn-north-4"}]}"#
    };
    (200, answer.to_owned())
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

fn answer(status: u16, body: impl Into<String>) -> Fault {
    Fault::Behaviour(Behaviour::Answer {
        status,
        headers: Vec::new(),
        body: body.into(),
    })
}

fn answer_with(
    status: u16,
    name: &'static str,
    value: impl Into<String>,
    body: impl Into<String>,
) -> Fault {
    Fault::Behaviour(Behaviour::Answer {
        status,
        headers: vec![(name, value.into())],
        body: body.into(),
    })
}

/// Status and code of an answer that means "busy": of the API that answers the call, or of another.
fn busy_code(call: Call, of_itself: bool) -> Option<(u16, &'static str)> {
    let mut apis = apis::ALL.into_iter().filter(|api| match call.api() {
        Some(itself) => (*api == itself) == of_itself,
        None => !of_itself,
    });
    let busy = apis.find_map(|api| api.busy.first())?;
    Some((*busy.statuses.start(), busy.codes.first()?))
}

fn faults(call: Call, clock: &TestClock) -> Vec<(&'static str, Fault)> {
    let busy = |of_itself| {
        busy_code(call, of_itself).map(|(status, code)| {
            let words = "Another operation is being performed.";
            answer(
                status,
                json!({ "error_code": code, "error_msg": words }).to_string(),
            )
        })
    };
    let in_a_minute = httpdate::fmt_http_date((clock.now() + Duration::from_secs(60)).into());
    let hours_off = httpdate::fmt_http_date((clock.now() + Duration::from_secs(3 * 3600)).into());
    let throttled =
        r#"{"error_code":"APIGW.0308","error_msg":"The throttling threshold has been reached"}"#;
    let mut faults = vec![
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
            "200 that says that success is false",
            answer(200, r#"{"success":false}"#),
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
                r#"{"error_code":"DBS.200001","error_msg":"The parameters conflict."}"#,
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
            "502, the gateway could not reach the service (APIGW.0610)",
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
    ];
    let of_busy = [
        ("busy, by a code of the API itself", busy(true)),
        ("busy, by a code of another API", busy(false)),
    ];
    let of_busy = of_busy.into_iter();
    faults.extend(of_busy.filter_map(|(name, fault)| Some((name, fault?))));
    faults
}

/// How the user's action ended.
#[derive(Debug, PartialEq)]
struct Ending {
    /// Requests of the call that arrived.
    sent: usize,
    /// Kills that arrived.
    kills: usize,
    state: &'static str,
    /// Whether there is a job, or how many were killed.
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

/// How many calls of the same API come before the call.
async fn calls_before(call: Call) -> usize {
    let good = Fault::Behaviour(Behaviour::Good);
    let (_, requests) = run(call, 0, Vec::new(), good).await;
    let is = |line: &String| call.is(line);
    (requests.iter().position(is)).unwrap_or_else(|| panic!("no such call: {requests:?}"))
}

/// Runs the action whose `call` meets the faults: `first` in order, then `rest` for ever. `before` calls of the same API come
/// before it. Tells too which requests arrived at the host that the call meets.
async fn run(call: Call, before: usize, faults: Vec<Fault>, rest: Fault) -> (Ending, Vec<String>) {
    let clock = clock();
    let script = call.script();
    let mut good = Server::start(Vec::new(), Behaviour::Good, script.clone()).await;
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
            let server = Server::start_for(move |line| call.is(line), first, rest, script).await;
            url = server.url();
            faulty = Some(server);
        }
        (Fault::Refused, None) => {
            // A port that was free a moment ago; calls before it go to a server that stops after them. It answers one call on
            // each connection.
            if before > 0 {
                good = Server::start(Vec::new(), Behaviour::Good, script).await;
                url = good_then_refused(&good, before).await;
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
        let target = if Some(service) == call.api() {
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
    let (state, diags) = act(call.action(), limit, HwcProvider::with_client(client)).await;
    let mut ending = ending(call.action(), state, &diags);
    drop(silent);

    let count = |is: &dyn Fn(&str) -> bool| {
        faulty.as_ref().map_or(0, |server| server.count_of(is)) + good.count_of(is)
    };
    ending.sent = count(&|line| call.is(line) || line == "unread");
    ending.kills = count(&|line| call.is_kill(line));
    ending.waited = *clock.slept.lock().unwrap();
    let requests = faulty.map(|server| server.journal.lock().unwrap().clone());
    (ending, requests.unwrap_or_default())
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

/// A relay that passes so many connections on to `good` and is gone afterwards.
async fn good_then_refused(good: &Server, connections: usize) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let target = good.address;
    tokio::spawn(async move {
        let mut relayed = tokio::task::JoinSet::new();
        for _ in 0..connections {
            let (mut client, _) = listener.accept().await.unwrap();
            relayed.spawn(async move {
                let mut server = tokio::net::TcpStream::connect(target).await.unwrap();
                _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
        drop(listener);
        relayed.join_all().await;
    });
    url
}

/// What the user has in the end: the sessions of a data source, a job, or how many were killed.
fn proof(action: Action, state: &Json) -> String {
    match action {
        Action::List(_) | Action::ListInstance(_) | Action::ListBlocking(_) => {
            let number = state["sessions"].as_array().map_or(0, Vec::len);
            format!("sessions: {number}")
        }
        Action::KillAll(_) => match &state["job_id"] {
            Json::Null => "no job id".to_owned(),
            _ => "job id".to_owned(),
        },
        Action::Kill(_) => match &state["killed_count"] {
            Json::Null => "it is unknown how many were killed".to_owned(),
            number => format!("{number} killed"),
        },
    }
}

/// Does what leads to the call.
async fn act(action: Action, limit: &str, provider: HwcProvider) -> (Option<Json>, Diagnostics) {
    let (Action::Kill(service)
    | Action::KillAll(service)
    | Action::List(service)
    | Action::ListInstance(service)
    | Action::ListBlocking(service)) = action;
    let mut arguments = json!({ "region": "cn-north-4" });
    for (name, value) in service.place {
        arguments[*name] = json!(value);
    }
    match action {
        Action::List(_) => read(service, provider, &arguments).await,
        Action::ListBlocking(_) => {
            arguments["select"] = json!([{ "blocking": true }]);
            read(service, provider, &arguments).await
        }
        Action::ListInstance(_) => {
            arguments.as_object_mut().unwrap().remove("node_id");
            read(service, provider, &arguments).await
        }
        Action::Kill(_) => {
            let ids = service.ids.nobody;
            let ids = ids.map(|id| serde_json::from_str::<Json>(id).unwrap());
            arguments[service.ids.argument] = json!(ids);
            create(service, provider, arguments, limit).await
        }
        Action::KillAll(_) => create(service, provider, arguments, limit).await,
    }
}

/// Reads the data source of a service.
async fn read(
    service: &Service,
    provider: HwcProvider,
    config: &Json,
) -> (Option<Json>, Diagnostics) {
    let mut diags = Diagnostics::default();
    let config: Record = serde_json::from_value(config.clone()).unwrap();
    let state = Sessions::new(provider, services::named(service.name).unwrap())
        .read(&mut diags, config, ValueEmpty::Null)
        .await;
    (state.map(|state| json!(state)), diags)
}

/// Creates the resource of a service that kills.
async fn create(
    service: &Service,
    provider: HwcProvider,
    mut planned: Json,
    limit: &str,
) -> (Option<Json>, Diagnostics) {
    let mut diags = Diagnostics::default();
    let place = service.description().place.iter();
    for flag in place.filter(|argument| argument.kind == PlaceKind::KillFlag) {
        planned[flag.name] = json!(false);
    }
    if service.kills_all {
        planned["wait_for_completion"] = json!(true);
    }
    planned["fail_on_not_found"] = json!(false);
    planned["timeouts"] = json!([{"create": limit}]);
    let record = || serde_json::from_value::<Record>(planned.clone()).unwrap();
    let none = ValueEmpty::Null;
    let state = SessionKill::new(provider, services::named(service.name).unwrap())
        .create(&mut diags, record(), record(), none, none)
        .await;
    (state.map(|(state, _)| json!(state)), diags)
}

/// The rules that must hold for every cell, whatever the table says.
fn check_rules(call: Call, name: &str, ending: &Ending) {
    let what = format!("{:?}, {name}: {ending:?}", call.title());
    if ending.state == "nothing" {
        // What is not in state was certainly not done: at most refused requests were sent.
        assert!(!ending.details.contains("unknown"), "{what}");
        assert!(!ending.diagnostics.is_empty(), "an error says why: {what}");
    }
    match call {
        Call::DcsJob => {
            assert_eq!(ending.kills, 1, "one kill, never two: {what}");
            assert_eq!(ending.proof, "job id", "{what}");
        }
        // The refused ones are counted too.
        Call::DcsKillAll | Call::Kill(_) => {}
        Call::DdmKillLog => {
            assert_eq!(ending.kills, 1, "one kill, never two: {what}");
            assert_eq!(ending.state, "in state", "{what}");
            let unknown = "it is unknown how many were killed";
            assert!([unknown, "2 killed"].contains(&&*ending.proof), "{what}");
        }
        _ if ending.state == "in state" => assert_eq!(ending.kills, 1, "{what}"),
        _ => assert_eq!(ending.kills, 0, "{what}"),
    }
    if matches!(call, Call::DcsKillAll | Call::Kill(_)) && ending.state == "tainted" {
        assert_eq!(ending.sent, 1, "nothing is sent again in doubt: {what}");
    }
    if call.asks_metadata() {
        assert!(ending.sent <= 1, "the machine is asked once: {what}");
    }
    if !matches!(ending.state, "in state" | "read") {
        assert!(
            [
                "Tried:",
                "status was",
                "did not show a new list",
                "metadata service of an ECS at http"
            ]
            .iter()
            .any(|words| ending.details.contains(words)),
            "it says what was tried, or what was seen: {what}"
        );
    }
    assert!(!ending.details.contains("\"SK\""), "{what}");
}

fn row(call: Call, name: &str, once: Option<&Ending>, always: &Ending) -> String {
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
    // The number is the same in every row, and says nothing. The codes that mean "busy" are the API's own.
    let busy = [true, false].map(|of_itself| busy_code(call, of_itself));
    let cell = |ending: &Ending| {
        let text = cell(ending).replace("8abf6e1e824dfcb201824e02ee9a0015", "…");
        let codes = busy.iter().flatten();
        codes.fold(text, |text, (_, code)| text.replace(code, "…"))
    };
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

What happens if the network, the gateway or the service fails. A test writes this page: it sends every call of the provider
through every fault and counts the requests.

Every kill whose process survives ends in one of three ways:

- *Accepted*: the resource is in state with the result.
- *Rejected*: no session was killed, and nothing is stored in state.
- *Unknown*: the request may have arrived, its answer was lost, and a list of the sessions did not show whether they were killed. The
  resource is in state as tainted. The error says what the list showed and what to check.

A job that was accepted and fails later is in state as tainted, with its ID.

After a lost answer, the provider lists the sessions for at most two minutes. If no session from before the kill is listed, the kill
counts as done: the resource is in state, not tainted, with a warning. In these tables, sessions are left after a lost answer and
DCS does not show their age, so the outcome stays unknown. Where a kill lists three sessions, one of them does not exist.

## How to read the tables

- *once*: the fault happens one time. *Always*: it does not go away.
- *sent*: number of requests that arrived, with `max_retries = 3` (the default is 5) and a create time-out of 40 seconds (3 seconds
  where the answers are slow; the default is 10 minutes). A data source has 5 minutes.
- *nothing*: not in state. *Tainted*: in state, and the next apply replaces the resource, which kills again, unless you run
  `terraform untaint`. *Read*: the data source has its values.
- The error codes are those of the test, the same for every call. An ellipsis stands for a code that means that the instance is busy,
  because each API has its own.

## When a call is sent again

- The provider waits between two attempts: a random time from 0.1 to 0.2 seconds, then up to 0.4, 0.8 and so on to 20 seconds, and at
  least as long as `Retry-After` says.
- If the instance is busy, the call is sent again until the create time-out, every 1 to 15 seconds.
- After a 429, the call is sent again until the create time-out, and `max_retries` does not count. The wait is that of
  `Retry-After`; otherwise the time of the limit in the message (`time:1 minute`); otherwise 1 second, then 60, 120, 240 and 300
  seconds. All calls of the same API wait together, and all calls to the same host slow down together. If the wait is longer than the
  time that is left, the call ends at once with \"will not finish in time\". Only the job of an accepted kill is looked at after a
  minute at the latest.
- A wait that would cross the create time-out is shortened so that a last attempt fits: 2 seconds before the end, or a tenth of a
  short time-out. A kill needs 5 more seconds, or half of a short time-out, to receive its answer.
- A kill uses a new connection. If the connection cannot be made, nothing was sent.
- A 503 counts as a call without effect only with a code of the gateway (`APIGW.`, `APIG.`), a 502 only with the code `0610`.
- Redirects are not followed. An answer is read up to 16 MiB. An attempt takes at most 60 seconds, and the create time-out limits
  everything.

If the process of the provider, the engine or the machine dies during a kill, the state cannot be written: the kill may have
happened, and the next plan creates the resource again, which kills again. Look at the sessions first. If they were killed, remove the
resource from the configuration instead of applying it. If the cloud cannot be reached while the provider follows a job, the provider
waits until the create time-out.
";

/// The call meets the fault one time, and always; `None` where that cannot be.
async fn meet(call: Call, before: usize, fault: Fault) -> (Option<Ending>, Option<Ending>) {
    match fault {
        // The same host answered a moment ago: TLS cannot be missing for this call alone.
        Fault::SilentTls if before > 0 => (None, None),
        Fault::Refused | Fault::SilentTls => {
            let (always, _) = run(call, before, Vec::new(), fault).await;
            (None, Some(always))
        }
        Fault::Behaviour(_) => {
            let good = Fault::Behaviour(Behaviour::Good);
            let (once, _) = run(call, before, vec![fault.clone()], good).await;
            let (always, _) = run(call, before, Vec::new(), fault).await;
            (Some(once), Some(always))
        }
    }
}

/// What the document says of calls of which it says the same.
struct Section {
    what: &'static str,
    /// APIs and requests.
    calls: Vec<(&'static str, String)>,
    text: String,
}

impl Section {
    fn heading(&self) -> String {
        let mut apis: Vec<&str> = self.calls.iter().map(|(api, _)| *api).collect();
        apis.dedup();
        let mut requests: Vec<String> = (self.calls.iter())
            .map(|(_, request)| format!("`{request}`"))
            .collect();
        requests.sort_unstable();
        requests.dedup();
        format!(
            "{}: {} ({})",
            apis.join(", "),
            self.what,
            requests.join(", ")
        )
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_meets_every_fault_as_the_document_says() {
    let slots = Arc::new(Semaphore::new(AT_ONCE));
    let mut tables = Vec::new();
    for call in Call::all() {
        let before = calls_before(call).await;
        let cells = faults(call, &clock()).into_iter().map(|(name, fault)| {
            let slots = Arc::clone(&slots);
            tokio::spawn(async move {
                let _slot = slots.acquire().await.unwrap();
                let (once, always) = meet(call, before, fault).await;
                (name, once, always)
            })
        });
        tables.push((call, cells.collect::<Vec<_>>()));
    }

    let mut sections: Vec<Section> = Vec::new();
    for (call, cells) in tables {
        let (api, what, request) = call.title();
        let mut text = format!(
            "{}\n\n| fault | sent, once | then | sent, always | then |\n| --- | --- | --- | --- | --- |\n",
            call.rule()
        );
        for cell in cells {
            let (name, once, always) = cell.await.unwrap();
            for ending in once.iter().chain(&always) {
                check_rules(call, name, ending);
            }
            if let Some(always) = always {
                text += &row(call, name, once.as_ref(), &always);
            }
        }
        let same = (sections.iter_mut()).find(|one| one.what == what && one.text == text);
        match same {
            Some(section) => section.calls.push((api, request)),
            None => sections.push(Section {
                what,
                calls: vec![(api, request)],
                text,
            }),
        }
    }

    let mut document = INTRODUCTION.to_owned();
    for section in sections {
        _ = write!(document, "\n## {}\n\n{}", section.heading(), section.text);
    }
    document::must_say(DOCUMENT, &document);
}
