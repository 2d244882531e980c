//! Data sources, actions and ephemeral resources.

use crate::client::{messagepack, decoded, summaries, invoke};
use crate::host::{Host};
use serde_json::json;
use terraform_provider_hwc::plugin::proto::tfplugin6 as wire;

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
