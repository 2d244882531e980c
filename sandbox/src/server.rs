//! The connections: reads requests, lets faults strike, and answers.

use std::{convert::Infallible, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::DefaultBodyLimit,
    http::{
        HeaderName, HeaderValue, Request, StatusCode,
        header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE},
        request::Parts,
    },
    response::{IntoResponse, Response},
};
use futures_util::{Stream, stream};
use hyper::{
    body::{Body as _, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::json;
use time::OffsetDateTime;
use tokio::{
    net::{TcpListener, TcpStream},
    time::{Instant, sleep},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;
use uuid::Uuid;

use crate::{
    admin,
    cloud::Cloud,
    error::ApiError,
    faults::Rule,
    journal::{self, Entry},
    language::Language,
    service::Service,
};

/// Larger bodies are refused, as the gateway does.
const LARGEST_BODY: usize = 12 << 20;
/// How long requests that are under way may go on when the sandbox stops.
const LONGEST_FAREWELL: Duration = Duration::from_secs(2);
/// Time for the bytes before a break to reach the client, so that the break comes where it was asked for.
const PAUSE_BEFORE_BREAK: Duration = Duration::from_millis(20);
/// Pause after a failure to accept, for example because of too many open files.
const PAUSE_AFTER_ACCEPT_ERROR: Duration = Duration::from_millis(50);

/// Why a connection ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is dropped without an answer")]
struct Dropped;

/// Accepts connections until `stop` is cancelled and those that are open have ended.
pub(crate) async fn serve(
    listener: TcpListener,
    cloud: Arc<Cloud>,
    services: Arc<[Arc<dyn Service>]>,
) {
    let stop = cloud.stop.clone();
    let server = Arc::new(Server {
        api: api(&services),
        without_gateway: services
            .iter()
            .flat_map(|service| service.paths_without_gateway().iter().copied())
            .collect(),
        admin: admin::router(cloud.clone(), services),
        cloud,
    });
    let connections = TaskTracker::new();
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, peer)) => {
                connections.spawn(server.clone().converse(stream, peer, stop.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                sleep(PAUSE_AFTER_ACCEPT_ERROR).await;
            }
        }
    }
    connections.close();
    connections.wait().await;
}

/// All calls of all services.
fn api(services: &[Arc<dyn Service>]) -> Router {
    services
        .iter()
        .map(|service| service.clone().routes())
        .fold(Router::new(), Router::merge)
        .fallback(no_such_api)
        .method_not_allowed_fallback(no_such_api)
        .layer(DefaultBodyLimit::disable())
}

async fn no_such_api() -> ApiError {
    ApiError::no_such_api()
}

struct Server {
    cloud: Arc<Cloud>,
    api: Router,
    admin: Router,
    /// Prefixes of the paths that clients reach without the gateway.
    without_gateway: Vec<&'static str>,
}

impl Server {
    /// Serves one connection to its end.
    async fn converse(
        self: Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        stop: CancellationToken,
    ) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "cannot turn off delays");
        }
        let service = service_fn(move |request| {
            let server = self.clone();
            async move {
                // A task of its own: as in the cloud, a call goes on when its caller hangs up.
                let task = tokio::spawn(async move { server.respond(peer, request).await });
                task.await.unwrap_or(Err(Dropped))
            }
        });
        let mut connection =
            pin!(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                tokio::time::timeout(LONGEST_FAREWELL, connection).await.unwrap_or(Ok(()))
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection broke");
        }
    }

    async fn respond(
        &self,
        peer: SocketAddr,
        request: Request<Incoming>,
    ) -> Result<Response, Dropped> {
        let request_id = Uuid::new_v4().simple().to_string();
        let arrived = (OffsetDateTime::now_utc(), Instant::now());
        let (parts, body) = request.into_parts();
        let is_too_large = body.size_hint().lower() > LARGEST_BODY as u64;
        let read = to_bytes(Body::new(body), LARGEST_BODY).await;
        let body = read.as_ref().map(Bytes::clone).unwrap_or_default();

        if parts.uri.path().starts_with(admin::PREFIX) {
            return Ok(self.administer(peer, parts, body, &request_id).await);
        }
        let (method, path) = (parts.method.to_string(), parts.uri.path().to_owned());
        let query = parts.uri.query().unwrap_or_default().to_owned();
        let signed_with = signed_with(&parts);
        let answer = match read {
            Ok(_) => self.answer(parts, body.clone(), &request_id).await,
            Err(_) if is_too_large => Ok(ApiError::body_too_large().render(&request_id)),
            // The caller hung up in the middle, or sends more than it said.
            Err(_) => Err(Dropped),
        };

        let status = answer
            .as_ref()
            .ok()
            .map(|response| response.status().as_u16());
        tracing::info!(
            %method, %path, status, ms = arrived.1.elapsed().as_millis(), %request_id,
            "{}", if status.is_some() { "answered" } else { "dropped" }
        );
        self.cloud.journal.record(Entry {
            at_ms: u64::try_from(arrived.0.unix_timestamp_nanos() / 1_000_000).unwrap_or_default(),
            method,
            path,
            query,
            signed_with,
            status,
            body,
            request_id: request_id.clone(),
        });
        answer.map(|response| with_request_id(response, &request_id))
    }

    /// Faults and state may be seen and set from this machine alone, whoever may call the services.
    async fn administer(
        &self,
        peer: SocketAddr,
        parts: Parts,
        body: Bytes,
        request_id: &str,
    ) -> Response {
        if !peer.ip().to_canonical().is_loopback() {
            return ApiError::no_such_api().render(request_id);
        }
        let response = call(&self.admin, parts, body, request_id).await;
        with_request_id(response, request_id)
    }

    /// The answer of a service, or what a fault makes of it.
    async fn answer(
        &self,
        parts: Parts,
        body: Bytes,
        request_id: &str,
    ) -> Result<Response, Dropped> {
        let path = parts.uri.path();
        let is_at_gateway = !self
            .without_gateway
            .iter()
            .any(|prefix| path.starts_with(prefix));
        if is_at_gateway {
            let api = format!("{} {}", parts.method, journal::route(path));
            if let Err(error) = self.cloud.throttle.admit(&api) {
                return Ok(error.render(request_id));
            }
        }
        let fault = self.cloud.faults.for_call(parts.method.as_str(), path);
        let Some(rule) = fault else {
            return Ok(call(&self.api, parts, body, request_id).await);
        };
        sleep(rule.delay()).await;
        let performed = if rule.performs() {
            Some(call(&self.api, parts, body, request_id).await)
        } else {
            None
        };
        if rule.close {
            return Err(Dropped);
        }
        Ok(spoil(&rule, performed, request_id).await)
    }
}

/// Asks a router, and writes out the error when it answers with one.
async fn call(router: &Router, parts: Parts, body: Bytes, request_id: &str) -> Response {
    let language = Language::of(&parts.headers);
    let request = Request::from_parts(parts, Body::from(body));
    let response = match router.clone().oneshot(request).await {
        Ok(response) => response,
        Err(never) => unreachable_answer(never),
    };
    match response.extensions().get::<ApiError>() {
        Some(error) => error.in_language(language).render(request_id),
        None => response,
    }
}

fn unreachable_answer(never: Infallible) -> Response {
    match never {}
}

fn with_request_id(mut response: Response, request_id: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

/// The answer that a rule asks for: its own, or the performed one with changes.
async fn spoil(rule: &Rule, performed: Option<Response>, request_id: &str) -> Response {
    let performed = performed.unwrap_or_else(|| json_response(Bytes::new()));
    let (mut head, body) = performed.into_parts();
    let own_body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    head.status = rule.status_or(head.status);
    let body = match rule.body_bytes() {
        Some(body) => Bytes::from(body),
        None if rule.status.is_some() && head.status.as_u16() >= 400 => {
            error_body(head.status, request_id)
        }
        None => own_body,
    };
    head.headers
        .insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    for (name, value) in &rule.headers {
        // Both were checked when the rule was set.
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            head.headers.insert(name, value);
        }
    }
    let body = match (rule.truncate, rule.drip_ms) {
        (None, None) => Body::from(body),
        (truncate, drip_ms) => Body::from_stream(broken_stream(body, truncate, drip_ms)),
    };
    Response::from_parts(head, body)
}

fn json_response(body: Bytes) -> Response {
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

/// What the gateway says with this status; its throttling code, else one that tells whose doing it is.
fn error_body(status: StatusCode, request_id: &str) -> Bytes {
    let (code, message) = match status {
        StatusCode::TOO_MANY_REQUESTS => (
            "APIGW.0308".to_owned(),
            "The throttling threshold has been reached: policy user over ratelimit.",
        ),
        _ => (
            format!("SANDBOX.{}", status.as_u16()),
            "A fault rule of the sandbox gave this answer.",
        ),
    };
    json!({"error_code": code, "error_msg": message, "request_id": request_id})
        .to_string()
        .into()
}

/// The body in one piece, or byte by byte with pauses; with `truncate` it breaks off after that many bytes.
fn broken_stream(
    body: Bytes,
    truncate: Option<usize>,
    drip_ms: Option<u64>,
) -> impl Stream<Item = Result<Bytes, Dropped>> {
    let sent = body.slice(..truncate.unwrap_or(body.len()).min(body.len()));
    let pieces: Vec<Bytes> = match drip_ms {
        Some(_) => (0..sent.len()).map(|at| sent.slice(at..=at)).collect(),
        None => vec![sent],
    };
    let pause = Duration::from_millis(drip_ms.unwrap_or_default());
    let items = pieces
        .into_iter()
        .map(Ok)
        .chain(truncate.map(|_| Err(Dropped)));
    stream::unfold(items, move |mut items| async move {
        let item = items.next()?;
        sleep(if item.is_ok() {
            pause
        } else {
            PAUSE_BEFORE_BREAK
        })
        .await;
        Some((item, items))
    })
}

/// The name of the algorithm that a request says it is signed with.
fn signed_with(parts: &Parts) -> Option<String> {
    let authorization = parts.headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (algorithm, _) = authorization.split_once(' ')?;
    Some(algorithm.to_owned())
}
