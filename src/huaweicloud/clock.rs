//! Time and chance from outside: the wall clock, a monotonic clock, sleep and jitter, so that tests decide how
//! time passes and how the dice fall.

use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;
use tokio::time::Instant;

/// Where the client takes its time, and its chance, from.
#[async_trait]
pub trait Clock: Send + Sync + 'static {
    /// The date and time, for signatures, expiry of credentials and what goes into state.
    fn now(&self) -> OffsetDateTime;
    /// A time that only grows, for deadlines.
    fn instant(&self) -> Instant;
    /// Waits.
    async fn sleep(&self, duration: Duration);
    /// A number drawn evenly from 0 up to 1, for the jitter of delays.
    fn jitter(&self) -> f64 {
        rand::random()
    }
}

/// A wait beyond what the clock can count is as good as a century.
const CENTURY: Duration = Duration::from_secs(100 * 365 * 86_400);

/// The instant that comes `wait` after `instant`, whatever `wait` is.
pub(super) fn after(instant: Instant, wait: Duration) -> Instant {
    instant
        .checked_add(wait)
        .or_else(|| instant.checked_add(CENTURY))
        .unwrap_or(instant)
}

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }

    fn instant(&self) -> Instant {
        Instant::now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
