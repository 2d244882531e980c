//! The guide to permissions names the permission of every call, and its policies grant all of them.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use terraform_provider_hwc::huaweicloud::apis;
use terraform_provider_hwc::huaweicloud::iam::PROJECTS_PERMISSION;

use super::repository;

const GUIDE: &str = "docs/guides/permissions.md";

/// The policies in the guide: version and actions.
fn policies(guide: &str) -> Vec<(String, BTreeSet<String>)> {
    let blocks = guide.split("```json\n").skip(1);
    blocks
        .map(|rest| {
            let (block, _) = rest.split_once("```").expect("the block ends");
            let policy: Value = serde_json::from_str(block).expect("a policy is JSON");
            let actions = policy["Statement"][0]["Action"]
                .as_array()
                .expect("a policy has actions");
            (
                policy["Version"].as_str().expect("a version").to_owned(),
                actions
                    .iter()
                    .map(|action| action.as_str().expect("an action is text").to_owned())
                    .collect(),
            )
        })
        .collect()
}

#[test]
fn the_guide_names_the_permission_of_every_call_and_its_policies_grant_them() {
    let guide = fs::read_to_string(repository().join(GUIDE)).expect("the guide");
    // The one that a global service has needs a policy of its own.
    let all = apis::permissions();
    let regional = (all.iter()).filter(|permission| **permission != PROJECTS_PERMISSION);
    let older: BTreeSet<String> = regional
        .clone()
        .map(|permission| permission.role_and_policy.to_owned())
        .collect();
    let newer: BTreeSet<String> = regional
        .filter_map(|permission| permission.identity_policy)
        .map(ToOwned::to_owned)
        .collect();

    assert_eq!(
        policies(&guide),
        [("1.1".to_owned(), older), ("5.0".to_owned(), newer)]
    );
    for permission in &all {
        for action in [Some(permission.role_and_policy), permission.identity_policy] {
            let action = action.unwrap_or_default();
            assert!(guide.contains(action), "{GUIDE} does not name {action}");
        }
    }
}
