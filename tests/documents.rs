//! What the client makes of each answer that the documents show: the table in `sandbox/tests/documents`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../sandbox/tests/documents/table.rs"]
mod table;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use terraform_provider_hwc::huaweicloud::calls::Calls;
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
use terraform_provider_hwc::huaweicloud::das::postgresql::Owned;
use terraform_provider_hwc::huaweicloud::das::{mysql, postgresql};
use terraform_provider_hwc::huaweicloud::dcs::Target;
use terraform_provider_hwc::huaweicloud::ddm::Layer;
use terraform_provider_hwc::huaweicloud::endpoint::{Endpoints, parse_endpoint};
use terraform_provider_hwc::huaweicloud::error::{Error, MachineSignIn, Outcome};
use terraform_provider_hwc::huaweicloud::iam::Reference;
use terraform_provider_hwc::huaweicloud::opengauss::{Component, Filter};
use terraform_provider_hwc::huaweicloud::operation::Operation;
use terraform_provider_hwc::huaweicloud::rows::Row;
use terraform_provider_hwc::huaweicloud::taurusdb::htap;
use terraform_provider_hwc::huaweicloud::{apis, dcs, ddm, dds, opengauss, taurusdb};
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::table::{Document, Documented, Ending};

const REGION: &str = "cn-north-4";
const PROJECT: &str = "619d3e78f61b4be68bc5aa0b59edcf7b";
const DCS_INSTANCE: &str = "5560df16-cebf-4473-95c4-d1b573c16e79";
const DCS_NODE: &str = "8f7ee181-88e2-49b7-a4bf-81f18f93a135";
const JOB: &str = "8abf6e1e-824d-4cb2-8182-4e02ee9a0015";
const TAURUSDB_INSTANCE: &str = "a23fb62bd61e4e9e9636fd2225f395bein07";
const TAURUSDB_NODE: &str = "18663926eacb443d98dc20f8620f28f2no07";
const HTAP_INSTANCE: &str = "6d2f8b0e4a7c49519f3e1d5c7b9a2064in17";
const RDS_MYSQL_INSTANCE: &str = "da304cd5bbb944de828759bc7be3d3fein01";
const DATABASE_USER: &str = "2c250598-1e3c-4d31-bc19-be1d866247e6";
const RDS_POSTGRESQL_INSTANCE: &str = "1b4af3014b794e6482e8f1cc4cbaaad3in03";
const DDM_INSTANCE: &str = "3c8e1f5a7b2d49608d4f6a0c9e1b7d35in09";
const GAUSSDB_INSTANCE: &str = "7e2d4c90b1f8463da5c6e03f9b84d217in14";
const DDS_NODE: &str = "520c58ba00a3497e97ce0b9604874dd6no02";
const GAUSSDB_NODE: &str = "0d5f8a63c2914e7bb8e41f6097ca35d2no14";

/// A refused call may be sent once more in another form; what is sent more often than that is repeated.
const MOST_FORMS: usize = 2;

impl Ending {
    fn of_read<T>(result: &Result<T, Error>, sent: usize) -> Self {
        match result {
            Ok(_) => Self::Accepted,
            Err(_) if sent > MOST_FORMS => Self::Repeated,
            Err(_) => Self::Rejected,
        }
    }

    fn of_kill<T>(outcome: &Outcome<T>, sent: usize) -> Self {
        match outcome {
            Outcome::Accepted(_) => Self::Accepted,
            _ if sent > MOST_FORMS => Self::Repeated,
            Outcome::Rejected(_) => Self::Rejected,
            Outcome::Unknown(_) => Self::Unknown,
        }
    }
}

/// A clock whose sleeps take no time, and whose dice always fall on the middle.
struct TestClock {
    started: Instant,
    slept: Mutex<Duration>,
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH
            + Duration::from_secs(1_780_000_000)
            + *self.slept.lock().unwrap()
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

/// What a server has seen.
#[derive(Default)]
struct Seen {
    /// The requests of the call that is tested.
    requests: AtomicUsize,
    /// The requests of other calls, after one of that call.
    later: AtomicUsize,
}

/// The answer to the call that is tested.
struct Answer {
    status: u16,
    body: String,
    /// The path of the call; empty when every request gets the answer.
    path: String,
}

/// What every other call is answered: a token, which signing in may need before or after the call.
const TOKEN: &str = r#"{"token": {"expires_at": "2026-11-25T11:23:18.123000Z"}}"#;

/// A server that gives the same answer to every request of a call, and counts them. It ends when it is dropped.
struct Server {
    url: String,
    seen: Arc<Seen>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Seen::default());
        let (counts, answer) = (Arc::clone(&seen), Arc::new(answer));
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (counts, answer) = (Arc::clone(&counts), Arc::clone(&answer));
                tokio::spawn(async move { serve(stream, &answer, &counts).await });
            }
        });
        Self { url, seen, task }
    }
}

/// Reads one request to its end, counts it and answers it.
async fn serve(mut stream: TcpStream, answer: &Answer, seen: &Seen) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !is_whole(&request) {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let line = String::from_utf8_lossy(&request);
    let target = line.split(' ').nth(1).unwrap_or_default();
    let (status, body) = if target.contains(&answer.path) {
        seen.requests.fetch_add(1, Ordering::SeqCst);
        (answer.status, answer.body.as_str())
    } else {
        let is_later = seen.requests.load(Ordering::SeqCst) > 0;
        seen.later
            .fetch_add(usize::from(is_later), Ordering::SeqCst);
        (201, TOKEN)
    };
    let length = match status {
        204 => String::new(),
        _ => format!("content-length: {}\r\n", body.len()),
    };
    let head = format!(
        "HTTP/1.1 {status} Documented\r\nconnection: close\r\nx-subject-token: T\r\ncontent-type: application/json\r\n{length}\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse().unwrap())
    });
    body.len() >= length.unwrap_or(0)
}

/// A client of the server that has no time to lose.
fn client(
    server: &Server,
    project_id: Option<&str>,
    credential: Box<dyn ProvideCredential>,
) -> (Client, Operation) {
    let clock = Arc::new(TestClock {
        started: Instant::now(),
        slept: Mutex::default(),
    });
    let mut endpoints = Endpoints::default();
    for service in apis::ALL {
        endpoints.set(service, parse_endpoint(&server.url).unwrap());
    }
    let settings = Settings {
        endpoints,
        region: Some(REGION.to_owned()),
        project_id: project_id.map(ToOwned::to_owned),
        max_retries: 3,
        ..Settings::default()
    };
    let limit = Duration::from_secs(300);
    let operation = Operation::new(&*clock, limit, CancellationToken::new());
    let client = Client::with_clock(settings, credential, clock);
    (client, operation)
}

fn keys() -> Box<Credential> {
    Box::new(Credential::Keys(Keys {
        access_key: "AK".to_owned(),
        secret_key: "SK".to_owned().into(),
        security_token: None,
    }))
}

/// The credential that is fetched by the call; `None` for a call that fetches none.
fn credential(call: &str, server: &Server) -> Option<Box<dyn ProvideCredential>> {
    let agency = |domain| -> Box<dyn ProvideCredential> {
        let role = Role {
            agency: "ops".to_owned(),
            domain,
            duration: None,
        };
        Box::new(Temporary::new(AssumeRole::new(keys(), role)))
    };
    Some(match call {
        "IAM token by password" => Box::new(Password::new(User {
            user: Reference::Name("ops".to_owned()),
            domain: Some(Reference::Name("acme".to_owned())),
            password: "SK".to_owned().into(),
        })),
        "IAM token by id token" | "IAM keys by token" => Box::new(Temporary::new(Oidc {
            idp_id: "pipeline".to_owned(),
            id_token: IdToken::Text("SK".to_owned().into()),
        })),
        "IAM keys by agency" => agency(AgencyDomain::Name("acme".to_owned())),
        "STS keys by agency" => agency(AgencyDomain::Id("a1b2c3".to_owned())),
        "Keys of the machine that the client runs on" => metadata::source(
            Metadata::At(server.url.parse().unwrap()),
            MachineSignIn::NothingElseGiven,
        ),
        _ => return None,
    })
}

/// How signing in by the call ends when it is given this answer each time: it is accepted when the next call follows.
async fn ending_of_sign_in(document: &Document, answer: &Documented) -> Option<Ending> {
    let server = Server::start(Answer {
        status: answer.status,
        body: answer.body_text(),
        path: document.path.clone(),
    })
    .await;
    let credential = credential(&document.call, &server)?;
    let (client, operation) = client(&server, Some(PROJECT), credential);
    let job = dcs::job(calls(&client, &operation), &JOB.parse().unwrap()).await;
    let requests = server.seen.requests.load(Ordering::SeqCst);
    assert!(requests > 0, "{}, {}: {job:?}", document.call, answer.name);
    Some(match server.seen.later.load(Ordering::SeqCst) {
        0 => Ending::of_read(&job, requests),
        _ => Ending::Accepted,
    })
}

fn calls<'a>(client: &'a Client, operation: &'a Operation) -> Calls<'a> {
    Calls {
        client,
        region: REGION,
        operation,
        leave_before: None,
    }
}

fn component() -> Component {
    Component {
        instance: GAUSSDB_INSTANCE.parse().unwrap(),
        node: GAUSSDB_NODE.parse().unwrap(),
        component: "cn_5001".parse().unwrap(),
    }
}

/// The layer of DDM that a call is about.
fn layer(call: &str) -> Layer {
    match call.starts_with("DDM physical") {
        true => Layer::Physical(RDS_MYSQL_INSTANCE.parse().unwrap()),
        false => Layer::Logical(DDM_INSTANCE.parse().unwrap()),
    }
}

/// How the call ends when it is given this answer each time; `None` for a call that is not known here.
async fn ending(document: &Document, answer: &Documented) -> Option<Ending> {
    if let Some(ending) = ending_of_sign_in(document, answer).await {
        return Some(ending);
    }
    let call = document.call.as_str();
    let server = Server::start(Answer {
        status: answer.status,
        body: answer.body_text(),
        path: String::new(),
    })
    .await;
    // The project is looked up by the one call alone that is about that.
    let project_id = Some(PROJECT).filter(|_| call != "IAM projects by name");
    let (client, operation) = client(&server, project_id, keys());
    let calls = calls(&client, &operation);
    let instance = DCS_INSTANCE.parse().unwrap();
    let node = DCS_NODE.parse().unwrap();
    let (taurusdb_instance, taurusdb_node) = (
        TAURUSDB_INSTANCE.parse().unwrap(),
        TAURUSDB_NODE.parse().unwrap(),
    );
    let sent = || server.seen.requests.load(Ordering::SeqCst);
    Some(match call {
        "DCS kill of all sessions" => {
            let target = Target::Node(node);
            let outcome = dcs::kill_all(calls, &instance, &target).await;
            Ending::of_kill(&outcome, sent())
        }
        "DCS kill of chosen sessions" => {
            let addresses = ["192.168.11.12:32769".to_owned()];
            let outcome = dcs::kill(calls, &instance, &node, &addresses).await;
            Ending::of_kill(&outcome, sent())
        }
        "DCS job" => {
            let job = dcs::job(calls, &JOB.parse().unwrap()).await;
            Ending::of_read(&job, sent())
        }
        "DCS nodes" => {
            let nodes = dcs::list::session_nodes(calls, &instance).await;
            Ending::of_read(&nodes, sent())
        }
        "DCS scan" => {
            let job = dcs::scan::scan(calls, &instance, &node).await;
            Ending::of_read(&job, sent())
        }
        "DCS list" => {
            let page = dcs::list::clients(calls, &instance, &node, (0, 1000)).await;
            Ending::of_read(&page, sent())
        }
        "TaurusDB kill" => {
            let (instance, node) = (&taurusdb_instance, &taurusdb_node);
            let outcome = taurusdb::kill(calls, instance, node, &[2_075_425]).await;
            Ending::of_kill(&outcome, sent())
        }
        "TaurusDB list" | "Any call, as the gateway answers it" => {
            let (instance, node) = (&taurusdb_instance, &taurusdb_node);
            let page = taurusdb::processes(calls, instance, node, (0, 100)).await;
            Ending::of_read(&page, sent())
        }
        "TaurusDB HTAP list" => {
            let instance: htap::InstanceId = HTAP_INSTANCE.parse().unwrap();
            let page = htap::sessions(calls, &instance, (0, 100)).await;
            Ending::of_read(&page, sent())
        }
        "TaurusDB HTAP kill" => {
            let instance: htap::InstanceId = HTAP_INSTANCE.parse().unwrap();
            let ids = ["2075425".to_owned()];
            let outcome = htap::kill(calls, &instance, &ids).await;
            if let Outcome::Accepted(killed) = &outcome {
                let says_success = answer.body_text().contains("\"success\"");
                assert_eq!(killed.told.is_ok(), says_success, "{killed:?}");
            }
            Ending::of_kill(&outcome, sent())
        }
        "RDS for MySQL list" => {
            let instance = RDS_MYSQL_INSTANCE.parse().unwrap();
            let user = DATABASE_USER.parse().unwrap();
            let page = mysql::processes(calls, &instance, &user, None, (0, 100));
            Ending::of_read(&page.await, sent())
        }
        "RDS for MySQL kill" => {
            let instance = RDS_MYSQL_INSTANCE.parse().unwrap();
            let user = DATABASE_USER.parse().unwrap();
            let kill = mysql::kill(calls, &instance, &user, &[2_075_425]);
            Ending::of_kill(&kill.await, sent())
        }
        "RDS for PostgreSQL list" => {
            let instance = RDS_POSTGRESQL_INSTANCE.parse().unwrap();
            let page = postgresql::processes(calls, &instance, None, (1, 100));
            Ending::of_read(&page.await, sent())
        }
        "RDS for PostgreSQL kill" => {
            let instance = RDS_POSTGRESQL_INSTANCE.parse().unwrap();
            let owned = [Owned {
                id: 21_541,
                user: "app",
            }];
            let kill = postgresql::kill(calls, &instance, &owned);
            let outcome = kill.await;
            if let Outcome::Accepted(killed) = &outcome {
                assert!(killed.told.is_ok(), "{killed:?}");
            }
            Ending::of_kill(&outcome, sent())
        }
        "GaussDB list" => {
            let (component, filter) = (component(), Filter::default());
            let sessions = opengauss::sessions(calls, &component, &filter).await;
            Ending::of_read(&sessions, sent())
        }
        "GaussDB kill" => {
            let ids = ["139960174921472".to_owned()];
            let outcome = opengauss::kill(calls, &component(), &ids).await;
            if let Outcome::Accepted(killed) = &outcome {
                let says_success = answer.body_text().contains("\"success\":true");
                assert_eq!(killed.told.is_ok(), says_success, "{killed:?}");
            }
            Ending::of_kill(&outcome, sent())
        }
        "DDS list" => {
            let page = dds::sessions(calls, &DDS_NODE.parse().unwrap(), (0, 20)).await;
            Ending::of_read(&page, sent())
        }
        "DDS kill" => {
            let ids = ["34631".to_owned()];
            let outcome = dds::kill(calls, &DDS_NODE.parse().unwrap(), &ids).await;
            Ending::of_kill(&outcome, sent())
        }
        "DDM logical list" | "DDM physical list" => {
            let page = ddm::processes(calls, &layer(call), (0, 128)).await;
            Ending::of_read(&page, sent())
        }
        "DDM logical kill" | "DDM physical kill" => {
            let ids = ["12312".to_owned()];
            let outcome = ddm::kill(calls, &layer(call), &ids).await;
            if let Outcome::Accepted(killed) = &outcome {
                let is_sent_on = answer.body_text().contains("successful");
                assert_eq!(killed.told.is_ok(), is_sent_on, "{killed:?}");
            }
            Ending::of_kill(&outcome, sent())
        }
        "DDM log of kills" => {
            let layer = layer("DDM physical");
            let within = (
                time::macros::datetime!(2026-11-21 10:00 UTC),
                time::macros::datetime!(2026-11-21 10:05 UTC),
            );
            let log = ddm::kills(calls, &layer, within, (0, 128)).await;
            for row in log.iter().flat_map(|page| &page.kills) {
                assert!(matches!(row, Row::Whole(kill) if kill.was(&layer, within)));
            }
            Ending::of_read(&log, sent())
        }
        "IAM projects by name" => {
            let project = client.project_id(REGION, &operation).await;
            Ending::of_read(&project, sent())
        }
        _ => return None,
    })
}

fn documents() -> Vec<Document> {
    table::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("sandbox/tests/documents"))
}

#[tokio::test]
async fn the_client_makes_of_each_documented_answer_what_it_should() {
    let (mut wrong, mut given) = (Vec::new(), 0);
    for document in documents() {
        let call = document.call.as_str();
        for answer in &document.answers {
            let Some(ending) = ending(&document, answer).await else {
                panic!("nobody makes the call {call:?}");
            };
            given += 1;
            let does_what_it_should = ending == answer.expect;
            match &answer.client_awaits {
                None if !does_what_it_should => wrong.push(format!(
                    "{call}, {}: {ending:?} and not {:?}",
                    answer.name, answer.expect
                )),
                Some(_) if does_what_it_should => wrong.push(format!(
                    "{call}, {}: {ending:?} as it should be, so it awaits nothing: remove client_awaits",
                    answer.name
                )),
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(given > 60, "only {given}");
}
