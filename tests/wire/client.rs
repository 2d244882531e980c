//! Values as a host sends them, and the calls that it makes.

use prost::bytes::Bytes;
use serde_json::{Value, json};
use terraform_provider_hwc::plugin::proto::go_plugin::grpc_stdio_client::GrpcStdioClient;
use terraform_provider_hwc::plugin::proto::tfplugin6::provider_client::ProviderClient;
use terraform_provider_hwc::plugin::proto::tfplugin6::{self as wire, Diagnostic, DynamicValue};
use tonic::transport::Channel;

use crate::host::Host;

/// The resource that most tests are about.
pub const NOTE: &str = "wire_note";

pub fn note(text: &str) -> Value {
    json!({"text": text, "numbers": [1, i64::MAX], "labels": {"a": "b"}, "limits": [{"most": 3}], "id": null})
}

pub fn messagepack(value: &Value) -> DynamicValue {
    bytes(&rmp_serde::to_vec_named(value).unwrap())
}

pub fn bytes(messagepack: &[u8]) -> DynamicValue {
    DynamicValue {
        msgpack: messagepack.to_vec().into(),
        json: Bytes::new(),
    }
}

pub fn json_bytes(json: &[u8]) -> DynamicValue {
    DynamicValue {
        msgpack: Bytes::new(),
        json: json.to_vec().into(),
    }
}

pub fn raw(json: &str) -> wire::RawState {
    wire::RawState {
        json: json.to_owned().into(),
        ..Default::default()
    }
}

pub fn null() -> DynamicValue {
    bytes(&[0xc0])
}

pub fn decoded(value: Option<DynamicValue>) -> Value {
    rmp_serde::from_slice(&value.unwrap().msgpack).unwrap()
}

pub fn summaries(diagnostics: &[Diagnostic]) -> Vec<&str> {
    diagnostics
        .iter()
        .map(|diagnostic| diagnostic.summary.as_str())
        .collect()
}

/// `numbers[3]`, `labels["k"]`, `limits[0].most`.
pub fn path(diagnostic: &Diagnostic) -> String {
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

pub async fn validate(
    provider: &mut ProviderClient<Channel>,
    config: DynamicValue,
) -> Vec<Diagnostic> {
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

pub async fn read(
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

pub async fn plan(
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

pub async fn create(
    provider: &mut ProviderClient<Channel>,
    config: Value,
) -> wire::apply_resource_change::Response {
    apply(provider, None, Some(messagepack(&config)), Some(config)).await
}

pub async fn apply(
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

pub async fn upgrade(
    host: &Host,
    raw_state: wire::RawState,
) -> wire::upgrade_resource_state::Response {
    upgrade_of(host, NOTE, 1, raw_state).await
}

pub async fn upgrade_party(
    host: &Host,
    version: i64,
    stored: &str,
) -> wire::upgrade_resource_state::Response {
    upgrade_of(host, "wire_party", version, raw(stored)).await
}

pub async fn upgrade_of(
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
pub async fn invoke(
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

/// The stream of what the plugin writes, which is nothing.
pub async fn stdio(
    host: &Host,
) -> tonic::Streaming<terraform_provider_hwc::plugin::proto::go_plugin::StdioData> {
    let channel = host.channel(Some(&host.identity)).await.unwrap();
    GrpcStdioClient::new(channel)
        .stream_stdio(())
        .await
        .unwrap()
        .into_inner()
}
