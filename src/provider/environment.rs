//! The environment, and the variables that stand in for no argument of the provider block: the table of its arguments
//! names the others.

use std::path::PathBuf;

use secrecy::SecretString;

/// A variable's value, if it is set.
pub(super) type Lookup<'e> = &'e dyn Fn(&str) -> Option<String>;

/// The environment of this process, or a test's.
#[derive(Clone, Copy)]
pub(super) struct Environment<'e>(pub(super) Lookup<'e>);

/// An argument's variables, the first that is set first.
pub(super) type Variables = &'static [&'static str];

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
