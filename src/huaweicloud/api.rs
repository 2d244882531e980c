//! What is said of an API once: where it answers, which of its answers mean "busy", and which permission a call needs.
//!
//! Each API says so beside its calls.

use std::ops::RangeInclusive;

/// An API of Huawei Cloud that this client calls.
#[derive(Debug)]
pub struct Api {
    /// The key in the provider's `endpoints` map.
    pub key: &'static str,
    /// Other keys for it: what the official provider calls it.
    pub other_keys: &'static [&'static str],
    /// The host name, by region and cloud.
    pub host: fn(region: &str, cloud: &str) -> String,
    /// The regions where other services answer and this API has no host, by the tables of the official SDK.
    pub absent_in: &'static [&'static str],
    /// Answers that mean: another task of the instance is running, nothing was done, and the same call may succeed when the
    /// task has ended.
    pub busy: &'static [Busy],
    /// Codes of refusals (HTTP 4xx) that do not say that nothing was done: a kill so answered may have killed some sessions.
    pub doubtful: &'static [&'static str],
    /// The permission that each call needs. Calls that sign in are not among them.
    pub permissions: &'static [CallPermission],
}

/// Answers that mean "busy": one of the codes with one of the HTTP statuses.
#[derive(Debug)]
pub struct Busy {
    /// The HTTP statuses.
    pub statuses: RangeInclusive<u16>,
    /// The codes.
    pub codes: &'static [&'static str],
}

/// Answers of the family of DDS and GeminiDB: another operation of the instance is running, or its present state does not allow the
/// call. By their tables of error codes, which agree, with 400 or 403; the official provider waits for 409, too.
pub(super) const NOSQL_BUSY: Busy = Busy {
    statuses: 400..=409,
    codes: &[
        "DBS.200011",
        "DBS.200018",
        "DBS.200019",
        "DBS.200047",
        "DBS.200076",
        "DBS.201000",
        "DBS.201014",
        "DBS.201015",
        "DBS.201202",
        // In no table; the official provider waits for it.
        "DBS.00010009",
    ],
};

/// The permission that a call needs.
#[derive(Debug)]
pub struct CallPermission {
    /// The HTTP method; `None`: any.
    pub method: Option<&'static str>,
    /// The end of the path, with `*` for a segment that differs from call to call.
    pub path: &'static str,
    /// The permission.
    pub permission: Permission,
}

/// A permission, in the two kinds of authorization that exist side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// The action in policies of role and policy based authorization, the older kind.
    pub role_and_policy: &'static str,
    /// The action in identity policies, the newer kind; none where that kind asks for none.
    pub identity_policy: Option<&'static str>,
}

impl Permission {
    /// One that has the same name in both kinds.
    pub const fn both(action: &'static str) -> Self {
        Self {
            role_and_policy: action,
            identity_policy: Some(action),
        }
    }
}

impl CallPermission {
    /// Is it the one that a call of this method and path needs?
    pub fn is_for(&self, method: &str, path: &str) -> bool {
        let pattern = self.path.split('/').rev();
        let mut segments = path.split('/').rev();
        self.method.is_none_or(|needed| needed == method)
            && pattern.into_iter().all(|part| {
                segments
                    .next()
                    .is_some_and(|segment| part == "*" || part == segment)
            })
    }
}

/// An API is told from others by its key.
impl PartialEq for Api {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Api {}

impl Api {
    /// Is the instance busy with another task, by this answer?
    pub fn says_busy(&self, status: u16, code: &str) -> bool {
        (self.busy.iter()).any(|busy| busy.statuses.contains(&status) && busy.codes.contains(&code))
    }
}

/// The host name of an API that answers under one label in every region.
pub fn regional(label: &str, region: &str, cloud: &str) -> String {
    format!("{label}.{region}.{cloud}")
}
