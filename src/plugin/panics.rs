//! A panic in provider code ends the call it happened in, not the plugin.
//!
//! What a panic says may quote a value, and values may be secrets: only the place in the source is passed on.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::panic::{self, AssertUnwindSafe};
use std::pin::pin;
use std::time::Instant;

use tf_provider::Diagnostics;

use super::diagnostics;

thread_local! {
    /// Where this thread last panicked, from the hook to whoever catches the panic.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Provider code panicked.
#[derive(Debug)]
pub(crate) struct Panicked {
    place: String,
}

impl Panicked {
    fn here() -> Self {
        let place = PLACE.with_borrow_mut(Option::take);
        Self {
            place: place.unwrap_or_else(|| "an unknown place".to_owned()),
        }
    }

    /// Says so of a call that may have done what its resource stands for, and that leaves it in state.
    pub(crate) fn report_unknown(&self, diags: &mut Diagnostics) {
        diags.root_error(
            "Bug in the provider: it is unknown what was done",
            format!(
                "The resource may have done its work: the provider failed at {} while it created the resource. The \
                 resource is in state with what is known, as tainted, so the next apply does the work again. Check first what \
                 was done. If the work was done, run the engine's command `untaint`, with the address that this error names \
                 after `with`. Please report this with the place named here; it has nothing of your configuration in it.",
                self.place
            ),
        );
    }

    pub(crate) fn report(&self, diags: &mut Diagnostics) {
        diags.root_error(
            "Bug in the provider",
            format!(
                "The provider failed during this call at {}. It is unknown what the call had done until then. Please report this \
                 with the place named here; it has nothing of your configuration in it.",
                self.place
            ),
        );
    }
}

/// Replaces the hook that would print the panic's message by one that logs its place.
pub(crate) fn install_hook() {
    panic::set_hook(Box::new(|panic| {
        let place = match panic.location() {
            Some(location) => format!(
                "{}:{}:{}",
                location.file(),
                location.line(),
                location.column()
            ),
            None => "an unknown place".to_owned(),
        };
        tracing::error!(place, "panic");
        PLACE.set(Some(place));
    }));
}

/// Runs a call into provider code, to its end or to its panic.
///
/// A missing result is explained in `diags` by [`explain`]; this only runs the future, which may borrow them.
pub(crate) async fn catch<T>(
    rpc: &'static str,
    call: impl Future<Output = Option<T>>,
) -> Result<Option<T>, Panicked> {
    let started = Instant::now();
    let mut call = pin!(call);
    let outcome = poll_fn(|context| {
        match panic::catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(_) => std::task::Poll::Ready(Err(Panicked::here())),
        }
    })
    .await;
    tracing::trace!(
        rpc,
        milliseconds = started.elapsed().as_millis(),
        "call done"
    );
    outcome
}

/// The result of a call, with an error in `diags` if it panicked or gave no reason for having none.
pub(crate) fn explain<T>(
    outcome: Result<Option<T>, Panicked>,
    diags: &mut Diagnostics,
) -> Option<T> {
    match outcome {
        Ok(result) => diagnostics::explain(result, diags),
        Err(panicked) => {
            panicked.report(diags);
            None
        }
    }
}

/// Runs a call that does not wait.
pub(crate) fn catch_now<T>(call: impl FnOnce() -> T) -> Result<T, Panicked> {
    panic::catch_unwind(AssertUnwindSafe(call)).map_err(|_| Panicked::here())
}
