//! Variables that stand in for arguments of the provider block: those of the official `huaweicloud` provider, in its
//! order, and for signing in also those of the official SDKs.

use std::path::PathBuf;

use secrecy::SecretString;

/// A variable's value, if it is set.
pub(super) type Lookup<'e> = &'e dyn Fn(&str) -> Option<String>;

/// The environment of this process, or a test's.
#[derive(Clone, Copy)]
pub(super) struct Environment<'e>(pub(super) Lookup<'e>);

/// An argument's variables, the first that is set first.
pub(super) type Variables = &'static [&'static str];

pub(super) const REGION: Variables = &["HW_REGION_NAME", "OS_REGION_NAME"];
pub(super) const ACCESS_KEY: Variables = &["HW_ACCESS_KEY", "OS_ACCESS_KEY"];
pub(super) const SECRET_KEY: Variables = &["HW_SECRET_KEY", "OS_SECRET_KEY"];
pub(super) const SECURITY_TOKEN: Variables = &["HW_SECURITY_TOKEN"];
pub(super) const TOKEN: Variables = &["HW_AUTH_TOKEN", "OS_AUTH_TOKEN"];
pub(super) const USER_NAME: Variables = &["HW_USER_NAME", "OS_USERNAME"];
pub(super) const USER_ID: Variables = &["HW_USER_ID", "OS_USER_ID"];
pub(super) const PASSWORD: Variables = &["HW_USER_PASSWORD", "OS_PASSWORD"];
pub(super) const DOMAIN_ID: Variables = &[
    "HW_DOMAIN_ID",
    "OS_DOMAIN_ID",
    "OS_USER_DOMAIN_ID",
    "OS_PROJECT_DOMAIN_ID",
];
pub(super) const DOMAIN_NAME: Variables = &[
    "HW_DOMAIN_NAME",
    "OS_DOMAIN_NAME",
    "OS_USER_DOMAIN_NAME",
    "OS_PROJECT_DOMAIN_NAME",
];
pub(super) const PROJECT_ID: Variables = &["HW_PROJECT_ID", "OS_PROJECT_ID", "OS_TENANT_ID"];
pub(super) const PROJECT_NAME: Variables =
    &["HW_PROJECT_NAME", "OS_PROJECT_NAME", "OS_TENANT_NAME"];
pub(super) const CLOUD: Variables = &["HW_CLOUD"];
pub(super) const AUTH_URL: Variables = &["HW_AUTH_URL", "OS_AUTH_URL"];
pub(super) const INSECURE: Variables = &["HW_INSECURE", "OS_INSECURE"];
pub(super) const CACERT_FILE: Variables = &["OS_CACERT"];
pub(super) const CERT: Variables = &["OS_CERT"];
pub(super) const KEY: Variables = &["OS_KEY"];
pub(super) const MAX_RETRIES: Variables = &["HW_MAX_RETRIES"];
pub(super) const SIGNING_ALGORITHM: Variables = &["HW_SIGNING_ALGORITHM"];
pub(super) const SHARED_CONFIG_FILE: Variables = &["HW_SHARED_CONFIG_FILE"];
pub(super) const PROFILE: Variables = &["HW_PROFILE"];
pub(super) const AGENCY_NAME: Variables = &["HW_ASSUME_ROLE_AGENCY_NAME"];
pub(super) const AGENCY_DOMAIN_NAME: Variables = &["HW_ASSUME_ROLE_DOMAIN_NAME"];
pub(super) const AGENCY_DOMAIN_ID: Variables = &["HW_ASSUME_ROLE_DOMAIN_ID"];
pub(super) const AGENCY_DURATION: Variables = &["HW_ASSUME_ROLE_DURATION"];
pub(super) const IDP_ID: Variables = &["HW_ASSUME_ROLE_IDP_ID"];
pub(super) const ID_TOKEN: Variables = &["HW_ASSUME_ROLE_ID_TOKEN"];
pub(super) const ID_TOKEN_FILE: Variables = &["HW_ASSUME_ROLE_ID_TOKEN_FILE"];

/// Variables of this provider alone.
pub(super) const DISABLE_METADATA: &str = "HW_DISABLE_METADATA";
pub(super) const METADATA_ENDPOINT: &str = "HW_METADATA_ENDPOINT";

/// Variables of the official SDKs.
pub(super) const SDK_ACCESS_KEY: Variables = &["HUAWEICLOUD_SDK_AK"];
pub(super) const SDK_SECRET_KEY: Variables = &["HUAWEICLOUD_SDK_SK"];
pub(super) const SDK_SECURITY_TOKEN: Variables = &["HUAWEICLOUD_SDK_SECURITY_TOKEN"];
pub(super) const SDK_CREDENTIALS_FILE: Variables = &["HUAWEICLOUD_SDK_CREDENTIALS_FILE"];
pub(super) const SDK_PROJECT_ID: Variables = &["HUAWEICLOUD_SDK_PROJECT_ID"];
pub(super) const SDK_IDP_ID: Variables = &["HUAWEICLOUD_SDK_IDP_ID"];
pub(super) const SDK_ID_TOKEN_FILE: Variables = &["HUAWEICLOUD_SDK_ID_TOKEN_FILE"];
pub(super) const SDK_IAM_ENDPOINT: Variables = &["HUAWEICLOUD_SDK_IAM_ENDPOINT"];
pub(super) const SDK_STS_ENDPOINT: Variables = &["HUAWEICLOUD_SDK_STS_ENDPOINT"];

impl Environment<'_> {
    /// The first of the variables that is set, and its value. An empty one counts as not set, as everywhere.
    pub(super) fn find(&self, variables: Variables) -> Option<(&'static str, String)> {
        variables.iter().find_map(|name| {
            let value = (self.0)(name).filter(|value| !value.is_empty())?;
            Some((*name, value))
        })
    }

    /// The value of the first of the variables that is set.
    pub(super) fn text(&self, variables: Variables) -> Option<String> {
        self.find(variables).map(|(_, value)| value)
    }

    /// The same for a secret.
    pub(super) fn secret(&self, variables: Variables) -> Option<SecretString> {
        self.text(variables).map(SecretString::from)
    }

    /// The user's home.
    pub(super) fn home(&self) -> Option<PathBuf> {
        self.text(&["HOME", "USERPROFILE"]).map(PathBuf::from)
    }
}

/// Reads a variable that is true or false, as Go programs do.
pub(super) fn parse_bool(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "t" => Some(true),
        "false" | "0" | "f" => Some(false),
        _ => None,
    }
}
