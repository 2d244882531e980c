//! The `hwc-sandbox` program: starts a sandbox, says how to reach it, and serves until it is told to stop.

#![forbid(unsafe_code)]

use std::io::{IsTerminal, Write, stderr, stdout};

use clap::Parser;
use hwc_sandbox::{Options, Sandbox};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_writer(stderr)
        .with_ansi(stderr().is_terminal())
        .with_env_filter(filter)
        .init();

    let told_to_stop = told_to_stop()?;
    let sandbox = Sandbox::start(options).await?;
    let mut line = serde_json::to_string(sandbox.ready())?;
    line.push('\n');
    stdout().write_all(line.as_bytes())?;
    stdout().flush()?;

    told_to_stop.await;
    sandbox.stop().await;
    Ok(())
}

/// Resolves on SIGTERM and SIGINT. Both are caught from the moment this returns, not only once it is awaited.
#[cfg(unix)]
fn told_to_stop() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Resolves on Ctrl-C.
#[cfg(not(unix))]
fn told_to_stop() -> anyhow::Result<impl Future<Output = ()>> {
    Ok(async {
        // An error means that Ctrl-C cannot be caught; the sandbox then ends with its process.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
