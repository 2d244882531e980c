//! What bounds a user-visible operation (one resource's kill, one listing): its time limit, the user's Ctrl-C,
//! and who wants to hear what is being waited for.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::clock::{self, Clock};
use super::error::Error;

/// Something that takes time and that a person may want to know about.
#[derive(Clone, Debug)]
pub enum Waiting {
    /// A call is repeated after a fault.
    Retry {
        /// How the attempt ended.
        error: Error,
        /// The delay before the next one.
        delay: Duration,
    },
    /// The instance is busy with another task; the call is repeated until it is not.
    Busy {
        /// What the service said.
        error: Error,
        /// The delay before the next attempt.
        delay: Duration,
    },
    /// The cloud throttles this call: it is left alone for a while.
    Throttled {
        /// What the cloud said, to this call or to another one of the same API.
        error: Error,
        /// The delay before the next attempt.
        delay: Duration,
    },
}

/// An operation ends this long before its time limit with a last look, when its limit is long enough for that.
const LAST_LOOK: Duration = Duration::from_secs(2);

type Listener = Arc<dyn Fn(&Waiting) + Send + Sync>;

/// The bounds of one user-visible operation, shared by all calls made for it.
#[derive(Clone)]
pub struct Operation {
    limit: Duration,
    deadline: Instant,
    stop: CancellationToken,
    listener: Option<Listener>,
    last_change: Arc<Mutex<Option<Instant>>>,
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation")
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

/// Why a wait ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupted {
    /// The user stopped the run.
    Stopped,
    /// The time limit was reached.
    Deadline,
    /// The cloud asks to wait longer than the time limit allows.
    WaitTooLong {
        /// How long it asks to wait.
        wait: Duration,
        /// The time that is left.
        left: Duration,
    },
}

impl Interrupted {
    /// The error that says so, with how the last attempt had ended.
    pub fn into_error(self, last: Option<Error>) -> Error {
        let last = last.map(Box::new);
        match self {
            Self::Stopped => Error::Stopped { last },
            Self::Deadline => Error::DeadlineExceeded { last },
            Self::WaitTooLong { wait, left } => Error::WaitTooLong { wait, left, last },
        }
    }
}

impl Operation {
    /// An operation that has `limit` from now on, and ends early when `stop` is cancelled.
    pub fn new(clock: &dyn Clock, limit: Duration, stop: CancellationToken) -> Self {
        Self {
            limit,
            deadline: clock::after(clock.instant(), limit),
            stop,
            listener: None,
            last_change: Arc::default(),
        }
    }

    /// The same operation with somebody to tell what is being waited for.
    #[must_use]
    pub fn with_listener(mut self, listener: impl Fn(&Waiting) + Send + Sync + 'static) -> Self {
        self.listener = Some(Arc::new(listener));
        self
    }

    /// Tells whoever listens.
    pub fn tell(&self, waiting: &Waiting) {
        if let Some(listener) = &self.listener {
            listener(waiting);
        }
    }

    /// Notes that a request that changes something leaves now, after whatever it had to wait for.
    pub(super) fn note_change(&self, clock: &dyn Clock) {
        let mut last = self
            .last_change
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *last = Some(clock.instant());
    }

    /// When the last request that changes something left; `None` if none has.
    pub fn last_change(&self) -> Option<Instant> {
        *self
            .last_change
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The time that is left; zero when it is over.
    pub fn left(&self, clock: &dyn Clock) -> Duration {
        self.deadline.saturating_duration_since(clock.instant())
    }

    /// Has the user stopped the run, or is the time over?
    ///
    /// # Errors
    /// Which of the two.
    pub fn check(&self, clock: &dyn Clock) -> Result<(), Interrupted> {
        if self.stop.is_cancelled() {
            return Err(Interrupted::Stopped);
        }
        if self.left(clock).is_zero() {
            return Err(Interrupted::Deadline);
        }
        Ok(())
    }

    /// `most`, or a part of the whole time limit when that is less: what may be kept for the end of an operation
    /// without using up a short one.
    pub fn reserve(&self, most: Duration, part: u32) -> Duration {
        most.min(self.limit / part.max(1))
    }

    /// What is kept for a last look: two seconds, or a tenth of a short time limit.
    pub fn last_look(&self) -> Duration {
        self.reserve(LAST_LOOK, 10)
    }

    /// Sleeps, but not past the time limit: a sleep that would cross it ends shortly before, so that a last look can
    /// follow.
    ///
    /// # Errors
    /// The user stopped the run, or only the time for that last look is left. So a loop that sleeps comes to its end.
    pub async fn sleep(&self, clock: &dyn Clock, duration: Duration) -> Result<(), Interrupted> {
        let duration = self.shorten(clock, duration, self.last_look())?;
        self.pause(clock, duration).await
    }

    /// `wait`, or the part of it that leaves `needed` for what comes after it.
    ///
    /// # Errors
    /// The user stopped the run, or no more than `needed` is left.
    pub fn shorten(
        &self,
        clock: &dyn Clock,
        wait: Duration,
        needed: Duration,
    ) -> Result<Duration, Interrupted> {
        self.check(clock)?;
        let room = self.left(clock).saturating_sub(needed);
        if room.is_zero() {
            return Err(Interrupted::Deadline);
        }
        Ok(wait.min(room))
    }

    /// Is there time for a wait that the cloud demands, and for what is `needed` after it?
    ///
    /// # Errors
    /// There is not: how long the wait is, and how much time is left.
    pub fn allows(
        &self,
        clock: &dyn Clock,
        wait: Duration,
        needed: Duration,
    ) -> Result<(), Interrupted> {
        let left = self.left(clock);
        if wait > left.saturating_sub(needed) {
            return Err(Interrupted::WaitTooLong { wait, left });
        }
        Ok(())
    }

    /// Sleeps until the time is over or the user stops the run.
    ///
    /// # Errors
    /// The user stopped the run.
    pub async fn pause(&self, clock: &dyn Clock, duration: Duration) -> Result<(), Interrupted> {
        tokio::select! {
            () = clock.sleep(duration) => Ok(()),
            () = self.stop.cancelled() => Err(Interrupted::Stopped),
        }
    }

    /// Runs `future`, but no longer than until the time limit or the user's stop. What it does takes real time
    /// (a connection, another task), so the limit is counted in real time too, whatever the clock is.
    ///
    /// # Errors
    /// What came first; the future is dropped then.
    pub async fn bound<T>(
        &self,
        clock: &dyn Clock,
        future: impl Future<Output = T>,
    ) -> Result<T, Interrupted> {
        self.check(clock)?;
        tokio::select! {
            value = future => Ok(value),
            () = self.stop.cancelled() => Err(Interrupted::Stopped),
            () = tokio::time::sleep(self.left(clock)) => Err(Interrupted::Deadline),
        }
    }

    /// Resolves when the user stops the run.
    pub async fn stopped(&self) {
        self.stop.cancelled().await;
    }
}

#[cfg(test)]
mod tests;
