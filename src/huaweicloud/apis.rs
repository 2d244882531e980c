//! Every API that this client calls.

use super::api::{Api, Permission};
use super::error::RequestLine;
use super::{das, dcs, ddm, dds, geminidb, iam, opengauss, sts, taurusdb};

#[cfg(test)]
mod tests;

/// All of them.
pub static ALL: [&Api; 9] = [
    &dcs::API,
    &taurusdb::API,
    &das::API,
    &opengauss::API,
    &geminidb::API,
    &ddm::API,
    &dds::API,
    &iam::API,
    &sts::API,
];

/// The API of a key in the provider's `endpoints` map.
pub fn from_key(key: &str) -> Option<&'static Api> {
    (ALL.into_iter()).find(|api| api.key == key || api.other_keys.contains(&key))
}

/// Every key of the `endpoints` map, for a sentence: `dcs, taurusdb (or gaussdb), iam and sts`.
pub fn keys() -> String {
    let keys: Vec<String> = (ALL.iter())
        .map(|api| match api.other_keys {
            [] => api.key.to_owned(),
            others => format!("{} (or {})", api.key, others.join(", ")),
        })
        .collect();
    match keys.as_slice() {
        [others @ .., last] if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        keys => keys.concat(),
    }
}

/// The permission of a call; none for calls that sign in, whose advice names theirs.
pub fn permission_of(line: &RequestLine) -> Option<Permission> {
    (ALL.into_iter().flat_map(|api| api.permissions))
        .find(|permission| permission.is_for(line.method.as_str(), &line.path))
        .map(|permission| permission.permission)
}

/// All permissions that the provider's calls can need, each once; those that sign in are not among them.
pub fn permissions() -> Vec<Permission> {
    let mut permissions: Vec<Permission> = Vec::new();
    for call in ALL.into_iter().flat_map(|api| api.permissions) {
        if !permissions.contains(&call.permission) {
            permissions.push(call.permission);
        }
    }
    permissions
}
