//! One request over HTTP: signed, sent, and its answer read whole.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::ExposeSecret;
use tracing::info;

use super::api::Api;
use super::call::{Answer, Call};
use super::clock::Clock;
use super::connection::{self, Connection, Connections};
use super::error::{ApiError, Error, RequestLine, SettingsProblem, printable};
use super::error_body::ErrorBody;
use super::identity::Credential;
use super::retry::{self, Repeat};
use super::settings::Settings;
use super::sign::{self, SignRequest};

/// The largest answer that is read. The largest honest one is a page of 1000 sessions, below one megabyte.
const ANSWER_LIMIT: usize = 16 << 20;

/// The longest request id that is kept, in characters: a UUID has 36.
const LONGEST_ID: usize = 128;

/// Sends requests.
pub(super) struct Http {
    settings: Arc<Settings>,
    clock: Arc<dyn Clock>,
    connections: Connections,
}

/// A request that is ready to be sent.
pub(super) struct Prepared {
    api: &'static Api,
    pub(super) line: RequestLine,
    request: reqwest::RequestBuilder,
}

/// How a request ended.
pub(super) struct Exchange {
    pub(super) result: Result<Answer, Error>,
    /// How long the cloud asks to wait before the next one.
    pub(super) retry_after: Option<Duration>,
}

impl Http {
    pub(super) fn new(settings: Arc<Settings>, clock: Arc<dyn Clock>) -> Self {
        Self {
            settings,
            clock,
            connections: Connections::default(),
        }
    }

    /// Everything before sending: connection, endpoint, signature.
    pub(super) async fn prepare(
        &self,
        call: &Call<'_>,
        credential: &Credential,
        limit: Duration,
    ) -> Result<Prepared, Error> {
        let base = self.settings.endpoints.url(call.api, call.region)?;

        let path = format!("{}{}", base.path().trim_end_matches('/'), call.path);
        let mut url = base;
        url.set_path(&sign::encode_path(&path));
        let query = sign::encode_query(&call.query);
        url.set_query((!query.is_empty()).then_some(&query));

        let line = RequestLine {
            method: call.method.clone(),
            origin: url.origin().ascii_serialization(),
            path: path.clone(),
        };
        let headers = self.sign(call, credential, &url, &path)?;
        let connection = match call.repeat {
            Repeat::Read | Repeat::Peek => Connection::Kept,
            Repeat::Never => Connection::Fresh,
        };
        let connections = &self.connections;
        let mut request = connections
            .to(&url, connection, &self.settings)
            .await?
            .request(call.method.clone(), url)
            .headers(headers)
            .timeout(limit);
        if let Some(body) = &call.body {
            request = request.body(body.to_vec());
        }
        Ok(Prepared {
            api: call.api,
            line,
            request,
        })
    }

    /// The headers of a call, signed or with a token.
    fn sign(
        &self,
        call: &Call<'_>,
        credential: &Credential,
        url: &url::Url,
        path: &str,
    ) -> Result<HeaderMap, Error> {
        let mut headers = call.headers.clone();
        if call.body.is_some() {
            headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
        }
        match credential {
            Credential::Token(token) => {
                headers.push(("X-Auth-Token".to_owned(), token.expose_secret().to_owned()))
            }
            Credential::Keys(keys) => {
                if let Some(token) = &keys.security_token {
                    headers.push((
                        "X-Security-Token".to_owned(),
                        token.expose_secret().to_owned(),
                    ));
                }
                let signed = self.settings.signing.sign(
                    &SignRequest {
                        method: call.method.as_str(),
                        host: &host_header(url),
                        path,
                        query: &call.query,
                        headers: &headers,
                        body: call.body.as_deref().map_or(&[], Vec::as_slice),
                    },
                    &keys.access_key,
                    keys.secret_key.expose_secret(),
                    self.clock.now(),
                );
                headers.push(("X-Sdk-Date".to_owned(), signed.date));
                headers.push(("Authorization".to_owned(), signed.authorization));
            }
            Credential::None => {}
        }
        header_map(&headers)
    }

    /// One request and its answer.
    pub(super) async fn exchange(&self, request: Prepared) -> Exchange {
        let Prepared { api, line, request } = request;
        let started = self.clock.instant();
        let result = receive(&line, request).await;
        let now = self.clock.instant();

        let (status, request_id) = match &result {
            Ok(answer) => (Some(answer.status), answer.request_id.clone()),
            Err(_) => (None, None),
        };
        info!(
            method = line.method.as_str(),
            origin = line.origin,
            path = line.path,
            status,
            duration_ms = now.saturating_duration_since(started).as_millis() as u64,
            request_id,
            error = result.as_ref().err().map(tracing::field::display),
            "API call"
        );

        match result {
            Ok(answer) if !(200..300).contains(&answer.status) => Exchange {
                retry_after: header(&answer.headers, "retry-after")
                    .and_then(|value| retry::parse_retry_after(&value, self.clock.now())),
                result: Err(self.api_error(api, answer)),
            },
            result => Exchange {
                retry_after: None,
                result,
            },
        }
    }

    /// Reads an error answer.
    fn api_error(&self, api: &'static Api, answer: Answer) -> Error {
        let html = answer.is_page();
        let body = ErrorBody::read(&answer.body, html);
        let clock_offset = header(&answer.headers, "date")
            .and_then(|date| httpdate::parse_http_date(&date).ok())
            .and_then(|date| {
                let offset = time::OffsetDateTime::from(date) - self.clock.now();
                Duration::try_from(offset.abs()).ok()
            });
        Error::Api {
            line: answer.line,
            answer: Box::new(ApiError {
                api,
                status: answer.status,
                code: body.code,
                message: body.message,
                ext_message: body.ext_message,
                request_id: answer.request_id.or(body.request_id),
                clock_offset,
                html,
            }),
        }
    }
}

/// Sends and reads the answer whole, within the limits.
async fn receive(line: &RequestLine, request: reqwest::RequestBuilder) -> Result<Answer, Error> {
    let mut response = request
        .send()
        .await
        .map_err(|error| transport_error(line, &error))?;
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| transport_error(line, &error))?
    {
        if body.len() + chunk.len() > ANSWER_LIMIT {
            return Err(Error::Lost {
                line: line.clone(),
                reason: format!(
                    "the answer (HTTP {status}) is longer than {} MiB",
                    ANSWER_LIMIT >> 20
                ),
            });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer {
        line: line.clone(),
        status,
        request_id: header(&headers, "x-request-id")
            .or_else(|| header(&headers, "x-iam-trace-id"))
            .map(|id| printable(&id, LONGEST_ID)),
        headers,
        body,
    })
}

/// Was the connection never made, or was the answer lost?
fn transport_error(line: &RequestLine, error: &reqwest::Error) -> Error {
    let line = line.clone();
    let reason = connection::reason(error);
    if error.is_connect() || error.is_builder() {
        Error::NotSent { line, reason }
    } else {
        Error::Lost { line, reason }
    }
}

/// The `Host` header that goes with a URL: the port only when it is not the scheme's own.
fn host_header(url: &url::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn header_map(headers: &[(String, String)]) -> Result<HeaderMap, Error> {
    headers
        .iter()
        .map(|(name, value)| {
            let key = HeaderName::try_from(name.as_str());
            let value = HeaderValue::try_from(value.as_str());
            match (key, value) {
                (Ok(key), Ok(mut value)) => {
                    value.set_sensitive(matches!(
                        key.as_str(),
                        "authorization" | "x-auth-token" | "x-security-token"
                    ));
                    Ok((key, value))
                }
                _ => Err(Error::Settings(SettingsProblem::Header(name.clone()))),
            }
        })
        .collect()
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}
