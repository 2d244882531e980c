//! What a provider needs to work for a sandbox cloud, and what an engine asks of it to kill.

use hwc_sandbox::Sandbox;
use serde_json::json;
use terraform_provider_hwc::plugin::proto::tfplugin6::provider_client::ProviderClient;
use terraform_provider_hwc::plugin::proto::tfplugin6::{self as wire, DynamicValue, Schema};
use tonic::transport::Channel;

use super::schema::{dynamic, messagepack, null, object};

pub const REGION: &str = "cn-north-4";
pub const TAURUSDB: (&str, &str) = (
    "619d3e78f61b4be68bc5aa0b59edcf7bin07",
    "b5f8e3e3f0e14cc38ad6d59c5d8a1f2ano07",
);
pub const DCS: (&str, &str) = ("0f1e2d3c-4b5a-4697-8879-6a5b4c3d2e1f", "node");

/// The schemas of what is used here.
pub struct Schemas {
    provider: Schema,
    pub taurusdb: Schema,
    pub dcs: Schema,
}

pub async fn schemas(provider: &mut ProviderClient<Channel>) -> Schemas {
    let mut told = provider
        .get_provider_schema(wire::get_provider_schema::Request {})
        .await
        .unwrap()
        .into_inner();
    let mut resource = |name: &str| told.resource_schemas.remove(name).unwrap();
    Schemas {
        taurusdb: resource("hwc_taurusdb_session_kill"),
        dcs: resource("hwc_dcs_session_kill"),
        provider: told.provider.unwrap(),
    }
}

pub async fn configure(
    provider: &mut ProviderClient<Channel>,
    schemas: &Schemas,
    sandbox: &Sandbox,
) {
    let cloud = sandbox.ready();
    let config = object(
        &schemas.provider,
        &json!({
            "region": cloud.region,
            "access_key": cloud.access_key,
            "secret_key": cloud.secret_key,
            "project_id": cloud.project_id,
            "endpoints": {"dcs": cloud.url, "taurusdb": cloud.url},
        }),
    );
    let configured = provider
        .configure_provider(wire::configure_provider::Request {
            terraform_version: "1.15.5".to_owned(),
            config: Some(dynamic(messagepack(&config))),
            ..Default::default()
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(configured.diagnostics, []);
}

/// Plans a new resource and creates it: its state, if there is any, whether or not the kill ended well.
pub async fn create(
    provider: &mut ProviderClient<Channel>,
    type_name: &str,
    config: DynamicValue,
) -> Option<DynamicValue> {
    let planned = provider
        .plan_resource_change(wire::plan_resource_change::Request {
            type_name: type_name.to_owned(),
            prior_state: Some(null()),
            proposed_new_state: Some(config.clone()),
            config: Some(config.clone()),
            ..Default::default()
        })
        .await
        .unwrap()
        .into_inner();
    // A kill of all sessions is warned of; more must not be said.
    let warning = wire::diagnostic::Severity::Warning as i32;
    let is_warning = |diag: &wire::Diagnostic| diag.severity == warning;
    assert!(
        planned.diagnostics.iter().all(is_warning),
        "{:?}",
        planned.diagnostics
    );
    provider
        .apply_resource_change(wire::apply_resource_change::Request {
            type_name: type_name.to_owned(),
            prior_state: Some(null()),
            planned_state: planned.planned_state,
            config: Some(config),
            planned_private: planned.planned_private,
            ..Default::default()
        })
        .await
        .unwrap()
        .into_inner()
        .new_state
}
