//! The API client: one call from its parts to its outcome.
//!
//! A call is prepared (project id, credentials, endpoint), passes the [`Gate`], is signed and sent once per
//! attempt, and repeated by the rules of [`retry`]. No redirect is followed: an API call that is
//! redirected went to the wrong place, and its credentials must not travel on.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;
use tokio::time::Instant;
use tracing::{debug, info};

use super::call::{Answer, Call, ForCall, MakeCall};
use super::clock::{Clock, SystemClock};
use super::connection;
use super::credentials::{Credential, ProvideCredential};
use super::error::{ApiError, Error, Outcome};
use super::http::{Exchange, Http};
use super::identity::Reference;
use super::operation::{Interrupted, Operation, Waiting};
use super::projects::Projects;
use super::retry::{self, Api, Backoff, Gate, Next, Refusal, Repeat, Turn};
pub use super::settings::Settings;

/// How long a call that changes something may go on after the user pressed Ctrl-C, so that its answer is still known.
/// The engine waits for it; runners of pipelines do for about seven seconds before they kill the engine.
const GRACE: Duration = Duration::from_secs(5);

/// A kill is begun only with this much time left, or half of a shorter time limit: enough to hear its answer.
const TIME_TO_HEAR: Duration = Duration::from_secs(5);

/// The client of one provider configuration. Cheap to clone; clones share connections, credentials and pace.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Arc<Settings>,
    credentials: Box<dyn ProvideCredential>,
    clock: Arc<dyn Clock>,
    gate: Gate,
    http: Http,
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

impl From<Exchange> for Attempt {
    fn from(exchange: Exchange) -> Self {
        Self {
            retry_after: exchange.retry_after,
            ..Self::of(exchange.result)
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
        let settings = Arc::new(settings);
        Self {
            inner: Arc::new(Inner {
                credentials,
                gate: Gate::default(),
                http: Http::new(Arc::clone(&settings), Arc::clone(&clock)),
                projects: Projects::new(Arc::clone(&settings)),
                settings,
                clock,
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

    /// The project of a region: as given for the client's own region, else looked up by name at IAM, once.
    ///
    /// # Errors
    /// What went wrong with the look-up; nothing else was sent.
    pub async fn project_id(&self, region: &str, operation: &Operation) -> Result<String, Error> {
        self.inner.projects.id(self.before(region, operation)).await
    }

    /// What is needed before a call to a region can leave is fetched by this client as well.
    fn before<'a>(&'a self, region: &'a str, operation: &'a Operation) -> ForCall<'a> {
        ForCall {
            client: self,
            region,
            operation,
        }
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

    /// Makes a call that kills. Not sent when it cannot leave before `leave_before` ([`Error::TooLate`]).
    pub(super) async fn kill(
        &self,
        call: Call<'_>,
        body: &impl Serialize,
        leave_before: Option<Instant>,
        operation: &Operation,
    ) -> Outcome<Answer> {
        match call.with_json(body) {
            Ok(mut call) => {
                call.leave_before = leave_before;
                self.run(call, operation).await
            }
            Err(error) => Outcome::Rejected(error),
        }
    }

    /// Makes a call and repeats it as [`Repeat`] allows.
    pub(super) async fn run(&self, mut call: Call<'_>, operation: &Operation) -> Outcome<Answer> {
        // Before the project is looked up: where the call can go nowhere, no other one is made for it.
        if let Err(error) = self.settings().endpoints.url(call.api, call.region) {
            return Outcome::Rejected(error);
        }
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
        let mut last = None;

        loop {
            let attempt = match self.attempt(call, &api, operation).await {
                Ok(attempt) => attempt,
                Err(interrupted) => {
                    let now = self.clock().instant();
                    let last = last.or_else(|| self.inner.gate.last_refusal(&api, now));
                    return Outcome::Rejected(interrupted.into_error(last));
                }
            };
            let error = match attempt.result {
                Ok(answer) => {
                    if let Some(sent) = attempt.sent {
                        self.inner.gate.passed(&api, sent);
                    }
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
                Next::GiveUp => return Outcome::Rejected(error),
                Next::GiveUpUnknown => return Outcome::Unknown(error),
                Next::Again if faults >= self.settings().max_retries => {
                    return Outcome::Rejected(error);
                }
                Next::Again => {
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
                return Outcome::Rejected(interrupted.into_error(last));
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
        let base = self.settings().endpoints.url(call.api, call.region);
        let origin = base.map(|base| base.origin().ascii_serialization());
        Api::new(origin.unwrap_or_default(), &call.method, &call.path)
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
        let request = match self.inner.http.prepare(call, &credential, limit).await {
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
        let exchange = Arc::clone(&connecting).watch(self.inner.http.exchange(request));
        let mut attempt = tokio::select! {
            exchange = exchange => Attempt::from(exchange),
            () = stopped_for(operation, call.repeat, &connecting) => match call.repeat {
                Repeat::Read | Repeat::Peek => return Err(Interrupted::Stopped),
                Repeat::Never if connecting.nothing_was_sent() => {
                    return Err(Interrupted::Stopped);
                }
                // Stopped in the middle of a kill: what became of it is unknown.
                Repeat::Never => Attempt::of(Err(Error::Lost {
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
        let call = self.before(call.region, operation);
        self.inner.credentials.credential(call).await
    }
}

#[async_trait]
impl MakeCall for Client {
    fn clock(&self) -> &dyn Clock {
        self.clock()
    }

    fn project(&self, region: &str) -> Reference {
        self.inner.projects.reference(region)
    }

    async fn read(&self, call: Call<'_>, operation: &Operation) -> Result<Answer, Error> {
        self.read(call, operation).await
    }
}

/// The time that is needed to hear the answer of a kill.
fn time_to_hear(operation: &Operation) -> Duration {
    operation.reserve(TIME_TO_HEAR, 2)
}

/// How a call waits for its turn: a kill needs the time to hear its answer, a read that for a last look.
fn turn(call: &Call<'_>, operation: &Operation) -> Turn {
    let hear = match call.repeat {
        Repeat::Read | Repeat::Peek => Duration::ZERO,
        Repeat::Never => time_to_hear(operation),
    };
    Turn {
        needed: operation.last_look() + hear,
        look: call.look,
        first: call.leave_before.is_some(),
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
