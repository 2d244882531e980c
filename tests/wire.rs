//! The wire as a raw gRPC client sees it: who is let in, what strange bytes do, and how it ends.
//!
//! Given a plugin of trifles (`tests/wire/plugin.rs`) that a host in the manner of go-plugin (`tests/wire/host.rs`)
//! started. That real engines get along with the wire is shown by the acceptance tests.

#![cfg(unix)]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

#[path = "wire/host.rs"]
mod host;

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use host::{COOKIE, Host, Identity, bare, connect, first_line};
use nix::sys::signal::Signal;
use prost::bytes::Bytes;
use serde_json::{Value, json};
use terraform_provider_hwc::plugin::proto::go_plugin::grpc_stdio_client::GrpcStdioClient;
use terraform_provider_hwc::plugin::proto::health::HealthCheckRequest;
use terraform_provider_hwc::plugin::proto::health::health_client::HealthClient;
use terraform_provider_hwc::plugin::proto::tfplugin6::provider_client::ProviderClient;
use terraform_provider_hwc::plugin::proto::tfplugin6::{self as wire, Diagnostic, DynamicValue};
use tonic::transport::Channel;

const NOTE: &str = "wire_note";

// ---- Starting ----

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

// ---- Who is let in ----

#[tokio::test]
async fn only_the_host_is_let_in_and_the_others_do_not_disturb_it() {
    let host = Host::start().await;
    let mut provider = host.provider().await;
    let stranger = Identity::new();
    let strangers = [
        ("no certificate", None),
        ("another certificate of the same name", Some(&stranger)),
        (
            "the host's certificate with another key",
            Some(&host.identity.with_key_of(&stranger)),
        ),
    ];

    for (who, identity) in strangers {
        assert!(!host.admits(identity).await, "{who} was let in");
        assert!(
            provider
                .get_metadata(wire::get_metadata::Request {})
                .await
                .is_ok(),
            "after {who}"
        );
        assert!(host.admits(Some(&host.identity)).await, "after {who}");
    }
    let plaintext = connect(&host.socket, |stream| async { Ok(stream) }).await;
    if let Ok(channel) = plaintext {
        assert!(
            ProviderClient::new(channel)
                .get_metadata(wire::get_metadata::Request {})
                .await
                .is_err()
        );
    }
    assert!(host.admits(Some(&host.identity)).await, "after plaintext");
}

#[tokio::test]
async fn clients_that_say_nothing_hold_up_nobody() {
    let host = Host::start().await;
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(tokio::net::UnixStream::connect(&host.socket).await.unwrap());
    }

    let started = Instant::now();
    assert!(host.admits(Some(&host.identity)).await);
    assert!(started.elapsed() < Duration::from_secs(2));
}

// ---- Ending ----

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
        .arg(host::plugin_program())
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

// ---- What go-plugin wants ----

#[tokio::test]
async fn its_health_is_serving() {
    let host = Host::start().await;
    let mut health = HealthClient::new(host.channel(Some(&host.identity)).await.unwrap());
    let check = |service: &str| HealthCheckRequest {
        service: service.to_owned(),
    };

    assert_eq!(
        health
            .check(check("plugin"))
            .await
            .unwrap()
            .into_inner()
            .status,
        1
    );
    assert_eq!(
        health.check(check("")).await.unwrap().into_inner().status,
        1
    );
    assert_eq!(
        health.check(check("x")).await.unwrap_err().code(),
        tonic::Code::NotFound
    );
    let mut watched = health.watch(check("plugin")).await.unwrap().into_inner();
    assert_eq!(watched.message().await.unwrap().unwrap().status, 1);
}

#[tokio::test]
async fn its_stdio_stream_stays_open_and_silent() {
    let host = Host::start().await;
    let mut stream = stdio(&host).await;

    let heard = tokio::time::timeout(Duration::from_millis(300), stream.message()).await;

    assert!(heard.is_err(), "heard {heard:?}");
}

async fn stdio(
    host: &Host,
) -> tonic::Streaming<terraform_provider_hwc::plugin::proto::go_plugin::StdioData> {
    let channel = host.channel(Some(&host.identity)).await.unwrap();
    GrpcStdioClient::new(channel)
        .stream_stdio(())
        .await
        .unwrap()
        .into_inner()
}

// ---- What there is ----

#[tokio::test]
async fn metadata_and_schema_name_the_same_things() {
    let host = Host::start().await;
    let mut provider = host.provider().await;

    let metadata = provider
        .get_metadata(wire::get_metadata::Request {})
        .await
        .unwrap()
        .into_inner();
    let schema = provider
        .get_provider_schema(wire::get_provider_schema::Request {})
        .await
        .unwrap()
        .into_inner();

    let capabilities = metadata.server_capabilities.unwrap();
    assert!(capabilities.plan_destroy && capabilities.get_provider_schema_optional);
    assert_eq!(metadata.resources[0].type_name, NOTE);
    assert_eq!(metadata.data_sources[0].type_name, "wire_echo");
    assert_eq!(metadata.actions[0].type_name, "wire_greet");
    assert_eq!(metadata.ephemeral_resources[0].type_name, "wire_secret");
    // Without it, a host refuses `provider_meta` before it calls the plugin.
    assert_eq!(schema.provider_meta, None);
    assert!(schema.resource_schemas.contains_key(NOTE));
    assert!(schema.data_source_schemas.contains_key("wire_echo"));
    assert!(schema.action_schemas["wire_greet"].schema.is_some());
    assert!(
        schema
            .ephemeral_resource_schemas
            .contains_key("wire_secret")
    );
    assert!(schema.diagnostics.is_empty() && metadata.diagnostics.is_empty());
}

#[tokio::test]
async fn what_is_not_offered_is_said_in_a_diagnostic() {
    let host = Host::start().await;
    let mut provider = host.provider().await;
    let not_offered = ["Not offered by this provider"];

    let functions = provider
        .get_functions(wire::get_functions::Request {})
        .await
        .unwrap()
        .into_inner();
    assert!(functions.functions.is_empty() && functions.diagnostics.is_empty());
    let call = wire::call_function::Request {
        name: "f".into(),
        ..Default::default()
    };
    assert!(
        provider
            .call_function(call)
            .await
            .unwrap()
            .into_inner()
            .error
            .unwrap()
            .text
            .contains("\"f\"")
    );
    let identities = wire::get_resource_identity_schemas::Request {};
    assert!(
        provider
            .get_resource_identity_schemas(identities)
            .await
            .unwrap()
            .into_inner()
            .diagnostics
            .is_empty()
    );
    let moved = provider
        .move_resource_state(wire::move_resource_state::Request::default())
        .await
        .unwrap();
    assert_eq!(summaries(&moved.into_inner().diagnostics), not_offered);
    let mut listed = provider
        .list_resource(wire::list_resource::Request::default())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        summaries(&listed.message().await.unwrap().unwrap().diagnostic),
        not_offered
    );
    let mut read = provider
        .read_state_bytes(wire::read_state_bytes::Request::default())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        summaries(&read.message().await.unwrap().unwrap().diagnostics),
        not_offered
    );
    let locked = provider
        .lock_state(wire::lock_state::Request::default())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(summaries(&locked.diagnostics), not_offered);
}

#[tokio::test]
async fn unknown_types_are_said_to_be_unknown() {
    let host = Host::start().await;
    let mut provider = host.provider().await;
    let config = Some(messagepack(&json!({})));
    let unknown = "wire_unknown".to_owned();

    let planned = provider
        .plan_resource_change(wire::plan_resource_change::Request {
            type_name: unknown.clone(),
            ..Default::default()
        })
        .await;
    assert_eq!(
        summaries(&planned.unwrap().into_inner().diagnostics),
        ["Unknown resource"]
    );
    let read = provider
        .read_data_source(wire::read_data_source::Request {
            type_name: unknown.clone(),
            ..Default::default()
        })
        .await;
    assert_eq!(
        summaries(&read.unwrap().into_inner().diagnostics),
        ["Unknown data source"]
    );
    let opened = provider
        .open_ephemeral_resource(wire::open_ephemeral_resource::Request {
            type_name: unknown.clone(),
            ..Default::default()
        })
        .await;
    assert_eq!(
        summaries(&opened.unwrap().into_inner().diagnostics),
        ["Unknown ephemeral resource"]
    );
    let (progress, completed) = invoke(&mut provider, &unknown, config).await;
    assert!(progress.is_empty());
    assert_eq!(summaries(&completed), ["Unknown action"]);
}

// ---- Resources ----

#[tokio::test]
async fn a_resource_lives_from_plan_to_destroy() {
    let host = Host::start().await;
    let mut provider = host.provider().await;

    let planned = plan(&mut provider, None, Some(note("one"))).await;
    let planned_state = planned.planned_state.unwrap();
    assert!(
        planned_state
            .msgpack
            .windows(3)
            .any(|bytes| bytes == [0xc7, 0, 0]),
        "the id is unknown"
    );

    let created = apply(&mut provider, None, Some(planned_state), Some(note("one"))).await;
    assert_eq!(summaries(&created.diagnostics), [""; 0]);
    let state = created.new_state.unwrap();
    assert_eq!(
        decoded(Some(state.clone())),
        json!({
            "text": "one", "numbers": [1, i64::MAX], "labels": {"a": "b"}, "limits": [{"most": 3}], "id": "1"
        })
    );
    assert_eq!(
        rmp_serde::from_slice::<String>(&created.private).unwrap(),
        "private"
    );

    let read = read(&mut provider, state.clone(), created.private.clone()).await;
    // The same state, with numbers in the form that a host keeps from its state file.
    assert_eq!(
        decoded(read.new_state),
        json!({
            "text": "one", "numbers": ["1", i64::MAX.to_string()], "labels": {"a": "b"}, "limits": [{"most": "3"}],
            "id": "1"
        })
    );
    assert_eq!(read.private, created.private);

    let replaced = plan(&mut provider, Some(state.clone()), Some(note("two"))).await;
    let path = &replaced.requires_replace[0].steps[0].selector;
    assert_eq!(
        path,
        &Some(wire::attribute_path::step::Selector::AttributeName(
            "text".into()
        ))
    );

    let removal = plan(&mut provider, Some(state.clone()), None).await;
    assert_eq!(removal.planned_state, Some(null()));
    let destroyed = apply(&mut provider, Some(state), None, None).await;
    assert_eq!(destroyed.new_state, Some(null()));
    assert!(destroyed.diagnostics.is_empty());
}

#[tokio::test]
async fn a_resource_that_is_gone_is_read_as_nothing() {
    let host = Host::start().await;
    let mut provider = host.provider().await;

    let read = read(&mut provider, messagepack(&note("gone")), Bytes::new()).await;

    assert_eq!(read.new_state, Some(null()));
    assert!(read.diagnostics.is_empty());
}

#[tokio::test]
async fn failures_leave_in_state_what_is_true() {
    let host = Host::start().await;
    let mut provider = host.provider().await;

    let half = create(&mut provider, note("half")).await;
    assert_eq!(summaries(&half.diagnostics), ["Half done"]);
    assert_eq!(decoded(half.new_state)["id"], "1");

    let silent = create(&mut provider, note("silent")).await;
    assert_eq!(summaries(&silent.diagnostics), ["No result"]);
    assert_eq!(silent.new_state, Some(null()));

    let (before, mut after) = (messagepack(&note("x")), note("x"));
    after["numbers"] = Value::Null;
    let update = apply(
        &mut provider,
        Some(before.clone()),
        Some(messagepack(&after)),
        Some(after),
    )
    .await;
    assert_eq!(summaries(&update.diagnostics), ["No numbers"]);
    assert_eq!(update.new_state, Some(before));

    let stays = messagepack(&note("stays"));
    let destroy = apply(&mut provider, Some(stays.clone()), None, None).await;
    assert_eq!(summaries(&destroy.diagnostics), ["It stays"]);
    assert_eq!(destroy.new_state, Some(stays));
}

#[tokio::test]
async fn diagnostics_name_their_attribute() {
    let host = Host::start().await;
    let mut provider = host.provider().await;
    let config = Some(messagepack(&json!({"token": "refused"})));

    let configured = provider
        .configure_provider(wire::configure_provider::Request {
            config,
            ..Default::default()
        })
        .await
        .unwrap()
        .into_inner();

    assert_eq!(summaries(&configured.diagnostics), ["Token refused"]);
    assert_eq!(path(&configured.diagnostics[0]), "token");
}

#[tokio::test]
async fn import_says_in_plain_words_that_it_is_not_for_this_resource() {
    let host = Host::start().await;
    let request = wire::import_resource_state::Request {
        type_name: NOTE.into(),
        id: "1".into(),
        ..Default::default()
    };

    let imported = host
        .provider()
        .await
        .import_resource_state(request)
        .await
        .unwrap()
        .into_inner();

    assert!(imported.imported_resources.is_empty());
    assert_eq!(
        summaries(&imported.diagnostics),
        ["This resource cannot be imported"]
    );
}

// ---- State of an earlier schema ----

#[tokio::test]
async fn an_earlier_state_is_read() {
    let host = Host::start().await;
    let stored = r#"{
        "text": 7, "numbers": [9223372036854775807, "5"], "labels": {"a": "b"}, "colour": {"red": [1]},
        "limits": [{"most": 1, "least": 0}, {}]
    }"#;

    let upgraded = upgrade(&host, raw(stored)).await;

    assert_eq!(summaries(&upgraded.diagnostics), [""; 0]);
    assert_eq!(
        decoded(upgraded.upgraded_state),
        json!({
            "text": "7", "numbers": [i64::MAX, 5], "labels": {"a": "b"}, "id": null,
            "limits": [{"most": 1}, {"most": null}]
        })
    );
}

#[tokio::test]
async fn a_block_that_is_new_in_the_schema_is_an_empty_list() {
    let host = Host::start().await;

    let upgraded = upgrade(&host, raw(r#"{"text": "x"}"#)).await;

    assert_eq!(decoded(upgraded.upgraded_state)["limits"], json!([]));
}

#[tokio::test]
async fn a_state_that_cannot_be_read_is_reported_where_it_is_wrong() {
    let host = Host::start().await;
    let flat = wire::RawState {
        flatmap: [("text".to_owned(), "x".to_owned())].into(),
        json: Bytes::new(),
    };
    for (state, summary, at) in [
        (flat, "State from before Terraform 0.12", ""),
        (raw("{"), "Unreadable value", ""),
        (raw("[]"), "Unreadable value", ""),
        (
            raw(r#"{"numbers": [1, 2, {}]}"#),
            "Unreadable value",
            "numbers[2]",
        ),
        (
            raw(r#"{"limits": [{"most": true}]}"#),
            "Unreadable value",
            "limits[0].most",
        ),
        (wire::RawState::default(), "No state", ""),
    ] {
        let upgraded = upgrade(&host, state.clone()).await;

        assert_eq!(summaries(&upgraded.diagnostics), [summary], "{state:?}");
        assert_eq!(path(&upgraded.diagnostics[0]), at, "{state:?}");
        assert_eq!(upgraded.upgraded_state, None);
    }
}

#[tokio::test]
async fn an_earlier_state_is_rewritten_by_its_resource() {
    let host = Host::start().await;
    let stored = r#"{
        "place": "ours", "came": [9223372036854775807, 1234567890123456789012345], "missed": [-7], "weather": "fine"
    }"#;

    let upgraded = upgrade_party(&host, 1, stored).await;

    assert_eq!(summaries(&upgraded.diagnostics), [""; 0]);
    assert_eq!(
        decoded(upgraded.upgraded_state),
        json!({"house": "ours", "guests": [
            {"number": i64::MAX, "came": true},
            // The wire carries as text what has more than 64 bits.
            {"number": "1234567890123456789012345", "came": true},
            {"number": -7, "came": false},
        ]})
    );
}

#[tokio::test]
async fn a_state_of_todays_schema_is_not_rewritten() {
    let host = Host::start().await;
    let stored = r#"{"house": "ours", "guests": [{"number": 1234567890123456789012345, "came": true}], "came": [1]}"#;

    let upgraded = upgrade_party(&host, 2, stored).await;

    assert_eq!(summaries(&upgraded.diagnostics), [""; 0]);
    assert_eq!(
        decoded(upgraded.upgraded_state),
        json!({"house": "ours", "guests": [{"number": "1234567890123456789012345", "came": true}]})
    );
}

#[tokio::test]
async fn a_state_that_cannot_be_rewritten_says_why() {
    let host = Host::start().await;
    for (version, stored, summary, detail, at) in [
        (0, r#"{"place": "ours"}"#, "Too old", "Nobody remembers", ""),
        (
            3,
            r#"{"house": "ours"}"#,
            "State of a newer version of the provider",
            "schema version 3",
            "",
        ),
        (
            1,
            r#"{"place": "panic"}"#,
            "Bug in the provider",
            "party.rs:",
            "",
        ),
        (
            1,
            "[]",
            "Unreadable value",
            "In the stored state: expected an object.",
            "",
        ),
        (1, "{", "Unreadable value", "not JSON", ""),
        (
            1,
            r#"{"place": {}}"#,
            "Unreadable value",
            "expected a string",
            "house",
        ),
        (
            1,
            r#"{"came": [1, true]}"#,
            "Unreadable value",
            "expected a number",
            "guests[1].number",
        ),
    ] {
        let upgraded = upgrade_party(&host, version, stored).await;

        assert_eq!(summaries(&upgraded.diagnostics), [summary], "{stored}");
        let told = &upgraded.diagnostics[0];
        assert!(told.detail.contains(detail), "{stored}: {}", told.detail);
        assert_eq!(path(told), at, "{stored}");
        assert_eq!(upgraded.upgraded_state, None, "{stored}");
    }
    // A resource without an upgrade of its own refuses a newer state, too.
    let upgraded = upgrade_of(&host, NOTE, 3, raw(r#"{"text": "x"}"#)).await;
    assert_eq!(
        summaries(&upgraded.diagnostics),
        ["State of a newer version of the provider"]
    );
    assert_eq!(upgraded.upgraded_state, None);
}

// ---- Strange values ----

#[tokio::test]
async fn a_strange_value_is_a_diagnostic_that_says_where() {
    let host = Host::start().await;
    let mut provider = host.provider().await;
    let with = |key: &str, value: Value| {
        let mut strange = note("x");
        strange[key] = value;
        messagepack(&strange)
    };
    let whole = messagepack(&note("x")).msgpack;
    let mut missing = note("x");
    missing.as_object_mut().unwrap().remove("labels");
    let mut deep = vec![0x91; 1_000_000];
    deep.push(0xc0);
    let cases = [
        ("a number for a string", with("text", json!(1)), "text"),
        (
            "a string for a number",
            with("numbers", json!([1, 2, 3, "secret"])),
            "numbers[3]",
        ),
        (
            "a list for a map",
            with("labels", json!(["secret"])),
            "labels",
        ),
        (
            "a map for a string",
            with("labels", json!({"k": {"secret": 1}})),
            "labels[\"k\"]",
        ),
        (
            "a string in a block",
            with("limits", json!([{"most": "secret"}])),
            "limits[0].most",
        ),
        (
            "a stranger in a block",
            with("limits", json!([{"secretly": 1}])),
            "limits[0]",
        ),
        ("a stranger", with("secretly", json!(1)), ""),
        ("a fraction", with("numbers", json!([1.5])), "numbers"),
        ("nothing", null(), ""),
        ("a missing attribute", messagepack(&missing), ""),
        ("half a value", bytes(&whole[..whole.len() / 2]), "*"),
        (
            "a value and a half",
            bytes(&[&whole[..], &[0xc0]].concat()),
            "",
        ),
        ("a byte nobody uses", bytes(&[0xc1]), ""),
        ("text that is none", bytes(&[0x81, 0xa1, 0xff, 0xc0]), ""),
        (
            "a list of four thousand million",
            bytes(&[0xdd, 0xff, 0xff, 0xff, 0xff]),
            "",
        ),
        (
            "a map of four thousand million",
            bytes(&[0xdf, 0xff, 0xff, 0xff, 0xff]),
            "",
        ),
        ("a million lists in each other", bytes(&deep), ""),
        ("JSON that is none", json_bytes(b"{\"text\":"), ""),
        (
            "JSON with a stranger",
            json_bytes(br#"{"secretly": 1}"#),
            "",
        ),
        (
            "JSON of the wrong type",
            json_bytes(br#"{"numbers": ["secret"]}"#),
            "numbers[0]",
        ),
        ("a million JSON lists", json_bytes(&[b'['; 1_000_000]), ""),
    ];

    for (what, value, at) in cases {
        let diagnostics = validate(&mut provider, value).await;

        assert_eq!(summaries(&diagnostics), ["Unreadable value"], "{what}");
        assert!(
            at == "*" || path(&diagnostics[0]) == at,
            "{what}: {diagnostics:?}"
        );
        assert!(
            !format!("{diagnostics:?}").contains("secret\""),
            "{what}: {diagnostics:?}"
        );
    }
    assert!(
        validate(&mut provider, messagepack(&note("x")))
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn json_is_as_good_as_messagepack() {
    let host = Host::start().await;
    let value = json_bytes(note("warn").to_string().as_bytes());

    let diagnostics = validate(&mut host.provider().await, value).await;

    assert_eq!(summaries(&diagnostics), ["Doubtful"]);
}

#[tokio::test]
async fn random_bytes_do_not_end_the_plugin() {
    use rand::{RngCore, SeedableRng};

    let host = Host::start().await;
    let mut provider = host.provider().await;
    let mut random = rand::rngs::StdRng::seed_from_u64(6);
    let whole = messagepack(&note("x")).msgpack.to_vec();
    for round in 0..500_usize {
        let mut strange = whole.clone();
        match round % 2 {
            0 => random.fill_bytes(&mut strange),
            _ => {
                let at = random.next_u32() as usize % strange.len();
                strange[at] = random.next_u32().to_be_bytes()[0];
            }
        }
        validate(&mut provider, bytes(&strange)).await;
        validate(&mut provider, json_bytes(&strange)).await;
        read(&mut provider, bytes(&strange), strange.clone().into()).await;
    }

    assert!(host.admits(Some(&host.identity)).await);
}

#[tokio::test]
async fn a_private_state_that_is_none_is_a_diagnostic() {
    let host = Host::start().await;
    let mut provider = host.provider().await;
    for private in [&[0xc1][..], &[0xa5, b'x'], &[0x91; 100_000]] {
        let state = messagepack(&note("x"));
        let read = read(&mut provider, state.clone(), private.to_vec().into()).await;

        assert_eq!(summaries(&read.diagnostics), ["Unreadable private state"]);
        assert_eq!(read.new_state, Some(state));
    }
}

#[tokio::test]
async fn a_million_elements_take_bounded_memory() {
    let host = Host::start().await;
    let mut provider = host.provider().await;
    validate(&mut provider, messagepack(&note("x"))).await;
    let before = host.peak_memory();
    let mut many = note("x");
    many["numbers"] = (0..1_000_000_i64).map(|number| i64::MAX - number).collect();
    let many = messagepack(&many);
    let payload = many.msgpack.len() as u64;

    assert!(validate(&mut provider, many.clone()).await.is_empty());
    let validated = host.peak_memory() - before;
    let read = read(&mut provider, many.clone(), Bytes::new()).await;
    assert_eq!(
        decoded(read.new_state)["numbers"].as_array().unwrap().len(),
        1_000_000
    );
    let read = host.peak_memory() - before;

    println!("payload {payload}, validate {validated}, read {read} bytes");
    assert!(
        read < 15 * payload,
        "{read} bytes for a payload of {payload}"
    );
}

// ---- Panics ----

#[tokio::test]
async fn a_panic_ends_its_call_and_gives_away_nothing() {
    let host = Host::start_with(&[("TF_LOG", "trace")]).await;
    let mut provider = host.provider().await;

    let created = create(&mut provider, note("panic")).await;
    let validated = validate(&mut provider, messagepack(&note("panic in validate"))).await;
    let config = json!({"whom": "panic", "times": 1});
    let (progress, completed) =
        invoke(&mut provider, "wire_greet", Some(messagepack(&config))).await;

    assert_eq!(progress, ["1: good day, panic"]);
    for diagnostics in [created.diagnostics, validated, completed] {
        assert!(
            matches!(summaries(&diagnostics)[..], [summary] if summary.starts_with("Bug in the provider")),
            "{diagnostics:?}"
        );
        assert!(
            diagnostics[0].detail.contains("plugin.rs:"),
            "{diagnostics:?}"
        );
        assert!(!diagnostics[0].detail.contains("hunter2"));
        assert!(!diagnostics[0].detail.contains("the secret"));
    }
    let log = host.log().await;
    assert!(log.contains("\"@message\":\"panic\""));
    assert!(
        !log.contains("hunter2") && !log.contains("the secret"),
        "{log}"
    );
}

#[tokio::test]
async fn a_create_that_panics_leaves_in_state_what_is_known() {
    let host = Host::start().await;
    let mut provider = host.provider().await;

    let unknown = "Bug in the provider: it is unknown what was done";
    for (text, id, summary) in [
        ("panic", Value::Null, unknown),
        ("late panic", json!("7"), unknown),
        ("unwritable", json!("8"), "Result lost"),
    ] {
        let created = create(&mut provider, note(text)).await;

        let state = decoded(created.new_state);
        assert_eq!(state["text"], text);
        assert_eq!(state["id"], id, "{text}");
        assert_eq!(summaries(&created.diagnostics), [summary]);
    }
}

// ---- Data sources, actions, ephemeral resources ----

#[tokio::test]
async fn a_data_source_is_read() {
    let host = Host::start().await;
    let config = Some(messagepack(&json!({"word": "four", "length": null})));
    let request = wire::read_data_source::Request {
        type_name: "wire_echo".into(),
        config,
        ..Default::default()
    };

    let read = host
        .provider()
        .await
        .read_data_source(request)
        .await
        .unwrap()
        .into_inner();

    assert_eq!(decoded(read.state), json!({"word": "four", "length": 4}));
}

#[tokio::test]
async fn an_action_says_how_far_it_is_and_then_how_it_ended() {
    let host = Host::start().await;
    let mut provider = host.provider().await;

    let config = json!({"whom": "world", "times": 100});
    let (progress, completed) =
        invoke(&mut provider, "wire_greet", Some(messagepack(&config))).await;
    assert_eq!(progress.len(), 100);
    assert_eq!(progress[99], "100: good day, world");
    assert!(completed.is_empty());

    let config = json!({"whom": "a wall", "times": null});
    let (progress, completed) =
        invoke(&mut provider, "wire_greet", Some(messagepack(&config))).await;
    assert_eq!(progress, ["1: good day, a wall"]);
    assert_eq!(summaries(&completed), ["No answer"]);
}

#[tokio::test]
async fn an_action_is_planned_and_validated() {
    let host = Host::start().await;
    let mut provider = host.provider().await;
    let config = Some(messagepack(&json!({"whom": "nobody", "times": 1})));

    let planned = provider
        .plan_action(wire::plan_action::Request {
            action_type: "wire_greet".into(),
            config: config.clone(),
            ..Default::default()
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(summaries(&planned.diagnostics), ["Nobody there"]);
    let validated = provider
        .validate_action_config(wire::validate_action_config::Request {
            type_name: "wire_greet".into(),
            config,
        })
        .await
        .unwrap()
        .into_inner();
    assert!(validated.diagnostics.is_empty());
}

#[tokio::test]
async fn an_ephemeral_resource_is_opened_and_closed() {
    let host = Host::start().await;
    let mut provider = host.provider().await;
    let type_name = "wire_secret".to_owned();

    let config = Some(messagepack(&json!({"name": "n", "value": null})));
    let opened = provider
        .open_ephemeral_resource(wire::open_ephemeral_resource::Request {
            type_name: type_name.clone(),
            config,
            ..Default::default()
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(decoded(opened.result)["value"], "value of n");
    assert_eq!((opened.renew_at, opened.private), (None, None));

    let closed = provider
        .close_ephemeral_resource(wire::close_ephemeral_resource::Request {
            type_name: type_name.clone(),
            private: None,
        })
        .await
        .unwrap()
        .into_inner();
    assert!(closed.diagnostics.is_empty());

    let renewed = provider
        .renew_ephemeral_resource(wire::renew_ephemeral_resource::Request {
            type_name,
            private: None,
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        summaries(&renewed.diagnostics),
        ["Not offered by this provider"]
    );
}

// ---- Logs ----

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

// ---- Helpers ----

fn note(text: &str) -> Value {
    json!({"text": text, "numbers": [1, i64::MAX], "labels": {"a": "b"}, "limits": [{"most": 3}], "id": null})
}

fn messagepack(value: &Value) -> DynamicValue {
    bytes(&rmp_serde::to_vec_named(value).unwrap())
}

fn bytes(messagepack: &[u8]) -> DynamicValue {
    DynamicValue {
        msgpack: messagepack.to_vec().into(),
        json: Bytes::new(),
    }
}

fn json_bytes(json: &[u8]) -> DynamicValue {
    DynamicValue {
        msgpack: Bytes::new(),
        json: json.to_vec().into(),
    }
}

fn raw(json: &str) -> wire::RawState {
    wire::RawState {
        json: json.to_owned().into(),
        ..Default::default()
    }
}

fn null() -> DynamicValue {
    bytes(&[0xc0])
}

fn decoded(value: Option<DynamicValue>) -> Value {
    rmp_serde::from_slice(&value.unwrap().msgpack).unwrap()
}

fn summaries(diagnostics: &[Diagnostic]) -> Vec<&str> {
    diagnostics
        .iter()
        .map(|diagnostic| diagnostic.summary.as_str())
        .collect()
}

/// `numbers[3]`, `labels["k"]`, `limits[0].most`.
fn path(diagnostic: &Diagnostic) -> String {
    use wire::attribute_path::step::Selector;

    let steps = diagnostic.attribute.iter().flat_map(|path| &path.steps);
    let path: String = steps
        .map(|step| match step.selector.as_ref().unwrap() {
            Selector::AttributeName(name) => format!(".{name}"),
            Selector::ElementKeyString(key) => format!("[{key:?}]"),
            Selector::ElementKeyInt(index) => format!("[{index}]"),
        })
        .collect();
    path.trim_start_matches('.').to_owned()
}

async fn validate(provider: &mut ProviderClient<Channel>, config: DynamicValue) -> Vec<Diagnostic> {
    let request = wire::validate_resource_config::Request {
        type_name: NOTE.into(),
        config: Some(config),
        ..Default::default()
    };
    provider
        .validate_resource_config(request)
        .await
        .unwrap()
        .into_inner()
        .diagnostics
}

async fn read(
    provider: &mut ProviderClient<Channel>,
    state: DynamicValue,
    private: Bytes,
) -> wire::read_resource::Response {
    let request = wire::read_resource::Request {
        type_name: NOTE.into(),
        current_state: Some(state),
        private,
        ..Default::default()
    };
    provider.read_resource(request).await.unwrap().into_inner()
}

async fn plan(
    provider: &mut ProviderClient<Channel>,
    prior: Option<DynamicValue>,
    config: Option<Value>,
) -> wire::plan_resource_change::Response {
    let config = Some(config.as_ref().map_or_else(null, messagepack));
    let request = wire::plan_resource_change::Request {
        type_name: NOTE.into(),
        prior_state: Some(prior.unwrap_or_else(null)),
        proposed_new_state: config.clone(),
        config,
        ..Default::default()
    };
    provider
        .plan_resource_change(request)
        .await
        .unwrap()
        .into_inner()
}

async fn create(
    provider: &mut ProviderClient<Channel>,
    config: Value,
) -> wire::apply_resource_change::Response {
    apply(provider, None, Some(messagepack(&config)), Some(config)).await
}

async fn apply(
    provider: &mut ProviderClient<Channel>,
    prior: Option<DynamicValue>,
    planned: Option<DynamicValue>,
    config: Option<Value>,
) -> wire::apply_resource_change::Response {
    let request = wire::apply_resource_change::Request {
        type_name: NOTE.into(),
        prior_state: Some(prior.unwrap_or_else(null)),
        planned_state: Some(planned.unwrap_or_else(null)),
        config: Some(config.as_ref().map_or_else(null, messagepack)),
        ..Default::default()
    };
    provider
        .apply_resource_change(request)
        .await
        .unwrap()
        .into_inner()
}

async fn upgrade(host: &Host, raw_state: wire::RawState) -> wire::upgrade_resource_state::Response {
    upgrade_of(host, NOTE, 1, raw_state).await
}

async fn upgrade_party(
    host: &Host,
    version: i64,
    stored: &str,
) -> wire::upgrade_resource_state::Response {
    upgrade_of(host, "wire_party", version, raw(stored)).await
}

async fn upgrade_of(
    host: &Host,
    type_name: &str,
    version: i64,
    raw_state: wire::RawState,
) -> wire::upgrade_resource_state::Response {
    let request = wire::upgrade_resource_state::Request {
        type_name: type_name.into(),
        version,
        raw_state: Some(raw_state),
    };
    host.provider()
        .await
        .upgrade_resource_state(request)
        .await
        .unwrap()
        .into_inner()
}

/// What an action said on the way, and how it ended.
async fn invoke(
    provider: &mut ProviderClient<Channel>,
    action: &str,
    config: Option<DynamicValue>,
) -> (Vec<String>, Vec<Diagnostic>) {
    use wire::invoke_action::event::Type;

    let request = wire::invoke_action::Request {
        action_type: action.into(),
        config,
        ..Default::default()
    };
    let mut events = provider.invoke_action(request).await.unwrap().into_inner();
    let mut progress = Vec::new();
    while let Some(event) = events.message().await.unwrap() {
        match event.r#type.unwrap() {
            Type::Progress(said) => progress.push(said.message),
            Type::Completed(completed) => {
                assert!(
                    events.message().await.unwrap().is_none(),
                    "nothing follows the end"
                );
                return (progress, completed.diagnostics);
            }
        }
    }
    panic!("the action did not say that it ended");
}
