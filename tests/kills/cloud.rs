//! A cloud for tests of what the provider decides: services as their documents describe them, with sessions that a
//! test moves about between two calls, and a clock that sleeps in no time.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json, json};
use terraform_provider_hwc::huaweicloud::apis;
use terraform_provider_hwc::huaweicloud::client::{Client, Settings};
use terraform_provider_hwc::huaweicloud::clock::Clock;
use terraform_provider_hwc::huaweicloud::credentials::{Credential, Keys};
use terraform_provider_hwc::huaweicloud::endpoint::{Endpoints, parse_endpoint};
use terraform_provider_hwc::provider::HwcProvider;
use time::OffsetDateTime;
use tokio::time::Instant;

/// A clock whose sleeps take no time.
pub struct TestClock {
    started: Instant,
    slept: Mutex<Duration>,
}

impl TestClock {
    /// The time that has passed by sleeping.
    pub fn slept(&self) -> Duration {
        *self.slept.lock().unwrap()
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> OffsetDateTime {
        time::macros::datetime!(2026-11-21 10:00:00 UTC) + self.slept()
    }
    fn instant(&self) -> Instant {
        self.started + self.slept()
    }
    async fn sleep(&self, duration: Duration) {
        *self.slept.lock().unwrap() += duration;
        tokio::task::yield_now().await;
    }
    fn jitter(&self) -> f64 {
        0.5
    }
}

/// An answer: a status and a body.
pub type Answer = (u16, Json);

/// Something that happens once, instead of or before an answer.
type Event = Box<dyn FnOnce(&mut World) -> Option<Answer> + Send>;

struct Due {
    method: &'static str,
    path: &'static str,
    event: Event,
}

/// A list as it was saved.
#[derive(Clone)]
struct Saved {
    time: Json,
    clients: Vec<Json>,
}

/// What the cloud has, and how it behaves.
pub struct World {
    clock: Arc<TestClock>,
    /// What `logical-nodes` shows.
    pub nodes: Vec<Json>,
    /// The sessions of each node, as the list shows them; `born` is when they connected, in seconds.
    pub sessions: BTreeMap<String, Vec<Json>>,
    /// The threads of the TaurusDB node.
    pub threads: Vec<Json>,
    /// The sessions of the RDS for PostgreSQL instance, in the form of the SDK's list.
    pub backends: Vec<Json>,
    /// The sessions of the GaussDB component.
    pub gaussdb: Vec<Json>,
    /// The sessions of the GeminiDB Redis node.
    pub geminidb: Vec<Json>,
    /// The logical sessions of the DDM instance.
    pub ddm: Vec<Json>,
    /// Does DDM list them?
    pub ddm_lists: bool,
    /// Its log of kills.
    pub ddm_log: Vec<Json>,
    /// The sessions of the TaurusDB HTAP instance.
    pub htap: Vec<Json>,
    /// The operations of the DDS node, with its idle connections.
    pub operations: Vec<Json>,
    saved: BTreeMap<String, Saved>,
    /// What the answer to a scan is, given the number of the scan.
    pub scan_answer: fn(u64) -> Answer,
    /// What the job of a scan shows.
    pub scan_job: fn() -> Answer,
    /// What happens to the time of a list that is saved.
    pub saved_time: fn(u64) -> Json,
    /// Does a scan ask the node?
    pub scan_works: bool,
    scans: u64,
    /// What TaurusDB takes in one kill.
    pub most_threads: usize,
    /// The threads that TaurusDB leaves alone.
    pub internal: Vec<i64>,
    due: VecDeque<Due>,
    /// Every call: method, path and body.
    pub calls: Vec<(String, String, Json)>,
}

impl World {
    /// Seconds since the beginning.
    pub fn now(&self) -> u64 {
        self.clock.slept().as_secs()
    }

    /// Lets time pass.
    pub fn pass(&self, seconds: u64) {
        *self.clock.slept.lock().unwrap() += Duration::from_secs(seconds);
    }

    /// A scan by somebody else.
    pub fn scan(&mut self, node: &str) {
        self.scans += 1;
        let now = i64::try_from(self.now()).unwrap();
        let mut clients = self.sessions.get(node).cloned().unwrap_or_default();
        for client in &mut clients {
            if let Some(born) = client["born"].as_i64() {
                client["age"] = json!(now - born);
            }
        }
        let time = (self.saved_time)(self.scans);
        self.saved.insert(node.to_owned(), Saved { time, clients });
    }

    /// The bodies of the calls whose path ends so.
    pub fn bodies(&self, method: &str, end: &str) -> Vec<Json> {
        (self.calls.iter())
            .filter(|(called, path, _)| called == method && path.ends_with(end))
            .map(|(.., body)| body.clone())
            .collect()
    }

    fn answer(&mut self, method: &str, path: &str, query: &str, body: &Json) -> Answer {
        let due = self
            .due
            .iter()
            .position(|due| due.method == method && path.ends_with(due.path));
        if let Some(due) = due.and_then(|place| self.due.remove(place))
            && let Some(answer) = (due.event)(self)
        {
            return answer;
        }
        let parameter = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs
                .filter(|(key, _)| *key == name)
                .map(|(_, value)| value.to_owned())
                .next()
        };
        let number = |name: &str| parameter(name).and_then(|text| text.parse::<usize>().ok());
        let tail = path
            .rsplit_once("/instances/")
            .map_or(path, |(_, tail)| tail);
        match (method, tail.split_once('/').map_or("", |(_, tail)| tail)) {
            ("GET", "logical-nodes") => {
                (200, json!({"total": self.nodes.len(), "nodes": self.nodes}))
            }
            ("POST", "clients") => {
                if self.scan_works && body["clean_cache"] == json!(true) {
                    self.scan(body["node_id"].as_str().unwrap());
                }
                (self.scan_answer)(self.scans)
            }
            ("GET", "clients") => match self.saved.get(&parameter("node_id").unwrap()) {
                None => (
                    500,
                    json!({"error_code": "DCS.5000", "error_msg": "Internal service error."}),
                ),
                Some(saved) => {
                    let (offset, limit) = (number("offset").unwrap(), number("limit").unwrap());
                    let page: Vec<&Json> = saved.clients.iter().skip(offset).take(limit).collect();
                    (
                        200,
                        json!({"time": saved.time, "clients": page, "count": saved.clients.len()}),
                    )
                }
            },
            ("POST", "clients/kill") => {
                let asked = body["client_addrs"].as_array().unwrap().clone();
                let node = body["node_id"].as_str().unwrap();
                let sessions = self.sessions.entry(node.to_owned()).or_default();
                sessions.retain(|session| !asked.contains(&session["addr"]));
                (204, Json::Null)
            }
            ("POST", "clients/kill-all") => {
                for (node, sessions) in &mut self.sessions {
                    if body["kill_all_nodes"] == json!(true) || body["node_id"] == json!(node) {
                        sessions.clear();
                    }
                }
                (200, json!({"job_id": "kill"}))
            }
            ("GET", "logical-processes") if !self.ddm_lists => (
                403,
                json!({"error_code": "DBS.200010", "error_msg": "no right"}),
            ),
            ("GET", "logical-processes") => {
                let (offset, limit) = (number("offset").unwrap(), number("limit").unwrap());
                let page: Vec<&Json> = self.ddm.iter().skip(offset).take(limit).collect();
                (
                    200,
                    json!({"logical_processes": page, "total_count": self.ddm.len()}),
                )
            }
            ("DELETE", "logical-processes") => {
                let asked = body["process_ids"].as_array().unwrap();
                self.ddm.retain(|session| !asked.contains(&session["id"]));
                (200, json!({"resp": "successful"}))
            }
            ("GET", "processes-audit-log") => {
                let (offset, limit) = (number("offset").unwrap(), number("limit").unwrap());
                let page: Vec<&Json> = self.ddm_log.iter().skip(offset).take(limit).collect();
                (
                    200,
                    json!({"process_audit_logs": page, "total_count": self.ddm_log.len()}),
                )
            }
            ("GET", list) if list.ends_with("/processes") => {
                let (offset, limit) = (number("offset").unwrap(), number("limit").unwrap());
                let page: Vec<&Json> = self.threads.iter().skip(offset).take(limit).collect();
                (
                    200,
                    json!({"processes": page, "total_count": self.threads.len()}),
                )
            }
            ("DELETE", kill) if kill.ends_with("/processes") => self.kill_threads(body),
            ("GET", "pg/query-process-list") => {
                let (page, limit) = (number("cur_page").unwrap(), number("per_page").unwrap());
                let page = self.backends.iter().skip((page - 1) * limit).take(limit);
                let page: Vec<&Json> = page.collect();
                (
                    200,
                    json!({"process_info_list": page, "total": self.backends.len()}),
                )
            }
            ("POST", "kill-process") => {
                let asked = body["processes"].as_array().unwrap();
                let before = self.backends.len();
                self.backends.retain(|one| {
                    let id = one["id"].as_str().and_then(|id| id.parse::<i64>().ok());
                    !asked.contains(&json!({"id": id, "user": one["user"]}))
                });
                (200, json!({"count": before - self.backends.len()}))
            }
            ("POST", "real-time-session") => {
                let asked = |column: &'static str, argument: &str| {
                    let value = body["query_info"][argument].clone();
                    move |one: &&Json| value.is_null() || one[column] == value
                };
                let rows = (self.gaussdb.iter())
                    .filter(asked("user_name", "user_name"))
                    .filter(asked("database_name", "database_name"))
                    .filter(asked("client_ip", "client_ip"));
                let rows: Vec<&Json> = rows.take(200).collect();
                (200, json!({"sessions": rows}))
            }
            ("POST", "kill-session") => {
                let asked = body["session_ids"].as_array().unwrap().clone();
                let (killed, others) = (self.gaussdb.drain(..))
                    .partition::<Vec<Json>, _>(|one| asked.contains(&one["session_id"]));
                self.gaussdb = others;
                let killed: Vec<&Json> = killed.iter().map(|one| &one["session_id"]).collect();
                (
                    200,
                    json!({"session_ids": killed, "success": killed.len() == asked.len()}),
                )
            }
            ("GET", _) if path.contains("/redis/nodes/") => {
                let (offset, limit) = (number("offset").unwrap(), number("limit").unwrap());
                let page: Vec<&Json> = self.geminidb.iter().skip(offset).take(limit).collect();
                (
                    200,
                    json!({"sessions": page, "total_count": self.geminidb.len()}),
                )
            }
            ("DELETE", _) if path.contains("/redis/nodes/") => {
                let asked = body["session_ids"].as_array().unwrap();
                (self.geminidb).retain(|session| !asked.contains(&session["id"]));
                (200, json!({}))
            }
            ("GET", "htap/process") => {
                let (offset, limit) = (number("offset").unwrap(), number("limit").unwrap());
                let page: Vec<&Json> = self.htap.iter().skip(offset).take(limit).collect();
                (200, json!({ "process_list": page }))
            }
            ("DELETE", "htap/process") => {
                let asked = body["process_list"].as_array().unwrap();
                let before = self.htap.len();
                self.htap.retain(|one| !asked.contains(&one["id"]));
                let status = match before - self.htap.len() == asked.len() {
                    true => "success",
                    false => "failed",
                };
                (200, json!({"status": status, "msg": ""}))
            }
            ("GET", list) if list.ends_with("/sessions") => {
                let (offset, limit) = (number("offset").unwrap(), number("limit").unwrap());
                let page: Vec<&Json> = self.operations.iter().skip(offset).take(limit).collect();
                (
                    200,
                    json!({"sessions": page, "total_count": self.operations.len()}),
                )
            }
            ("POST", kill) if kill.ends_with("/session") => {
                let asked = body["sessions"].as_array().unwrap();
                // The connection of a killed operation stays, and is idle.
                let killed = (self.operations.iter_mut()).filter(|one| asked.contains(&one["id"]));
                for one in killed {
                    (one["id"], one["active"]) = (Json::Null, json!(false));
                }
                (200, json!({}))
            }
            ("GET", _) if path.ends_with("/jobs/kill") => (
                200,
                json!({"job_id": "kill", "status": "SUCCESS", "begin_time": "1", "end_time": "2"}),
            ),
            ("GET", _) if path.contains("/jobs/") => (self.scan_job)(),
            _ => (
                404,
                json!({"error_code": "APIGW.0101", "error_msg": "no such API"}),
            ),
        }
    }

    fn kill_threads(&mut self, body: &Json) -> Answer {
        let asked: Vec<i64> = serde_json::from_value(body["processes"].clone()).unwrap();
        if asked.len() > self.most_threads {
            return (
                400,
                json!({"error_code": "DBS.200001", "error_msg": "Parameter error."}),
            );
        }
        let there = |id: &i64| self.threads.iter().any(|thread| thread["id"] == json!(id));
        let (killed, not_found): (Vec<i64>, Vec<i64>) = asked
            .into_iter()
            .filter(|id| !self.internal.contains(id))
            .partition(there);
        self.threads
            .retain(|thread| !killed.iter().any(|id| thread["id"] == json!(id)));
        (
            200,
            json!({"processes_killed": killed, "processes_not_found": not_found}),
        )
    }
}

/// The cloud, serving on a port of its own until it is dropped.
pub struct Cloud {
    /// What it has.
    pub world: Arc<Mutex<World>>,
    /// The provider's clock.
    pub clock: Arc<TestClock>,
    /// A provider that is configured for it.
    pub provider: HwcProvider,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Cloud {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Cloud {
    /// A cloud without sessions.
    pub async fn start() -> Self {
        let clock = Arc::new(TestClock {
            started: Instant::now(),
            slept: Mutex::default(),
        });
        let world = Arc::new(Mutex::new(World {
            clock: Arc::clone(&clock),
            nodes: Vec::new(),
            sessions: BTreeMap::new(),
            threads: Vec::new(),
            backends: Vec::new(),
            gaussdb: Vec::new(),
            geminidb: Vec::new(),
            ddm: Vec::new(),
            ddm_lists: true,
            ddm_log: Vec::new(),
            htap: Vec::new(),
            operations: Vec::new(),
            saved: BTreeMap::new(),
            scan_answer: |number| (200, json!({"job_id": format!("scan-{number}")})),
            scan_job: || (200, json!({"status": "SUCCESS"})),
            saved_time: |number| json!(format!("list {number}")),
            scan_works: true,
            scans: 0,
            most_threads: usize::MAX,
            internal: Vec::new(),
            due: VecDeque::new(),
            calls: Vec::new(),
        }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(serve).with_state(Arc::clone(&world));
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });

        let mut endpoints = Endpoints::default();
        for service in apis::ALL {
            endpoints.set(service, parse_endpoint(&url).unwrap());
        }
        let settings = Settings {
            endpoints,
            region: Some("cn-north-4".to_owned()),
            project_id: Some("0123456789abcdef0123456789abcdef".to_owned()),
            ..Settings::default()
        };
        let credential = Credential::Keys(Keys {
            access_key: "AK".to_owned(),
            secret_key: "SK".to_owned().into(),
            security_token: None,
        });
        let client = Client::with_clock(settings, Box::new(credential), clock.clone());
        Self {
            world,
            clock,
            provider: HwcProvider::with_client(client),
            server,
        }
    }

    /// What it has, for a look or a change.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// Lets `event` happen at the next call whose path ends so, once. Its answer is given instead of the cloud's own.
    pub fn at(
        &self,
        method: &'static str,
        path: &'static str,
        event: impl FnOnce(&mut World) -> Option<Answer> + Send + 'static,
    ) {
        let event = Box::new(event);
        self.world().due.push_back(Due {
            method,
            path,
            event,
        });
    }
}

async fn serve(
    State(world): State<Arc<Mutex<World>>>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> Response {
    let body = serde_json::from_slice(&body).unwrap_or(Json::Null);
    let mut world = world.lock().unwrap();
    let call = (method.to_string(), uri.path().to_owned(), body.clone());
    world.calls.push(call);
    let (status, answer) = world.answer(
        method.as_str(),
        uri.path(),
        uri.query().unwrap_or_default(),
        &body,
    );
    let status = StatusCode::from_u16(status).unwrap();
    let text = match answer {
        Json::Null => String::new(),
        // A text is sent as it is, since some answers are no JSON.
        Json::String(text) => text,
        json => json.to_string(),
    };
    (status, text).into_response()
}
