//! Temporary credentials: for an agency that is assumed, and in exchange for a token.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    body::Bytes,
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::json;
use time::OffsetDateTime;

use super::{
    keystone::{keystone, keystone_body},
    state::Iam,
};
use crate::{
    error::{ApiError, plain_body},
    gateway::{self, Answer, answer},
    keyring::{TemporaryCredential, expiry_text},
};

/// Lives that may be asked for, and the one that is given when none is.
const SHORTEST_LIFE: u64 = 900;
const LONGEST_LIFE: u64 = 86_400;
const DEFAULT_LIFE: u64 = 900;
/// STS gives an hour by default, and half a day at most.
const DEFAULT_SESSION: u64 = 3_600;
const LONGEST_SESSION: u64 = 43_200;
/// The most for a caller who signs with temporary keys: in a chain of agencies.
const LONGEST_IN_CHAIN: u64 = 3_600;
/// Length of a session's name.
const SESSION_NAME: std::ops::RangeInclusive<usize> = 2..=128;
/// The documents have this code in their sample of an error: there is no such agency.
const NO_SUCH_AGENCY: &str = "STS5.1106";

#[derive(Deserialize)]
struct CredentialBody {
    auth: CredentialAuth,
}

#[derive(Deserialize)]
struct CredentialAuth {
    identity: CredentialIdentity,
}

#[derive(Deserialize)]
struct CredentialIdentity {
    methods: Vec<String>,
    assume_role: Option<AssumeRole>,
    token: Option<Token>,
}

#[derive(Deserialize)]
struct AssumeRole {
    agency_name: String,
    domain_name: Option<String>,
    domain_id: Option<String>,
    duration_seconds: Option<u64>,
}

#[derive(Deserialize, Default)]
struct Token {
    id: Option<String>,
    duration_seconds: Option<u64>,
}

/// `POST /v3.0/OS-CREDENTIAL/securitytokens`: 201 with temporary credentials, for an agency (`assume_role`, signed or
/// with a token in the header) or for a token in the body or the header.
pub(crate) async fn temporary_credential(State(iam): State<Arc<Iam>>, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX)
        .await
        .map_err(|_| ApiError::body_too_large())?;
    let identity = keystone_body::<CredentialBody>(&body)?.auth.identity;
    let now = OffsetDateTime::now_utc();

    let seconds = match (identity.methods.as_slice(), identity.assume_role) {
        ([method], Some(role)) if method == "assume_role" => {
            gateway::authenticate(&iam.cloud, &parts, &body)?;
            check_agency(&iam, &role)?;
            role.duration_seconds
        }
        ([method], _) if method == "token" => {
            let token = identity.token.unwrap_or_default();
            match &token.id {
                Some(id) => iam.cloud.keyring.check_token(id.as_bytes(), now)?,
                None => gateway::authenticate(&iam.cloud, &parts, &body)?,
            };
            token.duration_seconds
        }
        _ => {
            return Err(keystone(
                StatusCode::BAD_REQUEST,
                "The method must be assume_role or token, with its argument.",
            ));
        }
    };
    let life = life(seconds, DEFAULT_LIFE, LONGEST_LIFE)
        .map_err(|reason| keystone(StatusCode::BAD_REQUEST, reason))?;
    let credential = iam.cloud.keyring.issue_temporary(life, now);
    answer((StatusCode::CREATED, Json(credential.body())))
}

fn check_agency(iam: &Iam, role: &AssumeRole) -> Result<(), ApiError> {
    let account = &iam.cloud.account;
    let is_domain = match (&role.domain_id, &role.domain_name) {
        (Some(id), _) => *id == account.domain_id,
        (None, Some(name)) => *name == account.domain_name,
        (None, None) => {
            return Err(keystone(
                StatusCode::BAD_REQUEST,
                "domain_id or domain_name is mandatory.",
            ));
        }
    };
    if is_domain && role.agency_name == iam.agency_name {
        return Ok(());
    }
    Err(keystone(
        StatusCode::NOT_FOUND,
        "The agency could not be found.",
    ))
}

#[derive(Deserialize)]
struct AssumeBody {
    agency_urn: String,
    agency_session_name: String,
    duration_seconds: Option<u64>,
}

/// `POST /v5/agencies/assume`: 200 with temporary credentials for an agency named by its URN.
pub(crate) async fn assume_v5(
    State(iam): State<Arc<Iam>>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let body: AssumeBody =
        serde_json::from_slice(&body).map_err(|reason| bad_session(&reason.to_string()))?;
    if !SESSION_NAME.contains(&body.agency_session_name.chars().count()) {
        return Err(bad_session(
            "agency_session_name must have 2 to 128 characters",
        ));
    }
    let (domain_id, agency) = (&iam.cloud.account.domain_id, &iam.agency_name);
    let urn = format!("iam::{domain_id}:agency:{agency}");
    if body.agency_urn != urn {
        return Err(sts(
            StatusCode::NOT_FOUND,
            NO_SUCH_AGENCY,
            format!("the agency '{}' cannot be found", body.agency_urn),
        ));
    }
    let longest = if headers.contains_key("x-security-token") {
        LONGEST_IN_CHAIN
    } else {
        LONGEST_SESSION
    };
    let life = life(body.duration_seconds, DEFAULT_SESSION, longest)
        .map_err(|reason| bad_session(&reason))?;
    let credential = iam
        .cloud
        .keyring
        .issue_temporary(life, OffsetDateTime::now_utc());
    answer(Json(json!({
        "credentials": session_credentials(&credential),
        "assumed_agency": {"urn": format!("sts::{domain_id}:assumed-agency:{agency}/{}", body.agency_session_name)},
    })))
}

fn session_credentials(credential: &TemporaryCredential) -> serde_json::Value {
    json!({
        "access_key_id": credential.access_key,
        "secret_access_key": credential.secret_key.expose_secret(),
        "security_token": credential.security_token.expose_secret(),
        "expiration": expiry_text(credential.expires_at),
    })
}

fn life(asked_for: Option<u64>, default: u64, longest: u64) -> Result<Duration, String> {
    let seconds = asked_for.unwrap_or(default);
    if (SHORTEST_LIFE..=longest).contains(&seconds) {
        return Ok(Duration::from_secs(seconds));
    }
    Err(format!(
        "duration_seconds must be {SHORTEST_LIFE} to {longest}, not {seconds}."
    ))
}

/// No document names the code of an argument that is wrong: this one is made up.
fn bad_session(reason: &str) -> ApiError {
    sts(
        StatusCode::BAD_REQUEST,
        "STS5.1002",
        format!("The request is invalid: {reason}"),
    )
}

fn sts(status: StatusCode, code: &'static str, message: impl Into<String>) -> ApiError {
    ApiError::new(plain_body, status, code, message)
}
