//! The whole life of a plugin process, from its arguments to its exit code.

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use tonic::transport::Server;

use super::go_plugin_services::GoPluginServices;
use super::handshake::{Handshake, HandshakeError, Line};
use super::listener::Listener;
use super::proto::go_plugin::grpc_controller_server::GrpcControllerServer;
use super::proto::go_plugin::grpc_stdio_server::GrpcStdioServer;
use super::proto::health::health_server::HealthServer;
use super::proto::tfplugin6::provider_server::ProviderServer;
use super::service::Service;
use super::shutdown::{self, Shutdown};
use super::tls::Tls;
use super::{Plugin, log, panics};

/// What hosts allow in either direction, in bytes.
const LARGEST_MESSAGE: usize = 256 << 20;

/// What could not be done without a socket.
const CANNOT_LISTEN: &str = "cannot listen for the host";

/// Serves `plugin` to the host that started this process, until the host is done.
///
/// `--version` and `--help` answer; without a host, it says what this program is. The exit code is what `main` returns.
pub async fn serve<P: Plugin>(plugin: P) -> ExitCode {
    let program = format!("terraform-provider-{}", plugin.name());
    match env::args().nth(1).as_deref() {
        None => {}
        Some("--version" | "-version" | "-V") => {
            return say(&format!("{program} {}\n", plugin.version()));
        }
        Some("--help" | "-help" | "-h") => return say(&explanation(&program, plugin.name())),
        Some(_) => {
            complain(&format!(
                "{program} takes no arguments but --version and --help.\n"
            ));
            return ExitCode::from(2);
        }
    }
    let name = plugin.name();
    match host(plugin).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&match error.downcast_ref() {
                Some(HandshakeError::NoCookie) => explanation(&program, name),
                _ => format!("{program}: {error:#}\n"),
            });
            ExitCode::FAILURE
        }
    }
}

async fn host<P: Plugin>(plugin: P) -> anyhow::Result<()> {
    let handshake = Handshake::read(|variable| env::var(variable).ok())?;
    log::init(plugin.name());
    panics::install_hook();

    let plugin = Arc::new(plugin);
    let shutdown = Shutdown::default();
    shutdown::watch(Arc::clone(&plugin), shutdown.clone()).context("cannot watch for signals")?;
    let tls = handshake.client.clone().map(Tls::only_for).transpose()?;
    let listener = Arc::new(listen(&handshake).await?);
    let line = Line {
        address: listener.address(),
        certificate: tls.as_ref().map(|tls| &tls.certificate),
    };
    announce(&line).context("cannot tell the host where to connect")?;

    let services = GoPluginServices::new(Arc::clone(&plugin), shutdown.clone());
    let provider = ProviderServer::new(Service::new(plugin))
        .max_decoding_message_size(LARGEST_MESSAGE)
        .max_encoding_message_size(LARGEST_MESSAGE);
    let served = Server::builder()
        .add_service(provider)
        .add_service(GrpcControllerServer::new(services.clone()))
        .add_service(GrpcStdioServer::new(services.clone()))
        .add_service(HealthServer::new(services))
        .serve_with_incoming_shutdown(
            Arc::clone(&listener).incoming(tls.map(|tls| tls.config)),
            shutdown.begun(),
        );
    tokio::select! {
        served = served => served.context("serving failed")?,
        () = shutdown.overdue() => tracing::debug!("ending without waiting for calls that do not end"),
    }
    listener.remove();
    Ok(())
}

#[cfg(unix)]
async fn listen(handshake: &Handshake) -> anyhow::Result<Listener> {
    Listener::on_socket(handshake.socket_dir.as_deref()).context(CANNOT_LISTEN)
}

#[cfg(not(unix))]
async fn listen(handshake: &Handshake) -> anyhow::Result<Listener> {
    anyhow::ensure!(
        handshake.client.is_some(),
        "the host sent no PLUGIN_CLIENT_CERT; a TCP port without TLS would be open to every user of this machine"
    );
    Listener::on_port(handshake.ports.clone())
        .await
        .context(CANNOT_LISTEN)
}

fn announce(line: &Line<'_>) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

fn explanation(program: &str, name: &str) -> String {
    format!(
        "{program} is a plugin: Terraform and OpenTofu start it, people do not.\n\
         \n\
         To use it, name it in your configuration and run `terraform init` or `tofu init`:\n\
         \n    \
             terraform {{\n      \
               required_providers {{\n        \
                 {name} = {{\n          \
                   source = \"hwc-ops/{name}\"\n        \
                 }}\n      \
               }}\n    \
             }}\n\
         \n\
         To use this very file instead of a release, put its directory under `dev_overrides` in the CLI configuration.\n\
         \n\
         Options: --version, --help\n"
    )
}

fn say(text: &str) -> ExitCode {
    // Whoever closed the pipe has read enough.
    _ = io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

fn complain(text: &str) {
    _ = io::stderr().write_all(text.as_bytes());
}
