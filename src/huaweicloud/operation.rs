//! What bounds a user-visible operation (one resource's kill, one listing): its time limit, the user's Ctrl-C,
//! and who wants to hear what is being waited for.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::clock::Clock;
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
}

type Listener = Arc<dyn Fn(&Waiting) + Send + Sync>;

/// The bounds of one user-visible operation, shared by all calls made for it.
#[derive(Clone)]
pub struct Operation {
    deadline: Instant,
    stop: CancellationToken,
    listener: Option<Listener>,
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
}

impl Interrupted {
    /// The error that says so, with how the last attempt had ended.
    pub fn into_error(self, last: Option<Error>) -> Error {
        let last = last.map(Box::new);
        match self {
            Self::Stopped => Error::Stopped { last },
            Self::Deadline => Error::DeadlineExceeded { last },
        }
    }
}

impl Operation {
    /// An operation that has `limit` from now on, and ends early when `stop` is cancelled.
    pub fn new(clock: &dyn Clock, limit: Duration, stop: CancellationToken) -> Self {
        let now = clock.instant();
        Self {
            // A limit beyond what the clock can count is as good as a century.
            deadline: now
                .checked_add(limit)
                .unwrap_or_else(|| now + Duration::from_secs(100 * 365 * 86_400)),
            stop,
            listener: None,
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

    /// Sleeps, but no longer than until the time limit or the user's stop.
    ///
    /// # Errors
    /// What ended the sleep early. A sleep that cannot end before the time limit is not begun.
    pub async fn sleep(&self, clock: &dyn Clock, duration: Duration) -> Result<(), Interrupted> {
        self.check(clock)?;
        if duration >= self.left(clock) {
            return Err(Interrupted::Deadline);
        }
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
