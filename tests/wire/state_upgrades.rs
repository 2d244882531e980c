//! States of earlier and later schema versions.

use prost::bytes::Bytes;
use serde_json::json;
use terraform_provider_hwc::plugin::proto::tfplugin6 as wire;

use crate::client::{NOTE, decoded, path, raw, summaries, upgrade, upgrade_of, upgrade_party};
use crate::host::Host;

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
