//! What the plugin says that it has, and what it says of the rest.

use serde_json::json;
use terraform_provider_hwc::plugin::proto::tfplugin6 as wire;

use crate::client::{NOTE, invoke, messagepack, summaries};
use crate::host::Host;

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
