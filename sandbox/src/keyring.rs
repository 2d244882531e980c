//! Who may call: the permanent key, temporary credentials and tokens that the sandbox gave out, and the check of a
//! request against them.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

use crate::{
    error::ApiError,
    lock::lock,
    random::{random_access_key, random_text},
    signature::{self, Authorization, SignedRequest},
};

/// How far the clock of a client may be off.
const CLOCK_SKEW: time::Duration = time::Duration::minutes(15);

/// What a caller who was recognised may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Call services in the project, as well as IAM.
    Project,
    /// Call IAM alone, for example to trade the token for temporary credentials.
    Account,
}

/// Access key, secret key and security token that expire together.
#[derive(Debug, Clone)]
pub(crate) struct TemporaryCredential {
    pub access_key: String,
    pub secret_key: SecretString,
    pub security_token: SecretString,
    pub expires_at: OffsetDateTime,
}

impl TemporaryCredential {
    /// As IAM and the metadata service answer it.
    pub fn body(&self) -> Value {
        json!({"credential": {
            "access": self.access_key,
            "secret": self.secret_key.expose_secret(),
            "securitytoken": self.security_token.expose_secret(),
            "expires_at": expiry_text(self.expires_at),
        }})
    }
}

const EXPIRY_FORMAT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");

/// A time as IAM writes it: UTC, with microseconds.
pub(crate) fn expiry_text(time: OffsetDateTime) -> String {
    time.format(EXPIRY_FORMAT).unwrap_or_default()
}

/// A token for `X-Auth-Token` and when it expires.
#[derive(Debug)]
pub(crate) struct IssuedToken {
    pub token: SecretString,
    pub expires_at: OffsetDateTime,
}

#[derive(Debug)]
pub(crate) struct Keyring {
    access_key: String,
    secret_key: SecretString,
    longest_life: Duration,
    temporary: Mutex<HashMap<String, TemporaryCredential>>,
    /// Tokens by their hash, so that finding one takes the same time however much of it is right.
    tokens: Mutex<HashMap<[u8; 32], (Scope, OffsetDateTime)>>,
}

impl Keyring {
    /// `longest_life` bounds every token and temporary credential that is given out.
    pub fn new(access_key: String, secret_key: SecretString, longest_life: Duration) -> Self {
        Self {
            access_key,
            secret_key,
            longest_life,
            temporary: Mutex::default(),
            tokens: Mutex::default(),
        }
    }

    /// Recognises the caller by `X-Auth-Token` or by the signature.
    pub fn authenticate(
        &self,
        request: &SignedRequest<'_>,
        now: OffsetDateTime,
    ) -> Result<Scope, ApiError> {
        if let Some(token) = request.headers.get("x-auth-token") {
            return self.check_token(token.as_bytes(), now);
        }
        let Some(header) = request.headers.get("authorization") else {
            return Err(ApiError::unauthenticated("x-auth-token not found"));
        };
        let authorization = header
            .to_str()
            .ok()
            .and_then(Authorization::parse)
            .ok_or_else(|| ApiError::unauthenticated("authorization header format incorrect"))?;
        check_time(request, now)?;
        self.check_signature(&authorization, request, now)?;
        Ok(Scope::Project)
    }

    /// Recognises a token wherever it came from: the `X-Auth-Token` header or the body of an IAM call.
    pub fn check_token(&self, token: &[u8], now: OffsetDateTime) -> Result<Scope, ApiError> {
        let known = lock(&self.tokens).get(&hash(token)).copied();
        match known {
            Some((scope, expires_at)) if now < expires_at => Ok(scope),
            Some(_) => Err(ApiError::outdated_token()),
            None => Err(ApiError::unauthenticated("decrypt token fail")),
        }
    }

    fn check_signature(
        &self,
        authorization: &Authorization,
        request: &SignedRequest<'_>,
        now: OffsetDateTime,
    ) -> Result<(), ApiError> {
        let temporary = lock(&self.temporary)
            .get(&authorization.access_key)
            .cloned();
        let secret_key = match &temporary {
            Some(credential) => &credential.secret_key,
            None if authorization.access_key == self.access_key => &self.secret_key,
            None => {
                return Err(ApiError::unauthenticated(
                    "Get secretKey failed, err:ak not exist",
                ));
            }
        };
        let covers_what_it_must = ["host", "x-sdk-date"]
            .iter()
            .all(|header| authorization.covers(header));
        if !covers_what_it_must || !authorization.verifies(secret_key.expose_secret(), request) {
            return Err(ApiError::unauthenticated("verify aksk signature fail"));
        }
        temporary.map_or(Ok(()), |credential| {
            check_security_token(&credential, authorization, request, now)
        })
    }

    /// Gives out a new token that lives `life` at most.
    pub fn issue_token(&self, scope: Scope, life: Duration, now: OffsetDateTime) -> IssuedToken {
        let token = format!("MIIS{}", random_text(500));
        let expires_at = now + life.min(self.longest_life);
        lock(&self.tokens).insert(hash(token.as_bytes()), (scope, expires_at));
        IssuedToken {
            token: token.into(),
            expires_at,
        }
    }

    /// Gives out new temporary credentials that live `life` at most.
    pub fn issue_temporary(&self, life: Duration, now: OffsetDateTime) -> TemporaryCredential {
        let credential = TemporaryCredential {
            access_key: format!("HST{}", random_access_key()),
            secret_key: random_text(40).into(),
            security_token: format!("hQpjbi1{}", random_text(300)).into(),
            expires_at: now + life.min(self.longest_life),
        };
        lock(&self.temporary).insert(credential.access_key.clone(), credential.clone());
        credential
    }
}

fn check_time(request: &SignedRequest<'_>, now: OffsetDateTime) -> Result<(), ApiError> {
    let Some(signed_at) = signature::signed_at(request.headers) else {
        return Err(ApiError::unauthenticated(
            "x-sdk-date not found or format incorrect",
        ));
    };
    if (now - signed_at).abs() > CLOCK_SKEW {
        return Err(ApiError::unauthenticated(&format!(
            "signature expired, signature time: {}, server time: {}",
            signature::sdk_date(signed_at),
            signature::sdk_date(now),
        )));
    }
    Ok(())
}

fn check_security_token(
    credential: &TemporaryCredential,
    authorization: &Authorization,
    request: &SignedRequest<'_>,
    now: OffsetDateTime,
) -> Result<(), ApiError> {
    let Some(given) = request.headers.get("x-security-token") else {
        return Err(ApiError::unauthenticated("x-security-token not found"));
    };
    let is_right = same_secret(given.as_bytes(), &credential.security_token);
    if !is_right || !authorization.covers("x-security-token") {
        return Err(ApiError::unauthenticated("decrypt securitytoken fail"));
    }
    if now >= credential.expires_at {
        return Err(ApiError::unauthenticated("securitytoken expires"));
    }
    Ok(())
}

/// Compares in constant time.
pub(crate) fn same_secret(given: &[u8], secret: &SecretString) -> bool {
    given.ct_eq(secret.expose_secret().as_bytes()).into()
}

fn hash(token: &[u8]) -> [u8; 32] {
    Sha256::digest(token).into()
}
