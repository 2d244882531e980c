//! When to repeat a call, how long to wait before, and how fast to go at all.
//!
//! The rules in one table; `kind` is what a call does, see [`Repeat`].
//!
//! | how an attempt ended | read | harmless kill | kill |
//! | --- | --- | --- | --- |
//! | never sent (refused, DNS, TLS, connect time-out) | repeat | repeat | repeat |
//! | 429, or 503 from the gateway | repeat | repeat | repeat |
//! | instance busy (`DCS.4957` and siblings) | repeat until the time limit | the same | the same |
//! | other 5xx, or the answer was lost | repeat | repeat | never: the outcome is unknown |
//! | anything else | final | final | final |

use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::clock::Clock;
use super::error::{ApiError, Error};
use super::operation::{Interrupted, Operation};

/// What repeating a call would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// It changes nothing: repeat whenever that may help.
    Read,
    /// It changes nothing, and its caller goes on looking: an answer that is no success is given to the caller at once,
    /// unless the gateway throttled.
    Look,
    /// It changes something, and doing it twice is the same as once (TaurusDB thread ids are not reused).
    Harmless,
    /// Doing it twice would do it twice (a second DCS kill hits clients that have reconnected).
    Never,
}

impl Repeat {
    /// Does the call change something?
    pub(super) fn changes(self) -> bool {
        matches!(self, Self::Harmless | Self::Never)
    }
}

/// What to do after an attempt that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Try again; it counts against `max_retries`.
    Again,
    /// Try again until the time limit: the instance is busy.
    AgainWhenIdle,
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
        429 => Next::Again,
        _ if repeat == Repeat::Look => Next::GiveUp,
        _ if answer.is_busy() => Next::AgainWhenIdle,
        503 if answer.is_from_gateway() => Next::Again,
        500.. => after_doubt(repeat),
        _ => Next::GiveUp,
    }
}

/// After an attempt of which nobody knows what it did.
fn after_doubt(repeat: Repeat) -> Next {
    match repeat {
        Repeat::Read | Repeat::Look | Repeat::Harmless => Next::Again,
        Repeat::Never => Next::GiveUpUnknown,
    }
}

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

    /// A delay between zero and the bound, as `jitter` (0 to 1) draws it.
    pub fn delay(&self, retry: u32, jitter: f64) -> Duration {
        self.bound(retry).mul_f64(jitter.clamp(0.0, 1.0))
    }
}

/// Reads a `Retry-After` header: seconds, or a date (RFC 9110, 10.2.3). A date that has passed means no delay.
pub fn parse_retry_after(value: &str, now: OffsetDateTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = OffsetDateTime::from(httpdate::parse_http_date(value).ok()?);
    Some((date - now).try_into().unwrap_or(Duration::ZERO))
}

/// How many calls of one process run at once. Terraform's `-parallelism` can be far above what a gateway likes.
const CALLS_AT_ONCE: usize = 32;

/// Calls per second when the gateway throttles for the first time: it starts from here and halves.
const FIRST_RATE: f64 = 20.0;
/// The slowest the bucket goes, in calls per second.
const LEAST_RATE: f64 = 0.5;
/// Above this rate the bucket no longer holds anything back.
const FREE_RATE: f64 = 200.0;
/// What a success adds to the rate, as a factor.
const RECOVERY: f64 = 1.05;
/// Answers 429 that arrive within this time are one event: they were sent at the same rate.
const ONE_EVENT: Duration = Duration::from_secs(1);

/// What all calls of a process pass: a limit on how many run at once, and a token bucket that is empty only
/// after the gateway has throttled, so that `-parallelism=100` does not turn one 429 into a hundred.
#[derive(Debug)]
pub struct Gate {
    slots: Semaphore,
    pace: Mutex<Pace>,
}

/// The token bucket: calls leave one `1/rate` after the other; the rate halves when throttled and recovers.
#[derive(Debug, Default)]
struct Pace {
    /// Calls per second; `None` is unlimited.
    rate: Option<f64>,
    /// When the next call may leave.
    next: Option<Instant>,
    /// When the gateway last throttled.
    throttled: Option<Instant>,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            slots: Semaphore::new(CALLS_AT_ONCE),
            pace: Mutex::new(Pace::default()),
        }
    }
}

impl Gate {
    /// Waits for a place and for the pace; the place is held until the permit is dropped.
    ///
    /// # Errors
    /// When the operation's time limit or the user's stop comes first.
    pub async fn enter(
        &self,
        clock: &dyn Clock,
        operation: &Operation,
    ) -> Result<SemaphorePermit<'_>, Interrupted> {
        let permit = operation
            .bound(clock, self.slots.acquire())
            .await?
            // The semaphore is never closed; if it were, nothing could be sent any more.
            .map_err(|_| Interrupted::Stopped)?;
        let wait = self.pace.lock().await.reserve(clock.instant());
        if !wait.is_zero() {
            operation.sleep(clock, wait).await?;
        }
        Ok(permit)
    }

    /// The gateway throttled: slow down, and let nobody through before `retry_after`.
    pub async fn throttled(&self, now: Instant, retry_after: Option<Duration>) {
        self.pace.lock().await.slow_down(now, retry_after);
    }

    /// The gateway let a call through: recover a little.
    pub async fn passed(&self) {
        self.pace.lock().await.recover();
    }
}

impl Pace {
    /// Takes the next token; how long until it is there.
    fn reserve(&mut self, now: Instant) -> Duration {
        let Some(next) = self.next else {
            return Duration::ZERO;
        };
        let leave = next.max(now);
        self.next = match self.rate {
            Some(rate) => Some(leave + Duration::from_secs_f64(1.0 / rate)),
            None if leave <= now => None,
            None => Some(leave),
        };
        leave - now
    }

    fn slow_down(&mut self, now: Instant, retry_after: Option<Duration>) {
        let same_event = self.throttled.is_some_and(|then| now < then + ONE_EVENT);
        if !same_event {
            self.throttled = Some(now);
            self.rate = Some((self.rate.unwrap_or(FIRST_RATE * 2.0) / 2.0).max(LEAST_RATE));
        }
        let pause = now + retry_after.unwrap_or(Duration::ZERO);
        self.next = Some(self.next.map_or(pause, |next| next.max(pause)));
    }

    fn recover(&mut self) {
        let Some(rate) = self.rate else { return };
        let faster = rate * RECOVERY;
        self.rate = (faster < FREE_RATE).then_some(faster);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::super::error::RequestLine;
    use super::*;

    fn line() -> RequestLine {
        RequestLine {
            method: "POST",
            origin: "https://dcs.example.com".to_owned(),
            path: "/v2".to_owned(),
        }
    }

    fn answered(status: u16, code: Option<&str>) -> Error {
        Error::Api {
            line: line(),
            answer: Box::new(ApiError {
                status,
                code: code.map(ToOwned::to_owned),
                message: None,
                ext_message: None,
                request_id: None,
                clock_offset: None,
                html: false,
            }),
        }
    }

    #[test]
    fn what_comes_next_follows_from_what_the_attempt_may_have_done() {
        use Next::{Again, AgainWhenIdle, GiveUp, GiveUpUnknown};
        let not_sent = Error::NotSent {
            line: line(),
            reason: String::new(),
        };
        let lost = Error::Lost {
            line: line(),
            reason: String::new(),
        };
        for (error, read, harmless, never) in [
            (not_sent, Again, Again, Again),
            (lost, Again, Again, GiveUpUnknown),
            (answered(429, Some("APIGW.0308")), Again, Again, Again),
            (answered(503, None), Again, Again, Again),
            (answered(503, Some("APIGW.0201")), Again, Again, Again),
            // The service itself, not the gateway: it has seen the call.
            (answered(503, Some("DCS.5000")), Again, Again, GiveUpUnknown),
            (answered(500, None), Again, Again, GiveUpUnknown),
            (answered(502, None), Again, Again, GiveUpUnknown),
            (
                answered(504, Some("APIGW.0203")),
                Again,
                Again,
                GiveUpUnknown,
            ),
            (
                answered(400, Some("DCS.4957")),
                AgainWhenIdle,
                AgainWhenIdle,
                AgainWhenIdle,
            ),
            (answered(400, Some("DCS.4003")), GiveUp, GiveUp, GiveUp),
            (answered(301, None), GiveUp, GiveUp, GiveUp),
            (answered(401, Some("APIGW.0301")), GiveUp, GiveUp, GiveUp),
            (answered(404, None), GiveUp, GiveUp, GiveUp),
            (answered(409, None), GiveUp, GiveUp, GiveUp),
        ] {
            assert_eq!(next(Repeat::Read, &error), read, "read: {error}");
            assert_eq!(
                next(Repeat::Harmless, &error),
                harmless,
                "harmless: {error}"
            );
            assert_eq!(next(Repeat::Never, &error), never, "never: {error}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = datetime!(2026-11-21 10:00:00 UTC);
        for (value, seconds) in [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("Sat, 21 Nov 2026 10:01:30 GMT", Some(90)),
            ("Sat, 21 Nov 2026 09:00:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
            ("1.5", None),
            ("", None),
        ] {
            assert_eq!(
                parse_retry_after(value, now),
                seconds.map(Duration::from_secs),
                "{value:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn delays_lie_between_zero_and_a_bound_that_doubles_up_to_a_limit(retry in 0_u32..1000, jitter in 0.0..1.0_f64) {
            for backoff in [Backoff::FAULT, Backoff::BUSY] {
                let bound = backoff.bound(retry);
                prop_assert!(backoff.delay(retry, jitter) <= bound);
                prop_assert!(bound <= backoff.most);
                prop_assert!(bound <= backoff.bound(retry + 1));
                if backoff.bound(retry + 1) < backoff.most {
                    prop_assert_eq!(bound * 2, backoff.bound(retry + 1));
                }
            }
            prop_assert_eq!(Backoff::FAULT.bound(0), Duration::from_millis(200));
        }

        #[test]
        fn after_a_429_calls_leave_one_after_the_other_and_never_before_retry_after(
            calls in 1_u32..200,
            pause in 0_u64..10,
        ) {
            let now = Instant::now();
            let mut pace = Pace::default();
            prop_assert_eq!(pace.reserve(now), Duration::ZERO);

            pace.slow_down(now, Some(Duration::from_secs(pause)));
            let leaves: Vec<Duration> = (0..calls).map(|_| pace.reserve(now)).collect();

            prop_assert!(leaves[0] >= Duration::from_secs(pause));
            let gap = Duration::from_secs_f64(1.0 / FIRST_RATE);
            prop_assert!(leaves.windows(2).all(|two| two[1] - two[0] == gap));
        }
    }

    #[test]
    fn a_burst_of_429_is_one_event_and_successes_lift_the_limit_again() {
        let now = Instant::now();
        let mut pace = Pace::default();
        for _ in 0..100 {
            pace.slow_down(now, None);
        }
        assert_eq!(pace.rate, Some(FIRST_RATE));

        pace.slow_down(now + ONE_EVENT, None);
        assert_eq!(pace.rate, Some(FIRST_RATE / 2.0));

        for event in 2..40 {
            pace.slow_down(now + ONE_EVENT * event, None);
        }
        assert_eq!(pace.rate, Some(LEAST_RATE));

        for _ in 0..200 {
            pace.recover();
        }
        assert_eq!(pace.rate, None);
        let later = now + Duration::from_secs(600);
        assert_eq!(pace.reserve(later), Duration::ZERO);
        assert_eq!(pace.reserve(later), Duration::ZERO);
    }
}
