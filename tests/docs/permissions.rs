//! The guide to permissions has the permission of every call, and policies that grant all of them.

use std::fmt::Write as _;

use serde_json::json;
use terraform_provider_hwc::huaweicloud::api::{CallPermission, Permission};
use terraform_provider_hwc::huaweicloud::apis;
use terraform_provider_hwc::huaweicloud::iam::PROJECTS_PERMISSION;

use super::marked;

const GUIDE: &str = "docs/guides/permissions.md";

/// A row for each call that needs a permission, and for each API of which no document names one.
fn calls() -> String {
    let mut text =
        "| API | call | role and policy based | identity policy |\n| --- | --- | --- | --- |\n"
            .to_owned();
    for api in apis::ALL {
        let key = api.key;
        // STS is there to sign in alone: what that needs is told below.
        if api.permissions.is_empty() && key != "sts" {
            _ = writeln!(
                text,
                "| `{key}` | all of them | the pages of the calls name none | the pages of the calls name none |"
            );
        }
        for call in api.permissions {
            let CallPermission {
                method,
                path,
                permission,
            } = call;
            let method = method.map_or_else(String::new, |method| format!("{method} "));
            let path = path.replace('*', "{id}");
            let identity_policy = permission
                .identity_policy
                .map_or_else(|| "none".to_owned(), |action| format!("`{action}`"));
            _ = writeln!(
                text,
                "| `{key}` | `{method}…/{path}` | `{}` | {identity_policy} |",
                permission.role_and_policy
            );
        }
    }
    text
}

/// A policy of this version that grants these actions and nothing else.
fn policy(version: &str, mut actions: Vec<&str>) -> String {
    // Two calls can need one action of the older kind and two of the newer.
    actions.dedup();
    let actions: Vec<String> = (actions.iter())
        .map(|action| format!("        {}", json!(action)))
        .collect();
    format!(
        "```json\n{{\n  \"Version\": {version:?},\n  \"Statement\": [\n    {{\n      \"Effect\": \"Allow\",\n      \"Action\": [\n{}\n      ]\n    }}\n  ]\n}}\n```\n",
        actions.join(",\n")
    )
}

#[test]
fn the_guide_names_the_permission_of_every_call_and_its_policies_grant_them() {
    // The one that a global service has needs a policy of its own.
    let all = apis::permissions();
    let regional: Vec<&Permission> = (all.iter())
        .filter(|permission| **permission != PROJECTS_PERMISSION)
        .collect();
    assert!(!regional.is_empty());
    let older = regional.iter().map(|permission| permission.role_and_policy);
    let newer = (regional.iter()).filter_map(|permission| permission.identity_policy);

    marked::must_say(
        GUIDE,
        &[
            ("calls", calls()),
            ("policy of version 1.1", policy("1.1", older.collect())),
            ("policy of version 5.0", policy("5.0", newer.collect())),
        ],
    );
}
