#![allow(clippy::unwrap_used)]

use std::sync::Mutex;

use proptest::prelude::*;
use time::OffsetDateTime;

use super::*;

/// A clock whose sleeps take no time.
struct Skipping {
    started: Instant,
    slept: Mutex<Duration>,
}

#[async_trait::async_trait]
impl Clock for Skipping {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH
    }
    fn instant(&self) -> Instant {
        self.started + *self.slept.lock().unwrap()
    }
    async fn sleep(&self, duration: Duration) {
        *self.slept.lock().unwrap() += duration;
    }
}

fn skipping() -> Skipping {
    Skipping {
        started: Instant::now(),
        slept: Mutex::default(),
    }
}

proptest! {
    #[test]
    fn sleeps_never_cross_the_time_limit_and_a_loop_of_them_ends(
        limit in 1_u64..5_000_000,
        sleeps in prop::collection::vec(0_u64..10_000_000, 1..50),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let limit = Duration::from_millis(limit);
        let clock = skipping();
        let operation = Operation::new(&clock, limit, CancellationToken::new());
        let mut ended = false;
        for sleep in sleeps {
            let slept = *clock.slept.lock().unwrap();
            let sleep = Duration::from_millis(sleep);
            let result = runtime.block_on(operation.sleep(&clock, sleep));
            let now = *clock.slept.lock().unwrap();
            prop_assert!(now < limit);
            prop_assert!(!ended || result.is_err());
            match result {
                Ok(()) => prop_assert!(
                    now == slept + sleep || now == limit - operation.last_look()
                ),
                Err(interrupted) => {
                    prop_assert_eq!(interrupted, Interrupted::Deadline);
                    prop_assert_eq!(now, slept);
                    ended = true;
                }
            }
        }
    }

    #[test]
    fn no_limit_and_no_wait_is_too_long_to_count(limit in any::<u64>(), wait in any::<u64>(), needed in any::<u64>()) {
        let clock = skipping();
        let seconds = Duration::from_secs;
        let operation = Operation::new(&clock, seconds(limit), CancellationToken::new());
        let allowed = operation.allows(&clock, seconds(wait), seconds(needed));
        if let Ok(part) = operation.shorten(&clock, seconds(wait), seconds(needed)) {
            prop_assert!(part <= seconds(wait));
            prop_assert!(part + seconds(needed) <= operation.left(&clock));
            prop_assert_eq!(allowed.is_ok(), part == seconds(wait));
        }
    }
}
