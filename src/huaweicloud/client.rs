//! The API client: one call from its parts to its outcome.
//!
//! A call is prepared (project id, credentials, endpoint), passes the [`Gate`], is signed and sent once per
//! attempt, and repeated by the rules of [`retry`]. No redirect is followed: an API call that is
//! redirected went to the wrong place, and its credentials must not travel on.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::ExposeSecret;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use tracing::{debug, info};
use zeroize::Zeroizing;

use super::clock::{Clock, SystemClock};
use super::connection::{self, Connection, Connections};
use super::credentials::{Credential, ForCall, ProvideCredential};
use super::endpoint::{Endpoints, Service};
use super::error::{ApiError, Error, Outcome, RequestLine, SettingsProblem, printable};
use super::error_body::ErrorBody;
use super::iam::{self, Reference};
use super::operation::{Interrupted, Operation, Waiting};
use super::projects::Projects;
use super::retry::{self, Api, Backoff, Gate, Next, Refusal, Repeat, Turn};
use super::sign::{self, Algorithm, SignRequest};
use super::tls::Tls;

/// The largest answer that is read. The largest honest one is a page of 1000 sessions, below one megabyte.
const ANSWER_LIMIT: usize = 16 << 20;

/// The longest reason why a body cannot be read, in characters: it may quote the body.
const LONGEST_REASON: usize = 300;

/// The longest request id that is kept, in characters: a UUID has 36.
const LONGEST_ID: usize = 128;

/// How long a call that changes something may go on after the user pressed Ctrl-C, so that its answer is still known.
/// The engine waits for it; runners of pipelines do for about seven seconds before they kill the engine.
const GRACE: Duration = Duration::from_secs(5);

/// A kill is begun only with this much time left, or half of a shorter time limit: enough to hear its answer.
const TIME_TO_HEAR: Duration = Duration::from_secs(5);

/// What the client needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where services answer.
    pub endpoints: Endpoints,
    /// The region of calls that name none.
    pub region: Option<String>,
    /// The project of [`Settings::region`], when the user gave it.
    pub project_id: Option<String>,
    /// The name of the project to look up; by default the region's name.
    pub project_name: Option<String>,
    /// `X-Language` of the calls that know it: `en-us` or `zh-cn`.
    pub language: Option<String>,
    /// Which certificates to trust, and which one to present.
    pub tls: Tls,
    /// How requests are signed with keys.
    pub signing: Algorithm,
    /// How often a call is repeated after faults; a busy instance does not count.
    pub max_retries: u32,
    /// Time limit to connect.
    pub connect_timeout: Duration,
    /// Time limit of one attempt, from connecting to the last byte of the answer.
    pub request_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            endpoints: Endpoints::default(),
            region: None,
            project_id: None,
            project_name: None,
            language: None,
            tls: Tls::default(),
            signing: Algorithm::default(),
            max_retries: 5,
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(60),
        }
    }
}

/// One API call.
#[derive(Clone, Debug)]
pub(super) struct Call<'a> {
    pub(super) service: Service,
    pub(super) region: &'a str,
    pub(super) method: &'static str,
    /// Path with `{project_id}` where the region's project goes; segments are encoded when sent.
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<Zeroizing<Vec<u8>>>,
    pub(super) repeat: Repeat,
    /// It may not leave after this moment, since what it is about could have changed by then; see [`Error::TooLate`].
    pub(super) leave_before: Option<Instant>,
    /// It looks at the job of an accepted kill: it is not given up because the cloud asks to wait for long.
    pub(super) look: bool,
    /// What authenticates it; by default what the client's own source gives.
    pub(super) credential: Option<Credential>,
}

impl<'a> Call<'a> {
    pub(super) fn new(
        service: Service,
        region: &'a str,
        method: &'static str,
        path: String,
        repeat: Repeat,
    ) -> Self {
        Self {
            service,
            region,
            method,
            path,
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            repeat,
            leave_before: None,
            look: false,
            credential: None,
        }
    }

    /// The same call, as a look at the job of an accepted kill.
    pub(super) fn looking(mut self) -> Self {
        self.look = true;
        self
    }

    /// The same call, authenticated by `credential`.
    pub(super) fn with_credential(mut self, credential: Credential) -> Self {
        self.credential = Some(credential);
        self
    }

    /// The same call with a JSON body.
    pub(super) fn with_json(mut self, body: &impl Serialize) -> Result<Self, Error> {
        let bytes = serde_json::to_vec(body)
            .map_err(|reason| Error::Settings(SettingsProblem::NoJson(reason.to_string())))?;
        self.body = Some(Zeroizing::new(bytes));
        Ok(self)
    }
}

/// An answer that came back whole.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) line: RequestLine,
    pub(super) status: u16,
    pub(super) request_id: Option<String>,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// An earlier attempt of the same call ended in doubt: it may have done what this one was to do.
    pub(super) after_doubt: bool,
}

impl Answer {
    /// Reads the body as a JSON object. A byte order mark before it is passed over, and bytes that are no UTF-8 are
    /// replaced: one odd byte in one text must not hide the rest.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let text = String::from_utf8_lossy(&self.body);
        let text = text.trim_start_matches('\u{feff}').trim_ascii_start();
        // serde reads a list as a struct's fields in order: ["x"] would be a job id.
        if text.starts_with('[') {
            return Err(self.unreadable("it is a list, not an object"));
        }
        serde_json::from_str(text).map_err(|reason| self.unreadable(&reason.to_string()))
    }

    /// The error that says what is wrong with the body.
    pub(super) fn unreadable(&self, reason: &str) -> Error {
        let reason = match self.body.as_slice() {
            [] => "it is empty".to_owned(),
            body if looks_like_html(body) => "it is an HTML page".to_owned(),
            _ => printable(reason, LONGEST_REASON),
        };
        Error::Unreadable {
            line: self.line.clone(),
            status: self.status,
            request_id: self.request_id.clone(),
            reason,
        }
    }
}

/// The client of one provider configuration. Cheap to clone; clones share connections, credentials and pace.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    credentials: Box<dyn ProvideCredential>,
    clock: Arc<dyn Clock>,
    gate: Gate,
    connections: Connections,
    projects: Projects,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("settings", &self.inner.settings)
            .finish_non_exhaustive()
    }
}

/// How one attempt ended, before it is known whether there will be another.
struct Attempt {
    result: Result<Answer, Error>,
    /// When it left.
    sent: Option<Instant>,
    retry_after: Option<Duration>,
    /// What authenticated it, when it got as far as that.
    credential: Option<Credential>,
}

impl Attempt {
    fn of(result: Result<Answer, Error>) -> Self {
        Self {
            result,
            sent: None,
            retry_after: None,
            credential: None,
        }
    }
}

impl Client {
    /// A client with the machine's clock.
    pub fn new(settings: Settings, credentials: Box<dyn ProvideCredential>) -> Self {
        Self::with_clock(settings, credentials, Arc::new(SystemClock))
    }

    /// A client whose time comes from `clock`.
    pub fn with_clock(
        settings: Settings,
        credentials: Box<dyn ProvideCredential>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                settings,
                credentials,
                clock,
                gate: Gate::default(),
                connections: Connections::default(),
                projects: Projects::default(),
            }),
        }
    }

    /// The settings that it was made with.
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// Its clock.
    pub fn clock(&self) -> &dyn Clock {
        self.inner.clock.as_ref()
    }

    /// The project of a region: as given for the provider's own region, else looked up by name at IAM, once.
    ///
    /// # Errors
    /// What went wrong with the look-up; nothing else was sent.
    pub async fn project_id(&self, region: &str, operation: &Operation) -> Result<String, Error> {
        if let Some(id) = self.given_project_id(region) {
            return Ok(id.clone());
        }
        let name = self.project_name(region);
        let look_up = iam::find_project(self, region, name, operation);
        let id = self.inner.projects.id(region, self.clock(), look_up);
        operation
            .bound(self.clock(), id)
            .await
            .map_err(|interrupted| interrupted.into_error(self.still_looking_up(region)))?
    }

    /// The project of a region as far as it is known without asking: by the id that was given, else by name.
    pub(super) fn project(&self, region: &str) -> Reference {
        match self.given_project_id(region) {
            Some(id) => Reference::Id(id.clone()),
            None => Reference::Name(self.project_name(region).to_owned()),
        }
    }

    /// The id that was given for the project of the provider's own region.
    fn given_project_id(&self, region: &str) -> Option<&String> {
        let id = self.settings().project_id.as_ref();
        id.filter(|_| self.is_own(region))
    }

    /// The project's name: as given for the provider's own region, else that of the region.
    fn project_name<'a>(&'a self, region: &'a str) -> &'a str {
        match &self.settings().project_name {
            Some(name) if self.is_own(region) => name,
            _ => region,
        }
    }

    fn is_own(&self, region: &str) -> bool {
        let own = self.settings().region.as_deref();
        own.is_none_or(|own| own == region)
    }

    /// What the time was spent with when it ended before the project's id was known.
    fn still_looking_up(&self, region: &str) -> Option<Error> {
        let base = self.settings().endpoints.url(Service::Iam, region).ok()?;
        Some(Error::Lost {
            line: RequestLine {
                method: "GET",
                origin: base.origin().ascii_serialization(),
                path: iam::PROJECTS.to_owned(),
            },
            reason: "the project's id was still being looked up".to_owned(),
        })
    }

    /// Makes a call that only reads.
    pub(super) async fn read(
        &self,
        call: Call<'_>,
        operation: &Operation,
    ) -> Result<Answer, Error> {
        match self.run(call, operation).await {
            Outcome::Accepted(answer) => Ok(answer),
            Outcome::Rejected(error) | Outcome::Unknown(error) => Err(error),
        }
    }

    /// Makes a call and repeats it as [`Repeat`] allows.
    pub(super) async fn run(&self, mut call: Call<'_>, operation: &Operation) -> Outcome<Answer> {
        if call.path.contains("{project_id}") {
            match self.project_id(call.region, operation).await {
                Ok(id) => {
                    call.path = call.path.replace("{project_id}", &id);
                    call.headers.push(("X-Project-Id".to_owned(), id));
                }
                Err(error) => return Outcome::Rejected(error),
            }
        }
        self.run_prepared(&call, operation).await
    }

    async fn run_prepared(&self, call: &Call<'_>, operation: &Operation) -> Outcome<Answer> {
        let api = self.api(call);
        let mut faults = 0;
        let mut busy = 0;
        let mut refreshed = false;
        // Whether an earlier attempt may have done it: then giving up is never certain again.
        let mut doubt = false;
        let mut last = None;

        loop {
            let attempt = match self.attempt(call, &api, operation).await {
                Ok(attempt) => attempt,
                Err(interrupted) => {
                    let now = self.clock().instant();
                    let last = last.or_else(|| self.inner.gate.last_refusal(&api, now));
                    return given_up(interrupted.into_error(last), doubt);
                }
            };
            let error = match attempt.result {
                Ok(mut answer) => {
                    if let Some(sent) = attempt.sent {
                        self.inner.gate.passed(&api, sent);
                    }
                    answer.after_doubt = doubt;
                    return Outcome::Accepted(answer);
                }
                Err(error) => error,
            };

            if !refreshed
                && call.credential.is_none()
                && error.api().is_some_and(ApiError::refuses_credential)
                && let Some(rejected) = &attempt.credential
            {
                refreshed = true;
                if self.inner.credentials.renew(rejected).await {
                    debug!("the credentials are refused: they are fetched again");
                    last = Some(error);
                    continue;
                }
            }

            let demanded = retry::demanded(attempt.retry_after, &error);
            let least = demanded.unwrap_or_default();
            let waiting = match retry::next(call.repeat, &error) {
                // What the earlier attempt met says more than that there was no other.
                Next::GiveUp if doubt && matches!(error, Error::TooLate) => {
                    return Outcome::Unknown(last.unwrap_or(error));
                }
                Next::GiveUp => return given_up(error, doubt),
                Next::GiveUpUnknown => return Outcome::Unknown(error),
                Next::Again if faults >= self.settings().max_retries => {
                    doubt |= may_have_happened(call.repeat, &error);
                    return given_up(error, doubt);
                }
                Next::Again => {
                    doubt |= may_have_happened(call.repeat, &error);
                    let delay = Backoff::FAULT.delay(faults, self.clock().jitter());
                    faults += 1;
                    Waiting::Retry {
                        delay: delay.max(least),
                        error: error.clone(),
                    }
                }
                Next::AgainWhenIdle => {
                    let delay = Backoff::BUSY.delay(busy, self.clock().jitter());
                    busy += 1;
                    Waiting::Busy {
                        delay: delay.max(least),
                        error: error.clone(),
                    }
                }
                Next::AgainWhenCalm => {
                    let now = self.clock().instant();
                    let refusal = Refusal {
                        sent: attempt.sent.unwrap_or(now),
                        now,
                        demanded,
                        jitter: self.clock().jitter(),
                        error: &error,
                    };
                    Waiting::Throttled {
                        delay: self.inner.gate.throttled(&api, refusal),
                        error: error.clone(),
                    }
                }
            };
            last = Some(error);
            if let Err(interrupted) = self.wait(call, waiting, demanded, operation).await {
                return given_up(interrupted.into_error(last), doubt);
            }
        }
    }

    /// Waits before the next attempt, unless the cloud asks for a wait that the time limit does not allow.
    async fn wait(
        &self,
        call: &Call<'_>,
        mut waiting: Waiting,
        demanded: Option<Duration>,
        operation: &Operation,
    ) -> Result<(), Interrupted> {
        let needed = turn(call, operation).needed;
        let (Waiting::Retry { error, delay }
        | Waiting::Busy { error, delay }
        | Waiting::Throttled { error, delay }) = &mut waiting;
        if call.look {
            *delay = (*delay).min(retry::LONGEST_PAUSE_OF_A_LOOK);
        } else if let Some(demanded) = demanded {
            operation.allows(self.clock(), demanded, needed)?;
        }
        *delay = operation.shorten(self.clock(), *delay, needed)?;
        let delay = *delay;
        info!(%error, delay_ms = delay.as_millis() as u64, "the call is repeated after a delay");
        operation.tell(&waiting);
        operation.pause(self.clock(), delay).await
    }

    /// The API that the call is one of. Without an endpoint nothing is sent anyway.
    fn api(&self, call: &Call<'_>) -> Api {
        let base = self.settings().endpoints.url(call.service, call.region);
        let origin = base.map(|base| base.origin().ascii_serialization());
        Api::new(origin.unwrap_or_default(), call.method, &call.path)
    }

    /// Sends the call once. `Err` is only for what came before anything was sent.
    async fn attempt(
        &self,
        call: &Call<'_>,
        api: &Api,
        operation: &Operation,
    ) -> Result<Attempt, Interrupted> {
        operation.check(self.clock())?;
        // Before the gate: fetching a credential makes calls, which must find a place there themselves.
        let credential = match self.credential(call, operation).await {
            Ok(credential) => credential,
            Err(error) => return Ok(Attempt::of(Err(error))),
        };
        let turn = turn(call, operation);
        let gate = &self.inner.gate;
        let _permit = gate.enter(api, turn, self.clock(), operation).await?;
        if let Some(latest) = call.leave_before
            && self.clock().instant() > latest
        {
            return Ok(Attempt::of(Err(Error::TooLate)));
        }
        let left = operation.left(self.clock());
        if call.repeat.changes() && left < time_to_hear(operation) {
            return Err(Interrupted::Deadline);
        }

        let limit = self.settings().request_timeout.min(left);
        let request = match self.prepare(call, &credential, limit).await {
            Ok(request) => request,
            Err(error) => return Ok(Attempt::of(Err(error))),
        };
        let line = request.line.clone();
        let sent = self.clock().instant();
        if call.repeat.changes() {
            operation.note_change(self.clock());
        }
        // Half of the time is kept to hear the answer.
        let connecting = connection::Progress::new(left / 2);
        let exchange = Arc::clone(&connecting).watch(self.exchange(request));
        let mut attempt = tokio::select! {
            attempt = exchange => attempt,
            () = stopped_for(operation, call.repeat, &connecting) => match call.repeat {
                Repeat::Read | Repeat::Peek => return Err(Interrupted::Stopped),
                Repeat::Harmless | Repeat::Never if connecting.nothing_was_sent() => {
                    return Err(Interrupted::Stopped);
                }
                // Stopped in the middle of a kill: what became of it is unknown.
                Repeat::Harmless | Repeat::Never => Attempt::of(Err(Error::Lost {
                    line,
                    reason: "stopped before the answer came".to_owned(),
                })),
            },
        };
        if connecting.nothing_was_sent()
            && let Err(Error::Lost { line, .. }) = attempt.result
        {
            attempt.result = Err(Error::NotSent {
                line,
                reason: connection::NO_CONNECTION.to_owned(),
            });
        }
        attempt.sent = Some(sent);
        attempt.credential = Some(credential);
        Ok(attempt)
    }

    /// What authenticates the call: what it brought along, else what the client's own source gives.
    async fn credential(
        &self,
        call: &Call<'_>,
        operation: &Operation,
    ) -> Result<Credential, Error> {
        if let Some(credential) = &call.credential {
            return Ok(credential.clone());
        }
        let call = ForCall {
            client: self,
            region: call.region,
            operation,
        };
        self.inner.credentials.credential(call).await
    }

    /// Everything before sending: client, endpoint, signature.
    async fn prepare(
        &self,
        call: &Call<'_>,
        credential: &Credential,
        limit: Duration,
    ) -> Result<Prepared, Error> {
        let base = self.settings().endpoints.url(call.service, call.region)?;

        let path = format!("{}{}", base.path().trim_end_matches('/'), call.path);
        let mut url = base;
        url.set_path(&sign::encode_path(&path));
        let query = sign::encode_query(&call.query);
        url.set_query((!query.is_empty()).then_some(&query));

        let line = RequestLine {
            method: call.method,
            origin: url.origin().ascii_serialization(),
            path: path.clone(),
        };
        let headers = self.sign(call, credential, &url, &path)?;
        let connection = match call.repeat {
            Repeat::Read | Repeat::Peek => Connection::Kept,
            Repeat::Harmless | Repeat::Never => Connection::Fresh,
        };
        let connections = &self.inner.connections;
        let mut request = connections
            .to(&url, connection, self.settings())
            .await?
            .request(method(call.method), url)
            .headers(headers)
            .timeout(limit);
        if let Some(body) = &call.body {
            request = request.body(body.to_vec());
        }
        Ok(Prepared { line, request })
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
                let signed = self.settings().signing.sign(
                    &SignRequest {
                        method: call.method,
                        host: &host_header(url),
                        path,
                        query: &call.query,
                        headers: &headers,
                        body: call.body.as_deref().map_or(&[], Vec::as_slice),
                    },
                    &keys.access_key,
                    keys.secret_key.expose_secret(),
                    self.clock().now(),
                );
                headers.push(("X-Sdk-Date".to_owned(), signed.date));
                headers.push(("Authorization".to_owned(), signed.authorization));
            }
            Credential::None => {}
        }
        header_map(&headers)
    }

    /// One request and its answer.
    async fn exchange(&self, request: Prepared) -> Attempt {
        let Prepared { line, request } = request;
        let started = self.clock().instant();
        let result = receive(&line, request).await;
        let now = self.clock().instant();

        let (status, request_id) = match &result {
            Ok(answer) => (Some(answer.status), answer.request_id.clone()),
            Err(_) => (None, None),
        };
        info!(
            method = line.method,
            origin = line.origin,
            path = line.path,
            status,
            duration_ms = now.saturating_duration_since(started).as_millis() as u64,
            request_id,
            error = result.as_ref().err().map(tracing::field::display),
            "API call"
        );

        match result {
            Ok(answer) if (200..300).contains(&answer.status) => Attempt::of(Ok(answer)),
            Ok(answer) => Attempt {
                retry_after: header(&answer.headers, "retry-after")
                    .and_then(|value| retry::parse_retry_after(&value, self.clock().now())),
                ..Attempt::of(Err(self.api_error(answer)))
            },
            Err(error) => Attempt::of(Err(error)),
        }
    }

    /// Reads an error answer.
    fn api_error(&self, answer: Answer) -> Error {
        let html = looks_like_html(&answer.body);
        let body = ErrorBody::read(&answer.body, html);
        let clock_offset = header(&answer.headers, "date")
            .and_then(|date| httpdate::parse_http_date(&date).ok())
            .and_then(|date| {
                let offset = time::OffsetDateTime::from(date) - self.clock().now();
                Duration::try_from(offset.abs()).ok()
            });
        Error::Api {
            line: answer.line,
            answer: Box::new(ApiError {
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

/// A request that is ready to be sent.
struct Prepared {
    line: RequestLine,
    request: reqwest::RequestBuilder,
}

/// Giving up after an attempt that certainly did nothing, or after one that may have.
fn given_up(error: Error, doubt: bool) -> Outcome<Answer> {
    if doubt {
        Outcome::Unknown(error)
    } else {
        Outcome::Rejected(error)
    }
}

/// Can this attempt of a call that changes something have done it?
fn may_have_happened(repeat: Repeat, error: &Error) -> bool {
    repeat.changes() && retry::next(Repeat::Never, error) == Next::GiveUpUnknown
}

/// The time that is needed to hear the answer of a kill.
fn time_to_hear(operation: &Operation) -> Duration {
    operation.reserve(TIME_TO_HEAR, 2)
}

/// How a call waits for its turn: a kill needs the time to hear its answer, a read that for a last look.
fn turn(call: &Call<'_>, operation: &Operation) -> Turn {
    let hear = match call.repeat {
        Repeat::Read | Repeat::Peek => Duration::ZERO,
        Repeat::Harmless | Repeat::Never => time_to_hear(operation),
    };
    Turn {
        needed: operation.last_look() + hear,
        look: call.look,
    }
}

/// Resolves when the user stops the run; for a kill that may have been sent a little later. What is waited for takes
/// real time, so this does too, whatever the clock is.
async fn stopped_for(operation: &Operation, repeat: Repeat, connecting: &connection::Progress) {
    operation.stopped().await;
    if repeat.changes() && !connecting.nothing_was_sent() {
        tokio::time::sleep(GRACE).await;
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
        after_doubt: false,
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

fn looks_like_html(body: &[u8]) -> bool {
    let start = String::from_utf8_lossy(&body[..body.len().min(256)]).to_ascii_lowercase();
    let start = start.trim_start();
    start.starts_with("<!doctype html") || start.starts_with("<html")
}

/// The methods that calls use; anything else would be a mistake in this crate and is sent as GET.
fn method(name: &str) -> reqwest::Method {
    reqwest::Method::from_bytes(name.as_bytes()).unwrap_or(reqwest::Method::GET)
}
