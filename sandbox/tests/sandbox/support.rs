//! A sandbox under test and a client for it, with a signer of its own.

use std::time::Duration;

use hmac::{Hmac, Mac};
use hwc_sandbox::{Options, Ready, ReadyNode, Sandbox};
use reqwest::{Method, StatusCode, Url, header::HeaderMap};
use serde_json::Value;
use sha2::{Digest, Sha256};
use time::{OffsetDateTime, macros::format_description};

/// A running sandbox and a client that signs with its key.
pub struct TestCloud {
    pub sandbox: Sandbox,
    pub client: Client,
}

/// Signs and sends requests.
#[derive(Clone)]
pub struct Client {
    pub http: reqwest::Client,
    pub ready: Ready,
    pub access_key: String,
    pub secret_key: String,
    pub security_token: Option<String>,
    pub signed_at: Option<OffsetDateTime>,
    pub headers: Vec<(&'static str, String)>,
}

/// An answer, read in full.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Asserts that this is an error with this status and code, and with a request id.
    #[track_caller]
    pub fn assert_error(&self, status: u16, code: &str) {
        assert_eq!(
            (self.status.as_u16(), self.json()["error_code"].as_str()),
            (status, Some(code)),
            "{self:?}"
        );
        assert!(
            self.json()["error_msg"]
                .as_str()
                .is_some_and(|message| !message.is_empty()),
            "{self:?}"
        );
        assert_eq!(self.headers["x-request-id"].len(), 32);
    }

    #[track_caller]
    pub fn assert_ok(self) -> Self {
        assert!(self.status.is_success(), "{self:?}");
        self
    }
}

/// Options whose jobs take a blink.
pub fn quick() -> Options {
    let mut options = Options::default();
    options.services.dcs.job_duration = Duration::from_millis(40);
    options.services.dcs.scan_duration = Duration::from_millis(20);
    options
}

/// The same with changes.
pub fn quick_with(change: impl FnOnce(&mut Options)) -> Options {
    let mut options = quick();
    change(&mut options);
    options
}

pub async fn start(options: Options) -> TestCloud {
    let sandbox = Sandbox::start(options).await.unwrap();
    let client = Client::new(sandbox.ready());
    TestCloud { sandbox, client }
}

impl TestCloud {
    /// The nodes of a service, as the ready line names them.
    pub fn nodes(&self, service: &str) -> Vec<ReadyNode> {
        let nodes = self.sandbox.ready().nodes.iter();
        nodes
            .filter(|node| node.service == service)
            .cloned()
            .collect()
    }
}

impl Client {
    pub fn new(ready: &Ready) -> Self {
        Self {
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            ready: ready.clone(),
            access_key: ready.access_key.clone(),
            secret_key: ready.secret_key.clone(),
            security_token: None,
            signed_at: None,
            headers: Vec::new(),
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, "").await.unwrap()
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, &body.to_string())
            .await
            .unwrap()
    }

    pub async fn delete(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::DELETE, path, &body.to_string())
            .await
            .unwrap()
    }

    /// Sends a signed request.
    pub async fn send(&self, method: Method, path: &str, body: &str) -> reqwest::Result<Answer> {
        let url = Url::parse(&format!("{}{path}", self.ready.url)).unwrap();
        let mut headers = vec![
            (
                "host",
                format!("{}:{}", url.host_str().unwrap(), url.port().unwrap()),
            ),
            ("x-project-id", self.ready.project_id.clone()),
            (
                "x-sdk-date",
                sdk_date(self.signed_at.unwrap_or_else(OffsetDateTime::now_utc)),
            ),
        ];
        if !body.is_empty() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        if let Some(token) = &self.security_token {
            headers.push(("x-security-token", token.clone()));
        }
        for (name, value) in &self.headers {
            headers.retain(|(known, _)| known != name);
            headers.push((name, value.clone()));
        }
        headers.sort();
        let names = headers
            .iter()
            .map(|(name, _)| *name)
            .collect::<Vec<_>>()
            .join(";");
        let signature = self.signature(method.as_str(), &url, &headers, &names, body);
        let authorization = format!(
            "SDK-HMAC-SHA256 Access={}, SignedHeaders={names}, Signature={signature}",
            self.access_key
        );
        headers.push(("authorization", authorization));
        self.send_unsigned(method, path, &headers, body).await
    }

    /// Sends a request with these headers and nothing else.
    pub async fn send_unsigned(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, String)],
        body: &str,
    ) -> reqwest::Result<Answer> {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.ready.url))
            .body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let response = request.send().await?;
        Ok(Answer {
            status: response.status(),
            headers: response.headers().clone(),
            text: response.text().await?,
        })
    }

    fn signature(
        &self,
        method: &str,
        url: &Url,
        headers: &[(&str, String)],
        names: &str,
        body: &str,
    ) -> String {
        let mut pairs: Vec<&str> = url
            .query()
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty())
            .collect();
        pairs.sort_unstable();
        let lines: String = headers
            .iter()
            .map(|(name, value)| format!("{name}:{value}\n"))
            .collect();
        let canonical = format!(
            "{method}\n{}/\n{}\n{lines}\n{names}\n{}",
            url.path(),
            pairs.join("&"),
            sha256(body)
        );
        let date = &headers
            .iter()
            .find(|(name, _)| *name == "x-sdk-date")
            .unwrap()
            .1;
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret_key.as_bytes()).unwrap();
        mac.update(format!("SDK-HMAC-SHA256\n{date}\n{}", sha256(&canonical)).as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }

    /// `/v2/{project_id}` with the rest.
    pub fn dcs(&self, rest: &str) -> String {
        format!("/v2/{}{rest}", self.ready.project_id)
    }

    /// The path of a DCS instance's clients, with the rest.
    pub fn clients(&self, node: &ReadyNode, rest: &str) -> String {
        self.dcs(&format!("/instances/{}/clients{rest}", node.instance_id))
    }

    /// The path of a TaurusDB node's processes.
    pub fn processes(&self, node: &ReadyNode) -> String {
        let project_id = &self.ready.project_id;
        format!(
            "/v3/{project_id}/instances/{}/nodes/{}/processes",
            node.instance_id, node.node_id
        )
    }

    /// Starts a scan of a DCS node and follows its job to its end.
    pub async fn scan(&self, node: &ReadyNode, clean_cache: bool) -> Value {
        let body = serde_json::json!({"node_id": node.node_id, "clean_cache": clean_cache});
        let path = self.clients(node, "");
        let started = self.post(&path, &body).await.assert_ok().json();
        self.job_end(started["job_id"].as_str().unwrap()).await
    }

    /// All of a DCS node's sessions, scanned before.
    pub async fn list_dcs(&self, node: &ReadyNode) -> Vec<Value> {
        assert_eq!(self.scan(node, true).await["status"], "SUCCESS");
        let path = self.clients(node, &format!("?node_id={}&limit=1000", node.node_id));
        self.get(&path).await.assert_ok().json()["clients"]
            .as_array()
            .unwrap()
            .clone()
    }

    /// Kills all sessions of a DCS node and follows the job to its end.
    pub async fn kill_all(&self, body: &Value, node: &ReadyNode) -> Value {
        let started = self
            .post(&self.clients(node, "/kill-all"), body)
            .await
            .assert_ok()
            .json();
        self.job_end(started["job_id"].as_str().unwrap()).await
    }

    /// The job once it has ended.
    pub async fn job_end(&self, job_id: &str) -> Value {
        for _ in 0..500 {
            let job = self
                .get(&self.dcs(&format!("/jobs/{job_id}")))
                .await
                .assert_ok()
                .json();
            if job["status"] != "INIT" && job["status"] != "RUNNING" {
                return job;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("job {job_id} does not end");
    }

    pub async fn admin(&self, method: Method, path: &str, body: &str) -> Answer {
        self.send_unsigned(method, &format!("/_sandbox{path}"), &[], body)
            .await
            .unwrap()
    }

    /// Sets fault rules.
    pub async fn fault(&self, rules: &Value) {
        self.admin(Method::POST, "/faults", &rules.to_string())
            .await
            .assert_ok();
    }

    /// A node's part of the state.
    pub async fn node_state(&self, node: &ReadyNode) -> Value {
        let state = self
            .admin(Method::GET, "/state", "")
            .await
            .assert_ok()
            .json();
        let nodes = state["nodes"].as_array().unwrap();
        nodes
            .iter()
            .find(|state| state["node_id"] == node.node_id.as_str())
            .unwrap()
            .clone()
    }
}

pub fn sdk_date(time: OffsetDateTime) -> String {
    time.format(format_description!(
        "[year][month][day]T[hour][minute][second]Z"
    ))
    .unwrap()
}

fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}
