//! Data sources.

use serde_json::json;
use terraform_provider_hwc::plugin::proto::tfplugin6 as wire;

use crate::client::{decoded, messagepack};
use crate::host::Host;

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
