//! When to repeat a call, how long to wait before, and how fast to go at all.
//!
//! The rules in one table; `kind` is what a call does, see [`Repeat`].
//!
//! | how an attempt ended | read | kill |
//! | --- | --- | --- |
//! | never sent (refused, DNS, TLS, connect time-out) | repeat | repeat |
//! | 503 with a code of the gateway's own, 502 with its code `0610` | repeat | repeat |
//! | 429 | repeat until the time limit | the same |
//! | instance busy (`DCS.4957` and siblings) | repeat until the time limit | the same |
//! | other 5xx, a code that leaves it in doubt, or the answer was lost | repeat | never: the outcome is unknown |
//! | anything else | final | final |
//!
//! A [`Repeat::Peek`] is a read whose caller goes on looking: of the answers only a 429 is repeated.
//!
//! How long the delays are:
//!
//! | before | delay |
//! | --- | --- |
//! | a repeat after a fault | 0.1 to 0.2 s, then 0.1 to 0.4 s and so on up to 20 s |
//! | a repeat for a busy instance | 0.1 to 1 s, then 0.1 to 2 s and so on up to 15 s |
//! | a repeat after a 429 | `Retry-After`; else the window that the message names; else 1 s after the first one, and 60, 120, 240, 300 s after those that follow; up to a tenth more |
//! | any repeat, with a `Retry-After` | not less than that |
//! | another call of an API that throttles | the rest of that API's delay |
//! | another call to a host that throttled | 1/20 s after the one before, half as fast after each further 429, at most 2 s. A kill that must leave soon waits for other such kills only |
//!
//! A delay that the cloud demands and that the time limit does not allow ends the call at once. Other delays are cut so
//! that one more attempt fits. A look at the job of an accepted kill waits at most [`LONGEST_PAUSE_OF_A_LOOK`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Method;
use time::OffsetDateTime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::clock::{self, Clock};
use super::error::{ApiError, Error};
use super::operation::{Interrupted, Operation, Waiting};

/// What repeating a call would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// It changes nothing: repeat whenever that may help.
    Read,
    /// It changes nothing, and its caller goes on looking: an answer that is no success is given to the caller at once,
    /// unless the gateway throttled.
    Peek,
    /// It changes something, and doing it twice may do it twice: a second kill hits clients that have reconnected, or, since
    /// servers count their sessions anew after a restart, others that have got the same ids.
    Never,
}

impl Repeat {
    /// Does the call change something?
    pub(super) fn changes(self) -> bool {
        self == Self::Never
    }
}

/// What to do after an attempt that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Try again; it counts against `max_retries`.
    Again,
    /// Try again until the time limit: the instance is busy.
    AgainWhenIdle,
    /// Try again until the time limit: the cloud throttles.
    AgainWhenCalm,
    /// Give up: certainly nothing happened.
    GiveUp,
    /// Give up: it may have happened.
    GiveUpUnknown,
}

/// Decides what comes after a failed attempt, by the table at the top of this module.
pub fn next(repeat: Repeat, error: &Error) -> Next {
    match error {
        Error::NotSent { .. } => Next::Again,
        Error::Lost { .. } => after_doubt(repeat),
        Error::Api { answer, .. } => after_answer(repeat, answer),
        _ => Next::GiveUp,
    }
}

fn after_answer(repeat: Repeat, answer: &ApiError) -> Next {
    match answer.status {
        429 => Next::AgainWhenCalm,
        _ if repeat == Repeat::Peek => Next::GiveUp,
        _ if answer.is_busy() => Next::AgainWhenIdle,
        _ if answer.leaves_doubt() => after_doubt(repeat),
        500.. if never_reached_the_service(answer) => Next::Again,
        500.. => after_doubt(repeat),
        _ => Next::GiveUp,
    }
}

/// Does the gateway say, in a code of its own, that it passed the call on to nobody?
fn never_reached_the_service(answer: &ApiError) -> bool {
    let code = answer.code.as_deref().unwrap_or_default();
    answer.is_from_gateway()
        && (answer.status == 503 || (answer.status == 502 && code.ends_with(".0610")))
}

/// After an attempt of which nobody knows what it did.
fn after_doubt(repeat: Repeat) -> Next {
    match repeat {
        Repeat::Read | Repeat::Peek => Next::Again,
        Repeat::Never => Next::GiveUpUnknown,
    }
}

/// No attempt follows another one sooner than this, whatever `Retry-After` and the dice say.
pub const LEAST_DELAY: Duration = Duration::from_millis(100);

/// Delays between attempts: exponential, with full jitter, so that many clients spread out.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// Upper bound of the first delay.
    pub first: Duration,
    /// Upper bound of every delay.
    pub most: Duration,
}

impl Backoff {
    /// For faults of network and gateway.
    pub const FAULT: Self = Self {
        first: Duration::from_millis(200),
        most: Duration::from_secs(20),
    };
    /// For a busy instance, whose tasks take seconds to minutes.
    pub const BUSY: Self = Self {
        first: Duration::from_secs(1),
        most: Duration::from_secs(15),
    };

    /// The bound of the delay before retry number `retry` (0 for the first).
    pub fn bound(&self, retry: u32) -> Duration {
        self.first
            .saturating_mul(2_u32.saturating_pow(retry))
            .min(self.most)
    }

    /// A delay between [`LEAST_DELAY`] and the bound, as `jitter` (0 to 1) draws it.
    pub fn delay(&self, retry: u32, jitter: f64) -> Duration {
        let range = self.bound(retry).saturating_sub(LEAST_DELAY);
        LEAST_DELAY + range.mul_f64(jitter.clamp(0.0, 1.0))
    }
}

/// The longest wait that is told apart from longer ones: no operation lasts that long.
const LONGEST_WAIT: Duration = Duration::from_secs(365 * 86_400);

/// Reads a `Retry-After` header: seconds, or a date (RFC 9110, 10.2.3). A date that has passed means no delay, and a
/// number beyond counting means a year.
pub fn parse_retry_after(value: &str, now: OffsetDateTime) -> Option<Duration> {
    let value = value.trim();
    let wait = if value.is_empty() {
        return None;
    } else if value.bytes().all(|byte| byte.is_ascii_digit()) {
        value.parse().map_or(LONGEST_WAIT, Duration::from_secs)
    } else {
        let date = OffsetDateTime::from(httpdate::parse_http_date(value).ok()?);
        (date - now).try_into().unwrap_or(Duration::ZERO)
    };
    Some(wait.min(LONGEST_WAIT))
}

/// The window of the limit that a 429 names: "policy user over ratelimit,limit:60,time:1 minute".
pub fn parse_window(message: &str) -> Option<Duration> {
    let message = message.to_ascii_lowercase();
    let (_, time) = message.split_once("time:")?;
    let time = time.trim_start();
    let unit = time.trim_start_matches(|c: char| c.is_ascii_digit());
    let number: u64 = time[..time.len() - unit.len()].parse().ok()?;
    let seconds = [
        ("second", 1),
        ("minute", 60),
        ("hour", 3_600),
        ("day", 86_400),
    ]
    .into_iter()
    .find_map(|(name, seconds)| unit.trim_start().starts_with(name).then_some(seconds))?;
    let window = Duration::from_secs(number.saturating_mul(seconds));
    (!window.is_zero()).then(|| window.min(LONGEST_WAIT))
}

/// How long the cloud itself asks to wait after an answer: what its header says, else the window that a 429 names.
pub fn demanded(retry_after: Option<Duration>, error: &Error) -> Option<Duration> {
    let named = || {
        let answer = error.api().filter(|answer| answer.status == 429)?;
        [&answer.message, &answer.ext_message]
            .into_iter()
            .find_map(|text| parse_window(text.as_deref()?))
    };
    retry_after.filter(|wait| !wait.is_zero()).or_else(named)
}

/// The delay after the first 429: a burst above what the gateway lets through in a second has passed by then.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The delay after the second 429 when the cloud says nothing: the limits that real answers name are for a minute.
const SECOND_PAUSE: Duration = Duration::from_secs(60);
/// The longest delay after a 429 when the cloud says nothing.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// The longest that a look at the job of an accepted kill waits: how the kill ended is worth a refused call a minute.
pub const LONGEST_PAUSE_OF_A_LOOK: Duration = Duration::from_secs(60);

/// How long to leave an API alone after its 429 number `number` in a row (1 for the first). A tenth of jitter is added,
/// so that many clients do not come back at once.
pub fn pause_after_429(number: u32, demanded: Option<Duration>, jitter: f64) -> Duration {
    let pause = match (demanded, number) {
        (Some(wait), _) => wait.clamp(FIRST_PAUSE, LONGEST_WAIT),
        (None, 0 | 1) => FIRST_PAUSE,
        (None, number) => SECOND_PAUSE
            .saturating_mul(2_u32.saturating_pow(number - 2))
            .min(LONGEST_PAUSE),
    };
    pause
        + (pause / 10)
            .min(SECOND_PAUSE)
            .mul_f64(jitter.clamp(0.0, 1.0))
}

/// How many calls to one host run at once. A run can make far more than a gateway likes.
const CALLS_AT_ONCE: usize = 32;

/// Calls per second when the gateway throttles for the first time: it starts from here and halves.
const FIRST_RATE: f64 = 20.0;
/// The slowest the bucket goes, in calls per second.
const LEAST_RATE: f64 = 0.5;
/// Above this rate the bucket no longer holds anything back.
const FREE_RATE: f64 = 200.0;
/// What a success adds to the rate, as a factor.
const RECOVERY: f64 = 1.05;

/// An API of a host: what the cloud counts, and throttles, apart from others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Api {
    /// Scheme, host and port.
    pub origin: String,
    /// Method and path without the ids in it.
    pub template: String,
}

impl Api {
    /// The segments of a path after which an id comes.
    const COLLECTIONS: [&'static str; 3] = ["instances", "nodes", "jobs"];

    /// The API that a call is one of.
    pub fn new(origin: String, method: &Method, path: &str) -> Self {
        let mut template = method.as_str().to_owned();
        let mut id = false;
        for segment in path.trim_start_matches('/').split('/') {
            template.push('/');
            template.push_str(if id { "*" } else { segment });
            id = Self::COLLECTIONS.contains(&segment);
        }
        Self { origin, template }
    }
}

/// What all calls of a process pass, for each host apart: a limit on how many run at once; a token bucket that is empty
/// only after the host has throttled, so that `-parallelism=100` does not turn one 429 into a hundred; and the pauses
/// of those of its APIs that throttle.
#[derive(Debug, Default)]
pub struct Gate {
    hosts: Mutex<HashMap<String, Arc<Host>>>,
}

#[derive(Debug)]
struct Host {
    slots: Arc<Semaphore>,
    pace: Mutex<Pace>,
}

/// The token bucket: calls leave one `1/rate` after the other; the rate halves when throttled and recovers.
#[derive(Debug, Default)]
struct Pace {
    /// Calls per second; `None` is unlimited.
    rate: Option<f64>,
    /// When the next call may leave.
    next: Option<Instant>,
    /// When the next of those calls may leave that go first.
    next_first: Option<Instant>,
    /// The APIs that throttle, by their templates.
    pauses: HashMap<String, Pause>,
}

/// An API that throttles.
#[derive(Clone, Debug)]
struct Pause {
    /// When it last said so.
    since: Instant,
    /// When it may be called again.
    until: Instant,
    /// What of that the cloud demands; the rest is this program's own caution.
    demanded: Instant,
    /// How often it said so in a row: a call that is let through in between shows that a window is not used up.
    refusals: u32,
    /// What it said.
    error: Error,
}

/// A 429 and all that decides what follows from it.
#[derive(Clone, Copy, Debug)]
pub struct Refusal<'a> {
    /// When the call had left.
    pub sent: Instant,
    /// When the answer came.
    pub now: Instant,
    /// How long the cloud asks to wait.
    pub demanded: Option<Duration>,
    /// A number from 0 to 1 that chance drew.
    pub jitter: f64,
    /// What the cloud said.
    pub error: &'a Error,
}

/// How a call waits for its turn.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// The time that is needed after the wait.
    pub needed: Duration,
    /// A look at the job of an accepted kill: a pause that is too long for it is cut instead of ending it.
    pub look: bool,
    /// A kill by a list that soon is too old: for the pace it waits for no call but others like it. Behind many lists it would
    /// always come too late, list again, and nobody would ever be killed.
    pub first: bool,
}

impl Turn {
    /// The time that may be spent with waiting.
    fn room(self, clock: &dyn Clock, operation: &Operation) -> Duration {
        operation.left(clock).saturating_sub(self.needed)
    }
}

impl Gate {
    /// Waits for the pace and for a place; the place is held until the permit is dropped.
    ///
    /// # Errors
    /// When the operation's time limit or the user's stop comes first, or would before the API may be called.
    pub async fn enter(
        &self,
        api: &Api,
        turn: Turn,
        clock: &dyn Clock,
        operation: &Operation,
    ) -> Result<OwnedSemaphorePermit, Interrupted> {
        let host = self.host(api);
        // Whoever waits for one API takes no place from the others.
        loop {
            operation.check(clock)?;
            let now = clock.instant();
            let Some(pause) = host.pace().pause(api, now) else {
                break;
            };
            let until = if turn.look {
                let patience = clock::after(pause.since, LONGEST_PAUSE_OF_A_LOOK);
                pause.until.min(patience)
            } else {
                let demanded = pause.demanded.saturating_duration_since(now);
                operation.allows(clock, demanded, turn.needed)?;
                pause.until
            };
            let whole = until.saturating_duration_since(now);
            let delay = whole.min(turn.room(clock, operation));
            if delay.is_zero() {
                break;
            }
            let error = pause.error;
            operation.tell(&Waiting::Throttled { error, delay });
            operation.pause(clock, delay).await?;
            if delay < whole {
                // The time for one more attempt is all that is left.
                break;
            }
        }
        let wait = host.pace().reserve(clock.instant(), turn.first);
        if !wait.is_zero() {
            let wait = wait.min(turn.room(clock, operation));
            operation.pause(clock, wait).await?;
        }
        // Only now: whoever waits for the pace takes no place from those that go first.
        operation
            .bound(clock, Arc::clone(&host.slots).acquire_owned())
            .await?
            // The semaphore is never closed; if it were, nothing could be sent any more.
            .map_err(|_| Interrupted::Stopped)
    }

    /// The cloud throttled a call: slow down. How long the API is left alone.
    pub fn throttled(&self, api: &Api, refusal: Refusal<'_>) -> Duration {
        self.host(api).pace().slow_down(api, refusal)
    }

    /// The cloud let a call through that had left at `sent`: recover a little.
    pub fn passed(&self, api: &Api, sent: Instant) {
        self.host(api).pace().recover(api, sent);
    }

    /// What an API that has to be left alone said when it last throttled.
    pub fn last_refusal(&self, api: &Api, now: Instant) -> Option<Error> {
        let pause = self.host(api).pace().pause(api, now);
        pause.map(|pause| pause.error)
    }

    fn host(&self, api: &Api) -> Arc<Host> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let host = hosts.entry(api.origin.clone()).or_insert_with(|| {
            Arc::new(Host {
                slots: Arc::new(Semaphore::new(CALLS_AT_ONCE)),
                pace: Mutex::default(),
            })
        });
        Arc::clone(host)
    }
}

impl Host {
    fn pace(&self) -> std::sync::MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pace {
    /// The pause of an API, while it lasts.
    fn pause(&self, api: &Api, now: Instant) -> Option<Pause> {
        let pause = self.pauses.get(&api.template);
        pause.filter(|pause| now < pause.until).cloned()
    }

    /// Takes the next token; how long until it is there. A call that goes first takes the token before those of the others, whose
    /// successors leave later instead.
    fn reserve(&mut self, now: Instant, first: bool) -> Duration {
        let Some(rate) = self.rate else {
            return Duration::ZERO;
        };
        let step = Duration::from_secs_f64(1.0 / rate);
        let at = |next: Option<Instant>| next.map_or(now, |next| next.max(now));
        let next = at(self.next);
        self.next = Some(clock::after(next, step));
        let leave = match first {
            true => {
                let leave = at(self.next_first);
                self.next_first = Some(clock::after(leave, step));
                leave
            }
            false => next,
        };
        leave.saturating_duration_since(now)
    }

    /// Calls that left before the API last throttled are of the same event: they were sent at the same rate.
    fn slow_down(&mut self, api: &Api, refusal: Refusal<'_>) -> Duration {
        let before = self.pauses.get(&api.template);
        let same_event = before.is_some_and(|pause| refusal.sent <= pause.since);
        let refusals = before.map_or(0, |pause| pause.refusals);
        let refusals = if same_event {
            refusals
        } else {
            refusals.saturating_add(1)
        };
        if !same_event {
            self.rate = Some((self.rate.unwrap_or(FIRST_RATE * 2.0) / 2.0).max(LEAST_RATE));
        }
        let pause = pause_after_429(refusals, refusal.demanded, refusal.jitter);
        let until = clock::after(refusal.now, pause);
        let demanded = clock::after(refusal.now, refusal.demanded.unwrap_or_default());
        // What was demanded before still holds.
        let demanded = before.map_or(demanded, |before| demanded.max(before.demanded));
        let until = before.map_or(until, |before| until.max(before.until));
        self.pauses.insert(
            api.template.clone(),
            Pause {
                since: refusal.now,
                until,
                demanded,
                refusals,
                error: refusal.error.clone(),
            },
        );
        until.saturating_duration_since(refusal.now)
    }

    fn recover(&mut self, api: &Api, sent: Instant) {
        // A call that left before the API throttled proves nothing.
        let over = |pause: &Pause| sent > pause.since;
        if self.pauses.get(&api.template).is_some_and(over) {
            self.pauses.remove(&api.template);
        }
        let Some(rate) = self.rate else { return };
        let faster = rate * RECOVERY;
        self.rate = (faster < FREE_RATE).then_some(faster);
    }
}

#[cfg(test)]
mod tests;
