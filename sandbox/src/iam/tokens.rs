//! Tokens for a password, and for the id token of an identity provider.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{
    keystone::{keystone, keystone_body},
    state::Iam,
};
use crate::{
    account::Account,
    error::ApiError,
    gateway::{Answer, answer},
    keyring::{Scope, expiry_text, same_secret},
};

/// How long tokens live.
const TOKEN_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Deserialize)]
struct PasswordBody {
    auth: PasswordAuth,
}

#[derive(Deserialize)]
struct PasswordAuth {
    identity: PasswordIdentity,
    #[serde(default)]
    scope: TokenScope,
}

#[derive(Deserialize)]
struct PasswordIdentity {
    methods: Vec<String>,
    password: Password,
}

#[derive(Deserialize)]
struct Password {
    user: User,
}

#[derive(Deserialize)]
struct User {
    #[serde(flatten)]
    named: Reference,
    password: String,
    domain: Option<Reference>,
}

#[derive(Deserialize, Default)]
struct TokenScope {
    project: Option<Reference>,
}

/// What is named by its id or by its name.
#[derive(Deserialize, Default)]
struct Reference {
    id: Option<String>,
    name: Option<String>,
}

impl Reference {
    /// Whether this means the thing with this id and name; the id decides where both are given.
    fn means(&self, id: &str, name: &str) -> bool {
        match (&self.id, &self.name) {
            (Some(given), _) => given == id,
            (None, Some(given)) => given == name,
            (None, None) => false,
        }
    }
}

/// `POST /v3/auth/tokens` with a password: 201, the token is in `X-Subject-Token`.
pub(crate) async fn by_password(State(iam): State<Arc<Iam>>, body: Bytes) -> Answer {
    let auth = keystone_body::<PasswordBody>(&body)?.auth;
    if auth.identity.methods != ["password"] {
        return Err(keystone(
            StatusCode::BAD_REQUEST,
            "The method of authentication must be password.",
        ));
    }
    check_user(&iam, &auth.identity.password.user)?;
    let scope = scope(&iam.cloud.account, auth.scope.project.as_ref())?;
    created(&iam, scope, "password")
}

/// Which part was wrong is not told, as in IAM.
fn check_user(iam: &Iam, user: &User) -> Result<(), ApiError> {
    let account = &iam.cloud.account;
    let is_named = user.named.means(&iam.user_id, &iam.user_name);
    // A user named by id needs no domain.
    let is_in_domain = match &user.domain {
        Some(domain) => domain.means(&account.domain_id, &account.domain_name),
        None => user.named.id.is_some(),
    };
    let has_password = same_secret(user.password.as_bytes(), &iam.user_password);
    if is_named && is_in_domain && has_password {
        return Ok(());
    }
    Err(keystone(
        StatusCode::UNAUTHORIZED,
        "The username or password is wrong.",
    ))
}

#[derive(Deserialize)]
struct IdTokenBody {
    auth: IdTokenAuth,
}

#[derive(Deserialize)]
struct IdTokenAuth {
    id_token: IdToken,
    #[serde(default)]
    scope: TokenScope,
}

#[derive(Deserialize)]
struct IdToken {
    id: String,
}

/// `POST /v3.0/OS-AUTH/id-token/tokens` with `X-Idp-Id`: 201, the token is in `X-Subject-Token`.
pub(crate) async fn by_id_token(
    State(iam): State<Arc<Iam>>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let auth = keystone_body::<IdTokenBody>(&body)?.auth;
    let idp_id = headers.get("x-idp-id").map(|value| value.as_bytes());
    if idp_id != Some(iam.idp_id.as_bytes()) {
        return Err(keystone(
            StatusCode::NOT_FOUND,
            "The identity provider in X-Idp-Id does not exist.",
        ));
    }
    if !same_secret(auth.id_token.id.as_bytes(), &iam.id_token) {
        return Err(keystone(
            StatusCode::UNAUTHORIZED,
            "The id token is not valid.",
        ));
    }
    let scope = scope(&iam.cloud.account, auth.scope.project.as_ref())?;
    created(&iam, scope, "id_token")
}

/// What a token for this project, or for none, may do.
fn scope(account: &Account, project: Option<&Reference>) -> Result<Scope, ApiError> {
    match project {
        None => Ok(Scope::Account),
        Some(project) if project.means(&account.project_id, &account.region) => Ok(Scope::Project),
        Some(_) => Err(keystone(
            StatusCode::UNAUTHORIZED,
            "The project is not one of the user's.",
        )),
    }
}

fn created(iam: &Iam, scope: Scope, method: &str) -> Answer {
    let now = OffsetDateTime::now_utc();
    let issued = iam.cloud.keyring.issue_token(scope, TOKEN_LIFE, now);
    let body = json!({"token": token_body(iam, scope, method, now, issued.expires_at)});
    answer((
        StatusCode::CREATED,
        [("x-subject-token", issued.token.expose_secret().to_owned())],
        Json(body),
    ))
}

fn token_body(
    iam: &Iam,
    scope: Scope,
    method: &str,
    now: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> Value {
    let account = &iam.cloud.account;
    let domain = json!({"id": account.domain_id, "name": account.domain_name});
    let mut token = json!({
        "methods": [method],
        "issued_at": expiry_text(now),
        "expires_at": expiry_text(expires_at),
        "user": {"id": iam.user_id, "name": iam.user_name, "domain": domain.clone()},
        "roles": [],
        "catalog": [],
    });
    match scope {
        Scope::Project => {
            token["project"] =
                json!({"id": account.project_id, "name": account.region, "domain": domain});
        }
        Scope::Account => token["domain"] = domain,
    }
    token
}
