//! The metadata service of an ECS: temporary keys of the agency that the machine was given. It answers at a
//! link-local address, so its answers come at once or not at all.
//!
//! A session token is asked for first (`PUT /meta-data/latest/api/token`), and left out where the service does not
//! offer one; then the keys (`GET /openstack/latest/securitykey`).

use std::time::Duration;

use async_trait::async_trait;
use reqwest::{Method, Response, StatusCode};
use serde::Deserialize;
use url::Url;
use zeroize::Zeroizing;

use super::temporary::{Issue, Temporary};
use super::{ForCall, Issued, ProvideCredential};
use crate::huaweicloud::error::{CredentialProblem, Error, MachineSignIn, MetadataProblem};
use crate::huaweicloud::iam::IssuedKeys;

/// Where an ECS finds its metadata service.
pub const DEFAULT_ENDPOINT: &str = "http://169.254.169.254";

/// A machine that is no ECS has nobody at that address, and its users should not wait to be told.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Time limit of each of the two requests.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(3);
/// How long the session token is good for: it is used at once, and once.
const SESSION_SECONDS: &str = "60";
/// An honest answer is below 4 KiB.
const ANSWER_LIMIT: usize = 1 << 20;

/// Whether and where there is a metadata service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Metadata {
    /// At this address.
    At(Url),
    /// It must not be asked; why, in words of the caller.
    Off(String),
}

/// The keys that the metadata service gives out.
#[derive(Debug)]
pub struct SecurityKey {
    endpoint: Url,
    /// Why it is asked.
    because: MachineSignIn,
}

/// The credential of the machine; `because` is told when the machine has none.
pub fn source(metadata: Metadata, because: MachineSignIn) -> Box<dyn ProvideCredential> {
    match metadata {
        Metadata::At(endpoint) => Box::new(Temporary::new(SecurityKey { endpoint, because })),
        Metadata::Off(reason) => Box::new(super::Missing(CredentialProblem::Machine {
            because,
            problem: MetadataProblem::Off(reason),
        })),
    }
}

#[derive(Deserialize)]
struct SecurityKeyResponse {
    credential: IssuedKeys,
}

impl SecurityKey {
    async fn fetch(&self) -> Result<Issued, String> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .build()
            .map_err(|error| plain(&error))?;
        let session = self.session(&http).await?;
        self.keys(&http, session).await
    }

    /// A session token, or none where the service does not offer them.
    async fn session(&self, http: &reqwest::Client) -> Result<Option<Zeroizing<String>>, String> {
        let response = http
            .request(Method::PUT, self.url("meta-data/latest/api/token"))
            .header("X-Metadata-Token-Ttl-Seconds", SESSION_SECONDS)
            .send()
            .await
            .map_err(|error| plain(&error))?;
        match response.status() {
            StatusCode::NOT_FOUND
            | StatusCode::METHOD_NOT_ALLOWED
            | StatusCode::SERVICE_UNAVAILABLE => Ok(None),
            status if status.is_success() => {
                let token = read(response).await?;
                Ok(Some(Zeroizing::new(token.trim().to_owned())))
            }
            status => Err(format!(
                "it answered {status} when asked for a session token"
            )),
        }
    }

    async fn keys(
        &self,
        http: &reqwest::Client,
        session: Option<Zeroizing<String>>,
    ) -> Result<Issued, String> {
        let mut request = http.request(Method::GET, self.url("openstack/latest/securitykey"));
        if let Some(session) = session {
            request = request.header("X-Metadata-Token", session.as_str());
        }
        let response = request.send().await.map_err(|error| plain(&error))?;
        let status = response.status();
        let body = read(response).await?;
        if !status.is_success() {
            return Err(format!(
                "it answered {status} when asked for keys; a machine has keys once an agency is set in its management \
                 information"
            ));
        }
        serde_json::from_str::<SecurityKeyResponse>(&body)
            .map(|answer| answer.credential.into())
            .map_err(|_| "its answer has no keys in the form that is documented".to_owned())
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.endpoint.clone();
        url.set_path(&format!("{}{path}", self.endpoint.path()));
        url
    }
}

/// Reads a body of limited length.
async fn read(mut response: Response) -> Result<Zeroizing<String>, String> {
    let mut body = Zeroizing::new(Vec::new());
    while let Some(chunk) = response.chunk().await.map_err(|error| plain(&error))? {
        if body.len() + chunk.len() > ANSWER_LIMIT {
            return Err("its answer is too long".to_owned());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Zeroizing::new(String::from_utf8_lossy(&body).into_owned()))
}

/// What went wrong, without the URL, which the sentence has already.
fn plain(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "there was no answer in time".to_owned();
    }
    if error.is_connect() {
        return "there is no answer".to_owned();
    }
    "the connection broke".to_owned()
}

#[async_trait]
impl Issue for SecurityKey {
    fn name(&self) -> String {
        "metadata service of this machine".to_owned()
    }

    async fn issue(&self, call: ForCall<'_>) -> Result<Issued, Error> {
        call.operation
            .bound(call.client.clock(), self.fetch())
            .await
            .map_err(|interrupted| interrupted.into_error(None))?
            .map_err(|reason| {
                Error::Credentials(CredentialProblem::Machine {
                    because: self.because.clone(),
                    problem: MetadataProblem::NoKeys {
                        endpoint: self.endpoint.as_str().trim_end_matches('/').to_owned(),
                        reason,
                    },
                })
            })
    }
}
