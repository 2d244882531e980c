//! Ephemeral resources.

use serde_json::json;
use terraform_provider_hwc::plugin::proto::tfplugin6 as wire;

use crate::client::{decoded, messagepack, summaries};
use crate::host::Host;

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
