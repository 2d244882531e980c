//! How a plugin ends.
//!
//! The host decides: it says so by `GRPCController.Shutdown`, or by SIGTERM, or by no longer being there. Ctrl-C in a
//! terminal sends SIGINT to the plugin as well as to the host; the plugin leaves it to the host, which asks it to stop
//! through `StopProvider` and then waits for what is known.
//!
//! A host that died is recognised by its process: when the parent of this process is another one than at the start, the
//! host is gone, and nobody will ever read an answer. That all connections are closed says nothing, a host may connect
//! again; so it is not looked at.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Plugin, panics};

/// How long calls that are under way may take to end after the plugin was asked to: longer than the client waits for
/// the answer of a kill after a stop, so that its outcome still reaches the host.
pub(crate) const GRACE: Duration = Duration::from_secs(7);

/// How often to look whether the host is still there.
#[cfg(unix)]
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The plugin's shutdown: begun once, and awaited by all that must end with it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shutdown(CancellationToken);

impl Shutdown {
    pub(crate) fn begin(&self) {
        self.0.cancel();
    }

    /// Waits until the shutdown has begun.
    pub(crate) async fn begun(&self) {
        self.0.cancelled().await;
    }

    /// Waits until [`GRACE`] has passed since then.
    pub(crate) async fn overdue(&self) {
        self.begun().await;
        tokio::time::sleep(GRACE).await;
    }
}

/// Begins the shutdown on a signal, or when the host is gone.
///
/// # Errors
///
/// The signals cannot be watched.
pub(crate) fn watch<P: Plugin>(plugin: Arc<P>, shutdown: Shutdown) -> std::io::Result<()> {
    let outside = outside()?;
    tokio::spawn(async move {
        let reason = tokio::select! {
            reason = outside => reason,
            () = shutdown.begun() => return,
        };
        tracing::debug!(reason, "shutting down");
        _ = panics::catch_now(|| plugin.stop());
        shutdown.begin();
    });
    Ok(())
}

#[cfg(unix)]
fn outside() -> std::io::Result<impl Future<Output = &'static str>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    // Held and never looked at: this is how it is ignored.
    let interrupt = signal(SignalKind::interrupt())?;
    let host = std::os::unix::process::parent_id();
    Ok(async move {
        let _interrupt = interrupt;
        tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = hang_up.recv() => "SIGHUP",
            () = gone(host) => "the host is gone",
        }
    })
}

#[cfg(unix)]
async fn gone(host: u32) {
    while std::os::unix::process::parent_id() == host {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

#[cfg(not(unix))]
fn outside() -> std::io::Result<impl Future<Output = &'static str>> {
    Ok(async {
        // Ctrl-C is the host's affair; the host ends the plugin by its Shutdown, or by ending the process.
        while tokio::signal::ctrl_c().await.is_ok() {}
        std::future::pending().await
    })
}
