//! What the client makes of each answer that the documents show: the table in `sandbox/tests/documents`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;
use terraform_provider_hwc::huaweicloud::client::{Client, Settings};
use terraform_provider_hwc::huaweicloud::clock::Clock;
use terraform_provider_hwc::huaweicloud::credentials::{Credential, Keys};
use terraform_provider_hwc::huaweicloud::dcs::{Dcs, Target};
use terraform_provider_hwc::huaweicloud::endpoint::{Endpoints, Service, parse_endpoint};
use terraform_provider_hwc::huaweicloud::error::{Error, Outcome};
use terraform_provider_hwc::huaweicloud::operation::Operation;
use terraform_provider_hwc::huaweicloud::taurusdb::TaurusDb;
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The calls that this test does not make, and which tests do.
const ELSEWHERE: [(&str, &str); 6] = [
    ("IAM token by password", "tests/credentials"),
    ("IAM keys by agency", "tests/credentials"),
    ("IAM keys by token", "tests/credentials"),
    ("IAM token by id token", "tests/credentials"),
    ("STS keys by agency", "tests/credentials"),
    (
        "Keys of the machine that the client runs on",
        "tests/credentials",
    ),
];

const REGION: &str = "cn-north-4";
const PROJECT: &str = "619d3e78f61b4be68bc5aa0b59edcf7b";
const DCS_INSTANCE: &str = "5560df16-cebf-4473-95c4-d1b573c16e79";
const DCS_NODE: &str = "8f7ee181-88e2-49b7-a4bf-81f18f93a135";
const JOB: &str = "8abf6e1e-824d-4cb2-8182-4e02ee9a0015";
const TAURUSDB_INSTANCE: &str = "a23fb62bd61e4e9e9636fd2225f395bein07";
const TAURUSDB_NODE: &str = "18663926eacb443d98dc20f8620f28f2no07";

/// A refused call may be sent once more in another form; what is sent more often than that is repeated.
const MOST_FORMS: usize = 2;

#[derive(Deserialize)]
struct Document {
    call: String,
    answers: Vec<Documented>,
}

#[derive(Deserialize)]
struct Documented {
    name: String,
    status: u16,
    body: Option<Value>,
    expect: Ending,
    client_awaits: Option<String>,
}

impl Documented {
    fn body(&self) -> String {
        match &self.body {
            None => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(json) => json.to_string(),
        }
    }
}

/// What the client makes of an answer that it gets each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Ending {
    Accepted,
    Rejected,
    Repeated,
    Unknown,
}

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

/// A server that gives the same answer to every request, and counts them. It ends when it is dropped.
struct Server {
    url: String,
    requests: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    async fn start(status: u16, body: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&requests);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (seen, body) = (Arc::clone(&seen), body.clone());
                tokio::spawn(async move { serve(stream, status, &body, &seen).await });
            }
        });
        Self {
            url,
            requests,
            task,
        }
    }
}

/// Reads one request to its end, counts it and answers it.
async fn serve(
    mut stream: TcpStream,
    status: u16,
    body: &str,
    seen: &AtomicUsize,
) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !is_whole(&request) {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    seen.fetch_add(1, Ordering::SeqCst);
    let length = match status {
        204 => String::new(),
        _ => format!("content-length: {}\r\n", body.len()),
    };
    let head = format!(
        "HTTP/1.1 {status} Documented\r\nconnection: close\r\ncontent-type: application/json\r\n{length}\r\n"
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
fn client(server: &Server, project_id: Option<&str>) -> (Client, Operation) {
    let clock = Arc::new(TestClock {
        started: Instant::now(),
        slept: Mutex::default(),
    });
    let mut endpoints = Endpoints::default();
    for service in Service::ALL {
        endpoints.set(service, parse_endpoint(&server.url).unwrap());
    }
    let settings = Settings {
        endpoints,
        region: Some(REGION.to_owned()),
        project_id: project_id.map(ToOwned::to_owned),
        max_retries: 3,
        ..Settings::default()
    };
    let credential = Credential::Keys(Keys {
        access_key: "AK".to_owned(),
        secret_key: "SK".to_owned().into(),
        security_token: None,
    });
    let limit = Duration::from_secs(300);
    let operation = Operation::new(&*clock, limit, CancellationToken::new());
    let client = Client::with_clock(settings, Box::new(credential), clock);
    (client, operation)
}

/// How the call ends when it is given this answer each time; `None` for a call that is made elsewhere.
async fn ending(call: &str, answer: &Documented) -> Option<Ending> {
    let server = Server::start(answer.status, answer.body()).await;
    // The project is looked up by the one call alone that is about that.
    let project_id = Some(PROJECT).filter(|_| call != "IAM projects by name");
    let (client, operation) = client(&server, project_id);
    let (dcs, taurusdb) = (Dcs::new(&client, REGION), TaurusDb::new(&client, REGION));
    let instance = DCS_INSTANCE.parse().unwrap();
    let node = DCS_NODE.parse().unwrap();
    let (taurusdb_instance, taurusdb_node) = (
        TAURUSDB_INSTANCE.parse().unwrap(),
        TAURUSDB_NODE.parse().unwrap(),
    );
    let sent = || server.requests.load(Ordering::SeqCst);
    Some(match call {
        "DCS kill of all sessions" => {
            let target = Target::Node(node);
            let outcome = dcs.kill_all(&instance, &target, None, &operation).await;
            Ending::of_kill(&outcome, sent())
        }
        "DCS kill of chosen sessions" => {
            let addresses = ["192.168.11.12:32769".to_owned()];
            let outcome = dcs
                .kill(&instance, &node, &addresses, None, &operation)
                .await;
            Ending::of_kill(&outcome, sent())
        }
        "DCS job" => {
            let job = dcs.job(&JOB.parse().unwrap(), &operation).await;
            Ending::of_read(&job, sent())
        }
        "DCS nodes" => {
            let nodes = dcs.session_nodes(&instance, &operation).await;
            Ending::of_read(&nodes, sent())
        }
        "DCS scan" => {
            let job = dcs.scan(&instance, &node, &operation).await;
            Ending::of_read(&job, sent())
        }
        "DCS list" => {
            let page = dcs.clients(&instance, &node, 0, 1000, &operation).await;
            Ending::of_read(&page, sent())
        }
        "TaurusDB kill" => {
            let (instance, node) = (&taurusdb_instance, &taurusdb_node);
            let outcome = taurusdb
                .kill(instance, node, &[2_075_425], None, &operation)
                .await;
            Ending::of_kill(&outcome, sent())
        }
        "TaurusDB list" | "Any call, as the gateway answers it" => {
            let (instance, node) = (&taurusdb_instance, &taurusdb_node);
            let page = taurusdb.processes(instance, node, 0, 100, &operation).await;
            Ending::of_read(&page, sent())
        }
        "IAM projects by name" => {
            let project = client.project_id(REGION, &operation).await;
            Ending::of_read(&project, sent())
        }
        _ => return None,
    })
}

fn documents() -> Vec<Document> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sandbox/tests/documents");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"))
        })
        .collect()
}

#[tokio::test]
async fn the_client_makes_of_each_documented_answer_what_it_should() {
    let (mut wrong, mut given) = (Vec::new(), 0);
    for document in documents() {
        let call = document.call.as_str();
        let is_elsewhere = ELSEWHERE.iter().any(|(elsewhere, _)| *elsewhere == call);
        for answer in &document.answers {
            let Some(ending) = ending(call, answer).await else {
                assert!(is_elsewhere, "nobody makes the call {call:?}");
                continue;
            };
            assert!(!is_elsewhere, "{call:?} is made here after all");
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
