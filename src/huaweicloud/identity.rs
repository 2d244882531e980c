//! Who makes a call: credentials, and what IAM knows by an id or a name.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use time::OffsetDateTime;

/// A pair of keys, permanent or temporary.
#[derive(Clone)]
pub struct Keys {
    /// Access key id (AK). Not a secret: it is sent in clear and shown in the console.
    pub access_key: String,
    /// Secret access key (SK).
    pub secret_key: SecretString,
    /// The token that goes with temporary keys.
    pub security_token: Option<SecretString>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

/// What authenticates a call.
#[derive(Clone)]
pub enum Credential {
    /// A user token: `X-Auth-Token`, no signature.
    Token(SecretString),
    /// Keys: the request is signed.
    Keys(Keys),
    /// Nothing: for the calls that fetch credentials.
    None,
}

impl Credential {
    /// Are these the same keys, or the same token? Temporary keys are renewed together with their access key.
    pub fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Token(one), Self::Token(other)) => one.expose_secret() == other.expose_secret(),
            (Self::Keys(one), Self::Keys(other)) => one.access_key == other.access_key,
            (Self::None, Self::None) => true,
            _ => false,
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token(_) => "Token",
            Self::Keys(_) => "Keys",
            Self::None => "None",
        })
    }
}

/// A credential that somebody gave out, and until when it is good.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The credential.
    pub credential: Credential,
    /// When the cloud stops accepting it; none when the source did not say.
    pub expires_at: Option<OffsetDateTime>,
}

/// Something that IAM knows by its id or by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reference {
    /// By id.
    Id(String),
    /// By name.
    Name(String),
}
