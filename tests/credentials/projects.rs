//! The project of a region is looked up once, whether it is found or not, also by those who may not list projects.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use terraform_provider_hwc::huaweicloud::client::{Client, Settings};
use terraform_provider_hwc::huaweicloud::clock::{Clock, SystemClock};
use terraform_provider_hwc::huaweicloud::credentials::chain::{Inputs, SignIn};
use terraform_provider_hwc::huaweicloud::endpoint::{Endpoints, parse_endpoint};
use terraform_provider_hwc::huaweicloud::error::Error;
use terraform_provider_hwc::huaweicloud::iam;
use terraform_provider_hwc::huaweicloud::operation::Operation;
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::cloud::{Cloud, nothing};

const PROJECTS: &str = "GET /v3/projects";
const REACHABLE: &str = "GET /v3/auth/projects";

/// The machine's clock, some seconds ahead.
#[derive(Default)]
struct Ahead(AtomicU64);

#[async_trait]
impl Clock for Ahead {
    fn now(&self) -> OffsetDateTime {
        SystemClock.now()
    }
    fn instant(&self) -> Instant {
        SystemClock.instant() + Duration::from_secs(self.0.load(Ordering::Relaxed))
    }
    async fn sleep(&self, duration: Duration) {
        SystemClock.sleep(duration).await;
    }
}

fn keys(cloud: &Cloud) -> SignIn {
    SignIn {
        variables: cloud.keys(),
        ..nothing()
    }
}

fn client(cloud: &Cloud, clock: Arc<dyn Clock>) -> Client {
    cloud.client_of_project(None, &keys(cloud), clock)
}

async fn project(cloud: &Cloud, client: &Client) -> Result<String, Error> {
    let limit = Duration::from_secs(60);
    let operation = Operation::new(client.clock(), limit, CancellationToken::new());
    client.project_id(&cloud.ready().region, &operation).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_up_that_fails_is_shared_and_tried_again_after_a_while() {
    let cloud = Arc::new(Cloud::start().await);
    cloud
        .fault(json!({
            "path_contains": "/v3/projects", "status": 500, "times": 1, "delay_ms": 300,
        }))
        .await;
    let clock = Arc::new(Ahead::default());
    let client = client(&cloud, clock.clone());

    let look_ups: Vec<_> = (0..10)
        .map(|_| {
            let (cloud, client) = (Arc::clone(&cloud), client.clone());
            tokio::spawn(async move { project(&cloud, &client).await })
        })
        .collect();
    for look_up in look_ups {
        let error = look_up.await.unwrap().unwrap_err();
        assert_eq!(error.api().map(|answer| answer.status), Some(500));
    }
    // One that comes a moment later is told the same.
    project(&cloud, &client).await.unwrap_err();
    assert_eq!(cloud.calls().await, [PROJECTS]);

    clock.0.store(10, Ordering::Relaxed);
    for _ in 0..2 {
        let id = project(&cloud, &client).await.unwrap();
        assert_eq!(id, cloud.ready().project_id);
    }
    assert_eq!(cloud.calls().await, [PROJECTS, PROJECTS]);
}

async fn forbid(cloud: &Cloud, path: &str) {
    cloud
        .fault(json!({
            "path_contains": path, "status": 403,
            "body": {"error": {"code": 403, "message": "You are not authorized to perform the requested action.", "title": "Forbidden"}},
        }))
        .await;
}

#[tokio::test]
async fn who_may_not_list_projects_finds_the_project_among_those_within_reach() {
    let cloud = Cloud::start().await;
    let client = client(&cloud, Arc::new(SystemClock));
    forbid(&cloud, "/v3/projects").await;

    let id = project(&cloud, &client).await.unwrap();

    assert_eq!(id, cloud.ready().project_id);
    assert_eq!(cloud.calls().await, [PROJECTS, REACHABLE]);
}

#[tokio::test]
async fn when_both_lists_are_refused_the_first_refusal_is_told() {
    let cloud = Cloud::start().await;
    let client = client(&cloud, Arc::new(SystemClock));
    forbid(&cloud, "/v3/projects").await;
    cloud
        .fault(json!({"path_contains": "/v3/auth/projects", "status": 404}))
        .await;

    let error = project(&cloud, &client).await.unwrap_err();

    assert_eq!(error.api().map(|answer| answer.status), Some(403));
    assert_eq!(error.line().unwrap().path, "/v3/projects");
}

#[tokio::test]
async fn one_odd_record_does_not_hide_the_project_and_two_of_one_name_are_not_guessed_at() {
    let region = Cloud::start().await.ready().region.clone();
    let right = json!({"id": "1", "name": region});
    for (projects, found) in [
        (
            json!([null, 7, {"id": "2"}, {"id": null, "name": region}, right]),
            Ok("1"),
        ),
        (json!([right, right]), Ok("1")),
        (
            json!([right, {"id": "2", "name": region}]),
            Err("2 projects named"),
        ),
        (json!([]), Err("no project named")),
        (Value::Null, Err("no list of projects")),
        (json!("none"), Err("no list of projects")),
    ] {
        let cloud = Cloud::start().await;
        let client = client(&cloud, Arc::new(SystemClock));
        let body = json!({"projects": projects});
        cloud
            .fault(json!({"path_contains": "/v3/projects", "status": 200, "body": body}))
            .await;

        let result = project(&cloud, &client).await;

        match (&result, found) {
            (Ok(id), Ok(found)) => assert_eq!(id, found, "{body}"),
            (Err(error), Err(words)) => {
                assert!(error.to_string().contains(words), "{body}: {error}")
            }
            _ => panic!("{body}: {result:?}"),
        }
    }
}

/// Answers one request with this head and body.
async fn answer_once(head: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        _ = stream.read(&mut request).await.unwrap();
        let answer = format!(
            "HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    format!("http://{address}")
}

#[tokio::test]
async fn the_request_id_comes_from_whatever_header_or_body_has_one() {
    const BODY: &str = "{\"error_msg\": \"no\", \"request_id\": \"of the body\"}";
    for (head, id) in [
        (
            "400 Bad Request\r\nX-Request-Id: one\r\nX-IAM-Trace-Id: two",
            "one",
        ),
        ("400 Bad Request\r\nX-IAM-Trace-Id: two", "two"),
        ("400 Bad Request", "of the body"),
    ] {
        let mut endpoints = Endpoints::default();
        let url = answer_once(head, BODY).await;
        endpoints.set(&iam::API, parse_endpoint(&url).unwrap());
        let settings = Settings {
            endpoints,
            max_retries: 0,
            ..Settings::default()
        };
        let sign_in = SignIn {
            variables: Inputs {
                access_key: Some("AK".to_owned()),
                secret_key: Some("SK".into()),
                ..Inputs::default()
            },
            ..nothing()
        };
        let client = Client::new(settings, sign_in.choose().credentials);
        let limit = Duration::from_secs(20);
        let operation = Operation::new(client.clock(), limit, CancellationToken::new());

        let error = client
            .project_id("cn-north-4", &operation)
            .await
            .unwrap_err();

        assert_eq!(error.request_id(), Some(id), "{error}");
    }
}
