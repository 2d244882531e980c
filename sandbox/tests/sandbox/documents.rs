//! The sandbox gives the documented answer to each documented request: `tests/documents`.

#[path = "../documents/table.rs"]
mod table;

use std::{collections::BTreeMap, path::Path, time::Duration};

use hwc_sandbox::{Busy, NodeMapping, Options, RateLimit, ScanAnswer};
use reqwest::Method;
use serde_json::{Value, json};
use time::OffsetDateTime;

use self::table::{Document, Documented};
use crate::support::{Answer, Client, TestCloud, quick, quick_with, start};

fn documents() -> Vec<Document> {
    table::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/documents"))
}

/// Where a request goes, and what its names in braces stand for.
struct Scene {
    cloud: TestCloud,
    client: Client,
    values: BTreeMap<&'static str, String>,
    is_signed: bool,
}

/// The service that a call is one of; any, where it is none.
fn service(document: &Document) -> &'static str {
    let services = [
        ("DDS", "dds"),
        ("GaussDB", "gaussdb"),
        ("TaurusDB HTAP", "taurusdb_htap"),
        ("RDS for MySQL", "rds_mysql"),
        ("RDS for PostgreSQL", "rds_postgresql"),
        ("DDM physical", "ddm_physical"),
        ("DDM", "ddm_logical"),
    ];
    let named = (services.into_iter()).find(|(name, _)| document.call.starts_with(name));
    match named {
        Some((_, service)) => service,
        None if document.path.starts_with("/v2/") => "dcs",
        None => "taurusdb",
    }
}

/// The options that make the case what an answer presupposes.
fn options(given: &str, service: &str) -> Options {
    let busy = |code: Option<&str>| {
        let instance_id = match service {
            "dcs" => "i",
            "dds" => DDS_INSTANCE,
            "gaussdb" => GAUSSDB_INSTANCE,
            "taurusdb_htap" => HTAP_INSTANCE,
            _ => TAURUSDB_INSTANCE,
        };
        let text = match code {
            Some(code) => format!("{instance_id}=10m:{code}"),
            None => format!("{instance_id}=10m"),
        };
        quick_with(|options| {
            options.services.dcs.nodes = vec![NodeMapping::simulated("i", "n", 12)];
            options.services.taurusdb.nodes =
                vec![NodeMapping::simulated(TAURUSDB_INSTANCE, TAURUSDB_NODE, 12)];
            options.services.taurusdb_htap.nodes =
                vec![NodeMapping::simulated(HTAP_INSTANCE, "n", 12)];
            options.services.gaussdb.nodes =
                vec![NodeMapping::simulated(GAUSSDB_INSTANCE, GAUSSDB_NODE, 12)];
            options.services.dds.nodes = vec![NodeMapping::simulated(DDS_INSTANCE, DDS_NODE, 12)];
            options.busy = vec![text.parse::<Busy>().unwrap()];
        })
    };
    if let Some(code) = given.strip_prefix("busy ") {
        return busy(Some(code));
    }
    match given {
        "busy" => busy(None),
        "proxies" => quick_with(|options| {
            options.services.dcs.nodes = vec![NodeMapping::simulated("i", "server-1", 1)];
            options.services.dcs.proxies = vec![NodeMapping::simulated("i", "proxy-1", 5)];
        }),
        "inactive node" => quick_with(|options| {
            options.services.dcs.nodes = vec![NodeMapping::simulated("i", "n", 1)];
            options.services.dcs.inactive = vec!["i/n".to_owned()];
        }),
        "scan answers nothing" => quick_with(|options| {
            options.services.dcs.scan_answer = ScanAnswer::Empty;
        }),
        "scan answers no id" => quick_with(|options| {
            options.services.dcs.scan_answer = ScanAnswer::NoJob;
        }),
        "kills of 2 threads at most" => quick_with(|options| {
            options.services.taurusdb.largest_kill = 2;
        }),
        "2 calls a minute" => Options {
            rate_limit: Some(RateLimit {
                calls: 2,
                window: Duration::from_secs(60),
            }),
            ..quick()
        },
        "a kill waits" => quick_with(|options| {
            options.services.dcs.job_duration = Duration::from_secs(600);
        }),
        _ => quick(),
    }
}

const TAURUSDB_INSTANCE: &str = "a23fb62bd61e4e9e9636fd2225f395bein07";
const HTAP_INSTANCE: &str = "6d2f8b0e4a7c49519f3e1d5c7b9a2064in17";
const DDS_INSTANCE: &str = "9136fd2a9fcd405ea4674276ce36dae8in02";
const DDS_NODE: &str = "520c58ba00a3497e97ce0b9604874dd6no02";
const GAUSSDB_INSTANCE: &str = "7e2d4c90b1f8463da5c6e03f9b84d217in14";
const GAUSSDB_NODE: &str = "0d5f8a63c2914e7bb8e41f6097ca35d2no14";
const TAURUSDB_NODE: &str = "18663926eacb443d98dc20f8620f28f2no07";

impl Scene {
    /// A sandbox in which the case is what the answer presupposes.
    async fn set(document: &Document, answer: &Documented) -> Self {
        let service = service(document);
        let given = answer.given.as_deref().unwrap_or_default();
        let cloud = start(options(given, service)).await;
        let nodes = cloud.nodes(service);
        let ready = cloud.sandbox.ready();
        let mut values = BTreeMap::from([
            ("project_id", ready.project_id.clone()),
            ("region", ready.region.clone()),
            ("user_name", ready.user_name.clone()),
            ("user_password", ready.user_password.clone()),
            ("domain_name", ready.domain_name.clone()),
            ("domain_id", ready.domain_id.clone()),
            ("agency_name", ready.agency_name.clone()),
            ("idp_id", ready.idp_id.clone()),
            ("id_token", ready.id_token.clone()),
            ("address", "203.0.113.9:1".to_owned()),
        ]);
        if let Some(node) = nodes.first() {
            values.insert("instance_id", node.instance_id.clone());
            values.insert("node_id", node.node_id.clone());
            let others = [
                ("database_user_id", &node.database_user_id),
                ("component_id", &node.component_id),
            ];
            for (name, value) in others {
                values.extend(value.clone().map(|value| (name, value)));
            }
        }
        let mut scene = Self {
            client: cloud.client.clone(),
            cloud,
            values,
            is_signed: true,
        };
        scene.prepare(given).await;
        if answer.request_text().contains("{token}") {
            scene.log_in().await;
        }
        if answer.request_text().contains("{inactive_id}") {
            scene.find_inactive().await;
        }
        if answer.request_text().contains("{session_id}") {
            scene.list_gaussdb().await;
        }
        scene
    }

    /// What has to happen, or to be another, before the request.
    async fn prepare(&mut self, given: &str) {
        match given {
            "scanned" => self.scan(false).await,
            "a scan runs" => self.scan(true).await,
            "scanned, and a scan runs" => {
                self.scan(false).await;
                self.scan(true).await;
            }
            "a scan has ended" => {
                let node = &self.cloud.nodes("dcs")[0];
                let job = self.client.scan(node, true).await;
                self.values.insert("job_id", text(&job["job_id"]));
            }
            "a kill waits" => self.kill(None).await,
            "a kill runs" => {
                self.kill(Some(json!({"job": "never"}))).await;
                self.job_leaves("INIT").await;
            }
            "a kill has ended" | "a kill has failed" => {
                let fails = json!({"job": "FAIL", "fail_reason": "node down"});
                self.kill(given.ends_with("failed").then_some(fails)).await;
                let job_id = self.values["job_id"].clone();
                self.client.job_end(&job_id).await;
            }
            "no such job" => {
                let job_id = "00000000-0000-4000-8000-000000000000";
                self.values.insert("job_id", job_id.to_owned());
            }
            "no such instance" => {
                let instance_id = match ending(&self.values["instance_id"]) {
                    "" => "00000000-0000-4000-8000-000000000000".to_owned(),
                    ending => format!("00000000000000000000000000000000{ending}"),
                };
                self.values.insert("instance_id", instance_id);
            }
            "no such node" => {
                let ending = ending(&self.values["node_id"]);
                let node_id = format!("00000000000000000000000000000000{ending}");
                self.values.insert("node_id", node_id);
            }
            "another account" => {
                let account = "00000000-0000-4000-8000-000000000000";
                self.values.insert("database_user_id", account.to_owned());
            }
            "an instance id of a wrong form" => {
                self.values.insert("instance_id", "short".to_owned());
            }
            "no such API" => {
                self.values.insert("node_id", "n/no/such".to_owned());
            }
            "not signed" => self.is_signed = false,
            "signed with another key" => self.client.secret_key = "another".to_owned(),
            "another access key" => self.client.access_key = "ANOTHER".to_owned(),
            "signed 16 minutes ago" => {
                let then = OffsetDateTime::now_utc() - Duration::from_secs(16 * 60);
                self.client.signed_at = Some(then);
            }
            "another project" => {
                self.values.insert("project_id", "0".repeat(32));
            }
            "2 calls a minute" => {
                let path = self.client.processes(&self.cloud.nodes("taurusdb")[0]);
                for _ in 0..2 {
                    self.client.get(&path).await.assert_ok();
                }
            }
            // These are made by options alone.
            ""
            | "proxies"
            | "inactive node"
            | "scan answers nothing"
            | "scan answers no id"
            | "kills of 2 threads at most" => {}
            other if other.starts_with("busy") => {}
            other => panic!("nobody knows how to bring about {other:?}"),
        }
    }

    /// Scans the node to the end, or starts a scan that never ends.
    async fn scan(&mut self, endless: bool) {
        let node = &self.cloud.nodes("dcs")[0];
        if !endless {
            self.client.scan(node, true).await;
            return;
        }
        self.client.fault(&json!({"scan": "never"})).await;
        let body = json!({"node_id": node.node_id, "clean_cache": true});
        let path = self.client.clients(node, "");
        self.client.post(&path, &body).await.assert_ok();
    }

    /// Takes a session of the list of GaussDB.
    async fn list_gaussdb(&mut self) {
        let path = "/v3/{project_id}/instances/{instance_id}/real-time-session";
        let place = r#"{"node_id": "{node_id}", "component_id": "{component_id}"}"#;
        let (path, body) = (self.fill(path), self.fill(place));
        let list = self.client.send(Method::POST, &path, &body).await.unwrap();
        let list = list.assert_ok().json();
        let id = text(&list["sessions"][0]["session_id"]);
        self.values.insert("session_id", id);
    }

    /// Takes an inactive operation of the list of DDS.
    async fn find_inactive(&mut self) {
        let path = self.fill("/v3/{project_id}/nodes/{node_id}/sessions?limit=20");
        let list = self.client.get(&path).await.assert_ok().json();
        let mut operations = list["sessions"].as_array().unwrap().iter();
        let inactive = operations.find(|one| one["active"] == false).unwrap();
        self.values.insert("inactive_id", text(&inactive["id"]));
    }

    /// Starts a kill of all sessions, whose job ends as the rule says.
    async fn kill(&mut self, rule: Option<Value>) {
        if let Some(rule) = rule {
            self.client.fault(&rule).await;
        }
        let node = &self.cloud.nodes("dcs")[0];
        let body = json!({"node_id": node.node_id});
        let path = self.client.clients(node, "/kill-all");
        let started = self.client.post(&path, &body).await.assert_ok().json();
        self.values.insert("job_id", text(&started["job_id"]));
    }

    async fn job_leaves(&self, status: &str) {
        let path = self.client.dcs(&format!("/jobs/{}", self.values["job_id"]));
        for _ in 0..500 {
            if self.client.get(&path).await.json()["status"] != status {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the job stays {status}");
    }

    async fn log_in(&mut self) {
        let body = self.fill(
            r#"{"auth": {"identity": {"methods": ["password"], "password": {"user": {
                "name": "{user_name}", "password": "{user_password}", "domain": {"name": "{domain_name}"}}}}}}"#,
        );
        let answer = self
            .client
            .send_unsigned(Method::POST, "/v3/auth/tokens", &[], &body)
            .await
            .unwrap();
        let token = answer.headers["x-subject-token"].to_str().unwrap();
        self.values.insert("token", token.to_owned());
    }

    /// The text with names in braces replaced by what they stand for.
    fn fill(&self, text: &str) -> String {
        self.values
            .iter()
            .fold(text.to_owned(), |text, (name, value)| {
                text.replace(&format!("{{{name}}}"), value)
            })
    }

    async fn ask(&self, document: &Document, answer: &Documented) -> Answer {
        let method = document.method.parse().unwrap();
        let path = match &answer.query {
            Some(query) => format!("{}?{query}", document.path),
            None => document.path.clone(),
        };
        let (path, body) = (self.fill(&path), self.fill(&answer.request_text()));
        let headers = answer.headers.iter().map(|(name, value)| {
            assert_eq!(name, "x-idp-id");
            ("x-idp-id", self.fill(value))
        });
        if !self.is_signed {
            let answer = self.client.send_unsigned(method, &path, &[], &body).await;
            return answer.unwrap();
        }
        let client = Client {
            headers: headers.collect(),
            ..self.client.clone()
        };
        client.send(method, &path, &body).await.unwrap()
    }
}

/// What the id of an instance or a node of a relational database ends in; nothing for another one.
fn ending(id: &str) -> &str {
    let ending = id.split_at_checked(32).map(|(_, ending)| ending);
    ending
        .filter(|ending| ending.len() == 4)
        .unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// What is wrong with an answer.
fn differences(answer: &Documented, actual: &Answer) -> Vec<String> {
    let mut found = Vec::new();
    if actual.status.as_u16() != answer.status {
        found.push(format!(
            "status {} and not {}",
            actual.status, answer.status
        ));
    }
    let Some(expected) = &answer.body else {
        if !actual.text.is_empty() {
            found.push("a body where there is none".to_owned());
        }
        return found;
    };
    let Ok(actual) = serde_json::from_str::<Value>(&actual.text) else {
        found.push("no JSON".to_owned());
        return found;
    };
    compare_types("", expected, &actual, &mut found);
    let exact = answer.exact.iter().map(String::as_str);
    for field in exact.chain(["error_code"]) {
        let pointer = format!("/{}", field.replace('.', "/"));
        let (expected, actual) = (expected.pointer(&pointer), actual.pointer(&pointer));
        if expected != actual {
            found.push(format!("{field} is {actual:?} and not {expected:?}"));
        }
    }
    found
}

/// Every field that the documents show is there and of the same type; null stands for a text as well.
fn compare_types(at: &str, expected: &Value, actual: &Value, found: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            for (name, value) in expected {
                match actual.get(name) {
                    Some(actual) => {
                        compare_types(&format!("{at}.{name}"), value, actual, found);
                    }
                    None => found.push(format!("{at}.{name} is missing")),
                }
            }
        }
        (Value::Array(expected), Value::Array(actual)) => {
            if actual.len() < expected.len() {
                found.push(format!("{at} has {} elements", actual.len()));
            }
            for (index, (expected, actual)) in expected.iter().zip(actual).enumerate() {
                compare_types(&format!("{at}.{index}"), expected, actual, found);
            }
        }
        (Value::String(_), Value::String(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::Bool(_), Value::Bool(_))
        | (Value::Null, Value::Null | Value::String(_)) => {}
        _ => found.push(format!("{at} is {actual}, unlike {expected}")),
    }
}

#[tokio::test]
async fn the_sandbox_gives_each_documented_answer_to_the_documented_request() {
    let (mut wrong, mut asked) = (Vec::new(), 0);
    for document in documents() {
        for answer in &document.answers {
            if answer.not_simulated.is_some() {
                continue;
            }
            let scene = Scene::set(&document, answer).await;
            let actual = scene.ask(&document, answer).await;
            asked += 1;
            let found = differences(answer, &actual);
            if !found.is_empty() {
                wrong.push(format!(
                    "{}, {}: {found:?} in {actual:?}",
                    document.call, answer.name
                ));
            }
            scene.cloud.sandbox.stop().await;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(asked > 70, "only {asked}");
}

#[test]
fn each_call_names_its_page_and_what_is_not_simulated_has_a_reason() {
    for document in documents() {
        let texts = [&document.page, &document.path, &document.method];
        assert!(texts.iter().all(|text| !text.is_empty()));
        assert!(
            document.facts.iter().all(|fact| !fact.says.is_empty()),
            "{}",
            document.call
        );
        for answer in &document.answers {
            let optional = [&answer.page, &answer.not_simulated, &answer.client_awaits];
            assert!(
                optional.into_iter().flatten().all(|text| !text.is_empty()),
                "{}, {}",
                document.call,
                answer.name
            );
        }
    }
}
