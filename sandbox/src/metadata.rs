//! The metadata service that an ECS finds at a link-local address: temporary credentials of the machine's agency.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
};
use secrecy::ExposeSecret;
use serde_json::json;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::{
    cloud::Cloud,
    error::{ApiError, Source},
    iam::expiry_text,
    keyring::random_text,
    lock,
    routes::{Answer, answer},
};

/// The longest life that a metadata token may be asked for.
const LONGEST_TOKEN_SECONDS: u64 = 21_600;

/// Whether a call goes to this service, which no gateway stands before.
pub(crate) fn is_path(path: &str) -> bool {
    path.starts_with("/meta-data/") || path.starts_with("/openstack/")
}

/// The tokens that were given out, by their hash.
#[derive(Debug, Default)]
pub(crate) struct Metadata {
    tokens: Mutex<HashMap<[u8; 32], OffsetDateTime>>,
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
pub(crate) async fn create_token(State(cloud): State<Arc<Cloud>>, headers: HeaderMap) -> Answer {
    let seconds = headers
        .get("x-metadata-token-ttl-seconds")
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok())
        .filter(|seconds| (1..=LONGEST_TOKEN_SECONDS).contains(seconds))
        .ok_or_else(|| {
            let reason = "X-Metadata-Token-Ttl-Seconds must be 1 to 21600";
            ApiError::new(
                Source::Service,
                StatusCode::BAD_REQUEST,
                "METADATA.400",
                reason,
            )
        })?;
    let token = random_text(56);
    let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
    let expires_at = OffsetDateTime::now_utc() + Duration::from_secs(seconds);
    lock(&cloud.metadata.tokens).insert(hash, expires_at);
    answer(token)
}

/// `GET /openstack/latest/securitykey`: temporary credentials. A machine may be set up to ask without a token; a token
/// that is given must be right.
pub(crate) async fn security_key(State(cloud): State<Arc<Cloud>>, headers: HeaderMap) -> Answer {
    let now = OffsetDateTime::now_utc();
    if let Some(token) = headers.get("x-metadata-token")
        && !cloud.metadata.knows(token.as_bytes(), now)
    {
        let reason = "The metadata token is not valid.";
        return Err(ApiError::new(
            Source::Service,
            StatusCode::UNAUTHORIZED,
            "METADATA.401",
            reason,
        ));
    }
    let credential = cloud
        .keyring
        .issue_temporary(Duration::from_secs(86_400), now);
    answer(
        Json(json!({"credential": {
            "access": credential.access_key,
            "secret": credential.secret_key.expose_secret(),
            "securitytoken": credential.security_token.expose_secret(),
            "expires_at": expiry_text(credential.expires_at),
        }}))
        .into_response(),
    )
}
