//! Resources, from plan to destroy, and what a panic leaves.

use prost::bytes::Bytes;
use serde_json::{Value, json};
use terraform_provider_hwc::plugin::proto::tfplugin6 as wire;

use crate::client::{
    NOTE, apply, create, decoded, invoke, messagepack, note, null, path, plan, read, summaries,
    validate,
};
use crate::host::Host;

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
