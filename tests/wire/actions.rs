//! Actions: their plan, their progress, their end.

use serde_json::json;
use terraform_provider_hwc::plugin::proto::tfplugin6 as wire;

use crate::client::{invoke, messagepack, summaries};
use crate::host::Host;

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
