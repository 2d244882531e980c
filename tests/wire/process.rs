//! How the process starts, what it logs, and how it ends.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use terraform_provider_hwc::plugin::proto::tfplugin6 as wire;
use terraform_provider_hwc::plugin::proto::tfplugin6::provider_client::ProviderClient;

use crate::client::{create, decoded, messagepack, note, stdio, summaries};
use crate::host::{COOKIE, Host, bare, connect, first_line, plugin_program};

#[tokio::test]
async fn without_a_host_it_explains_itself_and_fails() {
    let output = bare().output().await.unwrap();

    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("required_providers")
    );
}

#[tokio::test]
async fn it_answers_questions_about_itself() {
    for (argument, code, says) in [
        ("--version", 0, env!("CARGO_PKG_VERSION")),
        ("--help", 0, "terraform init"),
        ("--frobnicate", 2, "takes no arguments"),
    ] {
        let output = bare().arg(argument).output().await.unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();

        assert_eq!(output.status.code(), Some(code), "{argument}");
        assert!(said.contains(says), "{argument}: {said}");
    }
}

#[tokio::test]
async fn a_host_that_makes_no_sense_is_told_so() {
    let long = "/tmp/".to_owned() + &"x".repeat(120);
    for (variable, value, says) in [
        (
            "PLUGIN_CLIENT_CERT",
            "not a certificate",
            "PLUGIN_CLIENT_CERT",
        ),
        (
            "PLUGIN_CLIENT_CERT",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "PLUGIN_CLIENT_CERT",
        ),
        ("PLUGIN_PROTOCOL_VERSIONS", "4,5", "protocol 4,5"),
        ("PLUGIN_MIN_PORT", "many", "PLUGIN_MIN_PORT"),
        ("PLUGIN_UNIX_SOCKET_DIR", &long, "bytes long"),
        ("PLUGIN_UNIX_SOCKET_DIR", "/nonexistent", "cannot listen"),
    ] {
        let output = bare()
            .env(COOKIE.0, COOKIE.1)
            .env(variable, value)
            .output()
            .await
            .unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();

        assert_eq!(output.status.code(), Some(1), "{variable}={value}");
        assert!(output.stdout.is_empty(), "{variable}={value}");
        assert!(complaint.contains(says), "{variable}={value}: {complaint}");
    }
}

#[tokio::test]
async fn the_socket_is_in_a_directory_that_only_its_user_may_enter() {
    let parent = tempfile::tempdir().unwrap();
    let host =
        Host::start_with(&[("PLUGIN_UNIX_SOCKET_DIR", parent.path().to_str().unwrap())]).await;

    assert_eq!(host.directory().parent(), Some(parent.path()));
    assert_eq!(
        std::fs::metadata(host.directory())
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o700
    );
}

#[tokio::test]
async fn a_host_without_a_certificate_gets_a_socket_without_tls() {
    let parent = tempfile::tempdir().unwrap();
    let mut plugin = bare();
    plugin
        .env(COOKIE.0, COOKIE.1)
        .env("PLUGIN_UNIX_SOCKET_DIR", parent.path());
    let mut child = plugin.spawn().unwrap();
    let line = first_line(&mut child).await;
    let fields: Vec<&str> = line.trim_end().split('|').collect();
    let &["1", "6", "unix", socket, "grpc", ""] = fields.as_slice() else {
        panic!("not that handshake: {line}")
    };

    let channel = connect(socket.as_ref(), |stream| async { Ok(stream) })
        .await
        .unwrap();
    let metadata = ProviderClient::new(channel)
        .get_metadata(wire::get_metadata::Request {})
        .await
        .unwrap();

    assert_eq!(metadata.into_inner().resources.len(), 2);
}

#[tokio::test]
async fn shutdown_ends_the_process_and_removes_its_directory() {
    let mut host = Host::start().await;
    let silent_stream = stdio(&host).await;

    host.shutdown().await;

    assert!(host.ended().await.success());
    assert!(!host.directory().exists());
    drop(silent_stream);
}

#[tokio::test]
async fn a_signal_to_terminate_ends_it_as_well() {
    for signal in [Signal::SIGTERM, Signal::SIGHUP] {
        let mut host = Host::start().await;
        host.send(signal);

        assert!(host.ended().await.success(), "{signal}");
        assert!(!host.directory().exists(), "{signal}");
    }
}

#[tokio::test]
async fn an_interrupt_is_left_to_the_host() {
    let host = Host::start().await;
    host.send(Signal::SIGINT);
    tokio::time::sleep(Duration::from_millis(200)).await;

    assert!(host.admits(Some(&host.identity)).await);
}

#[tokio::test]
async fn a_host_that_died_takes_the_plugin_with_it() {
    let parent = tempfile::tempdir().unwrap();
    let mut shell = tokio::process::Command::new("sh");
    shell
        .args(["-c", "\"$0\" & wait"])
        .arg(plugin_program())
        .env_clear()
        .env(COOKIE.0, COOKIE.1);
    shell
        .env("PLUGIN_UNIX_SOCKET_DIR", parent.path())
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true);
    let mut shell = shell.spawn().unwrap();
    first_line(&mut shell).await;
    assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 1);

    shell.kill().await.unwrap();

    let deadline = Instant::now() + Duration::from_secs(10);
    while std::fs::read_dir(parent.path()).unwrap().count() > 0 {
        assert!(Instant::now() < deadline, "the plugin outlives its host");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn stop_ends_the_waiting_within_a_second_and_keeps_what_is_known() {
    let host = Host::start().await;
    let mut waiting = host.provider().await;
    let created = tokio::spawn(async move { create(&mut waiting, note("wait")).await });
    tokio::time::sleep(Duration::from_millis(300)).await;

    let started = Instant::now();
    let stopped = host
        .provider()
        .await
        .stop_provider(wire::stop_provider::Request {})
        .await
        .unwrap()
        .into_inner();
    let created = created.await.unwrap();

    assert_eq!(stopped.error, "");
    assert!(started.elapsed() < Duration::from_secs(1));
    assert_eq!(summaries(&created.diagnostics), ["Stopped"]);
    assert_eq!(decoded(created.new_state)["id"], "1");
}

#[tokio::test]
async fn logs_are_lines_that_the_host_understands() {
    for (environment, expected) in [
        (&[("TF_LOG", "debug")][..], true),
        (&[("TF_LOG", "off"), ("TF_LOG_PROVIDER", "DEBUG")], true),
        (&[("TF_LOG", "debug"), ("TF_LOG_PROVIDER", "off")], false),
        (&[], false),
    ] {
        let host = Host::start_with(environment).await;
        let config = Some(messagepack(&json!({"token": "hunter2"})));
        let request = wire::configure_provider::Request {
            config,
            ..Default::default()
        };
        host.provider()
            .await
            .configure_provider(request)
            .await
            .unwrap();

        let log = host.log().await;
        let lines: Vec<Value> = log
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let configuring = lines
            .iter()
            .find(|line| line["@message"] == "configuring the provider");

        assert!(!log.contains("hunter2"));
        assert_eq!(configuring.is_some(), expected, "{environment:?}");
        if let Some(line) = configuring {
            assert_eq!(line["@level"], "debug");
            assert_eq!(line["@module"], "wire.plugin.rpc.provider");
            assert_eq!(
                line["@timestamp"].as_str().unwrap().len(),
                "2006-01-02T15:04:05.000000Z".len()
            );
        }
    }
}
