//! A sandbox in this process, clients of it that sign in as a test says, and a clock that is off.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hwc_sandbox::{Options, Ready, Sandbox};
use serde_json::{Value, json};
use terraform_provider_hwc::huaweicloud::calls::Calls;
use terraform_provider_hwc::huaweicloud::client::{Client, Settings};
use terraform_provider_hwc::huaweicloud::clock::{Clock, SystemClock};
use terraform_provider_hwc::huaweicloud::credentials::chain::{Inputs, SignIn};
use terraform_provider_hwc::huaweicloud::credentials::metadata::Metadata;
use terraform_provider_hwc::huaweicloud::dcs::Job;
use terraform_provider_hwc::huaweicloud::endpoint::{Endpoints, parse_endpoint};
use terraform_provider_hwc::huaweicloud::error::Error;
use terraform_provider_hwc::huaweicloud::operation::Operation;
use terraform_provider_hwc::huaweicloud::{apis, dcs};
use time::OffsetDateTime;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A running sandbox.
pub struct Cloud {
    pub sandbox: Sandbox,
}

/// The machine's clock, but slow by some time.
pub struct SlowClock(pub Duration);

#[async_trait]
impl Clock for SlowClock {
    fn now(&self) -> OffsetDateTime {
        SystemClock.now() - self.0
    }
    fn instant(&self) -> Instant {
        SystemClock.instant()
    }
    async fn sleep(&self, duration: Duration) {
        SystemClock.sleep(duration).await;
    }
}

/// Nothing is given, and there is no metadata service.
pub fn nothing() -> SignIn {
    SignIn {
        arguments: Inputs::default(),
        variables: Inputs::default(),
        sdk_variables: Inputs::default(),
        sdk_file: None,
        domain_id: None,
        domain_name: None,
        roles: Ok(Vec::new()),
        home: None,
        metadata: Metadata::Off("(off)".to_owned()),
    }
}

impl Cloud {
    pub async fn start() -> Self {
        Self::with(Options::default()).await
    }

    pub async fn with(options: Options) -> Self {
        let sandbox = Sandbox::start(options).await.unwrap();
        Self { sandbox }
    }

    pub fn ready(&self) -> &Ready {
        self.sandbox.ready()
    }

    /// Its keys.
    pub fn keys(&self) -> Inputs {
        Inputs {
            access_key: Some(self.ready().access_key.clone()),
            secret_key: Some(self.ready().secret_key.as_str().into()),
            ..Inputs::default()
        }
    }

    pub fn client(&self, sign_in: &SignIn) -> Client {
        self.client_with(sign_in, Arc::new(SystemClock))
    }

    pub fn client_with(&self, sign_in: &SignIn, clock: Arc<dyn Clock>) -> Client {
        let project_id = Some(self.ready().project_id.clone());
        self.client_of_project(project_id, sign_in, clock)
    }

    /// A client that knows the id of its project, or has to look it up.
    pub fn client_of_project(
        &self,
        project_id: Option<String>,
        sign_in: &SignIn,
        clock: Arc<dyn Clock>,
    ) -> Client {
        let mut endpoints = Endpoints::default();
        for service in apis::ALL {
            endpoints.set(service, parse_endpoint(&self.ready().url).unwrap());
        }
        let settings = Settings {
            endpoints,
            region: Some(self.ready().region.clone()),
            project_id,
            max_retries: 0,
            ..Settings::default()
        };
        Client::with_clock(settings, sign_in.choose().credentials, clock)
    }

    /// Makes a call that is authenticated: looks at a job that is not there. It is well when the service, and not the
    /// gateway, says so.
    pub async fn call(&self, client: &Client) -> Result<(), Error> {
        let operation = Operation::new(
            client.clock(),
            Duration::from_secs(20),
            CancellationToken::new(),
        );
        let job = "0".repeat(32).parse().unwrap();
        let calls = Calls {
            client,
            region: &self.ready().region,
            operation: &operation,
            leave_before: None,
        };
        match dcs::job(calls, &job).await {
            Err(Error::Api { answer, .. }) if answer.code.as_deref() == Some("DCS.4070") => Ok(()),
            Err(error) => Err(error),
            Ok(Job { .. }) => panic!("there is no such job"),
        }
    }

    /// The sign-in calls so far: method and path, oldest first.
    pub async fn sign_ins(&self) -> Vec<String> {
        let calls = self.calls().await;
        calls
            .into_iter()
            .filter(|line| !line.contains("/jobs/"))
            .collect()
    }

    /// All calls so far: method and path, oldest first.
    pub async fn calls(&self) -> Vec<String> {
        let url = format!("{}/_sandbox/requests", self.ready().url);
        let journal: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        journal["requests"]
            .as_array()
            .unwrap()
            .iter()
            .map(|call| {
                let part = |name: &str| call[name].as_str().unwrap().to_owned();
                format!("{} {}", part("method"), part("path"))
            })
            .collect()
    }

    /// Makes calls whose path has this text go wrong.
    pub async fn break_calls(&self, path: &str, status: u16, delay: Duration) {
        self.fault(
            json!({"path_contains": path, "status": status, "delay_ms": delay.as_millis() as u64}),
        )
        .await;
    }

    /// Sets a rule for calls that go wrong.
    pub async fn fault(&self, rule: Value) {
        reqwest::Client::new()
            .post(format!("{}/_sandbox/faults", self.ready().url))
            .json(&rule)
            .send()
            .await
            .unwrap()
            .error_for_status()
            .unwrap();
    }
}
