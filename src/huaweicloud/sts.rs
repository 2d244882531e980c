//! Security Token Service: temporary keys of an agency that is named by the id of its account (STS API reference, v5).

use std::borrow::Cow;

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;

use super::api::{Api, regional};
use super::call::ForCall;
use super::endpoint::DEFAULT_CLOUD;
use super::error::Error;
use super::iam::{moment, request, secret_json, send};
use super::identity::{Credential, Issued, Keys};

/// The API.
pub static API: Api = Api {
    key: "sts",
    other_keys: &[],
    host: |region, cloud| match cloud == DEFAULT_CLOUD {
        true => regional("sts", answering_region(region), cloud),
        false => regional("sts", region, cloud),
    },
    absent_in: &[],
    busy: &[],
    doubtful: &[],
    permissions: &[],
};

/// Regions of [`DEFAULT_CLOUD`] where STS answers (tables of the official Python and Go SDKs).
const REGIONS_WITH_STS: [&str; 14] = [
    "af-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "cn-east-3",
    "cn-north-4",
    "cn-north-9",
    "cn-south-1",
    "cn-south-4",
    "cn-southwest-2",
    "la-south-2",
    "sa-brazil-1",
    "tr-west-1",
];

/// The region whose STS is asked for a region that has none. The documents allow any; the official SDK takes cn-north-4
/// for all. Calls from outside of China stay outside.
fn answering_region(region: &str) -> &str {
    match region {
        _ if REGIONS_WITH_STS.contains(&region) => region,
        _ if region.starts_with("cn-") => "cn-north-4",
        _ => "ap-southeast-3",
    }
}

#[derive(Deserialize)]
struct AssumeResponse {
    credentials: AssumedKeys,
}

#[derive(Deserialize)]
struct AssumedKeys {
    access_key_id: String,
    secret_access_key: SecretString,
    security_token: SecretString,
    expiration: Option<String>,
}

/// Assumes an agency of the account with the id `domain_id`: `POST /v5/agencies/assume`. The service decides how long
/// the keys live (an hour) when `seconds` is not given. The session has the agency's name, as in the official provider.
pub(super) async fn assume_agency(
    call: ForCall<'_>,
    credential: Credential,
    agency: &str,
    domain_id: &str,
    seconds: Option<u32>,
) -> Result<Issued, Error> {
    let mut body = json!({
        "agency_urn": format!("iam::{domain_id}:agency:{agency}"),
        "agency_session_name": session_name(agency),
    });
    if let Some(seconds) = seconds {
        body["duration_seconds"] = json!(seconds);
    }
    let request = request(&API, call, "/v5/agencies/assume", &body)?;
    let keys = secret_json::<AssumeResponse>(send(call, request, credential).await?)?.credentials;
    Ok(Issued {
        credential: Credential::Keys(Keys {
            access_key: keys.access_key_id,
            secret_key: keys.secret_access_key,
            security_token: Some(keys.security_token),
        }),
        expires_at: moment(keys.expiration),
    })
}

/// The name of a session has two characters at least, that of an agency one.
fn session_name(agency: &str) -> Cow<'_, str> {
    match agency.chars().count() {
        0 | 1 => Cow::Owned(format!("{agency}-session")),
        _ => Cow::Borrowed(agency),
    }
}

#[cfg(test)]
mod tests;
