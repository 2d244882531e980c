//! The metadata service that an ECS finds at a link-local address: temporary credentials of the machine's agency.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::{get, put},
};
use clap::Args;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::{
    cloud::Cloud,
    error::{ApiError, plain_body},
    gateway::{Answer, answer},
    lock::lock,
    random::random_text,
    service::{Description, Nodes, Service},
};

/// The longest life that a metadata token may be asked for.
const LONGEST_TOKEN_SECONDS: u64 = 21_600;

/// The metadata service has no options.
#[derive(Debug, Clone, Args)]
pub struct MetadataOptions {}

impl Description for MetadataOptions {
    fn open(&self, cloud: &Arc<Cloud>, _nodes: Nodes) -> anyhow::Result<Arc<dyn Service>> {
        Ok(Arc::new(Metadata {
            cloud: cloud.clone(),
            tokens: Mutex::default(),
        }))
    }
}

/// The metadata service with the tokens that it gave out, by their hash.
#[derive(Debug)]
pub(crate) struct Metadata {
    cloud: Arc<Cloud>,
    tokens: Mutex<HashMap<[u8; 32], OffsetDateTime>>,
}

impl Service for Metadata {
    fn routes(self: Arc<Self>) -> Router {
        Router::new()
            .route("/meta-data/latest/api/token", put(create_token))
            .route("/openstack/latest/securitykey", get(security_key))
            .with_state(self)
    }

    fn paths_without_gateway(&self) -> &'static [&'static str] {
        &["/meta-data/", "/openstack/"]
    }
}

impl Metadata {
    fn knows(&self, token: &[u8], now: OffsetDateTime) -> bool {
        let hash: [u8; 32] = Sha256::digest(token).into();
        lock(&self.tokens)
            .get(&hash)
            .is_some_and(|expires_at| now < *expires_at)
    }
}

/// `PUT /meta-data/latest/api/token`: a token that lives as long as `X-Metadata-Token-Ttl-Seconds` says.
async fn create_token(State(metadata): State<Arc<Metadata>>, headers: HeaderMap) -> Answer {
    let seconds = headers
        .get("x-metadata-token-ttl-seconds")
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok())
        .filter(|seconds| (1..=LONGEST_TOKEN_SECONDS).contains(seconds))
        .ok_or_else(|| {
            let reason = "X-Metadata-Token-Ttl-Seconds must be 1 to 21600";
            ApiError::new(plain_body, StatusCode::BAD_REQUEST, "METADATA.400", reason)
        })?;
    let token = random_text(56);
    let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
    let expires_at = OffsetDateTime::now_utc() + Duration::from_secs(seconds);
    lock(&metadata.tokens).insert(hash, expires_at);
    answer(token)
}

/// `GET /openstack/latest/securitykey`: temporary credentials. A machine may be set up to ask without a token; a token
/// that is given must be right.
async fn security_key(State(metadata): State<Arc<Metadata>>, headers: HeaderMap) -> Answer {
    let now = OffsetDateTime::now_utc();
    if let Some(token) = headers.get("x-metadata-token")
        && !metadata.knows(token.as_bytes(), now)
    {
        let reason = "The metadata token is not valid.";
        return Err(ApiError::new(
            plain_body,
            StatusCode::UNAUTHORIZED,
            "METADATA.401",
            reason,
        ));
    }
    let life = Duration::from_secs(86_400);
    let credential = metadata.cloud.keyring.issue_temporary(life, now);
    answer(Json(credential.body()))
}
